"""A whole Palpate and a real Chromium. One stack for all browser tests; each test has a patient of its own."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from dev import browser as chromium
from tests.processes import Running, palpate

TABLET = {"width": 1180, "height": 820}
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.xdist_group("browser"))


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
def running(tmp_path_factory: Any) -> Iterator[Running]:
    environment = dict(os.environ)
    with palpate(tmp_path_factory.mktemp("browser")) as found:
        os.environ.update(environment)  # this stack stays up while other tests of the worker want their own
        found.url = found.url.replace("127.0.0.1", "localhost")
        yield found


class Person:
    """Somebody with a browser of their own."""

    def __init__(self, chrome: Any, running: Running, role: str, **options: Any) -> None:
        self.running = running
        self.user = next(u for u in running.facts["users"] if u["role"] == role and u["clinic"] == "harbour")
        self.context = chrome.new_context(base_url=running.url, **{"viewport": TABLET, **options})
        self.context.set_default_timeout(10_000)
        self.complaints: list[str] = []
        self.hosts: set[str] = set()

    def page(self) -> Any:
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self.note(said))
        page.on("request", lambda request: self.hosts.add(request.url.split("/")[2]))
        return page

    def note(self, said: Any) -> None:
        if said.type == "error" and "Failed to load resource" not in said.text:
            self.complaints.append(said.text)

    def sign_in(self) -> Any:
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
def person(chrome: Any, running: Running) -> Iterator[Callable[..., Person]]:
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


@pytest.fixture(scope="session")
def writer(running: Running) -> httpx.Client:
    return running.client("tablet")


@pytest.fixture
def patient_id(writer: httpx.Client) -> str:
    """A new patient of the demo clinic."""
    made = writer.post("/patients/", json={"family_name": f"Neck{uuid.uuid4().hex[:6]}", "given_names": "Ada",
                                           "birth_date": "1980-02-03",
                                           "alerts": [{"code": "anticoagulant", "note": "warfarin"}]})  # fmt: skip
    return str(made.json()["id"])


def saved(page: Any, *, within_s: int = 10) -> None:
    """Wait until the screen says that everything is saved."""
    page.wait_for_selector('[data-saved][data-state="saved"][data-waiting="0"]', timeout=within_s * 1000)
