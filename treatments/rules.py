"""
Techniques and their doses, as tables. The model's columns, the database's limits, the API's shapes and the messages all
come from here.

Hard limits reject the impossible; soft limits ask for a reason; typical values pre-fill a form and are marked as such.
Source of all numbers: domain facts, section 3 (there: product proposals, with the evidence beside them).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from errors.exceptions import FieldError
from treatments.agents import AGENTS, ANAESTHETICS, OTHER_AGENT

# --- Fields ---------------------------------------------------------------------------------------------------

WHOLE = "whole number"
NUMBER = "number"
TEXT = "text"
CODE = "code"
YES_NO = "yes or no"
DATE = "date"

NEEDLING_TECHNIQUES = ["superficial", "deep_pistoning", "retained", "retained_rotated", "electrical"]
TWITCH_ELICITED = ["yes", "no", "not_sought"]
# What a column holds, where no source gives a limit: no clinical claim.
UNLIMITED = (0, 32_767)


@dataclass(frozen=True)
class Field:
    """One quantity of a dose. The unit is in the name; `decimals` only where kind is NUMBER."""

    kind: str
    label: str
    unit: str = ""
    codes: tuple[str, ...] = ()
    decimals: int = 1


FIELDS = {
    "hold_s": Field(WHOLE, "Hold", "s"),
    "rest_s": Field(WHOLE, "Rest between", "s"),
    "repetitions": Field(WHOLE, "Repetitions"),
    "sets": Field(WHOLE, "Sets"),
    "minutes": Field(NUMBER, "Duration", "min"),
    "pressure_discomfort_0_10": Field(WHOLE, "Discomfort under pressure, 0 to 10"),
    "pain_during_0_10": Field(WHOLE, "Pain during, 0 to 10"),
    "barrier_steps": Field(WHOLE, "Barriers followed"),
    "tool": Field(TEXT, "Tool"),
    "contraction_s": Field(WHOLE, "Contraction", "s"),
    "effort_pct": Field(WHOLE, "Effort", "%"),
    "relax_s": Field(WHOLE, "Relaxation", "s"),
    "stretch_s": Field(WHOLE, "Stretch", "s"),
    "tenderness_drop_pct": Field(WHOLE, "Drop of tenderness", "%"),
    "position": Field(TEXT, "Position"),
    "direction": Field(TEXT, "Direction"),
    "area": Field(TEXT, "Area"),
    "region": Field(TEXT, "Region"),
    "pressure": Field(TEXT, "Pressure"),
    "strokes": Field(TEXT, "Strokes"),
    "sessions_per_week": Field(WHOLE, "Sessions a week"),
    "weeks": Field(WHOLE, "Weeks", "wk"),
    "days_per_week": Field(WHOLE, "Days a week"),
    "exercise": Field(TEXT, "Exercise"),
    "load": Field(TEXT, "Load"),
    "topic": Field(TEXT, "Topic"),
    "needling_technique": Field(CODE, "Needling technique", codes=tuple(NEEDLING_TECHNIQUES)),
    "needle_diameter_mm": Field(NUMBER, "Needle diameter", "mm", decimals=2),
    "needle_length_mm": Field(NUMBER, "Needle length", "mm"),
    "needle_gauge": Field(WHOLE, "Needle gauge", "G"),
    "brand_lot": Field(TEXT, "Brand and lot"),
    "insertions": Field(WHOLE, "Needle passes"),
    "depth_mm": Field(NUMBER, "Depth", "mm"),
    "ltr_elicited": Field(CODE, "Twitch elicited", codes=tuple(TWITCH_ELICITED)),
    "ltr_count": Field(WHOLE, "Twitches"),
    "retention_s": Field(WHOLE, "Needle left in", "s"),
    "rotation": Field(YES_NO, "Rotated"),
    "es_waveform": Field(TEXT, "Electrical waveform"),
    "es_hz": Field(NUMBER, "Electrical frequency", "Hz"),
    "es_pulse_us": Field(WHOLE, "Electrical pulse width", "µs"),
    "es_minutes": Field(NUMBER, "Electrical duration", "min"),
    "es_intensity_label": Field(TEXT, "Electrical intensity"),
    "skin_prep": Field(TEXT, "Skin preparation"),
    "gloves": Field(YES_NO, "Gloves"),
    "haemostasis_s": Field(WHOLE, "Haemostasis", "s"),
    "needles_in": Field(WHOLE, "Needles in"),
    "needles_out": Field(WHOLE, "Needles out"),
    "prescriber": Field(TEXT, "Prescriber"),
    "agent": Field(CODE, "Agent", codes=tuple(AGENTS)),
    "agent_text": Field(TEXT, "Agent, as entered"),
    "adrenaline": Field(YES_NO, "With adrenaline"),
    "concentration_pct": Field(NUMBER, "Concentration", "%", decimals=3),
    "volume_ml": Field(NUMBER, "Volume", "mL", decimals=2),
    "additive": Field(TEXT, "Additive"),
    "lot": Field(TEXT, "Lot"),
    "expiry_date": Field(DATE, "Expiry"),
    "aspiration_done": Field(YES_NO, "Aspirated first"),
    "reaction": Field(TEXT, "Reaction"),
    "observation_minutes": Field(NUMBER, "Observed afterwards", "min"),
}


# --- Techniques -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Limits:
    """The limits of one field in one technique; each pair is inclusive."""

    hard: tuple[float, float] = UNLIMITED
    soft: tuple[float, float] | None = None
    typical: tuple[float, float] | None = None


@dataclass(frozen=True)
class Technique:
    """
    :ivar dose: its own fields with their limits; a field that is not here is refused
    :ivar counts_needles: needles in and out are asked for, and must be equal, before a signature
    """

    label: str
    dose: dict[str, Limits] = field(default_factory=dict)
    counts_needles: bool = False
    breaks_skin: bool = False


ANY = Limits()
SCALE = Limits(hard=(0, 10))

TECHNIQUES = {
    "ischemic_compression": Technique(
        "Ischemic compression",
        {
            "hold_s": Limits(hard=(5, 300), soft=(20, 120), typical=(30, 90)),
            "repetitions": ANY,
            "pressure_discomfort_0_10": Limits(hard=(0, 10), soft=(3, 7)),
            "rest_s": ANY,
            "tool": ANY,
        },
    ),
    "manual_pressure_release": Technique(
        "Manual pressure release",
        {
            "hold_s": Limits(hard=(5, 300), soft=(15, 120)),
            "barrier_steps": ANY,
            "pressure_discomfort_0_10": Limits(hard=(0, 10), soft=(0, 6)),
        },
    ),
    "transverse_friction": Technique("Transverse friction", {"minutes": Limits(hard=(0.5, 15), soft=(1, 5))}),
    "muscle_energy_technique": Technique(
        "Muscle energy technique",
        {
            "contraction_s": Limits(hard=(1, 30), soft=(3, 10), typical=(7, 10)),
            "effort_pct": Limits(hard=(0, 100), soft=(10, 40)),
            "repetitions": Limits(hard=(1, 20), soft=(2, 6), typical=(3, 5)),
            "relax_s": ANY,
            "stretch_s": Limits(soft=(10, 60), typical=(30, 30)),
        },
    ),
    "strain_counterstrain": Technique(
        "Strain-counterstrain",
        {
            "hold_s": Limits(hard=(5, 300), soft=(20, 120), typical=(90, 90)),
            "repetitions": ANY,
            "tenderness_drop_pct": Limits(hard=(0, 100)),
            "position": ANY,
        },
    ),
    "massage": Technique(
        "Massage",
        {
            "minutes": Limits(hard=(1, 180), soft=(10, 90)),
            "sessions_per_week": Limits(hard=(1, 7), soft=(1, 3)),
            "weeks": Limits(hard=(1, 52), soft=(1, 12)),
            "pressure": ANY,
            "region": ANY,
            "strokes": ANY,
        },
    ),
    "myofascial_release": Technique(
        "Myofascial release",
        {
            "hold_s": Limits(hard=(10, 900), soft=(60, 300)),
            "minutes": ANY,
            "direction": ANY,
            "area": ANY,
        },
    ),
    "stretching": Technique(
        "Stretching",
        {
            "hold_s": Limits(hard=(3, 180), soft=(10, 60), typical=(30, 30)),
            "repetitions": Limits(soft=(1, 5), typical=(3, 3)),
            "direction": ANY,
        },
    ),
    "strengthening": Technique(
        "Strengthening",
        {
            "exercise": ANY,
            "sets": Limits(typical=(3, 3)),
            "repetitions": Limits(typical=(12, 12)),
            "hold_s": ANY,
            "days_per_week": Limits(hard=(1, 7), typical=(4, 4)),
            "load": ANY,
        },
    ),
    "self_release_teaching": Technique(
        "Self-release taught",
        {
            # The source guide's values for what a patient does alone; beyond 120 s or 7 of 10 it is not taught.
            "hold_s": Limits(hard=(0, 120), soft=(30, 45), typical=(30, 45)),
            "pressure_discomfort_0_10": Limits(hard=(0, 7), soft=(5, 6), typical=(5, 6)),
            "repetitions": Limits(typical=(1, 3)),
            "rest_s": Limits(typical=(30, 30)),
            "tool": ANY,
        },
    ),
    "advice": Technique("Advice", {"topic": ANY, "minutes": ANY}),
    "dry_needling": Technique(
        "Dry needling",
        {
            "needling_technique": ANY,
            "needle_diameter_mm": Limits(hard=(0.10, 0.60), soft=(0.12, 0.40)),
            "needle_length_mm": Limits(hard=(5, 130), soft=(13, 75)),
            "insertions": Limits(hard=(0, 60), soft=(1, 20)),
            "depth_mm": Limits(hard=(0, 130)),  # no needle is longer
            "ltr_elicited": ANY,
            "ltr_count": ANY,
            "retention_s": Limits(hard=(0, 3600), soft=(0, 1800)),
            "rotation": ANY,
            "es_waveform": ANY,
            "es_hz": Limits(hard=(0.5, 250), soft=(1, 100)),
            "es_pulse_us": ANY,
            "es_minutes": Limits(hard=(0, 60), soft=(5, 30)),
            "es_intensity_label": ANY,
            "pain_during_0_10": SCALE,
            "brand_lot": ANY,
            "position": ANY,
            "skin_prep": ANY,
            "gloves": ANY,
            "haemostasis_s": ANY,
            "needles_in": ANY,
            "needles_out": ANY,
        },
        counts_needles=True,
        breaks_skin=True,
    ),
    "trigger_point_injection": Technique(
        "Trigger point injection",
        {
            "prescriber": ANY,
            "agent": ANY,
            "agent_text": ANY,
            "adrenaline": ANY,
            "concentration_pct": Limits(hard=(0, 100)),
            "volume_ml": ANY,
            "additive": ANY,
            "lot": ANY,
            "expiry_date": ANY,
            "needle_gauge": ANY,
            "needle_length_mm": Limits(hard=(5, 130), soft=(13, 76)),  # 76 mm is the longest that a source names
            "aspiration_done": ANY,
            "insertions": Limits(hard=(0, 60)),
            "ltr_elicited": ANY,
            "pain_during_0_10": SCALE,
            "reaction": ANY,
            "observation_minutes": ANY,
            "needles_in": ANY,
            "needles_out": ANY,
        },
        counts_needles=True,
        breaks_skin=True,
    ),
}


# A field that is asked only when another one, which it belongs to, has one of these values.
ASKED_WHEN: dict[str, tuple[str, tuple[str, ...]]] = {
    "retention_s": ("needling_technique", ("retained", "retained_rotated", "electrical")),
    "rotation": ("needling_technique", ("retained", "retained_rotated")),
    **dict.fromkeys(
        ("es_waveform", "es_hz", "es_pulse_us", "es_minutes", "es_intensity_label"),
        ("needling_technique", ("electrical",)),
    ),
    "ltr_count": ("ltr_elicited", ("yes",)),
    "agent_text": ("agent", (OTHER_AGENT,)),
    "concentration_pct": ("agent", (*ANAESTHETICS, OTHER_AGENT)),
    "adrenaline": ("agent", (*ANAESTHETICS, OTHER_AGENT)),
}


def techniques_with(name: str) -> list[str]:
    """The techniques whose dose has this field."""
    return [code for code, technique in TECHNIQUES.items() if name in technique.dose]


def is_measured(name: str) -> bool:
    return FIELDS[name].kind in (WHOLE, NUMBER)


# What is observed or counted while treating, or belongs to one package: never copied from an earlier session.
OBSERVED = frozenset(
    {
        "needles_in", "needles_out", "insertions", "ltr_elicited", "ltr_count", "pain_during_0_10",
        "pressure_discomfort_0_10", "tenderness_drop_pct", "barrier_steps", "haemostasis_s", "brand_lot",
    }
)  # fmt: skip


def repeat_dose(technique: str, dose: Mapping[str, Any]) -> dict[str, Any] | None:
    """
    Return what of an earlier dose may be offered again as it was; None for a technique that is never repeated by a tap.

    :raises KeyError: no such technique
    """
    if "volume_ml" in TECHNIQUES[technique].dose:
        return None  # what is injected is decided, and its lot read, each time
    return {name: value for name, value in dose.items() if value is not None and name not in OBSERVED}


def check_dose(technique: str, dose: Mapping[str, Any], reasons: Mapping[str, str]) -> list[FieldError]:
    """
    Return what is wrong with a dose or needs a reason; pointers are into the intervention.

    :param technique: one of TECHNIQUES
    :param dose: field to value; None is the same as not given
    :param reasons: field to why its value is outside the soft limits
    :raises KeyError: no such technique
    """
    own = TECHNIQUES[technique]
    matches = []
    for name, value in dose.items():
        if value is None:
            continue
        if name not in own.dose:
            params = {"technique": technique, "field": name, "fields": list(own.dose)}
            matches.append(FieldError(f"/dose/{name}", "not_of_this_technique", params))
        elif is_measured(name):
            matches += _check_limits(name, Decimal(str(value)), own.dose[name], bool(reasons.get(name)))
    depth, length = dose.get("depth_mm"), dose.get("needle_length_mm")
    if depth is not None and length is not None and depth > length:
        matches.append(FieldError("/dose/depth_mm", "deeper_than_needle", {"length_mm": Decimal(str(length))}))
    return matches


def _check_limits(name: str, value: Decimal, limits: Limits, has_reason: bool) -> list[FieldError]:
    pointer, unit = f"/dose/{name}", FIELDS[name].unit
    low, high = (Decimal(str(limit)) for limit in limits.hard)
    if not low <= value <= high:
        params = {"low": low, "high": high, "unit": unit}
        return [FieldError(pointer, "out_of_range.unit" if unit else "out_of_range", params)]
    if limits.soft and not has_reason:
        low, high = (Decimal(str(limit)) for limit in limits.soft)
        if not low <= value <= high:
            params = {"low": low, "high": high, "unit": unit}
            return [FieldError(pointer, "reason_required.unusual_unit" if unit else "reason_required.unusual", params)]
    return []


# --- A needle and what lies near a muscle ----------------------------------------------------------------------

LUNG_NEEDLE_MM = 30  # domain facts 2.1: a 31 mm needle has been documented to reach the lung
SUBOCCIPITAL_NEEDLE_MM = 40  # domain facts 2.1 and 3.2: below 40 mm at the suboccipitals


def check_needle(
    technique: str,
    dose: Mapping[str, Any],
    reasons: Mapping[str, str],
    *,
    muscle: str,
    risk: str,
    cautions: frozenset[str],
) -> list[FieldError]:
    """
    Return what needs a reason for a needle in this muscle; pointers are into the intervention.

    :param risk: the catalogue's needling risk of the muscle
    :param cautions: the catalogue's caution codes of the muscle
    Source: domain facts 2.1 (lung, suboccipitals), catalogue conventions (default-blocked muscles).
    """
    if not TECHNIQUES[technique].breaks_skin:
        return []
    matches = []
    if risk == "contraindicated_default" and not reasons.get("muscle"):
        matches.append(FieldError("/muscle", "reason_required.blocked_muscle"))
    length = dose.get("needle_length_mm")
    if length is None or reasons.get("needle_length_mm"):
        return matches
    if "lung" in cautions and length >= LUNG_NEEDLE_MM:
        matches.append(FieldError("/dose/needle_length_mm", "reason_required.lung", {"limit_mm": LUNG_NEEDLE_MM}))
    elif muscle == "suboccipitals" and length >= SUBOCCIPITAL_NEEDLE_MM:
        params = {"limit_mm": SUBOCCIPITAL_NEEDLE_MM}
        matches.append(FieldError("/dose/needle_length_mm", "reason_required.suboccipitals", params))
    return matches


# --- A whole session ------------------------------------------------------------------------------------------

NEEDLED_POINTS_HARD = 40  # domain facts 3.2
NEEDLED_POINTS_SOFT = 10
FIRST_VISIT_MUSCLES_SOFT = 4  # domain facts 3.2, product proposal
NEEDLING_INTERVAL = timedelta(hours=48)  # domain facts 3.2, product proposal: the same point again
LIDOCAINE_PLAIN_SOFT_MG = 300  # domain facts 3.3 (general knowledge there, so it asks and does not refuse)
LIDOCAINE_PLAIN_MG_KG = Decimal("4.5")  # domain facts 3.3, a secondary source that cites the label
LIDOCAINE_ADRENALINE_MG_KG = Decimal(7)
WEIGHT_ABOVE_MG = 100  # safety facts, part 5: above it, and for a child, the weight is asked
WEIGHT_KG = (1, 500)  # no clinical claim: what a scale can say


def total_mg(
    volume_ml: int | float | Decimal | None, concentration_pct: int | float | Decimal | None
) -> Decimal | None:
    """Milligrams given: mL × percent × 10. Source: domain facts 3.3."""
    if volume_ml is None or concentration_pct is None:
        return None
    return Decimal(str(volume_ml)) * Decimal(str(concentration_pct)) * 10


# --- Measures -------------------------------------------------------------------------------------------------

MEASURE_KINDS = ["pain", "ppt_kpa", "rom_deg"]
PHASES = ["before", "after"]
# Needling can look worse at once and better after two days, compression the reverse: domain facts 3.2.
TIMINGS = ["immediate", "24h", "48h", "72h", "later"]
