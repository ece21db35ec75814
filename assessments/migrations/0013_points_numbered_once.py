"""Each point has its own number, and a search for a muscle reads an index. Made without a lock on the table."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("assessments", "0012_points_that_last")]

    operations = [
        migrations.AddConstraint(
            model_name="triggerpoint",
            constraint=models.UniqueConstraint(fields=("patient", "number"), name="trigger_point_number_once"),
        ),
        migrations.AddConstraint(
            model_name="triggerpoint",
            constraint=models.CheckConstraint(condition=models.Q(("number__gt", 0)), name="trigger_point_numbered"),
        ),
        migrations.AddConstraint(
            model_name="triggerpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("merged_into", None), models.Q(("merged_into", models.F("id")), _negated=True), _connector="OR"
                ),
                name="trigger_point_not_into_itself",
            ),
        ),
        AddIndexConcurrently(
            model_name="triggerpoint",
            index=models.Index(fields=["clinic", "muscle", "side"], name="trigger_point_by_muscle"),
        ),
        AddIndexConcurrently(
            model_name="triggerpoint",
            index=models.Index(
                condition=models.Q(("merged_into__isnull", False)),
                fields=["merged_into"],
                name="trigger_point_merged",
            ),
        ),
    ]
