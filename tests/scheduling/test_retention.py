"""What is let go after the operator's time, and what is kept whatever they say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from database import tenancy
from identity.actor import Actor
from messaging import links
from messaging.models import DeliveryEvent, Link, Message
from scheduling import periodic, retention
from tests import builders
from worklist import actions as worklist
from worklist.models import Item

NOW = timezone.now
LONG_AGO = timedelta(days=500)


@pytest.fixture
def patient_id(cast: Any) -> Any:
    with tenancy.scope(cast.clinic.pk):
        return builders.patient(cast.actor()).pk


def message(cast: Any, patient_id: Any, *, ago: timedelta, state: str = "delivered", **fields: Any) -> Message:
    at = NOW() - ago
    return Message.objects.create(
        clinic=cast.clinic,
        patient_id=patient_id,
        kind="review_due",
        channel="email",
        about_id=uuid4(),
        dedupe_key=str(uuid4()),
        state=state,
        due_at=at,
        late_at=at,
        next_at=at,
        **fields,
    )


def link(cast: Any, patient_id: Any, *, ago: timedelta) -> Link:
    ends = NOW() - ago
    return links.make(
        purpose="check_in", patient_id=patient_id, about_id=uuid4(), clinic_id=cast.clinic.pk, expires_at=ends
    )


def item(cast: Any, patient_id: Any, *, closed_ago: timedelta | None) -> Item:
    about = uuid4()
    pk, _new = worklist.raise_item(
        kind="recall", patient_id=patient_id, about_id=about, facts={}, by=cast.actor(), at=NOW()
    )
    if closed_ago is not None:
        Item.objects.filter(pk=pk).update(done_at=NOW() - closed_ago, outcome="reached")
    return Item.objects.get(pk=pk)


def let_go(cast: Any) -> int:
    by = Actor.system(cast.clinic.pk, "retention")
    return retention.let_go(by=by, before=NOW() - timedelta(days=400))


def test_what_was_over_long_ago_goes_and_nothing_else(cast, patient_id):
    with tenancy.scope(cast.clinic.pk):
        old_link = link(cast, patient_id, ago=LONG_AGO)
        gone = [
            message(cast, patient_id, ago=LONG_AGO, link=old_link),
            old_link,
            link(cast, patient_id, ago=LONG_AGO),
            item(cast, patient_id, closed_ago=LONG_AGO),
        ]
        reported = message(cast, patient_id, ago=LONG_AGO)
        DeliveryEvent.objects.create(
            clinic=cast.clinic, message=reported, provider="mail", event_id="1", told="delivered"
        )
        kept = [
            reported,
            message(cast, patient_id, ago=timedelta(days=300)),
            message(cast, patient_id, ago=LONG_AGO, state="queued"),
            link(cast, patient_id, ago=timedelta(days=300)),
            item(cast, patient_id, closed_ago=timedelta(days=300)),
            item(cast, patient_id, closed_ago=None),
        ]
    assert let_go(cast) == len(gone)
    assert let_go(cast) == 0
    with tenancy.scope(cast.clinic.pk):
        assert not any(type(row).objects.filter(pk=row.pk).exists() for row in gone)
        assert all(type(row).objects.filter(pk=row.pk).exists() for row in kept)
        removed = AuditEvent.objects.filter(action="retention.let_go")
        assert set(removed.values_list("code", "times")) == {("messages", 1), ("links", 2), ("items", 1)}


def test_another_clinics_rows_stay(cast, patient_id):
    with tenancy.scope(cast.clinic.pk):
        theirs = item(cast, patient_id, closed_ago=LONG_AGO)
    by = Actor.system(cast.other_clinic.pk, "retention")
    assert retention.let_go(by=by, before=NOW() - timedelta(days=400)) == 0
    with tenancy.scope(cast.clinic.pk):
        assert Item.objects.filter(pk=theirs.pk).exists()


def test_nothing_goes_unless_the_operator_says_so(cast, patient_id, settings):
    settings.KEEP_DAYS = 0
    assert periodic.let_go_all() == 0


def test_the_nightly_task_takes_the_operators_days(cast, patient_id, settings):
    settings.KEEP_DAYS = 450
    with tenancy.scope(cast.clinic.pk):
        item(cast, patient_id, closed_ago=timedelta(days=440))
        item(cast, patient_id, closed_ago=timedelta(days=460))
    assert periodic.let_go(str(cast.clinic.pk)) == 1
