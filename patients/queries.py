"""Reads that almost every request about a patient makes."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

from accounts.queries import clinic_zone
from database import tenancy
from database.sql import run_prepared
from errors.exceptions import NotFound
from patients.models import Alert, OwnMedicine, Patient
from patients.recognition.medicines import Own
from patients.rules import KnownAlert

# SQL, because pages of records and almost every request about a patient run it; in the ORM it took 5 times as long.
IDENTITIES = """
    SELECT id FROM patients_patient WHERE clinic_id = %(clinic)s AND id = %(id)s
    UNION ALL
    SELECT id FROM patients_patient WHERE clinic_id = %(clinic)s AND merged_into_id = %(id)s
"""


def identities(*, clinic_id: UUID, patient_id: UUID) -> list[UUID]:
    """
    The patient's id, first, and the ids of all that were merged into it: their records are one history.

    :raises NotFound: the clinic has no such patient
    """
    matches = [row[0] for row in run_prepared(IDENTITIES, {"clinic": clinic_id, "id": patient_id})]
    if patient_id not in matches:
        raise NotFound
    return matches


def zone_of(patient: Patient) -> ZoneInfo:
    """The patient's own time zone, or else the clinic's; no query where the patient was read with its clinic."""
    own = patient.in_use.time_zone
    if own:
        return ZoneInfo(own)
    if Patient.clinic.is_cached(patient):
        return ZoneInfo(patient.clinic.time_zone)
    return clinic_zone(patient.clinic_id)


def own_medicines(clinic_id: UUID) -> Sequence[Own]:
    """The clinic's own table of medicines."""
    lines = OwnMedicine.objects.filter(clinic_id=clinic_id).values("alert", "system", "code", "name")
    return tenancy.look_up("own_medicines", lambda: [Own(**line) for line in lines])


def list_alerts(patient_ids: Sequence[UUID]) -> list[KnownAlert]:
    """The current alerts of a person (under all ids of the record), as the safety rules read them."""
    current = Alert.objects.current().filter(patient_id__in=patient_ids).order_by("code", "id")
    return [KnownAlert(*facts) for facts in current.values_list("code", "side", "region")]
