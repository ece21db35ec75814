"""One line of text on the exam screen: read as a finding that the screen adds unreviewed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.web.pages import PageRequest, page
from api.json_reading import read_json
from assessments import one_line
from assessments.values import NewFinding
from errors.exceptions import Invalid

PROBLEMS = {
    one_line.UNKNOWN_WORD: _("not in the list of words"),
    one_line.SAID_TWICE: _("said twice"),
    one_line.NO_MUSCLE: _("Name the muscle."),
    one_line.NO_SIDE: _("Say left or right."),
    one_line.NEEDS_REFERS: _("only after “refers”"),
    one_line.TWO_READINGS: _("could belong to either zone: put a comma"),
    one_line.WRONG_SIDE: _("not a side of this zone or muscle"),
    one_line.NEEDS_SIGN: _("say what it is about, as in “no band”"),
    one_line.NOT_ON_SCALE: _("pain is a whole number from 0 to 10; a threshold needs its numbers"),
    one_line.TOO_MANY: _("at most three trials"),
}


def flatten_finding(finding: NewFinding) -> dict[str, Any]:
    """What a line said, as fields of a draft's row (`exam_paths`)."""
    plain = asdict(finding)
    fields = {
        name: value
        for name, value in plain.items()
        if name not in ("referred_to", "referred_quality", "limit_reasons", "ppt_kpa")
        and value not in (None, "", "not_tested", "not_asked", "unknown")
    }
    fields |= {f"referred_to/{zone['zone']}/{zone['side']}": True for zone in plain["referred_to"]}
    fields |= {f"referred_quality/{quality}": True for quality in finding.referred_quality}
    if finding.ppt_kpa:
        fields["ppt_kpa"] = [float(trial) for trial in finding.ppt_kpa]
    return fields


def sent_line(request: PageRequest) -> Any:
    """The line of a script's JSON, or of a form."""
    if request.content_type != "application/json":
        return request.POST.get("line", "")
    try:
        body = read_json(request.body)
    except ValueError:
        return None
    return body.get("line") if isinstance(body, dict) else None


@page(scope="assessments:write", action="page.exam.line", methods="POST")
def read_line(request: PageRequest) -> HttpResponse:
    line = sent_line(request)
    if not isinstance(line, str) or len(line) > one_line.LINE_MOST:
        raise Invalid.at("/line", "too_long.line", most=one_line.LINE_MOST)
    parsed = one_line.parse_line(line)
    return JsonResponse(
        {
            "fields": flatten_finding(parsed.finding) if parsed.finding else None,
            "written": one_line.write_line(parsed.finding, (get_language() or "en")[:2]) if parsed.finding else "",
            "problems": [
                {"start": problem.start, "end": problem.end, "text": str(PROBLEMS[problem.code])}
                for problem in parsed.problems
            ],
        }
    )
