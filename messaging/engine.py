"""
Hands over what is due. See docs/adr/0011.

A message is claimed (`FOR UPDATE SKIP LOCKED`, a lease, a fencing token) and the claim committed; it is sent outside
any transaction; then its result is written, if the claim still holds. The clock is the database's alone. Nothing here
lives in Redis: a lost queue, a second beat, a killed worker cost time, not messages.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.postgres.functions import TransactionNow
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from accounts.models import Clinic
from database import tenancy
from database.sql import run_prepared
from identity.actor import Actor
from messaging import addresses, checks, links, providers, rules, texts
from messaging.models import Message, Sending
from messaging.providers import OutcomeUnknown, Outgoing, Provider, Receipt, Refused
from worklist import actions as worklist

logger = logging.getLogger(__name__)

SLICE_S = 5.0  # so long one clinic keeps a worker; then the others have their turn
SLICE_MESSAGES = 50
AT_ONCE = 4  # workers that one clinic may keep

# Claiming and settling run for every message, so they are SQL: in the ORM a claim took 1.3 times as long, settling 3.0
# times (3,000 messages, both in one process). Materialized: as a plain subquery it might run, and lock, more than once.
CLAIM = """
    WITH due AS MATERIALIZED (
        SELECT id, state FROM messaging_message
        WHERE clinic_id = %(clinic)s AND state IN ('queued', 'sending') AND next_at <= now()
        ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    UPDATE messaging_message AS m
    SET state = 'sending', attempts = attempts + 1, fence = fence + 1, next_at = now() + %(lease)s
    FROM due
    WHERE m.id = due.id
    RETURNING m.id, due.state = 'sending', now()
"""
# What calls somebody of the clinic waits for nothing: no pause, no limit, no reminder before it.
CLAIM_ALERT = CLAIM.replace("next_at <= now()", "next_at <= now() AND to_user_id IS NOT NULL")
# The provider may have told more than we know already: its word on the state stays.
SETTLE = """
    UPDATE messaging_message
    SET state = CASE WHEN state = 'sending' THEN %(state)s ELSE state END, reason = %(reason)s,
        uncertain = uncertain OR %(uncertain)s, provider = %(provider)s,
        provider_ref = CASE WHEN %(ref)s = '' THEN provider_ref ELSE %(ref)s END,
        next_at = coalesce(now() + %(wait)s::interval, next_at), attempts = attempts - %(uncounted)s,
        sent_at = CASE WHEN %(state)s = 'sent' THEN now() ELSE sent_at END,
        settled_at = CASE WHEN %(state)s IN ('queued', 'sending') THEN NULL ELSE now() END
    WHERE id = %(id)s AND fence = %(fence)s
    RETURNING id
"""
# A lock of the session, not of a row or a transaction: the ORM has none.
TAKE_PLACE = "SELECT pg_try_advisory_lock(hashtextextended(%s, 7))"
LEAVE_PLACE = "SELECT pg_advisory_unlock(hashtextextended(%s, 7))"


@dataclass(frozen=True)
class Claim:
    """A message that is ours until its lease ends."""

    message: Message
    outgoing: Outgoing
    look_first: bool  # an earlier attempt's fate is unknown: ask the provider before sending again
    at: datetime  # by the database's clock


class Settled:
    """A message that was due and may not go: that is written, and the next one may be looked at."""


@dataclass(frozen=True)
class Result:
    state: str
    reason: str = ""
    ref: str = ""
    uncertain: bool = False
    wait: timedelta | None = None
    of_address: bool = False
    counts: bool = True


@dataclass
class Run:
    """What one slice did."""

    sent: int = 0
    settled: int = 0
    more: bool = False


@dataclass
class Desk:
    """What a slice reads once: the clinic, how it sends, who carries, and its words."""

    clinic: Clinic
    sending: Sending
    carriers: dict[str, Provider | None]
    words: dict[tuple[str, str, str], texts.Text] = field(default_factory=dict)

    def find_text(self, kind: str, channel: str, language: str) -> texts.Text:
        key = (kind, channel, language)
        if key not in self.words:
            self.words[key] = texts.find_text(*key)
        return self.words[key]


def hand_over(clinic_id: UUID, *, seconds: float = SLICE_S, at_most: int = SLICE_MESSAGES) -> Run:
    """Send what is due for a clinic, for one slice. Safe to run in any number of processes at once."""
    run, ends = Run(), time.monotonic() + seconds
    with at_work(clinic_id) as may, ExitStack() as stack:
        if not may:
            return run
        with tenancy.scope(clinic_id):
            sending = sending_of(clinic_id)
            clinic = Clinic.objects.get(pk=clinic_id)
        carriers = {channel: providers.of_channel(channel) for channel in rules.CHANNELS}
        for carrier in carriers.values():
            if carrier is not None:
                stack.enter_context(carrier)
        desk = Desk(clinic, sending, carriers)
        _work(desk, run, at_most, ends, CLAIM_ALERT)
        with tenancy.scope(clinic_id):
            granted = 0 if sending.paused_at else grant(clinic_id, at_most)
        if granted <= 0:
            return run
        run.more = False
        used = _work(desk, run, granted, ends, CLAIM)
        if used < granted:
            with tenancy.scope(clinic_id):
                give_back(clinic_id, granted - used)
    return run


def grant(clinic_id: UUID, wish: int) -> int:
    """Take up to `wish` messages of the clinic's limit a minute, and return how many."""
    rows = Sending.objects.filter(pk=clinic_id).select_for_update().annotate(now=TransactionNow())
    sending = rows.get()
    if sending.window_started_at < sending.now - timedelta(minutes=1):
        sending.window_started_at, sending.window_used = sending.now, 0
    granted = min(wish, sending.per_minute - sending.window_used)
    sending.window_used += granted
    sending.save(update_fields=["window_started_at", "window_used"])
    return granted


def give_back(clinic_id: UUID, unused: int) -> None:
    """Let others of this minute have what was taken and not used."""
    Sending.objects.filter(pk=clinic_id).update(window_used=Greatest(0, F("window_used") - unused))


@contextmanager
def at_work(clinic_id: UUID) -> Iterator[bool]:
    """
    One of the few places at which a clinic's messages are sent at the same time; False if all are taken.

    So a clinic with much to send keeps no more than that many workers, and leaves no tasks behind it in the queue.
    """
    with tenancy.scope(clinic_id, read_only=True):
        held = next((n for n in range(AT_ONCE) if run_prepared(TAKE_PLACE, [f"{clinic_id}:{n}"])[0][0]), None)
    try:
        yield held is not None
    finally:
        if held is not None:
            with tenancy.scope(clinic_id, read_only=True):
                run_prepared(LEAVE_PLACE, [f"{clinic_id}:{held}"])


def _work(desk: Desk, run: Run, granted: int, ends: float, claiming: str) -> int:
    """Claim, send, settle; one transaction settles a message and claims the next. Returns how many were claimed."""
    used, result = 0, None
    while True:
        with tenancy.scope(desk.clinic.pk):
            if result is not None:
                run.settled += 1
                run.sent += record_result(desk, *result)
                result = None
            if used >= granted or time.monotonic() >= ends:
                run.more = True
                return used
            claim = next_claim(desk, claiming)
        if claim is None:
            return used
        if isinstance(claim, Settled):
            run.settled += 1
            continue
        used += 1
        carrier = desk.carriers[claim.message.channel]
        assert carrier is not None
        result = (claim, attempt(claim, carrier), carrier)


def sending_of(clinic_id: UUID) -> Sending:
    """Return how the clinic sends, with a row that is made if there is none: for changes, see `read_sending`."""
    sending = Sending.objects.filter(pk=clinic_id).first()
    return sending or Sending.objects.get_or_create(clinic_id=clinic_id)[0]


def read_sending(clinic_id: UUID) -> Sending:
    """Return how the clinic sends without writing a row: for all that only reads."""
    return Sending.objects.filter(pk=clinic_id).first() or Sending(clinic_id=clinic_id)


# --- Claim ----------------------------------------------------------------------------------------------------


def next_claim(desk: Desk, claiming: str = CLAIM) -> Claim | Settled | None:
    """
    The next message that is due, claimed if it may really go, and settled if it may not; None if none is due.

    Consent, address, quiet hours, caps and lateness are looked at now, whatever they were when the row was made.
    """
    rows = run_prepared(claiming, {"clinic": desk.clinic.pk, "lease": rules.LEASE})
    if not rows:
        return None
    message_id, lease_ran_out, now = rows[0]
    message = Message.objects.select_related("patient__merged_into", "link", "to_user").get(pk=message_id)
    # A record that was merged is reached as the one that is in use.
    message.patient = message.patient.in_use
    carrier = desk.carriers[message.channel]
    if lease_ran_out and not _may_try_again(desk, message, carrier):
        finish(message, Result(rules.UNKNOWN, message.reason or "worker_lost", uncertain=True))
        return Settled()
    # Also one that waited for the morning since: its fate is no better known than it was.
    look_first = lease_ran_out or message.uncertain
    try:
        with transaction.atomic():
            refusal = checks.refusal(message, desk.clinic, desk.sending, now=now, has_provider=carrier is not None)
            outgoing = compose(desk, message, look_first=look_first) if refusal is None else None
    except Exception:  # one that nobody foresaw must not stand in the way of all the others
        logger.exception("message %s could not be made", message.pk)
        finish(message, Result(rules.FAILED, "broken"))
        return Settled()
    if outgoing is not None:
        return Claim(message, outgoing, look_first, now)
    assert refusal is not None
    counts = refusal.state != rules.QUEUED  # to wait for the morning is no attempt
    finish(message, Result(refusal.state, refusal.reason, wait=refusal.wait, counts=counts))
    return Settled()


def _may_try_again(desk: Desk, message: Message, carrier: Provider | None) -> bool:
    """Whoever had it was killed, is very slow, or lost the provider's answer: nobody knows whether it went out."""
    verdict = rules.after_unknown(
        honours_keys=bool(carrier and carrier.honours_keys),
        policy=desk.sending.when_unknown,
        was_uncertain=message.uncertain,
    )
    if verdict == "again_uncertain":
        Message.objects.filter(pk=message.pk).update(uncertain=True)
        message.uncertain = True
    return verdict != "leave"


def compose(desk: Desk, message: Message, *, look_first: bool = False) -> Outgoing:
    """The message as it goes out, in the words of this moment."""
    clinic, patient = desk.clinic, message.patient
    language = texts.language_of("" if message.to_user_id else patient.language, clinic.locale)
    link = links.url_of(message.link) if message.link else links.worklist_url()
    stop_url = ""
    if message.channel == rules.EMAIL and rules.KINDS[message.kind].to_patient:
        stop_url = links.url_of(links.stop_link(clinic_id=clinic.pk, patient_id=message.patient_id))
    worded = desk.find_text(message.kind, message.channel, language)
    when = texts.when(message.about_at, clinic.time_zone, language) if message.about_at else ""
    if message.link is None and message.kind in texts.UNLINKED and texts.has_link(worded):
        worded = texts.find_text_without_link(message.kind, message.channel, language)
    values = {"clinic": clinic.name, "stop": stop_url, "when": when, "phone": desk.sending.phone}
    text = texts.fill_text(worded, values | texts.link_values(link))
    return Outgoing(
        key=message.pk,
        clinic_id=clinic.pk,
        address=addresses.of_message(message, clinic),
        subject=text.subject,
        body=text.body,
        from_name=clinic.name,
        reply_to=desk.sending.reply_to,
        stop_url=stop_url,
        calendar=message.calendar,
        known_refs=refs_of_others(message) if look_first else frozenset(),
    )


def refs_of_others(message: Message) -> frozenset[str]:
    """What the provider called other messages lately: none of those can be the one whose answer was lost."""
    lately = Message.objects.filter(channel=message.channel, sent_at__gt=timezone.now() - timedelta(days=2))
    refs = lately.exclude(pk=message.pk).exclude(provider_ref="").values_list("provider_ref", flat=True)
    return frozenset(refs[:10_000])


# --- Send -----------------------------------------------------------------------------------------------------


def attempt(claim: Claim, carrier: Provider) -> Result:
    """Give it to the provider, outside any transaction, and read what that came to."""
    try:
        earlier_result = carrier.find(claim.outgoing) if claim.look_first else None
        receipt: Receipt = earlier_result or carrier.send(claim.outgoing)
    except Refused as refusal:
        if refusal.for_good:
            state = rules.WITHHELD if refusal.of_address else rules.FAILED
            return Result(state, refusal.reason, of_address=refusal.of_address)
        wait = rules.retry_after(claim.message.attempts)
        if wait is None or claim.at + wait >= claim.message.late_at:
            return Result(rules.FAILED, refusal.reason if wait else "gave_up")
        return Result(rules.QUEUED, refusal.reason, wait=wait)
    except OutcomeUnknown:
        return Result(rules.UNKNOWN, "provider_slow")
    except Exception:  # nobody knows how far it got
        logger.exception("message %s: the provider's port failed", claim.message.pk)
        return Result(rules.UNKNOWN, "broken")
    return Result(rules.SENT, ref=receipt.ref)


# --- Settle ---------------------------------------------------------------------------------------------------


def record_result(desk: Desk, claim: Claim, result: Result, carrier: Provider) -> int:
    """Write what came of a claim, if it still holds. Returns 1 if the message went out."""
    message = claim.message
    if result.state == rules.UNKNOWN:
        verdict = rules.after_unknown(
            honours_keys=carrier.honours_keys, policy=desk.sending.when_unknown, was_uncertain=message.uncertain
        )
        wait = rules.retry_after(message.attempts)
        if verdict != "leave" and wait is not None and claim.at + wait < message.late_at:
            # Still `sending`: whoever claims it next knows that its fate is unknown, and decides.
            result = Result(rules.SENDING, result.reason, wait=wait)
        else:
            result = Result(rules.UNKNOWN, result.reason, uncertain=True)
    held = finish(message, result, provider=carrier.name)
    if not held and result.state == rules.SENT:
        if not carrier.honours_keys:
            # Someone else has claimed it since, so what we sent may be sent again.
            Message.objects.filter(pk=message.pk).update(uncertain=True)
        return 1
    if held and result.of_address:
        addresses.refuse(message, claim.outgoing.address, "refused_when_sent")
    return int(result.state == rules.SENT)


def finish(message: Message, result: Result, *, provider: str = "") -> bool:
    """Write a result under the claim's fence; False if somebody else has the message now."""
    values = {
        "id": message.pk,
        "fence": message.fence,
        "state": result.state,
        "reason": result.reason,
        "uncertain": result.uncertain,
        "provider": provider,
        "ref": result.ref,
        "wait": result.wait,
        "uncounted": 0 if result.counts else 1,
    }
    held = bool(run_prepared(SETTLE, values))
    if held and (result.state in (rules.FAILED, rules.UNKNOWN) or result.of_address):
        notify_staff(message, result.state, result.reason)
    return held


def notify_staff(message: Message, state: str, reason: str) -> None:
    """A message that was given up, or whose fate nobody knows, is somebody's task."""
    worklist.raise_item(
        kind="message_uncertain" if state == rules.UNKNOWN else "message_failed",
        patient_id=message.patient_id,
        about_id=message.pk,
        facts={"channel": message.channel, "message": message.kind, "reason": reason},
        by=Actor.system(message.clinic_id, "messages"),
        at=timezone.now(),
    )


# --- Which clinics --------------------------------------------------------------------------------------------


def clinics_due() -> list[tuple[UUID, int]]:
    """Clinics with messages to look at now, and how many (counted up to 200)."""
    # SQL: a function of the database, which alone looks at all clinics.
    return [(row[0], row[1]) for row in run_prepared("SELECT * FROM messaging_clinics_due()", [])]


def for_each_due(dispatch: Callable[[UUID, int], None]) -> int:
    clinic_ids = clinics_due()
    for clinic_id, count in clinic_ids:
        dispatch(clinic_id, count)
    return len(clinic_ids)
