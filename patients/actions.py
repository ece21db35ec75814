"""Everything that changes who is treated."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from django.db import transaction
from django.db.models import F

from audit import actions as audit
from database.expressions import new_id
from database.revisions import check_revision
from errors.constraints import violations_as
from errors.exceptions import Conflict, Invalid, NotFound, Problems
from identity.actor import Actor
from patients import rules
from patients.models import Alert, Condition, Identifier, Medication, Merge, Patient, SearchKey, of_clinic
from patients.queries import identities

TIME_ZONES = available_timezones()
DETAIL_FIELDS = frozenset(
    [
        "family_name",
        "given_names",
        "birth_date",
        "sex",
        "pronouns",
        "language",
        "time_zone",
        "email",
        "phone",
        "consent_email",
        "consent_sms",
        "consent_phone",
        "address_line",
        "city",
        "state",
        "postal_code",
        "country",
        "emergency_name",
        "emergency_relationship",
        "emergency_phone",
        "status",
    ]
)


# Code, note, side and region: one current alert of each (constraint `alert_once`).
AlertKey = tuple[str, str, str | None, str | None]

# Apps above say when a person was first seen, by the ids of their record: a birth date can't be later.
FIRST_MOMENTS: list[Callable[[Sequence[UUID]], datetime | None]] = []

# What apps above do when two records become one; each adds itself when Django starts, and may refuse.
AFTER_MERGE: list[Callable[..., None]] = []
# What apps above do when a patient's alerts may have become more: called with `patient_id`, `by` and `at`, in the
# transaction of the change, after every write that adds an alert. A merge is theirs to follow through AFTER_MERGE.
AFTER_ALERTS: list[Callable[..., None]] = []
# What apps above do when a patient is said to have died, in the transaction of the change: `patient_id`, `by`, `at`.
AFTER_DEATH: list[Callable[..., None]] = []


class IdentifierTaken(Conflict):
    reason = "identifier_taken"


class PatientMerged(Conflict):
    reason = "patient_merged"


class CannotMerge(Conflict):
    reason = "cannot_merge"


class AlertKnown(Conflict):
    reason = "alert_known"


class AlertEnded(Conflict):
    reason = "alert_ended"


@dataclass(frozen=True)
class NewAlert:
    """
    An alert to put on a patient's record.

    :ivar side: one of ALERT_SIDES; None: not known
    :ivar region: one of BODY_REGIONS; None: the whole body
    :ivar reported_by: one of ALERT_REPORTERS; empty: not recorded
    :ivar source: empty: recorded here; else the system that it was imported from
    """

    code: str
    note: str = ""
    source: str = ""
    side: str | None = None
    region: str | None = None
    since_date: date | None = None
    reported_by: str = ""

    @property
    def key(self) -> AlertKey:
        """What makes two current alerts the same one."""
        return (self.code, self.note, self.side, self.region)


@dataclass(frozen=True)
class NewFact:
    """A condition or a medicine to put beside the patient."""

    text: str
    system: str = ""
    code: str = ""
    since_date: date | None = None
    source: str = ""


@dataclass(frozen=True)
class NewIdentifier:
    system: str
    value: str


@transaction.atomic
def register_patient(
    *,
    details: Mapping[str, Any],
    identifiers: Sequence[NewIdentifier] = (),
    alerts: Iterable[NewAlert] = (),
    by: Actor,
    at: datetime,
) -> Patient:
    """
    Put a patient on the clinic's books.

    :raises Invalid: a detail is impossible; each is named
    :raises IdentifierTaken: another patient has one of the identifiers
    """
    alerts = list(dict.fromkeys(alerts))
    check_details(details, today=at.date())
    check_alerts(alerts, today=at.date())
    patient = Patient(clinic_id=by.clinic_id, **details)
    patient.sort_name = rules.sort_name(patient.family_name, patient.given_names)
    patient.save(force_insert=True)
    _add_identifiers(patient, identifiers)
    _insert_alerts(patient, alerts, by=by, at=at)
    reindex(patient)
    audit.log("patient.register", by=by, target_id=patient.pk, patient_ids=[patient.pk])
    return patient


@transaction.atomic
def change_patient(
    *,
    patient: Patient,
    changes: Mapping[str, Any],
    identifiers: Sequence[NewIdentifier] | None = None,
    alerts: Collection[NewAlert] | None = None,
    alerts_ended_reason: str = "",
    by: Actor,
    at: datetime,
) -> Patient:
    """
    Change details, and replace the lists that are given. An alert that is left out ends now; it is not deleted.

    :param patient: locked by the actor
    :param alerts_ended_reason: why alerts that are left out no longer hold; required when one is left out
    :raises Invalid, IdentifierTaken: as in `register_patient`
    :raises PatientMerged: this record is no longer used
    """
    refuse_merged(patient)
    check_details(changes, today=at.date())
    if changes.get("birth_date"):
        _check_born_before_first_document(patient, changes["birth_date"])
    has_died = changes.get("status") == Patient.Status.DECEASED != patient.status
    for name, value in changes.items():
        setattr(patient, name, value)
    patient.sort_name = rules.sort_name(patient.family_name, patient.given_names)
    patient.revision += 1
    patient.save(update_fields=[*changes, "sort_name", "revision"])
    if identifiers is not None:
        Identifier.objects.filter(patient=patient).delete()
        _add_identifiers(patient, identifiers)
    if alerts is not None:
        _replace_alerts(patient, alerts, alerts_ended_reason, by=by, at=at)
    reindex(patient)
    for react in AFTER_DEATH if has_died else ():
        react(patient_id=patient.pk, by=by, at=at)
    consent = any(name.startswith("consent_") for name in changes)
    audit.log(
        "patient.change_consent" if consent else "patient.change",
        by=by,
        target_id=patient.pk,
        patient_ids=[patient.pk],
        code=",".join(sorted(changes)),
    )
    return patient


@transaction.atomic
def add_facts(
    *,
    patient: Patient,
    alerts: Iterable[NewAlert] = (),
    conditions: Iterable[NewFact] = (),
    medications: Iterable[NewFact] = (),
    identifiers: Sequence[NewIdentifier] = (),
    by: Actor,
    at: datetime,
) -> int:
    """Add what is not there yet, and say how many rows that were; running it again adds nothing."""
    # No key is changed: who holds a programme of the patient and writes to it need not wait, and cannot be waited for.
    Patient.objects.select_for_update(of=("self",), no_key=True).get(pk=patient.pk)
    added = 0
    known_alerts = {_key_of(alert) for alert in Alert.objects.filter(patient=patient)}
    fresh = [alert for alert in dict.fromkeys(alerts) if alert.key not in known_alerts]
    _insert_alerts(patient, fresh, by=by, at=at)
    added += len(fresh)
    for model, facts in ((Condition, conditions), (Medication, medications)):
        existing_facts = set(model._default_manager.filter(patient=patient).values_list("system", "code", "text"))
        rows = {(f.system, f.code, f.text): f for f in facts if (f.system, f.code, f.text) not in existing_facts}
        model._default_manager.bulk_create(
            of_clinic(by.clinic_id, (model(patient=patient, **vars(fact)) for fact in rows.values()))
        )
        added += len(rows)
    had = set(Identifier.objects.filter(patient=patient).values_list("system", "value"))
    new_identifiers = [i for i in identifiers if (i.system, i.value) not in had]
    if new_identifiers:
        _add_identifiers(patient, new_identifiers)
        reindex(patient)
        added += len(new_identifiers)
    if added:
        # They are part of what an ETag stands for.
        Patient.objects.filter(pk=patient.pk).update(revision=F("revision") + 1)
        audit.log("patient.add_facts", by=by, target_id=patient.pk, patient_ids=[patient.pk])
    return added


@transaction.atomic
def note_alert(*, patient: Patient, alert: NewAlert, by: Actor, at: datetime) -> Alert:
    """
    Put one alert on a patient's record.

    :param patient: locked by the actor
    :raises PatientMerged: this record is no longer used
    :raises Invalid: a value is impossible; each is named
    :raises AlertKnown: the same alert, at the same place, is on the record
    """
    refuse_merged(patient)
    check_alerts([alert], today=at.date(), pointer="")
    with violations_as({"alert_once": AlertKnown}):
        [noted] = _insert_alerts(patient, [alert], by=by, at=at)
    _raise_revision(patient)
    audit.log("patient.note_alert", by=by, target_id=noted.pk, patient_ids=[patient.pk], code=alert.code)
    return noted


@transaction.atomic
def end_alert(*, patient: Patient, alert_id: UUID, reason: str, by: Actor, at: datetime) -> Alert:
    """
    End an alert that no longer holds. It stays on the record, with the reason and the person who ended it.

    :param patient: locked by the actor
    :raises NotFound: the patient has no alert with this id
    :raises AlertEnded:
    :raises Invalid: the reason is too short
    """
    alert = Alert.objects.select_for_update(of=("self",)).filter(patient=patient, pk=alert_id).first()
    if alert is None:
        raise NotFound
    if alert.ended_at is not None:
        raise AlertEnded
    _check_end_reason(reason, "/reason")
    alert.ended_at, alert.ended_by_user_id, alert.ended_reason = at, by.author_id, reason.strip()
    alert.save(update_fields=["ended_at", "ended_by_user_id", "ended_reason"])
    _raise_revision(patient)
    audit.log("patient.end_alert", by=by, target_id=alert.pk, patient_ids=[patient.pk], code=alert.code)
    return alert


@transaction.atomic
def merge_patients(
    *,
    patient_id: UUID,
    into_id: UUID,
    reason: str,
    revision: int | None,
    into_revision: int | None = None,
    by: Actor,
    at: datetime,
) -> Patient:
    """
    Make two records of one person one. The old id stays and answers with where it went.

    Signed documents keep the id they were signed under; the survivor's history shows them too.

    :param revision: the one of the record that is given up, as it was read
    :param into_revision: the one of the survivor
    :raises CannotMerge: they are the same record, or one was merged before
    :raises RevisionChanged: somebody has changed one of them since
    """
    if patient_id == into_id:
        raise CannotMerge("cannot_merge.same")
    # Always locked in the order of their ids, so that two merges of the same pair cannot wait for each other.
    # No key is changed, so nobody who books for one of them meanwhile has to wait for this.
    both = Patient.objects.select_for_update(no_key=True).filter(pk__in=[patient_id, into_id])
    locked = {p.pk: p for p in both.order_by("pk")}
    source, target = locked.get(patient_id), locked.get(into_id)
    if source is None or target is None:
        raise CannotMerge("cannot_merge.unknown")
    if source.is_merged or target.is_merged:
        raise CannotMerge("cannot_merge.merged")
    check_revision(source, revision)
    check_revision(target, into_revision)
    moved = _move_rows(source, target)
    Patient.objects.filter(merged_into=source).update(merged_into=target)
    source.merged_into, source.revision = target, source.revision + 1
    source.save(update_fields=["merged_into", "revision"])
    Patient.objects.filter(pk=target.pk).update(revision=F("revision") + 1)
    target.refresh_from_db(fields=["revision"])
    Merge.objects.create(
        clinic_id=by.clinic_id,
        from_patient=source,
        into_patient=target,
        reason=reason,
        moved=moved,
        merged_at=at,
        merged_by_user_id=by.user_id,
        merged_by_client_id=by.client_id or "",
    )
    SearchKey.objects.filter(patient=source).delete()
    reindex(target)
    for follow in AFTER_MERGE:
        follow(source_id=source.pk, target_id=target.pk, by=by, at=at)
    audit.log("patient.merge", by=by, target_id=target.pk, patient_ids=[source.pk, target.pk])
    return target


def _check_born_before_first_document(patient: Patient, birth_date: date) -> None:
    """:raises Invalid: a signed exam or session would be before the birth"""
    people = identities(clinic_id=patient.clinic_id, patient_id=patient.pk)
    moments = [moment for find in FIRST_MOMENTS if (moment := find(people)) is not None]
    if moments and rules.is_before_birth(min(moments), birth_date):
        raise Invalid.at("/birth_date", "after_document.birth_date", first=min(moments).date())


def refuse_merged(patient: Patient) -> None:
    """:raises PatientMerged: with the id of the patient to use instead"""
    if patient.is_merged:
        raise PatientMerged(extra={"merged_into": str(patient.merged_into_id)})


def possible_duplicates(patient: Patient) -> list[dict[str, str]]:
    """Other patients of the clinic who may be the same person, each with the reason."""
    if patient.birth_date is None:
        return []
    others = Patient.objects.filter(clinic_id=patient.clinic_id, birth_date=patient.birth_date)
    matches = []
    for candidate in others.living_record().exclude(pk=patient.pk)[:100]:
        reason = rules.likeness(
            same_birth_date=True,
            same_family_name=rules.squeeze(candidate.family_name) == rules.squeeze(patient.family_name),
            same_given_names=rules.squeeze(candidate.given_names) == rules.squeeze(patient.given_names),
        )
        if reason:
            matches.append({"id": str(candidate.pk), "reason": reason})
    return matches


def check_details(details: Mapping[str, Any], *, today: date) -> None:
    """:raises Invalid: naming every detail that cannot be"""
    problems = Problems()
    unknown = set(details) - DETAIL_FIELDS
    for name in sorted(unknown):
        problems.add(f"/{name}", "unknown_field.patient", field=name)
    if "family_name" in details and not str(details["family_name"]).strip():
        problems.add("/family_name", "required.family_name")
    birth_date = details.get("birth_date")
    why_not = rules.judge_birth_date(birth_date, today=today) if birth_date is not None else None
    if why_not == "in_future":
        problems.add("/birth_date", "in_future.birth_date")
    elif why_not == "too_early":
        problems.add("/birth_date", "too_early.birth_date")
    zone = details.get("time_zone")
    if zone and zone not in TIME_ZONES:
        problems.add("/time_zone", "unknown_time_zone")
    if "sex" in details and details["sex"] not in rules.SEXES:
        problems.add("/sex", "unknown_code.sex", choices=rules.SEXES)
    if "status" in details and details["status"] not in rules.STATUSES:
        problems.add("/status", "unknown_code.patient_status", choices=rules.STATUSES)
    problems.raise_if_any()


def _add_identifiers(patient: Patient, identifiers: Sequence[NewIdentifier]) -> None:
    if len(set(identifiers)) != len(identifiers):
        raise Invalid.at("/external_ids", "duplicate.identifier")
    rows = [Identifier(patient=patient, system=i.system, value=i.value) for i in identifiers]
    with violations_as({"identifier_once_in_clinic": IdentifierTaken}):
        Identifier.objects.bulk_create(of_clinic(patient.clinic_id, rows))


def check_alerts(alerts: Sequence[NewAlert], *, today: date, pointer: str = "/alerts") -> None:
    """
    :param pointer: where the list stands in the request; empty: there is one alert, and its fields stand at the top
    :raises Invalid: naming every value that cannot be
    """
    problems = Problems()
    for index, alert in enumerate(alerts):
        place_pointer = f"{pointer}/{index}" if pointer else ""
        if alert.code not in rules.ALERTS:
            problems.add(f"{place_pointer}/code", "unknown_code.alert", choices=list(rules.ALERTS))
            continue
        if alert.side is not None and alert.side not in rules.ALERT_SIDES:
            problems.add(f"{place_pointer}/side", "unknown_code.alert_side", choices=rules.ALERT_SIDES)
        if alert.region is not None and alert.region not in rules.BODY_REGIONS:
            problems.add(f"{place_pointer}/region", "unknown_code.body_region", choices=rules.BODY_REGIONS)
        if (alert.side or alert.region) and not rules.ALERTS[alert.code].has_place:
            name = "side" if alert.side else "region"
            problems.add(f"{place_pointer}/{name}", "not_of_alert")
        if alert.reported_by not in ("", *rules.ALERT_REPORTERS):
            problems.add(f"{place_pointer}/reported_by", "unknown_code.alert_reporter", choices=rules.ALERT_REPORTERS)
        if alert.since_date is not None and alert.since_date > today:
            problems.add(f"{place_pointer}/since_date", "in_future.alert")
    problems.raise_if_any()


def _check_end_reason(reason: str, pointer: str) -> None:
    least = rules.MIN_REASON_CHARACTERS
    if len(reason.strip()) < least:
        raise Invalid.at(pointer, "too_short.alert_reason", least=least)


def _key_of(alert: Alert) -> AlertKey:
    return (alert.code, alert.note, alert.side, alert.region)


def _insert_alerts(patient: Patient, alerts: Iterable[NewAlert], *, by: Actor, at: datetime) -> list[Alert]:
    """Write new alerts, and tell every app that reacts to them. Nothing else writes alerts, so that none is missed."""
    rows = [Alert(id=new_id(), patient=patient, noted_by_user_id=by.author_id, **vars(alert)) for alert in alerts]
    inserted = Alert.objects.bulk_create(of_clinic(patient.clinic_id, rows))
    if inserted:
        for react in AFTER_ALERTS:
            react(patient_id=patient.pk, by=by, at=at)
    return inserted


def _replace_alerts(patient: Patient, alerts: Collection[NewAlert], reason: str, *, by: Actor, at: datetime) -> None:
    alerts = list(dict.fromkeys(alerts))
    check_alerts(alerts, today=at.date())
    keys = {alert.key for alert in alerts}
    current = {_key_of(alert): alert for alert in Alert.objects.current().filter(patient=patient)}
    left_out = [alert.pk for key, alert in current.items() if key not in keys]
    if left_out:
        _check_end_reason(reason, "/alerts_ended_reason")
        ended = {"ended_at": at, "ended_by_user_id": by.author_id, "ended_reason": reason.strip()}
        Alert.objects.filter(pk__in=left_out).update(**ended)
    added = _insert_alerts(patient, [alert for alert in alerts if alert.key not in current], by=by, at=at)
    ended_alerts = [alert for alert in current.values() if alert.pk in left_out]
    for action, rows in (("patient.end_alert", ended_alerts), ("patient.note_alert", added)):
        for alert in rows:
            audit.log(action, by=by, target_id=alert.pk, patient_ids=[patient.pk], code=alert.code)


def _raise_revision(patient: Patient) -> None:
    """What hangs on a patient is part of what the patient's ETag stands for."""
    Patient.objects.filter(pk=patient.pk).update(revision=F("revision") + 1)


def _move_rows(source: Patient, target: Patient) -> dict[str, int]:
    """Give the survivor what it does not have; what both have stays with the old record."""
    moved = {"identifiers": Identifier.objects.filter(patient=source).update(patient=target)}
    had_alerts = {_key_of(alert) for alert in Alert.objects.current().filter(patient=target)}
    alerts = [alert.pk for alert in Alert.objects.current().filter(patient=source) if _key_of(alert) not in had_alerts]
    moved["alerts"] = Alert.objects.filter(pk__in=alerts).update(patient=target)
    for name, model in (("conditions", Condition), ("medications", Medication)):
        rows = model._default_manager
        had = set(rows.filter(patient=target).values_list("system", "code", "text"))
        fresh = [f.pk for f in rows.filter(patient=source) if (f.system, f.code, f.text) not in had]
        moved[name] = rows.filter(pk__in=fresh).update(patient=target)
    return moved


def reindex(patient: Patient) -> None:
    """Rewrite the words that the patient is found by."""
    keys = rules.search_keys(
        names=[patient.family_name, patient.given_names],
        birth_date=patient.birth_date,
        identifiers=Identifier.objects.filter(patient=patient).values_list("value", flat=True),
    )
    had = dict(SearchKey.objects.filter(patient=patient).values_list("key", "pk"))
    SearchKey.objects.filter(pk__in=[pk for key, pk in had.items() if key not in keys]).delete()
    fresh = [SearchKey(patient=patient, key=key) for key in sorted(keys - had.keys())]
    SearchKey.objects.bulk_create(of_clinic(patient.clinic_id, fresh))
