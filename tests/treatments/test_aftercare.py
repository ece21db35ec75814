"""The advice after needling: reminded of, printed, sent as a link, recorded."""

import json

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from database import tenancy
from messaging import links, texts
from messaging.models import Link, Message
from patients.models import Patient
from records.models import Record
from tests import builders
from tests.reading import Browser
from treatments.aftercare.texts import ALL, VERSION
from treatments.models import Aftercare, AftercareText

pytestmark = pytest.mark.django_db
REMINDER = "it is not recorded that the patient was warned of pneumothorax"


@pytest.fixture(autouse=True)
def unlimited(settings):
    settings.ACCOUNT_RATE_LIMITS = {}


@pytest.fixture
def session(api, patient):
    """A draft in which the upper trapezius was needled: the lung is near."""
    builders.ready(api(), patient)
    return start(api, patient, builders.needling())


def start(api, patient, *interventions):
    body = builders.treatment(interventions=list(interventions))
    return api().post(f"/patients/{patient}/sessions/", body).json()["id"]


@pytest.fixture
def therapist(cast):
    client = Browser()
    client.force_login(cast.therapist)
    return client


@pytest.fixture
def reachable(cast, patient):
    with tenancy.scope(cast.clinic.pk):
        Patient.objects.filter(pk=patient).update(
            email="ada@mail.example", consent_email="granted", birth_date="1980-02-03", language="de"
        )
    return patient


def give(api, session, **fields):
    return api().post(f"/sessions/{session}/aftercare/", {"how": "printed", "language": "en"} | fields)


def problems(answer):
    assert answer.status_code == 400, answer.content
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


def test_the_review_reminds_until_it_was_given(api, session, therapist):
    path = f"/documents/session/{session}/review/"
    assert REMINDER in therapist.get(path).content.decode()

    assert therapist.post(f"/sessions/{session}/aftercare/", {"how": "printed", "language": "en"}).status_code == 302
    page = therapist.get(path).content.decode()
    assert REMINDER not in page
    assert "Printed and handed over" in page


def test_a_muscle_far_from_the_lung_needs_no_reminder(api, patient, session, therapist):
    calf = start(api, patient, builders.needling() | {"muscle": "soleus"})
    page = therapist.get(f"/documents/session/{calf}/review/").content.decode()

    assert (REMINDER in page, "Give advice" in page) == (False, True)
    assert api().get(f"/sessions/{calf}/aftercare/").json() == {"needs_warning": False, "given": []}


def test_without_a_needle_there_is_nothing_to_give(api, patient, session, therapist):
    pressed = start(api, patient, builders.compression())

    assert (give(api, pressed).status_code, give(api, pressed).json()["code"]) == (409, "not_needled")
    assert "Advice after needling" not in therapist.get(f"/documents/session/{pressed}/review/").content.decode()
    assert "Nothing was needled" in therapist.get(f"/sessions/{pressed}/aftercare/").content.decode()


def test_what_was_given_is_signed_with_its_version(cast, api, session, therapist):
    given = give(api, session, language="de")
    assert given.status_code == 201, given.json()
    [row] = given.json()["given"]
    assert (row["how"], row["language"], row["text_version"]) == ("printed", "de", VERSION)
    assert row["text"] == ALL["de"].as_text

    signed = api().post(f"/sessions/{session}/sign/")
    assert signed.status_code == 200, signed.json()
    with tenancy.scope(cast.clinic.pk):
        [document] = [json.loads(bytes(r.document)) for r in Record.objects.filter(subject_id=session)]
    [kept] = document["content"]["aftercare"]
    assert (kept["how"], kept["text_version"], kept["given_by"]) == ("printed", VERSION, str(cast.therapist.pk))
    page = therapist.get(f"/documents/session/{session}/").content.decode()
    assert "Printed and handed over" in page
    # It can be given again afterwards; the signed document stays as it was.
    assert give(api, session).status_code == 201
    assert len(api().get(f"/sessions/{session}/aftercare/").json()["given"]) == 2


def test_a_document_without_advice_has_no_such_key(cast, api, session):
    assert api().post(f"/sessions/{session}/sign/").status_code == 200
    with tenancy.scope(cast.clinic.pk):
        [document] = [json.loads(bytes(r.document)) for r in Record.objects.filter(subject_id=session)]
    assert "aftercare" not in document["content"]


def test_a_new_version_knows_that_it_was_given(api, session, therapist):
    give(api, session)
    api().post(f"/sessions/{session}/sign/")
    revised = api().post(f"/sessions/{session}/revisions/").json()["id"]

    assert REMINDER not in therapist.get(f"/documents/session/{revised}/review/").content.decode()


def test_a_draft_with_advice_is_not_discarded(api, session):
    give(api, session)
    answer = api().request("delete", f"/sessions/{session}/", If_Match="*")
    assert (answer.status_code, answer.json()["code"]) == (409, "session_has_events")


def test_the_link_leads_the_patient_to_the_advice(cast, api, reachable, session):
    assert give(api, session, how="link", language="de").status_code == 201
    with tenancy.scope(cast.clinic.pk):
        message, link = Message.objects.get(kind="aftercare"), Link.objects.get(purpose="aftercare")
        assert (message.channel, message.link_id, message.by_hand) == ("email", link.pk, True)
    visitor = Browser()
    answer = visitor.post(f"/c/{links.token_of(link.pk)}/", {"year": "1980"})
    assert answer["Location"] == "/c/aftercare/"
    page = visitor.get("/c/aftercare/").content.decode()
    assert "Atemnot" in page
    assert 'lang="de"' in page
    assert Browser().get("/c/aftercare/").status_code == 403


def test_a_link_for_something_else_shows_no_advice(cast, api, reachable, session):
    give(api, session, how="link")
    with tenancy.scope(cast.clinic.pk):
        link = links.make(
            purpose="consent",
            patient_id=reachable,
            about_id=session,
            expires_at=timezone.now().replace(year=2999),
            clinic_id=cast.clinic.pk,
        )
    visitor = Browser()
    visitor.post(f"/c/{links.token_of(link.pk)}/", {"year": "1980"})
    assert "shortness of breath" not in visitor.get("/c/aftercare/").content.decode()


def test_without_consent_or_a_birth_date_nothing_is_sent(cast, api, patient, session, therapist):
    assert problems(give(api, session, how="link")) == [("/how", "no_channel")]
    assert "Send a link" not in therapist.get(f"/sessions/{session}/aftercare/").content.decode()
    refused = therapist.post(f"/sessions/{session}/aftercare/", {"how": "link"})
    assert (refused.status_code, "Print the advice instead" in refused.content.decode()) == (400, True)
    with tenancy.scope(cast.clinic.pk):
        Patient.objects.filter(pk=patient).update(email="a@b.example", consent_email="granted", birth_date=None)
    assert problems(give(api, session, how="link")) == [("/how", "no_birth_date")]
    with tenancy.scope(cast.clinic.pk):
        assert not Message.objects.filter(kind="aftercare").exists()
        assert not Aftercare.objects.exists()


def test_the_page_is_in_the_patients_language(reachable, session, therapist):
    page = therapist.get(f"/sessions/{session}/aftercare/").content.decode()
    assert "Atemnot" in page
    assert "shortness of breath" in therapist.get(f"/sessions/{session}/aftercare/?language=en").content.decode()


def test_the_message_says_nothing_about_the_body(cast):
    for language in ("en", "de"):
        text = texts.ours("aftercare", "email", language)
        assert "{link}" in text.body
        for word in ("needl", "lung", "Nadel", "Lunge", "pain", "Schmerz"):
            assert word not in text.subject + text.body


def test_another_clinic_sees_nothing_and_rows_are_final(cast, api, session):
    give(api, session)
    assert api(cast.stranger).get(f"/sessions/{session}/aftercare/").status_code == 404
    assert give(lambda: api(cast.stranger), session).status_code == 404
    with tenancy.scope(cast.other_clinic.pk):
        assert not Aftercare.objects.exists()
    with tenancy.scope(cast.clinic.pk):
        for change in (lambda: Aftercare.objects.update(how="link"), lambda: Aftercare.objects.all().delete()):
            with pytest.raises(DatabaseError), transaction.atomic():
                change()
        row = Aftercare.objects.get()
        for name, value in (("how", "whispered"), ("how", "link"), ("text", "")):
            copy = Aftercare(**{f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields})
            copy.pk = row.session_id
            setattr(copy, name, value)
            with pytest.raises(DatabaseError), transaction.atomic():
                copy.save(force_insert=True)


# --- The clinic's own text ------------------------------------------------------------------------------------

OWN = {"language": "en", "expected_title": "At home", "expected": ["Drink enough.", "Move gently."]}


@pytest.fixture
def owner(cast):
    client = Browser(headers={"Accept-Language": "en"})
    client.force_login(cast.owner)
    return client


def test_the_clinics_text_keeps_the_warning(api, cast, session):
    made = api(cast.owner).post("/aftercare-texts/", OWN)

    assert (made.status_code, made.json()["version"], made.json()["is_clinics"]) == (201, "clinic 1", True)
    assert ALL["en"].warning in made.json()["warning"]
    [given] = give(api, session).json()["given"]
    assert given["text_version"] == "clinic 1"
    assert "Drink enough." in given["text"]
    for text in (ALL["en"].warning_title, *ALL["en"].signs, ALL["en"].warning):
        assert text in given["text"]
    assert ALL["en"].expected[0] not in given["text"]


def test_a_clinic_cannot_take_the_warning_out(api, cast, session):
    refused = api(cast.owner).post("/aftercare-texts/", {**OWN, "warning": "", "signs": []})

    assert refused.status_code == 400
    assert give(api, session).json()["given"][0]["text_version"] == VERSION


def test_the_link_shows_the_version_that_was_sent(api, cast, reachable, session):
    api(cast.owner).post("/aftercare-texts/", {**OWN, "language": "de", "expected": ["Trinken Sie genug."]})
    assert give(api, session, how="link", language="de").status_code == 201
    api(cast.owner).post("/aftercare-texts/", {**OWN, "language": "de", "expected": ["Etwas anderes."]})

    with tenancy.scope(cast.clinic.pk):
        link = Link.objects.get(purpose="aftercare")
    visitor = Browser()
    visitor.post(f"/c/{links.token_of(link.pk)}/", {"year": "1980"})
    page = visitor.get("/c/aftercare/").content.decode()
    assert "Trinken Sie genug." in page
    assert "Etwas anderes." not in page
    assert ALL["de"].signs[0] in page


def test_the_owner_writes_the_text_on_the_page_and_goes_back(cast, owner, therapist, session):
    assert 'href="/aftercare/texts/"' in owner.get("/settings/").content.decode()
    assert owner.post("/aftercare/texts/", {**OWN, "expected": "Drink enough.\n\nMove gently."}).status_code == 302
    page = therapist.get(f"/sessions/{session}/aftercare/?language=en").content.decode()
    assert ("Drink enough." in page, ALL["en"].signs[0] in page, "clinic 1" in page) == (True, True, True)
    assert "clinic 1" in owner.get("/aftercare/texts/").content.decode()
    too_long = owner.post("/aftercare/texts/", {**OWN, "expected": "x" * 501})
    assert too_long.status_code == 400
    assert "at most 500 characters" in too_long.content.decode()

    assert owner.post("/aftercare/texts/", {"language": "en", "default": "1"}).status_code == 302
    assert "Drink enough." not in therapist.get(f"/sessions/{session}/aftercare/?language=en").content.decode()
    assert therapist.get("/aftercare/texts/").status_code == 403
    assert therapist.post("/aftercare/texts/", OWN).status_code == 403


def test_another_clinic_keeps_its_own_text(api, cast):
    api(cast.owner).post("/aftercare-texts/", OWN)

    rows = api(cast.stranger).get("/aftercare-texts/").json()["results"]
    assert [row["is_clinics"] for row in rows] == [False, False]
    assert api(cast.therapist).post("/aftercare-texts/", OWN).status_code == 403


def test_versions_of_the_text_are_final(cast, api):
    api(cast.owner).post("/aftercare-texts/", OWN)

    with tenancy.scope(cast.clinic.pk), pytest.raises(DatabaseError), transaction.atomic():
        AftercareText.objects.update(expected=[])
