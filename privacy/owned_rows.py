"""Every row of a patient: what points at the patient, directly or through rows that do. Found by the foreign keys."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from django.apps import apps
from django.db import models

from patients.models import Patient
from privacy.models import RightsCase

Keys = dict[type[models.Model], set[Any]]


class Edge(NamedTuple):
    """That rows of `child` belong to the rows of `parent` that their column names."""

    child: type[models.Model]
    column: str
    parent: type[models.Model]


@cache
def edges() -> list[Edge]:
    """Return the foreign keys that lead to a patient; a new table with one is among them by itself."""
    owned: set[type[models.Model]] = {Patient}
    known: list[Edge] = []
    while True:
        fresh = [
            Edge(model, field.attname, field.related_model)
            for model in apps.get_models()
            if model is not RightsCase
            for field in model._meta.concrete_fields
            if field.is_relation and field.related_model in owned
        ]
        if len(fresh) == len(known):
            return fresh
        known = fresh
        owned |= {edge.child for edge in fresh}


def find(patient_ids: list[UUID]) -> Keys:
    """
    Return the keys of all rows of these patients, by model; the patients' own among them.

    `privacy_erase` walks the same way through the database's own keys; a test compares both.
    """
    keys: Keys = {Patient: set(patient_ids)}
    fresh: Keys = {Patient: set(patient_ids)}
    while fresh:
        following: Keys = {}
        for edge in edges():
            if edge.parent not in fresh or edge.child is Patient:
                continue
            rows = edge.child._default_manager.filter(**{f"{edge.column}__in": fresh[edge.parent]})
            new = set(rows.values_list("pk", flat=True)) - keys.get(edge.child, set())
            if new:
                following.setdefault(edge.child, set()).update(new)
                keys.setdefault(edge.child, set()).update(new)
        fresh = following
    return keys
