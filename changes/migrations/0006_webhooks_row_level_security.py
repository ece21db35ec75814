"""Webhooks are of one clinic; beat asks which clinics have some that are due."""

from django.db import migrations

from database.schema_operations import clinic_key, clinic_table, clinics_where, queue_table


class Migration(migrations.Migration):
    dependencies = [("changes", "0005_webhooks")]

    operations = [
        clinic_table("changes_webhooksubscription"),
        clinic_table("changes_webhookdelivery", key=None),
        clinic_key("changes_webhookdelivery", "subscription_id", "changes_webhooksubscription"),
        queue_table("changes_webhooksubscription"),
        clinics_where(
            "changes_clinics_due",
            """
            SELECT count(*) FROM public.changes_webhooksubscription s
            WHERE s.clinic_id = one AND s.next_at <= clock_timestamp() AND (
                s.test_requested OR (s.state = 'active' AND s.position < (
                    SELECT c.sequence FROM public.changes_changecounter c WHERE c.clinic_id = one ))
            )
            """,
        ),
    ]
