"""Facts about patients, as tables and pure functions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

SEXES = ["female", "male", "other", "unknown"]
STATUSES = ["in_care", "discharged", "deceased"]
CONSENT_ANSWERS = ["granted", "refused", "not_asked"]
CONSENT_CHANNELS = ["email", "sms", "phone"]
IMPORT_FORMATS = ["fhir_json", "fhir_ndjson", "csv"]


@dataclass(frozen=True)
class AlertKind:
    """A condition that matters to a needle or to pressure. Which is a caution and which a stop, the clinic decides."""

    label: str
    matters_to: frozenset[str]


def _alert(label: str, *matters_to: str) -> AlertKind:
    return AlertKind(label, frozenset(matters_to))


# Source: domain facts, sections 6.1 to 6.3 (contraindications and cautions of needling, pressure and injection).
ALERTS = {
    "anticoagulant": _alert("Anticoagulant", "needling", "pressure", "injection"),
    "antiplatelet": _alert("Antiplatelet", "needling", "pressure", "injection"),
    "bleeding_disorder": _alert("Bleeding disorder", "needling", "pressure", "injection"),
    "pregnancy": _alert("Pregnancy", "needling", "pressure", "injection"),
    "lymphoedema": _alert("Lymphoedema", "needling", "pressure"),
    "lymph_nodes_removed": _alert("Lymph nodes removed", "needling"),
    "pacemaker": _alert("Pacemaker", "needling"),
    "implant": _alert("Implant or prosthesis", "needling", "pressure"),
    "heart_valve": _alert("Heart valve replaced", "needling"),
    "immune_suppression": _alert("Immune suppression", "needling", "injection"),
    "infection": _alert("Infection, fever or contagious illness", "needling", "pressure", "injection"),
    "skin_condition": _alert("Open, infected or fragile skin", "needling", "pressure", "injection"),
    "diabetes": _alert("Diabetes", "needling", "injection"),
    "neuropathy": _alert("Poor sensation", "needling", "pressure"),
    "epilepsy": _alert("Epilepsy", "needling"),
    "vasovagal": _alert("Fainted at a needle before", "needling", "injection"),
    "needle_phobia": _alert("Fear of needles", "needling", "injection"),
    "metal_allergy": _alert("Metal allergy", "needling"),
    "local_anaesthetic_allergy": _alert("Allergy to local anaesthetics", "injection"),
    "osteoporosis": _alert("Osteoporosis or fragile bone", "pressure"),
    "malignancy": _alert("Malignancy", "needling", "pressure", "injection"),
    "clot": _alert("Known or suspected clot", "pressure", "needling"),
    "uncontrolled_hypertension": _alert("Severe uncontrolled hypertension", "pressure"),
    "recent_surgery_or_radiotherapy": _alert("Recent surgery or radiotherapy", "needling", "pressure"),
    "reduced_cognition": _alert("Reduced cognition", "needling"),
    "hyperalgesia": _alert("Strong hyperalgesia", "needling", "pressure"),
    "frail": _alert("Frail or very thin chest wall", "needling", "pressure"),
    "other": _alert("Other", "needling", "pressure", "injection"),
}

# Ingredients by their international names (INN, as in the WHO's ATC groups B01AA, AB, AE, AF, AX and B01AC).
MEDICINE_ALERTS = {
    "anticoagulant": frozenset(
        [
            "warfarin",
            "phenprocoumon",
            "acenocoumarol",
            "heparin",
            "enoxaparin",
            "dalteparin",
            "tinzaparin",
            "nadroparin",
            "fondaparinux",
            "apixaban",
            "rivaroxaban",
            "edoxaban",
            "dabigatran",
            "bivalirudin",
            "argatroban",
        ]
    ),
    "antiplatelet": frozenset(
        [
            "clopidogrel",
            "prasugrel",
            "ticagrelor",
            "ticlopidine",
            "dipyridamole",
            "cilostazol",
            "aspirin",
            "acetylsalicylic",
        ]
    ),
}


def alert_of_medicine(name: str) -> str | None:
    """The alert that a medicine's name stands for: `anticoagulant`, `antiplatelet` or None."""
    words = set(re.findall(r"[a-z]+", plain(name)))
    return next((code for code, names in MEDICINE_ALERTS.items() if words & names), None)


# --- Finding a patient ----------------------------------------------------------------------------------------


def plain(text: str) -> str:
    """Lower case without accents, so that `Müller` is found by `muller`."""
    for _ in range(2):  # a compatibility form may unfold to capitals, and a fold to compatibility forms
        text = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in text if not unicodedata.combining(c))


def squeezed(text: str) -> str:
    """Letters and digits only: `999-76-5725` as `999765725`."""
    return "".join(c for c in plain(text) if c.isalnum())


def search_keys(*, names: Iterable[str], birth_date: date | None, identifiers: Iterable[str]) -> set[str]:
    """
    The words by whose beginnings a patient is found: each part of the names, the birth date, each identifier.
    """
    keys: set[str] = set()
    for name in names:
        keys.update(squeezed(part) for part in re.split(r"[\s\-]+", name))
        keys.add(squeezed(name))
    keys.update(squeezed(value) for value in identifiers)
    if birth_date is not None:
        keys.add(birth_date.isoformat())
    return {key for key in keys if key}


def search_prefixes(word: str) -> set[str]:
    """
    The key prefixes that one typed word may mean. A whole date may be written 1980-02-03, 3.2.1980 or 2/3/1980.
    """
    prefixes = {squeezed(word)}
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


def likeness(
    *,
    same_birth_date: bool,
    same_family_name: bool,
    same_given_names: bool,
) -> str | None:
    """
    Why two patients may be one person, or None. A name alone is no reason: namesakes are common.
    """
    if same_birth_date and same_family_name and same_given_names:
        return "same_name_and_birth_date"
    if same_birth_date and (same_family_name or same_given_names):
        return "same_birth_date_and_part_of_name"
    return None
