"""What is read of appointments: calendars, a patient's list, figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from accounts.models import Membership, User
from accounts.queries import clinic_zone
from clock.wall_clock import begin_of
from database.sql import run_prepared
from patients.queries import identities
from scheduling import rules
from scheduling.availability import slots
from scheduling.models import Appointment, Room, Series


def therapists(clinic_id: UUID) -> list[User]:
    """The clinic's therapists, by name."""
    members = Membership.objects.active().filter(clinic_id=clinic_id, role="therapist")
    return list(User.objects.filter(pk__in=members.values("user_id")).order_by("name", "pk"))


def rooms() -> list[Room]:
    active = Room.objects.filter(is_active=True, site__is_active=True)
    return list(active.select_related("site").order_by("site__name", "name"))


def ahead(patient_ids: list[UUID], at: datetime, *, limit: int = 10) -> list[Appointment]:
    """A patient's next appointments."""
    coming = Appointment.objects.of_patients(patient_ids).holding().filter(ends_at__gt=at)
    return list(coming.with_names().in_order()[:limit])


def same_day(appointment: Appointment) -> list[Appointment]:
    """The patient's other appointments on the day of this one, by the clinic's clock."""
    return same_days([appointment])[appointment.pk]


def same_days(appointments: Sequence[Appointment]) -> dict[UUID, list[Appointment]]:
    """
    Return each appointment's others: those of the same patient on the same day, by the clinic's clock.

    Two statements a patient, however many appointments.
    """
    others: dict[UUID, list[Appointment]] = {appointment.pk: [] for appointment in appointments}
    by_patient: dict[UUID, list[Appointment]] = defaultdict(list)
    for appointment in appointments:
        by_patient[appointment.patient.in_use.pk].append(appointment)
    for patient_id, own in by_patient.items():
        zone = clinic_zone(own[0].clinic_id)
        people = identities(clinic_id=own[0].clinic_id, patient_id=patient_id)
        days = {appointment.pk: appointment.starts_at.astimezone(zone).date() for appointment in own}
        begins, ends = begin_of(min(days.values()), zone), begin_of(max(days.values()) + timedelta(days=1), zone)
        rows = Appointment.objects.of_patients(people).holding().filter(starts_at__gte=begins, starts_at__lt=ends)
        booked = [(row, row.starts_at.astimezone(zone).date()) for row in rows.with_names().in_order()]
        for pk, day in days.items():
            others[pk] = [row for row, its_day in booked if its_day == day and row.pk != pk]
    return others


def rest_of_day(clinic_id: UUID, therapist_id: UUID | None, at: datetime, *, limit: int = 30) -> list[Appointment]:
    """What is still to come today, for one therapist or everybody."""
    zone = clinic_zone(clinic_id)
    midnight = begin_of(at.astimezone(zone).date() + timedelta(days=1), zone)
    rows = Appointment.objects.holding().exclude(status=rules.FULFILLED).between(at - timedelta(hours=1), midnight)
    if therapist_id is not None:
        rows = rows.filter(therapist_id=therapist_id)
    return list(rows.with_names().in_order()[:limit])


# --- Calendar -------------------------------------------------------------------------------------------------


class Visit(NamedTuple):
    """One appointment, as a calendar shows it."""

    id: UUID
    patient_id: UUID
    given_names: str
    family_name: str
    therapist_id: UUID
    therapist: str
    room_id: UUID | None
    room: str | None
    kind: str
    starts_at: datetime
    ends_at: datetime
    status: str
    number: int | None
    revision: int


VISIT = (
    "pk", "patient_id", "patient__given_names", "patient__family_name", "therapist_id", "therapist__name",
    "room_id", "room__name",
    "type__name", "starts_at", "ends_at", "status", "number", "revision",
)  # fmt: skip


@dataclass
class Column:
    """One therapist or room of a calendar, with its appointments and working hours by day."""

    id: UUID | None
    name: str
    visits: dict[date, list[Visit]] = field(default_factory=lambda: defaultdict(list))
    hours: dict[date, list[tuple[datetime, datetime]]] = field(default_factory=lambda: defaultdict(list))


def calendar(
    clinic_id: UUID, *, first: date, days: int, by: str, only: UUID | None = None, zone: ZoneInfo
) -> list[Column]:
    """
    The appointments of some days, by therapist or by room; so many queries however many there are.

    :param by: `therapist` or `room`
    """
    after, until = begin_of(first, zone), begin_of(first + timedelta(days=days), zone)
    people, places = therapists(clinic_id), rooms()
    names: list[tuple[UUID | None, str]]
    if by == "room":
        names = [*((room.pk, f"{room.name} ({room.site.name})") for room in places), (None, _("Online"))]
    else:
        names = [(person.pk, person.name) for person in people]
    columns = {pk: Column(pk, name) for pk, name in names if only is None or pk == only}
    appointments = Appointment.objects.between(after, until).exclude(status=rules.CANCELLED).in_order()
    for visit in map(Visit._make, appointments.values_list(*VISIT)):
        key, name = (visit.room_id, visit.room or "") if by == "room" else (visit.therapist_id, visit.therapist)
        if key not in columns and only is None:
            columns[key] = Column(key, name)  # somebody who left, a room that was given up: what is booked stays seen
        column = columns.get(key)
        if column is not None:
            column.visits[visit.starts_at.astimezone(zone).date()].append(visit)
    for gap in hours_of([p.pk for p in people], clinic_id, after, until):
        column = columns.get(gap.room_id if by == "room" else gap.therapist_id)
        if column is not None:
            column.hours[gap.starts_at.astimezone(zone).date()].append((gap.starts_at, gap.ends_at))
    return list(columns.values())


def hours_of(people: list[UUID], clinic_id: UUID, after: datetime, until: datetime) -> list[rules.FreeGap]:
    """When these therapists work, in a room or online, on the days asked for."""
    spans = slots.working(clinic_id, therapists=people, first=after, until=until)
    return [span for span in spans if span.starts_at < until and span.ends_at > after]


# --- Figures --------------------------------------------------------------------------------------------------

FIGURES_BACK = timedelta(days=27)  # with the last day, four weeks
FIGURES_MOST = timedelta(days=366)


@dataclass(frozen=True)
class Figures:
    """
    One therapist (or all: None) over some days. A share is None where there is nothing to share.

    :ivar open_min: minutes of working hours
    :ivar used_min: minutes of appointments that took place or still hold their time
    :ivar ended: appointments that came to their time: done, missed
    :ivar missed: of those, how many did not come
    :ivar late_cancelled: cancelled by the patient within the clinic's window
    :ivar lead_days: from booking to visit, the median
    """

    therapist_id: UUID | None
    name: str
    open_min: int
    used_min: int
    ended: int
    missed: int
    cancelled: int
    late_cancelled: int
    lead_days: float | None

    @property
    def utilisation(self) -> float | None:
        return rules.share(self.used_min, self.open_min)

    @property
    def noshow_rate(self) -> float | None:
        return rules.share(self.missed, self.ended)


# SQL, because the ORM has no grouping sets: one pass gives each therapist and, without an id, all together. As model
# objects a clinic's year took 5 seconds and 44 MB.
FIGURES = """
    SELECT a.therapist_id,
        coalesce(sum(floor(extract(epoch FROM a.ends_at - a.starts_at) / 60))
            FILTER (WHERE a.status = ANY (%(holding)s)), 0),
        count(*) FILTER (WHERE a.status = ANY (%(begun)s)),
        count(*) FILTER (WHERE a.status = %(noshow)s),
        count(*) FILTER (WHERE a.status = %(cancelled)s),
        count(*) FILTER (WHERE a.status = %(cancelled)s AND a.cancelled_by = %(patient)s
            AND a.starts_at - coalesce(c.at, a.booked_at) < %(window)s),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM a.starts_at - a.booked_at) / 86400)
            FILTER (WHERE a.status = ANY (%(holding)s) AND a.starts_at > a.booked_at)
    FROM scheduling_appointment a
    LEFT JOIN LATERAL (
        SELECT at FROM scheduling_change
        -- Of the visit first: then nothing is looked for where it was not cancelled by the patient.
        WHERE a.status = %(cancelled)s AND a.cancelled_by = %(patient)s
            AND clinic_id = a.clinic_id AND appointment_id = a.id AND what = %(cancelled)s
        ORDER BY id DESC LIMIT 1
    ) c ON true
    WHERE a.clinic_id = %(clinic)s AND a.starts_at >= %(after)s AND a.starts_at < %(until)s
    GROUP BY GROUPING SETS ((a.therapist_id), ())
"""


def figures(clinic_id: UUID, *, first: date, last: date, zone: ZoneInfo) -> list[Figures]:
    """By therapist, and all together at the end; both days are included."""
    after, until = begin_of(first, zone), begin_of(last + timedelta(days=1), zone)
    people = therapists(clinic_id)
    stretches: dict[UUID, list[tuple[datetime, datetime]]] = defaultdict(list)
    for gap in hours_of([p.pk for p in people], clinic_id, after, until):
        stretches[gap.therapist_id].append((gap.starts_at, gap.ends_at))
    open_min = {pk: rules.minutes(some) for pk, some in stretches.items()}
    values = {
        "clinic": clinic_id,
        "after": after,
        "until": until,
        "window": timedelta(hours=slots.booking_of(clinic_id).cancel_until_hours),
        "holding": rules.HOLDING,
        "begun": [code for code, status in rules.STATUSES.items() if status.begun],
        "noshow": rules.NOSHOW,
        "cancelled": rules.CANCELLED,
        "patient": rules.BY_PATIENT,
    }
    counts = {therapist_id: counted for therapist_id, *counted in run_prepared(FIGURES, values)}
    known = {person.pk for person in people}
    people += User.objects.filter(pk__in=counts.keys() - known - {None}).order_by("name", "pk")
    result = [_figures(p.pk, p.name, open_min.get(p.pk, 0), counts.get(p.pk)) for p in people]
    return [*result, _figures(None, "", sum(open_min.values()), counts.get(None))]


def _figures(pk: UUID | None, name: str, open_min: int, counted: list[Any] | None) -> Figures:
    used, ended, missed, cancelled, late, lead_days = counted or (0, 0, 0, 0, 0, None)
    lead = None if lead_days is None else round(lead_days, 1)
    return Figures(pk, name, open_min, int(used), ended, missed, cancelled, late, lead)


def summarize_series(first: date, last: date) -> dict[str, Any]:
    """Of the series that began in these days: how many sessions were planned, booked, done; how many as planned."""
    counted = Series.objects.filter(starts_on__gte=first, starts_on__lte=last).annotate(
        held=Count("appointments", filter=Q(appointments__status__in=rules.HOLDING)),
        done=Count("appointments", filter=Q(appointments__status=rules.FULFILLED)),
    )
    rows = list(counted)
    whole = [row for row in rows if row.held >= row.count]
    return {
        "series": len(rows),
        "planned": sum(row.count for row in rows),
        "held": sum(row.held for row in rows),
        "done": sum(row.done for row in rows),
        "as_planned": len(whole),
        "share_as_planned": rules.share(len(whole), len(rows)),
    }
