"""Imports by page: upload, map, check, import, decide, undo."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from database import tenancy
from patients.models import ImportMap, ImportRun, ImportUpload, Patient, ReviewItem
from patients.web.imports import GUESSES, guess_field

HEADERS = "Nr;Nachname;Vorname;Geburtsdatum;Bemerkung"


@pytest.fixture
def staff(cast):
    client = Client()
    client.force_login(cast.staff)
    return client


def upload(staff, *rows, name="a.csv", headers=HEADERS):
    content = "\n".join([headers, *rows]).encode()
    answer = staff.post("/patients/imports/", {"file": SimpleUploadedFile(name, content)})
    assert answer.status_code == 302, answer.content
    return answer["Location"]


def columns(*names):
    return {f"column_{number}": name for number, name in enumerate(names)}


MAPPED = columns("external_id", "family_name", "given_names", "birth_date", "") | {"system": "old program"}


def run(staff, *rows):
    path = upload(staff, *rows)
    answer = staff.post(path, MAPPED | {"act": "import"})
    assert answer.status_code == 302, answer.content
    return answer["Location"]


def test_the_columns_are_guessed_and_shown_with_samples(staff):
    page = staff.get(upload(staff, "7;Berg;Anna;03.02.1980;x")).content.decode()

    assert page.count("selected") == 5
    assert "03.02.1980" in page


def test_every_guess_is_a_field():
    assert {guess_field(word) for word in GUESSES} <= {guess_field(name) for name in GUESSES.values()}
    assert guess_field("E-Mail") == "email"
    assert guess_field("Lieblingsfarbe") == ""


def test_a_check_saves_nothing_and_the_import_does_the_same(staff, cast):
    path = upload(staff, "7;Berg;Anna;03.02.1980;x", "8;;;;")

    checked = staff.post(path, MAPPED | {"act": "check", "name": "Old"}).content.decode()
    with tenancy.scope(cast.clinic.pk):
        assert not Patient.objects.exists()
        assert ImportMap.objects.get().columns["family_name"] == "Nachname"
    done = staff.get(staff.post(path, MAPPED | {"act": "import"})["Location"]).content.decode()

    counts = re.compile(r'<span class="chip">\s*(\d+ [\w ]+?)\s*</span>')
    assert counts.findall(checked)[:5] == counts.findall(done)[:5]
    with tenancy.scope(cast.clinic.pk):
        assert Patient.objects.get().identifiers.get().system == "old program"
        assert not ImportUpload.objects.exists()


@pytest.mark.parametrize(
    "sent", [columns("external_id", "family_name", "family_name", "", ""), columns("external_id", "", "", "", "")]
)
def test_a_map_that_cannot_be_says_why(staff, sent):
    answer = staff.post(upload(staff, "7;Berg;Anna;;"), sent | {"act": "import"})

    assert answer.status_code == 400
    assert b'role="alert"' in answer.content


def test_a_saved_map_is_used_for_the_next_file(staff, cast):
    staff.post(upload(staff, "7;Berg;Anna;;"), MAPPED | {"act": "check", "name": "Old"})
    with tenancy.scope(cast.clinic.pk):
        saved = ImportMap.objects.get()

    answer = staff.post(upload(staff, "7;Berg"), {"act": "use_map", "map": str(saved.pk)}, follow=True)

    assert b'value="old program"' in answer.content


def test_a_decision_and_an_undoing_carry_what_was_seen(staff, cast):
    first = run(staff, "7;Berg;Anna;03.02.1980;")
    run(staff, "7;Lund;Bo;03.02.1980;")
    page = staff.get("/patients/imports/review/").content.decode()
    assert "Berg" in page
    assert "Lund" in page
    with tenancy.scope(cast.clinic.pk):
        item = ReviewItem.objects.get()

    answer = staff.post(f"/patients/imports/review/{item.pk}/", {"decision": "different", "revision": "1"}, follow=True)
    again = staff.post(f"/patients/imports/review/{item.pk}/", {"decision": "same", "revision": "1"}, follow=True)

    assert "A new patient was registered." in answer.content.decode()
    assert "decided this before" in again.content.decode()
    assert staff.post(f"{first}undo/", {}).status_code == 400
    assert staff.post(f"{first}undo/", {"revision": "9"}).status_code == 409
    assert staff.post(f"{first}undo/", {"revision": "1"}).status_code == 302
    assert staff.post(f"{first}undo/", {"revision": "2"}).status_code == 409
    with tenancy.scope(cast.clinic.pk):
        assert [patient.family_name for patient in Patient.objects.all()] == ["Lund"]
        assert ImportRun.objects.exclude(undone_at=None).count() == 1


def test_nothing_chosen_is_said(staff):
    answer = staff.post("/patients/imports/", {})

    assert answer.status_code == 400
    assert "Choose a file." in answer.content.decode()
