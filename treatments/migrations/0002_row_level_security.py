"""Each clinic its own sessions; signed ones are final."""

from django.db import migrations

from database.schema_operations import clinic_key, clinic_table, final_once_signed, final_with_parent


class Migration(migrations.Migration):
    dependencies = [("treatments", "0001_initial"), ("assessments", "0002_row_level_security")]

    operations = [
        clinic_table("treatments_session"),
        clinic_table("treatments_intervention"),
        clinic_table("treatments_measure"),
        clinic_table("treatments_override"),
        clinic_key("treatments_session", "patient_id", "patients_patient"),
        clinic_key("treatments_session", "revises_id", "treatments_session"),
        clinic_key("treatments_session", "record_id", "records_record"),
        clinic_key("treatments_intervention", "session_id", "treatments_session"),
        clinic_key("treatments_measure", "session_id", "treatments_session"),
        clinic_key("treatments_override", "session_id", "treatments_session"),
        clinic_key("treatments_intervention", "trigger_point_id", "assessments_triggerpoint"),
        clinic_key("treatments_measure", "trigger_point_id", "assessments_triggerpoint"),
        final_once_signed("treatments_session"),
        final_with_parent("treatments_intervention", "treatments_session", "session_id"),
        final_with_parent("treatments_measure", "treatments_session", "session_id"),
        final_with_parent("treatments_override", "treatments_session", "session_id"),
    ]
