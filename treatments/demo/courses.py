"""
What the demo's patients have, and how it goes.

How many active and latent points a patient has follows published cohorts exactly, by quota instead of by chance
(domain facts 10.3): mechanical neck pain (Fernandez-de-las-Penas 2007: active 1.8 (0.8), latent 2.5 (1.3), n = 20),
chronic tension headache (active 1.9 (1.2), latent 1.9 (0.8)), acute whiplash (active 3.9 (2.5), latent 3.4 (2.7)).
The places come in the order in which they were common in 224 people with chronic neck pain (Cerezo-Tellez 2016).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from assessments.red_flag_table import RED_FLAGS

# Commonest first: upper trapezius right 82.1 %, left 79 %; levator 82.14 %; multifidi 77.68 %; splenius 62.5 %.
NECK_PLACES = [
    ("trapezius_upper", "right"), ("levator_scapulae", "right"), ("trapezius_upper", "left"),
    ("multifidus_cervical", "right"), ("levator_scapulae", "left"), ("splenius_cervicis", "right"),
    ("multifidus_cervical", "left"), ("splenius_cervicis", "left"), ("suboccipitals", "right"),
    ("scm_sternal", "right"), ("infraspinatus", "right"), ("suboccipitals", "left"), ("scm_clavicular", "right"),
    ("scalenes", "right"), ("infraspinatus", "left"), ("scm_sternal", "left"),
]  # fmt: skip
HEAD_PLACES = [("suboccipitals", "right"), ("trapezius_upper", "right"), ("temporalis", "right"),
               ("scm_sternal", "right"), ("suboccipitals", "left"), ("trapezius_upper", "left"),
               ("temporalis", "left"), ("splenius_capitis", "right")]  # fmt: skip
OTHER_PLACES = [
    [("infraspinatus", "right"), ("supraspinatus", "right"), ("deltoid_anterior", "right")],
    [("gluteus_medius", "left"), ("quadratus_lumborum", "left"), ("piriformis", "left")],
    [("gastrocnemius_medial", "right"), ("soleus", "right")],
    [("masseter", "left"), ("temporalis", "left"), ("pterygoid_lateral", "left")],
]


@dataclass(frozen=True)
class Cohort:
    """Patients of one kind; `active` and `latent` say how many points each of them has, in turn."""

    name: str
    active: list[int]
    latent: list[int]
    places: list[tuple[str, str]] = field(default_factory=list)
    techniques: tuple[str, ...] = ("ischemic_compression", "stretching")


COHORTS = [
    Cohort(
        "mechanical neck pain",
        active=[1] * 8 + [2] * 8 + [3] * 4,  # 1.8 (0.75)
        latent=[1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2, 3, 4, 1, 2, 3, 1, 2, 1],  # 2.5 (1.32)
        places=NECK_PLACES,
        techniques=("ischemic_compression", "dry_needling", "stretching"),
    ),
    Cohort(
        "chronic tension headache",
        active=[1, 1, 3, 2, 0, 2, 4, 1, 3, 2],  # 1.9 (1.14)
        latent=[2, 2, 1, 3, 2, 1, 2, 3, 1, 2],  # 1.9 (0.70)
        places=HEAD_PLACES,
        techniques=("manual_pressure_release", "massage", "muscle_energy_technique"),
    ),
    Cohort(
        "acute whiplash",
        active=[4, 1, 7, 3, 2, 8, 5, 1, 6, 2],  # 3.9 (2.43)
        latent=[3, 0, 8, 2, 4, 1, 7, 5, 1, 3],  # 3.4 (2.54)
        places=NECK_PLACES,
        techniques=("manual_pressure_release", "strain_counterstrain", "self_release_teaching"),
    ),
    Cohort(
        "shoulder, hip, calf, jaw",
        active=[1, 2, 1, 2] * 5,
        latent=[1, 0, 1, 1] * 5,
        techniques=("myofascial_release", "transverse_friction", "strengthening"),
    ),
]

DOSES: dict[str, dict[str, Any]] = {
    "ischemic_compression": {"hold_s": 60, "repetitions": 3, "pressure_discomfort_0_10": 6},
    "manual_pressure_release": {"hold_s": 60, "barrier_steps": 2, "pressure_discomfort_0_10": 4},
    "transverse_friction": {"minutes": 3},
    "muscle_energy_technique": {"contraction_s": 7, "effort_pct": 25, "repetitions": 3, "stretch_s": 30},
    "strain_counterstrain": {"hold_s": 90, "repetitions": 1, "tenderness_drop_pct": 70},
    "massage": {"minutes": 60, "sessions_per_week": 2, "weeks": 4},
    "myofascial_release": {"hold_s": 90, "direction": "along the fibres"},
    "stretching": {"hold_s": 30, "repetitions": 3},
    "strengthening": {"exercise": "scapular retraction", "sets": 3, "repetitions": 12, "days_per_week": 4},
    "self_release_teaching": {"hold_s": 30, "pressure_discomfort_0_10": 5, "repetitions": 2, "tool": "soft ball"},
    "dry_needling": {
        "needling_technique": "deep_pistoning",
        "needle_diameter_mm": 0.3,
        "needle_length_mm": 25,
        "insertions": 8,
        "ltr_elicited": "yes",
        "ltr_count": 3,
        "haemostasis_s": 20,
        "needles_in": 1,
        "needles_out": 1,
    },
}


@dataclass(frozen=True)
class Step:
    """One thing that happens in a course. `what` is exam or session; `sign` is False for a draft."""

    at: datetime
    patient: int
    what: str
    content: dict[str, Any]
    sign: bool = True


@dataclass(frozen=True)
class Case:
    number: int
    cohort: Cohort
    active: list[tuple[str, str]]
    latent: list[tuple[str, str]]
    improves: bool

    @property
    def start_pain(self) -> int:
        return 5 + self.number % 4


def cases() -> list[Case]:
    """The sixty patients, in a fixed order."""
    case_list: list[Case] = []
    for cohort in COHORTS:
        for index, (active, latent) in enumerate(zip(cohort.active, cohort.latent, strict=True)):
            places = cohort.places or OTHER_PLACES[index % len(OTHER_PLACES)]
            number = len(case_list)
            # Two of three get better; the third does not, and that is shown too.
            case_list.append(
                Case(number, cohort, places[:active], places[active : active + latent], improves=number % 3 != 2)
            )
    return case_list


def course(case: Case, until: datetime) -> Iterator[Step]:
    """A patient's three months: an exam, two or three sessions, an exam again. A few are not finished yet."""
    start = until - timedelta(days=90 - case.number % 30, hours=case.number % 8)
    yield Step(start, case.number, "exam", exam(case, start, progress=0.0))
    # Who does not improve stops coming.
    for visit in range(1, 4 if case.improves else 3):
        at = start + timedelta(days=7 * visit, minutes=10 * (case.number % 4))
        yield Step(at, case.number, "session", session(case, at, progress=visit / 4))
    last = start + timedelta(days=28)
    unfinished = case.number % 11 == 10
    yield Step(last, case.number, "exam", exam(case, last, progress=1.0), sign=not unfinished)


def pain_at(case: Case, progress: float) -> int:
    return round(case.start_pain * (1 - 0.65 * progress)) if case.improves else case.start_pain - round(progress)


def exam(case: Case, at: datetime, *, progress: float) -> dict[str, Any]:
    is_last = progress == 1.0 and case.improves
    # What was active is latent after a good course; what was latent is gone: the band stays, the rest does not.
    findings = [finding(place, "latent" if is_last else "active", case, progress) for place in case.active]
    findings += [finding(place, "none" if is_last else "latent", case, progress) for place in case.latent]
    if case.number % 5 == 0 and case.cohort.places and not is_last:
        findings.append(finding(("longus_colli", "left"), "untested", case, progress))
    pain = pain_at(case, progress)
    flagged = case.number % 20 == 7
    return {
        "performed_at": at,
        "pain_now": pain,
        "pain_worst_24h": min(10, pain + 2),
        "pain_best_24h": max(0, pain - 3),
        "red_flags": red_flags(yes="inflammatory" if flagged else ""),
        "pain_drawing": [{"zone": "neck.posterior", "side": "right", "intensity": pain}] if case.cohort.places else [],
        "range_of_motion": [
            {
                "movement": "cervical.rotation",
                "side": side,
                "degrees": 48 + round(14 * progress) + case.number % 6,
                "painful": not is_last,
                "device": "goniometer",
            }
            for side in ("left", "right")
        ]
        if case.cohort.places
        else [],
        "findings": findings,
        "notes": f"Course: {case.cohort.name}.",
    }


def red_flags(*, yes: str) -> list[dict[str, Any]]:
    """The whole screen: trauma asked on its own, the others together; self-harm was not asked about."""
    asked = [code for code, flag in RED_FLAGS.items() if flag.is_mandatory]
    return [
        {
            "code": code,
            "answer": "yes" if code == yes else "no",
            "source": "asked_each" if code in (yes, "trauma_recent") else "no_to_all_others",
        }
        for code in asked
    ]


def finding(place: tuple[str, str], kind: str, case: Case, progress: float) -> dict[str, Any]:
    muscle, side = place
    signs = {
        "active": {"taut_band": "present", "hypersensitive_spot": "present", "referred_pain": "present"},
        "latent": {"taut_band": "present", "hypersensitive_spot": "present", "referred_pain": "absent"},
        "none": {"taut_band": "present", "hypersensitive_spot": "absent", "referred_pain": "absent"},
        "untested": {"taut_band": "present", "hypersensitive_spot": "absent", "referred_pain": "not_tested"},
    }[kind]
    threshold = {"active": 165, "latent": 230, "none": 320, "untested": 250}[kind] + case.number % 9
    return {
        "muscle": muscle,
        "side": side,
        **signs,
        "palpable_nodule": "present" if kind == "active" else "not_tested",
        "spot_in_band": "yes" if kind in ("active", "latent") else "unknown",
        "referred_quality": ["dull_ache"] if kind == "active" else [],
        "recognised": {"active": "yes", "latent": "no"}.get(kind, "not_asked"),
        "pain_on_pressure": {"active": 7, "latent": 5, "none": 2, "untested": 3}[kind],
        "ppt_kpa": [threshold, threshold - 6, threshold + 3],
    }


def session(case: Case, at: datetime, *, progress: float) -> dict[str, Any]:
    places = [*case.active, *case.latent][:3]
    techniques = case.cohort.techniques
    pain = pain_at(case, progress)
    return {
        "performed_at": at,
        "interventions": [
            {
                "technique": techniques[index % len(techniques)],
                "muscle": muscle,
                "side": side,
                "dose": DOSES[techniques[index % len(techniques)]],
            }
            for index, (muscle, side) in enumerate(places)
        ]
        or [{"technique": "advice", "dose": {"topic": "screen at eye level, elbows close, breaks"}}],
        "measures": [
            {"kind": "pain", "phase": "before", "value": pain, "measured_at": at},
            {
                "kind": "pain",
                "phase": "after",
                "timing": "immediate",
                "value": max(0, pain - case.improves),
                "measured_at": at + timedelta(minutes=30),
            },
        ],
        "response": "Tolerated well." if case.improves else "Sore for two days, then as before.",
    }
