"""A patient's answers, and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

import catalogue
from accounts.queries import list_alarm_recipients
from assessments import raised_flags
from assessments.red_flags import HOME_CHECK_IN
from audit import actions as audit
from errors.exceptions import Conflict, Problems
from homecare import harms, queries, rules
from homecare.models import CheckIn, Programme, Step, StepAnswer
from homecare.programmes import progress, safety_stops
from identity.actor import Actor
from messaging import actions as messages
from messaging import rules as sending
from messaging.models import Link
from patients.queries import zone_of
from treatments.models import Session
from worklist import actions as worklist
from worklist.models import Item
from worklist.rules import ItemRequest


class NotAsked(Conflict):
    reason = "not_asked"


@transaction.atomic
def answer_day(
    *, programme_id: UUID, answers: rules.CheckInAnswers, link: Link | None, by: Actor, at: datetime
) -> CheckIn:
    """
    Take the answers of today; answering again the same day corrects them.

    :raises NotAsked: the programme is not running
    :raises Invalid: a value cannot be; each is named
    """
    programme = Programme.objects.select_for_update(of=("self",)).select_related("patient").get(pk=programme_id)
    if programme.status != Programme.Status.ACTIVE:
        raise NotAsked
    version, steps = queries.current_version(programme)
    assert version is not None
    steps_by_id = {step.pk: step for step in steps}
    check_answers(answers, steps_by_id)
    today = at.astimezone(zone_of(programme.patient)).date()
    check_in, is_new = CheckIn.objects.select_for_update(of=("self",)).get_or_create(
        programme=programme,
        local_date=today,
        session=None,
        defaults={"clinic_id": by.clinic_id, "patient_id": programme.patient_id, "answered_at": at},
    )
    check_in.version, before = version, list(check_in.wrong)
    _write(check_in, answers, link, is_new, at)
    # What was said of a step that a newer version has no more stays.
    StepAnswer.objects.filter(check_in=check_in, step__lasting__in=[step.lasting for step in steps]).delete()
    StepAnswer.objects.bulk_create(
        StepAnswer(clinic_id=by.clinic_id, check_in=check_in, step=steps_by_id[key], **answer)
        for key, answer in answers.steps.items()
    )
    messages.call_off(about_ids=[programme.pk], kinds=["check_in"])
    _use_links(about_id=programme.pk, at=at)
    audit.log("check_in.answer", by=by, target_id=check_in.pk, patient_ids=[programme.patient_id])
    worklist.resolve(kinds=["silent"], about_ids=[programme.pk], by=by, at=at)
    _escalate_day(programme, check_in, before, by=by, at=at)
    harms.note_harms(check_in, before, by=by, at=at)
    # An answer is kept whatever it is; but what no action wrote may stop the programme by now.
    programme.refresh_from_db(fields=["status", "revision"])
    if programme.status == Programme.Status.ACTIVE:
        safety_stops.pause_if_stopped(programme=programme, by=by, at=at)
    return check_in


@transaction.atomic
def answer_soreness(
    *, session_id: UUID, answers: rules.CheckInAnswers, link: Link | None, by: Actor, at: datetime
) -> CheckIn:
    """
    Take the answers so many hours after needling: those of 24, 48 or 72 hours that are nearest.

    :raises Invalid: a value cannot be; each is named
    """
    session = Session.objects.select_for_update(of=("self",)).select_related("patient").get(pk=session_id)
    check_answers(answers, {})
    check_in, is_new = CheckIn.objects.select_for_update(of=("self",)).get_or_create(
        session=session,
        after_h=asked_after_h(session.performed_at, at),
        defaults={
            "clinic_id": by.clinic_id,
            "patient_id": session.patient_id,
            "answered_at": at,
            "local_date": at.astimezone(zone_of(session.patient)).date(),
        },
    )
    before = list(check_in.wrong)
    _write(check_in, answers, link, is_new, at)
    if link is not None:
        Link.objects.filter(pk=link.pk, used_at=None).update(used_at=at)
    audit.log("check_in.answer", by=by, target_id=check_in.pk, patient_ids=[session.patient_id])
    _escalate(check_in, before, about_id=session.pk, tell=session.recorded_by_id, by=by, at=at)
    harms.note_harms(check_in, before, by=by, at=at)
    return check_in


def asked_after_h(performed_at: datetime, at: datetime) -> int:
    hours = (at - performed_at) / timedelta(hours=1)
    return min(rules.SORENESS_AFTER_H, key=lambda asked: abs(asked - hours))


def _write(check_in: CheckIn, answers: rules.CheckInAnswers, link: Link | None, made: bool, at: datetime) -> None:
    check_in.pain, check_in.soreness = answers.pain, answers.soreness
    check_in.wrong, check_in.note = list(answers.wrong), answers.note
    check_in.link, check_in.answered_at = link or check_in.link, at
    check_in.revision += 0 if made else 1
    check_in.save(update_fields=["pain", "soreness", "wrong", "note", "link", "answered_at", "revision", "version"])


def _use_links(*, about_id: UUID, at: datetime) -> None:
    """The day is answered: every link that asked for it has done its work."""
    Link.objects.filter(about_id=about_id, purpose="check_in", used_at=None).update(used_at=at)


def check_answers(answers: rules.CheckInAnswers, steps: Mapping[UUID, Step]) -> None:
    """:raises Invalid:"""
    problems = Problems()
    for name in ("pain", "soreness"):
        value = getattr(answers, name)
        if value is not None and not 0 <= value <= 10:
            problems.add(f"/{name}", "out_of_range", low=0, high=10)
    for code in answers.wrong:
        if code not in rules.WRONG:
            problems.add("/wrong", "invalid_choice.wrong", choices=list(rules.WRONG))
    if len(answers.note) > 2000:
        problems.add("/note", "too_long.note", most=2000)
    for key, answer in answers.steps.items():
        if key not in steps:
            problems.add(f"/steps/{key}", "unknown.step")
        _validate_answer(problems, f"/steps/{key}", answer)
        if key in steps:
            _validate_spots(problems, f"/steps/{key}", answer, rules.EXERCISES[steps[key].exercise])
    if answers.is_empty:
        problems.add("/", "empty.check_in")
    problems.raise_if_any()


def _validate_answer(problems: Problems, at: str, said: Mapping[str, Any]) -> None:
    if said.get("done") not in rules.DONE:
        problems.add(f"{at}/done", "invalid_choice.done", choices=list(rules.DONE))
    if said.get("reason") and said["reason"] not in rules.REASONS:
        problems.add(f"{at}/reason", "invalid_choice.not_done_reason", choices=list(rules.REASONS))
    discomfort = said.get("discomfort")
    if discomfort is not None and not 0 <= discomfort <= 10:
        problems.add(f"{at}/discomfort", "out_of_range", low=0, high=10)


def _validate_spots(problems: Problems, at: str, said: Mapping[str, Any], exercise: rules.Exercise) -> None:
    """Spots and ticks: only where they are asked for, and of what there is."""
    for code in said.get("checked", ()):
        if code not in exercise.checklist:
            problems.add(f"{at}/checked", "invalid_choice.checklist", choices=list(exercise.checklist))
    spots = said.get("spots", ())
    if len(spots) > (rules.MOST_SPOTS if exercise.finds_spots else 0):
        problems.add(f"{at}/spots", "too_many.spots", most=rules.MOST_SPOTS)
    for number, spot in enumerate(spots):
        sides = rules.spot_sides(spot["zone"], catalogue.ZONES)
        if spot["side"] not in sides:
            problems.add(f"{at}/spots/{number}/zone", "invalid_choice.spot", number=number + 1)
        if spot["tenderness"] is not None and not 0 <= spot["tenderness"] <= 10:
            problems.add(f"{at}/spots/{number}/tenderness", "out_of_range", low=0, high=10)


# --- What follows ---------------------------------------------------------------------------------------------


def _escalate_day(programme: Programme, check_in: CheckIn, before: Sequence[str], *, by: Actor, at: datetime) -> None:
    """
    Everything that a day's answers may lead to (domain facts 8.4).

    :param before: what was wrong in this day's answers before they were corrected: nobody is told of it twice
    """
    _escalate(check_in, before, about_id=programme.pk, tell=programme.author_id, by=by, at=at)
    days, today = stop_days(programme), check_in.local_date
    if today in days and len(days) >= 2:
        facts: dict[str, Any] = {"times": len(days)}
        if not _is_repeated("stop_event_twice", programme, facts):
            recipients = list_alarm_recipients(programme.author_id, by.clinic_id)
            _notify("stop_event_twice", check_in, programme.pk, facts, recipients, by, at)
    pains = queries.daily_pains(programme, since=today - timedelta(days=7))
    if progress.pain_is_up(pains, baseline_pain=programme.baseline_pain, today=today):
        last = [today - timedelta(days=back) for back in range(progress.PAIN_UP_DAYS)]
        facts = {"baseline": programme.baseline_pain, "last_days": [pains[day] for day in reversed(last)]}
        if not queries.has_recent_item("pain_up", programme, at=at, within=timedelta(days=progress.PAIN_UP_DAYS)):
            _notify("pain_up", check_in, programme.pk, facts, [], by, at)


def stop_days(programme: Programme) -> set[date]:
    """The days on which a stop sign of self-pressure was named, or more discomfort than may be."""
    answered_days = CheckIn.objects.filter(programme=programme).exclude(wrong=[]).values_list("local_date", "wrong")
    felt = StepAnswer.objects.filter(
        check_in__programme=programme, discomfort__gt=rules.STOP_DISCOMFORT, step__exercise__in=rules.PRESSING
    )
    named = {day for day, wrong in answered_days if progress.is_stop_sign(wrong)}
    return named | set(felt.values_list("check_in__local_date", flat=True))


def _is_repeated(kind: str, programme: Programme, facts: dict[str, Any]) -> bool:
    """Whether just this stands on the list, or was dealt with: an answer that is sent again is no news."""
    newest = Item.objects.filter(kind=kind, about_id=programme.pk).order_by("-since").first()
    return newest is not None and newest.facts == facts


def _escalate(check_in: CheckIn, before: Sequence[str], *, about_id: UUID, tell: UUID, by: Actor, at: datetime) -> None:
    codes = [rules.RED_FLAG_OF[code] for code in check_in.wrong if code in rules.RED_FLAG_OF and code not in before]
    raised_flags.raise_flags(
        patient_id=check_in.patient_id, codes=codes, source=HOME_CHECK_IN, source_id=check_in.pk, by=by, at=at
    )
    for item_kind, codes in rules.rows_for([code for code in check_in.wrong if code not in before]).items():
        recipients = list_alarm_recipients(tell, by.clinic_id) if item_kind == "red_flag" else []
        _notify(item_kind, check_in, about_id, {"answers": codes}, recipients, by, at)


def _notify(
    kind: str, check_in: CheckIn, about_id: UUID, facts: dict[str, Any], told: Sequence[UUID], by: Actor, at: datetime
) -> None:
    """A row of the worklist; what cannot wait goes to somebody by mail as well, at once, at any hour."""
    item_id, _new = worklist.raise_item(
        kind=kind, patient_id=check_in.patient_id, about_id=about_id, facts=facts, by=by, at=at
    )
    for user_id in told:
        messages.enqueue(
            kind="staff_alert",
            channel=sending.EMAIL,
            patient_id=check_in.patient_id,
            about_id=item_id,
            to_user_id=user_id,
            dedupe_key=f"alert:{item_id}:{user_id}:{check_in.pk}:{check_in.revision}",
            due_at=at,
            by=by,
            late_after=timedelta(hours=24),
        )


@transaction.atomic
def note_silence(*, by: Actor, at: datetime) -> int:
    """
    Put on the worklist whose running programme has had no check-in for 14 days, counted from when it went on after a
    pause. Who is reminded of nothing has a sheet of paper, and is not silent. Returns how many are silent.
    """
    silent: dict[UUID, ItemRequest] = {}
    for programme, last_on in queries.last_answers(until=at.date() - timedelta(days=rules.SILENT_DAYS - 1)):
        zone = zone_of(programme.patient)
        since = programme.resumed_at.astimezone(zone).date() if programme.resumed_at else programme.started_on
        assert since is not None
        if progress.is_silent(started_on=since, last_answer_on=last_on, today=at.astimezone(zone).date()):
            facts = {"last_answer_on": last_on.isoformat() if last_on else None}
            silent[programme.pk] = ItemRequest("silent", programme.patient_id, programme.pk, facts)
    listed = queries.find_listed("silent", silent, at=at)
    fresh = [request for programme_id, request in silent.items() if programme_id not in listed]
    worklist.raise_items(wanted=fresh, by=by, at=at)
    return len(silent)
