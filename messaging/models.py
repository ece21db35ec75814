from __future__ import annotations

from datetime import time

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from accounts.models import Clinic, User
from database.expressions import UUIDv7
from database.revisions import content_revision
from identity.actor import Actor
from messaging import rules
from patients.models import OfPatient, Patient


class Sending(models.Model):
    """How a clinic sends: one row each. None of it is a clinical number; the clinic sets it."""

    clinic = models.OneToOneField(Clinic, primary_key=True, on_delete=models.PROTECT, related_name="+")
    reply_to = models.EmailField(blank=True, default="", help_text="where answers to mails go; empty: nowhere")
    phone = models.TextField(
        blank=True, default="", db_default="", help_text="the number that patients' pages ask them to call"
    )
    quiet_from = models.TimeField(default=time(21), help_text="nothing is sent from here ...")
    quiet_until = models.TimeField(default=time(7), help_text="... until here, in the patient's time zone")
    late_after_min = models.PositiveIntegerField(default=120, help_text="what is later than that is not sent any more")
    most_a_day = models.PositiveSmallIntegerField(default=3, help_text="messages to one patient a day")
    per_minute = models.PositiveIntegerField(default=600, help_text="messages of the clinic a minute")
    when_unknown = models.TextField(choices=list(rules.WHEN_UNKNOWN.items()), default=rules.RESEND_ONCE)
    paused_at = models.DateTimeField(null=True)
    paused_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    window_started_at = models.DateTimeField(db_default=Now(), editable=False)
    window_used = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(late_after_min__gte=5, late_after_min__lte=24 * 60), name="sending_late_after"
            ),
            models.CheckConstraint(condition=models.Q(most_a_day__gte=1), name="sending_most_a_day"),
            models.CheckConstraint(condition=models.Q(per_minute__gte=1), name="sending_per_minute"),
            models.CheckConstraint(
                condition=models.Q(when_unknown__in=list(rules.WHEN_UNKNOWN)), name="sending_when_unknown_known"
            ),
            models.CheckConstraint(
                condition=models.Q(paused_at=None, paused_by=None)
                | models.Q(paused_at__isnull=False, paused_by__isnull=False),
                name="sending_paused_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"Sending {self.pk}"


class Wording(models.Model):
    """A clinic's own words in place of ours."""

    id = models.UUIDField(primary_key=True, db_default=UUIDv7(), editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.TextField(choices=[(code, kind.label) for code, kind in rules.KINDS.items()])
    channel = models.TextField()
    language = models.TextField(help_text="as in en or de")
    subject = models.TextField(blank=True, default="")
    body = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "kind", "channel", "language"], name="wording_once"),
            models.CheckConstraint(condition=models.Q(channel__in=rules.CHANNELS), name="wording_channel_known"),
            models.CheckConstraint(condition=models.Q(kind__in=list(rules.KINDS)), name="wording_kind_known"),
        ]

    def __str__(self) -> str:
        return f"Wording {self.pk}"


class Link(OfPatient):
    """
    What one token opens, for one patient and one thing. The token itself is not kept, only its SHA-256.

    Row-level security shows a link to its clinic, and to whoever presents the token.
    """

    patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    purpose = models.TextField()
    about_id = models.UUIDField(help_text="the programme, session or patient that it is about")
    token_sha256 = models.BinaryField(max_length=32)
    expires_at = models.DateTimeField()
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    opened_at = models.DateTimeField(null=True, help_text="when a person first opened it")
    used_at = models.DateTimeField(null=True, help_text="when what it was for was done")
    revoked_at = models.DateTimeField(null=True)
    wrong_answers = models.PositiveSmallIntegerField(default=0, help_text="wrong years of birth")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(purpose__in=rules.PURPOSES), name="link_purpose_known"),
            models.UniqueConstraint(fields=["token_sha256"], name="link_token_once"),
        ]
        indexes = [models.Index(fields=["clinic", "patient", "purpose"], name="link_of_patient")]


class MessageQuerySet(models.QuerySet["Message"]):
    def visible_to(self, actor: Actor) -> MessageQuerySet:
        return self.filter(clinic_id=actor.clinic_id)

    def waiting(self) -> MessageQuerySet:
        return self.filter(state__in=rules.WAITING)


class Message(OfPatient):
    """
    One message that is owed. It is a row before it goes out, and what became of it stays here.

    :ivar next_at: when a worker may look at it: its time to be sent, or, while it is being sent, the end of the lease
    :ivar fence: raised with every claim; a worker whose claim ran out cannot write its result any more
    :ivar uncertain: it may have gone out twice, or never: the answer was lost inside the provider's own call
    """

    revision = property(content_revision)
    patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    to_user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.TextField(choices=[(code, kind.label) for code, kind in rules.KINDS.items()])
    channel = models.TextField()
    about_id = models.UUIDField(help_text="what it is about: a programme, a session, a row of the worklist")
    link = models.ForeignKey(Link, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    dedupe_key = models.TextField(help_text="the same key never makes a second message")
    again_of = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.PROTECT,
        related_name="again",
        db_constraint=False,
        help_text="the message that somebody had sent again",
    )
    by_hand = models.BooleanField(
        default=False,
        db_default=False,
        help_text="somebody of the clinic asked for it; the day's limit is for what comes by itself",
    )
    state = models.TextField(default=rules.QUEUED)
    about_at = models.DateTimeField(null=True, help_text="the appointment's time, which the text names")
    calendar = models.TextField(blank=True, default="", help_text="iCalendar that goes along with a mail")
    reason = models.TextField(blank=True, default="", help_text="why it did not go, or not yet")
    uncertain = models.BooleanField(default=False)
    due_at = models.DateTimeField()
    late_at = models.DateTimeField(help_text="from here on it is not sent any more")
    next_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    fence = models.PositiveIntegerField(default=0)
    provider = models.TextField(blank=True, default="")
    provider_ref = models.TextField(blank=True, default="")
    sent_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "dedupe_key"], name="message_once"),
            models.CheckConstraint(condition=models.Q(state__in=rules.STATES), name="message_state_known"),
            models.CheckConstraint(condition=models.Q(channel__in=rules.CHANNELS), name="message_channel_known"),
            models.CheckConstraint(condition=models.Q(kind__in=list(rules.KINDS)), name="message_kind_known"),
            models.CheckConstraint(
                condition=models.Q(reason="") | models.Q(reason__in=rules.REASONS), name="message_reason_known"
            ),
        ]
        indexes = [
            # All that a tick ever looks at; what is done leaves it.
            models.Index(
                fields=["clinic", "next_at"], condition=models.Q(state__in=rules.WAITING), name="message_waiting"
            ),
            models.Index(
                fields=["clinic", "next_at"],
                condition=models.Q(state__in=rules.WAITING, to_user__isnull=False),
                name="message_alerts",
            ),
            models.Index(fields=["clinic", "-due_at"], name="message_by_time"),
            models.Index(fields=["clinic", "patient", "-due_at"], name="message_of_patient"),
            models.Index(fields=["clinic", "about_id"], condition=models.Q(state="queued"), name="message_about"),
            models.Index(fields=["clinic", "provider_ref"], name="message_by_provider_ref"),
            # What went wrong is rare, and looked for; one of every state made the waiting ones slower to find.
            models.Index(
                fields=["clinic", "-due_at"], condition=models.Q(state__in=rules.WENT_WRONG), name="message_not_sent"
            ),
            models.Index(fields=["clinic", "-due_at"], condition=models.Q(uncertain=True), name="message_uncertain"),
        ]


class DeliveryEvent(OfPatient):
    """What a provider told about a message; each event once, however often it is told. Final."""

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="events", db_constraint=False)
    provider = models.TextField()
    event_id = models.TextField()
    told = models.TextField()
    happened_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "provider", "event_id"], name="delivery_event_once"),
        ]


class RefusedAddress(models.Model):
    """An address that bounced or complained: nothing goes there until it is changed. Only its keyed hash is kept."""

    id = models.UUIDField(primary_key=True, db_default=UUIDv7(), editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+", db_index=False)
    channel = models.TextField()
    address_hash = models.TextField()
    reasons = ArrayField(models.TextField(), default=list)
    since = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "channel", "address_hash"], name="refused_address_once"),
        ]

    def __str__(self) -> str:
        return f"RefusedAddress {self.pk}"
