"""Shapes of patients on the wire. They check form; what a patient may be is in the actions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rest_framework import serializers

from api.fields import Choice, StrictSerializer, Text, many
from patients import names, rules
from patients.actions import NewAlert, NewFact, NewIdentifier
from patients.facts import FACTS, LANGUAGE
from patients.importing.reports import OUTCOMES
from patients.models import Patient
from patients.reading.incoming import NOTE_KINDS


class ExternalIdInput(StrictSerializer):
    system = Text(max_length=500)
    value = Text(max_length=200)


def fact_text(name: str, **options: Any) -> Text:
    """A text of a patient, as long as the table of facts lets it be."""
    return Text(required=False, max_length=FACTS[name].most, allow_blank=True, **options)


class ConsentInput(StrictSerializer):
    email = Choice(rules.CONSENT_ANSWERS, required=False)
    sms = Choice(rules.CONSENT_ANSWERS, required=False)
    phone = Choice(rules.CONSENT_ANSWERS, required=False)


class ContactInput(StrictSerializer):
    email = serializers.EmailField(required=False, allow_null=True, max_length=FACTS["email"].most)
    phone = Text(
        required=False,
        allow_null=True,
        max_length=FACTS["phone"].most,
        help_text="with the area code, or with + and the country code",
    )
    consent = ConsentInput(required=False)


class AddressInput(StrictSerializer):
    line = fact_text("address_line")
    city = fact_text("city")
    state = fact_text("state")
    postal_code = fact_text("postal_code")
    country = fact_text("country")


class EmergencyContactInput(StrictSerializer):
    name = fact_text("emergency_name")
    relationship = fact_text("emergency_relationship")
    phone = fact_text("emergency_phone")


class ReferrerInput(StrictSerializer):
    name = fact_text("referrer_name", help_text="the GP, or who else referred")
    practice = fact_text("referrer_practice")
    phone = fact_text("referrer_phone")


class InsuranceInput(StrictSerializer):
    insurer = fact_text("insurer")
    number = fact_text("insurance_number")


class FactInput(StrictSerializer):
    """A condition or a medicine."""

    text = Text(max_length=rules.FACT_TEXT_CHARACTERS)
    system = Text(required=False, allow_blank=True, max_length=500, help_text="the code's system: a URI")
    code = Text(required=False, allow_blank=True, max_length=100)
    since_date = serializers.DateField(required=False, allow_null=True)


class AlertInput(StrictSerializer):
    code = Choice(list(rules.ALERTS))
    note = Text(required=False, allow_blank=True, default="", max_length=1000)
    side = Choice(
        rules.ALERT_SIDES, required=False, allow_null=True, help_text="null: not known; the safety check counts both"
    )
    region = Choice(
        rules.BODY_REGIONS, required=False, allow_null=True, help_text="null: the safety check counts the whole body"
    )
    since_date = serializers.DateField(required=False, allow_null=True)
    reported_by = Choice(rules.ALERT_REPORTERS, required=False, allow_blank=True, help_text="who said so")


class Details(StrictSerializer):
    family_name = Text(required=False, max_length=FACTS["family_name"].most)
    given_names = fact_text("given_names")
    birth_date = serializers.DateField(required=False, allow_null=True)
    sex = Choice(rules.SEXES, required=False)
    pronouns = fact_text("pronouns")
    language = serializers.RegexField(
        rf"^{LANGUAGE.pattern}$",
        required=False,
        allow_blank=True,
        max_length=FACTS["language"].most,
        help_text="BCP 47",
    )
    time_zone = fact_text("time_zone", help_text="IANA, as in Europe/Berlin")
    status = Choice(rules.STATUSES, required=False)
    contact = ContactInput(required=False)
    address = AddressInput(required=False)
    emergency_contact = EmergencyContactInput(required=False)
    referrer = ReferrerInput(required=False)
    insurance = InsuranceInput(required=False)
    referral_reason = fact_text("referral_reason")
    occupation = fact_text("occupation")
    sport = fact_text("sport")
    desk_notes = fact_text("desk_notes", help_text="what the desk should know; nothing clinical")


class PatientDetails(Details):
    """Fields that are left out stay; the lists replace the whole list."""

    external_ids = many(ExternalIdInput, at_most=50)
    alerts = many(AlertInput, at_most=100)
    alerts_ended_reason = Text(
        required=False,
        allow_blank=True,
        max_length=1000,
        help_text="why alerts that the list leaves out no longer hold; required when it leaves one out",
    )
    conditions = many(FactInput, at_most=200, help_text="those that the list leaves out end; they are kept")
    medications = many(
        FactInput,
        at_most=200,
        help_text="as conditions; one that stands for an alert (warfarin: anticoagulant) adds the alert",
    )


class PatientChanges(PatientDetails):
    """Fields that are left out stay; the lists replace the whole list."""

    seen = Details(
        required=False,
        help_text="the values as they were read, of the fields that are sent. Then a field that is sent as it was read "
        "stays as it is now, and one that somebody else has set to another value meanwhile is refused (409 "
        "changed_meanwhile, with the values of now in `current`). For this, If-Match may be `*`.",
    )


class NewPatientInput(PatientDetails):
    family_name = Text(max_length=FACTS["family_name"].most)


def details_of(body: dict[str, Any]) -> dict[str, Any]:
    """A patient's facts by their names, from the places in a body where they stand."""
    details = {}
    for name, fact in FACTS.items():
        place: Any = body
        for step in fact.path[:-1]:
            place = place.get(step) or {}
        if fact.path[-1] in place:
            details[name] = place[fact.path[-1]]
    return details


def to_action(body: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `register_patient` and `change_patient`, from what was sent; None for lists that were not."""

    def rows(name: str, make: Callable[..., Any]) -> list[Any] | None:
        return [make(**row) for row in body[name]] if name in body else None

    return {
        "details": details_of(body),
        "identifiers": rows("external_ids", NewIdentifier),
        "alerts": rows("alerts", NewAlert),
        "conditions": rows("conditions", NewFact),
        "medications": rows("medications", NewFact),
        "alerts_ended_reason": body.get("alerts_ended_reason", ""),
        "seen": details_of(body["seen"]) if "seen" in body else None,
    }


class AlertOutput(serializers.Serializer[Any]):
    code = Choice(list(rules.ALERTS))
    note = serializers.CharField()
    side = Choice(rules.ALERT_SIDES, allow_null=True)
    region = Choice(rules.BODY_REGIONS, allow_null=True)
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
    email = Choice(rules.CONSENT_ANSWERS)
    sms = Choice(rules.CONSENT_ANSWERS)
    phone = Choice(rules.CONSENT_ANSWERS)


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


class ReferrerOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    practice = serializers.CharField()
    phone = serializers.CharField()


class InsuranceOutput(serializers.Serializer[Any]):
    insurer = serializers.CharField()
    number = serializers.CharField()


class NoteOutput(serializers.Serializer[Any]):
    kind = Choice(NOTE_KINDS)
    text = serializers.CharField()


class PatientOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    family_name = serializers.CharField()
    given_names = serializers.CharField()
    birth_date = serializers.DateField(allow_null=True)
    sex = Choice(rules.SEXES)
    pronouns = serializers.CharField()
    language = serializers.CharField()
    time_zone = serializers.CharField()
    external_ids = ExternalIdOutput(many=True)
    contact = ContactOutput()
    address = AddressOutput()
    emergency_contact = EmergencyContactOutput()
    referrer = ReferrerOutput()
    insurance = InsuranceOutput()
    referral_reason = serializers.CharField()
    occupation = serializers.CharField()
    sport = serializers.CharField()
    desk_notes = serializers.CharField()
    alerts = AlertOutput(many=True)
    conditions = FactOutput(many=True)
    medications = FactOutput(many=True)
    imported_notes = NoteOutput(many=True, help_text="what another system told and no field holds, as it was written")
    status = Choice(rules.STATUSES)
    merged_into = serializers.UUIDField(allow_null=True, help_text="where this record went; use that id instead")
    revision = serializers.IntegerField()
    created_at = serializers.DateTimeField()


class DuplicateOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    reason = Choice(names.REASONS)
    alike = serializers.ListField(
        child=Choice(["family_name", "given_names", "birth_date", "email", "phone"]),
        help_text="the facts that are the same; names may differ by a letter",
    )


class SavedPatientOutput(PatientOutput):
    possible_duplicates = DuplicateOutput(many=True, help_text="patients who may be the same person; merge if they are")


class DuplicatesOutput(serializers.Serializer[Any]):
    possible_duplicates = DuplicateOutput(many=True)


class TwoPeopleInput(StrictSerializer):
    other = serializers.UUIDField(help_text="the patient who is another person")


class PatientSearchInput(StrictSerializer):
    q = Text(
        required=False,
        default="",
        allow_blank=True,
        max_length=200,
        help_text="names or parts of them, identifiers, phone number or birth date, as typed",
    )
    external_id = Text(
        required=False, default="", allow_blank=True, max_length=300, help_text="`value`, or `system|value`"
    )
    birth_date = serializers.DateField(required=False, allow_null=True, default=None)
    status = Choice(rules.STATUSES, required=False, allow_null=True, default=None)
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
    format = Choice(rules.IMPORT_FORMATS)
    content = serializers.CharField(max_length=25_000_000, help_text="the file's text; a request has at most 25 MB")
    name = Text(required=False, default="upload", max_length=200)
    columns = serializers.DictField(child=serializers.CharField(), required=False, help_text="CSV: field to column")
    system = Text(required=False, default="import", max_length=500, help_text="CSV: who gave the external_id numbers")
    dry_run = serializers.BooleanField(required=False, default=False)


class ImportLineOutput(serializers.Serializer[Any]):
    place = serializers.CharField()
    outcome = Choice(OUTCOMES, help_text="review: on the review list, until a person decides")
    patient_id = serializers.UUIDField(allow_null=True)
    other_patient_ids = serializers.ListField(
        child=serializers.UUIDField(), help_text="whom it may be, or whom it contradicts"
    )
    taken = serializers.ListField(child=serializers.CharField())
    left_out = serializers.ListField(child=serializers.CharField())
    why = serializers.CharField()
    possible_duplicates = DuplicateOutput(many=True)


class ImportReportOutput(serializers.Serializer[Any]):
    dry_run = serializers.BooleanField()
    run_id = serializers.UUIDField(allow_null=True, help_text="to undo it; none for a dry run")
    created = serializers.IntegerField()
    completed = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    refused = serializers.IntegerField()
    review = serializers.IntegerField()
    lines = ImportLineOutput(many=True)


class ImportRunOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    started_at = serializers.DateTimeField()
    by_user_id = serializers.UUIDField(allow_null=True)
    by_client_id = serializers.CharField(allow_blank=True)
    files = serializers.ListField(child=serializers.CharField())
    created = serializers.IntegerField()
    completed = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    refused = serializers.IntegerField()
    review = serializers.IntegerField()
    undone_at = serializers.DateTimeField(allow_null=True)
    undone_by_user_id = serializers.UUIDField(allow_null=True)
    can_be_undone_until = serializers.DateTimeField()
    revision = serializers.IntegerField()


class OneImportRunOutput(ImportRunOutput):
    lines = ImportLineOutput(many=True, help_text="the first ones")


class ImportRunPage(serializers.Serializer[Any]):
    results = ImportRunOutput(many=True)
    next = serializers.CharField(allow_null=True)


class UndoneOutput(serializers.Serializer[Any]):
    removed = serializers.IntegerField()
    restored = serializers.IntegerField()
    kept_ids = serializers.ListField(
        child=serializers.UUIDField(), help_text="patients who were changed or used since, and stay as they are"
    )


class MedicineInput(StrictSerializer):
    system = Text(
        required=False,
        allow_blank=True,
        default="",
        max_length=200,
        help_text="the list of the code, as imports have it",
    )
    code = Text(required=False, allow_blank=True, default="", max_length=200)
    name = Text(required=False, allow_blank=True, default="", max_length=200, help_text="whole words, any case")
    alert = Choice(["", *rules.ALERTS], required=False, default="", help_text="empty: this medicine raises none")


class MedicineOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    system = serializers.CharField(allow_blank=True)
    code = serializers.CharField(allow_blank=True)
    name = serializers.CharField(allow_blank=True)
    alert = serializers.CharField(allow_blank=True)


class MedicinePage(serializers.Serializer[Any]):
    results = MedicineOutput(many=True)
    next = serializers.CharField(allow_null=True)


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
        "referrer": {part: getattr(patient, f"referrer_{part}") for part in ("name", "practice", "phone")},
        "insurance": {"insurer": patient.insurer, "number": patient.insurance_number},
        "referral_reason": patient.referral_reason,
        "occupation": patient.occupation,
        "sport": patient.sport,
        "desk_notes": patient.desk_notes,
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
