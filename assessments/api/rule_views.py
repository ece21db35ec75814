"""The rule sets and the red flags. The same for everybody, and no patient's data."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.pagination import short_list
from api.schema import PAGED
from api.views import ClinicView
from assessments import red_flag_table as table
from assessments import rules
from assessments.api import serializers as shapes


class RuleSets(ClinicView):
    scopes = {"get": ""}

    @extend_schema(operation_id="rule_sets_list", tags=["catalogue"], parameters=PAGED, responses=shapes.RuleSetPage)
    def get(self, request: Request) -> Response:
        """The rule sets by which findings are classified, with their sources."""

        def show(rule_set: rules.RuleSet) -> dict[str, Any]:
            return {
                "id": rule_set.id,
                "label": rule_set.label,
                "version": rule_set.version,
                "inputs": list(rule_set.formula.inputs()),
                "source": rule_set.source,
            }

        return Response(short_list(request, list(rules.RULE_SETS.values()), show))


class RedFlags(ClinicView):
    scopes = {"get": ""}

    @extend_schema(
        operation_id="red_flags_list", tags=["catalogue"], parameters=PAGED, responses=shapes.RedFlagCodePage
    )
    def get(self, request: Request) -> Response:
        """The red flags, each with what a yes asks for and whether it stops treatment."""

        def show(entry: tuple[str, rules.RedFlag]) -> dict[str, Any]:
            code, flag = entry
            return {
                "id": code,
                "label": flag.label,
                "group": flag.group,
                "question": _(flag.question),
                "suspects": _(flag.suspects),
                "action": flag.action,
                "to_do": _(flag.to_do),
                "newer": _(flag.newer) if flag.newer else "",
                "blocks": flag.blocks,
                "is_emergency": flag.is_emergency,
                "must_be_answered": sorted(flag.asked),
                "before": list(flag.before),
                "names": flag.names,
                "source": flag.source,
            }

        listed = short_list(request, list(rules.RED_FLAGS.items()), show)
        return Response({"version": table.TABLE_VERSION, "reviewed_by_clinician": table.HAS_BEEN_REVIEWED, **listed})
