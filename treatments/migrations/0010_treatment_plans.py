"""Treatment plans with their goals. Each clinic its own; a plan is final once it has ended."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import database.expressions
from database.schema_operations import FIXED_PATH, clinic_key, clinic_table

PLAN, GOAL = "treatments_treatmentplan", "treatments_plangoal"
FINAL = [
    f"""
    CREATE FUNCTION treatments_plan_final() RETURNS trigger LANGUAGE plpgsql {FIXED_PATH} AS $$
    BEGIN
        IF OLD.ended_at IS NOT NULL THEN
            RAISE EXCEPTION 'plan % has ended', OLD.id USING ERRCODE = 'PT001';
        END IF;
        IF TG_OP = 'DELETE' THEN
            RAISE EXCEPTION 'plan % is kept', OLD.id USING ERRCODE = 'PT001';
        END IF;
        RETURN NEW;
    END $$
    """,
    f"""
    CREATE FUNCTION treatments_plangoal_final() RETURNS trigger LANGUAGE plpgsql {FIXED_PATH} AS $$
    BEGIN
        IF EXISTS (
            SELECT FROM public.{PLAN} WHERE id IN (OLD.plan_id, NEW.plan_id) AND ended_at IS NOT NULL
        ) THEN
            RAISE EXCEPTION 'goals of an ended plan are final' USING ERRCODE = 'PT001';
        END IF;
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        RETURN NEW;
    END $$
    """,
    f"CREATE TRIGGER final_plan BEFORE UPDATE OR DELETE ON {PLAN} FOR EACH ROW "
    "EXECUTE FUNCTION treatments_plan_final()",
    f"CREATE TRIGGER final_goal BEFORE INSERT OR UPDATE OR DELETE ON {GOAL} FOR EACH ROW "
    "EXECUTE FUNCTION treatments_plangoal_final()",
    *(
        statement
        for table, name in ((PLAN, "final_plan"), (GOAL, "final_goal"))
        for statement in (
            f"CREATE TRIGGER final_table BEFORE TRUNCATE ON {table} FOR EACH STATEMENT "
            "EXECUTE FUNCTION palpate_refuse_change()",
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}",
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER final_table",
        )
    ),
]
NOT_FINAL = [
    f"DROP TRIGGER final_table ON {GOAL}",
    f"DROP TRIGGER final_goal ON {GOAL}",
    f"DROP TRIGGER final_table ON {PLAN}",
    f"DROP TRIGGER final_plan ON {PLAN}",
    "DROP FUNCTION treatments_plangoal_final()",
    "DROP FUNCTION treatments_plan_final()",
]


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_clinic_begins"),
        ("patients", "0005_more_facts"),
        ("treatments", "0009_indexes_for_long_lists"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="TreatmentPlan",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=database.expressions.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("problem", models.TextField()),
                (
                    "techniques",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
                ),
                ("sessions", models.PositiveSmallIntegerField()),
                ("weeks", models.PositiveSmallIntegerField()),
                ("minutes", models.PositiveSmallIntegerField(help_text="of each session")),
                ("starts_on", models.DateField()),
                ("review_on", models.DateField(null=True)),
                ("status", models.TextField(default="active")),
                ("made_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "summary",
                    models.TextField(blank=True, default="", help_text="what came of it, for the discharge summary"),
                ),
                ("revision", models.PositiveIntegerField(default=1)),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
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
                    "ended_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="patients.patient",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PlanGoal",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=database.expressions.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                ("measure", models.TextField()),
                ("target", models.TextField()),
                ("target_date", models.DateField(null=True)),
                ("reached", models.TextField(blank=True, default="")),
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
                    "plan",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="goals",
                        to="treatments.treatmentplan",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="treatmentplan",
            index=models.Index(fields=["clinic", "patient", "-starts_on"], name="treatment_plan_of_patient"),
        ),
        migrations.AddConstraint(
            model_name="treatmentplan",
            constraint=models.CheckConstraint(
                condition=models.Q(("problem", ""), _negated=True), name="treatment_plan_has_problem"
            ),
        ),
        migrations.AddConstraint(
            model_name="treatmentplan",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["active", "ended"])), name="treatment_plan_status_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="treatmentplan",
            constraint=models.CheckConstraint(
                condition=models.Q(("sessions__range", (1, 60))), name="treatment_plan_sessions"
            ),
        ),
        migrations.AddConstraint(
            model_name="treatmentplan",
            constraint=models.CheckConstraint(
                condition=models.Q(("weeks__range", (1, 26))), name="treatment_plan_weeks"
            ),
        ),
        migrations.AddConstraint(
            model_name="treatmentplan",
            constraint=models.CheckConstraint(
                condition=models.Q(("minutes__range", (5, 480))), name="treatment_plan_minutes"
            ),
        ),
        migrations.AddConstraint(
            model_name="treatmentplan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "techniques__contained_by",
                        [
                            "ischemic_compression",
                            "manual_pressure_release",
                            "transverse_friction",
                            "muscle_energy_technique",
                            "strain_counterstrain",
                            "massage",
                            "myofascial_release",
                            "stretching",
                            "strengthening",
                            "self_release_teaching",
                            "advice",
                            "dry_needling",
                            "trigger_point_injection",
                        ],
                    )
                ),
                name="treatment_plan_techniques_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="treatmentplan",
            constraint=models.CheckConstraint(
                condition=models.Q(("review_on", None), ("review_on__gte", models.F("starts_on")), _connector="OR"),
                name="treatment_plan_review_after",
            ),
        ),
        migrations.AddConstraint(
            model_name="treatmentplan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at", None), ("ended_by", None), ("status", "active")),
                    models.Q(("ended_at__isnull", False), ("ended_by__isnull", False), ("status", "ended")),
                    _connector="OR",
                ),
                name="treatment_plan_ended_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="treatmentplan",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "active")), fields=("patient",), name="treatment_plan_runs_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="plangoal",
            constraint=models.UniqueConstraint(fields=("plan", "number"), name="plan_goal_once"),
        ),
        migrations.AddConstraint(
            model_name="plangoal",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("measure", ""), _negated=True), models.Q(("target", ""), _negated=True)),
                name="plan_goal_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="plangoal",
            constraint=models.CheckConstraint(
                condition=models.Q(("reached__in", ["", "yes", "partly", "no", "not_measured"])),
                name="plan_goal_reached_known",
            ),
        ),
        clinic_table(PLAN),
        clinic_table(GOAL),
        clinic_key(PLAN, "patient_id", "patients_patient"),
        clinic_key(GOAL, "plan_id", PLAN),
        migrations.RunSQL(FINAL, NOT_FINAL),
    ]
