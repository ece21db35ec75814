"""The catalogue: what it says about self-pressure, how it is loaded, and its tables."""

from __future__ import annotations

import io

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection

import catalogue
from catalogue.models import Muscle
from database import tenancy

SCM = ["scm_sternal", "scm_clavicular"]


@pytest.mark.parametrize("key", list(catalogue.MUSCLES))
def test_a_muscle_to_be_careful_with_has_a_note_for_the_patient(key):
    about = catalogue.MUSCLES[key]["self_pressure"]

    assert bool(about["patient_note"]) == (about["rating"] == "caution")
    assert bool(about["tools"]) == (about["rating"] != "no")


@pytest.mark.parametrize("key", SCM)
def test_no_tool_goes_on_the_front_of_the_neck(key):
    about = catalogue.MUSCLES[key]["self_pressure"]

    assert about["tools"] == ["fingers"]
    assert "light pinch" in about["patient_note"]


def test_the_suboccipitals_take_two_soft_balls():
    assert catalogue.MUSCLES["suboccipitals"]["self_pressure"]["tools"] == ["two_soft_balls"]


def test_what_the_therapist_reads_stays():
    assert catalogue.VERSION.startswith("1.1+")
    assert "pulse" in catalogue.MUSCLES["scm_sternal"]["self_pressure"]["note"]
    assert "carotid sheath" in catalogue.MUSCLES["scm_sternal"]["needling"]["note"]


@pytest.mark.django_db(databases=["default", "owner"])
def test_loading_the_catalogue_again_changes_nothing(cast):
    out = io.StringIO()
    call_command("load_catalogue", stdout=out)

    assert "already" in out.getvalue()
    with tenancy.scope(cast.clinic.pk):
        assert Muscle.objects.in_use().count() == 108


FOREIGN_KEYS = """
SELECT key.conrelid::regclass::text || ' ' || key.confrelid::regclass::text
FROM pg_constraint AS key WHERE key.contype = 'f' AND key.confrelid::regclass::text = ANY(%s)
"""


@pytest.mark.django_db
def test_the_foreign_keys_to_the_catalogue_are_in_the_database(cast):
    """The models moved to an app of their own; tables and keys stayed."""
    models = list(apps.get_app_config("catalogue").get_models())
    expected = {
        f"{field.model._meta.db_table} {model._meta.db_table}"
        for model in models
        for relation in model._meta.get_fields(include_hidden=True)
        if relation.auto_created and relation.is_relation
        for field in [relation.field]
    }
    with connection.cursor() as cursor:
        cursor.execute(FOREIGN_KEYS, [[model._meta.db_table for model in models]])
        in_database = {row for (row,) in cursor.fetchall()}
    assert len(expected) == 9
    assert in_database == expected
