"""A clinic's first day: the guided set-up, the week grid, and every page of a clinic without anything in it."""

from __future__ import annotations

import re
from datetime import time

import pytest
from django.test import Client
from django.utils import timezone

from accounts import founding, invitations
from accounts.models import Clinic, Membership, User
from accounts.rules import ROLES
from database import tenancy
from errors.exceptions import Invalid
from identity.actor import Actor
from scheduling.models import Hours, Room, Site
from scheduling.setup import actions as setup_actions
from scheduling.setup.actions import Stretch
from tests.scheduling.conftest import make_desk
from tests.test_routes import PAGES

PASSWORD = "seventeen quiet herons"


@pytest.fixture
def owner(db):
    """The owner of a clinic that was made a minute ago."""
    token = founding.create_clinic(name="New", country="GB", owner_email="owner@new.example", at=timezone.now())
    invitations.accept_as_new(
        token=token, name="Ann Owner", registration_no="", password=PASSWORD, ip=None, at=timezone.now()
    )
    client = Client()
    client.force_login(User.objects.get(email="owner@new.example"))
    return client


def clinic():
    return Clinic.objects.get(slug="new")


def states(page):
    return {step.code: (step.is_done, step.is_skipped) for step in page.context["steps"]}


def test_the_set_up_is_skipped_resumed_and_finished(owner):
    assert "0 of 5 steps" in owner.get("/").content.decode()
    page = owner.get("/settings/start/")
    assert (page.context["next"].code, set(states(page).values())) == ("clinic", {(False, False)})

    owner.post("/settings/start/", {"skip": "people"})
    assert states(owner.get("/settings/start/"))["people"] == (False, True)
    owner.post("/settings/start/", {"resume": "people"})
    assert states(owner.get("/settings/start/"))["people"] == (False, False)

    fields = {"name": "New", "address": "1 Quay\nHarbour", "phone": "", "reply_to": "", "letter_footer": "",
              "country": "GB", "time_zone": "Europe/London", "language": "en"}  # fmt: skip
    owner.post("/settings/clinic/", {**fields, "revision": str(clinic().revision)})
    assert owner.post("/scheduling/rooms/", {"name": "One"}).status_code == 302
    sent = {"name": "First visit", "length_min": "45", "buffer_min": "0"}
    assert owner.post("/scheduling/appointment-types/", sent).status_code == 302
    person = User.objects.get(email="owner@new.example").pk
    assert "There is no therapist yet" in owner.get("/scheduling/hours/").content.decode()
    assert owner.post(f"/settings/people/{person}/roles/", {"add": "therapist"}).status_code == 302
    assert "4 of 5 steps" in owner.get("/").content.decode()
    with tenancy.scope(clinic().pk):
        room = Room.objects.select_related("site").get()
    assert (room.site.name, room.site.address) == ("New", "1 Quay, Harbour")
    week = {"from-0-0": "09:00", "until-0-0": "12:00", "room-0-0": str(room.pk)}
    assert owner.post(f"/scheduling/week/{person}/", week).status_code == 302

    done = owner.get("/settings/start/")
    assert set(states(done).values()) == {(True, False)}
    assert "of 5 steps" not in owner.get("/").content.decode()


def test_a_second_room_asks_for_its_site(cast):
    with tenancy.scope(cast.clinic.pk):
        make_desk(cast, cast.actor(cast.staff))
    staff = Client()
    staff.force_login(cast.staff)
    assert staff.post("/scheduling/rooms/", {"name": "Three"}).status_code == 400
    with tenancy.scope(cast.clinic.pk):
        assert Site.objects.count() == 1


# --- The week -------------------------------------------------------------------------------------------------


def test_a_week_is_shown_copied_and_saved_as_one(cast):
    with tenancy.scope(cast.clinic.pk):
        desk = make_desk(cast, cast.actor(cast.staff))
        dated = Hours.objects.create(
            clinic=cast.clinic, user=cast.therapist, room=desk.room, weekday=6, from_time=time(8), until_time=time(9),
            from_date="2027-01-01",
        )  # fmt: skip
        kept = Hours.objects.get(user=cast.therapist, weekday=0).pk
    staff, path = Client(), f"/scheduling/week/{cast.therapist.pk}/"
    staff.force_login(cast.staff)
    page = staff.get(path)
    assert [day["cells"][0].get("from", "") for day in page.context["days"]] == ["09:00"] * 5 + [""] * 2
    assert page.context["dated"] == 1

    room = str(desk.room.pk)
    monday = {
        "from-0-0": "09:00", "until-0-0": "17:00", "room-0-0": room,
        "from-0-1": "18:00", "until-0-1": "20:00", "room-0-1": "online",
    }  # fmt: skip
    copied = staff.post(path, {**monday, "copy": "1"})
    assert [len([c for c in day["cells"] if c]) for day in copied.context["days"]] == [2] * 5 + [0] * 2
    with tenancy.scope(cast.clinic.pk):
        assert Hours.objects.filter(user=cast.therapist).count() == 6  # nothing is saved yet

    assert staff.post(path, monday).status_code == 302
    with tenancy.scope(cast.clinic.pk):
        rows = Hours.objects.filter(user=cast.therapist).exclude(pk=dated.pk).order_by("from_time")
        assert [(row.weekday, row.from_time, row.room_id) for row in rows] == [
            (0, time(9), desk.room.pk),
            (0, time(18), None),
        ]
        assert rows[0].pk == kept  # what stays is not made anew
        assert Hours.objects.filter(pk=dated.pk).exists()


@pytest.mark.parametrize(
    "week",
    [
        {"from-0-0": "09:00"},
        {"from-0-0": "12:00", "until-0-0": "09:00"},
        {"from-0-0": "25:00", "until-0-0": "26:00"},
        {"from-0-0": "09:00", "until-0-0": "12:00", "from-0-1": "11:00", "until-0-1": "13:00"},
    ],
)
def test_a_week_that_cannot_be_is_refused_at_its_day(cast, week):
    with tenancy.scope(cast.clinic.pk):
        make_desk(cast, cast.actor(cast.staff))
    staff = Client()
    staff.force_login(cast.staff)
    answer = staff.post(f"/scheduling/week/{cast.therapist.pk}/", week)
    assert answer.status_code == 400
    assert [day["number"] for day in answer.context["days"] if day["problems"]] == [0]
    with tenancy.scope(cast.clinic.pk):
        assert Hours.objects.filter(user=cast.therapist).count() == 5


def test_a_week_is_only_a_therapists_of_this_clinic(cast):
    with tenancy.scope(cast.clinic.pk):
        stretch = Stretch(0, time(9), time(10), None)
        for user in (cast.staff, cast.stranger):
            with pytest.raises(Invalid):
                setup_actions.set_week(
                    user_id=user.pk, stretches=[stretch], by=cast.actor(cast.staff), at=timezone.now()
                )


# --- Every page of an empty clinic ----------------------------------------------------------------------------

EMPTY_PAGES = sorted(path for path, (method, _scope) in PAGES.items() if method == "get" and "{" not in path)
KINDS = ["hours", "extra-hours", "closures", "appointment-types", "competencies", "rooms", "sites"]


@pytest.mark.parametrize("role", ROLES)
def test_every_page_of_an_empty_clinic_says_that_it_is_empty(owner, role):
    """No page fails, and each is either a form or says in words that there is nothing yet."""
    user = User.objects.create_user("new@new.example", name="New Person")
    with tenancy.scope(clinic().pk):
        Membership.objects.create(clinic=clinic(), user=user, role=role)
    client = Client()
    client.force_login(user)
    silent = []
    for path in ["", *EMPTY_PAGES, *(f"scheduling/{kind}/" for kind in KINDS)]:
        answer = client.get(f"/{path}")
        assert answer.status_code in (200, 302, 403), path
        if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
            continue
        page = re.search(r"<main.*</main>", answer.content.decode(), re.DOTALL)
        assert page is not None, path
        text = page[0]
        assert "None</" not in text, path
        if not any(sign in text for sign in ('class="empty"', "notice", 'method="post"', 'class="card', "<table")):
            silent.append(path)
    assert silent == []


def test_an_empty_clinic_is_another_clinics_secret(owner, cast):
    by = Actor(clinic_id=clinic().pk, scopes=frozenset())
    assert by.clinic_id != cast.clinic.pk
    page = owner.get("/settings/people/").content.decode()
    assert cast.therapist.email not in page
