"""The patient's page at a glance: what helped, what changed, what is next; only what is recorded, for who may read."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import translation

from tests import builders
from tests.reading import Browser
from tests.test_documentation_only import switch
from workspace import overviews

pytestmark = pytest.mark.django_db
DAY = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def rows(*items):
    return SimpleNamespace(all=lambda: list(items))


def session(at, before, after, *treatments):
    pain = [SimpleNamespace(kind="pain", phase="before", timing=None, value=before)] if before is not None else []
    pain += [SimpleNamespace(kind="pain", phase="after", timing="immediate", value=after)] if after is not None else []
    return SimpleNamespace(performed_at=at, measures=rows(*pain), interventions=rows(*treatments))


def treatment(technique="ischemic_compression", muscle="trapezius_upper", side="right", **dose):
    return SimpleNamespace(technique=technique, muscle_id=muscle, side=side, dose=dose)


def test_before_and_after_are_told_by_technique_place_and_exercise():
    newest = session(DAY, 4, 2, treatment(hold_s=30, repetitions=3))
    older = session(DAY - timedelta(days=7), 6, 3, treatment(hold_s=60), treatment("stretching"))
    oldest = session(DAY - timedelta(days=30), 8, 7, treatment(hold_s=90))

    effects = overviews.list_effects([newest, older, oldest], [(date(2026, 11, 1), None)])

    assert [(e.code, e.with_exercise, e.dose, e.before, e.after, e.count) for e in effects] == [
        ("ischemic_compression", True, "3 × 30 s", "5", "2.5", 2),
        ("stretching", True, "", "6", "3", 1),
        ("ischemic_compression", False, "90 s", "8", "7", 1),
    ]
    assert effects[0].place == "Upper trapezius · right"
    assert effects[0].shares == (50, 25)


@pytest.mark.parametrize("pain", [(None, 3), (5, None), (None, None)])
def test_a_session_without_both_pains_says_nothing(pain):
    assert overviews.list_effects([session(DAY, *pain, treatment())], []) == []


@pytest.mark.parametrize(
    ("values", "first", "now"),
    [([], None, None), ([(DAY, 7.0)], "", "7"), ([(DAY - timedelta(days=9), 7.0), (DAY, 2.5)], "7", "2.5")],
)
def test_pain_then_and_now(values, first, now):
    cell = overviews.pain_cell(values)

    assert (cell and cell.first, cell and cell.value) == (first, now)


def test_active_points_are_counted_at_the_first_exam_and_now():
    def course(*classes):
        steps = [{"what": "found", "at": DAY + timedelta(days=n), "class": code} for n, code in enumerate(classes)]
        return SimpleNamespace(steps=steps, now=classes[-1])

    cell = overviews.points_cell([course("active", "latent"), course("active", "active"), course("latent", "latent")])

    assert (cell.first, cell.value, cell.note) == ("2", "1", "2 latent")
    assert overviews.points_cell([course("", "")]) is None  # a clinic that shows no classes


def test_home_counts_what_was_done_and_never_a_silence_as_a_no():
    week = SimpleNamespace(done=4, prescribed=5)
    goes = SimpleNamespace(days_answered=3, days=7)

    cell = overviews.home_cell({"steps": [("", week), ("", None)], "goes": goes})

    assert (cell.value, cell.note) == ("4 of 5", "done this week · answered 3 of 7 days")
    assert overviews.home_cell(None).value == "none"


@pytest.mark.parametrize(
    ("flags", "alerts", "state"), [([1], [], "stop"), ([1], [1], "stop"), ([], [1], "caution"), ([], [], "")]
)
def test_an_open_flag_comes_before_an_alert(flags, alerts, state):
    assert overviews.safety_cell(flags, alerts, "").state == state


def test_nothing_booked_leads_to_the_booking():
    cell = overviews.next_visit_cell([], "/patients/1/book/")

    assert (cell.value, cell.url, cell.state) == ("none booked", "/patients/1/book/", "caution")


@pytest.fixture
def treated(api, patient):
    """Two signed exams and a signed session in between."""
    for day in ("2026-11-01", "2026-11-20"):
        made = api().post(f"/patients/{patient}/assessments/", builders.exam(performed_at=f"{day}T09:00:00Z")).json()
        assert api().post(f"/assessments/{made['id']}/sign/").status_code == 200
    return patient


def ask(cast, person, path, *args):
    client = Browser(headers={"Accept-Language": "en"})
    client.force_login(person)
    return client.get(reverse(path, args=args))


def test_the_page_and_the_briefing_answer_at_a_glance(cast, treated):
    page = ask(cast, cast.therapist, "patient", treated)
    paper = ask(cast, cast.therapist, "patient_briefing", treated)

    for answer in (page, paper):
        labels = [cell.label for cell in answer.context["strip"]]
        assert labels == [
            "Pain, 0 to 10",
            "Active points",
            "Last visit",
            "Next visit",
            "Home programme",
            "May I treat?",
        ]
        assert 'class="body-picture"' in answer.content.decode()
    assert [visit.pain for visit in page.context["visits_folded"]] == ["6", "6"]


def test_who_may_not_read_exams_gets_no_briefing_and_no_strip(cast, treated):
    page = ask(cast, cast.staff, "patient", treated)

    assert "strip" not in page.context
    assert "trapezius" not in page.content.decode()
    assert ask(cast, cast.staff, "patient_briefing", treated).status_code in (403, 404)
    assert ask(cast, cast.therapist, "patient_briefing", uuid4()).status_code == 404


def test_without_classes_neither_page_shows_one(cast, treated):
    switch(cast, shows=False)

    for path in ("patient", "patient_briefing"):
        answer = ask(cast, cast.therapist, path, treated)
        assert "Active points" not in [cell.label for cell in answer.context["strip"]]
        assert not re.search(r"chip (active|latent)|<g class=.(active|latent)", answer.content.decode())


def test_disability_then_and_now():
    def result(text, day):
        return {"text": text, "row": SimpleNamespace(measure="ndi", performed_at=day)}

    line = {"name": "NDI", "results": [result("10 of 50 (20 %)", DAY), result("20 of 50 (40 %)", DAY - timedelta(30))]}

    cell = overviews.disability_cell([line], "/outcomes/")

    assert (cell.first, cell.value) == ("20 of 50 (40 %)", "10 of 50 (20 %)")
    assert overviews.disability_cell([], "") is None
