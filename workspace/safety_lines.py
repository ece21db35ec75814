"""The safety of a session as lines of a document: what was known, what was passed, what was acknowledged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from accounts.models import User
from assessments.red_flag_table import RED_FLAGS
from patients import labels
from patients.rules import ALERTS
from treatments.consents.labels import REGIONS, TECHNIQUE_CLASSES
from treatments.safety_table import DEFAULT_CODES, PROPOSAL
from treatments.web.safety import LEVEL_WORDS

Lines = list[tuple[str, str]]


def moment(value: str | datetime) -> str:
    """A moment as the reader's clock shows it; in a signed document it is text."""
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return formats.date_format(timezone.localtime(at), "DATETIME_FORMAT")


def name_of(code: str) -> str:
    """A red flag's or an entry's name; the code itself for a clinic's own that is not at hand."""
    row = RED_FLAGS.get(code) or DEFAULT_CODES.get(code)
    return _(row.label) if row else code


def answers(rows: Iterable[Mapping[str, Any]]) -> Lines:
    """What was passed with a reason, or acknowledged, each with the name of the person and the time."""
    rows = list(rows)
    people = {row["by"] for row in rows if row["by"]}
    names = User.objects.in_bulk(people) if people else {}
    lines = []
    for row in rows:
        parts = [row.get("reason", "")]
        if row.get("seen_by") and row.get("seen_at"):
            parts.append(_("Seen by {who}, {at}.").format(who=row["seen_by"], at=moment(row["seen_at"])))
        if row["by"]:
            parts.append(_("{who}, {at}").format(who=names[row["by"]].name, at=moment(row["at"])))
        lines.append((name_of(row["code"]), "\n".join(part for part in parts if part)))
    return lines


def list_known(safety: Mapping[str, Any] | None) -> Lines:
    """What was known and shown when the session was signed; nothing for sessions signed before that was kept."""
    if not safety:
        return []
    asked = moment(safety["screen_at"]) if safety["screen_at"] else _("not asked")
    lines = [(_("Red flags asked"), asked)]
    for flag in safety["open_flags"]:
        text = _("answered “yes” on {at}").format(at=moment(flag["answered_at"]))
        lines.append((_("Open red flag"), f"{name_of(flag['code'])}, {text}"))
    for alert in safety["alerts"]:
        label = _(ALERTS[alert["code"]].label) if alert["code"] in ALERTS else alert["code"]
        place = labels.alert_place(alert["side"], alert["region"])
        lines.append((_("Alert"), ", ".join(part for part in (label, place) if part)))
    lines += [(str(LEVEL_WORDS[cautions["level"]]), _(cautions["reason"])) for cautions in safety["cautions_shown"]]
    for consent in safety["consents"]:
        about = f"{TECHNIQUE_CLASSES[consent['technique_class']]} · {REGIONS[consent['region']]}"
        lines.append((_("Consent"), f"{about}, {moment(consent['given_at'])}"))
    version = _("version {number}").format(number=safety["list_version"])
    lines.append((_("Safety list"), version if safety["list_reviewed"] else f"{version}. {_(PROPOSAL)}"))
    return lines
