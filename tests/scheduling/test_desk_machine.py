"""
A desk at work: anything in any order. After every step the rows are those of a plain model beside it, nothing
overlaps, and the worklist is what a plain recomputation from the model says.
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from datetime import time as clock
from datetime import timedelta
from functools import partial
from itertools import count

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from database import tenancy
from errors.exceptions import Invalid
from scheduling import rules, worklist_sync
from scheduling.booking import actions
from scheduling.booking import locks as holding
from scheduling.booking.locks import Time
from scheduling.models import Appointment, Hours, Offer, Series, Waiting
from scheduling.series import actions as series
from scheduling.setup import actions as setup_actions
from scheduling.waitlist import actions as waitlist
from tests.conftest import make_cast
from tests.drills import small_or_drill
from tests.scheduling.conftest import AT, LONDON, make_desk
from worklist import actions as worklist
from worklist.models import Item

HALF = timedelta(minutes=30)
numbers = count(1)
# A step takes some milliseconds of a real PostgreSQL, so a failure is shown as it was found: shrinking takes minutes.
PHASES = [Phase.explicit, Phase.generate]
slots = st.integers(0, 13)
pick = st.integers(0, 1000)


class Desk(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        cast = make_cast(f"-machine{next(numbers)}")
        self.stack = ExitStack()
        self.stack.enter_context(tenancy.scope(cast.clinic.pk))
        self.desk = make_desk(cast, cast.actor(cast.staff))
        self.patients = [self.desk.patient() for _ in range(3)]
        self.now = AT
        self.rows = {}  # appointment id -> dict
        self.series = {}  # series id -> [patient, count, ended]
        self.dismissed = {}
        self.until = {}  # (therapist, weekday) -> when they leave, if it is not 17:00

    def teardown(self):
        self.stack.close()

    # --- The model ---

    def time(self, slot, other):
        return self.desk.time(9 + slot % 7 // 2, 30 * (slot % 7 % 2), day=slot // 7, other=other)

    def put(self, pk, patient, time, **more):
        self.rows[pk] = {
            "patient": patient,
            "at": time.starts_at,
            "who": time.therapist_id,
            "room": time.room_id,
            "status": "booked",
            "by": "",
            "series": None,
            "booked": self.now,
            "since": self.now,
            "outside": not self.works(time.starts_at, time.therapist_id),
        } | more

    def works(self, at, who):
        first = at.astimezone(LONDON)
        until = self.until.get((who, first.weekday()), clock(17))
        return clock(9) <= first.time() and (first + HALF).time() <= until

    def clash(self, changes):
        """Whether these rows (id -> row) overlap with each other or with what else holds its time."""
        rows = [r for pk, r in {**self.rows, **changes}.items() if rules.STATUSES[r["status"]].holds]
        return any(
            a is not b
            and abs(a["at"] - b["at"]) < HALF
            and (a["who"] == b["who"] or a["room"] == b["room"] or a["patient"] == b["patient"])
            for a in rows
            for b in rows
        )

    def attempt(self, changes, act):
        """Do it; it must be refused exactly if the model says that it overlaps."""
        expected = self.clash(changes)
        try:
            result = act()
        except (holding.SlotTaken, holding.PatientBusy):
            assert expected, "refused without a reason"
            return None
        assert not expected, "an overlap was let through"
        for pk, row in changes.items():
            if pk in self.rows:
                self.rows[pk] = {"outside": not self.works(row["at"], row["who"])} | row
        return result

    def upcoming(self):
        return [pk for pk, row in self.rows.items() if row["status"] in rules.UPCOMING]

    # --- What a desk does ---

    @rule(who=st.integers(0, 2), slot=slots, other=st.booleans())
    def book(self, who, slot, other):
        patient, time = self.patients[who], self.time(slot, other)
        new = {
            "patient": patient,
            "at": time.starts_at,
            "who": time.therapist_id,
            "room": time.room_id,
            "status": "booked",
        }
        made = self.attempt({"new": new}, lambda: self.desk.book(patient, time=time, outside_hours=True, at=self.now))
        if made is not None:
            self.put(made.pk, patient, time)

    @precondition(lambda self: self.upcoming())
    @rule(which=pick, slot=slots, other=st.booleans())
    def move(self, which, slot, other):
        pk, time = self.upcoming()[which % len(self.upcoming())], self.time(slot, other)
        row = self.rows[pk] | {"at": time.starts_at, "who": time.therapist_id, "room": time.room_id}
        if (row["at"], row["who"]) != (self.rows[pk]["at"], self.rows[pk]["who"]):
            row["outside"] = not self.works(row["at"], row["who"])
        self.attempt(
            {pk: row},
            lambda: actions.move(appointment_id=pk, time=time, outside_hours=True, by=self.desk.by, at=self.now),
        )

    @precondition(lambda self: len(self.upcoming()) > 1)
    @rule(which=pick, step=pick)
    def swap(self, which, step):
        some = self.upcoming()
        one = some[which % len(some)]
        two = some[(which + 1 + step % (len(some) - 1)) % len(some)]
        a, b = self.rows[one], self.rows[two]
        places = ("at", "who", "room")
        changes = {one: a | {k: b[k] for k in places}, two: b | {k: a[k] for k in places}}
        for pk, before in ((one, b), (two, a)):  # what has come to lie within the hours is outside them no more
            changes[pk]["outside"] = before["outside"] and not self.works(before["at"], before["who"])
        self.attempt(changes, lambda: actions.swap(first_id=one, second_id=two, by=self.desk.by, at=self.now))

    @precondition(lambda self: self.upcoming())
    @rule(which=pick, by=st.sampled_from(rules.CANCELLED_BY), reason=st.sampled_from(["ill", "mistake"]))
    def cancel(self, which, by, reason):
        pk = self.upcoming()[which % len(self.upcoming())]
        actions.set_status(
            appointment_id=pk, status="cancelled", cancelled_by=by, reason=reason, by=self.desk.by, at=self.now
        )
        self.rows[pk] |= {"status": "cancelled", "by": by, "quiet": reason == "mistake", "since": self.now}

    @precondition(lambda self: any(row["status"] == "cancelled" for row in self.rows.values()))
    @rule(which=pick)
    def bring_back(self, which):
        some = [pk for pk, row in self.rows.items() if row["status"] == "cancelled"]
        pk = some[which % len(some)]
        row = self.rows[pk] | {"status": "booked", "by": "", "quiet": False, "since": self.now}
        self.attempt(
            {pk: row},
            lambda: actions.set_status(
                appointment_id=pk, status="booked", why="a mistake", by=self.desk.by, at=self.now
            ),
        )

    @precondition(lambda self: any(self.rows[pk]["at"] <= self.now for pk in self.upcoming()))
    @rule(which=pick, status=st.sampled_from(["noshow", "fulfilled"]))
    def close(self, which, status):
        some = [pk for pk in self.upcoming() if self.rows[pk]["at"] <= self.now]
        pk = some[which % len(some)]
        actions.set_status(appointment_id=pk, status=status, why="seen", by=self.desk.by, at=self.now)
        self.rows[pk] |= {"status": status, "since": self.now}

    @rule(who=st.integers(0, 2), first=st.integers(0, 11), more=st.integers(0, 2), other=st.booleans())
    def book_series(self, who, first, more, other):
        patient = self.patients[who]
        times = [self.time(first, other), self.time(first + 2, other)]
        plan = series.SeriesPlan(
            type_id=self.desk.kind.pk, count=2 + more, weeks=1, starts_on=times[0].starts_at.date()
        )
        new = {
            n: {"patient": patient, "at": t.starts_at, "who": t.therapist_id, "room": t.room_id, "status": "booked"}
            for n, t in enumerate(times)
        }
        book = partial(series.book_series, patient_id=patient, plan=plan, times=times, by=self.desk.by, at=self.now)
        if not all(self.works(t.starts_at, t.therapist_id) for t in times):
            with pytest.raises((Invalid, holding.SlotTaken, holding.PatientBusy)):
                book()
            return
        made = self.attempt(new, book)
        if made is not None:
            self.series[made[0].pk] = [patient, 2 + more, False]
            for one, time in zip(made[1], sorted(times, key=lambda t: t.starts_at), strict=True):
                self.put(one.pk, patient, time, series=made[0].pk)

    def of_series(self):
        return [pk for pk in self.upcoming() if self.rows[pk]["series"]]

    @precondition(lambda self: self.of_series())
    @rule(which=pick, reach=st.sampled_from(rules.REACH), halves=st.integers(-2, 3))
    def move_series(self, which, reach, halves):
        pk = self.of_series()[which % len(self.of_series())]
        row = self.rows[pk]
        reached = {
            other: one
            | {"at": one["at"] + halves * HALF}
            | ({"outside": not self.works(one["at"] + halves * HALF, one["who"])} if halves else {})
            for other, one in self.rows.items()
            if other == pk
            or (
                reach != "this"
                and one["series"] == row["series"]
                and one["status"] in rules.UPCOMING
                and (reach == "all" or one["at"] >= row["at"])
                and one["at"] > self.now
            )
        }
        time = Time(row["at"] + halves * HALF, row["who"], row["room"])
        self.attempt(
            reached,
            lambda: series.move_series(
                appointment_id=pk, time=time, reach=reach, outside_hours=True, by=self.desk.by, at=self.now
            ),
        )

    @precondition(lambda self: self.of_series())
    @rule(which=pick)
    def cancel_the_rest(self, which):
        pk = self.of_series()[which % len(self.of_series())]
        row = self.rows[pk]
        series.cancel_series(
            appointment_id=pk, reach="later", cancelled_by="patient", reason="better", by=self.desk.by, at=self.now
        )
        for one in self.rows.values():
            ahead = one is row or (one["at"] >= row["at"] and one["at"] > self.now)
            if one["series"] == row["series"] and one["status"] in rules.UPCOMING and ahead:
                one |= {"status": "cancelled", "by": "patient", "since": self.now}
        self.series[row["series"]][2] = self.series[row["series"]][2] or self.now

    @precondition(lambda self: self.series)
    @rule(which=pick, slot=slots, other=st.booleans())
    def fill_up_a_series(self, which, slot, other):
        pk = list(self.series)[which % len(self.series)]
        patient, wanted, ended = self.series[pk]
        time = self.time(slot, other)
        held = sum(r["series"] == pk and rules.STATUSES[r["status"]].holds for r in self.rows.values())
        new = {
            "patient": patient,
            "at": time.starts_at,
            "who": time.therapist_id,
            "room": time.room_id,
            "status": "booked",
        }
        try:
            made = self.attempt(
                {"new": new}, lambda: self.desk.book(patient, time=time, series_id=pk, outside_hours=True, at=self.now)
            )
        except Invalid:
            assert ended or held >= wanted
        else:
            assert not ended
            if made is not None:
                self.put(made.pk, patient, time, series=pk)

    @rule(who=st.integers(0, 2))
    def wait(self, who):
        if not Waiting.objects.filter(patient_id=self.patients[who], status="waiting").exists():
            waitlist.join(patient_id=self.patients[who], type_id=self.desk.kind.pk, by=self.desk.by, at=self.now)
        waitlist.run(by=self.desk.by, at=self.now)

    @precondition(lambda self: Offer.objects.filter(status="open").exists())
    @rule(which=pick, take=st.booleans())
    def answer(self, which, take):
        some = list(Offer.objects.filter(status="open").order_by("pk"))
        offer = some[which % len(some)]
        if not take:
            waitlist.decline(revision=None, offer_id=offer.pk, by=self.desk.by, at=self.now)
            return
        time = Time(offer.starts_at, offer.therapist_id, offer.room_id)
        new = {
            "patient": offer.patient_id,
            "at": time.starts_at,
            "who": time.therapist_id,
            "room": time.room_id,
            "status": "booked",
        }
        expected = self.clash({"new": new}) or offer.expires_at <= self.now
        expected = expected or not self.works(time.starts_at, time.therapist_id)
        try:
            made = waitlist.accept(revision=None, offer_id=offer.pk, by=self.desk.by, at=self.now)
        except waitlist.OfferGone:
            assert expected
        else:
            assert not expected
            self.put(made.pk, offer.patient_id, time)

    @rule(other=st.booleans(), weekday=st.integers(0, 1), hour=st.sampled_from([10, 11, 17]))
    def change_hours(self, other, weekday, hour):
        """Somebody leaves earlier on one day of the week, or stays as before."""
        who = self.desk.cast.colleague.pk if other else self.desk.therapist_id
        pk = Hours.objects.get(user_id=who, weekday=weekday).pk
        setup_actions.save(kind="hours", pk=pk, values={"until_time": clock(hour)}, by=self.desk.by, at=self.now)
        self.until[who, weekday] = clock(hour)

    @precondition(lambda self: Item.objects.open().exists())
    @rule(which=pick)
    def close_by_hand(self, which):
        some = list(Item.objects.open().filter(kind__in=worklist_sync.OF_VISITS).order_by("pk"))
        if some:
            item = some[which % len(some)]
            worklist.finish(revision=None, item_id=item.pk, outcome="reached", by=self.desk.by, at=self.now)
            self.dismissed[item.kind, item.about_id] = item.facts

    @rule(hours=st.sampled_from([3, 26]))
    def time_goes_by(self, hours):
        if self.now < AT + timedelta(days=9):
            self.now += timedelta(hours=hours)
            worklist_sync.sweep(by=self.desk.by, at=self.now)

    # --- What is always so ---

    @invariant()
    def rows_are_the_models(self):
        found = {
            one.pk: (one.patient_id, one.starts_at, one.therapist_id, one.room_id, one.status, one.series_id)
            for one in Appointment.objects.all()
        }
        assert found == {
            pk: (r["patient"], r["at"], r["who"], r["room"], r["status"], r["series"]) for pk, r in self.rows.items()
        }
        assert not self.clash({})

    @invariant()
    def series_count_right(self):
        for one in Series.objects.all():
            patient, wanted, ended = self.series[one.pk]
            held = sum(r["series"] == one.pk and rules.STATUSES[r["status"]].holds for r in self.rows.values())
            assert (one.patient_id, one.count, one.ended_at or False) == (patient, wanted, ended)
            assert worklist_sync.sessions_left(one) == max(0, wanted - held)

    @invariant()
    def the_worklist_is_what_follows(self):
        wanted, on_their_own = {}, Counter()
        for pk, r in self.rows.items():
            facts = {"at": r["at"].isoformat()}
            since = [
                other["booked"]
                for other in self.rows.values()
                if other["patient"] == r["patient"] and rules.STATUSES[other["status"]].holds
            ]
            ended = self.series[r["series"]][2] if r["series"] else False
            if r["status"] in ("noshow", "cancelled") and not r.get("quiet"):
                if max(since, default=r["since"] - HALF) < r["since"] and not (ended and ended >= r["since"]):
                    kind = {"": "no_show", "patient": "cannot_come", "clinic": "cannot_treat"}[r["by"]]
                    wanted[kind, pk] = facts
                    on_their_own[r["series"]] += 1
            elif r["status"] == "booked" and r["at"] + HALF <= self.now - timedelta(hours=1):
                wanted["not_arrived", pk] = facts
            elif (
                r["status"] == "booked"
                and r["at"] > self.now
                and not r["outside"]
                and not self.works(r["at"], r["who"])
            ):
                wanted["hours_gone", pk] = facts
        for pk, (_patient, number, ended) in self.series.items():
            own = {key: r for key, r in self.rows.items() if r["series"] == pk}
            holding = [r["at"] for r in own.values() if rules.STATUSES[r["status"]].holds]
            gone = sorted(str(key) for key, r in own.items() if not rules.STATUSES[r["status"]].holds)
            facts = {"held": len(holding), "count": number}
            if not ended and len(holding) + on_their_own[pk] < number:
                wanted["series_short", pk] = facts | {"gone": gone}
            elif not ended and max(holding, default=self.now - HALF) + HALF <= self.now:
                wanted["series_ended", pk] = facts
        for key, facts in list(self.dismissed.items()):
            if key in wanted and wanted[key] != facts:
                del self.dismissed[key]  # it is about something else now
        wanted = {key: facts for key, facts in wanted.items() if key not in self.dismissed}
        found = Item.objects.open().filter(kind__in=worklist_sync.OF_VISITS)
        assert {(item.kind, item.about_id): item.facts for item in found} == wanted


@pytest.mark.long
@pytest.mark.parametrize(("days", "steps"), small_or_drill((8, 15), (40, 30)))
def test_a_desk_at_work(db, days, steps):
    quick = settings(
        max_examples=days,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=PHASES,
    )
    run_state_machine_as_test(Desk, settings=quick)
