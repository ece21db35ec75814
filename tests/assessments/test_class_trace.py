"""Which tests still matter, and how a class came about: by every rule set, in the API and on the exam screen."""

from __future__ import annotations

from itertools import product
from uuid import uuid4

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.actions import set_display_mode
from accounts.models import Clinic
from assessments.class_trace import BOTH_SETTLE, PALPATE, RECOGNISED, Spot, TraceStep, find_tests, trace_class
from assessments.rules import CONFIRMATORY_SIGNS, RULE_SETS, SIGNS, classify
from database import tenancy
from tests import builders

P, A, U = "present", "absent", "not_tested"
CORE = ("taut_band", "hypersensitive_spot", "referred_pain")
RULE_SET = st.sampled_from(list(RULE_SETS))
SIGNS_DRAWN = st.fixed_dictionaries(
    {sign: st.sampled_from([P, A, U, "not_reachable"]) for sign in SIGNS}
    | {"spot_in_band": st.sampled_from(["yes", "no", "unknown"])}
)
RECOGNITION = st.sampled_from(["yes", "no", "not_asked", "unsure"])
SYMPTOM = st.sampled_from(["yes", "no", "not_recorded"])


def spot(recognised="not_asked", **signs):
    return Spot(uuid4(), "trapezius_upper", "right", signs, recognised)


def find(*spots, suggested=(), rule_set="delphi2018_any2"):
    return find_tests(spots, suggested, current_symptom="yes", rule_set=rule_set)


@pytest.mark.parametrize("triple", list(product([P, A, U], repeat=3)))
@pytest.mark.parametrize("rule_set", RULE_SETS)
def test_all_27_sign_combinations_by_each_rule_set(rule_set, triple):
    """A trace comes to the class of the rules, and a test is named exactly where the class is open."""
    signs = dict(zip(CORE, triple, strict=True))
    judged = classify(signs, recognised="yes", rule_set=rule_set)

    trace = trace_class(signs, recognised="yes", current_symptom="yes", rule_set=rule_set)
    tests = find(spot("yes", **signs), rule_set=rule_set)

    assert (trace.class_, trace.step.result) == (judged.class_, judged.criteria)
    assert bool(tests) is (judged.criteria == "indeterminate")


def test_what_decides_either_way_stands_first_then_the_drawing_then_the_rest():
    decides = spot(taut_band=P, hypersensitive_spot=A)
    open_ = spot(taut_band=A)
    undetermined = spot(taut_band=P, hypersensitive_spot=P)

    tests = find(decides, open_, undetermined, suggested=[("levator_scapulae", "right"), ("trapezius_upper", "right")])

    assert [(test.kind, test.test) for test in tests[:2]] == [("sign", "referred_pain"), (RECOGNISED, RECOGNISED)]
    assert [test.settling for test in tests[:2]] == [BOTH_SETTLE, BOTH_SETTLE]
    # A muscle that was palpated is not named again.
    assert [test.muscle for test in tests if test.kind == PALPATE] == ["levator_scapulae"]


def test_nothing_matters_any_more_when_everything_is_settled():
    assert find(spot("yes", taut_band=P, hypersensitive_spot=P), spot(taut_band=A, hypersensitive_spot=A)) == []


@given(SIGNS_DRAWN, RECOGNITION, SYMPTOM, RULE_SET)
def test_a_named_test_can_change_the_class_and_one_that_is_not_named_cannot(signs, recognised, symptom, rule_set):
    tests = find_tests([spot(recognised, **signs)], [], current_symptom=symptom, rule_set=rule_set)
    named = {test.test for test in tests}

    def judge(**changes):
        who = changes.pop(RECOGNISED, recognised)
        return classify({**signs, **changes}, recognised=who, current_symptom=symptom, rule_set=rule_set)

    now = judge()
    for test in tests:
        if test.settling == BOTH_SETTLE:
            values = ("yes", "no") if test.test in (RECOGNISED, "spot_in_band") else (P, A)
            assert len({judge(**{test.test: value}).class_ for value in values}) == 2
    for sign in set(SIGNS) - named:
        if signs[sign] == U:
            assert {judge(**{sign: value}).criteria for value in (P, A)} == {now.criteria}


@given(SIGNS_DRAWN, RECOGNITION, SYMPTOM, RULE_SET)
def test_a_trace_adds_up(signs, recognised, symptom, rule_set):
    trace = trace_class(signs, recognised=recognised, current_symptom=symptom, rule_set=rule_set)
    judged = classify(signs, recognised=recognised, current_symptom=symptom, rule_set=rule_set)
    assert (trace.class_, trace.rule_set_version) == (judged.class_, judged.rule_set_version)

    def add_up(step: TraceStep):
        assert 0 <= step.needed <= len(step.signs) + len(step.parts)
        counts = [sign.counts_as for sign in step.signs]
        assert step.present == counts.count("present") + [p.result for p in step.parts].count("met")
        expected = (
            "met" if step.present >= step.needed
            else "not_met" if step.present + step.unknown < step.needed
            else "indeterminate"
        )  # fmt: skip
        assert step.result == expected
        for part in step.parts:
            add_up(part)

    add_up(trace.step)
    assert trace.step.result == judged.criteria


def test_the_confirmatory_signs_are_in_no_trace_of_the_default_rule_set():
    trace = trace_class(dict.fromkeys(CONFIRMATORY_SIGNS, P), recognised="yes", current_symptom="yes",
                        rule_set="delphi2018_any2")  # fmt: skip
    assert {sign.sign for sign in trace.step.signs} == set(CORE)


# --- Page and API ---------------------------------------------------------------------------------------------

EXAM = {
    "findings": [
        {"muscle": "trapezius_upper", "side": "right", "taut_band": P, "hypersensitive_spot": A},
        {"muscle": "infraspinatus", "side": "left", "taut_band": P, "hypersensitive_spot": P, "recognised": "yes"},
    ],
    "pain_drawing": [{"zone": "neck.shoulder_angle", "side": "right"}],
}


@pytest.mark.django_db
def test_the_api_answers_tests_and_traces_and_nothing_in_documentation_only_mode(cast, api, patient):
    made = api().post(f"/patients/{patient}/assessments/", builders.exam(**EXAM)).json()
    path = f"/assessments/{made['id']}/next-tests/"

    answer = api().get(path).json()

    assert (answer["tests"][0]["test"], answer["tests"][0]["settling"]) == ("referred_pain", 2)
    assert {test["muscle"] for test in answer["tests"] if test["kind"] == PALPATE} >= {"levator_scapulae"}
    assert [trace["leads_to"] for trace in answer["traces"]] == ["indeterminate", "active"]
    assert api(cast.stranger).get(path).status_code == 404
    with tenancy.scope(cast.clinic.pk):
        clinic = Clinic.objects.get(pk=cast.clinic.pk)
        set_display_mode(clinic=clinic, shows_classification=False, revision=None, by=cast.actor(cast.owner))
    assert api().get(path).json() == {"tests": [], "traces": []}


@pytest.mark.django_db
def test_the_exam_screen_has_them_in_words(cast, api, patient):
    made = api().post(f"/patients/{patient}/assessments/", builders.exam(**EXAM)).json()
    client = Client()
    client.force_login(cast.therapist)

    page = client.get(f"/exams/{made['id']}/").content.decode()

    assert "Upper trapezius, right: test referred pain, it decides either way" in page
    assert "At least 2 of 3: Taut band: present; Hypersensitive spot: absent; Referred pain: not tested" in page
