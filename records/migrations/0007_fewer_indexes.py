"""Indexes that no query can use, or that another one begins with, are only written; they go."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from database.schema_operations import drop_unused_keys


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0013_fewer_indexes"),
        ("patients", "0009_fewer_indexes"),
        ("records", "0006_draft_edits"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        drop_unused_keys("records_chaincheck"),
        migrations.AlterField(
            model_name="record",
            name="patient",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="patients.patient",
            ),
        ),
    ]
