"""Forms by link: sent, read, accepted or dismissed by a therapist, cancelled."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import names_of, parse
from api.pagination import Page, short_list
from api.schema import PAGED
from api.views import ClinicView, etag
from errors.exceptions import NotFound
from patient_forms import actions, rules
from patient_forms.api import serializers as shapes
from patient_forms.models import FormRequest
from patient_forms.registry import FORMS, list_forms
from patients.models import Patient
from patients.queries import identities

TAG = ["patient forms"]
OWN = names_of(shapes.FormRequestOutput)


def request_json(form_request: FormRequest) -> dict[str, Any]:
    return {name: getattr(form_request, name) for name in OWN}


def answer(form_request: FormRequest, number: int = status.HTTP_200_OK) -> Response:
    headers = {"ETag": etag(form_request.revision)}
    if number == status.HTTP_201_CREATED:
        headers["Location"] = f"/api/v1/forms/{form_request.pk}/"
    return Response(request_json(form_request), status=number, headers=headers)


class PatientForms(ClinicView):
    scopes = {"get": ""}

    @extend_schema(operation_id="patient_forms_list", tags=TAG, parameters=PAGED, responses=shapes.PatientFormPage)
    def get(self, request: Request) -> Response:
        """The forms that can be sent to a patient."""

        def show(form: Any) -> dict[str, Any]:
            return {"code": form.code, "version": form.version, "title": str(form.title)}

        return Response(short_list(request, list(list_forms()), show))


class FormsOfPatient(ClinicView):
    scopes = {"get": "patients:write", "post": "patients:write"}
    audit_action = {"get": "form.list", "post": "form.send"}

    @extend_schema(operation_id="patients_forms_list", tags=TAG, parameters=PAGED, responses=shapes.FormRequestPage)
    def get(self, request: Request, patient_id: UUID) -> Response:
        """What a patient was sent and how it stands, newest first; without the answers."""
        page = Page(request, key_types=[UUID])
        patient_ids = identities(clinic_id=self.actor.clinic_id, patient_id=patient_id)
        self.saw(*patient_ids)
        requests = FormRequest.objects.of_patients(patient_ids).filter(form__in=list(FORMS))
        if page.after:
            requests = requests.filter(pk__lt=page.after[0])
        rows = list(requests.order_by("-pk")[: page.limit + 1])
        return Response(page.answer(rows, lambda row: [row.pk], lambda shown: [request_json(row) for row in shown]))

    @extend_schema(
        operation_id="patients_forms_send",
        tags=TAG,
        request=shapes.FormInput,
        responses={201: shapes.FormRequestOutput},
    )
    def post(self, request: Request, patient_id: UUID) -> Response:
        """
        Send the patient a link to a form; one that was sent and not answered is sent again, with a new link.

        The link goes to the patient only: nobody else learns it.
        """
        self.saw(*identities(clinic_id=self.actor.clinic_id, patient_id=patient_id))
        form = parse(shapes.FormInput, request.data)["form"]
        sent = actions.send_form(patient_id=patient_id, form=form, by=self.actor, at=timezone.now())
        return answer(sent, status.HTTP_201_CREATED)


class FormView(ClinicView):
    def get_request(self, form_id: UUID) -> FormRequest:
        requests = FormRequest.objects.filter(clinic_id=self.actor.clinic_id, form__in=list(FORMS))
        form_request = requests.select_related("patient__merged_into").filter(pk=form_id).first()
        if form_request is None:
            raise NotFound
        self.saw(form_request.patient_id, target_id=form_request.pk)
        return form_request


class OneForm(FormView):
    scopes = {"get": "assessments:read"}
    audit_action = {"get": "form.read"}

    @extend_schema(operation_id="forms_read", tags=TAG, responses=shapes.OneFormRequestOutput)
    def get(self, request: Request, form_id: UUID) -> Response:
        """The answers, and what accepting them would write, each beside what is recorded."""
        form_request = self.get_request(form_id)
        form, patient = FORMS[form_request.form], form_request.patient.in_use
        waits = form_request.status == rules.ANSWERED
        was_answered = form_request.answered_at is not None
        described = form.describe(form_request.answers) if was_answered else []
        body = {
            **request_json(form_request),
            "answers": form_request.answers,
            "described": [{"question": str(question), "answer": str(text)} for question, text in described],
            "proposals": [
                {
                    "key": proposal.key,
                    "title": str(proposal.label),
                    "proposed": str(proposal.proposed),
                    "recorded": str(proposal.recorded),
                }
                for proposal in (form.propose(form_request.answers, patient) if waits else ())
            ],
            "patient_revision": Patient.objects.values_list("revision", flat=True).get(pk=patient.pk),
            "taken": form_request.taken,
            "review_note": form_request.review_note,
        }
        return Response(body, headers={"ETag": etag(form_request.revision)})


class FormAcceptance(FormView):
    scopes = {"post": "assessments:write"}
    audit_action = {"post": "form.accept"}

    @extend_schema(
        operation_id="forms_accept", tags=TAG, request=shapes.FormAcceptInput, responses=shapes.FormRequestOutput
    )
    def post(self, request: Request, form_id: UUID) -> Response:
        """Write what a therapist takes over of the answers to the record."""
        form_request, revision = self.get_request(form_id), self.read_revision()
        body = parse(shapes.FormAcceptInput, request.data)
        accepted = actions.accept_form(
            request_id=form_request.pk,
            keys=body["keys"],
            revision=revision,
            patient_revision=body["patient_revision"],
            by=self.actor,
            at=timezone.now(),
        )
        return answer(accepted)


class FormDismissal(FormView):
    scopes = {"post": "assessments:write"}
    audit_action = {"post": "form.dismiss"}

    @extend_schema(
        operation_id="forms_dismiss", tags=TAG, request=shapes.FormDismissInput, responses=shapes.FormRequestOutput
    )
    def post(self, request: Request, form_id: UUID) -> Response:
        """Use nothing of the answers; they stay as they were sent in, with the reason."""
        form_request, revision = self.get_request(form_id), self.read_revision()
        note = parse(shapes.FormDismissInput, request.data)["note"]
        dismissed = actions.dismiss_form(
            request_id=form_request.pk, note=note, revision=revision, by=self.actor, at=timezone.now()
        )
        return answer(dismissed)


class FormCancel(FormView):
    scopes = {"post": "patients:write"}
    audit_action = {"post": "form.cancel"}

    @extend_schema(operation_id="forms_cancel", tags=TAG, request=None, responses=shapes.FormRequestOutput)
    def post(self, request: Request, form_id: UUID) -> Response:
        """Close the link of a form that was not answered."""
        form_request, revision = self.get_request(form_id), self.read_revision()
        return answer(
            actions.cancel_form(request_id=form_request.pk, revision=revision, by=self.actor, at=timezone.now())
        )
