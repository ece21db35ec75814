"""A program acts for a therapist only once they have agreed, in their own session."""

from django.db import migrations, models

# 42501: insufficient privilege, which the API answers as 403.
FUNCTION = """
CREATE FUNCTION accounts_apiclient_approval() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    -- The agreement is to one therapist, one clinic and these rights; a change of any ends it.
    IF NEW.acts_for_id IS NULL OR TG_OP = 'UPDATE' AND (
        NEW.acts_for_id IS DISTINCT FROM OLD.acts_for_id OR NEW.clinic_id IS DISTINCT FROM OLD.clinic_id
        OR NEW.allowed_scopes IS DISTINCT FROM OLD.allowed_scopes
    ) THEN
        NEW.acts_for_approved_at := NULL;
    END IF;
    IF NEW.acts_for_approved_at IS NULL OR TG_OP = 'UPDATE' AND OLD.acts_for_approved_at = NEW.acts_for_approved_at THEN
        RETURN NEW;
    END IF;
    IF NEW.acts_for_id::text IS DISTINCT FROM current_setting('palpate.user_id', true) THEN
        RAISE EXCEPTION 'only the therapist agrees to a program that acts for them' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$
"""
ENDED = """
CREATE FUNCTION accounts_approvals_end() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_TABLE_NAME = 'accounts_user' THEN
        UPDATE accounts_apiclient SET acts_for_approved_at = NULL WHERE acts_for_id = NEW.id;
    ELSE
        UPDATE accounts_apiclient SET acts_for_approved_at = NULL
        WHERE acts_for_id = OLD.user_id AND clinic_id = OLD.clinic_id;
    END IF;
    RETURN NULL;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_secrets_at_rest")]

    operations = [
        migrations.AddField(
            model_name="apiclient",
            name="acts_for_approved_at",
            field=models.DateTimeField(
                editable=False,
                help_text="when that therapist agreed, in their own session; until then, the program acts for nobody",
                null=True,
            ),
        ),
        migrations.RunSQL(
            [
                FUNCTION,
                "CREATE TRIGGER approval BEFORE INSERT OR UPDATE ON accounts_apiclient "
                "FOR EACH ROW EXECUTE FUNCTION accounts_apiclient_approval()",
                ENDED,
                "CREATE TRIGGER approvals_end AFTER UPDATE OF is_active ON accounts_user "
                "FOR EACH ROW WHEN (OLD.is_active AND NOT NEW.is_active) EXECUTE FUNCTION accounts_approvals_end()",
                "CREATE TRIGGER approvals_end AFTER UPDATE OF is_active, role ON accounts_membership FOR EACH ROW "
                "WHEN (OLD.role = 'therapist' AND (NOT NEW.is_active OR NEW.role <> 'therapist')) "
                "EXECUTE FUNCTION accounts_approvals_end()",
                "CREATE TRIGGER approvals_end_deleted AFTER DELETE ON accounts_membership FOR EACH ROW "
                "WHEN (OLD.role = 'therapist') EXECUTE FUNCTION accounts_approvals_end()",
            ],
            [
                "DROP TRIGGER approvals_end_deleted ON accounts_membership",
                "DROP TRIGGER approvals_end ON accounts_membership",
                "DROP TRIGGER approvals_end ON accounts_user",
                "DROP FUNCTION accounts_approvals_end()",
                "DROP TRIGGER approval ON accounts_apiclient",
                "DROP FUNCTION accounts_apiclient_approval()",
            ],
        ),
    ]
