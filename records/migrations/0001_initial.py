import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import database.expressions


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        ("patients", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Chain",
            fields=[
                (
                    "clinic",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="accounts.clinic",
                    ),
                ),
                ("head_sequence", models.BigIntegerField(default=0)),
                (
                    "head_sha256",
                    models.BinaryField(
                        default=b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Record",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=database.expressions.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("sequence", models.BigIntegerField()),
                ("kind", models.TextField(choices=[("assessment", "assessment"), ("session", "session")])),
                (
                    "entry",
                    models.TextField(
                        choices=[
                            ("signed", "signed"),
                            ("addendum", "addendum"),
                            ("entered_in_error", "entered_in_error"),
                        ]
                    ),
                ),
                ("subject_id", models.UUIDField(help_text="the assessment or session, the same for all its versions")),
                ("version", models.PositiveIntegerField()),
                ("occurred_at", models.DateTimeField()),
                ("signed_at", models.DateTimeField()),
                ("document", models.BinaryField()),
                ("sha256", models.BinaryField()),
                ("previous_sha256", models.BinaryField()),
                (
                    "clinic",
                    models.ForeignKey(
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
                    "signed_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["clinic", "patient", "-occurred_at", "-sequence"], name="record_history"),
                    models.Index(
                        condition=models.Q(("entry", "addendum")),
                        fields=["clinic", "subject_id", "sequence"],
                        name="record_addenda",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("clinic", "sequence"), name="record_sequence_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("entry", "signed")),
                        fields=("clinic", "subject_id", "version"),
                        name="record_version_signed_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["assessment", "session"])), name="record_kind_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("entry__in", ["signed", "addendum", "entered_in_error"])),
                        name="record_entry_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sequence__gte", 1), ("version__gte", 1)), name="record_counts_from_one"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ChainCheck",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=database.expressions.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("checked_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("records", models.BigIntegerField()),
                ("ok", models.BooleanField()),
                ("first_broken", models.JSONField(null=True)),
                ("head_sequence", models.BigIntegerField()),
                ("head_sha256", models.TextField()),
                (
                    "clinic",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.clinic",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["clinic", "-checked_at"], name="chain_check_newest")],
            },
        ),
        migrations.CreateModel(
            name="Mark",
            fields=[
                (
                    "record",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="mark",
                        serialize=False,
                        to="records.record",
                    ),
                ),
                (
                    "status",
                    models.TextField(choices=[("superseded", "superseded"), ("entered_in_error", "entered_in_error")]),
                ),
                (
                    "clinic",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.clinic",
                    ),
                ),
                (
                    "marked_by",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.record",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["superseded", "entered_in_error"])), name="mark_status_known"
                    )
                ],
            },
        ),
    ]
