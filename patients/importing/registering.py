"""Register many new patients at once: the same checks as for one, and a statement a table instead of ten a patient."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.queries import clinic_country
from audit import actions as audit
from database.expressions import new_id
from identity.actor import Actor
from patients import actions, facts, rules
from patients.checks import check_details
from patients.importing.alerts import SOURCE, alerts_of, notes_of
from patients.importing.known import content_of
from patients.indexing import index_patients
from patients.matching import Number, Strength
from patients.models import (
    Alert,
    Condition,
    Identifier,
    ImportEntry,
    ImportRun,
    Medication,
    Note,
    Patient,
    of_clinic,
)
from patients.reading.incoming import Incoming
from patients.recognition.medicines import Own

# Any: the stubs know only the abstract model that the two have in common, and that has no patient.
MODELS: dict[str, Any] = {"condition": Condition, "medicine": Medication}


# Without these, or with wrong ones, nobody can tell who is meant.
ESSENTIAL = frozenset(["family_name", "given_names", "birth_date", "sex"])


@dataclass
class NewPatient:
    """A record that becomes a patient, with what is made of it."""

    incoming: Incoming
    patient: Patient
    alerts: list[actions.NewAlert]
    numbers: list[Number]


def prepare(
    incoming: Incoming, *, taken: Container[tuple[str, str]], own: Sequence[Own], by: Actor, at: datetime
) -> NewPatient:
    """
    :param taken: numbers that other patients have; they stay notes
    :raises Invalid: a detail is impossible
    """
    tidy_details(incoming, by=by, at=at)
    check_details(incoming.details, clinic_id=by.clinic_id, today=at.date())
    patient = Patient(id=new_id(), clinic_id=by.clinic_id, **incoming.details)
    patient.sort_name = rules.sort_name(patient.family_name, patient.given_names)
    numbers = {number.pair: number for number in incoming.numbers if is_kept(number) and number.pair not in taken}
    return NewPatient(incoming, patient, alerts_of(incoming.facts, own), list(numbers.values()))


def tidy_details(incoming: Incoming, *, by: Actor, at: datetime) -> None:
    """Leave out what cannot be right, such as a phone number that is none, as a note; a wrong name or date refuses."""
    country = clinic_country(by.clinic_id)
    for name, value in list(incoming.details.items()):
        incoming.details[name] = facts.tidy(name, value)
        if name in ESSENTIAL:
            continue
        if facts.problems_of({name: value}, today=at.date(), country=country).errors:
            del incoming.details[name]
            incoming.leave_out("unusable", name)
            note = ("other_contact", str(value))
            incoming.notes += [note] if note not in incoming.notes else []


def is_kept(number: Number) -> bool:
    """Whether a number is one of the patient's own. What families share, or nothing says, is a note."""
    return number.strength is not Strength.NOTHING and not number.is_shared


def notes_for(new: NewPatient) -> list[tuple[str, str]]:
    kept = {number.pair for number in new.numbers}
    return list(dict.fromkeys([*notes_of(new.incoming), *other_numbers(new.incoming, kept)]))


def other_numbers(incoming: Incoming, kept: Container[tuple[str, str]]) -> list[tuple[str, str]]:
    """Numbers that are not the patient's own, as notes."""
    return [("other_number", "|".join(n.pair)) for n in incoming.numbers if n.pair not in kept and n.value]


@transaction.atomic
def register(batch: Sequence[NewPatient], *, run: ImportRun, by: Actor, at: datetime) -> None:
    """
    Write new patients and all that hangs on them.

    :raises IntegrityError: a number is another patient's
    """
    clinic_id = by.clinic_id
    Patient.objects.bulk_create([new.patient for new in batch])
    identifiers = [Identifier(patient=n.patient, system=i.system, value=i.value) for n in batch for i in n.numbers]
    Identifier.objects.bulk_create(of_clinic(clinic_id, identifiers))
    index_patients([new.patient for new in batch])
    notes = [Note(patient=new.patient, kind=kind, text=text) for new in batch for kind, text in notes_for(new)]
    Note.objects.bulk_create(of_clinic(clinic_id, notes))
    for kind, model in MODELS.items():
        rows = [model(patient=new.patient, **fact) for new in batch for fact in facts_as_rows(new.incoming, kind)]
        model._default_manager.bulk_create(of_clinic(clinic_id, rows))
    _add_alerts(batch, by=by, at=at)
    entries = [
        ImportEntry(
            run=run,
            patient=new.patient,
            is_new=True,
            after={name: str(value) for name, value in new.incoming.details.items()},
            revision_after=new.patient.revision,
            content=content_of(new.incoming),
            updated=new.incoming.updated,
        )
        for new in batch
    ]
    ImportEntry.objects.bulk_create(of_clinic(clinic_id, entries))
    audit.log_each([("patient.register", new.patient.pk, new.patient.pk) for new in batch], by=by)


def facts_as_rows(incoming: Incoming, kind: str) -> list[dict[str, object]]:
    """Fields of a condition or medicine for each fact that holds, each once."""
    facts = {fact.key: fact for fact in incoming.facts if fact.kind == kind and not fact.ended}
    return [
        {"system": f.system, "code": f.code, "text": f.text, "since_date": f.since_date, "source": SOURCE}
        for f in facts.values()
    ]


def _add_alerts(batch: Sequence[NewPatient], *, by: Actor, at: datetime) -> None:
    with_alerts = [new for new in batch if new.alerts]
    rows = [
        Alert(patient=new.patient, noted_by_user_id=by.author_id, **vars(alert))
        for new in with_alerts
        for alert in new.alerts
    ]
    Alert.objects.bulk_create(of_clinic(by.clinic_id, rows))
    for new in with_alerts:
        for react in actions.AFTER_ALERTS:
            react(patient_id=new.patient.pk, by=by, at=at)
