"""Figures for operators in Prometheus' format. They are counted in the database, so any process may answer."""

from __future__ import annotations

import hmac
from collections.abc import Iterator

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from backups import queries as backups
from messaging.web.metrics import Messages


class Backups(Collector):
    def collect(self) -> Iterator[Metric]:
        gauge = GaugeMetricFamily(
            "palpate_backup_age_seconds", "Since the last whole backup of a kind", labels=["kind"]
        )
        for kind, age_s in backups.ages_s(timezone.now()).items():
            gauge.add_metric([kind], float("inf") if age_s is None else age_s)
        yield gauge


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """For whoever has the token that settings name; for anybody else there is no such page."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not settings.METRICS_TOKEN or not hmac.compare_digest(token.encode(), settings.METRICS_TOKEN.encode()):
        raise Http404
    registry = CollectorRegistry()
    registry.register(Messages())
    registry.register(Backups())
    return HttpResponse(generate_latest(registry), content_type="text/plain; version=0.0.4; charset=utf-8")
