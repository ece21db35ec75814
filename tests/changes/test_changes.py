"""The clinic's sequence of changes: what is in it, whose it is, and that nothing is missing however many write."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils import timezone

from api.cursors import write_cursor
from changes import queries, rules
from changes.models import ChangeCounter, ClinicChange
from database import tenancy
from identity.actor import Actor
from patients import actions as patients
from patients.models import Alert, Patient
from scheduling.booking import actions as booking
from scheduling.models import Appointment
from tests import builders
from tests.api import Api
from tests.committed import at_once, committed, committed_patient
from tests.conftest import Cast
from tests.scheduling.conftest import Desk, clinic_desk, make_desk

__all__ = ["clinic_desk", "committed"]  # fixtures


def commit() -> None:
    """What a commit does: the deferred triggers run. (A test's transaction is rolled back.)"""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("SELECT set_config('palpate.changes_from', '', true)")  # the transaction is over


def noted(cast: Cast, after: int = 0) -> list[tuple[str, str, list[str]]]:
    commit()
    with tenancy.scope(cast.clinic.pk):
        rows = queries.changes_after(clinic_id=cast.clinic.pk, sequence=after, kinds=list(rules.KINDS), limit=200)
        return [(row.kind, row.action, row.fields) for row in rows]


def head(cast: Cast) -> int:
    commit()
    with tenancy.scope(cast.clinic.pk):
        return queries.head(cast.clinic.pk)


@pytest.fixture
def follower(cast: Cast) -> Api:
    every = " ".join(sorted({*rules.KINDS.values()}))
    return Api(builders.program(cast.clinic, scopes=every))


# --- What leaves a row ----------------------------------------------------------------------------------------


def test_a_patient_is_followed_from_registration_to_merge(cast: Cast, api: Any, follower: Api):
    before = head(cast)
    first = api().post("/patients/", {"family_name": "Anning"}).json()["id"]
    second = api().post("/patients/", {"family_name": "Aning"}).json()["id"]
    assert noted(cast, before) == [("patient", "created", []), ("patient", "created", [])]
    before = head(cast)
    assert api().patch(f"/patients/{first}/", {"family_name": "Anning-Lyell"}, If_Match="*").status_code == 200
    assert noted(cast, before) == [("patient", "changed", ["family_name"])]
    before = head(cast)
    owner = api(cast.owner)
    assert owner.post(f"/patients/{second}/merge/", {"into": first, "reason": "Same."}).status_code == 200
    rows = [row for row in follow(follower, before) if row["action"] == "merged"]
    assert [(row["id"], row["merged_into"]) for row in rows] == [(second, first)]


def test_alerts_are_a_change_of_their_patient(cast: Cast, in_clinic: Cast, patient: Any):
    before = head(cast)
    Alert.objects.create(clinic=cast.clinic, patient_id=patient, code="anticoagulant", noted_at=timezone.now())
    assert noted(cast, before) == [("patient", "changed", ["alerts"])]


def test_a_draft_leaves_no_row_and_its_signature_does(cast: Cast, api: Any, patient: Any):
    before = head(cast)
    exam = api().post(f"/patients/{patient}/assessments/", builders.exam()).json()["id"]
    api().patch(f"/assessments/{exam}/", {"findings": [builders.finding()]})
    assert noted(cast, before) == []
    assert api().post(f"/assessments/{exam}/sign/").status_code == 200
    assert noted(cast, before) == [("record", "signed", [])]
    api().post(f"/assessments/{exam}/addenda/", {"text": "More."})
    api().post(f"/assessments/{exam}/entered-in-error/", {"reason": "Another patient."})
    assert [action for _kind, action, _fields in noted(cast, before)] == ["signed", "addendum", "entered_in_error"]


def test_an_appointment_that_moves_says_what_moved(cast: Cast, clinic_desk: Desk, follower: Api):
    with tenancy.scope(cast.clinic.pk):
        patient = clinic_desk.patient()
        before = head(cast)
        appointment = clinic_desk.book(patient)
        commit()
        booking.move(
            appointment_id=appointment.pk,
            time=clinic_desk.time(11),
            by=clinic_desk.by,
            at=timezone.now() - timedelta(days=30),
        )
    rows = [row for row in follow(follower, before) if row["kind"] == "appointment"]
    assert [(row["action"], row["revision"], row["changed"]) for row in rows] == [
        ("created", 1, []),
        ("changed", 2, ["starts_at", "ends_at"]),
    ]


def test_sql_past_the_application_is_followed_too(cast: Cast, in_clinic: Cast, patient: Any):
    before = head(cast)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE patients_patient SET city = 'Lyme' WHERE id = %s", [patient])
        cursor.execute("UPDATE patients_patient SET city = 'Lyme' WHERE id = %s", [patient])  # nothing is new
        cursor.execute("UPDATE patients_patient SET keys_version = 0 WHERE id = %s", [patient])  # ours alone
    assert noted(cast, before) == [("patient", "changed", ["city"])]


def test_one_transaction_that_changes_a_thing_twice_says_so_once(cast: Cast, in_clinic: Cast):
    before = head(cast)
    person = builders.patient(in_clinic.actor(), family_name="Twice")
    Patient.objects.filter(pk=person.pk).update(city="Lyme")
    Alert.objects.create(clinic=cast.clinic, patient=person, code="anticoagulant", noted_at=timezone.now())
    assert noted(cast, before) == [("patient", "created", [])]


def test_a_programme_is_new_when_it_is_published(cast: Cast, api: Any, patient: Any):
    before = head(cast)
    content = {"title": "Neck", "steps": [{"exercise": "chin_tuck", "dose": {"hold_s": 10, "repetitions": 5}}]}
    programme = api().post(f"/patients/{patient}/programmes/", content).json()
    assert noted(cast, before) == []
    assert api().post(f"/programmes/{programme['id']}/publish/", {}).status_code == 200
    rows = noted(cast, before)
    assert ("programme", "created", []) in rows
    assert {kind for kind, _action, _fields in rows} == {"programme"}
    after = head(cast)
    assert api().patch(f"/programmes/{programme['id']}/", {"title": "Neck and back"}, If_Match="*").status_code == 200
    assert noted(cast, after) == []  # a draft again


# --- Who sees what --------------------------------------------------------------------------------------------


def follow(client: Api, after: int) -> list[dict[str, Any]]:
    commit()
    answer = client.get("/changes/", {"limit": 200})
    assert answer.status_code == 200, answer.content
    return [row for row in answer.json()["results"] if row["sequence"] > after]


def test_a_program_sees_the_kinds_of_its_scopes(cast: Cast, api: Any, clinic_desk: Desk):
    with tenancy.scope(cast.clinic.pk):
        clinic_desk.book(clinic_desk.patient())
    desk = api(builders.program(cast.clinic, scopes="scheduling:read"))
    commit()
    page = desk.get("/changes/").json()
    assert {row["kind"] for row in page["results"]} == {"appointment"}
    assert page["complete"] is False
    refused = desk.get("/changes/", {"kind": "patient"})
    assert (refused.status_code, refused.json()["scope"]) == (403, "patients:read")
    stranger = api(builders.program(cast.clinic, scopes="webhooks:manage"))
    assert stranger.get("/changes/").status_code == 403
    assert desk.get("/changes/", {"kind": "moon"}).status_code == 400


def test_another_clinic_has_its_own_sequence(cast: Cast, api: Any, follower: Api):
    api().post("/patients/", {"family_name": "Ours"})
    commit()
    other = api(builders.program(cast.other_clinic, scopes="patients:read"))
    assert other.get("/changes/").json()["head"] == 0
    assert follower.get("/changes/").json()["head"] == 1


def test_pages_go_on_where_they_ended_and_complete_ones_have_no_gap(cast: Cast, api: Any, follower: Api):
    for number in range(5):
        api().post("/patients/", {"family_name": f"Row-{number}"})
        commit()
    seen, query = [], {"limit": 2}
    while True:
        page = follower.get("/changes/", query).json()
        seen += [row["sequence"] for row in page["results"]]
        assert page["complete"] is True
        if page["next_cursor"] is None:
            break
        query = {"limit": 2, "cursor": page["next_cursor"]}
    assert seen == list(range(1, 6))
    resume = {"cursor": page["resume_cursor"]}
    assert follower.get("/changes/", resume).json()["results"] == []
    api().post("/patients/", {"family_name": "Later"})
    commit()
    assert [row["sequence"] for row in follower.get("/changes/", resume).json()["results"]] == [6]


def test_a_cursor_of_another_database_is_refused(cast: Cast, api: Any, follower: Api):
    api().post("/patients/", {"family_name": "One"})
    commit()
    for values, code in (([9, "ab" * 8], "ahead_of_feed"), ([1, "ab" * 8], "other_feed")):
        answer = follower.get("/changes/", {"cursor": write_cursor(values, "/api/v1/changes/")})
        assert (answer.status_code, answer.json()["code"]) == (409, code)


def test_a_page_that_is_known_is_not_sent_again(cast: Cast, api: Any, follower: Api):
    first = follower.get("/changes/")
    assert follower.get("/changes/", If_None_Match=first["ETag"]).status_code == 304
    api().post("/patients/", {"family_name": "New"})
    commit()
    assert follower.get("/changes/", If_None_Match=first["ETag"]).status_code == 200


def test_one_patients_changes_with_those_of_the_record_merged_into_it(cast: Cast, api: Any, follower: Api):
    ids = [api().post("/patients/", {"family_name": name}).json()["id"] for name in ("A", "B", "C")]
    api(cast.owner).post(f"/patients/{ids[1]}/merge/", {"into": ids[0], "reason": "Same."})
    commit()
    rows = follower.get("/changes/", {"patient_id": ids[0]}).json()["results"]
    assert {row["patient_id"] for row in rows} == set(ids[:2])


# --- Many at once ---------------------------------------------------------------------------------------------


def move_to(patient_id: UUID, city: str, *, by: Actor) -> None:
    person = Patient.objects.select_for_update(no_key=True).get(pk=patient_id)
    patients.change_patient(patient=person, changes={"city": city}, by=by, at=timezone.now())


def test_eight_writers_leave_no_gap_and_nothing_appears_behind_a_follower(committed: Cast):
    """A follower that reads while they write gets every number, in order, at its first look past it."""
    cast = committed
    with tenancy.scope(cast.clinic.pk):
        desk = make_desk(cast, cast.actor(cast.staff))
    people = [committed_patient(cast) for _ in range(8)]
    seen: list[int] = []
    done: list[int] = []

    def write(number: int) -> None:
        chance = random.Random(number)
        for turn in range(12):
            with tenancy.scope(cast.clinic.pk), transaction.atomic():
                move_to(people[number], f"Town {turn}", by=desk.by)
                if chance.random() < 0.3:
                    transaction.set_rollback(True)
        done.append(number)

    def read() -> None:
        after = 0
        while True:
            is_over = len(done) == 8
            with tenancy.scope(cast.clinic.pk, read_only=True):
                rows = queries.changes_after(
                    clinic_id=cast.clinic.pk, sequence=after, kinds=list(rules.KINDS), limit=200
                )
            seen.extend(row.sequence for row in rows)
            after = seen[-1] if seen else 0
            if is_over and not rows:
                return

    at_once([read, *(lambda number=number: write(number) for number in range(8))])
    with tenancy.scope(cast.clinic.pk):
        assert seen == list(range(1, queries.head(cast.clinic.pk) + 1))
        assert ClinicChange.objects.filter(clinic_id=cast.clinic.pk).count() == len(seen)


def test_bookings_wait_for_no_transaction_that_is_still_open(committed: Cast):
    """The counter is taken at the commit: a long transaction keeps nobody from booking."""
    cast = committed
    with tenancy.scope(cast.clinic.pk):
        desk = make_desk(cast, cast.actor(cast.staff))
    person = committed_patient(cast)
    other = committed_patient(cast)

    def book() -> Any:
        with tenancy.scope(cast.clinic.pk):
            connection.cursor().execute("SET LOCAL lock_timeout = '5s'")
            return desk.book(other)

    with tenancy.scope(cast.clinic.pk):
        move_to(person, "Slow", by=desk.by)
        (appointment,) = at_once([book])
        assert Appointment.objects.filter(pk=appointment.pk).exists()
    with tenancy.scope(cast.clinic.pk):
        rows = ClinicChange.objects.filter(clinic_id=cast.clinic.pk).order_by("sequence")
        assert [row.kind for row in rows][-2:] == ["appointment", "patient"]
        assert ChangeCounter.objects.get(pk=cast.clinic.pk).sequence == len(rows)
