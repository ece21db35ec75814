"""
Rows are what was signed, in each version of documents that was ever signed.

`tests/data/documents` keeps one document of each version. They never change: a new shape gets a new file.
"""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from django.utils.dateparse import parse_datetime

from assessments import actions as assessments
from assessments.api.serializers import NewAssessmentInput
from assessments.checks import place_key
from assessments.documents import COMPUTED_OF_FINDING, assessment_content
from assessments.models import Assessment, TriggerPoint
from database import tenancy
from records import actions
from tests import builders
from tests.committed import committed, committed_patient, superuser
from tests.records.test_chain import chain, restore_triggers, sign_exam, sign_session, verify
from treatments import actions as treatments
from treatments.api.serializers import NewSessionInput
from treatments.documents import session_content
from treatments.models import Override, Session

__all__ = ["chain", "committed"]

KEPT = Path(__file__).parents[1] / "data" / "documents"
NAMES = sorted(path.stem for path in KEPT.glob("*.json"))


def kept(name, cast):
    return json.loads((KEPT / f"{name}.json").read_text().replace("{therapist}", str(cast.therapist.pk)))


def sign_kept(cast, patient, name, content):
    """Make the rows that this document was rendered from, and sign exactly these bytes."""
    by = cast.actor()
    is_exam = name.startswith("assessment")
    draft = (make_assessment if is_exam else make_session)(cast, patient, content, by)
    kind = assessments.EXAM if is_exam else treatments.SESSION
    return kind.freeze(document=draft, content=content, by=by, at=draft.recorded_at)


def with_ids(rows, signed_rows):
    """The rows with the ids that they were signed with, where the version had any."""
    pairs = zip(rows, signed_rows, strict=True)
    return tuple(replace(row, id=signed["id"]) if "id" in signed else row for row, signed in pairs)


def make_assessment(cast, patient, content, by):
    for finding in content["findings"]:
        TriggerPoint.objects.create(
            id=finding["trigger_point"],
            clinic=cast.clinic,
            patient_id=patient,
            muscle_id=finding["muscle"],
            side=finding["side"],
            place=finding["place"],
            place_key=place_key(finding["place"]),
        )
    findings = [
        {name: value for name, value in finding.items() if name not in COMPUTED_OF_FINDING}
        for finding in content["findings"]
    ]
    flags = [{name: answer[name] for name in ("code", "answer", "note")} for answer in content["red_flags"]]
    sent = {**content, "findings": findings, "red_flags": flags}
    sent.pop("known_before", None)
    sent.pop("red_flag_gate")
    parsed = builders.content(sent, NewAssessmentInput)
    parsed = replace(parsed, findings=with_ids(parsed.findings, content["findings"]))
    at = parse_datetime("2026-11-20T10:00:00Z")
    draft = assessments.EXAM.record(patient_id=patient, content=parsed, by=by, at=at).document
    for answer in content["red_flags"]:
        draft.red_flag_answers.model.objects.filter(assessment=draft, code=answer["code"]).update(
            source=answer.get("source", ""), regions=answer.get("regions", []), side=answer.get("side")
        )
    return Assessment.objects.with_parts().select_related("patient").get(pk=draft.pk)


def make_session(cast, patient, content, by):
    sent = {name: content[name] for name in ("performed_at", "limit_reasons", "response", "notes")}
    rows = ("interventions", "measures")
    sent |= {name: [without(row, "id", "total_mg") for row in content[name]] for name in rows}
    sent |= {"weight_kg": content["weight_kg"]} if "weight_kg" in content else {}
    parsed = builders.content(sent, NewSessionInput)
    parsed = replace(parsed, **{name: with_ids(getattr(parsed, name), content[name]) for name in rows})
    at = parse_datetime("2026-11-20T10:00:00Z")
    draft = treatments.SESSION.record(patient_id=patient, content=parsed, by=by, at=at).document
    for ordinal, row in enumerate([*content["overrides"], *content.get("acknowledged", [])]):
        Override.objects.create(
            clinic=cast.clinic,
            session=draft,
            ordinal=ordinal,
            code=row["code"],
            reason=row.get("reason", ""),
            kind="override" if "reason" in row else "acknowledgement",
            given_by_id=row.get("by"),
            given_at=row.get("at"),
        )
    Session.objects.filter(pk=draft.pk).update(safety=content.get("safety"))
    return Session.objects.with_parts().select_related("patient").get(pk=draft.pk)


def without(row, *names):
    return {name: value for name, value in row.items() if name not in names}


def first_broken(cast):
    return actions.verify_chain(clinic_id=cast.clinic.pk, complete=True)["first_broken"]


@pytest.mark.parametrize("name", NAMES)
def test_a_document_of_each_version_is_found_equal_to_its_rows(in_clinic, patient, name):
    sign_kept(in_clinic, patient, name, kept(name, in_clinic))
    assert first_broken(in_clinic) is None


def leaves(value, path=()):
    """Each plain value of a document, with its path."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    else:
        yield path, value


@pytest.mark.parametrize("name", NAMES)
def test_each_single_value_of_a_document_is_compared(in_clinic, patient, name):
    """The document says another value than the rows, one value at a time: as if the row had been changed."""
    from assessments.signed_rows import rendered_assessment
    from records.rules import canonical_bytes
    from treatments.signed_rows import rendered_session

    content = kept(name, in_clinic)
    record = sign_kept(in_clinic, patient, name, content)
    if name.startswith("assessment"):
        row = Assessment.objects.with_parts().get(record=record)

        def render(signed):
            return rendered_assessment(row, signed)
    else:
        row = Session.objects.with_parts().get(record=record)

        def render(signed):
            return rendered_session(row, signed, [])

    assert canonical_bytes(render(content)) == canonical_bytes(content)
    for path, value in leaves(content):
        if path[0] == "known_before":
            continue
        changed = json.loads(json.dumps(content))
        target = changed
        for key in path[:-1]:
            target = target[key]
        target[path[-1]] = "other" if value != "other" else None
        assert canonical_bytes(render(changed)) != canonical_bytes(changed), path


def test_what_a_version_did_not_have_must_be_empty_in_the_rows(in_clinic, patient):
    """A source or a region that nobody signed would show on the screen."""
    content = kept("assessment_1", in_clinic)
    draft = make_assessment(in_clinic, patient, content, in_clinic.actor())
    draft.red_flag_answers.filter(code="neuro_new").update(regions=["neck"])
    assessments.EXAM.freeze(document=draft, content=content, by=in_clinic.actor(), at=draft.recorded_at)
    assert first_broken(in_clinic)["reason"] == "row_changed"


def test_a_class_that_a_document_does_not_show_is_the_rules_class(in_clinic, patient):
    content = kept("assessment_3_documentation_only", in_clinic)
    draft = make_assessment(in_clinic, patient, content, in_clinic.actor())
    draft.findings.update(class_code="latent")
    assessments.EXAM.freeze(document=draft, content=content, by=in_clinic.actor(), at=draft.recorded_at)
    assert first_broken(in_clinic)["reason"] == "row_changed"


def shape(value):
    """A document's names, without its values; open maps have none."""
    if isinstance(value, dict):
        return {k: shape(v) for k, v in value.items() if k not in {"limit_reasons", "dose", "safety", "known_before"}}
    return [shape(value[0])] if isinstance(value, list) and value and isinstance(value[0], dict) else None


def test_the_newest_kept_documents_have_todays_shape(in_clinic, patient):
    """If this fails, documents have got a new shape: give it a version and keep a document of it."""
    for name, model, render in (
        ("assessment_4", Assessment, assessment_content),
        ("session_3", Session, session_content),
    ):
        content = kept(name, in_clinic)
        record = sign_kept(in_clinic, patient, name, content)
        assert shape(render(model.objects.with_parts().get(record=record))) == shape(content)


# --- Planted ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("UPDATE assessments_assessment SET pain_now = 1 WHERE id = %(exam)s", "row_changed"),
        ("UPDATE assessments_assessment SET signed_at = signed_at - interval '1 s' WHERE id = %(exam)s", "row_changed"),
        ("UPDATE assessments_finding SET side = 'left' WHERE assessment_id = %(exam)s", "row_changed"),
        ("UPDATE assessments_finding SET class_code = 'latent' WHERE assessment_id = %(exam)s", "row_changed"),
        ("DELETE FROM assessments_redflaganswer WHERE assessment_id = %(exam)s", "row_changed"),
        ("DELETE FROM treatments_measure WHERE session_id = %(session)s", "row_changed"),
        ("UPDATE treatments_intervention SET repetitions = 9 WHERE session_id = %(session)s", "row_changed"),
        ("UPDATE treatments_session SET safety = '{{}}' WHERE id = %(session)s", "row_changed"),
        (
            "UPDATE treatments_session SET signed_at = NULL, signed_by_id = NULL, record_id = NULL "
            "WHERE id = %(session)s",
            "row_missing",
        ),
        (
            "INSERT INTO assessments_painmark (id, clinic_id, ordinal, assessment_id, zone_id, side, intensity) "
            "VALUES (uuidv7(), %(clinic)s, 0, %(exam)s, 'head.temple', 'left', 9)",
            "row_changed",
        ),
        (
            "UPDATE assessments_assessment SET record_id = (SELECT record_id FROM treatments_session "
            "WHERE id = %(session)s) WHERE id = %(exam)s",
            "row_missing",
        ),
    ],
)
def test_a_row_apart_from_its_bytes_is_named(committed, statement, reason):
    patient = committed_patient(committed)
    sign_exam(committed, patient, red_flags=builders.screen())
    sign_session(committed, patient)
    with tenancy.scope(committed.clinic.pk):
        exam, session = Assessment.objects.order_by("pk")[0], Session.objects.get()
    ids = {"exam": exam.pk, "session": session.pk, "clinic": committed.clinic.pk}
    with superuser() as link, link.transaction():
        for table in ("assessment", "finding", "redflaganswer", "painmark"):
            link.execute(f"ALTER TABLE assessments_{table} DISABLE TRIGGER USER")
        for table in ("session", "intervention", "measure"):
            link.execute(f"ALTER TABLE treatments_{table} DISABLE TRIGGER USER")
        link.execute(statement.replace("{{}}", "{}"), ids)
    with superuser() as link, link.transaction():
        restore_triggers(link, "assessments")
        restore_triggers(link, "treatments")

    found = verify(committed)["first_broken"]
    assert found["reason"] == reason
    number = {exam.record_id: 1, session.record_id: 3}
    assert found["sequence"] in number.values()


def test_a_row_that_calls_itself_signed_without_a_document_is_named(committed):
    """As the application role, which may insert: an exam that points at an addendum's record."""
    patient = committed_patient(committed)
    sign_exam(committed, patient)
    with tenancy.scope(committed.clinic.pk):
        exam = Assessment.objects.get()
        addendum = assessments.EXAM.add_addendum(
            document=exam, revision=None, text="more", by=committed.actor(), at=exam.signed_at
        )
        forged = Assessment.objects.get(pk=exam.pk)
        forged.pk, forged._state.adding, forged.version, forged.record = None, True, 2, addendum
        forged.save(force_insert=True)

    assert verify(committed)["first_broken"] == {"sequence": None, "record_id": None, "reason": "row_without_record"}


def test_overlays_are_no_difference(committed):
    """A merge, an alert, a mark of error, an addendum and the clinic's own display change no signed row."""
    from django.utils import timezone

    from patients import actions as patients
    from patients.models import Patient

    patient, other = committed_patient(committed), committed_patient(committed)
    sign_exam(committed, patient, red_flags=builders.screen())
    sign_session(committed, patient)
    with tenancy.scope(committed.clinic.pk):
        by, at = committed.actor(), timezone.now()
        exam = Assessment.objects.order_by("pk")[0]
        assessments.EXAM.add_addendum(document=exam, revision=None, text="more", by=by, at=at)
        assessments.EXAM.mark_entered_in_error(document=exam, revision=None, reason="a wrong patient", by=by, at=at)
        patients.note_alert(patient=Patient.objects.get(pk=patient), alert=patients.NewAlert("pacemaker"), by=by, at=at)
        patients.merge_patients(patient_id=patient, into_id=other, revision=None, reason="twice", by=by, at=at)
        committed.clinic.shows_classification = False
        committed.clinic.save(update_fields=["shows_classification"])

    assert verify(committed)["ok"] is True
