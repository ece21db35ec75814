"""The patient's page, as a browser without scripts sees it."""

from __future__ import annotations

import gzip
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditEvent
from database import tenancy
from homecare import queries
from homecare.models import CheckIn, Programme, StepAnswer
from homecare.programmes import actions
from messaging import actions as messages
from messaging import links
from messaging.models import Link, Message, Sending
from patients.queries import zone_of
from worklist.models import Item

pytestmark = pytest.mark.django_db


@pytest.fixture
def programme(cast, running):
    with tenancy.scope(cast.clinic.pk):
        return running()


@pytest.fixture
def link(cast, programme):
    with tenancy.scope(cast.clinic.pk):
        return links.make(
            purpose="check_in",
            patient_id=programme.patient_id,
            about_id=programme.pk,
            expires_at=timezone.now() + timedelta(days=3),
            clinic_id=cast.clinic.pk,
        )


def address(link):
    return f"/c/{links.token_of(link.pk)}/"


@pytest.fixture
def visitor(link):
    client = Client()
    assert client.post(address(link), {"year": "1980"}).status_code == 302
    return client


def fresh(cast, model, **options):
    with tenancy.scope(cast.clinic.pk):
        return model.objects.get(**options)


def steps_of(cast, programme):
    with tenancy.scope(cast.clinic.pk):
        return queries.current_version(programme)[1]


# --- Opening --------------------------------------------------------------------------------------------------


def test_the_year_opens_it_and_the_address_says_nothing(link, cast):
    client = Client()
    asked = client.get(address(link))
    assert b"year of birth" in asked.content
    assert b"Okafor" not in asked.content

    answer = client.post(address(link), {"year": "1980"})

    assert answer["Location"] == "/c/today/"
    page = client.get("/c/today/")
    assert page.status_code == 200
    assert b"Hello Ada" in page.content
    assert b"Chin tuck" in page.content
    for cookie in client.cookies.values():
        if cookie.key in ("visit", "device"):
            assert cookie["httponly"]
            assert cookie["samesite"] == "Lax"
    assert fresh(cast, Link, pk=link.pk).opened_at is not None


@pytest.mark.parametrize("method", ["get", "head"])
def test_a_link_scanner_changes_nothing(method, link, cast, django_assert_num_queries):
    client = Client()
    with django_assert_num_queries(0):
        for _ in range(3):
            answer = getattr(client, method)(address(link), headers={"Purpose": "prefetch", "Sec-Purpose": "prefetch"})
            assert answer.status_code == 200
    after = fresh(cast, Link, pk=link.pk)
    assert (after.opened_at, after.used_at, after.wrong_answers) == (None, None, 0)
    assert answer["Referrer-Policy"] == "strict-origin"
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert "no-store" in answer["Cache-Control"]


def closed(link, how, cast):
    """A token that must not open, and the year to try."""
    now = timezone.now()
    with tenancy.scope(cast.clinic.pk):
        if how == "guessed":
            return "/c/AAAAAAAAAAAAAAAAAAAAAAAAAAA/", "1980"
        if how == "expired":
            Link.objects.filter(pk=link.pk).update(expires_at=now - timedelta(seconds=1))
        elif how == "reused":
            Link.objects.filter(pk=link.pk).update(used_at=now)
        elif how == "revoked":
            Link.objects.filter(pk=link.pk).update(revoked_at=now)
        elif how == "too often":
            Link.objects.filter(pk=link.pk).update(wrong_answers=5)
        elif how == "of another purpose":
            Link.objects.filter(pk=link.pk).update(purpose="stop")
        elif how == "wrong year":
            return address(link), "1981"
    return address(link), "1980"


def open_again(link, cast):
    with tenancy.scope(cast.clinic.pk):
        Link.objects.filter(pk=link.pk).update(
            purpose="check_in",
            used_at=None,
            revoked_at=None,
            wrong_answers=0,
            expires_at=timezone.now() + timedelta(days=1),
        )


CLOSED = ["guessed", "expired", "reused", "revoked", "too often", "of another purpose", "wrong year"]


def plain(answer):
    text = re.sub(rb'value="[^"]*"|nonce="[^"]*"|X-CSRFToken": "[^"]*"', b"", answer.content)
    return answer.status_code, text


def test_a_closed_token_always_says_the_same(link, cast):
    said = set()
    for how in CLOSED:
        open_again(link, cast)
        path, year = closed(link, how, cast)
        client = Client()
        assert plain(client.get(path))[0] == 200
        said.add(plain(client.post(path, {"year": year})))
    assert len(said) == 1
    assert said.pop()[0] == 404


def test_a_closed_token_takes_the_same_statements(link, cast):
    """The same work, in the same order, whatever is wrong: so it takes the same time."""
    found = {}
    for how in CLOSED:
        open_again(link, cast)
        path, year = closed(link, how, cast)
        with CaptureQueriesContext(connection) as captured:
            Client().post(path, {"year": year})
        statements = [re.sub(r"'[^']*'|\b\d+\b|\\w{30,}", "?", q["sql"]) for q in captured]
        found[how] = [s.split(" WHERE ")[0] for s in statements if "SAVEPOINT" not in s]

    assert len(found["guessed"]) == 13
    assert {how: shape for how, shape in found.items() if shape != found["guessed"]} == {}


def test_wrong_years_close_a_link(link, cast):
    client = Client()
    for year in range(1940, 1945):
        assert client.post(address(link), {"year": str(year)}).status_code == 404

    assert client.post(address(link), {"year": "1980"}).status_code == 404
    with tenancy.scope(cast.clinic.pk):
        refused = AuditEvent.objects.filter(action="link.open", outcome="refused")
        assert refused.count() == 6


def test_whoever_tries_too_often_waits(link, settings):
    settings.ACCOUNT_RATE_LIMITS = {"open_link": "20/m/ip"}
    client = Client(REMOTE_ADDR="203.0.113.99")
    answers = [client.post("/c/guess/", {"year": "1980"}).status_code for _ in range(25)]

    assert set(answers[:20]) == {404}
    assert answers[-1] == 429


def test_a_known_device_is_not_asked_again(link, cast, visitor, programme):
    with tenancy.scope(cast.clinic.pk):
        second = links.make(
            purpose="check_in",
            patient_id=programme.patient_id,
            about_id=programme.pk,
            expires_at=timezone.now() + timedelta(days=3),
            clinic_id=cast.clinic.pk,
        )
    assert b'name="year"' not in visitor.get(address(second)).content
    assert visitor.post(address(second)).status_code == 302
    assert Client().post(address(second)).status_code == 404


def test_without_a_visit_nothing_is_shown(link):
    for path in ("/c/today/", "/c/thanks/"):
        answer = Client().get(path)
        assert answer.status_code == 403
        assert b"Hello" not in answer.content
    forged = Client()
    forged.cookies["visit"] = "eyJjbGluaWMiOiIxIn0:1:1"
    assert forged.get("/c/today/").status_code == 403


def test_whoever_says_that_something_is_wrong_is_given_the_number(cast, visitor):
    assert visitor.get("/c/today/").content.count(b"tel:") == 0
    with tenancy.scope(cast.clinic.pk):
        messages.set_sending(values={"phone": "020 7946 0100"}, by=cast.actor(cast.owner))
    visitor.post("/c/today/", {"wrong": ["chest"]})
    page = visitor.get("/c/thanks/").content.decode()
    assert page.count('href="tel:020 7946 0100"') == 2  # above, and as the one thing to do
    assert "Add to my calendar" not in page


def test_a_clinic_that_has_set_nothing_for_sending_shows_its_pages(cast, visitor):
    with tenancy.scope(cast.clinic.pk):
        Sending.objects.all().delete()

    page = visitor.get("/c/today/")

    assert page.status_code == 200
    assert b"tel:" not in page.content


def test_a_link_to_something_else_shows_nothing_of_the_check_in(cast, visitor, programme):
    assert visitor.post("/c/today/", {"pain": "3", "wrong": ["chest"]}).status_code == 302
    assert b"Stop the exercises" in visitor.get("/c/thanks/").content
    with tenancy.scope(cast.clinic.pk):
        other = links.make(
            purpose="appointment",
            patient_id=programme.patient_id,
            about_id=programme.pk,
            expires_at=timezone.now() + timedelta(days=3),
            clinic_id=cast.clinic.pk,
        )
    client = Client()
    client.post(address(other), {"year": "1980"})
    assert client.get("/c/thanks/")["Location"] == "/c/today/"


def test_what_no_keyboard_types_is_refused_and_breaks_nothing(cast, visitor):
    answer = visitor.post("/c/today/", {"note": "a\x00b"})
    assert answer.status_code == 400
    assert b"a\x00b" not in answer.content
    assert visitor.get("/c/today/?a=%00").status_code == 400


# --- Answering ------------------------------------------------------------------------------------------------


def test_an_answer_is_kept_and_closes_the_day(cast, visitor, programme, link):
    steps = steps_of(cast, programme)
    first, second = steps[0].pk, steps[1].pk
    sent = {
        f"done-{first}": "yes",
        f"done-{second}": "partial",
        f"reason-{second}": "no_time",
        f"discomfort-{second}": "5",
        f"held-{second}": "45",
        "pain": "3",
        "note": "Went well.",
    }

    answer = visitor.post("/c/today/", sent)

    assert answer["Location"] == "/c/thanks/"
    assert b"Thank you" in visitor.get("/c/thanks/").content
    with tenancy.scope(cast.clinic.pk):
        check_in = CheckIn.objects.get()
        assert (check_in.pain, check_in.note, check_in.wrong) == (3, "Went well.", [])
        said = {a.step_id: (a.done, a.reason, a.discomfort, a.held_s) for a in StepAnswer.objects.all()}
        assert said == {steps[0].pk: ("yes", "", None, None), steps[1].pk: ("partial", "no_time", 5, 45)}
        assert Link.objects.get(pk=link.pk).used_at is not None
    assert Client().post(address(link), {"year": "1980"}).status_code == 404


def test_the_second_click_answers_once_and_a_change_corrects(cast, visitor, programme):
    steps = steps_of(cast, programme)
    for pain in ("3", "3", "5"):
        visitor.post("/c/today/", {f"done-{steps[0].pk}": "yes", "pain": pain})

    with tenancy.scope(cast.clinic.pk):
        assert [(c.pain, c.revision) for c in CheckIn.objects.all()] == [(5, 3)]
        assert StepAnswer.objects.count() == 1
    assert b'value="5" checked' in visitor.get("/c/today/").content


def test_all_of_it_with_one_touch(cast, visitor, programme):
    answer = visitor.post("/c/today/", {"all": "yes"})

    assert answer["Location"] == "/c/today/#ask"
    with tenancy.scope(cast.clinic.pk):
        assert set(StepAnswer.objects.values_list("done", flat=True)) == {"yes"}
        assert StepAnswer.objects.count() == 7


@pytest.mark.parametrize(
    "sent", [{}, {"pain": "11"}, {"pain": "x"}, {"wrong": "haunted"}, {"note": "x" * 2001}]
)  # fmt: skip
def test_what_cannot_be_is_said_and_nothing_is_kept(sent, cast, visitor, programme):
    steps = steps_of(cast, programme)
    if sent:
        sent = {**sent, f"done-{steps[0].pk}": "yes"}

    answer = visitor.post("/c/today/", sent)

    assert answer.status_code == 400
    assert b"Nothing has been saved yet" in answer.content
    if sent:  # and nothing that was tapped is lost
        assert re.search(rb'value="yes" checked', answer.content)
    with tenancy.scope(cast.clinic.pk):
        assert not CheckIn.objects.exists()


def test_an_alarm_reaches_the_therapist_at_once(cast, visitor, programme):
    visitor.post("/c/today/", {"wrong": ["chest", "tingling"], "pain": "8"})

    assert b"Stop the exercises" in visitor.get("/c/thanks/").content
    with tenancy.scope(cast.clinic.pk):
        item = Item.objects.get(kind="red_flag")
        assert item.facts == {"answers": ["chest"]}
        assert item.due_at == item.since
        alert = Message.objects.get(kind="staff_alert")
        assert (alert.to_user_id, alert.about_id) == (cast.therapist.pk, item.pk)


def test_trouble_that_can_wait_waits_until_the_next_working_day(cast, visitor):
    visitor.post("/c/today/", {"wrong": ["needed_help"]})

    with tenancy.scope(cast.clinic.pk):
        item = Item.objects.get()
        assert item.kind == "adverse_event"
        assert item.due_at > item.since
        assert item.due_at.weekday() < 5
        assert not Message.objects.exists()


def test_a_stop_sign_counts_twice_on_two_days(cast, visitor, programme):
    with tenancy.scope(cast.clinic.pk):
        CheckIn.objects.create(
            clinic_id=cast.clinic.pk,
            patient=programme.patient,
            programme=programme,
            local_date=timezone.now().date() - timedelta(days=2),
            wrong=["pulse_felt"],
            answered_at=timezone.now(),
        )
    visitor.post("/c/today/", {"wrong": ["tingling"]})

    with tenancy.scope(cast.clinic.pk):
        assert Item.objects.get(kind="stop_event_twice").facts == {"times": 2}
        assert Programme.objects.get(pk=programme.pk).status == "active"  # shown, never done by itself


def test_three_days_of_more_pain_are_listed(cast, visitor, programme):
    with tenancy.scope(cast.clinic.pk):
        for back in (1, 2):
            CheckIn.objects.create(
                clinic_id=cast.clinic.pk,
                patient=programme.patient,
                programme=programme,
                pain=6,
                local_date=timezone.localdate(timezone=zone_of(programme.patient)) - timedelta(days=back),
                answered_at=timezone.now(),
            )
    visitor.post("/c/today/", {"pain": "7"})

    with tenancy.scope(cast.clinic.pk):
        assert Item.objects.get(kind="pain_up").facts == {"baseline": 4, "last_days": [6, 6, 7]}


def test_a_programme_that_ended_asks_nothing_more(cast, link, visitor, programme):
    with tenancy.scope(cast.clinic.pk):
        actions.pause_programme(revision=None, programme=programme, by=cast.actor(), at=timezone.now())
    assert b"Nothing to do today" in visitor.get("/c/today/").content
    assert visitor.post("/c/today/", {"pain": "3"}).status_code == 200
    with tenancy.scope(cast.clinic.pk):
        assert not CheckIn.objects.exists()


def test_the_page_speaks_the_patients_language(cast, link, reachable):
    from patients import actions as patients
    from patients.models import Patient

    with tenancy.scope(cast.clinic.pk):
        patient = Patient.objects.get(pk=reachable.pk)
        patients.change_patient(patient=patient, changes={"language": "de-CH"}, by=cast.actor(), at=timezone.now())
    client = Client()
    client.post(address(link), {"year": "1980"})
    assert b'lang="de"' in client.get("/c/today/").content


def test_the_page_is_light(cast, visitor):
    static = [Path("clinic/static") / name for name in ("palpate.css", "js/checkin.js", "palpate.svg")]
    answers = [visitor.get("/c/today/").content, *(file.read_bytes() for file in static)]

    assert sum(len(gzip.compress(answer)) for answer in answers) < 30_000  # bytes on the wire


# --- Calendar -------------------------------------------------------------------------------------------------


def test_the_calendar_has_its_own_address_and_a_new_one_closes_the_old(cast, visitor):
    import icalendar

    def make():
        page = visitor.post("/c/calendar/").content.decode()
        return re.search(r'value="http://localhost:8000(/c/calendar/[^"]+\.ics)"', page)[1]

    first = make()
    answer = Client().get(first)
    assert answer["Content-Type"].startswith("text/calendar")
    feed = icalendar.Calendar.from_ical(answer.content)
    events = list(feed.walk("VEVENT"))
    assert len(events) > 100
    assert {e["dtstart"].dt.strftime("%H:%M") for e in events} == {"08:00", "20:00"}
    assert {str(e["summary"]) for e in events} == {"Your page for today"}
    assert b"Ada" not in answer.content

    second = make()
    assert Client().get(first).status_code == 404
    assert Client().get(second).status_code == 200
    assert visitor.get("/c/calendar/").status_code == 302  # looking makes none


# --- Stop -----------------------------------------------------------------------------------------------------


@pytest.fixture
def stop_path(cast, reachable):
    with tenancy.scope(cast.clinic.pk):
        return f"/s/{links.token_of(links.stop_link(clinic_id=cast.clinic.pk, patient_id=reachable.pk).pk)}/"


def test_one_click_of_a_mail_program_ends_the_mails(cast, stop_path, reachable):
    """RFC 8058: a POST without cookies; looking changes nothing."""
    strict = Client(enforce_csrf_checks=True)
    assert strict.get(stop_path).status_code == 200
    with tenancy.scope(cast.clinic.pk):
        reachable.refresh_from_db()
    assert reachable.consent_email == "granted"

    answer = strict.post(stop_path, {"List-Unsubscribe": "One-Click"})

    assert answer.status_code == 200
    with tenancy.scope(cast.clinic.pk):
        reachable.refresh_from_db()
        assert reachable.consent_email == "refused"
        assert reachable.consent_sms == "granted"
        assert AuditEvent.objects.filter(action="patient.change_consent").exists()


def test_a_guessed_stop_says_the_same(stop_path):
    client = Client()
    assert plain(client.post(stop_path)) == plain(client.post("/s/AAAAAAAAAAAAAAAAAAAAAAAAAAA/"))


def test_a_link_of_another_purpose_stops_nothing(cast, link, reachable):
    Client().post(f"/s/{links.token_of(link.pk)}/")
    with tenancy.scope(cast.clinic.pk):
        reachable.refresh_from_db()
    assert reachable.consent_email == "granted"


def test_tokens_never_reach_the_logs(link, caplog):
    import logging

    from clinic.logs import WithoutQuery

    record = logging.LogRecord("django.request", logging.ERROR, "", 0, "failed", (), None)
    record.request = type("Request", (), {"method": "POST", "path": address(link)})()
    WithoutQuery().filter(record)
    assert record.getMessage() == "POST /c/.../"


def test_row_level_security_shows_a_link_to_whoever_presents_it_only(link, cast):
    with tenancy.scope(cast.other_clinic.pk):
        assert not Link.objects.exists()
    with links.open_scope(links.token_of(link.pk)) as found:
        assert found.pk == link.pk
        assert Link.objects.count() == 1
    with tenancy.scope(None):
        assert not Link.objects.exists()


def test_tender_spots_and_the_place_of_work_are_kept(cast, visitor, programme):
    steps = {step.exercise: step.pk for step in steps_of(cast, programme)}
    scan, desk = steps["scan"], steps["ergonomics"]
    sent = {
        f"spot-{scan}-0": "neck.posterior:left",
        f"tender-{scan}-0": "6",
        f"spot-{scan}-2": "neck.base_c7:midline",
        f"checked-{desk}": ["elbows_close", "breaks_taken"],
    }

    assert visitor.post("/c/today/", sent)["Location"] == "/c/thanks/"

    with tenancy.scope(cast.clinic.pk):
        said = {a.step_id: a for a in StepAnswer.objects.all()}
        assert said[scan].spots == [
            {"zone": "neck.posterior", "side": "left", "tenderness": 6},
            {"zone": "neck.base_c7", "side": "midline", "tenderness": None},
        ]
        # Who found spots has scanned; two of three ticks are a part.
        assert {key: a.done for key, a in said.items()} == {scan: "yes", desk: "partial"}
        assert said[desk].checked == ["elbows_close", "breaks_taken"]
    page = visitor.get("/c/today/").content.decode()
    assert 'value="neck.posterior:left" selected' in page
    assert page.count('value="elbows_close" checked') == 1
    therapist = Client()
    therapist.force_login(cast.therapist)
    clinic_page = therapist.get(f"/programmes/{programme.pk}/").content.decode()
    assert "Back of neck, left: 6 · Base of neck (C7)" in clinic_page
    assert re.search(r"the elbows are close to the body\s*<strong>1 of 1", clinic_page)
    # The third tick makes it whole, though the page had "partly" tapped already; "not today" with ticks does not stand.
    ticks = ["elbows_close", "breaks_taken", "screen_at_eye_level"]
    drawn = re.search(rf'name="drawn-{desk}" value="([^"]*)"', page)[1]
    assert drawn == "partial|breaks_taken elbows_close"
    because = {f"checked-{desk}": ticks, f"done-{desk}": "partial", f"reason-{desk}": "pain", f"drawn-{desk}": drawn}
    visitor.post("/c/today/", because)
    with tenancy.scope(cast.clinic.pk):
        assert StepAnswer.objects.get(step=desk).done == "partial", "who says why means it"
    visitor.post("/c/today/", {f"checked-{desk}": ticks, f"done-{desk}": "partial", f"drawn-{desk}": drawn})
    with tenancy.scope(cast.clinic.pk):
        assert StepAnswer.objects.get(step=desk).done == "yes"
    visitor.post("/c/today/", {f"checked-{desk}": ticks, f"done-{desk}": "no"})
    with tenancy.scope(cast.clinic.pk):
        assert StepAnswer.objects.get(step=desk).done == "partial"


def test_what_was_not_ticked_is_unknown(cast, visitor, programme):
    visitor.post("/c/today/", {"all": "yes"})
    therapist = Client()
    therapist.force_login(cast.therapist)
    assert b"the elbows are close" not in therapist.get(f"/programmes/{programme.pk}/").content


@pytest.mark.parametrize(
    ("name", "value"),
    [("tender-{scan}-0", "11"), ("spot-{scan}-0", "foot.arch:left"), ("spot-{scan}-0", "neck.posterior:up"),
     ("tender-{scan}-1", "5"), ("checked-{desk}", "slept"), ("checked-{scan}", "elbows_close")],
)  # fmt: skip
def test_a_spot_that_is_none_is_refused(name, value, cast, visitor, programme):
    steps = {step.exercise: step.pk for step in steps_of(cast, programme)}
    sent = {name.format(scan=steps["scan"], desk=steps["ergonomics"]): value, "pain": "3"}

    assert visitor.post("/c/today/", sent).status_code == 400
    with tenancy.scope(cast.clinic.pk):
        assert not CheckIn.objects.exists()
