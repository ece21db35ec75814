"""Words for the codes of scheduling, in the page's language."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

STATUSES = {
    "proposed": _("proposed"), "booked": _("booked"), "confirmed": _("confirmed"), "arrived": _("arrived"),
    "in_room": _("in the room"), "fulfilled": _("done"), "noshow": _("did not come"), "cancelled": _("cancelled"),
}  # fmt: skip
# What a button says that brings an appointment to this state.
STEPS = {
    "booked": _("Book it"), "confirmed": _("Confirmed"), "arrived": _("Is here"), "in_room": _("In the room"),
    "fulfilled": _("Done"), "noshow": _("Did not come"),
}  # fmt: skip
REASONS = {
    "ill": _("ill"), "no_time": _("no time"), "better": _("is better"), "not_better": _("is not better"),
    "therapist_away": _("therapist is away"), "closed": _("closed"), "mistake": _("booked by mistake"),
    "expired": _("was only proposed"), "other": _("something else"),
}  # fmt: skip
CANCELLED_BY = {"patient": _("by the patient"), "clinic": _("by the clinic")}
REACH = {"this": _("this one"), "later": _("this and later"), "all": _("all that lie ahead")}
CHANGES = {
    "booked": _("Booked"), "moved": _("Moved"), "merged": _("Record merged"),
    "swapped": _("Changed places"), "note": _("Note changed"),
    "proposed": _("Proposed"), "confirmed": _("Confirmed"), "arrived": _("Arrived"), "in_room": _("In the room"),
    "fulfilled": _("Done"), "noshow": _("Did not come"), "cancelled": _("Cancelled"),
}  # fmt: skip
WAITING = {
    "waiting": _("waiting"), "placed": _("has a place"), "withdrawn": _("withdrawn"), "outdated": _("out of date"),
}  # fmt: skip
OFFERS = {
    "open": _("offered"), "accepted": _("taken"), "declined": _("declined"), "gone": _("gone"),
    "expired": _("ran out"),
}  # fmt: skip
WEEKDAYS = [_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun")]

# What the rules refuse with, for the pages to say in their language (`said`).
REFUSALS = [
    _("There is no such series of this patient, or it has ended."),
    _("The series is of another type of appointment."),
    _("All sessions of this series are booked."),
    _("It is too close to the one before."),
    _("The two records have appointments at the same time; move or cancel one of them first."),
    _("There is one of this name already."),
    _("Somebody else has this time, with this therapist or in this room."),
    _("The patient has another appointment at this time."),
    _("This appointment is over or cancelled; correct its state first."),
    _("Somebody has changed this appointment meanwhile. Look at it again."),
    _("This time is taken, or the offer has run out."),
    _("The patient waits for this already."),
    _("It is too late to cancel here; please call us."),
    _("Only a person can see to it; this program acts for none."),
    _("0 (Monday) to 6."),
    _("0 to 120 minutes."),
    _("5 to 480 minutes."),
    _("A day from tomorrow on, within two years."),
    _("A day within the next two years, please."),
    _("A name, please."),
    _("After the beginning, please."),
    _("After the first day, please."),
    _("At most four, each 1 to 336 hours before."),
    _("Both times, or none for the whole day."),
    _("From a month ago to two years ahead."),
    _("It has not begun yet."),
    _("It is online; no room is needed."),
    _("Not before the first day."),
    _("One of the rooms that this type of appointment may be in, please."),
    _("Only a cancellation has a reason and somebody who cancelled."),
    _("That is more than one a day."),
    _("The day of this appointment has not come yet."),
    _("The patient is not in care."),
    _("The therapist does not work there and then."),
    _("There is no such room."),
    _("There is no such therapist in this clinic."),
    _("This therapist is not entered as competent for it."),
    _("There is no such type of appointment, or it is not booked any more."),
    _("There is none such in this clinic."),
    _("This record was merged into another; book with that one."),
    _("This therapist is not booked for it."),
    _("One of the patient's appointments of this type that lie ahead, please."),
    _("This record was merged into another, or there is none."),
    _("Two different appointments, please."),
    _("From now on, and within a year."),
]
