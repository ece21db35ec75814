"""
Adverse events: their codes, how bad they are, and when one is described completely.

Source: domain facts, section 6.5 (codes, severity after White, causality, outcome). The map to CTCAE grades follows the
general definitions of NCI CTCAE v5 and is a product proposal: it has not been reviewed by a clinician.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from errors.exceptions import Problems

CODE_LIST_VERSION = "2026-11"
CODES = [
    "pain_during", "post_needling_soreness", "bruise", "bleed_minor", "haematoma", "symptom_aggravation", "drowsiness",
    "fatigue", "dizziness", "faint_vasovagal", "nausea", "sweating", "headache", "emotional", "shaking", "itch",
    "numbness", "nerve_injury", "infection", "stuck_needle", "bent_needle", "broken_needle", "forgotten_needle",
    "needlestick_staff", "pneumothorax", "organ_puncture", "cord_or_arterial_injury", "allergic", "anaphylaxis",
    "steroid_effect", "local_anaesthetic_toxicity", "skin_lesion", "other",
]  # fmt: skip
# What happens to the staff is recorded here too, and is no harm of the patient: rates leave it out.
OF_STAFF = frozenset({"needlestick_staff"})

MILD, SIGNIFICANT, SERIOUS = "mild", "significant", "serious"
SEVERITIES = [MILD, SIGNIFICANT, SERIOUS]
CAUSALITIES = ["unrelated", "possible", "probable", "definite"]
FATAL = "fatal"
OUTCOMES = ["resolving", "resolved", "sequelae", "ongoing", FATAL]
TOLD = ["patient", "guardian", "physician", "emergency_services", "regulator", "insurer", "manufacturer"]

UNCONFIRMED, CONFIRMED, DISMISSED = "unconfirmed", "confirmed", "dismissed"
STATUSES = [UNCONFIRMED, CONFIRMED, DISMISSED]
FROM_CLINIC, FROM_CHECK_IN = "clinic", "check_in"
SOURCES = [FROM_CLINIC, FROM_CHECK_IN]

# What a patient says when asked about the last treatment. Not asked is no answer: there is no row.
NONE, PROBLEMS = "none", "problems"
ANSWERS = [NONE, PROBLEMS]

REASON_LEAST = 10
DURATION_MOST_MIN = 366 * 24 * 60  # technical: a longer one is ongoing
EARLIEST_YEAR = 2000
# Technical: an answer at home that names no treatment is put beside the newest one, if it is no older than this.
ANSWER_BELONGS_WITHIN = timedelta(days=14)


@dataclass(frozen=True)
class EventFacts:
    """
    What is known of an adverse event.

    :ivar severity: after White: mild (short, no inconvenience), significant (needs medical attention or interferes with
        activities), serious (admission, lasting disability, death)
    :ivar duration_min: None: not known, or it has not ended
    """

    codes: Sequence[str]
    severity: str | None = None
    is_life_threatening: bool = False
    onset_at: datetime | None = None
    duration_min: int | None = None
    causality: str | None = None
    outcome: str | None = None
    action: str = ""
    told: Sequence[str] = field(default_factory=tuple)
    note: str = ""


def ctcae_grade(severity: str | None, *, is_life_threatening: bool = False, outcome: str | None = None) -> int | None:
    """
    Return the CTCAE grade from 1 to 5 that a severity comes to; None if the severity is not known.

    1 mild, 2 moderate, 3 severe (admission, disability), 4 life-threatening, 5 death (NCI CTCAE v5, general knowledge).
    """
    if outcome == FATAL:
        return 5
    if is_life_threatening:
        return 4
    return {MILD: 1, SIGNIFICANT: 2, SERIOUS: 3}[severity] if severity is not None else None


def event_problems(facts: EventFacts, *, treated_at: datetime, at: datetime) -> Problems:
    """
    Return what is missing or cannot be in an event that is to count.

    :param treated_at: when the treatment that it is about took place
    """
    problems = Problems()
    if not facts.codes:
        problems.add("/codes", "required.event_codes")
    if len(set(facts.codes)) != len(facts.codes):
        problems.add("/codes", "duplicate.event_codes")
    if facts.severity is None:
        problems.add("/severity", "required.severity")
    if facts.causality is None:
        problems.add("/causality", "required.causality")
    if facts.outcome is None:
        problems.add("/outcome", "required.outcome")
    if facts.severity not in (None, SERIOUS) and (facts.is_life_threatening or facts.outcome == FATAL):
        problems.add("/severity", "must_be_serious")
    _check_times(facts, problems, treated_at=treated_at, at=at)
    if "other" in facts.codes and not facts.note.strip():
        problems.add("/note", "required.event_note")
    return problems


def _check_times(facts: EventFacts, problems: Problems, *, treated_at: datetime, at: datetime) -> None:
    if facts.onset_at is None:
        problems.add("/onset_at", "required.onset_at")
    elif facts.onset_at > at:
        problems.add("/onset_at", "in_future.onset_at")
    elif facts.onset_at.year < EARLIEST_YEAR:
        problems.add("/onset_at", "too_early", year=EARLIEST_YEAR)
    elif facts.onset_at.date() < treated_at.date():
        problems.add("/onset_at", "before_treatment.onset_at")
    if facts.duration_min is not None and not 0 <= facts.duration_min <= DURATION_MOST_MIN:
        problems.add("/duration_min", "out_of_range.duration", days=DURATION_MOST_MIN // (24 * 60))
    if facts.duration_min is not None and facts.outcome == "ongoing":
        problems.add("/duration_min", "not_while_ongoing.duration")


@dataclass(frozen=True)
class EarlierTreatment:
    """A treatment that a patient is asked about: the session, when it took place, and its techniques."""

    session_id: UUID
    performed_at: datetime
    techniques: tuple[str, ...]
