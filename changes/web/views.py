"""Webhooks, among the settings: who is told what changes, and how it went. A secret is shown once."""

from __future__ import annotations

from typing import Any
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
from changes import queries, rules, webhooks
from changes.models import WebhookDelivery, WebhookSubscription
from changes.web import labels
from errors import form_fields
from errors.exceptions import Invalid, NotFound
from errors.texts import message_of

LOG_SHOWN = 30


class WebhookForm(forms.Form):
    url = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=rules.URL_MAX,
        help_text=gettext_lazy("Where the other program listens: https://billing.example/hooks/palpate"),
    )
    kinds = form_fields.MultipleChoiceField(
        label=gettext_lazy("Tell it about"),
        widget=forms.CheckboxSelectMultiple,
        choices=list(labels.KINDS.items()),
    )
    description = forms.CharField(label=gettext_lazy("What it is for"), max_length=200, required=False)


class ReplayForm(forms.Form):
    from_sequence = forms.IntegerField(label=gettext_lazy("From change number"), min_value=1)


@page(scope="", action="page.settings.webhooks", methods="GET POST")
def webhooks_list(request: PageRequest) -> HttpResponse:
    """The clinic's webhooks, and a form for one more."""
    policies.require_owner(request.actor)
    form = WebhookForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            subscription, secret = webhooks.subscribe(**form.cleaned_data, by=request.actor, at=timezone.now())
            return show_secret(request, subscription, secret)
        except Invalid as refusal:
            show_refusal(form, refusal)
    subscriptions = WebhookSubscription.objects.filter(clinic_id=request.actor.clinic_id).order_by("made_at", "pk")
    context = {"form": form, "lines": [(row, state_of(row)) for row in subscriptions]}
    return render(request, "changes/webhooks.html", context, status=400 if form.errors else 200)


@page(scope="", action="page.settings.webhook", methods="GET POST")
def webhook(request: PageRequest, webhook_id: UUID) -> HttpResponse:
    """One webhook: its settings, what can be done with it, and its log."""
    subscription = webhooks.find(subscription_id=webhook_id, by=request.actor)
    policies.require_owner(request.actor)
    initial = {name: getattr(subscription, name) for name in ("url", "kinds", "description")}
    form = WebhookForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            webhooks.change(
                subscription_id=webhook_id,
                changes=form.cleaned_data,
                revision=seen_revision(request.POST),
                by=request.actor,
                at=timezone.now(),
            )
            toasts.success(request, _("Saved."))
            return redirect("webhook", webhook_id)
        except Invalid as refusal:
            show_refusal(form, refusal)
    log = WebhookDelivery.objects.filter(clinic_id=request.actor.clinic_id, subscription=subscription)
    context = {
        "form": form,
        "webhook": subscription,
        "state": state_of(subscription),
        "behind": queries.head(request.actor.clinic_id) - subscription.position,
        "log": [(row, labels.OUTCOMES[row.outcome]) for row in log.order_by("-at", "-pk")[:LOG_SHOWN]],
    }
    return render(request, "changes/webhook.html", context, status=400 if form.errors else 200)


@page(scope="", action="page.settings.webhook.act", methods="POST")
def act(request: PageRequest, webhook_id: UUID, change: str) -> HttpResponse:
    """
    One of the buttons.

    :raises NotFound: there is no such button
    """
    webhooks.find(subscription_id=webhook_id, by=request.actor)
    policies.require_owner(request.actor)
    seen: dict[str, Any] = {"subscription_id": webhook_id, "by": request.actor}
    now, revision = timezone.now(), seen_revision(request.POST)
    if change == "test":
        webhooks.request_test(**seen, at=now)
        toasts.success(request, _("A test message is on its way. Reload the page in a few seconds."))
    elif change == "pause":
        webhooks.pause(**seen, revision=revision)
    elif change == "resume":
        webhooks.resume(**seen, revision=revision, at=now)
    elif change == "replay":
        form = ReplayForm(request.POST)
        number = form.cleaned_data["from_sequence"] if form.is_valid() else 0
        webhooks.replay(**seen, from_sequence=number, revision=revision, at=now)
        toasts.success(request, _("Everything from that change on is sent again."))
    elif change == "rotate":
        return show_secret(request, *webhooks.rotate_secret(**seen, revision=revision, at=now))
    elif change == "remove":
        webhooks.unsubscribe(**seen, revision=revision)
        toasts.success(request, _("The webhook is removed."))
        return redirect("webhooks")
    else:
        raise NotFound
    return redirect("webhook", webhook_id)


def show_secret(request: PageRequest, subscription: WebhookSubscription, secret: str) -> HttpResponse:
    return render(request, "changes/webhook_secret.html", {"webhook": subscription, "secret": secret})


def show_refusal(form: forms.Form, refusal: Invalid) -> None:
    for error in refusal.errors:
        name = error.pointer.strip("/")
        form.add_error(name if name in form.fields else None, message_of(error))


def state_of(subscription: WebhookSubscription) -> Any:
    if subscription.state == rules.ACTIVE and subscription.failures:
        return _("Active, last attempt failed")
    return labels.STATES[subscription.state, subscription.reason]
