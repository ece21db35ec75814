"""Outcome measures: the catalogue's, a patient's results, and what the clinic asks for."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

import catalogue
from accounts.queries import shows_classification
from api.fields import parse
from api.pagination import Page, moment, short_list
from api.schema import PAGED
from api.views import ClinicView
from assessments import measures
from assessments.outcomes import actions, queries, rules
from assessments.outcomes.api import serializers as shapes
from assessments.outcomes.models import Outcome
from errors.exceptions import NotFound
from patients.queries import identities


def figure(value: Any) -> float | None:
    return None if value is None else float(value)


def threshold_json(threshold: measures.Threshold) -> dict[str, Any]:
    return {
        **{name: getattr(threshold, name) for name in ("kind", "population", "source", "is_verified")},
        **{name: figure(getattr(threshold, name)) for name in ("amount", "upper", "percent")},
    }


def change_json(change: measures.Change) -> dict[str, Any]:
    groups = ("beyond", "within", "between", "unverified")
    return {
        "difference": float(change.difference),
        "direction": change.direction,
        **{name: [threshold_json(threshold) for threshold in getattr(change, name)] for name in groups},
    }


def outcome_json(result: queries.Result, *, computed: bool) -> dict[str, Any]:
    row, withdrawal = result.row, getattr(result.row, "withdrawal", None)
    return {
        **{name: getattr(row, name) for name in ("id", "patient_id", "measure", "side", "answers")},
        "muscle": row.muscle_id,
        "score": figure(result.score.value),
        "percent": figure(result.score.percent),
        "band": result.score.band or None if computed else None,
        "change": change_json(result.change) if computed and result.change else None,
        **{name: getattr(row, name) for name in ("performed_at", "recorded_at", "recorded_by_id")},
        "withdrawal": withdrawal and {"reason": withdrawal.reason, "withdrawn_at": withdrawal.withdrawn_at},
    }


def measure_json(code: str) -> dict[str, Any]:
    measure = catalogue.MEASURES[code]
    bands = [
        {"code": band["code"], "label": band["label"], "begins_at": float(band["from"])}
        for band in measure.get("bands", ())
    ]
    return {
        **{name: measure[name] for name in ("id", "label", "low", "high", "unit", "better", "licence", "source")},
        "entered_as": measure["entry"],
        "items": measure.get("items", []),
        "bands": bands if shows_classification() else [],
        "thresholds": [threshold_json(threshold) for threshold in measures.THRESHOLDS[code]],
    }


class OutcomeMeasures(ClinicView):
    scopes = {"get": ""}

    @extend_schema(
        operation_id="outcome_measures_list",
        tags=["outcomes"],
        parameters=PAGED,
        responses=shapes.OutcomeMeasurePage,
    )
    def get(self, request: Request) -> Response:
        """The measures with limits, direction and all thresholds side by side, each with its population and source."""
        return Response({"version": catalogue.MEASURES_VERSION, **short_list(request, rules.MEASURES, measure_json)})


class PatientOutcomes(ClinicView):
    scopes = {"get": "assessments:read", "post": "assessments:write"}
    audit_action = {"get": "outcome.list", "post": "outcome.record"}

    @extend_schema(
        operation_id="patients_outcomes_list", tags=["outcomes"], parameters=PAGED, responses=shapes.OutcomePage
    )
    def get(self, request: Request, patient_id: UUID) -> Response:
        """A patient's results, newest first, those entered in error too."""
        page = Page(request, key_types=[moment, UUID])
        patient_ids = identities(clinic_id=self.actor.clinic_id, patient_id=patient_id)
        self.saw(*patient_ids)
        rows = page.rows(Outcome.objects.of_patients(patient_ids).select_related("withdrawal"), "-performed_at")
        changes = {result.row.pk: result for series in queries.list_series(patient_ids) for result in series}
        computed = shows_classification()

        def show(shown: list[Outcome]) -> list[dict[str, Any]]:
            results = [queries.read_result(row) for row in shown]
            return [
                outcome_json(
                    queries.Result(result.row, result.entered, result.score, known.change if known else None),
                    computed=computed,
                )
                for result in results
                for known in [changes.get(result.row.pk)]
            ]

        return Response(page.answer(rows, lambda row: (row.performed_at.isoformat(), row.pk), show))

    @extend_schema(
        operation_id="patients_outcomes_create",
        tags=["outcomes"],
        request=shapes.OutcomeInput,
        responses={201: shapes.OutcomeOutput},
    )
    def post(self, request: Request, patient_id: UUID) -> Response:
        """
        Record a result. It is final; a wrong one is marked as entered in error.

        A positive mood screen puts the patient on the worklist, and safety must be asked about before the next
        treatment.
        """
        self.saw(patient_id)
        body, now = parse(shapes.OutcomeInput, request.data), timezone.now()
        body["performed_at"] = body["performed_at"] or now
        body["activities"] = [rules.Activity(**row) for row in body.get("activities") or ()]
        rows = actions.record_outcomes(
            patient_id=patient_id, outcomes=[rules.NewOutcome(**body)], by=self.actor, at=now
        )
        answer = outcome_json(queries.read_result(rows[0]), computed=shows_classification())
        return Response(answer, status=status.HTTP_201_CREATED)


class OutcomeWithdrawals(ClinicView):
    scopes = {"post": "assessments:write"}
    audit_action = {"post": "outcome.withdraw"}

    @extend_schema(
        operation_id="patients_outcomes_withdraw",
        tags=["outcomes"],
        request=shapes.WithdrawOutcomeInput,
        responses={201: shapes.OutcomeOutput},
    )
    def post(self, request: Request, patient_id: UUID, outcome_id: UUID) -> Response:
        """Mark a result as entered in error, with a reason. It stays readable and counts nowhere."""
        patient_ids = identities(clinic_id=self.actor.clinic_id, patient_id=patient_id)
        self.saw(*patient_ids, target_id=outcome_id)
        row = Outcome.objects.of_patients(patient_ids).filter(pk=outcome_id).first()
        if row is None:
            raise NotFound
        reason = parse(shapes.WithdrawOutcomeInput, request.data)["reason"]
        actions.withdraw_outcome(outcome_id=row.pk, reason=reason, by=self.actor, at=timezone.now())
        row = Outcome.objects.select_related("withdrawal").get(pk=outcome_id)
        answer = outcome_json(queries.read_result(row), computed=shows_classification())
        return Response(answer, status=status.HTTP_201_CREATED)


class OutcomeSettings(ClinicView):
    scopes = {"get": "assessments:read", "patch": "safety:manage"}
    audit_action = {"get": "outcome.settings", "patch": "outcome.settings"}

    @extend_schema(operation_id="outcome_settings_read", tags=["outcomes"], responses=shapes.OutcomeSettingsShape)
    def get(self, request: Request) -> Response:
        """Which measures the clinic asks for, and in which weeks of a treatment plan."""
        settings = queries.outcome_settings(self.actor.clinic_id)
        return Response({"weeks": settings.weeks, "measures": settings.measures})

    @extend_schema(
        operation_id="outcome_settings_change",
        tags=["outcomes"],
        request=shapes.OutcomeSettingsShape,
        responses=shapes.OutcomeSettingsShape,
    )
    def patch(self, request: Request) -> Response:
        """Change what the clinic asks for. Only the clinic's owner."""
        body = parse(shapes.OutcomeSettingsShape, request.data)
        settings = queries.outcome_settings(self.actor.clinic_id)
        settings = actions.set_outcome_settings(
            weeks=body.get("weeks", settings.weeks),
            measures=body.get("measures", settings.measures),
            revision=None,
            by=self.actor,
        )
        return Response({"weeks": settings.weeks, "measures": settings.measures})
