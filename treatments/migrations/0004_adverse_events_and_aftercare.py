"""Adverse events, whether somebody asked about them, and the advice after needling. Final, and each clinic its own."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import database.expressions
from database.schema_operations import clinic_key, clinic_table, final_table, final_with_parent

KEYS = [
    ("adverseevent", "patient_id", "patients_patient"),
    ("adverseevent", "session_id", "treatments_session"),
    ("adverseeventanswer", "session_id", "treatments_session"),
    ("adverseeventanswer", "about_id", "treatments_session"),
    ("adverseeventhomeanswer", "patient_id", "patients_patient"),
    ("adverseeventhomeanswer", "session_id", "treatments_session"),
    ("aftercare", "patient_id", "patients_patient"),
    ("aftercare", "session_id", "treatments_session"),
    ("aftercare", "message_id", "messaging_message"),
]
TABLES = ["adverseevent", "adverseeventanswer", "adverseeventhomeanswer", "aftercare"]


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_competency_and_consent_settings"),
        ("messaging", "0004_aftercare"),
        ("patients", "0003_alert_place_and_end"),
        ("treatments", "0003_consents"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AdverseEvent",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=database.expressions.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("event_id", models.UUIDField(help_text="the same for all versions")),
                ("version", models.PositiveIntegerField(default=1)),
                ("status", models.TextField()),
                ("source", models.TextField(help_text="clinic, or check_in: the patient's answer at home")),
                ("check_in_id", models.UUIDField(help_text="the check-in that it began with", null=True)),
                (
                    "answers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(),
                        default=list,
                        help_text="what the patient chose at home, as codes",
                        size=None,
                    ),
                ),
                (
                    "codes",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
                ),
                ("severity", models.TextField(null=True)),
                ("is_life_threatening", models.BooleanField(default=False)),
                ("onset_at", models.DateTimeField(null=True)),
                ("duration_min", models.PositiveIntegerField(null=True)),
                ("causality", models.TextField(null=True)),
                ("outcome", models.TextField(null=True)),
                ("action", models.TextField(blank=True, default="", help_text="what was done about it")),
                (
                    "told",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
                ),
                ("note", models.TextField(blank=True, default="")),
                (
                    "reason",
                    models.TextField(
                        blank=True, default="", help_text="why this version was made, or why it is dismissed"
                    ),
                ),
                ("recorded_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="AdverseEventAnswer",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=database.expressions.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("ordinal", models.PositiveSmallIntegerField()),
                ("answer", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="AdverseEventHomeAnswer",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=database.expressions.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("check_in_id", models.UUIDField()),
                ("answer", models.TextField()),
                ("answered_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Aftercare",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=database.expressions.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("how", models.TextField(help_text="printed or link")),
                ("language", models.TextField()),
                ("text_version", models.TextField()),
                ("text", models.TextField()),
                ("given_at", models.DateTimeField()),
            ],
            options={
                "verbose_name_plural": "aftercare",
            },
        ),
        migrations.RemoveConstraint(
            model_name="consent",
            name="consent_validity_whole",
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
        migrations.AddField(
            model_name="adverseevent",
            name="clinic",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.clinic",
            ),
        ),
        migrations.AddField(
            model_name="adverseevent",
            name="patient",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="patients.patient",
            ),
        ),
        migrations.AddField(
            model_name="adverseevent",
            name="recorded_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="adverseevent",
            name="session",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="adverse_events",
                to="treatments.session",
            ),
        ),
        migrations.AddField(
            model_name="adverseeventanswer",
            name="about",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="asked_about_in",
                to="treatments.session",
            ),
        ),
        migrations.AddField(
            model_name="adverseeventanswer",
            name="clinic",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.clinic",
            ),
        ),
        migrations.AddField(
            model_name="adverseeventanswer",
            name="session",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="adverse_events_asked",
                to="treatments.session",
            ),
        ),
        migrations.AddField(
            model_name="adverseeventhomeanswer",
            name="clinic",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.clinic",
            ),
        ),
        migrations.AddField(
            model_name="adverseeventhomeanswer",
            name="patient",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="patients.patient",
            ),
        ),
        migrations.AddField(
            model_name="adverseeventhomeanswer",
            name="session",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="asked_about_at_home",
                to="treatments.session",
            ),
        ),
        migrations.AddField(
            model_name="aftercare",
            name="clinic",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.clinic",
            ),
        ),
        migrations.AddField(
            model_name="aftercare",
            name="given_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="aftercare",
            name="message",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="messaging.message",
            ),
        ),
        migrations.AddField(
            model_name="aftercare",
            name="patient",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="patients.patient",
            ),
        ),
        migrations.AddField(
            model_name="aftercare",
            name="session",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="aftercare",
                to="treatments.session",
            ),
        ),
        migrations.AddIndex(
            model_name="adverseevent",
            index=models.Index(fields=["clinic", "patient", "-recorded_at"], name="adverseevent_of_patient"),
        ),
        migrations.AddIndex(
            model_name="adverseevent",
            index=models.Index(fields=["clinic", "session"], name="adverseevent_of_session"),
        ),
        migrations.AddConstraint(
            model_name="adverseevent",
            constraint=models.UniqueConstraint(
                fields=("clinic", "event_id", "version"), name="adverseevent_version_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="adverseevent",
            constraint=models.CheckConstraint(
                condition=models.Q(("version__gte", 1)), name="adverseevent_version_from_1"
            ),
        ),
        migrations.AddConstraint(
            model_name="adverseevent",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["unconfirmed", "confirmed", "dismissed"])),
                name="adverseevent_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="adverseevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("check_in_id", None), ("source", "clinic")),
                    models.Q(("check_in_id__isnull", False), ("source", "check_in")),
                    _connector="OR",
                ),
                name="adverseevent_source_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="adverseevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "codes__contained_by",
                        [
                            "pain_during",
                            "post_needling_soreness",
                            "bruise",
                            "bleed_minor",
                            "haematoma",
                            "symptom_aggravation",
                            "drowsiness",
                            "fatigue",
                            "dizziness",
                            "faint_vasovagal",
                            "nausea",
                            "sweating",
                            "headache",
                            "emotional",
                            "shaking",
                            "itch",
                            "numbness",
                            "nerve_injury",
                            "infection",
                            "stuck_needle",
                            "bent_needle",
                            "broken_needle",
                            "forgotten_needle",
                            "needlestick_staff",
                            "pneumothorax",
                            "organ_puncture",
                            "cord_or_arterial_injury",
                            "allergic",
                            "anaphylaxis",
                            "steroid_effect",
                            "local_anaesthetic_toxicity",
                            "skin_lesion",
                            "other",
                        ],
                    )
                ),
                name="adverseevent_codes_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="adverseevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "told__contained_by",
                        [
                            "patient",
                            "guardian",
                            "physician",
                            "emergency_services",
                            "regulator",
                            "insurer",
                            "manufacturer",
                        ],
                    )
                ),
                name="adverseevent_told_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="adverseevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("severity", None), ("severity__in", ["mild", "significant", "serious"]), _connector="OR"
                ),
                name="adverseevent_severity_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="adverseevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("causality", None),
                    ("causality__in", ["unrelated", "possible", "probable", "definite"]),
                    _connector="OR",
                ),
                name="adverseevent_causality_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="adverseevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("outcome", None),
                    ("outcome__in", ["resolving", "resolved", "sequelae", "ongoing", "fatal"]),
                    _connector="OR",
                ),
                name="adverseevent_outcome_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="adverseevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "confirmed"), _negated=True),
                    models.Q(
                        models.Q(("codes", []), _negated=True),
                        ("causality__isnull", False),
                        ("onset_at__isnull", False),
                        ("outcome__isnull", False),
                        ("severity__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="adverseevent_confirmed_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="adverseevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("severity", "serious"),
                    models.Q(
                        ("is_life_threatening", False),
                        models.Q(("outcome", None), models.Q(("outcome", "fatal"), _negated=True), _connector="OR"),
                    ),
                    _connector="OR",
                ),
                name="adverseevent_grade_of_serious",
            ),
        ),
        migrations.AddConstraint(
            model_name="adverseevent",
            constraint=models.CheckConstraint(
                condition=models.Q(("onset_at", None), ("onset_at__lte", models.F("recorded_at")), _connector="OR"),
                name="adverseevent_onset_before_recorded",
            ),
        ),
        migrations.AddConstraint(
            model_name="adverseevent",
            constraint=models.CheckConstraint(
                condition=models.Q(("status", "unconfirmed"), ("recorded_by__isnull", False), _connector="OR"),
                name="adverseevent_by_name",
            ),
        ),
        migrations.AddConstraint(
            model_name="adverseevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "dismissed"), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="adverseevent_dismissed_with_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="adverseeventanswer",
            constraint=models.UniqueConstraint(fields=("session", "about"), name="adverseeventanswer_once"),
        ),
        migrations.AddConstraint(
            model_name="adverseeventanswer",
            constraint=models.CheckConstraint(
                condition=models.Q(("answer__in", ["none", "problems"])), name="adverseeventanswer_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="adverseeventanswer",
            constraint=models.CheckConstraint(
                condition=models.Q(("session", models.F("about")), _negated=True), name="adverseeventanswer_of_another"
            ),
        ),
        migrations.AddConstraint(
            model_name="adverseeventhomeanswer",
            constraint=models.UniqueConstraint(fields=("clinic", "check_in_id"), name="adverseeventhomeanswer_once"),
        ),
        migrations.AddConstraint(
            model_name="adverseeventhomeanswer",
            constraint=models.CheckConstraint(
                condition=models.Q(("answer__in", ["none", "problems"])), name="adverseeventhomeanswer_known"
            ),
        ),
        migrations.AddIndex(
            model_name="aftercare",
            index=models.Index(fields=["clinic", "session"], name="aftercare_of_session"),
        ),
        migrations.AddConstraint(
            model_name="aftercare",
            constraint=models.CheckConstraint(
                condition=models.Q(("how__in", ["printed", "link"])), name="aftercare_how_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="aftercare",
            constraint=models.CheckConstraint(
                condition=models.Q(("text", ""), _negated=True), name="aftercare_has_text"
            ),
        ),
        migrations.AddConstraint(
            model_name="aftercare",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("how", "link"), ("message__isnull", False)),
                    models.Q(models.Q(("how", "link"), _negated=True), ("message", None)),
                    _connector="OR",
                ),
                name="aftercare_message_of_link",
            ),
        ),
        *(clinic_table(f"treatments_{table}") for table in TABLES),
        *(clinic_key(f"treatments_{table}", column, target) for table, column, target in KEYS),
        final_table("treatments_adverseevent"),
        final_table("treatments_aftercare"),
        final_with_parent("treatments_adverseeventanswer", "treatments_session", "session_id"),
    ]
