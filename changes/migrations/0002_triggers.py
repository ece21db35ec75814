"""
PostgreSQL notes what changes, no matter who changes it: a page, the API, an import, a task or SQL.

The triggers are deferred. They run when a transaction commits, after everything else it does, so the clinic's counter
is locked for the length of a commit, numbers are given in the order of commits, and there are no gaps.
"""

from django.db import migrations

from database.schema_operations import FIXED_PATH, clinic_table, final_table

# Takes the clinic's next number. What one transaction changes twice in the same thing is one change: while the counter
# is held, the numbers from `palpate.changes_from` on are this transaction's. Only the last 50 of them are looked at, so
# that an import of thousands stays linear.
ADD = f"""
CREATE FUNCTION changes_add(
    clinic uuid, kind_ text, action_ text, subject uuid, patient uuid, revision_ bigint, fields_ text[], into_ uuid
) RETURNS void LANGUAGE plpgsql {FIXED_PATH} AS $$
#variable_conflict use_column
DECLARE
    scope text := coalesce(current_setting('palpate.clinic_id', true), '');
    held text := coalesce(current_setting('palpate.changes_from', true), '');
    number bigint;
    first bigint;
BEGIN
    -- A transaction may end in another scope than the one in which it wrote.
    IF scope <> clinic::text THEN PERFORM set_config('palpate.clinic_id', clinic::text, true); END IF;
    IF held LIKE clinic::text || ':%' THEN
        first := substr(held, 38)::bigint;
        number := (SELECT sequence FROM public.changes_changecounter WHERE clinic_id = clinic);
        IF EXISTS (
            SELECT FROM public.changes_clinicchange
            WHERE clinic_id = clinic AND sequence >= greatest(first, number - 50) AND kind = kind_
            AND subject_id = subject AND action_ = '{{changed}}' AND (
                action = '{{created}}' OR (action = '{{changed}}' AND fields @> fields_)
            ) AND coalesce(revision, 0) >= coalesce(revision_, 0)
        ) THEN
            IF scope <> clinic::text THEN PERFORM set_config('palpate.clinic_id', scope, true); END IF;
            RETURN;
        END IF;
    END IF;
    INSERT INTO public.changes_changecounter AS c (clinic_id, sequence) VALUES (clinic, 1)
        ON CONFLICT (clinic_id) DO UPDATE SET sequence = c.sequence + 1 RETURNING c.sequence INTO number;
    IF first IS NULL THEN PERFORM set_config('palpate.changes_from', clinic || ':' || number, true); END IF;
    INSERT INTO public.changes_clinicchange
        (clinic_id, sequence, kind, action, subject_id, patient_id, revision, fields, merged_into_id, at)
        VALUES (clinic, number, kind_, action_, subject, patient, revision_, fields_, into_, clock_timestamp());
    IF scope <> clinic::text THEN PERFORM set_config('palpate.clinic_id', scope, true); END IF;
END $$
""".replace("{changed}", "changed").replace("{created}", "created")

# Arguments: kind, column of the id, column of the patient, column of the revision (or empty), watched columns.
# Old and new row are compared as JSON, column by column: `a_id` is told as `a_id`, and values never leave the row.
ROW = f"""
CREATE FUNCTION changes_note() RETURNS trigger LANGUAGE plpgsql {FIXED_PATH} AS $$
DECLARE
    old_row jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    new_row jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
    shown jsonb := coalesce(new_row, old_row);
    fields text[] := ARRAY[]::text[];
    action text := 'changed';
    into_ uuid;
    column_ text;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        FOREACH column_ IN ARRAY string_to_array(TG_ARGV[4], ',') LOOP
            IF old_row -> column_ IS DISTINCT FROM new_row -> column_ THEN fields := fields || column_; END IF;
        END LOOP;
    END IF;
    -- A draft is nobody's business until it is published; then it is new.
    IF TG_ARGV[0] = 'programme' AND shown ->> 'status' = 'draft' THEN RETURN NULL; END IF;
    IF TG_OP = 'INSERT' OR (TG_ARGV[0] = 'programme' AND old_row ->> 'status' = 'draft') THEN
        action := 'created';
        fields := ARRAY[]::text[];
    ELSIF TG_OP = 'DELETE' THEN
        action := 'deleted';
    ELSIF 'merged_into_id' = ANY (fields) AND new_row ->> 'merged_into_id' IS NOT NULL THEN
        action := 'merged';
        into_ := (new_row ->> 'merged_into_id')::uuid;
    ELSIF fields = ARRAY[]::text[] AND (
        -- A programme counts the edits of its draft as well.
        TG_ARGV[0] = 'programme' OR TG_ARGV[3] = '' OR old_row -> TG_ARGV[3] IS NOT DISTINCT FROM new_row -> TG_ARGV[3]
    ) THEN
        RETURN NULL;
    END IF;
    PERFORM public.changes_add(
        (shown ->> 'clinic_id')::uuid, TG_ARGV[0], action, (shown ->> TG_ARGV[1])::uuid,
        (shown ->> TG_ARGV[2])::uuid, (shown ->> nullif(TG_ARGV[3], ''))::bigint, fields, into_
    );
    RETURN NULL;
END $$
"""

# A row that belongs to something that is followed: its change is a change of that.
# Arguments: kind, column of the id of what it belongs to, name of what changed.
PART = f"""
CREATE FUNCTION changes_note_part() RETURNS trigger LANGUAGE plpgsql {FIXED_PATH} AS $$
DECLARE
    shown jsonb := to_jsonb(CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END);
    subject uuid := (shown ->> TG_ARGV[1])::uuid;
    scope text := coalesce(current_setting('palpate.clinic_id', true), '');
    patient uuid := subject;
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(OLD) = shown THEN RETURN NULL; END IF;
    IF TG_ARGV[0] = 'programme' THEN
        PERFORM set_config('palpate.clinic_id', shown ->> 'clinic_id', true);
        patient := (SELECT p.patient_id FROM public.homecare_programme p WHERE p.id = subject AND p.status <> 'draft');
        PERFORM set_config('palpate.clinic_id', scope, true);
        IF patient IS NULL THEN RETURN NULL; END IF;
    END IF;
    PERFORM public.changes_add(
        (shown ->> 'clinic_id')::uuid, TG_ARGV[0], 'changed', subject, patient, NULL, ARRAY[TG_ARGV[2]], NULL
    );
    RETURN NULL;
END $$
"""

# A record's document may be large, so its row is never made JSON of.
RECORD = f"""
CREATE FUNCTION changes_note_record() RETURNS trigger LANGUAGE plpgsql {FIXED_PATH} AS $$
BEGIN
    PERFORM public.changes_add(
        NEW.clinic_id, 'record', NEW.entry, NEW.id, NEW.patient_id, NEW.version, ARRAY[]::text[], NULL
    );
    RETURN NULL;
END $$
"""

# Rows of adverse events are versions, and final.
EVENT = f"""
CREATE FUNCTION changes_note_adverse_event() RETURNS trigger LANGUAGE plpgsql {FIXED_PATH} AS $$
BEGIN
    PERFORM public.changes_add(
        NEW.clinic_id, 'adverse_event', CASE NEW.version WHEN 1 THEN 'created' ELSE 'changed' END, NEW.event_id,
        NEW.patient_id, NEW.version, ARRAY[]::text[], NULL
    );
    RETURN NULL;
END $$
"""

# Table to the arguments of `changes_note`.
ROWS = {
    "patients_patient": (
        "patient", "id", "id", "revision",
        "family_name,given_names,birth_date,sex,pronouns,language,time_zone,email,phone,consent_email,consent_sms,"
        "consent_phone,address_line,city,state,postal_code,country,emergency_name,emergency_relationship,"
        "emergency_phone,referrer_name,referrer_practice,referrer_phone,insurer,insurance_number,referral_reason,"
        "occupation,sport,desk_notes,status,merged_into_id",
    ),
    "scheduling_appointment": (
        "appointment", "id", "patient_id", "revision",
        "patient_id,type_id,therapist_id,room_id,starts_at,ends_at,status,cancelled_by,reason,note,series_id,number,"
        "held_until,outside_hours",
    ),
    "scheduling_series": (
        "series", "id", "patient_id", "",
        "patient_id,type_id,count,weeks,length_min,starts_on,note,treatment_plan_id,ended_at",
    ),
    "homecare_programme": (
        "programme", "id", "patient_id", "revision",
        "patient_id,status,baseline_pain,started_on,review_on,ends_on,resumed_at,stopped_at,stopped_flags,"
        "stopped_reasons,ended_at",
    ),
    "homecare_checkin": (
        "check_in", "id", "patient_id", "revision", "patient_id,pain,soreness,wrong,note,answered_at",
    ),
}  # fmt: skip
PARTS = {
    "patients_alert": ("patient", "patient_id", "alerts"),
    "patients_condition": ("patient", "patient_id", "conditions"),
    "patients_medication": ("patient", "patient_id", "medications"),
    "patients_identifier": ("patient", "patient_id", "identifiers"),
    "homecare_version": ("programme", "programme_id", "version"),
}
FUNCTIONS = {
    "records_record": "changes_note_record",
    "treatments_adverseevent": "changes_note_adverse_event",
}


def deferred(table: str, when: str, function: str, *arguments: str) -> str:
    quoted = ", ".join(f"'{argument}'" for argument in arguments)
    return (
        f"CREATE CONSTRAINT TRIGGER changes_note AFTER {when} ON {table} DEFERRABLE INITIALLY DEFERRED "
        f"FOR EACH ROW EXECUTE FUNCTION {function}({quoted})"
    )


class Migration(migrations.Migration):
    dependencies = [
        ("changes", "0001_initial"),
        ("patients", "0012_imports_row_level_security"),
        ("records", "0008_indexes_for_long_lists"),
        ("treatments", "0010_treatment_plans"),
        ("homecare", "0007_indexes_for_long_lists"),
        ("scheduling", "0007_series_of_treatment_plan"),
    ]

    operations = [
        clinic_table("changes_clinicchange", key=None),
        clinic_table("changes_changecounter", key=None),
        final_table("changes_clinicchange"),
        migrations.RunSQL(
            [
                # One row that every change of the clinic updates: room for its versions on its own page.
                "ALTER TABLE changes_changecounter SET (fillfactor = 10)",
                ADD,
                ROW,
                PART,
                RECORD,
                EVENT,
                *(deferred(t, "INSERT OR UPDATE OR DELETE", "changes_note", *given) for t, given in ROWS.items()),
                *(deferred(t, "INSERT OR UPDATE OR DELETE", "changes_note_part", *given) for t, given in PARTS.items()),
                *(deferred(table, "INSERT", function) for table, function in FUNCTIONS.items()),
            ],
            [
                *(f"DROP TRIGGER changes_note ON {table}" for table in [*ROWS, *PARTS, *FUNCTIONS]),
                *(
                    f"DROP FUNCTION {function}"
                    for function in (
                        "changes_note_adverse_event()",
                        "changes_note_record()",
                        "changes_note_part()",
                        "changes_note()",
                        "changes_add(uuid, text, text, uuid, uuid, bigint, text[], uuid)",
                    )
                ),
            ],
        ),
    ]
