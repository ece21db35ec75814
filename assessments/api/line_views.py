"""One line of text as a finding."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import Choice, StrictSerializer, Text, parse
from api.views import ClinicView
from assessments import one_line
from assessments.api.serializers import FindingInput
from assessments.values import NewFinding


class FindingLineInput(StrictSerializer):
    line = Text(max_length=one_line.LINE_MOST, trim_whitespace=False, help_text="English or German words, or both")


class LineProblemOutput(serializers.Serializer[Any]):
    code = Choice(one_line.PROBLEMS)
    start = serializers.IntegerField(help_text="place in the line, in characters")
    end = serializers.IntegerField(help_text="the same as `start`, at the end of the line, for what is missing")


class FindingLineOutput(serializers.Serializer[Any]):
    finding = FindingInput(allow_null=True, help_text="as an assessment takes it; null if anything is unclear")
    problems = LineProblemOutput(many=True)
    written = serializers.CharField(help_text="the finding as one line, which reads back as the same; empty: none")


def finding_json(finding: NewFinding) -> dict[str, Any]:
    """A finding as an assessment takes it, with what the line says and nothing else."""
    said = {name: value for name, value in asdict(finding).items() if value not in (None, "", (), {})}
    said.pop("unreviewed")
    if finding.ppt_kpa:
        said["ppt_kpa"] = [float(trial) for trial in finding.ppt_kpa]
    return said


class FindingLines(ClinicView):
    scopes = {"post": "assessments:write"}
    audit_action = {"post": "finding.read_line"}

    @extend_schema(
        operation_id="finding_lines_read",
        tags=["assessments"],
        request=FindingLineInput,
        responses=FindingLineOutput,
    )
    def post(self, request: Request) -> Response:
        """
        Read one line ("upper trap right, band, tender, refers temple, her pain, 7") as a finding; nothing is stored.

        A closed grammar: what it does not know is named with its place, and then there is no finding. A zone without a
        side is on the muscle's side. The person who records the finding has looked at it.
        """
        line = parse(FindingLineInput, request.data)["line"]
        parsed = one_line.parse_line(line)
        return Response(
            {
                "finding": finding_json(parsed.finding) if parsed.finding else None,
                "problems": [asdict(problem) for problem in parsed.problems],
                "written": one_line.write_line(parsed.finding) if parsed.finding else "",
            }
        )
