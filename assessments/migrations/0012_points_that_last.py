"""
Trigger points get a number for life, and may be merged; the points so far are numbered in the order they were found.

The place that a point had by its name no longer tells it apart: what was touched elsewhere is another point.
"""

import django.db.models.deletion
from django.db import migrations, models

import database.expressions
from database.schema_operations import FIXED_PATH, clinic_key, clinic_table, final_table

POINT = "assessments_triggerpoint"
# One transaction at a time gives numbers to a person's points, whichever of the person's merged records it has.
LOCK = f"""
CREATE FUNCTION assessments_lock_points(patient uuid) RETURNS uuid LANGUAGE plpgsql {FIXED_PATH} AS $$
DECLARE person uuid;
BEGIN
    SELECT coalesce(p.merged_into_id, p.id) INTO person FROM public.patients_patient p WHERE p.id = patient;
    person := coalesce(person, patient);
    PERFORM pg_advisory_xact_lock(hashtextextended('trigger points of ' || person, 0));
    RETURN person;
END $$
"""
NUMBER = f"""
CREATE FUNCTION assessments_number_point() RETURNS trigger LANGUAGE plpgsql {FIXED_PATH} AS $$
DECLARE person uuid;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        -- Two records that become one may both have a point 1: those of the record that is given up are numbered again.
        IF NEW.number IS DISTINCT FROM OLD.number AND NOT EXISTS (
            SELECT FROM public.patients_patient p WHERE p.id = NEW.patient_id AND p.merged_into_id IS NOT NULL
        ) THEN
            RAISE EXCEPTION 'the number of a point is final' USING ERRCODE = 'PT001';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.number = 0 THEN
        person := public.assessments_lock_points(NEW.patient_id);
        SELECT coalesce(max(t.number), 0) + 1 INTO NEW.number FROM public.{POINT} t
        WHERE t.patient_id = person
            OR t.patient_id IN (SELECT p.id FROM public.patients_patient p WHERE p.merged_into_id = person);
    END IF;
    RETURN NEW;
END $$
"""
# Row-level security binds this, too: one clinic after the other.
FILL = f"""
DO $$
DECLARE one uuid;
BEGIN
    FOR one IN SELECT id FROM accounts_clinic ORDER BY id LOOP
        PERFORM set_config('palpate.clinic_id', one::text, true);
        UPDATE {POINT} t SET number = n.number
        FROM (
            SELECT p.id, row_number() OVER (
                PARTITION BY coalesce(m.merged_into_id, p.patient_id) ORDER BY p.created_at, p.id
            ) AS number
            FROM {POINT} p LEFT JOIN patients_patient m ON m.id = p.patient_id
            WHERE p.clinic_id = one
        ) n
        WHERE t.id = n.id;
    END LOOP;
    PERFORM set_config('palpate.clinic_id', '', true);
END $$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0014_clinic_settings"),
        ("assessments", "0011_outcome_measures"),
        ("catalogue", "0001_initial"),
        ("patients", "0012_imports_row_level_security"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="triggerpoint", name="trigger_point_once"),
        migrations.AddField(
            model_name="triggerpoint",
            name="number",
            field=models.PositiveIntegerField(
                db_default=0, editable=False, help_text="0: the database gives the next one"
            ),
        ),
        migrations.AddField(
            model_name="triggerpoint",
            name="merged_into",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merged",
                to="assessments.triggerpoint",
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RunSQL(
            [
                LOCK,
                NUMBER,
                f"CREATE TRIGGER number_for_life BEFORE INSERT OR UPDATE OF number ON {POINT} "
                "FOR EACH ROW EXECUTE FUNCTION assessments_number_point()",
            ],
            [
                f"DROP TRIGGER number_for_life ON {POINT}",
                "DROP FUNCTION assessments_number_point()",
                "DROP FUNCTION assessments_lock_points(uuid)",
            ],
        ),
        clinic_key(POINT, "merged_into_id", POINT),
        migrations.CreateModel(
            name="PointMerge",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=database.expressions.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("reason", models.TextField()),
                ("merged_at", models.DateTimeField()),
                ("merged_by_user_id", models.UUIDField(null=True)),
                ("merged_by_client_id", models.TextField(default="")),
                (
                    "clinic",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.clinic",
                    ),
                ),
                (
                    "into",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        help_text="none: split off again",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="assessments.triggerpoint",
                    ),
                ),
                (
                    "point",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merges",
                        to="assessments.triggerpoint",
                    ),
                ),
            ],
            options={"indexes": [models.Index(fields=["clinic", "point", "id"], name="point_merge_of_point")]},
        ),
        clinic_table("assessments_pointmerge", key=None),
        clinic_key("assessments_pointmerge", "point_id", POINT),
        clinic_key("assessments_pointmerge", "into_id", POINT),
        final_table("assessments_pointmerge"),
    ]
