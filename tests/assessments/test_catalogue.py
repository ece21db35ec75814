"""What the catalogue says about self-pressure, to the therapist and to the patient."""

from __future__ import annotations

import pytest

import catalogue

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
