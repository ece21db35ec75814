"""May this message go, now? Looked at when it is sent, whatever was true when it was made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from accounts.models import Clinic, Membership
from messaging import addresses, links, rules
from messaging.models import Message, Sending

# Kind of message to what an app above asks when it goes out: whether the patient should not get it any more. Each app
# adds its own when Django starts.
NO_LONGER_WANTED: dict[str, Callable[[Message, datetime], bool]] = {}


@dataclass(frozen=True)
class Refusal:
    state: str
    reason: str
    wait: timedelta | None = None


def refusal(
    message: Message, clinic: Clinic, sending: Sending, *, now: datetime, has_provider: bool, before: int = 0
) -> Refusal | None:
    """
    Why it may not go, or not yet; None if it may.

    :param before: how many to this patient are to go earlier that day, beside those that have gone
    """
    if now >= message.late_at:
        return Refusal(rules.DROPPED, "late")
    if not has_provider:
        return Refusal(rules.WITHHELD, "no_provider")
    if message.link is not None and not links.is_open(message.link, now):
        return Refusal(rules.CANCELLED, "link_closed")
    if not rules.KINDS[message.kind].to_patient:
        members = Membership.objects.active().filter(clinic_id=clinic.pk, user=message.to_user)
        return None if members.exists() else Refusal(rules.WITHHELD, "no_address")
    is_unwanted = NO_LONGER_WANTED.get(message.kind)
    if is_unwanted is not None and is_unwanted(message, now):
        return Refusal(rules.CANCELLED, "not_wanted")
    local = local_time(message, clinic, now)
    refused = _consent(message, clinic) or _quiet(message, sending, local)
    capped = rules.KINDS[message.kind].capped and not message.by_hand
    return refused or (_cap(message, sending, local, before) if capped else None)


def local_time(message: Message, clinic: Clinic, at: datetime) -> datetime:
    """What the clock shows where the patient is."""
    return at.astimezone(ZoneInfo(message.patient.time_zone or clinic.time_zone))


def _consent(message: Message, clinic: Clinic) -> Refusal | None:
    patient = message.patient
    if patient.status != "in_care":
        return Refusal(rules.CANCELLED, "not_wanted")
    obstacle = addresses.obstacle(patient, message.channel, clinic.country)
    return Refusal(rules.WITHHELD, obstacle) if obstacle else None


def _quiet(message: Message, sending: Sending, local: datetime) -> Refusal | None:
    """In the quiet hours it waits for their end; if that is too late for it, it is dropped now."""
    end = rules.end_of_quiet(local, quiet_from=sending.quiet_from, quiet_until=sending.quiet_until)
    if end == local:
        return None
    if end >= message.late_at:
        return Refusal(rules.DROPPED, "late")
    return Refusal(rules.QUEUED, message.reason, wait=end.astimezone(UTC) - local.astimezone(UTC))


def _cap(message: Message, sending: Sending, local: datetime, before: int) -> Refusal | None:
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    today = Message.objects.filter(
        patient_id=message.patient_id, due_at__gte=midnight, sent_at__gte=midnight, to_user=None
    )
    return Refusal(rules.WITHHELD, "daily_cap") if today.count() + before >= sending.most_a_day else None
