"""Informed consent: texts, consents, withdrawals and copies. Each clinic its own; every row is final."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import database.expressions
from database.schema_operations import clinic_key, clinic_table, final_table

TABLES = ["consenttext", "consent", "consentwithdrawal", "consentcopy"]
KEYS = [
    ("consent", "patient_id", "patients_patient"),
    ("consent", "clinic_text_id", "treatments_consenttext"),
    ("consentwithdrawal", "patient_id", "patients_patient"),
    ("consentwithdrawal", "consent_id", "treatments_consent"),
    ("consentcopy", "patient_id", "patients_patient"),
    ("consentcopy", "consent_id", "treatments_consent"),
    ("consentcopy", "message_id", "messaging_message"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_competency_and_consent_settings"),
        ("messaging", "0003_consent_copy"),
        ("patients", "0002_row_level_security"),
        ("treatments", "0002_row_level_security"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ConsentText",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=database.expressions.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("technique_class", models.TextField()),
                ("region", models.TextField()),
                ("language", models.TextField(help_text="as in en or de")),
                (
                    "version",
                    models.PositiveIntegerField(help_text="from 1, counted for each class, region and language"),
                ),
                (
                    "text",
                    models.TextField(blank=True, help_text="empty: from here on the product's text is used again"),
                ),
                (
                    "risks",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
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
        ),
        migrations.CreateModel(
            name="Consent",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=database.expressions.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("signing_id", models.UUIDField(help_text="the same for what was agreed to in one go")),
                ("technique_class", models.TextField()),
                ("region", models.TextField()),
                ("language", models.TextField()),
                ("text_version", models.TextField(help_text="`default 2026-11`, or `clinic 3`")),
                ("text", models.TextField()),
                ("risks", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ("how", models.TextField(help_text="signature, typed_name or verbal")),
                ("signed_name", models.TextField(help_text="who consented, in their own name")),
                ("signature", models.JSONField(help_text="strokes of points on a pad of 600 by 200", null=True)),
                ("signature_sha256", models.BinaryField(max_length=32, null=True)),
                ("witness", models.TextField(blank=True, default="")),
                (
                    "guardian_relation",
                    models.TextField(blank=True, default="", help_text="empty: the patient consented"),
                ),
                ("given_at", models.DateTimeField()),
                ("valid_days", models.PositiveSmallIntegerField(help_text="as the clinic had set it then", null=True)),
                ("valid_until", models.DateTimeField(null=True)),
                ("recorded_at", models.DateTimeField()),
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
                    "patient",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="patients.patient",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "clinic_text",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="treatments.consenttext",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ConsentWithdrawal",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=database.expressions.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("withdrawn_at", models.DateTimeField()),
                ("withdrawn_by", models.TextField(help_text="patient or guardian")),
                (
                    "reason",
                    models.TextField(
                        blank=True, default="", help_text="in the patient's words; nobody has to give one"
                    ),
                ),
                ("recorded_at", models.DateTimeField()),
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
                    "consent",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="withdrawal",
                        to="treatments.consent",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="patients.patient",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ConsentCopy",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=database.expressions.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("how", models.TextField(help_text="printed, link or declined")),
                ("given_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
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
                    "consent",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="copies",
                        to="treatments.consent",
                    ),
                ),
                (
                    "given_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="messaging.message",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="patients.patient",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "consent copies",
                "indexes": [models.Index(fields=["clinic", "consent"], name="consentcopy_of_consent")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("how__in", ["printed", "link", "declined"])), name="consentcopy_how_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("how", "link"), ("message__isnull", False)),
                            models.Q(models.Q(("how", "link"), _negated=True), ("message", None)),
                            _connector="OR",
                        ),
                        name="consentcopy_message_of_link",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="consenttext",
            constraint=models.UniqueConstraint(
                fields=("clinic", "technique_class", "region", "language", "version"), name="consenttext_version_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="consenttext",
            constraint=models.CheckConstraint(
                condition=models.Q(("technique_class__in", ["dry_needling", "injection", "manual"])),
                name="consenttext_class_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="consenttext",
            constraint=models.CheckConstraint(
                condition=models.Q(("region__in", ["general", "neck", "thorax", "pelvis", "suboccipital"])),
                name="consenttext_region_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="consenttext",
            constraint=models.CheckConstraint(
                condition=models.Q(("version__gte", 1)), name="consenttext_version_from_1"
            ),
        ),
        migrations.AddIndex(
            model_name="consent",
            index=models.Index(fields=["clinic", "patient", "-given_at"], name="consent_of_patient"),
        ),
        migrations.AddIndex(
            model_name="consent",
            index=models.Index(fields=["clinic", "signing_id"], name="consent_of_signing"),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.CheckConstraint(
                condition=models.Q(("technique_class__in", ["dry_needling", "injection", "manual"])),
                name="consent_class_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.CheckConstraint(
                condition=models.Q(("region__in", ["general", "neck", "thorax", "pelvis", "suboccipital"])),
                name="consent_region_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.CheckConstraint(
                condition=models.Q(("how__in", ["signature", "typed_name", "verbal"])), name="consent_how_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("how", "signature"), ("signature__isnull", False), ("signature_sha256__isnull", False)),
                    models.Q(
                        models.Q(("how", "signature"), _negated=True), ("signature", None), ("signature_sha256", None)
                    ),
                    _connector="OR",
                ),
                name="consent_signature_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.CheckConstraint(
                condition=models.Q(("how", "signature"), models.Q(("witness", ""), _negated=True), _connector="OR"),
                name="consent_has_witness",
            ),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("signed_name", ""), _negated=True), models.Q(("text", ""), _negated=True)),
                name="consent_has_name_and_text",
            ),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.CheckConstraint(
                condition=models.Q(("given_at__lte", models.F("recorded_at"))), name="consent_given_before_recorded"
            ),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("valid_days", None), ("valid_until", None)),
                    models.Q(
                        ("valid_days__isnull", False),
                        ("valid_until__gt", models.F("given_at")),
                        ("valid_until__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="consent_validity_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="consentwithdrawal",
            constraint=models.CheckConstraint(
                condition=models.Q(("withdrawn_by__in", ["patient", "guardian"])), name="consentwithdrawal_by_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="consentwithdrawal",
            constraint=models.CheckConstraint(
                condition=models.Q(("withdrawn_at__lte", models.F("recorded_at"))),
                name="consentwithdrawal_before_recorded",
            ),
        ),
        *(clinic_table(f"treatments_{table}") for table in TABLES),
        *(clinic_key(f"treatments_{table}", column, target) for table, column, target in KEYS),
        *(final_table(f"treatments_{table}") for table in TABLES),
    ]
