"""Ways of the desk: a new patient from a slot, who treated last, a second visit that day, one date exchanged, gaps."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from messaging import texts
from patients.models import Patient
from scheduling import rules
from scheduling.models import Appointment
from tests.scheduling.conftest import far_ahead, inside

LONDON = ZoneInfo("Europe/London")


@pytest.fixture
def desk(clinic_desk):
    return clinic_desk


# --- A new patient keeps what was typed -----------------------------------------------------------------------


def test_from_an_empty_slot_to_the_booking_of_a_new_patient(desk, browser):
    slot = f"at=2027-03-01T10:30&therapist={desk.therapist_id}"
    found = browser.post(f"/appointments/new/?{slot}", {"q": "Anna Muster"}).content.decode()
    action = re.search(r'action="(/patients/new/[^"]+)"', found)[1].replace("&amp;", "&")

    form = browser.post(action, {"typed": "Anna Muster"}).content.decode()
    assert 'value="Muster"' in form
    assert 'value="Anna"' in form
    with inside(desk):
        assert not Patient.objects.filter(family_name="Muster").exists()
    answer = browser.post(action, {"family_name": "Muster", "given_names": "Anna", "sex": "unknown"})

    with inside(desk):
        patient_id = Patient.objects.get(family_name="Muster").pk
    path, query = urlsplit(answer["Location"]).path, parse_qs(urlsplit(answer["Location"]).query)
    assert path == f"/patients/{patient_id}/book/"
    assert query == {"at": ["2027-03-01T10:30"], "therapist": [str(desk.therapist_id)]}


@pytest.mark.parametrize(
    ("typed", "details"),
    [
        ("Anna Muster", {"family_name": "Muster", "given_names": "Anna"}),
        ("Muster, Anna Maria", {"family_name": "Muster", "given_names": "Anna Maria"}),
        ("Muster", {"family_name": "Muster", "given_names": ""}),
        ("Anna Muster 3.2.1980", {"family_name": "Muster", "given_names": "Anna", "birth_date": "1980-02-03"}),
        ("0151 234 5678", {"phone": "0151 234 5678"}),
        ("Muster 31.2.1980", {"family_name": "Muster", "given_names": ""}),
    ],
)
def test_what_was_typed_is_read_as_a_name_a_birth_date_or_a_phone(typed, details):
    from workspace.web.patients import read_typed

    found = {name: str(value) for name, value in read_typed(typed).items()}

    assert found == details


def test_the_search_keeps_the_name(desk, browser):
    page = browser.post("/search/", {"q": "Zzyzx Quill"}).content.decode()

    assert 'action="/patients/new/"' in page
    assert 'name="typed" value="Zzyzx Quill"' in page


# --- Booking --------------------------------------------------------------------------------------------------


def test_a_booking_begins_with_the_last_visit_that_took_place(desk, browser):
    with inside(desk):
        patient_id = desk.patient()
        desk.book(patient_id, 9, day=far_ahead())
        past = desk.book(patient_id, 10, day=far_ahead(), other=True)
        cancelled = desk.book(patient_id, 11, day=far_ahead() + 1)
        then = datetime.now(UTC) - timedelta(days=3)
        Appointment.objects.filter(pk=past.pk).update(
            starts_at=then, ends_at=then + timedelta(minutes=30), blocked_until=then + timedelta(minutes=30)
        )
        Appointment.objects.filter(pk=cancelled.pk).update(status="cancelled", cancelled_by="clinic", reason="other")

    page = browser.get(f"/patients/{patient_id}/book/").content.decode()

    assert "Last visit:" in page
    assert "Colleague, Treatment" in page
    assert re.search(rf'value="{desk.cast.colleague.pk}" selected', page)


def test_a_second_visit_on_a_day_is_pointed_out(desk, browser):
    with inside(desk):
        patient_id = desk.patient()
        first = desk.book(patient_id, 9, day=far_ahead())
    day = first.starts_at.astimezone(LONDON).date().isoformat()
    query = {"type": str(desk.kind.pk), "from_date": day}
    found = browser.get(f"/patients/{patient_id}/book/", query).content.decode()
    assert found.count("Has another appointment on this day") == 1
    slot = re.search(rf'name="slot" value="({day}[^"]+)"', found)[1]

    page = browser.post(f"/patients/{patient_id}/book/", query | {"slot": slot}, follow=True).content.decode()

    assert "This is not the only appointment on that day." in page
    assert "Also on this day:" in page
    # Also where it was booked elsewhere: the page of the other one says so.
    assert "Also on this day:" in browser.get(f"/appointments/{first.pk}/").content.decode()


def test_a_move_onto_the_day_of_another_visit_is_pointed_out(desk, browser, api):
    with inside(desk):
        patient_id = desk.patient()
        first = desk.book(patient_id, 9, day=far_ahead())
        moved = desk.book(patient_id, 9, day=far_ahead() + 1)
    page = f"/appointments/{moved.pk}/move/"

    def to(time, row):
        return {"starts_at": time.strftime("%Y-%m-%dT%H:%M"), "revision": str(row.revision)}

    near = (first.starts_at + timedelta(hours=2)).astimezone(LONDON)
    dragged = browser.post(page, to(near, moved), headers={"Accept": "application/json"}).json()
    assert dragged["same_day"] is True
    with inside(desk):
        moved.refresh_from_db()
    away = (first.starts_at + timedelta(days=1)).astimezone(LONDON)
    assert browser.post(page, to(away, moved), headers={"Accept": "application/json"}).json()["same_day"] is False
    with inside(desk):
        moved.refresh_from_db()
    answer = browser.post(page, to(near, moved), follow=True).content.decode()
    assert "This is not the only appointment on that day." in answer


def test_the_api_names_the_other_appointments_of_the_day(desk, api):
    staff = api(desk.cast.staff)
    with inside(desk):
        patient_id, other_id = desk.patient(), desk.patient()
        first = desk.book(patient_id, 9, day=far_ahead())
        others = desk.book(other_id, 12, day=far_ahead())
        place = {"therapist_id": str(desk.therapist_id), "room_id": str(desk.room.pk)}
        at = desk.time(11, day=far_ahead()).starts_at
        later = desk.time(11, day=far_ahead() + 1).starts_at

    body = {"patient_id": str(patient_id), "type_id": str(desk.kind.pk), "starts_at": at.isoformat(), **place}
    booked = staff.post("/appointments/", body)
    assert (booked.status_code, booked.json()["same_day"]) == (201, [str(first.pk)])
    path = f"/appointments/{booked.json()['id']}"
    move = {"starts_at": later.isoformat(), "revision": booked.json()["revision"], **place}
    moved = staff.post(f"{path}/move/", move).json()["results"]
    assert [one["same_day"] for one in moved] == [[]]
    swap = {"revision": moved[0]["revision"], "with_id": str(others.pk), "with_revision": others.revision}
    swapped = staff.post(f"{path}/swap/", swap).json()["results"]
    assert {one["id"]: one["same_day"] for one in swapped} == {
        booked.json()["id"]: [str(first.pk)],
        str(others.pk): [],
    }


def test_one_date_of_a_series_is_exchanged_and_the_others_stay(desk, browser):
    with inside(desk):
        patient_id = desk.patient()
    day = (datetime.now(UTC) + timedelta(days=200)).date().isoformat()
    query = {"type": str(desk.kind.pk), "from_date": day, "count": "4", "weeks": "4"}
    page = browser.get(f"/patients/{patient_id}/book/", query).content.decode()
    choices = {number: re.findall(rf'name="slot-{number}" value="([^"]*)"', page) for number in (1, 2, 3, 4)}
    assert all(len(values) > 2 and values[-1] == "" for values in choices.values())
    chosen = {f"slot-{number}": values[0] for number, values in choices.items()} | {"slot-2": choices[2][1]}

    browser.post(f"/patients/{patient_id}/book/", query | chosen | {"series": "1"})

    with inside(desk):
        booked = sorted(row.starts_at for row in Appointment.objects.filter(patient_id=patient_id))
    assert booked == sorted(datetime.fromisoformat(text.split("|")[0]) for text in chosen.values())


def test_an_exchange_keeps_the_distance_to_both_neighbours():
    zone, gap = ZoneInfo("UTC"), timedelta(hours=48)
    start = datetime(2026, 3, 2, 9, tzinfo=UTC)
    free = [rules.Slot(start + timedelta(hours=n), "t", None) for n in range(0, 24 * 14, 3)]
    placed = rules.place(free, starts_on=start.date(), weeks=2, count=4, least_gap=gap, zone=zone)

    exchanges = rules.list_exchanges(placed, free, least_gap=gap, zone=zone)

    assert all(exchanges.values())
    for number, others in exchanges.items():
        for other in others:
            for neighbour, slots in exchanges.items():
                if neighbour != number:
                    for slot in [placed.slots[neighbour], *slots]:
                        assert abs(slot.starts_at - other.starts_at) >= gap


# --- Calendar -------------------------------------------------------------------------------------------------


def at(hour, minute=0):
    return datetime(2026, 3, 2, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("busy", "after", "free"),
    [
        ([], at(0), [(9, 12), (13, 17)]),
        ([(at(9), at(10))], at(0), [(10, 12), (13, 17)]),
        ([(at(9, 40), at(10)), (at(10, 20), at(12))], at(0), [(9, 9.67), (13, 17)]),
        ([(at(11), at(14))], at(0), [(9, 11), (14, 17)]),
        ([(at(8), at(18))], at(0), []),
        ([], at(16), [(16, 17)]),
        ([(at(10), at(12)), (at(9), at(11))], at(0), [(13, 17)]),
    ],
)
def test_gaps_are_what_is_left_of_the_working_hours(busy, after, free):
    hours = [(at(9), at(12)), (at(13), at(17))]

    found = rules.free_stretches(hours, busy, after=after, least=timedelta(minutes=30))

    assert [(round(a.hour + a.minute / 60, 2), round(b.hour + b.minute / 60, 2)) for a, b in found] == free


def test_types_have_marks_of_their_own():
    marks = rules.type_marks(["First visit", "Follow-up visit", "Follow-up", "Massage", "Massage long", "ß"])

    assert len(set(marks.values())) == 6
    assert (marks["First visit"], marks["Massage"]) == ("FV", "MA")


def test_the_week_shows_types_and_gaps_that_lead_to_the_booking(desk, browser):
    with inside(desk):
        visit = desk.book(desk.patient(), 10, day=far_ahead())
    local = visit.starts_at.astimezone(LONDON)

    page = browser.get(f"/calendar/?view=week&on={local:%Y-%m-%d}").content.decode()

    assert re.search(r'class="visit booked" data-id="[^"]+" data-kind="\d"', page)
    assert '<i class="mark" aria-hidden="true">TR</i>' in page
    links = re.findall(r'href="(/appointments/new/\?at=[^"]+)"', page)
    assert any(f"at={local:%Y-%m-%d}T09%3A00" in link for link in links)
    assert any(f"at={local:%Y-%m-%d}T10%3A30" in link for link in links)
    assert "09:00–10:00" in page


# --- Messages -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["appointment_booked", "appointment_moved", "appointment_reminder"])
@pytest.mark.parametrize("language", ["en", "de"])
def test_a_mail_about_an_appointment_has_links_to_confirm_and_to_cancel(kind, language):
    text = texts.ours(kind, "email", language)

    filled = texts.fill_text(
        text, {"clinic": "Quay", "when": "today", "phone": ""} | texts.link_values("https://x/c/t/")
    )
    assert "https://x/c/t/?then=confirm" in filled.body
    assert "https://x/c/t/?then=cancel" in filled.body


@pytest.mark.parametrize("channel", ["email", "sms"])
@pytest.mark.parametrize("language", ["en", "de"])
def test_who_is_asked_to_call_is_given_the_number(channel, language):
    for kind in texts.ASKS_TO_CALL:
        text = texts.ours(kind, channel, language)
        values = {"clinic": "Quay", "when": "today", "link": "L", "stop": "S"}
        assert "+44 20" in texts.fill_text(text, values | {"phone": "+44 20"}).body
        assert "{phone}" not in texts.fill_text(text, values | {"phone": ""}).body
        assert texts._without_phone_line(text.body) != text.body


def test_every_text_that_asks_to_call_names_the_number():
    asking = {kind for kind, text in texts.DEFAULTS.items() if "call us" in text.body}

    assert asking == texts.ASKS_TO_CALL
    with_no_link = texts.find_text_without_link("appointment_booked", "sms", "en")
    assert "{phone}" in with_no_link.body
