"""What only a complete stack shows: the worker, beat and the mail server at work, the web process killed, the logs."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import AXE, PHONE, saved
from tests.browser.test_at_home import Home
from tests.browser.test_exam_screen import add, choose, stored
from tests.drills import small_or_drill
from tests.processes import TICK_S

pytestmark = [pytest.mark.processes, pytest.mark.long]
EMAIL = "staff@linden.example"  # nobody else's test signs in as them
NEXT_IS_DUE = """
    UPDATE homecare_occurrence SET due_at = now()
    WHERE id = (SELECT id FROM homecare_occurrence WHERE programme_id = %s AND kind = 'check_in' AND status = 'planned'
                ORDER BY due_at LIMIT 1)
"""
NEW = "seventeen quiet herons"


@pytest.fixture
def running(whole_stack):
    """In the place of the one that is served from the test's process."""
    whole_stack.url = whole_stack.url.replace("127.0.0.1", "localhost")
    return whole_stack


@pytest.fixture
def home(running, writer):
    return Home(running, writer)


@pytest.fixture
def link(home, person):
    return home.link(person().sign_in())


def link_for(running, email, seconds=40):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for mail in running.mails():
            if mail["to"] == email and "/account/password/reset/" in mail["body"]:
                return re.search(r"http://[^/]+(/\S+)", mail["body"])[1]
        time.sleep(0.3)  # a worker sends it; the inbox has no way to call
    raise TimeoutError(email)


def test_a_forgotten_password_is_chosen_anew(running, person):
    page = person().page()
    page.goto("/account/login/")
    page.click("text=Forgotten password?")
    page.fill("#id_email", EMAIL)
    page.click("text=Send the link")
    page.wait_for_selector("h1:has-text('Check your mail')")

    page.goto(link_for(running, EMAIL))
    for name in ("password1", "password2"):
        page.fill(f"input[name={name}]", NEW)
    assert Axe().run(page, options=AXE).response["violations"] == []
    page.click("text=Save the password")
    page.click("a:has-text('Sign in') >> nth=-1")
    page.fill("#id_login", EMAIL)
    page.fill("#id_password", NEW)
    page.click("main .button.wide")
    page.wait_for_url(lambda url: "/account/" not in url)
    assert page.locator("h1").inner_text()


@pytest.mark.parametrize("waits", small_or_drill(False, True))
def test_a_mail_comes_by_itself_at_the_chosen_time(home, writer, running, waits):
    """Real beat, real workers, real SMTP: planned, turned into a message, sent. The small one brings the time near."""
    while waits and datetime.now(UTC).second > 45:
        time.sleep(1)  # until the minute has turned: not to ask for one that is over before it is saved
    at = datetime.now(ZoneInfo("Europe/London")) + (timedelta(seconds=70) if waits else timedelta(hours=2))
    reminders = {"channels": ["email"], "times": [f"{at:%H:%M}"], "weekdays": list(range(7))}
    answer = writer.post(f"/programmes/{home.programme_id}/reminders/", json=reminders)
    assert answer.status_code == 200, answer.text
    if not waits:
        with psycopg.connect(running.stack.postgres.url("postgres", "palpate"), autocommit=True) as connection:
            assert connection.execute(NEXT_IS_DUE, [home.programme_id]).rowcount == 1

    mail = home.wait_for_mail(seconds=100)

    assert "/c/" in mail["body"]
    assert "Ada" not in re.sub(r"/[cs]/[\w-]{27}/", "", mail["body"]) + mail["subject"]
    time.sleep(2 * float(TICK_S) + 1)  # two more ticks
    assert len(home.mails()) == 1


def test_the_address_of_the_link_goes_nowhere(person, link, running):
    """Not in a Referer, not in the history of the answered page, not in the service's logs."""
    phone = person(viewport=PHONE)
    page = phone.page()
    referers = []
    page.on("request", lambda request: referers.append(request.headers.get("referer", "")))
    page.goto(link)
    page.fill("#year", "1980")
    page.click("button.big")
    page.wait_for_url("**/c/today/")

    token = link.split("/")[2]
    assert [r for r in referers if token in r] == []
    for name, log in running.processes.logs.items():
        if name != "inbox":
            assert token not in log.read_text(), name


def test_the_server_is_killed_in_mid_exam(person, running, writer, patient_id):
    therapist = person()
    page = therapist.sign_in()
    url = therapist.new_exam(page, patient_id)
    add(page, "lev")
    running.kill("web")
    choose(page, "taut_band", "present")
    page.wait_for_selector('[data-saved][data-state="trouble"]')
    choose(page, "referred_pain", "absent")
    running.restart("web")
    running.wait()
    saved(page, within_s=30)  # the next try may be some seconds away

    finding = stored(writer, url)["findings"][0]
    assert (finding["taut_band"], finding["referred_pain"]) == ("present", "absent")
