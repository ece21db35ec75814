from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from database.expressions import UUIDv7


class IdempotencyKeyQuerySet(models.QuerySet["IdempotencyKey"]):
    def expired(self) -> "IdempotencyKeyQuerySet":
        return self.filter(created_at__lt=Now() - settings.IDEMPOTENCY_KEY_LIFETIME)


class IdempotencyKey(models.Model):
    """The first answer to a POST, kept to be replayed when a bad network makes the caller send it again."""

    id = models.UUIDField(primary_key=True, db_default=UUIDv7(), editable=False)
    clinic_id = models.UUIDField()
    caller = models.TextField()
    key = models.TextField()
    fingerprint = models.BinaryField(help_text="SHA-256 of method, path and body")
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = IdempotencyKeyQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic_id", "caller", "key"], name="idempotency_key_once")]
        indexes = [models.Index(fields=["created_at"], name="idempotency_key_by_age")]

    def __str__(self) -> str:
        return f"IdempotencyKey {self.pk}"
