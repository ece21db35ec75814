"""What drf-spectacular cannot see: headers and errors that every view has, and how a actor signs in."""

from __future__ import annotations

import inspect
from typing import Any, Literal

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from api.problems import CONTENT_TYPE, TITLES


class ProblemError(serializers.Serializer[Any]):
    pointer = serializers.CharField(help_text="JSON Pointer into the request; `?name` for a query parameter.")
    code = serializers.CharField()
    detail = serializers.CharField(help_text="What is wrong and what to do, in English.")
    params = serializers.DictField(
        help_text="The values that `detail` names, for texts of your own: limits, units, codes."
    )


class Problem(serializers.Serializer[Any]):
    """An error (RFC 9457). `code` is stable; `detail` is for people, in English whatever Accept-Language asks for."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField()
    params = serializers.DictField(help_text="The values that `detail` names.")
    errors = ProblemError(many=True)  # type: ignore[assignment] # DRF's own `errors`


IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="At most 255 characters, kept 24 hours: sent again with the same body, it gets the first answer again.",
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The ETag that you last saw. Without it: 428; stale: 412.",
)
LIMIT = OpenApiParameter(
    "limit", {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}, description="Rows a page."
)
CURSOR = OpenApiParameter("cursor", str, description="From `next` of the page before.")
PAGED = [LIMIT, CURSOR]


class Schema(AutoSchema):
    """drf-spectacular's, with our headers and a problem document for each status that may come."""

    def get_operation_id(self) -> str:
        return str(getattr(self.view, "operation_ids", {}).get(self.method.lower()) or super().get_operation_id())

    def get_auth(self) -> list[Any]:
        """The same for every path: `add_security` says it once."""
        return []

    def get_override_parameters(self) -> list[Any]:
        extra = []
        if self.method == "POST":
            extra.append(IDEMPOTENCY_KEY)
        if self._takes_revision():
            extra.append(IF_MATCH)
        return extra

    def _takes_revision(self) -> bool:
        """A change of a resource takes If-Match, and so does a POST whose handler calls `read_revision`."""
        handler = inspect.unwrap(getattr(self.view, self.method.lower()))
        return self.method in {"PUT", "PATCH", "DELETE"} or "read_revision" in handler.__code__.co_names

    def _problem_statuses(self) -> list[int]:
        statuses = [400, 401, 403, 404, 406, 429, 503]
        if self.method != "GET":
            statuses += [409, 413, 415, 422]
        if self._takes_revision():
            statuses += [412, 428]
        return statuses

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        component = self.resolve_serializer(Problem, direction)
        for number in self._problem_statuses():
            bodies.setdefault(
                str(number),
                {"description": TITLES[number], "content": {CONTENT_TYPE: {"schema": component.ref}}},
            )
        return dict(sorted(bodies.items()))


def only_v1(endpoints: list[Any], **kwargs: Any) -> list[Any]:
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/v1/")]


def add_security(result: dict[str, Any], generator: object, request: object, public: bool) -> dict[str, Any]:
    """Say how to sign in; drf-spectacular would list DRF's class names."""
    from django.conf import settings
    from django.utils.module_loading import import_string

    scopes = import_string(str(settings.OAUTH2_PROVIDER["SCOPES_BACKEND_CLASS"]))().get_all_scopes()
    result.setdefault("components", {})["securitySchemes"] = {
        "oauth2": {
            "type": "oauth2",
            "flows": {
                "clientCredentials": {"tokenUrl": "/oauth/token/", "scopes": scopes},
                "authorizationCode": {
                    "authorizationUrl": "/oauth/authorize/",
                    "tokenUrl": "/oauth/token/",
                    "refreshUrl": "/oauth/token/",
                    "scopes": scopes,
                },
            },
        },
        "session": {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME},
    }
    result["security"] = [{"oauth2": []}, {"session": []}]
    for path in result["paths"].values():
        for operation in path.values():
            operation.pop("security", None)
    return result
