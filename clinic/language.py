"""Which language an answer is in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

from api.problems import FOR_PROGRAMS

LANGUAGE_OF_PROGRAMS = "en"


class LanguageOfReader(LocaleMiddleware):
    """
    Pages answer in the reader's language, programs always get English.

    A middleware and not the API's base view, because the 404 of an unknown path, the errors of sign-in and an answer
    that is rendered after the view has returned are English, too.
    """

    def process_request(self, request: HttpRequest) -> None:
        if request.path_info.startswith(FOR_PROGRAMS):
            translation.activate(LANGUAGE_OF_PROGRAMS)
            request.LANGUAGE_CODE = LANGUAGE_OF_PROGRAMS
        else:
            super().process_request(request)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """As Django's; what programs get does not vary with Accept-Language."""
        if request.path_info.startswith(FOR_PROGRAMS):
            response.headers.setdefault("Content-Language", LANGUAGE_OF_PROGRAMS)
            return response
        return super().process_response(request, response)
