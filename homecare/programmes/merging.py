"""What happens at home when two records become one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from errors.exceptions import Conflict
from homecare.models import Programme
from homecare.programmes import safety_stops
from homecare.reminders import planning
from identity.actor import Actor


class BothRun(Conflict):
    reason = "both_run"


@transaction.atomic
def follow_merge(*, source_id: UUID, target_id: UUID, by: Actor, at: datetime) -> None:
    """
    What the record that is merged has at home stays under its id and is the survivor's too.

    :raises BothRun: a person follows one programme
    """
    going = [Programme.Status.ACTIVE, Programme.Status.PAUSED]
    with_one = Programme.objects.filter(patient_id__in=[source_id, target_id], status__in=going)
    if with_one.values("patient_id").distinct().count() > 1:
        raise BothRun
    for programme in with_one.filter(patient_id=source_id).select_related("patient__merged_into"):
        planning.plan_ahead(programme, at=at)  # by the survivor's consent, in the survivor's time zone
    # The red flags and the alerts of both are one person's now.
    safety_stops.react_to_record(patient_id=target_id, by=by, at=at)
