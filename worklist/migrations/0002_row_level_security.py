"""Each clinic its own worklist."""

from django.db import migrations

from database.schema_operations import clinic_key, clinic_table


class Migration(migrations.Migration):
    dependencies = [("worklist", "0001_initial"), ("patients", "0002_row_level_security")]

    operations = [
        clinic_table("worklist_item"),
        clinic_key("worklist_item", "patient_id", "patients_patient"),
    ]
