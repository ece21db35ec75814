"""
A person is in one place at a time, also when two clinics book them.

The table knows a person and a time, and no clinic. Its owner keeps it, through a trigger on the appointments; the
application role reads nothing of it but `scheduling_busy`: when the people of its own clinic are busy.
"""

from django.db import migrations

# As `scheduling.rules.HOLDING` stands at this migration; a test compares them.
HOLDING = "('proposed', 'booked', 'confirmed', 'arrived', 'in_room', 'fulfilled')"

TABLE = """
CREATE TABLE scheduling_persontime (
    appointment_id uuid PRIMARY KEY REFERENCES scheduling_appointment (id) ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES accounts_user (id),
    busy tstzrange NOT NULL,
    is_legacy boolean NOT NULL DEFAULT false
)
"""
# What two clinics booked at the same minute before this migration stays booked. The later one of each pair is marked,
# and the constraint leaves it out until it is moved.
BACKFILL = f"""
DO $$
DECLARE
    one uuid;
    before text := coalesce(current_setting('palpate.clinic_id', true), '');
BEGIN
    FOR one IN SELECT id FROM accounts_clinic LOOP
        PERFORM set_config('palpate.clinic_id', one::text, true);
        INSERT INTO scheduling_persontime (appointment_id, user_id, busy)
        SELECT id, therapist_id, tstzrange(starts_at, blocked_until) FROM scheduling_appointment
        WHERE clinic_id = one AND status IN {HOLDING};
    END LOOP;
    PERFORM set_config('palpate.clinic_id', before, true);
END $$
"""
MARK_LEGACY = """
UPDATE scheduling_persontime AS later SET is_legacy = true
WHERE EXISTS (
    SELECT FROM scheduling_persontime AS earlier
    WHERE earlier.user_id = later.user_id AND earlier.busy && later.busy
        AND earlier.appointment_id < later.appointment_id
)
"""
# It fires after the appointments' own constraints (triggers fire by name), so a clash within the clinic is named first.
KEEP = f"""
CREATE FUNCTION scheduling_keep_persontime() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wanted tstzrange := tstzrange(NEW.starts_at, NEW.blocked_until);
BEGIN
    IF NEW.status NOT IN {HOLDING} THEN
        DELETE FROM scheduling_persontime WHERE appointment_id = NEW.id;
        RETURN NULL;
    END IF;
    INSERT INTO scheduling_persontime (appointment_id, user_id, busy) VALUES (NEW.id, NEW.therapist_id, wanted)
    ON CONFLICT (appointment_id) DO UPDATE SET user_id = NEW.therapist_id, busy = wanted, is_legacy = false;
    -- The constraint leaves marked rows out; a new time that overlaps one is refused here. Row-level security shows only
    -- the clinic's own appointments, whose times the appointments' own constraint keeps apart.
    IF EXISTS (
        SELECT FROM scheduling_persontime AS other
        WHERE other.is_legacy AND other.user_id = NEW.therapist_id AND other.busy && wanted
            AND NOT EXISTS (SELECT FROM scheduling_appointment AS own WHERE own.id = other.appointment_id)
    ) THEN
        RAISE EXCEPTION 'this person is not available at this time'
            USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'person_booked_once';
    END IF;
    RETURN NULL;
END $$
"""
BUSY = """
CREATE FUNCTION scheduling_busy(people uuid[], after timestamptz, until timestamptz, but uuid[])
RETURNS TABLE (user_id uuid, stretches tstzmultirange)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT kept.user_id, range_agg(kept.busy * tstzrange(after, until))
    FROM unnest(people) AS person CROSS JOIN LATERAL (
        SELECT one.appointment_id, one.user_id, one.busy FROM scheduling_persontime AS one
        WHERE one.user_id = person AND one.busy && tstzrange(after, until) AND NOT one.is_legacy
        UNION ALL
        SELECT one.appointment_id, one.user_id, one.busy FROM scheduling_persontime AS one
        WHERE one.user_id = person AND one.busy && tstzrange(after, until) AND one.is_legacy
    ) AS kept
    WHERE kept.appointment_id <> ALL (but) AND EXISTS (
        SELECT FROM accounts_membership AS member
        WHERE member.user_id = person
            AND member.clinic_id = (SELECT nullif(current_setting('palpate.clinic_id', true), '')::uuid)
    )
    GROUP BY kept.user_id
$$
"""
CHANGED = f"""
    (OLD.therapist_id, OLD.starts_at, OLD.blocked_until, OLD.status IN {HOLDING})
    IS DISTINCT FROM (NEW.therapist_id, NEW.starts_at, NEW.blocked_until, NEW.status IN {HOLDING})
"""


class Migration(migrations.Migration):
    dependencies = [
        ("scheduling", "0003_competency_moves_to_accounts"),
        ("accounts", "0002_row_level_security"),
    ]

    operations = [
        migrations.RunSQL(
            [
                # Nobody books between the copy and the trigger.
                "LOCK TABLE scheduling_appointment IN SHARE ROW EXCLUSIVE MODE",
                TABLE,
                "CREATE INDEX persontime_backfill ON scheduling_persontime USING gist (user_id, busy)",
                BACKFILL,
                MARK_LEGACY,
                "DROP INDEX persontime_backfill",
                # The foreign keys' checks wait for the end of the transaction, and no table changes before them.
                "SET CONSTRAINTS ALL IMMEDIATE",
                "ALTER TABLE scheduling_persontime ADD CONSTRAINT person_booked_once "
                "EXCLUDE USING gist (user_id WITH =, busy WITH &&) WHERE (NOT is_legacy) "
                "DEFERRABLE INITIALLY IMMEDIATE",
                "CREATE INDEX persontime_legacy ON scheduling_persontime (user_id) WHERE is_legacy",
                # Two locks: no right on the table, and no policy that shows a row to anyone but its owner.
                "ALTER TABLE scheduling_persontime ENABLE ROW LEVEL SECURITY",
                "REVOKE ALL ON scheduling_persontime FROM palpate_app",
                KEEP,
                BUSY,
                "REVOKE EXECUTE ON FUNCTION scheduling_keep_persontime() FROM PUBLIC",
                "REVOKE EXECUTE ON FUNCTION scheduling_busy(uuid[], timestamptz, timestamptz, uuid[]) FROM PUBLIC",
                "GRANT EXECUTE ON FUNCTION scheduling_busy(uuid[], timestamptz, timestamptz, uuid[]) TO palpate_app",
                "CREATE TRIGGER person_busy_insert AFTER INSERT ON scheduling_appointment "
                "FOR EACH ROW EXECUTE FUNCTION scheduling_keep_persontime()",
                "CREATE TRIGGER person_busy_update AFTER UPDATE ON scheduling_appointment "
                f"FOR EACH ROW WHEN ({CHANGED}) EXECUTE FUNCTION scheduling_keep_persontime()",
            ],
            [
                "DROP TRIGGER person_busy_update ON scheduling_appointment",
                "DROP TRIGGER person_busy_insert ON scheduling_appointment",
                "DROP FUNCTION scheduling_busy(uuid[], timestamptz, timestamptz, uuid[])",
                "DROP FUNCTION scheduling_keep_persontime()",
                "DROP TABLE scheduling_persontime",
            ],
        )
    ]
