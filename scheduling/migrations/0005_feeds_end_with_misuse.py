"""Calendar feeds of a person end when they say that someone else used their account."""

from django.db import migrations

from database.schema_operations import FIXED_PATH

# Row-level security shows one clinic's feeds at a time, so one clinic after the other is looked at.
FUNCTION = f"""
CREATE FUNCTION scheduling_feeds_end() RETURNS trigger LANGUAGE plpgsql {FIXED_PATH} AS $$
DECLARE
    one uuid;
    before text := coalesce(current_setting('palpate.clinic_id', true), '');
BEGIN
    FOR one IN SELECT id FROM public.accounts_clinic ORDER BY id LOOP
        PERFORM set_config('palpate.clinic_id', one::text, true);
        UPDATE public.scheduling_feed SET revoked_at = now()
        WHERE clinic_id = one AND user_id = NEW.id AND revoked_at IS NULL;
    END LOOP;
    PERFORM set_config('palpate.clinic_id', before, true);
    RETURN NULL;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0004_person_busy_once"), ("accounts", "0012_password_change_required")]

    operations = [
        migrations.RunSQL(
            [
                FUNCTION,
                "CREATE TRIGGER feeds_end AFTER UPDATE OF password_change_required_at ON accounts_user FOR EACH ROW "
                "WHEN (NEW.password_change_required_at IS NOT NULL "
                "AND OLD.password_change_required_at IS DISTINCT FROM NEW.password_change_required_at) "
                "EXECUTE FUNCTION scheduling_feeds_end()",
            ],
            ["DROP TRIGGER feeds_end ON accounts_user", "DROP FUNCTION scheduling_feeds_end()"],
        ),
    ]
