"""The demo's calendar: rooms, hours, a lived-in fortnight, a series, people who wait, and a morning's follow-ups."""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from accounts import policies
from accounts.models import Clinic, Membership, User
from clock.wall_clock import at_wall
from database import bulk
from database.expressions import new_id
from identity.actor import Actor
from patients.models import Patient
from scheduling import queries, rules, worklist_sync
from scheduling.booking import locks
from scheduling.models import Appointment, AppointmentType, Change, Hours, Room
from scheduling.series import actions as series
from scheduling.setup import actions as setup_actions
from scheduling.waitlist import actions as waitlist

TYPES = [
    ("Treatment", 30, 0, False, ""),
    ("First visit", 60, 0, False, ""),
    ("Dry needling", 30, 15, False, "dry_needling"),
    ("Video call", 20, 0, True, ""),
]
ROOMS = ["Room 1", "Room 2", "Room 3"]
BUSY = 0.6  # so much of the day is booked
SHARED = "locum@both.example"  # works in both clinics, on different days
DAYS_OF_SHARED = {"harbour": (0, 2, 4), "linden": (1, 3)}


def load(clinic: Clinic, now: datetime) -> None:
    """Make the calendar of one demo clinic, unless there is one. Call inside its scope."""
    if AppointmentType.objects.exists():
        return
    staff = Membership.objects.active().filter(role="staff").select_related("user")[0].user
    by = policies.actor_for_person(staff, clinic.pk, ip=None, request_id="demo", proved_at=timezone.now())
    assert by is not None
    therapists = queries.therapists(clinic.pk)
    kinds, rooms = _places(clinic, therapists, by)
    people = list(Patient.objects.living_record().filter(status="in_care").order_by("created_at", "pk"))
    zone = ZoneInfo(clinic.time_zone)
    _fortnight(clinic, people, therapists, rooms, kinds, zone, now)
    _waits_and_follows(people, kinds, zone, by, now)


def _works_on(therapist: User, clinic: Clinic, weekday: int) -> bool:
    return therapist.email != SHARED or weekday in DAYS_OF_SHARED.get(clinic.slug, ())


def _places(clinic: Clinic, therapists: list[User], by: Actor) -> tuple[list[AppointmentType], list[Room]]:
    site = setup_actions.save(kind="sites", values={"name": clinic.name, "address": "1 Quay Street"}, by=by)
    rooms = [setup_actions.save(kind="rooms", values={"site_id": site.pk, "name": name}, by=by) for name in ROOMS]
    bulk.insert(
        [
            Hours(
                id=new_id(),
                clinic_id=clinic.pk,
                user=therapist,
                room=rooms[number % len(rooms)],
                weekday=weekday,
                from_time=start,
                until_time=end,
            )
            for number, therapist in enumerate(therapists)
            for weekday in range(5)
            if _works_on(therapist, clinic, weekday)
            for start, end in ((time(8), time(12)), (time(13), time(17)))
        ]
    )
    for therapist in therapists:
        competent = {"user_id": therapist.pk, "technique": "dry_needling"}
        setup_actions.save(kind="competencies", values=competent, by=by)
    setup_actions.set_booking(values={"remind_hours": [24]}, by=by)
    kinds = [
        setup_actions.save(
            kind="appointment-types",
            by=by,
            values={"name": name, "length_min": length, "buffer_min": buffer, "online": online, "technique": technique},
        )
        for name, length, buffer, online, technique in TYPES
    ]
    holiday = date(timezone.now().year, 12, 25)
    setup_actions.save(
        kind="closures",
        values={"first_day": holiday, "last_day": holiday + timedelta(days=1), "note": "Holiday"},
        by=by,
    )
    return kinds, rooms


def _fortnight(
    clinic: Clinic,
    people: list[Patient],
    therapists: list[User],
    rooms: list[Room],
    kinds: list[AppointmentType],
    zone: ZoneInfo,
    now: datetime,
) -> None:
    """A week that was and one that is, written at once: what lies behind has its end, what lies ahead waits."""
    dice = random.Random(clinic.slug)  # noqa: S311 - a demo
    today = now.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    appointments: list[Appointment] = []
    for offset in range(-7, 14):
        day = monday + timedelta(days=offset)
        if day.weekday() > 4:
            continue
        free = people[:]
        dice.shuffle(free)
        for number, therapist in enumerate(therapists):
            if not _works_on(therapist, clinic, day.weekday()):
                continue
            for half in (time(8), time(13)):
                begin = at_wall(datetime.combine(day, half), zone)
                at = begin
                while at < begin + timedelta(hours=4) and free:
                    type_ = dice.choices(kinds[:3], weights=[6, 1, 2])[0]
                    whole = type_.length + type_.buffer
                    if dice.random() < BUSY and at + whole <= begin + timedelta(hours=4):
                        appointments.append(
                            _one(clinic, free.pop(), therapist, rooms[number % 3], type_, at, now, dice)
                        )
                        at += whole
                    else:
                        at += timedelta(minutes=30)
    bulk.insert(appointments)
    bulk.insert(
        [
            Change(
                id=new_id(),
                clinic_id=clinic.pk,
                appointment=appointment,
                at=appointment.booked_at,
                by_client="demo",
                what="booked",
                before={},
                after=locks.snapshot(appointment),
            )
            for appointment in appointments
        ]
    )


def _one(
    clinic: Clinic,
    patient: Patient,
    therapist: User,
    room: Room,
    kind: AppointmentType,
    at: datetime,
    now: datetime,
    dice: random.Random,
) -> Appointment:
    ends_at = at + kind.length
    if ends_at < now:
        status = dice.choices([rules.FULFILLED, rules.NOSHOW], weights=[15, 1])[0]
    elif at <= now:
        status = rules.IN_ROOM
    elif at - now < timedelta(minutes=40):
        status = rules.ARRIVED
    else:
        status = dice.choices([rules.BOOKED, rules.CONFIRMED], weights=[2, 1])[0]
    booked_at = min(now, at) - timedelta(days=dice.randint(1, 20))
    return Appointment(
        id=new_id(),
        clinic_id=clinic.pk,
        patient=patient,
        type=kind,
        therapist=therapist,
        room=room,
        starts_at=at,
        ends_at=ends_at,
        blocked_until=ends_at + kind.buffer,
        status=status,
        booked_at=booked_at,
        placed_at=booked_at,
        revision=1,
        status_at=at if rules.STATUSES[status].begun else booked_at,
    )


def _waits_and_follows(
    people: list[Patient], kinds: list[AppointmentType], zone: ZoneInfo, by: Actor, now: datetime
) -> None:
    for patient, weekdays in zip(people[-4:-1], ([], [0, 1, 2], [3, 4]), strict=False):
        options: dict[str, Any] = {"weekdays": weekdays}
        waitlist.join(patient_id=patient.pk, type_id=kinds[0].pk, by=by, at=now - timedelta(days=3), **options)
    start = now.astimezone(zone).date() + timedelta(days=21)
    plan = series.SeriesPlan(type_id=kinds[0].pk, count=8, weeks=4, starts_on=start)
    placed = series.propose(patient_id=people[5].pk, plan=plan, by=by, at=now)
    times = [locks.Time(slot.starts_at, slot.therapist_id, slot.room_id) for slot in placed.slots.values()]
    series.book_series(patient_id=people[5].pk, plan=plan, times=times[:6], by=by, at=now)
    worklist_sync.recall(patient_id=people[7].pk, due_at=now + timedelta(days=90), by=by, at=now)
    worklist_sync.sweep(by=by, at=now)
