"""Write the audit trail."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from audit import emergency, strangers
from audit.models import AuditEvent
from database.sql import run_prepared
from identity.actor import Actor

Outcome = AuditEvent.Outcome

# One statement, no read-back: this runs once for every request that touches patient data.
INSERT = """
    INSERT INTO audit_auditevent
        (clinic_id, user_id, client_id, action, outcome, code, target_id, patient_ids, ip, request_id, times)
    SELECT %s::uuid, %s::uuid, %s::text, %s::text, %s::text, %s::text, %s::uuid, %s::uuid[], %s::inet, %s::text, %s::int
    WHERE %s
"""
# SQL for the same reason: a series or a sweep leaves many events.
INSERT_EACH = """
    INSERT INTO audit_auditevent
        (clinic_id, user_id, client_id, action, outcome, code, target_id, patient_ids, ip, request_id)
    SELECT %s, %s, %s, action, %s, '', target_id, ARRAY[patient_id], %s, %s
    FROM unnest(%s::text[], %s::uuid[], %s::uuid[]) AS event (action, target_id, patient_id)
"""


def log(
    action: str,
    *,
    by: Actor | None,
    target_id: UUID | None = None,
    patient_ids: Iterable[UUID] = (),
    outcome: str = Outcome.OK,
    code: str = "",
    ip: str | None = None,
    request_id: str = "",
    times: int = 1,
    adds: bool = True,
) -> None:
    """
    Add one event. Inside an action's transaction, the change and its trace are kept or lost together.

    :param by: None for a stranger, whose `ip` then says where the request came from; see `log_stranger`
    :param times: how many times it happened
    :param adds: False runs the same statement and adds nothing, where the time that it takes must not tell
    """
    if emergency.is_open():
        if adds:
            _log_to_file(action, by, target_id, list(patient_ids), outcome, code, ip, request_id)
        return
    row: tuple[Any, ...] = (
        by.clinic_id if by else None,
        by.user_id if by else None,
        (by.client_id if by else None) or "",
        action,
        outcome,
        code,
        target_id,
        list(patient_ids),
        ip or (by.ip if by else None),
        request_id or (by.request_id if by else None) or "",
        times,
        adds,
    )
    run_prepared(INSERT, row)


def _log_to_file(
    action: str,
    by: Actor | None,
    target_id: UUID | None,
    patient_ids: list[UUID],
    outcome: str,
    code: str,
    ip: str | None,
    request_id: str,
) -> None:
    emergency.add(
        {
            "clinic_id": by.clinic_id if by else None,
            "user_id": by.user_id if by else None,
            "client_id": (by.client_id if by else None) or "",
            "action": action,
            "outcome": str(outcome),
            "code": code,
            "target_id": target_id,
            "patient_ids": patient_ids,
            "ip": ip or (by.ip if by else None),
            "request_id": request_id or (by.request_id if by else None) or "",
        }
    )


def log_stranger(
    action: str, *, outcome: str, code: str, ip: str | None, request_id: str, always_ask: bool = False
) -> None:
    """
    Add an event about somebody unknown, unless there was one of its kind in the last minutes: then only count it.

    Anybody can cause these events, so they may not fill the table; `periodic.add_counted_refusals` adds the counts.

    :param always_ask: run a statement where nothing is added, too, so that the time tells nothing
    """
    is_first = strangers.is_first(action, outcome, code, ip)
    if is_first or always_ask:
        log(action, by=None, outcome=outcome, code=code, ip=ip, request_id=request_id, adds=is_first)


def log_each(events: Sequence[tuple[str, UUID, UUID]], *, by: Actor) -> None:
    """
    As `log`, for what one action did to many rows, in one statement.

    :param events: action, target and patient of each
    """
    if not events:
        return
    by_whom = (by.clinic_id, by.user_id, by.client_id or "", Outcome.OK, by.ip, by.request_id or "")
    run_prepared(INSERT_EACH, (*by_whom, *(list(column) for column in zip(*events, strict=True))))
