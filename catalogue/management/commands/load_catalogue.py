"""Copy this release's muscle catalogue to the database. Safe to run again; entries that are gone are retired."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import models, transaction

import catalogue
from catalogue.models import BodyZone, CatalogueLoad, Caution, Movement, Muscle


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        # Only the owner of the tables may write code lists; the application role reads them.
        using = "owner" if "owner" in settings.DATABASES else "default"
        if CatalogueLoad.objects.using(using).filter(pk=catalogue.VERSION).exists():
            self.stdout.write(f"the catalogue is at {catalogue.VERSION} already")
            return
        with transaction.atomic(using=using):
            self._load(BodyZone, self._zones(), using)
            self._load(Movement, self._movements(), using)
            self._load(Caution, (Caution(pk=code, text=text) for code, text in catalogue.CAUTIONS.items()), using)
            self._load(Muscle, self._muscles(), using)
            CatalogueLoad.objects.using(using).create(pk=catalogue.VERSION)
        self.stdout.write(f"the catalogue is at {catalogue.VERSION}")

    def _load(self, model: type[models.Model], rows: Any, using: str) -> None:
        rows_list = list(rows)
        fields = [field.name for field in model._meta.concrete_fields if not field.primary_key]
        model._default_manager.using(using).bulk_create(
            rows_list, update_conflicts=True, unique_fields=["id"], update_fields=fields
        )
        model._default_manager.using(using).exclude(pk__in=[row.pk for row in rows_list]).update(is_retired=True)

    def _zones(self) -> Any:
        for position, (code, zone) in enumerate(catalogue.ZONES.items()):
            yield BodyZone(
                pk=code,
                label=zone["label"],
                region=zone["region"],
                views=zone["views"],
                sided=zone["sided"],
                synonyms=zone.get("synonyms", []),
                search_text=zone_words(code),
                position=position,
            )

    def _movements(self) -> Any:
        for position, (code, label) in enumerate(catalogue.MOVEMENTS.items()):
            yield Movement(pk=code, label=label, position=position)

    def _muscles(self) -> Any:
        for position, (code, muscle) in enumerate(catalogue.MUSCLES.items()):
            zones = [*muscle["referral"]["primary"], *muscle["referral"]["spillover"]]
            words = [
                code.replace("_", " "),
                muscle["name"],
                muscle["latin"],
                muscle.get("parent") or "",
                muscle["group"],
            ]
            yield Muscle(
                pk=code,
                name=muscle["name"],
                latin=muscle["latin"],
                region=muscle["region"],
                group=muscle["group"],
                tier=muscle["tier"],
                needling_risk=muscle["needling"]["risk"],
                self_pressure=muscle["self_pressure"]["rating"],
                detail=muscle,
                search_text=" ".join([*words, *map(zone_words, zones)]).casefold(),
                position=position,
            )


def zone_words(code: str) -> str:
    zone = catalogue.ZONES[code]
    return " ".join(
        [code, code.replace(".", " ").replace("_", " "), zone["label"], *zone.get("synonyms", [])]
    ).casefold()
