"""States and limits of the forms that a patient fills in by link. Plain tables."""

from __future__ import annotations

from datetime import timedelta

SENT, ANSWERED, ACCEPTED, DISMISSED, CANCELLED = "sent", "answered", "accepted", "dismissed", "cancelled"
STATUSES = [SENT, ANSWERED, ACCEPTED, DISMISSED, CANCELLED]
OPEN = [SENT, ANSWERED]  # a patient has one of each form that is open
REVIEWED = [ACCEPTED, DISMISSED]

# Technical, none of them clinical.
LINK_OPENS = timedelta(days=30)  # how long the link opens
LATE_AFTER = timedelta(days=2)  # a message that is later is not sent any more
TEXT_MOST = 2000  # characters of one answer
LINES_MOST = 40  # entries of one list
MIN_REASON_CHARACTERS = 10  # as for the overrides of a stop: shorter ones explain nothing
