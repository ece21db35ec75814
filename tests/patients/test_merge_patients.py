"""Two records that are one person."""

from database import tenancy
from tests import builders


def two(cast):
    with tenancy.scope(cast.clinic.pk):
        actor = cast.actor()
        return [builders.patient(actor, given_names=name).pk for name in ("Ada", "Adda")]


def test_the_old_id_says_where_it_went(api, cast):
    keep, twice = two(cast)
    api().patch(f"/patients/{twice}/", {"alerts": [{"code": "pacemaker"}]}, If_Match="*")

    merged = api(cast.owner).post(f"/patients/{twice}/merge/", {"into": str(keep), "reason": "Registered twice."})

    assert merged.status_code == 200, merged.json()
    assert merged.json()["id"] == str(keep)
    assert [a["code"] for a in merged.json()["alerts"]] == ["pacemaker"]
    assert api().get(f"/patients/{twice}/").json()["merged_into"] == str(keep)
    assert [p["id"] for p in api().post("/patients/search/", {"q": "okafor"}).json()["results"]] == [str(keep)]


def test_what_was_signed_under_the_old_id_is_in_the_survivors_history(api, cast):
    keep, twice = two(cast)
    exam = api().post(f"/patients/{twice}/assessments/", builders.exam()).json()
    api().post(f"/assessments/{exam['id']}/sign/")

    api(cast.owner).post(f"/patients/{twice}/merge/", {"into": str(keep), "reason": "Twice."})

    history = api().get(f"/patients/{keep}/history/").json()["results"]
    assert [r["patient_id"] for r in history] == [str(twice)]
    assert len(api().get(f"/patients/{keep}/trigger-points/").json()["results"]) == 1


def test_nothing_new_is_recorded_under_a_merged_id(api, cast):
    keep, twice = two(cast)
    api(cast.owner).post(f"/patients/{twice}/merge/", {"into": str(keep), "reason": "Twice."})

    answer = api().post(f"/patients/{twice}/assessments/", builders.exam())

    assert (answer.status_code, answer.json()["code"]) == (409, "patient_merged")
    assert answer.json()["merged_into"] == str(keep)


def test_a_merge_is_refused_into_itself_into_a_stranger_and_twice(api, cast):
    keep, twice = two(cast)
    with tenancy.scope(cast.other_clinic.pk):
        strange = builders.patient(cast.actor(cast.stranger, clinic=cast.other_clinic)).pk

    def merge(who, into):
        return api(cast.owner).post(f"/patients/{who}/merge/", {"into": str(into), "reason": "?"}).json()["code"]

    assert merge(keep, keep) == "cannot_merge"
    assert merge(keep, strange) == "cannot_merge"
    assert merge(strange, keep) == "not_found"
    api(cast.owner).post(f"/patients/{twice}/merge/", {"into": str(keep), "reason": "Twice."})
    assert merge(twice, keep) == "cannot_merge"
    assert merge(keep, twice) == "cannot_merge"
