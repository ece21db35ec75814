"""Pages of imports: upload, map the columns of a CSV file, check, import, undo."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages as toasts
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.web.pages import PageRequest, page, seen_revision
from api.bodies import takes_large_body
from errors.exceptions import NotFound
from patients import labels, rules
from patients.importing.reports import OUTCOMES, Report
from patients.importing.runs import import_files
from patients.importing.undoing import undo_import
from patients.models import ImportMap, ImportRun, ImportUpload, ReviewItem
from patients.reading.csv_files import CSV_FIELDS, NEEDED, Table, normalize_header, read_table
from patients.reading.files import Source, guess_format
from patients.reading.incoming import Unreadable

RUNS_SHOWN = 20
LINES_SHOWN = 200
UPLOAD_LIVES = timedelta(days=1)
SAMPLES = 3


@takes_large_body
@page(scope="patients:write", action="page.imports", methods="GET POST")
def imports(request: PageRequest) -> HttpResponse:
    """Upload a file; the imports of before."""
    problem = ""
    if request.method == "POST":
        sent = request.FILES.get("file")
        if sent is not None and not isinstance(sent, list) and sent.size:
            now = timezone.now()
            ImportUpload.objects.filter(created_at__lt=now - UPLOAD_LIVES).delete()
            upload = ImportUpload.objects.create(
                clinic_id=request.actor.clinic_id,
                name=str(sent.name)[:200],
                content=sent.read(),
                created_at=now,
                by_user_id=request.actor.user_id,
            )
            return redirect("import_upload", upload.pk)
        problem = _("Choose a file.")
    runs = ImportRun.objects.filter(clinic_id=request.actor.clinic_id).order_by("-started_at", "-id")[:RUNS_SHOWN]
    now = timezone.now()
    context = {
        "problem": problem,
        "runs": [(run, _counts(run.counts), _can_undo(run, now)) for run in runs],
        "waiting": ReviewItem.objects.filter(clinic_id=request.actor.clinic_id, decision="").count(),
    }
    return render(request, "patients/imports.html", context, status=400 if problem else 200)


def _can_undo(run: ImportRun, now: datetime) -> bool:
    return run.undone_at is None and now <= run.started_at + timedelta(days=rules.UNDO_DAYS)


def _counts(counts: Mapping[str, int]) -> list[tuple[Any, int]]:
    return [(labels.OUTCOMES[name], counts.get(name, 0)) for name in OUTCOMES]


@page(scope="patients:write", action="page.imports.file", methods="GET POST")
def import_upload(request: PageRequest, upload_id: UUID) -> HttpResponse:
    """Say which column is what, check, import."""
    upload = ImportUpload.objects.filter(clinic_id=request.actor.clinic_id, pk=upload_id).first()
    if upload is None:
        raise NotFound
    mapping = ColumnMapping(upload, request)
    act = request.POST.get("act", "")
    report: Report | None = None
    if request.method == "POST" and act in {"check", "import"} and not mapping.problems:
        mapping.save()
        source = Source(
            upload.name, guess_format(upload.name), partial(io.BytesIO, bytes(upload.content)), mapping.columns,
            mapping.system,
        )  # fmt: skip
        report = import_files([source], dry_run=act == "check", by=request.actor, at=timezone.now())
        if report.run_id:
            upload.delete()
            toasts.success(request, _("The file was imported."))
            return redirect("import_run", report.run_id)
    lines = (
        sorted(report.lines, key=lambda line: (line.outcome not in {"refused", "review"}, line.position))
        if report
        else []
    )
    request.trace.saw(*{UUID(pk) for line in lines[:LINES_SHOWN] for pk in line.others})
    context = {
        "upload": upload,
        "mapping": mapping,
        "counts": _counts(report.counts) if report else None,
        "lines": [line.as_dict() | {"label": labels.OUTCOMES[line.outcome]} for line in lines[:LINES_SHOWN]],
        "more": max(0, len(lines) - LINES_SHOWN),
    }
    status = 400 if request.method == "POST" and mapping.problems else 200
    return render(request, "patients/import_upload.html", context, status=status)


class ColumnMapping:
    """
    Which column of a file holds which field: as sent, as saved under a name, or guessed from the headers.

    :ivar cards: of each column: number, header, samples, chosen field
    """

    def __init__(self, upload: ImportUpload, request: PageRequest) -> None:
        self.clinic_id = request.actor.clinic_id
        self.is_csv = guess_format(upload.name) == "csv"
        self.problems: list[str] = []
        self.saved = list(ImportMap.objects.filter(clinic_id=self.clinic_id).order_by("name"))
        self.name = request.POST.get("name", "").strip()[:100]
        self.system = request.POST.get("system", "").strip()[:500] or "import"
        self.columns: dict[str, str] = {}
        self.cards: list[dict[str, Any]] = []
        if self.is_csv:
            self._read(upload, request)
        self.choices = [(name, _label(name)) for name in CSV_FIELDS]

    def _read(self, upload: ImportUpload, request: PageRequest) -> None:
        try:
            table = read_table(io.BytesIO(bytes(upload.content)), rows=SAMPLES)
        except Unreadable as refusal:
            self.problems.append(labels.remark_text(refusal.remark))
            return
        chosen = self._chosen(table, request)
        for number, header in enumerate(table.headers):
            samples = [row[number] for row in table.rows if number < len(row) and row[number].strip()]
            self.cards.append({"number": number, "header": header, "samples": samples, "field": chosen[number]})
        self._check(table, chosen)

    def _chosen(self, table: Table, request: PageRequest) -> list[str]:
        if request.POST.get("act") == "use_map":
            saved = next((one for one in self.saved if str(one.pk) == request.POST.get("map")), None)
            if saved is not None:
                self.system = saved.system
                by_header = {normalize_header(header): name for name, header in saved.columns.items()}
                return [by_header.get(normalize_header(header), "") for header in table.headers]
        if request.method == "POST":
            sent = [request.POST.get(f"column_{number}", "") for number in range(len(table.headers))]
            return [name if name in CSV_FIELDS else "" for name in sent]
        guesses = [guess_field(header) for header in table.headers]
        return [name if name not in guesses[:number] else "" for number, name in enumerate(guesses)]

    def _check(self, table: Table, chosen: list[str]) -> None:
        for number, name in enumerate(chosen):
            if name and name in chosen[:number]:
                self.problems.append(
                    _("%(field)s is chosen for two columns. Choose it once.") % {"field": _label(name)}
                )
            elif name:
                self.columns[name] = table.headers[number]
        for name in NEEDED:
            if name not in chosen:
                self.problems.append(_("Choose the column of: %(field)s.") % {"field": _label(name)})

    def save(self) -> None:
        """Keep the map under its name, if it has one."""
        if self.is_csv and self.name:
            values = {"columns": self.columns, "system": self.system}
            ImportMap.objects.update_or_create(clinic_id=self.clinic_id, name=self.name, defaults=values)


def _label(name: str) -> str:
    own = {"external_id": _("Patient number"), "name_prefix": _("Name prefix")}
    prefixes = {"emergency": _("Emergency contact"), "referrer": _("GP or referrer")}
    label = own.get(name) or str(labels.FACTS[name])
    prefix = prefixes.get(name.partition("_")[0])
    return f"{prefix}: {label}" if prefix else label


# What other programs write above their columns, in English and German.
SYNONYMS = {
    "external_id": "id number patient_id patient_number mrn nr nummer patientennummer patientennr pat_nr patnr",
    "family_name": "last_name surname lastname name nachname familienname",
    "given_names": "first_name firstname given_name vorname vornamen",
    "name_prefix": "title prefix titel anrede",
    "birth_date": "date_of_birth dob birthdate birthday geburtsdatum geburtstag geb_datum geb",
    "sex": "gender geschlecht",
    "email": "e_mail mail email_address mailadresse e-mail",
    "phone": "telephone mobile mobile_phone telefon handy mobil telefonnummer tel",
    "address_line": "street address strasse straße anschrift adresse strasse_hausnummer",
    "city": "town ort stadt wohnort",
    "postal_code": "zip postcode zip_code plz postleitzahl",
    "country": "land",
    "language": "sprache",
    "insurer": "krankenkasse versicherung insurance",
    "insurance_number": "versichertennummer insurance_id",
    "referrer_name": "gp hausarzt doctor general_practitioner",
    "occupation": "beruf job",
    "desk_notes": "notes notizen bemerkung bemerkungen",
}
GUESSES = {word: name for name, words in SYNONYMS.items() for word in words.split()}


def guess_field(header: str) -> str:
    """The field that a header most likely means; empty: none."""
    plain = normalize_header(header).replace("-", "_")
    return plain if plain in CSV_FIELDS else GUESSES.get(plain, "")


@page(scope="patients:write", action="page.imports.run")
def import_run(request: PageRequest, run_id: UUID) -> HttpResponse:
    """What an import did."""
    run = ImportRun.objects.filter(clinic_id=request.actor.clinic_id, pk=run_id).first()
    if run is None:
        raise NotFound
    lines = run.lines[:LINES_SHOWN]
    request.trace.saw(*{UUID(pk) for line in lines for pk in [line["patient_id"], *line["other_patient_ids"]] if pk})
    context = {
        "run": run,
        "counts": _counts(run.counts),
        "lines": [line | {"label": labels.OUTCOMES[line["outcome"]]} for line in lines],
        "more": max(0, sum(run.counts.values()) - len(lines)),
        "can_undo": _can_undo(run, timezone.now()),
        "until": run.started_at + timedelta(days=rules.UNDO_DAYS),
    }
    return render(request, "patients/import_run.html", context)


@page(scope="patients:write", action="page.imports.undo", methods="POST")
def import_undo(request: PageRequest, run_id: UUID) -> HttpResponse:
    """Undo an import."""
    revision = seen_revision(request.POST)
    outcome = undo_import(run_id=run_id, revision=revision, by=request.actor, at=timezone.now())
    removed, restored = outcome.removed, outcome.restored
    parts = [
        ngettext("%(n)s patient removed.", "%(n)s patients removed.", removed) % {"n": removed},
        ngettext("%(n)s patient restored.", "%(n)s patients restored.", restored) % {"n": restored},
    ]
    toasts.success(request, " ".join(parts))
    if outcome.kept:
        kept = ngettext(
            "%(n)s patient was changed or used since and is kept.",
            "%(n)s patients were changed or used since and are kept.",
            outcome.kept,
        )
        toasts.warning(request, kept % {"n": outcome.kept})
    return redirect("import_run", run_id)
