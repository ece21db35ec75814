from __future__ import annotations

import re
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.pagination import Page, invalid_parameter
from api.parameters import parameter, uuid_of
from api.permissions import MissingScope
from api.schema import PAGED
from api.views import ClinicView
from changes import queries, rules
from changes.api import serializers as shapes
from changes.models import MARK_LENGTH, ClinicChange
from patients.queries import identities
from records.api.views import AheadOfFeed, OtherFeed, sequence_number

# To be raised with any change of how a page of changes is written: the tags that programs keep must not fit it then.
FORM = 1
ANY_KIND = {"type": "array", "items": {"type": "string", "enum": list(rules.KINDS)}}
KIND = parameter("kind", ANY_KIND, "Only these; may be repeated.")
PATIENT = parameter("patient_id", OpenApiTypes.UUID, "Only this patient's, and those of records merged into it.")


class Changes(ClinicView):
    """A program sees the kinds that its scopes can read, and needs at least one."""

    scopes = {"get": ""}
    audit_action = {"get": "changes.follow"}

    @extend_schema(
        operation_id="changes_list", tags=["changes"], parameters=[*PAGED, KIND, PATIENT], responses=shapes.ChangesPage
    )
    def get(self, request: Request) -> Response:
        """
        Everything that changed, oldest first: signed records, patients, appointments, series, home programmes,
        check-ins and adverse events. Numbers are given in the order of commits and have no gaps, so who follows misses
        nothing. Drafts leave no row; measures, findings and interventions come with their record.

        Kinds whose scope the token lacks are left out, and `complete` is then false. 409 `ahead_of_feed` and
        `other_feed`: the server was restored from a backup; start again, and compare.
        """
        kinds = self.kinds(request)
        page = Page(request, key_types=[sequence_number, mark])
        after, mark_there = self.place(page)
        head = queries.head(self.actor.clinic_id)
        if answer := self.unchanged(FORM, head, mark_there, page.limit, *kinds):
            return answer
        patient_id = uuid_of(request, "patient_id")
        patient_ids = identities(clinic_id=self.actor.clinic_id, patient_id=patient_id) if patient_id else None
        rows = queries.changes_after(
            clinic_id=self.actor.clinic_id, sequence=after, kinds=kinds, limit=page.limit + 1, patient_ids=patient_ids
        )
        shown = rows[: page.limit]
        self.saw(*(row.patient_id for row in shown))
        place = [shown[-1].sequence, shown[-1].mark] if shown else [after, mark_there]
        more = len(rows) > page.limit
        resume, resume_cursor = page.next_url(place), page.cursor(place)
        return Response(
            {
                "results": [change_json(row) for row in shown],
                "next": resume if more else None,
                "next_cursor": resume_cursor if more else None,
                "resume": resume,
                "resume_cursor": resume_cursor,
                "head": head,
                "complete": len(kinds) == len(rules.KINDS) and patient_id is None,
            }
        )

    def kinds(self, request: Request) -> list[str]:
        """
        Return the kinds that this answer shows.

        :raises MissingScope: one that was asked for, or all of them, cannot be read by this token
        """
        wanted = request.query_params.getlist("kind")
        if any(kind not in rules.KINDS for kind in wanted):
            raise invalid_parameter("kind", "invalid.choice", choices=list(rules.KINDS))
        visible = rules.visible_kinds(frozenset(self.actor.scopes))
        missing = next((kind for kind in wanted or list(rules.KINDS)[:1] if kind not in visible), None)
        if missing and (wanted or not visible):
            scope = rules.KINDS[missing]
            raise MissingScope(params={"scope": scope}, extra={"scope": scope})
        return [kind for kind in visible if not wanted or kind in wanted]

    def place(self, page: Page) -> tuple[int, str]:
        """
        Return sequence and mark of the change that the cursor stands behind.

        :raises AheadOfFeed, OtherFeed:
        """
        sequence, known = page.after or (0, queries.BEFORE_FIRST)
        there = queries.mark_at(self.actor.clinic_id, sequence)
        if there is None:
            raise AheadOfFeed
        if there != known:
            raise OtherFeed
        return sequence, there


def mark(value: str) -> str:
    if not re.fullmatch(f"[0-9a-f]{{{MARK_LENGTH}}}", value):
        raise ValueError
    return value


def change_json(change: ClinicChange) -> dict[str, Any]:
    return {
        "sequence": change.sequence,
        "kind": change.kind,
        "action": change.action,
        "id": change.subject_id,
        "patient_id": change.patient_id,
        "revision": change.revision,
        "changed": change.fields,
        "merged_into": change.merged_into_id,
        "at": change.at,
    }
