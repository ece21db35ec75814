"""Giving the advice after needling, and noting how it was given."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from accounts import policies
from audit import actions as audit
from database.expressions import new_id
from errors.exceptions import Conflict, Invalid, Problems
from identity.actor import Actor
from messaging import actions as messages
from messaging import addresses, links
from messaging.models import Message
from treatments.aftercare import queries, rules, texts
from treatments.models import Aftercare, Session

LINK_OPENS = timedelta(days=30)  # technical: how long the link to the advice opens
# Technical: the warning is for today; after so long it is not sent any more, and the page shows that it was not.
LATE_AFTER = timedelta(hours=12)


class NotNeedled(Conflict):
    reason = "not_needled"


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
    row = Aftercare(
        id=new_id(),
        clinic_id=by.clinic_id,
        patient_id=locked.patient_id,
        session=locked,
        how=how,
        language=language,
        text_version=texts.VERSION,
        text=texts.ALL[language].as_text,
        message=message,
        given_at=at,
        given_by_id=author_id,
    )
    row.save(force_insert=True)
    audit.log("aftercare.give", by=by, target_id=session.pk, patient_ids=[locked.patient_id], code=how)
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
