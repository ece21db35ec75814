"""The pages: sign in, choose a clinic, administer it."""

import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import ApiClient, Membership
from audit.models import AuditEvent
from database import tenancy
from patients.models import Patient
from tests import builders
from tests.committed import committed_support
from tests.patients.test_import_patients import WARFARIN
from tests.reading import revisions_on

ADMIN_LISTS = [
    "accounts/clinic", "accounts/membership", "accounts/invitation", "accounts/apiclient",
    "audit/auditevent", "patients/patient",
    "patients/merge", "records/record", "records/chaincheck", "assessments/assessment", "assessments/triggerpoint",
    "catalogue/muscle", "catalogue/bodyzone", "catalogue/movement", "treatments/session",
    "homecare/programme", "homecare/checkin", "messaging/message", "worklist/item", "scheduling/appointment",
    "scheduling/series", "scheduling/waiting",
]  # fmt: skip


def browser(user):
    client = Client()
    assert client.login(email=user.email, password=builders.PASSWORD)
    return client


@pytest.fixture
def owner(cast):
    return browser(cast.owner)


@pytest.fixture
def signed(api, patient):
    found = {}
    for kind, body in (("assessments", builders.exam(red_flags=builders.screen())), ("sessions", builders.treatment())):
        found[kind] = api().post(f"/patients/{patient}/{kind}/", body).json()["id"]
        assert api().post(f"/{kind}/{found[kind]}/sign/").status_code == 200
    return found


def test_sign_in_and_out(cast, settings):
    settings.PASSWORD_HASHERS = settings.PASSWORD_HASHERS[1:]  # Argon2, as in production
    user = builders.user("new@example.org", "New")
    with tenancy.scope(cast.clinic.pk):
        Membership.objects.create(clinic=cast.clinic, user=user, role="therapist")
    client = Client()

    wrong = client.post("/account/login/", {"login": "new@example.org", "password": "wrong"})
    right = client.post("/account/login/", {"login": "NEW@example.org ", "password": builders.PASSWORD})

    assert b"not correct" in wrong.content
    assert right.status_code == 302
    assert b"Harbour Clinic" in client.get("/").content
    assert client.post("/account/logout/")["Clear-Site-Data"] == '"cache", "storage"'
    assert b"Harbour Clinic" not in client.get("/").content


def test_somebody_of_two_clinics_chooses(cast):
    with tenancy.scope(cast.other_clinic.pk):
        Membership.objects.create(clinic=cast.other_clinic, user=cast.therapist, role="therapist")
    client = browser(cast.therapist)

    assert client.get("/")["Location"] == "/clinics/"
    assert b"Hill Practice" in client.get("/clinics/").content
    client.post("/clinics/", {"clinic": str(cast.other_clinic.pk)})
    assert b"Hill Practice" in client.get("/").content
    assert client.get("/api/v1/me/").json()["clinic"] == "hill"


def test_a_clinic_that_is_not_ones_own_cannot_be_chosen(cast):
    client = browser(cast.therapist)

    client.post("/clinics/", {"clinic": str(cast.other_clinic.pk)})

    assert client.get("/api/v1/me/").json()["clinic"] == "harbour"


def test_a_signed_in_browser_may_use_the_api_with_its_csrf_token(cast):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.therapist)

    assert client.get("/api/v1/patients/").status_code == 200
    refused = client.post("/api/v1/patients/", {"family_name": "x"}, content_type="application/json")
    assert refused.status_code == 403


@pytest.mark.parametrize("path", ADMIN_LISTS)
@pytest.mark.parametrize("who", ["therapist", "staff", "stranger"])
def test_the_admin_is_for_owners(cast, signed, path, who):
    answer = browser(getattr(cast, who)).get(f"/admin/{path}/")

    assert answer.status_code == 302
    assert "login" in answer["Location"]
    home = cast.other_clinic if who == "stranger" else cast.clinic
    with tenancy.scope(home.pk):
        event = AuditEvent.objects.order_by("-id").first()
    assert (event.outcome, event.code, event.user_id) == ("refused", "forbidden", getattr(cast, who).pk)


@pytest.mark.parametrize("path", ADMIN_LISTS)
def test_an_owner_sees_the_lists_of_their_clinic(cast, owner, signed, path):
    answer = owner.post(f"/admin/{path}/", {"q": "a"}) if "apiclient" not in path else owner.get(f"/admin/{path}/")

    assert answer.status_code == 200, path
    csp = answer["Content-Security-Policy"]
    assert "unsafe" not in csp
    with tenancy.scope(cast.clinic.pk):
        event = AuditEvent.objects.order_by("-id").first()
    assert (event.action, event.user_id) == (f"admin.{path.replace('/', '_')}_changelist", cast.owner.pk)


def test_support_enters_a_clinic_and_leaves_a_trace(cast, signed):
    support = committed_support(builders.PASSWORD)
    client = browser(support)

    assert client.get("/admin/patients/patient/")["Location"] == "/clinics/"
    client.post("/clinics/", {"clinic": str(cast.clinic.pk)})
    assert client.get("/admin/patients/patient/").status_code == 200

    with tenancy.scope(cast.clinic.pk):
        assert AuditEvent.objects.filter(action="clinic.entered_by_support", user_id=support.pk).exists()
    # Support looks through the admin; it is no therapist, and the API does not know it.
    assert client.get("/api/v1/patients/").status_code == 401


def test_a_patient_is_read_only_and_its_trail_is_shown(cast, owner, patient, signed):
    page = owner.get(f"/admin/patients/patient/{patient}/change/")
    assert page.status_code == 200
    assert b'name="_save"' not in page.content
    assert owner.post(f"/admin/patients/patient/{patient}/change/", {"family_name": "x"}).status_code == 403
    trail = owner.get(f"/admin/patients/patient/{patient}/history/")
    assert b"assessment.sign" in trail.content
    assert b"Therapist" in trail.content
    with tenancy.scope(cast.clinic.pk):
        assert AuditEvent.objects.filter(action="admin.patients_patient_change", patient_ids=[patient]).exists()


def test_another_clinics_patient_is_not_there(cast, owner):
    with tenancy.scope(cast.other_clinic.pk):
        strange = builders.patient(cast.actor(cast.stranger, clinic=cast.other_clinic), family_name="Strange").pk

    assert owner.get(f"/admin/patients/patient/{strange}/change/").status_code == 302
    assert b"Strange" not in owner.get("/admin/patients/patient/").content


def test_documents_and_records_are_shown(owner, signed):
    for kind, app in (("assessments", "assessments/assessment"), ("sessions", "treatments/session")):
        page = owner.get(f"/admin/{app}/{signed[kind]}/change/")
        assert page.status_code == 200
        assert b"Entered in error" in page.content
    listed = owner.get("/admin/records/record/").content.decode()
    record = re.search(r"/admin/records/record/([0-9a-f-]{36})/change/", listed)[1]
    assert b"previous_sha256" in owner.get(f"/admin/records/record/{record}/change/").content


def test_entered_in_error_goes_through_the_action(cast, owner, signed):
    path = f"/admin/assessments/assessment/{signed['assessments']}/in-error/"
    page = owner.get(path)
    assert page.status_code == 200
    sent = {"reason": "Wrong patient.", **revisions_on(page)}

    refused = owner.post(path, sent, follow=True)
    assert b"Only a therapist can record and sign" in refused.content

    with tenancy.scope(cast.clinic.pk):
        Membership.objects.create(clinic=cast.clinic, user=cast.owner, role="therapist")
    done = owner.post(path, sent, follow=True)
    assert b"Marked as entered in error" in done.content
    assert b"entered_in_error" in owner.get("/admin/assessments/assessment/").content


def test_the_chain_is_verified_by_a_button(owner, signed):
    done = owner.post("/admin/records/record/verify/", follow=True)

    assert b"2 records, the chain holds" in done.content
    assert owner.get("/admin/records/record/verify/").status_code == 405


def test_patients_are_imported_by_a_page(cast, owner):
    def upload(**fields):
        file = SimpleUploadedFile("derek.json", WARFARIN.read_bytes())
        return owner.post("/admin/patients/patient/import/", {"upload": file, "system": "import", **fields})

    dry = upload(dry_run="on").content
    assert b"This would be done; nothing was saved" in dry, dry[dry.index(b"<form") :]
    assert b"1 created" in upload().content
    assert b"1 unchanged" in upload().content
    with tenancy.scope(cast.clinic.pk):
        assert Patient.objects.get().family_name == "Becker"
    wrong = owner.post(
        "/admin/patients/patient/import/", {"upload": SimpleUploadedFile("x.json", b"\x80\x81"), "system": "s"}
    )
    assert b"not UTF-8 text" in wrong.content


def test_two_patients_are_merged_by_a_page(cast, owner, patient):
    with tenancy.scope(cast.clinic.pk):
        twice = builders.patient(cast.actor(), given_names="Adda").pk
    chosen = {"action": "merge_two", "_selected_action": [str(patient), str(twice)]}
    asked = owner.post("/admin/patients/patient/", chosen)
    page = owner.get(asked["Location"])
    assert b"Which record goes on" in page.content

    done = owner.post(
        asked["Location"], {"keep": str(patient), "reason": "Same person.", **revisions_on(page)}, follow=True
    )

    assert b"Merged" in done.content
    with tenancy.scope(cast.clinic.pk):
        assert Patient.objects.get(pk=twice).merged_into_id == patient
    alone = owner.post("/admin/patients/patient/", {**chosen, "_selected_action": [str(patient)]}, follow=True)
    assert b"exactly two" in alone.content


def test_members_are_ended_and_added_by_invitation_only(cast, owner):
    assert owner.get("/admin/accounts/membership/add/").status_code == 403
    colleague = browser(cast.colleague)
    assert colleague.get("/api/v1/me/").json()["clinic"] == "harbour"
    with tenancy.scope(cast.clinic.pk):
        memberships = {m.user.email: m.pk for m in Membership.objects.select_related("user")}
    owner.post(f"/admin/accounts/membership/{memberships[cast.colleague.email]}/delete/", {"post": "yes"})
    assert colleague.get("/api/v1/me/").status_code == 401
    last = owner.post(
        f"/admin/accounts/membership/{memberships[cast.owner.email]}/delete/", {"post": "yes"}, follow=True
    )
    assert b"A clinic needs an owner" in last.content


def test_a_program_is_let_in_and_shut_out(cast, owner):
    page = owner.post(
        "/admin/accounts/apiclient/add/",
        {"name": "Registry", "allowed_scopes": ["records:read"], "acts_for": "", "redirect_uris": ""},
        follow=True,
    ).content.decode()
    found = re.search(r"Client (\S+), secret \(shown this once\): (\S+?)<", page)
    answer = Client().post(
        "/oauth/token/",
        {"grant_type": "client_credentials", "client_id": found[1], "client_secret": found[2]},
    )
    token = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert Client().get("/api/v1/records/", headers=token).status_code == 200

    client = ApiClient.objects.get(client_id=found[1])
    assert found[2] not in owner.get(f"/admin/accounts/apiclient/{client.pk}/change/").content.decode()
    owner.post(f"/admin/accounts/apiclient/{client.pk}/delete/", {"post": "yes"})
    assert Client().get("/api/v1/records/", headers=token).status_code == 401


def test_tokens_of_every_clinic_are_not_in_the_admin(owner):
    assert b"oauth2_provider" not in owner.get("/admin/").content


def test_error_pages_say_nothing(cast, owner, monkeypatch):
    owner.raise_request_exception = False

    def break_down(*args, **kwargs):
        raise RuntimeError("Okafor")

    monkeypatch.setattr("workspace.web.today.render", break_down)
    answer = owner.get("/")

    assert answer.status_code == 500
    assert b"Okafor" not in answer.content
    assert owner.get("/nothing").status_code == 404


def test_an_api_error_page_is_json(cast):
    answer = Client().get("/api/v1/nothing/")

    assert json.loads(answer.content)["code"] == "not_found"
