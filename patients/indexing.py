"""The words that a patient is found by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accounts.queries import clinic_country
from patients import facts, names, rules
from patients.models import Identifier, Patient, SearchKey, of_clinic

# Raise it when the keys of a patient change; `manage.py index_patients` rewrites those of a lower one.
KEYS_VERSION = 1


def person_of(patient: Patient | Mapping[str, Any], *, country: str) -> names.Person:
    """
    What somebody is compared by.

    :param patient: a patient, or the details of somebody who is none yet
    """
    value = patient.get if isinstance(patient, Mapping) else lambda name: getattr(patient, name)
    try:
        phone = facts.e164(value("phone") or "", country)
    except ValueError:
        phone = ""
    return names.Person(
        family_name=value("family_name") or "",
        given_names=value("given_names") or "",
        birth_date=value("birth_date"),
        email=value("email") or "",
        phone=phone,
    )


def index_patient(patient: Patient) -> None:
    """Rewrite the words that the patient is found by."""
    keys = rules.search_keys(
        names=[patient.family_name, patient.given_names],
        birth_date=patient.birth_date,
        identifiers=Identifier.objects.filter(patient=patient).values_list("value", flat=True),
    )
    keys |= names.identity_keys(person_of(patient, country=clinic_country(patient.clinic_id)))
    had = dict(SearchKey.objects.filter(patient=patient).values_list("key", "pk"))
    SearchKey.objects.filter(pk__in=[pk for key, pk in had.items() if key not in keys]).delete()
    fresh = [SearchKey(patient=patient, key=key) for key in sorted(keys - had.keys())]
    SearchKey.objects.bulk_create(of_clinic(patient.clinic_id, fresh))
    if patient.keys_version != KEYS_VERSION:
        Patient.objects.filter(pk=patient.pk).update(keys_version=KEYS_VERSION)
