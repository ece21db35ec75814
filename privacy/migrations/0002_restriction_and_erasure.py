"""
A restricted patient is hidden by row-level security; an erasure that is due may delete what is otherwise final.

Both are the database's own rules, so that no page, program, task or import can forget them.
"""

from django.db import migrations

from database.schema_operations import (
    FIXED_PATH,
    clinic_key,
    clinic_table,
    hidden_while_restricted,
    let_erasure_delete,
)

# Every table with a patient. `records_record` stays readable, because a chain with gaps can't be verified: its documents
# are held back by the queries, and nothing is added to it.
TABLES = {
    "patients_patient": ["id"],
    "patients_identifier": ["patient_id"],
    "patients_searchkey": ["patient_id"],
    "patients_twopeople": ["one_id", "other_id"],
    "patients_alert": ["patient_id"],
    "patients_condition": ["patient_id"],
    "patients_medication": ["patient_id"],
    "patients_note": ["patient_id"],
    "patients_importentry": ["patient_id"],
    "patients_reviewitem": ["patient_id"],
    "patients_merge": ["from_patient_id", "into_patient_id"],
    "worklist_item": ["patient_id"],
    "messaging_link": ["patient_id"],
    "messaging_message": ["patient_id"],
    "patient_forms_formrequest": ["patient_id"],
    "assessments_clearance": ["patient_id"],
    "assessments_raisedflag": ["patient_id"],
    "assessments_triggerpoint": ["patient_id"],
    "assessments_assessment": ["patient_id"],
    "assessments_outcome": ["patient_id"],
    "treatments_adverseevent": ["patient_id"],
    "treatments_adverseeventhomeanswer": ["patient_id"],
    "treatments_aftercare": ["patient_id"],
    "treatments_consent": ["patient_id"],
    "treatments_consentwithdrawal": ["patient_id"],
    "treatments_consentcopy": ["patient_id"],
    "treatments_treatmentplan": ["patient_id"],
    "treatments_session": ["patient_id"],
    "homecare_programme": ["patient_id"],
    "homecare_occurrence": ["patient_id"],
    "homecare_checkin": ["patient_id"],
    "scheduling_series": ["patient_id"],
    "scheduling_appointment": ["patient_id"],
    "scheduling_waiting": ["patient_id"],
    "scheduling_offer": ["patient_id"],
}

HIDDEN = f"""
CREATE FUNCTION palpate_hidden_patients() RETURNS uuid[] LANGUAGE sql STABLE {FIXED_PATH} AS $$
    SELECT CASE WHEN current_setting('palpate.sees_restricted', true) = 'on' THEN '{{}}'::uuid[] ELSE coalesce((
        SELECT array_agg(one) FROM public.privacy_rightscase AS c CROSS JOIN unnest(c.patient_ids) AS one
        WHERE c.ended_at IS NULL AND c.kind <> 'legal_hold'
    ), '{{}}') END
$$
"""
# Begun now, and not in the past, so that the 14 days are 14 days; then only its end or its being done is added, once.
CASE_FORWARD = f"""
CREATE FUNCTION privacy_rightscase_forward() RETURNS trigger LANGUAGE plpgsql {FIXED_PATH} AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.begun_at BETWEEN now() - interval '1 hour' AND now() + interval '1 hour'
            AND NEW.ended_at IS NULL AND NEW.done_at IS NULL
        THEN
            RETURN NEW;
        END IF;
    ELSIF TG_OP = 'UPDATE' AND OLD.ended_at IS NULL AND OLD.done_at IS NULL
        AND (to_jsonb(NEW) - 'ended_at' - 'ended_by_user_id' - 'done_at')
            = (to_jsonb(OLD) - 'ended_at' - 'ended_by_user_id' - 'done_at')
        AND (NEW.done_at IS NULL OR public.palpate_is_erasing())
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'what was decided about a record is final' USING ERRCODE = 'PT001';
END $$
"""
IS_ERASING = f"""
CREATE FUNCTION palpate_is_erasing() RETURNS boolean LANGUAGE sql STABLE {FIXED_PATH} AS $$
    SELECT current_user <> 'palpate_app' AND coalesce(current_setting('palpate.erasing', true), '') <> ''
$$
"""
# It walks from the patient along the database's own foreign keys, as `privacy.owned_rows` does along Django's, and acts
# with the rights of the tables' owner, whom row-level security binds to the transaction's clinic all the same.
ERASE = f"""
CREATE FUNCTION privacy_erase(case_id uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER {FIXED_PATH} AS $$
DECLARE
    about record;
    found_keys jsonb;
    edge record;
    fresh jsonb;
    before_count bigint;
    grew boolean;
    name text;
BEGIN
    PERFORM set_config('palpate.sees_restricted', 'on', true);
    SELECT * INTO about FROM privacy_rightscase WHERE id = case_id FOR UPDATE;
    IF about.id IS NULL OR about.kind <> 'erasure' OR about.ended_at IS NOT NULL OR about.done_at IS NOT NULL
        OR about.due_at > now()
        OR EXISTS (
            SELECT FROM privacy_rightscase h
            WHERE h.kind = 'legal_hold' AND h.ended_at IS NULL AND h.patient_ids && about.patient_ids
        )
    THEN
        RAISE EXCEPTION 'this erasure is not due' USING ERRCODE = 'PT001';
    END IF;
    IF NOT EXISTS (
        SELECT FROM records_record WHERE entry = 'erased' AND subject_id = case_id AND patient_id = about.patient_id
    ) THEN
        RAISE EXCEPTION 'the chain does not say so yet' USING ERRCODE = 'PT001';
    END IF;
    PERFORM set_config('palpate.erasing', case_id::text, true);
    SET CONSTRAINTS ALL DEFERRED;

    found_keys := jsonb_build_object('patients_patient', to_jsonb(about.patient_ids));
    LOOP
        grew := false;
        FOR edge IN
            SELECT k.conrelid::regclass::text AS child, a.attname AS child_column, p.attname AS child_key,
                format_type(a.atttypid, NULL) AS type, k.confrelid::regclass::text AS parent
            FROM pg_constraint k
            CROSS JOIN LATERAL unnest(k.conkey, k.confkey) AS pair (mine, theirs)
            JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = pair.mine AND a.attname <> 'clinic_id'
            JOIN pg_constraint pk ON pk.conrelid = k.conrelid AND pk.contype = 'p' AND cardinality(pk.conkey) = 1
            JOIN pg_attribute p ON p.attrelid = k.conrelid AND p.attnum = pk.conkey[1]
            WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace
                AND k.conrelid NOT IN ('patients_patient'::regclass, 'privacy_rightscase'::regclass)
                AND found_keys ? k.confrelid::regclass::text
        LOOP
            EXECUTE format(
                'SELECT coalesce(jsonb_agg(%I::text), ''[]'') FROM %s WHERE %I = ANY (
                    ARRAY(SELECT jsonb_array_elements_text($1))::%s[])',
                edge.child_key, edge.child, edge.child_column, edge.type
            ) INTO fresh USING found_keys -> edge.parent;
            before_count := jsonb_array_length(coalesce(found_keys -> edge.child, '[]'));
            SELECT coalesce(jsonb_agg(DISTINCT one), '[]') INTO fresh
            FROM jsonb_array_elements(coalesce(found_keys -> edge.child, '[]') || fresh) AS one;
            IF jsonb_array_length(fresh) > before_count THEN
                found_keys := found_keys || jsonb_build_object(edge.child, fresh);
                grew := true;
            END IF;
        END LOOP;
        EXIT WHEN NOT grew;
    END LOOP;

    UPDATE records_record SET document = NULL WHERE entry <> 'erased' AND document IS NOT NULL
        AND patient_id = ANY (about.patient_ids);
    DELETE FROM assessments_draftedit WHERE document_id = ANY (ARRAY(
        SELECT jsonb_array_elements_text(
            coalesce(found_keys -> 'assessments_assessment', '[]') || coalesce(found_keys -> 'treatments_session', '[]')
        )
    )::uuid[]);
    FOR name IN SELECT jsonb_object_keys(found_keys - 'patients_patient' - 'records_record') LOOP
        SELECT p.attname AS child_key, format_type(p.atttypid, NULL) AS type INTO edge
        FROM pg_constraint pk JOIN pg_attribute p ON p.attrelid = pk.conrelid AND p.attnum = pk.conkey[1]
        WHERE pk.contype = 'p' AND pk.conrelid = name::regclass;
        EXECUTE format(
            'DELETE FROM %s WHERE %I = ANY (ARRAY(SELECT jsonb_array_elements_text($1))::%s[])',
            name, edge.child_key, edge.type
        ) USING found_keys -> name;
    END LOOP;
    -- The words of names that nobody at the clinic has any more.
    DELETE FROM patients_nameform f WHERE NOT EXISTS (
        SELECT FROM patients_searchkey k WHERE k.clinic_id = f.clinic_id AND k.key = f.word
    );
    -- The row stays, because the chain's records and the audit trail name its id; nothing of a person is left in it.
    UPDATE patients_patient SET
        family_name = 'erased', given_names = DEFAULT_TEXT, birth_date = NULL, sex = 'unknown', pronouns = DEFAULT_TEXT,
        language = DEFAULT_TEXT, time_zone = DEFAULT_TEXT, email = NULL, phone = NULL, consent_email = 'refused',
        consent_sms = 'refused', consent_phone = 'refused', address_line = DEFAULT_TEXT, city = DEFAULT_TEXT,
        state = DEFAULT_TEXT, postal_code = DEFAULT_TEXT, country = DEFAULT_TEXT, emergency_name = DEFAULT_TEXT,
        emergency_relationship = DEFAULT_TEXT, emergency_phone = DEFAULT_TEXT, referrer_name = DEFAULT_TEXT,
        referrer_practice = DEFAULT_TEXT, referrer_phone = DEFAULT_TEXT, insurer = DEFAULT_TEXT,
        insurance_number = DEFAULT_TEXT, referral_reason = DEFAULT_TEXT, occupation = DEFAULT_TEXT, sport = DEFAULT_TEXT,
        desk_notes = DEFAULT_TEXT, status = 'discharged', sort_name = 'erased', keys_version = 0, revision = revision + 1
    WHERE id = ANY (about.patient_ids);
    UPDATE privacy_rightscase SET done_at = now() WHERE id = case_id;
    PERFORM set_config('palpate.erasing', '', true);
END $$
""".replace("DEFAULT_TEXT", "''")


class Migration(migrations.Migration):
    dependencies = [
        ("privacy", "0001_rights_cases"),
        ("accounts", "0015_retention"),
        ("records", "0009_erasure"),
        ("patients", "0012_imports_row_level_security"),
        ("worklist", "0012_measures_due"),
        ("messaging", "0007_indexes_for_long_lists"),
        ("patient_forms", "0001_initial"),
        ("assessments", "0011_outcome_measures"),
        ("treatments", "0010_treatment_plans"),
        ("homecare", "0007_indexes_for_long_lists"),
        ("scheduling", "0007_series_of_treatment_plan"),
        ("changes", "0004_erased"),
    ]

    operations = [
        clinic_table("privacy_rightscase", key=None),
        clinic_key("privacy_rightscase", "patient_id", "patients_patient"),
        migrations.RunSQL(
            [HIDDEN, IS_ERASING, CASE_FORWARD],
            [
                "DROP FUNCTION privacy_rightscase_forward()",
                "DROP FUNCTION palpate_is_erasing()",
                "DROP FUNCTION palpate_hidden_patients()",
            ],
        ),
        migrations.RunSQL(
            "CREATE TRIGGER forward_only BEFORE INSERT OR UPDATE OR DELETE ON privacy_rightscase "
            "FOR EACH ROW EXECUTE FUNCTION privacy_rightscase_forward()",
            "DROP TRIGGER forward_only ON privacy_rightscase",
        ),
        *(hidden_while_restricted(table, *columns) for table, columns in TABLES.items()),
        hidden_while_restricted("records_record", "patient_id", only_inserts=True),
        migrations.RunSQL(
            [
                ERASE,
                "REVOKE ALL ON FUNCTION privacy_erase(uuid) FROM PUBLIC",
                "GRANT EXECUTE ON FUNCTION privacy_erase(uuid) TO palpate_app",
            ],
            "DROP FUNCTION privacy_erase(uuid)",
        ),
        let_erasure_delete(),
    ]
