"""
A signed document as a tagged PDF (PDF/UA-1), set by Typst.

Values reach the template as data, never as markup; the template may read nothing but what lies beside it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typst
from django.utils.translation import gettext as _

from accounts.models import Clinic
from records.models import Record
from workspace import summaries
from workspace.letters import describe_alert, format_birth_date, letterhead_of
from workspace.readable import moment

TEMPLATE = Path(__file__).parent / "typst" / "document.typ"


def pdf(context: dict[str, Any], *, record: Record, clinic: Clinic, language: str) -> bytes:
    """
    :param context: `summary` (on paper), `sections`, `patient`, `document`, `signer` and `title` as the pages have them
    :param language: of the texts, for screen readers
    """
    patient, document = context["patient"], context["document"]
    head = letterhead_of(clinic)
    data = {
        "language": language,
        "title": str(context["title"]),
        "clinic": head.name,
        "address": head.address,
        "phone": _("Phone {number}").format(number=head.phone) if head.phone else "",
        "logo": list(head.logo),
        "logo_alt": _("Logo of {clinic}").format(clinic=head.name),
        "foot": head.footer,
        "patient": f"{patient.given_names} {patient.family_name}".strip(),
        "born": format_birth_date(patient),
        "alerts": [describe_alert(alert) for alert in context["alerts"]],
        "performed": f"{_('Performed')} {moment(document.performed_at)}",
        "signed": _("Signed by {name} on {at}").format(name=context["signer"].name, at=moment(document.signed_at)),
        "registration": context["signer"].registration_no,
        "record": _("Record {sequence}, version {version}").format(sequence=record.sequence, version=document.version),
        "sha256": bytes(record.sha256).hex(),
        "page": _("Page"),
        "summary": _summary(context["summary"]),
        "details": _("Details"),
        "sections": [
            {
                "title": section.title,
                "blocks": [
                    {"title": block.title, "word": block.word, "lines": [list(line) for line in block.lines]}
                    for block in section.blocks
                ],
            }
            for section in context["sections"]
        ],
    }
    return typst.compile(
        TEMPLATE, root=TEMPLATE.parent, sys_inputs={"data": json.dumps(data)}, format="pdf", pdf_standards=["ua-1"]
    )


def _summary(summary: summaries.Summary) -> dict[str, Any]:
    """The summary as the template takes it: marks as words, so that paper needs no legend to be read aloud."""
    return {
        "facts": [list(fact) for fact in summary.facts],
        "pictures": [
            {"svg": picture.svg, "caption": picture.caption, "text": f"{picture.caption}. {picture.text}"}
            for picture in summary.pictures
        ],
        "head": [_("Point"), *summary.columns],
        "points": [
            {
                "number": point.number,
                "name": point.name,
                "word": point.word,
                "more": " · ".join(point.more),
                "signs": [mark.word for mark in point.signs],
                "present": [mark.is_present for mark in point.signs],
            }
            for point in summary.points
        ],
        "flags_title": _("Red flags"),
        "positives": [f"{label}: {text}" for label, text in summary.positives],
        "asked": summary.asked,
        "doses": [
            {
                "number": row.number,
                "title": ", ".join(filter(None, (row.technique, row.place))),
                "dose": row.dose,
                "more": " · ".join(row.more),
            }
            for row in summary.doses
        ],
        "changes_head": [_("Measure"), _("Before"), _("After")],
        "changes": [
            {"label": change.label, "before": change.before, "after": [list(after) for after in change.after]}
            for change in summary.changes
        ],
        "lines": [
            *(
                [label, " · ".join(f"{side} {text}".strip() for side, text in sides)]
                for label, sides in summary.movements
            ),
            *(list(line) for line in summary.lines),
        ],
    }
