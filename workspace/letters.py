"""
The referral letter: what was answered, when, and what was found, on the clinic's letterhead.

It is written from one signed exam, so it says nothing that is not in the record.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import typst
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from accounts.clinic_settings import logo_of
from accounts.models import Clinic, User
from assessments import red_flag_table as flags
from assessments.models import Assessment, RedFlagAnswer
from messaging.engine import read_sending
from patients.labels import alert_place
from patients.models import Alert, Patient
from patients.rules import ALERTS
from records.models import Record
from scheduling.models import Site
from workspace import readable

TEMPLATE = Path(__file__).parent / "typst" / "referral_letter.typ"


@dataclass(frozen=True)
class Letterhead:
    """What stands at the top of a letter; empty where the clinic has not recorded it."""

    name: str
    address: str
    phone: str
    footer: str = ""
    logo: bytes = b""


def letterhead_of(clinic: Clinic) -> Letterhead:
    """
    Return the clinic's name, logo and last lines, its address (or its first site's), and the phone number of messages.
    """
    address = clinic.address
    if not address:
        site = Site.objects.filter(is_active=True).exclude(address="").order_by("name").first()
        address = site.address if site else ""
    phone = read_sending(clinic.pk).phone
    return Letterhead(clinic.name, address, phone, clinic.letter_footer, logo_of(clinic.pk) or b"")


def referral_letter(exam: Assessment, *, record: Record, clinic: Clinic, language: str, at: datetime) -> bytes:
    """
    Return the letter as a tagged PDF (PDF/UA-1).

    :param exam: signed, with its parts and `patient`
    :param language: the active one, for screen readers
    """
    signer = User.objects.get(pk=record.signed_by_id)
    answers = [answer for answer in exam.red_flag_answers.all() if answer.answer == "yes"]
    answers.sort(key=lambda answer: -flags.ACTIONS.index(flags.RED_FLAGS[answer.code].action))
    alerts = Alert.objects.current().filter(patient=exam.patient).order_by("code", "id")
    head = letterhead_of(clinic)
    data = {
        "language": language,
        "title": _("Referral letter"),
        "clinic": head.name,
        "address": head.address,
        "footer": head.footer,
        "logo": list(head.logo),
        "logo_alt": _("Logo of {clinic}").format(clinic=head.name),
        "phone": _("Phone {number}").format(number=head.phone) if head.phone else "",
        "date": formats.date_format(timezone.localtime(at), "DATE_FORMAT"),
        "patient": f"{exam.patient.given_names} {exam.patient.family_name}".strip(),
        "born": format_birth_date(exam.patient),
        "urgency": _urgency(answers),
        "opening": _("We ask you to see this patient because of the following findings at our clinic."),
        "flags_title": _("Red flags answered “yes” on {date}").format(date=readable.moment(exam.performed_at)),
        "flags": [_flag(answer) for answer in answers],
        "suspects": _("To be considered"),
        "to_do": _("Action at our clinic"),
        "alerts_title": _("Alerts"),
        "alerts": [describe_alert(alert) for alert in alerts],
        "sections": [_section(section) for section in readable.exam(exam)],
        "signed": _("{name}, {date}").format(name=signer.name, date=readable.moment(exam.signed_at)),
        "registration": signer.registration_no,
        "record": _("Record {sequence}, version {version}").format(sequence=record.sequence, version=record.version),
        "sha256": bytes(record.sha256).hex(),
        "note": _("Written from a signed exam. The red flags are prompts for clinical reasoning, not a diagnosis."),
        "page": _("Page"),
    }
    return typst.compile(
        TEMPLATE, root=TEMPLATE.parent, sys_inputs={"data": json.dumps(data)}, format="pdf", pdf_standards=["ua-1"]
    )


def format_birth_date(patient: Patient) -> str:
    if patient.birth_date is None:
        return ""
    return _("born {date}").format(date=formats.date_format(patient.birth_date, "DATE_FORMAT"))


def _urgency(answers: list[RedFlagAnswer]) -> str:
    """Return the urgency of the most urgent flag in words."""
    action = flags.RED_FLAGS[answers[0].code].action if answers else "none"
    return {
        "emergency": _("Emergency referral"),
        "refer_same_day": _("Referral for the same day"),
        "refer_urgent": _("Urgent referral, within two weeks"),
    }.get(action, _("Referral"))


def _flag(answer: RedFlagAnswer) -> dict[str, str]:
    about = flags.RED_FLAGS[answer.code]
    return {
        "question": _(about.question),
        "note": answer.note,
        "suspects": _(about.suspects),
        "to_do": _(about.to_do),
    }


def describe_alert(alert: Alert) -> str:
    parts = (_(ALERTS[alert.code].label), alert_place(alert.side, alert.region), alert.note)
    return ", ".join(part for part in parts if part)


def _section(section: readable.Section) -> dict[str, Any]:
    blocks = [
        {"title": block.title, "word": block.word, "lines": [list(line) for line in block.lines]}
        for block in section.blocks
    ]
    return {"title": section.title, "blocks": blocks}
