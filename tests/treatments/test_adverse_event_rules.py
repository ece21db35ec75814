"""Severity, completeness and rates of adverse events, without a database."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.adverse_events import labels, rates, rules
from treatments.adverse_events.period import period_of
from treatments.aftercare import rules as aftercare
from treatments.aftercare import texts

TREATED_AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
NOW = TREATED_AT + timedelta(days=3)


def facts(**changes):
    return rules.EventFacts(
        **{
            "codes": ["bruise"],
            "severity": "mild",
            "onset_at": TREATED_AT + timedelta(hours=1),
            "causality": "possible",
            "outcome": "resolved",
        }
        | changes
    )


def problems(**changes):
    found = rules.event_problems(facts(**changes), treated_at=TREATED_AT, at=NOW)
    return [(error.pointer, error.reason) for error in found.errors]


# --- Codes and grades -----------------------------------------------------------------------------------------


def test_the_taxonomy_is_whole_and_each_code_has_its_words():
    assert len(rules.CODES) == len(set(rules.CODES)) == 33
    assert set(labels.CODES) == set(rules.CODES)
    assert sorted(code for _title, codes in labels.CODE_GROUPS for code in codes) == sorted(rules.CODES)
    for table, codes in (
        (labels.SEVERITIES, rules.SEVERITIES),
        (labels.SEVERITY_HELP, rules.SEVERITIES),
        (labels.CAUSALITIES, rules.CAUSALITIES),
        (labels.OUTCOMES, rules.OUTCOMES),
        (labels.TOLD, rules.TOLD),
        (labels.STATUSES, rules.STATUSES),
        (labels.SOURCES, rules.SOURCES),
        (labels.ANSWERS, rules.ANSWERS),
    ):
        assert list(table) == codes


@pytest.mark.parametrize(
    ("severity", "is_life_threatening", "outcome", "grade"),
    [
        (None, False, None, None),
        ("mild", False, "resolved", 1),
        ("significant", False, "ongoing", 2),
        ("serious", False, "sequelae", 3),
        ("serious", True, "resolved", 4),
        ("serious", True, "fatal", 5),
        ("serious", False, "fatal", 5),
    ],
)
def test_ctcae_grades(severity, is_life_threatening, outcome, grade):
    assert rules.ctcae_grade(severity, is_life_threatening=is_life_threatening, outcome=outcome) == grade


# --- What is complete -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"codes": []}, ("/codes", "required.event_codes")),
        ({"codes": ["bruise", "bruise"]}, ("/codes", "duplicate.event_codes")),
        ({"severity": None}, ("/severity", "required.severity")),
        ({"causality": None}, ("/causality", "required.causality")),
        ({"outcome": None}, ("/outcome", "required.outcome")),
        ({"onset_at": None}, ("/onset_at", "required.onset_at")),
        ({"outcome": "fatal"}, ("/severity", "must_be_serious")),
        ({"severity": "significant", "is_life_threatening": True}, ("/severity", "must_be_serious")),
        ({"onset_at": NOW + timedelta(minutes=1)}, ("/onset_at", "in_future.onset_at")),
        ({"onset_at": datetime(1999, 12, 31, tzinfo=UTC)}, ("/onset_at", "too_early")),
        ({"onset_at": TREATED_AT - timedelta(days=1)}, ("/onset_at", "before_treatment.onset_at")),
        ({"duration_min": -1}, ("/duration_min", "out_of_range.duration")),
        ({"duration_min": rules.DURATION_MOST_MIN + 1}, ("/duration_min", "out_of_range.duration")),
        ({"duration_min": 5, "outcome": "ongoing"}, ("/duration_min", "not_while_ongoing.duration")),
        ({"codes": ["other"]}, ("/note", "required.event_note")),
    ],
)
def test_each_gap_is_named(changes, problem):
    assert problems(**changes) == [problem]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"onset_at": TREATED_AT},
        {"onset_at": NOW},
        {"onset_at": TREATED_AT - timedelta(hours=1)},  # times are rough; the day is what counts
        {"severity": "serious", "outcome": "fatal", "is_life_threatening": True},
        {"codes": ["other", "itch"], "note": "A rash."},
        {"duration_min": 0},
        {"duration_min": rules.DURATION_MOST_MIN},
        {"outcome": "ongoing"},
    ],
)
def test_what_is_whole_passes(changes):
    assert problems(**changes) == []


# --- Rates: the published figures -----------------------------------------------------------------------------


def test_brady_2014():
    assert rates.rate_pct(1463, 7629) == Decimal("19.18")
    assert rates.upper_95_pct(0, 7629) == Decimal("0.039")


def test_boyce_2020_fits_the_number_of_the_results():
    assert rates.rate_pct(7531, 20494) == Decimal("36.75")
    assert rates.rate_pct(7531, 20464) == Decimal("36.80")  # not what was published
    [major] = [one for one in rates.PUBLISHED if one.grade == "major"]
    assert (major.events, major.n) == (20, 20494)
    assert major.rate_pct < Decimal("0.1")
    assert major.one_in == Decimal("1024.7")


def test_a_published_zero_is_an_upper_limit():
    [significant] = [one for one in rates.PUBLISHED if one.grade == "significant"]
    assert (significant.rate_pct, significant.upper_95_pct, significant.one_in) == (0, Decimal("0.039"), None)


def test_shares_of_respondents_stand_beside_no_rate_of_treatments():
    assert [one.study for one in rates.PUBLISHED if one.of == rates.OF_RESPONDENTS] == ["Trybulski 2024"]
    beside = rates.find_published_rates("dry_needling")
    assert {one.of for one in beside} == {rates.OF_TREATMENTS}
    assert {one.study for one in beside} == {"Brady 2014", "Boyce 2020"}
    assert all(one.grade in labels.GRADES for one in beside)
    assert rates.find_published_rates("massage") == []


def test_nothing_asked_is_no_rate():
    assert rates.rate_pct(0, 0) is None
    assert rates.upper_95_pct(0, 0) is None
    assert rates.upper_95_pct(1, 100) is None
    assert rates.upper_95_pct(0, 2) == 100


# --- Rates: our own -------------------------------------------------------------------------------------------


def sessions(asked, *, not_asked=0, techniques=("dry_needling",), way="visit"):
    used = frozenset(techniques)
    return [
        *(rates.TreatedSession(UUID(int=number), used, frozenset({way})) for number in range(asked)),
        *(rates.TreatedSession(uuid4(), used) for _ in range(not_asked)),
    ]


def event(number, severity="mild", codes=("bruise",)):
    return rates.CountedEvent(UUID(int=number), severity, tuple(codes))


def only(treated, events=(), techniques=("dry_needling",)):
    [rate] = rates.technique_rates(treated, events, techniques)
    return rate


def test_the_denominator_is_what_was_asked_about():
    rate = only(sessions(40, not_asked=60), [event(0), event(0, codes=("nausea",)), event(1, "significant")])

    assert (rate.sessions, rate.asked, rate.not_asked_pct) == (100, 40, Decimal("60.0"))
    assert (rate.events, rate.sessions_with_events, rate.rate_pct) == (3, 2, Decimal("7.50"))
    assert [(one.severity, one.events, one.rate_pct, one.upper_95_pct) for one in rate.severities] == [
        ("mild", 2, Decimal("5.00"), None),
        ("significant", 1, Decimal("2.50"), None),
        ("serious", 0, Decimal("0.00"), Decimal("7.500")),
    ]
    assert rate.codes == (("bruise", 2), ("nausea", 1))


def test_an_event_of_a_session_that_nobody_asked_about_is_in_no_rate():
    treated = sessions(20, not_asked=1)
    rate = only(treated, [rates.CountedEvent(treated[-1].subject_id, "serious", ("pneumothorax",))])

    assert (rate.events, rate.events_not_asked, rate.rate_pct) == (0, 1, Decimal("0.00"))
    assert rate.upper_95_pct == Decimal("15.000")


def test_no_event_in_7629_sessions():
    rate = only(sessions(7629))
    assert (rate.rate_pct, rate.upper_95_pct) == (Decimal("0.00"), Decimal("0.039"))


@pytest.mark.parametrize(("asked", "is_suppressed"), [(0, True), (19, True), (20, False)])
def test_small_groups_are_hidden(asked, is_suppressed):
    rate = only(sessions(asked, not_asked=1), [event(0)])

    assert rate.is_suppressed is is_suppressed
    if is_suppressed:
        figures = (rate.asked, rate.events, rate.sessions_with_events, rate.rate_pct, rate.upper_95_pct)
        assert figures == (None, None, None, None, None)
        assert (rate.events_not_asked, list(rate.severities), list(rate.codes)) == (None, [], [])


def test_the_share_not_asked_is_shown_for_a_small_group_out_of_many():
    assert only(sessions(5, not_asked=95)).not_asked_pct == Decimal("95.0")
    assert only(sessions(5, not_asked=14)).not_asked_pct is None


def test_injuries_of_staff_are_no_harm_of_patients():
    rate = only(sessions(20), [event(0, codes=("needlestick_staff",)), event(1, codes=("bruise", "needlestick_staff"))])
    assert (rate.events, rate.codes) == (1, (("bruise", 1),))


def test_a_session_with_two_techniques_counts_for_both():
    treated = sessions(20, techniques=("dry_needling", "massage"), way="check_in")
    found = rates.technique_rates(treated, [event(3)], ["dry_needling", "massage", "stretching"])
    assert [(rate.technique, rate.events) for rate in found] == [("dry_needling", 1), ("massage", 1)]


@given(asked=st.integers(20, 60), not_asked=st.integers(0, 40), hit=st.sets(st.integers(0, 80), max_size=30))
def test_asking_about_more_sessions_never_adds_events_to_the_rate(asked, not_asked, hit):
    events = [event(number) for number in hit]
    rate = only(sessions(asked, not_asked=not_asked), events)

    assert rate.events == sum(number < asked for number in hit)
    assert rate.sessions == asked + not_asked
    assert rate.rate_pct == rates.rate_pct(rate.events, asked)


# --- Periods and advice ---------------------------------------------------------------------------------------


def test_a_period_has_both_its_days():
    period = period_of(None, None, zone=UTC, at=NOW)
    assert (period.until - period.since).days == 365
    assert period.begins_at <= NOW < period.ends_at
    for since, until in ((NOW.date(), TREATED_AT.date()), (datetime(1999, 1, 1).date(), None)):  # noqa: DTZ001
        with pytest.raises(Exception, match="invalid"):
            period_of(since, until, zone=UTC, at=NOW)


def test_the_advice_warns_and_says_what_to_expect():
    said = {
        "en": ("chest", "breath", "cough", "later", "emergency", "1 to 3 days"),
        "de": ("Brust", "Atemnot", "Husten", "später", "Notaufnahme", "1 bis 3 Tage"),
    }
    assert set(texts.ALL) == set(texts.LANGUAGES) == set(said)
    for language, words in said.items():
        for word in words:
            assert word in texts.ALL[language].as_text


def test_a_muscle_near_the_lung_needs_the_warning():
    catalogue = {
        "near": {"needling": {"requires_pneumothorax_disclosure": True}},
        "far": {"needling": {"requires_pneumothorax_disclosure": False}},
    }
    assert aftercare.needs_warning(["far", "near"], catalogue)
    assert not aftercare.needs_warning(["far"], catalogue)
    assert not aftercare.needs_warning([], catalogue)
