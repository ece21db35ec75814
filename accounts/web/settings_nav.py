"""The Settings section: what its navigation and its first page list, by who may open it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

OWNER = "administer"


@dataclass(frozen=True)
class Entry:
    """
    A page of the Settings section.

    :ivar may: what its reader needs, as templates name it in `may`
    """

    view: str
    title: str | Promise
    text: str | Promise
    may: str = OWNER
    kind: str = ""

    def url(self) -> str:
        return reverse(self.view, args=[self.kind] if self.kind else [])


GROUPS: list[tuple[str | Promise, list[Entry]]] = [
    (
        _("Clinic"),
        [
            Entry("first_setup", _("First set-up"), _("Five steps to the first appointment")),
            Entry("clinic_settings", _("Clinic and letterhead"), _("Name, address, phone, logo, language, time zone")),
            Entry("clinic_security", _("Security"), _("When a screen locks")),
            Entry("signing_proof", _("Before signing"), _("When people prove who they are")),
        ],
    ),
    (
        _("Team and access"),
        [
            Entry("people", _("People"), _("Invitations, roles, handing over, leaving")),
            Entry("competencies", _("Competencies"), _("What ends soon, and what needs proof")),
            Entry("programs", _("Programs"), _("API access: rights, secrets, last use")),
            Entry("webhooks", _("Webhooks"), _("Tell other programs what changes, signed")),
            Entry(
                "clinic_rights", _("Rights of patients"), _("Export, restriction, erasure, how long records are kept")
            ),
            Entry("audit", _("Access log"), _("Who looked at a patient, who changed what")),
        ],
    ),
    (
        _("Appointments"),
        [
            Entry("scheduling_setup", _("Weekly hours"), _("Who works when, and where"), "scheduling_write", "hours"),
            Entry("scheduling_setup", _("Extra hours"), _("Single days"), "scheduling_write", "extra-hours"),
            Entry(
                "scheduling_setup",
                _("Closures and absences"),
                _("Holidays, leave, sickness"),
                "scheduling_write",
                "closures",
            ),
            Entry(
                "scheduling_setup",
                _("Types of appointment"),
                _("Length, therapists, rooms"),
                "scheduling_write",
                "appointment-types",
            ),
            Entry("scheduling_setup", _("Rooms"), _("Where patients are treated"), "scheduling_write", "rooms"),
            Entry("scheduling_setup", _("Sites"), _("Addresses of the clinic"), "scheduling_write", "sites"),
            Entry("how_we_book", _("Booking rules"), _("Reminders, cancelling, waitlist"), "scheduling_write"),
        ],
    ),
    (
        _("Treatment"),
        [
            Entry("clinic_display", _("Findings"), _("Classification, rule set, unit of pressure")),
            Entry("clinic_outcomes", _("Outcome measures"), _("Which the clinic asks for, and in which weeks")),
            Entry("clinic_techniques", _("Techniques"), _("What the treatment screen offers, and in which order")),
            Entry("safety_list", _("Safety list"), _("What stops a treatment, with sources"), "treatments_read"),
            Entry("own_medicines", _("Medicines"), _("What raises which alert, beside what Palpate knows")),
            Entry("consent_texts", _("Consent texts"), _("The clinic's own texts, and how long a consent is valid")),
            Entry("aftercare_texts", _("Advice after needling"), _("The clinic's own text below the warning")),
        ],
    ),
    (
        _("Messages"),
        [
            Entry("message_words", _("Message texts"), _("Every mail and SMS to patients, to read and to change")),
            Entry("message_settings", _("Sending rules"), _("Quiet hours and limits")),
        ],
    ),
]


def settings_groups(path: str, may: Mapping[str, bool]) -> list[dict[str, Any]]:
    """
    Return the groups with the pages that a person may open.

    :param path: of the page that is shown; its entry, or the one that it lies below, is the current one
    """
    groups = []
    for title, entries in GROUPS:
        lines = [
            {"url": url, "title": entry.title, "text": entry.text, "is_current": path.startswith(url)}
            for entry in entries
            if may.get(entry.may)
            for url in [entry.url()]
        ]
        if lines:
            groups.append({"title": title, "entries": lines})
    return groups
