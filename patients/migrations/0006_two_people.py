"""Pairs of patients who look alike and are two people; and the version of the words that a patient is found by."""

import django.db.models.deletion
from django.db import migrations, models

import database.expressions
from database.schema_operations import clinic_key, clinic_table, final_table


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_clinic_begins"),
        ("patients", "0005_more_facts"),
    ]

    operations = [
        migrations.AddField(
            model_name="patient",
            name="keys_version",
            field=models.PositiveSmallIntegerField(
                db_default=0, default=0, editable=False, help_text="of the words that the patient is found by"
            ),
        ),
        migrations.CreateModel(
            name="TwoPeople",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=database.expressions.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("said_at", models.DateTimeField()),
                ("said_by_user_id", models.UUIDField(null=True)),
                ("said_by_client_id", models.TextField(default="")),
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
                    "one",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="patients.patient",
                    ),
                ),
                (
                    "other",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="patients.patient",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("one", "other"), name="two_people_once"),
                    models.CheckConstraint(
                        condition=models.Q(("one__lt", models.F("other"))), name="two_people_in_order"
                    ),
                ],
            },
        ),
        clinic_table("patients_twopeople", key=None),
        clinic_key("patients_twopeople", "one_id", "patients_patient"),
        clinic_key("patients_twopeople", "other_id", "patients_patient"),
        final_table("patients_twopeople"),
    ]
