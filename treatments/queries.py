"""Reads that the safety of a treatment needs: a fixed number of them, however many interventions there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

import catalogue
from accounts.queries import clinic_zone, competencies_of, requires_basic
from accounts.rules import KnownCompetency
from assessments.queries import flag_state
from assessments.red_flags import FlagState
from identity.actor import Actor
from patients.queries import identities, list_alerts
from patients.rules import BODY_REGIONS
from treatments import rules, safety_table
from treatments.consents.queries import list_consents
from treatments.models import Intervention, SafetyEntry, Session
from treatments.safety_entries import Entry
from treatments.safety_facts import MuscleFacts, PatientFacts, PlannedIntervention
from treatments.values import NewIntervention


@dataclass(frozen=True)
class SafetyList:
    """A clinic's list in force, and its version."""

    entries: tuple[Entry, ...]
    version: str


@dataclass(frozen=True)
class VisitContext:
    """
    What is known at one visit: the arguments of `safety.safety_check`.

    :ivar ends_at: until when a consent may have been given; None: until the visit began
    """

    facts: PatientFacts
    competencies: tuple[KnownCompetency, ...]
    basic_required: bool
    on_date: date
    ends_at: datetime | None
    safety_list: SafetyList


@cache
def muscle_facts(key: str) -> MuscleFacts:
    muscle = catalogue.MUSCLES[key]
    needling = muscle["needling"]
    return MuscleFacts(key, muscle["region"], tuple(needling["cautions"]), needling["risk"])


def plan_interventions(interventions: Iterable[NewIntervention]) -> list[PlannedIntervention]:
    """Return a session's interventions as the rules read them. An unknown muscle is one that nobody named."""
    return [
        PlannedIntervention(
            technique=intervention.technique,
            dose=intervention.dose,
            muscle=muscle_facts(intervention.muscle) if intervention.muscle in catalogue.MUSCLES else None,
            side=intervention.side,
            limit_reasons=intervention.limit_reasons,
            trigger_point=intervention.trigger_point,
        )
        for intervention in interventions
    ]


def safety_list(clinic_id: UUID) -> SafetyList:
    """Return the clinic's list in force: the default one, with its own rows."""
    rows = SafetyEntry.objects.filter(clinic_id=clinic_id).order_by("version")
    newest = {row.code: row for row in rows}
    own = [entry_of(row) for row in newest.values() if not row.ended_because]
    version = max((row.version for row in newest.values()), default=0)
    return SafetyList(safety_table.effective_list(own), safety_table.version_of(version))


def entry_of(row: SafetyEntry) -> Entry:
    return Entry(
        code=row.code,
        level=row.level,
        label=row.label,
        reason=row.reason,
        source=row.source,
        tags=frozenset(row.tags),
        alert=row.alert,
        where=row.where,
        muscles=frozenset(row.muscles),
        regions=frozenset(row.regions),
        is_overridable=row.is_overridable,
    )


def read_visit(
    session: Session, interventions: Sequence[PlannedIntervention], *, by: Actor, at: datetime
) -> VisitContext:
    """
    Read what is known of a session's patient and author, for the treatment of these muscles.

    :param session: with its patient at hand
    :param at: now; what became known until now counts
    """
    zone = clinic_zone(session.clinic_id)
    on_date = session.performed_at.astimezone(zone).date()
    # Sessions are dated by their start: what was asked or agreed on the same day belongs to the visit.
    ends_at = at if at.astimezone(zone).date() == on_date else None
    people = identities(clinic_id=session.clinic_id, patient_id=session.patient_id)
    first_visit = not _was_treated_before(session, people)
    facts = PatientFacts(
        alerts=tuple(list_alerts(people)),
        flags=_flags(session, people, interventions, first_visit=first_visit, ends_at=ends_at, at=at),
        consents=tuple(list_consents(people)),
        age_years=age_on(session.patient.birth_date, on_date),
        weight_kg=session.weight_kg,
        first_visit=first_visit,
        last_needled=_last_needled(session, people),
    )
    author_id = by.author_id
    return VisitContext(
        facts=facts,
        competencies=tuple(competencies_of(author_id, session.clinic_id)) if author_id else (),
        basic_required=requires_basic(session.clinic_id),
        on_date=on_date,
        ends_at=ends_at,
        safety_list=safety_list(session.clinic_id),
    )


def age_on(birth_date: date | None, on_date: date) -> int | None:
    if birth_date is None:
        return None
    return on_date.year - birth_date.year - ((on_date.month, on_date.day) < (birth_date.month, birth_date.day))


def regions_of(interventions: Iterable[PlannedIntervention]) -> frozenset[str]:
    """Return the regions about to be treated: all of them, if of one treatment nobody named the muscle."""
    treating = [planned for planned in interventions if planned.technique_class != "advice"]
    if any(planned.muscle is None for planned in treating):
        return frozenset(BODY_REGIONS)
    return frozenset(planned.muscle.region for planned in treating if planned.muscle)


def _flags(
    session: Session,
    people: Sequence[UUID],
    interventions: Sequence[PlannedIntervention],
    *,
    first_visit: bool,
    ends_at: datetime | None,
    at: datetime,
) -> FlagState:
    """
    Return the flags that were open at the treatment or are by now; what had to be answered is asked of the visit.

    A flag that came up afterwards counts too: it was known when the session was signed.
    """
    regions = regions_of(interventions)
    now = flag_state(people, at=at, regions=regions, first_visit=first_visit)
    if ends_at is not None:
        return now
    then = flag_state(people, at=session.performed_at, regions=regions, first_visit=first_visit)
    by_now = [flag for flag in now.open if flag.code not in then.codes]
    return replace(then, open=(*then.open, *by_now))


def _was_treated_before(session: Session, people: Sequence[UUID]) -> bool:
    signed = Session.objects.of_patients(list(people)).filter(
        signed_at__isnull=False, performed_at__lt=session.performed_at
    )
    return signed.exclude(subject_id=session.subject_id).exclude(record__mark__isnull=False).exists()


def _last_needled(session: Session, people: Sequence[UUID]) -> dict[Any, datetime]:
    """
    Return when each point, and each muscle and side, was needled in the 48 hours before.

    A muscle that was needled without a point is also under (muscle, side, None): it may have been any of its points.
    """
    since = session.performed_at - rules.NEEDLING_INTERVAL
    recent = (
        Intervention.objects.filter(
            session__patient_id__in=people,
            session__signed_at__isnull=False,
            session__performed_at__gt=since,
            session__performed_at__lte=session.performed_at,
            technique__in=[code for code, technique in rules.TECHNIQUES.items() if technique.breaks_skin],
        )
        .exclude(session__subject_id=session.subject_id)
        .exclude(session__record__mark__isnull=False)
        .order_by("session__performed_at")
    )
    last: dict[Any, datetime] = {}
    for point, muscle, side, at in recent.values_list("trigger_point_id", "muscle_id", "side", "session__performed_at"):
        last[muscle, side] = at
        last[point or (muscle, side, None)] = at
    return last
