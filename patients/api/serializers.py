"""Shapes of patients on the wire. They check form; what a patient may be is in the actions."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.fields import StrictSerializer, Text, many
from patients import rules
from patients.actions import NewAlert, NewIdentifier
from patients.importing.reports import OUTCOMES
from patients.models import Patient


class ExternalIdInput(StrictSerializer):
    system = Text(max_length=500)
    value = Text(max_length=200)


class ConsentInput(StrictSerializer):
    email = serializers.ChoiceField(rules.CONSENT_ANSWERS, required=False)
    sms = serializers.ChoiceField(rules.CONSENT_ANSWERS, required=False)
    phone = serializers.ChoiceField(rules.CONSENT_ANSWERS, required=False)


class ContactInput(StrictSerializer):
    email = serializers.EmailField(required=False, allow_null=True, max_length=254)
    phone = Text(required=False, allow_null=True, max_length=50)
    consent = ConsentInput(required=False)


class AddressInput(StrictSerializer):
    line = Text(required=False, allow_blank=True, max_length=500)
    city = Text(required=False, allow_blank=True, max_length=200)
    state = Text(required=False, allow_blank=True, max_length=200)
    postal_code = Text(required=False, allow_blank=True, max_length=20)
    country = Text(required=False, allow_blank=True, max_length=100)


class EmergencyContactInput(StrictSerializer):
    name = Text(required=False, allow_blank=True, max_length=200)
    relationship = Text(required=False, allow_blank=True, max_length=100)
    phone = Text(required=False, allow_blank=True, max_length=50)


class AlertInput(StrictSerializer):
    code = serializers.ChoiceField(list(rules.ALERTS))
    note = Text(required=False, allow_blank=True, default="", max_length=1000)
    side = serializers.ChoiceField(
        rules.ALERT_SIDES, required=False, allow_null=True, help_text="null: not known; the safety check counts both"
    )
    region = serializers.ChoiceField(
        rules.BODY_REGIONS, required=False, allow_null=True, help_text="null: the safety check counts the whole body"
    )
    since_date = serializers.DateField(required=False, allow_null=True)
    reported_by = serializers.ChoiceField(
        rules.ALERT_REPORTERS, required=False, allow_blank=True, help_text="who said so"
    )


class PatientChanges(StrictSerializer):
    """Fields that are left out stay; `external_ids` and `alerts` replace the whole list."""

    family_name = Text(required=False, max_length=200)
    given_names = Text(required=False, allow_blank=True, max_length=200)
    birth_date = serializers.DateField(required=False, allow_null=True)
    sex = serializers.ChoiceField(rules.SEXES, required=False)
    pronouns = Text(required=False, allow_blank=True, max_length=50)
    language = serializers.RegexField(
        r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$",
        required=False,
        allow_blank=True,
        max_length=35,
        help_text="BCP 47",
    )
    time_zone = Text(required=False, allow_blank=True, max_length=64, help_text="IANA, as in Europe/Berlin")
    status = serializers.ChoiceField(rules.STATUSES, required=False)
    external_ids = many(ExternalIdInput, at_most=50)
    contact = ContactInput(required=False)
    address = AddressInput(required=False)
    emergency_contact = EmergencyContactInput(required=False)
    alerts = many(AlertInput, at_most=100)
    alerts_ended_reason = Text(
        required=False,
        allow_blank=True,
        max_length=1000,
        help_text="why alerts that the list leaves out no longer hold; required when it leaves one out",
    )


class NewPatientInput(PatientChanges):
    family_name = Text(max_length=200)


def to_action(body: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `register_patient` and `change_patient`, from what was sent."""
    data = dict(body)
    identifiers, alerts = data.pop("external_ids", None), data.pop("alerts", None)
    alerts_ended_reason = data.pop("alerts_ended_reason", "")
    contact = dict(data.pop("contact", {}))
    consent = contact.pop("consent", {})
    address, emergency = data.pop("address", {}), data.pop("emergency_contact", {})
    details = data | contact | {f"consent_{channel}": answer for channel, answer in consent.items()}
    details |= {("address_line" if name == "line" else name): value for name, value in address.items()}
    details |= {f"emergency_{name}": value for name, value in emergency.items()}
    return {
        "details": details,
        "identifiers": None if identifiers is None else [NewIdentifier(**i) for i in identifiers],
        "alerts": None if alerts is None else [NewAlert(**alert) for alert in alerts],
        "alerts_ended_reason": alerts_ended_reason,
    }


class AlertOutput(serializers.Serializer[Any]):
    code = serializers.ChoiceField(list(rules.ALERTS))
    note = serializers.CharField()
    side = serializers.ChoiceField(rules.ALERT_SIDES, allow_null=True)
    region = serializers.ChoiceField(rules.BODY_REGIONS, allow_null=True)
    since_date = serializers.DateField(allow_null=True)
    reported_by = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment] # DRF has an attribute of that name


class FactOutput(serializers.Serializer[Any]):
    system = serializers.CharField()
    code = serializers.CharField()
    text = serializers.CharField()
    since_date = serializers.DateField(allow_null=True)


class ExternalIdOutput(serializers.Serializer[Any]):
    system = serializers.CharField()
    value = serializers.CharField()


class ConsentOutput(serializers.Serializer[Any]):
    email = serializers.ChoiceField(rules.CONSENT_ANSWERS)
    sms = serializers.ChoiceField(rules.CONSENT_ANSWERS)
    phone = serializers.ChoiceField(rules.CONSENT_ANSWERS)


class ContactOutput(serializers.Serializer[Any]):
    email = serializers.CharField(allow_null=True)
    phone = serializers.CharField(allow_null=True)
    consent = ConsentOutput()


class AddressOutput(serializers.Serializer[Any]):
    line = serializers.CharField()
    city = serializers.CharField()
    state = serializers.CharField()
    postal_code = serializers.CharField()
    country = serializers.CharField()


class EmergencyContactOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    relationship = serializers.CharField()
    phone = serializers.CharField()


class PatientOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    family_name = serializers.CharField()
    given_names = serializers.CharField()
    birth_date = serializers.DateField(allow_null=True)
    sex = serializers.ChoiceField(rules.SEXES)
    pronouns = serializers.CharField()
    language = serializers.CharField()
    time_zone = serializers.CharField()
    external_ids = ExternalIdOutput(many=True)
    contact = ContactOutput()
    address = AddressOutput()
    emergency_contact = EmergencyContactOutput()
    alerts = AlertOutput(many=True)
    conditions = FactOutput(many=True)
    medications = FactOutput(many=True)
    status = serializers.ChoiceField(rules.STATUSES)
    merged_into = serializers.UUIDField(allow_null=True, help_text="where this record went; use that id instead")
    revision = serializers.IntegerField()
    created_at = serializers.DateTimeField()


class DuplicateOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    reason = serializers.CharField()


class NewPatientOutput(PatientOutput):
    possible_duplicates = DuplicateOutput(many=True, help_text="patients who may be the same person; merge if they are")


class PatientSearchInput(StrictSerializer):
    q = Text(
        required=False,
        default="",
        allow_blank=True,
        max_length=200,
        help_text="beginnings of names, identifiers or the birth date, as typed",
    )
    external_id = Text(
        required=False, default="", allow_blank=True, max_length=300, help_text="`value`, or `system|value`"
    )
    birth_date = serializers.DateField(required=False, allow_null=True, default=None)
    status = serializers.ChoiceField(rules.STATUSES, required=False, allow_null=True, default=None)
    limit = serializers.IntegerField(required=False, default=50, min_value=1, max_value=200)
    cursor = serializers.CharField(required=False, default="", allow_blank=True, max_length=2000)


class PatientSearchPage(serializers.Serializer[Any]):
    results = PatientOutput(many=True)
    next_cursor = serializers.CharField(allow_null=True, help_text="send it as `cursor` for the next page")


class PatientPage(serializers.Serializer[Any]):
    results = PatientOutput(many=True)
    next = serializers.URLField(allow_null=True)


class MergeInput(StrictSerializer):
    into = serializers.UUIDField(help_text="the patient whose record goes on")
    reason = Text(max_length=1000)
    into_revision = serializers.IntegerField(
        required=False, default=None, min_value=1, help_text="the survivor's revision that was read"
    )


class ImportInput(StrictSerializer):
    format = serializers.ChoiceField(rules.IMPORT_FORMATS)
    content = serializers.CharField(max_length=25_000_000, help_text="the file's text; a request has at most 25 MB")
    name = Text(required=False, default="upload", max_length=200)
    columns = serializers.DictField(child=serializers.CharField(), required=False, help_text="CSV: field to column")
    system = Text(required=False, default="import", max_length=500, help_text="CSV: who gave the external_id numbers")
    dry_run = serializers.BooleanField(required=False, default=False)


class ImportLineOutput(serializers.Serializer[Any]):
    place = serializers.CharField()
    outcome = serializers.ChoiceField(OUTCOMES, help_text="review: on the review list, until a person decides")
    patient_id = serializers.UUIDField(allow_null=True)
    other_patient_ids = serializers.ListField(
        child=serializers.UUIDField(), help_text="whom it may be, or whom it contradicts"
    )
    taken = serializers.ListField(child=serializers.CharField())
    left_out = serializers.ListField(child=serializers.CharField())
    why = serializers.CharField()


class ImportReportOutput(serializers.Serializer[Any]):
    dry_run = serializers.BooleanField()
    run_id = serializers.UUIDField(allow_null=True, help_text="to undo it; none for a dry run")
    created = serializers.IntegerField()
    completed = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    review = serializers.IntegerField()
    refused = serializers.IntegerField()
    lines = ImportLineOutput(many=True)


def patient_json(patient: Patient) -> dict[str, Any]:
    """A patient as `PatientOutput` describes it; its related rows must be fetched."""
    return {
        "id": patient.pk,
        "family_name": patient.family_name,
        "given_names": patient.given_names,
        "birth_date": patient.birth_date,
        "sex": patient.sex,
        "pronouns": patient.pronouns,
        "language": patient.language,
        "time_zone": patient.time_zone,
        "external_ids": [{"system": i.system, "value": i.value} for i in by_id(patient.identifiers.all())],
        "contact": {
            "email": patient.email,
            "phone": patient.phone,
            "consent": {
                "email": patient.consent_email,
                "sms": patient.consent_sms,
                "phone": patient.consent_phone,
            },
        },
        "address": {
            "line": patient.address_line,
            "city": patient.city,
            "state": patient.state,
            "postal_code": patient.postal_code,
            "country": patient.country,
        },
        "emergency_contact": {
            "name": patient.emergency_name,
            "relationship": patient.emergency_relationship,
            "phone": patient.emergency_phone,
        },
        "alerts": [alert_json(alert) for alert in by_id(patient.alerts.all()) if alert.ended_at is None],
        "conditions": [fact_json(c) for c in by_id(patient.conditions.all()) if c.ended_at is None],
        "medications": [fact_json(m) for m in by_id(patient.medications.all()) if m.ended_at is None],
        "imported_notes": [{"kind": n.kind, "text": n.text} for n in by_id(patient.notes.all())],
        "status": patient.status,
        "merged_into": patient.merged_into_id,
        "revision": patient.revision,
        "created_at": patient.created_at,
    }


def alert_json(alert: Any) -> dict[str, Any]:
    return {
        "code": alert.code,
        "note": alert.note,
        "side": alert.side,
        "region": alert.region,
        "since_date": alert.since_date,
        "reported_by": alert.reported_by,
        "source": alert.source,
    }


def by_id(rows: Any) -> list[Any]:
    return sorted(rows, key=lambda row: row.pk)


def fact_json(fact: Any) -> dict[str, Any]:
    return {"system": fact.system, "code": fact.code, "text": fact.text, "since_date": fact.since_date}
