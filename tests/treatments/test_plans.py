"""The treatment plan: made, kept or not, booked as a series, ended with a discharge summary."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from database import tenancy
from errors.exceptions import Invalid
from scheduling import rules as scheduling
from scheduling.models import Series
from tests import builders
from tests.reading import revisions_on
from treatments.models import PlanGoal, TreatmentPlan
from treatments.plans import actions, rules
from treatments.plans.rules import PlanContent, PlannedGoal, PlanResult
from workspace import discharge

pytestmark = pytest.mark.django_db
FORM = {
    "problem": "Neck pain when driving",
    "sessions": "8",
    "weeks": "4",
    "minutes": "60",
    "techniques": ["massage"],
    "measure_0": "Turn the head to the right",
    "target_0": "70 degrees",
}
CONTENT = PlanContent(
    problem="Neck pain", sessions=8, weeks=4, minutes=60, goals=(PlannedGoal("Turning", "70 degrees"),)
)


def person(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def therapist(cast):
    return person(cast.therapist)


@pytest.fixture
def plan(cast, patient):
    with tenancy.scope(cast.clinic.pk):
        return actions.make_plan(patient_id=patient, content=CONTENT, by=cast.actor(), at=timezone.now())


def fresh(cast, model=TreatmentPlan):
    with tenancy.scope(cast.clinic.pk):
        return model.objects.get()


# --- Pure rules -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "days", "expected", "is_kept"),
    [(0, 0, 0, True), (0, 3, 0, True), (0, 4, 1, False), (1, 4, 1, True), (7, 28, 8, False), (8, 90, 8, True)],
)
def test_an_even_pace_is_what_a_plan_is_held_against(given, days, expected, is_kept):
    starts_on = date(2026, 3, 2)
    progress = rules.judge_progress(
        given=given, sessions=8, weeks=4, starts_on=starts_on, today=starts_on + timedelta(days=days)
    )

    assert (progress.expected, progress.is_kept) == (expected, is_kept)


def test_the_limits_are_what_can_be_booked():
    assert rules.SESSIONS == (1, scheduling.MOST_SESSIONS)
    assert rules.WEEKS == (1, scheduling.MOST_WEEKS)
    assert rules.MINUTES == scheduling.LENGTH_MIN


@pytest.mark.parametrize(("techniques", "minutes", "is_short"), [
    (["massage"], 30, True), (["massage"], 31, False), (["dry_needling"], 20, False),
])  # fmt: skip
def test_the_trial_speaks_of_short_massage(techniques, minutes, is_short):
    assert rules.is_short_massage(techniques, minutes) is is_short


# --- Made and changed -----------------------------------------------------------------------------------------


def test_one_tap_gives_eight_sessions_over_four_weeks_and_keeps_what_was_typed(therapist, patient):
    path = f"/patients/{patient}/plans/new/"
    first = therapist.get(path).content.decode()
    assert "Sherman et al., Ann Fam Med 2014;12:112" in first
    assert "30 minutes" in first

    page = therapist.post(path, {"preset": "8-4", "problem": "Stiff neck", "measure_0": "NDI", "techniques": "massage"})

    text = page.content.decode()
    for name, value in {"sessions": 8, "weeks": 4, "minutes": 60, "measure_0": "NDI"}.items():
        assert re.search(rf'name="{name}" value="{value}"', text), name
    assert "Stiff neck" in text
    assert re.search(r'value="massage"[^>]*checked', text)


def test_a_plan_is_made_on_the_page_and_stands_on_the_patients(cast, therapist, patient):
    answer = therapist.post(f"/patients/{patient}/plans/new/", FORM)

    plan = fresh(cast)
    assert answer["Location"] == f"/plans/{plan.pk}/"
    assert (plan.sessions, plan.weeks, plan.minutes, plan.techniques) == (8, 4, 60, ["massage"])
    assert fresh(cast, PlanGoal).target == "70 degrees"
    page = therapist.get(f"/patients/{patient}/").content.decode()
    assert "Neck pain when driving" in page
    assert "On plan" in page


def test_what_is_impossible_stands_at_its_field(therapist, patient, cast):
    page = therapist.post(
        f"/patients/{patient}/plans/new/",
        FORM | {"problem": "", "sessions": "99", "target_0": "", "review_on": "2001-01-01"},
    )

    text = page.content.decode()
    assert page.status_code == 400
    for words in ("Enter the problem", "number from 1 to 60", "Enter what is measured", "before the plan begins"):
        assert words in text, words
    with tenancy.scope(cast.clinic.pk):
        assert not TreatmentPlan.objects.exists()


def test_a_patient_has_one_plan_that_runs(cast, plan, therapist, patient):
    assert therapist.post(f"/patients/{patient}/plans/new/", FORM).status_code == 409
    with tenancy.scope(cast.clinic.pk), pytest.raises(actions.PlanExists):
        actions.make_plan(patient_id=patient, content=CONTENT, by=cast.actor(), at=timezone.now())


@pytest.mark.parametrize("who", ["staff", "owner"])
def test_only_a_therapist_plans(who, cast, patient, plan):
    client = person(getattr(cast, who))

    assert client.post(f"/patients/{patient}/plans/new/", FORM).status_code == 403
    assert client.post(f"/plans/{plan.pk}/edit/", FORM | {"revision": "1"}).status_code == 403
    by = cast.actor(getattr(cast, who))
    with tenancy.scope(cast.clinic.pk), pytest.raises(actions.policies.NoAuthor):
        actions.end_plan(plan_id=plan.pk, result=PlanResult(), revision=None, by=by, at=timezone.now())


def test_a_second_tab_changes_nothing_unseen(cast, plan, therapist):
    seen = revisions_on(therapist.get(f"/plans/{plan.pk}/edit/"))
    assert therapist.post(f"/plans/{plan.pk}/edit/", FORM | seen).status_code == 302

    assert therapist.post(f"/plans/{plan.pk}/edit/", FORM | seen | {"problem": "Other"}).status_code == 409
    assert fresh(cast).problem == "Neck pain when driving"


def test_a_plan_that_falls_behind_says_so(cast, plan, therapist, patient):
    with tenancy.scope(cast.clinic.pk):
        TreatmentPlan.objects.update(starts_on=timezone.localdate() - timedelta(days=8))

    page = therapist.get(f"/patients/{patient}/").content.decode()

    assert "Behind plan" in page
    assert "0 of 8 sessions given; 2 were due by now." in page


# --- Booked ---------------------------------------------------------------------------------------------------


def test_the_plan_is_booked_as_a_series_of_its_length(cast, plan, therapist, desk_of_cast):
    answer = therapist.get(f"/plans/{plan.pk}/book/")
    query = parse_qs(urlsplit(answer["Location"]).query)
    assert (query["count"], query["weeks"], query["length_min"]) == (["8"], ["4"], ["60"])

    page = therapist.get(answer["Location"]).content.decode()
    slots = re.findall(r'name="slot-\d+" value="([^"]+)" checked', page)
    values = {name: value[0] for name, value in query.items()}
    therapist.post(urlsplit(answer["Location"]).path, values | {"series": "1", "slot": slots})

    series = fresh(cast, Series)
    assert (series.treatment_plan_id, series.count, series.length_min) == (plan.pk, 8, 60)
    assert len(slots) == 8


def test_a_series_is_not_booked_for_another_patients_plan(cast, plan, desk_of_cast):
    from scheduling.series import actions as series

    with tenancy.scope(cast.clinic.pk):
        other = builders.patient(cast.actor(), family_name="Other").pk
        wanted = series.SeriesPlan(
            type_id=desk_of_cast, count=2, weeks=2, starts_on=timezone.localdate(), treatment_plan_id=plan.pk
        )
        with pytest.raises(Invalid) as refusal:
            series.book_series(patient_id=other, plan=wanted, times=[], by=cast.actor(), at=timezone.now())
    assert refusal.value.errors[0].reason == "unknown.treatment_plan"


@pytest.fixture
def desk_of_cast(cast):
    """A room, a type of an hour, and hours every day."""
    from scheduling.setup import actions as setup

    with tenancy.scope(cast.clinic.pk):
        by = cast.actor(cast.owner)
        site = setup.save(kind="sites", values={"name": "Main", "address": "1 Quay Road"}, pk=None, by=by)
        room = setup.save(kind="rooms", values={"name": "1", "site_id": site.pk}, pk=None, by=by)
        type_ = setup.save(kind="appointment-types", values={"name": "Treatment", "length_min": 30}, pk=None, by=by)
        for weekday in range(7):
            values = {
                "user_id": cast.therapist.pk,
                "room_id": room.pk,
                "weekday": weekday,
                "from_time": "08:00",
                "until_time": "18:00",
            }
            setup.save(kind="hours", values=values, pk=None, by=by)
        return type_.pk


# --- Ended ----------------------------------------------------------------------------------------------------


def test_it_ends_with_a_result_for_each_goal_and_a_letter(cast, plan, therapist, monkeypatch):
    page = therapist.get(f"/plans/{plan.pk}/")
    seen = revisions_on(page)
    assert therapist.get(f"/plans/{plan.pk}/discharge-summary/").status_code == 404
    assert therapist.post(f"/plans/{plan.pk}/end/", seen).status_code == 400
    goal = fresh(cast, PlanGoal)

    therapist.post(f"/plans/{plan.pk}/end/", seen | {f"reached-{goal.pk}": "partly", "summary": "Go on at home."})

    assert (fresh(cast).status, fresh(cast, PlanGoal).reached) == ("ended", "partly")
    sent = []
    compile_pdf = discharge.typst.compile

    def note(template, **options):
        sent.append(json.loads(options["sys_inputs"]["data"]))
        return compile_pdf(template, **options)

    monkeypatch.setattr(discharge.typst, "compile", note)
    letter = therapist.get(f"/plans/{plan.pk}/discharge-summary/")
    assert letter.content.startswith(b"%PDF")
    assert sent[0]["goals"] == [["Turning", "70 degrees", "partly reached"]]
    assert "This is a letter, not a signed record." in sent[0]["note"]
    assert sent[0]["treatment"][:2] == ["Planned: 8 sessions over 4 weeks, 60 minutes each", "Given: 0 sessions"]
    with tenancy.scope(cast.clinic.pk):
        assert AuditEvent.objects.filter(action="disclosure.discharge_summary").count() == 1


def test_the_letter_counts_signed_sessions_only(cast, api, plan, patient, therapist):
    from workspace.discharge import _describe_treatment

    builders.ready(api(), patient)
    now = datetime.now(UTC).isoformat()
    for is_signed in (True, False):
        body = builders.treatment(performed_at=now)
        session = api().post(f"/patients/{patient}/sessions/", body).json()["id"]
        if is_signed:
            assert api().post(f"/sessions/{session}/sign/").status_code == 200

    with tenancy.scope(cast.clinic.pk):
        lines = _describe_treatment(fresh(cast), [patient], timezone.now())
    assert any(line.startswith("Given: 1 sessions") for line in lines)
    assert "1 of 8 sessions given" in therapist.get(f"/plans/{plan.pk}/").content.decode()


def test_an_ended_plan_is_final(cast, plan, therapist):
    with tenancy.scope(cast.clinic.pk):
        goal = PlanGoal.objects.get()
        actions.end_plan(
            plan_id=plan.pk, result=PlanResult({goal.pk: "yes"}), revision=None, by=cast.actor(), at=timezone.now()
        )
        for change in (
            lambda: TreatmentPlan.objects.update(problem="Other"),
            lambda: PlanGoal.objects.update(reached="no"),
            lambda: PlanGoal.objects.all().delete(),
            lambda: PlanGoal.objects.create(clinic_id=plan.clinic_id, plan=plan, number=5, measure="a", target="b"),
        ):
            with pytest.raises(DatabaseError, match=r"final|ended|permission"), transaction.atomic():
                change()
        with pytest.raises(actions.PlanEnded):
            actions.change_plan(plan_id=plan.pk, content=CONTENT, revision=None, by=cast.actor(), at=timezone.now())
    assert therapist.get(f"/plans/{plan.pk}/edit/").status_code == 409


def test_another_clinic_sees_no_plan(cast, plan):
    with tenancy.scope(cast.other_clinic.pk):
        assert TreatmentPlan.objects.count() == PlanGoal.objects.count() == 0
    assert person(cast.stranger).get(f"/plans/{plan.pk}/").status_code == 404
