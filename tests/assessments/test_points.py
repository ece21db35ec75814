"""Points that last: which point a finding is, its number for life, what became of it, merge and split."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assessments import point_states as states
from assessments import rules
from assessments.models import PointMerge, TriggerPoint
from assessments.point_matching import SAME_PLACE, ChartPlace, KnownPoint, Sighting, match_points
from database import tenancy
from database.expressions import new_id
from tests import builders

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
START = datetime(2026, 9, 1, 9, tzinfo=UTC)


def at(day):
    return START + timedelta(days=day)


def place(x, y=0.5, view="neck"):
    return ChartPlace(view, x, y)


def known(x=None, key="", muscle="trapezius_upper"):
    return KnownPoint(new_id(), muscle, "right", key, place(x) if x is not None else None)


def sighting(x=None, key="", muscle="trapezius_upper", **more):
    return Sighting(muscle, "right", key, place(x) if x is not None else None, **more)


# --- Which point a finding is ------------------------------------------------------------------------------------


def test_the_same_place_with_three_names_is_one_point_safety_9():
    point = known(0.5, "midbelly")
    for key in ("midbelly", "middle", ""):
        assert match_points([sighting(0.5, key)], [point]) == [point.id]


@unhurried
@given(st.permutations([("mid-belly", 0.5), ("middle", 0.5), ("", 0.5)]))
def test_the_order_of_the_sightings_does_not_matter(order):
    points = []
    for name, x in order:
        found = match_points([sighting(x, name)], points)[0]
        points = points or [known(x, name)]
        assert found in (None, points[0].id)
    assert len(points) == 1


@pytest.mark.parametrize(("away", "is_same"), [(0.0, True), (SAME_PLACE, True), (SAME_PLACE + 0.001, False)])
def test_how_far_away_a_point_may_be_touched(away, is_same):
    point = known(0.5)
    assert (match_points([sighting(0.5 + away)], [point]) == [point.id]) is is_same


def test_another_muscle_or_a_new_point_is_never_the_known_one():
    point = known(0.5)
    assert match_points([sighting(0.5, muscle="levator_scapulae")], [point]) == [None]
    assert match_points([sighting(0.5, is_new_point=True)], [point]) == [None]


def test_no_point_is_seen_twice_in_one_exam_and_the_nearest_goes_first():
    one, two = known(0.50), known(0.53)
    for order in ([0.529, 0.501], [0.501, 0.529]):
        found = dict(zip(order, match_points([sighting(x) for x in order], [one, two]), strict=True))
        assert found == {0.501: one.id, 0.529: two.id}
    assert match_points([sighting(0.5), sighting(0.5, "other")], [one]) == [one.id, None]


def test_a_name_finds_what_was_touched_elsewhere_and_no_name_does_not():
    named, unnamed = known(0.2, "edge"), known(0.2)
    assert match_points([sighting(0.9, "edge")], [named]) == [named.id]
    assert match_points([sighting(0.9)], [unnamed]) == [None]
    assert match_points([sighting()], [unnamed]) == [unnamed.id]


# --- What became of a point ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("classes", "state"),
    [
        ([(0, "active")], "active"),
        ([(0, "latent")], "latent"),
        ([(0, "activity_undetermined")], "undetermined"),
        ([(0, "indeterminate")], "undetermined"),
        ([(0, "active"), (3, "no_trigger_point")], "undetermined"),
        ([(0, "active"), (3, "no_trigger_point"), (9, "no_trigger_point")], "undetermined"),
        ([(0, "active"), (3, "no_trigger_point"), (10, "no_trigger_point")], "resolved"),
        ([(0, "active"), (3, "no_trigger_point"), (5, "latent"), (11, "no_trigger_point")], "undetermined"),
        ([(0, "active"), (3, "no_trigger_point"), (10, "no_trigger_point"), (12, "indeterminate")], "resolved"),
        ([(0, "active"), (3, "no_trigger_point"), (10, "no_trigger_point"), (20, "latent")], "recurred"),
    ],
)
def test_the_state_after_these_exams_safety_9(classes, state):
    assert states.work_out_state([(at(day), code) for day, code in classes]) == state


SIGNS = st.fixed_dictionaries(
    {sign: st.sampled_from(["present", "absent", "not_tested"]) for sign in ("taut_band", "referred_pain")}
    | {"hypersensitive_spot": st.sampled_from(["present", "absent"])}
)


def recorded(day, signs, rule_set):
    was = rules.classify(signs, recognised="yes", current_symptom="yes", rule_set=rule_set)
    return states.RecordedSighting(
        new_id(), at(day), False, signs, "yes", "yes", was.class_, was.rule_set, was.rule_set_version
    )


@unhurried
@given(st.lists(SIGNS, min_size=1, max_size=5), st.sampled_from(list(rules.RULE_SETS)), st.randoms())
def test_a_course_is_judged_by_one_rule_set_in_any_order(all_signs, rule_set, random):
    sets = list(rules.RULE_SETS)
    sightings = [recorded(day, signs, sets[day % len(sets)]) for day, signs in enumerate(all_signs)]
    course = states.judge_course(sightings, rule_set=rule_set)
    shuffled = sightings[:]
    random.shuffle(shuffled)
    assert states.judge_course(shuffled, rule_set=rule_set) == course
    for judged in course.series:
        again = rules.classify(judged.sighting.signs, recognised="yes", current_symptom="yes", rule_set=rule_set)
        assert judged.class_now == again.class_
    assert course.state in states.STATES


def test_a_change_of_rule_set_is_a_line_and_no_change_of_the_patient():
    signs = {"taut_band": "present", "hypersensitive_spot": "present", "referred_pain": "absent"}
    strict = next(key for key in rules.RULE_SETS if rules.classify(signs, rule_set=key).criteria == "not_met")
    course = states.judge_course(
        [recorded(0, signs, rules.DEFAULT_RULE_SET), recorded(7, signs, strict)], rule_set=rules.DEFAULT_RULE_SET
    )
    assert [judged.class_now for judged in course.series] == ["active", "active"]
    assert [judged.sighting.class_then for judged in course.series] == ["active", "no_trigger_point"]
    assert [judged.rule_set_changed for judged in course.series] == [False, True]
    assert course.state == "active"


# --- Through the entry points ------------------------------------------------------------------------------------


def exam(api, patient, day=0, *, sign=True, **finding):
    touched = {"point": {"view": "back", "x": 0.58, "y": 0.19}} | finding
    body = builders.exam(performed_at=at(day).isoformat(), findings=[builders.finding(**touched)])
    answer = api().post(f"/patients/{patient}/assessments/", body)
    assert answer.status_code == 201, answer.json()
    if sign:
        signed = api().post(f"/assessments/{answer.json()['id']}/sign/")
        assert signed.status_code in (200, 201), signed.json()
    return answer.json()


def points_of(api, patient):
    rows = api().get(f"/patients/{patient}/trigger-points/").json()["results"]
    return {row["number"]: row for row in rows}


def test_numbers_are_the_patients_own_and_stay(api, patient, cast):
    first = exam(api, patient, 0)
    exam(api, patient, 1, muscle="levator_scapulae", point=None)
    exam(api, patient, 2, place="somewhere else")  # the same spot on the chart
    points = points_of(api, patient)
    assert {number: row["muscle"] for number, row in points.items()} == {1: "trapezius_upper", 2: "levator_scapulae"}
    assert points[1]["sightings"] == 2
    assert points[1]["id"] == first["findings"][0]["trigger_point"]
    assert points[1]["course"]["state"] == "active"
    assert [step["class"] for step in points[1]["course"]["series"]] == ["active", "active"]


def test_a_finding_says_which_point_it_is(api, patient, cast):
    first = exam(api, patient)["findings"][0]
    other = exam(api, patient, 1, new_point=True)["findings"][0]
    again = exam(api, patient, 2, trigger_point=other["trigger_point"])["findings"][0]
    assert other["trigger_point"] != first["trigger_point"] == exam(api, patient, 3)["findings"][0]["trigger_point"]
    assert again["trigger_point"] == other["trigger_point"]


def test_a_point_of_another_patient_muscle_or_named_twice_is_refused(api, patient, cast):
    with tenancy.scope(cast.clinic.pk):
        stranger = builders.patient(cast.actor()).pk
    point = exam(api, patient)["findings"][0]["trigger_point"]

    def codes(who, *findings):
        answer = api().post(f"/patients/{who}/assessments/", builders.exam(findings=list(findings)))
        return [(e["pointer"], e["code"]) for e in answer.json()["errors"]]

    own = {"trigger_point": point}
    assert codes(stranger, builders.finding(**own)) == [("/findings/0/trigger_point", "unknown")]
    assert codes(patient, builders.finding(muscle="levator_scapulae", **own)) == [
        ("/findings/0/trigger_point", "unknown")
    ]
    assert codes(patient, builders.finding(**own), builders.finding(place="2", **own)) == [
        ("/findings/1/trigger_point", "duplicate")
    ]
    assert codes(patient, builders.finding(**own, new_point=True)) == [("/findings/0/new_point", "known_point")]


def test_merged_points_count_as_one_and_can_be_split(api, patient, cast):
    one = exam(api, patient)["findings"][0]["trigger_point"]
    two = exam(api, patient, 1, new_point=True)["findings"][0]["trigger_point"]

    merged = api().post(f"/trigger-points/{two}/merge/", {"into": one, "reason": "One band, touched twice."})
    assert (merged.status_code, merged.json()) == (200, {"id": one, "number": 1, "merged_numbers": [2]})
    assert {n: row["sightings"] for n, row in points_of(api, patient).items()} == {1: 2}
    # A caller who names the merged one gets the one that counts; what was signed keeps its id.
    assert exam(api, patient, 2, trigger_point=two)["findings"][0]["trigger_point"] == one
    history = api().get(f"/patients/{patient}/history/").json()["results"]
    assert two in {f["trigger_point"] for row in history for f in row["document"]["content"]["findings"]}

    assert api().post(f"/trigger-points/{two}/split/", {"reason": "Two bands."}).json()["number"] == 2
    assert {n: row["sightings"] for n, row in points_of(api, patient).items()} == {1: 2, 2: 1}
    with tenancy.scope(cast.clinic.pk):
        trail = list(PointMerge.objects.order_by("id").values_list("point_id", "into_id", "reason"))
        assert [str(into) if into else None for _point, into, _reason in trail] == [one, None]


def test_what_cannot_be_merged(api, patient, cast):
    one = exam(api, patient)["findings"][0]["trigger_point"]
    two = exam(api, patient, 1, new_point=True)["findings"][0]["trigger_point"]
    levator = exam(api, patient, 2, muscle="levator_scapulae")["findings"][0]["trigger_point"]

    def merge(point, into, reason="Same."):
        answer = api().post(f"/trigger-points/{point}/merge/", {"into": str(into), "reason": reason})
        return answer.status_code, answer.json()["code"]

    assert merge(one, one) == (409, "cannot_merge_points")
    assert merge(one, levator) == (409, "cannot_merge_points")
    assert merge(one, two, " . ")[0] == 400
    assert merge(one, new_id())[0] == 400
    assert merge(new_id(), one) == (404, "not_found")
    assert api().post(f"/trigger-points/{one}/split/", {"reason": "Why not."}).status_code == 409
    api().post(f"/trigger-points/{two}/merge/", {"into": one, "reason": "Same."})
    assert merge(two, one) == (409, "cannot_merge_points")


def test_the_numbers_of_a_merged_record_follow_the_survivors(api, patient, cast):
    with tenancy.scope(cast.clinic.pk):
        twice = builders.patient(cast.actor()).pk
    exam(api, patient)
    exam(api, twice, muscle="levator_scapulae")
    api(cast.owner).post(f"/patients/{twice}/merge/", {"into": str(patient), "reason": "Registered twice."})
    assert {n: row["muscle"] for n, row in points_of(api, patient).items()} == {
        1: "trapezius_upper",
        2: "levator_scapulae",
    }
    exam(api, patient, 5, muscle="suboccipitals", point=None)
    assert points_of(api, patient)[3]["muscle"] == "suboccipitals"


def test_the_database_gives_the_number_and_keeps_it(api, patient, cast):
    exam(api, patient)
    with tenancy.scope(cast.clinic.pk):
        own = {"clinic_id": cast.clinic.pk, "patient_id": patient, "muscle_id": "levator_scapulae", "side": "left"}
        made = TriggerPoint.objects.create(**own)
        assert made.number == 2
        with pytest.raises(DatabaseError), transaction.atomic():
            TriggerPoint.objects.filter(pk=made.pk).update(number=7)
        with connection.cursor() as cursor:
            cursor.execute("SELECT max(number) FROM assessments_triggerpoint WHERE patient_id = %s", [patient])
            assert cursor.fetchone() == (2,)
