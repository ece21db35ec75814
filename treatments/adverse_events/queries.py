"""Reads of adverse events: of a patient, of a session, and of the clinic for its rates."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef

from treatments.adverse_events import rates, rules
from treatments.models import AdverseEvent, AdverseEventAnswer, AdverseEventHomeAnswer, Intervention, Session
from treatments.rules import TECHNIQUES

# Advice alone is no treatment that could do harm.
COUNTED_TECHNIQUES = [
    *(code for code, technique in TECHNIQUES.items() if technique.breaks_skin),
    *(code for code, technique in TECHNIQUES.items() if not technique.breaks_skin and code != "advice"),
]
BREAKING_SKIN = [code for code, technique in TECHNIQUES.items() if technique.breaks_skin]


def events_of(patient_ids: list[UUID]) -> list[AdverseEvent]:
    """Return the newest version of each event of a person, newest first."""
    events = AdverseEvent.objects.of_patients(patient_ids).newest_versions().newest_first()
    return list(events.select_related("session", "recorded_by"))


def events_of_session(subject_id: UUID) -> list[AdverseEvent]:
    """Return the newest version of each event of a session, whichever version of the session it was recorded for."""
    events = AdverseEvent.objects.filter(session__subject_id=subject_id).newest_versions()
    return list(events.newest_first().select_related("session", "recorded_by"))


def versions_of(event_id: UUID) -> list[AdverseEvent]:
    """Return all versions of an event, the newest first."""
    versions = AdverseEvent.objects.filter(event_id=event_id).order_by("-version")
    return list(versions.select_related("session", "recorded_by").prefetch_related("session__interventions"))


def sessions_of(patient_ids: list[UUID], *, limit: int = 50) -> list[Session]:
    """Return the sessions that an event can be about, newest first: drafts too, an event may happen in the visit."""
    sessions = Session.objects.of_patients(patient_ids).filter(record__mark=None).newest_first()
    return list(sessions.prefetch_related("interventions")[:limit])


def treatment_to_ask_about(patient_ids: list[UUID], *, before: datetime) -> rules.EarlierTreatment | None:
    """Return the last signed treatment before a visit; advice alone is none."""
    treated = Intervention.objects.filter(session=OuterRef("pk")).exclude(technique="advice")
    session = (
        Session.objects.of_patients(patient_ids)
        .filter(Exists(treated), performed_at__lt=before, record__mark=None)
        .exclude(signed_at=None)
        .newest_first()
        .first()
    )
    if session is None:
        return None
    techniques = session.interventions.order_by("ordinal").values_list("technique", flat=True)
    return rules.EarlierTreatment(session.pk, session.performed_at, tuple(dict.fromkeys(techniques)))


def last_needling(patient_ids: list[UUID], *, before: datetime) -> Session | None:
    """Return the last signed session with a needle, if it is recent enough for an answer at home to belong to it."""
    needled = Intervention.objects.filter(session=OuterRef("pk"), technique__in=BREAKING_SKIN)
    sessions = Session.objects.of_patients(patient_ids).exclude(signed_at=None).filter(record__mark=None)
    recent = sessions.filter(
        Exists(needled), performed_at__lte=before, performed_at__gt=before - rules.ANSWER_BELONGS_WITHIN
    )
    return recent.newest_first().first()


def unsigned_or_foreign(session_ids: Iterable[UUID], patient_ids: list[UUID]) -> set[UUID]:
    """Return which of these are no signed sessions of the patient."""
    session_ids_list = set(session_ids)
    signed = Session.objects.of_patients(patient_ids).filter(pk__in=session_ids_list).exclude(signed_at=None)
    return session_ids_list - set(signed.values_list("pk", flat=True))


# --- For rates ------------------------------------------------------------------------------------------------


def find_ways_asked(subject_ids: Iterable[UUID] | None = None) -> dict[UUID, set[str]]:
    """
    Return by which ways somebody asked about each session; sessions that nobody asked about are missing.

    What was answered at a visit counts once that visit is signed.
    """
    at_visit = AdverseEventAnswer.objects.exclude(session__signed_at=None).filter(session__record__mark=None)
    at_home = AdverseEventHomeAnswer.objects.all()
    if subject_ids is not None:
        subject_ids_list = list(subject_ids)
        at_visit, at_home = (
            at_visit.filter(about__subject_id__in=subject_ids_list),
            at_home.filter(session__subject_id__in=subject_ids_list),
        )
    ways: dict[UUID, set[str]] = {}
    for subject_id in at_visit.values_list("about__subject_id", flat=True):
        ways.setdefault(subject_id, set()).add("visit")
    for subject_id in at_home.values_list("session__subject_id", flat=True):
        ways.setdefault(subject_id, set()).add("check_in")
    return ways


def list_sessions(*, since: datetime, until: datetime) -> list[rates.TreatedSession]:
    """Return the clinic's signed sessions of a period that still stand, with their techniques and whether asked."""
    rows = (
        Intervention.objects.filter(session__performed_at__gte=since, session__performed_at__lt=until)
        .filter(session__record__mark=None)
        .exclude(session__signed_at=None)
        .values_list("session__subject_id", "technique")
        .distinct()
    )
    techniques: dict[UUID, set[str]] = {}
    for subject_id, technique in rows:
        techniques.setdefault(subject_id, set()).add(technique)
    ways = find_ways_asked()
    return [
        rates.TreatedSession(subject_id, frozenset(used), frozenset(ways.get(subject_id, ())))
        for subject_id, used in techniques.items()
    ]


def list_events(*, since: datetime, until: datetime) -> list[rates.CountedEvent]:
    """Return the confirmed events of sessions of a period."""
    rows = (
        AdverseEvent.objects.newest_versions()
        .filter(status=rules.CONFIRMED, session__performed_at__gte=since, session__performed_at__lt=until)
        .values_list("session__subject_id", "severity", "codes")
    )
    return [
        rates.CountedEvent(subject_id, severity, tuple(codes))
        for subject_id, severity, codes in rows
        if severity is not None  # the database holds that for confirmed ones
    ]


def clinic_rates(*, since: datetime, until: datetime) -> list[rates.TechniqueRate]:
    """Return the clinic's rates of a period; a fixed number of queries, however many sessions there are."""
    sessions = list_sessions(since=since, until=until)
    return rates.technique_rates(sessions, list_events(since=since, until=until), COUNTED_TECHNIQUES)


def events_of_period(*, since: datetime, until: datetime) -> list[AdverseEvent]:
    """Return the newest version of every event of sessions of a period that was not dismissed, oldest first."""
    events = AdverseEvent.objects.newest_versions().exclude(status=rules.DISMISSED)
    events = events.filter(session__performed_at__gte=since, session__performed_at__lt=until)
    whole = events.select_related("session", "recorded_by").prefetch_related("session__interventions")
    return list(whole.order_by("session__performed_at", "event_id"))


def count_unconfirmed() -> int:
    """Return how many events of the clinic wait for a therapist's judgement."""
    return AdverseEvent.objects.newest_versions().filter(status=rules.UNCONFIRMED).count()
