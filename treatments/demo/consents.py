"""The consents that the demo's patients give before they are needled for the first time at a place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import catalogue
from identity.actor import Actor
from messaging.texts import language_of
from patients.models import Alert, Patient
from treatments.consents import actions, queries, rules
from treatments.models import Consent


@dataclass(frozen=True)
class Muscle:
    key: str
    region: str
    cautions: tuple[str, ...]
    risk: str


@dataclass(frozen=True)
class Planned:
    technique: str
    muscle: Muscle | None


def record(*, patient_id: UUID, interventions: Iterable[Mapping[str, Any]], by: Actor, at: datetime) -> None:
    """Record what is missing for these interventions; spoken, with a witness."""
    planned = [Planned(i["technique"], muscle_of(i.get("muscle"))) for i in interventions]
    # A patient who is afraid of needles is asked again at each visit.
    is_afraid = Alert.objects.filter(patient_id=patient_id, code="needle_phobia").exists()
    earlier = Consent.objects.none() if is_afraid else Consent.objects.filter(patient_id=patient_id)
    given_keys = set(earlier.values_list("technique_class", "region"))
    missing = [key for key in rules.list_needed_consents(planned) if key not in given_keys]
    if not missing:
        return
    patient = Patient.objects.select_related("clinic").get(pk=patient_id)
    language = language_of(patient.language, patient.clinic.locale)
    for technique_class in dict.fromkeys(key[0] for key in missing):
        regions = [region for code, region in missing if code == technique_class]
        versions = {region: queries.current_text(technique_class, region, language).version for region in regions}
        name = f"{patient.given_names} {patient.family_name}"
        actions.record_consents(
            patient_id=patient_id,
            agreed=actions.Agreed(technique_class, language, versions),
            given=actions.Agreement(how=rules.VERBAL, signed_name=name, witness="Demo witness"),
            by=by,
            at=at,
        )


def muscle_of(key: str | None) -> Muscle | None:
    if key is None:
        return None
    entry = catalogue.MUSCLES[key]
    return Muscle(key, entry["region"], tuple(entry["needling"]["cautions"]), entry["needling"]["risk"])
