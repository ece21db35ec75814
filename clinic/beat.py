"""Celery's beat, which shows that it is not hung."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from celery.beat import PersistentScheduler


class Scheduler(PersistentScheduler):
    """
    Touches `<schedule>-alive` with each tick, so that a health check sees by its age when beat stopped ticking.

    The schedule's own file is written every three minutes, whatever beat does.
    """

    def tick(self, *args: Any, **options: Any) -> float:
        """Return the seconds until the next tick."""
        wait_s: float = super().tick(*args, **options)
        Path(f"{self.schedule_filename}-alive").touch()
        return wait_s
