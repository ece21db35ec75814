"""What is refused about adverse events and aftercare, in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from errors.texts import register

register(
    {
        "required.event_codes": _("Choose what happened."),
        "duplicate.event_codes": _("Choose each event once."),
        "required.severity": _("Choose how bad it was."),
        "required.causality": _("Choose how likely the treatment was the cause."),
        "required.outcome": _("Choose how it turned out."),
        "required.onset_at": _("Enter when it began."),
        "required.event_note": _("Describe what happened: “other” alone does not say it."),
        "must_be_serious": _("A life-threatening or fatal event is serious. Choose “serious”."),
        "in_future.onset_at": _("This moment is in the future. Enter when it began."),
        "before_treatment.onset_at": _("It began before the treatment. Check the time, or choose another session."),
        "out_of_range.duration": _("Enter 0 to %(days)s days, or leave it empty."),
        "not_while_ongoing.duration": _("What is ongoing has no duration yet. Leave it empty, or change the outcome."),
        "too_short.event_reason": _("Enter a reason of %(least)s characters or more."),
        "unknown.session_of_patient": _("This is not a session of the patient. Choose one from the list."),
        "unknown.session_asked_about": _("This is not a signed session of the patient."),
        "duplicate.session_asked_about": _("Each earlier session is answered about once."),
        "event_changed": _("Someone else has just changed this event. Reload to see it."),
        "event_dismissed": _("This event was dismissed. Record a new one."),
        "session_has_events": _(
            "An adverse event or the advice after needling is recorded for this session. Sign it; it can then be "
            "marked as entered in error."
        ),
        "no_channel.aftercare": _(
            "The patient has not agreed to messages, or has no address. Print the advice instead."
        ),
        "no_birth_date.aftercare": _("Without a birth date the link cannot be opened. Print the advice instead."),
        "not_needled": _("Nothing was needled in this session, so there is no advice to give."),
        "invalid.period": _("The first day must be before the last. Choose another period."),
    }
)
