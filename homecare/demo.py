"""Home programmes of the demo: some go well, one does not, one is silent, one is an alarm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts import policies
from accounts.models import Clinic, Membership
from database.expressions import new_id
from homecare import queries, rules
from homecare.checkins import actions as check_in_actions
from homecare.models import Occurrence, Programme, Step
from homecare.programmes import actions, safety_stops
from homecare.programmes import templates as programme_templates
from identity.actor import Actor
from messaging import actions as messages
from messaging import addresses
from messaging.texts import language_of
from patients import actions as patients
from patients.models import Patient
from patients.queries import zone_of


@dataclass(frozen=True)
class Course:
    """
    :ivar pains: worst pain by day, oldest first; None is a day without an answer
    :ivar wrong: what was wrong on the last day
    """

    days: int
    baseline: int
    pains: Sequence[int | None]
    wrong: tuple[str, ...] = ()
    discomfort: int = 4


COURSES = [
    Course(18, 6, [6, 6, 5, None, 6, 5, 5, 5, None, 4, 4, 4, 3, 4, 3, 3, None, 3]),
    Course(12, 5, [5, 5, 6, 5, None, 5, 5, 6, 5, 7, 7, 8], discomfort=6),
    Course(20, 7, [7, 6, None, None] + [None] * 16),
    Course(6, 6, [6, 6, 5, None, 5, 7], wrong=("numb_or_weak",)),
    Course(9, 4, [4, None, 4, 3, 3, None, 3, 3, 2]),
]
MUSCLES = [("trapezius_upper", "right"), ("levator_scapulae", "right")]


def load(clinic: Clinic, now: datetime) -> None:
    """Make the programmes of one demo clinic, unless there are some. Call inside its scope."""
    if Programme.objects.exists():
        return
    therapist = (
        Membership.objects.active().filter(role="therapist", user__email__startswith="therapist").select_related("user")
    )
    by = policies.actor_for_person(therapist[0].user, clinic.pk, ip=None, request_id="demo", proved_at=timezone.now())
    assert by is not None
    people = list(
        Patient.objects.living_record().filter(consent_email="granted", status="in_care").order_by("created_at", "id")
    )
    people = [patient for patient in people if may_do(patient, now)]
    courses = COURSES if clinic.slug == "harbour" else COURSES[:2]
    if clinic.slug == "harbour":  # so that the demo's first mail goes out at whatever hour it is tried
        messages.set_sending(values={"quiet_from": time(0), "quiet_until": time(0)}, by=by)
    messages.set_sending(values={"phone": "+44 20 7946 0100" if clinic.country == "GB" else "+49 30 23125 100"}, by=by)
    for patient, course in zip(people, courses, strict=False):
        programme = _programme(patient, course, by, now)
        _answers(programme, course, now)
        if course is COURSES[0]:
            _due_now(programme, now)
    steps = rules.starter([{"muscle": muscle, "side": side} for muscle, side in MUSCLES[:1]])
    with override(language_of("", clinic.locale)):
        content = {"title": _("Neck and shoulders"), "steps": steps}
        programme_templates.save_template(name=_("Neck and shoulders, five minutes"), content=content, by=by)


def may_do(patient: Patient, now: datetime) -> bool:
    """Whether nothing that is known of a patient stops the demo's programme, or asks for a reason."""
    programme = Programme(clinic_id=patient.clinic_id, patient=patient)
    steps = rules.starter([{"muscle": muscle, "side": side} for muscle, side in MUSCLES])
    existing = safety_stops.load_known(programme, steps, at=now)
    return not existing.flags and not safety_stops.find_problems(existing, steps).errors


def _programme(patient: Patient, course: Course, by: Actor, now: datetime) -> Programme:
    begun = now - timedelta(days=course.days - 1)
    steps = rules.starter([{"muscle": muscle, "side": side} for muscle, side in MUSCLES])
    for step in steps:
        _fill(step)
    with override(language_of(patient.language, patient.clinic.locale)):
        content: dict[str, Any] = {
            "title": _("Neck and shoulders"),
            "note": _("Little and often: five minutes are enough."),
            "steps": steps,
        }
    programme = actions.start_programme(patient_id=patient.pk, content=content, by=by, at=begun)
    actions.publish(
        revision=None, programme=programme, baseline_pain=course.baseline, review_on=None, ends_on=None, by=by, at=begun
    )
    locked = Patient.objects.get(pk=patient.pk)
    if locked.phone and locked.consent_sms != "granted":
        patients.change_patient(patient=locked, changes={"consent_sms": "granted"}, by=by, at=now)
    programme.patient = Patient.objects.get(pk=patient.pk)
    channels = addresses.usable_channels(programme.patient)[:1]
    actions.set_reminders(
        programme=programme,
        channels=channels,
        times=[time(8, 0), time(18, 30)],
        weekdays=range(7),
        fade_after_weeks=4,
        fade_to_days=3,
        by=by,
        at=now,
    )
    return programme


def _fill(step: dict[str, Any]) -> None:
    """What the source guide leaves open, filled in as a therapist would: from the suggestions."""
    suggested = {
        "scan": {"duration_s": 60, "times_per_day": 1},
        "self_pressure": {"repetitions": 2, "rest_s": 30, "times_per_day": 2},
        "side_bends": {"repetitions": 5, "times_per_day": 2},
        "rotations": {"repetitions": 5, "times_per_day": 2},
        "scapular_retraction": {"sets": 3, "repetitions": 12, "days_per_week": 4},
        "chin_tuck": {"hold_s": 10, "repetitions": 10, "times_per_day": 2},
        "ergonomics": {"break_every_min": 30},
    }
    step["dose"] = {**step["dose"], **suggested.get(step["exercise"], {})}
    if step["exercise"] == "chin_tuck":
        step["tool"] = "lying"


def _answers(programme: Programme, course: Course, now: datetime) -> None:
    _version, steps = queries.current_version(programme)
    by = Actor.system(programme.clinic_id, "demo")
    for number, pain in enumerate(course.pains):
        if pain is None:
            continue
        last = number == len(course.pains) - 1
        at = now - timedelta(days=course.days - 1 - number)
        answers_by_step = {step.pk: _sample_answer(step, number, index, course) for index, step in enumerate(steps)}
        answers = rules.CheckInAnswers(
            steps={key: value for key, value in answers_by_step.items() if value},
            pain=pain,
            wrong=course.wrong if last else (),
            note="My arm felt strange." if course.wrong and last else "",
        )
        check_in_actions.answer_day(programme_id=programme.pk, answers=answers, link=None, by=by, at=at)


SPOTS = [{"zone": "neck.shoulder_angle", "side": "right"}, {"zone": "head.suboccipital", "side": "left"}]


def _sample_answer(step: Step, day: int, index: int, course: Course) -> dict[str, Any]:
    exercise = rules.EXERCISES[step.exercise]
    if (day + index) % 9 == 8:
        return {"done": "no", "reason": "no_time"}
    completion = "partial" if (day * 2 + index) % 7 == 6 else "yes"
    answer: dict[str, Any] = {"done": completion, "discomfort": course.discomfort if exercise.presses else None}
    if exercise.finds_spots and completion == "yes":
        answer["spots"] = [SPOTS[day % 2] | {"tenderness": course.discomfort}]
    if exercise.checklist:
        answer["checked"] = list(exercise.checklist)[day % 2 :]
    return answer


def _due_now(programme: Programme, now: datetime) -> None:
    """One reminder that is due as soon as the demo runs, so that there is a mail to look at."""
    zone = zone_of(programme.patient)
    local = (now + timedelta(seconds=5)).astimezone(zone)
    channel = addresses.usable_channels(programme.patient)[0]
    # Said to be of tomorrow: today is answered already, and an answered day is not reminded of.
    Occurrence.objects.create(
        id=new_id(),
        clinic_id=programme.clinic_id,
        patient=programme.patient,
        programme=programme,
        kind="check_in",
        channel=channel,
        local_date=local.date() + timedelta(days=1),
        local_time=local.time().replace(microsecond=0),
        due_at=now + timedelta(seconds=5),
    )
