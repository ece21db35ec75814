"""A document on its way to a signature and after it: review, sign, read, print, PDF, addendum, new version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from django.contrib import messages as toasts
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.web.pages import PageRequest, page, seen_revision
from assessments import actions as assessments
from assessments import checks as exam_checks
from assessments import documents as exam_documents
from assessments import exam_paths
from assessments.models import Assessment
from assessments.rules import RED_FLAGS
from database.revisions import RevisionChanged
from errors.exceptions import Conflict, FieldError, Invalid, NotFound
from errors.texts import message_of
from identity.actor import Actor
from records.editing import path_of
from records.models import Record
from treatments import actions as treatments
from treatments import documents as session_documents
from treatments import session_paths, signing
from treatments.adverse_events.web import lines as harms
from treatments.models import Session
from treatments.web.safety import questions_url, unanswered_text
from workspace import readable, typesetting


@dataclass(frozen=True)
class DocumentPages:
    name: str
    model: Any
    reads: str
    writes: str
    screen: str


KINDS = {
    "exam": DocumentPages("exam", Assessment, "assessments:read", "assessments:write", "exam"),
    "session": DocumentPages("session", Session, "treatments:read", "treatments:write", "session"),
}


def _find(request: PageRequest, kind: str, document_id: UUID, *, write: bool = False) -> Any:
    if kind not in KINDS:
        raise Http404
    own = KINDS[kind]
    if not request.trace.action.startswith("page."):
        request.trace.action = f"page.{kind}.{request.trace.action}"
    if (own.writes if write else own.reads) not in request.actor.scopes:
        raise NotFound  # a role that may not read it need not know that it is there
    document_row = (
        own.model.objects.with_parts().select_related("patient__clinic", "signed_by").filter(pk=document_id).first()
    )
    if document_row is None:
        raise NotFound
    request.trace.saw(document_row.patient_id)
    return document_row


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


@dataclass(frozen=True)
class Review:
    """
    What a draft's review shows.

    :ivar gaps: everything between it and its signature, and what might be forgotten: the gravest first,
        and of the same gravity in the order of the document
    :ivar safety: what a session would be signed with
    """

    gaps: list[MissingItem]
    safety: dict[str, Any] | None = None


def look_through(kind: str, document: Any, *, by: Actor) -> Review:
    """Return what stands between a draft and its signature."""
    at = timezone.now()
    stops: list[MissingItem] = []
    errors: list[FieldError] = []
    safety = None
    if kind == "exam":
        content = exam_documents.assessment_content(document)
        unreviewed = assessments.ids_to_review(document.findings.all())
        errors = exam_checks.problems_before_signing(
            content, unreviewed=unreviewed, birth_date=document.patient.birth_date, at=at
        ).errors
        rows = exam_paths.row_paths(exam_paths.flatten(content))
        hints = readable.exam_hints(content)
    else:
        content = session_documents.session_content(document)
        check = signing.check_signature(document, content, by=by, at=at)
        safety = signing.safety_block(check)
        rows = session_paths.row_paths(session_paths.flatten(content))
        hints = readable.session_hints(content)
        hints += readable.hint_open_question(harms.find_open_question(document))
        asked = [stop for stop in check.stops if stop.refusal is not signing.ScreenIncomplete]
        stops = [
            MissingItem(stop.path or path_of(stop.error.pointer, rows), True, readable.sentence(stop.error, content))
            for stop in sorted(asked, key=lambda stop: signing.GRAVEST_FIRST.index(stop.refusal))
        ]
        unanswered = [stop for stop in check.stops if stop.refusal is signing.ScreenIncomplete]
        stops += merge_unanswered(unanswered, questions_url(document.patient_id, by=by))
    stops += [MissingItem(path_of(e.pointer, rows), True, readable.sentence(e, content)) for e in errors]
    return Review(stops + [MissingItem(path_of(pointer, rows), False, text) for pointer, text in hints], safety)


def merge_unanswered(stops: list[signing.Stop], url: str) -> list[MissingItem]:
    """One line for all red flags that nobody has answered, instead of one for each."""
    if not stops:
        return []
    text = unanswered_text([stop.error.params["flag"] for stop in stops])
    return [MissingItem(stops[0].path or stops[0].error.pointer, True, text, url)]


@page(scope="", action="review", methods="GET POST")
def review(request: PageRequest, kind: str, document_id: UUID) -> HttpResponse:
    """What will be signed, as it will read; the signature. A refused signature leads to each place that refuses it."""
    document_row = _find(request, kind, document_id, write=True)
    if document_row.is_signed:
        return redirect("document", kind, document_id)
    refusal, changes = None, None
    if request.method == "POST":
        now, seen = timezone.now(), seen_revision(request.POST)
        try:
            if kind == "exam":
                assessments.sign_assessment(assessment_id=document_id, revision=seen, by=request.actor, at=now)
            else:
                treatments.sign_session(session_id=document_id, revision=seen, by=request.actor, at=now)
            return redirect("document", kind, document_id)
        except (Invalid, Conflict) as error:
            if "json" in request.headers.get("Accept", ""):
                raise
            refusal, request.trace.code = error, error.code
            document_row = _find(request, kind, document_id, write=True)
            if document_row.is_signed:  # in another tab, a moment ago
                return redirect("document", kind, document_id)
            if isinstance(error, RevisionChanged):
                changes = seen_lines(request.POST.get("seen", ""))
    looked = look_through(kind, document_row, by=request.actor)
    context = _context(kind, document_row, looked.safety)
    lines = lines_of(context["sections"])
    context |= {
        "refusal": refusal if changes is None else None,
        "seen": orjson.dumps(lines).decode(),
        "changed": changes is not None,
        "new_lines": [line for line in lines if line not in changes] if changes is not None else [],
        "old_lines": [line for line in changes if line not in lines] if changes is not None else [],
        "gaps": looked.gaps,
        "blocked": any(gap.blocks for gap in looked.gaps),
        "screen_url": reverse(KINDS[kind].screen, args=[document_id]),
    }
    status = 200 if refusal is None else 400 if isinstance(refusal, Invalid) else 409
    return render(request, "workspace/review.html", context, status=status)


def lines_of(sections: list[readable.Section]) -> list[str]:
    """Return what a review shows as plain lines, to compare with what it shows later."""
    return [
        " · ".join(str(part) for part in (section.title, block.title, *line) if part)
        for section in sections
        for block in section.blocks
        for line in [(block.word,), *block.lines]
    ]


def seen_lines(text: str) -> list[str]:
    """Return the lines that a form brings back; none if they are not readable."""
    try:
        lines = orjson.loads(text)
    except orjson.JSONDecodeError:
        return []
    return [line for line in lines if isinstance(line, str)] if isinstance(lines, list) else []


@page(scope="", action="read")
def document(request: PageRequest, kind: str, document_id: UUID) -> HttpResponse:
    document_row = _find(request, kind, document_id)
    record = Record.objects.filter(pk=document_row.record_id).first() if document_row.record_id else None
    addenda = []
    if record is not None:
        more = Record.objects.filter(subject_id=record.subject_id, version=record.version, entry="addendum")
        addenda = [readable.addendum(addendum) for addendum in more.order_by("sequence")]
    may_write = KINDS[kind].writes in request.actor.scopes
    context = {**_context(kind, document_row), "record": record, "addenda": addenda, "may_write": may_write}
    return render(request, "workspace/document.html", context)


@page(scope="", action="pdf")
def pdf(request: PageRequest, kind: str, document_id: UUID) -> HttpResponse:
    """The signed document as tagged PDF (PDF/UA-1)."""
    document_row = _find(request, kind, document_id)
    if not document_row.is_signed:
        raise NotFound
    context = _context(kind, document_row)
    record = Record.objects.get(pk=document_row.record_id)
    content = typesetting.pdf(
        context, record=record, clinic=request.clinic, language=translation.get_language() or "en"
    )
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="palpate-{kind}-{record.sequence}.pdf"'
    return response


@page(scope="", action="addendum", methods="POST")
def addendum(request: PageRequest, kind: str, document_id: UUID) -> HttpResponse:
    document_row = _find(request, kind, document_id, write=True)
    text = request.POST.get("text", "").strip()
    if not text:
        raise Invalid.at("/text", "required.addendum")
    now, seen = timezone.now(), seen_revision(request.POST)
    if kind == "exam":
        assessments.add_addendum(assessment=document_row, text=text, revision=seen, by=request.actor, at=now)
    else:
        treatments.add_addendum(session=document_row, text=text, revision=seen, by=request.actor, at=now)
    return redirect("document", kind, document_id)


@page(scope="", action="revision", methods="POST")
def revision(request: PageRequest, kind: str, document_id: UUID) -> HttpResponse:
    """Start a new version of a signed document, and go to its screen."""
    document_row = _find(request, kind, document_id, write=True)
    now, seen = timezone.now(), seen_revision(request.POST)
    if kind == "exam":
        draft: Any = assessments.revise_assessment(assessment=document_row, revision=seen, by=request.actor, at=now)
    else:
        draft = treatments.revise_session(session=document_row, revision=seen, by=request.actor, at=now)
    return redirect(KINDS[kind].screen, draft.pk)


@page(scope="", action="entered_in_error", methods="GET POST")
def entered_in_error(request: PageRequest, kind: str, document_id: UUID) -> HttpResponse:
    """Mark a signed document as entered in error: what that means, and the reason."""
    document_row = _find(request, kind, document_id, write=True)
    if document_row.status != "signed":
        return redirect("document", kind, document_id)
    reason, problem = request.POST.get("reason", "").strip()[:2000], ""
    if request.method == "POST":
        try:
            if not reason:
                raise Invalid.at("/reason", "required.error_reason")
            mark_entered_in_error(kind, document_row, reason, revision=seen_revision(request.POST), by=request.actor)
        except Invalid as refusal:
            problem, request.trace.code = message_of(refusal.errors[0]), refusal.code
        else:
            toasts.success(request, _("Marked as entered in error."))
            return redirect("document", kind, document_id)
    flags = document_row.red_flag_answers.filter(answer="yes") if kind == "exam" else []
    context = {
        "kind": kind,
        "document": document_row,
        "patient": document_row.patient,
        "flags": [RED_FLAGS[flag.code].label for flag in flags],
        "reason": reason,
        "problem": problem,
    }
    return render(request, "workspace/entered_in_error.html", context, status=400 if problem else 200)


def mark_entered_in_error(kind: str, document: Any, reason: str, *, revision: int, by: Actor) -> None:
    """:raises Invalid, RevisionChanged, NotSigned, NoLongerCurrent, NoAuthor:"""
    at = timezone.now()
    if kind == "exam":
        assessments.mark_entered_in_error(assessment=document, revision=revision, reason=reason, by=by, at=at)
    else:
        treatments.mark_entered_in_error(session=document, revision=revision, reason=reason, by=by, at=at)


def _context(kind: str, found: Any, safety: dict[str, Any] | None = None) -> dict[str, Any]:
    patient = found.patient
    names = User.objects.in_bulk([pk for pk in (found.recorded_by_id, found.signed_by_id) if pk])
    return {
        "kind": kind,
        "document": found,
        "patient": patient,
        "alerts": [alert for alert in patient.alerts.all() if alert.ended_at is None],
        "sections": readable.exam(found) if kind == "exam" else readable.session(found, safety),
        "author": names[found.recorded_by_id],
        "signer": names.get(found.signed_by_id),
        "unit": patient.clinic.pressure_unit,
        "harms": harms.of_session(found) if kind == "session" else None,
    }
