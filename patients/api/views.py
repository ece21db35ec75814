from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from api.bodies import takes_large_body
from api.fields import parse
from api.pagination import Page, invalid_parameter, moment
from api.schema import PAGED
from api.views import ClinicView, etag
from errors.exceptions import Invalid, NotFound
from identity.actor import Actor
from patients import actions, own_medicines, rules
from patients.api import serializers as shapes
from patients.duplicates import as_json, possible_duplicates
from patients.importing.reports import OUTCOMES
from patients.importing.runs import import_files
from patients.importing.undoing import undo_import
from patients.models import ImportRun, OwnMedicine, Patient
from patients.reading.files import Source
from patients.recognition.medicines import Own
from patients.search import matching

EXAMPLE = OpenApiExample(
    "A patient on warfarin",
    request_only=True,
    value={
        "family_name": "Okafor",
        "given_names": "Ada",
        "birth_date": "1980-02-03",
        "sex": "female",
        "external_ids": [{"system": "https://registry.example/patients", "value": "A-4711"}],
        "contact": {"email": "ada@example.org", "phone": None, "consent": {"email": "granted"}},
        "alerts": [{"code": "anticoagulant", "note": "warfarin"}],
    },
)


def storable(text: str) -> str:
    """:raises ValueError: PostgreSQL has no such text"""
    if "\x00" in text:
        raise ValueError
    return text


class Patients(ClinicView):
    scopes = {"get": "patients:read", "post": "patients:write"}
    audit_action = {"get": "patient.search", "post": "patient.register"}
    moved_parameters = {"q": "invalid.search_by_post", "birth_date": "invalid.search_by_post"}

    @extend_schema(
        operation_id="patients_list",
        tags=["patients"],
        parameters=[
            *PAGED,
            OpenApiParameter("external_id", str, description="`value`, or `system|value`."),
            OpenApiParameter("status", {"type": "string", "enum": rules.STATUSES}),
        ],
        responses=shapes.PatientPage,
    )
    def get(self, request: Request) -> Response:
        """
        Patients in the order of their names; merged ones are left out, unless asked for by external id.

        Names and birth dates do not belong into URLs: `POST /patients/search/` takes them.
        """
        page = Page(request, key_types=[storable, UUID])
        query = request.query_params
        if "\x00" in "".join(str(value) for value in query.values()):
            raise invalid_parameter("external_id", "invalid.nul")
        if "status" in query and query["status"] not in rules.STATUSES:
            raise invalid_parameter("status", "invalid.choice", choices=rules.STATUSES)
        wanted = {name: query[name] for name in ("external_id", "status") if name in query}
        patients = filtered(self.actor, wanted, page)
        rows = page.rows(patients.with_everything(), "sort_name")
        self.saw(*(patient.pk for patient in rows[: page.limit]))
        return Response(
            page.answer(rows, lambda p: (p.sort_name, p.pk), lambda shown: [shapes.patient_json(p) for p in shown])
        )

    @extend_schema(
        operation_id="patients_create",
        tags=["patients"],
        request=shapes.NewPatientInput,
        responses={201: shapes.SavedPatientOutput},
        examples=[EXAMPLE],
    )
    def post(self, request: Request) -> Response:
        """Register a patient. `possible_duplicates` warns of patients who may be the same person."""
        body = parse(shapes.NewPatientInput, request.data)
        sent = shapes.to_action(body)
        patient = actions.register_patient(
            details=sent["details"],
            identifiers=sent["identifiers"] or (),
            alerts=sent["alerts"] or (),
            conditions=sent["conditions"] or (),
            medications=sent["medications"] or (),
            by=self.actor,
            at=timezone.now(),
        )
        answer = saved_json(self, patient)
        headers = {"ETag": etag(patient.revision), "Location": f"/api/v1/patients/{patient.pk}/"}
        return Response(answer, status=status.HTTP_201_CREATED, headers=headers)


class PatientSearch(ClinicView):
    scopes = {"post": "patients:read"}
    audit_action = {"post": "patient.search"}
    keeps_answers = False
    only_reads = True

    @extend_schema(
        operation_id="patients_search",
        tags=["patients"],
        request=shapes.PatientSearchInput,
        responses={200: shapes.PatientSearchPage},
    )
    def post(self, request: Request) -> Response:
        """
        Find patients by names or parts of them, by number, phone or birth date, in the order of their names.

        Letters with and without accents, ü, ue and u are the same; if nobody is found, each word may have one typo.

        A POST, so that nobody's name stands in a URL; it changes nothing, and its answer is not kept for retries. For
        the next page, send the same with `next_cursor` as `cursor`.
        """
        body = parse(shapes.PatientSearchInput, request.data)
        page = Page(request, key_types=[storable, UUID], limit=body["limit"], cursor=body["cursor"] or None)
        rows = page.rows(filtered(self.actor, body, page).with_everything(), "sort_name")
        visible = rows[: page.limit]
        self.saw(*(patient.pk for patient in visible))
        more = len(rows) > page.limit
        cursor = page.cursor((visible[-1].sort_name, visible[-1].pk)) if more else None
        return Response({"results": [shapes.patient_json(patient) for patient in visible], "next_cursor": cursor})


def filtered(actor: Actor, wanted: Mapping[str, Any], page: Page) -> Any:
    """The clinic's patients that a search asks for: `q`, `external_id`, `birth_date`, `status`."""
    patients = Patient.objects.visible_to(actor)
    patients = (
        patients.with_identifier(wanted["external_id"]) if wanted.get("external_id") else patients.living_record()
    )
    facts = {name: wanted[name] for name in ("birth_date", "status") if wanted.get(name)}
    patients = patients.filter(**facts)
    if str(wanted.get("q") or "").strip():
        if wanted.get("external_id"):
            facts["in"] = patients
        place = (page.after[0], page.after[1]) if page.after else None
        patients = matching(patients, wanted["q"], first=page.limit + 1, after=place, **facts)
    return patients


class OnePatient(ClinicView):
    scopes = {"get": "patients:read", "patch": "patients:write"}
    audit_action = {"get": "patient.read", "patch": "patient.change"}

    @extend_schema(operation_id="patients_read", tags=["patients"], responses=shapes.PatientOutput)
    def get(self, request: Request, patient_id: UUID) -> Response:
        """One patient. A merged record says in `merged_into` where it went."""
        patient = get_object_or_404(Patient.objects.visible_to(self.actor).with_everything(), pk=patient_id)
        self.saw(patient.pk)
        return Response(shapes.patient_json(patient), headers={"ETag": etag(patient.revision)})

    @extend_schema(
        operation_id="patients_change",
        tags=["patients"],
        request=shapes.PatientChanges,
        responses=shapes.SavedPatientOutput,
    )
    def patch(self, request: Request, patient_id: UUID) -> Response:
        """
        Change what is sent, leave the rest.

        Two people at once: with `If-Match` of the revision that was read, the later one is refused (412) and reads
        again. With `seen`, the fields are merged one by one.
        """
        visible = Patient.objects.visible_to(self.actor)
        patient = get_object_or_404(visible.select_for_update(of=("self",), no_key=True), pk=patient_id)
        self.saw(patient.pk)
        self.check_precondition(patient.revision)
        body = parse(shapes.PatientChanges, request.data)
        sent = shapes.to_action(body)
        actions.change_patient(
            patient=patient,
            changes=sent["details"],
            seen=sent["seen"],
            conditions=sent["conditions"],
            medications=sent["medications"],
            identifiers=sent["identifiers"],
            alerts=sent["alerts"],
            alerts_ended_reason=sent["alerts_ended_reason"],
            by=self.actor,
            at=timezone.now(),
        )
        answer = saved_json(self, patient)
        return Response(answer, headers={"ETag": etag(answer["revision"])})


class PatientDuplicates(ClinicView):
    scopes = {"get": "patients:read", "post": "patients:write"}
    audit_action = {"get": "patient.duplicates", "post": "patient.two_people"}

    @extend_schema(operation_id="patients_duplicates", tags=["patients"], responses=shapes.DuplicatesOutput)
    def get(self, request: Request, patient_id: UUID) -> Response:
        """Other patients who may be the same person, the likeliest first, and what is alike."""
        patient = get_object_or_404(Patient.objects.visible_to(self.actor), pk=patient_id)
        self.saw(patient.pk)
        return Response({"possible_duplicates": found_json(self, patient)})

    @extend_schema(
        operation_id="patients_two_people",
        tags=["patients"],
        request=shapes.TwoPeopleInput,
        responses=shapes.DuplicatesOutput,
    )
    def post(self, request: Request, patient_id: UUID) -> Response:
        """Say that this patient and another are two people: they are no longer reported. Answers with the rest."""
        patient = get_object_or_404(Patient.objects.visible_to(self.actor), pk=patient_id)
        self.saw(patient.pk)
        body = parse(shapes.TwoPeopleInput, request.data)
        try:
            actions.say_two_people(patient_id=patient.pk, other_id=body["other"], by=self.actor, at=timezone.now())
        except NotFound:
            raise Invalid.at("/other", "unknown.other_patient") from None
        return Response({"possible_duplicates": found_json(self, patient)})


def found_json(view: ClinicView, patient: Patient) -> list[dict[str, Any]]:
    found = possible_duplicates(patient, clinic_id=patient.clinic_id)
    view.saw(*(one.patient.pk for one in found))
    return as_json(found)


def saved_json(view: ClinicView, patient: Patient) -> dict[str, Any]:
    """A patient as they are now, and who may be the same person."""
    fresh = Patient.objects.with_everything().get(pk=patient.pk)
    return shapes.patient_json(fresh) | {"possible_duplicates": found_json(view, fresh)}


class PatientMerge(ClinicView):
    scopes = {"post": "patients:merge"}
    audit_action = {"post": "patient.merge"}

    @extend_schema(
        operation_id="patients_merge",
        tags=["patients"],
        request=shapes.MergeInput,
        responses=shapes.PatientOutput,
    )
    def post(self, request: Request, patient_id: UUID) -> Response:
        """Merge this patient into another. Answers with the survivor; this id goes on to say where it went."""
        visible = Patient.objects.visible_to(self.actor)
        patient = get_object_or_404(visible, pk=patient_id)
        self.saw(patient.pk)
        revision = self.read_revision()
        body = parse(shapes.MergeInput, request.data)
        survivor = actions.merge_patients(
            patient_id=patient.pk,
            into_id=body["into"],
            reason=body["reason"],
            revision=revision,
            into_revision=body["into_revision"],
            by=self.actor,
            at=timezone.now(),
        )
        fresh = visible.with_everything().get(pk=survivor.pk)
        return Response(shapes.patient_json(fresh), headers={"ETag": etag(fresh.revision)})


@takes_large_body
class PatientImports(ClinicView):
    scopes = {"get": "patients:write", "post": "patients:write"}
    audit_action = {"get": "patient.imports", "post": "patient.import"}

    @extend_schema(
        operation_id="patients_imports_list", tags=["patients"], parameters=PAGED, responses=shapes.ImportRunPage
    )
    def get(self, request: Request) -> Response:
        """The imports of the clinic, newest first, without their lines."""
        page = Page(request, key_types=[moment, UUID])
        rows = page.rows(ImportRun.objects.filter(clinic_id=self.actor.clinic_id), "-started_at")
        return Response(
            page.answer(
                rows, lambda run: [run.started_at.isoformat(), run.pk], lambda shown: [run_json(run) for run in shown]
            )
        )

    @extend_schema(
        operation_id="patients_import",
        tags=["patients"],
        request=shapes.ImportInput,
        responses=shapes.ImportReportOutput,
    )
    def post(self, request: Request) -> Response:
        """Import patients from a FHIR R4 bundle, NDJSON or CSV. Sent twice, the second time changes nothing."""
        sent = parse(shapes.ImportInput, request.data)
        content = sent["content"].encode("utf-8", "surrogatepass")
        source = Source(
            sent["name"], sent["format"], lambda: io.BytesIO(content), sent.get("columns") or {}, sent["system"]
        )
        report = import_files([source], dry_run=sent["dry_run"], by=self.actor, at=timezone.now())
        return Response(report.as_dict())


def run_json(run: ImportRun) -> dict[str, Any]:
    counts = {name: run.counts.get(name, 0) for name in OUTCOMES}
    names = ("id", "started_at", "by_user_id", "by_client_id", "files", "undone_at", "undone_by_user_id", "revision")
    last_day = run.started_at + timedelta(days=rules.UNDO_DAYS)
    return {**{name: getattr(run, name) for name in names}, **counts, "can_be_undone_until": last_day}


class ImportView(ClinicView):
    def get_run(self, run_id: UUID) -> ImportRun:
        return get_object_or_404(ImportRun.objects.filter(clinic_id=self.actor.clinic_id), pk=run_id)


class OneImport(ImportView):
    scopes = {"get": "patients:write"}
    audit_action = {"get": "patient.import_read"}

    @extend_schema(operation_id="patients_imports_read", tags=["patients"], responses=shapes.OneImportRunOutput)
    def get(self, request: Request, run_id: UUID) -> Response:
        """What an import did: its counts and the first lines of its report."""
        run = self.get_run(run_id)
        patients = {pk for line in run.lines for pk in [line["patient_id"], *line["other_patient_ids"]] if pk}
        self.saw(*(UUID(pk) for pk in patients))
        return Response({**run_json(run), "lines": run.lines}, headers={"ETag": etag(run.revision)})


class ImportUndo(ImportView):
    scopes = {"post": "patients:write"}
    audit_action = {"post": "patient.import_undo"}

    @extend_schema(operation_id="patients_imports_undo", tags=["patients"], request=None, responses=shapes.UndoneOutput)
    def post(self, request: Request, run_id: UUID) -> Response:
        """
        Undo an import, for 30 days: what it registered is removed, what it changed and nobody edited since is put back.

        `409 import_undone` or `too_late_to_undo`.
        """
        run, revision = self.get_run(run_id), self.read_revision()
        undone = undo_import(run_id=run.pk, revision=revision, by=self.actor, at=timezone.now())
        self.saw(*(UUID(pk) for pk in undone.kept_ids))
        return Response({"removed": undone.removed, "restored": undone.restored, "kept_ids": list(undone.kept_ids)})


# --- The clinic's own table of medicines ------------------------------------------------------------------------


def medicine_json(line: OwnMedicine) -> dict[str, Any]:
    return {name: getattr(line, name) for name in ("id", "system", "code", "name", "alert")}


class Medicines(ClinicView):
    scopes = {"get": "patients:read", "post": "safety:manage"}
    audit_action = {"get": "medicines.list", "post": "medicines.add"}

    @extend_schema(operation_id="medicines_list", tags=["patients"], parameters=PAGED, responses=shapes.MedicinePage)
    def get(self, request: Request) -> Response:
        """The clinic's own table of medicines, in the order in which the lines were added."""
        page = Page(request, key_types=[UUID])
        lines = OwnMedicine.objects.filter(clinic_id=self.actor.clinic_id)
        if page.after:
            lines = lines.filter(pk__gt=page.after[0])
        rows = list(lines.order_by("pk")[: page.limit + 1])
        return Response(page.answer(rows, lambda line: [line.pk], lambda shown: [medicine_json(one) for one in shown]))

    @extend_schema(
        operation_id="medicines_add",
        tags=["patients"],
        request=shapes.MedicineInput,
        responses={201: shapes.MedicineOutput},
    )
    def post(self, request: Request) -> Response:
        """
        Add a line: it comes before the product's own table wherever a medicine is looked at. Only the clinic's owner.

        Patients who are recorded already are not looked at again.
        """
        line = Own(**parse(shapes.MedicineInput, request.data))
        row = own_medicines.add_medicine(line=line, by=self.actor)
        return Response(medicine_json(row), status=status.HTTP_201_CREATED)


class OneMedicine(ClinicView):
    scopes = {"delete": "safety:manage"}
    audit_action = {"delete": "medicines.remove"}

    @extend_schema(operation_id="medicines_remove", tags=["patients"], responses={204: None})
    def delete(self, request: Request, medicine_id: UUID) -> Response:
        """Remove a line; alerts that it has raised stay. Only the clinic's owner."""
        own_medicines.remove_medicine(medicine_id=medicine_id, by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)
