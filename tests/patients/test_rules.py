"""Finding and recognising patients, without a database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients import rules


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


# --- Alerts -------------------------------------------------------------------------------------------------------

# Domain facts 6.1 (needling), 6.2 (pressure), 6.3 (injection): which conditions matter to which kind of treatment.
NEEDLING = {
    "anticoagulant", "antiplatelet", "bleeding_disorder", "pregnancy", "lymphoedema", "lymph_nodes_removed",
    "pacemaker", "implant", "heart_valve", "immune_suppression", "infection", "skin_condition", "diabetes",
    "neuropathy", "epilepsy", "vasovagal", "needle_phobia", "metal_allergy", "malignancy", "clot",
    "recent_surgery_or_radiotherapy", "reduced_cognition", "hyperalgesia", "frail", "other",
}  # fmt: skip
PRESSURE = {
    "anticoagulant", "antiplatelet", "bleeding_disorder", "pregnancy", "lymphoedema", "implant", "infection",
    "skin_condition", "neuropathy", "osteoporosis", "malignancy", "clot", "uncontrolled_hypertension",
    "recent_surgery_or_radiotherapy", "hyperalgesia", "frail", "other",
}  # fmt: skip
INJECTION = {
    "anticoagulant", "antiplatelet", "bleeding_disorder", "pregnancy", "immune_suppression", "infection",
    "skin_condition", "diabetes", "vasovagal", "needle_phobia", "local_anaesthetic_allergy", "malignancy", "other",
}  # fmt: skip


def test_the_alerts_that_can_be_recorded():
    """What each of them stops or cautions against is the safety list's matter (tests/treatments)."""
    assert set(rules.ALERTS) == NEEDLING | PRESSURE | INJECTION


# --- Finding ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "plain"),
    [("Müller", "muller"), ("STRAßE", "strasse"), ("Å", "a"), ("\u212b", "a"), ("ﬁn", "fin"), ("", "")],
)
def test_plain_text_has_no_accents_and_no_capitals(text, plain):
    assert rules.plain(text) == plain


@given(st.text())
def test_plain_text_stays_as_it_is(text):
    assert rules.plain(rules.plain(text)) == rules.plain(text)


@pytest.mark.parametrize(("text", "squeezed"), [("999-76-5725", "999765725"), ("O'Brien 2.", "obrien2"), ("-", "")])
def test_only_letters_and_digits_count(text, squeezed):
    assert rules.squeeze(text) == squeezed


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("1980-02-03", {"19800203", "1980-02-03"}),
        ("1980-", {"1980", "1980-"}),
        ("1980", {"1980"}),
        ("x1980-02", {"x198002"}),
        ("03-02-1980", {"03021980", "1980-02-03"}),
        ("31.12.1980", {"31121980", "1980-12-31"}),
        ("12/31/1980", {"12311980", "1980-12-31", "1980-31-12"}),
        ("3.2/1980", {"321980"}),  # two ways of writing at once
        ("3.2.80", {"3280"}),
        ("3.2.1980x", {"321980x"}),
        ("", set()),
    ],
)
def test_a_date_may_be_typed_in_several_ways(typed, meant):
    assert rules.search_prefixes(typed) == meant


def test_patients_are_sorted_by_family_name_without_accents():
    assert rules.sort_name("Özil", "Ana María") == "ozil ana maria"
    assert rules.sort_name("Cher", "") == "cher"
    assert rules.sort_name("", "Cher") == "cher"


def test_codes_of_the_record_stay():
    assert rules.SEXES == ["female", "male", "other", "unknown"]
    assert rules.STATUSES == ["in_care", "discharged", "deceased"]
    assert rules.CONSENT_ANSWERS == ["granted", "refused", "not_asked"]
    assert rules.CONSENT_CHANNELS == ["email", "sms", "phone"]
    assert rules.IMPORT_FORMATS == ["fhir_json", "fhir_ndjson", "csv"]
