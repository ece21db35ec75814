from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import orjson
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.pagination import Page, invalid_parameter, moment
from api.rendering import JSON
from api.schema import PAGED
from api.views import ClinicView
from audit import actions as audit
from database import tenancy
from errors.exceptions import Conflict, NotFound
from patients.queries import identities
from records import actions, background, checkpoints, keys, queries, rules
from records.api import serializers as shapes
from records.documents import check_json
from records.models import ChainCheck
from records.verification import MOST_AT_ONCE

KIND = OpenApiParameter("kind", {"type": "string", "enum": rules.KINDS})
SINCE = OpenApiParameter("since", {"type": "string", "format": "date-time"}, description="Not before this moment.")
UNTIL = OpenApiParameter("until", {"type": "string", "format": "date-time"}, description="Before this moment.")
EXPORT_BATCH = 200
HASH_PART = 16  # hexadecimal digits of a record's hash that a cursor of the feed carries
# To be raised with any change of how a page of records is written: the tags that programs keep must not fit it then.
FORM = 1


def filters(request: Request) -> dict[str, Any]:
    """`kind`, `since`, `until` of a request."""
    query = request.query_params
    record_kind = query.get("kind")
    if record_kind is not None and record_kind not in rules.KINDS:
        raise invalid_parameter("kind", "invalid.choice", choices=rules.KINDS)
    values: dict[str, Any] = {"kind": record_kind, "since": None, "until": None}
    for name in ("since", "until"):
        if name in query:
            try:
                # A plus sign that was not escaped arrives as a blank.
                values[name] = moment(query[name].strip().replace(" ", "+"))
            except (ValueError, OverflowError):
                raise invalid_parameter(name, "invalid.moment") from None
    return values


def page_bytes(rows: list[queries.Row], tail: dict[str, Any]) -> bytes:
    """A page's JSON around rows that are JSON already."""
    body = '{"results":[' + ",".join([row.json for row in rows]) + "],"
    return body.encode() + orjson.dumps(tail)[1:]


class PatientHistory(ClinicView):
    scopes = {"get": "records:read"}
    audit_action = {"get": "records.history"}

    @extend_schema(
        operation_id="patients_history",
        tags=["records"],
        parameters=[*PAGED, KIND, SINCE, UNTIL],
        responses=shapes.HistoryPage,
    )
    def get(self, request: Request, patient_id: UUID) -> Response:
        """A patient's signed documents, newest first, those of records merged into this one included."""
        chosen = filters(request)
        page = Page(request, key_types=[moment, int])
        patient_ids = identities(clinic_id=self.actor.clinic_id, patient_id=patient_id)
        self.saw(*patient_ids)
        newest = queries.newest_of(clinic_id=self.actor.clinic_id, patient_ids=patient_ids)
        if answer := self.unchanged(FORM, newest, *patient_ids):
            return answer
        rows = queries.history(
            clinic_id=self.actor.clinic_id,
            patient_ids=patient_ids,
            after=page.after,
            limit=page.limit + 1,
            **chosen,
        )
        page_rows = rows[: page.limit]
        more = len(rows) > page.limit
        following = page.next_url((page_rows[-1].occurred_at, page_rows[-1].sequence)) if more else None
        return Response(page_bytes(page_rows, {"next": following}))


class Records(ClinicView):
    scopes = {"get": "records:read"}
    audit_action = {"get": "records.feed"}

    @extend_schema(
        operation_id="records_list",
        tags=["records"],
        parameters=[*PAGED, KIND, SINCE, UNTIL],
        responses=shapes.FeedPage,
    )
    def get(self, request: Request) -> Response:
        """
        The changes feed: everything signed, oldest first, in commit order. Who follows it misses nothing: a record
        that appears later has a higher sequence. A new version, an addendum and a mark of error are records too.

        A record of entry `erased` says that a patient was erased: its document lists, under `erased`, the id and the
        hash of each record that has no document any more, and every reader must delete its copies of them. It comes
        with any `kind`. The chain of hashes still holds. Of a patient whose record is restricted, `document` is null.

        A cursor knows the record that it stands behind. 409 `ahead_of_feed` says that this feed has no such record yet,
        409 `other_feed` that it has another one in its place: the server was restored from a backup. Then read the feed
        again from its start, and compare.
        """
        chosen = filters(request)
        page = Page(request, key_types=[sequence_number, hash_part], at_least=1)
        after, sha256_part = self.place(page)
        if answer := self.unchanged(FORM, queries.chain_head(self.actor.clinic_id), page.limit):
            return answer
        rows = queries.changes(clinic_id=self.actor.clinic_id, after=after, limit=page.limit + 1, **chosen)
        page_rows = rows[: page.limit]
        self.saw(*(UUID(row.patient_id) for row in page_rows))
        place = [page_rows[-1].sequence, page_rows[-1].sha256[:HASH_PART]] if page_rows else [after, sha256_part]
        resume = page.next_url(place)
        return Response(page_bytes(page_rows, {"next": resume if len(rows) > page.limit else None, "resume": resume}))

    def place(self, page: Page) -> tuple[int, str]:
        """
        Return sequence and hash of the record that the cursor stands behind.

        :raises AheadOfFeed, OtherFeed:
        """
        if page.after is None:
            return 0, rules.GENESIS.hex()[:HASH_PART]
        sequence, *parts = page.after
        sha256 = queries.sha256_at(self.actor.clinic_id, sequence)
        if sha256 is None:
            raise AheadOfFeed
        if parts and not sha256.startswith(parts[0]):
            raise OtherFeed
        return sequence, sha256[:HASH_PART]


class AheadOfFeed(Conflict):
    reason = "ahead_of_feed"


class OtherFeed(Conflict):
    reason = "other_feed"


def hash_part(value: str) -> str:
    if not re.fullmatch(f"[0-9a-f]{{{HASH_PART}}}", value):
        raise ValueError
    return value


def sequence_number(value: str) -> int:
    number = int(value)
    if not 0 <= number < 2**63:
        raise ValueError
    return number


class OneRecord(ClinicView):
    scopes = {"get": "records:read"}
    audit_action = {"get": "records.read"}

    @extend_schema(operation_id="records_read", tags=["records"], responses=shapes.HistoryRecordOutput)
    def get(self, request: Request, record_id: UUID) -> Response:
        """One signed record, with its addenda."""
        row = queries.one(clinic_id=self.actor.clinic_id, record_id=record_id)
        if row is None:
            raise NotFound
        self.saw(UUID(row.patient_id))
        return Response(row.json.encode())


class NDJSON(JSON):
    """The export's own type; what it refuses is a problem document all the same."""

    media_type = "application/x-ndjson"
    format = "ndjson"


class RecordsExport(ClinicView):
    renderer_classes = [JSON, NDJSON]
    scopes = {"get": "records:export"}
    audit_action = {"get": "records.export"}

    @extend_schema(
        operation_id="records_export",
        tags=["records"],
        parameters=[KIND, SINCE, UNTIL],
        responses={(200, "application/x-ndjson"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> Any:
        """Everything signed, oldest first, one record a line, streamed."""
        chosen = filters(request)
        response = StreamingHttpResponse(self._lines(chosen), content_type="application/x-ndjson")
        response["Content-Disposition"] = 'attachment; filename="palpate-records.ndjson"'
        return response

    def _lines(self, chosen: dict[str, Any]) -> Iterator[bytes]:
        """Each batch in a transaction of its own; whose records went out is written down before they go."""
        actor, after = self.actor, 0
        while True:
            with tenancy.scope(actor.clinic_id, user_id=actor.user_id, read_only=True):
                rows = queries.changes(clinic_id=actor.clinic_id, after=after, limit=EXPORT_BATCH, **chosen)
            if not rows:
                return
            audit.log("records.export_batch", by=actor, patient_ids={UUID(row.patient_id) for row in rows})
            after = rows[-1].sequence
            yield "".join([row.json + "\n" for row in rows]).encode()


COMPLETE = OpenApiParameter(
    "complete", bool, description="Read every record, and not only those since the last head that was found whole."
)


class RecordsVerify(ClinicView):
    scopes = {"get": "records:read"}
    audit_action = {"get": "records.verify"}

    @extend_schema(
        operation_id="records_verify",
        tags=["records"],
        parameters=[
            OpenApiParameter("anchor", str, description="SEQUENCE:SHA256 of a head that was kept elsewhere."),
            COMPLETE,
        ],
        responses=shapes.VerificationOutput,
    )
    def get(self, request: Request) -> Response:
        """
        Verify the clinic's chain, and the rows that screens show, from the last head that was found whole. Name the
        first broken link, and say what this cannot show.

        At most 2,000 records are read while you wait; for more, 409 `too_many_to_verify`: post to
        `records/verifications/`.
        """
        text = request.query_params.get("anchor")
        anchor = None
        if text is not None:
            anchor_match = re.fullmatch(r"([0-9]{1,18}):([0-9a-fA-F]{64})", text)
            if not anchor_match:
                raise invalid_parameter("anchor", "invalid.anchor")
            anchor = (int(anchor_match[1]), anchor_match[2])
        complete = request.query_params.get("complete", "false")
        if complete not in {"true", "false"}:
            raise invalid_parameter("complete", "invalid.choice", choices=["true", "false"])
        verification = actions.verify_chain(
            clinic_id=self.actor.clinic_id,
            anchor=anchor,
            complete=complete == "true",
            most=MOST_AT_ONCE,
        )
        return Response(verification)


class Verifications(ClinicView):
    scopes = {"post": "records:read"}
    audit_action = {"post": "records.verify"}

    @extend_schema(
        operation_id="records_verifications_create",
        tags=["records"],
        request=shapes.VerificationInput,
        responses={202: shapes.VerificationState},
    )
    def post(self, request: Request) -> Response:
        """
        Start a verification as a background task; its outcome is kept for good.

        With `checkpoint`, the chain must also be the one of that checkpoint: then a tail that was cut off and a suffix
        that was rewritten are found, up to the checkpoint.
        """
        sent = shapes.VerificationInput(data=request.data)
        sent.is_valid(raise_exception=True)
        text = sent.validated_data["checkpoint"]
        clinic_id = self.actor.clinic_id
        anchor = actions.read_checkpoint(text, clinic_id=clinic_id) if text else None
        check_id = background.start_verification(
            clinic_id=clinic_id, complete=sent.validated_data["complete"], anchor=anchor, by=self.actor
        )
        audit.log("records.start_verification", by=self.actor, target_id=check_id)
        return Response({"id": check_id, "state": "running", "verification": None}, status=202)


class OneVerification(ClinicView):
    scopes = {"get": "records:read"}
    audit_action = {"get": "records.read_verification"}

    @extend_schema(operation_id="records_verifications_read", tags=["records"], responses=shapes.VerificationState)
    def get(self, request: Request, verification_id: UUID) -> Response:
        """Return whether a verification still runs, and its outcome."""
        check = ChainCheck.objects.filter(clinic_id=self.actor.clinic_id, pk=verification_id).first()
        if check is None:
            if not background.is_running(self.actor.clinic_id, verification_id):
                raise NotFound
            return Response({"id": verification_id, "state": "running", "verification": None})
        return Response({"id": check.pk, "state": "done", "verification": check_json(check)})


class RecordsHead(ClinicView):
    scopes = {"get": "records:read"}
    audit_action = {"get": "records.head"}

    @extend_schema(operation_id="records_head", tags=["records"], responses=shapes.HeadOutput)
    def get(self, request: Request) -> Response:
        """The newest record's sequence and SHA-256. Kept outside this database, it is an anchor for verification."""
        sequence, sha256 = queries.head(self.actor.clinic_id)
        return Response({"sequence": sequence, "sha256": sha256})


class RecordsCheckpoint(ClinicView):
    scopes = {"get": "records:read"}
    audit_action = {"get": "records.checkpoint"}

    @extend_schema(operation_id="records_checkpoint", tags=["records"], responses=shapes.CheckpointOutput)
    def get(self, request: Request) -> Response:
        """
        The head as a checkpoint: three lines (origin, sequence, SHA-256) and an Ed25519 signature, as a signed note.

        Keep `checkpoint` where the people who can change this database can't change it. Whoever has the database and
        the key can make another chain with checkpoints of its own; the one that you kept will not fit it. 409
        `no_checkpoint_key` where the server has no key, 409 `chain_broken` where an earlier head is missing.
        """
        checkpoint, note = actions.make_checkpoint(clinic_id=self.actor.clinic_id)
        public = [checkpoints.public_text(key) for key in keys.known_keys()]
        head = {"sequence": checkpoint.sequence, "sha256": checkpoint.sha256}
        return Response({"checkpoint": note, "head": head, "public_keys": public})
