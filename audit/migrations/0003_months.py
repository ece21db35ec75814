"""Audit events lie in months, so that old ones can be let go as a whole; and strangers' refusals are counted."""

from django.db import migrations, models

from database.schema_operations import CURRENT_CLINIC, FIXED_PATH

# One month's table, or the one for what no month takes. Nobody but the owner touches it directly.
CLOSE = f"""
    CREATE FUNCTION audit_close_month(name text) RETURNS void LANGUAGE plpgsql {FIXED_PATH} AS $$
    BEGIN
        EXECUTE format('REVOKE ALL ON public.%I FROM palpate_app, PUBLIC', name);
        EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', name);
        -- A trigger of rows comes with the parent's, one of statements does not.
        EXECUTE format('CREATE TRIGGER final_table BEFORE TRUNCATE ON public.%I '
            'FOR EACH STATEMENT EXECUTE FUNCTION public.palpate_refuse_change()', name);
        EXECUTE format('ALTER TABLE public.%I ENABLE ALWAYS TRIGGER final_table', name);
        EXECUTE format('ALTER TABLE public.%I ENABLE ALWAYS TRIGGER final_row', name);
    END $$
"""
# A table's name ends with the last month that it takes.
LAST_MONTHS = """
    SELECT c.relname, to_date(substring(c.relname from '[0-9]{4}_[0-9]{2}$'), 'YYYY_MM') AS last_month
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'public.audit_auditevent'::regclass AND c.relname ~ '[0-9]{4}_[0-9]{2}$'
"""
MAKE = f"""
    CREATE FUNCTION audit_make_months(ahead integer) RETURNS integer LANGUAGE plpgsql {FIXED_PATH} AS $$
    DECLARE
        this_month date := date_trunc('month', now() AT TIME ZONE 'UTC');
        next date := (SELECT max(last_month) + interval '1 month' FROM ({LAST_MONTHS}) months);
        late date;
        made integer := 0;
    BEGIN
        IF to_regclass('public.audit_auditevent_other') IS NULL THEN
            CREATE TABLE public.audit_auditevent_other PARTITION OF public.audit_auditevent DEFAULT;
            PERFORM public.audit_close_month('audit_auditevent_other');
        END IF;
        -- Nobody has made months for so long that events lie in the table for what no month takes: it becomes one
        -- for all those months.
        SELECT date_trunc('month', max(at) AT TIME ZONE 'UTC') INTO late FROM public.audit_auditevent
        WHERE tableoid = 'public.audit_auditevent_other'::regclass;
        IF late >= next THEN
            ALTER TABLE public.audit_auditevent DETACH PARTITION public.audit_auditevent_other;
            EXECUTE format('ALTER TABLE public.audit_auditevent_other RENAME TO %I',
                'audit_auditevent_late_' || to_char(late, 'YYYY_MM'));
            EXECUTE format('ALTER TABLE public.audit_auditevent ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                'audit_auditevent_late_' || to_char(late, 'YYYY_MM'), next::timestamp AT TIME ZONE 'UTC',
                (late + interval '1 month')::timestamp AT TIME ZONE 'UTC');
            EXECUTE format('ALTER TABLE public.%I ENABLE ALWAYS TRIGGER final_row',
                'audit_auditevent_late_' || to_char(late, 'YYYY_MM'));
            CREATE TABLE public.audit_auditevent_other PARTITION OF public.audit_auditevent DEFAULT;
            PERFORM public.audit_close_month('audit_auditevent_other');
            next := late + interval '1 month';
        END IF;
        WHILE next <= this_month + make_interval(months => ahead) LOOP
            EXECUTE format('CREATE TABLE public.%I PARTITION OF public.audit_auditevent FOR VALUES FROM (%L) TO (%L)',
                'audit_auditevent_' || to_char(next, 'YYYY_MM'), next::timestamp AT TIME ZONE 'UTC',
                (next + interval '1 month')::timestamp AT TIME ZONE 'UTC');
            PERFORM public.audit_close_month('audit_auditevent_' || to_char(next, 'YYYY_MM'));
            next := next + interval '1 month';
            made := made + 1;
        END LOOP;
        RETURN made;
    END $$
"""
DROP = f"""
    CREATE FUNCTION audit_drop_months(kept integer) RETURNS integer LANGUAGE plpgsql {FIXED_PATH} AS $$
    DECLARE
        name text;
        dropped integer := 0;
    BEGIN
        IF kept IS NULL OR kept < 1 THEN
            RAISE EXCEPTION 'at least one month is kept';
        END IF;
        FOR name IN
            SELECT relname FROM ({LAST_MONTHS}) months
            WHERE last_month < date_trunc('month', now() AT TIME ZONE 'UTC') - make_interval(months => kept)
        LOOP
            EXECUTE format('DROP TABLE public.%I', name);
            dropped := dropped + 1;
        END LOOP;
        RETURN dropped;
    END $$
"""
# What there is so far becomes the table of all months up to this one.
TO_MONTHS = """
    DO $do$
    DECLARE
        old text := 'audit_auditevent_before_' || to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM');
        until timestamptz := (date_trunc('month', now() AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC';
    BEGIN
        DROP TRIGGER final_row ON public.audit_auditevent;
        DROP TRIGGER final_table ON public.audit_auditevent;
        DROP POLICY anybody_adds ON public.audit_auditevent;
        DROP POLICY own_clinic_reads ON public.audit_auditevent;
        ALTER TABLE public.audit_auditevent DROP CONSTRAINT audit_auditevent_pkey;
        DROP INDEX public.audit_event_by_clinic;
        DROP INDEX public.audit_event_by_patient;
        EXECUTE format('ALTER TABLE public.audit_auditevent RENAME TO %I', old);
        EXECUTE format('CREATE TABLE public.audit_auditevent '
            '(LIKE public.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY RANGE (at)', old);
        EXECUTE format('ALTER TABLE public.audit_auditevent ATTACH PARTITION public.%I FOR VALUES FROM (MINVALUE) TO (%L)',
            old, until);
    END $do$
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_append_only")]

    operations = [
        migrations.AddField(
            model_name="auditevent",
            name="times",
            field=models.PositiveIntegerField(db_default=1, default=1, help_text="refusals of strangers are counted"),
        ),
        # No key over `id` alone: a key must hold the month. The ids are UUIDs of version 7, which do not repeat.
        migrations.RunSQL(
            [
                TO_MONTHS,
                "CREATE INDEX audit_auditevent_by_id ON audit_auditevent (id)",
                'CREATE INDEX audit_event_by_clinic ON audit_auditevent (clinic_id, "at" DESC)',
                "CREATE INDEX audit_event_by_patient ON audit_auditevent USING gin (patient_ids)",
                "ALTER TABLE audit_auditevent ENABLE ROW LEVEL SECURITY",
                "ALTER TABLE audit_auditevent FORCE ROW LEVEL SECURITY",
                "CREATE POLICY anybody_adds ON audit_auditevent FOR INSERT WITH CHECK (true)",
                f"CREATE POLICY own_clinic_reads ON audit_auditevent FOR SELECT USING (clinic_id = {CURRENT_CLINIC})",
                "CREATE TRIGGER final_row BEFORE UPDATE OR DELETE ON audit_auditevent "
                "FOR EACH ROW EXECUTE FUNCTION palpate_refuse_change()",
                "CREATE TRIGGER final_table BEFORE TRUNCATE ON audit_auditevent "
                "FOR EACH STATEMENT EXECUTE FUNCTION palpate_refuse_change()",
                "ALTER TABLE audit_auditevent ENABLE ALWAYS TRIGGER final_row",
                "ALTER TABLE audit_auditevent ENABLE ALWAYS TRIGGER final_table",
                "REVOKE ALL ON audit_auditevent FROM palpate_app",
                "GRANT SELECT, INSERT ON audit_auditevent TO palpate_app",
                CLOSE,
                MAKE,
                DROP,
                "REVOKE ALL ON FUNCTION audit_close_month(text), audit_make_months(integer), audit_drop_months(integer) "
                "FROM PUBLIC, palpate_app",
                "SELECT audit_close_month('audit_auditevent_before_' || to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM'))",
                "SELECT audit_make_months(24)",
            ]
        ),
    ]
