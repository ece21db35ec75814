"""Indexes that no query can use, or that another one begins with, are only written; they go."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from database.schema_operations import drop_unused_keys


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0013_fewer_indexes"),
        ("messaging", "0005_form"),
        ("patients", "0009_fewer_indexes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        drop_unused_keys("messaging_deliveryevent"),
        migrations.AlterField(
            model_name="link",
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
            model_name="message",
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
            model_name="message",
            name="to_user",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]
