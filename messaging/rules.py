"""When a message may go, when it is tried again, and what its states mean. Plain tables and functions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

EMAIL, SMS = "email", "sms"
CHANNELS = [EMAIL, SMS]

# --- States ---------------------------------------------------------------------------------------------------

QUEUED, SENDING, SENT, DELIVERED = "queued", "sending", "sent", "delivered"
UNKNOWN, FAILED, BOUNCED, COMPLAINED = "unknown", "failed", "bounced", "complained"
DROPPED, WITHHELD, CANCELLED = "dropped", "withheld", "cancelled"
STATES = [
    QUEUED, SENDING, SENT, DELIVERED, UNKNOWN, FAILED, BOUNCED, COMPLAINED, DROPPED, WITHHELD, CANCELLED,
]  # fmt: skip
WAITING = [QUEUED, SENDING]
WENT_WRONG = [UNKNOWN, FAILED, BOUNCED, COMPLAINED, DROPPED, WITHHELD, CANCELLED]
NOT_GONE = [QUEUED, WITHHELD, FAILED, DROPPED]  # the patient has not had it
# What a provider tells later only ever goes up this ladder: a `sent` that comes late undoes no `delivered`.
LADDER = {SENDING: 0, UNKNOWN: 1, SENT: 2, DELIVERED: 3, BOUNCED: 4, FAILED: 4, COMPLAINED: 5}


def advance_state(state: str, told: str) -> str:
    """The state after a provider told another one; anything that is not on the ladder stays as it is."""
    if state not in LADDER or told not in LADDER:
        return state
    return told if LADDER[told] > LADDER[state] else state


# Why a message did not go, or not yet.
REASONS = [
    "late", "no_consent", "no_address", "address_refused", "unsubscribed", "daily_cap", "not_wanted", "link_closed",
    "provider_refused", "provider_unreachable", "provider_slow", "gave_up", "worker_lost", "clinic_stopped",
    "no_provider", "broken",
]  # fmt: skip

# --- What is sent ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MessageKind:
    """
    One kind of message.

    :ivar label: for staff
    :ivar to_patient: it wants consent and keeps quiet hours and caps; otherwise it goes to somebody of the clinic
    :ivar link: it carries a link, of this purpose
    :ivar capped: the limit of messages a day holds for it; what an appointment needs is not of that kind
    :ivar dated: it names the time of an appointment
    """

    label: str
    to_patient: bool = True
    link: str = ""
    capped: bool = True
    dated: bool = False


KINDS = {
    "check_in": MessageKind("Exercise reminder", link="check_in"),
    "soreness": MessageKind("Question after needling", link="soreness"),
    "consent_copy": MessageKind("Copy of a consent", link="consent", capped=False),
    "aftercare": MessageKind("Advice after needling", link="aftercare", capped=False),
    "form": MessageKind("Form to fill in", link="form", capped=False),
    "programme_ended": MessageKind("End of the programme"),
    "review_due": MessageKind("Review is due"),
    "staff_alert": MessageKind("Alert to the therapist", to_patient=False),
    "appointment_booked": MessageKind("Appointment booked", link="appointment", capped=False, dated=True),
    "appointment_moved": MessageKind("Appointment moved", link="appointment", capped=False, dated=True),
    "appointment_cancelled": MessageKind("Appointment cancelled", capped=False, dated=True),
    "appointment_reminder": MessageKind("Appointment reminder", link="appointment", capped=False, dated=True),
    "appointment_missed": MessageKind("Appointment missed", capped=False, dated=True),
    "series_booked": MessageKind("Series of appointments booked", capped=False, dated=True),
    "series_moved": MessageKind("Series of appointments moved", capped=False, dated=True),
    "series_cancelled": MessageKind("Series of appointments cancelled", capped=False, dated=True),
    "slot_offered": MessageKind("Offer of a free appointment", link="offer", capped=False, dated=True),
}
# What a link opens. Each is for one thing, and for that one only.
PURPOSES = ["check_in", "soreness", "calendar", "stop", "appointment", "offer", "consent", "aftercare", "form"]
PLACEHOLDERS = ["clinic", "link", "confirm", "cancel", "stop", "when", "phone"]
LINK_PLACEHOLDERS = ["{link}", "{confirm}"]  # a text that needs a link has one of them
SMS_LENGTH = 320  # two parts; longer ones arrive in pieces and cost more


def unknown_placeholders(text: str) -> list[str]:
    """What stands in braces and is not one of ours; also a brace without its partner."""
    unknown = [name for name in re.findall(r"\{([^{}]*)\}", text) if name not in PLACEHOLDERS]
    rest = re.sub(r"\{[^{}]*\}", "", text)
    return unknown + [brace for brace in "{}" if brace in rest]


def fill_placeholders(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders filled; nothing else in braces is touched."""
    return re.sub(r"\{(\w+)\}", lambda match: values.get(match[1], match[0]), text)


# --- When -----------------------------------------------------------------------------------------------------

# How long a claimed message belongs to its worker. Longer than a provider may take (four times 12 s, see settings).
LEASE = timedelta(seconds=60)
# After the nth attempt failed for now, so long until the next; after the last, somebody of the clinic is told.
RETRY_AFTER = [
    timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4),
    timedelta(hours=4),
]  # fmt: skip


def retry_after(attempts: int) -> timedelta | None:
    """How long to wait after so many attempts, or None when it is time to give up."""
    return RETRY_AFTER[attempts - 1] if 1 <= attempts <= len(RETRY_AFTER) else None


def is_quiet(at: time, *, quiet_from: time, quiet_until: time) -> bool:
    """Whether a wall-clock time lies in the quiet hours, which may run over midnight; equal ends mean none."""
    if quiet_from == quiet_until:
        return False
    if quiet_from < quiet_until:
        return quiet_from <= at < quiet_until
    return at >= quiet_from or at < quiet_until


def end_of_quiet(at: datetime, *, quiet_from: time, quiet_until: time) -> datetime:
    """The first moment at or after `at` (in the patient's zone) that is not quiet."""
    if not is_quiet(at.time(), quiet_from=quiet_from, quiet_until=quiet_until):
        return at
    end = at.replace(hour=quiet_until.hour, minute=quiet_until.minute, second=0, microsecond=0, fold=0)
    return end if end > at else end + timedelta(days=1)


# --- When it is unknown whether one went out ------------------------------------------------------------------

RESEND_ONCE, LEAVE = "resend_once", "leave"
WHEN_UNKNOWN = {RESEND_ONCE: "Send once more", LEAVE: "Skip it and tell the clinic"}


def after_unknown(*, honours_keys: bool, policy: str, was_uncertain: bool) -> str:
    """
    What to do with a message whose fate is unknown: `again` (harmless), `again_uncertain` or `leave`.

    A provider that honours keys takes the same message twice and sends it once, so asking again settles it.
    """
    if honours_keys:
        return "again"
    return "again_uncertain" if policy == RESEND_ONCE and not was_uncertain else "leave"
