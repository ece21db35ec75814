"""A programme's life: written, given, changed, paused, ended."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import Error, connection, transaction
from django.utils import timezone

from clock.wall_clock import at_wall, begin_of
from errors.exceptions import Invalid
from homecare import queries
from homecare.models import CheckIn, Occurrence, Programme, Step, Template, Version
from homecare.programmes import actions
from homecare.programmes import templates as programme_templates
from homecare.reminders import dry_run, planning
from identity.actor import Actor
from messaging import engine
from messaging.models import Message
from patients import actions as patients
from patients.queries import zone_of
from tests.homecare.conftest import content
from worklist.models import Item

pytestmark = pytest.mark.django_db
NOW = timezone.now
GUIDE = {"hold_s": 45, "intensity_from": 5, "intensity_to": 6, "repetitions": 2, "times_per_day": 2}
PRESS = {"exercise": "self_pressure", "muscle": "trapezius_upper", "side": "left", "dose": GUIDE}
SCAN = {"exercise": "scan", "dose": {"duration_s": 60}}
NOWHERE = "01990000-0000-7000-8000-000000000000"


def test_nobody_is_reminded_before_it_is_given(in_clinic, reachable):
    made = actions.start_programme(patient_id=reachable.pk, content=content(), by=in_clinic.actor(), at=NOW())

    assert made.status == "draft"
    assert not Version.objects.exists()
    assert not Occurrence.objects.exists()


def test_published_it_runs_and_is_planned_ahead(in_clinic, running):
    programme = running()

    version, steps = queries.current_version(programme)
    assert (version.number, len(steps)) == (1, 7)
    assert programme.status == "active"
    assert programme.review_on - programme.started_on == timedelta(days=28)
    planned = Occurrence.objects.filter(programme=programme, status="planned")
    assert 26 <= planned.filter(kind="check_in").count() <= 30
    assert set(planned.values_list("channel", flat=True)) == {"email"}


def test_planning_again_changes_nothing(in_clinic, running):
    programme = running()
    before = set(Occurrence.objects.values_list("pk", flat=True))

    for _ in range(3):
        planning.plan_ahead(programme, at=NOW())

    assert set(Occurrence.objects.values_list("pk", flat=True)) == before


def test_a_new_time_zone_plans_anew(in_clinic, running, reachable):
    programme = running()
    before = set(Occurrence.objects.filter(kind="check_in").values_list("due_at", flat=True))
    patients.change_patient(patient=reachable, changes={"time_zone": "Asia/Tokyo"}, by=in_clinic.actor(), at=NOW())
    from homecare import maintenance

    assert maintenance.plan_days(by=in_clinic.actor(), at=NOW()) == 1
    after = set(Occurrence.objects.filter(kind="check_in").values_list("due_at", flat=True))
    assert before.isdisjoint(after)
    assert {at.astimezone(zone_of(reachable)).time() for at in after} == {time(8), time(20)}
    assert maintenance.plan_days(by=in_clinic.actor(), at=NOW()) == 0
    assert programme.pk


@pytest.mark.parametrize("name", ["trigger_point", "picture", "lasting"])
def test_an_id_that_is_not_there_is_not_written_down(name, in_clinic, reachable):
    unknown = content(steps=[SCAN | {name: NOWHERE}])
    by = in_clinic.actor()
    with pytest.raises(Invalid) as refusal:
        actions.start_programme(patient_id=reachable.pk, content=unknown, by=by, at=NOW())
    assert [(e.pointer, e.code) for e in refusal.value.errors] == [(f"/steps/0/{name}", "unknown")]
    made = actions.start_programme(patient_id=reachable.pk, content=content(), by=by, at=NOW())
    with pytest.raises(Invalid):
        actions.write_draft(programme=made, content=unknown, by=by, at=NOW())


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"title": " "}, ["required"]),
        ({"steps": []}, ["required"]),
        ({"steps": [PRESS | {"muscle": "scalenes"}]}, ["not_for_self_pressure"]),
        ({"steps": [PRESS | {"dose": GUIDE | {"hold_s": 130}}]}, ["out_of_range"]),
    ],
)
def test_what_cannot_be_is_not_given(changes, codes, in_clinic, reachable):
    made = actions.start_programme(patient_id=reachable.pk, content=content(**changes), by=in_clinic.actor(), at=NOW())
    made = Programme.objects.select_related("patient").get(pk=made.pk)

    with pytest.raises(Invalid) as refusal:
        actions.publish(
            revision=None,
            programme=made,
            baseline_pain=None,
            review_on=None,
            ends_on=None,
            by=in_clinic.actor(),
            at=NOW(),
        )

    assert [e.code for e in refusal.value.errors] == codes
    assert not Version.objects.exists()


def test_the_database_itself_refuses_a_dangerous_dose(in_clinic, running):
    programme = running()
    step = Step.objects.filter(exercise="self_pressure").get()
    with connection.cursor() as cursor, pytest.raises(Error, match="step_self_pressure_is_safe"), transaction.atomic():
        cursor.execute(
            "INSERT INTO homecare_step SELECT (jsonb_populate_record(s, jsonb_build_object('id', uuidv7(), "
            "'position', 99, 'hold_s', 121))).* FROM homecare_step s WHERE id = %s",
            [step.pk],
        )
    assert programme.pk


def test_a_version_is_final(in_clinic, running):
    running()
    for table in ("homecare_version", "homecare_step"):
        for statement in (f"UPDATE {table} SET clinic_id = clinic_id", f"DELETE FROM {table}"):
            with connection.cursor() as cursor, pytest.raises(Error), transaction.atomic():
                cursor.execute(statement)


def test_a_change_is_a_new_version_and_steps_last(in_clinic, running):
    programme = running()
    _version, before = queries.current_version(programme)
    steps = [
        {"lasting": str(s.lasting), "exercise": s.exercise, "muscle": s.muscle_id, "side": s.side, "dose": s.dose}
        for s in before[:2]
    ]
    copied = {**steps[0], "dose": {"duration_s": 30}}
    actions.write_draft(programme=programme, content=content(steps=[*steps, copied]), by=in_clinic.actor(), at=NOW())
    actions.publish(
        revision=None,
        programme=programme,
        baseline_pain=4,
        review_on=None,
        ends_on=None,
        by=in_clinic.actor(),
        at=NOW(),
    )

    version, after = queries.current_version(programme)
    assert version.number == 2
    assert [s.lasting for s in after[:2]] == [s.lasting for s in before[:2]]
    assert after[2].lasting not in {s.lasting for s in before}
    with pytest.raises(actions.NothingNew):
        actions.publish(
            revision=None,
            programme=programme,
            baseline_pain=4,
            review_on=None,
            ends_on=None,
            by=in_clinic.actor(),
            at=NOW(),
        )


def test_one_programme_runs_at_a_time(in_clinic, running):
    first = running()
    with pytest.raises(actions.AnotherRuns):
        running()
    actions.end_programme(revision=None, programme=first, by=in_clinic.actor(), at=NOW())
    running()


def test_paused_nothing_is_planned_and_resumed_it_is(in_clinic, running):
    programme = running()
    actions.pause_programme(revision=None, programme=programme, by=in_clinic.actor(), at=NOW())
    assert not Occurrence.objects.filter(status="planned").exists()
    with pytest.raises(actions.NotRunning):
        actions.pause_programme(revision=None, programme=programme, by=in_clinic.actor(), at=NOW())

    actions.resume_programme(revision=None, programme=programme, by=in_clinic.actor(), at=NOW())
    assert Occurrence.objects.filter(status="planned").exists()


def test_ended_it_is_quiet_and_its_links_close(in_clinic, running):
    programme = running()
    Occurrence.objects.update(due_at=NOW() - timedelta(minutes=1))
    planning.promote_due(by=in_clinic.actor(), at=NOW())
    assert Message.objects.filter(state="queued").exists()

    actions.end_programme(revision=None, programme=programme, by=in_clinic.actor(), at=NOW())

    assert not Message.objects.filter(state="queued").exists()
    assert not Occurrence.objects.filter(status="planned").exists()
    with pytest.raises(actions.ProgrammeEnded):
        actions.write_draft(programme=programme, content=content(), by=in_clinic.actor(), at=NOW())


@pytest.mark.parametrize(
    ("options", "pointer", "code"),
    [
        ({"channels": ["fax"]}, "/channels", "invalid_choice"),
        ({"times": []}, "/times", "required"),
        ({"weekdays": []}, "/weekdays", "required"),
        ({"times": [time(n) for n in range(7)]}, "/times", "too_many"),
        ({"fade_after_weeks": 2}, "/fade_to_days", "required"),
        ({"fade_after_weeks": 2, "fade_to_days": 9}, "/fade_to_days", "out_of_range"),
    ],
)
def test_reminders_that_cannot_be(options, pointer, code, in_clinic, running):
    programme = running(reminds=False)
    values = {"channels": ["email"], "times": [time(8)], "weekdays": [0]} | options

    with pytest.raises(Invalid) as refusal:
        actions.set_reminders(programme=programme, by=in_clinic.actor(), at=NOW(), **values)

    assert [(e.pointer, e.code) for e in refusal.value.errors] == [(pointer, code)]


def test_reminders_want_consent_address_and_year_of_birth(in_clinic, running, reachable):
    programme = running(reminds=False)
    changes = {"consent_sms": "refused", "email": None, "birth_date": None}
    patients.change_patient(patient=reachable, changes=changes, by=in_clinic.actor(), at=NOW())
    programme.patient.refresh_from_db()

    with pytest.raises(Invalid) as refusal:
        actions.set_reminders(
            programme=programme,
            channels=["email", "sms"],
            times=[time(8)],
            weekdays=[0],
            by=in_clinic.actor(),
            at=NOW(),
        )

    assert {e.code for e in refusal.value.errors} == {"no_birth_date", "no_address", "no_consent"}


def test_no_reminder_in_the_quiet_hours(in_clinic, running):
    from messaging.models import Sending

    programme = running(reminds=False)
    Sending.objects.update(quiet_from=time(21), quiet_until=time(7))
    with pytest.raises(Invalid) as refusal:
        actions.set_reminders(
            programme=programme,
            channels=["email"],
            times=[time(8), time(22)],
            weekdays=[0],
            by=in_clinic.actor(),
            at=NOW(),
        )
    assert [(e.pointer, e.code) for e in refusal.value.errors] == [("/times/1", "quiet")]


def test_planning_again_leaves_what_is_due_to_the_tick(in_clinic, running):
    programme = running()
    due = Occurrence.objects.filter(kind="check_in").order_by("due_at").first()
    Occurrence.objects.filter(pk=due.pk).update(due_at=NOW() - timedelta(seconds=2))

    planning.plan_ahead(programme, at=NOW())

    assert Occurrence.objects.filter(pk=due.pk, status="planned").exists()


# --- Due ------------------------------------------------------------------------------------------------------


def make_due(**fields):
    Occurrence.objects.filter(kind="check_in").update(due_at=NOW() - timedelta(minutes=1))
    return Occurrence.objects.filter(kind="check_in").count()


def test_what_is_due_becomes_one_message_each_with_a_link(in_clinic, running):
    running()
    count = make_due()

    first = planning.promote_due(by=in_clinic.actor(), at=NOW())
    second = planning.promote_due(by=in_clinic.actor(), at=NOW())

    assert (first, second) == (count, 0)
    messages = Message.objects.filter(kind="check_in")
    assert messages.count() == count
    assert messages.filter(link=None).count() == 0
    assert set(messages.values_list("link__purpose", flat=True)) == {"check_in"}


def test_a_fault_of_the_database_leaves_a_reminder_for_the_next_tick(in_clinic, running, monkeypatch):
    running()
    count = make_due()

    def dies(*_arguments):
        with connection.cursor() as cursor:
            cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '40P01'; END $$")

    with monkeypatch.context() as patch:
        patch.setattr(planning, "has_answered", dies)
        assert planning.promote_due(by=in_clinic.actor(), at=NOW()) == 0, "or a worker would never stop asking"
    assert Occurrence.objects.filter(kind="check_in", status="planned").count() == count
    planning.promote_due(by=in_clinic.actor(), at=NOW())
    assert Message.objects.filter(kind="check_in").count() == count


def test_what_cannot_be_turned_into_a_message_is_somebodys_task(in_clinic, running, monkeypatch):
    programme = running()
    count = make_due()
    monkeypatch.setattr(planning, "has_answered", lambda *_arguments: 1 / 0)
    planning.promote_due(by=in_clinic.actor(), at=NOW())
    assert Occurrence.objects.filter(kind="check_in", status="skipped").count() == count
    rows = Item.objects.open().filter(kind="message_failed", patient_id=programme.patient_id)
    assert [row.facts["reason"] for row in rows] == ["broken"] * count


def test_a_day_that_is_answered_is_not_reminded_of(in_clinic, running):
    programme = running()
    today = NOW().astimezone(zone_of(programme.patient)).date()
    CheckIn.objects.create(
        clinic_id=in_clinic.clinic.pk,
        patient=programme.patient,
        programme=programme,
        local_date=today,
        answered_at=NOW(),
    )
    make_due()
    Occurrence.objects.filter(kind="check_in").exclude(local_date=today).delete()

    planning.promote_due(by=in_clinic.actor(), at=NOW())

    assert not Message.objects.exists()
    assert set(Occurrence.objects.filter(kind="check_in").values_list("status", flat=True)) <= {"skipped"}


def make_ready(cast, patient, at):
    from bench.data import answer_what_must_be

    answer_what_must_be(patient.pk, cast.actor(), at)


def test_soreness_is_asked_after_needling_once_for_each_hour(in_clinic, reachable):
    from tests import builders
    from treatments import actions as treatments
    from treatments.api.serializers import NewSessionInput

    at = NOW() - timedelta(hours=1)
    make_ready(in_clinic, reachable, at - timedelta(minutes=5))
    sent = builders.treatment(performed_at=at.isoformat(), interventions=[builders.needling()])
    session = treatments.SESSION.record(
        patient_id=reachable.pk, content=builders.content(sent, NewSessionInput), by=in_clinic.actor(), at=NOW()
    ).document
    by = Actor.system(in_clinic.clinic.pk, "test")
    assert planning.plan_soreness(by=by, at=NOW()) == 0  # not before it is signed
    treatments.SESSION.sign(revision=None, document_id=session.pk, by=in_clinic.actor(), at=NOW())

    assert [planning.plan_soreness(by=by, at=NOW()) for _ in range(2)] == [3, 0]
    hours = [
        round((o.due_at - session.performed_at) / timedelta(hours=1)) for o in Occurrence.objects.order_by("due_at")
    ]
    assert hours == [24, 48, 72]


def test_compression_asks_nothing(in_clinic, reachable):
    from tests import builders
    from treatments import actions as treatments
    from treatments.api.serializers import NewSessionInput

    make_ready(in_clinic, reachable, NOW() - timedelta(minutes=5))
    sent = builders.treatment(performed_at=NOW().isoformat())
    session = treatments.SESSION.record(
        patient_id=reachable.pk, content=builders.content(sent, NewSessionInput), by=in_clinic.actor(), at=NOW()
    ).document
    treatments.SESSION.sign(revision=None, document_id=session.pk, by=in_clinic.actor(), at=NOW())

    assert planning.plan_soreness(by=Actor.system(in_clinic.clinic.pk, "test"), at=NOW()) == 0


def test_a_programme_whose_last_day_is_over_ends_and_waits_for_somebody(in_clinic, running):
    from homecare import maintenance
    from worklist.models import Item

    programme = running(ends_on=NOW().astimezone(ZoneInfo("Europe/London")).date() + timedelta(days=3))
    by = Actor.system(in_clinic.clinic.pk, "test")
    maintenance.close_and_review(by, NOW() + timedelta(days=3))
    assert Programme.objects.get(pk=programme.pk).status == "active"

    for _ in range(2):
        maintenance.close_and_review(by, NOW() + timedelta(days=5))

    assert Programme.objects.get(pk=programme.pk).status == "ended"
    assert [(i.kind, i.times) for i in Item.objects.all()] == [("programme_ended", 1)]


def test_a_review_is_listed_once(in_clinic, running):
    from homecare import maintenance
    from worklist.models import Item

    running()
    by = Actor.system(in_clinic.clinic.pk, "test")
    for days in (27, 28, 28, 29):
        maintenance.close_and_review(by, NOW() + timedelta(days=days))

    assert [(i.kind, i.times) for i in Item.objects.all()] == [("review_due", 1)]


# --- Templates and pictures -----------------------------------------------------------------------------------


def test_a_template_keeps_nothing_of_its_patient(in_clinic, running):
    step = {"exercise": "scan", "lasting": "01990000-0000-7000-8000-000000000000"}
    programme_templates.save_template(
        name="Assigned to me", content=content(note="Dear Ada", steps=[step]), by=in_clinic.actor()
    )

    kept = Template.objects.get().content
    assert kept["note"] == ""
    assert kept["steps"][0]["lasting"] is None
    with pytest.raises(programme_templates.TemplateExists):
        programme_templates.save_template(name="Assigned to me", content=content(), by=in_clinic.actor())


def test_days_are_read_in_the_patients_zone(in_clinic, running):
    programme = running()
    today = NOW().astimezone(zone_of(programme.patient)).date()
    assert programme.started_on == today
    assert isinstance(programme.review_on, date)


def test_the_dry_run_counts_what_would_go_before(in_clinic, cast, running):
    """Two are due each day, and the clinic sends one: the second line says so."""
    sending = engine.sending_of(cast.clinic.pk)
    sending.most_a_day = 1
    sending.save()
    running()
    # A whole day of the patient's, from tomorrow's midnight on.
    midnight = begin_of(NOW().date() + timedelta(days=2), ZoneInfo("Europe/London"))

    lines = dry_run.lines(cast.clinic, now=midnight, ahead=timedelta(days=1))

    said = [line.refusal and line.refusal.reason for line in lines if line.due_at >= midnight]
    assert said[-2:] == [None, "daily_cap"]


def test_the_dry_run_counts_what_waits_for_the_morning(in_clinic, cast, running):
    """The one at eight waits until nine, goes that day, and is the one that the day allows."""
    sending = engine.sending_of(cast.clinic.pk)
    sending.most_a_day, sending.quiet_from, sending.quiet_until = 1, time(22), time(9)
    sending.save()
    programme = running(reminds=False)
    Occurrence.objects.all().delete()
    zone = ZoneInfo("Europe/London")
    day = NOW().astimezone(zone).date() + timedelta(days=2)
    midnight = begin_of(day, zone)
    for hour in (8, 20):
        Occurrence.objects.create(
            clinic_id=cast.clinic.pk,
            patient_id=programme.patient_id,
            programme=programme,
            kind="check_in",
            channel="email",
            local_date=day,
            local_time=time(hour),
            due_at=at_wall(datetime.combine(day, time(hour)), zone),
        )

    first, second = dry_run.lines(cast.clinic, now=midnight, ahead=timedelta(days=1))

    assert first.refusal.wait == timedelta(hours=1)
    assert second.refusal.reason == "daily_cap"
