"""Giving the advice after needling, and noting how it was given."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max

from accounts import policies
from audit import actions as audit
from database.expressions import new_id
from errors.constraints import violations_as
from errors.exceptions import Conflict, Invalid, Problems
from identity.actor import Actor
from messaging import actions as messages
from messaging import addresses, links
from messaging.models import Message
from treatments.aftercare import queries, rules, texts
from treatments.models import Aftercare, AftercareText, Session

LINK_OPENS = timedelta(days=30)  # technical: how long the link to the advice opens
# Technical: the warning is for today; after so long it is not sent any more, and the page shows that it was not.
LATE_AFTER = timedelta(hours=12)


class NotNeedled(Conflict):
    reason = "not_needled"


class AdviceVersionTaken(Conflict):
    reason = "version_taken.advice"


@transaction.atomic
def give_aftercare(*, session: Session, how: str, language: str, by: Actor, at: datetime) -> Aftercare:
    """
    Note that the patient was given the advice; for `link`, send it. It may be given before or after the signature.

    :param session: with its interventions at hand
    :raises accounts.policies.NoAuthor, NotNeedled:
    :raises Invalid: there is no text in this language; for a link there is no channel, or no birth date to open it with
    """
    author_id = policies.require_author(by)
    # A draft cannot be discarded between this check and our row.
    locked = Session.objects.select_for_update(of=("self",), no_key=True).get(pk=session.pk)
    if not queries.list_muscles(session):
        raise NotNeedled
    if language not in texts.LANGUAGES:
        raise Invalid.at("/language", "unknown_code.consent_language")
    message = _send_link(locked, by=by, at=at) if how == rules.LINK else None
    current = queries.current_advice(language)
    row = Aftercare(
        id=new_id(),
        clinic_id=by.clinic_id,
        patient_id=locked.patient_id,
        session=locked,
        how=how,
        language=language,
        text_version=current.version,
        text=current.advice.as_text,
        message=message,
        given_at=at,
        given_by_id=author_id,
    )
    row.save(force_insert=True)
    audit.log("aftercare.give", by=by, target_id=session.pk, patient_ids=[locked.patient_id], code=how)
    return row


@transaction.atomic
def save_text(*, language: str, expected_title: str, expected: Sequence[str], by: Actor, at: datetime) -> AftercareText:
    """
    Keep a new version of the clinic's own advice, which stands below the warning of pneumothorax; without lines the
    product's text is used again. The warning cannot be changed. Old versions stay.

    :raises accounts.policies.OwnersOnly, AdviceVersionTaken:
    :raises Invalid: the language has no advice, or something is too long
    """
    policies.require_owner(by)
    lines = [line.strip() for line in expected if line.strip()]
    title = expected_title.strip() if lines else ""
    problems = Problems()
    if language not in texts.LANGUAGES:
        problems.add("/language", "unknown_code.consent_language")
    if len(title) > rules.TITLE_MOST:
        problems.add("/expected_title", "too_long.advice", most=rules.TITLE_MOST)
    if len(lines) > rules.LINES_MOST:
        problems.add("/expected", "too_many.advice", most=rules.LINES_MOST)
    if any(len(line) > rules.LINE_MOST for line in lines):
        problems.add("/expected", "too_long.advice", most=rules.LINE_MOST)
    problems.raise_if_any()
    last = AftercareText.objects.filter(language=language).aggregate(last=Max("version"))["last"] or 0
    row = AftercareText(
        id=new_id(),
        clinic_id=by.clinic_id,
        language=language,
        version=last + 1,
        expected_title=title,
        expected=lines,
        made_at=at,
        made_by_id=by.author_id,
    )
    with violations_as({"aftercaretext_version_once": AdviceVersionTaken}):
        row.save(force_insert=True)
    audit.log("aftercare.text", by=by, target_id=row.pk, code=f"{language}/{row.version}")
    return row


def _send_link(session: Session, *, by: Actor, at: datetime) -> Message:
    patient = session.patient
    problems = Problems()
    channels = addresses.usable_channels(patient)
    if not channels:
        problems.add("/how", "no_channel.aftercare")
    if not links.can_be_opened(patient):
        problems.add("/how", "no_birth_date.aftercare")
    problems.raise_if_any()
    # A second tap within the minute sends nothing more.
    key = f"aftercare:{session.subject_id}:{at:%Y-%m-%dT%H:%M}"
    sent_before = Message.objects.filter(dedupe_key=key).first()
    if sent_before is not None:
        return sent_before
    link = links.make(
        purpose="aftercare",
        patient_id=session.patient_id,
        about_id=session.pk,
        expires_at=at + LINK_OPENS,
        clinic_id=by.clinic_id,
    )
    message = messages.enqueue(
        kind="aftercare",
        channel=channels[0],
        patient_id=session.patient_id,
        about_id=session.pk,
        link=link,
        dedupe_key=key,
        due_at=at,
        late_after=LATE_AFTER,
        by=by,
        by_hand=True,
    )
    assert message is not None
    return message
