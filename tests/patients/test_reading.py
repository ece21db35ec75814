"""Files of other systems as incoming patients, without a database."""

import io
import json
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from patients.matching import UNNAMED_SERVER
from patients.reading.dates import BadDate, read_written
from patients.reading.files import Source, guess_format, read_source, scope_of
from patients.reading.spool import Spool

CASES = Path(__file__).parents[1] / "data" / "import-cases"
TODAY = date(2026, 11, 20)


def read(*files, columns=None):
    """Every patient of these files (paths, or name and content), in the order of the files."""
    with closing(Spool(today=TODAY)) as spool:
        for position, file in enumerate(files):
            name, content = (file.name, file.read_bytes()) if isinstance(file, Path) else file
            source = Source(name, guess_format(name), lambda content=content: io.BytesIO(content), columns or {})
            read_source(source, spool, scope=scope_of(source, position), progress=lambda size: None)
        spool.resolve()
        return [incoming for _, incoming in sorted(spool.people(), key=lambda row: row[0])]


def case(name):
    return read(CASES / name)


def bundle(*resources):
    entries = [
        {"resource": one["resource"], "fullUrl": one["fullUrl"]} if "resource" in one else {"resource": one}
        for one in resources
    ]
    return "b.json", json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()


def person(key="p1", **more):
    return {"resourceType": "Patient", "id": key, "name": [{"family": "Probe", "given": [key]}], **more}


def medicine(subject, text="Warfarin", **more):
    return {
        "resourceType": "MedicationRequest", "status": "active", "intent": "order", "subject": subject,
        "medicationCodeableConcept": {"text": text}, **more,
    }  # fmt: skip


def codes(incoming):
    return {remark.code for remark in (*incoming.errors, *incoming.left_out)}


def test_names_addresses_and_contacts_that_are_valid_today():
    [lea] = case("03b_two_official.json")
    assert lea.names[0] == ("Again", "Lea")
    assert lea.details["family_name"] == "Again"

    [zoe] = case("13_contact_etc.json")
    assert zoe.details["phone"] == "+353 85 555"
    assert zoe.details["email"] == "First.Last+pain@BÜCHER.example"
    assert zoe.details["address_line"] == "12 Free Text Lane, Cork"
    assert zoe.details["pronouns"] == "they/them"
    assert (zoe.details["emergency_name"], zoe.details["emergency_relationship"]) == ("Ann Example", "Mother")
    assert ("multiple_birth", "2") in zoe.notes
    assert zoe.details["referrer_name"] == "Dr Who"
    assert zoe.birth_order == 2


def test_ended_and_ranked_telecom_and_address():
    [one] = read(
        bundle(
            person(
                telecom=[
                    {"system": "phone", "value": "0171 111111", "use": "old"},
                    {"system": "phone", "value": "0171 222222", "rank": 2},
                    {"system": "phone", "value": "0171 333333", "rank": 1},
                ],
                address=[
                    {"city": "Gone", "period": {"end": "2001-01-01"}},
                    {"city": "Work", "use": "work"},
                    {"city": "Home", "use": "home"},
                ],
                communication=[
                    {"language": {"coding": [{"code": "en"}]}},
                    {"language": {"coding": [{"code": "de"}]}, "preferred": True},
                ],
            )
        )
    )

    assert (one.details["phone"], one.details["city"], one.details["language"]) == ("0171 333333", "Home", "de")
    assert ("other_contact", "0171 111111 (old)") in one.notes


def test_a_replaced_record_gives_what_points_at_it_to_the_other():
    old, new = case("07_replaced_record.json")
    assert codes(old) == {"replaced"}
    assert not new.errors

    pointing = medicine({"reference": "Patient/a"})
    link = [{"type": "replaced-by", "other": {"reference": "Patient/b"}}]
    old, new = read(bundle(person("a", active=False, link=link), person("b"), pointing))
    assert [fact.text for fact in new.facts] == ["Warfarin"]


def test_wrong_types_are_refused_by_name():
    [one] = case("08_wrong_types.json")

    assert {(r.code, r.element) for r in one.errors} == {
        ("wrong_type", "Patient.name[0].family"),
        ("wrong_type", "Patient.birthDate"),
    }


@pytest.mark.parametrize(
    "name", ["10_bom.json", "20_utf16.csv", "21_cp1252.csv", "22b_sep_line.csv", "27_header_case_space.csv"]
)
def test_encodings_and_heads(name):
    [one] = case(name)
    assert one.errors == []
    assert one.names[0] in [("Probe", "Case"), ("Müller", "Jörg"), ("Sep", "Line"), ("Header", "Case")]


def test_a_patient_without_a_number_has_the_servers_id():
    [one] = case("11_no_identifier.json")
    assert [number.pair for number in one.numbers] == [(UNNAMED_SERVER, "p11")]

    [one] = read(bundle({"fullUrl": "https://a.example/fhir/Patient/p11", "resource": person("p11")}))
    assert [number.pair for number in one.numbers] == [("https://a.example/fhir/Patient", "p11")]


def test_dates():
    rows = {one.details["given_names"]: one for one in case("23_dates.csv")}
    good = {name for name, one in rows.items() if one.details.get("birth_date")}
    assert good == {"N0", "N1", "N4", "N5", "N6", "N7", "N8", "N11", "N12"}
    assert rows["N16"].errors == []
    assert {rows[name].errors[0].code for name in ("N2", "N3", "N10")} == {"birth_date_form"}
    assert rows["N9"].errors[0].code == "birth_date_two_days"
    assert {rows[name].errors[0].code for name in ("N13", "N14", "N15")} == {"birth_date_impossible"}
    assert {one.errors[0].code for one in case("49_birth_placeholder.csv")} == {"birth_date_impossible"}
    assert read_written("05.1970", today=TODAY) == "1970-05"
    with pytest.raises(BadDate):
        read_written("2030-01-01", today=TODAY)


def test_heads_and_rows_that_cannot_be_read_say_why():
    [doubled] = case("26_dup_headers.csv")
    assert [(r.code, r.element) for r in doubled.errors] == [("header_twice", "phone")]
    long, short = case("28_more_cells.csv")
    assert [r.element for r in long.errors + short.errors] == ["5 / 3, line 2", "2 / 3, line 3"]
    good, unread = read(("t.csv", b'external_id,family_name\n1,Lund\n2,"Berg\n3,Moe\n4,Ek\n'))
    assert good.errors == []
    assert [(r.code, r.element) for r in unread.errors] == [("unclosed_quote", "3-5")]


def test_a_row_after_an_unclosed_quote_is_read_again_where_csv_can():
    rows = read(("t.csv", b'external_id,family_name\n1,"Lund"x\n2,Berg\n'))
    assert [bool(one.errors) for one in rows] == [True, False]


def test_contacts_that_cannot_be_used_stay_as_notes():
    x, y, z = case("30_bad_contact.csv")
    assert {"phone", "email"} & set(x.details) == set()
    assert (y.details["phone"], y.details["email"]) == ("+44 20 7183 8750", "first.last+clinic@EXAMPLE.org")
    assert {"phone", "email"} & set(z.details) == set()
    assert ("other_contact", "call my son Tom 0171 555") in x.notes
    assert "unusable" in codes(x) & codes(z)


def test_medicines_that_are_on_hold_dispensed_or_unknown_are_kept():
    [one] = case("50_med_r5_and_stu3.json")
    assert {fact.text for fact in one.facts if not fact.ended} == {
        "Apixaban 5 mg", "Warfarin", "Enoxaparin", "Rivaroxaban", "Dabigatran",
    }  # fmt: skip


def test_allergies_and_devices_are_read():
    [one] = case("14_allergies.json")
    assert {(fact.kind, fact.text) for fact in one.facts} == {
        ("allergy", "Lidocaine"), ("allergy", "Nickel"), ("device", "Cardiac pacemaker"),
    }  # fmt: skip


@pytest.mark.parametrize(
    "denied",
    [
        {"doNotPerform": True},
        {"intent": "proposal"},
        {"intent": "plan"},
        {"status": "entered-in-error"},
        {"status": "stopped"},
        {"status": "not-taken"},
        {"effectivePeriod": {"end": "2020-01-01"}},
        {"statusReason": {"text": "Discontinued by cardiologist"}},
        {"statusReason": [{"text": "not taking any more"}], "resourceType": "MedicationStatement"},
    ],
)
def test_denied_proposed_and_ended_medicines_are_no_facts(denied):
    [one] = read(bundle(person(), medicine({"reference": "Patient/p1"}, **denied)))

    assert [fact for fact in one.facts if not fact.ended] == []
    assert codes(one) & {"denied", "proposed", "ended"}


@pytest.mark.parametrize(
    ("status", "holds"),
    [
        ({"verificationStatus": {"coding": [{"code": "refuted"}]}}, False),
        ({"verificationStatus": {"coding": [{"code": "entered-in-error"}]}}, False),
        ({"verificationStatus": {"coding": [{"code": "provisional"}]}}, False),
        ({"clinicalStatus": {"coding": [{"code": "resolved"}]}}, False),
        ({"abatementDateTime": "2020-01-01"}, False),
        ({"clinicalStatus": {"coding": [{"code": "active"}]}}, True),
        ({}, True),
    ],
)
def test_conditions_that_the_source_denies_are_no_facts(status, holds):
    condition = {"resourceType": "Condition", "subject": {"reference": "Patient/p1"}, "code": {"text": "Haemophilia"}}
    [one] = read(bundle(person(), condition | status))

    assert bool([fact for fact in one.facts if not fact.ended]) is holds


URL = "https://a.example/fhir"


@pytest.mark.parametrize(
    ("subject", "found"),
    [
        ({"reference": "Patient/p1"}, True),
        ({"reference": "Patient/p1/_history/3"}, True),
        ({"reference": f"{URL}/Patient/p1"}, True),
        ({"identifier": {"system": "s", "value": "K1"}}, True),
        ({"reference": "https://b.example/fhir/Patient/p1"}, False),
        ({"reference": "Patient/p2"}, False),
        ({"reference": "#inside"}, True),
        ({"reference": "Patient/p1", "identifier": {"system": "s", "value": "K2"}}, False),
        ("Patient/p1", False),
    ],
)
def test_what_a_reference_means(subject, found):
    patients = [
        {"fullUrl": f"{URL}/Patient/p1", "resource": person("p1", identifier=[{"system": "s", "value": "K1"}])},
        {"fullUrl": f"{URL}/Patient/q", "resource": person("q", identifier=[{"system": "s", "value": "K2"}])},
    ]
    inside = [{"resourceType": "Patient", "id": "inside", "identifier": [{"system": "s", "value": "K1"}]}]
    request = {"fullUrl": f"{URL}/MedicationRequest/1", "resource": medicine(subject, contained=inside)}

    one, other = read(bundle(request, *patients))

    assert bool(one.facts) is found
    assert not other.facts


def test_two_patients_with_one_id_are_two_and_a_reference_to_both_is_refused():
    one, other = read(bundle(person("p1"), person("p1", birthDate="1970-01-02"), medicine({"reference": "Patient/p1"})))

    assert one.facts == other.facts == []
    assert "ambiguous" in codes(one) & codes(other)
    assert one.numbers == other.numbers == []


def test_versions_of_one_resource_are_one():
    versions = [
        {"fullUrl": f"{URL}/Patient/p1", "resource": person("p1", meta={"versionId": v}, gender=gender)}
        for v, gender in (("2", "female"), ("1", "male"))
    ]

    [one] = read(bundle(*versions))

    assert one.details["sex"] == "female"


def test_a_medicine_is_resolved_wherever_it_stands():
    linked = {"resourceType": "Medication", "id": "m1", "code": {"coding": [{"system": "x", "display": "Marcumar"}]}}
    outside = {"resourceType": "MedicationRequest", "status": "active", "subject": {"reference": "Patient/p1"}}
    request = outside | {"medicationReference": {"reference": "Medication/m1"}}
    inside = outside | {"medicationReference": {"reference": "#m1"}, "contained": [linked]}

    for resources in ([request, linked], [linked, request], [inside]):
        [one] = read(bundle(person(), *resources))
        assert [fact.text for fact in one.facts] == ["Marcumar"]


def test_ndjson_keeps_line_separators_and_joins_files():
    people = json.dumps(person(name=[{"family": "A\u2028B"}]), ensure_ascii=False).encode()
    medicines = json.dumps(medicine({"reference": "Patient/p1"})).encode() + b"\n{broken\n"

    one, broken = read(("Patient.ndjson", people), ("MedicationRequest.ndjson", medicines))

    assert one.names[0][0] == "A\u2028B"
    assert len(one.facts) == 1
    assert broken.errors[0].code == "not_json_line"


def test_one_running_order_keeps_a_medicine_that_another_order_has_ended():
    running, stopped = medicine({"reference": "Patient/p1"}), medicine({"reference": "Patient/p1"}, status="stopped")

    for order in ([running, stopped], [stopped, running]):
        [one] = read(bundle(person(), *order))
        assert [fact.ended for fact in one.facts] == [False]
