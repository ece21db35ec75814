"""Each clinic its own home programmes; what a patient was given is final."""

from django.db import migrations

from database.schema_operations import clinic_key, clinic_table, clinics_where, final_table, queue_table

KEYS = [
    ("programme", "patient_id", "patients_patient"),
    ("version", "programme_id", "homecare_programme"),
    ("step", "version_id", "homecare_version"),
    ("step", "trigger_point_id", "assessments_triggerpoint"),
    ("step", "picture_id", "homecare_picture"),
    ("reminderplan", "programme_id", "homecare_programme"),
    ("occurrence", "patient_id", "patients_patient"),
    ("occurrence", "programme_id", "homecare_programme"),
    ("occurrence", "session_id", "treatments_session"),
    ("occurrence", "message_id", "messaging_message"),
    ("checkin", "patient_id", "patients_patient"),
    ("checkin", "programme_id", "homecare_programme"),
    ("checkin", "version_id", "homecare_version"),
    ("checkin", "session_id", "treatments_session"),
    ("checkin", "link_id", "messaging_link"),
    ("stepanswer", "check_in_id", "homecare_checkin"),
    ("stepanswer", "step_id", "homecare_step"),
]
TABLES = [
    "picture", "template", "programme", "version", "step", "reminderplan", "occurrence", "checkin", "stepanswer",
]  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [
        ("homecare", "0001_initial"),
        ("messaging", "0002_row_level_security"),
        ("treatments", "0002_row_level_security"),
    ]

    operations = [
        *(clinic_table(f"homecare_{table}") for table in TABLES),
        *(clinic_key(f"homecare_{table}", column, target) for table, column, target in KEYS),
        final_table("homecare_version"),
        final_table("homecare_step"),
        queue_table("homecare_occurrence"),
        clinics_where(
            "homecare_clinics_due",
            "SELECT count(*) FROM (SELECT FROM homecare_occurrence WHERE clinic_id = one "
            "AND status = 'planned' AND due_at <= now() LIMIT 200) AS due",
        ),
    ]
