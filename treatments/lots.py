"""Who was treated with a lot: for a recall by the maker."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, Func, Q, TextField, Value
from django.db.models.functions import Coalesce, Lower

from audit import actions as audit
from errors.exceptions import Invalid
from identity.actor import Actor
from treatments.models import Intervention

SHORTEST = 3  # technical: a shorter text is in half of all lots
MOST = 2_000

EXACT, SIMILAR = "exact", "similar"


class LettersAndDigits(Func):
    """The lower-case letters and digits of a text, as `normalised` has them."""

    function = "regexp_replace"
    template = "%(function)s(%(expressions)s, '[^[:alnum:]]', '', 'g')"
    output_field = TextField()


@dataclass(frozen=True)
class Treated:
    """
    One intervention with the lot.

    :ivar match: `exact` (the lot as it was searched for) or `similar` (it is part of what was recorded)
    """

    intervention: Intervention
    recorded_lot: str
    match: str


@dataclass(frozen=True)
class Search:
    treated: list[Treated]
    is_cut: bool  # there are more than are shown


def normalise(text: str) -> str:
    """Return the letters and digits of a text, lower case: `lot L-12 34` as `lotl1234`."""
    return "".join(character for character in text.lower() if character.isalnum())


def match_of(lot: str, recorded: str) -> str:
    """
    Return how a recorded brand and lot match the one that is searched for: `exact`, `similar` or nothing.

    Exact: the whole, or some of its words together, have the same letters and digits.
    """
    lot_key = normalise(lot)
    words = [normalise(word) for word in re.split(r"[\s,;:/()#]+", recorded)]
    words = [word for word in words if word]
    runs = {"".join(words[first:last]) for first in range(len(words)) for last in range(first + 1, len(words) + 1)}
    if lot_key in runs:
        return EXACT
    return SIMILAR if lot_key in normalise(recorded) else ""


@transaction.atomic
def search_lot(*, lot: str, by: Actor) -> Search:
    """
    Return who was treated with a lot, newest first, drafts too; each patient is seen, and the audit trail says so.

    :raises Invalid: fewer than three letters and digits
    """
    lot_key = normalise(lot)
    if len(lot_key) < SHORTEST:
        raise Invalid.at("/lot", "too_short.lot", least=SHORTEST)
    rows = list(
        Intervention.objects.filter(clinic_id=by.clinic_id)
        .filter(Q(brand_lot__isnull=False) | Q(lot__isnull=False))
        .annotate(
            brand_letters=LettersAndDigits(Lower(Coalesce(F("brand_lot"), Value("")))),
            lot_letters=LettersAndDigits(Lower(Coalesce(F("lot"), Value("")))),
        )
        .filter(Q(brand_letters__contains=lot_key) | Q(lot_letters__contains=lot_key))
        .exclude(session__record__mark__status="superseded")
        .select_related("session__patient__merged_into", "session__record__mark", "muscle")
        .order_by("-session__performed_at", "-id")[: MOST + 1]
    )
    treated = [line for row in rows[:MOST] if (line := _as_lot_use(lot, row))]
    treated.sort(key=lambda line: line.match != EXACT)  # stable: newest first in both
    patient_ids = {line.intervention.session.patient_id for line in treated}
    audit.log("lot.search", by=by, patient_ids=patient_ids)
    return Search(treated, is_cut=len(rows) > MOST)


def _as_lot_use(lot: str, row: Intervention) -> Treated | None:
    # The dose's columns are added to the model from a table, so type checkers do not know them.
    recorded = [text for text in (getattr(row, "brand_lot"), getattr(row, "lot")) if text]  # noqa: B009
    matches = [(match, text) for text in recorded if (match := match_of(lot, text))]
    if not matches:
        return None
    match, text = min(matches)  # "exact" before "similar"
    return Treated(row, text, match)
