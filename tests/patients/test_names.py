"""How names are folded, and when two people are alike."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients import names
from patients.names import Person

BORN, OTHER_DAY = date(1980, 2, 3), date(1971, 5, 6)
PHONE, MAIL = "+442079460018", "ada@example.org"


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        (("Müller", "Mueller", "Muller", "MÜLLER"), "muller"),
        (("Łukasz", "Lukasz"), "lukasz"),
        (("Sørensen", "Soerensen", "Sorensen"), "sorensen"),
        (("Đorđević", "Dordevic"), "dordevic"),
        (("Þór", "Thor"), "thor"),
        (("Işık", "ISIK", "isik"), "isik"),
        (("O'Brien", "O’Brien", "O Brien", "OBrien"), "obrien"),
        (("Groß", "Gross"), "gross"),
        (("Æsop", "Aesop"), "asop"),
        (("山田", " 山 田 "), "山田"),
    ],
)
def test_what_is_written_differently_is_one(written, folded):
    assert {names.fold(text) for text in written} == {folded}


@given(st.text(max_size=30), st.integers(0, 30))
def test_the_beginning_of_a_folded_name_is_the_folded_beginning(text, length):
    letters = "".join(c for c in names.plain(text) if c.isalnum())
    assert names.fold(letters).startswith(names.fold(letters[:length]))


@pytest.mark.parametrize(
    ("one", "other", "is_near"),
    [
        ("smith", "smith", True),
        ("smith", "smth", True),
        ("smith", "smitth", True),
        ("smith", "smoth", True),
        ("smith", "smiht", True),
        ("smith", "msith", True),
        ("smith", "smihz", False),
        ("smith", "sith s", False),
        ("smith", "smit", True),
        ("smith", "smi", False),
        ("", "a", True),
        ("a", "b", True),
        ("ab", "ba", True),
        ("", "", True),
        ("abcd", "badc", False),
    ],
)
def test_one_typo(one, other, is_near):
    assert names.within_one_edit(one, other) == names.within_one_edit(other, one) == is_near


ADA = Person("Okafor", "Ada", BORN, MAIL, PHONE)


@pytest.mark.parametrize(
    ("other", "reason", "alike"),
    [
        (Person("OKAFOR", "Ada Maria", BORN), "same_name_and_birth_date", "family_name given_names birth_date"),
        (Person("Ada", "Okafor", BORN), "same_name_and_birth_date", "family_name given_names birth_date"),
        (Person("Okaforr", "Ada", BORN), "similar_name_and_birth_date", "family_name given_names birth_date"),
        (Person("Okafor", "Ben", BORN), "same_birth_date_and_part_of_name", "family_name birth_date"),
        (Person("Reid", "Ada", BORN), "same_birth_date_and_part_of_name", "given_names birth_date"),
        (Person("Okafor", "Ada", OTHER_DAY, phone=PHONE), "same_name_and_contact", "family_name given_names phone"),
        (
            Person("Okafor", "Ada", None, MAIL.upper(), PHONE),
            "same_name_and_contact",
            "family_name given_names email phone",
        ),
        (Person("Reid", "Ada", None, MAIL), "same_given_name_and_contact", "given_names email"),
        (Person("Okafor", "Ada"), "same_name", "family_name given_names"),
        (Person("Okafor", "Ada", OTHER_DAY), None, ""),  # namesakes
        (Person("Okafor", "Ben", OTHER_DAY, MAIL, PHONE), None, ""),  # a family
        (Person("Okafor", "", None), None, ""),
        (Person("Reid", "Ada", OTHER_DAY, MAIL), None, ""),
        (Person("Reid", "Ben", BORN), None, ""),
        (Person("Okaforr", "Ada"), None, ""),
    ],
)
def test_who_may_be_the_same_person(other, reason, alike):
    for found in (names.likeness(ADA, other), names.likeness(other, ADA)):
        assert (found.reason if found else None) == reason
        assert set(found.alike if found else ()) == set(alike.split())
    assert reason is None or reason in names.REASONS


def test_nobody_is_like_somebody_without_a_given_name():
    assert names.likeness(Person("Okafor"), Person("Okafor")) is None


@pytest.mark.parametrize(
    ("other", "shares"),
    [
        (Person("Ada", "Okafor"), True),
        (Person("okafor", "Ada Maria"), True),
        (Person("X", "Y", None, MAIL.upper()), True),
        (Person("X", "Y", None, "", PHONE), True),
        (Person("Okafor", "Ben"), False),
    ],
)
def test_people_who_look_alike_share_a_key(other, shares):
    assert bool(names.identity_keys(ADA) & names.identity_keys(other)) == shares


# --- Finding ------------------------------------------------------------------------------------------------------


def keys(family_name="", given_names="", birth_date=None, identifiers=(), email="", phone=""):
    return names.search_keys(
        family_name=family_name,
        given_names=given_names,
        birth_date=birth_date,
        identifiers=identifiers,
        email=email,
        phone=phone,
    )


def test_what_a_patient_is_found_by():
    assert keys("Lee", "Ann", BORN, ["A-1"], "a@b.c", PHONE) == {
        *("l", "le", "lee", "a", "an", "ann", "a1", "1980", "1980-02-03", "abc", "442079460018", "2079460018")
    }
    assert keys("Müller", "") == {"m", "mu", "mul", "mull", "muller"}
    assert keys("O'Brien") >= {"o", "obrien", "brien", "brie", "obri"}
    assert {"山田太郎", "太郎山田", "田太郎", "郎"} <= keys("山田", "太郎")
    assert keys("-") == set()


@given(st.text(max_size=40), st.integers(1, 40))
def test_every_beginning_of_a_name_finds_it(name, length):
    typed = names.fold(name)[:length]
    if typed:
        words = names.name_words(family_name=name, given_names="")
        forms = {form for word in words for form in names.forms_of(word)}
        if len(typed) <= names.EDGE:
            assert typed in keys(name)
        else:
            assert any(form.startswith(typed) for form in forms)


@given(st.text("abcdef", min_size=4, max_size=8), st.text("abcdef", min_size=4, max_size=8))
def test_words_one_edit_apart_share_a_misspelling(one, other):
    if names.within_one_edit(one, other):
        assert names.misspellings(one) & names.misspellings(other)


@pytest.mark.parametrize(
    ("typed", "terms"),
    [
        ("Müller  eva", [({"muller"}, True), ({"eva"}, True)]),
        ("+44 (0)20 7946", [({"44207946"}, False)]),
        ("0044207946", [({"0044207946", "44207946", "044207946"}, False)]),
        ("3.2.1980", [({"321980", "1980-02-03"}, False)]),
        ("A-4711 x", [({"a4711"}, False), ({"x"}, True)]),
        ("a@b", [({"ab"}, False)]),
        ("''", [({"\u0001"}, True)]),
        ("", []),
    ],
)
def test_what_was_typed(typed, terms):
    assert [(set(term.beginnings), term.is_word) for term in names.terms_of(typed)] == terms


def test_short_words_have_no_forms():
    assert names.forms_of("lee") == set()
    assert names.forms_of("lees") == {"lees", "ees", "~lees", "~ees", "~les", "~lee"}
