"""Everything that changes a trigger point: a new one, two that are one, and one that was two after all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from assessments import checks, point_queries
from assessments.chart_versions import current_place
from assessments.models import PointMerge, TriggerPoint
from assessments.point_matching import Sighting, match_points
from assessments.values import NewFinding
from audit import actions as audit
from database.expressions import new_id
from database.sql import run_prepared
from errors.exceptions import Conflict, Invalid, NotFound, Problems
from identity.actor import Actor

MIN_REASON_CHARACTERS = 3


class CannotMergePoints(Conflict):
    reason = "cannot_merge_points"


def complete_points(findings: Sequence[NewFinding], *, patient_id: UUID) -> tuple[NewFinding, ...]:
    """
    Return findings whose named points count now: for one that was merged, the one that it went into.

    :raises Invalid: a named point is not this patient's, or of another muscle or side, or named twice
    """
    if not any(finding.trigger_point for finding in findings):
        return tuple(findings)
    muscles = {finding.muscle for finding in findings if finding.trigger_point}
    rows = TriggerPoint.objects.filter(
        patient_id__in=identities_of(patient_id), pk__in=[f.trigger_point for f in findings if f.trigger_point]
    )
    known = {row.pk: row for row in rows.filter(muscle_id__in=muscles)}
    problems, seen, completed = Problems(), set(), []
    for index, finding in enumerate(findings):
        if finding.trigger_point is None:
            completed.append(finding)
            continue
        pointer = f"/findings/{index}/trigger_point"
        point = known.get(finding.trigger_point)
        if point is None or (point.muscle_id, point.side) != (finding.muscle, finding.side):
            problems.add(pointer, "unknown.point_of_finding")
            continue
        counts = point.merged_into_id or point.pk
        if counts in seen:
            problems.add(pointer, "duplicate.point")
        seen.add(counts)
        completed.append(replace(finding, trigger_point=counts))
    problems.raise_if_any()
    return tuple(completed)


def identities_of(patient_id: UUID) -> list[UUID]:
    """Return the ids of a person's records, of which this one counts."""
    rows = run_prepared(
        "SELECT id FROM patients_patient WHERE id = %(id)s OR merged_into_id = %(id)s", {"id": patient_id}
    )
    return [row[0] for row in rows]


def find_or_create(
    findings: Sequence[NewFinding], *, patient_id: UUID, clinic_id: UUID, before: Mapping[UUID, TriggerPoint]
) -> list[UUID]:
    """
    Return the id of each finding's trigger point; what was not known before gets a new one, with the next number.

    :param before: the point that a finding had, by the finding's id: it keeps it while its muscle and side stay
    """
    sightings = [_sighting(finding, before) for finding in findings]
    muscles = list({sighting.muscle for sighting in sightings})
    if all(sighting.point for sighting in sightings):
        return [sighting.point for sighting in sightings if sighting.point]
    matched = match_points(sightings, point_queries.list_known_points(patient_id, muscles))
    if None in matched:
        # Somebody else may find the same place at the same moment: the second one sees what the first has made.
        run_prepared("SELECT assessments_lock_points(%(patient)s)", {"patient": patient_id})
        matched = match_points(sightings, point_queries.list_known_points(patient_id, muscles))
    created = [
        TriggerPoint(
            id=new_id(),
            clinic_id=clinic_id,
            patient_id=patient_id,
            muscle_id=finding.muscle,
            side=finding.side,
            place=finding.place,
            place_key=sighting.place_key,
        )
        for finding, sighting, point in zip(findings, sightings, matched, strict=True)
        if point is None
    ]
    if created:
        TriggerPoint.objects.bulk_create(created)
    new_ids = iter(created)
    return [point or next(new_ids).pk for point in matched]


def _sighting(finding: NewFinding, before: Mapping[UUID, TriggerPoint]) -> Sighting:
    touched = finding.point
    point = finding.trigger_point
    had = before.get(finding.id) if finding.id and not finding.new_point else None
    if point is None and had is not None and (had.muscle_id, had.side) == (finding.muscle, finding.side):
        point = had.merged_into_id or had.pk
    return Sighting(
        muscle=finding.muscle,
        side=finding.side,
        place_key=checks.place_key(finding.place),
        touched_at=current_place(
            touched.view, touched.x, touched.y, chart=touched.chart, muscle=finding.muscle, side=finding.side
        )
        if touched
        else None,
        point=point,
        is_new_point=finding.new_point,
    )


# --- Merge and split --------------------------------------------------------------------------------------------


@transaction.atomic
def merge_points(*, point_id: UUID, into_id: UUID, reason: str, by: Actor, at: datetime) -> TriggerPoint:
    """
    Count two points of a person as one, from now on and for all that was recorded. Return the one that stays.

    It is laid over the record: signed documents keep the ids under which they were signed, and it can be undone.

    :raises NotFound: the clinic has no such point
    :raises Invalid: no reason is given, or the clinic has no such other point
    :raises CannotMergePoints: they are the same, of different people, muscles or sides, or one was merged before
    """
    _check_reason(reason)
    both = TriggerPoint.objects.select_for_update(no_key=True).filter(pk__in=[point_id, into_id])
    locked = {point.pk: point for point in both.order_by("pk")}
    if point_id not in locked:
        raise NotFound
    if into_id not in locked:
        raise Invalid.at("/into", "unknown.point")
    point, into = locked[point_id], locked[into_id]
    if point_id == into_id:
        raise CannotMergePoints("cannot_merge_points.same")
    if point.merged_into_id or into.merged_into_id:
        raise CannotMergePoints("cannot_merge_points.merged")
    if (point.muscle_id, point.side) != (into.muscle_id, into.side) or not _are_one_person(point, into):
        raise CannotMergePoints("cannot_merge_points.place")
    _note(point, into.pk, reason=reason, by=by, at=at)
    # What went into the point before goes along.
    for earlier in TriggerPoint.objects.select_for_update(no_key=True).filter(merged_into=point).order_by("pk"):
        _note(earlier, into.pk, reason=reason, by=by, at=at)
    audit.log("trigger_point.merge", by=by, target_id=into.pk, patient_ids=_people(point, into))
    return into


@transaction.atomic
def split_point(*, point_id: UUID, reason: str, by: Actor, at: datetime) -> TriggerPoint:
    """
    Count a merged point as one of its own again, with its number. Return it.

    :raises NotFound: the clinic has no such point
    :raises Invalid: no reason is given
    :raises CannotMergePoints: it was not merged
    """
    _check_reason(reason)
    point = TriggerPoint.objects.select_for_update(no_key=True).filter(pk=point_id).first()
    if point is None:
        raise NotFound
    if point.merged_into_id is None:
        raise CannotMergePoints("cannot_merge_points.not_merged")
    _note(point, None, reason=reason, by=by, at=at)
    audit.log("trigger_point.split", by=by, target_id=point.pk, patient_ids=[point.patient_id])
    return point


def _note(point: TriggerPoint, into_id: UUID | None, *, reason: str, by: Actor, at: datetime) -> None:
    PointMerge.objects.create(
        clinic_id=by.clinic_id,
        point=point,
        into_id=into_id,
        reason=reason.strip(),
        merged_at=at,
        merged_by_user_id=by.user_id,
        merged_by_client_id=by.client_id or "",
    )
    point.merged_into_id = into_id
    point.save(update_fields=["merged_into"])


def _check_reason(reason: str) -> None:
    if len(reason.strip()) < MIN_REASON_CHARACTERS:
        raise Invalid.at("/reason", "too_short.point_merge", least=MIN_REASON_CHARACTERS)


def _are_one_person(point: TriggerPoint, other: TriggerPoint) -> bool:
    people = {one.patient.merged_into_id or one.patient_id for one in (point, other)}
    return len(people) == 1


def _people(*points: TriggerPoint) -> list[UUID]:
    return list(dict.fromkeys(point.patient_id for point in points))


def follow_merge(*, source_id: UUID, target_id: UUID, by: Actor, at: datetime) -> None:
    """
    Give the points of a record that was merged the next numbers of the survivor, in their order.

    The one case in which a number changes: both records may have had a point 1.
    """
    run_prepared("SELECT assessments_lock_points(%(patient)s)", {"patient": target_id})
    people = [person for person in identities_of(target_id) if person != source_id]
    last = TriggerPoint.objects.filter(patient_id__in=people).aggregate(last=Max("number"))["last"] or 0
    if not last:
        return
    # From the highest on: the new numbers may be among the old ones.
    for point in TriggerPoint.objects.filter(patient_id=source_id).order_by("-number"):
        TriggerPoint.objects.filter(pk=point.pk).update(number=last + point.number)
