"""Why something waits for the clinic, and by when. Plain tables and functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from clock.wall_clock import at_wall

AT_ONCE, NEXT_WORKING_DAY, SOON = "at_once", "next_working_day", "soon"
ITSELF = "resolved_itself"
OUTCOMES = ["reached", "not_reached", "booked", "no_action_needed", "programme_changed", "referred", "other"]
DAY_BEGINS = time(9, 0)
# What is put aside is there again before the day begins.
COMES_BACK = time(7, 0)
LOOKED_AHEAD_DAYS = 31


@dataclass(frozen=True)
class ItemKind:
    """
    Why a patient is on the worklist.

    :ivar label: what the row says
    :ivar alarm: somebody's body is in trouble; such a row stands above all others, and only such a one is red
    :ivar moves: an appointment is to be moved, not a new one to be booked
    :ivar role: the role that it is for; empty: anyone. It is among "mine" of each person with the role until one of
        them takes it
    """

    label: str
    urgency: str
    to_do: str
    moves: bool = False
    alarm: bool = False
    role: str = ""


# Escalations: domain facts, section 8.4. The last three are of the messages and of the plan itself.
KINDS = {
    "red_flag": ItemKind("Something is wrong", AT_ONCE, "Call the patient now", alarm=True),
    "stop_event_twice": ItemKind(
        "Two warning signs during self-pressure", AT_ONCE, "Call the patient and stop the self-pressure", alarm=True
    ),
    "programme_stopped": ItemKind(
        "Home programme paused by the safety check",
        AT_ONCE,
        "Call the patient, and settle what stopped the programme",
        alarm=True,
    ),
    "pain_up": ItemKind(
        "Worst pain up by 2 or more for 3 days", NEXT_WORKING_DAY, "Call the patient and review the programme"
    ),
    "adverse_event": ItemKind(
        "Problems after treatment", NEXT_WORKING_DAY, "Call the patient and record the adverse event"
    ),
    "serious_event": ItemKind(
        "A serious adverse event",
        AT_ONCE,
        "Owner: make sure that the patient is safe, and decide who must be informed",
        alarm=True,
        role="owner",
    ),
    "unconfirmed_event": ItemKind(
        "An adverse event reported at home is not confirmed", NEXT_WORKING_DAY, "Confirm the event, or dismiss it"
    ),
    "silent": ItemKind("No check-in for 14 days", NEXT_WORKING_DAY, "Ask how it goes"),
    "review_due": ItemKind("Review is due", SOON, "Book review"),
    "plan_review_due": ItemKind("The treatment plan is to be reviewed", SOON, "Review the treatment plan"),
    "programme_ended": ItemKind("Programme has ended", SOON, "Decide how to continue"),
    "no_show": ItemKind("Missed", NEXT_WORKING_DAY, "Call the patient and book again"),
    "cannot_come": ItemKind("Cancelled by the patient", NEXT_WORKING_DAY, "Book another time"),
    "cannot_treat": ItemKind("Cancelled by the clinic", NEXT_WORKING_DAY, "Call the patient and book another time"),
    "series_short": ItemKind("Fewer sessions booked than planned", SOON, "Book missing sessions"),
    "series_ended": ItemKind("Series has ended", SOON, "Decide how to continue"),
    "not_arrived": ItemKind("Appointment without a recorded attendance", SOON, "Record attendance"),
    "closed_over": ItemKind(
        "Booked while the clinic is now closed", SOON, "Call the patient and move the appointment", moves=True
    ),
    "hours_gone": ItemKind(
        "The therapist no longer works there at that time",
        SOON,
        "Call the patient and move the appointment",
        moves=True,
    ),
    "unsigned": ItemKind("A draft is not signed", SOON, "Finish and sign"),
    "referral": ItemKind("Red flag: refer to a physician", AT_ONCE, "Check that the patient was referred", alarm=True),
    "referral_withdrawn": ItemKind(
        "An exam with a red flag was marked as entered in error",
        NEXT_WORKING_DAY,
        "Owner: check the reason, and whether the patient was referred",
        role="owner",
    ),
    "needling_follow_up": ItemKind("No answer since needling", SOON, "Ask how sore it is"),
    "slot_free": ItemKind("A time is free for someone on the waitlist", AT_ONCE, "Call the patient and offer the time"),
    "deceased": ItemKind(
        "The patient has died, and the upcoming appointments were cancelled",
        NEXT_WORKING_DAY,
        "Check what else is planned for the patient",
    ),
    "form_to_review": ItemKind(
        "A patient sent in a form", NEXT_WORKING_DAY, "Therapist: review the answers, and accept what is right"
    ),
    "measure_due": ItemKind("Outcome measures are due", SOON, "Ask at the next visit, and enter the results"),
    "mood_screen": ItemKind(
        "A mood questionnaire asks for a next step",
        AT_ONCE,
        "Therapist: ask about safety, and record the answer to the red flag",
    ),
    "recall": ItemKind("Recall", SOON, "Call the patient and offer a visit"),
    "message_failed": ItemKind("A message could not be sent", SOON, "Check address and consent"),
    "message_uncertain": ItemKind(
        "It is not known whether a message was sent", SOON, "Check the message and resolve it"
    ),
}


@dataclass(frozen=True)
class ItemRequest:
    """
    One row that there should be.

    :ivar facts: codes and numbers; never free text
    :ivar since: since when it is so, if not just now
    :ivar urgency: if not as the kind's
    :ivar due_at: if not as the urgency says
    """

    kind: str
    patient_id: UUID
    about_id: UUID
    facts: dict[str, Any] = field(default_factory=dict)
    since: datetime | None = None
    urgency: str | None = None
    due_at: datetime | None = None

    @property
    def key(self) -> tuple[str, UUID]:
        return self.kind, self.about_id


ALARMS = [code for code, kind in KINDS.items() if kind.alarm]
FOR_OWNERS = [code for code, kind in KINDS.items() if kind.role == "owner"]


def on_weekdays(day: date) -> bool:
    """The working days of a clinic that has entered no hours."""
    return day.weekday() < 5


def due_at(urgency: str, *, since: datetime, zone: ZoneInfo, works: Callable[[date], bool] = on_weekdays) -> datetime:
    """When it should have been looked at: now, or when the clinic's next working day begins."""
    if urgency == AT_ONCE:
        return since
    return at_wall(datetime.combine(next_working_day(since.astimezone(zone).date(), works), DAY_BEGINS), zone)


def next_working_day(day: date, works: Callable[[date], bool] = on_weekdays) -> date:
    """The first day after it on which the clinic works; if it is closed for a month, the next Monday to Friday."""
    coming = [day + timedelta(days=ahead) for ahead in range(1, LOOKED_AHEAD_DAYS + 1)]
    return next(filter(works, coming), None) or next(filter(on_weekdays, coming))


def snooze_until(days: int, *, at: datetime, zone: ZoneInfo) -> datetime:
    """The morning on which something that is put aside for some days comes back."""
    return at_wall(datetime.combine(at.astimezone(zone).date() + timedelta(days=days), COMES_BACK), zone)
