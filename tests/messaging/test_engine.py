"""One message's way, against a real SMTP server."""

from __future__ import annotations

import re
from datetime import time, timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from messaging import actions, engine, links
from messaging.models import Message, RefusedAddress, Sending
from patients import actions as patients
from tests.messaging.conftest import state
from worklist.models import Item

pytestmark = pytest.mark.django_db


def due_again(message):
    Message.objects.filter(pk=message.pk).update(next_at=timezone.now() - timedelta(seconds=30))


def test_a_message_goes_out_once_and_says_when(inbox, owe, hand_over):
    message = owe()

    first, second = hand_over(), hand_over()

    assert (first.sent, second.sent) == (1, 0)
    assert state(message) == ("sent", "")
    assert message.sent_at is not None
    assert message.provider == "mail"
    (mail,) = inbox.taken
    assert mail["To"] == "ada@mail.example"
    assert mail["From"] == "Harbour Clinic <messages@palpate.example>"
    assert mail["Message-ID"] == f"<{message.pk}@palpate.example>"


def test_the_mail_can_be_ended_with_one_click_and_tells_nothing(inbox, owe, hand_over, reachable):
    owe(kind="review_due")
    hand_over()

    (mail,) = inbox.taken
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["List-Unsubscribe"].startswith("<http://localhost:8000/s/")
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_payload(decode=True).decode()
    told = re.sub(r"/[cs]/[\w-]{27}/", "", text) + mail["Subject"]  # a random token may hold any three letters
    for private in ("Ada", "Okafor", "trigger", "pain", "muscle", "1980"):
        assert private not in told


def test_the_same_key_never_makes_a_second_message(inbox, owe, in_clinic, reachable):
    owe(dedupe_key="once")

    again = actions.enqueue(
        kind="review_due",
        channel="email",
        patient_id=reachable.pk,
        about_id=reachable.pk,
        dedupe_key="once",
        due_at=timezone.now(),
        by=in_clinic.actor(),
    )

    assert again is None
    assert Message.objects.count() == 1


def test_consent_is_looked_at_when_it_is_sent(inbox, owe, hand_over, reachable, in_clinic):
    message = owe()
    patients.change_patient(
        patient=reachable, changes={"consent_email": "refused"}, by=in_clinic.actor(), at=timezone.now()
    )

    hand_over()

    assert state(message) == ("withheld", "no_consent")
    assert inbox.taken == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"email": None}, "no_address"), ({"status": "discharged"}, "not_wanted")],
)
def test_what_may_not_go_does_not(changes, reason, inbox, owe, hand_over, reachable, in_clinic):
    message = owe()
    patients.change_patient(patient=reachable, changes=changes, by=in_clinic.actor(), at=timezone.now())

    hand_over()

    assert state(message)[1] == reason
    assert inbox.taken == []


def test_one_that_is_too_late_is_dropped(inbox, owe, hand_over):
    message = owe(due_at=timezone.now() - timedelta(hours=3))

    hand_over()

    assert state(message) == ("dropped", "late")


def test_in_quiet_hours_it_waits_and_that_is_no_attempt(inbox, owe, hand_over, in_clinic):
    ends_at = (timezone.now() + timedelta(hours=1)).replace(second=0, microsecond=0)
    local = ends_at.astimezone(engine.checks.ZoneInfo("Europe/London"))
    Sending.objects.update(quiet_from=(local - timedelta(hours=2)).time(), quiet_until=local.time())
    message = owe()

    hand_over()

    assert state(message) == ("queued", "")
    assert message.attempts == 0
    assert message.next_at == ends_at


def test_quiet_hours_that_end_too_late_drop_it(inbox, owe, hand_over):
    local = timezone.now().astimezone(engine.checks.ZoneInfo("Europe/London"))
    until = (local + timedelta(hours=5)).time()
    Sending.objects.update(quiet_from=(local - timedelta(hours=1)).time(), quiet_until=until)
    message = owe()

    hand_over()

    assert state(message) == ("dropped", "late")


def test_a_patient_gets_only_so_many_a_day(inbox, owe, hand_over):
    Sending.objects.update(most_a_day=2)
    messages = [owe() for _ in range(3)]

    hand_over()

    assert sorted(state(m) for m in messages) == [("sent", ""), ("sent", ""), ("withheld", "daily_cap")]


def test_a_clinic_sends_only_so_many_a_minute(inbox, owe, hand_over):
    Sending.objects.update(per_minute=2)
    for _ in range(3):
        owe()

    assert [hand_over().sent, hand_over().sent] == [2, 0]
    Sending.objects.update(window_started_at=timezone.now() - timedelta(minutes=5))
    assert hand_over().sent == 1


def test_while_paused_nothing_goes(inbox, owe, hand_over, in_clinic):
    message = owe()
    actions.pause(by=in_clinic.actor(), at=timezone.now())
    assert hand_over().sent == 0
    assert state(message) == ("queued", "")

    actions.resume(by=in_clinic.actor())

    assert hand_over().sent == 1


def test_an_sms_goes_to_the_number_in_e164(inbox, owe, hand_over):
    owe(channel="sms")

    hand_over()

    (mail,) = inbox.taken
    assert mail["To"] == "442079460018@sms.example"
    assert "List-Unsubscribe" not in mail
    assert "STOP" in mail.get_payload(decode=True).decode()


# --- A bad provider -------------------------------------------------------------------------------------------


def test_refused_for_now_it_is_tried_again_later(inbox, owe, hand_over):
    inbox.moods.refuse_for_now = 1
    message = owe()
    hand_over()
    assert state(message) == ("queued", "provider_unreachable")
    assert message.next_at > timezone.now() + timedelta(seconds=20)

    inbox.moods.refuse_for_now = 0
    due_again(message)
    hand_over()

    assert state(message) == ("sent", "")
    assert message.attempts == 2
    assert not message.uncertain


def test_tried_long_enough_it_is_given_up_and_somebody_is_told(inbox, owe, hand_over):
    inbox.moods.refuse_for_now = 1
    message = owe(late_after=timedelta(days=1))
    for _ in range(7):
        due_again(message)
        hand_over()

    assert state(message) == ("failed", "gave_up")
    assert message.attempts == 7
    item = Item.objects.get()
    assert (item.kind, item.about_id) == ("message_failed", message.pk)


def test_refused_for_good_it_is_not_tried_again(inbox, owe, hand_over):
    inbox.moods.refuse_for_good = 1
    message = owe()
    hand_over()
    due_again(message)
    hand_over()

    assert state(message) == ("failed", "provider_refused")
    assert message.attempts == 1


def test_an_address_that_does_not_exist_gets_nothing_more(inbox, owe, hand_over, reachable):
    inbox.no_such = {"ada@mail.example"}
    first = owe()
    hand_over()
    inbox.no_such = set()
    second = owe()
    hand_over()

    assert state(first) == ("withheld", "provider_refused")
    assert state(second) == ("withheld", "address_refused")
    assert len(RefusedAddress.objects.get().address_hash) == 64, "SHA-256, not the address"

    actions.allow_address(patient=reachable, channel="email", by=engine.Actor.system(reachable.clinic_id, "t"))
    third = owe()
    hand_over()
    assert state(third) == ("sent", "")


def test_no_server_is_no_uncertainty(inbox, owe, hand_over, settings):
    settings.EMAIL_PORT = 1
    message = owe()

    hand_over()

    assert state(message) == ("queued", "provider_unreachable")
    assert not message.uncertain


def test_hung_up_before_the_message_was_whole_is_uncertain_too(inbox, owe, hand_over):
    """The server had the last dot and hung up: nobody on this side can know on which side of its work."""
    inbox.moods.hang_up_before = 1
    message = owe()
    hand_over()
    assert state(message) == ("sending", "provider_slow")

    inbox.moods.hang_up_before = 0
    due_again(message)
    hand_over()

    assert state(message) == ("sent", "")
    assert message.uncertain
    assert len(inbox.taken) == 1


def test_a_double_of_plain_smtp_is_marked(inbox, owe, hand_over):
    inbox.moods.hang_up_after = 1
    message = owe()
    hand_over()
    inbox.moods.hang_up_after = 0
    due_again(message)
    hand_over()

    assert state(message) == ("sent", "")
    assert message.uncertain
    assert len(inbox.taken) == 2


def test_sent_once_more_at_most(inbox, owe, hand_over):
    inbox.moods.hang_up_after = 1
    message = owe()
    for _ in range(4):
        due_again(message)
        hand_over()

    assert state(message)[0] == "unknown"
    assert len(inbox.taken) == 2
    assert Item.objects.get().kind == "message_uncertain"


def test_a_clinic_may_choose_to_leave_it(inbox, owe, hand_over, in_clinic):
    Sending.objects.update(when_unknown="leave")
    inbox.moods.hang_up_after = 1
    message = owe()
    hand_over()

    assert state(message) == ("unknown", "provider_slow")
    assert len(inbox.taken) == 1
    actions.resolve(revision=None, message_id=message.pk, went_out=True, by=in_clinic.actor(), at=timezone.now())
    assert state(message)[0] == "sent"
    assert message.uncertain


def test_a_provider_that_honours_keys_takes_it_once(inbox, owe, hand_over, settings):
    settings.EMAIL_IDEMPOTENCY_HEADER = "Resend-Idempotency-Key"
    inbox.moods.honours_keys, inbox.moods.hang_up_after = True, 1
    message = owe()
    hand_over()
    inbox.moods.hang_up_after = 0
    due_again(message)
    hand_over()

    assert state(message) == ("sent", "")
    assert not message.uncertain
    assert (len(inbox.taken), inbox.answered_again) == (1, 1)


def test_one_that_cannot_be_made_stands_in_nobodys_way(inbox, owe, hand_over, monkeypatch):
    from messaging import texts

    bad = owe(kind="programme_ended")
    good = owe()
    real = texts.find_text

    def broken(kind, *arguments):
        if kind == "programme_ended":
            raise LookupError("never foreseen")
        return real(kind, *arguments)

    monkeypatch.setattr(texts, "find_text", broken)
    hand_over()

    assert state(bad) == ("failed", "broken")
    assert state(good) == ("sent", "")
    assert Item.objects.get().about_id == bad.pk


def test_a_name_that_is_no_header_is_refused_for_good(inbox, owe, hand_over, in_clinic):
    from accounts.models import Clinic

    Clinic.objects.filter(pk=in_clinic.clinic.pk).update(name="Two\nlines")
    message = owe()
    hand_over()

    assert state(message) == ("failed", "broken")
    assert inbox.taken == []


# --- The limit a minute -----------------------------------------------------------------------------------------


def test_a_minutes_limit_is_shared_given_back_and_begins_again(in_clinic):
    clinic_id = in_clinic.clinic.pk
    engine.sending_of(clinic_id)
    Sending.objects.update(per_minute=5)

    assert [engine.grant(clinic_id, wish) for wish in (3, 4, 4)] == [3, 2, 0]
    engine.give_back(clinic_id, 2)
    assert engine.grant(clinic_id, 4) == 2
    engine.give_back(clinic_id, 50)
    assert Sending.objects.get().window_used == 0

    assert engine.grant(clinic_id, 5) == 5
    Sending.objects.update(window_started_at=F("window_started_at") - timedelta(seconds=61))
    assert engine.grant(clinic_id, 4) == 4
    assert Sending.objects.get().window_used == 4


# --- Claims ---------------------------------------------------------------------------------------------------


def test_a_worker_whose_lease_ran_out_cannot_write_its_result(inbox, owe, in_clinic):
    message = owe()
    desk = engine.Desk(
        in_clinic.clinic, engine.sending_of(in_clinic.clinic.pk), {"email": engine.providers.of_channel("email")}
    )
    slow = engine.next_claim(desk)
    due_again(message)
    other = engine.next_claim(desk)

    assert engine.finish(slow.message, engine.Result("failed", "gave_up")) is False
    assert engine.finish(other.message, engine.Result("sent"), provider="mail") is True
    assert state(message) == ("sent", "")
    assert message.uncertain  # the first may have sent it before the second did


def test_what_a_fenced_off_worker_sent_is_marked(inbox, owe, in_clinic):
    message = owe()
    carrier = engine.providers.of_channel("email")
    desk = engine.Desk(in_clinic.clinic, engine.sending_of(in_clinic.clinic.pk), {"email": carrier})
    slow = engine.next_claim(desk)
    Message.objects.filter(pk=message.pk).update(fence=7, uncertain=False)

    engine.record_result(desk, slow, engine.Result("sent"), carrier)

    message.refresh_from_db()
    assert message.uncertain


def test_a_closed_link_is_not_sent(inbox, owe, hand_over, reachable, in_clinic):
    link = links.make(
        purpose="check_in",
        patient_id=reachable.pk,
        about_id=reachable.pk,
        clinic_id=in_clinic.clinic.pk,
        expires_at=timezone.now() + timedelta(days=1),
    )
    message = owe(kind="check_in", link=link)
    links.revoke(patient_id=reachable.pk, purposes=["check_in"], at=timezone.now())

    hand_over()

    assert state(message) == ("cancelled", "link_closed")


def test_the_link_of_a_message_is_the_same_in_every_attempt(inbox, owe, hand_over, reachable, in_clinic):
    link = links.make(
        purpose="check_in",
        patient_id=reachable.pk,
        about_id=reachable.pk,
        clinic_id=in_clinic.clinic.pk,
        expires_at=timezone.now() + timedelta(days=1),
    )
    inbox.moods.hang_up_after = 1
    message = owe(kind="check_in", link=link)
    hand_over()
    due_again(message)
    hand_over()

    first, second = (mail.get_payload(decode=True) for mail in inbox.taken)
    assert first == second
    assert links.token_of(link.pk) in first.decode()
    assert bytes(link.token_sha256) == links.digest(links.token_of(link.pk))


def test_a_new_secret_of_the_service_gives_waiting_links_new_tokens(reachable, in_clinic, settings):
    link = links.make(
        purpose="check_in",
        patient_id=reachable.pk,
        about_id=reachable.pk,
        clinic_id=in_clinic.clinic.pk,
        expires_at=timezone.now() + timedelta(days=1),
    )
    before = links.url_of(link)
    settings.SECRET_KEY = "another one"

    after = links.url_of(link)

    assert after != before
    link.refresh_from_db()
    assert bytes(link.token_sha256) == links.digest(links.token_of(link.pk))


# --- By hand --------------------------------------------------------------------------------------------------


def test_sent_again_by_hand_is_a_message_of_its_own(inbox, owe, hand_over, in_clinic):
    message = owe()
    with pytest.raises(actions.NotResendable):
        actions.send_again(revision=None, message_id=message.pk, by=in_clinic.actor(), at=timezone.now())
    hand_over()

    again = actions.send_again(
        revision=None, message_id=message.pk, by=in_clinic.actor(), at=timezone.now() - timedelta(seconds=20)
    )
    hand_over()

    assert again.pk != message.pk
    assert state(again) == ("sent", "")
    assert len(inbox.taken) == 2


def test_stopping_ends_the_channel_and_what_is_queued(inbox, owe, hand_over, reachable, in_clinic):
    mail, sms = owe(), owe(channel="sms")

    actions.stop(patient_id=reachable.pk, channel="email", by=in_clinic.actor(), at=timezone.now())
    hand_over()

    assert state(mail) == ("cancelled", "unsubscribed")
    assert state(sms) == ("sent", "")
    reachable.refresh_from_db()
    assert reachable.consent_email == "refused"


def test_the_clinics_own_words_go_out(inbox, owe, hand_over, in_clinic):
    actions.word(
        kind="review_due",
        channel="email",
        language="en",
        subject="Hello from {clinic}",
        body="Come by. {stop}",
        by=in_clinic.actor(),
    )
    owe()
    hand_over()

    assert inbox.taken[0]["Subject"] == "Hello from Harbour Clinic"


@pytest.mark.parametrize(
    ("kind", "channel", "subject", "body", "codes"),
    [
        ("check_in", "email", "A", "no link {stop}", ["link_missing"]),
        ("check_in", "email", "A", "{link}", ["stop_missing"]),
        ("check_in", "email", "", "{link} {stop}", ["required"]),
        ("check_in", "sms", "", "{link} {patient}", ["unknown_placeholder"]),
        ("check_in", "sms", "", "{link} {clinic", ["unknown_placeholder"]),
        ("check_in", "sms", "", "{link}" + "x" * 400, ["too_long"]),
        ("check_in", "sms", "", "{link}" + "x" * 313, ["too_long"]),
        ("appointment_reminder", "sms", "", "{clinic} {link} {when}" + "x" * 250, ["too_long"]),
    ],
)
def test_words_that_would_not_work_are_refused(kind, channel, subject, body, codes, in_clinic):
    from errors.exceptions import Invalid

    with pytest.raises(Invalid) as refusal:
        actions.word(kind=kind, channel=channel, language="en", subject=subject, body=body, by=in_clinic.actor())

    assert [error.code for error in refusal.value.errors] == codes


def test_the_default_texts_name_nobody_and_nothing():
    import catalogue
    from messaging import rules, texts

    private = {"pain", "trigger", "muscle", "needl", "neck", "exercise", "{patient}"}
    private |= {m["name"].lower() for m in catalogue.MUSCLES.values()}
    for kind in rules.KINDS:
        for channel in rules.CHANNELS:
            text = texts.default(kind, channel)
            whole = f"{text.subject} {text.body}".lower()
            assert [word for word in private if word in whole] == []
            assert rules.unknown_placeholders(whole) == []
            if channel == "sms":
                assert len(whole) <= rules.SMS_LENGTH


def test_quiet_hours_are_the_patients(inbox, owe, hand_over, reachable, in_clinic):
    """Three in the morning in Auckland, whatever the clinic's clock says."""
    auckland = timezone.now().astimezone(engine.checks.ZoneInfo("Pacific/Auckland"))
    patients.change_patient(
        patient=reachable, changes={"time_zone": "Pacific/Auckland"}, by=in_clinic.actor(), at=timezone.now()
    )
    hour = auckland.hour
    Sending.objects.update(quiet_from=time((hour - 1) % 24, 0), quiet_until=time((hour + 5) % 24, 0))
    message = owe()

    hand_over()

    assert state(message) == ("dropped", "late")


def test_the_days_limit_is_not_for_what_somebody_asked_for(in_clinic, reachable, owe, hand_over, inbox):
    sending = engine.sending_of(in_clinic.clinic.pk)
    sending.most_a_day = 1
    sending.save()
    first, second, asked = owe(), owe(), owe(by_hand=True)
    hand_over()
    states = {one.pk: state(one) for one in (first, second, asked)}
    assert sorted([states[first.pk], states[second.pk]]) == [("sent", ""), ("withheld", "daily_cap")]
    assert states[asked.pk] == ("sent", "")
