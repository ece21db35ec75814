"""Labels and sentences for what the treatments app computes, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from treatments import measures

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
}
# What a row of the safety list is about, and where an alert counts.
SAFETY_TAGS = {
    "invasive": gettext_lazy("needling and injection"),
    "dry_needling": gettext_lazy("dry needling"),
    "injection": gettext_lazy("injection"),
    "electrical": gettext_lazy("needling with a current"),
    "anaesthetic": gettext_lazy("injection of an anaesthetic"),
    "hands_on": gettext_lazy("hands-on techniques"),
    "self_pressure": gettext_lazy("self-pressure"),
    "exercise": gettext_lazy("exercises"),
    "neck_movement": gettext_lazy("exercises that move the neck"),
}
SAFETY_PLACES = {
    "anywhere": gettext_lazy("the whole body"),
    "in_region": gettext_lazy("the region and side of the alert"),
    "in_limb": gettext_lazy("the whole limb of the alert"),
}
UNITS = {"pain": "", "ppt_kpa": " kPa", "rom_deg": "°"}


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
