"""Kept answers hold patient data: each clinic its own."""

from django.db import migrations

from database.schema_operations import clinic_table


class Migration(migrations.Migration):
    dependencies = [("api", "0001_initial")]

    operations = [
        clinic_table("api_idempotencykey"),
    ]
