"""
The default safety list: what stops a treatment, what asks for caution, what must be acknowledged. Data, no logic.

Source of the rows: domain facts, sections 2, 3.3, 5, 6 and 13, each with the papers it names. Sources disagree, and
where a row widens or places what its source says, that is a product proposal: nothing here has been reviewed by a
clinician, and the screens say so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from treatments.safety_alerts import ALERT_ENTRIES
from treatments.safety_cautions import CAUTION_ENTRIES
from treatments.safety_entries import (
    ACKNOWLEDGE,
    ANAESTHETIC,
    CAUTION,
    CHILD_UNTIL_YEARS,
    LEVELS,
    LUNG,
    NEEDLE,
    PRODUCT,
    RELATIVE,
    RHOMBOIDS_MM,
    STOP,
    Entry,
)

LIST_VERSION = 2  # a change of meaning raises it; a signed document keeps the number of its own
HAS_BEEN_REVIEWED = False
PROPOSAL = "These rules have not been reviewed by a clinician."

# --- What depends on more than one thing ----------------------------------------------------------------------

CONSENT_MISSING, COMPETENCY_MISSING = "consent_missing", "competency_missing"
BOTH_SIDES_OF_THORAX = "both_sides_of_thorax"
MUSCLE_UNKNOWN, SIDE_UNKNOWN = "needled_muscle_unknown", "treated_side_unknown"
RULE_ENTRIES = [
    Entry(
        MUSCLE_UNKNOWN,
        STOP,
        "Muscle of the needle",
        "Nobody can tell what lies near the needle. Choose the muscle.",
        PRODUCT,
        NEEDLE,
        rule="muscle_unknown",
        is_overridable=False,
    ),
    Entry(
        BOTH_SIDES_OF_THORAX,
        STOP,
        "Both sides of the thorax",
        "Both sides of the thorax are needled in one visit. Needle one side only, or give a reason.",
        f"{LUNG}: avoid both sides of the thorax in one visit (muscle catalogue)",
        NEEDLE,
        rule="both_sides_of_thorax",
    ),
    Entry(
        "pneumothorax_disclosure",
        CAUTION,
        "Pneumothorax warning",
        "Warn the patient at the visit: chest pain, shortness of breath or a dry cough, even a day later, is an "
        "emergency.",
        f"{LUNG}; a series of four cases in Ghent (secondary: edzardernst.com, March 2024)",
        NEEDLE,
        rule="over_lung",
    ),
    Entry(
        "rhomboids_depth",
        CAUTION,
        "Depth at the rhomboids",
        f"Rhomboids: deeper than {RHOMBOIDS_MM} mm can reach the pleura. Use a shorter needle or stay shallower.",
        "Valera-Calero et al., preprint on authorea.com (ultrasound, 59 healthy people)",
        NEEDLE,
        rule="rhomboids_depth",
        muscles=frozenset({"rhomboids"}),
    ),
    Entry(
        "frail_over_lung",
        ACKNOWLEDGE,
        "Very thin chest wall over the lung",
        "Frail or very thin chest wall: the lung is closer than usual figures say.",
        f"{RELATIVE}; over the lung: product proposal",
        NEEDLE,
        alert="frail",
        rule="over_lung",
    ),
    Entry(
        "child_needle",
        ACKNOWLEDGE,
        "Needling below 16 years",
        f"The patient is younger than {CHILD_UNTIL_YEARS}, or the age is not known. A guardian must consent.",
        f"{RELATIVE}; the age of {CHILD_UNTIL_YEARS}: product proposal",
        NEEDLE,
        rule="child",
    ),
    Entry(
        "no_maximum_on_file",
        CAUTION,
        "No maximum dose on file",
        "No maximum on file for this agent: check the dose yourself.",
        PRODUCT,
        frozenset({ANAESTHETIC}),
        rule="no_maximum_on_file",
    ),
    Entry(
        CONSENT_MISSING,
        STOP,
        "Informed consent",
        "Informed consent is missing. Record it first.",
        "Virginia 18VAC112-20-121; Colorado rule 11; domain facts 9.2",
        NEEDLE,
        rule="consent_missing",
        is_overridable=False,
    ),
    Entry(
        COMPETENCY_MISSING,
        STOP,
        "Competency",
        "The competency for this treatment is not on file. Ask the clinic's owner to record it.",
        "Arizona: proof of training on file; domain facts 9.2. Which competency fits which muscle: product proposal",
        NEEDLE,
        rule="competency_missing",
        is_overridable=False,
    ),
]

DEFAULT_LIST: tuple[Entry, ...] = (*RULE_ENTRIES, *ALERT_ENTRIES, *CAUTION_ENTRIES)
DEFAULT_CODES = {entry.code: entry for entry in DEFAULT_LIST}

# --- A clinic's list ------------------------------------------------------------------------------------------


def effective_list(of_clinic: Iterable[Entry]) -> tuple[Entry, ...]:
    """
    Return the default list with a clinic's additions and stricter rows.

    A row of the clinic with the code of a default row can raise its level and forbid the override, nothing else: what
    the default list says cannot be lost.
    """
    rows = dict(DEFAULT_CODES)
    for own in of_clinic:
        default = rows.get(own.code)
        if default is None:
            rows[own.code] = own
            continue
        rows[own.code] = replace(
            default,
            level=max(default.level, own.level, key=LEVELS.index),
            is_overridable=default.is_overridable and own.is_overridable,
        )
    return tuple(rows.values())


def version_of(clinic_version: int) -> str:
    """Return the version of a list: the default's number, and after a plus that of the clinic's own rows."""
    return f"{LIST_VERSION}+{clinic_version}" if clinic_version else str(LIST_VERSION)


def texts() -> list[str]:
    """Return every text of the list, for the translations."""
    return [PROPOSAL, *dict.fromkeys(text for entry in DEFAULT_LIST for text in (entry.label, entry.reason))]
