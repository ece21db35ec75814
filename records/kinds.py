"""
The life of a document, the same for exams and sessions: draft, changed, signed, added to, revised, entered in error.

Who may do what when, what is locked and in which order, and what is left in the audit trail, is written here once. What
a kind of document says for itself are the methods of `DocumentKind` that are abstract or empty here; the kinds are
`assessments.actions.EXAM` and `treatments.actions.SESSION`. API, pages and admin site take a kind.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar
from uuid import UUID

from django.db import transaction

from accounts import policies
from audit import actions as audit
from database import bulk
from database.expressions import new_id
from database.revisions import check_revision
from errors.constraints import violations_as
from errors.exceptions import Conflict
from identity.actor import Actor
from patients.models import Patient
from records import actions, drafts
from records.editing import Flat
from records.models import D, DocumentQuerySet, Part, Record
from records.signing import SigningCheck
from records.values import DocumentContent

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

P = TypeVar("P", bound="DataclassInstance")
C = TypeVar("C", bound=DocumentContent)
S = TypeVar("S", bound=SigningCheck)


class IdTaken(Conflict):
    reason = "id_taken"


class RevisionExists(Conflict):
    reason = "revision_exists"


@dataclass(frozen=True)
class Section:
    """
    A part of the content that is sent, and replaced, as a whole.

    :ivar models: of its rows, in the order in which they may be deleted
    :ivar parts: the fields of the kind's parts that hold these rows
    """

    models: tuple[type[Part], ...]
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Recorded(Generic[D, P]):
    """A new draft with its rows."""

    document: D
    parts: P


class DocumentKind(ABC, Generic[D, P, C, S]):
    """
    One kind of document, with its life. It is made of a row (D) and the rows of its parts (P), recorded from typed
    values (C), and checked before it is signed (S).

    :cvar code: its name in records, in the audit trail, and of the key that its rows have to it
    :cvar scope: what a role or program is granted, before `:read` and `:write`
    :cvar head_fields: columns that are sent under the same name
    :cvar computed_fields: columns that follow from what is sent
    :cvar checked_together: head fields that other fields are judged by, whether or not they are sent
    :cvar sections: the lists of the content
    :cvar row_lists: those whose rows have ids on a screen
    :cvar read: parsed data, or a document's JSON, to typed values
    :cvar get_parts: a document that was read `with_parts` to its rows
    :cvar unflatten: a flat draft to its content, in the API's shape
    :cvar row_paths: a flat draft to the paths of each list's rows, in the content's order
    :cvar tidy: a flat draft to one without what a changed value takes along
    """

    model: type[D]
    code: ClassVar[str]
    scope: ClassVar[str]
    head_fields: ClassVar[Sequence[str]]
    computed_fields: ClassVar[Sequence[str]] = ()
    checked_together: ClassVar[Sequence[str]]
    sections: ClassVar[Mapping[str, Section]]
    row_lists: ClassVar[Sequence[str]]
    read: Callable[[Mapping[str, Any]], C]
    get_parts: Callable[[D], P]
    unflatten: Callable[[Flat], dict[str, Any]]
    row_paths: Callable[[Flat], dict[str, list[str]]]
    tidy: Callable[[Flat], Flat] = staticmethod(lambda flat: flat)

    # --- Drafts -----------------------------------------------------------------------------------------------

    @transaction.atomic(savepoint=False)
    def record(self, *, patient_id: UUID, content: C, by: Actor, at: datetime) -> Recorded[D, P]:
        """
        Start a document of a patient as a draft, with whatever is known of it already.

        :raises accounts.policies.NoAuthor: the actor is not, and does not act for, a therapist
        :raises PatientMerged, PatientNotInCare:
        :raises Invalid: a value cannot be; each is named
        """
        author_id = policies.require_author(by)
        # Locked, so that care cannot end, and the record cannot be merged, between this check and our insert.
        patient = drafts.open_patient(patient_id)
        content = self.complete(content, patient=patient)
        self.check(content, birth_date=patient.birth_date, at=at)
        document = self.model(clinic_id=by.clinic_id, patient=patient, recorded_by_id=author_id, recorded_at=at)
        document.performed_at = at
        self.fill(document, content)
        # The first version is its own subject; the key is made here, because its rows are inserted right after it.
        document.pk = document.subject_id = new_id()
        bulk.insert([document])
        self._log("record", document, by=by)
        return Recorded(document, self.write(document, content, by=by, at=at, is_new=True))

    @transaction.atomic(savepoint=False)
    def change(self, *, document: D, content: C, by: Actor, at: datetime, reasons_may_wait: bool = False) -> P:
        """
        Change a draft: fields that are given change, lists that are given are replaced. Return the rows that were
        written.

        :param document: locked by the actor (`lock_draft`)
        :param content: rows may have an `id`, which they keep
        :param reasons_may_wait: what is unusual may owe its reason until the signature
        :raises Invalid, NoAuthor: as in `record`
        """
        policies.require_author(by)
        content = self.complete(content, patient=document.patient, draft=document)
        # A best pain that is not sent is still judged by the worst pain that is: what is stored counts.
        stored = {name: getattr(document, name) for name in self.checked_together if name not in content.given}
        self.check(
            replace(content, **stored),
            birth_date=document.patient.birth_date,
            at=at,
            reasons_may_wait=reasons_may_wait,
        )
        self.fill(document, content)
        if "performed_at" in content.given:
            document.recorded_at = at  # what is said to have happened is said now
        document.revision += 1
        document.save(update_fields=[*self.head_fields, *self.computed_fields, "recorded_at", "revision"])
        self._log("change", document, by=by)
        return self.write(document, content, by=by, at=at, is_new=False)

    @transaction.atomic
    def discard(self, *, document: D, by: Actor) -> None:
        """
        Delete a draft for good; a signed document is never deleted. `document` is locked by the actor.

        :raises Conflict: something that stays in the record points at it
        """
        self.refuse_discard(document)
        # Rows first: nothing in the record is deleted by cascade.
        self.delete_rows(document, self.sections)
        drafts.forget_edits(document.pk)
        self._log("discard", document, by=by)
        self.rows().filter(pk=document.pk).delete()

    def lock_draft(self, *, document_id: UUID, revision: int | None = None, with_parts: bool = True) -> D:
        """
        Return the draft, locked.

        :param revision: the one that was read
        :raises AlreadySigned, RevisionChanged:
        """
        rows = self.rows()
        if with_parts:
            rows = rows.with_parts().select_related("patient", "revises")
        return drafts.lock_draft(rows, document_id, revision=revision)

    # --- Signed documents -------------------------------------------------------------------------------------

    @transaction.atomic
    def sign(self, *, document_id: UUID, revision: int | None, by: Actor, at: datetime) -> Record:
        """
        Freeze a draft as a signed record.

        :param revision: the one that was read and that is signed
        :raises AlreadySigned, RevisionChanged, NoAuthor, PatientMerged:
        :raises Invalid, Conflict: what `check_signature` lists
        """
        policies.require_author(by)
        # Locked before it is checked: what is checked is what is signed, and what the signer has read.
        document = self.lock_draft(document_id=document_id, revision=revision)
        check = self.check_signature(document, by=by, at=at)
        check.raise_if_any()
        record = self.freeze(document=document, content=self.seal(document, check, at=at), by=by, at=at)
        if document.revises_id is not None:
            self.follow_withdrawal(document, by=by, at=at)
        return record

    def freeze(self, *, document: D, content: Mapping[str, Any], by: Actor, at: datetime) -> Record:
        """
        Append a locked draft's record, then close its row. From here on the triggers keep it.

        :raises NoAuthor: nobody whose name could go under it
        """
        replaces = document.revises.record if document.revises is not None else None
        subject = self.subject_of(document)
        record = actions.append_signed(subject=subject, content=content, replaces=replaces, by=by, at=at)
        document.signed_at, document.signed_by_id, document.record = at, record.signed_by_id, record
        document.revision += 1
        document.save(update_fields=["signed_at", "signed_by", "record", "revision"])
        drafts.forget_edits(document.pk)
        return record

    @transaction.atomic
    def add_addendum(self, *, document: D, text: str, revision: int | None, by: Actor, at: datetime) -> Record:
        """:raises NotSigned, RevisionChanged, NoLongerCurrent, NoAuthor:"""
        # An addendum, too, says which state was read: it may answer to what has been replaced since.
        record = self._require_record(document, revision=revision)
        return actions.append_addendum(record=record, subject=self.subject_of(document), text=text, by=by, at=at)

    @transaction.atomic
    def mark_entered_in_error(
        self, *, document: D, reason: str, revision: int | None, by: Actor, at: datetime
    ) -> Record:
        """
        Say that a signed document should never have been.

        :raises NotSigned, RevisionChanged, NoLongerCurrent, NoAuthor:
        :raises Invalid: the reason does not say enough
        """
        record = self._require_record(document, revision=revision)
        # Before the record: its chain is the last lock that a transaction takes.
        self.announce_error(document, reason=reason, by=by, at=at)
        subject = self.subject_of(document)
        marked = actions.append_entered_in_error(record=record, subject=subject, reason=reason, by=by, at=at)
        self.follow_withdrawal(document, by=by, at=at)
        return marked

    @transaction.atomic
    def revise(self, *, document: D, revision: int | None, by: Actor, at: datetime) -> D:
        """
        Start a new version of a signed document as a draft with the same content. Signing it supersedes the old one.

        :raises NotSigned, RevisionChanged, NoLongerCurrent, RevisionExists, NoAuthor:
        """
        source = self.rows().with_parts().get(pk=document.pk)
        actions.refuse_marked(self._require_record(source, revision=revision))
        # A second look at the row becomes the new version; `source` keeps what its rows are copied from.
        draft = self.model._default_manager.get(pk=source.pk)
        draft.pk, draft._state.adding = None, True
        draft.record, draft.signed_at, draft.signed_by, draft.revises = None, None, None, source
        draft.version, draft.revision = source.version + 1, 1
        draft.recorded_by_id, draft.recorded_at = policies.require_author(by), at
        # Two people may start a new version at once: the constraint lets one.
        with violations_as({f"{self.code}_version_once": RevisionExists}):
            draft.save(force_insert=True)
        self.copy_parts(source, draft, at=at)
        self._log("revise", draft, by=by)
        return draft

    def subject_of(self, document: D) -> actions.Subject:
        return actions.Subject(
            kind=self.code,
            id=document.subject_id,
            version=document.version,
            patient=document.patient,
            occurred_at=document.performed_at,
        )

    def _require_record(self, document: D, *, revision: int | None) -> Record:
        """
        Lock a signed document and return its record.

        :param revision: the one that was read
        :raises NotSigned: it is a draft
        :raises RevisionChanged: somebody has signed it since
        """
        rows = self.rows().select_for_update(of=("self",)).only("revision", "record_id", "signed_at")
        locked = rows.get(pk=document.pk)
        check_revision(locked, revision)
        if locked.record is None:
            raise actions.NotSigned
        return locked.record

    @property
    def reads(self) -> str:
        """The scope that reading needs."""
        return f"{self.scope}:read"

    @property
    def writes(self) -> str:
        """The scope that every change needs."""
        return f"{self.scope}:write"

    # --- What a kind says for itself ----------------------------------------------------------------------------

    @abstractmethod
    def rows(self) -> DocumentQuerySet[D]:
        """Return all documents of the kind."""

    @abstractmethod
    def content_of(self, document: D, parts: P | None = None) -> dict[str, Any]:
        """Return the content in the API's names; `parts` where they are not the document's as it was read."""

    @abstractmethod
    def document_json(self, document: D, parts: P | None = None) -> dict[str, Any]:
        """Return the document as the API answers with it."""

    def complete(self, content: C, *, patient: Patient, draft: D | None = None) -> C:
        """
        Return the content with what follows from it.

        :param draft: the document that it changes; None: a new one
        :raises Invalid: it names something that is not this patient's, or that the clinic does not use
        """
        return content

    @abstractmethod
    def check(self, content: C, *, birth_date: date | None, at: datetime, reasons_may_wait: bool = False) -> None:
        """:raises Invalid: naming every value that cannot be"""

    def fill(self, document: D, content: C) -> None:
        """Set the columns that are sent."""
        for name in self.head_fields:
            if name in content.given:
                setattr(document, name, getattr(content, name))

    @abstractmethod
    def write(self, document: D, content: C, *, by: Actor, at: datetime, is_new: bool) -> P:
        """Replace the rows of the sections that are given, and return the new ones, so that nobody reads them again."""

    def refuse_discard(self, document: D) -> None:
        """:raises Conflict: something that stays in the record points at the draft"""

    @abstractmethod
    def check_signature(self, document: D, content: Mapping[str, Any] | None = None, *, by: Actor, at: datetime) -> S:
        """
        Return everything that stops the signature of a draft. A new check is added there, and every entry point has it.

        :param document: with its parts, its patient and the version that it revises at hand
        :param content: as `content_of` makes it, where that is at hand
        """

    @abstractmethod
    def seal(self, document: D, check: S, *, at: datetime) -> Mapping[str, Any]:
        """Return what is signed: the content, and what was known at that moment."""

    @abstractmethod
    def copy_parts(self, source: D, draft: D, *, at: datetime) -> None:
        """Give a new version the rows of the signed one."""

    def announce_error(self, document: D, *, reason: str, by: Actor, at: datetime) -> None:
        """
        Say what a signed document that is about to be marked as entered in error means for the clinic.

        :raises Invalid: the reason does not say enough
        """

    def follow_withdrawal(self, document: D, *, by: Actor, at: datetime) -> None:
        """Do what follows when a signed version counts no more."""

    # --- As a screen sees it -----------------------------------------------------------------------------------

    @abstractmethod
    def flatten(self, document: D, parts: P) -> Flat:
        """Return the draft as a flat map of paths; see `records.editing`."""

    def renew_parts(self, parts: P, written: P, content: C) -> P:
        """Return the rows that were read, with those that `change` has written in their place."""
        names = {name for section, about in self.sections.items() if section in content.given for name in about.parts}
        return replace(parts, **{name: getattr(written, name) for name in names})

    # --- Small pieces ------------------------------------------------------------------------------------------

    def delete_rows(self, document: D, sections: Collection[str]) -> None:
        """Delete the rows of these sections."""
        models = [model for name, about in self.sections.items() if name in sections for model in about.models]
        for model in dict.fromkeys(models):
            model._default_manager.filter(**{self.code: document}).delete()

    def _log(self, verb: str, document: D, *, by: Actor) -> None:
        audit.log(f"{self.code}.{verb}", by=by, target_id=document.pk, patient_ids=[document.patient_id])
