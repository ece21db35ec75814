"""A patient is erased: what goes, what stays, and that the chain still holds and says so."""

import hashlib
import json

import pytest
import rfc8785
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.models import Clinic
from accounts.policies import OwnersOnly
from audit.models import AuditEvent
from database import tenancy
from database.sql import run_prepared
from errors.exceptions import Invalid
from identity.actor import Actor
from patients.models import Patient
from privacy import actions, owned_rows, periodic
from privacy.models import RightsCase
from records.models import Record
from tests.api import Api
from tests.committed import committed_patient, superuser
from tests.privacy.conftest import begin_erasure, make_due, restrict
from tests.records.test_chain import sign_exam, tamper, verify


def erased(rich):
    cast, patient = rich
    case = begin_erasure(cast, patient)
    make_due(case)
    assert periodic.erase_due(str(cast.clinic.pk)) == 1
    return case


def test_nothing_of_the_person_is_left_and_the_chain_holds(rich):
    cast, patient = rich
    other = committed_patient(cast)
    sign_exam(cast, other)
    with tenancy.scope(cast.clinic.pk):
        keys = owned_rows.find([patient])
        bystanders = owned_rows.find([other])
        before = list(Record.objects.order_by("sequence").values_list("sequence", "sha256", "previous_sha256"))
    assert {"Consent", "AdverseEvent", "Programme", "Step", "Session", "Intervention", "Finding", "Record"} <= {
        model.__name__ for model in keys
    }

    case = erased(rich)

    with superuser() as link:
        for model, ids in keys.items():
            table, key = model._meta.db_table, model._meta.pk.column
            left = link.execute(f"SELECT count(*) FROM {table} WHERE {key} = ANY(%s)", [list(ids)]).fetchone()[0]
            assert left == (len(ids) if table in {"patients_patient", "records_record"} else 0), table
        row = link.execute("SELECT to_jsonb(p) FROM patients_patient p WHERE id = %s", [patient]).fetchone()[0]
        documents = link.execute(
            "SELECT count(*) FROM records_record WHERE patient_id = %s AND document IS NOT NULL AND entry <> 'erased'",
            [patient],
        ).fetchone()[0]
    assert documents == 0
    kept = {"id", "clinic_id", "created_at", "revision", "keys_version"}
    said = {name: value for name, value in row.items() if name not in kept and value not in (None, "")}
    assert said == {
        "family_name": "erased",
        "sort_name": "erased",
        "sex": "unknown",
        "status": "discharged",
        "consent_email": "refused",
        "consent_sms": "refused",
        "consent_phone": "refused",
    }

    assert verify(cast, complete=True)["first_broken"] is None
    with tenancy.scope(cast.clinic.pk):
        after = list(Record.objects.order_by("sequence").values_list("sequence", "sha256", "previous_sha256"))
        assert after[: len(before)] == before
        assert len(after) == len(before) + 1
        assert not Patient.objects.filter(pk=patient).exists()
        assert owned_rows.find([other]) == bystanders
        assert AuditEvent.objects.about(patient).filter(action="patient.erase").exists()
        assert RightsCase.objects.get(pk=case.pk).done_at is not None
    assert periodic.erase_due(str(cast.clinic.pk)) == 0


def test_followers_of_the_feed_are_told(rich):
    cast, patient = rich
    program = Api(cast.program)
    page = program.get("/records/").json()
    resume = page["resume"].partition("/api/v1")[2]
    had = {row["id"]: row["sha256"] for row in page["results"]}

    erased(rich)

    for path in (resume, f"{resume}&kind=session"):
        (told,) = program.get(path).json()["results"]
        assert (told["entry"], told["kind"], told["status"]) == ("erased", "patient", "current")
        assert {row["record_id"]: row["sha256"] for row in told["document"]["erased"]} == had
        assert hashlib.sha256(rfc8785.dumps(told["document"])).hexdigest() == told["sha256"]
        assert "Committed" not in json.dumps(told)
    rows = program.get("/records/").json()["results"]
    assert [row["status"] for row in rows] == ["erased"] * len(had) + ["current"]
    assert all(row["document"] is None for row in rows[:-1])
    assert [row["previous_sha256"] for row in rows[1:]] == [row["sha256"] for row in rows[:-1]]
    lines = [json.loads(line) for line in program.get("/records/export/").getvalue().splitlines()]
    assert lines == rows
    assert program.get(f"/records/{rows[0]['id']}/").json()["document"] is None
    assert program.get(f"/patients/{patient}/history/").status_code == 404


def test_a_document_that_only_vanished_is_found(rich):
    cast, _patient = rich
    erased(rich)
    other = committed_patient(cast)
    gone = sign_exam(cast, other)
    tamper(cast, f"UPDATE records_record SET document = NULL WHERE id = '{gone.pk}'")
    found = verify(cast, complete=True)["first_broken"]
    assert (found["record_id"], found["reason"]) == (str(gone.pk), "erased_without_record")


def test_it_can_be_undone_for_14_days(rich):
    cast, patient = rich
    case = begin_erasure(cast, patient)
    api = Api(cast.therapist)
    assert api.get(f"/patients/{patient}/").status_code == 404
    assert periodic.erase_due(str(cast.clinic.pk)) == 0
    with tenancy.scope(cast.clinic.pk):
        actions.end_case(case_id=case.pk, by=cast.actor(cast.owner), at=timezone.now())
    assert api.get(f"/patients/{patient}/").status_code == 200
    assert api.get(f"/patients/{patient}/history/").json()["results"]
    with tenancy.scope(cast.clinic.pk), pytest.raises(actions.CaseEnded):
        actions.end_case(case_id=case.pk, by=cast.actor(cast.owner), at=timezone.now())


def test_a_legal_hold_stops_it(rich):
    cast, patient = rich
    by, at = cast.actor(cast.owner), timezone.now()
    held = {"patient_id": patient, "reason": "A claim is pending.", "revision": None, "by": by, "at": at}
    case = begin_erasure(cast, patient)
    with tenancy.scope(cast.clinic.pk):
        hold = actions.hold(**held)
    make_due(case)
    assert periodic.erase_due(str(cast.clinic.pk)) == 0
    with tenancy.scope(cast.clinic.pk), pytest.raises(DatabaseError, match="not due"), transaction.atomic():
        run_erase(case)
    with tenancy.scope(cast.clinic.pk):
        actions.end_case(case_id=hold.pk, by=by, at=at)
    assert periodic.erase_due(str(cast.clinic.pk)) == 1


def run_erase(case):
    run_prepared("SELECT privacy_erase(%s)", [case.pk])


@pytest.mark.parametrize("prepare", ["restriction", "fresh", "unsaid", "other_clinic"])
def test_the_databases_own_function_refuses_what_is_not_due(rich, prepare):
    cast, patient = rich
    case = restrict(cast, patient) if prepare == "restriction" else begin_erasure(cast, patient)
    if prepare in {"unsaid", "other_clinic"}:
        make_due(case)
    clinic = cast.other_clinic if prepare == "other_clinic" else cast.clinic
    with pytest.raises(DatabaseError) as refusal, tenancy.scope(clinic.pk):
        run_erase(case)
    assert refusal.value.__cause__.sqlstate == "PT001"


def test_nobody_dates_a_case_back_or_forges_the_setting(rich):
    cast, patient = rich
    begin_erasure(cast, patient)
    for statement in (
        "UPDATE privacy_rightscase SET due_at = now(), begun_at = now() - interval '20 days'",
        "UPDATE privacy_rightscase SET done_at = now()",
        "DELETE FROM privacy_rightscase",
        "SELECT set_config('palpate.sees_restricted', 'on', true), set_config('palpate.erasing', 'x', true); "
        "DELETE FROM treatments_session",
        "SELECT set_config('palpate.erasing', 'x', true); DELETE FROM records_record",
        "SELECT set_config('palpate.sees_restricted', 'on', true), set_config('palpate.erasing', 'x', true); "
        "DELETE FROM treatments_intervention",
    ):
        with pytest.raises(DatabaseError) as refusal, tenancy.scope(cast.clinic.pk), connection.cursor() as cursor:
            cursor.execute(statement)
        assert refusal.value.__cause__.sqlstate in {"PT001", "42501"}, statement
    with pytest.raises(DatabaseError), tenancy.scope(cast.clinic.pk):
        RightsCase.objects.create(
            clinic=cast.clinic,
            patient_id=patient,
            patient_ids=[patient],
            kind="legal_hold",
            reason="Long ago, they say.",
            begun_at="2020-01-01T00:00:00Z",
            begun_by_user_id=cast.owner.pk,
        )


def test_only_an_owner_decides_and_says_why(rich):
    cast, patient = rich
    sent = {"patient_id": patient, "despite_law": False, "revision": None, "at": timezone.now()}
    with tenancy.scope(cast.clinic.pk):
        for who in (cast.therapist, cast.staff):
            with pytest.raises(OwnersOnly):
                actions.begin_erasure(**sent, reason="Asked for it.", by=cast.actor(who))
        with pytest.raises(Invalid):
            actions.begin_erasure(**sent, reason=" short ", by=cast.actor(cast.owner))
        system = Actor.system(cast.clinic.pk, "x")
        with pytest.raises(OwnersOnly):
            actions.begin_erasure(**sent, reason="Asked for it.", by=system)


def test_the_law_keeps_it_unless_an_owner_insists(rich):
    cast, patient = rich
    sent = {"patient_id": patient, "reason": "Asked for it.", "revision": None, "at": timezone.now()}
    with tenancy.scope(cast.clinic.pk):
        Clinic.objects.filter(pk=cast.clinic.pk).update(retention="gb")
        with pytest.raises(actions.KeptByLaw):
            actions.begin_erasure(**sent, despite_law=False, by=cast.actor(cast.owner))
        assert actions.begin_erasure(**sent, despite_law=True, by=cast.actor(cast.owner)).due_at


def test_the_triggers_that_keep_rows_final_know_the_erasure(rich):
    """A trigger of a later migration must take `let_erasure_delete`, or an erasure would fail on its table."""
    with superuser() as link:
        without = link.execute("""
            SELECT DISTINCT p.proname FROM pg_proc p JOIN pg_trigger t ON t.tgfoid = p.oid
            WHERE p.pronamespace = 'public'::regnamespace AND p.prosrc ~ 'PT001' AND t.tgtype & 8 <> 0
            AND p.prosrc !~ 'palpate_is_erasing'
        """).fetchall()
    assert without == [("records_chain_forward",)]


def test_both_walks_find_the_same_tables(rich):
    """Django's foreign keys (the export) and the database's (the erasure) lead to the same tables."""
    with superuser() as link:
        keys = {
            (child, parent)
            for child, parent in link.execute(
                "SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint WHERE contype = 'f'"
            )
        }
    tables = {"patients_patient"}
    while True:
        more = tables | {child for child, parent in keys if parent in tables}
        if more == tables:
            break
        tables = more
    ours = {"patients_patient"} | {edge.child._meta.db_table for edge in owned_rows.edges()}
    assert tables - ours == {"scheduling_persontime", "privacy_rightscase"}
    assert ours <= tables
