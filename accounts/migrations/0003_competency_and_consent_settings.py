"""What a person is competent in, with its proof; and what a clinic decides about training and consent."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import database.expressions

TECHNIQUES = [
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
]
TRAININGS = ["dn_basic", "dn_thorax", "dn_suboccipital", "dn_pelvic", "injection_prescriber"]


def known(codes):
    return models.CheckConstraint(condition=models.Q(technique__in=codes), name="competency_technique_known")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_row_level_security"),
        ("scheduling", "0003_competency_moves_to_accounts"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            # The table is there, with its rows: scheduling's last migration renamed it.
            state_operations=[
                migrations.CreateModel(
                    name="Competency",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                db_default=database.expressions.UUIDv7(),
                                editable=False,
                                primary_key=True,
                                serialize=False,
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
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("technique", models.TextField(help_text="a technique, or the code of an advanced training")),
                        (
                            "valid_until",
                            models.DateField(help_text="its last day; empty: without an end", null=True),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("clinic", "user", "technique"), name="competency_once"),
                            known(TECHNIQUES),
                        ],
                    },
                ),
            ],
        ),
        migrations.RemoveConstraint("competency", "competency_technique_known"),
        migrations.AddConstraint("competency", known([*TECHNIQUES, *TRAININGS])),
        migrations.AddField(
            "competency",
            "proof",
            models.TextField(blank=True, db_default="", default="", help_text="certificate, course or reference"),
        ),
        migrations.AddField("competency", "proof_seen_on", models.DateField(null=True)),
        migrations.AddField(
            "competency",
            "proof_seen_by",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            "competency",
            models.CheckConstraint(
                condition=models.Q(("proof", ""), ("proof_seen_by", None), ("proof_seen_on", None))
                | models.Q(models.Q(("proof", ""), _negated=True), ("proof_seen_on__isnull", False)),
                name="competency_proof_seen",
            ),
        ),
        migrations.AddField(
            "clinic",
            "basic_training",
            models.TextField(
                choices=[
                    ("always", "Always"),
                    ("once_recorded", "Once the clinic has recorded a needling competency"),
                    ("never", "Never"),
                ],
                db_default="once_recorded",
                default="once_recorded",
                help_text="whether plain needling needs proof of the basic training",
            ),
        ),
        migrations.AddField(
            "clinic",
            "consent_valid_days",
            models.PositiveSmallIntegerField(
                help_text="how long a consent holds; empty: until it is withdrawn", null=True
            ),
        ),
        migrations.AddConstraint(
            "clinic",
            models.CheckConstraint(
                condition=models.Q(("basic_training__in", ["always", "once_recorded", "never"])),
                name="clinic_basic_training_known",
            ),
        ),
        migrations.AddConstraint(
            "clinic",
            models.CheckConstraint(
                condition=models.Q(
                    ("consent_valid_days", None),
                    models.Q(("consent_valid_days__gte", 1), ("consent_valid_days__lte", 3650)),
                    _connector="OR",
                ),
                name="clinic_consent_valid_days",
            ),
        ),
    ]
