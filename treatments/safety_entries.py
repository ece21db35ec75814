"""What a row of the safety list is: its level, what it can be about, where it counts; and the sources of rows."""

from __future__ import annotations

from dataclasses import dataclass

OWN_CODE = "own_"  # how the codes of a clinic's own rows begin

# From least to most strict.
CAUTION, ACKNOWLEDGE, STOP = "caution", "acknowledge", "stop"
LEVELS = [CAUTION, ACKNOWLEDGE, STOP]

# --- What an entry is about -----------------------------------------------------------------------------------

INVASIVE, DRY_NEEDLING, INJECTION = "invasive", "dry_needling", "injection"
ELECTRICAL = "electrical"  # a needle with a current, or a needle of which nobody wrote down how it was used
ANAESTHETIC = "anaesthetic"  # an injection of anything but saline
HANDS_ON, SELF_PRESSURE, EXERCISE, NECK_MOVEMENT = "hands_on", "self_pressure", "exercise", "neck_movement"
# What an entry can name; a technique has one or more of these.
TAGS = [
    INVASIVE, DRY_NEEDLING, INJECTION, ELECTRICAL, ANAESTHETIC, HANDS_ON, SELF_PRESSURE, EXERCISE, NECK_MOVEMENT,
]  # fmt: skip
NEEDLE = frozenset({INVASIVE})
PRESSURE = frozenset({HANDS_ON, SELF_PRESSURE})
TOUCH = NEEDLE | PRESSURE

# Where an alert counts.
ANYWHERE = "anywhere"  # wherever it is
IN_REGION = "in_region"  # in the region and on the side that it names; everywhere, if it names none
IN_LIMB = "in_limb"  # as IN_REGION, in the whole limb to which the region belongs

UPPER_LIMB = frozenset({"shoulder", "arm", "forearm", "hand"})
LOWER_LIMB = frozenset({"hip", "thigh", "leg", "foot"})


@dataclass(frozen=True)
class Entry:
    """
    One row of the list.

    :ivar code: its name in the API, in documents and for an override
    :ivar label: a short name for lists
    :ivar reason: what a person reads: what is wrong, and what to do
    :ivar tags: of TAGS; it is about a technique that has one of them
    :ivar alert: of ALERTS: only for patients with this alert
    :ivar caution: a caution of the catalogue: only for muscles with it
    :ivar rule: the name of a rule in `safety.RULES` that decides
    :ivar where: with an alert, where it counts
    :ivar muscles, regions: only there; both empty: everywhere
    :ivar is_overridable: a stop that a reason, by name, passes
    """

    code: str
    level: str
    label: str
    reason: str
    source: str
    tags: frozenset[str]
    alert: str = ""
    caution: str = ""
    rule: str = ""
    where: str = ANYWHERE
    muscles: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    is_overridable: bool = True


# --- Sources --------------------------------------------------------------------------------------------------

DUTCH_LIST = "a Dutch clinic's contraindication list"
NEEDLING_LISTS = "Contraindication lists for dry needling (gsbvk, doctorabel, physilife)"
RELATIVE = f"Relative contraindications of dry needling ({DUTCH_LIST}; raynersmale; jotform list)"
MASSAGE = "Contraindications of massage (ascensionselfcare; secondary)"
PRESSURE_LISTS = "Contraindications and cautions of pressure and massage (general lists, no paper was checked)"
MUNOZ = "Muñoz 2022, Pain Res Manag 1363477 (abstract): antithrombotics are no absolute contraindication"
PREGNANCY = f"Sources disagree: a hard stop in {DUTCH_LIST}, relative in the guidelines (general knowledge); APTA 2013"
LUNG = "South African Allied Health Professions Act, board notice 121 (5.1); Kearns 2022, Musculoskelet Sci Pract 62"
CATALOGUE = "Muscle catalogue of this product (anatomy; general knowledge unless a paper is named)"
NOT_CHECKED = "General knowledge; no paper was checked"
PRODUCT = "Product proposal"

# Deep muscles on which nobody can press to stop a bleed. Safety facts, part 3.
NOT_COMPRESSIBLE = frozenset(
    {"iliopsoas", "quadratus_lumborum", "multifidus_lumbar", "pterygoid_medial", "pterygoid_lateral", "subscapularis"}
)
# Muscles of the abdomen, the pelvis and the lower back, and of the first web space. Safety facts, part 3; which
# muscles of the catalogue are meant is a product proposal.
AVOIDED_IN_PREGNANCY = frozenset(
    {"iliocostalis_lumborum", "multifidus_lumbar", "quadratus_lumborum", "iliopsoas", "rectus_abdominis",
     "external_oblique", "diaphragm", "levator_ani", "obturator_internus_gemelli", "piriformis", "gluteus_maximus",
     "gluteus_medius", "gluteus_minimus", "serratus_posterior_inferior", "interossei_manus", "adductor_pollicis"}
)  # fmt: skip
RHOMBOIDS_MM = 19  # deepest insertion: ultrasound of 59 healthy people, Valera-Calero, preprint (domain facts 13)
CHILD_UNTIL_YEARS = 16  # safety facts, part 3
