"""The page of a patient's red flags: what is open and what it stops, what must be asked, what was cleared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages as toasts
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.web.pages import PageRequest, page
from assessments import c_spine, clearances, queries
from assessments.red_flag_table import (
    ACKNOWLEDGE,
    ACTIONS,
    CAUTION,
    EVERYWHERE,
    EXERCISE,
    LEVELS,
    NECK_MOVEMENT,
    PROPOSAL,
    RED_FLAGS,
    STOP,
    UPPER_NECK,
    Effect,
)
from assessments.red_flags import (
    CLEARANCE_KINDS,
    MIN_REASON_CHARACTERS,
    SIDED_PLACES,
    TRAUMA,
    FlagState,
    OpenFlag,
    regions_of,
)
from assessments.web import labels as words
from errors import form_fields
from errors.exceptions import DomainError, NotFound
from errors.texts import message_of
from patients import labels
from patients.models import Patient
from patients.queries import identities
from patients.rules import BODY_REGIONS

MOMENT = "%Y-%m-%dT%H:%M"


class ClearanceForm(forms.Form):
    kind = form_fields.ChoiceField(
        choices=[(code, words.CLEARANCE_KINDS[code]) for code in CLEARANCE_KINDS],
        widget=forms.RadioSelect,
        label=gettext_lazy("Cleared by"),
    )
    reason = forms.CharField(
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("What was found, and why the flag no longer applies."),
    )
    seen_by = forms.CharField(required=False, max_length=500, label=gettext_lazy("Seen by"))
    seen_at = forms.DateTimeField(
        required=False,
        input_formats=[MOMENT],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT),
        label=gettext_lazy("Seen at"),
    )

    def __init__(self, data: Any = None, *, flag: OpenFlag, asks_age: bool) -> None:
        super().__init__(data, auto_id=f"{flag.code}-%s")
        self.flag = flag
        if RED_FLAGS[flag.code].is_emergency:
            self.fields["seen_by"].required = self.fields["seen_at"].required = True
        if flag.code == TRAUMA and self.may_be_neck:
            asked = {n: text for n, text in c_spine.INPUTS.items() if asks_age or n not in c_spine.AGE}
            for name, label in asked.items():
                choices = list(words.YES_NO_UNKNOWN.items())
                self.fields[name] = form_fields.ChoiceField(
                    choices=choices, required=False, initial="unknown", widget=forms.RadioSelect, label=_(label)
                )

    @property
    def may_be_neck(self) -> bool:
        return clearances.needs_c_spine(self.flag.code, "examined", self.flag.regions)

    @property
    def plain_fields(self) -> list[Any]:
        return [self[name] for name in ("kind", "reason", "seen_by", "seen_at")]

    @property
    def c_spine_groups(self) -> list[tuple[str, list[Any]]]:
        if not any(name in self.fields for name in c_spine.INPUTS):
            return []
        groups = {
            _("The rule does not apply if any of these is true"): c_spine.EXCLUSIONS,
            _("Imaging is needed if any of these is true"): c_spine.HIGH_RISK,
            _("At least one of these must be true before the head is turned"): c_spine.LOW_RISK,
            _("Then test"): c_spine.ROTATION,
        }
        return [(title, [self[name] for name in inputs if name in self.fields]) for title, inputs in groups.items()]

    def new_clearance(self) -> clearances.NewClearance:
        values = self.cleaned_data
        inputs = {name: values.get(name) or "unknown" for name in c_spine.INPUTS if name in self.fields}
        applied = values["kind"] == "examined" and inputs
        return clearances.NewClearance(
            code=self.flag.code,
            kind=values["kind"],
            reason=values["reason"],
            seen_by=values["seen_by"],
            seen_at=values["seen_at"],
            c_spine=inputs if applied else {},
        )


@dataclass(frozen=True)
class Line:
    """An open flag as the page shows it."""

    flag: OpenFlag
    row: Any
    place: str
    effects: list[tuple[str, str]]
    form: ClearanceForm | None = field(default=None, repr=False)


@page(scope="assessments:read", action="page.patient.red_flags")
def red_flags(request: PageRequest, patient_id: UUID) -> HttpResponse:
    return _render(request, _find(request, patient_id))


@page(scope="assessments:write", action="page.patient.red_flag_clear", methods="POST")
def clear(request: PageRequest, patient_id: UUID, code: str) -> HttpResponse:
    """Clear one open flag; with what is wrong beside its field, if it cannot be."""
    if code not in RED_FLAGS:
        raise Http404
    patient = _find(request, patient_id)
    state = _state(request, patient)
    flag = next((flag for flag in state.open if flag.code == code), None)
    if flag is None:
        toasts.warning(request, _("This red flag has since been cleared or answered “no”."))
        return redirect("patient_red_flags", patient.pk)
    form = ClearanceForm(request.POST, flag=flag, asks_age=patient.birth_date is None)
    if form.is_valid():
        try:
            clearances.clear_red_flag(
                patient_id=patient.pk, clearance=form.new_clearance(), by=request.actor, at=timezone.now()
            )
            toasts.success(request, _("Red flag cleared."))
            return redirect("patient_red_flags", patient.pk)
        except DomainError as refusal:
            _show(form, refusal)
    return _render(request, patient, state=state, wrong=form, status=400)


def _find(request: PageRequest, patient_id: UUID) -> Patient:
    patient = Patient.objects.visible_to(request.actor).filter(pk=patient_id).first()
    if patient is None:
        raise NotFound
    request.trace.saw(patient.pk)
    return patient


def _state(request: PageRequest, patient: Patient) -> FlagState:
    people = identities(clinic_id=request.clinic.pk, patient_id=patient.pk)
    return queries.flag_state(people, at=timezone.now())


def _show(form: ClearanceForm, refusal: DomainError) -> None:
    for error in refusal.errors:
        name = error.pointer.strip("/")
        form.add_error(name if name in form.fields else None, message_of(error))
    if not refusal.errors:
        form.add_error(None, message_of(refusal))


def _render(
    request: PageRequest,
    patient: Patient,
    *,
    state: FlagState | None = None,
    wrong: ClearanceForm | None = None,
    status: int = 200,
) -> HttpResponse:
    state = state or _state(request, patient)
    may_clear = "assessments:write" in request.actor.scopes and not patient.is_merged
    people = identities(clinic_id=request.clinic.pk, patient_id=patient.pk)
    history = queries.red_flag_clearances(people, at=timezone.now())
    urgent_first = sorted(state.open, key=lambda flag: ACTIONS.index(RED_FLAGS[flag.code].action), reverse=True)
    context = {
        "patient": patient,
        "state": state,
        "lines": [open_line(flag, _form(flag, patient, wrong) if may_clear else None) for flag in urgent_first],
        "wrong_code": wrong.flag.code if wrong else "",
        "unanswered": [RED_FLAGS[code] for code in state.unanswered],
        "history": [(_(RED_FLAGS[row.code].label), words.CLEARANCE_KINDS[row.kind], row) for row in reversed(history)],
        "proposal": PROPOSAL,
        "least_characters": MIN_REASON_CHARACTERS,
        "c_spine_source": c_spine.SOURCE,
    }
    return render(request, "assessments/red_flags.html", context, status=status)


def _form(flag: OpenFlag, patient: Patient, wrong: ClearanceForm | None) -> ClearanceForm:
    if wrong is not None and wrong.flag.code == flag.code:
        return wrong
    return ClearanceForm(flag=flag, asks_age=patient.birth_date is None)


def open_line(flag: OpenFlag, form: ClearanceForm | None = None) -> Line:
    row = RED_FLAGS[flag.code]
    side = str(labels.ALERT_SIDES[flag.side]) if flag.side else ""
    place = ", ".join([*(str(labels.BODY_REGIONS[region]) for region in flag.regions), *filter(None, [side])])
    effects_list = [effect for effect in row.effects if not _is_covered(effect, row.effects, flag)]
    effects = [(effect.level, effect_text(effect, flag)) for effect in effects_list]
    return Line(flag=flag, row=row, place=place, effects=effects, form=form)


def _is_covered(effect: Effect, effects: Iterable[Effect], flag: OpenFlag) -> bool:
    """Whether a stricter effect of the flag says the same for the whole body."""
    return any(
        LEVELS.index(effect_row.level) > LEVELS.index(effect.level)
        and effect_row.classes >= effect.classes
        and len(regions_of(effect_row.place, flag)) == len(BODY_REGIONS)
        for effect_row in effects
    )


def effect_text(effect: Effect, flag: OpenFlag) -> str:
    """Say what an effect stops, or asks for, and where."""
    named = effect.classes - {NECK_MOVEMENT} if EXERCISE in effect.classes else effect.classes
    techniques = _join_texts(word for name, word in words.TECHNIQUE_CLASSES.items() if name in named)
    regions = regions_of(effect.place, flag)
    if effect.place == EVERYWHERE or len(regions) == len(BODY_REGIONS):
        where = _("the whole body")
    elif effect.place == UPPER_NECK:
        where = _("upper neck")
    else:
        where = _join_texts(labels.BODY_REGIONS[region] for region in BODY_REGIONS if region in regions)
        if effect.place in SIDED_PLACES and flag.side in ("left", "right"):
            where = f"{where} ({labels.ALERT_SIDES[flag.side]})"
    form = {
        STOP: _("Stops: {techniques}. Where: {where}."),
        ACKNOWLEDGE: _("Must be acknowledged before: {techniques}. Where: {where}."),
        CAUTION: _("Caution with: {techniques}. Where: {where}."),
    }[effect.level]
    return form.format(techniques=techniques, where=where)


def _join_texts(texts: Iterable[Any]) -> str:
    return ", ".join(str(text) for text in texts)
