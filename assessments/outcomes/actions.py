"""Recording results of outcome measures, withdrawing wrong ones, and choosing what is asked for when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts import policies
from assessments.outcomes import rules
from assessments.outcomes.models import Outcome, OutcomeSettings, OutcomeWithdrawal
from assessments.outcomes.queries import outcome_settings
from assessments.outcomes.rules import NewOutcome
from audit import actions as audit
from catalogue import MEASURES_VERSION
from database.expressions import new_id
from database.revisions import check_revision
from errors.constraints import violations_as
from errors.exceptions import Conflict, Invalid, NotFound, Problems
from identity.actor import Actor
from records import drafts
from worklist import actions as worklist


class OutcomeWithdrawn(Conflict):
    reason = "outcome_withdrawn"


@transaction.atomic
def record_outcomes(*, patient_id: UUID, outcomes: Sequence[NewOutcome], by: Actor, at: datetime) -> list[Outcome]:
    """
    Record results of a patient; all of them, or none.

    A positive mood screen puts the patient on the worklist, and the question of safety is asked before the next
    treatment (`assessments.queries.RED_FLAG_ANSWERS`).

    :raises NoAuthor, NotFound, PatientMerged, PatientNotInCare:
    :raises Invalid: a value cannot be; each is named, below its number if there are several
    """
    author_id = policies.require_author(by)
    patient = drafts.open_patient(patient_id)
    problems = Problems()
    for number, outcome in enumerate(outcomes):
        before = f"/{number}" if len(outcomes) > 1 else ""
        for error in rules.check(outcome, at=at).errors:
            problems.add(before + error.pointer, error.reason, **error.params)
    problems.raise_if_any()
    rows = [
        Outcome(
            id=new_id(),
            clinic_id=by.clinic_id,
            patient=patient,
            measure=outcome.measure,
            series_key=rules.series_key(outcome),
            muscle_id=outcome.muscle or None,
            side=outcome.side or None,
            answers=rules.to_answers(outcome),
            score=rules.score(outcome).value,
            catalogue_version=MEASURES_VERSION,
            performed_at=outcome.performed_at,
            recorded_at=at,
            recorded_by_id=author_id,
        )
        for outcome in outcomes
    ]
    Outcome.objects.bulk_create(rows)
    for row, outcome in zip(rows, outcomes, strict=True):
        audit.log("outcome.record", by=by, target_id=row.pk, patient_ids=[patient.pk], code=row.measure)
        if rules.score(outcome).is_positive:
            worklist.raise_item(kind="mood_screen", patient_id=patient.pk, about_id=row.pk, facts={}, by=by, at=at)
    return rows


@transaction.atomic
def withdraw_outcome(*, outcome_id: UUID, reason: str, by: Actor, at: datetime) -> OutcomeWithdrawal:
    """
    Say that a result was entered in error. It stays readable and counts nowhere.

    :raises NoAuthor, NotFound, OutcomeWithdrawn:
    :raises Invalid: the reason is too short
    """
    author_id = policies.require_author(by)
    outcome = Outcome.objects.filter(pk=outcome_id).first()
    if outcome is None:
        raise NotFound
    if not rules.REASON_LEAST <= len(reason.strip()) <= rules.REASON_MOST:
        raise Invalid.at("/reason", "too_short.outcome", least=rules.REASON_LEAST, most=rules.REASON_MOST)
    withdrawal = OutcomeWithdrawal(
        id=new_id(),
        clinic_id=by.clinic_id,
        outcome=outcome,
        reason=reason.strip(),
        withdrawn_at=at,
        withdrawn_by_id=author_id,
    )
    with violations_as({"assessments_outcomewithdrawal_outcome_id_key": OutcomeWithdrawn}):
        withdrawal.save(force_insert=True)
    worklist.resolve(kinds=["mood_screen"], about_ids=[outcome.pk], by=by, at=at)
    audit.log("outcome.withdraw", by=by, target_id=outcome.pk, patient_ids=[outcome.patient_id], code=outcome.measure)
    return withdrawal


@transaction.atomic
def set_outcome_settings(
    *, weeks: Sequence[int], measures: Sequence[str], revision: int | None, by: Actor
) -> OutcomeSettings:
    """
    Choose which measures the clinic asks for, and in which weeks of a treatment plan.

    :param revision: of the settings as they were read
    :raises OwnersOnly, RevisionChanged:
    :raises Invalid: a week is out of range, there are too many, or a measure does not exist
    """
    policies.require_owner(by)
    settings = outcome_settings(by.clinic_id, for_update=True)
    check_revision(settings, revision)
    problems = Problems()
    low, high = rules.WEEKS
    if any(not low <= week <= high for week in weeks):
        problems.add("/weeks", "out_of_range.weeks", low=low, high=high)
    if len(set(weeks)) > rules.TIME_POINTS_MOST:
        problems.add("/weeks", "too_many.time_points", most=rules.TIME_POINTS_MOST)
    if set(measures) - set(rules.MEASURES):
        problems.add("/measures", "unknown_code.measure")
    problems.raise_if_any()
    settings.weeks, settings.measures = sorted(set(weeks)), [code for code in rules.MEASURES if code in measures]
    settings.save()
    audit.log("outcome.settings", by=by, target_id=by.clinic_id)
    return settings
