"""The API against its own schema, fuzzed: no 5xx, nothing outside the schema."""

from __future__ import annotations

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from clinic.wsgi import application
from database import tenancy
from tests import builders
from tests.api import Api, token_for
from tests.conftest import make_cast
from tests.drills import small_or_drill

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def make_world():
    """Something of everything to be found, ids to find it by, and the tokens of those who ask."""
    cast = make_cast("-schema")
    with tenancy.scope(cast.clinic.pk):
        patient = builders.patient(cast.actor()).pk
    therapist = Api(cast.therapist)
    ids = {"patient_id": str(patient)}
    for kind, body in (("assessment", builders.exam(red_flags=builders.screen())), ("session", builders.treatment())):
        ids[f"{kind}_id"] = therapist.post(f"/patients/{patient}/{kind}s/", body).json()["id"]
        document = therapist.post(f"/patients/{patient}/{kind}s/", body).json()["id"]
        therapist.post(f"/{kind}s/{document}/sign/")
    ids["consent_id"] = therapist.post(f"/patients/{patient}/consents/", builders.consent()).json()["id"]
    ids["record_id"] = therapist.get("/records/").json()["results"][0]["id"]
    return ids, [token_for(cast.therapist), token_for(cast.writer)]


@pytest.fixture(scope="session")
def world(committed_once):
    return committed_once(make_world)


OPERATIONS = [
    f"{method.upper()} {path}"
    for path, operations in SchemaGenerator().get_schema(request=None, public=True)["paths"].items()
    for method in operations
]


@pytest.fixture(scope="session")
def schema(django_db_setup, django_db_blocker):
    # The request looks at whatever connection an earlier test has left.
    with django_db_blocker.unblock():
        return schemathesis.openapi.from_wsgi("/api/v1/schema/", application)


@pytest.fixture
def in_one_transaction(db):
    """The requests of a test stay in its transaction, as those of Django's test client do."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize("examples", small_or_drill(5, 50))
@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_api_keeps_to_its_schema(operation, examples, world, schema, in_one_transaction):
    """Each case is asked by a therapist and by a program; what they change is undone with the test's transaction."""
    ids, tokens = world
    method, path = operation.split()

    @given(case=schema[path][method].as_strategy())
    @settings(max_examples=examples, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    def ask(case):
        for name, value in ids.items():
            if name in (case.path_parameters or {}):
                case.path_parameters[name] = value
        if method in ("PATCH", "DELETE"):
            case.headers["If-Match"] = "*"
        for token in tokens:
            case.call_and_validate(
                headers={"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}, checks=CHECKS
            )

    ask()
