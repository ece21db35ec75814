"""
One line of text as a finding, and a finding as one line: "upper trap right, band, tender, refers temple, her pain, 7".

A closed grammar over the catalogue's words (`catalogue/words.json`, English and German, both understood at once).
The longest known phrase counts. What is not known, said twice or open to two readings is a problem with its place in
the text; nothing is guessed. Two rules stand in for words: a zone without a side is on the muscle's side, and a bare
number from 0 to 10 is the pain on pressure. Plain Python; `write_line` and `parse_line` are each other's inverse.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import catalogue
from assessments.rules import KPA_PER_KGF_CM2, MAX_PPT_TRIALS, PAIN, SIGNS
from assessments.values import NewFinding, NewZone

LINE_MOST = 500
LANGUAGES = ["en", "de"]
# Kinds of words in the table.
MUSCLE, SIDE, SIGN, VALUE, ZONE, QUALITY = "muscle", "side", "sign", "value", "zone", "quality"
RECOGNISED, SPOT_IN_BAND, PPT, PAIN_WORD, UNIT, FILLER = "recognised", "spot_in_band", "ppt", "pain", "unit", "filler"
# Kinds of what is not in the table.
NUMBER, QUOTE, STOP, UNKNOWN = "number", "quote", "stop", "unknown"
MIDLINE = "midline"

# Codes of problems.
UNKNOWN_WORD = "unknown_word"
SAID_TWICE = "said_twice"
NO_MUSCLE, NO_SIDE = "no_muscle", "no_side"
NEEDS_REFERS = "needs_refers"
TWO_READINGS = "two_readings"
WRONG_SIDE = "wrong_side"
NEEDS_SIGN = "needs_sign"
NOT_ON_SCALE = "not_on_scale"
TOO_MANY = "too_many"
PROBLEMS = [
    UNKNOWN_WORD, SAID_TWICE, NO_MUSCLE, NO_SIDE, NEEDS_REFERS, TWO_READINGS, WRONG_SIDE, NEEDS_SIGN, NOT_ON_SCALE,
    TOO_MANY,
]  # fmt: skip

TOKEN = re.compile(
    r"""
      ["“”„«»](?P<quote>[^"“”„«»]*)["“”«»]
    | (?P<number>\d+(?:[.,]\d+)?)(?P<of_ten>\s*/\s*10\b)?
    | (?P<word>[^\W\d_]+[^\W_]*)
    | (?P<stop>[,;:.])
    """,
    re.VERBOSE,
)
WORDS_IN = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Problem:
    """What cannot be read, with its place in the text; the end of the line for what is missing."""

    code: str
    start: int
    end: int


@dataclass(frozen=True)
class ParsedLine:
    """
    What a line says.

    :ivar finding: unreviewed; None if there is any problem
    """

    finding: NewFinding | None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Item:
    """A phrase, a number or a quotation, with its place in the text."""

    kind: str
    value: Any
    start: int
    end: int


def fold(text: str) -> str:
    """Return the words of a text as they are compared."""
    return " ".join(WORDS_IN.findall(text.casefold()))


PHRASES: dict[str, tuple[str, str]] = {
    fold(phrase): (row["kind"], row["value"])
    for row in catalogue.WORDS
    for language in LANGUAGES
    for phrase in row[language]
}
LONGEST = max(len(phrase.split()) for phrase in PHRASES)


# --- From text to items ---------------------------------------------------------------------------------------


def read_items(line: str) -> list[Item]:
    """Split a line into the longest known phrases, numbers, quotations and stops; what remains is unknown."""
    tokens = list(TOKEN.finditer(line))
    items: list[Item] = []
    place = position = 0
    while position < len(tokens):
        token = tokens[position]
        items += _unknown_between(line, place, token.start())
        if token["word"] is None:
            items.append(_other_item(token))
            position, place = position + 1, token.end()
            continue
        item, count = _longest_phrase(tokens, position)
        items.append(item)
        position, place = position + count, item.end
    return items + _unknown_between(line, place, len(line))


def _unknown_between(line: str, start: int, end: int) -> list[Item]:
    """Signs that no token takes, such as "+"; hyphens and blanks between words say nothing."""
    return [
        Item(UNKNOWN, match[0], start + match.start(), start + match.end())
        for match in re.finditer(r"[^\s\-'’²()]+", line[start:end])
    ]


def _other_item(token: re.Match[str]) -> Item:
    if token["number"]:
        return Item(NUMBER, Decimal(token["number"].replace(",", ".")), token.start(), token.end())
    if token["stop"]:
        return Item(STOP, token["stop"], token.start(), token.end())
    return Item(QUOTE, " ".join(token["quote"].split()), token.start(), token.end())


def _longest_phrase(tokens: Sequence[re.Match[str]], position: int) -> tuple[Item, int]:
    """Find the longest known phrase that starts here; the words of a phrase are adjacent."""
    run: list[re.Match[str]] = []
    for token in tokens[position : position + LONGEST]:
        # "C7" and "cm2" are words; a bare number may be part of a phrase as well.
        text = token["word"] or (token["number"] if run and not token["of_ten"] else None)
        if text is None:
            break
        run.append(token)
    for count in range(len(run), 0, -1):
        phrase = fold(" ".join(token[0] for token in run[:count]))
        if phrase in PHRASES:
            kind, value = PHRASES[phrase]
            return Item(kind, value, run[0].start(), run[count - 1].end()), count
    first = run[0]
    return Item(UNKNOWN, first[0], first.start(), first.end()), 1


# --- From items to a finding ----------------------------------------------------------------------------------


@dataclass
class Zone:
    """A zone while it is read: its side may stand before or after it."""

    item: Item
    side: Item | None = None


@dataclass
class Reading:
    """What was read so far."""

    fields: dict[str, Any] = field(default_factory=dict)
    zones: list[Zone] = field(default_factory=list)
    qualities: list[Item] = field(default_factory=list)
    trials: list[Decimal] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    in_referral: bool = False

    def mark(self, code: str, item: Item) -> None:
        self.problems.append(Problem(code, item.start, item.end))

    def put(self, name: str, value: Any, item: Item) -> None:
        """Set a field once."""
        if name in self.fields:
            self.mark(SAID_TWICE, item)
        else:
            self.fields[name] = value


def parse_line(line: str) -> ParsedLine:
    """Read one line; the finding is unreviewed, and None if anything is unclear."""
    items = [item for item in read_items(line) if item.kind != FILLER]
    reading = Reading()
    position = 0
    while position < len(items):
        position += _read_item(reading, items, position)
    end = Item(STOP, "", len(line), len(line))
    for name, code in (("muscle", NO_MUSCLE), ("side", NO_SIDE)):
        if name not in reading.fields:
            reading.mark(code, end)
    _finish_referral(reading)
    if reading.problems:
        return ParsedLine(None, tuple(sorted(reading.problems, key=lambda problem: (problem.start, problem.end))))
    return ParsedLine(NewFinding(**reading.fields, unreviewed=True))


def _read_item(reading: Reading, items: Sequence[Item], position: int) -> int:
    """Take what stands at a position; return of how many items it is."""
    item = items[position]
    if item.kind in (ZONE, SIDE) and reading.in_referral:
        _read_zone_or_side(reading, items, position)
        return 1
    if item.kind == STOP:
        return 1
    if item.kind not in (ZONE, QUALITY):
        reading.in_referral = False
    if item.kind == VALUE:
        following = items[position + 1] if position + 1 < len(items) else None
        if following is None or following.kind != SIGN:
            reading.mark(NEEDS_SIGN, item)
            return 1
        reading.put(following.value, item.value, following)
        return 2
    if item.kind == PPT:
        return 1 + _read_trials(reading, items, position)
    if item.kind == PAIN_WORD:
        following = items[position + 1] if position + 1 < len(items) else None
        if following is None or following.kind != NUMBER:
            reading.mark(NOT_ON_SCALE, item)
            return 1
        _read_pain(reading, following)
        return 2
    READERS.get(item.kind, _read_unknown)(reading, item)
    return 1


def _read_zone_or_side(reading: Reading, items: Sequence[Item], position: int) -> None:
    """
    Inside "refers": a zone, or the side of one.

    A side between two zones without a comma could belong to either. One after a zone is that zone's, one before a zone
    is the next one's.
    """
    item = items[position]
    before = items[position - 1] if position else None
    after = items[position + 1] if position + 1 < len(items) else None
    if item.kind == ZONE:
        side = before if before is not None and before.kind == SIDE and not _is_taken(reading, before) else None
        reading.zones.append(Zone(item, side))
        return
    follows_zone = before is not None and before.kind == ZONE
    leads_zone = after is not None and after.kind == ZONE
    if follows_zone and leads_zone:
        reading.mark(TWO_READINGS, item)
    elif follows_zone and reading.zones[-1].side is None:
        reading.zones[-1].side = item
    elif not leads_zone:
        reading.mark(SAID_TWICE if follows_zone else NEEDS_REFERS, item)


def _is_taken(reading: Reading, side: Item) -> bool:
    return any(zone.side is side for zone in reading.zones) or any(p.start == side.start for p in reading.problems)


def _read_muscle(reading: Reading, item: Item) -> None:
    reading.put("muscle", item.value, item)


def _read_side(reading: Reading, item: Item) -> None:
    if item.value == MIDLINE:
        reading.mark(WRONG_SIDE, item)
    else:
        reading.put("side", item.value, item)


def _read_sign(reading: Reading, item: Item) -> None:
    reading.put(item.value, "present", item)
    reading.in_referral = item.value == "referred_pain"


def _read_quality(reading: Reading, item: Item) -> None:
    if item.value in [quality.value for quality in reading.qualities]:
        reading.mark(SAID_TWICE, item)
    else:
        reading.qualities.append(item)


def _read_pain(reading: Reading, item: Item) -> None:
    low, high = PAIN
    if item.value != item.value.to_integral_value() or not low <= item.value <= high:
        reading.mark(NOT_ON_SCALE, item)
    else:
        reading.put("pain_on_pressure", int(item.value), item)


def _read_trials(reading: Reading, items: Sequence[Item], position: int) -> int:
    """The numbers after "PPT", in kPa unless a unit follows; returns how many items they are."""
    count = 0
    values: list[Item] = []
    rest = items[position + 1 :]
    while count < len(rest) and rest[count].kind == NUMBER:
        values.append(rest[count])
        count += 1
    factor = Decimal(1)
    if values and count < len(rest) and rest[count].kind == UNIT:
        factor = KPA_PER_KGF_CM2 if rest[count].value == "kgf/cm2" else factor
        count += 1
    if not values:
        reading.mark(NOT_ON_SCALE, items[position])
    elif len(values) > MAX_PPT_TRIALS:
        reading.mark(TOO_MANY, values[MAX_PPT_TRIALS])
    else:
        kpa = [(value.value * factor).quantize(Decimal("0.1")) for value in values]
        reading.put("ppt_kpa", tuple(kpa), items[position])
    return count


def _read_unknown(reading: Reading, item: Item) -> None:
    reading.mark(NEEDS_REFERS if item.kind == ZONE else UNKNOWN_WORD, item)


READERS = {
    MUSCLE: _read_muscle,
    SIDE: _read_side,
    SIGN: _read_sign,
    QUALITY: _read_quality,
    NUMBER: _read_pain,
    RECOGNISED: lambda reading, item: reading.put("recognised", item.value, item),
    SPOT_IN_BAND: lambda reading, item: reading.put("spot_in_band", item.value, item),
    QUOTE: lambda reading, item: reading.put("place", item.value, item),
}


def _finish_referral(reading: Reading) -> None:
    """Give each zone its side, and refuse what only a referral has."""
    if reading.fields.get("referred_pain") != "present":
        for item in (*(zone.item for zone in reading.zones), *reading.qualities):
            reading.mark(NEEDS_REFERS, item)
        return
    zones: list[NewZone] = []
    for zone in reading.zones:
        sided = catalogue.ZONES[zone.item.value]["sided"]
        side = zone.side.value if zone.side else (reading.fields.get("side", "") if sided else MIDLINE)
        if sided == (side == MIDLINE):
            reading.mark(WRONG_SIDE, zone.side or zone.item)
        elif (made := NewZone(zone=zone.item.value, side=side)) in zones:
            reading.mark(SAID_TWICE, zone.item)
        else:
            zones.append(made)
    reading.fields["referred_to"] = tuple(zones)
    reading.fields["referred_quality"] = tuple(quality.value for quality in reading.qualities)


# --- From a finding to text -----------------------------------------------------------------------------------


def _first_words(language: str) -> dict[tuple[str, str], str]:
    other = next(code for code in LANGUAGES if code != language)
    return {(row["kind"], row["value"]): (row[language] or row[other])[0] for row in catalogue.WORDS}


WORD_OF = {language: _first_words(language) for language in LANGUAGES}


def write_line(finding: NewFinding, language: str = "en") -> str:
    """
    Write a finding as one line that reads back as the same finding.

    Left out is what the grammar has no words for: notes, the point on the chart, the probe, reasons.
    """
    word = WORD_OF.get(language, WORD_OF["en"])
    parts = [f"{word[MUSCLE, finding.muscle]} {word[SIDE, finding.side]}"]
    if finding.place:
        parts.append(f'"{finding.place}"')
    for sign in SIGNS:
        value = getattr(finding, sign)
        if sign == "referred_pain" or value == "not_tested":
            continue
        parts.append(word[SIGN, sign] if value == "present" else f"{word[VALUE, value]} {word[SIGN, sign]}")
    if finding.spot_in_band != "unknown":
        parts.append(word[SPOT_IN_BAND, finding.spot_in_band])
    parts += _write_referral(finding, word)
    if finding.recognised != "not_asked":
        parts.append(word[RECOGNISED, finding.recognised])
    if finding.pain_on_pressure is not None:
        parts.append(str(finding.pain_on_pressure))
    if finding.ppt_kpa:
        parts.append(" ".join([word[PPT, "ppt_kpa"], *map(str, finding.ppt_kpa), "kPa"]))
    return ", ".join(parts)


def _write_referral(finding: NewFinding, word: dict[tuple[str, str], str]) -> list[str]:
    if finding.referred_pain == "not_tested":
        return []
    sign = word[SIGN, "referred_pain"]
    if finding.referred_pain != "present":
        return [f"{word[VALUE, finding.referred_pain]} {sign}"]
    zones = [
        word[ZONE, zone.zone] + (f" {word[SIDE, zone.side]}" if zone.side != MIDLINE else "")
        for zone in finding.referred_to
    ]
    return [sign, *zones, *(word[QUALITY, quality] for quality in finding.referred_quality)]
