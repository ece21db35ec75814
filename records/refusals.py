"""What the records app refuses, in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from errors.texts import register

register(
    {
        "ahead_of_feed": _(
            "The feed has no record at this cursor's place. The server may have been restored from a backup. Read the "
            "feed again from its start."
        ),
        "other_feed": _(
            "The feed has another record at this cursor's place. The server may have been restored from a backup. Read "
            "the feed again from its start."
        ),
        "invalid.anchor": _("An anchor is a sequence number, a colon and 64 hexadecimal digits. Copy it again."),
        "invalid.checkpoint": _("This is not a checkpoint. Copy all five lines of it, with the signature."),
        "wrong_checkpoint": _("This checkpoint is another clinic's, or no known key signed it."),
        "no_checkpoint_key": _("This server has no key to sign checkpoints with. Set CHECKPOINT_KEY."),
        "chain_broken": _("The signed records are not as they were. Verify them to see where."),
        "too_many_to_verify": _(
            "More than %(most)s records would have to be read. Start a verification in the background instead."
        ),
        "no_longer_current": _(
            "A newer version replaced this, or it was marked as entered in error. Open the current version."
        ),
        "already_signed": _("This is signed and can't be changed. Add an addendum or start a new version."),
        "id_taken": _("This ID is already in use. Send a new one."),
        "invalid.edits": _("Your changes could not be read. Reload the page and enter them again."),
        "patient_not_in_care": _("This patient's care has ended. Take the patient back into care first."),
        "revision_exists": _("Someone has already started a new version. Continue with that one."),
        "too_many.edits": _("There are more than %(most)s changes at once. Reload the page and enter them again."),
        "not_signed": _("This is still a draft. Change the draft instead."),
    }
)
