"""The API in fewer bytes: codings by negotiation, entity tags, 304, HEAD; and what is never compressed."""

from __future__ import annotations

import zlib
from typing import Any

import brotli
import pytest
from backports import zstd
from django.test import Client

from api import encoding
from audit.models import AuditEvent
from database import tenancy
from tests import builders

UNPACK = {
    "zstd": zstd.decompress,
    "br": brotli.decompress,
    "gzip": lambda content: zlib.decompress(content, wbits=31),
}


@pytest.fixture
def signed(api, cast, patient) -> Any:
    """A patient with two signed exams."""
    for _ in range(2):
        sign(api, patient)
    return patient


def sign(api: Any, patient_id: Any, **fields: Any) -> str:
    exam = api().post(f"/patients/{patient_id}/assessments/", builders.exam(**fields)).json()
    assert api().post(f"/assessments/{exam['id']}/sign/").status_code == 200
    return str(exam["id"])


@pytest.mark.parametrize("coding", list(UNPACK))
@pytest.mark.parametrize("path", ["/patients/{}/history/", "/records/", "/muscles/"])
def test_an_answer_comes_as_it_is_asked_for(api, cast, signed, path, coding):
    program = api(cast.program)
    plain = program.get(path.format(signed))
    packed = program.get(path.format(signed), Accept_Encoding=coding)
    assert packed["Content-Encoding"] == coding
    assert UNPACK[coding](packed.content) == plain.content
    assert len(packed.content) < len(plain.content) / 2
    assert packed["Content-Length"] == str(len(packed.content))
    for answer in (plain, packed):
        assert "Accept-Encoding" in answer["Vary"]
    assert plain["ETag"] != packed["ETag"], "each coding is another representation"
    assert "Content-Encoding" not in plain


@pytest.mark.parametrize("coding", list(UNPACK))
def test_the_export_is_compressed_as_it_streams(api, cast, signed, coding):
    program = api(cast.program)
    plain = b"".join(program.get("/records/export/").streaming_content)
    packed = program.get("/records/export/", Accept_Encoding=coding)
    assert packed["Content-Encoding"] == coding
    content = b"".join(packed.streaming_content)
    assert UNPACK[coding](content) == plain
    assert len(content) < len(plain) / 2


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("", ""),
        ("identity", ""),
        ("gzip", "gzip"),
        ("gzip, br, zstd", "zstd"),
        ("gzip;q=1.0, zstd;q=0.5", "gzip"),
        ("zstd;q=0, br", "br"),
        ("br;q=x", ""),
        ("gzip;q=0.5, identity", ""),
        ("deflate, compress", ""),
        ("*", ""),
        ("ZSTD", "zstd"),
    ],
)
def test_the_client_decides(accepted, chosen):
    assert encoding.choose_coding(accepted) == chosen


@pytest.mark.parametrize("path", ["/patients/{}/history/", "/records/", "/muscles/", "/body-zones/", "/movements/"])
@pytest.mark.parametrize("coding", ["", "zstd"])
def test_what_the_client_has_is_not_sent_again(api, cast, signed, path, coding):
    program = api(cast.program)
    asked = {"Accept_Encoding": coding} if coding else {}
    first = program.get(path.format(signed), **asked)
    again = program.get(path.format(signed), If_None_Match=f'"other", {first["ETag"]}', **asked)
    assert (again.status_code, again.content) == (304, b"")
    assert again["ETag"] == first["ETag"]
    assert program.get(path.format(signed), If_None_Match='"other"').status_code == 200


@pytest.mark.parametrize("path", ["/patients/{}/history/", "/records/"])
def test_a_signature_an_addendum_and_a_mark_change_the_tag(api, cast, patient, path):
    program = api(cast.program)
    other = api().post("/patients/", {"family_name": "Other"}).json()["id"]
    tags = [program.get(path.format(patient))["ETag"]]
    exam = sign(api, patient)
    tags.append(program.get(path.format(patient))["ETag"])
    assert api().post(f"/assessments/{exam}/addenda/", {"text": "More."}).status_code in (200, 201)
    tags.append(program.get(path.format(patient))["ETag"])
    sent = {"reason": "Recorded for the wrong patient."}
    assert api().post(f"/assessments/{exam}/entered-in-error/", sent).status_code in (200, 201)
    tags.append(program.get(path.format(patient))["ETag"])
    sign(api, other)
    merged = api(cast.owner).post(f"/patients/{other}/merge/", {"into": str(patient), "reason": "Same person."})
    assert merged.status_code in (200, 201), merged.content
    tags.append(program.get(path.format(patient))["ETag"])
    assert len(set(tags)) == len(tags)
    assert program.get(path.format(patient))["ETag"] == tags[-1]
    assert program.get(f"{path.format(patient)}?limit=1")["ETag"] != tags[-1]


def test_a_look_that_was_answered_304_is_recorded(api, cast, signed):
    program = api(cast.program)
    tag = program.get(f"/patients/{signed}/history/")["ETag"]
    assert program.get(f"/patients/{signed}/history/", If_None_Match=tag).status_code == 304
    with tenancy.scope(cast.clinic.pk):
        assert AuditEvent.objects.about(signed).filter(action="records.history", outcome="ok").count() == 2


def test_a_tag_opens_nothing(api, cast, signed):
    tag = api(cast.program).get(f"/patients/{signed}/history/")["ETag"]
    assert api(cast.stranger).get(f"/patients/{signed}/history/", If_None_Match=tag).status_code == 404
    nobody = Client().get(f"/api/v1/patients/{signed}/history/", headers={"If-None-Match": tag})
    assert nobody.status_code == 401


def test_head_says_what_get_would(api, cast, signed):
    program = api(cast.program)
    for path in (f"/patients/{signed}/history/", "/records/", "/muscles/"):
        got = program.get(path)
        head = program.request("head", path)
        assert (head.status_code, head.content) == (200, b"")
        assert head["ETag"] == got["ETag"]
        assert program.request("head", path, If_None_Match=got["ETag"]).status_code == 304


def test_a_revision_may_come_back_with_its_coding(api, patient):
    therapist = api()
    one = therapist.get(f"/patients/{patient}/", Accept_Encoding="gzip")
    tag = encoding.with_coding(encoding.without_coding(one["ETag"]), "gzip")
    changed = therapist.patch(f"/patients/{patient}/", {"given_names": "Grace"}, If_Match=tag)
    assert changed.status_code == 200, changed.content


def test_a_browsers_session_gets_nothing_compressed(cast, signed):
    browser = Client()
    browser.force_login(cast.therapist)
    answer = browser.get("/api/v1/muscles/", headers={"Accept-Encoding": "zstd, br, gzip"})
    assert answer.status_code == 200
    assert "Content-Encoding" not in answer


def test_the_schema_is_built_once_and_may_be_kept():
    plain = Client().get("/api/v1/schema/")
    packed = Client().get("/api/v1/schema/", headers={"Accept-Encoding": "gzip, zstd"})
    assert zstd.decompress(packed.content) == plain.content
    assert len(packed.content) < len(plain.content) / 8
    for answer in (plain, packed):
        again = Client().get("/api/v1/schema/", headers={"If-None-Match": answer["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
