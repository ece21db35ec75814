"""
What waits for the desk, and why. Each row follows from what is recorded: it comes when that is so and goes by itself
when it is no longer so; what somebody has closed by hand stays closed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, F, Max, OuterRef, Q

from accounts.models import Membership
from accounts.queries import clinic_zone
from assessments.models import Assessment, RedFlagAnswer
from assessments.rules import red_flag_gate
from audit import actions as audit
from clinic.caller import Caller
from clinic.errors import Invalid, Problems
from homecare.models import CheckIn
from homecare.rules import SORENESS_AFTER_H
from patients.models import Patient
from patients.queries import identities
from scheduling import rules, slots
from scheduling.models import Appointment, AppointmentQuerySet, Closure, Room, Series
from treatments.models import Intervention, Session
from treatments.rules import TECHNIQUES
from worklist import actions as worklist
from worklist import rules as kinds
from worklist.models import Item
from worklist.rules import Wanted

OF_VISITS = [
    "no_show",
    "cannot_come",
    "cannot_treat",
    "series_short",
    "series_ended",
    "not_arrived",
    "closed_over",
    "hours_gone",
]
OF_RECORD = ["unsigned", "referral", "needling_follow_up"]
# A row comes for what happened so lately, and stays for as long as its reason does.
LOOKED_BACK = timedelta(days=90)
ASKED_BACK = timedelta(days=14)
ANSWERED_BY = timedelta(hours=24)  # so long after the last question the answer may take
QUIETLY = ["mistake", "expired"]  # cancelled so, nobody needs to be called


# --- Visits ---------------------------------------------------------------------------------------------------


@transaction.atomic
def reconcile(*, patient_id: UUID, by: Caller, at: datetime) -> None:
    """Bring the rows about one patient's visits up to date."""
    people = identities(clinic_id=by.clinic_id, patient_id=survivor(patient_id))
    known = open_ids(OF_VISITS, people)
    _settle_and_raise(OF_VISITS, list(of_visits(people, at, known)), by=by, at=at, patient_ids=people)


def survivor(patient_id: UUID) -> UUID:
    """The record that this one was merged into; itself, if it was not."""
    return Patient.objects.values_list("merged_into_id", flat=True).get(pk=patient_id) or patient_id


def open_ids(of_kinds: list[str], people: list[UUID] | None = None) -> list[UUID]:
    """What the open rows are about: they are looked at however long ago it was, so that none goes by itself unless
    its reason has gone."""
    items = Item.objects.open().filter(kind__in=of_kinds)
    if people is not None:
        items = items.filter(patient_id__in=people)
    return list(items.values_list("about_id", flat=True))


def of_visits(people: list[UUID] | None, at: datetime, known: list[UUID]) -> Iterator[Wanted]:
    """
    Missed and cancelled visits of people with nothing booked since; series with too few; visits that nobody closed;
    visits booked where it is closed now, or where nobody works any more.

    :param people: None: everybody
    :param known: what open rows are about
    """
    rows = Appointment.objects.filter(Q(ends_at__gt=at - LOOKED_BACK) | Q(pk__in=known))
    series = Series.objects.filter(ended_at=None)
    if people is not None:
        rows, series = rows.filter(patient_id__in=people), series.filter(patient_id__in=people)
    rows = rows.select_related("patient", "series").in_order()
    missed = list(_missed(rows))
    for found in missed:
        yield Wanted(_kind_of(found), _person(found), found.pk, {"at": found.starts_at.isoformat()})
    unclosed = [rules.BOOKED, rules.CONFIRMED, rules.ARRIVED, rules.IN_ROOM]
    for found in rows.filter(status__in=unclosed, ends_at__lte=at - timedelta(hours=1)):
        yield Wanted("not_arrived", _person(found), found.pk, {"at": found.starts_at.isoformat()})
    for found in _closed_over(rows.filter(status__in=rules.UPCOMING, ends_at__gt=at), at):
        yield Wanted("closed_over", _person(found), found.pk, {"at": found.starts_at.isoformat()})
    for found in _nobody_works(rows.filter(status__in=rules.UPCOMING, starts_at__gt=at)):
        yield Wanted("hours_gone", _person(found), found.pk, {"at": found.starts_at.isoformat()})
    yield from _of_series(series, Counter(found.series_id for found in missed), at)


@transaction.atomic
def look_at_opening(*, by: Caller, at: datetime) -> None:
    """After hours, closures or rooms were changed: which visits are booked when it is closed, or nobody works."""
    upcoming = Appointment.objects.filter(status__in=rules.UPCOMING, ends_at__gt=at).select_related("patient")
    hit = {"closed_over": _closed_over(upcoming, at), "hours_gone": _nobody_works(upcoming.filter(starts_at__gt=at))}
    wanted = [
        Wanted(kind, _person(one), one.pk, {"at": one.starts_at.isoformat()}) for kind, found in hit.items()
        for one in found
    ]  # fmt: skip
    _settle_and_raise(list(hit), wanted, by=by, at=at)


def _person(found: Appointment) -> UUID:
    return found.patient.merged_into_id or found.patient_id


def _missed(rows: AppointmentQuerySet) -> Iterator[Appointment]:
    """No-shows and cancellations with nothing booked since; whoever ends a series has settled what was missed of it."""
    found = list(rows.filter(status__in=[rules.NOSHOW, rules.CANCELLED]).exclude(reason__in=QUIETLY))
    people = {key for one in found for key in (_person(one), one.patient_id)}
    booked: dict[UUID, datetime] = {}
    held = Appointment.objects.holding().filter(patient_id__in=people).select_related("patient")
    for one in held.only("booked_at", "patient_id", "patient__merged_into_id"):
        booked[_person(one)] = max(one.booked_at, booked.get(_person(one), one.booked_at))
    for one in found:
        since = booked.get(_person(one))
        ended = one.series.ended_at if one.series else None
        if (since is None or since < one.status_at) and (ended is None or ended < one.status_at):
            yield one


def _kind_of(found: Appointment) -> str:
    if found.status == rules.NOSHOW:
        return "no_show"
    return "cannot_come" if found.cancelled_by == rules.BY_PATIENT else "cannot_treat"


def _closed_over(rows: AppointmentQuerySet, at: datetime) -> Iterator[Appointment]:
    """What was booked before somebody entered that it is closed then."""
    zone = None
    found: dict[UUID, Appointment] = {}
    for closure in Closure.objects.filter(last_day__gte=at.date() - timedelta(days=1)):
        zone = zone or clinic_zone(closure.clinic_id)
        first, last = rules.closed_between(
            closure.first_day, closure.last_day, closure.from_time, closure.until_time, zone
        )
        hit = rows.filter(starts_at__lt=last, ends_at__gt=first, booked_at__lt=closure.made_at)
        if closure.user_id:
            hit = hit.filter(therapist_id=closure.user_id)
        if closure.site_id:
            hit = hit.filter(room__site_id=closure.site_id)
        for one in hit:
            if closure.from_time is None or rules.falls_within(
                one.starts_at, one.ends_at, closure.from_time, closure.until_time or time.max, zone
            ):
                found[one.pk] = one
    yield from found.values()


def is_uncovered(found: Appointment, at: datetime) -> bool:
    """Whether it lies ahead, and in nobody's hours any more."""
    rows = Appointment.objects.filter(pk=found.pk, status__in=rules.UPCOMING, starts_at__gt=at)
    return any(_nobody_works(rows))


def _nobody_works(rows: AppointmentQuerySet) -> Iterator[Appointment]:
    """What lies within nobody's hours any more; not what was booked outside them on purpose."""
    visits = list(rows.filter(outside_hours=False))
    for online in (False, True):
        yield from _uncovered([one for one in visits if (one.room_id is None) == online], online=online)


def _uncovered(visits: Sequence[Appointment], *, online: bool) -> Iterator[Appointment]:
    if not visits:
        return
    day, clinic_id = timedelta(days=1), visits[0].clinic_id
    # Whoever has left works at no hours, whatever is still entered.
    here = Membership.objects.active().filter(clinic_id=clinic_id, role="therapist")
    rooms = Room.objects.filter(is_active=True, site__is_active=True).values_list("pk", flat=True)
    hours: dict[tuple[UUID, UUID | None, date], list[rules.Gap]] = defaultdict(list)
    stretches = slots.working(
        clinic_id, therapists=list(here.values_list("user_id", flat=True)), online=online,
        rooms=None if online else list(rooms), first=min(one.starts_at for one in visits) - day,
        until=max(one.ends_at for one in visits) + day, closed=False,
    )  # fmt: skip
    for gap in stretches:
        first = gap.starts_at.astimezone(UTC).date()
        for later in range((gap.ends_at.astimezone(UTC).date() - first).days + 1):
            hours[gap.therapist_id, gap.room_id, first + later * day].append(gap)
    for one in visits:
        near = hours[one.therapist_id, one.room_id, one.starts_at.astimezone(UTC).date()]
        if not any(gap.starts_at <= one.starts_at and one.ends_at <= gap.ends_at for gap in near):
            yield one


def _of_series(series: Any, missed: Counter[UUID | None], at: datetime) -> Iterator[Wanted]:
    """A series that is short of more than the visits that stand on the list by themselves; one that is over."""
    counted = series.select_related("patient").annotate(
        held=Count("appointments", filter=Q(appointments__status__in=rules.HOLDING)),
        last=Max("appointments__ends_at", filter=Q(appointments__status__in=rules.HOLDING)),
    )
    for one in counted:
        person = one.patient.merged_into_id or one.patient_id
        facts = {"held": one.held, "count": one.count}
        if one.held + missed[one.pk] < one.count:
            gone = one.appointments.exclude(status__in=rules.HOLDING).values_list("pk", flat=True)
            yield Wanted("series_short", person, one.pk, {**facts, "gone": sorted(map(str, gone))})
        elif one.last is None or one.last <= at:
            yield Wanted("series_ended", person, one.pk, facts)


# --- The record -----------------------------------------------------------------------------------------------


def of_record(clinic_id: UUID, at: datetime, known: list[UUID]) -> Iterator[Wanted]:
    """
    Old drafts, red flags to refer, needling without a word since.

    :param known: what open rows are about
    """
    yield from _unsigned(clinic_id, at)
    yield from _referrals(at, known)
    yield from _needled(at, known)


def _unsigned(clinic_id: UUID, at: datetime) -> Iterator[Wanted]:
    old = at - timedelta(hours=slots.booking_of(clinic_id).draft_hours)
    for model, what in ((Assessment, "exam"), (Session, "session")):
        drafts = model.objects.filter(signed_at=None, recorded_at__lt=old)
        for pk, patient_id, performed_at in drafts.values_list("pk", "patient_id", "performed_at"):
            yield Wanted("unsigned", patient_id, pk, {"what": what, "at": performed_at.isoformat()})


def _referrals(at: datetime, known: list[UUID]) -> Iterator[Wanted]:
    """Red flags of signed exams that say to refer (domain facts, section 5)."""
    answers = RedFlagAnswer.objects.filter(
        Q(assessment__signed_at__gt=at - LOOKED_BACK) | Q(assessment_id__in=known),
        answer="yes", assessment__signed_at__isnull=False, assessment__record__mark=None,
    ).select_related("assessment")  # fmt: skip
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


def _needled(at: datetime, known: list[UUID]) -> Iterator[Wanted]:
    """Needled, asked after 24 to 72 hours, and no answer (domain facts, section 8.4); unless they came since."""
    piercing = [code for code, technique in TECHNIQUES.items() if technique.breaks_skin]
    last_question = timedelta(hours=max(SORENESS_AFTER_H))
    needled = Intervention.objects.filter(session=OuterRef("pk"), technique__in=piercing)
    later = Session.objects.filter(patient=OuterRef("patient"), performed_at__gt=OuterRef("performed_at"))
    # Of any version of the session: the question was asked about the first.
    answered = CheckIn.objects.filter(session__subject_id=OuterRef("subject_id"))
    lately = Q(performed_at__gt=at - ASKED_BACK) | Q(pk__in=known)
    sessions = (
        Session.objects.exclude(signed_at=None)
        .filter(lately, performed_at__lt=at - last_question - ANSWERED_BY)
        .filter(Exists(needled), ~Exists(later), ~Exists(answered), record__mark=None)
    )
    for pk, patient_id, performed_at in sessions.values_list("pk", "patient_id", "performed_at"):
        yield Wanted("needling_follow_up", patient_id, pk, {"at": performed_at.isoformat()})


# --- Both -----------------------------------------------------------------------------------------------------


@transaction.atomic
def sweep(*, by: Caller, at: datetime) -> int:
    """Bring every row of the clinic up to date; returns how many there are."""
    visits = list(of_visits(None, at, open_ids(OF_VISITS)))
    record = list(of_record(by.clinic_id, at, open_ids(OF_RECORD)))
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
    # Closed by hand, and nothing is different from then: it was somebody's decision.
    worklist.raise_items(wanted=[one for one in missing if by_hand.get(one.key) != one.facts], by=by, at=at)


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
    facts = {"due_on": due_at.astimezone(clinic_zone(by.clinic_id)).date().isoformat()}
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
