"""What a page's request carries inside a clinic: who acts, where, and what it leaves in the audit trail."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast
from uuid import UUID

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from accounts.models import Clinic, User
from audit import actions as audit
from identity.actor import Actor


@dataclass
class Trace:
    """What a page leaves in the audit trail once it is answered."""

    action: str
    reads: bool
    patient_ids: set[UUID] = field(default_factory=set)
    target_id: UUID | None = None
    code: str = ""

    def saw(self, *patient_ids: UUID, target_id: UUID | None = None) -> None:
        self.patient_ids.update(patient_ids)
        self.target_id = target_id or self.target_id

    def leave(self, actor: Actor, status_code: int) -> None:
        """Looking and being refused are recorded here; what a page changes, its action records."""
        if not self.action or (status_code < 400 and not self.reads):
            return
        outcome = "ok" if status_code < 400 else "failed" if status_code >= 500 else "refused"
        audit.log(
            self.action,
            by=actor,
            target_id=self.target_id,
            patient_ids=self.patient_ids,
            outcome=outcome,
            code=self.code or (str(status_code) if status_code >= 400 else ""),
        )


class PageRequest(HttpRequest):
    """A request inside a clinic, as `ClinicOfPage` and `page` pass it on to a view."""

    user: User  # a stranger gets no further than `page`
    actor: Actor
    clinic: Clinic
    has_clinics: bool  # works for more than one, so that the page says which
    trace: Trace
    htmx: HtmxDetails
    seen_patient_ids: set[UUID]


def in_clinic(request: HttpRequest) -> PageRequest:
    """Return the same request with its type, for Django's own methods, which know HttpRequest only."""
    return cast(PageRequest, request)
