"""Who was treated with a lot."""

import csv
import io

import pytest
from django.test import Client

from audit.models import AuditEvent
from database import tenancy
from tests import builders
from treatments.lots import match_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("lot", "recorded", "match"),
    [
        ("L-1234", "L-1234", "exact"),
        ("l1234", "Seirin L-1234", "exact"),
        ("Seirin L 1234", "seirin L-1234", "exact"),
        ("1234", "Seirin L-1234", "similar"),
        ("L-1234", "Seirin L-12345", "similar"),
        ("L-1234", "Seirin L-1235", ""),
        ("LÄ12", "lä-12", "exact"),
    ],
)
def test_case_blanks_and_punctuation_do_not_matter(lot, recorded, match):
    assert match_of(lot, recorded) == match


@pytest.fixture
def treated(api, patient):
    """Record sessions of two patients: three lots of needles and one of a medicine."""

    def session(who, intervention, *, sign=False):
        body = builders.treatment(interventions=[intervention])
        made = api().post(f"/patients/{who}/sessions/", body)
        assert made.status_code == 201, made.json()
        if sign:
            assert api().post(f"/sessions/{made.json()['id']}/sign/", {}).status_code == 200
        return made.json()["id"]

    other = api().post("/patients/", {"family_name": "=Bakker", "birth_date": "1970-01-02"}).json()["id"]
    injection = {
        "technique": "trigger_point_injection",
        "muscle": "soleus",
        "side": "left",
        "dose": {"lot": "l 1234", "needles_in": 1, "needles_out": 1},
    }
    return {
        "first": session(patient, builders.needling(brand_lot="Seirin L-1234")),
        "longer": session(patient, builders.needling(brand_lot="Seirin L-12345")),
        "another": session(patient, builders.needling(brand_lot="Seirin K-777")),
        "injection": session(other, injection),
        "other": other,
    }


def found(answer):
    assert answer.status_code == 200, answer.json()
    return [(row["match"], row["session_id"]) for row in answer.json()["results"]]


def test_exact_ones_first_in_both_fields(api, treated):
    lines = found(api().post("/lots/search/", {"lot": "L1234"}))

    assert set(lines[:2]) == {("exact", treated["first"]), ("exact", treated["injection"])}
    assert lines[2:] == [("similar", treated["longer"])]


def test_wildcards_are_letters(api, treated):
    assert api().post("/lots/search/", {"lot": "%%%"}).json()["errors"][0]["code"] == "too_short"
    assert found(api().post("/lots/search/", {"lot": "L%12_34"})) != []
    assert found(api().post("/lots/search/", {"lot": "x12%"})) == []


def test_the_search_is_audited_as_seeing_these_patients(cast, api, patient, treated):
    api().post("/lots/search/", {"lot": "L1234"})

    with tenancy.scope(cast.clinic.pk):
        event = AuditEvent.objects.filter(action="lot.search").latest("id")
    assert {str(pk) for pk in event.patient_ids} == {str(patient), treated["other"]}


def test_another_clinic_finds_nobody(cast, api, treated):
    assert found(api(cast.stranger).post("/lots/search/", {"lot": "L1234"})) == []


def test_the_page_lists_and_writes_csv(cast, treated):
    client = Client()
    client.force_login(cast.owner)

    page = client.post("/lots/", {"lot": "L1234"})
    assert page.status_code == 200
    assert b"2 patients were treated" in page.content
    sheet = client.post("/lots/", {"lot": "L1234", "as": "csv"})
    assert sheet["Content-Type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO(sheet.content.decode("utf-8-sig"))))
    assert len(rows) == 4
    assert {row[0] for row in rows[1:]} == {"Okafor", "'=Bakker"}
    assert client.post("/lots/", {"lot": "a-"}).status_code == 400
    with tenancy.scope(cast.clinic.pk):
        assert AuditEvent.objects.filter(action="lot.search", user_id=cast.owner.pk).count() == 2


def test_the_desk_may_not(cast, treated):
    client = Client()
    client.force_login(cast.staff)

    assert client.post("/lots/", {"lot": "L1234"}).status_code == 403
