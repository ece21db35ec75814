"""What the record knows stops a home programme: red flags, alerts, tools and totals, through page and API."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import Error, connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import catalogue
from assessments.red_flag_table import RED_FLAGS
from assessments.red_flags import FlagState, OpenFlag
from audit.models import AuditEvent
from database import tenancy
from homecare import rules, safety
from homecare.models import Occurrence, Programme, Version
from homecare.programmes import safety_stops
from messaging import links
from patients import rules as patients
from patients.rules import BODY_REGIONS, KnownAlert
from tests import builders
from tests.assessments.test_autosave import Screen
from tests.homecare.conftest import FILLED, content, filled
from tests.reading import Browser
from treatments.safety_facts import PatientFacts
from treatments.safety_table import DEFAULT_LIST
from worklist.models import Item

NECK_FLAGS = ["vascular_5d_3n", "severe_headache", "cauda_equina", "trauma_recent"]
PRESS = {"exercise": "self_pressure", "side": "right", "tool": "soft_ball"}
NECK = PRESS | {"muscle": "trapezius_upper"}
CALF = PRESS | {"muscle": "gastrocnemius_medial"}
SCM = PRESS | {"muscle": "scm_sternal", "tool": ""}
GUIDE = {"hold_s": 45, "intensity_from": 5, "intensity_to": 6, "repetitions": 2, "times_per_day": 2}
REASON = "Seen by the neurologist, letter is in the file."


def step(fields, **dose):
    return {
        **fields,
        "dose": {**FILLED[fields["exercise"]], **(GUIDE if fields["exercise"] in rules.PRESSING else {}), **dose},
    }


def programme_of(*steps, **fields):
    return {"title": "Neck and shoulders", "steps": list(steps)} | fields


# --- Through every entry point --------------------------------------------------------------------------------


class ByApi:
    def __init__(self, api):
        self.api = api

    def give(self, patient, body, overrides=()):
        """Start and publish; the status, and (pointer, code) of what is wrong."""
        made = self.api().post(f"/patients/{patient}/programmes/", body)
        assert made.status_code == 201, made.content
        return self.publish(made.json()["id"], overrides)

    def publish(self, programme, overrides=()):
        answer = self.api().post(f"/programmes/{programme}/publish/", {"overrides": list(overrides)})
        body = answer.json()
        return answer.status_code, body.get("code"), [(e["pointer"], e["code"]) for e in body.get("errors", [])]


class ByPage(ByApi):
    """The same through the builder's form: what the page shows stands in its text."""

    def __init__(self, api, cast):
        super().__init__(api)
        self.client = Browser()
        self.client.force_login(cast.therapist)

    def publish(self, programme, overrides=()):
        path = f"/programmes/{programme}/edit/"
        sent = form_of(self.client.get(path).content.decode()) | {"do": "publish"}
        for one in overrides:
            sent |= {f"override-{one['code']}": one["reason"], f"seen_by-{one['code']}": one.get("seen_by", "")}
            sent[f"seen_at-{one['code']}"] = one.get("seen_at", "")
        answer = self.client.post(path, sent)
        self.text = answer.content.decode()
        if answer.status_code == 302:
            return 200, None, []
        code = "red_flag_stop" if answer.status_code == 409 else "invalid"
        return answer.status_code, code, []


def form_of(text):
    text = text[text.index('id="builder"') :]
    sent = {}
    for tag in re.findall(r"<input[^>]*>", text):
        name, value = re.search(r' name="([\w-]+)"', tag), re.search(r' value="([^"]*)"', tag)
        if name and ("radio" not in tag or "checked" in tag):
            sent[name[1]] = value[1] if value else ""
    sent |= dict(re.findall(r'<textarea[^>]* name="([\w-]+)"[^>]*>([^<]*)</textarea>', text))
    for name, options in re.findall(r'<select[^>]* name="([\w-]+)"[^>]*>(.*?)</select>', text, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        sent[name] = chosen[1] if chosen else ""
    return sent


@pytest.fixture(params=["api", "page"])
def entry(request, api, cast):
    return ByApi(api) if request.param == "api" else ByPage(api, cast)


def examine(api, patient, *yes, **rows):
    exam = builders.exam(red_flags=builders.screen(yes=yes, **rows))
    exam["performed_at"] = timezone.now().isoformat()
    made = api().post(f"/patients/{patient}/assessments/", exam)
    assert made.status_code == 201, made.content
    return made.json()["id"]


def sign(api, exam):
    assert api().post(f"/assessments/{exam}/sign/").status_code in (200, 201)


def add_alert(api, patient, code, **place):
    body = {"alerts": [{"code": code, **place}]}
    answer = api().patch(f"/patients/{patient}/", body, If_Match="*")
    assert answer.status_code == 200, answer.content


@pytest.mark.parametrize(
    "exercise", ["self_pressure", "scan", "side_bends", "rotations", "chin_tuck", "neck_isometrics"]
)
@pytest.mark.parametrize("flag", NECK_FLAGS)
def test_a_red_flag_stops_a_step_of_the_neck(flag, exercise, api, patient):
    examine(api, patient, flag)
    fields = NECK if exercise == "self_pressure" else {"exercise": exercise}

    status, code, errors = ByApi(api).give(patient, programme_of(step(fields)))

    assert (status, code, errors) == (409, "red_flag_stop", [("/overrides", flag)])


def test_a_red_flag_stops_through_page_and_api(entry, api, patient, cast):
    sign(api, examine(api, patient, "vascular_5d_3n"))

    assert entry.give(patient, programme_of(step(NECK)))[:2] == (409, "red_flag_stop")
    with tenancy.scope(cast.clinic.pk):
        assert not Version.objects.exists()
    if isinstance(entry, ByPage):
        assert 'name="override-vascular_5d_3n"' in entry.text
        assert "Signs of cervical arterial dysfunction" in entry.text


def test_what_the_flag_says_nothing_of_passes(entry, api, patient):
    sign(api, examine(api, patient, "vascular_5d_3n"))

    calf = programme_of(step(CALF), step({"exercise": "ergonomics"}))
    assert entry.give(patient, calf)[0] == 200


@pytest.mark.parametrize(
    ("override", "pointers"),
    [
        ({"reason": "x", "seen_by": "Dr Lee", "seen_at": "2026-11-20T10:00:00Z"}, ["/overrides/0/reason"]),
        ({"reason": REASON}, ["/overrides/0/seen_by", "/overrides/0/seen_at"]),
        ({"reason": REASON, "seen_by": "Dr Lee", "seen_at": "2999-01-01T10:00:00Z"}, ["/overrides/0/seen_at"]),
    ],
)
def test_an_override_that_explains_nothing_is_none(override, pointers, api, patient):
    examine(api, patient, "severe_headache")

    status, _code, errors = ByApi(api).give(patient, programme_of(step(NECK)), [{"code": "severe_headache"} | override])

    assert status == 400
    assert [pointer for pointer, _code in errors] == pointers


def test_an_override_is_kept_by_name_audited_and_shown(entry, api, patient, cast):
    examine(api, patient, "vascular_5d_3n")
    override = {"code": "vascular_5d_3n", "reason": REASON, "seen_by": "Dr Lee", "seen_at": "2026-11-20T10:00:00Z"}
    if isinstance(entry, ByPage):
        override["seen_at"] = "2026-11-20T10:00"

    assert entry.give(patient, programme_of(step(NECK)), [override])[0] == 200

    with tenancy.scope(cast.clinic.pk):
        version = Version.objects.get()
        assert version.made_by_id == cast.therapist.pk
        assert [(one["code"], one["reason"], one["seen_by"]) for one in version.overrides] == [
            ("vascular_5d_3n", REASON, "Dr Lee")
        ]
        assert AuditEvent.objects.filter(action="programme.override", code="vascular_5d_3n").count() == 1
        programme = Programme.objects.get()
        assert programme.status == "active"
    page = Browser()
    page.force_login(cast.therapist)
    assert REASON in page.get(f"/programmes/{programme.pk}/").content.decode()
    assert api().get(f"/programmes/{programme.pk}/").json()["overrides"][0]["reason"] == REASON


def test_an_override_of_a_flag_that_stops_nothing_is_not_kept(api, patient, cast):
    override = {"code": "fever_infection", "reason": REASON}
    assert ByApi(api).give(patient, programme_of(step(NECK)), [override])[0] == 200
    with tenancy.scope(cast.clinic.pk):
        assert Version.objects.get().overrides == []


# --- Tools ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("muscle", ["scm_sternal", "scm_clavicular"])
@pytest.mark.parametrize("tool", ["soft_ball", "firm_ball", "medium_roller", "two_soft_balls"])
def test_no_ball_on_the_front_of_the_neck(tool, muscle, api, patient):
    status, _code, errors = ByApi(api).give(
        patient,
        programme_of(
            step({"exercise": "scan"}), step({"exercise": "rotations"}), step(SCM | {"muscle": muscle, "tool": tool})
        ),
    )
    assert (status, errors) == (400, [("/steps/2/tool", "not_for_this_muscle")])


def test_no_ball_on_the_front_of_the_neck_on_the_page(api, patient, cast):
    page = ByPage(api, cast)
    assert page.give(patient, programme_of(step(SCM | {"tool": "soft_ball"})))[0] == 400
    assert "This muscle must not be pressed with that." in page.text
    assert page.give(patient, programme_of(step(SCM | {"tool": "fingers"})))[0] == 200


def test_the_suboccipitals_take_two_soft_balls_only(api, patient):
    under_skull = PRESS | {"muscle": "suboccipitals"}
    refused = ByApi(api).give(patient, programme_of(step(under_skull)))
    assert refused[2] == [("/steps/0/tool", "not_for_this_muscle")]
    assert ByApi(api).give(patient, programme_of(step(under_skull | {"tool": "two_soft_balls"})))[0] == 200


def test_the_starter_pinches_the_front_of_the_neck_and_says_why():
    pressed = [{"muscle": "scm_sternal", "side": "left"}, {"muscle": "suboccipitals", "side": "right"}]
    tools = {key: muscle["self_pressure"]["tools"] for key, muscle in catalogue.MUSCLES.items()}

    pinch, under_skull = [s for s in rules.starter(pressed, tools=tools) if s["exercise"] == "self_pressure"]

    assert pinch["tool"] == ""
    assert (pinch["dose"]["intensity_from"], pinch["dose"]["intensity_to"]) == (3, 4)
    assert set(pinch["limit_reasons"]) == {"intensity_from", "intensity_to"}
    assert under_skull["tool"] == "two_soft_balls"
    ratings = {key: muscle["self_pressure"]["rating"] for key, muscle in catalogue.MUSCLES.items()}
    assert rules.check_steps(filled([pinch, under_skull]), ratings=ratings, tools=tools).errors == []
    from homecare import labels

    assert labels.dose_of(pinch).startswith("a light pinch between finger and thumb, ")
    assert labels.how_of(pinch).startswith("Hold the tender spot lightly")
    assert labels.drawing_of(pinch) == ""  # a drawing of a ball would say the opposite
    assert labels.drawing_of(under_skull) == labels.drawing("self_pressure_lying")


def test_a_light_dose_without_its_reason_is_asked_for():
    problems = rules.check_steps([step(SCM, intensity_from=3, intensity_to=4)], ratings={"scm_sternal": "caution"})
    assert [e.code for e in problems.errors] == ["reason_required", "reason_required"]


def test_the_starter_presses_active_points_only(api, patient, cast):
    signs = {"active": {}, "latent": {"recognised": "no"}, "undetermined": {"recognised": "not_asked"}}
    muscles = ["trapezius_upper", "levator_scapulae", "infraspinatus"]
    findings = [builders.finding(muscle=m, **fields) for m, fields in zip(muscles, signs.values(), strict=True)]
    exam = builders.exam(findings=findings, current_symptom="yes")
    made = api().post(f"/patients/{patient}/assessments/", exam)
    if made.status_code == 400:
        del exam["current_symptom"]
        made = api().post(f"/patients/{patient}/assessments/", exam)
    assert made.status_code == 201, made.content
    classes = [finding["class"] for finding in made.json()["findings"]]
    assert classes[0] == "active"
    assert "active" not in classes[1:]
    page = Browser()
    page.force_login(cast.therapist)

    page.post(f"/patients/{patient}/programmes/new/", {"from": "starter"})

    with tenancy.scope(cast.clinic.pk):
        steps = Programme.objects.get().draft["steps"]
    assert [s["muscle"] for s in steps if s["exercise"] == "self_pressure"] == ["trapezius_upper"]


# --- Notes and the picture ------------------------------------------------------------------------------------

CAREFUL = [key for key, muscle in catalogue.MUSCLES.items() if muscle["self_pressure"]["rating"] == "caution"]


def fitting(muscle):
    tool = catalogue.MUSCLES[muscle]["self_pressure"]["tools"][0]
    return step(PRESS | {"muscle": muscle, "tool": tool})


@pytest.mark.parametrize("language", ["en", "de"])
def test_each_caution_stands_on_page_sheet_and_builder_in_the_patients_language(language, cast, reachable):
    from django.utils.translation import gettext, override

    from homecare.programmes import actions
    from patients import actions as patients

    at = timezone.now()
    with tenancy.scope(cast.clinic.pk):
        patients.change_patient(patient=reachable, changes={"language": language}, by=cast.actor(), at=at)
        body = content(steps=[fitting(muscle) for muscle in CAREFUL])
        made = actions.start_programme(patient_id=reachable.pk, content=body, by=cast.actor(), at=at)
        programme = Programme.objects.select_related("patient").get(pk=made.pk)
        actions.publish(revision=None, programme=programme, by=cast.actor(), at=at)
        link = links.make(
            purpose="check_in",
            patient_id=reachable.pk,
            about_id=programme.pk,
            clinic_id=cast.clinic.pk,
            expires_at=at + timedelta(days=3),
        )
    visitor, therapist = Browser(), Browser()
    therapist.force_login(cast.therapist)
    visitor.post(f"/c/{links.token_of(link.pk)}/", {"year": "1980"})
    pages = {
        "patient": visitor.get("/c/today/"),
        "sheet": therapist.get(f"/programmes/{programme.pk}/sheet/"),
        "builder": therapist.get(f"/programmes/{programme.pk}/edit/"),
    }

    with override(language):
        notes = [gettext(catalogue.MUSCLES[muscle]["self_pressure"]["patient_note"]) for muscle in CAREFUL]
    if language == "de":
        assert not set(notes) & {catalogue.MUSCLES[muscle]["self_pressure"]["patient_note"] for muscle in CAREFUL}
    for name, page in pages.items():
        text = page.content.decode()
        assert page.status_code == 200, name
        for note in notes:
            assert note in text, (name, note)
        assert text.count('class="place-drawing" role="img"') == len(CAREFUL), name


def test_every_muscle_has_a_picture_on_its_side():
    from homecare import places

    for muscle in catalogue.MUSCLES:
        left, right = (places._find_drawing(muscle, side) for side in ("left", "right"))
        assert left, muscle
        assert right, muscle
        assert 'class="here"' in left[1]
        assert left != right, muscle
    assert 'aria-label="Where: Calf &lt;b&gt;"' in places.picture("soleus", "left", "Calf <b>")


# --- Alerts ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["clot", "lymphoedema", "osteoporosis", "neuropathy", "anticoagulant"])
def test_an_alert_asks_why_the_patient_may_press(code, entry, api, patient):
    # Of a clot that nobody has placed it is not known that it is elsewhere.
    add_alert(api, patient, code, **({"region": "leg", "side": "left"} if code == "clot" else {}))
    status, _code, errors = entry.give(patient, programme_of(step(NECK)))
    assert status == 400
    if not isinstance(entry, ByPage):
        assert errors == [(f"/steps/0/limit_reasons/alert_{code}", "reason_required")]

    short = programme_of(step(NECK | {"limit_reasons": {f"alert_{code}": "fine"}}))
    assert entry.give(patient, short)[0] == 400
    explained = programme_of(step(NECK | {"limit_reasons": {f"alert_{code}": REASON}}))
    assert entry.give(patient, explained)[0] == 200


@pytest.mark.parametrize("place", [{}, {"region": "leg", "side": "right"}, {"region": "thigh"}])
def test_a_clot_forbids_pressing_on_the_leg(place, entry, api, patient):
    add_alert(api, patient, "clot", **place)
    body = programme_of(step(CALF | {"limit_reasons": {"alert_clot": REASON}}))
    status, _code, errors = entry.give(patient, body)
    assert status == 400
    if not isinstance(entry, ByPage):
        assert errors == [("/steps/0/muscle", "alert_stop")]


def test_an_alert_of_the_other_arm_asks_nothing(api, patient):
    add_alert(api, patient, "lymphoedema", region="arm", side="left")
    forearm = PRESS | {"muscle": "brachioradialis"}
    assert ByApi(api).give(patient, programme_of(step(forearm | {"side": "left"})))[0] == 400
    assert ByApi(api).give(patient, programme_of(step(forearm | {"side": "right"})))[0] == 200


# --- Doses ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("exercise", "name"), [(c, n) for c, e in rules.EXERCISES.items() for n in e.required])
def test_no_step_reaches_the_patient_without_its_dose(exercise, name, api, patient):
    fields = NECK if exercise == "self_pressure" else {"exercise": exercise}
    body = programme_of(step(fields, **{name: None}))

    status, _code, errors = ByApi(api).give(patient, body)

    assert (status, errors) == (400, [(f"/steps/0/dose/{name}", "required")])


def test_the_clinics_own_exercise_needs_some_dose(api, patient):
    own = {"exercise": "own", "cue": "Walk to the shop.", "dose": {}}
    assert ByApi(api).give(patient, programme_of(own))[2] == [("/steps/0/dose", "required")]
    assert ByApi(api).give(patient, programme_of(own | {"dose": {"times_per_day": 1}}))[0] == 200


def test_more_than_ten_minutes_on_a_muscle_a_day_needs_a_reason(entry, api, patient):
    body = programme_of(step(NECK, hold_s=45, repetitions=7, times_per_day=2))  # 10.5 minutes
    assert entry.give(patient, body)[0] == 400
    if isinstance(entry, ByPage):
        assert "The limit is a proposal that no clinician has reviewed." in entry.text
    body["steps"][0]["limit_reasons"] = {"pressure_a_day": REASON}
    assert entry.give(patient, body)[0] == 200


def test_two_steps_on_one_muscle_count_together():
    ratings = {"trapezius_upper": "ok"}
    half = step(NECK, hold_s=30, repetitions=10, times_per_day=2)  # 10 minutes
    assert rules.check_steps([half], ratings=ratings).errors == []
    both = rules.check_steps([half, step(NECK)], ratings=ratings)
    assert [(e.pointer, e.code) for e in both.errors] == [("/steps/1/dose/times_per_day", "reason_required")]
    other_side = rules.check_steps([half, step(NECK | {"side": "left"})], ratings=ratings)
    assert other_side.errors == []


@pytest.mark.parametrize("exercise", [code for code in rules.EXERCISES if "repetitions" in rules.EXERCISES[code].dose])
def test_a_hundred_times_twenty_four_is_never_given(exercise, api, patient):
    fields = {"self_pressure": NECK, "own": {"exercise": "own", "cue": "Walk."}}.get(exercise, {"exercise": exercise})
    dose = {"repetitions": 100} | (
        {"times_per_day": 24} if "times_per_day" in rules.EXERCISES[exercise].dose else {"sets": 20}
    )
    reasons = dict.fromkeys([*rules.FIELDS, "pressure_a_day"], REASON)

    status, _code, errors = ByApi(api).give(patient, programme_of(step(fields | {"limit_reasons": reasons}, **dose)))

    assert status == 400
    assert {code for _pointer, code in errors} == {"out_of_range"}


def test_more_pain_than_five_needs_a_reason():
    bends = step({"exercise": "side_bends"}, pain_max=6)
    assert [e.code for e in rules.check_steps([bends], ratings={}).errors] == ["reason_required"]
    assert rules.check_steps([bends | {"limit_reasons": {"pain_max": "Agreed."}}], ratings={}).errors == []
    assert rules.check_steps([step({"exercise": "side_bends"}, pain_max=5)], ratings={}).errors == []


def test_a_firmer_tool_says_that_softer_is_often_enough():
    from homecare import labels
    from homecare.programmes import progress

    (move, *_rest) = progress.next_moves(step(NECK))
    assert "softer is often enough (source guide)" in labels.move(*move)
    assert "softer" not in labels.move("tool", "lying", "head_lift")
    allowed = catalogue.MUSCLES["suboccipitals"]["self_pressure"]["tools"]
    under_skull = step(PRESS | {"muscle": "suboccipitals", "tool": "two_soft_balls"})
    assert [what for what, *_ in progress.next_moves(under_skull, tools=allowed)] == ["repetitions"]


# --- Properties -----------------------------------------------------------------------------------------------

STEPS = st.builds(
    lambda exercise, muscle, side: {"exercise": exercise, "muscle": muscle, "side": side if muscle else None},
    st.sampled_from(list(rules.EXERCISES)),
    st.none() | st.sampled_from(list(catalogue.MUSCLES)),
    st.sampled_from(["left", "right"]),
)
AT = datetime(2026, 11, 20, tzinfo=UTC)
FLAGS = st.builds(
    lambda code, regions, side: OpenFlag(code, AT, regions=tuple(regions), side=side),
    st.sampled_from(list(RED_FLAGS)),
    st.lists(st.sampled_from(BODY_REGIONS), max_size=2),
    st.none() | st.sampled_from(["left", "right", "both"]),
)
ALERTS = st.builds(
    KnownAlert,
    st.sampled_from(list(patients.ALERTS)),
    st.none() | st.sampled_from(["left", "right", "both"]),
    st.none() | st.sampled_from(BODY_REGIONS),
)
QUICK = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)


def check(steps, *, flags=(), alerts=(), entries=DEFAULT_LIST):
    facts = PatientFacts(alerts=tuple(alerts), flags=FlagState(open=tuple(flags)))
    return safety.check_programme(steps, facts, muscles=safety_stops.MUSCLES, entries=entries, at=AT)


def refused_by_flags(steps, flags):
    return {one.flag.code for one in safety.unanswered_flags(check(steps, flags=flags).flags, [])}


def refused_by_alerts(steps, alerts):
    errors = safety.find_problems(check(steps, alerts=alerts), steps).errors
    return {(e.pointer.split("/")[2], e.code) for e in errors}


@QUICK
@given(steps=st.lists(STEPS, min_size=1, max_size=4), flags=st.lists(FLAGS, max_size=4), more=FLAGS)
def test_one_more_yes_never_lets_more_through(steps, flags, more):
    assert refused_by_flags(steps, flags) <= refused_by_flags(steps, [*flags, more])


@QUICK
@given(steps=st.lists(STEPS, min_size=1, max_size=3), alerts=st.lists(ALERTS, max_size=4), more=ALERTS)
def test_one_more_alert_never_lets_more_through(steps, alerts, more):
    before, after = refused_by_alerts(steps, alerts), refused_by_alerts(steps, [*alerts, more])
    assert {number for number, _code in before} <= {number for number, _code in after}
    assert {one for one in before if one[1] == "alert_stop"} <= after


@QUICK
@given(step=STEPS, flags=st.lists(FLAGS, max_size=4))
def test_leaving_the_muscle_empty_never_avoids_a_stop(step, flags):
    if rules.EXERCISES[step["exercise"]].regions:
        return  # where it works does not depend on a muscle
    empty = step | {"muscle": None, "side": None}
    assert refused_by_flags([step], flags) <= refused_by_flags([empty], flags)


def test_every_exercise_says_what_it_does_where():
    for code, exercise in rules.EXERCISES.items():
        uses = safety.uses_of({"exercise": code}, safety_stops.MUSCLES)
        assert uses, code
        assert all(use.technique for use in uses), code
        assert exercise.technique in ("", "advice", "exercise", "neck_movement", "self_pressure")


# --- While it runs --------------------------------------------------------------------------------------------

pytestmark = pytest.mark.django_db


@pytest.fixture
def active(cast, running):
    with tenancy.scope(cast.clinic.pk):
        return running(content=content(steps=[step(NECK)]))


def assert_stopped(cast, programme, flag):
    with tenancy.scope(cast.clinic.pk):
        programme.refresh_from_db()
        assert (programme.status, programme.stopped_flags) == ("paused", [flag])
        item = Item.objects.open().get(kind="programme_stopped")
        assert (item.about_id, item.facts) == (programme.pk, {"flags": [flag]})
        assert not Occurrence.objects.filter(status="planned").exists()
        assert AuditEvent.objects.filter(action="programme.stopped", code=flag).count() == 1
    page = Browser()
    page.force_login(cast.therapist)
    assert "by the safety check: red flag “" in page.get(f"/programmes/{programme.pk}/").content.decode()


def test_a_draft_through_the_api_pauses_it(api, active, cast):
    examine(api, active.patient_id, "vascular_5d_3n")
    assert_stopped(cast, active, "vascular_5d_3n")


def test_a_change_of_a_draft_through_the_api_pauses_it(api, active, cast):
    exam = examine(api, active.patient_id)
    flags = builders.screen(yes=["severe_headache"])
    assert api().patch(f"/assessments/{exam}/", {"red_flags": flags}, If_Match="*").status_code == 200
    assert_stopped(cast, active, "severe_headache")


def test_a_signed_no_that_was_an_error_pauses_it(api, active, cast):
    with tenancy.scope(cast.clinic.pk):
        Programme.objects.filter(pk=active.pk).update(status="draft")
    sign(api, examine(api, active.patient_id, "cauda_equina"))
    no = examine(api, active.patient_id)
    sign(api, no)
    with tenancy.scope(cast.clinic.pk):
        Programme.objects.filter(pk=active.pk).update(status="active")
    answer = api().post(f"/assessments/{no}/entered-in-error/", {"reason": "It was another patient's exam."})
    assert answer.status_code in (200, 201)
    assert_stopped(cast, active, "cauda_equina")


def test_what_stops_no_step_pauses_nothing(api, active, cast):
    examine(api, active.patient_id, "inflammatory", "night_pain_constant")
    with tenancy.scope(cast.clinic.pk):
        active.refresh_from_db()
        assert active.status == "active"


def test_it_goes_on_only_when_the_flag_is_settled(api, active, cast):
    exam = examine(api, active.patient_id, "vascular_5d_3n")
    path = f"/programmes/{active.pk}/resume/"
    refused = api().post(path)
    assert (refused.status_code, refused.json()["code"]) == (409, "red_flag_stop")
    assert refused.json()["errors"][0]["code"] == "vascular_5d_3n"
    page = Browser()
    page.force_login(cast.therapist)
    answer = page.post(path, follow=True)
    assert "Signs of cervical arterial dysfunction" in answer.content.decode()
    with tenancy.scope(cast.clinic.pk):
        active.refresh_from_db()
        assert active.status == "paused"

    flags = builders.screen()
    assert api().patch(f"/assessments/{exam}/", {"red_flags": flags}, If_Match="*").status_code == 200
    assert api().post(path).status_code == 200
    with tenancy.scope(cast.clinic.pk):
        active.refresh_from_db()
        assert (active.status, active.stopped_at, active.stopped_flags) == ("active", None, [])
        assert not Item.objects.open().filter(kind="programme_stopped").exists()
        assert Occurrence.objects.filter(status="planned").exists()


def test_a_new_version_with_an_override_goes_on_until_the_next_yes(api, active, cast):
    examine(api, active.patient_id, "vascular_5d_3n")
    body = programme_of(step(NECK))
    assert api().patch(f"/programmes/{active.pk}/", body, If_Match="*").status_code == 200
    override = {"code": "vascular_5d_3n", "reason": REASON, "seen_by": "Dr Lee", "seen_at": "2026-11-20T10:00:00Z"}
    assert ByApi(api).publish(active.pk, [override])[0] == 200
    assert api().post(f"/programmes/{active.pk}/resume/").status_code == 200

    examine(api, active.patient_id, "vascular_5d_3n")

    with tenancy.scope(cast.clinic.pk):
        active.refresh_from_db()
        assert active.status == "paused"


def test_an_alert_that_came_since_is_seen_when_it_goes_on(api, active):
    assert api().post(f"/programmes/{active.pk}/pause/").status_code == 200
    add_alert(api, active.patient_id, "anticoagulant")
    refused = api().post(f"/programmes/{active.pk}/resume/")
    assert refused.status_code == 400
    assert [e["code"] for e in refused.json()["errors"]] == ["reason_required"]


def test_two_records_that_become_one_bring_their_flags(api, active, cast):
    with tenancy.scope(cast.clinic.pk):
        other = builders.patient(cast.actor(), family_name="Okafor-Lee").pk
    examine(api, other, "severe_headache")
    merged = api(cast.owner).post(
        f"/patients/{active.patient_id}/merge/", {"into": str(other), "reason": "Same person."}
    )
    assert merged.status_code in (200, 201), merged.content
    with tenancy.scope(cast.clinic.pk):
        active.refresh_from_db()
        assert (active.status, active.stopped_flags) == ("paused", ["severe_headache"])


# --- Answers at home ------------------------------------------------------------------------------------------


@pytest.fixture
def visitor(cast, active):
    with tenancy.scope(cast.clinic.pk):
        link = links.make(
            purpose="check_in",
            patient_id=active.patient_id,
            about_id=active.pk,
            clinic_id=cast.clinic.pk,
            expires_at=timezone.now() + timedelta(days=3),
        )
    client = Browser()
    assert client.post(f"/c/{links.token_of(link.pk)}/", {"year": "1980"}).status_code == 302
    return client


STOPPING = {
    "fall_or_accident": "trauma_recent",
    "dizzy_or_sight": "vascular_5d_3n",
    "severe_headache": "severe_headache",
    "fever": "fever_infection",
    "weight_loss": "weight_loss_cancer_history",
    "bladder_or_bowel": "cauda_equina",
}


@pytest.mark.parametrize(("answer", "flag"), STOPPING.items())
def test_an_answer_at_home_pauses_it_and_tells_the_patient(answer, flag, visitor, active, api, cast):
    asked = visitor.get("/c/today/").content.decode()
    assert f'value="{answer}"' in asked

    assert visitor.post("/c/today/", {"wrong": answer, "pain": "3"}).status_code == 302

    assert_stopped(cast, active, flag)
    for path in ("/c/today/",):
        text = visitor.get(path).content.decode()
        assert "Please stop these exercises until your clinic has called you." in text
    thanks = visitor.get("/c/thanks/").content.decode()
    assert "Stop the exercises." in thanks
    state = api().get(f"/patients/{active.patient_id}/red-flags/").json()
    assert [(f["code"], f["is_from_home"], f["assessment_id"]) for f in state["open"]] == [(flag, True, None)]
    with tenancy.scope(cast.clinic.pk):
        kinds = set(Item.objects.open().values_list("kind", flat=True))
        assert kinds == {"red_flag", "programme_stopped"}


@pytest.mark.parametrize(("answer", "flag"), [("night_pain", "night_pain_constant"), ("numb_or_weak", "neuro_new")])
def test_an_answer_that_stops_nothing_raises_its_flag_all_the_same(answer, flag, visitor, active, api, cast):
    assert visitor.post("/c/today/", {"wrong": answer}).status_code == 302
    state = api().get(f"/patients/{active.patient_id}/red-flags/").json()
    assert [f["code"] for f in state["open"]] == [flag]
    with tenancy.scope(cast.clinic.pk):
        active.refresh_from_db()
        assert active.status == "active"


def test_taking_an_answer_back_at_home_lowers_nothing(visitor, active, api):
    visitor.post("/c/today/", {"wrong": "night_pain"})
    visitor.post("/c/today/", {"pain": "2"})
    state = api().get(f"/patients/{active.patient_id}/red-flags/").json()
    assert [f["code"] for f in state["open"]] == ["night_pain_constant"]


def test_a_flag_from_home_is_closed_by_a_signed_no_or_a_clearance(visitor, active, api):
    visitor.post("/c/today/", {"wrong": ["night_pain", "numb_or_weak"]})
    path = f"/patients/{active.patient_id}/red-flags/"
    cleared = {"code": "neuro_new", "kind": "examined", "reason": "Reflexes and strength are normal."}
    assert api().post(f"{path}clearances/", cleared).status_code == 201
    assert [f["code"] for f in api().get(path).json()["open"]] == ["night_pain_constant"]

    exam = examine(api, active.patient_id)
    assert [f["code"] for f in api().get(path).json()["open"]] == ["night_pain_constant"]  # a draft lowers nothing
    sign(api, exam)
    assert api().get(path).json()["open"] == []


def test_the_therapist_reads_that_it_came_from_home(visitor, active, cast):
    visitor.post("/c/today/", {"wrong": "night_pain"})
    page = Browser()
    page.force_login(cast.therapist)
    text = page.get(f"/patients/{active.patient_id}/red-flags/").content.decode()
    assert "by the patient at home" in text
    assert page.get(f"/patients/{active.patient_id}/").status_code == 200


def test_the_autosave_of_an_exam_pauses_it(api, active, cast):
    exam = api().post(f"/patients/{active.patient_id}/assessments/", builders.exam()).json()
    screen = Screen(cast.therapist, exam)
    assert screen.send(("pain_now", 4, 6)).status_code == 200
    with tenancy.scope(cast.clinic.pk):
        active.refresh_from_db()
        assert active.status == "active"

    answered = screen.send(("red_flags/trauma_recent/answer", "yes", None))

    assert answered.status_code == 200, answered.content
    assert_stopped(cast, active, "trauma_recent")


def test_a_date_that_brings_a_yes_behind_a_no_pauses_it(api, active, cast):
    early, late = timezone.now() - timedelta(days=3), timezone.now() - timedelta(days=2)
    yes = builders.exam(performed_at=early.isoformat(), red_flags=builders.screen(yes=["severe_headache"]))
    no = builders.exam(performed_at=late.isoformat(), red_flags=builders.screen())
    with tenancy.scope(cast.clinic.pk):
        Programme.objects.filter(pk=active.pk).update(status="draft")
    draft = api().post(f"/patients/{active.patient_id}/assessments/", yes).json()["id"]
    sign(api, api().post(f"/patients/{active.patient_id}/assessments/", no).json()["id"])
    with tenancy.scope(cast.clinic.pk):
        Programme.objects.filter(pk=active.pk).update(status="active")

    moved = api().patch(f"/assessments/{draft}/", {"performed_at": timezone.now().isoformat()}, If_Match="*")

    assert moved.status_code == 200
    assert_stopped(cast, active, "severe_headache")


def test_a_new_version_of_a_signed_no_pauses_it(api, active, cast):
    with tenancy.scope(cast.clinic.pk):
        Programme.objects.filter(pk=active.pk).update(status="draft")
    sign(api, examine(api, active.patient_id, "fever_infection"))
    no = examine(api, active.patient_id)
    sign(api, no)
    with tenancy.scope(cast.clinic.pk):
        Programme.objects.filter(pk=active.pk).update(status="active")
    revised = api().post(f"/assessments/{no}/revisions/").json()["id"]
    assert api().patch(f"/assessments/{revised}/", {"red_flags": []}, If_Match="*").status_code == 200
    sign(api, revised)
    assert_stopped(cast, active, "fever_infection")


@pytest.mark.parametrize("published", [True, False])
def test_earlier_programmes_and_templates_are_checked_like_any_other(published, api, patient, cast):
    """Whatever a draft was copied from, it passes the same gate."""
    page = Browser()
    page.force_login(cast.therapist)
    template = api().post("/programme-templates/", {"name": "Neck", "content": programme_of(step(NECK))}).json()["id"]
    source = f"template:{template}"
    if published:
        ByApi(api).give(patient, programme_of(step(NECK)))
        with tenancy.scope(cast.clinic.pk):
            programme = Programme.objects.get()
        assert api().post(f"/programmes/{programme.pk}/end/").status_code == 200
        source = f"programme:{programme.pk}"
    examine(api, patient, "severe_headache")

    made = page.post(f"/patients/{patient}/programmes/new/", {"from": source})

    programme = made["Location"].split("/")[2]
    assert ByApi(api).publish(programme)[:2] == (409, "red_flag_stop")


def test_a_template_with_a_ball_on_the_front_of_the_neck_is_refused(api):
    body = {"name": "Front", "content": programme_of(step(SCM | {"tool": "soft_ball"}))}
    refused = api().post("/programme-templates/", body)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "not_for_this_muscle")


def test_the_database_refuses_a_ball_on_the_front_of_the_neck(active, cast):
    statement = (
        "INSERT INTO homecare_step SELECT (jsonb_populate_record(s, jsonb_build_object('id', uuidv7(), "
        "'position', 99, 'muscle_id', 'scm_sternal'))).* FROM homecare_step s LIMIT 1"
    )
    refused = pytest.raises(Error, match="step_front_of_neck_without_tool")
    with tenancy.scope(cast.clinic.pk), connection.cursor() as cursor, refused, transaction.atomic():
        cursor.execute(statement)


def test_a_raised_flag_is_final(visitor, cast):
    visitor.post("/c/today/", {"wrong": "night_pain"})
    with tenancy.scope(cast.clinic.pk), connection.cursor() as cursor:
        for statement in ("UPDATE assessments_raisedflag SET code = code", "DELETE FROM assessments_raisedflag"):
            with pytest.raises(Error), transaction.atomic():
                cursor.execute(statement)
