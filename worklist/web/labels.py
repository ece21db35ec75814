"""Words for the worklist's codes, in the page's language."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from worklist import rules
from worklist.models import Item

KINDS = {
    "red_flag": _("Something is wrong"), "stop_event_twice": _("Two warning signs"),
    "programme_stopped": _("Home programme paused"),
    "pain_up": _("Pain is up"), "adverse_event": _("Problems after treatment"), "silent": _("No check-in"),
    "serious_event": _("Serious adverse event"), "unconfirmed_event": _("Event not confirmed"),
    "review_due": _("Review is due"), "programme_ended": _("Programme has ended"),
    "plan_review_due": _("Review treatment plan"),
    "no_show": _("Missed"), "cannot_come": _("Cancelled by the patient"),
    "cannot_treat": _("Cancelled by the clinic"), "series_short": _("Sessions to book"),
    "series_ended": _("Series has ended"), "not_arrived": _("Attendance"),
    "closed_over": _("Booked while the clinic is closed"), "hours_gone": _("Booked outside working hours"),
    "unsigned": _("Not signed"),
    "referral": _("To refer"), "needling_follow_up": _("No answer since needling"), "slot_free": _("A time is free"),
    "referral_withdrawn": _("Red flag withdrawn"),
    "recall": _("Recall"), "form_to_review": _("Form to review"), "deceased": _("Patient has died"),
    "measure_due": _("Measures due"), "mood_screen": _("Mood questionnaire"),
    "message_failed": _("Message not sent"), "message_uncertain": _("Message uncertain"),
}  # fmt: skip
OUTCOMES = {
    "reached": _("Reached"), "not_reached": _("Not reached"), "booked": _("Booked"),
    "no_action_needed": _("Nothing to do"), "programme_changed": _("Programme changed"), "referred": _("Referred"),
    "other": _("Something else"), "resolved_itself": _("Resolved automatically"),
}  # fmt: skip
ANSWERS = {
    "fall_or_accident": _("fell or had an accident"), "numb_or_weak": _("newly numb or weak"),
    "dizzy_or_sight": _("dizzy, or sight changed"), "severe_headache": _("sudden, severe headache"),
    "fever": _("fever or really ill"), "chest": _("pain in the chest, short of breath or cough"),
    "weight_loss": _("weight loss"), "night_pain": _("constant pain at night"),
    "bladder_or_bowel": _("bladder or bowel change"),
    "needed_help": _("needed help, or could not do the usual things"),
}  # fmt: skip


# What the codes of a row's facts mean, where an app above knows it: the name of the fact to what reads one code in the
# page's language. Each app adds its own when Django starts.
FACT_NAMES: dict[str, Callable[[str], str]] = {}

FILTERS = {"due": _("Due"), "mine": _("Assigned to me"), "later": _("Later"), "all": _("All")}
SNOOZES = {"1": _("until tomorrow"), "3": _("3 days"), "7": _("a week")}
REFERRALS = {
    "refer_routine": _("refer"), "refer_same_day": _("refer today"), "refer_urgent": _("refer urgently"),
    "emergency": _("emergency"),
}  # fmt: skip


def why(item: Item) -> str:
    """Why the row is there, with the facts that led to it."""
    facts = item.facts
    text = gettext(rules.KINDS[item.kind].label)
    more = ""
    if facts.get("answers"):
        more = ", ".join(str(ANSWERS.get(code, code)) for code in facts["answers"])
    elif item.kind == "programme_stopped":
        more = ", ".join(name(code) for fact, name in FACT_NAMES.items() for code in facts.get(fact, ()))
    elif "last_days" in facts:
        days = ", ".join(str(value) for value in facts["last_days"])
        more = gettext("{days} of 10, at the start {baseline}").format(days=days, baseline=facts["baseline"])
    elif "week" in facts:
        more = gettext("week {week}: {measures}").format(
            week=facts["week"], measures=", ".join(FACT_NAMES["measures"](code) for code in facts["measures"])
        )
    elif "held" in facts:
        more = gettext("{held} of {count}").format(held=facts["held"], count=facts["count"])
    elif facts.get("action") in REFERRALS:
        more = str(REFERRALS[facts["action"]])
    elif "on" in facts:
        more = date_format(date.fromisoformat(facts["on"]), gettext("D j M"))
    elif "at" in facts:
        more = date_format(timezone.localtime(datetime.fromisoformat(facts["at"])), gettext("D j M, H:i"))
    return f"{text}: {more}" if more else text
