"""The sync and the async client alike: tokens, what is tried again and what is not, refusals, following."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from palpate_client import AsyncClient, Client, Problem
from tests.client.conftest import AsyncTransport, Transport
from tests.committed import committed_patient


def run_in_a_thread(run):
    """Run a coroutine function to its end; in the tests' own thread Playwright's loop may be running."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(run())).result()


class Sync:
    """A client whose methods are called with their names; the async one's are awaited."""

    def __init__(self, access, network):
        self.access, self.network = access, network

    def call(self, name, *arguments, **options):
        with Client(**self.access, transport=Transport(self.network)) as client:
            return getattr(client, name)(*arguments, **options)

    def follow(self, *arguments, **options):
        with Client(**self.access, transport=Transport(self.network)) as client:
            return list(client.follow(*arguments, **options))


class Async(Sync):
    def call(self, name, *arguments, **options):
        async def run():
            async with AsyncClient(**self.access, transport=AsyncTransport(self.network)) as client:
                return await getattr(client, name)(*arguments, **options)

        return run_in_a_thread(run)

    def follow(self, *arguments, **options):
        async def run():
            async with AsyncClient(**self.access, transport=AsyncTransport(self.network)) as client:
                return [page async for page in client.follow(*arguments, **options)]

        return run_in_a_thread(run)


@pytest.fixture(params=[Sync, Async])
def program(request, access, network):
    return request.param(access, network)


@pytest.fixture
def waits(monkeypatch):
    """How long the client wanted to wait, without waiting."""
    told = []

    async def note(seconds):
        told.append(seconds)

    monkeypatch.setattr("palpate_client.clients.time.sleep", told.append)
    monkeypatch.setattr("palpate_client.clients.asyncio.sleep", note)
    return told


def failing(times, answer, method="POST", path="/patients/"):
    """The first so many requests do not come through."""
    left = [times]

    def fault(request):
        if request.method == method and path in request.url.path and left[0]:
            left[0] -= 1
            if isinstance(answer, Exception):
                raise answer
            return answer
        return None

    return fault


def sent(network, part="/patients/"):
    return [request for request in network.seen if part in request.url.path]


def test_a_post_is_sent_again_with_its_key_and_is_done_once(program, network, waits):
    network.fault = failing(1, httpx.Response(503, headers={"Retry-After": "7"}))
    assert program.call("post", "/patients/", {"family_name": "Anning"})["family_name"] == "Anning"
    assert waits == [7]
    first, second = (request.headers["Idempotency-Key"] for request in sent(network))
    assert first == second


def test_a_lost_connection_is_tried_again_and_in_the_end_said(program, network, waits):
    network.fault = failing(3, httpx.ReadError("lost"), "GET")
    assert program.call("get", "/patients/")["results"] == []
    assert len(waits) == 3
    network.fault = failing(99, httpx.ReadError("lost"), "GET")
    with pytest.raises(httpx.ReadError):
        program.call("get", "/patients/")
    assert len(sent(network)) == 4 + 6


def test_a_change_that_may_have_been_done_is_not_sent_again(program, committed, network, waits):
    path = f"/patients/{committed_patient(committed)}/"
    network.fault = failing(1, httpx.ReadError("lost"), "PATCH")
    with pytest.raises(httpx.ReadError):
        program.call("patch", path, {"family_name": "Lyell"}, revision=1)
    network.fault = failing(1, httpx.Response(429, headers={"Retry-After": "1"}), "PATCH")
    assert program.call("patch", path, {"family_name": "Lyell"}, revision=1)["family_name"] == "Lyell"
    with pytest.raises(Problem) as stale:
        program.call("patch", path, {"family_name": "Ware"}, revision=1)
    assert stale.value.status == 412


def test_a_wait_of_hours_is_not_waited(program, network, waits):
    network.fault = failing(1, httpx.Response(429, json={"code": "throttled"}, headers={"Retry-After": "9000"}), "GET")
    with pytest.raises(Problem, match=r"^429 throttled$"):
        program.call("get", "/patients/")
    assert waits == []


def test_a_token_that_was_withdrawn_is_asked_for_again(program, network):
    network.fault = failing(1, httpx.Response(401), "GET")
    assert program.call("get", "/patients/")["results"] == []
    assert len(sent(network, "/oauth/token/")) == 2


def test_a_refusal_has_its_code_and_says_nothing_of_what_was_sent(program):
    with pytest.raises(Problem) as refused:
        program.call("post", "/patients/", {"family_name": "Okafor", "birth_date": "Okafor"})
    assert (refused.value.status, refused.value.errors[0]["pointer"]) == (400, "/birth_date")
    assert "Okafor" not in str(refused.value)


def test_the_token_goes_to_one_server_only(program, network, access):
    program.call("get", "https://elsewhere.example/api/v1/patients/?limit=1")
    assert {request.url.netloc.decode() for request in network.seen} == {access["url"].removeprefix("http://")}
    assert sent(network)[0].url.query == b"limit=1"


def test_following_pages_and_going_on_from_a_cursor(program, committed):
    for _ in range(3):
        committed_patient(committed)
    pages = program.follow(limit=2)
    assert [[change.sequence for change in page.changes] for page in pages] == [[1, 2], [3]]
    assert [change.action for change in pages[0].changes] == ["created", "created"]
    assert json.dumps([page.is_last for page in pages]) == "[false, true]"
    committed_patient(committed)
    (later,) = program.follow(pages[0].cursor)
    assert [change.sequence for change in later.changes] == [3, 4]
    assert later.is_complete
