"""A point says on which version of the chart it was touched; those so far, on the first. No row is rewritten."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("assessments", "0013_points_numbered_once")]

    operations = [
        migrations.AddField(
            model_name="finding",
            name="point_chart",
            field=models.PositiveSmallIntegerField(db_default=1, help_text="version of the chart that was touched"),
        ),
    ]
