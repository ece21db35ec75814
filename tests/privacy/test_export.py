"""Everything of one patient, as data and to read, by page, API and command; and nothing of anybody else."""

import hashlib
import json

import pytest
import rfc8785
from django.core.management import CommandError, call_command
from django.test import Client

from audit.models import AuditEvent
from database import tenancy
from privacy import owned_rows
from records.models import Record
from tests.api import Api
from tests.committed import committed_patient
from tests.privacy.conftest import restrict
from tests.records.test_chain import sign_exam


def page_of(who):
    client = Client()
    client.force_login(who)
    return client


def test_the_export_has_every_row_and_the_documents_as_signed(rich):
    cast, patient = rich
    other = committed_patient(cast)
    sign_exam(cast, other)
    with tenancy.scope(cast.clinic.pk):
        keys = owned_rows.find([patient])
        shas = {bytes(sha).hex() for sha in Record.objects.filter(patient_id=patient).values_list("sha256", flat=True)}
    program = Api(cast.program)

    export = program.get(f"/patients/{patient}/export/").json()

    assert {table: len(rows) for table, rows in export["rows"].items()} == {
        model._meta.db_table: len(ids) for model, ids in keys.items()
    }
    assert {row["sha256"] for row in export["documents"]} == shas
    for row in export["documents"]:
        assert hashlib.sha256(rfc8785.dumps(row["document"])).hexdigest() == row["sha256"]
    assert any("said Ada" in json.dumps(row) for row in export["documents"])
    assert str(other) not in json.dumps(export)
    assert export["people"][str(cast.therapist.pk)] == cast.therapist.name
    assert "assessment.sign" in {event["action"] for event in export["access"]}
    assert program.get(f"/patients/{cast.clinic.pk}/export/").status_code == 404


@pytest.mark.parametrize("who", ["staff", "therapist"])
def test_only_owners_and_programs_with_the_right_export(rich, who):
    cast, patient = rich
    person = getattr(cast, who)
    for form in ("json", "pdf"):
        assert page_of(person).get(f"/patients/{patient}/rights/export/{form}/").status_code == 403
    assert Api(person).get(f"/patients/{patient}/export/").status_code == 403


def test_an_owner_exports_a_restricted_patient_too(rich):
    cast, patient = rich
    restrict(cast, patient)
    owner = page_of(cast.owner)
    data = owner.get(f"/patients/{patient}/rights/export/json/")
    paper = owner.get(f"/patients/{patient}/rights/export/pdf/")
    assert data.json()["rights"][0]["kind"] == "restriction"
    assert paper.content.startswith(b"%PDF-")
    assert owner.get(f"/patients/{patient}/rights/export/xml/").status_code == 404
    with tenancy.scope(cast.clinic.pk):
        told = AuditEvent.objects.filter(action="disclosure.patient_export", outcome="ok", user_id=cast.owner.pk)
        assert [event.patient_ids for event in told] == [[patient], [patient]]


def test_the_command_writes_both_files(rich, tmp_path):
    cast, patient = rich
    call_command("export_patient", cast.clinic.slug, str(patient), "--into", str(tmp_path))
    assert {path.suffix for path in tmp_path.iterdir()} == {".json", ".pdf"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.iterdir())
    with pytest.raises(CommandError, match="no such patient"):
        call_command("export_patient", cast.other_clinic.slug, str(patient), "--into", str(tmp_path))
    with pytest.raises(CommandError, match="no clinic"):
        call_command("export_patient", "nowhere", str(patient), "--into", str(tmp_path))
