"""
Nobody acts on what they did not see: a stale If-Match on every write, none where one is needed, and the forms.
"""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.utils import timezone

from assessments import actions as exams
from assessments.models import Assessment
from database import tenancy
from database.revisions import RevisionChanged
from records.models import Record
from tests import builders
from tests.commands import COMMAND
from tests.test_routes import ROUTES, ask, cast, ids, world  # noqa: F401 - fixtures

WRITES = [line for line in ROUTES if line[1] != "get"]
NEEDED = [line for line in WRITES if COMMAND.fullmatch("/" + re.sub(r"\{\w+\}", "0" * 36, line[0]))]
STALE = '"987654321"'


def person_for(cast, scope):  # noqa: F811 - the fixture's value
    return (
        cast.owner
        if scope in ("safety:manage", "patients:merge", "webhooks:manage")
        else cast.staff
        if scope.startswith("scheduling")
        else cast.therapist
    )


@pytest.mark.parametrize(("path", "method", "scope", "body"), WRITES)
def test_a_stale_if_match_is_never_answered_with_success(path, method, scope, body, api, cast, ids):  # noqa: F811
    answer = ask(api(person_for(cast, scope)), path, method, body, ids, If_Match=STALE)

    assert (answer.status_code, answer.json()["code"]) == (412, "precondition_failed"), answer.content


@pytest.mark.parametrize(("path", "method", "scope", "body"), NEEDED)
def test_an_act_needs_the_revision_that_was_read(path, method, scope, body, api, cast, ids):  # noqa: F811
    client = api(person_for(cast, scope))
    client.reads_first = False

    for headers in ({}, {"If_Match": "*"}):
        answer = ask(client, path, method, body, ids, **headers)
        assert (answer.status_code, answer.json()["code"]) == (428, "precondition_required"), answer.content


@pytest.mark.parametrize("value", ["1", "W/1", '"1', '"1", 2', ""])
@pytest.mark.parametrize("path", ["/assessments/{assessment}/", "/assessments/{assessment}/sign/"])
def test_an_if_match_without_quotes_is_refused(value, path, api, cast, ids):  # noqa: F811
    method, body = ("post", {}) if path.endswith("sign/") else ("patch", {"pain_now": 3})
    answer = api(cast.therapist).request(method, path.format_map(ids), body, If_Match=value)

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "#If-Match")


def test_a_signature_is_for_the_revision_that_was_read(api, patient):
    exam = api().post(f"/patients/{patient}/assessments/", builders.exam(pain_now=2)).json()
    path = f"/assessments/{exam['id']}/"
    changed = api().patch(path, {"pain_now": 9, "pain_worst_24h": 9}, If_Match=f'"{exam["revision"]}"')
    assert changed.status_code == 200, changed.content

    stale = api().post(f"{path}sign/", If_Match=f'"{exam["revision"]}"')
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
    assert api().get(path).json()["status"] == "draft"

    signed = api().post(f"{path}sign/", If_Match=changed["ETag"])
    assert signed.status_code == 200


def test_the_action_itself_compares(in_clinic, patient):
    by, at = in_clinic.actor(), timezone.now()
    exam = exams.EXAM.record(patient_id=patient, content=exams.EXAM.read({"pain_now": 2}), by=by, at=at).document
    with pytest.raises(RevisionChanged):
        exams.EXAM.sign(document_id=exam.pk, revision=exam.revision + 1, by=by, at=at)
    assert not Record.objects.filter(subject_id=exam.subject_id).exists()


def test_the_review_is_shown_again_with_what_changed(api, cast, patient):  # noqa: F811
    exam = api().post(f"/patients/{patient}/assessments/", builders.exam(pain_now=2)).json()
    browser = Client()
    browser.force_login(cast.therapist)
    page = f"/documents/exam/{exam['id']}/review/"
    shown = browser.get(page)
    form = {"revision": exam["revision"], "seen": shown.context["seen"]}
    change = {"pain_now": 9, "pain_worst_24h": 9}
    assert api().patch(f"/assessments/{exam['id']}/", change, If_Match="*").status_code == 200

    refused = browser.post(page, form)

    assert refused.status_code == 409
    assert any("9" in line for line in refused.context["new_lines"])
    assert any("2" in line for line in refused.context["old_lines"])
    with tenancy.scope(cast.clinic.pk):
        assert not Assessment.objects.get(pk=exam["id"]).is_signed
    again = {"revision": re.search(r'name="revision" value="(\d+)"', refused.content.decode())[1]}
    assert browser.post(page, again).status_code == 302
    assert browser.post(page, {}).status_code == 302  # signed already: the document is shown


def test_a_form_without_a_revision_signs_nothing(api, cast, patient):  # noqa: F811
    exam = api().post(f"/patients/{patient}/assessments/", builders.exam()).json()
    browser = Client()
    browser.force_login(cast.therapist)

    assert browser.post(f"/documents/exam/{exam['id']}/review/").status_code == 400
