"""What one tap brings back from the last session waits for a second look."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("treatments", "0010_treatment_plans"),
    ]

    operations = [
        migrations.AddField(
            model_name="intervention",
            name="unreviewed",
            field=models.BooleanField(
                db_default=False, default=False, help_text="brought from the last session, not confirmed yet"
            ),
        ),
    ]
