from __future__ import annotations

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from accounts.models import Clinic
from assessments import rules
from assessments.outcomes.models import Outcome, OutcomeSettings, OutcomeWithdrawal
from assessments.red_flag_models import Clearance, RaisedFlag
from assessments.red_flag_table import ANSWER_SIDES, ANSWER_SOURCES
from catalogue.models import BodyZone, Movement, Muscle
from database.choices import Side, ZoneSide
from database.expressions import UUIDv7
from patients.models import Patient
from patients.rules import BODY_REGIONS
from records.models import Document, DocumentQuerySet, Part, one_of, signed_or_not

# Models with a module of their own.
__all__ = ["Clearance", "Outcome", "OutcomeSettings", "OutcomeWithdrawal", "RaisedFlag"]


def on_pain_scale(field: str, name: str) -> models.CheckConstraint:
    low, high = rules.PAIN
    within = models.Q(**{f"{field}__gte": low, f"{field}__lte": high})
    return models.CheckConstraint(condition=models.Q(**{field: None}) | within, name=name)


# --- Trigger points -------------------------------------------------------------------------------------------


class TriggerPoint(models.Model):
    """
    A place in a patient's muscle that is found and treated again over time.

    Findings are its sightings, interventions its treatments. `place_key` is the place as it is compared: `Mid-belly`
    and `mid belly` are one. `number` is the patient's own, given by the database for life: it is the same on each
    screen, on paper and in the API. A point that was merged stays, with its number, and is counted as the one it went
    into.
    """

    id = models.UUIDField(primary_key=True, db_default=UUIDv7(), editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+", db_index=False)
    patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    muscle = models.ForeignKey(Muscle, on_delete=models.PROTECT, related_name="+", db_index=False)
    side = models.TextField(choices=Side.choices)
    place = models.TextField(blank=True, default="")
    place_key = models.TextField(blank=True, default="")
    number = models.PositiveIntegerField(db_default=0, editable=False, help_text="0: the database gives the next one")
    merged_into = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="merged", db_constraint=False, db_index=False
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["patient", "number"], name="trigger_point_number_once"),
            models.CheckConstraint(condition=models.Q(number__gt=0), name="trigger_point_numbered"),
            models.CheckConstraint(
                condition=models.Q(merged_into=None) | ~models.Q(merged_into=models.F("id")),
                name="trigger_point_not_into_itself",
            ),
            one_of("side", rules.SIDES, "trigger_point_side_known"),
        ]
        indexes = [
            models.Index(fields=["clinic", "muscle", "side"], name="trigger_point_by_muscle"),
            models.Index(
                fields=["merged_into"], condition=models.Q(merged_into__isnull=False), name="trigger_point_merged"
            ),
        ]

    def __str__(self) -> str:
        return f"TriggerPoint {self.pk}"


class PointMerge(models.Model):
    """
    That two points are one, or no longer. Rows are only added; the newest of a point says what holds.

    Signed documents keep the ids under which they were signed.
    """

    id = models.UUIDField(primary_key=True, db_default=UUIDv7(), editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    point = models.ForeignKey(
        TriggerPoint, on_delete=models.PROTECT, related_name="merges", db_constraint=False, db_index=False
    )
    into = models.ForeignKey(
        TriggerPoint,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
        help_text="none: split off again",
    )
    reason = models.TextField()
    merged_at = models.DateTimeField()
    merged_by_user_id = models.UUIDField(null=True)
    merged_by_client_id = models.TextField(default="")

    class Meta:
        indexes = [models.Index(fields=["clinic", "point", "id"], name="point_merge_of_point")]

    def __str__(self) -> str:
        return f"PointMerge {self.pk}"


# --- Assessment -----------------------------------------------------------------------------------------------


class AssessmentQuerySet(DocumentQuerySet["Assessment"]):
    def with_parts(self) -> Self:
        return self.with_record().prefetch_related("findings__referrals", "movements", "red_flag_answers", "pain_marks")


class Assessment(Document):
    """One exam of one patient."""

    pain_now = models.SmallIntegerField(null=True, help_text="NPRS 0 to 10")
    pain_worst_24h = models.SmallIntegerField(null=True, help_text="NPRS 0 to 10")
    pain_best_24h = models.SmallIntegerField(null=True, help_text="NPRS 0 to 10")
    current_symptom = models.TextField(default="not_recorded")
    rule_set = models.TextField()
    gate_action = models.TextField(default="none", help_text="the highest that the red flag answers ask for")
    gate_blocking = ArrayField(models.TextField(), default=list, help_text="red flags that stop treatment")

    objects = AssessmentQuerySet.as_manager()

    class Meta:
        constraints = [
            on_pain_scale("pain_now", "assessment_pain_now_on_scale"),
            on_pain_scale("pain_worst_24h", "assessment_pain_worst_on_scale"),
            on_pain_scale("pain_best_24h", "assessment_pain_best_on_scale"),
            models.CheckConstraint(
                condition=models.Q(performed_at__lte=models.F("recorded_at")),
                name="assessment_performed_before_recorded",
            ),
            models.CheckConstraint(
                condition=models.Q(pain_best_24h__lte=models.F("pain_worst_24h"))
                | models.Q(pain_best_24h=None)
                | models.Q(pain_worst_24h=None),
                name="assessment_best_not_above_worst",
            ),
            one_of("rule_set", list(rules.RULE_SETS), "assessment_rule_set_known"),
            one_of("gate_action", rules.ACTIONS, "assessment_gate_action_known"),
            one_of("current_symptom", rules.CURRENT_SYMPTOM_VALUES, "assessment_current_symptom_known"),
            signed_or_not("assessment_signed_whole"),
            models.UniqueConstraint(fields=["clinic", "subject_id", "version"], name="assessment_version_once"),
        ]
        indexes = [
            models.Index(fields=["clinic", "patient", "-performed_at", "-id"], name="assessment_of_patient"),
            models.Index(
                fields=["clinic", "-performed_at"],
                condition=models.Q(signed_at=None),
                name="assessment_drafts",
            ),
            # Whom a therapist has worked with lately, and whom of those to see again.
            models.Index(fields=["clinic", "recorded_by", "-performed_at"], name="assessment_recorded"),
            models.Index(fields=["clinic", "signed_by", "performed_at"], name="assessment_signed"),
        ]


class Finding(Part):
    """What one palpated spot showed: signs as they were recorded, and the class that the rule set makes of them."""

    assessment = models.ForeignKey(
        Assessment, on_delete=models.PROTECT, related_name="findings", db_constraint=False, db_index=False
    )
    trigger_point = models.ForeignKey(
        TriggerPoint, on_delete=models.PROTECT, related_name="sightings", db_constraint=False, db_index=False
    )
    muscle = models.ForeignKey(Muscle, on_delete=models.PROTECT, related_name="+", db_index=False)
    side = models.TextField(choices=Side.choices)
    place = models.TextField(blank=True, default="")
    point_view = models.TextField(null=True)
    point_x = models.FloatField(null=True)
    point_y = models.FloatField(null=True)
    taut_band = models.TextField(default="not_tested")
    hypersensitive_spot = models.TextField(default="not_tested")
    referred_pain = models.TextField(default="not_tested")
    palpable_nodule = models.TextField(default="not_tested")
    local_twitch = models.TextField(default="not_tested")
    jump_sign = models.TextField(default="not_tested")
    restricted_rom = models.TextField(default="not_tested")
    pain_on_contraction = models.TextField(default="not_tested")
    weakness = models.TextField(default="not_tested")
    autonomic = models.TextField(default="not_tested")
    stress_aggravation = models.TextField(default="not_tested")
    spot_in_band = models.TextField(default="unknown")
    twitch_method = models.TextField(null=True)
    referred_quality = ArrayField(models.TextField(), default=list)
    recognised = models.TextField(default="not_asked")
    pain_on_pressure = models.SmallIntegerField(null=True, help_text="NPRS 0 to 10")
    ppt_kpa = ArrayField(models.DecimalField(max_digits=6, decimal_places=1), default=list)
    probe_area_cm2 = models.DecimalField(max_digits=4, decimal_places=2, null=True)
    limit_reasons = models.JSONField(default=dict, help_text="why a value outside its usual range is right")
    notes = models.TextField(blank=True, default="")
    criteria = models.TextField()
    class_code = models.TextField()
    rule_set = models.TextField()
    rule_set_version = models.PositiveSmallIntegerField()
    missing_tests = ArrayField(models.TextField(), default=list)
    unreviewed = models.BooleanField(default=False, help_text="brought from the last exam, not confirmed yet")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assessment", "trigger_point"], name="finding_once_a_place"),
            *(one_of(sign, rules.SIGN_VALUES, f"finding_{sign}_known") for sign in rules.SIGNS),
            one_of("side", rules.SIDES, "finding_side_known"),
            one_of("spot_in_band", rules.YES_NO_UNKNOWN, "finding_spot_in_band_known"),
            one_of("recognised", rules.RECOGNISED_VALUES, "finding_recognised_known"),
            one_of("criteria", rules.CRITERIA_VALUES, "finding_criteria_known"),
            one_of("class_code", rules.CLASSES, "finding_class_known"),
            on_pain_scale("pain_on_pressure", "finding_pain_on_scale"),
            models.CheckConstraint(
                condition=models.Q(ppt_kpa__len__lte=rules.MAX_PPT_TRIALS) | models.Q(ppt_kpa__len=None),
                name="finding_ppt_trials",
            ),
        ]
        indexes = [models.Index(fields=["clinic", "trigger_point"], name="finding_of_trigger_point")]

    @property
    def signs(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in [*rules.SIGNS, "spot_in_band"]}


class Referral(Part):
    """A zone to which the pain was referred."""

    finding = models.ForeignKey(
        Finding, on_delete=models.PROTECT, related_name="referrals", db_constraint=False, db_index=False
    )
    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    zone = models.ForeignKey(BodyZone, on_delete=models.PROTECT, related_name="+", db_index=False)
    side = models.TextField(choices=ZoneSide.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["finding", "zone", "side"], name="referral_once"),
            one_of("side", rules.ZONE_SIDES, "referral_side_known"),
        ]


class RangeOfMotion(Part):
    assessment = models.ForeignKey(
        Assessment, on_delete=models.PROTECT, related_name="movements", db_constraint=False, db_index=False
    )
    movement = models.ForeignKey(Movement, on_delete=models.PROTECT, related_name="+", db_index=False)
    side = models.TextField(null=True, help_text="none for flexion and extension of the trunk and neck")
    degrees = models.DecimalField(max_digits=4, decimal_places=1, null=True)
    painful = models.BooleanField(null=True)
    device = models.TextField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["assessment", "movement", "side"], nulls_distinct=False, name="movement_once"
            ),
            models.CheckConstraint(
                condition=models.Q(degrees=None) | models.Q(degrees__gte=0, degrees__lte=360),
                name="movement_within_a_turn",
            ),
            *(
                models.CheckConstraint(
                    condition=~models.Q(movement=movement)
                    | models.Q(degrees=None)
                    | models.Q(degrees__gte=low, degrees__lte=high),
                    name=f"movement_{movement.replace('.', '_')}_limit",
                )
                for movement, (low, high) in rules.ROM_HARD_DEG.items()
            ),
        ]


class RedFlagAnswer(Part):
    assessment = models.ForeignKey(
        Assessment, on_delete=models.PROTECT, related_name="red_flag_answers", db_constraint=False, db_index=False
    )
    code = models.TextField()
    answer = models.TextField()
    note = models.TextField(blank=True, default="")
    source = models.TextField(blank=True, default="", help_text="how it was asked; empty: not recorded")
    regions = ArrayField(models.TextField(), default=list, help_text="what the answer is about; empty: not named")
    side = models.TextField(null=True, help_text="none: not named")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assessment", "code"], name="red_flag_once"),
            one_of("code", list(rules.RED_FLAGS), "red_flag_code_known"),
            one_of("answer", rules.RED_FLAG_ANSWERS, "red_flag_answer_known"),
            one_of("source", ["", *ANSWER_SOURCES], "red_flag_source_known"),
            models.CheckConstraint(
                condition=models.Q(regions__contained_by=BODY_REGIONS), name="red_flag_regions_known"
            ),
            models.CheckConstraint(
                condition=models.Q(side=None) | models.Q(side__in=ANSWER_SIDES), name="red_flag_side_known"
            ),
        ]


class PainMark(Part):
    """A zone that the patient drew."""

    assessment = models.ForeignKey(
        Assessment, on_delete=models.PROTECT, related_name="pain_marks", db_constraint=False, db_index=False
    )
    zone = models.ForeignKey(BodyZone, on_delete=models.PROTECT, related_name="+", db_index=False)
    side = models.TextField(choices=ZoneSide.choices)
    intensity = models.SmallIntegerField(null=True, help_text="NPRS 0 to 10")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assessment", "zone", "side"], name="pain_mark_once"),
            one_of("side", rules.ZONE_SIDES, "pain_mark_side_known"),
            on_pain_scale("intensity", "pain_mark_on_scale"),
        ]
