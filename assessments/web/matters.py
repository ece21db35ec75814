"""Which tests still matter and how each class came about, in words for the exam screen."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

import catalogue
from assessments import rules
from assessments.class_trace import BOTH_SETTLE, PALPATE, RECOGNISED, SHOWN, NextTest, Trace, TraceStep
from assessments.documents import ExamParts
from assessments.models import Assessment
from assessments.next_tests import list_tests, list_traces
from assessments.web import labels

RESULTS = {
    "met": gettext_lazy("met"),
    "not_met": gettext_lazy("not met"),
    "indeterminate": gettext_lazy("not resolved"),
}


def screen_json(exam: Assessment, parts: ExamParts) -> dict[str, Any]:
    """As the exam screen shows it: the first tests with where they are answered, and each finding's trace in lines."""
    return {
        "tests": [
            {"text": describe_test(test), "path": path_of(test), "muscle": test.muscle, "side": test.side}
            for test in list_tests(exam, parts)[:SHOWN]
        ],
        "traces": {str(spot.finding_id): describe_trace(trace) for spot, trace in list_traces(exam, parts)},
    }


def path_of(test: NextTest) -> str:
    return f"findings/{test.finding_id}/{test.test}" if test.finding_id else ""


def describe_test(test: NextTest) -> str:
    name = f"{_(catalogue.MUSCLES[test.muscle]['name'])}, {labels.SIDES[test.side]}"
    if test.kind == PALPATE:
        return _("Palpate {muscle}").format(muscle=name)
    if test.kind == RECOGNISED:
        return _("{muscle}: ask whether it reproduces the patient's pain").format(muscle=name)
    sign = str(labels.SIGNS[test.test]).lower()
    if test.settling == BOTH_SETTLE:
        return _("{muscle}: test {sign}, it decides either way").format(muscle=name, sign=sign)
    return _("{muscle}: test {sign}").format(muscle=name, sign=sign)


def describe_trace(trace: Trace) -> list[str]:
    """The rule set, what it asks for with what was recorded, and what recognition adds."""
    rule_set = _(rules.RULE_SETS[trace.rule_set].label)
    lines = [f"{rule_set} (v{trace.rule_set_version})", *_describe_step(trace.step)]
    if trace.step.result == "met":
        answer = str(labels.RECOGNISED.get(trace.recognised, trace.recognised))
        lines.append(f"{labels.SIGNS['recognised']} {answer}")
        if trace.recognised not in ("yes", "no"):
            symptom = str(labels.CURRENT_SYMPTOM[trace.current_symptom])
            lines.append(_("Is it a symptom now? {answer}").format(answer=symptom))
    return [*lines, f"→ {labels.CLASSES[trace.class_]}"]


def _describe_step(step: TraceStep) -> list[str]:
    words = labels.SIGN_VALUES | labels.WHY_NOT_TESTED | labels.YES_NO_UNKNOWN
    signs = [f"{labels.SIGNS[sign.sign]}: {words.get(sign.recorded, sign.recorded)}" for sign in step.signs]
    head = _("At least {needed} of {all}").format(needed=step.needed, all=len(step.signs) + len(step.parts))
    outcome = _("{present} present, {unknown} open: {result}").format(
        present=step.present, unknown=step.unknown, result=RESULTS[step.result]
    )
    own = f"{head}: {'; '.join(signs)} → {outcome}" if signs else f"{head} → {outcome}"
    return [own, *(line for part in step.parts for line in _describe_step(part))]
