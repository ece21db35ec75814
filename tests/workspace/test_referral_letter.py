"""The worklist's referral row gives the letter, on the clinic's letterhead; each one is a disclosure."""

from __future__ import annotations

import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone, translation
from PIL import Image

from assessments.models import Assessment
from audit.models import AuditEvent
from database import tenancy
from messaging.models import Sending
from records.models import Record
from scheduling import worklist_sync
from scheduling.setup import actions as setup_actions
from tests import builders
from worklist.models import Item
from workspace import letters

FLAGS = [
    {"code": "night_pain_constant", "answer": "yes", "note": "wakes at three"},
    {"code": "vascular_5d_3n", "answer": "yes"},
    {"code": "fever_infection", "answer": "no"},
]


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def referral(api, cast, patient):
    """A signed exam with two positive flags, its row on the worklist, and a clinic with an address."""
    exam = api().post(f"/patients/{patient}/assessments/", builders.exam(red_flags=FLAGS)).json()
    assert api().post(f"/assessments/{exam['id']}/sign/", {}).status_code == 200
    with tenancy.scope(cast.clinic.pk):
        by = cast.actor(cast.staff)
        setup_actions.save(kind="sites", values={"name": "Main", "address": "1 Quay Road, Harbour"}, pk=None, by=by)
        Sending.objects.update_or_create(pk=cast.clinic.pk, defaults={"phone": "+49 30 1234"})
        worklist_sync.sweep(by=by, at=timezone.now())
        return Item.objects.get(kind="referral")


def letter_text(data):
    """The strings that reach the template, in one text."""

    def strings(value):
        if isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, list):
            return " ".join(strings(item) for item in value)
        return str(value)

    return strings(data)


@pytest.fixture
def set_letters(monkeypatch):
    """What the letters are set from, beside the real setting of them."""
    sent = []
    compile_pdf = letters.typst.compile

    def note(template, **options):
        sent.append(json.loads(options["sys_inputs"]["data"]))
        return compile_pdf(template, **options)

    monkeypatch.setattr(letters.typst, "compile", note)
    return sent


def test_the_letter_has_letterhead_flags_alerts_and_findings(api, cast, patient, referral, set_letters):
    alert = {"code": "lymphoedema", "side": "left", "region": "arm"}
    api().patch(f"/patients/{patient}/", {"alerts": [alert]}, If_Match="*")

    answer = signed_in(cast.therapist).get(f"/worklist/{referral.pk}/referral-letter/")

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer.content.startswith(b"%PDF-")
    [data] = set_letters
    text = letter_text(data)
    assert data["urgency"] == "Emergency referral"
    assert [data["clinic"], data["address"], data["phone"]] == [
        "Harbour Clinic",
        "1 Quay Road, Harbour",
        "Phone +49 30 1234",
    ]
    assert [flag["note"] for flag in data["flags"]] == ["", "wakes at three"]
    assert "Lymphoedema, upper arm left" in text
    assert "Upper trapezius" in text
    assert "Fever" not in letter_text(data["flags"])
    with tenancy.scope(cast.clinic.pk):
        record = Record.objects.get(pk=Assessment.objects.get(pk=referral.about_id).record_id)
    assert data["sha256"] == bytes(record.sha256).hex()


def test_each_letter_is_a_disclosure(cast, patient, referral):
    signed_in(cast.therapist).get(f"/worklist/{referral.pk}/referral-letter/")

    with tenancy.scope(cast.clinic.pk):
        event = AuditEvent.objects.get(action="disclosure.referral_letter")
    assert (event.user_id, event.patient_ids, event.target_id) == (cast.therapist.pk, [patient], referral.about_id)


def test_the_desk_has_the_row_and_not_the_findings(cast, referral):
    assert signed_in(cast.staff).get(f"/worklist/{referral.pk}/referral-letter/").status_code == 403
    assert b"referral-letter" not in signed_in(cast.staff).get("/worklist/?show=all").content
    assert b"referral-letter" in signed_in(cast.therapist).get("/worklist/?show=all").content


def test_a_stranger_another_row_and_a_withdrawn_exam_have_no_letter(api, cast, patient, referral):
    page = f"/worklist/{referral.pk}/referral-letter/"
    assert signed_in(cast.stranger).get(page).status_code == 404
    assert signed_in(cast.therapist).get(f"/worklist/{patient}/referral-letter/").status_code == 404

    reason = {"reason": "Recorded for the wrong patient."}
    assert api().post(f"/assessments/{referral.about_id}/entered-in-error/", reason).status_code in (200, 201)
    assert signed_in(cast.therapist).get(page).status_code == 404


def test_the_letter_is_in_the_reader_s_language(cast, referral, set_letters):
    client = signed_in(cast.therapist)

    client.get(f"/worklist/{referral.pk}/referral-letter/", headers={"Accept-Language": "de"})

    [data] = set_letters
    assert (data["language"], data["urgency"]) == ("de", "Überweisung als Notfall")
    with translation.override("en"):
        english = {"Red flags answered", "We ask you", "Referral", "Action at our clinic"}
    assert [phrase for phrase in english if phrase in letter_text(data)] == []


def test_the_pdf_is_tagged(cast, referral):
    content = signed_in(cast.therapist).get(f"/worklist/{referral.pk}/referral-letter/").content

    assert b"pdfuaid" in content


def test_the_clinics_own_letterhead_comes_before_its_sites(cast, referral, set_letters):
    owner = signed_in(cast.owner)
    picture = io.BytesIO()
    Image.new("RGB", (40, 20), "teal").save(picture, "JPEG")
    fields = {
        "name": "Harbour Physio", "address": "Quay House\n1 Quay Road", "phone": "+44 20 7946 0999", "reply_to": "",
        "letter_footer": "Owner: Imogen Fairbairn", "country": "GB", "time_zone": "Europe/London", "language": "en",
    }  # fmt: skip
    saved = owner.post("/settings/clinic/", {**fields, "revision": str(cast.clinic.revision)})
    assert saved.status_code == 302
    logo = SimpleUploadedFile("logo.jpg", picture.getvalue(), "image/jpeg")
    assert owner.post("/settings/clinic/logo/", {"logo": logo}).status_code == 302

    answer = signed_in(cast.therapist).get(f"/worklist/{referral.pk}/referral-letter/")

    assert answer.content.startswith(b"%PDF-")
    [data] = set_letters
    assert data["clinic"] == "Harbour Physio"
    assert data["address"] == "Quay House\n1 Quay Road"
    assert data["phone"] == "Phone +44 20 7946 0999"
    assert data["footer"] == "Owner: Imogen Fairbairn"
    assert bytes(data["logo"]).startswith(b"\x89PNG")
    page = owner.get("/settings/clinic/").content.decode()
    assert "data:image/png;base64," in page
    assert owner.post("/settings/clinic/logo/", {"remove": "1"}).status_code == 302
    assert "data:image/png" not in owner.get("/settings/clinic/").content.decode()
