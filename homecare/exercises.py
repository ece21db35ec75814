"""
The exercises of home programmes as data: what the patient reads, doses with their limits, tools.

Source unless another is named: domain facts, section 8 (the source guide's five steps; `None` there means that the
guide gives no number, so the therapist fills it in). Suggestions carry their own source and are never filled in
unseen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assessments.red_flag_table import ADVICE, EXERCISE, NECK_MOVEMENT, SELF_PRESSURE

# --- Doses ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Field:
    """One number of a dose. `slip` is no clinical limit: beyond it, the pen has slipped."""

    label: str
    unit: str
    slip: tuple[int, int]


FIELDS = {
    "duration_s": Field("Duration", "s", (1, 3600)),
    "hold_s": Field("Hold", "s", (1, 600)),
    "repetitions": Field("Repetitions", "", (1, 100)),
    "rest_s": Field("Rest between", "s", (0, 600)),
    "sets": Field("Sets", "", (1, 20)),
    "times_per_day": Field("Times a day", "", (1, 24)),
    "days_per_week": Field("Days a week", "", (1, 7)),
    "intensity_from": Field("Pressure from (0 to 10)", "", (0, 10)),
    "intensity_to": Field("Pressure to (0 to 10)", "", (0, 10)),
    "pain_max": Field("Pain at most (0 to 10)", "", (0, 10)),
    "break_every_min": Field("A break every", "min", (1, 240)),
}


@dataclass(frozen=True)
class Dose:
    """
    Limits of one field in one exercise.

    :ivar soft: outside it a reason is asked
    :ivar block: outside it the plan is refused
    :ivar suggested: shown as a suggestion, with its source
    """

    soft: tuple[int, int] | None = None
    block: tuple[int, int] | None = None
    suggested: tuple[int, int] | None = None
    source: str = ""


@dataclass(frozen=True)
class Exercise:
    """
    :ivar how: what the patient reads; {dose} comes after it
    :ivar technique: of red_flag_table.TECHNIQUE_CLASSES, what an open red flag stops; "" if only the muscle, or nobody,
        can tell (`homecare.safety.uses_of`)
    :ivar regions: of BODY_REGIONS, where it works whatever muscle it is given for; () = where the muscle is
    :ivar required: numbers without which it does not reach a patient; () = at least one of its numbers
    :ivar drawings: of homecare/drawings, the first is the usual one
    :ivar presses: it presses on a muscle, so a muscle is wanted, and the catalogue must allow it there
    :ivar tools: what it may be done with
    :ivar ladder: of the tools those that get firmer, or harder, one step at a time
    :ivar finds_spots: the patient is asked which tender spots it found
    :ivar checklist: of `CHECKLIST`, what the patient ticks
    """

    name: str
    how: str
    dose: Mapping[str, Dose]
    drawings: tuple[str, ...]
    technique: str = ""
    regions: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    presses: bool = False
    tools: tuple[str, ...] = ()
    ladder: tuple[str, ...] = ()
    stop_if: tuple[str, ...] = ()
    finds_spots: bool = False
    checklist: tuple[str, ...] = ()


# What is recorded of a scan and of the place of work: domain facts, section 8.1. Zones are the catalogue's.
CHECKLIST = {
    "screen_at_eye_level": "the screen is at eye level",
    "elbows_close": "the elbows are close to the body",
    "breaks_taken": "I took breaks",
}
SPOT_ZONES = [
    "head.suboccipital", "neck.posterior", "neck.lateral", "neck.shoulder_angle", "neck.base_c7", "shoulder.top",
    "shoulder.posterior", "shoulder.scapula_superior_angle", "shoulder.scapula_medial_border", "back.interscapular",
]  # fmt: skip
MOST_SPOTS = 4
STOP_IF = {
    "intensity_above_6": "it is more than 6 out of 10",
    "numbness_or_tingling": "it goes numb or tingles",
    "dizziness": "you feel dizzy",
    "visual_change": "your sight changes",
    "pulse_felt": "you feel a pulse under it",
}
TOOLS = {
    "soft_ball": "a soft ball",
    "medium_roller": "a roller of medium density",
    "firm_ball": "a firm ball",
    "two_soft_balls": "two soft balls",
    "fingers": "a light pinch between finger and thumb",
    "lying": "lying on your back",
    "head_lift": "lying, lifting the head a little",
    "sitting": "sitting",
    "band": "with an elastic band",
    "prone_weights": "lying on your front, with light weights",
}
DEBSKI = "Debski et al. 2019, review of 55 papers"
HARMAN = "Harman et al. 2005, programme"
CHESTER = "Chester physiotherapy leaflet; Jull programme"
AMANDEEP = "patient leaflet, low quality"
PROPOSAL = "product proposal, not reviewed by a clinician"
PER_DAY, PER_WEEK = Dose(), Dose()
USUAL_PAIN_MAX = Dose(soft=(0, 5), source=PROPOSAL)
FINGERS = "fingers"
FIRMER_TOOLS = ("soft_ball", "medium_roller", "firm_ball")
HARDER_POSITIONS = ("lying", "head_lift", "sitting")
HARDER_LOADS = ("band", "prone_weights")
# What is asked of a patient more often than this a day is a slip of the pen, no clinical limit.
MOST_REPETITIONS_A_DAY = 500
# Pressure on one muscle a day: above the first a reason is asked, above the second it is refused. Product proposals.
USUAL_PRESSURE_S, MOST_PRESSURE_S = 600, 3600
# Why a dose, an alert or an open red flag is right all the same: shorter ones explain nothing.
MIN_REASON_CHARACTERS = 10

# What the patient reads instead, where the fingers are all that is allowed.
PINCH = "Hold the tender spot lightly between finger and thumb, and breathe on. It may be uncomfortable, not painful."

EXERCISES = {
    "scan": Exercise(
        "Scan neck and shoulders",
        "Feel along the neck and shoulders for tender spots, breathing slowly and deeply.",
        {"duration_s": Dose(), "times_per_day": PER_DAY, "days_per_week": PER_WEEK},
        ("scan",),
        technique=SELF_PRESSURE,  # the hand feels for spots on the neck
        regions=("neck", "shoulder"),
        required=("duration_s",),
        finds_spots=True,
    ),
    "self_pressure": Exercise(
        "Pressure on a tender spot",
        "Press on the tender spot and breathe on. It may be uncomfortable, not painful.",
        {
            # The guide's values. A longer hold than 120 s or more than 7 is refused in a patient's plan.
            "hold_s": Dose(soft=(30, 45), block=(1, 120), suggested=(30, 45), source="source guide"),
            "intensity_from": Dose(soft=(5, 6), block=(0, 7), suggested=(5, 5), source="source guide"),
            "intensity_to": Dose(soft=(5, 6), block=(0, 7), suggested=(6, 6), source="source guide"),
            "repetitions": Dose(suggested=(1, 3), source=DEBSKI),
            "rest_s": Dose(suggested=(30, 30), source=DEBSKI),
            "times_per_day": PER_DAY,
            "days_per_week": PER_WEEK,
        },
        ("self_pressure", "self_pressure_lying"),
        technique=SELF_PRESSURE,
        required=("hold_s", "intensity_from", "intensity_to", "repetitions", "times_per_day"),
        presses=True,
        tools=(*FIRMER_TOOLS, "two_soft_balls", FINGERS),
        ladder=FIRMER_TOOLS,
        stop_if=tuple(STOP_IF),
    ),
    "side_bends": Exercise(
        "Side-bends of the neck",
        "Bend the head gently to one side, then to the other.",
        {"repetitions": Dose(), "pain_max": USUAL_PAIN_MAX, "times_per_day": PER_DAY, "days_per_week": PER_WEEK},
        ("side_bend",),
        technique=NECK_MOVEMENT,
        regions=("neck",),
        required=("repetitions",),
    ),
    "rotations": Exercise(
        "Rotations of the neck",
        "Turn the head gently to one side, then to the other.",
        {"repetitions": Dose(), "pain_max": USUAL_PAIN_MAX, "times_per_day": PER_DAY, "days_per_week": PER_WEEK},
        ("rotation",),
        technique=NECK_MOVEMENT,
        regions=("neck",),
        required=("repetitions",),
    ),
    "scapular_retraction": Exercise(
        "Shoulder blades back",
        "Draw the shoulder blades together and a little down, then let go.",
        {
            "sets": Dose(suggested=(3, 3), source=HARMAN),
            "repetitions": Dose(suggested=(12, 12), source=HARMAN),
            "hold_s": Dose(),
            "days_per_week": Dose(suggested=(4, 4), source=HARMAN),
        },
        ("scapular_retraction",),
        technique=EXERCISE,
        regions=("shoulder", "back"),
        required=("sets", "repetitions"),
        tools=HARDER_LOADS,
        ladder=HARDER_LOADS,
    ),
    "chin_tuck": Exercise(
        "Chin tuck",
        "Draw the chin straight back, as if making a double chin, and hold. It should not hurt.",
        {
            "hold_s": Dose(suggested=(10, 10), source=CHESTER),
            "repetitions": Dose(suggested=(10, 10), source=CHESTER),
            "times_per_day": Dose(suggested=(2, 3), source=CHESTER),
            "days_per_week": PER_WEEK,
        },
        ("chin_tuck", "chin_tuck_lying"),
        technique=NECK_MOVEMENT,
        regions=("neck",),
        required=("hold_s", "repetitions"),
        tools=HARDER_POSITIONS,
        ladder=HARDER_POSITIONS,
    ),
    "neck_isometrics": Exercise(
        "Neck against the hand",
        "Press the head against the hand without letting it move; each direction in turn.",
        {
            "hold_s": Dose(suggested=(10, 10), source=AMANDEEP),
            "repetitions": Dose(suggested=(10, 10), source=AMANDEEP),
            "times_per_day": PER_DAY,
            "days_per_week": PER_WEEK,
        },
        ("neck_isometrics",),
        technique=NECK_MOVEMENT,
        regions=("neck",),
        required=("hold_s", "repetitions"),
    ),
    "stretch": Exercise(
        "Stretch",
        "Stretch slowly until you feel it, hold, and let go slowly.",
        {
            # Limits as for stretching after pressure, domain facts 3.1.
            "hold_s": Dose(soft=(10, 60), block=(3, 180), suggested=(30, 30), source=HARMAN),
            "repetitions": Dose(soft=(1, 5), suggested=(3, 3), source=HARMAN),
            "times_per_day": PER_DAY,
            "days_per_week": PER_WEEK,
        },
        ("stretch",),
        required=("hold_s", "repetitions"),
    ),
    "ergonomics": Exercise(
        "Your workplace",
        "Screen at eye level, elbows close to the body, and breaks in which you move.",
        {
            "break_every_min": Dose(suggested=(20, 30), source="convention, general knowledge"),
            "days_per_week": PER_WEEK,
        },
        ("ergonomics",),
        technique=ADVICE,
        required=("break_every_min",),
        checklist=tuple(CHECKLIST),
    ),
    "own": Exercise(
        "Another exercise",
        "",
        {
            **{name: Dose() for name in ("hold_s", "repetitions", "rest_s", "sets", "times_per_day", "days_per_week")},
            "pain_max": USUAL_PAIN_MAX,
        },
        ("own",),
    ),
}  # fmt: skip
