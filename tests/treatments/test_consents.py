"""Consents through the API, the pages, the link and SQL."""

import hashlib
import json
import re
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import Clinic
from audit.models import AuditEvent
from database import tenancy
from messaging import engine, links
from messaging.models import Link, Message
from patients import actions as patients
from patients.models import Patient
from patients.queries import identities
from tests import builders
from treatments.consents import default_texts, queries, rules
from treatments.models import Consent, ConsentCopy, ConsentText, ConsentWithdrawal

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def unlimited(settings):
    settings.ACCOUNT_RATE_LIMITS = {}


@pytest.fixture
def give(api, patient):
    """Record a consent through the API, and return its JSON."""

    def make(**fields):
        answer = api().post(f"/patients/{fields.pop('patient', patient)}/consents/", builders.consent(**fields))
        assert answer.status_code == 201, answer.json()
        return answer.json()

    return make


@pytest.fixture
def therapist(cast):
    client = Client()
    client.force_login(cast.therapist)
    return client


@pytest.fixture
def owner(cast):
    client = Client()
    client.force_login(cast.owner)
    return client


def listed(api, patient):
    return api().get(f"/patients/{patient}/consents/").json()["results"]


def known(cast, patient):
    with tenancy.scope(cast.clinic.pk):
        return queries.list_consents(identities(clinic_id=cast.clinic.pk, patient_id=patient))


def change_patient(cast, patient, **values):
    with tenancy.scope(cast.clinic.pk):
        Patient.objects.filter(pk=patient).update(**values)


def set_valid_days(cast, days):
    Clinic.objects.filter(pk=cast.clinic.pk).update(consent_valid_days=days)


def problems(answer):
    assert answer.status_code == 400, answer.content
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


# --- Giving ---------------------------------------------------------------------------------------------------


def test_a_consent_keeps_the_text_and_the_risks_that_were_read(give, api, patient):
    consent = give(region="thorax")

    default = default_texts.default_text("dry_needling", "thorax", "en")
    assert (consent["text"], consent["risks"]) == (default.text, list(default.risks))
    assert consent["text_version"] == f"default {default_texts.VERSION}"
    assert (consent["state"], consent["valid_days"], consent["valid_until"]) == ("valid", None, None)
    assert listed(api, patient) == [consent]


def test_the_risks_name_their_denominators():
    for language, brady, boyce in (("en", "1,463 of 7,629", "7,531 of 20,494"), ("de", "1.463 von 7.629", "7.531 von")):
        for technique_class in ("dry_needling", "injection"):
            for region in rules.REGIONS:
                risks = " ".join(default_texts.default_text(technique_class, region, language).risks)
                assert brady in risks
                assert boyce in risks
    assert "1 in 100,000" in " ".join(default_texts.default_text("dry_needling", "thorax", "en").risks)
    assert "next day" in default_texts.default_text("dry_needling", "thorax", "en").text
    assert set(default_texts.ALL) == {
        (c, r, n) for c in rules.TECHNIQUE_CLASSES for r in rules.REGIONS for n in default_texts.LANGUAGES
    }


def test_a_drawn_signature_is_kept_with_its_hash(give, cast):
    consent = give(how="signature", signature=builders.SIGNED, witness="")

    assert consent["signature"] == builders.SIGNED
    expected = hashlib.sha256(json.dumps(builders.SIGNED, separators=(",", ":")).encode()).hexdigest()
    assert consent["signature_sha256"] == expected


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"how": "signature"}, ("/signature", "required")),
        ({"how": "signature", "signature": [[[5, 5]]]}, ("/signature", "too_short")),
        ({"how": "signature", "signature": [[[5, 201]] * 9]}, ("/signature", "invalid")),
        ({"signature": builders.SIGNED}, ("/signature", "not_with_this_way")),
        ({"witness": ""}, ("/witness", "required")),
        ({"how": "typed_name", "witness": " "}, ("/witness", "required")),
        ({"signed_name": ""}, ("/signed_name", "blank")),
        ({"given_at": "2999-01-01T00:00:00Z"}, ("/given_at", "in_future")),
        ({"given_at": "1999-12-31T00:00:00Z"}, ("/given_at", "too_early")),
        ({"given_at": "0001-01-01T12:00:00Z"}, ("/given_at", "too_early")),
        ({"region": "leg"}, ("/region", "invalid_choice")),
        ({"technique_class": "cupping"}, ("/technique_class", "invalid_choice")),
        ({"valid_days": 9}, ("/valid_days", "unknown_field")),
    ],
)
def test_what_is_missing_is_named(api, patient, fields, problem):
    answer = api().post(f"/patients/{patient}/consents/", builders.consent(**fields))

    assert problem in problems(answer)
    assert listed(api, patient) == []


def test_the_text_that_was_read_must_be_the_current_one(api, patient):
    answer = api().post(f"/patients/{patient}/consents/", builders.consent(text_version="clinic 7"))

    assert (answer.status_code, answer.json()["code"]) == (409, "text_changed")


def test_below_sixteen_a_guardian_consents(cast, api, patient, give):
    today = timezone.now().date()
    change_patient(cast, patient, birth_date=today.replace(year=today.year - 15))

    assert problems(api().post(f"/patients/{patient}/consents/", builders.consent())) == [
        ("/guardian_relation", "required")
    ]
    consent = give(signed_name="Grace Okafor", guardian_relation="mother")
    assert consent["guardian_relation"] == "mother"
    assert known(cast, patient)[0].guardian
    give(technique_class="manual")  # no needle
    change_patient(cast, patient, birth_date=date(today.year - 16, 1, 1))
    give()


def test_without_a_birth_date_nobody_can_tell(cast, api, patient):
    change_patient(cast, patient, birth_date=None)

    assert ("/given_at", "required") in problems(api().post(f"/patients/{patient}/consents/", builders.consent()))


def test_a_consent_ends_after_the_clinics_days(cast, give):
    set_valid_days(cast, 30)
    given_at = timezone.now() - timedelta(days=31)

    old, new = give(given_at=given_at.isoformat()), give()

    assert (old["state"], new["state"]) == ("expired", "valid")
    assert datetime.fromisoformat(old["valid_until"]) == given_at + timedelta(days=30)
    set_valid_days(cast, None)
    assert new["valid_days"] == 30


# --- Withdrawing ----------------------------------------------------------------------------------------------


def test_withdrawn_from_now_on(cast, api, patient, give):
    earlier = timezone.now() - timedelta(minutes=5)
    consent = give(given_at=(earlier - timedelta(days=1)).isoformat())
    path = f"/patients/{patient}/consents/{consent['id']}/withdraw/"

    answer = api().post(path, {"withdrawn_at": earlier.isoformat(), "reason": "Afraid."})

    assert answer.status_code == 200, answer.json()
    assert (answer.json()["state"], answer.json()["withdrawn_by"]) == ("withdrawn", "patient")
    [now_known] = known(cast, patient)
    assert now_known.state(earlier + timedelta(minutes=5)) == "withdrawn"
    assert now_known.state(earlier - timedelta(minutes=1)) == "valid"
    again = api().post(path, {})
    assert (again.status_code, again.json()["code"]) == (409, "already_withdrawn")


def test_all_earlier_ones_for_the_same_place_go_with_it(cast, api, patient, give):
    old, new = give(given_at=(timezone.now() - timedelta(days=3)).isoformat()), give()
    other_region, other_class = give(region="general"), give(technique_class="injection")

    api().post(f"/patients/{patient}/consents/{new['id']}/withdraw/", {})

    states = {row["id"]: row["state"] for row in listed(api, patient)}
    assert states == {
        old["id"]: "withdrawn",
        new["id"]: "withdrawn",
        other_region["id"]: "valid",
        other_class["id"]: "valid",
    }


def test_a_withdrawal_is_not_undone_by_dating_back(api, patient, give):
    consent = give()
    before = timezone.now() - timedelta(minutes=1)
    api().post(f"/patients/{patient}/consents/{consent['id']}/withdraw/", {})

    answer = api().post(f"/patients/{patient}/consents/", builders.consent(given_at=before.isoformat()))

    assert ("/given_at", "before_withdrawal") in problems(answer)
    assert give()["state"] == "valid"


@pytest.mark.parametrize(
    ("moment", "code"), [("2999-01-01T00:00:00Z", "in_future"), ("2001-01-01T00:00:00Z", "before_given")]
)
def test_a_withdrawal_has_a_possible_time(api, patient, give, moment, code):
    answer = api().post(f"/patients/{patient}/consents/{give()['id']}/withdraw/", {"withdrawn_at": moment})

    assert problems(answer) == [("/withdrawn_at", code)]


def test_consents_follow_a_merge(cast, api, patient, give):
    twin = api().post("/patients/", {"family_name": "Twin", "birth_date": "1980-02-03"}).json()["id"]
    theirs = give(patient=twin)
    with tenancy.scope(cast.clinic.pk):
        patients.merge_patients(
            revision=None, patient_id=UUID(twin), into_id=patient, reason="Same.", by=cast.actor(), at=timezone.now()
        )

    assert [row["id"] for row in listed(api, patient)] == [theirs["id"]]
    own = give()
    api().post(f"/patients/{patient}/consents/{own['id']}/withdraw/", {})
    assert {row["state"] for row in listed(api, patient)} == {"withdrawn"}


# --- Copies ---------------------------------------------------------------------------------------------------


@pytest.fixture
def reachable(cast, patient):
    with tenancy.scope(cast.clinic.pk):
        sending = engine.sending_of(cast.clinic.pk)
        sending.quiet_from = sending.quiet_until = "00:00"
        sending.save()
    change_patient(cast, patient, email="ada@mail.example", consent_email="granted", language="de")
    return patient


def test_a_copy_by_link_opens_with_the_year_of_birth(cast, api, reachable, give, inbox):
    consent = give(language="de", how="signature", signature=builders.SIGNED, witness="")
    answer = api().post(f"/patients/{reachable}/consents/{consent['id']}/copies/", {"how": "link"})
    assert (answer.status_code, [c["how"] for c in answer.json()["copies"]]) == (201, ["link"])

    with tenancy.scope(cast.clinic.pk):
        # In a test all is one transaction, whose clock stands at its start.
        Message.objects.update(next_at=timezone.now() - timedelta(minutes=1))
        engine.hand_over(cast.clinic.pk)
        link = Link.objects.get(purpose="consent")
    (mail,) = inbox.taken
    said = next(part for part in mail.walk() if part.get_content_type() == "text/plain")
    said = said.get_payload(decode=True).decode()
    assert "Needling" not in said
    address = f"/c/{links.token_of(link.pk)}/"
    assert address in said
    visitor = Client()
    assert visitor.post(address, {"year": "1981"}).status_code == 404
    assert visitor.post(address, {"year": "1980"})["Location"] == "/c/consent/"
    page = visitor.get("/c/consent/").content.decode()
    assert "1.463 von 7.629" in page
    assert "Risiken" in page
    assert 'lang="de"' in page
    assert page.count("<path") == 2


def test_a_link_to_something_else_shows_no_consent(cast, patient, give):
    give()
    with tenancy.scope(cast.clinic.pk):
        engine.sending_of(cast.clinic.pk)
        link = links.make(
            purpose="check_in",
            patient_id=patient,
            about_id=Consent.objects.get().signing_id,
            expires_at=timezone.now() + timedelta(days=1),
            clinic_id=cast.clinic.pk,
        )
    visitor = Client()
    visitor.post(f"/c/{links.token_of(link.pk)}/", {"year": "1980"})

    assert b"7,629" not in visitor.get("/c/consent/").content
    assert Client().get("/c/consent/").status_code == 403


def test_a_second_tap_sends_no_second_mail(cast, api, reachable, give):
    consent = give()
    for _ in range(2):
        api().post(f"/patients/{reachable}/consents/{consent['id']}/copies/", {"how": "link"})

    with tenancy.scope(cast.clinic.pk):
        assert Message.objects.filter(kind="consent_copy").count() in (1, 2)  # 2 if the minute changed between
        assert Link.objects.filter(purpose="consent").count() == Message.objects.filter(kind="consent_copy").count()


def test_without_an_address_the_copy_is_printed(api, patient, give):
    path = f"/patients/{patient}/consents/{give()['id']}/copies/"

    assert problems(api().post(path, {"how": "link"})) == [("/how", "no_channel")]
    assert api().post(path, {"how": "printed"}).status_code == 201


# --- Another clinic, and what SQL allows ----------------------------------------------------------------------


def test_another_clinic_sees_nothing(cast, api, patient, give):
    consent = give()
    stranger = api(cast.stranger)

    assert stranger.get(f"/patients/{patient}/consents/").status_code == 404
    assert stranger.post(f"/patients/{patient}/consents/{consent['id']}/withdraw/", {}).status_code == 404
    with tenancy.scope(cast.other_clinic.pk):
        assert [m.objects.count() for m in (Consent, ConsentText, ConsentWithdrawal, ConsentCopy)] == [0, 0, 0, 0]


def test_no_row_points_into_another_clinic(cast, patient, give):
    give()
    with tenancy.scope(cast.clinic.pk):
        consent = Consent.objects.get()
    for clinic, problem in ((cast.clinic, "row-level security"), (cast.other_clinic, "foreign key")):
        copy = Consent.objects.model(**{f.attname: getattr(consent, f.attname) for f in Consent._meta.concrete_fields})
        copy.pk, copy.clinic_id = consent.signing_id, clinic.pk
        # The other clinic may not write a row of ours, nor one of its own about our patient.
        with tenancy.scope(cast.other_clinic.pk), pytest.raises(DatabaseError, match=problem), transaction.atomic():
            copy.save(force_insert=True)


def test_a_consent_of_another_patient_is_not_found(api, patient, give):
    twin = api().post("/patients/", {"family_name": "Twin"}).json()["id"]

    assert api().post(f"/patients/{twin}/consents/{give()['id']}/withdraw/", {}).status_code == 404


@pytest.mark.parametrize("model", [Consent, ConsentText, ConsentWithdrawal, ConsentCopy])
def test_rows_are_final(cast, api, patient, give, owner, model):
    consent = give()
    api().post(f"/patients/{patient}/consents/{consent['id']}/copies/", {"how": "printed"})
    api().post(f"/patients/{patient}/consents/{consent['id']}/withdraw/", {})
    save_text(owner, text="Ours")

    with tenancy.scope(cast.clinic.pk):
        row = model.objects.get()
        name = "language" if hasattr(row, "language") else "clinic_id"
        for change in (
            lambda: model.objects.filter(pk=row.pk).update(**{name: getattr(row, name)}),
            lambda: model.objects.filter(pk=row.pk).delete(),
        ):
            with pytest.raises(DatabaseError), transaction.atomic():
                change()
    with tenancy.scope(cast.clinic.pk):
        assert model.objects.count() == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"how": "verbal", "witness": ""},
        {"how": "signature"},
        {"signature": [[[1, 1]]]},
        {"region": "leg"},
        {"signed_name": ""},
        {"valid_days": 5},
        {"given_at": datetime(2999, 1, 1, tzinfo=timezone.get_default_timezone())},
    ],
)
def test_the_database_refuses_half_a_consent(cast, patient, give, fields):
    give()
    with tenancy.scope(cast.clinic.pk):
        row = Consent.objects.get()
        row.pk = row.signing_id
        for name, value in fields.items():
            setattr(row, name, value)
        with pytest.raises(DatabaseError), transaction.atomic():
            row.save(force_insert=True)


def test_what_is_done_is_audited(cast, api, patient, give):
    consent = give()
    api().post(f"/patients/{patient}/consents/{consent['id']}/copies/", {"how": "declined"})
    api().post(f"/patients/{patient}/consents/{consent['id']}/withdraw/", {})

    with tenancy.scope(cast.clinic.pk):
        events = list(AuditEvent.objects.filter(action__startswith="consent.").order_by("id"))
    assert [(e.action, e.code) for e in events] == [
        ("consent.record", "dry_needling/neck"),
        ("consent.copy", "declined"),
        ("consent.withdraw", "dry_needling/neck"),
    ]
    assert all(patient in e.patient_ids for e in events)


# --- Texts ----------------------------------------------------------------------------------------------------


def save_text(client, **fields):
    key = {"technique_class": "dry_needling", "region": "neck", "language": "en"}
    return client.post("/consents/texts/", key | {"risks": ""} | fields)


def version_now(api):
    rows = api().get("/consent-texts/", {"limit": "200"}).json()["results"]
    key = ("dry_needling", "neck", "en")
    return next(r for r in rows if (r["technique_class"], r["region"], r["language"]) == key)


def test_the_clinics_own_text_has_versions_that_stay(cast, api, patient, owner, give):
    before = give()
    save_text(owner, text="Ours, first", risks="One in 10 of 100\n\nTwo in 10 of 100\n")
    assert version_now(api)["version"] == "clinic 1"
    first = give(text_version="clinic 1")
    save_text(owner, text="Ours, second")
    second = give(text_version="clinic 2")
    save_text(owner, text="whatever", default="1")

    assert version_now(api)["version"] == f"default {default_texts.VERSION}"
    texts = {row["id"]: row["text"] for row in listed(api, patient)}
    assert texts[first["id"]] == "Ours, first"
    assert first["risks"] == ["One in 10 of 100", "Two in 10 of 100"]
    assert texts[second["id"]] == "Ours, second"
    assert texts[before["id"]] == default_texts.default_text("dry_needling", "neck", "en").text
    with tenancy.scope(cast.clinic.pk):
        assert [row.version for row in ConsentText.objects.order_by("version")] == [1, 2, 3]


def Consent_patient(cast):
    with tenancy.scope(cast.clinic.pk):
        return Consent.objects.values_list("patient_id", flat=True)[0]


def test_only_the_owner_changes_texts_and_days(cast, therapist, owner, api):
    assert therapist.get("/consents/texts/").status_code == 403
    assert save_text(therapist, text="Assigned to me").status_code == 403
    assert therapist.post("/consents/texts/", {"valid_days": "9"}).status_code == 403
    assert owner.get("/consents/texts/").status_code == 200
    assert version_now(api)["is_clinics"] is False
    for days, status, kept in (("90", 302, 90), ("0", 400, 90), ("x", 400, 90), ("", 302, None)):
        assert owner.post("/consents/texts/", {"valid_days": days}).status_code == status
        assert Clinic.objects.get(pk=cast.clinic.pk).consent_valid_days == kept


def test_risks_without_a_text_are_refused(owner, api):
    answer = save_text(owner, text="", risks="One in 100 treatments")

    assert answer.status_code == 400
    assert b"One in 100 treatments" in answer.content
    assert version_now(api)["is_clinics"] is False


# --- Pages ----------------------------------------------------------------------------------------------------

CHOSEN = {"technique_class": "dry_needling", "region": ["neck", "thorax"], "language": "en"}


def sent(client, patient, **fields):
    """The form of the record screen as the browser sends it."""
    page = client.get(f"/patients/{patient}/consents/new/", CHOSEN).content.decode()
    hidden = dict(re.findall(r'name="(version-\w+)" value="([^"]+)"', page))
    form = {"who": "patient", "signed_name": "Ada Okafor", "how": "verbal", "witness": "Sam", "copy": "later"}
    return client.post(f"/patients/{patient}/consents/new/", {**CHOSEN, **hidden, **form, **fields})


def test_one_signature_for_two_regions(therapist, api, patient):
    signature = json.dumps(builders.SIGNED)

    answer = sent(therapist, patient, how="signature", witness="", signature=signature, copy="printed")

    assert answer.status_code == 302, answer.content.decode()
    consents = listed(api, patient)
    assert {c["region"] for c in consents} == {"neck", "thorax"}
    [signing_id] = {c["signing_id"] for c in consents}
    assert answer["Location"] == f"/patients/{patient}/consents/{signing_id}/"
    form = therapist.get(answer["Location"]).content.decode()
    assert "1,463 of 7,629" in form
    assert form.count("<path") >= 2
    assert [[c["how"] for c in consent["copies"]] for consent in consents] == [["printed"], ["printed"]]


def test_what_regions_share_is_read_once(therapist, patient):
    page = therapist.get(f"/patients/{patient}/consents/new/", CHOSEN).content.decode()

    assert page.count("1,463 of 7,629") == 1
    assert page.count("You can ask questions at any time.") == 1
    assert page.count("1 in 100,000") == 1


def test_the_page_names_what_is_missing_and_keeps_the_rest(therapist, api, patient):
    answer = sent(therapist, patient, how="signature", signature="", guardian_relation="x")

    assert answer.status_code == 400
    assert b"Let the patient sign" in answer.content
    assert b"Ada Okafor" in answer.content
    for broken in ("{", "[[[1", '"x"', "[" * 5000):
        assert sent(therapist, patient, how="signature", signature=broken).status_code == 400
    assert listed(api, patient) == []


def test_the_page_asks_for_the_guardian_of_a_child(cast, therapist, api, patient):
    today = timezone.now().date()
    change_patient(cast, patient, birth_date=today.replace(year=today.year - 8, day=1))
    page = therapist.get(f"/patients/{patient}/consents/new/", CHOSEN)
    assert b"under 16" in page.content

    assert sent(therapist, patient, who="patient").status_code == 400
    done = sent(therapist, patient, who="guardian", guardian_name="Grace Okafor", guardian_relation="mother")
    assert done.status_code == 302
    assert {(c["signed_name"], c["guardian_relation"]) for c in listed(api, patient)} == {("Grace Okafor", "mother")}


def test_back_to_the_session_that_needed_it(therapist, api, patient):
    session = api().post(f"/patients/{patient}/sessions/", builders.treatment()).json()["id"]

    assert sent(therapist, patient, session=session)["Location"] == f"/sessions/{session}/"


def test_the_list_shows_states_and_withdraws(therapist, api, patient, give, cast):
    consent = give()
    set_valid_days(cast, 1)
    give(region="general", given_at=(timezone.now() - timedelta(days=2)).isoformat())

    page = therapist.get(f"/patients/{patient}/consents/").content.decode()
    assert "Valid" in page
    assert "Expired" in page
    done = therapist.post(f"/patients/{patient}/consents/{consent['id']}/withdraw/", {"withdrawn_by": "patient"})
    assert done.status_code == 302
    assert "Withdrawn" in therapist.get(f"/patients/{patient}/consents/").content.decode()
    assert "Withdrawn" in therapist.get(f"/patients/{patient}/").content.decode()


def test_the_desk_sees_no_consents(cast, patient, give):
    give()
    desk = Client()
    desk.force_login(cast.staff)

    assert desk.get(f"/patients/{patient}/consents/").status_code == 403
    assert b"Dry needling" not in desk.get(f"/patients/{patient}/").content


def test_a_program_that_acts_for_nobody_records_none(cast, api, patient):
    nobody = builders.program(cast.clinic)

    answer = api(nobody).post(f"/patients/{patient}/consents/", builders.consent())

    assert (answer.status_code, answer.json()["code"]) == (403, "no_author")


# --- Texts and settings through the API -----------------------------------------------------------------------

NECK = {"technique_class": "dry_needling", "region": "neck", "language": "en"}


def test_the_owner_writes_a_text_and_goes_back_through_the_api(api, cast, give):
    owner = api(cast.owner)

    made = owner.post("/consent-texts/", {**NECK, "text": "Ours.", "risks": ["Bruise, 1 of 5."]})
    assert (made.status_code, made.json()["version"], made.json()["risks"]) == (201, "clinic 1", ["Bruise, 1 of 5."])
    assert give(region="neck", text_version="clinic 1")["text"] == "Ours."
    assert owner.post("/consent-texts/", NECK).json()["version"] == f"default {default_texts.VERSION}"
    assert problems(owner.post("/consent-texts/", {**NECK, "risks": ["Bruise."]})) == [("/text", "required")]
    assert api(cast.therapist).post("/consent-texts/", {**NECK, "text": "Mine."}).status_code == 403
    assert api(cast.staff).get("/consent-texts/").status_code == 403
    assert api(cast.stranger).get("/consent-texts/?limit=200").json()["results"][0]["is_clinics"] is False


def test_the_owner_sets_how_long_consents_hold_through_the_api(api, cast, give):
    owner = api(cast.owner)

    assert owner.get("/consent-settings/").json() == {"valid_days": None}
    assert owner.patch("/consent-settings/", {"valid_days": 90}).json() == {"valid_days": 90}
    assert give()["valid_days"] == 90
    assert problems(owner.patch("/consent-settings/", {"valid_days": 0})) == [("/consent_valid_days", "out_of_range")]
    assert owner.patch("/consent-settings/", {"valid_days": None}).json() == {"valid_days": None}
    assert api(cast.therapist).patch("/consent-settings/", {"valid_days": 90}).status_code == 403
    assert api(cast.stranger).get("/consent-settings/").json() == {"valid_days": None}


# --- Withdrawn at the desk ------------------------------------------------------------------------------------


@pytest.fixture
def desk(cast):
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(cast.staff)
    return client


def fields_of(page):
    """The fields of the form that the desk sees."""
    return re.findall(r"<(?:option|label|legend)[^>]*>[^<]*", page)


def test_the_desk_records_a_withdrawal_without_seeing_consents(api, cast, desk, patient, give):
    neck, thorax = give(region="neck"), give(region="thorax")
    path = f"/patients/{patient}/consents/withdraw/"

    assert path in desk.get(f"/patients/{patient}/").content.decode()
    before = desk.get(path).content.decode()
    sent = {"technique_class": "dry_needling", "region": "neck", "withdrawn_by": "patient", "reason": "By phone."}
    assert desk.post(path, sent).status_code == 302
    assert {row["id"]: row["state"] for row in listed(api, patient)} == {neck["id"]: "withdrawn", thorax["id"]: "valid"}
    with tenancy.scope(cast.clinic.pk):
        row = ConsentWithdrawal.objects.get()
        event = AuditEvent.objects.get(action="consent.withdraw", outcome="ok")
    assert (row.recorded_by_id, row.reason, event.user_id) == (cast.staff.pk, "By phone.", cast.staff.pk)
    after = desk.get(path).content.decode()
    # The form reads the same whatever was given.
    assert fields_of(before) == fields_of(after)
    assert len(fields_of(before)) > 5

    again = desk.post(path, sent)
    assert again.status_code == 400
    assert "no such consent that holds" in again.content.decode()


def test_the_desk_withdraws_everything_through_the_api(api, cast, patient, give):
    give(region="neck"), give(region="thorax"), give(technique_class="injection")
    path = f"/patients/{patient}/consents/withdrawals/"

    answer = api(cast.staff).post(path, {"withdrawn_by": "guardian"})

    assert (answer.status_code, answer.json()) == (201, {"withdrawn": 3})
    assert {row["state"] for row in listed(api, patient)} == {"withdrawn"}
    nothing = api(cast.staff).post(path, {})
    assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing_to_withdraw")
    late = api(cast.staff).post(path, {"withdrawn_at": "2999-01-01T00:00:00Z"})
    assert problems(late) == [("/withdrawn_at", "in_future")]
    assert api(cast.stranger).post(path, {}).status_code == 404
    nobody = api(builders.program(cast.clinic)).post(path, {})
    assert (nobody.status_code, nobody.json()["code"]) == (403, "no_author")


def test_a_session_after_a_withdrawal_at_the_desk_does_not_sign(api, cast, patient):
    builders.ready(api(), patient)
    assert api(cast.staff).post(f"/patients/{patient}/consents/withdrawals/", {}).status_code == 201
    treatment = builders.treatment(interventions=[builders.needling()], performed_at=timezone.now().isoformat())
    session = api().post(f"/patients/{patient}/sessions/", treatment)

    refused = api().post(f"/sessions/{session.json()['id']}/sign/")

    assert (refused.status_code, refused.json()["code"]) == (409, "consent_missing")
