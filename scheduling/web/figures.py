"""Figures of a stretch of days, on a page and as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date

from accounts.queries import clinic_zone
from accounts.web.pages import PageRequest, page
from clock.wall_clock import is_in_reach
from scheduling import queries

FIELDS = [
    "therapist", "open_min", "used_min", "utilisation", "ended", "missed", "noshow_rate", "cancelled",
    "late_cancelled", "lead_days",
]  # fmt: skip


def stretch(request: PageRequest) -> tuple[date, date]:
    """The days asked for: the last four weeks, unless it says otherwise; at most a year."""
    today = timezone.now().astimezone(clinic_zone(request.clinic.pk)).date()

    def day(name: str, fallback: date) -> date:
        try:
            day = parse_date(request.GET.get(name, "")) or fallback
        except ValueError:
            day = fallback
        return day if is_in_reach(day) else fallback

    last = day("last", today)
    first = day("first", last - queries.FIGURES_BACK)
    first, last = min(first, last), max(first, last)  # turned round, it is meant all the same
    return max(first, last - queries.FIGURES_MOST), last


@page(scope="scheduling:read", action="page.figures")
def figures(request: PageRequest) -> HttpResponse:
    first, last = stretch(request)
    zone = clinic_zone(request.clinic.pk)
    rows = queries.figures(request.clinic.pk, first=first, last=last, zone=zone)
    if request.GET.get("as") == "csv":
        return as_csv("figures", FIELDS, map(of_therapist, rows), first, last)
    if request.GET.get("as") == "series-csv":
        kept = queries.summarize_series(first, last)
        kept["share_as_planned"] = round_value(kept["share_as_planned"])
        return as_csv("series", list(kept), [kept], first, last)
    days = last - first + timedelta(days=1)
    before = queries.figures(request.clinic.pk, first=first - days, last=last - days, zone=zone)
    context = {
        "first": first,
        "last": last,
        "rows": rows[:-1],
        "all": rows[-1],
        # The same number of days before these, to tell a trend by.
        "before": before[-1],
        "before_last": last - days,
        "series": queries.summarize_series(first, last),
    }
    return render(request, "scheduling/figures.html", context)


def of_therapist(row: queries.Figures) -> dict[str, Any]:
    rates = {"utilisation": round_value(row.utilisation), "noshow_rate": round_value(row.noshow_rate)}
    return {**asdict(row), **rates, "therapist": guard_cell(row.name) if row.therapist_id else "all"}


def as_csv(name: str, fields: list[str], rows: Iterable[dict[str, Any]], first: date, last: date) -> HttpResponse:
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}-{first}-{last}.csv"'
    writer = csv.DictWriter(answer, fields, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return answer


def round_value(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def guard_cell(text: str) -> str:
    """A cell that a spreadsheet does not take for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text
