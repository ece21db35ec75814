"""
Mail, through Django's mail backend: SMTP as it comes, or any of Anymail's providers.

Plain SMTP has no idempotency. Each message has a Message-ID of its own that stays the same in every attempt, and, where
the provider reads one, a header with the key (Resend's SMTP honours `Resend-Idempotency-Key`).
"""

from __future__ import annotations

import re
import smtplib
from email.mime.text import MIMEText
from email.utils import formataddr, parseaddr
from types import TracebackType
from typing import Any

from anymail.exceptions import AnymailAPIError, AnymailError
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.smtp import EmailBackend

from messaging.providers import OutcomeUnknown, Outgoing, Receipt, Refused

# No such mailbox; not local; name not allowed (RFC 5321 4.2.3): the address itself is refused.
ADDRESS_REFUSED = {550, 551, 553}


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


class Mail:
    name = "mail"

    def __init__(self) -> None:
        self.honours_keys = bool(settings.EMAIL_IDEMPOTENCY_HEADER)
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

    def opened(self) -> Any:
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
            mail = written(message)
            mail.message()
        except (ValueError, UnicodeError):  # a header that cannot be: nothing has been sent
            raise Refused("broken", for_good=True) from None
        mail.connection = self.opened()
        try:
            mail.send()
        except smtplib.SMTPRecipientsRefused as refusal:
            codes = [code for code, _answer in refusal.recipients.values()]
            self.recover()
            raise refused(codes[0] if codes else 0) from None
        except smtplib.SMTPResponseException as refusal:
            self.recover()
            raise refused(refusal.smtp_code) from None
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
        given = bool(getattr(smtp, "given", False))
        self.close()
        return OutcomeUnknown() if given else Refused("provider_unreachable")

    def find(self, message: Outgoing) -> Receipt | None:
        return None


def refused(code: int) -> Refused:
    """What an SMTP answer means: 4xx for now, 5xx for good, and some 5xx speak of the address."""
    if 400 <= code < 500:
        return Refused("provider_unreachable")
    return Refused("provider_refused", for_good=True, of_address=code in ADDRESS_REFUSED)


def written(message: Outgoing) -> EmailMessage:
    """The mail itself: plain text, with the headers that let one click end it."""
    _name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    headers = {
        "Message-ID": f"<{message.key}@{address.rpartition('@')[2]}>",
        "Auto-Submitted": "auto-generated",  # RFC 3834: holiday notices do not answer
        **message.extra,
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
        found = re.search(r"^METHOD:(\w+)", message.calendar, re.MULTILINE)
        method = found[1] if found else "PUBLISH"
        part = MIMEText(message.calendar, "calendar", "utf-8")
        part.replace_header("Content-Type", f'text/calendar; charset="utf-8"; method={method}')
        part["Content-Disposition"] = 'attachment; filename="appointment.ics"'
        mail.attach(part)
    mail.metadata = {"palpate": f"{message.clinic_id}:{message.key}"}  # type: ignore[attr-defined] # Anymail's
    return mail
