"""Forms that patients fill in by link. Answers are final once sent in, the row once it is reviewed or cancelled."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import database.expressions
from database.schema_operations import FIXED_PATH, clinic_key, clinic_table

FINAL = [
    f"""
    CREATE FUNCTION patient_forms_formrequest_final() RETURNS trigger LANGUAGE plpgsql {FIXED_PATH} AS $$
    BEGIN
        IF TG_OP = 'DELETE' THEN
            RAISE EXCEPTION 'form % is kept', OLD.id USING ERRCODE = 'PT001';
        END IF;
        IF OLD.status IN ('accepted', 'dismissed', 'cancelled') THEN
            RAISE EXCEPTION 'form % is final', OLD.id USING ERRCODE = 'PT001';
        END IF;
        IF OLD.answered_at IS NOT NULL AND (NEW.answers, NEW.answered_at, NEW.form, NEW.form_version, NEW.patient_id)
            IS DISTINCT FROM (OLD.answers, OLD.answered_at, OLD.form, OLD.form_version, OLD.patient_id)
        THEN
            RAISE EXCEPTION 'answers of form % are final', OLD.id USING ERRCODE = 'PT001';
        END IF;
        RETURN NEW;
    END $$
    """,
    "CREATE TRIGGER final_form BEFORE UPDATE OR DELETE ON patient_forms_formrequest "
    "FOR EACH ROW EXECUTE FUNCTION patient_forms_formrequest_final()",
    "CREATE TRIGGER final_table BEFORE TRUNCATE ON patient_forms_formrequest "
    "FOR EACH STATEMENT EXECUTE FUNCTION palpate_refuse_change()",
    "ALTER TABLE patient_forms_formrequest ENABLE ALWAYS TRIGGER final_form",
    "ALTER TABLE patient_forms_formrequest ENABLE ALWAYS TRIGGER final_table",
]
NOT_FINAL = [
    "DROP TRIGGER final_table ON patient_forms_formrequest",
    "DROP TRIGGER final_form ON patient_forms_formrequest",
    "DROP FUNCTION patient_forms_formrequest_final()",
]


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0009_invitation"),
        ("messaging", "0005_form"),
        ("patients", "0004_birth_date_possible"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FormRequest",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=database.expressions.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("form", models.TextField()),
                ("form_version", models.PositiveSmallIntegerField(default=0)),
                ("status", models.TextField(default="sent")),
                ("asked_at", models.DateTimeField()),
                ("answers", models.JSONField(default=dict)),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "taken",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
                ),
                ("reviewed_at", models.DateTimeField(null=True)),
                ("review_note", models.TextField(blank=True, default="")),
                ("revision", models.PositiveIntegerField(default=1)),
                (
                    "asked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
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
                    "link",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="messaging.link",
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
                    "reviewed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["clinic", "patient", "-asked_at"], name="form_request_of_patient")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["sent", "answered", "accepted", "dismissed", "cancelled"])),
                        name="form_request_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answered_at", None), ("status__in", ["sent", "cancelled"])),
                            models.Q(
                                ("answered_at__isnull", False), ("status__in", ["answered", "accepted", "dismissed"])
                            ),
                            _connector="OR",
                        ),
                        name="form_request_answered_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("reviewed_at__isnull", False),
                                ("reviewed_by__isnull", False),
                                ("status__in", ["accepted", "dismissed"]),
                            ),
                            models.Q(
                                models.Q(("status__in", ["accepted", "dismissed"]), _negated=True),
                                ("reviewed_at", None),
                                ("reviewed_by", None),
                            ),
                            _connector="OR",
                        ),
                        name="form_request_reviewed_whole",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ["sent", "answered"])),
                        fields=("patient", "form"),
                        name="form_request_open_once",
                    ),
                ],
            },
        ),
        clinic_table("patient_forms_formrequest"),
        clinic_key("patient_forms_formrequest", "patient_id", "patients_patient"),
        clinic_key("patient_forms_formrequest", "link_id", "messaging_link"),
        migrations.RunSQL(FINAL, NOT_FINAL),
    ]
