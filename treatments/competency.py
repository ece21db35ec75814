"""
Which competency a treatment needs. Plain Python.

Source: domain facts, sections 6.4 and 9.2; safety facts, parts 3 and 6. Which competency fits which muscle follows from
the catalogue's cautions; it is a product proposal that has not been reviewed by a clinician.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from accounts.rules import KnownCompetency
from treatments.consents.rules import DRY_NEEDLING, INJECTION, technique_class

SPECIALIST = "specialist"  # the catalogue's needling risk
# Either proves the basic training: before it had a code of its own, clinics recorded the technique.
PROVES = {"dn_basic": ("dn_basic", "dry_needling")}


class MuscleLike(Protocol):
    """What the rules read of a muscle of the catalogue."""

    @property
    def key(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def cautions(self) -> tuple[str, ...]: ...
    @property
    def risk(self) -> str: ...


class InterventionLike(Protocol):
    """What the rules read of an intervention, planned or recorded."""

    @property
    def technique(self) -> str: ...
    @property
    def muscle(self) -> MuscleLike | None: ...


@dataclass(frozen=True)
class MissingCompetency:
    """
    A competency that a treatment needs and its author does not have.

    :ivar expired_on: its last day, if there was one; None if it was never recorded
    :ivar interventions: the positions of the interventions that need it
    """

    code: str
    expired_on: date | None
    interventions: tuple[int, ...]


def list_advanced_competencies(muscle: MuscleLike | None) -> tuple[str, ...]:
    """
    Return the advanced competencies that a needle in this muscle needs; none unless the catalogue says specialist.

    Without a muscle all of them, so that leaving the muscle out never takes less than naming it.
    """
    if muscle is None:
        return ("dn_suboccipital", "dn_thorax", "dn_pelvic")
    if muscle.risk != SPECIALIST:
        return ()
    codes = []
    if muscle.key == "suboccipitals":
        codes.append("dn_suboccipital")
    if "lung" in muscle.cautions:
        codes.append("dn_thorax")
    if "intimate_area" in muscle.cautions or muscle.region == "pelvis":
        codes.append("dn_pelvic")
    return tuple(codes)


def list_needed_competencies(intervention: InterventionLike, *, basic_required: bool) -> tuple[str, ...]:
    """
    Return the competencies that one intervention needs.

    An injection always needs the prescriber's. A specialist muscle needs the competency of its area, for an injection
    too: the needle is no safer for having a syringe. Four specialist muscles lie in none of these areas (pterygoids,
    popliteus, tibialis posterior); needling them needs the basic training, whatever the clinic's setting.
    """
    class_code = technique_class(intervention.technique)
    if class_code not in (DRY_NEEDLING, INJECTION):
        return ()
    muscle = intervention.muscle
    codes = list_advanced_competencies(muscle)
    if class_code == INJECTION:
        return ("injection_prescriber", *codes)
    is_other_specialist = muscle is None or (muscle.risk == SPECIALIST and not codes)
    return ("dn_basic", *codes) if basic_required or is_other_specialist else codes


def missing_competency(
    interventions: Iterable[InterventionLike],
    competencies: Sequence[KnownCompetency],
    on_date: date,
    *,
    basic_required: bool,
) -> list[MissingCompetency]:
    """
    Return the competencies that this treatment needs and its author does not have on that day.

    :param competencies: the author's, see `accounts.queries.competencies_of`
    :param on_date: the day of the treatment, by the clinic's clock
    :param basic_required: whether plain needling needs the basic training, see `accounts.queries.requires_basic`
    """
    needed: dict[str, tuple[int, ...]] = {}
    for index, intervention in enumerate(interventions):
        for code in list_needed_competencies(intervention, basic_required=basic_required):
            needed[code] = (*needed.get(code, ()), index)
    missing = []
    for code, indexes in needed.items():
        fitting = [c for c in competencies if c.code in PROVES.get(code, (code,))]
        if any(competency.holds(on_date) for competency in fitting):
            continue
        last_days = [c.valid_until for c in fitting if c.valid_until is not None]
        missing.append(MissingCompetency(code, max(last_days, default=None), indexes))
    return missing
