"""Which consent and which competency a treatment needs. No database."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import catalogue
from accounts.rules import COMPETENCIES, KnownCompetency
from treatments import competency
from treatments.consents import rules
from treatments.rules import TECHNIQUES

AT = datetime(2026, 11, 20, 10, 5, tzinfo=UTC)
ADULT = 46


@dataclass(frozen=True)
class Muscle:
    key: str
    region: str
    cautions: tuple[str, ...]
    risk: str


@dataclass(frozen=True)
class Planned:
    technique: str
    muscle: Muscle | None


def muscle(key):
    entry = catalogue.MUSCLES[key]
    return Muscle(key, entry["region"], tuple(entry["needling"]["cautions"]), entry["needling"]["risk"])


MUSCLES = {key: muscle(key) for key in catalogue.MUSCLES}
EVERY = [Planned(technique, m) for technique in TECHNIQUES for m in (None, *MUSCLES.values())]


def needled(key, technique="dry_needling"):
    return Planned(technique, MUSCLES[key] if key else None)


def consent(region, technique_class="dry_needling", given_at=AT - timedelta(days=7), **fields):
    return rules.KnownConsent(technique_class, region, given_at, **fields)


def missing(interventions, consents, at=AT, age_years=ADULT, **options):
    found = rules.missing_consents(interventions, consents, at, age_years=age_years, **options)
    return [(m.technique_class, m.region, m.reason) for m in found]


# --- Regions --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "regions"),
    [
        ("trapezius_upper", ("neck", "thorax")),
        ("splenius_capitis", ("neck",)),
        ("masseter", ("neck",)),
        ("suboccipitals", ("suboccipital",)),
        ("rhomboids", ("thorax",)),
        ("levator_ani", ("pelvis",)),
        ("pectineus", ("pelvis",)),
        ("soleus", ("general",)),
    ],
)
def test_a_muscle_lies_in_regions_of_consent(key, regions):
    assert rules.regions_of_muscle(MUSCLES[key]) == regions


def test_every_muscle_lies_in_a_region():
    for m in MUSCLES.values():
        regions = rules.regions_of_muscle(m)
        assert regions
        assert set(regions) <= set(rules.REGIONS)
        assert ("thorax" in regions) == ("lung" in m.cautions)
        assert ("pelvis" in regions) == ("intimate_area" in m.cautions or m.region == "pelvis")


def test_every_hands_on_and_invasive_technique_has_a_class():
    assert set(rules.CONSENT_CLASSES) == set(TECHNIQUES)
    assert {t for t, c in rules.CONSENT_CLASSES.items() if c is None} == {
        "strengthening",
        "self_release_teaching",
        "advice",
    }
    assert {t for t in TECHNIQUES if TECHNIQUES[t].breaks_skin} == {
        t for t, c in rules.CONSENT_CLASSES.items() if c in rules.CONSENT_REQUIRED
    }


# --- Consents -------------------------------------------------------------------------------------------------


def test_needling_needs_consent_for_its_class_and_region():
    assert missing([needled("trapezius_upper")], []) == [
        ("dry_needling", "neck", "missing"),
        ("dry_needling", "thorax", "missing"),
    ]
    assert missing([needled("trapezius_upper")], [consent("neck"), consent("thorax")]) == []
    assert missing([needled("trapezius_upper")], [consent("neck")]) == [("dry_needling", "thorax", "missing")]
    assert missing([needled("soleus", "trigger_point_injection")], [consent("general")]) == [
        ("injection", "general", "missing")
    ]


def test_what_does_not_break_the_skin_needs_none():
    for planned in EVERY:
        if not TECHNIQUES[planned.technique].breaks_skin:
            assert missing([planned], []) == []


def test_withdrawn_at_ten_the_session_at_five_past_lacks_it():
    withdrawn = consent("general", withdrawn_at=AT - timedelta(minutes=5))
    assert missing([needled("soleus")], [withdrawn]) == [("dry_needling", "general", "withdrawn")]
    assert missing([needled("soleus")], [withdrawn], at=AT - timedelta(minutes=6)) == []
    assert missing([needled("soleus")], [withdrawn], at=AT - timedelta(minutes=5)) != []


def test_expired():
    ends = consent("general", valid_until=AT)
    assert missing([needled("soleus")], [ends]) == [("dry_needling", "general", "expired")]
    assert missing([needled("soleus")], [ends], at=AT - timedelta(seconds=1)) == []


def test_given_afterwards_is_not_given():
    later = consent("general", given_at=AT + timedelta(minutes=2))
    assert missing([needled("soleus")], [later]) == [("dry_needling", "general", "not_yet_given")]
    assert missing([needled("soleus")], [later], visit_ends_at=AT + timedelta(minutes=20)) == []
    gone = consent("general", given_at=AT + timedelta(minutes=2), withdrawn_at=AT)
    assert missing([needled("soleus")], [gone], visit_ends_at=AT + timedelta(minutes=20)) != []


def test_a_child_needs_a_guardians_consent():
    own, guardians = consent("general"), consent("general", guardian=True)
    assert missing([needled("soleus")], [own], age_years=15) == [("dry_needling", "general", "guardian_missing")]
    assert missing([needled("soleus")], [own], age_years=16) == []
    assert missing([needled("soleus")], [own, guardians], age_years=15) == []
    assert missing([needled("soleus")], [own], age_years=None) == [("dry_needling", "general", "age_unknown")]


def test_a_newer_consent_stands_beside_an_ended_one():
    ended = consent("general", valid_until=AT - timedelta(days=1))
    assert missing([needled("soleus")], [ended, consent("general")]) == []


def test_each_missing_consent_names_its_interventions():
    found = rules.missing_consents(
        [needled("soleus"), Planned("massage", None), needled("gastrocnemius_medial"), needled("rhomboids")],
        [],
        AT,
        age_years=ADULT,
    )
    assert [(m.region, m.interventions) for m in found] == [("general", (0, 2)), ("thorax", (3,))]


consents = st.lists(
    st.builds(
        consent,
        region=st.sampled_from(rules.REGIONS),
        technique_class=st.sampled_from(rules.TECHNIQUE_CLASSES),
        given_at=st.sampled_from([AT - timedelta(days=1), AT + timedelta(minutes=1)]),
        valid_until=st.sampled_from([None, AT - timedelta(hours=1), AT + timedelta(days=1)]),
        withdrawn_at=st.sampled_from([None, AT - timedelta(minutes=5), AT + timedelta(minutes=5)]),
        guardian=st.booleans(),
    ),
    max_size=6,
)
ages = st.sampled_from([None, 6, 15, 16, 46])


def keys(found):
    return {(m.technique_class, m.region) for m in found}


@given(interventions=st.lists(st.sampled_from(EVERY), max_size=4), known=consents, age=ages, data=st.data())
def test_removing_a_consent_never_loosens(interventions, known, age, data):
    before = rules.missing_consents(interventions, known, AT, age_years=age)
    if known:
        fewer = list(known)
        fewer.pop(data.draw(st.integers(0, len(known) - 1)))
        assert keys(before) <= keys(rules.missing_consents(interventions, fewer, AT, age_years=age))


@given(interventions=st.lists(st.sampled_from(EVERY), max_size=4), known=consents, age=ages)
def test_leaving_the_muscle_or_the_age_out_never_loosens(interventions, known, age):
    before = keys(rules.missing_consents(interventions, known, AT, age_years=age))
    without = [Planned(i.technique, None) for i in interventions]
    assert before <= keys(rules.missing_consents(without, known, AT, age_years=age))
    assert before <= keys(rules.missing_consents(interventions, known, AT, age_years=None))


# --- Signatures -----------------------------------------------------------------------------------------------

DRAWN = [[[10 + n, 20 + n] for n in range(10)]]


@pytest.mark.parametrize(
    ("strokes", "problem"),
    [
        (DRAWN, ""),
        ([], "too_short"),
        ([[[5, 5]]], "too_short"),
        ([[[5, 5]] * 50], "too_short"),
        ("x", "invalid"),
        ([[[1, 2, 3]]], "invalid"),
        ([[[601, 20]] * 10], "invalid"),
        ([[[True, 20]] * 10], "invalid"),
        ([[["<script>", 20]] * 10], "invalid"),
        ([[[1, 1]] * 5_001], "too_long"),
        ([[[1, 1]]] * 201, "too_long"),
    ],
)
def test_a_signature_is_strokes_on_the_pad(strokes, problem):
    assert rules.signature_problem(strokes) == problem


def test_strokes_become_paths():
    assert rules.svg_paths([[[1, 2], [3, 4]], [[5, 6]], []]) == ["M1 2 L3 4", "M5 6 L5 6"]


# --- Competency -----------------------------------------------------------------------------------------------

TODAY = date(2026, 11, 20)


def lacking(interventions, known=(), basic_required=False):
    found = competency.missing_competency(interventions, list(known), TODAY, basic_required=basic_required)
    return [m.code for m in found]


def test_the_codes_are_the_techniques_and_the_trainings():
    trainings = {"dn_basic", "dn_thorax", "dn_suboccipital", "dn_pelvic", "injection_prescriber"}
    assert set(COMPETENCIES) == set(TECHNIQUES) | trainings
    assert {code: t.label for code, t in TECHNIQUES.items()}.items() <= COMPETENCIES.items()


SPECIALIST = {
    "suboccipitals": ["dn_suboccipital"],
    "scalenes": ["dn_thorax"],
    "subclavius": ["dn_thorax"],
    "serratus_posterior_superior": ["dn_thorax"],
    "rectus_abdominis": ["dn_thorax"],
    "external_oblique": ["dn_thorax"],
    "obturator_internus_gemelli": ["dn_pelvic"],
    "levator_ani": ["dn_pelvic"],
    "pectineus": ["dn_pelvic"],
    "pterygoid_medial": ["dn_basic"],
    "pterygoid_lateral": ["dn_basic"],
    "popliteus": ["dn_basic"],
    "tibialis_posterior": ["dn_basic"],
}


def test_the_thirteen_specialist_muscles_each_need_a_competency():
    assert {key for key, m in MUSCLES.items() if m.risk == "specialist"} == set(SPECIALIST)
    for key, codes in SPECIALIST.items():
        assert lacking([needled(key)]) == codes
        assert lacking([needled(key)], [KnownCompetency(code) for code in codes]) == []


def test_an_injection_needs_the_prescriber_and_the_area():
    assert lacking([needled("soleus", "trigger_point_injection")]) == ["injection_prescriber"]
    assert lacking([needled("scalenes", "trigger_point_injection")]) == ["injection_prescriber", "dn_thorax"]


def test_plain_needling_needs_the_basic_training_where_the_clinic_asks_for_it():
    assert lacking([needled("soleus")]) == []
    assert lacking([needled("soleus")], basic_required=True) == ["dn_basic"]
    assert lacking([needled("soleus")], [KnownCompetency("dry_needling")], basic_required=True) == []


def test_expired_yesterday_is_not_competent():
    yesterday, today = KnownCompetency("dn_pelvic", date(2026, 11, 19)), KnownCompetency("dn_pelvic", TODAY)
    assert lacking([needled("levator_ani")], [yesterday]) == ["dn_pelvic"]
    assert lacking([needled("levator_ani")], [today]) == []
    found = competency.missing_competency([needled("levator_ani")], [yesterday], TODAY, basic_required=False)
    assert found[0].expired_on == date(2026, 11, 19)


@given(
    interventions=st.lists(st.sampled_from(EVERY), max_size=4),
    known=st.lists(
        st.builds(
            KnownCompetency, st.sampled_from(list(COMPETENCIES)), st.sampled_from([None, TODAY - timedelta(days=1)])
        ),
        max_size=6,
    ),
    basic=st.booleans(),
)
def test_losing_a_competency_or_the_muscle_never_loosens(interventions, known, basic):
    before = set(lacking(interventions, known, basic))
    assert before <= set(lacking(interventions, known[1:], basic))
    assert before <= set(lacking([Planned(i.technique, None) for i in interventions], known, basic))
