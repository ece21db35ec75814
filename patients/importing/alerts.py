"""The alerts that facts of another system raise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from patients.actions import NewAlert
from patients.reading.incoming import Fact, Incoming
from patients.recognition.conditions import alerts_of_allergy, alerts_of_condition, alerts_of_device, is_no_allergy
from patients.recognition.medicines import Known, Own, recognise_medicine

SOURCE = "import"


def codes_of(fact: Fact, own: Sequence[Own]) -> tuple[str, ...]:
    """Codes of the alerts that a fact raises."""
    codings = [(coding.system, coding.code, coding.display) for coding in fact.codings]
    if fact.kind == "medicine":
        return recognise_medicine(fact.text, codings, own).alerts
    readers = {"condition": alerts_of_condition, "allergy": alerts_of_allergy, "device": alerts_of_device}
    return readers[fact.kind](fact.text, codings)


def alerts_of(facts: Iterable[Fact], own: Sequence[Own]) -> list[NewAlert]:
    """The alerts of facts that hold, each with the fact's text as its note."""
    found = [
        NewAlert(code=code, note=fact.text, source=SOURCE)
        for fact in facts
        if not fact.ended
        for code in codes_of(fact, own)
    ]
    return list(dict.fromkeys(found))


def remark_on(incoming: Incoming, own: Sequence[Own]) -> None:
    """Say which medicines, allergies and devices nobody has recognised: a person has to look at them."""
    for fact in incoming.facts:
        codings = [(coding.system, coding.code, coding.display) for coding in fact.codings]
        if fact.ended or (fact.kind == "allergy" and is_no_allergy(fact.text, codings)):
            continue
        if fact.kind == "medicine":
            if recognise_medicine(fact.text, codings, own).known is Known.NOT_RECOGNISED:
                incoming.leave_out("not_recognised", fact.text)
        elif fact.kind in {"allergy", "device"} and not codes_of(fact, own):
            incoming.leave_out("not_recognised", fact.text)


def notes_of(incoming: Incoming) -> list[tuple[str, str]]:
    """Allergies and devices that hold stay readable, whether or not they raise an alert."""
    facts = [(fact.kind, fact.text) for fact in incoming.facts if fact.kind in {"allergy", "device"} and not fact.ended]
    return list(dict.fromkeys([*incoming.notes, *facts]))
