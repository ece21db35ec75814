"""Whom or what an event is about, as rows: so that what was looked at of one patient need not read the whole trail."""

from django.db import migrations, models

from database.schema_operations import CURRENT_CLINIC, FIXED_PATH

# A table's name ends with the last month that it takes.
LAST_MONTHS = """
    SELECT c.relname, to_date(substring(c.relname from '[0-9]{4}_[0-9]{2}$'), 'YYYY_MM') AS last_month
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = ('public.' || parent)::regclass AND c.relname ~ '[0-9]{4}_[0-9]{2}$'
"""
# As in 0003, for both tables; what is returned counts those of the events.
MAKE = f"""
    CREATE OR REPLACE FUNCTION audit_make_months(ahead integer) RETURNS integer LANGUAGE plpgsql {FIXED_PATH} AS $$
    DECLARE
        this_month date := date_trunc('month', now() AT TIME ZONE 'UTC');
        next date;
        late date;
        late_name text;
        made integer := 0;
        parent text;
    BEGIN
        FOREACH parent IN ARRAY ARRAY['audit_auditevent', 'audit_about'] LOOP
            next := (SELECT max(last_month) + interval '1 month' FROM ({LAST_MONTHS}) months);
            IF to_regclass('public.' || parent || '_other') IS NULL THEN
                EXECUTE format('CREATE TABLE public.%I PARTITION OF public.%I DEFAULT', parent || '_other', parent);
                PERFORM public.audit_close_month(parent || '_other');
            END IF;
            -- Nobody has made months for so long that events lie in the table for what no month takes: it becomes one
            -- for all those months.
            EXECUTE format('SELECT date_trunc(''month'', max(at) AT TIME ZONE ''UTC'') FROM public.%I '
                'WHERE tableoid = %L::regclass', parent, 'public.' || parent || '_other') INTO late;
            IF late >= next THEN
                late_name := parent || '_late_' || to_char(late, 'YYYY_MM');
                EXECUTE format('ALTER TABLE public.%I DETACH PARTITION public.%I', parent, parent || '_other');
                EXECUTE format('ALTER TABLE public.%I RENAME TO %I', parent || '_other', late_name);
                EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                    parent, late_name, next::timestamp AT TIME ZONE 'UTC',
                    (late + interval '1 month')::timestamp AT TIME ZONE 'UTC');
                EXECUTE format('ALTER TABLE public.%I ENABLE ALWAYS TRIGGER final_row', late_name);
                EXECUTE format('CREATE TABLE public.%I PARTITION OF public.%I DEFAULT', parent || '_other', parent);
                PERFORM public.audit_close_month(parent || '_other');
                next := late + interval '1 month';
            END IF;
            WHILE next <= this_month + make_interval(months => ahead) LOOP
                EXECUTE format('CREATE TABLE public.%I PARTITION OF public.%I FOR VALUES FROM (%L) TO (%L)',
                    parent || '_' || to_char(next, 'YYYY_MM'), parent, next::timestamp AT TIME ZONE 'UTC',
                    (next + interval '1 month')::timestamp AT TIME ZONE 'UTC');
                PERFORM public.audit_close_month(parent || '_' || to_char(next, 'YYYY_MM'));
                next := next + interval '1 month';
                made := made + (parent = 'audit_auditevent')::int;
            END LOOP;
        END LOOP;
        RETURN made;
    END $$
"""
DROP = f"""
    CREATE OR REPLACE FUNCTION audit_drop_months(kept integer) RETURNS integer LANGUAGE plpgsql {FIXED_PATH} AS $$
    DECLARE
        name text;
        dropped integer := 0;
        parent text;
    BEGIN
        IF kept IS NULL OR kept < 1 THEN
            RAISE EXCEPTION 'at least one month is kept';
        END IF;
        FOREACH parent IN ARRAY ARRAY['audit_auditevent', 'audit_about'] LOOP
            FOR name IN
                SELECT relname FROM ({LAST_MONTHS}) months
                WHERE last_month < date_trunc('month', now() AT TIME ZONE 'UTC') - make_interval(months => kept)
            LOOP
                EXECUTE format('DROP TABLE public.%I', name);
                dropped := dropped + (parent = 'audit_auditevent')::int;
            END LOOP;
        END LOOP;
        RETURN dropped;
    END $$
"""
FIRST_MONTHS = """
    DO $do$
    DECLARE
        first text := 'audit_about_before_' || to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM');
    BEGIN
        EXECUTE format('CREATE TABLE public.%I PARTITION OF public.audit_about FOR VALUES FROM (MINVALUE) TO (%L)', first,
            (date_trunc('month', now() AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC');
        PERFORM public.audit_close_month(first);
    END $do$
"""
# A trigger, so that no event is without its rows, whoever adds it. Of the statement: most add one event.
NOTE = f"""
    CREATE FUNCTION audit_note_about() RETURNS trigger LANGUAGE plpgsql {FIXED_PATH} AS $$
    BEGIN
        INSERT INTO public.audit_about (clinic_id, about_id, at, event_id)
        SELECT DISTINCT e.clinic_id, about.id, e.at, e.id
        FROM added e, unnest(e.patient_ids || e.target_id) AS about (id)
        WHERE e.clinic_id IS NOT NULL AND about.id IS NOT NULL;
        RETURN NULL;
    END $$
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_sign_ins_of_person")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="About",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "clinic_id",
                                "about_id",
                                "at",
                                "event_id",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("clinic_id", models.UUIDField()),
                        ("about_id", models.UUIDField()),
                        ("at", models.DateTimeField()),
                        ("event_id", models.UUIDField()),
                    ],
                    options={"db_table": "audit_about"},
                )
            ],
            database_operations=[
                migrations.RunSQL(
                    [
                        'CREATE TABLE audit_about (clinic_id uuid NOT NULL, about_id uuid NOT NULL, "at" timestamptz NOT NULL, '
                        'event_id uuid NOT NULL, PRIMARY KEY (clinic_id, about_id, "at", event_id)) PARTITION BY RANGE ("at")',
                        "ALTER TABLE audit_about ENABLE ROW LEVEL SECURITY",
                        "ALTER TABLE audit_about FORCE ROW LEVEL SECURITY",
                        # As the events': one is written outside the clinic's transaction.
                        "CREATE POLICY anybody_adds ON audit_about FOR INSERT WITH CHECK (true)",
                        f"CREATE POLICY own_clinic_reads ON audit_about FOR SELECT USING (clinic_id = {CURRENT_CLINIC})",
                        "CREATE TRIGGER final_row BEFORE UPDATE OR DELETE ON audit_about "
                        "FOR EACH ROW EXECUTE FUNCTION palpate_refuse_change()",
                        "CREATE TRIGGER final_table BEFORE TRUNCATE ON audit_about "
                        "FOR EACH STATEMENT EXECUTE FUNCTION palpate_refuse_change()",
                        "ALTER TABLE audit_about ENABLE ALWAYS TRIGGER final_row",
                        "ALTER TABLE audit_about ENABLE ALWAYS TRIGGER final_table",
                        "REVOKE ALL ON audit_about FROM palpate_app",
                        "GRANT SELECT, INSERT ON audit_about TO palpate_app",
                        FIRST_MONTHS,
                        MAKE,
                        DROP,
                        "SELECT audit_make_months(24)",
                        NOTE,
                        "CREATE TRIGGER note_about AFTER INSERT ON audit_auditevent REFERENCING NEW TABLE AS added "
                        "FOR EACH STATEMENT EXECUTE FUNCTION audit_note_about()",
                        "ALTER TABLE audit_auditevent ENABLE ALWAYS TRIGGER note_about",
                    ]
                )
            ],
        ),
    ]
