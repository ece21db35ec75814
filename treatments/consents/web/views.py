"""Consents on the patient's page: the list, recording one on the tablet, the signed form, withdrawing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages as toasts
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts.web.middleware import as_uuid
from accounts.web.pages import PageRequest, page
from errors.exceptions import Invalid, NotFound
from errors.texts import message_for, message_of
from messaging import addresses, links
from messaging.engine import read_sending
from messaging.texts import language_of
from patients.models import Patient
from patients.queries import identities, zone_of
from treatments.consents import actions, default_texts, labels, queries, rules
from treatments.models import Consent

LABELS = {
    "classes": labels.TECHNIQUE_CLASSES,
    "regions": labels.REGIONS,
    "ways": labels.WAYS,
    "states": labels.STATES,
    "copies": labels.COPIES,
    "withdrawn_by": labels.WITHDRAWN_BY,
    "languages": labels.LANGUAGES,
}


def find_patient(request: PageRequest, patient_id: UUID) -> tuple[Patient, list[UUID]]:
    """:raises NotFound:"""
    people = identities(clinic_id=request.clinic.pk, patient_id=patient_id)
    request.trace.saw(*people)
    return Patient.objects.select_related("merged_into").get(pk=patient_id), people


@page(scope="treatments:read", action="page.consents")
def consent_list(request: PageRequest, patient_id: UUID) -> HttpResponse:
    """What holds now for each class and region; below it everything that was ever given."""
    patient, people = find_patient(request, patient_id)
    now = timezone.now()
    consents = list(Consent.objects.of_patients(people).with_state().newest_first())
    context = {
        "patient": patient,
        "lines": [line(consent, now) for consent in queries.newest_of_each(consents, now)],
        "all": [line(consent, now) for consent in consents],
        "may_write": "treatments:write" in request.actor.scopes,
        "labels": LABELS,
        "now": now,
    }
    return render(request, "treatments/consents/list.html", context)


def summary_of(people: list[UUID]) -> dict[str, Any]:
    """What the patient's page shows of consents: the state for each class and region."""
    now = timezone.now()
    consents = list(Consent.objects.of_patients(people).with_state().defer("text", "risks", "signature"))
    return {"lines": [line(consent, now) for consent in queries.newest_of_each(consents, now)], "labels": LABELS}


def line(consent: Consent, now: Any) -> dict[str, Any]:
    """One consent as the lists show it."""
    return {
        "consent": consent,
        "state": consent.known.state(now),
        "class": labels.TECHNIQUE_CLASSES[consent.technique_class],
        "region": labels.REGIONS[consent.region],
        "copies": [(labels.COPIES[copy.how], copy.given_at) for copy in consent.copies.all()],
    }


# --- Recording ------------------------------------------------------------------------------------------------


@page(scope="treatments:write", action="page.consent.record", methods="GET POST")
def record(request: PageRequest, patient_id: UUID) -> HttpResponse:
    """First what it is for; then the text with its risks, and the signature."""
    patient, _people = find_patient(request, patient_id)
    if patient.is_merged:
        return redirect("record_consent", patient.merged_into_id)
    sent = request.POST if request.method == "POST" else request.GET
    scope = scope_of(sent, patient, request.clinic)
    context: dict[str, Any] = {
        "patient": patient,
        "labels": LABELS,
        "scope": scope,
        "session": as_uuid(sent.get("session", "")),
    }
    if "change" in sent or not (scope["technique_class"] and scope["regions"]):
        if "chosen" in sent:
            context["problem"] = message_for("required.regions")
        return render(request, "treatments/consents/choose.html", context)
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            consents = save(request, patient, scope)
            return after_saving(request, patient, consents)
        except Invalid as refusal:
            errors = {error.pointer.strip("/"): message_of(error) for error in refusal.errors}
    context |= form_context(request, patient, scope) | {"errors": errors}
    return render(request, "treatments/consents/record.html", context, status=400 if errors else 200)


def scope_of(sent: Any, patient: Patient, clinic: Any) -> dict[str, Any]:
    """What the consent is for, as far as it was chosen; unknown codes count as not chosen."""
    language = sent.get("language", "")
    technique_class = sent.get("technique_class", "")
    return {
        "technique_class": technique_class if technique_class in rules.TECHNIQUE_CLASSES else "",
        "regions": [region for region in rules.REGIONS if region in sent.getlist("region")],
        "language": language
        if language in default_texts.LANGUAGES
        else language_of(patient.in_use.language, clinic.locale),
    }


def form_context(request: PageRequest, patient: Patient, scope: dict[str, Any]) -> dict[str, Any]:
    texts = [queries.current_text(scope["technique_class"], region, scope["language"]) for region in scope["regions"]]
    born = patient.birth_date
    today = timezone.localtime(timezone.now(), zone_of(patient)).date()
    breaks_skin = scope["technique_class"] in rules.CONSENT_REQUIRED
    chosen = {"technique_class": scope["technique_class"], "region": scope["regions"], "language": scope["language"]}
    return {
        "texts": texts,
        "sheet": sheet_of([(text.region, text.text, text.risks) for text in texts]),
        "needs_guardian": breaks_skin and born is not None and rules.needs_guardian(rules.age_years(born, today)),
        "lacks_birth_date": breaks_skin and born is None,
        "can_mail": bool(addresses.usable_channels(patient)) and links.can_be_opened(patient),
        "sent": request.POST,
        "name": f"{patient.given_names} {patient.family_name}".strip(),
        "pad": {"width": rules.PAD_WIDTH, "height": rules.PAD_HEIGHT},
        "unreviewed": any(not text.is_clinics for text in texts),
        "back": f"{request.path}?{urlencode({'change': 1, **chosen}, doseq=True)}",
    }


def save(request: PageRequest, patient: Patient, scope: dict[str, Any]) -> list[Consent]:
    """:raises Invalid, Conflict:"""
    sent = request.POST
    versions = {region: sent.get(f"version-{region}", "") for region in scope["regions"]}
    is_guardian = sent.get("who") == "guardian"
    how = sent.get("how", rules.SIGNATURE)
    if how not in rules.WAYS:
        raise NotFound
    agreement = actions.Agreement(
        how=how,
        signed_name=sent.get("guardian_name" if is_guardian else "signed_name", ""),
        signature=strokes_of(sent.get("signature", "")) if how == rules.SIGNATURE else None,
        witness=sent.get("witness", "")[:200],
        guardian_relation=sent.get("guardian_relation", "")[:200] if is_guardian else "",
    )
    agreed = actions.Agreed(scope["technique_class"], scope["language"], versions)
    return actions.record_consents(
        patient_id=patient.pk, agreed=agreed, given=agreement, by=request.actor, at=timezone.now()
    )


def strokes_of(text: str) -> Any:
    """Return the strokes that the pad sent; None for none, and what cannot be read as it is: the action refuses it."""
    if not text:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def after_saving(request: PageRequest, patient: Patient, consents: list[Consent]) -> HttpResponse:
    toasts.success(request, _("Consent recorded."))
    how, signing_id = request.POST.get("copy", ""), consents[0].signing_id
    if how in rules.COPY_WAYS:
        actions.give_copy(signing_id=signing_id, how=how, by=request.actor, at=timezone.now())
    if how == "printed":
        return redirect("signed_consent", patient.pk, signing_id)
    session_id = as_uuid(request.POST.get("session", ""))
    return redirect("session", session_id) if session_id else redirect("consents", patient.pk)


# --- The sheet, for reading and signing ---------------------------------------------------------------------------


def sheet_of(texts: Sequence[tuple[str, str, Sequence[str]]]) -> dict[str, Any]:
    """
    Lay out the texts of several regions so that nothing is read twice: what they share stands once.

    :param texts: region, text and risks of each
    """
    paragraphs = [text.split("\n\n") for _region, text, _risks in texts]
    shared, shared_risks = in_all(paragraphs), in_all([risks for _region, _text, risks in texts])
    return {
        "paragraphs": shared,
        "risks": shared_risks,
        "parts": [
            {
                "region": labels.REGIONS[region],
                "paragraphs": [paragraph for paragraph in own if paragraph not in shared],
                "risks": [risk for risk in risks if risk not in shared_risks],
            }
            for (region, _text, risks), own in zip(texts, paragraphs, strict=True)
        ],
    }


def in_all(lists: Sequence[Sequence[str]]) -> list[str]:
    """Return what stands in each list, if there are several."""
    return [item for item in lists[0] if all(item in listed for listed in lists)] if len(lists) > 1 else []


# --- One signed form ------------------------------------------------------------------------------------------


def find_signing(people: list[UUID], signing_id: UUID) -> list[Consent]:
    """:raises NotFound:"""
    consents = list(Consent.objects.of_patients(people).filter(signing_id=signing_id).with_state())
    if not consents:
        raise NotFound
    return consents


def form_of(consents: list[Consent]) -> dict[str, Any]:
    """What was agreed to in one go, as it stands on the screen, on paper and behind the patient's link."""
    consents = sorted(consents, key=lambda consent: rules.REGIONS.index(consent.region))
    first, now = consents[0], timezone.now()
    return {
        "first": first,
        "consents": [line(consent, now) for consent in consents],
        "sheet": sheet_of([(consent.region, consent.text, consent.risks) for consent in consents]),
        "class": labels.TECHNIQUE_CLASSES[first.technique_class],
        "way": labels.WAYS[first.how],
        "strokes": rules.svg_paths(first.signature) if first.signature else [],
        "pad": {"width": rules.PAD_WIDTH, "height": rules.PAD_HEIGHT},
    }


@page(scope="treatments:read", action="page.consent")
def show_signed_form(request: PageRequest, patient_id: UUID, signing_id: UUID) -> HttpResponse:
    """The form as it was signed, to read and to print."""
    patient, people = find_patient(request, patient_id)
    consents = find_signing(people, signing_id)
    context = {
        "patient": patient,
        "form": form_of(consents),
        "phone": read_sending(request.clinic.pk).phone,
        "labels": LABELS,
        "may_write": "treatments:write" in request.actor.scopes,
        "can_mail": bool(addresses.usable_channels(patient)) and links.can_be_opened(patient),
    }
    return render(request, "treatments/consents/signed.html", context)


@page(scope="treatments:write", action="page.consent.copy", methods="POST")
def give_copy(request: PageRequest, patient_id: UUID, signing_id: UUID) -> HttpResponse:
    _patient, people = find_patient(request, patient_id)
    find_signing(people, signing_id)
    how = request.POST.get("how", "")
    if how not in rules.COPY_WAYS:
        raise NotFound
    actions.give_copy(signing_id=signing_id, how=how, by=request.actor, at=timezone.now())
    toasts.success(request, _("The copy is on its way.") if how == "link" else _("Noted."))
    return redirect("signed_consent", patient_id, signing_id)


@page(scope="treatments:write", action="page.consent.withdraw", methods="POST")
def withdraw(request: PageRequest, patient_id: UUID, consent_id: UUID) -> HttpResponse:
    _patient, people = find_patient(request, patient_id)
    if not Consent.objects.of_patients(people).filter(pk=consent_id).exists():
        raise NotFound
    withdrawn_by = request.POST.get("withdrawn_by", "patient")
    actions.withdraw_consent(
        consent_id=consent_id,
        withdrawn_by=withdrawn_by if withdrawn_by in rules.WITHDRAWN_BY else "patient",
        reason=request.POST.get("reason", "")[:1000],
        by=request.actor,
        at=timezone.now(),
    )
    toasts.success(request, _("Consent withdrawn."))
    return redirect("consents", patient_id)


@page(scope="patients:write", action="page.consent.withdraw_at_desk", methods="GET POST")
def withdraw_at_desk(request: PageRequest, patient_id: UUID) -> HttpResponse:
    """Record what a patient takes back at the desk or by phone; it shows nothing of what they had agreed to."""
    patient, _people = find_patient(request, patient_id)
    problem = ""
    if request.method == "POST":
        try:
            actions.withdraw_for_patient(
                patient_id=patient.pk,
                technique_class=request.POST.get("technique_class", ""),
                region=request.POST.get("region", ""),
                withdrawn_by=request.POST.get("withdrawn_by", "patient"),
                reason=request.POST.get("reason", "")[:1000],
                by=request.actor,
                at=timezone.now(),
            )
            toasts.success(request, _("Consent withdrawn."))
            return redirect("patient", patient.in_use.pk)
        except Invalid as refusal:
            problem, request.trace.code = message_of(refusal.errors[0]), refusal.code
        except actions.NothingToWithdraw as refusal:
            problem, request.trace.code = message_of(refusal), refusal.code
    context = {"patient": patient, "labels": LABELS, "sent": request.POST, "problem": problem}
    return render(request, "treatments/consents/withdraw.html", context, status=400 if problem else 200)
