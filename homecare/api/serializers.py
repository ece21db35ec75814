"""Shapes of home programmes on the wire. What the values may be together is in `homecare.rules`."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.fields import Choice, StrictInteger, StrictSerializer, Text, many
from assessments.red_flag_table import RED_FLAGS
from assessments.rules import SIDES
from homecare import rules
from messaging.rules import CHANNELS
from treatments.safety_entries import LEVELS

STATUSES = ["draft", "active", "paused", "ended"]


class StepDose(StrictSerializer):
    """Only numbers of the exercise itself; see /exercises/ for which, and their limits."""

    def get_fields(self) -> dict[str, Any]:
        return {
            name: StrictInteger(
                min_value=field.slip[0],
                max_value=field.slip[1],
                required=False,
                allow_null=True,
                help_text=f"{field.label}{f' ({field.unit})' if field.unit else ''}",
            )
            for name, field in rules.FIELDS.items()
        }


class StepInput(StrictSerializer):
    lasting = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="the same step of an earlier version, to follow it"
    )
    exercise = Choice(list(rules.EXERCISES))
    trigger_point = serializers.UUIDField(required=False, allow_null=True, default=None)
    muscle = Text(required=False, allow_null=True, default=None, max_length=100, help_text="see /muscles/")
    side = Choice(SIDES, required=False, allow_null=True, default=None)
    tool = Text(required=False, allow_blank=True, default="", max_length=50)
    cue = Text(required=False, allow_blank=True, default="", max_length=1000)
    drawing = Text(required=False, allow_blank=True, default="", max_length=50)
    picture = serializers.UUIDField(required=False, allow_null=True, default=None)
    dose = StepDose(required=False, default=dict)
    limit_reasons = serializers.DictField(
        child=Text(max_length=1000),
        required=False,
        default=dict,
        help_text="by the number's name; pressure_a_day for the total, alert_<code> for an alert, rule_<code> for "
        "another entry of the safety list",
    )


class ProgrammeInput(StrictSerializer):
    title = Text(max_length=200)
    note = Text(required=False, allow_blank=True, default="", max_length=2000, help_text="to the patient")
    steps = many(StepInput, at_most=rules.MOST_STEPS)


class ProgrammeOverrideInput(StrictSerializer):
    """Why a programme is right although an open red flag stops it, or asks for a reason."""

    code = Choice(list(RED_FLAGS))
    reason = Text(max_length=2000, help_text="10 characters or more; kept with the version, under the author's name")
    seen_by = Text(
        required=False, allow_blank=True, default="", max_length=200, help_text="who saw the patient; for an emergency"
    )
    seen_at = serializers.DateTimeField(required=False, allow_null=True, default=None, help_text="for an emergency")


class PublishInput(StrictSerializer):
    """What is left out stays as the last version had it; overrides never do."""

    baseline_pain = StrictInteger(min_value=0, max_value=10, required=False, allow_null=True)
    review_on = serializers.DateField(required=False, allow_null=True, help_text="null: in four weeks")
    ends_on = serializers.DateField(required=False, allow_null=True, help_text="null: until it is ended")
    overrides = many(ProgrammeOverrideInput, at_most=len(RED_FLAGS))


class RemindersInput(StrictSerializer):
    channels = serializers.ListField(child=Choice(CHANNELS), max_length=2)
    times = serializers.ListField(
        child=serializers.TimeField(), max_length=20, help_text="wall clock, in the patient's zone"
    )
    weekdays = serializers.ListField(
        child=StrictInteger(min_value=0, max_value=6), max_length=7, help_text="0 is Monday"
    )
    fade_after_weeks = StrictInteger(min_value=1, max_value=52, required=False, allow_null=True, default=None)
    fade_to_days = StrictInteger(min_value=1, max_value=7, required=False, allow_null=True, default=None)


class StepOutput(serializers.Serializer[Any]):
    lasting = serializers.UUIDField(allow_null=True)
    exercise = Choice(list(rules.EXERCISES))
    trigger_point = serializers.UUIDField(allow_null=True)
    muscle = serializers.CharField(allow_null=True)
    side = serializers.CharField(allow_null=True)
    tool = serializers.CharField(allow_blank=True)
    cue = serializers.CharField(allow_blank=True)
    drawing = serializers.CharField(allow_blank=True)
    picture = serializers.UUIDField(allow_null=True)
    dose = serializers.DictField(child=serializers.IntegerField())
    limit_reasons = serializers.DictField(child=serializers.CharField())


class ContentOutput(serializers.Serializer[Any]):
    title = serializers.CharField(allow_blank=True)
    note = serializers.CharField(allow_blank=True)
    steps = StepOutput(many=True)


class ProgrammeOverrideOutput(serializers.Serializer[Any]):
    code = Choice(list(RED_FLAGS))
    reason = serializers.CharField()
    seen_by = serializers.CharField(allow_blank=True)
    seen_at = serializers.DateTimeField(allow_null=True)


class ProgrammeOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    patient_id = serializers.UUIDField()
    status = Choice(STATUSES)
    version = serializers.IntegerField(allow_null=True, help_text="null: nothing has been given to the patient yet")
    content = ContentOutput(allow_null=True, help_text="what the patient has")
    draft = ContentOutput(allow_null=True, help_text="what is being written")
    baseline_pain = serializers.IntegerField(allow_null=True)
    started_on = serializers.DateField(allow_null=True)
    review_on = serializers.DateField(allow_null=True)
    ends_on = serializers.DateField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    stopped_at = serializers.DateTimeField(allow_null=True, help_text="since when the safety check has paused it")
    stopped_flags = serializers.ListField(child=Choice(list(RED_FLAGS)))
    stopped_reasons = serializers.ListField(
        child=serializers.CharField(),
        help_text="what else has paused it: alert_<code>, rule_<code of the safety list> or muscle_<key>",
    )
    overrides = ProgrammeOverrideOutput(many=True, help_text="of what the patient has")


class StepFindingOutput(serializers.Serializer[Any]):
    """What an entry of the safety list says about one step."""

    pointer = serializers.CharField(help_text="the step")
    level = Choice(LEVELS)
    code = serializers.CharField(help_text="of the entry")
    label = serializers.CharField()  # type: ignore[assignment] # DRF has an attribute of that name
    reason = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment] # DRF has an attribute of that name
    name = serializers.CharField(help_text="under which the step's limit_reasons explain it")
    takes_reason = serializers.BooleanField(help_text="false: a caution, or a stop that no reason passes")
    is_explained = serializers.BooleanField()


class StepFlagOutput(serializers.Serializer[Any]):
    code = Choice(list(RED_FLAGS))
    level = Choice(LEVELS)
    answered_at = serializers.DateTimeField()
    steps = serializers.ListField(child=serializers.IntegerField(), help_text="numbers of the steps, from 0")


class ProgrammeSafetyOutput(serializers.Serializer[Any]):
    list_version = serializers.CharField()
    reviewed = serializers.BooleanField(help_text="whether a clinician has reviewed the list")
    is_draft = serializers.BooleanField(help_text="whether what is being written was checked")
    findings = StepFindingOutput(many=True)
    red_flags = StepFlagOutput(many=True)


class ProgrammePage(serializers.Serializer[Any]):
    results = ProgrammeOutput(many=True)
    next = serializers.CharField(allow_null=True)


class RemindersOutput(serializers.Serializer[Any]):
    channels = serializers.ListField(child=serializers.CharField())
    times = serializers.ListField(child=serializers.TimeField())
    weekdays = serializers.ListField(child=serializers.IntegerField())
    fade_after_weeks = serializers.IntegerField(allow_null=True)
    fade_to_days = serializers.IntegerField(allow_null=True)
    time_zone = serializers.CharField()


class SpotOutput(serializers.Serializer[Any]):
    zone = serializers.CharField(help_text="a body zone")
    side = serializers.CharField(help_text="left, right or midline")
    tenderness = serializers.IntegerField(allow_null=True, help_text="0 to 10")


class AnswerOutput(serializers.Serializer[Any]):
    lasting = serializers.UUIDField(help_text="the step")
    done = Choice(rules.DONE)
    reason = serializers.CharField(allow_blank=True)
    discomfort = serializers.IntegerField(allow_null=True)
    held_s = serializers.IntegerField(allow_null=True)
    spots = SpotOutput(many=True, help_text="tender spots that a scan found")
    checked = serializers.ListField(child=Choice(list(rules.CHECKLIST)))


class CheckInOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    local_date = serializers.DateField()
    answered_at = serializers.DateTimeField()
    programme_id = serializers.UUIDField(allow_null=True)
    session_id = serializers.UUIDField(allow_null=True, help_text="the needling that was asked about")
    after_h = serializers.IntegerField(allow_null=True, help_text="hours after needling: 24, 48 or 72")
    pain = serializers.IntegerField(allow_null=True)
    soreness = serializers.IntegerField(allow_null=True)
    wrong = serializers.ListField(child=serializers.CharField())
    note = serializers.CharField(allow_blank=True)
    answers = AnswerOutput(many=True)


class CheckInPage(serializers.Serializer[Any]):
    results = CheckInOutput(many=True)
    next = serializers.CharField(allow_null=True)


class TemplateInput(StrictSerializer):
    name = Text(max_length=200)
    content = ProgrammeInput()


class TemplateOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField(allow_null=True, help_text="null: the starter programme, which every clinic has")
    name = serializers.CharField()
    content = serializers.DictField()


class TemplatePage(serializers.Serializer[Any]):
    results = TemplateOutput(many=True)
    next = serializers.CharField(allow_null=True)


class WeekOutput(serializers.Serializer[Any]):
    starts_on = serializers.DateField()
    prescribed = serializers.IntegerField()
    done = serializers.IntegerField()
    partly = serializers.IntegerField()
    not_done = serializers.IntegerField()
    unknown = serializers.IntegerField(help_text="days without an answer; unknown is not no")


class StepWeeksOutput(serializers.Serializer[Any]):
    lasting = serializers.UUIDField()
    exercise = serializers.CharField()
    weeks = WeekOutput(many=True)


class AdherenceOutput(serializers.Serializer[Any]):
    steps = StepWeeksOutput(many=True)
    days = serializers.IntegerField(help_text="since the start")
    days_answered = serializers.IntegerField()
    may_progress = serializers.BooleanField(help_text="a suggestion; nothing changes by itself")
    regress = serializers.ListField(child=serializers.CharField(), help_text="reasons to ask less")


class ExerciseDoseOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment] # DRF has an attribute of that name
    unit = serializers.CharField(allow_blank=True)
    block = serializers.ListField(child=serializers.IntegerField())
    soft = serializers.ListField(child=serializers.IntegerField(), allow_null=True)
    suggested = serializers.ListField(child=serializers.IntegerField(), allow_null=True)
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment] # DRF has an attribute of that name


class ExerciseOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    presses = serializers.BooleanField()
    tools = serializers.ListField(child=serializers.CharField())
    drawings = serializers.ListField(child=serializers.CharField())
    dose = ExerciseDoseOutput(many=True)


class ExercisePage(serializers.Serializer[Any]):
    results = ExerciseOutput(many=True)
    next = serializers.CharField(allow_null=True)
