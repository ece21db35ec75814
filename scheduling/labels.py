"""Words for the codes of scheduling, in the page's language."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

STATUSES = {
    "proposed": _("proposed"), "booked": _("booked"), "confirmed": _("confirmed"), "arrived": _("arrived"),
    "in_room": _("in the room"), "fulfilled": _("done"), "noshow": _("missed"), "cancelled": _("cancelled"),
}  # fmt: skip
NOT_THE_ONLY_ONE = _("This is not the only appointment on that day.")
# What a button says that brings an appointment to this state.
STEPS = {
    "booked": _("Book appointment"), "confirmed": _("Confirmed"), "arrived": _("Check in"), "in_room": _("In the room"),
    "fulfilled": _("Done"), "noshow": _("Missed"),
}  # fmt: skip
REASONS = {
    "ill": _("ill"), "no_time": _("no time"), "better": _("is better"), "not_better": _("is not better"),
    "therapist_away": _("therapist is away"), "closed": _("closed"), "mistake": _("booked by mistake"),
    "expired": _("was tentative"), "other": _("something else"),
}  # fmt: skip
CANCELLED_BY = {"patient": _("by the patient"), "clinic": _("by the clinic")}
REACH = {"this": _("this one"), "later": _("this and later"), "all": _("all upcoming")}
CHANGES = {
    "booked": _("Booked"), "moved": _("Moved"), "merged": _("Record merged"),
    "swapped": _("Swapped"), "note": _("Note changed"),
    "proposed": _("Proposed"), "confirmed": _("Confirmed"), "arrived": _("Arrived"), "in_room": _("In the room"),
    "fulfilled": _("Done"), "noshow": _("Missed"), "cancelled": _("Cancelled"),
}  # fmt: skip
WAITING = {
    "waiting": _("waiting"), "placed": _("has an appointment"), "withdrawn": _("withdrawn"),
    "outdated": _("out of date"),
}  # fmt: skip
OFFERS = {
    "open": _("offered"), "accepted": _("taken"), "declined": _("declined"), "gone": _("gone"),
    "expired": _("expired"),
}  # fmt: skip
WEEKDAYS = [_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun")]
