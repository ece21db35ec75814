"""Each clinic its own appointments; what was changed in one stays written."""

from django.db import migrations

from database.schema_operations import clinic_key, clinic_table, clinics_where, final_table

KEYS = [
    ("room", "site_id", "scheduling_site"),
    ("hours", "room_id", "scheduling_room"),
    ("extrahours", "room_id", "scheduling_room"),
    ("closure", "site_id", "scheduling_site"),
    ("series", "patient_id", "patients_patient"),
    ("series", "type_id", "scheduling_appointmenttype"),
    ("appointment", "patient_id", "patients_patient"),
    ("appointment", "type_id", "scheduling_appointmenttype"),
    ("appointment", "room_id", "scheduling_room"),
    ("appointment", "series_id", "scheduling_series"),
    ("change", "appointment_id", "scheduling_appointment"),
    ("told", "message_id", "messaging_message"),
    ("told", "appointment_id", "scheduling_appointment"),
    ("waiting", "patient_id", "patients_patient"),
    ("waiting", "type_id", "scheduling_appointmenttype"),
    ("waiting", "placed_id", "scheduling_appointment"),
    ("waiting", "instead_of_id", "scheduling_appointment"),
    ("opening", "room_id", "scheduling_room"),
    ("offer", "opening_id", "scheduling_opening"),
    ("offer", "patient_id", "patients_patient"),
    ("offer", "waiting_id", "scheduling_waiting"),
    ("offer", "room_id", "scheduling_room"),
    ("offer", "link_id", "messaging_link"),
]
TABLES = [
    "site", "room", "appointmenttype", "competency", "hours", "extrahours", "closure", "series", "appointment",
    "change", "told", "waiting", "opening", "offer",
]  # fmt: skip
# A calendar program has only the feed's address.
PRESENTED = "decode(nullif(current_setting('palpate.link_sha256', true), ''), 'hex')"


class Migration(migrations.Migration):
    dependencies = [
        ("scheduling", "0001_initial"),
        ("messaging", "0002_row_level_security"),
        ("worklist", "0002_row_level_security"),
        ("patients", "0002_row_level_security"),
    ]

    operations = [
        *(clinic_table(f"scheduling_{table}") for table in TABLES),
        clinic_table("scheduling_booking", key=None),
        clinic_table(
            "scheduling_feed",
            using="clinic_id = (SELECT nullif(current_setting('palpate.clinic_id', true), '')::uuid) "
            f"OR token_sha256 = (SELECT {PRESENTED})",
        ),
        *(clinic_key(f"scheduling_{table}", column, target) for table, column, target in KEYS),
        final_table("scheduling_change"),
        clinics_where(
            "scheduling_clinics_due",
            "SELECT (SELECT count(*) FROM scheduling_opening WHERE clinic_id = one AND closed_at IS NULL) "
            "+ (SELECT count(*) FROM scheduling_offer WHERE clinic_id = one AND status = 'open' "
            "AND expires_at <= now()) "
            "+ (SELECT count(*) FROM scheduling_appointment WHERE clinic_id = one AND status = 'proposed' "
            "AND held_until <= now())",
        ),
    ]
