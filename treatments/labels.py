"""Labels for what the treatments app computes, in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

# What a row of the safety list is about, and where an alert counts.
SAFETY_TAGS = {
    "invasive": gettext_lazy("needling and injection"),
    "dry_needling": gettext_lazy("dry needling"),
    "injection": gettext_lazy("injection"),
    "electrical": gettext_lazy("needling with a current"),
    "anaesthetic": gettext_lazy("injection of an anaesthetic"),
    "hands_on": gettext_lazy("hands-on techniques"),
    "self_pressure": gettext_lazy("self-pressure"),
    "exercise": gettext_lazy("exercises"),
    "neck_movement": gettext_lazy("exercises that move the neck"),
}
SAFETY_PLACES = {
    "anywhere": gettext_lazy("the whole body"),
    "in_region": gettext_lazy("the region and side of the alert"),
    "in_limb": gettext_lazy("the whole limb of the alert"),
}
