"""The pages of Settings about people, programs and the access log."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts import actions
from accounts.models import ApiClient, Invitation, Membership, User
from accounts.policies import OwnersOnly
from audit.models import AuditEvent
from database import tenancy
from errors.exceptions import Invalid, NotFound
from patients import actions as patients
from scheduling.models import Appointment, Hours
from tests.scheduling.conftest import far_ahead, make_desk
from worklist import actions as worklist
from worklist.models import Item
from workspace import handover


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def owner(cast):
    return signed_in(cast.owner)


def roles_of(cast, user):
    with tenancy.scope(cast.clinic.pk):
        rows = Membership.objects.active().filter(clinic=cast.clinic, user=user)
        return set(rows.values_list("role", flat=True))


# --- People ---------------------------------------------------------------------------------------------------


def test_an_owner_invites_sends_again_and_withdraws(cast, owner):
    assert owner.post("/settings/people/", {"email": "no address", "role": "staff"}).status_code == 400
    assert owner.post("/settings/people/", {"email": "kim@example.org", "role": "staff"}).status_code == 302
    with tenancy.scope(cast.clinic.pk):
        invitation = Invitation.objects.get(email="kim@example.org")
    assert "kim@example.org" in owner.get("/settings/people/").content.decode()
    path = f"/settings/people/invitations/{invitation.pk}"
    assert owner.post(f"{path}/resend/").status_code == 302
    assert owner.post(f"{path}/withdraw/").status_code == 302
    assert owner.post(f"{path}/resend/").status_code == 409
    assert "kim@example.org" not in owner.get("/settings/people/").content.decode()


def test_roles_are_added_and_ended_and_the_last_owner_stays(cast, owner):
    page = f"/settings/people/{cast.owner.pk}/"
    assert owner.post(f"{page}roles/", {"add": "therapist"}).status_code == 302
    assert roles_of(cast, cast.owner) == {"owner", "therapist"}
    assert owner.post(f"{page}roles/", {"end": "owner"}).status_code == 409
    assert owner.post(f"{page}roles/", {"end": "therapist"}).status_code == 302
    assert owner.post(f"{page}roles/", {"end": "therapist"}).status_code == 404
    assert owner.post(f"{page}roles/", {"add": "queen"}).status_code == 400
    assert owner.post(f"{page}deactivate/").status_code == 409
    assert roles_of(cast, cast.owner) == {"owner"}


def test_nobody_but_an_owner_changes_roles_and_nobody_joins_without_an_invitation(cast):
    with tenancy.scope(cast.clinic.pk):
        with pytest.raises(OwnersOnly):
            actions.add_role(user=cast.therapist, role="owner", by=cast.actor(cast.therapist))
        with pytest.raises(OwnersOnly):
            actions.end_membership(membership=Membership.objects.get(user=cast.staff), by=cast.actor(cast.therapist))
        with pytest.raises(NotFound):
            actions.add_role(user=cast.stranger, role="staff", by=cast.actor(cast.owner))


@pytest.fixture
def work(cast):
    """Two appointments of the therapist's and a worklist row of theirs; a colleague works at one of the times."""
    with tenancy.scope(cast.clinic.pk):
        desk = make_desk(cast, cast.actor())
        visits = [
            desk.book(desk.patient(family_name=name), hour, day=far_ahead())
            for name, hour in (("Early", 9), ("Late", 11))
        ]
        hours = Hours.objects.filter(user=cast.therapist).first()
        Hours.objects.filter(user=cast.colleague).delete()
        Hours.objects.create(
            clinic=cast.clinic, user=cast.colleague, room=desk.room, weekday=visits[0].starts_at.weekday(),
            from_time="08:00", until_time="10:30",
        )  # fmt: skip
        item, _is_new = worklist.raise_item(
            kind="recall", patient_id=visits[0].patient_id, about_id=visits[0].patient_id, facts={},
            by=cast.actor(), at=timezone.now(),
        )  # fmt: skip
        worklist.take(item_id=item, revision=None, by=cast.actor(), at=timezone.now())
    assert hours is not None
    return visits, item


def test_open_work_goes_to_a_colleague_where_they_are_free(cast, owner, work):
    visits, item = work
    page = f"/settings/people/{cast.therapist.pk}/"
    shown = owner.get(page).context["work"]
    assert (shown.appointments, shown.items) == (2, 1)

    answer = owner.post(f"{page}hand-over/", {"to": str(cast.colleague.pk)}, follow=True)

    assert "Appointments: 1. Worklist: 1." in answer.content.decode()
    with tenancy.scope(cast.clinic.pk):
        therapists = [Appointment.objects.get(pk=visit.pk).therapist_id for visit in visits]
        assert Item.objects.get(pk=item).taken_by_id == cast.colleague.pk
        actions_done = set(AuditEvent.objects.values_list("action", flat=True))
    assert therapists == [cast.colleague.pk, cast.therapist.pk]  # the second lies outside the colleague's hours
    assert {"worklist.hand_over", "person.hand_over"} <= actions_done


def test_open_work_goes_to_no_one_who_cannot_do_it(cast, owner, work):
    with tenancy.scope(cast.clinic.pk):
        for to in (cast.staff, cast.stranger, cast.therapist):
            with pytest.raises(Invalid):
                handover.hand_over(from_id=cast.therapist.pk, to_id=to.pk, by=cast.actor(cast.owner), at=timezone.now())
        with pytest.raises(OwnersOnly):
            handover.hand_over(
                from_id=cast.therapist.pk, to_id=cast.colleague.pk, by=cast.actor(cast.staff), at=timezone.now()
            )
    assert owner.post(f"/settings/people/{cast.therapist.pk}/hand-over/", {"to": "x"}).status_code == 400


def test_who_leaves_cannot_sign_in_and_their_appointments_come_on_the_worklist(cast, owner, work):
    visits, _item = work
    therapist = signed_in(cast.therapist)
    assert therapist.get("/").status_code == 200
    assert owner.post(f"/settings/people/{cast.therapist.pk}/deactivate/").status_code == 302
    assert therapist.get("/").status_code == 302 or b"sign in" in therapist.get("/").content.lower()
    assert not User.objects.get(pk=cast.therapist.pk).is_active
    with tenancy.scope(cast.clinic.pk):
        waiting = set(Item.objects.open().values_list("about_id", flat=True))
    assert {visit.pk for visit in visits} <= waiting
    assert "Deactivated" in owner.get("/settings/people/").content.decode()
    assert owner.get(f"/settings/people/{cast.therapist.pk}/").status_code == 200


# --- Programs -------------------------------------------------------------------------------------------------

PROGRAM = {"name": "Billing", "scopes": ["patients:read"], "acts_for": "", "redirect_uris": "", "allowed_origins": ""}


def field(page, name):
    return re.search(rf'id="{name}" value="([^"]+)"', page.content.decode())[1]


def token(client_id, secret):
    sent = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    return Client().post("/oauth/token/", sent)


def test_a_secret_is_shown_once_rotated_and_revoked(cast, owner):
    made = owner.post("/settings/programs/", PROGRAM)
    client_id, secret = field(made, "client-id"), field(made, "secret")
    assert 'data-copy="secret"' in made.content.decode()
    assert secret not in owner.get("/settings/programs/").content.decode()
    assert "never" in owner.get("/settings/programs/").content.decode()
    access = token(client_id, secret).json()["access_token"]
    bearer = {"Authorization": f"Bearer {access}"}
    assert Client().get("/api/v1/patients/", headers=bearer).status_code == 200
    program = ApiClient.objects.get(client_id=client_id)
    assert timezone.now() - program.last_token_at < timedelta(minutes=1)

    rotated = owner.post(f"/settings/programs/{program.pk}/secret/")
    fresh = field(rotated, "secret")
    assert fresh != secret
    assert Client().get("/api/v1/patients/", headers=bearer).status_code == 401
    assert token(client_id, secret).status_code == 401
    assert token(client_id, fresh).status_code == 200

    assert owner.post(f"/settings/programs/{program.pk}/revoke/").status_code == 302
    assert token(client_id, fresh).status_code == 401
    assert client_id not in owner.get("/settings/programs/").content.decode()


@pytest.mark.parametrize(
    "wrong",
    [{"name": " "}, {"scopes": []}, {"scopes": ["everything"]}, {"allowed_origins": "https://app.example"}],
)
def test_a_program_that_cannot_be_is_refused(cast, owner, wrong):
    before = ApiClient.objects.count()
    assert owner.post("/settings/programs/", {**PROGRAM, **wrong}).status_code == 400
    assert ApiClient.objects.count() == before


def test_only_owners_of_its_clinic_touch_a_program(cast, owner):
    with tenancy.scope(cast.clinic.pk):
        for act in (actions.rotate_secret, actions.remove_client):
            with pytest.raises(OwnersOnly):
                act(client=cast.program, by=cast.actor(cast.therapist))
    other = ApiClient.objects.get(pk=cast.program.pk)
    ApiClient.objects.filter(pk=other.pk).update(clinic=cast.other_clinic)
    assert owner.post(f"/settings/programs/{other.pk}/secret/").status_code == 404
    assert owner.post(f"/settings/programs/{other.pk}/revoke/").status_code == 404


# --- The access log -------------------------------------------------------------------------------------------


def test_the_log_says_who_looked_at_a_patient(cast, owner, patient):
    signed_in(cast.therapist).get(f"/patients/{patient}/")
    signed_in(cast.staff).get(f"/patients/{patient}/")
    page = owner.get(f"/patients/{patient}/access/")
    assert page.status_code == 200
    summary = dict(page.context["summary"])
    assert {"Therapist", "Staff"} <= set(summary)
    assert "data-print" in page.content.decode()
    past = owner.get(f"/patients/{patient}/access/?from=2001-01-01&until=2001-01-02")
    assert past.context["lines"] == []
    assert owner.get(f"/patients/{patient}/access/?from=x&until=9999-99-99").status_code == 200
    assert f"/patients/{patient}/access/" in owner.get(f"/patients/{patient}/").content.decode()
    again = dict(owner.get(f"/patients/{patient}/access/").context["summary"])
    assert "Owner" in again  # to look at the log is to look at the patient


def test_the_clinics_log_is_filtered_by_kind_and_person(cast, owner, patient):
    signed_in(cast.therapist).get(f"/patients/{patient}/")
    signed_in(cast.therapist).get("/settings/clinic/")
    owner.post("/settings/people/", {"email": "kim@example.org", "role": "staff"})

    def actions_of(query):
        return {line["event"].action for line in owner.get(f"/settings/audit/?{query}").context["lines"]}

    assert "page.patient" in actions_of("kind=patients")
    assert "page.patient" not in actions_of(f"kind=patients&who={cast.staff.pk}")
    assert actions_of("kind=refused") == {"page.settings.clinic"}
    assert "invitation.send" in actions_of("kind=settings")
    assert "page.patient" not in actions_of("kind=settings")
    assert actions_of("kind=all&before=2001-01-01T00:00:00%2B00:00") == set()
    assert owner.get("/settings/audit/?kind=x&who=x&before=x").status_code == 200


def test_the_log_is_the_clinics_own(cast, owner, patient):
    with tenancy.scope(cast.other_clinic.pk):
        by = cast.actor(cast.stranger, clinic=cast.other_clinic)
        other = patients.register_patient(details={"family_name": "Hidden"}, by=by, at=timezone.now())
    assert owner.get(f"/patients/{other.pk}/access/").status_code == 404
    assert "Hidden" not in owner.get("/settings/audit/?kind=all").content.decode()
