"""Lists that read whole tables, once there were 200,000 patients, read an index. Made without a lock on the table."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("homecare", "0006_fewer_indexes")]

    operations = [
        AddIndexConcurrently(
            model_name="occurrence",
            index=models.Index(
                condition=models.Q(("status", "planned")),
                fields=["clinic", "programme"],
                name="occurrence_of_programme",
            ),
        ),
    ]
