"""What a bench fills in by plain SQL keeps up with the tables."""

from __future__ import annotations

from bench import desk
from tests.committed import superuser


def test_the_desks_rows_can_be_filled_in(django_db_setup):
    values = {"therapists": 2, "appointments": 20, "part": 1024}
    with superuser() as link, link.transaction(force_rollback=True):
        link.execute(desk.SEED, values)
        (found,) = link.execute("SELECT count(*) FROM scheduling_appointment WHERE note = ''").fetchone()
    assert found >= 20
