"""A running programme pauses on everything that the safety check stops, whoever wrote it and wherever."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import Membership
from audit.models import AuditEvent
from database import tenancy
from database.expressions import new_id
from homecare import maintenance, periodic
from homecare.models import Occurrence, Programme, ReminderPlan, Step, Version
from homecare.programmes import actions, safety_stops
from homecare.reminders import planning
from identity.actor import Actor
from messaging import checks, engine, links
from messaging.models import Message
from patients import actions as patients
from patients.models import Identifier, Patient
from tests import builders
from tests.homecare.conftest import FILLED, content
from tests.homecare.test_safety import CALF, NECK, PRESS, REASON, ByApi, add_alert, examine, programme_of, step
from tests.reading import revisions_on
from treatments import safety_lists
from worklist.models import Item
from worklist.web.labels import why

pytestmark = pytest.mark.django_db
NOW = timezone.now
OWN_RULE = {
    "level": "stop",
    "label": "No pressing of the upper trapezius",
    "reason": "In this clinic nobody presses the upper trapezius at home.",
    "source": "Decision of the team, November 2026",
    "tags": ["self_pressure"],
    "muscles": ["trapezius_upper"],
}


@pytest.fixture
def active(cast, running):
    with tenancy.scope(cast.clinic.pk):
        return running(content=content(steps=[step(NECK)]))


@pytest.fixture
def system(cast):
    return Actor.system(cast.clinic.pk, "reminders")


def assert_paused(cast, programme, *reasons, facts):
    with tenancy.scope(cast.clinic.pk):
        programme.refresh_from_db()
        assert (programme.status, programme.stopped_flags, programme.stopped_reasons) == ("paused", [], list(reasons))
        item = Item.objects.open().get(kind="programme_stopped")
        assert (item.about_id, item.facts) == (programme.pk, facts)
        assert not Occurrence.objects.filter(status="planned").exists()
        assert AuditEvent.objects.filter(action="programme.stopped", code=",".join(reasons)).count() == 1


def assert_runs(cast, programme):
    with tenancy.scope(cast.clinic.pk):
        programme.refresh_from_db()
        assert programme.status == "active"
        assert not Item.objects.open().filter(kind="programme_stopped").exists()


HYPERTENSION = "uncontrolled_hypertension"
BY_HYPERTENSION = (f"alert_{HYPERTENSION}",)
FACTS = {"alerts": [HYPERTENSION]}


def write_sql(cast, patient_id, code):
    """An alert that no action wrote."""
    with tenancy.scope(cast.clinic.pk), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO patients_alert (clinic_id, patient_id, code, note, source, reported_by, ended_reason)"
            " VALUES (%s, %s, %s, '', '', '', '')",
            [cast.clinic.pk, patient_id, code],
        )


# --- Every way in which an alert is written -------------------------------------------------------------------


def test_an_alert_through_the_api_pauses_it(api, active, cast):
    add_alert(api, active.patient_id, HYPERTENSION)
    assert_paused(cast, active, *BY_HYPERTENSION, facts=FACTS)


def test_an_alert_on_the_page_pauses_it(active, cast):
    page = Client()
    page.force_login(cast.therapist)
    answer = page.post(f"/patients/{active.patient_id}/alerts/", {"code": HYPERTENSION, "reported_by": "patient"})
    assert answer.status_code == 302, answer.content
    assert_paused(cast, active, *BY_HYPERTENSION, facts=FACTS)


def test_an_alert_by_its_action_pauses_it(active, cast):
    with tenancy.scope(cast.clinic.pk):
        patient = Patient.objects.get(pk=active.patient_id)
        patients.note_alert(patient=patient, alert=patients.NewAlert(HYPERTENSION), by=cast.actor(), at=NOW())
    assert_paused(cast, active, *BY_HYPERTENSION, facts=FACTS)


@pytest.mark.parametrize("entry", ["api", "admin", "command"])
def test_an_alert_of_an_import_pauses_it(entry, api, active, cast, tmp_path):
    """The import knows antithrombotics only; the clinic has made a stop of one of them."""
    made_stricter = {"code": "anticoagulant_self_pressure", "level": "stop"}
    assert api(cast.owner).post("/safety-list/", made_stricter).status_code == 201
    with tenancy.scope(cast.clinic.pk):
        Identifier.objects.create(
            clinic_id=cast.clinic.pk, patient_id=active.patient_id, system="urn:chart", value="4711"
        )
    patient = {
        "resourceType": "Patient",
        "id": "p1",
        "gender": "female",
        "birthDate": "1980-02-03",
        "name": [{"family": "Okafor", "given": ["Ada"]}],
        "identifier": [{"system": "urn:chart", "value": "4711"}],
    }
    warfarin = {
        "resourceType": "MedicationRequest",
        "id": "m1",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "medicationCodeableConcept": {"text": "Warfarin Sodium 5 MG"},
    }
    entries = [{"resource": patient}, {"resource": warfarin}]
    bundle = json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})
    if entry == "command":
        (tmp_path / "bundle.json").write_text(bundle)
        call_command("import_patients", str(tmp_path / "bundle.json"), clinic="harbour")
    elif entry == "admin":
        page = Client()
        page.force_login(cast.owner)
        upload = SimpleUploadedFile("bundle.json", bundle.encode())
        assert page.post("/admin/patients/patient/import/", {"upload": upload, "system": "x"}).status_code == 200
    else:
        sent = {"format": "fhir_json", "content": bundle}
        answer = api(cast.owner).post("/patients/imports/", sent)
        assert answer.status_code in (200, 201), answer.content
    assert_paused(cast, active, "alert_anticoagulant", facts={"alerts": ["anticoagulant"]})


@pytest.mark.parametrize("entry", ["api", "admin"])
def test_two_records_that_become_one_bring_their_alerts(entry, api, active, cast):
    with tenancy.scope(cast.clinic.pk):
        other = builders.patient(cast.actor(), family_name="Okafor-Lee").pk
    add_alert(api, other, HYPERTENSION)
    assert_runs(cast, active)
    if entry == "api":
        sent = {"into": str(other), "reason": "Same person."}
        assert api(cast.owner).post(f"/patients/{active.patient_id}/merge/", sent).status_code in (200, 201)
    else:
        page = Client()
        page.force_login(cast.owner)
        path = f"/admin/patients/patient/merge/?a={active.patient_id}&b={other}"
        answer = page.post(
            path, {"keep": str(active.patient_id), "reason": "Same person.", **revisions_on(page.get(path))}
        )
        assert answer.status_code == 302, answer.content
    assert_paused(cast, active, *BY_HYPERTENSION, facts=FACTS)


def test_an_alert_that_only_asks_for_a_reason_pauses_nothing_and_is_shown(api, active, cast):
    add_alert(api, active.patient_id, "anticoagulant")
    assert_runs(cast, active)
    page = Client()
    page.force_login(cast.therapist)
    text = page.get(f"/programmes/{active.pk}/").content.decode()
    assert "Anticoagulant: the patient should press gently; bruising is likely." in text


def test_an_alert_elsewhere_pauses_nothing(api, active, cast):
    add_alert(api, active.patient_id, "skin_condition", region="foot", side="left")
    assert_runs(cast, active)


def test_the_other_clinic_is_left_alone(api, active, cast):
    """The same alert and the same rule there, of a patient there."""
    with tenancy.scope(cast.other_clinic.pk):
        there = cast.actor(cast.stranger, clinic=cast.other_clinic)
        patient = builders.patient(there)
        patients.note_alert(patient=patient, alert=patients.NewAlert(HYPERTENSION), by=there, at=NOW())
        maintenance.check_all_safety(by=Actor.system(cast.other_clinic.pk, "reminders"), at=NOW())
    assert_runs(cast, active)


# --- What no action wrote -------------------------------------------------------------------------------------


def make_due():
    Occurrence.objects.filter(kind="check_in").update(due_at=NOW() - timedelta(minutes=1))
    return Occurrence.objects.filter(kind="check_in").count()


def test_nobody_is_reminded_of_what_an_alert_by_sql_stops(active, cast, system):
    with tenancy.scope(cast.clinic.pk):
        count = make_due()
        assert count > 1
    write_sql(cast, active.patient_id, HYPERTENSION)
    assert_runs(cast, active)
    with tenancy.scope(cast.clinic.pk):
        assert planning.promote_due(by=system, at=NOW()) == count
        assert not Message.objects.filter(kind="check_in").exists()
        assert not Occurrence.objects.filter(status="owed").exists()
    assert_paused(cast, active, *BY_HYPERTENSION, facts=FACTS)


def test_a_reminder_that_waited_for_the_morning_does_not_go_out(active, cast, system):
    with tenancy.scope(cast.clinic.pk):
        make_due()
        planning.promote_due(by=system, at=NOW())
        message = Message.objects.filter(kind="check_in").select_related("patient", "link", "to_user").first()
        how = engine.sending_of(cast.clinic.pk)

        def refused(now):
            found = checks.refusal(message, cast.clinic, how, now=now, has_provider=True)
            return found.reason if found else None

        message.late_at = NOW() + timedelta(days=1)
        later = message.due_at + timedelta(minutes=30)
        assert refused(later) is None
    write_sql(cast, active.patient_id, HYPERTENSION)
    with tenancy.scope(cast.clinic.pk):
        assert refused(later) == "not_wanted"


def test_nothing_is_sent_by_hand_either(api, active, cast):
    write_sql(cast, active.patient_id, HYPERTENSION)
    refused = api().post(f"/programmes/{active.pk}/send-link/")
    assert (refused.status_code, refused.json()["code"]) == (409, "safety_stop")
    with tenancy.scope(cast.clinic.pk):
        assert not Message.objects.exists()


@pytest.mark.parametrize("reminds", [True, False])
def test_the_daily_look_finds_an_alert_by_sql(reminds, active, cast, system):
    with tenancy.scope(cast.clinic.pk):
        if not reminds:
            ReminderPlan.objects.all().delete()
    write_sql(cast, active.patient_id, HYPERTENSION)
    maintenance.look_after(by=system, at=NOW())
    assert_runs(cast, active)  # it was checked when it was given, less than a day ago
    maintenance.look_after(by=system, at=NOW() + timedelta(days=1))
    assert_paused(cast, active, *BY_HYPERTENSION, facts=FACTS)


def test_the_daily_look_looks_once_a_day(active, cast, system):
    with tenancy.scope(cast.clinic.pk):
        at = NOW() + timedelta(days=1)
        assert maintenance.check_safety(by=system, at=at) == 1
        assert maintenance.check_safety(by=system, at=at) == 0
        assert maintenance.check_safety(by=system, at=at + timedelta(days=1)) == 1


def test_the_planner_plans_nothing_for_what_is_stopped(active, cast, system):
    write_sql(cast, active.patient_id, HYPERTENSION)
    with tenancy.scope(cast.clinic.pk):
        ReminderPlan.objects.update(planned_on=None)
        maintenance.plan_days(by=system, at=NOW())
    assert_paused(cast, active, *BY_HYPERTENSION, facts=FACTS)


def test_a_flag_by_sql_is_found_too(active, cast, system):
    with tenancy.scope(cast.clinic.pk), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO assessments_raisedflag"
            " (clinic_id, patient_id, code, source, source_id, raised_at, table_version)"
            " VALUES (%s, %s, 'severe_headache', 'home_check_in', uuidv7(), now(), 1)",
            [cast.clinic.pk, active.patient_id],
        )
        make_due()
        planning.promote_due(by=system, at=NOW() + timedelta(seconds=1))
        active.refresh_from_db()
        assert (active.status, active.stopped_flags) == ("paused", ["severe_headache"])


# --- The patient's page ---------------------------------------------------------------------------------------


@pytest.fixture
def visitor(cast, active):
    with tenancy.scope(cast.clinic.pk):
        link = links.make(
            purpose="check_in",
            patient_id=active.patient_id,
            about_id=active.pk,
            clinic_id=cast.clinic.pk,
            expires_at=NOW() + timedelta(days=3),
        )
    client = Client()
    assert client.post(f"/c/{links.token_of(link.pk)}/", {"year": "1980"}).status_code == 302
    return client


STOPPED_TEXT = "Please stop these exercises until your clinic has called you."


def test_the_patient_reads_it_on_the_links_page(api, visitor, active):
    assert STOPPED_TEXT not in visitor.get("/c/today/").content.decode()
    add_alert(api, active.patient_id, HYPERTENSION)
    assert STOPPED_TEXT in visitor.get("/c/today/").content.decode()


def test_the_links_page_asks_by_itself(visitor, active, cast):
    write_sql(cast, active.patient_id, HYPERTENSION)
    assert STOPPED_TEXT in visitor.get("/c/today/").content.decode()


def test_what_the_patient_had_filled_in_is_kept_and_then_it_pauses(visitor, active, cast):
    visitor.get("/c/today/")
    write_sql(cast, active.patient_id, HYPERTENSION)
    assert visitor.post("/c/today/", {"pain": "7", "wrong": "chest"}).status_code == 302
    assert_paused(cast, active, *BY_HYPERTENSION, facts=FACTS)
    with tenancy.scope(cast.clinic.pk):
        assert active.check_ins.get().pain == 7
        assert Item.objects.open().filter(kind="red_flag").exists()


def test_the_calendar_is_empty_for_what_is_stopped(active, cast):
    with tenancy.scope(cast.clinic.pk):
        url = actions.calendar_link(programme=active, by=cast.actor(), at=NOW())
    path = "/c/calendar/" + url.rstrip("/").rsplit("/", 1)[1] + ".ics"
    assert b"BEGIN:VEVENT" in Client().get(path).content
    write_sql(cast, active.patient_id, HYPERTENSION)
    assert b"BEGIN:VEVENT" not in Client().get(path).content


# --- Where it is worded ---------------------------------------------------------------------------------------


def test_the_pause_names_the_alert_wherever_the_clinic_reads_of_it(api, active, cast):
    add_alert(api, active.patient_id, HYPERTENSION)
    page = Client()
    page.force_login(cast.therapist)
    named = "alert “Severe uncontrolled hypertension”"
    for path in (
        f"/programmes/{active.pk}/",
        f"/programmes/{active.pk}/sheet/",
        f"/patients/{active.patient_id}/",
        f"/patients/{active.patient_id}/home/",
        "/worklist/",
    ):
        answer = page.get(path)
        assert answer.status_code == 200, path
        assert named in answer.content.decode(), path
    shown = api().get(f"/programmes/{active.pk}/").json()
    assert (shown["stopped_flags"], shown["stopped_reasons"]) == ([], [f"alert_{HYPERTENSION}"])


def test_the_worklist_names_the_flag(api, active, cast):
    examine(api, active.patient_id, "severe_headache")
    with tenancy.scope(cast.clinic.pk):
        text = why(Item.objects.open().get(kind="programme_stopped"))
    assert text == "Home programme paused by the safety check: red flag “Sudden or worst-ever headache”"


def test_it_goes_on_when_the_alert_has_ended(api, active, cast):
    add_alert(api, active.patient_id, HYPERTENSION)
    path = f"/programmes/{active.pk}/resume/"
    refused = api().post(path)
    assert (refused.status_code, [(e["pointer"], e["code"]) for e in refused.json()["errors"]]) == (
        400,
        [("/steps/0/muscle", "alert_stop")],
    )
    sent = {"alerts": [], "alerts_ended_reason": "Blood pressure is normal again."}
    assert api().patch(f"/patients/{active.patient_id}/", sent, If_Match="*").status_code == 200
    assert api().post(path).status_code == 200
    assert_runs(cast, active)
    with tenancy.scope(cast.clinic.pk):
        assert (active.stopped_at, active.stopped_reasons) == (None, [])


# --- The clinic's own list, and tools -------------------------------------------------------------------------


def test_a_rule_of_the_clinic_pauses_what_runs(api, active, cast, django_capture_on_commit_callbacks, monkeypatch):
    asked = []
    monkeypatch.setattr(periodic.check_safety, "delay", lambda *args: asked.append(args))
    with django_capture_on_commit_callbacks(execute=True):
        added = api(cast.owner).post("/safety-list/", OWN_RULE)
    assert added.status_code == 201, added.content
    assert asked == [(str(cast.clinic.pk),)]

    assert periodic.check_safety(str(cast.clinic.pk)) == 1

    assert_paused(cast, active, "rule_own_1", facts={"rules": ["own_1"]})
    page = Client()
    page.force_login(cast.therapist)
    text = page.get(f"/programmes/{active.pk}/").content.decode()
    assert "rule “No pressing of the upper trapezius”" in text
    assert OWN_RULE["reason"] in text
    assert "a rule of the clinic&#x27;s own safety list" in page.get("/worklist/").content.decode()


def test_a_rule_of_the_other_clinic_says_nothing_here(api, active, cast):
    with tenancy.scope(cast.other_clinic.pk):
        Membership.objects.filter(user=cast.stranger).update(role="owner")
        owner = cast.actor(cast.stranger, clinic=cast.other_clinic)
        safety_lists.add_entry(entry=OWN_RULE | {"is_overridable": True}, by=owner, at=NOW())
    with tenancy.scope(cast.clinic.pk):
        assert not safety_stops.find_stops(active, at=NOW())


@pytest.mark.parametrize("level", ["caution", "acknowledge", "stop"])
def test_a_rule_of_the_clinic_counts_when_a_programme_is_given(level, api, patient, cast):
    assert api(cast.owner).post("/safety-list/", OWN_RULE | {"level": level}).status_code == 201
    given = ByApi(api).give(patient, programme_of(step(NECK)))
    expected = {
        "caution": (200, []),
        "acknowledge": (400, [("/steps/0/limit_reasons/rule_own_1", "reason_required")]),
        "stop": (400, [("/steps/0/muscle", "safety_stop")]),
    }[level]
    assert (given[0], given[2]) == expected
    if level == "acknowledge":
        explained = programme_of(step(NECK | {"limit_reasons": {"rule_own_1": REASON}}))
        assert ByApi(api).give(patient, explained)[0] == 200
        with tenancy.scope(cast.clinic.pk):
            programme = Programme.objects.get(status="active")
        page = Client()
        page.force_login(cast.therapist)
        text = page.get(f"/programmes/{programme.pk}/").content.decode()
        assert "Safety list, “No pressing of the upper trapezius”: why may the patient do this?" in text
        assert REASON in text


def test_a_caution_of_a_muscle_that_a_clinic_made_a_stop_counts_at_home(api, patient, cast):
    stricter = {"code": "near_calf_dvt", "level": "stop"}
    assert api(cast.owner).post("/safety-list/", stricter).status_code == 201
    assert ByApi(api).give(patient, programme_of(step(CALF)))[2] == [("/steps/0/muscle", "safety_stop")]
    assert ByApi(api).give(patient, programme_of(step(NECK)))[0] == 200


def test_an_old_step_with_a_ball_where_none_must_be_is_paused(active, cast, system):
    """Given before the muscle had tools of its own."""
    with tenancy.scope(cast.clinic.pk):
        version = Version(
            id=new_id(),
            clinic_id=cast.clinic.pk,
            programme=active,
            number=2,
            title="Old",
            made_by=cast.therapist,
            made_at=NOW(),
        )
        version.save(force_insert=True)
        old = Step(
            id=new_id(),
            clinic_id=cast.clinic.pk,
            version=version,
            lasting=new_id(),
            position=0,
            exercise="self_pressure",
            muscle_id="suboccipitals",
            side="right",
            tool="soft_ball",
            **FILLED["self_pressure"],
            hold_s=45,
            intensity_from=5,
            intensity_to=6,
        )
        old.save(force_insert=True)
        assert maintenance.check_safety(by=system, at=NOW() + timedelta(days=1)) == 1
    assert_paused(cast, active, "muscle_suboccipitals", facts={"muscles": ["suboccipitals"]})
    with tenancy.scope(cast.clinic.pk):
        assert "“Suboccipital group” must not be pressed" in why(Item.objects.open().get(kind="programme_stopped"))


@pytest.mark.parametrize("muscle", ["scm_sternal", "scm_clavicular"])
def test_a_ball_on_the_front_of_the_neck_stops_what_runs(muscle, active, cast, monkeypatch):
    """Rows from before the database refused them can't be written any more; the check reads them as they were."""
    old = step(PRESS | {"muscle": muscle, "tool": "soft_ball"})
    monkeypatch.setattr(safety_stops, "facts_of", lambda _step: old)
    with tenancy.scope(cast.clinic.pk):
        assert safety_stops.find_stops(active, at=NOW()).muscles == (muscle,)


# --- What is shown before it is given -------------------------------------------------------------------------


def test_the_api_says_what_the_check_found(api, patient):
    add_alert(api, patient, "anticoagulant")
    made = api().post(f"/patients/{patient}/programmes/", programme_of(step(NECK), step({"exercise": "chin_tuck"})))
    answer = api().get(f"/programmes/{made.json()['id']}/safety/").json()
    assert (answer["list_version"], answer["reviewed"], answer["is_draft"]) == ("2", False, True)
    [finding] = answer["findings"]
    assert (finding["pointer"], finding["level"], finding["code"], finding["name"]) == (
        "/steps/0",
        "acknowledge",
        "anticoagulant_self_pressure",
        "alert_anticoagulant",
    )
    assert (finding["takes_reason"], finding["is_explained"]) == (True, False)
    assert finding["source"]


def test_a_refusal_names_reason_and_source(api, patient):
    add_alert(api, patient, HYPERTENSION)
    made = api().post(f"/patients/{patient}/programmes/", programme_of(step(NECK))).json()["id"]
    [error] = api().post(f"/programmes/{made}/publish/", {"overrides": []}).json()["errors"]
    assert (error["pointer"], error["code"]) == ("/steps/0/muscle", "alert_stop")
    assert error["params"]["entry"] == HYPERTENSION
    assert error["params"]["level"] == "stop"
    assert error["params"]["source"]
    assert error["params"]["reason"] in error["detail"]


@pytest.mark.parametrize("flag", ["night_pain_constant", "psych_safety"])
def test_a_flag_to_acknowledge_needs_a_reason_once(flag, api, patient, cast):
    examine(api, patient, flag)
    body = programme_of(step(NECK), step({"exercise": "chin_tuck"}))
    assert ByApi(api).give(patient, body)[::2] == (400, [("/overrides", "reason_required")])
    assert ByApi(api).give(patient, body, [{"code": flag, "reason": "short"}])[0] == 400
    assert ByApi(api).give(patient, body, [{"code": flag, "reason": REASON}])[0] == 200
    with tenancy.scope(cast.clinic.pk):
        programme = Programme.objects.get(status="active")
    page = Client()
    page.force_login(cast.therapist)
    assert REASON in page.get(f"/programmes/{programme.pk}/").content.decode()


def test_the_builder_asks_for_the_reason_of_a_flag_and_shows_cautions(api, patient, cast):
    examine(api, patient, "night_pain_constant")
    add_alert(api, patient, "pregnancy")
    made = api().post(f"/patients/{patient}/programmes/", programme_of(step(NECK))).json()["id"]
    page = Client()
    page.force_login(cast.therapist)
    text = page.get(f"/programmes/{made}/edit/").content.decode()
    assert 'name="override-night_pain_constant"' in text
    assert "Pregnancy: press gently, and choose a comfortable position." in text


def test_a_reason_passes_a_stop_of_the_clinics_own_exercise_only(api, patient):
    """Only the therapist knows whether it presses; a step that presses is never passed."""
    add_alert(api, patient, HYPERTENSION)
    own = {"exercise": "own", "cue": "Walk to the shop.", "dose": {"times_per_day": 1}}
    name = f"alert_{HYPERTENSION}"
    assert ByApi(api).give(patient, programme_of(own))[2] == [(f"/steps/0/limit_reasons/{name}", "reason_required")]
    pressed = step(NECK | {"limit_reasons": {name: REASON}})
    assert ByApi(api).give(patient, programme_of(pressed))[2] == [("/steps/0/muscle", "alert_stop")]
    assert ByApi(api).give(patient, programme_of(own | {"limit_reasons": {name: REASON}}))[0] == 200


def test_a_clot_that_nobody_has_placed_stops_all_pressing(api, patient):
    add_alert(api, patient, "clot")
    explained = step(NECK | {"limit_reasons": {"alert_clot": REASON}})
    assert ByApi(api).give(patient, programme_of(explained))[2] == [("/steps/0/muscle", "alert_stop")]
    assert ByApi(api).give(patient, programme_of(step({"exercise": "chin_tuck"})))[0] == 200
