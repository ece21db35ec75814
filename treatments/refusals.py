"""What the treatments app refuses, in words."""

from __future__ import annotations

from datetime import datetime

from django.utils import formats, timezone
from django.utils.translation import gettext_lazy as _

import catalogue
from accounts.rules import COMPETENCIES
from assessments.rules import RED_FLAGS
from assessments.web.labels import SIDES
from errors.texts import Text, labels, register
from treatments.adverse_events import refusals as adverse_events
from treatments.consents import refusals as consents
from treatments.consents.labels import REGIONS as REGION_LABELS
from treatments.consents.labels import TECHNIQUE_CLASSES as CLASS_LABELS
from treatments.plans import refusals as plans
from treatments.rules import FIELDS, TECHNIQUES
from treatments.safety_table import DEFAULT_LIST

__all__ = ["adverse_events", "consents", "plans"]  # their texts are registered by being imported

LEVEL_LABELS = {"stop": _("Stop"), "acknowledge": _("Acknowledge"), "caution": _("Caution")}
FLAG_LABELS = {code: red_flag.label for code, red_flag in RED_FLAGS.items()}
FIELD_LABELS = {name: field.label for name, field in FIELDS.items()}


def day(moment: datetime) -> str:
    return formats.date_format(timezone.localtime(moment), "DATE_FORMAT")


RED_FLAG = Text(
    _(
        "Treatment is stopped: “%(flag)s” was answered “yes” on %(answered_at)s. "
        "Record how it was cleared, or give a reason to continue."
    ),
    flag=labels(FLAG_LABELS),
    answered_at=day,
)
# Those of the list whose text names what is missing.
SAID_BY_REASON = {"consent_missing", "competency_missing"}
CONSENT_LABELS = {"technique_class": labels(CLASS_LABELS), "region": labels(REGION_LABELS)}
CONSENT_TEXTS = {
    "missing": _("No consent to %(technique_class)s (%(region)s). Record informed consent first."),
    "expired": _("The consent to %(technique_class)s (%(region)s) has expired. Record a new one."),
    "withdrawn": _("The patient withdrew consent to %(technique_class)s (%(region)s)."),
    "not_yet_given": _("Consent to %(technique_class)s (%(region)s) was given only after this treatment."),
    "guardian_missing": _("A guardian must consent to %(technique_class)s (%(region)s)."),
    "age_unknown": _(
        "The birth date is not known, so a guardian may have to consent to %(technique_class)s (%(region)s). Enter the "
        "birth date."
    ),
}

register(
    {
        **dict.fromkeys(RED_FLAGS, RED_FLAG),
        **{entry.code: _(entry.reason) for entry in DEFAULT_LIST if entry.code not in SAID_BY_REASON},
        "competency_missing": Text(
            _(
                "The competency “%(competency)s” is not on file for you, or has ended. Ask the clinic's owner to "
                "record it."
            ),
            competency=labels(COMPETENCIES),
        ),
        "consent_missing": _("Informed consent is missing. Record it first."),
        **{f"consent_missing.{why}": Text(text, **CONSENT_LABELS) for why, text in CONSENT_TEXTS.items()},
        "unreviewed.intervention": _("This was copied from the last session. Confirm it, change it or remove it."),
        "technique_hidden": Text(
            _("The clinic does not use “%(technique)s”. Choose another technique, or ask the owner to show it again."),
            technique=labels({code: technique.label for code, technique in TECHNIQUES.items()}),
        ),
        "deeper_than_needle": _("The needle is only %(length_mm)s mm long. Correct the depth or the length."),
        "expired": _("This lot expired on %(expiry)s, before the treatment. Correct the date, or the lot."),
        "in_future.seen_at": _("Enter a time that is not in the future."),
        "needles_differ.none_in": _("No needle was inserted. Count the needles, or remove this treatment."),
        "not_answered": Text(
            _(
                "“%(flag)s” has not been answered, or too long ago. Ask the red flags again; if the patient declines, "
                "record why."
            ),
            flag=labels(FLAG_LABELS),
        ),
        "looser_than_default": Text(
            _("The default list says “%(level)s”. A clinic can make a row stricter, not looser."),
            level=labels(LEVEL_LABELS),
        ),
        "looser_than_default.override": _("The default list forbids an override here. A clinic can't allow it."),
        "over_maximum": _("%(total_mg)s mg of lidocaine in total. The maximum for this patient is %(limit_mg)s mg."),
        "own_rule": Text(_("This clinic has a rule of its own: “%(reason)s”."), reason=str),
        "reason_required.electrical": Text(
            _("Electrical needling: enter “%(field)s”, or give a reason."), field=labels(FIELD_LABELS)
        ),
        "reason_required.interval": _(
            "This point was needled less than %(hours)s hours ago (%(last)s). Give a reason to needle it again."
        ),
        "reason_required.needled_muscles": _(
            "More than %(usual)s muscles are needled at the first visit. Give a reason."
        ),
        "reason_required.not_electrical": _(
            "A current is recorded, but the needling technique is not electrical. Correct one, or give a reason."
        ),
        "reason_required.twitches": _(
            "%(count)s twitches are recorded, which does not fit “Twitch elicited”. Correct one, or give a reason."
        ),
        "red_flag.acknowledge": Text(
            _("“%(flag)s” was answered “yes” on %(answered_at)s. Acknowledge it before you sign."),
            flag=labels(FLAG_LABELS),
            answered_at=day,
        ),
        "red_flag_known_at_signing": _(
            "A red flag was answered “yes” after this treatment and is known now. Give a reason to sign all the same."
        ),
        "required.injection": Text(_("Enter “%(field)s”."), field=labels(FIELD_LABELS)),
        "required.needle_length": _("The lung lies under this muscle. Enter the length of the needle."),
        "required.own_entry": _("A row of your own needs a label, a reason, a source and what it is about."),
        "required.weight": _(
            "Enter the patient's weight: it is needed above %(limit_mg)s mg, for a child, and if the age is not known."
        ),
        "version_taken.advice": _("Someone else has just saved a version of this text. Reload to see it."),
        "too_long.advice": _("Enter at most %(most)s characters in a line."),
        "too_many.advice": _("Enter at most %(most)s lines."),
        "too_short.safety_end_reason": _("Enter a reason of at least %(least)s characters."),
        "safety_entry_ended": _("This row has already been ended."),
        "safety_stop": _("Something that the record knows stops this treatment. Each point is listed."),
        "screen_incomplete": _("The red flags are not answered completely. Ask the questions that are listed."),
        "too_short.override": _("Give a reason of at least %(least)s characters."),
        "duplicate.override": _("This is answered for twice. Remove one of the answers."),
        "empty.session": _("This session is empty. Record a treatment or a note before you sign it."),
        "in_future.measure": _("A measurement can't be in the future. Correct its date and time."),
        "before_birth.session": _(
            "A session can't be before the patient's birth. Correct its date, or the birth date on the patient's page."
        ),
        "in_future.session": _("A session can't be in the future. Correct its date and time."),
        "movement_of_range": _(
            "A range of motion needs its movement, and pain and pressure thresholds have none. Correct the movement."
        ),
        "muscle_and_side": _("A muscle and its side belong together. Enter both or neither."),
        "needles_differ": _("The needles inserted and removed do not match. Account for every needle before signing."),
        "needles_differ.counted": _(
            "%(needles_in)s needles inserted, %(needles_out)s removed. Account for every needle before signing."
        ),
        "needles_differ.not_counted": _(
            "The needles are not counted. Enter how many were inserted and how many were removed."
        ),
        "not_of_this_technique": Text(
            _("“%(field)s” is not recorded for %(technique)s. Remove it, or choose one of: %(fields)s."),
            field=labels(FIELD_LABELS),
            technique=labels({code: technique.label for code, technique in TECHNIQUES.items()}),
            fields=labels(FIELD_LABELS),
        ),
        "not_of_trigger_point.muscle": Text(
            _("The trigger point is in another muscle: %(muscle)s. Correct the muscle or the trigger point."),
            muscle=labels({code: muscle["name"] for code, muscle in catalogue.MUSCLES.items()}),
        ),
        "not_of_trigger_point.side": Text(
            _("The trigger point is on another side: %(side)s. Correct the side or the trigger point."),
            side=labels(SIDES),
        ),
        "reason_required.blocked_muscle": _("This muscle is normally not needled. Give a reason to needle it."),
        "reason_required.lidocaine": _(
            "%(total_mg)s mg of lidocaine in total. For more than %(limit_mg)s mg, give a reason."
        ),
        "reason_required.lung": _(
            "The lung lies under this muscle. For a needle of %(limit_mm)s mm or more, give a reason."
        ),
        "reason_required.needled_points": _("More than %(usual)s points are needled. Give a reason."),
        "reason_required.suboccipitals": _(
            "This is at the suboccipital muscles. For a needle of %(limit_mm)s mm or more, give a reason."
        ),
        "red_flag_stop": _(
            "An open red flag stops this treatment. Record how it was cleared, or give a reason to continue."
        ),
        "required.needled_muscle": _("No muscle is chosen. Choose the muscle that is needled."),
        "timing_of_after": _(
            "A measurement after treatment needs its time, one before has none. Choose or remove the time."
        ),
        "too_many_points": _("A session has at most %(most)s needled points. Remove some of them."),
        "unknown_code.entry": _("This row does not exist. Leave the code out to add a row of your own."),
        "unknown_code.entry_value": _("These are not known: %(values)s. Correct or remove them."),
        "unknown_code.override": _("This code does not exist. Choose one from the list."),
        "unknown_code.point_state": _("Choose one of: %(choices)s."),
        "no_states": _("This clinic shows no computed states. Search without a state."),
        "unknown_trigger_point": _("This patient does not have this trigger point. Choose another."),
        "whole_number.pain": _("Enter pain as a whole number from %(low)s to %(high)s."),
    }
)
