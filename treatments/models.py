from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import models

from assessments.models import Document, Movement, Muscle, Part, TriggerPoint, one_of, signed_or_not
from assessments.rules import FULL_TURN_DEG, PAIN, PPT_HARD_KPA, SIDES
from clinic.caller import Caller
from clinic.choices import Side
from treatments import rules
from treatments.consents.models import Consent, ConsentCopy, ConsentText, ConsentWithdrawal

__all__ = [
    "Consent", "ConsentCopy", "ConsentText", "ConsentWithdrawal",
    "Intervention", "Measure", "Override", "Session", "SessionQuerySet",
]  # fmt: skip


class SessionQuerySet(models.QuerySet["Session"]):
    def visible_to(self, caller: Caller) -> SessionQuerySet:
        """The clinic's sessions. Row-level security says the same, should a view forget this word."""
        return self.filter(clinic_id=caller.clinic_id)

    def of_patients(self, patient_ids: list[UUID]) -> SessionQuerySet:
        return self.filter(patient_id__in=patient_ids)

    def drafts(self) -> SessionQuerySet:
        return self.filter(signed_at=None)

    def newest_first(self) -> SessionQuerySet:
        return self.order_by("-performed_at", "-id")

    def with_record(self) -> SessionQuerySet:
        return self.select_related("record__mark").defer("record__document")

    def with_parts(self) -> SessionQuerySet:
        return self.with_record().prefetch_related("interventions", "measures", "overrides")


class Session(Document):
    """One treatment of one patient."""

    response = models.TextField(blank=True, default="", help_text="how the patient took it")
    limit_reasons = models.JSONField(default=dict, help_text="why the session as a whole is outside the usual")

    objects = SessionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(performed_at__lte=models.F("recorded_at")),
                name="session_performed_before_recorded",
            ),
            signed_or_not("session_signed_whole"),
            models.UniqueConstraint(fields=["clinic", "subject_id", "version"], name="session_version_once"),
        ]
        indexes = [
            models.Index(fields=["clinic", "patient", "-performed_at", "-id"], name="session_of_patient"),
            models.Index(fields=["clinic", "-performed_at"], condition=models.Q(signed_at=None), name="session_drafts"),
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
    found = []
    for name, field in rules.FIELDS.items():
        of_others = models.Q(**{name: None}) | models.Q(technique__in=rules.techniques_with(name))
        found.append(models.CheckConstraint(condition=of_others, name=f"dose_{name}_of_technique"))
        if field.codes:
            known = models.Q(**{name: None}) | models.Q(**{f"{name}__in": list(field.codes)})
            found.append(models.CheckConstraint(condition=known, name=f"dose_{name}_known"))
    for code, technique in rules.TECHNIQUES.items():
        within = models.Q()
        for name, limits in technique.dose.items():
            if rules.is_measured(name):
                low, high = limits.hard
                within &= models.Q(**{name: None}) | models.Q(**{f"{name}__gte": low, f"{name}__lte": high})
        if within:
            condition = ~models.Q(technique=code) | within
            found.append(models.CheckConstraint(condition=condition, name=f"dose_within_{code}"))
    return found


class Intervention(Part):
    """
    One technique on one trigger point, or on a muscle, or in general.

    Its dose is one column a field (see `rules.FIELDS`); those of other techniques stay empty.
    """

    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="interventions", db_constraint=False)
    technique = models.TextField(choices=[(code, t.label) for code, t in rules.TECHNIQUES.items()])
    trigger_point = models.ForeignKey(
        TriggerPoint, null=True, on_delete=models.PROTECT, related_name="treatments", db_constraint=False
    )
    muscle = models.ForeignKey(Muscle, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    side = models.TextField(choices=Side.choices, null=True)
    limit_reasons = models.JSONField(default=dict, help_text="why a value outside its usual range is right")
    response = models.TextField(blank=True, default="")

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
    """That a red flag's stop was passed over in this session, and why. By whom: the session's author."""

    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="overrides", db_constraint=False)
    code = models.TextField()
    reason = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "code"], name="override_once"),
            models.CheckConstraint(condition=~models.Q(reason=""), name="override_has_reason"),
        ]
