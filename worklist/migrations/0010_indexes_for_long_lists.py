"""Lists that read whole tables, once there were 200,000 patients, read an index. Made without a lock on the table."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("worklist", "0009_fewer_indexes")]

    operations = [
        AddIndexConcurrently(
            model_name="item",
            index=models.Index(fields=["clinic", "about_id"], name="item_about"),
        ),
        AddIndexConcurrently(
            model_name="item",
            index=models.Index(
                condition=models.Q(("done_at__isnull", False)), fields=["clinic", "-done_at"], name="item_done"
            ),
        ),
    ]
