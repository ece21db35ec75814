"""What no form may send."""

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse


class WithoutNul:
    """
    Refuse a form or an address with U+0000 in it: no keyboard types it, and PostgreSQL's text does not take it.

    The API's bodies are checked field by field.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/api/"):
            return self.get_response(request)
        for sent in (request.GET, request.POST):
            if any("\x00" in text for name, texts in sent.lists() for text in (name, *map(str, texts))):
                raise BadRequest("U+0000 is in what was sent.")
        return self.get_response(request)
