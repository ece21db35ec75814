"""
How often adverse events happen: numerator, denominator and what was published. Plain Python.

The denominator is the signed sessions that somebody *asked about* afterwards, at the next visit or at home; a session
that nobody asked about says nothing, neither way. Rates of treatments are compared with rates of treatments only: a
share of therapists who have ever seen an event is another number (domain facts, section 13).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from treatments.adverse_events.rules import OF_STAFF, SEVERITIES

SMALLEST_GROUP = 20  # with fewer, a rate says more about chance than about care (safety facts, part 7)
RULE_OF_THREE = 3

OF_TREATMENTS, OF_RESPONDENTS = "treatments", "respondents"


def rate_pct(events: int, asked: int, *, decimals: int = 2) -> Decimal | None:
    """Return the events as a percentage of what was asked about; None if nothing was."""
    return _percentage(events, asked, decimals) if asked else None


def upper_95_pct(events: int, asked: int) -> Decimal | None:
    """
    Return the upper 95 % limit for a kind of event that never happened, by the rule of three: 3 / n.

    None if one happened, or nothing was asked about. Of 7,629 treatments: 0.039 %.
    """
    if events or not asked:
        return None
    return min(_percentage(RULE_OF_THREE, asked, 3), Decimal(100))


def _percentage(part: int, whole: int, decimals: int) -> Decimal:
    return (Decimal(100 * part) / whole).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


# --- Our own --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TreatedSession:
    """
    A signed session that still stands.

    :ivar asked_by: `visit`, `check_in`, both or neither
    """

    subject_id: UUID
    techniques: frozenset[str]
    asked_by: frozenset[str] = frozenset()


@dataclass(frozen=True)
class CountedEvent:
    """A confirmed event of a session."""

    subject_id: UUID
    severity: str
    codes: tuple[str, ...]


@dataclass(frozen=True)
class SeverityRate:
    severity: str
    events: int
    rate_pct: Decimal | None
    upper_95_pct: Decimal | None


@dataclass(frozen=True)
class TechniqueRate:
    """
    The adverse events of one technique.

    :ivar is_suppressed: fewer than `SMALLEST_GROUP` sessions were asked about: no figure of them is given
    :ivar events_not_asked: events of sessions that nobody asked about: they are in no rate
    """

    technique: str
    sessions: int
    asked: int | None
    not_asked_pct: Decimal | None
    is_suppressed: bool
    events: int | None = None
    sessions_with_events: int | None = None
    rate_pct: Decimal | None = None
    upper_95_pct: Decimal | None = None
    events_not_asked: int | None = None
    severities: Sequence[SeverityRate] = field(default_factory=tuple)
    codes: Sequence[tuple[str, int]] = field(default_factory=tuple)


def technique_rates(
    sessions: Collection[TreatedSession], events: Iterable[CountedEvent], techniques: Sequence[str]
) -> list[TechniqueRate]:
    """
    Return the rates of each technique that was used, in the order of `techniques`.

    A session with two techniques counts for both, and so do its events: nobody can tell which of them it was.
    """
    of_patients = [event for event in events if not set(event.codes) <= OF_STAFF]
    rates = []
    for technique in techniques:
        own = [session for session in sessions if technique in session.techniques]
        if own:
            rates.append(_rate(technique, own, of_patients))
    return rates


def _rate(technique: str, sessions: Sequence[TreatedSession], events: Iterable[CountedEvent]) -> TechniqueRate:
    asked = {session.subject_id for session in sessions if session.asked_by}
    not_asked = {session.subject_id for session in sessions} - asked
    count = len(asked)
    is_suppressed = count < SMALLEST_GROUP
    not_asked_pct = rate_pct(len(not_asked), len(sessions), decimals=1) if len(sessions) >= SMALLEST_GROUP else None
    if is_suppressed:
        return TechniqueRate(technique, len(sessions), None, not_asked_pct, is_suppressed)
    events = list(events)
    counted = [event for event in events if event.subject_id in asked]
    by_severity = Counter(event.severity for event in counted)
    by_code = Counter(code for event in counted for code in event.codes if code not in OF_STAFF)
    return TechniqueRate(
        technique,
        len(sessions),
        count,
        not_asked_pct,
        is_suppressed,
        events=len(counted),
        sessions_with_events=len({event.subject_id for event in counted}),
        rate_pct=rate_pct(len(counted), count),
        upper_95_pct=upper_95_pct(len(counted), count),
        events_not_asked=sum(event.subject_id in not_asked for event in events),
        severities=tuple(
            SeverityRate(
                severity,
                by_severity[severity],
                rate_pct(by_severity[severity], count),
                upper_95_pct(by_severity[severity], count),
            )
            for severity in SEVERITIES
        ),
        codes=tuple(sorted(by_code.items(), key=lambda pair: (-pair[1], pair[0]))),
    )


# --- Published ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PublishedRate:
    """
    A published count with its denominator.

    :ivar grade: the study's own word: `mild`, `significant`, `minor` or `major`. They are not our severities.
    :ivar of: what the denominator counts. Only `treatments` may stand beside a rate of ours.
    """

    study: str
    grade: str
    events: int
    n: int
    of: str
    technique: str
    source: str
    remark: str = ""

    @property
    def rate_pct(self) -> Decimal | None:
        return rate_pct(self.events, self.n, decimals=3 if 1000 * self.events < self.n else 2)

    @property
    def upper_95_pct(self) -> Decimal | None:
        return upper_95_pct(self.events, self.n)

    @property
    def one_in(self) -> Decimal | None:
        """In how many treatments one event happened."""
        return (Decimal(self.n) / self.events).quantize(Decimal("0.1")) if self.events else None


BRADY = "Brady et al. 2014, 39 physiotherapists, 10 months"
BOYCE = "Boyce et al. 2020, 420 physical therapists, 6 weeks"
TRYBULSKI = "Trybulski et al. 2024, J Clin Med 13:7032, survey"
# Domain facts, sections 6.5 and 13.
PUBLISHED = [
    PublishedRate("Brady 2014", "mild", 1463, 7629, OF_TREATMENTS, "dry_needling", BRADY),
    PublishedRate("Brady 2014", "significant", 0, 7629, OF_TREATMENTS, "dry_needling", BRADY),
    PublishedRate("Boyce 2020", "minor", 7531, 20494, OF_TREATMENTS, "dry_needling", BOYCE, "boyce_denominator"),
    PublishedRate("Boyce 2020", "major", 20, 20494, OF_TREATMENTS, "dry_needling", BOYCE, "boyce_denominator"),
    # 3 % of 102 respondents have ever seen a pneumothorax: a share of people, not of treatments.
    PublishedRate("Trybulski 2024", "pneumothorax", 3, 102, OF_RESPONDENTS, "dry_needling", TRYBULSKI),
]


def find_published_rates(technique: str) -> list[PublishedRate]:
    """Return what may stand beside our own rate of a technique: rates of treatments with the same technique."""
    return [rate for rate in PUBLISHED if rate.technique == technique and rate.of == OF_TREATMENTS]
