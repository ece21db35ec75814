"""
The default safety list: what stops a treatment, what asks for caution, what must be acknowledged. Data, no logic.

Source of the rows: domain facts, sections 2, 3.3, 5, 6 and 13, each with the papers it names. Sources disagree, and
where a row widens or places what its source says, that is a product proposal: nothing here has been reviewed by a
clinician, and the screens say so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from patients.rules import ALERTS

LIST_VERSION = 1  # a change of meaning raises it; a signed document keeps the number of its own
HAS_BEEN_REVIEWED = False
PROPOSAL = "These rules have not been reviewed by a clinician."

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


def _alert(
    alert: str,
    level: str,
    tags: frozenset[str],
    reason: str,
    source: str,
    *,
    code: str = "",
    where: str = ANYWHERE,
    **more: object,
) -> Entry:
    """Return a row about an alert; its label is the alert's own."""
    label = ALERTS[alert].label
    return Entry(code or alert, level, label, reason, source, tags, alert=alert, where=where, **more)  # type: ignore[arg-type]


NEEDLE_STOP = "Do not needle."
ALERT_ENTRIES = [
    _alert(
        "pacemaker",
        STOP,
        frozenset({ELECTRICAL}),
        "Pacemaker: no electrical needling. Needle without a current, and record how it is needled.",
        RELATIVE,
        code="pacemaker_electrical_needling",
    ),
    _alert(
        "bleeding_disorder",
        STOP,
        NEEDLE,
        "Bleeding disorder: do not needle or inject.",
        NEEDLING_LISTS,
        code="bleeding_disorder_needle",
    ),
    _alert(
        "bleeding_disorder",
        CAUTION,
        PRESSURE,
        "Bleeding disorder: press gently; bruising is likely.",
        PRESSURE_LISTS,
        code="bleeding_disorder_pressure",
    ),
    _alert(
        "anticoagulant",
        CAUTION,
        NEEDLE,
        "Anticoagulant: use a thin needle, few passes, and press afterwards.",
        MUNOZ,
        code="anticoagulant_needle",
    ),
    _alert(
        "anticoagulant",
        ACKNOWLEDGE,
        NEEDLE,
        "Anticoagulant: a bleed in this muscle can't be stopped by pressing on it.",
        MUNOZ,
        code="anticoagulant_deep_muscle",
        muscles=NOT_COMPRESSIBLE,
    ),
    _alert(
        "anticoagulant",
        CAUTION,
        frozenset({HANDS_ON}),
        "Anticoagulant: press gently; bruising is likely.",
        PRESSURE_LISTS,
        code="anticoagulant_pressure",
    ),
    _alert(
        "anticoagulant",
        ACKNOWLEDGE,
        frozenset({SELF_PRESSURE}),
        "Anticoagulant: the patient should press gently; bruising is likely.",
        PRESSURE_LISTS,
        code="anticoagulant_self_pressure",
    ),
    _alert(
        "antiplatelet",
        CAUTION,
        NEEDLE,
        "Antiplatelet medicine: use a thin needle, few passes, and press afterwards.",
        MUNOZ,
        code="antiplatelet_needle",
    ),
    _alert(
        "antiplatelet",
        ACKNOWLEDGE,
        NEEDLE,
        "Antiplatelet medicine: a bleed in this muscle can't be stopped by pressing on it.",
        MUNOZ,
        code="antiplatelet_deep_muscle",
        muscles=NOT_COMPRESSIBLE,
    ),
    _alert(
        "lymphoedema",
        STOP,
        NEEDLE,
        "Lymphoedema: do not needle this limb.",
        NEEDLING_LISTS,
        code="lymphoedema_needle",
        where=IN_LIMB,
    ),
    _alert(
        "lymphoedema",
        ACKNOWLEDGE,
        frozenset({SELF_PRESSURE}),
        "Lymphoedema: the patient should not press on this limb without a reason.",
        PRODUCT,
        code="lymphoedema_self_pressure",
        where=IN_LIMB,
    ),
    _alert(
        "lymph_nodes_removed",
        CAUTION,
        NEEDLE,
        "Lymph nodes were removed: avoid needling this limb where you can.",
        RELATIVE,
        where=IN_LIMB,
    ),
    _alert(
        "clot",
        STOP,
        TOUCH,
        "Known or suspected clot: no pressure and no needle here.",
        MASSAGE,
        where=IN_LIMB,
    ),
    _alert(
        "clot",
        CAUTION,
        TOUCH,
        "Known or suspected clot: no treatment of the limb concerned.",
        MASSAGE,
        code="clot_elsewhere",
    ),
    _alert(
        "local_anaesthetic_allergy",
        STOP,
        frozenset({ANAESTHETIC}),
        "Allergy to local anaesthetics: do not inject one. Only a prescriber can pass this with a reason.",
        "Contraindications of trigger point injection (fpnotebook)",
        rule="only_prescriber_overrides",
    ),
    _alert(
        "pregnancy",
        ACKNOWLEDGE,
        NEEDLE,
        "Pregnancy: discuss the risks of needling with the patient first.",
        PREGNANCY,
        code="pregnancy_needle",
    ),
    _alert(
        "pregnancy",
        STOP,
        NEEDLE,
        "Pregnancy: do not needle the abdomen, the pelvis, the lower back or the first web space of the hand.",
        f"{PREGNANCY}; which muscles: product proposal",
        code="pregnancy_avoided_muscle",
        muscles=AVOIDED_IN_PREGNANCY,
    ),
    _alert(
        "pregnancy",
        CAUTION,
        PRESSURE,
        "Pregnancy: press gently, and choose a comfortable position.",
        PRESSURE_LISTS,
        code="pregnancy_pressure",
    ),
    _alert(
        "needle_phobia",
        STOP,
        NEEDLE,
        "Fear of needles: ask for consent again at this visit, and record it.",
        NEEDLING_LISTS,
        rule="no_fresh_consent",
        is_overridable=False,
    ),
    _alert("heart_valve", STOP, NEEDLE, "Replaced heart valve: do not needle (endocarditis).", DUTCH_LIST),
    _alert(
        "infection",
        STOP,
        NEEDLE,
        "Infection: do not needle here.",
        NEEDLING_LISTS,
        code="infection_needle",
        where=IN_REGION,
    ),
    _alert(
        "infection",
        STOP,
        PRESSURE,
        "Infection, fever or contagious illness: no pressure here.",
        MASSAGE,
        code="infection_pressure",
        where=IN_REGION,
    ),
    _alert(
        "infection",
        CAUTION,
        TOUCH,
        "Infection elsewhere: check for fever before you treat.",
        MASSAGE,
        code="infection_elsewhere",
    ),
    _alert("immune_suppression", CAUTION, NEEDLE, "Immune suppression: infection is more likely.", RELATIVE),
    _alert("malignancy", STOP, TOUCH, "Malignancy: do not treat this region.", MASSAGE, where=IN_REGION),
    _alert(
        "malignancy",
        CAUTION,
        TOUCH,
        "Malignancy: agree the treatment with the oncologist.",
        PRESSURE_LISTS,
        code="malignancy_elsewhere",
    ),
    _alert("implant", CAUTION, NEEDLE, "Implant: keep the needle away from it.", RELATIVE, where=IN_REGION),
    _alert(
        "skin_condition",
        STOP,
        TOUCH,
        "Open, infected or fragile skin: do not treat here.",
        f"{PRESSURE_LISTS}; infection at the site: {NEEDLING_LISTS}",
        where=IN_REGION,
    ),
    _alert("diabetes", CAUTION, NEEDLE, "Diabetes: check sensation and wound healing before needling.", RELATIVE),
    _alert(
        "neuropathy",
        CAUTION,
        NEEDLE | {HANDS_ON},
        "Poor sensation: the patient may not feel that it is too much.",
        PRESSURE_LISTS,
        where=IN_REGION,
    ),
    _alert(
        "neuropathy",
        ACKNOWLEDGE,
        frozenset({SELF_PRESSURE}),
        "Poor sensation: the patient may not feel that they press too hard.",
        PRESSURE_LISTS,
        code="neuropathy_self_pressure",
        where=IN_REGION,
    ),
    _alert("epilepsy", CAUTION, NEEDLE, "Epilepsy: lay the patient down and stay with them.", RELATIVE),
    _alert("vasovagal", CAUTION, NEEDLE, "The patient fainted at a needle before: lay them down.", RELATIVE),
    _alert("metal_allergy", CAUTION, NEEDLE, "Metal allergy: check what the needle is made of.", RELATIVE),
    _alert(
        "osteoporosis",
        CAUTION,
        frozenset({HANDS_ON}),
        "Fragile bone: press gently over bone.",
        PRESSURE_LISTS,
        where=IN_REGION,
    ),
    _alert(
        "osteoporosis",
        ACKNOWLEDGE,
        frozenset({SELF_PRESSURE}),
        "Fragile bone: the patient should press gently over bone.",
        PRESSURE_LISTS,
        code="osteoporosis_self_pressure",
        where=IN_REGION,
    ),
    _alert(
        "uncontrolled_hypertension",
        STOP,
        PRESSURE,
        "Severe uncontrolled hypertension: no pressure and no massage.",
        MASSAGE,
    ),
    _alert(
        "recent_surgery_or_radiotherapy",
        STOP,
        PRESSURE,
        "Recent surgery or radiotherapy: no pressure here.",
        PRESSURE_LISTS,
        where=IN_REGION,
    ),
    _alert(
        "recent_surgery_or_radiotherapy",
        CAUTION,
        NEEDLE,
        "Recent surgery or radiotherapy: avoid needling here.",
        RELATIVE,
        code="recent_surgery_or_radiotherapy_needle",
        where=IN_REGION,
    ),
    _alert("reduced_cognition", CAUTION, NEEDLE, "Reduced cognition: check that the patient understands.", RELATIVE),
    _alert("hyperalgesia", CAUTION, NEEDLE, "Strong hyperalgesia: it may get worse.", RELATIVE, where=IN_REGION),
    _alert("frail", CAUTION, NEEDLE, "Frail or very thin: organs lie closer to the skin.", RELATIVE),
    _alert("other", CAUTION, TOUCH, "There is another alert: read it before you treat.", PRODUCT, where=IN_REGION),
]

# --- The muscle's own cautions --------------------------------------------------------------------------------

# The catalogue's 45 codes with a short text of each. Of a muscle of the specialist kind each is acknowledged by name.
CAUTION_TEXTS = {
    "lung": "Lung: needle tangentially, in a pincer grip or over bone, with the shortest workable needle.",
    "spinal_cord": "Spinal cord: never direct the needle medially and cranially without bone behind it.",
    "vertebral_artery": "Vertebral artery in the upper neck.",
    "carotid_jugular": "Carotid artery and jugular vein: lift the muscle away; never press or needle over a pulse.",
    "accessory_nerve": "Accessory nerve lies superficially.",
    "brachial_plexus": "Brachial plexus and subclavian vessels.",
    "greater_occipital_nerve": "Greater occipital nerve and occipital artery.",
    "facial_vessels_nerve": "Facial artery and vein, facial nerve, parotid duct.",
    "superficial_temporal_artery": "Superficial temporal artery: feel the pulse first.",
    "maxillary_artery": "Maxillary artery and pterygoid veins: deep, they bleed.",
    "airway_thyroid": "Airway, thyroid and oesophagus: no pressure on the front of the neck.",
    "axillary_neurovascular": "Axillary vessels and cords of the brachial plexus.",
    "suprascapular_nerve": "Suprascapular nerve and vessels.",
    "scapular_foramen": "Thin or perforated shoulder blade: the lung lies behind.",
    "radial_nerve": "Radial nerve.",
    "ulnar_nerve": "Ulnar nerve.",
    "median_nerve": "Median nerve.",
    "brachial_artery": "Brachial artery.",
    "musculocutaneous_nerve": "Musculocutaneous nerve.",
    "radial_artery": "Radial artery.",
    "ulnar_artery": "Ulnar artery.",
    "digital_neurovascular": "Digital nerves and palmar arches.",
    "breast_tissue_implant": "Breast tissue or implant.",
    "kidney": "Kidney, about T12 to L3.",
    "peritoneum": "Abdominal cavity and organs.",
    "heart": "Heart; the sternum may have a hole.",
    "sciatic_nerve": "Sciatic nerve.",
    "pudendal_neurovascular": "Pudendal nerve and vessels.",
    "superior_gluteal_neurovascular": "Superior gluteal nerve and vessels.",
    "femoral_neurovascular": "Femoral nerve, artery and vein.",
    "lateral_femoral_cutaneous": "Lateral femoral cutaneous nerve.",
    "adductor_canal": "Femoral vessels and saphenous nerve in the adductor canal.",
    "saphenous": "Saphenous nerve and great saphenous vein.",
    "popliteal_neurovascular": "Popliteal artery and vein, tibial nerve.",
    "common_fibular_nerve": "Common fibular nerve at the neck of the fibula.",
    "deep_fibular_ant_tibial": "Deep fibular nerve and anterior tibial vessels.",
    "tibial_neurovascular": "Tibial nerve and posterior tibial vessels.",
    "sural_nerve": "Sural nerve.",
    "plantar_neurovascular": "Plantar nerves and vessels.",
    "dorsalis_pedis": "Dorsalis pedis artery.",
    "compartment_bleed": "Tight compartment: a bleed can raise the pressure.",
    "calf_dvt": "Calf: exclude deep-vein thrombosis before pressing or needling.",
    "foot_infection": "Foot: higher risk of infection.",
    "intimate_area": "Intimate area: specific consent, offer a chaperone.",
    "joint_prosthesis": "A joint replacement may be near: do not enter the joint.",
}
# Those that concern a pressing hand or tool as much as a needle: domain facts 6.2 (no pressure on the front of the
# neck, none over the carotid pulse) and the catalogue's own words (calf, temple, intimate area).
OF_PRESSURE_TOO = frozenset(
    {"carotid_jugular", "airway_thyroid", "calf_dvt", "superficial_temporal_artery", "intimate_area"}
)
CAUTION_ENTRIES = [
    Entry(
        code=f"near_{caution}",
        level=CAUTION,
        label=text,
        reason=text,
        source=CATALOGUE,
        tags=TOUCH if caution in OF_PRESSURE_TOO else NEEDLE,
        caution=caution,
    )
    for caution, text in CAUTION_TEXTS.items()
]

# --- What depends on more than one thing ----------------------------------------------------------------------

CONSENT_MISSING, COMPETENCY_MISSING = "consent_missing", "competency_missing"
BOTH_SIDES_OF_THORAX = "both_sides_of_thorax"
MUSCLE_UNKNOWN, SIDE_UNKNOWN = "needled_muscle_unknown", "treated_side_unknown"
RULE_ENTRIES = [
    Entry(
        MUSCLE_UNKNOWN,
        STOP,
        "Muscle of the needle",
        "Nobody can tell what lies near the needle. Choose the muscle.",
        PRODUCT,
        NEEDLE,
        rule="muscle_unknown",
        is_overridable=False,
    ),
    Entry(
        BOTH_SIDES_OF_THORAX,
        STOP,
        "Both sides of the thorax",
        "Both sides of the thorax are needled in one visit. Needle one side only, or give a reason.",
        f"{LUNG}: avoid both sides of the thorax in one visit (muscle catalogue)",
        NEEDLE,
        rule="both_sides_of_thorax",
    ),
    Entry(
        "pneumothorax_disclosure",
        CAUTION,
        "Pneumothorax warning",
        "Warn the patient at the visit: chest pain, shortness of breath or a dry cough, even a day later, is an "
        "emergency.",
        f"{LUNG}; a series of four cases in Ghent (secondary: edzardernst.com, March 2024)",
        NEEDLE,
        rule="over_lung",
    ),
    Entry(
        "rhomboids_depth",
        CAUTION,
        "Depth at the rhomboids",
        f"Rhomboids: deeper than {RHOMBOIDS_MM} mm can reach the pleura. Use a shorter needle or stay shallower.",
        "Valera-Calero et al., preprint on authorea.com (ultrasound, 59 healthy people)",
        NEEDLE,
        rule="rhomboids_depth",
        muscles=frozenset({"rhomboids"}),
    ),
    Entry(
        "frail_over_lung",
        ACKNOWLEDGE,
        "Very thin chest wall over the lung",
        "Frail or very thin chest wall: the lung is closer than usual figures say.",
        f"{RELATIVE}; over the lung: product proposal",
        NEEDLE,
        alert="frail",
        rule="over_lung",
    ),
    Entry(
        "child_needle",
        ACKNOWLEDGE,
        "Needling below 16 years",
        f"The patient is younger than {CHILD_UNTIL_YEARS}, or the age is not known. A guardian must consent.",
        f"{RELATIVE}; the age of {CHILD_UNTIL_YEARS}: product proposal",
        NEEDLE,
        rule="child",
    ),
    Entry(
        "no_maximum_on_file",
        CAUTION,
        "No maximum dose on file",
        "No maximum on file for this agent: check the dose yourself.",
        PRODUCT,
        frozenset({ANAESTHETIC}),
        rule="no_maximum_on_file",
    ),
    Entry(
        CONSENT_MISSING,
        STOP,
        "Informed consent",
        "Informed consent is missing. Record it first.",
        "Virginia 18VAC112-20-121; Colorado rule 11; domain facts 9.2",
        NEEDLE,
        rule="consent_missing",
        is_overridable=False,
    ),
    Entry(
        COMPETENCY_MISSING,
        STOP,
        "Competency",
        "The competency for this treatment is not on file. Ask the clinic's owner to record it.",
        "Arizona: proof of training on file; domain facts 9.2. Which competency fits which muscle: product proposal",
        NEEDLE,
        rule="competency_missing",
        is_overridable=False,
    ),
]

DEFAULT_LIST: tuple[Entry, ...] = (*RULE_ENTRIES, *ALERT_ENTRIES, *CAUTION_ENTRIES)
DEFAULT_CODES = {entry.code: entry for entry in DEFAULT_LIST}

# --- A clinic's list ------------------------------------------------------------------------------------------


def effective_list(of_clinic: Iterable[Entry]) -> tuple[Entry, ...]:
    """
    Return the default list with a clinic's additions and stricter rows.

    A row of the clinic with the code of a default row can raise its level and forbid the override, nothing else: what
    the default list says cannot be lost.
    """
    rows = dict(DEFAULT_CODES)
    for own in of_clinic:
        default = rows.get(own.code)
        if default is None:
            rows[own.code] = own
            continue
        rows[own.code] = replace(
            default,
            level=max(default.level, own.level, key=LEVELS.index),
            is_overridable=default.is_overridable and own.is_overridable,
        )
    return tuple(rows.values())


def version_of(clinic_version: int) -> str:
    """Return the version of a list: the default's number, and after a plus that of the clinic's own rows."""
    return f"{LIST_VERSION}+{clinic_version}" if clinic_version else str(LIST_VERSION)


def texts() -> list[str]:
    """Return every text of the list, for the translations."""
    return [PROPOSAL, *dict.fromkeys(text for entry in DEFAULT_LIST for text in (entry.label, entry.reason))]
