"""Register, read, change and search patients."""

import pytest

from database import tenancy
from patients.models import Alert
from tests import builders
from tests.committed import committed, superuser

ADA = {
    "family_name": "Okafor",
    "given_names": "Ada",
    "birth_date": "1980-02-03",
    "sex": "female",
    "external_ids": [{"system": "https://registry.example", "value": "A-4711"}],
    "contact": {"email": "ada@example.org", "phone": None, "consent": {"email": "granted"}},
    "alerts": [{"code": "anticoagulant", "note": "warfarin"}],
}

__all__ = ["committed"]


def test_it_registers_a_patient(api):
    answer = api().post("/patients/", ADA)

    assert answer.status_code == 201, answer.json()
    body = answer.json()
    assert body["contact"]["consent"] == {"email": "granted", "sms": "not_asked", "phone": "not_asked"}
    [alert] = body["alerts"]
    assert (alert["code"], alert["note"], alert["source"], alert["side"]) == ("anticoagulant", "warfarin", "", None)
    assert body["possible_duplicates"] == []
    assert answer["ETag"] == '"1"'
    assert api().get(answer["Location"]).json()["family_name"] == "Okafor"


def test_it_warns_of_a_duplicate(api):
    first = api().post("/patients/", ADA).json()

    again = api().post("/patients/", {**ADA, "family_name": "OKAFOR", "external_ids": []})

    assert again.status_code == 201
    assert again.json()["possible_duplicates"] == [
        {
            "id": first["id"],
            "reason": "same_name_and_birth_date",
            "alike": ["family_name", "given_names", "birth_date", "email"],
        }
    ]


def test_it_refuses_an_identifier_twice(api):
    api().post("/patients/", ADA)

    again = api().post("/patients/", {**ADA, "given_names": "Somebody else"})

    assert (again.status_code, again.json()["code"]) == (409, "identifier_taken")


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"family_name": ""}, "/family_name", "blank"),
        ({"family_name": None}, "/family_name", "null"),
        ({"birth_date": "2999-01-01"}, "/birth_date", "in_future"),
        ({"birth_date": "0001-01-01"}, "/birth_date", "too_early"),
        ({"birth_date": "1899-12-31"}, "/birth_date", "too_early"),
        ({"birth_date": "3.2.1980"}, "/birth_date", "invalid"),
        ({"sex": "f"}, "/sex", "invalid_choice"),
        ({"time_zone": "Mars/Base"}, "/time_zone", "unknown_time_zone"),
        ({"alerts": [{"code": "warfarin"}]}, "/alerts/0/code", "invalid_choice"),
        ({"contact": {"email": "no"}}, "/contact/email", "invalid"),
        ({"familyname": "x"}, "/familyname", "unknown_field"),
        ({"family_name": 7}, "/family_name", "invalid"),
    ],
)
def test_bad_input_names_the_field(api, change, pointer, code):
    answer = api().post("/patients/", {**ADA, **change})

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert (pointer, code) in [(e["pointer"], e["code"]) for e in answer.json()["errors"]]
    assert api().get("/patients/").json()["results"] == []


def test_a_change_needs_the_etag_that_was_seen(api):
    path = api().post("/patients/", ADA)["Location"]

    assert api().patch(path, {"pronouns": "she"}).status_code == 428
    assert api().patch(path, {"pronouns": "she"}, If_Match='"7"').status_code == 412
    done = api().patch(path, {"pronouns": "she/her", "given_names": "Ada"}, If_Match='"1"')

    assert done.status_code == 200, done.json()
    assert done["ETag"] == '"2"'
    assert done.json()["pronouns"] == "she/her"
    assert done.json()["given_names"] == "Ada"


def test_an_alert_that_is_left_out_ends_and_is_kept(api, cast):
    path = api().post("/patients/", ADA)["Location"]

    body = {"alerts": [], "alerts_ended_reason": "Warfarin was stopped in May."}
    assert api().patch(path, body, If_Match="*").json()["alerts"] == []

    with tenancy.scope(cast.clinic.pk):
        assert Alert.objects.get().ended_at is not None


@pytest.mark.parametrize(
    "typed", ["oka", "OKA", "ad ok", "1980-02-03", "3.2.1980", "a471", "A-4711", "okafor ada 1980"]
)
def test_search_as_you_type(api, typed):
    api().post("/patients/", ADA)
    api().post("/patients/", {"family_name": "Other", "given_names": "Person", "birth_date": "1971-01-01"})

    found = api().post("/patients/search/", {"q": typed}).json()["results"]

    assert [p["family_name"] for p in found] == ["Okafor"]


def test_search_by_external_id(api):
    api().post("/patients/", ADA)

    for wanted in ("A-4711", "https://registry.example|A-4711"):
        assert len(api().get("/patients/", {"external_id": wanted}).json()["results"]) == 1
    assert api().get("/patients/", {"external_id": "other|A-4711"}).json()["results"] == []


def test_the_list_is_paged_by_keyset(api, cast):
    with tenancy.scope(cast.clinic.pk):
        for number in range(7):
            builders.patient(cast.actor(), family_name=f"Name{number % 3}", given_names=str(number))
    seen, url = [], "/api/v1/patients/?limit=2"
    while url:
        page = api().get(url.replace("http://testserver", "")).json()
        seen += [(p["family_name"], p["given_names"]) for p in page["results"]]
        url = page["next"]

    assert seen == sorted(seen)
    assert len(seen) == 7


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "201"}, {"limit": "x"}, {"cursor": "x"}, {"cursor": "W10="}]
)
def test_a_bad_page_is_refused(api, query):
    answer = api().get("/patients/", query)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_search_uses_its_index_under_row_level_security(committed):
    """`^@` is leakproof; with LIKE the planner would have to read all of the clinic's rows."""
    from django.db import connection

    from patients.models import SearchKey

    actor = committed.actor()
    with tenancy.scope(committed.clinic.pk):
        for number in range(300):
            builders.patient(actor, family_name=f"Family{number}", given_names=f"Given{number}")
    with superuser() as link:  # so that the plan hangs on these rows, and not on when autovacuum last came by
        link.execute("ANALYZE patients_searchkey")
    with tenancy.scope(committed.clinic.pk), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        statement, values = (
            SearchKey.objects.filter(key__begins="family17").values("patient_id").query.sql_with_params()
        )
        cursor.execute("EXPLAIN " + statement, values)
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert "search_key_in_order" in plan
    assert "family17" in plan.split("Index Cond")[1].split("\n")[0], plan
