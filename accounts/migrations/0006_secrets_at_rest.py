"""Seeds of second factors are encrypted, and the application role loses rights that it does not use."""

from django.db import migrations

from database import encryption

# Only the owner of the tables makes or ends support accounts (`createsuperuser --database owner`).
SUPPORT = """
CREATE FUNCTION accounts_only_owner_makes_support() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT pg_has_role(current_user, 'palpate_owner', 'USAGE') THEN
        RAISE EXCEPTION 'only the owner of the tables changes is_superuser' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$
"""
ENCRYPTED = """
ALTER TABLE mfa_authenticator ADD CONSTRAINT authenticator_encrypted CHECK (CASE type
    WHEN 'totp' THEN coalesce(data->>'secret', '') LIKE 'v1:%'
    WHEN 'recovery_codes' THEN
        coalesce(data->>'seed', 'v1:') LIKE 'v1:%'
        AND NOT jsonb_path_exists(data, '$.migrated_codes[*] ? (!(@ starts with "v1:"))')
    ELSE true
END)
"""
# Django's own tables, which only migrations write, and kinds of grants that are not offered.
READ_ONLY = [
    "django_migrations", "django_content_type", "auth_permission", "auth_group", "auth_group_permissions",
    "oauth2_provider_devicegrant",
]  # fmt: skip


def encrypt_secrets(apps, schema_editor):
    change(apps, schema_editor, lambda text: text if text.startswith("v1:") else encryption.encrypt(text))


def decrypt_secrets(apps, schema_editor):
    change(apps, schema_editor, encryption.decrypt)


def change(apps, schema_editor, one):
    rows = apps.get_model("mfa", "Authenticator").objects.using(schema_editor.connection.alias)
    for row in rows.filter(type__in=["totp", "recovery_codes"]).select_for_update():
        for name in ("secret", "seed"):
            if name in row.data:
                row.data[name] = one(row.data[name])
        if "migrated_codes" in row.data:
            row.data["migrated_codes"] = [one(code) for code in row.data["migrated_codes"]]
        row.save(update_fields=["data"])


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_always_ask"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("oauth2_provider", "0022_refreshtoken_token_family_index"),
    ]

    operations = [
        migrations.RunPython(encrypt_secrets, decrypt_secrets),
        migrations.RunSQL(ENCRYPTED, "ALTER TABLE mfa_authenticator DROP CONSTRAINT authenticator_encrypted"),
        migrations.RunSQL(
            [
                SUPPORT,
                "CREATE TRIGGER only_owner_makes_support BEFORE INSERT ON accounts_user FOR EACH ROW "
                "WHEN (NEW.is_superuser) EXECUTE FUNCTION accounts_only_owner_makes_support()",
                "CREATE TRIGGER only_owner_changes_support BEFORE UPDATE ON accounts_user FOR EACH ROW "
                "WHEN (OLD.is_superuser IS DISTINCT FROM NEW.is_superuser) "
                "EXECUTE FUNCTION accounts_only_owner_makes_support()",
                "ALTER TABLE accounts_user ENABLE ALWAYS TRIGGER only_owner_makes_support",
                "ALTER TABLE accounts_user ENABLE ALWAYS TRIGGER only_owner_changes_support",
            ],
            [
                "DROP TRIGGER only_owner_makes_support ON accounts_user",
                "DROP TRIGGER only_owner_changes_support ON accounts_user",
                "DROP FUNCTION accounts_only_owner_makes_support()",
            ],
        ),
        migrations.RunSQL(
            [
                "REVOKE DELETE ON accounts_user FROM palpate_app",
                "REVOKE INSERT, UPDATE ON oauth2_provider_idtoken FROM palpate_app",
                *(f"REVOKE INSERT, UPDATE, DELETE ON {table} FROM palpate_app" for table in READ_ONLY),
            ],
            [
                "GRANT DELETE ON accounts_user TO palpate_app",
                "GRANT INSERT, UPDATE ON oauth2_provider_idtoken TO palpate_app",
                *(f"GRANT INSERT, UPDATE, DELETE ON {table} TO palpate_app" for table in READ_ONLY),
            ],
        ),
    ]
