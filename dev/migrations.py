"""
Refuse a migration that would break the workers of the release before, which still run while it is applied.

Expand first, contract later (`docs/how-to/write-a-safe-migration.md`): what drops or renames something says with
`contracts = "0.2.0"` in its class which release was the last to use it, and that release must be out.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
from django.db import migrations
from django.db.migrations.loader import MigrationLoader
from django.db.models.fields import NOT_PROVIDED

ROOT = Path(__file__).parents[1]
# The newest migration of each app when this rule began: what was there has been applied everywhere.
BEGINS_AFTER = {
    "accounts": 14,
    "api": 2,
    "assessments": 10,
    "audit": 6,
    "backups": 1,
    "catalogue": 1,
    "homecare": 7,
    "messaging": 7,
    "patient_forms": 1,
    "patients": 12,
    "records": 8,
    "scheduling": 7,
    "treatments": 10,
    "worklist": 11,
}
TAKES_AWAY = (
    migrations.RemoveField,
    migrations.DeleteModel,
    migrations.RenameField,
    migrations.RenameModel,
    migrations.AlterModelTable,
)
SQL_TAKES_AWAY = re.compile(r"\b(DROP\s+(TABLE|COLUMN|SCHEMA)|RENAME\s+(TO|COLUMN))\b", re.IGNORECASE)
COMMENT = re.compile(r"--[^\n]*")


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
    django.setup()
    from django.apps import apps
    from django.conf import settings

    ours = {config.label for config in apps.get_app_configs() if Path(config.path).parent == ROOT}
    loader = MigrationLoader(None)
    wrong = [
        f"{app}.{name}: {fault}"
        for (app, name), migration in sorted(loader.disk_migrations.items())
        if app in ours and int(name[:4]) > BEGINS_AFTER.get(app, 0)
        for fault in faults(migration, release=settings.VERSION)
    ]
    for line in wrong:
        print(line)
    return 1 if wrong else 0


def faults(migration: Any, *, release: str) -> Iterator[str]:
    """Yield what an old worker would stumble over; `release`: the one that this migration is part of."""
    contracts = getattr(migration, "contracts", "")
    if contracts and numbers(contracts) >= numbers(release):
        yield f"contracts = {contracts!r} names a release that is not out; this one is {release}"
    made = {operation.name.lower() for operation in migration.operations if hasattr(operation, "fields")}
    for operation in flat(migration.operations):
        taken = what_it_takes(operation)
        if taken and not contracts:
            yield f'{taken}: the release before still uses it; do it a release later, with contracts = "..."'
        if isinstance(operation, migrations.AddField) and operation.model_name.lower() not in made:
            field = operation.field
            is_filled = field.null or field.many_to_many or field.db_default is not NOT_PROVIDED
            if not is_filled and not contracts:
                yield f"{operation.model_name}.{operation.name} needs db_default: old workers insert rows without it"


def flat(operations: list[Any]) -> Iterator[Any]:
    """Yield the operations that change the database, without those that change Django's state only."""
    for operation in operations:
        if isinstance(operation, migrations.SeparateDatabaseAndState):
            yield from flat(operation.database_operations)
        else:
            yield operation


def what_it_takes(operation: Any) -> str:
    """Return what an operation takes away from the release before, in words; empty: nothing."""
    if isinstance(operation, TAKES_AWAY):
        return str(operation.describe())
    if isinstance(operation, migrations.RunSQL):
        found = SQL_TAKES_AWAY.search(COMMENT.sub("", statements(operation.sql)))
        return f"SQL with {found[0]}" if found else ""
    return ""


def statements(sql: Any) -> str:
    if isinstance(sql, str):
        return sql
    return "\n".join(part if isinstance(part, str) else str(part[0]) for part in sql)


def numbers(release: str) -> tuple[int, ...]:
    return tuple(int(part) for part in release.split("."))


if __name__ == "__main__":
    sys.exit(main())
