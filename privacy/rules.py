"""What may be asked for a patient's record, and how long it is kept. Plain Python."""

from __future__ import annotations

from datetime import date

from accounts.rules import Retention

RESTRICTION, ERASURE, LEGAL_HOLD = "restriction", "erasure", "legal_hold"
KINDS = [RESTRICTION, ERASURE, LEGAL_HOLD]
UNDO_DAYS = 14  # in which an erasure can be undone
REASON_LEAST, REASON_MOST = 10, 2_000
MAJORITY = 18


def add_years(day: date, years: int) -> date:
    """Return the same day N years later; for 29 February the day after, where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, month=3, day=1)


def kept_until(policy: Retention, *, last_entry: date, birth_date: date | None) -> date:
    """
    Return the first day on which a record need not be kept any longer: the later of both rules.

    :param birth_date: None: not known; then the rule for minors cannot be applied
    """
    until = add_years(last_entry, policy.years)
    if policy.minors_until_age is None or birth_date is None or last_entry >= add_years(birth_date, MAJORITY):
        return until
    return max(until, add_years(birth_date, policy.minors_until_age))
