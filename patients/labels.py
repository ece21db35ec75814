"""Labels for the codes of a patient's record, in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from patients import rules
from patients.reading.incoming import Remark

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


# What an import says about what it took, left out or refused; `%(element)s` is a column, an element, or a count.
REMARKS = {
    "encoding": _("not UTF-8 text; save the file as UTF-8 and import it again"),
    "not_json": _("not JSON, or cut off; export the file again"),
    "not_json_line": _("line %(element)s: not a JSON object"),
    "not_fhir": _("neither a FHIR Bundle nor a FHIR Patient"),
    "not_csv": _("not a CSV file"),
    "header_twice": _("columns that stand twice in the first line: %(element)s; rename one of each"),
    "no_such_field": _("no such field: %(element)s"),
    "no_column": _("no column for %(element)s; say which one it is"),
    "ragged": _("another number of cells than in the first line (%(element)s)"),
    "unclosed_quote": _("a quotation mark is not closed: lines %(element)s were not read"),
    "no_number": _("%(element)s: no number, so a second import could not recognise the patient"),
    "no_name": _("no family name, and no other"),
    "wrong_type": _("%(element)s: not of the type that it must have"),
    "birth_date_form": _("%(element)s: write the date as 1980-02-03 or 3.2.1980"),
    "birth_date_two_days": _("%(element)s: the date can mean two days; write it as 1980-02-03"),
    "birth_date_impossible": _(
        "%(element)s: nobody in care was born then; enter a birth date between 1900 and today (1900-01-01 is a filler)"
    ),
    "replaced": _("the source says that another record replaced this one, and gets what pointed here"),
    "inactive": _("the source says that this record is no longer in use"),
    "left_out_before": _("left out on the review list"),
    "birth_date_contradicts": _("the birth date contradicts that of the patient who has the number: %(element)s"),
    "sex_contradicts": _("the sex contradicts that of the patient who has the number: %(element)s"),
    "birth_order_contradicts": _("the other twin of the patient who has the number: %(element)s"),
    "numbers_of_two": _("its numbers belong to different patients: %(element)s"),
    "name_differs": _("the patient who has the number has another name: %(element)s"),
    "same_name_and_birth_date": _("a patient has the same name and birth date: %(element)s"),
    "orphans_only": _(
        "%(element)s resources whose patient is not in this file; import them together with their patients"
    ),
    "database": _("the database refused a value"),
    "as_page": _("%(element)s"),
    "details": _("Identity, contact and address: %(element)s"),
    "numbers": _("Numbers: %(element)s"),
    "facts": _("Conditions, medicines, allergies and devices: %(element)s"),
    "alerts": _("Alerts: %(element)s"),
    "completed": _("Completed or renewed: %(element)s"),
    "facts_ended": _("Ended: %(element)s"),
    "kept_birth_date": _("Birth date, only a year or month: %(element)s"),
    "kept_name_prefix": _("Name prefix: %(element)s"),
    "kept_name_suffix": _("Name suffix: %(element)s"),
    "kept_other_name": _("Another name: %(element)s"),
    "kept_other_contact": _("Another contact: %(element)s"),
    "kept_other_address": _("Another address: %(element)s"),
    "kept_contact_person": _("Contact person: %(element)s"),
    "kept_general_practitioner": _("General practitioner: %(element)s"),
    "kept_multiple_birth": _("Multiple birth: %(element)s"),
    "kept_other_number": _("A number that does not identify: %(element)s"),
    "kept_allergy": _("Allergy: %(element)s"),
    "kept_device": _("Device: %(element)s"),
    "not_kept": _("%(element)s: not kept, Palpate has no place for it"),
    "other_kind": _("%(element)s: not imported, Palpate keeps no such resource"),
    "not_a_resource": _("%(element)s: not a FHIR resource"),
    "older_version": _("%(element)s: an older version; the newest was taken"),
    "wrong_type_check": _("%(element)s: not as FHIR describes it. Please check it in the source."),
    "unknown_code": _("%(element)s: the code is not known; kept as not known"),
    "no_longer": _("%(element)s: no longer valid at the source"),
    "another_kept": _("%(element)s: another one was taken"),
    "no_value": _("%(element)s: without a value"),
    "id_used_twice": _("%(element)s: the file uses it for two patients, so it identifies neither"),
    "denied": _("%(element)s: denied or retracted by the source"),
    "proposed": _("%(element)s: only proposed or not confirmed by the source"),
    "ended": _("%(element)s (ended): only active ones are kept"),
    "unsure": _("%(element)s: kept, although the source does not say that it is active"),
    "orphan": _("%(element)s: the patient is not in this file"),
    "ambiguous": _("%(element)s: could belong to two patients, so it was given to neither"),
    "no_content": _("%(element)s: without a code or text"),
    "unusable": _("%(element)s: cannot be used; kept as a note"),
    "not_recognised": _("%(element)s: not recognised, please check"),
    "column_not_mapped": _("Column %(element)s: not mapped"),
    "own_kept": _("%(element)s: the clinic's own value is kept"),
}  # fmt: skip
OUTCOMES = {
    "created": _("created"),
    "completed": _("completed"),
    "unchanged": _("unchanged"),
    "review": _("on the review list"),
    "refused": _("refused"),
}

REVIEW_REASONS = {
    "name_differs": _("The same number, another name"),
    "same_name_and_birth_date": _("The same name and birth date, no number in common"),
}
REVIEW_SAID = {
    "same": _("The record was added to the patient."),
    "different": _("A new patient was registered."),
    "left_out": _("The record was left out."),
}


def remark_text(remark: Remark) -> str:
    """A remark of an import in the reader's language."""
    return str(REMARKS[remark.code]) % {"element": remark.element}
