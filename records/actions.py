"""Sign: freeze a document as bytes, and link it to the clinic's record before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts import policies
from accounts.models import User
from audit import actions as audit
from errors.exceptions import Conflict, Invalid
from identity.actor import Actor
from patients.models import Patient
from records import checkpoints, keys, queries, rules, verification
from records.models import Chain, ChainCheck, Mark, Record


class NotSigned(Conflict):
    reason = "not_signed"


class NoLongerCurrent(Conflict):
    reason = "no_longer_current"


@dataclass(frozen=True)
class Subject:
    """What is signed: one version of an assessment or a session."""

    kind: str
    id: UUID
    version: int
    patient: Patient
    occurred_at: datetime


@transaction.atomic(savepoint=False)
def append_signed(
    *, subject: Subject, content: Mapping[str, Any], replaces: Record | None, by: Actor, at: datetime
) -> Record:
    """
    Sign a document. If it is a new version, the version before is superseded.

    :raises accounts.policies.NoAuthor: nobody whose name could go under it
    :raises accounts.policies.ProofRequired: the person has to prove again who they are
    :raises NoLongerCurrent: the replaced record was replaced by somebody else meanwhile
    """
    return _append("signed", subject, {"content": content}, replaces=replaces, by=by, at=at)


@transaction.atomic
def append_addendum(*, record: Record, subject: Subject, text: str, by: Actor, at: datetime) -> Record:
    """
    Add to a signed document; the document itself stays as it was.

    :raises NoLongerCurrent: it was superseded or entered in error
    """
    _lock_chain(by.clinic_id)
    refuse_marked(record)
    body = {"addendum": {"text": text, "to_record_id": record.pk, "to_sha256": bytes(record.sha256).hex()}}
    return _append("addendum", subject, body, replaces=None, by=by, at=at)


@transaction.atomic
def append_entered_in_error(*, record: Record, subject: Subject, reason: str, by: Actor, at: datetime) -> Record:
    """
    Say that a signed document should never have been; it stays readable, marked.

    :raises NoLongerCurrent: it was superseded or marked before
    """
    return _append("entered_in_error", subject, {"reason": reason}, replaces=record, by=by, at=at)


@transaction.atomic
def append_erasure(*, patient_ids: Sequence[UUID], ordered_by: User, case_id: UUID, by: Actor, at: datetime) -> Record:
    """
    Say in the chain, for good and for everyone who follows it, which records are about to lose their document.

    The documents themselves are taken by `privacy_erase`, in the same transaction.

    :param patient_ids: the patient, first, and what was merged into it
    :param ordered_by: the owner who decided it
    """
    chain = _lock_chain(by.clinic_id)
    rows = Record.objects.filter(patient_id__in=patient_ids).exclude(entry="erased").order_by("sequence")
    erased = [
        {"record_id": pk, "sequence": sequence, "sha256": bytes(sha256).hex()}
        for pk, sequence, sha256 in rows.values_list("pk", "sequence", "sha256")
    ]
    previous = bytes(chain.head_sha256)
    document = rules.canonical_bytes(
        {
            "format": rules.FORMAT,
            "clinic_id": by.clinic_id,
            "sequence": chain.head_sequence + 1,
            "previous_sha256": previous.hex(),
            "kind": "patient",
            "entry": "erased",
            "subject_id": case_id,
            "patient_id": patient_ids[0],
            "version": 1,
            "occurred_at": at,
            "signed_at": at,
            "signed_by": {
                "id": ordered_by.pk,
                "name": ordered_by.name,
                "registration_no": ordered_by.registration_no,
            },
            "signed_through": None,
            "patient_ids": patient_ids,
            "erased": erased,
        }
    )
    record = Record.objects.create(
        clinic_id=by.clinic_id,
        sequence=chain.head_sequence + 1,
        kind="patient",
        entry="erased",
        subject_id=case_id,
        patient_id=patient_ids[0],
        version=1,
        occurred_at=at,
        signed_at=at,
        signed_by=ordered_by,
        document=document,
        sha256=rules.sha256(document),
        previous_sha256=previous,
    )
    _move_head(chain, record)
    return record


def _move_head(chain: Chain, record: Record) -> None:
    chain.head_sequence, chain.head_sha256 = record.sequence, record.sha256
    chain.save(update_fields=["head_sequence", "head_sha256"])


def _append(
    entry: str,
    subject: Subject,
    body: Mapping[str, Any],
    *,
    replaces: Record | None,
    by: Actor,
    at: datetime,
) -> Record:
    author = User.objects.get(pk=policies.require_author(by))
    # The last lock that a transaction takes, and held to its commit: hence no gap, and commit order.
    chain = _lock_chain(by.clinic_id)
    if policies.require_proof(by, at=at) and queries.has_signed_since(chain, author.pk, by.proved_at):
        raise policies.ProofRequired
    if replaces is not None:
        refuse_marked(replaces)
        body = {**body, "replaces": {"record_id": replaces.pk, "sha256": bytes(replaces.sha256).hex()}}
    previous = bytes(chain.head_sha256)
    head = _head(entry, subject, chain.head_sequence + 1, previous, author, by, at)
    document = rules.canonical_bytes({**head, **body})
    record = Record.objects.create(
        clinic_id=by.clinic_id,
        sequence=chain.head_sequence + 1,
        kind=subject.kind,
        entry=entry,
        subject_id=subject.id,
        patient=subject.patient,
        version=subject.version,
        occurred_at=subject.occurred_at,
        signed_at=at,
        signed_by=author,
        document=document,
        sha256=rules.sha256(document),
        previous_sha256=previous,
    )
    if replaces is not None:
        status = "entered_in_error" if entry == "entered_in_error" else "superseded"
        Mark.objects.create(record=replaces, clinic_id=by.clinic_id, status=status, marked_by=record)
    _move_head(chain, record)
    verb = {"signed": "sign", "addendum": "add_addendum", "entered_in_error": "mark_entered_in_error"}[entry]
    audit.log(f"{subject.kind}.{verb}", by=by, target_id=subject.id, patient_ids=[subject.patient.pk])
    return record


def _head(
    entry: str, subject: Subject, sequence: int, previous: bytes, author: User, by: Actor, at: datetime
) -> dict[str, Any]:
    """What every document says about itself, so that its hash covers it: place in the chain, subject, signer."""
    return {
        "format": rules.FORMAT,
        "clinic_id": by.clinic_id,
        "sequence": sequence,
        "previous_sha256": previous.hex(),
        "kind": subject.kind,
        "entry": entry,
        "subject_id": subject.id,
        "patient_id": subject.patient.pk,
        "version": subject.version,
        "occurred_at": subject.occurred_at,
        "signed_at": at,
        "signed_by": {"id": author.pk, "name": author.name, "registration_no": author.registration_no},
        "signed_through": by.client_id,
        "patient": {
            "family_name": subject.patient.family_name,
            "given_names": subject.patient.given_names,
            "birth_date": subject.patient.birth_date,
        },
    }


def _lock_chain(clinic_id: UUID) -> Chain:
    Chain.objects.bulk_create([Chain(clinic_id=clinic_id)], ignore_conflicts=True)
    return Chain.objects.select_for_update().get(pk=clinic_id)


def refuse_marked(record: Record) -> None:
    """Under the chain's lock, so that two people cannot replace the same version."""
    if Mark.objects.filter(record=record).exists():
        raise NoLongerCurrent


# --- Verification ---------------------------------------------------------------------------------------------


class TooManyToVerify(Conflict):
    reason = "too_many_to_verify"


class NoCheckpointKey(Conflict):
    reason = "no_checkpoint_key"


class ChainBroken(Conflict):
    reason = "chain_broken"


class WrongCheckpoint(Conflict):
    reason = "wrong_checkpoint"


def verify_chain(
    *, clinic_id: UUID, anchor: tuple[int, str] | None = None, complete: bool = False, most: int | None = None
) -> dict[str, Any]:
    """
    Verify the clinic's chain from its last verified head (or as a whole), inside a scope of that clinic.

    :param anchor: sequence and SHA-256 (hex) of a head kept elsewhere; then a cut tail is found too
    :param most: how many records may be read
    :returns: `records`, `complete`, `verified_from`, `ok`, `first_broken` (sequence, record_id, reason; or None),
        `head`, `anchor_holds`, `cannot_see`
    :raises TooManyToVerify: there are more to read than `most`
    """
    if most is not None and verification.left_to_verify(clinic_id, complete=complete) > most:
        raise TooManyToVerify(params={"most": most})
    return verification.verify(clinic_id, anchor=anchor, complete=complete)


@transaction.atomic
def check_chain(
    *,
    clinic_id: UUID,
    by: Actor,
    complete: bool = False,
    anchor: tuple[int, str] | None = None,
    check_id: UUID | None = None,
) -> dict[str, Any]:
    """Verify and keep the outcome (signed, if it is whole), with an audit event when the chain is broken."""
    verification = verify_chain(clinic_id=clinic_id, complete=complete, anchor=anchor)
    head = checkpoints.Checkpoint(clinic_id, verification["head"]["sequence"], verification["head"]["sha256"])
    key = keys.signing_key()
    check = ChainCheck(
        clinic_id=clinic_id,
        records=verification["records"],
        ok=verification["ok"],
        first_broken=verification["first_broken"],
        head_sequence=head.sequence,
        head_sha256=head.sha256,
        verified_from=verification["verified_from"],
        cannot_see=verification["cannot_see"],
        signature=checkpoints.sign(head, key) if key and verification["ok"] else "",
    )
    if check_id is not None:
        check.pk = check_id
    check.save(force_insert=True)
    if not verification["ok"]:
        reason = verification["first_broken"]["reason"]
        audit.log("records.chain_broken", by=by, outcome=audit.Outcome.FAILED, code=reason)
    return verification


def make_checkpoint(*, clinic_id: UUID) -> tuple[checkpoints.Checkpoint, str]:
    """
    Sign the chain's head as it is now, inside a scope of that clinic; the earlier heads must all be in the chain.

    :returns: the checkpoint, and the note that holds it with its signature
    :raises NoCheckpointKey, ChainBroken:
    """
    key = keys.signing_key()
    if key is None:
        raise NoCheckpointKey
    head, counter = queries.head_and_counter(clinic_id)
    if head != counter or queries.first_changed_head(clinic_id) is not None:
        raise ChainBroken
    checkpoint = checkpoints.Checkpoint(clinic_id, *head)
    return checkpoint, checkpoints.note(checkpoint, checkpoints.sign(checkpoint, key))


def read_checkpoint(text: str, *, clinic_id: UUID) -> tuple[int, str]:
    """
    Return the anchor that a checkpoint of this clinic stands for.

    :raises Invalid: it is no checkpoint
    :raises WrongCheckpoint: no key of ours signed it, or it is another clinic's
    """
    try:
        checkpoint = checkpoints.read(text, keys.known_keys())
    except checkpoints.NotACheckpoint:
        raise Invalid.at("/checkpoint", "invalid.checkpoint") from None
    except checkpoints.WrongSignature:
        raise WrongCheckpoint from None
    if checkpoint.clinic_id != clinic_id:
        raise WrongCheckpoint
    return checkpoint.sequence, checkpoint.sha256
