"""No name, number or birth date stands in a URL: cursors, searches of the API, and searches of the admin."""

import base64
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from api.cursors import read_cursor, write_cursor
from api.models import IdempotencyKey
from audit.models import AuditEvent
from database import tenancy
from tests import builders

PATH = "/api/v1/patients/"


@pytest.fixture
def patients(cast):
    with tenancy.scope(cast.clinic.pk):
        return [builders.patient(cast.actor(), family_name=f"Okafor{number}") for number in range(5)]


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_a_cursor_hides_the_row_and_fits_its_own_list_only(api, patients):
    following = api().get("/patients/", {"limit": 2}).json()["next"]
    [cursor] = parse_qs(urlsplit(following).query)["cursor"]
    assert b"kafor" not in decoded(cursor).lower()
    assert str(patients[1].pk).encode() not in decoded(cursor)
    assert [p["family_name"] for p in api().get(following.removeprefix("http://testserver")).json()["results"]] == [
        "Okafor2",
        "Okafor3",
    ]

    assert api().get("/worklist/", {"cursor": cursor}).status_code == 400
    # Not the last character: some of its bits are padding, and mean nothing.
    changed = cursor[:-2] + ("A" if cursor[-2] != "A" else "B") + cursor[-1]
    for wrong in (changed, cursor[:20], "", "x", "*", "é"):
        assert api().get("/patients/", {"cursor": wrong}).json()["code"] == "invalid", wrong


def test_the_same_place_has_the_same_cursor():
    assert write_cursor(["a", 1], PATH) == write_cursor(["a", 1], PATH) != write_cursor(["a", 2], PATH)
    assert read_cursor(write_cursor(["a", 1], PATH), PATH) == ["a", "1"]


def test_an_older_cursor_in_the_clear_is_taken_for_the_feed_alone(api, cast, patients):
    """Programs keep `resume`; those of before hold a sequence, which is no secret."""
    clear = base64.urlsafe_b64encode(b'["0"]').decode()
    assert api(cast.program).get("/records/", {"cursor": clear}).status_code == 200
    named = base64.urlsafe_b64encode(b'["okafor0 ada", "01a1fb94-cd7d-7c2d-8e00-e0920d259e17"]').decode()
    assert api().get("/patients/", {"cursor": named}).status_code == 400


def test_patients_are_searched_for_by_post(api, cast, patients):
    seen, cursor = [], ""
    while cursor is not None:
        sent = {"q": "okaf", "limit": 2, "cursor": cursor}
        answer = api().post("/patients/search/", sent, Idempotency_Key=f"search {cursor}"[:200]).json()
        seen += [patient["family_name"] for patient in answer["results"]]
        cursor = answer["next_cursor"]
        if cursor:
            assert b"kafor" not in decoded(cursor).lower()
    assert seen == [f"Okafor{number}" for number in range(5)]
    assert len(api().post("/patients/search/", {"birth_date": "1980-02-03"}).json()["results"]) == 5
    assert api().post("/patients/search/", {"birth_date": "1981-02-03"}).json()["results"] == []
    assert api(cast.stranger).post("/patients/search/", {"q": "okaf"}).json()["results"] == []


def test_a_search_is_a_look_and_stores_no_answer(api, cast, patients):
    body = {"q": "okafor1"}
    for _ in range(2):
        answer = api().post("/patients/search/", body, Idempotency_Key="k")
        assert (answer.status_code, answer.headers.get("Idempotency-Replayed")) == (200, None)
    with tenancy.scope(cast.clinic.pk):
        assert not IdempotencyKey.objects.exists()
        events = AuditEvent.objects.filter(action="patient.search")
        assert [event.patient_ids for event in events] == [[patients[1].pk]] * 2


@pytest.mark.parametrize("name", ["q", "birth_date"])
def test_a_search_by_url_is_refused_and_says_how(api, name):
    error = api().get("/patients/", {name: "Okafor"}).json()["errors"][0]
    assert (error["pointer"], error["code"]) == (f"?{name}", "invalid")
    assert "patients/search/" in error["detail"]


def test_the_admin_searches_by_post(cast, patients):
    client = Client()
    client.force_login(cast.owner)

    found = client.post("/admin/patients/patient/", {"q": "Okafor3"})
    assert (found.status_code, b"Okafor3" in found.content, b"Okafor2" in found.content) == (200, True, False)
    assert b'id="changelist-search" method="post"' in found.content
    assert b"?q=" not in found.content
    assert b"q=Okafor" not in found.content
    by_url = client.get("/admin/patients/patient/", {"q": "Okafor3"})
    assert b"Okafor2" in by_url.content  # not searched for
