"""Consents of a patient, and the texts that are read before."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Clinic
from api.fields import parse
from api.pagination import Page, moment, short_list
from api.schema import PAGED
from api.views import ClinicView
from patients.queries import identities
from treatments.consents import actions, queries
from treatments.consents.api import serializers as shapes
from treatments.models import Consent


def consent_json(consent: Consent, at: datetime) -> dict[str, Any]:
    """:param consent: with its withdrawal and copies at hand, see `with_state`"""
    own = [
        "id",
        "signing_id",
        "technique_class",
        "region",
        "language",
        "text_version",
        "text",
        "risks",
        "how",
        "signed_name",
        "signature",
        "witness",
        "guardian_relation",
        "given_at",
        "valid_days",
        "valid_until",
        "withdrawn_at",
        "recorded_at",
        "recorded_by_id",
    ]
    digest = consent.signature_sha256
    return {
        **{name: getattr(consent, name) for name in own},
        "state": consent.known.state(at),
        "signature_sha256": bytes(digest).hex() if digest is not None else None,
        "withdrawn_by": consent.withdrawal.withdrawn_by if consent.withdrawn_at else None,
        "copies": [{"how": copy.how, "given_at": copy.given_at} for copy in consent.copies.all()],
    }


class PatientConsents(ClinicView):
    scopes = {"get": "treatments:read", "post": "treatments:write"}
    audit_action = {"get": "consent.list", "post": "consent.record"}

    @extend_schema(
        operation_id="patients_consents_list",
        tags=["consents"],
        parameters=PAGED,
        responses=shapes.TreatmentConsentPage,
    )
    def get(self, request: Request, patient_id: UUID) -> Response:
        """A patient's consents, expired and withdrawn ones too, newest first."""
        page = Page(request, key_types=[moment, UUID])
        patient_ids = identities(clinic_id=self.actor.clinic_id, patient_id=patient_id)
        self.saw(*patient_ids)
        consents = Consent.objects.visible_to(self.actor).of_patients(patient_ids).with_state()
        now = timezone.now()
        rows = page.rows(consents, "-given_at")
        answer = page.answer(
            rows, lambda c: (c.given_at.isoformat(), c.pk), lambda shown: [consent_json(c, now) for c in shown]
        )
        return Response(answer)

    @extend_schema(
        operation_id="patients_consents_create",
        tags=["consents"],
        request=shapes.TreatmentConsentInput,
        responses={201: shapes.TreatmentConsentOutput},
    )
    def post(self, request: Request, patient_id: UUID) -> Response:
        """
        Record a consent: to one class of techniques, in one region, after the text of that version was read.

        It cannot be changed; it can be withdrawn. `409 text_changed` if the text has a newer version.
        """
        self.saw(patient_id)
        body = parse(shapes.TreatmentConsentInput, request.data)
        agreed = actions.Agreed(body["technique_class"], body["language"], {body["region"]: body["text_version"]})
        names = ("how", "signed_name", "signature", "witness", "guardian_relation", "given_at")
        agreement = actions.Agreement(**{name: body[name] for name in names})
        [consent] = actions.record_consents(
            patient_id=patient_id, agreed=agreed, given=agreement, by=self.actor, at=timezone.now()
        )
        return answer(consent.pk, status.HTTP_201_CREATED)


def answer(consent_id: UUID, number: int = status.HTTP_200_OK) -> Response:
    consent = Consent.objects.with_state().get(pk=consent_id)
    return Response(consent_json(consent, timezone.now()), status=number)


class ConsentCommand(ClinicView):
    """A command on one consent of a patient."""

    scopes = {"post": "treatments:write"}

    def get_consent(self, patient_id: UUID, consent_id: UUID) -> Consent:
        patient_ids = identities(clinic_id=self.actor.clinic_id, patient_id=patient_id)
        self.saw(*patient_ids, target_id=consent_id)
        visible = Consent.objects.visible_to(self.actor).of_patients(patient_ids)
        return get_object_or_404(visible, pk=consent_id)


class Withdrawal(ConsentCommand):
    audit_action = {"post": "consent.withdraw"}

    @extend_schema(
        operation_id="patients_consents_withdraw",
        tags=["consents"],
        request=shapes.WithdrawalInput,
        responses=shapes.TreatmentConsentOutput,
    )
    def post(self, request: Request, patient_id: UUID, consent_id: UUID) -> Response:
        """Withdraw a consent, and every earlier one for the same class and region."""
        consent = self.get_consent(patient_id, consent_id)
        body = parse(shapes.WithdrawalInput, request.data)
        actions.withdraw_consent(consent_id=consent.pk, **body, by=self.actor, at=timezone.now())
        return answer(consent.pk)


class Copies(ConsentCommand):
    audit_action = {"post": "consent.copy"}

    @extend_schema(
        operation_id="patients_consents_copies_create",
        tags=["consents"],
        request=shapes.CopyInput,
        responses={201: shapes.TreatmentConsentOutput},
    )
    def post(self, request: Request, patient_id: UUID, consent_id: UUID) -> Response:
        """Note that the patient was given a copy, or did not want one; for `link`, send it."""
        consent = self.get_consent(patient_id, consent_id)
        how = parse(shapes.CopyInput, request.data)["how"]
        actions.give_copy(signing_id=consent.signing_id, how=how, by=self.actor, at=timezone.now())
        return answer(consent.pk, status.HTTP_201_CREATED)


class PatientWithdrawals(ClinicView):
    scopes = {"post": "patients:write"}
    audit_action = {"post": "consent.withdraw"}

    @extend_schema(
        operation_id="patients_consents_withdraw_all",
        tags=["consents"],
        request=shapes.PatientWithdrawalInput,
        responses={201: shapes.PatientWithdrawalOutput},
    )
    def post(self, request: Request, patient_id: UUID) -> Response:
        """
        Withdraw what a patient takes back, as the front desk hears it: of a class, a region, or everything.

        `409 nothing_to_withdraw` if no such consent holds. It shows nothing of what the patient had agreed to.
        """
        self.saw(patient_id)
        body = parse(shapes.PatientWithdrawalInput, request.data)
        rows = actions.withdraw_for_patient(patient_id=patient_id, **body, by=self.actor, at=timezone.now())
        return Response({"withdrawn": len(rows)}, status=status.HTTP_201_CREATED)


TEXT_FIELDS = ("technique_class", "region", "language", "version", "is_clinics", "text", "risks")


def text_json(text: queries.CurrentText) -> dict[str, Any]:
    return {name: getattr(text, name) for name in TEXT_FIELDS}


class ConsentTexts(ClinicView):
    scopes = {"get": "treatments:read", "post": "safety:manage"}
    audit_action = {"get": "consent.texts", "post": "consent.text"}

    @extend_schema(
        operation_id="consent_texts_list", tags=["consents"], parameters=PAGED, responses=shapes.ConsentTextPage
    )
    def get(self, request: Request) -> Response:
        """The current text of every class, region and language: the clinic's own, or the product's."""
        return Response(short_list(request, queries.all_texts(), text_json))

    @extend_schema(
        operation_id="consent_texts_create",
        tags=["consents"],
        request=shapes.ConsentTextInput,
        responses={201: shapes.ConsentTextOutput},
    )
    def post(self, request: Request) -> Response:
        """Write a new version of the clinic's own text, or go back to the product's. Only the clinic's owner."""
        body = {"risks": [], **parse(shapes.ConsentTextInput, request.data)}
        actions.save_text(**body, by=self.actor, at=timezone.now())
        text = queries.current_text(body["technique_class"], body["region"], body["language"])
        return Response(text_json(text), status=status.HTTP_201_CREATED)


class ConsentSettings(ClinicView):
    scopes = {"get": "treatments:read", "patch": "safety:manage"}
    audit_action = {"get": "consent.settings", "patch": "consent.settings"}

    @extend_schema(operation_id="consent_settings_read", tags=["consents"], responses=shapes.ConsentSettings)
    def get(self, request: Request) -> Response:
        """How long new consents hold in this clinic."""
        days = Clinic.objects.values_list("consent_valid_days", flat=True).get(pk=self.actor.clinic_id)
        return Response({"valid_days": days})

    @extend_schema(
        operation_id="consent_settings_change",
        tags=["consents"],
        request=shapes.ConsentSettings,
        responses=shapes.ConsentSettings,
    )
    def patch(self, request: Request) -> Response:
        """Change how long new consents hold; those that were given keep their own end. Only the clinic's owner."""
        body = parse(shapes.ConsentSettings, request.data)
        actions.set_valid_days(days=body["valid_days"], by=self.actor)
        return Response(body)
