"""What the safety check reads and returns. Plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from assessments import red_flag_table
from assessments.red_flags import FlagState
from patients.rules import KnownAlert
from treatments import agents
from treatments.consents.rules import KnownConsent
from treatments.safety_entries import (
    ANAESTHETIC,
    DRY_NEEDLING,
    ELECTRICAL,
    EXERCISE,
    HANDS_ON,
    INJECTION,
    INVASIVE,
    NECK_MOVEMENT,
    SELF_PRESSURE,
)

CLASS_OF_TECHNIQUE = {
    "ischemic_compression": HANDS_ON,
    "manual_pressure_release": HANDS_ON,
    "transverse_friction": HANDS_ON,
    "muscle_energy_technique": HANDS_ON,
    "strain_counterstrain": HANDS_ON,
    "massage": HANDS_ON,
    "myofascial_release": HANDS_ON,
    "stretching": HANDS_ON,
    "strengthening": EXERCISE,
    "self_release_teaching": SELF_PRESSURE,
    "advice": red_flag_table.ADVICE,
    "dry_needling": INVASIVE,
    "trigger_point_injection": INVASIVE,
}


# --- What is known --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MuscleFacts:
    """What the rules read of a muscle of the catalogue."""

    key: str
    region: str
    cautions: tuple[str, ...]
    risk: str


@dataclass(frozen=True)
class PlannedIntervention:
    """
    One intervention, planned or recorded.

    :ivar muscle, side: None: not known, which counts as every muscle and as both sides
    :ivar as_class: one of `red_flag_table.TECHNIQUE_CLASSES`, where the technique is not one of `rules.TECHNIQUES` (a
        step of a home programme)
    """

    technique: str
    dose: Mapping[str, Any] = field(default_factory=dict)
    muscle: MuscleFacts | None = None
    side: str | None = None
    limit_reasons: Mapping[str, str] = field(default_factory=dict)
    trigger_point: UUID | None = None
    as_class: str = ""

    @cached_property
    def technique_class(self) -> str:
        """One of `red_flag_table.TECHNIQUE_CLASSES`; an exercise of nobody knows what moves the neck."""
        own = self.as_class or CLASS_OF_TECHNIQUE[self.technique]
        moves_neck = self.muscle is None or self.muscle.region in ("neck", "head")
        return NECK_MOVEMENT if own == EXERCISE and moves_neck else own

    @cached_property
    def tags(self) -> frozenset[str]:
        """What the entries of the list can be about."""
        own = self.technique_class
        if own != INVASIVE:
            return frozenset({own})
        if self.technique == "trigger_point_injection":
            is_saline = agents.agent_code(self.dose.get("agent")) == agents.SALINE
            return frozenset({INVASIVE, INJECTION} if is_saline else {INVASIVE, INJECTION, ANAESTHETIC})
        return frozenset({INVASIVE, DRY_NEEDLING, ELECTRICAL} if self._is_electrical else {INVASIVE, DRY_NEEDLING})

    @property
    def _is_electrical(self) -> bool:
        has_current = any(name.startswith("es_") and value is not None for name, value in self.dose.items())
        return has_current or self.dose.get("needling_technique") in (None, "electrical")


@dataclass(frozen=True)
class PatientFacts:
    """
    What is known of the patient at the time of the treatment.

    :ivar flags: as of the treatment, with what became known until the signature
    :ivar age_years: None: not known, which counts as a child
    :ivar last_needled: trigger point, or (muscle, side), to when it was needled last
    """

    alerts: tuple[KnownAlert, ...] = ()
    flags: FlagState = field(default_factory=FlagState)
    consents: tuple[KnownConsent, ...] = ()
    age_years: int | None = None
    weight_kg: Any = None
    first_visit: bool = True
    last_needled: Mapping[Any, datetime] = field(default_factory=dict)


@dataclass(frozen=True)
class SafetyFinding:
    """
    One thing that stands in the way, or that should be known.

    :ivar level: "caution" is shown, "acknowledge" is confirmed by name, "stop" stops the signature
    :ivar code: of the entry, or `red_flag_stop`, `red_flag_known_at_signing`, `red_flag`, `screen_incomplete`
    :ivar subject: what it is about: a flag, an alert, a caution, or the code
    :ivar pointer: into the session
    :ivar overridable: a stop that a reason, by name, passes
    :ivar is_emergency: an override needs by whom and when the patient was seen
    :ivar reason: what a person reads, in the source language
    """

    level: str
    code: str
    source: str
    pointer: str
    reason: str
    label: str
    subject: str
    params: Mapping[str, Any] = field(default_factory=dict)
    overridable: bool = True
    is_emergency: bool = False

    @property
    def key(self) -> str:
        """What an override or an acknowledgement names: the flag's code, or the entry's."""
        return str(self.params.get("flag") or self.code)
