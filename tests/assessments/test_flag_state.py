"""The red flags of a patient as the database has them: which exams count, and how many statements it takes."""

from datetime import timedelta

import pytest
from django.utils import timezone

from assessments.queries import flag_state
from database import tenancy
from patients import actions as patients
from patients.queries import identities
from tests import builders

VASCULAR = "vascular_5d_3n"


@pytest.fixture
def examine(api, patient):
    """Record an exam some days ago, signed unless said otherwise; returns its id."""

    def record(red_flags, *, days=0, sign=True, on=None):
        at = timezone.now() - timedelta(days=days, minutes=5)
        body = builders.exam(performed_at=at.isoformat(), red_flags=red_flags)
        answer = api().post(f"/patients/{on or patient}/assessments/", body)
        assert answer.status_code == 201, answer.json()
        if sign:
            assert api().post(f"/assessments/{answer.json()['id']}/sign/").status_code == 200
        return answer.json()["id"]

    return record


@pytest.fixture
def state(cast, patient):
    def read(*, at=None, regions=("neck",), first_visit=False, on=None):
        with tenancy.scope(cast.clinic.pk):
            people = identities(clinic_id=cast.clinic.pk, patient_id=on or patient)
            return flag_state(people, at=at or timezone.now(), regions=regions, first_visit=first_visit)

    return read


def test_a_later_exam_that_did_not_ask_lowers_nothing(examine, state):
    flagged = examine(builders.screen(yes=[VASCULAR]), days=3)
    examine([], days=2)
    examine([{"code": VASCULAR, "answer": "not_asked"}], days=1)
    examine([{"code": VASCULAR, "answer": "no"}], sign=False)

    (flag,) = state().open

    assert (flag.code, str(flag.assessment_id), flag.in_draft) == (VASCULAR, flagged, False)


def test_a_signed_no_lowers_and_a_draft_raises(examine, state):
    examine(builders.screen(yes=[VASCULAR]), days=3)
    examine([{"code": VASCULAR, "answer": "no"}], days=2)
    assert state().open == ()

    examine([{"code": VASCULAR, "answer": "yes"}], days=1, sign=False)

    assert [flag.in_draft for flag in state().open] == [True]


def test_of_an_exam_in_error_the_answer_before_counts(api, examine, state):
    examine(builders.screen(), days=3)
    flagged = examine([{"code": VASCULAR, "answer": "yes"}], days=1)
    assert state().codes == {VASCULAR}

    reason = {"reason": "Entered for the wrong patient."}
    assert api().post(f"/assessments/{flagged}/entered-in-error/", reason).status_code == 200

    assert (state().open, state().unanswered) == ((), ())


def test_a_new_version_stands_for_the_old_one(api, examine, state):
    flagged = examine(builders.screen(yes=[VASCULAR]), days=3)
    draft = api().post(f"/assessments/{flagged}/revisions/").json()["id"]
    api().patch(f"/assessments/{draft}/", {"red_flags": builders.screen()}, If_Match="*")
    assert state().codes == {VASCULAR}

    api().post(f"/assessments/{draft}/sign/")

    assert state().open == ()


def test_the_state_of_an_earlier_moment(examine, state):
    examine(builders.screen(), days=3)
    examine(builders.screen(yes=["dvt_calf"]), days=1)

    assert state(at=timezone.now() - timedelta(days=2)).open == ()
    assert state().codes == {"dvt_calf"}


def test_place_and_side_of_an_answer_are_kept(examine, state):
    examine(builders.screen(trauma_recent={"answer": "yes", "regions": ["arm", "hand"], "side": "left"}))

    (flag,) = state().open

    assert (flag.regions, flag.side) == (("arm", "hand"), "left")


def test_records_of_one_person_are_one_history(api, cast, patient, examine, state):
    with tenancy.scope(cast.clinic.pk):
        twin = builders.patient(cast.actor()).pk
    examine(builders.screen(yes=[VASCULAR]), days=3, on=twin)
    with tenancy.scope(cast.clinic.pk):
        by = cast.actor(cast.owner)
        patients.merge_patients(
            revision=None, patient_id=twin, into_id=patient, reason="The same person, twice.", by=by, at=timezone.now()
        )

    assert state().codes == {VASCULAR}


def test_another_clinic_sees_nothing_of_it(cast, patient, examine):
    examine(builders.screen(yes=[VASCULAR]))

    with tenancy.scope(cast.other_clinic.pk):
        found = flag_state([patient], at=timezone.now(), regions=["neck"])

    assert (found.open, found.screened_at) == ((), None)


def test_who_was_never_examined_is_unscreened(state):
    found = state(first_visit=True)

    assert (found.open, found.screened_at) == ((), None)
    assert {"trauma_recent", VASCULAR, "inflammatory"} <= set(found.unanswered)


@pytest.mark.parametrize("exams", [1, 12])
def test_it_takes_two_statements_however_many_exams_there_are(cast, patient, examine, exams, django_assert_num_queries):
    for days in range(exams):
        examine(builders.screen(yes=[VASCULAR] if days % 2 else []), days=days)
    with tenancy.scope(cast.clinic.pk), django_assert_num_queries(2):
        flag_state([patient], at=timezone.now(), regions=["neck", "leg"], first_visit=False)
