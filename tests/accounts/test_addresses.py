"""An address that looks alike in upper or lower case is another person's: `therapıst@` is not `therapist@`."""

import hashlib
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts import invitations, tasks
from accounts.models import Invitation, User
from database import tenancy
from database.expressions import fold_address
from tests import builders

ASCII = "Kim.Ist@example.org"
SAME = ["kim.ist@example.org", "KIM.IST@EXAMPLE.ORG", "  kim.Ist@example.org "]
OTHERS = ["kım.ist@example.org", "\u212aim.ist@example.org", "kim.i\u017ft@example.org", "kim.İst@example.org"]


@pytest.fixture
def kim(cast):
    return builders.user(ASCII, "Kim")


@pytest.mark.parametrize("address", SAME)
def test_case_makes_no_difference(kim, address):
    assert list(User.objects.filter(email__same_address=address)) == [kim]
    assert User.objects.get_by_natural_key(address) == kim
    assert fold_address(address) == fold_address(ASCII)
    assert signs_in(address)


def signs_in(address):
    Client().post("/account/login/", {"login": address, "password": builders.PASSWORD})
    client = Client()
    client.post("/account/login/", {"login": address, "password": builders.PASSWORD})
    return "_auth_user_id" in client.session


@pytest.mark.parametrize("address", OTHERS)
def test_another_letter_is_another_address(cast, kim, inbox, address):
    assert not User.objects.filter(email__same_address=address).exists()
    with pytest.raises(User.DoesNotExist):
        User.objects.get_by_natural_key(address)
    assert tasks.send_reset_link(address, "en") == 0
    with tenancy.scope(cast.clinic.pk):
        now, by = timezone.now(), cast.actor(cast.owner)
        first = Invitation.objects.create(
            clinic=cast.clinic, email=ASCII, role="staff", invited_by_id=by.user_id, expires_at=now + timedelta(days=7)
        )
        assert invitations.invited_user(first) == kim
        # Neither the invitation nor the account of the one is the other's.
        second = Invitation(clinic=cast.clinic, email=address, role="staff")
        assert invitations.invited_user(second) is None
        assert not Invitation.objects.filter(email__same_address=address).exists()


# PostgreSQL's lower() makes k and i of the other two: of those pairs, only one can have an account.
@pytest.mark.parametrize("address", [OTHERS[0], OTHERS[2]])
def test_the_database_takes_both(kim, address):
    assert User.objects.create_user(address, name="Another").pk != kim.pk


@pytest.mark.parametrize("address", [OTHERS[0], OTHERS[2]])
def test_nobody_signs_in_with_a_look_alike(kim, address):
    assert not signs_in(address)


def test_an_invitation_is_accepted_by_its_address_only(cast, kim):
    other = builders.user(OTHERS[0], "Another")
    with tenancy.scope(cast.clinic.pk):
        token = f"{cast.clinic.pk.hex}-link"
        Invitation.objects.create(
            clinic=cast.clinic,
            email=ASCII,
            role="staff",
            invited_by_id=cast.owner.pk,
            expires_at=timezone.now() + timedelta(days=7),
            token_sha256=hashlib.sha256(token.encode()).hexdigest(),
        )
    with pytest.raises(invitations.NotInvited):
        invitations.accept_as_user(token=token, user=other, ip=None, at=timezone.now())
