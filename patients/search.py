"""
Find patients by what somebody types: words of the name and their beginnings, parts of a name, numbers, one typo.

Each question is answered from an index, in the order of names, and reads about as much as it shows (ADR 33).
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from patients.models import NameForm, PatientQuerySet, SearchKey
from patients.names import EDGE, LONG_ENOUGH, PART, Term, misspellings, terms_of, within_one_edit

FREQUENT = 2000  # as many matches make a word frequent: another word that has fewer is looked up first
MOST_WORDS = 500  # of a clinic, that a part of a name stands for
MOST_NUMBERS = 2000  # patients whose numbers begin alike; more are not put into order

# Conditions on SearchKey of which one is enough. They are asked one by one, as each gives its rows in order.
Part = list[Q]
Place = tuple[str, UUID]


def matching(
    patients: PatientQuerySet, text: str, *, first: int, after: Place | None = None, **of_patient: Any
) -> PatientQuerySet:
    """
    Of some patients, the first that what was typed finds, in the order of names.

    Every word must begin a name or number, or be a part of a name. If that finds nobody, each may have one typo.

    :param first: how many
    :param after: sort name and id of the last one before
    :param of_patient: lookups that they must fulfil too, such as `status="in_care"`
    """
    terms = terms_of(text)
    found = _find(terms, first=first, after=after, of_patient=of_patient, typos=False)
    if not found and any(term.is_word for term in terms):
        found = _find(terms, first=first, after=after, of_patient=of_patient, typos=True)
    return patients.filter(pk__in=[pk for _name, pk in found])


def _find(
    terms: list[Term], *, first: int, after: Place | None, of_patient: dict[str, Any], typos: bool
) -> list[Place]:
    parts = [_part_of(term, typos=typos) for term in terms]
    if not parts or not all(parts):
        return []
    if len(parts) > 1:
        parts.sort(key=_frequency)
    rows = SearchKey.objects.filter(patient__merged_into=None) if of_patient else SearchKey.objects.all()
    rows = rows.filter(**{f"patient__{lookup}": value for lookup, value in of_patient.items()})
    for part in parts[1:]:
        same = SearchKey.objects.filter(patient=OuterRef("patient"), sort_name=OuterRef("sort_name"))
        rows = rows.filter(Exists(same.filter(_any(part))))
    if after is not None:
        rows = rows.filter(sort_name__gte=after[0]).exclude(sort_name=after[0], patient_id__lte=after[1])
    places: set[Place] = set()
    for condition in parts[0]:
        ordered = rows.filter(condition).order_by("sort_name", "patient_id").values_list("sort_name", "patient_id")
        places.update(ordered.distinct()[:first])
    return sorted(places)[:first]


def _part_of(term: Term, *, typos: bool) -> Part:
    """The conditions of one typed word; none: nobody can match."""
    short = [form for form in term.beginnings if len(form) <= EDGE]
    part = [Q(key=form) for form in short]
    if not term.is_word:
        for form in term.beginnings.difference(short):
            keys = SearchKey.objects.filter(key__begins=form).values_list("key", flat=True)
            numbers = set(keys[:MOST_NUMBERS])
            part += [Q(key__in=sorted(numbers))] if numbers else []
        return part
    words: set[str] = set()
    for form in term.beginnings:
        if len(form) >= EDGE or (typos and len(form) >= PART):
            found = NameForm.objects.filter(form__begins=form).values_list("word", flat=True)
            words.update(found[:MOST_WORDS])
        if typos and len(form) >= LONG_ENOUGH:
            near = NameForm.objects.filter(form__in=misspellings(form)).values_list("word", flat=True)
            words.update(word for word in near[:MOST_WORDS] if within_one_edit(form, word))
    # What begins like this is found by its beginning already.
    words = {word for word in words if not any(word.startswith(form) for form in short)}
    return part + ([Q(key__in=sorted(words))] if words else [])


def _any(part: Part) -> Q:
    joined = Q()
    for condition in part:
        joined |= condition
    return joined


def _frequency(part: Part) -> int:
    """How many keys match, up to FREQUENT."""
    return SearchKey.objects.filter(_any(part))[:FREQUENT].count()
