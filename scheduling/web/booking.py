"""Finding a time for a patient: one appointment, a series, or a place on the waitlist."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages as toasts
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.queries import clinic_zone
from accounts.web.pages import PageRequest, page, seen_revision
from clock.wall_clock import at_wall, begin_of
from errors import form_fields
from errors.exceptions import Conflict, DomainError, Invalid, NotFound
from patients.models import Patient
from patients.queries import identities
from patients.search import matching
from scheduling import labels, queries, rules, worklist_sync
from scheduling.availability import slots
from scheduling.booking import actions
from scheduling.booking.locks import Time
from scheduling.models import Appointment, AppointmentType, Series, Waiting
from scheduling.series import actions as series
from scheduling.waitlist import actions as waitlist
from scheduling.web.appointments import names
from treatments.models import TreatmentPlan

FOUND = 24
RECALL_MONTHS = [1, 2, 3, 6, 12]
DATE = {"type": "date"}
TIME = {"type": "time", "step": "300"}


class Find(forms.Form):
    """What is looked for. Everything but the type may stay open."""

    type = form_fields.ChoiceField(label=gettext_lazy("What"))
    therapist = form_fields.ChoiceField(label=gettext_lazy("Therapist"), required=False)
    room = form_fields.ChoiceField(label=gettext_lazy("Where"), required=False)
    from_date = forms.DateField(label=gettext_lazy("From"), required=False, widget=forms.DateInput(DATE, "%Y-%m-%d"))
    weekdays = form_fields.TypedMultipleChoiceField(
        label=gettext_lazy("Days"),
        required=False,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        choices=list(enumerate(labels.WEEKDAYS)),
    )
    length_min = forms.IntegerField(
        label=gettext_lazy("Minutes"),
        required=False,
        min_value=rules.LENGTH_MIN[0],
        max_value=rules.LENGTH_MIN[1],
        widget=forms.NumberInput({"placeholder": gettext_lazy("as usual")}),
    )
    from_time = forms.TimeField(label=gettext_lazy("Not before"), required=False, widget=forms.TimeInput(TIME, "%H:%M"))
    until_time = forms.TimeField(label=gettext_lazy("Over by"), required=False, widget=forms.TimeInput(TIME, "%H:%M"))

    def clean_from_date(self) -> date | None:
        first_day: date | None = self.cleaned_data["from_date"]
        if first_day is not None and abs(first_day - timezone.now().date()) > timedelta(days=731):
            raise forms.ValidationError(_("Enter a day within two years."))
        return first_day

    count = forms.IntegerField(
        label=gettext_lazy("Sessions"), required=False, min_value=1, max_value=rules.MOST_SESSIONS
    )
    weeks = forms.IntegerField(
        label=gettext_lazy("over how many weeks"), required=False, min_value=1, max_value=rules.MOST_WEEKS
    )

    treatment_plan = forms.UUIDField(required=False, widget=forms.HiddenInput)
    into = form_fields.ChoiceField(label=gettext_lazy("Belongs to"), required=False)

    def __init__(self, *args: Any, clinic_id: UUID, plans: Sequence[Series] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        self.plans = {str(plan.pk): plan for plan in plans}
        choices = [
            (pk, _("the series of {n} from {day}").format(n=plan.count, day=date_format(plan.starts_on, "j M")))
            for pk, plan in self.plans.items()
        ]
        self.fields["into"].choices = [("", _("nothing else")), *choices]  # type: ignore[attr-defined] # a ChoiceField
        self.types = list(AppointmentType.objects.filter(is_active=True).order_by("name"))
        kinds = [(str(k.pk), _("{name}, {n} min").format(name=k.name, n=k.length_min)) for k in self.types]
        people = [(str(p.pk), p.name) for p in queries.therapists(clinic_id)]
        self.fields["type"].choices = kinds  # type: ignore[attr-defined] # a ChoiceField
        # Field has no choices in the stubs.
        self.fields["therapist"].choices = [("", _("anybody")), *people]  # type: ignore[attr-defined]
        places = [(str(room.pk), f"{room.name} ({room.site.name})") for room in queries.rooms()]
        # Field has no choices in the stubs.
        self.fields["room"].choices = [("", _("anywhere")), *places]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        plan = self.plans.get(values.get("into", ""))
        if plan is not None and str(plan.type_id) != values.get("type"):
            self.add_error("into", _("This series is of another type."))
        if plan is not None and values.get("count"):
            self.add_error("into", _("A new series does not belong to another one."))
        first, last = values.get("from_time"), values.get("until_time")
        if first and last and first >= last:
            self.add_error("until_time", _("Enter a time after “not before”."))
        return values

    def kind(self) -> AppointmentType:
        """What is looked for, as long as it is to last."""
        cleaned_data = self.cleaned_data
        appointment_type = next(candidate for candidate in self.types if str(candidate.pk) == cleaned_data["type"])
        into = self.plans.get(cleaned_data["into"])
        length_min = cleaned_data["length_min"] or (into.length_min if into else None)
        return appointment_type.lasting(length_min) if length_min else appointment_type

    def search(self, patient_id: UUID, zone: ZoneInfo, at: datetime) -> slots.Search:
        values = self.cleaned_data
        day = values["from_date"] or at.astimezone(zone).date()
        after = max(at, begin_of(day, zone))
        return slots.Search(
            after,
            after + timedelta(weeks=12),
            therapists=[UUID(values["therapist"])] if values["therapist"] else [],
            weekdays=values["weekdays"],
            from_time=values["from_time"],
            until_time=values["until_time"],
            rooms=[UUID(values["room"])] if values["room"] else [],
            patient_id=patient_id,
        )

    def plan(self, day: date) -> series.SeriesPlan:
        cleaned_data = self.cleaned_data
        return series.SeriesPlan(
            type_id=UUID(cleaned_data["type"]),
            count=cleaned_data["count"],
            weeks=cleaned_data["weeks"] or 4,
            starts_on=cleaned_data["from_date"] or day,
            length_min=cleaned_data["length_min"],
            therapists=[UUID(cleaned_data["therapist"])] if cleaned_data["therapist"] else [],
            weekdays=cleaned_data["weekdays"],
            from_time=cleaned_data["from_time"],
            until_time=cleaned_data["until_time"],
            rooms=[UUID(cleaned_data["room"])] if cleaned_data["room"] else [],
            treatment_plan_id=cleaned_data["treatment_plan"],
        )


def patient_of(request: PageRequest, patient_id: UUID) -> Patient:
    identities(clinic_id=request.clinic.pk, patient_id=patient_id)
    patient = Patient.objects.get(pk=patient_id)
    request.trace.saw(patient.pk)
    return patient


@page(scope="scheduling:write", action="page.book", methods="GET POST")
def book(request: PageRequest, patient_id: UUID) -> HttpResponse:
    """Look for a time, and book it with one tap; or a series, all or none."""
    patient = patient_of(request, patient_id)
    values = request.POST if request.method == "POST" else parse_tapped_time(request, patient)
    plans = list_open_series(request, patient)
    form = Find(
        values if "type" in values else None,
        clinic_id=request.clinic.pk,
        plans=plans,
        initial=suggest(request, patient, plans),
    )
    if request.method == "POST":
        try:
            return book_choice(request, patient, form)
        except (Conflict, Invalid) as refusal:
            return render_booking(request, patient, form, refusal=refusal)
    return render_booking(request, patient, form)


@page(scope="scheduling:write", action="page.book.plan")
def book_plan(request: PageRequest, plan_id: UUID) -> HttpResponse:
    """A treatment plan as the search for its series: the sessions, weeks and minutes are the plan's."""
    plan = TreatmentPlan.objects.filter(pk=plan_id).select_related("patient__merged_into").first()
    if plan is None:
        raise NotFound
    request.trace.saw(plan.patient_id)
    patient = plan.patient.in_use
    types = list(AppointmentType.objects.filter(is_active=True).order_by("name"))
    suggested = suggest(request, patient)
    fitting = [type_ for type_ in types if type_.technique and type_.technique in plan.techniques]
    last = [type_ for type_ in types if str(type_.pk) == suggested.get("type")]
    chosen = (last or fitting or types)[:1]
    values = {
        "type": str(chosen[0].pk) if chosen else "",
        "therapist": suggested.get("therapist", ""),
        "count": plan.sessions,
        "weeks": plan.weeks,
        "length_min": plan.minutes,
        "treatment_plan": plan.pk,
    }
    return redirect(f"{reverse('book', args=[patient.pk])}?{urlencode(values)}")


def parse_tapped_time(request: PageRequest, patient: Patient) -> Any:
    """What is looked for; a time that was tapped in the calendar is looked for from there on, with that therapist."""
    text = request.GET.get("at", "")
    try:
        at = datetime.fromisoformat(text) if text else None
    except ValueError:
        at = None
    if at is None:
        return request.GET
    first = AppointmentType.objects.filter(is_active=True).order_by("name").first()
    type_ = suggest(request, patient).get("type") or (str(first.pk) if first else "")
    values = QueryDict(mutable=True)
    values.update(
        {
            "type": type_,
            "therapist": request.GET.get("therapist", ""),
            "from_date": f"{at:%Y-%m-%d}",
            "from_time": f"{at:%H:%M}",
            "room": request.GET.get("room", ""),
        }
    )
    return values


def list_open_series(request: PageRequest, patient: Patient) -> list[Series]:
    """The patient's running series with sessions still to book."""
    people = identities(clinic_id=request.clinic.pk, patient_id=patient.pk)
    running = list(Series.objects.filter(patient_id__in=people, ended_at=None).order_by("starts_on", "pk"))
    sessions_left = worklist_sync.all_sessions_left(running)
    return [plan for plan in running if sessions_left[plan.pk]]


def suggest(request: PageRequest, patient: Patient, plans: Sequence[Series] = ()) -> dict[str, Any]:
    """Who last treated the patient and what they came for, or the series that is to be filled up, to begin with."""
    requested = [plan for plan in plans if str(plan.pk) == request.GET.get("into")]
    if requested:
        return {"type": str(requested[0].type_id), "into": str(requested[0].pk)}
    last = find_last_visit(request, patient)
    return {"type": str(last.type_id), "therapist": str(last.therapist_id)} if last else {}


def find_last_visit(request: PageRequest, patient: Patient) -> Appointment | None:
    """The newest visit that took place, or else the next one that is booked: who treats, and what they come for."""
    rows = patient_appointments(request, patient).holding().with_names()
    now = timezone.now()
    last: Appointment | None = rows.filter(starts_at__lte=now).order_by("-starts_at", "pk").first()
    return last or rows.filter(starts_at__gt=now).order_by("starts_at", "pk").first()


def patient_appointments(request: PageRequest, patient: Patient) -> Any:
    people = identities(clinic_id=request.clinic.pk, patient_id=patient.pk)
    return Appointment.objects.of_patients(people)


def render_booking(
    request: PageRequest, patient: Patient, form: Find, *, refusal: DomainError | None = None
) -> HttpResponse:
    zone, now = clinic_zone(request.clinic.pk), timezone.now()
    free_slots: list[Any] = []
    proposal = None
    type_ = None
    if form.is_bound and form.is_valid():
        type_ = form.kind()
        try:
            if form.cleaned_data["count"]:
                plan = form.plan(now.astimezone(zone).date())
                placed, exchanges = series.propose_with_choice(
                    patient_id=patient.pk, plan=plan, by=request.actor, at=now
                )
                proposal = {
                    "slots": [
                        (n + 1, s, token(s), [(other, token(other)) for other in exchanges[n]])
                        for n, s in sorted(placed.slots.items())
                    ],
                    "unplaced": [n + 1 for n in placed.unplaced],
                    "plan": plan,
                }
            else:
                search = form.search(patient.pk, zone, now)
                free_slots = [(slot, token(slot)) for slot in slots.free(type_, search, limit=FOUND)]
        except Invalid as wrong:
            refusal = refusal or wrong
    hidden = form
    if form.is_bound:
        hidden = Find(form.data, auto_id=False, clinic_id=request.clinic.pk, plans=list(form.plans.values()))
    context = {
        "patient": patient,
        "form": form,
        "hidden": hidden,
        "found": free_slots,
        "kind": type_,
        "proposal": proposal,
        "refusal": refusal,
        "names": names(request),
        "zone": zone,
        "now": now,
        "searched": form.is_bound and form.is_valid(),
        "ahead": (ahead := queries.ahead([patient.pk], now)),
        "taken_days": {visit.starts_at.astimezone(zone).date().isoformat() for visit in ahead},
        "last_visit": find_last_visit(request, patient),
        "words": labels,
        # A time for one session is no answer to a series; the new proposal stands below.
        "next_free": refusal.extra.get("next_free", []) if refusal and "series" not in request.POST else [],
        "hold_hours": slots.booking_of(request.clinic.pk).hold_hours,
        "waits": list(Waiting.objects.filter(patient=patient, status=rules.WAITING).select_related("type")),
    }
    return render(request, "scheduling/book.html", context, status=409 if refusal else 200)


def token(slot: rules.Slot) -> str:
    """A slot as a form sends it back."""
    return f"{slot.starts_at.isoformat()}|{slot.therapist_id}|{slot.room_id or ''}"


def slot_of(text: str) -> Time:
    """:raises Invalid:"""
    try:
        starts_at, therapist_id, room_id = text.split("|")
        at = datetime.fromisoformat(starts_at)
        if at.tzinfo is None:
            raise ValueError
        return Time(at, UUID(therapist_id), UUID(room_id) if room_id else None)
    except ValueError:
        raise Invalid.at("/slot", "invalid.appointment_time") from None


def book_choice(request: PageRequest, patient: Patient, form: Find) -> HttpResponse:
    """Book what was tapped, or the series that was proposed."""
    now = timezone.now()
    if not form.is_valid():
        return render_booking(request, patient, form)
    # Of a series, each date is chosen on its own: the proposed one, one in its place, or none.
    chosen = [request.POST[name] for name in sorted(request.POST) if name.startswith("slot-") and request.POST[name]]
    times = [slot_of(text) for text in [*request.POST.getlist("slot"), *chosen]]
    if "series" in request.POST:
        if not form.cleaned_data["count"]:
            raise Invalid.at("/count", "required.session_count")
        day = now.astimezone(clinic_zone(request.clinic.pk)).date()
        _series, appointments = series.book_series(
            patient_id=patient.pk, plan=form.plan(day), times=times, by=request.actor, at=now
        )
        toasts.success(request, _("Booked: {n} sessions.").format(n=len(appointments)))
        return redirect("patient_appointments", patient.pk)
    if not times:
        raise Invalid.at("/slot", "required.slot")
    into, proposed = form.cleaned_data["into"], "proposed" in request.POST
    appointment = actions.book(
        patient_id=patient.pk,
        type_id=UUID(form.cleaned_data["type"]),
        time=times[0],
        proposed=proposed,
        length_min=form.cleaned_data["length_min"],
        series_id=UUID(into) if into else None,
        by=request.actor,
        at=now,
    )
    toasts.success(request, _("Tentatively booked.") if proposed else _("Booked."))
    if queries.same_day(appointment):
        toasts.warning(request, labels.NOT_THE_ONLY_ONE)
    return redirect("appointment", appointment.pk)


@page(scope="scheduling:read", action="page.patient.appointments", methods="GET")
def patient_list(request: PageRequest, patient_id: UUID) -> HttpResponse:
    """All of a patient's appointments and series."""
    patient = patient_of(request, patient_id)
    people = identities(clinic_id=request.clinic.pk, patient_id=patient_id)
    now = timezone.now()
    rows = list(patient_appointments(request, patient).with_names().order_by("-starts_at")[:100])
    plans = list(Series.objects.filter(patient_id__in=people).select_related("type").order_by("-pk"))
    sessions_left = worklist_sync.all_sessions_left(plans)
    context = {
        "patient": patient,
        "words": labels,
        "ahead": [row for row in reversed(rows) if row.ends_at > now],
        "past": [row for row in rows if row.ends_at <= now],
        "plans": [(plan, sessions_left[plan.pk]) for plan in plans],
        "months": RECALL_MONTHS,
        "may_book": "scheduling:write" in request.actor.scopes,
    }
    return render(request, "scheduling/patient_appointments.html", context)


@page(scope="scheduling:write", action="page.series.end", methods="POST")
def end_series(request: PageRequest, series_id: UUID) -> HttpResponse:
    series_list = Series.objects.filter(pk=series_id).first()
    if series_list is None:
        raise NotFound
    request.trace.saw(series_list.patient_id)
    series.end_series(
        series_id=series_list.pk, revision=seen_revision(request.POST), by=request.actor, at=timezone.now()
    )
    return redirect("patient_appointments", series_list.patient_id)


@page(scope="scheduling:write", action="page.waitlist.join", methods="POST")
def join_waitlist(request: PageRequest, patient_id: UUID) -> HttpResponse:
    """Wait for what was looked for."""
    patient = patient_of(request, patient_id)
    form = Find(request.POST, clinic_id=request.clinic.pk, plans=list_open_series(request, patient))
    if not form.is_valid():
        return render_booking(request, patient, form)
    cleaned_data = form.cleaned_data
    later = patient_appointments(request, patient).filter(
        status__in=rules.UPCOMING, starts_at__gt=timezone.now(), type_id=cleaned_data["type"]
    )
    sooner = later.in_order().first() if "sooner" in request.POST else None
    try:
        waitlist.join(
            patient_id=patient.pk,
            type_id=UUID(cleaned_data["type"]),
            weekdays=cleaned_data["weekdays"],
            length_min=form.kind().length_min,
            therapist_id=UUID(cleaned_data["therapist"]) if cleaned_data["therapist"] else None,
            from_time=cleaned_data["from_time"],
            until_time=cleaned_data["until_time"],
            from_date=cleaned_data["from_date"],
            instead_of_id=sooner.pk if sooner else None,
            by=request.actor,
            at=timezone.now(),
        )
    except (Conflict, Invalid) as refusal:
        return render_booking(request, patient, form, refusal=refusal)
    toasts.success(request, _("Added to the waitlist."))
    return redirect("waitlist")


@page(scope="scheduling:write", action="page.recall", methods="POST")
def recall(request: PageRequest, patient_id: UUID) -> HttpResponse:
    """Have them come up on the worklist in so many months."""
    patient = patient_of(request, patient_id)
    zone = clinic_zone(request.clinic.pk)
    months = request.POST.get("months", "")
    if months not in map(str, RECALL_MONTHS):
        raise Invalid.at("/months", "invalid.recall_months", choices=RECALL_MONTHS)
    day = timezone.now().astimezone(zone).date() + timedelta(days=round(int(months) * 30.44))
    due = at_wall(datetime.combine(day, time(9)), zone)
    worklist_sync.recall(patient_id=patient.pk, due_at=due, by=request.actor, at=timezone.now())
    toasts.success(request, _("Added to the worklist for {day}.").format(day=f"{day:%d.%m.%Y}"))
    return redirect("patient_appointments", patient.pk)


@page(scope="scheduling:write", action="page.appointment.new", methods="GET POST")
def choose_patient(request: PageRequest) -> HttpResponse:
    """Who is it for? The time that was tapped in the calendar goes along. By POST: a name belongs in no address."""
    request.trace.reads = True
    text = request.POST.get("q", "").strip()[:100]
    people = Patient.objects.living_record().filter(status="in_care")
    people_found = list(matching(people, text, first=12, status="in_care").in_name_order()) if text else []
    request.trace.saw(*(person.pk for person in people_found))
    tapped = {name: request.GET.get(name, "")[:36] for name in ("at", "therapist", "room")}
    context = {"q": text, "found": people_found, **tapped}
    return render(request, "scheduling/choose_patient.html", context)
