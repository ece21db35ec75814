"""Lists that read whole tables, once there were 200,000 patients, read an index. Made without a lock on the table."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("records", "0007_fewer_indexes")]

    operations = [
        AddIndexConcurrently(
            model_name="record",
            index=models.Index(fields=["clinic", "signed_at"], name="record_by_signing"),
        ),
    ]
