"""The advice after needling: for the therapist to print or send, and behind the patient's link."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages as toasts
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import policies
from accounts.web.pages import PageRequest, page
from errors.exceptions import Invalid, NotFound
from errors.texts import message_of
from messaging import addresses, links
from messaging.web.link_sessions import LinkSession, visit_page
from treatments.adverse_events.web.lines import aftercare_lines
from treatments.aftercare import actions, labels, queries, rules, texts
from treatments.models import AftercareText, Session


@page(scope="treatments:write", action="page.aftercare", methods="GET POST")
def aftercare(request: PageRequest, session_id: UUID) -> HttpResponse:
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
    current = queries.current_advice(language)
    context = {
        "session": session,
        "patient": patient,
        "advice": current.advice,
        "language": language,
        "languages": labels.LANGUAGES,
        "given": aftercare_lines(session),
        "is_needled": bool(queries.list_muscles(session)),
        "needs_warning": queries.needs_warning(session),
        "can_send": bool(addresses.usable_channels(patient)) and links.can_be_opened(patient),
        "problem": problem,
        "version": current.version,
        "is_clinics": current.is_clinics,
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
    context = {"visit": visit, "row": row, "advice": queries.advice_given(row)}
    return render(request, "treatments/aftercare/my_aftercare.html", context)


@page(scope="treatments:read", action="page.aftercare_texts", methods="GET POST")
def aftercare_texts(request: PageRequest) -> HttpResponse:
    """The clinic's own advice below the warning, in each language; each version stays. For the owner."""
    policies.require_owner(request.actor)
    problem, failed = "", ""
    if request.method == "POST":
        failed = request.POST.get("language", "")
        is_default = "default" in request.POST
        try:
            actions.save_text(
                language=failed,
                expected_title="" if is_default else request.POST.get("expected_title", ""),
                expected=[] if is_default else request.POST.get("expected", "").splitlines(),
                by=request.actor,
                at=timezone.now(),
            )
        except Invalid as refusal:
            problem, request.trace.code = message_of(refusal.errors[0]), refusal.code
        else:
            toasts.success(request, _("Saved as a new version."))
            return redirect("aftercare_texts")
    versions = list(AftercareText.objects.select_related("made_by").order_by("-version"))
    lines = []
    for language, name in labels.LANGUAGES.items():
        current = queries.current_advice(language)
        visible = {"title": current.advice.expected_title, "lines": "\n".join(current.advice.expected)}
        if language == failed:
            visible = {"title": request.POST.get("expected_title", ""), "lines": request.POST.get("expected", "")}
        own = [row for row in versions if row.language == language]
        lines.append({"language": language, "name": name, "current": current, "shown": visible, "versions": own})
    context = {"lines": lines, "problem": problem, "failed": failed}
    return render(request, "treatments/aftercare/texts.html", context, status=400 if problem else 200)
