"""
The pure safety check: each row of the list, each caution of the catalogue, and that what is not known never loosens.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import catalogue
from accounts.rules import KnownCompetency
from assessments.red_flag_table import HANDS_ON, INVASIVE, RED_FLAGS, SHOW
from assessments.red_flags import FlagState, OpenFlag, stops
from patients.rules import ALERTS, BODY_REGIONS, KnownAlert
from treatments import agents, rules, safety_cautions, safety_table
from treatments.consents.rules import REGIONS, TECHNIQUE_CLASSES, KnownConsent
from treatments.dose_checks import check_for_signature, check_lidocaine
from treatments.safety import RULES, MuscleFacts, PatientFacts, PlannedIntervention, safety_check
from treatments.safety_entries import ACKNOWLEDGE, CAUTION, LEVELS, STOP, Entry
from treatments.safety_table import DEFAULT_LIST, effective_list

AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
MUSCLES = {
    key: MuscleFacts(key, m["region"], tuple(m["needling"]["cautions"]), m["needling"]["risk"])
    for key, m in catalogue.MUSCLES.items()
}
LUNG_MUSCLES = [key for key, m in catalogue.MUSCLES.items() if m["needling"]["requires_pneumothorax_disclosure"]]
CONSENTS = tuple(
    KnownConsent(technique, region, AT - timedelta(minutes=5), guardian=True)
    for technique in TECHNIQUE_CLASSES
    for region in REGIONS
)
ALL_COMPETENCIES = tuple(
    KnownCompetency(code) for code in ("dn_basic", "dn_thorax", "dn_suboccipital", "dn_pelvic", "injection_prescriber")
)
NEEDLE = {"needling_technique": "deep_pistoning", "needle_length_mm": 15, "depth_mm": 10}
LIDOCAINE = {
    "agent": "lidocaine",
    "concentration_pct": 1,
    "volume_ml": 2,
    "prescriber": "Dr Field",
    "needle_length_mm": 25,
}
KNOWN = PatientFacts(consents=CONSENTS, age_years=40, first_visit=False)


def planned(technique="dry_needling", muscle="gluteus_medius", side="left", **dose):
    base = {"dry_needling": NEEDLE, "trigger_point_injection": LIDOCAINE}.get(technique, {})
    facts = MUSCLES[muscle] if muscle else None
    return PlannedIntervention(technique, {**base, **dose}, facts, side)


def check(*interventions, alerts=(), facts=KNOWN, competencies=ALL_COMPETENCIES, **options):
    alerts = tuple(alert if isinstance(alert, KnownAlert) else KnownAlert(alert) for alert in alerts)
    return safety_check(interventions, replace(facts, alerts=facts.alerts + alerts), competencies, at=AT, **options)


def levels(findings):
    return {finding.code: finding.level for finding in findings}


# --- The table of the safety facts, part 3 --------------------------------------------------------------------

ARM_LEFT = KnownAlert("lymphoedema", "left", "arm")
ALLERGY = "local_anaesthetic_allergy"


@pytest.mark.parametrize(
    ("alerts", "intervention", "code", "level"),
    [
        (["pacemaker"], planned(needling_technique="electrical"), "pacemaker_electrical_needling", STOP),
        (["pacemaker"], planned(es_hz=2), "pacemaker_electrical_needling", STOP),
        (["pacemaker"], planned(needling_technique=None), "pacemaker_electrical_needling", STOP),
        (["pacemaker"], planned(), "pacemaker_electrical_needling", None),
        (["bleeding_disorder"], planned(), "bleeding_disorder_needle", STOP),
        (["bleeding_disorder"], planned("trigger_point_injection"), "bleeding_disorder_needle", STOP),
        (["anticoagulant"], planned(), "anticoagulant_needle", CAUTION),
        (["antiplatelet"], planned(), "antiplatelet_needle", CAUTION),
        *[
            ([alert], planned(muscle=muscle), f"{alert}_deep_muscle", ACKNOWLEDGE)
            for alert in ("anticoagulant", "antiplatelet")
            for muscle in ("iliopsoas", "quadratus_lumborum", "multifidus_lumbar", "pterygoid_medial", "subscapularis")
        ],
        ([ARM_LEFT], planned(muscle="biceps_brachii", side="left"), "lymphoedema_needle", STOP),
        ([ARM_LEFT], planned(muscle="pronator_teres", side="left"), "lymphoedema_needle", STOP),
        ([ARM_LEFT], planned(muscle="biceps_brachii", side="right"), "lymphoedema_needle", None),
        ([ARM_LEFT], planned(muscle="biceps_brachii", side=None), "lymphoedema_needle", STOP),
        ([replace(ARM_LEFT, side=None)], planned(muscle="biceps_brachii", side="right"), "lymphoedema_needle", STOP),
        ([replace(ARM_LEFT, region=None)], planned(muscle="soleus", side="left"), "lymphoedema_needle", STOP),
        (["clot"], planned("ischemic_compression", "soleus"), "clot", STOP),
        (["clot"], planned(muscle="gastrocnemius_medial"), "clot", STOP),
        ([KnownAlert("clot", "left", "leg")], planned("massage", "trapezius_upper"), "clot", None),
        ([KnownAlert("clot", "left", "leg")], planned("massage", "trapezius_upper"), "clot_elsewhere", CAUTION),
        *[
            ([ALLERGY], planned("trigger_point_injection", agent=agent), ALLERGY, STOP)
            for agent in ("lidocaine", "procaine", "bupivacaine", "mepivacaine", "ropivacaine", "Lignocaine", "x", None)
        ],
        ([ALLERGY], planned("trigger_point_injection", agent="saline"), ALLERGY, None),
        (["pregnancy"], planned(), "pregnancy_avoided_muscle", STOP),
        (["pregnancy"], planned(muscle="trapezius_upper"), "pregnancy_needle", ACKNOWLEDGE),
        (["pregnancy"], planned(muscle="interossei_manus"), "pregnancy_avoided_muscle", STOP),
        (["pregnancy"], planned(muscle="adductor_pollicis"), "pregnancy_avoided_muscle", STOP),
        (["pregnancy"], planned(muscle="rectus_abdominis"), "pregnancy_avoided_muscle", STOP),
        (["needle_phobia"], planned(), "needle_phobia", None),
        (["heart_valve"], planned(), "heart_valve", STOP),
        (["infection"], planned(), "infection_needle", STOP),
        (["infection"], planned("massage"), "infection_pressure", STOP),
        (["immune_suppression"], planned(), "immune_suppression", CAUTION),
        ([KnownAlert("malignancy", None, "hip")], planned(), "malignancy", STOP),
        ([KnownAlert("malignancy", None, "neck")], planned(), "malignancy", None),
        ([KnownAlert("malignancy", None, "neck")], planned(), "malignancy_elsewhere", CAUTION),
        (["uncontrolled_hypertension"], planned("massage"), "uncontrolled_hypertension", STOP),
        (["frail"], planned(muscle="rhomboids"), "frail_over_lung", ACKNOWLEDGE),
        ([], planned(muscle="rhomboids", needle_length_mm=20), "rhomboids_depth", CAUTION),
        ([], planned(muscle="rhomboids", depth_mm=20, needle_length_mm=19), "rhomboids_depth", CAUTION),
        ([], planned(muscle="rhomboids", needle_length_mm=19, depth_mm=19), "rhomboids_depth", None),
        ([], planned("trigger_point_injection", agent="bupivacaine"), "no_maximum_on_file", CAUTION),
        ([], planned("trigger_point_injection"), "no_maximum_on_file", None),
        ([], planned(muscle=None), "needled_muscle_unknown", STOP),
    ],
)  # fmt: skip
def test_an_alert_acts_where_it_matters(alerts, intervention, code, level):
    assert levels(check(intervention, alerts=alerts)).get(code) == level


def test_only_a_prescriber_passes_an_allergy():
    without = [KnownCompetency("dn_basic")]
    intervention = planned("trigger_point_injection")

    for competencies, overridable in ((ALL_COMPETENCIES, True), (without, False)):
        findings = check(intervention, alerts=["local_anaesthetic_allergy"], competencies=competencies)
        assert [f.overridable for f in findings if f.code == "local_anaesthetic_allergy"] == [overridable]


def test_fear_of_needles_needs_consent_at_this_visit():
    old = tuple(replace(consent, given_at=AT - timedelta(days=3)) for consent in CONSENTS)

    findings = check(planned(), alerts=["needle_phobia"], facts=replace(KNOWN, consents=old))

    assert levels(findings)["needle_phobia"] == STOP


@pytest.mark.parametrize(("age", "shown"), [(6, True), (15, True), (16, False), (None, True)])
def test_a_child_is_needled_only_after_acknowledging(age, shown):
    findings = levels(check(planned(), facts=replace(KNOWN, age_years=age)))

    assert findings.get("child_needle") == (ACKNOWLEDGE if shown else None)
    assert "child_needle" not in levels(check(planned("massage"), facts=replace(KNOWN, age_years=age)))


def test_a_childs_consent_is_a_guardians():
    alone = tuple(replace(consent, guardian=False) for consent in CONSENTS)

    findings = check(planned(), facts=replace(KNOWN, age_years=6, consents=alone))

    assert [f.params["why"] for f in findings if f.code == "consent_missing"] == ["guardian_missing"]


@pytest.mark.parametrize(
    ("sides", "stopped"),
    [(("left", "right"), True), (("left", "left"), False), (("left", None), True), ((None,), True)],
)
def test_both_sides_of_the_thorax_need_a_reason(sides, stopped):
    muscles = ["rhomboids", "trapezius_upper"]
    interventions = [planned(muscle=muscle, side=side) for muscle, side in zip(muscles, sides, strict=False)]

    findings = [f for f in check(*interventions) if f.code == "both_sides_of_thorax"]

    assert [(f.level, f.overridable) for f in findings] == ([(STOP, True)] if stopped else [])


@pytest.mark.parametrize("muscle", [key for key, m in MUSCLES.items() if m.risk == "specialist"])
def test_a_specialist_muscle_needs_its_competency_and_each_caution_acknowledged(muscle):
    assert "competency_missing" in levels(check(planned(muscle=muscle), competencies=[]))

    findings = levels(check(planned(muscle=muscle)))

    assert "competency_missing" not in findings
    assert {findings[f"near_{caution}"] for caution in MUSCLES[muscle].cautions} == {ACKNOWLEDGE}


def test_a_competency_that_ended_yesterday_stops():
    ended = [KnownCompetency("dn_basic"), KnownCompetency("dn_suboccipital", date(2026, 11, 19))]
    holds = [KnownCompetency("dn_basic"), KnownCompetency("dn_suboccipital", date(2026, 11, 20))]
    intervention = planned(muscle="suboccipitals")

    assert levels(check(intervention, competencies=ended))["competency_missing"] == STOP
    assert "competency_missing" not in levels(check(intervention, competencies=holds))


# --- The catalogue --------------------------------------------------------------------------------------------

NEARBY = [(muscle, caution) for muscle, facts in MUSCLES.items() for caution in facts.cautions]


def test_the_list_knows_every_caution_and_every_alert():
    assert set(safety_cautions.CAUTION_TEXTS) == set(catalogue.CAUTIONS)
    assert len(safety_cautions.CAUTION_TEXTS) == 45
    assert {entry.alert for entry in DEFAULT_LIST} - {""} == set(ALERTS)
    assert {entry.rule for entry in DEFAULT_LIST} - {""} == RULES
    assert len({entry.code for entry in DEFAULT_LIST}) == len(DEFAULT_LIST)
    assert all(entry.source and entry.reason and entry.label for entry in DEFAULT_LIST)


@pytest.mark.parametrize("technique", ["dry_needling", "trigger_point_injection"])
@pytest.mark.parametrize(("muscle", "caution"), NEARBY)
def test_each_caution_of_each_muscle_is_shown_to_a_needle(muscle, caution, technique):
    expected = ACKNOWLEDGE if MUSCLES[muscle].risk in ("specialist", "contraindicated_default") else CAUTION

    assert levels(check(planned(technique, muscle)))[f"near_{caution}"] == expected


@pytest.mark.parametrize(("muscle", "caution"), NEARBY)
def test_a_caution_about_pressure_is_shown_to_a_hand(muscle, caution):
    expected = CAUTION if caution in safety_cautions.OF_PRESSURE_TOO else None

    for technique in ("ischemic_compression", "self_release_teaching"):
        assert levels(check(planned(technique, muscle))).get(f"near_{caution}") == expected


def test_the_front_of_the_neck_and_the_calf_are_cautions_of_pressure():
    assert {"carotid_jugular", "airway_thyroid", "calf_dvt"} <= safety_cautions.OF_PRESSURE_TOO


@pytest.mark.parametrize("technique", ["dry_needling", "trigger_point_injection"])
@pytest.mark.parametrize("muscle", sorted(MUSCLES))
def test_the_31_muscles_over_the_lung_warn_of_pneumothorax(muscle, technique):
    assert len(LUNG_MUSCLES) == 31

    shown = "pneumothorax_disclosure" in levels(check(planned(technique, muscle)))

    assert shown == (muscle in LUNG_MUSCLES)


# --- Red flags ------------------------------------------------------------------------------------------------

ONE_OF_REGION = {facts.region: key for key, facts in MUSCLES.items()}


@pytest.mark.parametrize("flag", RED_FLAGS)
@pytest.mark.parametrize("technique", rules.TECHNIQUES)
def test_a_flag_does_what_its_row_says_in_every_region(flag, technique):
    open_flag = OpenFlag(flag, AT - timedelta(days=1), UUID(int=7))
    facts = replace(KNOWN, flags=FlagState(open=(open_flag,)))
    for region in BODY_REGIONS:
        intervention = planned(technique, ONE_OF_REGION[region])
        level = stops(open_flag, intervention.technique_class, region, "left", muscle=ONE_OF_REGION[region])

        findings = [f for f in check(intervention, facts=facts) if f.key == flag]

        assert [f.level for f in findings] == ([] if level == SHOW else [level])
        for finding in findings:
            assert finding.params["exam"] == UUID(int=7)
            assert (finding.code == "red_flag_stop") == (level == STOP)


def test_a_flag_that_is_answered_after_the_treatment_is_known_at_the_signature():
    facts = replace(KNOWN, flags=FlagState(open=(OpenFlag("fever_infection", AT + timedelta(minutes=1)),)))

    assert levels(check(planned("massage"), facts=facts)) == {"red_flag_known_at_signing": STOP}


def test_each_question_that_is_not_answered_stops_and_nobody_can_override_it():
    facts = replace(KNOWN, flags=FlagState(unanswered=("trauma_recent", "fever_infection")))

    findings = check(planned("massage"), facts=facts)

    assert [(f.code, f.key, f.overridable) for f in findings] == [
        ("screen_incomplete", "trauma_recent", False),
        ("screen_incomplete", "fever_infection", False),
    ]


def test_advice_alone_passes():
    facts = PatientFacts(
        alerts=tuple(KnownAlert(code) for code in ALERTS),
        flags=FlagState(open=tuple(OpenFlag(code, AT) for code in RED_FLAGS), unanswered=tuple(RED_FLAGS)),
    )

    assert safety_check([planned("advice", None, None)], facts, [], at=AT) == []
    assert safety_check([], facts, [], at=AT) == []


# --- A clinic's own list --------------------------------------------------------------------------------------


def test_a_clinic_makes_a_row_stricter_and_never_looser():
    stricter = replace(safety_table.DEFAULT_CODES["anticoagulant_needle"], level=STOP, is_overridable=False, reason="x")
    looser = replace(safety_table.DEFAULT_CODES["heart_valve"], level=CAUTION, is_overridable=True, alert="clot")

    entries = {entry.code: entry for entry in effective_list([stricter, looser])}

    assert (entries["anticoagulant_needle"].level, entries["anticoagulant_needle"].is_overridable) == (STOP, False)
    assert entries["anticoagulant_needle"].reason != "x"
    assert entries["heart_valve"] == safety_table.DEFAULT_CODES["heart_valve"]
    assert set(entries) == set(safety_table.DEFAULT_CODES)


def test_a_clinics_own_row_acts():
    own = Entry(
        "own_1",
        STOP,
        "No SCM",
        "We do not needle it.",
        "Clinic",
        frozenset({INVASIVE}),
        muscles=frozenset({"scm_sternal"}),
    )
    entries = effective_list([own])

    assert levels(check(planned(muscle="scm_sternal"), entries=entries))["own_1"] == STOP
    assert "own_1" not in levels(check(planned(muscle="soleus"), entries=entries))


def test_a_caution_that_a_clinic_made_a_stop_also_stops_where_no_muscle_is_named():
    entries = effective_list([replace(safety_table.DEFAULT_CODES["near_carotid_jugular"], level=STOP)])

    assert levels(check(planned("massage", None, None), entries=entries))["near_carotid_jugular"] == STOP


# --- Properties -----------------------------------------------------------------------------------------------

ALERT = st.builds(
    KnownAlert,
    st.sampled_from(sorted(ALERTS)),
    st.sampled_from([None, "left", "right", "both"]),
    st.sampled_from([None, *BODY_REGIONS]),
)
FLAG = st.builds(
    OpenFlag,
    st.sampled_from(sorted(RED_FLAGS)),
    st.just(AT - timedelta(days=1)),
    st.none(),
    st.lists(st.sampled_from(BODY_REGIONS), max_size=2).map(tuple),
    st.sampled_from([None, "left", "right"]),
)
DOSE = st.fixed_dictionaries(
    {},
    optional={
        "needling_technique": st.sampled_from(rules.NEEDLING_TECHNIQUES),
        "needle_length_mm": st.sampled_from([13, 19, 25, 40]),
        "depth_mm": st.sampled_from([5, 19, 20]),
        "es_hz": st.just(2),
        "agent": st.sampled_from(["lidocaine", "saline", "Lignocaine", "bupivacaine", "unknown"]),
    },
)
INTERVENTION = st.builds(
    PlannedIntervention,
    st.sampled_from(sorted(rules.TECHNIQUES)),
    DOSE,
    st.sampled_from([None, *MUSCLES.values()]),
    st.sampled_from([None, "left", "right"]),
)
CONSENT = st.builds(
    KnownConsent,
    st.sampled_from(TECHNIQUE_CLASSES),
    st.sampled_from(REGIONS),
    st.sampled_from([AT - timedelta(days=40), AT - timedelta(minutes=5)]),
    st.sampled_from([None, AT - timedelta(days=1), AT + timedelta(days=9)]),
    st.sampled_from([None, AT - timedelta(hours=1)]),
    st.booleans(),
)
FACTS = st.builds(
    PatientFacts,
    alerts=st.lists(ALERT, max_size=4).map(tuple),
    flags=st.builds(
        FlagState,
        open=st.lists(FLAG, max_size=3, unique_by=lambda flag: flag.code).map(tuple),
        unanswered=st.lists(st.sampled_from(sorted(RED_FLAGS)), max_size=3, unique=True).map(tuple),
    ),
    consents=st.one_of(st.lists(CONSENT, max_size=4).map(tuple), st.just(CONSENTS)),
    age_years=st.sampled_from([None, 6, 40]),
)
COMPETENCIES = st.lists(st.sampled_from(ALL_COMPETENCIES), unique=True).map(tuple)
SESSION = st.lists(INTERVENTION, min_size=1, max_size=3)


def strictness(findings):
    """(what it is about, where) to how strict; a stop that nobody can override is the strictest."""
    table = {}
    for finding in findings:
        place = (finding.subject, finding.pointer if finding.level != STOP else "")
        rank = LEVELS.index(finding.level) + (not finding.overridable if finding.level == STOP else 0)
        for key in (place, (finding.subject, "anywhere")):
            table[key] = max(table.get(key, 0), rank)
    return table


def is_as_strict(before, after):
    """Whether nothing that stood in the way has gone or become weaker, wherever it stood."""
    before, after = strictness(before), strictness(after)
    keys = [key for key in before if key[1] == "anywhere"]
    return all(after.get(key, -1) >= before[key] for key in keys)


@settings(max_examples=300, deadline=None)
@given(SESSION, FACTS, COMPETENCIES, ALERT)
def test_one_more_alert_never_loosens(session, facts, competencies, alert):
    before = safety_check(session, facts, competencies, at=AT)
    after = safety_check(session, replace(facts, alerts=(*facts.alerts, alert)), competencies, at=AT)
    assert is_as_strict(before, after)


@settings(max_examples=300, deadline=None)
@given(SESSION, FACTS, COMPETENCIES, FLAG)
def test_one_more_yes_never_loosens(session, facts, competencies, flag):
    others = tuple(known for known in facts.flags.open if known.code != flag.code)
    without = replace(facts, flags=replace(facts.flags, open=others))
    with_yes = replace(facts, flags=replace(facts.flags, open=(*others, flag)))
    assert is_as_strict(
        safety_check(session, without, competencies, at=AT), safety_check(session, with_yes, competencies, at=AT)
    )


@settings(max_examples=300, deadline=None)
@given(SESSION, FACTS, COMPETENCIES, st.sampled_from(sorted(RED_FLAGS)))
def test_one_no_less_never_loosens(session, facts, competencies, flag):
    unanswered = tuple(dict.fromkeys((*facts.flags.unanswered, flag)))
    after = replace(facts, flags=replace(facts.flags, unanswered=unanswered))
    assert is_as_strict(
        safety_check(session, facts, competencies, at=AT), safety_check(session, after, competencies, at=AT)
    )


@settings(max_examples=300, deadline=None)
@given(SESSION, FACTS, COMPETENCIES, st.data())
def test_one_consent_or_competency_less_never_loosens(session, facts, competencies, data):
    before = safety_check(session, facts, competencies, at=AT)
    if facts.consents:
        number = data.draw(st.integers(0, len(facts.consents) - 1))
        fewer = replace(facts, consents=facts.consents[:number] + facts.consents[number + 1 :])
        assert is_as_strict(before, safety_check(session, fewer, competencies, at=AT))
    if competencies:
        assert is_as_strict(before, safety_check(session, facts, competencies[1:], at=AT))


def blanked(intervention, name):
    if name in ("muscle", "side"):
        return replace(intervention, **{name: None})
    return replace(intervention, dose={key: value for key, value in intervention.dose.items() if key != name})


@settings(max_examples=500, deadline=None)
@given(INTERVENTION, FACTS, COMPETENCIES, st.data())
def test_leaving_a_field_empty_never_avoids_a_stop(intervention, facts, competencies, data):
    """Other fields of a current say as much as the one that is left out, so those go together."""
    before = safety_check([intervention], facts, competencies, at=AT)
    name = data.draw(st.sampled_from(["muscle", "side", *intervention.dose]))
    if name == "es_hz":
        return  # a needle without a current is another treatment, not one that is less well recorded
    after = safety_check([blanked(intervention, name)], facts, competencies, at=AT)
    stops_before = {f.subject for f in before if f.level == STOP}
    stops_after = {f.subject for f in after if f.level == STOP}
    if name == "muscle" and intervention.technique_class == INVASIVE:
        assert "needled_muscle_unknown" in stops_after
    else:
        assert stops_before <= stops_after
    age_unknown = safety_check([intervention], replace(facts, age_years=None), competencies, at=AT)
    assert stops_before <= {f.subject for f in age_unknown if f.level == STOP}


@settings(max_examples=200, deadline=None)
@given(SESSION, FACTS, COMPETENCIES, st.sampled_from(DEFAULT_LIST), st.sampled_from(LEVELS))
def test_a_row_of_a_clinic_never_loosens(session, facts, competencies, entry, level):
    entries = effective_list([replace(entry, level=level)])
    before = safety_check(session, facts, competencies, at=AT)
    assert is_as_strict(before, safety_check(session, facts, competencies, at=AT, entries=entries))


# --- Plausible doses ------------------------------------------------------------------------------------------


def doses(*interventions, facts=KNOWN, reasons=None):
    errors = check_for_signature(interventions, facts, reasons or {}, at=AT, on_date=AT.date())
    errors += check_lidocaine([(i.technique, i.dose) for i in interventions], facts.weight_kg, reasons or {})
    return {(error.pointer.removeprefix("/interventions/0"), error.reason) for error in errors}


@pytest.mark.parametrize(
    ("intervention", "expected"),
    [
        (planned(es_hz=2), {("/dose/needling_technique", "reason_required.not_electrical")}),
        (
            planned(needling_technique="electrical"),
            {("/dose/es_hz", "reason_required.electrical"), ("/dose/es_minutes", "reason_required.electrical")},
        ),
        (planned(needling_technique="electrical", es_hz=2, es_minutes=10), set()),
        (planned(ltr_count=3), {("/dose/ltr_elicited", "reason_required.twitches")}),
        (planned(ltr_count=3, ltr_elicited="no"), {("/dose/ltr_elicited", "reason_required.twitches")}),
        (planned(ltr_count=0, ltr_elicited="yes"), {("/dose/ltr_elicited", "reason_required.twitches")}),
        (planned(ltr_count=3, ltr_elicited="yes"), set()),
        (planned(muscle="rhomboids", needle_length_mm=None), {("/dose/needle_length_mm", "required.needle_length")}),
        (planned(muscle="soleus", needle_length_mm=None), set()),
        (planned("trigger_point_injection"), set()),
        (planned("trigger_point_injection", prescriber=None), {("/dose/prescriber", "required.injection")}),
        (planned("trigger_point_injection", agent="saline", concentration_pct=None, volume_ml=None), set()),
        (
            planned("trigger_point_injection", agent="procaine", volume_ml=None),
            {("/dose/volume_ml", "required.injection")},
        ),
        (
            planned("trigger_point_injection", agent=None, concentration_pct=None),
            {("/dose/agent", "required.injection"), ("/dose/concentration_pct", "required.injection")},
        ),
        (planned("trigger_point_injection", expiry_date=date(2026, 11, 20)), set()),
        (planned("trigger_point_injection", expiry_date=date(2026, 11, 19)), {("/dose/expiry_date", "expired")}),
    ],
)
def test_a_dose_is_plausible(intervention, expected):
    assert doses(intervention) == expected


@pytest.mark.parametrize(
    ("volume_ml", "weight_kg", "adrenaline", "expected"),
    [
        (8, None, None, None),  # 80 mg
        (29, 30, None, "over_maximum"),  # 290 mg > 135
        (31, 70, None, "reason_required.lidocaine"),  # 310 mg > 300, below 315
        (31, 70, True, None),
        (48, 70, True, None),
        (50, 70, True, "over_maximum"),  # 500 mg > 490
        (32, 70, None, "over_maximum"),  # 320 mg > 315
        (11, None, None, "required.weight"),  # 110 mg
    ],
)
@pytest.mark.parametrize("agent", ["lidocaine", "Lignocaine", "Xylocain 1 %"])
def test_lidocaine_has_a_maximum(agent, volume_ml, weight_kg, adrenaline, expected):
    halves = [
        planned("trigger_point_injection", agent=agent, volume_ml=volume_ml / 2, adrenaline=adrenaline)
        for _half in range(2)
    ]

    errors = doses(*halves, facts=replace(KNOWN, weight_kg=weight_kg))

    assert {reason for _pointer, reason in errors} == ({expected} if expected else set())


def test_one_plain_dose_makes_the_limit_that_of_plain_lidocaine():
    mixed = [planned("trigger_point_injection", volume_ml=20, adrenaline=adrenaline) for adrenaline in (True, None)]

    assert doses(*mixed, facts=replace(KNOWN, weight_kg=70)) == {("/interventions", "over_maximum")}


@pytest.mark.parametrize("age", [None, 15])
def test_a_childs_weight_is_needed_for_any_amount(age):
    errors = doses(planned("trigger_point_injection", agent="procaine"), facts=replace(KNOWN, age_years=age))

    assert errors == {("/weight_kg", "required.weight")}


@pytest.mark.parametrize(
    ("point", "last", "asked"),
    [
        (UUID(int=1), {UUID(int=1): AT - timedelta(hours=47)}, True),
        (UUID(int=1), {UUID(int=1): AT - timedelta(hours=48)}, False),
        (UUID(int=1), {("gluteus_medius", "left"): AT - timedelta(hours=1)}, False),  # another point of the muscle
        (UUID(int=1), {("gluteus_medius", "left", None): AT - timedelta(hours=1)}, True),  # nobody knows which
        (None, {("gluteus_medius", "left"): AT - timedelta(hours=1)}, True),
        (None, {("gluteus_medius", "right"): AT - timedelta(hours=1)}, False),
    ],
)
def test_the_same_point_again_within_48_hours_needs_a_reason(point, last, asked):
    intervention = replace(planned(), trigger_point=point)
    facts = replace(KNOWN, last_needled=last)

    assert doses(intervention, facts=facts) == ({("/interval", "reason_required.interval")} if asked else set())
    assert doses(replace(intervention, limit_reasons={"interval": "Agreed."}), facts=facts) == set()


@pytest.mark.parametrize(("first_visit", "number", "asked"), [(True, 5, True), (True, 4, False), (False, 5, False)])
def test_many_muscles_at_the_first_visit_need_a_reason(first_visit, number, asked):
    muscles = ["soleus", "gluteus_medius", "gluteus_maximus", "piriformis", "biceps_brachii"][:number]
    interventions = [planned(muscle=muscle) for muscle in muscles]
    facts = replace(KNOWN, first_visit=first_visit)
    expected = {("/limit_reasons/needled_muscles", "reason_required.needled_muscles")}

    assert doses(*interventions, facts=facts) == (expected if asked else set())
    assert doses(*interventions, facts=facts, reasons={"needled_muscles": "Agreed."}) == set()


def test_depth_is_at_most_the_length():
    def reasons(dose):
        return [error.reason for error in rules.check_dose("dry_needling", dose, {})]

    assert reasons({"depth_mm": 60, "needle_length_mm": 25}) == ["deeper_than_needle"]
    assert reasons({"depth_mm": 25, "needle_length_mm": 25}) == []


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("Lignocaine", "lidocaine"), ("Xylocaine 2%", "lidocaine"), ("Lidocain HCl", "lidocaine"),
        ("Bupivacaine + Lidocaine", "lidocaine"), ("Novocain", "procaine"), ("PROCAIN", "procaine"),
        ("Marcaine", "bupivacaine"), ("Scandicain", "mepivacaine"), ("Naropin", "ropivacaine"),
        ("NaCl 0,9 %", "saline"), ("Kochsalzlösung", "saline"), ("normal saline", "saline"),
        ("Articaine in NaCl", "other"), ("levobupivacaine", "other"), ("Traumeel", "other"), ("", None), (None, None),
    ],
)  # fmt: skip
def test_an_agent_is_known_however_it_is_written(written, code):
    assert agents.agent_code(written) == code


def test_every_technique_has_a_class():
    classes = {code: PlannedIntervention(code).technique_class for code in rules.TECHNIQUES}

    assert {code for code, name in classes.items() if name == INVASIVE} == {
        code for code, technique in rules.TECHNIQUES.items() if technique.breaks_skin
    }
    assert classes["stretching"] == HANDS_ON
