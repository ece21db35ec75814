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
from database.revisions import RevisionChanged
from errors.exceptions import Conflict, Invalid, NotFound
from errors.texts import message_of
from records.models import Document, Record
from records.signing import SigningCheck
from workspace import readable, typesetting
from workspace.web.kinds import PAGES, DocumentPages


def _find(request: PageRequest, kind: str, document_id: UUID, *, write: bool = False) -> tuple[DocumentPages[Any], Any]:
    """Return the pages of a kind, and a document of it with all that they show."""
    if kind not in PAGES:
        raise Http404
    pages = PAGES[kind]
    if not request.trace.action.startswith("page."):
        request.trace.action = f"page.{kind}.{request.trace.action}"
    if (pages.kind.writes if write else pages.kind.reads) not in request.actor.scopes:
        raise NotFound  # a role that may not read it need not know that it is there
    rows = pages.kind.rows().with_parts().select_related("patient__clinic", "signed_by")
    document_row = rows.filter(pk=document_id).first()
    if document_row is None:
        raise NotFound
    request.trace.saw(document_row.patient_id)
    return pages, document_row


@page(scope="", action="review", methods="GET POST")
def review(request: PageRequest, kind: str, document_id: UUID) -> HttpResponse:
    """What will be signed, as it will read; the signature. A refused signature leads to each place that refuses it."""
    pages, document_row = _find(request, kind, document_id, write=True)
    if document_row.is_signed:
        return redirect("document", kind, document_id)
    refusal, changes = None, None
    if request.method == "POST":
        seen = seen_revision(request.POST)
        try:
            pages.kind.sign(document_id=document_id, revision=seen, by=request.actor, at=timezone.now())
            return redirect("document", kind, document_id)
        except (Invalid, Conflict) as error:
            if "json" in request.headers.get("Accept", ""):
                raise
            refusal, request.trace.code = error, error.code
            pages, document_row = _find(request, kind, document_id, write=True)
            if document_row.is_signed:  # in another tab, a moment ago
                return redirect("document", kind, document_id)
            if isinstance(error, RevisionChanged):
                changes = seen_lines(request.POST.get("seen", ""))
    check = pages.kind.check_signature(document_row, by=request.actor, at=timezone.now())
    missing = pages.list_missing(document_row, check, by=request.actor)
    context = _context(pages, document_row, check)
    lines = lines_of(context["sections"])
    context |= {
        "refusal": refusal if changes is None else None,
        "seen": orjson.dumps(lines).decode(),
        "changed": changes is not None,
        "new_lines": [line for line in lines if line not in changes] if changes is not None else [],
        "old_lines": [line for line in changes if line not in lines] if changes is not None else [],
        "gaps": missing,
        "blocked": any(item.blocks for item in missing),
        "screen_url": reverse(pages.name, args=[document_id]),
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
    pages, document_row = _find(request, kind, document_id)
    record = Record.objects.filter(pk=document_row.record_id).first() if document_row.record_id else None
    addenda = []
    if record is not None:
        more = Record.objects.filter(subject_id=record.subject_id, version=record.version, entry="addendum")
        addenda = [readable.addendum(addendum) for addendum in more.order_by("sequence")]
    may_write = pages.kind.writes in request.actor.scopes
    context = {**_context(pages, document_row), "record": record, "addenda": addenda, "may_write": may_write}
    context["next_steps"] = list_next_steps(request, kind, document_row, context)
    return render(request, "workspace/document.html", context)


@dataclass(frozen=True)
class NextStep:
    icon: str
    text: str
    url: str
    is_post: bool = False


def list_next_steps(request: PageRequest, kind: str, document_row: Document, context: dict[str, Any]) -> list[NextStep]:
    """
    Return the three things that mostly follow a signature, for the person who signed and on the same day.

    They follow from the document, so that a page which is opened again, or gone back to, shows them again.
    """
    signed_at = document_row.signed_at
    is_own = signed_at is not None and document_row.signed_by_id == request.actor.user_id
    if not is_own or document_row.status != "signed" or timezone.localdate(signed_at) != timezone.localdate():
        return []
    patient_id, scopes = document_row.patient_id, request.actor.scopes
    steps = []
    if kind == "exam" and "treatments:write" in scopes:
        text = _("Start treatment")
        steps.append(NextStep("hand", text, reverse("start_session", args=[patient_id]), is_post=True))
    harms = context.get("harms", {})
    if harms.get("needled") and not harms.get("aftercare") and "treatments:write" in scopes:
        steps.append(NextStep("book-open", _("Give advice"), reverse("aftercare", args=[document_row.pk])))
    if "scheduling:write" in scopes:
        steps.append(NextStep("calendar-plus", _("Book next appointment"), reverse("book", args=[patient_id])))
    if "homecare:write" in scopes:
        steps.append(NextStep("dumbbell", _("Home programme"), f"{reverse('patient', args=[patient_id])}#home"))
    steps.append(NextStep("sun", _("Back to today"), reverse("home")))
    return steps[:3]


@page(scope="", action="pdf")
def pdf(request: PageRequest, kind: str, document_id: UUID) -> HttpResponse:
    """The signed document as tagged PDF (PDF/UA-1)."""
    pages, document_row = _find(request, kind, document_id)
    if not document_row.is_signed:
        raise NotFound
    context = {**_context(pages, document_row), "summary": pages.summary(document_row, on_paper=True)}
    record = Record.objects.get(pk=document_row.record_id)
    content = typesetting.pdf(
        context, record=record, clinic=request.clinic, language=translation.get_language() or "en"
    )
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="palpate-{kind}-{record.sequence}.pdf"'
    return response


@page(scope="", action="addendum", methods="POST")
def addendum(request: PageRequest, kind: str, document_id: UUID) -> HttpResponse:
    pages, document_row = _find(request, kind, document_id, write=True)
    text = request.POST.get("text", "").strip()
    if not text:
        raise Invalid.at("/text", "required.addendum")
    seen = seen_revision(request.POST)
    pages.kind.add_addendum(document=document_row, text=text, revision=seen, by=request.actor, at=timezone.now())
    return redirect("document", kind, document_id)


@page(scope="", action="revision", methods="POST")
def revision(request: PageRequest, kind: str, document_id: UUID) -> HttpResponse:
    """Start a new version of a signed document, and go to its screen."""
    pages, document_row = _find(request, kind, document_id, write=True)
    seen = seen_revision(request.POST)
    draft = pages.kind.revise(document=document_row, revision=seen, by=request.actor, at=timezone.now())
    return redirect(pages.name, draft.pk)


@page(scope="", action="entered_in_error", methods="GET POST")
def entered_in_error(request: PageRequest, kind: str, document_id: UUID) -> HttpResponse:
    """Mark a signed document as entered in error: what that means, and the reason."""
    pages, document_row = _find(request, kind, document_id, write=True)
    if document_row.status != "signed":
        return redirect("document", kind, document_id)
    reason, problem = request.POST.get("reason", "").strip()[:2000], ""
    if request.method == "POST":
        try:
            if not reason:
                raise Invalid.at("/reason", "required.error_reason")
            pages.kind.mark_entered_in_error(
                document=document_row,
                reason=reason,
                revision=seen_revision(request.POST),
                by=request.actor,
                at=timezone.now(),
            )
        except Invalid as refusal:
            problem, request.trace.code = message_of(refusal.errors[0]), refusal.code
        else:
            toasts.success(request, _("Marked as entered in error."))
            return redirect("document", kind, document_id)
    context = {
        "kind": kind,
        "title": pages.title,
        "document": document_row,
        "patient": document_row.patient,
        **pages.more(document_row),
        "reason": reason,
        "problem": problem,
    }
    return render(request, "workspace/entered_in_error.html", context, status=400 if problem else 200)


def _context(pages: DocumentPages[Any], document: Document, check: SigningCheck | None = None) -> dict[str, Any]:
    patient = document.patient
    names = User.objects.in_bulk([pk for pk in (document.recorded_by_id, document.signed_by_id) if pk])
    return {
        "kind": pages.name,
        "title": pages.title,
        "document": document,
        "patient": patient,
        "alerts": [alert for alert in patient.alerts.all() if alert.ended_at is None],
        "sections": pages.sections(document, check),
        "summary": pages.summary(document),
        "author": names[document.recorded_by_id],
        "signer": names.get(document.signed_by_id),
        "unit": patient.clinic.pressure_unit,
        **pages.more(document),
    }
