"""
Every final table, as the catalog lists them, under what the application role could try.

The tests' own connection is the application role: what it cannot do here, a stolen password of the service cannot do.
"""

import os

import psycopg
import pytest
from django.db import connections
from psycopg import sql

from tests.builders import screen
from tests.clinic.test_final_rows import final_tables
from tests.committed import committed, committed_patient, superuser
from tests.records.test_chain import sign_exam, sign_session, verify

__all__ = ["committed"]

CLINIC = "SELECT set_config('palpate.clinic_id', %s, false)"
# No privilege, final (ours), a name that is not found, a policy, no such parameter.
REFUSALS = {"42501", "PT001"}


@pytest.fixture(scope="module")
def tables(django_db_setup):
    """All final tables; of the audit trail's months, which are alike, the first and the last."""
    found = final_tables()
    months = [table for table in found if table.startswith(("audit_auditevent_", "audit_about_"))]
    return [table for table in found if table not in months[1:-1]]


@pytest.fixture
def signed(committed):
    patient = committed_patient(committed)
    sign_exam(committed, patient, red_flags=screen())
    sign_session(committed, patient)
    return committed


def as_app(cast=None):
    link = psycopg.connect(
        os.environ["DATABASE_URL"], dbname=connections["default"].settings_dict["NAME"], autocommit=True
    )
    if cast is not None:
        link.execute(CLINIC, [str(cast.clinic.pk)])
    return link


def refused(link, statement, *values):
    """Run it as far as it goes, and return why it did not; None if it did."""
    try:
        link.execute(statement, values or None)
    except psycopg.Error as error:
        return error.sqlstate
    return None


def state_of(cast, tables):
    """What the final tables hold of a clinic, whole."""
    with superuser() as link:
        return {
            table: link.execute(
                sql.SQL("SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {} t WHERE clinic_id = %s").format(
                    sql.Identifier(table)
                ),
                [cast.clinic.pk],
            ).fetchone()
            for table in tables
        }


def columns(link, table):
    return [
        row[0]
        for row in link.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped "
            "AND attgenerated = ''",
            [table],
        )
    ]


# The first two read other clinics' rows for the application role, and say no more than "busy" (ADR 24); the others are
# all that it may do with sessions and see of sign-ins: of one key, or of one person (ADR 25).
AS_OWNER = {
    "privacy_erase",
    "scheduling_keep_persontime", "scheduling_busy",
    "accounts_session_load", "accounts_session_exists", "accounts_session_make", "accounts_session_save",
    "accounts_session_end", "accounts_sessions_of_person", "accounts_sessions_end_others", "accounts_sessions_forget",
    "audit_account_events",
}  # fmt: skip


def columns_of(table):
    with superuser() as link:
        rows = link.execute("SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0", [table])
        return {name for (name,) in rows.fetchall()}


def parents(table):
    """The tables whose rows decide whether a row of this one is final, from the text of its trigger functions."""
    with superuser() as link:
        texts = link.execute(
            "SELECT p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE t.tgrelid = %s::regclass",
            [table],
        ).fetchall()
        names = [row[0] for row in link.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '_'")]
    return [name for name in names if any(name in text for (text,) in texts)]


def test_no_temporary_table_or_view_can_be_made(signed, tables):
    with as_app(signed) as link:
        for table in [*tables, "assessments_assessment", "treatments_session"]:
            for text in (
                "CREATE TEMPORARY TABLE {0} (id uuid, signed_at timestamptz)",
                "CREATE TEMPORARY TABLE {0} AS SELECT * FROM public.{0}",
                "CREATE TEMPORARY VIEW {0} AS SELECT NULL::uuid AS id, NULL::timestamptz AS signed_at",
                "SELECT * INTO TEMPORARY {0} FROM public.{0}",
                "CREATE TABLE shadow_{0} (id uuid)",
                "CREATE VIEW shadow_{0} AS SELECT 1",
                "CREATE SCHEMA shadow_{0}",
                "CREATE RULE quiet AS ON DELETE TO {0} DO INSTEAD NOTHING",
                "CREATE TRIGGER quiet BEFORE UPDATE ON {0} FOR EACH ROW EXECUTE FUNCTION tsvector_update_trigger()",
            ):
                assert refused(link, text.format(table)) == "42501", (table, text)


def test_no_function_or_operator_can_be_made():
    with as_app() as link:
        for schema in ("public", "pg_temp", "pg_catalog"):
            for text in (
                "CREATE FUNCTION {0}.palpate_refuse_change() RETURNS int LANGUAGE sql AS 'SELECT 1'",
                "CREATE OPERATOR {0}.= (FUNCTION = uuid_ne, LEFTARG = uuid, RIGHTARG = uuid)",
                "CREATE TYPE {0}.uuid AS (a int)",
            ):
                assert refused(link, text.format(schema)) == "42501", (schema, text)


def test_a_shadow_of_the_parent_misleads_no_trigger(signed, tables):
    """Should the right to make temporary tables come back (a restored copy), the functions still see ours."""
    name = connections["default"].settings_dict["NAME"]
    before = state_of(signed, tables)
    tried = 0
    with superuser() as admin:
        admin.execute(sql.SQL("GRANT TEMPORARY ON DATABASE {} TO palpate_app").format(sql.Identifier(name)))
    try:
        with as_app(signed) as link:
            for table in tables:
                for parent in parents(table):
                    link.execute(f"CREATE TEMPORARY TABLE {parent} AS SELECT * FROM public.{parent}")
                    if "signed_at" in columns_of(parent):
                        link.execute(f"UPDATE pg_temp.{parent} SET signed_at = NULL")
                    link.execute("SET search_path = pg_temp, public")
                    for verb in ("UPDATE public.{} SET clinic_id = clinic_id", "DELETE FROM public.{}"):
                        if before[table] != (None,):
                            tried += 1
                            assert refused(link, verb.format(table)) in {"PT001", "42501"}, (table, verb)
                    link.execute(f"DROP TABLE pg_temp.{parent}")
                    link.execute("RESET search_path")
    finally:
        with superuser() as admin:
            admin.execute(sql.SQL("REVOKE TEMPORARY ON DATABASE {} FROM palpate_app").format(sql.Identifier(name)))
    assert tried >= 8
    assert state_of(signed, tables) == before
    assert verify(signed)["ok"]


def test_no_clinic_that_is_left_in_mid_statement_misleads_a_trigger(signed, tables):
    """RETURNING changes the clinic after the rows were seen, and before the trigger looks for the parent."""
    before = state_of(signed, tables)
    leave = " RETURNING set_config('palpate.clinic_id', %s, true)"
    with as_app(signed) as link:
        for table in tables:
            if before[table] == (None,):
                continue
            names = ", ".join(name for name in columns(link, table) if name not in {"id", "record_id"})
            for statement in (
                f"DELETE FROM {table}",
                f"UPDATE {table} SET clinic_id = clinic_id",
            ):
                for clinic in ("", str(signed.other_clinic.pk)):
                    assert refused(link, statement + leave, clinic) in REFUSALS, (table, statement)
            if parents(table):
                copy = f"INSERT INTO {table} ({names}) SELECT {names} FROM {table}"
                assert refused(link, copy + leave, "") in {*REFUSALS, "23505"}, table
    assert state_of(signed, tables) == before


def test_neither_the_sessions_settings_nor_alter_nor_copy_help(signed, tables):
    before = state_of(signed, tables)
    with as_app(signed) as link:
        for setting in (
            "SET session_replication_role = replica",
            "SELECT set_config('session_replication_role', 'replica', false)",
            "SET ROLE palpate_owner",
            "SET ROLE postgres",
            "SET SESSION AUTHORIZATION postgres",
            "ALTER ROLE palpate_app BYPASSRLS",
            "ALTER DATABASE postgres SET session_replication_role = replica",
            "ALTER SYSTEM SET session_replication_role = replica",
            "ALTER FUNCTION palpate_refuse_change() RENAME TO other",
            "DROP FUNCTION palpate_refuse_change()",
        ):
            assert refused(link, setting) == "42501", setting
        link.execute("SET row_security = off")  # the policies then raise instead of filter
        for table in tables:
            for text in (
                "ALTER TABLE {0} DISABLE TRIGGER ALL",
                "ALTER TABLE {0} DISABLE ROW LEVEL SECURITY",
                "ALTER TABLE {0} ADD COLUMN more int",
                "ALTER TABLE {0} OWNER TO palpate_app",
                "ALTER TABLE {0} RENAME TO other",
                "DROP TABLE {0}",
                "TRUNCATE {0} CASCADE",
                "DROP POLICY own_clinic ON {0}",
                "GRANT UPDATE ON {0} TO palpate_app",
                "COPY {0} FROM PROGRAM 'true'",
                "COPY {0} FROM '/dev/null'",
                "COPY {0} TO PROGRAM 'cat'",
            ):
                state = refused(link, text.format(table))
                # GRANT of a right that one has not got is a warning, and changes nothing; a policy of another name.
                assert state in {"42501", "42704"} or text.startswith("GRANT"), (table, text, state)
        link.execute("RESET row_security")
        granted = link.execute(
            "SELECT relname FROM pg_class WHERE relname = ANY(%s) AND has_table_privilege(oid, 'TRUNCATE, TRIGGER')",
            [tables],
        ).fetchall()
        assert granted == []
    assert state_of(signed, tables) == before


def test_copy_adds_no_row(signed, tables):
    """COPY FROM STDIN is not possible at all for a role that row-level security binds."""
    with as_app(signed) as link:
        for table in tables:
            with pytest.raises(psycopg.Error) as refusal, link.cursor().copy(f"COPY {table} FROM STDIN"):
                pass
            assert refusal.value.sqlstate in {"0A000", "42501"}, table


def test_upsert_and_merge_change_no_final_row(signed, tables):
    before = state_of(signed, tables)
    with as_app(signed) as link:
        for table in tables:
            key = {
                "records_mark": "record_id",
                "records_chain": "clinic_id",
                "audit_about": "event_id",
                "changes_clinicchange": "sequence",
            }.get(table, "id")
            for text in (
                "INSERT INTO {0} SELECT * FROM {0} ON CONFLICT ({1}) DO UPDATE SET clinic_id = EXCLUDED.clinic_id",
                "MERGE INTO {0} t USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE",
                "MERGE INTO {0} t USING (SELECT 1) s ON true WHEN MATCHED THEN UPDATE SET clinic_id = t.clinic_id",
            ):
                if before[table] != (None,):
                    state = refused(link, text.format(table, key))
                    assert state in {*REFUSALS, "42P10"}, (table, text, state)  # no key to conflict with
    assert state_of(signed, tables) == before


def test_every_function_of_ours_has_a_fixed_search_path():
    with superuser() as link:
        rows = link.execute("""
            SELECT p.proname, p.proconfig, p.prosecdef FROM pg_proc p
            WHERE p.pronamespace = 'public'::regnamespace AND NOT EXISTS (
                SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
            )
        """).fetchall()
    assert len(rows) > 20
    for name, config, security_definer in rows:
        assert config == ["search_path=pg_catalog, public, pg_temp"], name
        assert not security_definer or name in AS_OWNER, name


def test_the_application_role_may_make_nothing():
    with as_app() as link:
        rights = link.execute("""
            SELECT has_database_privilege(current_database(), 'TEMPORARY'),
                has_database_privilege(current_database(), 'CREATE'), has_schema_privilege('public', 'CREATE')
        """).fetchone()
    assert rights == (False, False, False)


def test_a_copy_of_the_database_is_closed_again_by_prepare(tmp_path):
    from clinic.management.commands.prepare_database import forbid_making_things

    with superuser() as link:
        link.execute("DROP DATABASE IF EXISTS palpate_copy")
        link.execute("CREATE DATABASE palpate_copy TEMPLATE template0 OWNER palpate_owner")
        try:
            query = "SELECT has_database_privilege('palpate_app', 'palpate_copy', 'TEMPORARY')"
            assert link.execute(query).fetchone() == (True,)
            with psycopg.connect(os.environ["DATABASE_ADMIN_URL"], dbname="palpate_copy", autocommit=True) as copy:
                forbid_making_things(copy, "palpate_copy")
            assert link.execute(query).fetchone() == (False,)
        finally:
            link.execute("DROP DATABASE palpate_copy WITH (FORCE)")
