"""What stands on the desk's list, why, and until when."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Membership
from assessments.models import Assessment
from clock.wall_clock import at_wall
from database import tenancy
from database.expressions import new_id
from errors.exceptions import Invalid
from homecare.models import CheckIn
from patients import actions as patients
from scheduling import rules, worklist_sync
from scheduling.booking import actions, locks
from scheduling.booking.locks import Time
from scheduling.models import Appointment, AppointmentType, Change, Hours, Series
from scheduling.series import actions as series
from scheduling.setup import actions as setup_actions
from tests import builders
from tests.scheduling.conftest import AT, LONDON
from treatments.models import Session
from worklist import actions as worklist
from worklist.models import Item

DAY = timedelta(days=1)


def rows(kind=None):
    found = Item.objects.open().filter(**({"kind": kind} if kind else {}))
    return sorted(found.values_list("kind", "about_id"))


def says(desk, made, status, at, **more):
    return actions.set_status(appointment_id=made.pk, status=status, by=desk.by, at=at, **more)


def cancel(desk, made, at=AT, **more):
    return says(desk, made, "cancelled", at, cancelled_by="patient", reason="ill", **more)


# --- Missed ---------------------------------------------------------------------------------------------------


def test_a_visit_booked_before_the_miss_settles_nothing_and_one_booked_since_does(desk):
    ada = desk.patient()
    missed = desk.book(ada, 9)
    desk.book(ada, 9, day=4)
    later = missed.starts_at + timedelta(hours=1)
    says(desk, missed, "noshow", later)
    assert rows() == [("no_show", missed.pk)]
    desk.book(ada, 10, day=2, at=later + DAY / 24)
    assert rows() == []


def test_a_miss_in_a_series_is_a_row_of_its_own_and_fills_up(desk):
    ada = desk.patient()
    plan = series.SeriesPlan(type_id=desk.kind.pk, count=3, weeks=1, starts_on=date(2026, 11, 23))
    times = [desk.time(9, day=day) for day in (0, 2, 4)]
    made, booked = series.book_series(patient_id=ada, plan=plan, times=times, by=desk.by, at=AT)
    later = booked[0].starts_at + timedelta(hours=1)
    says(desk, booked[0], "noshow", later)
    assert rows() == [("no_show", booked[0].pk)]
    assert worklist_sync.sessions_left(made) == 1

    again = desk.book(ada, 11, day=3, series_id=made.pk, at=later + DAY / 24)
    assert (again.series_id, again.number) == (made.pk, 1)
    assert rows() == []
    assert worklist_sync.sessions_left(made) == 0


@pytest.mark.parametrize("wrong", ["full", "ended", "stranger", "type"])
def test_what_belongs_to_no_series_is_refused(desk, wrong):
    ada, ben = desk.patient(), desk.patient()
    plan = series.SeriesPlan(type_id=desk.kind.pk, count=1, weeks=1, starts_on=date(2026, 11, 23))
    made, booked = series.book_series(patient_id=ada, plan=plan, times=[desk.time(9)], by=desk.by, at=AT)
    options = {"series_id": made.pk}
    if wrong != "full":
        cancel(desk, booked[0])
    if wrong == "ended":
        series.end_series(revision=None, series_id=made.pk, by=desk.by, at=AT)
    if wrong == "type":
        options["type_id"] = setup_actions.save(
            kind="appointment-types", values={"name": "Other", "length_min": 30}, by=desk.by
        ).pk
    with pytest.raises(Invalid) as refusal:
        desk.book(ben if wrong == "stranger" else ada, 10, **options)
    assert [e.pointer for e in refusal.value.errors] == ["/series_id"]


def test_whoever_ends_a_series_has_settled_it(desk):
    ada = desk.patient()
    plan = series.SeriesPlan(type_id=desk.kind.pk, count=2, weeks=1, starts_on=date(2026, 11, 23))
    _made, booked = series.book_series(
        patient_id=ada, plan=plan, times=[desk.time(9), desk.time(9, day=2)], by=desk.by, at=AT
    )
    series.cancel_series(
        appointment_id=booked[0].pk, reach="all", cancelled_by="patient", reason="better", by=desk.by, at=AT
    )
    assert rows() == []
    assert Series.objects.get().ended_at == AT
    assert not Item.objects.exists(), "nothing came and went in between"


def test_a_miss_after_the_series_was_ended_is_seen(desk):
    ada = desk.patient()
    plan = series.SeriesPlan(type_id=desk.kind.pk, count=2, weeks=1, starts_on=date(2026, 11, 23))
    made, booked = series.book_series(patient_id=ada, plan=plan, times=[desk.time(9)], by=desk.by, at=AT)
    series.end_series(revision=None, series_id=made.pk, by=desk.by, at=AT)
    says(desk, booked[0], "noshow", booked[0].starts_at + timedelta(hours=1))
    assert rows() == [("no_show", booked[0].pk)]


@pytest.mark.parametrize("status", ["arrived", "in_room"])
def test_a_visit_that_nobody_finished_is_on_the_list(desk, status):
    made = desk.book(desk.patient(), 9)
    says(desk, made, "arrived", made.starts_at)
    if status == "in_room":
        says(desk, made, "in_room", made.starts_at)
    worklist_sync.sweep(by=desk.by, at=made.ends_at + timedelta(hours=2))
    assert rows() == [("not_arrived", made.pk)]


def test_no_row_goes_because_time_goes(desk):
    made = desk.book(desk.patient(), 9)
    says(desk, made, "noshow", made.starts_at + timedelta(hours=1))
    worklist_sync.sweep(by=desk.by, at=made.starts_at + timedelta(days=200))
    assert rows("no_show") == [("no_show", made.pk)]


def test_what_waits_for_a_merged_record_waits_for_the_survivor(desk):
    ada, again = desk.patient(), desk.patient()
    made = desk.book(again, 9)
    later = made.starts_at + timedelta(hours=1)
    says(desk, made, "noshow", later)
    patients.merge_patients(revision=None, patient_id=again, into_id=ada, reason="the same", by=desk.by, at=later)
    assert list(Item.objects.open().values_list("kind", "patient_id")) == [("no_show", ada)]
    desk.book(ada, 11, day=1, at=later + DAY / 24)
    assert rows() == []


def test_what_is_raised_for_a_merged_record_is_raised_for_the_survivor(desk):
    ada, again = desk.patient(), desk.patient()
    patients.merge_patients(revision=None, patient_id=again, into_id=ada, reason="the same", by=desk.by, at=AT)
    worklist.raise_item(kind="silent", patient_id=again, about_id=again, facts={}, by=desk.by, at=AT)
    assert Item.objects.get().patient_id == ada


# --- Closed over ----------------------------------------------------------------------------------------------


def close(desk, day, **fields):
    return setup_actions.save(
        kind="closures", values={"first_day": day, "last_day": day} | fields, by=desk.by, at=timezone.now()
    )


def ahead(desk):
    """A weekday next month, when the test runs."""
    day = timezone.now().date() + timedelta(days=30)
    return day + timedelta(days=(7 - day.weekday()) % 7)


def booked_on(desk, day, hour=9, other=False):
    who, room = (desk.cast.colleague.pk, desk.other_room.pk) if other else (desk.therapist_id, desk.room.pk)
    at = at_wall(datetime.combine(day, time(hour)), LONDON)
    now = timezone.now() - timedelta(minutes=1)
    return actions.book(patient_id=desk.patient(), type_id=desk.kind.pk, time=Time(at, who, room), by=desk.by, at=now)


def test_who_is_booked_when_it_is_closed_now_is_on_the_list(desk):
    day = ahead(desk)
    mine, yours = booked_on(desk, day), booked_on(desk, day, other=True)
    away = close(desk, day, user_id=desk.therapist_id)
    assert rows() == [("closed_over", mine.pk)]
    setup_actions.remove(kind="closures", pk=away.pk, by=desk.by)
    assert rows() == []
    close(desk, day, from_time=time(12), until_time=time(14))
    assert rows() == []
    close(desk, day)
    assert rows() == sorted([("closed_over", mine.pk), ("closed_over", yours.pk)])
    cancel(desk, mine, timezone.now())
    assert ("closed_over", mine.pk) not in rows()


def test_who_was_put_into_a_closure_on_purpose_is_not_on_the_list(desk):
    day = ahead(desk)
    note = close(desk, day, user_id=desk.therapist_id)
    moved = booked_on(desk, day + timedelta(days=1))
    there = at_wall(datetime.combine(day, time(10)), LONDON)
    actions.move(
        appointment_id=moved.pk,
        time=Time(there, desk.therapist_id, desk.room.pk),
        outside_hours=True,
        by=desk.by,
        at=timezone.now(),
    )
    worklist_sync.sweep(by=desk.by, at=timezone.now())
    assert rows() == []
    setup_actions.save(kind="closures", pk=note.pk, values={"note": "Away"}, by=desk.by)
    assert rows() == []
    setup_actions.save(kind="closures", pk=note.pk, values={"user_id": None}, by=desk.by)
    assert rows() == [("closed_over", moved.pk)]


def test_a_drag_that_is_undone_hides_no_closure(desk):
    day = ahead(desk)
    mine = booked_on(desk, day)
    close(desk, day, user_id=desk.therapist_id)
    there = locks.time_of(mine)
    for time_ in (Time(there.starts_at + DAY, there.therapist_id, there.room_id), there):
        actions.move(appointment_id=mine.pk, time=time_, outside_hours=True, by=desk.by, at=timezone.now())
    assert rows() == [("closed_over", mine.pk)]


def test_many_closures_cost_a_booking_nothing(desk):
    day = ahead(desk)
    booked_on(desk, day)
    counts = []
    for _round in range(2):
        with CaptureQueriesContext(connection) as seen:
            booked_on(desk, day + timedelta(days=7 * len(counts) + 7))
        counts.append(len(seen))
        for number in range(20):
            close(desk, day + timedelta(days=100 + number))
    assert counts[1] <= counts[0]


def test_who_is_booked_when_nobody_works_any_more_is_on_the_list(desk):
    day = ahead(desk)
    mine, late, yours = booked_on(desk, day), booked_on(desk, day, 15), booked_on(desk, day, other=True)
    evening = actions.book(
        patient_id=desk.patient(),
        type_id=desk.kind.pk,
        by=desk.by,
        at=timezone.now(),
        outside_hours=True,
        time=Time(at_wall(datetime.combine(day, time(20)), LONDON), desk.therapist_id, desk.room.pk),
    )
    hours = Hours.objects.get(user_id=desk.therapist_id, weekday=day.weekday())
    given = {"kind": "hours", "pk": hours.pk, "by": desk.by}
    setup_actions.save(values={"until_time": time(13)}, **given)
    assert rows() == [("hours_gone", late.pk)]
    setup_actions.remove(**given)
    assert rows() == sorted([("hours_gone", mine.pk), ("hours_gone", late.pk)])
    worklist_sync.sweep(by=desk.by, at=timezone.now())
    assert rows() == sorted([("hours_gone", mine.pk), ("hours_gone", late.pk)])
    # A move ends it; so do new hours.
    elsewhere = Time(late.starts_at, desk.cast.colleague.pk, desk.other_room.pk)
    actions.move(appointment_id=late.pk, time=elsewhere, by=desk.by, at=timezone.now())
    assert rows() == [("hours_gone", mine.pk)]
    same = {name: getattr(hours, name) for name in ("user_id", "room_id", "weekday", "from_time")}
    setup_actions.save(kind="hours", values=same | {"until_time": time(17)}, by=desk.by)
    assert rows() == []
    setup_actions.remove(kind="rooms", pk=desk.other_room.pk, by=desk.by)
    assert rows() == sorted([("hours_gone", yours.pk), ("hours_gone", late.pk)])
    assert evening.pk not in {about for _kind, about in rows()}, "it was booked outside the hours on purpose"


def test_a_closure_in_between_changes_nothing_about_lost_hours(desk):
    day = ahead(desk)
    mine = booked_on(desk, day)
    shut = close(desk, day)
    hours = Hours.objects.get(user_id=desk.therapist_id, weekday=day.weekday())
    setup_actions.remove(kind="hours", pk=hours.pk, by=desk.by)
    setup_actions.remove(kind="closures", pk=shut.pk, by=desk.by)
    assert rows() == [("hours_gone", mine.pk)]


def test_a_visit_that_comes_back_where_nobody_works_is_on_the_list(desk):
    day = ahead(desk)
    mine, other = booked_on(desk, day, 15), booked_on(desk, day, 10)
    cancel(desk, mine, timezone.now())
    hours = Hours.objects.get(user_id=desk.therapist_id, weekday=day.weekday())
    setup_actions.save(kind="hours", pk=hours.pk, values={"until_time": time(13)}, by=desk.by)
    assert ("hours_gone", mine.pk) not in rows()
    actions.set_status(appointment_id=mine.pk, status="booked", why="after all", by=desk.by, at=timezone.now())
    assert rows() == [("hours_gone", mine.pk)]
    # Who changes places with them has the same trouble, and they have it no more.
    actions.swap(first_id=mine.pk, second_id=other.pk, by=desk.by, at=timezone.now())
    assert rows() == [("hours_gone", other.pk)]


def test_what_is_booked_where_it_is_closed_lies_in_the_hours_all_the_same(desk):
    day = ahead(desk)
    close(desk, day)
    made = actions.book(
        patient_id=desk.patient(),
        type_id=desk.kind.pk,
        by=desk.by,
        at=timezone.now(),
        outside_hours=True,
        time=Time(at_wall(datetime.combine(day, time(9)), LONDON), desk.therapist_id, desk.room.pk),
    )
    assert (made.outside_hours, rows()) == (False, [])
    hours = Hours.objects.get(user_id=desk.therapist_id, weekday=day.weekday())
    setup_actions.remove(kind="hours", pk=hours.pk, by=desk.by)
    assert rows() == [("hours_gone", made.pk)]


def test_the_visits_of_a_therapist_who_has_left_are_on_the_list(desk):
    day = ahead(desk)
    mine, _yours = booked_on(desk, day), booked_on(desk, day, other=True)
    Membership.objects.filter(clinic=desk.cast.clinic, user_id=desk.therapist_id).update(is_active=False)
    worklist_sync.sweep(by=desk.by, at=timezone.now())
    assert rows() == [("hours_gone", mine.pk)]


def test_who_comes_all_the_same_is_off_the_list(desk):
    day = ahead(desk)
    mine = booked_on(desk, day)
    hours = Hours.objects.get(user_id=desk.therapist_id, weekday=day.weekday())
    setup_actions.remove(kind="hours", pk=hours.pk, by=desk.by)
    given = {"appointment_id": mine.pk, "time": locks.time_of(mine), "by": desk.by, "at": timezone.now()}
    with pytest.raises(Invalid):
        actions.move(**given)
    assert actions.move(outside_hours=True, **given).outside_hours
    assert rows() == []
    assert Change.objects.order_by("-id").first().after == {"outside_hours": True}


def test_who_swaps_into_the_hours_lies_in_them(desk):
    """A long one reaches beyond the hours on purpose; a short one in its place does not."""
    day = ahead(desk)
    short = booked_on(desk, day)
    at = at_wall(datetime.combine(day, time(16, 30)), LONDON)
    long = actions.book(
        patient_id=desk.patient(),
        type_id=desk.kind.pk,
        by=desk.by,
        at=timezone.now(),
        outside_hours=True,
        time=Time(at, desk.therapist_id, desk.room.pk),
        length_min=60,
    )
    close(desk, day)  # it has nothing to do with the hours
    actions.swap(first_id=short.pk, second_id=long.pk, by=desk.by, at=timezone.now())
    short.refresh_from_db()
    long.refresh_from_db()
    assert (short.outside_hours, long.outside_hours) == (False, False)
    actions.swap(first_id=short.pk, second_id=long.pk, by=desk.by, at=timezone.now())
    long.refresh_from_db()
    assert long.outside_hours, "nobody moved it there against the hours by accident"
    assert {kind for kind, _about in rows()} == {"closed_over"}


def test_hours_that_come_in_another_room_take_nothing_from_online_visits(desk):
    online = AppointmentType.objects.create(
        id=new_id(), clinic=desk.cast.clinic, name="Call", length_min=30, online=True
    )
    day = ahead(desk)
    same = {"user_id": desk.cast.colleague.pk, "weekday": day.weekday()}
    Hours.objects.filter(**same).update(room=None)
    at = at_wall(datetime.combine(day, time(14)), LONDON)
    actions.book(
        patient_id=desk.patient(),
        type_id=online.pk,
        time=Time(at, desk.cast.colleague.pk, None),
        by=desk.by,
        at=timezone.now(),
    )
    values = same | {"from_time": time(9), "until_time": time(12), "room_id": desk.room.pk}
    setup_actions.save(kind="hours", values=values, by=desk.by)
    assert rows() == []


def test_taking_hours_away_asks_little_of_the_database(desk, django_assert_max_num_queries):
    day = ahead(desk)
    for number in range(10):
        booked_on(desk, day + timedelta(weeks=number))
    hours = Hours.objects.get(user_id=desk.therapist_id, weekday=day.weekday())
    with django_assert_max_num_queries(28):
        setup_actions.remove(kind="hours", pk=hours.pk, by=desk.by)
    assert len(rows()) == 10


# --- The record -----------------------------------------------------------------------------------------------


def test_a_red_flag_to_refer_stays_until_somebody_closes_it(clinic_desk, api, patient, cast):
    body = builders.exam(red_flags=[{"code": "night_pain_constant", "answer": "yes"}])
    made = api().post(f"/patients/{patient}/assessments/", body).json()
    assert api().post(f"/assessments/{made['id']}/sign/", {}).status_code == 200
    with tenancy.scope(cast.clinic.pk):
        signed = Assessment.objects.get(pk=made["id"]).signed_at
        for days in (0, 30, 120):
            worklist_sync.sweep(by=clinic_desk.by, at=signed + timedelta(days=days, minutes=1))
            assert rows("referral") == [("referral", Assessment.objects.get(pk=made["id"]).pk)], days
        item = Item.objects.get(kind="referral")
        assert item.since == signed
        worklist.finish(revision=None, item_id=item.pk, outcome="referred", by=clinic_desk.by, at=timezone.now())
        worklist_sync.sweep(by=clinic_desk.by, at=timezone.now())
        assert rows("referral") == []


def session(cast, patient, *, hours_ago, subject_id=None, version=1):
    at = timezone.now() - timedelta(hours=hours_ago)
    return Session.objects.create(
        clinic_id=cast.clinic.pk,
        patient_id=patient,
        performed_at=at,
        recorded_at=at,
        recorded_by=cast.therapist,
        subject_id=subject_id or new_id(),
        version=version,
    )


def test_an_old_draft_is_on_the_list_until_it_is_signed_or_gone(clinic_desk, patient, cast):
    with tenancy.scope(cast.clinic.pk):
        draft, fresh = session(cast, patient, hours_ago=30), session(cast, patient, hours_ago=2)
        worklist_sync.sweep(by=clinic_desk.by, at=timezone.now())
        assert rows() == [("unsigned", draft.pk)]
        assert fresh.pk != draft.pk
        Session.objects.filter(pk=draft.pk).delete()
        worklist_sync.sweep(by=clinic_desk.by, at=timezone.now())
        assert rows() == []


def test_no_word_since_needling(clinic_desk, api, patient, cast):
    at = (timezone.now() - timedelta(hours=100)).isoformat()
    builders.ready(api(), patient, performed_at=(timezone.now() - timedelta(hours=101)).isoformat())
    body = builders.treatment(performed_at=at, interventions=[builders.needling()])
    made = api().post(f"/patients/{patient}/sessions/", body).json()
    assert api().post(f"/sessions/{made['id']}/sign/", {}).status_code == 200, made
    with tenancy.scope(cast.clinic.pk):
        worklist_sync.sweep(by=clinic_desk.by, at=timezone.now())
        found = Session.objects.get(pk=made["id"])
        assert rows() == [("needling_follow_up", found.pk)]
        worklist_sync.sweep(by=clinic_desk.by, at=timezone.now() + timedelta(days=60))
        assert rows() == [("needling_follow_up", found.pk)]
        CheckIn.objects.create(
            clinic_id=cast.clinic.pk,
            patient_id=patient,
            session=found,
            after_h=72,
            soreness=1,
            local_date=timezone.now().date(),
            answered_at=timezone.now(),
        )
        worklist_sync.sweep(by=clinic_desk.by, at=timezone.now())
        assert rows() == []


# --- The trail ------------------------------------------------------------------------------------------------


def test_the_trail_says_who_cancelled_and_why_after_it_was_corrected(desk):
    made = desk.book(desk.patient(), 9)
    cancel(desk, made)
    says(desk, made, "booked", AT, why="It was the other one.")
    said = Change.objects.filter(appointment=made).order_by("id")
    assert said[1].after == {"status": "cancelled", "cancelled_by": "patient", "reason": "ill"}
    assert said[2].before == {"status": "cancelled", "cancelled_by": "patient", "reason": "ill"}


def test_a_proposed_one_is_given_up_however_it_came_to_be(desk):
    made = desk.book(desk.patient(), 9, day=7)
    says(desk, made, "proposed", AT, why="They are not sure.")
    made.refresh_from_db()
    assert made.held_until == AT + timedelta(hours=48)
    moved = actions.move(appointment_id=made.pk, time=desk.time(9), by=desk.by, at=AT + timedelta(hours=70))
    assert moved.held_until <= moved.starts_at
    assert Appointment.objects.filter(status=rules.PROPOSED, held_until=None).count() == 0
