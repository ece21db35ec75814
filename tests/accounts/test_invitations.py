"""People join by accepting an invitation; the owner learns nothing before, and no one else can accept it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts import invitations, tasks
from accounts.models import Invitation, Membership, User
from accounts.policies import OwnersOnly
from database import tenancy
from errors.exceptions import DomainError, Invalid
from tests import builders

NEW = "seventeen quiet herons"
BEGIN = {"name": "Kim Lund", "registration_no": "PT 77", "password1": NEW, "password2": NEW}


def browser(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def invite(cast, inbox):
    """Invites by the admin; returns the path of the mailed link."""

    def send(email, role="therapist"):
        page = browser(cast.owner).post("/admin/accounts/invitation/add/", {"email": email, "role": role}, follow=True)
        assert "@example.org gets a mail with a link" in page.content.decode(), [
            str(m) for m in page.context["messages"]
        ]
        with tenancy.scope(cast.clinic.pk):
            invitation = Invitation.objects.get(email=email, role=role, withdrawn_at=None, accepted_at=None)
        return mail(invitation), page.content.decode()

    def mail(invitation):
        assert tasks.send_invitation(str(cast.clinic.pk), str(invitation.pk))
        text = inbox.taken[-1].get_payload(decode=True).decode()
        assert inbox.taken[-1]["To"] == invitation.email
        return re.search(r"https?://[^/]+(/\S+)", text)[1]

    send.mail = mail
    return send


def roles_here(cast, user):
    with tenancy.scope(cast.clinic.pk):
        return set(Membership.objects.active().filter(user=user).values_list("role", flat=True))


def test_a_new_colleague_chooses_their_own_password(cast, invite):
    link, page = invite("kim@example.org")
    assert "shown this once" not in page
    for _scanner in range(2):  # reading the link accepts nothing
        assert b"Harbour Clinic" in Client().get(link).content
    assert not User.objects.filter(email="kim@example.org").exists()
    assert Client().post(link, BEGIN | {"password1": "short", "password2": "short"}).status_code == 400

    assert Client().post(link, BEGIN)["Location"] == "/account/login/"

    kim = Client()
    assert kim.post("/account/login/", {"login": "kim@example.org", "password": NEW}).status_code == 302
    assert kim.get("/api/v1/me/").json()["clinic"] == "harbour"
    assert Client().post(link, BEGIN | {"name": "Eve"}).status_code == 409  # once


def test_the_owner_learns_nothing_of_another_clinics_therapist_until_they_confirm(cast, invite):
    User.objects.filter(pk=cast.stranger.pk).update(name="Robin Vale", registration_no="RV-4711")
    owner = browser(cast.owner)
    link, page = invite(cast.stranger.email)
    lists = [page] + [
        owner.get(f"/admin/accounts/{name}/").content.decode() for name in ("membership", "invitation", "apiclient/add")
    ]
    assert not any("Robin" in text or "RV-4711" in text or str(cast.stranger.pk) in text for text in lists)
    assert roles_here(cast, cast.stranger) == set()

    # Nobody can accept it without an account's own session, and nobody else in theirs.
    assert Client().post(link, BEGIN)["Location"].startswith("/account/login/?next=")
    for other in (cast.owner, cast.colleague):
        assert browser(other).post(link).status_code == 403
    assert roles_here(cast, cast.stranger) == set()

    stranger = browser(cast.stranger)
    assert b"Accept invitation" in stranger.get(link).content
    assert stranger.post(link)["Location"] == "/clinics/"
    assert roles_here(cast, cast.stranger) == {"therapist"}
    assert "Robin Vale" in owner.get("/admin/accounts/membership/").content.decode()


def test_it_expires_and_is_sent_again_and_withdrawn(cast, invite):
    first, _page = invite("kim@example.org")
    with tenancy.scope(cast.clinic.pk):
        invitation = Invitation.objects.get()
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Client().post(first, BEGIN).status_code == 409

    owner = browser(cast.owner)
    owner.post("/admin/accounts/invitation/", {"action": "send_again", "_selected_action": [str(invitation.pk)]})
    second = invite.mail(invitation)
    assert Client().get(first).status_code == 409
    assert Client().get(second).status_code == 200

    owner.post(f"/admin/accounts/invitation/{invitation.pk}/delete/", {"post": "yes"})
    assert Client().post(second, BEGIN).status_code == 409
    assert not User.objects.filter(email="kim@example.org").exists()
    with tenancy.scope(cast.clinic.pk):
        assert not tasks.send_invitation(str(cast.clinic.pk), str(invitation.pk))


def test_a_second_invitation_replaces_the_first(cast, invite):
    first, _page = invite("kim@example.org")
    second, _page = invite("kim@example.org")

    assert [Client().get(link).status_code for link in (first, second)] == [409, 200]
    with tenancy.scope(cast.clinic.pk):
        assert Invitation.objects.count() == 1


def test_only_owners_invite_and_only_in_their_clinic(cast):
    sent = {"clinic": cast.clinic, "email": "kim@example.org", "role": "owner", "at": timezone.now()}
    with tenancy.scope(cast.clinic.pk), pytest.raises(OwnersOnly):
        invitations.invite(**sent, by=cast.actor())
    with tenancy.scope(cast.clinic.pk):
        invitations.invite(**sent, by=cast.actor(cast.owner))
        for wrong in ({"role": "king"}, {"email": "nobody"}):
            with pytest.raises(Invalid):
                invitations.invite(**sent | wrong, by=cast.actor(cast.owner))
    with tenancy.scope(cast.other_clinic.pk):
        assert not Invitation.objects.exists()


def test_a_deactivated_account_begins_again_with_a_new_password(cast, invite):
    User.objects.filter(pk=cast.stranger.pk).update(is_active=False)
    link, _page = invite(cast.stranger.email)

    assert Client().post(link, BEGIN)["Location"] == "/account/login/"

    old, new = Client(), Client()
    login = "/account/login/"
    assert old.post(login, {"login": cast.stranger.email, "password": builders.PASSWORD}).status_code == 200
    assert new.post(login, {"login": cast.stranger.email, "password": NEW}).status_code == 302


@pytest.mark.parametrize("token", ["x", "0" * 32, "0" * 32 + "x" * 43, "\x00" * 40, "%F0%9F" * 9])
def test_an_invented_link_is_refused(cast, token):
    assert Client().get(f"/account/invitation/{token}/").status_code in (404, 409)


def test_nobody_accepts_with_anothers_account_by_the_action(cast, invite):
    link, _page = invite(cast.stranger.email)
    token = link.rstrip("/").rpartition("/")[2]
    with pytest.raises(DomainError):
        invitations.accept_as_user(token=token, user=cast.colleague, ip=None, at=timezone.now())
    with pytest.raises(DomainError):
        invitations.accept_as_new(token=token, name="Eve", registration_no="", password=NEW, ip=None, at=timezone.now())
