"""
`make screenshots`: every page at phone, tablet and desk width (the tablet also dark), into `.data/screenshots/`.

The six that the README shows are copied to `docs/screenshots/`; the others are for looking at, and git ignores them.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dev import browser as chromium
from dev.run import Processes, free_port, post_office
from dev.servers import CannotStart
from dev.stack import ROOT, Stack, say
from dev.stopping import stop_on_signals

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

IN_README = [
    "exam-tablet-light.png",
    "session-tablet-light.png",
    "review-tablet-light.png",
    "patient-tablet-light.png",
    "calendar-day-desk-light.png",
    "check-in-phone-light.png",
]
WIDTHS = {"phone": (390, 844), "tablet": (1180, 820), "desk": (1440, 900)}
PUBLIC = {"start": "/", "sign-in": "/account/login/"}
OWNER = {
    "owner-today": "/",
    "admin": "/admin/",
    "admin-patients": "/admin/patients/patient/",
    "admin-import": "/admin/patients/patient/import/",
    "admin-records": "/admin/records/record/",
    "admin-audit": "/admin/audit/auditevent/",
    "api": "/api/v1/docs/",
    "message-words": "/messages/words/",
    "message-settings": "/messages/settings/",
    "settings": "/settings/",
    "settings-clinic": "/settings/clinic/",
    "settings-security": "/settings/security/",
    "settings-techniques": "/settings/techniques/",
    "settings-people": "/settings/people/",
    "settings-programs": "/settings/programs/",
    "settings-audit": "/settings/audit/",
    "settings-signing": "/clinic/signing/",
}
STAFF = {
    "staff-today": "/",
    "new-patient": "/patients/new/",
    "worklist": "/worklist/",
    "messages": "/messages/?show=all",
    "messages-next": "/messages/next/",
    "worklist-all": "/worklist/?show=all",
    "calendar-day": "/calendar/?on={workday}",
    "calendar-week": "/calendar/?view=week&on={workday}",
    "calendar-rooms": "/calendar/?by=room&on={workday}",
    "calendar-feed": "/calendar/feed/",
    "waitlist": "/waitlist/",
    "figures": "/figures/",
    "setup-hours": "/scheduling/",
    "setup-types": "/scheduling/appointment-types/",
    "setup-booking": "/scheduling/booking/",
}
THERAPIST = {
    "patients": "/patients/",
    "account": "/account/",
    "passkeys": "/account/2fa/",
    "access": "/account/access/",
    "house-style": "/ui/",
}


def main() -> int:
    stop_on_signals()
    path = chromium.install()
    if path is None:
        say("a Chromium is missing (Debian: apt-get install chromium); no pictures were taken.")
        return 1
    folder = ROOT / ".data" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    try:
        with demo() as (url, facts):
            take(path, url, facts, folder)
    except CannotStart as refusal:
        say(str(refusal))
        return 1
    for name in IN_README:
        shutil.copy(folder / name, ROOT / "docs" / "screenshots" / name)
    say(f"the pictures are in {folder}, and the README's in docs/screenshots")
    return 0


@contextmanager
def demo() -> Iterator[tuple[str, dict[str, Any]]]:
    """A Palpate with the demo clinics, on a free port, for as long as the block lasts."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="palpate-") as temporary, Stack(Path(temporary) / "data") as stack:
        stack.environment["PUBLIC_URL"] = url
        inbox = post_office(stack, free_port())
        facts = stack.data / "demo.json"
        with Processes(stack, port) as processes:
            stack.manage("prepare", "--demo", str(facts), "--url", url, quiet=True)
            processes.wait_until_ready(url)
            yield url, {**json.loads(facts.read_text()), "inbox": inbox}


class Camera:
    """One browser window of one width and theme."""

    def __init__(self, browser: Browser, url: str, facts: dict[str, Any], folder: Path, width: str, theme: str) -> None:
        across, down = WIDTHS[width]
        self.url, self.facts, self.folder, self.suffix = url, facts, folder, f"{width}-{theme}.png"
        self.browser = browser
        self.options = {
            "viewport": {"width": across, "height": down},
            "color_scheme": theme,
            "reduced_motion": "reduce",
        }

    def window(self, role: str | None = None, language: str = "en") -> Any:
        page = self.browser.new_page(**self.options, locale=language)
        if role:
            user = next(u for u in self.facts["users"] if u["role"] == role and u["clinic"] == "harbour")
            page.goto(f"{self.url}/account/login/")
            page.fill("#id_login", user["email"])
            page.fill("#id_password", user["password"])
            page.click("main .button.wide")
            page.wait_for_url(f"{self.url}/")
        return page

    def shoot(self, page: Page, name: str, path: str | None = None) -> None:
        if path is not None:
            page.goto(self.url + path.replace("{workday}", f"{next_workday():%Y-%m-%d}"))
        page.wait_for_load_state("networkidle")
        page.screenshot(path=str(self.folder / f"{name}-{self.suffix}"))


def next_workday() -> date:
    """A day on which the demo's calendar is full."""
    day = datetime.now(UTC).date() + timedelta(days=1)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return day


def take(path: str, url: str, facts: dict[str, Any], folder: Path) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=chromium.FLAGS)
        for width in WIDTHS:
            for theme in ("light", "dark") if width == "tablet" else ("light",):
                say(f"{width}, {theme} ...")
                everything(Camera(browser, url, facts, folder, width, theme))
        say("a red flag at home ...")
        red_flag_at_home(
            tablet=Camera(browser, url, facts, folder, "tablet", "light"),
            phone=Camera(browser, url, facts, folder, "phone", "light"),
        )
        browser.close()


def everything(camera: Camera) -> None:
    for role, pages in ((None, PUBLIC), ("owner", OWNER), ("staff", STAFF), ("therapist", THERAPIST)):
        page = camera.window(role)
        for name, path in pages.items():
            camera.shoot(page, name, path)
        page.close()
    workspace(camera)
    at_home(camera)


def workspace(camera: Camera) -> None:
    """The therapist's way: today, a patient, an exam, its review, a session; and one page in German."""
    page = camera.window("therapist")
    camera.shoot(page, "today")
    page.keyboard.press("/")
    page.fill("#search-text", "a")
    page.wait_for_selector("#search-found li")
    camera.shoot(page, "search")
    page.goto(f"{camera.url}/patients/")
    page.locator("#lines a.card", has=page.locator(".chip.caution")).first.click()
    page.wait_for_selector(".strip")
    patient = page.url
    camera.shoot(page, "patient")
    page.click('form[action$="/exams/new/"] button')
    page.wait_for_selector("body[data-ready]")
    exam(camera, page)
    page.goto(patient)
    page.click('form[action$="/sessions/new/"] button')
    page.wait_for_selector("body[data-ready]")
    session(camera, page)
    page.goto(patient)
    page.evaluate("document.querySelectorAll('.timeline details').forEach(visit => (visit.open = true))")
    page.locator(".timeline a[href*='/documents/']").last.click()
    camera.shoot(page, "document")
    camera.shoot(page, "locked", "/account/")
    page.click("text=Lock now")
    camera.shoot(page, "locked")
    page.close()
    german = camera.window("therapist", "de")
    camera.shoot(german, "today-german")
    german.close()


def exam(camera: Camera, page: Page) -> None:
    def add(letters: str) -> None:
        page.fill("#find", letters)
        page.wait_for_selector("#found button")
        page.keyboard.press("Enter")
        page.wait_for_selector("details[open]")

    def choose(name: str, value: str) -> None:
        page.locator(f'details[open] input[data-path$="/{name}"][type=radio][value="{value}"]').click()

    if not page.locator("[data-finding]").count():
        add("tra")
        for sign in ("taut_band", "hypersensitive_spot", "referred_pain"):
            choose(sign, "present")
        camera.shoot(page, "exam-referral")
        page.click("details[open] [data-zone-key] >> nth=0")
        choose("recognised", "yes")
        add("sub")
        choose("taut_band", "present")
        choose("hypersensitive_spot", "absent")
    else:
        page.click("[data-finding] summary >> nth=0")
        page.click("details[open] [data-where]")
        camera.shoot(page, "exam-referral")
        page.click("details[open] [data-where]")
        page.click("[data-finding] summary >> nth=2")
    page.wait_for_selector('[data-saved]:not([data-state="saving"])')
    camera.shoot(page, "exam")
    for sheet in ("red-flags", "range", "pain"):
        page.click(f"[data-open={sheet}]")
        camera.shoot(page, f"exam-{sheet}")
        page.click(f"#{sheet} [data-close]")
    draw(page, ["head.behind_ear", "neck.lateral"])
    camera.shoot(page, "exam-drawing")
    page.click("[data-review]")
    page.wait_for_url("**/review/")
    camera.shoot(page, "review")


def draw(page: Page, zones: list[str]) -> None:
    """Tap zones of the right side in the drawing, and wait for what it suggests."""
    page.evaluate("() => document.querySelector('body-chart').show('neck')")
    page.click("[data-drawing]")
    for zone in zones:
        touched = f"new CustomEvent('zone', {{detail: {{zone: '{zone}', side: 'right'}}}})"
        page.evaluate(f"() => document.querySelector('body-chart').dispatchEvent({touched})")
    page.wait_for_selector("[data-suggestion]")


def session(camera: Camera, page: Page) -> None:
    page.click("button[data-point] >> nth=0")
    camera.shoot(page, "session-technique")
    page.click("[data-technique=ischemic_compression]")
    page.wait_for_selector("details[open] [data-hold]")
    camera.shoot(page, "session")


def at_home(camera: Camera) -> None:
    """A home programme: written, given, reminded of; and the patient's pages behind the link in the mail."""
    page = camera.window("therapist")
    page.goto(f"{camera.url}/patients/")
    page.locator("#lines a.card").nth(2).click()
    page.click("text=New home programme")
    camera.shoot(page, "new-programme")
    page.click("button[value=starter]")
    page.wait_for_url("**/edit/")
    camera.shoot(page, "programme-builder")
    page.goto(f"{camera.url}/worklist/")
    page.locator("li.item a[href^='/patients/']").first.click()
    page.locator("section[aria-labelledby=home] a[href*='/programmes/']").last.click()
    page.wait_for_url("**/programmes/*/")
    camera.shoot(page, "programme")
    programme = page.url
    camera.shoot(page, "programme-reminders", programme.removeprefix(camera.url) + "reminders/")
    camera.shoot(page, "programme-sheet", programme.removeprefix(camera.url) + "sheet/")
    camera.shoot(page, "programme-pictures", "/programmes/pictures/")
    mails_before = len(mails(camera, PAGE_MAIL))
    page.goto(programme)
    page.click("main p a >> nth=0")
    born = re.search(r"\b((?:19|20)\d\d)\b", page.inner_text(".who"))
    assert born
    page.goto(programme)
    page.click("text=Send the link now")
    camera.shoot(page, "link-sent")
    patient_pages(camera, new_mail(camera, PAGE_MAIL, mails_before), born[1])
    booking(camera, page, programme, born[1])
    page.close()


def booking(camera: Camera, page: Page, programme: str, year: str) -> None:
    """A time is found and booked, a series proposed; and the page behind the link that the patient gets."""
    page.goto(programme)
    page.click("main p a >> nth=0")
    page.click("section[aria-labelledby=visits] a.button")
    patient = page.url.replace("/book/", "/appointments/")
    page.click("form.find button.button")
    camera.shoot(page, "book")
    mails_before = len(mails(camera, BOOKED_MAIL))
    page.locator("button[name=slot]").nth(7).click()
    page.wait_for_url("**/appointments/*/")
    camera.shoot(page, "appointment")
    page.goto(page.url.split("?")[0] + "?free=same")
    camera.shoot(page, "appointment-move")
    page.goto(patient.replace("/appointments/", "/book/"))
    page.click("summary:has-text('A series')")
    page.fill("#id_count", "8")
    page.fill("#id_weeks", "4")
    page.click("form.find button.button")
    camera.shoot(page, "book-series")
    camera.shoot(page, "patient-appointments", patient.removeprefix(camera.url))
    link = re.search(rf"{camera.url}/c/\S+", new_mail(camera, BOOKED_MAIL, mails_before))
    assert link
    phone = camera.window()
    phone.goto(link[0])
    phone.fill("#year", year)
    phone.click("button.big")
    phone.wait_for_url("**/c/appointment/")
    camera.shoot(phone, "my-appointment")
    phone.close()


def red_flag_at_home(*, tablet: Camera, phone: Camera) -> None:
    """
    What a patient answers at home stops the programme and the treatment. Once, as the last: the flag stays open.

    The pages of what the record knows: flags, consents, adverse events, a session and its review with a stop.
    """
    page = tablet.window("therapist")
    page.goto(f"{tablet.url}/worklist/")
    page.locator("li.item a[href^='/patients/']").first.click()
    patient = page.url.removeprefix(tablet.url)
    page.locator("section[aria-labelledby=home] a[href*='/programmes/']").last.click()
    page.wait_for_url("**/programmes/*/")
    programme = page.url.removeprefix(tablet.url)
    page.goto(tablet.url + patient)
    born = re.search(r"\b((?:19|20)\d\d)\b", page.inner_text(".who"))
    assert born
    mails_before = len(mails(tablet, PAGE_MAIL))
    page.goto(tablet.url + programme)
    page.click("text=Send the link now")
    link = re.search(rf"{tablet.url}/c/\S+", new_mail(tablet, PAGE_MAIL, mails_before))
    assert link
    answer_with_red_flag(phone, link[0], born[1])
    tablet.shoot(page, "programme-stopped", programme)
    tablet.shoot(page, "patient-red-flags", f"{patient}red-flags/")
    tablet.shoot(page, "consents", f"{patient}consents/")
    tablet.shoot(page, "consent-record", f"{patient}consents/new/")
    tablet.shoot(page, "adverse-events", f"{patient}adverse-events/")
    tablet.shoot(page, "adverse-event-record", f"{patient}adverse-events/new/")
    page.goto(tablet.url + patient)
    page.click('form[action$="/sessions/new/"] button')
    page.wait_for_selector("body[data-ready]")
    page.click("button[data-point] >> nth=0")
    tablet.shoot(page, "session-stopped-technique")
    page.click("[data-technique=dry_needling]")
    page.wait_for_selector("details[open]")
    page.wait_for_selector('[data-saved]:not([data-state="saving"])')
    page.evaluate("document.querySelector('[data-safety-panel]').scrollIntoView()")
    tablet.shoot(page, "session-stopped")
    page.click("[data-review]")
    page.wait_for_url("**/review/")
    tablet.shoot(page, "review-stopped")
    page.close()
    page = tablet.window("owner")
    tablet.shoot(page, "adverse-event-rates", "/adverse-events/")
    tablet.shoot(page, "lots", "/lots/")
    tablet.shoot(page, "competencies", "/competencies/")
    page.close()


def answer_with_red_flag(phone: Camera, link: str, year: str) -> None:
    page = phone.window()
    page.goto(link)
    page.fill("#year", year)
    page.click("button.big")
    page.wait_for_url("**/c/today/")
    page.locator("input[value=bladder_or_bowel]").check(force=True)
    page.click("button.big")
    page.wait_for_url("**/c/thanks/")
    phone.shoot(page, "check-in-stop-thanks")
    phone.shoot(page, "check-in-stop", "/c/today/")
    page.close()


PAGE_MAIL, BOOKED_MAIL = "Your page for today", "Your appointment"


def mails(camera: Camera, subject: str) -> list[dict[str, str]]:
    with urllib.request.urlopen(camera.facts["inbox"] + "/mails.json", timeout=10) as answer:
        mails_found: list[dict[str, str]] = json.load(answer)
    return [mail for mail in mails_found if mail["subject"] == subject]


def new_mail(camera: Camera, subject: str, known: int) -> str:
    for _ in range(150):
        if len(mails_now := mails(camera, subject)) > known:
            return mails_now[0]["body"]
        time.sleep(0.2)  # the mail comes by the real worker
    raise TimeoutError("the mail did not come.")


def patient_pages(camera: Camera, mail: str, year: str) -> None:
    opened, stopped = (re.search(rf"{camera.url}/{letter}/\S+", mail) for letter in "cs")
    assert opened
    assert stopped
    page = camera.window()
    page.goto(opened[0])
    camera.shoot(page, "link-opened")
    page.fill("#year", year)
    page.click("button.big")
    page.wait_for_url("**/c/today/")
    camera.shoot(page, "check-in")
    page.screenshot(path=str(camera.folder / f"check-in-whole-{camera.suffix}"), full_page=True)
    page.click("button.big")
    page.wait_for_url("**/c/thanks/")
    camera.shoot(page, "check-in-thanks")
    camera.shoot(page, "messages-stop", stopped[0].removeprefix(camera.url))
    page.close()


if __name__ == "__main__":
    sys.exit(main())
