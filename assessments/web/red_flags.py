"""What the screens say of red flags: the sheet of questions, and a patient's page of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from assessments.red_flag_table import BEFORE_REGION, GROUPS, LOWER_LIMB, PROPOSAL, RED_FLAGS, UPPER_LIMB, RedFlag
from assessments.red_flags import FlagState, OpenFlag
from patients import labels

__all__ = ["PROPOSAL"]


@dataclass(frozen=True)
class Question:
    """
    One red flag on the exam's sheet.

    :ivar regions: what a yes may name, code and word
    :ivar before: the regions before whose treatment it must be answered, in words
    """

    code: str
    flag: RedFlag
    open: OpenFlag | None
    regions: list[tuple[str, Any]]
    before: str

    @property
    def on_request(self) -> bool:
        return not self.flag.is_mandatory


@dataclass(frozen=True)
class Group:
    code: str
    title: str
    rows: list[Question]


def sheet_groups(state: FlagState) -> list[Group]:
    """Return the questions under their headings, with what is known of the patient."""
    open_flags = {flag.code: flag for flag in state.open}
    rows = [_question(code, flag, open_flags.get(code)) for code, flag in RED_FLAGS.items()]
    return [Group(code, title, [row for row in rows if row.flag.group == code]) for code, title in GROUPS.items()]


def _question(code: str, flag: RedFlag, open_flag: OpenFlag | None) -> Question:
    named = {"injury": list(labels.BODY_REGIONS), "limb": [*UPPER_LIMB, *LOWER_LIMB]}.get(flag.names, [])
    before = flag.before if BEFORE_REGION in flag.asked else ()
    return Question(
        code=code,
        flag=flag,
        open=open_flag,
        regions=[(region, labels.BODY_REGIONS[region]) for region in named],
        before=", ".join(str(labels.BODY_REGIONS[region]) for region in before),
    )
