"""How old the backups are."""

from __future__ import annotations

from datetime import datetime

from backups.models import BackupState

KINDS = ("base", "wal", "dump")


def ages_s(at: datetime) -> dict[str, float | None]:
    """Return seconds since each kind was stored; None: never."""
    stored = dict(BackupState.objects.values_list("kind", "stored_at"))
    return {kind: (at - stored[kind]).total_seconds() if kind in stored else None for kind in KINDS}


def note(kind: str, at: datetime) -> None:
    """Write down that a backup of this kind is whole."""
    BackupState.objects.update_or_create(kind=kind, defaults={"stored_at": at})


def newest_at() -> datetime | None:
    """Return up to when everything is in a backup; None: there is none."""
    return BackupState.objects.order_by("-stored_at").values_list("stored_at", flat=True).first()
