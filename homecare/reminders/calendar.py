"""A programme's times as iCalendar (RFC 5545), in the patient's zone. It tells nobody what is done."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from homecare.models import Programme, ReminderPlan
from homecare.programmes import safety_stops
from homecare.reminders import schedule
from patients.queries import zone_of

AHEAD_DAYS = 60
LENGTH = timedelta(minutes=10)


def render_feed(programme: Programme) -> bytes:
    """The next sixty days, an event each: what fades or ends needs no rule that a calendar may misread."""
    calendar_ = Calendar()
    calendar_.add("prodid", "-//Palpate//Home programme//EN")
    calendar_.add("version", "2.0")
    calendar_.add("method", "PUBLISH")
    calendar_.add("refresh-interval", timedelta(hours=12), parameters={"value": "DURATION"})
    clinic = programme.patient.clinic
    calendar_.add("x-wr-calname", clinic.name)
    plan = ReminderPlan.objects.filter(programme=programme).first()
    if plan is None or programme.started_on is None or programme.status != Programme.Status.ACTIVE:
        return bytes(calendar_.to_ical())
    if safety_stops.find_stops(programme, at=timezone.now()):
        return bytes(calendar_.to_ical())
    zone = zone_of(programme.patient)
    times = plan.as_plan(programme)
    today = timezone.now().astimezone(zone).date()
    for due in schedule.occurrences(times, zone, today, today + timedelta(days=AHEAD_DAYS)):
        event = Event()
        event.add("uid", f"{programme.pk}-{due.local_date:%Y%m%d}-{due.local_time:%H%M}@palpate")
        event.add("dtstamp", timezone.now())
        start: datetime = due.at.astimezone(zone)
        event.add("dtstart", start)
        event.add("duration", LENGTH)
        event.add("summary", _("Your page for today"))
        event.add("class", "PRIVATE")
        event.add("transp", "TRANSPARENT")
        calendar_.add_component(event)
    calendar_.add_missing_timezones()
    return bytes(calendar_.to_ical())
