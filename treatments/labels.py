"""Labels and sentences for what the treatments app computes, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from treatments import measures, rules

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


# --- A dose in one line ---------------------------------------------------------------------------------------

# Written together, as a therapist says them; everything else follows with its name.
NAMELESS = ("hold_s", "repetitions", "sets", "needles_in", "needles_out", "needle_diameter_mm", "needle_length_mm")


def describe_dose(dose: Mapping[str, Any], *, is_brief: bool = False) -> str:
    """
    Return a dose in one line: "3 × 30 s · Discomfort under pressure, 0 to 10: 6"; nothing for an empty one.

    :param is_brief: only how often, how long and with which needles
    """
    dose = {name: value for name, value in dose.items() if value not in (None, "")}
    parts = [_describe_repetitions(dose), _describe_needles(dose), _describe_needle(dose)]
    for name, value in dose.items():
        if name in NAMELESS or is_brief:
            continue
        field = rules.FIELDS[name]
        parts.append(f"{_(field.label)}: {_dose_value(field, value)}")
    return " · ".join(part for part in parts if part)


def _describe_repetitions(dose: Mapping[str, Any]) -> str:
    sets, repetitions, hold = (dose.get(name) for name in ("sets", "repetitions", "hold_s"))
    numbers = [_amount(number) for number in (sets, repetitions) if number is not None]
    if hold is not None:
        numbers.append(f"{_amount(hold)} s")
    elif len(numbers) == 1:
        return f"{numbers[0]} ×"
    return " × ".join(numbers)


def _describe_needles(dose: Mapping[str, Any]) -> str:
    if "needles_in" not in dose and "needles_out" not in dose:
        return ""
    return _("needles: {count} in, {removed} out").format(
        count=dose.get("needles_in", 0), removed=dose.get("needles_out", 0)
    )


def _describe_needle(dose: Mapping[str, Any]) -> str:
    sizes = [dose[name] for name in ("needle_diameter_mm", "needle_length_mm") if name in dose]
    return f"{' × '.join(map(_amount, sizes))} mm" if sizes else ""


def _dose_value(field: rules.Field, value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if field.kind == rules.CODE:
        return _(value.replace("_", " "))
    text = _amount(value) if field.kind in (rules.WHOLE, rules.NUMBER) else str(value)
    return f"{text} {field.unit}".strip()


def _amount(value: Any) -> str:
    """A number without needless zeros."""
    number = Decimal(str(value))
    return _number(number.quantize(Decimal(1)) if number == number.to_integral_value() else number.normalize())
