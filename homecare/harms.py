"""What a patient's answers at home say about the last treatment: handed down to the adverse events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from homecare import rules
from homecare.models import CheckIn
from identity.actor import Actor
from patients.queries import identities
from treatments.adverse_events import actions, queries


def note_harms(check_in: CheckIn, before: Sequence[str], *, by: Actor, at: datetime) -> None:
    """
    Keep that somebody asked about a treatment, and start an unconfirmed event from what may be its harm.

    :param before: what was wrong in this check-in before it was corrected: it starts nothing again
    """
    new = [code for code in check_in.wrong if code not in before]
    if check_in.session is not None:
        has_problems = bool(rules.harms_after_needling(check_in.wrong))
        actions.note_home_answer(
            session=check_in.session, check_in_id=check_in.pk, has_problems=has_problems, by=by, at=at
        )
        session, answers = check_in.session, rules.harms_after_needling(new)
    else:
        answers = rules.harms_on_any_day(new)
        people = identities(clinic_id=check_in.clinic_id, patient_id=check_in.patient_id) if answers else []
        needling = queries.last_needling(people, before=at) if answers else None
        if needling is None:
            return
        session = needling
    if answers:
        actions.start_from_check_in(session=session, check_in_id=check_in.pk, answers=answers, by=by, at=at)
