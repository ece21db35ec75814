"""Signed records are final, of one clinic, and the database itself checks their hash."""

from django.db import migrations

from database.schema_operations import clinic_key, clinic_table, final_table


class Migration(migrations.Migration):
    dependencies = [("records", "0001_initial"), ("patients", "0002_row_level_security")]

    operations = [
        clinic_table("records_record"),
        clinic_table("records_chaincheck"),
        clinic_table("records_mark", key="record_id"),
        clinic_table("records_chain", key=None),
        clinic_key("records_record", "patient_id", "patients_patient"),
        clinic_key("records_mark", "record_id", "records_record"),
        clinic_key("records_mark", "marked_by_id", "records_record"),
        final_table("records_record"),
        final_table("records_mark"),
        final_table("records_chaincheck"),
        migrations.RunSQL(
            [
                "ALTER TABLE records_record ADD CONSTRAINT record_sha256_is_of_document CHECK (sha256 = sha256(document))",
                "ALTER TABLE records_record ADD CONSTRAINT record_previous_is_sha256 CHECK (octet_length(previous_sha256) = 32)",
                # Kept as they are, in the row where they fit: reading a page copies bytes and unpacks nothing.
                "ALTER TABLE records_record ALTER COLUMN document SET STORAGE EXTERNAL",
                "ALTER TABLE records_record SET (toast_tuple_target = 8160)",
                # The head of a chain moves by one, forward.
                """
                CREATE FUNCTION records_chain_forward() RETURNS trigger LANGUAGE plpgsql
                SET search_path = pg_catalog, public, pg_temp AS $$
                BEGIN
                    IF TG_OP = 'UPDATE' AND NEW.head_sequence = OLD.head_sequence + 1 AND NEW.clinic_id = OLD.clinic_id THEN
                        RETURN NEW;
                    END IF;
                    RAISE EXCEPTION 'the head of a chain only moves forward' USING ERRCODE = 'PT001';
                END $$
                """,
                "CREATE TRIGGER forward_only BEFORE UPDATE OR DELETE ON records_chain "
                "FOR EACH ROW EXECUTE FUNCTION records_chain_forward()",
                "CREATE TRIGGER final_table BEFORE TRUNCATE ON records_chain "
                "FOR EACH STATEMENT EXECUTE FUNCTION palpate_refuse_change()",
                "ALTER TABLE records_chain ENABLE ALWAYS TRIGGER forward_only",
                "ALTER TABLE records_chain ENABLE ALWAYS TRIGGER final_table",
            ],
            [
                "DROP TRIGGER final_table ON records_chain",
                "DROP TRIGGER forward_only ON records_chain",
                "DROP FUNCTION records_chain_forward()",
                "ALTER TABLE records_record DROP CONSTRAINT record_previous_is_sha256",
                "ALTER TABLE records_record DROP CONSTRAINT record_sha256_is_of_document",
            ],
        ),
    ]
