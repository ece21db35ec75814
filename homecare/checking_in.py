"""A patient's answers, and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from audit import actions as audit
from clinic.caller import Caller
from clinic.errors import Conflict, Problems
from homecare import progress, queries, rules
from homecare.models import CheckIn, Programme, Step, StepAnswer
from messaging import actions as messages
from messaging import rules as sending
from messaging.models import Link
from patients.queries import zone_of
from treatments.models import Session
from worklist import actions as worklist


class NotAsked(Conflict):
    code = "not_asked"
    detail = "There is nothing to answer any more. Thank you."


@transaction.atomic
def answer_day(
    *, programme_id: UUID, answers: rules.CheckInAnswers, link: Link | None, by: Caller, at: datetime
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
    known = {step.pk: step for step in steps}
    check_answers(answers, known)
    today = at.astimezone(zone_of(programme.patient)).date()
    check_in, made = CheckIn.objects.select_for_update(of=("self",)).get_or_create(
        programme=programme,
        local_date=today,
        session=None,
        defaults={"clinic_id": by.clinic_id, "patient_id": programme.patient_id, "answered_at": at},
    )
    check_in.version = version
    _write(check_in, answers, link, made, at)
    StepAnswer.objects.filter(check_in=check_in).delete()
    StepAnswer.objects.bulk_create(
        StepAnswer(clinic_id=by.clinic_id, check_in=check_in, step=known[key], **said)
        for key, said in answers.steps.items()
    )
    messages.call_off(about_ids=[programme.pk], kinds=["check_in"])
    _use_links(about_id=programme.pk, at=at)
    audit.log("check_in.answer", by=by, target_id=check_in.pk, patient_ids=[programme.patient_id])
    escalate_day(programme, check_in, by=by, at=at)
    return check_in


@transaction.atomic
def answer_soreness(
    *, session_id: UUID, answers: rules.CheckInAnswers, link: Link | None, by: Caller, at: datetime
) -> CheckIn:
    """
    Take the answers so many hours after needling: those of 24, 48 or 72 hours that are nearest.

    :raises Invalid: a value cannot be; each is named
    """
    session = Session.objects.select_for_update(of=("self",)).select_related("patient").get(pk=session_id)
    check_answers(answers, {})
    check_in, made = CheckIn.objects.select_for_update(of=("self",)).get_or_create(
        session=session,
        after_h=asked_after_h(session.performed_at, at),
        defaults={
            "clinic_id": by.clinic_id,
            "patient_id": session.patient_id,
            "answered_at": at,
            "local_date": at.astimezone(zone_of(session.patient)).date(),
        },
    )
    _write(check_in, answers, link, made, at)
    if link is not None:
        Link.objects.filter(pk=link.pk, used_at=None).update(used_at=at)
    audit.log("check_in.answer", by=by, target_id=check_in.pk, patient_ids=[session.patient_id])
    _escalate(check_in, about_id=session.pk, tell=session.recorded_by_id, by=by, at=at)
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
            problems.add(f"/{name}", "out_of_range", "From 0 to 10.")
    for code in answers.wrong:
        if code not in rules.WRONG:
            problems.add("/wrong", "invalid_choice", f"There are: {', '.join(rules.WRONG)}.")
    if len(answers.note) > 2000:
        problems.add("/note", "too_long", "At most 2,000 characters.")
    for key, said in answers.steps.items():
        if key not in steps:
            problems.add(f"/steps/{key}", "unknown", "This step is not in the programme any more.")
        _check_said(problems, f"/steps/{key}", said)
    if answers.is_empty:
        problems.add("/", "empty", "Tap at least one answer.")
    problems.raise_if_any()


def _check_said(problems: Problems, at: str, said: Mapping[str, Any]) -> None:
    if said.get("done") not in rules.DONE:
        problems.add(f"{at}/done", "invalid_choice", f"There are: {', '.join(rules.DONE)}.")
    if said.get("reason") and said["reason"] not in rules.REASONS:
        problems.add(f"{at}/reason", "invalid_choice", f"There are: {', '.join(rules.REASONS)}.")
    discomfort = said.get("discomfort")
    if discomfort is not None and not 0 <= discomfort <= 10:
        problems.add(f"{at}/discomfort", "out_of_range", "From 0 to 10.")


# --- What follows ---------------------------------------------------------------------------------------------


def escalate_day(programme: Programme, check_in: CheckIn, *, by: Caller, at: datetime) -> None:
    """Everything that a day's answers may lead to (domain facts 8.4)."""
    _escalate(check_in, about_id=programme.pk, tell=programme.author_id, by=by, at=at)
    said = CheckIn.objects.filter(programme=programme).exclude(wrong=[]).values_list("wrong", flat=True)
    signs = progress.stop_signs(said)
    if check_in.wrong and signs >= 2 and progress.stop_signs([check_in.wrong]):
        _tell("stop_event_twice", check_in, programme.pk, {"times": signs}, programme.author_id, by, at)
    pains = queries.daily_pains(programme, since=check_in.local_date - timedelta(days=7))
    if progress.pain_is_up(pains, baseline_pain=programme.baseline_pain, today=check_in.local_date):
        days = [check_in.local_date - timedelta(days=back) for back in range(progress.PAIN_UP_DAYS)]
        facts = {"baseline": programme.baseline_pain, "last_days": [pains[day] for day in reversed(days)]}
        _tell("pain_up", check_in, programme.pk, facts, None, by, at)


def _escalate(check_in: CheckIn, *, about_id: UUID, tell: UUID, by: Caller, at: datetime) -> None:
    for kind, codes in rules.follows(check_in.wrong).items():
        _tell(kind, check_in, about_id, {"answers": codes}, tell if kind == "red_flag" else None, by, at)


def _tell(
    kind: str, check_in: CheckIn, about_id: UUID, facts: dict[str, Any], user_id: UUID | None, by: Caller, at: datetime
) -> None:
    """A row of the worklist; what cannot wait goes to the therapist by mail as well, at once, at any hour."""
    item_id, _new = worklist.raise_item(
        kind=kind, patient_id=check_in.patient_id, about_id=about_id, facts=facts, by=by, at=at
    )
    if user_id is not None:
        messages.owe(
            kind="staff_alert", channel=sending.EMAIL, patient_id=check_in.patient_id, about_id=item_id,
            to_user_id=user_id, dedupe_key=f"alert:{item_id}:{check_in.pk}:{check_in.revision}", due_at=at, by=by,
            late_after=timedelta(hours=24),
        )  # fmt: skip


@transaction.atomic
def note_silence(*, by: Caller, at: datetime, today: date) -> int:
    """Put on the worklist whose running programme has had no check-in for 14 days. Returns how many are silent."""
    silent = 0
    for programme, last_on in queries.last_answers():
        assert programme.started_on is not None
        if progress.is_silent(started_on=programme.started_on, last_answer_on=last_on, today=today):
            silent += 1
            facts = {"last_answer_on": last_on.isoformat() if last_on else None}
            if not queries.is_listed("silent", programme):
                worklist.raise_item(
                    kind="silent", patient_id=programme.patient_id, about_id=programme.pk, facts=facts, by=by, at=at
                )
    return silent
