"""
Who referred, insurance, work, sport and notes for the desk; conditions and medicines end instead of going away.

Lengths and the form of addresses are checked by a trigger, where a value changes: a CHECK would refuse every later change
of an older row for a value that the change does not touch.
"""

from django.db import migrations, models

# `patients.facts.FACTS` says the same (a test compares them).
MOST = {
    "family_name": 200,
    "given_names": 200,
    "pronouns": 50,
    "language": 35,
    "time_zone": 64,
    "email": 254,
    "phone": 50,
    "address_line": 500,
    "city": 200,
    "state": 200,
    "postal_code": 20,
    "country": 100,
    "emergency_name": 200,
    "emergency_relationship": 100,
    "emergency_phone": 50,
    "referrer_name": 200,
    "referrer_practice": 500,
    "referrer_phone": 50,
    "insurer": 200,
    "insurance_number": 100,
    "referral_reason": 2000,
    "occupation": 200,
    "sport": 200,
    "desk_notes": 4000,
}
TOO_LONG = " OR ".join(
    f"(NEW.{name} IS DISTINCT FROM OLD.{name} AND char_length(NEW.{name}) > {most})" for name, most in MOST.items()
)
# An INSERT's OLD is null in every column.
FORWARD = f"""
CREATE FUNCTION patients_check_facts() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF {TOO_LONG} THEN
        RAISE EXCEPTION 'a fact is too long' USING ERRCODE = 'check_violation', CONSTRAINT = 'patient_facts_fit';
    END IF;
    IF NEW.email IS DISTINCT FROM OLD.email AND NEW.email !~ '^[^\\s@]+@[^\\s@]+$'
        OR NEW.phone IS DISTINCT FROM OLD.phone AND NEW.phone !~ '[0-9]{{1}}.*[0-9]'
    THEN
        RAISE EXCEPTION 'not an address' USING ERRCODE = 'check_violation', CONSTRAINT = 'patient_address_usable';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER patient_facts_fit BEFORE INSERT OR UPDATE ON patients_patient
    FOR EACH ROW EXECUTE FUNCTION patients_check_facts();
"""
BACKWARD = """
DROP TRIGGER patient_facts_fit ON patients_patient;
DROP FUNCTION patients_check_facts();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_invitation"),
        ("patients", "0004_birth_date_possible"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="condition",
            name="condition_once",
        ),
        migrations.RemoveConstraint(
            model_name="medication",
            name="medication_once",
        ),
        migrations.AddField(
            model_name="condition",
            name="ended_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="condition",
            name="ended_by_user_id",
            field=models.UUIDField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="medication",
            name="ended_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="medication",
            name="ended_by_user_id",
            field=models.UUIDField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="patient",
            name="desk_notes",
            field=models.TextField(blank=True, db_default="", default="", help_text="for the desk: not clinical"),
        ),
        migrations.AddField(
            model_name="patient",
            name="insurance_number",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="patient",
            name="insurer",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="patient",
            name="occupation",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="patient",
            name="referral_reason",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="patient",
            name="referrer_name",
            field=models.TextField(blank=True, db_default="", default="", help_text="GP, or who else referred"),
        ),
        migrations.AddField(
            model_name="patient",
            name="referrer_phone",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="patient",
            name="referrer_practice",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="patient",
            name="sport",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddConstraint(
            model_name="condition",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)),
                fields=("patient", "system", "code", "text"),
                name="condition_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="medication",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)),
                fields=("patient", "system", "code", "text"),
                name="medication_once",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
