"""The owner's pages: a restriction, a hold and an erasure are begun and ended there, and what may go is listed."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Clinic
from database import tenancy
from patients.models import Patient
from privacy.models import RightsCase
from tests import builders

REASON = "Asked for in writing."


@pytest.fixture
def owner(cast):
    client = Client()
    client.force_login(cast.owner)
    return client


@pytest.fixture
def patient(cast):
    with tenancy.scope(cast.clinic.pk):
        return builders.patient(cast.actor())


@pytest.mark.parametrize(
    ("act", "kind", "is_hidden"),
    [("restrict", "restriction", True), ("erase", "erasure", True), ("hold", "legal_hold", False)],
)
def test_a_case_is_begun_and_ended(cast, owner, patient, act, kind, is_hidden):
    url = f"/patients/{patient.pk}/rights/"
    sent = {"act": act, "reason": REASON, "revision": patient.revision}
    assert owner.post(url, {**sent, "reason": "too short"}).status_code == 400
    assert owner.post(url, {**sent, "revision": "99"}).status_code == 409
    assert owner.post(url, sent).status_code == 302
    with tenancy.scope(cast.clinic.pk):
        case = RightsCase.objects.get()
    assert (case.kind, case.reason, case.begun_by_user_id) == (kind, REASON, cast.owner.pk)
    assert (case.due_at - case.begun_at == timedelta(days=14)) if act == "erase" else case.due_at is None
    assert owner.get(f"/patients/{patient.pk}/").status_code == (404 if is_hidden else 200)
    for path in (url, "/settings/rights/"):
        text = owner.get(path).content.decode()
        assert REASON in text
        assert patient.family_name in text
    assert owner.post(url, sent).status_code == 409
    assert owner.post(f"/settings/rights/{case.pk}/end/").status_code == 302
    assert owner.post(f"/settings/rights/{case.pk}/end/").status_code == 409
    assert owner.get(f"/patients/{patient.pk}/").status_code == 200
    assert owner.post(url, {**sent, "act": "forget"}).status_code == 400


def test_the_rule_lists_what_need_not_be_kept(cast, owner, patient):
    with tenancy.scope(cast.clinic.pk):
        minor = builders.patient(
            cast.actor(), family_name="Minor", birth_date=timezone.localdate() - timedelta(days=5000)
        )
        ten_years = timezone.now() - timedelta(days=3660)
        Patient.objects.filter(pk__in=[patient.pk, minor.pk]).update(created_at=ten_years)
    page = owner.get("/settings/rights/")
    assert "Need not be kept" not in page.content.decode()
    sent = {"retention": "gb", "revision": page.context["request"].clinic.revision}
    assert owner.post("/settings/rights/", {**sent, "retention": "atlantis"}).status_code == 400
    assert owner.post("/settings/rights/", sent).status_code == 302
    listed = owner.get("/settings/rights/").context["expired"]
    assert [line.patient.pk for line in listed] == [patient.pk]
    url = f"/patients/{patient.pk}/rights/"
    owner.post(url, {"act": "hold", "reason": REASON, "revision": patient.revision})
    assert owner.get("/settings/rights/").context["expired"] == []


def test_the_law_is_asked_before_an_erasure(cast, owner, patient):
    with tenancy.scope(cast.clinic.pk):
        Clinic.objects.filter(pk=cast.clinic.pk).update(retention="gb")
    url = f"/patients/{patient.pk}/rights/"
    sent = {"act": "erase", "reason": REASON, "revision": patient.revision}
    assert owner.post(url, sent).status_code == 409
    assert owner.post(url, {**sent, "despite_law": "on"}).status_code == 302
