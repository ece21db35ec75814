"""
What messages say: the clinic's words, or ours. No name, no condition, nothing about the body: a message may be read on
a lock screen, by anybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import Clinic
from messaging import links, rules
from messaging.models import Wording


@dataclass(frozen=True)
class Text:
    subject: str
    body: str


STOP_LINE = gettext_noop("No more of these messages: {stop}")
STOP_SMS = gettext_noop("Reply STOP to end these messages.")
ANSWER_ONCE = gettext_noop("The link works for a few days. It asks for your year of birth on a new device.")
IN_THE_FILE = gettext_noop("All of them are in the attached calendar file.")
ANSWER_WHILE = gettext_noop("The link is yours alone. It asks for your year of birth on a new device.")
DEFAULTS = {
    "check_in": Text(
        gettext_noop("Your page for today"),
        gettext_noop("{clinic}: your page for today is ready. {link}"),
    ),
    "soreness": Text(
        gettext_noop("A short question after your visit"),
        gettext_noop("{clinic}: one short question after your visit. {link}"),
    ),
    "consent_copy": Text(
        gettext_noop("Your copy"),
        gettext_noop("{clinic}: your copy of a form is ready. {link}"),
    ),
    "aftercare": Text(
        gettext_noop("After your visit"),
        gettext_noop("{clinic}: please read this today, after your visit. {link}"),
    ),
    "form": Text(
        gettext_noop("A form before your visit"),
        gettext_noop("{clinic}: please fill in this form before your visit. {link}"),
    ),
    "programme_ended": Text(
        gettext_noop("Thank you"),
        gettext_noop("{clinic}: your plan at home has ended. Thank you. We will be in touch."),
    ),
    "review_due": Text(
        gettext_noop("Time for your next visit"),
        gettext_noop("{clinic}: it is time for your next visit. Please call us to find a day."),
    ),
    "appointment_booked": Text(
        gettext_noop("Your appointment"),
        gettext_noop("{clinic}: your appointment is on {when}. Confirm or cancel it: {link}"),
    ),
    "appointment_moved": Text(
        gettext_noop("Your appointment was moved"),
        gettext_noop("{clinic}: your appointment is now on {when}. Confirm or cancel it: {link}"),
    ),
    "appointment_cancelled": Text(
        gettext_noop("Your appointment was cancelled"),
        gettext_noop("{clinic}: your appointment on {when} was cancelled. Please call us for another."),
    ),
    "appointment_reminder": Text(
        gettext_noop("Your appointment is soon"),
        gettext_noop("{clinic}: you have an appointment on {when}. Confirm or cancel it: {link}"),
    ),
    "appointment_missed": Text(
        gettext_noop("You missed your appointment"),
        gettext_noop("{clinic}: you had an appointment on {when}. Please call us to find another."),
    ),
    "series_booked": Text(
        gettext_noop("Your appointments"),
        gettext_noop("{clinic}: your appointments are booked; the first is on {when}."),
    ),
    "series_moved": Text(
        gettext_noop("Your appointments were moved"),
        gettext_noop("{clinic}: your appointments were moved; the first is now on {when}."),
    ),
    "series_cancelled": Text(
        gettext_noop("Your appointments were cancelled"),
        gettext_noop("{clinic}: your appointments from {when} onwards were cancelled. Please call us to book others."),
    ),
    "slot_offered": Text(
        gettext_noop("A free appointment"),
        gettext_noop("{clinic}: an appointment is free on {when}. The first to accept gets it: {link}"),
    ),
    "staff_alert": Text(
        gettext_noop("Someone is waiting for you"),
        gettext_noop("A patient needs your attention at once. Please open your worklist: {link}"),
    ),
}


# What has a link goes out in these words to whoever could not open it.
PHONE_LINE = gettext_noop("Our phone number: {phone}")
CONFIRM_LINE = gettext_noop("Confirm the appointment: {confirm}")
CANCEL_LINE = gettext_noop("Cancel the appointment: {cancel}")
# Where the text asks to call, the number stands in it.
ASKS_TO_CALL = frozenset({"review_due", "appointment_cancelled", "appointment_missed", "series_cancelled"})
LONGEST_PHONE = "+000 0000 0000 0000"  # 15 digits (E.164), with blanks
CALL_US = gettext_noop("If you cannot come, please call us.")
UNLINKED = {
    "appointment_booked": gettext_noop("{clinic}: your appointment is on {when}."),
    "appointment_moved": gettext_noop("{clinic}: your appointment is now on {when}."),
    "appointment_reminder": gettext_noop("{clinic}: you have an appointment on {when}."),
}


def default(kind: str, channel: str, *, linked: bool = True) -> Text:
    """Our words, in the language that is active."""
    text = DEFAULTS[kind]
    is_mail = channel == rules.EMAIL
    if not linked:
        lines = [f"{_(UNLINKED[kind])} {_(CALL_US)}"]
    elif is_mail and rules.KINDS[kind].link == "appointment":
        lines = [_(UNLINKED[kind]), _(CONFIRM_LINE), _(CANCEL_LINE)]
    else:
        lines = [_(text.body)]
    if kind in ASKS_TO_CALL or not linked:
        lines.append(_(PHONE_LINE))
    if kind in ("series_booked", "series_moved") and channel == rules.EMAIL:
        lines.append(_(IN_THE_FILE))
    if rules.KINDS[kind].link and linked and channel == rules.EMAIL:
        lines.append(_(ANSWER_WHILE) if rules.KINDS[kind].dated else _(ANSWER_ONCE))
    if rules.KINDS[kind].to_patient:
        lines.append(_(STOP_LINE) if channel == rules.EMAIL else _(STOP_SMS))
    separator = "\n\n" if channel == rules.EMAIL else " "
    return Text(_(text.subject) if channel == rules.EMAIL else "", separator.join(lines))


def has_link(text: Text) -> bool:
    return any(name in text.body for name in rules.LINK_PLACEHOLDERS)


def link_values(address: str) -> dict[str, str]:
    """A link as texts name it: the page, and the page with what the patient came to do."""
    return {"link": address, "confirm": f"{address}?then=confirm", "cancel": f"{address}?then=cancel"}


def language_of(tag: str, fallback: str) -> str:
    """One of our languages for a BCP 47 tag: the patient's, else the clinic's, else English."""
    languages = dict(settings.LANGUAGES)
    for language in (tag, fallback):
        short = language.lower().replace("_", "-").split("-")[0]
        if short in languages:
            return short
    return "en"


def when(at: datetime, time_zone: str, language: str) -> str:
    """The day and time of an appointment, by the clinic's wall clock."""
    with translation.override(language):
        return date_format(at.astimezone(ZoneInfo(time_zone)), _("l, j F, H:i"))


def longest(clinic: Clinic, language: str) -> dict[str, str]:
    """Placeholders with the longest that can come in their place."""
    noon = datetime(2024, 1, 1, 12, tzinfo=ZoneInfo(clinic.time_zone))
    days = [when(noon + timedelta(days=day), clinic.time_zone, language) for day in range(366)]
    values = {"clinic": clinic.name, "stop": links.sample(), "when": max(days, key=len), "phone": LONGEST_PHONE}
    return values | link_values(links.sample())


def find_text(kind: str, channel: str, language: str) -> Text:
    """The clinic's words if it has some, else ours; placeholders still in them. Call inside the clinic's scope."""
    own = Wording.objects.filter(kind=kind, channel=channel, language=language).first()
    return Text(own.subject, own.body) if own is not None else ours(kind, channel, language)


def ours(kind: str, channel: str, language: str) -> Text:
    with translation.override(language):
        return default(kind, channel)


def find_text_without_link(kind: str, channel: str, language: str) -> Text:
    """Our words without a link; the clinic's own lead to one."""
    with translation.override(language):
        return default(kind, channel, linked=False)


def fill_text(text: Text, values: dict[str, str]) -> Text:
    """The text with its values; the line about the phone goes if the clinic has given no number."""
    if not values.get("phone"):
        text = Text(text.subject, _without_phone_line(text.body))
    return Text(rules.fill_placeholders(text.subject, values), rules.fill_placeholders(text.body, values))


def _without_phone_line(body: str) -> str:
    for language in dict(settings.LANGUAGES):
        with translation.override(language):
            line = _(PHONE_LINE)
        body = body.replace(f"\n\n{line}", "").replace(f" {line}", "")
    return body
