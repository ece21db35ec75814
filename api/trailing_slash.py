"""Programs may leave out the slash at the end of a path."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

FOR_PROGRAMS = ("/api/", "/oauth/")


class BothForms:
    """
    Route `/api/v1/appointments` and `/oauth/token` as if the slash had been sent.

    Django would redirect (301), and most clients follow a redirected POST with a GET: it "succeeds" and saves nothing.
    Pages are still redirected.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add the slash, before anything else looks at the path."""
        if request.path_info.startswith(FOR_PROGRAMS) and not request.path_info.endswith("/"):
            request.path_info += "/"
            request.path += "/"
        return self.get_response(request)
