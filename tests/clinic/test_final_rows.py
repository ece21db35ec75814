"""What is signed stays as it was signed, for the tables' owner and a superuser too, as far as PostgreSQL allows."""

import psycopg
import pytest
from django.db import DatabaseError, transaction

from assessments.models import Assessment, Finding, RedFlagAnswer
from database import tenancy
from records.models import Chain
from tests.committed import committed, committed_patient, superuser
from tests.records.test_chain import sign_exam, sign_session

__all__ = ["committed"]


@pytest.fixture
def signed(committed):
    patient = committed_patient(committed)
    sign_exam(committed, patient, red_flags=[{"code": "neuro_new", "answer": "no"}])
    sign_session(committed, patient)
    return committed


def final_tables():
    with superuser() as link:
        return [
            row[0]
            for row in link.execute("""
                SELECT DISTINCT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
                WHERE t.tgname IN ('final_table', 'final_row') ORDER BY 1
            """)
        ]


def test_truncate_is_refused_to_a_superuser_even_as_a_replica(signed):
    tables = final_tables()
    months = [table for table in tables if table.startswith(("audit_auditevent_", "audit_about_"))]
    assert len(months) > 12
    assert len(tables) - len(months) == 40
    with superuser() as link:
        for mode in ("origin", "replica"):
            link.execute(f"SET session_replication_role = {mode}")
            for table in tables:
                with pytest.raises(psycopg.Error) as refusal:
                    link.execute(f"TRUNCATE {table} CASCADE")
                assert refusal.value.sqlstate == "PT001", table


@pytest.mark.parametrize(
    "verb", ["UPDATE {} SET clinic_id = clinic_id WHERE clinic_id = %s", "DELETE FROM {} WHERE clinic_id = %s"]
)
@pytest.mark.parametrize(
    "table",
    [
        "records_record",
        "audit_auditevent",
        "assessments_assessment",
        "assessments_finding",
        "assessments_redflaganswer",
        "treatments_session",
        "treatments_intervention",
        "treatments_measure",
    ],
)
def test_signed_rows_are_refused_to_a_superuser_even_as_a_replica(signed, verb, table):
    with superuser() as link:
        link.execute("SET session_replication_role = replica")
        with pytest.raises(psycopg.Error) as refusal:
            link.execute(verb.format(table), [signed.clinic.pk])
        assert refusal.value.sqlstate == "PT001"


def test_nothing_slips_into_a_signed_assessment(signed):
    with tenancy.scope(signed.clinic.pk):
        assessment = Assessment.objects.newest_first()[0]
        for write in (
            lambda: RedFlagAnswer.objects.create(
                clinic=signed.clinic, assessment=assessment, ordinal=9, code="dvt_calf", answer="yes"
            ),
            lambda: Finding.objects.filter(assessment=assessment).update(class_code="latent"),
            lambda: Finding.objects.filter(assessment=assessment).delete(),
            lambda: Assessment.objects.filter(pk=assessment.pk).update(pain_now=1),
            lambda: Chain.objects.filter(pk=signed.clinic.pk).update(head_sequence=1),
        ):
            with pytest.raises(DatabaseError, match=r"signed|forward"), transaction.atomic():
                write()
