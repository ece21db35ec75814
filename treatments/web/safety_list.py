"""The clinic's safety list: what is in force, with sources; the owner adds rows, makes rows stricter, ends own rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages as toasts
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

import catalogue
from accounts import policies
from accounts.web.pages import PageRequest, page
from errors import form_fields
from errors.exceptions import Conflict, DomainError, Forbidden, Invalid
from errors.texts import message_of
from patients.labels import BODY_REGIONS, alert_choices
from patients.rules import ALERTS
from treatments import labels, queries, safety_lists
from treatments.models import SafetyEntry
from treatments.safety_entries import LEVELS, Entry
from treatments.safety_table import DEFAULT_CODES, HAS_BEEN_REVIEWED, PROPOSAL
from treatments.web.safety import LEVEL_ICONS, LEVEL_WORDS


class EntryForm(forms.Form):
    """A row of the clinic's own."""

    label = forms.CharField(max_length=200, label=gettext_lazy("Name"))
    level = form_fields.ChoiceField(choices=list(LEVEL_WORDS.items()), label=gettext_lazy("Level"))
    is_overridable = forms.BooleanField(
        required=False, label=gettext_lazy("A reason, by name, is enough to treat all the same")
    )
    reason = forms.CharField(
        max_length=1000,
        label=gettext_lazy("What is wrong, and what to do"),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    source = forms.CharField(max_length=1000, label=gettext_lazy("Source"))
    tags = form_fields.MultipleChoiceField(
        choices=list(labels.SAFETY_TAGS.items()), widget=forms.CheckboxSelectMultiple, label=gettext_lazy("For")
    )
    alert = form_fields.ChoiceField(required=False, label=gettext_lazy("Only for patients with this alert"))
    where = form_fields.ChoiceField(
        choices=list(labels.SAFETY_PLACES.items()), required=False, label=gettext_lazy("Where the alert counts")
    )
    regions = form_fields.MultipleChoiceField(
        choices=list(BODY_REGIONS.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label=gettext_lazy("Only in these parts of the body"),
    )
    muscles = form_fields.MultipleChoiceField(
        required=False, widget=forms.SelectMultiple(attrs={"size": 6}), label=gettext_lazy("Only for these muscles")
    )

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        choices = {
            "alert": [("", _("any patient")), *alert_choices()],
            "muscles": sorted(((key, _(m["name"])) for key, m in catalogue.MUSCLES.items()), key=lambda row: row[1]),
        }
        for name, values in choices.items():
            choice_field = self.fields[name]
            assert isinstance(choice_field, form_fields.ListsChoices)
            choice_field.choices = values

    def new_entry(self) -> dict[str, Any]:
        values = self.cleaned_data
        return {**values, "where": values["where"] or safety_lists.PLACES[0]}


@dataclass(frozen=True)
class Row:
    """One row of the list as the page shows it."""

    entry: Entry
    place: str

    @property
    def icon(self) -> str:
        return LEVEL_ICONS[self.entry.level]

    @property
    def word(self) -> Any:
        return LEVEL_WORDS[self.entry.level]

    @property
    def is_default(self) -> bool:
        return self.entry.code in DEFAULT_CODES

    @property
    def is_stricter(self) -> bool:
        """Whether the clinic has made a default row stricter."""
        default = DEFAULT_CODES.get(self.entry.code)
        return default is not None and (default.level, default.is_overridable) != (
            self.entry.level,
            self.entry.is_overridable,
        )

    @property
    def levels(self) -> list[tuple[str, Any]]:
        """The levels that the clinic may give it: its own one and stricter ones."""
        default = DEFAULT_CODES.get(self.entry.code, self.entry)
        return [(level, LEVEL_WORDS[level]) for level in LEVELS[LEVELS.index(default.level) :]]

    @property
    def may_be_overridable(self) -> bool:
        return DEFAULT_CODES.get(self.entry.code, self.entry).is_overridable


def row_of(entry: Entry) -> Row:
    parts = [str(labels.SAFETY_TAGS[tag]) for tag in labels.SAFETY_TAGS if tag in entry.tags]
    if entry.alert in ALERTS:
        parts.append(_("only with the alert “{alert}”").format(alert=_(ALERTS[entry.alert].label)))
    parts += [str(BODY_REGIONS[region]) for region in BODY_REGIONS if region in entry.regions]
    parts += sorted(_(catalogue.MUSCLES[muscle]["name"]) for muscle in entry.muscles)
    return Row(entry, ", ".join(parts))


@page(scope="treatments:read", action="page.safety_list", methods="GET POST")
def safety_list(request: PageRequest) -> HttpResponse:
    """Everyone who reads treatments sees the list; the owner changes it."""
    form, problem, failed = EntryForm(), "", ""
    if request.method == "POST":
        if "safety:manage" not in request.actor.scopes:
            raise policies.OwnersOnly
        form = EntryForm(request.POST if "add" in request.POST else None)
        try:
            if change(request, form):
                return redirect("safety_list")
        except Forbidden:
            raise
        except (Invalid, Conflict) as refusal:
            request.trace.code = refusal.code
            failed = request.POST.get("end", "") or request.POST.get("code", "")
            problem = show(form, refusal)
    in_force = queries.safety_list(request.clinic.pk)
    rows = [row_of(entry) for entry in in_force.entries]
    ended = SafetyEntry.objects.visible_to(request.actor).exclude(ended_because="").select_related("added_by")
    context = {
        "own": [row for row in rows if not row.is_default],
        "default": [
            (word, [row for row in rows if row.is_default and row.entry.level == level])
            for level, word in LEVEL_WORDS.items()
        ],
        "ended": ended.order_by("-version"),
        "version": in_force.version,
        "form": form,
        "problem": problem,
        "failed": failed,
        "proposal": "" if HAS_BEEN_REVIEWED else PROPOSAL,
        "may_manage": policies.is_owner(request.actor),
    }
    return render(request, "treatments/safety_list.html", context, status=400 if problem or form.errors else 200)


def change(request: PageRequest, form: EntryForm) -> bool:
    """
    Add a row, make a default row stricter, or end an own row.

    :returns: False: the form says what is wrong
    :raises OwnersOnly, NotFound, Invalid, SafetyEntryEnded:
    """
    sent, now = request.POST, timezone.now()
    if "end" in sent:
        safety_lists.end_entry(code=sent["end"], reason=sent.get("reason", "")[:1000], by=request.actor, at=now)
        toasts.success(request, _("The row no longer counts."))
        return True
    if "stricter" in sent:
        level = sent.get("level", "")
        if level not in LEVELS:
            raise Invalid.at("/level", "unknown_code.entry_value", values=[level])
        entry = {"code": sent.get("code", ""), "level": level, "is_overridable": "is_overridable" in sent}
    elif form.is_valid():
        entry = form.new_entry()
    else:
        return False
    safety_lists.add_entry(entry=entry, by=request.actor, at=now)
    toasts.success(request, _("The safety list has a new version."))
    return True


def show(form: EntryForm, refusal: DomainError) -> str:
    """Put each error beside its field; return what belongs to none."""
    rest = [message_of(refusal)] if not refusal.errors else []
    for error in refusal.errors:
        name = error.pointer.strip("/")
        if form.is_bound and name in form.fields:
            form.add_error(name, message_of(error))
        else:
            rest.append(message_of(error))
    return " ".join(rest)
