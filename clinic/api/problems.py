"""Every error of the API as `application/problem+json` (RFC 9457). Here a kind becomes a status, once."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
import psycopg
from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, OperationalError
from django.db.transaction import TransactionManagementError
from django.http import Http404, HttpRequest, HttpResponse
from psycopg_pool import PoolTimeout
from rest_framework import exceptions
from rest_framework.response import Response

from clinic.constraints import constraint_name
from clinic.errors import Conflict, DomainError, FieldError, Forbidden, Invalid, NotFound

logger = logging.getLogger(__name__)
CONTENT_TYPE = "application/problem+json"

TITLES = {
    400: "Not understood",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Conflict",
    412: "Changed meanwhile",
    413: "Too large",
    415: "Unsupported media type",
    422: "Cannot be done",
    428: "If-Match is required",
    429: "Too many requests",
    500: "Our fault",
    503: "Not available now",
}


class PreconditionRequired(DomainError):
    code = "precondition_required"
    detail = "Send the ETag that you last saw as If-Match, so that nobody's change is overwritten unseen."


class PreconditionFailed(DomainError):
    code = "precondition_failed"
    detail = "This was changed by somebody since you read it. Read it again, then repeat your change."


class KeyReused(DomainError):
    code = "idempotency_key_reused"
    detail = "This Idempotency-Key was used for another request; make a new key for a new request."


class TooLarge(DomainError):
    """The body is larger than a request may be; the handler says how large that is."""

    code = "too_large"


KINDS: list[tuple[type[DomainError], int]] = [
    (PreconditionRequired, 428),
    (PreconditionFailed, 412),
    (KeyReused, 422),
    (Invalid, 400),
    (Forbidden, 403),
    (NotFound, 404),
    (Conflict, 409),
]


def problem(
    status_code: int,
    code: str,
    detail: str,
    *,
    errors: Iterable[FieldError] = (),
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The members of one problem document."""
    return {
        "type": f"urn:palpate:problem:{code}",
        "title": TITLES.get(status_code, "Error"),
        "status": status_code,
        "detail": detail,
        "code": code,
        "errors": [{"pointer": e.pointer, "code": e.code, "detail": e.detail} for e in errors],
        **(extra or {}),
    }


def handle(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler. Whatever is not known here is our fault: 500, logged without its text."""
    body, headers = translate(error)
    response = Response(body, status=body["status"], headers=headers)
    response.content_type = CONTENT_TYPE
    response.exception = True
    return response


def translate(error: Exception) -> tuple[dict[str, Any], dict[str, str]]:
    if isinstance(error, DomainError) and not isinstance(error, TooLarge):
        status_code = next((number for kind, number in KINDS if isinstance(error, kind)), 409)
        return problem(status_code, error.code, error.detail, errors=error.errors, extra=error.extra), {}
    if isinstance(error, exceptions.APIException):
        return _from_rest_framework(error)
    if isinstance(error, TooLarge | RequestDataTooBig):
        return problem(413, "too_large", f"At most {settings.API_BODY_MAX_BYTES // 2**20} MB in one request."), {}
    if isinstance(error, Http404):
        return problem(404, "not_found", NotFound.detail), {}
    if isinstance(error, PermissionDenied):
        return problem(403, "forbidden", "This is not allowed."), {}
    if isinstance(error, DatabaseError | InterfaceError | TransactionManagementError | PoolTimeout):
        return _from_database(error)
    logger.error("unhandled %s", type(error).__name__, exc_info=error)
    return problem(500, "internal_error", "Something broke on our side. Nothing was saved; please try again."), {}


def _from_rest_framework(error: exceptions.APIException) -> tuple[dict[str, Any], dict[str, str]]:
    headers = {}
    if isinstance(error, exceptions.Throttled):
        headers["Retry-After"] = str(int(getattr(error, "wait", None) or 1))
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
    if isinstance(error, exceptions.ValidationError):
        errors = list(flatten(error.detail))
        return problem(400, "invalid", Invalid.detail, errors=errors), headers
    codes = error.get_codes()
    return problem(error.status_code, codes if isinstance(codes, str) else "invalid", str(error.detail)), headers


def flatten(detail: Any, pointer: str = "") -> Iterable[FieldError]:
    """Field errors of DRF's nested shape, each with a JSON Pointer."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            whole = name == "non_field_errors"
            yield from flatten(inner, pointer if whole else f"{pointer}/{escape(str(name))}")
    elif isinstance(detail, list):
        if all(isinstance(inner, dict) for inner in detail):
            for index, inner in enumerate(detail):
                yield from flatten(inner, f"{pointer}/{index}")
        else:
            for inner in detail:
                yield from flatten(inner, pointer)
    else:
        yield FieldError(pointer, getattr(detail, "code", "invalid"), str(detail))


def escape(token: str) -> str:
    """One token of a JSON Pointer (RFC 6901)."""
    return token.replace("~", "~0").replace("/", "~1")


def _from_database(error: Exception) -> tuple[dict[str, Any], dict[str, str]]:
    """What PostgreSQL refused. Its text may quote the row, so only the constraint's name is told."""
    cause = error.__cause__
    state = getattr(cause, "sqlstate", None) or ""
    if state == "PT001":
        return problem(
            409, "final", "This is signed and can no longer be changed; add an addendum or a new version."
        ), {}
    if isinstance(cause, psycopg.errors.InsufficientPrivilege):
        return problem(403, "forbidden", "The database refused this: it belongs to another clinic, or is final."), {}
    if isinstance(cause, psycopg.errors.ReadOnlySqlTransaction):
        return problem(503, "read_only", "Nothing can be saved just now."), {"Retry-After": "5"}
    if isinstance(error, IntegrityError):
        name = constraint_name(error)
        taken = isinstance(cause, psycopg.errors.UniqueViolation | psycopg.errors.ExclusionViolation)
        code, number = ("already_exists", 409) if taken else ("constraint", 422)
        return problem(number, code, f"The database refused this ({name or state}).", extra={"constraint": name}), {}
    if state.startswith("22") or isinstance(error, DataError):
        return problem(400, "invalid", "A value cannot be stored in its field."), {}
    busy = state in {"40001", "40P01", "55P03", "57014"}
    down = isinstance(error, OperationalError | InterfaceError | PoolTimeout) or state.startswith(
        ("08", "53", "57", "58")
    )
    if busy or down:
        logger.error("database not available: %s %s", type(error).__name__, state)
        detail = "The database does not answer, or has no room. Nothing was saved; please try again."
        return problem(503, "unavailable", detail), {"Retry-After": "2"}
    logger.error("unhandled %s %s", type(error).__name__, state, exc_info=error)
    return problem(500, "internal_error", "Something broke on our side. Nothing was saved; please try again."), {}


FOR_PROGRAMS = ("/api/", "/oauth/token/", "/oauth/revoke_token/")


def as_http(status_code: int, code: str, detail: str) -> HttpResponse:
    body = orjson.dumps(problem(status_code, code, detail))
    return HttpResponse(body, status=status_code, content_type=CONTENT_TYPE)


def not_found_page(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's 404, in the API's form where programs ask."""
    if request.path.startswith(FOR_PROGRAMS):
        return as_http(404, "not_found", "There is no such path.")
    from django.views.defaults import page_not_found

    return page_not_found(request, exception)


def error_page(request: HttpRequest) -> HttpResponse:
    """Django's 500, in the API's form where programs ask."""
    if request.path.startswith(FOR_PROGRAMS):
        return as_http(500, "internal_error", "Something broke on our side. Nothing was saved; please try again.")
    from django.views.defaults import server_error

    return server_error(request)


def bad_request_page(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's 400, in the API's form where programs ask."""
    if request.path.startswith(FOR_PROGRAMS):
        return as_http(400, "bad_request", "The request could not be understood.")
    from django.views.defaults import bad_request

    return bad_request(request, exception)
