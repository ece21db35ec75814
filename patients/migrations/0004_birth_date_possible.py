"""
No row gets a birth date before 1900 or in the future.

A trigger and not a CHECK: today is part of the rule, and a CHECK (even NOT VALID) would refuse every later change of
an older row, such as a merge, for a birth date that the change does not touch.
"""

from django.db import migrations

# A day of tolerance: today is later in Auckland than at the database.
FORWARD = """
CREATE FUNCTION patients_check_birth_date() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.birth_date IS NOT DISTINCT FROM OLD.birth_date THEN
        RETURN NEW;
    END IF;
    IF NEW.birth_date < DATE '1900-01-01' OR NEW.birth_date > (now() AT TIME ZONE 'UTC')::date + 1 THEN
        RAISE EXCEPTION 'a birth date is between 1900 and today'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'patient_birth_date_possible';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER patient_birth_date_possible BEFORE INSERT OR UPDATE OF birth_date ON patients_patient
    FOR EACH ROW EXECUTE FUNCTION patients_check_birth_date();
"""
BACKWARD = """
DROP TRIGGER patient_birth_date_possible ON patients_patient;
DROP FUNCTION patients_check_birth_date();
"""


class Migration(migrations.Migration):
    dependencies = [("patients", "0003_alert_place_and_end")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
