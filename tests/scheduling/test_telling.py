"""What the patient is sent, and what calendar programs read."""

import re
from datetime import timedelta

import pytest
import vobject
from django.utils import timezone
from icalendar import Calendar

from messaging import engine
from messaging.models import Link, Message
from scheduling import ics
from scheduling.booking import actions, locks
from scheduling.models import Appointment
from scheduling.series import actions as series
from tests.scheduling.conftest import AT, LONDON


@pytest.fixture
def ada(desk):
    sending = engine.sending_of(desk.cast.clinic.pk)
    sending.quiet_from = sending.quiet_until = "00:00"
    sending.save()
    return desk.patient(email="ada@mail.example", consent_email="granted")


def kinds():
    return list(Message.objects.exclude(state="cancelled").order_by("made_at", "kind").values_list("kind", flat=True))


def test_booked_moved_cancelled(desk, ada):
    made = desk.book(ada, 9, day=7)
    assert sorted(kinds()) == ["appointment_booked", "appointment_reminder"]
    reminder = Message.objects.get(kind="appointment_reminder")
    assert reminder.due_at == made.starts_at - timedelta(hours=24)
    assert reminder.late_at < made.starts_at

    actions.move(appointment_id=made.pk, time=desk.time(10, day=8), by=desk.by, at=AT)
    assert sorted(kinds()) == ["appointment_moved", "appointment_reminder"]
    assert (
        Message.objects.exclude(state="cancelled").get(kind="appointment_reminder").about_at
        == desk.time(10, day=8).starts_at
    )
    assert Link.objects.filter(purpose="appointment").count() == 1

    actions.set_status(
        appointment_id=made.pk, status="cancelled", cancelled_by="clinic", reason="therapist_away", by=desk.by, at=AT
    )
    assert kinds() == ["appointment_cancelled"]
    assert Link.objects.get(purpose="appointment").revoked_at is None, "its page says that it is cancelled"


def test_calendar_files_are_read_back_by_two_parsers(desk, ada):
    made = desk.book(ada, 9, day=7)
    moved = actions.move(appointment_id=made.pk, time=desk.time(10, day=8), by=desk.by, at=AT)
    actions.set_status(
        appointment_id=made.pk, status="cancelled", cancelled_by="clinic", reason="closed", by=desk.by, at=AT
    )
    files = {m.kind: m.calendar for m in Message.objects.exclude(calendar="")}
    assert set(files) == {"appointment_booked", "appointment_moved", "appointment_cancelled"}
    sequences = []
    for kind, text in files.items():
        first, second = Calendar.from_ical(text), vobject.readOne(text)
        event = first.walk("VEVENT")[0]
        assert str(event["UID"]) == second.vevent.uid.value == ics.uid(made.pk)
        assert event.decoded("DTSTART") == second.vevent.dtstart.value
        assert event.decoded("DTEND") == second.vevent.dtend.value
        assert int(event["SEQUENCE"]) == int(second.vevent.sequence.value)
        method = "CANCEL" if kind == "appointment_cancelled" else "REQUEST"
        assert str(first["METHOD"]) == second.method.value == method
        assert "Ada" not in text
        assert "Okafor" not in text
        assert desk.kind.name not in text
        sequences.append((kind, int(event["SEQUENCE"])))
    assert (
        dict(sequences)["appointment_booked"]
        < dict(sequences)["appointment_moved"]
        < dict(sequences)["appointment_cancelled"]
    )
    assert Calendar.from_ical(files["appointment_moved"]).walk("VEVENT")[0].decoded("DTSTART") == moved.starts_at


def test_the_mail_carries_it(desk, ada, inbox, django_capture_on_commit_callbacks):
    now = timezone.now() - timedelta(seconds=30)
    week = (now + timedelta(days=9)).replace(hour=10, minute=0, second=0, microsecond=0)
    target = locks.Time(week, desk.therapist_id, desk.room.pk)
    desk.book(ada, time=target, outside_hours=True, at=now)
    engine.hand_over(desk.cast.clinic.pk)

    (mail,) = inbox.taken
    parts = {part.get_content_type(): part for part in mail.walk()}
    assert "text/calendar" in parts
    assert parts["text/calendar"].get_param("method") == "REQUEST"
    body = parts["text/plain"].get_payload(decode=True).decode()
    assert re.search(r"/c/[\w-]{27}/", body)
    assert f"{week.astimezone(LONDON):%H:%M}" in body
    assert "Okafor" not in body + mail["Subject"]


def test_who_could_not_open_a_link_gets_words_without_one(desk, ada, inbox):
    now = timezone.now() - timedelta(seconds=30)
    someone = desk.patient(email="x@mail.example", consent_email="granted", birth_date=None)
    time = locks.Time(now + timedelta(days=9), desk.therapist_id, desk.room.pk)
    desk.book(someone, time=time, outside_hours=True, at=now)
    engine.hand_over(desk.cast.clinic.pk)

    (mail,) = inbox.taken
    parts = {
        part.get_content_type(): part.get_payload(decode=True).decode()
        for part in mail.walk()
        if not part.is_multipart()
    }
    assert "please call us" in parts["text/plain"]
    assert "/c/" not in parts["text/plain"]


def test_a_series_is_one_mail_with_every_time(desk, ada):
    plan = series.SeriesPlan(type_id=desk.kind.pk, count=3, weeks=3, starts_on=desk.time(9).starts_at.date())
    placed = series.propose(patient_id=ada, plan=plan, by=desk.by, at=AT)
    times = [locks.Time(s.starts_at, s.therapist_id, s.room_id) for s in placed.slots.values()]
    _made, booked = series.book_series(patient_id=ada, plan=plan, times=times, by=desk.by, at=AT)
    message = Message.objects.get(kind="series_booked")
    events = Calendar.from_ical(message.calendar).walk("VEVENT")
    assert [event.decoded("DTSTART") for event in events] == [one.starts_at for one in booked]
    assert len(list(vobject.readOne(message.calendar).vevent_list)) == 3


def test_no_consent_no_message(desk):
    desk.book(desk.patient(email="x@mail.example"), 9)
    assert not Message.objects.exists()


def test_a_missed_visit(desk, ada):
    made = desk.book(ada, 9)
    actions.set_status(appointment_id=made.pk, status="noshow", by=desk.by, at=made.ends_at)
    assert kinds() == ["appointment_missed"]


def test_the_feed_says_when_and_where_and_not_who(desk, ada):
    desk.book(ada, 9)
    rows = list(Appointment.objects.select_related("room"))
    text = ics.render_feed(rows, at=AT)
    event = Calendar.from_ical(text).walk("VEVENT")[0]
    assert event.decoded("DTSTART") == desk.time(9).starts_at
    assert str(event["LOCATION"]) == vobject.readOne(text).vevent.location.value == "One"
    assert "Okafor" not in text
