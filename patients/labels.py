"""Labels for the codes of a patient's record, in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from patients import rules

SEXES = {"female": _("female"), "male": _("male"), "other": _("other"), "unknown": _("not known")}
STATUSES = {"in_care": _("in care"), "discharged": _("discharged"), "deceased": _("deceased")}
CONSENT_ANSWERS = {"granted": _("agreed"), "refused": _("refused"), "not_asked": _("not asked")}
FACTS = {
    "family_name": _("Family name"),
    "given_names": _("Given names"),
    "birth_date": _("Birth date"),
    "sex": _("Sex"),
    "pronouns": _("Pronouns"),
    "language": _("Language"),
    "time_zone": _("Time zone"),
    "status": _("Care"),
    "email": _("E-mail"),
    "phone": _("Phone"),
    "consent_email": _("Messages by e-mail"),
    "consent_sms": _("Messages by text message"),
    "consent_phone": _("Phone calls"),
    "address_line": _("Street and number"),
    "city": _("Town"),
    "state": _("County or state"),
    "postal_code": _("Postcode"),
    "country": _("Country"),
    "emergency_name": _("Name"),
    "emergency_relationship": _("Relationship"),
    "emergency_phone": _("Phone"),
    "referrer_name": _("Name"),
    "referrer_practice": _("Practice"),
    "referrer_phone": _("Phone"),
    "insurer": _("Insurer"),
    "insurance_number": _("Insurance number"),
    "referral_reason": _("Reason for referral"),
    "occupation": _("Occupation"),
    "sport": _("Sport"),
    "desk_notes": _("Notes for the desk"),
}
# The parts of the form, and of what the patient's page shows. Each fact stands in one (a test).
SECTIONS = {
    "identity": (_("Person"), ("family_name", "given_names", "birth_date", "sex", "pronouns", "language", "status")),
    "desk": (_("Desk"), ("desk_notes",)),
    "contact": (
        _("Contact"),
        ("phone", "email", "consent_phone", "consent_sms", "consent_email", "time_zone"),
    ),
    "address": (_("Address"), ("address_line", "postal_code", "city", "state", "country")),
    "emergency": (_("Emergency contact"), ("emergency_name", "emergency_relationship", "emergency_phone")),
    "referrer": (
        _("GP or referrer"),
        ("referrer_name", "referrer_practice", "referrer_phone", "referral_reason"),
    ),
    "insurance": (_("Insurance"), ("insurer", "insurance_number")),
    "life": (_("Work and sport"), ("occupation", "sport")),
}
LIKENESS = {
    "same_name_and_birth_date": _("Same name and birth date"),
    "similar_name_and_birth_date": _("Similar name, same birth date"),
    "same_name_and_contact": _("Same or similar name, and the same phone or e-mail"),
    "same_birth_date_and_part_of_name": _("Same birth date, and one of the names"),
    "same_given_name_and_contact": _("Same given name, and the same phone or e-mail"),
    "same_name": _("Same name; a birth date is missing"),
}
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
