"""A membership is seen in its clinic, and by its person."""

from django.db import migrations

from database.schema_operations import CURRENT_CLINIC, CURRENT_USER, clinic_table


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        # Before a clinic is chosen, people see where they belong.
        clinic_table("accounts_membership", using=f"clinic_id = {CURRENT_CLINIC} OR user_id = {CURRENT_USER}"),
    ]
