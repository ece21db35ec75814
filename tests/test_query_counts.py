"""
Every list, with 2 rows and with 20: the same statements. All of the SQL counts, the ORM's and `database.sql`'s.

One clinic grows from 2 rows of everything to 20; each list is asked at both sizes. The API's lists are found in its
schema: a new one without a line in LISTS fails.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from drf_spectacular.generators import SchemaGenerator

import catalogue
from accounts.models import Competency, Membership
from assessments.models import Assessment
from assessments.rules import DEFAULT_RULE_SET
from changes.models import WebhookDelivery, WebhookSubscription
from database import tenancy
from database.expressions import new_id
from homecare.models import CheckIn, Programme, Step, StepAnswer, Template, Version
from messaging.models import Link, Message
from patient_forms.models import FormRequest
from patients.models import Alert, Identifier, ImportRun, OwnMedicine
from scheduling.models import (
    Appointment,
    AppointmentType,
    Change,
    Closure,
    ExtraHours,
    Hours,
    Offer,
    Opening,
    Room,
    Series,
    Site,
    Waiting,
)
from tests import builders
from tests.api import Api
from tests.conftest import Cast
from tests.scheduling.conftest import Desk, make_desk
from treatments.models import PlanGoal, Session, TreatmentPlan
from worklist.models import Item

FEW, MANY = 2, 20
# API route to what is asked of it. `limit` where the rows are a catalogue's, or are worked out.
LIMITED = {"limit": "{rows}"}
LISTS: dict[str, dict[str, str]] = {
    "aftercare-texts/": LIMITED,
    "appointment-types/": {},
    "appointments/": {},
    "appointments/{appointment}/changes/": {},
    "body-zones/": LIMITED,
    "changes/": LIMITED,
    "closures/": {},
    "competencies/": {},
    "competencies/expiring/": {},
    "consent-texts/": LIMITED,
    "exercises/": LIMITED,
    "extra-hours/": {},
    "hours/": {},
    "medicines/": {},
    "messages/": {},
    "movements/": LIMITED,
    "muscles/": LIMITED,
    "offers/": {},
    "patients/": {},
    "patients/{patient}/adverse-events/": {},
    "patients/{patient}/assessments/": {},
    "patients/{patient}/check-ins/": {},
    "patients/{patient}/consents/": {},
    "patients/{patient}/forms/": {},
    "patients/{patient}/history/": {},
    "patients/{patient}/plans/": {},
    "patients/imports/": {},
    "patient-forms/": LIMITED,
    "outcome-measures/": LIMITED,
    "patients/{patient}/outcomes/": {},
    "patients/{patient}/programmes/": {},
    "patients/{patient}/series/": {},
    "patients/{patient}/sessions/": {},
    "patients/{patient}/trigger-points/": {},
    "programme-templates/": {},
    "programmes/{programme}/check-ins/": {},
    "records/": {},
    "red-flags/": LIMITED,
    "rooms/": {},
    "rule-sets/": LIMITED,
    "sites/": {},
    "slots/": {"type_id": "{type}", **LIMITED},
    "safety-list/": LIMITED,
    "techniques/": LIMITED,
    "waitlist/": {},
    "webhooks/": {},
    "webhooks/{webhook}/deliveries/": {},
    "worklist/": {},
    # One thing with a list of others in it.
    "assessments/{assessment}/": {},
    "assessments/{assessment}/drawing/": {},
    "programmes/{programme}/": {},
    "programmes/{programme}/adherence/": {},
    "scheduling/figures/": {"first": "{first}", "last": "{last}"},
    "series/{series}/": {},
    "sessions/{session}/": {},
    "patients/{patient}/adverse-events/{event}/": {},
    "adverse-events/rates/": {},
}
FEWER = {
    "aftercare-texts/": 2,
    "exercises/": 10,
    "patient-forms/": 2,
    "red-flags/": 17,
    "rule-sets/": 7,
    "techniques/": 13,
}  # there are no 20
# Page to what stands on it once for each row, as a pattern.
PAGES = {
    "": r"Row-\d+",
    "patients/": r"Row-\d+",
    "patients/{patient}/": r"/documents/(?:exam|session)/[\w-]+/",
    "patients/{patient}/adverse-events/": r"/adverse-events/[\w-]{36}/",
    "patients/{patient}/adverse-events/{event}/": "",
    "patients/{patient}/adverse-events/new/": r"<option value=\"[\w-]{36}\"",
    "adverse-events/": "",
    "adverse-events/export/": r"\r\n[\w-]{36}",
    "documents/session/{session}/review/": r"/adverse-events/[\w-]{36}/",
    "patients/{patient}/outcomes/": r"/outcomes/[\w-]{36}/withdraw/",
    "patients/{patient}/outcomes/new/": "",
    "patients/{patient}/appointments/": r"/appointments/[\w-]+/",
    "patients/{patient}/home/": "",
    "patients/{patient}/points/": "",
    "programmes/{programme}/": "",
    "programmes/{programme}/edit/": "",
    "programmes/{programme}/sheet/": "",
    "programmes/pictures/": r"Template \d+",
    "worklist/?show=all": r"Row-\d+",
    "messages/": r"Row-\d+",
    "messages/next/": "",
    "waitlist/": r"Row-\d+",
    "calendar/?on={day}": r"Row-\d+",
    "calendar/?view=week&on={day}": r"Row-\d+",
    "appointments/{appointment}/": "",
    "appointments/new/": "",
    "patients/{patient}/book/": r"<option value=\"[\w-]{36}\"",
    "figures/": r"Therapist \d+",
    "scheduling/": "",
    "scheduling/sites/": r"Site \d+",
    "scheduling/rooms/": r"Room \d+",
    "scheduling/appointment-types/": r"Type \d+",
    "scheduling/competencies/": r"Therapist \d+",
    "scheduling/hours/": r"Therapist \d+",
    "scheduling/extra-hours/": r"Therapist \d+",
    "scheduling/closures/": r"Closed \d+",
}
OF_STAFF = {"": r"Row-\d+", "patients/{patient}/": "", "worklist/?show=all": r"Row-\d+"}  # as the desk sees them
SHOWN = {"": 12}  # the start page's lists end there
DAY = datetime(2027, 3, 1, tzinfo=UTC)  # a Monday; far enough ahead that nothing of it is over
LONG_AGO = datetime(2026, 3, 2, 9, tzinfo=UTC)


def lists_of_the_api() -> set[str]:
    """The GET routes whose answer is a list, or has its rows in `results`."""
    schema = SchemaGenerator().get_schema(request=None, public=True)

    def shape(content: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = content.get("schema", {})
        while "$ref" in found:
            found = schema["components"]["schemas"][found["$ref"].rsplit("/", 1)[-1]]
        return found

    lists = set()
    for path, operations in schema["paths"].items():
        answers = operations.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        shapes = [shape(content) for content in answers.values()]
        if any(one.get("type") == "array" or "results" in one.get("properties", {}) for one in shapes):
            lists.add(path.removeprefix("/api/v1/"))
    return lists


def test_every_list_of_the_api_has_its_line():
    lists = {re.sub(r"{\w+}", "{}", path) for path in lists_of_the_api()}
    assert len(lists) > 30
    assert lists - {re.sub(r"{\w+}", "{}", path) for path in LISTS} == set()


# --- One clinic that grows ------------------------------------------------------------------------------------


class World:
    """A clinic with its own lists and one patient's; `add_row` makes each of them longer by one."""

    def __init__(self, cast: Cast) -> None:
        self.cast, self.therapist, self.rows = cast, Api(cast.therapist), 0
        self.owner = Api(cast.owner)
        with tenancy.scope(cast.clinic.pk):
            self.by = cast.actor(cast.staff)
            self.desk: Desk = make_desk(cast, self.by)
            self.patient = self.add_patient(0)
            self.programme = self.add_programme("active")
            self.check_in_version = self.add_version(self.programme, 1)
            self.series = self.add_series()
            self.appointment = self.add_appointment(self.patient, DAY - timedelta(days=7))
        self.assessment = self.post(f"patients/{self.patient}/assessments/", builders.exam())
        self.session = self.post(f"patients/{self.patient}/sessions/", builders.treatment())
        self.event = ""
        self.webhook = self.add_webhook()

    @property
    def ids(self) -> dict[str, Any]:
        return {
            "patient": self.patient,
            "programme": self.programme.pk,
            "series": self.series.pk,
            "appointment": self.appointment.pk,
            "assessment": self.assessment,
            "session": self.session,
            "event": self.event,
            "webhook": self.webhook.pk,
            "type": self.desk.kind.pk,
            "day": f"{DAY:%Y-%m-%d}",
            "first": f"{DAY - timedelta(days=30):%Y-%m-%d}",
            "last": f"{DAY:%Y-%m-%d}",
        }

    def post(self, path: str, body: dict[str, Any]) -> str:
        answer = self.therapist.post(f"/{path}", body)
        assert answer.status_code in (200, 201), answer.content
        return str(answer.json().get("id"))

    def grow(self, rows: int) -> None:
        """Make each list as long as that."""
        for n in range(self.rows + 1, rows + 1):
            self.add_row(n)
        self.rows = rows
        findings = [builders.finding(muscle=muscle) for muscle in sorted(catalogue.MUSCLES)[:rows]]
        self.patch(f"assessments/{self.assessment}/", {"findings": findings})
        self.patch(f"sessions/{self.session}/", {"interventions": [builders.compression() for _ in range(rows)]})
        with connection.cursor() as cursor:  # as at a commit: only then are changes numbered
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")

    def add_row(self, n: int) -> None:
        with tenancy.scope(self.cast.clinic.pk):
            row_patient = self.add_patient(n)
            self.add_setup(n)
            self.add_lists(n)
            self.add_visits(n, row_patient)
            self.add_home(n)
            self.add_waits(n, row_patient)
            self.add_drafts(row_patient)
            self.add_delivery(n)
        self.add_documents(n)
        self.add_event(n)
        self.post(f"patients/{self.patient}/consents/", builders.consent())
        self.post(f"patients/{self.patient}/outcomes/", {"measure": "nprs", "value": n % 11})

    def add_patient(self, n: int) -> Any:
        patient = builders.patient(self.by, family_name=f"Row-{n}", given_names="Ada", email=f"row{n}@mail.example")
        Alert.objects.create(clinic=self.cast.clinic, patient=patient, code="anticoagulant", noted_at=LONG_AGO)
        Identifier.objects.create(clinic=self.cast.clinic, patient=patient, system="urn:x", value=str(n))
        return patient.pk

    def add_setup(self, n: int) -> None:
        home = {"clinic": self.cast.clinic}
        self.user = builders.user(f"therapist{n}@example.org", f"Therapist {n}")
        Membership.objects.create(user=self.user, role="therapist", **home)
        site = Site.objects.create(id=new_id(), name=f"Site {n}", address="1 Hill Road", **home)
        self.room = Room.objects.create(id=new_id(), site=site, name=f"Room {n}", **home)
        AppointmentType.objects.create(id=new_id(), name=f"Type {n}", length_min=30, buffer_min=0, **home)
        Competency.objects.create(
            id=new_id(), user=self.user, technique="dry_needling", valid_until=LONG_AGO.date(), **home
        )
        hours = {"user": self.user, "room": self.room, "from_time": time(9), "until_time": time(17), **home}
        Hours.objects.create(id=new_id(), weekday=0, **hours)
        ExtraHours.objects.create(id=new_id(), day=(DAY + timedelta(days=5)).date(), **hours)
        closed = (DAY + timedelta(days=100 + n)).date()
        Closure.objects.create(
            id=new_id(), user=self.user, site=site, first_day=closed, last_day=closed, note=f"Closed {n}", **home
        )

    def add_lists(self, n: int) -> None:
        """What a patient was sent and planned, and the clinic's own lists."""
        home = {"clinic": self.cast.clinic}
        OwnMedicine.objects.create(name=f"Medicine {n}", **home)
        ImportRun.objects.create(started_at=LONG_AGO + timedelta(minutes=n), files=["a.csv"], **home)
        link = Link.objects.create(
            patient_id=self.patient,
            purpose="form",
            about_id=self.patient,
            token_sha256=n.to_bytes(32),
            expires_at=LONG_AGO,
            **home,
        )
        FormRequest.objects.create(
            patient_id=self.patient, form="intake", status="cancelled", link=link, asked_at=LONG_AGO, **home
        )
        plan = TreatmentPlan.objects.create(
            patient_id=self.patient,
            problem="Neck pain",
            sessions=8,
            weeks=4,
            minutes=60,
            starts_on=LONG_AGO.date(),
            author=self.cast.therapist,
            made_at=LONG_AGO,
            **home,
        )
        for number in range(2):
            PlanGoal.objects.create(plan=plan, number=number, measure="Turning", target="70 degrees", **home)
        ended = {"status": "ended", "ended_at": LONG_AGO, "ended_by": self.cast.therapist}
        TreatmentPlan.objects.filter(pk=plan.pk).update(**ended)

    def add_series(self) -> Series:
        return Series.objects.create(
            clinic=self.cast.clinic,
            patient_id=self.patient,
            type=self.desk.kind,
            count=4,
            weeks=4,
            length_min=30,
            starts_on=DAY.date(),
            made_by=self.cast.staff,
        )

    def add_appointment(self, patient: Any, starts_at: datetime, **fields: Any) -> Appointment:
        ends_at = starts_at + timedelta(minutes=30)
        fields = {"therapist": self.cast.therapist, "room": self.desk.room} | fields
        return Appointment.objects.create(
            clinic=self.cast.clinic,
            patient_id=patient,
            type=self.desk.kind,
            starts_at=starts_at,
            ends_at=ends_at,
            blocked_until=ends_at,
            booked_at=LONG_AGO,
            **fields,
        )

    def add_visits(self, n: int, row_patient: Any) -> None:
        own = {"therapist": self.user, "room": self.room}
        self.add_appointment(row_patient, DAY + timedelta(hours=10), **own)
        later = DAY + timedelta(days=n, hours=12)
        series = self.add_series()
        self.add_appointment(self.patient, later, series=series, number=1)
        self.add_appointment(self.patient, later + timedelta(hours=2), series=self.series, number=n)
        self.add_appointment(self.patient, LONG_AGO + timedelta(days=n))
        at = LONG_AGO + timedelta(minutes=n)
        Change.objects.create(
            clinic=self.cast.clinic,
            appointment=self.appointment,
            at=at,
            by=self.user,
            what="moved",
            before={},
            after={},
        )

    def add_programme(self, status: str) -> Programme:
        return Programme.objects.create(
            clinic=self.cast.clinic,
            patient_id=self.patient,
            author=self.cast.therapist,
            status=status,
            started_on=LONG_AGO.date(),
            baseline_pain=5,
            ended_at=LONG_AGO if status == "ended" else None,
        )

    def add_version(self, programme: Programme, number: int) -> Version:
        version = Version.objects.create(
            clinic=self.cast.clinic,
            programme=programme,
            number=number,
            title=f"Version {number}",
            made_by=self.cast.therapist,
            made_at=LONG_AGO,
        )
        for position in range(2):
            Step.objects.create(
                clinic=self.cast.clinic,
                version=version,
                lasting=new_id(),
                position=position,
                exercise="chin_tuck",
                hold_s=10,
            )
        return version

    def add_home(self, n: int) -> None:
        ended = self.add_programme("ended")
        self.add_version(ended, 1)
        self.add_version(ended, 2)
        version = self.add_version(self.programme, n + 1)
        check_in = CheckIn.objects.create(
            clinic=self.cast.clinic,
            patient_id=self.patient,
            programme=self.programme,
            version=version,
            pain=3,
            local_date=(LONG_AGO + timedelta(days=n)).date(),
            answered_at=LONG_AGO + timedelta(days=n),
            note="Well.",
        )
        for step in version.steps.all():
            StepAnswer.objects.create(clinic=self.cast.clinic, check_in=check_in, step=step, done="yes")
        content = {"title": "Neck", "note": "", "steps": []}
        Template.objects.create(clinic=self.cast.clinic, name=f"Template {n}", content=content)

    def add_waits(self, n: int, row_patient: Any) -> None:
        home = {"clinic": self.cast.clinic}
        now = datetime.now(UTC)
        for state in ("failed", "queued"):
            Message.objects.create(
                patient_id=row_patient,
                kind="review_due",
                channel="email",
                about_id=row_patient,
                state=state,
                dedupe_key=f"{state} {n}",
                due_at=now - timedelta(minutes=n),
                late_at=now + timedelta(days=1),
                next_at=now + timedelta(hours=1),
                **home,
            )
        waiting = Waiting.objects.create(
            patient_id=row_patient, type=self.desk.kind, since=LONG_AGO, length_min=30, therapist=self.user, **home
        )
        opening = Opening.objects.create(
            id=new_id(),
            therapist=self.user,
            room=self.room,
            starts_at=DAY + timedelta(days=n),
            ends_at=DAY + timedelta(days=n, hours=1),
            made_at=LONG_AGO,
            **home,
        )
        Offer.objects.create(
            patient_id=row_patient,
            waiting=waiting,
            opening=opening,
            therapist=self.user,
            room=self.room,
            starts_at=opening.starts_at,
            made_at=LONG_AGO,
            expires_at=DAY,
            **home,
        )
        for patient in (row_patient, self.patient):
            item = {"patient_id": patient, "since": LONG_AGO, "due_at": LONG_AGO + timedelta(minutes=n), **home}
            for kind in ("red_flag", "silent"):
                Item.objects.create(
                    kind=kind, about_id=new_id(), taken_by=self.cast.staff, taken_at=LONG_AGO, facts={}, **item
                )
            Item.objects.create(
                kind="recall", about_id=new_id(), done_by=self.user, done_at=now, outcome="reached", **item
            )

    def add_drafts(self, row_patient: Any) -> None:
        draft = {
            "clinic": self.cast.clinic,
            "patient_id": row_patient,
            "recorded_by": self.cast.therapist,
            "performed_at": LONG_AGO,
            "recorded_at": LONG_AGO,
        }
        Assessment.objects.create(subject_id=new_id(), rule_set=DEFAULT_RULE_SET, **draft)
        Session.objects.create(subject_id=new_id(), **draft)

    def add_webhook(self) -> WebhookSubscription:
        with tenancy.scope(self.cast.clinic.pk):
            return WebhookSubscription.objects.create(
                id=new_id(), clinic=self.cast.clinic, url="https://hooks.example/", kinds=[], secret="", position=0
            )

    def add_delivery(self, n: int) -> None:
        self.add_webhook()
        WebhookDelivery.objects.create(
            clinic=self.cast.clinic,
            subscription=self.webhook,
            message_id=str(n),
            attempt=1,
            outcome="delivered",
            duration_ms=1,
            at=LONG_AGO + timedelta(minutes=n),
        )

    def add_documents(self, n: int) -> None:
        """A signed exam and a signed session of the one patient, of a muscle of their own."""
        muscle = sorted(catalogue.MUSCLES)[n]
        finding = builders.finding(muscle=muscle, ppt_kpa=[180.0, 190.0])
        found = builders.exam(findings=[finding], red_flags=builders.screen())
        done = builders.treatment(interventions=[builders.compression() | {"muscle": muscle}])
        for kind, body in (("assessments", found), ("sessions", done)):
            document = self.post(f"patients/{self.patient}/{kind}/", body)
            self.post(f"{kind}/{document}/sign/", {})

    def add_event(self, n: int) -> None:
        """An adverse event of the one session, and one more version of the first event."""
        event = {"session": self.session, "note": f"Row {n}"}
        answer = self.therapist.post(f"/patients/{self.patient}/adverse-events/", builders.adverse_event(**event))
        self.event = self.event or str(answer.json()["event_id"])
        change = builders.adverse_event(version=n, reason="Looked at again.")
        self.post(f"patients/{self.patient}/adverse-events/{self.event}/versions/", change)

    def patch(self, path: str, body: dict[str, Any]) -> None:
        answer = self.therapist.patch(f"/{path}", body, If_Match="*")
        assert answer.status_code == 200, answer.content


def statements(ask: Callable[[], Any]) -> tuple[list[str], Any]:
    with CaptureQueriesContext(connection) as captured:
        answer = ask()
    assert answer.status_code == 200, answer.content
    # A session is written again when a minute has passed, whatever the page shows.
    ran = [query["sql"] for query in captured if "accounts_session_save" not in query["sql"]]
    return [re.sub(r"\s+", " ", statement) for statement in ran], answer


def shape(statement: str) -> str:
    """A statement without its values, and an `IN` of many as one of few."""
    without = re.sub(r"'[^']*'(::\w+)?|\b\d+\b|\bs\d+_x\d+\b", "?", statement)
    return re.sub(r"(\(?\?\)?)(, ?\(?\?\)?)+", "?", without)


def ask_api(world: World, path: str) -> tuple[list[str], int]:
    names = world.ids | {"rows": str(world.rows)}
    query = {key: value.format(**names) for key, value in LISTS[path].items()}
    asker = world.owner if path.startswith("webhooks/") else world.therapist
    ran, answer = statements(partial(asker.get, f"/{path.format(**names)}", query))
    body = answer.json()
    rows = body.get("results", body.get("therapists") or body.get("findings") or body.get("interventions"))
    return ran, len(rows if rows is not None else body.get("appointments") or range(world.rows))


def ask_page(world: World, client: Client, path: str, row: str) -> tuple[list[str], int]:
    ran, answer = statements(partial(client.get, f"/{path.format(**world.ids)}"))
    text = answer.content.decode()
    return ran, len(set(re.findall(row, text))) if row else world.rows


def measure(world: World, therapist: Client, staff: Client) -> dict[str, tuple[list[str], int]]:
    asked = {f"api: /{path}": ask_api(world, path) for path in LISTS}
    asked |= {f"therapist: /{path}": ask_page(world, therapist, path, row) for path, row in PAGES.items()}
    return asked | {f"staff: /{path}": ask_page(world, staff, path, row) for path, row in OF_STAFF.items()}


def test_a_list_runs_the_same_statements_for_2_rows_and_for_20(cast: Cast) -> None:
    world = World(cast)
    therapist, staff = Client(), Client()
    therapist.force_login(cast.therapist)
    staff.force_login(cast.staff)
    for client in (therapist, staff):
        client.get("/")  # a session and the clinic's settings are written once
    world.grow(FEW)
    few = measure(world, therapist, staff)
    world.grow(MANY)
    many = measure(world, therapist, staff)

    more = {}
    for name, (ran, _rows) in many.items():
        extra = Counter(map(shape, ran)) - Counter(map(shape, few[name][0]))
        if extra:
            more[name] = [f"{count} more: {text[:300]}" for text, count in extra.items()]
    assert more == {}
    assert {name: len(ran) for name, (ran, _rows) in many.items()} == {name: len(r) for name, (r, _rows) in few.items()}
    short = {}
    for name, (_ran, rows) in many.items():
        path = name.split("/", 1)[1]
        if few[name][1] < FEW or rows < SHOWN.get(path, FEWER.get(path, MANY)):
            short[name] = (few[name][1], rows)
    assert short == {}, "these show less than they were given"
