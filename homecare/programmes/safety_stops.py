"""
A programme against what the record knows: whether it may reach the patient, and what pauses it while it runs.

Every way to a running programme asks `check`; every write that may open a red flag comes to `react_to_flags`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import catalogue
from assessments.queries import flag_state
from audit import actions as audit
from errors.exceptions import Conflict, FieldError, Problems
from homecare import queries, rules, safety
from homecare.models import Programme, facts_of
from homecare.programmes import serialization as contents
from homecare.reminders import planning
from identity.actor import Actor
from patients.models import Patient
from patients.queries import identities, list_alerts
from patients.rules import KnownAlert
from worklist import actions as worklist

REGIONS: dict[str, str] = {key: muscle["region"] for key, muscle in catalogue.MUSCLES.items()}


class ProgrammeRedFlagStop(Conflict):
    reason = "red_flag_stop.home"


@dataclass(frozen=True)
class KnownSafety:
    """What the record says against a programme's steps now."""

    flags: Sequence[safety.StepFlag]
    alerts: Sequence[KnownAlert]


def people_of(*, clinic_id: UUID, patient_id: UUID) -> list[UUID]:
    """All ids of the record that a patient's id belongs to now, also after it was merged into another."""
    survivor = Patient.objects.filter(pk=patient_id).values_list("merged_into_id", flat=True).first()
    return identities(clinic_id=clinic_id, patient_id=survivor or patient_id)


def load_known(programme: Programme, steps: Sequence[Mapping[str, Any]], *, at: datetime) -> KnownSafety:
    """Return the open red flags and the alerts that matter to these steps of a programme."""
    people = people_of(clinic_id=programme.clinic_id, patient_id=programme.patient_id)
    return KnownSafety(
        safety.flags_of(steps, flag_state(people, at=at).open, regions=REGIONS),
        list_alerts(people),
    )


def check_alerts(known: KnownSafety, steps: Sequence[Mapping[str, Any]]) -> Problems:
    """What alerts say against the steps."""
    return safety.check_alerts(steps, known.alerts, regions=REGIONS)


def refuse_stopped(known: KnownSafety, overrides: Sequence[safety.Override]) -> None:
    """:raises ProgrammeRedFlagStop: naming each open red flag that stops a step and that nobody has answered for"""
    errors = []
    for one in safety.find_unanswered_stops(known.flags, overrides):
        flag_of_home, steps = f"{one.flag.code}.home", [number + 1 for number in one.steps]
        params = {"flag": one.flag.code, "answered_at": one.flag.answered_at, "steps": steps}
        errors.append(FieldError("/overrides", flag_of_home, params))
    if errors:
        raise ProgrammeRedFlagStop(errors=errors)


def overrides_of(programme: Programme) -> list[safety.Override]:
    """The overrides that stand with what the patient has."""
    version, _steps = queries.current_version(programme)
    if version is None:
        return []
    return [
        safety.Override(
            code=one["code"],
            reason=one["reason"],
            given_at=version.made_at,
            seen_by=one.get("seen_by", ""),
            seen_at=datetime.fromisoformat(one["seen_at"]) if one.get("seen_at") else None,
        )
        for one in version.overrides
    ]


def check_running(programme: Programme, *, at: datetime) -> None:
    """
    Check what the patient has against what is known now.

    :raises ProgrammeRedFlagStop:
    :raises Invalid: an alert forbids a step, or a step does not say why it is right with an alert
    """
    _version, steps = queries.current_version(programme)
    facts = [facts_of(step) for step in steps]
    known = load_known(programme, facts, at=at)
    refuse_stopped(known, overrides_of(programme))
    problems = rules.check_steps(facts, ratings=contents.ratings(), tools=contents.tools(), is_template=True)
    problems.errors += check_alerts(known, facts).errors
    problems.raise_if_any()


# --- While it runs --------------------------------------------------------------------------------------------


def react_to_flags(*, patient_id: UUID, by: Actor, at: datetime) -> None:
    """
    Pause a patient's running programme, if a red flag that is open now stops one of its steps.

    Programmes that are being written are locked too: one that is published at the same moment waits, and is then seen
    here as running; or it is published after this, and sees the flag.
    """
    people = people_of(clinic_id=by.clinic_id, patient_id=patient_id)
    rows = Programme.objects.of_patients(people).exclude(status=Programme.Status.ENDED)
    for programme in rows.select_for_update(of=("self",), no_key=True).order_by("pk").select_related("patient"):
        if programme.status == Programme.Status.ACTIVE:
            stop_if_flagged(programme=programme, by=by, at=at)


def stop_if_flagged(*, programme: Programme, by: Actor, at: datetime) -> bool:
    """Pause a locked, running programme that an open red flag stops; returns whether it was paused."""
    _version, steps = queries.current_version(programme)
    known = load_known(programme, [facts_of(step) for step in steps], at=at)
    stops = safety.find_unanswered_stops(known.flags, overrides_of(programme))
    if not stops:
        return False
    codes = [one.flag.code for one in stops]
    programme.status, programme.stopped_at, programme.stopped_flags = Programme.Status.PAUSED, at, codes
    programme.revision += 1
    programme.save(update_fields=["status", "stopped_at", "stopped_flags", "revision"])
    planning.unplan(programme, at=at)
    audit.log(
        "programme.stopped",
        by=by,
        target_id=programme.pk,
        patient_ids=[programme.patient_id],
        code=",".join(codes),
    )
    worklist.raise_item(
        kind="programme_stopped",
        patient_id=programme.patient_id,
        about_id=programme.pk,
        facts={"flags": codes},
        by=by,
        at=at,
    )
    return True
