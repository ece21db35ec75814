"""The one base of every API view: who asks, in which clinic, in which transaction, and the trace that is left."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar
from uuid import UUID

from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer2
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.exceptions import APIException, Throttled
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.encoding import (
    THOROUGH,
    choose_coding,
    encode,
    is_known,
    pack,
    tag_of,
    tag_of_bytes,
    with_coding,
    without_coding,
)
from api.models import IdempotencyKey
from api.parameters import check_names
from api.permissions import HasScopes
from api.problems import KeyReused, PreconditionFailed, PreconditionRequired
from audit import actions as audit
from database import tenancy
from errors.exceptions import DomainError, Invalid
from identity.actor import Actor
from identity.proxies import client_address

ENTITY_TAG = re.compile(r'\*|"[\x21\x23-\x7e]*"')
REPLAYED_HEADERS = ["ETag", "Location"]


class ClinicView(APIView):
    """
    A view on one clinic's data.

    A handler runs inside one transaction that sees the actor's clinic alone; for GET, PostgreSQL refuses every
    write in it. Reads and refusals leave an audit event here; a change leaves its own, in its action.

    :cvar scopes: method (lower case) to the scope it needs
    :cvar audit_action: method to the name of the audit event of a read or a refusal
    :cvar keeps_answers: an Idempotency-Key keeps the answer; not where it holds a secret
    :cvar moved_parameters: query parameter to the reason why it is refused, where more can be said than "unknown"
    :cvar tags_content: the answer to GET gets a tag of its bytes, and 304 where the client has them
    :cvar only_reads: a POST is a question whose words should not stand in a URL: it changes nothing and is a look
    """

    permission_classes = [HasScopes]
    scopes: ClassVar[dict[str, str]] = {}
    audit_action: ClassVar[dict[str, str]] = {}
    keeps_answers: ClassVar[bool] = True
    moved_parameters: ClassVar[dict[str, str]] = {}
    only_reads: ClassVar[bool] = False
    tags_content: ClassVar[bool] = False
    tag: str = ""
    request: Request

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """As DRF's, with the clinic's transaction around the handler and the audit event after it."""
        self.args, self.kwargs = args, kwargs
        request.request_id = getattr(request, "request_id", None) or str(uuid.uuid4())
        drf_request = self.initialize_request(request, *args, **kwargs)
        self.request = drf_request
        self.headers = self.default_response_headers
        self.patient_ids: set[UUID] = set()
        self.target_id: UUID | None = None
        self.has_compared = False
        self.is_replay = False
        code = ""
        try:
            self.initial(drf_request, *args, **kwargs)
            handler = self.http_method_not_allowed
            if (drf_request.method or "").lower() in self.http_method_names:
                handler = getattr(self, (drf_request.method or "").lower(), handler)
            response = self.handle(drf_request, handler, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - every error becomes a problem document
            response = self.handle_exception(error)
            code = response.data["code"]
        try:
            self.leave_trace(drf_request, response.status_code, code)
        except Exception as error:  # noqa: BLE001 - a look that cannot be recorded is not given
            response = self.handle_exception(error)
        self.response = self.finalize_response(drf_request, response, *args, **kwargs)
        self.make_small(drf_request)
        if getattr(response, "exception", False):  # a streamed answer is plain Django's
            self.response.content_type = response.content_type
        self.limit_headers(request)
        return self.response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """
        As DRF's; but whoever is refused is counted too, by address: an open door to the audit trail would fill it.

        :raises Invalid: a query parameter that this route does not take, or that comes twice; a change without a body
        """
        try:
            super().initial(request, *args, **kwargs)
        except (APIException, DomainError) as refusal:
            if not isinstance(refusal, Throttled):
                self.check_throttles(request)
            raise
        check_names(self, request, getattr(self, (request.method or "").lower(), None), self.moved_parameters)
        if request.method == "PATCH" and (request.META.get("CONTENT_LENGTH") or "0") == "0":
            raise Invalid.at("", "required.body")

    @property
    def actor(self) -> Actor:
        actor = self.request.auth
        assert isinstance(actor, Actor)
        return actor

    def handle(self, request: Request, handler: Callable[..., Response], *args: Any, **kwargs: Any) -> Response:
        actor = request.auth
        if not isinstance(actor, Actor):
            return handler(request, *args, **kwargs)
        read_only = self.only_reads or request.method in {"GET", "HEAD", "OPTIONS"}
        with tenancy.scope(actor.clinic_id, user_id=actor.user_id, read_only=read_only):
            key = request.headers.get("Idempotency-Key")
            if request.method != "POST" or key is None or not self.keeps_answers:
                return self.act(request, handler, *args, **kwargs)
            return self.once(request, key, lambda: self.act(request, handler, *args, **kwargs))

    def act(self, request: Request, handler: Callable[..., Response], *args: Any, **kwargs: Any) -> Response:
        """
        Run the handler. What it wrote without comparing a sent If-Match is undone: the condition was not met.

        :raises PreconditionFailed:
        """
        read_only = request.method in {"GET", "HEAD", "OPTIONS"}
        tags = set() if read_only else self.sent_tags()
        response = handler(request, *args, **kwargs)
        if tags - {"*"} and not self.has_compared and response.status_code < 400:
            raise PreconditionFailed
        return response

    # --- Retries -----------------------------------------------------------------------------------------------

    def once(self, request: Request, key: str, act: Callable[[], Response]) -> Response:
        """
        Act, or replay the answer that the same key got before. A refusal is not kept: nothing happened.

        The key's row is inserted first, so a second request with the key waits for the first one's commit.

        :raises KeyReused: the key came with another request
        """
        if not 1 <= len(key) <= 255:
            raise Invalid.at("#Idempotency-Key", "invalid.idempotency_key", most=255)
        fingerprint = hashlib.sha256(
            f"{request.method} {request.get_full_path()}\n".encode() + request._request.body
        ).digest()
        row, first = IdempotencyKey.objects.get_or_create(
            clinic_id=self.actor.clinic_id,
            caller=self.actor.key,
            key=key,
            defaults={"fingerprint": fingerprint},
        )
        if not first:
            if bytes(row.fingerprint) != fingerprint:
                raise KeyReused
            return self.replay(row)
        response = act()
        row.status = response.status_code
        row.headers = {name: response[name] for name in REPLAYED_HEADERS if name in response}
        row.body = self.get_renderers()[0].render(response.data)
        row.save(update_fields=["status", "headers", "body"])
        return response

    def replay(self, row: IdempotencyKey) -> Response:
        self.is_replay = True  # nothing is done again, but somebody sees the answer
        self.saw(*(value for name, value in self.kwargs.items() if name == "patient_id"))
        headers = {**row.headers, "Idempotency-Replayed": "true"}
        return Response(bytes(row.body or b""), status=row.status, headers=headers)

    # --- Bytes -------------------------------------------------------------------------------------------------

    def unchanged(self, *facts: object) -> Response | None:
        """
        Give the answer an entity tag that changes with these facts and with its address; 304 if the client has it.

        The facts are what decides the answer, and cheap to read. A look that was answered so is recorded like any.
        """
        self.tag = tag_of(self.request.build_absolute_uri(), *facts)
        if is_known(self.request.headers.get("If-None-Match", ""), self.tag):
            return Response(status=304)
        return None

    def make_small(self, request: Request) -> None:
        """Set the tag, and compress what a token asked for; see `api.encoding`."""
        response, http = self.response, request._request
        # What is only read is the same for everybody, or has a tag already; a revision's tag is its own.
        if self.tag and response.status_code in (200, 304):
            response["ETag"] = self.tag
        by_token = isinstance(request.auth, Actor) and "HTTP_AUTHORIZATION" in request.META
        if isinstance(response, StreamingHttpResponse):
            if by_token:
                encode(http, response)
            return

        def finish(rendered: Any) -> None:
            if self.tags_content and rendered.status_code == 200 and request.method in ("GET", "HEAD"):
                rendered["ETag"] = tag_of_bytes(rendered.content)
                if is_known(http.headers.get("If-None-Match", ""), rendered["ETag"]):
                    rendered.status_code, rendered.content = 304, b""
            if by_token:
                encode(http, rendered)

        response.add_post_render_callback(finish)

    # --- Edits -------------------------------------------------------------------------------------------------

    def check_precondition(self, revision: int) -> None:
        """
        Compare If-Match with the row's revision, read under its lock.

        :raises PreconditionRequired: there is no If-Match
        :raises PreconditionFailed: somebody has changed the row since
        """
        tags = self.sent_tags()
        if not tags:
            raise PreconditionRequired
        self.has_compared = True
        if "*" not in tags and etag(revision) not in tags:
            raise PreconditionFailed

    def read_revision(self) -> int:
        """
        Return the revision that the program has read, for an action that compares it.

        :raises PreconditionRequired: there is no If-Match, or `*`: that says nothing of what was read
        :raises PreconditionFailed: it is no revision of ours
        """
        tags = self.sent_tags()
        if not tags or "*" in tags:
            raise PreconditionRequired
        self.has_compared = True
        number = next(iter(tags)).strip('"')
        if len(tags) > 1 or not (number.isascii() and number.isdigit()):
            raise PreconditionFailed
        return int(number)

    def sent_tags(self) -> set[str]:
        """
        Return the entity tags of If-Match.

        :raises Invalid: one is not in quotes
        """
        header = self.request.headers.get("If-Match")
        if header is None:
            return set()
        tags = {without_coding(tag.strip().removeprefix("W/")) for tag in header.split(",")}
        if any(not ENTITY_TAG.fullmatch(tag) for tag in tags):
            raise Invalid.at("#If-Match", "invalid.if_match")
        return tags

    # --- The trace ---------------------------------------------------------------------------------------------

    def saw(self, *patient_ids: UUID, target_id: UUID | None = None) -> None:
        """Note whose data this answer carries (or refused to), for the audit event."""
        self.patient_ids.update(patient_ids)
        self.target_id = target_id or self.target_id

    def leave_trace(self, request: Request, status_code: int, code: str) -> None:
        method = "get" if request.method == "HEAD" else (request.method or "").lower()
        action = self.audit_action.get(method)
        wrote = method != "get" and status_code < 400 and not self.only_reads
        if action is None or (wrote and not self.is_replay):
            return
        if self.is_replay:
            code = "replayed"
        outcome = "ok" if status_code < 400 else "failed" if status_code >= 500 else "refused"
        if outcome == "failed" and not connection.is_usable():
            connection.close()
        auth = getattr(request, "_auth", None)
        actor = auth if isinstance(auth, Actor) else None
        request_id = request._request.request_id  # type: ignore[attr-defined] # set by AccessLog
        if actor is None:
            ip = client_address(request) or None
            audit.log_stranger(action, outcome=outcome, code=code, ip=ip, request_id=request_id)
            return
        audit.log(
            action,
            by=actor,
            target_id=self.target_id or as_uuid(next(iter(self.kwargs.values()), None)),
            patient_ids=self.patient_ids,
            outcome=outcome,
            code=code,
            ip=client_address(request) or None,
            request_id=request_id,
        )

    def limit_headers(self, request: Any) -> None:
        limit = getattr(request, "rate_limit", None)
        if limit:
            total, left, reset_s = limit
            self.response["RateLimit-Policy"] = f'"requests";q={total};w=60'
            self.response["RateLimit"] = f'"requests";r={left};t={reset_s}'
        self.response["Cache-Control"] = "no-store"
        self.response["X-Request-ID"] = request.request_id


class SchemaDocument(SpectacularJSONAPIView):
    """
    The OpenAPI document; its parameters are refused like those of other routes.

    It follows from the code and is nobody's, so a process builds and compresses it once; anybody may keep it.
    """

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """:raises Invalid: a query parameter that this route does not take"""
        super().initial(request, *args, **kwargs)
        check_names(self, request, self.get, {})

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        coding = choose_coding(request.headers.get("Accept-Encoding", ""))
        document, tag = _schema(coding)
        headers = {"ETag": tag, "Vary": "Accept-Encoding", "Cache-Control": "no-cache"}
        if is_known(request.headers.get("If-None-Match", ""), without_coding(tag)):
            return HttpResponse(status=304, headers=headers)
        if coding:
            headers["Content-Encoding"] = coding
        return HttpResponse(document, content_type="application/vnd.oai.openapi+json", headers=headers)


@cache
def _schema(coding: str) -> tuple[bytes, str]:
    """The document in a coding (empty: as it is), and its tag."""
    if coding:
        document, tag = _schema("")
        return pack(document, coding, THOROUGH[coding]), with_coding(tag, coding)
    schema = SchemaGenerator().get_schema(request=None, public=True)
    document = OpenApiJsonRenderer2().render(schema, renderer_context={})
    return document, tag_of_bytes(document)


def as_uuid(value: object) -> UUID | None:
    return value if isinstance(value, UUID) else None


def etag(revision: int) -> str:
    return f'"{revision}"'
