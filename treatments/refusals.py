"""What the treatments app refuses, in words."""

from __future__ import annotations

from datetime import datetime

from django.utils import formats, timezone
from django.utils.translation import gettext_lazy as _

from assessments import catalogue
from assessments.rules import RED_FLAGS
from assessments.web.words import SIDES
from clinic.refusals import Text, labels, register
from treatments.rules import FIELDS, TECHNIQUES

FIELD_LABELS = {name: field.label for name, field in FIELDS.items()}


def day(moment: datetime) -> str:
    return formats.date_format(timezone.localtime(moment), "DATE_FORMAT")


RED_FLAG = Text(
    _(
        "Treatment is stopped: “%(flag)s” was answered “yes” on %(answered_at)s. "
        "Record how it was cleared, or give a reason to continue."
    ),
    flag=labels({code: red_flag.label for code, red_flag in RED_FLAGS.items()}),
    answered_at=day,
)

register(
    {
        **dict.fromkeys(RED_FLAGS, RED_FLAG),
        "duplicate.override": _("This red flag is answered for twice. Remove one of the answers."),
        "empty.session": _("This session is empty. Record a treatment or a note before you sign it."),
        "in_future.measure": _("A measurement can't be in the future. Correct its date and time."),
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
            "A red flag in the last exam stops this treatment. Record how it was cleared, or give a reason to continue."
        ),
        "required.needled_muscle": _("No muscle is chosen. Choose the muscle that is needled."),
        "timing_of_after": _(
            "A measurement after treatment needs its time, one before has none. Choose or remove the time."
        ),
        "too_many_points": _("A session has at most %(most)s needled points. Remove some of them."),
        "unknown_code.red_flag": _("This red flag does not exist. Choose one from the list."),
        "unknown_trigger_point": _("This patient does not have this trigger point. Choose another."),
        "whole_number.pain": _("Enter pain as a whole number from %(low)s to %(high)s."),
    }
)
