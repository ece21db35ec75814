"""Webhooks, to real receivers: signed, in order, once more where in doubt, never lost, and never to our own network."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from changes import delivery, egress, periodic, queries, rules, webhooks
from changes.models import WebhookDelivery, WebhookSubscription
from database import tenancy
from database.revisions import RevisionChanged
from errors.exceptions import Invalid, NotFound
from tests import builders
from tests.changes.receiver import Receiver, listening
from tests.changes.test_changes import commit
from tests.conftest import Cast

ALL = list(rules.KINDS)


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.WEBHOOK_ALLOWED_HOSTS = ["127.0.0.1"]
    with listening() as listener:
        yield listener


@pytest.fixture
def hook(cast: Cast, receiver: Receiver) -> tuple[WebhookSubscription, str]:
    with tenancy.scope(cast.clinic.pk):
        return webhooks.subscribe(url=receiver.url, kinds=ALL, by=cast.actor(cast.owner), at=timezone.now())


def add_patients(cast: Cast, count: int = 1) -> None:
    with tenancy.scope(cast.clinic.pk):
        for _ in range(count):
            builders.patient(cast.actor())
    commit()


def deliver(cast: Cast) -> int:
    return delivery.deliver(cast.clinic.pk)


def now_due(cast: Cast) -> None:
    """As if the wait were over."""
    with tenancy.scope(cast.clinic.pk):
        WebhookSubscription.objects.update(next_at=timezone.now() - timedelta(seconds=1))


def state(cast: Cast) -> WebhookSubscription:
    with tenancy.scope(cast.clinic.pk):
        return WebhookSubscription.objects.get()


# --- What arrives ---------------------------------------------------------------------------------------------


def test_a_message_is_signed_thin_and_in_order(cast: Cast, hook: Any, receiver: Receiver):
    _subscription, secret = hook
    add_patients(cast, 3)
    assert deliver(cast) == 1
    [message] = receiver.messages(secret)
    assert message["type"] == "changes"
    assert [change["sequence"] for change in message["data"]["changes"]] == [1, 2, 3]
    assert set(message["data"]["changes"][0]) == {"sequence", "kind", "action", "id", "revision"}
    [(headers, body, _at)] = receiver.calls
    assert b"Okafor" not in body
    assert len(body) < 20_000
    with pytest.raises(WebhookVerificationError):
        Webhook(webhooks.new_secret()).verify(body, headers)
    assert deliver(cast) == 0  # nothing is new


def test_many_changes_are_several_messages_below_20_kb(cast: Cast, hook: Any, receiver: Receiver):
    add_patients(cast, rules.CHANGES_A_MESSAGE + 5)
    assert deliver(cast) == 2
    assert receiver.sequences() == list(range(1, rules.CHANGES_A_MESSAGE + 6))
    assert all(len(body) < 20_000 for _headers, body, _at in receiver.calls)


def test_only_the_kinds_that_were_chosen(cast: Cast, receiver: Receiver):
    with tenancy.scope(cast.clinic.pk):
        webhooks.subscribe(url=receiver.url, kinds=["appointment"], by=cast.actor(cast.owner), at=timezone.now())
    add_patients(cast)
    assert deliver(cast) == 0
    assert receiver.calls == []
    assert state(cast).position == 1


def test_both_secrets_sign_while_a_rotation_lasts(cast: Cast, hook: Any, receiver: Receiver):
    subscription, old = hook
    with tenancy.scope(cast.clinic.pk):
        _subscription, new = webhooks.rotate_secret(
            subscription_id=subscription.pk, revision=1, by=cast.actor(cast.owner), at=timezone.now()
        )
    add_patients(cast)
    deliver(cast)
    assert receiver.messages(old) == receiver.messages(new)
    with tenancy.scope(cast.clinic.pk):
        WebhookSubscription.objects.update(old_secret_until=timezone.now() - timedelta(seconds=1))
    add_patients(cast)
    deliver(cast)
    with pytest.raises(WebhookVerificationError):
        receiver.messages(old)


# --- What goes wrong ------------------------------------------------------------------------------------------


def test_a_retry_is_the_same_message_and_later_changes_wait_behind_it(cast: Cast, hook: Any, receiver: Receiver):
    receiver.answers = [500, 503]
    add_patients(cast)
    assert deliver(cast) == 0
    add_patients(cast)
    now_due(cast)
    assert deliver(cast) == 0
    now_due(cast)
    assert deliver(cast) == 2
    ids = [headers["webhook-id"] for headers, _body, _at in receiver.calls]
    assert ids[0] == ids[1] == ids[2] != ids[3]
    assert receiver.sequences() == [1, 1, 1, 2]
    assert (state(cast).position, state(cast).failures) == (2, 0)


def test_the_schedule_lasts_75_hours_then_it_pauses_and_the_owners_are_told(cast: Cast, hook: Any, receiver: Receiver):
    receiver.answers = [500] * 10
    add_patients(cast)
    waits = []
    for _attempt in range(10):
        started = timezone.now()
        deliver(cast)
        waits.append(state(cast).next_at - started)
        now_due(cast)
    assert [round(wait.total_seconds() / 60) for wait in waits[:-1]] == [0, 5, 30, 120, 300, 600, 840, 1200, 1440]
    assert timedelta(hours=75) < sum(rules.RETRY_AFTER, timedelta()) < timedelta(hours=76)
    assert (state(cast).state, state(cast).reason, len(receiver.calls)) == ("paused", "failed", 10)
    [notice] = mail.outbox
    assert notice.to == [cast.owner.email]
    assert str(state(cast).pk) in notice.body
    now_due(cast)
    assert deliver(cast) == 0
    with tenancy.scope(cast.clinic.pk):
        subscription = state(cast)
        webhooks.resume(
            subscription_id=subscription.pk,
            revision=subscription.revision,
            by=cast.actor(cast.owner),
            at=timezone.now(),
        )
    assert deliver(cast) == 1  # nothing was lost
    assert receiver.sequences()[-1] == 1


def test_410_ends_it_and_a_redirect_is_a_failure_that_is_not_followed(cast: Cast, hook: Any, receiver: Receiver):
    receiver.answers = [302, 410]
    add_patients(cast)
    deliver(cast)
    assert (len(receiver.calls), state(cast).failures) == (1, 1)
    now_due(cast)
    deliver(cast)
    assert (state(cast).state, state(cast).reason) == ("ended", "gone")
    with tenancy.scope(cast.clinic.pk):
        log = list(WebhookDelivery.objects.order_by("pk").values_list("outcome", "status", "attempt"))
    assert log == [("redirected", 302, 1), ("answered", 410, 2)]


def test_a_receiver_that_stalls_keeps_nobody_longer_than_the_deadline(
    cast: Cast, hook: Any, receiver: Receiver, monkeypatch: Any
):
    monkeypatch.setattr(rules, "ANSWER_WITHIN_S", 0.5)
    receiver.stall_s = 2
    add_patients(cast)
    assert deliver(cast) == 0
    with tenancy.scope(cast.clinic.pk):
        [attempt] = WebhookDelivery.objects.all()
    assert (attempt.outcome, attempt.status) == ("timed_out", None)
    assert attempt.duration_ms < 2000


def test_a_worker_that_dies_loses_nothing(cast: Cast, hook: Any, receiver: Receiver):
    """The claim is committed before the call; what died is sent again, with its id, when the lease is over."""
    add_patients(cast)
    with tenancy.scope(cast.clinic.pk):
        claim = delivery.next_claim(cast.clinic.pk)
    assert claim is not None
    delivery.send(claim)  # arrived, and then the worker is killed
    assert deliver(cast) == 0  # the lease holds
    now_due(cast)
    assert deliver(cast) == 1
    ids = {headers["webhook-id"] for headers, _body, _at in receiver.calls}
    assert (len(receiver.calls), ids) == (2, {claim.message_id})
    with tenancy.scope(cast.clinic.pk):
        delivery.record_result(claim, egress.Reply(rules.NOT_REACHED, None, 1))  # it was only slow: it has no say now
    assert (state(cast).position, state(cast).failures) == (1, 0)


def test_replay_sends_again_from_a_number(cast: Cast, hook: Any, receiver: Receiver):
    subscription, _secret = hook
    add_patients(cast, 4)
    deliver(cast)
    by = cast.actor(cast.owner)
    with tenancy.scope(cast.clinic.pk):
        webhooks.replay(subscription_id=subscription.pk, from_sequence=3, revision=1, by=by, at=timezone.now())
        with pytest.raises(Invalid):
            webhooks.replay(subscription_id=subscription.pk, from_sequence=9, revision=2, by=by, at=timezone.now())
    deliver(cast)
    assert receiver.sequences() == [1, 2, 3, 4, 3, 4]


def test_the_test_button_works_while_it_is_paused(cast: Cast, hook: Any, receiver: Receiver):
    subscription, secret = hook
    add_patients(cast)
    by = cast.actor(cast.owner)
    with tenancy.scope(cast.clinic.pk):
        webhooks.pause(subscription_id=subscription.pk, revision=1, by=by)
        webhooks.request_test(subscription_id=subscription.pk, by=by, at=timezone.now())
    assert deliver(cast) == 1
    assert [message["type"] for message in receiver.messages(secret)] == ["webhook.test"]
    assert state(cast).position == 0


def test_beat_hands_out_clinics_that_are_behind(cast: Cast, hook: Any, monkeypatch: Any):
    from changes import tasks

    handed: list[str] = []
    monkeypatch.setattr(tasks.deliver, "delay", handed.append)
    assert periodic.tick() == 0
    add_patients(cast)
    assert periodic.tick() == 1
    assert handed == [str(cast.clinic.pk)]
    deliver(cast)
    assert periodic.tick() == 0
    with tenancy.scope(cast.clinic.pk):
        WebhookDelivery.objects.update(at=timezone.now() - timedelta(days=31))
    assert periodic.forget_old_deliveries() == 1


# --- Where it may go ------------------------------------------------------------------------------------------

PRIVATE = [
    "http://example.com/", "https://127.0.0.1/", "https://[::1]/", "https://10.0.0.1/", "https://169.254.169.254/",
    "https://localhost/", "https://user:word@example.com/", "https://example.com/#part", "ftp://example.com/",
    "https://[::ffff:127.0.0.1]/", "https:///path", "https://intranet/", "nothing",
]  # fmt: skip


@pytest.mark.parametrize("url", PRIVATE)
def test_an_address_on_our_own_network_cannot_be_entered(url: str, cast: Cast, in_clinic: Cast):
    with pytest.raises(Invalid) as refusal:
        webhooks.subscribe(url=url, kinds=ALL, by=cast.actor(cast.owner), at=timezone.now())
    assert [(error.pointer, error.code) for error in refusal.value.errors] == [("/url", "invalid")]


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "::1", "fd00::1", "64:ff9b::7f00:1", "100.64.0.1"])
def test_a_name_that_points_to_our_own_network_is_not_called(address: str, monkeypatch: Any):
    """Looked at when it is called, so that it helps nobody to change the name later; one private address is enough."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    names = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", 443)),
        (family, socket.SOCK_STREAM, 6, "", (address, 443)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_options: names)
    reply = egress.call("https://hooks.example.com/", b"{}", {})
    assert reply.outcome == "not_allowed"


def test_who_may_not_read_a_kind_may_not_be_told_of_it(cast: Cast, api: Any):
    program = api(builders.program(cast.clinic, scopes="webhooks:manage patients:read"))
    body = {"url": "https://hooks.example.com/", "kinds": ["patient", "record"]}
    answer = program.post("/webhooks/", body)
    assert (answer.status_code, answer.json()["errors"][0]["params"]["choices"]) == (400, ["patient"])
    made = program.post("/webhooks/", body | {"kinds": ["patient"]})
    assert made.status_code == 201
    assert made.json()["secret"].startswith("whsec_")
    one = f"/webhooks/{made.json()['id']}/"
    assert "secret" not in program.get(one).json()
    program.reads_first = False
    assert program.post(f"{one}rotate-secret/").status_code == 428
    rotated = program.post(f"{one}rotate-secret/", If_Match=made["ETag"])
    assert rotated.json()["secret"] != made.json()["secret"]
    assert program.post(f"{one}pause/", If_Match=made["ETag"]).status_code == 412
    assert program.post(f"{one}test/").status_code == 202
    assert program.get(f"{one}deliveries/").json()["results"] == []
    assert program.delete(one, If_Match="*").status_code == 204


def test_another_clinic_finds_no_webhook(cast: Cast, hook: Any):
    subscription, _secret = hook
    with tenancy.scope(cast.other_clinic.pk), pytest.raises(NotFound):
        webhooks.pause(
            subscription_id=subscription.pk, revision=1, by=cast.actor(cast.stranger, clinic=cast.other_clinic)
        )


def test_secrets_are_encrypted_and_rotated(cast: Cast, hook: Any):
    subscription, secret = hook
    assert secret not in subscription.secret
    assert webhooks.rotate_encryption() == 1
    with tenancy.scope(cast.clinic.pk):
        from database.encryption import decrypt

        assert decrypt(WebhookSubscription.objects.get().secret) == secret


# --- The pages ------------------------------------------------------------------------------------------------


def test_the_pages_of_an_owner(cast: Cast, receiver: Receiver, client: Any):
    client.force_login(cast.owner)
    wrong = client.post("/settings/webhooks/", {"url": "https://10.0.0.1/", "kinds": ["patient"]})
    assert wrong.status_code == 400
    assert "url" in wrong.context["form"].errors
    shown = client.post("/settings/webhooks/", {"url": receiver.url, "kinds": ["patient"], "description": "Billing"})
    assert "whsec_" in shown.content.decode()
    one = f"/settings/webhooks/{state(cast).pk}/"
    assert "whsec_" not in client.get(one).content.decode()
    for name in ("test", "pause", "resume", "rotate"):
        answer = client.post(f"{one}{name}/", {"revision": state(cast).revision})
        assert answer.status_code in (200, 302), (name, answer.content)
    stale = client.post(f"{one}pause/", {"revision": 1})
    assert stale.status_code == 409
    assert deliver(cast) == 1
    assert "Test message" in client.get(one).content.decode()
    client.post(f"{one}remove/", {"revision": state(cast).revision})
    assert "Billing" not in client.get("/settings/webhooks/").content.decode()


def test_a_stale_revision_is_refused(cast: Cast, hook: Any):
    subscription, _secret = hook
    with tenancy.scope(cast.clinic.pk), pytest.raises(RevisionChanged):
        webhooks.rotate_secret(
            subscription_id=subscription.pk, revision=9, by=cast.actor(cast.owner), at=timezone.now()
        )
    assert queries.BEFORE_FIRST
