"""Pages, styles and scripts go out compressed; the API does not, whose clients ask a proxy for that."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class PagesCompressed(GZipMiddleware):
    """Django's, which pads each page at random, so that its length gives nothing away (BREACH)."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if request.path.startswith(("/api/", "/oauth/")):
            return response
        return super().process_response(request, response)
