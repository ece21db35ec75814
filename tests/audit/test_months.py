"""Audit events lie in months: made ahead, let go as a whole, and each as final as all of them."""

from datetime import UTC, date, datetime, timedelta
from io import StringIO
from uuid import uuid4

import psycopg
import pytest
from django.core.management import call_command

from audit import actions as audit
from audit.models import About, AuditEvent
from database import tenancy
from tests.clinic.test_final_rows_attacked import as_app
from tests.committed import committed, superuser

__all__ = ["committed"]

ADD = (
    "INSERT INTO audit_auditevent (id, at, clinic_id, client_id, action, outcome, code, patient_ids, request_id) "
    "VALUES (uuidv7(), %s, %s, '', 'test.month', 'ok', '', '{}', '')"
)


def months(link):
    rows = link.execute(
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
        "WHERE i.inhparent = 'audit_auditevent'::regclass ORDER BY 1"
    )
    return [name for (name,) in rows]


def later(day, count):
    number = day.year * 12 + day.month - 1 + count
    return date(number // 12, number % 12 + 1, 1)


@pytest.fixture
def owner():
    """The owner of the tables, in a transaction that is rolled back."""
    with superuser() as link, link.transaction(force_rollback=True):
        link.execute("SET LOCAL ROLE palpate_owner")
        yield link


def test_there_are_two_years_of_months_and_each_is_closed(owner):
    names = months(owner)
    today = datetime.now(UTC).date()
    assert f"audit_auditevent_before_{today:%Y_%m}" in names
    for ahead in (1, 12, 24):
        assert f"audit_auditevent_{later(today, ahead):%Y_%m}" in names
    rows = owner.execute(
        """
        SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity,
            has_table_privilege('palpate_app', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE'),
            (SELECT array_agg(tgname || tgenabled::text ORDER BY tgname) FROM pg_trigger t WHERE t.tgrelid = c.oid)
        FROM pg_class c WHERE c.relname = ANY(%s)
        """,
        [names],
    ).fetchall()
    for name, secured, granted, triggers in rows:
        assert (secured, granted, triggers) == (True, False, ["final_rowA", "final_tableA"]), name


def test_an_event_of_now_is_found_and_of_any_month_is_taken(committed, owner):
    with tenancy.scope(committed.clinic.pk):
        audit.log("test.now", by=committed.actor())
        assert AuditEvent.objects.get(action="test.now").times == 1
    for at in (datetime(1999, 1, 1, tzinfo=UTC), datetime(2199, 1, 1, tzinfo=UTC)):
        owner.execute(ADD, [at, committed.clinic.pk])


@pytest.mark.parametrize("verb", ["UPDATE {} SET action = 'x'", "DELETE FROM {}"])
def test_no_month_can_be_changed(committed, verb):
    with tenancy.scope(committed.clinic.pk):
        audit.log("test.final", by=committed.actor())
    with superuser() as link:
        for table in ("audit_auditevent", f"audit_auditevent_before_{datetime.now(UTC):%Y_%m}"):
            with pytest.raises(psycopg.Error) as refusal:
                link.execute(verb.format(table))
            assert refusal.value.sqlstate == "PT001"
    with as_app(committed) as link, pytest.raises(psycopg.errors.InsufficientPrivilege):
        link.execute("SELECT audit_drop_months(1)")


def test_old_months_are_let_go_and_no_others(committed, owner):
    """As if the clock stood in three years: what is older than a year goes."""
    now = datetime.now(UTC)
    for at in (now, now + timedelta(days=100)):
        owner.execute(ADD, [at, committed.clinic.pk])
    before = months(owner)
    owner.execute("SET LOCAL search_path = pg_catalog, public")
    assert owner.execute("SELECT audit_drop_months(1)").fetchone() == (0,)
    assert months(owner) == before
    owner.execute("ALTER TABLE " + before[-2] + " RENAME TO audit_auditevent_2001_01")
    assert owner.execute("SELECT audit_drop_months(1)").fetchone() == (1,)
    assert len(months(owner)) == len(before) - 1
    with pytest.raises(psycopg.errors.RaiseException), owner.transaction():
        owner.execute("SELECT audit_drop_months(0)")


def test_what_nobody_made_a_month_for_gets_one(committed, owner):
    today = datetime.now(UTC).date()
    far = later(today, 30)
    owner.execute(ADD, [far, committed.clinic.pk])
    owner.execute("SELECT set_config('palpate.clinic_id', %s, true)", [str(committed.clinic.pk)])

    assert owner.execute("SELECT audit_make_months(32)").fetchone() == (2,)

    names = months(owner)
    assert f"audit_auditevent_late_{far:%Y_%m}" in names
    assert f"audit_auditevent_{later(far, 1):%Y_%m}" in names
    found = owner.execute(
        "SELECT tableoid::regclass::text FROM audit_auditevent WHERE action = 'test.month'"
    ).fetchall()
    assert found == [(f"audit_auditevent_late_{far:%Y_%m}",)]
    state = owner.execute(
        "SELECT array_agg(tgname || tgenabled::text ORDER BY tgname) FROM pg_trigger WHERE tgrelid = %s::regclass",
        [f"audit_auditevent_late_{far:%Y_%m}"],
    ).fetchone()
    assert state == (["final_rowA", "final_tableA"],)


@pytest.mark.django_db(databases=["default", "owner"])
def test_the_command_does_both_and_is_harmless_to_repeat(settings):
    settings.AUDIT_KEEP_MONTHS = 1200
    out = StringIO()
    call_command("audit_months", stdout=out)
    assert out.getvalue() == "audit trail: 0 months made, 0 tables of old months dropped\n"


def test_what_an_event_is_about_is_found_and_goes_with_its_month(committed, owner):
    patients, row = [uuid4() for _ in range(3)], uuid4()
    with tenancy.scope(committed.clinic.pk):
        audit.log("test.about", by=committed.actor(), target_id=row, patient_ids=patients)
        audit.log_each([("test.each", row, patients[0])], by=committed.actor())
        found = {
            key: [event.action for event in AuditEvent.objects.about(key).newest_first()] for key in [*patients, row]
        }
    assert found == {
        patients[0]: ["test.each", "test.about"],
        patients[1]: ["test.about"],
        patients[2]: ["test.about"],
        row: ["test.each", "test.about"],
    }
    with tenancy.scope(committed.other_clinic.pk):
        assert not AuditEvent.objects.about(row).exists()
        assert not About.objects.filter(about_id=row).exists()
    owner.execute("SET LOCAL search_path = pg_catalog, public")
    first = f"audit_about_before_{datetime.now(UTC):%Y_%m}"
    owner.execute("SELECT set_config('palpate.clinic_id', %s, true)", [str(committed.clinic.pk)])
    count = "SELECT count(*) FROM audit_about WHERE about_id = %s"
    assert owner.execute(count, [row]).fetchone() == (2,)
    owner.execute(f"ALTER TABLE {first} RENAME TO audit_about_2001_01")
    assert owner.execute("SELECT audit_drop_months(1)").fetchone() == (0,)
    assert owner.execute(count, [row]).fetchone() == (0,)
