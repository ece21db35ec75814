"""Puts the demo into the database, through the same actions as everybody."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models.functions import Now
from django.utils import timezone

from accounts import policies
from accounts.models import ApiClient, Clinic, Competency, Membership, User
from accounts.rules import SCOPES
from assessments import actions as assessments
from database import tenancy
from identity.actor import Actor
from patients import actions as patients
from patients.models import Patient
from treatments import actions as treatments
from treatments.demo import consents, courses, harms, people

REGISTRY_SCOPES = "patients:read records:read records:export"
REDIRECT_URI = "http://127.0.0.1:8765/done"


def load_people() -> None:
    """Make everybody who signs in, unless they are there already."""
    for email, name, registration_no, _ in people.PEOPLE:
        if not User.objects.filter(email=email).exists():
            User.objects.create_user(email, name=name, registration_no=registration_no)
    if not User.objects.filter(email=people.SUPPORT[0]).exists():
        # Only the owner of the tables may make one.
        User.objects.db_manager("owner").create_superuser(people.SUPPORT[0], name=people.SUPPORT[1])


def load_clinic(slug: str, *, now: datetime, progress: Callable[[], None] = lambda: None) -> None:
    """
    Make one clinic with its patients, unless it is there already; after `load_people`.

    It is one transaction: the clinic is there whole, or not at all.
    """
    if Clinic.objects.filter(slug=slug).exists():
        return
    with tenancy.scope(None):
        clinic = Clinic.objects.create(**next(spec for spec in people.CLINICS if spec["slug"] == slug))
        with tenancy.scope(clinic.pk):
            for email, _, _, roles in people.PEOPLE:
                user = User.objects.get(email=email)
                held = roles.get(slug, [])
                Membership.objects.bulk_create(Membership(clinic=clinic, user=user, role=role) for role in held)
            _competencies(clinic, now)
            _patients(clinic, now, progress)


def _competencies(clinic: Clinic, now: datetime) -> None:
    """All therapists have shown certificates; one of them ends soon. Nobody here needles the pelvis or injects."""
    owner = Membership.objects.get(clinic=clinic, role="owner").user
    therapists = Membership.objects.filter(clinic=clinic, role="therapist").select_related("user")
    seen = {"proof_seen_on": (now - timedelta(days=200)).date(), "proof_seen_by": owner}
    Competency.objects.bulk_create(
        Competency(
            clinic=clinic,
            user=membership.user,
            technique=technique,
            proof="Course certificate (invented)",
            valid_until=(now + timedelta(days=45)).date() if ends_soon else None,
            **seen,
        )
        for membership in therapists
        for technique in ("dn_basic", "dn_thorax", "dn_suboccipital")
        for ends_soon in [technique == "dn_suboccipital" and membership.user.email.startswith("locum@")]
    )


def _actor(clinic: Clinic, email: str) -> Actor:
    user = User.objects.get(email=email)
    actor = policies.actor_for_person(user, clinic.pk, ip=None, request_id="demo", proved_at=timezone.now())
    if actor is None:
        raise LookupError(email)
    return actor


def _patients(clinic: Clinic, now: datetime, progress: Callable[[], None]) -> None:
    """Every second patient goes to the second clinic; then everything that happened, in the order of time."""
    place = next(index for index, spec in enumerate(people.CLINICS) if spec["slug"] == clinic.slug)
    own = [case for case in courses.cases() if case.number % 2 == place]
    therapist, desk = (
        _actor(clinic, f"therapist@{clinic.slug}.example"),
        _actor(clinic, f"staff@{clinic.slug}.example"),
    )
    created = {case.number: _patient(case, desk, now) for case in own}
    steps = sorted((step for case in own for step in courses.course(case, now)), key=lambda step: step.at)
    for step in steps:
        _take(step, created[step.patient], therapist)
        progress()
    harms.record(therapist, now)
    _merge_patient(own[0], created[own[0].number], desk, now)


def _patient(case: courses.Case, by: Actor, now: datetime) -> UUID:
    number = case.number
    given_names, sex = people.GIVEN_NAMES[number % len(people.GIVEN_NAMES)]
    alerts = {
        3: "anticoagulant",
        4: "anticoagulant",
        13: "needle_phobia",
        14: "needle_phobia",
        23: "pregnancy",
        33: "pacemaker",
        43: "diabetes",
    }
    patient = patients.register_patient(
        details={
            "family_name": people.FAMILY_NAMES[number],
            "given_names": given_names,
            "sex": sex,
            "birth_date": date(1950, 3, 1) + timedelta(days=371 * number),
            "email": f"patient{number}@mail.example",
            "consent_email": "granted" if number % 4 else "not_asked",
            # Numbers that are kept free for stories, by Ofcom and the Bundesnetzagentur.
            "phone": f"020 7946 0{number:03}" if number % 2 == 0 else f"030 23125 {number:03}",
            "consent_sms": "granted" if number % 3 == 0 else "not_asked",
        },
        identifiers=[patients.NewIdentifier("urn:palpate:demo", f"P-{1000 + number}")],
        alerts=[patients.NewAlert(alerts[number], "warfarin" if number in (3, 4) else "")] if number in alerts else [],
        by=by,
        at=now - timedelta(days=91),
    )
    return patient.pk


def _take(step: courses.Step, patient_id: UUID, by: Actor) -> None:
    """Record, and sign some minutes later; a draft stays one."""
    signed_at = step.at + timedelta(minutes=40)
    if step.what == "exam":
        exam = assessments.EXAM.read(step.content)
        assessment = assessments.EXAM.record(patient_id=patient_id, content=exam, by=by, at=step.at).document
        if step.sign:
            assessments.EXAM.sign(revision=None, document_id=assessment.pk, by=by, at=signed_at)
        return
    consents.record(patient_id=patient_id, interventions=step.content["interventions"], by=by, at=step.at)
    content = treatments.SESSION.read(step.content)
    session = treatments.SESSION.record(patient_id=patient_id, content=content, by=by, at=signed_at).document
    treatments.SESSION.sign(revision=None, document_id=session.pk, by=by, at=signed_at)


def _merge_patient(case: courses.Case, keep: UUID, by: Actor, now: datetime) -> None:
    """The first patient was registered twice, once with a slip of the pen."""
    first = Patient.objects.get(pk=keep)
    twice = patients.register_patient(
        details={
            "family_name": first.family_name.swapcase(),
            "given_names": first.given_names,
            "sex": first.sex,
            "birth_date": first.birth_date,
        },
        identifiers=[patients.NewIdentifier("urn:palpate:demo", f"P-{2000 + case.number}")],
        by=by,
        at=now - timedelta(days=20),
    )
    reason = "Same person, registered twice at the desk."
    patients.merge_patients(
        revision=None, patient_id=twice.pk, into_id=keep, reason=reason, by=by, at=now - timedelta(days=19)
    )


# --- What is needed to sign in --------------------------------------------------------------------------------


def facts(*, known: dict[str, Any], url: str) -> dict[str, Any]:
    """
    Logins and clients of the demo. Passwords and secrets are made here at first, and kept from `known` afterwards:
    the database holds only their hashes.
    """
    passwords = {user["email"]: user["password"] for user in known.get("users", [])}
    secrets_known = {client["client_id"]: client["client_secret"] for client in known.get("clients", [])}
    users = []
    for email, _, _, roles in [*people.PEOPLE, (*people.SUPPORT, "", {"": ["support"]})]:
        user = User.objects.get(email=email)
        password = passwords.get(email) or secrets.token_urlsafe(12)
        if email not in passwords or not user.has_usable_password():
            user.set_password(password)
            user.save(update_fields=["password"])
        for slug, held in roles.items():
            users += [{"email": email, "password": password, "role": role, "clinic": slug} for role in held]
    clients = []
    for clinic in Clinic.objects.filter(slug__in=[spec["slug"] for spec in people.CLINICS]).order_by("slug"):
        therapist = User.objects.get(email=f"therapist@{clinic.slug}.example")
        everything = " ".join(SCOPES)
        clients += [
            _program(clinic, "registry", REGISTRY_SCOPES, None, secrets_known),
            _program(clinic, "tablet", everything, therapist, secrets_known),
        ]
    return {"url": url, "users": users, "clients": clients, "apps": [_app(slug["slug"]) for slug in people.CLINICS]}


def _program(clinic: Clinic, name: str, scopes: str, acts_for: User | None, known: dict[str, str]) -> dict[str, str]:
    client_id = f"{clinic.slug}-{name}"
    client = ApiClient.objects.filter(client_id=client_id).first()
    secret = known.get(client_id) or secrets.token_urlsafe(32)
    if client is None or client_id not in known:
        client = client or ApiClient(client_id=client_id)
        client.name, client.clinic, client.acts_for = f"{clinic.name}: {name}", clinic, acts_for
        client.client_type = ApiClient.CLIENT_CONFIDENTIAL
        client.authorization_grant_type = ApiClient.GRANT_CLIENT_CREDENTIALS
        client.allowed_scopes, client.client_secret = scopes, secret
        client.save()
    if acts_for:  # as the therapist does on their page
        with tenancy.scope(clinic.pk, user_id=acts_for.pk):
            waiting = ApiClient.objects.filter(pk=client.pk, acts_for_approved_at=None)
            waiting.update(acts_for_approved_at=Now())
    return {"client_id": client_id, "client_secret": secret, "scopes": scopes, "clinic": clinic.slug}


def _app(slug: str) -> dict[str, str]:
    """A public app through which people sign in (authorization code with PKCE); the README's example is one."""
    client_id = f"{slug}-app"
    if not ApiClient.objects.filter(client_id=client_id).exists():
        ApiClient.objects.create(
            client_id=client_id,
            name="The example app",
            clinic=Clinic.objects.get(slug=slug),
            client_type=ApiClient.CLIENT_PUBLIC,
            authorization_grant_type=ApiClient.GRANT_AUTHORIZATION_CODE,
            redirect_uris=REDIRECT_URI,
            allowed_scopes=" ".join(SCOPES),
        )
    return {"client_id": client_id, "redirect_uri": REDIRECT_URI, "clinic": slug}
