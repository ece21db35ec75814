"""How results of outcome measures read, in the reader's language."""

from __future__ import annotations

from decimal import Decimal

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

import catalogue
from assessments.labels import SIDES, UNITS, describe_change, describe_threshold, format_difference
from assessments.measures import THRESHOLDS
from assessments.outcomes import rules
from assessments.outcomes.queries import Result

RISK_GROUPS = {
    "low": gettext_lazy("low risk"),
    "medium": gettext_lazy("medium risk"),
    "high": gettext_lazy("high risk"),
}
DEVICES = {
    "crom": gettext_lazy("CROM device"),
    "inclinometer": gettext_lazy("inclinometer"),
    "goniometer": gettext_lazy("goniometer"),
    "phone": gettext_lazy("phone"),
    "visual": gettext_lazy("by eye"),
}
PRESSURE_UNITS = {"kPa": "kPa", "kgf/cm2": "kgf/cm²", "N/cm2": "N/cm²", "lbf/in2": "lbf/in²", "N": "N", "kgf": "kgf"}


def measure_name(code: str) -> str:
    return _(catalogue.MEASURES[code]["label"])


def about(result: Result) -> str:
    """What a result is about beside its measure: the muscle, the device, the activities."""
    entered = result.entered
    if entered.muscle:
        return f"{_(catalogue.MUSCLES[entered.muscle]['name'])}, {SIDES[entered.side]}"
    if entered.activities:
        return ", ".join(activity.text for activity in entered.activities)
    return str(DEVICES.get(entered.device, ""))


def describe_score(code: str, score: rules.Score, *, group: str = "") -> str:
    """Return a score with what it is out of; of measures of items never without its share: "20 of 50 (40 %)"."""
    measure = catalogue.MEASURES[code]
    if group:
        return str(RISK_GROUPS[group])
    if score.value is None:
        return _("no score: too few answers")
    figure = number(score.value)
    if measure["unit"].startswith("of "):
        text = _("{value} of {most}").format(value=figure, most=measure["high"])
        return f"{text} ({number(score.percent)} %)" if score.percent is not None else text
    if measure["unit"] == "days":
        return _("{n} days").format(n=figure)
    return figure + UNITS[code]


def number(value: Decimal) -> str:
    plain = value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()
    return str(formats.localize(plain, use_l10n=True))


def band_name(code: str, band: str) -> str:
    bands = {row["code"]: row["label"] for row in catalogue.MEASURES[code].get("bands", ())}
    return _(bands[band]) if band else ""


def describe_result_change(result: Result) -> str:
    """What the sources say about the change since the first result; empty: there is nothing to compare."""
    if result.change is None:
        return ""
    amount = format_difference(result.change.difference, UNITS[result.row.measure])
    return describe_change(result.row.measure, result.change, amount)


def thresholds_of(code: str) -> list[str]:
    """All thresholds of a measure side by side; those that nobody has read in the source say so."""
    return [
        describe_threshold(code, threshold) + ("" if threshold.is_verified else " · " + _("not verified in the source"))
        for threshold in THRESHOLDS[code]
    ]
