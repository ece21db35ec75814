"""What a FHIR reference can mean, by the rules of R4 for bundles and contained resources."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

REST = re.compile(r"^(?P<server>https?://.+)/(?P<kind>[A-Z][A-Za-z]+)/(?P<id>[A-Za-z0-9\-.]{1,64})$")
VERSION = re.compile(r"/_history/[^/]*$")


@dataclass(frozen=True)
class Reference:
    """
    :ivar text: the literal reference, without a version; empty: only an identifier
    :ivar identifier: system and value of the logical reference
    """

    text: str
    identifier: tuple[str, str] | None = None

    def names(self, url: str) -> Iterator[str]:
        """
        The names under which the target may be known, best first.

        :param url: `fullUrl` of the resource that has the reference
        """
        if not self.text or self.text.startswith("#"):
            return
        if re.match(r"^[a-z][a-z0-9+.\-]*:", self.text):
            yield self.text
            if self.text.startswith("urn:uuid:"):
                yield f"id:{self.text.removeprefix('urn:uuid:')}"
            return
        server = server_of(url)
        if server:
            yield f"{server}/{self.text}"
            # On its own server it is not there; an entry that names no server may be it, one of another server is not.
            yield f"local:{self.text}"
        else:
            yield f"any:{self.text}"

    def numbers(self, resource: Mapping[str, Any] | None) -> list[tuple[str, str]]:
        """Numbers of the target: its logical reference, and those of a contained Patient."""
        found = [self.identifier] if self.identifier else []
        inside = contained(resource or {}, self)
        identifiers = inside.get("identifier") if inside else None
        for one in identifiers if isinstance(identifiers, list) else []:
            pair = _pair(one)
            if pair:
                found.append(pair)
        return found


def reference_of(value: Any) -> Reference | None:
    """Read a Reference; None if it points at nothing."""
    if not isinstance(value, dict):
        return None
    text = value.get("reference")
    reference = Reference(VERSION.sub("", text) if isinstance(text, str) else "", _pair(value.get("identifier")))
    return reference if reference.text or reference.identifier else None


def _pair(identifier: Any) -> tuple[str, str] | None:
    if not isinstance(identifier, dict):
        return None
    system, value = identifier.get("system") or "", identifier.get("value")
    return (system, value) if isinstance(system, str) and isinstance(value, str) and value else None


def contained(resource: Mapping[str, Any], reference: Reference) -> dict[str, Any] | None:
    """The contained resource that `#id` means."""
    inside = resource.get("contained")
    if not reference.text.startswith("#") or not isinstance(inside, list):
        return None
    matches = [one for one in inside if isinstance(one, dict) and one.get("id") == reference.text[1:]]
    return matches[0] if len(matches) == 1 else None


def server_of(url: str) -> str:
    """The base of a RESTful address; empty for `urn:uuid:` and the like."""
    found = REST.match(VERSION.sub("", url))
    return found["server"] if found else ""


def names_of(resource: Mapping[str, Any], url: str) -> list[str]:
    """
    The names under which a resource may be pointed at.

    :param url: its `fullUrl`; empty in NDJSON
    """
    kind, resource_id = resource.get("resourceType"), resource.get("id")
    url = VERSION.sub("", url)
    names = [url] if url else []
    if isinstance(resource_id, str) and resource_id:
        names.append(f"any:{kind}/{resource_id}")
        if not server_of(url):
            names += [f"local:{kind}/{resource_id}", f"id:{resource_id}"]
    elif server_of(url):
        names.append(f"any:{'/'.join(url.rsplit('/', 2)[-2:])}")
    return names
