"""A person reads what happened to their own account, in whichever clinic it was recorded."""

from django.db import migrations

from database.schema_operations import CURRENT_USER, FIXED_PATH

PARTITIONS = """
    SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'public.audit_auditevent'::regclass ORDER BY 1
"""
# The policy is the owner's alone: for the application role it would stand in the way of the clinic's index.
FUNCTION = f"""
CREATE FUNCTION audit_account_events(most integer)
RETURNS TABLE ("at" timestamptz, action text, outcome text, code text, ip inet, request_id text)
LANGUAGE sql STABLE SECURITY DEFINER {FIXED_PATH} AS $$
    SELECT e.at, e.action, e.outcome, e.code, e.ip, e.request_id FROM public.audit_auditevent e
    WHERE e.user_id = {CURRENT_USER} AND e.action LIKE 'auth.%' ORDER BY e.at DESC LIMIT most
$$
"""


def index_partitions(apps, schema_editor):
    """One partition after the other, without a lock that writers wait for."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(PARTITIONS)
        for (name,) in cursor.fetchall():
            index = f"{name}_account"
            cursor.execute(f'DROP INDEX CONCURRENTLY IF EXISTS "{index}"')
            cursor.execute(
                f'CREATE INDEX CONCURRENTLY "{index}" ON "{name}" (user_id, "at" DESC) WHERE action LIKE \'auth.%\''
            )
            cursor.execute(f'ALTER INDEX audit_event_of_account ATTACH PARTITION "{index}"')


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("audit", "0003_months")]

    operations = [
        migrations.RunSQL(
            [
                "DROP INDEX IF EXISTS audit_event_of_account",
                'CREATE INDEX audit_event_of_account ON ONLY audit_auditevent (user_id, "at" DESC) '
                "WHERE action LIKE 'auth.%'",
            ],
            "DROP INDEX audit_event_of_account",
        ),
        migrations.RunPython(index_partitions, migrations.RunPython.noop),
        migrations.RunSQL(
            [
                "DROP POLICY IF EXISTS own_account_reads ON audit_auditevent",
                "CREATE POLICY own_account_reads ON audit_auditevent FOR SELECT TO palpate_owner "
                f"USING (user_id = {CURRENT_USER} AND action LIKE 'auth.%')",
                "DROP FUNCTION IF EXISTS audit_account_events(integer)",
                FUNCTION,
                "REVOKE ALL ON FUNCTION audit_account_events(integer) FROM PUBLIC",
                "GRANT EXECUTE ON FUNCTION audit_account_events(integer) TO palpate_app",
            ],
            ["DROP FUNCTION audit_account_events(integer)", "DROP POLICY own_account_reads ON audit_auditevent"],
        ),
    ]
