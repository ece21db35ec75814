"""What the accounts app refuses, in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.rules import BASIC_TRAINING, ROLES, SIGNING_PROOFS
from errors.texts import Text, labels, register

register(
    {
        "required.revision": _("This form does not say which version you read. Reload the page and try again."),
        "owners_only": _("Only an owner of the clinic can change this."),
        "invalid_token": _("The access token is unknown or has expired. Ask for a new one."),
        "invalid_token.left_clinic": _("This person no longer works for the clinic of this app. Sign in again."),
        "invalid.origins": _(
            "Enter origins such as https://app.example, without a path, and only for an app with redirect addresses."
        ),
        "invitation_closed": _(
            "This invitation is no longer valid. It was used, withdrawn or sent again, or 7 days have passed. "
            "Ask the clinic to send it again."
        ),
        "not_an_email": _("Enter an e-mail address."),
        "not_invited": _(
            "This invitation is for another e-mail address, or the address has an account. Sign in first."
        ),
        "setup_closed": _(
            "This set-up link is no longer valid. It works once, for 24 hours, and only until the first clinic exists. "
            "Ask the person who runs the service for an invitation or a new link."
        ),
        "too_long.letter_text": _("This text is too long for a letter. Use at most 8 lines and %(most)s characters."),
        "unknown_code.pressure_unit": _("Choose kPa or kgf/cm2."),
        "required.program_name": _("Enter a name by which you will recognise the program."),
        "required.technique_offered": _("Leave at least one technique to choose from."),
        "unknown_code.rule_set": _("There is no such rule set. Choose one of: %(choices)s."),
        "unknown_code.retention": _("Choose a rule of the list, or none."),
        "unknown_code.techniques": _("Choose techniques of the list, each once."),
        "out_of_range.lock_minutes": _("Choose between %(low)s and %(high)s minutes."),
        "required.clinic_name": _("Enter the name of the clinic."),
        "unknown_code.country": _("Choose a country. In commands: two letters, such as DE or GB."),
        "unknown_code.time_zone": _("Choose a time zone such as Europe/Berlin."),
        "unknown_code.language": _("Choose a language of the pages: %(choices)s."),
        "last_owner": _("A clinic needs an owner. Make someone else an owner first."),
        "missing_scope.page": _("Your role in this clinic does not include this page. Ask an owner of the clinic."),
        "no_author": _(
            "Only a therapist can record and sign. Sign in as a therapist, or use a program that acts for one."
        ),
        "no_author.member": _(
            "Only a person of this clinic can record this. Sign in, or use a program that acts for one."
        ),
        "proof_required": _("Enter your password or use a passkey before you sign."),
        "proof_required.app": _(
            "In this clinic, people prove who they are at every signature. An app can't do that. "
            "Sign in Palpate itself."
        ),
        "proof_required.sign_in": _("You signed in more than 8 hours ago. Sign in to Palpate again, then sign here."),
        "unknown_code.signing_proof": Text(_("Choose one of: %(choices)s."), choices=labels(SIGNING_PROOFS)),
        "password_change_required": _("Choose a new password first, on the page of your account."),
        "second_factor_required": _("Your role needs a second factor. Set it up in your account."),
        "no_clinic": _("No clinic is chosen. Choose one on the start page."),
        "no_clinic.not_member": _("You do not work for this clinic. Ask its owner to add you."),
        "not_yours": _("Only the therapist that this program names can decide this, signed in to their own account."),
        "not_a_therapist": _("This person is not a therapist of this clinic. Choose a therapist."),
        "unknown_code.basic_training": Text(_("Choose one of: %(choices)s."), choices=labels(BASIC_TRAINING)),
        "unknown_code.role": Text(_("This role does not exist. Choose one of: %(choices)s."), choices=labels(ROLES)),
        "unknown_scope": _("These scopes do not exist: %(scopes)s. Remove them."),
        "unknown_scope.none": _("Choose at least one scope."),
    }
)
