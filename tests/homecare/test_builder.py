"""The builder's form: every touch kept, nothing that is sent breaks it."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.utils import timezone

from database import tenancy
from homecare import queries
from homecare.models import Programme, Version
from homecare.programmes import actions
from tests.homecare.conftest import content

pytestmark = pytest.mark.django_db


@pytest.fixture
def programme(cast, reachable):
    with tenancy.scope(cast.clinic.pk):
        return actions.start_programme(patient_id=reachable.pk, content=content(), by=cast.actor(), at=timezone.now())


@pytest.fixture
def browser(cast):
    client = Client(raise_request_exception=False)
    client.force_login(cast.therapist)
    return client


def form_of(page):
    """What a browser would send back, from the page's fields."""
    text = page.content.decode()
    text = text[text.index('id="builder"') :]
    sent = dict(re.findall(r'<input[^>]*? name="([\w-]+)"[^>]*? value="([^"]*)"', text))
    sent |= dict(re.findall(r'<textarea[^>]* name="([\w-]+)"[^>]*>([^<]*)</textarea>', text))
    for name, options in re.findall(r'<select[^>]* name="([\w-]+)"[^>]*>(.*?)</select>', text, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        sent[name] = chosen[1] if chosen else ""
    return sent


def post(browser, programme, do="", **changes):
    path = f"/programmes/{programme.pk}/edit/"
    sent = form_of(browser.get(path)) | {k.replace("__", "-"): v for k, v in changes.items()} | {"do": do}
    return browser.post(path, sent)


def draft(cast, programme):
    with tenancy.scope(cast.clinic.pk):
        return Programme.objects.get(pk=programme.pk).draft


def names(cast, programme):
    return [step["exercise"] for step in draft(cast, programme)["steps"]]


def test_what_is_typed_is_kept(browser, cast, programme):
    answer = post(browser, programme, title="Mornings", steps__1__dose__repetitions="3")

    assert answer.status_code == 302
    kept = draft(cast, programme)
    assert kept["title"] == "Mornings"
    assert kept["steps"][1]["dose"] == {
        "hold_s": 45,
        "intensity_from": 5,
        "intensity_to": 6,
        "repetitions": 3,
        "times_per_day": 2,
    }
    assert kept["steps"][1]["muscle"] == "trapezius_upper"


def test_steps_are_added_moved_copied_taken_out_and_brought_back(browser, cast, programme):
    before = names(cast, programme)
    post(browser, programme, "add", new_exercise="stretch")
    assert names(cast, programme) == [*before, "stretch"]
    post(browser, programme, "up:7")
    assert names(cast, programme)[6] == "stretch"
    post(browser, programme, "copy:6")
    assert names(cast, programme)[6:8] == ["stretch", "stretch"]
    answer = post(browser, programme, "remove:6")
    assert names(cast, programme).count("stretch") == 1

    removed = re.search(r'name="removed" value="([^"]+)"', answer.content.decode())[1]
    post(browser, programme, "restore", removed=removed)
    assert names(cast, programme)[6:8] == ["stretch", "stretch"]


def test_given_to_the_patient_it_runs(browser, cast, programme):
    answer = post(browser, programme, "publish", baseline_pain="6")

    assert answer["Location"] == f"/programmes/{programme.pk}/"
    assert browser.get(answer["Location"]).status_code == 200
    with tenancy.scope(cast.clinic.pk):
        found = Programme.objects.get(pk=programme.pk)
        assert (found.status, found.baseline_pain, found.draft) == ("active", 6, None)
        assert queries.current_version(found)[0].number == 1


def test_a_dose_out_of_range_is_said_at_its_field_and_nothing_is_given(browser, cast, programme):
    answer = post(browser, programme, "publish", steps__1__dose__hold_s="130")

    assert answer.status_code == 400
    assert b"Enter a value from 1 to 120" in answer.content
    assert b'value="130"' in answer.content
    assert b'<a href="#dose-1-hold_s">2 Pressure on a tender spot, ' in answer.content
    answer = post(browser, programme, "publish", baseline_pain="eleven", steps__1__dose__hold_s="30")
    assert b'<a href="#baseline_pain">' in answer.content
    assert b'id="baseline_pain" name="baseline_pain" aria-invalid="true"' in answer.content
    with tenancy.scope(cast.clinic.pk):
        assert not Version.objects.exists()


def test_an_unusual_dose_asks_why_and_passes_with_a_reason(browser, cast, programme):
    answer = post(browser, programme, "publish", steps__1__dose__hold_s="60")
    assert answer.status_code == 400
    assert b"Reason" in answer.content

    answer = post(browser, programme, "publish", steps__1__reason__hold_s="Holds it well.")
    assert answer.status_code == 302


def test_two_people_do_not_overwrite_each_other(browser, cast, programme):
    path = f"/programmes/{programme.pk}/edit/"
    mine = form_of(browser.get(path))
    post(browser, programme, title="Hers")

    by_script = browser.post(path, mine | {"title": "Assigned to me"}, headers={"HX-Request": "true"})
    answer = browser.post(path, mine | {"title": "Assigned to me"}, follow=True)

    assert by_script.status_code == 409
    assert b"This programme was changed by someone else" in answer.content
    assert draft(cast, programme)["title"] == "Hers"


@pytest.mark.parametrize(
    "changes",
    [
        {"count": "many"}, {"count": "999999"}, {"count": ""}, {"steps__0__exercise": "swim"},
        {"steps__0__where": "muscle:nobody:left"}, {"steps__0__where": "point:1:2:3"}, {"steps__0__where": ":::::"},
        {"steps__0__lasting": "x"}, {"steps__0__picture": "x"}, {"steps__1__dose__hold_s": "²"},
        {"steps__1__dose__hold_s": "-4"}, {"do": "remove:99"}, {"do": "up:x"}, {"do": "restore", "removed": "{}"},
        {"revision": "x"}, {"do": "publish", "review_on": "2026-99-99"}, {"do": "publish", "baseline_pain": "11"},
        {"do": "publish", "ends_on": "yesterday"}, {"steps__0__drawing": "../../etc/passwd"}, {"do": "add"},
    ],
)  # fmt: skip
def test_nothing_that_is_sent_is_a_fault(changes, browser, programme):
    do = changes.pop("do", "")
    answer = post(browser, programme, do, **changes)

    assert answer.status_code in (200, 302, 400, 409), answer.content


@pytest.mark.parametrize("source", ["starter", "empty", "template:x", "programme:x", "", "starter:1"])
def test_it_begins_from_what_there_is(source, browser, cast, reachable):
    answer = browser.post(f"/patients/{reachable.pk}/programmes/new/", {"from": source})

    assert answer.status_code == (404 if ":x" in source else 302)


def test_the_starter_presses_the_patients_active_points(browser, cast, api, reachable):
    from tests import builders

    made = api().post(f"/patients/{reachable.pk}/assessments/", builders.exam()).json()["id"]
    api().post(f"/assessments/{made}/sign/")

    answer = browser.post(f"/patients/{reachable.pk}/programmes/new/", {"from": "starter"})

    with tenancy.scope(cast.clinic.pk):
        steps = Programme.objects.get(pk=answer["Location"].split("/")[2]).draft["steps"]
    pressed = next(s for s in steps if s["exercise"] == "self_pressure")
    assert (pressed["muscle"], pressed["side"]) == ("trapezius_upper", "right")
    assert pressed["trigger_point"]


def test_reminders_are_set_on_the_page(browser, cast, running):
    with tenancy.scope(cast.clinic.pk):
        programme = running(reminds=False)
    path = f"/programmes/{programme.pk}/reminders/"
    sent = {
        "channels": ["email"],
        "times": ["07:30", "", "19:00"],
        "weekdays": ["0", "2"],
        "fade_after_weeks": "4",
        "fade_to_days": "1",
    }
    assert browser.get(path).status_code == 200
    assert browser.post(path, sent).status_code == 302
    for bad in ({"times": ["25:00"]}, {"times": ["x"]}, {"fade_to_days": "²"}, {"weekdays": []}):
        assert browser.post(path, sent | bad).status_code == 400

    assert (
        browser.post(path, {"contact": "1", "consent_email": "refused", "email": "ada@mail.example"}).status_code == 302
    )
    page = browser.get(path)
    assert b"no consent or no address" in page.content


def test_a_picture_is_added_and_shown(browser, cast):
    from django.core.files.uploadedfile import SimpleUploadedFile

    from tests.uploads.test_pictures import picture

    upload = SimpleUploadedFile("ball.jpg", picture(), content_type="image/jpeg")
    assert browser.post("/programmes/pictures/", {"picture": upload, "name": "Ball"}).status_code == 302
    page = browser.get("/programmes/pictures/").content.decode()
    shown = browser.get(re.search(r'src="(/programmes/pictures/[^"]+)"', page)[1])
    assert shown["Content-Type"] == "image/webp"
    bad = SimpleUploadedFile("ball.svg", b"<svg onload='alert(1)'/>", content_type="image/svg+xml")
    assert browser.post("/programmes/pictures/", {"picture": bad}).status_code == 400
