"""
iCalendar: invitations to patients (RFC 5546, by mail as in RFC 6047), and the feed of a therapist's calendar.

A calendar is often somebody else's service, so nothing in it says who comes or why: time, place, and where to look.
All times are UTC, which every program shows in its own zone; a series is so many single events, each at its own moment,
so a change of the clock cannot shift any.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _
from icalendar import Calendar, Event, vCalAddress, vDuration, vText

from accounts.models import Clinic
from scheduling import rules
from scheduling.models import Appointment

REQUEST, CANCEL, PUBLISH = "REQUEST", "CANCEL", "PUBLISH"
STATUS = {rules.PROPOSED: "TENTATIVE", rules.CANCELLED: "CANCELLED", rules.NOSHOW: "CANCELLED"}


def uid(appointment_id: UUID) -> str:
    return f"{appointment_id}@palpate"


def calendar(method: str) -> Calendar:
    calendar_ = Calendar()
    calendar_.add("prodid", "-//Palpate//Scheduling//EN")
    calendar_.add("version", "2.0")
    calendar_.add("method", method)
    return calendar_


def event(found: Appointment, *, summary: str, location: str, at: datetime) -> Event:
    calendar_ = Event()
    calendar_.add("uid", uid(found.pk))
    calendar_.add("dtstamp", at)
    calendar_.add("sequence", found.revision)
    calendar_.add("dtstart", found.starts_at)
    calendar_.add("dtend", found.ends_at)
    calendar_.add("summary", summary)
    if location:
        calendar_.add("location", location)
    calendar_.add("status", STATUS.get(found.status, "CONFIRMED"))
    return calendar_


def place_of(found: Appointment) -> str:
    """Where the patient goes: the site. The room is shown at the desk."""
    if found.room is None:
        return _("Online")
    site = found.room.site
    return ", ".join(part for part in (site.name, " ".join(site.address.split())) if part)


def invitation(
    appointments: Iterable[Appointment], clinic: Clinic, *, method: str, organizer: str, attendee: str, at: datetime
) -> str:
    """
    One calendar for a patient's mail.

    :param method: REQUEST and CANCEL are about one appointment (RFC 5546, 3.2); a series is PUBLISHed
    """
    calendar_ = calendar(method)
    for appointment in appointments:
        entry = event(
            appointment,
            summary=_("Appointment, %(clinic)s") % {"clinic": clinic.name},
            location=place_of(appointment),
            at=at,
        )
        if method == CANCEL:
            entry["status"] = vText("CANCELLED")
        from_whom = vCalAddress(f"mailto:{organizer}")
        from_whom.params["CN"] = clinic.name
        entry["organizer"] = from_whom
        if method != PUBLISH:
            to_whom = vCalAddress(f"mailto:{attendee}")
            to_whom.params["PARTSTAT"] = "NEEDS-ACTION"
            to_whom.params["RSVP"] = "FALSE"
            entry.add("attendee", to_whom, encode=False)
        calendar_.add_component(entry)
    return calendar_.to_ical().decode()


def render_feed(appointments: Iterable[Appointment], *, at: datetime) -> str:
    """A therapist's appointments, without names: a title, the room, and a link to the day, behind the sign-in."""
    calendar_ = calendar(PUBLISH)
    calendar_.add("x-wr-calname", "Palpate")
    calendar_.add("refresh-interval", vDuration(timedelta(minutes=15)), parameters={"VALUE": "DURATION"})
    for appointment in appointments:
        where = _("Online") if appointment.room is None else appointment.room.name
        entry = event(appointment, summary=f"{appointment.state.mark} {_('Appointment')}", location=where, at=at)
        entry.add("url", f"{settings.PUBLIC_URL}/appointments/{appointment.pk}/")
        calendar_.add_component(entry)
    return calendar_.to_ical().decode()
