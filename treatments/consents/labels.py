"""Words for the codes of consents, in the page's language."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

TECHNIQUE_CLASSES = {
    "dry_needling": _("Dry needling"),
    "injection": _("Trigger point injection"),
    "manual": _("Manual treatment"),
}
REGIONS = {
    "general": _("Arms, legs and other places"),
    "neck": _("Head and neck"),
    "thorax": _("Over or near the lung"),
    "pelvis": _("Pelvis and inner thigh"),
    "suboccipital": _("Under the back of the head"),
}
WAYS = {
    "signature": _("Signature on the screen"),
    "typed_name": _("Typed name, with a witness"),
    "verbal": _("Spoken, with a witness"),
}
STATES = {
    "valid": _("Valid"),
    "expired": _("Expired"),
    "withdrawn": _("Withdrawn"),
    "not_yet_given": _("Not given yet"),
}
COPIES = {
    "printed": _("Copy printed"),
    "link": _("Copy sent by link"),
    "declined": _("No copy wanted"),
}
WITHDRAWN_BY = {"patient": _("Patient"), "guardian": _("Guardian")}
LANGUAGES = {"en": "English", "de": "Deutsch"}
