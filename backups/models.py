from __future__ import annotations

from django.db import models


class BackupState(models.Model):
    """
    When each kind of backup was last whole, so that any process can say how old it is.

    :ivar kind: `base`, `wal` (as far as it was stored) or `dump`
    """

    kind = models.TextField(primary_key=True)
    stored_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(kind__in=["base", "wal", "dump"]), name="backup_kind")]

    def __str__(self) -> str:
        return f"BackupState {self.kind}"
