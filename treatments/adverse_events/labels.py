"""Words for the codes of adverse events, in the page's language."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

CODES = {
    "pain_during": _("Pain during treatment"),
    "post_needling_soreness": _("Soreness after needling"),
    "bruise": _("Bruise"),
    "bleed_minor": _("Slight bleeding"),
    "haematoma": _("Haematoma"),
    "symptom_aggravation": _("Symptoms got worse"),
    "drowsiness": _("Drowsiness"),
    "fatigue": _("Fatigue"),
    "dizziness": _("Dizziness"),
    "faint_vasovagal": _("Fainting (vasovagal)"),
    "nausea": _("Nausea"),
    "sweating": _("Sweating"),
    "headache": _("Headache"),
    "emotional": _("Strong emotion"),
    "shaking": _("Shaking"),
    "itch": _("Itching"),
    "numbness": _("Numbness"),
    "nerve_injury": _("Nerve injury"),
    "infection": _("Infection"),
    "stuck_needle": _("Stuck needle"),
    "bent_needle": _("Bent needle"),
    "broken_needle": _("Broken needle"),
    "forgotten_needle": _("Forgotten needle"),
    "needlestick_staff": _("Needlestick injury of staff"),
    "pneumothorax": _("Pneumothorax"),
    "organ_puncture": _("Puncture of an organ"),
    "cord_or_arterial_injury": _("Injury of the spinal cord or an artery"),
    "allergic": _("Allergic reaction"),
    "anaphylaxis": _("Anaphylaxis"),
    "steroid_effect": _("Effect of a steroid"),
    "local_anaesthetic_toxicity": _("Toxicity of the local anaesthetic"),
    "skin_lesion": _("Skin lesion"),
    "other": _("Other event"),
}
CODE_GROUPS = [
    (
        _("Common"),
        ["pain_during", "post_needling_soreness", "bruise", "bleed_minor", "haematoma", "symptom_aggravation"],
    ),
    (
        _("General"),
        ["drowsiness", "fatigue", "dizziness", "faint_vasovagal", "nausea", "sweating", "headache", "emotional",
         "shaking", "itch", "numbness"],
    ),
    (
        _("Injury"),
        ["pneumothorax", "organ_puncture", "cord_or_arterial_injury", "nerve_injury", "infection", "skin_lesion"],
    ),
    (
        _("Needles"),
        ["stuck_needle", "bent_needle", "broken_needle", "forgotten_needle", "needlestick_staff"],
    ),
    (
        _("Medicines"),
        ["allergic", "anaphylaxis", "steroid_effect", "local_anaesthetic_toxicity"],
    ),
    (_("Not in the list"), ["other"]),
]  # fmt: skip
SEVERITIES = {"mild": _("Mild"), "significant": _("Significant"), "serious": _("Serious")}
SEVERITY_HELP = {
    "mild": _("short, reversible, no inconvenience"),
    "significant": _("needed medical attention, or interfered with activities"),
    "serious": _("admission to hospital, lasting disability, or death"),
}
CAUSALITIES = {
    "unrelated": _("Unrelated"),
    "possible": _("Possible"),
    "probable": _("Probable"),
    "definite": _("Definite"),
}
OUTCOMES = {
    "resolving": _("Getting better"),
    "resolved": _("Over"),
    "sequelae": _("Over, with lasting effects"),
    "ongoing": _("Ongoing"),
    "fatal": _("Fatal"),
}
TOLD = {
    "patient": _("Patient"),
    "guardian": _("Guardian"),
    "physician": _("Physician"),
    "emergency_services": _("Emergency services"),
    "regulator": _("Regulator"),
    "insurer": _("Insurer"),
    "manufacturer": _("Manufacturer"),
}
STATUSES = {"unconfirmed": _("Unconfirmed"), "confirmed": _("Confirmed"), "dismissed": _("Dismissed")}
SOURCES = {"clinic": _("Recorded at the clinic"), "check_in": _("Answer at home")}
ANSWERS = {"none": _("None"), "problems": _("Yes")}
# What a patient can choose at home, as the therapist reads it.
HOME_ANSWERS = {
    "fall_or_accident": _("fell or had an accident"),
    "numb_or_weak": _("newly numb or weak"),
    "dizzy_or_sight": _("dizzy, or sight changed"),
    "severe_headache": _("sudden, severe headache"),
    "fever": _("fever or really ill"),
    "chest": _("pain in the chest, short of breath or cough"),
    "needed_help": _("needed help, or could not do the usual things"),
}
GRADES = {
    "mild": _("mild events"),
    "significant": _("significant events"),
    "minor": _("minor events"),
    "major": _("major events"),
}
DURATION_UNITS = {"min": _("minutes"), "h": _("hours"), "d": _("days")}
