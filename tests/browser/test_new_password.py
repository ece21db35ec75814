"""A forgotten password, as somebody at a tablet meets it: the page, the worker, the mail, the new one."""

from __future__ import annotations

import re
import time

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.test_at_home import AXE

pytestmark = pytest.mark.processes
EMAIL = "staff@linden.example"  # nobody else's test signs in as them
NEW = "seventeen quiet herons"


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
    page.wait_for_selector("h1:has-text('Look into your mail')")

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
