from datetime import time, timedelta

import pytest

from errors.exceptions import Invalid
from scheduling import rules
from scheduling.availability import slots
from scheduling.booking import actions, locks
from scheduling.models import Appointment, Change, Opening
from tests.scheduling.conftest import AT
from worklist.models import Item


def test_a_booked_time_is_nobody_elses(desk):
    ada, ben = desk.patient(), desk.patient()
    made = desk.book(ada, 9)

    with pytest.raises(locks.SlotTaken) as refusal:
        desk.book(ben, 9, 15)

    assert [one["starts_at"] for one in refusal.value.extra["next_free"]] == [
        "2026-11-23T09:30:00Z",
        "2026-11-23T09:45:00Z",
        "2026-11-23T10:00:00Z",
    ]
    assert list(Appointment.objects.all()) == [made]
    desk.book(ben, 9, 30)


def test_a_patient_is_in_one_place_at_a_time(desk):
    ada = desk.patient()
    desk.book(ada, 9)
    with pytest.raises(locks.PatientBusy):
        desk.book(ada, 9, 15, other=True)


def test_the_buffer_keeps_the_room_but_not_the_patient(desk):
    desk.kind.buffer_min = 15
    desk.kind.save()
    ada = desk.patient()
    desk.book(ada, 9)
    with pytest.raises(locks.SlotTaken):
        desk.book(desk.patient(), 9, 30)
    desk.book(ada, 9, 30, other=True)


def test_a_room_is_held_for_one(desk):
    desk.book(desk.patient(), 9)
    taken = locks.Time(desk.time(9).starts_at, desk.cast.colleague.pk, desk.room.pk)
    with pytest.raises(locks.SlotTaken):
        desk.book(desk.patient(), time=taken, outside_hours=True)


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"hour": 8}, "/starts_at", "outside_hours"),
        ({"hour": 16, "minute": 45}, "/starts_at", "outside_hours"),
        ({"day": 5}, "/starts_at", "outside_hours"),
        ({"day": 1000}, "/starts_at", "out_of_range"),
    ],
)
def test_a_wrong_time_says_so(desk, change, pointer, code):
    with pytest.raises(Invalid) as refusal:
        desk.book(desk.patient(), time=desk.time(**{"hour": 9} | change))
    assert [(e.pointer, e.code) for e in refusal.value.errors] == [(pointer, code)]


def test_out_of_hours_is_possible_when_it_is_meant(desk):
    assert desk.book(desk.patient(), 7, outside_hours=True).pk


def test_who_may_not_needle_is_not_booked_for_it(desk):
    desk.kind.technique = "dry_needling"
    desk.kind.save()
    with pytest.raises(Invalid) as refusal:
        desk.book(desk.patient(), 9)
    assert [e.code for e in refusal.value.errors] == ["not_competent"]


def test_moved_with_a_trail_and_the_old_time_is_free(desk):
    made = desk.book(desk.patient(), 9)
    moved = actions.move(appointment_id=made.pk, time=desk.time(10, other=True), by=desk.by, at=AT)

    assert moved.starts_at == desk.time(10).starts_at
    assert moved.revision == 2
    changes = list(Change.objects.order_by("id"))
    assert [c.what for c in changes] == ["booked", "moved"]
    assert set(changes[1].after) == {"starts_at", "ends_at", "therapist_id", "room_id"}
    assert Opening.objects.filter(starts_at=desk.time(9).starts_at, closed_at=None).count() == 1
    desk.book(desk.patient(), 9)


def test_two_change_places(desk):
    first, second = desk.book(desk.patient(), 9), desk.book(desk.patient(), 9, other=True)
    actions.swap(first_id=first.pk, second_id=second.pk, by=desk.by, at=AT)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.therapist_id, first.room_id) == (desk.cast.colleague.pk, desk.other_room.pk)
    assert (second.therapist_id, second.room_id) == (desk.therapist_id, desk.room.pk)


def test_a_swap_that_does_not_fit_changes_nothing(desk):
    first, second = desk.book(desk.patient(), 9), desk.book(desk.patient(), 9, 30)
    long = desk.book(desk.patient(), 12)
    long.ends_at = long.blocked_until = long.starts_at + timedelta(hours=1)
    long.save()
    with pytest.raises(locks.SlotTaken):
        actions.swap(first_id=first.pk, second_id=long.pk, by=desk.by, at=AT)
    assert Appointment.objects.get(pk=first.pk).starts_at == desk.time(9).starts_at
    assert Appointment.objects.get(pk=second.pk).starts_at == desk.time(9, 30).starts_at


def test_status_goes_its_way_and_a_correction_says_why(desk):
    made = desk.book(desk.patient(), 9)
    during = made.starts_at + timedelta(minutes=40)
    for status in ("arrived", "in_room", "fulfilled"):
        made = actions.set_status(appointment_id=made.pk, status=status, by=desk.by, at=during)
    with pytest.raises(Invalid) as refusal:
        actions.set_status(appointment_id=made.pk, status="noshow", by=desk.by, at=during)
    assert [e.pointer for e in refusal.value.errors] == ["/why"]

    made = actions.set_status(appointment_id=made.pk, status="noshow", why="Wrong row.", by=desk.by, at=during)
    assert Change.objects.order_by("-id")[0].why == "Wrong row."
    desk.book(desk.patient(), 9)
    with pytest.raises(locks.SlotTaken):
        actions.set_status(appointment_id=made.pk, status="fulfilled", why="Did come.", by=desk.by, at=during)


def test_nobody_has_missed_what_has_not_begun(desk):
    made = desk.book(desk.patient(), 9)
    with pytest.raises(Invalid):
        actions.set_status(appointment_id=made.pk, status="noshow", by=desk.by, at=AT)


def test_a_no_show_waits_on_the_worklist_until_they_are_booked_anew(desk):
    ada = desk.patient()
    made = desk.book(ada, 9)
    after = made.starts_at + timedelta(minutes=30)
    actions.set_status(appointment_id=made.pk, status="noshow", by=desk.by, at=after)
    item = Item.objects.open().get()
    assert (item.kind, item.patient_id, item.about_id) == ("no_show", ada, made.pk)

    desk.book(ada, 9, day=2, at=after)
    item.refresh_from_db()
    assert (item.outcome, item.done_by_id) == ("resolved_itself", None)


def test_the_desk_is_a_staff_matter_and_a_clinics_own(desk):
    made = desk.book(desk.patient(), 9)
    assert made.booked_by_id == desk.cast.staff.pk
    assert rules.STATUSES[made.status].fhir == "booked"


def test_slots_know_hours_closures_bookings_and_the_grid(desk):
    from scheduling.setup import actions as setup_actions

    desk.kind.length_min, desk.kind.buffer_min = 50, 10
    desk.kind.save()
    desk.book(desk.patient(), 9)
    day = desk.time(9).starts_at.date()
    setup_actions.save(
        kind="closures",
        values={
            "user_id": desk.therapist_id,
            "first_day": day,
            "last_day": day,
            "note": "Dentist",
            "from_time": time(11, 5),
            "until_time": time(15),
        },
        by=desk.by,
    )
    search = slots.Search(desk.time(0).starts_at, desk.time(0, day=1).starts_at, therapists=[desk.therapist_id])
    found = slots.free(desk.kind, search, limit=50)
    assert [f"{one.starts_at:%H:%M}" for one in found] == [
        "10:00",
        "10:15",
        "15:00",
        "15:15",
        "15:30",
        "15:45",
        "16:00",
    ]


def test_the_last_slot_of_the_day_is_offered_although_its_buffer_lies_after_hours(desk):
    """What can be booked is offered: an appointment must end within the hours, its buffer need not."""
    desk.kind.buffer_min = 15
    desk.kind.save()
    search = slots.Search(desk.time(15).starts_at, desk.time(0, day=1).starts_at, therapists=[desk.therapist_id])

    offered = [f"{slot.starts_at:%H:%M}" for slot in slots.free(desk.kind, search, limit=50)]

    assert offered == ["15:00", "15:15", "15:30", "15:45", "16:00", "16:15", "16:30"]
    desk.book(desk.patient(), 16, 30)
    offered = [f"{slot.starts_at:%H:%M}" for slot in slots.free(desk.kind, search, limit=50)]
    assert offered == ["15:00", "15:15", "15:30", "15:45"]


@pytest.mark.parametrize("pause_min", [5, 15, 30])
def test_a_buffer_joins_no_two_stretches_of_hours(desk, pause_min):
    """An appointment across the pause could not be booked."""
    from scheduling.setup import actions as setup_actions

    desk.kind.buffer_min = 15
    desk.kind.save()
    day = desk.time(9).starts_at.date()
    pause = {"from_time": time(12), "until_time": time(12, pause_min), "note": "Tea"}
    setup_actions.save(
        kind="closures",
        values={"user_id": desk.therapist_id, "first_day": day, "last_day": day, **pause},
        by=desk.by,
    )
    search = slots.Search(desk.time(11).starts_at, desk.time(13).starts_at, therapists=[desk.therapist_id])

    for slot in slots.free(desk.kind, search, limit=50):
        time_ = locks.Time(slot.starts_at, slot.therapist_id, slot.room_id)
        locks.check_time(desk.kind, time_, outside_hours=False, at=AT)
    last = max(slot.starts_at for slot in slots.free(desk.kind, search, limit=50) if slot.starts_at.hour < 12)
    assert f"{last:%H:%M}" == ("11:30" if pause_min > 15 else "11:15")


# --- Found by a second pair of eyes -----------------------------------------------------------------------------


def test_a_swapped_time_is_to_be_confirmed_anew(desk):
    first, second = desk.book(desk.patient(), 9), desk.book(desk.patient(), 9, other=True)
    actions.set_status(appointment_id=first.pk, status="confirmed", by=desk.by, at=AT)
    actions.swap(first_id=first.pk, second_id=second.pk, by=desk.by, at=AT)
    assert {one.status for one in Appointment.objects.all()} == {"booked"}


def test_two_records_that_become_one_are_in_one_place(desk):
    from patients import actions as patients

    ada, again = desk.patient(), desk.patient()
    desk.book(ada, 9)
    double = desk.book(again, 9, 15, other=True)
    merge = {"patient_id": again, "into_id": ada, "revision": None, "reason": "The same.", "by": desk.by, "at": AT}
    with pytest.raises(actions.BothBooked):
        patients.merge_patients(**merge)
    actions.move(appointment_id=double.pk, time=desk.time(11, other=True), by=desk.by, at=AT)
    patients.merge_patients(**merge)
    double.refresh_from_db()
    assert double.patient_id == ada
    with pytest.raises(locks.PatientBusy):
        desk.book(ada, 11)


def test_what_was_taken_away_comes_back_by_its_name(desk):
    from scheduling.setup import actions as setup_actions

    setup_actions.remove(kind="rooms", pk=desk.room.pk, by=desk.by)
    back = setup_actions.save(kind="rooms", values={"site_id": desk.room.site_id, "name": "One"}, by=desk.by)
    assert back.pk == desk.room.pk
    assert back.is_active


def test_therapists_elsewhere_are_none_here(desk):
    from accounts.models import Membership
    from database import tenancy

    other = desk.cast.other_clinic
    with tenancy.scope(other.pk):
        Membership.objects.create(clinic=other, user=desk.cast.staff, role="therapist")
    with tenancy.scope(desk.cast.clinic.pk, user_id=desk.cast.staff.pk):
        assert desk.cast.staff.pk not in slots.therapists_for(desk.kind, on=AT.date())
