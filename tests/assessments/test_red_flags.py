"""The red flags of a patient, without a database: state, what must be asked, what is stopped where."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise, product
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import catalogue
from assessments import red_flag_table, red_flags
from assessments.red_flag_table import LEVELS, RED_FLAGS, TECHNIQUE_CLASSES
from assessments.red_flags import Answer, KnownClearance, OpenFlag, stops, work_out_state
from patients.rules import BODY_REGIONS

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
CODES = list(RED_FLAGS)
SIDES = ["left", "right", "both", None]


def ago(days=0, **parts):
    return NOW - timedelta(days=days, **parts)


def exam(number):
    return UUID(int=number)


def answer(code, value, days=0, *, number=None, **more):
    exam_id = exam(days if number is None else number)
    return Answer(code, value, ago(days), assessment_id=exam_id, subject_id=exam_id, **more)


def screen(days=0, value="no", **more):
    return [answer(code, value, days, **more) for code in CODES]


def state(*answers, clearances=(), at=NOW, **more):
    return work_out_state(answers, clearances, at=at, **more)


def clearance(code, days=0, *, covers, **more):
    subject_ids = frozenset(exam(number) for number in covers)
    return KnownClearance(code, "examined", ago(days), "no sign of it any more", subject_ids=subject_ids, **more)


# --- The newest explicit answer counts ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("later", "is_open"),
    [
        ([], True),
        ([("not_asked", False)], True),
        ([("declined", False)], True),
        ([("no", True)], True),  # a draft
        ([("no", False)], False),
        ([("no", False), ("yes", True)], True),
        ([("no", False), ("yes", False)], True),
    ],
)
def test_only_a_signed_no_lowers_and_a_draft_may_raise(later, is_open):
    answers = [answer("vascular_5d_3n", "yes", 9)]
    answers += [
        answer("vascular_5d_3n", value, 8 - index, is_draft=is_draft) for index, (value, is_draft) in enumerate(later)
    ]

    assert ("vascular_5d_3n" in state(*answers).codes) == is_open


def test_the_open_flag_names_day_and_exam_of_its_newest_answer():
    found = state(answer("myelopathy", "yes", 9), answer("myelopathy", "yes", 3))

    assert found.open == (OpenFlag("myelopathy", ago(3), exam(3)),)


def test_what_was_answered_later_does_not_count_yet():
    yes = answer("vascular_5d_3n", "yes", 0)

    assert state(yes, at=ago(0, minutes=1)).open == ()
    assert state(yes, at=NOW).codes == {"vascular_5d_3n"}


def test_yes_and_no_of_the_same_moment_are_a_yes():
    answers = [answer("dvt_calf", "no", 1, number=1), answer("dvt_calf", "yes", 1, number=2)]

    assert state(*answers).codes == state(*reversed(answers)).codes == {"dvt_calf"}


def test_a_second_injury_does_not_undo_the_first():
    arm = answer("trauma_recent", "yes", 9, regions=("arm",), side="left")
    foot = answer("trauma_recent", "yes", 2, regions=("foot",), side="right")
    somewhere = answer("trauma_recent", "yes", 1)

    (both,) = state(arm, foot).open
    assert (both.regions, both.side) == (("arm", "foot"), None)
    assert state(arm, foot, somewhere).open[0].regions == ()
    assert state(arm, answer("trauma_recent", "no", 5), foot).open[0].regions == ("foot",)


# --- Clearance ------------------------------------------------------------------------------------------------


def test_a_clearance_closes_what_was_answered_before_it_and_nothing_else():
    before, after = answer("fever_infection", "yes", 5), answer("fever_infection", "yes", 1)
    cleared = clearance("fever_infection", 3, covers=[5])

    assert state(before, clearances=[cleared]).open == ()
    assert state(before, clearances=[cleared]).cleared == (cleared,)
    assert state(before, clearances=[cleared], at=ago(4)).codes == {"fever_infection"}
    assert state(before, after, clearances=[cleared]).codes == {"fever_infection"}
    assert state(answer("myelopathy", "yes", 5), clearances=[cleared]).codes == {"myelopathy"}


def test_a_clearance_does_not_cover_an_exam_that_came_to_light_later():
    known, unknown = answer("fever_infection", "yes", 5), answer("fever_infection", "yes", 6)

    assert state(known, unknown, clearances=[clearance("fever_infection", 3, covers=[5])]).codes == {"fever_infection"}


def test_a_clearance_is_no_longer_named_after_a_no():
    cleared = clearance("fever_infection", 3, covers=[5])

    assert state(answer("fever_infection", "yes", 5), answer("fever_infection", "no", 1), clearances=[cleared]) == (
        replace(state(answer("fever_infection", "no", 1)), cleared=())
    )


# --- What must be asked ---------------------------------------------------------------------------------------

BEFORE_NECK = {"myelopathy", "vascular_5d_3n", "rheumatoid_downs"}
OF_FIRST_VISIT = {
    "trauma_recent", "osteoporosis_steroid_fracture_risk", "fever_infection", "weight_loss_cancer_history",
    "night_pain_constant", "neuro_new", "severe_headache", "cardiac_mimic", "visceral_mimic", "inflammatory",
}  # fmt: skip


@pytest.mark.parametrize(
    ("regions", "more"),
    [
        ([], set()),
        (["neck"], BEFORE_NECK),
        (["head"], {"vascular_5d_3n", "temporal_arteritis"}),
        (["back"], {"myelopathy", "cauda_equina"}),
        (["pelvis"], {"cauda_equina"}),
        (["leg"], {"cauda_equina", "dvt_calf"}),
        (["thigh"], {"cauda_equina", "dvt_calf"}),
        (["hand", "shoulder", "chest"], set()),
    ],
)
def test_who_was_never_asked_must_be_asked_for_the_regions_to_treat(regions, more):
    expected = OF_FIRST_VISIT | more

    assert set(state(regions=regions, first_visit=True).unanswered) == expected
    assert set(state(regions=regions).unanswered) == expected  # a first visit that nobody asked at


def test_who_was_asked_everything_today_needs_nothing_more():
    found = state(*screen(), regions=BODY_REGIONS, first_visit=True)

    assert (found.unanswered, found.screened_at) == ((), NOW)


@pytest.mark.parametrize(("days", "is_stale"), [(0, False), (28, False), (29, True), (400, True)])
def test_an_answer_lasts_28_days_and_those_of_the_first_visit_last(days, is_stale):
    once = {"osteoporosis_steroid_fracture_risk", "cardiac_mimic", "visceral_mimic", "inflammatory"}
    asked_again = OF_FIRST_VISIT - once | BEFORE_NECK

    assert set(state(*screen(days), regions=["neck"]).unanswered) == (asked_again if is_stale else set())
    at_first = state(*screen(days), regions=["neck"], first_visit=True)
    assert set(at_first.unanswered) == (asked_again | once if is_stale else set())


@pytest.mark.parametrize(
    ("value", "more", "counts"),
    [
        ("yes", {}, True),
        ("no", {}, True),
        ("no", {"is_draft": True}, False),
        ("yes", {"is_draft": True}, False),
        ("not_asked", {}, False),
        ("declined", {}, False),
        ("declined", {"has_note": True}, True),
    ],
)
def test_what_counts_as_an_answer(value, more, counts):
    rest = [a for a in screen() if a.code != "fever_infection"]

    found = state(*rest, answer("fever_infection", value, **more))

    assert (found.unanswered == ()) == counts


def test_a_new_injury_makes_the_screen_before_it_stale():
    known_from_home = state(*screen(10), regions=["neck"], new_trauma_at=ago(2))
    in_exam = state(*screen(10), answer("trauma_recent", "yes", 2), regions=["neck"])
    in_draft = state(*screen(10), answer("trauma_recent", "yes", 2, is_draft=True), regions=["neck"])

    assert set(known_from_home.unanswered) == OF_FIRST_VISIT | BEFORE_NECK
    assert set(in_exam.unanswered) == OF_FIRST_VISIT - {"trauma_recent"} | BEFORE_NECK
    assert "trauma_recent" in in_draft.unanswered
    assert state(*screen(1), regions=["neck"], new_trauma_at=ago(2)).unanswered == ()


def test_self_harm_is_asked_on_request_only():
    assert [code for code, flag in RED_FLAGS.items() if not flag.is_mandatory] == ["psych_safety"]


# --- The table: what is stopped where -------------------------------------------------------------------------

S, A, C, N = "stop", "acknowledge", "caution", "show"
MUSCLE_OF = {"neck": "scalenes", "upper neck": "suboccipitals"}
# For each flag: hands-on, invasive, self-pressure, exercise, neck movement, advice; per place. From the table of 17.
TABLE = {
    "trauma_recent": {"head": "SSSSSN", "neck": "SSSSSN", "upper neck": "SSSSSN", "back": "SSSSSN", "leg": "SSSSSN"},
    "osteoporosis_steroid_fracture_risk": {"neck": "SSSNNN", "leg": "SSSNNN", "chest": "SSSNNN"},
    "fever_infection": {"neck": "SSSSSN", "hand": "SSSSSN"},
    "weight_loss_cancer_history": {"neck": "SSSNNN", "foot": "SSSNNN"},
    "night_pain_constant": {"neck": "AAAAAN", "leg": "AAAAAN"},
    "neuro_new": {"neck": "NANNNN", "leg": "NANNNN"},
    "myelopathy": {"neck": "SSSSSN", "leg": "SSSSSN"},
    "cauda_equina": {"neck": "SSSSSN", "leg": "SSSSSN"},
    "vascular_5d_3n": {"head": "SSSCSN", "neck": "SSSCSN", "upper neck": "SSSCSN", "leg": "CCCCSN"},
    "severe_headache": {"neck": "SSSSSN", "leg": "SSSSSN"},
    "temporal_arteritis": {"head": "SSSCCN", "neck": "CCCCCN", "leg": "CCCCCN"},
    "cardiac_mimic": {"neck": "SSSSSN", "leg": "SSSSSN"},
    "visceral_mimic": {"back": "CCCCCN", "abdomen": "CCCCCN", "chest": "CCCCCN", "pelvis": "CCCCCN", "leg": "NNNNNN"},
    "dvt_calf": {"thigh": "SSSCCN", "leg": "SSSCCN", "foot": "SSSCCN", "neck": "CCCCCN", "back": "CCCCCN"},
    "inflammatory": {"neck": "NNNNNN", "back": "NNNNNN"},
    "rheumatoid_downs": {"upper neck": "SSCCSN", "neck": "CCCCSN", "leg": "NNNNSN"},
    "psych_safety": {"neck": "AAAAAN", "leg": "AAAAAN"},
}
LETTERS = {"S": S, "A": A, "C": C, "N": N}


@pytest.mark.parametrize("code", CODES)
def test_each_row_of_the_table(code):
    flag = OpenFlag(code, NOW)
    for place, letters in TABLE[code].items():
        region, muscle = place.split()[-1], MUSCLE_OF.get(place)
        levels = [stops(flag, technique, region, None, muscle=muscle) for technique in TECHNIQUE_CLASSES]

        assert levels == [LETTERS[letter] for letter in letters], place


@pytest.mark.parametrize(
    ("flag", "region", "side", "level"),
    [
        (OpenFlag("dvt_calf", NOW, side="left"), "leg", "left", S),
        (OpenFlag("dvt_calf", NOW, side="left"), "leg", "right", C),
        (OpenFlag("dvt_calf", NOW, side="left"), "leg", None, S),
        (OpenFlag("dvt_calf", NOW, side="both"), "leg", "right", S),
        (OpenFlag("dvt_calf", NOW), "leg", "right", S),
        (OpenFlag("trauma_recent", NOW, regions=("arm",), side="left"), "arm", "left", S),
        (OpenFlag("trauma_recent", NOW, regions=("arm",), side="left"), "arm", "right", C),
        (OpenFlag("trauma_recent", NOW, regions=("arm",)), "neck", None, C),
        (OpenFlag("trauma_recent", NOW, regions=("neck",), side="left"), "neck", "right", S),
        (OpenFlag("trauma_recent", NOW), "foot", "right", S),
        (OpenFlag("neuro_new", NOW, regions=("hand",), side="left"), "shoulder", "left", A),
        (OpenFlag("neuro_new", NOW, regions=("hand",), side="left"), "shoulder", "right", N),
        (OpenFlag("neuro_new", NOW, regions=("hand",), side="left"), "neck", "right", A),
        (OpenFlag("neuro_new", NOW, regions=("hand",), side="left"), "leg", "left", N),
        (OpenFlag("neuro_new", NOW, regions=("foot",)), "back", None, A),
        (OpenFlag("neuro_new", NOW), "leg", "left", A),
    ],
)
def test_region_and_side_of_an_answer(flag, region, side, level):
    assert stops(flag, "invasive", region, side) == level


def test_where_nothing_is_known_of_the_place_the_strictest_counts():
    for code, technique in product(CODES, TECHNIQUE_CLASSES):
        flag = OpenFlag(code, NOW, regions=("foot",) if RED_FLAGS[code].names else (), side="left")
        known = [stops(flag, technique, region, side) for region, side in product(BODY_REGIONS, SIDES)]

        assert stops(flag, technique, None) == red_flags.strictest(known)


def test_regions_of_the_table_are_those_of_the_catalogue():
    assert set(BODY_REGIONS) == {muscle["region"] for muscle in catalogue.MUSCLES.values()}
    assert set(catalogue.MUSCLES) >= red_flag_table.UPPER_NECK_MUSCLES
    for flag in RED_FLAGS.values():
        assert set(flag.before) <= set(BODY_REGIONS)
        assert bool(flag.before) == (red_flag_table.BEFORE_REGION in flag.asked)
        assert flag.group in red_flag_table.GROUPS
        assert flag.question.endswith("?")


def test_emergencies_and_what_blocks():
    assert {code for code, flag in RED_FLAGS.items() if flag.is_emergency} == {
        "cauda_equina",
        "vascular_5d_3n",
        "severe_headache",
        "cardiac_mimic",
        "psych_safety",
    }
    assert {code for code, flag in RED_FLAGS.items() if not flag.blocks} == {
        "night_pain_constant",
        "neuro_new",
        "visceral_mimic",
        "inflammatory",
        "psych_safety",
    }


# --- Nothing that is learned loosens --------------------------------------------------------------------------

days = st.integers(0, 60)
# An exam has 17 answers, so drawing some exams takes its time on a busy machine.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
places = st.sampled_from([(), ("arm",), ("neck", "leg")])


@st.composite
def answers_of(draw):
    answers = []
    for number in range(draw(st.integers(0, 5))):
        at, is_draft = draw(days), draw(st.booleans())
        for code in draw(st.lists(st.sampled_from(CODES), max_size=17, unique=True)):
            value = draw(st.sampled_from(["yes", "no", "not_asked", "declined"]))
            answers.append(
                answer(
                    code,
                    value,
                    at,
                    number=number,
                    is_draft=is_draft,
                    has_note=draw(st.booleans()),
                    regions=draw(places),
                    side=draw(st.sampled_from(SIDES)),
                )
            )
    return answers


@st.composite
def clearances_of(draw):
    return [
        clearance(draw(st.sampled_from(CODES)), draw(days), covers=draw(st.lists(st.integers(0, 5), max_size=6)))
        for _ in range(draw(st.integers(0, 3)))
    ]


def levels_of(found):
    """How strictly the open flags stand in the way of each technique in each place."""
    return {
        (technique, region, side): LEVELS.index(
            red_flags.strictest(stops(flag, technique, region, side) for flag in found.open)
        )
        for technique, region, side in product(TECHNIQUE_CLASSES, [*BODY_REGIONS, None], ["left", "right"])
    }


def assert_not_looser(before, after, *, but=frozenset()):
    looser = levels_of(before)
    assert all(level >= looser[key] for key, level in levels_of(after).items())
    assert before.codes <= after.codes
    assert set(before.unanswered) - but <= set(after.unanswered)


@unhurried
@given(answers_of(), clearances_of(), st.sampled_from(CODES), days, places, st.sampled_from(SIDES), st.booleans())
def test_one_more_yes_never_loosens(answers, clearances, code, at, regions, side, is_draft):
    more = answer(code, "yes", at, number=9, regions=regions, side=side, is_draft=is_draft)

    before = state(*answers, clearances=clearances, regions=BODY_REGIONS)
    after = state(*answers, more, clearances=clearances, regions=BODY_REGIONS)

    # The question is answered now, and by what stands in the way instead.
    assert_not_looser(before, after, but={code})


@unhurried
@given(answers_of(), clearances_of(), st.data())
def test_one_no_removed_or_turned_into_a_yes_never_loosens(answers, clearances, data):
    noes = [index for index, given_ in enumerate(answers) if given_.answer == "no"]
    if not noes:
        return
    index = data.draw(st.sampled_from(noes))
    before = state(*answers, clearances=clearances, regions=BODY_REGIONS)

    removed = [a for place, a in enumerate(answers) if place != index]
    turned = [replace(a, answer="yes") if place == index else a for place, a in enumerate(answers)]

    assert_not_looser(before, state(*removed, clearances=clearances, regions=BODY_REGIONS))
    # A "no" of an exam that somebody cleared the same flag of would be cleared as a "yes".
    assert_not_looser(before, state(*turned, clearances=clearances, regions=BODY_REGIONS))


@unhurried
@given(answers_of(), clearances_of(), st.permutations(BODY_REGIONS))
def test_more_regions_to_treat_never_ask_less(answers, clearances, regions):
    asked = [
        set(state(*answers, clearances=clearances, regions=regions[:count]).unanswered)
        for count in range(len(regions) + 1)
    ]

    assert all(fewer <= more for fewer, more in pairwise(asked))


@unhurried
@given(answers_of(), clearances_of())
def test_an_empty_exam_changes_nothing(answers, clearances):
    empty = [answer(code, "not_asked", 0, number=9) for code in CODES]

    assert state(*answers, *empty, clearances=clearances) == state(*answers, clearances=clearances)
