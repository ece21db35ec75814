"""Lists that read whole tables, once there were 200,000 patients, read an index. Made without a lock on the table."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("messaging", "0006_fewer_indexes")]

    operations = [
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(
                condition=models.Q(
                    ("state__in", ["unknown", "failed", "bounced", "complained", "dropped", "withheld", "cancelled"])
                ),
                fields=["clinic", "-due_at"],
                name="message_not_sent",
            ),
        ),
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(
                condition=models.Q(("uncertain", True)), fields=["clinic", "-due_at"], name="message_uncertain"
            ),
        ),
    ]
