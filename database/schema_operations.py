"""
Migration operations for what models cannot say: row-level security, keys that stay in a clinic, final rows.

They are frozen by their arguments; a change of meaning gets a new function.
"""

from typing import Any

from django.db import migrations

CURRENT_CLINIC = "(SELECT nullif(current_setting('palpate.clinic_id', true), '')::uuid)"
CURRENT_USER = "(SELECT nullif(current_setting('palpate.user_id', true), '')::uuid)"
# Where a function of ours looks for names, however the session is set up. `pg_temp` is named, and last: left out, it
# would be searched first, and a temporary table could stand in for ours.
FIXED_PATH = "SET search_path = pg_catalog, public, pg_temp"


def clinic_table(table: str, *, using: str | None = None, key: str | None = "id") -> migrations.RunSQL:
    """
    Show and take only rows of the transaction's clinic, and give (clinic_id, key) as what others may point at.

    :param using: which rows are seen, if not those of the clinic; what is written is always the clinic's
    :param key: None where nothing points at the table
    """
    using = using or f"clinic_id = {CURRENT_CLINIC}"
    forward: list[Any] = [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY own_clinic ON {table} USING ({using}) WITH CHECK (clinic_id = {CURRENT_CLINIC})",
    ]
    backward: list[Any] = [
        f"DROP POLICY own_clinic ON {table}",
        f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
    ]
    if key is not None:
        forward.append(f"ALTER TABLE {table} ADD CONSTRAINT {table}_of_clinic UNIQUE (clinic_id, {key})")
        backward.insert(0, f"ALTER TABLE {table} DROP CONSTRAINT {table}_of_clinic")
    return migrations.RunSQL(forward, backward)


def clinic_key(table: str, column: str, target: str) -> migrations.RunSQL:
    """
    Point at a row of the same clinic, and at no other.

    Row-level security does not bind foreign-key checks, so a plain key could point into another clinic.
    """
    name = f"{table}_{column}_same_clinic"
    return migrations.RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY (clinic_id, {column}) "
        f"REFERENCES {target} (clinic_id, id) DEFERRABLE INITIALLY IMMEDIATE",
        f"ALTER TABLE {table} DROP CONSTRAINT {name}",
    )


# SQLSTATEs of ours: PT001 = the row is final. The API answers 409 to it.
FINAL_FUNCTION = f"""
CREATE FUNCTION palpate_refuse_change() RETURNS trigger LANGUAGE plpgsql {FIXED_PATH} AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are final', TG_TABLE_NAME USING ERRCODE = 'PT001';
END $$
"""


def final_function() -> migrations.RunSQL:
    return migrations.RunSQL(FINAL_FUNCTION, "DROP FUNCTION palpate_refuse_change()")


def final_table(table: str) -> migrations.RunSQL:
    """
    Let rows be added and read, never changed or removed, by anyone, as far as PostgreSQL allows.

    ALWAYS triggers fire even under `session_replication_role = replica`. What stays possible is for the owner
    or a superuser to drop the trigger first; the hash chain over signed records is there to show that.
    """
    return migrations.RunSQL(
        [
            f"CREATE TRIGGER final_row BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION palpate_refuse_change()",
            f"CREATE TRIGGER final_table BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION palpate_refuse_change()",
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER final_row",
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER final_table",
            f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM palpate_app",
        ],
        [
            f"DROP TRIGGER final_row ON {table}",
            f"DROP TRIGGER final_table ON {table}",
            f"GRANT UPDATE, DELETE ON {table} TO palpate_app",
        ],
    )


def final_once_signed(table: str) -> migrations.RunSQL:
    """Freeze a row of a document's head table (with `signed_at`) once it is signed; TRUNCATE is refused always."""
    function = f"{table}_once_signed"
    return migrations.RunSQL(
        [
            f"""
            CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql {FIXED_PATH} AS $$
            BEGIN
                IF OLD.signed_at IS NOT NULL THEN
                    RAISE EXCEPTION 'row % is signed', OLD.id USING ERRCODE = 'PT001';
                END IF;
                IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                RETURN NEW;
            END $$
            """,
            f"CREATE TRIGGER final_once_signed BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {function}()",
            f"CREATE TRIGGER final_table BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION palpate_refuse_change()",
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER final_once_signed",
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER final_table",
        ],
        [
            f"DROP TRIGGER final_table ON {table}",
            f"DROP TRIGGER final_once_signed ON {table}",
            f"DROP FUNCTION {function}()",
        ],
    )


def final_with_parent(table: str, parent: str, column: str) -> migrations.RunSQL:
    """
    Freeze the child rows of a signed document, against additions too.

    The parent is locked FOR SHARE, so that a row cannot slip in between a signature's reading and its commit. Rows are
    added and removed many at a time, so those triggers run once a statement.
    """
    function = f"{table}_with_parent"
    return migrations.RunSQL(
        [
            *parent_functions(table, parent, column),
            f"CREATE TRIGGER final_insert AFTER INSERT ON {table} REFERENCING NEW TABLE AS changed "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {function}()",
            f"CREATE TRIGGER final_delete AFTER DELETE ON {table} REFERENCING OLD TABLE AS changed "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {function}()",
            f"CREATE TRIGGER final_update BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {function}_row()",
            f"CREATE TRIGGER final_table BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION palpate_refuse_change()",
            *(
                f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}"
                for trigger in ("final_insert", "final_delete", "final_update", "final_table")
            ),
        ],
        [
            *(
                f"DROP TRIGGER {trigger} ON {table}"
                for trigger in ("final_insert", "final_delete", "final_update", "final_table")
            ),
            f"DROP FUNCTION {function}()",
            f"DROP FUNCTION {function}_row()",
        ],
    )


def parent_functions(table: str, parent: str, column: str) -> list[str]:
    """
    Return the SQL of both trigger functions of `final_with_parent`.

    A parent that is not seen counts as signed: the statement's own RETURNING can change the clinic that row-level
    security shows before the trigger looks.
    """
    function = f"{table}_with_parent"
    refusal = "RAISE EXCEPTION 'this is part of a signed document' USING ERRCODE = 'PT001'"
    return [
        # The names are ours, from the migrations.
        f"""
            CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql {FIXED_PATH} AS $$
            DECLARE
                signed timestamptz;
                unseen bigint := (SELECT count(DISTINCT {column}) FROM changed);
            BEGIN
                FOR signed IN
                    SELECT p.signed_at FROM public.{parent} p WHERE p.id IN (SELECT {column} FROM changed)
                    FOR SHARE OF p
                LOOP
                    IF signed IS NOT NULL THEN {refusal}; END IF;
                    unseen := unseen - 1;
                END LOOP;
                IF unseen <> 0 THEN {refusal}; END IF;
                RETURN NULL;
            END $$
            """,  # noqa: S608
        f"""
            CREATE OR REPLACE FUNCTION {function}_row() RETURNS trigger LANGUAGE plpgsql {FIXED_PATH} AS $$
            BEGIN
                IF EXISTS (
                    SELECT FROM public.{parent} WHERE id IN (OLD.{column}, NEW.{column}) AND signed_at IS NOT NULL
                )
                THEN {refusal}; END IF;
                PERFORM FROM public.{parent} WHERE id IN (OLD.{column}, NEW.{column}) AND signed_at IS NULL FOR SHARE;
                IF NOT FOUND THEN {refusal}; END IF;
                RETURN NEW;
            END $$
            """,  # noqa: S608
    ]


def fixed_paths() -> migrations.RunSQL:
    """Give every function of ours that was made before without one its fixed search path."""
    return migrations.RunSQL(
        f"""
        DO $do$
        DECLARE
            ours regprocedure;
        BEGIN
            FOR ours IN
                SELECT p.oid FROM pg_catalog.pg_proc p
                WHERE p.pronamespace = 'public'::regnamespace AND NOT EXISTS (
                    SELECT FROM pg_catalog.pg_depend d
                    WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
                )
            LOOP
                EXECUTE format('ALTER FUNCTION %s {FIXED_PATH}', ours);
            END LOOP;
        END $do$
        """,  # noqa: S608 - the names are the catalog's
        migrations.RunSQL.noop,
    )


def no_rights_to_make_things() -> migrations.RunSQL:
    """
    Take from the application role, and from everybody, the rights to make temporary or lasting things.

    A copy of a database does not keep these; `prepare_database` says the same at each release.
    """
    return migrations.RunSQL(
        """
        DO $do$
        BEGIN
            EXECUTE format('REVOKE TEMPORARY, CREATE ON DATABASE %I FROM PUBLIC, palpate_app', current_database());
            REVOKE CREATE ON SCHEMA public FROM PUBLIC, palpate_app;
        END $do$
        """,
        migrations.RunSQL.noop,
    )


def queue_table(table: str) -> migrations.RunSQL:
    """For a table whose rows change soon after they are made: room on each page, and a vacuum that keeps up."""
    return migrations.RunSQL(
        f"ALTER TABLE {table} SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, "
        "autovacuum_analyze_scale_factor = 0.02)",
        f"ALTER TABLE {table} RESET (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_analyze_scale_factor)",
    )


def clinics_where(name: str, counted: str) -> migrations.RunSQL:
    """
    A function that looks into one clinic after the other, each under its own row-level security, in one round trip.

    :param counted: a query with one number for the clinic `one`; clinics with more than none are returned with it
    """
    return migrations.RunSQL(
        f"""
        CREATE FUNCTION {name}() RETURNS TABLE (clinic_id uuid, n bigint) LANGUAGE plpgsql {FIXED_PATH} AS $$
        #variable_conflict use_column
        DECLARE
            one uuid;
            found_n bigint;
            before text := coalesce(current_setting('palpate.clinic_id', true), '');
        BEGIN
            FOR one IN SELECT id FROM public.accounts_clinic ORDER BY id LOOP
                PERFORM set_config('palpate.clinic_id', one::text, true);
                EXECUTE $q${counted.replace(" = one ", " = $1 ")}$q$ INTO found_n USING one;
                IF found_n > 0 THEN
                    clinic_id := one;
                    n := found_n;
                    RETURN NEXT;
                END IF;
            END LOOP;
            PERFORM set_config('palpate.clinic_id', before, true);
        END $$
        """,  # noqa: S608 - the names are ours, from the migrations
        f"DROP FUNCTION {name}()",
    )


def drop_unused_keys(*tables: str) -> migrations.RunSQL:
    """
    Drop (clinic_id, id), which `clinic_table` has made, of tables that no foreign key points at.

    Where one does point at it, in a database that has more than this release knows, the key stays.
    """
    names = ", ".join(f"'{table}'" for table in tables)
    return migrations.RunSQL(
        f"""
        DO $do$
        DECLARE
            name text;
        BEGIN
            FOREACH name IN ARRAY ARRAY[{names}] LOOP
                IF NOT EXISTS (
                    SELECT FROM pg_catalog.pg_constraint f JOIN pg_catalog.pg_constraint k ON k.conindid = f.conindid
                    WHERE f.contype = 'f' AND k.contype = 'u' AND k.conname = name || '_of_clinic'
                ) THEN
                    EXECUTE format('ALTER TABLE public.%I DROP CONSTRAINT IF EXISTS %I', name, name || '_of_clinic');
                END IF;
            END LOOP;
        END $do$
        """,
        [f"ALTER TABLE {table} ADD CONSTRAINT {table}_of_clinic UNIQUE (clinic_id, id)" for table in tables],
    )


def hidden_while_restricted(table: str, *columns: str, only_inserts: bool = False) -> migrations.RunSQL:
    """
    Hide the rows of patients whose record is restricted or is being erased, and take none of them, from everybody.

    The ids are read once a statement. `tenancy.seeing_restricted` lifts it for one transaction.

    :param columns: the ids of patients in the table
    :param only_inserts: rows stay readable, and none is added
    """
    hidden = " AND ".join(f"{column} <> ALL ((SELECT public.palpate_hidden_patients())::uuid[])" for column in columns)
    kind = f"FOR INSERT WITH CHECK ({hidden})" if only_inserts else f"USING ({hidden})"
    return migrations.RunSQL(
        f"CREATE POLICY not_restricted ON {table} AS RESTRICTIVE {kind}", f"DROP POLICY not_restricted ON {table}"
    )


def let_erasure_delete() -> migrations.RunSQL:
    """
    Let `privacy_erase`, and nothing else, through the triggers that keep rows final.

    A migration that adds such a trigger of its own to a table of patients runs it again; what has the line is left.
    """
    return migrations.RunSQL(
        r"""
        DO $do$
        DECLARE
            ours record;
            line constant text := E'BEGIN\n'
                || '    IF TG_OP = ''DELETE'' AND public.palpate_is_erasing() THEN'
                || ' IF TG_LEVEL = ''ROW'' THEN RETURN OLD; END IF; RETURN NULL; END IF;';
            document constant text := E'\n    IF TG_OP = ''UPDATE'' AND public.palpate_is_erasing()'
                || ' AND to_jsonb(NEW) ->> ''document'' IS NULL'
                || ' AND (to_jsonb(NEW) - ''document'') = (to_jsonb(OLD) - ''document'') THEN RETURN NEW; END IF;';
        BEGIN
            FOR ours IN
                SELECT DISTINCT p.oid, p.proname FROM pg_catalog.pg_proc p
                JOIN pg_catalog.pg_trigger t ON t.tgfoid = p.oid
                WHERE p.pronamespace = 'public'::regnamespace AND p.prosrc ~ 'PT001'
                    AND p.prosrc !~ 'palpate_is_erasing' AND t.tgtype & 8 <> 0
                    AND p.proname NOT LIKE 'records_chain%'
            LOOP
                EXECUTE regexp_replace(
                    pg_get_functiondef(ours.oid), '\mBEGIN\M',
                    line || CASE WHEN ours.proname = 'palpate_refuse_change' THEN document ELSE '' END
                );
            END LOOP;
        END $do$
        """,
        migrations.RunSQL.noop,
    )
