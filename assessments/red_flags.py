"""
The red flags of a patient: which are open, which must still be asked, and what an open one stops where. Pure.

A flag belongs to the patient, not to the last exam. It is open from a "yes" on, in any exam that still stands, until a
signed "no" or a clearance by name; an exam that did not ask, or a draft, lowers nothing. Source: domain facts, section
5; the table and its proposals are in `assessments.red_flag_table`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from assessments.red_flag_table import (
    ACTIONS,
    ALWAYS,
    BEFORE_REGION,
    EVERY_28_DAYS,
    EVERYWHERE,
    FIRST_VISIT,
    INJURY,
    LEG,
    LEVELS,
    LIMB_AND_SPINE,
    LOWER_LIMB,
    NECK_MOVEMENT,
    RED_FLAGS,
    REGIONS_OF_PLACE,
    SHOW,
    TREATING,
    UPPER_LIMB,
    UPPER_NECK,
    UPPER_NECK_MUSCLES,
)

MAX_AGE_DAYS = 28  # domain facts 5: ask again at every visit or every 28 days
TO_ASK = "to_ask"  # no answer: something else asks for one
TRAUMA = "trauma_recent"
CLEARANCE_KINDS = ["examined", "imaging", "physician", "emergency_department"]
# Where a flag can be raised outside an exam; what is answered there is not confirmed, and lowers nothing.
HOME_CHECK_IN = "home_check_in"
INTAKE_FORM = "intake_form"
RAISED_FLAG_SOURCES = [HOME_CHECK_IN, INTAKE_FORM]
MIN_REASON_CHARACTERS = 10  # shorter ones explain nothing
# Where the side that an answer names counts.
SIDED_PLACES = frozenset({INJURY, LIMB_AND_SPINE, LEG})
# Regions of which a body has a left and a right one; an injury of the neck is never of one side only.
SIDED_REGIONS = frozenset({*UPPER_LIMB, *LOWER_LIMB})
# The part of the spine that belongs to what an answer names.
SPINE_OF = {
    **dict.fromkeys(UPPER_LIMB, (*UPPER_LIMB, "neck")),
    **dict.fromkeys(LOWER_LIMB, (*LOWER_LIMB, "back", "pelvis")),
    "head": ("head", "neck"),
    "neck": ("head", "neck"),
    "chest": ("chest", "back"),
    "abdomen": ("abdomen", "back"),
    "back": ("back",),
    "pelvis": ("pelvis", "back"),
}


# --- What is known --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """
    What one exam says about one flag; the exam stands (it is neither superseded nor entered in error).

    :ivar answered_at: when the exam was performed
    :ivar subject_id: the exam, the same for all its versions
    :ivar regions: of BODY_REGIONS, which the answer names; () = not named
    :ivar side: of ANSWER_SIDES; None = not named
    :ivar is_from_home: the patient answered at home, in no exam; like a draft it may raise a flag, never lower it
    """

    code: str
    answer: str
    answered_at: datetime
    assessment_id: UUID | None = None
    is_draft: bool = False
    has_note: bool = False
    regions: tuple[str, ...] = ()
    side: str | None = None
    subject_id: UUID | None = None
    is_from_home: bool = False


@dataclass(frozen=True)
class KnownClearance:
    """
    That an open flag was cleared, by whom and how.

    :ivar subject_ids: the exams whose "yes" it clears, in any version; one that comes to light later is not among them
    """

    code: str
    kind: str
    at: datetime
    reason: str
    seen_by: str = ""
    seen_at: datetime | None = None
    cleared_by: str = ""
    subject_ids: frozenset[UUID | None] = frozenset()


@dataclass(frozen=True)
class OpenFlag:
    """
    A flag whose newest explicit answer that stands is "yes", and that nobody has cleared.

    :ivar answered_at, assessment_id: of the newest such answer
    :ivar regions: all that are named since the last "no"; () = at least one answer names none, which counts as the
        whole body
    :ivar side: None = both, or not named
    :ivar in_draft: only a draft, or the patient at home, says so yet
    :ivar is_from_home: the newest such answer came from the patient at home; `assessment_id` is None then
    """

    code: str
    answered_at: datetime
    assessment_id: UUID | None = None
    regions: tuple[str, ...] = ()
    side: str | None = None
    in_draft: bool = False
    is_from_home: bool = False


@dataclass(frozen=True)
class FlagState:
    """
    The red flags of a patient at one time.

    :ivar unanswered: mandatory flags without an answer that counts, for the regions that were asked about
    :ivar screened_at: when the newest signed exam asked any of them
    :ivar cleared: the clearances that keep a flag closed
    """

    open: tuple[OpenFlag, ...] = ()
    unanswered: tuple[str, ...] = ()
    screened_at: datetime | None = None
    cleared: tuple[KnownClearance, ...] = ()

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(flag.code for flag in self.open)


# --- State ----------------------------------------------------------------------------------------------------


def work_out_state(
    answers: Iterable[Answer],
    clearances: Iterable[KnownClearance],
    *,
    at: datetime,
    regions: Iterable[str] = (),
    first_visit: bool = False,
    new_trauma_at: datetime | None = None,
) -> FlagState:
    """
    Return the red flags of a patient as of a time.

    :param answers: of the exams that stand, in any order
    :param at: what was answered or cleared later does not count
    :param regions: BODY_REGIONS about to be treated
    :param first_visit: no session of the patient was signed before
    :param new_trauma_at: an injury that is known from elsewhere (a check-in at home): the screen before it is stale
    """
    by_code: dict[str, list[Answer]] = {code: [] for code in RED_FLAGS}
    to_ask: dict[str, datetime] = {}
    for answer in answers:
        if answer.answered_at > at:
            continue
        if answer.answer == TO_ASK:
            to_ask[answer.code] = max(answer.answered_at, to_ask.get(answer.code, answer.answered_at))
        elif answer.answer != "not_asked":
            by_code[answer.code].append(answer)
    cleared_by_code: dict[str, list[KnownClearance]] = {}
    for clearance in clearances:
        if clearance.at <= at:
            cleared_by_code.setdefault(clearance.code, []).append(clearance)
    open_flags: list[OpenFlag] = []
    cleared: list[KnownClearance] = []
    for code, of_flag in by_code.items():
        standing = find_standing(of_flag, cleared_by_code.get(code, ()))
        if standing:
            open_flags.append(_open_flag(code, standing))
        elif _yes_since_last_no(of_flag):
            cleared.append(max(cleared_by_code[code], key=lambda clearance: clearance.at))
    signed = [answer for of_flag in by_code.values() for answer in of_flag if not answer.is_draft]
    return FlagState(
        open=tuple(open_flags),
        unanswered=_find_open_questions(
            by_code,
            to_ask,
            at=at,
            regions=frozenset(regions),
            first_visit=first_visit,
            new_trauma_at=new_trauma_at,
        ),
        screened_at=max((answer.answered_at for answer in signed), default=None),
        cleared=tuple(cleared),
    )


def _yes_since_last_no(answers: Sequence[Answer]) -> list[Answer]:
    """
    Return each "yes" of a flag that no later signed "no" has closed.

    A draft's "yes" counts, its "no" does not. Of a "yes" and a "no" of the same time the "yes" counts.
    """
    last_no = max((a.answered_at for a in answers if a.answer == "no" and not a.is_draft), default=None)
    return [a for a in answers if a.answer == "yes" and (last_no is None or a.answered_at >= last_no)]


def find_standing(answers: Sequence[Answer], clearances: Sequence[KnownClearance]) -> list[Answer]:
    """Return each "yes" that neither a "no" nor a clearance has closed."""
    return [a for a in _yes_since_last_no(answers) if not any(_covers(clearance, a) for clearance in clearances)]


def _covers(clearance: KnownClearance, answer: Answer) -> bool:
    """Whether the answer was there when the flag was cleared; an exam whose date was changed since is not covered."""
    return answer.subject_id in clearance.subject_ids and answer.answered_at <= clearance.at


def _open_flag(code: str, standing: Sequence[Answer]) -> OpenFlag:
    """Bring together every "yes" that is open: a second injury does not undo the first."""
    newest = max(standing, key=lambda answer: (answer.answered_at, not answer.is_draft))
    is_placed = all(answer.regions for answer in standing)
    sides = {answer.side for answer in standing}
    return OpenFlag(
        code=code,
        answered_at=newest.answered_at,
        assessment_id=newest.assessment_id,
        regions=tuple(sorted({region for a in standing for region in a.regions})) if is_placed else (),
        side=sides.pop() if len(sides) == 1 else None,
        in_draft=all(answer.is_draft for answer in standing),
        is_from_home=newest.is_from_home,
    )


# --- What must still be asked ---------------------------------------------------------------------------------


def _find_open_questions(
    by_code: Mapping[str, Sequence[Answer]],
    to_ask: Mapping[str, datetime],
    *,
    at: datetime,
    regions: frozenset[str],
    first_visit: bool,
    new_trauma_at: datetime | None,
) -> tuple[str, ...]:
    injuries = [a.answered_at for a in by_code[TRAUMA] if a.answer == "yes"]
    if new_trauma_at is not None and new_trauma_at <= at:
        injuries.append(new_trauma_at)
    last_injury = max(injuries, default=None)
    missing = []
    for code, flag in RED_FLAGS.items():
        newest = max((a.answered_at for a in by_code[code] if _counts_as_answer(a)), default=None)
        # The answer of the same day counts: the exam may have begun before the questionnaire was typed in.
        if code in to_ask and (newest is None or newest.date() < to_ask[code].date()):
            missing.append(code)
            continue
        if not must_be_answered(code, regions):
            continue
        keeps = FIRST_VISIT in flag.asked and EVERY_28_DAYS not in flag.asked and not first_visit
        is_stale = newest is not None and not keeps and (at - newest).days > MAX_AGE_DAYS
        before_injury = newest is not None and last_injury is not None and newest < last_injury
        if newest is None or is_stale or before_injury:
            missing.append(code)
    return tuple(missing)


def must_be_answered(code: str, regions: Iterable[str]) -> bool:
    """Whether treatment of these regions needs an answer to this flag, now or at an earlier visit."""
    flag = RED_FLAGS[code]
    if flag.asked & {ALWAYS, FIRST_VISIT, EVERY_28_DAYS}:
        return True
    return BEFORE_REGION in flag.asked and bool(frozenset(regions) & frozenset(flag.before))


def _counts_as_answer(answer: Answer) -> bool:
    """A draft answers nothing; a patient may decline if somebody wrote down why."""
    return not answer.is_draft and (answer.answer in ("yes", "no") or (answer.answer == "declined" and answer.has_note))


# --- What an open flag does -----------------------------------------------------------------------------------


def stops(
    flag: OpenFlag, technique_class: str, region: str | None, side: str | None = None, *, muscle: str | None = None
) -> str:
    """
    Return how strictly an open flag stands in the way: "show", "caution", "acknowledge" or "stop".

    :param region: of BODY_REGIONS; None: not known, which counts as the strictest of all
    :param side: "left", "right", "both"; None: not known, which counts as both
    :param muscle: tells the upper neck from the rest of it; None: not known, which counts as the upper neck
    """
    if technique_class not in TREATING:
        return SHOW
    levels = [
        effect.level
        for effect in RED_FLAGS[flag.code].effects
        if technique_class in effect.classes
        and _reaches(effect.place, flag, region, side, muscle, moves_neck=technique_class == NECK_MOVEMENT)
    ]
    return max(levels, key=LEVELS.index, default=SHOW)


def strictest(levels: Iterable[str]) -> str:
    """Return the strictest of some levels; "show" of none."""
    return max(levels, key=LEVELS.index, default=SHOW)


def _reaches(
    place: str, flag: OpenFlag, region: str | None, side: str | None, muscle: str | None, *, moves_neck: bool
) -> bool:
    """Whether what is treated lies in the place of an effect."""
    if place == EVERYWHERE or region is None:
        return True
    # An exercise that moves the neck does so whatever muscle it is listed under.
    treated = {region, "neck"} if moves_neck else {region}
    if place == UPPER_NECK and muscle is not None and muscle not in UPPER_NECK_MUSCLES and not moves_neck:
        return False
    stopped = regions_of(place, flag)
    return any(
        region_row in stopped and (place not in SIDED_PLACES or _same_side(region_row, flag, side))
        for region_row in treated
    )


def regions_of(place: str, flag: OpenFlag) -> frozenset[str]:
    """Return the body regions of an effect's place, for this answer."""
    if place == INJURY:
        return frozenset(flag.regions or REGIONS_OF_PLACE[EVERYWHERE])
    if place == LIMB_AND_SPINE:
        named = [region for name in flag.regions for region in SPINE_OF[name]]
        return frozenset(named or REGIONS_OF_PLACE[EVERYWHERE])
    return frozenset(REGIONS_OF_PLACE[place])


def _same_side(region: str, flag: OpenFlag, side: str | None) -> bool:
    return region not in SIDED_REGIONS or flag.side in (None, "both") or side in (None, "both") or side == flag.side


# --- The gate of one exam -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Gate:
    """
    What the red flag answers of one exam ask for.

    :ivar action: the highest over all positives, one of ACTIONS
    :ivar blocking: codes of the positives that stop some treatment
    """

    action: str
    blocking: tuple[str, ...]


def red_flag_gate(answers: Mapping[str, str]) -> Gate:
    """
    :param answers: red flag code to one of RED_FLAG_ANSWERS
    :raises KeyError: the red flag does not exist
    """
    positive = [code for code, answer in answers.items() if answer == "yes"]
    actions = [RED_FLAGS[code].action for code in positive]
    return Gate(
        action=max(actions, key=ACTIONS.index, default="none"),
        blocking=tuple(sorted(code for code in positive if RED_FLAGS[code].blocks)),
    )
