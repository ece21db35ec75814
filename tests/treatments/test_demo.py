"""The demo clinics follow the published figures, and are the same each time."""

from datetime import UTC, datetime
from statistics import mean, stdev

import pytest

from accounts.models import Clinic
from accounts.queries import competencies_of
from assessments.models import Assessment, Finding
from database import tenancy
from patients.models import Patient
from records import actions
from tests.committed import committed_demo_support
from treatments.competency import missing_competency
from treatments.consents import rules
from treatments.consents.queries import list_consents
from treatments.demo import consents, courses, load, people
from treatments.models import AdverseEvent, Session

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("number", "active", "latent"),
    # Mean and standard deviation as published (domain facts 10.3).
    [(0, (1.8, 0.8), (2.5, 1.3)), (1, (1.9, 1.2), (1.9, 0.8)), (2, (3.9, 2.5), (3.4, 2.7))],
)
def test_each_cohort_has_its_published_points(number, active, latent):
    cohort = courses.COHORTS[number]

    for counts, (published_mean, published_deviation) in ((cohort.active, active), (cohort.latent, latent)):
        assert mean(counts) == pytest.approx(published_mean, abs=0.001)
        assert stdev(counts) == pytest.approx(published_deviation, abs=0.2)


def test_sixty_patients_the_same_each_time():
    cases = courses.cases()

    assert len(cases) == len(people.FAMILY_NAMES) == 60
    assert cases == courses.cases()
    for case in cases:
        steps = list(courses.course(case, NOW))
        assert steps == list(courses.course(case, NOW))
        assert (steps[-1].at - steps[0].at).days >= 21
        assert max(s.at for s in steps) < NOW


def needled_without():
    """How many signed sessions of this clinic lack a consent, and which competencies their authors lack."""
    lacks_consent, lacking = 0, set()
    sessions = Session.objects.exclude(signed_at=None).prefetch_related("interventions").select_related("patient")
    for session in sessions:
        planned = [consents.Planned(i.technique, consents.muscle_of(i.muscle_id)) for i in session.interventions.all()]
        age = rules.age_years(session.patient.birth_date, session.performed_at.date())
        given = list_consents([session.patient_id])
        lacks_consent += bool(rules.missing_consents(planned, given, session.performed_at, age_years=age))
        own = competencies_of(session.signed_by_id, session.clinic_id)
        today = session.performed_at.date()
        lacking |= {m.code for m in missing_competency(planned, own, today, basic_required=True)}
    assert any(i.technique == "dry_needling" for session in sessions for i in session.interventions.all())
    return lacks_consent, sorted(lacking)


@pytest.fixture
def support(django_db_setup):
    with committed_demo_support(people.SUPPORT[0]):
        yield


@pytest.mark.long
def test_the_demo_loads_signs_and_stays(support, db):
    Clinic.objects.filter(slug="harbour").update(slug="of-the-cast")  # the demo's is called so too
    load.load_people()
    for spec in people.CLINICS:
        load.load_clinic(spec["slug"], now=NOW)
        load.load_clinic(spec["slug"], now=NOW)  # again: nothing more
    first = load.facts(known={}, url="http://x")
    again = load.facts(known=first, url="http://x")

    assert again == first
    assert {user["role"] for user in first["users"]} == {"owner", "therapist", "staff", "support"}
    assert all(user["password"] for user in first["users"])
    total = 0
    for clinic in Clinic.objects.filter(slug__in=["harbour", "linden"]):
        with tenancy.scope(clinic.pk):
            total += Patient.objects.count()
            assert actions.verify_chain(clinic_id=clinic.pk)["ok"]
            assert Patient.objects.exclude(merged_into=None).count() == 1
            assert Assessment.objects.drafts().exists()
            assert set(Finding.objects.values_list("class_code", flat=True)) >= {"active", "latent", "no_trigger_point"}
            assert needled_without() == (0, [])
            events = AdverseEvent.objects.values_list("severity", "status", "recorded_at", "session__signed_at")
            assert sorted(event[:2] for event in events) == [
                ("mild", "confirmed"),
                ("mild", "confirmed"),
                ("significant", "confirmed"),
            ]
            assert all(signed_at <= recorded_at <= NOW for _, _, recorded_at, signed_at in events)
            first_exams = Assessment.objects.filter(notes="Course: mechanical neck pain.", pain_now__gte=5)
            assert first_exams.exists()
    assert total == 62  # sixty, and one registered twice in each clinic
