"""Documentation-only mode: no page, answer or new document has a computed class; old ones stay as signed."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts import actions
from accounts.models import Clinic
from accounts.queries import shows_classification
from assessments.documents import CLASSIFICATION
from audit.models import AuditEvent
from database import tenancy
from records.models import Record
from tests import builders
from tests.reading import revisions_on
from tests.test_routes import PAGES, ROUTES, Ids, ask_page, content, filled_in

MUSCLES = ["trapezius_upper", "levator_scapulae", "scm_sternal", "suboccipitals", "splenius_capitis"]
SIGNS = [
    {"taut_band": "present", "hypersensitive_spot": "present", "recognised": "yes"},
    {"taut_band": "present", "hypersensitive_spot": "present", "recognised": "no"},
    {"taut_band": "present", "hypersensitive_spot": "present"},
    {"taut_band": "present"},
    {"taut_band": "absent", "hypersensitive_spot": "absent", "referred_pain": "absent"},
]
# How pages show a class: the chip of a finding, a point on the chart, the labels of classes, which nothing else uses.
SHOWN = re.compile(
    r'"class"|class_code|"missing_tests"|"criteria"|point (?:active|latent|no_trigger_point)'
    r"|activity_undetermined|no_trigger_point|: (?:active|latent)\b|Judged by|[Ww]ould decide it"
    r"|<g class=.(?:active|latent)",
)
# Pages that explain classes to anyone and have no finding.
WITHOUT_FINDINGS = {"clinic/display/", "clinic/signing/"}
# A patient's own copy of the record has every document as it was signed, under `documents`.
WHOLE_RECORD = {"patients/{patient_id}/rights/export/{form}/", "patients/{patient}/export/"}


def five_classes():
    findings = [{"muscle": m, "side": "right", **signs} for m, signs in zip(MUSCLES, SIGNS, strict=True)]
    return {"performed_at": (timezone.now() - timedelta(hours=2)).isoformat(), "findings": findings, "pain_now": 4}


def switch(cast, *, shows):
    with tenancy.scope(cast.clinic.pk):
        clinic = Clinic.objects.get(pk=cast.clinic.pk)
        actions.set_display_mode(clinic=clinic, shows_classification=shows, revision=None, by=cast.actor(cast.owner))


@pytest.fixture
def quiet_clinic(cast, api, patient):
    """A signed exam with all five classes from before, then the switch, then a signed exam, a draft and a session."""
    before = api().post(f"/patients/{patient}/assessments/", five_classes()).json()["id"]
    assert api().post(f"/assessments/{before}/sign/", {}).status_code == 200
    switch(cast, shows=False)
    after = api().post(f"/patients/{patient}/assessments/", five_classes()).json()["id"]
    assert api().post(f"/assessments/{after}/sign/", {}).status_code == 200
    draft = api().post(f"/patients/{patient}/assessments/", five_classes()).json()["id"]
    session = api().post(f"/patients/{patient}/sessions/", builders.treatment()).json()["id"]
    ids = Ids(cast, patient)
    ids |= {
        "patient": str(patient),
        "other_patient": api().post("/patients/", {"family_name": "Twin"}).json()["id"],
        "assessment": draft,
        "signed_assessment": after,
        "session": session,
        "signed_session": session,
        "before": before,
    }
    with tenancy.scope(cast.clinic.pk):
        ids["record"] = str(Record.objects.get(subject_id=after, entry="signed").pk)
    return ids


def document_of(cast, subject_id):
    with tenancy.scope(cast.clinic.pk):
        record = Record.objects.get(subject_id=subject_id, version=1, entry="signed")
        return json.loads(bytes(record.document))


def test_what_was_signed_before_keeps_its_classes_and_what_is_new_has_none(cast, quiet_clinic):
    old = document_of(cast, quiet_clinic["before"])
    new = document_of(cast, quiet_clinic["signed_assessment"])

    assert {finding["class"] for finding in findings_in(old)} == {
        "active",
        "latent",
        "activity_undetermined",
        "indeterminate",
        "no_trigger_point",
    }
    assert len(findings_in(new)) == 5
    for finding in findings_in(new):
        assert set(finding) & set(CLASSIFICATION) == set()
        assert finding["taut_band"]


def findings_in(document):
    """The findings, wherever the document keeps them."""
    if isinstance(document, dict):
        if "findings" in document:
            return document["findings"]
        document = list(document.values())
    if isinstance(document, list):
        return next((found for part in document if (found := findings_in(part))), [])
    return []


def without_documents(export):
    """The export of a whole record, without the documents as they were signed before the switch."""
    return json.dumps(json.loads(export) | {"documents": []})


READS = [line for line in ROUTES if line[1] == "get" and not line[0].startswith(("rule-sets", "records/export"))]


def test_no_answer_of_the_api_has_a_class(api, quiet_clinic):
    """Every GET; lists of documents still have the one that was signed before the switch."""
    therapist, wrong = api(), []
    for path, _method, _scope, body in READS:
        answer = therapist.get("/" + path.format_map(quiet_clinic), filled_in(body or {}, quiet_clinic))
        assert answer.status_code in (200, 403), (path, content(answer))
        if path in ("records/", "patients/{patient}/history/"):
            signed_before = [row for row in answer.json()["results"] if SHOWN.search(json.dumps(row))]
            assert len(signed_before) <= 1
            continue
        text = content(answer).decode()
        if SHOWN.search(without_documents(text) if path in WHOLE_RECORD and answer.status_code == 200 else text):
            wrong.append(path)
    assert wrong == []


@pytest.mark.parametrize("role", ["therapist", "owner"])
def test_no_page_shows_a_class(role, cast, quiet_clinic):
    """Every page that is read, PDFs apart."""
    wrong = []
    for path, (method, _scope) in PAGES.items():
        if method != "get" or path in WITHOUT_FINDINGS:
            continue
        answer = ask_page(getattr(cast, role), path, "get", quiet_clinic)
        is_page = answer.status_code == 200 and answer["Content-Type"] != "application/pdf"
        text = content(answer).decode() if is_page else ""
        if is_page and SHOWN.search(without_documents(text) if path in WHOLE_RECORD else text):
            wrong.append(path)
    assert wrong == []


def test_the_document_of_an_old_exam_shows_no_class_on_its_page(cast, quiet_clinic):
    client = Client()
    client.force_login(cast.therapist)

    page = client.get(f"/documents/exam/{quiet_clinic['before']}/").content.decode()

    assert "Upper trapezius" in page
    assert SHOWN.search(page) is None


def test_the_other_clinic_and_the_other_mode_show_them(cast, api, quiet_clinic):
    with tenancy.scope(cast.other_clinic.pk):
        assert shows_classification()
    with tenancy.scope(cast.clinic.pk):
        assert not shows_classification()
    switch(cast, shows=True)
    answer = api().get(f"/assessments/{quiet_clinic['before']}/").json()
    assert {finding["class"] for finding in answer["findings"]} >= {"active", "latent"}


def test_a_draft_classified_before_the_switch_is_signed_without_a_class(cast, api, patient):
    draft = api().post(f"/patients/{patient}/assessments/", five_classes()).json()
    assert "class" in draft["findings"][0]
    switch(cast, shows=False)

    assert api().post(f"/assessments/{draft['id']}/sign/", {}).status_code == 200

    assert all("class" not in finding for finding in findings_in(document_of(cast, draft["id"])))


def test_only_an_owner_switches_and_it_is_audited(cast):
    therapist, owner = Client(), Client()
    therapist.force_login(cast.therapist)
    owner.force_login(cast.owner)

    facts = {"rule_set": cast.clinic.rule_set, "pressure_unit": "kPa"}
    sent = {**facts, "mode": "documentation_only"}
    assert therapist.post("/clinic/display/", sent).status_code == 403
    assert owner.post("/clinic/display/", {**facts, "mode": "both"}).status_code == 400
    assert owner.post("/clinic/display/", sent).status_code == 400  # it read no revision
    seen = revisions_on(owner.get("/clinic/display/"))
    assert owner.post("/clinic/display/", {**sent, **seen}).status_code == 302
    assert owner.post("/clinic/display/", {**facts, "mode": "classification", **seen}).status_code == 409

    with tenancy.scope(cast.clinic.pk):
        assert Clinic.objects.get(pk=cast.clinic.pk).shows_classification is False
        event = AuditEvent.objects.get(action="clinic.display_mode")
    assert (event.code, event.user_id) == ("documentation_only", cast.owner.pk)
    assert b"Documentation only" in owner.get("/clinic/display/").content


def test_the_mode_is_looked_up_once_a_scope(cast, django_assert_num_queries):
    with tenancy.scope(cast.clinic.pk), django_assert_num_queries(1):
        assert [shows_classification() for _ in range(5)] == [True] * 5
