"""One patient's record as people read it, as a tagged PDF (PDF/UA-1). The complete rows are in the JSON."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import typst
from django.utils import formats
from django.utils.translation import gettext as _

from accounts.models import Clinic
from assessments.models import Assessment
from database import tenancy
from messaging.models import Message
from patients.labels import FACTS, alert_place
from patients.models import Patient
from patients.queries import identities
from patients.rules import ALERTS
from privacy.patient_export import complete_export
from records.models import Record
from scheduling.labels import STATUSES
from scheduling.models import Appointment
from treatments.models import Consent, Session
from workspace import readable
from workspace.readable import Block, Lines, Section, moment

TEMPLATE = Path(__file__).parent / "typst" / "patient_record.typ"


def patient_record(*, clinic: Clinic, patient_id: UUID, language: str, at: datetime) -> bytes:
    """
    Return the record of a patient as PDF, inside the clinic's scope; of a restricted one, too.

    :param language: of the texts, for screen readers
    :raises NotFound:
    """
    with tenancy.seeing_restricted():
        patient_ids = identities(clinic_id=clinic.pk, patient_id=patient_id)
        patient = Patient.objects.with_everything().get(pk=patient_id)
        sections = [
            Section(_("Person"), [Block("", _facts(patient))]),
            *_documents(patient_ids),
            Section(_("Consents"), [Block("", _consents(patient_ids))]),
            Section(_("Appointments"), [Block("", _appointments(patient_ids))]),
            Section(_("Messages"), [Block("", _messages(patient_ids))]),
            Section(_("Who looked at this record"), [Block("", _access(clinic, patient_id, at))]),
        ]
    data = {
        "language": language,
        "title": _("Complete record"),
        "clinic": clinic.name,
        "patient": f"{patient.given_names} {patient.family_name}".strip(),
        "made": _("Made on {at}").format(at=moment(at)),
        "note": _("Every row of the record, as data, is in the JSON file that is exported beside this one."),
        "page": _("Page"),
        "sections": [_section(section) for section in sections if any(block.lines for block in section.blocks)],
    }
    return typst.compile(
        TEMPLATE, root=TEMPLATE.parent, sys_inputs={"data": json.dumps(data)}, format="pdf", pdf_standards=["ua-1"]
    )


def _section(section: Section) -> dict[str, Any]:
    blocks = [
        {"title": str(block.title), "word": str(block.word), "lines": [[str(a), str(b)] for a, b in block.lines]}
        for block in section.blocks
    ]
    return {"title": str(section.title), "blocks": blocks}


def _facts(patient: Patient) -> Lines:
    lines: Lines = [(str(FACTS[name]), str(getattr(patient, name))) for name in FACTS if getattr(patient, name)]
    lines += [(identifier.system, identifier.value) for identifier in patient.identifiers.all()]
    lines += [
        (_("Alert"), ", ".join(filter(None, (_(ALERTS[row.code].label), alert_place(row.side, row.region), row.note))))
        for row in patient.alerts.all()
    ]
    lines += [(_("Condition"), row.text) for row in patient.conditions.all()]
    lines += [(_("Medicine"), row.text) for row in patient.medications.all()]
    return lines + [(_("Note"), row.text) for row in patient.notes.all()]


def _documents(patient_ids: list[UUID]) -> list[Section]:
    """Exams and sessions, signed or not, in the order in which they happened."""
    dated: list[tuple[datetime, list[Section]]] = []
    for exam in Assessment.objects.of_patients(patient_ids).with_parts().select_related("patient", "record__mark"):
        dated.append((exam.performed_at, _titled(_("Exam"), exam, readable.exam(exam))))
    for session in Session.objects.of_patients(patient_ids).with_parts().select_related("patient", "record__mark"):
        dated.append((session.performed_at, _titled(_("Session"), session, readable.session(session))))
    for record in Record.objects.filter(patient_id__in=patient_ids, entry="addendum").exclude(document=None):
        text = json.loads(bytes(record.document or b""))["addendum"]["text"]
        title = _("Addendum of {at}").format(at=moment(record.signed_at))
        dated.append((record.signed_at, [Section(title, [Block("", [("", text)])])]))
    return [section for _at, sections in sorted(dated, key=lambda entry: entry[0]) for section in sections]


def _titled(kind: str, document: Assessment | Session, sections: list[Section]) -> list[Section]:
    state = "" if document.is_signed else f" ({_('not signed')})"
    head = f"{kind}, {moment(document.performed_at)}{state}"
    return [Section(f"{head}: {section.title}", section.blocks) for section in sections]


def _consents(patient_ids: list[UUID]) -> Lines:
    rows = Consent.objects.filter(patient_id__in=patient_ids).order_by("given_at")
    return [(moment(row.given_at), f"{row.technique_class}, {row.region}: {row.signed_name}") for row in rows]


def _appointments(patient_ids: list[UUID]) -> Lines:
    rows = Appointment.objects.filter(patient_id__in=patient_ids).select_related("therapist").order_by("starts_at")
    return [(moment(row.starts_at), f"{STATUSES[row.status]}, {row.therapist.name}") for row in rows]


def _messages(patient_ids: list[UUID]) -> Lines:
    rows = Message.objects.filter(patient_id__in=patient_ids).order_by("due_at")
    return [(moment(row.due_at), f"{row.kind}, {row.channel}, {row.state}") for row in rows]


def _access(clinic: Clinic, patient_id: UUID, at: datetime) -> Lines:
    export = complete_export(clinic=clinic, patient_id=patient_id, at=at)
    names = export["people"]
    return [
        (
            formats.localize(event["at"].replace(microsecond=0)),
            f"{names.get(str(event['person']), event['program'] or _('Somebody unknown'))}: {event['action']}",
        )
        for event in export["access"]
    ]
