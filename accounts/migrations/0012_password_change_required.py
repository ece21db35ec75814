"""What an account still has to do before it goes on, and how a clinic wants its signers to prove who they are."""

from django.db import migrations, models

from database.schema_operations import FIXED_PATH

# One place for every entry point: the page, the mailed link, a command, SQL.
FUNCTION = f"""
CREATE FUNCTION accounts_password_is_new() RETURNS trigger LANGUAGE plpgsql {FIXED_PATH} AS $$
BEGIN
    NEW.password_change_required_at := NULL;
    RETURN NEW;
END $$
"""
PROOFS = [("sign_in", "Once per sign-in, for at most 8 hours"), ("signature", "At every signature")]


class Migration(migrations.Migration):
    dependencies = [("accounts", "0011_sessions_without_keys")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="password_change_required_at",
            field=models.DateTimeField(
                editable=False,
                help_text="since when nothing else opens; a new password ends it (a trigger)",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="second_factor_asked_on",
            field=models.DateField(
                editable=False,
                help_text="when the person was first asked for a second factor: the grace begins",
                null=True,
            ),
        ),
        migrations.RunSQL(
            [
                FUNCTION,
                # "!" begins what no password fits.
                "CREATE TRIGGER password_is_new BEFORE UPDATE OF password ON accounts_user FOR EACH ROW "
                "WHEN (OLD.password IS DISTINCT FROM NEW.password AND NEW.password NOT LIKE '!%') "
                "EXECUTE FUNCTION accounts_password_is_new()",
            ],
            [
                "DROP TRIGGER password_is_new ON accounts_user",
                "DROP FUNCTION accounts_password_is_new()",
            ],
        ),
        migrations.AddField(
            model_name="clinic",
            name="signing_proof",
            field=models.TextField(
                choices=PROOFS,
                db_default="sign_in",
                default="sign_in",
                help_text="when a person proves again who they are before they sign",
            ),
        ),
        migrations.AddConstraint(
            model_name="clinic",
            constraint=models.CheckConstraint(
                condition=models.Q(("signing_proof__in", ["sign_in", "signature"])), name="clinic_signing_proof_known"
            ),
        ),
    ]
