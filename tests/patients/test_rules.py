"""Finding and recognising patients, without a database."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients import rules


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Warfarin Sodium 5 MG Oral Tablet", "anticoagulant"),
        ("Clopidogrel 75 MG Oral Tablet", "antiplatelet"),
        ("RIVAROXABAN 20 mg", "anticoagulant"),
        ("Aspirin 81 MG", "antiplatelet"),
        ("Naproxen sodium 220 MG Oral Tablet", None),
        ("Heparinoid cream", None),
    ],
)
def test_medicines_that_thin_the_blood_become_alerts(name, code):
    assert rules.alert_of_medicine(name) == code


def test_names_are_found_by_their_beginnings_without_accents():
    keys = rules.search_keys(names=["Müller-Özil", "Ana María"], birth_date=date(1980, 2, 3), identifiers=["999-76-57"])

    assert {"muller", "ozil", "mullerozil", "ana", "maria", "anamaria", "1980-02-03", "9997657"} == keys


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("MÜLL", {"mull"}),
        ("1980-02", {"198002", "1980-02"}),
        ("3.2.1980", {"321980", "1980-02-03"}),
        ("2/3/1980", {"231980", "1980-02-03", "1980-03-02"}),
        ("--", set()),
    ],
)
def test_what_a_typed_word_may_mean(typed, meant):
    assert rules.search_prefixes(typed) == meant


@given(st.text(max_size=40), st.integers(1, 12))
def test_every_beginning_of_a_name_finds_it(name, length):
    keys = rules.search_keys(names=[name], birth_date=None, identifiers=[])
    squeezed = rules.squeezed(name)

    if squeezed:
        assert any(key.startswith(prefix) for key in keys for prefix in rules.search_prefixes(squeezed[:length]))


def test_a_name_alone_is_no_duplicate():
    same = {"same_birth_date": False, "same_family_name": True, "same_given_names": True}

    assert rules.likeness(**same) is None
    assert rules.likeness(**{**same, "same_birth_date": True}) == "same_name_and_birth_date"
