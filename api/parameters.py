"""Query parameters, read strictly: what cannot be is refused with the parameter's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_date, parse_time
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.views import APIView

from api.pagination import invalid_parameter, moment
from clock.wall_clock import is_in_reach
from errors.exceptions import Problems

MOST_IDS = 50
MOST_REFUSED = 10


def check_names(view: APIView, request: Request, handler: Callable[..., Any] | None, moved: Mapping[str, str]) -> None:
    """
    Refuse query parameters that the handler's schema does not declare, and those that come twice without being lists.

    A misspelt filter that is ignored answers with everybody's rows.

    :param moved: parameter to the reason why it is no longer taken, where that says more
    :raises Invalid: naming each of them, and what may be sent
    """
    if not request.query_params:
        return
    declared = _declared(view, request, handler)
    problems = Problems()
    for name, values in request.query_params.lists():
        moved_reason = moved.get(name)
        if moved_reason:
            problems.add(f"?{name}", moved_reason)
        elif name not in declared:
            problems.add(
                f"?{name}",
                "unknown_parameter" if declared else "unknown_parameter.none_taken",
                name=name[:60],
                allowed=list(declared),
            )
        elif len(values) > 1 and not declared[name]:
            problems.add(f"?{name}", "repeated_parameter", name=name)
        if len(problems.errors) == MOST_REFUSED:
            break
    problems.raise_if_any()


def _declared(view: APIView, request: Request, handler: Callable[..., Any] | None) -> dict[str, bool]:
    """Return the names of the query parameters in a handler's `extend_schema`, and whether each may be repeated."""
    extended = getattr(handler, "kwargs", {}).get("schema")
    if extended is None:
        return {}
    schema = extended()
    schema.view, schema.method = view, "GET" if request.method == "HEAD" else request.method
    return {
        parameter.name: parameter.many or (isinstance(parameter.type, dict) and parameter.type.get("type") == "array")
        for parameter in schema.get_override_parameters()
        if parameter.location == OpenApiParameter.QUERY
    }


def parameter(name: str, kind: Any = str, description: str = "", *, many: bool = False) -> OpenApiParameter:
    return OpenApiParameter(name, kind, description=description, many=many)


def moment_of(request: Request, name: str) -> datetime | None:
    text = request.query_params.get(name)
    if not text:
        return None
    try:
        return moment(text)
    except ValueError:
        raise invalid_parameter(name, "invalid.moment") from None


def uuid_of(request: Request, name: str) -> UUID | None:
    text = request.query_params.get(name)
    try:
        return UUID(text) if text else None
    except ValueError:
        raise invalid_parameter(name, "invalid.id") from None


def uuids_of(request: Request, name: str) -> list[UUID]:
    sent = request.query_params.getlist(name)
    if len(sent) > MOST_IDS:
        raise invalid_parameter(name, "invalid.too_many_ids", most=MOST_IDS)
    try:
        return [UUID(text) for text in sent if text]
    except ValueError:
        raise invalid_parameter(name, "invalid.id") from None


def wall_time_of(request: Request, name: str) -> time | None:
    text = request.query_params.get(name)
    try:
        time_of_day = parse_time(text) if text else None
    except ValueError:
        time_of_day = None
    if text and time_of_day is None:
        raise invalid_parameter(name, "invalid.time")
    return time_of_day


def day_of(request: Request, name: str, fallback: date) -> date:
    text = request.query_params.get(name)
    try:
        day = parse_date(text) if text else fallback
    except ValueError:
        day = None
    if day is None or not is_in_reach(day):
        raise invalid_parameter(name, "invalid.date")
    return day


def number_of(request: Request, name: str, low: int, high: int, fallback: int) -> int:
    text = request.query_params.get(name)
    if not text:
        return fallback
    if not (text.isascii() and text.isdigit() and len(text) < 6 and low <= int(text) <= high):
        raise invalid_parameter(name, "invalid.whole_number_from_to", low=low, high=high)
    return int(text)
