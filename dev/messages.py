"""
`make messages`: gathers every text of pages, scripts and rule tables, and brings the translations up to date.

Django's own command wants GNU gettext on the machine; Babel reads and writes the same files.
"""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from dev.stack import ROOT, say

APPS = [
    "accounts",
    "catalogue",
    "patients",
    "worklist",
    "messaging",
    "patient_forms",
    "privacy",
    "records",
    "assessments",
    "treatments",
    "homecare",
    "scheduling",
    "changes",
    "workspace",
    "clinic",
    "audit",
    "api",
    "errors",
    "database",
    "identity",
    "uploads",
]
LANGUAGES = ["de"]
# How a day is written (the `written` filter); a language has its own order and dots.
DATES = ["D j", "j M", "D j M", "D j M, H:i", "j F", "j F Y", "l, j F", "l, j F Y", "l, j F Y, H:i", "l, j F, H:i"]
KEYWORDS = {
    "gettext": None,
    "gettext_lazy": None,
    "ngettext_lazy": (1, 2),
    "ngettext": (1, 2),
    "_": None,
    "gettext_noop": None,
    "pgettext": ((1, "c"), 2),
}


def main() -> int:
    os.environ |= {
        "SECRET_KEY": "x" * 50,
        "ENCRYPTION_KEYS": "x" * 32,
        "DATABASE_URL": "postgresql://palpate_app@/unused",
        "REDIS_URL": "redis://unused",
    }
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
    django.setup()
    texts = gather()
    missing = 0
    for language in LANGUAGES:
        folder = ROOT / "clinic" / "locale" / language / "LC_MESSAGES"
        folder.mkdir(parents=True, exist_ok=True)
        catalog = update_catalog(folder / "django.po", language, texts)
        empty = [m for m in catalog if m.id and not has_translation(m)]
        missing += len(empty)
        with open(folder / "django.po", "wb") as file:
            write_po(
                file, catalog, width=120, omit_header=False, ignore_obsolete=True, no_location=True, sort_output=True
            )
        with open(folder / "django.mo", "wb") as file:
            write_mo(file, catalog)
        say(f"{language}: {len(catalog)} texts, {len(empty)} not translated")
    return 1 if missing else 0


def has_translation(message: object) -> bool:
    texts = message.string if isinstance(message.string, tuple | list) else (message.string,)  # type: ignore[attr-defined]
    return all(texts) and not message.fuzzy  # type: ignore[attr-defined]


def update_catalog(path: Path, language: str, found: Iterable[str | tuple[str, str]]) -> Catalog:
    """The catalog with exactly the texts found, and the translations known."""
    catalog_row = Catalog(locale=language)
    if path.exists():
        with open(path, "rb") as file:
            catalog_row = read_po(file, locale=language)
    catalog = Catalog(
        locale=language,
        project="Palpate",
        creation_date=catalog_row.creation_date,
        revision_date=catalog_row.creation_date,
    )
    for text in found:
        old = catalog_row.get(text if isinstance(text, str) else text[0])
        catalog.add(text, old.string if old is not None and not old.fuzzy else None)
    return catalog


def gather() -> list[str | tuple[str, str]]:
    """Every text, once."""
    from django.utils.translation.template import templatize

    texts: dict[str | tuple[str, str], None] = {}
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*")):
            if path.suffix == ".py" and "migrations" not in path.parts:
                texts |= dict.fromkeys(of_source(path.read_text()))
            elif path.suffix in (".html", ".txt"):
                # Python's tokenizer minds indentation, which in a template means nothing.
                lines = [line.lstrip() for line in templatize(path.read_text()).splitlines()]
                source = BytesIO("\n".join(lines).encode())
                for _line, text, _comments, _context in extract("python", source, keywords=KEYWORDS):
                    texts.setdefault(tuple(text) if isinstance(text, tuple) else text)
    texts |= dict.fromkeys(of_tables())
    return [text for text in texts if text]


def of_source(source: str) -> Iterable[str | tuple[str, str]]:
    """What stands in calls of gettext and its kin; only whole texts, not keys of tables."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in KEYWORDS:
            continue
        texts = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        if node.func.id in ("ngettext", "ngettext_lazy") and len(texts) >= 2:
            yield texts[0], texts[1]
        elif texts and isinstance(node.args[0], ast.Constant):
            yield texts[0]


def of_tables() -> Iterable[str]:
    """Labels that stand in rule tables and in the catalogue, which know nothing of translation."""
    import catalogue
    from accounts import rules as roles
    from assessments import c_spine, red_flag_table
    from assessments import rules as exam
    from homecare import rules as home
    from patients import rules as patients
    from scheduling import rules as scheduling
    from treatments import limit_sources, safety_table
    from treatments import rules as dose
    from treatments.plans import rules as plan_rules
    from worklist import rules as worklist

    yield from (about.source for about in {limit_sources.OURS, *limit_sources.SOURCES.values()})
    yield from roles.ROLES.values()
    for muscle in catalogue.MUSCLES.values():
        yield from (muscle["name"], muscle["self_pressure"]["note"], muscle["self_pressure"]["patient_note"])
        yield from (*muscle["aggravating"], *muscle["non_pain_phenomena"])
    yield from (zone["label"] for zone in catalogue.ZONES.values())
    yield from catalogue.MOVEMENTS.values()
    for measure in catalogue.MEASURES.values():
        yield from (measure["label"], measure["licence"], measure["source"], *measure.get("items", ()))
        yield from (text for text in [measure.get("note")] if text)
        yield from (band["label"] for band in measure.get("bands", ()))
    yield from red_flag_table.texts()
    yield plan_rules.EVIDENCE
    yield from c_spine.texts()
    yield from safety_table.texts()
    yield from (policy.label for policy in roles.RETENTION.values())
    yield from (rule_set.label for rule_set in exam.RULE_SETS.values())
    yield from (alert.label for alert in patients.ALERTS.values())
    yield from (technique.label for technique in dose.TECHNIQUES.values())
    yield from roles.COMPETENCIES.values()
    yield from roles.BASIC_TRAINING.values()
    yield from roles.SCOPES.values()
    yield from roles.SIGNING_PROOFS.values()
    for field in dose.FIELDS.values():
        yield field.label
        yield from (code.replace("_", " ") for code in field.codes)
    yield from dose.TIMINGS
    yield from DATES
    for exercise in home.EXERCISES.values():
        yield from (exercise.name, exercise.how, *(limits.source for limits in exercise.dose.values()))
    yield from (field.label for field in home.FIELDS.values())
    yield from (
        *home.TOOLS.values(),
        *home.CHECKLIST.values(),
        *home.STOP_IF.values(),
        *(wrong.label for wrong in home.WRONG.values()),
        home.LIGHT_REASON,
        home.PINCH,
    )
    yield from (status.label for status in scheduling.STATUSES.values())
    yield from (text for item_kind in worklist.KINDS.values() for text in (item_kind.label, item_kind.to_do))


if __name__ == "__main__":
    sys.exit(main())
