"""What the pages of each kind of document have of their own: its name, its sections, what may have been forgotten."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from assessments.actions import EXAM
from assessments.models import Assessment
from assessments.rules import RED_FLAGS
from identity.actor import Actor
from records.editing import path_of
from records.kinds import DocumentKind
from records.models import D
from records.signing import SigningCheck, Stop
from treatments import signing
from treatments.actions import SESSION
from treatments.adverse_events.web import lines as harms
from treatments.models import Session
from treatments.web.safety import questions_url, unanswered_text
from workspace import readable, summaries

Hints = list[tuple[str, str]]


@dataclass(frozen=True)
class MissingItem:
    """
    What is missing or in the way: the path of the place, whether it blocks, what to do.

    :ivar url: the page of the place, if that is not the document's screen
    """

    path: str
    blocks: bool
    text: str
    url: str = ""


class DocumentPages(ABC, Generic[D]):
    """
    The pages of one kind of document.

    :cvar name: in addresses and in the audit trail; also the name of its screen's address
    """

    kind: DocumentKind[D, Any, Any, Any]
    name: ClassVar[str]
    title: ClassVar[Promise]

    @abstractmethod
    def sections(self, document: D, check: SigningCheck | None = None) -> list[readable.Section]:
        """Return the document as it reads; `check`: what a draft would be signed with."""

    @abstractmethod
    def summary(self, document: D, *, on_paper: bool = False) -> summaries.Summary:
        """Return the document at a glance."""

    @abstractmethod
    def hints(self, document: D, content: Mapping[str, Any]) -> Hints:
        """Return what does not block, but may have been forgotten: pointer and sentence."""

    def list_missing(self, document: D, check: SigningCheck, *, by: Actor) -> list[MissingItem]:
        """
        Return everything between a draft and its signature, and what might be forgotten: the gravest first, and of the
        same gravity in the order of the document.
        """
        rows = self.kind.row_paths(self.kind.flatten(document, self.kind.get_parts(document)))
        missing = self.list_stops(document, check, rows, by=by)
        hints = self.hints(document, check.content)
        return missing + [MissingItem(path_of(pointer, rows), False, text) for pointer, text in hints]

    def list_stops(
        self, document: D, check: SigningCheck, rows: Mapping[str, list[str]], *, by: Actor
    ) -> list[MissingItem]:
        """Return what stops the signature, each with its place on the screen."""
        return [
            MissingItem(
                stop.path or path_of(stop.error.pointer, rows), True, readable.sentence(stop.error, check.content)
            )
            for stop in check.list_by_gravity()
        ]

    def more(self, document: D) -> dict[str, Any]:
        """Return what the templates show around the document itself."""
        return {}


class ExamPages(DocumentPages[Assessment]):
    kind = EXAM
    name = "exam"
    title = _("Exam")

    def sections(self, document: Assessment, check: SigningCheck | None = None) -> list[readable.Section]:
        return readable.exam(document)

    def summary(self, document: Assessment, *, on_paper: bool = False) -> summaries.Summary:
        return summaries.exam(document, on_paper=on_paper)

    def hints(self, document: Assessment, content: Mapping[str, Any]) -> Hints:
        return readable.exam_hints(content)

    def more(self, document: Assessment) -> dict[str, Any]:
        flags = [flag for flag in document.red_flag_answers.all() if flag.answer == "yes"]
        return {"flags": [RED_FLAGS[flag.code].label for flag in flags]}


class SessionPages(DocumentPages[Session]):
    kind = SESSION
    name = "session"
    title = _("Treatment session")

    def sections(self, document: Session, check: SigningCheck | None = None) -> list[readable.Section]:
        safety = signing.safety_block(check) if isinstance(check, signing.SessionSigningCheck) else None
        return readable.session(document, safety)

    def summary(self, document: Session, *, on_paper: bool = False) -> summaries.Summary:
        return summaries.session(document, on_paper=on_paper)

    def hints(self, document: Session, content: Mapping[str, Any]) -> Hints:
        return readable.session_hints(content) + readable.hint_open_question(harms.find_open_question(document))

    def list_stops(
        self, document: Session, check: SigningCheck, rows: Mapping[str, list[str]], *, by: Actor
    ) -> list[MissingItem]:
        """One line for all red flags that nobody has answered, instead of one for each."""
        unanswered = [stop for stop in check.stops if stop.refusal is signing.ScreenIncomplete]
        missing = super().list_stops(document, without(check, unanswered), rows, by=by)
        if unanswered:
            text = unanswered_text([stop.error.params["flag"] for stop in unanswered])
            url = questions_url(document.patient_id, by=by)
            missing.append(MissingItem(unanswered[0].path or unanswered[0].error.pointer, True, text, url))
        return missing

    def more(self, document: Session) -> dict[str, Any]:
        return {"harms": harms.of_session(document)}


def without(check: SigningCheck, stops: list[Stop]) -> SigningCheck:
    """Return the check without these stops."""
    return replace(check, stops=tuple(stop for stop in check.stops if stop not in stops))


PAGES: dict[str, DocumentPages[Any]] = {pages.name: pages for pages in (ExamPages(), SessionPages())}
