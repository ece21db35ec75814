"""
The API of a kind of document: list, record, read, change, discard, sign, add to, mark, revise.

The routes of exams and of sessions are these, with the words and shapes of each (`DocumentApi`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar, cast
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
V = TypeVar("V", bound="DocumentView")


@dataclass(frozen=True)
class DocumentApi:
    """
    How one kind of document stands in the API.

    :ivar noun: as sentences and addresses have it; its plural is one letter longer
    :ivar about_recording: what the route that records a draft says of it
    """

    kind: DocumentKind[Any, Any, Any]
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


class DocumentView(ClinicView):
    """A view on documents of one kind. Its address carries one id: the patient's, or the document's."""

    api: ClassVar[DocumentApi]

    @property
    def kind(self) -> DocumentKind[Any, Any, Any]:
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

    def answer(self, document: Document, parts: Any = None, *, number: int = status.HTTP_200_OK) -> Response:
        """A document with its rows; `parts` as in the kind's `content_of`."""
        headers = {"ETag": etag(document.revision)}
        if number == status.HTTP_201_CREATED:
            headers["Location"] = f"/api/v1/{self.api.plural}/{document.pk}/"
        return Response(self.kind.document_json(document, parts), status=number, headers=headers)

    def answer_signed(self, record: Record, number: int = status.HTTP_200_OK) -> Response:
        """The record that a signature made."""
        return Response(signature_json(record), status=number, headers={"Location": f"/api/v1/records/{record.pk}/"})


class PatientDocuments(DocumentView):
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
        body = parse(self.api.new, request.data)
        recorded = self.kind.record(patient_id=self.id_in_path, content=body, by=self.actor, at=timezone.now())
        return self.answer(recorded.document, recorded.parts, number=status.HTTP_201_CREATED)


class OneDocument(DocumentView):
    def get(self, request: Request, **ids: UUID) -> Response:
        return self.answer(self.get_document(with_parts=True))

    def patch(self, request: Request, **ids: UUID) -> Response:
        draft = self.get_draft()
        body = parse(self.api.changes, request.data)
        self.kind.change(document=draft, content=body, by=self.actor, at=timezone.now())
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
    def post(self, request: Request, **ids: UUID) -> Response:
        document_id, revision = self.get_document().pk, self.read_revision()
        return self.answer_signed(
            self.kind.sign(document_id=document_id, revision=revision, by=self.actor, at=timezone.now())
        )


class DocumentAddenda(DocumentView):
    def post(self, request: Request, **ids: UUID) -> Response:
        document, revision = self.get_document(), self.read_revision()
        text = parse(self.api.addendum, request.data)["text"]
        record = self.kind.add_addendum(
            document=document, text=text, revision=revision, by=self.actor, at=timezone.now()
        )
        return self.answer_signed(record, status.HTTP_201_CREATED)


class DocumentEnteredInError(DocumentView):
    def post(self, request: Request, **ids: UUID) -> Response:
        document, revision = self.get_document(), self.read_revision()
        reason = parse(self.api.reason, request.data)["reason"]
        return self.answer_signed(
            self.kind.mark_entered_in_error(
                document=document, reason=reason, revision=revision, by=self.actor, at=timezone.now()
            )
        )


class DocumentRevisions(DocumentView):
    def post(self, request: Request, **ids: UUID) -> Response:
        document, revision = self.get_document(), self.read_revision()
        draft = self.kind.revise(document=document, revision=revision, by=self.actor, at=timezone.now())
        return self.answer(self.kind.rows().with_parts().get(pk=draft.pk), number=status.HTTP_201_CREATED)


# --- Routes ---------------------------------------------------------------------------------------------------


def list_paths(api: DocumentApi) -> list[URLPattern]:
    """Return the routes of a kind of document."""
    one = f"{api.plural}/<uuid:{api.noun}_id>/"
    return [
        path(f"patients/<uuid:patient_id>/{api.plural}/", _list_view(api).as_view(), name=f"patient_{api.plural}"),
        path(one, _document_view(api).as_view(), name=api.noun),
        *(
            path(f"{one}{name}/", view.as_view(), name=f"{api.noun}_{name.replace('-', '_')}")
            for name, view in _command_views(api).items()
        ),
    ]


def _of_kind(api: DocumentApi, base: type[V], name: str, methods: dict[str, str], **schemas: Any) -> type[V]:
    """
    Return a view of this kind of document.

    :param methods: HTTP method to the verb of its audit event
    :param schemas: HTTP method to its `extend_schema`
    """
    view = type(
        name,
        (base,),
        {
            "__module__": __name__,
            "api": api,
            "scopes": {method: api.kind.reads if method == "get" else api.kind.writes for method in methods},
            "audit_action": {method: f"{api.kind.code}.{verb}" for method, verb in methods.items()},
        },
    )
    return cast("type[V]", extend_schema_view(**schemas)(view))


def _list_view(api: DocumentApi) -> type[PatientDocuments]:
    return _of_kind(
        api,
        PatientDocuments,
        f"Patient{api.plural.title()}",
        {"get": "list", "post": "record"},
        get=extend_schema(
            operation_id=f"patients_{api.plural}_list",
            description=f"A patient's {api.plural}, drafts too, newest first.",
            tags=[api.plural],
            parameters=PAGED,
            responses=api.page,
        ),
        post=extend_schema(
            operation_id=f"patients_{api.plural}_create",
            description=api.about_recording,
            tags=[api.plural],
            request=api.new,
            responses={201: api.output},
            examples=[api.example],
        ),
    )


def _document_view(api: DocumentApi) -> type[OneDocument]:
    return _of_kind(
        api,
        OneDocument,
        f"One{api.noun.title()}",
        {"get": "read", "patch": "change", "delete": "discard"},
        get=extend_schema(
            operation_id=f"{api.plural}_read",
            description=f"One {api.noun}, draft or signed.",
            tags=[api.plural],
            responses=api.output,
        ),
        patch=extend_schema(
            operation_id=f"{api.plural}_change",
            description="Change a draft. A list that is sent replaces the whole list.",
            tags=[api.plural],
            request=api.changes,
            responses=api.output,
        ),
        delete=extend_schema(
            operation_id=f"{api.plural}_discard",
            description=f"Throw a draft away. A signed {api.noun} cannot be deleted; it can be entered in error.",
            tags=[api.plural],
            responses={204: None},
        ),
    )


def _command_views(api: DocumentApi) -> dict[str, type[DocumentView]]:
    """Return what can be done to one document: the last part of its address to the view."""
    tags = [api.plural]
    return {
        "sign": _of_kind(
            api,
            DocumentSignature,
            f"{api.noun.title()}Signature",
            {"post": "sign"},
            post=extend_schema(
                operation_id=f"{api.plural}_sign",
                description="Sign: from here on nothing in it changes.",
                tags=tags,
                request=None,
                responses=api.signed,
            ),
        ),
        "addenda": _of_kind(
            api,
            DocumentAddenda,
            f"{api.noun.title()}Addenda",
            {"post": "add_addendum"},
            post=extend_schema(
                operation_id=f"{api.plural}_addenda_create",
                description=f"Add to a signed {api.noun}.",
                tags=tags,
                request=api.addendum,
                responses={201: api.signed},
            ),
        ),
        "entered-in-error": _of_kind(
            api,
            DocumentEnteredInError,
            f"{api.noun.title()}EnteredInError",
            {"post": "mark_entered_in_error"},
            post=extend_schema(
                operation_id=f"{api.plural}_entered_in_error",
                description=f"Say that a signed {api.noun} should never have been. It stays readable, marked.",
                tags=tags,
                request=api.reason,
                responses=api.signed,
            ),
        ),
        "revisions": _of_kind(
            api,
            DocumentRevisions,
            f"{api.noun.title()}Revisions",
            {"post": "revise"},
            post=extend_schema(
                operation_id=f"{api.plural}_revisions_create",
                description=f"Start a new version of a signed {api.noun}: a draft with the same content. Signed, it "
                "supersedes the old.",
                tags=tags,
                request=None,
                responses={201: api.output},
            ),
        ),
    }
