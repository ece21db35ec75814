"""Lists that read whole tables, once there were 200,000 patients, read an index. Made without a lock on the table."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("patients", "0009_fewer_indexes")]

    operations = [
        AddIndexConcurrently(
            model_name="patient",
            index=models.Index(
                condition=models.Q(("merged_into", None)), fields=["clinic", "-created_at"], name="patient_newest"
            ),
        ),
    ]
