"""Facts about patients, as tables and pure functions."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

SEXES = ["female", "male", "other", "unknown"]
STATUSES = ["in_care", "discharged", "deceased"]
CONSENT_ANSWERS = ["granted", "refused", "not_asked"]
CONSENT_CHANNELS = ["email", "sms", "phone"]
IMPORT_FORMATS = ["fhir_json", "fhir_ndjson", "csv"]
REVIEW_REASONS = ["name_differs", "same_name_and_birth_date"]  # `matching.decide` gives them
REVIEW_DECISIONS = ["same", "different", "left_out"]
UNDO_DAYS = 30  # an import can be undone for so long


# The parts of the body that an alert or an answer can name: the `region` of the muscles in the catalogue (a test).
BODY_REGIONS = [
    "head", "neck", "shoulder", "arm", "forearm", "hand", "chest", "back", "abdomen", "pelvis", "hip", "thigh", "leg",
    "foot",
]  # fmt: skip
ALERT_SIDES = ["left", "right", "both"]
# Who said so. Empty: not recorded, as in alerts that were entered before this was asked.
ALERT_REPORTERS = ["patient", "relative", "physician", "letter", "examination"]
EARLIEST_BIRTH_DATE = date(1900, 1, 1)  # earlier ones are slips of the keyboard, or fillers of other systems
FACT_TEXT_CHARACTERS = 500  # of a condition or medicine
MIN_REASON_CHARACTERS = 10  # as for the overrides of a stop: shorter ones explain nothing


@dataclass(frozen=True)
class AlertKind:
    """
    A condition that matters to a needle or to pressure. What it stops or cautions against is in `treatments.safety`.

    :ivar has_place: it concerns a part of the body, so side and region are asked; without them, the whole body
    """

    label: str
    has_place: bool = False


# Source: domain facts, sections 6.1 to 6.3 (contraindications and cautions of needling, pressure and injection).
ALERTS = {
    "anticoagulant": AlertKind("Anticoagulant"),
    "antiplatelet": AlertKind("Antiplatelet"),
    "bleeding_disorder": AlertKind("Bleeding disorder"),
    "pregnancy": AlertKind("Pregnancy"),
    "lymphoedema": AlertKind("Lymphoedema", has_place=True),
    "lymph_nodes_removed": AlertKind("Lymph nodes removed", has_place=True),
    "pacemaker": AlertKind("Pacemaker"),
    "implant": AlertKind("Implant or prosthesis", has_place=True),
    "heart_valve": AlertKind("Heart valve replaced"),
    "immune_suppression": AlertKind("Immune suppression"),
    "infection": AlertKind("Infection, fever or contagious illness", has_place=True),
    "skin_condition": AlertKind("Open, infected or fragile skin", has_place=True),
    "diabetes": AlertKind("Diabetes"),
    "neuropathy": AlertKind("Poor sensation", has_place=True),
    "epilepsy": AlertKind("Epilepsy"),
    "vasovagal": AlertKind("Fainted at a needle before"),
    "needle_phobia": AlertKind("Fear of needles"),
    "metal_allergy": AlertKind("Metal allergy"),
    "local_anaesthetic_allergy": AlertKind("Allergy to local anaesthetics"),
    "osteoporosis": AlertKind("Osteoporosis or fragile bone", has_place=True),
    "malignancy": AlertKind("Malignancy", has_place=True),
    "clot": AlertKind("Known or suspected clot", has_place=True),
    "uncontrolled_hypertension": AlertKind("Severe uncontrolled hypertension"),
    "recent_surgery_or_radiotherapy": AlertKind("Recent surgery or radiotherapy", has_place=True),
    "reduced_cognition": AlertKind("Reduced cognition"),
    "hyperalgesia": AlertKind("Strong hyperalgesia", has_place=True),
    "frail": AlertKind("Frail or very thin chest wall"),
    "other": AlertKind("Other", has_place=True),
}


@dataclass(frozen=True)
class KnownAlert:
    """
    A current alert, as the safety rules read it.

    :ivar code: one of ALERTS
    :ivar side: one of ALERT_SIDES; None: not known, which the rules treat as both
    :ivar region: one of BODY_REGIONS; None: not known, which the rules treat as the whole body
    """

    code: str
    side: str | None = None
    region: str | None = None


def judge_birth_date(birth_date: date, *, today: date) -> str | None:
    """Why nobody in care can be born on this day, `in_future` or `too_early`, or None."""
    if birth_date > today:
        return "in_future"
    if birth_date < EARLIEST_BIRTH_DATE:
        return "too_early"
    return None


def is_before_birth(moment: datetime, birth_date: date | None) -> bool:
    """Whether a moment is before the day of birth everywhere on earth: the day begins first at UTC+14."""
    return birth_date is not None and moment.astimezone(timezone(timedelta(hours=14))).date() < birth_date


# --- Finding a patient ----------------------------------------------------------------------------------------


def plain(text: str) -> str:
    """Lower case without accents, so that `Müller` is found by `muller`."""
    for _ in range(2):  # a compatibility form may unfold to capitals, and a fold to compatibility forms
        text = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in text if not unicodedata.combining(c))


def squeeze(text: str) -> str:
    """Letters and digits only: `999-76-5725` as `999765725`."""
    return "".join(c for c in plain(text) if c.isalnum())


def search_prefixes(word: str) -> set[str]:
    """
    The key prefixes that one typed word may mean. A whole date may be written 1980-02-03, 3.2.1980 or 2/3/1980.
    """
    prefixes = {squeeze(word)}
    if re.fullmatch(r"\d{4}-[\d-]*", word):
        prefixes.add(word)
    written = re.fullmatch(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})", word)
    if written:
        first, separator, second, year = written.groups()
        month_first = separator == "/"
        for month, day in {(first, second), (second, first)} if month_first else {(second, first)}:
            prefixes.add(f"{int(year):04d}-{int(month):02d}-{int(day):02d}")
    return {prefix for prefix in prefixes if prefix}


def sort_name(family_name: str, given_names: str) -> str:
    return f"{plain(family_name)} {plain(given_names)}".strip()
