"""Taking back what is planned of a programme; below everything that plans and everything that stops."""

from __future__ import annotations

from homecare.models import Occurrence, Programme
from messaging import actions as messages


def unplan(programme: Programme, *, waits: bool = True) -> None:
    """
    Take back what is planned, and what is queued and has not gone out.

    :param waits: for what a worker is turning into a message just now. A worker itself does not wait for another one
        that may be waiting for it; the other checks the programme as well, and sends nothing
    """
    planned = Occurrence.objects.filter(programme=programme, status=Occurrence.Status.PLANNED)
    if not waits:
        free = planned.select_for_update(of=("self",), skip_locked=True).values_list("pk", flat=True)
        planned = Occurrence.objects.filter(pk__in=list(free))
    planned.delete()
    messages.call_off(about_ids=[programme.pk])
