"""Countries and their time zones, from the tables of the tzdata package; names of countries from Babel (CLDR)."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from babel import Locale

# Countries where most people read German; the pages exist in English and German.
GERMAN_SPEAKING = frozenset({"AT", "CH", "DE", "LI"})


@cache
def time_zones_by_country() -> dict[str, list[str]]:
    """Return the IANA time zones of each country (ISO 3166-1, two letters), the most populous first."""
    zones: dict[str, list[str]] = {}
    table = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8")
    for row in table.splitlines():
        if row and not row.startswith("#"):
            country, _place, zone = row.split("\t")[:3]
            zones.setdefault(country, []).append(zone)
    return zones


def countries(language: str) -> list[tuple[str, str]]:
    """Return (code, name in that language) of each country that has a time zone, by name."""
    names = Locale.parse(language, sep="-").territories
    return sorted(
        ((code, names.get(code, code)) for code in time_zones_by_country()), key=lambda line: line[1].casefold()
    )


def default_time_zone(country: str) -> str:
    """Return the most populous time zone of a country; UTC where none is known."""
    return time_zones_by_country().get(country, ["UTC"])[0]


def default_language(country: str) -> str:
    return "de" if country in GERMAN_SPEAKING else "en"
