"""
Where each limit of a dose comes from. Plain Python; the limits themselves are in `treatments.rules`.

Source: domain facts, section 3. Hard and usual limits there are product proposals, with the evidence beside them; what
pre-fills a form has a source of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from treatments.rules import UNLIMITED, Limits

EVIDENCE, PROPOSAL, GENERAL_KNOWLEDGE = "evidence", "proposal", "general_knowledge"
STATUSES = [EVIDENCE, PROPOSAL, GENERAL_KNOWLEDGE]
HARD, SOFT, TYPICAL = "hard", "soft", "typical"


@dataclass(frozen=True)
class LimitSource:
    """
    :ivar status: one of STATUSES
    :ivar source: the reference, or what is known, in words
    """

    status: str
    source: str


OURS = LimitSource(PROPOSAL, "Product proposal; not reviewed by a clinician")
STORABLE = LimitSource(PROPOSAL, "No clinical limit: what can be stored")
SCALE = LimitSource(EVIDENCE, "The scale runs from 0 to 10")
PERCENT = LimitSource(EVIDENCE, "A share is from 0 to 100 %")
GUIDE = LimitSource(EVIDENCE, "Source guide on trigger point release")
MET_TRIAL = LimitSource(EVIDENCE, "Registered trial NCT05258201")
HARMAN = LimitSource(EVIDENCE, "Harman et al. 2005, exercise programme")
DEBSKI = LimitSource(EVIDENCE, "Debski et al. 2019, review of 55 papers")

# Technique, field and limit to its source. What is not here is OURS.
SOURCES = {
    ("ischemic_compression", "hold_s", TYPICAL): GUIDE,
    ("ischemic_compression", "pressure_discomfort_0_10", HARD): SCALE,
    ("ischemic_compression", "pressure_discomfort_0_10", SOFT): LimitSource(
        GENERAL_KNOWLEDGE, "About 7 of 10: Fryer & Hodgson 2005"
    ),
    ("manual_pressure_release", "hold_s", SOFT): LimitSource(
        GENERAL_KNOWLEDGE, "Up to about 60 to 90 s: Simons 1999, Lewit"
    ),
    ("manual_pressure_release", "pressure_discomfort_0_10", HARD): SCALE,
    ("muscle_energy_technique", "contraction_s", TYPICAL): MET_TRIAL,
    ("muscle_energy_technique", "repetitions", TYPICAL): MET_TRIAL,
    ("muscle_energy_technique", "stretch_s", TYPICAL): MET_TRIAL,
    ("muscle_energy_technique", "effort_pct", HARD): PERCENT,
    ("muscle_energy_technique", "effort_pct", SOFT): LimitSource(
        GENERAL_KNOWLEDGE, "About 20 to 30 % of maximum: Chaitow"
    ),
    ("strain_counterstrain", "hold_s", TYPICAL): LimitSource(EVIDENCE, "Silverston 2011, thesis with 120 people"),
    ("strain_counterstrain", "tenderness_drop_pct", HARD): PERCENT,
    ("massage", "minutes", SOFT): LimitSource(
        EVIDENCE, "Sherman 2014, n = 228: 60-minute visits helped, 30-minute visits did not"
    ),
    ("massage", "sessions_per_week", SOFT): LimitSource(EVIDENCE, "Sherman 2014, n = 228: 2 or 3 a week"),
    ("massage", "weeks", SOFT): LimitSource(EVIDENCE, "Sherman 2014, n = 228: 4 weeks"),
    ("myofascial_release", "hold_s", SOFT): LimitSource(GENERAL_KNOWLEDGE, "90 to 300 s: Barnes-style texts"),
    ("stretching", "hold_s", TYPICAL): HARMAN,
    ("stretching", "repetitions", TYPICAL): HARMAN,
    ("strengthening", "sets", TYPICAL): HARMAN,
    ("strengthening", "repetitions", TYPICAL): HARMAN,
    ("strengthening", "days_per_week", TYPICAL): HARMAN,
    ("strengthening", "days_per_week", HARD): LimitSource(EVIDENCE, "A week has 7 days"),
    ("self_release_teaching", "hold_s", SOFT): GUIDE,
    ("self_release_teaching", "hold_s", TYPICAL): GUIDE,
    ("self_release_teaching", "pressure_discomfort_0_10", SOFT): GUIDE,
    ("self_release_teaching", "pressure_discomfort_0_10", TYPICAL): GUIDE,
    ("self_release_teaching", "repetitions", TYPICAL): DEBSKI,
    ("self_release_teaching", "rest_s", TYPICAL): DEBSKI,
    ("dry_needling", "needle_diameter_mm", SOFT): LimitSource(
        EVIDENCE, "Sillevis 2020: 0.12 mm at the sternocleidomastoid; 0.30 mm is common in trials"
    ),
    ("dry_needling", "insertions", SOFT): LimitSource(
        EVIDENCE, "Pintado 2016: more insertions, more soreness afterwards"
    ),
    ("dry_needling", "retention_s", SOFT): LimitSource(
        EVIDENCE, "Review of 2021: most trials leave needles in for 5 to 40 min"
    ),
    ("dry_needling", "es_hz", SOFT): LimitSource(GENERAL_KNOWLEDGE, "2 to 4 Hz is usual; not verified"),
    ("dry_needling", "es_minutes", SOFT): LimitSource(GENERAL_KNOWLEDGE, "10 to 20 min is usual; not verified"),
    ("dry_needling", "pain_during_0_10", HARD): SCALE,
    ("trigger_point_injection", "needle_length_mm", SOFT): LimitSource(
        EVIDENCE, "Medscape: 38 to 76 mm by depth of the muscle"
    ),
    ("trigger_point_injection", "pain_during_0_10", HARD): SCALE,
    ("trigger_point_injection", "concentration_pct", HARD): PERCENT,
}


def source_of(technique: str, field: str, limit: str) -> LimitSource:
    """Return where a limit comes from; `limit` is HARD, SOFT or TYPICAL."""
    return SOURCES.get((technique, field, limit), OURS)


def limits_with_sources(
    technique: str, field: str, limits: Limits
) -> list[tuple[str, tuple[float, float], LimitSource]]:
    """Return the limits that a field has, each with its pair and its source; HARD first."""
    pairs = ((HARD, limits.hard), (SOFT, limits.soft), (TYPICAL, limits.typical))
    return [
        (limit, pair, STORABLE if pair == UNLIMITED else source_of(technique, field, limit))
        for limit, pair in pairs
        if pair is not None
    ]
