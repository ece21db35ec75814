"""What a patient answers at home starts an adverse event, and counts as asked."""

from datetime import timedelta

import pytest
from django.utils import timezone

from homecare import rules
from homecare.checkins import actions as check_in_actions
from tests import builders
from treatments.adverse_events import actions, labels, queries
from treatments.adverse_events.rules import EventFacts
from treatments.models import AdverseEvent, AdverseEventHomeAnswer, Session
from worklist.links import find_link
from worklist.models import Item

pytestmark = pytest.mark.django_db
NOW = timezone.now


@pytest.fixture
def needled(api, reachable):
    """A signed needling session of `reachable`, some days ago."""

    def make(*, days_ago=1, **fields):
        at = (NOW() - timedelta(days=days_ago)).isoformat()
        builders.ready(api(), reachable.pk, performed_at=at)
        body = builders.treatment(performed_at=at, **{"interventions": [builders.needling()]} | fields)
        session = api().post(f"/patients/{reachable.pk}/sessions/", body).json()["id"]
        signed = api().post(f"/sessions/{session}/sign/")
        assert signed.status_code == 200, signed.json()
        return Session.objects.get(pk=session)

    return make


def sore(cast, session, **answers):
    values = rules.CheckInAnswers(**{"soreness": 2} | answers)
    return check_in_actions.answer_soreness(session_id=session.pk, answers=values, link=None, by=cast.actor(), at=NOW())


def day(cast, programme, **answers):
    return check_in_actions.answer_day(
        programme_id=programme.pk, answers=rules.CheckInAnswers(**answers), link=None, by=cast.actor(), at=NOW()
    )


def events():
    return list(AdverseEvent.objects.newest_versions().order_by("recorded_at"))


def test_every_answer_that_starts_an_event_has_its_words():
    assert set(rules.HARMS_AFTER_NEEDLING) <= set(rules.WRONG)
    assert set(rules.HARMS_AFTER_NEEDLING) == set(labels.HOME_ANSWERS) - {"fall_or_accident"}
    assert rules.harms_on_any_day(rules.WRONG) == ["chest"]


def test_chest_after_needling_starts_an_unconfirmed_event(in_clinic, needled):
    session = needled()
    sore(in_clinic, session, wrong=["chest"])

    [event] = events()
    assert (event.status, event.source, event.answers, event.codes) == ("unconfirmed", "check_in", ["chest"], [])
    assert (event.session_id, event.recorded_by_id, event.ctcae_grade) == (session.pk, None, None)
    assert Item.objects.filter(kind="red_flag").exists()
    assert not Item.objects.filter(kind="serious_event").exists()
    assert queries.list_events(since=NOW() - timedelta(days=9), until=NOW()) == []


def test_an_unconfirmed_event_waits_on_the_worklist_until_it_is_judged(in_clinic, needled):
    session = needled()
    sore(in_clinic, session, wrong=["chest"])
    [event] = events()

    [item] = Item.objects.open().filter(kind="unconfirmed_event")
    assert (item.about_id, item.facts) == (event.event_id, {"answers": ["chest"]})
    scopes = ["treatments:read"]
    assert find_link(item, scopes) == f"/patients/{item.patient_id}/adverse-events/{event.event_id}/"
    assert find_link(item, ["scheduling:read"]) == ""

    reason = "A cold, nothing of ours."
    actions.dismiss_event(event_id=event.event_id, version=1, reason=reason, by=in_clinic.actor(), at=NOW())
    assert not Item.objects.open().filter(kind="unconfirmed_event").exists()


def test_a_confirmed_event_no_longer_waits(in_clinic, needled):
    session = needled()
    sore(in_clinic, session, wrong=["chest"])
    [event] = events()
    facts = EventFacts(["pneumothorax"], "serious", onset_at=NOW(), causality="definite", outcome="resolving")
    actions.correct_event(event_id=event.event_id, version=1, facts=facts, by=in_clinic.actor(), at=NOW())

    assert not Item.objects.open().filter(kind="unconfirmed_event").exists()


def test_an_answered_question_counts_as_asked(in_clinic, needled):
    session = needled()
    sore(in_clinic, session)
    assert [row.answer for row in AdverseEventHomeAnswer.objects.all()] == ["none"]
    assert queries.find_ways_asked() == {session.subject_id: {"check_in"}}

    sore(in_clinic, session, wrong=["fever"])
    assert [row.answer for row in AdverseEventHomeAnswer.objects.all()] == ["problems"]
    assert [event.answers for event in events()] == [["fever"]]


def test_a_correction_of_the_answers_adds_to_the_same_event(in_clinic, needled):
    session = needled()
    sore(in_clinic, session, wrong=["chest"])
    sore(in_clinic, session, wrong=["chest"], note="It is still there.")
    assert AdverseEvent.objects.count() == 1
    sore(in_clinic, session, wrong=["chest", "fever"])

    [event] = events()
    assert (event.version, event.answers) == (2, ["chest", "fever"])


def test_a_therapist_confirms_it(in_clinic, needled):
    sore(in_clinic, needled(), wrong=["chest"])
    [event] = events()
    facts = EventFacts(["pneumothorax"], "serious", onset_at=NOW(), causality="definite", outcome="resolving")
    actions.correct_event(event_id=event.event_id, version=1, facts=facts, by=in_clinic.actor(), at=NOW())

    [confirmed] = events()
    assert (confirmed.status, confirmed.version, confirmed.answers) == ("confirmed", 2, ["chest"])
    assert confirmed.recorded_by_id == in_clinic.therapist.pk
    assert Item.objects.open().filter(kind="serious_event").count() == 1


def test_what_was_dismissed_is_not_opened_by_the_same_answer(in_clinic, needled):
    session = needled()
    sore(in_clinic, session, wrong=["chest"])
    [event] = events()
    actions.dismiss_event(
        event_id=event.event_id, version=1, reason="It was heartburn, known.", by=in_clinic.actor(), at=NOW()
    )
    sore(in_clinic, session, wrong=[])
    sore(in_clinic, session, wrong=["chest"])
    assert [row.status for row in events()] == ["dismissed"]
    sore(in_clinic, session, wrong=["chest", "numb_or_weak"])
    assert [(row.status, row.answers) for row in events()] == [
        ("dismissed", ["chest"]),
        ("unconfirmed", ["numb_or_weak"]),
    ]


def test_on_any_day_only_the_chest_belongs_to_the_last_needling(in_clinic, needled, running):
    session = needled(days_ago=2)
    programme = running()
    # Answers that raise no red flag, which would pause the programme.
    day(in_clinic, programme, pain=3, wrong=["tingling", "needed_help"])
    assert events() == []
    day(in_clinic, programme, pain=3, wrong=["tingling", "needed_help", "chest"])

    assert [(row.session_id, row.answers) for row in events()] == [(session.pk, ["chest"])]
    # A day's check-in does not ask about the treatment, so it is no answer to that.
    assert not AdverseEventHomeAnswer.objects.exists()


@pytest.mark.parametrize(
    "fields", [{"days_ago": 15}, {"interventions": [builders.compression()]}, None], ids=["old", "no needle", "none"]
)
def test_without_a_recent_needling_no_event_starts(in_clinic, needled, running, fields):
    if fields is not None:
        needled(**fields)
    day(in_clinic, running(), pain=3, wrong=["chest"])

    assert events() == []
    assert Item.objects.filter(kind="red_flag").exists()
