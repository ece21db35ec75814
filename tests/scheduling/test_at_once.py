"""Many at once: nobody has a time twice, nobody gets a fault, everybody who loses is told."""

import random
from collections import Counter
from datetime import timedelta
from functools import partial

import pytest
from django.db import connections
from django.utils import timezone

from database import tenancy
from database.expressions import new_id
from database.sql import run_prepared
from scheduling import worklist_sync
from scheduling.booking import actions
from scheduling.booking.locks import Time
from scheduling.models import Appointment, Offer, Opening
from scheduling.waitlist import actions as waitlist
from tests.api import Api
from tests.committed import at_once, committed, committed_patient
from tests.drills import small_or_drill
from tests.scheduling.conftest import make_desk
from worklist.models import Item

__all__ = ["committed"]
SLOTS = 10
OVERLAPS = """
    SELECT count(*) FROM scheduling_appointment a JOIN scheduling_appointment b ON a.id < b.id
    WHERE a.status <> 'cancelled' AND b.status <> 'cancelled' AND a.clinic_id = %(clinic)s AND b.clinic_id = a.clinic_id
      AND ((a.therapist_id = b.therapist_id OR a.room_id = b.room_id)
            AND tstzrange(a.starts_at, a.blocked_until) && tstzrange(b.starts_at, b.blocked_until)
        OR a.patient_id = b.patient_id AND tstzrange(a.starts_at, a.ends_at) && tstzrange(b.starts_at, b.ends_at))
"""


@pytest.fixture
def desk(committed):
    with tenancy.scope(committed.clinic.pk):
        return make_desk(committed, committed.actor(committed.staff))


def overlaps(desk):
    with tenancy.scope(desk.cast.clinic.pk):
        return run_prepared(OVERLAPS, {"clinic": desk.cast.clinic.pk})[0][0]


def next_monday():
    today = timezone.now().replace(hour=9, minute=0, second=0, microsecond=0)
    return today + timedelta(days=7 - today.weekday() + 7)


def body(desk, patient_id, slot, other=False):
    therapist, room = (desk.cast.colleague.pk, desk.other_room.pk) if other else (desk.therapist_id, desk.room.pk)
    starts_at = next_monday() + timedelta(minutes=30 * slot)
    return {
        "patient_id": str(patient_id),
        "type_id": str(desk.kind.pk),
        "therapist_id": str(therapist),
        "room_id": str(room),
        "starts_at": starts_at.isoformat(),
        "outside_hours": True,
    }


def test_a_row_that_comes_while_a_sweep_is_at_work_stays(desk, monkeypatch):
    """Somebody cancels after the sweep has looked at the visits, and before it writes."""
    now, patient = timezone.now(), committed_patient(desk.cast)
    with tenancy.scope(desk.cast.clinic.pk):
        time = Time(next_monday(), desk.therapist_id, desk.room.pk)
        made = desk.book(patient, time=time, outside_hours=True, at=now)
    works = worklist_sync.of_visits

    def slowly(*arguments):
        found = list(works(*arguments))
        [_done] = at_once([cancel])
        return found

    def cancel():
        with tenancy.scope(desk.cast.clinic.pk):
            actions.set_status(
                appointment_id=made.pk, status="cancelled", cancelled_by="patient", reason="ill", by=desk.by, at=now
            )

    def late(*arguments):
        [_done] = at_once([cancel])
        return list(works(*arguments))

    for doing in (slowly, late):
        with tenancy.scope(desk.cast.clinic.pk):
            actions.set_status(appointment_id=made.pk, status="booked", why="again", by=desk.by, at=now)
        with tenancy.scope(desk.cast.clinic.pk), monkeypatch.context() as patch:
            patch.setattr(worklist_sync, "of_visits", lambda *a, doing=doing: (patch.undo(), doing(*a))[1])
            worklist_sync.sweep(by=desk.by, at=now)
        with tenancy.scope(desk.cast.clinic.pk):
            listed = Item.objects.open().filter(about_id=made.pk)
            assert [(item.kind, item.times) for item in listed] == [("cannot_come", 1)]


def test_two_change_the_settings_at_once_and_neither_change_is_lost(desk):
    staff = [Api(desk.cast.staff) for _ in range(2)]
    for number in range(6):
        tag = staff[0].get("/scheduling/settings/")["ETag"]
        # Values that differ from the defaults (48 and 24): a change that changes nothing leaves the ETag as it is.
        changes = [{"hold_hours": 10 + number}, {"draft_hours": 30 + number}]
        answers = at_once(
            [
                partial(who.request, "patch", "/scheduling/settings/", change, If_Match=tag)
                for who, change in zip(staff, changes, strict=True)
            ]
        )
        assert sorted(answer.status_code for answer in answers) == [200, 412]


@pytest.mark.parametrize("clients", small_or_drill(24, 64))
def test_many_clients_want_the_same_10_times(desk, clients):
    patients = [committed_patient(desk.cast) for _ in range(clients)]
    apis = [Api(desk.cast.staff) for _ in range(clients)]

    def want(number):
        return apis[number].post("/appointments/", body(desk, patients[number], number % SLOTS))

    answers = at_once([lambda n=n: want(n) for n in range(clients)])

    assert Counter(answer.status_code for answer in answers) == {201: SLOTS, 409: clients - SLOTS}
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["code"] == "slot_taken"
            assert len(answer.json()["next_free"]) == 3
    assert overlaps(desk) == 0


@pytest.mark.long
@pytest.mark.parametrize(("clients", "moves"), small_or_drill((16, 3), (64, 6)))
def test_moving_and_swapping_at_once(desk, clients, moves):
    """Two therapists' mornings, everybody moves and swaps at random: what the database says at the end is sound."""
    patients = [committed_patient(desk.cast) for _ in range(2 * SLOTS)]
    api = Api(desk.cast.staff)
    ids = [
        api.post("/appointments/", body(desk, patient, number % SLOTS, other=number >= SLOTS)).json()["id"]
        for number, patient in enumerate(patients)
    ]
    dice = random.Random(5)
    apis = [Api(desk.cast.staff) for _ in range(clients)]

    def meddle(number):
        codes = []
        for what, one, other, slot, room in plans[number]:
            if what == "swap":
                answer = apis[number].post(f"/appointments/{one}/swap/", {"with_id": other})
            else:
                wanted = body(desk, patients[0], slot, other=room)
                del wanted["patient_id"], wanted["type_id"]
                answer = apis[number].post(f"/appointments/{one}/move/", wanted)
            codes.append((answer.status_code, answer.json().get("code")))
        return codes

    plans = [
        [
            (dice.choice(["swap", "move"]), *dice.sample(ids, 2), dice.randrange(SLOTS + 4), dice.random() < 0.5)
            for _ in range(moves)
        ]
        for _ in range(clients)
    ]
    codes = Counter(code for answers in at_once([lambda n=n: meddle(n) for n in range(clients)]) for code in answers)

    assert set(codes) <= {
        (200, None),
        (409, "slot_taken"),
        (409, "patient_busy"),
        (409, "changed_meanwhile"),
    }, codes
    assert codes[200, None] >= clients
    assert codes[409, "slot_taken"] > 0
    assert overlaps(desk) == 0
    with tenancy.scope(desk.cast.clinic.pk):
        assert Appointment.objects.holding().count() == 2 * SLOTS
    connections.close_all()


def test_taking_and_leaving_at_once(desk):
    """The patient takes what is offered while the desk takes them off the list, and the tick gives up what is old."""
    now = timezone.now()
    codes = Counter()
    for number in range(8):
        patient_id = committed_patient(desk.cast)
        with tenancy.scope(desk.cast.clinic.pk):
            waiting = waitlist.join(patient_id=patient_id, type_id=desk.kind.pk, by=desk.by, at=now)
            opening = Opening.objects.create(
                id=new_id(),
                clinic=desk.cast.clinic,
                therapist=desk.cast.therapist,
                room=desk.room,
                made_at=now,
                starts_at=next_monday() + timedelta(minutes=30 * number),
                ends_at=next_monday() + timedelta(minutes=30 * number + 30),
            )
            offer = Offer.objects.create(
                id=new_id(),
                clinic=desk.cast.clinic,
                patient_id=patient_id,
                waiting=waiting,
                opening=opening,
                therapist=desk.cast.therapist,
                room=desk.room,
                starts_at=opening.starts_at,
                made_at=now,
                expires_at=now + timedelta(hours=1),
            )
        api, other = Api(desk.cast.staff), Api(desk.cast.staff)

        def tick():
            with tenancy.scope(desk.cast.clinic.pk):
                waitlist.run(by=desk.by, at=timezone.now())
            return 200

        jobs = [
            lambda a=api, o=offer: a.post(f"/offers/{o.pk}/accept/", {}).status_code,
            lambda a=other, w=waiting: a.post(f"/waitlist/{w.pk}/leave/", {}).status_code,
            tick,
        ]
        codes.update(at_once(jobs))
        with tenancy.scope(desk.cast.clinic.pk):
            waiting.refresh_from_db()
            assert waiting.status in ("placed", "withdrawn")
            assert (waiting.status == "placed") == Appointment.objects.filter(patient_id=patient_id).exists()
            assert not Offer.objects.filter(pk=offer.pk, status="open").exists()
    assert set(codes) <= {200, 409, 412}, codes  # 412: the row was another one than was read
    connections.close_all()


def test_booking_and_merging_at_once(desk):
    """Whoever comes second sees what the first has done: nothing is booked for a record that is no more."""
    for number in range(6):
        source, target = committed_patient(desk.cast), committed_patient(desk.cast)
        api, owner = Api(desk.cast.staff), Api(desk.cast.owner)
        jobs = [
            lambda a=api, s=source, n=number: a.post("/appointments/", body(desk, s, n)).status_code,
            lambda o=owner, s=source, t=target: (
                o.post(f"/patients/{s}/merge/", {"into": str(t), "reason": "the same"}).status_code
            ),
        ]
        codes = at_once(jobs)
        assert set(codes) <= {200, 201, 400, 409}, codes
        with tenancy.scope(desk.cast.clinic.pk):
            assert not Appointment.objects.holding().filter(patient_id=source).exists()
    connections.close_all()
