"""The bench's clinic: patients with fifty signed sessions each, and the same data for plain DRF and for the limit."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from uuid import UUID

    from identity.actor import Actor

PATIENTS, SESSIONS = 6, 50
START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def session_content(number: int, at: datetime) -> dict[str, Any]:
    """Seven rows: three interventions, four measures."""
    point = {"muscle": "trapezius_upper", "side": "right"}
    return {
        "performed_at": at,
        "interventions": [
            {
                "technique": "ischemic_compression",
                **point,
                "dose": {"hold_s": 60, "repetitions": 3, "pressure_discomfort_0_10": 6},
            },
            {
                "technique": "dry_needling",
                **point,
                "dose": {
                    "needling_technique": "deep_pistoning",
                    "needle_diameter_mm": 0.3,
                    "needle_length_mm": 25,
                    "insertions": 8,
                    "ltr_elicited": "yes",
                    "ltr_count": 3,
                    "needles_in": 1,
                    "needles_out": 1,
                },
            },
            {"technique": "stretching", **point, "dose": {"hold_s": 30, "repetitions": 3, "direction": "away"}},
        ],
        "measures": [
            {"kind": measure_kind, "phase": phase, "timing": timing, "value": value + number % 3, "measured_at": at}
            for measure_kind, value in (("pain", 3), ("ppt_kpa", 180))
            for phase, timing in (("before", None), ("after", "immediate"))
        ],
        "response": "Tolerated well.",
        "notes": "Third of eight. Sleeps better, drives again.",
    }


def exam_body(patient_at: str) -> dict[str, Any]:
    """An assessment with six findings, in what both sides understand."""
    places = [
        ("trapezius_upper", "right"),
        ("trapezius_upper", "left"),
        ("levator_scapulae", "right"),
        ("levator_scapulae", "left"),
        ("suboccipitals", "right"),
        ("scm_sternal", "right"),
    ]
    finding = {
        "taut_band": "present",
        "hypersensitive_spot": "present",
        "referred_pain": "present",
        "palpable_nodule": "present",
        "spot_in_band": "yes",
        "local_twitch": "not_tested",
        "jump_sign": "absent",
        "recognised": "yes",
        "pain_on_pressure": 7,
        "ppt_kpa": [186.3, 176.5, 180.4],
        "referred_quality": ["dull_ache"],
        "place": "mid-belly",
        "notes": "",
        "referred_to": [{"zone": "head.temple", "side": "right"}, {"zone": "head.behind_ear", "side": "right"}],
    }
    findings = [{**finding, "muscle": muscle, "side": side} for muscle, side in places]
    return {"performed_at": patient_at, "pain_now": 6, "pain_worst_24h": 8, "pain_best_24h": 3, "findings": findings}


def answer_what_must_be(patient_id: UUID, by: Actor, at: datetime) -> None:
    """The red flags, in a signed exam, and the consents to what is done: without them nothing is signed."""
    from assessments import actions as assessments
    from assessments.red_flag_table import RED_FLAGS
    from treatments.consents import actions as consents
    from treatments.consents import queries, rules

    content = {"performed_at": at, "red_flags": [{"code": code, "answer": "no"} for code in RED_FLAGS], "pain_now": 4}
    recorded = assessments.EXAM.record(patient_id=patient_id, content=assessments.EXAM.read(content), by=by, at=at)
    exam = recorded.document
    assessments.EXAM.sign(revision=None, document_id=exam.pk, by=by, at=at)
    versions = {region: queries.current_text("dry_needling", region, "en").version for region in ("neck", "thorax")}
    agreement = consents.Agreement(how=rules.VERBAL, signed_name="Bench patient", witness="Bench witness")
    agreed = consents.Agreed("dry_needling", "en", versions)
    consents.record_consents(patient_id=patient_id, agreed=agreed, given=agreement, by=by, at=at)


def load_palpate() -> dict[str, Any]:
    """Through the actions; runs inside Palpate's settings."""
    from django.utils import timezone
    from oauth2_provider.models import AccessToken

    from accounts import policies
    from accounts.models import ApiClient, Clinic, Membership, User
    from accounts.rules import SCOPES
    from database import tenancy
    from patients import actions as patients
    from treatments import actions as treatments

    clinic = Clinic.objects.create(slug="bench", name="Bench", country="GB", time_zone="Europe/London", locale="en-GB")
    therapist = User.objects.create_user("bench@example.org", None, name="Bench Therapist")
    with tenancy.scope(clinic.pk):
        Membership.objects.create(clinic=clinic, user=therapist, role="therapist")
    ids = []
    for number in range(PATIENTS):
        with tenancy.scope(clinic.pk):
            by = policies.actor_for_person(therapist, clinic.pk, ip=None, request_id=None, proved_at=timezone.now())
            details = {"family_name": f"Bench{number}", "birth_date": date(1980, 1, 1)}
            patient = patients.register_patient(details=details, by=by, at=timezone.now())
            ids.append(str(patient.pk))
            for visit in range(SESSIONS):
                # Needles come at least two days apart, and the red flags are asked at least every four weeks.
                at = START + timedelta(days=3 * visit, minutes=number)
                if visit % 9 == 0:
                    answer_what_must_be(patient.pk, by, at - timedelta(minutes=10))
                session = treatments.SESSION.record(
                    patient_id=patient.pk,
                    content=treatments.SESSION.read(session_content(visit, at)),
                    by=by,
                    at=at,
                ).document
                treatments.SESSION.sign(revision=None, document_id=session.pk, by=by, at=at + timedelta(hours=1))
    client = ApiClient.objects.create(
        clinic=clinic,
        name="bench",
        acts_for=therapist,
        allowed_scopes=" ".join(SCOPES),
        client_type=ApiClient.CLIENT_CONFIDENTIAL,
        authorization_grant_type=ApiClient.GRANT_CLIENT_CREDENTIALS,
    )
    with tenancy.scope(clinic.pk, user_id=therapist.pk):
        ApiClient.objects.filter(pk=client.pk).update(acts_for_approved_at=timezone.now())
    token = secrets.token_urlsafe(24)
    AccessToken.objects.create(
        application=client, token=token, scope=client.allowed_scopes, expires=timezone.now() + timedelta(hours=1)
    )
    return {"token": token, "patients": ids}


def load_plain(sessions: list[dict[str, Any]]) -> None:
    """The same sessions, from Palpate's own feed; runs inside plain DRF's settings."""
    from bench.plain.models import Intervention, Measure, Session

    for record in sessions:
        content = record["document"]["content"]
        session = Session.objects.create(
            patient=record["patient_id"],
            performed_at=record["occurred_at"],
            signed_at=record["signed_at"],
            signed_by=record["signed_by"],
            response=content["response"],
            notes=content["notes"],
        )
        names = ["technique", "muscle", "side", "dose", "limit_reasons", "response"]
        for row in content["interventions"]:
            Intervention.objects.create(session=session, **{name: row[name] for name in names})
        names = ["kind", "phase", "timing", "value", "measured_at", "movement", "side"]
        for row in content["measures"]:
            Measure.objects.create(session=session, **{name: row[name] for name in names})


if __name__ == "__main__":
    import sys

    import django

    django.setup()
    if sys.argv[1] == "palpate":
        print(json.dumps(load_palpate()))
    else:
        from django.core.management import call_command

        call_command("migrate", run_syncdb=True, verbosity=0)
        load_plain(json.load(sys.stdin))
