"""The words that a patient is found by."""

from __future__ import annotations

from patients import rules
from patients.models import Identifier, Patient, SearchKey, of_clinic


def index_patient(patient: Patient) -> None:
    """Rewrite the words that the patient is found by."""
    keys = rules.search_keys(
        names=[patient.family_name, patient.given_names],
        birth_date=patient.birth_date,
        identifiers=Identifier.objects.filter(patient=patient).values_list("value", flat=True),
    )
    had = dict(SearchKey.objects.filter(patient=patient).values_list("key", "pk"))
    SearchKey.objects.filter(pk__in=[pk for key, pk in had.items() if key not in keys]).delete()
    fresh = [SearchKey(patient=patient, key=key) for key in sorted(keys - had.keys())]
    SearchKey.objects.bulk_create(of_clinic(patient.clinic_id, fresh))
