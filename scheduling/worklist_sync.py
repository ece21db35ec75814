"""
What waits for the desk, and why. Each row follows from what is recorded: it comes when that is so and goes by itself
when it is no longer so; what somebody has closed by hand stays closed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import transaction
from django.db.models import Count, Exists, F, Max, OuterRef, Q, Value

from accounts.models import Membership
from accounts.queries import clinic_zone
from assessments.models import Assessment, Clearance, RedFlagAnswer
from assessments.outcomes.queries import days_of_results, outcome_settings
from assessments.outcomes.rules import find_due
from assessments.rules import red_flag_gate
from audit import actions as audit
from errors.exceptions import Invalid, Problems
from homecare.models import CheckIn
from homecare.rules import SORENESS_AFTER_H
from identity.actor import Actor
from patients.models import Patient
from patients.queries import identities
from scheduling import rules
from scheduling.availability import slots
from scheduling.models import Appointment, AppointmentQuerySet, Closure, Room, Series
from treatments.models import Intervention, Session, TreatmentPlan
from treatments.plans.rules import ACTIVE
from treatments.rules import TECHNIQUES
from worklist import actions as worklist
from worklist import rules as kinds
from worklist.models import Item
from worklist.rules import ItemRequest

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
OF_OPENING = ["closed_over", "hours_gone"]
OF_RECORD = ["unsigned", "referral", "needling_follow_up", "plan_review_due", "measure_due"]
# A row comes for what happened so lately, and stays for as long as its reason does.
LOOKED_BACK = timedelta(days=90)
ASKED_BACK = timedelta(days=14)
ANSWERED_BY = timedelta(hours=24)  # so long after the last question the answer may take
LONGEST = timedelta(days=1)  # no visit lasts longer
QUIETLY = ["mistake", "expired"]  # cancelled so, nobody needs to be called


# --- Visits ---------------------------------------------------------------------------------------------------


@transaction.atomic
def reconcile(*, patient_id: UUID, by: Actor, at: datetime) -> None:
    """Bring the rows about one patient's visits up to date."""
    people = identities(clinic_id=by.clinic_id, patient_id=survivor(patient_id))
    listed = open_items(OF_VISITS, people)
    requests = list(of_visits(people, at, about(listed)))
    _resolve_and_raise(listed, OF_VISITS, requests, by=by, at=at, patient_ids=people)


def survivor(patient_id: UUID) -> UUID:
    """The record that this one was merged into; itself, if it was not."""
    return Patient.objects.values_list("merged_into_id", flat=True).get(pk=patient_id) or patient_id


def open_items(of_kinds: list[str], people: list[UUID] | None = None) -> list[Item]:
    """
    The open rows. They are read before what they should be is worked out: a row that comes meanwhile is not among
    them, and so is not taken for one whose reason has gone.
    """
    items = Item.objects.open().filter(kind__in=of_kinds)
    if people is not None:
        items = items.filter(patient_id__in=people)
    return list(items)


def about(items: list[Item]) -> list[UUID]:
    """What rows are about: it is looked at however long ago it was, so that none goes unless its reason has gone."""
    return [item.about_id for item in items]


def of_visits(people: list[UUID] | None, at: datetime, known: list[UUID]) -> Iterator[ItemRequest]:
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
    # Nobody calls a patient who has died; `booking.actions.follow_death` has told the desk.
    rows, series = rows.exclude(patient__status="deceased"), series.exclude(patient__status="deceased")
    rows = rows.select_related("patient", "series").in_order()
    missed = list(_find_missed(rows))
    for missed_visits in missed:
        yield ItemRequest(
            _kind_of(missed_visits),
            _person(missed_visits),
            missed_visits.pk,
            {"at": missed_visits.starts_at.isoformat()},
        )
    unclosed = [rules.BOOKED, rules.CONFIRMED, rules.ARRIVED, rules.IN_ROOM]
    for missed_visits in rows.filter(status__in=unclosed, ends_at__lte=at - timedelta(hours=1)):
        yield ItemRequest(
            "not_arrived", _person(missed_visits), missed_visits.pk, {"at": missed_visits.starts_at.isoformat()}
        )
    yield from _of_opening(rows.filter(status__in=rules.UPCOMING, ends_at__gt=at), at)
    yield from _of_series(series, Counter(missed_visits.series_id for missed_visits in missed), at)


def count_of_opening() -> int:
    """How many open rows say that it is closed, or that nobody works, when somebody is booked."""
    return Item.objects.open().filter(kind__in=OF_OPENING).count()


@transaction.atomic
def look_at_opening(*, by: Actor, at: datetime) -> None:
    """After hours, closures or rooms were changed: which visits are booked when it is closed, or nobody works."""
    listed = open_items(OF_OPENING)
    upcoming = Appointment.objects.filter(status__in=rules.UPCOMING).ending_after(at).select_related("patient")
    _resolve_and_raise(listed, OF_OPENING, list(_of_opening(upcoming, at)), by=by, at=at)


def _of_opening(upcoming: AppointmentQuerySet, at: datetime) -> Iterator[ItemRequest]:
    """What is booked when it is closed, or when nobody works any more."""
    visits = sorted(upcoming.select_related("patient", "room"), key=lambda one: one.starts_at)
    hit = {
        "closed_over": _find_closed_over(visits, at),
        "hours_gone": _nobody_works([v for v in visits if v.starts_at > at]),
    }
    for item_kind, visits_list in hit.items():
        for visit in visits_list:
            yield ItemRequest(item_kind, _person(visit), visit.pk, {"at": visit.starts_at.isoformat()})


def _person(found: Appointment) -> UUID:
    return found.patient.merged_into_id or found.patient_id


def _find_missed(rows: AppointmentQuerySet) -> Iterator[Appointment]:
    """No-shows and cancellations with nothing booked since; whoever ends a series has settled what was missed of it."""
    missed = list(rows.filter(status__in=[rules.NOSHOW, rules.CANCELLED]).exclude(reason__in=QUIETLY))
    people = {key for appointment in missed for key in (_person(appointment), appointment.patient_id)}
    booked: dict[UUID, datetime] = {}
    held = Appointment.objects.holding().filter(patient_id__in=people).order_by()
    newest = held.values("patient_id", "patient__merged_into_id").annotate(at=Max("booked_at"))
    for patient_id, merged_into_id, booked_at in newest.values_list("patient_id", "patient__merged_into_id", "at"):
        person = merged_into_id or patient_id
        booked[person] = max(booked_at, booked.get(person, booked_at))
    for appointment in missed:
        since = booked.get(_person(appointment))
        ended = appointment.series.ended_at if appointment.series else None
        if (since is None or since < appointment.status_at) and (ended is None or ended < appointment.status_at):
            yield appointment


def _kind_of(found: Appointment) -> str:
    if found.status == rules.NOSHOW:
        return "no_show"
    return "cannot_come" if found.cancelled_by == rules.BY_PATIENT else "cannot_treat"


def _find_closed_over(visits: Sequence[Appointment], at: datetime) -> Iterator[Appointment]:
    """
    What was put there before somebody entered that it is closed then.

    :param visits: in order of their beginning
    """
    if not visits:
        return
    zone = clinic_zone(visits[0].clinic_id)
    closed_over: dict[UUID, Appointment] = {}
    starts = [visit.starts_at for visit in visits]
    for closure in Closure.objects.filter(last_day__gte=at.date() - timedelta(days=1)):
        first, last = rules.closure_span(
            closure.first_day, closure.last_day, closure.from_time, closure.until_time, zone
        )
        begin, end = bisect_left(starts, first - LONGEST), bisect_left(starts, last)
        for visit in visits[begin:end]:
            if visit.ends_at > first and visit.placed_at < closure.made_at and _is_hit(visit, closure, zone):
                closed_over[visit.pk] = visit
    yield from closed_over.values()


def _is_hit(one: Appointment, closure: Closure, zone: ZoneInfo) -> bool:
    """Whether a closure that lies over a visit is of its therapist, its site and its hours of the day."""
    if closure.user_id not in (None, one.therapist_id):
        return False
    if closure.site_id is not None and (one.room is None or one.room.site_id != closure.site_id):
        return False
    return closure.from_time is None or rules.falls_within(
        one.starts_at, one.ends_at, closure.from_time, closure.until_time or time.max, zone
    )


def is_uncovered(found: Appointment, at: datetime) -> bool:
    """Whether it lies ahead, and in nobody's hours any more."""
    return found.status in rules.UPCOMING and found.starts_at > at and any(_nobody_works([found]))


def _nobody_works(found: Sequence[Appointment]) -> Iterator[Appointment]:
    """What lies within nobody's hours any more; not what was booked outside them on purpose."""
    visits = [visit for visit in found if not visit.outside_hours]
    for online in (False, True):
        yield from _find_uncovered([visit for visit in visits if (visit.room_id is None) == online], online=online)


def _find_uncovered(visits: Sequence[Appointment], *, online: bool) -> Iterator[Appointment]:
    if not visits:
        return
    clinic_id = visits[0].clinic_id
    zone = clinic_zone(clinic_id)
    # Whoever has left works at no hours, whatever is still entered.
    therapist_ids = Membership.objects.active().filter(
        clinic_id=clinic_id, role="therapist", user_id__in={visit.therapist_id for visit in visits}
    )
    rooms = Room.objects.filter(is_active=True, site__is_active=True).values_list("pk", flat=True)
    # Hours lie within one day of the clinic's calendar, so of each visit its own day is enough.
    days = {visit.pk: visit.starts_at.astimezone(zone).date() for visit in visits}
    hours: dict[tuple[UUID, UUID | None, date], list[rules.FreeGap]] = defaultdict(list)
    stretches = slots.working(
        clinic_id,
        therapists=list(therapist_ids.values_list("user_id", flat=True)),
        online=online,
        rooms=None if online else list(rooms),
        first=min(visit.starts_at for visit in visits),
        until=max(visit.ends_at for visit in visits),
        closed=False,
        only=set(days.values()),
    )
    for gap in stretches:
        hours[gap.therapist_id, gap.room_id, gap.starts_at.astimezone(zone).date()].append(gap)
    for visit in visits:
        near = hours[visit.therapist_id, visit.room_id, days[visit.pk]]
        if not any(gap.starts_at <= visit.starts_at and visit.ends_at <= gap.ends_at for gap in near):
            yield visit


def _of_series(series: Any, missed: Counter[UUID | None], at: datetime) -> Iterator[ItemRequest]:
    """A series that is short of more than the visits that stand on the list by themselves; one that is over."""
    counted = series.select_related("patient").annotate(
        held=Count("appointments", filter=Q(appointments__status__in=rules.HOLDING)),
        last=Max("appointments__ends_at", filter=Q(appointments__status__in=rules.HOLDING)),
        gone=ArrayAgg(
            "appointments",
            filter=Q(appointments__isnull=False) & ~Q(appointments__status__in=rules.HOLDING),
            default=Value([]),
        ),
    )
    for series_list in counted:
        person = series_list.patient.merged_into_id or series_list.patient_id
        facts = {"held": series_list.held, "count": series_list.count}
        if series_list.held + missed[series_list.pk] < series_list.count:
            gone = sorted(map(str, series_list.gone))
            yield ItemRequest("series_short", person, series_list.pk, {**facts, "gone": gone})
        elif series_list.last is None or series_list.last <= at:
            yield ItemRequest("series_ended", person, series_list.pk, facts)


# --- The record -----------------------------------------------------------------------------------------------


def of_record(clinic_id: UUID, at: datetime, known: list[UUID]) -> Iterator[ItemRequest]:
    """
    Old drafts, red flags to refer, needling without a word since, treatment plans to review, outcome measures that are
    due.

    :param known: what open rows are about
    """
    yield from _find_unsigned(clinic_id, at)
    yield from _referrals(at, known)
    yield from _find_needled(at, known)
    yield from _find_plans_to_review(clinic_id, at)
    yield from _find_due_measures(clinic_id, at)


def _find_unsigned(clinic_id: UUID, at: datetime) -> Iterator[ItemRequest]:
    old = at - timedelta(hours=slots.booking_of(clinic_id).draft_hours)
    for model, document_name in ((Assessment, "exam"), (Session, "session")):
        drafts = model.objects.filter(signed_at=None, recorded_at__lt=old)
        for pk, patient_id, performed_at in drafts.values_list("pk", "patient_id", "performed_at"):
            yield ItemRequest("unsigned", patient_id, pk, {"what": document_name, "at": performed_at.isoformat()})


def _referrals(at: datetime, known: list[UUID]) -> Iterator[ItemRequest]:
    """Red flags of signed exams that say to refer (domain facts, section 5), unless somebody has cleared them."""
    answers = RedFlagAnswer.objects.filter(
        Q(assessment__signed_at__gt=at - LOOKED_BACK) | Q(assessment_id__in=known),
        answer="yes",
        assessment__signed_at__isnull=False,
        assessment__record__mark=None,
    ).select_related("assessment")
    cleared = _find_cleared({referral.assessment.subject_id for referral in answers})
    by_exam: dict[UUID, list[RedFlagAnswer]] = {}
    for referral in answers:
        if (referral.code, referral.assessment.subject_id) not in cleared:
            by_exam.setdefault(referral.assessment_id, []).append(referral)
    for exam_id, referrals in by_exam.items():
        action = red_flag_gate({referral.code: "yes" for referral in referrals}).action
        if action.startswith("refer") or action == "emergency":
            exam = referrals[0].assessment
            urgency = kinds.NEXT_WORKING_DAY if action == "refer_routine" else kinds.AT_ONCE
            facts = {"action": action, "flags": sorted(referral.code for referral in referrals)}
            yield ItemRequest("referral", exam.patient_id, exam_id, facts, exam.signed_at, urgency)


def _find_cleared(subject_ids: set[UUID]) -> set[tuple[str, UUID]]:
    """Which red flags of these exams were cleared: code and exam, in any version."""
    rows = Clearance.objects.filter(subject_ids__overlap=list(subject_ids)).values_list("code", "subject_ids")
    return {(code, subject_id) for code, covered in rows for subject_id in covered}


def _find_needled(at: datetime, known: list[UUID]) -> Iterator[ItemRequest]:
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
        yield ItemRequest("needling_follow_up", patient_id, pk, {"at": performed_at.isoformat()})


def _find_plans_to_review(clinic_id: UUID, at: datetime) -> Iterator[ItemRequest]:
    """Plans that run and whose day of review has come. A new day, or the plan's end, closes the row."""
    today = at.astimezone(clinic_zone(clinic_id)).date()
    plans = TreatmentPlan.objects.filter(status=ACTIVE, review_on__lte=today).exclude(patient__status="deceased")
    rows = plans.values_list("pk", "patient_id", "patient__merged_into_id", "review_on")
    for pk, patient_id, merged_into_id, review_on in rows:
        yield ItemRequest("plan_review_due", merged_into_id or patient_id, pk, {"on": str(review_on)})


def _find_due_measures(clinic_id: UUID, at: datetime) -> Iterator[ItemRequest]:
    """Plans that run, at a time point that the clinic has chosen, without a result of each measure that it asks for."""
    settings = outcome_settings(clinic_id)
    if not settings.weeks or not settings.measures:
        return
    zone = clinic_zone(clinic_id)
    plans = TreatmentPlan.objects.filter(
        status=ACTIVE, patient__status=Patient.Status.IN_CARE, patient__merged_into=None
    )
    rows = list(plans.values_list("pk", "patient_id", "starts_on"))
    # A record that was merged into another has its results under its own id.
    merged = Patient.objects.filter(merged_into__in=[patient_id for _plan, patient_id, _day in rows])
    survivors = dict(merged.values_list("pk", "merged_into_id"))
    people = [patient_id for _plan, patient_id, _day in rows]
    recorded: dict[UUID, dict[str, list[date]]] = defaultdict(lambda: defaultdict(list))
    for person, by_measure in days_of_results([*people, *survivors], settings.measures, zone).items():
        for code, days in by_measure.items():
            recorded[survivors.get(person, person)][code] += days
    today = at.astimezone(zone).date()
    for plan_id, patient_id, starts_on in rows:
        due = find_due(settings.weeks, settings.measures, recorded[patient_id], starts_on=starts_on, today=today)
        if due is not None:
            point, missing = due
            yield ItemRequest("measure_due", patient_id, plan_id, {"week": point.week, "measures": missing})


# --- Both -----------------------------------------------------------------------------------------------------


@transaction.atomic
def sweep(*, by: Actor, at: datetime) -> int:
    """Bring every row of the clinic up to date; returns how many there are."""
    listed = open_items(OF_VISITS)
    visits = list(of_visits(None, at, about(listed)))
    _resolve_and_raise(listed, OF_VISITS, visits, by=by, at=at)
    listed = open_items(OF_RECORD)
    record = list(of_record(by.clinic_id, at, about(listed)))
    _resolve_and_raise(listed, OF_RECORD, record, by=by, at=at)
    return len(visits) + len(record)


def _resolve_and_raise(
    listed: list[Item],
    of_kinds: list[str],
    wanted: Iterable[ItemRequest],
    *,
    by: Actor,
    at: datetime,
    patient_ids: list[UUID] | None = None,
) -> None:
    """
    Close of the rows what is so no more, and add what is missing.

    :param listed: see `open_items`
    """
    rows = {request.key: request for request in wanted}
    for item in listed:
        key = (item.kind, item.about_id)
        if key in rows and item.facts != rows[key].facts:
            Item.objects.open().filter(pk=item.pk).update(facts=rows[key].facts)
    moot = [item.pk for item in listed if (item.kind, item.about_id) not in rows]
    if moot:
        worklist.resolve_items(item_ids=moot, by=by, at=at)
    listed_keys = {(item.kind, item.about_id) for item in listed}
    missing = [request for key, request in rows.items() if key not in listed_keys]
    if not missing:
        return
    items = Item.objects.filter(kind__in=of_kinds)
    if patient_ids is not None:
        items = items.filter(patient_id__in=patient_ids)
    closed = items.filter(about_id__in=[request.about_id for request in missing], done_at__isnull=False).exclude(
        outcome=kinds.ITSELF
    )
    by_hand = {(item.kind, item.about_id): item.facts for item in closed.order_by("done_at", "pk")}
    # What came meanwhile is there already, and came once.
    open_now = set(
        items.open().filter(about_id__in=[request.about_id for request in missing]).values_list("kind", "about_id")
    )
    # Closed by hand, and nothing is different from then: it was somebody's decision.
    fresh = [
        request for request in missing if by_hand.get(request.key) != request.facts and request.key not in open_now
    ]
    worklist.raise_items(wanted=fresh, by=by, at=at)


# --- Recall ---------------------------------------------------------------------------------------------------


@transaction.atomic
def recall(*, patient_id: UUID, due_at: datetime, by: Actor, at: datetime) -> UUID:
    """
    Have a patient come up on the worklist at a later day.

    :raises Invalid: the day is over, or more than two years away
    """
    problems = Problems()
    if not at < due_at < at + timedelta(days=2 * 366):
        problems.add("/due_on", "invalid.recall_day")
        problems.raise_if_any()
    if not Patient.objects.filter(pk=patient_id, merged_into=None).exists():
        raise Invalid.at("/patient_id", "unknown.patient")
    facts = {"due_on": due_at.astimezone(clinic_zone(by.clinic_id)).date().isoformat()}
    item_id, _new = worklist.raise_item(
        kind="recall", patient_id=patient_id, about_id=patient_id, facts=facts, by=by, at=at, due_at=due_at
    )
    Item.objects.filter(pk=item_id).update(due_at=due_at)
    audit.log("recall.set", by=by, target_id=item_id, patient_ids=[patient_id])
    return item_id


def sessions_left(series: Series) -> int:
    """Return how many of a series are still to be booked."""
    return all_sessions_left([series])[series.pk]


def all_sessions_left(series: Collection[Series]) -> dict[UUID, int]:
    """Return for each series how many of it are still to be booked, in one query."""
    held = Count("appointments", filter=Q(appointments__status__in=rules.HOLDING))
    left = Series.objects.filter(pk__in=[sery.pk for sery in series]).annotate(left=F("count") - held)
    return {pk: max(0, number) for pk, number in left.values_list("pk", "left")}
