"""Doses from before agents were codes and depths were checked: they stay as they were signed, and drafts are coded."""

import importlib
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, connections, transaction
from django.utils import timezone

from database import tenancy
from tests import builders
from tests.committed import committed, committed_patient, superuser
from treatments import actions
from treatments.api.serializers import NewSessionInput
from treatments.models import Intervention

__all__ = ["committed"]

migration = importlib.import_module("treatments.migrations.0005_safety_and_doses")
INJECTION = {
    "technique": "trigger_point_injection",
    "muscle": "gluteus_medius",
    "side": "left",
    "dose": {"agent": "lidocaine", "concentration_pct": 1, "volume_ml": 2},
}
CONSTRAINTS = ("dose_agent_known", "dose_depth_within_length")


@pytest.fixture
def owner(db):
    return connections["default"]


def test_the_constraints_are_not_validated_for_old_rows(owner):
    with owner.cursor() as cursor:
        cursor.execute("SELECT conname, convalidated FROM pg_constraint WHERE conname = ANY(%s)", [list(CONSTRAINTS)])
        assert dict(cursor.fetchall()) == dict.fromkeys(CONSTRAINTS, False)


@pytest.mark.parametrize(
    ("column", "value", "constraint"),
    [("agent", "Lignocaine", "dose_agent_known"), ("depth_mm", 60, "dose_depth_within_length")],
)
def test_no_new_row_can_be_like_the_old_ones(api, cast, patient, column, value, constraint):
    sent = builders.treatment(interventions=[builders.needling(), INJECTION])
    api().post(f"/patients/{patient}/sessions/", sent)
    technique = "dry_needling" if column == "depth_mm" else "trigger_point_injection"

    with tenancy.scope(cast.clinic.pk), pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Intervention.objects.filter(technique=technique).update(**{column: value})


def test_agents_of_drafts_get_their_code_and_signed_ones_stay(committed):
    """Both rows are made as they were before the constraint; the migration's own function then runs on them."""
    patient = committed_patient(committed)
    with tenancy.scope(committed.clinic.pk):
        drafts = {}
        for name in ("draft", "signed"):
            content = builders.content(builders.treatment(interventions=[INJECTION]), NewSessionInput)
            at = timezone.now()
            drafts[name] = actions.SESSION.record(
                patient_id=patient, content=content, by=committed.actor(), at=at
            ).document.pk
    with superuser() as link, link.transaction(force_rollback=True):
        for table in ("treatments_intervention", "treatments_session"):
            link.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        link.execute("ALTER TABLE treatments_intervention DROP CONSTRAINT dose_agent_known")
        link.execute("ALTER TABLE treatments_session DROP CONSTRAINT session_signed_whole")
        link.execute(
            "UPDATE treatments_intervention SET agent = 'Lidocaine 1%%', agent_text = NULL WHERE session_id = ANY(%s)",
            [list(drafts.values())],
        )
        link.execute("UPDATE treatments_session SET signed_at = now() WHERE id = %s", [drafts["signed"]])

        migration.code_agents_of_drafts(None, SimpleNamespace(connection=link))

        statement = "SELECT session_id, agent, agent_text FROM treatments_intervention WHERE session_id = ANY(%s)"
        rows = {row[0]: row[1:] for row in link.execute(statement, [list(drafts.values())])}
        assert rows[drafts["draft"]] == ("lidocaine", "Lidocaine 1%")
        assert rows[drafts["signed"]] == ("Lidocaine 1%", None)
        link.execute(
            "ALTER TABLE treatments_intervention ADD CONSTRAINT dose_agent_known "
            "CHECK (agent IS NULL OR agent IN ('lidocaine', 'saline')) NOT VALID"
        )


def test_a_typed_agent_becomes_a_code_and_is_kept(api, patient):
    sent = {**INJECTION, "dose": {**INJECTION["dose"], "agent": "Lignocaine 1 %"}}

    answer = api().post(f"/patients/{patient}/sessions/", builders.treatment(interventions=[sent]))

    dose = answer.json()["interventions"][0]["dose"]
    assert (dose["agent"], dose["agent_text"]) == ("lidocaine", "Lignocaine 1 %")


def test_depth_beyond_the_needle_is_refused(api, patient):
    sent = builders.treatment(interventions=[builders.needling(depth_mm=60, needle_length_mm=25)])

    answer = api().post(f"/patients/{patient}/sessions/", sent)

    assert ("/interventions/0/dose/depth_mm", "deeper_than_needle") in [
        (error["pointer"], error["code"]) for error in answer.json()["errors"]
    ]
