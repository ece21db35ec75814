"""Figures for operators: what is owed, what went out and how late, what failed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from django.contrib.postgres.functions import TransactionNow
from django.db.models import Count, Min

from database.sql import run_prepared
from messaging.models import Message

DAY = timedelta(hours=24)
# SQL for the percentiles, which the ORM does not have.
FIGURES = """
    SELECT
        count(*) FILTER (WHERE late_by IS NOT NULL),
        count(*) FILTER (WHERE late_by <= interval '10 s'),
        count(*) FILTER (WHERE late_by <= interval '60 s'),
        extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY late_by)),
        extract(epoch FROM percentile_cont(0.99) WITHIN GROUP (ORDER BY late_by)),
        extract(epoch FROM max(late_by)),
        count(*) FILTER (WHERE uncertain),
        count(*)
    FROM (
        SELECT uncertain, CASE WHEN sent_at IS NOT NULL THEN sent_at - due_at END AS late_by
        FROM messaging_message
        WHERE clinic_id = %(clinic)s AND due_at > now() - interval '24 h' AND due_at <= now()
    ) AS due
"""


@dataclass(frozen=True)
class Figures:
    """
    A clinic's last 24 hours. Lateness is from the time that was due to the provider's taking it, in seconds.

    :ivar by_reason: (channel, provider, state, reason, count)
    """

    due: int
    sent: int
    within_10_s: int
    within_60_s: int
    late_median_s: float | None
    late_p99_s: float | None
    late_most_s: float | None
    uncertain: int
    waiting: int
    oldest_waiting_s: float | None
    by_reason: list[tuple[str, str, str, str, int]]


def figures(clinic_id: UUID) -> Figures:
    """Return the figures; call inside the clinic's scope."""
    sent, in_10, in_60, median, p99, most, uncertain, due = run_prepared(FIGURES, {"clinic": clinic_id})[0]
    now = TransactionNow()  # the database's clock, which sends
    messages = Message.objects.filter(clinic_id=clinic_id, due_at__lte=now)
    waiting = messages.waiting().aggregate(count=Count("pk"), oldest=now - Min("due_at"))
    oldest: timedelta | None = waiting["oldest"]
    columns = ("channel", "provider", "state", "reason")
    counted = messages.filter(due_at__gt=now - DAY).values(*columns).annotate(count=Count("pk"))
    reasons = counted.values_list("channel", "provider", "state", "reason", "count").order_by("-count", *columns)
    return Figures(
        due=due,
        sent=sent,
        within_10_s=in_10,
        within_60_s=in_60,
        late_median_s=_seconds(median),
        late_p99_s=_seconds(p99),
        late_most_s=_seconds(most),
        uncertain=uncertain,
        waiting=waiting["count"],
        oldest_waiting_s=oldest.total_seconds() if oldest is not None else None,
        by_reason=list(reasons),
    )


def _seconds(value: Decimal | float | None) -> float | None:
    return None if value is None else float(value)
