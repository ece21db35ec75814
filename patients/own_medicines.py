"""The clinic's own table of medicines: which alert a code of a national list, or a name, raises here."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from accounts import policies
from audit import actions as audit
from database.expressions import new_id
from errors.constraints import violations_as
from errors.exceptions import Conflict, NotFound, Problems
from identity.actor import Actor
from patients import rules
from patients.models import OwnMedicine
from patients.recognition.medicines import Own
from patients.recognition.words import words_of

TEXT_MOST = 200
LINES_MOST = 2000  # each is looked at for each medicine of an import


class MedicineKnown(Conflict):
    reason = "medicine_known"


@transaction.atomic
def add_medicine(*, line: Own, by: Actor) -> OwnMedicine:
    """
    Add a line: a code of a list, or a name, and the alert that it raises. It counts from the next import or form on.

    :raises accounts.policies.OwnersOnly:
    :raises MedicineKnown: there is such a line
    :raises Invalid: it says neither code nor name, a code without its list, or an unknown alert
    """
    policies.require_owner(by)
    line = Own(alert=line.alert, system=line.system.strip(), code=line.code.strip(), name=line.name.strip())
    _check(line)
    row = OwnMedicine(
        id=new_id(), clinic_id=by.clinic_id, alert=line.alert, system=line.system, code=line.code, name=line.name
    )
    with violations_as({"own_medicine_once": MedicineKnown}):
        row.save(force_insert=True)
    audit.log("medicines.add", by=by, target_id=row.pk, code=line.alert)
    return row


@transaction.atomic
def remove_medicine(*, medicine_id: UUID, by: Actor) -> None:
    """
    Remove a line. Alerts that it has raised stay: they are the patients'.

    :raises accounts.policies.OwnersOnly:
    :raises NotFound: the clinic has no such line
    """
    line = OwnMedicine.objects.filter(clinic_id=by.clinic_id, pk=medicine_id).first()
    if line is None:
        raise NotFound
    policies.require_owner(by)
    line.delete()
    audit.log("medicines.remove", by=by, target_id=medicine_id)


def _check(line: Own) -> None:
    problems = Problems()
    if not line.code and not line.name:
        problems.add("/name", "required.medicine")
    if line.name and not words_of(line.name):
        problems.add("/name", "required.medicine")
    if bool(line.code) != bool(line.system):
        problems.add("/system" if line.code else "/code", "required.medicine_code")
    for name in ("system", "code", "name"):
        if len(getattr(line, name)) > TEXT_MOST:
            problems.add(f"/{name}", "too_long.fact", most=TEXT_MOST)
    if line.alert and line.alert not in rules.ALERTS:
        problems.add("/alert", "unknown_code.alert", choices=list(rules.ALERTS))
    if OwnMedicine.objects.count() >= LINES_MOST:
        problems.add("/name", "too_many.medicines", most=LINES_MOST)
    problems.raise_if_any()
