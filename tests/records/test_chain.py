"""The chain: what it shows, what it cannot, and two who sign at once."""

import threading
import time
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.utils import timezone

from assessments import actions as assessments
from assessments.api.serializers import NewAssessmentInput
from audit.models import AuditEvent
from database import tenancy
from records import actions, periodic
from records.models import ChainCheck, Record
from tests import builders
from tests.api import Api
from tests.committed import at_once, committed, committed_patient, superuser
from tests.drills import small_or_drill
from treatments import actions as treatments
from treatments.api.serializers import NewSessionInput

__all__ = ["committed"]


def sign_exam(cast, patient, **fields):
    with tenancy.scope(cast.clinic.pk):
        content = builders.content(builders.exam(**fields), NewAssessmentInput)
        by = cast.actor()
        draft = assessments.EXAM.record(patient_id=patient, content=content, by=by, at=timezone.now()).document
    with tenancy.scope(cast.clinic.pk):
        return assessments.EXAM.sign(revision=None, document_id=draft.pk, by=by, at=timezone.now())


def sign_session(cast, patient):
    sign_exam(cast, patient, performed_at="2026-11-20T09:00:00Z", red_flags=builders.screen())
    with tenancy.scope(cast.clinic.pk):
        measures = [{"kind": "pain", "phase": "before", "value": 6}]
        content = builders.content(builders.treatment(measures=measures), NewSessionInput)
        by = cast.actor()
        draft = treatments.SESSION.record(patient_id=patient, content=content, by=by, at=timezone.now()).document
        return treatments.SESSION.sign(revision=None, document_id=draft.pk, by=by, at=timezone.now())


@pytest.fixture
def chain(committed):
    """Six signed records."""
    patient = committed_patient(committed)
    for number in range(6):
        sign_exam(committed, patient, pain_now=number)
    return committed


def verify(cast, **options):
    with tenancy.scope(cast.clinic.pk, read_only=True):
        return actions.verify_chain(clinic_id=cast.clinic.pk, **options)


def tamper(cast, *statements):
    """As a superuser who switches the triggers off first: the worst that a chain is for."""
    with superuser() as link, link.transaction():
        link.execute("ALTER TABLE records_record DISABLE TRIGGER ALL")
        link.execute("ALTER TABLE records_mark DISABLE TRIGGER ALL")
        link.execute("ALTER TABLE records_record DROP CONSTRAINT record_sha256_is_of_document")
        for statement in statements:
            link.execute(statement, {"clinic": cast.clinic.pk})
        link.execute(
            "ALTER TABLE records_record ADD CONSTRAINT record_sha256_is_of_document "
            "CHECK (sha256 = sha256(document)) NOT VALID"
        )
        link.execute("ALTER TABLE records_record ENABLE TRIGGER ALL")
        link.execute("ALTER TABLE records_mark ENABLE TRIGGER ALL")
        for table in ("records_record", "records_mark"):
            for trigger in ("final_row", "final_table"):
                link.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}")


def restore_triggers(link, app):
    """Enable an app's triggers as its migrations did: those of final rows always."""
    rows = link.execute(
        "SELECT tgrelid::regclass, tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
        "WHERE c.relname LIKE %s AND NOT tgisinternal",
        [f"{app}\\_%"],
    ).fetchall()
    for table in {table for table, _ in rows}:
        link.execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL")
    for table, trigger in rows:
        link.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}")


REPLACED = "convert_to(replace(convert_from(document, 'UTF8'), '\"pain_now\":2', '\"pain_now\":9'), 'UTF8')"
THIRD = "WHERE clinic_id = %(clinic)s AND sequence = 3"


@pytest.mark.parametrize(
    ("statements", "sequence", "reason"),
    [
        ([f"UPDATE records_record SET document = {REPLACED} {THIRD}"], 3, "document_changed"),
        # The hash was made to fit: then the next record's link does not.
        (
            [f"UPDATE records_record SET document = {REPLACED}, sha256 = sha256({REPLACED}) {THIRD}"],
            4,
            "link_broken",
        ),
        ([f"DELETE FROM records_record {THIRD}"], 3, "missing"),
        (["DELETE FROM records_record WHERE clinic_id = %(clinic)s AND sequence = 1"], 1, "missing"),
        (
            [
                "UPDATE records_record SET sequence = sequence + 100 "
                "WHERE clinic_id = %(clinic)s AND sequence IN (3, 4)",
                "UPDATE records_record SET sequence = 107 - sequence WHERE clinic_id = %(clinic)s AND sequence > 100",
            ],
            3,
            "link_broken",
        ),
        ([f"UPDATE records_record SET signed_at = signed_at - interval '1 day' {THIRD}"], 3, "columns_changed"),
        ([f"UPDATE records_record SET kind = 'session' {THIRD}"], 3, "columns_changed"),
        (
            [
                "INSERT INTO records_mark (record_id, clinic_id, status, marked_by_id) "
                "SELECT id, clinic_id, 'entered_in_error', id FROM records_record " + THIRD
            ],
            3,
            "status_changed",
        ),
        (["DELETE FROM records_record WHERE clinic_id = %(clinic)s AND sequence > 4"], 5, "tail_missing"),
    ],
)
def test_a_planted_change_is_found_and_named(chain, statements, sequence, reason):
    assert verify(chain)["ok"] is True
    # The assessments point at their records; the vandal takes those keys away, too.
    with superuser() as link:
        link.execute(
            "ALTER TABLE assessments_assessment DROP CONSTRAINT IF EXISTS assessments_assessment_record_id_same_clinic"
        )

    tamper(chain, *statements)

    found = verify(chain)
    assert found["ok"] is False
    assert (found["first_broken"]["sequence"], found["first_broken"]["reason"]) == (sequence, reason)


def test_a_tail_cut_with_its_counter_is_seen_with_an_anchor_only(chain):
    head = verify(chain)["head"]
    with superuser() as link:
        link.execute(
            "ALTER TABLE assessments_assessment DROP CONSTRAINT IF EXISTS assessments_assessment_record_id_same_clinic"
        )
        link.execute("ALTER TABLE records_chain DISABLE TRIGGER ALL")
    tamper(
        chain,
        "DELETE FROM records_record WHERE clinic_id = %(clinic)s AND sequence > 4",
        "UPDATE records_chain c SET head_sequence = 4, head_sha256 = (SELECT sha256 FROM records_record r "
        "WHERE r.clinic_id = c.clinic_id AND r.sequence = 4) WHERE clinic_id = %(clinic)s",
    )
    with superuser() as link:
        link.execute("ALTER TABLE records_chain ENABLE ALWAYS TRIGGER forward_only")
        link.execute("ALTER TABLE records_chain ENABLE ALWAYS TRIGGER final_table")

    # The rows of what was cut off still say that they are signed.
    assert verify(chain)["first_broken"]["reason"] == "row_without_record"
    with superuser() as link, link.transaction():
        for table in ("redflaganswer", "finding", "referral", "painmark", "rangeofmotion", "assessment"):
            link.execute(f"ALTER TABLE assessments_{table} DISABLE TRIGGER ALL")
        which = "SELECT id FROM assessments_assessment a WHERE clinic_id = %(clinic)s AND NOT EXISTS "
        which += "(SELECT FROM records_record r WHERE r.id = a.record_id)"
        for table in ("redflaganswer", "referral", "finding", "painmark", "rangeofmotion"):
            link.execute(
                f"DELETE FROM assessments_{table} WHERE assessment_id IN ({which})", {"clinic": chain.clinic.pk}
            )
        link.execute(f"DELETE FROM assessments_assessment WHERE id IN ({which})", {"clinic": chain.clinic.pk})
        restore_triggers(link, "assessments")

    without = verify(chain)
    assert without["ok"] is True
    assert "cut off" in without["cannot_see"]
    anchored = verify(chain, anchor=(head["sequence"], head["sha256"]))
    assert anchored["first_broken"] == {"sequence": 6, "record_id": None, "reason": "anchor_not_found"}


def test_the_command_names_the_break_and_gives_the_head(chain):
    out = StringIO()
    call_command("verify_chain", clinic=chain.clinic.slug, stdout=out)
    assert "6 records, the chain holds" in out.getvalue()
    head = StringIO()
    call_command("verify_chain", clinic=chain.clinic.slug, head=True, stdout=head)
    anchor = head.getvalue().split()[1]
    call_command("verify_chain", clinic=chain.clinic.slug, anchor=anchor, stdout=StringIO())

    tamper(chain, f"UPDATE records_record SET document = {REPLACED} {THIRD}")

    out = StringIO()
    with pytest.raises(CommandError):
        call_command("verify_chain", clinic=chain.clinic.slug, stdout=out)
    assert "BROKEN at sequence 3" in out.getvalue()


def test_the_nightly_check_reports_a_break(chain, caplog):
    tamper(chain, f"UPDATE records_record SET document = {REPLACED} {THIRD}")

    assert periodic.verify_all_chains() >= 1

    assert "broken at sequence 3" in caplog.text
    with tenancy.scope(chain.clinic.pk):
        assert ChainCheck.objects.latest("checked_at").first_broken["reason"] == "document_changed"
        assert AuditEvent.objects.get(action="records.chain_broken").code == "document_changed"


# --- Two who sign at once -------------------------------------------------------------------------------------


def test_a_client_that_follows_the_feed_sees_each_record_once_and_in_order(committed):
    """One signs slowly: it has its sequence, and commits late. The other waits, so nothing can overtake."""
    patient = committed_patient(committed)
    reader = Api(committed.program)
    seen, stop = [], threading.Event()

    def follow():
        url = "/api/v1/records/?limit=3"
        while True:
            last_round = stop.is_set()
            page = reader.get(url).json()
            seen.extend(record["sequence"] for record in page["results"])
            url = page["resume"].replace("http://testserver", "")
            if last_round and not page["results"]:
                return
            time.sleep(0.005)

    def sign(pause):
        with tenancy.scope(committed.clinic.pk):
            content = builders.content(builders.exam(), NewAssessmentInput)
            by = committed.actor()
            draft = assessments.EXAM.record(patient_id=patient, content=content, by=by, at=timezone.now()).document
        for _ in range(5):
            with tenancy.scope(committed.clinic.pk):
                if not draft.is_signed:
                    assessments.EXAM.sign(revision=None, document_id=draft.pk, by=by, at=timezone.now())
                    draft.signed_at = timezone.now()
                else:
                    by_assessment = type(draft).objects.get(pk=draft.pk)
                    assessments.EXAM.add_addendum(
                        revision=None, document=by_assessment, text="more", by=by, at=timezone.now()
                    )
                time.sleep(pause)  # holds its place in the chain, not yet committed

    def write():
        at_once([lambda: sign(0.08), lambda: sign(0), lambda: sign(0)])
        stop.set()

    at_once([follow, write])

    assert seen == list(range(1, 16))


@pytest.mark.parametrize("signings", small_or_drill(40, 200))
def test_many_signings_by_eight_clients_make_one_chain(committed, signings):
    patient = committed_patient(committed)
    at_once([lambda: sign_exam(committed, patient)] * signings, workers=8)

    found = verify(committed)
    assert (found["records"], found["ok"]) == (signings, True)
    with tenancy.scope(committed.clinic.pk):
        sequences = list(Record.objects.order_by("sequence").values_list("sequence", flat=True))
    assert sequences == list(range(1, signings + 1))


def test_two_who_sign_the_same_draft_make_one_record(committed):
    from records.drafts import AlreadySigned

    patient = committed_patient(committed)
    with tenancy.scope(committed.clinic.pk):
        content = builders.content(builders.exam(), NewAssessmentInput)
        by = committed.actor()
        draft = assessments.EXAM.record(patient_id=patient, content=content, by=by, at=timezone.now()).document

    def sign():
        try:
            with tenancy.scope(committed.clinic.pk):
                assessments.EXAM.sign(revision=None, document_id=draft.pk, by=by, at=timezone.now())
        except AlreadySigned:
            return "refused"
        return "signed"

    assert sorted(at_once([sign] * 6)) == ["refused"] * 5 + ["signed"]


def test_a_finding_cannot_slip_in_while_its_assessment_is_signed(committed):
    """The child row's trigger waits for the signature's commit, and is refused then."""
    from assessments.models import Assessment, RedFlagAnswer

    patient = committed_patient(committed)
    with tenancy.scope(committed.clinic.pk):
        content = builders.content(builders.exam(), NewAssessmentInput)
        by = committed.actor()
        draft = assessments.EXAM.record(patient_id=patient, content=content, by=by, at=timezone.now()).document
    signing = threading.Event()

    def sign():
        with tenancy.scope(committed.clinic.pk):
            assessments.EXAM.sign(revision=None, document_id=draft.pk, by=by, at=timezone.now())
            signing.set()
            time.sleep(0.3)

    def slip():
        signing.wait(5)
        try:
            with tenancy.scope(committed.clinic.pk):
                RedFlagAnswer.objects.create(
                    clinic=committed.clinic, assessment_id=draft.pk, ordinal=9, code="neuro_new", answer="yes"
                )
        except Exception as refusal:  # noqa: BLE001
            return getattr(refusal.__cause__, "sqlstate", None)
        return "slipped in"

    assert at_once([sign, slip]) == [None, "PT001"]
    with tenancy.scope(committed.clinic.pk):
        assert Assessment.objects.get(pk=draft.pk).red_flag_answers.count() == 0


def test_a_lost_connection_in_mid_signing_leaves_a_draft(committed):
    patient = committed_patient(committed)
    with tenancy.scope(committed.clinic.pk):
        content = builders.content(builders.exam(), NewAssessmentInput)
        by = committed.actor()
        draft = assessments.EXAM.record(patient_id=patient, content=content, by=by, at=timezone.now()).document

    def sign_and_lose_the_connection():
        with tenancy.scope(committed.clinic.pk):
            assessments.EXAM.sign(revision=None, document_id=draft.pk, by=by, at=timezone.now())
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                (backend,) = cursor.fetchone()
            with superuser() as link:
                link.execute("SELECT pg_terminate_backend(%s)", [backend])
            time.sleep(0.1)
            Record.objects.count()

    with pytest.raises(OperationalError):
        sign_and_lose_the_connection()
    connection.close()

    with tenancy.scope(committed.clinic.pk):
        draft.refresh_from_db()
    assert not draft.is_signed
    assert verify(committed)["records"] == 0
