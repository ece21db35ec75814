"""Each clinic its own messages; a link is seen by whoever presents its token; what a provider told is final."""

from django.db import migrations

from database.schema_operations import CURRENT_CLINIC, clinic_key, clinic_table, clinics_where, final_table, queue_table

PRESENTED = "decode(nullif(current_setting('palpate.link_sha256', true), ''), 'hex')"


class Migration(migrations.Migration):
    dependencies = [("messaging", "0001_initial"), ("patients", "0002_row_level_security")]

    operations = [
        clinic_table("messaging_sending", key=None),
        clinic_table("messaging_wording", key=None),
        clinic_table("messaging_refusedaddress", key=None),
        clinic_table("messaging_link", using=f"clinic_id = {CURRENT_CLINIC} OR token_sha256 = (SELECT {PRESENTED})"),
        clinic_table("messaging_message"),
        clinic_table("messaging_deliveryevent"),
        clinic_key("messaging_link", "patient_id", "patients_patient"),
        clinic_key("messaging_message", "patient_id", "patients_patient"),
        clinic_key("messaging_message", "link_id", "messaging_link"),
        clinic_key("messaging_message", "again_of_id", "messaging_message"),
        clinic_key("messaging_deliveryevent", "message_id", "messaging_message"),
        final_table("messaging_deliveryevent"),
        queue_table("messaging_message"),
        clinics_where(
            "messaging_clinics_due",
            "SELECT count(*) FROM (SELECT FROM messaging_message WHERE clinic_id = one "
            "AND state IN ('queued', 'sending') AND next_at <= now() LIMIT 200) AS due",
        ),
    ]
