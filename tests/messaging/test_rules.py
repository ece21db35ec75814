from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging import addresses, rules

TIMES = st.times().map(lambda t: t.replace(microsecond=0))


@given(at=TIMES, start=TIMES, end=TIMES)
def test_the_end_of_quiet_is_not_quiet_and_less_than_a_day_away(at, start, end):
    moment = datetime(2026, 11, 21, tzinfo=UTC).replace(hour=at.hour, minute=at.minute, second=at.second)
    found = rules.end_of_quiet(moment, quiet_from=start, quiet_until=end)

    assert moment <= found <= moment + timedelta(days=1)
    if start.second == end.second == 0 and start != end:
        assert not rules.is_quiet(found.time(), quiet_from=start, quiet_until=end)


@pytest.mark.parametrize(
    ("at", "quiet"), [(time(20, 59), False), (time(21), True), (time(3), True), (time(6, 59), True), (time(7), False)]
)
def test_quiet_over_midnight(at, quiet):
    assert rules.is_quiet(at, quiet_from=time(21), quiet_until=time(7)) is quiet


def test_equal_ends_are_no_quiet_hours():
    assert not rules.is_quiet(time(3), quiet_from=time(7), quiet_until=time(7))


@given(st.lists(st.sampled_from([*rules.LADDER, "opened", ""]), max_size=12))
def test_states_only_go_up(told):
    state = rules.SENT
    for event in told:
        after = rules.advanced(state, event)
        assert rules.LADDER[after] >= rules.LADDER[state]
        state = after


def test_a_late_sent_undoes_no_delivered():
    assert rules.advanced("delivered", "sent") == "delivered"
    assert rules.advanced("cancelled", "delivered") == "cancelled"


def test_back_off_grows_and_ends():
    waits = [rules.retry_after(n) for n in range(1, 8)]
    assert waits[-1] is None
    assert waits[:-1] == sorted(waits[:-1])
    assert max(waits[:-1]) == timedelta(hours=4)


@given(st.booleans(), st.sampled_from(list(rules.WHEN_UNKNOWN)), st.booleans())
def test_a_message_is_sent_twice_at_most(keys, policy, was_uncertain):
    verdict = rules.after_unknown(honours_keys=keys, policy=policy, was_uncertain=was_uncertain)
    if keys:
        assert verdict == "again"
    elif was_uncertain or policy == rules.LEAVE:
        assert verdict == "leave"


@given(st.text())
def test_filling_touches_nothing_but_placeholders(text):
    assert rules.filled(text.replace("{", "").replace("}", ""), {"clinic": "X"}) == text.replace("{", "").replace(
        "}", ""
    )


@pytest.mark.parametrize(
    ("typed", "country", "expected"),
    [
        ("020 7946 0018", "GB", "+442079460018"),
        ("+49 30 23125 000", "GB", "+493023125000"),
        ("030 23125 123", "DE", "+493023125123"),
    ],
)
def test_numbers_as_typed(typed, country, expected):
    assert addresses.e164(typed, country) == expected


@pytest.mark.parametrize("typed", ["", "call me", "12", "+"])
def test_what_is_no_number(typed):
    with pytest.raises(ValueError):  # noqa: PT011
        addresses.e164(typed, "GB")
