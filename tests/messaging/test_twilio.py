"""The SMS provider against a server that speaks its protocol over HTTP, badly."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs
from uuid import uuid4

import pytest

from messaging.providers import OutcomeUnknown, Outgoing, Refused
from messaging.providers.twilio import Twilio


class Server:
    def __init__(self) -> None:
        self.taken: list[dict[str, str]] = []
        self.answer: tuple[int, dict[str, object]] | None = None
        self.hang_up = False
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                sent = {name: values[0] for name, values in body.items()}
                if outer.answer is not None:
                    return self.reply(*outer.answer)
                outer.taken.append(sent)
                if outer.hang_up:
                    return self.connection.close()
                return self.reply(201, outer.shown(sent, len(outer.taken)))

            def do_GET(self) -> None:
                found = [outer.shown(sent, n + 1) for n, sent in enumerate(outer.taken)]
                self.reply(200, {"messages": found, "page": 0, "page_size": 50, "next_page_uri": None})

            def reply(self, status: int, body: dict[str, object]) -> None:
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, args=[0.01], daemon=True).start()

    @staticmethod
    def shown(sent: dict[str, str], number: int) -> dict[str, object]:
        return {"sid": f"SM{number}", "body": sent["Body"], "to": sent["To"], "status": "queued"}


@pytest.fixture
def server(settings):
    made = Server()
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = "AC1", "secret"
    settings.TWILIO_FROM = "+442079460000"
    settings.TWILIO_API_URL = f"http://127.0.0.1:{made.http.server_port}"
    yield made
    made.http.shutdown()
    made.http.server_close()


def message(body="Hello https://x.example/c/abc/"):
    return Outgoing(key=uuid4(), clinic_id=uuid4(), address="+442079460018", subject="", body=body)


def test_it_sends_and_asks_to_be_told(server):
    one = message()
    with Twilio() as twilio:
        assert twilio.send(one).ref == "SM1"
    (sent,) = server.taken
    assert (sent["To"], sent["From"], sent["Body"]) == (one.address, "+442079460000", one.body)
    assert sent["StatusCallback"].endswith(f"/hooks/twilio/{one.clinic_id}/{one.key}/")


@pytest.mark.parametrize(
    ("status", "code", "for_good", "of_address"),
    [(400, 21211, True, True), (400, 21610, True, True), (400, 21606, True, False), (429, 20429, False, False),
     (503, 0, False, False)],
)  # fmt: skip
def test_what_a_refusal_means(status, code, for_good, of_address, server):
    server.answer = (status, {"code": code, "message": "no", "status": status})
    with Twilio() as twilio, pytest.raises(Refused) as refusal:
        twilio.send(message())
    assert (refusal.value.for_good, refusal.value.of_address) == (for_good, of_address)


def test_a_lost_answer_is_unknown_and_the_message_is_found(server):
    server.hang_up = True
    one = message()
    with Twilio() as twilio:
        with pytest.raises(OutcomeUnknown):
            twilio.send(one)
        assert twilio.find(one).ref == "SM1"
        assert twilio.find(message("another")) is None


def test_no_server_is_a_refusal(settings, server):
    settings.TWILIO_API_URL = "http://127.0.0.1:1"
    with Twilio() as twilio, pytest.raises(Refused) as refusal:
        twilio.send(message())
    assert not refusal.value.for_good
