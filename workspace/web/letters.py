"""Letters about a patient, each of them a disclosure in the audit trail."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone, translation

from accounts.web.pages import PageRequest, page
from assessments.models import Assessment
from audit import actions as audit
from errors.exceptions import NotFound
from patients.queries import identities
from records.models import Record
from treatments.models import TreatmentPlan
from worklist.models import Item
from workspace import discharge, letters


@page(scope="assessments:read", action="page.referral_letter")
def referral_letter(request: PageRequest, item_id: UUID) -> HttpResponse:
    """The letter that a referral on the worklist asks for, as PDF."""
    item = Item.objects.filter(pk=item_id, kind="referral").first()
    exam = _find_signed_exam(item.about_id) if item else None
    record = Record.objects.filter(pk=exam.record_id).first() if exam and exam.record_id else None
    if exam is None or record is None:
        raise NotFound
    request.trace.saw(exam.patient_id, target_id=exam.pk)
    content = letters.referral_letter(
        exam,
        record=record,
        clinic=request.clinic,
        language=translation.get_language() or "en",
        at=timezone.now(),
    )
    audit.log("disclosure.referral_letter", by=request.actor, target_id=exam.pk, patient_ids=[exam.patient_id])
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = 'attachment; filename="referral-letter.pdf"'
    return response


def _find_signed_exam(exam_id: UUID) -> Assessment | None:
    """The exam, if it is signed and still stands."""
    exams = Assessment.objects.with_parts().select_related("patient__clinic")
    return exams.filter(pk=exam_id, signed_at__isnull=False, record__mark=None).first()


@page(scope="treatments:read", action="page.discharge_summary")
def discharge_summary(request: PageRequest, plan_id: UUID) -> HttpResponse:
    """What came of a treatment plan that has ended, as a letter in PDF."""
    plans = TreatmentPlan.objects.select_related("patient__merged_into", "ended_by", "patient__clinic")
    plan = plans.prefetch_related("goals").filter(pk=plan_id, ended_at__isnull=False).first()
    if plan is None:
        raise NotFound
    patient = plan.patient.in_use
    people = identities(clinic_id=request.clinic.pk, patient_id=patient.pk)
    request.trace.saw(*people, target_id=plan.pk)
    content = discharge.discharge_summary(
        plan, people, clinic=request.clinic, language=translation.get_language() or "en", at=timezone.now()
    )
    audit.log("disclosure.discharge_summary", by=request.actor, target_id=plan.pk, patient_ids=people)
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = 'attachment; filename="discharge-summary.pdf"'
    return response
