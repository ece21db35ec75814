"""What became of each patient of an import."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from patients.labels import remark_text
from patients.reading.incoming import Remark

OUTCOMES = ["created", "completed", "unchanged", "refused", "review"]


@dataclass(slots=True)
class Line:
    """
    What became of one patient (or one unreadable place) of a file.

    :ivar outcome: one of OUTCOMES
    :ivar others: ids of the people whom it may be, or contradicts
    :ivar possible_duplicates: other patients who look alike, as `duplicates.Duplicate.as_json` has them
    """

    place: str
    outcome: str
    position: int = 0
    patient_id: str | None = None
    taken: list[Remark] = field(default_factory=list)
    left_out: list[Remark] = field(default_factory=list)
    why: list[Remark] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    possible_duplicates: list[dict[str, Any]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """With texts in the active language."""
        return {
            "place": self.place,
            "outcome": self.outcome,
            "patient_id": self.patient_id,
            "taken": [remark_text(remark) for remark in self.taken],
            "left_out": [remark_text(remark) for remark in self.left_out],
            "why": "; ".join(remark_text(remark) for remark in self.why),
            "other_patient_ids": self.others,
            "possible_duplicates": self.possible_duplicates,
        }


@dataclass
class Report:
    """What an import did, or would do. It holds no names: ids and places in the file say which patient is meant."""

    dry_run: bool
    lines: list[Line] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    run_id: str | None = None

    def add(self, line: Line) -> None:
        self.lines.append(line)
        self.counts[line.outcome] += 1

    def count(self, outcome: str) -> int:
        return self.counts[outcome]

    def in_file_order(self) -> Iterable[Line]:
        return sorted(self.lines, key=lambda line: line.position)

    def as_dict(self) -> dict[str, Any]:
        counts = {name: self.count(name) for name in OUTCOMES}
        lines = [line.as_dict() for line in self.in_file_order()]
        return {"dry_run": self.dry_run, "run_id": self.run_id, **counts, "lines": lines}
