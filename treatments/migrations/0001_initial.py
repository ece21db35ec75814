from decimal import Decimal

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import database.expressions


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        ("assessments", "0001_initial"),
        ("patients", "0001_initial"),
        ("records", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Session",
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
                ("response", models.TextField(blank=True, default="", help_text="how the patient took it")),
                (
                    "limit_reasons",
                    models.JSONField(default=dict, help_text="why the session as a whole is outside the usual"),
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
                        to="treatments.session",
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
                    models.Index(fields=["clinic", "patient", "-performed_at", "-id"], name="session_of_patient"),
                    models.Index(
                        condition=models.Q(("signed_at", None)),
                        fields=["clinic", "-performed_at"],
                        name="session_drafts",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("performed_at__lte", models.F("recorded_at"))),
                        name="session_performed_before_recorded",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("record", None), ("signed_at", None), ("signed_by", None)),
                            models.Q(
                                ("record__isnull", False), ("signed_at__isnull", False), ("signed_by__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="session_signed_whole",
                    ),
                    models.UniqueConstraint(fields=("clinic", "subject_id", "version"), name="session_version_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Override",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=database.expressions.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("ordinal", models.PositiveSmallIntegerField()),
                ("code", models.TextField()),
                ("reason", models.TextField()),
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
                    "session",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="overrides",
                        to="treatments.session",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("session", "code"), name="override_once"),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="override_has_reason"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Measure",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=database.expressions.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("ordinal", models.PositiveSmallIntegerField()),
                ("kind", models.TextField()),
                ("phase", models.TextField()),
                ("timing", models.TextField(help_text="how long after; only for after", null=True)),
                ("value", models.DecimalField(decimal_places=1, max_digits=6)),
                ("measured_at", models.DateTimeField()),
                ("side", models.TextField(choices=[("left", "Left"), ("right", "Right")], null=True)),
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
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="assessments.movement",
                    ),
                ),
                (
                    "trigger_point",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="assessments.triggerpoint",
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="measures",
                        to="treatments.session",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["pain", "ppt_kpa", "rom_deg"])), name="measure_kind_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("phase__in", ["before", "after"])), name="measure_phase_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("phase", "before"), ("timing", None)),
                            models.Q(("phase", "after"), ("timing__in", ["immediate", "24h", "48h", "72h", "later"])),
                            _connector="OR",
                        ),
                        name="measure_after_has_timing",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "pain"), ("value__gte", 0), ("value__lte", 10)),
                            models.Q(
                                ("kind", "ppt_kpa"), ("value__gte", Decimal("10")), ("value__lte", Decimal("2000"))
                            ),
                            models.Q(("kind", "rom_deg"), ("value__gte", 0), ("value__lte", 360)),
                            _connector="OR",
                        ),
                        name="measure_within_limits",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "rom_deg"), ("movement__isnull", False)),
                            models.Q(models.Q(("kind", "rom_deg"), _negated=True), ("movement", None)),
                            _connector="OR",
                        ),
                        name="measure_movement_only_of_range",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Intervention",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=database.expressions.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("ordinal", models.PositiveSmallIntegerField()),
                (
                    "technique",
                    models.TextField(
                        choices=[
                            ("ischemic_compression", "Ischemic compression"),
                            ("manual_pressure_release", "Manual pressure release"),
                            ("transverse_friction", "Transverse friction"),
                            ("muscle_energy_technique", "Muscle energy technique"),
                            ("strain_counterstrain", "Strain-counterstrain"),
                            ("massage", "Massage"),
                            ("myofascial_release", "Myofascial release"),
                            ("stretching", "Stretching"),
                            ("strengthening", "Strengthening"),
                            ("self_release_teaching", "Self-release taught"),
                            ("advice", "Advice"),
                            ("dry_needling", "Dry needling"),
                            ("trigger_point_injection", "Trigger point injection"),
                        ]
                    ),
                ),
                ("side", models.TextField(choices=[("left", "Left"), ("right", "Right")], null=True)),
                (
                    "limit_reasons",
                    models.JSONField(default=dict, help_text="why a value outside its usual range is right"),
                ),
                ("response", models.TextField(blank=True, default="")),
                ("hold_s", models.PositiveSmallIntegerField(null=True)),
                ("rest_s", models.PositiveSmallIntegerField(null=True)),
                ("repetitions", models.PositiveSmallIntegerField(null=True)),
                ("sets", models.PositiveSmallIntegerField(null=True)),
                ("minutes", models.DecimalField(decimal_places=1, max_digits=6, null=True)),
                ("pressure_discomfort_0_10", models.PositiveSmallIntegerField(null=True)),
                ("pain_during_0_10", models.PositiveSmallIntegerField(null=True)),
                ("barrier_steps", models.PositiveSmallIntegerField(null=True)),
                ("tool", models.TextField(null=True)),
                ("contraction_s", models.PositiveSmallIntegerField(null=True)),
                ("effort_pct", models.PositiveSmallIntegerField(null=True)),
                ("relax_s", models.PositiveSmallIntegerField(null=True)),
                ("stretch_s", models.PositiveSmallIntegerField(null=True)),
                ("tenderness_drop_pct", models.PositiveSmallIntegerField(null=True)),
                ("position", models.TextField(null=True)),
                ("direction", models.TextField(null=True)),
                ("area", models.TextField(null=True)),
                ("region", models.TextField(null=True)),
                ("pressure", models.TextField(null=True)),
                ("strokes", models.TextField(null=True)),
                ("sessions_per_week", models.PositiveSmallIntegerField(null=True)),
                ("weeks", models.PositiveSmallIntegerField(null=True)),
                ("days_per_week", models.PositiveSmallIntegerField(null=True)),
                ("exercise", models.TextField(null=True)),
                ("load", models.TextField(null=True)),
                ("topic", models.TextField(null=True)),
                ("needling_technique", models.TextField(null=True)),
                ("needle_diameter_mm", models.DecimalField(decimal_places=2, max_digits=7, null=True)),
                ("needle_length_mm", models.DecimalField(decimal_places=1, max_digits=6, null=True)),
                ("needle_gauge", models.PositiveSmallIntegerField(null=True)),
                ("brand_lot", models.TextField(null=True)),
                ("insertions", models.PositiveSmallIntegerField(null=True)),
                ("depth_mm", models.DecimalField(decimal_places=1, max_digits=6, null=True)),
                ("ltr_elicited", models.TextField(null=True)),
                ("ltr_count", models.PositiveSmallIntegerField(null=True)),
                ("retention_s", models.PositiveSmallIntegerField(null=True)),
                ("rotation", models.BooleanField(null=True)),
                ("es_waveform", models.TextField(null=True)),
                ("es_hz", models.DecimalField(decimal_places=1, max_digits=6, null=True)),
                ("es_pulse_us", models.PositiveSmallIntegerField(null=True)),
                ("es_minutes", models.DecimalField(decimal_places=1, max_digits=6, null=True)),
                ("es_intensity_label", models.TextField(null=True)),
                ("skin_prep", models.TextField(null=True)),
                ("gloves", models.BooleanField(null=True)),
                ("haemostasis_s", models.PositiveSmallIntegerField(null=True)),
                ("needles_in", models.PositiveSmallIntegerField(null=True)),
                ("needles_out", models.PositiveSmallIntegerField(null=True)),
                ("prescriber", models.TextField(null=True)),
                ("agent", models.TextField(null=True)),
                ("concentration_pct", models.DecimalField(decimal_places=3, max_digits=8, null=True)),
                ("volume_ml", models.DecimalField(decimal_places=2, max_digits=7, null=True)),
                ("additive", models.TextField(null=True)),
                ("lot", models.TextField(null=True)),
                ("expiry_date", models.DateField(null=True)),
                ("aspiration_done", models.BooleanField(null=True)),
                ("reaction", models.TextField(null=True)),
                ("observation_minutes", models.DecimalField(decimal_places=1, max_digits=6, null=True)),
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
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="assessments.muscle",
                    ),
                ),
                (
                    "trigger_point",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="treatments",
                        to="assessments.triggerpoint",
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="interventions",
                        to="treatments.session",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["clinic", "trigger_point"], name="intervention_of_point")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "technique__in",
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
                        name="intervention_technique_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("muscle", None), ("side", None)),
                            models.Q(("muscle__isnull", False), ("side__in", ["left", "right"])),
                            _connector="OR",
                        ),
                        name="intervention_muscle_has_side",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("trigger_point", None), ("muscle__isnull", False), _connector="OR"),
                        name="intervention_point_is_in_muscle",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("hold_s", None),
                            (
                                "technique__in",
                                [
                                    "ischemic_compression",
                                    "manual_pressure_release",
                                    "strain_counterstrain",
                                    "myofascial_release",
                                    "stretching",
                                    "strengthening",
                                    "self_release_teaching",
                                ],
                            ),
                            _connector="OR",
                        ),
                        name="dose_hold_s_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("rest_s", None),
                            ("technique__in", ["ischemic_compression", "self_release_teaching"]),
                            _connector="OR",
                        ),
                        name="dose_rest_s_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("repetitions", None),
                            (
                                "technique__in",
                                [
                                    "ischemic_compression",
                                    "muscle_energy_technique",
                                    "strain_counterstrain",
                                    "stretching",
                                    "strengthening",
                                    "self_release_teaching",
                                ],
                            ),
                            _connector="OR",
                        ),
                        name="dose_repetitions_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sets", None), ("technique__in", ["strengthening"]), _connector="OR"),
                        name="dose_sets_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("minutes", None),
                            ("technique__in", ["transverse_friction", "massage", "myofascial_release", "advice"]),
                            _connector="OR",
                        ),
                        name="dose_minutes_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("pressure_discomfort_0_10", None),
                            (
                                "technique__in",
                                ["ischemic_compression", "manual_pressure_release", "self_release_teaching"],
                            ),
                            _connector="OR",
                        ),
                        name="dose_pressure_discomfort_0_10_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("pain_during_0_10", None),
                            ("technique__in", ["dry_needling", "trigger_point_injection"]),
                            _connector="OR",
                        ),
                        name="dose_pain_during_0_10_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("barrier_steps", None), ("technique__in", ["manual_pressure_release"]), _connector="OR"
                        ),
                        name="dose_barrier_steps_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("tool", None),
                            ("technique__in", ["ischemic_compression", "self_release_teaching"]),
                            _connector="OR",
                        ),
                        name="dose_tool_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("contraction_s", None), ("technique__in", ["muscle_energy_technique"]), _connector="OR"
                        ),
                        name="dose_contraction_s_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("effort_pct", None), ("technique__in", ["muscle_energy_technique"]), _connector="OR"
                        ),
                        name="dose_effort_pct_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("relax_s", None), ("technique__in", ["muscle_energy_technique"]), _connector="OR"
                        ),
                        name="dose_relax_s_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("stretch_s", None), ("technique__in", ["muscle_energy_technique"]), _connector="OR"
                        ),
                        name="dose_stretch_s_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("tenderness_drop_pct", None), ("technique__in", ["strain_counterstrain"]), _connector="OR"
                        ),
                        name="dose_tenderness_drop_pct_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("position", None),
                            ("technique__in", ["strain_counterstrain", "dry_needling"]),
                            _connector="OR",
                        ),
                        name="dose_position_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("direction", None),
                            ("technique__in", ["myofascial_release", "stretching"]),
                            _connector="OR",
                        ),
                        name="dose_direction_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("area", None), ("technique__in", ["myofascial_release"]), _connector="OR"),
                        name="dose_area_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("region", None), ("technique__in", ["massage"]), _connector="OR"),
                        name="dose_region_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("pressure", None), ("technique__in", ["massage"]), _connector="OR"),
                        name="dose_pressure_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("strokes", None), ("technique__in", ["massage"]), _connector="OR"),
                        name="dose_strokes_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("sessions_per_week", None), ("technique__in", ["massage"]), _connector="OR"
                        ),
                        name="dose_sessions_per_week_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("weeks", None), ("technique__in", ["massage"]), _connector="OR"),
                        name="dose_weeks_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("days_per_week", None), ("technique__in", ["strengthening"]), _connector="OR"
                        ),
                        name="dose_days_per_week_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("exercise", None), ("technique__in", ["strengthening"]), _connector="OR"),
                        name="dose_exercise_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("load", None), ("technique__in", ["strengthening"]), _connector="OR"),
                        name="dose_load_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("topic", None), ("technique__in", ["advice"]), _connector="OR"),
                        name="dose_topic_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("needling_technique", None), ("technique__in", ["dry_needling"]), _connector="OR"
                        ),
                        name="dose_needling_technique_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("needling_technique", None),
                            (
                                "needling_technique__in",
                                ["superficial", "deep_pistoning", "retained", "retained_rotated", "electrical"],
                            ),
                            _connector="OR",
                        ),
                        name="dose_needling_technique_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("needle_diameter_mm", None), ("technique__in", ["dry_needling"]), _connector="OR"
                        ),
                        name="dose_needle_diameter_mm_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("needle_length_mm", None),
                            ("technique__in", ["dry_needling", "trigger_point_injection"]),
                            _connector="OR",
                        ),
                        name="dose_needle_length_mm_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("needle_gauge", None), ("technique__in", ["trigger_point_injection"]), _connector="OR"
                        ),
                        name="dose_needle_gauge_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("brand_lot", None), ("technique__in", ["dry_needling"]), _connector="OR"),
                        name="dose_brand_lot_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("insertions", None),
                            ("technique__in", ["dry_needling", "trigger_point_injection"]),
                            _connector="OR",
                        ),
                        name="dose_insertions_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("depth_mm", None), ("technique__in", ["dry_needling"]), _connector="OR"),
                        name="dose_depth_mm_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ltr_elicited", None),
                            ("technique__in", ["dry_needling", "trigger_point_injection"]),
                            _connector="OR",
                        ),
                        name="dose_ltr_elicited_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ltr_elicited", None), ("ltr_elicited__in", ["yes", "no", "not_sought"]), _connector="OR"
                        ),
                        name="dose_ltr_elicited_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ltr_count", None), ("technique__in", ["dry_needling"]), _connector="OR"),
                        name="dose_ltr_count_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("retention_s", None), ("technique__in", ["dry_needling"]), _connector="OR"),
                        name="dose_retention_s_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rotation", None), ("technique__in", ["dry_needling"]), _connector="OR"),
                        name="dose_rotation_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("es_waveform", None), ("technique__in", ["dry_needling"]), _connector="OR"),
                        name="dose_es_waveform_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("es_hz", None), ("technique__in", ["dry_needling"]), _connector="OR"),
                        name="dose_es_hz_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("es_pulse_us", None), ("technique__in", ["dry_needling"]), _connector="OR"),
                        name="dose_es_pulse_us_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("es_minutes", None), ("technique__in", ["dry_needling"]), _connector="OR"),
                        name="dose_es_minutes_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("es_intensity_label", None), ("technique__in", ["dry_needling"]), _connector="OR"
                        ),
                        name="dose_es_intensity_label_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("skin_prep", None), ("technique__in", ["dry_needling"]), _connector="OR"),
                        name="dose_skin_prep_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("gloves", None), ("technique__in", ["dry_needling"]), _connector="OR"),
                        name="dose_gloves_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("haemostasis_s", None), ("technique__in", ["dry_needling"]), _connector="OR"
                        ),
                        name="dose_haemostasis_s_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("needles_in", None),
                            ("technique__in", ["dry_needling", "trigger_point_injection"]),
                            _connector="OR",
                        ),
                        name="dose_needles_in_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("needles_out", None),
                            ("technique__in", ["dry_needling", "trigger_point_injection"]),
                            _connector="OR",
                        ),
                        name="dose_needles_out_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("prescriber", None), ("technique__in", ["trigger_point_injection"]), _connector="OR"
                        ),
                        name="dose_prescriber_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("agent", None), ("technique__in", ["trigger_point_injection"]), _connector="OR"
                        ),
                        name="dose_agent_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("concentration_pct", None), ("technique__in", ["trigger_point_injection"]), _connector="OR"
                        ),
                        name="dose_concentration_pct_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("volume_ml", None), ("technique__in", ["trigger_point_injection"]), _connector="OR"
                        ),
                        name="dose_volume_ml_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("additive", None), ("technique__in", ["trigger_point_injection"]), _connector="OR"
                        ),
                        name="dose_additive_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("lot", None), ("technique__in", ["trigger_point_injection"]), _connector="OR"
                        ),
                        name="dose_lot_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("expiry_date", None), ("technique__in", ["trigger_point_injection"]), _connector="OR"
                        ),
                        name="dose_expiry_date_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("aspiration_done", None), ("technique__in", ["trigger_point_injection"]), _connector="OR"
                        ),
                        name="dose_aspiration_done_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reaction", None), ("technique__in", ["trigger_point_injection"]), _connector="OR"
                        ),
                        name="dose_reaction_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("observation_minutes", None),
                            ("technique__in", ["trigger_point_injection"]),
                            _connector="OR",
                        ),
                        name="dose_observation_minutes_of_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("technique", "ischemic_compression"), _negated=True),
                            models.Q(
                                models.Q(
                                    ("hold_s", None),
                                    models.Q(("hold_s__gte", 5), ("hold_s__lte", 300)),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("repetitions", None),
                                    models.Q(("repetitions__gte", 0), ("repetitions__lte", 32767)),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("pressure_discomfort_0_10", None),
                                    models.Q(
                                        ("pressure_discomfort_0_10__gte", 0), ("pressure_discomfort_0_10__lte", 10)
                                    ),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("rest_s", None),
                                    models.Q(("rest_s__gte", 0), ("rest_s__lte", 32767)),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="dose_within_ischemic_compression",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("technique", "manual_pressure_release"), _negated=True),
                            models.Q(
                                models.Q(
                                    ("hold_s", None),
                                    models.Q(("hold_s__gte", 5), ("hold_s__lte", 300)),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("barrier_steps", None),
                                    models.Q(("barrier_steps__gte", 0), ("barrier_steps__lte", 32767)),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("pressure_discomfort_0_10", None),
                                    models.Q(
                                        ("pressure_discomfort_0_10__gte", 0), ("pressure_discomfort_0_10__lte", 10)
                                    ),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="dose_within_manual_pressure_release",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("technique", "transverse_friction"), _negated=True),
                            ("minutes", None),
                            models.Q(("minutes__gte", 0.5), ("minutes__lte", 15)),
                            _connector="OR",
                        ),
                        name="dose_within_transverse_friction",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("technique", "muscle_energy_technique"), _negated=True),
                            models.Q(
                                models.Q(
                                    ("contraction_s", None),
                                    models.Q(("contraction_s__gte", 1), ("contraction_s__lte", 30)),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("effort_pct", None),
                                    models.Q(("effort_pct__gte", 0), ("effort_pct__lte", 100)),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("repetitions", None),
                                    models.Q(("repetitions__gte", 1), ("repetitions__lte", 20)),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("relax_s", None),
                                    models.Q(("relax_s__gte", 0), ("relax_s__lte", 32767)),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("stretch_s", None),
                                    models.Q(("stretch_s__gte", 0), ("stretch_s__lte", 32767)),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="dose_within_muscle_energy_technique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("technique", "strain_counterstrain"), _negated=True),
                            models.Q(
                                models.Q(
                                    ("hold_s", None),
                                    models.Q(("hold_s__gte", 5), ("hold_s__lte", 300)),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("repetitions", None),
                                    models.Q(("repetitions__gte", 0), ("repetitions__lte", 32767)),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("tenderness_drop_pct", None),
                                    models.Q(("tenderness_drop_pct__gte", 0), ("tenderness_drop_pct__lte", 100)),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="dose_within_strain_counterstrain",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("technique", "massage"), _negated=True),
                            models.Q(
                                models.Q(
                                    ("minutes", None),
                                    models.Q(("minutes__gte", 1), ("minutes__lte", 180)),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("sessions_per_week", None),
                                    models.Q(("sessions_per_week__gte", 1), ("sessions_per_week__lte", 7)),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("weeks", None), models.Q(("weeks__gte", 1), ("weeks__lte", 52)), _connector="OR"
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="dose_within_massage",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("technique", "myofascial_release"), _negated=True),
                            models.Q(
                                models.Q(
                                    ("hold_s", None),
                                    models.Q(("hold_s__gte", 10), ("hold_s__lte", 900)),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("minutes", None),
                                    models.Q(("minutes__gte", 0), ("minutes__lte", 32767)),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="dose_within_myofascial_release",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("technique", "stretching"), _negated=True),
                            models.Q(
                                models.Q(
                                    ("hold_s", None),
                                    models.Q(("hold_s__gte", 3), ("hold_s__lte", 180)),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("repetitions", None),
                                    models.Q(("repetitions__gte", 0), ("repetitions__lte", 32767)),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="dose_within_stretching",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("technique", "strengthening"), _negated=True),
                            models.Q(
                                models.Q(
                                    ("sets", None), models.Q(("sets__gte", 0), ("sets__lte", 32767)), _connector="OR"
                                ),
                                models.Q(
                                    ("repetitions", None),
                                    models.Q(("repetitions__gte", 0), ("repetitions__lte", 32767)),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("hold_s", None),
                                    models.Q(("hold_s__gte", 0), ("hold_s__lte", 32767)),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("days_per_week", None),
                                    models.Q(("days_per_week__gte", 1), ("days_per_week__lte", 7)),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="dose_within_strengthening",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("technique", "self_release_teaching"), _negated=True),
                            models.Q(
                                models.Q(
                                    ("hold_s", None),
                                    models.Q(("hold_s__gte", 0), ("hold_s__lte", 120)),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("pressure_discomfort_0_10", None),
                                    models.Q(
                                        ("pressure_discomfort_0_10__gte", 0), ("pressure_discomfort_0_10__lte", 7)
                                    ),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("repetitions", None),
                                    models.Q(("repetitions__gte", 0), ("repetitions__lte", 32767)),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("rest_s", None),
                                    models.Q(("rest_s__gte", 0), ("rest_s__lte", 32767)),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="dose_within_self_release_teaching",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("technique", "advice"), _negated=True),
                            ("minutes", None),
                            models.Q(("minutes__gte", 0), ("minutes__lte", 32767)),
                            _connector="OR",
                        ),
                        name="dose_within_advice",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("technique", "dry_needling"), _negated=True),
                            models.Q(
                                models.Q(
                                    ("needle_diameter_mm", None),
                                    models.Q(("needle_diameter_mm__gte", 0.1), ("needle_diameter_mm__lte", 0.6)),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("needle_length_mm", None),
                                    models.Q(("needle_length_mm__gte", 5), ("needle_length_mm__lte", 130)),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("insertions", None),
                                    models.Q(("insertions__gte", 0), ("insertions__lte", 60)),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("depth_mm", None),
                                    models.Q(("depth_mm__gte", 0), ("depth_mm__lte", 130)),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("ltr_count", None),
                                    models.Q(("ltr_count__gte", 0), ("ltr_count__lte", 32767)),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("retention_s", None),
                                    models.Q(("retention_s__gte", 0), ("retention_s__lte", 3600)),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("es_hz", None), models.Q(("es_hz__gte", 0.5), ("es_hz__lte", 250)), _connector="OR"
                                ),
                                models.Q(
                                    ("es_pulse_us", None),
                                    models.Q(("es_pulse_us__gte", 0), ("es_pulse_us__lte", 32767)),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("es_minutes", None),
                                    models.Q(("es_minutes__gte", 0), ("es_minutes__lte", 60)),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("pain_during_0_10", None),
                                    models.Q(("pain_during_0_10__gte", 0), ("pain_during_0_10__lte", 10)),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("haemostasis_s", None),
                                    models.Q(("haemostasis_s__gte", 0), ("haemostasis_s__lte", 32767)),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("needles_in", None),
                                    models.Q(("needles_in__gte", 0), ("needles_in__lte", 32767)),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("needles_out", None),
                                    models.Q(("needles_out__gte", 0), ("needles_out__lte", 32767)),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="dose_within_dry_needling",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("technique", "trigger_point_injection"), _negated=True),
                            models.Q(
                                models.Q(
                                    ("concentration_pct", None),
                                    models.Q(("concentration_pct__gte", 0), ("concentration_pct__lte", 100)),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("volume_ml", None),
                                    models.Q(("volume_ml__gte", 0), ("volume_ml__lte", 32767)),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("needle_gauge", None),
                                    models.Q(("needle_gauge__gte", 0), ("needle_gauge__lte", 32767)),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("needle_length_mm", None),
                                    models.Q(("needle_length_mm__gte", 5), ("needle_length_mm__lte", 130)),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("insertions", None),
                                    models.Q(("insertions__gte", 0), ("insertions__lte", 60)),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("pain_during_0_10", None),
                                    models.Q(("pain_during_0_10__gte", 0), ("pain_during_0_10__lte", 10)),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("observation_minutes", None),
                                    models.Q(("observation_minutes__gte", 0), ("observation_minutes__lte", 32767)),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("needles_in", None),
                                    models.Q(("needles_in__gte", 0), ("needles_in__lte", 32767)),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("needles_out", None),
                                    models.Q(("needles_out__gte", 0), ("needles_out__lte", 32767)),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="dose_within_trigger_point_injection",
                    ),
                ],
            },
        ),
    ]
