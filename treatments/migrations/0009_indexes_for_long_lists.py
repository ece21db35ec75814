"""Lists that read whole tables, once there were 200,000 patients, read an index. Made without a lock on the table."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("treatments", "0008_fewer_indexes")]

    operations = [
        AddIndexConcurrently(
            model_name="session",
            index=models.Index(fields=["clinic", "recorded_by", "-performed_at"], name="session_recorded"),
        ),
    ]
