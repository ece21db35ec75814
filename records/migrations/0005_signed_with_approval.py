"""A program on its own signs only for the therapist who has agreed to it."""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION records_record_approval() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    through text := convert_from(NEW.document, 'UTF8')::json ->> 'signed_through';
BEGIN
    IF through IS NOT NULL AND EXISTS (
        SELECT FROM accounts_apiclient c
        WHERE c.client_id = through AND c.authorization_grant_type = 'client-credentials'
          AND (c.acts_for_approved_at IS NULL OR c.acts_for_id IS DISTINCT FROM NEW.signed_by_id
               OR c.clinic_id <> NEW.clinic_id)
    ) THEN
        RAISE EXCEPTION 'the therapist has not agreed to this program' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0004_chain_check_heads"), ("accounts", "0007_acts_for_approved")]

    operations = [
        migrations.RunSQL(
            [
                FUNCTION,
                "CREATE TRIGGER approval BEFORE INSERT ON records_record "
                "FOR EACH ROW EXECUTE FUNCTION records_record_approval()",
                "ALTER TABLE records_record ENABLE ALWAYS TRIGGER approval",
            ],
            ["DROP TRIGGER approval ON records_record", "DROP FUNCTION records_record_approval()"],
        ),
    ]
