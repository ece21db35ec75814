"""Adverse events through the API, the pages and SQL: recorded, asked about, counted."""

import csv
import io
import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from audit.models import AuditEvent
from database import tenancy
from messaging.models import Message
from patients import actions as patients
from patients.models import Patient
from records.models import Record
from tests import builders
from tests.reading import Browser
from treatments.adverse_events import queries
from treatments.models import AdverseEvent, AdverseEventAnswer, AdverseEventHomeAnswer
from worklist.models import Item

pytestmark = pytest.mark.django_db

NEXT_VISIT = "2026-11-24T09:50:00Z"
ADMITTED = {
    "codes": ["pneumothorax"], "severity": "serious", "onset_at": "2026-11-21T06:00:00Z", "outcome": "resolving",
    "duration_min": None, "told": ["patient", "emergency_services", "insurer"], "action": "Sent to hospital.",
}  # fmt: skip


@pytest.fixture
def treat(api, patient):
    """Record a session, sign it if asked to, and return its id."""
    is_ready = []

    def make(*, sign=True, **fields):
        if not is_ready:
            builders.ready(api(), patient)
            is_ready.append(True)
        body = builders.treatment(**{"interventions": [builders.needling()]} | fields)
        answer = api().post(f"/patients/{patient}/sessions/", body)
        assert answer.status_code == 201, answer.json()
        session = answer.json()["id"]
        if sign:
            signed = api().post(f"/sessions/{session}/sign/")
            assert signed.status_code == 200, signed.json()
        return session

    return make


@pytest.fixture
def record(api, patient):
    def make(session, **fields):
        answer = api().post(f"/patients/{patient}/adverse-events/", builders.adverse_event(session=session, **fields))
        assert answer.status_code == 201, answer.json()
        return answer.json()

    return make


def browser(person):
    client = Browser()
    client.force_login(person)
    return client


@pytest.fixture
def therapist(cast):
    return browser(cast.therapist)


def listed(api, patient):
    return api().get(f"/patients/{patient}/adverse-events/").json()["results"]


def problems(answer):
    assert answer.status_code == 400, answer.content
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


def rate_of(api, technique="dry_needling", **query):
    answer = api().get("/adverse-events/rates/", query)
    assert answer.status_code == 200, answer.json()
    return next(row for row in answer.json()["techniques"] if row["technique"] == technique)


# --- Recording ------------------------------------------------------------------------------------------------


def test_an_event_is_recorded_with_its_grade(api, patient, treat, record):
    session = treat()
    event = record(session)

    assert (event["status"], event["source"], event["version"]) == ("confirmed", "clinic", 1)
    assert (event["severity"], event["ctcae_grade"], event["duration_min"]) == ("mild", 1, 2880)
    assert event["session_id"] == session
    assert [row["event_id"] for row in listed(api, patient)] == [event["event_id"]]
    one = api().get(f"/patients/{patient}/adverse-events/{event['event_id']}/").json()
    assert [row["version"] for row in one["versions"]] == [1]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"codes": []}, ("/codes", "required")),
        ({"codes": ["toothache"]}, ("/codes/0", "invalid_choice")),
        ({"severity": "terrible"}, ("/severity", "invalid_choice")),
        ({"told": ["neighbour"]}, ("/told/0", "invalid_choice")),
        ({"onset_at": "2999-01-01T00:00:00Z"}, ("/onset_at", "in_future")),
        ({"onset_at": "2026-11-10T00:00:00Z"}, ("/onset_at", "before_treatment")),
        ({"outcome": "fatal"}, ("/severity", "must_be_serious")),
        ({"codes": ["other"]}, ("/note", "required")),
        ({"session": "00000000-0000-0000-0000-000000000000"}, ("/session", "unknown")),
        ({"grade": 4}, ("/grade", "unknown_field")),
    ],
)
def test_what_is_missing_or_cannot_be_is_named(api, patient, treat, fields, problem):
    body = builders.adverse_event(**{"session": treat(sign=False)} | fields)

    assert problem in problems(api().post(f"/patients/{patient}/adverse-events/", body))
    assert listed(api, patient) == []


def test_an_event_of_another_patients_session_is_refused(api, patient, treat):
    twin = api().post("/patients/", {"family_name": "Twin"}).json()["id"]
    body = builders.adverse_event(session=treat(sign=False))

    assert problems(api().post(f"/patients/{twin}/adverse-events/", body)) == [("/session", "unknown")]


def test_an_event_is_recorded_after_the_end_of_care(cast, api, patient, treat, record):
    session = treat()
    with tenancy.scope(cast.clinic.pk):
        Patient.objects.filter(pk=patient).update(status="discharged")

    assert record(session)["version"] == 1


def test_events_of_a_merged_record_are_the_survivors(cast, api, patient, treat, record):
    event = record(treat())
    with tenancy.scope(cast.clinic.pk):
        survivor = builders.patient(cast.actor(), family_name="Survivor")
        patients.merge_patients(
            revision=None,
            patient_id=patient,
            into_id=survivor.pk,
            reason="Same person.",
            by=cast.actor(),
            at=timezone.now(),
        )

    assert [row["event_id"] for row in listed(api, survivor.pk)] == [event["event_id"]]
    answer = api().post(
        f"/patients/{survivor.pk}/adverse-events/{event['event_id']}/versions/",
        builders.adverse_event(version=1, reason="It was the other arm.", severity="significant"),
    )
    assert answer.status_code == 201, answer.json()


# --- Correcting and dismissing --------------------------------------------------------------------------------


def test_a_correction_is_a_version_and_the_old_one_stays(api, patient, treat, record):
    path = f"/patients/{patient}/adverse-events/{record(treat())['event_id']}/"
    change = builders.adverse_event(version=1, severity="significant", causality="possible")

    assert problems(api().post(f"{path}versions/", change | {"reason": "Typo"})) == [("/reason", "too_short")]
    corrected = api().post(f"{path}versions/", change | {"reason": "A physician was seen."})
    assert corrected.status_code == 201, corrected.json()
    assert [(v["version"], v["severity"], v["ctcae_grade"]) for v in corrected.json()["versions"]] == [
        (2, "significant", 2),
        (1, "mild", 1),
    ]
    # Somebody who read the first version is told that it is not the newest.
    late = api().post(f"{path}versions/", change | {"reason": "I did not see that."})
    assert (late.status_code, late.json()["code"]) == (409, "event_changed")
    assert len(listed(api, patient)) == 1


def test_a_dismissed_event_stays_and_is_not_changed_again(api, patient, treat, record):
    path = f"/patients/{patient}/adverse-events/{record(treat())['event_id']}/"

    assert problems(api().post(f"{path}dismiss/", {"version": 1, "reason": "No."})) == [("/reason", "too_short")]
    dismissed = api().post(f"{path}dismiss/", {"version": 1, "reason": "It was another patient."}).json()
    assert (dismissed["status"], dismissed["reason"]) == ("dismissed", "It was another patient.")
    assert dismissed["codes"] == ["bruise"]
    again = api().post(f"{path}versions/", builders.adverse_event(version=2, reason="It was after all."))
    assert (again.status_code, again.json()["code"]) == (409, "event_dismissed")


# --- Serious ones ---------------------------------------------------------------------------------------------


def serious_items(cast):
    with tenancy.scope(cast.clinic.pk):
        return list(Item.objects.open().filter(kind="serious_event"))


def test_a_serious_event_is_on_the_owners_worklist_and_mailed_at_once(cast, api, patient, treat, record):
    session = treat()
    record(session)
    assert serious_items(cast) == []
    event = record(session, **ADMITTED)

    [item] = serious_items(cast)
    assert (str(item.about_id), item.facts) == (event["event_id"], {"codes": ["pneumothorax"], "grade": 3})
    assert item.due_at <= timezone.now()
    with tenancy.scope(cast.clinic.pk):
        [mail] = Message.objects.filter(kind="staff_alert")
    assert (mail.to_user_id, mail.about_id) == (cast.owner.pk, item.pk)
    page = browser(cast.owner).get("/worklist/?show=all").content.decode()
    assert f"/patients/{patient}/adverse-events/{event['event_id']}/" in page


def test_the_row_goes_when_it_was_not_serious_after_all(cast, api, patient, treat, record):
    path = f"/patients/{patient}/adverse-events/{record(treat(), **ADMITTED)['event_id']}/"
    milder = builders.adverse_event(version=1, reason="The X-ray was normal.")

    assert api().post(f"{path}versions/", milder).status_code == 201
    assert serious_items(cast) == []
    worse = builders.adverse_event(version=2, reason="The second X-ray was not.", **ADMITTED)
    assert api().post(f"{path}versions/", worse).status_code == 201
    assert len(serious_items(cast)) == 1
    fatal = ADMITTED | {"outcome": "fatal", "version": 3, "reason": "The patient died."}
    assert api().post(f"{path}versions/", builders.adverse_event(**fatal)).json()["ctcae_grade"] == 5
    with tenancy.scope(cast.clinic.pk):
        assert Message.objects.filter(kind="staff_alert").count() == 2  # not again for what the owner knows
    assert api().post(f"{path}dismiss/", {"version": 4, "reason": "It was another patient."}).status_code == 201
    assert serious_items(cast) == []


# --- Asked at the following visit -----------------------------------------------------------------------------


def asked(api, patient, about, answer, *, sign=True):
    body = builders.treatment(performed_at=NEXT_VISIT, adverse_events_asked=[{"about": about, "answer": answer}])
    made = api().post(f"/patients/{patient}/sessions/", body)
    assert made.status_code == 201, made.json()
    if sign:
        signed = api().post(f"/sessions/{made.json()['id']}/sign/")
        assert signed.status_code == 200, signed.json()
    return made.json()


def signed_document(cast, session):
    with tenancy.scope(cast.clinic.pk):
        record = Record.objects.get(subject_id=session)
        return json.loads(bytes(record.document))["content"]


def test_the_answer_is_signed_with_the_following_session(cast, api, patient, treat):
    first = treat()
    second = asked(api, patient, first, "none")

    assert second["adverse_events_asked"] == [{"about": first, "answer": "none"}]
    assert signed_document(cast, second["id"])["adverse_events_asked"] == [{"about": first, "answer": "none"}]
    # The first session was not asked about: its document lacks the key, like documents older than the question.
    assert "adverse_events_asked" not in signed_document(cast, first)
    assert api().get(f"/sessions/{first}/").json()["adverse_events_asked"] == []


def test_only_signed_sessions_of_the_patient_are_asked_about(api, patient, treat):
    draft = treat(sign=False)
    body = {"performed_at": NEXT_VISIT, "adverse_events_asked": [{"about": draft, "answer": "none"}]}
    path = f"/patients/{patient}/sessions/"

    assert problems(api().post(path, body)) == [("/adverse_events_asked/0/about", "unknown")]
    body["adverse_events_asked"][0]["about"] = str(uuid4())
    assert problems(api().post(path, body)) == [("/adverse_events_asked/0/about", "unknown")]
    first = treat()
    body["adverse_events_asked"] = [{"about": first, "answer": answer} for answer in ("none", "problems")]
    assert problems(api().post(path, body)) == [("/adverse_events_asked/1/about", "duplicate")]
    body["adverse_events_asked"] = [{"about": first, "answer": "not asked"}]
    assert problems(api().post(path, body)) == [("/adverse_events_asked/0/answer", "invalid_choice")]


def test_the_answer_goes_into_a_new_version(api, patient, treat):
    first = treat()
    second = asked(api, patient, first, "problems")
    revised = api().post(f"/sessions/{second['id']}/revisions/")

    assert revised.json()["adverse_events_asked"] == [{"about": first, "answer": "problems"}]


def test_the_session_screen_asks_and_saves(cast, api, patient, treat, therapist):
    first = treat()
    draft = treat(sign=False, performed_at=NEXT_VISIT)
    page = therapist.get(f"/sessions/{draft}/").content.decode()
    assert "Any problems after the last treatment?" in page
    assert "Dry needling" in page
    assert f"/patients/{patient}/adverse-events/new/?session={first}" in page

    def save(value, base=None):
        edit = {"id": str(uuid4()), "path": f"adverse_events_asked/{first}", "value": value, "base": base}
        body = {"tab": str(uuid4()), "revision": 1, "edits": [edit]}
        return therapist.post(f"/sessions/{draft}/changes/", json.dumps(body), content_type="application/json").json()

    assert save("maybe")["refused"]
    assert save("none")["refused"] == []
    assert api().get(f"/sessions/{draft}/").json()["adverse_events_asked"] == [{"about": first, "answer": "none"}]
    assert save(None, base="none")["refused"] == []
    assert api().get(f"/sessions/{draft}/").json()["adverse_events_asked"] == []


def test_the_first_session_asks_nothing(treat, therapist):
    draft = treat(sign=False)
    assert "Any problems after" not in therapist.get(f"/sessions/{draft}/").content.decode()
    assert "were not asked about" not in therapist.get(f"/documents/session/{draft}/review/").content.decode()


def test_the_review_says_that_nobody_asked(api, patient, treat, therapist):
    first = treat()
    draft = treat(sign=False, performed_at=NEXT_VISIT)
    assert (
        "Problems after the last treatment were not asked about"
        in therapist.get(f"/documents/session/{draft}/review/").content.decode()
    )

    api().request(
        "patch", f"/sessions/{draft}/", {"adverse_events_asked": [{"about": first, "answer": "none"}]}, If_Match="*"
    )
    page = therapist.get(f"/documents/session/{draft}/review/").content.decode()
    assert "Problems after the last treatment were not asked about" not in page
    assert "Problems after earlier treatments" in page


def test_advice_alone_is_no_treatment_to_ask_about(api, patient, treat, therapist):
    treat(interventions=[{"technique": "advice"}])
    draft = treat(sign=False, performed_at=NEXT_VISIT)
    assert "Any problems after" not in therapist.get(f"/sessions/{draft}/").content.decode()


# --- Rates ----------------------------------------------------------------------------------------------------


@pytest.fixture
def many(api, patient, treat):
    """25 signed needling sessions of one patient, of which the first 22 were asked about at the next visit."""
    builders.ready(api(), patient, performed_at="2026-11-01T08:00:00Z")
    daily = {**builders.needling(), "limit_reasons": {"interval": "For a test of rates."}}
    sessions = []
    for day in range(1, 26):
        asked_about = [{"about": sessions[-1], "answer": "none"}] if sessions and day <= 23 else []
        fields = {"adverse_events_asked": asked_about, "performed_at": f"2026-11-{day:02}T10:00:00Z"}
        fields["interventions"] = [daily]
        sessions.append(treat(**fields))
    return sessions


def test_rates_count_what_was_asked_about(cast, api, patient, many, record):
    record(many[0], onset_at="2026-11-02T10:00:00Z")
    record(many[24], onset_at="2026-11-25T11:00:00Z")
    dismissed = record(many[1], onset_at="2026-11-03T10:00:00Z")
    api().post(
        f"/patients/{patient}/adverse-events/{dismissed['event_id']}/dismiss/",
        {"version": 1, "reason": "It was another patient."},
    )
    rate = rate_of(api, since="2026-11-01", until="2026-11-30")

    assert (rate["sessions"], rate["asked"], rate["not_asked_pct"]) == (25, 22, 12.0)
    assert (rate["events"], rate["rate_pct"], rate["events_not_asked"]) == (1, 4.55, 1)
    assert {s["severity"]: s["upper_95_pct"] for s in rate["severities"]}["serious"] == 13.636
    assert [(one["events"], one["n"], one["rate_pct"]) for one in rate["published"]] == [
        (1463, 7629, 19.18),
        (0, 7629, 0.0),
        (7531, 20494, 36.75),
        (20, 20494, 0.098),
    ]
    assert api(cast.owner).get("/adverse-events/rates/").status_code == 200
    assert api(cast.stranger).get("/adverse-events/rates/").json()["techniques"] == []
    page = browser(cast.owner).get("/adverse-events/?since=2026-11-01&until=2026-11-30").content.decode()
    assert "1 event in 22 sessions that were asked about" in page
    assert "1463 of 7629" in page.replace(",", "")

    rows = list(csv.DictReader(io.StringIO(export(cast, "&table=rates"))))
    assert [(r["technique"], r["severity"], r["events"], r["sessions_asked"]) for r in rows] == [
        ("dry_needling", "all", "1", "22"),
        ("dry_needling", "mild", "1", "22"),
        ("dry_needling", "significant", "0", "22"),
        ("dry_needling", "serious", "0", "22"),
    ]
    events = list(csv.DictReader(io.StringIO(export(cast))))
    assert [(r["codes"], r["ctcae_grade"], r["collection"], r["session_asked_by"]) for r in events] == [
        ("bruise", "1", "systematic", "visit"),
        ("bruise", "1", "spontaneous", ""),
    ]
    assert events[0]["onset_after_h"] == "24.0"


def export(cast, more=""):
    answer = browser(cast.owner).get(f"/adverse-events/export/?since=2026-11-01&until=2026-11-30{more}")
    assert answer["Content-Type"].startswith("text/csv")
    text = answer.content.decode().removeprefix("\ufeff")
    assert "Okafor" not in text
    return text


def test_a_small_group_is_hidden(cast, api, patient, treat, record):
    first = treat()
    asked(api, patient, first, "problems")
    record(first)
    rate = rate_of(api)

    assert (rate["is_suppressed"], rate["asked"], rate["events"], rate["codes"]) == (True, None, None, [])
    page = browser(cast.owner).get("/adverse-events/").content.decode()
    assert "fewer than 20 sessions were asked about" in page


def test_a_draft_answer_counts_only_once_it_is_signed(cast, api, patient, treat):
    first = treat()
    second = asked(api, patient, first, "none", sign=False)
    with tenancy.scope(cast.clinic.pk):
        assert queries.find_ways_asked() == {}
    api().post(f"/sessions/{second['id']}/sign/")
    with tenancy.scope(cast.clinic.pk):
        assert list(queries.find_ways_asked().values()) == [{"visit"}]
    api().post(f"/sessions/{second['id']}/entered-in-error/", {"reason": "It was another patient."})
    with tenancy.scope(cast.clinic.pk):
        assert queries.find_ways_asked() == {}


def test_an_impossible_period_is_refused(cast, api):
    for query in ({"since": "2026-11-02", "until": "2026-11-01"}, {"since": "1999-01-01"}):
        assert [code for _pointer, code in problems(api().get("/adverse-events/rates/", query))] == ["invalid"]
    assert browser(cast.owner).get("/adverse-events/?since=x").status_code == 400


def test_rates_of_an_empty_clinic(cast):
    assert "No session was signed in this period." in browser(cast.owner).get("/adverse-events/").content.decode()


# --- Pages ----------------------------------------------------------------------------------------------------

FORM = {
    "codes": ["bruise", "itch"], "severity": "mild", "onset_at": "2026-11-20T11:00", "duration": "3",
    "duration_unit": "h", "causality": "probable", "outcome": "resolved", "told": ["patient"], "action": "None.",
}  # fmt: skip


def test_the_page_records_corrects_and_dismisses(api, patient, treat, therapist):
    session = treat()
    new = f"/patients/{patient}/adverse-events/new/"
    assert f'value="{session}" selected' in therapist.get(f"{new}?session={session}").content.decode()

    missing = therapist.post(new, FORM | {"session": "", "severity": "", "codes": []})
    assert missing.status_code == 400
    missing = therapist.post(new, {**FORM, "session": session, "severity": "", "codes": []})
    page = missing.content.decode()
    assert "Choose how bad it was." in page
    assert "Choose what happened." in page
    assert 'value="2026-11-20T11:00"' in page
    answer = therapist.post(new, FORM | {"session": session})
    assert answer.status_code == 302, answer.content.decode()
    [event] = listed(api, patient)
    assert (event["codes"], event["duration_min"], event["onset_at"]) == (
        ["bruise", "itch"],
        180,
        "2026-11-20T11:00:00Z",
    )

    path = f"/patients/{patient}/adverse-events/{event['event_id']}/"
    edit = therapist.get(f"{path}edit/").content.decode()
    assert 'name="duration" value="3"' in edit
    refused = therapist.post(f"{path}edit/", FORM | {"version": "1", "severity": "significant"})
    assert (refused.status_code, "10 characters or more" in refused.content.decode()) == (400, True)
    change = FORM | {"version": "1", "severity": "significant", "reason": "It was looked at again."}
    assert therapist.post(f"{path}edit/", change).status_code == 302
    assert therapist.post(f"{path}edit/", change).status_code == 409
    shown = therapist.get(path).content.decode()
    assert "1 earlier version" in shown
    assert "CTCAE grade 2" in shown
    assert therapist.post(f"{path}dismiss/", {"version": "2", "reason": "No"}).status_code == 400
    assert therapist.post(f"{path}dismiss/", {"version": "2", "reason": "It was another patient."}).status_code == 302
    assert "dismissed" in therapist.get(path).content.decode()
    assert "No adverse events recorded." in therapist.get(f"/patients/{patient}/").content.decode()


def test_the_patients_page_and_the_signed_page_show_events(cast, patient, treat, record, therapist):
    session = treat()
    signed_page = therapist.get(f"/documents/session/{session}/").content.decode()
    assert "No adverse events recorded for this session." in signed_page
    record(session, **ADMITTED)

    for path in (f"/patients/{patient}/", f"/documents/session/{session}/", f"/patients/{patient}/adverse-events/"):
        assert "Pneumothorax" in therapist.get(path).content.decode(), path
    staff = browser(cast.staff).get(f"/patients/{patient}/").content.decode()
    assert "Pneumothorax" not in staff


def test_pages_are_german(cast, patient, treat, record, therapist):
    record(treat(), **ADMITTED)
    patients_events = f"/patients/{patient}/adverse-events/"
    for path in (patients_events, f"{patients_events}new/", "/adverse-events/"):
        page = therapist.get(path, headers={"Accept-Language": "de"}).content.decode()
        assert "Unerwünschte" in page or "unerwünschte" in page, path


# --- Another clinic, and what SQL allows ----------------------------------------------------------------------


def test_another_clinic_sees_nothing(cast, api, patient, treat, record):
    session = treat()
    event = record(session)
    asked(api, patient, session, "none")
    stranger = api(cast.stranger)

    for path in (f"/patients/{patient}/adverse-events/", f"/patients/{patient}/adverse-events/{event['event_id']}/"):
        assert stranger.get(path).status_code == 404
    assert browser(cast.stranger).get(f"/patients/{patient}/adverse-events/").status_code == 404
    assert browser(cast.stranger).get("/adverse-events/export/").content.decode().count("\n") == 1
    with tenancy.scope(cast.other_clinic.pk):
        models = (AdverseEvent, AdverseEventAnswer, AdverseEventHomeAnswer)
        assert [model.objects.count() for model in models] == [0, 0, 0]


def copy_of(row, **changes):
    copy = type(row)(**{field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields})
    copy.pk = uuid4()
    for name, value in changes.items():
        setattr(copy, name, value)
    return copy


def test_no_event_points_into_another_clinic(cast, treat, record):
    record(treat())
    with tenancy.scope(cast.clinic.pk):
        event = AdverseEvent.objects.get()
    for clinic, problem in ((cast.clinic, "row-level security"), (cast.other_clinic, "foreign key")):
        copy = copy_of(event, clinic_id=clinic.pk, event_id=uuid4())
        with tenancy.scope(cast.other_clinic.pk), pytest.raises(DatabaseError, match=problem), transaction.atomic():
            copy.save(force_insert=True)


def test_events_are_final_and_answers_with_their_session(cast, api, patient, treat, record):
    session = treat()
    record(session)
    asked(api, patient, session, "none")
    with tenancy.scope(cast.clinic.pk):
        for change in (
            lambda: AdverseEvent.objects.update(severity="serious"),
            lambda: AdverseEvent.objects.all().delete(),
            lambda: AdverseEventAnswer.objects.update(answer="problems"),
            lambda: AdverseEventAnswer.objects.all().delete(),
            lambda: copy_of(AdverseEventAnswer.objects.get(), answer="problems").save(force_insert=True),
        ):
            with pytest.raises(DatabaseError), transaction.atomic():
                change()
        assert [row.answer for row in AdverseEventAnswer.objects.all()] == ["none"]


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 0},
        {"version": 1},
        {"status": "perhaps"},
        {"source": "check_in"},
        {"codes": ["toothache"]},
        {"codes": []},
        {"severity": None},
        {"severity": "terrible"},
        {"onset_at": None},
        {"causality": None},
        {"outcome": None},
        {"outcome": "fatal"},
        {"is_life_threatening": True},
        {"told": ["neighbour"]},
        {"recorded_by_id": None},
        {"status": "dismissed"},
    ],
)
def test_the_database_refuses_half_an_event(cast, treat, record, changes):
    record(treat())
    with tenancy.scope(cast.clinic.pk):
        row = copy_of(AdverseEvent.objects.get(), **{"version": 2} | changes)
        with pytest.raises(DatabaseError), transaction.atomic():
            row.save(force_insert=True)
        late = copy_of(AdverseEvent.objects.get(), version=2, onset_at=timezone.now() + timedelta(days=1))
        with pytest.raises(DatabaseError), transaction.atomic():
            late.save(force_insert=True)


def test_a_draft_with_an_event_is_not_discarded(api, treat, record):
    draft = treat(sign=False)
    record(draft)
    answer = api().request("delete", f"/sessions/{draft}/", If_Match="*")

    assert (answer.status_code, answer.json()["code"]) == (409, "session_has_events")


def test_what_is_done_is_audited(cast, api, patient, treat, record):
    event = record(treat())["event_id"]
    path = f"/patients/{patient}/adverse-events/{event}/"
    api().post(f"{path}versions/", builders.adverse_event(version=1, reason="It was the other arm."))
    api().post(f"{path}dismiss/", {"version": 2, "reason": "It was another patient."})

    with tenancy.scope(cast.clinic.pk):
        trail = AuditEvent.objects.filter(action__startswith="adverse_event.").order_by("id")
        assert [(row.action, str(row.target_id)) for row in trail] == [
            ("adverse_event.record", event),
            ("adverse_event.correct", event),
            ("adverse_event.dismiss", event),
        ]
        assert all(patient in row.patient_ids for row in trail)
