"""
Outcome measures: what can be entered, the score, and which results can be compared. Plain Python.

Everything about a measure stands in the catalogue (`catalogue/measures.json`): limits, direction, items, bands, and
thresholds with their source. Rules of scores: domain facts 4.1 to 4.4 and 13.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import catalogue
from assessments.measures import CERVICOGENIC_HEADACHE, Subject
from assessments.rules import KPA_PER_KGF_CM2, MAX_PPT_TRIALS, ROM_DEVICES
from errors.exceptions import Problems

MEASURES = list(catalogue.MEASURES)
VALUE, ITEMS, ACTIVITIES, TRIALS, GROUP = "value", "items", "activities", "trials", "group"
NECK_RANGE_FORM = "neck_range"  # six directions, entered together
NECK_RANGE = [code for code, measure in catalogue.MEASURES.items() if measure.get("group") == NECK_RANGE_FORM]
MOOD = "phq2"
SIDES = ["left", "right"]
TEXT_MOST, REASON_LEAST, REASON_MOST = 200, 10, 2000
ENTERED_MOST = 99_999  # what a field takes; the limits of each measure are in the catalogue
EARLIEST_YEAR = 1900

# Pressure: unit to kPa. The forces need the area of the probe (domain facts 4.3).
KPA_OF_PRESSURE = {
    "kPa": Fraction(1),
    "kgf/cm2": Fraction(KPA_PER_KGF_CM2),
    "N/cm2": Fraction(10),
    "lbf/in2": Fraction("6.894757"),
}
KPA_OF_FORCE_ON_A_CM2 = {"N": Fraction(10), "kgf": Fraction(KPA_PER_KGF_CM2)}
PRESSURE_UNITS = [*KPA_OF_PRESSURE, *KPA_OF_FORCE_ON_A_CM2]
PROBE_AREA_CM2 = (Decimal("0.01"), Decimal("99.99"))  # what the column of findings holds; no clinical claim
RATE_KPA_S = (Decimal("0.1"), Decimal("999.9"))  # as above

# Time points: weeks from the begin of the treatment plan. Technical limits; which ones, the clinic chooses.
WEEKS = (0, 104)
TIME_POINTS_MOST = 10
USUAL_WEEKS = (0, 2, 4, 12)  # offered, never set: the example


@dataclass(frozen=True, kw_only=True)
class Activity:
    """What the patient can hardly do, in their words, and how well."""

    text: str
    value: Decimal


@dataclass(frozen=True, kw_only=True)
class NewOutcome:
    """
    One result, as it was entered.

    :ivar measure: of the catalogue
    :ivar items: one a question; None: not answered
    :ivar total: of the items, where the sheet has one: it is compared, never taken
    :ivar trials, unit, probe_area_cm2, rate_kpa_s: of a pressure pain threshold
    :ivar device: that a range was measured with
    :ivar reason: why an unusual value is right
    """

    measure: str
    performed_at: datetime
    value: Decimal | None = None
    items: Sequence[int | None] = ()
    total: Decimal | None = None
    activities: Sequence[Activity] = ()
    trials: Sequence[Decimal] = ()
    unit: str = "kPa"
    probe_area_cm2: Decimal | None = None
    rate_kpa_s: Decimal | None = None
    muscle: str = ""
    side: str = ""
    device: str = ""
    group: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Score:
    """
    What the answers come to.

    :ivar value: in the measure's unit; None: too few answers
    :ivar percent: of the possible, for measures of items; never without the value beside it
    :ivar band: code of the catalogue's band; empty: the measure has none
    :ivar is_positive: a screen that asks for the next step
    """

    value: Decimal | None
    percent: Decimal | None = None
    band: str = ""
    is_positive: bool = False


# --- Scores ---------------------------------------------------------------------------------------------------


def score(outcome: NewOutcome) -> Score:
    """
    Return the score of a result that `check` has let pass.

    :raises KeyError: the measure is unknown
    """
    measure = catalogue.MEASURES[outcome.measure]
    exact = _exact_score(measure, outcome)
    if exact is None:
        return Score(None)
    percent = exact * 100 / measure["high"] if measure["entry"] == ITEMS else None
    return Score(
        value=_rounded(exact, places=2),
        percent=None if percent is None else _rounded(percent, places=2),
        band=band_of(measure, exact),
        is_positive="positive_from" in measure and exact >= measure["positive_from"],
    )


def _exact_score(measure: Mapping[str, Any], outcome: NewOutcome) -> Fraction | None:
    if measure["entry"] == ITEMS:
        return score_items(outcome.items, count=len(measure["items"]), answered_least=measure["answered_least"])
    if measure["entry"] == ACTIVITIES:
        return _mean([Fraction(activity.value) for activity in outcome.activities])
    if measure["entry"] == TRIALS:
        return _mean([to_kpa(trial, outcome.unit, outcome.probe_area_cm2) for trial in outcome.trials])
    if measure["entry"] == GROUP:
        return Fraction(measure["groups"].index(outcome.group))
    return None if outcome.value is None else Fraction(outcome.value)


def score_items(items: Sequence[int | None], *, count: int, answered_least: int) -> Fraction | None:
    """
    Return the sum, with the mean of the others for each question that was not answered; None: too few were.

    Source: author's rule of the Neck Disability Index (domain facts 4.2); exact, so that nothing is rounded before a
    band is chosen.
    """
    answered = [value for value in items if value is not None]
    if len(answered) < answered_least:
        return None
    return Fraction(sum(answered) * count, len(answered))


def _mean(values: Sequence[Fraction]) -> Fraction | None:
    return sum(values, Fraction(0)) / len(values) if values else None


def _rounded(value: Fraction, *, places: int) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal(1).scaleb(-places))


def band_of(measure: Mapping[str, Any], exact: Fraction) -> str:
    """Return the band that a score lies in, by its lower ends."""
    code = ""
    for band in measure.get("bands", ()):
        if exact >= Fraction(band["from"]):
            code = band["code"]
    return code


def to_kpa(value: Decimal, unit: str, probe_area_cm2: Decimal | None) -> Fraction:
    """
    Return a pressure in kPa.

    :raises KeyError: the unit is unknown
    :raises ValueError: a force without the area of the probe is no pressure
    """
    if unit in KPA_OF_PRESSURE:
        return Fraction(value) * KPA_OF_PRESSURE[unit]
    if not probe_area_cm2:
        raise ValueError(unit)
    return Fraction(value) * KPA_OF_FORCE_ON_A_CM2[unit] / Fraction(probe_area_cm2)


# --- What can be entered --------------------------------------------------------------------------------------

FIELDS_OF = {
    VALUE: {"value"},
    ITEMS: {"items", "total"},
    ACTIVITIES: {"activities"},
    TRIALS: {"trials", "probe_area_cm2", "rate_kpa_s", "muscle", "side"},
    GROUP: {"group"},
}
ENTERED = sorted(set().union(*FIELDS_OF.values()) | {"device"})


def check(outcome: NewOutcome, *, at: datetime) -> Problems:
    """Return what cannot be, each at its field."""
    problems = Problems()
    if outcome.measure not in catalogue.MEASURES:
        problems.add("/measure", "unknown_code.measure")
        return problems
    measure = catalogue.MEASURES[outcome.measure]
    if outcome.performed_at > at:
        problems.add("/performed_at", "in_future.outcome")
    if outcome.performed_at.year < EARLIEST_YEAR:
        problems.add("/performed_at", "too_early", year=EARLIEST_YEAR)
    own = FIELDS_OF[measure["entry"]] | ({"device"} if "movement" in measure else set())
    for name in ENTERED:
        if name not in own and getattr(outcome, name) not in (None, "", (), []):
            problems.add(f"/{name}", "not_of_this_measure")
    if len(outcome.reason) > REASON_MOST:
        problems.add("/reason", "too_long.outcome", most=REASON_MOST)
    CHECKS[measure["entry"]](measure, outcome, problems)
    if outcome.device and outcome.device not in ROM_DEVICES:
        problems.add("/device", "unknown_code.device", choices=ROM_DEVICES)
    return problems


def _check_value(measure: Mapping[str, Any], outcome: NewOutcome, problems: Problems) -> None:
    low, high = measure["low"], measure["high"]
    if outcome.value is None:
        problems.add("/value", "required.outcome_value")
    elif not low <= outcome.value <= high:
        problems.add("/value", "out_of_range", low=low, high=high)
    elif outcome.value != outcome.value.quantize(Decimal(1).scaleb(-measure["decimals"])):
        problems.add("/value", "invalid.whole_number")


def _check_items(measure: Mapping[str, Any], outcome: NewOutcome, problems: Problems) -> None:
    count, high = len(measure["items"]), measure["item_high"]
    if len(outcome.items) != count:
        problems.add("/items", "wrong_number.items", count=count)
        return
    for number, item in enumerate(outcome.items):
        if item is not None and not 0 <= item <= high:
            problems.add(f"/items/{number}", "out_of_range", low=0, high=high)
    if all(item is None for item in outcome.items):
        problems.add("/items", "required.items")
    if problems.errors or outcome.total is None:
        return
    exact = score_items(outcome.items, count=count, answered_least=measure["answered_least"])
    right = None if exact is None else _rounded(exact, places=2)
    if right is None:
        problems.add("/total", "no_score.total", least=measure["answered_least"])
    elif abs(outcome.total - right) > Decimal("0.05"):
        # A sheet's total is written with one decimal at most.
        problems.add("/total", "differs.total", right=right)


def _check_activities(measure: Mapping[str, Any], outcome: NewOutcome, problems: Problems) -> None:
    least, most = measure["activities"]
    if not least <= len(outcome.activities) <= most:
        problems.add("/activities", "wrong_number.activities", least=least, most=most)
    for number, activity in enumerate(outcome.activities):
        here = f"/activities/{number}"
        if not activity.text.strip():
            problems.add(f"{here}/text", "required.activity")
        elif len(activity.text) > TEXT_MOST:
            problems.add(f"{here}/text", "too_long.outcome", most=TEXT_MOST)
        if not measure["low"] <= activity.value <= measure["high"]:
            problems.add(f"{here}/value", "out_of_range", low=measure["low"], high=measure["high"])
    texts = [_same_text(activity.text) for activity in outcome.activities]
    if len(set(texts)) < len(texts):
        problems.add("/activities", "duplicate.activity")


def _check_trials(measure: Mapping[str, Any], outcome: NewOutcome, problems: Problems) -> None:
    if not 1 <= len(outcome.trials) <= MAX_PPT_TRIALS:
        problems.add("/trials", "wrong_number.trials", most=MAX_PPT_TRIALS)
    if outcome.unit not in PRESSURE_UNITS:
        problems.add("/unit", "unknown_code.pressure", choices=PRESSURE_UNITS)
    if outcome.probe_area_cm2 is None:
        problems.add("/probe_area_cm2", "required.probe_area")
    for name, limits in (("probe_area_cm2", PROBE_AREA_CM2), ("rate_kpa_s", RATE_KPA_S)):
        value = getattr(outcome, name)
        if value is not None and not limits[0] <= value <= limits[1]:
            problems.add(f"/{name}", "out_of_range", low=limits[0], high=limits[1])
    if outcome.muscle not in catalogue.MUSCLES:
        problems.add("/muscle", "unknown_muscle")
    if outcome.side not in SIDES:
        problems.add("/side", "required.side")
    if problems.errors:
        return
    low, high = measure["usual"]
    for number, trial in enumerate(outcome.trials):
        kpa = to_kpa(trial, outcome.unit, outcome.probe_area_cm2)
        if not measure["low"] <= kpa <= measure["high"]:
            problems.add(f"/trials/{number}", "out_of_range.pressure", low=measure["low"], high=measure["high"])
        elif not low <= kpa <= high and not outcome.reason.strip():
            problems.add("/reason", "reason_required.pressure", low=low, high=high)


def _check_group(measure: Mapping[str, Any], outcome: NewOutcome, problems: Problems) -> None:
    if outcome.group not in measure["groups"]:
        problems.add("/group", "unknown_code.risk_group", choices=measure["groups"])


CHECKS = {
    VALUE: _check_value,
    ITEMS: _check_items,
    ACTIVITIES: _check_activities,
    TRIALS: _check_trials,
    GROUP: _check_group,
}


# --- As it is kept, and what can be compared ------------------------------------------------------------------


def to_answers(outcome: NewOutcome) -> dict[str, Any]:
    """Return what was entered as JSON, numbers as they were written."""
    answers: dict[str, Any] = {}
    for name in ("value", "total", "probe_area_cm2", "rate_kpa_s"):
        value = getattr(outcome, name)
        if value is not None:
            answers[name] = str(value)
    if outcome.items:
        answers["items"] = list(outcome.items)
    if outcome.trials:
        answers |= {"trials": [str(trial) for trial in outcome.trials], "unit": outcome.unit}
    if outcome.activities:
        answers["activities"] = [
            asdict(a) | {"text": a.text.strip(), "value": str(a.value)} for a in outcome.activities
        ]
    for name in ("device", "group", "reason"):
        if text := getattr(outcome, name).strip():
            answers[name] = text
    return answers


def from_answers(
    measure: str, performed_at: datetime, answers: Mapping[str, Any], *, muscle: str = "", side: str = ""
) -> NewOutcome:
    """Return a kept result as it was entered."""

    def figure(name: str) -> Decimal | None:
        return Decimal(answers[name]) if name in answers else None

    return NewOutcome(
        measure=measure,
        performed_at=performed_at,
        value=figure("value"),
        items=tuple(answers.get("items", ())),
        total=figure("total"),
        activities=tuple(Activity(text=a["text"], value=Decimal(a["value"])) for a in answers.get("activities", ())),
        trials=tuple(map(Decimal, answers.get("trials", ()))),
        unit=answers.get("unit", "kPa"),
        probe_area_cm2=figure("probe_area_cm2"),
        rate_kpa_s=figure("rate_kpa_s"),
        muscle=muscle,
        side=side,
        device=answers.get("device", ""),
        group=answers.get("group", ""),
        reason=answers.get("reason", ""),
    )


def series_key(outcome: NewOutcome) -> str:
    """
    Return what two results must have in common to be compared.

    A range by another device, a threshold of another muscle and a scale of other activities are other series.
    """
    measure = catalogue.MEASURES[outcome.measure]
    parts = [outcome.measure]
    if measure["entry"] == TRIALS:
        parts += [outcome.muscle, outcome.side]
    if measure["entry"] == ACTIVITIES:
        parts += sorted(_same_text(activity.text) for activity in outcome.activities)
    if "movement" in measure:
        parts.append(outcome.device)
    return "\n".join(parts)


def _same_text(text: str) -> str:
    return " ".join(text.casefold().split())


def subject_of(outcome: NewOutcome, regions: frozenset[str]) -> Subject:
    """
    Return what a result is about, as far as a threshold must know it.

    :param regions: the parts of the body that the patient's points lie in
    """
    measure = catalogue.MEASURES[outcome.measure]
    complaints = {*measure.get("complaints", ()), *([CERVICOGENIC_HEADACHE] if "head" in regions else [])}
    return Subject(regions, measure.get("movement", ""), outcome.muscle, frozenset(complaints))


# --- Fixed time points ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TimePoint:
    """
    A fixed point of a course.

    :ivar week: counted from the begin of the plan
    :ivar due_on: from that day on it is due
    :ivar from_day, until_day: a result of these days counts for it: those that lie nearer to it than to its neighbours
    """

    week: int
    due_on: date
    from_day: date
    until_day: date


def time_points(weeks: Sequence[int], *, starts_on: date) -> list[TimePoint]:
    """Return a plan's time points in order; the last one stays open for as long as the plan runs."""
    ordered = sorted(set(weeks))
    points = []
    for number, week in enumerate(ordered):
        due_on = starts_on + timedelta(weeks=week)
        after_last = (
            date.min if number == 0 else _halfway(ordered[number - 1], week, starts_on=starts_on) + timedelta(days=1)
        )
        is_last = number == len(ordered) - 1
        until = date.max if is_last else _halfway(week, ordered[number + 1], starts_on=starts_on)
        points.append(TimePoint(week, due_on, after_last, until))
    return points


def _halfway(week: int, next_week: int, *, starts_on: date) -> date:
    return starts_on + timedelta(days=(week + next_week) * 7 // 2)


def find_due(
    weeks: Sequence[int], wanted: Sequence[str], recorded: Mapping[str, Sequence[date]], *, starts_on: date, today: date
) -> tuple[TimePoint, list[str]] | None:
    """
    Return the time point that is due today, and which measures are missing for it; None: nothing is.

    :param recorded: measure to the days of its results
    """
    for point in time_points(weeks, starts_on=starts_on):
        if point.due_on <= today <= point.until_day:
            missing = [
                code
                for code in wanted
                if not any(point.from_day <= day <= point.until_day for day in recorded.get(code, ()))
            ]
            return (point, missing) if missing else None
    return None
