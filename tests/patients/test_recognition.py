"""Which alerts medicines, conditions, allergies and devices of other systems raise, without a database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients import rules
from patients.recognition import condition_table, medicine_table
from patients.recognition.conditions import alerts_of_allergy, alerts_of_condition, alerts_of_device, is_no_allergy
from patients.recognition.medicines import Known, Own, recognise_medicine

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"
SNOMED = "http://snomed.info/sct"

HARMLESS = [
    "Aspirin-free headache powder", "Aspirin free tablets", "Heparin gel 30000", "Heparin Salbe 60.000",
    "Heparinoid cream",
    "Mesalamine (5-ASA) 400 mg", "History of warfarin use", "H/O apixaban", "no anticoagulants, no aspirin",
    "Ohne ASS", "Sans aspirine", "Sin aspirina", "Paracetamol 500 mg", "Ibuprofen 400 mg", "Naproxen sodium 220 MG",
    "Metformin 500 mg", "Atorvastatin 80 MG Oral Tablet", "Simvastatin 20 mg", "Amlodipine 5 mg", "Ramipril 5 mg",
    "Metoprolol succinate", "Omeprazole 20 mg", "Pantoprazol 40 mg", "Levothyroxine 75 mcg", "Amoxicillin 250 MG",
    "Penicillin V Potassium 250 MG", "Carbamazepine[Tegretol]", "Digoxin 0.125 MG", "Verapamil 40 MG", "Lasix 40mg",
    "Hydrochlorothiazide 25 MG", "Nitroglycerin spray", "Albuterol inhaler", "Fluticasone propionate", "Memantine",
    "Galantamine 4 MG", "Clonazepam [Klonopin]", "Vitamin K 10 mg", "Phytomenadione", "Tranexamic acid 500 mg",
    "Assist patch", "Classic massage oil", "Passiflora", "Diclofenac gel", "Voltaren Emulgel", "Marcain injection",
    "Hydrocortisone topical cream", "Captopril 25 MG", "Vitamin D3 1000 IE", "Magnesium", "Ferrous sulfate",
]  # fmt: skip


def test_fifty_harmless_names_raise_nothing():
    assert len(HARMLESS) >= 50
    assert [name for name in HARMLESS if recognise_medicine(name, []).alerts] == []


@pytest.mark.parametrize("source", medicine_table.NAMES, ids=lambda s: f"{s.source}-{s.language}-{s.alert}")
def test_each_name_is_recognised_in_its_usual_company(source):
    for name in source.items.split(";"):
        for text in (name, name.upper(), f"{name} 5 mg", f"Tabl. {name.title()} 20, 1-0-0"):
            assert source.alert in recognise_medicine(text, []).alerts, text


@pytest.mark.parametrize(
    ("system", "code", "alerts"),
    [
        (ATC, "B01AF02", ("anticoagulant",)),
        (ATC, "b01ac04", ("antiplatelet",)),
        ("http://fhir.de/CodeSystem/bfarm/atc", "B01AA04", ("anticoagulant",)),
        ("urn:oid:2.16.840.1.113883.6.73", "B01AX05", ("anticoagulant",)),
        (ATC, "L04AD01", ("immune_suppression",)),
        (ATC, "C05BA03", ()),
        (ATC, "A10BA02", ()),
        (RXNORM, "855332", ("anticoagulant",)),
        (RXNORM, "309362", ("antiplatelet",)),
        (RXNORM, "313782", ()),
        (SNOMED, "372756006", ("anticoagulant",)),
        ("https://dmd.nhs.uk", "774624002", ("anticoagulant",)),
        ("http://elsewhere.example/codes", "855332", ()),
    ],
)
def test_codes_in_the_systems_that_give_them(system, code, alerts):
    assert recognise_medicine("", [(system, code, "")]).alerts == alerts


def test_every_coding_is_looked_at():
    codings = [("urn:local", "17", "Mittel"), (ATC, "B01AE07", "")]

    assert recognise_medicine("Mittel", codings).alerts == ("anticoagulant",)


def test_the_clinics_own_table_goes_first():
    own = [Own("anticoagulant", system="http://pzn.example", code="01234567"), Own("", name="Assaya")]

    assert recognise_medicine("?", [("http://pzn.example", "01234567", "")], own).alerts == ("anticoagulant",)
    assert recognise_medicine("Assaya forte", [], own).known is Known.HARMLESS


def test_what_is_not_recognised_says_so():
    assert recognise_medicine("Zzyzx 5", []).known is Known.NOT_RECOGNISED
    assert recognise_medicine("Metformin", [(ATC, "A10BA02", "")]).known is Known.HARMLESS


@given(st.text(max_size=60))
def test_any_text_is_read(text):
    assert recognise_medicine(text, [("", text, text)]).known in Known
    assert set(alerts_of_condition(text, [("icd-10", text, "")])) <= set(rules.ALERTS)


@pytest.mark.parametrize(
    ("text", "codings", "alerts"),
    [
        ("Haemophilia A", [], ("bleeding_disorder",)),
        ("Hämophilie B", [], ("bleeding_disorder",)),
        ("", [(SNOMED, "28293008", "")], ("bleeding_disorder",)),
        ("", [("http://hl7.org/fhir/sid/icd-10-cm", "D68.51", "")], ()),
        ("", [("http://fhir.de/CodeSystem/bfarm/icd-10-gm", "D68.09", "")], ("bleeding_disorder",)),
        ("Schwangerschaft, 20. Woche", [], ("pregnancy",)),
        ("Diabetes", [(SNOMED, "44054006", "Diabetes")], ("diabetes",)),
        ("Prediabetes", [(SNOMED, "15777000", "Prediabetes")], ()),
        ("Diabetes insipidus", [], ()),
        ("Family history of diabetes", [], ()),
        ("No diabetes", [], ()),
        ("History of epilepsy", [], ()),
        ("Cardiac pacemaker in situ", [], ("pacemaker",)),
        ("Immunosuppression after transplant", [], ("immune_suppression",)),
        ("", [("http://hl7.org/fhir/sid/icd-10-cm", "Z92.1", "")], ()),
        ("Long term use", [("http://hl7.org/fhir/sid/icd-10-cm", "Z79.01", "")], ("anticoagulant",)),
    ],
)
def test_conditions(text, codings, alerts):
    assert alerts_of_condition(text, codings) == alerts


def test_allergies_and_devices():
    assert alerts_of_allergy("Lidocaine", []) == ("local_anaesthetic_allergy",)
    assert alerts_of_allergy("Nickel", []) == ("metal_allergy",)
    assert alerts_of_allergy("", [(RXNORM, "6387", "")]) == ("local_anaesthetic_allergy",)
    assert alerts_of_allergy("Allergy to nut", []) == ()
    assert is_no_allergy("No known allergies", [])
    assert alerts_of_device("Cardiac pacemaker", []) == ("pacemaker",)
    assert alerts_of_device("", [(SNOMED, "14106009", "")]) == ("pacemaker",)
    assert alerts_of_device("Walking stick", []) == ()


def test_every_entry_raises_an_alert_that_there_is_and_has_a_source():
    raised = {source.alert for source in (*medicine_table.NAMES, *medicine_table.RXNORM, *medicine_table.SNOMED)}
    tables = (condition_table.SNOMED, condition_table.CONDITION_WORDS, condition_table.ALLERGY_WORDS)
    raised |= {alert for words in tables for alert in words} | (set(condition_table.ICD10.values()) - {""})

    assert raised <= set(rules.ALERTS)
    for source in (*medicine_table.NAMES, *medicine_table.RXNORM):
        assert f"`{source.source}`" in (medicine_table.__doc__ or "")
