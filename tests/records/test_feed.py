"""The changes feed after a restore, and the status of what it carries."""

from urllib.parse import urlsplit

import pytest

from database import tenancy
from records.models import Record
from tests import builders


def resume(client, url):
    parts = urlsplit(url)
    return client.client.get(f"{parts.path}?{parts.query}", headers=client.headers)


@pytest.fixture
def signed(cast, api, patient):
    """Two signed exams and the feed's reader."""
    for _ in range(2):
        exam = api().post(f"/patients/{patient}/assessments/", builders.exam()).json()
        assert api().post(f"/assessments/{exam['id']}/sign/").status_code == 200
    return exam["id"], api(cast.program)


def test_a_cursor_beyond_the_head_is_refused(signed, api, settings):
    from api.cursors import write_cursor

    _exam, program = signed
    for values in ([3], [3, "ab" * 8]):
        answer = program.get("/records/", {"cursor": write_cursor(values, "/api/v1/records/")})
        assert (answer.status_code, answer.json()["code"]) == (409, "ahead_of_feed")
    old = program.get("/records/", {"cursor": write_cursor([2], "/api/v1/records/")})
    assert old.json()["results"] == []  # programs kept these, without a hash


def test_another_record_at_the_cursors_place_is_noticed(signed):
    from api.cursors import write_cursor

    _exam, program = signed
    answer = program.get("/records/", {"cursor": write_cursor([2, "ab" * 8], "/api/v1/records/")})
    assert (answer.status_code, answer.json()["code"]) == (409, "other_feed")


def test_resume_is_taken_again_and_again(signed, cast, api):
    exam, program = signed
    first = program.get("/records/", {"limit": 1}).json()
    second = resume(program, first["resume"]).json()
    assert [r["sequence"] for r in first["results"] + second["results"]] == [1, 2]
    empty = resume(program, second["resume"]).json()
    assert (empty["results"], empty["next"]) == ([], None)
    assert api().post(f"/assessments/{exam}/addenda/", {"text": "More."}).status_code == 201
    assert [r["sequence"] for r in resume(program, empty["resume"]).json()["results"]] == [3]


def test_an_empty_feed_has_a_place_to_go_on_from(cast, api):
    program = api(cast.program)
    start = program.get("/records/").json()["resume"]
    assert resume(program, start).json()["results"] == []


def test_an_addendum_is_as_current_as_its_version(signed, cast, api):
    exam, program = signed
    api().post(f"/assessments/{exam}/addenda/", {"text": "To the first."})
    statuses = lambda: {  # noqa: E731
        (r["entry"], r["version"]): r["status"]
        for r in program.get("/records/").json()["results"]
        if r["subject_id"] == subject
    }
    with tenancy.scope(cast.clinic.pk):
        subject = str(Record.objects.get(entry="addendum").subject_id)
    assert statuses()[("addendum", 1)] == "current"
    revision = api().post(f"/assessments/{exam}/revisions/").json()["id"]
    assert api().post(f"/assessments/{revision}/sign/").status_code == 200
    api().post(f"/assessments/{revision}/addenda/", {"text": "To the second."})
    assert statuses() == {
        ("signed", 1): "superseded",
        ("addendum", 1): "superseded",
        ("signed", 2): "current",
        ("addendum", 2): "current",
    }
    api().post(f"/assessments/{revision}/entered-in-error/", {"reason": "Another patient."})
    assert statuses()[("addendum", 2)] == "entered_in_error"
    with tenancy.scope(cast.clinic.pk):
        pk = Record.objects.get(entry="addendum", version=1).pk
    assert program.get(f"/records/{pk}/").json()["status"] == "superseded"
