"""Which alert a condition, an allergy or a device raises. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from patients.recognition import condition_table as table
from patients.recognition.medicines import is_atc
from patients.recognition.words import find_phrase, words_of

Codings = Sequence[tuple[str, str, str]]


def _phrases(words: Mapping[str, str]) -> dict[tuple[str, ...], str]:
    return {tuple(words_of(word)): alert for alert, listed in words.items() for word in listed.split(";")}


CONDITION_WORDS, ALLERGY_WORDS = _phrases(table.CONDITION_WORDS), _phrases(table.ALLERGY_WORDS)
SNOMED = {code: alert for alert, codes in table.SNOMED.items() for code in codes.split()}
DEVICE_ALERTS = {"pacemaker", "heart_valve"}


def alerts_of_condition(text: str, codings: Codings) -> tuple[str, ...]:
    """Alerts of a diagnosis, by every code and by whole words; a history of it, or its absence, raises none."""
    alerts = {alert for system, code, _ in codings if (alert := _of_icd(system, code) or _of_snomed(system, code))}
    return tuple(sorted(alerts | _by_words(text, codings, CONDITION_WORDS)))


def alerts_of_device(text: str, codings: Codings) -> tuple[str, ...]:
    alerts = {alert for system, code, _ in codings if (alert := _of_snomed(system, code))}
    return tuple(sorted((alerts | _by_words(text, codings, CONDITION_WORDS)) & DEVICE_ALERTS))


def alerts_of_allergy(text: str, codings: Codings) -> tuple[str, ...]:
    alerts = set()
    for system, code, _ in codings:
        name = system.casefold()
        if is_atc(name):
            alerts |= {alert for prefix, alert in table.ALLERGY_ATC.items() if code.upper().startswith(prefix)}
        elif "rxnorm" in name:
            alerts |= {table.ALLERGY_RXNORM[code]} if code in table.ALLERGY_RXNORM else set()
        elif "snomed" in name:
            alerts |= {table.ALLERGY_SNOMED[code]} if code in table.ALLERGY_SNOMED else set()
    return tuple(sorted(alerts | _by_words(text, codings, ALLERGY_WORDS)))


def is_no_allergy(text: str, codings: Codings) -> bool:
    """Whether an entry says that there are no allergies."""
    if any("snomed" in system.casefold() and code in table.NO_ALLERGY_SNOMED for system, code, _ in codings):
        return True
    words = words_of(text)
    return words[:2] == ["no", "known"] or words[:2] == ["keine", "bekannten"]


def _of_icd(system: str, code: str) -> str:
    name = system.casefold()
    if "icd" not in name and "2.16.840.1.113883.6.3" not in name and "2.16.840.1.113883.6.90" not in name:
        return ""
    plain = code.upper().strip()
    if "cm" in name.rsplit("/", 1)[-1] and plain[:5] in table.ICD10_CM_ONLY_HISTORY:
        return ""
    prefixes = [prefix for prefix in table.ICD10 if plain.startswith(prefix)]
    return table.ICD10[max(prefixes, key=len)] if prefixes else ""


def _of_snomed(system: str, code: str) -> str:
    return SNOMED.get(code, "") if "snomed" in system.casefold() else ""


def _by_words(text: str, codings: Codings, phrases: Mapping[tuple[str, ...], str]) -> set[str]:
    alerts = set()
    for one in (text, *(display for _, _, display in codings)):
        words = words_of(one)
        present = set(words)
        for phrase, alert in phrases.items():
            if (
                phrase[0] in present
                and not table.NOT_WITH.get(phrase[0], set()) & present
                and find_phrase(words, [phrase])
            ):
                alerts.add(alert)
    return alerts
