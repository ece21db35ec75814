from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling import rules

ZONES = [ZoneInfo(name) for name in ("Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")]
ANN, BEN = UUID(int=1), UUID(int=2)
START = datetime(2026, 10, 1, tzinfo=UTC)
moments = st.integers(-400_000, 700_000).map(lambda minutes: START + timedelta(minutes=minutes))


@given(moments, st.integers(-60, 60), st.sampled_from(ZONES))
def test_moved_by_days_keeps_the_wall_clock(at, days, zone):
    at = at.replace(second=0, microsecond=0)
    local = at.astimezone(zone)
    there = rules.moved(at, by=timedelta(days=days), zone=zone).astimezone(zone)
    wanted = local.replace(tzinfo=None) + timedelta(days=days)
    exists = wanted.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wanted
    if exists:
        assert there.replace(tzinfo=None) == wanted
    else:  # skipped by the clock: as much later as it was put forward
        assert timedelta() < there.replace(tzinfo=None) - wanted <= timedelta(hours=1)


gaps = st.builds(
    lambda start, length, who: rules.Gap(
        who, None, START + timedelta(minutes=start), START + timedelta(minutes=start + length)
    ),
    st.integers(0, 2000), st.integers(5, 400), st.sampled_from([ANN, BEN]),
)  # fmt: skip


@given(st.lists(gaps, max_size=12), st.sampled_from([20, 30, 50]), st.sampled_from([5, 15, 20, 30]),
       st.sampled_from(ZONES), st.integers(1, 30))  # fmt: skip
def test_slots_are_the_first_of_all_that_fit(some, length_min, step_min, zone, limit):
    some.sort(key=lambda gap: gap.starts_at)
    length, step = timedelta(minutes=length_min), timedelta(minutes=step_min)

    found = rules.slots(some, length=length, step=step, zone=zone, limit=limit)

    brute = set()
    for gap in some:
        at = gap.starts_at
        while at + length <= gap.ends_at:
            local = at.astimezone(zone)
            if (local.hour * 60 + local.minute) % step_min == 0:
                brute.add((at, gap.therapist_id))
            at += timedelta(minutes=1)
    assert [(one.starts_at, one.therapist_id) for one in found] == sorted(brute, key=lambda o: (o[0], str(o[1])))[
        :limit
    ]


slots = st.builds(
    lambda hours, who: rules.Slot(START + timedelta(hours=hours), who, None),
    st.integers(0, 24 * 40), st.sampled_from([ANN, BEN]),
)  # fmt: skip


@given(st.lists(slots, max_size=60, unique_by=lambda s: s.starts_at), st.integers(1, 12), st.integers(1, 5),
       st.sampled_from([0, 24, 48, 72]), st.sampled_from(ZONES), st.lists(st.integers(0, 900), max_size=3))  # fmt: skip
def test_a_series_keeps_its_distance_and_its_weeks(free, count, weeks, gap_h, zone, taken):
    taken = [START + timedelta(hours=hours) for hours in taken]
    starts_on = START.astimezone(zone).date()

    placed = rules.place(
        sorted(free), starts_on=starts_on, weeks=weeks, count=count, least_gap=timedelta(hours=gap_h), zone=zone,
        taken=taken,
    )  # fmt: skip

    assert sorted([*placed.slots, *placed.unplaced]) == list(range(count))
    assert set(placed.slots.values()) <= set(free)
    starts = [*taken, *(one.starts_at for one in placed.slots.values())]
    chosen = [one.starts_at for one in placed.slots.values()]
    assert len(set(chosen)) == len(chosen) or gap_h == 0
    for one in chosen:
        others = list(starts)
        others.remove(one)
        assert all(abs(one - other) >= timedelta(hours=gap_h) for other in others)
        day = one.astimezone(zone).date()
        assert starts_on <= day < starts_on + timedelta(weeks=weeks, days=1)


def test_a_series_is_shared_out_evenly():
    free = [rules.Slot(START + timedelta(days=day, hours=9), ANN, None) for day in range(40)]
    placed = rules.place(free, starts_on=START.date(), weeks=4, count=8, least_gap=timedelta(), zone=ZONES[0])
    days = [slot.starts_at.day if slot.starts_at.month == 10 else 31 for slot in placed.slots.values()]
    assert days == [1, 4, 8, 11, 15, 18, 22, 25]


def test_every_state_can_be_left_or_is_an_end():
    assert set(rules.NEXT) == set(rules.STATUSES)
    assert {after for nexts in rules.NEXT.values() for after in nexts} <= set(rules.STATUSES)
    assert rules.is_correction("fulfilled", "noshow")
    assert not rules.is_correction("booked", "arrived")


def test_wishes():
    wish = rules.Wish(ANN, [0], time(9), time(12), date(2026, 11, 1), None, 30)
    monday = datetime(2026, 11, 23, 9, tzinfo=UTC)
    ends = monday + timedelta(hours=1)

    def fit(**changes):
        given = {"starts_at": monday, "ends_at": ends, "therapist_id": ANN, "zone": ZONES[0]} | changes
        return rules.fits(wish, **given)

    assert fit()
    assert not fit(therapist_id=BEN)
    assert not fit(starts_at=monday - timedelta(minutes=5))
    assert not fit(starts_at=monday + timedelta(days=1), ends_at=ends + timedelta(days=1))
    assert not fit(ends_at=monday + timedelta(minutes=20))
    assert not fit(starts_at=monday + timedelta(hours=2, minutes=45), ends_at=monday + timedelta(hours=4))


def test_nothing_of_nothing_is_not_zero():
    assert rules.share(0, 0) is None
    assert rules.share(1, 4) == 0.25


@pytest.mark.parametrize(
    ("weekdays", "count", "weeks"), [((0, 2), 8, 4), ((0, 1), 8, 4), ((0, 1, 2, 3, 4), 5, 1), ((0, 1, 2, 3, 4), 10, 2)]
)
def test_days_that_lie_close_together_are_no_reason_to_place_fewer(weekdays, count, weeks):
    monday = datetime(2026, 11, 23, 9, tzinfo=UTC)
    days = [monday + timedelta(days=day) for day in range(7 * weeks)]
    free = [rules.Slot(day, ANN, None) for day in days if day.weekday() in weekdays]
    placed = rules.place(free, starts_on=monday.date(), weeks=weeks, count=count, least_gap=timedelta(), zone=ZONES[0])
    assert placed.unplaced == []
    assert len(placed.slots) == count


@given(
    days=st.sets(st.integers(0, 20), max_size=14), count=st.integers(1, 10), gap_days=st.integers(0, 4),
)  # fmt: skip
def test_so_many_as_fit_are_placed(days, count, gap_days):
    """As many as the best choice of days gives, found by trying all."""
    free = [rules.Slot(START + timedelta(days=day, hours=9), ANN, None) for day in sorted(days)]
    placed = rules.place(
        free, starts_on=START.date(), weeks=3, count=count, least_gap=timedelta(days=gap_days), zone=ZONES[0]
    )
    best = {0: 0}  # the most that can be had with the last one on that day; day 0 stands for none
    for day in sorted(days):
        before = [many for last, many in best.items() if last == 0 or day + 1 - last >= max(1, gap_days)]
        best[day + 1] = max(before) + 1
    assert len(placed.slots) == min(count, max(best.values()))
