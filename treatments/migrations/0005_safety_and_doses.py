"""What a treatment's safety needs: overrides by name, the clinic's own list, agents as codes, depth within the needle."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

import database.expressions
from database.schema_operations import clinic_table, final_table
from treatments.agents import agent_code

TABLE = "treatments_intervention"
IN_DRAFTS = f"""
    SELECT i.id, i.agent FROM {TABLE} i JOIN treatments_session s ON s.id = i.session_id
    WHERE s.signed_at IS NULL AND i.agent IS NOT NULL
"""
CLINIC = "SELECT set_config('palpate.clinic_id', %s, true)"


def code_agents_of_drafts(apps, editor):
    """
    Give the agents of drafts their codes, and keep what was written.

    Signed rows stay as they were signed; they are read through the same table of names. That is why the constraint
    is not validated.
    """
    with editor.connection.cursor() as cursor:
        cursor.execute("SELECT id::text FROM accounts_clinic")
        for (clinic_id,) in cursor.fetchall():
            cursor.execute(CLINIC, [clinic_id])
            cursor.execute(IN_DRAFTS)
            for pk, agent in cursor.fetchall():
                code = agent_code(agent)
                if code != agent:
                    change = f"UPDATE {TABLE} SET agent = %s, agent_text = nullif(%s, '') WHERE id = %s"
                    cursor.execute(change, [code, agent, pk])
        cursor.execute(CLINIC, [""])


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_competency_and_consent_settings"),
        ("assessments", "0004_red_flags_of_the_patient"),
        ("patients", "0003_alert_place_and_end"),
        ("records", "0002_final_and_chained"),
        ("treatments", "0004_adverse_events_and_aftercare"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SafetyEntry",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=database.expressions.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("version", models.PositiveIntegerField(help_text="from 1, counted for the clinic's list as a whole")),
                ("code", models.TextField(help_text="of a default row, or the clinic's own")),
                ("level", models.TextField()),
                ("label", models.TextField(blank=True, default="")),
                ("reason", models.TextField(blank=True, default="")),
                ("source", models.TextField(blank=True, default="")),
                (
                    "tags",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
                ),
                ("alert", models.TextField(blank=True, default="")),
                ("where", models.TextField(default="anywhere")),
                (
                    "muscles",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
                ),
                (
                    "regions",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
                ),
                ("is_overridable", models.BooleanField(default=True)),
                (
                    "ended_because",
                    models.TextField(blank=True, default="", help_text="an own row that no longer counts"),
                ),
                ("added_at", models.DateTimeField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="override",
            name="override_once",
        ),
        migrations.RemoveConstraint(
            model_name="override",
            name="override_has_reason",
        ),
        migrations.AddField(
            model_name="intervention",
            name="adrenaline",
            field=models.BooleanField(null=True),
        ),
        migrations.AddField(
            model_name="intervention",
            name="agent_text",
            field=models.TextField(null=True),
        ),
        migrations.AddField(
            model_name="override",
            name="given_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="override",
            name="given_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="override",
            name="kind",
            field=models.TextField(
                choices=[
                    ("override", "A stop was passed, with a reason"),
                    ("acknowledgement", "Something shown was acknowledged"),
                ],
                db_default="override",
                default="override",
            ),
        ),
        migrations.AddField(
            model_name="override",
            name="seen_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="override",
            name="seen_by",
            field=models.TextField(
                blank=True, db_default="", default="", help_text="who saw the patient, in an emergency"
            ),
        ),
        migrations.AddField(
            model_name="session",
            name="safety",
            field=models.JSONField(
                help_text="what was known and shown when it was signed; empty in drafts and in older documents",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="session",
            name="weight_kg",
            field=models.DecimalField(
                decimal_places=1, help_text="the patient's, on that day", max_digits=4, null=True
            ),
        ),
        migrations.AlterField(
            model_name="override",
            name="code",
            field=models.TextField(help_text="the red flag, or the entry of the safety list"),
        ),
        migrations.AlterField(
            model_name="override",
            name="reason",
            field=models.TextField(blank=True),
        ),
        AddConstraintNotValid(
            model_name="intervention",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("agent", None),
                    (
                        "agent__in",
                        ["lidocaine", "bupivacaine", "mepivacaine", "ropivacaine", "procaine", "saline", "other"],
                    ),
                    _connector="OR",
                ),
                name="dose_agent_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="intervention",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("agent_text", None), ("technique__in", ["trigger_point_injection"]), _connector="OR"
                ),
                name="dose_agent_text_of_technique",
            ),
        ),
        migrations.AddConstraint(
            model_name="intervention",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("adrenaline", None), ("technique__in", ["trigger_point_injection"]), _connector="OR"
                ),
                name="dose_adrenaline_of_technique",
            ),
        ),
        AddConstraintNotValid(
            model_name="intervention",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("depth_mm", None),
                    ("needle_length_mm", None),
                    ("depth_mm__lte", models.F("needle_length_mm")),
                    _connector="OR",
                ),
                name="dose_depth_within_length",
            ),
        ),
        migrations.AddConstraint(
            model_name="override",
            constraint=models.UniqueConstraint(fields=("session", "kind", "code"), name="override_once"),
        ),
        migrations.AddConstraint(
            model_name="override",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["override", "acknowledgement"])), name="override_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="override",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind", "acknowledgement"),
                    models.Q(("reason", ""), ("seen_at", None), ("seen_by", ""), _negated=True),
                    _connector="OR",
                ),
                name="override_has_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="override",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("given_at", None), ("given_by", None)),
                    models.Q(("given_at__isnull", False), ("given_by__isnull", False)),
                    _connector="OR",
                ),
                name="override_given_by_and_at",
            ),
        ),
        migrations.AddConstraint(
            model_name="session",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("weight_kg", None), models.Q(("weight_kg__gte", 1), ("weight_kg__lte", 500)), _connector="OR"
                ),
                name="session_weight_within_limits",
            ),
        ),
        migrations.AddField(
            model_name="safetyentry",
            name="added_by",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="safetyentry",
            name="clinic",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.clinic",
            ),
        ),
        migrations.AddConstraint(
            model_name="safetyentry",
            constraint=models.UniqueConstraint(fields=("clinic", "version"), name="safetyentry_version_once"),
        ),
        migrations.AddConstraint(
            model_name="safetyentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("level__in", ["caution", "acknowledge", "stop"])), name="safetyentry_level_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="safetyentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("ended_because", ""), ("code__startswith", "own_"), _connector="OR"),
                name="safetyentry_default_never_ends",
            ),
        ),
        migrations.AddConstraint(
            model_name="safetyentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("code__startswith", "own_"), _negated=True),
                    models.Q(("reason", ""), ("source", ""), ("label", ""), _connector="OR", _negated=True),
                    _connector="OR",
                ),
                name="safetyentry_own_says_why",
            ),
        ),
        clinic_table("treatments_safetyentry"),
        final_table("treatments_safetyentry"),
        migrations.RunPython(code_agents_of_drafts, migrations.RunPython.noop),
    ]
