"""Bring patients in from other systems: the command, the API and the admin page all come through here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.db import DatabaseError, transaction

from accounts.queries import clinic_country
from audit import actions as audit
from errors.exceptions import DomainError
from errors.texts import message_of
from identity.actor import Actor
from patients import actions, facts, rules
from patients.duplicates import as_json, possible_duplicates
from patients.fhir_reading import Incoming, Unreadable, read_csv, read_fhir_bundle, read_fhir_ndjson
from patients.models import Identifier, Patient

# Without these, or with wrong ones, nobody can tell who is meant.
ESSENTIAL = frozenset(["family_name", "given_names", "birth_date"])


@dataclass
class Line:
    """What became of one patient (or one unreadable place) of a file."""

    place: str
    outcome: str  # created, completed, unchanged, refused
    patient_id: str | None = None
    taken: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    why: str = ""
    possible_duplicates: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Report:
    """What an import did, or would do. It holds no names: ids and places in the file say which patient is meant."""

    dry_run: bool
    lines: list[Line] = field(default_factory=list)

    def count(self, outcome: str) -> int:
        return sum(line.outcome == outcome for line in self.lines)

    def as_dict(self) -> dict[str, Any]:
        counts = {name: self.count(name) for name in ("created", "completed", "unchanged", "refused")}
        return {"dry_run": self.dry_run, **counts, "lines": [asdict(line) for line in self.lines]}


class _Undo(Exception):
    """Ends a dry run's savepoint."""


def guess_format(name: str) -> str:
    suffix = name.rsplit(".", 1)[-1].lower()
    return {"ndjson": "fhir_ndjson", "jsonl": "fhir_ndjson", "csv": "csv", "tsv": "csv"}.get(suffix, "fhir_json")


def parse_file(
    text: str,
    *,
    file_format: str,
    place: str,
    columns: Mapping[str, str] | None = None,
    system: str = "import",
) -> Iterable[Incoming]:
    """:raises Unreadable: the file as a whole cannot be understood"""
    if file_format == "csv":
        return read_csv(text, place=place, columns=columns or {}, system=system)
    reader = read_fhir_ndjson if file_format == "fhir_ndjson" else read_fhir_bundle
    return reader(text, place=place)


def import_file(
    text: str,
    *,
    file_format: str,
    place: str,
    columns: Mapping[str, str] | None = None,
    system: str = "import",
    dry_run: bool,
    by: Actor,
    at: datetime,
    report: Report,
    progress: Callable[[], None] = lambda: None,
) -> None:
    """Take each patient of one file, each in a savepoint of its own, and add a line about each to the report."""
    try:
        for incoming in parse_file(text, file_format=file_format, place=place, columns=columns, system=system):
            report.lines.append(import_patient(incoming, dry_run=dry_run, by=by, at=at))
            progress()
    except Unreadable as refusal:
        report.lines.append(Line(place=place, outcome="refused", why=str(refusal)))


def import_patient(incoming: Incoming, *, dry_run: bool, by: Actor, at: datetime) -> Line:
    """Create the patient, or complete the one who has an identifier of theirs; no value of the clinic's is lost."""
    line = Line(place=incoming.place, outcome="refused", left_out=incoming.left_out)
    if incoming.error:
        line.why = incoming.error
        return line
    try:
        with transaction.atomic():
            _take(incoming, line, by=by, at=at)
            if dry_run:
                if line.outcome == "created":
                    line.patient_id = None
                raise _Undo
    except _Undo:
        pass
    except DomainError as refusal:
        line.outcome = "refused"
        line.why = "; ".join(f"{e.pointer} {message_of(e)}" for e in refusal.errors) or message_of(refusal)
    except DatabaseError:
        line.outcome, line.why = "refused", "the database refused a value"
    return line


def _take(incoming: Incoming, line: Line, *, by: Actor, at: datetime) -> None:
    _leave_out(incoming, line, by=by, at=at)
    identifiers = [actions.NewIdentifier(*pair) for pair in dict.fromkeys(incoming.identifiers)]
    patient = _find_patient(identifiers, by)
    if patient is None:
        patient = actions.register_patient(details=incoming.details, identifiers=identifiers, by=by, at=at)
        line.outcome = "created"
        line.taken.append("identity, contact and address: " + ", ".join(sorted(incoming.details)))
        line.taken.append(f"{len(identifiers)} identifiers")
    else:
        line.outcome = "completed" if _complete(patient, incoming, line, by=by, at=at) else "unchanged"
    line.patient_id = str(patient.pk)
    added = actions.add_facts(
        patient=patient,
        identifiers=identifiers,
        conditions=[actions.NewFact(**vars(fact), source="import") for fact in incoming.conditions],
        medications=[actions.NewFact(**vars(fact), source="import") for fact in incoming.medications],
        by=by,
        at=at,
    )
    if added:
        alerts = {m.text for m in incoming.medications if rules.alert_of_medicine(m.text)}
        counts = (len(incoming.conditions), len(incoming.medications), len(alerts))
        line.taken.append("{} active conditions, {} active medicines, {} alerts from them".format(*counts))
        line.outcome = "completed" if line.outcome == "unchanged" else line.outcome
    if line.outcome != "unchanged":
        line.possible_duplicates = as_json(possible_duplicates(patient, clinic_id=by.clinic_id))


def _leave_out(incoming: Incoming, line: Line, *, by: Actor, at: datetime) -> None:
    """Leave out what cannot be right, such as a phone number that is none; a wrong name or birth date refuses."""
    country = clinic_country(by.clinic_id)
    for name in [name for name in incoming.details if name not in ESSENTIAL]:
        errors = facts.problems_of({name: incoming.details[name]}, today=at.date(), country=country).errors
        if errors:
            del incoming.details[name]
            line.left_out.append(f"{name}: {message_of(errors[0])}")


def _find_patient(identifiers: list[actions.NewIdentifier], by: Actor) -> Patient | None:
    """The patient of this clinic who has one of these identifiers; a merged one stands for its survivor."""
    pairs = {(i.system, i.value) for i in identifiers}
    candidates = Identifier.objects.filter(clinic_id=by.clinic_id, value__in=[i.value for i in identifiers])
    for row in candidates.select_related("patient__merged_into").order_by("pk"):
        if (row.system, row.value) in pairs:
            return row.patient.in_use
    return None


def _complete(patient: Patient, incoming: Incoming, line: Line, *, by: Actor, at: datetime) -> bool:
    """Fill what is empty here. Where both have a value and they differ, the clinic's stays and the report says so."""
    patient = Patient.objects.select_for_update(of=("self",), no_key=True).get(pk=patient.pk)
    missing = {}
    for name, value in incoming.details.items():
        have = getattr(patient, name)
        if have in (None, "") or (name == "sex" and have == "unknown"):
            if value not in (None, "", "unknown"):
                missing[name] = value
        elif have != value:
            line.left_out.append(f"{name}: the clinic's own value is kept")
    if missing:
        actions.change_patient(patient=patient, changes=missing, by=by, at=at)
        line.taken.append("completed: " + ", ".join(sorted(missing)))
    return bool(missing)


def log_import(report: Report, *, by: Actor) -> None:
    """One event for the whole import, beside the one that each patient has."""
    audit.log(
        "patient.import_dry_run" if report.dry_run else "patient.import",
        by=by,
        code=" ".join(f"{name}={report.count(name)}" for name in ("created", "completed", "refused")),
    )
