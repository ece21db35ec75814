"""
Changes planted at random, by the three who could try: the application role, the owner of the tables, a superuser.

Each is refused, or named by a verification, or it is one of the two that nobody can see from inside (a tail cut off
with all that belongs to it, a suffix rewritten with all that belongs to it): those are named with a checkpoint.
"""

import random
from collections import Counter
from contextlib import contextmanager

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from assessments import actions as assessments
from assessments.models import Assessment
from database import tenancy
from records import actions, verification
from tests import builders
from tests.committed import committed, committed_patient
from tests.drills import small_or_drill
from tests.records.test_chain import sign_exam, sign_session
from tests.records.test_verification import FIT_HEADS

__all__ = ["committed"]

APP, OWNER, SUPERUSER = "palpate_app", "palpate_owner", "postgres"
LAST, CHECKED = 24, 12
TABLES = [
    "records_record", "records_mark", "records_chain", "records_chaincheck", "assessments_assessment",
    "assessments_finding", "assessments_redflaganswer", "treatments_session", "treatments_intervention",
    "treatments_measure",
]  # fmt: skip
EDITED = (
    'convert_to(regexp_replace(convert_from(document, \'UTF8\'), \'"notes":"","pain_best\', '
    '\'"notes":"forged","pain_best\'), \'UTF8\')'
)
AT = "clinic_id = %(clinic)s AND sequence = %(at)s"
# Rewrites all links from a record on, as the owner can; `body` is what the first of them says.
RELINK = """
    DO $do$
    DECLARE
        r records_record;
        link bytea := (SELECT sha256 FROM records_record WHERE clinic_id = '{clinic}' AND sequence = {at} - 1);
        body bytea;
    BEGIN
        FOR r IN SELECT * FROM records_record WHERE clinic_id = '{clinic}' AND sequence >= {at} ORDER BY sequence LOOP
            body := convert_to(regexp_replace(convert_from(r.document, 'UTF8'), '"previous_sha256":"[0-9a-f]+"',
                '"previous_sha256":"' || encode(link, 'hex') || '"'), 'UTF8');
            UPDATE records_record SET document = body, sha256 = sha256(body), previous_sha256 = link WHERE id = r.id;
            link := sha256(body);
        END LOOP;
        UPDATE records_chain SET head_sha256 = link WHERE clinic_id = '{clinic}';
    END $do$
"""
EDIT_ALL = [
    f"UPDATE records_record SET document = {EDITED}, sha256 = sha256({EDITED}) WHERE {AT}",
    "UPDATE assessments_assessment a SET notes = 'forged' FROM records_record r WHERE r.id = a.record_id "
    "AND r.clinic_id = %(clinic)s AND r.sequence = %(at)s",
    RELINK,
]
CUT = ["DELETE FROM records_record WHERE clinic_id = %(clinic)s AND sequence > %(at)s"]
COUNTER = [
    "UPDATE records_chain c SET head_sequence = %(at)s, head_sha256 = (SELECT sha256 FROM records_record r "
    f"WHERE r.{AT}) WHERE clinic_id = %(clinic)s"
]
LATER = (
    "(SELECT id FROM assessments_assessment a WHERE NOT EXISTS (SELECT FROM records_record r WHERE r.id = a.record_id))"
)
ROWS_OF_TAIL = [
    "DELETE FROM records_mark m WHERE clinic_id = %(clinic)s "
    "AND NOT EXISTS (SELECT FROM records_record r WHERE r.id = m.marked_by_id)",
    *(
        f"DELETE FROM assessments_{table} WHERE clinic_id = %(clinic)s AND assessment_id IN {LATER}"
        for table in ("redflaganswer", "finding")
    ),
    f"DELETE FROM assessments_assessment WHERE clinic_id = %(clinic)s AND id IN {LATER}",
]
NO_HEADS = ["DELETE FROM records_chaincheck WHERE clinic_id = %(clinic)s"]

# Name: statements, and where `at` may lie. Exams without marks are 3 to 20; 21 to 24 as well.
VISIBLE = {
    "edit": [f"UPDATE records_record SET document = {EDITED} WHERE {AT}"],
    "edit with hash": [f"UPDATE records_record SET document = {EDITED}, sha256 = sha256({EDITED}) WHERE {AT}"],
    "edit with hash and all links": EDIT_ALL[:1] + EDIT_ALL[2:],
    "suffix rewritten, heads kept": EDIT_ALL,
    "suffix rewritten, heads made to fit": [*EDIT_ALL, FIT_HEADS],
    "delete": [f"DELETE FROM records_record WHERE {AT}"],
    "reorder": [
        "UPDATE records_record SET sequence = sequence + 100 WHERE clinic_id = %(clinic)s AND sequence IN (%(at)s, 2)",
        "UPDATE records_record SET sequence = CASE sequence WHEN 102 THEN %(at)s ELSE 2 END "
        "WHERE clinic_id = %(clinic)s AND sequence > 100",
    ],
    "columns": [f"UPDATE records_record SET occurred_at = occurred_at - interval '1 day' WHERE {AT}"],
    "tail cut": CUT,
    "tail cut with counter": CUT + COUNTER,
    "row changed": [
        "UPDATE assessments_finding f SET notes = 'forged' FROM assessments_assessment a, records_record r "
        "WHERE a.id = f.assessment_id AND r.id = a.record_id AND r.clinic_id = %(clinic)s AND r.sequence = %(at)s"
    ],
    "row removed": [
        "DELETE FROM assessments_finding f USING assessments_assessment a, records_record r "
        "WHERE a.id = f.assessment_id AND r.id = a.record_id AND r.clinic_id = %(clinic)s AND r.sequence = %(at)s"
    ],
    "forged mark": [
        "INSERT INTO records_mark (record_id, clinic_id, status, marked_by_id) "
        f"SELECT id, clinic_id, 'entered_in_error', id FROM records_record WHERE {AT}"
    ],
    "mark removed": ["DELETE FROM records_mark WHERE clinic_id = %(clinic)s"],
    "mark changed": ["UPDATE records_mark SET status = 'superseded' WHERE clinic_id = %(clinic)s"],
    "counter moved": [
        "UPDATE records_chain SET head_sequence = head_sequence + 1, head_sha256 = sha256('x') "
        "WHERE clinic_id = %(clinic)s"
    ],
}
INVISIBLE = {
    "suffix rewritten with rows and without heads": [*EDIT_ALL, *NO_HEADS],
    "tail cut with counter and rows, without heads": [*CUT, *COUNTER, *ROWS_OF_TAIL, *NO_HEADS],
}


@pytest.fixture
def kept(committed):
    """A chain of 24 records, verified when it had 12, and the checkpoint of its end."""
    patient = committed_patient(committed)
    sign_session(committed, patient)  # 1 and 2
    for number in range(9):
        sign_exam(committed, patient, pain_now=number)  # 3 to 11
    with tenancy.scope(committed.clinic.pk):
        by, at = committed.actor(), timezone.now()
        first = Assessment.objects.filter(pain_now=0).get()
        assessments.EXAM.mark_entered_in_error(
            document=first, revision=None, reason="a wrong patient", by=by, at=at
        )  # 12
        assert actions.check_chain(clinic_id=committed.clinic.pk, by=by)["records"] == CHECKED
    for number in range(LAST - CHECKED):
        sign_exam(committed, patient, pain_now=number % 10, red_flags=builders.screen())
    with tenancy.scope(committed.clinic.pk):
        checkpoint, _note = actions.make_checkpoint(clinic_id=committed.clinic.pk)
    assert checkpoint.sequence == LAST
    return committed, (checkpoint.sequence, checkpoint.sha256)


@contextmanager
def one_connection_for_all_roles():
    """Django's connection as a superuser who becomes one role after the other, so that all can be rolled back."""
    own = connection.settings_dict["USER"]
    connection.close()
    connection.settings_dict["USER"] = SUPERUSER
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["USER"] = own


def become(cursor, role):
    cursor.execute("RESET ROLE" if role == SUPERUSER else f"SET LOCAL ROLE {role}")


def plant(cursor, role, statements, values):
    """Do it as that role; False if PostgreSQL refuses."""
    become(cursor, role)
    try:
        with transaction.atomic():
            if role != APP:
                cursor.execute("ALTER TABLE records_record DROP CONSTRAINT IF EXISTS record_sha256_is_of_document")
                for table in ("assessments_assessment", "treatments_session"):
                    cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {table}_record_id_same_clinic")
                for column in ("record_id", "marked_by_id"):
                    cursor.execute(
                        f"ALTER TABLE records_mark DROP CONSTRAINT IF EXISTS records_mark_{column}_same_clinic"
                    )
                for table in TABLES:
                    cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            changed = 0
            for statement in statements:
                if statement is RELINK:
                    cursor.execute(statement.format(**values))
                else:
                    cursor.execute(statement, values)
                    changed += cursor.rowcount
            assert changed > 0, statements
    except DatabaseError as refusal:
        state = getattr(refusal.__cause__, "sqlstate", None)
        # Whoever owns the tables gets it done.
        if role != APP or state not in {"42501", "PT001", "23505"}:
            raise
        return False
    return True


@pytest.mark.parametrize("changes", small_or_drill(80, 1000))
def test_each_planted_change_is_refused_or_named_or_needs_a_checkpoint(kept, changes):
    cast, anchor = kept
    chance, outcomes = random.Random(15), Counter()
    names = [*VISIBLE, *INVISIBLE]
    with one_connection_for_all_roles():
        for number in range(changes):
            name = names[number % len(names)]
            role = (APP, OWNER, SUPERUSER)[number // len(names) % 3]
            # An exam; not one that is marked (3), nor the last, whose hash nothing but the counter holds.
            at = chance.choice([*range(4, CHECKED), *range(CHECKED + 1, LAST)])
            if "heads" in name and "without" not in name:
                at = chance.randrange(4, CHECKED)
            with transaction.atomic():
                with tenancy.scope(cast.clinic.pk), connection.cursor() as cursor:
                    values = {"clinic": str(cast.clinic.pk), "at": at}
                    done = plant(cursor, role, VISIBLE.get(name) or INVISIBLE[name], values)
                    become(cursor, APP)
                    found = verification.verify(cast.clinic.pk, anchor=None, complete=True)
                    with_checkpoint = verification.verify(cast.clinic.pk, anchor=anchor, complete=True)
                    become(cursor, SUPERUSER)
                transaction.set_rollback(True)
            if not done:
                assert (found["ok"], with_checkpoint["ok"]) == (True, True), (name, found)
                outcomes[role, "refused"] += 1
            elif name in VISIBLE:
                assert not found["ok"], (name, role, at)
                outcomes[role, f"named: {found['first_broken']['reason']}"] += 1
            else:
                assert found["ok"], (name, found)
                assert "checkpoint" in found["cannot_see"]
                assert with_checkpoint["first_broken"]["reason"] == "anchor_not_found", name
                outcomes[role, "named with a checkpoint only"] += 1
    print(dict(sorted((f"{role}, {outcome}", n) for (role, outcome), n in outcomes.items())))
    assert sum(outcomes.values()) == changes
    assert outcomes[APP, "named with a checkpoint only"] == 0
    with tenancy.scope(cast.clinic.pk):
        assert verification.verify(cast.clinic.pk, anchor=anchor, complete=True)["ok"]
