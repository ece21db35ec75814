from __future__ import annotations

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import parse
from api.pagination import Page, moment, short_list
from api.schema import PAGED
from api.views import ClinicView, etag
from patients.queries import identities
from records import drafts
from records.documents import signature_json
from records.models import Record
from treatments import actions, limit_sources, rules
from treatments.api import serializers as shapes
from treatments.documents import SessionParts, session_json
from treatments.models import Session

EXAMPLE = OpenApiExample(
    "Compression, needling, stretching",
    request_only=True,
    value={
        "performed_at": "2026-11-20T09:50:00Z",
        "interventions": [
            {
                "technique": "ischemic_compression",
                "muscle": "trapezius_upper",
                "side": "right",
                "dose": {"hold_s": 60, "repetitions": 3, "pressure_discomfort_0_10": 6},
            },
            {
                "technique": "dry_needling",
                "muscle": "trapezius_upper",
                "side": "right",
                "dose": {
                    "needling_technique": "deep_pistoning",
                    "needle_diameter_mm": 0.3,
                    "needle_length_mm": 25,
                    "insertions": 8,
                    "ltr_elicited": "yes",
                    "ltr_count": 3,
                    "needles_in": 1,
                    "needles_out": 1,
                },
            },
        ],
        "measures": [
            {"kind": "pain", "phase": "before", "value": 6},
            {"kind": "pain", "phase": "after", "timing": "immediate", "value": 4},
        ],
        "response": "Tolerated well.",
    },
)


def answer(session: Session, parts: SessionParts | None = None, *, number: int = status.HTTP_200_OK) -> Response:
    """A session with its rows; `parts` as in `session_content`."""
    headers = {"ETag": etag(session.revision)}
    if number == status.HTTP_201_CREATED:
        headers["Location"] = f"/api/v1/sessions/{session.pk}/"
    return Response(session_json(session, parts), status=number, headers=headers)


def fresh(session_id: UUID) -> Session:
    return Session.objects.with_parts().get(pk=session_id)


def signature_response(record: Record, number: int = status.HTTP_200_OK) -> Response:
    """The record that a signature made."""
    return Response(signature_json(record), status=number, headers={"Location": f"/api/v1/records/{record.pk}/"})


class PatientSessions(ClinicView):
    scopes = {"get": "treatments:read", "post": "treatments:write"}
    audit_action = {"get": "session.list", "post": "session.record"}

    @extend_schema(
        operation_id="patients_sessions_list",
        tags=["sessions"],
        parameters=PAGED,
        responses=shapes.SessionPage,
    )
    def get(self, request: Request, patient_id: UUID) -> Response:
        """A patient's sessions, drafts too, newest first."""
        page = Page(request, key_types=[moment, UUID])
        patient_ids = identities(clinic_id=self.actor.clinic_id, patient_id=patient_id)
        self.saw(*patient_ids)
        sessions = Session.objects.visible_to(self.actor).of_patients(patient_ids)
        rows = page.rows(sessions.with_parts(), "-performed_at")
        key = lambda a: (a.performed_at.isoformat(), a.pk)  # noqa: E731 - used once, here
        return Response(page.answer(rows, key, lambda shown: [session_json(a) for a in shown]))

    @extend_schema(
        operation_id="patients_sessions_create",
        tags=["sessions"],
        request=shapes.NewSessionInput,
        responses={201: shapes.SessionOutput},
        examples=[EXAMPLE],
    )
    def post(self, request: Request, patient_id: UUID) -> Response:
        """Record a treatment session as a draft. A dose outside its usual range wants a reason in `limit_reasons`."""
        body = parse(shapes.NewSessionInput, request.data)
        recorded = actions.record_session(patient_id=patient_id, content=body, by=self.actor, at=timezone.now())
        return answer(recorded.session, recorded.parts, number=status.HTTP_201_CREATED)


class OneSession(ClinicView):
    scopes = {"get": "treatments:read", "patch": "treatments:write", "delete": "treatments:write"}
    audit_action = {"get": "session.read", "patch": "session.change", "delete": "session.discard"}

    @extend_schema(operation_id="sessions_read", tags=["sessions"], responses=shapes.SessionOutput)
    def get(self, request: Request, session_id: UUID) -> Response:
        """One session, draft or signed."""
        visible = Session.objects.visible_to(self.actor).with_parts()
        session = get_object_or_404(visible, pk=session_id)
        self.saw(session.patient_id)
        return Response(session_json(session), headers={"ETag": etag(session.revision)})

    @extend_schema(
        operation_id="sessions_change",
        tags=["sessions"],
        request=shapes.SessionChanges,
        responses=shapes.SessionOutput,
    )
    def patch(self, request: Request, session_id: UUID) -> Response:
        """Change a draft. A list that is sent replaces the whole list."""
        session = self._draft(session_id)
        body = parse(shapes.SessionChanges, request.data)
        actions.change_session(session=session, content=body, by=self.actor, at=timezone.now())
        return answer(fresh(session.pk))

    @extend_schema(operation_id="sessions_discard", tags=["sessions"], responses={204: None})
    def delete(self, request: Request, session_id: UUID) -> Response:
        """Throw a draft away. A signed session cannot be deleted; it can be entered in error."""
        actions.discard_session(session=self._draft(session_id), by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _draft(self, session_id: UUID) -> Session:
        session = get_object_or_404(Session.objects.visible_to(self.actor), pk=session_id)
        self.saw(session.patient_id)
        if "If-Match" not in self.request.headers:
            self.check_precondition(session.revision)
        draft = drafts.lock_draft(Session.objects.all(), session.pk)
        self.check_precondition(draft.revision)
        return draft


class SessionCommand(ClinicView):
    """A command on one session: found here, done by its action."""

    scopes = {"post": "treatments:write"}

    def get_session(self, session_id: UUID) -> Session:
        session = get_object_or_404(Session.objects.visible_to(self.actor), pk=session_id)
        self.saw(session.patient_id)
        return session

    def validate_body(self, shape: type[Any]) -> Any:
        return parse(shape, self.request.data)


class SessionSignature(SessionCommand):
    audit_action = {"post": "session.sign"}

    @extend_schema(operation_id="sessions_sign", tags=["sessions"], request=None, responses=shapes.SessionSignedOutput)
    def post(self, request: Request, session_id: UUID) -> Response:
        """Sign: from here on nothing in it changes."""
        session = self.get_session(session_id)
        return signature_response(
            actions.sign_session(session_id=session.pk, revision=self.read_revision(), by=self.actor, at=timezone.now())
        )


class SessionAddenda(SessionCommand):
    audit_action = {"post": "session.add_addendum"}

    @extend_schema(
        operation_id="sessions_addenda_create",
        tags=["sessions"],
        request=shapes.SessionAddendumInput,
        responses={201: shapes.SessionSignedOutput},
    )
    def post(self, request: Request, session_id: UUID) -> Response:
        """Add to a signed session."""
        session = self.get_session(session_id)
        revision = self.read_revision()
        text = self.validate_body(shapes.SessionAddendumInput)["text"]
        record = actions.add_addendum(session=session, text=text, revision=revision, by=self.actor, at=timezone.now())
        return signature_response(record, status.HTTP_201_CREATED)


class SessionEnteredInError(SessionCommand):
    audit_action = {"post": "session.mark_entered_in_error"}

    @extend_schema(
        operation_id="sessions_entered_in_error",
        tags=["sessions"],
        request=shapes.SessionReasonInput,
        responses=shapes.SessionSignedOutput,
    )
    def post(self, request: Request, session_id: UUID) -> Response:
        """Say that a signed session should never have been. It stays readable, marked."""
        session = self.get_session(session_id)
        revision = self.read_revision()
        reason = self.validate_body(shapes.SessionReasonInput)["reason"]
        return signature_response(
            actions.mark_entered_in_error(
                session=session, reason=reason, revision=revision, by=self.actor, at=timezone.now()
            )
        )


class SessionRevisions(SessionCommand):
    audit_action = {"post": "session.revise"}

    @extend_schema(
        operation_id="sessions_revisions_create",
        tags=["sessions"],
        request=None,
        responses={201: shapes.SessionOutput},
    )
    def post(self, request: Request, session_id: UUID) -> Response:
        """Start a new version of a signed session: a draft with the same content. Signed, it supersedes the old."""
        session = self.get_session(session_id)
        draft = actions.revise_session(session=session, revision=self.read_revision(), by=self.actor, at=timezone.now())
        return answer(fresh(draft.pk), number=status.HTTP_201_CREATED)


class Techniques(ClinicView):
    scopes = {"get": ""}

    @extend_schema(operation_id="techniques_list", tags=["catalogue"], parameters=PAGED, responses=shapes.TechniquePage)
    def get(self, request: Request) -> Response:
        """The techniques with the fields of their doses and the limits of each."""
        return Response(short_list(request, list(rules.TECHNIQUES.items()), self._show))

    def _show(self, entry: tuple[str, rules.Technique]) -> dict[str, Any]:
        code, technique = entry
        return {
            "id": code,
            "label": technique.label,
            "breaks_skin": technique.breaks_skin,
            "dose": [self._field(code, name, limits) for name, limits in technique.dose.items()],
        }

    def _field(self, technique: str, name: str, limits: rules.Limits) -> dict[str, Any]:
        field = rules.FIELDS[name]
        measured = rules.is_measured(name)
        return {
            "name": name,
            "label": field.label,
            "kind": field.kind,
            "unit": field.unit,
            "codes": list(field.codes),
            "hard": list(limits.hard) if measured else None,
            "soft": list(limits.soft) if limits.soft else None,
            "typical": list(limits.typical) if limits.typical else None,
            "limits": [
                {"limit": limit, "low": pair[0], "high": pair[1], "status": about.status, "source": about.source}
                for limit, pair, about in limit_sources.limits_with_sources(technique, name, limits)
                if measured
            ],
        }
