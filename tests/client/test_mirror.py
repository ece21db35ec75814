"""The mirror beside the server that it follows: equal after every pull, and able to show what was changed in it."""

import json
import stat

import httpx
import pytest
from django.utils import timezone

from assessments.models import Assessment
from database import tenancy
from homecare.checkins import actions as check_ins
from homecare.models import Programme
from homecare.rules import CheckInAnswers
from palpate_client import Diverged, Mirror, NotWhole
from palpate_client.command import main
from privacy import actions as privacy
from privacy import periodic
from scheduling.booking import actions as booking
from tests.api import Api
from tests.client.conftest import Transport
from tests.committed import committed_patient
from tests.privacy.conftest import begin_erasure, make_due, restrict
from tests.records.test_chain import sign_exam, tamper
from tests.scheduling.conftest import AT, make_desk

SURNAME = "Committed"  # what the patients of `committed_patient` are called


@pytest.fixture
def mirror(tmp_path):
    with Mirror(tmp_path / "mirror") as mirror:
        yield mirror


def rows(mirror, table, columns="*"):
    return mirror.database.execute(f"SELECT {columns} FROM {table} ORDER BY 1, 2").fetchall()


def assert_equal(mirror, client):
    """Each record and each change of the server is here as the server has it, and nothing else is."""
    feed = [row for page in pages(client, "/records/?limit=200") for row in page["results"]]
    here = rows(mirror, "record_statuses", "sequence, id, status, sha256, json")
    assert [row[:4] for row in here] == [(r["sequence"], r["id"], r["status"], r["sha256"]) for r in feed]
    assert [row[4] and json.loads(row[4]) for row in here] == [r["document"] for r in feed]
    changes = [(c.sequence, c.kind, c.action, c.id, c.at) for page in client.follow() for c in page.changes]
    assert rows(mirror, "changes") == changes
    assert mirror.verify().records == len(feed)


def pages(client, path):
    while path:
        page = client.get(path)
        yield page
        path = page["next"]


def test_everything_arrives_and_arrives_once(rich, client, mirror):
    cast, patient = rich
    with tenancy.scope(cast.clinic.pk):
        programme = Programme.objects.get(patient_id=patient)
        check_in = check_ins.answer_day(
            programme_id=programme.pk,
            answers=CheckInAnswers(pain=3),
            link=None,
            by=cast.actor(),
            at=timezone.now(),
        )
    assert mirror.pull(client) > 0
    assert_equal(mirror, client)
    assert {kind for kind, *_ in rows(mirror, "things")} == {"patient", "programme", "adverse_event", "check_in"}
    assert mirror.thing("check_in", str(check_in.pk))["pain"] == 3
    assert mirror.thing("patient", str(patient)) == client.get(f"/patients/{patient}/")
    assert mirror.pull(client) == 0
    assert stat.S_IMODE(mirror.path.stat().st_mode) == 0o600


@pytest.mark.parametrize("answered", [1, 2, 4, 6])
def test_a_pull_that_is_cut_goes_on_and_ends_equal(rich, client, network, mirror, monkeypatch, answered):
    """The line is cut after so many requests, with pages of two rows, and with every connection after it."""
    monkeypatch.setattr("palpate_client.mirror.MOST_ROWS", 2)
    monkeypatch.setattr("palpate_client.clients.time.sleep", lambda _s: None)
    follow = client.follow
    monkeypatch.setattr(client, "follow", lambda cursor=None: follow(cursor, limit=2))

    def cut(_request):
        if len(network.seen) > answered:
            raise httpx.ReadError("cut")

    network.fault = cut
    with pytest.raises(httpx.ReadError):
        mirror.pull(client)
    network.fault = lambda _request: None
    with Mirror(mirror.path) as again:  # another process
        again.pull(client)
        assert_equal(again, client)


def test_a_rename_a_move_a_version_an_addendum_an_error_and_a_merge_arrive(committed, client, mirror):
    cast = committed
    patient, twin = committed_patient(cast), committed_patient(cast)
    with tenancy.scope(cast.clinic.pk):
        desk = make_desk(cast, cast.actor(cast.staff))
        appointment = desk.book(patient)
    record = sign_exam(cast, patient)
    wrong = sign_exam(cast, twin)
    mirror.pull(client)
    assert len(rows(mirror, "current_records")) == 2

    api = Api(cast.therapist)
    with tenancy.scope(cast.clinic.pk):
        booking.move(appointment_id=appointment.pk, time=desk.time(11), by=desk.by, at=AT)
    assert api.patch(f"/patients/{patient}/", {"family_name": "Lyell"}, If_Match="*").status_code == 200
    first = document_of(cast, record)
    assert api.post(f"/assessments/{first}/addenda/", {"text": "More."}).status_code == 201
    second = api.post(f"/assessments/{first}/revisions/").json()["id"]
    assert api.post(f"/assessments/{second}/sign/").status_code == 200
    mistake = f"/assessments/{document_of(cast, wrong)}/entered-in-error/"
    assert api.post(mistake, {"reason": "Other."}).status_code == 200
    merge = {"into": str(patient), "reason": "Same."}
    assert Api(cast.owner).post(f"/patients/{twin}/merge/", merge).status_code == 200
    sign_exam(cast, patient)
    mirror.pull(client)

    assert_equal(mirror, client)
    assert mirror.thing("patient", str(patient))["family_name"] == "Lyell"
    moved = mirror.thing("appointment", str(appointment.pk))
    assert moved == client.get(f"/appointments/{appointment.pk}/")
    assert [(row[0], row[5]) for row in rows(mirror, "current_records")] == [(4, 2), (6, 1)]
    (merged_into,) = mirror.database.execute("SELECT merged_into FROM things WHERE id = ?", (str(twin),)).fetchone()
    assert merged_into == str(patient)


def document_of(cast, record):
    with tenancy.scope(cast.clinic.pk):
        return Assessment.objects.get(record_id=record.pk).pk


def test_an_erasure_arrives_and_nothing_of_the_person_stays_in_the_file(rich, client, mirror):
    cast, patient = rich
    bystander = committed_patient(cast)
    sign_exam(cast, bystander)
    mirror.pull(client)
    assert b"left side, said Ada" in mirror.path.read_bytes()
    make_due(begin_erasure(cast, patient))
    assert periodic.erase_due(str(cast.clinic.pk)) == 1
    mirror.pull(client)
    assert_equal(mirror, client)
    assert mirror.verify().erased == 4
    assert {row[2] for row in rows(mirror, "things")} == {str(bystander)}
    assert b"left side, said Ada" not in mirror.path.read_bytes()
    with Mirror(mirror.path.with_name("new.sqlite")) as new:  # and who comes later is told the same
        new.pull(client)
        assert_equal(new, client)


def test_a_restricted_record_is_not_used_until_it_can_be_read_again(rich, client, mirror):

    cast, patient = rich
    case = restrict(cast, patient)
    mirror.pull(client)
    assert_equal(mirror, client)
    assert rows(mirror, "current_records") == []
    assert mirror.thing("patient", str(patient)) is None
    with tenancy.scope(cast.clinic.pk):
        privacy.end_case(case_id=case.pk, by=cast.actor(cast.owner), at=timezone.now())
    mirror.pull(client)
    assert_equal(mirror, client)
    assert mirror.thing("patient", str(patient)) is not None


def test_a_server_that_was_restored_is_refused_plainly(rich, client, network, mirror):
    mirror.pull(client)
    before = mirror.head()
    for code in ("ahead_of_feed", "other_feed"):
        for path in ("/api/v1/changes/", "/api/v1/records/"):
            network.fault = lambda request, code=code, path=path: (
                httpx.Response(409, json={"code": code}) if request.url.path == path else None
            )
            with pytest.raises(Diverged, match=f"^{code}: .*restored from a backup"):
                mirror.pull(client)
    network.fault = lambda request: (
        httpx.Response(200, json={"head": {"sequence": before[0], "sha256": "ab" * 32}, "checkpoint": ""})
        if request.url.path.endswith("/checkpoint/")
        else None
    )
    with pytest.raises(Diverged, match="does not continue the chain"):
        mirror.pull(client)
    assert mirror.head() == before
    mirror.verify()


def test_what_the_server_forged_does_not_come_in(committed, client, mirror):
    patient = committed_patient(committed)
    record = sign_exam(committed, patient)
    tamper(
        committed,
        "UPDATE records_record SET document = convert_to(replace(convert_from(document, 'UTF8'), '\"version\":1', "
        f"'\"version\":2'), 'UTF8') WHERE id = '{record.pk}'",
    )
    with pytest.raises(NotWhole, match=r"^record 1: document_changed$"):
        mirror.pull(client)
    assert mirror.head()[0] == 0


def test_a_changed_byte_is_found_wherever_it_is(rich, client, mirror):
    mirror.pull(client)
    count = mirror.verify().records
    for damage, reason in [
        ("UPDATE records SET json = replace(json, 'left side', 'left  side')", "document_changed"),
        ("UPDATE records SET json = CAST(replace(json, 'left', x'ff65') AS TEXT)", "document_changed|damaged"),
        ("UPDATE records SET json = json || ' ' WHERE sequence = 1", "record 1: document_changed"),
        ("UPDATE records SET version = 9 WHERE sequence = 2", "record 2: version_changed"),
        ("UPDATE records SET sha256 = previous_sha256 WHERE sequence = 2", "record 2: document_changed"),
        ("UPDATE records SET json = NULL WHERE sequence = 3", "record 3: erased_without_record"),
        ("DELETE FROM records WHERE sequence = 2", "record 3: link_broken"),
        (f"DELETE FROM records WHERE sequence = {count}", f"record {count}: not what the checkpoint says"),
        ("INSERT INTO erased SELECT id, sha256 FROM records WHERE sequence = 1", "marked as erased"),
    ]:
        mirror.database.execute("BEGIN")
        mirror.database.execute(damage)
        with pytest.raises(NotWhole, match=reason) as told:
            mirror.verify()
        mirror.database.execute("ROLLBACK")
        assert SURNAME not in str(told.value)
    mirror.verify()


def test_the_command_pulls_verifies_and_says_what_does_not_hold(rich, access, network, tmp_path, monkeypatch, capsys):
    names = {"PALPATE_URL": "url", "PALPATE_CLIENT_ID": "client_id", "PALPATE_CLIENT_SECRET": "client_secret"}
    for name, key in names.items():
        monkeypatch.setenv(name, access[key])
    place = tmp_path / "copy.sqlite"
    assert main(["pull", str(place)], transport=Transport(network)) == 0
    for name in names:
        monkeypatch.delenv(name)
    assert main(["verify", str(place)]) == 0
    assert "4 records hold" in capsys.readouterr().out
    data = place.read_bytes()
    at = data.index(b"left side")
    with place.open("r+b") as file:
        file.seek(at)
        file.write(b"L")
    assert main(["verify", str(place)]) == 1
    assert "document_changed" in capsys.readouterr().err
    place.write_bytes(b"not a database" * 100)
    assert main(["verify", str(place)]) == 1
    assert "cannot be used as a mirror" in capsys.readouterr().err
    assert main(["verify", str(tmp_path / "nowhere")]) == 1
    assert not (tmp_path / "nowhere").exists()
    place.unlink()
    with pytest.raises(SystemExit):
        main(["pull", str(place)])
    assert "PALPATE_URL" in capsys.readouterr().err
    for name in names:
        monkeypatch.setenv(name, access[names[name]])
    monkeypatch.setenv("PALPATE_CLIENT_SECRET", "wrong")
    assert main(["pull", str(place)], transport=Transport(network)) == 2
    assert "401 invalid_client" in capsys.readouterr().err


def test_no_error_or_log_quotes_a_patient(rich, client, network, mirror, caplog):
    caplog.set_level("DEBUG")
    network.fault = lambda request: (
        httpx.Response(200, text=f'{{"results": "{SURNAME}') if request.url.path.endswith("/patients/") else None
    )
    with pytest.raises(Exception, match="not_palpate") as told:
        client.get("/patients/")
    assert SURNAME not in str(told.value)
    network.fault = lambda _request: None
    mirror.pull(client)
    ours = [record for record in caplog.records if record.name.startswith(("palpate_client", "httpx", "httpcore"))]
    assert SURNAME not in "".join(record.getMessage() for record in ours)
