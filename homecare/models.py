from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from accounts.models import Clinic, User
from assessments.models import TriggerPoint
from catalogue.models import Muscle
from database.expressions import UUIDv7
from homecare import rules
from homecare.reminders import schedule
from identity.actor import Actor
from messaging.models import Link, Message
from messaging.rules import CHANNELS
from patients.models import OfPatient, Patient
from treatments.models import Session


def on_scale(name: str, low: int = 0, high: int = 10) -> models.Q:
    return models.Q(**{name: None}) | models.Q(**{f"{name}__gte": low, f"{name}__lte": high})


class Picture(models.Model):
    """A clinic's own picture of an exercise: decoded, made small and written anew, so nothing of the file survives."""

    id = models.UUIDField(primary_key=True, db_default=UUIDv7(), editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+", db_index=False)
    name = models.TextField()
    content = models.BinaryField(help_text="WebP")
    width_px = models.PositiveSmallIntegerField()
    height_px = models.PositiveSmallIntegerField()
    made_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"Picture {self.pk}"


class Template(models.Model):
    """A clinic's own programme to start from; its content has the shape of a programme's draft."""

    id = models.UUIDField(primary_key=True, db_default=UUIDv7(), editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+", db_index=False)
    name = models.TextField()
    content = models.JSONField()
    made_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic", "name"], name="template_once")]

    def __str__(self) -> str:
        return f"Template {self.pk}"


class ProgrammeQuerySet(models.QuerySet["Programme"]):
    def visible_to(self, actor: Actor) -> ProgrammeQuerySet:
        """The clinic's programmes. Row-level security says the same, should a view forget this word."""
        return self.filter(clinic_id=actor.clinic_id)

    def of_patients(self, patient_ids: list[UUID]) -> ProgrammeQuerySet:
        return self.filter(patient_id__in=patient_ids)

    def active(self) -> ProgrammeQuerySet:
        return self.filter(status=Programme.Status.ACTIVE)

    def active_or_stopped(self) -> ProgrammeQuerySet:
        """Those that run, and those that would if the safety check had not paused them."""
        is_stopped = models.Q(status=Programme.Status.PAUSED, stopped_at__isnull=False)
        return self.filter(models.Q(status=Programme.Status.ACTIVE) | is_stopped)

    def newest_first(self) -> ProgrammeQuerySet:
        return self.order_by("-id")


class Programme(OfPatient):
    """
    What one patient does at home. Its steps stand in versions; the draft is the next version being written.
    """

    class Status(models.TextChoices):
        DRAFT = "draft"
        ACTIVE = "active"
        PAUSED = "paused"
        ENDED = "ended"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    status = models.TextField(choices=Status.choices, default=Status.DRAFT)
    draft = models.JSONField(null=True, help_text="title, note and steps being written; null when there is nothing new")
    baseline_pain = models.PositiveSmallIntegerField(null=True, help_text="worst pain when it began, 0 to 10")
    started_on = models.DateField(null=True)
    review_on = models.DateField(null=True)
    ends_on = models.DateField(null=True)
    resumed_at = models.DateTimeField(null=True, help_text="when it last went on after a pause")
    stopped_at = models.DateTimeField(null=True, help_text="since when the safety check has paused it")
    stopped_flags = ArrayField(
        models.TextField(), default=list, blank=True, help_text="the red flags that have paused it"
    )
    stopped_reasons = ArrayField(
        models.TextField(),
        default=list,
        blank=True,
        help_text="what else has paused it: alert_<code>, rule_<code of the safety list> or muscle_<key>",
    )
    safety_checked_at = models.DateTimeField(
        null=True, help_text="when what the patient has was last compared with what is known"
    )
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    revision = models.PositiveIntegerField(default=1)
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = ProgrammeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=["draft", "active", "paused", "ended"]), name="programme_status_known"
            ),
            models.CheckConstraint(condition=on_scale("baseline_pain"), name="programme_baseline_on_scale"),
            models.CheckConstraint(
                condition=models.Q(status="draft") | models.Q(started_on__isnull=False), name="programme_started"
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at=None, ended_by=None) | models.Q(ended_at__isnull=False),
                name="programme_ended_whole",
            ),
            models.CheckConstraint(
                condition=models.Q(stopped_at=None, stopped_flags=[], stopped_reasons=[])
                | models.Q(stopped_at__isnull=False, status__in=["paused", "ended"])
                & (models.Q(stopped_flags__len__gte=1) | models.Q(stopped_reasons__len__gte=1)),
                name="programme_stopped_is_paused",
            ),
            models.UniqueConstraint(
                fields=["clinic", "patient"],
                condition=models.Q(status__in=["active", "paused"]),
                name="programme_running_once",
            ),
        ]
        indexes = [models.Index(fields=["clinic", "status"], name="programme_by_status")]


class Version(OfPatient):
    """One version of a programme, as the patient got it. Final."""

    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="versions", db_constraint=False, db_index=False
    )
    number = models.PositiveIntegerField()
    title = models.TextField()
    note = models.TextField(blank=True, default="", help_text="to the patient")
    overrides = models.JSONField(
        default=list,
        blank=True,
        help_text="open red flags that stop it, and why it was given all the same: code, reason, seen_by, seen_at",
    )
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["programme", "number"], name="version_once")]


class Step(OfPatient):
    """
    One exercise with its dose; None is "not said". Final.

    :ivar lasting: the same in every version that keeps the step, so that adherence can be followed through them
    """

    version = models.ForeignKey(
        Version, on_delete=models.PROTECT, related_name="steps", db_constraint=False, db_index=False
    )
    lasting = models.UUIDField()
    position = models.PositiveSmallIntegerField()
    exercise = models.TextField(choices=[(code, e.name) for code, e in rules.EXERCISES.items()])
    trigger_point = models.ForeignKey(
        TriggerPoint, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    muscle = models.ForeignKey(Muscle, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    side = models.TextField(null=True)
    tool = models.TextField(blank=True, default="")
    cue = models.TextField(blank=True, default="", help_text="to the patient, in place of or beside our words")
    picture = models.ForeignKey(Picture, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    drawing = models.TextField(blank=True, default="")
    limit_reasons = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "position"], name="step_position_once"),
            models.CheckConstraint(condition=models.Q(exercise__in=list(rules.EXERCISES)), name="step_exercise_known"),
            models.CheckConstraint(
                condition=models.Q(muscle=None, side=None) | models.Q(muscle__isnull=False, side__in=rules.SIDES),
                name="step_muscle_has_side",
            ),
            models.CheckConstraint(
                condition=~models.Q(exercise="self_pressure")
                | (
                    models.Q(muscle__isnull=False)
                    & on_scale("hold_s", 1, 120)
                    & on_scale("intensity_from", 0, 7)
                    & on_scale("intensity_to", 0, 7)
                ),
                name="step_self_pressure_is_safe",
            ),
            models.CheckConstraint(
                condition=~models.Q(exercise="self_pressure", muscle__in=["scm_sternal", "scm_clavicular"])
                | models.Q(tool__in=["", rules.FINGERS]),
                name="step_front_of_neck_without_tool",
            ),
            *(
                models.CheckConstraint(condition=on_scale(name, *field.slip), name=f"step_{name}_no_slip")
                for name, field in rules.FIELDS.items()
            ),
        ]

    @property
    def dose(self) -> dict[str, int]:
        """The numbers that were given, in the exercise's order."""
        own = rules.EXERCISES[self.exercise].dose
        return {name: value for name in own if (value := getattr(self, name)) is not None}


for _name in rules.FIELDS:
    Step.add_to_class(_name, models.PositiveSmallIntegerField(null=True))


class ReminderPlan(OfPatient):
    """When and by which channel a programme reminds."""

    programme = models.OneToOneField(Programme, on_delete=models.PROTECT, related_name="reminders", db_constraint=False)
    channels = ArrayField(models.TextField(), default=list)
    times = ArrayField(models.TimeField(), default=list, help_text="wall clock, in the patient's zone")
    weekdays = ArrayField(models.PositiveSmallIntegerField(), default=list, help_text="0 is Monday")
    fade_after_weeks = models.PositiveSmallIntegerField(null=True)
    fade_to_days = models.PositiveSmallIntegerField(null=True)
    planned_on = models.DateField(null=True, help_text="the clinic's day on which it was last planned ahead")
    planned_zone = models.TextField(blank=True, default="", help_text="the zone and its edition of then")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(channels__contained_by=CHANNELS), name="reminders_channels_known"
            ),
            models.CheckConstraint(
                condition=models.Q(weekdays__contained_by=[0, 1, 2, 3, 4, 5, 6]), name="reminders_weekdays_known"
            ),
            models.CheckConstraint(
                condition=models.Q(fade_after_weeks=None, fade_to_days=None)
                | models.Q(fade_after_weeks__gte=1, fade_to_days__gte=1, fade_to_days__lte=7),
                name="reminders_fade_whole",
            ),
        ]

    def as_plan(self, programme: Programme) -> schedule.ReminderTimes:
        """As plain values; the programme has been started."""
        assert programme.started_on is not None
        return schedule.ReminderTimes(
            times=self.times,
            weekdays=self.weekdays,
            starts_on=programme.started_on,
            ends_on=programme.ends_on,
            fade_after_weeks=self.fade_after_weeks,
            fade_to_days=self.fade_to_days,
        )


class Occurrence(OfPatient):
    """
    One reminder that is to come, on one channel: made ahead, once. When it is due it becomes a message.
    """

    class Status(models.TextChoices):
        PLANNED = "planned"
        OWED = "owed"
        SKIPPED = "skipped"
        CANCELLED = "cancelled"

    patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    programme = models.ForeignKey(
        Programme, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    session = models.ForeignKey(
        Session, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    kind = models.TextField(help_text="as the message's: check_in, soreness, review_due, programme_ended")
    channel = models.TextField()
    local_date = models.DateField()
    local_time = models.TimeField()
    clock = models.TextField(default="plain", help_text="whether a change of the clock touched it")
    due_at = models.DateTimeField()
    status = models.TextField(choices=Status.choices, default=Status.PLANNED)
    message = models.ForeignKey(
        Message, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "programme", "session", "kind", "channel", "local_date", "local_time"],
                name="occurrence_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=models.Q(channel__in=CHANNELS), name="occurrence_channel_known"),
            models.CheckConstraint(
                condition=models.Q(programme__isnull=False) | models.Q(session__isnull=False),
                name="occurrence_is_about_something",
            ),
        ]
        indexes = [
            # All that a tick ever looks at.
            models.Index(fields=["clinic", "due_at"], condition=models.Q(status="planned"), name="occurrence_planned"),
            # One programme's; without it the planner may read all that the clinic has planned.
            models.Index(
                fields=["clinic", "programme"], condition=models.Q(status="planned"), name="occurrence_of_programme"
            ),
        ]


class CheckIn(OfPatient):
    """What a patient answered, for one day of a programme or so many hours after a session."""

    patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    programme = models.ForeignKey(
        Programme, null=True, on_delete=models.PROTECT, related_name="check_ins", db_constraint=False
    )
    version = models.ForeignKey(
        Version, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    session = models.ForeignKey(
        Session, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    after_h = models.PositiveSmallIntegerField(null=True, help_text="hours after needling: 24, 48 or 72")
    local_date = models.DateField()
    link = models.ForeignKey(Link, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    pain = models.PositiveSmallIntegerField(null=True, help_text="0 to 10")
    soreness = models.PositiveSmallIntegerField(null=True, help_text="0 to 10")
    wrong = ArrayField(models.TextField(), default=list)
    note = models.TextField(blank=True, default="")
    answered_at = models.DateTimeField()
    revision = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "local_date"], condition=models.Q(session=None), name="check_in_once_a_day"
            ),
            models.UniqueConstraint(
                fields=["session", "after_h"], condition=models.Q(session__isnull=False), name="check_in_once_after"
            ),
            models.CheckConstraint(condition=on_scale("pain"), name="check_in_pain_on_scale"),
            models.CheckConstraint(condition=on_scale("soreness"), name="check_in_soreness_on_scale"),
            models.CheckConstraint(
                condition=models.Q(session=None, after_h=None, programme__isnull=False)
                | models.Q(session__isnull=False, after_h__in=rules.SORENESS_AFTER_H, programme=None),
                name="check_in_is_about_one_thing",
            ),
        ]
        indexes = [models.Index(fields=["clinic", "patient", "-local_date"], name="check_in_of_patient")]


class StepAnswer(OfPatient):
    """Whether one step was done that day. A step that was not answered has no row."""

    check_in = models.ForeignKey(
        CheckIn, on_delete=models.PROTECT, related_name="answers", db_constraint=False, db_index=False
    )
    step = models.ForeignKey(Step, on_delete=models.PROTECT, related_name="answers", db_constraint=False)
    done = models.TextField()
    reason = models.TextField(blank=True, default="")
    discomfort = models.PositiveSmallIntegerField(null=True, help_text="0 to 10, while pressing")
    held_s = models.PositiveIntegerField(null=True, help_text="seconds on the page's timer")
    spots = models.JSONField(default=list, blank=True, help_text="tender spots found: zone, side, tenderness 0 to 10")
    checked = ArrayField(models.TextField(), default=list, blank=True, help_text="what was ticked of its list")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["check_in", "step"], name="step_answer_once"),
            models.CheckConstraint(condition=models.Q(done__in=rules.DONE), name="step_answer_known"),
            models.CheckConstraint(
                condition=models.Q(reason="") | models.Q(reason__in=rules.REASONS), name="step_answer_reason_known"
            ),
            models.CheckConstraint(condition=on_scale("discomfort"), name="step_answer_discomfort_on_scale"),
            models.CheckConstraint(
                condition=models.Q(checked__contained_by=list(rules.CHECKLIST)), name="step_answer_checked_known"
            ),
        ]


def facts_of(step: Step) -> dict[str, Any]:
    """A step as the rules take it."""
    return {
        "exercise": step.exercise,
        "muscle": step.muscle_id,
        "side": step.side,
        "tool": step.tool,
        "cue": step.cue,
        "dose": step.dose,
        "limit_reasons": step.limit_reasons,
    }
