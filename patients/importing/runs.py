"""
One import: read every file, put together what belongs together, take each patient, say what became of each.

A dry run is the same run, rolled back. See ADR 35 for the order in which records are taken.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from datetime import datetime
from uuid import UUID

from django.db import DatabaseError, transaction

from audit import actions as audit
from errors.exceptions import DomainError
from errors.texts import message_of
from identity.actor import Actor
from patients import matching
from patients.duplicates import as_json, possible_duplicates
from patients.importing.alerts import remark_on
from patients.importing.completing import complete, end_facts
from patients.importing.known import KnownPeople, content_of, identity_of
from patients.importing.registering import prepare, register
from patients.importing.reports import OUTCOMES, Line, Report
from patients.models import ImportRun, Patient, ReviewItem
from patients.queries import own_medicines
from patients.reading.files import Source, natural_order, read_source, scope_of
from patients.reading.incoming import Fact, Incoming, Remark, to_json
from patients.reading.spool import Spool

BATCH = 500
COMPARED = 2000  # new and completed patients of an import are compared with all others, up to so many
KEPT_LINES = 2000  # of a report that is kept with its run

Row = tuple[int, Incoming]
FactKey = tuple[str, str, str, str]


class _Undo(Exception):
    """Ends a dry run's savepoint."""


def import_files(
    sources: Sequence[Source],
    *,
    dry_run: bool,
    by: Actor,
    at: datetime,
    read: Callable[[int], None] = lambda size: None,
    taken: Callable[[int], None] = lambda count: None,
) -> Report:
    """
    Import all files in one transaction, or none of them.

    :param read: told how many bytes were read since the last time
    :param taken: told how many patients were taken since the last time
    """
    report = Report(dry_run=dry_run)
    with closing(Spool(today=at.date())) as spool:
        for position, source in enumerate(sorted(sources, key=natural_order)):
            read_source(source, spool, scope=scope_of(source, position), progress=read)
        spool.resolve()
        with suppress(_Undo), transaction.atomic():
            run = ImportRun.objects.create(
                clinic_id=by.clinic_id,
                started_at=at,
                by_user_id=by.user_id,
                by_client_id=by.client_id or "",
                files=[source.name for source in sources],
            )
            importer = Importer(run, report, by=by, at=at)
            for batch in _batches(spool.people()):
                importer.take(batch)
                taken(len(batch))
            importer.end_what_ended()
            for scope, count in spool.scopes_without_patients():
                report.add(_orphans(sources, scope, count))
            _finish(run, report)
            if dry_run:
                raise _Undo
    if dry_run:
        _forget_ids(report)
    counts = " ".join(f"{name}={report.count(name)}" for name in OUTCOMES)
    audit.log("patient.import_dry_run" if dry_run else "patient.import", by=by, code=counts)
    return report


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while batch := list(itertools.islice(rows, BATCH)):
        yield batch


def _orphans(sources: Sequence[Source], scope: str, count: int) -> Line:
    ordered = sorted(sources, key=natural_order)
    place = ordered[int(scope)].name if scope.isdigit() else ", ".join(s.name for s in ordered)
    return Line(place=place, outcome="refused", why=[Remark("orphans_only", str(count))])


def _finish(run: ImportRun, report: Report) -> None:
    run.counts = {name: report.count(name) for name in OUTCOMES}
    lines = sorted(report.lines, key=lambda line: (line.outcome not in {"review", "refused"}, line.position))
    run.lines = [line.as_dict() for line in lines[:KEPT_LINES]]
    run.save(update_fields=["counts", "lines"])
    report.run_id = str(run.pk)


def _forget_ids(report: Report) -> None:
    """What a dry run made is gone again."""
    report.run_id = None
    for line in report.lines:
        if line.outcome == "created":
            line.patient_id = None


class Importer:
    """Takes patients of one run, each for itself: what is wrong with one costs only that one."""

    def __init__(self, run: ImportRun, report: Report, *, by: Actor, at: datetime) -> None:
        self.run, self.report, self.by, self.at = run, report, by, at
        self.own = own_medicines(by.clinic_id)
        self.compared = 0
        # Patient to what the source says has ended, and what it says holds: ended at the end, in whichever order told.
        self.ended: dict[str, tuple[Line, dict[FactKey, Fact]]] = {}
        self.holding: dict[str, set[FactKey]] = {}

    def take(self, batch: Iterable[Row]) -> None:
        """New people are registered together; whoever may be somebody else, one by one after them."""
        lines = [(Line(place=one.place, outcome="refused", position=position), one) for position, one in batch]
        for line, incoming in lines:
            remark_on(incoming, self.own)
            line.left_out = incoming.left_out
            line.why = list(incoming.errors)
        valid = [(line, incoming) for line, incoming in lines if not incoming.errors]
        known = KnownPeople([incoming for _, incoming in valid], self.by.clinic_id)
        seen: set[object] = set()
        new: list[tuple[Line, Incoming]] = []
        others: list[tuple[Line, Incoming]] = []
        for line, incoming in valid:
            keys = _keys(incoming)
            is_new = not keys & seen and self._is_new(incoming, known)
            seen |= keys
            (new if is_new else others).append((line, incoming))
        self._register(new, known)
        for line, incoming in others:
            self._take_one(line, incoming)
        for line, _ in lines:
            self.report.add(line)
        self._compare([line for line, _ in lines if line.outcome in {"created", "completed"}])

    def _compare(self, lines: Sequence[Line]) -> None:
        """Say who looks alike, of the first patients of an import: it takes as long as to register one."""
        lines = lines[: max(0, COMPARED - self.compared)]
        self.compared += len(lines)
        patients = Patient.objects.in_bulk([line.patient_id for line in lines])
        for line in lines:
            alike = possible_duplicates(patients[UUID(line.patient_id)], clinic_id=self.by.clinic_id)
            line.possible_duplicates = as_json(alike)

    def _is_new(self, incoming: Incoming, known: KnownPeople) -> bool:
        if identity_of(incoming) in known.decided or content_of(incoming) in known.by_content:
            return False
        return matching.decide(incoming.person, known.may_be(incoming)).outcome is matching.Outcome.NEW

    def _register(self, rows: Sequence[tuple[Line, Incoming]], known: KnownPeople) -> None:
        prepared = []
        for line, incoming in rows:
            try:
                new = prepare(incoming, taken=known.by_pair, own=self.own, by=self.by, at=self.at)
            except DomainError as refusal:
                line.why = _why(refusal)
                continue
            prepared.append((line, new))
        if not prepared:
            return
        try:
            register([new for _, new in prepared], run=self.run, by=self.by, at=self.at)
        except (DomainError, DatabaseError) as refusal:
            if len(prepared) == 1:
                prepared[0][0].why = _why(refusal)
                return
            for line, new in prepared:  # find the one that cannot be
                self._register([(line, new.incoming)], known)
            return
        for line, new in prepared:
            line.outcome, line.patient_id = "created", str(new.patient.pk)
            line.taken += _taken(new.incoming, len(new.numbers), len(new.alerts))
            self._note_endings(line, new.incoming, str(new.patient.pk))

    def _take_one(self, line: Line, incoming: Incoming) -> None:
        known = KnownPeople([incoming], self.by.clinic_id)
        decision = matching.decide(incoming.person, known.may_be(incoming))
        item = known.decided.get(identity_of(incoming))
        same = known.by_content.get(content_of(incoming))
        if item is not None and item.decision:
            self._as_decided(line, incoming, item)
        elif decision.outcome is matching.Outcome.SAME:
            self._complete(line, incoming, known.patients[decision.others[0]])
        elif decision.outcome is matching.Outcome.REFUSED:
            line.why, line.others = [Remark(decision.reason, ", ".join(decision.others))], list(decision.others)
        elif same is not None:
            self._complete(line, incoming, known.patients[str(same)])
        elif decision.outcome is matching.Outcome.REVIEW:
            self._hold(line, incoming, known.patients[decision.others[0]], decision.reason)
        else:
            self._register([(line, incoming)], known)

    def _as_decided(self, line: Line, incoming: Incoming, item: ReviewItem) -> None:
        patient = Patient.objects.filter(pk=item.result_patient_id).first() if item.result_patient_id else None
        if item.decision == "left_out" or patient is None:
            line.why = [Remark("left_out_before")]
            return
        self._complete(line, incoming, patient.in_use)

    def _complete(self, line: Line, incoming: Incoming, patient: Patient) -> None:
        line.patient_id, line.outcome = str(patient.pk), "unchanged"
        try:
            complete(patient, incoming, line, run=self.run, own=self.own, by=self.by, at=self.at)
        except (DomainError, DatabaseError) as refusal:
            line.outcome, line.taken, line.why = "refused", [], _why(refusal)
            return
        self._note_endings(line, incoming, line.patient_id)

    def _hold(self, line: Line, incoming: Incoming, patient: Patient, reason: str) -> None:
        """Put a record on the review list, once."""
        line.outcome, line.others, line.why = "review", [str(patient.pk)], [Remark(reason, str(patient.pk))]
        line.possible_duplicates = as_json(possible_duplicates(incoming.details, clinic_id=self.by.clinic_id))
        ReviewItem.objects.get_or_create(
            clinic_id=self.by.clinic_id,
            identity=identity_of(incoming),
            patient=patient,
            decision="",
            defaults={
                "run": self.run,
                "reason": reason,
                "place": incoming.place,
                "incoming": to_json(incoming),
                "created_at": self.at,
            },
        )

    def _note_endings(self, line: Line, incoming: Incoming, patient_id: str) -> None:
        if not incoming.facts:
            return
        ended = {fact.key: fact for fact in incoming.facts if fact.ended}
        self.holding.setdefault(patient_id, set()).update(f.key for f in incoming.facts if not f.ended)
        if ended:
            self.ended.setdefault(patient_id, (line, {}))[1].update(ended)

    def end_what_ended(self) -> None:
        """Only what no record of this import says holds."""
        for patient_id, (line, facts) in self.ended.items():
            gone = [fact for key, fact in facts.items() if key not in self.holding.get(patient_id, ())]
            if line.outcome == "created" or not gone:
                continue
            patient = Patient.objects.get(pk=patient_id)
            before = line.outcome
            end_facts(patient, gone, line, run=self.run, by=self.by, at=self.at)
            if line.outcome != before:
                self.report.counts[before] -= 1
                self.report.counts[line.outcome] += 1


def _keys(incoming: Incoming) -> set[object]:
    """What two records of one batch have in common if they may be one person."""
    keys: set[object] = {number.pair for number in incoming.numbers}
    keys |= {("born", incoming.birth_date, matching.fold_name(name)) for name in incoming.names}
    return keys | {("content", content_of(incoming)), ("identity", identity_of(incoming))}


def _taken(incoming: Incoming, numbers: int, alerts: int) -> list[Remark]:
    holding = [fact for fact in incoming.facts if not fact.ended]
    remarks = [Remark("details", ", ".join(sorted(incoming.details))), Remark("numbers", str(numbers))]
    remarks += [Remark(f"kept_{kind}", text) for kind, text in incoming.notes]
    remarks += [Remark("facts", str(len(holding)))] if holding else []
    return remarks + ([Remark("alerts", str(alerts))] if alerts else [])


def _why(refusal: DomainError | DatabaseError) -> list[Remark]:
    if isinstance(refusal, DatabaseError):
        return [Remark("database")]
    errors = [Remark("as_page", f"{error.pointer.strip('/')}: {message_of(error)}") for error in refusal.errors]
    return errors or [Remark("as_page", message_of(refusal))]
