"""Whether a medicine thins the blood, however a system names it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from patients.recognition import medicine_table as table
from patients.recognition.words import find_phrase, words_of


class Known(Enum):
    """What is known of a medicine."""

    RAISES = "raises"
    HARMLESS = "harmless"  # it has a code of a group that raises no alert, or does not go into the blood
    NOT_RECOGNISED = "not_recognised"


@dataclass(frozen=True)
class Own:
    """
    A line of the clinic's own table.

    :ivar system, code: of a national list; empty: the line is a name
    :ivar name: whole words
    :ivar alert: one of rules.ALERTS; empty: this medicine raises none
    """

    alert: str
    system: str = ""
    code: str = ""
    name: str = ""


@dataclass(frozen=True)
class Recognised:
    """
    :ivar alerts: codes of rules.ALERTS
    :ivar by: what it was recognised by: `own`, `atc`, `rxnorm`, `snomed`, `name`; empty: not at all
    """

    known: Known
    alerts: tuple[str, ...] = ()
    by: str = ""


def _codes(sources: Iterable[table.Source]) -> dict[str, str]:
    return {code: source.alert for source in sources for code in source.items.split()}


def _names(sources: Iterable[table.Source]) -> dict[tuple[str, ...], str]:
    return {tuple(words_of(name)): source.alert for source in sources for name in source.items.split(";")}


RXNORM, SNOMED, NAMES = _codes(table.RXNORM), _codes(table.SNOMED), _names(table.NAMES)
NOTHING = Recognised(Known.NOT_RECOGNISED)


def recognise_medicine(text: str, codings: Sequence[tuple[str, str, str]], own: Sequence[Own] = ()) -> Recognised:
    """
    Return what is known of a medicine. Every coding is looked at; the clinic's own lines come first.

    :param text: what a person reads
    :param codings: system, code and display of each
    """
    texts = [text, *(display for _, _, display in codings)]
    of_clinic = _by_own(texts, codings, own)
    if of_clinic is not None:
        return of_clinic
    if _is_topical(texts, codings):
        return Recognised(Known.HARMLESS, by="topical")
    alerts: dict[str, str] = {}
    has_other_group = False
    for system, code, _ in codings:
        alert, by = _by_code(system, code)
        if alert:
            alerts.setdefault(alert, by)
        has_other_group |= by == "atc" and not alert
    for one in texts:
        for alert in _by_name(words_of(one), NAMES):
            alerts.setdefault(alert, "name")
    if alerts:
        return Recognised(Known.RAISES, tuple(sorted(alerts)), next(iter(alerts.values())))
    return Recognised(Known.HARMLESS, by="atc") if has_other_group else NOTHING


def _by_own(texts: Sequence[str], codings: Sequence[tuple[str, str, str]], own: Sequence[Own]) -> Recognised | None:
    matches = []
    for line in own:
        coded = any(line.code and code == line.code and system == line.system for system, code, _ in codings)
        phrase = tuple(words_of(line.name))
        if coded or (phrase and any(find_phrase(words_of(text), [phrase]) for text in texts)):
            matches.append(line.alert)
    if not matches:
        return None
    alerts = tuple(sorted({alert for alert in matches if alert}))
    return Recognised(Known.RAISES if alerts else Known.HARMLESS, alerts, "own")


def _by_code(system: str, code: str) -> tuple[str, str]:
    """Alert and kind of code; an empty alert with `atc`: a group that raises none."""
    name = system.casefold()
    if is_atc(name):
        prefixes = [prefix for prefix in table.ATC_GROUPS if code.upper().startswith(prefix)]
        return (table.ATC_GROUPS[max(prefixes, key=len)] if prefixes else "", "atc")
    if "rxnorm" in name or name == "urn:oid:2.16.840.1.113883.6.88":
        return RXNORM.get(code, ""), "rxnorm"
    if "snomed" in name or "dmd" in name or name == "urn:oid:2.16.840.1.113883.6.96":
        return SNOMED.get(code, ""), "snomed"
    return "", ""


def is_atc(system: str) -> bool:
    """Whether a system's URI, in lower case, is that of the ATC or of a country's edition of it."""
    return system.rstrip("/").endswith("atc") or "whocc.no" in system or system == "urn:oid:2.16.840.1.113883.6.73"


def _is_topical(texts: Sequence[str], codings: Sequence[tuple[str, str, str]]) -> bool:
    if any(is_atc(system.casefold()) and code.upper().startswith(table.TOPICAL_ATC) for system, code, _ in codings):
        return not any(_by_code(system, code)[0] for system, code, _ in codings)
    return any(table.TOPICAL_WORDS & set(words_of(text)) for text in texts)


def _by_name(words: list[str], names: Mapping[tuple[str, ...], str]) -> set[str]:
    kept = [
        word for index, word in enumerate(words)
        if not (index and words[index - 1] in table.NOT_BEFORE.get(word, ()))
    ]  # fmt: skip
    wanted = {}
    present = set(kept)
    for phrase, alert in names.items():
        if phrase[0] in present:
            wanted[phrase] = alert
    return {alert for phrase, alert in wanted.items() if find_phrase(kept, [phrase])}
