"""The advice after needling: for the therapist to print or send, and behind the patient's link."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages as toasts
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.web.pages import page
from errors.exceptions import Invalid, NotFound
from errors.texts import message_of
from messaging import addresses, links
from messaging.web.link_sessions import LinkSession, visit_page
from treatments.adverse_events.web.lines import aftercare_lines
from treatments.aftercare import actions, labels, queries, rules, texts
from treatments.models import Session


@page(scope="treatments:write", action="page.aftercare", methods="GET POST")
def aftercare(request: Any, session_id: UUID) -> HttpResponse:
    """The advice in the patient's language, to print or to send; below it how it was given before."""
    session = Session.objects.with_parts().select_related("patient__merged_into").filter(pk=session_id).first()
    if session is None:
        raise NotFound
    request.trace.saw(session.patient_id)
    sent = request.POST if request.method == "POST" else request.GET
    language = sent.get("language", "")
    if language not in texts.LANGUAGES:
        language = queries.language_for(session.patient, request.clinic.locale)
    problem = ""
    if request.method == "POST":
        how = request.POST.get("how", "")
        if how not in rules.WAYS:
            raise NotFound
        try:
            actions.give_aftercare(session=session, how=how, language=language, by=request.actor, at=timezone.now())
        except Invalid as refusal:
            problem = message_of(refusal.errors[0])
        else:
            toasts.success(request, _("The advice is on its way.") if how == rules.LINK else _("Recorded."))
            return redirect("aftercare", session.pk)
    patient = session.patient.in_use
    context = {
        "session": session,
        "patient": patient,
        "advice": texts.ALL[language],
        "language": language,
        "languages": labels.LANGUAGES,
        "given": aftercare_lines(session),
        "is_needled": bool(queries.list_muscles(session)),
        "needs_warning": queries.needs_warning(session),
        "can_send": bool(addresses.usable_channels(patient)) and links.can_be_opened(patient),
        "problem": problem,
        "version": texts.VERSION,
    }
    return render(request, "treatments/aftercare/give.html", context, status=400 if problem else 200)


@visit_page
def my_aftercare(request: HttpRequest, visit: LinkSession) -> HttpResponse:
    """
    The advice as it was sent, in the language in which it was sent.

    Opening the link was audited with its purpose; nothing is changed here.
    """
    row = None
    if visit.link.purpose == "aftercare":
        row = queries.find_newest(session_id=visit.link.about_id, patient_id=visit.link.patient_id)
    if row is None:
        return render(request, "messaging/nothing_here.html", {"visit": visit})
    context = {"visit": visit, "row": row, "advice": texts.ALL[row.language]}
    return render(request, "treatments/aftercare/my_aftercare.html", context)
