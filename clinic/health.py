"""Is the process alive, and can it do its work?"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from psycopg_pool import PoolTimeout
from redis.exceptions import RedisError

from backups import queries as backups
from database import valkey

logger = logging.getLogger(__name__)
LOCK_MS = 300  # of the two seconds that /readyz has


@require_safe
def alive(request: HttpRequest) -> JsonResponse:
    """The process answers; nothing else is asked."""
    return JsonResponse({"alive": True})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 if database, broker and migrations are as they should be; 503 says which is not."""
    checks = {name: _passes(name, check) for name, check in CHECKS.items()}
    ok = all(checks.values())
    return JsonResponse(
        {"ready": ok, "checks": checks, "backup_age_s": _backup_ages() if ok else {}}, status=200 if ok else 503
    )


def _backup_ages() -> dict[str, float | None]:
    """For monitoring: backups that are old, or whose age cannot be read at once, stop nobody from working."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            # SQL: a table that is locked must not use up the time in which this page answers (`clinic.serving`).
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [str(LOCK_MS)])
            return backups.ages_s(timezone.now())
    except (OSError, DatabaseError, PoolTimeout) as error:
        logger.error("the age of the backups is not known (%s)", type(error).__name__)
        return {}


def _passes(name: str, check: Callable[[], bool]) -> bool:
    try:
        return check()
    except (OSError, RedisError, DatabaseError, PoolTimeout) as error:
        logger.error("not ready: %s (%s)", name, type(error).__name__)
        return False


def _database() -> bool:
    with connection.cursor() as cursor:
        # SQL: no table, so a database without migrations answers too. A standby and a read-only database are not ready.
        cursor.execute("SELECT current_setting('transaction_read_only')")
        return bool(cursor.fetchone() == ("off",))


def _broker() -> bool:
    return bool(valkey.client(settings.REDIS_URL).ping())  # its client has timeouts; Celery's would wait


def _migrations() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


CHECKS: dict[str, Callable[[], bool]] = {"database": _database, "broker": _broker, "migrations": _migrations}
