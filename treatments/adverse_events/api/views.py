"""Adverse events of a patient, and the clinic's rates."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.queries import clinic_zone
from api.fields import parse
from api.pagination import Page, moment
from api.schema import PAGED
from api.views import ClinicView
from errors.exceptions import NotFound
from patients.queries import identities
from treatments.adverse_events import actions, queries, rates
from treatments.adverse_events.api import serializers as shapes
from treatments.adverse_events.period import period_of
from treatments.adverse_events.rules import EventFacts
from treatments.models import AdverseEvent


def event_json(event: AdverseEvent) -> dict[str, Any]:
    names = list(shapes.AdverseEventOutput().fields)
    return {name: getattr(event, name) for name in names}


def with_versions(versions: list[AdverseEvent]) -> dict[str, Any]:
    return {**event_json(versions[0]), "versions": [event_json(version) for version in versions]}


def facts_of(body: dict[str, Any]) -> EventFacts:
    return EventFacts(**{name: body[name] for name in EventFacts.__dataclass_fields__})


class PatientAdverseEvents(ClinicView):
    scopes = {"get": "treatments:read", "post": "treatments:write"}
    audit_action = {"get": "adverse_event.list", "post": "adverse_event.record"}

    @extend_schema(
        operation_id="patients_adverse_events_list",
        tags=["adverse events"],
        parameters=PAGED,
        responses=shapes.AdverseEventPage,
    )
    def get(self, request: Request, patient_id: UUID) -> Response:
        """A patient's adverse events in their newest version, dismissed ones too, newest first."""
        page = Page(request, key_types=[moment, UUID])
        patient_ids = identities(clinic_id=self.actor.clinic_id, patient_id=patient_id)
        self.saw(*patient_ids)
        events = AdverseEvent.objects.visible_to(self.actor).of_patients(patient_ids).newest_versions()
        rows = page.rows(events, "-recorded_at")
        answer = page.answer(
            rows, lambda e: (e.recorded_at.isoformat(), e.pk), lambda shown: [event_json(e) for e in shown]
        )
        return Response(answer)

    @extend_schema(
        operation_id="patients_adverse_events_create",
        tags=["adverse events"],
        request=shapes.NewEventInput,
        responses={201: shapes.AdverseEventWithVersionsOutput},
    )
    def post(self, request: Request, patient_id: UUID) -> Response:
        """
        Record an adverse event of one of the patient's sessions, at any time.

        A serious one is on the owner's worklist at once. What is recorded is never changed: a correction is a version.
        """
        self.saw(patient_id)
        body = parse(shapes.NewEventInput, request.data)
        event = actions.record_event(
            patient_id=patient_id, session_id=body["session"], facts=facts_of(body), by=self.actor, at=timezone.now()
        )
        return Response(with_versions(queries.versions_of(event.event_id)), status=status.HTTP_201_CREATED)


class EventView(ClinicView):
    """One adverse event of a patient."""

    def versions(self, patient_id: UUID, event_id: UUID) -> list[AdverseEvent]:
        """:raises NotFound:"""
        patient_ids = identities(clinic_id=self.actor.clinic_id, patient_id=patient_id)
        self.saw(*patient_ids, target_id=event_id)
        versions = [version for version in queries.versions_of(event_id) if version.patient_id in patient_ids]
        if not versions:
            raise NotFound
        return versions


class OneAdverseEvent(EventView):
    scopes = {"get": "treatments:read"}
    audit_action = {"get": "adverse_event.read"}

    @extend_schema(
        operation_id="patients_adverse_events_read",
        tags=["adverse events"],
        responses=shapes.AdverseEventWithVersionsOutput,
    )
    def get(self, request: Request, patient_id: UUID, event_id: UUID) -> Response:
        """One adverse event with all its versions."""
        return Response(with_versions(self.versions(patient_id, event_id)))


class AdverseEventVersions(EventView):
    scopes = {"post": "treatments:write"}
    audit_action = {"post": "adverse_event.correct"}

    @extend_schema(
        operation_id="patients_adverse_events_correct",
        tags=["adverse events"],
        request=shapes.EventVersionInput,
        responses={201: shapes.AdverseEventWithVersionsOutput},
    )
    def post(self, request: Request, patient_id: UUID, event_id: UUID) -> Response:
        """Confirm an unconfirmed event, or correct a confirmed one with a reason. `409 event_changed` if not newest."""
        self.versions(patient_id, event_id)
        body = parse(shapes.EventVersionInput, request.data)
        actions.correct_event(
            event_id=event_id,
            version=body["version"],
            facts=facts_of(body),
            reason=body["reason"],
            by=self.actor,
            at=timezone.now(),
        )
        return Response(with_versions(self.versions(patient_id, event_id)), status=status.HTTP_201_CREATED)


class AdverseEventDismissal(EventView):
    scopes = {"post": "treatments:write"}
    audit_action = {"post": "adverse_event.dismiss"}

    @extend_schema(
        operation_id="patients_adverse_events_dismiss",
        tags=["adverse events"],
        request=shapes.EventDismissalInput,
        responses={201: shapes.AdverseEventWithVersionsOutput},
    )
    def post(self, request: Request, patient_id: UUID, event_id: UUID) -> Response:
        """Say with a reason that it was no adverse event; it stays readable and counts in no rate."""
        self.versions(patient_id, event_id)
        body = parse(shapes.EventDismissalInput, request.data)
        actions.dismiss_event(event_id=event_id, **body, by=self.actor, at=timezone.now())
        return Response(with_versions(self.versions(patient_id, event_id)), status=status.HTTP_201_CREATED)


# --- Rates ----------------------------------------------------------------------------------------------------


def rate_json(rate: rates.TechniqueRate) -> dict[str, Any]:
    own = ("technique", "sessions", "asked", "is_suppressed", "events", "sessions_with_events", "events_not_asked")
    return {
        **{name: getattr(rate, name) for name in own},
        **{name: number(getattr(rate, name)) for name in ("not_asked_pct", "rate_pct", "upper_95_pct")},
        "severities": [
            {
                "severity": severity.severity,
                "events": severity.events,
                "rate_pct": number(severity.rate_pct),
                "upper_95_pct": number(severity.upper_95_pct),
            }
            for severity in rate.severities
        ],
        "codes": [{"code": code, "events": events} for code, events in rate.codes],
        "published": [published_rate_json(published) for published in rates.find_published_rates(rate.technique)],
    }


def published_rate_json(published: rates.PublishedRate) -> dict[str, Any]:
    names = ("study", "grade", "events", "n", "of", "source")
    return {
        **{name: getattr(published, name) for name in names},
        "rate_pct": number(published.rate_pct),
        "upper_95_pct": number(published.upper_95_pct),
    }


def number(value: Any) -> float | None:
    return None if value is None else float(value)


class AdverseEventRates(ClinicView):
    scopes = {"get": "treatments:read"}
    audit_action = {"get": "adverse_event.rates"}

    @extend_schema(
        operation_id="adverse_events_rates",
        tags=["adverse events"],
        parameters=[
            OpenApiParameter("since", {"type": "string", "format": "date"}),
            OpenApiParameter("until", {"type": "string", "format": "date"}),
        ],
        responses=shapes.RatesOutput,
    )
    def get(self, request: Request) -> Response:
        """
        How often adverse events happened, by technique.

        The denominator is the signed sessions that somebody asked about afterwards; the share not asked stands beside.
        """
        query = parse(shapes.RatesQuery, request.query_params.dict())
        zone = clinic_zone(self.actor.clinic_id)
        period = period_of(query["since"], query["until"], zone=zone, at=timezone.now())
        techniques = queries.clinic_rates(since=period.begins_at, until=period.ends_at)
        return Response(
            {"since": period.since, "until": period.until, "techniques": [rate_json(rate) for rate in techniques]}
        )
