"""
The Canadian C-spine rule for alert, stable patients after an injury. Pure.

Source: domain facts, section 5.1 (fpnotebook-ccr, wikem; Stiell et al., JAMA 2001;286:1841). Sensitivity about 99 to
100 %, specificity about 43 to 45 %. Pages differ between "over 65" and "65 or older"; Stiell has 65 or older.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

RULE_VERSION = 1
SOURCE = "Canadian C-spine rule: Stiell et al., JAMA 2001;286:1841"
MIN_AGE, HIGH_RISK_AGE = 16, 65
VALUES = ["yes", "no", "unknown"]

# Any of these: the rule does not apply.
EXCLUSIONS = {
    "under_16": "Younger than 16",
    "reduced_consciousness": "Not fully alert (Glasgow Coma Scale below 15)",
    "unstable": "Vital signs not stable",
    "vertebral_disease_or_surgery": "Known disease of the spine, or earlier surgery of the neck",
    "acute_paralysis": "Acute paralysis",
}
# Any of these: imaging.
HIGH_RISK = {
    "age_65_or_over": "65 or older",
    "dangerous_mechanism": (
        "Dangerous mechanism: fall from 1 m or 5 stairs, blow along the neck's axis, car over 100 km/h, rolled over or "
        "thrown out, motorised recreational vehicle, bicycle collision"
    ),
    "limb_paraesthesiae": "Tingling or numbness in arms or legs",
}
# At least one of these, before rotation may be tested.
LOW_RISK = {
    "simple_rear_end": "Simple rear-end collision",
    "sitting_in_emergency_department": "Sitting in the emergency department",
    "walked_at_any_time": "Able to walk at any time since",
    "delayed_onset_of_neck_pain": "Neck pain began later, not at once",
    "no_midline_tenderness": "No tenderness over the middle of the neck",
}
ROTATION = {
    "rotates_45_left": "Can turn the head 45° to the left",
    "rotates_45_right": "Can turn the head 45° to the right",
}
INPUTS = {**EXCLUSIONS, **HIGH_RISK, **LOW_RISK, **ROTATION}

AGE = ("under_16", "age_65_or_over")  # what the birth date answers

CLEARED, IMAGE, CANNOT_CLEAR = "cleared", "image", "cannot_clear"
OUTCOMES = {
    CLEARED: "The rule clears the neck.",
    IMAGE: "Imaging is needed. The rule does not clear the neck.",
    CANNOT_CLEAR: "The rule cannot clear the neck: something is unknown, or the rule does not apply.",
}


def apply_rule(inputs: Mapping[str, str]) -> str:
    """
    Return "cleared", "image" or "cannot_clear".

    :param inputs: each of INPUTS to "yes", "no" or "unknown"; what is missing is unknown, and any unknown never clears
    """
    values = {name: inputs.get(name, "unknown") for name in INPUTS}
    if any(values[name] == "yes" for name in HIGH_RISK):
        return IMAGE
    if "unknown" in values.values() or any(values[name] == "yes" for name in EXCLUSIONS):
        return CANNOT_CLEAR
    if not any(values[name] == "yes" for name in LOW_RISK):
        return IMAGE
    return CLEARED if all(values[name] == "yes" for name in ROTATION) else IMAGE


def with_age(inputs: Mapping[str, str], *, birth_date: date | None, on: date) -> dict[str, str]:
    """Return the inputs with what follows from the patient's age, if the birth date is known."""
    if birth_date is None:
        return dict(inputs)
    years = on.year - birth_date.year - ((on.month, on.day) < (birth_date.month, birth_date.day))
    ages = {"under_16": years < MIN_AGE, "age_65_or_over": years >= HIGH_RISK_AGE}
    return {**inputs, **{name: "yes" if is_so else "no" for name, is_so in ages.items()}}


def texts() -> list[str]:
    """Return every text of the rule, for the translations."""
    return [*INPUTS.values(), *OUTCOMES.values()]
