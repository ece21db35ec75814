"""What a patient's death does to what lies ahead."""

from patients import actions
from patients.models import Patient
from tests.scheduling.conftest import AT
from worklist.models import Item


def test_a_death_cancels_what_lies_ahead_and_tells_the_desk_once(desk):
    patient_id, other = desk.patient(), desk.patient(family_name="Other")
    ahead, others = desk.book(patient_id, 9, day=7), desk.book(other, 10, day=7)
    patient = Patient.objects.get(pk=patient_id)

    for _ in range(2):
        actions.change_patient(patient=patient, changes={"status": "deceased"}, by=desk.by, at=AT)

    ahead.refresh_from_db()
    others.refresh_from_db()
    assert (ahead.status, ahead.cancelled_by) == ("cancelled", "clinic")
    assert others.status == "booked"
    assert list(Item.objects.filter(patient_id=patient_id).values_list("kind", flat=True)) == ["deceased"]
