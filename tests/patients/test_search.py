"""What a search finds, as the application role under row-level security."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from database import tenancy
from patients.models import NameForm, Patient, SearchKey
from patients.search import matching
from tests import builders

PEOPLE = {
    "muller": ("Müller", "Jürgen"),
    "mueller": ("Mueller", "Eva"),
    "lukasz": ("Łukaszewicz", "Łucja"),
    "soren": ("Sørensen", "Søren"),
    "thor": ("Þórsson", "Þór"),
    "isik": ("Işık", "Ayşe"),
    "dorde": ("Đorđević", "Ana"),
    "obrien": ("O'Brien", "Mary Ann"),
    "hoffmann": ("Hoffmann", "Bernd"),
    "mac": ("Mac Donald", "Ian"),
    "yamada": ("山田", "太郎"),
    "kim": ("김", "민수"),
    "zoe": ("Van der Berg", "Zoë"),
}


@pytest.fixture
def clinic(in_clinic):
    by = in_clinic.actor()
    for number, (name, (family, given)) in enumerate(PEOPLE.items()):
        builders.patient(
            by,
            family_name=family,
            given_names=given,
            email=f"{name}@mail.example",
            phone=f"020 7946 01{number:02}",
            birth_date=date(1950 + number, 2, 3),
        )
    return in_clinic


def found(text, first=50):
    people = matching(Patient.objects.living_record(), text, first=first).in_name_order()
    names = {pair: name for name, pair in PEOPLE.items()}
    return {names[person.family_name, person.given_names] for person in people}


FINDS = [
    ("müller", "muller mueller"),
    ("Mueller", "muller mueller"),
    ("MULL", "muller mueller"),
    ("mue", "muller mueller"),
    ("jurgen m", "muller"),
    ("lukasz", "lukasz"),
    ("łucja", "lukasz"),
    ("lucja", "lukasz"),
    ("soerensen", "soren"),
    ("sorens", "soren"),
    ("thor", "thor"),
    ("isik", "isik"),
    ("IŞIK", "isik"),
    ("dordevic", "dorde"),
    ("o'brien", "obrien"),
    ("o’brien", "obrien"),
    ("obrien", "obrien"),
    ("o brien", "obrien"),
    ("brien", "obrien"),
    ("maryann", "obrien"),
    ("macdonald", "mac"),
    ("mac don", "mac"),
    ("vanderberg", "zoe"),
    ("van berg", "zoe"),
    ("zoe", "zoe"),
    ("山田太郎", "yamada"),
    ("太郎山田", "yamada"),
    ("田太", "yamada"),
    ("太郎", "yamada"),
    ("郎", "yamada"),
    ("山田 太郎", "yamada"),
    ("김민수", "kim"),
    ("김민", "kim"),
    ("민수", "kim"),
    # a part of a name
    ("mann", "hoffmann"),
    ("offman", "hoffmann"),
    ("ffm", "hoffmann"),
    # one typo
    ("hofmann", "hoffmann"),
    ("hoffmenn", "hoffmann"),
    ("hofmfann", "hoffmann"),
    ("hoffmmann", "hoffmann"),
    ("bernt hoffmann", "hoffmann"),
    ("sorenson", "soren"),
    ("hofmenn", ""),  # two
    # a phone number, however it is written; a mail address; a birth date
    ("020 7946 0108", "hoffmann"),
    ("+44 20 7946 0108", "hoffmann"),
    ("0044 (0)20 79460108", "hoffmann"),
    ("02079460108", "hoffmann"),
    ("20 7946 0108", "hoffmann"),
    ("hoffmann@mail.example", "hoffmann"),
    ("hoffmann@ma", "hoffmann"),
    ("1958-02", "hoffmann"),
    ("3.2.1958", "hoffmann"),
    ("1958", "hoffmann"),
    ("bernd 1958", "hoffmann"),
    ("-", ""),
    ("'", ""),
    ("zzzz", ""),
    ("hoffmann zzzz", ""),
]


def test_what_a_search_finds(clinic):
    answers = {typed: found(typed) for typed, _who in FINDS}

    assert answers == {typed: set(who.split()) for typed, who in FINDS}


def test_the_first_by_name_and_the_next_page(clinic):
    names, after = [], None
    while page := list(matching(Patient.objects.living_record(), "m", first=2, after=after).in_name_order()):
        names += [person.family_name for person in page]
        after = (page[-1].sort_name, page[-1].pk)
    assert names == ["Mac Donald", "Mueller", "Müller", "O'Brien"]
    kept = matching(Patient.objects.all(), "m", first=9, birth_date="1951-02-03")
    assert [person.family_name for person in kept] == ["Mueller"]


def test_a_change_of_the_name_changes_what_finds_it(clinic):
    from patients import actions

    patient = Patient.objects.get(family_name="Hoffmann")
    actions.change_patient(
        patient=patient, changes={"family_name": "Weidmann"}, by=clinic.actor(), at=builders.timezone.now()
    )
    assert not matching(Patient.objects.all(), "hoffmann", first=9).exists()
    assert matching(Patient.objects.all(), "weid", first=9).get() == patient
    assert {row.sort_name for row in SearchKey.objects.filter(patient=patient)} == {"weidmann bernd"}


def test_another_clinics_words_are_not_seen(clinic):
    assert NameForm.objects.filter(word="hoffmann").exists()
    with tenancy.scope(clinic.other_clinic.pk):
        assert not NameForm.objects.exists()
        assert not matching(Patient.objects.all(), "hofmann", first=9).exists()


def test_a_search_has_few_statements(clinic):
    for text, most in (("m", 2), ("hoffmann", 3), ("hofmann", 6), ("anna maria mull 1950", 16)):
        with CaptureQueriesContext(
            connection,
        ) as statements:
            list(matching(Patient.objects.living_record(), text, first=41))
        assert len(statements) <= most, text
