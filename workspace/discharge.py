"""
The discharge summary: what was treated, how often and with what, and what came of the goals, on the letterhead.

It is a letter, not a signed record, and says so. Its figures are those of signed exams and sessions.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

import typst
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from accounts.models import Clinic
from assessments.models import Assessment
from treatments.models import TreatmentPlan
from treatments.plans import labels, queries
from treatments.rules import TECHNIQUES
from workspace.letters import format_birth_date, letterhead_of

TEMPLATE = Path(__file__).parent / "typst" / "discharge_summary.typ"


def discharge_summary(
    plan: TreatmentPlan, patient_ids: Sequence[UUID], *, clinic: Clinic, language: str, at: datetime
) -> bytes:
    """
    Return the letter as a tagged PDF (PDF/UA-1).

    :param plan: that has ended, with `goals`, `patient` and `ended_by`
    :param language: the active one, for screen readers
    """
    head, patient = letterhead_of(clinic), plan.patient.in_use
    assert plan.ended_by is not None
    goals = sorted(plan.goals.all(), key=lambda goal: goal.number)
    data = {
        "language": language,
        "kind": _("Letter"),
        "title": _("Discharge summary"),
        "clinic": head.name,
        "address": head.address,
        "phone": _("Phone {number}").format(number=head.phone) if head.phone else "",
        "date": formats.date_format(timezone.localtime(at), "DATE_FORMAT"),
        "patient": f"{patient.given_names} {patient.family_name}".strip(),
        "born": format_birth_date(patient),
        "problem_title": _("Problem"),
        "problem": plan.problem,
        "treatment_title": _("Treatment"),
        "treatment": _describe_treatment(plan, patient_ids, at),
        "goals_title": _("Goals"),
        "goals_head": [_("Measure"), _("Target"), _("Result")],
        "goals": [[goal.measure, goal.target, str(labels.REACHED.get(goal.reached, ""))] for goal in goals],
        "summary_title": _("Outcome and advice"),
        "summary": plan.summary,
        "signed": f"{plan.ended_by.name}, {formats.date_format(timezone.localtime(plan.ended_at), 'DATE_FORMAT')}",
        "registration": plan.ended_by.registration_no,
        "note": _("This is a letter, not a signed record. Its figures are those of signed exams and sessions."),
        "page": _("Page"),
    }
    return typst.compile(
        TEMPLATE, root=TEMPLATE.parent, sys_inputs={"data": json.dumps(data)}, format="pdf", pdf_standards=["ua-1"]
    )


def _describe_treatment(plan: TreatmentPlan, patient_ids: Sequence[UUID], at: datetime) -> list[str]:
    sessions = queries.list_sessions(plan, patient_ids)
    lines = [
        _("Planned: {n} sessions over {weeks} weeks, {minutes} minutes each").format(
            n=plan.sessions, weeks=plan.weeks, minutes=plan.minutes
        ),
        _("Given: {n} sessions").format(n=len(sessions)),
    ]
    if sessions:
        ends = (sessions[0].performed_at, sessions[-1].performed_at)
        first, last = (formats.date_format(timezone.localtime(moment), "DATE_FORMAT") for moment in ends)
        lines[-1] += f" ({first} – {last})"
    counts = Counter(
        code
        for session in sessions
        for code in {intervention.technique for intervention in session.interventions.all()}
    )
    lines += [
        _("{technique}: in {n} sessions").format(technique=_(TECHNIQUES[code].label), n=count)
        for code, count in counts.most_common()
    ]
    pains = _list_pains(plan, patient_ids, at)
    if pains:
        lines.append(_("Pain at the exams, 0 to 10: {values}").format(values=" → ".join(map(str, pains))))
    return lines


def _list_pains(plan: TreatmentPlan, patient_ids: Sequence[UUID], at: datetime) -> list[int]:
    """The pain of the last exam before the plan began, and of each since."""
    exams = Assessment.objects.filter(
        patient_id__in=patient_ids,
        signed_at__isnull=False,
        record__mark=None,
        pain_now__isnull=False,
        performed_at__lte=plan.ended_at or at,
    ).order_by("performed_at", "id")
    before = [exam.pain_now for exam in exams if exam.performed_at < plan.made_at]
    since = [exam.pain_now for exam in exams if exam.performed_at >= plan.made_at]
    return [pain for pain in (*before[-1:], *since) if pain is not None]
