"""Figures for operators in Prometheus' format. What is not counted by a web process is read where it lies."""

from __future__ import annotations

import hmac
import os
import shutil
import tempfile
from collections.abc import Iterator

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from accounts.models import Clinic
from backups import queries as backups
from clinic import measuring
from database import tenancy, valkey
from database.sql import run_prepared
from messaging.web.metrics import Messages
from records.models import Chain, ChainCheck

QUEUE = "celery"  # Celery's own name of its one queue
# SQL: what PostgreSQL knows of itself; of other roles' connections it tells only that they are there.
CONNECTIONS = """
    SELECT coalesce(state, 'other'), count(*) FROM pg_stat_activity WHERE datname = current_database() GROUP BY 1
"""
DATABASE = "SELECT pg_database_size(current_database()), current_setting('max_connections')::int"


class Backups(Collector):
    def collect(self) -> Iterator[Metric]:
        gauge = GaugeMetricFamily(
            "palpate_backup_age_seconds", "Since the last whole backup of a kind", labels=["kind"]
        )
        for kind, age_s in backups.ages_s(timezone.now()).items():
            gauge.add_metric([kind], float("inf") if age_s is None else age_s)
        yield gauge


class Release(Collector):
    def collect(self) -> Iterator[Metric]:
        gauge = GaugeMetricFamily("palpate_release", "Always 1; the label says which release runs", labels=["version"])
        gauge.add_metric([settings.VERSION], 1)
        yield gauge


class Chains(Collector):
    """When each clinic's chain was last verified, and whether it held."""

    def collect(self) -> Iterator[Metric]:
        age = GaugeMetricFamily(
            "palpate_chain_verified_age_seconds", "Since a clinic's chain was last verified", labels=["clinic"]
        )
        holds = GaugeMetricFamily(
            "palpate_chain_holds", "1: the newest verification found the chain whole; 0: it did not", labels=["clinic"]
        )
        for clinic in Clinic.objects.order_by("slug"):
            with tenancy.scope(clinic.pk, read_only=True):
                if not Chain.objects.filter(head_sequence__gt=0).exists():
                    continue
                check = ChainCheck.objects.order_by("-checked_at").only("checked_at", "ok").first()
            since = (timezone.now() - check.checked_at).total_seconds() if check else float("inf")
            age.add_metric([clinic.slug], since)
            holds.add_metric([clinic.slug], 1.0 if check is None or check.ok else 0.0)
        yield age
        yield holds


class Servers(Collector):
    """What the service stands on: connections to PostgreSQL, tasks in the queue, room on disks."""

    def collect(self) -> Iterator[Metric]:
        connections = GaugeMetricFamily(
            "palpate_database_connections", "Connections to the database by state", labels=["state"]
        )
        for state, count in run_prepared(CONNECTIONS, []):
            connections.add_metric([state], float(count))
        yield connections
        ((size, most),) = run_prepared(DATABASE, [])
        yield GaugeMetricFamily("palpate_database_connections_max", "As many as PostgreSQL takes", value=float(most))
        yield GaugeMetricFamily("palpate_database_bytes", "Size of the database", value=float(size))
        yield GaugeMetricFamily(
            "palpate_queue_tasks", "Tasks that wait for a worker; NaN: the broker does not answer", value=_queued()
        )
        free = GaugeMetricFamily("palpate_disk_free_bytes", "Room that this process sees", labels=["folder"])
        total = GaugeMetricFamily("palpate_disk_bytes", "Size of the same disks", labels=["folder"])
        for name, folder in (("temporary", tempfile.gettempdir()), ("backups", settings.BACKUP_DIR)):
            if folder and os.path.isdir(folder):
                usage = shutil.disk_usage(folder)
                free.add_metric([name], float(usage.free))
                total.add_metric([name], float(usage.total))
        yield free
        yield total


def _queued() -> float:
    try:
        return float(valkey.client(settings.REDIS_URL).llen(QUEUE))
    except RedisError:
        return float("nan")


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """For whoever has the token that settings name; for anybody else there is no such page."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not settings.METRICS_TOKEN or not hmac.compare_digest(token.encode(), settings.METRICS_TOKEN.encode()):
        raise Http404
    registry = CollectorRegistry()
    for collector in (Release(), Messages(), Backups(), Chains(), Servers()):
        registry.register(collector)
    if measuring.IS_SHARED:
        MultiProcessCollector(registry)
    else:
        for counted in (measuring.REQUESTS, measuring.SECONDS):
            registry.register(counted)
    return HttpResponse(generate_latest(registry), content_type="text/plain; version=0.0.4; charset=utf-8")
