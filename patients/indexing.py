"""The words that a patient is found by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from accounts.queries import clinic_country
from patients import facts, names
from patients.models import Identifier, NameForm, Patient, SearchKey

# Raise it when the keys of a patient change; `manage.py index_patients` rewrites those of a lower one.
KEYS_VERSION = 2


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


def keys_of(patient: Patient, identifiers: Iterable[str], *, country: str) -> set[str]:
    """Everything that a patient is found by, as a search or as a possible duplicate."""
    person = person_of(patient, country=country)
    return names.identity_keys(person) | names.search_keys(
        family_name=patient.family_name,
        given_names=patient.given_names,
        birth_date=patient.birth_date,
        identifiers=identifiers,
        email=person.email,
        phone=person.phone,
    )


def index_patients(patients: Sequence[Patient]) -> None:
    """Rewrite the words that patients of one clinic are found by."""
    if not patients:
        return
    clinic_id, country = patients[0].clinic_id, clinic_country(patients[0].clinic_id)
    numbers = defaultdict(list)
    for owner, value in Identifier.objects.filter(patient__in=patients).values_list("patient_id", "value"):
        numbers[owner].append(value)
    wanted = {
        (patient.pk, key): patient
        for patient in patients
        for key in keys_of(patient, numbers[patient.pk], country=country)
    }
    stale = []
    for row in SearchKey.objects.filter(patient__in=patients):
        patient = wanted.get((row.patient_id, row.key))
        if patient is not None and patient.sort_name == row.sort_name:
            del wanted[row.patient_id, row.key]
        else:
            stale.append(row.pk)
    SearchKey.objects.filter(pk__in=stale).delete()
    fresh = [
        SearchKey(clinic_id=clinic_id, patient=patient, key=key, sort_name=patient.sort_name)
        for (_pk, key), patient in sorted(wanted.items(), key=lambda item: item[0])
    ]
    SearchKey.objects.bulk_create(fresh)
    _index_words(clinic_id, patients)
    old = [patient.pk for patient in patients if patient.keys_version != KEYS_VERSION]
    if old:
        Patient.objects.filter(pk__in=old).update(keys_version=KEYS_VERSION)


def index_patient(patient: Patient) -> None:
    index_patients([patient])


def _index_words(clinic_id: UUID, patients: Sequence[Patient]) -> None:
    """Add the forms of words that are new to the clinic. Those that nobody has any more stay: they find nobody."""
    words = {
        word
        for patient in patients
        for word in names.name_words(family_name=patient.family_name, given_names=patient.given_names)
        if names.forms_of(word)
    }
    known = NameForm.objects.filter(clinic_id=clinic_id, form__in=words, word__in=words).values_list("form", "word")
    fresh = words - {word for form, word in known if form == word}
    rows = [
        NameForm(clinic_id=clinic_id, form=form, word=word)
        for word in sorted(fresh)
        for form in sorted(names.forms_of(word))
    ]
    NameForm.objects.bulk_create(rows, ignore_conflicts=True)
