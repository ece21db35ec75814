from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from database.expressions import new_id
from errors.exceptions import Invalid
from messaging.models import Message
from scheduling import rules
from scheduling.booking import locks
from scheduling.booking.locks import Time
from scheduling.models import Appointment, Hours, Series
from scheduling.series import actions as series
from scheduling.setup import actions as setup_actions
from tests.scheduling.conftest import AT
from worklist.models import Item


@pytest.fixture
def plan(desk):
    return series.SeriesPlan(
        type_id=desk.kind.pk, count=8, weeks=4, starts_on=date(2026, 11, 23), therapists=[desk.therapist_id]
    )


def propose(desk, patient_id, plan):
    return series.propose(patient_id=patient_id, plan=plan, by=desk.by, at=AT)


def times(placed):
    return [Time(one.starts_at, one.therapist_id, one.room_id) for one in placed.slots.values()]


def book(desk, patient_id, plan, some):
    return series.book_series(patient_id=patient_id, plan=plan, times=some, by=desk.by, at=AT)


def test_eight_sessions_over_four_weeks(desk, plan):
    ada = desk.patient()
    made, booked = book(desk, ada, plan, times(propose(desk, ada, plan)))
    assert [one.number for one in booked] == list(range(1, 9))
    assert {f"{one.starts_at:%H:%M}" for one in booked} == {"09:00"}
    assert booked[-1].starts_at < desk.time(9, day=28).starts_at
    assert not Item.objects.open().exists()
    assert made.appointments.count() == 8


def test_all_or_none(desk, plan):
    ada = desk.patient()
    some = times(propose(desk, ada, plan))
    desk.book(desk.patient(), time=some[4])
    with pytest.raises(locks.SlotTaken) as refusal:
        book(desk, ada, plan, some)
    assert refusal.value.extra["number"] == 5
    assert not Series.objects.exists()
    assert Appointment.objects.count() == 1


def test_what_could_not_be_placed_is_told_and_waits(desk, plan):
    ada = desk.patient()
    setup_actions.save(
        kind="closures", values={"first_day": date(2026, 11, 30), "last_day": date(2026, 12, 20)}, by=desk.by
    )
    placed = propose(desk, ada, plan)
    assert placed.unplaced == [5, 6, 7]
    made, _booked = book(desk, ada, plan, times(placed))
    item = Item.objects.open().get()
    assert (item.kind, item.about_id, item.facts) == ("series_short", made.pk, {"held": 5, "count": 8, "gone": []})


def test_needling_keeps_48_hours(desk, plan):
    setup_actions.save(
        kind="competencies", values={"user_id": desk.therapist_id, "technique": "dry_needling"}, by=desk.by
    )
    desk.kind.technique = "dry_needling"
    desk.kind.save()
    ada = desk.patient()
    desk.book(ada, 9, day=1)
    placed = propose(desk, ada, replace(plan, count=5, weeks=1))
    starts = [one.starts_at for one in placed.slots.values()] + [desk.time(9, day=1).starts_at]
    starts.sort()
    assert all(later - earlier >= rules.NEEDLING_GAP for earlier, later in pairwise(starts))
    assert placed.unplaced


def test_this_and_later_moved_by_the_wall_clock(desk, plan):
    ada = desk.patient()
    _made, booked = book(desk, ada, plan, times(propose(desk, ada, plan)))
    third = booked[2]
    target = Time(third.starts_at + timedelta(days=1, hours=2), desk.therapist_id, desk.room.pk)
    moved = series.move_series(
        appointment_id=third.pk, time=target, reach="later", by=desk.by, at=AT, outside_hours=True
    )
    assert len(moved) == 6
    booked[0].refresh_from_db()
    assert f"{booked[0].starts_at:%H:%M}" == "09:00"
    assert {f"{one.starts_at:%H:%M}" for one in moved} == {"11:00"}
    assert moved[0].starts_at - booked[2].starts_at == timedelta(days=1, hours=2)


def test_neighbours_of_a_series_may_step_over_each_other(desk, plan):
    """Each moves to where the next one is now: held against each other only at the end."""
    ada = desk.patient()
    daily = replace(plan, count=3, weeks=1)
    some = [desk.time(9, 30 * n) for n in range(2)] + [desk.time(10)]
    _made, booked = book(desk, ada, daily, some)
    series.move_series(appointment_id=booked[0].pk, time=desk.time(9, 30), reach="all", by=desk.by, at=AT)
    starts = Appointment.objects.in_order().values_list("starts_at", flat=True)
    assert [f"{one:%H:%M}" for one in starts] == ["09:30", "10:00", "10:30"]


def test_a_clash_of_one_moves_none(desk, plan):
    ada = desk.patient()
    _made, booked = book(desk, ada, plan, times(propose(desk, ada, plan)))
    desk.book(desk.patient(), time=Time(booked[5].starts_at + timedelta(hours=1), desk.therapist_id, desk.room.pk))
    target = Time(booked[0].starts_at + timedelta(hours=1), desk.therapist_id, desk.room.pk)
    with pytest.raises(locks.SlotTaken):
        series.move_series(appointment_id=booked[0].pk, time=target, reach="all", by=desk.by, at=AT)
    assert {f"{one.starts_at:%H:%M}" for one in Appointment.objects.filter(patient_id=ada)} == {"09:00"}


def test_the_rest_is_cancelled_and_the_series_ends(desk, plan):
    ada = desk.patient()
    made, booked = book(desk, ada, plan, times(propose(desk, ada, plan)))
    done = series.cancel_series(
        appointment_id=booked[3].pk, reach="later", cancelled_by="patient", reason="better", by=desk.by, at=AT
    )
    assert len(done) == 5
    made.refresh_from_db()
    assert made.ended_at == AT
    assert not Item.objects.open().filter(kind="series_short").exists()


def test_an_impossible_plan_says_why(desk, plan):
    with pytest.raises(Invalid) as refusal:
        propose(desk, desk.patient(), replace(plan, count=99, weeks=30))
    assert [e.pointer for e in refusal.value.errors] == ["/count", "/weeks"]


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("Europe/Berlin", date(2027, 3, 22), date(2027, 3, 29)),
        ("America/New_York", date(2027, 3, 8), date(2027, 3, 15)),
        ("Australia/Lord_Howe", date(2027, 4, 1), date(2027, 4, 5)),
    ],
)
def test_a_series_and_its_reminders_through_a_change_of_the_clock(desk, name, before, after):
    """Ten o'clock stays ten o'clock, and the reminder comes at ten the day before, also on the Monday after."""
    clinic, zone = desk.cast.clinic, ZoneInfo(name)
    clinic.time_zone = name
    clinic.save()
    Hours.objects.create(
        id=new_id(),
        clinic=clinic,
        user=desk.cast.therapist,
        room=desk.room,
        weekday=6,
        from_time=time(9),
        until_time=time(17),
    )
    ada = desk.patient(email="ada@mail.example", consent_email="granted")
    at = datetime.combine(before, time(0), tzinfo=zone) - timedelta(days=3)
    weeks = (after - before).days // 7 + 2
    plan = series.SeriesPlan(
        type_id=desk.kind.pk,
        count=weeks * 2,
        weeks=weeks,
        starts_on=before,
        from_time=time(10),
        until_time=time(10, 30),
        therapists=[desk.therapist_id],
    )
    placed = series.propose(patient_id=ada, plan=plan, by=desk.by, at=at)
    _made, booked = series.book_series(patient_id=ada, plan=plan, times=times(placed), by=desk.by, at=at)
    offsets = {one.starts_at.astimezone(zone).utcoffset() for one in booked}
    assert len(offsets) == 2, "the change of the clock lies in between"
    assert {one.starts_at.astimezone(zone).time() for one in booked} == {time(10)}
    reminders = Message.objects.filter(kind="appointment_reminder")
    assert {m.due_at.astimezone(zone).time() for m in reminders} == {time(10)}
    assert len(reminders) == len(booked)

    moved = series.move_series(
        appointment_id=booked[0].pk,
        reach="all",
        by=desk.by,
        at=at,
        time=Time(
            rules.move_by(booked[0].starts_at, by=timedelta(hours=1), zone=zone), desk.therapist_id, desk.room.pk
        ),
    )
    assert {one.starts_at.astimezone(zone).time() for one in moved} == {time(11)}
    assert all(one.starts_at.tzinfo is not None and one.starts_at.astimezone(UTC) for one in moved)


# --- Found by a second pair of eyes -----------------------------------------------------------------------------


def test_what_lies_behind_is_not_touched_by_all(desk, plan):
    ada = desk.patient()
    made, booked = book(desk, ada, plan, times(propose(desk, ada, plan)))
    later = booked[2].starts_at + timedelta(hours=1)
    done = series.cancel_series(
        appointment_id=booked[3].pk, reach="all", cancelled_by="patient", reason="better", by=desk.by, at=later
    )
    assert {one.number for one in done} == {4, 5, 6, 7, 8}
    assert Appointment.objects.filter(series=made, status="booked").count() == 3


def test_proposed_far_ahead_among_many_free_times(desk, plan):
    """A week late in the plan is looked at as closely as the first."""
    placed = propose(desk, desk.patient(), replace(plan, count=24, weeks=24, therapists=()))
    assert placed.unplaced == []


def test_nobody_is_proposed_beyond_their_competency(desk, plan):
    last = date(2026, 11, 25)
    values = {"user_id": desk.therapist_id, "technique": "dry_needling", "valid_until": last}
    setup_actions.save(kind="competencies", values=values, by=desk.by)
    desk.kind.technique = "dry_needling"
    desk.kind.save()
    placed = propose(desk, desk.patient(), replace(plan, count=4))
    assert max(one.starts_at.date() for one in placed.slots.values()) <= last
    assert placed.unplaced == [2, 3]
