"""The worklist: who waits, why, since when, what to do; taken and done by whom."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from accounts.web.pages import page
from clinic.errors import NotFound
from worklist import actions, rules
from worklist.models import Item
from worklist.web import words

SHOWN = 200
DONE_FOR = timedelta(days=7)


@page(scope="homecare:read", action="page.worklist")
def worklist(request: Any) -> HttpResponse:
    kind = request.GET.get("kind", "")
    items = Item.objects.open().select_related("patient", "taken_by").by_urgency()
    if kind in rules.KINDS:
        items = items.filter(kind=kind)
    rows = list(items[:SHOWN])
    done = Item.objects.filter(done_at__gt=timezone.now() - DONE_FOR).select_related("patient", "done_by")
    closed = list(done.order_by("-done_at")[:30])
    request.trace.saw(*(row.patient_id for row in [*rows, *closed]))
    context = {
        "rows": [(row, words.why(row)) for row in rows],
        "closed": [(row, words.why(row)) for row in closed],
        "kind": kind,
        "kinds": words.KINDS,
        "outcomes": words.OUTCOMES,
        "now": timezone.now(),
        "may_act": "scheduling:write" in request.caller.scopes,
    }
    return render(request, "worklist/worklist.html", context)


def _find(request: Any, item_id: UUID) -> Item:
    found = Item.objects.filter(pk=item_id).first()
    if found is None:
        raise NotFound
    request.trace.saw(found.patient_id)
    return found


@page(scope="scheduling:write", action="page.worklist.take", methods="POST")
def take(request: Any, item_id: UUID) -> HttpResponse:
    _find(request, item_id)
    actions.take(item_id=item_id, by=request.caller, at=timezone.now())
    return redirect("worklist")


@page(scope="scheduling:write", action="page.worklist.done", methods="POST")
def done(request: Any, item_id: UUID) -> HttpResponse:
    _find(request, item_id)
    outcome, note = request.POST.get("outcome", ""), request.POST.get("note", "").strip()[:2000]
    actions.finish(item_id=item_id, outcome=outcome, note=note, by=request.caller, at=timezone.now())
    return redirect("worklist")


@page(scope="scheduling:write", action="page.worklist.reopen", methods="POST")
def reopen(request: Any, item_id: UUID) -> HttpResponse:
    _find(request, item_id)
    actions.reopen(item_id=item_id, by=request.caller)
    return redirect("worklist")
