"""Treatment plans over the API: made, changed in part, ended; and the worklist's row when one is to be reviewed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from database import tenancy
from scheduling import worklist_sync
from tests import builders
from treatments.models import TreatmentPlan
from treatments.plans import actions
from treatments.plans.rules import PlanContent
from worklist.links import find_link
from worklist.models import Item
from worklist.web.labels import why

BODY = {
    "problem": "Neck pain when driving",
    "sessions": 8,
    "weeks": 4,
    "minutes": 60,
    "techniques": ["massage"],
    "goals": [{"measure": "Turn the head to the right", "target": "70 degrees"}],
}


@pytest.fixture
def plan(api, patient):
    answer = api().post(f"/patients/{patient}/plans/", BODY)
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_a_plan_is_made_and_read(api, cast, patient, plan):
    assert {name: plan[name] for name in ("problem", "sessions", "weeks", "minutes", "techniques", "status")} == {
        **{name: BODY[name] for name in ("problem", "sessions", "weeks", "minutes", "techniques")},
        "status": "active",
    }
    assert plan["progress"] == {"given": 0, "expected": 0, "is_kept": True}
    read = api().get(f"/plans/{plan['id']}/")
    assert (read.json(), read["ETag"]) == (plan, '"1"')
    listed = api().get(f"/patients/{patient}/plans/").json()["results"]
    assert listed == [{name: value for name, value in plan.items() if name != "progress"}]
    again = api().post(f"/patients/{patient}/plans/", BODY)
    assert (again.status_code, again.json()["code"]) == (409, "plan_exists")
    with tenancy.scope(cast.clinic.pk):
        assert AuditEvent.objects.filter(action="plan.make", target_id=plan["id"]).exists()


def test_what_is_not_sent_stays(api, plan):
    changed = api().patch(f"/plans/{plan['id']}/", {"sessions": 6}, If_Match='"1"').json()

    assert changed["sessions"] == 6
    assert [goal["measure"] for goal in changed["goals"]] == ["Turn the head to the right"]
    assert {n: changed[n] for n in ("problem", "techniques", "weeks")} == {
        n: plan[n] for n in ("problem", "techniques", "weeks")
    }
    assert api().patch(f"/plans/{plan['id']}/", {"sessions": 5}, If_Match='"1"').status_code == 412
    assert api().patch(f"/plans/{plan['id']}/", {"sessions": 5}).status_code == 428


def test_each_wrong_value_is_named(api, patient):
    body = {**BODY, "sessions": 0, "techniques": ["magic"], "goals": [{"measure": "", "target": "x"}]}
    answer = api().post(f"/patients/{patient}/plans/", body)
    pointers = {error["pointer"] for error in answer.json()["errors"]}
    assert (answer.status_code, pointers) == (400, {"/sessions", "/techniques/0", "/goals/0/measure"})
    late = api().post(f"/patients/{patient}/plans/", {**BODY, "starts_on": "2026-11-20", "review_on": "2026-11-01"})
    assert [(e["pointer"], e["code"]) for e in late.json()["errors"]] == [("/review_on", "in_the_past")]


def test_a_plan_ends_with_a_result_for_each_goal(api, plan):
    path, goal = f"/plans/{plan['id']}/end/", plan["goals"][0]["id"]
    assert api().post(path, {}).json()["errors"][0]["pointer"] == "/goals/0"
    stranger = {"goal_id": plan["id"], "reached": "yes"}
    assert [(e["pointer"], e["code"]) for e in api().post(path, {"goals": [stranger]}).json()["errors"]] == [
        ("/goals/0/goal_id", "unknown")
    ]

    ended = api().post(path, {"goals": [{"goal_id": goal, "reached": "partly"}], "summary": "Much better."}).json()

    assert (ended["status"], ended["goals"][0]["reached"], ended["summary"]) == ("ended", "partly", "Much better.")
    assert api().post(path, {}).json()["code"] == "plan_ended"
    assert api().patch(f"/plans/{plan['id']}/", {"sessions": 5}, If_Match="*").json()["code"] == "plan_ended"


# --- The day of review ------------------------------------------------------------------------------------------


def reviews(cast):
    return list(Item.objects.filter(kind="plan_review_due", done_at=None))


def test_a_plan_to_review_is_on_the_worklist_until_it_was_reviewed(cast, patient):
    by, now = cast.actor(), timezone.now()
    content = PlanContent(problem="Neck", sessions=8, weeks=4, minutes=60, review_on=now.date() + timedelta(days=14))
    with tenancy.scope(cast.clinic.pk):
        plan = actions.make_plan(patient_id=patient, content=content, by=by, at=now)
        worklist_sync.sweep(by=by, at=now + timedelta(days=13))
        assert reviews(cast) == []
        due = now + timedelta(days=14)
        worklist_sync.sweep(by=by, at=due)
        worklist_sync.sweep(by=by, at=due)
        [item] = reviews(cast)
        assert (item.patient_id, item.about_id, item.facts) == (patient, plan.pk, {"on": str(content.review_on)})
        assert f"{content.review_on.day} " in why(item)
        assert find_link(item, ["treatments:read"]) == f"/plans/{plan.pk}/"
        assert find_link(item, ["scheduling:read"]) == ""

        later = PlanContent(problem="Neck", sessions=8, weeks=4, minutes=60, review_on=due.date() + timedelta(days=7))
        actions.change_plan(plan_id=plan.pk, content=later, revision=None, by=by, at=due)
        assert reviews(cast) == []
        worklist_sync.sweep(by=by, at=due + timedelta(days=8))
        assert len(reviews(cast)) == 1
        result = actions.PlanResult()
        actions.end_plan(plan_id=plan.pk, result=result, revision=None, by=by, at=due + timedelta(days=8))
        assert reviews(cast) == []
        worklist_sync.sweep(by=by, at=due + timedelta(days=9))
        assert reviews(cast) == []
        assert TreatmentPlan.objects.get().status == "ended"


def test_another_clinics_plan_raises_nothing_here(cast, patient):
    stranger, now = cast.actor(cast.stranger, clinic=cast.other_clinic), timezone.now()
    content = PlanContent(problem="Neck", sessions=8, weeks=4, minutes=60, review_on=now.date())
    with tenancy.scope(cast.other_clinic.pk):
        actions.make_plan(patient_id=builders.patient(stranger).pk, content=content, by=stranger, at=now)
    with tenancy.scope(cast.clinic.pk):
        worklist_sync.sweep(by=cast.actor(), at=now + timedelta(days=1))
        assert reviews(cast) == []
