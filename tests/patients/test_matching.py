"""Who a record of another system is, without a database."""

from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patients.matching import (
    UNNAMED_SERVER,
    Number,
    Outcome,
    Person,
    Strength,
    are_names_alike,
    contradiction,
    decide,
)

MRN = Number("https://clinic-a.example/mrn", "BUG-7")
ANNA = Person("a", frozenset({MRN}), (("Berg", "Anna"),), "1980-02-03", "female")


def like_anna(**changes):
    return Person(
        **{"key": "b", "numbers": frozenset({MRN}), "names": ANNA.names, "birth_date": "1980-02-03", "sex": "female"}
        | changes
    )


@pytest.mark.parametrize(
    ("incoming", "outcome", "reason"),
    [
        (like_anna(), Outcome.SAME, "same_number"),
        (like_anna(birth_date="", sex="unknown"), Outcome.SAME, "same_number"),
        (like_anna(birth_date="1980"), Outcome.SAME, "same_number"),
        (like_anna(birth_date="1980-03"), Outcome.REFUSED, "birth_date_contradicts"),
        (like_anna(birth_date="1980-02-04"), Outcome.REFUSED, "birth_date_contradicts"),
        (like_anna(sex="male"), Outcome.REFUSED, "sex_contradicts"),
        (like_anna(names=(("Lund", "Anna"),)), Outcome.REVIEW, "name_differs"),
        (like_anna(names=(("Berg", "Bernd"),)), Outcome.REVIEW, "name_differs"),
        (like_anna(names=(("Lund", "Anna"), ("Berg", "Anna"))), Outcome.SAME, "same_number"),
        (like_anna(numbers=frozenset()), Outcome.REVIEW, "same_name_and_birth_date"),
        (like_anna(numbers=frozenset(), birth_date=""), Outcome.NEW, "unknown_person"),
        (like_anna(numbers=frozenset({Number(MRN.system, "other")})), Outcome.NEW, "unknown_person"),
        (like_anna(numbers=frozenset({Number("elsewhere", "1")})), Outcome.REVIEW, "same_name_and_birth_date"),
    ],
)
def test_each_row_of_the_table(incoming, outcome, reason):
    decision = decide(incoming, [ANNA])

    assert (decision.outcome, decision.reason) == (outcome, reason)


def test_numbers_of_two_people_are_refused_and_name_both():
    other = Person("c", frozenset({Number("s", "2")}), (("Berg", "Anna"),))

    decision = decide(like_anna(numbers=frozenset({MRN, Number("s", "2")})), [other, ANNA])

    assert (decision.outcome, decision.reason, decision.others) == (Outcome.REFUSED, "numbers_of_two", ("a", "c"))


@pytest.mark.parametrize(
    ("number", "strength"),
    [
        (Number("https://clinic-a.example/mrn", "K1"), Strength.IDENTIFIES),
        (Number("", "K1"), Strength.SUPPORTS),
        (Number(UNNAMED_SERVER, "p11"), Strength.SUPPORTS),
        (Number("s", "K1", kinds=("mb",)), Strength.SUPPORTS),
        (Number("https://insurance.example/card", "K1"), Strength.SUPPORTS),
        (Number("s", "000-00-0000"), Strength.SUPPORTS),
        (Number("s", "12345"), Strength.SUPPORTS),
        (Number("s", "K1", use="temp"), Strength.NOTHING),
        (Number("s", "K1", use="old"), Strength.NOTHING),
        (Number("s", "K1", ended=True), Strength.NOTHING),
        (Number("s", "N/A"), Strength.NOTHING),
    ],
)
def test_what_a_number_proves(number, strength):
    assert number.strength is strength


@pytest.mark.parametrize("number", [Number("", "9"), Number("s", "9", use="temp"), Number("s", "111111")])
def test_a_weak_number_identifies_nobody_alone(number):
    mother = Person("m", frozenset({number}), (("Berg", "Maria"),), "1950-01-02", "female")

    assert decide(like_anna(numbers=frozenset({number})), [mother]).outcome is Outcome.NEW


def test_twins_with_their_mothers_number_are_two():
    temp = Number(MRN.system, "MOTHER-9", use="temp")
    twins = [
        Person(f"t{order}", frozenset({temp, Number(MRN.system, f"43{order}")}), (("Zwilling", "Baby"),), "2026-11-20",
               birth_order=order)
        for order in (1, 2)
    ]  # fmt: skip

    assert decide(twins[1], [twins[0]]).outcome is Outcome.NEW


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (("Müller", "Jörg"), ("Mueller", "Joerg"), True),
        (("O’Brien", "Zoë"), ("O'Brien", "Zoe"), True),
        (("Berg-Lund", "Anna"), ("Lund", "A."), True),
        (("Anna", "Berg"), ("Berg", "Anna"), True),
        (("Berg", ""), ("Berg", "Anna"), True),
        (("Berg", "Anna"), ("Berg", "Bernd"), False),
        (("Berg", "Anna"), ("Lund", "Anna"), False),
    ],
)
def test_names_that_are_alike(one, other, alike):
    assert are_names_alike([one], [other]) is are_names_alike([other], [one]) is alike


NUMBERS = st.frozensets(
    st.builds(Number, st.sampled_from(["s", "t", ""]), st.sampled_from("1234"), use=st.sampled_from(["", "temp"])),
    max_size=3,
)
PEOPLE = st.builds(
    Person,
    st.uuids().map(str),
    NUMBERS,
    st.tuples(st.tuples(st.sampled_from(["Berg", "Lund"]), st.sampled_from(["Anna", "Bo", ""]))),
    st.sampled_from(["", "1980", "1980-02", "1980-02-03", "1981-02-03"]),
    st.sampled_from(["female", "male", "unknown"]),
    st.sampled_from([None, 1, 2]),
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(PEOPLE, st.lists(PEOPLE, max_size=4))
def test_records_that_contradict_never_become_one(incoming, known):
    decision = decide(incoming, known)

    if decision.outcome is Outcome.SAME:
        [same] = [person for person in known if person.key in decision.others]
        assert contradiction(incoming, same) is None
        assert contradiction(same, incoming) is None
    if decision.outcome in {Outcome.SAME, Outcome.REVIEW}:
        assert len(decision.others) == 1


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(PEOPLE, st.lists(PEOPLE, max_size=3))
def test_the_order_of_the_known_does_not_matter(incoming, known):
    assert len({decide(incoming, order) for order in permutations(known)}) == 1


@given(PEOPLE)
def test_a_record_with_a_number_of_its_own_is_itself(person):
    if person.pairs(Strength.IDENTIFIES):
        assert decide(person, [person]).outcome is Outcome.SAME
