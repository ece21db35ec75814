"""
The desk's two slow places, beside what a plain Django would do with the same rows in the same process: the first free
times of twelve weeks among 20 therapists and 10,000 appointments, and the calendar's week of all of them.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from datetime import time as clock
from pathlib import Path
from typing import Any

import psycopg

from clock.wall_clock import at_wall
from dev.stack import PYTHON, ROOT, Stack, say

THERAPISTS, WEEKS, APPOINTMENTS = 20, 12, 10_000
ROUNDS = 15
SEED = """
WITH c AS (
    INSERT INTO accounts_clinic (slug, name, country, time_zone, locale, rule_set, pressure_unit)
    VALUES ('desk', 'Desk', 'GB', 'Europe/London', 'en-GB', 'delphi2018_any2', 'kPa') RETURNING id
), u AS (
    INSERT INTO accounts_user (email, name, password, registration_no, is_active, is_superuser)
    SELECT 'desk' || n || '@bench.example', 'Therapist ' || n, '', '', true, false
    FROM generate_series(1, %(therapists)s) AS n RETURNING id, email
), m AS (
    INSERT INTO accounts_membership (clinic_id, user_id, role, is_active)
    SELECT c.id, u.id, 'therapist', true FROM c, u
), s AS (
    INSERT INTO scheduling_site (clinic_id, name, address, is_active) SELECT id, 'Quay', '', true FROM c RETURNING id
), r AS (
    INSERT INTO scheduling_room (clinic_id, site_id, name, is_active)
    SELECT c.id, s.id, 'Room ' || u.email, true FROM c, s, u RETURNING id, name
), pair AS (
    SELECT u.id AS user_id, r.id AS room_id, row_number() OVER () AS n FROM u JOIN r ON r.name = 'Room ' || u.email
), h AS (
    INSERT INTO scheduling_hours (clinic_id, user_id, room_id, weekday, from_time, until_time)
    SELECT c.id, pair.user_id, pair.room_id, d, f.a, f.b
    FROM c, pair, generate_series(0, 4) AS d, (VALUES ('08:00'::time, '12:00'::time), ('13:00', '17:00')) AS f (a, b)
), t AS (
    INSERT INTO scheduling_appointmenttype
        (clinic_id, name, length_min, buffer_min, online, technique, therapists, rooms, is_active)
    SELECT id, 'Treatment', 30, 0, false, '', '{}', '{}', true FROM c RETURNING id
), p AS (
    INSERT INTO patients_patient (clinic_id, family_name, given_names, sex, pronouns, language, time_zone,
        consent_email, consent_sms, consent_phone, address_line, city, state, postal_code, country, emergency_name,
        emergency_relationship, emergency_phone, status, sort_name, revision)
    SELECT c.id, 'Okafor' || n, 'Ada', 'unknown', '', '', '', 'granted', 'not_asked', 'not_asked', '', '', '', '', '',
        '', '', '', 'in_care', 'okafor' || n, 1
    FROM c, generate_series(1, 2000) AS n RETURNING id
), people AS (SELECT id, row_number() OVER () AS n FROM p),
slot AS (
    SELECT pair.user_id, pair.room_id, at, row_number() OVER (ORDER BY at, pair.n) AS n
    FROM pair, generate_series(date_trunc('week', now()), now() + interval '12 weeks', interval '30 min') AS at
    WHERE extract(isodow FROM at) < 6 AND (at AT TIME ZONE 'Europe/London')::time BETWEEN '08:00' AND '16:30'
        AND (at AT TIME ZONE 'Europe/London')::time NOT BETWEEN '12:00' AND '12:59'
)
INSERT INTO scheduling_appointment (clinic_id, patient_id, type_id, therapist_id, room_id, starts_at, ends_at,
    blocked_until, status, cancelled_by, reason, note, outside_hours, booked_at, revision)
SELECT c.id, people.id, t.id, slot.user_id, slot.room_id, at, at + interval '30 min', at + interval '30 min', 'booked',
    '', '', '', false, now(), 1
FROM c, t, slot JOIN people ON people.n = slot.n %% 2000 + 1
WHERE (hashint8(slot.n) & 1023) < %(part)s
ORDER BY at LIMIT %(appointments)s
"""


def run() -> None:
    with tempfile.TemporaryDirectory(prefix="palpate-bench-") as folder, Stack(Path(folder) / "data") as stack:
        assert stack.postgres is not None
        say("preparing 10,000 appointments ...")
        stack.prepare()
        with psycopg.connect(stack.postgres.url("postgres", "palpate"), autocommit=True) as connection:
            slots = THERAPISTS * WEEKS * 5 * 16
            values = {"therapists": THERAPISTS, "appointments": APPOINTMENTS, "part": int(1024 * 10_300 / slots)}
            connection.execute(SEED, values)
            connection.execute("VACUUM ANALYZE")
        subprocess.run([PYTHON, "-m", "bench.desk"], cwd=ROOT, env=stack.environment, check=True)


def time_call(act: Callable[[], Any]) -> float:
    """The median in ms, after one that warms up."""
    act()
    durations_ms = []
    for _round in range(ROUNDS):
        started = time.perf_counter()
        act()
        durations_ms.append(1000 * (time.perf_counter() - started))
    return statistics.median(durations_ms)


def inside() -> None:
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "clinic.settings"
    django.setup()
    from django.conf import settings

    from accounts.models import Clinic, User
    from database import tenancy

    settings.ALLOWED_HOSTS = ["*"]
    clinic = Clinic.objects.get(slug="desk")
    user = User.objects.filter(email="desk1@bench.example").get()
    with tenancy.scope(clinic.pk, user_id=user.pk):
        search(clinic)
    week(clinic, user)


def search(clinic: Any) -> None:
    from django.db import connection
    from django.utils import timezone

    from scheduling.availability import slots
    from scheduling.models import Appointment, AppointmentType

    appointment_type = AppointmentType.objects.get()
    now = timezone.now()
    search = slots.Search(now, now + timedelta(weeks=WEEKS))
    count = Appointment.objects.count()
    early = slots.Search(now, now + timedelta(weeks=WEEKS), from_time=clock(8), until_time=clock(9))
    ours, narrow = (
        time_call(lambda: slots.free(appointment_type, search, limit=20)),
        time_call(lambda: slots.free(appointment_type, early, limit=20)),
    )
    whole = time_call(lambda: slots.free(appointment_type, search, limit=4000))
    assert slots.free(appointment_type, search, limit=20) == plainly(appointment_type, now)
    plain = time_call(lambda: plainly(appointment_type, now))
    print(f"\nThe first 20 free times of {WEEKS} weeks, {THERAPISTS} therapists, {count:,} appointments")
    print(
        f"  Palpate                       {ours:6.1f} ms"
        f" (mornings before nine {narrow:.1f} ms, all of them {whole:.1f} ms)"
    )
    print(f"  plain Django, day by day      {plain:6.1f} ms     ratio {plain / ours:.1f}")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL jit = off")
    for line in plan(clinic, appointment_type, search):
        print("   ", line)


def plan(clinic: Any, kind: Any, wanted: Any) -> list[str]:
    from accounts.queries import clinic_zone
    from database.sql import run_prepared
    from scheduling import rules
    from scheduling.availability import slots

    zone = clinic_zone(clinic.pk)
    values = slots.values_of(
        clinic.pk, wanted, zone, slots.therapists_for(kind, on=wanted.after.date()), slots.rooms_for(kind), online=False
    ) | {"holding": rules.HOLDING, "but": [], "patient": None, "length": kind.length, "most": 80}
    lines = [
        row[0] for row in run_prepared("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY ON) " + slots.GAPS, values)
    ]
    return [line for line in lines if "Scan" in line or "Time" in line or "Index" in line]


def plainly(kind: Any, now: Any) -> list[Any]:
    """As one would first write it: therapist by therapist and day by day, until twenty are found."""
    from accounts.queries import clinic_zone
    from scheduling import rules
    from scheduling.availability import slots
    from scheduling.models import Appointment, Hours

    zone = clinic_zone(kind.clinic_id)
    free_slots: list[Any] = []
    for number in range(7 * WEEKS):
        day = (now.astimezone(zone) + timedelta(days=number)).date()
        for therapist_id in slots.therapists_for(kind, on=day):
            booked = list(Appointment.objects.holding().filter(therapist_id=therapist_id, starts_at__date=day))
            for hours in Hours.objects.filter(user_id=therapist_id, weekday=day.weekday()):
                at = at_wall(datetime.combine(day, hours.from_time), zone)
                end = at_wall(datetime.combine(day, hours.until_time), zone)
                while at + kind.length <= end:
                    if at >= now and all(at + kind.length <= b.starts_at or at >= b.blocked_until for b in booked):
                        free_slots.append(rules.Slot(at, therapist_id, hours.room_id))
                    at += timedelta(minutes=15)
        if len(free_slots) >= 20:
            break
    return sorted(free_slots, key=lambda s: (s.starts_at, str(s.therapist_id), str(s.room_id)))[:20]


PLAIN_WEEK = """{% for a in rows %}<li class="visit {{ a.status }}" data-id="{{ a.pk }}" data-room="{{ a.room_id }}">
<a href="/appointments/{{ a.pk }}/"><time>{{ a.starts_at|date:"H:i" }}</time> <b>{{ a.patient.given_names }}
{{ a.patient.family_name }}</b> <small>{{ a.type.name }} {{ a.room.name }}</small></a></li>{% endfor %}"""


def week(clinic: Any, user: Any) -> None:
    from django.template import Context, Template
    from django.test import Client
    from django.utils import timezone

    from database import tenancy
    from scheduling.models import Appointment

    client = Client()
    client.force_login(user)
    monday = (timezone.now() - timedelta(days=timezone.now().weekday()) + timedelta(days=7)).date()
    path = f"/calendar/?view=week&on={monday}"
    page = client.get(path)
    assert page.status_code == 200, page.status_code
    visits = page.content.count(b'class="visit ') - 7
    ours = time_call(lambda: client.get(path))
    template = Template(PLAIN_WEEK)

    def plain() -> None:
        with tenancy.scope(clinic.pk, user_id=user.pk):
            rows = Appointment.objects.filter(starts_at__date__gte=monday, starts_at__date__lt=monday + timedelta(7))
            template.render(Context({"rows": rows.with_names().in_order()}))

    theirs = time_call(plain)
    print(f"\nThe calendar's week of {THERAPISTS} therapists, {visits} appointments, {len(page.content) / 1000:.0f} kB")
    print(f"  Palpate, the whole page       {ours:6.1f} ms")
    print(
        f"  the items alone, as model objects through the template engine {theirs:6.1f} ms   ratio {theirs / ours:.2f}"
    )


if __name__ == "__main__":
    sys.exit(inside())
