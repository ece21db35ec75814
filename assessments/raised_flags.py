"""
Flags that a patient raised at home, and who else must know when the red flags of a patient may have become more.

What a patient answers at home is not confirmed: it may raise a flag, never lower one. It is closed like any other, by a
later signed "no" or by a clearance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from assessments.models import RaisedFlag
from assessments.red_flag_table import TABLE_VERSION
from audit import actions as audit
from database.expressions import new_id
from identity.actor import Actor

# Called with `patient_id`, `by` and `at`, in the transaction of the change, after every write that may open a flag or
# open it further. An app above adds itself when it is ready.
AFTER_FLAGS: list[Callable[..., None]] = []


def flags_may_be_open(*, patient_id: UUID, by: Actor, at: datetime) -> None:
    """Tell every app that reacts to red flags."""
    for react in AFTER_FLAGS:
        react(patient_id=patient_id, by=by, at=at)


@transaction.atomic
def raise_flags(
    *, patient_id: UUID, codes: Sequence[str], source: str, source_id: UUID, by: Actor, at: datetime
) -> None:
    """
    Open red flags of a patient from an answer outside an exam. The same answer again raises nothing more.

    :param source: one of RAISED_FLAG_SOURCES
    :param source_id: what the answer stands in
    """
    rows = [
        RaisedFlag(
            id=new_id(),
            clinic_id=by.clinic_id,
            patient_id=patient_id,
            code=code,
            source=source,
            source_id=source_id,
            raised_at=at,
            table_version=TABLE_VERSION,
        )
        for code in codes
    ]
    raised_codes = set(RaisedFlag.objects.filter(source_id=source_id).values_list("code", flat=True))
    new = [row for row in rows if row.code not in raised_codes]
    if not new:
        return
    RaisedFlag.objects.bulk_create(new)
    for row in new:
        audit.log("red_flag.raise", by=by, target_id=row.pk, patient_ids=[patient_id], code=row.code)
    flags_may_be_open(patient_id=patient_id, by=by, at=at)
