"""
Who carries messages. The engine knows this port and nothing behind it: a new provider is one module here and one line
in `PROVIDERS`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from importlib import import_module
from types import TracebackType
from typing import Protocol
from uuid import UUID

from django.conf import settings

from messaging import rules


@dataclass(frozen=True)
class Outgoing:
    """
    One message, ready to go.

    :ivar key: the same for every attempt of the same message
    :ivar address: an e-mail address, or a phone number in E.164
    :ivar stop_url: where one click ends these mails (RFC 8058); empty for messages to staff
    :ivar calendar: iCalendar that goes along (RFC 6047); only mail can carry it
    :ivar known_refs: what the provider calls other messages, for one that looks for this one
    :ivar claimed_at: `time.monotonic()` of the claim: whoever is too slow to begin leaves it to the next
    """

    key: UUID
    clinic_id: UUID
    address: str
    subject: str
    body: str
    from_name: str = ""
    reply_to: str = ""
    stop_url: str = ""
    calendar: str = ""
    known_refs: frozenset[str] = frozenset()
    claimed_at: float = field(default_factory=time.monotonic)


@dataclass(frozen=True)
class Receipt:
    """The provider has taken the message. `ref` is its own name for it."""

    ref: str = ""


class Refused(Exception):
    """
    It did not go out, surely.

    :ivar reason: one of `rules.REASONS`
    :ivar for_good: trying again is of no use
    :ivar of_address: the address is the trouble
    """

    def __init__(self, reason: str, *, for_good: bool = False, of_address: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.for_good, self.of_address = reason, for_good, of_address


class OutcomeUnknown(Exception):
    """It may have gone out: the answer was lost after the provider had the message."""


class Provider(Protocol):
    """Opened for a run of messages, so that a connection may serve many."""

    name: str
    honours_keys: bool

    def __enter__(self) -> Provider: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def send(self, message: Outgoing) -> Receipt:
        """:raises Refused, OutcomeUnknown:"""

    def find(self, message: Outgoing) -> Receipt | None:
        """Whether the provider has this message already; None if it has not, or cannot tell."""


PROVIDERS = {
    "mail": "messaging.providers.mail.Mail",
    "twilio": "messaging.providers.twilio.Twilio",
    "mail_gateway": "messaging.providers.mail_gateway.MailGateway",
}


def of_channel(channel: str) -> Provider | None:
    """The provider that settings name for a channel, or None if there is none."""
    name = "mail" if channel == rules.EMAIL else settings.SMS_PROVIDER
    if not name:
        return None
    module, class_name = PROVIDERS[name].rsplit(".", 1)
    provider: Provider = getattr(import_module(module), class_name)()
    return provider
