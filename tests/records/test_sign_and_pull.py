"""The whole way once: an exam, a treatment, signed, and pulled back by another program."""

import hashlib

import rfc8785

from tests import builders


def test_an_exam_and_a_treatment_come_back_signed(cast, api, patient):
    therapist = api()
    for region in ("neck", "thorax"):
        sent = builders.consent(region=region, given_at="2026-11-20T09:40:00Z")
        assert therapist.post(f"/patients/{patient}/consents/", sent).status_code == 201
    exam = therapist.post(f"/patients/{patient}/assessments/", builders.exam(red_flags=builders.screen()))
    assert exam.status_code == 201, exam.json()
    assert exam.json()["findings"][0]["class"] == "active"
    session = therapist.post(
        f"/patients/{patient}/sessions/",
        builders.treatment(interventions=[builders.compression(), builders.needling()]),
    )
    assert session.status_code == 201, session.json()

    for kind, document in (("assessments", exam), ("sessions", session)):
        signed = therapist.post(f"/{kind}/{document.json()['id']}/sign/")
        assert signed.status_code == 200, signed.json()

    program = api(cast.program)
    history = program.get(f"/patients/{patient}/history/")
    assert history.status_code == 200, history.content
    assert [r["kind"] for r in history.json()["results"]] == ["session", "assessment"]
    feed = program.get("/records/").json()
    assert [r["sequence"] for r in feed["results"]] == [1, 2]
    assert feed["next"] is None
    for record in feed["results"]:
        assert hashlib.sha256(rfc8785.dumps(record["document"])).hexdigest() == record["sha256"]
    verification = program.get("/records/verify/").json()
    assert verification["ok"] is True, verification
    assert verification["records"] == 2
    assert verification["first_broken"] is None


def test_the_export_is_asked_for_by_its_own_type(cast, api, patient):
    exam = api().post(f"/patients/{patient}/assessments/", builders.exam()).json()
    api().post(f"/assessments/{exam['id']}/sign/")
    program = api(cast.program)

    for accept in ("application/x-ndjson", "application/json", "*/*"):
        answer = program.get("/records/export/", Accept=accept)
        assert answer.status_code == 200
        lines = b"".join(answer.streaming_content).splitlines()
        assert len(lines) == 1
    assert program.get("/records/export/", {"kind": "x"}, Accept="application/x-ndjson").json()["code"] == "invalid"


def test_moments_have_four_digits_of_a_year():
    from datetime import UTC, datetime

    from records.rules import moment

    assert moment(datetime(26, 11, 20, tzinfo=UTC)) == "0026-11-20T00:00:00.000000Z"
