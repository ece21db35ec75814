"""
Informed consent: for which class of technique and which region it is needed, and what is missing.

Source: domain facts, sections 6.4, 9.2 and 9.4 (consent per technique class and region, valid for a number of days
that the clinic sets, withdrawal with its time). The map of muscles to regions is a product proposal: it has not been
reviewed by a clinician.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

MANUAL, DRY_NEEDLING, INJECTION = "manual", "dry_needling", "injection"
TECHNIQUE_CLASSES = [DRY_NEEDLING, INJECTION, MANUAL]
GENERAL, NECK, THORAX, PELVIS, SUBOCCIPITAL = "general", "neck", "thorax", "pelvis", "suboccipital"
REGIONS = [GENERAL, NECK, THORAX, PELVIS, SUBOCCIPITAL]

# Without consent for its class and region, a technique of these classes is not signed.
CONSENT_REQUIRED = frozenset({DRY_NEEDLING, INJECTION})
GUARDIAN_UNTIL_YEARS = 16  # safety facts 3: below 16, needling needs a guardian's consent

SIGNATURE, TYPED_NAME, VERBAL = "signature", "typed_name", "verbal"
WAYS = [SIGNATURE, TYPED_NAME, VERBAL]
WITNESSED_WAYS = frozenset({TYPED_NAME, VERBAL})
COPY_WAYS = ["printed", "link", "declined"]
WITHDRAWN_BY = ["patient", "guardian"]

# Every technique: None is what the patient does alone, and advice.
CONSENT_CLASSES: dict[str, str | None] = {
    "dry_needling": DRY_NEEDLING,
    "trigger_point_injection": INJECTION,
    "ischemic_compression": MANUAL,
    "manual_pressure_release": MANUAL,
    "transverse_friction": MANUAL,
    "muscle_energy_technique": MANUAL,
    "strain_counterstrain": MANUAL,
    "massage": MANUAL,
    "myofascial_release": MANUAL,
    "stretching": MANUAL,
    "strengthening": None,
    "self_release_teaching": None,
    "advice": None,
}


class MuscleLike(Protocol):
    """What the rules read of a muscle of the catalogue."""

    @property
    def key(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def cautions(self) -> tuple[str, ...]: ...


class InterventionLike(Protocol):
    """What the rules read of an intervention, planned or recorded."""

    @property
    def technique(self) -> str: ...
    @property
    def muscle(self) -> MuscleLike | None: ...


@dataclass(frozen=True)
class KnownConsent:
    """
    One consent that was given.

    :ivar valid_until: the first moment at which it no longer holds; None if the clinic sets no number of days
    :ivar guardian: a guardian gave it
    """

    technique_class: str
    region: str
    given_at: datetime
    valid_until: datetime | None = None
    withdrawn_at: datetime | None = None
    guardian: bool = False

    def state(self, at: datetime, *, visit_ends_at: datetime | None = None) -> str:
        """Return `valid`, `withdrawn`, `expired` or `not_yet_given` at a moment."""
        if self.withdrawn_at is not None and self.withdrawn_at <= at:
            return "withdrawn"
        if self.valid_until is not None and self.valid_until <= at:
            return "expired"
        if self.given_at > (visit_ends_at or at):
            return "not_yet_given"
        return "valid"


@dataclass(frozen=True)
class MissingConsent:
    """
    A consent that a treatment needs and the patient has not given.

    :ivar reason: `missing`, `expired`, `withdrawn`, `not_yet_given` (only afterwards), `guardian_missing`, or
        `age_unknown` (without a birth date nobody can tell whether a guardian must consent)
    :ivar interventions: the positions of the interventions that need it
    """

    technique_class: str
    region: str
    reason: str
    interventions: tuple[int, ...]


def technique_class(technique: str) -> str | None:
    """Return a technique's class; None for what the patient does alone, for advice, and for a step at home (`""`)."""
    return CONSENT_CLASSES[technique] if technique else None


def regions_of_muscle(muscle: MuscleLike | None) -> tuple[str, ...]:
    """
    Return the regions for which consent is needed to treat a muscle, in the order of REGIONS.

    Without a muscle all of them, so that leaving the muscle out never takes less consent than naming it.
    """
    if muscle is None:
        return tuple(REGIONS)
    regions = set()
    if muscle.key == "suboccipitals":
        regions.add(SUBOCCIPITAL)
    elif muscle.region in ("neck", "head"):
        regions.add(NECK)
    if "lung" in muscle.cautions:
        regions.add(THORAX)
    if muscle.region == "pelvis" or "intimate_area" in muscle.cautions:
        regions.add(PELVIS)
    return tuple(region for region in REGIONS if region in regions) or (GENERAL,)


def list_needed_consents(interventions: Iterable[InterventionLike]) -> dict[tuple[str, str], tuple[int, ...]]:
    """Return (technique class, region) to the positions of the interventions that need consent for it."""
    needed: dict[tuple[str, str], tuple[int, ...]] = {}
    for index, intervention in enumerate(interventions):
        class_code = technique_class(intervention.technique)
        if class_code not in CONSENT_REQUIRED:
            continue
        assert class_code is not None
        for region in regions_of_muscle(intervention.muscle):
            needed[class_code, region] = (*needed.get((class_code, region), ()), index)
    return needed


def missing_consents(
    interventions: Iterable[InterventionLike],
    consents: Sequence[KnownConsent],
    at: datetime,
    *,
    age_years: int | None,
    visit_ends_at: datetime | None = None,
) -> list[MissingConsent]:
    """
    Return the consents that this treatment needs and that do not hold, in order of the interventions.

    :param at: when the treatment took place
    :param age_years: the patient's age then; None if the birth date is not known
    :param visit_ends_at: until when a consent may have been given; without it, until `at`. Sessions are dated by
        their start, and consent is often given in the same visit.
    """
    missing = []
    for (class_code, region), indexes in list_needed_consents(interventions).items():
        for_this = [c for c in consents if (c.technique_class, c.region) == (class_code, region)]
        reason = _reason_missing(for_this, at, age_years, visit_ends_at)
        if reason:
            missing.append(MissingConsent(class_code, region, reason, indexes))
    return missing


def _reason_missing(
    consents: Sequence[KnownConsent], at: datetime, age_years: int | None, visit_ends_at: datetime | None
) -> str:
    states = [consent.state(at, visit_ends_at=visit_ends_at) for consent in consents]
    valid = [consent for consent, state in zip(consents, states, strict=True) if state == "valid"]
    if not valid:
        # The reason that helps most: a withdrawal is a decision, the others are a matter of asking again.
        return next((reason for reason in ("withdrawn", "expired", "not_yet_given") if reason in states), "missing")
    if any(consent.guardian for consent in valid):
        return ""
    if age_years is None:
        return "age_unknown"
    return "guardian_missing" if needs_guardian(age_years) else ""


def age_years(birth_date: date, on_date: date) -> int:
    """Return the age in whole years on a day."""
    before_birthday = (on_date.month, on_date.day) < (birth_date.month, birth_date.day)
    return on_date.year - birth_date.year - before_birthday


def needs_guardian(age_years: int) -> bool:
    """Return whether a guardian must consent to a technique that breaks the skin."""
    return age_years < GUARDIAN_UNTIL_YEARS


def valid_until(given_at: datetime, valid_days: int | None) -> datetime | None:
    """Return when a consent ends; None if the clinic sets no number of days."""
    return None if valid_days is None else given_at + timedelta(days=valid_days)


# --- A drawn signature ----------------------------------------------------------------------------------------

# The pad's own units: a signature keeps its shape on every screen and on paper.
PAD_WIDTH, PAD_HEIGHT = 600, 200
STROKES_MAX, POINTS_MAX, POINTS_MIN = 200, 5_000, 8  # technical limits; a dot is no signature

Strokes = list[list[list[int]]]


def signature_problem(strokes: object) -> str:
    """Return what is wrong with a drawn signature: `invalid`, `too_long`, `too_short`, or nothing."""
    if not isinstance(strokes, list) or not all(isinstance(stroke, list) for stroke in strokes):
        return "invalid"
    points = [point for stroke in strokes for point in stroke]
    if len(strokes) > STROKES_MAX or len(points) > POINTS_MAX:
        return "too_long"
    if not all(_is_on_pad(point) for point in points):
        return "invalid"
    return "too_short" if len({tuple(point) for point in points}) < POINTS_MIN else ""


def _is_on_pad(point: object) -> bool:
    if not isinstance(point, list) or len(point) != 2 or not all(type(value) is int for value in point):
        return False
    return 0 <= point[0] <= PAD_WIDTH and 0 <= point[1] <= PAD_HEIGHT


def svg_paths(strokes: Strokes) -> list[str]:
    """Return the strokes as the `d` of SVG paths."""
    return ["M" + " L".join(f"{x} {y}" for x, y in (stroke * 2)[: max(len(stroke), 2)]) for stroke in strokes if stroke]
