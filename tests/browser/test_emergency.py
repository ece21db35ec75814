"""While nothing can be saved, no page of an owner offers what would be answered with 503."""

from __future__ import annotations

import pytest

from accounts.models import Clinic, User
from accounts.web import emergency

# Every control in sight that would send something, but for searches and the way out.
OFFERED = """() => [...document.querySelectorAll(
  'form[method="post"] button, form[method="post"] [type="submit"], [hx-post], button[form], a[href^="/account/"]')]
  .filter((one) => one.checkVisibility() && one.type !== 'button' && one.type !== 'search')
  .filter((one) => !one.closest('[data-reads], [role="search"], dialog'))
  .map((one) => one.outerHTML.slice(0, 120))"""
PAGES = [
    "/",
    "/patients/",
    "/patients/{patient}/",
    "/patients/{patient}/alerts/",
    "/patients/{patient}/appointments/",
    "/worklist/?show=all",
    "/calendar/",
    "/waitlist/",
    "/messages/",
    "/settings/",
    "/settings/people/",
    "/settings/clinic/",
    "/safety-list/",
    "/scheduling/rooms/",
]


@pytest.fixture
def reader(person, running, settings, tmp_path):
    settings.EMERGENCY_TRAIL = str(tmp_path)
    someone = person("staff")
    owner = next(user for user in running.facts["users"] if "owner" in user["role"] and user["clinic"] == "harbour")
    cookie = emergency.make_cookie(
        User.objects.get(email=owner["email"]).pk, Clinic.objects.get(slug=owner["clinic"]).pk
    )
    someone.context.add_cookies([{"name": emergency.COOKIE, "value": cookie, "url": running.url}])
    return someone.page()


def test_nothing_that_would_save_is_in_sight(reader, patient_id):
    for path in PAGES:
        answer = reader.goto(path.format(patient=patient_id))
        assert answer.status == 200, path
        assert reader.locator("body[data-reads-only]").count() == 1, path
        assert reader.evaluate(OFFERED) == [], path
        assert reader.get_by_text("Reading in an emergency until").is_visible(), path


def test_a_search_and_the_way_out_stay(reader):
    reader.goto("/patients/")
    assert reader.get_by_role("link", name="New patient").count() == 0
    assert reader.locator("#q").is_visible()
    assert reader.get_by_role("button", name="Stop reading").is_visible()
