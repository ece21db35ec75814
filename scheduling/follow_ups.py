"""
What waits for the desk, and why. Each row follows from what is recorded: it comes when that is so and goes by itself
when it is no longer so; what somebody has closed by hand stays closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, F, Max, OuterRef, Q

from assessments.models import Assessment, RedFlagAnswer
from assessments.rules import red_flag_gate
from audit import actions as audit
from clinic.caller import Caller
from clinic.errors import Invalid, Problems
from homecare.models import CheckIn
from homecare.rules import SORENESS_AFTER_H
from patients.models import Patient
from scheduling import rules, slots
from scheduling.models import Appointment, Series
from treatments.models import Intervention, Session
from treatments.rules import TECHNIQUES
from worklist import actions as worklist
from worklist import rules as kinds
from worklist.models import Item

OF_VISITS = ["no_show", "cannot_come", "cannot_treat", "series_short", "series_ended", "not_arrived"]
OF_RECORD = ["unsigned", "referral", "needling_follow_up"]
LOOKED_BACK = timedelta(days=90)
ANSWERED_BY = timedelta(hours=24)  # so long after the last question the answer may take
QUIETLY = ["mistake", "expired"]  # cancelled so, nobody needs to be called


@dataclass(frozen=True)
class Wanted:
    """One row that there should be."""

    kind: str
    patient_id: UUID
    about_id: UUID
    facts: dict[str, Any] = field(default_factory=dict)
    since: datetime | None = None
    urgency: str | None = None

    @property
    def key(self) -> tuple[str, UUID]:
        return self.kind, self.about_id


# --- Visits ---------------------------------------------------------------------------------------------------


@transaction.atomic
def reconcile(*, patient_id: UUID, by: Caller, at: datetime) -> None:
    """Bring the rows about one patient's visits up to date."""
    _settle_and_raise(OF_VISITS, list(of_visits([patient_id], at)), by=by, at=at, patient_ids=[patient_id])


def of_visits(patient_ids: list[UUID] | None, at: datetime) -> Iterator[Wanted]:
    """
    Missed and cancelled visits of people with nothing booked since; series with too few; visits that nobody closed.

    :param patient_ids: None: everybody
    """
    rows = Appointment.objects.filter(ends_at__gt=at - LOOKED_BACK)
    series = Series.objects.filter(ended_at=None)
    if patient_ids is not None:
        rows, series = rows.filter(patient_id__in=patient_ids), series.filter(patient_id__in=patient_ids)
    coming = set(rows.holding().filter(ends_at__gt=at).values_list("patient_id", flat=True))
    for found in rows.filter(status__in=[rules.NOSHOW, rules.CANCELLED], series=None).in_order():
        if found.patient_id not in coming and found.reason not in QUIETLY:
            yield Wanted(_kind_of(found), found.patient_id, found.pk, {"at": found.starts_at.isoformat()})
    for found in rows.filter(status__in=[rules.BOOKED, rules.CONFIRMED], ends_at__lte=at - timedelta(hours=1)):
        yield Wanted("not_arrived", found.patient_id, found.pk, {"at": found.starts_at.isoformat()})
    yield from _of_series(series, at)


def _kind_of(found: Appointment) -> str:
    if found.status == rules.NOSHOW:
        return "no_show"
    return "cannot_come" if found.cancelled_by == rules.BY_PATIENT else "cannot_treat"


def _of_series(series: Any, at: datetime) -> Iterator[Wanted]:
    holding = Q(appointments__status__in=rules.HOLDING)
    counted = series.annotate(
        held=Count("appointments", filter=holding), last=Max("appointments__ends_at", filter=holding)
    )
    for one in counted:
        facts = {"held": one.held, "count": one.count}
        if one.held < one.count:
            yield Wanted("series_short", one.patient_id, one.pk, facts)
        elif one.last is not None and one.last <= at:
            yield Wanted("series_ended", one.patient_id, one.pk, facts)


# --- The record -----------------------------------------------------------------------------------------------


def of_record(clinic_id: UUID, at: datetime) -> Iterator[Wanted]:
    yield from _unsigned(clinic_id, at)
    yield from _referrals(at)
    yield from _needled(at)


def _unsigned(clinic_id: UUID, at: datetime) -> Iterator[Wanted]:
    old = at - timedelta(hours=slots.booking_of(clinic_id).draft_hours)
    for model, what in ((Assessment, "exam"), (Session, "session")):
        drafts = model.objects.filter(signed_at=None, recorded_at__lt=old)
        for pk, patient_id, performed_at in drafts.values_list("pk", "patient_id", "performed_at"):
            yield Wanted("unsigned", patient_id, pk, {"what": what, "at": performed_at.isoformat()})


def _referrals(at: datetime) -> Iterator[Wanted]:
    """Red flags of signed exams that say to refer (domain facts, section 5)."""
    answers = RedFlagAnswer.objects.filter(
        answer="yes", assessment__signed_at__gt=at - LOOKED_BACK, assessment__record__mark=None
    ).select_related("assessment")
    by_exam: dict[UUID, list[RedFlagAnswer]] = {}
    for one in answers:
        by_exam.setdefault(one.assessment_id, []).append(one)
    for exam_id, found in by_exam.items():
        action = red_flag_gate({one.code: "yes" for one in found}).action
        if action.startswith("refer") or action == "emergency":
            exam = found[0].assessment
            urgency = kinds.NEXT_WORKING_DAY if action == "refer_routine" else kinds.AT_ONCE
            facts = {"action": action, "flags": sorted(one.code for one in found)}
            yield Wanted("referral", exam.patient_id, exam_id, facts, exam.signed_at, urgency)


def _needled(at: datetime) -> Iterator[Wanted]:
    """Needled, asked after 24 to 72 hours, and no answer (domain facts, section 8.4); unless they came since."""
    piercing = [code for code, technique in TECHNIQUES.items() if technique.breaks_skin]
    last_question = timedelta(hours=max(SORENESS_AFTER_H))
    needled = Intervention.objects.filter(session=OuterRef("pk"), technique__in=piercing)
    later = Session.objects.filter(patient=OuterRef("patient"), performed_at__gt=OuterRef("performed_at"))
    answered = CheckIn.objects.filter(session=OuterRef("pk"))
    sessions = (
        Session.objects.exclude(signed_at=None)
        .filter(performed_at__gt=at - timedelta(days=14), performed_at__lt=at - last_question - ANSWERED_BY)
        .filter(Exists(needled), ~Exists(later), ~Exists(answered), record__mark=None)
    )
    for pk, patient_id, performed_at in sessions.values_list("pk", "patient_id", "performed_at"):
        yield Wanted("needling_follow_up", patient_id, pk, {"at": performed_at.isoformat()})


# --- Both -----------------------------------------------------------------------------------------------------


@transaction.atomic
def sweep(*, by: Caller, at: datetime) -> int:
    """Bring every row of the clinic up to date; returns how many there are."""
    visits, record = list(of_visits(None, at)), list(of_record(by.clinic_id, at))
    _settle_and_raise(OF_VISITS, visits, by=by, at=at)
    _settle_and_raise(OF_RECORD, record, by=by, at=at)
    return len(visits) + len(record)


def _settle_and_raise(
    of_kinds: list[str], wanted: Iterable[Wanted], *, by: Caller, at: datetime, patient_ids: list[UUID] | None = None
) -> None:
    rows = {one.key: one for one in wanted}
    items = Item.objects.filter(kind__in=of_kinds)
    if patient_ids is not None:
        items = items.filter(patient_id__in=patient_ids)
    open_keys = {(item.kind, item.about_id): item for item in items.open()}
    for key, item in open_keys.items():
        if key in rows and item.facts != rows[key].facts:
            Item.objects.filter(pk=item.pk).update(facts=rows[key].facts)
    for kind in of_kinds:
        moot = [about for found, about in open_keys if found == kind and (kind, about) not in rows]
        if moot:
            worklist.settle(kinds=[kind], about_ids=moot, by=by, at=at)
    missing = [one for key, one in rows.items() if key not in open_keys]
    if not missing:
        return
    closed = items.filter(about_id__in=[one.about_id for one in missing], done_at__isnull=False).exclude(
        outcome=kinds.ITSELF
    )
    by_hand = {(item.kind, item.about_id): item.facts for item in closed.order_by("done_at")}
    for one in missing:
        # Closed by hand, and nothing is different from then: it was somebody's decision.
        if by_hand.get(one.key) != one.facts:
            worklist.raise_item(
                kind=one.kind, patient_id=one.patient_id, about_id=one.about_id, facts=one.facts, by=by, at=at,
                since=one.since, urgency=one.urgency,
            )  # fmt: skip


# --- Recall ---------------------------------------------------------------------------------------------------


@transaction.atomic
def recall(*, patient_id: UUID, due_at: datetime, by: Caller, at: datetime) -> UUID:
    """
    Have a patient come up on the worklist at a later day.

    :raises Invalid: the day is over, or more than two years away
    """
    problems = Problems()
    if not at < due_at < at + timedelta(days=2 * 366):
        problems.add("/due_on", "invalid", "A day from tomorrow on, within two years.")
        problems.raise_if_any()
    if not Patient.objects.filter(pk=patient_id, merged_into=None).exists():
        raise Invalid(detail="This record was merged into another, or there is none.")
    facts = {"due_on": due_at.date().isoformat()}
    item_id, _new = worklist.raise_item(
        kind="recall", patient_id=patient_id, about_id=patient_id, facts=facts, by=by, at=at, due_at=due_at
    )
    Item.objects.filter(pk=item_id).update(due_at=due_at)
    audit.log("recall.set", by=by, target_id=item_id, patient_ids=[patient_id])
    return item_id


def sessions_left(series: Series) -> int:
    """How many of a series are still to be booked."""
    held = Series.objects.filter(pk=series.pk).annotate(
        held=Count("appointments", filter=Q(appointments__status__in=rules.HOLDING))
    )
    return max(0, held.values_list(F("count") - F("held"), flat=True)[0])
