"""Indexes that no query can use, or that another one begins with, are only written; they go."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from database.schema_operations import drop_unused_keys


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0006_fewer_indexes"),
        ("patients", "0009_fewer_indexes"),
        ("scheduling", "0005_feeds_end_with_misuse"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        drop_unused_keys(
            "scheduling_hours",
            "scheduling_extrahours",
            "scheduling_closure",
            "scheduling_feed",
            "scheduling_change",
            "scheduling_told",
            "scheduling_offer",
        ),
        migrations.AlterField(
            model_name="appointment",
            name="booked_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="appointment",
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
            model_name="appointment",
            name="series",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="appointments",
                to="scheduling.series",
            ),
        ),
        migrations.AlterField(
            model_name="change",
            name="appointment",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="changes",
                to="scheduling.appointment",
            ),
        ),
        migrations.AlterField(
            model_name="change",
            name="by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="series",
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
            model_name="told",
            name="appointment",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="scheduling.appointment",
            ),
        ),
        migrations.AlterField(
            model_name="told",
            name="message",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="messaging.message",
            ),
        ),
    ]
