"""Why something waits for the clinic, and by when. Plain tables and functions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from clinic.wall_clock import at_wall

AT_ONCE, NEXT_WORKING_DAY, SOON = "at_once", "next_working_day", "soon"
URGENCIES = [AT_ONCE, NEXT_WORKING_DAY, SOON]
ITSELF = "resolved_itself"
OUTCOMES = ["reached", "not_reached", "booked", "no_action_needed", "programme_changed", "referred", "other"]
# Working days and when one begins, until the clinic keeps its own calendar.
WORKING_DAYS = range(5)
DAY_BEGINS = time(9, 0)


@dataclass(frozen=True)
class Kind:
    """Why a patient is on the worklist; `label` is what the row says."""

    label: str
    urgency: str
    to_do: str


# Escalations: domain facts, section 8.4. The last three are of the messages and of the plan itself.
KINDS = {
    "red_flag": Kind("Something is wrong", AT_ONCE, "Call the patient now"),
    "stop_event_twice": Kind("A stop sign of self-pressure, twice", AT_ONCE, "Call, and stop the self-pressure"),
    "pain_up": Kind("Worst pain up by 2 or more for 3 days", NEXT_WORKING_DAY, "Call, and look at the programme"),
    "adverse_event": Kind("Trouble after treatment", NEXT_WORKING_DAY, "Call, and record the adverse event"),
    "silent": Kind("No check-in for 14 days", NEXT_WORKING_DAY, "Ask how it goes"),
    "review_due": Kind("Review is due", SOON, "Book the review"),
    "programme_ended": Kind("Programme has ended", SOON, "Decide how it goes on"),
    "no_show": Kind("Did not come", NEXT_WORKING_DAY, "Call, and book anew"),
    "cannot_come": Kind("Cancelled by the patient", NEXT_WORKING_DAY, "Book another time"),
    "cannot_treat": Kind("Cancelled by the clinic", NEXT_WORKING_DAY, "Call, and book another time"),
    "series_short": Kind("Fewer sessions booked than planned", SOON, "Book what is missing"),
    "series_ended": Kind("Series has ended", SOON, "Decide how it goes on"),
    "not_arrived": Kind("Appointment is over, and nothing was recorded", SOON, "Say whether they came"),
    "unsigned": Kind("A draft is not signed", SOON, "Finish it, and sign"),
    "referral": Kind("Red flag: refer to a physician", AT_ONCE, "See that it was referred"),
    "needling_follow_up": Kind("No word since needling", SOON, "Ask how sore it is"),
    "slot_free": Kind("A time is free that they wait for", AT_ONCE, "Call, and offer it"),
    "recall": Kind("Recall", SOON, "Call, and offer a visit"),
    "message_failed": Kind("A message could not be sent", SOON, "Check address and consent"),
    "message_uncertain": Kind("It is unknown whether a message went out", SOON, "Look at the message, and resolve it"),
}


def due_at(urgency: str, *, since: datetime, zone: ZoneInfo) -> datetime:
    """When it should have been looked at: now, or when the clinic's next working day begins."""
    if urgency == AT_ONCE:
        return since
    return at_wall(datetime.combine(next_working_day(since.astimezone(zone).date()), DAY_BEGINS), zone)


def next_working_day(day: date) -> date:
    following = day + timedelta(days=1)
    while following.weekday() not in WORKING_DAYS:
        following += timedelta(days=1)
    return following
