"""What is done for all running programmes at once: each in a transaction of its own, and with few statements."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from database import tenancy
from homecare import maintenance, rules
from homecare.checkins import actions as check_in_actions
from homecare.models import Occurrence, Programme, ReminderPlan
from homecare.programmes import actions
from homecare.reminders import planning
from identity.actor import Actor
from tests import builders
from tests.committed import at_once, committed
from tests.homecare.test_stopping_at_once import publish, write
from worklist.models import Item

__all__ = ["committed"]
NOW = timezone.now


def running(cast: Any) -> UUID:
    """A programme that reminds its own patient by mail, not yet planned."""
    with tenancy.scope(cast.clinic.pk):
        patient = builders.patient(cast.actor(), email="r@mail.example", consent_email="granted")
    programme_id = write(cast, patient.pk)
    assert publish(cast, programme_id) == "given"
    with tenancy.scope(cast.clinic.pk):
        programme = Programme.objects.select_related("patient").get(pk=programme_id)
        times = {"times": [time(12)], "weekdays": range(7)}
        actions.set_reminders(programme=programme, channels=["email"], **times, by=cast.actor(), at=NOW())
        Occurrence.objects.filter(programme=programme).delete()
        ReminderPlan.objects.filter(programme=programme).update(planned_on=None)
    return programme_id


def is_free(cast: Any, programme_id: UUID) -> bool:
    with tenancy.scope(cast.clinic.pk):
        rows = Programme.objects.select_for_update(skip_locked=True)
        return rows.filter(pk=programme_id).exists()


def test_planning_holds_one_programme_at_a_time(committed, monkeypatch):
    programmes = {running(committed) for _ in range(3)}
    plan_ahead, done, free = planning.plan_ahead, [], []

    def plan_and_look(programme, *, at):
        free.extend(at_once([lambda: [is_free(committed, pk) for pk in done]])[0])
        plan_ahead(programme, at=at)
        done.append(programme.pk)

    monkeypatch.setattr(planning, "plan_ahead", plan_and_look)
    maintenance.look_after(by=Actor.system(committed.clinic.pk, "reminders"), at=NOW())

    assert set(done) == programmes
    assert free == [True, True, True]
    with tenancy.scope(committed.clinic.pk):
        planned = Occurrence.objects.filter(status="planned").values_list("programme_id", flat=True)
        assert set(planned) == programmes


def test_what_there_is_to_plan_is_found_in_as_many_statements_for_one_and_for_three(committed):
    system = Actor.system(committed.clinic.pk, "reminders")
    counts = []
    for more in (1, 2):
        for _ in range(more):
            running(committed)
        maintenance.plan_days(by=system, at=NOW())
        with CaptureQueriesContext(connection) as queries:
            assert maintenance.plan_days(by=system, at=NOW()) == 0
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_silence_is_noted_in_as_many_statements_for_one_and_for_three(committed):
    system = Actor.system(committed.clinic.pk, "reminders")
    later = NOW() + timedelta(days=rules.SILENT_DAYS + 1)
    programmes: set[UUID] = set()
    counts = []
    for more in (1, 2):
        programmes |= {running(committed) for _ in range(more)}
        with tenancy.scope(committed.clinic.pk):
            with CaptureQueriesContext(connection) as queries:
                assert check_in_actions.note_silence(by=system, at=later) == len(programmes)
            counts.append(len(queries))
            silent = Item.objects.open().filter(kind="silent")
            assert set(silent.values_list("about_id", flat=True)) == programmes
            silent.update(done_at=later - timedelta(days=rules.SILENT_DAYS), outcome="reached")
    assert counts[0] == counts[1]


def test_who_answered_lately_or_was_called_lately_is_not_put_on_the_list_again(committed):
    system = Actor.system(committed.clinic.pk, "reminders")
    later = NOW() + timedelta(days=rules.SILENT_DAYS + 1)
    running(committed)
    with tenancy.scope(committed.clinic.pk):
        assert check_in_actions.note_silence(by=system, at=later) == 1
        Item.objects.filter(kind="silent").update(done_at=later, outcome="reached")
        assert check_in_actions.note_silence(by=system, at=later) == 1
        assert not Item.objects.open().filter(kind="silent").exists()
