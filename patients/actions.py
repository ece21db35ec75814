"""Everything that changes who is treated."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from audit import actions as audit
from database.expressions import new_id
from errors.constraints import violations_as
from errors.exceptions import Conflict, FieldError, Invalid, NotFound
from identity.actor import Actor
from patients import facts, rules
from patients.checks import FIRST_MOMENTS as FIRST_MOMENTS
from patients.checks import (
    check_alerts,
    check_born_before_first_document,
    check_details,
    check_end_reason,
    check_facts,
)
from patients.indexing import index_patient
from patients.merging import AFTER_MERGE as AFTER_MERGE
from patients.merging import CannotMerge as CannotMerge
from patients.merging import merge_patients as merge_patients
from patients.merging import say_two_people as say_two_people
from patients.models import Alert, Condition, Identifier, Medication, Patient, of_clinic
from patients.queries import own_medicines
from patients.recognition.medicines import recognise_medicine

# Conditions and medicines are kept alike.
FactModel = type[Condition] | type[Medication]

# What apps above do when a patient's alerts may have become more: called with `patient_id`, `by` and `at`, in the
# transaction of the change, after every write that adds an alert. A merge is theirs to follow through AFTER_MERGE.
AFTER_ALERTS: list[Callable[..., None]] = []
# What apps above do when a patient is said to have died, in the transaction of the change: `patient_id`, `by`, `at`.
AFTER_DEATH: list[Callable[..., None]] = []


class IdentifierTaken(Conflict):
    reason = "identifier_taken"


class PatientMerged(Conflict):
    reason = "patient_merged"


class DetailsChanged(Conflict):
    """`extra["current"]` has the values of now, by fact."""

    reason = "changed_meanwhile.facts"


class FactKnown(Conflict):
    reason = "fact_known"


class FactEnded(Conflict):
    reason = "fact_ended"


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
    def key(self) -> tuple[str, str, str | None, str | None]:
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

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes two current facts the same one."""
        return (self.system, self.code, self.text)


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
    conditions: Iterable[NewFact] = (),
    medications: Iterable[NewFact] = (),
    by: Actor,
    at: datetime,
) -> Patient:
    """
    Put a patient on the clinic's books.

    :param medications: one that stands for an alert (warfarin: anticoagulant) adds it

    :raises Invalid: a detail is impossible; each is named
    :raises IdentifierTaken: another patient has one of the identifiers
    """
    alerts = list(dict.fromkeys(alerts))
    check_details(details, clinic_id=by.clinic_id, today=at.date())
    check_alerts(alerts, today=at.date())
    new_rows: list[tuple[FactModel, list[NewFact]]] = [
        (Condition, list(dict.fromkeys(conditions))),
        (Medication, list(dict.fromkeys(medications))),
    ]
    for model, new_facts in new_rows:
        check_facts(new_facts, today=at.date(), pointer=f"/{model._meta.model_name}s")
    tidy_details = {name: facts.tidy(name, value) for name, value in details.items()}
    patient = Patient(clinic_id=by.clinic_id, **tidy_details)
    patient.sort_name = rules.sort_name(patient.family_name, patient.given_names)
    patient.save(force_insert=True)
    _add_identifiers(patient, identifiers)
    _insert_alerts(patient, alerts, by=by, at=at)
    for model, new_facts in new_rows:
        _insert_facts(model, patient, new_facts, by=by, at=at)
    index_patient(patient)
    audit.log("patient.register", by=by, target_id=patient.pk, patient_ids=[patient.pk])
    return patient


@transaction.atomic
def change_patient(
    *,
    patient: Patient,
    changes: Mapping[str, Any],
    seen: Mapping[str, Any] | None = None,
    identifiers: Sequence[NewIdentifier] | None = None,
    alerts: Collection[NewAlert] | None = None,
    alerts_ended_reason: str = "",
    conditions: Collection[NewFact] | None = None,
    medications: Collection[NewFact] | None = None,
    by: Actor,
    at: datetime,
) -> Patient:
    """
    Change details, and replace the lists that are given. An alert, a condition or a medicine that is left out ends now;
    it is not deleted.

    :param patient: locked by the actor
    :param seen: the details as they were read; those that were not changed since are left as they are now
    :param alerts_ended_reason: why alerts that are left out no longer hold; required when one is left out
    :raises Invalid, IdentifierTaken: as in `register_patient`
    :raises PatientMerged: this record is no longer used
    :raises DetailsChanged: somebody else has set one of the details to another value than the one that was read;
        nothing is saved
    """
    refuse_merged(patient)
    changes = {name: facts.tidy(name, value) if name in facts.FACTS else value for name, value in changes.items()}
    if seen is not None:
        changes = _merge_changes(patient, changes, seen)
    check_details(changes, clinic_id=by.clinic_id, today=at.date())
    if changes.get("birth_date"):
        check_born_before_first_document(patient, changes["birth_date"])
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
    for model, wanted in ((Condition, conditions), (Medication, medications)):
        if wanted is not None:
            _replace_facts(model, patient, list(dict.fromkeys(wanted)), by=by, at=at)
    index_patient(patient)
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


def _merge_changes(patient: Patient, changes: Mapping[str, Any], seen: Mapping[str, Any]) -> dict[str, Any]:
    """:raises DetailsChanged:"""
    known = {name: value for name, value in changes.items() if name in facts.FACTS}
    current = {name: facts.tidy(name, getattr(patient, name)) for name in known}
    merged = facts.merge_changes(seen=seen, sent=known, current=current)
    if merged.clashes:
        errors = [FieldError(facts.FACTS[name].pointer, "changed_meanwhile.fact") for name in merged.clashes]
        raise DetailsChanged(errors=errors, extra={"current": {name: current[name] for name in merged.clashes}})
    return merged.changes | {name: value for name, value in changes.items() if name not in known}


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
    known_alerts = {alert.key for alert in Alert.objects.filter(patient=patient)}
    fresh = [alert for alert in dict.fromkeys(alerts) if alert.key not in known_alerts]
    _insert_alerts(patient, fresh, by=by, at=at)
    added += len(fresh)
    for model, new_facts in ((Condition, conditions), (Medication, medications)):
        existing_facts = set(model._default_manager.filter(patient=patient).values_list("system", "code", "text"))
        # Those that ended count: an import that brings them again does not revive them.
        rows = {fact.key: fact for fact in new_facts if fact.key not in existing_facts}
        _insert_facts(model, patient, list(rows.values()), by=by, at=at)
        added += len(rows)
    had = set(Identifier.objects.filter(patient=patient).values_list("system", "value"))
    new_identifiers = [i for i in identifiers if (i.system, i.value) not in had]
    if new_identifiers:
        _add_identifiers(patient, new_identifiers)
        index_patient(patient)
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
    check_end_reason(reason, "/reason")
    alert.ended_at, alert.ended_by_user_id, alert.ended_reason = at, by.author_id, reason.strip()
    alert.save(update_fields=["ended_at", "ended_by_user_id", "ended_reason"])
    _raise_revision(patient)
    audit.log("patient.end_alert", by=by, target_id=alert.pk, patient_ids=[patient.pk], code=alert.code)
    return alert


@transaction.atomic
def note_fact(*, model: FactModel, patient: Patient, fact: NewFact, by: Actor, at: datetime) -> Condition | Medication:
    """
    Add one condition or medicine; a medicine that stands for an alert (warfarin: anticoagulant) adds that too.

    :param patient: locked by the actor
    :raises PatientMerged: this record is no longer used
    :raises Invalid: a value is impossible; each is named
    :raises FactKnown: it is on the record
    """
    refuse_merged(patient)
    check_facts([fact], today=at.date(), pointer="")
    with violations_as({"condition_once": FactKnown, "medication_once": FactKnown}):
        [noted] = _insert_facts(model, patient, [fact], by=by, at=at)
    _raise_revision(patient)
    audit.log(f"patient.note_{model._meta.model_name}", by=by, target_id=noted.pk, patient_ids=[patient.pk])
    return noted


@transaction.atomic
def end_fact(*, model: FactModel, patient: Patient, fact_id: UUID, by: Actor, at: datetime) -> Condition | Medication:
    """
    End a condition or medicine that no longer holds. It stays on the record. An alert that came with it stays in force.

    :param patient: locked by the actor
    :raises NotFound: the patient has none with this id
    :raises FactEnded:
    """
    fact = model._default_manager.select_for_update(of=("self",)).filter(patient=patient, pk=fact_id).first()
    if fact is None:
        raise NotFound
    if fact.ended_at is not None:
        raise FactEnded
    _end_facts(model, patient, [fact.pk], by=by, at=at)
    _raise_revision(patient)
    return fact


def refuse_merged(patient: Patient) -> None:
    """:raises PatientMerged: with the id of the patient to use instead"""
    if patient.is_merged:
        raise PatientMerged(extra={"merged_into": str(patient.merged_into_id)})


def _add_identifiers(patient: Patient, identifiers: Sequence[NewIdentifier]) -> None:
    if len(set(identifiers)) != len(identifiers):
        raise Invalid.at("/external_ids", "duplicate.identifier")
    rows = [Identifier(patient=patient, system=i.system, value=i.value) for i in identifiers]
    with violations_as({"identifier_once_in_clinic": IdentifierTaken}):
        Identifier.objects.bulk_create(of_clinic(patient.clinic_id, rows))


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
    current = {alert.key: alert for alert in Alert.objects.current().filter(patient=patient)}
    left_out = [alert.pk for key, alert in current.items() if key not in keys]
    if left_out:
        check_end_reason(reason, "/alerts_ended_reason")
        ended = {"ended_at": at, "ended_by_user_id": by.author_id, "ended_reason": reason.strip()}
        Alert.objects.filter(pk__in=left_out).update(**ended)
    added = _insert_alerts(patient, [alert for alert in alerts if alert.key not in current], by=by, at=at)
    ended_alerts = [alert for alert in current.values() if alert.pk in left_out]
    for action, rows in (("patient.end_alert", ended_alerts), ("patient.note_alert", added)):
        for alert in rows:
            audit.log(action, by=by, target_id=alert.pk, patient_ids=[patient.pk], code=alert.code)


def _insert_facts(
    model: FactModel, patient: Patient, new_facts: Sequence[NewFact], *, by: Actor, at: datetime
) -> list[Any]:
    """Write conditions or medicines, and the alerts that medicines stand for. Nothing else writes them."""
    rows = [model(id=new_id(), patient=patient, **vars(fact)) for fact in new_facts]
    inserted = model._default_manager.bulk_create(of_clinic(patient.clinic_id, rows))
    if model is Medication and rows:
        _insert_alerts(patient, _implied_alerts(patient, new_facts), by=by, at=at)
    return inserted


def _implied_alerts(patient: Patient, medicines: Sequence[NewFact]) -> list[NewAlert]:
    """
    The alerts that medicines stand for. One that somebody enters adds none beside a current alert of that code; an
    import adds none that was on the record before, even if it ended.
    """
    before = list(Alert.objects.filter(patient=patient))
    keys, codes = {alert.key for alert in before}, {alert.code for alert in before if alert.ended_at is None}
    implied = {}
    own = own_medicines(patient.clinic_id)
    for medicine in medicines:
        for code in recognise_medicine(medicine.text, [(medicine.system, medicine.code, "")], own).alerts:
            alert = NewAlert(code=code, note=medicine.text, source=medicine.source)
            if alert.key not in keys if medicine.source else code not in codes:
                implied[alert.key] = alert
    return list(implied.values())


def _end_facts(model: FactModel, patient: Patient, ids: Collection[UUID], *, by: Actor, at: datetime) -> None:
    model._default_manager.filter(pk__in=ids).update(ended_at=at, ended_by_user_id=by.author_id)
    for pk in ids:
        audit.log(f"patient.end_{model._meta.model_name}", by=by, target_id=pk, patient_ids=[patient.pk])


def _replace_facts(model: FactModel, patient: Patient, wanted: Collection[NewFact], *, by: Actor, at: datetime) -> None:
    check_facts(wanted, today=at.date(), pointer=f"/{model._meta.model_name}s")
    current = {fact.key: fact.pk for fact in model._default_manager.filter(patient=patient, ended_at=None)}
    keys = {fact.key for fact in wanted}
    _end_facts(model, patient, [pk for key, pk in current.items() if key not in keys], by=by, at=at)
    _insert_facts(model, patient, [fact for fact in wanted if fact.key not in current], by=by, at=at)


def _raise_revision(patient: Patient) -> None:
    """What hangs on a patient is part of what the patient's ETag stands for."""
    Patient.objects.filter(pk=patient.pk).update(revision=F("revision") + 1)
