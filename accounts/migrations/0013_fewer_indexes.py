"""Indexes that no query can use, or that another one begins with, are only written; they go."""

import django.db.models.deletion
from django.db import migrations, models

from database.schema_operations import drop_unused_keys


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0012_password_change_required"),
    ]

    operations = [
        drop_unused_keys("accounts_membership", "accounts_competency", "accounts_invitation"),
        migrations.AlterField(
            model_name="membership",
            name="clinic",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="memberships",
                to="accounts.clinic",
            ),
        ),
    ]
