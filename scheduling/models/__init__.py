"""Tables of scheduling."""

from scheduling.models.appointments import Appointment, AppointmentQuerySet, Change, Series, Told
from scheduling.models.setup import (
    AppointmentType,
    Booking,
    Closure,
    ExtraHours,
    Feed,
    Hours,
    Room,
    Site,
)
from scheduling.models.waitlist import Offer, Opening, Waiting

__all__ = [
    "Appointment", "AppointmentQuerySet", "AppointmentType", "Booking", "Change", "Closure", "ExtraHours", "Feed",
    "Hours", "Offer", "Opening", "Room", "Series", "Site", "Told", "Waiting",
]  # fmt: skip
