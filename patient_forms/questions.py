"""
What a patient's page asks, as a list: the page draws each question with the template of its kind, and reads each answer
with the reader of its kind. A pain drawing or a questionnaire is one more kind; an app above adds it with `add_kind`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from errors.exceptions import Problems
from patient_forms import rules


@dataclass(frozen=True)
class Question:
    """
    :ivar kind: names the template `<folder>/ask/<kind>.html` and the reader
    :ivar name: under which its answer is kept
    :ivar about: what the kind needs: its choices, steps or the like
    :ivar given: what was answered before
    """

    kind: str
    name: str
    label: Any = ""
    about: Any = None
    given: Any = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def template(self) -> str:
        return f"{FOLDERS.get(self.kind, 'patient_forms')}/ask/{self.kind}.html"


@dataclass(frozen=True)
class Section:
    """
    :ivar folded: what few people need to fill in is closed at first
    """

    title: Any
    questions: Sequence[Question]
    note: Any = ""
    folded: bool = False


def parse_number(text: str | None) -> int | None:
    """A whole number, None if nothing was said; what is no number lies outside every scale, and is refused there."""
    if text is None or not text.strip():
        return None
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else -1


def _read_ticks(question: Question, sent: Any) -> list[str]:
    return list(dict.fromkeys(sent.getlist(question.name)))


def _read_lines(question: Question, sent: Any) -> list[str]:
    lines = (line.strip() for line in sent.get(question.name, "").splitlines())
    return list(dict.fromkeys(line for line in lines if line))


def read_text(question: Question, sent: Any) -> str:
    text: str = sent.get(question.name, "").replace("\0", "").strip()
    return text


Reader = Callable[[Question, Any], Any]
# Takes the question and a QueryDict; gives a value that JSON can keep.
READERS: dict[str, Reader] = {
    "scale": lambda question, sent: parse_number(sent.get(question.name)),
    "text": read_text,
    "line": read_text,
    "choice": read_text,
    "ticks": _read_ticks,
    "lines": _read_lines,
}
FOLDERS: dict[str, str] = {}


def add_kind(kind: str, reader: Reader, *, folder: str) -> None:
    """Let an app above ask in a way of its own; its template is `<folder>/ask/<kind>.html`."""
    READERS[kind], FOLDERS[kind] = reader, folder


def parse_answers(questions: Sequence[Question], sent: Any) -> dict[str, Any]:
    """What was sent (a QueryDict), by the names of the questions; what a value may be is checked where it is kept."""
    return {question.name: READERS[question.kind](question, sent) for question in questions}


def refill(sections: Sequence[Section], answers: Mapping[str, Any]) -> list[Section]:
    """The same questions with these answers in them, for a page that comes back."""
    return [
        replace(
            section,
            folded=section.folded and not any(answers.get(question.name) for question in section.questions),
            questions=[replace(question, given=answers.get(question.name)) for question in section.questions],
        )
        for section in sections
    ]


def check_answers(sections: Sequence[Section], answers: Mapping[str, Any]) -> None:
    """
    Hold answers against what was asked: nothing too long, and of a list of choices only what stands in it.

    :raises Invalid: each answer that cannot be is named by `/<name of the question>`
    """
    problems = Problems()
    for question in (question for section in sections for question in section.questions):
        value = answers.get(question.name)
        if question.kind == "choice" and value and value not in question.about:
            problems.add(f"/{question.name}", "unknown_code.form_answer")
        if question.kind == "ticks" and any(code not in question.about for code in value or ()):
            problems.add(f"/{question.name}", "unknown_code.form_answer")
        if question.kind == "lines" and len(value or ()) > rules.LINES_MOST:
            problems.add(f"/{question.name}", "too_many.answer_lines", most=rules.LINES_MOST)
        texts = value if isinstance(value, list) else [value]
        if any(isinstance(text, str) and len(text) > rules.TEXT_MOST for text in texts):
            problems.add(f"/{question.name}", "too_long.answer", most=rules.TEXT_MOST)
    problems.raise_if_any()
