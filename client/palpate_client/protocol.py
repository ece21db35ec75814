"""What both clients do alike: who asks, whether a request may be tried again, what an answer means."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

API = "/api/v1"
TOKEN = "/oauth/token/"  # noqa: S105 - a path
MOST_ATTEMPTS = 6
LONGEST_WAIT_S = 60.0
REFUSED_UNREAD = {429, 503}  # the server has done nothing: any request may be sent again
PERHAPS_DONE = {502, 504}  # somebody between has given up: only what can be sent twice is sent again


class Problem(Exception):
    """
    The server has refused (RFC 9457). The text names status and code only, so that it can be logged.

    :ivar code: stable, for programs
    :ivar errors: what is wrong with each field: `pointer`, `code`, `detail`, `params`
    """

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        self.status = status
        self.code = str(body.get("code") or body.get("error") or "no_code")  # OAuth's own refusals say `error`
        self.detail = str(body.get("detail", ""))
        self.errors: list[dict[str, Any]] = list(body.get("errors", []))
        super().__init__(f"{status} {self.code}")


@dataclass(frozen=True)
class Change:
    """One row of the sequence of changes: that something became different, not what it is now."""

    sequence: int
    kind: str
    action: str
    id: str
    patient_id: str
    revision: int | None
    changed: tuple[str, ...]
    merged_into: str | None
    at: str


@dataclass(frozen=True)
class ChangePage:
    """
    :ivar cursor: stands behind the whole page: keep it when all of the page is done, and go on from it
    :ivar is_last: there is no more for now
    :ivar is_complete: no kind is left out, so the numbers have no gaps
    """

    changes: tuple[Change, ...]
    cursor: str
    is_last: bool
    is_complete: bool

    @classmethod
    def read(cls, page: Mapping[str, Any]) -> ChangePage:
        names = Change.__dataclass_fields__
        rows = [{name: row[name] for name in names} for row in page["results"]]
        changes = tuple(Change(**{**row, "changed": tuple(row["changed"])}) for row in rows)
        return cls(changes, page["resume_cursor"], page["next_cursor"] is None, page["complete"])


class ProgramAuth(httpx.Auth):
    """Client credentials: asks for a token before the first request, before one ends, and when one was refused."""

    requires_response_body = True

    def __init__(self, url: str, client_id: str, client_secret: str) -> None:
        self.url = url.rstrip("/") + TOKEN
        self.basic = httpx.BasicAuth(client_id, client_secret)
        self.token = ""
        self.ends_at_s = 0.0

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        for _attempt in range(2):
            if time.monotonic() >= self.ends_at_s:
                ask = httpx.Request("POST", self.url, data={"grant_type": "client_credentials"})
                answer = yield next(self.basic.auth_flow(ask))
                if answer.status_code != 200:
                    return  # what the token's endpoint says is the answer
                body = read_body(answer)
                self.token = body["access_token"]
                self.ends_at_s = time.monotonic() + 0.8 * float(body.get("expires_in", 300))
            request.headers["Authorization"] = f"Bearer {self.token}"
            answer = yield request
            if answer.status_code != 401:
                return
            self.ends_at_s = 0.0  # it was withdrawn


@dataclass
class Call:
    """One request, and how often it was tried. A POST carries one Idempotency-Key through all its attempts."""

    method: str
    path: str
    body: Any = None
    query: Mapping[str, Any] = field(default_factory=dict)
    revision: int | None = None
    attempts: int = 0
    key: str = field(default_factory=lambda: str(uuid.uuid4()))

    def arguments(self) -> dict[str, Any]:
        """What httpx is called with. Of a whole address only the path is used: the token goes to one server."""
        path = httpx.URL(self.path).raw_path.decode()
        sent: dict[str, Any] = {"method": self.method, "url": path if path.startswith("/api/") else API + path}
        sent["headers"] = {"Idempotency-Key": self.key} if self.method == "POST" else {}
        if self.revision is not None:
            sent["headers"]["If-Match"] = f'"{self.revision}"'
        if query := {name: value for name, value in self.query.items() if value is not None}:
            sent["params"] = query
        if self.body is not None:
            sent["json"] = self.body
        return sent

    def wait_s(self, answer: httpx.Response | None) -> float | None:
        """
        Return how long to wait before it is tried again; None: it is not.

        GET changes nothing and POST has its key. PATCH and DELETE are not sent again where they may have been done:
        a second one would be told that the revision is stale.

        :param answer: None: the connection was lost
        """
        self.attempts += 1
        is_repeatable = self.method in {"GET", "POST"}
        tried_again = REFUSED_UNREAD | PERHAPS_DONE if is_repeatable else REFUSED_UNREAD
        may_go_on = is_repeatable if answer is None else answer.status_code in tried_again
        if self.attempts >= MOST_ATTEMPTS or not may_go_on:
            return None
        told = answer.headers.get("Retry-After", "") if answer is not None else ""
        if told.isdigit():
            return float(told) if float(told) <= LONGEST_WAIT_S else None
        return float(0.25 * 2**self.attempts * random.uniform(0.5, 1))  # noqa: S311 - apart, not secret


def read_body(answer: httpx.Response) -> dict[str, Any]:
    """Return the JSON object that was answered; empty where it is none. No error carries what was sent."""
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def read_answer(answer: httpx.Response) -> dict[str, Any]:
    """:raises Problem:"""
    body = read_body(answer)
    if not answer.is_success:
        raise Problem(answer.status_code, body)
    if answer.content and not body:
        raise Problem(answer.status_code, {"code": "not_palpate"})  # a proxy's page, say
    return body
