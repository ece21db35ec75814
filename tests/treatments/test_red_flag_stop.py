"""A safety stop reaches its reader: the therapist in the page's language, the program in English."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.urls import reverse
from django.utils import formats, timezone, translation
from django.utils.dateparse import parse_datetime

from audit.models import AuditEvent
from database import tenancy
from tests import builders
from tests.reading import Browser

GERMAN = {"Accept-Language": "de"}
CATALOG = Path(__file__).parents[2] / "clinic" / "locale" / "de" / "LC_MESSAGES" / "django.po"


@pytest.fixture
def exam(api, patient):
    flags = [{"code": "trauma_recent", "answer": "yes"}]
    return api().post(f"/patients/{patient}/assessments/", builders.exam(red_flags=flags)).json()


@pytest.fixture
def session(api, patient, exam):
    needled = builders.needling(needles_in=3, needles_out=2)
    answer = api().post(f"/patients/{patient}/sessions/", builders.treatment(interventions=[needled]))
    assert answer.status_code == 201, answer.json()
    return answer.json()["id"]


@pytest.fixture
def therapist(cast):
    client = Browser(headers=GERMAN)
    client.force_login(cast.therapist)
    return client


def words_of(answer):
    """What a person reads on the page."""
    html = re.sub(r"<(script|style|template)\b.*?</\1>", " ", answer.content.decode(), flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def english_in(text):
    """The pieces of the catalogue's English texts that a text has: each of two words or more."""
    pieces = set()
    with open(CATALOG, "rb") as file:
        for entry in read_po(file, locale="de"):
            source = entry.id if isinstance(entry.id, str) else " ".join(entry.id)
            target = entry.string if isinstance(entry.string, str) else " ".join(entry.string)
            for piece in re.split(r"%\(\w+\)s|\{\w*\}", source):
                piece = piece.strip(" .,:;“”")
                if len(piece.split()) > 1 and piece not in target:
                    pieces.add(piece)
    return sorted(piece for piece in pieces if re.search(rf"\b{re.escape(piece)}\b", text))


def answered_on(exam, language):
    with translation.override(language):
        return formats.date_format(timezone.localtime(parse_datetime(exam["performed_at"])), "DATE_FORMAT")


def test_the_signature_page_says_the_stop_in_german(therapist, session, exam):
    stop = f"„Kürzliche Verletzung oder gefährlicher Hergang“ wurde am {answered_on(exam, 'de')} mit „ja“ beantwortet"
    path = reverse("review", args=["session", session])

    before, refused = therapist.get(path), therapist.post(path)

    assert (before.status_code, refused.status_code) == (200, 409)
    for page in (before, refused):
        assert '<html lang="de"' in page.content.decode()
        assert english_in(words_of(page)) == []
    assert stop in words_of(before)
    assert "3 Nadeln gesetzt, 2 entfernt" in words_of(before)


def test_what_is_dangerous_is_named_before_what_is_missing(therapist, session):
    """The exam asked one flag of 17, and the needles do not agree: the flag that was answered “yes” comes first."""
    page = words_of(therapist.get(reverse("review", args=["session", session]), headers={"Accept-Language": "en"}))

    in_order = ["was answered “yes”", "3 needles inserted, 2 removed", "Fever or infection"]
    places = [page.index(text) for text in in_order]
    assert places == sorted(places)
    screen = therapist.get(f"/sessions/{session}/", headers={"Accept-Language": "en"}).content.decode()
    flag, unanswered = (screen.index(text) for text in ("was answered", "have no current answers"))
    assert flag < unanswered


def test_unanswered_questions_are_one_line_with_a_link_to_them(therapist, session, patient):
    english = {"Accept-Language": "en"}
    answer = therapist.get(f"/sessions/{session}/", headers={**english, "Accept": "text/html"})
    questions = f"/patients/{patient}/red-flags/"

    screen = answer.content.decode()
    assert screen.count("no current answers") == 1
    assert questions in screen
    assert f'href="{questions}"' in therapist.get(f"/documents/session/{session}/review/").content.decode()
    assert "Ask in an exam" in therapist.get(questions, headers=english).content.decode()
    started = therapist.post(f"/patients/{patient}/exams/new/", {"to": "red_flags"})
    assert started["Location"].endswith("/#red_flags")


def test_a_refused_signature_leads_back_to_each_place(therapist, session, cast):
    path = reverse("review", args=["session", session])

    refused = therapist.post(path, headers={"Accept-Language": "en"})

    page = refused.content.decode()
    assert refused.status_code == 409
    assert "Not signed" in page
    assert f'href="/sessions/{session}/#overrides/trauma_recent/reason"' in page
    assert page.count("Go there") == therapist.get(path, headers={"Accept-Language": "en"}).content.decode().count(
        "Go there"
    )
    assert "Go to the start page" not in page
    with tenancy.scope(cast.clinic.pk):
        event = AuditEvent.objects.get(action="page.session.review", outcome="refused")
    assert event.code == "needles_differ"


def test_a_script_still_gets_a_problem_document(therapist, session):
    refused = therapist.post(reverse("review", args=["session", session]), headers={"Accept": "application/json"})

    assert refused.status_code == 409
    assert refused.json()["code"]


def test_the_signature_is_refused_in_german(api, therapist, session, exam):
    needled = [builders.needling(needles_in=3, needles_out=3)]
    assert api().patch(f"/sessions/{session}/", {"interventions": needled}, If_Match="*").status_code == 200

    refused = therapist.post(reverse("review", args=["session", session]))

    assert refused.status_code == 409
    assert english_in(words_of(refused)) == []
    assert f"am {answered_on(exam, 'de')} mit „ja“ beantwortet" in words_of(refused)


def test_what_is_looked_for_would_be_found(therapist, session):
    page = therapist.get(reverse("review", args=["session", session]), headers={"Accept-Language": "en"})
    assert len(english_in(words_of(page))) > 10


def test_the_api_answers_in_english(api, session, exam):
    needled = [builders.needling(needles_in=3, needles_out=3)]
    assert api().patch(f"/sessions/{session}/", {"interventions": needled}, If_Match="*").status_code == 200

    refused = api().post(f"/sessions/{session}/sign/", Accept_Language="de")

    body = refused.json()
    assert (refused.status_code, body["code"], refused["Content-Language"]) == (409, "red_flag_stop", "en")
    assert body["detail"].startswith("An open red flag stops this treatment.")
    known = {"flag", "answered_at"}
    errors = [
        {**error, "params": {name: value for name, value in error["params"].items() if name in known}}
        for error in body["errors"]
    ]
    assert errors == [
        {
            "pointer": "/overrides",
            "code": "trauma_recent",
            "detail": "Treatment is stopped: “Recent injury or dangerous mechanism” was answered “yes” on "
            f"{answered_on(exam, 'en')}. Record how it was cleared, or give a reason to continue.",
            "params": {"flag": "trauma_recent", "answered_at": exam["performed_at"]},
        }
    ]


@pytest.mark.parametrize(
    ("path", "body", "status", "detail"),
    [
        ("/patients/{patient}/sessions/", {"interventions": 1}, 400, "Some values are not valid"),
        ("/patients/{patient}/sessions/", {"no_such_field": 1}, 400, "This field does not exist."),
        ("/patients/{patient}/sessions/", {"notes": 5}, 400, "Not a valid string."),
        ("/nowhere/", {}, 404, "This address does not exist."),
    ],
)
def test_whatever_the_api_refuses_is_in_english(api, patient, path, body, status, detail):
    answer = api().post(path.format(patient=patient), body, Accept_Language="de")
    assert answer.status_code == status
    assert detail in answer.content.decode()
    assert english_in(answer.json()["detail"]) or status == 404


def test_who_is_not_signed_in_is_told_in_english(cast, client):
    answer = client.get("/api/v1/patients/", headers=GERMAN | {"Authorization": "Bearer none"})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    assert answer.json()["detail"] == "The access token is unknown or has expired. Ask for a new one."
