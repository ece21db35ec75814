"""One year of one patient, from the first call to the last letter, through the API and the pages."""

from __future__ import annotations

import csv
import hashlib
import io
from datetime import datetime, time, timedelta
from typing import Any

import pytest
import rfc8785
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from database import tenancy
from homecare.rules import ALERT_PREFIX
from messaging import engine, links
from messaging.models import Link
from scheduling import worklist_sync
from tests import builders
from tests.homecare.conftest import FILLED
from tests.reading import Browser, revisions_on

pytestmark = pytest.mark.django_db

LOT, OTHER_LOT = "Seirin L-2210", "Seirin K-777"
PRESSED_AT_HOME = {
    "exercise": "self_pressure",
    "muscle": "trapezius_upper",
    "side": "right",
    "tool": "soft_ball",
    "dose": {**FILLED["self_pressure"], "hold_s": 45, "intensity_from": 5, "intensity_to": 6},
}
VISITS = (330, 323, 309, 265, 225, 150, 60)  # days ago
NEEDLED = [1, 3, 5, 7]  # the visits at which the needle is used, counted from 0; the last is today


@pytest.fixture(autouse=True)
def unlimited(settings: Any) -> None:
    """All of it comes from one address."""
    settings.ACCOUNT_RATE_LIMITS = {}


class Year:
    """Steps of the story: each method is one thing that a person of the clinic does."""

    def __init__(self, cast: Any, api: Any) -> None:
        self.cast = cast
        self.therapist, self.owner, self.staff = api(), api(cast.owner), api(cast.staff)
        self.other_program = api(cast.program)
        self.sessions: list[str] = []
        self.exams: list[str] = []

    def page_of(self, user: Any) -> Client:
        client = Browser()
        client.force_login(user)
        return client

    # At the desk

    def register(self) -> None:
        details = {
            "family_name": "Okafor",
            "given_names": "Ada",
            "birth_date": "1980-02-03",
            "contact": {"email": "ada@mail.example", "consent": {"email": "granted"}},
        }
        self.patient = sent(self.staff.post("/patients/", details), 201)["id"]

    def note_alert(self, **alert: Any) -> None:
        sent(self.therapist.patch(f"/patients/{self.patient}/", {"alerts": [alert]}, If_Match="*"))

    def discharge(self) -> None:
        sent(self.therapist.patch(f"/patients/{self.patient}/", {"status": "discharged"}, If_Match="*"))

    # Exams and red flags

    def examine(self, at: datetime, **answers: Any) -> str:
        """Record and sign an exam in which every red flag is asked about."""
        body = builders.exam(performed_at=at.isoformat(), red_flags=builders.screen(**answers))
        exam = sent(self.therapist.post(f"/patients/{self.patient}/assessments/", body), 201)["id"]
        sent(self.therapist.post(f"/assessments/{exam}/sign/"))
        self.exams.append(exam)
        return str(exam)

    def red_flags(self) -> Any:
        return sent(self.therapist.get(f"/patients/{self.patient}/red-flags/"))

    def clear(self, code: str, kind: str, **seen: Any) -> Any:
        body = {"code": code, "kind": kind, "reason": "Examined in hospital: the MRI is normal."} | seen
        return self.therapist.post(f"/patients/{self.patient}/red-flags/clearances/", body)

    # Treatments

    def draft(self, at: datetime, *interventions: Any, **fields: Any) -> str:
        body = builders.treatment(performed_at=at.isoformat(), interventions=list(interventions), **fields)
        return str(sent(self.therapist.post(f"/patients/{self.patient}/sessions/", body), 201)["id"])

    def change_date(self, session: str, at: datetime) -> None:
        sent(self.therapist.patch(f"/sessions/{session}/", {"performed_at": at.isoformat()}, If_Match="*"))

    def sign(self, session: str) -> None:
        sent(self.therapist.post(f"/sessions/{session}/sign/"))
        self.sessions.append(session)

    def refusal_of(self, session: str) -> tuple[int, str, list[str]]:
        """Try to sign, through the API and on the page: both refuse, and the API says why."""
        page = self.page_of(self.cast.therapist).post(f"/documents/session/{session}/review/")
        assert page.status_code == 409, page.status_code
        answer = self.therapist.post(f"/sessions/{session}/sign/")
        body = answer.json()
        return answer.status_code, body["code"], [error["code"] for error in body["errors"]]

    def consent(self, at: datetime, *regions: str) -> None:
        for region in regions:
            body = builders.consent(region=region, given_at=at.isoformat())
            sent(self.therapist.post(f"/patients/{self.patient}/consents/", body), 201)

    def ask_for_training(self) -> None:
        """From now on everybody who needles must have the basic training."""
        page = self.page_of(self.cast.owner)
        assert (
            page.post(
                "/competencies/", {"basic_training": "always", **revisions_on(page.get("/competencies/"))}
            ).status_code
            == 302
        )

    def record_training(self) -> None:
        body = {"user_id": str(self.cast.therapist.pk), "technique": "dn_basic", "proof": "Certificate 12/2024"}
        sent(self.owner.post("/competencies/", body), 201)

    def give_aftercare(self, session: str) -> None:
        sent(self.therapist.post(f"/sessions/{session}/aftercare/", {"how": "printed", "language": "en"}), 201)

    # What went wrong

    def record_event(self, session: str, **fields: Any) -> str:
        body = builders.adverse_event(session=session, **fields)
        return str(sent(self.therapist.post(f"/patients/{self.patient}/adverse-events/", body), 201)["event_id"])

    def rate(self) -> Any:
        since = (timezone.now() - timedelta(days=360)).date().isoformat()
        rows = sent(self.owner.get("/adverse-events/rates/", {"since": since}))["techniques"]
        return next(row for row in rows if row["technique"] == "dry_needling")

    def exported_events(self) -> list[dict[str, str]]:
        since = (timezone.now() - timedelta(days=360)).date().isoformat()
        answer = self.page_of(self.cast.owner).get(f"/adverse-events/export/?since={since}")
        return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))

    def recalled(self, lot: str) -> list[tuple[str, str]]:
        """The sessions of the patient in which a lot was used."""
        rows = sent(self.owner.post("/lots/search/", {"lot": lot}))["results"]
        return [(row["match"], row["session_id"]) for row in rows if row["patient_id"] == self.patient]

    # At home

    def start_programme(self) -> None:
        body = {"title": "Neck and shoulders", "steps": [PRESSED_AT_HOME]}
        self.programme = sent(self.therapist.post(f"/patients/{self.patient}/programmes/", body), 201)["id"]

    def give_reason(self, reason: str) -> None:
        step = PRESSED_AT_HOME | {"limit_reasons": {f"{ALERT_PREFIX}anticoagulant": reason}}
        body = {"title": "Neck and shoulders", "steps": [step]}
        sent(self.therapist.patch(f"/programmes/{self.programme}/", body, If_Match="*"))

    def resume(self) -> Any:
        return self.therapist.post(f"/programmes/{self.programme}/resume/")

    def publish(self) -> Any:
        return self.therapist.post(f"/programmes/{self.programme}/publish/")

    def programme_status(self) -> str:
        return str(sent(self.therapist.get(f"/programmes/{self.programme}/"))["status"])

    def open_link(self) -> Client:
        """The patient opens the link that the clinic sent."""
        with tenancy.scope(self.cast.clinic.pk):
            sending = engine.sending_of(self.cast.clinic.pk)
            sending.quiet_from = sending.quiet_until = time(0)  # at whatever hour the test runs
            sending.save()
        assert self.therapist.post(f"/programmes/{self.programme}/send-link/").status_code == 204
        with tenancy.scope(self.cast.clinic.pk):
            link = Link.objects.get(about_id=self.programme, purpose="check_in")
        phone = Browser()
        assert phone.post(f"/c/{links.token_of(link.pk)}/", {"year": "1980"}).status_code == 302
        return phone

    def refer(self, code: str) -> bytes:
        """Write down what the patient says on the telephone; the worklist's row of it gives the letter."""
        self.examine(timezone.now(), yes=[code])
        with tenancy.scope(self.cast.clinic.pk):
            worklist_sync.sweep(by=self.cast.actor(self.cast.staff), at=timezone.now())
        [row] = [row for row in self.worklist() if row["about_id"] == self.exams[-1]]
        assert row["kind"] == "referral"
        letter = self.page_of(self.cast.therapist).get(f"/worklist/{row['id']}/referral-letter/")
        assert (letter.status_code, letter["Content-Type"]) == (200, "application/pdf")
        sent(self.staff.post(f"/worklist/{row['id']}/done/", {"outcome": "referred"}))
        return bytes(letter.content)

    def worklist(self) -> list[dict[str, Any]]:
        rows = sent(self.therapist.get("/worklist/"))["results"]
        return [row for row in rows if row["patient_id"] == self.patient]

    def waits(self) -> set[str]:
        """The kinds of rows of the patient that are open."""
        return {row["kind"] for row in self.worklist()}

    # Afterwards

    def history(self) -> list[dict[str, Any]]:
        """All of it, page by page, as another program pulls it."""
        path, rows = f"/patients/{self.patient}/history/?limit=5", []
        while path:
            page = sent(self.other_program.get(path))
            rows += page["results"]
            path = page["next"] and page["next"].removeprefix("http://testserver")
        return rows

    def trail(self) -> dict[str, list[str]]:
        """What the audit trail says of the patient: the outcomes of each action."""
        actions: dict[str, list[str]] = {}
        with tenancy.scope(self.cast.clinic.pk):
            for event in AuditEvent.objects.about(self.patient).order_by("id"):
                actions.setdefault(event.action, []).append(event.code or event.outcome)
        return actions


def sent(answer: Any, status: int = 200) -> Any:
    assert answer.status_code == status, answer.content
    return answer.json()


def days_ago(days: int) -> datetime:
    return timezone.now().replace(microsecond=0) - timedelta(days=days)


def none_since(session: str) -> list[dict[str, str]]:
    return [{"about": session, "answer": "none"}]


def needling(lot: str = LOT) -> dict[str, Any]:
    return builders.needling(brand_lot=lot)


IN_THE_TRAIL = {
    "patient.register": ["ok"],
    "patient.change": ["ok", "status"],
    "assessment.sign": ["ok"] * 6,
    "consent.record": ["dry_needling/neck", "dry_needling/thorax"],
    "aftercare.give": ["printed"],
    "session.record": ["ok"] * 8,
    "session.sign": [
        "ok", "consent_missing", "safety_stop", "ok", "ok", *["screen_incomplete", "ok"] * 4, "red_flag_stop", "ok",
    ],
    "page.session.review": ["consent_missing", "safety_stop", *["screen_incomplete"] * 4, "red_flag_stop"],
    "adverse_event.record": ["significant"],
    "page.adverse_event_export": ["ok"],
    "lot.search": ["ok"],
    "programme.publish": ["invalid", "1"],
    "programme.send_link": ["ok"],
    "link.open": ["check_in"],
    "check_in.answer": ["ok"],
    "red_flag.raise": ["cauda_equina"],
    "programme.stopped": ["cauda_equina"],
    "programme.active": ["red_flag_stop", "ok"],
    "programme.ended": ["ok"],
    "disclosure.referral_letter": ["ok"],
    "red_flag.clear": ["invalid", "cauda_equina"],
    "records.history": ["ok"] * 3,
}  # fmt: skip


def test_one_year_of_one_patient(cast, api):
    year = Year(cast, api)

    # The first visit: the desk registers, the therapist asks all the red flags and notes an alert.
    first = days_ago(VISITS[0])
    year.register()
    year.note_alert(code="anticoagulant")
    year.examine(first - timedelta(minutes=30))
    assert year.red_flags()["open"] == []
    year.sign(year.draft(first, builders.compression()))

    # The second: needling is refused until the consent and the training are on file.
    second = days_ago(VISITS[1])
    needled = year.draft(second, needling(), adverse_events_asked=none_since(year.sessions[0]))
    year.ask_for_training()
    assert year.refusal_of(needled) == (409, "consent_missing", ["consent_missing", "consent_missing"])
    year.consent(second - timedelta(minutes=10), "neck", "thorax")
    assert year.refusal_of(needled) == (409, "safety_stop", ["competency_missing"])
    year.record_training()
    year.give_aftercare(needled)
    year.sign(needled)

    # At the third she says that she fainted after the needling.
    third = days_ago(VISITS[2])
    year.record_event(
        needled,
        codes=["faint_vasovagal"],
        severity="significant",
        duration_min=10,
        outcome="resolved",
        onset_at=(second + timedelta(minutes=20)).isoformat(),
    )
    asked = [{"about": needled, "answer": "problems"}]
    visit = year.draft(third, builders.compression(), adverse_events_asked=asked)
    assert "Any problems after the last treatment?" in year.page_of(cast.therapist).get(f"/sessions/{visit}/").text
    year.sign(visit)
    assert (year.rate()["sessions"], year.rate()["is_suppressed"]) == (1, True)  # too few to show a rate
    [event] = year.exported_events()
    assert (event["codes"], event["collection"], event["session_asked_by"]) == (
        "faint_vasovagal",
        "systematic",
        "visit",
    )

    # The programme for home needs a reason, because of the alert.
    year.start_programme()
    answer = year.publish()
    assert (answer.status_code, [e["code"] for e in answer.json()["errors"]]) == (400, ["reason_required"])
    year.give_reason("Presses gently; shown and tried today.")
    assert year.publish().status_code == 200

    # Each of the next visits is more than 28 days after the last: without a new screen nothing is signed.
    for number, days in enumerate(VISITS[3:], start=3):
        at = days_ago(days)
        treatment = needling(OTHER_LOT if number == 5 else LOT) if number in NEEDLED else builders.compression()
        session = year.draft(at, treatment, adverse_events_asked=none_since(year.sessions[-1]))
        assert year.refusal_of(session)[:2] == (409, "screen_incomplete")
        # At the seventh she has stiff mornings: a flag that stops nothing, and is known from then on.
        year.examine(at - timedelta(minutes=20), yes=["inflammatory"] if number == 6 else [])
        year.sign(session)
    assert len(year.sessions) == 7

    # Today, at home: she reports loss of bladder control. The programme pauses for her and for the clinic.
    phone = year.open_link()
    assert "Please stop these exercises" not in phone.get("/c/today/").content.decode()
    assert phone.post("/c/today/", {"wrong": "bladder_or_bowel", "pain": "6"}).status_code == 302
    assert "Stop the exercises." in phone.get("/c/thanks/").content.decode()
    assert "Please stop these exercises until your clinic has called you." in phone.get("/c/today/").content.decode()
    assert year.programme_status() == "paused"
    assert year.waits() >= {"red_flag", "programme_stopped"}

    # Nothing is treated and nothing goes on until the emergency department has seen her.
    last = year.draft(timezone.now(), needling(OTHER_LOT), adverse_events_asked=none_since(year.sessions[-1]))
    assert year.refusal_of(last)[:2] == (409, "red_flag_stop")
    assert year.resume().json()["code"] == "red_flag_stop"
    # Only an emergency department or a physician by name closes it.
    refused = year.clear("cauda_equina", "emergency_department")
    assert sorted(error["pointer"] for error in refused.json()["errors"]) == ["/seen_at", "/seen_by"]
    assert year.refer("cauda_equina").startswith(b"%PDF-")
    seen = {"seen_by": "City Hospital, emergency department", "seen_at": timezone.now().isoformat()}
    assert year.clear("cauda_equina", "emergency_department", **seen).status_code == 201
    flags = year.red_flags()
    assert (flags["open"], [flag["code"] for flag in flags["cleared"]]) == ([], ["cauda_equina"])

    # The eighth session is accepted, and the programme goes on; then it ends, and her care.
    year.change_date(last, timezone.now())
    year.sign(last)
    assert year.resume().status_code == 200
    assert "programme_stopped" not in year.waits()
    sent(year.therapist.post(f"/programmes/{year.programme}/end/"))
    year.discharge()
    assert sent(year.staff.get(f"/patients/{year.patient}/"))["status"] == "discharged"

    # The maker recalls a lot: she is found, with the sessions in which it was used, after her discharge too.
    assert year.recalled(LOT) == [("exact", year.sessions[3]), ("exact", year.sessions[1])]
    assert year.recalled("Seirin L-9999") == []

    # What another program pulls is complete, unbroken, and says what was known at each signature.
    history = year.history()
    assert sorted(row["subject_id"] for row in history) == sorted(year.exams + year.sessions)
    for row in history:
        assert hashlib.sha256(rfc8785.dumps(row["document"])).hexdigest() == row["sha256"]
    verification = sent(year.other_program.get("/records/verify/"))
    assert (verification["ok"], verification["records"]) == (True, len(history))
    documents = {row["subject_id"]: row["document"]["content"] for row in history}
    for number, session in enumerate(year.sessions):
        safety = documents[session]["safety"]
        assert safety["list_version"] == "2"
        assert safety["screen_at"] is not None
        assert [flag["code"] for flag in safety["open_flags"]] == (["inflammatory"] if number == 6 else [])
        assert [alert["code"] for alert in safety["alerts"]] == ["anticoagulant"]
        shown = {row["code"] for row in safety["cautions_shown"]}
        regions = {(row["technique_class"], row["region"]) for row in safety["consents"]}
        if number in NEEDLED:
            assert "anticoagulant_needle" in shown
        else:
            assert "anticoagulant_pressure" in shown
        assert regions == ({("dry_needling", "neck"), ("dry_needling", "thorax")} if number else set())
    assert documents[year.sessions[2]]["adverse_events_asked"] == [{"about": needled, "answer": "problems"}]
    assert [row["how"] for row in documents[needled]["aftercare"]] == ["printed"]

    # And each step is in the audit trail.
    trail = year.trail()
    for action, outcomes in IN_THE_TRAIL.items():
        assert trail[action] == outcomes, action
