"""What thresholds and changes of measures are called, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

import catalogue
from assessments import measures

SIDES = {"left": gettext_lazy("left"), "right": gettext_lazy("right"), "midline": gettext_lazy("middle")}
THRESHOLD_KINDS = {
    measures.MDC: gettext_lazy("MDC"),
    measures.MCID: gettext_lazy("MCID"),
    measures.ROC_CUT: gettext_lazy("ROC cut-off"),
    measures.NATURAL_VARIATION: gettext_lazy("natural variation"),
    measures.PROPOSAL: gettext_lazy("proposal"),
}
POPULATIONS = {
    measures.NECK_PAIN: gettext_lazy("neck pain"),
    measures.CHRONIC_MSK_PAIN: gettext_lazy("chronic musculoskeletal pain"),
    measures.NECK_MOVEMENT: gettext_lazy("neck movements"),
    measures.SHOULDER_MUSCLES: gettext_lazy("upper trapezius and deltoid"),
    measures.CERVICOGENIC_HEADACHE: gettext_lazy("headache from the neck"),
    measures.HEADACHE: gettext_lazy("headache"),
    measures.LOW_BACK_PAIN: gettext_lazy("low back pain"),
    measures.ANY: gettext_lazy("any complaint"),
}


def _written_unit(unit: str) -> str:
    """The unit with the blank before it; a score "of 50" has none."""
    if not unit or unit.startswith("of "):
        return ""
    return unit if unit == "°" else f" {unit}"


UNITS = {"pain": "", "ppt_kpa": " kPa", "rom_deg": "°"} | {
    code: _written_unit(measure["unit"]) for code, measure in catalogue.MEASURES.items()
}


def describe_threshold(kind: str, threshold: measures.Threshold) -> str:
    """Return one threshold with its figure, population and source: "MCID 1.3 (neck pain, Cleland 2008)"."""
    figures = []
    if threshold.amount is not None:
        upper = f"–{_number(threshold.upper)}" if threshold.upper is not None else ""
        figures.append(f"{_number(threshold.amount)}{upper}{UNITS[kind]}")
    if threshold.percent is not None:
        figures.append(f"{_number(threshold.percent)} %")
    figure = _(" or ").join(figures)
    return f"{THRESHOLD_KINDS[threshold.kind]} {figure} ({POPULATIONS[threshold.population]}, {threshold.source})"


def describe_change(kind: str, change: measures.Change, amount: str) -> str:
    """
    Return what the sources say about a change, in one sentence.

    :param amount: the difference as the page shows it, with its sign and unit
    """
    parts = []
    if change.direction == measures.WORSE:
        parts.append(_("worse"))
    for text, thresholds in (
        (_("beyond {thresholds}"), change.beyond),
        (_("within {thresholds}"), change.within),
        (_("not clearly beyond {thresholds}"), change.between),
    ):
        if thresholds:
            parts.append(text.format(thresholds=_join_texts(describe_threshold(kind, t) for t in thresholds)))
    if change.unverified:
        unread = _join_texts(describe_threshold(kind, threshold) for threshold in change.unverified)
        parts.append(_("not judged by {thresholds}: not verified in the source").format(thresholds=unread))
    return f"{amount}: {'; '.join(parts)}" if parts else amount


def _join_texts(texts: Iterable[str]) -> str:
    *most, last = texts
    return _("{most} and {last}").format(most=", ".join(most), last=last) if most else last


def _number(value: Decimal) -> str:
    return str(formats.localize(value, use_l10n=True))


def format_difference(difference: Decimal, unit: str) -> str:
    """Return a difference with its sign and unit: "−3", "+10°", "±0"."""
    value = Decimal(str(difference))
    sign = "+" if value > 0 else "−" if value < 0 else "±"
    amount = abs(value)
    whole = amount == amount.to_integral_value()
    return f"{sign}{_number(amount.quantize(Decimal(1)) if whole else amount.normalize())}{unit}"
