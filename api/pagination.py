"""Keyset pages: each starts after the last row of the one before, so no row is lost or doubled when rows change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime
from rest_framework.request import Request

from api.cursors import read_cursor, write_cursor
from errors.exceptions import Invalid

DEFAULT_LIMIT = 50
MAX_LIMIT = 200


class Page:
    """
    `?limit=` and `?cursor=` of one request. A cursor hides the sort values of the last row.

    :param at_least: how many of the values an older cursor has; all, unless said
    :param limit, cursor: where they were sent in the body instead, for a list whose search may name a person
    """

    def __init__(
        self,
        request: Request,
        *,
        key_types: Sequence[Callable[[Any], Any]],
        at_least: int | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> None:
        self.request = request
        self.limit = limit or self._limit(request.query_params.get("limit"))
        self.after = self._after(cursor or request.query_params.get("cursor"), key_types, at_least)

    @staticmethod
    def _limit(text: str | None) -> int:
        if text is None:
            return DEFAULT_LIMIT
        if not (text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= MAX_LIMIT):
            raise invalid_parameter("limit", "invalid.whole_number_from_to", low=1, high=MAX_LIMIT)
        return int(text)

    def _after(
        self, text: str | None, key_types: Sequence[Callable[[Any], Any]], at_least: int | None
    ) -> tuple[Any, ...] | None:
        if text is None:
            return None
        try:
            values = read_cursor(text, self.request.path)
            if not (at_least or len(key_types)) <= len(values) <= len(key_types):
                raise ValueError
            return tuple(make(value) for make, value in zip(key_types, values, strict=False))
        except (ValueError, TypeError, AttributeError, ArithmeticError):
            raise invalid_parameter("cursor", "invalid.cursor") from None

    def rows(self, found: QuerySet[Any], by: str) -> list[Any]:
        """
        Up to `limit + 1` rows after the cursor, in the order of a column and, where that is alike, of the id.

        :param by: the column; `-column` for the highest first
        """
        name, down = by.removeprefix("-"), by.startswith("-")
        if self.after:
            value, last = self.after
            # The first condition is the index's; the second drops the few that are alike and were shown.
            found = found.filter(**{f"{name}__{'lte' if down else 'gte'}": value})
            found = found.exclude(**{name: value, f"pk__{'gte' if down else 'lte'}": last})
        return list(found.order_by(by, "-pk" if down else "pk")[: self.limit + 1])

    def cursor(self, values: Sequence[Any]) -> str:
        return write_cursor(values, self.request.path)

    def next_url(self, values: Sequence[Any]) -> str:
        query = self.request.query_params.dict() | {"cursor": self.cursor(values)}
        return self.request.build_absolute_uri(f"{self.request.path}?{urlencode(query)}")

    def answer(
        self, rows: list[Any], key: Callable[[Any], Sequence[Any]], show: Callable[[list[Any]], Any]
    ) -> dict[str, Any]:
        """
        The page's JSON, from up to `limit + 1` rows; the one too many says that there is a next page.
        """
        page_rows = rows[: self.limit]
        more = len(rows) > self.limit
        return {"results": show(page_rows), "next": self.next_url(key(page_rows[-1])) if more else None}


def short_list(request: Request, rows: list[Any], show: Callable[[Any], Any]) -> dict[str, Any]:
    """One page of a short list that is in order already; its cursor is a place in it."""
    page = Page(request, key_types=[_place])
    start = page.after[0] if page.after else 0
    return page.answer(
        list(enumerate(rows[start : start + page.limit + 1], start=start + 1)),
        lambda numbered: [numbered[0]],
        lambda shown: [show(row) for _, row in shown],
    )


def _place(text: str | int) -> int:
    number = int(text)
    if not 0 <= number < 10_000:
        raise ValueError
    return number


def moment(text: str) -> datetime:
    """:raises ValueError: not RFC 3339 with a time zone"""
    value = parse_datetime(text)
    if value is None or value.tzinfo is None:
        raise ValueError
    return value


def invalid_parameter(name: str, reason: str, /, **params: Any) -> Invalid:
    """One wrong query parameter; its pointer is the parameter's name after `?`."""
    return Invalid.at(f"?{name}", reason, **params)
