"""Words for the worklist's codes, in the page's language."""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from worklist import rules
from worklist.models import Item

KINDS = {
    "red_flag": _("Something is wrong"), "stop_event_twice": _("A stop sign, twice"),
    "pain_up": _("Pain is up"), "adverse_event": _("Trouble after treatment"), "silent": _("No check-in"),
    "review_due": _("Review is due"), "programme_ended": _("Programme has ended"),
    "message_failed": _("Message not sent"), "message_uncertain": _("Message uncertain"),
}  # fmt: skip
OUTCOMES = {
    "reached": _("Reached"), "not_reached": _("Not reached"), "booked": _("Booked"),
    "no_action_needed": _("Nothing to do"), "programme_changed": _("Programme changed"), "referred": _("Referred"),
    "other": _("Something else"),
}  # fmt: skip
ANSWERS = {
    "fall_or_accident": _("fell or had an accident"), "numb_or_weak": _("newly numb or weak"),
    "dizzy_or_sight": _("dizzy, or sight changed"), "severe_headache": _("sudden, severe headache"),
    "fever": _("fever or really ill"), "chest": _("pain in the chest, short of breath or cough"),
    "needed_help": _("needed help, or could not do the usual things"),
}  # fmt: skip


def why(item: Item) -> str:
    """Why the row is there, with the facts that led to it."""
    facts = item.facts
    text = gettext(rules.KINDS[item.kind].label)
    more = ""
    if facts.get("answers"):
        more = ", ".join(str(ANSWERS.get(code, code)) for code in facts["answers"])
    elif "last_days" in facts:
        days = ", ".join(str(value) for value in facts["last_days"])
        more = gettext("{days} of 10, at the start {baseline}").format(days=days, baseline=facts["baseline"])
    return f"{text}: {more}" if more else text
