"""Indexes that no query can use, or that another one begins with, are only written; they go."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from database.schema_operations import drop_unused_keys


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0013_fewer_indexes"),
        ("assessments", "0008_flags_of_intake_form"),
        ("patients", "0009_fewer_indexes"),
        ("records", "0007_fewer_indexes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        drop_unused_keys(
            "assessments_painmark",
            "assessments_rangeofmotion",
            "assessments_redflaganswer",
            "assessments_referral",
            "assessments_raisedflag",
        ),
        migrations.AlterField(
            model_name="assessment",
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
            model_name="clearance",
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
            model_name="finding",
            name="assessment",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="findings",
                to="assessments.assessment",
            ),
        ),
        migrations.AlterField(
            model_name="finding",
            name="trigger_point",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="sightings",
                to="assessments.triggerpoint",
            ),
        ),
        migrations.AlterField(
            model_name="painmark",
            name="assessment",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="pain_marks",
                to="assessments.assessment",
            ),
        ),
        migrations.AlterField(
            model_name="raisedflag",
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
            model_name="rangeofmotion",
            name="assessment",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="movements",
                to="assessments.assessment",
            ),
        ),
        migrations.AlterField(
            model_name="redflaganswer",
            name="assessment",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="red_flag_answers",
                to="assessments.assessment",
            ),
        ),
        migrations.AlterField(
            model_name="referral",
            name="finding",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="referrals",
                to="assessments.finding",
            ),
        ),
        migrations.AlterField(
            model_name="triggerpoint",
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
