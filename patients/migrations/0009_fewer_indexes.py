"""Indexes that no query can use, or that another one begins with, are only written; they go."""

import django.db.models.deletion
from django.db import migrations, models

from database.schema_operations import drop_unused_keys


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0013_fewer_indexes"),
        ("patients", "0008_search_key_in_order"),
    ]

    operations = [
        drop_unused_keys(
            "patients_merge",
            "patients_medication",
            "patients_identifier",
            "patients_condition",
            "patients_alert",
            "patients_searchkey",
        ),
        migrations.AlterField(
            model_name="condition",
            name="patient",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="conditions",
                to="patients.patient",
            ),
        ),
        migrations.AlterField(
            model_name="medication",
            name="patient",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="medications",
                to="patients.patient",
            ),
        ),
        migrations.AlterField(
            model_name="patient",
            name="merged_into",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merged_from",
                to="patients.patient",
            ),
        ),
    ]
