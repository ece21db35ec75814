"""What the record and the clinic say against a change: the checks that read the database, and those of lists."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

from accounts.queries import clinic_country
from errors.exceptions import Invalid, Problems
from patients import facts, rules
from patients.models import Patient
from patients.queries import identities

# Apps above say when a person was first seen, by the ids of their record: a birth date can't be later.
FIRST_MOMENTS: list[Callable[[Sequence[UUID]], datetime | None]] = []
PHONES = frozenset(name for name, fact in facts.FACTS.items() if fact.kind == "phone")


class AlertLike(Protocol):
    """An alert that is to be recorded; see `actions.NewAlert`."""

    @property
    def code(self) -> str: ...
    @property
    def side(self) -> str | None: ...
    @property
    def region(self) -> str | None: ...
    @property
    def since_date(self) -> date | None: ...
    @property
    def reported_by(self) -> str: ...


class FactLike(Protocol):
    """A condition or medicine that is to be recorded; see `actions.NewFact`."""

    @property
    def text(self) -> str: ...
    @property
    def since_date(self) -> date | None: ...


def check_details(details: Mapping[str, Any], *, clinic_id: UUID, today: date) -> None:
    """:raises Invalid: naming every detail that cannot be; see `facts.check`"""
    has_phone = any(details.get(name) for name in PHONES)
    facts.check(details, today=today, country=clinic_country(clinic_id) if has_phone else "")


def check_born_before_first_document(patient: Patient, birth_date: date) -> None:
    """:raises Invalid: a signed exam or session would be before the birth"""
    people = identities(clinic_id=patient.clinic_id, patient_id=patient.pk)
    moments = [moment for find in FIRST_MOMENTS if (moment := find(people)) is not None]
    if moments and rules.is_before_birth(min(moments), birth_date):
        raise Invalid.at("/birth_date", "after_document.birth_date", first=min(moments).date())


def check_facts(new_facts: Collection[FactLike], *, today: date, pointer: str) -> None:
    """
    :param pointer: where the list stands in the request; empty: there is one, and its values stand at the top
    :raises Invalid: naming every value that cannot be
    """
    problems = Problems()
    for index, fact in enumerate(new_facts):
        place_pointer = f"{pointer}/{index}" if pointer else ""
        if not fact.text.strip():
            problems.add(f"{place_pointer}/text", "required.fact_text")
        elif len(fact.text) > rules.FACT_TEXT_CHARACTERS:
            problems.add(f"{place_pointer}/text", "too_long.fact", most=rules.FACT_TEXT_CHARACTERS)
        if fact.since_date is not None and fact.since_date > today:
            problems.add(f"{place_pointer}/since_date", "in_future.fact")
    problems.raise_if_any()


def check_alerts(alerts: Sequence[AlertLike], *, today: date, pointer: str = "/alerts") -> None:
    """
    :param pointer: where the list stands in the request; empty: there is one alert, and its fields stand at the top
    :raises Invalid: naming every value that cannot be
    """
    problems = Problems()
    for index, alert in enumerate(alerts):
        place_pointer = f"{pointer}/{index}" if pointer else ""
        if alert.code not in rules.ALERTS:
            problems.add(f"{place_pointer}/code", "unknown_code.alert", choices=list(rules.ALERTS))
            continue
        if alert.side is not None and alert.side not in rules.ALERT_SIDES:
            problems.add(f"{place_pointer}/side", "unknown_code.alert_side", choices=rules.ALERT_SIDES)
        if alert.region is not None and alert.region not in rules.BODY_REGIONS:
            problems.add(f"{place_pointer}/region", "unknown_code.body_region", choices=rules.BODY_REGIONS)
        if (alert.side or alert.region) and not rules.ALERTS[alert.code].has_place:
            name = "side" if alert.side else "region"
            problems.add(f"{place_pointer}/{name}", "not_of_alert")
        if alert.reported_by not in ("", *rules.ALERT_REPORTERS):
            problems.add(f"{place_pointer}/reported_by", "unknown_code.alert_reporter", choices=rules.ALERT_REPORTERS)
        if alert.since_date is not None and alert.since_date > today:
            problems.add(f"{place_pointer}/since_date", "in_future.alert")
    problems.raise_if_any()


def check_end_reason(reason: str, pointer: str) -> None:
    """:raises Invalid: too short to explain why an alert no longer holds"""
    least = rules.MIN_REASON_CHARACTERS
    if len(reason.strip()) < least:
        raise Invalid.at(pointer, "too_short.alert_reason", least=least)
