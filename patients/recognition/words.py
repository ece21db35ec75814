"""Whole words of a text, and what turns their sense around."""

from __future__ import annotations

import re
from collections.abc import Iterable

from patients import rules

# Before a name (within three words), these say that it is not so, or not now, or not of this person.
NEGATIONS_BEFORE = frozenset(
    "no not without free denies denied negative former formerly previous previously past stopped discontinued family "
    "mother father brother sister never ruled excluded rule exclude suspected possible risk screening "
    "ohne kein keine keinen nicht frueher fruher ehemals familie ausschluss verdacht "
    "sans pas aucun aucune ancien antecedent antecedents famille sin ningun ninguna antecedente familia senza "
    "nessun nessuna pregresso pregressa familiare geen zonder niet familie bez sem".split()
)
HISTORY = [("history", "of"), ("hx", "of"), ("h", "o"), ("zustand", "nach"), ("z", "n"), ("status", "post"), ("s", "p")]
# After a name: "aspirin-free", "aspirin free", "diabetes excluded", "pregnancy ruled out".
NEGATIONS_AFTER = frozenset("free frei excluded ausgeschlossen stopped discontinued abgesetzt negative negativ".split())
REACH = 3


def words_of(text: str) -> list[str]:
    """The words and numbers of a text, in lower case and without accents, in any script."""
    return re.findall(r"[^\W_]+", rules.plain(text))


def phrases(names: Iterable[str]) -> dict[tuple[str, ...], str]:
    """Names as sequences of words."""
    return {tuple(words_of(name)): name for name in names}


def find_phrase(words: list[str], wanted: Iterable[tuple[str, ...]]) -> tuple[str, ...] | None:
    """The first of the phrases that stands in a text as whole words and is not negated."""
    places = {word: [i for i, w in enumerate(words) if w == word] for word in set(words)}
    for phrase in wanted:
        for start in places.get(phrase[0], ()):
            end = start + len(phrase)
            if tuple(words[start:end]) == phrase and not is_negated(words, start, end):
                return phrase
    return None


def is_negated(words: list[str], start: int, end: int) -> bool:
    """Whether the words around a name say that it does not hold: before it within REACH words, or right after it."""
    before = words[max(0, start - REACH) : start]
    if NEGATIONS_BEFORE & set(before) or set(words[end : end + 2]) & NEGATIONS_AFTER:
        return True
    pairs = set(zip(before, words[max(0, start - REACH) + 1 : start + 1], strict=False))
    return any(pair in pairs for pair in HISTORY)
