"""Coded values shared by more than one app."""

from django.db import models


class Side(models.TextChoices):
    """The side of a muscle or a movement."""

    LEFT = "left"
    RIGHT = "right"


class ZoneSide(models.TextChoices):
    """The side of a body zone; a zone on the middle line has none."""

    LEFT = "left"
    RIGHT = "right"
    MIDLINE = "midline"


class DocumentStatus(models.TextChoices):
    """The life of an assessment or a session. Only a draft may change."""

    DRAFT = "draft"
    SIGNED = "signed"
    SUPERSEDED = "superseded"
    ENTERED_IN_ERROR = "entered_in_error"


DOCUMENT_STATUSES = DocumentStatus.choices
