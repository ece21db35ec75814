"""Query parameters, read strictly: what cannot be is refused with the parameter's name."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_date, parse_time
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from api.pagination import invalid_parameter, moment
from clock.wall_clock import is_in_reach

MOST_IDS = 50


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
        found = parse_time(text) if text else None
    except ValueError:
        found = None
    if text and found is None:
        raise invalid_parameter(name, "invalid.time")
    return found


def day_of(request: Request, name: str, fallback: date) -> date:
    text = request.query_params.get(name)
    try:
        found = parse_date(text) if text else fallback
    except ValueError:
        found = None
    if found is None or not is_in_reach(found):
        raise invalid_parameter(name, "invalid.date")
    return found


def number_of(request: Request, name: str, low: int, high: int, fallback: int) -> int:
    text = request.query_params.get(name)
    if not text:
        return fallback
    if not (text.isascii() and text.isdigit() and len(text) < 6 and low <= int(text) <= high):
        raise invalid_parameter(name, "invalid.whole_number_from_to", low=low, high=high)
    return int(text)
