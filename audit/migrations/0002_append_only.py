"""Audit events are added and read, never changed."""

from django.db import migrations

from database.schema_operations import CURRENT_CLINIC, final_function, final_table


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [
        final_function(),
        final_table("audit_auditevent"),
        migrations.RunSQL(
            [
                "ALTER TABLE audit_auditevent ENABLE ROW LEVEL SECURITY",
                "ALTER TABLE audit_auditevent FORCE ROW LEVEL SECURITY",
                # A refusal may have no clinic, and an event is written outside the clinic's transaction.
                "CREATE POLICY anybody_adds ON audit_auditevent FOR INSERT WITH CHECK (true)",
                f"CREATE POLICY own_clinic_reads ON audit_auditevent FOR SELECT USING (clinic_id = {CURRENT_CLINIC})",
            ],
            [
                "DROP POLICY own_clinic_reads ON audit_auditevent",
                "DROP POLICY anybody_adds ON audit_auditevent",
                "ALTER TABLE audit_auditevent DISABLE ROW LEVEL SECURITY",
            ],
        ),
    ]
