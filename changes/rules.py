"""What can be followed, and which scope it needs. Plain tables; the triggers write these codes (migration 0002)."""

from __future__ import annotations

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
