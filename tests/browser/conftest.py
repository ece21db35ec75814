"""Palpate in the test's process and a real Chromium, one of each a worker; each test has a patient of its own."""

from __future__ import annotations

import os
import re
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from django.db import connections

from clinic.celery import app as celery
from dev import browser as chromium
from tests import demo
from tests.browser.served import Served, serve
from tests.conftest import point_at
from tests.processes import Running

TABLET = {"width": 1180, "height": 820}
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}


@pytest.fixture(scope="session")
def chrome() -> Iterator[Any]:
    path = chromium.find()
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("CI has no Chromium, so the browser tests would not run.")
        pytest.skip("no Chromium: the browser tests were not run (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    # Playwright leaves an event loop in this thread, which Django's ORM would refuse to work beside.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=chromium.FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def served(django_db_setup: None, worker_id: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    facts = demo.facts_of_run(tmp_path_factory)
    demo.copy_for(f"{demo.NAME}_{worker_id}", facts)
    with serve(tmp_path_factory.mktemp("browser"), facts) as found:
        yield found


@pytest.fixture
def running(served: Served, django_db_blocker: Any, settings: Any, worker_id: str) -> Iterator[Served]:
    """The demo, while a test lasts: its rows are committed, in a database of the browser tests' own."""
    settings.PUBLIC_URL, settings.ACCOUNT_RATE_LIMITS = served.url, {}
    settings.EMAIL_BACKEND = "messaging.providers.mail.NotingBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", served.smtp_port
    settings.DEFAULT_FROM_EMAIL = "messages@palpate.example"
    settings.SMS_PROVIDER, settings.SMS_MAIL_GATEWAY = "mail_gateway", "sms.palpate.example"
    own = connections["default"].settings_dict["NAME"]
    with django_db_blocker.unblock():
        point_at(f"{demo.NAME}_{worker_id}")
        celery.conf.task_always_eager = True
        yield served
        celery.conf.task_always_eager = False
        point_at(own)


class Person:
    """Somebody with a browser of their own."""

    def __init__(self, chrome: Any, running: Running | Served, role: str, **options: Any) -> None:
        self.running = running
        self.user = next(u for u in running.facts["users"] if u["role"] == role and u["clinic"] == "harbour")
        self.context = chrome.new_context(base_url=running.url, **{"viewport": TABLET, **options})
        self.context.set_default_timeout(10_000)
        self.complaints: list[str] = []
        self.hosts: set[str] = set()
        self.on_their_way: set[Any] = set()  # requests without an answer

    def page(self) -> Any:
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self.note(said))
        page.on("request", lambda request: self.hosts.add(request.url.split("/")[2]))
        page.on("request", lambda request: self.on_their_way.add(request))
        for end in ("requestfinished", "requestfailed"):
            page.on(end, lambda request: self.on_their_way.discard(request))
        return page

    def wait_until_quiet(self, page: Any) -> None:
        """Wait until the page is loaded and asks for nothing; `networkidle` waits half a second in any case."""
        page.wait_for_load_state("load")
        quiet, end = 0, time.monotonic() + 10
        while quiet < 3:
            page.wait_for_timeout(25)
            quiet = 0 if self.on_their_way else quiet + 1
            assert time.monotonic() < end, [request.url for request in self.on_their_way]

    def note(self, said: Any) -> None:
        if said.type == "error" and "Failed to load resource" not in said.text:
            self.complaints.append(said.text)

    def sign_in(self) -> Any:
        """A page of somebody who has signed in, without waiting for the browser to show how."""
        with httpx.Client(base_url=self.running.url, timeout=30) as client:
            form = {"login": self.user["email"], "password": self.user["password"]}
            token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get("/account/login/").text)
            assert token is not None
            answer = client.post("/account/login/", data={**form, "csrfmiddlewaretoken": token[1]})
            assert answer.status_code == 302, answer.text
            self.context.add_cookies(
                [{"name": name, "value": value, "url": self.running.url} for name, value in client.cookies.items()]
            )
        page = self.page()
        page.goto("/")
        return page

    def sign_in_by_hand(self) -> Any:
        page = self.page()
        page.goto("/account/login/")
        page.fill("#id_login", self.user["email"])
        page.fill("#id_password", self.user["password"])
        page.click("main .button.wide")
        page.wait_for_url(lambda url: "/account/login/" not in url)
        return page

    def new_exam(self, page: Any, patient_id: str) -> str:
        """Start an exam from the patient's page; returns its address."""
        page.goto(f"/patients/{patient_id}/")
        page.click('form[action$="/exams/new/"] button')
        page.wait_for_selector("body[data-ready]")
        return str(page.url)

    def new_session(self, page: Any, patient_id: str) -> str:
        page.goto(f"/patients/{patient_id}/")
        page.click('form[action$="/sessions/new/"] button')
        page.wait_for_selector("body[data-ready]")
        return str(page.url)


@pytest.fixture
def person(chrome: Any, running: Running | Served) -> Iterator[Callable[..., Person]]:
    """`person()` is the therapist at a tablet; `person("staff", viewport=PHONE)` somebody else, elsewhere."""
    made: list[Person] = []

    def make(role: str = "therapist", **options: Any) -> Person:
        made.append(Person(chrome, running, role, **options))
        return made[-1]

    yield make
    for one in made:
        complaints = [c for c in one.complaints if "ERR_INTERNET_DISCONNECTED" not in c]
        one.context.close()
        assert complaints == []
        assert one.hosts <= {running.url.split("/")[2]}, "a page asked another host"


@pytest.fixture
def writer(running: Running | Served) -> httpx.Client:
    return running.client("tablet")


@pytest.fixture
def patient_id(writer: httpx.Client) -> str:
    """A new patient of the demo clinic."""
    made = writer.post(
        "/patients/",
        json={
            "family_name": f"Neck{uuid.uuid4().hex[:6]}",
            "given_names": "Ada",
            "birth_date": "1980-02-03",
            "alerts": [{"code": "anticoagulant", "note": "warfarin"}],
        },
    )
    return str(made.json()["id"])


AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
# Only what is wrong, and little of that: an answer with all that is right has megabytes.
RUN_AXE = """options => axe.run({...options, resultTypes: ['violations']}).then(({violations}) => violations.flatMap(
  ({id, nodes}) => nodes.slice(0, 3).map(({html}) => [id, html.slice(0, 160)])))"""


def faults(page: Any) -> list[tuple[str, str, str]]:
    """What axe finds on a page: by all its rules in the light theme, by the one for contrast in the dark one."""
    from axe_playwright_python.base import AXE_SCRIPT

    found = []
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    for theme, options in (("light", AXE), ("dark", CONTRAST)):
        # A colour that is still on its way from the other theme would be measured.
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        found += [(theme, rule, html) for rule, html in page.evaluate(RUN_AXE, options)]
    page.emulate_media(color_scheme="light")
    return found


def saved(page: Any, *, within_s: int = 10) -> None:
    """Wait until the screen says that everything is saved."""
    page.wait_for_selector('[data-saved][data-state="saved"][data-waiting="0"]', timeout=within_s * 1000)
