"""Elements of a FHIR resource, read by their types: what is of another type is refused and named, never converted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from patients.reading.incoming import Coding


class WrongType(Exception):
    """
    An element is not of the type that FHIR R4 says.

    :ivar element: its path, such as `Patient.name[0].family`
    """

    def __init__(self, element: str) -> None:
        super().__init__(element)
        self.element = element


def json_of(text: str | bytes) -> Any:
    """
    The JSON value of a text.

    :raises ValueError: not JSON, too deep, or it holds half a surrogate pair, which no database takes
    """
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError("too deep") from None
    if "\\ud" in (text if isinstance(text, str) else text.decode("utf-8", "replace")).casefold():
        json.dumps(value, ensure_ascii=False).encode()
    return value


class Element:
    """One JSON object of a resource, and its path."""

    def __init__(self, value: Mapping[str, Any], path: str) -> None:
        self.value, self.path = value, path

    def has(self, name: str) -> bool:
        return self.value.get(name) not in (None, "", [], {})

    def text(self, name: str) -> str:
        """A string; empty if there is none."""
        return _text(self.value.get(name), f"{self.path}.{name}")

    def texts(self, name: str) -> list[str]:
        found = self._list(name)
        return [text for index, item in enumerate(found) if (text := _text(item, f"{self.path}.{name}[{index}]"))]

    def flag(self, name: str) -> bool | None:
        value = self.value.get(name)
        if value is not None and not isinstance(value, bool):
            raise WrongType(f"{self.path}.{name}")
        return value

    def whole(self, name: str) -> int | None:
        value = self.value.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise WrongType(f"{self.path}.{name}")
        return value

    def child(self, name: str) -> Element:
        """An object; an empty one if there is none."""
        value = self.value.get(name)
        if value is not None and not isinstance(value, dict):
            raise WrongType(f"{self.path}.{name}")
        return Element(value or {}, f"{self.path}.{name}")

    def children(self, name: str) -> Iterator[Element]:
        for index, item in enumerate(self._list(name)):
            path = f"{self.path}.{name}[{index}]"
            if item is None:
                continue
            if not isinstance(item, dict):
                raise WrongType(path)
            yield Element(item, path)

    def _list(self, name: str) -> list[Any]:
        value = self.value.get(name)
        if value is not None and not isinstance(value, list):
            raise WrongType(f"{self.path}.{name}")
        return value or []

    # --- Types of FHIR ----------------------------------------------------------------------------------------

    def codings(self, name: str) -> tuple[tuple[Coding, ...], str]:
        """All codings of a CodeableConcept, and its text (else a display, else a code)."""
        concept = self.child(name)
        codings = tuple(
            Coding(coding.text("system"), coding.text("code"), coding.text("display"))
            for coding in concept.children("coding")
        )
        shown = [concept.text("text"), *(c.display for c in codings), *(c.code for c in codings)]
        return codings, next((text for text in shown if text), "")

    def codes(self, name: str) -> set[str]:
        """The codes of a CodeableConcept, or a bare code (as DSTU2 and STU3 have for a status), in lower case."""
        if isinstance(self.value.get(name), str):
            return {self.text(name).casefold()}
        codings, text = self.codings(name)
        return {coding.code.casefold() for coding in codings if coding.code} or ({text.casefold()} if text else set())

    def is_past(self, name: str, today: date) -> bool:
        """Whether a period ended before today."""
        end = self.child(name).text("end")
        return bool(end) and end[:10] < today.isoformat()[: len(end[:10])]

    def day(self, *names: str) -> date | None:
        """The first of these elements that says a whole day."""
        for name in names:
            try:
                return date.fromisoformat(self.text(name)[:10])
            except ValueError:
                continue
        return None


def _text(value: Any, path: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or "\0" in value:
        raise WrongType(path)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise WrongType(path) from None
    return value.strip()
