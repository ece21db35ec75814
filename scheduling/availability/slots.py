"""
Which time is free. PostgreSQL subtracts what is booked and closed from the hours (multiranges), so one query answers
for all therapists and weeks at once; only the gaps come back, and are cut into slots here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from accounts.models import Competency, Membership
from accounts.queries import clinic_zone
from clock.wall_clock import begin_of
from database.sql import run_prepared
from errors.exceptions import Problems
from patients.queries import identities
from scheduling import rules
from scheduling.models import Appointment, AppointmentType, Booking, Hours, Room
from treatments.models import Intervention
from treatments.rules import TECHNIQUES
from worklist.rules import LOOKED_AHEAD_DAYS, on_weekdays

SOON, FEW = timedelta(weeks=2), 200  # so far is looked first, for so few slots

# SQL here and below, for the arithmetic of multiranges, which the ORM does not have.
# The hours of each day, by the wall clock, without what is closed. Where the clock is put forward, an end may come to
# lie before its beginning; then it is nothing.
WORK = """
    days AS (
        SELECT day::date AS day, extract(isodow FROM day)::int - 1 AS weekday
        FROM generate_series(%(first)s::date::timestamp, %(last)s::date::timestamp, interval '1 day') AS day
        WHERE (%(weekdays)s::int[] = '{}' OR extract(isodow FROM day)::int - 1 = ANY (%(weekdays)s::int[]))
            AND (%(only)s::date[] IS NULL OR day::date = ANY (%(only)s::date[]))
    ),
    hours AS (
        SELECT h.user_id, h.room_id, d.day, h.from_time, h.until_time
        FROM scheduling_hours h JOIN days d ON d.weekday = h.weekday
        WHERE h.clinic_id = %(clinic)s AND (h.from_date IS NULL OR h.from_date <= d.day)
            AND (h.until_date IS NULL OR h.until_date >= d.day)
        UNION ALL
        SELECT e.user_id, e.room_id, d.day, e.from_time, e.until_time
        FROM scheduling_extrahours e JOIN days d ON d.day = e.day
        WHERE e.clinic_id = %(clinic)s
    ),
    closed AS (
        SELECT c.user_id, c.site_id, range_agg(tstzrange(wall.first, greatest(wall.first, wall.last))) AS stretches
        FROM scheduling_closure c JOIN days d ON d.day BETWEEN c.first_day AND c.last_day
            CROSS JOIN LATERAL (SELECT
                (d.day + coalesce(c.from_time, '00:00')) AT TIME ZONE %(zone)s AS first,
                CASE WHEN c.until_time IS NULL THEN (d.day + 1)::timestamp ELSE d.day + c.until_time END
                    AT TIME ZONE %(zone)s AS last
            ) AS wall
        WHERE c.clinic_id = %(clinic)s AND %(closed)s
        GROUP BY c.user_id, c.site_id
    ),
    work AS (
        SELECT h.user_id, CASE WHEN %(online)s THEN NULL ELSE h.room_id END AS room_id,
            range_agg(tstzrange(wall.first, greatest(wall.first, wall.last))) - coalesce((
                SELECT range_agg(one) FROM closed c
                    LEFT JOIN scheduling_room r ON r.id = h.room_id, unnest(c.stretches) AS one
                WHERE (c.user_id IS NULL OR c.user_id = h.user_id) AND (c.site_id IS NULL OR c.site_id = r.site_id)
            ), '{}') AS stretches
        FROM hours h CROSS JOIN LATERAL (SELECT
            (h.day + greatest(h.from_time, %(from_time)s::time)) AT TIME ZONE %(zone)s AS first,
            (h.day + least(h.until_time, %(until_time)s::time)) AT TIME ZONE %(zone)s AS last
        ) AS wall
        WHERE greatest(h.from_time, %(from_time)s::time) < least(h.until_time, %(until_time)s::time)
            AND h.user_id = ANY (%(therapists)s::uuid[])
            AND (%(online)s OR %(anywhere)s OR h.room_id = ANY (%(rooms)s::uuid[]))
        GROUP BY h.user_id, h.room_id
    )
"""
GAPS = f"""
    WITH {WORK},
    wanted AS (
        SELECT user_id, room_id, stretches * tstzmultirange(tstzrange(%(after)s, %(until)s)) AS stretches FROM work
    ),
    ends AS (
        SELECT user_id, room_id, upper(stretch) AS last,
            lead(lower(stretch)) OVER (PARTITION BY user_id, room_id ORDER BY lower(stretch)) AS next
        FROM wanted, unnest(wanted.stretches) AS stretch
    ),
    -- The buffer of the last appointment may lie after the hours. Two stretches that it would join stay two.
    buffers AS (
        SELECT user_id, room_id, range_agg(tstzrange(last, last + %(buffer)s)) AS stretches FROM ends
        WHERE next IS NULL OR next > last + %(buffer)s GROUP BY user_id, room_id
    ),
    booked AS MATERIALIZED (
        SELECT therapist_id, room_id, patient_id, starts_at, ends_at, blocked_until
        FROM scheduling_appointment
        WHERE clinic_id = %(clinic)s AND status = ANY (%(holding)s) AND id <> ALL (%(but)s::uuid[])
            AND starts_at < %(until)s + %(buffer)s AND starts_at > %(after)s - interval '1 day'
    ),
    of_therapist AS (
        SELECT user_id AS therapist_id, stretches
        FROM scheduling_busy(%(therapists)s::uuid[], %(after)s, %(until)s + %(buffer)s, %(but)s::uuid[])
    ),
    of_room AS (
        SELECT room_id, range_agg(tstzrange(starts_at, blocked_until)) AS stretches FROM booked
        WHERE room_id IS NOT NULL GROUP BY 1
    ),
    of_patient AS (
        SELECT coalesce(range_agg(tstzrange(starts_at, ends_at)), '{{}}') AS stretches FROM booked
        WHERE patient_id = %(patient)s
    ),
    free AS (
        SELECT w.user_id, w.room_id, w.stretches + coalesce(b.stretches, '{{}}')
            - coalesce(t.stretches, '{{}}') - coalesce(r.stretches, '{{}}') - p.stretches AS stretches
        FROM wanted w LEFT JOIN buffers b ON b.user_id = w.user_id AND b.room_id IS NOT DISTINCT FROM w.room_id
            LEFT JOIN of_therapist t ON t.therapist_id = w.user_id
            LEFT JOIN of_room r ON r.room_id = w.room_id CROSS JOIN of_patient p
    )
    SELECT user_id, room_id, lower(gap), upper(gap)
    FROM free, unnest(free.stretches) AS gap
    WHERE upper(gap) - lower(gap) >= %(length)s
    ORDER BY lower(gap), user_id, room_id
    LIMIT %(most)s
"""  # noqa: S608 - all of it is ours
WORKING = f"""
    WITH {WORK}
    SELECT user_id, room_id, lower(stretch), upper(stretch) FROM work, unnest(work.stretches) AS stretch
    ORDER BY lower(stretch), user_id
"""  # noqa: S608 - all of it is ours


@dataclass(frozen=True)
class Search:
    """
    What is looked for. Empty or None: anything.

    :ivar after: the earliest moment
    :ivar until: the moment before which it has to end
    """

    after: datetime
    until: datetime
    therapists: Sequence[UUID] = ()
    rooms: Sequence[UUID] = ()
    weekdays: Sequence[int] = ()
    from_time: time | None = None
    until_time: time | None = None
    patient_id: UUID | None = None
    but: Sequence[UUID] = field(default=())


def booking_of(clinic_id: UUID) -> Booking:
    """The clinic's way of booking; the defaults, if nobody has changed them."""
    booking = Booking.objects.filter(pk=clinic_id).first()
    return booking or Booking(clinic_id=clinic_id, remind_hours=[24])


def therapists_for(kind: AppointmentType, *, on: date) -> list[UUID]:
    """Who may be booked for it on that day: therapists of the clinic, named by the type, competent where it asks."""
    memberships = (
        Membership.objects.active().filter(clinic_id=kind.clinic_id, role="therapist").order_by("user__name", "user_id")
    )
    if kind.therapists:
        memberships = memberships.filter(user_id__in=kind.therapists)
    ids = list(memberships.values_list("user_id", flat=True))
    if kind.technique:
        competent = Competency.objects.filter(technique=kind.technique).exclude(valid_until__lt=on)
        able = set(competent.values_list("user_id", flat=True))
        ids = [therapist_id for therapist_id in ids if therapist_id in able]
    return ids


def competent_until(kind: AppointmentType) -> dict[UUID, date]:
    """The last day of those whose competency for it ends."""
    if not kind.technique:
        return {}
    ending = Competency.objects.filter(technique=kind.technique, valid_until__isnull=False)
    return {therapist_id.user_id: therapist_id.valid_until for therapist_id in ending if therapist_id.valid_until}


def find_unknown(problems: Problems, *, therapists: Sequence[UUID], rooms: Sequence[UUID], clinic_id: UUID) -> None:
    """Name each id that is no active therapist, or no room, of the clinic."""
    members = Membership.objects.active().filter(clinic_id=clinic_id, role="therapist", user_id__in=therapists)
    known = set(members.values_list("user_id", flat=True)) if therapists else set()
    known_rooms = set(Room.objects.filter(pk__in=rooms).values_list("pk", flat=True)) if rooms else set()
    for place, pk in enumerate(therapists):
        if pk not in known:
            problems.add(f"/therapists/{place}", "unknown.therapist")
    for place, pk in enumerate(rooms):
        if pk not in known_rooms:
            problems.add(f"/rooms/{place}", "unknown.room")


def rooms_for(kind: AppointmentType) -> list[UUID]:
    """Where it may be; nowhere if it is online."""
    rooms = Room.objects.filter(is_active=True, site__is_active=True)
    if kind.rooms:
        rooms = rooms.filter(pk__in=kind.rooms)
    return [] if kind.online else list(rooms.values_list("pk", flat=True))


def gaps(kind: AppointmentType, search: Search, *, zone: ZoneInfo, most: int) -> list[rules.FreeGap]:
    """The first gaps in which the type fits with its buffer, in order."""
    fit = therapists_for(kind, on=search.after.astimezone(zone).date())
    therapists = [room for room in fit if not search.therapists or room in search.therapists]
    rooms = [room for room in rooms_for(kind) if not search.rooms or room in search.rooms]
    values = values_of(kind.clinic_id, search, zone, therapists, rooms, online=kind.online) | {
        "holding": rules.HOLDING,
        "but": list(search.but),
        "patient": search.patient_id,
        "length": kind.length + kind.buffer,
        "buffer": kind.buffer,
        "most": most,
    }
    return [rules.FreeGap(*row) for row in run_prepared(GAPS, values)]


def values_of(
    clinic_id: UUID, search: Search, zone: ZoneInfo, therapists: list[UUID], rooms: list[UUID], *, online: bool
) -> dict[str, object]:
    return {
        "clinic": clinic_id,
        "zone": zone.key,
        "after": search.after,
        "until": search.until,
        "first": search.after.astimezone(zone).date(),
        "last": search.until.astimezone(zone).date(),
        "weekdays": list(search.weekdays),
        "from_time": search.from_time,
        "until_time": search.until_time,
        "therapists": therapists,
        "rooms": rooms,
        "online": online,
        "anywhere": False,
        "closed": True,
        "only": None,
    }


def list_needling_times(
    kind: AppointmentType, patient_id: UUID, *, after: datetime, but: Sequence[UUID] = ()
) -> list[datetime]:
    """When the patient was needled lately, and is booked for it; nothing if the type needles nobody."""
    if not kind.needles:
        return []
    people = identities(clinic_id=kind.clinic_id, patient_id=patient_id)
    piercing = [code for code, technique in TECHNIQUES.items() if technique.breaks_skin]
    since = after - timedelta(days=7)
    needled = Intervention.objects.filter(
        session__patient_id__in=people, technique__in=piercing, session__performed_at__gt=since
    )
    booked = Appointment.objects.of_patients(people).holding().filter(type__technique__in=piercing)
    return [
        *needled.values_list("session__performed_at", flat=True).distinct(),
        *booked.filter(starts_at__gt=since).exclude(pk__in=but).values_list("starts_at", flat=True),
    ]


def free(kind: AppointmentType, search: Search, *, limit: int) -> list[rules.Slot]:
    """
    The first free slots of a type, in order; of one that needles, only at its distance from other needling.

    The coming days are looked at first: mostly there is enough in them, and what was booked far ahead is not read.
    """
    zone = clinic_zone(kind.clinic_id)
    soon = begin_of((search.after + SOON).astimezone(zone).date(), zone)
    if limit <= FEW and search.after < soon < search.until:
        free_slots = _free(kind, replace(search, until=soon), limit=limit, zone=zone)
        if len(free_slots) >= limit:
            return free_slots
    return _free(kind, search, limit=limit, zone=zone)


def _free(kind: AppointmentType, search: Search, *, limit: int, zone: ZoneInfo) -> list[rules.Slot]:
    step, whole = timedelta(minutes=booking_of(kind.clinic_id).step_min), kind.length + kind.buffer
    most = limit * 2 + 40  # a gap may be lost to the grid
    ends = competent_until(kind)
    taken = (
        list_needling_times(kind, search.patient_id, after=search.after, but=search.but) if search.patient_id else []
    )
    while True:
        free_gaps = gaps(kind, search, zone=zone, most=most)
        fit = [
            clear_gap
            for gap in free_gaps
            for clear_gap in rules.clear_gaps(gap, taken, least_gap=rules.NEEDLING_GAP, length=whole)
            if clear_gap.therapist_id not in ends
            or clear_gap.starts_at.astimezone(zone).date() <= ends[clear_gap.therapist_id]
        ]
        cut = rules.slots(fit, length=whole, step=step, zone=zone, limit=limit)
        if len(cut) >= limit or len(free_gaps) < most:
            return cut
        most *= 4


def working(
    clinic_id: UUID,
    *,
    therapists: list[UUID],
    first: datetime,
    until: datetime,
    rooms: list[UUID] | None = None,
    online: bool = False,
    closed: bool = True,
    only: Collection[date] | None = None,
) -> list[rules.FreeGap]:
    """
    When these therapists work, without regard to what is booked.

    :param rooms: in these rooms only; None: in any, and online
    :param online: wherever they are, for an appointment that needs no room
    :param closed: without the time in which it is closed
    :param only: on these days only, by the clinic's calendar
    """
    zone = clinic_zone(clinic_id)
    values = values_of(clinic_id, Search(first, until), zone, therapists, rooms or [], online=online)
    values |= {"anywhere": rooms is None, "closed": closed, "only": None if only is None else list(only)}
    return [rules.FreeGap(*row) for row in run_prepared(WORKING, values)]


def working_days(clinic_id: UUID, after: date) -> Callable[[date], bool]:
    """Tells of each day of the month after that day whether anybody works; Monday to Friday if no hours are entered."""
    therapists = list(Hours.objects.values_list("user_id", flat=True).distinct())
    if not therapists:
        return on_weekdays
    zone = clinic_zone(clinic_id)
    first, until = begin_of(after, zone), begin_of(after + timedelta(days=LOOKED_AHEAD_DAYS + 1), zone)
    spans = working(clinic_id, therapists=therapists, first=first, until=until)
    return {gap.starts_at.astimezone(zone).date() for gap in spans}.__contains__
