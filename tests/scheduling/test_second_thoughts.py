"""What was seen is what is changed; what is taken back is not told; who comes second is told what is free."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from database import tenancy
from database.expressions import new_id
from errors.exceptions import Invalid
from messaging import actions as messages
from messaging import engine, links
from messaging.models import Message
from scheduling import notifications, queries, rules
from scheduling.availability import slots
from scheduling.booking import actions, locks
from scheduling.models import Appointment, Hours, Offer, Waiting
from scheduling.series import actions as series
from scheduling.setup import actions as setup_actions
from scheduling.waitlist import actions as waitlist
from tests.scheduling.conftest import AT, LONDON, MONDAY, make_desk
from tests.scheduling.test_rules import ANN, START
from worklist import actions as worklist
from worklist.models import Item


@pytest.fixture
def ada(desk):
    sending = engine.sending_of(desk.cast.clinic.pk)
    sending.quiet_from = sending.quiet_until = "00:00"
    sending.save()
    return desk.patient(email="ada@mail.example", consent_email="granted", birth_date=date(1980, 2, 1))


def waiting(kind=None):
    found = Message.objects.filter(state="queued", **({"kind": kind} if kind else {}))
    return sorted(found.values_list("kind", flat=True))


def went_out(kind):
    Message.objects.filter(kind=kind, state="queued").update(state="sent", sent_at=timezone.now())


# --- Word to the patient --------------------------------------------------------------------------------------


def test_a_move_that_is_taken_back_is_never_told(desk, ada):
    made = desk.book(ada, 9, day=7)
    went_out("appointment_booked")
    actions.move(appointment_id=made.pk, time=desk.time(11, day=7), by=desk.by, at=AT)
    told = Message.objects.get(kind="appointment_moved")
    assert told.due_at == AT + notifications.SECOND_THOUGHTS
    actions.move(appointment_id=made.pk, time=desk.time(9, day=7), by=desk.by, at=AT + timedelta(seconds=20))
    assert waiting() == ["appointment_reminder"]


def test_cancelled_by_mistake_and_brought_back_nothing_is_told(desk, ada):
    made = desk.book(ada, 9, day=7)
    went_out("appointment_booked")
    given = {"appointment_id": made.pk, "by": desk.by, "at": AT}
    actions.set_status(status="cancelled", cancelled_by="clinic", reason="mistake", **given)
    assert waiting() == ["appointment_cancelled"]
    actions.set_status(status="booked", why="The wrong one.", **given)
    assert waiting() == ["appointment_reminder"]


def test_brought_back_after_the_cancellation_was_told_it_is_told_anew(desk, ada):
    made = desk.book(ada, 9, day=7)
    went_out("appointment_booked")
    given = {"appointment_id": made.pk, "by": desk.by, "at": AT}
    actions.set_status(status="cancelled", cancelled_by="clinic", reason="mistake", **given)
    went_out("appointment_cancelled")
    actions.set_status(status="booked", why="The wrong one.", **given)
    assert waiting() == ["appointment_booked", "appointment_reminder"]


def test_what_failed_before_a_move_cannot_be_sent_again(desk, ada):
    made = desk.book(ada, 9, day=7)
    old = Message.objects.get(kind="appointment_booked")
    Message.objects.filter(pk=old.pk).update(state="failed", reason="provider_refused")
    actions.move(appointment_id=made.pk, time=desk.time(11, day=7), by=desk.by, at=AT)
    with pytest.raises(messages.NotResendable):
        messages.send_again(revision=None, message_id=old.pk, by=desk.by, at=AT)


def test_a_whole_series_is_one_message_booked_moved_and_cancelled(desk, ada):
    plan = series.SeriesPlan(type_id=desk.kind.pk, count=4, weeks=4, starts_on=date(2026, 11, 30))
    times = [desk.time(9, day=7 * week) for week in range(1, 5)]
    _made, booked = series.book_series(patient_id=ada, plan=plan, times=times, by=desk.by, at=AT)
    assert waiting("series_booked") == ["series_booked"]
    went_out("series_booked")
    series.move_series(appointment_id=booked[0].pk, time=desk.time(10, day=7), reach="all", by=desk.by, at=AT)
    assert [m.about_at for m in Message.objects.filter(kind="series_moved")] == [desk.time(10, day=7).starts_at]
    assert Message.objects.get(kind="series_moved").calendar.count("BEGIN:VEVENT") == 4
    assert not Message.objects.filter(kind="appointment_moved").exists()
    series.cancel_series(
        appointment_id=booked[0].pk, reach="all", cancelled_by="clinic", reason="closed", by=desk.by, at=AT
    )
    assert waiting() == ["series_cancelled"]
    assert Message.objects.get(kind="series_cancelled").calendar.count("STATUS:CANCELLED") == 4


@pytest.fixture
def weekly(desk, ada):
    """Four of a series, booked, the word of them still waiting."""
    plan = series.SeriesPlan(type_id=desk.kind.pk, count=4, weeks=4, starts_on=date(2026, 11, 30))
    times = [desk.time(9, day=7 * week) for week in range(1, 5)]
    return series.book_series(patient_id=ada, plan=plan, times=times, by=desk.by, at=AT)[1]


def test_the_first_of_a_series_is_moved_before_the_word_went_out_the_others_are_still_told(desk, weekly):
    actions.move(appointment_id=weekly[0].pk, time=desk.time(11, day=7), by=desk.by, at=AT)
    assert waiting() == ["appointment_moved", *["appointment_reminder"] * 4, "series_booked"]
    word = Message.objects.get(kind="series_booked")
    assert (word.about_at, word.calendar.count("BEGIN:VEVENT")) == (weekly[1].starts_at, 3)
    for one in weekly[1:]:
        actions.set_status(
            appointment_id=one.pk, status="cancelled", cancelled_by="patient", reason="ill", by=desk.by, at=AT
        )
    assert waiting("series_booked") == []


def test_word_in_a_workers_hand_still_tells_of_all(desk, weekly):
    Message.objects.filter(kind="series_booked").update(state="sending")
    actions.move(appointment_id=weekly[0].pk, time=desk.time(11, day=7), by=desk.by, at=AT)
    word = Message.objects.get(kind="series_booked")
    assert (word.about_at, word.calendar.count("BEGIN:VEVENT")) == (weekly[0].starts_at, 4)


def test_a_time_that_a_later_word_of_the_series_replaced_is_told_anew(desk, weekly):
    went_out("series_booked")
    second = weekly[1]
    actions.move(appointment_id=second.pk, time=desk.time(14, day=14), by=desk.by, at=AT)
    went_out("appointment_moved")
    series.move_series(appointment_id=weekly[0].pk, time=desk.time(10, day=7), reach="all", by=desk.by, at=AT)
    went_out("series_moved")
    actions.move(appointment_id=second.pk, time=desk.time(14, day=14), by=desk.by, at=AT)
    assert waiting("appointment_moved") == ["appointment_moved"]


def test_one_of_a_cancelled_series_comes_back_and_is_told(desk, weekly):
    went_out("series_booked")
    series.cancel_series(
        appointment_id=weekly[0].pk, reach="all", cancelled_by="clinic", reason="closed", by=desk.by, at=AT
    )
    went_out("series_cancelled")
    actions.set_status(appointment_id=weekly[1].pk, status="booked", why="a mistake", by=desk.by, at=AT)
    assert waiting("appointment_booked") == ["appointment_booked"]


def test_a_copy_of_a_series_word_follows_what_changes(desk, weekly):
    """Sent, and by hand once more; while the copy waits, one is moved, then all are cancelled."""
    went_out("series_booked")
    copy = messages.send_again(
        revision=None, message_id=Message.objects.get(kind="series_booked").pk, by=desk.by, at=AT
    )
    actions.move(appointment_id=weekly[0].pk, time=desk.time(11, day=7), by=desk.by, at=AT)
    copy.refresh_from_db()
    assert (copy.about_at, copy.calendar.count("BEGIN:VEVENT")) == (weekly[1].starts_at, 3)
    series.cancel_series(
        appointment_id=weekly[0].pk, reach="all", cancelled_by="clinic", reason="closed", by=desk.by, at=AT
    )
    assert waiting("series_booked") == []


def test_what_was_sent_a_third_time_is_known(desk, ada):
    made = desk.book(ada, 9)
    went_out("appointment_booked")
    actions.move(appointment_id=made.pk, time=desk.time(11), by=desk.by, at=AT)
    for number in range(2):
        Message.objects.filter(kind="appointment_moved", state="queued").update(state="failed")
        failed = Message.objects.filter(kind="appointment_moved").order_by("-id").first()
        messages.send_again(revision=None, message_id=failed.pk, by=desk.by, at=AT + timedelta(minutes=5 * number))
    went_out("appointment_moved")
    actions.move(appointment_id=made.pk, time=desk.time(9), by=desk.by, at=AT)
    assert waiting("appointment_moved") == ["appointment_moved"]


def test_what_was_sent_again_by_hand_is_known(desk, ada):
    made = desk.book(ada, 9)
    Message.objects.filter(kind="appointment_booked").update(state="failed")
    messages.send_again(revision=None, message_id=Message.objects.get(kind="appointment_booked").pk, by=desk.by, at=AT)
    went_out("appointment_booked")
    actions.move(appointment_id=made.pk, time=desk.time(11), by=desk.by, at=AT)
    actions.move(appointment_id=made.pk, time=desk.time(9), by=desk.by, at=AT)
    assert waiting("appointment_moved") == []


# --- What was seen --------------------------------------------------------------------------------------------


def test_nobody_confirms_or_cancels_a_time_that_they_have_not_seen(cast):
    with tenancy.scope(cast.clinic.pk):
        desk = make_desk(cast, cast.actor(cast.staff))
        who = desk.patient(birth_date=date(1980, 2, 1))
        now = timezone.now()
        start = now.replace(hour=10, minute=0, second=0, microsecond=0) + timedelta(days=14 - now.weekday())
        time = replace(desk.time(), starts_at=start)
        made = actions.book(patient_id=who, type_id=desk.kind.pk, time=time, by=desk.by, at=now)
        link = notifications.link_of(made)
        token = links.token_of(link.pk)
    visitor = Client()
    visitor.post(f"/c/{token}/", {"year": "1980"})
    assert b'name="revision" value="1"' in visitor.get("/c/appointment/").content
    with tenancy.scope(cast.clinic.pk):
        other = replace(time, starts_at=start + timedelta(hours=1))
        actions.move(appointment_id=made.pk, time=other, by=desk.by, at=now)
    for said in ("yes", "no"):
        answer = visitor.post("/c/appointment/", {"answer": said, "revision": "1"})
        assert answer.status_code == 409
    with tenancy.scope(cast.clinic.pk):
        assert Appointment.objects.get(pk=made.pk).status == "booked"
    assert visitor.post("/c/appointment/", {"answer": "yes", "revision": "2"}).status_code == 302
    with tenancy.scope(cast.clinic.pk):
        assert Appointment.objects.get(pk=made.pk).status == "confirmed"


def test_a_stale_calendar_overwrites_nobodys_move(desk, ada):
    one, two = desk.book(ada, 9), desk.book(desk.patient(), 10)
    actions.move(appointment_id=one.pk, time=desk.time(11), by=desk.by, at=AT)
    with pytest.raises(locks.ChangedMeanwhile):
        series.move_series(appointment_id=one.pk, time=desk.time(12), reach="this", revision=1, by=desk.by, at=AT)
    with pytest.raises(locks.ChangedMeanwhile):
        actions.swap(first_id=two.pk, second_id=one.pk, revisions=(1, 1), by=desk.by, at=AT)
    with pytest.raises(locks.ChangedMeanwhile):
        series.cancel_series(
            appointment_id=one.pk, reach="this", cancelled_by="clinic", reason="closed", revision=1, by=desk.by, at=AT
        )


def test_a_clash_in_a_moved_series_is_named_with_what_is_free_for_it(desk, ada):
    plan = series.SeriesPlan(type_id=desk.kind.pk, count=3, weeks=3, starts_on=date(2026, 11, 23))
    times = [desk.time(9, day=day) for day in (0, 7, 14)]
    _made, booked = series.book_series(patient_id=ada, plan=plan, times=times, by=desk.by, at=AT)
    desk.book(desk.patient(), 11, day=7)
    with pytest.raises(locks.SlotTaken) as clash:
        series.move_series(appointment_id=booked[0].pk, time=desk.time(11), reach="all", by=desk.by, at=AT)
    assert clash.value.extra["number"] == 2
    day = desk.time(11, day=7).starts_at.date().isoformat()
    assert clash.value.extra["next_free"][0]["starts_at"].startswith(day)


# --- Needling keeps its distance ------------------------------------------------------------------------------


@pytest.fixture
def needling(desk):
    setup_actions.save(
        kind="competencies", values={"user_id": desk.therapist_id, "technique": "dry_needling"}, by=desk.by
    )
    desk.kind.technique = "dry_needling"
    desk.kind.save()
    return desk


def test_no_time_is_found_too_close_to_a_needling(needling, ada):
    first = needling.book(ada, 9, day=1)
    search = slots.Search(AT, AT + timedelta(weeks=2), patient_id=ada)
    found = slots.free(needling.kind, search, limit=200)
    assert found
    assert all(abs(one.starts_at - first.starts_at) >= rules.NEEDLING_GAP for one in found)
    other = slots.free(needling.kind, replace(search, patient_id=needling.patient()), limit=200)
    assert any(abs(one.starts_at - first.starts_at) < rules.NEEDLING_GAP for one in other)


def test_a_series_of_needling_that_is_too_close_is_refused_unless_it_was_meant(needling, ada):
    plan = series.SeriesPlan(type_id=needling.kind.pk, count=2, weeks=1, starts_on=date(2026, 11, 23))
    given = {"patient_id": ada, "times": [needling.time(9), needling.time(9, day=1)], "by": needling.by, "at": AT}
    with pytest.raises(Invalid) as refusal:
        series.book_series(plan=plan, **given)
    assert [(e.pointer, e.code) for e in refusal.value.errors] == [("/times/1", "too_close")]
    series.book_series(plan=replace(plan, least_gap_h=24), **given)


@given(
    taken=st.lists(st.integers(-50, 150), max_size=4),
    length=st.integers(1, 6),
    gap=st.integers(0, 48),
    ends=st.integers(1, 100),
)
def test_what_is_kept_clear_is_all_that_may_be(taken, length, gap, ends):
    hour = timedelta(hours=1)
    whole = rules.FreeGap(ANN, None, START, START + ends * hour)
    moments = [START + one * hour for one in taken]
    parts = list(rules.clear_gaps(whole, moments, least_gap=gap * hour, length=length * hour))
    for begins in range(ends - length + 1):
        at = START + begins * hour
        may = all(abs(at - moment) >= gap * hour for moment in moments)
        assert may == any(p.starts_at <= at and at + length * hour <= p.ends_at for p in parts)


# --- The waitlist ---------------------------------------------------------------------------------------------


def free_up(desk, *where, **options):
    made = desk.book(desk.patient(), *where, **options)
    actions.set_status(
        appointment_id=made.pk, status="cancelled", cancelled_by="patient", reason="ill", by=desk.by, at=AT
    )


def join(desk, **wish):
    who = desk.patient(email=f"w{Waiting.objects.count()}@mail.example", consent_email="granted")
    Message.objects.all().delete()
    return waitlist.join(patient_id=who, type_id=desk.kind.pk, by=desk.by, at=AT, **wish)


def run(desk, minutes=0):
    return waitlist.run(by=desk.by, at=AT + timedelta(minutes=minutes))


def test_what_comes_free_together_is_shared_out(desk, ada):
    waits = [join(desk) for _ in range(3)]
    for hour in (9, 10, 11, 12):
        free_up(desk, hour)
    assert run(desk) == 3
    assert sorted(Offer.objects.values_list("waiting_id", flat=True)) == sorted(one.pk for one in waits)


def test_whoever_was_booked_by_hand_waits_no_more(desk, ada):
    found = join(desk)
    desk.book(found.patient_id, 9, at=AT + timedelta(minutes=1))
    free_up(desk, 10)
    assert run(desk, 2) == 0
    found.refresh_from_db()
    assert (found.status, found.placed_id is not None) == ("placed", True)


@pytest.mark.parametrize("over", ["last day", "replaced"])
def test_what_waits_for_nothing_is_closed(desk, ada, over):
    who = desk.patient()
    later = desk.book(who, 9) if over == "replaced" else None
    wish = {"instead_of_id": later.pk} if later else {"until_date": AT.date()}
    found = waitlist.join(patient_id=who, type_id=desk.kind.pk, by=desk.by, at=AT, **wish)
    waitlist.tidy(by=desk.by, at=AT)
    found.refresh_from_db()
    assert found.status == "waiting"
    waitlist.tidy(by=desk.by, at=AT + timedelta(days=20))
    found.refresh_from_db()
    assert found.status == "outdated"


# --- Counts and figures ---------------------------------------------------------------------------------------


def test_counts_are_of_the_kind_and_the_filter_that_are_shown(desk):
    now = AT
    for kind, due, times in (("recall", now, 2), ("recall", now + timedelta(days=9), 3), ("silent", now, 4)):
        for _ in range(times):
            who = desk.patient()
            worklist.raise_item(kind=kind, patient_id=who, about_id=new_id(), facts={}, by=desk.by, at=now, due_at=due)
    user_id = desk.cast.staff.pk
    for show in ("due", "mine", "later", "all"):
        for kind in ("", "recall", "silent"):
            counts = Item.objects.counts(show, kind, now=now, user_id=user_id)
            for name, count in counts["filters"].items():
                items = Item.objects.shown(name, now=now, user_id=user_id)
                assert count == (items.filter(kind=kind) if kind else items).count(), (show, kind, name)
            for code, count in counts["kinds"].items():
                assert count == Item.objects.shown(show, now=now, user_id=user_id).filter(kind=code).count()


def test_what_is_for_the_owner_is_theirs_until_somebody_takes_it(desk):
    cast, now = desk.cast, AT
    item_id, _new = worklist.raise_item(
        kind="referral_withdrawn", patient_id=desk.patient(), about_id=new_id(), facts={}, by=desk.by, at=now
    )

    def mine(user):
        counts = Item.objects.counts("mine", "", now=now, user_id=user.pk)
        shown = list(Item.objects.shown("mine", now=now, user_id=user.pk).values_list("pk", flat=True))
        assert counts["filters"]["mine"] == len(shown)
        return shown

    assert (mine(cast.owner), mine(cast.therapist), mine(cast.stranger)) == ([item_id], [], [])
    worklist.take(item_id=item_id, revision=None, by=cast.actor(cast.therapist), at=now)
    assert (mine(cast.owner), mine(cast.therapist)) == ([], [item_id])
    worklist.give_back(item_id=item_id, by=cast.actor(cast.therapist), at=now)
    owner = Client()
    owner.force_login(cast.owner)
    assert "For the owner" in owner.get("/worklist/?show=mine", headers={"Accept-Language": "en"}).content.decode()


def test_hours_in_two_places_at_once_are_worked_once(desk):
    hours = Hours.objects.filter(user=desk.cast.therapist, weekday=0).get()
    Hours.objects.create(
        id=new_id(),
        clinic=desk.cast.clinic,
        user=desk.cast.therapist,
        room=None,
        weekday=0,
        from_time=hours.from_time,
        until_time=hours.until_time,
    )
    found = queries.figures(desk.cast.clinic.pk, first=MONDAY.date(), last=MONDAY.date(), zone=LONDON)
    mine = next(one for one in found if one.therapist_id == desk.therapist_id)
    assert mine.open_min == 480
    assert found[-1].open_min == 960


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 90)), max_size=8))
def test_minutes_are_those_that_any_stretch_covers(pairs):
    minute = timedelta(minutes=1)
    stretches = [(START + first * minute, START + (first + length) * minute) for first, length in pairs]
    covered = {first + one for first, length in pairs for one in range(length)}
    assert rules.minutes(stretches) == len(covered)


def test_proposals_keep_one_a_day(desk, ada):
    plan = series.SeriesPlan(type_id=desk.kind.pk, count=5, weeks=1, starts_on=date(2026, 11, 23))
    placed = series.propose(patient_id=ada, plan=plan, by=desk.by, at=AT)
    days = sorted(one.starts_at.date() for one in placed.slots.values())
    assert len(days) == 5
    assert all(later > earlier for earlier, later in pairwise(days))


@pytest.mark.parametrize("weekdays", [[], [2], [4]])
def test_looking_at_the_coming_days_first_finds_the_same(desk, ada, weekdays):
    for day in (0, 1, 2, 7, 9):
        desk.book(desk.patient(), 9, day=day)
    search = slots.Search(AT, AT + timedelta(weeks=12), weekdays=weekdays, patient_id=ada)
    whole = slots.free(desk.kind, search, limit=slots.FEW + 100)
    for limit in (1, 20, 150):
        assert slots.free(desk.kind, search, limit=limit) == whole[:limit]


def test_what_is_free_only_far_ahead_is_found(desk, ada):
    last = AT.date() + timedelta(days=40)
    setup_actions.save(kind="closures", values={"first_day": AT.date(), "last_day": last}, by=desk.by)
    found = slots.free(desk.kind, slots.Search(AT, AT + timedelta(weeks=12)), limit=3)
    assert len(found) == 3
    assert found[0].starts_at.date() > last
