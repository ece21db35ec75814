"""Whether an exam's content can be: each impossible value is named with its place. Plain Python, like the rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

import catalogue
from assessments import rules
from assessments.values import ExamContent, NewFinding, NewMovement, NewRedFlagAnswer, NewZone
from errors.exceptions import Invalid, Problems
from patients.rules import is_before_birth

EARLIEST_YEAR = 1900  # no living patient was examined before; a typing error was made


def place_key(place: str) -> str:
    """A place as it is compared: `Mid-belly`, `mid belly` and `midbelly` are one."""
    return "".join(c for c in place.casefold() if c.isalnum())


def check_content(
    content: ExamContent, *, birth_date: date | None, at: datetime, reasons_may_wait: bool = False
) -> None:
    """
    :param content: what is given of an exam
    :param birth_date: the patient's; None: not known
    :param reasons_may_wait: a draft that is being written may owe a reason until it is signed
    :raises Invalid: naming every value that cannot be
    """
    problems = Problems()
    performed_at = content.performed_at
    if performed_at is not None and performed_at.year < EARLIEST_YEAR:
        problems.add("/performed_at", "too_early", year=EARLIEST_YEAR)
    if performed_at is not None and performed_at > at:
        problems.add("/performed_at", "in_future.exam")
    if performed_at is not None and is_before_birth(performed_at, birth_date):
        problems.add("/performed_at", "before_birth.exam")
    best, worst = content.pain_best_24h, content.pain_worst_24h
    if best is not None and worst is not None and best > worst:
        problems.add("/pain_best_24h", "above_worst")
    _check_red_flags(content.red_flags, problems)
    _check_zones(content.pain_drawing, "/pain_drawing", problems)
    _check_movements(content.range_of_motion, problems)
    _check_findings(content.findings, problems)
    if reasons_may_wait:
        problems.forgive("reason_required")
    problems.raise_if_any()


def problems_before_signing(
    content: ExamContent, *, unreviewed: frozenset[str], birth_date: date | None, at: datetime
) -> Problems:
    """What stands between an assessment and its signature. The review page and the signature ask the same."""
    problems = Problems()
    rows = (content.findings, content.range_of_motion, content.red_flags, content.pain_drawing)
    if not any(rows) and not content.notes and content.pain_now is None:
        problems.add("/findings", "empty.exam")
    try:
        check_content(content, birth_date=birth_date, at=at)
    except Invalid as refusal:
        problems.errors += refusal.errors
    for index, finding in enumerate(content.findings):
        if str(finding.id) in unreviewed:
            problems.add(f"/findings/{index}", "unreviewed")
    return problems


def _check_red_flags(answers: Sequence[NewRedFlagAnswer], problems: Problems) -> None:
    seen: set[str] = set()
    for index, answer in enumerate(answers):
        if answer.code in seen:
            problems.add(f"/red_flags/{index}/code", "duplicate.red_flag")
        seen.add(answer.code)
        _check_red_flag(answer, f"/red_flags/{index}", problems)


def _check_red_flag(answer: NewRedFlagAnswer, here: str, problems: Problems) -> None:
    if answer.answer == "declined" and not answer.note.strip():
        problems.add(f"{here}/note", "reason_required.declined")
    if answer.source == "no_to_all_others" and answer.answer != "no":
        problems.add(f"{here}/source", "needs_no")
    named = {"injury": ("regions", "side"), "limb": ("regions", "side"), "leg": ("side",)}
    may_name = named.get(rules.RED_FLAGS[answer.code].names, ())
    for name, value in (("regions", answer.regions), ("side", answer.side)):
        if value and name not in may_name:
            problems.add(f"{here}/{name}", "not_of_this_flag")
        elif value and answer.answer != "yes":
            problems.add(f"{here}/{name}", "needs_yes")


def _check_zones(zones: Sequence[NewZone], pointer: str, problems: Problems) -> None:
    seen = set()
    for index, marked in enumerate(zones):
        zone = catalogue.ZONES.get(marked.zone)
        place_pointer = f"{pointer}/{index}"
        if zone is None:
            problems.add(f"{place_pointer}/zone", "unknown_zone")
        elif zone["sided"] == (marked.side == "midline"):
            problems.add(f"{place_pointer}/side", "wrong_side.sided" if zone["sided"] else "wrong_side.midline")
        if (marked.zone, marked.side) in seen:
            problems.add(f"{place_pointer}/zone", "duplicate.zone")
        seen.add((marked.zone, marked.side))


def _check_movements(movements: Sequence[NewMovement], problems: Problems) -> None:
    seen = set()
    for index, measured in enumerate(movements):
        pointer = f"/range_of_motion/{index}"
        code, degrees = measured.movement, measured.degrees
        if code not in catalogue.MOVEMENTS:
            problems.add(f"{pointer}/movement", "unknown_movement")
        low, high = rules.rom_limits_deg(code)
        if degrees is not None and not low <= degrees <= high:
            problems.add(f"{pointer}/degrees", "out_of_range.degrees", low=low, high=high)
        if (code, measured.side) in seen:
            problems.add(f"{pointer}/movement", "duplicate.movement")
        seen.add((code, measured.side))


def _check_findings(findings: Sequence[NewFinding], problems: Problems) -> None:
    seen = set()
    for index, finding in enumerate(findings):
        pointer = f"/findings/{index}"
        if finding.muscle not in catalogue.MUSCLES:
            problems.add(f"{pointer}/muscle", "unknown_muscle")
        spot = (finding.muscle, finding.side, place_key(finding.place))
        if spot in seen:
            problems.add(f"{pointer}/muscle", "duplicate.place")
        seen.add(spot)
        if finding.new_point and finding.trigger_point:
            problems.add(f"{pointer}/new_point", "known_point")
        _check_zones(finding.referred_to, f"{pointer}/referred_to", problems)
        if finding.referred_pain != "present":
            for name, value in (("referred_to", finding.referred_to), ("referred_quality", finding.referred_quality)):
                if value:
                    problems.add(f"{pointer}/{name}", "needs_referred_pain")
        if finding.twitch_method and finding.local_twitch not in ("present", "absent"):
            problems.add(f"{pointer}/twitch_method", "needs_local_twitch")
        _check_thresholds(finding, pointer, problems)


def _check_thresholds(finding: NewFinding, here: str, problems: Problems) -> None:
    (hard_low, hard_high), (soft_low, soft_high) = rules.PPT_HARD_KPA, rules.PPT_SOFT_KPA
    for trial, kpa in enumerate(finding.ppt_kpa):
        value = Decimal(kpa)
        if not hard_low <= value <= hard_high:
            problems.add(f"{here}/ppt_kpa/{trial}", "out_of_range.unit", low=hard_low, high=hard_high, unit="kPa")
        elif not soft_low <= value <= soft_high and not finding.limit_reasons.get("ppt_kpa"):
            pointer = f"{here}/ppt_kpa/{trial}"
            problems.add(pointer, "reason_required.unusual_unit", low=soft_low, high=soft_high, unit="kPa")
