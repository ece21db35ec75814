"""Competencies: recorded with their proof, by the owner where it matters; ended ones do not hold."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from accounts import queries
from accounts.models import Clinic, Competency
from accounts.rules import KnownCompetency
from database import tenancy
from tests import builders
from tests.reading import revisions_on

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(cast):
    client = Client()
    client.force_login(cast.owner)
    return client


@pytest.fixture
def today(cast):
    return timezone.now().astimezone(queries.clinic_zone(cast.clinic.pk)).date()


def body(cast, technique="dn_thorax", **fields):
    return {"user_id": str(cast.therapist.pk), "technique": technique, **fields}


def known(cast):
    with tenancy.scope(cast.clinic.pk):
        return queries.competencies_of(cast.therapist.pk, cast.clinic.pk)


def test_a_proof_is_kept_with_who_has_seen_it_and_when(cast, api, today):
    sent = body(cast, proof="Certificate 12/2024", valid_until="2030-01-31")

    made = api(cast.owner).post("/competencies/", sent).json()

    assert (made["proof_seen_on"], made["proof_seen_by_id"]) == (today.isoformat(), str(cast.owner.pk))
    assert [(c.code, c.valid_until.isoformat()) for c in known(cast)] == [("dn_thorax", "2030-01-31")]
    cleared = api(cast.owner).request("patch", f"/competencies/{made['id']}/", {"proof": ""}, If_Match="*").json()
    assert (cleared["proof"], cleared["proof_seen_on"], cleared["proof_seen_by_id"]) == ("", None, None)


def test_advanced_trainings_are_the_owners_to_record(cast, api):
    for who in (cast.therapist, cast.staff):
        answer = api(who).post("/competencies/", body(cast))
        assert (answer.status_code, answer.json()["code"]) == (403, "owners_only")
    assert api(cast.staff).post("/competencies/", body(cast, "massage")).status_code == 201
    made = api(cast.owner).post("/competencies/", body(cast)).json()
    path = f"/competencies/{made['id']}/"
    assert api(cast.staff).request("patch", path, {"technique": "advice"}, If_Match="*").status_code == 403
    assert api(cast.staff).request("delete", path, If_Match="*").status_code == 403
    assert api(cast.owner).request("delete", path, If_Match="*").status_code == 204
    assert api(builders.program(cast.clinic)).post("/competencies/", body(cast)).status_code == 201


def test_ended_yesterday_does_not_hold(today):
    assert KnownCompetency("dn_basic", today).holds(today)
    assert not KnownCompetency("dn_basic", today - timedelta(days=1)).holds(today)
    assert KnownCompetency("dn_basic").holds(today)


def test_what_ends_within_sixty_days_is_on_the_owners_list(cast, api, owner, today):
    for technique, days in (("dn_thorax", 61), ("dn_basic", 60), ("dn_pelvic", -1), ("massage", None)):
        until = None if days is None else (today + timedelta(days=days)).isoformat()
        sent = body(cast, technique, valid_until=until)
        assert api(cast.owner).post("/competencies/", sent).status_code == 201

    rows = api(cast.owner).get("/competencies/expiring/").json()["results"]

    assert [(r["technique"], r["has_ended"]) for r in rows] == [("dn_pelvic", True), ("dn_basic", False)]
    page = owner.get("/competencies/").content.decode()
    assert "Dry needling of the pelvis" in page
    assert "Dry needling of the thorax" not in page
    assert "2 have expired or expire within 60 days" in owner.get("/").content.decode()
    assert api(cast.stranger).get("/competencies/expiring/").json()["results"] == []


def test_the_owners_page_is_the_owners(cast, owner):
    therapist = Client()
    therapist.force_login(cast.therapist)

    assert therapist.get("/competencies/").status_code == 403
    assert therapist.post("/competencies/", {"basic_training": "never", "revision": "1"}).status_code == 403
    assert owner.post("/competencies/", {"basic_training": "sometimes", "revision": "1"}).status_code == 400
    assert Clinic.objects.get(pk=cast.clinic.pk).basic_training == "once_recorded"
    assert Client().get("/competencies/").status_code == 302


def test_whether_plain_needling_needs_the_basic_training(cast, api, owner):
    def required():
        with tenancy.scope(cast.clinic.pk):
            return queries.requires_basic(cast.clinic.pk)

    assert not required()
    api(cast.staff).post("/competencies/", body(cast, "massage"))
    assert not required()
    api(cast.staff).post("/competencies/", body(cast, "dry_needling"))
    assert required()
    for setting, expected in (("never", False), ("always", True)):
        assert (
            owner.post(
                "/competencies/", {"basic_training": setting, **revisions_on(owner.get("/competencies/"))}
            ).status_code
            == 302
        )
        assert required() is expected


def test_another_clinics_competencies_are_not_seen(cast, api):
    api(cast.owner).post("/competencies/", body(cast))

    with tenancy.scope(cast.other_clinic.pk):
        assert Competency.objects.count() == 0
        with pytest.raises(DatabaseError), transaction.atomic():
            Competency.objects.create(clinic=cast.clinic, user=cast.therapist, technique="massage")


@pytest.mark.parametrize("fields", [{"technique": "dn_head"}, {"proof": "x"}, {"proof_seen_on": "2026-01-01"}])
def test_the_database_refuses_what_cannot_be(cast, fields):
    values = {"technique": "massage"} | fields
    with tenancy.scope(cast.clinic.pk), pytest.raises(DatabaseError), transaction.atomic():
        Competency.objects.create(clinic=cast.clinic, user=cast.therapist, **values)
