"""
The demo's post office: a real SMTP server that delivers nothing, and a page that shows what was sent.

    python -m dev.inbox SMTP_PORT HTTP_PORT FOLDER
"""

from __future__ import annotations

import html
import json
import re
import signal
import sys
import threading
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from dev.smtp import Inbox, smtp

KEPT = 300
STYLE = """
:root { color-scheme: light dark; --line: #d9d1c3; --ground: #f6f2ea; --card: #fffdf9; --accent: #2a665d; --quiet: #58655f }
@media (prefers-color-scheme: dark) { :root { --line: #394442; --ground: #171d1c; --card: #202827; --accent: #83c8bb; --quiet: #aab5b1 } }
body { font: 17px/1.5 system-ui, sans-serif; background: var(--ground); margin: 0 auto; max-width: 46rem; padding: 1.5rem 1rem 4rem }
h1 { font-size: 1.75rem; margin: 0 } p { margin: .25rem 0 } .quiet { color: var(--quiet) }
article { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1rem 1.25rem; margin: 1rem 0 }
article h2 { font-size: 1.1rem; margin: 0 } pre { font: inherit; white-space: pre-wrap; overflow-wrap: anywhere; margin: .75rem 0 0 }
a { color: var(--accent); display: inline-block; padding: .35rem 0 } .kind { border: 1px solid var(--line); border-radius: 99px; padding: 0 .6rem }
"""  # noqa: E501 - a style sheet, a rule a line


class Kept(Inbox):
    """Keeps the newest mails in a file, so that they are there after a restart of the demo."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.file = folder / "inbox.json"
        self.lock = threading.Lock()
        self.mails: list[dict[str, str]] = json.loads(self.file.read_text()) if self.file.exists() else []

    def take(self, message: Message) -> None:
        parts = [part for part in message.walk() if not part.is_multipart()]
        body = next((p.get_payload(decode=True) for p in parts if p.get_content_type() == "text/plain"), b"")
        files = [p.get_filename() or p.get_content_type() for p in parts[1:]]
        mail = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "to": str(message["To"] or ""),
            "from": read(message["From"]),
            "subject": read(message["Subject"]),
            "body": body.decode(errors="replace") if isinstance(body, bytes) else "",
            "files": ", ".join(files),
            "headers": "\n".join(f"{n}: {v}" for n, v in message.items() if n.startswith(("List-", "Auto", "Message"))),
        }
        with self.lock:
            self.mails = [mail, *self.mails][:KEPT]
            written = self.file.with_suffix(".new")
            written.write_text(json.dumps(self.mails))
            written.replace(self.file)


def read(header: Any) -> str:
    return str(make_header(decode_header(str(header or ""))))


def page(mails: list[dict[str, str]]) -> str:
    articles = "".join(article(mail) for mail in mails)
    empty = "<p class=quiet>Nothing yet. Publish a home programme with reminders, and wait for its time.</p>"
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<meta http-equiv=refresh content=10><title>Inbox of the demo</title><style>{STYLE}</style>"
        "<h1>Inbox of the demo</h1><p class=quiet>What Palpate sent by SMTP. Nothing leaves this machine. "
        f"Newest first; this page looks again every ten seconds.</p>{articles or empty}"
    )


def article(mail: dict[str, str]) -> str:
    safe = {name: html.escape(text) for name, text in mail.items()}
    body = re.sub(r"(https?://[^\s&<]+)", r'<a href="\1" rel="noreferrer">\1</a>', safe["body"])
    channel = "SMS" if "@sms." in mail["to"] else "mail"
    return (
        f"<article><p class=quiet><span class=kind>{channel}</span> {safe['at']} · to {safe['to']} · "
        f"from {safe['from']}</p>"
        f"<h2>{safe['subject']}</h2><pre>{body}</pre>"
        f"<details class=quiet><summary>Headers</summary><pre>{safe['headers']}</pre></details></article>"
    )


def serve(port: int, kept: Kept) -> ThreadingHTTPServer:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            plain = self.path == "/mails.json"
            with kept.lock:
                sent = (json.dumps(kept.mails) if plain else page(kept.mails)).encode()
            self.send_response(200 if self.path in ("/", "/mails.json") else 404)
            self.send_header("Content-Type", "application/json" if plain else "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *_arguments: Any) -> None:
            """What is looked at is not written down."""

    return ThreadingHTTPServer(("127.0.0.1", port), Page)


def main() -> None:
    smtp_port, http_port, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    kept = Kept(folder)
    server = serve(http_port, kept)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    with smtp(smtp_port, kept):
        server.serve_forever()


if __name__ == "__main__":
    main()
