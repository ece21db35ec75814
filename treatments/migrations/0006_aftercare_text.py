"""A clinic's own advice after needling, in versions. Each clinic its own; every row is final."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import database.expressions
from database.schema_operations import clinic_table, final_table


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_shows_classification"),
        ("treatments", "0005_safety_and_doses"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AftercareText",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=database.expressions.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("language", models.TextField(help_text="as in en or de")),
                ("version", models.PositiveIntegerField(help_text="from 1, counted for each language")),
                ("expected_title", models.TextField(blank=True, default="")),
                (
                    "expected",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(),
                        default=list,
                        help_text="empty: from here on the product's text is used again",
                        size=None,
                    ),
                ),
                ("made_at", models.DateTimeField()),
                (
                    "clinic",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.clinic",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("clinic", "language", "version"), name="aftercaretext_version_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("version__gte", 1)), name="aftercaretext_version_from_1"
                    ),
                ],
            },
        ),
        clinic_table("treatments_aftercaretext"),
        final_table("treatments_aftercaretext"),
    ]
