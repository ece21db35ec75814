"""A program acts in a therapist's name only once they have agreed: by page, API, admin and SQL."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test import Client

from accounts import actions
from accounts.models import ApiClient, Membership
from audit.models import AuditEvent
from database import tenancy
from patients.models import Patient
from records.models import Record
from tests import builders


@pytest.fixture
def waiting(cast):
    """A program that names the therapist, who has not answered."""
    return builders.program(cast.clinic, acts_for=cast.therapist, approved=False)


def sign_in(user):
    """A browser in which the person has just proved who they are."""
    client = Client()
    client.post("/account/login/", {"login": user.email, "password": builders.PASSWORD})
    client.post("/account/reauthenticate/", {"password": builders.PASSWORD})
    return client


def record(api, program, patient):
    return api(program).post(f"/patients/{patient}/assessments/", builders.exam())


def test_it_cannot_record_until_the_therapist_approves_and_not_after_they_withdraw(cast, api, patient, waiting):
    refused = record(api, waiting, patient)
    assert (refused.status_code, refused.json()["code"]) == (403, "no_author")
    therapist = Client()
    therapist.force_login(cast.therapist)
    page = therapist.get("/account/access/").content.decode()
    assert waiting.name in page
    assert "Approve program" in page

    asked = therapist.post(f"/account/access/programs/{waiting.pk}/approve/")["Location"]
    assert therapist.post(asked, {"password": builders.PASSWORD})["Location"] == "/account/access/"

    exam = record(api, waiting, patient)
    assert exam.status_code == 201
    assert "Withdraw approval" in therapist.get("/account/access/").content.decode()
    therapist.post(f"/account/access/programs/{waiting.pk}/withdraw/")
    signed = api(waiting).post(f"/assessments/{exam.json()['id']}/sign/")
    assert (signed.status_code, signed.json()["code"]) == (403, "no_author")
    with tenancy.scope(cast.clinic.pk):
        names = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"api_client.approve", "api_client.withdraw_approval"} <= names


def test_nobody_else_approves_it(cast, waiting):
    for user in (cast.owner, cast.colleague, cast.stranger):
        assert sign_in(user).post(f"/account/access/programs/{waiting.pk}/approve/").status_code == 404
        with tenancy.scope(cast.clinic.pk, user_id=user.pk), pytest.raises(actions.NotYours):
            actions.approve_client(client=waiting, by=replace(cast.actor(), user_id=user.pk))
    waiting.refresh_from_db()
    assert waiting.acts_for_approved_at is None


def test_a_screen_left_open_is_not_enough(cast, waiting):
    client = Client()
    client.force_login(cast.therapist)

    answer = client.post(f"/account/access/programs/{waiting.pk}/approve/")

    assert answer["Location"].startswith("/account/reauthenticate/")
    waiting.refresh_from_db()
    assert waiting.acts_for_approved_at is None


def test_sql_in_another_session_cannot_approve_it(cast, waiting):
    for user_id in (None, cast.owner.pk):
        with (
            tenancy.scope(cast.clinic.pk, user_id=user_id),
            pytest.raises(ProgrammingError),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("UPDATE accounts_apiclient SET acts_for_approved_at = now() WHERE id = %s", [waiting.pk])


def test_sql_cannot_sign_for_a_therapist_who_has_not_agreed(cast, api, patient, waiting):
    exam = record(api, cast.writer, patient).json()["id"]
    assert api(cast.writer).post(f"/assessments/{exam}/sign/").status_code == 200
    with tenancy.scope(cast.clinic.pk):
        signed = Record.objects.get(subject_id=exam)
    signed.pk, signed.sequence = None, 1_000
    signed.document = bytes(signed.document).replace(cast.writer.client_id.encode(), waiting.client_id.encode())
    with tenancy.scope(cast.clinic.pk), pytest.raises(ProgrammingError, match="not agreed"), transaction.atomic():
        signed.save(force_insert=True)


@pytest.mark.parametrize("change", [{"allowed_scopes": "records:read"}, {"acts_for": "colleague"}])
def test_an_approval_ends_when_what_was_approved_changes(cast, change):
    fields = {name: cast.colleague if value == "colleague" else value for name, value in change.items()}
    with tenancy.scope(cast.clinic.pk):
        ApiClient.objects.filter(pk=cast.writer.pk).update(**fields)
    cast.writer.refresh_from_db()
    assert cast.writer.acts_for_approved_at is None


def test_an_approval_ends_with_the_therapists_role_and_does_not_return_with_it(cast, api, patient):
    with tenancy.scope(cast.clinic.pk):
        rows = Membership.objects.filter(user=cast.therapist, role="therapist")
        actions.end_membership(membership=rows.get(), by=cast.actor(cast.owner))
        rows.update(is_active=True)

    assert record(api, cast.writer, patient).json()["code"] == "no_author"


def test_a_program_that_waits_still_registers_patients(cast, api, waiting):
    answer = api(waiting).post("/patients/", {"family_name": "Lund", "given_names": "Kim", "birth_date": "1980-02-03"})

    assert answer.status_code == 201, answer.json()
    with tenancy.scope(cast.clinic.pk):
        assert Patient.objects.filter(family_name="Lund").exists()


def test_the_admin_says_who_must_agree_and_cannot_agree_for_them(cast):
    owner = sign_in(cast.owner)
    sent = {
        "name": "Tablet",
        "allowed_scopes": ["patients:read"],
        "acts_for": str(cast.therapist.pk),
        "redirect_uris": "",
        "acts_for_approved_at": "2026-11-20 09:30",
    }
    page = owner.post("/admin/accounts/apiclient/add/", sent, follow=True).content.decode()

    assert "Therapist must agree first" in page
    assert ApiClient.objects.get(name="Tablet").acts_for_approved_at is None
