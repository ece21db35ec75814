"""
Every reason that the code can raise has a text in every language, and every text is raised.

The reasons are read from the source, so that a refusal that no other test provokes is seen as well.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.utils import translation
from django.utils.translation import ngettext

from assessments.rules import RED_FLAGS
from dev.messages import APPS, LANGUAGES
from errors import texts as refusals
from errors.exceptions import FieldError, Invalid
from messaging.addresses import OBSTACLES
from treatments.refusals import CONSENT_TEXTS, SAID_BY_REASON
from treatments.safety_table import DEFAULT_CODES

ROOT = Path(__file__).parents[1]
# Calls that carry a reason: which argument it is, and which one has the parameters (None: the keywords).
CARRIERS = {
    "FieldError": (1, 2),
    "add": (1, None),
    "at": (1, None),
    "invalid_parameter": (1, None),
    "message_for": (0, 1),
    "problem": (1, "params"),
    "as_http": (1, None),
}
# Variables that hold a reason from a table: (module, name) to the table.
FROM_TABLES: dict[tuple[str, str], Iterable[str]] = {
    ("api/parameters.py", "moved_reason"): ["invalid.search_by_post"],
    ("treatments/signing.py", "flag"): RED_FLAGS,
    ("treatments/signing.py", "consent_reason"): [f"consent_missing.{why}" for why in CONSENT_TEXTS],
    ("treatments/signing.py", "entry_code"): set(DEFAULT_CODES) - SAID_BY_REASON,
    ("homecare/reminders/planning.py", "obstacle"): OBSTACLES,
    ("homecare/programmes/safety_stops.py", "flag_of_home"): [f"{code}.home" for code in RED_FLAGS],
}
PLACEHOLDER = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True)
class Raised:
    """One place in the source that raises a reason, with the names of its parameters; None for a class statement."""

    place: str
    reason: str
    params: frozenset[str] | None


class Unreadable(Exception):
    """A reason that cannot be read from the source."""


def sources() -> Iterator[tuple[str, ast.Module]]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


@cache
def error_classes() -> dict[str, str]:
    """Every subclass of DomainError, with the reason that it has or inherits; an empty text for a class without."""
    bases, own = {}, {"DomainError": "refused"}
    for _place, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                assert node.name not in own or node.name not in bases, f"two errors are called {node.name}"
                bases[node.name] = [base.id for base in node.bases if isinstance(base, ast.Name)]
                for statement in node.body:
                    if (
                        isinstance(statement, ast.Assign)
                        and getattr(statement.targets[0], "id", "") == "reason"
                        and isinstance(statement.value, ast.Constant)
                    ):
                        own[node.name] = str(statement.value.value)

    def is_error(name: str) -> bool:
        return name == "DomainError" or any(is_error(base) for base in bases.get(name, ()))

    def reason_of(name: str) -> str:
        return own.get(name) or next((reason_of(base) for base in bases[name] if is_error(base)), "")

    return {name: reason_of(name) for name in [*bases, "DomainError"] if is_error(name)}


def texts_of(place: str, node: ast.expr, parameters: set[str]) -> list[str]:
    """
    The reasons that an expression can stand for; none for one that only passes another's reason on.

    :raises Unreadable: neither a literal, nor a choice of literals, nor from a declared table
    """
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return texts_of(place, node.body, parameters) + texts_of(place, node.orelse, parameters)
    if isinstance(node, ast.Attribute) and node.attr in ("reason", "code"):
        return []
    if isinstance(node, ast.Name):
        if (place, node.id) in FROM_TABLES:
            return list(FROM_TABLES[place, node.id])
        if node.id == "reason" and "reason" in parameters:
            return []
    raise Unreadable(f"{place}:{node.lineno}: {ast.unparse(node)}")


def names_in(place: str, node: ast.expr | None, function: ast.FunctionDef | None) -> frozenset[str]:
    """
    The keys of a mapping of parameters: a literal, or a local variable that holds one.

    :raises Unreadable: the source does not show them
    """
    if node is None:
        return frozenset()
    if isinstance(node, ast.Name) and function is not None:
        before = [
            child
            for child in ast.walk(function)
            if isinstance(child, ast.Assign)
            and child.lineno < node.lineno
            and node.id in [getattr(target, "id", "") for target in child.targets]
        ]
        if before:
            node = max(before, key=lambda assignment: assignment.lineno).value
    if isinstance(node, ast.Dict) and all(isinstance(key, ast.Constant) for key in node.keys):
        return frozenset(key.value for key in node.keys if isinstance(key, ast.Constant))
    raise Unreadable(f"{place}:{node.lineno}: {ast.unparse(node)}")


def raised_by(place: str, node: ast.Call, function: ast.FunctionDef | None) -> Iterator[Raised]:
    arguments = [*function.args.posonlyargs, *function.args.args] if function else []
    parameters = {argument.arg for argument in arguments}
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    keywords = {keyword.arg: keyword.value for keyword in node.keywords}
    classes = error_classes()
    if name in classes:
        reasons = texts_of(place, node.args[0], parameters) if node.args else [classes[name]]
        params = names_in(place, keywords.get("params"), function) if reasons else frozenset()
    elif name in CARRIERS:
        at, of_params = CARRIERS[name]
        if name == "problem" and len(node.args) > at + 1:
            return  # the framework's own text
        receiver = node.func.value if isinstance(node.func, ast.Attribute) else None
        if name in ("add", "at") and getattr(receiver, "id", "") not in {"problems", *classes}:
            return
        if len(node.args) <= at:
            return
        reasons = texts_of(place, node.args[at], parameters)
        if not reasons:
            return
        if of_params is None:
            if None in keywords:
                raise Unreadable(f"{place}:{node.lineno}: {ast.unparse(node)}")
            params = frozenset(str(keyword) for keyword in keywords)
            if len(node.args) > at + 1:
                raise Unreadable(f"{place}:{node.lineno}: a finished sentence: {ast.unparse(node)}")
        elif isinstance(of_params, int):
            given = node.args[of_params] if len(node.args) > of_params else keywords.get("params")
            if isinstance(given, ast.Constant | ast.JoinedStr):
                raise Unreadable(f"{place}:{node.lineno}: a finished sentence: {ast.unparse(node)}")
            params = names_in(place, given, function)
        else:
            params = names_in(place, keywords.get(of_params), function)
    else:
        return
    for reason in reasons:
        yield Raised(f"{place}:{node.lineno}", reason, params)


@cache
def collected() -> tuple[list[Raised], list[str]]:
    """Everything that the apps raise, and the places whose reason cannot be read."""
    raised: list[Raised] = []
    unreadable: list[str] = []
    classes = error_classes()
    for place, tree in sources():
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        inside = {id(child): function for function in functions for child in ast.walk(function)}
        for node in ast.walk(tree):
            try:
                if isinstance(node, ast.Call):
                    raised += raised_by(place, node, inside.get(id(node)))
            except Unreadable as error:
                unreadable.append(str(error))
            # An error that is raised as its class, or by a constraint's name, has no parameters.
            bare: Sequence[ast.expr | None] = ()
            if isinstance(node, ast.Raise):
                bare = [node.exc]
            elif isinstance(node, ast.Dict):
                bare = node.values
            for value in bare:
                if isinstance(value, ast.Name) and value.id in classes:
                    raised.append(Raised(f"{place}:{value.lineno}", classes[value.id], frozenset()))
            if isinstance(node, ast.ClassDef) and node.name in classes:
                raised.append(Raised(f"{place}:{node.lineno}", classes[node.name], None))
    return raised, unreadable


def messages_of(reason: str) -> list[str]:
    """The source text of a reason: one, or its singular and plural."""
    message = refusals.TEXTS[reason].message
    plural = getattr(message, "_kw", {})
    if "plural" in plural:
        return [plural["singular"], plural["plural"]]
    with translation.override("en"):
        return [str(message)]


def translations_of(reason: str) -> list[str]:
    """Every form of a reason's text in the active language."""
    sources = messages_of(reason)
    if len(sources) == 1:
        return [str(refusals.TEXTS[reason].message)]
    return [ngettext(sources[0], sources[1], number) for number in (1, 2)]


def test_every_reason_can_be_read_from_the_source():
    _raised, unreadable = collected()
    assert unreadable == []


def test_errors_of_the_framework_take_their_text_from_a_table():
    """Those that an API raises itself; DRF's own fields and Django's forms have the framework's texts."""
    literal = [
        f"{place}:{node.lineno}"
        for place, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") in {"AuthenticationFailed", "ErrorDetail", "ParseError"}
        and not (
            node.args and isinstance(node.args[0], ast.Call) and getattr(node.args[0].func, "id", "") == "message_for"
        )
    ]
    assert literal == []


def test_every_reason_that_is_raised_has_a_text():
    raised, _unreadable = collected()
    assert len(raised) > 100
    assert [f"{r.place} {r.reason}" for r in raised if r.reason not in refusals.TEXTS] == []


def test_every_text_is_raised():
    raised, _unreadable = collected()
    assert set(refusals.TEXTS) - {r.reason for r in raised} == set()


def test_every_placeholder_is_among_the_parameters():
    raised, _unreadable = collected()
    missing = []
    for r in raised:
        if r.params is None or r.reason not in refusals.TEXTS:
            continue
        needed = {name for text in messages_of(r.reason) for name in PLACEHOLDER.findall(text)}
        needed |= set(refusals.TEXTS[r.reason].labels)
        if not needed <= r.params:
            missing.append(f"{r.place} {r.reason}: {sorted(needed - r.params)}")
    assert missing == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_in_every_language(language):
    with open(ROOT / "clinic" / "locale" / language / "LC_MESSAGES" / "django.po", "rb") as file:
        catalog = read_po(file, locale=language)
    missing, different = [], []
    for reason in refusals.TEXTS:
        texts = messages_of(reason)
        entry = catalog.get(texts[0])
        if entry is None or not all([entry.string] if isinstance(entry.string, str) else entry.string):
            missing.append(reason)
            continue
        names = {name for text in texts for name in PLACEHOLDER.findall(text)}
        with translation.override(language):
            translated = translations_of(reason)
        if translated == texts:
            missing.append(reason)
        for text in translated:
            if set(PLACEHOLDER.findall(text)) ^ names and len(texts) == 1:
                different.append(f"{reason}: {text}")
            assert set(PLACEHOLDER.findall(text)) <= names, reason
    assert missing == []
    assert different == []


def test_no_text_names_a_field_or_a_path_of_the_api():
    named = [
        f"{reason}: {text}"
        for reason in refusals.TEXTS
        for text in messages_of(reason)
        if "/api/" in text or re.search(r"[a-z]_[a-z]", PLACEHOLDER.sub("", text))
    ]
    assert named == []


def test_every_text_is_a_sentence():
    """It begins with a capital letter (or a number) and ends with a full stop."""
    odd = [
        text
        for reason in refusals.TEXTS
        for text in messages_of(reason)
        if not text.endswith((".", "?")) or not (text[0].isupper() or text[0] in "%“")
    ]
    assert odd == []


def test_a_reason_that_is_registered_twice_stops_the_start():
    with pytest.raises(ValueError, match="registered twice"):
        refusals.register({"not_found": "Somewhere else."})


def test_a_reason_without_a_text_does_not_get_the_text_of_its_code():
    with pytest.raises(refusals.UnknownReason):
        refusals.message_for("not_found.on_the_moon")


def test_parameters_read_as_the_language_writes_them():
    from decimal import Decimal

    error = FieldError("/dose/hold_s", "out_of_range.unit", {"low": Decimal("0.50"), "high": 90, "unit": "s"})
    with translation.override("en"):
        assert refusals.message_of(error) == "Enter a value from 0.5 to 90 s."
    with translation.override("de"):
        assert "0,5" in refusals.message_of(error)


def test_the_code_is_what_stands_before_the_first_dot():
    assert FieldError("/sex", "unknown_code.sex.of_patient").code == "unknown_code"
    assert Invalid("invalid.edits").code == "invalid"
