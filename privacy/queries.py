"""What is asked of a patient's record, and which records need not be kept any longer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import DateTimeField, F, OuterRef, Subquery
from django.db.models.functions import Coalesce, Greatest

from accounts.models import Clinic
from accounts.rules import RETENTION
from patients.models import Patient
from privacy import rules
from privacy.models import RightsCase
from records.models import Record
from scheduling.models import Appointment

SHOWN = 200


@dataclass(frozen=True)
class Expired:
    """A patient whose record need not be kept any longer."""

    patient: Patient
    last_entry: date
    kept_until: date


def open_cases(patient_id: UUID) -> dict[str, RightsCase]:
    """Return what is in force for a patient, by kind."""
    return {case.kind: case for case in RightsCase.objects.open().filter(patient_id=patient_id)}


def with_last_entry(patients: Iterable[UUID] | None = None) -> list[tuple[Patient, datetime]]:
    """Return patients with the moment of their last entry (record, appointment or registration), the oldest first."""
    newest_record = Record.objects.filter(patient_id=OuterRef("pk")).order_by("-occurred_at").values("occurred_at")[:1]
    newest_visit = Appointment.objects.filter(patient_id=OuterRef("pk")).order_by("-starts_at").values("starts_at")[:1]
    rows = Patient.objects.living_record().annotate(
        last_entry=Greatest(
            F("created_at"),
            Coalesce(Subquery(newest_record), F("created_at")),
            Coalesce(Subquery(newest_visit), F("created_at")),
            output_field=DateTimeField(),
        )
    )
    if patients is not None:
        rows = rows.filter(pk__in=list(patients))
    return [(patient, patient.last_entry) for patient in rows.order_by("last_entry", "pk")[:SHOWN]]


def kept_until(clinic: Clinic, patient: Patient) -> date | None:
    """Return the first day on which the law lets a patient's record go; None: the clinic has said no law."""
    policy = RETENTION.get(clinic.retention)
    rows = with_last_entry([patient.pk])
    if policy is None or not rows:
        return None
    return rules.kept_until(policy, last_entry=rows[0][1].date(), birth_date=patient.birth_date)


def expired(clinic: Clinic, today: date) -> list[Expired]:
    """Return the patients whose record need not be kept any longer, the oldest first; none under a legal hold."""
    policy = RETENTION.get(clinic.retention)
    if policy is None:
        return []
    held = set(RightsCase.objects.open().filter(kind=rules.LEGAL_HOLD).values_list("patient_id", flat=True))
    over = []
    for patient, last_entry in with_last_entry():
        until = rules.kept_until(policy, last_entry=last_entry.date(), birth_date=patient.birth_date)
        if until <= today and patient.pk not in held:
            over.append(Expired(patient, last_entry.date(), until))
    return over
