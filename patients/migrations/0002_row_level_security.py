"""Each clinic sees and points at its own patients only."""

from django.db import migrations

from database.schema_operations import clinic_key, clinic_table, final_table


class Migration(migrations.Migration):
    dependencies = [("patients", "0001_initial"), ("audit", "0002_append_only")]

    operations = [
        clinic_table("patients_patient"),
        clinic_table("patients_identifier"),
        clinic_table("patients_searchkey"),
        clinic_table("patients_alert"),
        clinic_table("patients_condition"),
        clinic_table("patients_medication"),
        clinic_table("patients_merge"),
        clinic_key("patients_patient", "merged_into_id", "patients_patient"),
        clinic_key("patients_identifier", "patient_id", "patients_patient"),
        clinic_key("patients_searchkey", "patient_id", "patients_patient"),
        clinic_key("patients_alert", "patient_id", "patients_patient"),
        clinic_key("patients_condition", "patient_id", "patients_patient"),
        clinic_key("patients_medication", "patient_id", "patients_patient"),
        clinic_key("patients_merge", "from_patient_id", "patients_patient"),
        clinic_key("patients_merge", "into_patient_id", "patients_patient"),
        final_table("patients_merge"),
    ]
