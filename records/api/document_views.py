"""
The API of a kind of document: list, record, read, change, discard, sign, add to, mark, revise.

The routes of exams and of sessions are these, with the words and shapes of each (`DocumentApi`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, cast
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import parse
from api.pagination import Page, moment
from api.schema import PAGED
from api.views import ClinicView, etag
from patients.queries import identities
from records.documents import signature_json
from records.kinds import DocumentKind
from records.models import Document, Record

Shape = type[serializers.Serializer[Any]]


@dataclass(frozen=True)
class DocumentApi:
    """
    How one kind of document stands in the API.

    :ivar noun: as sentences and addresses have it; its plural is one letter longer
    :ivar about_recording: what the route that records a draft says of it
    """

    kind: DocumentKind[Any, Any, Any, Any]
    noun: str
    about_recording: str
    example: OpenApiExample
    new: Shape
    changes: Shape
    output: Shape
    page: Shape
    signed: Shape
    addendum: Shape
    reason: Shape

    @property
    def plural(self) -> str:
        return f"{self.noun}s"


@dataclass(frozen=True)
class Operation:
    """
    One method of a route: what the OpenAPI document says of it, in the words of a kind of document.

    :ivar verb: of its audit event
    :ivar request, response: names of the shapes in `DocumentApi`; empty: there is no body
    """

    verb: str
    id: str
    about: str
    request: str = ""
    response: str = ""
    status: int = status.HTTP_200_OK
    is_paged: bool = False

    def describe(self, api: DocumentApi) -> Any:
        names = {"noun": api.noun, "plural": api.plural, "about_recording": api.about_recording}
        return extend_schema(
            operation_id=self.id.format(**names),
            description=self.about.format(**names),
            tags=[api.plural],
            parameters=PAGED if self.is_paged else None,
            request=getattr(api, self.request) if self.request else None,
            responses={self.status: getattr(api, self.response) if self.response else None},
            examples=[api.example] if self.request == "new" else None,
        )


class DocumentView(ClinicView):
    """A view on documents of one kind. Its address carries one id: the patient's, or the document's."""

    api: ClassVar[DocumentApi]
    operations: ClassVar[dict[str, Operation]]

    @property
    def kind(self) -> DocumentKind[Any, Any, Any, Any]:
        return self.api.kind

    @property
    def id_in_path(self) -> UUID:
        (value,) = self.kwargs.values()
        return UUID(str(value))

    def get_document(self, *, with_parts: bool = False) -> Any:
        """:raises Http404: there is none in this clinic"""
        visible = self.kind.rows().visible_to(self.actor)
        document = get_object_or_404(visible.with_parts() if with_parts else visible, pk=self.id_in_path)
        self.saw(document.patient_id)
        return document

    def answer(self, document: Document, parts: object = None, *, number: int = status.HTTP_200_OK) -> Response:
        """A document with its rows; `parts` as in the kind's `content_of`."""
        headers = {"ETag": etag(document.revision)}
        if number == status.HTTP_201_CREATED:
            headers["Location"] = f"/api/v1/{self.api.plural}/{document.pk}/"
        return Response(self.kind.document_json(document, parts), status=number, headers=headers)

    def answer_signed(self, record: Record, number: int = status.HTTP_200_OK) -> Response:
        """The record that a signature made."""
        return Response(signature_json(record), status=number, headers={"Location": f"/api/v1/records/{record.pk}/"})


class PatientDocuments(DocumentView):
    operations = {
        "get": Operation(
            "list",
            "patients_{plural}_list",
            "A patient's {plural}, drafts too, newest first.",
            response="page",
            is_paged=True,
        ),
        "post": Operation(
            "record",
            "patients_{plural}_create",
            "{about_recording}",
            request="new",
            response="output",
            status=status.HTTP_201_CREATED,
        ),
    }

    def get(self, request: Request, **ids: UUID) -> Response:
        page = Page(request, key_types=[moment, UUID])
        patient_ids = identities(clinic_id=self.actor.clinic_id, patient_id=self.id_in_path)
        self.saw(*patient_ids)
        documents = self.kind.rows().visible_to(self.actor).of_patients(patient_ids)
        rows = page.rows(documents.with_parts(), "-performed_at")
        return Response(
            page.answer(
                rows,
                lambda document: (document.performed_at.isoformat(), document.pk),
                lambda shown: [self.kind.document_json(document) for document in shown],
            )
        )

    def post(self, request: Request, **ids: UUID) -> Response:
        content = self.kind.read(parse(self.api.new, request.data))
        recorded = self.kind.record(patient_id=self.id_in_path, content=content, by=self.actor, at=timezone.now())
        return self.answer(recorded.document, recorded.parts, number=status.HTTP_201_CREATED)


class OneDocument(DocumentView):
    operations = {
        "get": Operation("read", "{plural}_read", "One {noun}, draft or signed.", response="output"),
        "patch": Operation(
            "change",
            "{plural}_change",
            "Change a draft. A list that is sent replaces the whole list.",
            request="changes",
            response="output",
        ),
        "delete": Operation(
            "discard",
            "{plural}_discard",
            "Throw a draft away. A signed {noun} cannot be deleted; it can be entered in error.",
            status=status.HTTP_204_NO_CONTENT,
        ),
    }

    def get(self, request: Request, **ids: UUID) -> Response:
        return self.answer(self.get_document(with_parts=True))

    def patch(self, request: Request, **ids: UUID) -> Response:
        draft = self.get_draft()
        content = self.kind.read(parse(self.api.changes, request.data))
        self.kind.change(document=draft, content=content, by=self.actor, at=timezone.now())
        return self.answer(self.kind.rows().with_parts().get(pk=draft.pk))

    def delete(self, request: Request, **ids: UUID) -> Response:
        self.kind.discard(document=self.get_draft(), by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def get_draft(self) -> Any:
        """Return the draft, locked, in the state that the program has read."""
        document = self.get_document()
        if "If-Match" not in self.request.headers:
            self.check_precondition(document.revision)
        draft = self.kind.lock_draft(document_id=document.pk, with_parts=False)
        self.check_precondition(draft.revision)
        return draft


class DocumentSignature(DocumentView):
    operations = {
        "post": Operation("sign", "{plural}_sign", "Sign: from here on nothing in it changes.", response="signed")
    }

    def post(self, request: Request, **ids: UUID) -> Response:
        document_id, revision = self.get_document().pk, self.read_revision()
        return self.answer_signed(
            self.kind.sign(document_id=document_id, revision=revision, by=self.actor, at=timezone.now())
        )


class DocumentAddenda(DocumentView):
    operations = {
        "post": Operation(
            "add_addendum",
            "{plural}_addenda_create",
            "Add to a signed {noun}.",
            request="addendum",
            response="signed",
            status=status.HTTP_201_CREATED,
        )
    }

    def post(self, request: Request, **ids: UUID) -> Response:
        document, revision = self.get_document(), self.read_revision()
        text = parse(self.api.addendum, request.data)["text"]
        record = self.kind.add_addendum(
            document=document, text=text, revision=revision, by=self.actor, at=timezone.now()
        )
        return self.answer_signed(record, status.HTTP_201_CREATED)


class DocumentEnteredInError(DocumentView):
    operations = {
        "post": Operation(
            "mark_entered_in_error",
            "{plural}_entered_in_error",
            "Say that a signed {noun} should never have been. It stays readable, marked.",
            request="reason",
            response="signed",
        )
    }

    def post(self, request: Request, **ids: UUID) -> Response:
        document, revision = self.get_document(), self.read_revision()
        reason = parse(self.api.reason, request.data)["reason"]
        return self.answer_signed(
            self.kind.mark_entered_in_error(
                document=document, reason=reason, revision=revision, by=self.actor, at=timezone.now()
            )
        )


class DocumentRevisions(DocumentView):
    operations = {
        "post": Operation(
            "revise",
            "{plural}_revisions_create",
            "Start a new version of a signed {noun}: a draft with the same content. Signed, it supersedes the old.",
            response="output",
            status=status.HTTP_201_CREATED,
        )
    }

    def post(self, request: Request, **ids: UUID) -> Response:
        document, revision = self.get_document(), self.read_revision()
        draft = self.kind.revise(document=document, revision=revision, by=self.actor, at=timezone.now())
        return self.answer(self.kind.rows().with_parts().get(pk=draft.pk), number=status.HTTP_201_CREATED)


# --- Routes ---------------------------------------------------------------------------------------------------

COMMANDS: dict[str, type[DocumentView]] = {
    "sign": DocumentSignature,
    "addenda": DocumentAddenda,
    "entered-in-error": DocumentEnteredInError,
    "revisions": DocumentRevisions,
}


def list_paths(api: DocumentApi) -> list[URLPattern]:
    """Return the routes of a kind of document."""
    one = f"{api.plural}/<uuid:{api.noun}_id>/"
    return [
        path(
            f"patients/<uuid:patient_id>/{api.plural}/", make_view(api, PatientDocuments), name=f"patient_{api.plural}"
        ),
        path(one, make_view(api, OneDocument), name=api.noun),
        *(
            path(f"{one}{name}/", make_view(api, view), name=f"{api.noun}_{name.replace('-', '_')}")
            for name, view in COMMANDS.items()
        ),
    ]


def make_view(api: DocumentApi, base: type[DocumentView]) -> Any:
    """Return the view of this kind of document, with its schemas, its scopes and the names of its audit events."""
    own = {
        "__module__": base.__module__,
        "api": api,
        "scopes": {method: api.kind.reads if method == "get" else api.kind.writes for method in base.operations},
        "audit_action": {method: f"{api.kind.code}.{about.verb}" for method, about in base.operations.items()},
    }
    view = cast("type[DocumentView]", type(f"{api.noun.title()}{base.__name__}", (base,), own))
    schemas = {method: about.describe(api) for method, about in base.operations.items()}
    return extend_schema_view(**schemas)(view).as_view()
