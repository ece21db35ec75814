"""Labels for what the treatments app computes, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from treatments import rules

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


def _number(value: Decimal) -> str:
    return str(formats.localize(value, use_l10n=True))
