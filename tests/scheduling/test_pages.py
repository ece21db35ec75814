"""The desk's pages without a browser: counts, odd input, how many queries, feeds, CSV."""

from __future__ import annotations

import csv
import io
from datetime import UTC, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Membership
from api.models import IdempotencyKey
from patient_forms import actions as forms
from patients.models import Patient
from scheduling import queries, worklist_sync
from scheduling.availability import slots
from scheduling.booking import actions, locks
from scheduling.models import Appointment, Feed, Hours
from scheduling.series import actions as series
from scheduling.setup import actions as setup_actions
from scheduling.worklist_links import VISITS
from tests import builders
from tests.reading import Browser
from tests.scheduling.conftest import AT, far_ahead, inside
from worklist import actions as worklist
from worklist import rules as rules_of_list
from worklist.links import find_link
from worklist.models import Item


@pytest.fixture
def desk(clinic_desk):
    return clinic_desk


def raised(desk, kind="silent", due=None):
    with inside(desk):
        patient_id = desk.patient()
        item_id, _new = worklist.raise_item(
            kind=kind, patient_id=patient_id, about_id=patient_id, facts={}, by=desk.by, at=timezone.now(), due_at=due
        )
    return item_id


def shown(page):
    return page.content.count(b'class="card item')


def test_the_counts_are_those_of_what_is_shown(desk, browser):
    now = timezone.now()
    items = [raised(desk, due=now - timedelta(days=1)) for _ in range(3)]
    raised(desk, "recall", due=now + timedelta(days=60))
    browser.post(f"/worklist/{items[0]}/take/")
    browser.post(f"/worklist/{items[1]}/snooze/", {"days": "3"})

    counts = {"due": 2, "mine": 1, "later": 2, "all": 4}
    for name, count in counts.items():
        page = browser.get(f"/worklist/?show={name}")
        assert shown(page) == count, name
        filters = {code: n for code, _word, n in page.context["filters"]}
        assert filters == counts
    assert shown(browser.get("/worklist/?show=all&kind=recall")) == 1


def test_put_aside_it_comes_back_in_the_morning(desk, browser):
    item_id = raised(desk, due=timezone.now())
    assert browser.post(f"/worklist/{item_id}/snooze/", {"days": "1"}).status_code == 302
    with inside(desk):
        item = Item.objects.get(pk=item_id)
    assert timedelta(hours=5) < item.snoozed_until - timezone.now() < timedelta(hours=36)
    assert item.snoozed_until.hour in (6, 7)
    assert browser.post(f"/worklist/{item_id}/snooze/", {"days": "999"}).status_code == 400


def fill(desk, count):
    with inside(desk):
        patient_id = desk.patient()
        rows = [
            Appointment(
                clinic=desk.cast.clinic,
                patient_id=patient_id,
                type=desk.kind,
                therapist=desk.cast.therapist,
                room=desk.room,
                starts_at=at,
                ends_at=at + timedelta(minutes=30),
                blocked_until=at + timedelta(minutes=30),
                booked_at=AT,
            )
            for at in (desk.time(9 + n // 2, 30 * (n % 2)).starts_at for n in range(count))
        ]
        Appointment.objects.bulk_create(rows)


@pytest.mark.parametrize("query", ["on=2026-11-23", "view=week&on=2026-11-23", "by=room&on=2026-11-23"])
def test_the_calendar_asks_as_often_for_many_as_for_none(desk, browser, query):
    browser.get(f"/calendar/?{query}")
    with CaptureQueriesContext(connection) as none:
        browser.get(f"/calendar/?{query}")
    fill(desk, 14)
    with CaptureQueriesContext(connection) as many:
        page = browser.get(f"/calendar/?{query}")
    assert page.content.count(b'class="visit booked" data-id') == 14
    assert len(many) == len(none)


def test_who_left_is_still_seen_where_something_is_booked(desk, browser):
    fill(desk, 3)
    with inside(desk):
        Membership.objects.filter(user=desk.cast.therapist).update(is_active=False)
    assert browser.get("/calendar/?on=2026-11-23").content.count(b'class="visit booked" data-id') == 3


ODD = [
    "",
    "x",
    "\x00",
    "9999-12-31",
    "0001-01-01",
    "9999-12-31T23:00",
    "0001-01-01T00:00",
    "2026-11-23T09:00",
    "1" * 400,
]


@pytest.mark.parametrize("odd", ODD)
def test_odd_input_is_refused_and_no_fault(desk, browser, odd):
    with inside(desk):
        patient_id = desk.patient()
        made = desk.book(patient_id, 9)
    kind = str(desk.kind.pk)
    paths = [
        ("get", f"/calendar/?on={odd}&view={odd}&by={odd}&only={odd}&moving={odd}", {}),
        ("get", f"/figures/?first={odd}&last={odd}", {}),
        ("get", f"/patients/{patient_id}/book/", {"type": kind, "from_date": odd, "from_time": odd, "weekdays": odd}),
        ("get", f"/patients/{patient_id}/book/", {"type": odd, "therapist": odd, "count": odd, "weeks": odd}),
        ("get", f"/patients/{patient_id}/book/", {"at": odd, "therapist": odd}),
        ("post", f"/patients/{patient_id}/book/", {"type": kind, "slot": odd}),
        ("post", f"/patients/{patient_id}/book/", {"type": kind, "series": "1", "slot": odd}),
        ("post", f"/patients/{patient_id}/book/", {"type": kind, "series": "1", "count": "3", "from_date": odd}),
        ("post", f"/patients/{patient_id}/wait/", {"type": kind, "from_date": odd, "until_time": odd}),
        ("post", f"/patients/{patient_id}/recall/", {"months": odd}),
        ("post", f"/appointments/{made.pk}/move/", {"starts_at": odd, "therapist": odd, "room": odd}),
        ("post", f"/appointments/{made.pk}/move/", {"starts_at": odd, "reach": odd}),
        ("post", f"/appointments/{made.pk}/status/", {"status": odd, "why": odd, "reason": odd}),
        ("post", f"/appointments/{made.pk}/note/", {"note": odd}),
        ("post", f"/appointments/{made.pk}/swap/", {"with": odd}),
        ("post", "/appointments/new/", {"q": odd}),
        ("post", "/scheduling/hours/", {"user_id": odd, "from_time": odd, "weekday": odd}),
        ("post", "/scheduling/closures/", {"first_day": odd, "last_day": odd, "from_time": odd}),
        ("post", "/scheduling/booking/", {"remind_hours": odd, "step_min": odd}),
    ]
    for method, path, values in paths:
        answer = getattr(browser, method)(path, values)
        assert answer.status_code < 500, (path, answer.status_code)


def test_the_feed_is_secret_and_ends_with_the_job(desk, browser, cast):
    with inside(desk):
        desk.book(desk.patient(), 9)
        address = setup_actions.make_feed(user_id=desk.therapist_id, by=desk.by, at=AT)
    path = "/" + address.split("/", 3)[3]
    stranger = Browser()
    soon = timezone.now() + timedelta(days=1)
    with inside(desk):
        Appointment.objects.update(
            starts_at=soon, ends_at=soon + timedelta(hours=1), blocked_until=soon + timedelta(hours=1)
        )
    answer = stranger.get(path)
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/calendar")
    assert answer.content.count(b"BEGIN:VEVENT") == 1
    assert b"\r\nREFRESH-INTERVAL;VALUE=DURATION:PT15M\r\n" in answer.content
    assert b"Okafor" not in answer.content
    assert stranger.get("/c/feeds/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.ics").status_code == 404
    with inside(desk):
        assert Feed.objects.get().read_at is not None
        Membership.objects.filter(user=desk.cast.therapist).update(is_active=False)
    assert stranger.get(path).status_code == 404
    with inside(desk):
        Membership.objects.filter(user=desk.cast.therapist).update(is_active=True)
        setup_actions.close_feed(user_id=desk.therapist_id, by=desk.by, at=AT)
    assert stranger.get(path).status_code == 404


def test_a_feeds_secret_is_kept_nowhere_not_even_for_a_retry(desk, api, cast):
    path = f"/scheduling/feeds/{desk.therapist_id}/"
    made = [api(cast.staff).post(path, {}, Idempotency_Key="once") for _ in range(2)]
    assert [answer.status_code for answer in made] == [201, 201]
    assert made[0].json()["address"] != made[1].json()["address"]
    with inside(desk):
        assert not IdempotencyKey.objects.exists()


def test_what_a_program_sees_to_is_its_therapists(desk, api, cast):
    with inside(desk):
        ids = [desk.patient() for _ in range(2)]
        items = [
            worklist.raise_item(kind="recall", patient_id=pk, about_id=pk, facts={}, by=desk.by, at=timezone.now())[0]
            for pk in ids
        ]
    scopes = "scheduling:read scheduling:write"
    nobodys, tablet = (
        api(builders.program(cast.clinic, scopes=scopes, acts_for=who)) for who in (None, cast.therapist)
    )
    assert tablet.post(f"/worklist/{items[0]}/take/", {}).status_code == 200
    assert [row["id"] for row in tablet.get("/worklist/?show=mine").json()["results"]] == [str(items[0])]
    assert tablet.get("/worklist/counts/").json()["filters"]["mine"] == 1
    assert nobodys.get("/worklist/?show=mine").json()["results"] == []
    assert nobodys.get("/worklist/counts/").json()["filters"]["mine"] == 0


def test_figures_have_their_denominators_and_come_as_csv(desk, browser):
    from scheduling.booking import actions

    with inside(desk):
        rows = [desk.book(desk.patient(), 9 + n) for n in range(4)]
        after = rows[-1].ends_at
        for one, status in zip(rows, ("fulfilled", "fulfilled", "noshow"), strict=False):
            actions.set_status(appointment_id=one.pk, status=status, why="x", by=desk.by, at=after)
        actions.set_status(
            appointment_id=rows[3].pk,
            status="cancelled",
            cancelled_by="patient",
            reason="ill",
            by=desk.by,
            at=rows[3].starts_at - timedelta(hours=3),
        )
    page = browser.get("/figures/?first=2026-11-23&last=2026-11-23")
    whole = page.context["all"]
    assert (whole.ended, whole.missed, whole.noshow_rate) == (3, 1, 1 / 3)
    assert (whole.cancelled, whole.late_cancelled) == (1, 1)
    assert (whole.used_min, whole.open_min) == (60, 2 * 8 * 60)

    text = browser.get("/figures/?first=2026-11-23&last=2026-11-23&as=csv").content.decode()
    lines = list(csv.DictReader(io.StringIO(text)))
    assert lines[-1]["therapist"] == "all"
    assert lines[-1]["noshow_rate"] == "0.3333"
    assert lines[0]["noshow_rate"] == "", "nothing of nothing is not zero"


def test_figures_say_each_therapists_lead_time_and_what_was_cancelled_in_time(desk):
    with inside(desk):
        window = timedelta(hours=slots.booking_of(desk.cast.clinic.pk).cancel_until_hours)
        rows = [desk.book(desk.patient(), 9 + n) for n in range(5)]
        for row, days in zip(rows, (1, 2, 6, 0, 0), strict=True):
            Appointment.objects.filter(pk=row.pk).update(booked_at=row.starts_at - timedelta(days=days))
        for row, before in ((rows[3], window), (rows[4], window - timedelta(seconds=1))):
            how = {"cancelled_by": "patient", "reason": "ill", "by": desk.by, "at": row.starts_at - before}
            actions.set_status(appointment_id=row.pk, status="cancelled", why="", **how)
        *each, whole = queries.figures(
            desk.cast.clinic.pk, first=rows[0].starts_at.date(), last=rows[0].starts_at.date(), zone=UTC
        )
        mine = next(one for one in each if one.therapist_id == rows[0].therapist_id)
        others = [one for one in each if one is not mine]
    assert (mine.lead_days, mine.used_min, mine.cancelled, mine.late_cancelled) == (2.0, 90, 2, 1)
    assert (whole.lead_days, whole.used_min, whole.cancelled, whole.late_cancelled) == (2.0, 90, 2, 1)
    assert {(one.lead_days, one.used_min, one.cancelled) for one in others} == {(None, 0, 0)}


def test_a_name_is_no_formula():
    from scheduling.web.figures import guard_cell

    assert guard_cell("=cmd()") == "'=cmd()"
    assert guard_cell("Ada") == "Ada"


def test_the_log_keeps_no_secret_of_a_feed():
    from clinic.logs import TOKEN

    assert TOKEN.sub(r"\1...", "/c/feeds/secret.ics") == "/c/feeds/..."
    assert TOKEN.sub(r"\1...", "/c/calendar/secret.ics") == "/c/calendar/..."
    assert TOKEN.sub(r"\1...", "/c/secret/") == "/c/.../"


def test_whoever_loses_by_script_is_told_what_is_free(desk, browser):
    monday = timezone.now().replace(hour=10, minute=0, second=0, microsecond=0)
    monday += timedelta(days=14 - monday.weekday())
    with inside(desk):
        one, two = (
            desk.book(desk.patient(), at=timezone.now(), time=locks.Time(at, desk.therapist_id, desk.room.pk))
            for at in (monday, monday + timedelta(minutes=30))
        )
    values = {"starts_at": two.starts_at.isoformat()}
    answer = browser.post(f"/appointments/{one.pk}/move/", values, headers={"Accept": "application/json"})
    assert answer.status_code == 409
    assert answer.json()["code"] == "slot_taken"
    assert len(answer.json()["next_free"]) == 3


@pytest.mark.parametrize("kind", ["hours", "appointment-types", "sites", "rooms"])
def test_what_is_set_up_can_be_changed_on_its_page(desk, browser, kind):
    model = setup_actions.KINDS[kind]
    with inside(desk):
        found = model.objects.order_by("pk").first()
    path = f"/scheduling/{kind}/{found.pk}/"
    page = browser.get(path)
    assert page.status_code == 200
    sent = {}
    for field in page.context["form"]:
        value = field.value()
        if value is not None and value is not False and value != "":
            sent[field.name] = value
    change = {"until_time": "12:30"} if kind == "hours" else {"name": "Another name"}
    assert browser.post(path, sent | change).status_code == 302
    with inside(desk):
        after = model.objects.get(pk=found.pk)
        for field in model._meta.concrete_fields:
            if field.attname not in change:
                assert getattr(after, field.attname) == getattr(found, field.attname), field.attname
        assert f"{after.until_time:%H:%M}" == "12:30" if kind == "hours" else after.name == "Another name"


def test_a_visit_is_pencilled_in_or_fills_up_a_series(desk, browser):
    now = timezone.now()
    with inside(desk):
        patient_id = desk.patient()
        day = now.date() + timedelta(days=14 - now.weekday())
        plan = series.SeriesPlan(type_id=desk.kind.pk, count=2, weeks=2, starts_on=day)
        placed = series.propose(patient_id=patient_id, plan=plan, by=desk.by, at=now)
        times = [locks.Time(s.starts_at, s.therapist_id, s.room_id) for s in list(placed.slots.values())[:1]]
        made, _booked = series.book_series(patient_id=patient_id, plan=plan, times=times, by=desk.by, at=now)
        items = list(Item.objects.open().filter(kind="series_short"))
    listed = browser.get("/worklist/?show=all").content.decode()
    assert f"/patients/{patient_id}/book/?into={made.pk}" in listed
    assert [item.about_id for item in items] == [made.pk]
    path = f"/patients/{patient_id}/book/"
    assert f'<option value="{made.pk}" selected>' in browser.get(path, {"into": str(made.pk)}).content.decode()
    asked = {"type": str(desk.kind.pk), "from_date": (day + timedelta(days=2)).isoformat(), "into": str(made.pk)}
    found = browser.get(path, asked)
    token = found.context["found"][0][1]
    assert browser.post(path, asked | {"slot": token, "proposed": "1"}).status_code == 302
    with inside(desk):
        last = Appointment.objects.order_by("-booked_at").first()
        assert (last.status, last.series_id, last.number) == ("proposed", made.pk, 2)
        assert last.held_until is not None
    other = browser.get(path, asked | {"into": str(made.pk)})
    assert other.status_code == 200


def test_a_body_in_trouble_stands_above_a_call_about_a_free_time(desk, browser):
    early = timezone.now() - timedelta(hours=5)
    raised(desk, "slot_free", due=early)
    item_id = raised(desk, "red_flag", due=timezone.now())
    with inside(desk):
        alarmed = Item.objects.get(pk=item_id).patient_id
    page = browser.get("/worklist/").content.decode()
    assert page.count("urgent") == 1
    assert page.index(f"/patients/{alarmed}/") < page.index("A time is free for someone on the waitlist")
    for address in ("/", f"/patients/{alarmed}/"):
        shown = browser.get(address).content.decode()
        assert "Something is wrong" in shown
        assert "A time is free" not in shown


def test_a_second_tab_is_told_on_the_list(desk, browser):
    item_id = raised(desk)
    assert browser.post(f"/worklist/{item_id}/done/", {"outcome": "reached"}).status_code == 302
    for what, sent in (("done", {"outcome": "reached"}), ("take", {}), ("leave", {}), ("snooze", {"days": "1"})):
        answer = browser.post(f"/worklist/{item_id}/{what}/", sent, follow=True)
        assert "This was already done by someone else." in answer.content.decode()


def test_what_was_taken_can_be_given_back_by_whoever_took_it(desk, browser, cast):
    item_id = raised(desk)
    colleague = Browser()
    colleague.force_login(cast.therapist)
    browser.post(f"/worklist/{item_id}/take/")
    colleague.post(f"/worklist/{item_id}/leave/")
    with inside(desk):
        assert Item.objects.get(pk=item_id).taken_by_id == cast.staff.pk
    browser.post(f"/worklist/{item_id}/leave/")
    with inside(desk):
        assert Item.objects.get(pk=item_id).taken_by_id is None


def test_whoever_takes_hours_away_is_told_who_is_booked_there(desk, browser):
    with inside(desk):
        day = timezone.now() + timedelta(days=30)
        monday = day + timedelta(days=(7 - day.weekday()) % 7)
        desk.book(
            desk.patient(),
            time=locks.Time(
                monday.replace(hour=11, minute=0, second=0, microsecond=0), desk.therapist_id, desk.room.pk
            ),
            at=timezone.now(),
        )
        hours = Hours.objects.get(user_id=desk.therapist_id, weekday=0).pk
    answer = browser.post(f"/scheduling/hours/{hours}/remove/", follow=True)
    assert "1 appointment is booked in that time" in answer.content.decode()


def test_a_wish_that_nothing_can_fulfil_is_named(desk, browser):
    with inside(desk):
        patient_id = desk.patient()
    page = browser.get(
        f"/patients/{patient_id}/book/", {"type": str(desk.kind.pk), "from_time": "15:00", "until_time": "14:00"}
    )
    assert "Enter a time after" in page.content.decode()
    turned = browser.get("/figures/?first=2026-12-01&last=2026-11-23")
    assert (turned.context["first"].isoformat(), turned.context["last"].isoformat()) == ("2026-11-23", "2026-12-01")


def test_a_row_leads_to_what_it_is_about(desk, browser):
    with inside(desk):
        now = timezone.now()
        gone, missed = (
            desk.book(desk.patient(), 20, day=far_ahead(), other=other, at=now, outside_hours=True) for other in (0, 1)
        )
        Appointment.objects.filter(pk=gone.pk).update(outside_hours=False)
        actions.set_status(
            appointment_id=missed.pk, status="cancelled", cancelled_by="patient", reason="ill", by=desk.by, at=now
        )
        worklist_sync.sweep(by=desk.by, at=now)
    listed = browser.get("/worklist/?show=all").content.decode()
    # One is to be moved, for the other a new time is to be found.
    assert f'data-key="b" href="/appointments/{gone.pk}/?free=anybody#move"' in listed
    assert f'<a href="/appointments/{missed.pk}/">Cancelled by the patient' in listed
    assert f'data-key="b" href="/patients/{missed.patient_id}/book/"' in listed
    assert browser.get(f"/appointments/{gone.pk}/?free=anybody").status_code == 200


def test_nobody_is_led_to_a_page_that_they_may_not_open(desk, api, cast):
    """Each role, each kind of row: what is linked opens."""
    now = timezone.now()
    with inside(desk):
        patient_id = desk.patient()
        visit = desk.book(patient_id, 9, day=far_ahead(), at=now).pk
    exam = api().post(f"/patients/{patient_id}/assessments/", builders.exam()).json()["id"]
    session = api().post(f"/patients/{patient_id}/sessions/", builders.treatment()).json()["id"]
    steps = [{"exercise": "scan", "dose": {"duration_s": 60}}]
    programme = api().post(f"/patients/{patient_id}/programmes/", {"title": "A", "steps": steps}).json()["id"]
    event = builders.adverse_event(session=session)
    event_id = api().post(f"/patients/{patient_id}/adverse-events/", event).json()["event_id"]
    with inside(desk):
        Patient.objects.filter(pk=patient_id).update(
            email="ada@mail.example", consent_email="granted", birth_date="1980-02-01"
        )
        form = forms.send_form(patient_id=patient_id, form="intake", by=desk.by, at=now).pk
        forms.answer_form(request_id=form, answers={}, by=desk.by, at=now)
    plan = {"problem": "Neck pain", "sessions": 8, "weeks": 4, "minutes": 60}
    plan_id = api().post(f"/patients/{patient_id}/plans/", plan).json()["id"]
    about = {"exam": exam, "session": session, "event": event_id, "form": form, "plan": plan_id}
    items = []
    for kind in rules_of_list.KINDS:
        what = (
            "session"
            if kind == "needling_follow_up"
            else "exam"
            if kind in ("referral", "referral_withdrawn", "unsigned")
            else "event"
            if kind in ("serious_event", "unconfirmed_event")
            else "form"
            if kind == "form_to_review"
            else "plan"
            if kind == "plan_review_due"
            else ""
        )
        found = about.get(what) or (visit if kind in VISITS else programme)
        items += [Item(kind=kind, about_id=found, patient_id=patient_id, facts={"what": what})]
    items.append(Item(kind="unsigned", about_id=session, facts={"what": "session"}))
    led = 0
    for who in (cast.therapist, cast.staff, cast.owner):
        browser = Browser()
        browser.force_login(who)
        with inside(desk):
            scopes = cast.actor(who).scopes
        for address in filter(None, {find_link(item, scopes) for item in items}):
            assert browser.get(address).status_code in (200, 302), (who, address)
            led += 1
    assert led > 6


def test_closing_a_row_leads_back_to_what_was_looked_at(desk, browser):
    item = raised(desk)
    answer = browser.post(
        f"/worklist/{item}/done/", {"outcome": "reached", "show": "all", "kind": "silent", "row": "3"}
    )
    assert answer["Location"] == "/worklist/?show=all&kind=silent&row=3"
    odd = browser.post(f"/worklist/{item}/reopen/", {"show": "<", "kind": "<", "row": "²"})
    assert odd["Location"] == "/worklist/?show=due&kind="


def test_the_series_kept_as_planned_are_a_csv_too(desk, browser):
    page = browser.get("/figures/", {"as": "series-csv"})
    rows = list(csv.DictReader(io.StringIO(page.content.decode())))
    assert [set(row) >= {"series", "planned", "held", "share_as_planned"} for row in rows] == [True]
