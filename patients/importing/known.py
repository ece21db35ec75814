"""Whom the clinic knows, as `matching` compares people."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from patients import rules
from patients.matching import Number, Person, Strength, date_text
from patients.models import ImportEntry, Patient, ReviewItem
from patients.reading.incoming import Incoming, to_json


def identity_of(incoming: Incoming) -> str:
    """What a person decided about, as a digest: numbers, present name, birth date, sex and order of birth."""
    person = incoming.person
    facts = [
        sorted(n.pair for n in person.numbers),
        person.names[:1],
        person.birth_date,
        person.sex,
        person.birth_order,
    ]
    return _digest(facts)


def content_of(incoming: Incoming) -> str:
    """The whole record as a digest, wherever it stood."""
    return _digest({k: v for k, v in to_json(incoming).items() if k not in {"place", "left_out", "errors"}})


def _digest(facts: object) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


class KnownPeople:
    """Everybody who may be one of these records, read in a few statements."""

    def __init__(self, rows: Sequence[Incoming], clinic_id: UUID) -> None:
        self.by_pair: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.by_name_and_birth: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.people: dict[str, Person] = {}
        self.patients: dict[str, Patient] = {}
        ids = self._ids_by_number(rows, clinic_id) | self._ids_by_name(rows, clinic_id)
        self.by_content = self._ids_by_content(rows, clinic_id)
        self.decided = self._decided(rows, clinic_id)
        self._load(ids | set(self.by_content.values()))

    def may_be(self, incoming: Incoming) -> list[Person]:
        """The people who share a number, or a name and the birth date, with a record."""
        keys: set[str] = set()
        for number in incoming.numbers:
            keys |= self.by_pair.get(number.pair, set())
        for name in incoming.names:
            keys |= self.by_name_and_birth.get((rules.sort_name(*name), incoming.birth_date), set())
        return [self.people[key] for key in keys]

    def _ids_by_number(self, rows: Iterable[Incoming], clinic_id: UUID) -> set[UUID]:
        values = {number.value for row in rows for number in row.numbers if number.strength is not Strength.NOTHING}
        patients = Patient.objects.filter(clinic_id=clinic_id, identifiers__value__in=values)
        return set(patients.values_list("pk", flat=True)) if values else set()

    def _ids_by_name(self, rows: Iterable[Incoming], clinic_id: UUID) -> set[UUID]:
        dated = [row for row in rows if "birth_date" in row.details]
        names = {rules.sort_name(*name) for row in dated for name in row.names}
        days = {row.details["birth_date"] for row in dated}
        alike = Patient.objects.filter(clinic_id=clinic_id, birth_date__in=days, sort_name__in=names)
        return set(alike.values_list("pk", flat=True)) if dated else set()

    def _ids_by_content(self, rows: Iterable[Incoming], clinic_id: UUID) -> dict[str, UUID]:
        """The very record that was imported before; asked only where no number identifies."""
        weak = [row for row in rows if all(number.strength is not Strength.IDENTIFIES for number in row.numbers)]
        contents = {content_of(row) for row in weak}
        entries = ImportEntry.objects.filter(clinic_id=clinic_id, content__in=contents, run__undone_at=None)
        return dict(entries.values_list("content", "patient_id")) if weak else {}

    def _decided(self, rows: Iterable[Incoming], clinic_id: UUID) -> dict[str, ReviewItem]:
        if not ReviewItem.objects.filter(clinic_id=clinic_id).exists():
            return {}
        items = ReviewItem.objects.filter(clinic_id=clinic_id, identity__in={identity_of(row) for row in rows})
        return {item.identity: item for item in items.order_by("created_at", "id")}

    def _load(self, ids: set[UUID]) -> None:
        """A merged record stands for its survivor."""
        if not ids:
            return
        found = Patient.objects.filter(pk__in=ids).select_related("merged_into")
        survivors = {patient.in_use.pk for patient in found}
        merged = {patient.pk: patient.in_use.pk for patient in found if patient.is_merged}
        self.by_content = {content: merged.get(pk, pk) for content, pk in self.by_content.items()}
        for patient in Patient.objects.filter(pk__in=survivors).prefetch_related("identifiers", "notes"):
            person = person_of(patient)
            self.people[person.key], self.patients[person.key] = person, patient
            for number in person.numbers:
                self.by_pair[number.pair].add(person.key)
            for name in person.names:
                self.by_name_and_birth[(rules.sort_name(*name), person.birth_date)].add(person.key)


def person_of(patient: Patient) -> Person:
    """A patient as `matching` compares people; identifiers and notes must be fetched."""
    notes = defaultdict(list)
    for note in patient.notes.all():
        notes[note.kind].append(note.text)
    numbers = [Number(row.system, row.value) for row in patient.identifiers.all()]
    for text in notes["other_number"]:
        system, _, value = text.rpartition("|")
        numbers.append(Number(system, value, kinds=("family",)))
    order = next((int(text) for text in notes["multiple_birth"] if text.isdigit()), None)
    return Person(
        key=str(patient.pk),
        numbers=frozenset(numbers),
        names=((patient.family_name, patient.given_names), *_earlier(notes["other_name"])),
        birth_date=date_text(patient.birth_date, next(iter(notes["birth_date"]), "")),
        sex=patient.sex,
        birth_order=order,
    )


def _earlier(texts: Iterable[str]) -> list[tuple[str, str]]:
    """Names that notes hold as `given family (use)`."""
    pairs = []
    for text in texts:
        words = text.rpartition(" (")[0].split()
        if words:
            pairs.append((words[-1], " ".join(words[:-1])))
    return pairs
