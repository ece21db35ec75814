"""Verification from the last verified head, in the background, under signing; and heads that were kept."""

import threading
import time
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from audit.models import AuditEvent
from database import tenancy
from records import actions, background, periodic, verification
from records.models import ChainCheck, Mark, Record
from tests.api import Api
from tests.committed import at_once, committed, committed_patient, superuser
from tests.drills import small_or_drill
from tests.records.test_chain import REPLACED, THIRD, chain, sign_exam, tamper, verify

__all__ = ["chain", "committed"]


def check(cast, **options):
    with tenancy.scope(cast.clinic.pk):
        return actions.check_chain(clinic_id=cast.clinic.pk, by=cast.actor(), **options)


def statements_of(act):
    with connection.execute_wrapper(lambda execute, sql, *rest: (seen.append(sql), execute(sql, *rest))[1]):
        seen = []
        act()
    return seen


def test_the_second_verification_reads_only_what_came_after_the_first(chain):
    assert check(chain)["verified_from"] == 1
    sign_exam(chain, committed_patient(chain))

    second = verify(chain)

    assert (second["ok"], second["complete"], second["verified_from"], second["records"]) == (True, False, 7, 7)
    assert "up to sequence 6 were verified on" in second["cannot_see"]
    assert "not read again" in second["cannot_see"]
    tamper(chain, f"UPDATE records_record SET signed_at = signed_at - interval '1 day' {THIRD}")
    assert verify(chain)["ok"] is True  # as it says: not read again
    assert verify(chain, complete=True)["first_broken"]["reason"] == "columns_changed"


def test_a_broken_verification_is_no_place_to_begin_at(chain):
    check(chain)
    tamper(chain, f"UPDATE records_record SET signed_at = signed_at - interval '1 day' {THIRD}")
    assert check(chain, complete=True)["ok"] is False
    assert verify(chain, complete=True)["verified_from"] == 1


def test_a_document_that_is_no_json_any_more_is_named(chain):
    broken = "convert_to('{', 'UTF8')"
    statement = f"UPDATE records_record SET document = {broken}, sha256 = sha256({broken}) {THIRD}"
    # As the second of two: its predecessors are whole.
    tamper(chain, statement)
    assert verify(chain)["first_broken"] == {
        "sequence": 3,
        "record_id": str(record_at(chain, 3)),
        "reason": "document_changed",
    }


def record_at(cast, sequence):
    with tenancy.scope(cast.clinic.pk):
        return Record.objects.get(sequence=sequence).pk


def test_more_than_a_person_waits_for_goes_to_a_task(chain, monkeypatch):
    monkeypatch.setattr("records.api.views.MOST_AT_ONCE", 5)
    program = Api(chain.program)
    refusal = program.get("/records/verify/")
    assert (refusal.status_code, refusal.json()["code"]) == (409, "too_many_to_verify")

    sent = []
    monkeypatch.setattr(background.verify_one_chain, "delay_on_commit", lambda *values: sent.append(values))
    started = program.post("/records/verifications/", {"complete": True})
    assert (started.status_code, started.json()["state"]) == (202, "running")
    assert background.verify_one_chain(*sent[0]) is True

    done = program.get(f"/records/verifications/{started.json()['id']}/").json()
    assert done["state"] == "done"
    assert (done["verification"]["ok"], done["verification"]["complete"]) == (True, True)
    assert program.get("/records/verify/").json()["verified_from"] == 7
    assert program.get(f"/records/verifications/{uuid4()}/").status_code == 404


def test_a_verification_that_has_not_ended_runs(chain, monkeypatch):
    monkeypatch.setattr(background.verify_one_chain, "delay_on_commit", lambda *rest: None)
    program = Api(chain.program)
    started = program.post("/records/verifications/", {}).json()
    assert program.get(f"/records/verifications/{started['id']}/").json() == started
    assert program.post("/records/verifications/", {}).json() == started  # not a second one
    assert program.post("/records/verifications/", {"complete": True}).json() != started
    stranger = Api(chain.stranger)
    assert stranger.get(f"/records/verifications/{started['id']}/").status_code in {403, 404}


def test_the_head_is_read_in_constant_time(chain):
    with tenancy.scope(chain.clinic.pk):
        seen = statements_of(lambda: actions.queries.head(chain.clinic.pk))
    assert len(seen) == 1
    assert "count" not in seen[0].lower()
    with superuser() as link:
        link.execute("SET enable_seqscan = off")
        plan = "\n".join(
            row[0] for row in link.execute("EXPLAIN " + actions.queries.HEAD_AND_COUNTER, {"clinic": chain.clinic.pk})
        )
    assert "Index Scan Backward using record_sequence_once" in plan


# --- People who sign in the meantime --------------------------------------------------------------------------


@pytest.mark.parametrize("verifications", small_or_drill(25, 1000))
def test_signing_at_the_same_time_raises_no_alarm(committed, verifications):
    """Signatures, new versions, addenda and marks of error by four, verifications of both kinds by one."""
    from assessments import actions as assessments
    from assessments.models import Assessment

    patient = committed_patient(committed)
    sign_exam(committed, patient)
    stop, signed, alarms = threading.Event(), [], []

    def work():
        while not stop.is_set():
            sign_exam(committed, patient)
            signed.append(1)
            with tenancy.scope(committed.clinic.pk):
                by, at = committed.actor(), timezone.now()
                newest = Assessment.objects.filter(record__mark=None, signed_at__isnull=False).newest_first()[0]
                try:
                    with transaction.atomic():
                        if len(signed) % 3 == 0:
                            assessments.EXAM.mark_entered_in_error(
                                document=newest, revision=None, reason="a wrong patient", by=by, at=at
                            )
                        elif len(signed) % 3 == 1:
                            draft = assessments.EXAM.revise(document=newest, revision=None, by=by, at=at)
                            assessments.EXAM.sign(document_id=draft.pk, revision=None, by=by, at=at)
                        else:
                            assessments.EXAM.add_addendum(document=newest, revision=None, text="more", by=by, at=at)
                except Exception:  # noqa: BLE001 - another was faster
                    continue
            if verifications > 100:
                time.sleep(0.2)  # a chain that can still be read a thousand times

    def watch():
        try:
            for number in range(verifications):
                found = check(committed, complete=number % 10 == 0) if number % 2 else verify(committed)
                if not found["ok"]:
                    alarms.append(found)
        finally:
            stop.set()

    at_once([work, work, work, work, watch])

    assert alarms == []
    assert len(signed) > 4
    with tenancy.scope(committed.clinic.pk):
        assert not ChainCheck.objects.filter(ok=False).exists()
        assert Mark.objects.exists()
    started = time.perf_counter()
    whole = verify(committed, complete=True)
    print(f"{whole['records']} records read in {time.perf_counter() - started:.2f} s")
    assert whole["ok"]


# --- Heads that were kept -------------------------------------------------------------------------------------

# Rewrites record 2 and all links after it, as the owner of the tables can: the chain by itself is whole again.
REWRITE = """
    DO $do$
    DECLARE
        r records_record;
        body bytea;
        link bytea;
    BEGIN
        FOR r IN SELECT * FROM records_record WHERE clinic_id = '{clinic}' ORDER BY sequence LOOP
            body := r.document;
            IF r.sequence = 2 THEN
                body := convert_to(replace(convert_from(body, 'UTF8'), '"pain_now":1', '"pain_now":9'), 'UTF8');
            END IF;
            IF r.sequence > 1 THEN
                body := convert_to(regexp_replace(convert_from(body, 'UTF8'), '"previous_sha256":"[0-9a-f]+"',
                    '"previous_sha256":"' || encode(link, 'hex') || '"'), 'UTF8');
            END IF;
            UPDATE records_record SET document = body, sha256 = sha256(body), previous_sha256 = coalesce(link,
                previous_sha256) WHERE id = r.id;
            link := sha256(body);
        END LOOP;
        UPDATE records_chain SET head_sha256 = link WHERE clinic_id = '{clinic}';
        UPDATE assessments_assessment SET pain_now = 9 WHERE clinic_id = '{clinic}' AND pain_now = 1;
    END $do$
"""


def rewrite(cast, *more):
    with superuser() as link, link.transaction():
        for table in ("records_record", "records_chain", "records_chaincheck", "assessments_assessment"):
            link.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        link.execute(REWRITE.format(clinic=cast.clinic.pk))
        for statement in more:
            link.execute(statement, {"clinic": cast.clinic.pk})
        for table in ("records_record", "records_chain", "records_chaincheck"):
            for trigger in (
                ("final_row", "final_table") if table != "records_chain" else ("forward_only", "final_table")
            ):
                link.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}")
        for trigger in ("final_once_signed", "final_table"):
            link.execute(f"ALTER TABLE assessments_assessment ENABLE ALWAYS TRIGGER {trigger}")


def test_a_rewritten_suffix_is_noticed_by_last_nights_head(chain):
    check(chain)
    rewrite(chain)

    for complete in (False, True):
        found = verify(chain, complete=complete)
        assert found["first_broken"] == {"sequence": 6, "record_id": None, "reason": "head_changed"}
    assert periodic.verify_all_chains() >= 1
    with tenancy.scope(chain.clinic.pk):
        assert AuditEvent.objects.get(action="records.chain_broken").code == "head_changed"
        with pytest.raises(actions.ChainBroken):
            actions.make_checkpoint(clinic_id=chain.clinic.pk)


FIT_HEADS = (
    "UPDATE records_chaincheck c SET head_sha256 = encode(r.sha256, 'hex') FROM records_record r "
    "WHERE r.clinic_id = c.clinic_id AND r.sequence = c.head_sequence AND c.clinic_id = %(clinic)s"
)


def test_a_stored_head_that_was_made_to_fit_has_a_wrong_signature(chain):
    check(chain)
    rewrite(chain, FIT_HEADS)
    assert verify(chain)["first_broken"] == {"sequence": 6, "record_id": None, "reason": "head_forged"}


def test_without_the_stored_heads_only_a_checkpoint_shows_it_and_the_answer_says_so(chain):
    check(chain)
    with tenancy.scope(chain.clinic.pk):
        _, note = actions.make_checkpoint(clinic_id=chain.clinic.pk)
    rewrite(chain, "DELETE FROM records_chaincheck WHERE clinic_id = %(clinic)s")

    unaware = verify(chain)
    assert unaware["ok"] is True
    assert "rewritten together with the stored heads" in unaware["cannot_see"]
    anchor = actions.read_checkpoint(note, clinic_id=chain.clinic.pk)
    assert verify(chain, anchor=anchor)["first_broken"]["reason"] == "anchor_not_found"


def test_documents_are_compared_after_the_links(chain):
    tamper(chain, f"UPDATE records_record SET document = {REPLACED} {THIRD}")
    assert verify(chain)["first_broken"]["reason"] == "document_changed"
    assert verification.BATCH > 6
