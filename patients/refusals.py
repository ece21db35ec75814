"""What the patients app refuses, in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from errors.texts import Text, labels, register
from patients import rules
from patients.labels import ALERT_REPORTERS, ALERT_SIDES, BODY_REGIONS, CONSENT_ANSWERS, SEXES, STATUSES

ALERT_LABELS = {code: kind.label for code, kind in rules.ALERTS.items()}

register(
    {
        "unknown.other_patient": _("This patient does not exist in this clinic."),
        "after_document.birth_date": _(
            "There is a signed exam or session of %(first)s. Enter a birth date on or before that day."
        ),
        "alert_ended": _("This alert has already ended."),
        "alert_known": _("This alert is already on the record, at the same place."),
        "cannot_merge": _("These records can't be merged."),
        "cannot_merge.merged": _("One of the two records was merged before. Merge into the record that is in use."),
        "cannot_merge.same": _("These are the same record. Choose two different records."),
        "cannot_merge.unknown": _("One of the two patients does not exist in this clinic. Choose another record."),
        "changed_meanwhile.facts": _("Somebody else has changed the same details meanwhile. Compare the values."),
        "changed_meanwhile.fact": _("Somebody else has changed this since you opened it. Compare both values."),
        "duplicate.identifier": _("The same identifier is entered twice. Remove one of them."),
        "fact_ended": _("This entry has already ended."),
        "fact_known": _("This entry is already on the record."),
        "medicine_known": _("This line is in the clinic's table already."),
        "required.medicine": _("Enter a name, or a code and the list that it is of."),
        "required.medicine_code": _("A code and the list that it is of belong together. Enter both."),
        "too_many.medicines": _("The table has %(most)s lines already. Remove some first."),
        "import_undone": _("This import was undone before."),
        "review_decided": _("Somebody has decided this before. Reload the list."),
        "too_late_to_undo": _("An import can be undone for 30 days. Change the patients one by one."),
        "identifier_taken": _("Another patient of this clinic has this identifier. Check it, or open that patient."),
        "in_future.birth_date": _("The birth date is in the future. Enter a birth date between 1900 and today."),
        "in_future.alert": _("This date is in the future. Enter today or an earlier date."),
        "in_future.fact": _("This date is in the future. Enter today or an earlier date."),
        "invalid.email": _("This is no e-mail address. Enter one such as name@example.org."),
        "invalid.language": _("This is no language code. Enter one such as de or en-GB."),
        "invalid.phone": _("This is no phone number. Enter it with its area code, or with + and the country code."),
        "invalid.search_by_post": _(
            "Names and birth dates can't be searched for in a URL. Post them to patients/search/."
        ),
        "invalid.nul": _("This contains a character that can't be searched for. Remove it."),
        "not_of_alert": _("This alert concerns the whole body. Leave side and part of the body empty."),
        "patient_merged": _("This record was merged into another. Use that record."),
        "required.fact_text": _("Name the condition or medicine."),
        "required.family_name": _("Enter a family name. If the person has only one name, enter it here."),
        "too_long.fact": _("Shorten this to at most %(most)s characters."),
        "too_short.alert_reason": _("Say why this alert no longer holds, in at least %(least)s characters."),
        "too_early.birth_date": _("The birth date is before 1900. Enter a birth date between 1900 and today."),
        "unknown_code.alert": Text(_("Choose one of: %(choices)s."), choices=labels(ALERT_LABELS)),
        "unknown_code.alert_reporter": Text(_("Choose one of: %(choices)s."), choices=labels(ALERT_REPORTERS)),
        "unknown_code.alert_side": Text(_("Choose one of: %(choices)s."), choices=labels(ALERT_SIDES)),
        "unknown_code.body_region": Text(_("Choose one of: %(choices)s."), choices=labels(BODY_REGIONS)),
        "unknown_code.consent_answer": Text(_("Choose one of: %(choices)s."), choices=labels(CONSENT_ANSWERS)),
        "unknown_code.patient_status": Text(_("Choose one of: %(choices)s."), choices=labels(STATUSES)),
        "unknown_code.sex": Text(_("Choose one of: %(choices)s."), choices=labels(SEXES)),
        "unknown_field.patient": _("A patient has no field %(field)s. Remove it."),
        "unknown_time_zone": _("This time zone does not exist. Enter one such as Europe/Berlin."),
    }
)
