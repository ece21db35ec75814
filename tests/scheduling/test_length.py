"""Appointments that last longer or shorter than their type does."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from clinic.errors import Invalid
from scheduling import actions, holding, rules, series, slots
from scheduling.holding import Time
from tests.scheduling.conftest import AT


def minutes(one):
    return (one.ends_at - one.starts_at) // timedelta(minutes=1)


def test_a_long_one_keeps_its_length_through_moves_and_swaps(desk):
    ada, bo = desk.patient(), desk.patient()
    long = desk.book(ada, 9, length_min=60)
    assert minutes(long) == 60
    with pytest.raises(holding.SlotTaken):
        desk.book(bo, 9, 30)
    other = desk.book(bo, 10)
    moved = actions.move(appointment_id=long.pk, time=desk.time(14), by=desk.by, at=AT)
    assert minutes(moved) == 60
    first, second = actions.swap(first_id=long.pk, second_id=other.pk, by=desk.by, at=AT)
    assert (minutes(first), minutes(second)) == (60, 30)


def test_it_is_made_longer_where_there_is_room(desk):
    ada, bo = desk.patient(), desk.patient()
    one = desk.book(ada, 9)
    desk.book(bo, 10)
    given = {"appointment_id": one.pk, "time": desk.time(9), "by": desk.by, "at": AT}
    assert minutes(actions.move(length_min=60, **given)) == 60
    with pytest.raises(holding.SlotTaken) as refusal:
        actions.move(length_min=75, **given)
    # What is free next is free for so long.
    starts = [free["starts_at"] for free in refusal.value.extra["next_free"]]
    assert len(starts) == 3
    for length_min in (4, 481):
        with pytest.raises(Invalid) as wrong:
            actions.move(length_min=length_min, **given)
        assert wrong.value.errors[0].pointer == "/length_min"
    with pytest.raises(Invalid) as late:
        actions.move(**given | {"time": desk.time(16, 30)})
    assert late.value.errors[0].code == "outside_hours"


def test_a_free_time_is_free_for_all_of_it(desk):
    for hour in range(9, 17, 2):
        desk.book(desk.patient(), hour)
    search = slots.Search(
        desk.time(0).starts_at, desk.time(0, day=1).starts_at, therapists=[desk.therapist_id], rooms=[desk.room.pk]
    )
    long = slots.free(desk.kind.lasting(90), search, limit=50)
    assert [f"{one.starts_at:%H:%M}" for one in long] == ["09:30", "11:30", "13:30", "15:30"]
    assert len(slots.free(desk.kind, search, limit=50)) > len(long)


def test_a_series_has_its_own_length_and_so_has_what_fills_it_up(desk):
    ada = desk.patient()
    plan = series.Plan(
        type_id=desk.kind.pk, count=3, weeks=3, starts_on=date(2026, 11, 23), length_min=45,
        therapists=[desk.therapist_id],
    )  # fmt: skip
    placed = series.propose(patient_id=ada, plan=plan, by=desk.by, at=AT)
    times = [Time(one.starts_at, one.therapist_id, one.room_id) for one in placed.slots.values()]
    made, booked = series.book_series(patient_id=ada, plan=plan, times=times[:2], by=desk.by, at=AT)
    assert made.length_min == 45
    booked.append(desk.book(ada, time=times[2], series_id=made.pk))
    assert [minutes(one) for one in booked] == [45, 45, 45]
    moved = series.move_series(
        appointment_id=booked[0].pk, time=desk.time(11), reach=rules.ALL, length_min=60, by=desk.by, at=AT
    )
    assert [minutes(one) for one in moved] == [60, 60, 60]
    with pytest.raises(Invalid) as wrong:
        series.propose(patient_id=ada, plan=replace(plan, length_min=500), by=desk.by, at=AT)
    assert wrong.value.errors[0].pointer == "/length_min"
