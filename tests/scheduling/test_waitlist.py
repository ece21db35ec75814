from datetime import time, timedelta

import pytest

from messaging.models import Link, Message
from scheduling import rules
from scheduling.booking import actions
from scheduling.models import Appointment, Offer, Opening, Waiting
from scheduling.waitlist import actions as waitlist
from tests.scheduling.conftest import AT
from worklist.models import Item


def reachable(desk, **details):
    return desk.patient(email=f"p{Waiting.objects.count()}@mail.example", consent_email="granted", **details)


def join(desk, patient_id, at=AT, **wish):
    return waitlist.join(patient_id=patient_id, type_id=desk.kind.pk, by=desk.by, at=at, **wish)


def free_up(desk, *where, **options):
    """Somebody cancels."""
    made = desk.book(desk.patient(), *where, **options)
    return actions.set_status(
        appointment_id=made.pk, status="cancelled", cancelled_by="patient", reason="ill", by=desk.by, at=AT
    )


def run(desk, minutes=0):
    return waitlist.run(by=desk.by, at=AT + timedelta(minutes=minutes))


def test_offered_in_order_and_the_first_who_takes_it_has_it(desk):
    ada, ben = reachable(desk), reachable(desk)
    first, second = join(desk, ada), join(desk, ben, AT + timedelta(minutes=1))
    free_up(desk, 9)

    assert run(desk) == 1
    assert run(desk, 5) == 0, "the first one has some minutes to himself"
    assert run(desk, 25) == 1
    mine, yours = Offer.objects.order_by("made_at")
    assert (mine.waiting_id, yours.waiting_id) == (first.pk, second.pk)
    assert Message.objects.filter(kind="slot_offered").count() == 2
    assert mine.link_id

    made = waitlist.accept(revision=None, offer_id=yours.pk, by=desk.by, at=AT + timedelta(minutes=30))
    assert (made.patient_id, made.starts_at) == (ben, desk.time(9).starts_at)
    with pytest.raises(waitlist.OfferGone):
        waitlist.accept(revision=None, offer_id=mine.pk, by=desk.by, at=AT + timedelta(minutes=31))
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == ("waiting", "placed")
    assert waitlist.accept(revision=None, offer_id=yours.pk, by=desk.by, at=AT).pk == made.pk, "the second click"


def test_only_what_is_wished(desk):
    tuesday = join(desk, reachable(desk), weekdays=[1])
    early = join(desk, reachable(desk), until_time=time(9, 15))
    colleague = join(desk, reachable(desk), therapist_id=desk.cast.colleague.pk)
    late = join(desk, reachable(desk), from_time=time(9), until_time=time(10))
    free_up(desk, 9)
    assert run(desk) == 1
    assert Offer.objects.get().waiting_id == late.pk
    assert not tuesday.offers.exists() | early.offers.exists() | colleague.offers.exists()


def test_it_runs_out_and_is_closed(desk):
    join(desk, reachable(desk))
    free_up(desk, 9)
    run(desk)
    run(desk, 121)
    assert Offer.objects.get().status == "expired"
    assert Opening.objects.get().closed_at is not None
    with pytest.raises(waitlist.OfferGone):
        waitlist.accept(revision=None, offer_id=Offer.objects.get().pk, by=desk.by, at=AT + timedelta(minutes=122))


def test_somebody_without_a_channel_is_called(desk):
    waiting = join(desk, desk.patient())
    free_up(desk, 9)
    run(desk)
    item = Item.objects.open().get(kind="slot_free")
    assert item.about_id == waiting.pk
    waitlist.decline(revision=None, offer_id=Offer.objects.get().pk, by=desk.by, at=AT)
    item.refresh_from_db()
    assert item.outcome == "resolved_itself"
    assert Waiting.objects.get().status == "waiting"


def test_sooner_replaces_the_later_one_and_frees_it(desk):
    ada = reachable(desk)
    later = desk.book(ada, 9, day=3)
    join(desk, ada, instead_of_id=later.pk)
    free_up(desk, 9)
    run(desk)
    made = waitlist.accept(revision=None, offer_id=Offer.objects.get().pk, by=desk.by, at=AT)
    assert made.pk == later.pk
    assert made.starts_at == desk.time(9).starts_at
    assert Opening.objects.filter(starts_at=desk.time(9, day=3).starts_at).exists()
    assert Appointment.objects.filter(patient_id=ada).count() == 1


def test_waiting_twice_for_the_same_is_refused(desk):
    ada = reachable(desk)
    join(desk, ada)
    with pytest.raises(waitlist.WaitsAlready):
        join(desk, ada)


def test_leaving_voids_the_offer(desk):
    waiting = join(desk, reachable(desk))
    free_up(desk, 9)
    run(desk)
    waitlist.leave(revision=None, waiting_id=waiting.pk, by=desk.by, at=AT)
    assert Offer.objects.get().status == "gone"
    assert Message.objects.get(kind="slot_offered").state == "cancelled"


def test_what_was_only_proposed_is_given_up(desk):
    made = desk.book(desk.patient(), 9, day=7, proposed=True)
    assert made.held_until == AT + timedelta(hours=48)
    waitlist.run(by=desk.by, at=AT + timedelta(hours=49))
    made.refresh_from_db()
    assert (made.status, made.reason) == ("cancelled", "expired")
    assert not Item.objects.open().exists(), "nobody needs to be called for that"


def test_a_link_is_for_its_offer(desk):
    join(desk, reachable(desk))
    free_up(desk, 9)
    run(desk)
    offer = Offer.objects.get()
    link = Link.objects.get(pk=offer.link_id)
    assert (link.purpose, link.about_id, link.expires_at) == ("offer", offer.pk, offer.expires_at)
    assert offer.status == rules.OPEN


# --- Found by a second pair of eyes -----------------------------------------------------------------------------


def test_nobody_is_asked_at_night(desk):
    join(desk, reachable(desk))
    free_up(desk, 9)
    assert run(desk, 12 * 60) == 0, "21:30 in London"
    assert Opening.objects.get().closed_at is None
    assert run(desk, 22 * 60) == 1, "half past seven"


def test_an_offer_that_cannot_be_had_any_more_is_gone(desk):
    from scheduling.setup import actions as setup_actions

    join(desk, reachable(desk))
    free_up(desk, 9)
    run(desk)
    day = desk.time(9).starts_at.date()
    setup_actions.save(kind="closures", values={"first_day": day, "last_day": day}, by=desk.by)
    with pytest.raises(waitlist.OfferGone):
        waitlist.accept(revision=None, offer_id=Offer.objects.get().pk, by=desk.by, at=AT)
    assert Offer.objects.get().status == "gone"


def test_whoever_is_not_in_care_is_passed_over(desk):
    from patients.models import Patient

    ada, ben = reachable(desk), reachable(desk)
    join(desk, ada)
    second = join(desk, ben, AT + timedelta(minutes=1))
    Patient.objects.filter(pk=ada).update(status="discharged")
    free_up(desk, 9)
    run(desk)
    assert Offer.objects.get().waiting_id == second.pk


def test_the_desks_row_goes_with_its_offer(desk):
    join(desk, desk.patient())
    free_up(desk, 9)
    run(desk)
    assert Item.objects.open().filter(kind="slot_free").exists()
    run(desk, 125)
    assert not Item.objects.open().filter(kind="slot_free").exists()
