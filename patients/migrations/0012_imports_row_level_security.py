"""Each clinic sees and points at its own imports, review list, notes and table of medicines only."""

from django.db import migrations

from database.schema_operations import clinic_key, clinic_table


class Migration(migrations.Migration):
    dependencies = [("patients", "0011_imports")]

    operations = [
        clinic_table("patients_note"),
        clinic_table("patients_importrun"),
        clinic_table("patients_importentry"),
        clinic_table("patients_reviewitem"),
        clinic_table("patients_importupload"),
        clinic_table("patients_importmap"),
        clinic_table("patients_ownmedicine"),
        clinic_key("patients_note", "patient_id", "patients_patient"),
        clinic_key("patients_importentry", "run_id", "patients_importrun"),
        clinic_key("patients_importentry", "patient_id", "patients_patient"),
        clinic_key("patients_reviewitem", "run_id", "patients_importrun"),
        clinic_key("patients_reviewitem", "patient_id", "patients_patient"),
    ]
