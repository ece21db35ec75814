from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models.functions import Now

from accounts.models import Clinic
from database.expressions import StartsWith, UUIDv7
from identity.actor import Actor
from patients import rules

StartsWith.register()


class PatientQuerySet(models.QuerySet["Patient"]):
    def visible_to(self, actor: Actor) -> PatientQuerySet:
        """The clinic's patients. Row-level security says the same, should a view forget this word."""
        return self.filter(clinic_id=actor.clinic_id)

    def living_record(self) -> PatientQuerySet:
        """Without those that were merged into another."""
        return self.filter(merged_into=None)

    def with_everything(self) -> PatientQuerySet:
        return self.prefetch_related("identifiers", "alerts", "conditions", "medications", "notes")

    def with_identifier(self, text: str) -> PatientQuerySet:
        """`value`, or `system|value` as in a FHIR search."""
        system, separator, value = text.rpartition("|")
        of_text = {"value": value} | ({"system": system} if separator else {})
        return self.filter(pk__in=Identifier.objects.filter(**of_text).values("patient_id"))

    def in_name_order(self) -> PatientQuerySet:
        return self.order_by("sort_name", "id")


class Patient(models.Model):
    """A person in a clinic's care. Names are kept as written."""

    class Status(models.TextChoices):
        IN_CARE = "in_care"
        DISCHARGED = "discharged"
        DECEASED = "deceased"

    id = models.UUIDField(primary_key=True, db_default=UUIDv7(), editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+", db_index=False)
    family_name = models.TextField()
    given_names = models.TextField(blank=True, default="")
    birth_date = models.DateField(null=True)
    sex = models.TextField(choices=[(code, code) for code in rules.SEXES], default="unknown")
    pronouns = models.TextField(blank=True, default="")
    language = models.TextField(blank=True, default="", help_text="BCP 47; empty: the clinic's")
    time_zone = models.TextField(blank=True, default="", help_text="IANA; empty: the clinic's")
    email = models.TextField(null=True)
    phone = models.TextField(null=True)
    consent_email = models.TextField(default="not_asked")
    consent_sms = models.TextField(default="not_asked")
    consent_phone = models.TextField(default="not_asked")
    address_line = models.TextField(blank=True, default="")
    city = models.TextField(blank=True, default="")
    state = models.TextField(blank=True, default="")
    postal_code = models.TextField(blank=True, default="")
    country = models.TextField(blank=True, default="")
    emergency_name = models.TextField(blank=True, default="")
    emergency_relationship = models.TextField(blank=True, default="")
    emergency_phone = models.TextField(blank=True, default="")
    referrer_name = models.TextField(blank=True, default="", db_default="", help_text="GP, or who else referred")
    referrer_practice = models.TextField(blank=True, default="", db_default="")
    referrer_phone = models.TextField(blank=True, default="", db_default="")
    insurer = models.TextField(blank=True, default="", db_default="")
    insurance_number = models.TextField(blank=True, default="", db_default="")
    referral_reason = models.TextField(blank=True, default="", db_default="")
    occupation = models.TextField(blank=True, default="", db_default="")
    sport = models.TextField(blank=True, default="", db_default="")
    desk_notes = models.TextField(blank=True, default="", db_default="", help_text="for the desk: not clinical")
    status = models.TextField(choices=Status.choices, default=Status.IN_CARE)
    sort_name = models.TextField(db_collation="C", editable=False)
    merged_into = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="merged_from", db_constraint=False, db_index=False
    )
    revision = models.PositiveIntegerField(default=1)
    keys_version = models.PositiveSmallIntegerField(
        default=0, db_default=0, editable=False, help_text="of the words that the patient is found by"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = PatientQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["clinic", "sort_name", "id"], name="patient_by_name"),
            models.Index(fields=["clinic", "birth_date"], name="patient_by_birth_date"),
            models.Index(fields=["clinic", "merged_into"], name="patient_by_survivor"),
            models.Index(fields=["clinic", "-created_at"], condition=models.Q(merged_into=None), name="patient_newest"),
        ]
        constraints = [
            models.CheckConstraint(condition=~models.Q(family_name=""), name="patient_has_family_name"),
            models.CheckConstraint(condition=models.Q(sex__in=rules.SEXES), name="patient_sex_known"),
            models.CheckConstraint(condition=models.Q(status__in=rules.STATUSES), name="patient_status_known"),
            models.CheckConstraint(
                condition=models.Q(merged_into=None) | ~models.Q(merged_into=models.F("id")),
                name="patient_not_merged_into_itself",
            ),
            *(
                models.CheckConstraint(
                    condition=models.Q(**{f"consent_{channel}__in": rules.CONSENT_ANSWERS}),
                    name=f"patient_consent_{channel}_known",
                )
                for channel in rules.CONSENT_CHANNELS
            ),
        ]

    def __str__(self) -> str:
        return f"Patient {self.pk}"

    @property
    def in_use(self) -> Patient:
        """The record that this one was merged into; itself, if it was not. It has the address, consent and zone."""
        return self.merged_into or self

    @property
    def is_merged(self) -> bool:
        return self.merged_into_id is not None


class OfPatient(models.Model):
    """A row that belongs to one patient of one clinic."""

    id = models.UUIDField(primary_key=True, db_default=UUIDv7(), editable=False)
    # The key to the parent says (clinic, id), so it holds this one too.
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{type(self).__name__} {self.pk}"


class Identifier(OfPatient):
    """A number that another system knows the patient by."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="identifiers", db_constraint=False)
    system = models.TextField(help_text="who gave it: a URI, or a short name")
    value = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "system", "value"], name="identifier_once_in_clinic"),
        ]
        indexes = [models.Index(fields=["clinic", "value"], name="identifier_by_value")]


class SearchKey(OfPatient):
    """One word, or its beginning, that a patient is found by; rewritten when names or numbers change (`indexing`)."""

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    key = models.TextField(db_collation="C")
    sort_name = models.TextField(db_collation="C", default="", db_default="", help_text="the patient's")

    class Meta:
        # Equality and `^@` are leakproof, so they may use this index under row-level security; LIKE and ILIKE may not.
        # Whatever a key finds comes in the order of names, so that a list's first page reads no more than it shows.
        indexes = [models.Index(fields=["clinic", "key", "sort_name", "patient"], name="search_key_in_order")]


class NameForm(models.Model):
    """A part or a misspelling of a word that is some patient's name at the clinic; see `names.forms_of`."""

    id = models.BigAutoField(primary_key=True)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+", db_index=False)
    form = models.TextField(db_collation="C")
    word = models.TextField(db_collation="C")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic", "form", "word"], name="name_form_once")]

    def __str__(self) -> str:
        return f"NameForm {self.pk}"


class TwoPeople(OfPatient):
    """That two patients who look alike are two people, as somebody at the clinic has said. Final."""

    one = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    other = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    said_at = models.DateTimeField()
    said_by_user_id = models.UUIDField(null=True)
    said_by_client_id = models.TextField(default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["one", "other"], name="two_people_once"),
            models.CheckConstraint(condition=models.Q(one__lt=models.F("other")), name="two_people_in_order"),
        ]


class AlertQuerySet(models.QuerySet["Alert"]):
    def current(self) -> AlertQuerySet:
        return self.filter(ended_at=None)


class Alert(OfPatient):
    """Something to know before a needle or a thumb: coded, with free text beside."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="alerts", db_constraint=False)
    code = models.TextField(choices=[(code, kind.label) for code, kind in rules.ALERTS.items()])
    note = models.TextField(blank=True, default="")
    side = models.TextField(
        null=True, choices=[(side, side) for side in rules.ALERT_SIDES], help_text="empty: not known"
    )
    region = models.TextField(
        null=True, choices=[(region, region) for region in rules.BODY_REGIONS], help_text="empty: the whole body"
    )
    since_date = models.DateField(null=True, help_text="since when the patient has it, where that is known")
    reported_by = models.TextField(
        blank=True,
        default="",
        choices=[(reporter, reporter) for reporter in rules.ALERT_REPORTERS],
        help_text="who said so; empty: not recorded",
    )
    source = models.TextField(blank=True, default="", help_text="empty: recorded here; else where it was imported from")
    noted_at = models.DateTimeField(db_default=Now())
    noted_by_user_id = models.UUIDField(null=True, editable=False)
    ended_at = models.DateTimeField(null=True)
    ended_by_user_id = models.UUIDField(null=True, editable=False)
    ended_reason = models.TextField(blank=True, default="")

    objects = AlertQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(code__in=list(rules.ALERTS)), name="alert_code_known"),
            models.CheckConstraint(
                condition=models.Q(side=None) | models.Q(side__in=rules.ALERT_SIDES), name="alert_side_known"
            ),
            models.CheckConstraint(
                condition=models.Q(region=None) | models.Q(region__in=rules.BODY_REGIONS), name="alert_region_known"
            ),
            models.CheckConstraint(
                condition=models.Q(reported_by__in=["", *rules.ALERT_REPORTERS]), name="alert_reporter_known"
            ),
            models.CheckConstraint(
                condition=models.Q(ended_reason="") | models.Q(ended_at__isnull=False), name="alert_ended_whole"
            ),
            models.UniqueConstraint(
                fields=["patient", "code", "note", "side", "region"],
                condition=models.Q(ended_at=None),
                nulls_distinct=False,
                name="alert_once",
            ),
        ]

    @property
    def key(self) -> tuple[str, str, str | None, str | None]:
        """What makes two current alerts the same one (constraint `alert_once`)."""
        return (self.code, self.note, self.side, self.region)

    @property
    def place(self) -> tuple[str | None, str | None]:
        """Side and region; None where they are not known."""
        return self.side, self.region


class CodedFact(OfPatient):
    """A condition or a medicine, as somebody at the clinic or another system told it. It ends; it is not deleted."""

    system = models.TextField(blank=True, default="")
    code = models.TextField(blank=True, default="")
    text = models.TextField()
    since_date = models.DateField(null=True)
    source = models.TextField(blank=True, default="")
    ended_at = models.DateTimeField(null=True)
    ended_by_user_id = models.UUIDField(null=True, editable=False)

    class Meta:
        abstract = True

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes two current facts the same one (`condition_once`, `medication_once`)."""
        return (self.system, self.code, self.text)


class Condition(CodedFact):
    patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, related_name="conditions", db_constraint=False, db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "system", "code", "text"], condition=models.Q(ended_at=None), name="condition_once"
            ),
        ]


class Medication(CodedFact):
    patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, related_name="medications", db_constraint=False, db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "system", "code", "text"], condition=models.Q(ended_at=None), name="medication_once"
            ),
        ]


class Note(OfPatient):
    """What another system told of a patient and no field holds, as it was written."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="notes", db_constraint=False)
    kind = models.TextField(help_text="one of NOTE_KINDS")
    text = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["patient", "kind", "text"], name="patient_note_once")]


class OfClinic(models.Model):
    """A row of one clinic that belongs to no patient."""

    id = models.UUIDField(primary_key=True, db_default=UUIDv7(), editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{type(self).__name__} {self.pk}"


class ImportRun(OfClinic):
    """One import: what it read and did. It can be undone for a while."""

    started_at = models.DateTimeField()
    by_user_id = models.UUIDField(null=True)
    by_client_id = models.TextField(blank=True, default="")
    files = models.JSONField(default=list, help_text="their names")
    counts = models.JSONField(default=dict)
    lines = models.JSONField(default=list, help_text="the first lines of the report, without names of people")
    undone_at = models.DateTimeField(null=True)
    undone_by_user_id = models.UUIDField(null=True)
    revision = models.PositiveIntegerField(default=1)

    class Meta:
        indexes = [models.Index(fields=["clinic", "-started_at"], name="import_run_newest_first")]


class ImportEntry(OfPatient):
    """What an import did to one patient, so that it can be undone and the next one knows what nobody edited."""

    run = models.ForeignKey(ImportRun, on_delete=models.PROTECT, related_name="entries", db_constraint=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    is_new = models.BooleanField(help_text="the import registered the patient")
    before = models.JSONField(default=dict, help_text="field to value, of those that it changed")
    after = models.JSONField(default=dict)
    added = models.JSONField(default=dict, help_text="kind of row to ids")
    ended = models.JSONField(default=dict, help_text="kind of row to ids")
    revision_after = models.PositiveIntegerField(help_text="the patient's revision when the import was done with it")
    content = models.TextField(help_text="SHA-256 of the record as the source had it")
    updated = models.TextField(blank=True, default="", help_text="when the source last changed it")

    class Meta:
        indexes = [
            models.Index(fields=["patient", "id"], name="import_entry_of_patient"),
            models.Index(fields=["run", "id"], name="import_entry_of_run"),
            models.Index(fields=["clinic", "content"], name="import_entry_by_content"),
        ]


class ReviewItem(OfPatient):
    """A record of another system that may be a patient of the clinic: a person decides."""

    run = models.ForeignKey(ImportRun, on_delete=models.PROTECT, related_name="review_items", db_constraint=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    reason = models.TextField(choices=[(code, code) for code in rules.REVIEW_REASONS])
    place = models.TextField(help_text="where in which file")
    incoming = models.JSONField(help_text="the record as it was read")
    identity = models.TextField(help_text="SHA-256 of numbers, names, birth date and sex")
    created_at = models.DateTimeField()
    decision = models.TextField(blank=True, default="")
    decided_at = models.DateTimeField(null=True)
    decided_by_user_id = models.UUIDField(null=True)
    result_patient_id = models.UUIDField(null=True, help_text="who the record became")
    revision = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(decision__in=["", *rules.REVIEW_DECISIONS]), name="review_decision_known"
            ),
            models.CheckConstraint(
                condition=models.Q(decision="", decided_at=None)
                | (~models.Q(decision="") & ~models.Q(decided_at=None)),
                name="review_decided_whole",
            ),
            models.UniqueConstraint(
                fields=["clinic", "identity", "patient"], condition=models.Q(decision=""), name="review_open_once"
            ),
        ]
        indexes = [models.Index(fields=["clinic", "identity"], name="review_by_identity")]


class ImportUpload(OfClinic):
    """A file between its upload and its import; it is removed with the import, or after a day."""

    name = models.TextField()
    content = models.BinaryField()
    created_at = models.DateTimeField()
    by_user_id = models.UUIDField(null=True)


class ImportMap(OfClinic):
    """Which columns of a program's CSV files hold what, under a name."""

    name = models.TextField()
    columns = models.JSONField(help_text="field to header")
    system = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic", "name"], name="import_map_once")]


class OwnMedicine(OfClinic):
    """A line of the clinic's own table of medicines: a code of a national list or a name, and its alert."""

    system = models.TextField(blank=True, default="")
    code = models.TextField(blank=True, default="")
    name = models.TextField(blank=True, default="")
    alert = models.TextField(blank=True, default="", help_text="one of ALERTS; empty: it raises none")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "system", "code", "name"], name="own_medicine_once"),
            models.CheckConstraint(condition=~models.Q(code="", name=""), name="own_medicine_says_which"),
            models.CheckConstraint(condition=models.Q(alert__in=["", *rules.ALERTS]), name="own_medicine_alert_known"),
        ]


class Merge(OfPatient):
    """That two records were found to be one person, by whom and why. Final."""

    from_patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    into_patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    reason = models.TextField()
    moved = models.JSONField(default=dict, help_text="how many rows of each kind went over")
    merged_at = models.DateTimeField()
    merged_by_user_id = models.UUIDField(null=True)
    merged_by_client_id = models.TextField(default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["from_patient"], name="merge_once")]


def of_clinic(clinic_id: UUID, rows: Iterable[Any]) -> list[Any]:
    """Set the clinic on rows about to be made."""
    rows_list = list(rows)
    for row in rows_list:
        row.clinic_id = clinic_id
    return rows_list
