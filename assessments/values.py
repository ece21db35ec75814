"""What is recorded of an exam, as typed values. What they may be together is in `assessments.checks`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from records.values import DocumentContent, make


@dataclass(frozen=True, kw_only=True)
class NewZone:
    """A zone of the body chart, on a side."""

    zone: str
    side: str


@dataclass(frozen=True, kw_only=True)
class NewPainMark(NewZone):
    """
    A zone that the patient drew.

    :ivar intensity: NPRS 0 to 10; None: marked without a number
    """

    intensity: int | None = None


@dataclass(frozen=True, kw_only=True)
class NewMovement:
    """How far a movement went, and whether it hurt."""

    movement: str
    side: str | None = None
    degrees: Decimal | None = None
    painful: bool | None = None
    device: str | None = None


@dataclass(frozen=True, kw_only=True)
class NewRedFlagAnswer:
    """
    What the patient answered to one red flag.

    :ivar regions, side: what a yes is about; empty: the whole body, both sides
    """

    code: str
    answer: str
    note: str = ""
    source: str | None = ""
    regions: Sequence[str] = ()
    side: str | None = None


@dataclass(frozen=True, kw_only=True)
class BodyPoint:
    """
    A place on the body chart: fractions of the view's width and height.

    :ivar chart: version of the chart; 1 if none is given, because the first chart had none
    """

    view: str
    x: float
    y: float
    chart: int = 1


@dataclass(frozen=True, kw_only=True)
class NewFinding:
    """
    What one palpated spot showed.

    :ivar id: the row's, where a screen has given it one
    :ivar trigger_point: the known point that it is; None: found by its place
    :ivar new_point: it is another point than the known ones, however near
    :ivar ppt_kpa: up to three trials of the pressure pain threshold
    :ivar unreviewed: brought from the last exam, not confirmed yet
    """

    muscle: str
    side: str
    place: str = ""
    id: UUID | None = None
    trigger_point: UUID | None = None
    new_point: bool = False
    point: BodyPoint | None = None
    taut_band: str = "not_tested"
    hypersensitive_spot: str = "not_tested"
    referred_pain: str = "not_tested"
    palpable_nodule: str = "not_tested"
    spot_in_band: str = "unknown"
    local_twitch: str = "not_tested"
    twitch_method: str | None = None
    jump_sign: str = "not_tested"
    restricted_rom: str = "not_tested"
    pain_on_contraction: str = "not_tested"
    weakness: str = "not_tested"
    autonomic: str = "not_tested"
    stress_aggravation: str = "not_tested"
    referred_to: tuple[NewZone, ...] = ()
    referred_quality: Sequence[str] = ()
    recognised: str = "not_asked"
    pain_on_pressure: int | None = None
    ppt_kpa: Sequence[Decimal] = ()
    probe_area_cm2: Decimal | None = None
    limit_reasons: Mapping[str, str] = field(default_factory=dict)
    notes: str = ""
    unreviewed: bool = False


@dataclass(frozen=True, kw_only=True)
class ExamContent(DocumentContent):
    """What was found, or a change of it."""

    pain_now: int | None = None
    pain_worst_24h: int | None = None
    pain_best_24h: int | None = None
    current_symptom: str = "not_recorded"
    rule_set: str = ""
    red_flags: tuple[NewRedFlagAnswer, ...] = ()
    pain_drawing: tuple[NewPainMark, ...] = ()
    range_of_motion: tuple[NewMovement, ...] = ()
    findings: tuple[NewFinding, ...] = ()


def read_exam(data: Mapping[str, Any]) -> ExamContent:
    """Return the content from parsed data, or from an exam's JSON, whose computed fields are left out."""
    return make(
        ExamContent,
        data,
        given=frozenset(data),
        red_flags=tuple(make(NewRedFlagAnswer, answer) for answer in data.get("red_flags") or ()),
        pain_drawing=tuple(make(NewPainMark, mark) for mark in data.get("pain_drawing") or ()),
        range_of_motion=tuple(make(NewMovement, movement) for movement in data.get("range_of_motion") or ()),
        findings=tuple(_read_finding(finding) for finding in data.get("findings") or ()),
    )


def _read_finding(data: Mapping[str, Any]) -> NewFinding:
    point = data.get("point")
    zones: Iterable[Mapping[str, str]] = data.get("referred_to") or ()
    return make(
        NewFinding,
        data,
        point=make(BodyPoint, point) if point else None,
        referred_to=tuple(make(NewZone, zone) for zone in zones),
    )
