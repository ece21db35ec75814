"""What every path of the API does alike: retries, edits, errors, limits."""

import json

import pytest
from django.core.signals import request_started
from django.db import close_old_connections
from django.test import Client, RequestFactory

from api.models import IdempotencyKey
from database import tenancy
from patients.models import Patient
from tests import builders
from tests.api import Api
from tests.committed import at_once, committed

__all__ = ["committed"]
ADA = {"family_name": "Okafor"}


def test_the_same_key_replays_the_first_answer(api, cast):
    first = api().post("/patients/", ADA, Idempotency_Key="k1")
    therapist = api(cast.writer)
    first = therapist.post("/patients/", ADA, Idempotency_Key="k1")
    again = therapist.post("/patients/", ADA, Idempotency_Key="k1")

    assert again.status_code == 201
    assert again.content == first.content
    assert again["ETag"] == first["ETag"]
    assert again["Location"] == first["Location"]
    assert again["Idempotency-Replayed"] == "true"
    with tenancy.scope(cast.clinic.pk):
        assert Patient.objects.count() == 2  # the first one was another actor's


def test_the_same_key_with_another_body_is_refused(api, cast):
    program = api(cast.writer)
    program.post("/patients/", ADA, Idempotency_Key="k1")

    answer = program.post("/patients/", {"family_name": "Other"}, Idempotency_Key="k1")

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


def test_a_refusal_is_not_kept(api, cast):
    program = api(cast.writer)
    assert program.post("/patients/", {"family_name": ""}, Idempotency_Key="k1").status_code == 400

    assert program.post("/patients/", ADA, Idempotency_Key="k1").status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_has_at_most_255_characters(api, key):
    answer = api().post("/patients/", ADA, Idempotency_Key=key)

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "#Idempotency-Key")


def test_the_same_key_at_the_same_time_acts_once(committed):
    program = Api(committed.writer)

    answers = at_once([lambda: program.post("/patients/", ADA, Idempotency_Key="twice")] * 6)

    assert {a.status_code for a in answers} == {201}
    assert len({a.content for a in answers}) == 1
    with tenancy.scope(committed.clinic.pk):
        assert Patient.objects.count() == 1


def test_two_who_edit_the_same_draft_are_told(committed):
    program = Api(committed.writer)
    patient = program.post("/patients/", ADA).json()["id"]
    path = f"/assessments/{program.post(f'/patients/{patient}/assessments/', builders.exam()).json()['id']}/"

    answers = at_once([lambda: program.patch(path, {"pain_now": 3}, If_Match='"1"')] * 5)

    assert sorted(a.status_code for a in answers) == [200, 412, 412, 412, 412]


def test_old_keys_are_forgotten(api, cast):
    from accounts.periodic import forget_old_keys

    api(cast.writer).post("/patients/", ADA, Idempotency_Key="k1")
    with tenancy.scope(cast.clinic.pk):
        assert forget_old_keys() == 0
        row = IdempotencyKey.objects.get()
        row.created_at = "2026-01-01T00:00:00Z"
        row.save(update_fields=["created_at"])
    assert forget_old_keys() == 1


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "parse_error"),
        (b'{"family_name": NaN}', "application/json", 400, "parse_error"),
        (b'{"family_name": "\\ud800"}', "application/json", 400, "parse_error"),
        (b"[]", "application/json", 400, "invalid"),
        (b"null", "application/json", 400, "invalid"),
        (b'{"family_name": "\\u0000"}', "application/json", 400, "invalid"),
        (b'{"family_name": "A", "family_name": "B"}', "application/json", 400, "parse_error"),
        (b'{"family_name": "A", "family\\u005fname": "B"}', "application/json", 400, "parse_error"),
        (b'{"identifiers": [{"value": "1", "value": "2"}]}', "application/json", 400, "parse_error"),
        (b'{"family_name": ' + b"[" * 900 + b"]" * 900 + b"}", "application/json", 400, "parse_error"),
        (b"[" * 100_000 + b"]" * 100_000, "application/json", 400, "parse_error"),
        (b'{"family_name": ' + b"9" * 5000 + b"}", "application/json", 400, "parse_error"),
        (b"\xff\xfe{\x00}\x00", "application/json", 400, "parse_error"),
        (b'{"family_name": "x"}', "application/json; charset=latin-1", 415, "unsupported_media_type"),
        ('{"family_name": "x"}'.encode("utf-16"), "application/json; charset=utf-16", 415, "unsupported_media_type"),
        (b"family_name=x", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
    ],
)
def test_a_body_that_is_not_understood(api, body, content_type, status, code):
    therapist = api()
    answer = therapist.client.generic("POST", "/api/v1/patients/", body, content_type, headers=therapist.headers)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"', "utf8"])
def test_utf_8_may_be_named(api, charset):
    program = api()
    body, content_type = '{"family_name": "Łukasz"}'.encode(), f"application/json; charset={charset}"
    answer = program.client.post("/api/v1/patients/", body, content_type, headers=program.headers)

    assert (answer.status_code, answer.json()["family_name"]) == (201, "Łukasz")


def send_through_wsgi(program, method, path, body, **environ):
    """Send a body without Content-Length, as a server hands it over that has joined the chunks."""
    from clinic.wsgi import application

    request = RequestFactory().generic(method, f"/api/v1{path}", headers={**program.headers, "If-Match": "*"})
    environ = {
        **{name: value for name, value in request.environ.items() if name != "CONTENT_LENGTH"},
        "CONTENT_TYPE": "application/json",
        "HTTP_TRANSFER_ENCODING": "chunked",
        "wsgi.input": body,
        "wsgi.input_terminated": True,
    } | environ
    status = []
    request_started.disconnect(close_old_connections)  # the test's transaction goes on, as with Django's client
    try:
        answer = application(environ, lambda line, headers: status.append((line, dict(headers))))
    finally:
        request_started.connect(close_old_connections)
    content = b"".join(answer)
    return int(status[0][0][:3]), status[0][1]["Content-Type"], json.loads(content)


def test_a_number_in_a_list_is_no_id(api, cast):
    body = {"name": "Long", "length_min": 60, "therapists": [str(cast.therapist.pk), 1]}

    answer = api(cast.staff).post("/appointment-types/", body)

    errors = [(error["pointer"], error["code"]) for error in answer.json()["errors"]]
    assert (answer.status_code, errors) == (400, [("/therapists/1", "invalid")])


def test_a_database_refusal_is_never_a_500(api, cast, patient, monkeypatch):
    """Should a check in Python be missing, the constraint still refuses, and says so in the API's form."""
    monkeypatch.setattr("assessments.checks.check_content", lambda content, **facts: None)

    answer = api().post(f"/patients/{patient}/assessments/", builders.exam(pain_worst_24h=2, pain_best_24h=5))

    assert (answer.status_code, answer.json()["code"]) == (422, "constraint")
    assert answer.json()["constraint"] == "assessment_best_not_above_worst"


def test_a_row_level_security_refusal_is_a_403(api, cast, patient, monkeypatch):
    def smuggle(**kwargs):
        return Patient.objects.create(clinic=cast.other_clinic, family_name="x", sort_name="x")

    monkeypatch.setattr("patients.actions.register_patient", smuggle)

    answer = api().post("/patients/", ADA)

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert "x" not in json.dumps(answer.json()["errors"])


def test_our_own_fault_says_nothing_of_the_patient(api, cast, monkeypatch, caplog):
    def break_down(**kwargs):
        raise RuntimeError("Okafor, Ada, born 1980")

    monkeypatch.setattr("patients.actions.register_patient", break_down)

    answer = api().post("/patients/", ADA)

    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert b"Okafor" not in answer.content


def test_the_log_withholds_exception_texts_and_queries():
    import logging

    from clinic.logs import WithoutQuery

    name = "Okafor"
    try:
        raise RuntimeError(name)
    except RuntimeError as error:
        record = logging.LogRecord("x", logging.ERROR, "", 0, "broke", (), (RuntimeError, error, error.__traceback__))
    WithoutQuery().filter(record)

    assert "Okafor" not in logging.Formatter("%(message)s").format(record)


def test_limits_are_told_and_kept(api, settings):
    settings.API_REQUESTS_PER_MINUTE = 3
    therapist = api()

    answers = [therapist.get("/me/") for _ in range(7)]  # the minute may turn once

    codes = [a.status_code for a in answers]
    assert codes[0] == 200
    assert 429 in codes
    assert answers[0]["RateLimit"].startswith('"requests";r=2;t=')
    refused = next(a for a in answers if a.status_code == 429)
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert refused.json()["code"] == "throttled"


def test_without_redis_the_work_goes_on(api, settings):
    settings.REDIS_URL = "unix:///nonexistent/redis.sock"

    assert api().get("/me/").status_code == 200


def test_nothing_is_cached_by_a_browser_or_a_proxy(api):
    assert api().get("/patients/")["Cache-Control"] == "no-store"


def test_head_is_a_get_without_a_body(api, patient):
    answer = api().request("head", f"/patients/{patient}/")

    assert (answer.status_code, answer.content) == (200, b"")


def test_health(cast):
    client = Client()

    assert client.get("/healthz").json() == {"alive": True}
    ready = client.get("/readyz")
    assert ready.status_code == 200, ready.json()
    assert ready.json()["checks"] == {"database": True, "broker": True, "migrations": True}


def test_not_ready_without_a_broker(cast, monkeypatch):
    def refuse():
        raise OSError

    monkeypatch.setitem(__import__("clinic.health").health.CHECKS, "broker", refuse)

    answer = Client().get("/readyz")

    assert (answer.status_code, answer.json()["checks"]["broker"]) == (503, False)


def test_the_schema_and_the_page_to_try_it(cast):
    schema = Client().get("/api/v1/schema/").json()
    page = Client().get("/api/v1/docs/")

    assert schema["openapi"].startswith("3.1")
    assert "/api/v1/patients/{patient_id}/history/" in schema["paths"]
    assert page.status_code == 200
    assert "'unsafe-" not in page["Content-Security-Policy"]
    assert b"//cdn" not in page.content


@pytest.mark.parametrize("method", ["KWARGS", "DISPATCH", "INITIAL", "TRACE", "PUT"])
def test_a_method_that_is_none_is_405(api, method):
    therapist = api()

    answer = therapist.client.generic(method, "/api/v1/patients/", headers=therapist.headers)

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


def test_a_body_that_is_too_large_is_413(api, settings):
    settings.BODY_MAX_BYTES = 1000

    for headers in ({}, {"Idempotency_Key": "k"}):
        answer = api().post("/patients/", {"family_name": "x" * 2000}, **headers)
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_cursor_with_a_nul_is_refused(api):
    from api.cursors import write_cursor

    cursor = write_cursor(["\x00", "01a1fb94-cd7d-7c2d-8e00-e0920d259e17"], "/api/v1/patients/")

    assert api().get("/patients/", {"cursor": cursor}).status_code == 400


def test_strangers_are_counted_by_address(cast, settings):
    settings.API_REQUESTS_PER_MINUTE = 3
    stranger = Client(REMOTE_ADDR="198.51.100.77")

    answers = [stranger.get("/api/v1/patients/") for _ in range(7)]

    assert answers[0].status_code == 401
    assert 429 in [a.status_code for a in answers]
    assert "RateLimit" in answers[0]


def test_deep_json_in_an_import_is_refused(api):
    body = {"format": "fhir_json", "content": "[" * 100_000 + "]" * 100_000}

    for name in ("fhir_json", "fhir_ndjson"):
        answer = api().post("/patients/imports/", body | {"format": name})
        assert answer.status_code < 500, answer.content
