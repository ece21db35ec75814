"""Figures of every clinic in Prometheus' format. They are counted in the database, so any process may answer."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from accounts.models import Clinic
from database import tenancy
from messaging import queries

DAY = "in the last 24 hours"
GAUGES = {
    "due": f"Messages that came due {DAY}",
    "sent": f"Of these, handed over to a provider {DAY}",
    "within_10_s": "Of these, handed over within 10 seconds",
    "within_60_s": "Of these, handed over within 60 seconds",
    "late_median_s": "Median lateness of what was handed over, seconds",
    "late_p99_s": "99th percentile of the lateness, seconds",
    "late_most_s": "Greatest lateness, seconds",
    "uncertain": "Messages that may have gone out twice or never",
    "waiting": "Messages that are due and have not gone out",
    "oldest_waiting_s": "For how long the oldest of these has waited, seconds",
}


class Messages(Collector):
    def collect(self) -> Iterator[Metric]:
        clinics = list(Clinic.objects.order_by("slug"))
        figures = {}
        for clinic in clinics:
            with tenancy.scope(clinic.pk, read_only=True):
                figures[clinic.slug] = queries.figures(clinic.pk)
        for name, about in GAUGES.items():
            gauge = GaugeMetricFamily(f"palpate_messages_{name}", about, labels=["clinic"])
            for slug, counts in figures.items():
                value = getattr(counts, name)
                gauge.add_metric([slug], 0.0 if value is None else float(value))
            yield gauge
        labels = ["clinic", "channel", "provider", "state", "reason"]
        reasons = GaugeMetricFamily(
            "palpate_messages_by_reason", f"Messages by what became of them {DAY}", labels=labels
        )
        for slug, counts in figures.items():
            for *about_it, count in counts.by_reason:
                reasons.add_metric([slug, *map(str, about_it)], float(count))
        yield reasons
