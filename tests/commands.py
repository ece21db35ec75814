"""The API's acts on one thing, and the program that reads before it acts."""

from __future__ import annotations

import re

import httpx

ACTS = (
    "sign|addenda|entered-in-error|revisions|publish|pause|resume|end|merge|leave|accept|decline|resolve|done|take|snooze"
    "|reopen|send-again|accept|dismiss|cancel|undo|rotate-secret|replay"
)
COMMAND = re.compile(rf"(?:/api/v1)?/(?:patients/)?([a-z]+)/([0-9a-f-]{{36}})/(?:{ACTS})/")


def read_first(request: httpx.Request) -> None:
    """Send the ETag of what a command acts on: an event hook of a client."""
    command = COMMAND.fullmatch(request.url.path)
    if request.method != "POST" or command is None or "If-Match" in request.headers:
        return
    resource = request.url.copy_with(path=request.url.path.rstrip("/").rpartition("/")[0] + "/")
    read = httpx.get(resource, headers={"Authorization": request.headers["Authorization"]}, timeout=20)
    if "ETag" in read.headers:
        request.headers["If-Match"] = read.headers["ETag"]
