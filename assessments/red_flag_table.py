"""
The red flags as data: what the patient is asked, what is suspected, what to do, and what a yes stops, where.

Source of suspicion and action: domain facts, section 5 (each row names the papers behind it) and section 13.
When a flag must be answered, and in which part of the body it stops what, is a product proposal: the table has not been
reviewed by a clinician, and the screens say so.
"""

from __future__ import annotations

from dataclasses import dataclass

from patients.rules import BODY_REGIONS

TABLE_VERSION = 1  # a change of meaning raises it; a signed document keeps the number of its own
HAS_BEEN_REVIEWED = False
PROPOSAL = "When to ask and what to stop where is a proposal. This rule has not been reviewed by a clinician."

# From least to most urgent; a gate is the highest of all positives. Source: domain facts 5.
ACTIONS = [
    "none", "watchful_safety_net", "hold_treatment", "refer_routine", "refer_urgent", "refer_same_day", "emergency",
]  # fmt: skip
RED_FLAG_ANSWERS = ["yes", "no", "not_asked", "declined"]
# How an answer came about: each question on its own, or one touch for all that were left, after the list was read out.
ANSWER_SOURCES = ["asked_each", "no_to_all_others"]
ANSWER_SIDES = ["left", "right", "both"]

# --- Techniques -----------------------------------------------------------------------------------------------

HANDS_ON, INVASIVE, SELF_PRESSURE = "hands_on", "invasive", "self_pressure"
EXERCISE, NECK_MOVEMENT, ADVICE = "exercise", "neck_movement", "advice"
TECHNIQUE_CLASSES = [HANDS_ON, INVASIVE, SELF_PRESSURE, EXERCISE, NECK_MOVEMENT, ADVICE]
TREATING = frozenset(TECHNIQUE_CLASSES) - {ADVICE}
TOUCHING = frozenset({HANDS_ON, INVASIVE, SELF_PRESSURE})

# --- Levels, from least to most strict ------------------------------------------------------------------------

SHOW, CAUTION, ACKNOWLEDGE, STOP = "show", "caution", "acknowledge", "stop"
LEVELS = [SHOW, CAUTION, ACKNOWLEDGE, STOP]

# --- Places ---------------------------------------------------------------------------------------------------

EVERYWHERE = "everywhere"
HEAD, HEAD_AND_NECK, NECK, UPPER_NECK, TRUNK, LEG = "head", "head_and_neck", "neck", "upper_neck", "trunk", "leg"
INJURY = "injury"  # the regions that the answer names; everywhere, if it names none
LIMB_AND_SPINE = "limb_and_spine"  # the limb that the answer names and its part of the spine; else everywhere
LOWER_LIMB = ("hip", "thigh", "leg", "foot")
UPPER_LIMB = ("shoulder", "arm", "forearm", "hand")
REGIONS_OF_PLACE = {
    EVERYWHERE: tuple(BODY_REGIONS),
    HEAD: ("head",),
    HEAD_AND_NECK: ("head", "neck"),
    NECK: ("neck",),
    UPPER_NECK: ("neck",),
    TRUNK: ("chest", "back", "abdomen", "pelvis"),
    LEG: LOWER_LIMB,
}
# Muscles of the catalogue that reach the upper cervical joints from behind.
UPPER_NECK_MUSCLES = frozenset({"suboccipitals", "splenius_capitis", "semispinalis_capitis"})

# --- When it must be answered ---------------------------------------------------------------------------------

ALWAYS, FIRST_VISIT, EVERY_28_DAYS = "always", "first_visit", "every_28_days"
BEFORE_REGION, ON_REQUEST = "before_region", "on_request"

# --- Headings of the sheet ------------------------------------------------------------------------------------

GROUPS = {
    "general": "Injury and general health",
    "nerves": "Nerves and spinal cord",
    "head": "Head and neck",
    "organs": "Chest, abdomen and legs",
    "joints": "Joints",
    "mind": "Safety",
}


@dataclass(frozen=True)
class Effect:
    """What a yes does: how strictly, to which classes of techniques, in which place."""

    level: str
    classes: frozenset[str]
    place: str = EVERYWHERE


@dataclass(frozen=True)
class RedFlag:
    """
    One question and what follows from a yes.

    :ivar label: a short name for lists
    :ivar question: what the patient is asked; a yes is the finding
    :ivar to_do: the action in words
    :ivar newer: what a newer source asks for, where it differs; both are shown and the clinic decides
    :ivar action: one of ACTIONS
    :ivar asked: when it must be answered
    :ivar before: the regions before whose treatment it must be answered, with BEFORE_REGION
    :ivar effects: the strictest that applies counts; where none does, a yes is shown and nothing is stopped
    :ivar names: what part of the body the answer names: "injury" and "limb" regions and a side, "leg" a side
    :ivar is_overridable: whether a stop can be passed with a reason, by name
    """

    label: str
    group: str
    question: str
    suspects: str
    action: str
    to_do: str
    source: str
    asked: frozenset[str]
    effects: tuple[Effect, ...]
    before: tuple[str, ...] = ()
    names: str = ""
    newer: str = ""
    is_overridable: bool = True

    @property
    def is_mandatory(self) -> bool:
        return self.asked != frozenset({ON_REQUEST})

    @property
    def is_emergency(self) -> bool:
        """Whether passing or clearing it needs by whom the patient was seen, and when."""
        return self.action == "emergency"

    @property
    def blocks(self) -> bool:
        """Whether a yes stops some treatment somewhere."""
        return any(effect.level == STOP for effect in self.effects)


def _when(*asked: str) -> frozenset[str]:
    return frozenset(asked)


IFOMPT_2023 = "Rushton et al., JOSPT 2023;53:7-22, doi 10.2519/jospt.2022.11147 (IFOMPT, cervical framework)"
KNGF = "KNGF red flag list"
UNNAMED = "General knowledge; no paper was checked"
GLOUCESTERSHIRE = "NHS Gloucestershire, G-care red flags"
CCGI = "A newer neck-pain pathway (CCGI, February 2024) asks for immediate emergency referral."

RED_FLAGS = {
    "trauma_recent": RedFlag(
        label="Recent injury or dangerous mechanism",
        group="general",
        question="Have you had a fall, an accident or another injury recently?",
        suspects="Fracture or instability",
        action="hold_treatment",
        to_do=(
            "No manual treatment and no needling until the injury is cleared. For the neck, apply the Canadian "
            "C-spine rule."
        ),
        source=f"{KNGF}; Stiell et al., JAMA 2001;286:1841 (Canadian C-spine rule)",
        asked=_when(ALWAYS),
        effects=(Effect(STOP, TREATING, INJURY), Effect(CAUTION, TREATING)),
        names="injury",
    ),
    "osteoporosis_steroid_fracture_risk": RedFlag(
        label="Fracture risk",
        group="general",
        question=(
            "Do you have weak bones (osteoporosis), do you take steroids (cortisone), or has a bone broken after "
            "a minor injury?"
        ),
        suspects="Fracture",
        action="refer_routine",
        to_do="Hold treatment and refer for imaging.",
        source=KNGF,
        asked=_when(FIRST_VISIT),
        effects=(Effect(STOP, TOUCHING),),
    ),
    "fever_infection": RedFlag(
        label="Fever or infection",
        group="general",
        question=(
            "Do you have a fever or night sweats, a weak immune system, or have you recently had a bacterial "
            "infection or injected drugs?"
        ),
        suspects="Infection",
        action="refer_same_day",
        to_do="No treatment. Refer the same day.",
        source=f"{KNGF}; {GLOUCESTERSHIRE}",
        asked=_when(ALWAYS),
        effects=(Effect(STOP, TREATING),),
        newer=CCGI,
    ),
    "weight_loss_cancer_history": RedFlag(
        label="Weight loss or past cancer",
        group="general",
        question="Have you lost weight without trying, or have you ever had cancer?",
        suspects=(
            "Malignancy. Consider it too if there is no improvement after a month, or if the pain began before "
            "20 or after 50."
        ),
        action="refer_urgent",
        to_do="Hold local treatment and refer urgently, within 2 weeks.",
        source=GLOUCESTERSHIRE,
        asked=_when(FIRST_VISIT, EVERY_28_DAYS),
        effects=(Effect(STOP, TOUCHING),),
    ),
    "night_pain_constant": RedFlag(
        label="Constant night pain",
        group="general",
        question="Do you have constant pain at night that no position eases?",
        suspects="Malignancy, infection or inflammation",
        action="refer_routine",
        to_do="Treat with caution and refer.",
        source=UNNAMED,
        asked=_when(FIRST_VISIT, EVERY_28_DAYS),
        effects=(Effect(ACKNOWLEDGE, TREATING),),
    ),
    "neuro_new": RedFlag(
        label="New numbness, weakness or reflex change",
        group="nerves",
        question="Have you recently noticed numbness, tingling or weakness in an arm or a leg?",
        suspects="Compression of a nerve root",
        action="refer_routine",
        to_do="Examine sensation, strength and reflexes. Defer needling near it. Refer if it gets worse.",
        source=KNGF,
        asked=_when(ALWAYS),
        effects=(Effect(ACKNOWLEDGE, frozenset({INVASIVE}), LIMB_AND_SPINE),),
        names="limb",
    ),
    "myelopathy": RedFlag(
        label="Signs of cord compression",
        group="nerves",
        question="Have your hands become clumsy, or have you become unsteady when you walk?",
        suspects=(
            "Compression of the spinal cord. Test gait, Hoffmann, inverted supinator sign and Babinski; consider "
            "an age over 45."
        ),
        action="refer_urgent",
        to_do="No treatment. Refer urgently.",
        source="Cook et al., JMMT 2010;18:175 (cluster; general knowledge)",
        asked=_when(BEFORE_REGION),
        before=("neck", "back"),
        effects=(Effect(STOP, TREATING),),
        newer=CCGI,
    ),
    "cauda_equina": RedFlag(
        label="Saddle numbness, bladder or bowel change",
        group="nerves",
        question=(
            "Have you noticed numbness between your legs, a change in bladder or bowel control, or severe "
            "weakness in your legs?"
        ),
        suspects="Cauda equina syndrome",
        action="emergency",
        to_do="Emergency: send the patient to hospital at once. No treatment.",
        source=GLOUCESTERSHIRE,
        asked=_when(BEFORE_REGION),
        before=("back", "pelvis", *LOWER_LIMB),
        effects=(Effect(STOP, TREATING),),
    ),
    "vascular_5d_3n": RedFlag(
        label="Signs of cervical arterial dysfunction",
        group="head",
        question=(
            "Do you have neck pain or a headache unlike any before, or dizziness, double vision, trouble "
            "speaking or swallowing, sudden falls, nausea or a numb face?"
        ),
        suspects=(
            "Dissection or dysfunction of a neck artery. Ask about recent infection or trauma, hypertension and "
            "connective-tissue disease; look for nystagmus and Horner's sign."
        ),
        action="emergency",
        to_do="No manual treatment and no needling of head and neck. Emergency if the signs are still present.",
        source=IFOMPT_2023,
        asked=_when(BEFORE_REGION),
        before=("head", "neck"),
        effects=(
            Effect(STOP, TOUCHING | {NECK_MOVEMENT}, HEAD_AND_NECK),
            Effect(CAUTION, TREATING),
        ),
    ),
    "severe_headache": RedFlag(
        label="Sudden or worst-ever headache",
        group="head",
        question=(
            "Have you had a sudden headache, the worst headache of your life, or a headache with a stiff neck or "
            "loss of vision?"
        ),
        suspects="Subarachnoid bleeding, arterial dissection or meningitis",
        action="emergency",
        to_do="Emergency: call an ambulance. No treatment.",
        source=KNGF,
        asked=_when(ALWAYS),
        effects=(Effect(STOP, TREATING),),
    ),
    "temporal_arteritis": RedFlag(
        label="New temple pain over 50, jaw claudication",
        group="head",
        question="Do you have new pain at the temple, pain in the jaw when you chew, or a tender scalp?",
        suspects="Giant cell arteritis, above all over the age of 50; it resembles trigger points of the temporalis",
        action="refer_same_day",
        to_do="No treatment of the head. Refer the same day.",
        source=UNNAMED,
        asked=_when(BEFORE_REGION),
        before=("head",),
        effects=(Effect(STOP, TOUCHING, HEAD), Effect(CAUTION, TREATING)),
    ),
    "cardiac_mimic": RedFlag(
        label="Chest or arm pain with effort",
        group="organs",
        question=(
            "Do you get pain in the left side of the chest or the arm with effort, or with shortness of breath "
            "or sweating?"
        ),
        suspects="Acute coronary syndrome",
        action="emergency",
        to_do="Emergency: call an ambulance. No treatment.",
        source=UNNAMED,
        asked=_when(FIRST_VISIT),
        effects=(Effect(STOP, TREATING),),
    ),
    "visceral_mimic": RedFlag(
        label="Abdominal or flank pain with systemic signs",
        group="organs",
        question="Do you have pain in the abdomen or the flank and feel ill with it?",
        suspects="Disease of an internal organ",
        action="refer_routine",
        to_do="Refer.",
        source=UNNAMED,
        asked=_when(FIRST_VISIT),
        effects=(Effect(CAUTION, TREATING, TRUNK),),
    ),
    "dvt_calf": RedFlag(
        label="Swollen warm calf",
        group="organs",
        question="Is one of your calves swollen and warm?",
        suspects="Deep vein thrombosis. Ask about risk factors.",
        action="refer_same_day",
        to_do="No pressure on the leg and no needling of it. Refer the same day.",
        source=UNNAMED,
        asked=_when(BEFORE_REGION),
        before=LOWER_LIMB,
        effects=(Effect(STOP, TOUCHING, LEG), Effect(CAUTION, TREATING)),
        names="leg",
    ),
    "inflammatory": RedFlag(
        label="Long morning stiffness",
        group="joints",
        question=(
            "Are you stiff for a long time in the morning, perhaps with trouble of the eyes, the skin or the bowel?"
        ),
        suspects="Inflammatory disease of the spine (axial spondyloarthritis), above all in young people",
        action="refer_routine",
        to_do="Refer.",
        source=UNNAMED,
        asked=_when(FIRST_VISIT),
        effects=(),
    ),
    "rheumatoid_downs": RedFlag(
        label="Upper-neck instability risk",
        group="joints",
        question=(
            "Do you have rheumatoid arthritis, Down syndrome or very flexible joints, together with trouble in "
            "the upper neck?"
        ),
        suspects="Instability between the first two neck vertebrae",
        action="hold_treatment",
        to_do="Do not mobilise or needle the upper neck.",
        source=KNGF,
        asked=_when(BEFORE_REGION),
        before=("neck",),
        effects=(
            Effect(STOP, frozenset({HANDS_ON, INVASIVE}), UPPER_NECK),
            Effect(STOP, frozenset({NECK_MOVEMENT}), NECK),
            Effect(CAUTION, TREATING, NECK),
        ),
    ),
    "psych_safety": RedFlag(
        label="Statement of self-harm",
        group="mind",
        question="Have you had thoughts of harming yourself?",
        suspects="Danger to the patient's life. Ask when PHQ-2 is positive or when you are worried.",
        action="emergency",
        to_do="Follow the clinic's safety pathway. Do not leave the patient alone.",
        source="Kroenke et al. 2003 (PHQ-2); item 9 of PHQ-9",
        asked=_when(ON_REQUEST),
        effects=(Effect(ACKNOWLEDGE, TREATING),),
    ),
}


def texts() -> list[str]:
    """Return every text of the table, for the translations."""
    rows = (
        text
        for flag in RED_FLAGS.values()
        for text in (flag.label, flag.question, flag.suspects, flag.to_do, flag.newer)
    )
    return [*GROUPS.values(), PROPOSAL, UNNAMED, *filter(None, rows)]
