"""The rows of the default safety list that are about what lies near a muscle. Data; see `safety_table`."""

from __future__ import annotations

from treatments.safety_entries import (
    CATALOGUE,
    CAUTION,
    NEEDLE,
    TOUCH,
    Entry,
)

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
