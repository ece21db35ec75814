"""
A programme against what the record knows: whether it may reach the patient, and what pauses it while it runs.

Every way to a running programme asks `check_running`. Every write that may stop one comes to `react_to_record`: red
flags, alerts and merges through the registrations in `homecare.apps`; a change of the safety list through
`homecare.periodic`. What no action wrote is found before a reminder goes out, when the patient opens the page, and once
a day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import catalogue
from assessments.queries import flag_state
from audit import actions as audit
from errors.exceptions import Conflict, FieldError, Problems
from homecare import queries, rules, safety
from homecare.models import Programme, Step, Version, facts_of
from homecare.programmes import serialization as contents
from homecare.reminders.occurrences import unplan
from identity.actor import Actor
from messaging.models import Message
from patients.models import Patient
from patients.queries import identities, list_alerts
from treatments.queries import SafetyList, age_on, muscle_facts, safety_list
from treatments.safety import ACKNOWLEDGE
from treatments.safety_facts import PatientFacts
from worklist import actions as worklist

MUSCLES = {key: muscle_facts(key) for key in catalogue.MUSCLES}
# How long what was checked when a reminder was made holds.
TRUSTED_FOR = timedelta(minutes=10)
# What `rules.check_steps` finds of a muscle that a patient must not press, or not with that.
TOOL_CODES = {"not_for_this_muscle", "not_for_self_pressure"}


class ProgrammeRedFlagStop(Conflict):
    reason = "red_flag_stop.home"


class ProgrammeSafetyStop(Conflict):
    reason = "safety_stop.home"


@dataclass(frozen=True)
class KnownSafety:
    """
    What the record says against a programme's steps now.

    :ivar check: what the shared safety check says
    :ivar list_version: of the safety list that was in force
    """

    check: safety.ProgrammeCheck = field(default_factory=safety.ProgrammeCheck)
    list_version: str = ""

    @property
    def flags(self) -> Sequence[safety.StepFlag]:
        return self.check.flags


def people_of(*, clinic_id: UUID, patient_id: UUID) -> list[UUID]:
    """All ids of the record that a patient's id belongs to now, also after it was merged into another."""
    survivor = Patient.objects.filter(pk=patient_id).values_list("merged_into_id", flat=True).first()
    return identities(clinic_id=clinic_id, patient_id=survivor or patient_id)


def load_known(
    programme: Programme, steps: Sequence[Mapping[str, Any]], *, at: datetime, in_force: SafetyList | None = None
) -> KnownSafety:
    """
    Return what the record says about these steps of a programme.

    :param in_force: the clinic's safety list, if it was read before
    """
    patient = programme.patient
    people = people_of(clinic_id=programme.clinic_id, patient_id=programme.patient_id)
    facts = PatientFacts(
        alerts=tuple(list_alerts(people)),
        flags=flag_state(people, at=at),
        age_years=age_on(patient.birth_date, at.date()),
    )
    listed = in_force or safety_list(programme.clinic_id)
    check = safety.check_programme(steps, facts, muscles=MUSCLES, entries=listed.entries, at=at)
    return KnownSafety(check, listed.version)


def find_problems(
    known: KnownSafety, steps: Sequence[Mapping[str, Any]], overrides: Sequence[safety.Override] | None = None
) -> Problems:
    """
    What the safety check says against the steps, as values that are wrong or missing. A red flag's stop is a conflict
    of its own: see `refuse_stopped`.

    :param overrides: None: they are not given yet, so nobody is asked for them
    """
    problems = safety.find_problems(known.check, steps)
    if overrides is not None:
        for step_flag in safety.unanswered_flags(known.flags, overrides, level=ACKNOWLEDGE):
            least, numbers = rules.MIN_REASON_CHARACTERS, [number + 1 for number in step_flag.steps]
            problems.add(
                "/overrides",
                "reason_required.flag",
                flag=step_flag.flag.code,
                answered_at=step_flag.flag.answered_at,
                steps=numbers,
                least=least,
            )
    return problems


def refuse_stopped(known: KnownSafety, overrides: Sequence[safety.Override]) -> None:
    """:raises ProgrammeRedFlagStop: naming each open red flag that stops a step and that nobody has answered for"""
    errors = []
    for step_flag in safety.unanswered_flags(known.flags, overrides):
        flag_of_home, steps = f"{step_flag.flag.code}.home", [number + 1 for number in step_flag.steps]
        params = {"flag": step_flag.flag.code, "answered_at": step_flag.flag.answered_at, "steps": steps}
        errors.append(FieldError("/overrides", flag_of_home, params))
    if errors:
        raise ProgrammeRedFlagStop(errors=errors)


def overrides_of(version: Version | None) -> list[safety.Override]:
    """The overrides that stand with what the patient has."""
    if version is None:
        return []
    return [
        safety.Override(
            code=step_flag["code"],
            reason=step_flag["reason"],
            given_at=version.made_at,
            seen_by=step_flag.get("seen_by", ""),
            seen_at=datetime.fromisoformat(step_flag["seen_at"]) if step_flag.get("seen_at") else None,
        )
        for step_flag in version.overrides
    ]


def check_running(programme: Programme, *, at: datetime) -> None:
    """
    Check what the patient has against what is known now.

    :raises ProgrammeRedFlagStop:
    :raises Invalid: the safety list or a muscle's tools forbid a step, or a reason is missing
    """
    version, steps = queries.current_version(programme)
    facts = [facts_of(step) for step in steps]
    safety_facts, overrides = load_known(programme, facts, at=at), overrides_of(version)
    refuse_stopped(safety_facts, overrides)
    problems = rules.check_steps(facts, ratings=contents.ratings(), tools=contents.tools(), is_template=True)
    problems.errors += find_problems(safety_facts, facts, overrides).errors
    problems.raise_if_any()


# --- While it runs --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stops:
    """
    What stops a programme, as codes.

    :ivar flags: red flags
    :ivar alerts: alerts of the patient
    :ivar rules: entries of the safety list that are about no alert, or are the clinic's own
    :ivar muscles: muscles that a step presses although, or with what, the catalogue does not allow
    """

    flags: tuple[str, ...] = ()
    alerts: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    muscles: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.flags or self.reasons)

    @property
    def reasons(self) -> list[str]:
        """All but the flags, in one list: "alert_…", "rule_…" or "muscle_…"."""
        return [
            *(rules.ALERT_PREFIX + code for code in self.alerts),
            *(rules.RULE_PREFIX + code for code in self.rules),
            *(rules.MUSCLE_PREFIX + key for key in self.muscles),
        ]

    @property
    def facts(self) -> dict[str, list[str]]:
        """The worklist's facts: what there is."""
        named = {"flags": self.flags, "alerts": self.alerts, "rules": self.rules, "muscles": self.muscles}
        return {name: list(codes) for name, codes in named.items() if codes}


def find_stops(
    programme: Programme,
    *,
    at: datetime,
    in_force: SafetyList | None = None,
    current: tuple[Version | None, Sequence[Step]] | None = None,
) -> Stops:
    """
    Return what stops the steps that the patient has; a reason that is missing stops nothing that runs.

    :param in_force, current: the clinic's list and the newest version with its steps, if they were read before
    """
    version, steps = current or queries.current_version(programme)
    if version is None:
        return Stops()
    facts = [facts_of(step) for step in steps]
    safety_facts = load_known(programme, facts, at=at, in_force=in_force)
    findings = safety_facts.check.stopping_findings(facts)
    wrong = rules.check_steps(facts, ratings=contents.ratings(), tools=contents.tools(), is_template=True).errors
    numbers = [int(error.pointer.split("/")[2]) for error in wrong if error.code in TOOL_CODES]
    return Stops(
        flags=_each_once(
            step_flag.flag.code for step_flag in safety.unanswered_flags(safety_facts.flags, overrides_of(version))
        ),
        alerts=_each_once(finding.alert for finding in findings if finding.alert),
        rules=_each_once(finding.finding.code for finding in findings if not finding.alert),
        muscles=_each_once(facts[number]["muscle"] for number in numbers),
    )


def _each_once(codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(codes))


def react_to_record(*, patient_id: UUID, by: Actor, at: datetime) -> None:
    """
    Pause a patient's running programme, if what is known of the patient now stops one of its steps.

    Programmes that are being written are locked too: one that is published at the same moment waits, and is then seen
    here as running; or it is published after this, and sees what was written.
    """
    people = people_of(clinic_id=by.clinic_id, patient_id=patient_id)
    rows = Programme.objects.of_patients(people).exclude(status=Programme.Status.ENDED)
    for programme in rows.select_for_update(of=("self",), no_key=True).order_by("pk").select_related("patient"):
        if programme.status == Programme.Status.ACTIVE:
            pause_if_stopped(programme=programme, by=by, at=at)


def pause_if_stopped(
    *, programme: Programme, by: Actor, at: datetime, in_force: SafetyList | None = None, waits: bool = True
) -> bool:
    """
    Pause a locked, running programme that the safety check stops; returns whether it was paused.

    :param in_force, waits: as in `what_is_known` and `occurrences.unplan`
    """
    stops = find_stops(programme, at=at, in_force=in_force)
    programme.safety_checked_at = at
    if not stops:
        programme.save(update_fields=["safety_checked_at"])
        return False
    programme.status, programme.stopped_at = Programme.Status.PAUSED, at
    programme.stopped_flags, programme.stopped_reasons = list(stops.flags), stops.reasons
    programme.revision += 1
    programme.save(
        update_fields=["status", "stopped_at", "stopped_flags", "stopped_reasons", "safety_checked_at", "revision"]
    )
    unplan(programme, waits=waits)
    audit.log(
        "programme.stopped",
        by=by,
        target_id=programme.pk,
        patient_ids=[programme.patient_id],
        code=",".join([*stops.flags, *stops.reasons]),
    )
    worklist.raise_item(
        kind="programme_stopped",
        patient_id=programme.patient_id,
        about_id=programme.pk,
        facts=stops.facts,
        by=by,
        at=at,
    )
    return True


def is_reminder_stopped(message: Message, now: datetime) -> bool:
    """
    Whether a message about a programme must not go out, because the safety check stops the programme.

    It was checked when the message was made, so only one that waited, for the morning or another try, is checked again.
    """
    if message.about_id is None or now - message.due_at < TRUSTED_FOR:
        return False
    programme = Programme.objects.select_related("patient").filter(pk=message.about_id).first()
    return programme is not None and bool(find_stops(programme, at=now))


def refuse_reminding(programme: Programme, *, at: datetime) -> None:
    """
    Refuse to send anything about a running programme that the safety check stops.

    :raises ProgrammeSafetyStop:
    """
    if find_stops(programme, at=at):
        raise ProgrammeSafetyStop
