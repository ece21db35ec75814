"""Several connections at once: nothing slips between an alert and a programme, and nobody waits for each other."""

from __future__ import annotations

from datetime import time, timedelta

from django.utils import timezone

from database import tenancy
from errors.exceptions import DomainError
from homecare.models import Occurrence, Programme
from homecare.programmes import actions
from homecare.reminders import planning
from identity.actor import Actor
from messaging import engine
from messaging.models import Message
from patients import actions as patients
from patients.models import Patient
from tests import builders
from tests.committed import at_once, committed, committed_patient
from tests.homecare.conftest import content
from tests.homecare.test_safety import NECK, step
from tests.homecare.test_stopping import HYPERTENSION, write_sql
from worklist.models import Item

__all__ = ["committed"]
ROUNDS = 6
NOW = timezone.now


def write(cast, patient_id):
    with tenancy.scope(cast.clinic.pk):
        body = content(steps=[step(NECK)])
        return actions.start_programme(patient_id=patient_id, content=body, by=cast.actor(), at=NOW()).pk


def publish(cast, programme_id):
    try:
        with tenancy.scope(cast.clinic.pk):
            rows = Programme.objects.select_for_update(of=("self",)).select_related("patient")
            actions.publish(revision=None, programme=rows.get(pk=programme_id), by=cast.actor(), at=NOW())
    except DomainError as refusal:
        return [error.code for error in refusal.errors]
    return "given"


def note(cast, patient_id):
    with tenancy.scope(cast.clinic.pk):
        patient = Patient.objects.select_for_update(of=("self",), no_key=True).get(pk=patient_id)
        patients.note_alert(patient=patient, alert=patients.NewAlert(HYPERTENSION), by=cast.actor(), at=NOW())
    return "noted"


def test_a_programme_that_is_given_while_an_alert_is_written_never_runs(committed):
    seen = set()
    for _round in range(ROUNDS):
        patient_id = committed_patient(committed)
        programme_id = write(committed, patient_id)

        given, noted = at_once([lambda p=programme_id: publish(committed, p), lambda p=patient_id: note(committed, p)])

        assert noted == "noted"
        with tenancy.scope(committed.clinic.pk):
            status = Programme.objects.get(pk=programme_id).status
        assert (given, status) in [("given", "paused"), (["alert_stop"], "draft")]
        seen.add(status)
    assert seen


def test_two_workers_remind_nobody_of_what_is_stopped(committed):
    """Both find the alert, each with reminders of both programmes in hand; one of them pauses, neither waits."""
    system = Actor.system(committed.clinic.pk, "reminders")
    with tenancy.scope(committed.clinic.pk):
        sending = engine.sending_of(committed.clinic.pk)
        sending.quiet_from = sending.quiet_until = time(0)
        sending.save()
    for _round in range(ROUNDS):
        programme_ids = []
        for number in range(2):
            with tenancy.scope(committed.clinic.pk):
                patient = builders.patient(committed.actor(), email=f"r{number}@mail.example", consent_email="granted")
            programme_ids.append(write(committed, patient.pk))
            assert publish(committed, programme_ids[-1]) == "given"
            with tenancy.scope(committed.clinic.pk):
                programme = Programme.objects.select_related("patient").get(pk=programme_ids[-1])
                actions.set_reminders(
                    programme=programme,
                    channels=["email"],
                    times=[time(8), time(12), time(20)],
                    weekdays=range(7),
                    by=committed.actor(),
                    at=NOW(),
                )
            write_sql(committed, patient.pk, HYPERTENSION)
        with tenancy.scope(committed.clinic.pk):
            due = Occurrence.objects.filter(programme_id__in=programme_ids)
            due.update(due_at=NOW() - timedelta(minutes=1))

        def promote():
            with tenancy.scope(committed.clinic.pk):
                return planning.promote_due(by=system, at=NOW())

        at_once([promote, promote, promote])

        with tenancy.scope(committed.clinic.pk):
            planning.promote_due(by=system, at=NOW())
            assert set(Programme.objects.filter(pk__in=programme_ids).values_list("status", flat=True)) == {"paused"}
            assert not Message.objects.filter(about_id__in=programme_ids).exists()
            stopped = Item.objects.filter(kind="programme_stopped", about_id__in=programme_ids)
            assert list(stopped.values_list("times", flat=True)) == [1, 1]
