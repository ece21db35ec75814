"""
The intake form, before the first visit: contact, consent to contact, conditions, medicines and the red flags.

What the patient answers waits for a therapist. Only a "yes" to a red flag counts at once, as one from a home check-in
does: it raises the flag, and a "no" lowers none.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.queries import list_alarm_recipients
from assessments import raised_flags
from assessments.red_flag_table import ALWAYS, FIRST_VISIT, RED_FLAGS
from assessments.red_flags import INTAKE_FORM
from errors.exceptions import Invalid, Problems
from identity.actor import Actor
from messaging import actions as messages
from messaging.rules import EMAIL
from patient_forms.models import FormRequest
from patient_forms.questions import Question, Section
from patient_forms.registry import Answers, PatientForm, Proposal
from patients import actions as patients
from patients import facts
from patients import rules as patient_rules
from patients.actions import NewAlert, NewFact
from patients.checks import check_details, check_facts
from patients.models import Alert, Condition, Medication, Patient
from patients.queries import own_medicines
from patients.recognition.medicines import recognise_medicine
from worklist import actions as worklist

CODE = "intake"
VERSION = 1
CONTACT = {
    "email": _("E-mail"),
    "phone": _("Phone"),
    "address_line": _("Street and house number"),
    "postal_code": _("Postcode"),
    "city": _("Town"),
    "emergency_name": _("Who should we call in an emergency?"),
    "emergency_relationship": _("Who is this person to you?"),
    "emergency_phone": _("Their phone number"),
}
INPUTS = {"email": "email", "phone": "tel", "emergency_phone": "tel"}
AUTOCOMPLETE = {
    "email": "email",
    "phone": "tel",
    "address_line": "street-address",
    "postal_code": "postal-code",
    "city": "address-level2",
}
CONSENT = {
    "consent_email": _("May we write to you by e-mail?"),
    "consent_sms": _("May we send you text messages?"),
    "consent_phone": _("May we call you?"),
}
CONSENT_ANSWERS = {"granted": _("Yes"), "refused": _("No")}
FLAG_ANSWERS = {"yes": _("Yes"), "no": _("No"), "unsure": _("Not sure")}
DETAILS = {"referral_reason": _("Reason for referral"), **CONTACT, **CONSENT}
FactTable = tuple[tuple[str, Any, type[Condition] | type[Medication]], ...]
FACTS: FactTable = (("conditions", _("Condition"), Condition), ("medications", _("Medicine"), Medication))
# The alerts that a patient can speak for, in the patient's words. What only a clinician can judge is not asked.
CONDITIONS = {
    "anticoagulant": _("I take blood thinners"),
    "antiplatelet": _("I take aspirin, clopidogrel or a similar medicine every day"),
    "bleeding_disorder": _("I have a bleeding disorder"),
    "pregnancy": _("I am pregnant, or may be pregnant"),
    "pacemaker": _("I have a pacemaker"),
    "implant": _("I have an implant or an artificial joint"),
    "heart_valve": _("I have an artificial heart valve"),
    "clot": _("I have a blood clot (thrombosis), or one is suspected"),
    "uncontrolled_hypertension": _("My blood pressure is very high and not under control"),
    "malignancy": _("I have cancer"),
    "recent_surgery_or_radiotherapy": _("I recently had an operation or radiotherapy"),
    "lymph_nodes_removed": _("Lymph nodes were removed"),
    "lymphoedema": _("I have lymphoedema (swelling from blocked lymph)"),
    "immune_suppression": _("My immune system is weak, or I take medicines that suppress it"),
    "diabetes": _("I have diabetes"),
    "osteoporosis": _("I have osteoporosis or fragile bones"),
    "neuropathy": _("Parts of my skin feel numb"),
    "skin_condition": _("My skin is open, infected or fragile in places"),
    "epilepsy": _("I have epilepsy"),
    "vasovagal": _("I have fainted at an injection or a needle"),
    "needle_phobia": _("I am afraid of needles"),
    "metal_allergy": _("I am allergic to metal"),
    "local_anaesthetic_allergy": _("I am allergic to local anaesthetics"),
}
# What every first visit asks, and every emergency, because nobody has examined this patient yet.
FLAGS = [
    code
    for code, flag in RED_FLAGS.items()
    if flag.asked & {ALWAYS, FIRST_VISIT} or (flag.is_mandatory and flag.is_emergency)
]
# A yes to these does not wait for the review.
URGENT = [code for code in FLAGS if RED_FLAGS[code].action in ("emergency", "refer_same_day")]


def sections(patient: Patient) -> list[Section]:
    """What the clinic knows already is folded, and shown to nobody who only has the link and a year of birth."""
    contact = [
        Question("line", name, label, extra={"type": INPUTS.get(name, "text"), "autocomplete": AUTOCOMPLETE.get(name)})
        for name, label in CONTACT.items()
    ]
    missing = [question for question in contact if not getattr(patient, question.name)]
    known = [question for question in contact if getattr(patient, question.name)]
    parts = [
        Section(_("Your visit"), [Question("text", "referral_reason", _("What brings you to us?"))]),
        Section(_("How we reach you"), missing),
        Section(_("Has your contact changed?"), known, note=_("Fill in only what has changed."), folded=True),
        Section(
            _("May we contact you?"),
            [Question("choice", name, label, about=CONSENT_ANSWERS) for name, label in CONSENT.items()],
        ),
        Section(
            _("Your health"),
            [
                Question("ticks", "alerts", _("Tick everything that applies to you"), about=CONDITIONS),
                Question("lines", "conditions", _("Other conditions and operations, one on each line")),
                Question("lines", "medications", _("Medicines that you take, one on each line")),
            ],
        ),
        Section(
            _("Important questions"),
            [
                Question("choice", f"flag_{code}", gettext(RED_FLAGS[code].question), about=FLAG_ANSWERS)
                for code in FLAGS
            ],
            note=_("Some answers change what treatment is safe for you. Your therapist will talk to you about them."),
        ),
        Section(_("Anything else"), [Question("text", "note", _("What else should we know?"))]),
    ]
    return [part for part in parts if part.questions]


def read_changes(answers: Answers) -> dict[str, str]:
    """The details that were answered; silence changes nothing."""
    return {name: answers[name] for name in DETAILS if answers.get(name)}


def check(answers: Answers, clinic_id: UUID, today: date) -> None:
    """:raises Invalid: as the patient's record would, at the names of the questions"""
    problems = Problems()
    try:
        check_details(read_changes(answers), clinic_id=clinic_id, today=today)
    except Invalid as refusal:
        for error in refusal.errors:
            problems.add(f"/{facts.BY_POINTER.get(error.pointer, '')}", error.reason, **error.params)
    for name, _label, _model in FACTS:
        try:
            check_facts(_read_facts(name, answers), today=today, pointer="")
        except Invalid as refusal:
            problems.errors += [replace(error, pointer=f"/{name}") for error in refusal.errors]
    problems.raise_if_any()


def propose(answers: Answers, patient: Patient) -> list[Proposal]:
    proposals = [
        Proposal(name, DETAILS[name], _say(name, value), _say(name, getattr(patient, name)))
        for name, value in read_changes(answers).items()
        if getattr(patient, name) != value
    ]
    known_alerts = set(Alert.objects.current().filter(patient=patient).values_list("code", flat=True))
    proposals += [
        Proposal(f"alert:{code}", _("Alert"), gettext(patient_rules.ALERTS[code].label))
        for code in answers.get("alerts") or ()
        if code not in known_alerts
    ]
    for name, label, model in FACTS:
        current = model._default_manager.filter(patient=patient, ended_at=None)
        known = set(current.values_list("text", flat=True))
        proposals += [
            Proposal(f"{name}:{fact.text}", label, _say_fact(name, fact.text, patient.clinic_id))
            for fact in _read_facts(name, answers)
            if fact.text not in known
        ]
    return proposals


def _say(name: str, value: Any) -> Any:
    return CONSENT_ANSWERS.get(value, "") if name in CONSENT else value or ""


def _say_fact(name: str, text: str, clinic_id: UUID) -> str:
    """A medicine with the alerts that come with it."""
    codes = recognise_medicine(text, [], own_medicines(clinic_id)).alerts if name == "medications" else ()
    if not codes:
        return text
    alert = ", ".join(gettext(patient_rules.ALERTS[code].label) for code in codes)
    return gettext("{medicine} (adds the alert: {alert})").format(medicine=text, alert=alert)


def describe(answers: Answers) -> list[tuple[Any, Any]]:
    """The words of the patient, then the red flags: each yes first, then what was left open, then each no."""
    texts = [
        (_("What brings you to us?"), answers.get("reason")),
        (_("What else should we know?"), answers.get("note")),
    ]
    order = ["yes", "unsure", "", "no"]
    flags = sorted(FLAGS, key=lambda code: order.index(answers.get(f"flag_{code}") or ""))
    return [
        *((label, text) for label, text in texts if text),
        *(
            (gettext(RED_FLAGS[code].question), FLAG_ANSWERS.get(answers.get(f"flag_{code}", ""), _("not answered")))
            for code in flags
        ),
    ]


def accept(*, patient: Patient, answers: Answers, keys: Collection[str], by: Actor, at: datetime) -> None:
    """Write what the therapist ticked, by the actions that every other entry point uses."""
    changes = {name: value for name, value in read_changes(answers).items() if name in keys}
    if changes:
        patients.change_patient(patient=patient, changes=changes, by=by, at=at)
    for code in answers.get("alerts") or ():
        if f"alert:{code}" in keys:
            patients.note_alert(patient=patient, alert=NewAlert(code, reported_by="patient"), by=by, at=at)
    for name, _label, model in FACTS:
        for fact in _read_facts(name, answers):
            if f"{name}:{fact.text}" in keys:
                patients.note_fact(model=model, patient=patient, fact=fact, by=by, at=at)


def _read_facts(name: str, answers: Answers) -> list[NewFact]:
    return [NewFact(text) for text in answers.get(name) or ()]


def list_positive_flags(answers: Mapping[str, Any]) -> list[str]:
    return [code for code in FLAGS if answers.get(f"flag_{code}") == "yes"]


def react(*, request: FormRequest, by: Actor, at: datetime) -> None:
    """Raise the flags that were answered "yes"; what is urgent goes on the worklist and by mail, at once."""
    codes = list_positive_flags(request.answers)
    raised_flags.raise_flags(
        patient_id=request.patient_id, codes=codes, source=INTAKE_FORM, source_id=request.pk, by=by, at=at
    )
    urgent = [code for code in codes if code in URGENT]
    if not urgent:
        return
    item_id, _is_new = worklist.raise_item(
        kind="red_flag", patient_id=request.patient_id, about_id=request.pk, facts={"answers": urgent}, by=by, at=at
    )
    for user_id in list_alarm_recipients(request.asked_by_id, by.clinic_id):
        messages.enqueue(
            kind="staff_alert",
            channel=EMAIL,
            patient_id=request.patient_id,
            about_id=item_id,
            to_user_id=user_id,
            dedupe_key=f"alert:{item_id}:{user_id}:{request.pk}",
            due_at=at,
            late_after=timedelta(hours=24),
            by=by,
        )


def advise(answers: Answers) -> list[Any]:
    """What must not wait for us, as the home check-in says it."""
    codes = list_positive_flags(answers)
    advice: list[Any] = []
    if any(RED_FLAGS[code].is_emergency for code in codes):
        advice.append(
            _(
                "Pain in the chest, hard to breathe, trouble speaking or seeing, one side numb or weak: call the "
                "emergency number, now. Do not wait for us."
            )
        )
    if "cauda_equina" in codes:
        advice.append(
            _("A change of bladder or bowel control, or numbness between the legs: go to an emergency department, now.")
        )
    return advice


INTAKE = PatientForm(
    code=CODE,
    title=_("Before your first visit"),
    intro=_("This takes a few minutes. Leave out what you do not want to answer."),
    version=VERSION,
    sections=sections,
    check=check,
    propose=propose,
    describe=describe,
    accept=accept,
    react=react,
    review_note=_("A “yes” to a red flag counts already. A “no” does not: ask it again in the exam."),
    advise=advise,
)
