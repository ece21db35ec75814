"""The clinic's rates of adverse events, and the export."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.web.pages import PageRequest, page
from errors.exceptions import Invalid
from treatments.adverse_events import exports, labels, queries, rates
from treatments.adverse_events.period import Period, period_of
from treatments.rules import TECHNIQUES


def period_asked(request: PageRequest) -> Period:
    """:raises Invalid:"""
    return period_of(
        day_of(request, "since"),
        day_of(request, "until"),
        zone=ZoneInfo(request.clinic.time_zone),
        at=timezone.now(),
    )


def day_of(request: PageRequest, name: str) -> date | None:
    try:
        return date.fromisoformat(request.GET[name]) if request.GET.get(name) else None
    except ValueError:
        raise Invalid.at(f"?{name}", "invalid.period") from None


@page(scope="treatments:read", action="page.adverse_event_rates")
def clinic_rates(request: PageRequest) -> HttpResponse:
    """How often, by technique; what was published stands beside it, with its own denominator."""
    period = period_asked(request)
    clinic_rates_ = queries.clinic_rates(since=period.begins_at, until=period.ends_at)
    context = {
        "period": period,
        "rates": [rate_line(rate) for rate in clinic_rates_],
        "waiting": queries.count_unconfirmed(),
        "least": rates.SMALLEST_GROUP,
    }
    return render(request, "treatments/adverse_events/rates.html", context)


def rate_line(rate: rates.TechniqueRate) -> dict[str, Any]:
    return {
        "rate": rate,
        "technique": _(TECHNIQUES[rate.technique].label),
        "severities": [(labels.SEVERITIES[severity.severity], severity) for severity in rate.severities],
        "codes": [(labels.CODES[code], events) for code, events in rate.codes],
        "published": [
            (labels.GRADES[published_rate.grade], published_rate)
            for published_rate in rates.find_published_rates(rate.technique)
        ],
    }


@page(scope="treatments:read", action="page.adverse_event_export")
def export(request: PageRequest) -> HttpResponse:
    """The events, or the rates with their denominators, as CSV: one table each."""
    period = period_asked(request)
    if request.GET.get("table") == "rates":
        rows = exports.rate_rows(queries.clinic_rates(since=period.begins_at, until=period.ends_at), period)
        return as_csv("adverse-event-rates", exports.RATE_FIELDS, rows)
    events = queries.events_of_period(since=period.begins_at, until=period.ends_at)
    request.trace.saw(*{event.patient_id for event in events})
    ways = queries.find_ways_asked({event.session.subject_id for event in events})
    return as_csv("adverse-events", exports.EVENT_FIELDS, exports.event_rows(events, ways))


def as_csv(name: str, fields: list[str], rows: Iterable[list[Any]]) -> HttpResponse:
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response.write("\ufeff")  # so that spreadsheets read it as UTF-8
    writer = csv.writer(response)
    writer.writerow(fields)
    for row in rows:
        writer.writerow([harmless(str(cell)) for cell in row])
    return response


def harmless(cell: str) -> str:
    """What a spreadsheet would take for a formula is made text."""
    return f"'{cell}" if cell[:1] in "=+-@\t\r" and cell else cell
