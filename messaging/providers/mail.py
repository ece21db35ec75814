"""
Mail, through Django's mail backend: SMTP as it comes, or any of Anymail's providers.

Plain SMTP has no idempotency. Each message has a Message-ID of its own that stays the same in every attempt, and, where
the provider reads one, a header with the key (Resend's SMTP honours `Resend-Idempotency-Key`).
"""

from __future__ import annotations

import re
import smtplib
import time
from email.mime.text import MIMEText
from email.utils import formataddr, parseaddr
from types import TracebackType
from typing import Any

from anymail.exceptions import AnymailAPIError, AnymailError
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.smtp import EmailBackend

from messaging.providers import OutcomeUnknown, Outgoing, Receipt, Refused
from messaging.rules import LEASE

# No such mailbox; not local; name not allowed (RFC 5321 4.2.3): the address itself is refused, if the server, asked
# for this recipient, does not say another reason (RFC 3463: x.1.x and x.2.1 speak of the address, x.7.x of a policy).
ADDRESS_REFUSED = {550, 551, 553}
OF_ADDRESS = re.compile(rb"^5\.(1\.|2\.1\b)")
ENHANCED = re.compile(rb"^5\.\d+\.\d+")
# So many times the server may be slow while it takes one message: sender, recipient, text, end of text.
SLOW_STEPS = 4


class NotingSMTP(smtplib.SMTP):
    """Knows whether the server has been given the message: a fault before that is harmless, one after it is not."""

    given = False

    def send(self, s: Any) -> None:
        # The message is the server's with the dot on its own line, and not before.
        if isinstance(s, bytes) and s.endswith(b"\r\n.\r\n"):
            self.given = True
        super().send(s)

    def data(self, msg: Any) -> Any:
        answered = super().data(msg)
        self.given = False
        return answered


class NotingSMTPOverTLS(smtplib.SMTP_SSL, NotingSMTP):
    pass


class NotingBackend(EmailBackend):
    """Django's SMTP backend, on connections that know how far they got."""

    @property
    def connection_class(self) -> Any:
        return NotingSMTPOverTLS if self.use_ssl else NotingSMTP


SMTP_BACKEND = f"{NotingBackend.__module__}.{NotingBackend.__qualname__}"


class Mail:
    name = "mail"

    def __init__(self) -> None:
        # The header reaches a provider that is spoken to by SMTP; an API's request would not carry it.
        self.honours_keys = bool(settings.EMAIL_IDEMPOTENCY_HEADER) and settings.EMAIL_BACKEND == SMTP_BACKEND
        self.connection: Any = None

    def __enter__(self) -> Mail:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self.connection is not None:
            self.connection.fail_silently = True
            self.connection.close()
            self.connection = None

    def connect(self) -> Any:
        if self.connection is None:
            connection = get_connection()
            try:
                connection.open()
            except (OSError, smtplib.SMTPException):
                raise Refused("provider_unreachable") from None
            self.connection = connection
        return self.connection

    def send(self, message: Outgoing) -> Receipt:
        try:
            mail = build_mail(message)
            mail.message()
        except (ValueError, UnicodeError):  # a header that cannot be: nothing has been sent
            raise Refused("broken", for_good=True) from None
        mail.connection = self.connect()
        # The rest must be over before the lease is: after it, somebody else may send the same.
        if time.monotonic() - message.claimed_at > LEASE.total_seconds() - SLOW_STEPS * settings.EMAIL_TIMEOUT:
            raise Refused("provider_slow")
        try:
            mail.send()
        except smtplib.SMTPRecipientsRefused as refusal:
            answers = list(refusal.recipients.values())
            self.recover()
            raise as_refusal(*(answers[0] if answers else (0, b"")), of_recipient=True) from None
        except smtplib.SMTPResponseException as refusal:
            self.recover()
            raise as_refusal(refusal.smtp_code, refusal.smtp_error) from None
        except (OSError, smtplib.SMTPException):
            raise self.lost() from None
        except AnymailAPIError as refusal:
            if refusal.status_code is None:  # the network, somewhere in the request
                raise OutcomeUnknown from None
            for_good = 400 <= refusal.status_code < 500 and refusal.status_code not in (408, 409, 425, 429)
            raise Refused("provider_refused" if for_good else "provider_unreachable", for_good=for_good) from None
        except AnymailError:
            raise Refused("provider_refused", for_good=True) from None
        status = getattr(mail, "anymail_status", None)
        return Receipt(getattr(status, "message_id", None) or mail.extra_headers["Message-ID"])

    def recover(self) -> None:
        """After a refusal the connection may have said good-bye; a new one is cheap."""
        self.close()

    def lost(self) -> Exception:
        smtp = getattr(self.connection, "connection", None)
        was_handed_over = bool(getattr(smtp, "given", False))
        self.close()
        return OutcomeUnknown() if was_handed_over else Refused("provider_unreachable")

    def find(self, message: Outgoing) -> Receipt | None:
        return None


def as_refusal(code: int, said: bytes | str = b"", *, of_recipient: bool = False) -> Refused:
    """What an SMTP answer means: 4xx for now, 5xx for good; to the recipient's name, it may speak of the address."""
    if 400 <= code < 500:
        return Refused("provider_unreachable")
    text = said if isinstance(said, bytes) else said.encode(errors="replace")
    of_address = of_recipient and code in ADDRESS_REFUSED and bool(OF_ADDRESS.match(text) or not ENHANCED.match(text))
    return Refused("provider_refused", for_good=True, of_address=of_address)


def build_mail(message: Outgoing) -> EmailMessage:
    """The mail itself: plain text, with the headers that let one click end it."""
    _name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    headers = {
        "Message-ID": f"<{message.key}@{address.rpartition('@')[2]}>",
        "Auto-Submitted": "auto-generated",  # RFC 3834: holiday notices do not answer
    }
    if message.stop_url:
        headers["List-Unsubscribe"] = f"<{message.stop_url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    if settings.EMAIL_IDEMPOTENCY_HEADER:
        headers[settings.EMAIL_IDEMPOTENCY_HEADER] = str(message.key)
    mail = EmailMessage(
        subject=" ".join(message.subject.split()),
        body=message.body,
        from_email=formataddr((message.from_name, address)),
        to=[message.address],
        reply_to=[message.reply_to] if message.reply_to else None,
        headers=headers,
    )
    if message.calendar:
        method_row = re.search(r"^METHOD:(\w+)", message.calendar, re.MULTILINE)
        method = method_row[1] if method_row else "PUBLISH"
        part = MIMEText(message.calendar, "calendar", "utf-8")
        part.replace_header("Content-Type", f'text/calendar; charset="utf-8"; method={method}')
        part["Content-Disposition"] = 'attachment; filename="appointment.ics"'
        mail.attach(part)
    mail.metadata = {"palpate": f"{message.clinic_id}:{message.key}"}  # type: ignore[attr-defined] # Anymail's
    return mail
