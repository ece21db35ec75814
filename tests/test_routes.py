"""
Every route × who asks × whose data: no data for a stranger, a problem document for a refusal, a trace of both.

The table is held against the URL configuration: a new route without a line here fails.
"""

from __future__ import annotations

import copy
import json
import re
from datetime import timedelta
from functools import cache, cached_property
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from accounts import invitations
from accounts.models import Membership
from accounts.rules import ROLE_SCOPES
from accounts.web import emergency
from api.problems import problem
from api.views import ClinicView
from assessments import points
from assessments.models import TriggerPoint
from audit.models import AuditEvent
from changes import webhooks
from clinic import serving
from database import tenancy
from homecare.models import Picture, Programme
from homecare.programmes import actions as home
from homecare.programmes import templates as programme_templates
from messaging import actions as messages
from messaging.models import Message, Sending
from patient_forms import actions as forms
from patients import actions as patients
from patients.models import Condition, ImportRun, ImportUpload, OwnMedicine, Patient, ReviewItem
from patients.reading.incoming import Incoming, to_json
from privacy import actions as rights
from records import actions as records
from scheduling.booking import actions as booking
from scheduling.booking.locks import Time
from scheduling.models import Offer, Opening
from scheduling.series import actions as series
from scheduling.setup import actions as setup_actions
from scheduling.waitlist import actions as waitlist
from tests import builders
from tests.api import Api
from tests.conftest import make_cast
from tests.reading import revision_of
from tests.scheduling.conftest import make_desk
from treatments.plans import actions as plans
from treatments.safety_lists import add_entry
from worklist import actions as worklist

CLEARANCE = {"code": "inflammatory", "kind": "physician", "reason": "Seen by the rheumatologist."}
PROGRAMME = {"title": "Neck", "steps": [{"exercise": "chin_tuck", "dose": {"hold_s": 10, "repetitions": 5}}]}
TODAY = timezone.now().replace(hour=10, minute=0, second=0, microsecond=0)
SOON_AT = TODAY + timedelta(days=14 - TODAY.weekday())  # a Monday
SOON_IN = {"starts_at": SOON_AT.isoformat(), "therapist_id": "{therapist}", "room_id": "{rooms}"}
SOON = {**SOON_IN, "outside_hours": True}
PLAN = {"type_id": "{type}", "count": 2, "weeks": 2, "starts_on": f"{SOON_AT:%Y-%m-%d}"}
TREATMENT_PLAN = {"problem": "Neck pain", "sessions": 8, "weeks": 4, "minutes": 60}
HOURS = {"user_id": "{therapist}", "room_id": "{rooms}", "from_time": "18:00", "until_time": "19:00"}
# What can be booked: where it is, what to send for a new one, what to change in one.
SETUP = [
    ("sites", {"name": "Hill"}, {"address": "2 Hill Road"}),
    ("rooms", {"site_id": "{sites}", "name": "Three"}, {"name": "Four"}),
    ("appointment-types", {"name": "Long", "length_min": 60}, {"buffer_min": 5}),
    ("competencies", {"user_id": "{therapist}", "technique": "dry_needling"}, {"valid_until": "2099-01-01"}),
    ("hours", {**HOURS, "weekday": 2}, {"weekday": 3}),
    ("extra-hours", {**HOURS, "day": "2027-01-02"}, {"day": "2027-01-03"}),
    ("closures", {"first_day": "2027-01-01", "last_day": "2027-01-01"}, {"note": "New Year"}),
]
# Route below /api/v1/: method, scope, what to send. `{patient}` and so on are ids of the first clinic.
TEXT_KEY = {"technique_class": "dry_needling", "region": "neck", "language": "en"}
EVENT = builders.adverse_event()
ROUTES = [
    ("me/", "get", "", None),
    ("changes/", "get", "", None),
    ("webhooks/", "get", "webhooks:manage", None),
    ("webhooks/", "post", "webhooks:manage", {"url": "https://hooks.example.com/", "kinds": ["patient"]}),
    ("webhooks/{webhook}/", "get", "webhooks:manage", None),
    ("webhooks/{webhook}/", "patch", "webhooks:manage", {"description": "Billing"}),
    ("webhooks/{webhook}/", "delete", "webhooks:manage", None),
    ("webhooks/{webhook}/deliveries/", "get", "webhooks:manage", None),
    ("webhooks/{webhook}/rotate-secret/", "post", "webhooks:manage", {}),
    ("webhooks/{webhook}/pause/", "post", "webhooks:manage", {}),
    ("webhooks/{webhook}/resume/", "post", "webhooks:manage", {}),
    ("webhooks/{webhook}/replay/", "post", "webhooks:manage", {"from_sequence": 1}),
    ("webhooks/{webhook}/test/", "post", "webhooks:manage", {}),
    ("muscles/", "get", "", None),
    ("body-zones/", "get", "", None),
    ("movements/", "get", "", None),
    ("rule-sets/", "get", "", None),
    ("red-flags/", "get", "", None),
    ("techniques/", "get", "", None),
    ("patients/", "get", "patients:read", None),
    ("patients/", "post", "patients:write", {"family_name": "New"}),
    ("patients/search/", "post", "patients:read", {"q": "new"}),
    ("patients/imports/", "post", "patients:write", {"format": "fhir_ndjson", "content": "no patient"}),
    ("patients/imports/", "get", "patients:write", None),
    ("patients/imports/{run}/", "get", "patients:write", None),
    ("patients/imports/{run}/undo/", "post", "patients:write", {}),
    ("medicines/", "get", "patients:read", None),
    ("medicines/", "post", "safety:manage", {"name": "Ourex", "alert": "anticoagulant"}),
    ("medicines/{medicine}/", "delete", "safety:manage", None),
    ("patient-forms/", "get", "", None),
    ("patients/{patient}/forms/", "get", "patients:write", None),
    ("patients/{patient}/forms/", "post", "patients:write", {"form": "{reachable_form}"}),
    ("forms/{answered_form}/", "get", "assessments:read", None),
    ("forms/{answered_form}/accept/", "post", "assessments:write", {"keys": [], "patient_revision": 1}),
    ("forms/{answered_form}/dismiss/", "post", "assessments:write", {"note": "Nothing of it is right."}),
    ("forms/{form}/cancel/", "post", "patients:write", {}),
    ("patients/{patient}/plans/", "get", "treatments:read", None),
    ("patients/{patient}/plans/", "post", "treatments:write", TREATMENT_PLAN),
    ("plans/{plan}/", "get", "treatments:read", None),
    ("plans/{plan}/", "patch", "treatments:write", {"sessions": 6}),
    ("plans/{plan}/end/", "post", "treatments:write", {}),
    ("patients/{patient}/", "get", "patients:read", None),
    ("patients/{patient}/", "patch", "patients:write", {"pronouns": "they"}),
    ("patients/{patient}/duplicates/", "get", "patients:read", None),
    ("patients/{patient}/duplicates/", "post", "patients:write", {"other": "{other_patient}"}),
    ("patients/{patient}/merge/", "post", "patients:merge", {"into": "{other_patient}", "reason": "Same."}),
    ("patients/{patient}/history/", "get", "records:read", None),
    ("patients/{patient}/assessments/", "get", "assessments:read", None),
    ("patients/{patient}/assessments/", "post", "assessments:write", builders.exam()),
    ("patients/{patient}/red-flags/", "get", "assessments:read", None),
    ("patients/{patient}/red-flags/clearances/", "post", "assessments:write", CLEARANCE),
    ("finding-lines/", "post", "assessments:write", {"line": "upper trap right, band"}),
    ("outcome-measures/", "get", "", None),
    ("outcome-settings/", "get", "assessments:read", None),
    ("outcome-settings/", "patch", "safety:manage", {"weeks": [0, 4], "measures": ["ndi"]}),
    ("patients/{patient}/outcomes/", "get", "assessments:read", None),
    ("patients/{patient}/outcomes/", "post", "assessments:write", {"measure": "nprs", "value": 4}),
    (
        "patients/{patient}/outcomes/{outcome}/withdraw/",
        "post",
        "assessments:write",
        {"reason": "It was another patient."},
    ),
    ("patients/{patient}/trigger-points/", "get", "assessments:read", None),
    ("trigger-points/{point}/merge/", "post", "assessments:write", {"into": "{other_point}", "reason": "Same."}),
    ("trigger-points/{merged_point}/split/", "post", "assessments:write", {"reason": "Not the same."}),
    ("trigger-points/search/", "post", "treatments:read", {"muscle": "trapezius_upper", "not_treated_days": 14}),
    ("patients/{patient}/consents/", "get", "treatments:read", None),
    ("patients/{patient}/consents/", "post", "treatments:write", builders.consent()),
    ("patients/{patient}/consents/{consent}/withdraw/", "post", "treatments:write", {}),
    ("patients/{patient}/consents/{consent}/copies/", "post", "treatments:write", {"how": "printed"}),
    ("patients/{patient}/consents/withdrawals/", "post", "patients:write", {"reason": "{consent}"}),
    ("consent-texts/", "get", "treatments:read", None),
    ("consent-texts/", "post", "safety:manage", {**TEXT_KEY, "text": "Ours."}),
    ("aftercare-texts/", "get", "treatments:read", None),
    ("aftercare-texts/", "post", "safety:manage", {"language": "en", "expected": ["Soreness for a day."]}),
    ("consent-settings/", "get", "treatments:read", None),
    ("consent-settings/", "patch", "safety:manage", {"valid_days": 90}),
    ("patients/{patient}/adverse-events/", "get", "treatments:read", None),
    ("patients/{patient}/adverse-events/", "post", "treatments:write", EVENT | {"session": "{session}"}),
    ("patients/{patient}/adverse-events/{event}/", "get", "treatments:read", None),
    (
        "patients/{patient}/adverse-events/{event}/versions/",
        "post",
        "treatments:write",
        EVENT | {"version": 1, "reason": "It was the left side."},
    ),
    (
        "patients/{patient}/adverse-events/{event}/dismiss/",
        "post",
        "treatments:write",
        {"version": 1, "reason": "It was another patient."},
    ),
    ("adverse-events/rates/", "get", "treatments:read", None),
    ("sessions/{needled_session}/aftercare/", "get", "treatments:read", None),
    ("sessions/{needled_session}/aftercare/", "post", "treatments:write", {"how": "printed", "language": "en"}),
    ("lots/search/", "post", "treatments:read", {"lot": "L123"}),
    ("competencies/expiring/", "get", "scheduling:read", None),
    ("patients/{patient}/sessions/", "get", "treatments:read", None),
    ("patients/{patient}/sessions/", "post", "treatments:write", builders.treatment()),
    ("assessments/{assessment}/", "get", "assessments:read", None),
    ("assessments/{assessment}/", "patch", "assessments:write", {"pain_now": 2}),
    ("assessments/{assessment}/", "delete", "assessments:write", None),
    ("assessments/{assessment}/next-tests/", "get", "assessments:read", None),
    ("assessments/{assessment}/drawing/", "get", "assessments:read", None),
    ("assessments/{assessment}/sign/", "post", "assessments:write", {}),
    ("assessments/{signed_assessment}/addenda/", "post", "assessments:write", {"text": "more"}),
    ("assessments/{signed_assessment}/entered-in-error/", "post", "assessments:write", {"reason": "wrong patient"}),
    ("assessments/{signed_assessment}/revisions/", "post", "assessments:write", {}),
    ("sessions/{session}/", "get", "treatments:read", None),
    ("sessions/{session}/", "patch", "treatments:write", {"response": "Well."}),
    ("sessions/{session}/", "delete", "treatments:write", None),
    ("sessions/{session}/sign/", "post", "treatments:write", {}),
    ("sessions/{session}/safety/", "get", "treatments:read", None),
    ("safety-list/", "get", "treatments:read", None),
    ("safety-list/", "post", "safety:manage", {"code": "diabetes", "level": "stop"}),
    ("safety-list/{own_entry}/end/", "post", "safety:manage", {"reason": "No longer needed here."}),
    ("sessions/{signed_session}/addenda/", "post", "treatments:write", {"text": "more"}),
    ("sessions/{signed_session}/entered-in-error/", "post", "treatments:write", {"reason": "wrong"}),
    ("sessions/{signed_session}/revisions/", "post", "treatments:write", {}),
    ("exercises/", "get", "", None),
    ("patients/{patient}/programmes/", "get", "homecare:read", None),
    ("patients/{patient}/programmes/", "post", "homecare:write", PROGRAMME),
    ("programmes/{draft_programme}/", "get", "homecare:read", None),
    ("programmes/{draft_programme}/", "patch", "homecare:write", PROGRAMME),
    ("programmes/{draft_programme}/", "delete", "homecare:write", None),
    ("programmes/{programme}/safety/", "get", "assessments:read", None),
    ("programmes/{draft_programme}/publish/", "post", "homecare:write", {}),
    ("programmes/{programme}/pause/", "post", "homecare:write", {}),
    ("programmes/{paused_programme}/resume/", "post", "homecare:write", {}),
    ("programmes/{programme}/end/", "post", "homecare:write", {}),
    ("programmes/{programme}/reminders/", "get", "homecare:read", None),
    ("programmes/{programme}/reminders/", "post", "homecare:write", {"channels": [], "times": [], "weekdays": []}),
    ("programmes/{programme}/check-ins/", "get", "homecare:read", None),
    ("programmes/{programme}/adherence/", "get", "homecare:read", None),
    ("programmes/{noon_programme}/send-link/", "post", "homecare:write", {}),
    ("patients/{patient}/check-ins/", "get", "homecare:read", None),
    ("programme-templates/", "get", "homecare:read", None),
    ("programme-templates/", "post", "homecare:write", {"name": "Ours too", "content": PROGRAMME}),
    ("programme-templates/{template}/", "delete", "homecare:write", None),
    ("messages/", "get", "homecare:read", None),
    ("messages/pause/", "post", "scheduling:write", {}),
    ("messages/resume/", "post", "scheduling:write", {}),
    ("messages/{message}/send-again/", "post", "scheduling:write", {}),
    ("messages/{message}/resolve/", "post", "scheduling:write", {"went_out": True}),
    ("appointments/", "get", "scheduling:read", None),
    ("appointments/", "post", "scheduling:write", {"patient_id": "{patient}", "type_id": "{type}", **SOON}),
    ("appointments/{appointment}/", "get", "scheduling:read", None),
    ("appointments/{appointment}/", "patch", "scheduling:write", {"note": "Parks outside."}),
    ("appointments/{appointment}/move/", "post", "scheduling:write", SOON),
    ("appointments/{appointment}/swap/", "post", "scheduling:write", {"with_id": "{other_appointment}"}),
    ("appointments/{appointment}/status/", "post", "scheduling:write", {"status": "confirmed"}),
    ("appointments/{appointment}/changes/", "get", "scheduling:read", None),
    ("slots/", "get", "scheduling:read", {"type_id": "{type}"}),
    ("patients/{patient}/series/", "get", "scheduling:read", None),
    ("patients/{patient}/series/", "post", "scheduling:write", {**PLAN, "times": [SOON_IN]}),
    ("patients/{patient}/series/proposal/", "post", "scheduling:read", PLAN),
    ("series/{series}/", "get", "scheduling:read", None),
    ("series/{series}/end/", "post", "scheduling:write", {}),
    ("waitlist/", "get", "scheduling:read", None),
    ("waitlist/", "post", "scheduling:write", {"patient_id": "{patient}", "type_id": "{type}"}),
    ("waitlist/{waiting}/", "get", "scheduling:read", None),
    ("waitlist/{waiting}/leave/", "post", "scheduling:write", {}),
    ("offers/", "get", "scheduling:read", None),
    ("offers/{offer}/accept/", "post", "scheduling:write", {}),
    ("offers/{offer}/decline/", "post", "scheduling:write", {}),
    ("worklist/", "get", "scheduling:read", None),
    ("worklist/counts/", "get", "scheduling:read", None),
    ("worklist/{item}/reopen/", "post", "scheduling:write", {}),
    ("worklist/{item}/take/", "post", "scheduling:write", {}),
    ("worklist/{item}/done/", "post", "scheduling:write", {"outcome": "reached"}),
    ("worklist/{item}/snooze/", "post", "scheduling:write", {"until": SOON["starts_at"]}),
    ("recalls/", "post", "scheduling:write", {"patient_id": "{patient}", "due_at": SOON["starts_at"]}),
    ("scheduling/figures/", "get", "scheduling:read", None),
    ("scheduling/settings/", "get", "scheduling:read", None),
    ("scheduling/settings/", "patch", "scheduling:write", {"invite": False}),
    ("scheduling/feeds/{therapist}/", "post", "scheduling:write", {}),
    ("scheduling/feeds/{fed_therapist}/", "delete", "scheduling:write", None),
    *(
        line
        for kind, body, change in SETUP
        for line in (
            (f"{kind}/", "get", "scheduling:read", None),
            (f"{kind}/", "post", "scheduling:write", body),
            (f"{kind}/{{{kind.replace('-', '_')}}}/", "get", "scheduling:read", None),
            (f"{kind}/{{{kind.replace('-', '_')}}}/", "patch", "scheduling:write", change),
            (f"{kind}/{{{kind.replace('-', '_')}}}/", "delete", "scheduling:write", None),
        )
    ),
    ("patients/{patient}/export/", "get", "records:export", None),
    ("records/", "get", "records:read", None),
    ("records/export/", "get", "records:export", None),
    ("records/verify/", "get", "records:read", None),
    ("records/verifications/", "post", "records:read", {}),
    ("records/verifications/{verification}/", "get", "records:read", None),
    ("records/head/", "get", "records:read", None),
    ("records/checkpoint/", "get", "records:read", None),
    ("records/{record}/", "get", "records:read", None),
]
# Outside the API: who may see what there is tested where it belongs.
OTHER_ROUTES = {
    "emergency/", "emergency/leave/",
    "", "clinics/", "language/", "search/", "ui/", "chart/<str:version>/<str:language>/", "healthz", "readyz",
    "c/today/", "c/thanks/", "c/calendar/", "c/calendar/<str:token>.ics", "c/pictures/<uuid:picture_id>/",
    "c/<str:token>/", "s/<str:token>/", "metrics", "hooks/mail/<str:provider>/", "hooks/twilio/<uuid:clinic_id>/",
    "hooks/twilio/<uuid:clinic_id>/<uuid:message_id>/", "c/appointment/", "c/offer/", "c/consent/", "c/aftercare/",
    "c/form/", "c/form/thanks/",
    "c/feeds/<str:token>.ics",
    "oauth/authorize/", "oauth/token/", "oauth/revoke_token/",
    ".well-known/oauth-authorization-server", "api/v1/schema/", "api/v1/docs/",
}  # fmt: skip
# Pages: path to method and the scope that its person must have. Values in braces as above.
PAGES = {
    "clinic/display/": ("get", "owner"),
    "settings/": ("get", "patients:read"),
    "settings/start/": ("get", "owner"),
    "settings/clinic/": ("get", "owner"),
    "settings/clinic/logo/": ("post", "owner"),
    "settings/security/": ("get", "owner"),
    "settings/techniques/": ("get", "owner"),
    "settings/medicines/": ("get", "owner"),
    "settings/medicines/{medicine_id}/remove/": ("post", "owner"),
    "settings/people/": ("get", "owner"),
    "settings/people/invitations/{invitation_id}/{change}/": ("post", "owner"),
    "settings/people/{user_id}/": ("get", "owner"),
    "settings/people/{user_id}/roles/": ("post", "owner"),
    "settings/people/{user_id}/hand-over/": ("post", "owner"),
    "settings/people/{user_id}/deactivate/": ("post", "owner"),
    "settings/programs/": ("get", "owner"),
    "settings/programs/{client_id}/secret/": ("post", "owner"),
    "settings/programs/{client_id}/revoke/": ("post", "owner"),
    "settings/audit/": ("get", "owner"),
    "settings/rights/": ("get", "owner"),
    "settings/rights/{case_id}/end/": ("post", "owner"),
    "patients/{patient_id}/rights/": ("get", "owner"),
    "patients/{patient_id}/rights/export/{form}/": ("get", "owner"),
    "patients/{patient_id}/access/": ("get", "owner"),
    "clinic/signing/": ("get", "owner"),
    "patients/": ("get", "patients:read"),
    "patients/new/": ("get", "patients:write"),
    "patients/imports/": ("get", "patients:write"),
    "patients/imports/review/": ("get", "patients:write"),
    "patients/imports/review/{review_id}/": ("post", "patients:write"),
    "patients/imports/files/{upload_id}/": ("get", "patients:write"),
    "patients/imports/{run_id}/": ("get", "patients:write"),
    "patients/imports/{run_id}/undo/": ("post", "patients:write"),
    "patients/{patient_id}/": ("get", "patients:read"),
    "patients/{patient_id}/briefing/": ("get", "assessments:read"),
    "patients/{patient_id}/edit/": ("get", "patients:write"),
    "patients/{patient_id}/conditions/": ("get", "patients:read"),
    "patients/{patient_id}/conditions/{fact_id}/end/": ("post", "patients:write"),
    "patients/{patient_id}/two-people/": ("post", "patients:write"),
    "patients/{patient_id}/merge/{other_id}/": ("get", "patients:merge"),
    "patients/{patient_id}/alerts/": ("get", "patients:read"),
    "patients/{patient_id}/alerts/{alert_id}/end/": ("post", "patients:write"),
    "patients/{patient_id}/exams/new/": ("post", "assessments:write"),
    "patients/{patient_id}/sessions/new/": ("post", "treatments:write"),
    "patients/{patient_id}/red-flags/": ("get", "assessments:read"),
    "patients/{patient_id}/red-flags/{code}/clear/": ("post", "assessments:write"),
    "exams/{exam_id}/": ("get", "assessments:write"),
    "exams/{exam_id}/changes/": ("get", "assessments:write"),
    "exams/{exam_id}/discard/": ("post", "assessments:write"),
    "sessions/{session_id}/": ("get", "treatments:write"),
    "sessions/{session_id}/changes/": ("get", "treatments:write"),
    "sessions/{session_id}/discard/": ("post", "treatments:write"),
    "sessions/{session_id}/safety/": ("get", "treatments:write"),
    "patients/{patient_id}/consents/": ("get", "treatments:read"),
    "patients/{patient_id}/consents/new/": ("get", "treatments:write"),
    "patients/{patient_id}/consents/withdraw/": ("get", "patients:write"),
    "patients/{patient_id}/consents/{signing_id}/": ("get", "treatments:read"),
    "patients/{patient_id}/consents/{signing_id}/copy/": ("post", "treatments:write"),
    "patients/{patient_id}/consents/{consent_id}/withdraw/": ("post", "treatments:write"),
    "patients/{patient_id}/adverse-events/": ("get", "treatments:read"),
    "patients/{patient_id}/adverse-events/new/": ("get", "treatments:write"),
    "patients/{patient_id}/adverse-events/{event_id}/": ("get", "treatments:read"),
    "patients/{patient_id}/adverse-events/{event_id}/edit/": ("get", "treatments:write"),
    "patients/{patient_id}/adverse-events/{event_id}/dismiss/": ("post", "treatments:write"),
    "adverse-events/": ("get", "treatments:read"),
    "adverse-events/export/": ("get", "treatments:read"),
    "sessions/{session_id}/aftercare/": ("get", "treatments:write"),
    "competencies/": ("get", "owner"),
    "settings/webhooks/": ("get", "owner"),
    "settings/webhooks/{webhook_id}/": ("get", "owner"),
    "settings/webhooks/{webhook_id}/{change}/": ("post", "owner"),
    "consents/texts/": ("get", "owner"),
    "aftercare/texts/": ("get", "owner"),
    "lots/": ("get", "treatments:read"),
    "points/": ("get", "treatments:read"),
    "points/{point_id}/merge/": ("post", "assessments:write"),
    "points/{point_id}/split/": ("post", "assessments:write"),
    "patients/{patient_id}/points/": ("get", "assessments:read"),
    "safety-list/": ("get", "treatments:read"),
    "patients/{patient_id}/forms/": ("get", "patients:write"),
    "exams/line/": ("post", "assessments:write"),
    "patients/{patient_id}/outcomes/": ("get", "assessments:read"),
    "patients/{patient_id}/outcomes/new/": ("get", "assessments:write"),
    "patients/{patient_id}/outcomes/{outcome_id}/withdraw/": ("get", "assessments:write"),
    "clinic/outcomes/": ("get", "owner"),
    "patients/{patient_id}/plans/new/": ("get", "treatments:write"),
    "plans/{plan_id}/": ("get", "treatments:read"),
    "plans/{plan_id}/edit/": ("get", "treatments:write"),
    "plans/{plan_id}/end/": ("post", "treatments:write"),
    "plans/{plan_id}/book/": ("get", "scheduling:write"),
    "plans/{plan_id}/discharge-summary/": ("get", "treatments:read"),
    "forms/{form_id}/": ("get", "assessments:write"),
    "forms/{form_id}/cancel/": ("post", "patients:write"),
    "patients/{patient_id}/home/": ("get", "homecare:read"),
    "patients/{patient_id}/programmes/new/": ("get", "homecare:write"),
    "programmes/{programme_id}/": ("get", "homecare:read"),
    "programmes/{programme_id}/edit/": ("get", "homecare:write"),
    "programmes/{programme_id}/reminders/": ("get", "homecare:write"),
    "programmes/{programme_id}/link/": ("post", "homecare:write"),
    "programmes/{programme_id}/sheet/": ("get", "assessments:read"),
    "programmes/{programme_id}/template/": ("post", "homecare:write"),
    "programmes/{programme_id}/{change}/": ("post", "homecare:write"),
    "programmes/pictures/": ("get", "homecare:write"),
    "programmes/pictures/{picture_id}/": ("get", "homecare:read"),
    "programmes/templates/{template_id}/delete/": ("post", "homecare:write"),
    "messages/": ("get", "homecare:read"),
    "messages/next/": ("get", "homecare:read"),
    "messages/pause/": ("post", "scheduling:write"),
    "messages/resume/": ("post", "scheduling:write"),
    "messages/settings/": ("get", "owner"),
    "messages/words/": ("get", "owner"),
    "messages/{message_id}/again/": ("post", "scheduling:write"),
    "messages/{message_id}/resolve/": ("post", "scheduling:write"),
    "worklist/": ("get", "scheduling:read"),
    "worklist/{item_id}/referral-letter/": ("get", "assessments:read"),
    "worklist/{item_id}/snooze/": ("post", "scheduling:write"),
    "calendar/": ("get", "scheduling:read"),
    "calendar/feed/": ("get", "scheduling:read"),
    "appointments/new/": ("get", "scheduling:write"),
    "appointments/{appointment_id}/": ("get", "scheduling:read"),
    "appointments/{appointment_id}/move/": ("post", "scheduling:write"),
    "appointments/{appointment_id}/status/": ("post", "scheduling:write"),
    "appointments/{appointment_id}/swap/": ("post", "scheduling:write"),
    "appointments/{appointment_id}/note/": ("post", "scheduling:write"),
    "patients/{patient_id}/book/": ("get", "scheduling:write"),
    "patients/{patient_id}/wait/": ("post", "scheduling:write"),
    "patients/{patient_id}/recall/": ("post", "scheduling:write"),
    "patients/{patient_id}/appointments/": ("get", "scheduling:read"),
    "series/{series_id}/end/": ("post", "scheduling:write"),
    "waitlist/": ("get", "scheduling:read"),
    "waitlist/{waiting_id}/leave/": ("post", "scheduling:write"),
    "waitlist/offers/{offer_id}/": ("post", "scheduling:write"),
    "figures/": ("get", "scheduling:read"),
    "scheduling/": ("get", "scheduling:write"),
    "scheduling/booking/": ("get", "scheduling:write"),
    "scheduling/week/{therapist_id}/": ("get", "scheduling:write"),
    "scheduling/{kind}/": ("get", "scheduling:write"),
    "scheduling/{kind}/{pk}/": ("get", "scheduling:write"),
    "scheduling/{kind}/{pk}/remove/": ("post", "scheduling:write"),
    "worklist/{item_id}/take/": ("post", "scheduling:write"),
    "worklist/{item_id}/leave/": ("post", "scheduling:write"),
    "worklist/{item_id}/done/": ("post", "scheduling:write"),
    "worklist/{item_id}/reopen/": ("post", "scheduling:write"),
    "documents/{kind}/{document_id}/": ("get", "assessments:read"),
    "documents/{kind}/{document_id}/review/": ("get", "assessments:write"),
    "documents/{kind}/{document_id}/pdf/": ("get", "assessments:read"),
    "documents/{kind}/{document_id}/addendum/": ("post", "assessments:write"),
    "documents/{kind}/{document_id}/revision/": ("post", "assessments:write"),
    "documents/{kind}/{document_id}/entered-in-error/": ("get", "assessments:write"),
}
SENT = {
    "text": "More.", "name": "Assigned to me", "outcome": "reached", "went_out": "yes", "days": "1", "months": "3",
    "status": "confirmed", "starts_at": SOON["starts_at"], "outside_hours": "1", "answer": "no",
    "note": "Parks outside.", "how": "printed", "reason": "The device was removed.",
    "version": "1", "remove": "1",
}  # fmt: skip
SIGNED_ONLY = ("pdf/", "addendum/", "revision/", "entered-in-error/")
PERSONS = ["owner", "therapist", "staff"]


def all_patterns(resolver=None, before=""):
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            yield from all_patterns(pattern, before + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            yield before + str(pattern.pattern), pattern.callback


def test_every_route_has_its_lines():
    named = {re.sub(r"\{\w+\}", "{}", f"api/v1/{path}") for path, *_ in ROUTES}
    lines = {(re.sub(r"\{\w+\}", "{}", path), method) for path, method, *_ in ROUTES}
    for route, callback in all_patterns():
        if route.startswith(("admin/", "account/")) or route in OTHER_ROUTES:
            continue
        if not route.startswith("api/"):
            assert re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route) in PAGES, f"{route} has no line in PAGES"
            continue
        plain = re.sub(r"<[^>]+>", "{}", route)
        assert plain in named, f"{route} has no line in tests/test_routes.py"
        view = callback.view_class
        methods = {m for m in ("get", "post", "put", "patch", "delete") if hasattr(view, m)}
        assert {(plain.removeprefix("api/v1/"), m) for m in methods} <= lines, route


def test_every_view_states_its_scopes_and_what_it_leaves_in_the_trail():
    for route, callback in all_patterns():
        view = getattr(callback, "view_class", None)
        if view is None or not issubclass(view, ClinicView):
            continue
        methods = {m for m in ("get", "post", "put", "patch", "delete") if hasattr(view, m)}
        assert methods == set(view.scopes), route
        of_patients = {m for m in methods if view.scopes[m]}
        assert of_patients <= set(view.audit_action), route


class Ids(dict):
    """Ids of the first clinic's things; those of home programmes are made when a route asks for them."""

    def __init__(self, cast, patient):
        super().__init__()
        self.cast, self.patient = cast, patient

    def __missing__(self, name):
        with tenancy.scope(self.cast.clinic.pk):
            self[name] = str(getattr(self, f"make_{name}")())
        return self[name]

    def make_alert(self):
        return patients.note_alert(
            patient=Patient.objects.get(pk=self.patient),
            alert=patients.NewAlert("pacemaker"),
            by=self.cast.actor(),
            at=timezone.now(),
        ).pk

    def make_invitation(self):
        by = self.cast.actor(self.cast.owner)
        options = {"email": "new@example.org", "role": "staff", "by": by, "at": timezone.now()}
        return invitations.invite(clinic=self.cast.clinic, **options).pk

    def make_case(self):
        at = timezone.now()
        options = {"reason": "A claim is pending.", "revision": None, "by": self.cast.actor(self.cast.owner), "at": at}
        return rights.hold(patient_id=self.patient, **options).pk

    def make_fact(self):
        patient, by = Patient.objects.get(pk=self.patient), self.cast.actor()
        fact = patients.NewFact(text="Asthma")
        return patients.note_fact(model=Condition, patient=patient, fact=fact, by=by, at=timezone.now()).pk

    def make_run(self):
        at = timezone.now()
        return ImportRun.objects.create(clinic=self.cast.clinic, started_at=at, files=["a.csv"]).pk

    def make_upload(self):
        content = b"external_id,family_name\n1,Import\n"
        upload = ImportUpload(clinic=self.cast.clinic, name="a.csv", content=content, created_at=timezone.now())
        upload.save()
        return ImportUpload.objects.get().pk

    def make_review(self):
        item = ReviewItem.objects.create(
            clinic=self.cast.clinic,
            run_id=self["run"],
            patient_id=self.patient,
            reason="name_differs",
            place="a.csv row 2",
            incoming=to_json(Incoming(place="a.csv row 2", details={"family_name": "Import"})),
            identity="x",
            created_at=timezone.now(),
        )
        return item.pk

    def make_medicine(self):
        return OwnMedicine.objects.create(clinic=self.cast.clinic, name="Ours", alert="anticoagulant").pk

    def make_reachable_form(self):
        """The code of a form, of a patient who can be sent one."""
        self.make_reachable()
        return "pain_drawing"

    def make_reachable(self):
        contact = {"email": "ada@mail.example", "consent_email": "granted", "birth_date": "1980-02-01"}
        return Patient.objects.filter(pk=self.patient).update(**contact)

    def make_draft_programme(self):
        by = self.cast.actor()
        return home.start_programme(patient_id=self.patient, content=PROGRAMME, by=by, at=timezone.now()).pk

    def make_programme(self):
        Patient.objects.filter(pk=self.patient).update(email="ada@mail.example", consent_email="granted")
        programme = Programme.objects.select_related("patient").get(pk=self.make_draft_programme())
        options = {"baseline_pain": 3, "review_on": None, "ends_on": None, "at": timezone.now()}
        home.publish(revision=None, programme=programme, by=self.cast.actor(), **options)
        return programme.pk

    def make_noon_programme(self):
        made = self.make_programme()
        Sending.objects.update_or_create(
            clinic=self.cast.clinic, defaults={"quiet_from": "00:00", "quiet_until": "00:00"}
        )
        Patient.objects.filter(pk=self.patient).update(birth_date="1980-02-01")
        return made

    def make_paused_programme(self):
        programme = Programme.objects.select_related("patient").get(pk=self.make_programme())
        home.pause_programme(revision=None, programme=programme, by=self.cast.actor(), at=timezone.now())
        return programme.pk

    def make_own_entry(self):
        entry = {
            "level": "stop",
            "is_overridable": False,
            "label": "Ours",
            "reason": "Ours.",
            "source": "The team",
            "tags": ["hands_on"],
        }
        return add_entry(entry=entry, by=self.cast.actor(self.cast.owner), at=timezone.now()).code

    def make_picture(self):
        return Picture.objects.create(
            clinic=self.cast.clinic, name="ball", content=b"x", width_px=1, height_px=1, made_by=self.cast.therapist
        ).pk

    def make_template(self):
        return programme_templates.save_template(name="Ours", content=PROGRAMME, by=self.cast.actor()).pk

    @cached_property
    def given(self):
        return Api(self.cast.therapist).post(f"/patients/{self.patient}/consents/", builders.consent()).json()

    def make_consent(self):
        return self.given["id"]

    def make_signing(self):
        return self.given["signing_id"]

    def make_point(self):
        own = {"clinic_id": self.cast.clinic.pk, "patient_id": self.patient, "side": "right"}
        return TriggerPoint.objects.create(**own, muscle_id="trapezius_upper").pk

    make_other_point = make_point

    def make_merged_point(self):
        merged = {"point_id": self.make_point(), "into_id": self.make_point(), "reason": "Same."}
        points.merge_points(**merged, by=self.cast.actor(), at=timezone.now())
        return merged["point_id"]

    def make_event(self):
        event = builders.adverse_event(session=self["session"])
        return Api(self.cast.therapist).post(f"/patients/{self.patient}/adverse-events/", event).json()["event_id"]

    def make_outcome(self):
        body = {"measure": "nprs", "value": 5}
        return Api(self.cast.therapist).post(f"/patients/{self.patient}/outcomes/", body).json()["id"]

    def make_form(self):
        self.make_reachable()
        by = self.cast.actor()
        return forms.send_form(patient_id=self.patient, form="intake", by=by, at=timezone.now()).pk

    def make_plan(self):
        assert self["ended_plan"]  # made first: a patient has one plan that runs
        return self.start_plan()

    def start_plan(self):
        content = plans.rules.PlanContent(problem="Neck pain", sessions=8, weeks=4, minutes=60)
        at = timezone.now()
        return plans.make_plan(patient_id=self.patient, content=content, by=self.cast.actor(), at=at).pk

    def make_ended_plan(self):
        result = plans.PlanResult()
        by, at = self.cast.actor(), timezone.now()
        return plans.end_plan(plan_id=self.start_plan(), result=result, revision=None, by=by, at=at).pk

    def make_answered_form(self):
        form_id = self.make_form()
        forms.answer_form(request_id=form_id, answers={"city": "Hull"}, by=self.cast.actor(), at=timezone.now())
        return form_id

    def make_needled_session(self):
        needled = builders.treatment(interventions=[builders.needling()])
        return Api(self.cast.therapist).post(f"/patients/{self.patient}/sessions/", needled).json()["id"]

    def make_message(self):
        made = messages.enqueue(
            kind="review_due",
            channel="email",
            patient_id=self.patient,
            about_id=self.patient,
            dedupe_key="route",
            due_at=timezone.now(),
            by=self.cast.actor(),
        )
        Message.objects.filter(pk=made.pk).update(state="unknown")
        return made.pk

    def make_webhook(self):
        by = self.cast.actor(self.cast.owner)
        return webhooks.subscribe(url="https://hooks.example.com/", kinds=["patient"], by=by, at=timezone.now())[0].pk

    def make_item(self):
        return worklist.raise_item(
            kind="silent",
            patient_id=self.patient,
            about_id=self.patient,
            facts={},
            by=self.cast.actor(),
            at=timezone.now(),
        )[0]

    def make_referral_item(self):
        return worklist.raise_item(
            kind="referral",
            patient_id=self.patient,
            about_id=UUID(self["signed_assessment"]),
            facts={},
            by=self.cast.actor(),
            at=timezone.now(),
        )[0]

    # --- Scheduling ---

    @cached_property
    def desk(self):
        return make_desk(self.cast, self.cast.actor(self.cast.staff))

    def make_type(self):
        return self.desk.kind.pk

    def make_rooms(self):
        return self.desk.room.pk

    def make_sites(self):
        return self.desk.room.site_id

    def make_therapist(self):
        return self.cast.therapist.pk

    def make_fed_therapist(self):
        by = self.cast.actor(self.cast.staff)
        setup_actions.make_feed(user_id=self.cast.therapist.pk, by=by, at=timezone.now())
        return self.cast.therapist.pk

    def setup(self, kind):
        body = next(body for name, body, _change in SETUP if name == kind)
        answer = Api(self.cast.staff).post(f"/{kind}/", filled_in(body, self))
        assert answer.status_code == 201, answer.content
        return answer.json()["id"]

    def booked(self, patient_id, hours):
        by = self.cast.actor(self.cast.staff)
        time = Time(SOON_AT + timedelta(hours=hours), self.cast.therapist.pk, self.desk.room.pk)
        return booking.book(
            patient_id=patient_id, type_id=self.desk.kind.pk, time=time, outside_hours=True, by=by, at=timezone.now()
        )

    def make_appointment(self):
        return self.booked(self.patient, 1).pk

    def make_other_appointment(self):
        return self.booked(UUID(self["other_patient"]), 2).pk

    def make_series(self):
        plan = series.SeriesPlan(type_id=self.desk.kind.pk, count=2, weeks=2, starts_on=SOON_AT.date())
        times = [Time(SOON_AT + timedelta(hours=3), self.cast.therapist.pk, self.desk.room.pk)]
        by = self.cast.actor(self.cast.staff)
        return series.book_series(patient_id=self.patient, plan=plan, times=times, by=by, at=timezone.now())[0].pk

    def make_waiting(self):
        return waitlist.join(
            patient_id=self.patient, type_id=self.desk.kind.pk, by=self.cast.actor(), at=timezone.now()
        ).pk

    def make_verification(self):
        verification = uuid4()
        records.check_chain(clinic_id=self.cast.clinic.pk, by=self.cast.actor(), check_id=verification)
        return verification

    def make_offer(self):
        now = timezone.now()
        waiting_id = self.make_waiting()
        opening = Opening.objects.create(
            id=uuid4(),
            clinic=self.cast.clinic,
            therapist=self.cast.therapist,
            room=self.desk.room,
            starts_at=SOON_AT + timedelta(hours=4),
            ends_at=SOON_AT + timedelta(hours=5),
            made_at=now,
        )
        return Offer.objects.create(
            id=uuid4(),
            clinic=self.cast.clinic,
            patient_id=self.patient,
            waiting_id=waiting_id,
            opening=opening,
            therapist=self.cast.therapist,
            room=self.desk.room,
            starts_at=opening.starts_at,
            made_at=now,
            expires_at=now + timedelta(hours=1),
        ).pk


for _kind, *_rest in SETUP:
    if _kind not in ("sites", "rooms"):
        setattr(Ids, f"make_{_kind.replace('-', '_')}", lambda self, kind=_kind: self.setup(kind))


def filled_in(value, ids):
    """What is to be sent, with ids in the place of their names."""
    if isinstance(value, dict):
        return {key: filled_in(one, ids) for key, one in value.items()}
    if isinstance(value, list):
        return [filled_in(one, ids) for one in value]
    return value.format_map(ids) if isinstance(value, str) and value.startswith("{") else value


class Unknown(dict):
    def __missing__(self, name):
        return str(uuid4())


@cache  # another module's tests may ask for it too, in the same worker
def make_world():
    """Two clinics of these tests' own, and in the first a patient with documents: what every case starts from."""
    cast = make_cast("-routes")
    with tenancy.scope(cast.clinic.pk):
        patient = builders.patient(cast.actor()).pk
    therapist = Api(cast.therapist)

    def write(kind, body, *, sign=False):
        document = therapist.post(f"/patients/{patient}/{kind}/", body).json()["id"]
        if sign:
            assert therapist.post(f"/{kind}/{document}/sign/").status_code == 200
        return document

    flagged = builders.exam(red_flags=builders.screen(yes=["inflammatory"]))
    ids = {
        "patient": str(patient),
        "other_patient": therapist.post("/patients/", {"family_name": "Twin"}).json()["id"],
        "assessment": write("assessments", builders.exam()),
        "signed_assessment": write("assessments", flagged, sign=True),
        "session": write("sessions", builders.treatment()),
        "signed_session": write("sessions", builders.treatment(), sign=True),
    }
    ids["record"] = therapist.get("/records/").json()["results"][0]["id"]
    return cast, ids


@pytest.fixture(scope="session")
def world(committed_once):
    return committed_once(make_world)


@pytest.fixture
def cast(world, db):
    return copy.deepcopy(world[0])


@pytest.fixture
def ids(world, cast):
    found = Ids(cast, UUID(world[1]["patient"]))
    found |= world[1]
    return found


def ask(client, path, method, body, ids, **headers):
    filled = filled_in(body or {}, ids)
    if method in ("patch", "delete"):
        headers.setdefault("If_Match", "*")
    sent = {"body": filled} if body or method not in ("get", "delete") else {}
    return client.request(method, "/" + path.format_map(ids), **sent, **headers)


def content(answer):
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def last_event(cast):
    return AuditEvent.objects.order_by("-id").first()


@pytest.mark.parametrize(("path", "method", "scope", "body"), ROUTES)
def test_nobody_gets_nothing(path, method, scope, body, api, cast, ids):
    answer = ask(api(None), path, method, body, ids)

    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("path", "method", "scope", "body"), ROUTES)
def test_a_stranger_gets_no_data(path, method, scope, body, api, cast, ids):
    """A therapist of another clinic, with every scope, asks for the first clinic's things."""
    answer = ask(api(cast.stranger), path, method, body, ids)

    if scope and scope not in ROLE_SCOPES["therapist"]:
        assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")
    elif "{" in path:
        assert answer.status_code == 404, content(answer)
        assert answer.json()["code"] == "not_found"
        if scope:
            with tenancy.scope(cast.other_clinic.pk):
                event = last_event(cast)
            assert (event.outcome, event.code, event.user_id) == ("refused", "not_found", cast.stranger.pk)
    else:
        # Lists and exports: their own clinic's, which is empty.
        assert answer.status_code in (200, 201, 202, 403) or (body and answer.status_code in (400, 404))
    for identity in ids.values():
        assert identity.encode() not in content(answer) or path.startswith("patients/{patient}/merge")


@pytest.mark.parametrize("role", PERSONS)
@pytest.mark.parametrize(("path", "method", "scope", "body"), ROUTES)
def test_each_role_gets_what_its_scopes_say(path, method, scope, body, role, api, cast, ids):
    answer = ask(api(getattr(cast, role)), path, method, body, ids)
    data = content(answer)

    if scope and scope not in ROLE_SCOPES[role]:
        assert answer.status_code == 403, data
        assert answer.json()["code"] == "missing_scope"
        assert answer.json()["scope"] == scope
        outcome = "refused"
    else:
        assert answer.status_code in (200, 201, 202, 204), data
        outcome = "ok"
    if scope:
        with tenancy.scope(cast.clinic.pk):
            event = last_event(cast)
        assert (event.outcome, event.user_id) == (outcome, getattr(cast, role).pk)
        assert event.ip == "127.0.0.1"
        if outcome == "ok" and "{patient}" in path:
            assert event.patient_ids


@pytest.mark.parametrize(("path", "method", "scope", "body"), [line for line in ROUTES if line[2]])
def test_a_program_without_the_scope_is_told_which(path, method, scope, body, api, cast, ids):
    from accounts.rules import SCOPES

    others = " ".join(s for s in SCOPES if s != scope)
    program = builders.program(cast.clinic, scopes=others, acts_for=cast.therapist)

    answer = ask(api(program), path, method, body, ids)

    assert (answer.status_code, answer.json()["scope"]) == (403, scope)


@pytest.mark.parametrize("path", sorted({line[0] for line in ROUTES if "{" in line[0]}))
def test_an_unknown_id_is_not_found(path, api, cast, ids):
    method, scope, body = next(line[1:] for line in ROUTES if line[0] == path)
    person = cast.therapist if not scope or scope in ROLE_SCOPES["therapist"] else cast.owner

    assert ask(api(person), path, method, body, Unknown()).status_code == 404


def names_it(answer, name, code):
    """Whether an answer refuses this query parameter by its name."""
    assert answer.status_code == 400, content(answer)
    assert answer["Content-Type"] == "application/problem+json"
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [(f"?{name}", code)]


@pytest.mark.parametrize(("path", "method", "scope", "body"), ROUTES)
def test_an_unknown_parameter_is_refused_by_name(path, method, scope, body, api, cast, ids):
    """A filter that is misspelt and ignored would answer with everybody's rows."""
    person = cast.therapist if not scope or scope in ROLE_SCOPES["therapist"] else cast.owner
    program = api(person)
    if method == "get":
        answer = ask(program, path, method, (body or {}) | {"patientId": str(uuid4())}, ids)
    else:
        answer = ask(program, f"{path}?patientId=1", method, body, ids)

    assert names_it(answer, "patientId", "unknown_parameter")
    allowed = answer.json()["errors"][0]["params"]["allowed"]
    assert all(name in answer.json()["errors"][0]["detail"] for name in ["patientId", *allowed])


@pytest.mark.parametrize(("path", "scope", "body"), [(p, s, b) for p, method, s, b in ROUTES if method == "get"])
def test_a_repeated_parameter_is_refused_by_name(path, scope, body, api, cast, ids):
    person = cast.therapist if not scope or scope in ROLE_SCOPES["therapist"] else cast.owner
    program = api(person)
    declared = ask(program, path, "get", {"patientId": "1"}, ids).json()["errors"][0]["params"]["allowed"]
    lists = {"therapist_id", "room_id", "weekday", "regions"} | ({"kind"} if path == "changes/" else set())

    for name in ["limit", *declared]:
        if name not in lists:
            answer = ask(program, path, "get", (body or {}) | {name: ["1", "1"]}, ids)
            assert names_it(answer, name, "repeated_parameter" if name in declared else "unknown_parameter")


def test_a_list_parameter_may_be_repeated(api, cast, ids):
    query = {"type_id": ids["type"], "weekday": ["1", "2"], "therapist_id": [str(cast.therapist.pk)] * 2}

    assert api(cast.staff).get("/slots/", query).status_code == 200


def test_names_and_birth_dates_are_refused_with_the_way_to_search(api, cast):
    answer = api(cast.therapist).get("/patients/", {"q": "okafor", "Q": "okafor", "format": "csv"})

    codes = {error["pointer"]: error["code"] for error in answer.json()["errors"]}
    assert codes == {"?q": "invalid", "?Q": "unknown_parameter", "?format": "unknown_parameter"}


def test_the_schema_takes_no_unknown_parameter():
    answer = Client().get("/api/v1/schema/?patientId=1")

    assert names_it(answer, "patientId", "unknown_parameter")
    assert Client().get("/api/v1/schema/").status_code == 200


def test_more_parameters_than_django_reads_are_a_problem_too(api, cast):
    answer = api(cast.therapist).get("/patients/", {f"p{number}": "1" for number in range(1100)})

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


@pytest.mark.parametrize(("path", "scope"), [(path, scope) for path, m, scope, _body in ROUTES if m == "patch"])
def test_a_change_without_a_body_is_refused(path, scope, api, cast, ids):
    """Without a length nothing can be read: both would answer 200 and change nothing."""
    program = api(cast.therapist if scope in ROLE_SCOPES["therapist"] else cast.owner)
    filled = f"/api/v1/{path}".format_map(ids)
    headers = {**program.headers, "If-Match": "*"}

    for content_type in ("application/json", ""):
        answer = program.client.patch(filled, content_type=content_type, headers=headers)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "required")
    answer = program.client.patch(filled, headers=headers, HTTP_TRANSFER_ENCODING="chunked")
    assert (answer.status_code, answer.json()["code"]) == (411, "length_required")
    assert answer["Content-Type"] == "application/problem+json"


@cache
def schema():
    return Client().get("/api/v1/schema/").json()


def shape_of(path, method):
    """The schema of a route's body."""
    template = "/api/v1/" + re.sub(r"\{\w+\}", "{}", path)
    operations = next(ops for name, ops in schema()["paths"].items() if re.sub(r"\{\w+\}", "{}", name) == template)
    return operations[method].get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})


WITH_A_BODY = [line for line in ROUTES if line[1] in ("post", "patch")]


def id_pointers(shape, body, before=""):
    """Pointers to each id that may be sent: those that the shape has at a place where the body has an object."""
    if "$ref" in shape:
        shape = schema()["components"]["schemas"][shape["$ref"].rsplit("/", 1)[-1]]
    for option in shape.get("oneOf", shape.get("allOf", shape.get("anyOf", []))):
        yield from id_pointers(option, body, before)
    if isinstance(body, dict):
        for name, inner in shape.get("properties", {}).items():
            inner_items = inner.get("items", {})
            if inner.get("format") == "uuid":
                yield f"{before}/{name}"
            elif inner_items.get("format") == "uuid":
                yield f"{before}/{name}/0"
            elif name in body:
                yield from id_pointers(inner, body[name], f"{before}/{name}")
    elif isinstance(body, list):
        for place, item in enumerate(body):
            yield from id_pointers(shape.get("items", {}), item, f"{before}/{place}")


def with_id(body, pointer, value):
    """The body, with the value at the pointer."""
    changed = copy.deepcopy(body)
    *parents, name = pointer.split("/")[1:]
    if name == "0":
        *parents, name = parents
        value = [value]
    inner = changed
    for parent in parents:
        inner = inner[int(parent) if isinstance(inner, list) else parent]
    inner[name] = value
    return changed


@pytest.mark.parametrize(("path", "method", "scope", "body"), WITH_A_BODY)
def test_an_unknown_id_in_a_body_points_at_its_field(path, method, scope, body, api, cast, ids):
    """Without the field, a program that sends three ids cannot know which of them it has to correct."""
    shape = shape_of(path, method)
    program = api(cast.therapist if not scope or scope in ROLE_SCOPES["therapist"] else cast.owner)
    filled = filled_in(body or {}, ids)

    wrong = {}
    for pointer in sorted(set(id_pointers(shape, filled))):
        if path == "programme-templates/" and pointer.endswith(("/lasting", "/trigger_point")):
            continue  # a template leaves out what is one patient's
        answer = ask(program, path, method, with_id(filled, pointer, str(uuid4())), ids)
        refused = [error["pointer"] for error in answer.json().get("errors", [])]
        if answer.status_code not in (400, 409) or refused != [pointer]:
            wrong[pointer] = (answer.status_code, content(answer))
    assert wrong == {}


def choices_at(shape, body, before=""):
    """Pointers to each value of the body that is one of some codes, with these."""
    if "$ref" in shape:
        shape = schema()["components"]["schemas"][shape["$ref"].rsplit("/", 1)[-1]]
    for option in shape.get("oneOf", shape.get("allOf", shape.get("anyOf", []))):
        yield from choices_at(option, body, before)
    if "enum" in shape and isinstance(body, str):
        yield before, [code for code in shape["enum"] if code]
    if isinstance(body, dict):
        for name, inner in shape.get("properties", {}).items():
            if name in body:
                yield from choices_at(inner, body[name], f"{before}/{name}")
    elif isinstance(body, list):
        for place, item in enumerate(body):
            yield from choices_at(shape.get("items", {}), item, f"{before}/{place}")


@pytest.mark.parametrize(("path", "method", "scope", "body"), WITH_A_BODY)
def test_a_code_that_is_not_there_is_refused_with_those_that_are(path, method, scope, body, api, cast, ids):
    program = api(cast.therapist if not scope or scope in ROLE_SCOPES["therapist"] else cast.owner)
    filled = filled_in(body or {}, ids)
    seen = set()

    for pointer, codes in choices_at(shape_of(path, method), filled):
        place = re.sub(r"\d+", "", pointer)
        if place in seen:
            continue
        seen.add(place)
        answer = ask(program, path, method, with_id(filled, pointer, "nothing_like_it"), ids)

        assert answer.status_code == 400, (pointer, content(answer))
        errors = {error["pointer"]: error for error in answer.json()["errors"]}
        assert sorted(errors[pointer]["params"]["choices"]) == sorted(codes), errors
        assert "Choose one of: " in errors[pointer]["detail"]


class SlashlessClient(Client):
    """Cuts the slash at the end of each path."""

    def generic(self, method, path, *args, **options):
        return super().generic(method, path.removesuffix("/"), *args, **options)


@pytest.mark.parametrize(("path", "method", "scope", "body"), ROUTES)
def test_a_path_works_without_its_last_slash(path, method, scope, body, api, cast, ids):
    """Clients follow a redirected POST with a GET: it succeeds, and nothing is saved."""
    program = api(cast.therapist if not scope or scope in ROLE_SCOPES["therapist"] else cast.owner)
    program.client = SlashlessClient(raise_request_exception=False)

    answer = ask(program, path, method, body, ids)

    assert answer.status_code in (200, 201, 202, 204), content(answer)
    assert answer.wsgi_request.path.endswith("/")


@pytest.mark.parametrize(
    "path", ["oauth/token", "oauth/revoke_token", "oauth/authorize", "api/v1/schema", "api/v1/docs"]
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_other_paths_of_programs_work_without_their_last_slash(path, method, db):
    answers = [getattr(Client(), method)(f"/{path}{slash}") for slash in ("", "/")]

    assert [answer.status_code for answer in answers] == [answers[1].status_code] * 2
    assert answers[0].status_code != 301


@pytest.mark.parametrize(
    ("path", "method", "status", "code"),
    [
        ("/oauth/token/", "get", 405, "method_not_allowed"),
        ("/oauth/token/", "put", 405, "method_not_allowed"),
        ("/oauth/token", "delete", 405, "method_not_allowed"),
        ("/oauth/revoke_token/", "get", 405, "method_not_allowed"),
        ("/api/v1/docs/", "post", 405, "method_not_allowed"),
        ("/api/v1/schema/", "post", 405, "method_not_allowed"),
        ("/api/v1/patients/", "brew", 401, "not_authenticated"),
        ("/oauth/token/nothing/", "post", 404, "not_found"),
        ("/api/", "get", 404, "not_found"),
        ("/api/v1/\x00", "get", 404, "not_found"),
    ],
)
def test_each_refusal_on_a_programs_path_is_a_problem(path, method, status, code, db):
    answer = Client(raise_request_exception=False).generic(method.upper(), path)

    assert answer["Content-Type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer["X-Request-ID"]


def test_another_host_is_refused_with_a_problem(db):
    answer = Client(raise_request_exception=False).get("/api/v1/me/", headers={"Host": "elsewhere.example"})

    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


def test_what_is_refused_before_django_reads_as_django_refuses_it():
    assert problem(400, "bad_request") == json.loads(serving.problem_bytes(400))
    assert problem(500, "internal_error") == json.loads(serving.problem_bytes(500))


def test_a_token_is_issued_without_the_last_slash(cast):
    program = builders.program(cast.clinic, acts_for=cast.therapist)
    secret = {"client_id": program.client_id, "client_secret": builders.SECRET}
    sent = {"grant_type": "client_credentials", **secret}

    answer = Client().post("/oauth/token", sent)

    assert (answer.status_code, answer.json()["token_type"]) == (200, "Bearer")


def test_a_page_is_redirected_to_its_last_slash(cast):
    client = Client()
    client.force_login(cast.therapist)

    assert client.get("/patients")["Location"] == "/patients/"
    assert Client().post("/api/v1/nothing", {}).json()["code"] == "not_found"


def test_a_path_that_is_not_there_is_a_problem_too(api, cast):
    for path in ("/nothing/", "/patients/not-a-uuid/"):
        answer = api().get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert answer["Content-Type"] == "application/problem+json"
    assert api().request("put", "/patients/", {}).json()["code"] == "method_not_allowed"


# --- Pages ----------------------------------------------------------------------------------------------------


def revision_seen(names):
    """The revision that the page's form carries."""
    if "exam_id" in names and names.get("kind") == "exam" and set(names) == PLAIN_NAMES:
        return revision_of("assessments", names["exam_id"])
    for name, collection in SEEN.items():
        if name in names:
            return revision_of(collection, names[name])
    return 1


PLAIN_NAMES = {"form", "patient_id", "exam_id", "session_id", "kind", "code", "other_id", "therapist_id"}
SEEN = {
    "programme_id": "programmes", "message_id": "messages", "item_id": "worklist", "series_id": "series",
    "waiting_id": "waitlist", "offer_id": "offers", "appointment_id": "appointments",
    "webhook_id": "webhooks",
}  # fmt: skip


def fill_page(path, ids):
    """Return a page's address with ids in the place of their names, and these."""
    kind, exam = "exam", ids["signed_assessment" if path.endswith(SIGNED_ONLY) else "assessment"]
    names = {"patient_id": ids["patient"], "exam_id": exam, "session_id": ids["session"], "kind": kind}
    names["other_id"] = ids["other_patient"]
    names["form"] = "json"
    names["code"] = "dvt_calf"  # not open: the page says so
    names["therapist_id"] = ids.cast.therapist.pk
    if path.startswith("scheduling/"):
        names |= {"kind": "hours"} | ({"pk": ids["hours"]} if "{pk}" in path else {})
    things = (
        "alert",
        "fact",
        "review",
        "upload",
        "run",
        "consent",
        "signing",
        "event",
        "programme",
        "picture",
        "template",
        "message",
        "item",
        "appointment",
        "series",
        "waiting",
        "offer",
        "form",
        "plan",
        "medicine",
        "point",
        "outcome",
    )
    for name in things:
        if f"{{{name}_id}}" in path:
            # Whoever asks for a link in the evening is told that it is quiet now.
            particular = {
                "programmes/{programme_id}/link/": "noon_",
                "worklist/{item_id}/referral-letter/": "referral_",
                "forms/{form_id}/": "answered_",
                "plans/{plan_id}/discharge-summary/": "ended_",
                "points/{point_id}/split/": "merged_",
            }
            names[f"{name}_id"] = ids[f"{particular.get(path, '')}{name}"]
    change = "pause"
    if path.startswith("settings/"):
        names |= {"user_id": ids.cast.colleague.pk, "client_id": ids.cast.program.pk}
        change = "resend"
        if "{webhook_id}" in path:
            names["webhook_id"], change = ids["webhook"], "pause"
        if "{case_id}" in path:
            names["case_id"] = ids["case"]
        if "{invitation_id}" in path:
            names["invitation_id"] = ids["invitation"]
    filled = "/" + path.format(**names, document_id=exam, change=change)
    if path.endswith("changes/"):
        filled += f"?tab={uuid4()}&revision=1"
    return filled, names


def ask_page(user, path, method, ids, **headers):
    client = Client()
    if user is not None:
        client.force_login(user)
    filled, names = fill_page(path, ids)
    sent = SENT | ({"with": ids["other_appointment"]} if path.endswith("swap/") else {})
    sent |= {"into": ids["other_point"]} if path.startswith("points/{point_id}/merge") else {}
    sent |= {"decision": "left_out"} if "review_id" in path else {}
    sent |= {"type": ids["type"]} if path.endswith("wait/") else {}
    sent |= {"add": "staff", "to": str(ids.cast.therapist.pk)} if path.startswith("settings/people/") else {}
    sent |= {"other": ids["other_patient"]} if path.endswith("two-people/") else {}
    if method == "post":
        with tenancy.scope(ids.cast.clinic.pk):
            sent |= {"revision": str(revision_seen(names))}
    return getattr(client, method)(filled, sent if method == "post" else None, headers=headers)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_sends_nobody_to_sign_in(path, cast, ids):
    answer = ask_page(None, path, PAGES[path][0], ids)

    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/login/?next=")


@pytest.mark.parametrize("path", [path for path, (method, _scope) in PAGES.items() if method == "post"])
def test_a_nul_in_a_form_is_refused_before_anything_is_done(path, cast, ids, monkeypatch):
    monkeypatch.setattr("tests.test_routes.SENT", SENT | {"note": "a\x00b"})
    assert ask_page(cast.owner, path, "post", ids).status_code == 400


@pytest.mark.parametrize("path", [path for path in PAGES if re.search(r"{(?!kind)", path)])
def test_a_page_of_another_clinic_is_not_there(path, cast, ids):
    method, scope = PAGES[path]
    answer = ask_page(cast.stranger, path, method, ids)

    assert answer.status_code == (403 if scope == "patients:merge" else 404)  # the stranger is no owner
    assert b"Okafor" not in answer.content
    with tenancy.scope(cast.other_clinic.pk):
        event = last_event(cast)
    assert (event.outcome, event.user_id) == ("refused", cast.stranger.pk)


@pytest.mark.parametrize("role", PERSONS)
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_for_roles_with_its_scope(path, role, cast, ids):
    method, scope = PAGES[path]
    answer = ask_page(getattr(cast, role), path, method, ids)

    if scope == role or scope in ROLE_SCOPES[role]:
        assert answer.status_code in (200, 302), answer.content
        outcome = "ok"
    else:
        assert answer.status_code in (403, 404)
        assert b"trapezius" not in answer.content.lower()
        outcome = "refused"
    assert answer["Cache-Control"].startswith("max-age=0, no-cache, no-store") or answer.status_code == 302
    if not path.endswith(("changes/", "new/")) or outcome == "refused":
        with tenancy.scope(cast.clinic.pk):
            event = last_event(cast)
        assert (event.outcome, event.user_id) == (outcome, getattr(cast, role).pk)


def test_an_owner_reads_everything_in_an_emergency_and_nothing_is_saved(cast, ids, settings, tmp_path):
    """Every page and every GET of the API, while PostgreSQL refuses each write."""
    settings.EMERGENCY_TRAIL = str(tmp_path)
    for role in ("therapist", "staff"):  # so that no page is refused for its scope
        with tenancy.scope(cast.clinic.pk):
            Membership.objects.create(clinic=cast.clinic, user=cast.owner, role=role)
    assert ids["ended_plan"]  # before one that runs: there is one at a time
    wanted = [fill_page(path, ids)[0] for path, (method, _scope) in PAGES.items() if method == "get"]
    read = [(path, filled_in(body or {}, ids)) for path, method, _scope, body in ROUTES if method == "get"]
    queries = [f"?{urlencode(query)}" if query else "" for _path, query in read]
    wanted += [f"/api/v1/{path.format_map(ids)}{query}" for (path, _), query in zip(read, queries, strict=True)]
    with tenancy.scope(cast.clinic.pk):
        Sending.objects.all().delete()  # nothing that a page made earlier may be needed
    client = Client(raise_request_exception=False)
    client.cookies[emergency.COOKIE] = emergency.make_cookie(cast.owner.pk, cast.clinic.pk)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL transaction_read_only = on")

    answers = {}
    for path in ["/", *wanted]:
        point = transaction.savepoint()
        answer = client.get(path)
        transaction.savepoint_rollback(point)
        answers[path] = answer.status_code

    assert len(answers) > 140
    wrong = {path: status for path, status in answers.items() if status not in (200, 302)}
    assert wrong == {"/api/v1/records/export/": 503}
