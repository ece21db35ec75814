from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.queries import clinic_zone
from api.fields import names_of, parse
from api.pagination import Page, invalid_parameter, moment
from api.parameters import day_of, moment_of, number_of, parameter, uuid_of, uuids_of, wall_time_of
from api.schema import PAGED
from api.views import ClinicView, etag
from audit import actions as audit
from patients.queries import identities
from scheduling import queries, rules
from scheduling.api import serializers as shapes
from scheduling.availability import slots
from scheduling.booking import actions, locks
from scheduling.booking.locks import Time
from scheduling.models import Appointment, Series
from scheduling.series import actions as series

TAG = ["scheduling"]


def appointment_json(found: Appointment) -> dict[str, Any]:
    return {
        "id": found.pk,
        "patient_id": found.patient_id,
        "type_id": found.type_id,
        "therapist_id": found.therapist_id,
        "room_id": found.room_id,
        "starts_at": found.starts_at,
        "ends_at": found.ends_at,
        "status": found.status,
        "fhir_status": found.state.fhir,
        "cancelled_by": found.cancelled_by,
        "reason": found.reason,
        "note": found.note,
        "series_id": found.series_id,
        "number": found.number,
        "held_until": found.held_until,
        "status_at": found.status_at,
        "outside_hours": found.outside_hours,
        "booked_at": found.booked_at,
        "revision": found.revision,
    }


def booked_json(appointments: Sequence[Appointment]) -> list[dict[str, Any]]:
    """Appointments that were booked or moved, each with the patient's others of that day."""
    others = queries.same_days(appointments)
    return [
        {**appointment_json(appointment), "same_day": [other.pk for other in others[appointment.pk]]}
        for appointment in appointments
    ]


def answer_booked(appointment: Appointment, number: int = status.HTTP_201_CREATED) -> Response:
    headers = {"ETag": etag(appointment.revision)}
    if number == status.HTTP_201_CREATED:
        headers["Location"] = f"/api/v1/appointments/{appointment.pk}/"
    return Response(booked_json([appointment])[0], status=number, headers=headers)


def answer(appointment: Appointment) -> Response:
    return Response(appointment_json(appointment), headers={"ETag": etag(appointment.revision)})


def time_of(body: dict[str, Any]) -> Time:
    return Time(body["starts_at"], body["therapist_id"], body["room_id"])


# --- Appointments ---------------------------------------------------------------------------------------------


class Appointments(ClinicView):
    scopes = {"get": "scheduling:read", "post": "scheduling:write"}
    audit_action = {"get": "appointment.list", "post": "appointment.book"}

    @extend_schema(
        operation_id="appointments_list",
        tags=TAG,
        responses=shapes.AppointmentPage,
        parameters=[
            *PAGED,
            parameter("since", datetime, "ends after"),
            parameter("until", datetime, "begins before"),
            parameter("patient_id", UUID),
            parameter("therapist_id", UUID),
            parameter("room_id", UUID),
            OpenApiParameter("status", str, enum=list(rules.STATUSES)),
        ],
    )
    def get(self, request: Request) -> Response:
        """Appointments in order of their beginning."""
        page = Page(request, key_types=[moment, UUID])
        appointments = Appointment.objects.visible_to(self.actor)
        since, until = moment_of(request, "since"), moment_of(request, "until")
        if since:
            appointments = appointments.ending_after(since)
        if until:
            appointments = appointments.filter(starts_at__lt=until)
        if patient_id := uuid_of(request, "patient_id"):
            appointments = appointments.of_patients(identities(clinic_id=self.actor.clinic_id, patient_id=patient_id))
        for name in ("therapist_id", "room_id"):
            if patient_id_row := uuid_of(request, name):
                appointments = appointments.filter(**{name: patient_id_row})
        if statuses := request.query_params.get("status"):
            if statuses not in rules.STATUSES:
                raise invalid_parameter("status", "invalid.choice", choices=list(rules.STATUSES))
            appointments = appointments.filter(status=statuses)
        rows = page.rows(appointments, "starts_at")
        self.saw(*{row.patient_id for row in rows[: page.limit]})
        return Response(
            page.answer(
                rows, lambda a: [a.starts_at.isoformat(), a.pk], lambda some: [appointment_json(a) for a in some]
            )
        )

    @extend_schema(
        operation_id="appointments_book",
        tags=TAG,
        request=shapes.AppointmentInput,
        responses={201: shapes.BookedOutput},
    )
    def post(self, request: Request) -> Response:
        """
        Book. If somebody was faster: 409 with `next_free`, the next three times.

        `same_day` names the patient's other appointments on that day: not refused, but worth a question.
        """
        body = parse(shapes.AppointmentInput, request.data)
        self.saw(body["patient_id"])
        appointment = actions.book(
            patient_id=body["patient_id"],
            type_id=body["type_id"],
            time=time_of(body),
            length_min=body["length_min"],
            note=body["note"],
            proposed=body["proposed"],
            outside_hours=body["outside_hours"],
            series_id=body["series_id"],
            by=self.actor,
            at=timezone.now(),
        )
        return answer_booked(appointment)


class AppointmentView(ClinicView):
    def get_appointment(self, appointment_id: UUID) -> Appointment:
        appointment = get_object_or_404(Appointment.objects.visible_to(self.actor), pk=appointment_id)
        self.saw(appointment.patient_id)
        return appointment


class OneAppointment(AppointmentView):
    scopes = {"get": "scheduling:read", "patch": "scheduling:write"}
    audit_action = {"get": "appointment.read", "patch": "appointment.annotate"}

    @extend_schema(operation_id="appointments_read", tags=TAG, responses=shapes.AppointmentOutput)
    def get(self, request: Request, appointment_id: UUID) -> Response:
        """One appointment."""
        return answer(self.get_appointment(appointment_id))

    @extend_schema(
        operation_id="appointments_annotate", tags=TAG, request=shapes.NoteInput, responses=shapes.AppointmentOutput
    )
    def patch(self, request: Request, appointment_id: UUID) -> Response:
        """Change the desk's note."""
        appointment = self.get_appointment(appointment_id)
        if "If-Match" not in request.headers:
            self.check_precondition(appointment.revision)
        locked = locks.get_for_update(appointment.pk, [])
        self.check_precondition(locked.revision)
        body = parse(shapes.NoteInput, request.data)
        return answer(
            actions.annotate(appointment_id=appointment.pk, note=body["note"], by=self.actor, at=timezone.now())
        )


class AppointmentMove(AppointmentView):
    scopes = {"post": "scheduling:write"}
    audit_action = {"post": "appointment.move"}

    @extend_schema(operation_id="appointments_move", tags=TAG, request=shapes.MoveInput, responses=shapes.BookedList)
    def post(self, request: Request, appointment_id: UUID) -> Response:
        """Move it; with `reach`, the later ones of its series or all of them by as much on the wall clock."""
        body = parse(shapes.MoveInput, request.data)
        self.get_appointment(appointment_id)
        moved = series.move_series(
            appointment_id=appointment_id,
            time=time_of(body),
            reach=body["reach"],
            length_min=body["length_min"],
            outside_hours=body["outside_hours"],
            revision=body["revision"],
            by=self.actor,
            at=timezone.now(),
        )
        return Response({"results": booked_json(moved)})


class AppointmentSwap(AppointmentView):
    scopes = {"post": "scheduling:write"}
    audit_action = {"post": "appointment.swap"}

    @extend_schema(operation_id="appointments_swap", tags=TAG, request=shapes.SwapInput, responses=shapes.BookedList)
    def post(self, request: Request, appointment_id: UUID) -> Response:
        """Let two appointments change places."""
        body = parse(shapes.SwapInput, request.data)
        self.get_appointment(appointment_id)
        pair = actions.swap(
            first_id=appointment_id,
            second_id=body["with_id"],
            revisions=(body["revision"], body["with_revision"]),
            by=self.actor,
            at=timezone.now(),
        )
        return Response({"results": booked_json(pair)})


class AppointmentStatus(AppointmentView):
    scopes = {"post": "scheduling:write"}
    audit_action = {"post": "appointment.status"}

    @extend_schema(
        operation_id="appointments_status", tags=TAG, request=shapes.StatusInput, responses=shapes.AppointmentOutput
    )
    def post(self, request: Request, appointment_id: UUID) -> Response:
        """
        Say how it stands. A cancellation says who cancelled and why, and with `reach` takes the later ones of its
        series along, or all that lie ahead, and ends it; a correction says `why`.
        """
        body = parse(shapes.StatusInput, request.data)
        self.get_appointment(appointment_id)
        values: dict[str, Any] = {"appointment_id": appointment_id, "by": self.actor, "at": timezone.now()}
        reach = body.pop("reach")
        if body["status"] == rules.CANCELLED and reach != rules.THIS:
            del body["status"]
            series.cancel_series(reach=reach, **body, **values)
            return answer(self.get_appointment(appointment_id))
        return answer(actions.set_status(**body, **values))


class AppointmentChanges(AppointmentView):
    scopes = {"get": "scheduling:read"}
    audit_action = {"get": "appointment.changes"}

    @extend_schema(operation_id="appointments_changes", tags=TAG, parameters=PAGED, responses=shapes.ChangePage)
    def get(self, request: Request, appointment_id: UUID) -> Response:
        """What was changed in it, by whom, when and why; oldest first."""
        page = Page(request, key_types=[UUID])
        rows = self.get_appointment(appointment_id).changes.order_by("id")
        if page.after:
            rows = rows.filter(pk__gt=page.after[0])
        names = names_of(shapes.ChangeOutput)
        page_rows = list(rows[: page.limit + 1])
        return Response(
            page.answer(page_rows, lambda c: [c.pk], lambda some: [{n: getattr(c, n) for n in names} for c in some])
        )


# --- Slots and series -----------------------------------------------------------------------------------------


class Slots(ClinicView):
    scopes = {"get": "scheduling:read"}
    audit_action = {"get": "slots.search"}

    @extend_schema(
        operation_id="slots_search",
        tags=TAG,
        responses=shapes.SlotList,
        parameters=[
            OpenApiParameter("type_id", UUID, required=True),
            parameter("since", datetime, "now, if absent"),
            parameter("length_min", int, "minutes; the type's, if absent"),
            parameter("weeks", int, "1 to 26; 4 if absent"),
            parameter("limit", int, "1 to 200; 20 if absent"),
            parameter("therapist_id", UUID, many=True),
            parameter("room_id", UUID, many=True),
            OpenApiParameter("weekday", int, enum=list(range(7)), many=True),
            parameter("from_time", time, "by the clinic's wall clock"),
            parameter("until_time", time),
            parameter("patient_id", UUID, "whose other appointments to keep clear of"),
        ],
    )
    def get(self, request: Request) -> Response:
        """The first free times, in order."""
        type_id = uuid_of(request, "type_id")
        if type_id is None:
            raise invalid_parameter("type_id", "invalid.appointment_type_missing")
        type_ = locks.find_type(type_id)
        type_ = type_.lasting(number_of(request, "length_min", *rules.LENGTH_MIN, type_.length_min))
        since = max(moment_of(request, "since") or timezone.now(), timezone.now())
        if since > timezone.now() + locks.FORWARDS:
            raise invalid_parameter("since", "invalid.too_far_ahead")
        weekdays = request.query_params.getlist("weekday")
        if any(day not in list("0123456") for day in weekdays):
            raise invalid_parameter("weekday", "invalid.weekday")
        search = slots.Search(
            since,
            since + timedelta(weeks=number_of(request, "weeks", 1, rules.MOST_WEEKS, 4)),
            therapists=uuids_of(request, "therapist_id"),
            rooms=uuids_of(request, "room_id"),
            weekdays=[int(day) for day in weekdays],
            from_time=wall_time_of(request, "from_time"),
            until_time=wall_time_of(request, "until_time"),
            patient_id=uuid_of(request, "patient_id"),
        )
        free_slots = slots.free(type_, search, limit=number_of(request, "limit", 1, 200, 20))
        return Response({"results": [slot_json(slot, type_.length) for slot in free_slots]})


def slot_json(one: rules.Slot, length: timedelta) -> dict[str, Any]:
    return {
        "starts_at": one.starts_at,
        "ends_at": one.starts_at + length,
        "therapist_id": one.therapist_id,
        "room_id": one.room_id,
    }


PLAN = names_of(shapes.PlanInput)


class SeriesProposal(ClinicView):
    scopes = {"post": "scheduling:read"}
    audit_action = {"post": "series.propose"}

    @extend_schema(operation_id="series_propose", tags=TAG, request=shapes.PlanInput, responses=shapes.ProposalOutput)
    def post(self, request: Request, patient_id: UUID) -> Response:
        """Where the sessions could be. Nothing is held yet."""
        self.saw(*identities(clinic_id=self.actor.clinic_id, patient_id=patient_id))
        plan = series.SeriesPlan(**parse(shapes.PlanInput, request.data))
        placed = series.propose(patient_id=patient_id, plan=plan, by=self.actor, at=timezone.now())
        audit.log("series.propose", by=self.actor, patient_ids=[patient_id])
        rows = [
            {
                "number": number + 1,
                "starts_at": slot.starts_at,
                "therapist_id": slot.therapist_id,
                "room_id": slot.room_id,
            }
            for number, slot in placed.slots.items()
        ]
        return Response({"placed": rows, "unplaced": [number + 1 for number in placed.unplaced]})


def series_json(found: Series) -> dict[str, Any]:
    names = ("revision", "patient_id", "type_id", "count", "weeks", "length_min", "starts_on", "note", "ended_at")
    appointments = sorted(found.appointments.all(), key=lambda one: (one.starts_at, one.pk))
    return {
        "id": found.pk,
        **{name: getattr(found, name) for name in names},
        "appointments": [appointment_json(appointment) for appointment in appointments],
    }


class PatientSeries(ClinicView):
    scopes = {"get": "scheduling:read", "post": "scheduling:write"}
    audit_action = {"get": "series.list", "post": "series.book"}

    @extend_schema(operation_id="series_list", tags=TAG, parameters=PAGED, responses=shapes.SeriesPage)
    def get(self, request: Request, patient_id: UUID) -> Response:
        """A patient's series, newest first, with their appointments."""
        page = Page(request, key_types=[UUID])
        people = identities(clinic_id=self.actor.clinic_id, patient_id=patient_id)
        self.saw(*people)
        series = Series.objects.filter(patient_id__in=people).prefetch_related("appointments")
        if page.after:
            series = series.filter(pk__lt=page.after[0])
        rows = list(series.order_by("-pk")[: page.limit + 1])
        return Response(page.answer(rows, lambda s: [s.pk], lambda some: [series_json(s) for s in some]))

    @extend_schema(
        operation_id="series_book", tags=TAG, request=shapes.SeriesInput, responses={201: shapes.SeriesOutput}
    )
    def post(self, request: Request, patient_id: UUID) -> Response:
        """Book a series: all of `times` or none. 409 names the `number` that was taken."""
        self.saw(*identities(clinic_id=self.actor.clinic_id, patient_id=patient_id))
        body = parse(shapes.SeriesInput, request.data)
        times = [time_of(time) for time in body.get("times", [])]
        appointments, _booked = series.book_series(
            patient_id=patient_id,
            plan=series.SeriesPlan(**{name: body[name] for name in PLAN}),
            times=times,
            note=body["note"],
            by=self.actor,
            at=timezone.now(),
        )
        return Response(series_json(appointments), status=status.HTTP_201_CREATED)


class OneSeries(ClinicView):
    scopes = {"get": "scheduling:read"}
    audit_action = {"get": "series.read"}

    @extend_schema(operation_id="series_read", tags=TAG, responses=shapes.SeriesOutput)
    def get(self, request: Request, series_id: UUID) -> Response:
        """One series, with its appointments."""
        series = get_object_or_404(Series.objects.filter(clinic_id=self.actor.clinic_id), pk=series_id)
        self.saw(series.patient_id)
        return Response(series_json(series), headers={"ETag": etag(series.revision)})


class SeriesEnd(ClinicView):
    scopes = {"post": "scheduling:write"}
    audit_action = {"post": "series.end"}

    @extend_schema(operation_id="series_end", tags=TAG, request=None, responses=shapes.SeriesOutput)
    def post(self, request: Request, series_id: UUID) -> Response:
        """No more of it is to be booked. What is booked stays."""
        series_list = get_object_or_404(Series.objects.filter(clinic_id=self.actor.clinic_id), pk=series_id)
        self.saw(series_list.patient_id)
        ended = series.end_series(
            series_id=series_list.pk, revision=self.read_revision(), by=self.actor, at=timezone.now()
        )
        return Response(series_json(ended), headers={"ETag": etag(ended.revision)})


# --- Figures --------------------------------------------------------------------------------------------------


class Figures(ClinicView):
    scopes = {"get": "scheduling:read"}
    audit_action = {"get": "scheduling.figures"}

    @extend_schema(
        operation_id="scheduling_figures",
        tags=TAG,
        responses=shapes.FiguresPage,
        parameters=[parameter("first", date, "four weeks back, if absent"), parameter("last", date, "today")],
    )
    def get(self, request: Request) -> Response:
        """Utilisation, no-shows with their denominator, lead time, series kept; by therapist and all together."""
        zone = clinic_zone(self.actor.clinic_id)
        today = timezone.now().astimezone(zone).date()
        last = day_of(request, "last", today)
        first = day_of(request, "first", last - queries.FIGURES_BACK)
        if not first <= last <= first + queries.FIGURES_MOST:
            raise invalid_parameter("last", "invalid.figures_last_day")
        figures = queries.figures(self.actor.clinic_id, first=first, last=last, zone=zone)
        names = names_of(shapes.FiguresOutput)
        rows = [{name: getattr(figure, name) for name in names} for figure in figures]
        return Response(
            {"first": first, "last": last, "therapists": rows, "series": queries.summarize_series(first, last)}
        )
