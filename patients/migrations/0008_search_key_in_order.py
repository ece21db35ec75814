"""The index that search reads; the one that it replaces goes. Neither locks the table."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("patients", "0007_search_in_order")]

    operations = [
        AddIndexConcurrently(
            model_name="searchkey",
            index=models.Index(fields=["clinic", "key", "sort_name", "patient"], name="search_key_in_order"),
        ),
        RemoveIndexConcurrently(model_name="searchkey", name="search_key_by_prefix"),
    ]
