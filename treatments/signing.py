"""
What stands between a session and its signature: the one list that the API, the review page and the screen read.

A new check is added here, and every entry point has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

from assessments.documents import alert_json, open_flag_json
from errors.exceptions import Conflict, DomainError, FieldError, Invalid
from identity.actor import Actor
from records.signing import SigningCheck, Stop
from treatments import checks, documents, dose_checks, queries, safety
from treatments.models import Intervention, Session
from treatments.queries import VisitContext
from treatments.safety_entries import ACKNOWLEDGE, CAUTION, LEVELS, STOP
from treatments.safety_facts import SafetyFinding
from treatments.safety_table import COMPETENCY_MISSING, CONSENT_MISSING, DEFAULT_CODES, HAS_BEEN_REVIEWED
from treatments.values import read_session


class NeedlesDiffer(Conflict):
    reason = "needles_differ"


class RedFlagStop(Conflict):
    reason = "red_flag_stop"


class RedFlagKnownAtSigning(Conflict):
    reason = "red_flag_known_at_signing"


class ScreenIncomplete(Conflict):
    reason = "screen_incomplete"


class ConsentMissing(Conflict):
    reason = "consent_missing"


class SafetyStop(Conflict):
    reason = "safety_stop"


REFUSAL_OF_CODE: dict[str, type[DomainError]] = {
    safety.RED_FLAG_STOP: RedFlagStop,
    safety.RED_FLAG_KNOWN_AT_SIGNING: RedFlagKnownAtSigning,
    safety.SCREEN_INCOMPLETE: ScreenIncomplete,
    CONSENT_MISSING: ConsentMissing,
}


@dataclass(frozen=True)
class SessionSigningCheck(SigningCheck):
    """
    Everything that was read and found before a session's signature.

    :ivar findings: of the safety check, those that are answered for too
    """

    refusals: ClassVar[Sequence[type[DomainError]]] = [
        Invalid, NeedlesDiffer, RedFlagStop, RedFlagKnownAtSigning, ScreenIncomplete, ConsentMissing, SafetyStop,
    ]  # fmt: skip
    gravest_first: ClassVar[Sequence[type[DomainError]]] = [
        RedFlagStop, RedFlagKnownAtSigning, SafetyStop, ConsentMissing, NeedlesDiffer, Invalid, ScreenIncomplete,
    ]  # fmt: skip

    findings: tuple[SafetyFinding, ...]
    visit: VisitContext


def ids_to_review(interventions: Iterable[Intervention]) -> frozenset[str]:
    """Ids of the interventions that were brought from the last session and not confirmed yet."""
    return frozenset(str(row.pk) for row in interventions if row.unreviewed)


def check_signature(session: Session, content: Mapping[str, Any], *, by: Actor, at: datetime) -> SessionSigningCheck:
    """
    Return everything that stops a session's signature, and what should be known before it.

    A new version of a signed session is a correction, not a treatment: what its signed version would be stopped by
    as much does not stop it again.

    :param session: with its parts, its patient and the version that it revises at hand
    :param content: its content, as `documents.session_content` makes it
    """
    check = _check(session, content, by=by, at=at)
    if session.revises_id is None:
        return check
    signed = Session.objects.with_parts().select_related("patient").get(pk=session.revises_id)
    before = _check(signed, documents.session_content(signed), by=by, at=at)
    existing = {_identity(stop, before.content) for stop in before.stops}
    return replace(check, stops=tuple(stop for stop in check.stops if _identity(stop, content) not in existing))


def _check(session: Session, content: Mapping[str, Any], *, by: Actor, at: datetime) -> SessionSigningCheck:
    recorded = read_session(content)
    interventions = queries.plan_interventions(recorded.interventions)
    visit = queries.read_visit(session, interventions, by=by, at=at)
    findings = safety.safety_check(
        interventions,
        visit.facts,
        visit.competencies,
        at=session.performed_at,
        entries=visit.safety_list.entries,
        on_date=visit.on_date,
        basic_required=visit.basic_required,
        visit_ends_at=visit.ends_at,
    )
    invalid = checks.problems_before_signing(
        recorded,
        birth_date=session.patient.birth_date,
        at=at,
        unreviewed=ids_to_review(session.interventions.all()),
    ).errors
    invalid += dose_checks.check_for_signature(
        interventions, visit.facts, recorded.limit_reasons, at=session.performed_at, on_date=visit.on_date
    )
    needles = checks.needle_problems((row.technique, row.dose) for row in recorded.interventions)
    stops = [
        *(Stop(error, Invalid) for error in invalid),
        *(Stop(error, NeedlesDiffer) for error in needles),
        *safety_stops(findings, content),
    ]
    return SessionSigningCheck(tuple(stops), content, tuple(findings), visit)


# --- Safety ---------------------------------------------------------------------------------------------------


def safety_stops(findings: Sequence[SafetyFinding], content: Mapping[str, Any]) -> list[Stop]:
    """Return the findings that nobody has answered for, each once."""
    overridden = {override["code"] for override in content["overrides"]}
    acknowledged = {row["code"] for row in content["acknowledged"]}
    stops: dict[Any, Stop] = {}
    for finding in findings:
        if finding.level == STOP and not (finding.overridable and finding.key in overridden):
            path = f"overrides/{finding.key}/reason" if finding.overridable else ""
            stop = Stop(error_of(finding), REFUSAL_OF_CODE.get(finding.code, SafetyStop), path)
        elif finding.level == ACKNOWLEDGE and finding.key not in acknowledged:
            stop = Stop(error_of(finding), SafetyStop, f"acknowledged/{finding.key}")
        else:
            continue
        stops.setdefault((finding.subject, finding.code, finding.level), stop)
    return list(stops.values())


def error_of(finding: SafetyFinding) -> FieldError:
    """Return a finding as the API's error, with its reason and its source."""
    if "flag" in finding.params:
        return _flag_error(finding)
    own = finding.params
    if finding.code == CONSENT_MISSING:
        consent_reason = f"{CONSENT_MISSING}.{own['why']}"
        params = {
            "technique_class": own["technique_class"],
            "region": own["region"],
            "why": own["why"],
            "level": finding.level,
            "reason": finding.reason,
            "source": finding.source,
            "overridable": finding.overridable,
        }
        return FieldError(finding.pointer, consent_reason, params)
    if finding.code == COMPETENCY_MISSING:
        params = {
            "competency": own["competency"],
            "expired_on": own["expired_on"],
            "level": finding.level,
            "reason": finding.reason,
            "source": finding.source,
            "overridable": finding.overridable,
        }
        return FieldError(finding.pointer, "competency_missing", params)
    if finding.code not in DEFAULT_CODES:
        params = {
            "code": finding.code,
            "level": finding.level,
            "reason": finding.reason,
            "source": finding.source,
            "overridable": finding.overridable,
        }
        return FieldError(finding.pointer, "own_rule", params)
    entry_code = finding.code
    params = {
        "level": finding.level,
        "reason": finding.reason,
        "source": finding.source,
        "overridable": finding.overridable,
    }
    return FieldError(finding.pointer, entry_code, params)


def _flag_error(finding: SafetyFinding) -> FieldError:
    flag = str(finding.params["flag"])
    params = {
        "flag": flag,
        "answered_at": finding.params.get("answered_at"),
        "exam": finding.params.get("exam"),
        "level": finding.level,
        "reason": finding.reason,
        "source": finding.source,
        "overridable": finding.overridable,
    }
    if finding.code == safety.SCREEN_INCOMPLETE:
        return FieldError(finding.pointer, "not_answered", params)
    if finding.code == safety.RED_FLAG:
        return FieldError(finding.pointer, "red_flag.acknowledge", params)
    return FieldError(finding.pointer, flag, params)


def _identity(stop: Stop, content: Mapping[str, Any]) -> tuple[Any, ...]:
    """What a stop is about, whatever the number of its intervention."""
    parts = stop.error.pointer.strip("/").split("/")
    place: Any = stop.error.pointer
    if parts[0] == "interventions" and len(parts) > 1:
        row = content["interventions"][int(parts[1])]
        place = (row["technique"], row["muscle"], row["side"], *parts[2:])
    flag = stop.error.params.get("flag") if isinstance(stop.error.params, Mapping) else None
    return place, stop.error.reason, flag


# --- What is shown, and what is signed ------------------------------------------------------------------------


def distinct(findings: Sequence[SafetyFinding]) -> list[SafetyFinding]:
    """Return each finding once, however many interventions it is about; the strictest first."""
    by_subject: dict[Any, SafetyFinding] = {}
    for finding in findings:
        key = (finding.subject, finding.code)
        earlier = by_subject.get(key)
        if earlier is None or LEVELS.index(finding.level) > LEVELS.index(earlier.level):
            by_subject[key] = finding
    return sorted(by_subject.values(), key=lambda finding: -LEVELS.index(finding.level))


def safety_block(check: SessionSigningCheck) -> dict[str, Any]:
    """
    Return what was known and shown at the signature, for the signed document.

    The texts are those of the list at that moment: a later version of the list leaves them as they were.
    """
    facts, content = check.visit.facts, check.content
    findings = distinct(check.findings)
    labels = {finding.key: finding for finding in findings}

    def described(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return [
            {**row, "label": labels[row["code"]].label, "source": labels[row["code"]].source}
            if row["code"] in labels
            else dict(row)
            for row in rows
        ]

    return {
        "list_version": check.visit.safety_list.version,
        "list_reviewed": HAS_BEEN_REVIEWED,
        "screen_at": facts.flags.screened_at,
        "gate": max((finding.level for finding in findings), key=LEVELS.index, default="clear"),
        "open_flags": [open_flag_json(flag) for flag in facts.flags.open],
        "alerts": [alert_json(alert) for alert in facts.alerts],
        "cautions_shown": [
            {"code": f.code, "about": f.key, "level": f.level, "reason": f.reason, "source": f.source}
            for f in findings
            if f.level in (CAUTION, ACKNOWLEDGE)
        ],
        "overrides": described(content["overrides"]),
        "acknowledged": described(content["acknowledged"]),
        "consents": [
            {
                "technique_class": consent.technique_class,
                "region": consent.region,
                "given_at": consent.given_at,
                "valid_until": consent.valid_until,
                "guardian": consent.guardian,
            }
            for consent in facts.consents
            if consent.state(content["performed_at"], visit_ends_at=check.visit.ends_at) == "valid"
        ],
    }
