"""Changes of a clinic's safety list: rows of its own, and default rows made stricter. Nothing is ever taken out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

import catalogue
from accounts import policies
from accounts.models import Clinic
from audit import actions as audit
from database.expressions import new_id
from errors.exceptions import Conflict, Invalid, NotFound, Problems
from identity.actor import Actor
from patients.rules import ALERTS, BODY_REGIONS, MIN_REASON_CHARACTERS
from treatments.models import SafetyEntry
from treatments.safety_entries import ANYWHERE, IN_LIMB, IN_REGION, LEVELS, OWN_CODE, TAGS
from treatments.safety_table import DEFAULT_CODES

PLACES = [ANYWHERE, IN_REGION, IN_LIMB]
# What an own row says, and a default row keeps as it is.
OF_OWN_ROWS = ["label", "reason", "source", "tags", "alert", "where", "muscles", "regions"]


# What apps above do when a clinic's list has changed: called with `by` and `at`, in the transaction of the change.
AFTER_LIST_CHANGE: list[Callable[..., None]] = []


class SafetyEntryEnded(Conflict):
    reason = "safety_entry_ended"


@transaction.atomic
def add_entry(*, entry: Mapping[str, Any], by: Actor, at: datetime) -> SafetyEntry:
    """
    Add a row of the clinic's own, or make a default row stricter.

    :param entry: level, is_overridable, and either `code` (of a default row, or an own one that changes) or what
        OF_OWN_ROWS names
    :raises accounts.policies.OwnersOnly:
    :raises Invalid: a code is not known, a row says too little, or a default row would become looser
    """
    policies.require_owner(by)
    assert by.user_id is not None  # an owner is a person
    check_entry(entry)
    version = _next_version(by)
    code = entry.get("code") or f"{OWN_CODE}{version}"
    fields = {name: entry[name] for name in OF_OWN_ROWS if name in entry} if code not in DEFAULT_CODES else {}
    row = SafetyEntry(
        id=new_id(),
        clinic_id=by.clinic_id,
        version=version,
        code=code,
        level=entry["level"],
        is_overridable=entry["is_overridable"],
        added_by_id=by.user_id,
        added_at=at,
        **fields,
    )
    row.save(force_insert=True)
    audit.log("safety_list.add", by=by, target_id=row.pk, code=code)
    for react in AFTER_LIST_CHANGE:
        react(by=by, at=at)
    return row


@transaction.atomic
def end_entry(*, code: str, reason: str, by: Actor, at: datetime) -> SafetyEntry:
    """
    End an own row: it no longer counts, and stays readable with the reason.

    :raises accounts.policies.OwnersOnly:
    :raises NotFound: it is not an own row of this clinic; default rows cannot be ended
    :raises SafetyEntryEnded:
    :raises Invalid: the reason is too short
    """
    policies.require_owner(by)
    if len(reason.strip()) < MIN_REASON_CHARACTERS:
        raise Invalid.at("/reason", "too_short.safety_end_reason", least=MIN_REASON_CHARACTERS)
    assert by.user_id is not None  # an owner is a person
    version = _next_version(by)
    last = SafetyEntry.objects.visible_to(by).filter(code=code).order_by("-version").first()
    if last is None or not code.startswith(OWN_CODE):
        raise NotFound
    if last.ended_because:
        raise SafetyEntryEnded
    last.pk, last._state.adding = new_id(), True
    last.version, last.ended_because, last.added_by_id, last.added_at = version, reason.strip(), by.user_id, at
    last.save(force_insert=True)
    audit.log("safety_list.end", by=by, target_id=last.pk, code=code)
    return last


def _next_version(by: Actor) -> int:
    """The clinic's row is the lock: two owners at once get two versions, one after the other."""
    Clinic.objects.select_for_update(no_key=True).only("pk").get(pk=by.clinic_id)
    return (SafetyEntry.objects.visible_to(by).aggregate(last=Max("version"))["last"] or 0) + 1


def check_entry(entry: Mapping[str, Any]) -> None:
    """:raises Invalid: naming each value that cannot be"""
    problems = Problems()
    default = DEFAULT_CODES.get(entry.get("code", ""))
    if default is not None:
        if LEVELS.index(entry["level"]) < LEVELS.index(default.level):
            problems.add("/level", "looser_than_default", level=default.level)
        if entry["is_overridable"] and not default.is_overridable:
            problems.add("/is_overridable", "looser_than_default.override")
        problems.raise_if_any()
        return
    if entry.get("code") and not entry["code"].startswith(OWN_CODE):
        problems.add("/code", "unknown_code.entry")
    for name in ("label", "reason", "source", "tags"):
        if not entry.get(name):
            problems.add(f"/{name}", "required.own_entry")
    for name, codes in (("tags", TAGS), ("muscles", catalogue.MUSCLES), ("regions", BODY_REGIONS)):
        unknown = [value for value in entry.get(name) or () if value not in codes]
        if unknown:
            problems.add(f"/{name}", "unknown_code.entry_value", values=unknown)
    if entry.get("alert") and entry["alert"] not in ALERTS:
        problems.add("/alert", "unknown_code.entry_value", values=[entry["alert"]])
    problems.raise_if_any()
