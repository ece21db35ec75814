"""Access ends when it should: apps' tokens with the password, the account and the last role, by every entry point."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client

from accounts import actions
from accounts.models import ApiClient, Membership, User
from database import tenancy
from errors.exceptions import DomainError
from tests import builders
from tests.accounts.test_oauth import authorize, bearer, exchange

NEW = "seventeen quiet herons"


@pytest.fixture
def app(cast):
    return ApiClient.objects.create(
        clinic=cast.clinic,
        name="Tablet",
        client_type=ApiClient.CLIENT_PUBLIC,
        authorization_grant_type=ApiClient.GRANT_AUTHORIZATION_CODE,
        redirect_uris="https://tablet.example/done",
        allowed_scopes="patients:read patients:write records:export",
    )


@pytest.fixture
def tokens(cast, app):
    return exchange(app, authorize(app, cast.therapist)).json()


def refresh(app, tokens):
    sent = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": app.client_id}
    return Client().post("/oauth/token/", sent)


def change_password_by_page(cast):
    client = Client()
    client.force_login(cast.therapist)
    sent = {"oldpassword": builders.PASSWORD, "password1": NEW, "password2": NEW}
    assert client.post("/account/password/change/", sent).status_code == 302


def change_password_by_sql(cast):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_user SET password = 'x' WHERE id = %s", [cast.therapist.pk])


def deactivate_in_the_admin(cast):
    with tenancy.scope(cast.clinic.pk):
        row = Membership.objects.get(user=cast.therapist)
    owner = Client()
    owner.force_login(cast.owner)
    sent = {"action": "deactivate", "_selected_action": [str(row.pk)]}
    page = owner.post("/admin/accounts/membership/", sent, follow=True).content.decode()
    assert "Therapist can no longer work here" in page


def deactivate_by_sql(cast):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_user SET is_active = false WHERE id = %s", [cast.therapist.pk])


def end_the_only_role(cast):
    with tenancy.scope(cast.clinic.pk):
        actions.end_membership(membership=Membership.objects.get(user=cast.therapist), by=cast.actor(cast.owner))


@pytest.mark.parametrize(
    "end",
    [
        change_password_by_page,
        change_password_by_sql,
        deactivate_in_the_admin,
        deactivate_by_sql,
        end_the_only_role,
    ],
)
def test_tokens_end_and_do_not_return(cast, app, tokens, end):
    assert bearer(tokens["access_token"]).status_code == 200
    waiting_code = authorize(app, cast.therapist)

    end(cast)

    # Even if the account and the role are given back, the old tokens stay ended.
    User.objects.filter(pk=cast.therapist.pk).update(is_active=True)
    with tenancy.scope(cast.clinic.pk):
        Membership.objects.filter(user=cast.therapist).update(is_active=True)
    assert bearer(tokens["access_token"]).status_code == 401
    assert refresh(app, tokens).status_code == 400
    assert exchange(app, waiting_code).status_code == 400


def test_a_role_that_remains_keeps_the_tokens(cast, tokens):
    with tenancy.scope(cast.clinic.pk):
        row = Membership.objects.create(clinic=cast.clinic, user=cast.therapist, role="staff")
        actions.end_membership(membership=row, by=cast.actor(cast.owner))

    assert bearer(tokens["access_token"]).status_code == 200


def test_a_person_sees_their_apps_and_ends_one(cast, app, tokens):
    client = Client()
    client.force_login(cast.therapist)
    assert "Tablet" in client.get("/account/access/").content.decode()

    other = Client()
    other.force_login(cast.colleague)
    other.post(f"/account/access/apps/{app.pk}/end/")
    assert bearer(tokens["access_token"]).status_code == 200

    client.post(f"/account/access/apps/{app.pk}/end/")
    assert bearer(tokens["access_token"]).status_code == 401
    assert refresh(app, tokens).status_code == 400
    assert "Tablet" not in client.get("/account/access/").content.decode()


def test_a_person_of_two_clinics_stays_in_the_other(cast):
    with tenancy.scope(cast.other_clinic.pk):
        Membership.objects.create(clinic=cast.other_clinic, user=cast.therapist, role="therapist")
    with tenancy.scope(cast.clinic.pk, user_id=cast.owner.pk):
        actions.deactivate_person(clinic=cast.clinic, user=cast.therapist, by=cast.actor(cast.owner))

    client = Client()
    client.force_login(cast.therapist)
    page = client.get("/account/access/")
    assert [row.clinic.name for row in page.context["memberships"]] == ["Hill Practice"]


def test_who_may_deactivate_and_that_an_owner_remains(cast):
    with tenancy.scope(cast.clinic.pk):
        for who, by in ((cast.colleague, cast.therapist), (cast.owner, cast.owner)):
            with pytest.raises(DomainError) as refusal:
                actions.deactivate_person(clinic=cast.clinic, user=who, by=cast.actor(by))
            assert refusal.value.reason in ("owners_only", "last_owner")
