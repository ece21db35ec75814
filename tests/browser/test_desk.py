"""The desk's day in a real browser: the overdue, a series, a clash, a no-show, an offer taken on the phone."""

from __future__ import annotations

import re
import time
import uuid
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESK, PHONE, TABLET, faults

pytestmark = pytest.mark.long
WHEN = ("starts_at", "therapist_id", "room_id")


class Clinic:
    """The demo clinic, by its API."""

    def __init__(self, running, writer):
        self.running, self.writer = running, writer
        kinds = writer.get("/appointment-types/").json()["results"]
        self.kind = next(kind for kind in kinds if kind["name"] == "Treatment")

    def patient(self, **contact):
        name = f"Desk{uuid.uuid4().hex[:6]}"
        body = {"family_name": name, "given_names": "Ada", "birth_date": "1980-02-03"}
        if contact:
            body["contact"] = contact
        made = self.writer.post("/patients/", json=body)
        assert made.status_code == 201, made.text
        return made.json()["id"], name

    def reachable(self):
        email = f"d{uuid.uuid4().hex[:8]}@mail.example"
        return (*self.patient(email=email, consent={"email": "granted"}), email)

    def slots(self, limit=200, **query):
        found = self.writer.get("/slots/", params={"type_id": self.kind["id"], "limit": limit, **query})
        assert found.status_code == 200, found.text
        return found.json()["results"]

    def book(self, patient_id, slot, **more):
        body = {"patient_id": patient_id, "type_id": self.kind["id"], **{name: slot[name] for name in WHEN}, **more}
        made = self.writer.post("/appointments/", json=body)
        assert made.status_code == 201, made.text
        return made.json()

    def status(self, appointment_id, **values):
        done = self.writer.post(f"/appointments/{appointment_id}/status/", json=values)
        assert done.status_code == 200, done.text

    def mail(self, email, subject, seconds=40):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for mail in self.running.mails():
                if mail["to"] == email and mail["subject"] == subject:
                    return mail
            time.sleep(0.3)
        raise TimeoutError(subject)


@pytest.fixture
def clinic(running, writer):
    return Clinic(running, writer)


@pytest.fixture
def desk(person):
    return person("staff", viewport=DESK).sign_in()


def row_of(page, patient_id):
    return page.locator("li.item", has=page.locator(f"a[href='/patients/{patient_id}/']"))


def opened(person, mail, **options):
    link = re.search(r"http://[^/]+(/c/\S+)", mail["body"])[1]
    phone = person(viewport=PHONE, is_mobile=True, has_touch=True, **options)
    page = phone.page()
    page.goto(link)
    page.fill("#year", "1980")
    page.click("button.big")
    page.wait_for_url(re.compile(r"/c/(appointment|offer)/"))
    return page


def test_a_missed_visit_becomes_a_series(clinic, desk):
    """No-show → the worklist says why → by keyboard to booking → a clash → all or none → off the list by itself."""
    patient_id, _name = clinic.patient()
    missed_at = (datetime.now(UTC) - timedelta(days=1)).replace(hour=4, minute=0, second=0, microsecond=0)
    slot = clinic.slots(limit=1)[0] | {"starts_at": missed_at.isoformat()}
    missed = clinic.book(patient_id, slot, outside_hours=True)
    desk.goto(f"/appointments/{missed['id']}/")
    desk.click("button:has-text('Missed')")
    expect(desk.locator("main")).to_contain_text("missed")

    desk.goto("/worklist/?show=all")
    row = row_of(desk, patient_id)
    assert "Missed" in row.inner_text()
    row.evaluate("e => e.focus()")
    desk.keyboard.press("b")
    desk.wait_for_url(f"**/patients/{patient_id}/book/")

    desk.click("summary:has-text('A series')")
    desk.fill("#id_count", "6")
    desk.fill("#id_weeks", "3")
    desk.click("form.find button.button")
    slots = desk.locator("input[name^=slot-]:checked")
    expect(slots).to_have_count(6)
    proposed = slots.evaluate_all("all => all.map(e => e.value)")

    starts_at, therapist_id, room_id = proposed[2].split("|")
    clinic.book(clinic.patient()[0], {"starts_at": starts_at, "therapist_id": therapist_id, "room_id": room_id})
    desk.click("text=Book all of these appointments")
    expect(desk.locator(".wrong")).to_contain_text("session 3 of the series. No appointments were booked")

    desk.click("form.find button.button")
    desk.click("text=Book all of these appointments")
    desk.wait_for_url(f"**/patients/{patient_id}/appointments/")
    assert "Booked: 6 sessions." in desk.inner_text("[data-toasts]")
    assert desk.locator(".chip.visit.booked").count() == 6
    desk.goto("/worklist/?show=all")
    assert row_of(desk, patient_id).count() == 0


def test_an_offer_is_taken_on_the_phone(clinic, desk, person):
    """Somebody waits, somebody cancels, the mail comes by itself, one tap, and it stands in the calendar."""
    patient_id, name, email = clinic.reachable()
    slot = clinic.slots(limit=200, since=(datetime.now(UTC) + timedelta(days=6)).isoformat())[120]
    booked = clinic.book(clinic.patient()[0], slot)
    desk.goto(f"/patients/{patient_id}/book/?type={clinic.kind['id']}&therapist={slot['therapist_id']}")
    desk.click("text=Add to the waitlist")
    desk.wait_for_url("**/waitlist/")
    others = [w for w in clinic.writer.get("/waitlist/").json()["results"] if w["patient_id"] != patient_id]
    for other in others:
        clinic.writer.post(f"/waitlist/{other['id']}/leave/", json={})

    desk.goto(f"/appointments/{booked['id']}/")
    desk.click("summary:has-text('Cancel appointment')")
    desk.locator("input[name=reason][value=ill]").check(force=True)
    desk.click("text=Cancel the appointment")
    expect(desk.locator("main")).to_contain_text("cancelled")
    mail = clinic.mail(email, "A free appointment")
    assert name not in mail["body"]

    phone = opened(person, mail)
    phone.click("text=Accept this time")
    expect(phone.locator("main")).to_contain_text("The time is yours")
    phone.reload()
    expect(phone.locator("main")).to_contain_text("The time is yours")
    # Whatever came free in the minute before may have been offered first: look where the patient now stands.
    taken = clinic.writer.get("/appointments/", params={"patient_id": patient_id}).json()["results"]
    assert [one["status"] for one in taken] == ["booked"]
    desk.goto(f"/calendar/?on={taken[0]['starts_at'][:10]}")
    assert name in desk.inner_text("[data-lanes]")


def test_confirmed_and_cancelled_by_link(clinic, person):
    patient_id, _name, email = clinic.reachable()
    slot = clinic.slots(limit=200, since=(datetime.now(UTC) + timedelta(days=4)).isoformat())[60]
    made = clinic.book(patient_id, slot)
    page = opened(person, clinic.mail(email, "Your appointment"), java_script_enabled=False)
    page.click("text=Confirm")
    expect(page.locator("main")).to_contain_text("See you then")
    assert clinic.writer.get(f"/appointments/{made['id']}/").json()["status"] == "confirmed"

    page.click("summary")
    page.locator("input[value=no_time]").check(force=True)
    page.click("text=Cancel the appointment")
    expect(page.locator("main")).to_contain_text("Your appointment is cancelled")
    found = clinic.writer.get(f"/appointments/{made['id']}/").json()
    assert (found["status"], found["cancelled_by"], found["reason"]) == ("cancelled", "patient", "no_time")
    kinds = {
        i["kind"] for i in clinic.writer.get("/worklist/?limit=200").json()["results"] if i["patient_id"] == patient_id
    }
    assert kinds == {"cannot_come"}


def test_too_late_to_cancel_by_link(clinic, person):
    patient_id, _name, email = clinic.reachable()
    now = datetime.now(UTC).replace(minute=20, second=0, microsecond=0)
    hours = (now + timedelta(hours=n) for n in range(2, 20))
    soon = next(at for at in hours if at.hour in (19, 20, 21, 22, 4, 5))  # the demo books nobody then
    slot = clinic.slots(limit=1)[0] | {"starts_at": soon.isoformat()}
    clinic.book(patient_id, slot, outside_hours=True)
    page = opened(person, clinic.mail(email, "Your appointment"))
    assert page.locator("text=Confirm").count() == 1
    assert page.locator("summary").count() == 0
    assert "please call us" in page.inner_text("main")


def test_axe_finds_nothing_on_the_links_pages(clinic, person):
    patient_id, _name, email = clinic.reachable()
    slot = clinic.slots(limit=200, since=(datetime.now(UTC) + timedelta(days=8)).isoformat())[30]
    clinic.book(patient_id, slot)
    page = opened(person, clinic.mail(email, "Your appointment"))
    page.click("summary")
    assert faults(page) == []
    assert not page.evaluate("() => document.documentElement.scrollWidth > innerWidth + 1")


@contextmanager
def reloaded(page):
    """Until the move was taken, and the page has come anew by itself."""
    with page.expect_event("load"), page.expect_response(lambda r: r.url.endswith("/move/") and r.ok):
        yield


def test_dragged_on_the_desk_and_put_back(clinic, desk):
    patient_id, _name = clinic.patient()
    slot = clinic.slots(limit=200, since=(datetime.now(UTC) + timedelta(days=9)).isoformat())[100]
    evening = slot["starts_at"][:10]
    made = clinic.book(patient_id, slot | {"starts_at": f"{evening}T17:30:00Z"}, outside_hours=True)
    desk.goto(f"/calendar/?on={evening}")
    block = desk.locator(f"[data-id='{made['id']}']")
    block.scroll_into_view_if_needed()
    desk.on("dialog", lambda dialog: dialog.accept())
    lane = desk.locator(f".lane[data-therapist='{slot['therapist_id']}'] .track")
    with reloaded(desk):
        from_y = float(block.evaluate("e => parseFloat(e.style.top)"))
        block.drag_to(lane, source_position={"x": 20, "y": 4}, target_position={"x": 60, "y": from_y + 36 + 4})
    moved = clinic.writer.get(f"/appointments/{made['id']}/").json()
    assert moved["starts_at"] == f"{evening}T18:00:00Z"

    with reloaded(desk):
        desk.click("[data-toasts] button:has-text('Undo')")
    assert clinic.writer.get(f"/appointments/{made['id']}/").json()["starts_at"] == f"{evening}T17:30:00Z"
    desk.goto("/calendar/")
    assert desk.evaluate("() => localStorage.length + sessionStorage.length") == 0


def test_two_taps_on_the_tablet(clinic, person):
    tablet = person("staff", viewport=TABLET, has_touch=True)
    page = tablet.sign_in()
    patient_id, _name = clinic.patient()
    slot = clinic.slots(limit=200, since=(datetime.now(UTC) + timedelta(days=10)).isoformat())[90]
    day = slot["starts_at"][:10]
    made = clinic.book(patient_id, slot | {"starts_at": f"{day}T19:00:00Z"}, outside_hours=True)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"/appointments/{made['id']}/")
    page.tap("text=Choose in the calendar")
    page.wait_for_selector("[data-moving]")
    page.wait_for_selector(".laid")
    track = page.locator(f".lane[data-therapist='{slot['therapist_id']}'] .track")
    from_y = float(page.locator(f"[data-id='{made['id']}']").evaluate("e => parseFloat(e.style.top)"))
    with reloaded(page):
        hour = page.evaluate(
            "() => parseFloat(getComputedStyle(document.querySelector('main')).getPropertyValue('--hour'))"
        )
        track.tap(position={"x": 60, "y": from_y + hour + 12})
    assert clinic.writer.get(f"/appointments/{made['id']}/").json()["starts_at"] == f"{day}T20:00:00Z"


def test_two_change_places_by_taps_and_back(clinic, person):
    tablet = person("staff", viewport=TABLET, has_touch=True)
    page = tablet.sign_in()
    slot = clinic.slots(limit=200, since=(datetime.now(UTC) + timedelta(days=12)).isoformat())[80]
    day, made = slot["starts_at"][:10], []
    for hour in (19, 20):
        time_ = slot | {"starts_at": f"{day}T{hour}:30:00Z"}
        made.append(clinic.book(clinic.patient()[0], time_, outside_hours=True)["id"])
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"/appointments/{made[0]}/")
    page.tap("text=Choose in the calendar")
    page.wait_for_selector(".laid")
    page.locator(f"[data-id='{made[1]}']").tap()
    expect(page.locator("[data-toasts]")).to_contain_text("The appointments were swapped.")
    assert "moving" not in page.url
    begins = [clinic.writer.get(f"/appointments/{one}/").json()["starts_at"] for one in made]
    assert begins == [f"{day}T20:30:00Z", f"{day}T19:30:00Z"]

    page.tap("[data-toasts] button:has-text('Undo')")
    expect(page.locator("[data-toasts] button")).to_have_count(0)
    begins = [clinic.writer.get(f"/appointments/{one}/").json()["starts_at"] for one in made]
    assert begins == [f"{day}T19:30:00Z", f"{day}T20:30:00Z"]


def test_a_clash_shows_the_next_free(clinic, desk):
    patient_id, _name = clinic.patient()
    slots = clinic.slots(limit=200, since=(datetime.now(UTC) + timedelta(days=11)).isoformat())
    desk.goto(f"/patients/{patient_id}/book/?type={clinic.kind['id']}&therapist={slots[0]['therapist_id']}")
    first = desk.locator("button[name=slot]").first
    starts_at, therapist_id, room_id = first.get_attribute("value").split("|")
    clinic.book(clinic.patient()[0], {"starts_at": starts_at, "therapist_id": therapist_id, "room_id": room_id})
    first.click()
    assert "This time is already booked" in desk.inner_text(".wrong")
    desk.locator(".wrong button[name=slot]").first.click()
    desk.wait_for_url("**/appointments/*/")
    assert "booked" in desk.inner_text(".chip.visit")
