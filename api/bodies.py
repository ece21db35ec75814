"""
How large a request may be.

A form of 60 MB takes 2 to 3 GB of memory once it is parsed, so the length is checked before anything is read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve

from api.problems import CONTENT_TYPE, FOR_PROGRAMS, problem

View = TypeVar("View", bound=Callable[..., Any])


def takes_large_body(view: View) -> View:
    """Let a view take what an import or a picture needs; every other view takes BODY_MAX_BYTES."""
    view.takes_large_body = True  # type: ignore[attr-defined] # a mark on a function
    return view


def body_limit(path: str) -> int:
    """Return the number of bytes that a request to this path may have."""
    try:
        view: Any = resolve(path).func
    except Resolver404:
        return int(settings.BODY_MAX_BYTES)
    view_class = getattr(view, "view_class", None)
    is_large = getattr(view, "takes_large_body", False) or getattr(view_class, "takes_large_body", False)
    return int(settings.LARGE_BODY_MAX_BYTES if is_large else settings.BODY_MAX_BYTES)


class BodyLimit:
    """
    Refuse a body that is too large before any other part reads it.

    A body of unknown length (chunked) is gathered by `clinic.serving`, which counts it and then names its length.
    Another server passes it on as it comes; it is refused here, because Django would read it as empty.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or ""
        if not length and "HTTP_TRANSFER_ENCODING" in request.META:
            return refuse(request, problem(411, "length_required"))
        # The path is looked up for large requests only.
        if length.isdigit() and int(length) > settings.BODY_MAX_BYTES:
            limit = body_limit(request.path_info)
            if int(length) > limit:
                return refuse(request, problem(413, "too_large.request", params={"most_mb": limit // 2**20}))
        return self.get_response(request)


def refuse(request: HttpRequest, document: dict[str, Any]) -> HttpResponse:
    """Answer with the problem document to a program or a script, with a page to a person."""
    status = document["status"]
    if request.path_info.startswith(FOR_PROGRAMS) or "json" in request.headers.get("Accept", ""):
        return HttpResponse(orjson.dumps(document), status=status, content_type=CONTENT_TYPE)
    # Without the request, so that no context processor looks up a session.
    page = render_to_string("too_large.html", {"text": document["detail"]})
    return HttpResponse(page, status=status)
