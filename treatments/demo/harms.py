"""A few adverse events of the demo's needled patients, invented, so that the pages have something to show."""

from __future__ import annotations

from datetime import datetime, timedelta

from identity.actor import Actor
from treatments.adverse_events import actions
from treatments.adverse_events.rules import EventFacts
from treatments.models import Session

SORE = {"codes": ["post_needling_soreness"], "severity": "mild", "causality": "definite", "outcome": "resolved"}
BRUISE = {"codes": ["bruise"], "severity": "mild", "causality": "definite", "outcome": "resolving"}
FAINT = {
    "codes": ["faint_vasovagal", "sweating"],
    "severity": "significant",
    "causality": "probable",
    "outcome": "resolved",
}
EVENTS = [
    (SORE, timedelta(hours=6), {"duration_min": 24 * 60, "told": ["patient"]}),
    (BRUISE, timedelta(hours=2), {"action": "Cooled, and explained."}),
    (FAINT, timedelta(minutes=5), {"duration_min": 10, "told": ["patient"],
                                   "action": "Needles out, legs up, water. Felt well 15 minutes later."}),
]  # fmt: skip


RECORDED_AFTER = timedelta(days=2)


def record(by: Actor, now: datetime) -> None:
    """Record one event each for three patients, two days after their last signed needling."""
    needled = Session.objects.exclude(signed_at=None).filter(
        interventions__technique="dry_needling", patient__merged_into=None, performed_at__lt=now - RECORDED_AFTER
    )
    last_of_each = {session.patient_id: session for session in needled.order_by("performed_at", "pk").distinct()}
    newest_first = sorted(last_of_each.values(), key=lambda session: (session.performed_at, session.pk), reverse=True)
    for session, (event, after, more) in zip(newest_first, EVENTS, strict=False):
        facts = EventFacts(**event, onset_at=session.performed_at + after, **more)
        at = session.performed_at + RECORDED_AFTER
        actions.record_event(patient_id=session.patient_id, session_id=session.pk, facts=facts, by=by, at=at)
