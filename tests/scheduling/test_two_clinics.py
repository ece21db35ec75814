"""A therapist who works in two clinics is in one place at a time, and neither clinic learns of the other."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import psycopg.errors
import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import Membership
from audit.models import AuditEvent
from database import tenancy
from database.sql import run_prepared
from errors.texts import message_of
from scheduling import rules
from scheduling.availability import slots
from scheduling.booking import actions, locks
from scheduling.models import Appointment, Offer, Opening
from scheduling.series import actions as series
from scheduling.waitlist import actions as waitlist
from tests.api import Api
from tests.committed import at_once, committed, superuser
from tests.conftest import Cast
from tests.scheduling.conftest import AT, Desk, make_desk

__all__ = ["committed"]


@dataclass
class Practice:
    """One clinic's desk and the person at it."""

    desk: Desk
    cast: Cast

    def scope(self) -> Any:
        return tenancy.scope(self.cast.clinic.pk)


def make_practices(cast: Cast) -> tuple[Practice, Practice]:
    """Two clinics with the same therapist on the same weekdays; the second one's colleague is the stranger."""
    second = replace(cast, clinic=cast.other_clinic, other_clinic=cast.clinic, colleague=cast.stranger)
    with tenancy.scope(second.clinic.pk):
        for user, role in ((second.therapist, "therapist"), (second.owner, "staff")):
            Membership.objects.create(clinic=second.clinic, user=user, role=role)
        there = Practice(make_desk(second, second.actor(second.owner)), second)
    with tenancy.scope(cast.clinic.pk):
        return Practice(make_desk(cast, cast.actor(cast.staff)), cast), there


@pytest.fixture
def practices(cast):
    return make_practices(cast)


def book(practice, *where, **options):
    with practice.scope():
        return practice.desk.book(practice.desk.patient(), *where, **options)


# --- Every entry point ------------------------------------------------------------------------------------------

# Each tries to have the therapist on Monday at 10 in the first clinic, and says how it was refused.


def soon() -> Any:
    """Monday at 10 of a coming week, for what goes by the real clock."""
    monday = timezone.now().replace(hour=10, minute=0, second=0, microsecond=0)
    return monday + timedelta(days=14 - monday.weekday())


def place(desk, starts_at):
    return locks.Time(starts_at, desk.therapist_id, desk.room.pk)


def refused_by_action(here, act):
    with here.scope(), pytest.raises(locks.TherapistUnavailable) as refusal:
        act()
    return message_of(refusal.value), refusal.value.extra


def by_booking(here, at):
    desk = here.desk
    return refused_by_action(here, lambda: desk.book(desk.patient(), time=place(desk, at), at=timezone.now()))


def by_move(here, at):
    desk = here.desk
    made = book(here, time=place(desk, at + timedelta(hours=2)), at=timezone.now())
    return refused_by_action(
        here,
        lambda: actions.move(appointment_id=made.pk, time=place(desk, at), by=desk.by, at=timezone.now()),
    )


def by_swap(here, at):
    """A swap gives each the other's place and keeps its length: the longer one would reach into 10 o'clock."""
    desk, now = here.desk, timezone.now()
    mine = book(here, time=place(desk, at - timedelta(minutes=30)), at=now)
    other_time = locks.Time(at + timedelta(hours=3), here.cast.colleague.pk, desk.other_room.pk)
    other = book(here, time=other_time, length_min=60, at=now)
    return refused_by_action(here, lambda: actions.swap(first_id=mine.pk, second_id=other.pk, by=desk.by, at=now))


def by_status(here, at):
    """Cancelled, then given away by the other clinic, then held again."""
    desk = here.desk
    with here.scope():
        made = Appointment.objects.get(status=rules.CANCELLED)
    return refused_by_action(
        here,
        lambda: actions.set_status(
            appointment_id=made.pk, status=rules.BOOKED, why="mistake", by=desk.by, at=timezone.now()
        ),
    )


def by_series(here, at):
    desk = here.desk
    plan = series.SeriesPlan(
        type_id=desk.kind.pk, count=2, weeks=2, starts_on=at.date(), therapists=[desk.therapist_id]
    )
    times = [place(desk, at + timedelta(days=days)) for days in (-3, 0)]
    message, extra = refused_by_action(
        here,
        lambda: series.book_series(patient_id=desk.patient(), plan=plan, times=times, by=desk.by, at=timezone.now()),
    )
    assert extra["number"] == 2
    with here.scope():
        assert not Appointment.objects.holding().exists()
    return message, extra


def by_moved_series(here, at):
    desk = here.desk
    plan = series.SeriesPlan(
        type_id=desk.kind.pk, count=2, weeks=2, starts_on=at.date(), therapists=[desk.therapist_id]
    )
    times = [place(desk, at + timedelta(hours=2, days=days)) for days in (-3, 0)]
    with here.scope():
        _series, made = series.book_series(
            patient_id=desk.patient(), plan=plan, times=times, by=desk.by, at=timezone.now()
        )
    message, extra = refused_by_action(
        here,
        lambda: series.move_series(
            appointment_id=made[0].pk,
            reach="all",
            time=place(desk, made[0].starts_at - timedelta(hours=2)),
            by=desk.by,
            at=timezone.now(),
        ),
    )
    assert extra["number"] == 2
    return message, extra


def by_api(here, at):
    desk = here.desk
    with here.scope():
        patient_id = desk.patient()
    sent = {
        "patient_id": str(patient_id),
        "type_id": str(desk.kind.pk),
        "therapist_id": str(desk.therapist_id),
        "room_id": str(desk.room.pk),
        "starts_at": at.isoformat(),
    }
    answer = Api(here.cast.staff).post("/appointments/", sent)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_available"), answer.json()
    body = answer.json()
    return body["detail"], body


def by_page(here, at):
    desk = here.desk
    made = book(here, time=place(desk, at + timedelta(hours=2)), at=timezone.now())
    browser = Client()
    browser.force_login(here.cast.staff)
    answer = browser.post(
        f"/appointments/{made.pk}/move/", {"starts_at": at.isoformat()}, headers={"Accept": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "not_available"), answer.content
    body = answer.json()
    return body["detail"], body


ENTRY_POINTS = [by_booking, by_move, by_swap, by_status, by_series, by_moved_series, by_api, by_page]


@pytest.mark.parametrize("attempt", ENTRY_POINTS)
def test_the_second_clinic_is_refused_and_learns_nothing(practices, attempt):
    here, there = practices
    at = soon()
    if attempt is by_status:
        made = book(here, time=place(here.desk, at), at=timezone.now())
        with here.scope():
            actions.set_status(
                appointment_id=made.pk,
                status="cancelled",
                cancelled_by="clinic",
                reason="other",
                by=here.desk.by,
                at=timezone.now(),
            )
    theirs = book(there, time=place(there.desk, at), at=timezone.now())

    message, told = attempt(here, at)

    assert message == "The therapist is not available at this time. Choose another time."
    for secret in (there.cast.clinic.name, there.cast.clinic.slug, there.cast.clinic.pk, theirs.pk, theirs.patient_id):
        assert str(secret) not in str(told)
    for free in told["next_free"]:
        assert not free["starts_at"].startswith(f"{at:%Y-%m-%dT%H:%M}")
    with here.scope():
        assert not Appointment.objects.holding().filter(starts_at=at, therapist_id=here.desk.therapist_id).exists()
        assert str(there.cast.clinic.pk) not in str(list(AuditEvent.objects.values()))


def test_an_offered_time_that_the_other_clinic_booked_is_gone(practices):
    here, there = practices
    with here.scope():
        desk = here.desk
        waitlist.join(patient_id=desk.patient(), type_id=desk.kind.pk, by=desk.by, at=AT)
        made = desk.book(desk.patient(), 10)
        actions.set_status(
            appointment_id=made.pk, status="cancelled", cancelled_by="patient", reason="ill", by=desk.by, at=AT
        )
        assert waitlist.run(by=desk.by, at=AT) == 1
        offer = Offer.objects.get()
    book(there, 10)
    with here.scope(), pytest.raises(waitlist.OfferGone):
        waitlist.accept(offer_id=offer.pk, revision=None, by=here.desk.by, at=AT)


def test_a_freed_time_that_the_other_clinic_booked_is_not_offered(practices):
    here, there = practices
    with here.scope():
        desk = here.desk
        waitlist.join(patient_id=desk.patient(), type_id=desk.kind.pk, by=desk.by, at=AT)
        made = desk.book(desk.patient(), 10)
        actions.set_status(
            appointment_id=made.pk, status="cancelled", cancelled_by="patient", reason="ill", by=desk.by, at=AT
        )
    book(there, 10)
    with here.scope():
        assert waitlist.run(by=here.desk.by, at=AT) == 0
        assert Opening.objects.get().closed_at is not None


def test_plain_sql_as_the_application_role_is_refused(practices):
    here, there = practices
    book(there, 10)
    made = book(here, 12)
    with here.scope(), pytest.raises(IntegrityError, match="person_booked_once"), transaction.atomic():
        run_prepared(
            "UPDATE scheduling_appointment SET starts_at = %s, ends_at = %s, blocked_until = %s WHERE id = %s",
            [here.desk.time(10).starts_at, here.desk.time(10, 30).starts_at, here.desk.time(10, 30).starts_at, made.pk],
        )


# --- What is free -----------------------------------------------------------------------------------------------


def test_busy_times_are_not_offered_until_they_are_free_again(practices):
    here, there = practices
    theirs = book(there, 10)
    with there.scope():  # a buffer keeps the person, too
        Appointment.objects.filter(pk=theirs.pk).update(blocked_until=theirs.ends_at + timedelta(minutes=15))
    desk = here.desk
    search = slots.Search(desk.time(9, 30).starts_at, desk.time(12).starts_at, therapists=[desk.therapist_id])

    def starts():
        with here.scope():
            return [f"{slot.starts_at:%H:%M}" for slot in slots.free(desk.kind, search, limit=50)]

    assert not {"10:00", "10:15", "10:30"} & set(starts())
    with there.scope():
        actions.set_status(
            appointment_id=theirs.pk,
            status="cancelled",
            cancelled_by="clinic",
            reason="other",
            by=there.desk.by,
            at=AT,
        )
    assert {"10:00", "10:30"} <= set(starts())


def test_a_clash_in_the_clinic_itself_is_still_named_as_one(practices):
    here, _there = practices
    book(here, 10)
    with here.scope(), pytest.raises(locks.SlotTaken):
        here.desk.book(here.desk.patient(), 10)
    other = book(here, 12)
    with here.scope(), pytest.raises(locks.SlotTaken):
        actions.move(appointment_id=other.pk, time=here.desk.time(10), by=here.desk.by, at=AT)


def test_swapping_and_moving_within_a_clinic_still_works(practices):
    here, there = practices
    book(there, 14)
    one, two = book(here, 10), book(here, 10, 30)
    with here.scope():
        actions.swap(first_id=one.pk, second_id=two.pk, by=here.desk.by, at=AT)
        one.refresh_from_db()
        assert one.starts_at == here.desk.time(10, 30).starts_at
        actions.set_status(appointment_id=one.pk, status=rules.CONFIRMED, by=here.desk.by, at=AT)


# --- What the application role may know ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT count(*) FROM scheduling_persontime",
        "INSERT INTO scheduling_persontime SELECT * FROM scheduling_persontime",
        "UPDATE scheduling_persontime SET is_legacy = true",
        "DELETE FROM scheduling_persontime",
        "TRUNCATE scheduling_persontime",
        "CREATE TEMP TABLE t (id uuid); "
        "CREATE TRIGGER t AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION scheduling_keep_persontime()",
    ],
)
def test_the_application_role_has_no_right_on_the_table(practices, statement):
    here, there = practices
    book(there, 10)
    with here.scope(), pytest.raises(ProgrammingError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert isinstance(refusal.value.__cause__, psycopg.errors.InsufficientPrivilege)


def test_the_application_role_learns_only_when_its_own_people_are_busy(practices):
    here, there = practices
    book(there, 10)
    book(there, 10, 30)
    book(there, 10, other=True)  # somebody who works only there
    time = here.desk.time
    values = [[here.desk.therapist_id, there.cast.colleague.pk], time(10, 15).starts_at, time(12).starts_at]
    ask = "SELECT * FROM scheduling_busy(%s::uuid[], %s, %s, '{}')"
    with here.scope():
        [(person, stretches)] = run_prepared(ask, values)
    assert person == here.desk.therapist_id
    # One stretch, cut to what was asked: not even how many appointments there are.
    assert [(one.lower, one.upper) for one in stretches] == [(time(10, 15).starts_at, time(11).starts_at)]
    with tenancy.scope(None):
        assert run_prepared(ask, values) == []


def test_the_trigger_knows_the_states_that_hold():
    frozen = importlib.import_module("scheduling.migrations.0004_person_busy_once").HOLDING
    assert sorted(frozen.strip("()").replace("'", "").split(", ")) == sorted(rules.HOLDING)


# --- At once, and before ------------------------------------------------------------------------------------------


def test_two_clinics_at_once_and_one_has_it(committed):
    here, there = make_practices(committed)
    at = soon()

    def attempt(practice):
        with practice.scope():
            patient_id = practice.desk.patient()
        try:
            with practice.scope():
                practice.desk.book(patient_id, time=place(practice.desk, at), at=timezone.now())
        except locks.TherapistUnavailable:
            return "refused"
        return "booked"

    for round_number in range(4):
        at += timedelta(days=1 if round_number else 0)
        answers = at_once([lambda one=one: attempt(one) for one in (here, there)])
        assert sorted(answers) == ["booked", "refused"]


def run_migration(link, statements):
    for statement in statements:
        link.execute(statement)


def test_what_overlapped_before_the_upgrade_stays_and_nothing_is_added_to_it(committed):
    """The migration runs again, as the tables' owner, over an overlap of 10:00 to 10:30 with 10:15 to 11:15."""
    here, there = make_practices(committed)
    book(here, 10)
    legacy, third = book(there, 12, length_min=60), book(here, 14)
    migration = importlib.import_module("scheduling.migrations.0004_person_busy_once").Migration.operations[0]
    start = there.desk.time(10, 15).starts_at

    def enter(link, clinic):
        link.execute("SELECT set_config('palpate.clinic_id', %s, true)", [str(clinic.pk)])

    def put(link, appointment, starts_at, minutes):
        ends_at = starts_at + timedelta(minutes=minutes)
        link.execute(
            "UPDATE scheduling_appointment SET starts_at = %s, ends_at = %s, blocked_until = %s WHERE id = %s",
            [starts_at, ends_at, ends_at, appointment.pk],
        )

    def is_legacy(link):
        return link.execute(
            "SELECT is_legacy FROM scheduling_persontime WHERE appointment_id = %s", [legacy.pk]
        ).fetchone()[0]

    with superuser() as link, link.transaction(force_rollback=True):
        link.execute("SET LOCAL ROLE palpate_owner")
        run_migration(link, migration.reverse_sql)
        enter(link, there.cast.clinic)
        put(link, legacy, start, 60)
        run_migration(link, migration.sql)
        assert is_legacy(link)
        # It can be confirmed, documented, cancelled; nothing more is booked beside it, also where only it lies.
        enter(link, there.cast.clinic)
        link.execute("UPDATE scheduling_appointment SET status = 'confirmed' WHERE id = %s", [legacy.pk])
        assert is_legacy(link)
        enter(link, here.cast.clinic)
        with pytest.raises(psycopg.errors.ExclusionViolation), link.transaction():
            put(link, third, start + timedelta(minutes=30), 15)
        [(person, stretches)] = link.execute(
            "SELECT * FROM scheduling_busy(ARRAY[%s::uuid], %s, %s, '{}')",
            [here.desk.therapist_id, start, start + timedelta(hours=3)],
        ).fetchall()
        assert (person, stretches[0].upper) == (here.desk.therapist_id, start + timedelta(minutes=60))
        # Moved, it is as any other.
        enter(link, there.cast.clinic)
        put(link, legacy, start + timedelta(hours=2), 60)
        assert not is_legacy(link)
        with pytest.raises(psycopg.errors.ExclusionViolation), link.transaction():
            put(link, legacy, start, 60)
