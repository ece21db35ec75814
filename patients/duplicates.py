"""Which patients of the clinic may be the same person, and which are known to be two."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q

from accounts.queries import clinic_country
from patients import names
from patients.indexing import person_of
from patients.models import Patient, SearchKey, TwoPeople

MOST_CANDIDATES = 300  # as many may share a birth date or a common name
MOST_SHOWN = 10


@dataclass(frozen=True)
class Duplicate:
    """A patient who may be the same person, and why."""

    patient: Patient
    likeness: names.Likeness

    def as_json(self) -> dict[str, Any]:
        """Ids and codes only."""
        return {"id": str(self.patient.pk), "reason": self.likeness.reason, "alike": list(self.likeness.alike)}


def possible_duplicates(
    patient: Patient | Mapping[str, Any], *, clinic_id: UUID, known_as_two: bool = False
) -> list[Duplicate]:
    """
    The clinic's patients in use who may be the same person, the likeliest first.

    :param patient: a patient, or the details of somebody who is none yet
    :param known_as_two: also those of whom somebody has said that they are two people
    """
    person = person_of(patient, country=clinic_country(clinic_id))
    others = Patient.objects.filter(clinic_id=clinic_id).living_record()
    if isinstance(patient, Patient):
        others = others.exclude(pk__in={patient.pk, *(() if known_as_two else said_to_be_others(patient.pk))})
    # Keys first: `IN (SELECT ...)` lets the planner walk all patients instead.
    keys = SearchKey.objects.filter(key__in=names.identity_keys(person)).values_list("patient_id", flat=True)
    wanted = Q(pk__in=list(keys[:MOST_CANDIDATES]))
    if person.birth_date is not None:
        wanted |= Q(birth_date=person.birth_date)
    found = []
    for other in others.filter(wanted)[: 2 * MOST_CANDIDATES]:
        likeness = names.likeness(person, person_of(other, country=clinic_country(clinic_id)))
        if likeness is not None:
            found.append(Duplicate(other, likeness))
    found.sort(key=lambda one: (names.REASONS.index(one.likeness.reason), str(one.patient.pk)))
    return found[:MOST_SHOWN]


def said_to_be_others(patient_id: UUID) -> set[UUID]:
    """The patients of whom somebody has said that they are other people than this one."""
    pairs = TwoPeople.objects.filter(Q(one_id=patient_id) | Q(other_id=patient_id)).values_list("one_id", "other_id")
    return {pk for pair in pairs for pk in pair} - {patient_id}


def as_json(duplicates: Iterable[Duplicate]) -> list[dict[str, Any]]:
    return [one.as_json() for one in duplicates]
