"""Each fact of a patient is changed by each role that may, on the page, in the API and in the admin; two at once."""

from __future__ import annotations

import importlib
from datetime import date

import pytest
from django.db import IntegrityError, transaction

from audit.models import AuditEvent
from database import tenancy
from patients import facts, labels
from patients.api import serializers as shapes
from patients.models import Alert, Condition, Medication, Patient
from tests import builders
from tests.patients.test_import_patients import all_patients, command
from tests.reading import Browser

NEW_VALUES = {
    "family_name": "Okafor-Reid",
    "given_names": "Adaeze",
    "birth_date": date(1980, 2, 4),
    "sex": "female",
    "pronouns": "she/her",
    "language": "de",
    "time_zone": "Europe/Berlin",
    "status": "discharged",
    "email": "ada@example.org",
    "phone": "020 7946 0018",
    "consent_email": "granted",
    "consent_sms": "refused",
    "consent_phone": "granted",
    "address_line": "1 High Street",
    "city": "Leeds",
    "state": "Yorkshire",
    "postal_code": "LS1 1AA",
    "country": "United Kingdom",
    "emergency_name": "Ben",
    "emergency_relationship": "brother",
    "emergency_phone": "+44 20 7946 0019",
    "referrer_name": "Dr Gray",
    "referrer_practice": "High Street Surgery",
    "referrer_phone": "020 7946 0020",
    "insurer": "Example Health",
    "insurance_number": "EH-1",
    "referral_reason": "Neck pain\nafter a fall",
    "occupation": "driver",
    "sport": "rowing",
    "desk_notes": "Cannot climb stairs.",
}
WRONG = {
    "family_name": ("  ", "required"),
    "birth_date": (date(1899, 1, 1), "too_early"),
    "email": ("ada@", "invalid"),
    "phone": ("12", "invalid"),
    "emergency_phone": ("call her", "invalid"),
    "referrer_phone": ("0", "invalid"),
    "language": ("German!", "invalid"),
    "time_zone": ("Mars/Base", "unknown_time_zone"),
    "sex": ("f", "unknown_code"),
    "status": ("gone", "unknown_code"),
    "consent_sms": ("yes", "unknown_code"),
    "given_names": ("x" * 201, "too_long"),
    "desk_notes": ("x" * 4001, "too_long"),
}


def signed_in(user):
    browser = Browser()
    browser.force_login(user)
    return browser


def stored(cast, patient):
    with tenancy.scope(cast.clinic.pk):
        return Patient.objects.get(pk=patient)


def form_of(browser, path):
    """The values of a form as a browser would send them back."""
    page = browser.get(path)
    assert page.status_code == 200
    values = {}
    for _title, lines in page.context["form"].sections():
        for line in lines:
            values |= {
                line.name: "" if line.field.value() is None else line.field.value(),
                f"was_{line.name}": line.was,
            }
    return values


def nested(values):
    body = {}
    for name, value in values.items():
        path, place = facts.FACTS[name].path, body
        for step in path[:-1]:
            place = place.setdefault(step, {})
        place[path[-1]] = value.isoformat() if isinstance(value, date) else value
    return body


def test_each_fact_has_a_column_a_label_a_section_and_a_place_in_the_api():
    names = set(facts.FACTS)
    assert {name for _title, section in labels.SECTIONS.values() for name in section} == names == set(labels.FACTS)
    assert sum(len(section) for _title, section in labels.SECTIONS.values()) == len(names)
    not_facts = {"id", "clinic", "sort_name", "merged_into", "revision", "created_at", "keys_version"}
    assert {field.name for field in Patient._meta.concrete_fields} - not_facts == names
    assert shapes.details_of(nested(NEW_VALUES)) == {
        name: value.isoformat() if isinstance(value, date) else value for name, value in NEW_VALUES.items()
    }
    assert set(NEW_VALUES) == names


def test_the_database_holds_the_same_lengths():
    migration = importlib.import_module("patients.migrations.0005_more_facts")
    assert {name: fact.most for name, fact in facts.FACTS.items() if fact.kind not in ("date", "choice")} == (
        migration.MOST
    )


@pytest.mark.parametrize("role", ["owner", "therapist", "staff"])
@pytest.mark.parametrize("way", ["page", "api"])
def test_each_role_changes_every_fact(cast, api, patient, role, way):
    who = getattr(cast, role)
    if way == "api":
        answer = api(who).patch(f"/patients/{patient}/", nested(NEW_VALUES), If_Match="*")
        assert answer.status_code == 200, answer.json()
        assert shapes.details_of(answer.json()) == shapes.details_of(nested(NEW_VALUES))
    else:
        browser = signed_in(who)
        answer = browser.post(f"/patients/{patient}/edit/", form_of(browser, f"/patients/{patient}/edit/") | NEW_VALUES)
        assert answer.status_code == 302, answer.context["form"].errors
        page = browser.get(f"/patients/{patient}/").content.decode()
        assert "Cannot climb stairs." in page
        assert "High Street Surgery" in page

    row = stored(cast, patient)
    assert {name: getattr(row, name) for name in NEW_VALUES} == NEW_VALUES
    with tenancy.scope(cast.clinic.pk):
        event = AuditEvent.objects.filter(action="patient.change_consent", patient_ids__contains=[patient]).get()
    assert event.user_id == who.pk
    assert "desk_notes" in event.code


def test_the_owner_changes_every_fact_in_the_admin(cast, patient):
    browser, path = signed_in(cast.owner), f"/admin/patients/patient/{patient}/edit/"

    assert browser.post(path, form_of(browser, path) | NEW_VALUES).status_code == 302

    row = stored(cast, patient)
    assert {name: getattr(row, name) for name in NEW_VALUES} == NEW_VALUES
    assert signed_in(cast.staff).get(path).status_code == 302


@pytest.mark.parametrize("name", WRONG)
def test_one_table_of_checks_for_page_admin_api_and_import(cast, api, patient, tmp_path, name):
    value, code = WRONG[name]
    before, browser = stored(cast, patient), signed_in(cast.owner)

    for path in (f"/patients/{patient}/edit/", f"/admin/patients/patient/{patient}/edit/"):
        answer = browser.post(path, form_of(browser, path) | {name: value})
        assert answer.status_code == 400
        assert list(answer.context["form"].errors) == [name]
    assert facts.problems_of({name: value}, today=date(2026, 1, 1), country="GB").errors[0].code == code
    refused = api().patch(f"/patients/{patient}/", nested({name: value}), If_Match="*")
    assert refused.status_code == 400
    assert [e["pointer"] for e in refused.json()["errors"]] == [facts.FACTS[name].pointer]
    assert stored(cast, patient) == before
    assert getattr(stored(cast, patient), name) == getattr(before, name)
    if name in {"email", "phone", "desk_notes", "language"}:
        (tmp_path / "t.csv").write_text(f"external_id,family_name,sport,{name}\n1,Csv,golf,{value}\n")
        report = command(tmp_path / "t.csv", details=True)
        imported = [p for p in all_patients(cast) if p.family_name == "Csv"]
        assert (imported[0].sport, getattr(imported[0], name)) == ("golf", facts.FACTS[name].empty)
        assert f"- {name}: " in report


@pytest.mark.parametrize(("name", "value"), [("email", "no"), ("phone", "call"), ("sport", "x" * 201)])
def test_the_database_refuses_what_is_no_address_or_too_long(cast, patient, name, value):
    with tenancy.scope(cast.clinic.pk):
        with pytest.raises(IntegrityError), transaction.atomic():
            Patient.objects.filter(pk=patient).update(**{name: value})
        with pytest.raises(IntegrityError), transaction.atomic():
            Patient.objects.create(clinic_id=cast.clinic.pk, family_name="X", sort_name="x", **{name: value})


@pytest.mark.parametrize("path", ["/patients/{}/edit/", "/admin/patients/patient/{}/edit/"])
def test_two_people_at_once_are_merged_field_by_field(cast, patient, path):
    path = path.format(patient)
    first, second = signed_in(cast.owner), signed_in(cast.owner)
    form = form_of(second, path)
    assert first.post(path, form | {"phone": "020 7946 0001", "sport": "golf"}).status_code == 302

    assert second.post(path, form | {"occupation": "cook"}).status_code == 302
    row = stored(cast, patient)
    assert (row.phone, row.sport, row.occupation) == ("020 7946 0001", "golf", "cook")

    clash = second.post(path, form | {"phone": "020 7946 0002", "sport": "rowing", "city": "York"})
    assert clash.status_code == 409
    page = clash.content.decode()
    assert "020 7946 0001" in page
    assert "020 7946 0002" in page
    assert stored(cast, patient).city == ""
    again = {}
    for _title, lines in clash.context["form"].sections():
        for line in lines:
            again |= {line.name: line.field.value() or "", f"was_{line.name}": line.was}
    assert second.post(path, again | {"theirs_sport": "1"}).status_code == 302
    row = stored(cast, patient)
    assert (row.phone, row.sport, row.city, row.occupation) == ("020 7946 0002", "golf", "York", "cook")


def test_a_program_merges_field_by_field_with_what_it_has_seen(cast, api, patient):
    path = f"/patients/{patient}/"
    api().patch(path, {"contact": {"phone": "020 7946 0001"}, "sport": "golf"}, If_Match="*")

    seen = {"contact": {"phone": None}, "sport": "", "occupation": ""}
    sent = {"contact": {"phone": "020 7946 0002"}, "sport": "", "occupation": "cook"}
    refused = api().patch(path, {**sent, "seen": seen}, If_Match="*")
    assert (refused.status_code, refused.json()["code"]) == (409, "changed_meanwhile")
    assert [e["pointer"] for e in refused.json()["errors"]] == ["/contact/phone"]
    assert refused.json()["current"] == {"phone": "020 7946 0001"}
    assert api().get(path).json()["occupation"] == ""

    seen["contact"]["phone"] = "020 7946 0001"
    done = api().patch(path, {**sent, "seen": seen}, If_Match="*").json()
    assert (done["contact"]["phone"], done["sport"], done["occupation"]) == ("020 7946 0002", "golf", "cook")


@pytest.mark.parametrize("role", ["therapist", "staff"])
def test_a_medicine_is_added_and_ended_on_the_page(cast, patient, role):
    browser, path = signed_in(getattr(cast, role)), f"/patients/{patient}/conditions/"
    for sent in ({"kind": "medication", "text": "Warfarin 5 mg"}, {"kind": "condition", "text": "Asthma"}):
        assert browser.post(path, sent).status_code == 302
        assert "already on the record" in browser.post(path, sent).content.decode()
    with tenancy.scope(cast.clinic.pk):
        [medicine], [condition] = Medication.objects.filter(patient=patient), Condition.objects.filter(patient=patient)
        assert [(a.code, a.note) for a in Alert.objects.filter(patient=patient)] == [("anticoagulant", "Warfarin 5 mg")]
    assert "Asthma" in browser.get(f"/patients/{patient}/").content.decode()

    assert browser.post(f"{path}{condition.pk}/end/").status_code == 302
    assert browser.post(f"{path}{medicine.pk}/end/").status_code == 302
    assert browser.post(f"{path}{patient}/end/").status_code == 404
    assert "ended before" in browser.post(f"{path}{medicine.pk}/end/", follow=True).content.decode()
    with tenancy.scope(cast.clinic.pk):
        ended = Medication.objects.get(patient=patient)
        assert ended.ended_by_user_id == getattr(cast, role).pk
        assert Alert.objects.current().filter(patient=patient).count() == 1
    assert "Asthma" not in browser.get(f"/patients/{patient}/").content.decode()
    assert browser.post(path, {"kind": "condition", "text": "Asthma"}).status_code == 302


def test_the_api_replaces_conditions_and_medicines(cast, api, patient):
    path = f"/patients/{patient}/"
    body = {"conditions": [{"text": "Asthma"}], "medications": [{"text": "apixaban", "since_date": "2024-05-01"}]}

    done = api().patch(path, body, If_Match="*").json()
    assert done["conditions"] == [{"system": "", "code": "", "text": "Asthma", "since_date": None}]
    assert [a["code"] for a in done["alerts"]] == ["anticoagulant"]
    done = api().patch(path, {"conditions": []}, If_Match="*").json()
    assert (done["conditions"], len(done["medications"])) == ([], 1)
    late = api().patch(path, {"conditions": [{"text": "Gout", "since_date": "2999-01-01"}]}, If_Match="*")
    assert late.json()["errors"][0]["pointer"] == "/conditions/0/since_date"
    created = api().post("/patients/", {"family_name": "New", "medications": [{"text": "Clopidogrel"}]}).json()
    assert [a["code"] for a in created["alerts"]] == ["antiplatelet"]


def test_an_import_does_not_revive_what_was_ended(cast, api, tmp_path):
    (tmp_path / "t.csv").write_text("external_id,family_name\n1,Csv\n")
    command(tmp_path / "t.csv")
    with tenancy.scope(cast.clinic.pk):
        from patients import actions

        one = Patient.objects.get(family_name="Csv")
        fact = actions.NewFact(text="warfarin", source="import")
        by, at = cast.actor(), builders.timezone.now()
        assert actions.add_facts(patient=one, medications=[fact], by=by, at=at) == 1
        row = Medication.objects.get(patient=one)
        actions.end_fact(model=Medication, patient=one, fact_id=row.pk, by=by, at=at)
        assert actions.add_facts(patient=one, medications=[fact], by=by, at=at) == 0
