"""Write the audit trail."""

from collections.abc import Iterable
from uuid import UUID

from django.db import connection

from audit.models import AuditEvent
from clinic.caller import Caller

Outcome = AuditEvent.Outcome

# One statement, no read-back: this runs once for every request that touches patient data.
INSERT = """
    INSERT INTO audit_auditevent
        (clinic_id, user_id, client_id, action, outcome, code, target_id, patient_ids, ip, request_id)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s::uuid[], %s, %s)
"""


def log(
    action: str,
    *,
    by: Caller | None,
    target_id: UUID | None = None,
    patient_ids: Iterable[UUID] = (),
    outcome: str = Outcome.OK,
    code: str = "",
    ip: str | None = None,
    request_id: str = "",
) -> None:
    """
    Add one event. Inside an action's transaction, the change and its trace are kept or lost together.

    :param by: None for a stranger, whose `ip` then says where the request came from
    """
    row = (
        by and by.clinic_id,
        by and by.user_id,
        (by and by.client_id) or "",
        action,
        outcome,
        code,
        target_id,
        list(patient_ids),
        ip or (by and by.ip),
        request_id or (by and by.request_id) or "",
    )
    with connection.cursor() as cursor:
        cursor.execute(INSERT, row)
