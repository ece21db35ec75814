"""One line for each request: an id, the route and how it was answered; no path, no query, nobody's name."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from uuid import uuid4

from django.http import HttpRequest, HttpResponse

logger = logging.getLogger("palpate.access")


class AccessLog:
    """
    Give each request an id, which audit events and the answer carry too, and log it once it is answered.

    The route stands for the path: a path may hold the token of a link. Who asked, and about whom, is in the audit trail
    under the same id.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = str(uuid4())  # type: ignore[attr-defined] # set here, for all
        started = time.perf_counter()
        response = self.get_response(request)
        response.headers.setdefault("X-Request-ID", request.request_id)  # type: ignore[attr-defined] # set above
        match = request.resolver_match
        if match is None and response.status_code < 400:  # a static file
            return response
        logger.info(
            "%s %s %s %d ms request=%s",
            request.method,
            f"/{match.route}" if match else "(no route)",
            response.status_code,
            (time.perf_counter() - started) * 1000,
            request.request_id,  # type: ignore[attr-defined] # set above
        )
        return response
