"""Verifications that take longer than a person or a web thread should wait."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.core.cache import cache

from database import tenancy
from database.expressions import new_id
from identity.actor import Actor
from records import actions

# A verification that has left no outcome after so long has failed; a million records take a fraction of it.
LONGEST = timedelta(hours=6)
SAME_WITHIN = timedelta(minutes=10)


def start_verification(*, clinic_id: UUID, complete: bool, anchor: tuple[int, str] | None, by: Actor) -> UUID:
    """
    Have a worker verify a clinic's chain once this transaction is committed; return the id of its outcome.

    Who asks for what runs already gets the id of that.
    """
    check_id = new_id()
    same = f"verification:{clinic_id}:{complete}:" + (f"{anchor[0]}:{anchor[1]}" if anchor else "")
    if not cache.add(same, str(check_id), SAME_WITHIN.total_seconds()):
        existing = cache.get(same)
        if existing and is_running(clinic_id, UUID(existing)):
            return UUID(existing)  # somebody has just asked for the same
        cache.set(same, str(check_id), SAME_WITHIN.total_seconds())
    cache.set(_running(clinic_id, check_id), True, LONGEST.total_seconds())
    verify_one_chain.delay_on_commit(str(clinic_id), str(check_id), complete, list(anchor) if anchor else None)
    return check_id


def is_running(clinic_id: UUID, check_id: UUID) -> bool:
    """Return whether a verification was started that has no outcome yet."""
    return bool(cache.get(_running(clinic_id, check_id)))


@shared_task
def verify_one_chain(clinic_id: str, check_id: str, complete: bool, anchor: list[object] | None) -> bool:
    """Verify a clinic's chain and keep the outcome under this id. Returns whether it holds."""
    clinic = UUID(clinic_id)
    with tenancy.scope(clinic):
        chain = actions.check_chain(
            clinic_id=clinic,
            by=Actor.system(clinic, "verify_one_chain"),
            complete=complete,
            anchor=(int(str(anchor[0])), str(anchor[1])) if anchor else None,
            check_id=UUID(check_id),
        )
    cache.delete(_running(clinic, UUID(check_id)))
    return bool(chain["ok"])


def _running(clinic_id: UUID, check_id: UUID) -> str:
    return f"verification:{clinic_id}:{check_id}"
