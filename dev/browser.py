"""The Chromium of the tests and pictures: Debian's own, driven by Playwright."""

from __future__ import annotations

import os
import shutil
import subprocess

from dev.stack import say

FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
NAMES = ["chromium", "chromium-browser", "google-chrome"]


def find() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def install() -> str | None:
    """The browser, installed first where that is allowed (root on Debian or Ubuntu); None if there is none."""
    path = find()
    if path or os.geteuid() != 0 or not shutil.which("apt-get"):
        return path
    say("installing Chromium for the browser tests ...")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-q"], ["apt-get", "install", "-qy", "--no-install-recommends", "chromium"]):
        subprocess.run(command, env=environment, check=False, **quiet)  # type: ignore[call-overload]
    return find()
