"""The intake form: sent, answered behind a link, reviewed by a therapist, and only then on the record."""

from __future__ import annotations

import re
from datetime import time, timedelta

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from assessments.intake import FLAGS, URGENT
from assessments.models import RaisedFlag
from audit.models import AuditEvent
from database import tenancy
from errors.exceptions import Invalid
from messaging import engine, links
from messaging.models import Link, Message
from patient_forms import actions
from patient_forms.models import FormRequest
from patients.models import Alert, Condition, Medication, Patient
from tests.reading import revisions_on
from worklist.models import Item

pytestmark = pytest.mark.django_db
ANSWERS = {
    "referral_reason": "Stiff neck after work.",
    "phone": "+49 151 2345678",
    "city": "Leipzig",
    "consent_phone": "granted",
    "consent_sms": "refused",
    "alerts": ["pacemaker"],
    "conditions": "Migraine\n\nTonsils out 1999\nMigraine",
    "medications": "Rivaroxaban 20 mg\nVitamin D",
    "flag_weight_loss_cancer_history": "yes",
    "flag_trauma_recent": "no",
    "flag_fever_infection": "unsure",
}
EVERYTHING = [
    "referral_reason",
    "phone",
    "city",
    "consent_sms",
    "consent_phone",
    "alert:pacemaker",
    "conditions:Migraine",
    "conditions:Tonsils out 1999",
    "medications:Rivaroxaban 20 mg",
    "medications:Vitamin D",
]


@pytest.fixture(autouse=True)
def unlimited(settings):
    settings.ACCOUNT_RATE_LIMITS = {}


@pytest.fixture
def reachable(cast, patient):
    with tenancy.scope(cast.clinic.pk):
        sending = engine.sending_of(cast.clinic.pk)
        sending.quiet_from = sending.quiet_until = time(0)
        sending.phone = "+44 20 5550 100"
        sending.save()
        Patient.objects.filter(pk=patient).update(
            email="ada@mail.example", consent_email="granted", birth_date="1980-02-03"
        )
    return patient


def person(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def sent(cast, reachable):
    """The form as the desk sends it; gives the request."""
    answer = person(cast.staff).post(f"/patients/{reachable}/forms/", {"form": "intake"})
    assert answer.status_code == 302
    return row(cast)


def row(cast):
    with tenancy.scope(cast.clinic.pk):
        return FormRequest.objects.select_related("link").newest_first()[0]


@pytest.fixture
def visitor(sent):
    client = Client()
    assert client.post(f"/c/{links.token_of(sent.link_id)}/", {"year": "1980"})["Location"] == "/c/form/"
    return client


@pytest.fixture
def answered(cast, visitor):
    assert visitor.post("/c/form/", ANSWERS)["Location"] == "/c/form/thanks/"
    return row(cast)


def read(cast, model, **options):
    with tenancy.scope(cast.clinic.pk):
        return list(model.objects.filter(**options))


# --- Sent and answered ----------------------------------------------------------------------------------------


def test_one_link_goes_out_and_a_second_tap_sends_no_other(cast, sent, reachable):
    person(cast.staff).post(f"/patients/{reachable}/forms/", {"form": "intake"})

    [message] = read(cast, Message, kind="form")
    assert (message.about_id, message.channel, message.link_id) == (sent.pk, "email", sent.link_id)
    assert len(read(cast, FormRequest)) == 1


def test_sent_again_the_first_link_is_closed(cast, sent, reachable):
    with tenancy.scope(cast.clinic.pk):
        actions.send_form(
            patient_id=reachable, form="intake", by=cast.actor(), at=timezone.now() + timedelta(minutes=2)
        )

    assert Client().post(f"/c/{links.token_of(sent.link_id)}/", {"year": "1980"}).status_code == 404
    assert row(cast).pk == sent.pk
    assert row(cast).link_id != sent.link_id


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"birth_date": None}, "no_birth_date.form"), ({"consent_email": "refused"}, "no_channel.form")],
)
def test_what_could_not_be_opened_is_not_sent(change, reason, cast, reachable):
    with tenancy.scope(cast.clinic.pk):
        Patient.objects.filter(pk=reachable).update(**change)
        with pytest.raises(Invalid) as refusal:
            actions.send_form(patient_id=reachable, form="intake", by=cast.actor(), at=timezone.now())

    assert [(error.pointer, error.reason) for error in refusal.value.errors] == [("/patient", reason)]
    assert person(cast.staff).post(f"/patients/{reachable}/forms/", {"form": "intake"}).status_code == 409
    assert read(cast, FormRequest) == []


def test_the_page_asks_and_says_nothing_that_is_recorded(cast, visitor, reachable):
    with tenancy.scope(cast.clinic.pk):
        Patient.objects.filter(pk=reachable).update(city="Bristol")

    page = visitor.get("/c/form/").content.decode()

    assert "Hello Ada" in page
    assert "ada@mail.example" not in page
    assert "Bristol" not in page
    assert {f"flag_{code}" for code in FLAGS} <= set(re.findall(r'name="(\w+)"', page))
    assert "checked" not in page  # silence is no answer


def test_answers_wait_and_change_nothing_on_the_record(cast, answered, reachable):
    with tenancy.scope(cast.clinic.pk):
        patient = Patient.objects.get(pk=reachable)

    assert (patient.phone, patient.city, patient.consent_phone) == (None, "", "not_asked")
    assert (read(cast, Alert), read(cast, Condition), read(cast, Medication)) == ([], [], [])
    assert answered.answers["conditions"] == ["Migraine", "Tonsils out 1999"]
    [item] = read(cast, Item, kind="form_to_review")
    assert item.about_id == answered.pk
    assert read(cast, AuditEvent, action="form.answer")[0].client_id == "link:form"


def test_only_a_yes_to_a_red_flag_counts_at_once(cast, answered):
    assert [flag.code for flag in read(cast, RaisedFlag)] == ["weight_loss_cancer_history"]
    assert read(cast, RaisedFlag)[0].source == "intake_form"
    assert read(cast, Item, kind="red_flag") == []


def test_an_emergency_is_an_alarm_and_the_patient_is_told_what_to_do(cast, visitor):
    assert "cauda_equina" in URGENT

    visitor.post("/c/form/", {"flag_cauda_equina": "yes"})

    thanks = visitor.get("/c/form/thanks/").content.decode()
    assert "go to an emergency department, now" in thanks
    assert 'href="tel:+44 20 5550 100"' in thanks
    [item] = read(cast, Item, kind="red_flag")
    assert item.facts == {"answers": ["cauda_equina"]}
    assert [message.to_user_id for message in read(cast, Message, kind="staff_alert")] == [cast.owner.pk]
    worklist = person(cast.staff).get("/worklist/?show=all").content.decode()
    assert "cauda_equina" not in worklist  # the row names the flag in words


def test_what_is_impossible_is_named_and_nothing_is_lost(cast, visitor, sent):
    page = visitor.post("/c/form/", ANSWERS | {"referral_reason": "x" * 2001, "alerts": ["pacemaker", "dragon"]})

    assert page.status_code == 400
    text = page.content.decode()
    assert "Shorten this answer to 2000 characters." in text
    assert "Choose one of the answers." in text
    assert 'value="Leipzig"' in text
    assert "Vitamin D\n" in text
    assert row(cast).status == "sent"


def test_what_the_record_would_refuse_is_refused_here(visitor):
    page = visitor.post("/c/form/", {"email": "nobody", "phone": "12", "medications": "x" * 600})

    text = page.content.decode()
    assert page.status_code == 400
    for label in ("E-mail: ", "Phone: ", "Medicines that you take"):
        assert f"<li>{label}" in text


def test_a_form_is_sent_in_once(cast, visitor, answered):
    assert visitor.post("/c/form/", {"city": "Halle"})["Location"] == "/c/form/thanks/"
    assert visitor.get("/c/form/")["Location"] == "/c/form/thanks/"
    assert Client().post(f"/c/{links.token_of(answered.link_id)}/", {"year": "1980"}).status_code == 404
    assert row(cast).answers["city"] == "Leipzig"
    assert read(cast, Link, pk=answered.link_id)[0].used_at is not None


def test_a_link_of_another_purpose_opens_no_form(cast, sent, reachable):
    with tenancy.scope(cast.clinic.pk):
        link = links.make(
            purpose="aftercare",
            patient_id=reachable,
            about_id=sent.pk,
            expires_at=timezone.now() + timedelta(days=1),
            clinic_id=cast.clinic.pk,
        )
    client = Client()
    client.post(f"/c/{links.token_of(link.pk)}/", {"year": "1980"})

    assert b"Important questions" not in client.get("/c/form/").content
    assert client.post("/c/form/", ANSWERS).status_code == 200
    assert row(cast).status == "sent"


def test_a_closed_form_opens_no_more(cast, sent, visitor):
    person(cast.staff).post(f"/forms/{sent.pk}/cancel/", {"revision": str(sent.revision)})

    assert visitor.post("/c/form/", ANSWERS).status_code == 403  # the link is revoked, so the visit is over
    assert row(cast).status == "cancelled"
    assert [message.state for message in read(cast, Message, kind="form")] == ["cancelled"]


# --- Reviewed -------------------------------------------------------------------------------------------------


def review(client, request_row, keys, **more):
    page = client.get(f"/forms/{request_row.pk}/")
    return client.post(f"/forms/{request_row.pk}/", revisions_on(page) | {"key": keys} | more)


def test_a_therapist_accepts_and_the_record_is_written_by_its_own_actions(cast, answered, reachable):
    therapist = person(cast.therapist)
    shown = re.findall(r'name="key" value="([^"]+)"', therapist.get(f"/forms/{answered.pk}/").content.decode())
    assert sorted(shown) == sorted(EVERYTHING)

    assert review(therapist, answered, EVERYTHING)["Location"] == f"/patients/{reachable}/"

    with tenancy.scope(cast.clinic.pk):
        patient = Patient.objects.get(pk=reachable)
        alerts = {alert.code: alert.reported_by for alert in Alert.objects.current()}
    assert (patient.phone, patient.city, patient.consent_sms) == ("+49 151 2345678", "Leipzig", "refused")
    # The medicine brings its alert, as at every other entry point.
    assert alerts == {"pacemaker": "patient", "anticoagulant": ""}
    assert {fact.text for fact in read(cast, Medication)} == {"Rivaroxaban 20 mg", "Vitamin D"}
    assert {fact.text for fact in read(cast, Condition)} == {"Migraine", "Tonsils out 1999"}
    assert (row(cast).status, row(cast).reviewed_by_id) == ("accepted", cast.therapist.pk)
    assert read(cast, Item, kind="form_to_review", done_at=None) == []
    assert read(cast, AuditEvent, action="patient.change_consent", patient_ids__contains=[reachable])


def test_what_is_not_ticked_is_not_written(cast, answered, reachable):
    review(person(cast.therapist), answered, ["city"])

    with tenancy.scope(cast.clinic.pk):
        patient = Patient.objects.get(pk=reachable)
    assert (patient.city, patient.phone) == ("Leipzig", None)
    assert (read(cast, Alert), read(cast, Condition)) == ([], [])
    assert row(cast).taken == ["city"]


def test_what_is_recorded_already_is_not_proposed(cast, answered, reachable):
    with tenancy.scope(cast.clinic.pk):
        Patient.objects.filter(pk=reachable).update(city="Leipzig", phone="0151")

    page = person(cast.therapist).get(f"/forms/{answered.pk}/").content.decode()

    assert 'value="city"' not in page
    assert "Recorded now:" in page
    assert "0151" in page


@pytest.mark.parametrize("who", ["staff", "owner"])
def test_only_a_therapist_accepts(who, cast, answered, reachable):
    user = getattr(cast, who)
    client = person(user)

    assert client.get(f"/forms/{answered.pk}/").status_code == 403
    assert client.post(f"/forms/{answered.pk}/", {"key": EVERYTHING, "revision": "2"}).status_code == 403
    with tenancy.scope(cast.clinic.pk), pytest.raises(actions.policies.NoAuthor):
        actions.accept_form(
            request_id=answered.pk,
            keys=["city"],
            revision=None,
            patient_revision=None,
            by=cast.actor(user),
            at=timezone.now(),
        )
    assert row(cast).status == "answered"


def test_a_record_that_was_changed_since_is_read_again(cast, answered, reachable):
    therapist = person(cast.therapist)
    seen = revisions_on(therapist.get(f"/forms/{answered.pk}/"))
    with tenancy.scope(cast.clinic.pk):
        Patient.objects.filter(pk=reachable).update(revision=77)

    assert therapist.post(f"/forms/{answered.pk}/", seen | {"key": ["city"]}).status_code == 409
    assert row(cast).status == "answered"


def test_two_tabs_review_once(cast, answered):
    therapist = person(cast.therapist)
    seen = revisions_on(therapist.get(f"/forms/{answered.pk}/"))
    therapist.post(f"/forms/{answered.pk}/", seen | {"key": ["city"]})

    assert therapist.post(f"/forms/{answered.pk}/", seen | {"key": EVERYTHING}).status_code == 409
    assert row(cast).taken == ["city"]


def test_dismissed_with_a_reason_and_nothing_is_written(cast, answered):
    therapist = person(cast.therapist)
    short = review(therapist, answered, [], dismiss="1", note="no")
    assert short.status_code == 409
    review(therapist, answered, [], dismiss="1", note="Filled in by somebody else.")

    assert (row(cast).status, row(cast).review_note) == ("dismissed", "Filled in by somebody else.")
    assert read(cast, Alert) == []


@pytest.mark.parametrize(
    "change",
    ["answers = '{}'", "answered_at = now()", "form_version = 9", "patient_id = uuidv7()"],
)
def test_answers_are_final(change, cast, answered):
    from django.db import connection

    with tenancy.scope(cast.clinic.pk), connection.cursor() as cursor:
        with pytest.raises(DatabaseError, match="final"), transaction.atomic():
            cursor.execute(f"UPDATE patient_forms_formrequest SET {change}")
        with pytest.raises(DatabaseError, match=r"kept|permission"), transaction.atomic():
            cursor.execute("DELETE FROM patient_forms_formrequest")


def test_a_reviewed_form_is_final(cast, answered):
    review(person(cast.therapist), answered, ["city"])

    with tenancy.scope(cast.clinic.pk), pytest.raises(DatabaseError, match="final"), transaction.atomic():
        FormRequest.objects.update(review_note="Changed.")


def test_another_clinic_sees_no_form(cast, answered):
    with tenancy.scope(cast.other_clinic.pk):
        assert FormRequest.objects.count() == 0
    assert row(cast).pk == answered.pk


def test_german(cast, visitor, reachable):
    with tenancy.scope(cast.clinic.pk):
        Patient.objects.filter(pk=reachable).update(language="de")

    page = visitor.get("/c/form/").content.decode()

    assert "Vor Ihrem ersten Termin" in page
    assert "Ich nehme Blutverdünner" in page
