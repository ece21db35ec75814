"""What stops a signature is one list a kind of document, and the review page shows all of it by itself."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from database import tenancy
from errors.texts import message_of
from tests import builders
from tests.reading import Browser
from workspace.web.kinds import PAGES

pytestmark = pytest.mark.django_db


@pytest.fixture
def therapist(cast):
    client = Browser(headers={"Accept-Language": "en"})
    client.force_login(cast.therapist)
    return client


def words_of(answer):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


@pytest.mark.parametrize(
    ("kind", "path", "body", "least"),
    [
        ("exam", "assessments", {"performed_at": "2026-11-20T09:30:00Z"}, 1),  # nothing in it
        (
            "session",
            "sessions",
            builders.treatment(interventions=[builders.needling(needles_in=3, needles_out=2)]),
            3,  # needles, consent, questions that nobody has answered
        ),
    ],
)
def test_the_review_shows_every_stop_and_the_signature_refuses(therapist, api, cast, patient, kind, path, body, least):
    document_id = api().post(f"/patients/{patient}/{path}/", body).json()["id"]
    pages = PAGES[kind]
    with tenancy.scope(cast.clinic.pk), translation.override("en"):
        draft = pages.kind.lock_draft(document_id=document_id)
        stops = pages.kind.check_signature(draft, by=cast.actor(), at=timezone.now()).stops
        messages = {message_of(stop.error) for stop in stops if stop.error.reason != "not_answered"}

    review = therapist.get(reverse("review", args=[kind, document_id]))
    refused = api().post(f"/{path}/{document_id}/sign/")

    assert len(stops) >= least
    assert [text for text in messages if " ".join(text.split()) not in words_of(review)] == []
    assert review.context["blocked"]
    assert refused.status_code in (400, 409)
    assert {error["detail"] for error in refused.json()["errors"]} <= messages
