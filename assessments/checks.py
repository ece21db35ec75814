"""Whether an exam's content can be: each impossible value is named with its place. Plain Python, like the rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from assessments import catalogue, rules
from clinic.errors import Invalid, Problems

Content = Mapping[str, Any]
EARLIEST_YEAR = 1900  # no living patient was examined before; a typing error was made


def place_key(place: str) -> str:
    """A place as it is compared: `Mid-belly`, `mid belly` and `midbelly` are one."""
    return "".join(c for c in place.casefold() if c.isalnum())


def check_content(content: Content, *, at: datetime, reasons_may_wait: bool = False) -> None:
    """
    :param content: the fields of an assessment that are given, in the API's names
    :param reasons_may_wait: a draft that is being written may owe a reason until it is signed
    :raises Invalid: naming every value that cannot be
    """
    problems = Problems()
    performed_at = content.get("performed_at")
    if performed_at is not None and performed_at.year < EARLIEST_YEAR:
        problems.add("/performed_at", "too_early", f"Before {EARLIEST_YEAR}: a slip of the pen?")
    if performed_at is not None and performed_at > at:
        problems.add("/performed_at", "in_future", "An exam is recorded when it has happened, not before.")
    best, worst = content.get("pain_best_24h"), content.get("pain_worst_24h")
    if best is not None and worst is not None and best > worst:
        problems.add("/pain_best_24h", "above_worst", "The best pain cannot be above the worst.")
    _check_red_flags(content.get("red_flags") or (), problems)
    _check_zones(content.get("pain_drawing") or (), "/pain_drawing", problems)
    _check_movements(content.get("range_of_motion") or (), problems)
    _check_findings(content.get("findings") or (), problems)
    if reasons_may_wait:
        problems.forgive("reason_required")
    problems.raise_if_any()


def problems_before_signing(content: Content, *, unreviewed: frozenset[str], at: datetime) -> Problems:
    """What stands between an assessment and its signature. The review page and the signature ask the same."""
    problems = Problems()
    lists = ("findings", "range_of_motion", "red_flags", "pain_drawing", "notes")
    if not any(content[name] for name in lists) and content["pain_now"] is None:
        problems.add("/findings", "empty", "There is nothing in this assessment to sign.")
    try:
        check_content(content, at=at)
    except Invalid as refusal:
        problems.errors += refusal.errors
    for index, finding in enumerate(content["findings"]):
        if str(finding["id"]) in unreviewed:
            detail = "Brought from the last exam: confirm it, change it or remove it."
            problems.add(f"/findings/{index}", "unreviewed", detail)
    return problems


def _check_red_flags(answers: Sequence[Content], problems: Problems) -> None:
    seen: set[str] = set()
    for index, answer in enumerate(answers):
        if answer["code"] in seen:
            problems.add(f"/red_flags/{index}/code", "duplicate", "This red flag is answered twice.")
        seen.add(answer["code"])
        _check_red_flag(answer, f"/red_flags/{index}", problems)


def _check_red_flag(answer: Content, here: str, problems: Problems) -> None:
    if answer["answer"] == "declined" and not (answer.get("note") or "").strip():
        problems.add(f"{here}/note", "reason_required.declined")
    if answer.get("source") == "no_to_all_others" and answer["answer"] != "no":
        problems.add(f"{here}/source", "needs_no")
    named = {"injury": ("regions", "side"), "limb": ("regions", "side"), "leg": ("side",)}
    may_name = named.get(rules.RED_FLAGS[answer["code"]].names, ())
    for name in ("regions", "side"):
        if answer.get(name) and name not in may_name:
            problems.add(f"{here}/{name}", "not_of_this_flag")
        elif answer.get(name) and answer["answer"] != "yes":
            problems.add(f"{here}/{name}", "needs_yes")


def _check_zones(zones: Sequence[Content], pointer: str, problems: Problems) -> None:
    seen = set()
    for index, marked in enumerate(zones):
        zone = catalogue.ZONES.get(marked["zone"])
        here = f"{pointer}/{index}"
        if zone is None:
            problems.add(f"{here}/zone", "unknown_zone", "There is no such body zone; see /api/v1/body-zones/.")
        elif zone["sided"] == (marked["side"] == "midline"):
            detail = "This zone has a left and a right." if zone["sided"] else "This zone is on the middle line."
            problems.add(f"{here}/side", "wrong_side", detail)
        if (marked["zone"], marked["side"]) in seen:
            problems.add(f"{here}/zone", "duplicate", "This zone stands here twice.")
        seen.add((marked["zone"], marked["side"]))


def _check_movements(movements: Sequence[Content], problems: Problems) -> None:
    seen = set()
    for index, measured in enumerate(movements):
        here = f"/range_of_motion/{index}"
        code, degrees = measured["movement"], measured.get("degrees")
        if code not in catalogue.MOVEMENTS:
            problems.add(f"{here}/movement", "unknown_movement", "There is no such movement; see /api/v1/movements/.")
        low, high = rules.rom_limits_deg(code)
        if degrees is not None and not low <= degrees <= high:
            problems.add(f"{here}/degrees", "out_of_range", f"From {low} to {high} degrees.")
        if (code, measured.get("side")) in seen:
            problems.add(f"{here}/movement", "duplicate", "This movement is measured twice on this side.")
        seen.add((code, measured.get("side")))


def _check_findings(findings: Sequence[Content], problems: Problems) -> None:
    seen = set()
    for index, finding in enumerate(findings):
        here = f"/findings/{index}"
        if finding["muscle"] not in catalogue.MUSCLES:
            problems.add(f"{here}/muscle", "unknown_muscle", "There is no such muscle; see /api/v1/muscles/.")
        spot = (finding["muscle"], finding["side"], place_key(finding.get("place", "")))
        if spot in seen:
            detail = "This place is found twice; give the second a place of its own."
            problems.add(f"{here}/muscle", "duplicate", detail)
        seen.add(spot)
        _check_zones(finding.get("referred_to") or (), f"{here}/referred_to", problems)
        if finding.get("referred_pain") != "present":
            for name in ("referred_to", "referred_quality"):
                if finding.get(name):
                    problems.add(f"{here}/{name}", "needs_referred_pain", "Only where referred_pain is present.")
        if finding.get("twitch_method") and finding.get("local_twitch") not in ("present", "absent"):
            problems.add(f"{here}/twitch_method", "needs_local_twitch", "Only where a twitch was looked for.")
        _check_thresholds(finding, here, problems)


def _check_thresholds(finding: Content, here: str, problems: Problems) -> None:
    (hard_low, hard_high), (soft_low, soft_high) = rules.PPT_HARD_KPA, rules.PPT_SOFT_KPA
    for trial, kpa in enumerate(finding.get("ppt_kpa") or ()):
        value = Decimal(kpa)
        if not hard_low <= value <= hard_high:
            problems.add(f"{here}/ppt_kpa/{trial}", "out_of_range", f"From {hard_low} to {hard_high} kPa.")
        elif not soft_low <= value <= soft_high and not (finding.get("limit_reasons") or {}).get("ppt_kpa"):
            detail = f"Usual is {soft_low} to {soft_high} kPa; say why in limit_reasons.ppt_kpa."
            problems.add(f"{here}/ppt_kpa/{trial}", "reason_required", detail)
