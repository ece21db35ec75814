"""The worklist: who waits, why, since when, what to do; taken and done by whom."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages as toasts
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.web.pages import PageRequest, page, seen_revision
from database.revisions import RevisionChanged
from errors.exceptions import Invalid, NotFound
from errors.texts import message_of
from worklist import actions, links, rules
from worklist.models import FILTERS, Item
from worklist.web import labels

SHOWN = 200
DONE_FOR = timedelta(days=7)


@page(scope="scheduling:read", action="page.worklist")
def worklist(request: PageRequest) -> HttpResponse:
    """What is due; by kind, one's own, what comes later or was put aside. The counts are of what a filter shows."""
    (filter_code, item_kind), now = chosen(request.GET), timezone.now()
    counts = Item.objects.counts(filter_code, item_kind, now=now, user_id=request.user.pk)
    items = Item.objects.shown(filter_code, now=now, user_id=request.user.pk)
    if item_kind:
        items = items.filter(kind=item_kind)
    rows = list(items.select_related("patient", "taken_by").by_urgency()[:SHOWN])
    done_items = Item.objects.filter(done_at__gt=timezone.now() - DONE_FOR).select_related("patient", "done_by")
    closed = list(done_items.order_by("-done_at")[:30])
    request.trace.saw(*(row.patient_id for row in [*rows, *closed]))
    context = {
        "rows": [(row, labels.why(row), links.find_link(row, request.actor.scopes)) for row in rows],
        "closed": [(row, labels.why(row)) for row in closed],
        "kind": item_kind,
        "kinds": [(code, word, counts["kinds"].get(code, 0)) for code, word in labels.KINDS.items()],
        "show": filter_code,
        "filters": [(code, labels.FILTERS[code], counts["filters"][code]) for code in FILTERS],
        "snoozes": labels.SNOOZES,
        "more": len(rows) == SHOWN,
        "outcomes": labels.OUTCOMES,
        "now": now,
        "may_act": "scheduling:write" in request.actor.scopes,
    }
    return render(request, "worklist/worklist.html", context)


def chosen(said: QueryDict) -> tuple[str, str]:
    """The filter and the kind that are looked at."""
    show, item_kind = said.get("show", ""), said.get("kind", "")
    return show if show in FILTERS else "due", item_kind if item_kind in rules.KINDS else ""


def back(request: PageRequest) -> HttpResponse:
    """To what was looked at, and the row that moved up into the place."""
    show, item_kind = chosen(request.POST)
    row = request.POST.get("row", "")
    asked = urlencode(
        {"show": show, "kind": item_kind, **({"row": row} if row.isascii() and row.isdigit() and len(row) < 5 else {})}
    )
    return redirect(f"{reverse('worklist')}?{asked}")


def _find(request: PageRequest, item_id: UUID) -> Item:
    item = Item.objects.filter(pk=item_id).select_related("taken_by").first()
    if item is None:
        raise NotFound
    request.trace.saw(item.patient_id)
    return item


@contextmanager
def report_if_done(request: PageRequest) -> Iterator[None]:
    """Somebody was faster, or it is the second tab: that is said on the list, where it can be seen."""
    try:
        yield
    except (actions.AlreadyDone, RevisionChanged) as refusal:
        toasts.info(request, message_of(refusal))


@page(scope="scheduling:write", action="page.worklist.take", methods="POST")
def take(request: PageRequest, item_id: UUID) -> HttpResponse:
    """See to it; whoever saw to it before is named, so that two do not call."""
    before = _find(request, item_id).taken_by
    if before is not None and before.pk != request.user.pk:
        toasts.info(request, _("It was assigned to {name} before.").format(name=before.name))
    with report_if_done(request):
        actions.take(item_id=item_id, revision=seen_revision(request.POST), by=request.actor, at=timezone.now())
    return back(request)


@page(scope="scheduling:write", action="page.worklist.leave", methods="POST")
def leave(request: PageRequest, item_id: UUID) -> HttpResponse:
    """Not to see to it after all."""
    _find(request, item_id)
    with report_if_done(request):
        actions.give_back(item_id=item_id, by=request.actor, at=timezone.now())
    return back(request)


@page(scope="scheduling:write", action="page.worklist.done", methods="POST")
def mark_done(request: PageRequest, item_id: UUID) -> HttpResponse:
    _find(request, item_id)
    outcome, note = request.POST.get("outcome", ""), request.POST.get("note", "").strip()[:2000]
    with report_if_done(request):
        actions.finish(
            item_id=item_id,
            revision=seen_revision(request.POST),
            outcome=outcome,
            note=note,
            by=request.actor,
            at=timezone.now(),
        )
        toasts.info(request, _("Marked as done. You can undo this below, under “Done in the last 7 days”."))
    return back(request)


@page(scope="scheduling:write", action="page.worklist.snooze", methods="POST")
def snooze(request: PageRequest, item_id: UUID) -> HttpResponse:
    """Put it aside for some days; it comes back in the morning."""
    _find(request, item_id)
    days = request.POST.get("days", "")
    if days not in labels.SNOOZES:
        raise Invalid.at("/days", "invalid.snooze_days")
    now = timezone.now()
    until = rules.snooze_until(int(days), at=now, zone=ZoneInfo(request.clinic.time_zone))
    with report_if_done(request):
        actions.snooze(item_id=item_id, revision=seen_revision(request.POST), until=until, by=request.actor, at=now)
        day = date_format(until.astimezone(ZoneInfo(request.clinic.time_zone)), _("D j M"))
        toasts.info(request, _("Snoozed until {day}. Until then it is under “Later”.").format(day=day))
    return back(request)


@page(scope="scheduling:write", action="page.worklist.reopen", methods="POST")
def reopen(request: PageRequest, item_id: UUID) -> HttpResponse:
    _find(request, item_id)
    with report_if_done(request):
        actions.reopen(item_id=item_id, revision=seen_revision(request.POST), by=request.actor)
    return back(request)
