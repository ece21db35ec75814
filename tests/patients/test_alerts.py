"""An alert says where, since when and from whom; it ends with a reason, whatever the entry point."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

import catalogue
from audit.models import AuditEvent
from database import tenancy
from patients import actions, rules
from patients.models import Alert, Patient
from patients.queries import list_alerts

LEFT_ARM = {
    "code": "lymphoedema",
    "side": "left",
    "region": "arm",
    "reported_by": "patient",
    "since_date": "2024-05-01",
}


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def stored(cast, patient):
    with tenancy.scope(cast.clinic.pk):
        return list(Alert.objects.filter(patient_id=patient).order_by("noted_at", "id"))


def test_every_region_of_the_catalogue_can_be_named():
    assert {muscle["region"] for muscle in catalogue.MUSCLES.values()} <= set(rules.BODY_REGIONS)


def test_the_api_takes_and_returns_place_date_and_reporter(api, cast):
    created = api().post("/patients/", {"family_name": "Arm", "alerts": [LEFT_ARM]})

    assert created.status_code == 201, created.content
    assert created.json()["alerts"] == [{"note": "", "source": "", **LEFT_ARM}]
    with tenancy.scope(cast.clinic.pk):
        known = list_alerts([created.json()["id"]])
    assert known == [rules.KnownAlert("lymphoedema", "left", "arm")]
    [row] = stored(cast, created.json()["id"])
    assert row.noted_by_user_id == cast.therapist.pk


@pytest.mark.parametrize(
    ("alert", "pointer", "code"),
    [
        ({"code": "pacemaker", "side": "left"}, "/alerts/0/side", "not_of_alert"),
        ({"code": "pacemaker", "region": "arm"}, "/alerts/0/region", "not_of_alert"),
        ({"code": "clot", "since_date": "2999-01-01"}, "/alerts/0/since_date", "in_future"),
        ({"code": "clot", "region": "elbow"}, "/alerts/0/region", "invalid_choice"),
        ({"code": "clot", "side": "midline"}, "/alerts/0/side", "invalid_choice"),
        ({"code": "clot", "reported_by": "rumour"}, "/alerts/0/reported_by", "invalid_choice"),
    ],
)
def test_an_impossible_alert_is_refused_by_field(alert, pointer, code, api, patient):
    answer = api().patch(f"/patients/{patient}/", {"alerts": [alert]}, If_Match="*")

    assert answer.status_code == 400
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [(pointer, code)]


def test_leaving_an_alert_out_of_the_list_needs_a_reason(api, cast, patient):
    api().patch(f"/patients/{patient}/", {"alerts": [{"code": "pacemaker"}, {"code": "clot"}]}, If_Match="*")

    for reason in ({}, {"alerts_ended_reason": "x"}, {"alerts_ended_reason": "   gone    "}):
        refused = api().patch(f"/patients/{patient}/", {"alerts": [{"code": "clot"}], **reason}, If_Match="*")
        assert refused.status_code == 400
        assert refused.json()["errors"][0]["pointer"] == "/alerts_ended_reason"
    assert [row.ended_at for row in stored(cast, patient)] == [None, None]

    body = {"alerts": [{"code": "clot"}], "alerts_ended_reason": "The pacemaker was removed."}
    assert api().patch(f"/patients/{patient}/", body, If_Match="*").status_code == 200
    pacemaker, clot = sorted(stored(cast, patient), key=lambda row: row.code, reverse=True)
    assert (pacemaker.ended_reason, pacemaker.ended_by_user_id) == ("The pacemaker was removed.", cast.therapist.pk)
    assert clot.ended_at is None


def test_a_patch_leaves_each_alert_in_the_trail(api, cast, patient):
    api().patch(f"/patients/{patient}/", {"alerts": [{"code": "pacemaker"}, {"code": "clot"}]}, If_Match="*")
    body = {"alerts": [{"code": "clot"}, LEFT_ARM], "alerts_ended_reason": "The pacemaker was removed."}
    assert api().patch(f"/patients/{patient}/", body, If_Match="*").status_code == 200

    with tenancy.scope(cast.clinic.pk):
        events = AuditEvent.objects.filter(action__in=["patient.note_alert", "patient.end_alert"])
        trail = sorted((event.action, event.code, event.target_id) for event in events)
    ids = {row.code: row.pk for row in stored(cast, patient)}
    assert trail == [
        ("patient.end_alert", "pacemaker", ids["pacemaker"]),
        ("patient.note_alert", "clot", ids["clot"]),
        ("patient.note_alert", "lymphoedema", ids["lymphoedema"]),
        ("patient.note_alert", "pacemaker", ids["pacemaker"]),
    ]


def test_the_same_alert_may_stand_at_two_places(api, patient):
    both = [LEFT_ARM, {**LEFT_ARM, "side": "right"}]

    answer = api().patch(f"/patients/{patient}/", {"alerts": [*both, LEFT_ARM]}, If_Match="*")

    assert answer.status_code == 200
    assert sorted(alert["side"] for alert in answer.json()["alerts"]) == ["left", "right"]


def test_the_database_holds_place_and_reason(cast, patient):
    row = {"clinic": cast.clinic, "patient_id": patient, "code": "clot"}
    for wrong in (
        {"side": "midline"},
        {"region": "elbow"},
        {"reported_by": "rumour"},
        {"ended_reason": "Gone for good."},
    ):
        with tenancy.scope(cast.clinic.pk), pytest.raises(IntegrityError), transaction.atomic():
            Alert.objects.create(**row, **wrong)
    with tenancy.scope(cast.clinic.pk):
        Alert.objects.create(**row)
        with pytest.raises(IntegrityError), transaction.atomic():
            Alert.objects.create(**row)


def test_the_page_adds_and_ends_an_alert(cast, patient):
    client = signed_in(cast.staff)
    page = f"/patients/{patient}/alerts/"
    assert b"No alerts are recorded." in client.get(page).content

    added = client.post(page, {**LEFT_ARM, "note": "after surgery"})
    assert added.status_code == 302
    [row] = stored(cast, patient)
    assert (row.code, row.side, row.region, row.note, row.reported_by) == (
        "lymphoedema",
        "left",
        "arm",
        "after surgery",
        "patient",
    )
    again = client.post(page, {**LEFT_ARM, "note": "after surgery"})
    assert again.status_code == 400
    assert len(stored(cast, patient)) == 1

    short = client.post(f"{page}{row.pk}/end/", {"reason": "x"})
    assert short.status_code == 400
    assert b"at least 10 characters" in short.content
    assert stored(cast, patient)[0].ended_at is None
    ended = client.post(f"{page}{row.pk}/end/", {"reason": "Measured again: both arms equal."})
    assert ended.status_code == 302
    assert stored(cast, patient)[0].ended_by_user_id == cast.staff.pk
    second_tab = client.post(f"{page}{row.pk}/end/", {"reason": "Measured again: both arms equal."}, follow=True)
    assert b"ended before" in second_tab.content
    assert stored(cast, patient)[0].ended_reason == "Measured again: both arms equal."


def test_a_place_is_dropped_where_the_alert_has_none(cast, patient):
    """The form hides the two fields for such an alert; without the script they may still hold something."""
    client = signed_in(cast.therapist)

    assert client.post(f"/patients/{patient}/alerts/", {"code": "pacemaker", "side": "left"}).status_code == 302
    assert [row.side for row in stored(cast, patient)] == [None]


def test_an_alert_of_another_patient_or_clinic_is_not_found(cast, api, patient):
    with tenancy.scope(cast.clinic.pk):
        mine = Patient.objects.get(pk=patient)
        alert = actions.note_alert(
            patient=mine, alert=actions.NewAlert("pacemaker"), by=cast.actor(), at=timezone.now()
        )
    other = api().post("/patients/", {"family_name": "Other"}).json()["id"]
    reason = {"reason": "The device was removed."}

    assert signed_in(cast.therapist).post(f"/patients/{other}/alerts/{alert.pk}/end/", reason).status_code == 404
    assert signed_in(cast.stranger).post(f"/patients/{patient}/alerts/{alert.pk}/end/", reason).status_code == 404
    assert stored(cast, patient)[0].ended_at is None


def test_a_merged_record_keeps_both_places(api, cast, patient):
    api().patch(f"/patients/{patient}/", {"alerts": [LEFT_ARM]}, If_Match="*")
    other = api().post("/patients/", {"family_name": "Twin", "alerts": [{**LEFT_ARM, "side": "right"}]}).json()["id"]

    merged = api(cast.owner).post(f"/patients/{other}/merge/", {"into": str(patient), "reason": "Same person."})

    assert sorted(alert["side"] for alert in merged.json()["alerts"]) == ["left", "right"]
