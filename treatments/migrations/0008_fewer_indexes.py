"""Indexes that no query can use, or that another one begins with, are only written; they go."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from database.schema_operations import drop_unused_keys


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0013_fewer_indexes"),
        ("assessments", "0009_fewer_indexes"),
        ("patients", "0009_fewer_indexes"),
        ("records", "0007_fewer_indexes"),
        ("treatments", "0007_catalogue_app"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        drop_unused_keys(
            "treatments_override",
            "treatments_measure",
            "treatments_intervention",
            "treatments_consentwithdrawal",
            "treatments_consentcopy",
            "treatments_adverseevent",
            "treatments_adverseeventanswer",
            "treatments_adverseeventhomeanswer",
            "treatments_aftercare",
            "treatments_safetyentry",
            "treatments_aftercaretext",
        ),
        migrations.AlterField(
            model_name="adverseevent",
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
            model_name="adverseevent",
            name="session",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="adverse_events",
                to="treatments.session",
            ),
        ),
        migrations.AlterField(
            model_name="adverseeventanswer",
            name="session",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="adverse_events_asked",
                to="treatments.session",
            ),
        ),
        migrations.AlterField(
            model_name="aftercare",
            name="session",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="aftercare",
                to="treatments.session",
            ),
        ),
        migrations.AlterField(
            model_name="consent",
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
            model_name="consentcopy",
            name="consent",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="copies",
                to="treatments.consent",
            ),
        ),
        migrations.AlterField(
            model_name="intervention",
            name="trigger_point",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="treatments",
                to="assessments.triggerpoint",
            ),
        ),
        migrations.AlterField(
            model_name="override",
            name="session",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="overrides",
                to="treatments.session",
            ),
        ),
        migrations.AlterField(
            model_name="session",
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
