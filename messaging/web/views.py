"""The page of whoever sees to it that messages go out."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django import forms
from django.contrib import messages as toasts
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import policies
from accounts.web.pages import PageRequest, page, seen_revision
from errors import form_fields
from errors.exceptions import Invalid, NotFound
from messaging import actions, engine, queries, rules, texts
from messaging.models import Message, Wording
from messaging.web import labels

SHOWN_FOR = timedelta(days=7)
SHOWN = 100
TROUBLE = [rules.UNKNOWN, rules.FAILED, rules.BOUNCED, rules.COMPLAINED, rules.WITHHELD, rules.DROPPED]


@page(scope="homecare:read", action="page.messages")
def overview(request: PageRequest) -> HttpResponse:
    """How sending goes, what went wrong, and what comes next."""
    filter_code = request.GET.get("show", "trouble")
    since = timezone.now() - SHOWN_FOR
    messages = Message.objects.filter(due_at__gt=since).select_related("patient", "to_user")
    if filter_code == "trouble":
        messages = messages.filter(state__in=TROUBLE)
    elif filter_code == "uncertain":
        messages = messages.filter(uncertain=True)
    elif filter_code == "waiting":
        messages = messages.waiting()
    rows = list(messages.order_by("-due_at")[:SHOWN])
    request.trace.saw(*(row.patient_id for row in rows))
    context = {
        "figures": queries.figures(request.clinic.pk),
        "sending": engine.read_sending(request.clinic.pk),
        "rows": rows,
        "shown": filter_code,
        "filters": labels.FILTERS,
        "words": labels,
        "may_act": "scheduling:write" in request.actor.scopes,
        "is_owner": policies.may_administer(request.user, request.clinic.pk),
    }
    return render(request, "messaging/overview.html", context)


@page(scope="scheduling:write", action="page.messages.pause", methods="POST")
def pause(request: PageRequest) -> HttpResponse:
    actions.pause(by=request.actor, at=timezone.now())
    return redirect("messages")


@page(scope="scheduling:write", action="page.messages.resume", methods="POST")
def resume(request: PageRequest) -> HttpResponse:
    actions.resume(by=request.actor)
    return redirect("messages")


def _find(request: PageRequest, message_id: UUID) -> Message:
    message = Message.objects.filter(pk=message_id).first()
    if message is None:
        raise NotFound
    request.trace.saw(message.patient_id)
    return message


@page(scope="scheduling:write", action="page.message.send_again", methods="POST")
def send_again(request: PageRequest, message_id: UUID) -> HttpResponse:
    _find(request, message_id)
    actions.send_again(message_id=message_id, revision=seen_revision(request.POST), by=request.actor, at=timezone.now())
    toasts.success(request, _("It will be sent now, as a new message."))
    return redirect("messages")


@page(scope="scheduling:write", action="page.message.resolve", methods="POST")
def resolve(request: PageRequest, message_id: UUID) -> HttpResponse:
    _find(request, message_id)
    went_out = request.POST.get("went_out") == "yes"
    revision = seen_revision(request.POST)
    actions.resolve(message_id=message_id, revision=revision, went_out=went_out, by=request.actor, at=timezone.now())
    return redirect("messages")


class HowToSend(forms.Form):
    quiet_from = forms.TimeField(
        label=gettext_lazy("Quiet from"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    quiet_until = forms.TimeField(
        label=gettext_lazy("Quiet until"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    late_after_min = forms.IntegerField(
        min_value=5, max_value=24 * 60, label=gettext_lazy("Minutes after which a late message is not sent")
    )
    most_a_day = forms.IntegerField(
        min_value=1, max_value=20, label=gettext_lazy("Maximum messages per day to one patient")
    )
    per_minute = forms.IntegerField(
        min_value=1, max_value=100_000, label=gettext_lazy("Maximum messages per minute for the clinic")
    )
    when_unknown = form_fields.ChoiceField(
        choices=[(code, labels.WHEN_UNKNOWN[code]) for code in rules.WHEN_UNKNOWN],
        label=gettext_lazy("When it is not known whether a mail was sent"),
    )


@page(scope="homecare:read", action="page.messages.settings", methods="GET POST")
def settings_page(request: PageRequest) -> HttpResponse:
    policies.require_owner(request.actor)
    sending = engine.read_sending(request.clinic.pk)
    form = HowToSend(request.POST or None, initial={name: getattr(sending, name) for name in HowToSend.base_fields})
    if request.method == "POST" and form.is_valid():
        actions.set_sending(values=form.cleaned_data, by=request.actor)
        toasts.success(request, _("Saved."))
        return redirect("messages")
    return render(request, "messaging/settings.html", {"form": form}, status=400 if form.errors else 200)


@page(scope="homecare:read", action="page.messages.words", methods="GET POST")
def wording(request: PageRequest) -> HttpResponse:
    """Every text that goes out, ours or the clinic's own, to read and to change."""
    policies.require_owner(request.actor)
    own = {(w.kind, w.channel, w.language): w for w in Wording.objects.all()}
    lines = [
        {
            "kind": message_kind,
            "label": labels.KINDS[message_kind],
            "channel": channel,
            "language": language,
            "text": texts.Text(own_texts.subject, own_texts.body)
            if own_texts
            else texts.ours(message_kind, channel, language),
            "own": own_texts is not None,
            "errors": [],
        }
        for message_kind, about in rules.KINDS.items()
        for channel in (rules.CHANNELS if about.to_patient else [rules.EMAIL])
        for language in labels.languages()
        for own_texts in [own.get((message_kind, channel, language))]
    ]
    status = 200
    if request.method == "POST":
        key = tuple(request.POST.get(name, "") for name in ("kind", "channel", "language"))
        line = next((x for x in lines if (x["kind"], x["channel"], x["language"]) == key), None)
        if line is None:
            raise NotFound
        subject, body = request.POST.get("subject", ""), request.POST.get("body", "")
        if "ours" in request.POST:
            subject = body = ""
        try:
            message_kind, channel, language = key
            actions.word(
                kind=message_kind, channel=channel, language=language, subject=subject, body=body, by=request.actor
            )
            toasts.success(request, _("Saved."))
            return redirect("message_words")
        except Invalid as refusal:
            line["errors"], line["text"], status = refusal.errors, texts.Text(subject, body), 400
    return render(
        request, "messaging/wording.html", {"lines": lines, "placeholders": rules.PLACEHOLDERS}, status=status
    )
