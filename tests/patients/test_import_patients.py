"""Patients of other systems, through the command and the API."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from database import tenancy
from patients.models import Patient

DATA = Path(__file__).parents[1] / "data"
WARFARIN = next(DATA.glob("Derek_Becker_*.json"))
CLOPIDOGREL = next(DATA.glob("Beatrice_*.json"))


def command(*paths, **options):
    out = StringIO()
    call_command("import_patients", *map(str, paths), clinic="harbour", stdout=out, **options)
    return out.getvalue()


def all_patients(cast):
    with tenancy.scope(cast.clinic.pk):
        return list(Patient.objects.with_everything().order_by("family_name"))


def test_real_bundles_come_in_whole(cast):
    said = command(DATA)

    assert "2 created" in said
    beatrice, derek = all_patients(cast)
    assert (derek.family_name, derek.given_names, derek.sex, str(derek.birth_date)) == (
        "Becker",
        "Derek",
        "male",
        "1964-03-18",
    )
    assert derek.address_line
    assert derek.city
    assert derek.phone.startswith("555-")
    assert derek.language.startswith("en")
    assert len(derek.identifiers.all()) == 5
    assert {"Prediabetes", "Atrial Fibrillation"} <= {c.text for c in derek.conditions.all()}
    assert [(a.code, a.note) for a in derek.alerts.all()] == [("anticoagulant", "Warfarin Sodium 5 MG Oral Tablet")]
    assert [a.code for a in beatrice.alerts.all()] == ["antiplatelet"]
    assert beatrice.status == "deceased"


def test_running_it_twice_changes_nothing(cast):
    command(DATA)
    before = [(p.pk, p.revision, len(p.conditions.all()), len(p.alerts.all())) for p in all_patients(cast)]

    said = command(DATA)

    assert "0 created, 0 completed, 2 unchanged, 0 refused" in said
    assert [(p.pk, p.revision, len(p.conditions.all()), len(p.alerts.all())) for p in all_patients(cast)] == before


def test_a_dry_run_says_what_it_would_do_and_does_nothing(cast):
    said = command(WARFARIN, dry_run=True, details=True)

    assert "1 would be created" in said
    assert "only active ones are kept" in said
    assert "Encounter" in said
    assert all_patients(cast) == []


def test_a_broken_file_stops_only_itself(cast, tmp_path):
    (tmp_path / "broken.json").write_text('{"resourceType": "Bundle", "entry": [')
    (tmp_path / "latin1.json").write_bytes(b'{"resourceType": "Patient", "name": [{"family": "M\xfcller"}]}')
    (tmp_path / "other.json").write_text('{"resourceType": "Observation"}')

    said = command(tmp_path / "broken.json", tmp_path / "latin1.json", tmp_path / "other.json", WARFARIN)

    assert "refused    broken.json: not JSON" in said
    assert "refused    latin1.json: not UTF-8 text" in said
    assert "refused    other.json: neither a FHIR Bundle" in said
    assert "1 created" in said
    assert "3 refused" in said


def test_the_clinics_own_values_are_kept(cast, api):
    command(WARFARIN)
    (derek,) = all_patients(cast)
    api().patch(f"/patients/{derek.pk}/", {"address": {"city": "Elsewhere"}, "contact": {"phone": None}}, If_Match="*")

    said = command(WARFARIN, details=True)

    (derek,) = all_patients(cast)
    assert derek.city == "Elsewhere"
    assert derek.phone.startswith("555-")
    assert "city: the clinic's own value is kept" in said


def test_ndjson_puts_together_what_points_at_a_patient(api, cast):
    lines = [
        {
            "resourceType": "Patient",
            "id": "p1",
            "identifier": [{"system": "s", "value": "1"}],
            "name": [{"family": "Núñez", "given": ["Ana", "María"]}],
            "birthDate": "1990",
        },
        {
            "resourceType": "MedicationRequest",
            "status": "active",
            "subject": {"reference": "Patient/p1"},
            "medicationCodeableConcept": {"text": "Apixaban 5 MG"},
        },
        "not an object",
        {"resourceType": "Patient", "id": "p2", "identifier": [{"system": "s", "value": "2"}]},
    ]
    content = "\n".join(json.dumps(line) for line in lines) + "\n{broken"

    report = api().post("/patients/imports/", {"format": "fhir_ndjson", "content": content}).json()

    assert (report["created"], report["refused"]) == (1, 3)
    (ana,) = all_patients(cast)
    assert (ana.family_name, ana.given_names, ana.birth_date) == ("Núñez", "Ana María", None)
    assert [(note.kind, note.text) for note in ana.notes.all()] == [("birth_date", "1990")]
    assert [a.code for a in ana.alerts.all()] == ["anticoagulant"]
    assert any("only a year" in text for line in report["lines"] for text in line["taken"])


def test_csv_with_a_column_map(cast, tmp_path):
    table = tmp_path / "patienten.csv"
    table.write_text(
        "\ufeffNr;Nachname;Vorname;Geburtstag;Geschlecht;Bemerkung\n"
        "1;Groß;Jörg;3.2.1980;m;x\n"
        "2;;;;w;\n"
        "3;Lang;Eva;2/3/1980;w;\n"
        "4;Kurz;Ida;1981-04-05;w;\n"
    )

    said = command(
        table,
        map=[
            "external_id=Nr",
            "family_name=Nachname",
            "given_names=Vorname",
            "birth_date=Geburtstag",
            "sex=Geschlecht",
        ],
        details=True,
    )

    assert "refused    patienten.csv row 3: no family name, and no other" in said
    assert "refused    patienten.csv row 4: birth_date" in said
    assert [(p.family_name, str(p.birth_date), p.sex) for p in all_patients(cast)] == [
        ("Groß", "1980-02-03", "male"),
        ("Kurz", "1981-04-05", "female"),
    ]


@pytest.mark.parametrize(
    ("options", "reason"),
    [({"map": ["x"]}, "FIELD=COLUMN"), ({}, "Nothing could be imported")],
)
def test_a_csv_that_cannot_be_read_says_why(cast, tmp_path, options, reason):
    table = tmp_path / "t.csv"
    table.write_text("a,b\n1,2\n")

    with pytest.raises(CommandError, match=reason):
        command(table, **options)


def test_a_merged_patient_stands_for_its_survivor(cast, api):
    command(WARFARIN)
    (derek,) = all_patients(cast)
    keep = api().post("/patients/", {"family_name": "Becker", "given_names": "Derek J."}).json()["id"]
    api(cast.owner).post(f"/patients/{derek.pk}/merge/", {"into": keep, "reason": "Same person."})

    report = api().post("/patients/imports/", {"format": "fhir_json", "content": WARFARIN.read_text()}).json()

    assert [line["patient_id"] for line in report["lines"]] == [keep]


def test_resources_without_their_patient_are_not_lost_silently(api, cast):
    line = {"resourceType": "MedicationRequest", "status": "active", "subject": {"reference": "Patient/p1"}}

    report = api().post("/patients/imports/", {"format": "fhir_ndjson", "content": json.dumps(line)}).json()

    assert report["refused"] == 1
    assert "1 resources whose patient is not in this file" in report["lines"][0]["why"]


@pytest.mark.parametrize(
    ("file_format", "content"),
    [
        ("fhir_json", '{"resourceType": "Patient", "identifier": [{"value": "1"}], "name": [{"family": "\\ud800"}]}'),
        ("csv", "family_name,external_id\rLund,1\rMoe,2\r"),
        ("csv", 'family_name,external_id\n"O""Neil, Jr",1\n'),
        ("csv", '"'),
        ("fhir_json", "[" * 100_000),
    ],
)
def test_an_odd_file_is_taken_or_refused_and_never_breaks(api, cast, file_format, content):
    answer = api().post("/patients/imports/", {"format": file_format, "content": content})

    assert answer.status_code == 200, answer.json()
    names = [p.family_name for p in all_patients(cast)]
    assert names in ([], ["Lund", "Moe"], ['O"Neil, Jr'])
    assert names or answer.json()["refused"]


def test_an_import_is_a_change_that_an_etag_sees(api, cast):
    command(WARFARIN)
    (derek,) = all_patients(cast)
    api().patch(f"/patients/{derek.pk}/", {"alerts": []}, If_Match="*")
    seen = api().get(f"/patients/{derek.pk}/")["ETag"]
    line = {"resourceType": "Patient", "id": "d", "name": [{"family": "Becker"}]}
    line["identifier"] = [{"system": i.system, "value": i.value} for i in derek.identifiers.all()]
    medicine = {
        "resourceType": "MedicationRequest",
        "status": "active",
        "subject": {"reference": "Patient/d"},
        "medicationCodeableConcept": {"text": "Apixaban"},
    }
    content = f"{json.dumps(line)}\n{json.dumps(medicine)}"
    api().post("/patients/imports/", {"format": "fhir_ndjson", "content": content})

    assert api().patch(f"/patients/{derek.pk}/", {"alerts": []}, If_Match=seen).status_code == 412
