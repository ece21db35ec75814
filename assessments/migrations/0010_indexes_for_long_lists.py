"""Lists that read whole tables, once there were 200,000 patients, read an index. Made without a lock on the table."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("assessments", "0009_fewer_indexes")]

    operations = [
        AddIndexConcurrently(
            model_name="assessment",
            index=models.Index(fields=["clinic", "recorded_by", "-performed_at"], name="assessment_recorded"),
        ),
        AddIndexConcurrently(
            model_name="assessment",
            index=models.Index(fields=["clinic", "signed_by", "performed_at"], name="assessment_signed"),
        ),
    ]
