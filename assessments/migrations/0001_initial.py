import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import database.expressions


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        ("patients", "0001_initial"),
        ("records", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="BodyZone",
            fields=[
                ("id", models.TextField(primary_key=True, serialize=False)),
                ("label", models.TextField()),
                ("region", models.TextField()),
                ("views", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ("sided", models.BooleanField()),
                (
                    "synonyms",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
                ),
                ("search_text", models.TextField()),
                ("position", models.PositiveSmallIntegerField()),
                ("is_retired", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name="CatalogueLoad",
            fields=[
                ("version", models.TextField(primary_key=True, serialize=False)),
                ("loaded_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name="Caution",
            fields=[
                ("id", models.TextField(primary_key=True, serialize=False)),
                ("text", models.TextField()),
                ("is_retired", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name="Movement",
            fields=[
                ("id", models.TextField(primary_key=True, serialize=False)),
                ("label", models.TextField()),
                ("position", models.PositiveSmallIntegerField()),
                ("is_retired", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name="Muscle",
            fields=[
                ("id", models.TextField(primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("latin", models.TextField()),
                ("region", models.TextField()),
                ("group", models.TextField()),
                ("tier", models.TextField()),
                ("needling_risk", models.TextField()),
                ("self_pressure", models.TextField()),
                ("detail", models.JSONField(help_text="the catalogue's entry, whole")),
                ("search_text", models.TextField()),
                ("position", models.PositiveSmallIntegerField()),
                ("is_retired", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name="Assessment",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=database.expressions.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("performed_at", models.DateTimeField()),
                ("notes", models.TextField(blank=True, default="")),
                ("recorded_at", models.DateTimeField()),
                ("subject_id", models.UUIDField()),
                ("version", models.PositiveIntegerField(default=1)),
                ("signed_at", models.DateTimeField(null=True)),
                ("revision", models.PositiveIntegerField(default=1)),
                ("pain_now", models.SmallIntegerField(help_text="NPRS 0 to 10", null=True)),
                ("pain_worst_24h", models.SmallIntegerField(help_text="NPRS 0 to 10", null=True)),
                ("pain_best_24h", models.SmallIntegerField(help_text="NPRS 0 to 10", null=True)),
                ("current_symptom", models.TextField(default="not_recorded")),
                ("rule_set", models.TextField()),
                (
                    "gate_action",
                    models.TextField(default="none", help_text="the highest that the red flag answers ask for"),
                ),
                (
                    "gate_blocking",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(),
                        default=list,
                        help_text="red flags that stop treatment",
                        size=None,
                    ),
                ),
                (
                    "clinic",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.clinic",
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
                (
                    "record",
                    models.OneToOneField(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.record",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "revises",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="assessments.assessment",
                    ),
                ),
                (
                    "signed_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["clinic", "patient", "-performed_at", "-id"], name="assessment_of_patient"),
                    models.Index(
                        condition=models.Q(("signed_at", None)),
                        fields=["clinic", "-performed_at"],
                        name="assessment_drafts",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("pain_now", None), models.Q(("pain_now__gte", 0), ("pain_now__lte", 10)), _connector="OR"
                        ),
                        name="assessment_pain_now_on_scale",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("pain_worst_24h", None),
                            models.Q(("pain_worst_24h__gte", 0), ("pain_worst_24h__lte", 10)),
                            _connector="OR",
                        ),
                        name="assessment_pain_worst_on_scale",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("pain_best_24h", None),
                            models.Q(("pain_best_24h__gte", 0), ("pain_best_24h__lte", 10)),
                            _connector="OR",
                        ),
                        name="assessment_pain_best_on_scale",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("performed_at__lte", models.F("recorded_at"))),
                        name="assessment_performed_before_recorded",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("pain_best_24h__lte", models.F("pain_worst_24h")),
                            ("pain_best_24h", None),
                            ("pain_worst_24h", None),
                            _connector="OR",
                        ),
                        name="assessment_best_not_above_worst",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "rule_set__in",
                                [
                                    "delphi2018_any2",
                                    "delphi2018_all3",
                                    "simons1999",
                                    "gerwin1997",
                                    "classic4",
                                    "bron2011",
                                    "baeumler2023",
                                ],
                            )
                        ),
                        name="assessment_rule_set_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "gate_action__in",
                                [
                                    "none",
                                    "watchful_safety_net",
                                    "hold_treatment",
                                    "refer_routine",
                                    "refer_urgent",
                                    "refer_same_day",
                                    "emergency",
                                ],
                            )
                        ),
                        name="assessment_gate_action_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("current_symptom__in", ["yes", "no", "not_recorded"])),
                        name="assessment_current_symptom_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("record", None), ("signed_at", None), ("signed_by", None)),
                            models.Q(
                                ("record__isnull", False), ("signed_at__isnull", False), ("signed_by__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="assessment_signed_whole",
                    ),
                    models.UniqueConstraint(fields=("clinic", "subject_id", "version"), name="assessment_version_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PainMark",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=database.expressions.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("ordinal", models.PositiveSmallIntegerField()),
                ("side", models.TextField(choices=[("left", "Left"), ("right", "Right"), ("midline", "Midline")])),
                ("intensity", models.SmallIntegerField(help_text="NPRS 0 to 10", null=True)),
                (
                    "assessment",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pain_marks",
                        to="assessments.assessment",
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
                    "zone",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="assessments.bodyzone",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("assessment", "zone", "side"), name="pain_mark_once"),
                    models.CheckConstraint(
                        condition=models.Q(("side__in", ["left", "right", "midline"])), name="pain_mark_side_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("intensity", None),
                            models.Q(("intensity__gte", 0), ("intensity__lte", 10)),
                            _connector="OR",
                        ),
                        name="pain_mark_on_scale",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RangeOfMotion",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=database.expressions.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("ordinal", models.PositiveSmallIntegerField()),
                ("side", models.TextField(help_text="none for flexion and extension of the trunk and neck", null=True)),
                ("degrees", models.DecimalField(decimal_places=1, max_digits=4, null=True)),
                ("painful", models.BooleanField(null=True)),
                ("device", models.TextField(null=True)),
                (
                    "assessment",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="movements",
                        to="assessments.assessment",
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
                    "movement",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="assessments.movement",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("assessment", "movement", "side"), name="movement_once", nulls_distinct=False
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("degrees", None), models.Q(("degrees__gte", 0), ("degrees__lte", 360)), _connector="OR"
                        ),
                        name="movement_within_a_turn",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("movement", "cervical.flexion"), _negated=True),
                            ("degrees", None),
                            models.Q(("degrees__gte", 0), ("degrees__lte", 90)),
                            _connector="OR",
                        ),
                        name="movement_cervical_flexion_limit",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("movement", "cervical.extension"), _negated=True),
                            ("degrees", None),
                            models.Q(("degrees__gte", 0), ("degrees__lte", 110)),
                            _connector="OR",
                        ),
                        name="movement_cervical_extension_limit",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("movement", "cervical.lateral_flexion"), _negated=True),
                            ("degrees", None),
                            models.Q(("degrees__gte", 0), ("degrees__lte", 75)),
                            _connector="OR",
                        ),
                        name="movement_cervical_lateral_flexion_limit",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("movement", "cervical.rotation"), _negated=True),
                            ("degrees", None),
                            models.Q(("degrees__gte", 0), ("degrees__lte", 110)),
                            _connector="OR",
                        ),
                        name="movement_cervical_rotation_limit",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RedFlagAnswer",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=database.expressions.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("ordinal", models.PositiveSmallIntegerField()),
                ("code", models.TextField()),
                ("answer", models.TextField()),
                ("note", models.TextField(blank=True, default="")),
                (
                    "assessment",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="red_flag_answers",
                        to="assessments.assessment",
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
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("assessment", "code"), name="red_flag_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "code__in",
                                [
                                    "trauma_recent",
                                    "osteoporosis_steroid_fracture_risk",
                                    "fever_infection",
                                    "weight_loss_cancer_history",
                                    "night_pain_constant",
                                    "neuro_new",
                                    "myelopathy",
                                    "cauda_equina",
                                    "vascular_5d_3n",
                                    "severe_headache",
                                    "temporal_arteritis",
                                    "cardiac_mimic",
                                    "visceral_mimic",
                                    "dvt_calf",
                                    "inflammatory",
                                    "rheumatoid_downs",
                                    "psych_safety",
                                ],
                            )
                        ),
                        name="red_flag_code_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("answer__in", ["yes", "no", "not_asked", "declined"])),
                        name="red_flag_answer_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TriggerPoint",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=database.expressions.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("side", models.TextField(choices=[("left", "Left"), ("right", "Right")])),
                ("place", models.TextField(blank=True, default="")),
                ("place_key", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "clinic",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.clinic",
                    ),
                ),
                (
                    "muscle",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="assessments.muscle",
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
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("patient", "muscle", "side", "place_key"), name="trigger_point_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("side__in", ["left", "right"])), name="trigger_point_side_known"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Finding",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=database.expressions.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("ordinal", models.PositiveSmallIntegerField()),
                ("side", models.TextField(choices=[("left", "Left"), ("right", "Right")])),
                ("place", models.TextField(blank=True, default="")),
                ("point_view", models.TextField(null=True)),
                ("point_x", models.FloatField(null=True)),
                ("point_y", models.FloatField(null=True)),
                ("taut_band", models.TextField(default="not_tested")),
                ("hypersensitive_spot", models.TextField(default="not_tested")),
                ("referred_pain", models.TextField(default="not_tested")),
                ("palpable_nodule", models.TextField(default="not_tested")),
                ("local_twitch", models.TextField(default="not_tested")),
                ("jump_sign", models.TextField(default="not_tested")),
                ("restricted_rom", models.TextField(default="not_tested")),
                ("pain_on_contraction", models.TextField(default="not_tested")),
                ("weakness", models.TextField(default="not_tested")),
                ("autonomic", models.TextField(default="not_tested")),
                ("stress_aggravation", models.TextField(default="not_tested")),
                ("spot_in_band", models.TextField(default="unknown")),
                ("twitch_method", models.TextField(null=True)),
                (
                    "referred_quality",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
                ),
                ("recognised", models.TextField(default="not_asked")),
                ("pain_on_pressure", models.SmallIntegerField(help_text="NPRS 0 to 10", null=True)),
                (
                    "ppt_kpa",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.DecimalField(decimal_places=1, max_digits=6), default=list, size=None
                    ),
                ),
                ("probe_area_cm2", models.DecimalField(decimal_places=2, max_digits=4, null=True)),
                (
                    "limit_reasons",
                    models.JSONField(default=dict, help_text="why a value outside its usual range is right"),
                ),
                ("notes", models.TextField(blank=True, default="")),
                ("criteria", models.TextField()),
                ("class_code", models.TextField()),
                ("rule_set", models.TextField()),
                ("rule_set_version", models.PositiveSmallIntegerField()),
                (
                    "missing_tests",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
                ),
                (
                    "assessment",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="findings",
                        to="assessments.assessment",
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
                    "muscle",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="assessments.muscle",
                    ),
                ),
                (
                    "trigger_point",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sightings",
                        to="assessments.triggerpoint",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["clinic", "trigger_point"], name="finding_of_trigger_point")],
                "constraints": [
                    models.UniqueConstraint(fields=("assessment", "trigger_point"), name="finding_once_a_place"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "taut_band__in",
                                ["present", "absent", "not_tested", "unable", "equivocal", "declined", "not_reachable"],
                            )
                        ),
                        name="finding_taut_band_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "hypersensitive_spot__in",
                                ["present", "absent", "not_tested", "unable", "equivocal", "declined", "not_reachable"],
                            )
                        ),
                        name="finding_hypersensitive_spot_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "referred_pain__in",
                                ["present", "absent", "not_tested", "unable", "equivocal", "declined", "not_reachable"],
                            )
                        ),
                        name="finding_referred_pain_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "palpable_nodule__in",
                                ["present", "absent", "not_tested", "unable", "equivocal", "declined", "not_reachable"],
                            )
                        ),
                        name="finding_palpable_nodule_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "local_twitch__in",
                                ["present", "absent", "not_tested", "unable", "equivocal", "declined", "not_reachable"],
                            )
                        ),
                        name="finding_local_twitch_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "jump_sign__in",
                                ["present", "absent", "not_tested", "unable", "equivocal", "declined", "not_reachable"],
                            )
                        ),
                        name="finding_jump_sign_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "restricted_rom__in",
                                ["present", "absent", "not_tested", "unable", "equivocal", "declined", "not_reachable"],
                            )
                        ),
                        name="finding_restricted_rom_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "pain_on_contraction__in",
                                ["present", "absent", "not_tested", "unable", "equivocal", "declined", "not_reachable"],
                            )
                        ),
                        name="finding_pain_on_contraction_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "weakness__in",
                                ["present", "absent", "not_tested", "unable", "equivocal", "declined", "not_reachable"],
                            )
                        ),
                        name="finding_weakness_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "autonomic__in",
                                ["present", "absent", "not_tested", "unable", "equivocal", "declined", "not_reachable"],
                            )
                        ),
                        name="finding_autonomic_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "stress_aggravation__in",
                                ["present", "absent", "not_tested", "unable", "equivocal", "declined", "not_reachable"],
                            )
                        ),
                        name="finding_stress_aggravation_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("side__in", ["left", "right"])), name="finding_side_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("spot_in_band__in", ["yes", "no", "unknown"])),
                        name="finding_spot_in_band_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("recognised__in", ["yes", "no", "not_asked", "unsure"])),
                        name="finding_recognised_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("criteria__in", ["met", "not_met", "indeterminate"])),
                        name="finding_criteria_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "class_code__in",
                                ["active", "latent", "activity_undetermined", "no_trigger_point", "indeterminate"],
                            )
                        ),
                        name="finding_class_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("pain_on_pressure", None),
                            models.Q(("pain_on_pressure__gte", 0), ("pain_on_pressure__lte", 10)),
                            _connector="OR",
                        ),
                        name="finding_pain_on_scale",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ppt_kpa__len__lte", 3), ("ppt_kpa__len", None), _connector="OR"),
                        name="finding_ppt_trials",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Referral",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=database.expressions.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("ordinal", models.PositiveSmallIntegerField()),
                ("side", models.TextField(choices=[("left", "Left"), ("right", "Right"), ("midline", "Midline")])),
                (
                    "assessment",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="assessments.assessment",
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
                    "finding",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="referrals",
                        to="assessments.finding",
                    ),
                ),
                (
                    "zone",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="assessments.bodyzone",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("finding", "zone", "side"), name="referral_once"),
                    models.CheckConstraint(
                        condition=models.Q(("side__in", ["left", "right", "midline"])), name="referral_side_known"
                    ),
                ],
            },
        ),
    ]
