"""A signed exam keeps what the record knew before it: open red flags, alerts, and when the flags were asked last."""

from __future__ import annotations

import json

from database import tenancy
from records.models import Record
from tests import builders


def sign(api, patient, **fields):
    exam = api().post(f"/patients/{patient}/assessments/", builders.exam(**fields)).json()["id"]
    assert api().post(f"/assessments/{exam}/sign/", {}).status_code == 200
    return exam


def known_in(cast, exam):
    with tenancy.scope(cast.clinic.pk):
        record = Record.objects.get(subject_id=exam, version=1, entry="signed")
    return find_key(json.loads(bytes(record.document)), "known_before")


def find_key(part, name):
    """The value of a key, wherever the document has it."""
    if isinstance(part, dict):
        if name in part:
            return part[name]
        part = list(part.values())
    if isinstance(part, list):
        return next((value for item in part if (value := find_key(item, name)) is not None), None)
    return None


def test_the_first_exam_knows_nothing_before_it(api, cast, patient):
    known = known_in(cast, sign(api, patient, red_flags=builders.screen(yes=["trauma_recent"])))

    assert (known["open_flags"], known["alerts"], known["screen_at"]) == ([], [], None)


def test_the_next_keeps_the_flag_the_screen_and_the_alert(api, cast, patient):
    first = sign(api, patient, performed_at="2026-11-19T09:00:00Z", red_flags=builders.screen(yes=["neuro_new"]))
    alerts = {"alerts": [{"code": "lymphoedema", "side": "left", "region": "arm"}]}
    assert api().patch(f"/patients/{patient}/", alerts, If_Match="*").status_code == 200

    known = known_in(cast, sign(api, patient))

    assert [(flag["code"], flag["exam"]) for flag in known["open_flags"]] == [("neuro_new", first)]
    assert known["alerts"] == [{"code": "lymphoedema", "side": "left", "region": "arm"}]
    assert known["screen_at"].startswith("2026-11-19T09:00")
    assert api().get("/records/verify/").json()["ok"] is True
