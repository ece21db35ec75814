"""What would go out, and what would hold it back: the engine's own checks, asked without doing anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from accounts.models import Clinic
from homecare.models import Occurrence
from messaging import checks, engine, providers
from messaging import rules as sending
from messaging.models import Message, Sending

MOST = 500


@dataclass(frozen=True)
class Line:
    patient_id: UUID
    patient: Any
    kind: str
    channel: str
    due_at: datetime
    refusal: checks.Refusal | None


def lines(clinic: Clinic, *, now: datetime, ahead: timedelta = timedelta(days=1)) -> list[Line]:
    """Everything that waits or is planned until then, in the order of time, each with what would hold it back."""
    how = engine.read_sending(clinic.pk)
    carries = {channel: providers.of_channel(channel) is not None for channel in sending.CHANNELS}
    waiting = Message.objects.waiting().filter(next_at__lte=now + ahead).select_related("patient", "link")
    planned = Occurrence.objects.filter(status="planned", due_at__lte=now + ahead).select_related("patient")
    messages = [*waiting.order_by("next_at")[:MOST], *_as_messages(planned.order_by("due_at")[:MOST], how)]
    messages.sort(key=lambda message: message.next_at)
    going: Counter[tuple[UUID, date]] = Counter()  # to whom, on which of their days
    return [_line(message, clinic, how, carries, now, going) for message in messages[:MOST]]


def _as_messages(planned: Any, how: Sending) -> Iterator[Message]:
    for occurrence in planned:
        yield Message(
            clinic_id=occurrence.clinic_id,
            patient=occurrence.patient,
            kind=occurrence.kind,
            channel=occurrence.channel,
            due_at=occurrence.due_at,
            about_id=occurrence.programme_id or occurrence.session_id,
            late_at=occurrence.due_at + timedelta(minutes=how.late_after_min),
            next_at=occurrence.due_at,
        )


def _line(
    message: Message,
    clinic: Clinic,
    how: Sending,
    carries: dict[str, bool],
    now: datetime,
    going: Counter[tuple[UUID, date]],
) -> Line:
    at = max(now, message.next_at)

    def day_of(moment: datetime) -> date:
        return checks.local_time(message, clinic, moment).date()

    refusal = checks.refusal(
        message,
        clinic,
        how,
        now=at,
        has_provider=carries[message.channel],
        before=going[message.patient_id, day_of(at)],
    )
    goes_on = None
    if refusal is None or refusal.wait:
        goes_on = day_of(at + refusal.wait if refusal and refusal.wait else at)
    # As the engine counts: what is due and goes on that day.
    if goes_on == day_of(message.due_at) and sending.KINDS[message.kind].to_patient:
        going[message.patient_id, goes_on] += 1
    return Line(message.patient_id, message.patient, message.kind, message.channel, at, refusal)
