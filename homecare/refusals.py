"""What home programmes refuse, in words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from assessments.red_flag_table import RED_FLAGS
from errors.texts import Text, labels, register
from homecare import labels as words
from homecare import rules
from patients.rules import ALERTS

CHANNELS = {"email": _("e-mail"), "sms": _("SMS")}
EXERCISES = {code: exercise.name for code, exercise in rules.EXERCISES.items()}
WRONG = {code: wrong.label for code, wrong in rules.WRONG.items()}
RED_FLAG_LABELS = {code: flag.label for code, flag in RED_FLAGS.items()}
STOPPED_STEPS = Text(
    _(
        "“%(flag)s” was answered “yes” on %(answered_at)s. It stops these steps: %(steps)s. Clear the flag, remove the "
        "steps, or give a reason."
    ),
    flag=labels(RED_FLAG_LABELS),
)
ALERT_LABELS = {code: alert.label for code, alert in ALERTS.items()}
FIELDS = {name: about.label for name, about in rules.FIELDS.items()}


def choices_or_none(table: Any) -> Any:
    """Return what turns a list of codes into labels, and an empty list into "none"."""
    label = labels(table)
    return lambda codes: label(codes) if codes else gettext("none")


def unit_after_blank(unit: str) -> str:
    return f" {unit}" if unit else ""


# Programmes
register(
    {
        "programme_runs": _("Another programme of this patient is running. End it first, or edit that one."),
        "nothing_new": _("Nothing has changed since the last version."),
        "programme_not_running": _("This programme is not running."),
        "programme_not_running.given": _("This programme was already given to the patient. End it instead."),
        "programme_ended": _("This programme has ended. Start a new one; you can copy its steps."),
        "both_run": _("Both records have a home programme that is running or paused. End one of them first."),
        "changed_elsewhere": _("This programme was changed by someone else. Reload it to see the changes."),
        "template_exists": _("A template with this name already exists. Choose another name."),
        "required.steps": _("Add at least one step."),
        "required.programme_title": _("Enter a title that the patient will read."),
        "required.template_name": _("Enter a name for the template."),
        "unknown.trigger_point": _("This patient does not have this trigger point. Choose another one."),
        "unknown.picture": _("This picture does not exist in this clinic. Choose another one."),
        "unknown_muscle.programme": _("This muscle is not in the catalogue. Choose one from the list."),
        "other_place": _("This trigger point is in another muscle or on the other side. Choose the matching one."),
        "in_the_past": _("This day is in the past. Choose today or a later day."),
    }
)
# Steps and doses
register(
    {
        "too_many.steps": _("A programme has at most %(most)s steps. Remove some."),
        "invalid_choice.exercise": Text(_("Choose one of these exercises: %(choices)s."), choices=labels(EXERCISES)),
        "invalid_choice.tool": Text(
            _("This tool does not fit the exercise. Choose one of: %(choices)s."),
            choices=choices_or_none(rules.TOOLS),
        ),
        "not_for_this_muscle": Text(
            _("This muscle must not be pressed with that. Choose one of: %(choices)s."),
            choices=choices_or_none(rules.TOOLS),
        ),
        "required.dose": Text(
            _("“%(field)s” is missing. No step reaches the patient without its dose."), field=labels(FIELDS)
        ),
        "required.any_dose": _("The dose is missing. Enter at least one number: how often, or how long."),
        "out_of_range.repetitions_a_day": _(
            "These are more than %(most)s repetitions a day. Lower the repetitions, or the times a day."
        ),
        "out_of_range.pressure_a_day": _(
            "This muscle would be pressed for %(minutes)s minutes a day, more than %(most)s. Lower the dose."
        ),
        "reason_required.pressure_a_day": _(
            "This muscle would be pressed for %(minutes)s minutes a day, more than %(usual)s. Lower the dose or give a "
            "reason of at least 10 characters. The limit is a proposal that no clinician has reviewed."
        ),
        "required.pressed_muscle": _("Choose the muscle to press."),
        "not_for_self_pressure": _("This muscle must not be pressed by the patient. Choose another muscle."),
        "required.muscle_side": _("Choose a side: left or right."),
        "required.own_exercise": _("Describe the exercise in words."),
        "not_of_exercise": Text(_("This exercise has no “%(field)s”. Leave it empty."), field=labels(FIELDS)),
        "out_of_range.at_home": Text(
            _("Enter a value from %(low)s to %(high)s%(unit)s for an exercise at home."), unit=unit_after_blank
        ),
        "reason_required.at_home": Text(
            _("The usual range is %(low)s to %(high)s%(unit)s. Give a reason for another value."),
            unit=unit_after_blank,
        ),
        "out_of_range.intensity_order": _("The pressure must not end below where it begins."),
    }
)
# What the record knows
register(
    {
        "red_flag_stop.home": _(
            "An open red flag stops this home programme. Clear the flag, remove the steps, or give a reason in your "
            "name."
        ),
        **dict.fromkeys((f"{code}.home" for code in RED_FLAGS), STOPPED_STEPS),
        "alert_stop.pressing": Text(
            _("%(reason)s Remove the step, choose another muscle, or record where the alert “%(alert)s” is."),
            alert=labels(ALERT_LABELS),
            reason=gettext,
        ),
        "safety_stop.at_home": Text(
            _("The safety list stops this step. %(reason)s Remove the step or choose another muscle."), reason=gettext
        ),
        "safety_stop.home": _(
            "The safety check stops a step of this programme, so nothing is sent. Change the programme first."
        ),
        "reason_required.alert": Text(
            _("%(reason)s Give a reason of at least %(least)s characters why the patient may do this."),
            alert=labels(ALERT_LABELS),
            reason=gettext,
        ),
        "reason_required.rule": Text(
            _("%(reason)s Give a reason of at least %(least)s characters why the patient may do this."), reason=gettext
        ),
        "reason_required.own_exercise": Text(
            _(
                "%(reason)s Only you know whether this exercise presses. Give a reason of at least %(least)s "
                "characters why the patient may do it."
            ),
            reason=gettext,
        ),
        "reason_required.flag": Text(
            _(
                "“%(flag)s” was answered “yes” on %(answered_at)s. Give a reason of at least %(least)s characters why "
                "the patient may do these steps: %(steps)s."
            ),
            flag=labels(RED_FLAG_LABELS),
        ),
        "unknown_code.home_override": _("This red flag does not exist. Choose one from the list."),
        "duplicate.home_override": _("This red flag is answered for twice. Remove one of the reasons."),
        "too_short.home_override": _("Give a reason of at least %(least)s characters."),
        "in_future.seen": _("Enter a time that is not in the future."),
    }
)
# Pictures
register(
    {
        "required.picture": _("Choose a picture."),
    }
)
# Reminders
register(
    {
        "quiet_now": _("Nothing is sent during the patient's quiet hours. Send it later."),
        "quiet": _("Nothing is sent during the quiet hours, %(begins)s to %(ends)s. Choose another time."),
        "no_birth_date": _("No birth date is recorded, and the link asks for the year of birth. Record it first."),
        "no_consent": Text(
            _("The patient has not agreed to messages by %(channel)s. Record the consent, or choose another channel."),
            channel=labels(CHANNELS),
        ),
        "no_consent.any_channel": _("There is no channel with both consent and an address. Record them first."),
        "no_address": Text(
            _("No usable address for %(channel)s is recorded. Record it, or choose another channel."),
            channel=labels(CHANNELS),
        ),
        "address_refused": Text(
            _("Messages to the recorded address for %(channel)s were rejected. Record another address."),
            channel=labels(CHANNELS),
        ),
        "invalid_choice.channel": Text(_("Choose one of: %(choices)s."), choices=labels(CHANNELS)),
        "required.times": _("Choose at least one time."),
        "required.weekdays": _("Choose at least one day."),
        "required.fading": _("To send fewer reminders later, enter after how many weeks and on how many days."),
        "too_many.times": ngettext_lazy(
            "Choose at most %(most)s time a day.", "Choose at most %(most)s times a day.", "most"
        ),
    }
)
# Check-ins
register(
    {
        "not_asked": _("There are no more questions to answer. Thank you."),
        "empty.check_in": _("Choose at least one answer."),
        "unknown.step": _("This step is no longer in the programme."),
        "too_long.note": _("Shorten the note to at most %(most)s characters."),
        "too_many.spots": _("Choose at most %(most)s spots, and only after a scan."),
        "invalid_choice.spot": _("Choose where spot %(number)s is."),
        "invalid_choice.wrong": Text(_("Choose from: %(choices)s."), choices=labels(WRONG)),
        "invalid_choice.done": Text(_("Choose one of: %(choices)s."), choices=labels(words.DONE)),
        "invalid_choice.not_done_reason": Text(_("Choose one of: %(choices)s."), choices=labels(words.REASONS)),
        "invalid_choice.checklist": Text(_("Choose from: %(choices)s."), choices=choices_or_none(rules.CHECKLIST)),
    }
)
