"""What is recorded of a session, as typed values. What they may be together is in `treatments.checks`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from records.values import DocumentContent, make

DoseValue = int | float | Decimal | str | bool | date | None
# Field to value: which fields there are depends on the technique, see `rules.TECHNIQUES`.
Dose = Mapping[str, DoseValue]


@dataclass(frozen=True, kw_only=True)
class NewIntervention:
    """
    One technique on one trigger point, or on a muscle, or in general.

    :ivar id: the row's, where a screen has given it one
    :ivar unreviewed: brought from the last session, not confirmed yet
    """

    technique: str
    id: UUID | None = None
    trigger_point: UUID | None = None
    muscle: str | None = None
    side: str | None = None
    dose: Dose = field(default_factory=dict)
    limit_reasons: Mapping[str, str] = field(default_factory=dict)
    response: str = ""
    unreviewed: bool = False


@dataclass(frozen=True, kw_only=True)
class NewMeasure:
    """
    One value before or after.

    :ivar measured_at: None: now
    """

    kind: str
    phase: str
    value: Decimal
    id: UUID | None = None
    timing: str | None = None
    measured_at: datetime | None = None
    trigger_point: UUID | None = None
    movement: str | None = None
    side: str | None = None


@dataclass(frozen=True, kw_only=True)
class NewAnswer:
    """
    That a stop is passed, with a reason; or that something shown is acknowledged.

    :ivar seen_by, seen_at: who saw the patient, and when, in an emergency
    """

    code: str
    reason: str = ""
    seen_by: str = ""
    seen_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class AskedAbout:
    """What the patient answered about problems after an earlier session."""

    about: UUID
    answer: str


@dataclass(frozen=True, kw_only=True)
class SessionContent(DocumentContent):
    """What was done, or a change of it."""

    response: str = ""
    limit_reasons: Mapping[str, str] = field(default_factory=dict)
    weight_kg: Decimal | None = None
    interventions: tuple[NewIntervention, ...] = ()
    measures: tuple[NewMeasure, ...] = ()
    overrides: tuple[NewAnswer, ...] = ()
    acknowledged: tuple[NewAnswer, ...] = ()
    adverse_events_asked: tuple[AskedAbout, ...] = ()


def read_session(data: Mapping[str, Any]) -> SessionContent:
    """Return the content from parsed data, or from a session's JSON, whose computed fields are left out."""
    return make(
        SessionContent,
        data,
        given=frozenset(data),
        interventions=tuple(make(NewIntervention, row) for row in data.get("interventions") or ()),
        measures=tuple(make(NewMeasure, row) for row in data.get("measures") or ()),
        overrides=tuple(make(NewAnswer, row) for row in data.get("overrides") or ()),
        acknowledged=tuple(make(NewAnswer, row) for row in data.get("acknowledged") or ()),
        adverse_events_asked=tuple(make(AskedAbout, row) for row in data.get("adverse_events_asked") or ()),
    )
