"""Who was treated with a lot: on the screen, on paper, as CSV."""

from __future__ import annotations

import csv
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.web.pages import PageRequest, page
from assessments.web.labels import SIDES
from errors.exceptions import Invalid
from errors.texts import message_of
from treatments.lots import Search, Treated, search_lot
from treatments.rules import TECHNIQUES


@page(scope="treatments:read", action="page.lots", methods="GET POST")
def search(request: PageRequest) -> HttpResponse:
    """By POST, so that no address carries the lot beside what it found; the search itself is audited."""
    context: dict[str, Any] = {}
    status = 200
    if request.method == "POST":
        lot = request.POST.get("lot", "").strip()[:200]
        context["lot"] = lot
        try:
            uses = search_lot(lot=lot, by=request.actor)
        except Invalid as refusal:
            context["problem"], status = message_of(refusal.errors[0]), 400
        else:
            if request.POST.get("as") == "csv":
                return as_csv(lot, uses)
            patient_ids = {line.intervention.session.patient.in_use.pk for line in uses.treated}
            context |= {"lines": [line_context(line) for line in uses.treated], "is_cut": uses.is_cut}
            context["patients"] = len(patient_ids)
    return render(request, "treatments/lots.html", context, status=status)


def line_context(line: Treated) -> dict[str, Any]:
    row, patient = line.intervention, line.intervention.session.patient.in_use
    statuses = {
        "draft": _("draft"),
        "signed": "",
        "superseded": _("replaced"),
        "entered_in_error": _("entered in error"),
    }
    muscle = f"{_(row.muscle.name)}, {SIDES[row.side]}" if row.muscle and row.side else ""
    return {
        "patient": patient,
        "session": row.session,
        "status": statuses[row.session.status],
        "technique": _(TECHNIQUES[row.technique].label),
        "muscle": muscle,
        "recorded_lot": line.recorded_lot,
        "exact": line.match == "exact",
    }


def as_csv(lot: str, found: Search) -> HttpResponse:
    """The same list for a spreadsheet. What a spreadsheet would take for a formula is made text."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="lot.csv"'
    response.write("\ufeff")  # so that spreadsheets read it as UTF-8
    writer = csv.writer(response)
    writer.writerow(
        [
            _("Family name"),
            _("Given names"),
            _("Birth date"),
            _("E-mail"),
            _("Phone"),
            _("Treated"),
            _("Technique"),
            _("Muscle"),
            _("Brand and lot"),
            _("Match"),
            _("State"),
        ]
    )
    for line in found.treated:
        row = line_context(line)
        patient = row["patient"]
        treated_at = timezone.localtime(row["session"].performed_at)
        cells = [
            patient.family_name,
            patient.given_names,
            patient.birth_date or "",
            patient.email or "",
            patient.phone or "",
            f"{treated_at:%Y-%m-%d %H:%M}",
            row["technique"],
            row["muscle"],
            row["recorded_lot"],
            line.match,
            row["status"],
        ]
        writer.writerow([harmless(str(cell)) for cell in cells])
    return response


def harmless(cell: str) -> str:
    return f"'{cell}" if cell[:1] in "=+-@\t\r" and cell else cell
