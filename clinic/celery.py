"""The Celery app. Beat only ticks; what is owed is a row in PostgreSQL, never a message in Redis."""

import logging
import os
from typing import Any

from celery import Celery
from celery.contrib.django.task import DjangoTask
from django.conf import settings
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from database import valkey

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")

logger = logging.getLogger(__name__)


class Nudge(DjangoTask):
    """A task that may get lost on its way: beat looks for what is due anyway."""

    abstract = True

    def apply_async(self, *args: Any, **options: Any) -> Any:
        """Send the task; return None if the broker does not answer, because what was saved did not fail."""
        try:
            valkey.client(settings.REDIS_URL).ping()  # within a second; Celery's own client would wait longer
            return super().apply_async(*args, **options)
        except (KombuError, RedisError, OSError) as error:
            logger.warning("%s is not sent: the broker does not answer (%s)", self.name, type(error).__name__)
            return None


app = Celery("palpate", task_cls=Nudge)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(related_name="periodic")
