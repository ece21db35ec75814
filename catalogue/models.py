"""
The muscle catalogue in the database: the same for all clinics, written by `load_catalogue` only.

The tables keep the names that they had in `assessments`, where signed rows and their foreign keys refer to them.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now


class MuscleQuerySet(models.QuerySet["Muscle"]):
    def in_use(self) -> MuscleQuerySet:
        return self.filter(is_retired=False)

    def matching(self, text: str) -> MuscleQuerySet:
        """Every word stands somewhere in the name, the Latin name, the id, or a zone that the muscle refers to."""
        queryset = self
        for word in text.casefold().split()[:8]:
            queryset = queryset.filter(search_text__contains=word)
        return queryset


class Muscle(models.Model):
    id = models.TextField(primary_key=True)
    name = models.TextField()
    latin = models.TextField()
    region = models.TextField()
    group = models.TextField()
    tier = models.TextField()
    needling_risk = models.TextField()
    self_pressure = models.TextField()
    detail = models.JSONField(help_text="the catalogue's entry, whole")
    search_text = models.TextField()
    position = models.PositiveSmallIntegerField()
    is_retired = models.BooleanField(default=False)

    objects = MuscleQuerySet.as_manager()

    class Meta:
        db_table = "assessments_muscle"

    def __str__(self) -> str:
        return self.name


class BodyZone(models.Model):
    id = models.TextField(primary_key=True)
    label = models.TextField()
    region = models.TextField()
    views = ArrayField(models.TextField())
    sided = models.BooleanField()
    synonyms = ArrayField(models.TextField(), default=list)
    search_text = models.TextField()
    position = models.PositiveSmallIntegerField()
    is_retired = models.BooleanField(default=False)

    class Meta:
        db_table = "assessments_bodyzone"

    def __str__(self) -> str:
        return self.label


class Movement(models.Model):
    id = models.TextField(primary_key=True)
    label = models.TextField()
    position = models.PositiveSmallIntegerField()
    is_retired = models.BooleanField(default=False)

    class Meta:
        db_table = "assessments_movement"

    def __str__(self) -> str:
        return self.label


class Caution(models.Model):
    """Something near a muscle that a needle must not meet."""

    id = models.TextField(primary_key=True)
    text = models.TextField()
    is_retired = models.BooleanField(default=False)

    class Meta:
        db_table = "assessments_caution"

    def __str__(self) -> str:
        return self.id


class CatalogueLoad(models.Model):
    """Which version of the catalogue the tables hold."""

    version = models.TextField(primary_key=True)
    loaded_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "assessments_catalogueload"

    def __str__(self) -> str:
        return self.version
