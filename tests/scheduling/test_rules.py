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
    there = rules.move_by(at, by=timedelta(days=days), zone=zone).astimezone(zone)
    wanted = local.replace(tzinfo=None) + timedelta(days=days)
    exists = wanted.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wanted
    if exists:
        assert there.replace(tzinfo=None) == wanted
    else:  # skipped by the clock: as much later as it was put forward
        assert timedelta() < there.replace(tzinfo=None) - wanted <= timedelta(hours=1)


gaps = st.builds(
    lambda start, length, who: rules.FreeGap(
        who, None, START + timedelta(minutes=start), START + timedelta(minutes=start + length)
    ),
    st.integers(0, 2000),
    st.integers(5, 400),
    st.sampled_from([ANN, BEN]),
)


@given(
    st.lists(gaps, max_size=12),
    st.sampled_from([20, 30, 50]),
    st.sampled_from([5, 15, 20, 30]),
    st.sampled_from(ZONES),
    st.integers(1, 30),
)
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
    st.integers(0, 24 * 40),
    st.sampled_from([ANN, BEN]),
)


@given(
    st.lists(slots, max_size=60, unique_by=lambda s: s.starts_at),
    st.integers(1, 12),
    st.integers(1, 5),
    st.sampled_from([0, 24, 48, 72]),
    st.sampled_from(ZONES),
    st.lists(st.integers(0, 900), max_size=3),
)
def test_a_series_keeps_its_distance_and_its_weeks(free, count, weeks, gap_h, zone, taken):
    taken = [START + timedelta(hours=hours) for hours in taken]
    starts_on = START.astimezone(zone).date()

    placed = rules.place(
        sorted(free),
        starts_on=starts_on,
        weeks=weeks,
        count=count,
        least_gap=timedelta(hours=gap_h),
        zone=zone,
        taken=taken,
    )

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
    days=st.sets(st.integers(0, 20), max_size=14),
    count=st.integers(1, 10),
    gap_days=st.integers(0, 4),
)
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


# --- States -------------------------------------------------------------------------------------------------------

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)  # a Monday
LONDON = ZONES[0]
MINUTE = timedelta(minutes=1)

STATUSES = [
    # code, keeps its time, says something of the visit, FHIR, what may come next
    ("proposed", True, False, "proposed", ["booked", "cancelled"]),
    ("booked", True, False, "booked", ["confirmed", "arrived", "noshow", "cancelled"]),
    ("confirmed", True, False, "booked", ["arrived", "noshow", "cancelled"]),
    ("arrived", True, True, "arrived", ["in_room", "fulfilled"]),
    ("in_room", True, True, "checked-in", ["fulfilled"]),
    ("fulfilled", True, True, "fulfilled", []),
    ("noshow", False, True, "noshow", []),
    ("cancelled", False, False, "cancelled", []),
]


@pytest.mark.parametrize(("code", "holds", "begun", "fhir", "after"), STATUSES)
def test_what_a_state_means(code, holds, begun, fhir, after):
    status = rules.STATUSES[code]
    assert (status.holds, status.begun, status.fhir) == (holds, begun, fhir)
    for other in rules.STATUSES:
        assert rules.is_correction(code, other) is (other not in after)


def test_the_states_are_told_apart():
    assert list(rules.STATUSES) == [code for code, *_ in STATUSES]
    assert [code for code, holds, *_ in STATUSES if holds] == rules.HOLDING
    assert rules.UPCOMING == ["proposed", "booked", "confirmed"]
    assert len({status.mark for status in rules.STATUSES.values()}) == len(rules.STATUSES)


@pytest.mark.parametrize(
    ("status", "before_start", "too_early"),
    [
        ("arrived", timedelta(hours=12), False),
        ("arrived", timedelta(hours=12) + MINUTE, True),
        ("fulfilled", timedelta(hours=13), True),
        ("noshow", timedelta(), False),
        ("noshow", MINUTE, True),
        ("noshow", -MINUTE, False),
        ("confirmed", timedelta(days=30), False),
        ("cancelled", timedelta(days=30), False),
    ],
)
def test_nobody_is_there_the_day_before(status, before_start, too_early):
    assert rules.is_too_early(status, starts_at=NINE, at=NINE - before_start) is too_early


@pytest.mark.parametrize(
    ("status", "before_start", "steps"),
    [
        ("booked", timedelta(days=2), ["confirmed"]),
        ("booked", timedelta(hours=1), ["confirmed", "arrived"]),
        ("booked", -MINUTE, ["confirmed", "arrived", "noshow"]),
        ("proposed", -MINUTE, ["booked"]),
        ("cancelled", -MINUTE, []),
    ],
)
def test_what_may_come_next_now(status, before_start, steps):
    assert rules.next_steps(status, starts_at=NINE, at=NINE - before_start) == steps


@pytest.mark.parametrize(
    ("at", "hold_h", "until"),
    [
        (NINE - timedelta(hours=48), 24, NINE - timedelta(hours=24)),
        (NINE - timedelta(hours=3), 24, NINE),
        (NINE + timedelta(hours=1), 24, NINE + timedelta(hours=1)),
    ],
)
def test_a_proposal_keeps_its_time_until_the_visit_at_most(at, hold_h, until):
    assert rules.hold_until(NINE, at=at, hold=timedelta(hours=hold_h)) == until


def test_a_patient_cancels_in_time():
    day = timedelta(days=1)
    assert rules.in_time(NINE, at=NINE - day, window=day)
    assert not rules.in_time(NINE, at=NINE - day + MINUTE, window=day)


def test_codes_of_the_record_stay():
    assert rules.CANCELLED_BY == ["patient", "clinic"]
    assert rules.REASONS == [
        "ill",
        "no_time",
        "better",
        "not_better",
        "therapist_away",
        "closed",
        "mistake",
        "expired",
        "other",
    ]
    assert rules.PATIENT_REASONS == ["ill", "no_time", "better", "not_better"]
    assert rules.REACH == ["this", "later", "all"]
    assert rules.WAITLIST_STATES == ["waiting", "placed", "withdrawn", "outdated"]
    assert rules.OFFER_STATES == ["open", "accepted", "declined", "gone", "expired"]


def test_what_can_be_set_up_and_booked():
    assert rules.LENGTH_MIN == (5, 480)
    assert rules.STEPS_MIN == [5, 10, 15, 20, 30, 60]
    assert all(60 % step == 0 for step in rules.STEPS_MIN)  # every grid holds the full hour
    assert (rules.MOST_SESSIONS, rules.MOST_WEEKS) == (60, 26)
    assert timedelta(hours=48) == rules.NEEDLING_GAP  # domain facts 3.2


# --- Closures -----------------------------------------------------------------------------------------------------


def test_a_closure_is_of_whole_days_or_of_hours():
    first, last = date(2026, 12, 24), date(2026, 12, 26)
    whole = (datetime(2026, 12, 24, tzinfo=UTC), datetime(2026, 12, 27, tzinfo=UTC))

    assert rules.closure_span(first, last, None, None, LONDON) == whole
    assert rules.closure_span(first, last, time(9), None, LONDON) == whole
    assert rules.closure_span(first, last, None, time(9), LONDON) == whole
    assert rules.closure_span(first, first, time(12), time(15), LONDON) == (
        datetime(2026, 12, 24, 12, tzinfo=UTC),
        datetime(2026, 12, 24, 15, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("starts", "ends", "touches"),
    [
        (time(11), time(12), False),  # ends when the hours begin
        (time(11), time(12, 1), True),
        (time(13), time(14), True),
        (time(14, 59), time(16), True),
        (time(15), time(16), False),
    ],
)
def test_which_visits_a_closure_of_hours_touches(starts, ends, touches):
    def on(day, at):
        return datetime.combine(day, at, tzinfo=UTC)

    monday = NINE.date()
    assert rules.falls_within(on(monday, starts), on(monday, ends), time(12), time(15), LONDON) is touches
    past_midnight = on(monday + timedelta(days=1), time(0, 30))
    assert rules.falls_within(on(monday, starts), past_midnight, time(12), time(15), LONDON) is (starts < time(15))


# --- Free time ----------------------------------------------------------------------------------------------------


def gap(from_h, until_h, who=ANN, room=None):
    return rules.FreeGap(who, room, NINE + timedelta(hours=from_h), NINE + timedelta(hours=until_h))


@pytest.mark.parametrize(
    ("taken", "parts"),
    [
        ([], [(0, 8)]),
        ([4], [(0, 3), (6, 8)]),  # an hour's visit begins two hours before or after, not nearer
        ([-5], [(0, 8)]),
        ([2], [(0, 1), (4, 8)]),
        ([1], [(3, 8)]),
        ([6], [(0, 5)]),
        ([2, 6], [(0, 1), (4, 5)]),
        ([4, 4], [(0, 3), (6, 8)]),
    ],
)
def test_time_is_kept_clear_around_other_visits(taken, parts):
    hour = timedelta(hours=1)
    moments = [NINE + number * hour for number in taken]
    free = list(rules.clear_gaps(gap(0, 8, room=BEN), moments, least_gap=2 * hour, length=hour))
    assert free == [gap(first, last, room=BEN) for first, last in parts]


def test_slots_begin_on_the_grid_and_end_within_the_gap():
    between = rules.FreeGap(ANN, BEN, NINE + 10 * MINUTE, NINE + 75 * MINUTE)
    slots = list(rules.split_gap(between, length=30 * MINUTE, step=15 * MINUTE, zone=LONDON))
    assert slots == [rules.Slot(NINE + minutes * MINUTE, ANN, BEN) for minutes in (15, 30, 45)]


def test_a_gap_may_reach_over_midnight():
    night = rules.FreeGap(ANN, None, NINE.replace(hour=23, minute=50), NINE.replace(hour=23, minute=50) + 50 * MINUTE)
    starts = [slot.starts_at for slot in rules.split_gap(night, length=20 * MINUTE, step=20 * MINUTE, zone=LONDON)]
    assert starts == [datetime(2026, 11, 24, 0, minute, tzinfo=UTC) for minute in (0, 20)]


def test_one_slot_for_a_therapist_and_moment_in_the_first_room():
    rooms = [UUID(int=7), UUID(int=8)]
    gaps = [gap(0, 1, ANN, rooms[1]), gap(0, 1, ANN, rooms[0]), gap(0, 1, BEN, rooms[1]), gap(0, 1, ANN, None)]
    slots = rules.slots(gaps, length=60 * MINUTE, step=60 * MINUTE, zone=LONDON, limit=9)
    assert [(slot.therapist_id, slot.room_id) for slot in slots] == [(ANN, None), (BEN, rooms[1])]
    slots = rules.slots(gaps[:3], length=60 * MINUTE, step=60 * MINUTE, zone=LONDON, limit=9)
    assert [(slot.therapist_id, slot.room_id) for slot in slots] == [(ANN, rooms[0]), (BEN, rooms[1])]


# --- Series -------------------------------------------------------------------------------------------------------


def test_the_weeks_of_a_series_are_shared_out():
    monday = date(2026, 11, 23)

    def days(*numbers):
        return [(monday + timedelta(days=first), monday + timedelta(days=last)) for first, last in numbers]

    assert rules.windows(monday, 2, 2) == days((0, 7), (7, 14))
    assert rules.windows(monday, 1, 3) == days((0, 2), (2, 4), (4, 7))
    assert rules.windows(monday, 1, 1) == days((0, 7))
    assert rules.windows(monday, 1, 14)[:3] == days((0, 1), (0, 1), (1, 2))  # more than days: never an empty window


def slot(day, hour=9, who=ANN, minute=0):
    return rules.Slot(NINE.replace(hour=hour, minute=minute) + timedelta(days=day), who, None)


def place(free, *, weeks=2, count=2, gap_h=0, taken=()):
    return rules.place(
        sorted(free),
        starts_on=NINE.date(),
        weeks=weeks,
        count=count,
        least_gap=timedelta(hours=gap_h),
        zone=LONDON,
        taken=taken,
    )


@pytest.mark.parametrize(
    ("second_week", "chosen"),
    [
        ([slot(7, 9, BEN), slot(9, 12)], slot(9, 12)),  # the therapist counts most
        ([slot(7, 12), slot(8, 9)], slot(7, 12)),  # then the day
        ([slot(7, 6), slot(7, 10)], slot(7, 10)),  # then the time of day
        ([slot(7, 8), slot(7, 10)], slot(7, 8)),  # then the earlier one
        ([slot(7, 9, minute=40), slot(7, 10, minute=5)], slot(7, 9, minute=40)),
        ([slot(8, 9), slot(13, 9)], slot(8, 9)),
    ],
)
def test_the_first_session_sets_the_tone(second_week, chosen):
    placed = place([slot(0), *second_week])
    assert placed == rules.Placed({0: slot(0), 1: chosen}, [])


def test_a_session_without_time_in_its_own_weeks_goes_elsewhere():
    assert place([slot(0), slot(2)]).slots == {0: slot(0), 1: slot(2)}
    assert place([slot(9), slot(11)]).slots == {0: slot(9), 1: slot(11)}
    assert place([slot(0), slot(0, 14)]) == rules.Placed({0: slot(0)}, [1])  # at most one a day
    assert place([slot(-1), slot(14)]) == rules.Placed({}, [0, 1])  # before and after the weeks


def test_other_visits_keep_their_distance():
    near = [NINE + timedelta(days=1)]
    assert place([slot(0), slot(7)], gap_h=24, taken=near).unplaced == []
    assert place([slot(0), slot(7)], gap_h=25, taken=near) == rules.Placed({0: slot(7)}, [1])
    assert place([slot(0), slot(2)], gap_h=48).unplaced == []
    assert place([slot(0), slot(2)], gap_h=49).unplaced == [1]


def test_when_an_even_pace_leaves_one_out_all_are_placed_as_tightly_as_they_go():
    # An even pace leads from day 0 to day 5, which is too close to day 6 for a third.
    placed = place([slot(day) for day in (0, 4, 5, 6)], weeks=1, count=3, gap_h=48)
    assert placed == rules.Placed({0: slot(0), 1: slot(4), 2: slot(6)}, [])


def test_a_series_is_placed_in_order_of_time_whatever_the_rooms():
    rooms = [UUID(int=9), UUID(int=3)]
    free = [rules.Slot(slot(day).starts_at, ANN, room) for day, room in zip((0, 7), rooms, strict=True)]
    assert list(place(free).slots.values()) == free


@pytest.mark.parametrize(
    ("days", "weeks", "count", "gap_days", "chosen"),
    [
        ([3, 7, 11], 2, 2, 0, [3, 11]),  # the second belongs a week after the first, not on the first day of its week
        ([7, 14, 20], 3, 3, 7, [7, 14]),  # the first week is full: the pace is kept from the second on
    ],
)
def test_the_pace_counts_from_the_first_that_was_placed(days, weeks, count, gap_days, chosen):
    placed = place([slot(day) for day in days], weeks=weeks, count=count, gap_h=24 * gap_days)
    assert list(placed.slots.values()) == [slot(day) for day in chosen]


# --- The clinic's clock, not that of the machine ------------------------------------------------------------------

KATHMANDU = ZoneInfo("Asia/Kathmandu")  # 5 h 45 min ahead of UTC
NEW_YORK = ZoneInfo("America/New_York")


def test_the_minute_of_the_day_is_that_of_the_clinic():
    assert rules.minute_of_day(NINE.replace(hour=10, minute=30), KATHMANDU) == 16 * 60 + 15


def test_a_closure_begins_when_the_day_begins_there():
    day = date(2026, 12, 24)
    midnight = datetime(2026, 12, 23, 18, 15, tzinfo=UTC)

    assert rules.closure_span(day, day, None, None, KATHMANDU) == (midnight, midnight + timedelta(days=1))
    assert rules.closure_span(day, day, time(12), time(15), KATHMANDU) == (
        midnight + timedelta(hours=12),
        midnight + timedelta(hours=15),
    )
    noon = midnight + timedelta(hours=12)
    assert rules.falls_within(noon, noon + MINUTE, time(12), time(15), KATHMANDU)
    assert not rules.falls_within(noon - MINUTE, noon, time(12), time(15), KATHMANDU)


def test_a_wish_is_meant_by_the_clock_of_the_clinic():
    late = NINE.replace(hour=23)  # Monday in London, a quarter to five on Tuesday in Kathmandu
    free = {"starts_at": late, "ends_at": late + timedelta(hours=1), "therapist_id": ANN, "zone": KATHMANDU}

    assert rules.fits(wish(weekdays=[1], from_time=time(4, 45), until_time=time(5, 15)), **free)
    assert not rules.fits(wish(weekdays=[0]), **free)
    assert not rules.fits(wish(until_time=time(5, 14)), **free)


def in_new_york(*, taken_hours, weeks, count, starts_on):
    free = [rules.Slot(starts_on + timedelta(hours=hours), ANN, None) for hours in taken_hours]
    placed = rules.place(
        free,
        starts_on=starts_on.date(),
        weeks=weeks,
        count=count,
        least_gap=timedelta(),
        zone=NEW_YORK,
    )
    return [(found.starts_at - starts_on) / timedelta(hours=1) for found in placed.slots.values()]


def test_days_of_a_series_are_days_of_the_clinic():
    monday = datetime(2026, 11, 23, tzinfo=UTC)  # seven in the evening of Sunday in New York
    # Sunday evening is before the first day; Monday at 10:00 and at 21:00 (02:00 UTC) are one day.
    assert in_new_york(taken_hours=[2], weeks=1, count=1, starts_on=monday) == []
    assert in_new_york(taken_hours=[15, 26], weeks=1, count=2, starts_on=monday) == [15]
    assert in_new_york(taken_hours=[15, 26, 39], weeks=1, count=2, starts_on=monday) == [15, 39]


def test_the_time_of_day_stays_when_the_clock_changes():
    monday = datetime(2026, 10, 26, tzinfo=UTC)  # New York goes back an hour on 1 November
    nine_o_clock, next_week = 13, 7 * 24
    hours = [nine_o_clock, next_week + nine_o_clock, next_week + nine_o_clock + 1]
    assert in_new_york(taken_hours=hours, weeks=2, count=2, starts_on=monday) == [hours[0], hours[2]]


# --- Waitlist and figures -----------------------------------------------------------------------------------------


def wish(**fields):
    anything = {
        "therapist_id": None,
        "weekdays": [],
        "from_time": None,
        "until_time": None,
        "from_date": None,
        "until_date": None,
        "length_min": 30,
    }
    return rules.Wish(**{**anything, **fields})


@pytest.mark.parametrize(
    ("fields", "fits"),
    [
        ({}, True),
        ({"length_min": 60}, True),
        ({"length_min": 61}, False),
        ({"therapist_id": ANN}, True),
        ({"therapist_id": BEN}, False),
        ({"weekdays": [0, 3]}, True),
        ({"weekdays": [1]}, False),
        ({"from_time": time(9)}, True),
        ({"from_time": time(9, 1)}, False),
        ({"until_time": time(9, 30)}, True),
        ({"until_time": time(9, 29)}, False),
        ({"from_date": date(2026, 11, 23)}, True),
        ({"from_date": date(2026, 11, 24)}, False),
        ({"until_date": date(2026, 11, 23)}, True),
        ({"until_date": date(2026, 11, 22)}, False),
    ],
)
def test_each_part_of_a_wish_counts(fields, fits):
    hour = timedelta(hours=1)
    assert rules.fits(wish(**fields), starts_at=NINE, ends_at=NINE + hour, therapist_id=ANN, zone=LONDON) is fits


def test_a_wish_until_the_evening_does_not_reach_into_the_night():
    late = NINE.replace(hour=23, minute=45)
    free = {"starts_at": late, "ends_at": late + timedelta(hours=1), "therapist_id": ANN, "zone": LONDON}
    assert not rules.fits(wish(until_time=time(23, 50)), **free)
    assert rules.fits(wish(), **free)


@pytest.mark.parametrize(
    ("stretches", "minutes"),
    [
        ([], 0),
        ([(0, 30)], 30),
        ([(0, 30), (60, 75)], 45),
        ([(0, 30), (20, 50)], 50),
        ([(20, 50), (0, 30)], 50),
        ([(0, 60), (10, 20)], 60),
        ([(0, 60), (10, 20), (30, 70)], 70),
        ([(0, 30), (30, 45)], 45),
    ],
)
def test_minutes_that_overlap_count_once(stretches, minutes):
    moments = [(NINE + first * MINUTE, NINE + last * MINUTE) for first, last in stretches]
    assert rules.minutes(moments) == minutes


def test_minutes_are_whole_ones():
    assert rules.minutes([(NINE, NINE + timedelta(seconds=119))]) == 1
