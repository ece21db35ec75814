"""One patient's complete record as JSON: every row, the signed documents as they were signed, and who looked at it."""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from accounts.models import ApiClient, Clinic, User
from accounts.queries import shows_classification
from audit.models import AuditEvent
from database import tenancy
from patients.queries import identities
from privacy import owned_rows
from privacy.models import RightsCase
from records.models import Record

FORMAT = "palpate-patient-export-1"
# Computed from the signs; a clinic that only documents gives it out only inside documents that it signed before.
COMPUTED = {"assessments_finding": {"class_code", "criteria", "missing_tests"}}


def complete_export(*, clinic: Clinic, patient_id: UUID, at: datetime) -> dict[str, Any]:
    """
    Return everything that the clinic has of a patient, inside its scope; of a restricted one, too.

    :raises NotFound:
    """
    with tenancy.seeing_restricted():
        patient_ids = identities(clinic_id=clinic.pk, patient_id=patient_id)
        left_out = {} if shows_classification() else COMPUTED
        tables = {
            model._meta.db_table: [
                _as_json(row, left_out.get(model._meta.db_table, frozenset()))
                for row in model._default_manager.filter(pk__in=keys).order_by("pk").values()
            ]
            for model, keys in sorted(owned_rows.find(patient_ids).items(), key=lambda item: item[0]._meta.db_table)
        }
        cases = RightsCase.objects.filter(patient_id__in=patient_ids).order_by("begun_at")
        events = _events(patient_ids)
        return {
            "format": FORMAT,
            "made_at": at,
            "clinic": {"id": clinic.pk, "name": clinic.name},
            "patient_ids": patient_ids,
            "documents": _documents(patient_ids),
            "rows": tables,
            "rights": [_as_json(case) for case in cases.values()],
            "access": events,
            "people": _names(tables, events),
        }


def to_bytes(export: dict[str, Any]) -> bytes:
    return orjson.dumps(export, default=_plain, option=orjson.OPT_INDENT_2)


def _documents(patient_ids: list[UUID]) -> list[dict[str, Any]]:
    """Signed documents; written canonically (RFC 8785), each has the hash that stands beside it."""
    rows = Record.objects.filter(patient_id__in=patient_ids).exclude(document=None).order_by("sequence")
    return [
        {"record_id": pk, "sha256": bytes(sha256).hex(), "document": orjson.loads(bytes(document or b"null"))}
        for pk, sha256, document in rows.values_list("pk", "sha256", "document").iterator(chunk_size=200)
    ]


def _events(patient_ids: list[UUID]) -> list[dict[str, Any]]:
    """Who looked at the record or changed it, the newest first; from where is left out: it is the person's own."""
    seen: dict[UUID, AuditEvent] = {}
    for patient_id in patient_ids:
        seen |= {event.pk: event for event in AuditEvent.objects.about(patient_id)}
    return [
        {
            "at": event.at,
            "person": event.user_id,
            "program": event.client_id,
            "action": event.action,
            "outcome": event.outcome,
        }
        for event in sorted(seen.values(), key=lambda event: event.at, reverse=True)
    ]


def _names(tables: dict[str, list[dict[str, Any]]], events: list[dict[str, Any]]) -> dict[str, str]:
    """Return the names of the people and programs whose ids stand in the export."""
    ids = {event["person"] for event in events if event["person"]}
    ids |= {
        value
        for rows in tables.values()
        for row in rows
        for name, value in row.items()
        if isinstance(value, UUID) and (name.endswith(("_by_id", "user_id")) or name == "therapist_id")
    }
    people = User.objects.filter(pk__in=ids).values_list("pk", "name")
    programs = ApiClient.objects.filter(client_id__in={event["program"] for event in events if event["program"]})
    return {str(pk): name for pk, name in people} | dict(programs.values_list("client_id", "name"))


def _as_json(row: Mapping[str, Any], left_out: Set[str] = frozenset()) -> dict[str, Any]:
    """A signed document stands once, in `documents`."""
    return {name: value for name, value in row.items() if name != "document" and name not in left_out}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return str(value)
