"""Makes what a test starts from. Fixed values; nothing random."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.utils import timezone

from accounts.models import ApiClient, Clinic, User
from accounts.rules import SCOPES
from api.fields import parse
from assessments.api.serializers import AssessmentChanges
from assessments.red_flag_table import RED_FLAGS
from assessments.values import read_exam
from database import tenancy
from identity.actor import Actor
from patients import actions as patients
from patients.models import Patient
from treatments.consents import default_texts
from treatments.consents.rules import REGIONS
from treatments.values import read_session

PASSWORD = "correct horse battery"
SECRET = "only-for-tests"
numbers = itertools.count(1)


def clinic(**fields: Any) -> Clinic:
    fields = {"slug": f"clinic-{next(numbers)}", "name": "A clinic", "country": "GB"} | fields
    return Clinic.objects.create(**{"time_zone": "Europe/London", "locale": "en-GB"} | fields)


def user(email: str, name: str = "Somebody", **fields: Any) -> User:
    """A person who has just signed in somewhere."""
    return User.objects.create_user(email, PASSWORD, name=name, **{"last_login": timezone.now()} | fields)


def program(
    clinic: Clinic, *, scopes: str | None = None, acts_for: User | None = None, approved: bool = True
) -> ApiClient:
    """A program; the therapist that it acts for has agreed, unless `approved` is False."""
    client = ApiClient.objects.create(
        clinic=clinic,
        name=f"program {next(numbers)}",
        client_secret=SECRET,
        client_type=ApiClient.CLIENT_CONFIDENTIAL,
        authorization_grant_type=ApiClient.GRANT_CLIENT_CREDENTIALS,
        allowed_scopes=" ".join(SCOPES) if scopes is None else scopes,
        acts_for=acts_for,
    )
    if acts_for and approved:
        with tenancy.scope(clinic.pk, user_id=acts_for.pk):
            ApiClient.objects.filter(pk=client.pk).update(acts_for_approved_at=timezone.now())
    return client


def patient(by: Actor, **details: Any) -> Patient:
    details = {"family_name": "Okafor", "given_names": "Ada", "birth_date": date(1980, 2, 3)} | details
    return patients.register_patient(details=details, by=by, at=timezone.now())


def finding(**fields: Any) -> dict[str, Any]:
    """The neck's commonest: right upper trapezius, all three signs, recognised."""
    return {
        "muscle": "trapezius_upper",
        "side": "right",
        "taut_band": "present",
        "hypersensitive_spot": "present",
        "referred_pain": "present",
        "recognised": "yes",
    } | fields


def screen(*, yes: Sequence[str] = (), leave_out: Sequence[str] = (), **answers: Any) -> list[dict[str, Any]]:
    """An answer to each of the 17 red flags: no, unless a code is named. `answers` replace whole rows by code."""
    rows = {code: {"code": code, "answer": "yes" if code in yes else "no"} for code in RED_FLAGS}
    rows |= {code: {"code": code, **row} for code, row in answers.items()}
    return [row for code, row in rows.items() if code not in leave_out]


def exam(**fields: Any) -> dict[str, Any]:
    """An assessment as it is sent."""
    return {"performed_at": "2026-11-20T09:30:00Z", "pain_now": 6, "findings": [finding()]} | fields


def compression(**dose: Any) -> dict[str, Any]:
    return {
        "technique": "ischemic_compression",
        "muscle": "trapezius_upper",
        "side": "right",
        "dose": {"hold_s": 60, "repetitions": 3, "pressure_discomfort_0_10": 6} | dose,
    }


def needling(**dose: Any) -> dict[str, Any]:
    return {
        "technique": "dry_needling",
        "muscle": "trapezius_upper",
        "side": "right",
        "dose": {
            "needling_technique": "deep_pistoning",
            "needle_diameter_mm": 0.3,
            "needle_length_mm": 25,
            "insertions": 8,
            "ltr_elicited": "yes",
            "ltr_count": 3,
            "needles_in": 1,
            "needles_out": 1,
        }
        | dose,
    }


def adverse_event(**fields: Any) -> dict[str, Any]:
    """An adverse event as it is sent, without its session: a mild bruise that is over."""
    return {
        "codes": ["bruise"],
        "severity": "mild",
        "onset_at": "2026-11-20T10:30:00Z",
        "duration_min": 2 * 24 * 60,
        "causality": "probable",
        "outcome": "resolved",
    } | fields


SIGNED = [[[40 + 8 * n, 120 - 5 * (n % 6)] for n in range(20)], [[250, 90], [320, 140]]]


def consent(**fields: Any) -> dict[str, Any]:
    """A consent as it is sent: dry needling of the neck, spoken before a witness."""
    return {
        "technique_class": "dry_needling",
        "region": "neck",
        "language": "en",
        "text_version": f"default {default_texts.VERSION}",
        "how": "verbal",
        "signed_name": "Ada Okafor",
        "witness": "Sam Field",
    } | fields


def ready(
    api: Any, patient: Any, *, performed_at: str = "2026-11-20T09:00:00Z", guardian: str = "", **answers: Any
) -> None:
    """
    Ask the patient's red flags and record every consent, so that a treatment can be signed.

    :param api: a client, such as `api()`
    :param guardian: the relation of the guardian who consents for a child
    :param answers: as in `screen`
    """
    body = exam(performed_at=performed_at, red_flags=screen(**answers))
    made = api.post(f"/patients/{patient}/assessments/", body)
    assert made.status_code == 201, made.json()
    assert api.post(f"/assessments/{made.json()['id']}/sign/").status_code == 200
    for technique_class in ("dry_needling", "injection"):
        for region in REGIONS:
            sent = consent(technique_class=technique_class, region=region, given_at=performed_at)
            sent |= {"guardian_relation": guardian} if guardian else {}
            answer = api.post(f"/patients/{patient}/consents/", sent)
            assert answer.status_code == 201, answer.json()


def treatment(**fields: Any) -> dict[str, Any]:
    """A session as it is sent."""
    return {
        "performed_at": "2026-11-20T09:50:00Z",
        "interventions": [compression()],
        "response": "Well.",
    } | fields


def content(sent: Mapping[str, Any], shape: type[Any]) -> Any:
    """What is sent, as an action takes it."""
    read = read_exam if issubclass(shape, AssessmentChanges) else read_session
    return read(parse(shape, dict(sent)))
