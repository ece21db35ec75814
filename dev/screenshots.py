"""`make screenshots`: every page at phone, tablet and desk width, light and dark, into docs/screenshots/."""

from __future__ import annotations

import json
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dev.run import Processes
from dev.servers import CannotStart
from dev.stack import ROOT, Stack, say

WIDTHS = {"phone": (390, 844), "tablet": (1180, 820), "desk": (1440, 900)}
PUBLIC = {"start": "/", "sign-in": "/login/"}
OWNER = {
    "clinic": "/",
    "admin": "/admin/",
    "admin-patients": "/admin/patients/patient/",
    "admin-import": "/admin/patients/patient/import/",
    "admin-records": "/admin/records/record/",
    "admin-audit": "/admin/audit/auditevent/",
    "api": "/api/v1/docs/",
}


def main() -> int:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        say("a Chromium is missing (Debian: apt-get install chromium); no pictures were taken.")
        return 1
    folder = ROOT / "docs" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with demo() as (url, facts):
            take(chromium, url, facts, folder)
    except CannotStart as refusal:
        say(str(refusal))
        return 1
    say(f"the pictures are in {folder}")
    return 0


@contextmanager
def demo() -> Iterator[tuple[str, dict[str, Any]]]:
    """A Palpate with the demo clinics, on a free port, for as long as the block lasts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="palpate-") as temporary, Stack(Path(temporary) / "data") as stack:
        facts = stack.data / "demo.json"
        with Processes(stack, port) as processes:
            stack.manage("prepare", "--demo", str(facts), "--url", url, quiet=True)
            processes.wait_until_ready(url)
            yield url, json.loads(facts.read_text())


def take(chromium: str, url: str, facts: dict[str, Any], folder: Path) -> None:
    from playwright.sync_api import sync_playwright

    owner = next(user for user in facts["users"] if user["role"] == "owner" and user["clinic"] == "harbour")
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        for width, (across, down) in WIDTHS.items():
            for theme in ("light", "dark"):
                page = browser.new_page(viewport={"width": across, "height": down}, color_scheme=theme)
                for name, path in PUBLIC.items():
                    page.goto(url + path)
                    page.screenshot(path=str(folder / f"{name}-{width}-{theme}.png"))
                page.fill("#id_username", owner["email"])
                page.fill("#id_password", owner["password"])
                page.click("main button")
                for name, path in OWNER.items():
                    page.goto(url + path)
                    page.wait_for_load_state("networkidle")
                    page.screenshot(path=str(folder / f"{name}-{width}-{theme}.png"))
                page.close()
        browser.close()


if __name__ == "__main__":
    sys.exit(main())
