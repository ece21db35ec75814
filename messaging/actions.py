"""Everything that changes what is sent to whom."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Case, Q, Value, When
from django.utils import timezone

from accounts.models import Clinic
from audit import actions as audit
from database.expressions import new_id
from database.revisions import check_revision
from database.sql import run_prepared
from errors.exceptions import Conflict, Problems
from identity.actor import Actor
from messaging import addresses, engine, links, rules, tasks, texts
from messaging.models import DeliveryEvent, Link, Message, RefusedAddress, Sending, Wording
from patients import actions as patients
from patients.models import Patient
from worklist import actions as worklist

SECOND_CLICK = timedelta(minutes=1)
TROUBLE = ["message_failed", "message_uncertain"]


# Called with the old and the new row of what is sent again. Apps that keep more of a message add themselves.
AFTER_AGAIN: list[Callable[..., None]] = []


class NotResendable(Conflict):
    reason = "not_resendable"


class NotUncertain(Conflict):
    reason = "not_uncertain"


# --- Owing a message ------------------------------------------------------------------------------------------


@transaction.atomic
def enqueue(
    *,
    kind: str,
    channel: str,
    patient_id: UUID,
    about_id: UUID,
    dedupe_key: str,
    due_at: datetime,
    by: Actor,
    link: Link | None = None,
    to_user_id: UUID | None = None,
    late_after: timedelta | None = None,
    about_at: datetime | None = None,
    calendar: str = "",
    again_of_id: UUID | None = None,
    by_hand: bool = False,
    wake: bool = True,
) -> Message | None:
    """
    Owe one message. The same `dedupe_key` never makes a second one; then the answer is None.

    :param late_after: after so long it is not sent any more; without it, as the clinic's settings say
    :param about_at: the time of the appointment that it is about
    :param calendar: iCalendar that goes along with a mail; no names in it
    :param wake: have a worker look at once; whoever owes many does that once for all
    :param by_hand: somebody asked for just this one: the day's limit does not hold it back
    """
    sending = engine.sending_of(by.clinic_id)
    message = Message(
        id=new_id(),
        clinic_id=by.clinic_id,
        patient_id=patient_id,
        to_user_id=to_user_id,
        kind=kind,
        channel=channel,
        about_id=about_id,
        link=link,
        about_at=about_at,
        calendar=calendar,
        dedupe_key=dedupe_key,
        again_of_id=again_of_id,
        by_hand=by_hand,
        due_at=due_at,
        next_at=due_at,
        late_at=due_at + (late_after or timedelta(minutes=sending.late_after_min)),
    )
    Message.objects.bulk_create([message], ignore_conflicts=True)
    stored = Message.objects.filter(pk=message.pk).first()
    if stored is None:
        return None
    if wake and due_at <= timezone.now():
        tasks.hand_over.delay_on_commit(str(by.clinic_id))
    return stored


def call_off(*, about_ids: Iterable[UUID], kinds: Iterable[str] | None = None, for_good: bool = False) -> int:
    """
    Cancel what is still queued about these things. What a worker has in hand may still go out.

    :param kinds: None: of every kind
    :param for_good: also what was withheld, failed or dropped: it is out of date, so nobody may send it again
    """
    states = rules.NOT_GONE if for_good else [rules.QUEUED]
    messages = Message.objects.filter(about_id__in=list(about_ids), state__in=states)
    if kinds is not None:
        messages = messages.filter(kind__in=list(kinds))
    return messages.update(state=rules.CANCELLED, reason="not_wanted")


def replace_message(*, message_id: UUID, about_id: UUID, about_at: datetime, calendar: str) -> bool:
    """
    Have a message that has not gone out speak of something else; False if it has, or a worker has it in hand.

    :param calendar: as in `owe`; a channel that takes none gets none
    """
    messages = Message.objects.filter(pk=message_id, state__in=rules.NOT_GONE)
    kept = Case(When(channel=rules.EMAIL, then=Value(calendar)), default=Value(""))
    return messages.update(about_id=about_id, about_at=about_at, calendar=kept) > 0


# --- By hand --------------------------------------------------------------------------------------------------


@transaction.atomic
def send_again(*, message_id: UUID, revision: int | None, by: Actor, at: datetime) -> Message:
    """
    Send a message anew, as a new row; the old one stays as it is.

    :param revision: the one that was read
    :raises NotResendable, RevisionChanged:
    """
    old = Message.objects.select_for_update(of=("self",)).get(pk=message_id)
    check_revision(old, revision)
    if old.state in rules.WAITING or old.state == rules.CANCELLED:
        raise NotResendable
    before = Message.objects.filter(again_of=old)
    if before.filter(Q(state__in=rules.WAITING) | Q(due_at__gt=at - SECOND_CLICK)).exists():
        raise NotResendable("not_resendable.just_sent")
    message = enqueue(
        kind=old.kind,
        channel=old.channel,
        patient_id=old.patient_id,
        about_id=old.about_id,
        link=_link_again(old, at),
        to_user_id=old.to_user_id,
        dedupe_key=f"{old.pk}:again:{before.count() + 1}",
        due_at=at,
        by=by,
        about_at=old.about_at,
        calendar=old.calendar,
        again_of_id=old.pk,
        by_hand=True,
    )
    assert message is not None
    for follow in AFTER_AGAIN:
        follow(old_id=old.pk, again_id=message.pk)
    worklist.resolve(kinds=TROUBLE, about_ids=[old.pk], by=by, at=at)
    audit.log("message.send_again", by=by, target_id=old.pk, patient_ids=[old.patient_id], code=str(message.pk))
    return message


def _link_again(old: Message, at: datetime) -> Link | None:
    """A link of its own, good for a day at least; none if the old one's work is done or it was closed."""
    link = old.link
    if link is None or link.used_at is not None or link.revoked_at is not None:
        return link
    return links.make(
        purpose=link.purpose,
        patient_id=link.patient_id,
        about_id=link.about_id,
        clinic_id=link.clinic_id,
        expires_at=max(link.expires_at, at + timedelta(days=1)),
    )


@transaction.atomic
def resolve(*, message_id: UUID, revision: int | None, went_out: bool, by: Actor, at: datetime) -> Message:
    """
    Say what became of a message whose fate is unknown. It stays marked as uncertain.

    :param revision: the one that was read
    :raises NotUncertain, RevisionChanged:
    """
    message = Message.objects.select_for_update(of=("self",)).get(pk=message_id)
    if message.state != rules.UNKNOWN:
        raise NotUncertain
    check_revision(message, revision)
    message.state = rules.SENT if went_out else rules.FAILED
    message.sent_at = at if went_out else None
    message.save(update_fields=["state", "sent_at"])
    code = "went_out" if went_out else "did_not"
    worklist.resolve(kinds=["message_uncertain"], about_ids=[message.pk], by=by, at=at)
    audit.log("message.resolve", by=by, target_id=message.pk, patient_ids=[message.patient_id], code=code)
    return message


@transaction.atomic
def pause(*, by: Actor, at: datetime) -> None:
    """Stop all sending of the clinic. What comes due meanwhile waits, and is dropped when it is too late for it."""
    sending = engine.sending_of(by.clinic_id)
    Sending.objects.filter(pk=sending.pk, paused_at=None).update(paused_at=at, paused_by_id=by.user_id)
    audit.log("messages.pause", by=by)


@transaction.atomic
def resume(*, by: Actor) -> None:
    """Go on sending; what waited and is not too late goes out now."""
    Sending.objects.filter(pk=by.clinic_id).update(paused_at=None, paused_by=None)
    audit.log("messages.resume", by=by)
    tasks.hand_over.delay_on_commit(str(by.clinic_id))


# --- How the clinic sends -------------------------------------------------------------------------------------

SETTABLE = [
    "reply_to",
    "phone",
    "quiet_from",
    "quiet_until",
    "late_after_min",
    "most_a_day",
    "per_minute",
    "when_unknown",
]


@transaction.atomic
def set_sending(*, values: Mapping[str, Any], by: Actor) -> Sending:
    """Change how the clinic sends. The form has checked shapes; limits are constraints."""
    sending = engine.sending_of(by.clinic_id)
    changed = [name for name in SETTABLE if name in values]
    for name in changed:
        setattr(sending, name, values[name])
    sending.save(update_fields=changed)
    audit.log("messages.set", by=by, code=",".join(changed))
    return sending


@transaction.atomic
def word(*, kind: str, channel: str, language: str, subject: str, body: str, by: Actor) -> Wording | None:
    """
    Put the clinic's words in place of ours; an empty body takes ours again.

    :raises Invalid: a placeholder is unknown, the link is missing, or an SMS is too long
    """
    check_words(kind=kind, channel=channel, subject=subject, body=body)
    if channel == rules.SMS:
        check_length(body, texts.longest(Clinic.objects.get(pk=by.clinic_id), language))
    key: dict[str, Any] = {"clinic_id": by.clinic_id, "kind": kind, "channel": channel, "language": language}
    audit.log("messages.word", by=by, code=f"{kind}/{channel}/{language}")
    if not body.strip():
        Wording.objects.filter(**key).delete()
        return None
    return Wording.objects.update_or_create(**key, defaults={"subject": subject, "body": body})[0]


def check_words(*, kind: str, channel: str, subject: str, body: str) -> None:
    """:raises Invalid: see `word`"""
    problems = Problems()
    allowed = [f"{{{name}}}" for name in rules.PLACEHOLDERS]
    for pointer, text in (("/subject", subject), ("/body", body)):
        unknown = rules.unknown_placeholders(text)
        if unknown:
            problems.add(pointer, "unknown_placeholder", unknown=unknown, choices=allowed)
    if body.strip():
        if rules.KINDS[kind].link and not any(name in body for name in rules.LINK_PLACEHOLDERS):
            problems.add("/body", "link_missing")
        if rules.KINDS[kind].dated and "{when}" not in body:
            problems.add("/body", "when_missing")
        if channel == rules.EMAIL and rules.KINDS[kind].to_patient and "{stop}" not in body:
            problems.add("/body", "stop_missing")
        if channel == rules.EMAIL and not subject.strip():
            problems.add("/subject", "required.subject")
    problems.raise_if_any()


def check_length(body: str, longest: Mapping[str, str]) -> None:
    """
    :param longest: placeholders with the longest that can come in their place
    :raises Invalid: filled in, it is too long for an SMS
    """
    problems = Problems()
    length = len(rules.fill_placeholders(body, longest))
    if length > rules.SMS_LENGTH:
        problems.add("/body", "too_long.sms", most=rules.SMS_LENGTH, length=length)
    problems.raise_if_any()


# --- What patients and providers tell -------------------------------------------------------------------------


@transaction.atomic
def stop(*, patient_id: UUID, channel: str, by: Actor, at: datetime) -> None:
    """Withdraw the consent to a channel, as the patient asks, and call off what is queued on it."""
    patient = Patient.objects.select_for_update(of=("self",)).get(pk=patient_id)
    if patient.merged_into_id is not None:
        return stop(patient_id=patient.merged_into_id, channel=channel, by=by, at=at)
    if getattr(patient, f"consent_{channel}") != "refused":
        patients.change_patient(patient=patient, changes={f"consent_{channel}": "refused"}, by=by, at=at)
    waiting = Message.objects.filter(patient_id=patient_id, channel=channel, state=rules.QUEUED)
    waiting.update(state=rules.CANCELLED, reason="unsubscribed")
    audit.log("message.stop", by=by, target_id=patient_id, patient_ids=[patient_id], code=channel)
    return None


def patients_with_phone(phone: str, *, country: str) -> list[UUID]:
    """Who has this number, however it was typed; phones are few, so they are read."""
    digits = "".join(c for c in phone if c.isdigit())[-6:]
    pattern = r"\D*".join(digits) + r"\D*$"
    patients = Patient.objects.filter(merged_into=None, phone__regex=pattern)
    return [p.pk for p in patients if addresses.of_patient(p, rules.SMS, country) == phone]


TOLD = {
    "delivered": rules.DELIVERED,
    "bounced": rules.BOUNCED,
    "rejected": rules.FAILED,
    "failed": rules.FAILED,
    "complained": rules.COMPLAINED,
}


@transaction.atomic
def note_delivery(
    *,
    message_id: UUID,
    provider: str,
    event_id: str,
    told: str,
    happened_at: datetime | None,
    by: Actor,
    at: datetime,
) -> bool:
    """
    Take what a provider tells about a message, once. A complaint or a wish to be left alone ends the consent.

    :param told: delivered, bounced, rejected, failed, complained or unsubscribed; anything else is only kept
    :returns: False if it was told before, or there is no such message
    """
    message = Message.objects.select_for_update(of=("self",)).select_related("patient").filter(pk=message_id).first()
    if message is None:
        return False
    event = DeliveryEvent(
        clinic_id=by.clinic_id,
        message=message,
        provider=provider,
        event_id=event_id,
        told=told,
        happened_at=happened_at,
    )
    if not _once(event):
        return False
    state = rules.advance_state(message.state, TOLD.get(told, ""))
    changed = state != message.state
    if changed:
        message.state = state
        message.save(update_fields=["state"])
    if told in ("complained", "unsubscribed"):
        stop(patient_id=message.patient_id, channel=message.channel, by=by, at=at)
    if state in (rules.BOUNCED, rules.FAILED) and changed:
        engine.notify_staff(message, state, "provider_refused")
    elif state == rules.DELIVERED:
        worklist.resolve(kinds=TROUBLE, about_ids=[message.pk], by=by, at=at)
    if told in ("bounced", "complained") and message.to_user_id is None:
        address = addresses.of_message(message, message.patient.clinic)
        if address:
            addresses.refuse(message, address, told)
    audit.log("message.told", by=by, target_id=message.pk, patient_ids=[message.patient_id], code=told)
    return True


# One statement says whether the event is new; `get_or_create` needs four and took 7 times as long.
EVENT = """
    INSERT INTO messaging_deliveryevent (clinic_id, message_id, provider, event_id, told, happened_at)
    VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING id
"""


def _once(event: DeliveryEvent) -> bool:
    values: Sequence[Any] = [
        event.clinic_id,
        event.message_id,
        event.provider,
        event.event_id,
        event.told,
        event.happened_at,
    ]
    return bool(run_prepared(EVENT, values))


@transaction.atomic
def allow_address(*, patient: Patient, channel: str, by: Actor) -> None:
    """Let messages pass again to an address that had bounced."""
    address = addresses.of_patient(patient, channel, patient.clinic.country)
    RefusedAddress.objects.filter(channel=channel, address_hash__in=addresses.hashes(channel, address)).delete()
    audit.log("message.allow_address", by=by, target_id=patient.pk, patient_ids=[patient.pk], code=channel)
