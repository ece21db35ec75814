"""Indexes that no query can use, or that another one begins with, are only written; they go."""

import django.db.models.deletion
from django.db import migrations, models

from database.schema_operations import drop_unused_keys


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0013_fewer_indexes"),
        ("homecare", "0005_catalogue_app"),
        ("messaging", "0006_fewer_indexes"),
        ("patients", "0009_fewer_indexes"),
        ("treatments", "0008_fewer_indexes"),
    ]

    operations = [
        drop_unused_keys("homecare_template", "homecare_reminderplan", "homecare_occurrence", "homecare_stepanswer"),
        migrations.AlterField(
            model_name="checkin",
            name="patient",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="patients.patient",
            ),
        ),
        migrations.AlterField(
            model_name="checkin",
            name="session",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="treatments.session",
            ),
        ),
        migrations.AlterField(
            model_name="checkin",
            name="version",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="homecare.version",
            ),
        ),
        migrations.AlterField(
            model_name="step",
            name="version",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="steps",
                to="homecare.version",
            ),
        ),
        migrations.AlterField(
            model_name="stepanswer",
            name="check_in",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="answers",
                to="homecare.checkin",
            ),
        ),
        migrations.AlterField(
            model_name="version",
            name="programme",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="versions",
                to="homecare.programme",
            ),
        ),
    ]
