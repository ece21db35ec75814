"""A patient's own copy, behind the link that was mailed to them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from messaging.web.link_sessions import LinkSession, visit_page
from treatments.consents import labels
from treatments.consents.web.views import form_of
from treatments.models import Consent


@visit_page
def my_consent(request: HttpRequest, visit: LinkSession) -> HttpResponse:
    """
    What was agreed to, in the language in which it was read; the words around it in the patient's language.

    Opening the link was audited with its purpose; nothing is changed here.
    """
    consents = []
    if visit.link.purpose == "consent":
        of_link = Consent.objects.filter(signing_id=visit.link.about_id, patient_id=visit.link.patient_id)
        consents = list(of_link.with_state())
    if not consents:
        return render(request, "messaging/nothing_here.html", {"visit": visit})
    context = {"visit": visit, "form": form_of(consents), "languages": labels.LANGUAGES}
    return render(request, "treatments/consents/my_consent.html", context)
