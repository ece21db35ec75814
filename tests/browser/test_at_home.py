"""The patient's way: a mail, a link, a page on an old phone, an answer; and what the clinic sees of it."""

from __future__ import annotations

import re
import time
import uuid

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.bars import find_faults
from tests.browser.conftest import PHONE, faults

pytestmark = pytest.mark.long
STEPS = [
    {"exercise": "scan", "dose": {"duration_s": 60}},
    {"exercise": "self_pressure", "muscle": "trapezius_upper", "side": "right", "tool": "soft_ball",
     "dose": {"hold_s": 30, "intensity_from": 5, "intensity_to": 6, "repetitions": 2, "times_per_day": 2}},
    {"exercise": "side_bends", "dose": {"repetitions": 5}},
    {"exercise": "scapular_retraction", "dose": {"sets": 3, "repetitions": 12, "days_per_week": 4}},
    {"exercise": "chin_tuck", "tool": "lying", "dose": {"hold_s": 10, "repetitions": 10, "times_per_day": 2}},
    {"exercise": "ergonomics", "dose": {"break_every_min": 30}},
]  # fmt: skip
MOST_KB = 60


class Home:
    """A patient with a running programme, and the mails that come to them."""

    def __init__(self, running, writer):
        self.running, self.writer = running, writer
        self.email = f"p{uuid.uuid4().hex[:8]}@mail.example"
        patient = {
            "family_name": f"Home{uuid.uuid4().hex[:6]}",
            "given_names": "Ada",
            "birth_date": "1980-02-03",
            "contact": {"email": self.email, "consent": {"email": "granted"}},
        }
        made = writer.post("/patients/", json=patient)
        assert made.status_code == 201, made.text
        self.patient_id = made.json()["id"]
        body = {"title": "Neck and shoulders", "steps": STEPS}
        made = writer.post(f"/patients/{self.patient_id}/programmes/", json=body)
        assert made.status_code == 201, made.text
        self.programme_id = made.json()["id"]
        given = writer.post(f"/programmes/{self.programme_id}/publish/", json={"baseline_pain": 5})
        assert given.status_code == 200, given.text

    def mails(self):
        return [mail for mail in self.running.mails() if mail["to"] == self.email]

    def wait_for_mail(self, count=1, seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if len(self.mails()) >= count:
                return self.mails()[0]
            time.sleep(0.2)
        raise TimeoutError(f"{len(self.mails())} mails")

    def link(self, therapist_page):
        before = len(self.mails())
        therapist_page.goto(f"/programmes/{self.programme_id}/")
        therapist_page.click("text=Send the link now")
        mail = self.wait_for_mail(before + 1)
        return re.search(r"http://[^/]+(/c/\S+)", mail["body"])[1]

    def answers(self):
        return self.writer.get(f"/programmes/{self.programme_id}/check-ins/").json()["results"]


@pytest.fixture
def home(running, writer):
    return Home(running, writer)


@pytest.fixture
def link(home, person):
    return home.link(person().sign_in())


def opened(person, link, **options):
    phone = person(viewport=PHONE, is_mobile=True, has_touch=True, **options)
    page = phone.page()
    page.goto(link)
    page.fill("#year", "1980")
    page.click("button.big")
    page.wait_for_url("**/c/today/")
    return phone, page


def test_answered_by_touch_in_a_minute(person, home, link):
    _phone, page = opened(person, link)
    assert "Hello Ada" in page.inner_text("h1")
    page.locator("section.step").nth(0).locator("label", has_text="Done").tap()
    page.locator("section.step").nth(1).locator("label", has_text="Partly").tap()
    page.locator("section.step").nth(1).locator("select[name^=reason]").select_option("no_time")
    page.locator("section.step").nth(1).locator("select[name^=discomfort]").select_option("5")
    page.locator(".ask.scale label", has_text=re.compile(r"^\s*3\s*$")).tap()
    page.fill("textarea", "Better than yesterday.")
    page.click("button.big")
    page.wait_for_url("**/c/thanks/")
    assert "Thank you" in page.inner_text("h1")

    (answer,) = home.answers()
    assert (answer["pain"], answer["note"]) == (3, "Better than yesterday.")
    assert [(a["done"], a["reason"], a["discomfort"]) for a in answer["answers"]] == [
        ("yes", "", None),
        ("partial", "no_time", 5),
    ]
    stored = page.evaluate("() => localStorage.length + sessionStorage.length")
    assert stored == 0


def test_without_any_script(person, home, link):
    _phone, page = opened(person, link, java_script_enabled=False)
    page.click("text=I did all of it")
    page.wait_for_url("**/c/today/#ask")
    page.locator(".ask.scale input[value='2']").check(force=True)
    page.click("summary:has-text('Tender spots')")
    page.select_option("select[name^=spot] >> nth=0", "neck.posterior:left")
    page.select_option("select[name^=tender] >> nth=0", "7")
    page.click("details.ask summary")
    page.check("input[value=dizzy_or_sight]")
    page.click("button.big")
    page.wait_for_url("**/c/thanks/")
    assert "Stop the exercises" in page.inner_text("main")

    (answer,) = home.answers()
    assert answer["wrong"] == ["dizzy_or_sight"]
    assert {a["done"] for a in answer["answers"]} == {"yes"}
    assert [spot for a in answer["answers"] for spot in a["spots"]] == [
        {"zone": "neck.posterior", "side": "left", "tenderness": 7}
    ]


def test_by_keyboard_alone(person, home, link):
    _phone, page = opened(person, link)
    pressed = 0
    while page.evaluate("document.activeElement?.name") != "pain" and pressed < 80:
        page.keyboard.press("Tab")
        pressed += 1
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    while page.evaluate("document.activeElement?.innerText") != "Send" and pressed < 120:
        page.keyboard.press("Tab")
        pressed += 1
    page.keyboard.press("Enter")
    page.wait_for_url("**/c/thanks/")
    assert home.answers()[0]["pain"] is not None


def test_axe_finds_nothing_on_the_phone(person, link):
    phone = person(viewport=PHONE, is_mobile=True, has_touch=True)
    page, found = phone.page(), []

    def look(name):
        page.wait_for_load_state("networkidle")
        found.extend((name, *fault) for fault in faults(page))
        assert not page.evaluate("() => document.documentElement.scrollWidth > innerWidth + 1"), name
        small = page.evaluate(
            """() => [...document.querySelectorAll('main button, main .toggle label, main summary, main select')]
                .map(e => [e.innerText, e.getBoundingClientRect()])
                .filter(([, r]) => r.height > 0 && r.height < 44).map(([t]) => t)"""
        )
        assert small == [], name

    page.goto(link)
    look("open")
    page.fill("#year", "1901")
    page.click("button.big")
    look("refused")
    page.fill("#year", "1980")
    page.click("button.big")
    page.wait_for_url("**/c/today/")
    for summary in page.locator("main summary").all():
        summary.click()
    look("today")
    page.click("button.big")
    page.wait_for_selector("#errors")
    look("errors")
    page.locator(".ask.scale label", has_text=re.compile(r"^\s*3\s*$")).click()
    page.click("button.big")
    page.wait_for_url("**/c/thanks/")
    look("thanks")
    page.click("text=Add to my calendar")
    page.wait_for_selector("#address")
    look("calendar")
    page.goto("/c/today/")
    page.click("summary:has-text('Something is wrong')")
    page.check("input[value=chest]")
    page.click("button.big")
    page.wait_for_url("**/c/thanks/")
    look("alarm")
    page.goto("/s/AAAAAAAAAAAAAAAAAAAAAAAAAAA/")
    look("stop")
    assert found == []


@pytest.mark.parametrize("locale", ["en", "de"])
def test_every_button_is_in_reach_of_a_thumb(person, link, locale):
    _phone, page = opened(person, link, locale=locale)
    for width in (320, 360, 390, 412, 844):
        page.set_viewport_size({"width": width, "height": 800})
        height = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": width, "height": height})  # the whole page at once
        assert find_faults(page, "main") == [], width
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), width


def test_light_enough_for_a_slow_phone(person, link):
    phone, page = opened(person, link)
    client = phone.context.new_cdp_session(page)
    client.send("Network.enable")
    client.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes = []
    client.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto("/c/today/")
    page.wait_for_load_state("networkidle")

    assert sum(sizes) / 1000 < MOST_KB, sizes


def test_the_timer_counts_and_keeps_the_phone_awake(person, home, link):
    phone = person(viewport=PHONE, is_mobile=True, has_touch=True)
    phone.context.add_init_script(
        "window.locks = 0; Object.defineProperty(navigator, 'wakeLock', {value: {request: async () => "
        "{ window.locks++; return {release: async () => { window.locks--; }}; }}})"
    )
    page = phone.page()
    page.goto(link)
    page.fill("#year", "1980")
    page.click("button.big")
    page.wait_for_url("**/c/today/")
    timer = page.locator("[data-timer='10']")
    page.clock.install()
    timer.locator("button").tap()
    assert page.evaluate("() => window.locks") == 1
    page.clock.run_for(4000)
    assert timer.locator("output").inner_text() in ("4", "5", "6", "7")  # the page's own clock goes on beside
    page.clock.run_for(7000)
    assert page.evaluate("() => window.locks") == 0
    assert timer.locator("input").input_value() == "10"
    assert timer.locator("output").inner_text() == "10"


def test_a_scanner_opens_the_link_first_and_the_patient_still_can(person, link, running):
    with httpx.Client(base_url=running.url, headers={"User-Agent": "LinkScanner/1.0"}) as scanner:
        for method in ("GET", "HEAD", "GET"):
            assert scanner.request(method, link).status_code == 200
    opened(person, link)


def test_the_second_click_of_a_nervous_thumb(person, home, link):
    _phone, page = opened(person, link)
    page.locator(".ask.scale label", has_text=re.compile(r"^\s*4\s*$")).tap()
    page.locator("button.big").dblclick()
    page.wait_for_url("**/c/thanks/")
    assert len(home.answers()) == 1


def test_the_clinic_sees_it_and_closes_it(person, home, link):
    _phone, page = opened(person, link)
    page.click("details.ask summary")
    page.check("input[value=numb_or_weak]")
    page.click("button.big")
    page.wait_for_url("**/c/thanks/")

    staff = person("staff").sign_in()
    staff.goto("/worklist/")
    row = staff.locator("li.item", has=staff.locator(f"a[href='/patients/{home.patient_id}/']"))
    assert "newly numb or weak" in row.inner_text()
    row.locator("text=Assign to me").click()
    row = staff.locator("li.item", has=staff.locator(f"a[href='/patients/{home.patient_id}/']"))
    assert "Assigned to" in row.inner_text()
    row.locator("summary", has_text="Done").click()
    row.locator("input[value=reached]").check(force=True)
    row.locator("text=Mark as done").click()
    staff.wait_for_selector("h1")
    assert staff.locator(f"li.item a[href='/patients/{home.patient_id}/']").count() == 0
    alert = [m for m in home.running.mails() if m["to"] == "therapist@harbour.example"]
    assert any("Someone is waiting" in m["subject"] for m in alert)
    assert all("numb" not in m["body"] for m in alert)


def open_step(card):
    """One step is open at a time."""
    if card.locator("details").first.get_attribute("open") is None:
        card.locator("summary").first.click()


def fill_missing_doses(page):
    """What the source guide leaves open; nothing reaches the patient before it is filled in."""
    values = {
        "duration_s": "60",
        "hold_s": "10",
        "sets": "3",
        "repetitions": "5",
        "intensity_from": "5",
        "intensity_to": "6",
        "times_per_day": "2",
        "break_every_min": "30",
    }
    for card in page.locator(".step-card").all():
        open_step(card)
        for name, value in values.items():
            for field in card.locator(f"input[name$=dose-{name}]").all():
                if not field.input_value():
                    field.fill(value)
                    field.blur()
    page.wait_for_selector("#state >> text=is missing", state="detached")


def test_a_therapist_writes_a_programme_on_the_tablet(person, writer, patient_id):
    therapist = person()
    page = therapist.sign_in()
    page.goto(f"/patients/{patient_id}/")
    page.click("text=New home programme")
    page.click("text=Neck and shoulders, to start with")
    page.wait_for_url("**/edit/")
    page.fill("#title", "Mornings")
    page.locator("#title").blur()
    page.wait_for_selector("#state .saved")
    page.select_option("#new_exercise", "self_pressure")
    page.click("text=Add a step")
    page.wait_for_selector("text=Choose the muscle to press")
    card = page.locator(".step-card").last
    card.locator("select[name$=where]").select_option("muscle:trapezius_upper:right")
    card.locator("input[name$=dose-hold_s]").fill("130")
    card.locator("input[name$=dose-hold_s]").blur()
    page.wait_for_selector("#state >> text=Enter a value from 1 to 120")
    card.locator("input[name$=dose-hold_s]").fill("45")
    card.locator("input[name$=dose-hold_s]").blur()
    expect(card.locator(".preview")).to_contain_text("45 seconds")  # what the patient will see, as it is written
    page.wait_for_selector("#state >> text=Enter a value from 1 to 120", state="detached")
    page.wait_for_selector("#state >> text=“Repetitions” is missing")
    fill_missing_doses(page)
    page.reload()
    assert page.locator("#title").input_value() == "Mornings"
    # The scan of the neck presses too: each such step has its own reason.
    reasons = page.locator("input[name$=reason-alert_anticoagulant]")
    assert reasons.count() == 2
    for card in page.locator(".step-card:has(input[name$=reason-alert_anticoagulant])").all():
        open_step(card)
        card.locator("input[name$=reason-alert_anticoagulant]").fill("Bruises rarely, and presses gently.")
    page.click("button:has-text('Give to the patient')")
    page.wait_for_url(lambda url: url.partition("#")[0].endswith("/") and "/edit/" not in url)
    assert "running" in page.inner_text("main")
    found = writer.get(f"/patients/{patient_id}/programmes/").json()["results"][0]
    assert found["content"]["title"] == "Mornings"
    assert found["content"]["steps"][-1]["dose"]["hold_s"] == 45


def test_a_button_waits_for_what_is_being_kept(person, patient_id):
    """On a slow network: the touch on the button comes while the title before it is still on its way."""
    page = person().sign_in()
    page.goto(f"/patients/{patient_id}/")
    page.click("text=New home programme")
    page.click("text=Neck and shoulders, to start with")
    page.wait_for_url("**/edit/")
    cards = page.locator(".step-card").count()
    held = []

    def hold(route):
        if route.request.headers.get("hx-request"):
            held.append(route)
        else:
            route.continue_()

    page.route("**/edit/", hold)
    page.fill("#title", "Evenings")
    page.locator("#title").blur()
    page.wait_for_selector("#builder.htmx-request")
    page.select_option("#new_exercise", "chin_tuck")
    page.click("text=Add a step")
    page.click("text=Add a step")
    assert len(held) == 1
    held[0].continue_()
    page.wait_for_selector(f".step-card >> nth={cards}")
    assert page.locator(".step-card").count() == cards + 1
    assert page.locator("#title").input_value() == "Evenings"
    assert len(held) == 1, "what the button took along was sent a second time"
