"""The Django project: what every app stands on, and the roof that names the apps."""

# The Celery app must exist before any task is declared, or `delay_on_commit` is missing in the web process.
from clinic.celery import app as celery_app

__all__ = ["celery_app"]
