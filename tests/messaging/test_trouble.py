"""What cannot wait, what is unknown, what is much: the engine against real servers when things go wrong."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Membership
from dev.smtp import Inbox
from messaging import actions, addresses, engine
from messaging.models import Message, RefusedAddress, Sending
from messaging.providers import OutcomeUnknown, Receipt, Refused
from messaging.providers.mail import as_refusal
from tests.messaging.conftest import state
from worklist.models import Item

pytestmark = pytest.mark.django_db


def due_again(message):
    Message.objects.filter(pk=message.pk).update(next_at=timezone.now() - timedelta(seconds=30))


def alert(owe, in_clinic, **fields):
    return owe(kind="staff_alert", to_user_id=in_clinic.therapist.pk, late_after=timedelta(hours=24), **fields)


def test_an_alert_waits_for_no_pause_no_limit_and_no_reminder(inbox, owe, hand_over, in_clinic):
    actions.pause(by=in_clinic.actor(), at=timezone.now())
    Sending.objects.update(per_minute=1)
    reminders = [owe(due_at=timezone.now() - timedelta(minutes=5)) for _ in range(3)]
    called = alert(owe, in_clinic)

    hand_over()

    assert state(called) == ("sent", "")
    assert {state(one) for one in reminders} == {("queued", "")}
    assert [mail["To"] for mail in inbox.taken] == [in_clinic.therapist.email]


def test_whoever_has_left_the_clinic_is_told_nothing(inbox, owe, hand_over, in_clinic):
    message = alert(owe, in_clinic)
    Membership.objects.filter(user=in_clinic.therapist).update(is_active=False)
    hand_over()
    assert state(message) == ("withheld", "no_address")
    assert not inbox.taken


def test_a_refused_sender_closes_nobodys_address_and_somebody_is_told(inbox, owe, hand_over, monkeypatch):
    async def refuse(self, server, session, envelope, address, options):
        return "553 5.7.1 sender not allowed"

    monkeypatch.setattr(Inbox, "handle_MAIL", refuse, raising=False)
    message = owe()
    hand_over()
    assert state(message) == ("failed", "provider_refused")
    assert not RefusedAddress.objects.exists()
    assert Item.objects.get().kind == "message_failed"


@pytest.mark.parametrize(
    ("code", "said", "of_address"),
    [
        (550, b"5.1.1 no such mailbox", True), (550, b"no such user here", True), (553, b"5.1.3 bad name", True),
        (550, b"5.7.1 blocked for spam", False), (550, b"5.2.2 mailbox full", False), (554, b"5.1.1 gone", False),
    ],
)  # fmt: skip
def test_which_refusals_speak_of_the_address(code, said, of_address):
    assert as_refusal(code, said, of_recipient=True).of_address == of_address
    assert not as_refusal(code, said).of_address


def test_a_bounced_address_is_somebodys_task(inbox, owe, hand_over):
    inbox.no_such = {"ada@mail.example"}
    message = owe()
    hand_over()
    item = Item.objects.get()
    assert (item.kind, item.about_id) == ("message_failed", message.pk)


def test_with_a_refused_mail_the_other_channel_is_used(inbox, owe, hand_over, reachable):
    assert addresses.usable_channels(reachable) == ["email", "sms"]
    inbox.no_such = {"ada@mail.example"}
    owe()
    hand_over()
    assert addresses.usable_channels(reachable) == ["sms"]


def test_tried_for_as_long_as_it_is_of_use_then_somebody_is_told(inbox, owe, hand_over):
    inbox.moods.refuse_for_now = 1
    message = owe(late_after=timedelta(minutes=1))
    hand_over()
    assert state(message) == ("failed", "provider_unreachable")
    assert Item.objects.get().kind == "message_failed"


class Forgetful:
    """A provider whose answers get lost, and which cannot always be asked."""

    name, honours_keys = "forgetful", False

    def __init__(self):
        self.calls, self.knows, self.is_there = [], None, True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def send(self, message):
        self.calls.append("send")
        raise OutcomeUnknown

    def find(self, message):
        self.calls.append("find")
        if not self.is_there:
            raise Refused("provider_unreachable")
        return self.knows


def test_an_unknown_fate_is_asked_for_each_time(owe, hand_over, monkeypatch):
    provider = Forgetful()
    monkeypatch.setattr("messaging.providers.of_channel", lambda channel: provider)
    message = owe()
    hand_over()
    due_again(message)
    provider.is_there = False
    hand_over()  # it cannot be asked
    due_again(message)
    provider.is_there, provider.knows = True, Receipt("found")
    hand_over()
    assert provider.calls == ["send", "find", "find"]
    assert state(message) == ("sent", "")


def test_what_the_provider_told_before_we_knew_stays(inbox, owe, hand_over, in_clinic, monkeypatch):
    """A webhook may be faster than our own note of having sent."""
    message = owe()
    said = {}

    def told(claim, carrier):
        said["delivered"] = actions.note_delivery(
            message_id=message.pk,
            provider="mail",
            event_id="e1",
            told="delivered",
            happened_at=None,
            by=in_clinic.actor(),
            at=timezone.now(),
        )
        return engine.Result("sent", ref="ref-1")

    monkeypatch.setattr(engine, "attempt", told)
    hand_over()
    assert state(message) == ("delivered", "")
    assert (message.provider_ref, message.uncertain, message.sent_at is not None) == ("ref-1", False, True)
    assert message.settled_at is not None


def test_a_slice_is_short_however_much_is_late(owe, in_clinic, monkeypatch):
    for _ in range(30):
        owe(due_at=timezone.now() - timedelta(hours=5))
    ticks = iter(range(10_000))
    monkeypatch.setattr(engine.time, "monotonic", lambda: next(ticks))
    run = engine.hand_over(in_clinic.clinic.pk, seconds=8)
    assert run.more
    assert 0 < Message.objects.filter(state="dropped").count() < 30


def test_so_many_workers_for_one_clinic_and_no_more(in_clinic):
    clinic_id = in_clinic.clinic.pk
    with psycopg.connect(dsn()) as other:
        for place in range(engine.AT_ONCE):
            taken = other.execute(engine.TAKE_PLACE, [f"{clinic_id}:{place}"]).fetchone()
            assert taken == (True,)
        with engine.at_work(clinic_id) as may:
            assert not may
        other.execute(engine.LEAVE_PLACE, [f"{clinic_id}:2"])
        with engine.at_work(clinic_id) as may:
            assert may
    with engine.at_work(clinic_id) as may:
        assert may


def dsn():
    return " ".join(
        f"{key}={value}"
        for key, value in connection.get_connection_params().items()
        if key in ("dbname", "user", "host", "port", "password")
    )


def test_the_second_click_on_send_again_sends_nothing_more(inbox, owe, hand_over, in_clinic):
    message = owe()
    hand_over()
    just_now = timezone.now() - timedelta(seconds=20)
    actions.send_again(revision=None, message_id=message.pk, by=in_clinic.actor(), at=just_now)
    with pytest.raises(actions.NotResendable):
        actions.send_again(revision=None, message_id=message.pk, by=in_clinic.actor(), at=timezone.now())
    hand_over()
    with pytest.raises(actions.NotResendable):
        actions.send_again(revision=None, message_id=message.pk, by=in_clinic.actor(), at=timezone.now())
    assert len(inbox.taken) == 2
    later = timezone.now() + timedelta(minutes=2)
    assert actions.send_again(revision=None, message_id=message.pk, by=in_clinic.actor(), at=later).by_hand


def test_an_uncertain_row_goes_when_it_is_resolved(inbox, owe, hand_over, in_clinic):
    Sending.objects.update(when_unknown="leave")
    inbox.moods.hang_up_after = 1
    message = owe()
    hand_over()
    assert Item.objects.open().get().kind == "message_uncertain"
    actions.resolve(revision=None, message_id=message.pk, went_out=True, by=in_clinic.actor(), at=timezone.now())
    assert not Item.objects.open().exists()
