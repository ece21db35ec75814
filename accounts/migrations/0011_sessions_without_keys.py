"""Sessions are kept under a checksum of their key, where the application role cannot list them."""

from django.db import migrations

from database.schema_operations import CURRENT_USER, FIXED_PATH

TABLE = """
CREATE TABLE accounts_session (
    key_sha256 bytea PRIMARY KEY CHECK (length(key_sha256) = 32),
    id uuid NOT NULL DEFAULT uuidv7() UNIQUE,
    user_id uuid REFERENCES accounts_user (id) ON DELETE CASCADE,
    data text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    used_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    ip inet,
    browser text NOT NULL DEFAULT ''
)
"""
# What the application role may do: each function names the one session whose key it is given, or those of the person
# in `palpate.user_id`.
FUNCTIONS = {
    "accounts_session_load(key bytea) RETURNS text STABLE": """
        SELECT s.data FROM public.accounts_session s WHERE s.key_sha256 = key AND s.expires_at > now()
    """,
    "accounts_session_exists(key bytea) RETURNS boolean STABLE": """
        SELECT EXISTS (SELECT FROM public.accounts_session s WHERE s.key_sha256 = key)
    """,
    "accounts_session_make(key bytea, person uuid, content text, until timestamptz, address inet, agent text) "
    "RETURNS bigint": """
        WITH made AS (
            INSERT INTO public.accounts_session (key_sha256, user_id, data, expires_at, ip, browser)
            VALUES (key, person, content, until, address, agent)
            ON CONFLICT (key_sha256) DO NOTHING RETURNING 1
        ) SELECT count(*) FROM made
    """,
    "accounts_session_save(key bytea, person uuid, content text, until timestamptz, address inet, agent text) "
    "RETURNS bigint": """
        WITH saved AS (
            UPDATE public.accounts_session s
            SET user_id = person, data = content, expires_at = until, ip = address, browser = agent, used_at = now()
            WHERE s.key_sha256 = key RETURNING 1
        ) SELECT count(*) FROM saved
    """,
    "accounts_session_end(key bytea) RETURNS bigint": """
        WITH ended AS (DELETE FROM public.accounts_session s WHERE s.key_sha256 = key RETURNING 1)
        SELECT count(*) FROM ended
    """,
    "accounts_sessions_of_person(key bytea) RETURNS TABLE "
    "(id uuid, made_at timestamptz, used_at timestamptz, ip inet, browser text, is_this boolean) STABLE": f"""
        SELECT s.id, s.made_at, s.used_at, s.ip, s.browser, s.key_sha256 = key
        FROM public.accounts_session s WHERE s.user_id = {CURRENT_USER} AND s.expires_at > now()
        ORDER BY s.key_sha256 = key DESC, s.used_at DESC
    """,
    "accounts_sessions_end_others(key bytea, one uuid) RETURNS bigint": f"""
        WITH ended AS (
            DELETE FROM public.accounts_session s
            WHERE s.user_id = {CURRENT_USER} AND s.key_sha256 <> key AND (one IS NULL OR s.id = one) RETURNING 1
        ) SELECT count(*) FROM ended
    """,
    "accounts_sessions_forget() RETURNS bigint": """
        WITH ended AS (DELETE FROM public.accounts_session s WHERE s.expires_at < now() RETURNING 1)
        SELECT count(*) FROM ended
    """,
}
# Nobody is signed out. `django_session` stays for workers of the release before; its rows go when they expire.
COPY = """
INSERT INTO accounts_session (key_sha256, data, expires_at)
SELECT sha256(convert_to(session_key, 'UTF8')), session_data, expire_date FROM django_session WHERE expire_date > now()
"""


def make(signature, body):
    return f"CREATE FUNCTION {signature} LANGUAGE sql SECURITY DEFINER {FIXED_PATH} AS $$ {body} $$"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_clinic_begins"), ("sessions", "0001_initial")]

    operations = [
        migrations.RunSQL(
            [
                TABLE,
                "CREATE INDEX accounts_session_of_person ON accounts_session (user_id)",
                "CREATE INDEX accounts_session_expires ON accounts_session (expires_at)",
                "REVOKE ALL ON accounts_session FROM palpate_app, PUBLIC",
                *(make(signature, body) for signature, body in FUNCTIONS.items()),
                *(f"REVOKE ALL ON FUNCTION {signature.partition('(')[0]} FROM PUBLIC" for signature in FUNCTIONS),
                *(f"GRANT EXECUTE ON FUNCTION {signature.partition('(')[0]} TO palpate_app" for signature in FUNCTIONS),
                COPY,
            ],
            [
                *(f"DROP FUNCTION {signature.partition('(')[0]}" for signature in FUNCTIONS),
                "DROP TABLE accounts_session",
            ],
        ),
    ]
