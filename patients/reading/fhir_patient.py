"""A FHIR R4 Patient as one incoming person: what is valid today, and everything else as a note or a remark."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from patients.matching import Number
from patients.reading.contacts import usable_email, usable_phone
from patients.reading.dates import BadDate, read_iso
from patients.reading.elements import Element, WrongType
from patients.reading.incoming import Incoming, Remark

GENDERS = {"female", "male", "other", "unknown"}
NAME_USES = ["official", "usual", "", "nickname", "anonymous", "temp"]  # by preference; old and maiden never
ADDRESS_USES = ["home", "", "temp", "work"]
TELECOM_USES = ["mobile", "home", "", "temp", "work"]
EARLIER_USES = {"old", "maiden"}
PRONOUNS = "http://hl7.org/fhir/StructureDefinition/individual-pronouns"
NOT_KEPT = ["maritalStatus", "photo", "managingOrganization", "animal"]
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def read_patient(resource: Mapping[str, Any], place: str, *, today: date) -> Incoming:
    """Read a Patient. What cannot be read is in `errors`, by element."""
    incoming = Incoming(place=place)
    patient = Element(resource, "Patient")
    for section in SECTIONS:
        try:
            section(patient, incoming, today)
        except WrongType as wrong:
            incoming.errors.append(Remark("wrong_type", wrong.element))
    return incoming


def _names(patient: Element, incoming: Incoming, today: date) -> None:
    every = list(patient.children("name"))
    present = [name for name in every if name.text("use") not in EARLIER_USES and not name.is_past("period", today)]
    best = _best(present or every, NAME_USES)
    if best is None:
        incoming.errors.append(Remark("no_name"))
        return
    family, given = _name(best)
    if not family:
        incoming.errors.append(Remark("no_name"))
    incoming.details |= {"family_name": family, "given_names": given}
    incoming.names = [(family, given)]
    for kind, element in (("name_prefix", "prefix"), ("name_suffix", "suffix")):
        if best.texts(element):
            incoming.notes.append((kind, " ".join(best.texts(element))))
    for other in every:
        pair = _name(other)
        if pair[0] and pair not in incoming.names:
            incoming.names.append(pair)
            use = other.text("use") or ("old" if other.is_past("period", today) else "other")
            incoming.notes.append(("other_name", f"{pair[1]} {pair[0]} ({use})".strip()))


def _name(name: Element) -> tuple[str, str]:
    """Family and given names; a person with one name has it as family name, and a text is not taken apart."""
    family, given = name.text("family"), " ".join(name.texts("given"))
    if family:
        return family, given
    return (given, "") if given else (name.text("text"), "")


def _best(elements: Iterable[Element], uses: list[str]) -> Element | None:
    """The preferred use; among its likes the one that began last, then the first."""
    known = [element for element in elements if element.text("use") in uses]
    ranked = sorted(known, key=lambda element: element.child("period").text("start"), reverse=True)
    return min(ranked, key=lambda element: uses.index(element.text("use")), default=None)


def _birth_and_sex(patient: Element, incoming: Incoming, today: date) -> None:
    gender = patient.text("gender")
    if gender and gender not in GENDERS:
        incoming.leave_out("unknown_code", "Patient.gender")
    incoming.details["sex"] = gender if gender in GENDERS else "unknown"
    text = patient.text("birthDate")
    if text:
        try:
            incoming.birth_date = read_iso(text, today=today)
        except BadDate as bad:
            incoming.errors.append(Remark(bad.code, "Patient.birthDate"))
            return
        if len(text) == 10:
            incoming.details["birth_date"] = date.fromisoformat(text)
        else:
            incoming.notes.append(("birth_date", text))
    incoming.birth_order = patient.whole("multipleBirthInteger")
    if incoming.birth_order is not None:
        incoming.notes.append(("multiple_birth", str(incoming.birth_order)))
    elif patient.flag("multipleBirthBoolean"):
        incoming.notes.append(("multiple_birth", "yes"))


def _state(patient: Element, incoming: Incoming, today: date) -> None:
    if patient.text("deceasedDateTime") or patient.flag("deceasedBoolean"):
        incoming.details["status"] = "deceased"
    incoming.updated = patient.child("meta").text("lastUpdated")


def _numbers(patient: Element, incoming: Incoming, today: date) -> None:
    for identifier in patient.children("identifier"):
        value = identifier.text("value")
        if not value:
            incoming.leave_out("no_value", identifier.path)
            continue
        codings, text = identifier.codings("type")
        words = [*(coding.code for coding in codings), *text.split()]
        incoming.numbers.append(
            Number(
                system=identifier.text("system"),
                value=value,
                kinds=tuple(sorted({word.casefold() for word in words if word})),
                use=identifier.text("use"),
                ended=identifier.is_past("period", today),
            )
        )


def _telecom(patient: Element, incoming: Incoming, today: date) -> None:
    points = list(patient.children("telecom"))
    order = sorted(points, key=lambda point: (point.whole("rank") or 99, _place(point.text("use"), TELECOM_USES)))
    for point in order:
        value, system = point.text("value"), point.text("system")
        if not value:
            incoming.leave_out("no_value", point.path)
            continue
        field = {"phone": "phone", "sms": "phone", "email": "email"}.get(system, "")
        take_contact(incoming, field, value, is_past=point.text("use") == "old" or point.is_past("period", today))


def take_contact(incoming: Incoming, field: str, value: str, *, is_past: bool = False) -> None:
    """Take a phone number or an address; what cannot be used, or is one more, stays as a note."""
    check = {"phone": usable_phone, "email": usable_email}.get(field)
    usable = check(value) if check else None
    if usable is not None and field not in incoming.details and not is_past:
        incoming.details[field] = usable
        if usable == value.strip():
            return
    elif check and usable is None:
        incoming.leave_out("unusable", field)
    incoming.notes.append(("other_contact", f"{value} (old)" if is_past else value))


def _place(use: str, uses: list[str]) -> int:
    return uses.index(use) if use in uses else len(uses)


def _addresses(patient: Element, incoming: Incoming, today: date) -> None:
    every = list(patient.children("address"))
    present = [a for a in every if a.text("use") not in {"old", "billing"} and not a.is_past("period", today)]
    best = _best(present, ADDRESS_USES)
    for address in every:
        parts = {
            "address_line": ", ".join(address.texts("line")),
            "city": address.text("city"),
            "state": address.text("state"),
            "postal_code": address.text("postalCode"),
            "country": address.text("country"),
        }
        if not any(parts.values()):
            parts["address_line"] = address.text("text")
        if address is best:
            incoming.details |= {name: value for name, value in parts.items() if value}
        elif any(parts.values()):
            use = address.text("use") or ("old" if address.is_past("period", today) else "other")
            written = ", ".join(value for value in parts.values() if value)
            incoming.notes.append(("other_address", f"{written} ({use})"))


def _languages(patient: Element, incoming: Incoming, today: date) -> None:
    every = list(patient.children("communication"))
    for spoken in sorted(every, key=lambda one: one.flag("preferred") is not True):
        codings, _ = spoken.codings("language")
        code = next((coding.code for coding in codings if LANGUAGE.fullmatch(coding.code)), "")
        if code and "language" not in incoming.details:
            incoming.details["language"] = code
        else:
            incoming.leave_out("another_kept" if code else "unknown_code", spoken.path)


def _people(patient: Element, incoming: Incoming, today: date) -> None:
    for contact in patient.children("contact"):
        if contact.is_past("period", today):
            incoming.leave_out("no_longer", contact.path)
            continue
        name = contact.child("name")
        written = name.text("text") or " ".join(part for part in reversed(_name(name)) if part)
        relations = [text for one in contact.children("relationship") if (text := _concept_text(one))]
        values = [value for point in contact.children("telecom") if (value := point.text("value"))]
        phone = next((value for value in values if usable_phone(value)), "")
        if written and "emergency_name" not in incoming.details:
            incoming.details["emergency_name"] = written
            incoming.details |= {"emergency_relationship": ", ".join(relations)} if relations else {}
            incoming.details |= {"emergency_phone": phone} if phone else {}
            values = [value for value in values if value != phone]
            if values:
                incoming.notes.append(("contact_person", f"{written}: {', '.join(values)}"))
        else:
            parts = [written, ", ".join(relations), ", ".join(values)]
            incoming.notes.append(("contact_person", "; ".join(part for part in parts if part)))
    for doctor in patient.children("generalPractitioner"):
        shown = doctor.text("display")
        if shown and "referrer_name" not in incoming.details:
            incoming.details["referrer_name"] = shown
        elif shown:
            incoming.notes.append(("general_practitioner", shown))
        else:
            incoming.leave_out("not_kept", doctor.path)


def _concept_text(concept: Element) -> str:
    return concept.text("text") or next((c.text("display") or c.text("code") for c in concept.children("coding")), "")


def _others(patient: Element, incoming: Incoming, today: date) -> None:
    for extension in patient.children("extension"):
        if extension.text("url") == PRONOUNS:
            inner = [one for one in extension.children("extension") if one.text("url") == "value"]
            _, text = (inner[0] if inner else extension).codings("valueCodeableConcept")
            if text:
                incoming.details["pronouns"] = text
                continue
        incoming.leave_out("not_kept", f"extension {extension.text('url').rsplit('/', 1)[-1]}")
    for name in NOT_KEPT:
        if patient.has(name):
            incoming.leave_out("not_kept", f"Patient.{name}")


SECTIONS: list[Callable[[Element, Incoming, date], None]] = [
    _names, _birth_and_sex, _state, _numbers, _telecom, _addresses, _languages, _people, _others,
]  # fmt: skip
