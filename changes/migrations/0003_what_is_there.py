"""What is there when the sequence begins gets its rows, so that a follower from the start gets everything."""

from typing import Any

from django.db import migrations, transaction

# Ordered by when it came. Who writes meanwhile has rows already (migration 0002); to hear of a thing twice does no harm.
FILL = """
    WITH there AS (
        SELECT 'patient' AS kind, CASE WHEN merged_into_id IS NULL THEN 'created' ELSE 'merged' END AS action,
            id, id AS patient_id, revision, merged_into_id, created_at AS at
        FROM patients_patient WHERE clinic_id = %(clinic)s
        UNION ALL
        SELECT 'record', entry, id, patient_id, version, NULL, signed_at FROM records_record WHERE clinic_id = %(clinic)s
        UNION ALL
        SELECT 'appointment', 'created', id, patient_id, revision, NULL, booked_at
        FROM scheduling_appointment WHERE clinic_id = %(clinic)s
        UNION ALL
        SELECT 'series', 'created', id, patient_id, NULL, NULL, made_at
        FROM scheduling_series WHERE clinic_id = %(clinic)s
        UNION ALL
        SELECT 'programme', 'created', id, patient_id, revision, NULL, made_at
        FROM homecare_programme WHERE clinic_id = %(clinic)s AND status <> 'draft'
        UNION ALL
        SELECT 'check_in', 'created', id, patient_id, revision, NULL, answered_at
        FROM homecare_checkin WHERE clinic_id = %(clinic)s
        UNION ALL
        SELECT 'adverse_event', CASE version WHEN 1 THEN 'created' ELSE 'changed' END, event_id, patient_id, version,
            NULL, recorded_at
        FROM treatments_adverseevent WHERE clinic_id = %(clinic)s
    ), counted AS (
        INSERT INTO changes_changecounter AS c (clinic_id, sequence)
        SELECT %(clinic)s, count(*) FROM there HAVING count(*) > 0
        ON CONFLICT (clinic_id) DO UPDATE SET sequence = c.sequence + excluded.sequence
        RETURNING c.sequence - (SELECT count(*) FROM there) AS before
    )
    INSERT INTO changes_clinicchange
        (clinic_id, sequence, kind, action, subject_id, patient_id, revision, fields, merged_into_id, at)
    SELECT %(clinic)s, before + row_number() OVER (ORDER BY at, id, revision), kind, action, id, patient_id, revision,
        ARRAY[]::text[], merged_into_id, at
    FROM there, counted
"""


def fill(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT id FROM accounts_clinic ORDER BY id")
        for (clinic_id,) in cursor.fetchall():
            with transaction.atomic(using=schema_editor.connection.alias):
                cursor.execute("SELECT set_config('palpate.clinic_id', %s, true)", [str(clinic_id)])
                cursor.execute(FILL, {"clinic": clinic_id})


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("changes", "0002_triggers"), ("accounts", "0001_initial")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
