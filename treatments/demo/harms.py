"""A few adverse events of the demo's needled patients, invented, so that the pages have something to show."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from identity.actor import Actor
from treatments.adverse_events import actions
from treatments.adverse_events.rules import EventFacts
from treatments.models import Session

# How long after the needling it began, and what is known of it.
EVENTS: list[tuple[timedelta, EventFacts]] = [
    (
        timedelta(hours=6),
        EventFacts(
            ["post_needling_soreness"],
            "mild",
            causality="definite",
            outcome="resolved",
            duration_min=24 * 60,
            told=["patient"],
        ),
    ),
    (
        timedelta(hours=2),
        EventFacts(["bruise"], "mild", causality="definite", outcome="resolving", action="Cooled, and explained."),
    ),
    (
        timedelta(minutes=5),
        EventFacts(
            ["faint_vasovagal", "sweating"],
            "significant",
            causality="probable",
            outcome="resolved",
            duration_min=10,
            action="Needles out, legs up, water. Felt well 15 minutes later.",
            told=["patient"],
        ),
    ),
]
RECORDED_AFTER = timedelta(days=2)


def record(by: Actor, now: datetime) -> None:
    """Record one event each for three patients, two days after their last signed needling."""
    needled = Session.objects.exclude(signed_at=None).filter(
        interventions__technique="dry_needling", patient__merged_into=None, performed_at__lt=now - RECORDED_AFTER
    )
    last_of_each = {session.patient_id: session for session in needled.order_by("performed_at", "pk").distinct()}
    newest_first = sorted(last_of_each.values(), key=lambda session: (session.performed_at, session.pk), reverse=True)
    for session, (after, event) in zip(newest_first, EVENTS, strict=False):
        facts = replace(event, onset_at=session.performed_at + after)
        at = session.performed_at + RECORDED_AFTER
        actions.record_event(patient_id=session.patient_id, session_id=session.pk, facts=facts, by=by, at=at)
