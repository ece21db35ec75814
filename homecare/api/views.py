from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import parse
from api.pagination import Page, moment, short_list
from api.schema import PAGED
from api.views import ClinicView, etag
from homecare import queries, rules, safety
from homecare.api import serializers as shapes
from homecare.models import CheckIn, Programme, ReminderPlan, Step, Template, Version
from homecare.programmes import actions
from homecare.programmes import serialization as contents
from homecare.programmes import templates as programme_templates
from identity.actor import Actor
from patients.queries import identities, zone_of

EXAMPLE = OpenApiExample(
    "Pressure and chin tuck",
    request_only=True,
    value={
        "title": "Neck and shoulders",
        "steps": [
            {
                "exercise": "self_pressure",
                "muscle": "trapezius_upper",
                "side": "right",
                "tool": "soft_ball",
                "dose": {"hold_s": 45, "intensity_from": 5, "intensity_to": 6, "repetitions": 2, "times_per_day": 2},
            },
            {"exercise": "chin_tuck", "tool": "lying", "dose": {"hold_s": 10, "repetitions": 10, "times_per_day": 2}},
        ],
    },
)


def programme_json(programme: Programme, version: Version | None, steps: list[Step], by: Actor) -> dict[str, Any]:
    return {
        "id": programme.pk,
        "patient_id": programme.patient_id,
        "status": programme.status,
        "version": version.number if version else None,
        "content": contents.for_reader(contents.of_version(version, steps), by.scopes) if version else None,
        "draft": contents.for_reader(programme.draft, by.scopes),
        "baseline_pain": programme.baseline_pain,
        "started_on": programme.started_on,
        "review_on": programme.review_on,
        "ends_on": programme.ends_on,
        "ended_at": programme.ended_at,
        "stopped_at": programme.stopped_at,
        "stopped_flags": programme.stopped_flags,
        "stopped_reasons": programme.stopped_reasons,
        "overrides": version.overrides if version else [],
    }


def programmes_json(programmes: list[Programme], by: Actor) -> list[dict[str, Any]]:
    versions = queries.current_versions(programmes)
    return [programme_json(programme, *versions.get(programme.pk, (None, [])), by) for programme in programmes]


def answer(by: Actor, programme: Programme, number: int = status.HTTP_200_OK) -> Response:
    headers = {"ETag": etag(programme.revision)}
    if number == status.HTTP_201_CREATED:
        headers["Location"] = f"/api/v1/programmes/{programme.pk}/"
    return Response(programme_json(programme, *queries.current_version(programme), by), status=number, headers=headers)


class PatientProgrammes(ClinicView):
    scopes = {"get": "homecare:read", "post": "homecare:write"}
    audit_action = {"get": "programme.list", "post": "programme.start"}

    @extend_schema(
        operation_id="patients_programmes_list",
        tags=["home programmes"],
        parameters=PAGED,
        responses=shapes.ProgrammePage,
    )
    def get(self, request: Request, patient_id: UUID) -> Response:
        """A patient's home programmes, newest first."""
        page = Page(request, key_types=[UUID])
        people = identities(clinic_id=self.actor.clinic_id, patient_id=patient_id)
        self.saw(*people)
        programmes = Programme.objects.visible_to(self.actor).of_patients(people)
        if page.after:
            programmes = programmes.filter(pk__lt=page.after[0])
        rows = list(programmes.newest_first()[: page.limit + 1])
        return Response(page.answer(rows, lambda p: [p.pk], lambda some: programmes_json(some, self.actor)))

    @extend_schema(
        operation_id="patients_programmes_create",
        tags=["home programmes"],
        request=shapes.ProgrammeInput,
        responses={201: shapes.ProgrammeOutput},
        examples=[EXAMPLE],
    )
    def post(self, request: Request, patient_id: UUID) -> Response:
        """Begin a home programme as a draft. The patient has nothing of it before it is published."""
        identities(clinic_id=self.actor.clinic_id, patient_id=patient_id)
        body = parse(shapes.ProgrammeInput, request.data)
        programme = actions.start_programme(patient_id=patient_id, content=body, by=self.actor, at=timezone.now())
        return answer(self.actor, programme, status.HTTP_201_CREATED)


class ProgrammeView(ClinicView):
    """On one programme: found here, done by its action."""

    def get_programme(self, programme_id: UUID) -> Programme:
        programmes = Programme.objects.visible_to(self.actor).select_related("patient")
        programme = get_object_or_404(programmes, pk=programme_id)
        self.saw(programme.patient_id)
        return programme

    def lock_programme(self, programme_id: UUID, *, precondition: bool = False) -> Programme:
        programme = self.get_programme(programme_id)
        if precondition and "If-Match" not in self.request.headers:
            self.check_precondition(programme.revision)
        locked = Programme.objects.select_for_update(of=("self",)).select_related("patient").get(pk=programme.pk)
        if precondition:
            self.check_precondition(locked.revision)
        return locked


class OneProgramme(ProgrammeView):
    scopes = {"get": "homecare:read", "patch": "homecare:write", "delete": "homecare:write"}
    audit_action = {"get": "programme.read", "patch": "programme.write", "delete": "programme.discard"}

    @extend_schema(operation_id="programmes_read", tags=["home programmes"], responses=shapes.ProgrammeOutput)
    def get(self, request: Request, programme_id: UUID) -> Response:
        """One home programme: what the patient has, and what is being written."""
        return answer(self.actor, self.get_programme(programme_id))

    @extend_schema(
        operation_id="programmes_change",
        tags=["home programmes"],
        request=shapes.ProgrammeInput,
        responses=shapes.ProgrammeOutput,
    )
    def patch(self, request: Request, programme_id: UUID) -> Response:
        """Write the draft of the next version anew."""
        programme = self.lock_programme(programme_id, precondition=True)
        body = parse(shapes.ProgrammeInput, request.data)
        actions.write_draft(programme=programme, content=body, by=self.actor, at=timezone.now())
        return answer(self.actor, programme)

    @extend_schema(operation_id="programmes_discard", tags=["home programmes"], responses={204: None})
    def delete(self, request: Request, programme_id: UUID) -> Response:
        """Throw away a programme that has not been given to the patient."""
        actions.discard_programme(programme=self.lock_programme(programme_id, precondition=True), by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ProgrammePublication(ProgrammeView):
    scopes = {"post": "homecare:write"}
    audit_action = {"post": "programme.publish"}

    @extend_schema(
        operation_id="programmes_publish",
        tags=["home programmes"],
        request=shapes.PublishInput,
        responses=shapes.ProgrammeOutput,
    )
    def post(self, request: Request, programme_id: UUID) -> Response:
        """
        Give the draft to the patient as a new version.

        An open red flag that stops a step is a conflict (`red_flag_stop`), unless an override says why it is right.
        """
        programme = self.lock_programme(programme_id)
        revision = self.read_revision()
        body = parse(shapes.PublishInput, request.data)
        now = timezone.now()
        overrides = [safety.Override(given_at=now, **override) for override in body.pop("overrides", [])]
        actions.publish(programme=programme, revision=revision, overrides=overrides, by=self.actor, at=now, **body)
        return answer(self.actor, programme)


class ProgrammePause(ProgrammeView):
    scopes = {"post": "homecare:write"}
    audit_action = {"post": "programme.paused"}

    @extend_schema(
        operation_id="programmes_pause", tags=["home programmes"], request=None, responses=shapes.ProgrammeOutput
    )
    def post(self, request: Request, programme_id: UUID) -> Response:
        """Remind of nothing until it goes on."""
        programme = self.lock_programme(programme_id)
        actions.pause_programme(programme=programme, revision=self.read_revision(), by=self.actor, at=timezone.now())
        return answer(self.actor, programme)


class ProgrammeResumption(ProgrammeView):
    scopes = {"post": "homecare:write"}
    audit_action = {"post": "programme.active"}

    @extend_schema(
        operation_id="programmes_resume", tags=["home programmes"], request=None, responses=shapes.ProgrammeOutput
    )
    def post(self, request: Request, programme_id: UUID) -> Response:
        """Go on after a pause. What is known against the programme is checked again."""
        programme = self.lock_programme(programme_id)
        actions.resume_programme(programme=programme, revision=self.read_revision(), by=self.actor, at=timezone.now())
        return answer(self.actor, programme)


class ProgrammeEnd(ProgrammeView):
    scopes = {"post": "homecare:write"}
    audit_action = {"post": "programme.ended"}

    @extend_schema(
        operation_id="programmes_end", tags=["home programmes"], request=None, responses=shapes.ProgrammeOutput
    )
    def post(self, request: Request, programme_id: UUID) -> Response:
        """End it: no more reminders, and its links close."""
        programme = self.lock_programme(programme_id)
        actions.end_programme(programme=programme, revision=self.read_revision(), by=self.actor, at=timezone.now())
        return answer(self.actor, programme)


class ProgrammeReminders(ProgrammeView):
    scopes = {"get": "homecare:read", "post": "homecare:write"}
    audit_action = {"get": "programme.reminders", "post": "programme.remind"}

    @extend_schema(operation_id="programmes_reminders_read", tags=["home programmes"], responses=shapes.RemindersOutput)
    def get(self, request: Request, programme_id: UUID) -> Response:
        """When, and by which channels, the patient is reminded."""
        return self.told(self.get_programme(programme_id))

    @extend_schema(
        operation_id="programmes_reminders_set",
        tags=["home programmes"],
        request=shapes.RemindersInput,
        responses=shapes.RemindersOutput,
    )
    def post(self, request: Request, programme_id: UUID) -> Response:
        """Say when, and by which channels. No channel: not at all. Consent is checked here and again when sending."""
        programme = self.lock_programme(programme_id)
        body = parse(shapes.RemindersInput, request.data)
        actions.set_reminders(programme=programme, by=self.actor, at=timezone.now(), **body)
        return self.told(programme)

    def told(self, programme: Programme) -> Response:
        plan = ReminderPlan.objects.filter(programme=programme).first() or ReminderPlan()
        return Response(
            {
                "channels": plan.channels,
                "times": [at.isoformat() for at in plan.times],
                "weekdays": plan.weekdays,
                "fade_after_weeks": plan.fade_after_weeks,
                "fade_to_days": plan.fade_to_days,
                "time_zone": zone_of(programme.patient).key,
            }
        )


def told(check_in: CheckIn, by: Actor) -> dict[str, Any]:
    return {
        "id": check_in.pk,
        "local_date": check_in.local_date,
        "answered_at": check_in.answered_at,
        "programme_id": check_in.programme_id,
        "session_id": check_in.session_id,
        "after_h": check_in.after_h,
        "pain": check_in.pain,
        "soreness": check_in.soreness,
        "wrong": check_in.wrong,
        "note": check_in.note,
        "answers": [
            {
                "lasting": a.step.lasting,
                "done": a.done,
                "reason": a.reason,
                "discomfort": a.discomfort,
                "held_s": a.held_s,
                "spots": a.spots if contents.CLINICAL_SCOPE in by.scopes else [],
                "checked": a.checked,
            }
            for a in sorted(check_in.answers.all(), key=lambda answer: answer.step.position)
        ],
    }


class ProgrammeCheckIns(ProgrammeView):
    scopes = {"get": "homecare:read"}
    audit_action = {"get": "check_in.list"}

    @extend_schema(
        operation_id="programmes_check_ins_list",
        tags=["home programmes"],
        parameters=PAGED,
        responses=shapes.CheckInPage,
    )
    def get(self, request: Request, programme_id: UUID) -> Response:
        """What the patient answered, newest day first."""
        page = Page(request, key_types=[_day])
        check_ins = CheckIn.objects.filter(programme=self.get_programme(programme_id)).prefetch_related("answers__step")
        if page.after:
            check_ins = check_ins.filter(local_date__lt=page.after[0])
        rows = list(check_ins.order_by("-local_date")[: page.limit + 1])
        return Response(page.answer(rows, lambda c: [c.local_date], lambda some: [told(c, self.actor) for c in some]))


def _day(text: str) -> date:
    return date.fromisoformat(text)


class PatientCheckIns(ClinicView):
    scopes = {"get": "homecare:read"}
    audit_action = {"get": "check_in.list"}

    @extend_schema(
        operation_id="patients_check_ins_list",
        tags=["home programmes"],
        parameters=PAGED,
        responses=shapes.CheckInPage,
    )
    def get(self, request: Request, patient_id: UUID) -> Response:
        """All that a patient answered, of programmes and after needling, newest first."""
        page = Page(request, key_types=[moment, UUID])
        people = identities(clinic_id=self.actor.clinic_id, patient_id=patient_id)
        self.saw(*people)
        check_ins = CheckIn.objects.filter(patient_id__in=people).prefetch_related("answers__step")
        rows = page.rows(check_ins, "-answered_at")
        return Response(
            page.answer(
                rows, lambda c: [c.answered_at.isoformat(), c.pk], lambda some: [told(c, self.actor) for c in some]
            )
        )


class ProgrammeLink(ProgrammeView):
    scopes = {"post": "homecare:write"}
    audit_action = {"post": "programme.send_link"}

    @extend_schema(operation_id="programmes_send_link", tags=["home programmes"], request=None, responses={204: None})
    def post(self, request: Request, programme_id: UUID) -> Response:
        """Send the patient the link to today's page at once; a second time within the minute sends nothing more."""
        actions.send_link_now(programme=self.lock_programme(programme_id), by=self.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class Templates(ClinicView):
    scopes = {"get": "homecare:read", "post": "homecare:write"}
    audit_action = {"get": "template.list", "post": "template.save"}

    @extend_schema(
        operation_id="programme_templates_list",
        tags=["home programmes"],
        parameters=PAGED,
        responses=shapes.TemplatePage,
    )
    def get(self, request: Request) -> Response:
        """The starter programme (without an id), and the clinic's own templates by name."""
        page = Page(request, key_types=[str])
        templates = Template.objects.filter(clinic_id=self.actor.clinic_id)
        if page.after:
            templates = templates.filter(name__gt=page.after[0])
        rows = list(templates.order_by("name")[: page.limit + 1])
        body = page.answer(rows, lambda t: [t.name], lambda some: [template_json(t) for t in some])
        if not page.after:
            starter = contents.tidy({"title": "", "note": "", "steps": rules.starter()})
            body["results"].insert(0, {"id": None, "name": "Starter", "content": starter})
        return Response(body)

    @extend_schema(
        operation_id="programme_templates_save",
        tags=["home programmes"],
        request=shapes.TemplateInput,
        responses={201: shapes.TemplateOutput},
    )
    def post(self, request: Request) -> Response:
        """Keep a programme's content under a name, without what is one patient's."""
        body = parse(shapes.TemplateInput, request.data)
        template = programme_templates.save_template(name=body["name"], content=body["content"], by=self.actor)
        return Response(template_json(template), status=status.HTTP_201_CREATED)


class OneTemplate(ClinicView):
    scopes = {"delete": "homecare:write"}
    audit_action = {"delete": "template.delete"}

    @extend_schema(operation_id="programme_templates_delete", tags=["home programmes"], responses={204: None})
    def delete(self, request: Request, template_id: UUID) -> Response:
        """Throw a template away; programmes that came from it stay."""
        template = get_object_or_404(Template.objects.filter(clinic_id=self.actor.clinic_id), pk=template_id)
        programme_templates.delete_template(template=template, by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


def template_json(template: Template) -> dict[str, Any]:
    return {"id": template.pk, "name": template.name, "content": template.content}


class ProgrammeAdherence(ProgrammeView):
    scopes = {"get": "homecare:read"}
    audit_action = {"get": "programme.adherence"}

    @extend_schema(operation_id="programmes_adherence", tags=["home programmes"], responses=shapes.AdherenceOutput)
    def get(self, request: Request, programme_id: UUID) -> Response:
        """Completed by prescribed, for each step and week, and what that suggests. Nothing changes by itself."""
        programme = self.get_programme(programme_id)
        today = timezone.now().astimezone(zone_of(programme.patient)).date()
        goes = queries.summarize_progress(programme, today=today)
        return Response(
            {
                "steps": [self.course(course.step, course.weeks) for course in goes.courses],
                "days": goes.days,
                "days_answered": goes.days_answered,
                "may_progress": goes.may_progress,
                "regress": goes.regress,
            }
        )

    def course(self, step: Step, weeks: Any) -> dict[str, Any]:
        names = ("starts_on", "prescribed", "done", "partly", "not_done", "unknown")
        week_rows = [{name: getattr(week, name) for name in names} for week in weeks]
        return {"lasting": step.lasting, "exercise": step.exercise, "weeks": week_rows}


class Exercises(ClinicView):
    scopes = {"get": ""}

    @extend_schema(operation_id="exercises_list", tags=["catalogue"], parameters=PAGED, responses=shapes.ExercisePage)
    def get(self, request: Request) -> Response:
        """The exercises with their doses: what is refused, what wants a reason, what is suggested and by whom."""
        return Response(short_list(request, list(rules.EXERCISES.items()), self.told))

    def told(self, entry: tuple[str, rules.Exercise]) -> dict[str, Any]:
        code, exercise = entry
        return {
            "id": code,
            "name": exercise.name,
            "presses": exercise.presses,
            "tools": list(exercise.tools),
            "drawings": list(exercise.drawings),
            "dose": [
                {
                    "name": name,
                    "label": rules.FIELDS[name].label,
                    "unit": rules.FIELDS[name].unit,
                    "block": list(limits.block or rules.FIELDS[name].slip),
                    "soft": list(limits.soft) if limits.soft else None,
                    "suggested": list(limits.suggested) if limits.suggested else None,
                    "source": limits.source,
                }
                for name, limits in exercise.dose.items()
            ],
        }
