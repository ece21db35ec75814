"""What somebody has read before they act on it: the revision of a row, as a test's client would know it."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django.test import Client

from accounts.models import ApiClient, Membership, User
from assessments.models import Assessment
from changes.models import WebhookSubscription
from database import tenancy
from homecare.models import Programme
from messaging.models import Message
from patient_forms.models import FormRequest
from patients.models import ImportRun, Patient
from scheduling.models import Appointment, Offer, Series, Waiting
from tests.commands import COMMAND
from treatments.models import Session, TreatmentPlan
from worklist.models import Item

PAGE = re.compile(
    r"/(documents/exam|documents/session|waitlist/offers|programmes|messages|worklist|waitlist|series)/([0-9a-f-]{36})/"
    r"(?:review|addendum|entered-in-error|revision|pause|resume|end|resolve|again|take|done|snooze|reopen|leave|)/?$"
)
MODELS: dict[str, Any] = {
    "assessments": Assessment,
    "sessions": Session,
    "programmes": Programme,
    "patients": Patient,
    "waitlist": Waiting,
    "series": Series,
    "worklist": Item,
    "offers": Offer,
    "messages": Message,
    "appointments": Appointment,
    "plans": TreatmentPlan,
    "forms": FormRequest,
    "imports": ImportRun,
    "webhooks": WebhookSubscription,
}


def revision_of(collection: str, pk: UUID | str) -> int | None:
    """Return a row's revision, in the clinic of the current scope."""
    row = MODELS[collection]._default_manager.filter(pk=pk).first()
    return row.revision if row is not None else None


def clinic_of(who: User | ApiClient) -> UUID:
    """Return the clinic of a program, or the first one of a person."""
    if not isinstance(who, User):
        return who.clinic_id
    with tenancy.scope(None, user_id=who.pk):
        return Membership.objects.filter(user=who).values_list("clinic_id", flat=True)[0]


def if_match_for(who: User | ApiClient | None, method: str, path: str) -> dict[str, str]:
    """Return the If-Match that a program sends that has just read what it acts on."""
    command = COMMAND.fullmatch(path)
    if who is None or method != "post" or command is None or command[1] == "appointments" or command[1] not in MODELS:
        return {}
    with tenancy.scope(clinic_of(who)):
        revision = revision_of(command[1], command[2])
    return {"If-Match": f'"{revision}"'} if revision is not None else {}


class Browser(Client):
    """A browser whose forms carry the revision that is true when they are sent, as on a page that was just opened."""

    def post(self, path: str, data: Any = None, *more: Any, **options: Any) -> Any:
        form = PAGE.match(path)
        if form is not None and "_auth_user_id" in self.session and "revision" not in (data or {}):
            who = User.objects.get(pk=self.session["_auth_user_id"])
            collection = {"documents/exam": "assessments", "documents/session": "sessions", "waitlist/offers": "offers"}
            with tenancy.scope(clinic_of(who)):
                revision = revision_of(collection.get(form[1], form[1]), form[2])
            data = {**(data or {}), "revision": str(revision)}
        return super().post(path, data, *more, **options)


def revisions_on(page: Any) -> dict[str, str]:
    """Return the hidden fields of a page's forms that say which revision was read."""
    return dict(re.findall(r'name="(revision[^"]*)" value="(\d+)"', page.content.decode()))
