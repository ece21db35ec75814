"""What owners set for their clinic: one function, and one check for each setting."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from django.conf import settings
from django.db import transaction

from accounts import places, policies
from accounts.models import Clinic, Logo
from accounts.rules import IDLE_LOCK_MIN, LANGUAGES, LETTER_TEXT_MAX, RETENTION, SETUP_STEPS, TECHNIQUES
from audit import actions as audit
from database.revisions import check_revision
from errors.exceptions import Problems
from identity.actor import Actor
from uploads.pictures import clean_picture

LOGO_EDGE_PX = 900
Check = Callable[[Any, Problems], Any]


def _name(value: str, problems: Problems) -> str:
    if not value.strip():
        problems.add("/name", "required.clinic_name")
    return value.strip()


def _letter_text(pointer: str) -> Check:
    def check(value: str, problems: Problems) -> str:
        lines = [line.strip() for line in value.strip().splitlines()]
        if len("\n".join(lines)) > LETTER_TEXT_MAX or len(lines) > 8:
            problems.add(pointer, "too_long.letter_text", most=LETTER_TEXT_MAX)
        return "\n".join(lines)

    return check


def _country(value: str, problems: Problems) -> str:
    if value not in places.time_zones_by_country():
        problems.add("/country", "unknown_code.country")
    return value


def _time_zone(value: str, problems: Problems) -> str:
    if value not in available_timezones():
        problems.add("/time_zone", "unknown_code.time_zone")
    return value


def _pressure_unit(value: str, problems: Problems) -> str:
    if value not in Clinic.PressureUnit.values:
        problems.add("/pressure_unit", "unknown_code.pressure_unit")
    return value


def _language(value: str, problems: Problems) -> str:
    if value.partition("-")[0] not in LANGUAGES:
        problems.add("/locale", "unknown_code.language", choices=list(LANGUAGES))
    return value


def _techniques(value: list[str], problems: Problems) -> list[str]:
    if set(value) - set(TECHNIQUES) or len(value) != len(set(value)):
        problems.add("/techniques", "unknown_code.techniques")
    return [] if value == TECHNIQUES else list(value)  # the product's order follows the product


def _idle_lock(value: int | None, problems: Problems) -> int | None:
    low, high = IDLE_LOCK_MIN
    if value is not None and not low <= value <= high:
        problems.add("/idle_lock_min", "out_of_range.lock_minutes", low=low, high=high)
    return value


def _retention(value: str, problems: Problems) -> str:
    if value and value not in RETENTION:
        problems.add("/retention", "unknown_code.retention")
    return value


def _steps(value: list[str], problems: Problems) -> list[str]:
    return [step for step in SETUP_STEPS if step in value]


CHECKS: dict[str, Check] = {
    "name": _name,
    "address": _letter_text("/address"),
    "letter_footer": _letter_text("/letter_footer"),
    "country": _country,
    "time_zone": _time_zone,
    "locale": _language,
    "pressure_unit": _pressure_unit,
    "rule_set": lambda value, problems: value,  # assessments.actions.set_rule_set knows them
    "techniques": _techniques,
    "idle_lock_min": _idle_lock,
    "setup_skipped": _steps,
    "retention": _retention,
}


@transaction.atomic
def change(*, values: Mapping[str, Any], revision: int | None, by: Actor) -> Clinic:
    """
    Change settings of the actor's own clinic.

    :param values: some of `CHECKS`, by column
    :param revision: of the clinic as it was read
    :raises OwnersOnly:
    :raises RevisionChanged: somebody has changed a setting since
    :raises Invalid: each wrong value is named
    """
    policies.require_owner(by)
    clinic = Clinic.objects.select_for_update(no_key=True).get(pk=by.clinic_id)
    check_revision(clinic, revision)
    problems = Problems()
    checked = {name: CHECKS[name](value, problems) for name, value in values.items()}
    problems.raise_if_any()
    changed = [name for name, value in checked.items() if getattr(clinic, name) != value]
    if changed:
        for name in changed:
            setattr(clinic, name, checked[name])
        clinic.save(update_fields=changed)
        audit.log("clinic.change", by=by, target_id=clinic.pk, code=",".join(changed))
    return clinic


@transaction.atomic
def set_logo(*, upload: bytes | None, by: Actor) -> None:
    """
    Put a logo on the clinic's letters, or take it off.

    :param upload: a PNG, JPEG or WebP file; None: no logo
    :raises OwnersOnly:
    :raises Invalid: too large, or no picture
    """
    policies.require_owner(by)
    if upload is None:
        Logo.objects.filter(pk=by.clinic_id).delete()
    else:
        picture = clean_picture(upload, pointer="/logo", edge_px=LOGO_EDGE_PX, save_as="PNG")
        Logo.objects.update_or_create(clinic_id=by.clinic_id, defaults={"png": picture.content})
    audit.log("clinic.logo", by=by, target_id=by.clinic_id, code="removed" if upload is None else "")


def logo_of(clinic_id: UUID) -> bytes | None:
    """Return the logo as PNG. Call inside the clinic's scope."""
    png = Logo.objects.filter(pk=clinic_id).values_list("png", flat=True).first()
    return bytes(png) if png is not None else None


def idle_lock_s(clinic_id: str | UUID | None) -> int:
    """Return after how many seconds an untouched screen locks: the clinic's choice, never more than the service's."""
    minutes = Clinic.objects.filter(pk=clinic_id).values_list("idle_lock_min", flat=True).first() if clinic_id else None
    return min(minutes * 60, settings.IDLE_LOCK_S) if minutes else settings.IDLE_LOCK_S
