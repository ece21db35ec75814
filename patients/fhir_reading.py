"""From FHIR R4 JSON and from CSV to plain patients: reading only, nothing is saved here."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from patients import rules
from patients.facts import FACTS


class Unreadable(Exception):
    """A file, a line or a resource that cannot be understood; the text says where, and quotes no data."""


@dataclass
class Coded:
    text: str
    system: str = ""
    code: str = ""
    since_date: date | None = None


@dataclass
class Incoming:
    """One patient as another system tells of them, and what of it was left out and why."""

    place: str
    details: dict[str, Any] = field(default_factory=dict)
    identifiers: list[tuple[str, str]] = field(default_factory=list)
    conditions: list[Coded] = field(default_factory=list)
    medications: list[Coded] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    error: str = ""


GENDERS = {"female": "female", "male": "male", "other": "other", "unknown": "unknown"}
USED = {"Patient", "Condition", "MedicationRequest", "MedicationStatement"}


def json_of(text: str) -> Any:
    """
    The JSON value of a text.

    :raises ValueError: not JSON, or it holds half a surrogate pair, which no database takes
    """
    try:
        value = json.loads(text)
        if "\\ud" in text.lower():
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("too deep") from None
    return value


def read_fhir_bundle(text: str, *, place: str) -> list[Incoming]:
    """
    The patients of one FHIR R4 Bundle (any type), or of a single Patient resource.

    :raises Unreadable: not JSON, or not a Bundle or Patient
    """
    try:
        root = json_of(text)
    except (ValueError, RecursionError):
        raise Unreadable("not JSON") from None
    if not isinstance(root, dict) or root.get("resourceType") not in {"Bundle", "Patient"}:
        raise Unreadable("neither a FHIR Bundle nor a FHIR Patient")
    if root["resourceType"] == "Patient":
        return _assemble([("", root)], place)
    entries = root.get("entry")
    entries = entries if isinstance(entries, list) else []
    patients = []
    for entry in entries:
        if isinstance(entry, dict) and isinstance(entry.get("resource"), dict):
            patients.append((str(entry.get("fullUrl") or ""), entry["resource"]))
    return _assemble(patients, place)


def read_fhir_ndjson(text: str, *, place: str) -> list[Incoming]:
    """The patients of a bulk export: one resource a line. A broken line is reported and stops only itself."""
    incoming, broken = [], []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            resource = json_of(line)
            if not isinstance(resource, dict):
                raise ValueError
            incoming.append(("", resource))
        except (ValueError, RecursionError):
            broken.append(Incoming(place=f"{place} line {number}", error="not a JSON object"))
    return [*_assemble(incoming, place), *broken]


def _assemble(resources: list[tuple[str, dict[str, Any]]], place: str) -> list[Incoming]:
    """Patients with what points at them, by `urn:uuid:...`, `Patient/id` or full URL."""
    incoming: dict[str, Incoming] = {}
    patients: list[Incoming] = []
    other_kinds: dict[str, int] = {}
    orphans = 0
    for url, resource in resources:
        if resource.get("resourceType") != "Patient":
            continue
        patient = _patient(resource, f"{place} Patient[{len(patients)}]")
        patients.append(patient)
        for name in (url, f"Patient/{resource.get('id')}", f"urn:uuid:{resource.get('id')}"):
            if name:
                incoming[name] = patient
    for _, resource in resources:
        kind_code = str(resource.get("resourceType"))
        if kind_code not in USED:
            other_kinds[kind_code] = other_kinds.get(kind_code, 0) + 1
            continue
        if kind_code == "Patient":
            continue
        reference = resource.get("subject")
        target = incoming.get(str(reference.get("reference"))) if isinstance(reference, dict) else None
        if target is None:
            orphans += 1
            if patients:
                patients[0].left_out.append(f"{kind_code}: its patient is not in this file")
            continue
        _attach(target, kind_code, resource)
    if not patients and orphans:
        detail = f"{orphans} resources whose patient is not in this file; put them into one file with their patients"
        return [Incoming(place=place, error=detail)]
    for kind_code, count in sorted(other_kinds.items()):
        if patients:
            patients[0].left_out.append(f"{kind_code}: {count} not imported (Palpate keeps no such resource)")
    return patients


def _patient(resource: dict[str, Any], place: str) -> Incoming:
    incoming = Incoming(place=place)
    try:
        incoming.details = _details(resource, incoming)
        for identifier in _list(resource.get("identifier")):
            system, value = str(identifier.get("system") or ""), str(identifier.get("value") or "")
            if value:
                incoming.identifiers.append((system, value))
            else:
                incoming.left_out.append("identifier without a value")
    except (TypeError, ValueError, AttributeError, KeyError):
        incoming.error = "the Patient resource is not as FHIR R4 describes it"
    if not incoming.error and not incoming.identifiers:
        incoming.error = "no identifier, so a second import could not recognise the patient"
    return incoming


def _details(resource: dict[str, Any], one: Incoming) -> dict[str, Any]:
    names = _list(resource.get("name"))
    official = next((n for n in names if n.get("use") == "official"), names[0] if names else None)
    if official is None:
        one.error = "no name"
        return {}
    one.left_out += [
        f"name ({n.get('use', 'other')}): only the official one is kept" for n in names if n is not official
    ]
    details: dict[str, Any] = {
        "family_name": str(official.get("family") or official.get("text") or ""),
        "given_names": " ".join(str(given_names) for given_names in official.get("given") or []),
        "sex": GENDERS.get(str(resource.get("gender")), "unknown"),
    }
    if not details["family_name"].strip():
        one.error = "no family name"
    if resource.get("birthDate"):
        if len(str(resource["birthDate"])) == 10:
            details["birth_date"] = date.fromisoformat(str(resource["birthDate"]))
        else:
            one.left_out.append("birthDate: only a year or month, kept out rather than guessed")
    if resource.get("deceasedDateTime") or resource.get("deceasedBoolean") is True:
        details["status"] = "deceased"
    for telecom in _list(resource.get("telecom")):
        channel = {"phone": "phone", "email": "email"}.get(str(telecom.get("system")))
        if channel and channel not in details and telecom.get("value"):
            details[channel] = str(telecom["value"])
        else:
            one.left_out.append(f"telecom ({telecom.get('system', '?')}): only the first phone and e-mail are kept")
    addresses = _list(resource.get("address"))
    for address in addresses[:1]:
        details |= {
            "address_line": ", ".join(str(line) for line in address.get("line") or []),
            "city": str(address.get("city") or ""),
            "state": str(address.get("state") or ""),
            "postal_code": str(address.get("postalCode") or ""),
            "country": str(address.get("country") or ""),
        }
    one.left_out += ["address: only the first is kept"] * (len(addresses) - 1)
    for communication in _list(resource.get("communication"))[:1]:
        codes = _list((communication.get("language") or {}).get("coding"))
        if codes and codes[0].get("code"):
            details["language"] = str(codes[0]["code"])
    for extension in _list(resource.get("extension")):
        one.left_out.append(f"extension {str(extension.get('url', '?')).rsplit('/', 1)[-1]}: not kept")
    one.left_out += [f"{name}: not kept" for name in ("maritalStatus", "photo", "contact") if resource.get(name)]
    return details


def _attach(target: Incoming, kind: str, resource: dict[str, Any]) -> None:
    try:
        if kind == "Condition":
            status = _code(resource.get("clinicalStatus"))
            coded = _parse_coding(resource.get("code"), resource.get("onsetDateTime"))
            if coded is None:
                target.left_out.append("Condition: no code and no text")
            elif status in {"active", "recurrence", "relapse"}:
                target.conditions.append(coded)
            else:
                target.left_out.append(f"Condition ({status or 'no status'}): only active ones are kept")
            return
        status = str(resource.get("status") or "")
        coded = _parse_coding(
            resource.get("medicationCodeableConcept"),
            resource.get("authoredOn") or resource.get("effectiveDateTime"),
        )
        if coded is None:
            target.left_out.append(f"{kind}: no code and no text")
        elif status == "active":
            target.medications.append(coded)
        else:
            target.left_out.append(f"{kind} ({status or 'no status'}): only active ones are kept")
    except (TypeError, ValueError, AttributeError, KeyError):
        target.left_out.append(f"{kind}: not as FHIR R4 describes it")


def _parse_coding(concept: Any, since: Any) -> Coded | None:
    if not isinstance(concept, dict):
        return None
    codings = _list(concept.get("coding"))
    first = codings[0] if codings else {}
    text = str(concept.get("text") or first.get("display") or first.get("code") or "")
    if not text:
        return None
    since_date = date.fromisoformat(str(since)[:10]) if since and len(str(since)) >= 10 else None
    return Coded(text, str(first.get("system") or ""), str(first.get("code") or ""), since_date)


def _code(concept: Any) -> str:
    codings = _list(concept.get("coding")) if isinstance(concept, dict) else []
    return str(codings[0].get("code") or "") if codings else ""


def _list(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


# --- CSV -------------------------------------------------------------------------------------------------------

# Every fact but the consents: who agreed to what is asked here, and not taken from elsewhere.
CSV_FIELDS = [*(name for name in FACTS if not name.startswith("consent_") and name != "status"), "external_id"]
SEX_WORDS = {
    "f": "female", "female": "female", "w": "female", "weiblich": "female", "m": "male", "male": "male",
    "männlich": "male", "other": "other", "o": "other", "d": "other", "divers": "other", "": "unknown",
    "u": "unknown", "unknown": "unknown",
}  # fmt: skip


def read_csv(text: str, *, place: str, columns: Mapping[str, str], system: str) -> Iterator[Incoming]:
    """
    The patients of a CSV file with a header row.

    :param columns: our field to the file's column; fields not named are looked for under their own names
    :param system: who gave the numbers in the `external_id` column
    :raises Unreadable: a mapped column, or one of the two needed ones, is missing
    """
    text = text.removeprefix("\ufeff")
    try:
        delimiter = csv.Sniffer().sniff(text[:4096], delimiters=",;\t|").delimiter
    except csv.Error:
        delimiter = ","
    # Only the delimiter is guessed: quotes are as in RFC 4180, and each kind of line end will do.
    reader = csv.DictReader(io.StringIO(text, newline=None), delimiter=delimiter, doublequote=True, strict=True)
    try:
        headers = list(reader.fieldnames or [])
    except csv.Error:
        raise Unreadable("not a CSV file") from None
    unknown = sorted(set(columns) - set(CSV_FIELDS))
    if unknown:
        raise Unreadable(f"no such field: {', '.join(unknown)}; there are {', '.join(CSV_FIELDS)}")
    source = {name: columns.get(name, name) for name in CSV_FIELDS}
    for name in ("family_name", "external_id", *columns):
        if source[name] not in headers:
            raise Unreadable(f"no column for {name} (looked for one called {source[name]!r})")
    used = {source[name] for name in CSV_FIELDS if source[name] in headers}
    unused = [f"column {number + 1}: not mapped" for number, name in enumerate(headers) if name not in used]
    rows = enumerate(reader, start=2)
    while True:
        try:
            number, row = next(rows)
        except StopIteration:
            return
        except csv.Error:
            yield Incoming(place=f"{place} line {reader.line_num}", error="not a CSV row")
            continue
        incoming = Incoming(place=f"{place} row {number}", left_out=list(unused) if number == 2 else [])
        values = {name: (row.get(source[name]) or "").strip() for name in CSV_FIELDS if source[name] in headers}
        _csv_details(incoming, values, system)
        yield incoming


def _csv_details(one: Incoming, values: dict[str, str], system: str) -> None:
    number = values.pop("external_id", "")
    if not number:
        one.error = "no external_id, so a second import could not recognise the patient"
        return
    one.identifiers.append((system, number))
    if not values.get("family_name"):
        one.error = "no family name"
        return
    born = values.pop("birth_date", "")
    if born:
        dates = [p for p in rules.search_prefixes(born) if len(p) == 10 and p[4] == p[7] == "-"]
        try:
            one.details["birth_date"] = date.fromisoformat(dates[0]) if len(dates) == 1 else None
        except ValueError:
            one.details["birth_date"] = None
        if one.details["birth_date"] is None:
            one.error = "birth_date: write 1980-02-03 or 3.2.1980 (a date with slashes can mean two days)"
            return
    sex = values.pop("sex", "").casefold()
    if sex not in SEX_WORDS:
        one.left_out.append("sex: word not known, kept as unknown")
    one.details["sex"] = SEX_WORDS.get(sex, "unknown")
    one.details |= {name: value for name, value in values.items() if value}
