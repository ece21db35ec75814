"""The file of what was read in an emergency: added to only, imported once, and a changed line is noticed."""

from __future__ import annotations

import orjson
import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client

from accounts.web.emergency import make_cookie
from audit import actions as audit
from audit import emergency
from audit.models import AuditEvent
from database import tenancy
from tests import builders


@pytest.fixture
def folder(settings, tmp_path):
    settings.EMERGENCY_TRAIL = str(tmp_path / "emergency")
    return tmp_path / "emergency"


def read_pages(cast, number):
    with tenancy.scope(cast.clinic.pk), emergency.writing_to_file():
        for count in range(number):
            audit.log("page.patient", by=cast.actor(cast.owner), patient_ids=[cast.clinic.pk], code=str(count))


def events(cast):
    with tenancy.scope(cast.clinic.pk):
        return list(AuditEvent.objects.filter(action__in=["page.patient", "emergency.import"]).order_by("at"))


def test_what_was_read_is_imported_once_with_its_moment(cast, folder):
    read_pages(cast, 3)
    assert events(cast) == []
    copy = (folder / emergency.NAME).read_bytes()

    assert emergency.import_trail() == 3
    assert [event.code for event in events(cast)] == ["0", "1", "2", "3"]  # and how many the import read
    assert {event.user_id for event in events(cast)[:3]} == {cast.owner.pk}
    assert not (folder / emergency.NAME).exists()
    assert len(list(folder.glob("imported-*.jsonl"))) == 1
    assert emergency.import_trail() == 0
    (folder / emergency.NAME).write_bytes(copy)
    assert emergency.import_trail() == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: lines[1:],
        lambda lines: [lines[0], lines[2]],
        lambda lines: [lines[0].replace(b"page", b"pagE"), *lines[1:]],
    ],
)
def test_a_changed_file_is_told(cast, folder, change):
    read_pages(cast, 3)
    path = folder / emergency.NAME
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))

    emergency.import_trail()

    last = events(cast)[-1]
    assert (last.action, last.outcome, last.code) == ("emergency.import", "failed", "chain_broken")


def test_without_a_folder_there_is_no_such_page(cast, settings):
    settings.EMERGENCY_TRAIL = ""
    assert Client().get("/emergency/").status_code == 404


def test_nobody_enters_while_the_database_takes_writes(cast, folder):
    form = {"email": cast.owner.email, "password": "correct horse battery", "reason": "Curious about something."}
    answer = Client().post("/emergency/", form)
    assert (answer.status_code, "emergency" in answer.cookies) == (409, False)
    with tenancy.scope(cast.clinic.pk):
        assert AuditEvent.objects.filter(action="emergency.not_needed", user_id=cast.owner.pk).exists()


def ask(method, client, path, form=None):
    """Ask inside a savepoint: a refused statement leaves the test's transaction as it was."""
    point = transaction.savepoint()
    answer = getattr(client, method)(path, form)
    transaction.savepoint_rollback(point)
    return answer


def test_an_owner_reads_and_nothing_is_saved_while_the_database_takes_no_writes(cast, folder, patient):
    cache.clear()
    reason = "An ambulance asks for the medicines."
    form = {"email": cast.owner.email, "password": builders.PASSWORD, "reason": reason}
    signed_in = Client(raise_request_exception=False)
    signed_in.force_login(cast.therapist)
    client = Client(raise_request_exception=False)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what the fixtures have made is checked now
        cursor.execute("SET LOCAL transaction_read_only = on")

    for method, path in (("get", "/patients/"), ("post", "/account/lock/"), ("get", "/api/v1/patients/")):
        assert ask(method, signed_in, path).status_code == 503
    for wrong in ({"password": "wrong"}, {"email": cast.therapist.email}):
        assert ask("post", client, "/emergency/", form | wrong).status_code == 409
    assert ask("post", client, "/emergency/", form | {"reason": ""}).status_code == 400
    assert ask("post", client, "/emergency/", form).status_code == 302
    for path in ("/", "/patients/", f"/patients/{patient}/"):
        page = ask("get", client, path)
        assert page.status_code == 200, (path, page.content[-300:])
        assert "Reading in an emergency until" in page.content.decode()
    assert ask("get", client, f"/api/v1/patients/{patient}/").status_code == 200
    for path in ("/patients/", "/search/"):
        page = ask("post", client, path, {"q": "Okafor"})
        assert (page.status_code, b"Okafor" in page.content) == (200, True), path
    for method, path in (("post", "/patients/new/"), ("post", "/api/v1/patients/"), ("get", "/account/access/")):
        assert ask(method, client, path).status_code == 503

    lines = [orjson.loads(line) for line in (folder / emergency.NAME).read_bytes().splitlines()]
    assert [line["action"] for line in lines][:3] == ["emergency.refused", "emergency.refused", "emergency.enter"]
    assert (lines[2]["code"], lines[2]["user_id"]) == (reason, str(cast.owner.pk))
    looks = {line["action"] for line in lines[3:] if str(patient) in line["patient_ids"]}
    assert {"page.patient", "patient.read", "page.patients", "page.search"} <= looks


def test_a_program_in_the_browser_of_an_owner_reads_nothing(cast, folder):
    client = Client()
    client.cookies["emergency"] = make_cookie(cast.owner.pk, cast.clinic.pk)
    for path in ("/api/v1/patients/", "/patients/"):
        assert client.get(path, headers={"Authorization": "Bearer invented"}).status_code == 503
    assert not (folder / emergency.NAME).exists()


def test_an_invented_or_old_cookie_opens_nothing(cast, folder):
    client = Client()
    client.cookies["emergency"] = "e30:1abc:invented"
    assert client.get("/patients/").status_code == 302
