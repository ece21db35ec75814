from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging import rules

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
        after = rules.advance_state(state, event)
        assert rules.LADDER[after] >= rules.LADDER[state]
        state = after


def test_a_late_sent_undoes_no_delivered():
    assert rules.advance_state("delivered", "sent") == "delivered"
    assert rules.advance_state("cancelled", "delivered") == "cancelled"


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
    assert rules.fill_placeholders(text.replace("{", "").replace("}", ""), {"clinic": "X"}) == text.replace(
        "{", ""
    ).replace("}", "")


# --- States ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "told", "after"),
    [
        ("sending", "sent", "sent"),
        ("sending", "unknown", "unknown"),
        ("unknown", "sending", "unknown"),
        ("unknown", "sent", "sent"),
        ("sent", "unknown", "sent"),
        ("sent", "delivered", "delivered"),
        ("delivered", "bounced", "bounced"),  # a mailbox may give a message back later
        ("delivered", "failed", "failed"),
        ("bounced", "failed", "bounced"),  # both say that it did not arrive; the first stays
        ("failed", "bounced", "failed"),
        ("bounced", "complained", "complained"),
        ("complained", "delivered", "complained"),
        ("queued", "delivered", "queued"),  # not on the ladder
        ("withheld", "sent", "withheld"),
        ("dropped", "sent", "dropped"),
        ("sent", "opened", "sent"),
    ],
)
def test_what_a_provider_says_moves_a_message_only_up(state, told, after):
    assert rules.advance_state(state, told) == after


def test_every_state_is_one_that_is_stored():
    """A stored code may not change: the database has a constraint for it."""
    assert rules.STATES == [
        "queued",
        "sending",
        "sent",
        "delivered",
        "unknown",
        "failed",
        "bounced",
        "complained",
        "dropped",
        "withheld",
        "cancelled",
    ]
    assert rules.CHANNELS == ["email", "sms"]
    assert rules.WAITING == ["queued", "sending"]
    assert rules.NOT_GONE == ["queued", "withheld", "failed", "dropped"]
    assert set(rules.LADDER) <= set(rules.STATES)
    assert rules.REASONS == [
        "late",
        "no_consent",
        "no_address",
        "address_refused",
        "unsubscribed",
        "daily_cap",
        "not_wanted",
        "link_closed",
        "provider_refused",
        "provider_unreachable",
        "provider_slow",
        "gave_up",
        "worker_lost",
        "clinic_stopped",
        "no_provider",
        "broken",
    ]


# --- Kinds ----------------------------------------------------------------------------------------------------

APPOINTMENT_KINDS = {
    "appointment_booked", "appointment_moved", "appointment_cancelled", "appointment_reminder", "appointment_missed",
    "series_booked", "series_moved", "series_cancelled", "slot_offered",
}  # fmt: skip
EXERCISE_KINDS = {"check_in", "soreness", "programme_ended", "review_due", "staff_alert"}


HANDED_OUT_KINDS = {"consent_copy", "aftercare", "form"}  # somebody at the clinic asked for just this one


def test_the_daily_limit_holds_for_what_can_wait():
    assert set(rules.KINDS) == APPOINTMENT_KINDS | EXERCISE_KINDS | HANDED_OUT_KINDS
    for code, kind in rules.KINDS.items():
        assert kind.capped is (code in EXERCISE_KINDS), code
        assert kind.dated is (code in APPOINTMENT_KINDS), code


def test_only_the_alert_goes_to_the_clinic():
    assert [code for code, kind in rules.KINDS.items() if not kind.to_patient] == ["staff_alert"]


def test_a_link_opens_one_thing():
    links = {code: kind.link for code, kind in rules.KINDS.items() if kind.link}
    assert links == {
        "check_in": "check_in",
        "soreness": "soreness",
        "appointment_booked": "appointment",
        "appointment_moved": "appointment",
        "appointment_reminder": "appointment",
        "slot_offered": "offer",
        "consent_copy": "consent",
        "aftercare": "aftercare",
        "form": "form",
    }
    assert set(links.values()) | {"calendar", "stop"} == set(rules.PURPOSES)


# --- Texts ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("{clinic}: {link} {stop} {when}", []),
        ("Hello {name}, {link}", ["name"]),
        ("{}", [""]),
        ("{a} {b} {clinic}", ["a", "b"]),
        ("only { open", ["{"]),
        ("EXTRA {link}", []),
        ("a{x}b{", ["x", "{"]),
        ("only } closed", ["}"]),
        ("} {link} {", ["{", "}"]),
        ("{x} {", ["x", "{"]),
    ],
)
def test_a_text_names_no_placeholder_that_stays_empty(text, unknown):
    assert rules.unknown_placeholders(text) == unknown


def test_placeholders_are_filled_and_the_rest_stays():
    values = {"clinic": "Harbour", "link": "https://x.example"}
    assert (
        rules.fill_placeholders("{clinic}: {link} {when} { clinic }", values)
        == "Harbour: https://x.example {when} { clinic }"
    )


# --- When -----------------------------------------------------------------------------------------------------


def test_a_message_is_tried_seven_times_within_ten_hours():
    minutes = [rules.retry_after(n) for n in range(8)]
    assert minutes == [None, *(timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 240)), None]


def test_a_worker_keeps_a_message_longer_than_a_provider_takes():
    assert timedelta(seconds=60) == rules.LEASE
    assert 4 * timedelta(seconds=12) < rules.LEASE


def test_two_parts_of_a_text_message_are_enough():
    assert rules.SMS_LENGTH == 320


@pytest.mark.parametrize(
    ("at", "quiet"), [(time(11, 59), False), (time(12), True), (time(13, 59), True), (time(14), False)]
)
def test_quiet_within_a_day(at, quiet):
    assert rules.is_quiet(at, quiet_from=time(12), quiet_until=time(14)) is quiet


@pytest.mark.parametrize(
    ("at", "end"),
    [
        (datetime(2026, 11, 21, 20, 59, tzinfo=UTC), datetime(2026, 11, 21, 20, 59, tzinfo=UTC)),
        (datetime(2026, 11, 21, 21, 0, tzinfo=UTC), datetime(2026, 11, 22, 7, 30, tzinfo=UTC)),
        (datetime(2026, 11, 21, 23, 59, 59, 5, tzinfo=UTC), datetime(2026, 11, 22, 7, 30, tzinfo=UTC)),
        (datetime(2026, 11, 22, 3, 15, 40, 7, tzinfo=UTC), datetime(2026, 11, 22, 7, 30, tzinfo=UTC)),
        (datetime(2026, 11, 22, 7, 30, tzinfo=UTC), datetime(2026, 11, 22, 7, 30, tzinfo=UTC)),
    ],
)
def test_a_message_waits_until_the_morning(at, end):
    assert rules.end_of_quiet(at, quiet_from=time(21), quiet_until=time(7, 30)) == end


@pytest.mark.parametrize(
    ("honours_keys", "policy", "was_uncertain", "verdict"),
    [
        (True, "leave", True, "again"),
        (False, "resend_once", False, "again_uncertain"),
        (False, "resend_once", True, "leave"),
        (False, "leave", False, "leave"),
    ],
)
def test_what_is_done_about_a_message_of_unknown_fate(honours_keys, policy, was_uncertain, verdict):
    assert rules.after_unknown(honours_keys=honours_keys, policy=policy, was_uncertain=was_uncertain) == verdict
    assert set(rules.WHEN_UNKNOWN) == {"resend_once", "leave"}
