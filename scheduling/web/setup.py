"""What can be booked: sites, rooms, types, hours, closures, and how the clinic books."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages as toasts
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import Competency
from accounts.queries import hidden_techniques
from accounts.rules import COMPETENCIES
from accounts.web.pages import PageRequest, page
from errors import form_fields
from errors.exceptions import DomainError, NotFound
from scheduling import labels, queries, rules, worklist_sync
from scheduling.availability import slots
from scheduling.models import AppointmentType, Closure, ExtraHours, Hours, Room, Site
from scheduling.setup import actions as setup_actions
from treatments.rules import TECHNIQUES

DAY, CLOCK = {"type": "date"}, {"type": "time", "step": "300"}


def day(label: Any, *, required: bool = True) -> forms.DateField:
    return forms.DateField(label=label, required=required, widget=forms.DateInput(DAY, "%Y-%m-%d"))


def clock(label: Any, *, required: bool = True) -> forms.TimeField:
    return forms.TimeField(label=label, required=required, widget=forms.TimeInput(CLOCK, "%H:%M"))


class SetupForm(forms.Form):
    """A form of one kind of `availability.KINDS`; names of fields are the columns'."""

    def __init__(self, *args: Any, clinic_id: UUID, **options: Any) -> None:
        super().__init__(*args, **options)
        people = [(str(p.pk), p.name) for p in queries.therapists(clinic_id)]
        places = [(str(r.pk), f"{r.name} ({r.site.name})") for r in queries.rooms()]
        sites = [(str(s.pk), s.name) for s in Site.objects.filter(is_active=True).order_by("name")]
        choices_list = {"user_id": people, "room_id": places, "site_id": sites, "therapists": people, "rooms": places}
        for name, choices in choices_list.items():
            if name in self.fields:
                field: Any = self.fields[name]
                empty = (
                    [] if field.required or isinstance(field, form_fields.MultipleChoiceField) else [("", field.empty)]
                )
                field.choices = [*empty, *choices]
        if isinstance(self, TypeForm):
            hidden = hidden_techniques(clinic_id) - {self.initial.get("technique")}
            self.fields["technique"].choices = [  # type: ignore[attr-defined] # a ChoiceField
                entry for entry in TECHNIQUE if entry[0] not in hidden
            ]
        if not sites and isinstance(self, RoomForm):
            del self.fields["site_id"]  # the first room brings the first site, see `save_entry`

    def values(self) -> dict[str, Any]:
        """As actions take them: an empty choice is None, an id a UUID."""
        values = dict(self.cleaned_data)
        for name, value in values.items():
            if name.endswith("_id"):
                values[name] = UUID(value) if value else None
            elif name in ("therapists", "rooms"):
                values[name] = [UUID(entry) for entry in value]
        return values


def choice(label: Any, *, empty: Any = "") -> form_fields.ChoiceField:
    """One of the clinic's people or places; with `empty` said, none is a choice too."""
    field = form_fields.ChoiceField(label=label, required=not empty)
    field.empty = empty  # type: ignore[attr-defined] # read by the template's option list
    return field


def several(label: Any) -> form_fields.MultipleChoiceField:
    return form_fields.MultipleChoiceField(label=label, required=False, widget=forms.CheckboxSelectMultiple)


TECHNIQUE = [("", gettext_lazy("none in particular")), *((code, t.label) for code, t in TECHNIQUES.items())]


COMPETENCY = [(code, gettext_lazy(label)) for code, label in COMPETENCIES.items()]


class SiteForm(SetupForm):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    address = forms.CharField(label=gettext_lazy("Address"), max_length=500, required=False)


class RoomForm(SetupForm):
    site_id = choice(gettext_lazy("Site"))
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)


class TypeForm(SetupForm):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    length_min = forms.IntegerField(label=gettext_lazy("Minutes"), min_value=5, max_value=480, initial=30)
    buffer_min = forms.IntegerField(
        label=gettext_lazy("Minutes free afterwards"), min_value=0, max_value=120, initial=0
    )
    online = forms.BooleanField(label=gettext_lazy("Online, without a room"), required=False)
    technique = form_fields.ChoiceField(
        label=gettext_lazy("Only therapists with the competency"), choices=TECHNIQUE, required=False
    )
    therapists = several(gettext_lazy("Only with these therapists (none chosen: all)"))
    rooms = several(gettext_lazy("Only in these sites (none chosen: all)"))


class CompetencyForm(SetupForm):
    user_id = choice(gettext_lazy("Therapist"))
    technique = form_fields.ChoiceField(label=gettext_lazy("Competency"), choices=COMPETENCY)
    valid_until = day(gettext_lazy("Valid until (empty: no expiry)"), required=False)
    proof = forms.CharField(
        label=gettext_lazy("Proof: certificate, course or reference"), max_length=500, required=False
    )
    proof_seen_on = day(gettext_lazy("Proof seen on"), required=False)


class HoursForm(SetupForm):
    user_id = choice(gettext_lazy("Therapist"))
    weekday = form_fields.TypedChoiceField(
        label=gettext_lazy("Day"), coerce=int, choices=list(enumerate(labels.WEEKDAYS))
    )
    from_time = clock(gettext_lazy("From"))
    until_time = clock(gettext_lazy("Until"))
    room_id = choice(gettext_lazy("Room"), empty=gettext_lazy("online"))
    from_date = day(gettext_lazy("First day (empty: always)"), required=False)
    until_date = day(gettext_lazy("Last day (empty: no end)"), required=False)


class ExtraHoursForm(SetupForm):
    user_id = choice(gettext_lazy("Therapist"))
    day = day(gettext_lazy("Day"))
    from_time = clock(gettext_lazy("From"))
    until_time = clock(gettext_lazy("Until"))
    room_id = choice(gettext_lazy("Room"), empty=gettext_lazy("online"))


class ClosureForm(SetupForm):
    user_id = choice(gettext_lazy("Who"), empty=gettext_lazy("everybody"))
    site_id = choice(gettext_lazy("Where"), empty=gettext_lazy("every site"))
    first_day = day(gettext_lazy("First day"))
    last_day = day(gettext_lazy("Last day"))
    from_time = clock(gettext_lazy("From (empty: all day)"), required=False)
    until_time = clock(gettext_lazy("Until"), required=False)
    note = forms.CharField(label=gettext_lazy("Note"), max_length=500, required=False)


class BookingForm(forms.Form):
    step_min = form_fields.TypedChoiceField(
        label=gettext_lazy("Appointments start every (minutes)"),
        coerce=int,
        choices=[(n, n) for n in rules.STEPS_MIN],
    )
    remind_hours = forms.CharField(
        label=gettext_lazy("Reminders, hours before (as in 48, 2; empty: none)"), required=False, max_length=40
    )
    invite = forms.BooleanField(
        label=gettext_lazy("Send a message with a calendar file when booked or moved"), required=False
    )
    cancel_until_hours = forms.IntegerField(
        label=gettext_lazy("Patients may cancel by link until so many hours before"), min_value=0, max_value=336
    )
    offer_minutes = forms.IntegerField(
        label=gettext_lazy("Minutes that a waitlist offer is valid"), min_value=10, max_value=2880
    )
    offer_every_min = forms.IntegerField(
        label=gettext_lazy("Minutes until the next patient is also asked"), min_value=1, max_value=1440
    )
    hold_hours = forms.IntegerField(
        label=gettext_lazy("Hours until a tentative appointment is released"), min_value=1, max_value=720
    )
    draft_hours = forms.IntegerField(
        label=gettext_lazy("Hours until an unsigned draft appears on the worklist"), min_value=1, max_value=720
    )

    def clean_remind_hours(self) -> list[int]:
        parts = [part.strip() for part in self.cleaned_data["remind_hours"].split(",") if part.strip()]
        if any(not (part.isascii() and part.isdigit() and len(part) < 5) for part in parts):
            raise forms.ValidationError(_("Enter whole hours, separated by commas."))
        return [int(part) for part in parts]


FORMS: dict[str, type[SetupForm]] = {
    "hours": HoursForm, "extra-hours": ExtraHoursForm, "closures": ClosureForm, "appointment-types": TypeForm,
    "competencies": CompetencyForm, "rooms": RoomForm, "sites": SiteForm,
}  # fmt: skip
TITLES = {
    "hours": gettext_lazy("Weekly hours"), "extra-hours": gettext_lazy("Extra hours"),
    "closures": gettext_lazy("Closures and absences"), "appointment-types": gettext_lazy("Types of appointment"),
    "competencies": gettext_lazy("Competencies of the team"), "rooms": gettext_lazy("Rooms"),
    "sites": gettext_lazy("Sites"),
}  # fmt: skip


def lines(kind: str) -> list[tuple[Any, str, str]]:
    """What there is of a kind: each row, told in a line, and whose it is, if it is a person's."""
    if kind == "hours":
        rows: Any = Hours.objects.select_related("user", "room").order_by(
            "user__name", "user_id", "weekday", "from_time"
        )
        return [(r, f"{labels.WEEKDAYS[r.weekday]} {stretch(r)}{until(r)}", r.user.name) for r in rows]
    if kind == "extra-hours":
        rows = ExtraHours.objects.select_related("user", "room").order_by("-day", "from_time")[:60]
        return [(r, f"{r.user.name}: {short(r.day)} {stretch(r)}", "") for r in rows]
    if kind == "closures":
        rows = Closure.objects.select_related("user", "site").order_by("-first_day")[:100]
        return [(r, closure_line(r), "") for r in rows]
    if kind == "appointment-types":
        rows = AppointmentType.objects.filter(is_active=True).order_by("name")
        return [(r, _("{name}, {n} min").format(name=r.name, n=r.length_min), "") for r in rows]
    if kind == "competencies":
        rows = Competency.objects.select_related("user").order_by("user__name", "user_id", "technique")
        return [
            (r, f"{_(COMPETENCIES[r.technique])}{f' – {short(r.valid_until)}' if r.valid_until else ''}", r.user.name)
            for r in rows
        ]
    if kind == "rooms":
        rooms = Room.objects.filter(is_active=True).select_related("site").order_by("site__name", "name")
        return [(r, f"{r.name} ({r.site.name})", "") for r in rooms]
    sites = Site.objects.filter(is_active=True).order_by("name")
    return [(s, ", ".join(part for part in (s.name, s.address) if part), "") for s in sites]


def stretch(found: Hours | ExtraHours) -> str:
    return f"{found.from_time:%H:%M}–{found.until_time:%H:%M}, {found.room.name if found.room else _('Online')}"


def short(day: date) -> str:
    return str(date_format(day, "SHORT_DATE_FORMAT"))


def until(hours: Hours) -> str:
    parts = [short(d) if d else "" for d in (hours.from_date, hours.until_date)]
    return f" ({parts[0]}–{parts[1]})" if any(parts) else ""


def closure_line(found: Closure) -> str:
    who = found.user.name if found.user else found.site.name if found.site else _("everybody")
    days = short(found.first_day) + (f"–{short(found.last_day)}" if found.last_day != found.first_day else "")
    clock_ = f" {found.from_time:%H:%M}–{found.until_time:%H:%M}" if found.from_time and found.until_time else ""
    return f"{who}: {days}{clock_}{f', {found.note}' if found.note else ''}"


@page(scope="scheduling:write", action="page.scheduling.setup", methods="GET POST")
def setup(request: PageRequest, kind: str = "hours", pk: UUID | None = None) -> HttpResponse:
    """One kind at a time: what there is, and a form for one more, or for the one that is to be changed."""
    if kind not in FORMS:
        raise NotFound
    entry = setup_actions.find(kind, pk) if pk is not None else None
    initial = initial_of(entry) if entry is not None else None
    form = FORMS[kind](request.POST or None, clinic_id=request.clinic.pk, initial=initial)
    refusal: DomainError | None = None
    if request.method == "POST" and form.is_valid():
        try:
            save_entry(request, kind, form.values(), pk)
            toasts.success(request, _("Saved."))
            return redirect("scheduling_setup", kind)
        except DomainError as wrong:
            refusal = wrong
    context = {
        "kind": kind,
        "titles": TITLES,
        "title": TITLES[kind],
        "form": form,
        "lines": lines(kind),
        "changed": entry,
        "refusal": refusal,
        "therapists": queries.therapists(request.clinic.pk) if kind == "hours" else [],
    }
    return render(request, "scheduling/setup.html", context, status=400 if form.errors or refusal else 200)


def save_entry(request: PageRequest, kind: str, values: dict[str, Any], pk: UUID | None) -> None:
    """
    Save what the form says; the first room of a clinic without a site stands at the clinic's own address.

    :raises Invalid, NotFound, NameTaken:
    """
    if kind == "rooms" and pk is None and "site_id" not in values:
        clinic = {"name": request.clinic.name, "address": ", ".join(request.clinic.address.splitlines())}
        values["site_id"] = setup_actions.save(kind="sites", values=clinic, by=request.actor).pk
    setup_actions.save(kind=kind, values=values, pk=pk, by=request.actor)


def initial_of(found: Any) -> dict[str, Any]:
    """The row as its form shows it: ids as text, as choices have them."""
    values = {field.attname: getattr(found, field.attname) for field in found._meta.concrete_fields}
    for name in ("therapists", "rooms"):
        if name in values:
            values[name] = [str(value_row) for value_row in values[name]]
    return {name: str(value) if name.endswith("_id") and value else value for name, value in values.items()}


@page(scope="scheduling:write", action="page.scheduling.remove", methods="POST")
def remove(request: PageRequest, kind: str, pk: UUID) -> HttpResponse:
    if kind not in FORMS:
        raise NotFound
    before = worklist_sync.count_of_opening()
    setup_actions.remove(kind=kind, pk=pk, by=request.actor)
    lost = worklist_sync.count_of_opening() - before
    notice = ngettext(
        "Removed. {n} appointment is booked in that time; it is on the worklist.",
        "Removed. {n} appointments are booked in that time; they are on the worklist.",
        lost,
    )
    toasts.success(request, notice.format(n=lost) if lost > 0 else _("Removed."))
    return redirect("scheduling_setup", kind)


@page(scope="scheduling:write", action="page.scheduling.settings", methods="GET POST")
def how_we_book(request: PageRequest) -> HttpResponse:
    booking = slots.booking_of(request.clinic.pk)
    initial = {name: getattr(booking, name) for name in BookingForm.base_fields}
    initial["remind_hours"] = ", ".join(map(str, booking.remind_hours))
    form = BookingForm(request.POST or None, initial=initial)
    refusal: DomainError | None = None
    if request.method == "POST" and form.is_valid():
        try:
            setup_actions.set_booking(values=form.cleaned_data, by=request.actor)
            toasts.success(request, _("Saved."))
            return redirect("how_we_book")
        except DomainError as wrong:
            refusal = wrong
    context = {
        "kind": "",
        "titles": TITLES,
        "title": _("Booking rules"),
        "form": form,
        "lines": None,
        "refusal": refusal,
    }
    return render(request, "scheduling/setup.html", context, status=400 if form.errors or refusal else 200)
