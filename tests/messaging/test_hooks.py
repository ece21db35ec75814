"""What providers call: signed, and counted once."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from twilio.request_validator import RequestValidator

from database import tenancy
from messaging import actions
from messaging.models import DeliveryEvent, Message, RefusedAddress
from patients.models import Patient

pytestmark = pytest.mark.django_db
SECRET = "of-the-provider"


@pytest.fixture
def sent(cast, owe):
    message = owe()
    Message.objects.filter(pk=message.pk).update(state="sent", provider="mail", sent_at=timezone.now())
    return message


@pytest.fixture
def mailgun(settings, cast, sent):
    """Calls the hook as Mailgun does, with its signature (HMAC of time and token)."""
    settings.MAIL_WEBHOOKS = "mailgun"
    settings.ANYMAIL = {"MAILGUN_WEBHOOK_SIGNING_KEY": SECRET}

    def call(event, *, at_s=None, key=SECRET, provider="mailgun", severity="permanent", message=sent):
        token, at = uuid4().hex, str(int(time.time()))
        signature = hmac.new(key.encode(), f"{at}{token}".encode(), hashlib.sha256).hexdigest()
        body = {
            "signature": {"timestamp": at, "token": token, "signature": signature},
            "event-data": {
                "event": event,
                "id": uuid4().hex,
                "timestamp": at_s or time.time(),
                "severity": severity,
                "recipient": "ada@mail.example",
                "message": {"headers": {"message-id": "x@y"}},
                "user-variables": {"palpate": f"{cast.clinic.pk}:{message.pk}"},
            },
        }
        return Client().post(f"/hooks/mail/{provider}/", json.dumps(body), content_type="application/json")

    return call


def state(cast, message):
    with tenancy.scope(cast.clinic.pk):
        return Message.objects.get(pk=message.pk).state


def test_delivered_is_noted_once(mailgun, cast, sent):
    assert [mailgun("delivered", at_s=1795250000.5).status_code for _ in range(3)] == [200] * 3

    assert state(cast, sent) == "delivered"
    with tenancy.scope(cast.clinic.pk):
        assert DeliveryEvent.objects.count() == 1


def test_a_bounce_closes_the_address(mailgun, cast, sent):
    mailgun("failed")

    assert state(cast, sent) == "bounced"
    with tenancy.scope(cast.clinic.pk):
        assert RefusedAddress.objects.get().reasons == ["bounced"]


def test_a_complaint_ends_the_consent(mailgun, cast, sent, reachable):
    mailgun("complained")

    assert state(cast, sent) == "complained"
    with tenancy.scope(cast.clinic.pk):
        assert Patient.objects.get(pk=reachable.pk).consent_email == "refused"


def test_events_out_of_order_end_the_same(mailgun, cast, sent):
    for event in ("complained", "delivered", "opened"):
        mailgun(event)
    assert state(cast, sent) == "complained"


@pytest.mark.filterwarnings("ignore")
def test_what_is_not_signed_is_not_believed(mailgun, cast, sent, settings):
    assert mailgun("failed", key="guessed").status_code == 400
    assert mailgun("failed", provider="postmark").status_code == 404
    settings.MAIL_WEBHOOKS = ""
    assert mailgun("failed").status_code == 404
    assert state(cast, sent) == "sent"


def test_an_event_about_somebody_elses_message_is_left_alone(mailgun, cast, sent):
    class Other:
        pk = uuid4()

    assert mailgun("delivered", message=Other).status_code == 200
    assert state(cast, sent) == "sent"


# --- Twilio ---------------------------------------------------------------------------------------------------


@pytest.fixture
def twilio(settings, cast):
    settings.TWILIO_AUTH_TOKEN = SECRET

    def call(path, data, *, key=SECRET):
        signature = RequestValidator(key).compute_signature(f"http://localhost:8000{path}", data)
        return Client().post(path, data, headers={"X-Twilio-Signature": signature})

    return call


def test_twilio_tells_what_became_of_an_sms(twilio, cast, sent):
    path = f"/hooks/twilio/{cast.clinic.pk}/{sent.pk}/"
    for _ in range(2):
        assert twilio(path, {"MessageSid": "SM1", "MessageStatus": "delivered"}).status_code == 204
    assert state(cast, sent) == "delivered"
    assert twilio(path, {"MessageSid": "SM1", "MessageStatus": "failed"}, key="guessed").status_code == 403


@pytest.mark.parametrize("text", ["STOP", " stop ", "Unsubscribe"])
def test_stop_by_sms_ends_the_sms(text, twilio, cast, reachable):
    answer = twilio(f"/hooks/twilio/{cast.clinic.pk}/", {"From": "+442079460018", "Body": text})

    assert answer.status_code == 200
    with tenancy.scope(cast.clinic.pk):
        patient = Patient.objects.get(pk=reachable.pk)
    assert (patient.consent_sms, patient.consent_email) == ("refused", "granted")


@pytest.mark.parametrize(("sender", "text"), [("+442079460018", "Thanks!"), ("+442079460019", "STOP")])
def test_anything_else_ends_nothing(sender, text, twilio, cast, reachable):
    assert twilio(f"/hooks/twilio/{cast.clinic.pk}/", {"From": sender, "Body": text}).status_code == 200
    with tenancy.scope(cast.clinic.pk):
        assert Patient.objects.get(pk=reachable.pk).consent_sms == "granted"


def test_without_a_secret_nobody_calls(cast, settings):
    settings.TWILIO_AUTH_TOKEN = ""
    assert Client().post(f"/hooks/twilio/{cast.clinic.pk}/", {"Body": "STOP"}).status_code == 403


def test_a_told_event_is_final(cast, sent, in_clinic):
    from django.db import Error, connection, transaction

    actions.note_delivery(
        message_id=sent.pk,
        provider="x",
        event_id="1",
        told="delivered",
        happened_at=None,
        by=cast.actor(),
        at=timezone.now(),
    )
    with connection.cursor() as cursor, pytest.raises(Error), transaction.atomic():
        cursor.execute("DELETE FROM messaging_deliveryevent")


# --- Metrics --------------------------------------------------------------------------------------------------


def test_metrics_are_for_whoever_has_the_token(settings, cast, sent):
    settings.METRICS_TOKEN = "let-me-in"
    assert Client().get("/metrics").status_code == 404
    assert Client().get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 404

    answer = Client().get("/metrics", headers={"Authorization": "Bearer let-me-in"})

    text = answer.content.decode()
    assert f'palpate_messages_sent{{clinic="{cast.clinic.slug}"}} 1.0' in text
    assert "palpate_messages_oldest_waiting_s" in text
    assert "ada" not in text.lower()
    settings.METRICS_TOKEN = ""
    assert Client().get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404
