"""Row-level security, and keys that cannot leave a clinic: what holds even if a view forgets its filter."""

import psycopg
import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from database import tenancy
from patients.models import Alert, Patient
from records.models import Record
from tests import builders


def rows(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def test_tests_and_service_run_as_a_role_that_owns_nothing(cast):
    (role,) = rows("SELECT rolname, rolsuper, rolbypassrls, rolcreatedb FROM pg_roles WHERE rolname = current_user")
    assert role == ("palpate_app", False, False, False)
    assert rows("SELECT count(*) FROM pg_class WHERE relowner = 'palpate_app'::regrole") == [(0,)]


def test_every_table_with_a_clinic_is_guarded(cast):
    """Row-level security enabled and forced, with a policy; and no single-column key to another clinic's table."""
    tables = rows("""
        SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity,
            EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid)
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'clinic_id'
        WHERE c.relkind = 'r' AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace
    """)
    unguarded = {name for name, *guards in tables if not all(guards)}
    assert unguarded == {"accounts_apiclient"}  # looked up before the clinic is known; holds no patient's data
    # A month of the audit trail is reached through its parent only.
    assert (
        rows("""
        SELECT relname FROM pg_class
        WHERE relispartition AND relkind = 'r'
        AND has_table_privilege('palpate_app', oid, 'SELECT, INSERT, UPDATE, DELETE')
    """)
        == []
    )
    keys = rows("""
        SELECT conrelid::regclass::text, conname, cardinality(conkey) FROM pg_constraint
        WHERE contype = 'f' AND confrelid IN (
            SELECT attrelid FROM pg_attribute
            WHERE attname = 'clinic_id' AND attrelid <> 'accounts_apiclient'::regclass)
    """)
    assert len(keys) >= 25
    # A person's busy times name no clinic, and nobody but their trigger reads or writes them (ADR 24).
    others = [key for key in keys if key[0] != "scheduling_persontime"]
    assert [key for key in others if key[2] != 2] == []


def test_every_foreign_key_between_clinics_tables_is_in_the_database(cast):
    """Django's own keys there have no constraint (db_constraint=False); a composite one must stand in for each."""
    from django.apps import apps

    guarded = {row[0] for row in rows("SELECT relname FROM pg_class WHERE relforcerowsecurity")}
    constrained = {
        (table, column)
        for table, column in rows("""
            SELECT conrelid::regclass::text, attname FROM pg_constraint
            JOIN pg_attribute ON attrelid = conrelid AND attnum = ANY(conkey)
            WHERE contype = 'f' AND cardinality(conkey) = 2
        """)
    }
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if field.is_relation and field.related_model._meta.db_table in guarded:
                assert (model._meta.db_table, field.column) in constrained, field


def test_a_query_without_a_filter_sees_one_clinic_only(cast):
    for clinic, who in ((cast.clinic, cast.therapist), (cast.other_clinic, cast.stranger)):
        with tenancy.scope(clinic.pk):
            builders.patient(cast.actor(who, clinic=clinic))

    with tenancy.scope(cast.clinic.pk):
        assert {p.clinic_id for p in Patient.objects.all()} == {cast.clinic.pk}
    with tenancy.scope(None):
        assert list(Patient.objects.all()) == []
    assert list(Patient.objects.all()) == []


def test_a_row_cannot_be_written_into_another_clinic(cast):
    with pytest.raises(ProgrammingError) as refusal, tenancy.scope(cast.clinic.pk):
        Patient.objects.create(clinic=cast.other_clinic, family_name="Smuggled", sort_name="smuggled")
    assert isinstance(refusal.value.__cause__, psycopg.errors.InsufficientPrivilege)


def test_a_row_cannot_point_into_another_clinic(cast):
    with tenancy.scope(cast.other_clinic.pk):
        strange = builders.patient(cast.actor(cast.stranger, clinic=cast.other_clinic))

    with pytest.raises(IntegrityError, match="patients_alert_patient_id_same_clinic"), tenancy.scope(cast.clinic.pk):
        Alert.objects.create(clinic=cast.clinic, patient_id=strange.pk, code="other")


def test_an_inner_scope_does_not_widen_the_outer_one(cast):
    with tenancy.scope(cast.clinic.pk):
        with tenancy.scope(cast.other_clinic.pk):
            pass
        assert rows("SELECT current_setting('palpate.clinic_id')") == [(str(cast.clinic.pk),)]


def test_a_reading_request_cannot_write(cast):
    with (
        tenancy.scope(cast.clinic.pk, read_only=True),
        pytest.raises(Exception, match="read-only transaction"),
        transaction.atomic(),
    ):
        builders.patient(cast.actor())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_auditevent SET action = 'x'",
        "DELETE FROM audit_auditevent",
        "TRUNCATE audit_auditevent",
        "UPDATE records_record SET version = 2",
        "DELETE FROM records_record",
        "TRUNCATE records_record CASCADE",
        "DELETE FROM records_mark",
        "DELETE FROM patients_merge",
        "DELETE FROM records_chaincheck",
        "UPDATE assessments_muscle SET name = 'x'",
        "ALTER TABLE records_record DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
    ],
)
def test_the_application_role_has_no_right_to_change_what_is_final(cast, statement):
    with pytest.raises(ProgrammingError), transaction.atomic():
        rows(statement)
    assert Record.objects.count() == 0
