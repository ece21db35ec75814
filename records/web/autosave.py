"""
How an open screen and the server keep one draft: edits in, merged field by field; what others changed, out.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from redis.exceptions import RedisError
from rest_framework.exceptions import ValidationError

from accounts.models import User
from accounts.web.pages import PageRequest
from api.fields import parse
from api.json_reading import read_json
from database.valkey import client as redis
from errors.exceptions import Invalid, NotFound
from errors.texts import message_of
from identity.actor import Actor
from patients.queries import identities
from records import drafts
from records.editing import Edit, Errors, Flat, LastEdit, Merge, merge, path_of
from records.kinds import DocumentKind
from records.models import Document

logger = logging.getLogger(__name__)
OPEN_FOR_S = 15  # so long after its last word a screen counts as open
MOST_EDITS = 500


@dataclass(frozen=True)
class DraftScreen:
    """
    The screen of one kind of draft.

    :ivar shape: the serializer of a whole draft
    :ivar derive: what is computed from document and rows, for the screen of one person
    """

    kind: DocumentKind[Any, Any, Any, Any]
    shape: type[Any]
    derive: Callable[[Any, Any, Actor], dict[str, Any]]


def start(request: PageRequest, screen: DraftScreen, patient_id: UUID) -> Any:
    """Return a new draft, or the one that this therapist has begun for the patient."""
    people = identities(clinic_id=request.clinic.pk, patient_id=patient_id)
    begun = screen.kind.rows().of_patients(people).drafts().filter(recorded_by_id=request.user.pk, revises=None)
    draft = begun.newest_first().first()
    if draft is None:
        recorded = screen.kind.record(
            patient_id=patient_id, content=screen.kind.read({}), by=request.actor, at=timezone.now()
        )
        draft = recorded.document
    return draft


def find(screen: DraftScreen, document_id: UUID) -> Any:
    """:raises NotFound:"""
    document = screen.kind.rows().with_parts().select_related("patient").filter(pk=document_id).first()
    if document is None:
        raise NotFound
    return document


def discard(request: PageRequest, screen: DraftScreen, document_id: UUID) -> HttpResponse:
    """Delete a draft, and go to its patient."""
    draft = screen.kind.lock_draft(document_id=document_id)
    request.trace.saw(draft.patient_id)
    screen.kind.discard(document=draft, by=request.actor)
    return redirect("patient", draft.patient_id)


def changes(request: PageRequest, screen: DraftScreen, document_id: UUID) -> HttpResponse:
    """Take a screen's edits (POST), or tell it what is new."""
    if request.method == "POST":
        return save(request, screen, document_id)
    return state(request, screen, find(screen, document_id))


def errors_of(screen: DraftScreen, document: Document, flat: Flat) -> Errors:
    """Every value that cannot be, as (path, why)."""
    kind, patient = screen.kind, document.patient
    rows = kind.row_paths(flat)
    try:
        content = kind.complete(kind.read(parse(screen.shape, kind.unflatten(flat))), patient=patient, draft=document)
        kind.check(content, birth_date=patient.birth_date, at=timezone.now(), reasons_may_wait=True)
    except ValidationError as refusal:
        return [(path_of(pointer, rows), why) for pointer, why in _leaves(refusal.detail)]
    except Invalid as refusal:
        return [(path_of(error.pointer, rows), message_of(error)) for error in refusal.errors]
    return []


def _leaves(detail: object, pointer: str = "") -> list[tuple[str, str]]:
    if isinstance(detail, dict):
        return [leaf for name, inner in detail.items() for leaf in _leaves(inner, f"{pointer}/{name}")]
    if isinstance(detail, list):
        leaves = []
        for index, inner in enumerate(detail):
            leaves += (
                _leaves(inner, f"{pointer}/{index}") if isinstance(inner, dict | list) else [(pointer, str(inner))]
            )
        return leaves
    return [(pointer, str(detail))]


def save(request: PageRequest, screen: DraftScreen, document_id: UUID) -> HttpResponse:
    """
    Take a screen's edits.

    Body: `{"tab": uuid, "revision": n, "edits": [{"id", "path", "value", "base"}]}`. Answers with the new revision,
    what was refused or met another's change, what is computed, and the whole draft where the screen was behind.

    :raises Invalid: the body is not of that form
    """
    tab, revision, edits = _parse_edits(request)
    kind, actor = screen.kind, request.actor
    now = timezone.now()
    document = kind.lock_draft(document_id=document_id)
    request.trace.saw(document.patient_id)
    before, parts = document.revision, kind.get_parts(document)
    last_edits = drafts.last_edits(document.pk)
    merged = merge(
        kind.flatten(document, parts),
        edits,
        rows=kind.row_lists,
        tab=str(tab),
        last_edits=last_edits,
        errors_of=lambda flat: errors_of(screen, document, flat),
        tidy=kind.tidy,
    )
    if merged.applied:
        content = kind.read(parse(screen.shape, kind.unflatten(merged.flat)))
        # Only the sections that an edit went into: the rest need not be written again.
        content = content.only({edit.path.partition("/")[0] for edit in merged.applied})
        written = kind.change(document=document, content=content, by=actor, at=now, reasons_may_wait=True)
        parts = kind.renew_parts(parts, written, content)
        drafts.note_edits(document, edits=merged.applied, tab=tab, by=actor, at=now)
    announce(document.pk, tab, actor)
    answer = {
        "revision": document.revision,
        "saved_at": now.isoformat(),
        "derived": screen.derive(document, parts, request.actor),
        "conflicts": _conflicts(merged, last_edits),
        "refused": [
            {"id": edit.id, "path": edit.path, "detail": _why(why), "gone": why == "removed"}
            for edit, why in merged.refused
        ],
        "open_elsewhere": open_elsewhere(document.pk, tab),
    }
    if revision != before or merged.refused or merged.conflicts:
        answer["flat"] = kind.flatten(document, parts)
        # The whole draft goes out, whatever was saved: that is a look at it.
        request.trace.reads, request.trace.target_id = True, document.pk
        request.trace.action = request.trace.action.replace(".save", ".changes")
        answer["changed"] = _changed_by_others(document.pk, tab, request.headers.get("X-Since", ""))
    return JsonResponse(answer)


def state(request: PageRequest, screen: DraftScreen, document: Document) -> HttpResponse:
    """What a screen asks now and then: nothing new (204), or the draft as it stands."""
    tab = _uuid(request.GET.get("tab", ""), "tab")
    announce(document.pk, tab, request.actor)
    others = open_elsewhere(document.pk, tab)
    if request.GET.get("revision") == str(document.revision) and not document.is_signed:
        request.trace.action = ""  # nobody's data: the page itself is in the trail, its heartbeat need not be
        return JsonResponse({"revision": document.revision, "open_elsewhere": others})
    request.trace.saw(document.patient_id, target_id=document.pk)
    request.trace.action = request.trace.action.replace(".save", ".changes")
    parts = screen.kind.get_parts(document)
    return JsonResponse(
        {
            "revision": document.revision,
            "flat": screen.kind.flatten(document, parts),
            "derived": screen.derive(document, parts, request.actor),
            "signed": document.is_signed,
            "open_elsewhere": others,
            "changed": _changed_by_others(document.pk, tab, request.headers.get("X-Since", "")),
        }
    )


def _parse_edits(request: PageRequest) -> tuple[UUID, int, list[Edit]]:
    try:
        body = read_json(request.body)
        tab = _uuid(body["tab"], "tab")
        edits = [
            Edit(id=str(e["id"]), path=str(e["path"]), value=e.get("value"), base=e.get("base")) for e in body["edits"]
        ]
        revision = int(body["revision"])
    except (ValueError, TypeError, KeyError, AttributeError):
        raise Invalid("invalid.edits") from None
    if len(edits) > MOST_EDITS:
        raise Invalid.at("/edits", "too_many.edits", most=MOST_EDITS)
    return tab, revision, edits


def _uuid(text: object, name: str) -> UUID:
    try:
        return UUID(str(text))
    except ValueError:
        raise Invalid.at(f"/{name}", "invalid.id") from None


def _why(why: str) -> str:
    return _("This was removed on another screen.") if why == "removed" else why


def _conflicts(merged: Merge, last_edits: dict[str, LastEdit]) -> list[dict[str, Any]]:
    names = _names({last_edits[edit.path].by for edit, _here in merged.conflicts})
    return [
        {
            "id": edit.id,
            "path": edit.path,
            "mine": edit.value,
            "theirs": current,
            "by": names.get(last_edits[edit.path].by, ""),
            "at": last_edits[edit.path].at.isoformat(),
        }
        for edit, current in merged.conflicts
    ]


def _changed_by_others(document_id: UUID, tab: UUID, since: str) -> list[dict[str, str]]:
    """Who changed which fields through other screens, after a moment that the screen names."""
    edits = {p: last for p, last in drafts.last_edits(document_id).items() if last.tab != str(tab)}
    names = _names({last.by for last in edits.values()})
    return [
        {"path": path, "by": names.get(last.by, ""), "at": last.at.isoformat()}
        for path, last in edits.items()
        if last.at.isoformat() > since
    ]


def _names(ids: set[str]) -> dict[str, str]:
    return {str(pk): name for pk, name in User.objects.filter(pk__in=ids).values_list("pk", "name")} if ids else {}


# --- Who has it open ------------------------------------------------------------------------------------------
# In Redis, because it is true for seconds only. Without Redis nobody is told, and the merge still holds.


def announce(document_id: UUID, tab: UUID, actor: Actor) -> None:
    key = f"palpate:open:{document_id}"
    try:
        counter = redis(settings.REDIS_URL)
        counter.hset(key, str(tab), f"{actor.user_id} {time.time():.0f}")
        counter.expire(key, 4 * OPEN_FOR_S)
    except RedisError:
        logger.warning("nobody is told who has a draft open: Redis does not answer")


def open_elsewhere(document_id: UUID, tab: UUID) -> list[str]:
    """Names of the people who have the draft open on another screen now; one's own name for one's own second screen."""
    try:
        screens: Any = redis(settings.REDIS_URL).hgetall(f"palpate:open:{document_id}")
    except RedisError:
        return []
    names = set()
    for screen, word in screens.items():
        who, _space, at = word.decode().partition(" ")
        if screen.decode() != str(tab) and time.time() - float(at) < OPEN_FOR_S:
            names.add(who)
    return sorted(_names(names).values())
