"""Everything that changes consents: they are given, withdrawn and copied; a clinic writes its own texts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max, QuerySet

from accounts import policies
from accounts.models import Clinic
from audit import actions as audit
from database.expressions import new_id
from errors.constraints import violations_as
from errors.exceptions import Conflict, Invalid, NotFound, Problems
from identity.actor import Actor
from messaging import actions as messages
from messaging import addresses, links
from messaging.models import Message
from patients.models import Patient
from patients.queries import identities, zone_of
from records import drafts
from treatments.consents import default_texts, queries, rules
from treatments.models import Consent, ConsentCopy, ConsentText, ConsentWithdrawal

EARLIEST_YEAR = 2000
COPY_LINK = timedelta(days=30)  # technical: how long the link to a copy opens; a new one can be sent
COPY_LATE = timedelta(hours=24)


class TextChanged(Conflict):
    reason = "text_changed"


class AlreadyWithdrawn(Conflict):
    reason = "already_withdrawn"


class NothingToWithdraw(Conflict):
    reason = "nothing_to_withdraw"


class TextVersionTaken(Conflict):
    reason = "version_taken"


@dataclass(frozen=True)
class Agreement:
    """
    How a consent was given.

    :ivar how: `signature`, `typed_name` or `verbal`
    :ivar signed_name: the name of the person who consents: the patient or the guardian
    :ivar signature: strokes on the pad; for `signature` only
    :ivar guardian_relation: what the guardian is to the patient; empty if the patient consents
    :ivar given_at: None: now
    """

    how: str
    signed_name: str
    signature: rules.Strokes | None = None
    witness: str = ""
    guardian_relation: str = ""
    given_at: datetime | None = None


@dataclass(frozen=True)
class Agreed:
    """To what: one class of techniques, for regions, each with the version of the text that was read."""

    technique_class: str
    language: str
    versions: Mapping[str, str] = field(default_factory=dict)  # region to text version


# --- Giving ---------------------------------------------------------------------------------------------------


@transaction.atomic
def record_consents(*, patient_id: UUID, agreed: Agreed, given: Agreement, by: Actor, at: datetime) -> list[Consent]:
    """
    Record what a patient agreed to in one go: one consent for each region, with one signature.

    :raises PatientMerged, PatientNotInCare, accounts.policies.NoAuthor:
    :raises Invalid: something is missing or cannot be; each is named
    :raises TextChanged: the text that was read is not the current one
    """
    author_id = policies.require_author(by)
    # The lock lets a withdrawal and a new consent of the same patient happen one after the other.
    drafts.open_patient(patient_id)
    patient = Patient.objects.select_related("clinic").get(pk=patient_id)
    given_at = given.given_at or at
    _check(patient, agreed, given, given_at, at)

    texts = _match_texts(agreed)
    signature = given.signature if given.how == rules.SIGNATURE else None
    signing_id, valid_days = new_id(), patient.clinic.consent_valid_days
    consents = [
        Consent(
            id=new_id(),
            clinic_id=by.clinic_id,
            patient=patient,
            signing_id=signing_id,
            technique_class=agreed.technique_class,
            region=region,
            language=agreed.language,
            text_version=text.version,
            clinic_text_id=text.clinic_text_id,
            text=text.text,
            risks=list(text.risks),
            how=given.how,
            signed_name=given.signed_name.strip(),
            signature=signature,
            signature_sha256=signature_digest(signature) if signature is not None else None,
            witness=given.witness.strip() if given.how in rules.WITNESSED_WAYS else "",
            guardian_relation=given.guardian_relation.strip(),
            given_at=given_at,
            valid_days=valid_days,
            valid_until=rules.valid_until(given_at, valid_days),
            recorded_at=at,
            recorded_by_id=author_id,
        )
        for region, text in texts.items()
    ]
    Consent.objects.bulk_create(consents)
    for consent in consents:
        audit.log("consent.record", by=by, target_id=consent.pk, patient_ids=[patient.pk], code=consent.scope)
    return consents


def _match_texts(agreed: Agreed) -> dict[str, queries.CurrentText]:
    """
    Return region to text. What was read on the screen is what is agreed to, so the versions are compared.

    :raises TextChanged:
    """
    texts = {
        region: queries.current_text(agreed.technique_class, region, agreed.language) for region in agreed.versions
    }
    if any(text.version != agreed.versions[region] for region, text in texts.items()):
        raise TextChanged
    return texts


def signature_digest(strokes: rules.Strokes) -> bytes:
    """Return the SHA-256 of a signature's strokes as compact JSON."""
    return hashlib.sha256(json.dumps(strokes, separators=(",", ":")).encode()).digest()


def _check(patient: Patient, agreed: Agreed, given: Agreement, given_at: datetime, at: datetime) -> None:
    problems = Problems()
    if not agreed.versions:
        problems.add("/regions", "required.regions")
    if agreed.language not in default_texts.LANGUAGES:
        problems.add("/language", "unknown_code.consent_language")
    if not given.signed_name.strip():
        problems.add("/signed_name", "required.signed_name")
    _check_way(given, problems)
    if given_at > at:
        problems.add("/given_at", "in_future.given_at")
    elif given_at.year < EARLIEST_YEAR:
        problems.add("/given_at", "too_early.given_at", year=EARLIEST_YEAR)
    elif agreed.technique_class in rules.CONSENT_REQUIRED:
        _check_age(patient, given, given_at, problems)
    people = identities(clinic_id=patient.clinic_id, patient_id=patient.pk)
    withdrawn = ConsentWithdrawal.objects.filter(
        patient_id__in=people,
        consent__technique_class=agreed.technique_class,
        consent__region__in=agreed.versions,
        withdrawn_at__gte=given_at,
    )
    if withdrawn.exists():
        problems.add("/given_at", "before_withdrawal.given_at")
    problems.raise_if_any()


def _check_way(given: Agreement, problems: Problems) -> None:
    if given.how in rules.WITNESSED_WAYS:
        if not given.witness.strip():
            problems.add("/witness", "required.witness")
        if given.signature is not None:
            problems.add("/signature", "not_with_this_way.signature")
    elif given.signature is None:
        problems.add("/signature", "required.signature")
    else:
        problem = rules.signature_problem(given.signature)
        if problem == "too_short":
            problems.add("/signature", "too_short.signature")
        elif problem == "too_long":
            problems.add("/signature", "too_long.signature")
        elif problem:
            problems.add("/signature", "invalid.signature")


def _check_age(patient: Patient, given: Agreement, given_at: datetime, problems: Problems) -> None:
    if patient.birth_date is None:
        problems.add("/given_at", "required.birth_date_for_consent")
        return
    years = rules.age_years(patient.birth_date, given_at.astimezone(zone_of(patient)).date())
    if rules.needs_guardian(years) and not given.guardian_relation.strip():
        problems.add("/guardian_relation", "required.guardian")


# --- Withdrawing ----------------------------------------------------------------------------------------------


@transaction.atomic
def withdraw_consent(
    *,
    consent_id: UUID,
    withdrawn_by: str,
    reason: str = "",
    withdrawn_at: datetime | None = None,
    by: Actor,
    at: datetime,
) -> list[ConsentWithdrawal]:
    """
    Withdraw a consent, and every other one for the same class and region that was given before: the patient takes back
    the permission, not one sheet of paper.

    :raises NotFound, accounts.policies.NoAuthor:
    :raises AlreadyWithdrawn:
    :raises Invalid: the moment is in the future, or before the consent was given
    """
    author_id = policies.require_author(by)
    consent = Consent.objects.filter(pk=consent_id).first()
    if consent is None:
        raise NotFound
    people = identities(clinic_id=by.clinic_id, patient_id=_current(consent.patient_id))
    list(Patient.objects.select_for_update(no_key=True).filter(pk__in=people).order_by("pk"))
    if ConsentWithdrawal.objects.filter(consent=consent).exists():
        raise AlreadyWithdrawn
    when = withdrawn_at or at
    if when > at:
        raise Invalid.at("/withdrawn_at", "in_future.withdrawn_at")
    if when < consent.given_at:
        raise Invalid.at("/withdrawn_at", "before_given.withdrawn_at")

    same = Consent.objects.of_patients(people).filter(technique_class=consent.technique_class, region=consent.region)
    answers = {"withdrawn_at": when, "withdrawn_by": withdrawn_by, "reason": reason.strip()}
    return _withdraw(same, answers, author_id=author_id, by=by, at=at)


@transaction.atomic
def withdraw_for_patient(
    *,
    patient_id: UUID,
    technique_class: str = "",
    region: str = "",
    withdrawn_by: str,
    reason: str = "",
    withdrawn_at: datetime | None = None,
    by: Actor,
    at: datetime,
) -> list[ConsentWithdrawal]:
    """
    Withdraw what a patient takes back at the desk or by phone, without a look at what they had agreed to.

    Anyone of the clinic may record it: a withdrawal only ever stops treatment.

    :param technique_class, region: empty: every class, every region
    :raises NotFound, accounts.policies.NoAuthor:
    :raises NothingToWithdraw: no consent of this kind holds at that moment
    :raises Invalid: the moment is in the future, or a code is not known
    """
    author_id = policies.require_member(by)
    if not Patient.objects.filter(pk=patient_id).exists():
        raise NotFound
    when = withdrawn_at or at
    problems = Problems()
    if when > at:
        problems.add("/withdrawn_at", "in_future.withdrawn_at")
    if technique_class and technique_class not in rules.TECHNIQUE_CLASSES:
        problems.add("/technique_class", "unknown_code.consent_scope")
    if region and region not in rules.REGIONS:
        problems.add("/region", "unknown_code.consent_scope")
    if withdrawn_by not in rules.WITHDRAWN_BY:
        problems.add("/withdrawn_by", "unknown_code.consent_scope")
    problems.raise_if_any()
    people = identities(clinic_id=by.clinic_id, patient_id=_current(patient_id))
    list(Patient.objects.select_for_update(no_key=True).filter(pk__in=people).order_by("pk"))
    chosen = {name: code for name, code in (("technique_class", technique_class), ("region", region)) if code}
    same = Consent.objects.of_patients(people).filter(**chosen)
    answers = {"withdrawn_at": when, "withdrawn_by": withdrawn_by, "reason": reason.strip()}
    withdrawals = _withdraw(same, answers, author_id=author_id, by=by, at=at)
    if not withdrawals:
        raise NothingToWithdraw
    return withdrawals


def _withdraw(
    consents: QuerySet[Consent], said: Mapping[str, Any], *, author_id: UUID, by: Actor, at: datetime
) -> list[ConsentWithdrawal]:
    """
    Withdraw those of these consents that still hold and were given before.

    :param said: withdrawn_at, withdrawn_by and reason
    """
    same = consents.filter(given_at__lte=said["withdrawn_at"], withdrawal=None)
    withdrawals = [
        ConsentWithdrawal(
            id=new_id(),
            clinic_id=by.clinic_id,
            patient_id=row.patient_id,
            consent=row,
            recorded_at=at,
            recorded_by_id=author_id,
            **said,
        )
        for row in same.order_by("given_at", "id")
    ]
    ConsentWithdrawal.objects.bulk_create(withdrawals)
    for row in withdrawals:
        patient_ids = [row.patient_id]
        audit.log("consent.withdraw", by=by, target_id=row.consent_id, patient_ids=patient_ids, code=row.consent.scope)
    return withdrawals


def _current(patient_id: UUID) -> UUID:
    """The record that a patient's was merged into; itself, if it was not."""
    return Patient.objects.select_related("merged_into").get(pk=patient_id).in_use.pk


# --- Copies ---------------------------------------------------------------------------------------------------


@transaction.atomic
def give_copy(*, signing_id: UUID, how: str, by: Actor, at: datetime) -> list[ConsentCopy]:
    """
    Note that the patient has the copy of what was agreed to in one go; for `link`, send it.

    :raises NotFound, accounts.policies.NoAuthor:
    :raises Invalid: for a link there is no channel, or no birth date to open it with
    """
    author_id = policies.require_author(by)
    consents = list(Consent.objects.filter(signing_id=signing_id).select_related("patient__merged_into"))
    if not consents:
        raise NotFound
    message = _send_link(consents[0], by=by, at=at) if how == "link" else None
    copies = [
        ConsentCopy(
            id=new_id(),
            clinic_id=by.clinic_id,
            patient_id=consent.patient_id,
            consent=consent,
            how=how,
            message=message,
            given_at=at,
            given_by_id=author_id,
        )
        for consent in consents
    ]
    ConsentCopy.objects.bulk_create(copies)
    audit.log("consent.copy", by=by, target_id=signing_id, patient_ids=[consents[0].patient_id], code=how)
    return copies


def _send_link(consent: Consent, *, by: Actor, at: datetime) -> Message:
    patient = consent.patient
    problems = Problems()
    channels = addresses.usable_channels(patient)
    if not channels:
        problems.add("/how", "no_channel")
    if not links.can_be_opened(patient):
        problems.add("/how", "no_birth_date.copy")
    problems.raise_if_any()
    # A second tap within the minute sends nothing more.
    key = f"consent:{consent.signing_id}:{at:%Y-%m-%dT%H:%M}"
    sent_before = Message.objects.filter(dedupe_key=key).first()
    if sent_before is not None:
        return sent_before
    link = links.make(
        purpose="consent",
        patient_id=consent.patient_id,
        about_id=consent.signing_id,
        expires_at=at + COPY_LINK,
        clinic_id=by.clinic_id,
    )
    message = messages.enqueue(
        kind="consent_copy",
        channel=channels[0],
        patient_id=consent.patient_id,
        about_id=consent.signing_id,
        link=link,
        dedupe_key=key,
        due_at=at,
        late_after=COPY_LATE,
        by=by,
        by_hand=True,
    )
    assert message is not None
    return message


# --- Texts and settings ---------------------------------------------------------------------------------------


@transaction.atomic
def save_text(
    *, technique_class: str, region: str, language: str, text: str, risks: Sequence[str], by: Actor, at: datetime
) -> ConsentText:
    """
    Keep a new version of the clinic's own text; an empty text goes back to the product's. Old versions stay.

    :raises accounts.policies.OwnersOnly, TextVersionTaken:
    :raises Invalid: a risk has no text, or the language does not exist
    """
    policies.require_owner(by)
    risks = [risk.strip() for risk in risks if risk.strip()] if text.strip() else list(risks)
    problems = Problems()
    if risks and not text.strip():
        problems.add("/text", "required.consent_text")
    if language not in default_texts.LANGUAGES:
        problems.add("/language", "unknown_code.consent_language")
    problems.raise_if_any()
    key = {"technique_class": technique_class, "region": region, "language": language}
    last = ConsentText.objects.filter(**key).aggregate(last=Max("version"))["last"] or 0
    row = ConsentText(
        id=new_id(),
        clinic_id=by.clinic_id,
        version=last + 1,
        text=text.strip(),
        risks=risks,
        made_at=at,
        made_by_id=by.author_id,
        **key,
    )
    with violations_as({"consenttext_version_once": TextVersionTaken}):
        row.save(force_insert=True)
    audit.log("consent.text", by=by, target_id=row.pk, code=f"{technique_class}/{region}/{language}/{row.version}")
    return row


@transaction.atomic
def set_valid_days(*, days: int | None, by: Actor) -> None:
    """
    Set how long new consents hold; None: until they are withdrawn. Those that were given keep their own end.

    :raises accounts.policies.OwnersOnly:
    :raises Invalid: not within 1 to 3650 days
    """
    policies.require_owner(by)
    if days is not None and not 1 <= days <= queries.CONSENT_DAYS_MAX:
        raise Invalid.at("/consent_valid_days", "out_of_range.consent_valid_days", low=1, high=queries.CONSENT_DAYS_MAX)
    Clinic.objects.filter(pk=by.clinic_id).update(consent_valid_days=days)
    audit.log("consent.settings", by=by, code=f"valid_days={days}")
