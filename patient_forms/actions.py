"""Sending a form to a patient, taking the answers, and a therapist's review of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts import policies
from audit import actions as audit
from database.expressions import new_id
from database.revisions import check_revision
from errors.exceptions import Conflict, Invalid, NotFound, Problems
from identity.actor import Actor
from messaging import actions as messages
from messaging import addresses, links
from messaging.models import Link
from patient_forms import registry, rules
from patient_forms.models import FormRequest
from patient_forms.questions import check_answers
from patients.actions import refuse_merged
from patients.models import Patient
from patients.queries import zone_of
from worklist import actions as worklist

WAITS = "form_to_review"
KIND = "form"


class FormNotOpen(Conflict):
    reason = "form_not_open"


class FormReviewed(Conflict):
    reason = "form_reviewed"


@transaction.atomic
def send_form(*, patient_id: UUID, form: str, by: Actor, at: datetime) -> FormRequest:
    """
    Send a patient the link to a form. A form that was sent and not answered is sent again, with a new link.

    :raises PatientMerged:
    :raises FormNotOpen: its answers wait for a review
    :raises Invalid: there is no such form, no channel, or no birth date to open the link with
    """
    patient = Patient.objects.select_for_update(of=("self",), no_key=True).filter(pk=patient_id).first()
    if patient is None:
        raise NotFound
    refuse_merged(patient)
    channel = _check_can_be_sent(patient, form)
    request = FormRequest.objects.filter(patient=patient, form=form, status__in=rules.OPEN).first()
    if request is not None and request.status == rules.ANSWERED:
        raise FormNotOpen("form_not_open.review")
    if request is not None and request.asked_at.replace(second=0, microsecond=0) == at.replace(second=0, microsecond=0):
        return request  # a second tap within the minute sends nothing more
    request = _ask(request, patient, form, by=by, at=at)
    messages.enqueue(
        kind=KIND,
        channel=channel,
        patient_id=patient.pk,
        about_id=request.pk,
        link=request.link,
        dedupe_key=f"form:{request.pk}:{at.isoformat()}",
        due_at=at,
        late_after=rules.LATE_AFTER,
        by=by,
        by_hand=True,
    )
    audit.log("form.send", by=by, target_id=request.pk, patient_ids=[patient.pk], code=form)
    return request


def _check_can_be_sent(patient: Patient, form: str) -> str:
    """Return the channel that the link goes out by."""
    problems = Problems()
    if form not in registry.FORMS:
        problems.add("/form", "unknown_code.patient_form", choices=list(registry.FORMS))
    channels = addresses.usable_channels(patient)
    if not channels:
        problems.add("/patient", "no_channel.form")
    if not links.can_be_opened(patient):
        problems.add("/patient", "no_birth_date.form")
    problems.raise_if_any()
    return channels[0]


def _ask(before: FormRequest | None, patient: Patient, form: str, *, by: Actor, at: datetime) -> FormRequest:
    """The request with a link of its own; the link of an earlier message closes."""
    request_id = before.pk if before else new_id()
    if before is not None:
        _close(before, at=at)
    link = links.make(
        purpose="form",
        patient_id=patient.pk,
        about_id=request_id,
        expires_at=at + rules.LINK_OPENS,
        clinic_id=by.clinic_id,
    )
    if before is None:
        return FormRequest.objects.create(
            id=request_id,
            clinic_id=by.clinic_id,
            patient=patient,
            form=form,
            link=link,
            asked_at=at,
            asked_by_id=by.author_id,
        )
    before.link, before.asked_at, before.asked_by_id, before.revision = link, at, by.author_id, before.revision + 1
    before.save(update_fields=["link", "asked_at", "asked_by", "revision"])
    return before


def _close(request: FormRequest, *, at: datetime) -> None:
    messages.call_off(about_ids=[request.pk], for_good=True)
    Link.objects.filter(pk=request.link_id, revoked_at=None).update(revoked_at=at)


@transaction.atomic
def answer_form(*, request_id: UUID, answers: Mapping[str, Any], by: Actor, at: datetime) -> FormRequest:
    """
    Keep a patient's answers for a therapist to review; what cannot wait is raised at once.

    :raises FormNotOpen: it was answered before, or cancelled
    :raises Invalid: an answer cannot be; each is named
    """
    request = (
        FormRequest.objects.select_for_update(of=("self",)).select_related("patient__merged_into").get(pk=request_id)
    )
    if request.status != rules.SENT:
        raise FormNotOpen
    form = registry.FORMS[request.form]
    check_answers(form.sections(request.patient.in_use), answers)
    form.check(answers, by.clinic_id, at.astimezone(zone_of(request.patient)).date())
    request.answers, request.answered_at, request.status = dict(answers), at, rules.ANSWERED
    request.form_version, request.revision = form.version, request.revision + 1
    request.save(update_fields=["answers", "answered_at", "status", "form_version", "revision"])
    Link.objects.filter(pk=request.link_id, used_at=None).update(used_at=at)
    audit.log("form.answer", by=by, target_id=request.pk, patient_ids=[request.patient_id], code=request.form)
    worklist.raise_item(
        kind=WAITS, patient_id=request.patient_id, about_id=request.pk, facts={"form": [request.form]}, by=by, at=at
    )
    form.react(request=request, by=by, at=at)
    return request


@transaction.atomic
def accept_form(
    *,
    request_id: UUID,
    keys: Collection[str],
    revision: int | None,
    patient_revision: int | None,
    by: Actor,
    at: datetime,
) -> FormRequest:
    """
    Write what a therapist takes over of a patient's answers to the record.

    :param keys: of the proposals; what is left out is not written
    :param revision: the one of the form that was read
    :param patient_revision: the one of the patient's record that the answers were held against
    :raises NoAuthor: only a therapist accepts
    :raises FormReviewed, RevisionChanged:
    :raises Invalid: a key is no proposal of this form, or a value is refused by the record
    """
    author_id = policies.require_author(by)
    request, patient = _get_for_review(request_id, revision)
    check_revision(patient, patient_revision)
    form = registry.FORMS[request.form]
    proposals = {proposal.key for proposal in form.propose(request.answers, patient)}
    if not set(keys) <= proposals:
        raise Invalid.at("/keys", "unknown_code.proposal")
    form.accept(patient=patient, answers=request.answers, keys=frozenset(keys), by=by, at=at)
    _review(request, rules.ACCEPTED, author_id, taken=sorted(keys), by=by, at=at)
    return request


@transaction.atomic
def dismiss_form(*, request_id: UUID, note: str, revision: int | None, by: Actor, at: datetime) -> FormRequest:
    """
    Use nothing of a patient's answers. They stay as they were sent in, with the reason.

    :raises NoAuthor, FormReviewed, RevisionChanged:
    :raises Invalid: the reason is too short
    """
    author_id = policies.require_author(by)
    if len(note.strip()) < rules.MIN_REASON_CHARACTERS:
        raise Invalid.at("/note", "too_short.dismissal", least=rules.MIN_REASON_CHARACTERS)
    request, _patient = _get_for_review(request_id, revision)
    _review(request, rules.DISMISSED, author_id, note=note.strip()[: rules.TEXT_MOST], by=by, at=at)
    return request


def _get_for_review(request_id: UUID, revision: int | None) -> tuple[FormRequest, Patient]:
    """The form and the record that is in use, both locked."""
    request = FormRequest.objects.select_for_update(of=("self",)).select_related("patient").get(pk=request_id)
    if request.status != rules.ANSWERED:
        raise FormReviewed
    check_revision(request, revision)
    in_use = request.patient.merged_into_id or request.patient_id
    return request, Patient.objects.select_for_update(of=("self",), no_key=True).get(pk=in_use)


def _review(
    request: FormRequest,
    status: str,
    author_id: UUID,
    *,
    taken: list[str] | None = None,
    note: str = "",
    by: Actor,
    at: datetime,
) -> None:
    request.status, request.reviewed_at, request.reviewed_by_id = status, at, author_id
    request.taken, request.review_note, request.revision = taken or [], note, request.revision + 1
    request.save(update_fields=["status", "reviewed_at", "reviewed_by", "taken", "review_note", "revision"])
    worklist.resolve(kinds=[WAITS], about_ids=[request.pk], by=by, at=at)
    audit.log(f"form.{status}", by=by, target_id=request.pk, patient_ids=[request.patient_id], code=request.form)


@transaction.atomic
def cancel_form(*, request_id: UUID, revision: int | None, by: Actor, at: datetime) -> FormRequest:
    """
    Close the link of a form that was not answered.

    :param revision: the one that was read
    :raises FormNotOpen: it was answered, or cancelled before
    :raises RevisionChanged: it was sent again since, with a new link
    """
    request = FormRequest.objects.select_for_update(of=("self",)).get(pk=request_id)
    if request.status != rules.SENT:
        raise FormNotOpen
    check_revision(request, revision)
    _close(request, at=at)
    request.status, request.revision = rules.CANCELLED, request.revision + 1
    request.save(update_fields=["status", "revision"])
    audit.log("form.cancelled", by=by, target_id=request.pk, patient_ids=[request.patient_id], code=request.form)
    return request
