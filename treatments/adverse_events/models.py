"""
Adverse events, and whether anybody asked about them.

Each row of `AdverseEvent` is one version and is final; the event's newest version counts. What a patient answers at a
visit is part of that visit's session, and is signed with it.
"""

from __future__ import annotations

from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from accounts.models import User
from identity.actor import Actor
from patients.models import OfPatient, Patient
from records.models import Part
from treatments.adverse_events import rules


def known_or_null(name: str, codes: list[str], constraint: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=Q(**{name: None}) | Q(**{f"{name}__in": codes}), name=constraint)


class AdverseEventQuerySet(models.QuerySet["AdverseEvent"]):
    def visible_to(self, actor: Actor) -> AdverseEventQuerySet:
        """The clinic's events. Row-level security says the same, should a view forget this call."""
        return self.filter(clinic_id=actor.clinic_id)

    def of_patients(self, patient_ids: list[UUID]) -> AdverseEventQuerySet:
        return self.filter(patient_id__in=patient_ids)

    def newest_versions(self) -> AdverseEventQuerySet:
        newer = AdverseEvent.objects.filter(event_id=OuterRef("event_id"), version__gt=OuterRef("version"))
        return self.filter(~Exists(newer))

    def newest_first(self) -> AdverseEventQuerySet:
        return self.order_by("-recorded_at", "-id")


class AdverseEvent(OfPatient):
    """
    One version of what went wrong after, or during, a treatment.

    `unconfirmed`: a patient's answer at home that a therapist has yet to judge; only `confirmed` ones count.
    """

    patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    event_id = models.UUIDField(help_text="the same for all versions")
    version = models.PositiveIntegerField(default=1)
    session = models.ForeignKey(
        "treatments.Session",
        on_delete=models.PROTECT,
        related_name="adverse_events",
        db_constraint=False,
        db_index=False,
    )
    status = models.TextField()
    source = models.TextField(help_text="clinic, or check_in: the patient's answer at home")
    check_in_id = models.UUIDField(null=True, help_text="the check-in that it began with")
    answers = ArrayField(models.TextField(), default=list, help_text="what the patient chose at home, as codes")
    codes = ArrayField(models.TextField(), default=list)
    severity = models.TextField(null=True)
    is_life_threatening = models.BooleanField(default=False)
    onset_at = models.DateTimeField(null=True)
    duration_min = models.PositiveIntegerField(null=True)
    causality = models.TextField(null=True)
    outcome = models.TextField(null=True)
    action = models.TextField(blank=True, default="", help_text="what was done about it")
    told = ArrayField(models.TextField(), default=list)
    note = models.TextField(blank=True, default="")
    reason = models.TextField(blank=True, default="", help_text="why this version was made, or why it is dismissed")
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects = AdverseEventQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "event_id", "version"], name="adverseevent_version_once"),
            models.CheckConstraint(condition=Q(version__gte=1), name="adverseevent_version_from_1"),
            models.CheckConstraint(condition=Q(status__in=rules.STATUSES), name="adverseevent_status_known"),
            models.CheckConstraint(
                condition=Q(source=rules.FROM_CLINIC, check_in_id=None)
                | Q(source=rules.FROM_CHECK_IN, check_in_id__isnull=False),
                name="adverseevent_source_known",
            ),
            models.CheckConstraint(condition=Q(codes__contained_by=rules.CODES), name="adverseevent_codes_known"),
            models.CheckConstraint(condition=Q(told__contained_by=rules.TOLD), name="adverseevent_told_known"),
            known_or_null("severity", rules.SEVERITIES, "adverseevent_severity_known"),
            known_or_null("causality", rules.CAUSALITIES, "adverseevent_causality_known"),
            known_or_null("outcome", rules.OUTCOMES, "adverseevent_outcome_known"),
            models.CheckConstraint(
                condition=~Q(status=rules.CONFIRMED)
                | (
                    ~Q(codes=[])
                    & Q(severity__isnull=False, onset_at__isnull=False, causality__isnull=False, outcome__isnull=False)
                ),
                name="adverseevent_confirmed_whole",
            ),
            models.CheckConstraint(
                condition=Q(severity=rules.SERIOUS)
                | (Q(is_life_threatening=False) & (Q(outcome=None) | ~Q(outcome=rules.FATAL))),
                name="adverseevent_grade_of_serious",
            ),
            models.CheckConstraint(
                condition=Q(onset_at=None) | Q(onset_at__lte=F("recorded_at")),
                name="adverseevent_onset_before_recorded",
            ),
            models.CheckConstraint(
                condition=Q(status=rules.UNCONFIRMED) | Q(recorded_by__isnull=False), name="adverseevent_by_name"
            ),
            models.CheckConstraint(
                condition=~Q(status=rules.DISMISSED) | ~Q(reason=""), name="adverseevent_dismissed_with_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["clinic", "patient", "-recorded_at"], name="adverseevent_of_patient"),
            models.Index(fields=["clinic", "session"], name="adverseevent_of_session"),
        ]

    @property
    def ctcae_grade(self) -> int | None:
        return rules.ctcae_grade(self.severity, is_life_threatening=self.is_life_threatening, outcome=self.outcome)

    @property
    def is_serious(self) -> bool:
        return self.status == rules.CONFIRMED and self.severity == rules.SERIOUS

    @property
    def facts(self) -> rules.EventFacts:
        names = rules.EventFacts.__dataclass_fields__
        return rules.EventFacts(**{name: getattr(self, name) for name in names})


class AdverseEventAnswer(Part):
    """What the patient said in this session about problems after an earlier one. Without a row nobody asked."""

    session = models.ForeignKey(
        "treatments.Session",
        on_delete=models.PROTECT,
        related_name="adverse_events_asked",
        db_constraint=False,
        db_index=False,
    )
    about = models.ForeignKey(
        "treatments.Session", on_delete=models.PROTECT, related_name="asked_about_in", db_constraint=False
    )
    answer = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "about"], name="adverseeventanswer_once"),
            models.CheckConstraint(condition=Q(answer__in=rules.ANSWERS), name="adverseeventanswer_known"),
            models.CheckConstraint(condition=~Q(session=F("about")), name="adverseeventanswer_of_another"),
        ]


class AdverseEventHomeAnswer(OfPatient):
    """That a patient was asked at home about a treatment, and answered; answering that check-in again changes it."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    session = models.ForeignKey(
        "treatments.Session", on_delete=models.PROTECT, related_name="asked_about_at_home", db_constraint=False
    )
    check_in_id = models.UUIDField()
    answer = models.TextField()
    answered_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "check_in_id"], name="adverseeventhomeanswer_once"),
            models.CheckConstraint(condition=Q(answer__in=rules.ANSWERS), name="adverseeventhomeanswer_known"),
        ]
