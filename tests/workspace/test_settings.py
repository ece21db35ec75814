"""Each setting of a clinic, changed on its page, and its effect where it acts."""

from __future__ import annotations

import re
import time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts import clinic_settings
from accounts.models import Clinic
from accounts.policies import OwnersOnly
from accounts.rules import TECHNIQUES
from accounts.web import locking
from accounts.web.settings_nav import GROUPS
from audit.models import AuditEvent
from database import tenancy
from errors.exceptions import Invalid
from messaging.models import Sending
from tests import builders

CLINIC = {
    "name": "Harbour Clinic", "address": "", "phone": "", "reply_to": "", "letter_footer": "", "country": "GB",
    "time_zone": "Europe/London", "language": "en",
}  # fmt: skip
FINDINGS = {"mode": "classification", "rule_set": "delphi2018_any2", "pressure_unit": "kPa"}


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def owner(cast):
    return signed_in(cast.owner)


def save(owner, cast, path, **fields):
    revision = Clinic.objects.get(pk=cast.clinic.pk).revision
    answer = owner.post(path, {**fields, "revision": str(revision)})
    assert answer.status_code == 302, answer.content.decode()


def test_the_time_zone_is_the_one_of_the_calendar_and_the_language_the_one_of_messages(cast, owner):
    save(owner, cast, "/settings/clinic/", **{**CLINIC, "time_zone": "Asia/Tokyo", "language": "de"})
    clinic = Clinic.objects.get(pk=cast.clinic.pk)
    assert (clinic.time_zone, clinic.locale) == ("Asia/Tokyo", "de-GB")
    assert signed_in(cast.staff).get("/calendar/").context["zone"] == "Asia/Tokyo"


def test_the_phone_and_the_reply_address_are_those_of_messages(cast, owner):
    save(
        owner, cast, "/settings/clinic/", **{**CLINIC, "phone": "+44 20 7946 0999", "reply_to": "desk@harbour.example"}
    )
    with tenancy.scope(cast.clinic.pk):
        sending = Sending.objects.get(pk=cast.clinic.pk)
    assert (sending.phone, sending.reply_to) == ("+44 20 7946 0999", "desk@harbour.example")


def test_wrong_values_are_named_at_their_fields(cast, owner):
    fields = {**CLINIC, "name": "  ", "address": "x\n" * 9, "time_zone": "Mars/Base"}
    answer = owner.post("/settings/clinic/", {**fields, "revision": str(cast.clinic.revision)})
    assert answer.status_code == 400
    assert {"name", "time_zone"} <= set(answer.context["form"].errors)
    with tenancy.scope(cast.clinic.pk), pytest.raises(Invalid) as refusal:
        clinic_settings.change(
            values={
                "name": " ", "address": "x\n" * 9, "country": "XX", "time_zone": "Mars", "locale": "fr-FR",
                "pressure_unit": "psi", "techniques": ["magic"], "idle_lock_min": 0,
            },
            revision=None,
            by=cast.actor(cast.owner),
        )  # fmt: skip
    assert len(refusal.value.errors) == 8


def test_two_owners_do_not_overwrite_each_other(cast, owner):
    stale = str(cast.clinic.revision)
    save(owner, cast, "/settings/clinic/", **{**CLINIC, "name": "First"})
    for path, fields in (
        ("/settings/clinic/", {**CLINIC, "name": "Second"}),
        ("/settings/security/", {"idle_lock_min": "2"}),
        ("/settings/techniques/", {"order": TECHNIQUES, "shown": TECHNIQUES[:2]}),
        ("/clinic/display/", {**FINDINGS, "pressure_unit": "kgf/cm2"}),
    ):
        assert owner.post(path, {**fields, "revision": stale}).status_code == 409
    clinic = Clinic.objects.get(pk=cast.clinic.pk)
    assert (clinic.name, clinic.idle_lock_min, clinic.techniques, clinic.pressure_unit) == ("First", None, [], "kPa")


def test_only_an_owner_changes_settings_and_each_change_is_audited(cast, owner):
    with tenancy.scope(cast.clinic.pk):
        for person in (cast.therapist, cast.staff):
            with pytest.raises(OwnersOnly):
                clinic_settings.change(values={"name": "Mine"}, revision=None, by=cast.actor(person))
            with pytest.raises(OwnersOnly):
                clinic_settings.set_logo(upload=None, by=cast.actor(person))
    save(owner, cast, "/settings/clinic/", **{**CLINIC, "name": "New name", "address": "1 Quay"})
    with tenancy.scope(cast.clinic.pk):
        event = AuditEvent.objects.get(action="clinic.change")
    assert (event.user_id, event.code) == (cast.owner.pk, "name,address")


@pytest.mark.parametrize("upload", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n damaged", b"<svg/>"])
def test_what_is_no_picture_becomes_no_logo(owner, upload):
    answer = owner.post("/settings/clinic/logo/", {"logo": SimpleUploadedFile("logo.png", upload, "image/png")})
    assert answer.status_code == 400
    assert "data:image/png" not in owner.get("/settings/clinic/").content.decode()


# --- Security -------------------------------------------------------------------------------------------------


def wait(client, seconds):
    session = client.session
    session[locking.ACTIVE_AT] = time.time() - seconds
    session.save()
    return client.get("/").status_code == 302  # led to the lock


def test_a_screen_locks_after_the_clinics_own_time(cast, owner, settings):
    therapist = signed_in(cast.therapist)
    therapist.get("/")
    save(owner, cast, "/settings/security/", idle_lock_min="5")
    assert not wait(therapist, 4 * 60)
    assert 'data-idle-s="300"' in therapist.get("/").content.decode()
    assert wait(therapist, 6 * 60)

    other = signed_in(cast.stranger)  # another clinic keeps the service's
    other.get("/")
    assert not wait(other, 6 * 60)


def test_a_clinic_cannot_lock_later_than_the_service(cast, settings):
    settings.IDLE_LOCK_S = 120
    Clinic.objects.filter(pk=cast.clinic.pk).update(idle_lock_min=60)
    therapist = signed_in(cast.therapist)
    assert 'data-idle-s="120"' in therapist.get("/").content.decode()
    assert wait(therapist, 121)


# --- Findings and techniques ----------------------------------------------------------------------------------


def test_a_new_exam_is_classified_by_the_clinics_rule_set(api, cast, owner, patient):
    before = api().post(f"/patients/{patient}/assessments/", builders.exam()).json()
    save(owner, cast, "/clinic/display/", **{**FINDINGS, "rule_set": "simons1999"})
    after = api().post(f"/patients/{patient}/assessments/", builders.exam()).json()
    assert [exam["findings"][0]["rule_set"] for exam in (before, after)] == ["delphi2018_any2", "simons1999"]
    refused = owner.post(
        "/clinic/display/",
        {**FINDINGS, "rule_set": "mine", "revision": str(Clinic.objects.get(pk=cast.clinic.pk).revision)},
    )
    assert refused.status_code == 400


def test_thresholds_are_entered_in_the_clinics_unit(api, cast, owner, patient):
    exam = api().post(f"/patients/{patient}/assessments/", builders.exam()).json()["id"]
    page = f"/exams/{exam}/"
    assert signed_in(cast.therapist).get(page).context["unit"] == "kPa"
    save(owner, cast, "/clinic/display/", **{**FINDINGS, "pressure_unit": "kgf/cm2"})
    assert signed_in(cast.therapist).get(page).context["unit"] == "kgf/cm²"


def offered(client, page):
    return re.findall(r'<button[^>]*data-technique="(\w+)"', client.get(page).content.decode())


def test_the_treatment_screen_offers_the_clinics_techniques_in_its_order(api, cast, owner, patient):
    page = f"/sessions/{api().post(f'/patients/{patient}/sessions/', builders.treatment()).json()['id']}/"
    therapist = signed_in(cast.therapist)
    assert offered(therapist, page) == TECHNIQUES

    save(owner, cast, "/settings/techniques/", order=TECHNIQUES, shown=["massage", "dry_needling", "advice"])
    assert offered(therapist, page) == ["massage", "advice", "dry_needling"]
    order = [row["code"] for row in owner.get("/settings/techniques/").context["rows"]]
    save(owner, cast, "/settings/techniques/", order=order, shown=order[:3], up="dry_needling")
    assert offered(therapist, page) == ["massage", "dry_needling", "advice"]

    # What is recorded can still be shown; see test_hidden_techniques.
    technique = builders.treatment()["interventions"][0]["technique"]
    assert technique not in offered(therapist, page)
    assert f'id="technique-{technique}"' in therapist.get(page).content.decode()

    save(owner, cast, "/settings/techniques/", order=order, reset="1")
    assert offered(therapist, page) == TECHNIQUES
    revision = str(Clinic.objects.get(pk=cast.clinic.pk).revision)
    assert owner.post("/settings/techniques/", {"order": order, "revision": revision}).status_code == 400


# --- The section ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["owner", "therapist", "staff"])
def test_the_section_lists_what_opens(cast, role):
    client = signed_in(getattr(cast, role))
    page = client.get("/settings/")
    urls = [entry["url"] for group in page.context["settings_groups"]() for entry in group["entries"]]
    assert len(urls) == (sum(len(entries) for _title, entries in GROUPS) if role == "owner" else len(urls))
    assert urls
    for url in urls:
        answer = client.get(url)
        assert answer.status_code == 200, url
        assert b'aria-current="page"' in answer.content, url
        assert reverse("settings").encode() in answer.content
