from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models import Clinic
from assessments.models import TriggerPoint
from assessments.rules import FULL_TURN_DEG, PAIN, PPT_HARD_KPA, SIDES
from catalogue.models import Movement, Muscle
from database.choices import Side
from database.expressions import UUIDv7
from identity.actor import Actor
from records.models import Document, DocumentQuerySet, Part, one_of, signed_or_not
from treatments import rules, safety_entries
from treatments.adverse_events.models import AdverseEvent, AdverseEventAnswer, AdverseEventHomeAnswer
from treatments.aftercare.models import Aftercare, AftercareText
from treatments.consents.models import Consent, ConsentCopy, ConsentText, ConsentWithdrawal
from treatments.plans.models import PlanGoal, TreatmentPlan

__all__ = [
    "AdverseEvent", "AdverseEventAnswer", "AdverseEventHomeAnswer", "Aftercare", "AftercareText",
    "Consent", "ConsentCopy", "ConsentText", "ConsentWithdrawal",
    "Intervention", "Measure", "Override", "PlanGoal", "SafetyEntry", "Session", "SessionQuerySet", "TreatmentPlan",
]  # fmt: skip


class SessionQuerySet(DocumentQuerySet["Session"]):
    def with_parts(self) -> Self:
        return self.with_record().prefetch_related("interventions", "measures", "overrides", "adverse_events_asked")


class Session(Document):
    """One treatment of one patient."""

    response = models.TextField(blank=True, default="", help_text="how the patient took it")
    limit_reasons = models.JSONField(default=dict, help_text="why the session as a whole is outside the usual")
    weight_kg = models.DecimalField(max_digits=4, decimal_places=1, null=True, help_text="the patient's, on that day")
    safety = models.JSONField(
        null=True, help_text="what was known and shown when it was signed; empty in drafts and in older documents"
    )

    objects = SessionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(performed_at__lte=models.F("recorded_at")),
                name="session_performed_before_recorded",
            ),
            signed_or_not("session_signed_whole"),
            models.UniqueConstraint(fields=["clinic", "subject_id", "version"], name="session_version_once"),
            models.CheckConstraint(
                condition=models.Q(weight_kg=None)
                | models.Q(weight_kg__gte=rules.WEIGHT_KG[0], weight_kg__lte=rules.WEIGHT_KG[1]),
                name="session_weight_within_limits",
            ),
        ]
        indexes = [
            models.Index(fields=["clinic", "patient", "-performed_at", "-id"], name="session_of_patient"),
            models.Index(fields=["clinic", "-performed_at"], condition=models.Q(signed_at=None), name="session_drafts"),
            models.Index(fields=["clinic", "recorded_by", "-performed_at"], name="session_recorded"),
        ]


def dose_column(name: str) -> models.Field[Any, Any]:
    """The column of one dose field. None is "not recorded"."""
    field = rules.FIELDS[name]
    if field.kind == rules.WHOLE:
        return models.PositiveSmallIntegerField(null=True)
    if field.kind == rules.NUMBER:
        return models.DecimalField(max_digits=5 + field.decimals, decimal_places=field.decimals, null=True)
    if field.kind == rules.YES_NO:
        return models.BooleanField(null=True)
    if field.kind == rules.DATE:
        return models.DateField(null=True)
    return models.TextField(null=True)


def dose_constraints() -> list[models.CheckConstraint]:
    """No field of another technique, no value beyond the hard limits: as the rules' table says."""
    constraints = []
    for name, field in rules.FIELDS.items():
        of_others = models.Q(**{name: None}) | models.Q(technique__in=rules.techniques_with(name))
        constraints.append(models.CheckConstraint(condition=of_others, name=f"dose_{name}_of_technique"))
        if field.codes:
            is_known_code = models.Q(**{name: None}) | models.Q(**{f"{name}__in": list(field.codes)})
            constraints.append(models.CheckConstraint(condition=is_known_code, name=f"dose_{name}_known"))
    for code, technique in rules.TECHNIQUES.items():
        within = models.Q()
        for name, limits in technique.dose.items():
            if rules.is_measured(name):
                low, high = limits.hard
                within &= models.Q(**{name: None}) | models.Q(**{f"{name}__gte": low, f"{name}__lte": high})
        if within:
            condition = ~models.Q(technique=code) | within
            constraints.append(models.CheckConstraint(condition=condition, name=f"dose_within_{code}"))
    return constraints


class Intervention(Part):
    """
    One technique on one trigger point, or on a muscle, or in general.

    Its dose is one column a field (see `rules.FIELDS`); those of other techniques stay empty.
    """

    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="interventions", db_constraint=False)
    technique = models.TextField(choices=[(code, t.label) for code, t in rules.TECHNIQUES.items()])
    trigger_point = models.ForeignKey(
        TriggerPoint,
        null=True,
        on_delete=models.PROTECT,
        related_name="treatments",
        db_constraint=False,
        db_index=False,
    )
    muscle = models.ForeignKey(Muscle, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    side = models.TextField(choices=Side.choices, null=True)
    limit_reasons = models.JSONField(default=dict, help_text="why a value outside its usual range is right")
    response = models.TextField(blank=True, default="")
    unreviewed = models.BooleanField(
        default=False, db_default=False, help_text="brought from the last session, not confirmed yet"
    )

    class Meta:
        constraints = [
            one_of("technique", list(rules.TECHNIQUES), "intervention_technique_known"),
            models.CheckConstraint(
                condition=models.Q(side=None, muscle=None) | models.Q(side__in=SIDES, muscle__isnull=False),
                name="intervention_muscle_has_side",
            ),
            models.CheckConstraint(
                condition=models.Q(trigger_point=None) | models.Q(muscle__isnull=False),
                name="intervention_point_is_in_muscle",
            ),
            *dose_constraints(),
            # Not validated for what was signed before: see the migration.
            models.CheckConstraint(
                condition=models.Q(depth_mm=None)
                | models.Q(needle_length_mm=None)
                | models.Q(depth_mm__lte=models.F("needle_length_mm")),
                name="dose_depth_within_length",
            ),
        ]
        indexes = [models.Index(fields=["clinic", "trigger_point"], name="intervention_of_point")]

    @property
    def dose(self) -> dict[str, Any]:
        """The fields that were recorded, in the order of the technique's table."""
        own = rules.TECHNIQUES[self.technique].dose
        return {name: value for name in own if (value := getattr(self, name)) is not None}


for _name in rules.FIELDS:
    Intervention.add_to_class(_name, dose_column(_name))


class Measure(Part):
    """One value before or after: pain, pressure-pain threshold or range of motion."""

    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="measures", db_constraint=False)
    kind = models.TextField()
    phase = models.TextField()
    timing = models.TextField(null=True, help_text="how long after; only for after")
    value = models.DecimalField(max_digits=6, decimal_places=1)
    measured_at = models.DateTimeField()
    trigger_point = models.ForeignKey(
        TriggerPoint, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    movement = models.ForeignKey(Movement, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    side = models.TextField(choices=Side.choices, null=True)

    class Meta:
        constraints = [
            one_of("kind", rules.MEASURE_KINDS, "measure_kind_known"),
            one_of("phase", rules.PHASES, "measure_phase_known"),
            models.CheckConstraint(
                condition=models.Q(phase="before", timing=None) | models.Q(phase="after", timing__in=rules.TIMINGS),
                name="measure_after_has_timing",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="pain", value__gte=PAIN[0], value__lte=PAIN[1])
                | models.Q(kind="ppt_kpa", value__gte=PPT_HARD_KPA[0], value__lte=PPT_HARD_KPA[1])
                | models.Q(kind="rom_deg", value__gte=FULL_TURN_DEG[0], value__lte=FULL_TURN_DEG[1]),
                name="measure_within_limits",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="rom_deg", movement__isnull=False)
                | (~models.Q(kind="rom_deg") & models.Q(movement=None)),
                name="measure_movement_only_of_range",
            ),
        ]


class Override(Part):
    """
    That a stop was passed in this session, and why; or that something shown was acknowledged. By name.

    Those from before names were kept have none: they are the session's author's.
    """

    class Kind(models.TextChoices):
        OVERRIDE = "override", "A stop was passed, with a reason"
        ACKNOWLEDGEMENT = "acknowledgement", "Something shown was acknowledged"

    session = models.ForeignKey(
        Session, on_delete=models.PROTECT, related_name="overrides", db_constraint=False, db_index=False
    )
    kind = models.TextField(choices=Kind.choices, default=Kind.OVERRIDE, db_default=Kind.OVERRIDE)
    code = models.TextField(help_text="the red flag, or the entry of the safety list")
    reason = models.TextField(blank=True)
    seen_by = models.TextField(blank=True, default="", db_default="", help_text="who saw the patient, in an emergency")
    seen_at = models.DateTimeField(null=True)
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    given_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "kind", "code"], name="override_once"),
            one_of("kind", ["override", "acknowledgement"], "override_kind_known"),
            models.CheckConstraint(
                condition=models.Q(kind="acknowledgement") | ~models.Q(reason="", seen_by="", seen_at=None),
                name="override_has_reason",
            ),
            models.CheckConstraint(
                condition=models.Q(given_by=None, given_at=None)
                | models.Q(given_by__isnull=False, given_at__isnull=False),
                name="override_given_by_and_at",
            ),
        ]


class SafetyEntryQuerySet(models.QuerySet["SafetyEntry"]):
    def visible_to(self, actor: Actor) -> SafetyEntryQuerySet:
        return self.filter(clinic_id=actor.clinic_id)


class SafetyEntry(models.Model):
    """
    A clinic's own row of the safety list, or a default row made stricter. Final; a later row of the code replaces it.

    The list in force is the default one with the newest row of each code (`safety_table.effective_list`).
    """

    id = models.UUIDField(primary_key=True, db_default=UUIDv7(), editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    version = models.PositiveIntegerField(help_text="from 1, counted for the clinic's list as a whole")
    code = models.TextField(help_text="of a default row, or the clinic's own")
    level = models.TextField()
    label = models.TextField(blank=True, default="")
    reason = models.TextField(blank=True, default="")
    source = models.TextField(blank=True, default="")
    tags = ArrayField(models.TextField(), default=list)
    alert = models.TextField(blank=True, default="")
    where = models.TextField(default=safety_entries.ANYWHERE)
    muscles = ArrayField(models.TextField(), default=list)
    regions = ArrayField(models.TextField(), default=list)
    is_overridable = models.BooleanField(default=True)
    ended_because = models.TextField(blank=True, default="", help_text="an own row that no longer counts")
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    added_at = models.DateTimeField()

    objects = SafetyEntryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "version"], name="safetyentry_version_once"),
            one_of("level", safety_entries.LEVELS, "safetyentry_level_known"),
            models.CheckConstraint(
                condition=models.Q(ended_because="") | models.Q(code__startswith=safety_entries.OWN_CODE),
                name="safetyentry_default_never_ends",
            ),
            models.CheckConstraint(
                condition=~models.Q(code__startswith=safety_entries.OWN_CODE)
                | ~(models.Q(reason="") | models.Q(source="") | models.Q(label="")),
                name="safetyentry_own_says_why",
            ),
        ]

    def __str__(self) -> str:
        return f"SafetyEntry {self.pk}"
