"""What beat starts."""

from celery import shared_task

from audit import actions, emergency, strangers


@shared_task
def add_counted_refusals() -> int:
    """Add one event for each kind of refusal of strangers that was counted. Returns how many events."""
    added = 0
    for window in strangers.windows_over():
        for (action, outcome, code, ip), times in strangers.counted(window):
            actions.log(action, by=None, outcome=outcome, code=code, ip=ip, times=times)
            added += 1
    return added


@shared_task
def import_emergency_trail() -> int:
    """Bring what was read in an emergency into the database, once it takes writes. Returns how many events."""
    return emergency.import_trail()
