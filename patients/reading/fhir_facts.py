"""
Conditions, medicines, allergies and devices of FHIR (R4, and what of DSTU2, STU3 and R5 differs) as facts.

A fact that the source denies, retracts or only proposes is none. What has ended is told as ended, so that a second
import can end it here. What is on hold, dispensed or of unknown status is kept, because a needle has to know of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from patients import rules
from patients.reading.elements import Element
from patients.reading.incoming import Coding, Fact

MEDICINE_KINDS = {
    "MedicationRequest", "MedicationStatement", "MedicationUsage", "MedicationDispense", "MedicationAdministration",
    "MedicationOrder", "MedicationPrescription",
}  # fmt: skip
FACT_RESOURCES = {"Condition", "AllergyIntolerance", "Device", "DeviceUseStatement", "DeviceUsage", *MEDICINE_KINDS}
LINKED = {"Medication", "Device"}


@dataclass(frozen=True)
class Reading:
    """
    What became of one resource.

    :ivar fact: None: it is none
    :ivar remark: a key of `labels.REMARKS`; empty: taken as it is
    """

    fact: Fact | None
    remark: str = ""


DENIED, PROPOSED, ENDED, CURRENT, UNSURE = "denied", "proposed", "ended", "current", "unsure"

# Status of a medicine's resource to what it says. Sources: value sets of MedicationRequest, -Statement, -Dispense
# and -Administration in FHIR R4, and `recorded` of R5. `completed` ends an order, and is what was given.
MEDICINE_STATES = {
    "active": CURRENT, "in-progress": CURRENT, "recorded": CURRENT, "preparation": CURRENT,
    "on-hold": UNSURE, "unknown": UNSURE, "": UNSURE, "suspended": UNSURE,
    "intended": PROPOSED, "draft": PROPOSED, "proposed": PROPOSED,
    "stopped": ENDED, "cancelled": ENDED, "ended": ENDED, "completed": ENDED, "aborted": ENDED,
    "entered-in-error": DENIED, "not-taken": DENIED, "not-done": DENIED, "declined": DENIED,
}  # fmt: skip
GIVEN = {"MedicationDispense", "MedicationAdministration"}
PROPOSALS = {"proposal", "plan", "option"}
# A reason for a status that says that nothing is taken. The codes are of the value set that FHIR R4 names for
# MedicationStatement.statusReason; the words are whole words of its text.
STOP_REASON_WORDS = frozenset(
    "stopped discontinued ceased refused declined cancelled canceled never abgesetzt beendet verweigert arrete "
    "suspendu suspendido interrumpido rechazado sospeso interrotto gestopt geweigerd".split()
)


def read_fact(kind: str, resource: Element, *, linked: Element | None, today: date) -> Reading:
    """
    :param kind: the resource's type, one of FACT_RESOURCES
    :param linked: the Medication or Device that it points at, if the file has it
    :raises WrongType: an element is of another type than FHIR R4 says
    """
    if kind in MEDICINE_KINDS:
        return _medicine(kind, resource, linked, today)
    return READERS[kind](resource, linked, today)


def _fact(kind: str, codings: tuple[Coding, ...], text: str, state: str, since: date | None) -> Reading:
    if not text:
        return Reading(None, "no_content")
    if state == PROPOSED:
        return Reading(None, PROPOSED)
    is_ended = state in {ENDED, DENIED}
    fact = Fact(kind, text, codings, since, ended=is_ended, unsure=state == UNSURE)
    return Reading(fact, state if is_ended or state == UNSURE else "")


def _medicine(kind: str, resource: Element, linked: Element | None, today: date) -> Reading:
    codings, text = _medicine_concept(resource, linked)
    state = MEDICINE_STATES.get(resource.text("status").casefold(), UNSURE)
    if kind in GIVEN and resource.text("status") == "completed":
        state = CURRENT
    if resource.text("intent") in PROPOSALS:
        state = PROPOSED
    if resource.is_past("effectivePeriod", today) and state in {CURRENT, UNSURE} and kind not in GIVEN:
        state = ENDED
    if _says_stopped(resource) and state in {CURRENT, UNSURE}:
        state = ENDED
    if resource.flag("doNotPerform") or resource.flag("wasNotTaken") or resource.flag("wasNotGiven"):
        state = DENIED
    if resource.text("taken") == "n":  # STU3
        state = DENIED
    since = resource.day("authoredOn", "effectiveDateTime", "dateWritten", "whenHandedOver", "dateAsserted")
    since = since or resource.child("effectivePeriod").day("start")
    return _fact("medicine", codings, text, state, since)


def _says_stopped(resource: Element) -> bool:
    """Whether `statusReason` (one concept, or a list of them) says that the medicine is not taken."""
    value = resource.value.get("statusReason")
    if not value:
        return False
    as_list = Element({"statusReason": value if isinstance(value, list) else [value]}, resource.path)
    for reason in as_list.children("statusReason"):
        shown = [reason.text("text"), *(coding.text("display") for coding in reason.children("coding"))]
        words = re.findall(r"[a-z]+", rules.plain(" ".join(shown)))
        if STOP_REASON_WORDS & set(words) or re.search(r"\bnot (taken|taking|given)\b", " ".join(words)):
            return True
    return False


def _medicine_concept(resource: Element, linked: Element | None) -> tuple[tuple[Coding, ...], str]:
    """Every coding there is: of the resource, of the Medication that it points at, and of its ingredients."""
    own, text = resource.codings("medicationCodeableConcept")
    if isinstance(resource.value.get("medication"), dict):  # R5
        r5, r5_text = resource.child("medication").codings("concept")
        own, text = (*own, *r5), text or r5_text
    reference = resource.child("medicationReference")
    if linked is not None:
        code, code_text = linked.codings("code")
        own, text = (*own, *code), text or code_text
        for ingredient in linked.children("ingredient"):
            codings, ingredient_text = ingredient.codings("itemCodeableConcept")
            own = (*own, *codings)
            if ingredient_text and ingredient_text.casefold() not in text.casefold():
                text = f"{text} ({ingredient_text})" if text else ingredient_text
    return own, text or reference.text("display")


def _condition(resource: Element, linked: Element | None, today: date) -> Reading:
    codings, text = resource.codings("code")
    verification, clinical = resource.codes("verificationStatus"), resource.codes("clinicalStatus")
    state = CURRENT if clinical & {"active", "recurrence", "relapse"} else UNSURE
    has_abated = any(name.startswith("abatement") and value for name, value in resource.value.items())
    if clinical & {"inactive", "remission", "resolved"} or (
        has_abated and resource.value.get("abatementBoolean", True)
    ):
        state = ENDED
    if verification & {"unconfirmed", "provisional", "differential"}:
        state = PROPOSED
    if verification & {"refuted", "entered-in-error"}:
        state = DENIED
    return _fact("condition", codings, text, state, resource.day("onsetDateTime", "recordedDate"))


def _allergy(resource: Element, linked: Element | None, today: date) -> Reading:
    """An allergy that nobody has confirmed is kept: most are never tested."""
    codings, text = resource.codings("code")
    if not text:
        codings, text = resource.codings("substance")  # DSTU2
    for reaction in resource.children("reaction"):
        more, more_text = reaction.codings("substance")
        codings, text = (*codings, *more), text or more_text
    clinical = resource.codes("clinicalStatus") | resource.codes("status")
    verification = resource.codes("verificationStatus")
    state = ENDED if clinical & {"inactive", "resolved"} else CURRENT
    if (verification | clinical) & {"refuted", "entered-in-error"}:
        state = DENIED
    return _fact("allergy", codings, text, state, resource.day("onsetDateTime", "recordedDate"))


def _device(resource: Element, linked: Element | None, today: date) -> Reading:
    codings, text = _device_concept(resource)
    state = {"inactive": ENDED, "entered-in-error": DENIED}.get(resource.text("status").casefold(), CURRENT)
    return _fact("device", codings, text, state, None)


def _device_concept(resource: Element) -> tuple[tuple[Coding, ...], str]:
    if isinstance(resource.value.get("type"), list):  # R5
        pairs = [Element({"type": one.value}, resource.path).codings("type") for one in resource.children("type")]
        return tuple(c for codings, _ in pairs for c in codings), next((text for _, text in pairs if text), "")
    codings, text = resource.codings("type")
    names = [name.text("name") for name in resource.children("deviceName")]
    return codings, text or next((name for name in names if name), "")


def _device_use(resource: Element, linked: Element | None, today: date) -> Reading:
    codings, text = _device_concept(linked) if linked is not None else ((), resource.child("device").text("display"))
    status = resource.text("status").casefold()
    states = {
        "completed": ENDED,
        "stopped": ENDED,
        "entered-in-error": DENIED,
        "not-done": DENIED,
        "intended": PROPOSED,
    }
    state = states.get(status, UNSURE if status in {"on-hold", "", "unknown"} else CURRENT)
    return _fact("device", codings, text, state, None)


READERS: dict[str, Callable[[Element, Element | None, date], Reading]] = {
    "Condition": _condition,
    "AllergyIntolerance": _allergy,
    "Device": _device,
    "DeviceUseStatement": _device_use,
    "DeviceUsage": _device_use,
}
