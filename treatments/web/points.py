"""Which trigger points to see to, as a page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

import catalogue
from accounts.queries import shows_classification
from accounts.web.pages import PageRequest, page
from api.permissions import MissingScope
from assessments.web import labels
from assessments.web.points import name_point
from errors.form_fields import ChoiceField
from patients.models import Patient
from treatments.point_search import PointMatch, PointQuery, search_points

READS_FINDINGS = "assessments:read"


class PointSearchForm(forms.Form):
    muscle = ChoiceField(label=gettext_lazy("Muscle"))
    side = ChoiceField(label=gettext_lazy("Side"), required=False)
    state = ChoiceField(label=gettext_lazy("State"), required=False)
    not_treated_days = forms.IntegerField(
        label=gettext_lazy("Not treated for, days"), required=False, min_value=0, max_value=3660
    )

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        any_choice = [("", _("any"))]
        muscles = sorted((_(muscle["name"]), key) for key, muscle in catalogue.MUSCLES.items())
        self.fields["muscle"].choices = [(key, name) for name, key in muscles]  # type: ignore[attr-defined] # declared
        self.fields["side"].choices = [*any_choice, *labels.SIDES.items()]  # type: ignore[attr-defined] # as above
        self.fields["state"].choices = [*any_choice, *labels.POINT_STATES.items()]  # type: ignore[attr-defined] # as above
        if not shows_classification():
            del self.fields["state"]


@page(scope="treatments:read", action="page.points", methods="GET POST")
def search(request: PageRequest) -> HttpResponse:
    """By POST, because each patient who is found is recorded as seen."""
    if READS_FINDINGS not in request.actor.scopes:
        raise MissingScope("missing_scope.page")
    form = PointSearchForm(request.POST or None, initial={"not_treated_days": 14})
    context: dict[str, Any] = {"form": form}
    status = 200
    if request.method == "POST":
        if form.is_valid():
            chosen = {name: value for name, value in form.cleaned_data.items() if value not in ("", None)}
            result = search_points(PointQuery(**chosen), by=request.actor, at=timezone.now())
            people = Patient.objects.in_bulk([match.patient_id for match in result.matches])
            context |= {
                "lines": [_line(match, people[match.patient_id]) for match in result.matches],
                "is_cut": result.is_cut,
            }
        else:
            status = 400
    return render(request, "treatments/points.html", context, status=status)


def _line(match: PointMatch, patient: Patient) -> dict[str, Any]:
    name = name_point({"muscle": match.muscle, "side": match.side, "place": match.place})
    return {
        "match": match,
        "patient": patient,
        "name": name,
        "state_word": labels.POINT_STATES[match.course.state] if match.course else "",
    }
