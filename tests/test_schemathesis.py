"""The API against its own schema, fuzzed: no 5xx, nothing outside the schema."""

from __future__ import annotations

import pytest
import schemathesis
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from clinic.wsgi import application
from tests import builders
from tests.api import Api, token_for
from tests.committed import committed, committed_patient

__all__ = ["committed"]

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture
def served(committed):
    """Something of everything to be found, and ids to find it by."""
    therapist, patient = Api(committed.therapist), committed_patient(committed)
    known = {"patient_id": str(patient)}
    for kind, body in (("assessment", builders.exam(red_flags=builders.screen())), ("session", builders.treatment())):
        known[f"{kind}_id"] = therapist.post(f"/patients/{patient}/{kind}s/", body).json()["id"]
        document = therapist.post(f"/patients/{patient}/{kind}s/", body).json()["id"]
        therapist.post(f"/{kind}s/{document}/sign/")
    known["consent_id"] = therapist.post(f"/patients/{patient}/consents/", builders.consent()).json()["id"]
    known["record_id"] = therapist.get("/records/").json()["results"][0]["id"]
    return known


@pytest.fixture
def callers(committed):
    return {"therapist": token_for(committed.therapist), "program": token_for(committed.writer)}


OPERATIONS = [
    f"{method.upper()} {path}"
    for path, operations in SchemaGenerator().get_schema(request=None, public=True)["paths"].items()
    for method in operations
]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_api_keeps_to_its_schema(operation, served, callers):
    """Each case is asked by a therapist and by a program."""
    method, path = operation.split()
    found = schemathesis.openapi.from_wsgi("/api/v1/schema/", application)[path][method]

    @given(case=found.as_strategy())
    @settings(max_examples=15, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    def ask(case):
        for name, value in served.items():
            if name in (case.path_parameters or {}):
                case.path_parameters[name] = value
        if method in ("PATCH", "DELETE"):
            case.headers["If-Match"] = "*"
        for token in callers.values():
            case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, checks=CHECKS)

    ask()
