"""An alarm reaches somebody, keeps its reasons, and comes once; what was felt after needling is seen."""

from __future__ import annotations

from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Membership
from assessments.models import TriggerPoint
from database import tenancy
from database.expressions import new_id
from homecare import maintenance, queries, rules
from homecare.checkins import actions as check_in_actions
from homecare.models import Occurrence, Programme, ReminderPlan, StepAnswer
from homecare.programmes import actions, checks, progress
from homecare.programmes import serialization as contents
from homecare.programmes import templates as programme_templates
from homecare.programmes.merging import BothRun
from homecare.reminders import planning
from homecare.rules import CheckInAnswers
from identity.actor import Actor
from messaging import actions as messages
from messaging import links
from messaging.models import Message, Sending
from patients import actions as patients
from patients.models import Patient
from tests import builders
from tests.homecare.conftest import content
from treatments.models import Session
from worklist import actions as worklist
from worklist.models import Item

pytestmark = pytest.mark.django_db
NOW = timezone.now


def answer(in_clinic, programme, *, days_ago=0, **answers):
    return check_in_actions.answer_day(
        programme_id=programme.pk,
        answers=CheckInAnswers(**answers),
        link=None,
        by=in_clinic.actor(),
        at=NOW() - timedelta(days=days_ago),
    )


def pressing(programme):
    _version, steps = queries.current_version(programme)
    return next(step for step in steps if rules.EXERCISES[step.exercise].presses)


def test_a_second_alarm_keeps_the_first_ones_reason(in_clinic, running):
    programme = running()
    answer(in_clinic, programme, wrong=["chest"])
    answer(in_clinic, programme, wrong=["chest", "numb_or_weak"])
    item = Item.objects.get()
    assert sorted(item.facts["answers"]) == ["chest", "numb_or_weak"]
    assert item.times == 2


def test_the_same_answer_sent_twice_alarms_once(in_clinic, running):
    programme = running()
    answer(in_clinic, programme, wrong=["chest"])
    answer(in_clinic, programme, wrong=["chest"], pain=4)
    assert Item.objects.get().times == 1
    assert Message.objects.filter(kind="staff_alert").count() == 1


def test_what_was_dealt_with_is_not_opened_by_a_correction(in_clinic, running):
    programme = running()
    answer(in_clinic, programme, wrong=["chest"])
    worklist.finish(revision=None, item_id=Item.objects.get().pk, outcome="reached", by=in_clinic.actor(), at=NOW())
    answer(in_clinic, programme, wrong=["chest"], note="It was the cough.")
    assert not Item.objects.open().exists()


def test_when_the_therapist_has_left_the_owners_are_told(in_clinic, running):
    programme = running()
    Membership.objects.filter(user=in_clinic.therapist).update(is_active=False)
    check_in_actions.answer_day(
        programme_id=programme.pk,
        answers=CheckInAnswers(wrong=["chest"]),
        link=None,
        by=Actor.system(in_clinic.clinic.pk, "link"),
        at=NOW(),
    )
    assert [m.to_user_id for m in Message.objects.filter(kind="staff_alert")] == [in_clinic.owner.pk]


def test_a_stop_sign_alone_is_nobodys_task_and_two_days_are(in_clinic, running):
    programme = running(at=NOW() - timedelta(days=3))
    answer(in_clinic, programme, wrong=["tingling"], days_ago=2)
    answer(in_clinic, programme, wrong=["pulse_felt"], days_ago=2)
    assert not Item.objects.exists()
    answer(in_clinic, programme, wrong=["tingling"])
    item = Item.objects.get()
    assert (item.kind, item.facts) == ("stop_event_twice", {"times": 2})


def test_too_much_discomfort_is_a_stop_sign(in_clinic, running):
    programme = running(at=NOW() - timedelta(days=3))
    step = pressing(programme)
    for days_ago in (2, 0):
        answer(in_clinic, programme, steps={step.pk: {"done": "yes", "discomfort": 7}}, days_ago=days_ago)
    assert Item.objects.get().kind == "stop_event_twice"


def test_six_of_ten_is_what_was_asked_for(in_clinic, running):
    programme = running(at=NOW() - timedelta(days=3))
    step = pressing(programme)
    for days_ago in (1, 0):
        answer(in_clinic, programme, steps={step.pk: {"done": "yes", "discomfort": 6}}, days_ago=days_ago)
    assert not Item.objects.exists()


@pytest.mark.parametrize(("wrong", "told"), [("tingling", False), ("needed_help", True)])
def test_the_page_promises_only_what_happens(cast, running, wrong, told):
    with tenancy.scope(cast.clinic.pk):
        programme = running()
        link = links.make(
            purpose="check_in",
            patient_id=programme.patient_id,
            about_id=programme.pk,
            clinic_id=cast.clinic.pk,
            expires_at=NOW() + timedelta(days=1),
        )
        token = links.token_of(link.pk)
    visitor = Client()
    visitor.post(f"/c/{token}/", {"year": "1980"})
    visitor.post("/c/today/", {"wrong": [wrong]})
    page = visitor.get("/c/thanks/").content
    assert (b"will see this and be in touch" in page) == told
    with tenancy.scope(cast.clinic.pk):
        assert Item.objects.exists() == told


# --- Silence, pauses, the end ---------------------------------------------------------------------------------


def silent(in_clinic, at):
    check_in_actions.note_silence(by=Actor.system(in_clinic.clinic.pk, "test"), at=at)
    return Item.objects.open().filter(kind="silent").exists()


def test_silence_ends_with_an_answer(in_clinic, running):
    programme = running(at=NOW() - timedelta(days=20))
    assert silent(in_clinic, NOW())
    answer(in_clinic, programme, pain=3)
    assert not Item.objects.open().exists()
    assert not silent(in_clinic, NOW())


def test_who_is_reminded_of_nothing_is_not_silent(in_clinic, running):
    running(at=NOW() - timedelta(days=20), reminds=False)
    assert not silent(in_clinic, NOW())


def test_after_a_pause_the_days_count_anew(in_clinic, running):
    programme = running(at=NOW() - timedelta(days=30))
    actions.pause_programme(revision=None, programme=programme, by=in_clinic.actor(), at=NOW() - timedelta(days=29))
    actions.resume_programme(revision=None, programme=programme, by=in_clinic.actor(), at=NOW() - timedelta(days=1))
    assert not silent(in_clinic, NOW())
    assert silent(in_clinic, NOW() + timedelta(days=14))


def test_what_was_done_comes_back_after_two_weeks_and_not_at_once(in_clinic, running):
    running(at=NOW() - timedelta(days=40))
    assert silent(in_clinic, NOW() - timedelta(days=15))
    worklist.finish(revision=None, item_id=Item.objects.get().pk, outcome="reached", by=in_clinic.actor(), at=NOW())
    assert not silent(in_clinic, NOW() + timedelta(days=1))
    assert silent(in_clinic, NOW() + timedelta(days=15))


def test_it_ends_by_the_patients_clock(in_clinic, running):
    last = NOW().date() + timedelta(days=2)
    programme = running(ends_on=last)
    Patient.objects.filter(pk=programme.patient_id).update(time_zone="Pacific/Pago_Pago")  # eleven hours behind
    by = Actor.system(in_clinic.clinic.pk, "test")
    midnight = NOW().replace(hour=0, minute=0) + timedelta(days=3)
    maintenance.close_and_review(by, midnight + timedelta(hours=9))
    assert Programme.objects.get(pk=programme.pk).status == "active"
    maintenance.close_and_review(by, midnight + timedelta(hours=12))
    assert Programme.objects.get(pk=programme.pk).status == "ended"
    assert Message.objects.filter(kind="programme_ended").count() == 1


def test_one_programme_in_trouble_keeps_no_other_waiting(in_clinic, running, monkeypatch):
    running(at=NOW() - timedelta(days=2))
    other = builders.patient(in_clinic.actor(), email="ben@mail.example", consent_email="granted")
    made = actions.start_programme(patient_id=other.pk, content=content(), by=in_clinic.actor(), at=NOW())
    actions.publish(
        revision=None,
        programme=made,
        baseline_pain=2,
        review_on=None,
        ends_on=None,
        by=in_clinic.actor(),
        at=NOW() - timedelta(days=2),
    )
    plan_ahead, seen = planning.plan_ahead, []

    def fails_once(programme, *, at):
        seen.append(programme.pk)
        if len(seen) == 1:
            raise RuntimeError("nobody foresaw this")
        plan_ahead(programme, at=at)

    monkeypatch.setattr(planning, "plan_ahead", fails_once)
    ReminderPlan.objects.get_or_create(programme=made, defaults={"clinic_id": in_clinic.clinic.pk})
    ReminderPlan.objects.update(planned_on=None)
    assert maintenance.plan_days(by=in_clinic.actor(), at=NOW()) == 1
    assert len(seen) == 2


def test_after_stop_nothing_more_is_planned(in_clinic, running):
    programme = running()
    messages.stop(patient_id=programme.patient_id, channel="email", by=in_clinic.actor(), at=NOW())
    planning.plan_ahead(Programme.objects.select_related("patient").get(pk=programme.pk), at=NOW())
    assert not Occurrence.objects.filter(programme=programme, status="planned").exists()


def test_two_running_programmes_do_not_become_one_persons(in_clinic, running):
    programme = running()
    other = builders.patient(in_clinic.actor())
    made = actions.start_programme(patient_id=other.pk, content=content(), by=in_clinic.actor(), at=NOW())
    actions.publish(revision=None, programme=made, by=in_clinic.actor(), at=NOW())
    with pytest.raises(BothRun):
        patients.merge_patients(
            revision=None,
            patient_id=other.pk,
            into_id=programme.patient_id,
            reason="the same",
            by=in_clinic.actor(in_clinic.owner),
            at=NOW(),
        )
    actions.end_programme(revision=None, programme=made, by=in_clinic.actor(), at=NOW())
    patients.merge_patients(
        revision=None,
        patient_id=other.pk,
        into_id=programme.patient_id,
        reason="the same",
        by=in_clinic.actor(in_clinic.owner),
        at=NOW(),
    )


def test_a_merged_records_programme_reminds_as_the_survivor_wishes(in_clinic, running):
    programme = running()
    survivor = builders.patient(
        in_clinic.actor(), email="ada@home.example", consent_email="granted", time_zone="Asia/Tokyo"
    )
    patients.merge_patients(
        revision=None,
        patient_id=programme.patient_id,
        into_id=survivor.pk,
        reason="the same",
        by=in_clinic.actor(in_clinic.owner),
        at=NOW(),
    )

    planned = Occurrence.objects.filter(programme=programme, status="planned", kind="check_in")
    assert {one.due_at.astimezone(ZoneInfo("Asia/Tokyo")).hour for one in planned} == {8, 20}
    programme = Programme.objects.select_related("patient").get(pk=programme.pk)
    actions.set_reminders(
        programme=programme, channels=["email"], times=[time(9)], weekdays=range(7), by=in_clinic.actor(), at=NOW()
    )
    assert {one.due_at.astimezone(ZoneInfo("Asia/Tokyo")).hour for one in planned.all()} == {9}


# --- Versions and figures -------------------------------------------------------------------------------------


def new_version(in_clinic, programme, **changes):
    version, steps = queries.current_version(programme)
    draft = contents.of_version(version, steps)
    actions.write_draft(programme=programme, content=draft | changes, by=in_clinic.actor(), at=NOW())
    actions.publish(revision=None, programme=programme, by=in_clinic.actor(), at=NOW())
    return queries.current_version(programme)[1]


def test_a_new_version_in_the_middle_of_a_day_keeps_its_answers(in_clinic, running):
    programme = running()
    step = pressing(programme)
    answer(in_clinic, programme, steps={step.pk: {"done": "yes", "discomfort": 5}})
    steps = new_version(in_clinic, programme, note="Slowly.")
    same = next(one for one in steps if one.lasting == step.lasting)
    other = next(one for one in steps if one.lasting != step.lasting)
    answer(in_clinic, programme, steps={same.pk: {"done": "partial"}, other.pk: {"done": "yes"}})
    said = {a.step.lasting: a.done for a in StepAnswer.objects.select_related("step")}
    assert said == {step.lasting: "partial", other.lasting: "yes"}


def test_what_is_not_said_when_publishing_stays(in_clinic, running):
    ends = NOW().date() + timedelta(days=50)
    programme = running(baseline_pain=6, ends_on=ends)
    new_version(in_clinic, programme, note="Slowly.")
    programme.refresh_from_db()
    assert (programme.baseline_pain, programme.ends_on) == (6, ends)


def test_a_step_is_prescribed_from_the_day_it_came():
    first = timezone.now().date() - timedelta(days=27)
    course = progress.weeks(
        [], days_per_week=None, first=first, last=first + timedelta(days=27), begins=first + timedelta(days=16)
    )
    assert [week.prescribed for week in course] == [0, 0, 5, 7]


def test_doing_one_step_more_often_makes_up_for_no_other(in_clinic, running):
    programme = running(at=NOW() - timedelta(days=13))
    _version, steps = queries.current_version(programme)
    for days_ago in range(13, -1, -1):
        answer(in_clinic, programme, steps={steps[0].pk: {"done": "yes"}}, days_ago=days_ago)
    goes = queries.summarize_progress(programme, today=NOW().date())
    assert all(week.adherence <= 2 / len(steps) for week in goes.week_facts)


def test_a_template_carries_no_patients_words_and_no_reasons(in_clinic):
    steps = content()["steps"]
    steps[0] = {**steps[0], "cue": "Mind your pacemaker, Ada."}
    for step in steps:
        step["limit_reasons"] = dict.fromkeys(step.get("dose", {}), "on warfarin since the stroke")
    kept = programme_templates.save_template(name="Ours", content=content(steps=steps), by=in_clinic.actor()).content
    assert "warfarin" not in str(kept)
    assert "pacemaker" not in str(kept)


def test_a_point_elsewhere_is_no_point_of_the_step(in_clinic, reachable):
    step = {**content()["steps"][1]}
    point = TriggerPoint.objects.create(
        clinic_id=in_clinic.clinic.pk,
        patient=reachable,
        muscle_id=step["muscle"] or "trap_upper",
        side="left",
        place="",
    )
    wrong = {**step, "trigger_point": str(point.pk), "side": "right"}
    made = actions.start_programme(
        patient_id=reachable.pk, content=content(steps=[wrong]), by=in_clinic.actor(), at=NOW()
    )
    codes = {(e.pointer, e.code) for e in checks.problems_of(made, checks.known_of(made, at=NOW())).errors}
    assert ("/steps/0/trigger_point", "other_place") in codes


# --- After needling -------------------------------------------------------------------------------------------


def sore(in_clinic, patient, *, days_ago, soreness, note=""):
    session = Session.objects.create(
        clinic_id=in_clinic.clinic.pk,
        patient=patient,
        performed_at=NOW() - timedelta(days=days_ago + 3),
        recorded_at=NOW() - timedelta(days=days_ago + 3),
        recorded_by=in_clinic.therapist,
        subject_id=new_id(),
    )
    check_in_actions.answer_soreness(
        session_id=session.pk,
        answers=CheckInAnswers(soreness=soreness, note=note),
        link=None,
        by=in_clinic.actor(),
        at=NOW() - timedelta(days=days_ago),
    )


def test_soreness_long_ago_says_nothing_of_today(in_clinic, running):
    programme = running()
    sore(in_clinic, programme.patient, days_ago=40, soreness=5)
    assert queries.summarize_progress(programme, today=NOW().date()).regress == []
    sore(in_clinic, programme.patient, days_ago=1, soreness=5)
    assert queries.summarize_progress(programme, today=NOW().date()).regress == ["sore_after_72_h"]


def test_what_was_felt_after_needling_is_on_the_patients_page(cast, running, reachable):
    with tenancy.scope(cast.clinic.pk):
        sore(cast, reachable, days_ago=1, soreness=7, note="Sore to the elbow.")
    browser = Client()
    browser.force_login(cast.therapist)
    page = browser.get(f"/patients/{reachable.pk}/home/")
    assert b"Sore to the elbow." in page.content
    assert b"sore 7 of 10" in page.content


def test_the_link_is_not_sent_into_quiet_hours(in_clinic, running):
    programme = running()
    Sending.objects.update(quiet_from="00:00", quiet_until="23:59")
    with pytest.raises(actions.QuietNow):
        actions.send_link_now(programme=programme, by=in_clinic.actor(), at=NOW())


def test_odd_numbers_are_refused_and_no_fault(cast, running):
    with tenancy.scope(cast.clinic.pk):
        programme = running()
        revision = programme.revision
    browser = Client()
    browser.force_login(cast.therapist)
    path = f"/programmes/{programme.pk}/edit/"
    answer_ = browser.post(path, {"revision": revision, "count": "0", "do": "up:²", "title": "x"})
    assert answer_.status_code in (302, 200)
    with tenancy.scope(cast.clinic.pk):
        revision = Programme.objects.get(pk=programme.pk).revision
    answer_ = browser.post(path, {"revision": revision, "count": "0", "do": "publish", "baseline_pain": "7.5"})
    assert answer_.status_code == 400
    assert b"Enter a whole number." in answer_.content


def test_what_was_sent_is_no_toast_on_the_programmes_page(cast, running):
    with tenancy.scope(cast.clinic.pk):
        programme = running()
        made = actions.send_link_now(programme=programme, by=cast.actor(), at=NOW())
    browser = Client()
    browser.force_login(cast.therapist)
    assert str(made.pk) not in browser.get(f"/programmes/{programme.pk}/").content.decode()
