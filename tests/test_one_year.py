"""One year of one patient, from the first call to the last letter, through the API and the pages."""

from __future__ import annotations

import csv
import hashlib
import io
from datetime import datetime, timedelta
from typing import Any

import pytest
import rfc8785
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from clinic import tenancy
from messaging import links
from messaging.models import Link
from tests import builders
from tests.homecare.conftest import FILLED

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
    """The people of the clinic and what they do, each step in the words of the clinic."""

    def __init__(self, cast: Any, api: Any) -> None:
        self.cast, self.first_moment = cast, timezone.now()
        self.therapist, self.owner, self.staff = api(), api(cast.owner), api(cast.staff)
        self.other_program = api(cast.program)
        self.sessions: list[str] = []
        self.exams: list[str] = []

    def page_of(self, user: Any) -> Client:
        client = Client()
        client.force_login(user)
        return client

    # At the desk

    def register(self) -> None:
        details = {
            "family_name": "Okafor", "given_names": "Ada", "birth_date": "1980-02-03", "email": "ada@mail.example",
            "consent_email": "granted",
        }  # fmt: skip
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

    def train(self) -> None:
        """The owner asks for a training of everybody who needles, and has seen the therapist's."""
        page = self.page_of(self.cast.owner)
        assert page.post("/competencies/", {"basic_training": "always"}).status_code == 302

    def record_training(self) -> None:
        body = {"user_id": str(self.cast.therapist.pk), "technique": "dn_basic", "proof": "Certificate 12/2024"}
        sent(self.owner.post("/competencies/", body), 201)

    def acknowledge(self, session: str, *codes: str) -> None:
        sent(self.therapist.patch(f"/sessions/{session}/", {"acknowledged": [{"code": c} for c in codes]}, If_Match="*"))

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

    def recalled(self, lot: str) -> list[dict[str, Any]]:
        return list(sent(self.owner.post("/lots/search/", {"lot": lot}))["results"])

    # At home

    def give_programme(self) -> None:
        body = {"title": "Neck and shoulders", "steps": [PRESSED_AT_HOME]}
        self.programme = sent(self.therapist.post(f"/patients/{self.patient}/programmes/", body), 201)["id"]
        sent(self.therapist.post(f"/programmes/{self.programme}/publish/"))

    def programme_status(self) -> str:
        return str(sent(self.therapist.get(f"/programmes/{self.programme}/"))["status"])

    def open_link(self) -> Client:
        """The patient opens the link that the clinic sent."""
        answer = self.staff.post(f"/programmes/{self.programme}/send-link/")
        assert answer.status_code in (200, 201), answer.json()
        with tenancy.scope(self.cast.clinic.pk):
            link = Link.objects.filter(about_id=self.programme, purpose="check_in").latest("created_at")
        phone = Client()
        assert phone.post(f"/c/{links.token_of(link.pk)}/", {"year": "1980"}).status_code == 302
        return phone

    def worklist(self) -> dict[str, dict[str, Any]]:
        rows = sent(self.therapist.get("/worklist/"))["results"]
        return {row["kind"]: row for row in rows if row["patient_id"] == self.patient}

    # Afterwards

    def trail(self) -> list[str]:
        with tenancy.scope(self.cast.clinic.pk):
            events = AuditEvent.objects.filter(at__gte=self.first_moment, outcome="ok").order_by("id")
            return [event.action for event in events]


def sent(answer: Any, status: int = 200) -> Any:
    assert answer.status_code == status, answer.content
    return answer.json()


def days_ago(days: int) -> datetime:
    return timezone.now().replace(microsecond=0) - timedelta(days=days)


def needling(lot: str = LOT) -> dict[str, Any]:
    return builders.needling(brand_lot=lot)


def test_one_year_of_one_patient(cast, api):
    year = Year(cast, api)

    # The first visit: the desk registers, the therapist asks all the red flags and notes an alert.
    first = days_ago(VISITS[0])
    year.register()
    year.note_alert(code="anticoagulant")
    year.examine(first - timedelta(minutes=30))
    assert (year.red_flags()["open"], len(year.red_flags()["unanswered"])) == ([], 17)
    year.sign(year.draft(first, builders.compression()))

    # The second: needling is refused until the training and the consent are on file.
    second = days_ago(VISITS[1])
    needled = year.draft(second, needling(), adverse_events_asked=[{"about": year.sessions[0], "answer": "none"}])
    year.train()
    print(year.refusal_of(needled))
    year.consent(second - timedelta(minutes=10), "neck", "thorax")
    print(year.refusal_of(needled))
    year.record_training()
    print(year.therapist.post(f"/sessions/{needled}/sign/").json())
