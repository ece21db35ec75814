"""The endpoint of an open screen, without a browser."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from database import tenancy
from records.models import DraftEdit
from tests import builders


@pytest.fixture
def exam(api, patient):
    return api().post(f"/patients/{patient}/assessments/", builders.exam()).json()


class Screen:
    """One open tab."""

    def __init__(self, user, exam, kind="exams"):
        self.client, self.tab, self.revision = Client(), str(uuid4()), exam["revision"]
        self.client.force_login(user)
        self.path = f"/{kind}/{exam['id']}/changes/"

    def send(self, *edits, **body):
        sent = [
            {"id": str(i), "path": path, "value": value, "base": base} for i, (path, value, base) in enumerate(edits)
        ]
        body = {"tab": self.tab, "revision": self.revision, "edits": sent} | body
        answer = self.client.post(
            self.path, json.dumps(body), "application/json", headers={"Accept": "application/json"}
        )
        if answer.status_code == 200:
            self.revision = answer.json()["revision"]
        return answer


def test_the_second_on_a_field_is_told_who_and_what(cast, exam):
    first, second = Screen(cast.therapist, exam), Screen(cast.colleague, exam)
    finding = f"findings/{exam['findings'][0]['id']}"

    assert first.send((f"{finding}/taut_band", "absent", "present")).json()["conflicts"] == []
    said = second.send(
        (f"{finding}/taut_band", "not_tested", "present"), (f"{finding}/jump_sign", "present", None)
    ).json()

    assert [(c["theirs"], c["mine"], c["by"]) for c in said["conflicts"]] == [("absent", "not_tested", "Therapist")]
    assert said["flat"][f"{finding}/jump_sign"] == "present"
    assert said["flat"][f"{finding}/taut_band"] == "absent"
    assert [c["path"] for c in said["changed"]] == [f"{finding}/taut_band"]
    assert said["open_elsewhere"] == ["Therapist"]
    state = first.client.get(f"{first.path}?tab={first.tab}&revision={first.revision}").json()
    assert state["flat"][f"{finding}/jump_sign"] == "present"


def test_rows_keep_their_ids(cast, api, exam):
    screen = Screen(cast.therapist, exam)
    mine, kept = str(uuid4()), exam["findings"][0]["id"]
    row = {"muscle": "levator_scapulae", "side": "left", "point": {"view": "neck", "x": 0.4, "y": 0.5, "chart": 2}}

    screen.send((f"findings/{mine}", row, None), (f"findings/{mine}/taut_band", "present", None))
    screen.send((f"findings/{kept}/notes", "Sore.", None))

    found = api().get(f"/assessments/{exam['id']}/").json()["findings"]
    assert {f["id"] for f in found} == {mine, kept}
    assert next(f for f in found if f["id"] == mine)["point"] == row["point"]


def test_an_id_that_belongs_elsewhere_is_refused(cast, api, patient, exam):
    other = api().post(f"/patients/{patient}/assessments/", builders.exam()).json()["findings"][0]["id"]
    row = {"muscle": "levator_scapulae", "side": "left"}

    answer = Screen(cast.therapist, exam).send((f"findings/{other}", row, None))

    assert (answer.status_code, answer.json()["code"]) == (409, "id_taken")


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("pain_now", 11, "10"),
        ("red_flags/no_such_flag/answer", "yes", "Choose one of: trauma_recent"),
        ("findings/{id}/taut_band", "perhaps", "Choose one of: present"),
        ("findings/{id}/no_such_field", 1, "field does not exist"),
        ("findings/{id}/ppt_kpa", [5], "from 10 to 2000 kPa."),
        ("no_such_thing", 1, ""),
    ],
)
def test_what_cannot_be_is_said_and_not_saved(cast, api, exam, path, value, says):
    path = path.format(id=exam["findings"][0]["id"])
    said = Screen(cast.therapist, exam).send((path, value, None), ("pain_worst_24h", 9, None)).json()

    assert [r["path"] for r in said["refused"]] == ([path] if path != "no_such_thing" else [])
    assert says in "".join(r["detail"] for r in said["refused"])
    now = api().get(f"/assessments/{exam['id']}/").json()
    assert (now["pain_worst_24h"], now["pain_now"]) == (9, 6)


@pytest.mark.parametrize("body", [{"edits": 5}, {"tab": "x"}, {"revision": None}, {"edits": [{}]}, {"edits": [5]}])
def test_what_cannot_be_read_is_refused_whole(cast, exam, body):
    answer = Screen(cast.therapist, exam).send(("pain_now", 3, 6), **body)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "value", ["[" * 900 + "]" * 900, "[" * 100_000 + "]" * 100_000, '{"a":' * 900 + "1" + "}" * 900, '{"a": 1, "a": 2}']
)
def test_deep_or_ambiguous_json_is_refused(cast, exam, value):
    screen = Screen(cast.therapist, exam)
    edit = f'{{"id": "0", "path": "pain_now", "base": 6, "value": {value}}}'
    body = f'{{"tab": "{screen.tab}", "revision": {screen.revision}, "edits": [{edit}]}}'

    answer = screen.client.post(screen.path, body, "application/json", headers={"Accept": "application/json"})

    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")


def test_what_is_signed_takes_no_edit(cast, api, exam):
    screen = Screen(cast.therapist, exam)
    screen.send(("pain_now", 3, 6))
    assert api().post(f"/assessments/{exam['id']}/sign/").status_code == 200

    answer = screen.send(("pain_now", 2, 3))

    assert (answer.status_code, answer.json()["code"]) == (409, "already_signed")
    with tenancy.scope(cast.clinic.pk):
        assert not DraftEdit.objects.filter(document_id=exam["id"]).exists()


def test_edits_are_in_the_audit_trail_and_heartbeats_are_not(cast, exam, patient):
    screen = Screen(cast.therapist, exam)
    screen.send(("pain_now", 3, 6))
    screen.client.get(f"{screen.path}?tab={screen.tab}&revision={screen.revision}")

    with tenancy.scope(cast.clinic.pk):
        event = AuditEvent.objects.order_by("-id").first()
        assert (event.action, event.patient_ids) == ("assessment.change", [patient])
        assert not [p for p in DraftEdit.objects.values_list("path", flat=True) if "3" in p]


def test_a_session_is_saved_the_same_way(cast, api, patient):
    builders.ready(api(), patient)
    session = api().post(f"/patients/{patient}/sessions/", builders.treatment()).json()
    screen = Screen(cast.therapist, session, "sessions")
    row = f"interventions/{session['interventions'][0]['id']}"

    said = screen.send((f"{row}/dose/hold_s", 200, 60), (f"{row}/dose/needles_in", 1, None)).json()

    assert [r["path"] for r in said["refused"]] == [f"{row}/dose/needles_in"]
    assert said["derived"]["reasons"] == [f"{row}/dose/hold_s"]
    refused = api().post(f"/sessions/{session['id']}/sign/")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "reason_required")
    assert screen.send((f"{row}/limit_reasons/hold_s", "Slow release.", None)).json()["derived"]["reasons"] == []
    assert api().post(f"/sessions/{session['id']}/sign/").status_code == 200


def queries(client, path):
    with CaptureQueriesContext(connection) as found:
        assert client.get(path).status_code == 200
    return len(found)


def test_pages_cost_the_same_however_much_there_is(cast, api, patient):
    client = Client()
    client.force_login(cast.therapist)

    def visit():
        exam = builders.exam(red_flags=builders.screen())
        for kind, body in (("assessments", exam), ("sessions", builders.treatment())):
            made = api().post(f"/patients/{patient}/{kind}/", body).json()["id"]
            assert api().post(f"/{kind}/{made}/sign/").status_code == 200

    visit()
    with tenancy.scope(cast.clinic.pk):
        builders.patient(cast.actor())  # somebody who may be the same person: it is asked whether they are two people
    client.get("/")
    before = {path: queries(client, path) for path in ("/", "/patients/", f"/patients/{patient}/")}
    for _ in range(4):
        visit()
        with tenancy.scope(cast.clinic.pk):
            builders.patient(cast.actor())
    after = {path: queries(client, path) for path in before}

    assert after == before
    assert max(after.values()) <= 58, after
