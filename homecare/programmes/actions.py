"""Everything that changes a home programme."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts import policies
from assessments.red_flag_table import ACKNOWLEDGE, STOP
from audit import actions as audit
from database import bulk
from database.expressions import new_id
from database.revisions import check_revision
from errors.constraints import violations_as
from errors.exceptions import Conflict, Problems
from homecare import rules, safety
from homecare.models import Programme, ReminderPlan, Step, Version
from homecare.programmes import checks, safety_stops
from homecare.programmes import serialization as contents
from homecare.reminders import planning
from homecare.reminders.occurrences import unplan
from identity.actor import Actor
from messaging import actions as messages
from messaging import addresses, links
from messaging.models import Message
from messaging.rules import CHANNELS
from patients.models import Patient
from patients.queries import zone_of
from records import drafts
from worklist import actions as worklist

MOST_TIMES = 6


class Same:
    """What is not said stays as it is."""


SAME = Same()


class AnotherRuns(Conflict):
    reason = "programme_runs"


class NothingNew(Conflict):
    reason = "nothing_new"


class NotRunning(Conflict):
    reason = "programme_not_running"


class ProgrammeEnded(Conflict):
    reason = "programme_ended"


class QuietNow(Conflict):
    reason = "quiet_now"


@transaction.atomic
def start_programme(*, patient_id: UUID, content: Mapping[str, Any], by: Actor, at: datetime) -> Programme:
    """
    Begin to write a programme for a patient. Nobody is reminded of anything before it is published.

    :raises accounts.policies.NoAuthor, PatientMerged, PatientNotInCare:
    :raises Invalid: a step names a trigger point, a picture or an earlier step that is not there
    """
    author_id = policies.require_author(by)
    patient = drafts.open_patient(patient_id)
    draft = contents.tidy(content)
    points = checks.find_points(draft["steps"], clinic_id=by.clinic_id, patient_id=patient.pk)
    checks.find_unknown_ids(draft["steps"], points, set()).raise_if_any()
    programme = Programme.objects.create(clinic_id=by.clinic_id, patient=patient, author_id=author_id, draft=draft)
    audit.log("programme.start", by=by, target_id=programme.pk, patient_ids=[patient.pk])
    return programme


@transaction.atomic
def write_draft(*, programme: Programme, content: Mapping[str, Any], by: Actor, at: datetime) -> Problems:
    """
    Keep what is being written, whether it can be published yet or not; the answer says what is in the way.

    :param programme: locked by the actor
    :raises NoAuthor, ProgrammeEnded:
    :raises Invalid: a step names a trigger point, a picture or an earlier step that is not there
    """
    policies.require_author(by)
    refuse_ended(programme)
    draft = contents.tidy(content)
    points = checks.find_points(draft["steps"], clinic_id=programme.clinic_id, patient_id=programme.patient_id)
    checks.find_unknown_ids(draft["steps"], points, checks.find_lasting_ids(programme)).raise_if_any()
    programme.draft = draft
    programme.revision += 1
    programme.save(update_fields=["draft", "revision"])
    audit.log("programme.write", by=by, target_id=programme.pk, patient_ids=[programme.patient_id])
    return checks.problems_of(programme, checks.known_of(programme, at=at))


@transaction.atomic
def publish(
    *,
    programme: Programme,
    revision: int | None,
    baseline_pain: int | Same | None = SAME,
    review_on: date | Same | None = SAME,
    ends_on: date | Same | None = SAME,
    overrides: Sequence[safety.Override] = (),
    by: Actor,
    at: datetime,
) -> Version:
    """
    Give the draft to the patient as a new version; the first one starts the programme.

    :param programme: locked by the actor
    :param revision: the one that was read
    :param baseline_pain: worst pain when it begins, 0 to 10; SAME: as the last version had it, as the dates below
    :param review_on: None: four weeks from now (domain facts 8.4)
    :param overrides: why it is right although a red flag is open; kept with the version, under the author's name
    :raises Invalid: the draft cannot be, the safety list stops a step or asks for a reason, or a date, the pain or an
        override cannot; each is named
    :raises ProgrammeRedFlagStop: an open red flag stops a step, and nobody has answered for it
    :raises RevisionChanged, NothingNew, AnotherRuns, ProgrammeEnded, NoAuthor:
    """
    author_id = policies.require_author(by)
    check_revision(programme, revision)
    refuse_ended(programme)
    if programme.draft is None:
        raise NothingNew
    today = at.astimezone(zone_of(programme.patient)).date()
    safety_facts = checks.known_of(programme, at=at)
    problems = checks.problems_of(programme, safety_facts, overrides)
    pain = programme.baseline_pain if isinstance(baseline_pain, Same) else baseline_pain
    ends = programme.ends_on if isinstance(ends_on, Same) else ends_on
    review = programme.review_on if isinstance(review_on, Same) else review_on
    if isinstance(review_on, Same) and review is not None and review < today:
        review = None  # the review that was due has led to this version
    _check_terms(problems, pain, {"review_on": review, "ends_on": ends}, today)
    problems.errors += safety.check_overrides(overrides, safety_facts.flags, at=at).errors
    # The stop comes first: who is told to correct a number must not think that nothing else stands in the way.
    safety_stops.refuse_stopped(safety_facts, overrides)
    problems.raise_if_any()
    if programme.started_on is None:
        programme.started_on = today
        programme.status = Programme.Status.ACTIVE
    programme.review_on = review or today + timedelta(days=rules.REVIEW_AFTER_DAYS)
    programme.ends_on, programme.baseline_pain, programme.safety_checked_at = ends, pain, at
    needed = {step_flag.flag.code for step_flag in safety_facts.flags if step_flag.level in (STOP, ACKNOWLEDGE)}
    version = _write_version(
        programme, author_id, [step_flag for step_flag in overrides if step_flag.code in needed], at
    )
    programme.draft, programme.author_id = None, author_id
    programme.revision += 1
    with violations_as({"programme_running_once": AnotherRuns}):
        programme.save(
            update_fields=[
                "started_on",
                "status",
                "review_on",
                "ends_on",
                "baseline_pain",
                "draft",
                "author",
                "safety_checked_at",
                "revision",
            ]
        )
    planning.plan_ahead(programme, at=at)
    code = str(version.number)
    audit.log("programme.publish", by=by, target_id=programme.pk, patient_ids=[programme.patient_id], code=code)
    for step_flag in version.overrides:
        flag = step_flag["code"]
        audit.log("programme.override", by=by, target_id=programme.pk, patient_ids=[programme.patient_id], code=flag)
    return version


def _check_terms(problems: Problems, pain: int | None, days: Mapping[str, date | None], today: date) -> None:
    if pain is not None and not 0 <= pain <= 10:
        problems.add("/baseline_pain", "out_of_range", low=0, high=10)
    for name, day in days.items():
        if day is not None and day < today:
            problems.add(f"/{name}", "in_the_past")


def _write_version(
    programme: Programme, author_id: UUID, overrides: Sequence[safety.Override], at: datetime
) -> Version:
    draft = contents.tidy(programme.draft or {})
    newest = Version.objects.filter(programme=programme).order_by("-number").first()
    lasting_ids = checks.find_lasting_ids(programme)
    version = Version(
        id=new_id(),
        clinic_id=programme.clinic_id,
        programme=programme,
        number=newest.number + 1 if newest else 1,
        title=draft["title"],
        note=draft["note"],
        made_by_id=author_id,
        made_at=at,
        overrides=[as_json(override) for override in overrides],
    )
    version.save(force_insert=True)
    steps, used = [], set()
    for position, step in enumerate(draft["steps"]):
        lasting = UUID(step["lasting"]) if step["lasting"] else None
        # A copied step is a step of its own.
        if lasting not in lasting_ids or lasting in used:
            lasting = new_id()
        used.add(lasting)
        step_row = Step(
            id=new_id(),
            clinic_id=programme.clinic_id,
            version=version,
            lasting=lasting,
            position=position,
            exercise=step["exercise"],
            muscle_id=step["muscle"],
            side=step["side"],
            tool=step["tool"],
            cue=step["cue"],
            drawing=step["drawing"],
            limit_reasons=step["limit_reasons"],
            **step["dose"],
            trigger_point_id=step["trigger_point"],
            picture_id=step["picture"],
        )
        steps.append(step_row)
    bulk.insert(steps)
    return version


def as_json(override: safety.Override) -> dict[str, Any]:
    seen_at = override.seen_at.isoformat() if override.seen_at else None
    reason, seen_by = override.reason.strip(), override.seen_by.strip()
    return {"code": override.code, "reason": reason, "seen_by": seen_by, "seen_at": seen_at}


def refuse_ended(programme: Programme) -> None:
    if programme.status == Programme.Status.ENDED:
        raise ProgrammeEnded


def _write_status(programme: Programme, status: str, by: Actor, **fields: Any) -> None:
    programme.status = status
    programme.revision += 1
    for name, value in fields.items():
        setattr(programme, name, value)
    programme.save(update_fields=["status", "revision", *fields])
    audit.log(f"programme.{status}", by=by, target_id=programme.pk, patient_ids=[programme.patient_id])


@transaction.atomic
def pause_programme(*, programme: Programme, revision: int | None, by: Actor, at: datetime) -> None:
    """
    Remind of nothing until it goes on.

    :raises RevisionChanged, NotRunning, NoAuthor:
    """
    check_revision(programme, revision)
    policies.require_author(by)
    if programme.status != Programme.Status.ACTIVE:
        raise NotRunning
    _write_status(programme, Programme.Status.PAUSED, by)
    unplan(programme)


@transaction.atomic
def resume_programme(*, programme: Programme, revision: int | None, by: Actor, at: datetime) -> None:
    """
    Let a paused programme go on. What is known against it is checked again.

    :raises ProgrammeRedFlagStop: settle the red flag first, or give a new version with an override
    :raises Invalid: the safety list or a muscle's tools forbid a step, or a reason is missing
    :raises RevisionChanged, NotRunning, NoAuthor:
    """
    check_revision(programme, revision)
    policies.require_author(by)
    if programme.status != Programme.Status.PAUSED:
        raise NotRunning
    safety_stops.check_running(programme, at=at)
    _write_status(
        programme, Programme.Status.ACTIVE, by, resumed_at=at, stopped_at=None, stopped_flags=[], stopped_reasons=[]
    )
    planning.plan_ahead(programme, at=at)
    worklist.resolve(kinds=["programme_stopped"], about_ids=[programme.pk], by=by, at=at)


@transaction.atomic
def end_programme(*, programme: Programme, revision: int | None, by: Actor, at: datetime) -> None:
    """
    End it: no more reminders, and open links close. What was answered stays.

    :raises RevisionChanged, ProgrammeEnded:
    """
    check_revision(programme, revision)
    refuse_ended(programme)
    if programme.started_on is None:
        programme.started_on = at.date()
    _write_status(
        programme, Programme.Status.ENDED, by, ended_at=at, ended_by_id=by.user_id, started_on=programme.started_on
    )
    unplan(programme)
    # The calendar's address stays: it answers with nothing more, so that what was planned goes from the calendar.
    links.revoke(patient_id=programme.patient_id, purposes=["check_in"], at=at)
    worklist.resolve(kinds=["silent", "review_due", "programme_stopped"], about_ids=[programme.pk], by=by, at=at)


@transaction.atomic
def discard_programme(*, programme: Programme, by: Actor) -> None:
    """
    Throw away a programme that no patient has seen.

    :raises NotRunning: it has been published; end it instead
    """
    if programme.status != Programme.Status.DRAFT:
        raise NotRunning("programme_not_running.given")
    ReminderPlan.objects.filter(programme=programme).delete()
    audit.log("programme.discard", by=by, target_id=programme.pk, patient_ids=[programme.patient_id])
    Programme.objects.filter(pk=programme.pk).delete()


# --- Reminders ------------------------------------------------------------------------------------------------


@transaction.atomic
def set_reminders(
    *,
    programme: Programme,
    channels: Sequence[str],
    times: Sequence[time],
    weekdays: Sequence[int],
    fade_after_weeks: int | None = None,
    fade_to_days: int | None = None,
    by: Actor,
    at: datetime,
) -> ReminderPlan:
    """
    Say when, and by which channels, the patient wants to be reminded. No channel: not at all.

    :param programme: locked by the actor
    :raises Invalid: a time is quiet or there are too many, a channel has no consent or no address, no birth date
    """
    refuse_ended(programme)
    check_reminders(programme.patient, channels, times, weekdays, fade_after_weeks, fade_to_days)
    values = {
        "channels": sorted(set(channels)),
        "times": sorted(set(times)),
        "weekdays": sorted(set(weekdays)),
        "fade_after_weeks": fade_after_weeks,
        "fade_to_days": fade_to_days,
    }
    plan, _made = ReminderPlan.objects.update_or_create(
        programme=programme, defaults=values, create_defaults={**values, "clinic_id": by.clinic_id}
    )
    planning.plan_ahead(programme, at=at)
    code = ",".join(plan.channels)
    audit.log("programme.remind", by=by, target_id=programme.pk, patient_ids=[programme.patient_id], code=code)
    return plan


def check_reminders(
    patient: Patient,
    channels: Sequence[str],
    times: Sequence[time],
    weekdays: Sequence[int],
    fade_after_weeks: int | None,
    fade_to_days: int | None,
) -> None:
    """:raises Invalid: see `set_reminders`"""
    problems = Problems()
    planning.check_channels(problems, patient, [c for c in channels if c in CHANNELS])
    if set(channels) - set(CHANNELS):
        problems.add("/channels", "invalid_choice.channel", choices=list(CHANNELS))
    if channels and not times:
        problems.add("/times", "required.times")
    if len(set(times)) > MOST_TIMES:
        problems.add("/times", "too_many.times", most=MOST_TIMES)
    if channels and not weekdays:
        problems.add("/weekdays", "required.weekdays")
    planning.check_quiet(problems, patient, times)
    if (fade_after_weeks is None) != (fade_to_days is None):
        problems.add("/fade_to_days", "required.fading")
    elif fade_after_weeks is not None and fade_to_days is not None:
        if not 1 <= fade_after_weeks <= 52:
            problems.add("/fade_after_weeks", "out_of_range", low=1, high=52)
        if not 1 <= fade_to_days <= 7:
            problems.add("/fade_to_days", "out_of_range", low=1, high=7)
    problems.raise_if_any()


@transaction.atomic
def send_link_now(*, programme: Programme, by: Actor, at: datetime) -> Message | None:
    """
    Send the patient the link to today's page at once; a second time within the minute sends nothing more.

    :raises NotRunning, QuietNow:
    :raises ProgrammeSafetyStop: the record says that the patient must not do a step
    :raises Invalid: there is no channel with consent and an address, or no birth date
    """
    policies.require_author(by)
    if programme.status != Programme.Status.ACTIVE:
        raise NotRunning
    problems = Problems()
    channels = addresses.usable_channels(programme.patient)
    planning.check_channels(problems, programme.patient, channels[:1])
    if not channels:
        problems.add("/channels", "no_consent.any_channel")
    problems.raise_if_any()
    if not planning.may_send_now(programme.patient, at):
        raise QuietNow
    safety_stops.refuse_reminding(programme, at=at)
    link = planning.check_in_link(programme, at)
    audit.log("programme.send_link", by=by, target_id=programme.pk, patient_ids=[programme.patient_id])
    return messages.enqueue(
        kind="check_in",
        channel=channels[0],
        patient_id=programme.patient_id,
        about_id=programme.pk,
        link=link,
        dedupe_key=f"now:{programme.pk}:{at:%Y-%m-%dT%H:%M}",
        due_at=at,
        by=by,
        by_hand=True,
    )


@transaction.atomic
def calendar_link(*, programme: Programme, by: Actor, at: datetime) -> str:
    """
    A new secret address of the programme's calendar; an old one closes.

    :raises NotRunning:
    """
    if programme.status != Programme.Status.ACTIVE:
        raise NotRunning
    links.revoke(patient_id=programme.patient_id, purposes=["calendar"], at=at)
    link = links.make(
        purpose="calendar",
        patient_id=programme.patient_id,
        about_id=programme.pk,
        clinic_id=by.clinic_id,
        expires_at=at + timedelta(days=366),
    )
    audit.log("programme.calendar", by=by, target_id=programme.pk, patient_ids=[programme.patient_id])
    return links.url_of(link)
