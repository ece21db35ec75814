"""One line as a finding: 60 lines in two languages, what is refused and where, and the way back."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

import catalogue
from assessments import one_line
from assessments.one_line import fold, parse_line, write_line
from assessments.rules import PAIN, SIGNS
from assessments.values import NewFinding, NewZone

UT, LEV, SUB, SCMS, SCMC = "trapezius_upper", "levator_scapulae", "suboccipitals", "scm_sternal", "scm_clavicular"
P, A = "present", "absent"


def to(*zones):
    return {"referred_pain": P, "referred_to": tuple(NewZone(zone=zone, side=side) for zone, side in zones)}


TEMPLE_R, TEMPLE_L = ("head.temple", "right"), ("head.temple", "left")
EXAMPLES = [
    # English
    ("upper trap right, band, tender, refers temple, her pain, 7",
     UT, "right",
     {"taut_band": P, "hypersensitive_spot": P, **to(TEMPLE_R), "recognised": "yes", "pain_on_pressure": 7}),
    ("right upper trapezius taut band tender spot", UT, "right", {"taut_band": P, "hypersensitive_spot": P}),
    ("UT L", UT, "left", {}),
    ("ut r no band", UT, "right", {"taut_band": A}),
    ("lev left, no band, no tenderness, no referral",
     LEV, "left", {"taut_band": A, "hypersensitive_spot": A, "referred_pain": A}),
    ("levator scapulae, left, band, tender, refers to medial border and back of the shoulder, his pain",
     LEV, "left", {"taut_band": P, "hypersensitive_spot": P, "recognised": "yes",
                   **to(("shoulder.scapula_medial_border", "left"), ("shoulder.posterior", "left"))}),
    ("suboccs right refers behind the eye, dull ache", SUB, "right",
     {**to(("head.eye_orbit", "right")), "referred_quality": ("dull_ache",)}),
    ("suboccipitals left: tender, twitch, jump sign", SUB, "left",
     {"hypersensitive_spot": P, "local_twitch": P, "jump_sign": P}),
    ("scm sternal right, nodule, band, in the band", SCMS, "right",
     {"palpable_nodule": P, "taut_band": P, "spot_in_band": "yes"}),
    ("SCM clavicular left refers forehead right", SCMC, "left", to(("head.forehead", "right"))),
    ("scm clavicular left refers right forehead", SCMC, "left", to(("head.forehead", "right"))),
    ("upper trap right refers temple left, behind ear", UT, "right", to(TEMPLE_L, ("head.behind_ear", "right"))),
    ("upper trap left refers temple and eye and vertex", UT, "left",
     to(TEMPLE_L, ("head.eye_orbit", "left"), ("head.vertex", "midline"))),
    ("infra right band tender refers front of the shoulder tingling 5", "infraspinatus", "right",
     {"taut_band": P, "hypersensitive_spot": P, **to(("shoulder.anterior", "right")),
      "referred_quality": ("tingling",), "pain_on_pressure": 5}),
    ("supraspinatus left tender 4/10", "supraspinatus", "left", {"hypersensitive_spot": P, "pain_on_pressure": 4}),
    ("rhomboids right, pain on pressure 6", "rhomboids", "right", {"pain_on_pressure": 6}),
    ("pec minor right, ppt 186 kPa", "pectoralis_minor", "right", {"ppt_kpa": (Decimal("186.0"),)}),
    ("upper trap right ppt 1.9 1.8 kgf", UT, "right", {"ppt_kpa": (Decimal("186.3"), Decimal("176.5"))}),
    ("upper trap right ppt 180 190 200", UT, "right",
     {"ppt_kpa": (Decimal("180.0"), Decimal("190.0"), Decimal("200.0"))}),
    ('upper trap right "mid-belly" band', UT, "right", {"place": "mid-belly", "taut_band": P}),
    ("masseter left, restricted, pain on contraction, weak", "masseter", "left",
     {"restricted_rom": P, "pain_on_contraction": P, "weakness": P}),
    ("temporalis right refers upper teeth, not her pain", "temporalis", "right",
     {**to(("head.teeth_upper", "right")), "recognised": "no"}),
    ("ql left tender; refers si joint; burning", "quadratus_lumborum", "left",
     {"hypersensitive_spot": P, **to(("back.si_joint", "left")), "referred_quality": ("burning",)}),
    ("glute med right, band, unclear twitch", "gluteus_medius", "right", {"taut_band": P, "local_twitch": "equivocal"}),
    ("piriformis left, could not test referral", "piriformis", "left", {"referred_pain": "unable"}),
    ("subscapularis right, not reachable band", "subscapularis", "right", {"taut_band": "not_reachable"}),
    ("lat left, declined jump sign", "latissimus_dorsi", "left", {"jump_sign": "declined"}),
    ("soleus right refers heel 0", "soleus", "right", {**to(("foot.heel", "right")), "pain_on_pressure": 0}),
    ("upper trap right worse under stress autonomic signs", UT, "right", {"stress_aggravation": P, "autonomic": P}),
    ("middle trap right, spot outside band, perhaps her pain", "trapezius_middle", "right",
     {"spot_in_band": "no", "recognised": "unsure"}),
    # German
    ("oberer Trapezius rechts, Strang, druckdolent, strahlt aus in Schläfe, ihr Schmerz, 7",
     UT, "right",
     {"taut_band": P, "hypersensitive_spot": P, **to(TEMPLE_R), "recognised": "yes", "pain_on_pressure": 7}),
    ("Trapezius oben links, Hartspannstrang, überempfindliche Stelle", UT, "left",
     {"taut_band": P, "hypersensitive_spot": P}),
    ("rechter oberer Trapez, kein Strang", UT, "right", {"taut_band": A}),
    ("Levator links, Strang, Knoten, keine Ausstrahlung", LEV, "left",
     {"taut_band": P, "palpable_nodule": P, "referred_pain": A}),
    ("Schulterblattheber re, druckschmerzhaft, strahlt aus nach medialer Schulterblattrand, dumpf", LEV, "right",
     {"hypersensitive_spot": P, **to(("shoulder.scapula_medial_border", "right")), "referred_quality": ("dull_ache",)}),
    ("kurze Nackenmuskeln rechts, strahlt aus hinter dem Auge, bekannter Schmerz", SUB, "right",
     {**to(("head.eye_orbit", "right")), "recognised": "yes"}),
    ("Kopfwender sternal links, Zuckung, Ausweichreaktion", SCMS, "left", {"local_twitch": P, "jump_sign": P}),
    ("Kopfwender klavikular links, strahlt aus in Stirn rechts", SCMC, "left", to(("head.forehead", "right"))),
    ("oberer Trapez rechts strahlt aus in Schläfe links, Hinterkopf", UT, "right",
     to(TEMPLE_L, ("head.occiput", "right"))),
    ("Untergrätenmuskel rechts, Schulter vorne nicht", "infraspinatus", "right", None),
    ("Untergrätenmuskel rechts, Übertragung Schulter vorne, kribbelnd, 5", "infraspinatus", "right",
     {**to(("shoulder.anterior", "right")), "referred_quality": ("tingling",), "pain_on_pressure": 5}),
    ("Obergrätenmuskel links druckempfindlich 4/10", "supraspinatus", "left",
     {"hypersensitive_spot": P, "pain_on_pressure": 4}),
    ("Rautenmuskeln rechts, Druckschmerz 6", "rhomboids", "right", {"pain_on_pressure": 6}),
    ("kleiner Brustmuskel rechts, Druckschmerzschwelle 186 kPa", "pectoralis_minor", "right",
     {"ppt_kpa": (Decimal("186.0"),)}),
    ("oberer Trapez rechts Schwelle 1,9 1,8 kgf", UT, "right", {"ppt_kpa": (Decimal("186.3"), Decimal("176.5"))}),
    ("oberer Trapez rechts „Muskelmitte“ Strang", UT, "right", {"place": "Muskelmitte", "taut_band": P}),
    ("Kaumuskel links, eingeschränkt, Schmerz bei Anspannung, Schwäche", "masseter", "left",
     {"restricted_rom": P, "pain_on_contraction": P, "weakness": P}),
    ("Schläfenmuskel rechts, Ausstrahlung obere Zähne, nicht ihr Schmerz", "temporalis", "right",
     {**to(("head.teeth_upper", "right")), "recognised": "no"}),
    ("quadratischer Lendenmuskel links, strahlt aus in ISG, brennend", "quadratus_lumborum", "left",
     {**to(("back.si_joint", "left")), "referred_quality": ("burning",)}),
    ("mittlerer Gesäßmuskel rechts, Strang, unklare Zuckung", "gluteus_medius", "right",
     {"taut_band": P, "local_twitch": "equivocal"}),
    ("Birnenmuskel links, nicht testbar Ausstrahlung", "piriformis", "left", {"referred_pain": "unable"}),
    ("Subscapularis rechts, nicht erreichbar Strang", "subscapularis", "right", {"taut_band": "not_reachable"}),
    ("breiter Rückenmuskel links, abgelehnt Ausweichreaktion", "latissimus_dorsi", "left", {"jump_sign": "declined"}),
    ("Schollenmuskel rechts, strahlt aus in Ferse, 0", "soleus", "right",
     {**to(("foot.heel", "right")), "pain_on_pressure": 0}),
    ("oberer Trapez rechts, schlimmer bei Stress, vegetativ", UT, "right",
     {"stress_aggravation": P, "autonomic": P}),
    ("mittlerer Trapez rechts, nicht im Strang, vielleicht bekannter Schmerz", "trapezius_middle", "right",
     {"spot_in_band": "no", "recognised": "unsure"}),
    ("oberer Trapez links, im Strang, unbekannt", UT, "left", {"spot_in_band": "yes", "recognised": "no"}),
    ("Levator li ohne Strang ohne Zuckung", LEV, "left", {"taut_band": A, "local_twitch": A}),
    ("Skaleni re, einschießend, strahlt aus in Daumen", "scalenes", "right",
     {**to(("hand.thumb", "right")), "referred_quality": ("shooting",)}),
    # Both at once, as people speak
    ("upper trap rechts, band, kein referral", UT, "right", {"taut_band": P, "referred_pain": A}),
]  # fmt: skip


def test_there_are_60_examples():
    assert len(EXAMPLES) == 60


@pytest.mark.parametrize(("line", "muscle", "side", "fields"), EXAMPLES, ids=[example[0] for example in EXAMPLES])
def test_a_line_is_read(line, muscle, side, fields):
    parsed = parse_line(line)
    if fields is None:  # something in it is not understood
        assert parsed.finding is None
        return

    assert parsed.problems == ()
    assert parsed.finding == NewFinding(muscle=muscle, side=side, unreviewed=True, **fields)


@pytest.mark.parametrize(("line", "wrong"), [
    ("upper trap right, bandd", [("unknown_word", "bandd")]),
    ("upper trap right, band + tender", [("unknown_word", "+")]),
    ("upper trap right, temple", [("needs_refers", "temple")]),
    ("upper trap right, burning", [("needs_refers", "burning")]),
    ("upper trap right, no referral, dull", [("needs_refers", "dull")]),
    ("upper trap right refers temple left behind ear", [("two_readings", "left")]),
    ("upper trap right refers vertex left", [("wrong_side", "left")]),
    ("upper trap right refers temple midline", [("wrong_side", "midline")]),
    ("upper trap right left", [("said_twice", "left")]),
    ("upper trap right levator", [("said_twice", "levator")]),
    ("upper trap right band no band", [("said_twice", "band")]),
    ("upper trap right refers temple, temple", [("said_twice", "temple")]),
    ("upper trap right 7 6", [("said_twice", "6")]),
    ("upper trap right 11", [("not_on_scale", "11")]),
    ("upper trap right 6.5", [("not_on_scale", "6.5")]),
    ("upper trap right no", [("needs_sign", "no")]),
    ("upper trap right ppt", [("not_on_scale", "ppt")]),
    ("upper trap right ppt 1 2 3 4", [("too_many", "4")]),
    ("upper trap band", [("no_side", "")]),
    ("right band", [("no_muscle", "")]),
    ("", [("no_muscle", ""), ("no_side", "")]),
])  # fmt: skip
def test_what_is_not_clear_is_named_with_its_place_and_nothing_is_guessed(line, wrong):
    parsed = parse_line(line)

    assert parsed.finding is None
    assert [(problem.code, line[problem.start : problem.end]) for problem in parsed.problems] == wrong


# --- The API and the exam screen ------------------------------------------------------------------------------

LINE = "upper trap right, band, tender, refers temple, her pain, 7"


@pytest.mark.django_db
def test_the_api_reads_a_line_as_an_assessment_takes_it(api, patient):
    read = api().post("/finding-lines/", {"line": LINE}).json()

    assert read["problems"] == []
    body = {"performed_at": "2026-11-20T09:30:00Z", "findings": [read["finding"]]}
    [finding] = api().post(f"/patients/{patient}/assessments/", body).json()["findings"]
    assert (finding["class"], finding["referred_to"]) == ("active", [{"zone": "head.temple", "side": "right"}])
    assert parse_line(read["written"]).finding == parse_line(LINE).finding


@pytest.mark.django_db
def test_the_api_says_what_it_does_not_know_and_where(api):
    read = api().post("/finding-lines/", {"line": "upper trap right, bandd"}).json()

    assert read["finding"] is None
    assert read["problems"] == [{"code": "unknown_word", "start": 18, "end": 23}]
    assert api().post("/finding-lines/", {"line": "x" * 501}).status_code == 400


@pytest.mark.django_db
@pytest.mark.parametrize(("body", "status"), [
    ({"line": LINE}, 200), ({"line": "x" * 501}, 400), ({"line": 7}, 400), ([], 400), ({}, 400),
])  # fmt: skip
def test_the_exam_screen_gets_fields_for_an_unreviewed_row(cast, body, status):
    client = Client()
    client.force_login(cast.therapist)

    answer = client.post("/exams/line/", body, content_type="application/json", headers={"Accept": "application/json"})

    assert answer.status_code == status
    if status == 200:
        assert answer.json()["fields"] == {
            "muscle": UT, "side": "right", "taut_band": P, "hypersensitive_spot": P, "referred_pain": P,
            "referred_to/head.temple/right": True, "recognised": "yes", "pain_on_pressure": 7, "unreviewed": True,
            "new_point": False,
        }  # fmt: skip


@pytest.mark.django_db
def test_only_who_may_write_exams_reads_lines(cast, api):
    client = Client()
    client.force_login(cast.staff)

    assert api(cast.staff).post("/finding-lines/", {"line": LINE}).status_code == 403
    assert client.post("/exams/line/", {"line": LINE}, content_type="application/json").status_code == 403


# --- The table ------------------------------------------------------------------------------------------------


def test_no_phrase_has_two_meanings():
    meanings: dict[str, set[tuple[str, str]]] = {}
    for row in catalogue.WORDS:
        for language in one_line.LANGUAGES:
            for phrase in row[language]:
                meanings.setdefault(fold(phrase), set()).add((row["kind"], row["value"]))
    assert {phrase: found for phrase, found in meanings.items() if len(found) > 1} == {}


def test_every_muscle_zone_and_sign_has_words_in_english_and_what_differs_in_german_too():
    words = {(row["kind"], row["value"]): row for row in catalogue.WORDS}
    for kind, codes in (("muscle", catalogue.MUSCLES), ("zone", catalogue.ZONES), ("sign", SIGNS)):
        assert {value for of_kind, value in words if of_kind == kind} == set(codes)
        assert all(words[kind, code]["en"] for code in codes)
    assert sum(1 for row in words.values() if row["de"]) > 200


# --- The way back ---------------------------------------------------------------------------------------------

VALUES = ["present", "absent", "not_tested", "unable", "equivocal", "declined", "not_reachable"]
SIDED = [zone for zone, about in catalogue.ZONES.items() if about["sided"]]
ZONES = [(zone, side) for zone in SIDED for side in ("left", "right")] + [
    (zone, "midline") for zone in catalogue.ZONES if zone not in SIDED
]
QUALITIES = [row["value"] for row in catalogue.WORDS if row["kind"] == "quality"]
PLACES = st.text(st.characters(blacklist_categories=("C", "Z"), blacklist_characters='"“”„«»'), max_size=12)


@st.composite
def findings(draw):
    signs = {sign: draw(st.sampled_from(VALUES)) for sign in SIGNS}
    refers = signs["referred_pain"] == "present"
    zones = draw(st.lists(st.sampled_from(ZONES), max_size=4, unique=True)) if refers else []
    kpa = st.decimals(min_value=10, max_value=2000, places=1)
    return NewFinding(
        muscle=draw(st.sampled_from(list(catalogue.MUSCLES))),
        side=draw(st.sampled_from(["left", "right"])),
        place=draw(PLACES),
        **signs,
        referred_to=tuple(NewZone(zone=zone, side=side) for zone, side in zones),
        referred_quality=tuple(draw(st.lists(st.sampled_from(QUALITIES), max_size=3, unique=True)) if refers else ()),
        spot_in_band=draw(st.sampled_from(["yes", "no", "unknown"])),
        recognised=draw(st.sampled_from(["yes", "no", "unsure", "not_asked"])),
        pain_on_pressure=draw(st.none() | st.integers(*PAIN)),
        ppt_kpa=tuple(draw(st.lists(kpa, max_size=3))),
        unreviewed=True,
    )


@given(findings(), st.sampled_from(one_line.LANGUAGES))
def test_what_is_printed_parses_back_to_the_same_finding(finding, language):
    parsed = parse_line(write_line(finding, language))

    assert parsed.problems == ()
    assert parsed.finding == finding


@given(st.text(max_size=80))
def test_any_text_is_read_without_a_fault_and_its_problems_lie_in_it(line):
    parsed = parse_line(line)

    assert (parsed.finding is None) == bool(parsed.problems)
    assert all(0 <= problem.start <= problem.end <= len(line) for problem in parsed.problems)


@given(st.lists(st.sampled_from(list(one_line.PHRASES)), max_size=8), st.text("abcxyz", min_size=6, max_size=9))
def test_an_unknown_word_is_always_found(phrases, unknown):
    line = ", ".join([*phrases, unknown])
    if fold(unknown) in one_line.PHRASES:
        return
    marked = [line[problem.start : problem.end] for problem in parse_line(line).problems]
    assert unknown in marked
