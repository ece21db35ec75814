"""Large files: how fast, and in how much memory."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from django.utils import timezone

from database import tenancy
from identity.actor import Actor
from patients.importing.runs import import_files
from patients.models import Patient
from patients.reading import files
from patients.reading.files import Source, guess_format
from tests.drills import small_or_drill

DATA = Path(__file__).parents[1] / "data"
SYNTHEA = next(DATA.glob("Derek_Becker_*.json"))
MOST_MB = 300  # on top of what the process of the tests has already
MB = 1 << 20


def peak_mb(start=False):
    """The process's peak resident memory since it was last reset (Linux)."""
    if start:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


def import_path(cast, path):
    source = Source(path.name, guess_format(path.name), lambda: path.open("rb"))
    before, started = peak_mb(start=True), time.monotonic()
    with tenancy.scope(cast.clinic.pk):
        by = Actor.system(cast.clinic.pk, "test")
        report = import_files([source], dry_run=False, by=by, at=timezone.now())
        in_database = Patient.objects.count()
    seconds, peak = time.monotonic() - started, peak_mb()
    print(f"\n{path.name}: {path.stat().st_size / MB:.0f} MB, {len(report.lines)} patients in {seconds:.0f} s, "
          f"{len(report.lines) / seconds:.0f}/s, {path.stat().st_size / MB / seconds:.1f} MB/s, "
          f"peak {peak} MB (before: {before} MB)")  # fmt: skip
    return report, in_database, peak - before


@pytest.mark.parametrize("rows", small_or_drill(1_200, 200_000))
def test_a_table_of_many_rows(cast, tmp_path, rows):
    path = tmp_path / "many.csv"
    with path.open("w") as table:
        table.write("external_id,family_name,given_names,birth_date,sex,phone,city\n")
        for n in range(rows):
            day = f"{1930 + n % 80}-{1 + n % 12:02d}-{1 + n % 28:02d}"
            table.write(f"N{n},Family{n % 5000},Given{n},{day},f,+44 20 7183 {n % 10000:04d},Cork\n")

    report, in_database, grown = import_path(cast, path)

    assert report.counts == {"created": rows}
    assert in_database == rows
    assert grown < MOST_MB


@pytest.mark.parametrize("megabytes", small_or_drill(6, 1024))
def test_a_bundle_of_many_patients(cast, tmp_path, monkeypatch, megabytes):
    """One published bundle again and again, each time as another person."""
    monkeypatch.setattr(files, "SMALL", 1 << 10)
    entries = [json.dumps(entry) for entry in json.loads(SYNTHEA.read_text())["entry"]]
    text = ",".join(entries)
    identity = json.loads(entries[0])["resource"]
    values = [i["value"] for i in identity["identifier"]] + [identity["id"], identity["name"][0]["family"]]
    path = tmp_path / "many.json"
    people = 0
    with path.open("w") as bundle:
        bundle.write('{"resourceType": "Bundle", "type": "collection", "entry": [')
        while bundle.tell() < megabytes * MB:
            one = text
            for value in values:
                one = one.replace(value, f"{value}{people}" if people else value)
            bundle.write(("," if people else "") + one)
            people += 1
        bundle.write("]}")

    report, in_database, grown = import_path(cast, path)

    assert report.counts == {"created": people}
    assert in_database == people
    assert all(any(remark.code == "alerts" for remark in line.taken) for line in report.lines)
    assert grown < MOST_MB
