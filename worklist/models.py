from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Case, Count, Exists, OuterRef, Q, When

from accounts.models import Membership, User
from database.revisions import content_revision
from identity.actor import Actor
from patients.models import OfPatient, Patient
from worklist import rules

FILTERS = ("due", "mine", "later", "all")


def is_later(now: datetime) -> Q:
    """Not for today: due in more than half a day, or put aside."""
    return Q(due_at__gt=now + timedelta(hours=12)) | Q(snoozed_until__gt=now)


def is_taken_by(user_id: UUID | None) -> Q:
    """
    What a person sees to, and for an owner what is for owners and nobody has taken; nothing, for a program that acts
    for nobody.
    """
    if user_id is None:
        return Q(pk__in=[])
    owns = Membership.objects.active().filter(clinic_id=OuterRef("clinic_id"), user_id=user_id, role="owner")
    return Q(taken_by_id=user_id) | Q(Exists(owns), taken_by=None, kind__in=rules.FOR_OWNERS)


class ItemQuerySet(models.QuerySet["Item"]):
    def visible_to(self, actor: Actor) -> ItemQuerySet:
        return self.filter(clinic_id=actor.clinic_id)

    def open(self) -> ItemQuerySet:
        return self.filter(done_at=None)

    def shown(self, what: str, *, now: datetime, user_id: UUID | None) -> ItemQuerySet:
        """
        :param what: `due` (today and before), `mine`, `later` (due later, or put aside), or `all`
        """
        later = is_later(now)
        chosen = {"due": ~later, "mine": is_taken_by(user_id), "later": later, "all": Q()}
        return self.open().filter(chosen[what])

    def counts(self, what: str, kind: str, *, now: datetime, user_id: UUID | None) -> dict[str, dict[str, int]]:
        """
        How many each filter would show with this kind (empty: any), and each kind with this filter; one query.

        :returns: `filters` and `kinds`, each code to number
        """
        later = is_later(now)
        rows = (
            self.open()
            .values_list("kind")
            .annotate(all=Count("pk"), later=Count("pk", filter=later), mine=Count("pk", filter=is_taken_by(user_id)))
        )
        filters, kinds = dict.fromkeys(FILTERS, 0), {}
        for code, every, later_ones, mine in rows:
            counted = {"due": every - later_ones, "mine": mine, "later": later_ones, "all": every}
            kinds[code] = counted[what]
            for name in FILTERS if kind in ("", code) else ():
                filters[name] += counted[name]
        return {"filters": filters, "kinds": kinds}

    def by_urgency(self) -> ItemQuerySet:
        """Alarms first; then what was due first, and of those the oldest."""
        return self.order_by(Case(When(kind__in=rules.ALARMS, then=0), default=1), "due_at", "id")

    def alarms(self) -> ItemQuerySet:
        """What nobody should have to look for."""
        return self.open().filter(kind__in=rules.ALARMS)


class Item(OfPatient):
    """One thing that waits for somebody at the clinic: who, why, since when, and done by whom."""

    revision = property(content_revision)
    patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    kind = models.TextField(choices=[(code, kind.label) for code, kind in rules.KINDS.items()])
    about_id = models.UUIDField(help_text="the programme, session or message that it is about")
    facts = models.JSONField(default=dict, help_text="codes and numbers that led to it; no free text")
    since = models.DateTimeField()
    due_at = models.DateTimeField()
    times = models.PositiveIntegerField(default=1, help_text="how often it came up while it was open")
    snoozed_until = models.DateTimeField(null=True)
    taken_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    taken_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    done_at = models.DateTimeField(null=True)
    outcome = models.TextField(blank=True, default="")
    note = models.TextField(blank=True, default="")

    objects = ItemQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=list(rules.KINDS)), name="item_kind_known"),
            models.CheckConstraint(
                condition=models.Q(done_at=None, done_by=None, outcome="")
                | models.Q(done_at__isnull=False, outcome__in=rules.OUTCOMES)
                | models.Q(done_at__isnull=False, done_by=None, outcome=rules.ITSELF),
                name="item_done_whole",
            ),
            models.CheckConstraint(
                condition=models.Q(taken_at=None, taken_by=None)
                | models.Q(taken_at__isnull=False, taken_by__isnull=False),
                name="item_taken_whole",
            ),
            models.UniqueConstraint(
                fields=["clinic", "patient", "kind", "about_id"],
                condition=models.Q(done_at=None),
                name="item_open_once",
            ),
        ]
        indexes = [
            models.Index(fields=["clinic", "due_at", "id"], condition=models.Q(done_at=None), name="item_open"),
            models.Index(fields=["clinic", "patient"], name="item_of_patient"),
            models.Index(fields=["clinic", "about_id"], name="item_about"),
            models.Index(fields=["clinic", "-done_at"], condition=models.Q(done_at__isnull=False), name="item_done"),
        ]

    @property
    def about(self) -> Any:
        return rules.KINDS[self.kind]
