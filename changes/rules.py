"""What can be followed, and which scope it needs. Plain tables; the triggers write these codes (migration 0002)."""

from __future__ import annotations

from datetime import timedelta

# Kind to the scope that reads what the row points at.
KINDS = {
    "record": "records:read",
    "patient": "patients:read",
    "appointment": "scheduling:read",
    "series": "scheduling:read",
    "programme": "homecare:read",
    "check_in": "homecare:read",
    "adverse_event": "treatments:read",
}
CREATED, CHANGED, MERGED, DELETED = "created", "changed", "merged", "deleted"
# What a record says; `erased`: that a patient was erased, and which documents are gone.
SIGNED, ADDENDUM, ENTERED_IN_ERROR, ERASED = "signed", "addendum", "entered_in_error", "erased"
ACTIONS = [CREATED, CHANGED, MERGED, DELETED, SIGNED, ADDENDUM, ENTERED_IN_ERROR, ERASED]


def visible_kinds(scopes: frozenset[str]) -> list[str]:
    """Return the kinds that somebody with these scopes may follow."""
    return [kind for kind, scope in KINDS.items() if scope in scopes]


# --- Webhooks -------------------------------------------------------------------------------------------------

ACTIVE, PAUSED, ENDED = "active", "paused", "ended"
STATES = [ACTIVE, PAUSED, ENDED]
# Why one is paused or has ended.
BY_HAND, FAILED, GONE = "by_hand", "failed", "gone"
REASONS = [BY_HAND, FAILED, GONE]
# What came of an attempt; `answered` is any status that is not in 200 to 299.
DELIVERED, ANSWERED, REDIRECTED, TIMED_OUT, NOT_REACHED, NOT_ALLOWED = (
    "delivered",
    "answered",
    "redirected",
    "timed_out",
    "not_reached",
    "not_allowed",
)
OUTCOMES = [DELIVERED, ANSWERED, REDIRECTED, TIMED_OUT, NOT_REACHED, NOT_ALLOWED]
# Standard Webhooks, "Sending webhook messages": a schedule of about 75 hours, and 15 to 30 seconds for an answer.
RETRY_AFTER = [
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
]
ANSWER_WITHIN_S = 15.0
LEASE = timedelta(seconds=60)  # longer than an attempt: another worker may have it then
CHANGES_A_MESSAGE = 50  # of at most 300 bytes each: the specification wants payloads below 20 kB
OLD_SECRET_VALID = timedelta(hours=24)
LOG_KEPT = timedelta(days=30)
MOST_SUBSCRIPTIONS = 10
URL_MAX = 500


def retry_after(failures: int) -> timedelta | None:
    """Return how long to wait after so many failures in a row; None: it is paused."""
    return RETRY_AFTER[failures - 1] if failures <= len(RETRY_AFTER) else None
