"""Appointments that last longer or shorter than their type does."""

import re
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from django.utils import timezone

from clock.wall_clock import at_wall
from database.expressions import new_id
from errors.exceptions import Invalid
from messaging.models import Message
from scheduling import rules
from scheduling.availability import slots
from scheduling.booking import actions, locks
from scheduling.booking.locks import Time
from scheduling.models import Appointment, Hours, Waiting
from scheduling.series import actions as series
from scheduling.setup import actions as setup_actions
from scheduling.waitlist import actions as waitlist
from tests.scheduling.conftest import AT, LONDON, inside


def minutes(one):
    return (one.ends_at - one.starts_at) // timedelta(minutes=1)


def test_a_long_one_keeps_its_length_through_moves_and_swaps(desk):
    ada, bo = desk.patient(), desk.patient()
    long = desk.book(ada, 9, length_min=60)
    assert minutes(long) == 60
    with pytest.raises(locks.SlotTaken):
        desk.book(bo, 9, 30)
    other = desk.book(bo, 10)
    moved = actions.move(appointment_id=long.pk, time=desk.time(14), by=desk.by, at=AT)
    assert minutes(moved) == 60
    first, second = actions.swap(first_id=long.pk, second_id=other.pk, by=desk.by, at=AT)
    assert (minutes(first), minutes(second)) == (60, 30)


def test_it_is_made_longer_where_there_is_room(desk):
    ada, bo = desk.patient(), desk.patient()
    one = desk.book(ada, 9)
    desk.book(bo, 10)
    given = {"appointment_id": one.pk, "time": desk.time(9), "by": desk.by, "at": AT}
    assert minutes(actions.move(length_min=60, **given)) == 60
    with pytest.raises(locks.SlotTaken) as refusal:
        actions.move(length_min=75, **given)
    # What is free next is free for so long.
    starts = [free["starts_at"] for free in refusal.value.extra["next_free"]]
    assert len(starts) == 3
    for length_min in (4, 481):
        with pytest.raises(Invalid) as wrong:
            actions.move(length_min=length_min, **given)
        assert wrong.value.errors[0].pointer == "/length_min"
    with pytest.raises(Invalid) as late:
        actions.move(**given | {"time": desk.time(16, 30)})
    assert late.value.errors[0].code == "outside_hours"


def test_a_free_time_is_free_for_all_of_it(desk):
    for hour in range(9, 17, 2):
        desk.book(desk.patient(), hour)
    search = slots.Search(
        desk.time(0).starts_at, desk.time(0, day=1).starts_at, therapists=[desk.therapist_id], rooms=[desk.room.pk]
    )
    long = slots.free(desk.kind.lasting(90), search, limit=50)
    assert [f"{one.starts_at:%H:%M}" for one in long] == ["09:30", "11:30", "13:30", "15:30"]
    assert len(slots.free(desk.kind, search, limit=50)) > len(long)


def test_a_series_has_its_own_length_and_so_has_what_fills_it_up(desk):
    ada = desk.patient()
    plan = series.SeriesPlan(
        type_id=desk.kind.pk,
        count=3,
        weeks=3,
        starts_on=date(2026, 11, 23),
        length_min=45,
        therapists=[desk.therapist_id],
    )
    placed = series.propose(patient_id=ada, plan=plan, by=desk.by, at=AT)
    times = [Time(one.starts_at, one.therapist_id, one.room_id) for one in placed.slots.values()]
    made, booked = series.book_series(patient_id=ada, plan=plan, times=times[:2], by=desk.by, at=AT)
    assert made.length_min == 45
    booked.append(desk.book(ada, time=times[2], series_id=made.pk))
    assert [minutes(one) for one in booked] == [45, 45, 45]
    moved = series.move_series(
        appointment_id=booked[0].pk, time=desk.time(11), reach=rules.ALL, length_min=60, by=desk.by, at=AT
    )
    assert [minutes(one) for one in moved] == [60, 60, 60]
    made.refresh_from_db()
    assert made.length_min == 60, "what is missing of it is as long"
    # Also where only one visit of it lies ahead.
    alone = series.move_series(
        appointment_id=moved[-1].pk,
        time=locks.time_of(moved[-1]),
        reach=rules.LATER,
        length_min=50,
        by=desk.by,
        at=AT,
    )
    made.refresh_from_db()
    assert ([minutes(one) for one in alone], made.length_min) == ([50], 50)
    with pytest.raises(Invalid) as wrong:
        series.propose(patient_id=ada, plan=replace(plan, length_min=500), by=desk.by, at=AT)
    assert wrong.value.errors[0].pointer == "/length_min"


# --- Word to the patient, and the waitlist --------------------------------------------------------------------


def test_a_longer_one_is_told_and_confirmed_anew(desk):
    ada = desk.patient(email="ada@mail.example", consent_email="granted")
    one = desk.book(ada, 9, day=7)
    Message.objects.update(state="sent", sent_at=timezone.now())
    given = {"appointment_id": one.pk, "by": desk.by, "at": AT}
    actions.set_status(status=rules.CONFIRMED, **given)
    longer = actions.move(time=desk.time(9, day=7), length_min=120, **given)
    assert longer.status == rules.BOOKED
    told = Message.objects.get(kind="appointment_moved")
    assert f"DTEND:{longer.ends_at:%Y%m%dT%H%M%SZ}" in told.calendar
    # Taken back within the minute, there is nothing to tell.
    actions.move(time=desk.time(9, day=7), length_min=30, **given)
    assert not Message.objects.filter(kind="appointment_moved", state="queued").exists()


def freed(desk, hour, minute=0, length_min=30):
    gone = desk.book(desk.patient(), hour, minute, length_min=length_min)
    actions.set_status(
        appointment_id=gone.pk, status="cancelled", cancelled_by="patient", reason="ill", by=desk.by, at=AT
    )


def test_who_waits_with_a_long_one_is_offered_what_it_fits(desk):
    ada = desk.patient(email="ada@mail.example", consent_email="granted")
    long = desk.book(ada, 9, day=3, length_min=60)
    waitlist.join(patient_id=ada, type_id=desk.kind.pk, instead_of_id=long.pk, by=desk.by, at=AT)
    freed(desk, 9)
    desk.book(desk.patient(), 9, 30)
    assert waitlist.run(by=desk.by, at=AT) == 0, "half an hour is not enough"
    freed(desk, 14, length_min=60)
    assert waitlist.run(by=desk.by, at=AT) == 1
    offer = Waiting.objects.get().offers.get()
    moved = waitlist.accept(revision=None, offer_id=offer.pk, by=desk.by, at=AT)
    assert (moved.pk, moved.starts_at, minutes(moved)) == (long.pk, desk.time(14).starts_at, 60)


def test_what_is_waited_for_is_booked_as_long(desk):
    ada = desk.patient(email="ada@mail.example", consent_email="granted")
    waitlist.join(patient_id=ada, type_id=desk.kind.pk, length_min=60, by=desk.by, at=AT)
    freed(desk, 14, length_min=60)
    assert waitlist.run(by=desk.by, at=AT) == 1
    assert (
        minutes(waitlist.accept(revision=None, offer_id=Waiting.objects.get().offers.get().pk, by=desk.by, at=AT)) == 60
    )


def test_an_offer_for_what_was_to_be_moved_is_booked_as_long(desk):
    """The visit that it was to replace is cancelled before the offer is taken."""
    ada = desk.patient(email="ada@mail.example", consent_email="granted")
    short = desk.book(ada, 9, day=3, length_min=15)
    waitlist.join(patient_id=ada, type_id=desk.kind.pk, instead_of_id=short.pk, by=desk.by, at=AT)
    freed(desk, 14, length_min=15)
    desk.book(desk.patient(), 14, 15)
    assert waitlist.run(by=desk.by, at=AT) == 1
    actions.set_status(
        appointment_id=short.pk, status="cancelled", cancelled_by="patient", reason="ill", by=desk.by, at=AT
    )
    assert (
        minutes(waitlist.accept(revision=None, offer_id=Waiting.objects.get().offers.get().pk, by=desk.by, at=AT)) == 15
    )


# --- The pages and the API ------------------------------------------------------------------------------------


def soon(desk, hour, minute=0, days=0):
    """A time on a Monday to come, when the test runs."""
    monday = timezone.now().date() + timedelta(days=14 - timezone.now().weekday())
    local = datetime.combine(monday + timedelta(days=days), time(hour, minute))
    return Time(at_wall(local, LONDON), desk.therapist_id, desk.room.pk)


def test_the_api_takes_and_shows_lengths(clinic_desk, api):
    desk, staff = clinic_desk, api(clinic_desk.cast.staff)
    with inside(desk):
        ada = str(desk.patient())
        when = soon(desk, 9)
    time_ = {
        "starts_at": when.starts_at.isoformat(),
        "therapist_id": str(desk.therapist_id),
        "room_id": str(desk.room.pk),
    }
    kind = str(desk.kind.pk)
    made = staff.post("/appointments/", time_ | {"patient_id": ada, "type_id": kind, "length_min": 45}).json()
    assert made["ends_at"] == (when.starts_at + timedelta(minutes=45)).strftime("%Y-%m-%dT%H:%M:%SZ")
    moved = staff.post(f"/appointments/{made['id']}/move/", time_ | {"length_min": 90}).json()["results"][0]
    assert moved["ends_at"] > made["ends_at"]
    assert moved["outside_hours"] is False
    for length_min in (4, 481, "60"):
        refused = staff.post(f"/appointments/{made['id']}/move/", time_ | {"length_min": length_min})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/length_min")
    since = when.starts_at.isoformat()
    asked = {"type_id": kind, "since": since, "length_min": "240", "therapist_id": str(desk.therapist_id)}
    free = staff.get("/slots/", asked).json()["results"]
    # After 9:00 to 10:30 is taken, four hours fit from 10:30 on; and until 13:00, the end being 17:00.
    assert free[0]["starts_at"] == (when.starts_at + timedelta(minutes=90)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert staff.get("/slots/", asked | {"length_min": "481"}).status_code == 400
    plan = {"type_id": kind, "count": 2, "weeks": 2, "starts_on": when.starts_at.date().isoformat(), "length_min": 50}
    placed = staff.post(f"/patients/{ada}/series/proposal/", plan).json()["placed"]
    times = [{name: one[name] for name in ("starts_at", "therapist_id", "room_id")} for one in placed]
    booked = staff.post(f"/patients/{ada}/series/", plan | {"times": times}).json()
    assert booked["length_min"] == 50
    waits = staff.post("/waitlist/", {"patient_id": ada, "type_id": kind, "length_min": 75})
    assert (waits.status_code, waits.json()["length_min"]) == (201, 75)


def test_the_pages_book_and_wait_for_a_length(clinic_desk, browser):
    desk = clinic_desk
    with inside(desk):
        ada = desk.patient()
        when = soon(desk, 9)
    path = f"/patients/{ada}/book/"
    asked = {"type": str(desk.kind.pk), "length_min": "60", "from_date": when.starts_at.date().isoformat()}
    token = browser.get(path, asked).context["found"][0][1]
    assert browser.post(path, asked | {"slot": token}).status_code == 302
    assert browser.post(f"/patients/{ada}/wait/", asked).status_code == 302
    with inside(desk):
        assert minutes(Appointment.objects.get()) == 60
        assert Waiting.objects.get().length_min == 60
    wrong = browser.get(path, asked | {"length_min": "3"})
    assert b"greater than or equal to 5" in wrong.content


def test_only_the_length_is_changed_and_nothing_else(clinic_desk, browser):
    """The field is empty unless a length is meant; the room stays; a refusal loses nothing that was typed."""
    desk = clinic_desk
    with inside(desk):
        Hours.objects.create(
            id=new_id(),
            clinic=desk.cast.clinic,
            user=desk.cast.therapist,
            room=desk.other_room,
            weekday=0,
            from_time=time(9),
            until_time=time(17),
        )
        now, ada = timezone.now(), desk.patient()
        one = desk.book(ada, time=soon(desk, 9), at=now)
        other = desk.book(ada, time=soon(desk, 9, days=1), at=now, length_min=60)
        desk.book(desk.patient(), time=soon(desk, 10), at=now)
    page = browser.get(f"/appointments/{one.pk}/").content.decode()
    assert 'name="length_min" inputmode="numeric" value=""' in page
    typed = f"{one.starts_at.astimezone(LONDON):%Y-%m-%dT%H:%M}"
    move = f"/appointments/{one.pk}/move/"
    assert browser.post(move, {"starts_at": typed, "length_min": "45"}).status_code == 302
    with inside(desk):
        one.refresh_from_db()
        assert (minutes(one), one.room_id) == (45, desk.room.pk)
    refused = browser.post(move, {"starts_at": typed, "length_min": "90", "outside_hours": "1"})
    assert refused.status_code == 409
    text = refused.content.decode()
    assert text.count('name="length_min" value="90"') == 1, "the times that are free next are for as long"
    assert 'name="length_min" inputmode="numeric" value="90"' in text
    assert re.search(r'name="outside_hours" value="1" checked', text)
    assert browser.post(move, {"starts_at": typed, "length_min": "an hour"}).status_code == 409
    with inside(desk):
        other.refresh_from_db()
        assert minutes(other) == 60
        # Where its room is taken away, the next one that is there is as good.
        setup_actions.remove(kind="rooms", pk=desk.room.pk, by=desk.by)
    later = typed.replace("T09", "T15")
    assert browser.post(move, {"starts_at": later}).status_code == 302
    with inside(desk):
        one.refresh_from_db()
        assert one.room_id == desk.other_room.pk


def test_a_refused_move_of_a_series_keeps_its_reach(clinic_desk, browser):
    desk = clinic_desk
    with inside(desk):
        ada, day = desk.patient(), soon(desk, 9).starts_at.date()
        plan = series.SeriesPlan(type_id=desk.kind.pk, count=2, weeks=1, starts_on=day)
        times = [soon(desk, 9), soon(desk, 9, days=2)]
        _made, booked = series.book_series(patient_id=ada, plan=plan, times=times, by=desk.by, at=timezone.now())
    typed = f"{booked[0].starts_at.astimezone(LONDON):%Y-%m-%dT18:00}"
    refused = browser.post(f"/appointments/{booked[0].pk}/move/", {"starts_at": typed, "reach": "all"})
    assert refused.status_code == 409
    assert 'name="reach" value="all" checked' in refused.content.decode()
