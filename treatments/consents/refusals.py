"""What is refused about consents and lots, in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from errors.texts import register

register(
    {
        "required.regions": _("Choose at least one region."),
        "required.signed_name": _("Enter the name of the person who consents."),
        "required.witness": _("Enter the name of the witness."),
        "required.signature": _("Let the patient sign, or choose another way."),
        "required.guardian": _("Below the age of 16 a guardian must consent. Enter their relation to the patient."),
        "required.birth_date_for_consent": _("Enter the patient's birth date first: below 16 a guardian must consent."),
        "invalid.signature": _("The signature could not be read. Clear it and sign again."),
        "too_short.signature": _("The signature is too short. Clear it and sign again."),
        "too_long.signature": _("The signature is too long. Clear it and sign again."),
        "not_with_this_way.signature": _("A drawn signature belongs to the way “signature” only."),
        "unknown_code.consent_language": _("There is no consent text in this language."),
        "unknown_code.consent_scope": _("Choose one of the list."),
        "in_future.given_at": _("This moment is in the future. Enter when the consent was given."),
        "too_early.given_at": _("Enter a date from %(year)s on."),
        "before_withdrawal.given_at": _("The patient withdrew this consent later than that. Enter a later time."),
        "in_future.withdrawn_at": _("This moment is in the future. Enter when the consent was withdrawn."),
        "before_given.withdrawn_at": _("The consent was given later than that. Enter a later time."),
        "no_channel": _("The patient has not agreed to messages, or has no address. Print the copy instead."),
        "no_birth_date.copy": _("Without a birth date the link cannot be opened. Enter it, or print the copy."),
        "too_short.lot": _("Enter at least %(least)s letters or digits of the lot."),
        "out_of_range.consent_valid_days": _("Enter %(low)s to %(high)s days, or leave it empty."),
        "required.consent_text": _("Enter the text, or go back to the product's text."),
        "text_changed": _("The consent text has a new version. Read the new one and record the consent again."),
        "nothing_to_withdraw": _("The record has no such consent that holds. Tell the therapist anyway."),
        "already_withdrawn": _("This consent is already withdrawn."),
        "version_taken": _("Someone else has just saved a version of this text. Reload to see it."),
    }
)
