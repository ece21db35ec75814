"""People prove again who they are before they sign: at exams, sessions, addenda, new versions and marks, everywhere."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts import actions as accounts
from accounts import proof
from accounts.models import Clinic
from accounts.policies import OwnersOnly, ProofRequired
from accounts.rules import EACH_SIGN_IN, EACH_SIGNATURE, proof_holds
from assessments.actions import EXAM
from assessments.models import Assessment
from database import tenancy
from database.revisions import RevisionChanged
from records.models import Record
from tests import builders
from tests.reading import Browser, clinic_of, revision_of

BODIES = {
    "assessments": builders.exam(red_flags=builders.screen()),
    "sessions": builders.treatment(),
}
PAGES = {"assessments": "exam", "sessions": "session"}


@pytest.fixture(autouse=True)
def counters():
    """All of these tests are of one person: none counts against the limits of the next."""
    cache.clear()


@pytest.fixture
def strict(cast):
    Clinic.objects.filter(pk=cast.clinic.pk).update(signing_proof=EACH_SIGNATURE)


@pytest.fixture
def make(cast, api, patient):
    """Make a draft, or (signed by the program that acts for the therapist) a signed document."""

    def make_one(kind, *, signed=False):
        if kind == "sessions":  # the red flags are asked before a treatment
            make_one("assessments", signed=True)
        pk = api(cast.writer).post(f"/patients/{patient}/{kind}/", BODIES[kind]).json()["id"]
        if signed:
            assert api(cast.writer).post(f"/{kind}/{pk}/sign/").status_code == 200
        return pk

    return make_one


class Session:
    """The therapist at a screen: pages, and the API with the session's cookie."""

    def __init__(self, user):
        self.user = user
        self.client = Browser()
        self.client.post("/account/login/", {"login": user.email, "password": builders.PASSWORD})
        self.client.get("/")

    def let_pass(self, **passed):
        session = self.client.session
        session[proof.SIGNED_IN_AT] -= timedelta(**passed).total_seconds()
        for record in session.get("account_authentication_methods", []):
            record["at"] -= timedelta(**passed).total_seconds()
        session.save()

    def api(self, path, body=None):
        collection, pk = path.split("/")[1:3]
        with tenancy.scope(clinic_of(self.user)):
            tag = f'"{revision_of(collection, pk)}"'
        return self.client.post(
            f"/api/v1{path}", body or {}, content_type="application/json", headers={"if-match": tag}
        )

    def prove(self):
        sent = {"password": builders.PASSWORD}
        answer = self.client.post("/account/unlock/", sent, headers={"accept": "application/json"})
        assert answer.status_code == 200


@pytest.fixture
def screen(cast):
    return Session(cast.therapist)


def entries(cast):
    with tenancy.scope(cast.clinic.pk):
        return list(Record.objects.order_by("sequence").values_list("entry", flat=True))


@pytest.mark.parametrize("kind", list(BODIES))
@pytest.mark.parametrize("act", ["sign", "addenda", "entered-in-error"])
def test_the_api_of_a_session_asks_for_each_signature_and_takes_a_proof_once(cast, strict, make, screen, kind, act):
    bodies = {"sign": {}, "addenda": {"text": "more"}, "entered-in-error": {"reason": "wrong patient"}}
    first, second = (make(kind, signed=act != "sign") for _ in range(2))
    before = len(entries(cast))
    screen.let_pass(minutes=6)

    refused = screen.api(f"/{kind}/{first}/{act}/", bodies[act])
    assert (refused.status_code, refused.json()["code"]) == (403, "proof_required")
    screen.prove()
    assert screen.api(f"/{kind}/{first}/{act}/", bodies[act]).status_code in (200, 201)
    again = screen.api(f"/{kind}/{second}/{act}/", bodies[act])
    assert (again.status_code, again.json()["code"]) == (403, "proof_required")
    assert len(entries(cast)) == before + 1


@pytest.mark.parametrize("kind", list(BODIES))
def test_a_new_version_is_signed_with_a_proof_of_its_own(cast, strict, make, screen, kind):
    signed = make(kind, signed=True)
    screen.let_pass(minutes=6)
    draft = screen.api(f"/{kind}/{signed}/revisions/")
    assert draft.status_code == 201

    assert screen.api(f"/{kind}/{draft.json()['id']}/sign/").json()["code"] == "proof_required"
    screen.prove()
    assert screen.api(f"/{kind}/{draft.json()['id']}/sign/").status_code == 200
    assert entries(cast)[-2:] == ["signed", "signed"]


@pytest.mark.parametrize("kind", list(BODIES))
def test_a_page_asks_and_then_goes_on_with_what_was_sent(cast, strict, make, screen, kind):
    pk = make(kind)
    review = f"/documents/{PAGES[kind]}/{pk}/"
    screen.let_pass(minutes=6)
    steps = [
        (f"{review}review/", {}, "signed"),
        (f"{review}addendum/", {"text": "Seen again on the phone."}, "addendum"),
        (f"{review}entered-in-error/", {"reason": "Another patient's."}, "entered_in_error"),
    ]
    for path, sent, entry in steps:
        before = entries(cast)
        asked = screen.client.post(path, sent)
        assert (asked.status_code, asked["Location"].partition("?")[0]) == (302, "/account/reauthenticate/")
        assert entries(cast) == before
        wrong = screen.client.post(asked["Location"], {"password": "wrong"})
        assert wrong.status_code == 200
        assert entries(cast) == before
        done = screen.client.post(asked["Location"], {"password": builders.PASSWORD})
        assert (done.status_code, done["Location"]) == (302, review)
        assert entries(cast)[-1] == entry
    with tenancy.scope(cast.clinic.pk):
        assert b"Seen again on the phone." in bytes(Record.objects.get(entry="addendum").document)


def test_once_per_sign_in_holds_for_eight_hours(cast, make, screen):
    first, second = make("assessments"), make("assessments")
    screen.let_pass(hours=7, minutes=59)
    assert screen.api(f"/assessments/{first}/sign/").status_code == 200
    screen.let_pass(minutes=2)
    assert screen.api(f"/assessments/{second}/sign/").json()["code"] == "proof_required"
    screen.prove()
    assert screen.api(f"/assessments/{second}/sign/").status_code == 200


def test_an_app_signs_within_eight_hours_of_its_persons_sign_in_and_never_at_each_signature(cast, api, make):
    first, second = make("assessments"), make("assessments")
    cast.therapist.last_login = timezone.now() - timedelta(hours=9)
    cast.therapist.save()
    app = api(cast.therapist)
    assert app.post(f"/assessments/{first}/sign/").json()["code"] == "proof_required"
    Client().post("/account/login/", {"login": cast.therapist.email, "password": builders.PASSWORD})
    assert app.post(f"/assessments/{first}/sign/").status_code == 200

    Clinic.objects.filter(pk=cast.clinic.pk).update(signing_proof=EACH_SIGNATURE)
    refused = app.post(f"/assessments/{second}/sign/")
    assert (refused.status_code, refused.json()["code"]) == (403, "proof_required")
    assert "app" in refused.json()["detail"]


def test_a_program_that_the_therapist_approved_signs_as_before(cast, strict, make):
    make("assessments", signed=True)
    assert entries(cast) == ["signed"]


def test_a_wrong_password_or_another_sessions_is_no_proof(cast, strict, make, screen):
    pk = make("assessments")
    screen.let_pass(minutes=6)
    Session(cast.therapist).prove()
    Session(cast.colleague).prove()
    screen.client.post("/account/unlock/", {"password": "wrong"}, headers={"accept": "application/json"})

    assert screen.api(f"/assessments/{pk}/sign/").json()["code"] == "proof_required"


def test_the_action_itself_asks(cast, strict, make):
    pk = make("assessments")
    by = cast.actor()
    with tenancy.scope(cast.clinic.pk):
        revision = Assessment.objects.get(pk=pk).revision
        for moment in (None, timezone.now() - timedelta(minutes=6)):
            with pytest.raises(ProofRequired):
                EXAM.sign(document_id=pk, revision=revision, by=replace(by, proved_at=moment), at=timezone.now())


def test_how_long_a_proof_holds():
    now = timezone.now()
    for mode, limit in ((EACH_SIGN_IN, timedelta(hours=8)), (EACH_SIGNATURE, timedelta(minutes=5))):
        assert proof_holds(mode, proved_at=now - limit, at=now)
        assert not proof_holds(mode, proved_at=now - limit - timedelta(seconds=1), at=now)
        assert not proof_holds(mode, proved_at=None, at=now)


# --- The setting ------------------------------------------------------------------------------------------------


def test_an_owner_sets_it_on_a_page(cast):
    owner = Client()
    owner.force_login(cast.owner)
    page = owner.get("/clinic/signing/")
    revision = page.context["request"].clinic.revision
    assert owner.post("/clinic/signing/", {"signing_proof": "signature", "revision": revision}).status_code == 302
    stale = owner.post("/clinic/signing/", {"signing_proof": "sign_in", "revision": revision})
    assert stale.status_code == 409
    assert owner.post("/clinic/signing/", {"signing_proof": "sign_in"}).status_code == 400
    assert Clinic.objects.get(pk=cast.clinic.pk).signing_proof == EACH_SIGNATURE
    therapist = Client()
    therapist.force_login(cast.therapist)
    assert therapist.get("/clinic/signing/").status_code == 403


def test_the_settings_of_the_clinic_take_what_was_read(in_clinic):
    clinic, owner = in_clinic.clinic, in_clinic.actor(in_clinic.owner)
    read = Clinic.objects.get(pk=clinic.pk).revision
    accounts.set_basic_training(setting="always", revision=read, by=owner)
    for change in (
        lambda: accounts.set_basic_training(setting="never", revision=read, by=owner),
        lambda: accounts.set_display_mode(clinic=clinic, shows_classification=False, revision=read, by=owner),
        lambda: accounts.set_signing_proof(clinic=clinic, mode=EACH_SIGNATURE, revision=read, by=owner),
    ):
        with pytest.raises(RevisionChanged):
            change()
    with pytest.raises(OwnersOnly):
        accounts.set_signing_proof(clinic=clinic, mode=EACH_SIGNATURE, revision=None, by=in_clinic.actor())


def test_the_moment_of_the_proof_is_the_newest(cast, screen):
    screen.let_pass(hours=3)
    screen.prove()
    answer = screen.client.get("/account/access/")
    assert time.time() - proof.proved_at(answer.wsgi_request).timestamp() < 60
