"""What a bench fills in by plain SQL keeps up with the tables."""

from __future__ import annotations

from bench import desk, scale
from tests.committed import superuser


def test_the_desks_rows_can_be_filled_in(django_db_setup):
    values = {"therapists": 2, "appointments": 20, "part": 1024}
    with superuser() as link, link.transaction(force_rollback=True):
        link.execute(desk.SEED, values)
        (found,) = link.execute("SELECT count(*) FROM scheduling_appointment WHERE note = ''").fetchone()
    assert found >= 20


def test_the_clinic_with_a_long_past_can_be_filled_in(django_db_setup):
    with superuser() as link, link.transaction(force_rollback=True):
        link.execute(
            "SELECT set_config('bench.patients', '80', true), set_config('bench.document', '{\"id\":\"n\"}', true)"
        )
        link.execute(scale.SEED.read_text())
        tables = ("records_record", "scheduling_appointment", "homecare_checkin", "audit_about", "messaging_message")
        counts = {table: link.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}
    assert counts["records_record"] >= 120, counts
    assert all(counts.values()), counts
