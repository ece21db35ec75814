"""A restricted patient is only stored: no page, program, import, task or statement reads or changes anything."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone

from database import tenancy
from homecare import maintenance
from homecare.models import Programme
from identity.actor import Actor
from messaging import actions as messages
from messaging.models import Message
from patients.models import Identifier, Patient
from privacy import actions
from records.models import Record
from scheduling.booking import actions as booking
from scheduling.booking.locks import Time
from scheduling.models import Appointment
from tests import builders
from tests.api import Api
from tests.committed import superuser
from tests.privacy.conftest import restrict
from tests.records.test_chain import verify
from tests.scheduling.conftest import make_desk


def count(link, table, patient):
    return link.execute(f"SELECT count(*) FROM {table} WHERE patient_id = %s", [patient]).fetchone()[0]


def test_every_table_of_patients_hides_them(rich):
    cast, patient = rich
    with superuser() as link:
        tables = [
            row[0]
            for row in link.execute("""
                SELECT c.conrelid::regclass::text FROM pg_constraint c
                WHERE c.contype = 'f' AND c.confrelid = 'patients_patient'::regclass
            """)
        ]
        guarded = dict(
            link.execute("""
                SELECT polrelid::regclass::text, polcmd::text FROM pg_policy WHERE NOT polpermissive
            """).fetchall()
        )
    assert set(tables) - set(guarded) == {"privacy_rightscase"}
    assert {table for table, command in guarded.items() if command != "*"} == {"records_record"}

    restrict(cast, patient)

    with tenancy.scope(cast.clinic.pk), connection.cursor() as cursor:
        for table in sorted(set(tables) - {"privacy_rightscase", "records_record"}):
            column = {"patients_twopeople": "one_id", "patients_merge": "from_patient_id"}.get(table, "patient_id")
            column = "merged_into_id" if table == "patients_patient" else column
            cursor.execute(f"SELECT count(*) FROM {table} WHERE {column} = %s", [patient])
            assert cursor.fetchone() == (0,), table
    with superuser() as link:
        assert count(link, "treatments_session", patient) == 1  # it is stored all the same


def test_no_statement_adds_anything(rich):
    cast, patient = rich
    restrict(cast, patient)
    with tenancy.scope(cast.clinic.pk), tenancy.seeing_restricted():
        record = Record.objects.filter(patient_id=patient).first()
    values = {"clinic": cast.clinic.pk, "patient": patient, "record": record.pk}
    for statement in (
        "INSERT INTO patients_alert (clinic_id, patient_id, code, note, reported_by, source, ended_reason) "
        "VALUES (%(clinic)s, %(patient)s, 'other', '', '', '', '')",
        "INSERT INTO records_record (clinic_id, sequence, kind, entry, subject_id, patient_id, version, occurred_at, "
        "signed_at, signed_by_id, document, sha256, previous_sha256) "
        "SELECT clinic_id, 99, kind, 'addendum', subject_id, patient_id, version, occurred_at, "
        "signed_at, signed_by_id, document, sha256, previous_sha256 "
        "FROM records_record WHERE id = %(record)s",
    ):
        with pytest.raises(DatabaseError) as refusal, tenancy.scope(cast.clinic.pk), connection.cursor() as cursor:
            cursor.execute(statement, values)
        assert refusal.value.__cause__.sqlstate == "42501"


def test_pages_and_programs_find_nobody(rich):
    cast, patient = rich
    api = Api(cast.therapist)
    exams = api.get(f"/patients/{patient}/assessments/").json()["results"]
    name = api.get(f"/patients/{patient}/").json()["family_name"]
    record = api.get(f"/patients/{patient}/history/").json()["results"][0]["id"]
    program_page = Api(cast.program).get("/records/").json()["results"]

    case = restrict(cast, patient)

    for path in (f"/patients/{patient}/", f"/patients/{patient}/history/", f"/assessments/{exams[0]['id']}/"):
        assert api.get(path).status_code == 404, path
    assert api.post("/patients/search/", {"q": name}).json()["results"] == []
    assert api.post(f"/patients/{patient}/assessments/", builders.exam()).status_code == 404
    assert api.patch(f"/patients/{patient}/", {"city": "Hull"}).status_code in (404, 412)
    assert api.get(f"/records/{record}/").json()["document"] is None
    rows = Api(cast.program).get("/records/").json()["results"]
    assert [row["sha256"] for row in rows] == [row["sha256"] for row in program_page]
    assert {(row["status"], row["document"]) for row in rows} == {("restricted", None)}
    for who in (cast.owner, cast.therapist, cast.staff):
        page = Client(raise_request_exception=False)
        page.force_login(who)
        for path in (f"/patients/{patient}/", f"/patients/{patient}/edit/", f"/patients/{patient}/access/"):
            assert page.get(path).status_code in (403, 404), (who, path)
        for path in ("/", "/patients/", "/worklist/", "/calendar/", "/messages/", "/waitlist/"):
            answer = page.get(path)
            assert answer.status_code in (200, 302, 403), path
            assert name not in answer.content.decode(), path
        answer = page.get(f"/admin/patients/patient/{patient}/change/")
        assert answer.status_code in (302, 403, 404)
    assert verify(cast, complete=True)["first_broken"] is None

    with tenancy.scope(cast.clinic.pk):
        actions.end_case(case_id=case.pk, by=cast.actor(cast.owner), at=timezone.now())
    assert api.get(f"/patients/{patient}/").status_code == 200
    assert Api(cast.program).get("/records/").json()["results"] == program_page


def test_nothing_is_planned_or_sent(rich):
    cast, patient = rich
    with tenancy.scope(cast.clinic.pk):
        Patient.objects.filter(pk=patient).update(email="ada@mail.example", consent_email="granted")
        message = messages.enqueue(
            kind="review_due",
            channel="email",
            patient_id=patient,
            about_id=patient,
            dedupe_key="restricted",
            due_at=timezone.now(),
            by=cast.actor(),
            wake=False,
        )
    restrict(cast, patient)
    by = Actor.system(cast.clinic.pk, "test")
    maintenance.look_after(by=by, at=timezone.now())
    with tenancy.scope(cast.clinic.pk):
        assert not Message.objects.exists()
        assert not Programme.objects.exists()
    with superuser() as link:
        state = link.execute("SELECT state FROM messaging_message WHERE id = %s", [message.pk]).fetchone()[0]
        assert state == "queued"
        assert count(link, "homecare_occurrence", patient) == 0


def test_an_import_neither_changes_nor_doubles_them(rich):
    cast, patient = rich
    api = Api(cast.therapist)
    with tenancy.scope(cast.clinic.pk):
        details = Patient.objects.get(pk=patient)
        Identifier.objects.create(clinic=cast.clinic, patient=details, system="urn:x", value="77")
    restrict(cast, patient)
    row = {
        "resourceType": "Patient",
        "id": "77",
        "identifier": [{"system": "urn:x", "value": "77"}],
        "name": [{"family": details.family_name, "given": ["Ada"]}],
        "birthDate": "1980-02-03",
        "address": [{"city": "Hull"}],
    }
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": row}]}
    answer = api.post("/patients/imports/?format=fhir", bundle)
    assert answer.status_code < 500, answer.content
    with tenancy.scope(cast.clinic.pk), tenancy.seeing_restricted():
        assert Patient.objects.get(pk=patient).city == ""
        assert not Identifier.objects.exclude(patient_id=patient).filter(value="77").exists()


def test_appointments_ahead_are_cancelled(cast):
    with tenancy.scope(cast.clinic.pk):
        desk = make_desk(cast, cast.actor(cast.staff))
        patient = builders.patient(cast.actor())
        monday = timezone.now().replace(hour=10, minute=0, second=0, microsecond=0)
        monday += timedelta(days=14 - monday.weekday())
        appointment = booking.book(
            patient_id=patient.pk,
            type_id=desk.kind.pk,
            time=Time(monday, cast.therapist.pk, desk.room.pk),
            by=cast.actor(cast.staff),
            at=timezone.now(),
        )
        case = actions.restrict(
            patient_id=patient.pk,
            reason="Asked for in writing.",
            revision=patient.revision,
            by=cast.actor(cast.owner),
            at=timezone.now(),
        )
        assert not Patient.objects.filter(pk=patient.pk).exists()
        with pytest.raises(actions.NotFound):
            actions.restrict(
                patient_id=patient.pk,
                reason="Asked for in writing.",
                revision=None,
                by=cast.actor(cast.owner),
                at=timezone.now(),
            )
        assert case.patient_ids == [patient.pk]
        with tenancy.seeing_restricted():
            assert Appointment.objects.get(pk=appointment.pk).status == "cancelled"
