"""Labels for the codes of a patient's record, in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from patients import rules

SEXES = {"female": _("female"), "male": _("male"), "other": _("other"), "unknown": _("not known")}
STATUSES = {"in_care": _("in care"), "discharged": _("discharged"), "deceased": _("deceased")}
ALERT_SIDES = {"left": _("left"), "right": _("right"), "both": _("both sides")}
BODY_REGIONS = {
    "head": _("head"),
    "neck": _("neck"),
    "shoulder": _("shoulder"),
    "arm": _("upper arm"),
    "forearm": _("forearm"),
    "hand": _("hand"),
    "chest": _("chest"),
    "back": _("back"),
    "abdomen": _("abdomen"),
    "pelvis": _("pelvis"),
    "hip": _("hip"),
    "thigh": _("thigh"),
    "leg": _("lower leg"),
    "foot": _("foot"),
}
ALERT_REPORTERS = {
    "patient": _("the patient"),
    "relative": _("a relative"),
    "physician": _("a physician"),
    "letter": _("a letter or report"),
    "examination": _("own examination"),
}


def alert_place(side: str | None, region: str | None) -> str:
    """Part of the body and side of an alert, as a page shows them; empty where neither is known."""
    parts = (BODY_REGIONS.get(region or ""), ALERT_SIDES.get(side or ""))
    return " ".join(str(part) for part in parts if part)


def alert_choices() -> list[tuple[str, str]]:
    """Code and label of each alert, by label in the reader's language; "other" last."""
    choices = [(code, str(_(kind_code.label))) for code, kind_code in rules.ALERTS.items()]
    return sorted(choices, key=lambda choice: (choice[0] == "other", choice[1]))
