"""
What became of a trigger point over time, judged by one rule set throughout. Plain Python.

Each exam's class is worked out again from the signs as they were recorded; what was said at the time stands beside it.
So a change of the clinic's rule set never looks like a change of the patient. Source: safety facts, part 9.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from assessments import rules

# A point is resolved when it was not met at two exams at least so far apart. Source: safety facts, part 9.
RESOLVED_AFTER = timedelta(days=7)
ACTIVE, LATENT, UNDETERMINED, RESOLVED, RECURRED = "active", "latent", "undetermined", "resolved", "recurred"
STATES = [ACTIVE, LATENT, UNDETERMINED, RESOLVED, RECURRED]
MET = ("active", "latent", "activity_undetermined")
NOT_MET = "no_trigger_point"


@dataclass(frozen=True)
class RecordedSighting:
    """A finding as it was recorded, with what was said of it then."""

    assessment_id: UUID
    at: datetime
    is_draft: bool
    signs: Mapping[str, str]
    recognised: str
    current_symptom: str
    class_then: str
    rule_set_then: str
    rule_set_version_then: int


@dataclass(frozen=True)
class JudgedSighting:
    """
    A sighting with its class by the course's rule set.

    :ivar class_now: by the rule set of the whole course
    :ivar rule_set_changed: the rule set that judged it then is another than at the sighting before
    """

    sighting: RecordedSighting
    class_now: str
    rule_set_changed: bool


@dataclass(frozen=True)
class PointCourse:
    """
    A point over time.

    :ivar state: one of STATES; `recurred` as long as it is met again after it was resolved
    :ivar class_now: the class of the newest sighting, by the course's rule set
    """

    state: str
    class_now: str
    rule_set: str
    rule_set_version: int
    series: tuple[JudgedSighting, ...]

    @property
    def is_active(self) -> bool:
        """Whether it reproduces the patient's pain now, for the first time or again."""
        return self.state in (ACTIVE, RECURRED) and self.class_now == "active"


def judge_course(sightings: Iterable[RecordedSighting], *, rule_set: str) -> PointCourse:
    """Judge all sightings of a point, at least one, by one rule set; they may come in any order."""
    in_time = sorted(sightings, key=lambda sighting: (sighting.at, str(sighting.assessment_id)))
    series: list[JudgedSighting] = []
    for sighting in in_time:
        classification = rules.classify(
            sighting.signs,
            recognised=sighting.recognised,
            current_symptom=sighting.current_symptom,
            rule_set=rule_set,
        )
        before = series[-1].sighting if series else sighting
        changed = (sighting.rule_set_then, sighting.rule_set_version_then) != (
            before.rule_set_then,
            before.rule_set_version_then,
        )
        series.append(JudgedSighting(sighting, classification.class_, changed))
    return PointCourse(
        state=work_out_state([(judged.sighting.at, judged.class_now) for judged in series]),
        class_now=series[-1].class_now,
        rule_set=rule_set,
        rule_set_version=rules.RULE_SETS[rule_set].version,
        series=tuple(series),
    )


def work_out_state(classes: Sequence[tuple[datetime, str]]) -> str:
    """
    Return the state after these exams, each with its moment and class, oldest first.

    One exam that does not find it leaves it undetermined; an undecided one neither resolves it nor brings it back.
    """
    state = UNDETERMINED
    not_met_since: datetime | None = None
    was_resolved = False
    for at, class_code in classes:
        if class_code == NOT_MET:
            not_met_since = not_met_since or at
            is_resolved = at - not_met_since >= RESOLVED_AFTER
            was_resolved = was_resolved or is_resolved
            state = RESOLVED if is_resolved else UNDETERMINED
        elif class_code in MET:
            not_met_since = None
            if was_resolved:
                state = RECURRED
            else:
                state = class_code if class_code in (ACTIVE, LATENT) else UNDETERMINED
        elif state != RESOLVED:
            state = UNDETERMINED
    return state
