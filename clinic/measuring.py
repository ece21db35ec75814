"""How many requests are answered, how, and how fast: counted by each web process, added up by `metrics`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from prometheus_client import Counter, Histogram

# Whether the web processes of one server share their counts; `clinic.asgi` sets it before this module is imported.
IS_SHARED = "PROMETHEUS_MULTIPROC_DIR" in os.environ
# Whom a path is for. Probes are not counted: they would be most of the requests of a night.
SURFACES = {
    "/api/": "api",
    "/oauth/": "api",
    "/c/": "patients",
    "/s/": "patients",
    "/admin/": "admin",
    "/hooks/": "hooks",
}
PROBES = ("/healthz", "/readyz", "/metrics", "/static/")
BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
REQUESTS = Counter(
    "palpate_requests", "Requests by whom they are for and how they were answered", ["surface", "answer"]
)
SECONDS = Histogram(
    "palpate_request_seconds", "Time in Django, without the wait for a thread", ["surface"], buckets=BUCKETS_S
)


def surface_of(path: str) -> str:
    """Return whom a path is for; empty for a probe."""
    if path.startswith(PROBES):
        return ""
    return next((surface for prefix, surface in SURFACES.items() if path.startswith(prefix)), "pages")


class Measured:
    """Count each request, and measure it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        surface = surface_of(request.path_info)
        if not surface:
            return self.get_response(request)
        started = time.perf_counter()
        response = self.get_response(request)
        SECONDS.labels(surface).observe(time.perf_counter() - started)
        REQUESTS.labels(surface, f"{response.status_code // 100}xx").inc()
        return response
