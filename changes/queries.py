"""Reading the clinic's sequence of changes."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from changes.models import ChangeCounter, ClinicChange, mark_of

BEFORE_FIRST = mark_of(UUID(int=0), "")


def head(clinic_id: UUID) -> int:
    """Return the sequence number of the clinic's newest change; 0 before the first."""
    counter = ChangeCounter.objects.filter(clinic_id=clinic_id).values_list("sequence", flat=True).first()
    return counter or 0


def mark_at(clinic_id: UUID, sequence: int) -> str | None:
    """Return the mark of the change with this number, or None."""
    if sequence == 0:
        return BEFORE_FIRST
    change = ClinicChange.objects.filter(clinic_id=clinic_id, sequence=sequence).first()
    return None if change is None else change.mark


def changes_after(
    *,
    clinic_id: UUID,
    sequence: int,
    kinds: Sequence[str],
    limit: int,
    patient_ids: Sequence[UUID] | None = None,
    until: int | None = None,
) -> list[ClinicChange]:
    """
    The clinic's changes of these kinds behind a sequence number, in the order of their commits.

    :param until: not above this number
    """
    changes = ClinicChange.objects.filter(clinic_id=clinic_id, sequence__gt=sequence, kind__in=kinds)
    if patient_ids is not None:
        changes = changes.filter(patient_id__in=patient_ids)
    if until is not None:
        changes = changes.filter(sequence__lte=until)
    return list(changes.order_by("sequence")[:limit])
