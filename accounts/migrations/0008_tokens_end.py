"""Access and refresh tokens end with a new password, the account, or the last role in the app's clinic."""

from django.db import migrations

# One place for every entry point: pages, the admin, mailed links, commands and SQL.
FUNCTION = """
CREATE FUNCTION accounts_tokens_end() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    person uuid;
    clients bigint[];
BEGIN
    IF TG_TABLE_NAME = 'accounts_user' THEN
        person := NEW.id;
        clients := ARRAY(SELECT id FROM accounts_apiclient);
    ELSE
        person := OLD.user_id;
        IF EXISTS (
            SELECT FROM accounts_membership m
            WHERE m.user_id = person AND m.clinic_id = OLD.clinic_id AND m.is_active
        ) THEN
            RETURN NULL;
        END IF;
        clients := ARRAY(SELECT id FROM accounts_apiclient WHERE clinic_id = OLD.clinic_id);
    END IF;
    DELETE FROM oauth2_provider_grant WHERE user_id = person AND application_id = ANY (clients);
    UPDATE oauth2_provider_refreshtoken SET revoked = now()
    WHERE user_id = person AND application_id = ANY (clients) AND revoked IS NULL;
    UPDATE oauth2_provider_accesstoken SET expires = now()
    WHERE user_id = person AND application_id = ANY (clients) AND expires > now();
    RETURN NULL;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_acts_for_approved")]

    operations = [
        migrations.RunSQL(
            [
                FUNCTION,
                "CREATE TRIGGER tokens_end AFTER UPDATE OF password, is_active ON accounts_user FOR EACH ROW "
                "WHEN (OLD.password <> NEW.password OR OLD.is_active AND NOT NEW.is_active) "
                "EXECUTE FUNCTION accounts_tokens_end()",
                "CREATE TRIGGER tokens_end AFTER UPDATE OF is_active ON accounts_membership FOR EACH ROW "
                "WHEN (OLD.is_active AND NOT NEW.is_active) EXECUTE FUNCTION accounts_tokens_end()",
                "CREATE TRIGGER tokens_end_deleted AFTER DELETE ON accounts_membership FOR EACH ROW "
                "EXECUTE FUNCTION accounts_tokens_end()",
            ],
            [
                "DROP TRIGGER tokens_end_deleted ON accounts_membership",
                "DROP TRIGGER tokens_end ON accounts_membership",
                "DROP TRIGGER tokens_end ON accounts_user",
                "DROP FUNCTION accounts_tokens_end()",
            ],
        ),
    ]
