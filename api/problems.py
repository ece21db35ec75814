"""Every error of the API as `application/problem+json` (RFC 9457). Here a kind becomes a status, once."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import orjson
import psycopg
from django.conf import settings
from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, OperationalError
from django.db.transaction import TransactionManagementError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.template.loader import render_to_string
from kombu.exceptions import KombuError
from psycopg_pool import PoolTimeout
from redis.exceptions import RedisError
from rest_framework import exceptions
from rest_framework.response import Response

from database.revisions import RevisionChanged
from errors.constraints import constraint_name
from errors.exceptions import Conflict, DomainError, FieldError, Forbidden, Invalid, NotFound, code_of
from errors.texts import message_for, message_of

logger = logging.getLogger(__name__)
# Paths of programs: refusals there are problem documents, in English.
FOR_PROGRAMS = ("/api/", "/oauth/token/", "/oauth/revoke_token/")
CONTENT_TYPE = "application/problem+json"

TITLES = {
    400: "Not understood",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Conflict",
    411: "Length required",
    412: "Changed by someone else",
    413: "Too large",
    415: "Unsupported media type",
    422: "Cannot be done",
    428: "If-Match is required",
    429: "Too many requests",
    500: "Our fault",
    503: "Not available now",
}


class PreconditionRequired(DomainError):
    reason = "precondition_required"


class PreconditionFailed(DomainError):
    reason = "precondition_failed"


class KeyReused(DomainError):
    reason = "idempotency_key_reused"


KINDS: list[tuple[type[DomainError], int]] = [
    (PreconditionRequired, 428),
    (PreconditionFailed, 412),
    (RevisionChanged, 412),
    (KeyReused, 422),
    (Invalid, 400),
    (Forbidden, 403),
    (NotFound, 404),
    (Conflict, 409),
]


def problem(
    status_code: int,
    reason: str,
    detail: str | None = None,
    *,
    params: Mapping[str, Any] | None = None,
    errors: Sequence[Mapping[str, Any]] = (),
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """
    Return the members of one problem document.

    :param detail: the text, where it is not our own (the framework's errors)
    :param errors: what `error_member` gives
    """
    code = code_of(reason)
    return {
        "type": f"urn:palpate:problem:{code}",
        "title": TITLES.get(status_code, "Error"),
        "status": status_code,
        "detail": message_for(reason, params) if detail is None else detail,
        "code": code,
        "params": dict(params or {}),
        "errors": list(errors),
        **(extra or {}),
    }


def problem_of(error: DomainError) -> dict[str, Any]:
    """Return the problem document of a refusal."""
    return problem(
        next((number for error_class, number in KINDS if isinstance(error, error_class)), 409),
        error.code,
        message_of(error),
        params=error.params,
        errors=[error_member(field_error) for field_error in error.errors],
        extra=error.extra,
    )


def error_member(error: FieldError) -> dict[str, Any]:
    """Return one member of `errors`."""
    return {
        "pointer": error.pointer,
        "code": error.code,
        "detail": message_of(error),
        "params": dict(error.params),
    }


def handle(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler. Whatever is not known here is our fault: 500, logged without its text."""
    body, headers = translate(error)
    request = context.get("request")
    if body["code"] == "missing_scope" and request is not None and "HTTP_AUTHORIZATION" in request.META:
        scope = body["params"].get("scope", "")
        headers["WWW-Authenticate"] = f'Bearer realm="palpate", error="insufficient_scope", scope="{scope}"'
    response = Response(body, status=body["status"], headers=headers)
    response.content_type = CONTENT_TYPE
    response.exception = True
    return response


def translate(error: Exception) -> tuple[dict[str, Any], dict[str, str]]:
    if isinstance(error, DomainError):
        return problem_of(error), {}
    if isinstance(error, exceptions.APIException):
        return _from_rest_framework(error)
    if isinstance(error, RequestDataTooBig):
        return problem(413, "too_large.request", params={"most_mb": settings.LARGE_BODY_MAX_BYTES // 2**20}), {}
    if isinstance(error, SuspiciousOperation | BadRequest | UnreadablePostError):
        return problem(400, "bad_request"), {}
    if isinstance(error, Http404):
        return problem(404, "not_found"), {}
    if isinstance(error, PermissionDenied):
        return problem(403, "forbidden"), {}
    if isinstance(error, DatabaseError | InterfaceError | TransactionManagementError | PoolTimeout):
        return _from_database(error)
    logger.error("unhandled %s", type(error).__name__, exc_info=error)
    return problem(500, "internal_error"), {}


def _from_rest_framework(error: exceptions.APIException) -> tuple[dict[str, Any], dict[str, str]]:
    headers = {}
    if isinstance(error, exceptions.Throttled):
        headers["Retry-After"] = str(int(getattr(error, "wait", None) or 1))
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined] # set by DRF's view
        if error.get_codes() == "invalid_token":  # RFC 6750: no error without a token
            headers["WWW-Authenticate"] += f', error="invalid_token", error_description="{error.detail}"'
    if isinstance(error, exceptions.ValidationError):
        return problem(400, "invalid", errors=list(flatten(error.detail))), headers
    codes = error.get_codes()
    return problem(error.status_code, codes if isinstance(codes, str) else "invalid", str(error.detail)), headers


def flatten(detail: object, pointer: str = "") -> Iterable[dict[str, Any]]:
    """Members of `errors` from DRF's nested shape, each with a JSON Pointer."""
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
        code = getattr(detail, "code", "invalid")
        params = dict(getattr(code, "params", {}))
        yield {"pointer": pointer, "code": str(code), "detail": str(detail), "params": params}


def escape(token: str) -> str:
    """One token of a JSON Pointer (RFC 6901)."""
    return token.replace("~", "~0").replace("/", "~1")


def _from_database(error: Exception) -> tuple[dict[str, Any], dict[str, str]]:
    """What PostgreSQL refused. Its text may quote the row, so only the constraint's name is told."""
    cause = error.__cause__
    state = getattr(cause, "sqlstate", None) or ""
    if state == "PT001":
        return problem(409, "final"), {}
    if isinstance(cause, psycopg.errors.InsufficientPrivilege):
        return problem(403, "forbidden.row"), {}
    if isinstance(cause, psycopg.errors.ReadOnlySqlTransaction):
        return problem(503, "read_only"), {"Retry-After": "5"}
    if isinstance(error, IntegrityError):
        name = constraint_name(error)
        taken = isinstance(cause, psycopg.errors.UniqueViolation | psycopg.errors.ExclusionViolation)
        params = {"constraint": name or state}
        extra = {"constraint": name}
        if taken:
            return problem(409, "already_exists", params=params, extra=extra), {}
        return problem(422, "constraint", params=params, extra=extra), {}
    if state.startswith("22") or isinstance(error, DataError):
        return problem(400, "invalid.stored"), {}
    busy = state in {"40001", "40P01", "55P03", "57014"}
    down = isinstance(error, OperationalError | InterfaceError | PoolTimeout) or state.startswith(
        ("08", "53", "57", "58")
    )
    if busy or down:
        logger.error("database not available: %s %s", type(error).__name__, state)
        return problem(503, "unavailable"), {"Retry-After": "2"}
    logger.error("unhandled %s %s", type(error).__name__, state, exc_info=error)
    return problem(500, "internal_error"), {}


def as_http(status_code: int, reason: str) -> HttpResponse:
    body = orjson.dumps(problem(status_code, reason))
    return HttpResponse(body, status=status_code, content_type=CONTENT_TYPE)


def refusal_with(status: int) -> HttpResponse:
    """Return what is said of a refusal of which the status is known, and nothing else."""
    if status == 403:
        return as_http(403, "forbidden")
    if status == 404:
        return as_http(404, "not_found.path")
    if status == 405:
        return as_http(405, "method_not_allowed")
    return as_http(500, "internal_error") if status >= 500 else as_http(400, "bad_request")


JSON_TYPES = ("application/json", CONTENT_TYPE)


class ProblemsForPrograms:
    """
    Answer a refusal on a program's path as a problem document, whoever refused: Django's own are pages, or empty.

    What is JSON already stays as it is: `/oauth/token/` has its own form of errors (RFC 6749).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code < 400 or not request.path_info.startswith(FOR_PROGRAMS):
            return response
        is_json = response.headers.get("Content-Type", "").partition(";")[0] in JSON_TYPES
        if is_json and (response.streaming or response.content[:1] == b"{"):  # DRF's pages take the type, not the form
            return response
        kept = refusal_with(response.status_code)
        for name in ("Allow", "Retry-After", "WWW-Authenticate", "X-Request-ID"):
            if name in response.headers:
                kept.headers[name] = response.headers[name]
        return kept


def not_found_page(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's 404, in the API's form where programs ask."""
    if request.path.startswith(FOR_PROGRAMS):
        return as_http(404, "not_found.path")
    from django.views.defaults import page_not_found

    return page_not_found(request, exception)


def error_page(request: HttpRequest) -> HttpResponse:
    """Django's 500, in the API's form where programs ask; 503 while a server that is needed does not answer."""
    outage = outage_of(sys.exc_info()[1])
    if outage is not None:
        return refuse_for_now(request, *outage)
    if request.path.startswith(FOR_PROGRAMS):
        return as_http(500, "internal_error")
    from django.views.defaults import server_error

    return server_error(request)


def outage_of(error: BaseException | None) -> tuple[dict[str, Any], dict[str, str]] | None:
    """Return problem and headers if this error, or one that it came from, says that nothing can be saved now."""
    seen = 0
    while error is not None and seen < 10:
        if isinstance(error, DatabaseError | InterfaceError | PoolTimeout):
            document, headers = _from_database(error)
            return (document, headers) if document["status"] == 503 else None
        if isinstance(error, RedisError | KombuError):
            logger.error("Redis not available: %s", type(error).__name__)
            return problem(503, "unavailable"), {"Retry-After": "2"}
        error, seen = error.__cause__ or error.__context__, seen + 1
    return None


def refuse_for_now(request: HttpRequest, document: dict[str, Any], headers: Mapping[str, str]) -> HttpResponse:
    """Answer 503 as a problem document to a program or a script, as a page to a person."""
    if request.path.startswith(FOR_PROGRAMS) or "json" in request.headers.get("Accept", ""):
        return HttpResponse(orjson.dumps(document), status=503, content_type=CONTENT_TYPE, headers=dict(headers))
    page = render_to_string("unavailable.html", {"text": document["detail"]})
    return HttpResponse(page, status=503, headers=dict(headers))


def bad_request_page(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's 400, in the API's form where programs ask."""
    if request.path.startswith(FOR_PROGRAMS):
        return as_http(400, "bad_request")
    from django.views.defaults import bad_request

    return bad_request(request, exception)
