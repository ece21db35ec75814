"""Owners and support look at what is booked, sent and waiting; that they looked stands in the audit trail."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from database import tenancy
from homecare import rules
from homecare.checkins import actions as check_in_actions
from homecare.models import CheckIn
from tests.test_routes import Ids


@pytest.fixture
def browser(cast):
    client = Client()
    client.force_login(cast.owner)
    return client


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("scheduling/appointment", "appointment"), ("scheduling/series", "series"), ("scheduling/waiting", "waiting"),
        ("worklist/item", "item"), ("messaging/message", "message"), ("homecare/programme", "programme"),
        ("homecare/checkin", "check_in"),
    ],
)  # fmt: skip
def test_a_row_can_be_looked_at_and_not_changed(cast, patient, browser, model, name):
    ids = Ids(cast, patient)
    if name == "check_in":
        programme = ids["programme"]
        with tenancy.scope(cast.clinic.pk):
            check_in_actions.answer_day(
                programme_id=programme,
                answers=rules.CheckInAnswers(pain=3, note="better"),
                link=None,
                by=cast.actor(),
                at=timezone.now(),
            )
            ids[name] = str(CheckIn.objects.get().pk)
    path = f"/admin/{model}/{ids[name]}/change/"

    page = browser.get(path)
    assert page.status_code == 200
    assert b"_save" not in page.content
    assert b"token" not in page.content.lower().replace(b"csrfmiddlewaretoken", b"")
    assert browser.post(path, {}).status_code == 403
    assert str(ids[name]).encode() in browser.post(f"/admin/{model}/", {"q": ids[name]}).content
    with tenancy.scope(cast.clinic.pk):
        action = f"admin.{model.replace('/', '_')}_change"
        assert AuditEvent.objects.filter(action=action, patient_ids=[patient], user_id=cast.owner.pk).exists()
