"""Consents, their texts, withdrawals and copies. Every row is final: what changes is a new row."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from accounts.models import Clinic, User
from database.expressions import UUIDv7
from identity.actor import Actor
from messaging.models import Message
from patients.models import OfPatient, Patient
from treatments.consents import rules


def one_of(name: str, codes: list[str], constraint: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=models.Q(**{f"{name}__in": codes}), name=constraint)


class ConsentText(models.Model):
    """One version of a clinic's own text for a class of technique and a region, in one language."""

    id = models.UUIDField(primary_key=True, db_default=UUIDv7(), editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    technique_class = models.TextField()
    region = models.TextField()
    language = models.TextField(help_text="as in en or de")
    version = models.PositiveIntegerField(help_text="from 1, counted for each class, region and language")
    text = models.TextField(blank=True, help_text="empty: from here on the product's text is used again")
    risks = ArrayField(models.TextField(), default=list)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "technique_class", "region", "language", "version"], name="consenttext_version_once"
            ),
            one_of("technique_class", rules.TECHNIQUE_CLASSES, "consenttext_class_known"),
            one_of("region", rules.REGIONS, "consenttext_region_known"),
            models.CheckConstraint(condition=models.Q(version__gte=1), name="consenttext_version_from_1"),
        ]

    def __str__(self) -> str:
        return f"ConsentText {self.pk}"


class ConsentQuerySet(models.QuerySet["Consent"]):
    def visible_to(self, actor: Actor) -> ConsentQuerySet:
        """The clinic's consents. Row-level security says the same, should a view forget this call."""
        return self.filter(clinic_id=actor.clinic_id)

    def of_patients(self, patient_ids: list[UUID]) -> ConsentQuerySet:
        return self.filter(patient_id__in=patient_ids)

    def with_state(self) -> ConsentQuerySet:
        return self.select_related("withdrawal", "recorded_by").prefetch_related("copies")

    def newest_first(self) -> ConsentQuerySet:
        return self.order_by("-given_at", "-id")


class Consent(OfPatient):
    """
    What a patient agreed to, before which text, and how.

    The text and the risks are kept as the patient saw them, so a consent shows its text for ever.
    """

    patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    signing_id = models.UUIDField(help_text="the same for what was agreed to in one go")
    technique_class = models.TextField()
    region = models.TextField()
    language = models.TextField()
    text_version = models.TextField(help_text="`default 2026-11`, or `clinic 3`")
    clinic_text = models.ForeignKey(
        ConsentText, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    text = models.TextField()
    risks = ArrayField(models.TextField())
    how = models.TextField(help_text="signature, typed_name or verbal")
    signed_name = models.TextField(help_text="who consented, in their own name")
    signature = models.JSONField(null=True, help_text="strokes of points on a pad of 600 by 200")
    signature_sha256 = models.BinaryField(max_length=32, null=True)
    witness = models.TextField(blank=True, default="")
    guardian_relation = models.TextField(blank=True, default="", help_text="empty: the patient consented")
    given_at = models.DateTimeField()
    valid_days = models.PositiveSmallIntegerField(null=True, help_text="as the clinic had set it then")
    valid_until = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = ConsentQuerySet.as_manager()

    class Meta:
        constraints = [
            one_of("technique_class", rules.TECHNIQUE_CLASSES, "consent_class_known"),
            one_of("region", rules.REGIONS, "consent_region_known"),
            one_of("how", rules.WAYS, "consent_how_known"),
            models.CheckConstraint(
                condition=models.Q(how="signature", signature__isnull=False, signature_sha256__isnull=False)
                | (~models.Q(how="signature") & models.Q(signature=None, signature_sha256=None)),
                name="consent_signature_whole",
            ),
            models.CheckConstraint(
                condition=models.Q(how="signature") | ~models.Q(witness=""), name="consent_has_witness"
            ),
            models.CheckConstraint(
                condition=~models.Q(signed_name="") & ~models.Q(text=""), name="consent_has_name_and_text"
            ),
            models.CheckConstraint(
                condition=models.Q(given_at__lte=models.F("recorded_at")), name="consent_given_before_recorded"
            ),
            models.CheckConstraint(
                condition=models.Q(valid_days=None, valid_until=None)
                | models.Q(valid_days__isnull=False, valid_until__isnull=False, valid_until__gt=models.F("given_at")),
                name="consent_validity_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["clinic", "patient", "-given_at"], name="consent_of_patient"),
            models.Index(fields=["clinic", "signing_id"], name="consent_of_signing"),
        ]

    @property
    def scope(self) -> str:
        return f"{self.technique_class}/{self.region}"

    @property
    def withdrawn_at(self) -> Any:
        return self.withdrawal.withdrawn_at if hasattr(self, "withdrawal") else None

    @property
    def is_guardians(self) -> bool:
        return bool(self.guardian_relation)

    @property
    def known(self) -> rules.KnownConsent:
        return rules.KnownConsent(
            technique_class=self.technique_class,
            region=self.region,
            given_at=self.given_at,
            valid_until=self.valid_until,
            withdrawn_at=self.withdrawn_at,
            guardian=self.is_guardians,
        )


class ConsentWithdrawal(OfPatient):
    """That a consent no longer holds, from when on, and who said so."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    consent = models.OneToOneField(Consent, on_delete=models.PROTECT, related_name="withdrawal", db_constraint=False)
    withdrawn_at = models.DateTimeField()
    withdrawn_by = models.TextField(help_text="patient or guardian")
    reason = models.TextField(blank=True, default="", help_text="in the patient's words; nobody has to give one")
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            one_of("withdrawn_by", rules.WITHDRAWN_BY, "consentwithdrawal_by_known"),
            models.CheckConstraint(
                condition=models.Q(withdrawn_at__lte=models.F("recorded_at")),
                name="consentwithdrawal_before_recorded",
            ),
        ]


class ConsentCopy(OfPatient):
    """That the patient was given a copy of a consent, how and when; or that they did not want one."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    consent = models.ForeignKey(
        Consent, on_delete=models.PROTECT, related_name="copies", db_constraint=False, db_index=False
    )
    how = models.TextField(help_text="printed, link or declined")
    message = models.ForeignKey(Message, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    given_at = models.DateTimeField(db_default=Now())
    given_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name_plural = "consent copies"
        constraints = [
            one_of("how", rules.COPY_WAYS, "consentcopy_how_known"),
            models.CheckConstraint(
                condition=models.Q(how="link", message__isnull=False)
                | (~models.Q(how="link") & models.Q(message=None)),
                name="consentcopy_message_of_link",
            ),
        ]
        indexes = [models.Index(fields=["clinic", "consent"], name="consentcopy_of_consent")]
