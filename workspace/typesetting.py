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
from workspace.readable import moment

TEMPLATE = Path(__file__).parent / "typst" / "document.typ"


def pdf(context: dict[str, Any], *, record: Record, clinic: Clinic, language: str) -> bytes:
    """
    :param context: `sections`, `patient`, `document`, `signer` and `title` as the pages have them
    :param language: of the texts, for screen readers
    """
    patient, document = context["patient"], context["document"]
    born = f"{_('born')} {patient.birth_date.isoformat()}" if patient.birth_date else ""
    data = {
        "language": language,
        "title": str(context["title"]),
        "clinic": clinic.name,
        "patient": f"{patient.given_names} {patient.family_name}".strip(),
        "born": born,
        "performed": f"{_('Performed')} {moment(document.performed_at)}",
        "signed": _("Signed by {name} on {at}").format(name=context["signer"].name, at=moment(document.signed_at)),
        "registration": context["signer"].registration_no,
        "record": _("Record {sequence}, version {version}").format(sequence=record.sequence, version=document.version),
        "sha256": bytes(record.sha256).hex(),
        "page": _("Page"),
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
