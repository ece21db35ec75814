"""Bring a patient whom the clinic knows up to what a source says today; what the clinic itself entered stays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from audit import actions as audit
from identity.actor import Actor
from patients import actions
from patients.importing.alerts import SOURCE, alerts_of, notes_of
from patients.importing.known import content_of
from patients.importing.registering import MODELS, is_kept, other_numbers, tidy_details
from patients.importing.reports import Line
from patients.models import Alert, Identifier, ImportEntry, ImportRun, Note, Patient, of_clinic
from patients.reading.incoming import Fact, Incoming, Remark
from patients.recognition.medicines import Own

KINDS: dict[str, Any] = {"identifier": Identifier, "alert": Alert, "note": Note, **MODELS}
ENDED_REASON = "Import: the source says that this no longer holds."


@transaction.atomic
def complete(
    patient: Patient, incoming: Incoming, line: Line, *, run: ImportRun, own: Sequence[Own], by: Actor, at: datetime
) -> ImportEntry | None:
    """
    Fill what is empty, renew what came from an import and nobody has edited since, add facts.

    :raises DomainError: a value is impossible
    """
    patient = Patient.objects.select_for_update(of=("self",), no_key=True).get(pk=patient.pk)
    ids_before = _ids(patient)
    tidy_details(incoming, by=by, at=at)
    changes = _changes(patient, incoming, line)
    before = {name: _plain(getattr(patient, name)) for name in changes}
    if changes:
        actions.change_patient(patient=patient, changes=changes, by=by, at=at)
        line.taken.append(Remark("completed", ", ".join(sorted(changes))))
    added = _add_facts(patient, incoming, own, by=by, at=at)
    if added:
        line.taken.append(Remark("facts", str(added)))
    if not changes and not added:
        return None
    line.outcome = "completed"
    patient.refresh_from_db(fields=["revision"])
    ids = _ids(patient)
    return ImportEntry.objects.create(
        clinic_id=by.clinic_id,
        run=run,
        patient=patient,
        is_new=False,
        before=before,
        after={name: _plain(getattr(patient, name)) for name in changes},
        added={kind: sorted(ids[kind] - ids_before[kind]) for kind in ids if ids[kind] - ids_before[kind]},
        revision_after=patient.revision,
        content=content_of(incoming),
        updated=incoming.updated,
    )


def _plain(value: object) -> str | None:
    return None if value is None else str(value)


def _ids(patient: Patient) -> dict[str, set[str]]:
    return {
        kind: {str(pk) for pk in model._default_manager.filter(patient=patient).values_list("pk", flat=True)}
        for kind, model in KINDS.items()
    }


def _changes(patient: Patient, incoming: Incoming, line: Line) -> dict[str, str | date]:
    """What is empty here, or was imported, not edited since, and not read from something newer."""
    imported, updated = _imported(patient)
    is_stale = bool(incoming.updated and updated and incoming.updated < updated)
    changes = {}
    for name, value in incoming.details.items():
        have = getattr(patient, name)
        is_unknown = value in (None, "", "unknown")
        if have == value or is_unknown:
            continue
        is_empty = have in (None, "") or (name == "sex" and have == "unknown")
        has_died = name == "status" and have != Patient.Status.DECEASED
        if is_empty or has_died or (imported.get(name, "") == _plain(have) and not is_stale):
            changes[name] = value
        else:
            line.left_out.append(Remark("own_kept", name))
    return changes


def _imported(patient: Patient) -> tuple[dict[str, str | None], str]:
    """The value that an import gave each field last, and when the source had last changed it."""
    values: dict[str, str | None] = {}
    updated = ""
    for entry in ImportEntry.objects.filter(patient=patient, run__undone_at=None).order_by("id"):
        values |= entry.after
        updated = max(updated, entry.updated)
    return values, updated


def _add_facts(patient: Patient, incoming: Incoming, own: Sequence[Own], *, by: Actor, at: datetime) -> int:
    taken = _taken(incoming, patient)
    mine = {number.pair: number for number in incoming.numbers if is_kept(number) and number.pair not in taken}
    added = actions.add_facts(
        patient=patient,
        identifiers=[actions.NewIdentifier(*pair) for pair in mine],
        alerts=alerts_of(incoming.facts, own),
        conditions=_new_facts(incoming.facts, "condition"),
        medications=_new_facts(incoming.facts, "medicine"),
        by=by,
        at=at,
    )
    added += _revive(patient, incoming.facts)
    had = set(Note.objects.filter(patient=patient).values_list("kind", "text"))
    own_pairs = set(Identifier.objects.filter(patient=patient).values_list("system", "value"))
    notes = [note for note in [*notes_of(incoming), *other_numbers(incoming, own_pairs)] if note not in had]
    rows = [Note(patient=patient, kind=kind, text=text) for kind, text in dict.fromkeys(notes)]
    Note.objects.bulk_create(of_clinic(by.clinic_id, rows))
    if rows:
        Patient.objects.filter(pk=patient.pk).update(revision=F("revision") + 1)
    return added + len(rows)


def _taken(incoming: Incoming, patient: Patient) -> set[tuple[str, str]]:
    values = [number.value for number in incoming.numbers]
    others = Identifier.objects.filter(clinic_id=patient.clinic_id, value__in=values).exclude(patient=patient)
    return set(others.values_list("system", "value"))


def _new_facts(facts: Iterable[Fact], kind: str) -> list[actions.NewFact]:
    return [
        actions.NewFact(f.text, f.system, f.code, f.since_date, SOURCE) for f in facts if f.kind == kind and not f.ended
    ]


def _revive(patient: Patient, facts: Iterable[Fact]) -> int:
    """What an import had ended, and the source has again. What somebody at the clinic ended stays ended."""
    ended: dict[str, set[str]] = defaultdict(set)
    for entry in ImportEntry.objects.filter(patient=patient, run__undone_at=None).exclude(ended={}):
        for kind, ids in entry.ended.items():
            ended[kind].update(ids)
    revived = 0
    for fact in facts:
        if fact.kind in MODELS and not fact.ended and ended[fact.kind]:
            rows = MODELS[fact.kind]._default_manager.filter(patient=patient, pk__in=ended[fact.kind], text=fact.text)
            revived += rows.exclude(ended_at=None).update(ended_at=None)
            alerts = Alert.objects.filter(patient=patient, pk__in=ended["alert"], note=fact.text)
            alerts.exclude(ended_at=None).update(ended_at=None, ended_by_user_id=None, ended_reason="")
    return revived


@transaction.atomic
def end_facts(patient: Patient, facts: Sequence[Fact], line: Line, *, run: ImportRun, by: Actor, at: datetime) -> None:
    """End what an import brought and the source says has ended, with its alerts. What the clinic entered stays."""
    patient = Patient.objects.select_for_update(of=("self",), no_key=True).get(pk=patient.pk)
    ended: dict[str, list[str]] = {}
    for fact in facts:
        if fact.kind in MODELS:
            rows = MODELS[fact.kind]._default_manager.filter(
                patient=patient, system=fact.system, code=fact.code, text=fact.text, source=SOURCE, ended_at=None
            )
            ended.setdefault(fact.kind, []).extend(str(pk) for pk in rows.values_list("pk", flat=True))
            rows.update(ended_at=at)
        for alert in Alert.objects.current().filter(patient=patient, source=SOURCE, note=fact.text):
            actions.end_alert(patient=patient, alert_id=alert.pk, reason=ENDED_REASON, by=by, at=at)
            ended.setdefault("alert", []).append(str(alert.pk))
    ended = {kind: ids for kind, ids in ended.items() if ids}
    if not ended:
        return
    Patient.objects.filter(pk=patient.pk).update(revision=F("revision") + 1)
    patient.refresh_from_db(fields=["revision"])
    audit.log("patient.end_facts", by=by, target_id=patient.pk, patient_ids=[patient.pk])
    line.taken.append(Remark("facts_ended", str(sum(len(ids) for ids in ended.values()))))
    line.outcome = "completed" if line.outcome == "unchanged" else line.outcome
    ImportEntry.objects.create(
        clinic_id=by.clinic_id,
        run=run,
        patient=patient,
        is_new=False,
        ended=ended,
        revision_after=patient.revision,
        content="",
    )
