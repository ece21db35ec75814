"""Every page and state: axe in one theme, contrast in both; nothing stored; a strict policy; light; no other host."""

from __future__ import annotations

import pytest

from tests.browser.conftest import DESK, PHONE, TABLET, faults, saved
from tests.committed import superuser

pytestmark = pytest.mark.long
MOST_KB = 150


def desk_pages(page, writer, patient_id):
    """(name, how to get there) of the desk's pages, with an appointment of the patient's."""
    kind = writer.get("/appointment-types/").json()["results"][0]
    slot = writer.get("/slots/", params={"type_id": kind["id"], "limit": 200}).json()["results"][-1]
    booked = writer.post(
        "/appointments/",
        json={
            "patient_id": patient_id,
            "type_id": kind["id"],
            **{name: slot[name] for name in ("starts_at", "therapist_id", "room_id")},
        },
    ).json()["id"]
    day = slot["starts_at"][:10]
    for path in (
        f"/calendar/?on={day}",
        f"/calendar/?view=week&on={day}",
        f"/calendar/?by=room&on={day}",
        f"/calendar/?view=week&on={day}&only={slot['therapist_id']}",
        "/calendar/feed/",
        "/appointments/new/",
        f"/appointments/{booked}/?free=same",
        f"/patients/{patient_id}/book/",
        f"/patients/{patient_id}/book/?type={kind['id']}",
        f"/patients/{patient_id}/appointments/",
        f"/patients/{patient_id}/book/?type={kind['id']}&count=6&weeks=3",
        "/waitlist/",
        "/figures/",
        "/scheduling/",
        "/scheduling/appointment-types/",
        "/scheduling/closures/",
        "/scheduling/booking/",
    ):
        yield path, lambda path=path: page.goto(path)


def states(person_, page, writer, patient_id):
    """(name, how to get there) for all pages of a therapist."""
    exam = {
        "performed_at": "2026-01-05T09:00:00Z",
        "pain_now": 6,
        "red_flags": [{"code": "inflammatory", "answer": "yes"}],
        "range_of_motion": [{"movement": "cervical.rotation", "side": "right", "degrees": 52}],
        "findings": [
            {
                "muscle": "levator_scapulae",
                "side": "right",
                "taut_band": "present",
                "hypersensitive_spot": "present",
                "recognised": "yes",
                "ppt_kpa": [180],
            }
        ],
    }
    for day in ("2026-01-05", "2026-02-05"):
        made = writer.post(f"/patients/{patient_id}/assessments/", json={**exam, "performed_at": f"{day}T09:00:00Z"})
        writer.post(f"/assessments/{made.json()['id']}/sign/")
    signed = made.json()["id"]

    def exam_screen():
        person_.new_exam(page, patient_id)
        page.fill("#find", "tra")
        page.keyboard.press("Enter")
        page.locator('details[open] input[data-path$="/referred_pain"][type=radio][value=present]').click()
        page.click("[data-more] > summary")
        saved(page)

    yield "today", lambda: page.goto("/")
    yield (
        "search",
        lambda: (
            page.click("[data-search] >> nth=0"),
            page.fill("#search-text", "lev"),
            page.wait_for_selector("#search-found li"),
        ),
    )
    yield "patients", lambda: page.goto("/patients/")
    yield (
        "no patients",
        lambda: (page.goto("/patients/"), page.fill("#q", "zzzz"), page.wait_for_selector("#lines .empty")),
    )
    yield "new patient", lambda: page.goto("/patients/new/")
    yield "edit details", lambda: page.goto(f"/patients/{patient_id}/edit/")
    yield "conditions and medicines", lambda: page.goto(f"/patients/{patient_id}/conditions/")
    yield "patient", lambda: page.goto(f"/patients/{patient_id}/")
    yield (
        "patient with all open",
        lambda: page.evaluate("document.querySelectorAll('main details').forEach((part) => (part.open = true))"),
    )
    yield "briefing", lambda: page.goto(f"/patients/{patient_id}/briefing/")
    yield (
        "red flags of the patient",
        lambda: (page.goto(f"/patients/{patient_id}/red-flags/"), page.click("details.sure > summary >> nth=0")),
    )
    yield "trigger points", lambda: page.goto(f"/patients/{patient_id}/points/")
    yield "search trigger points", lambda: (page.goto("/points/"), page.click("form button.button:has-text('Search')"))
    yield "exam", exam_screen
    for sheet in ("red-flags", "range", "pain", "notes", "keys"):
        yield (
            sheet,
            lambda sheet=sheet: (
                page.evaluate("document.querySelectorAll('dialog[open]').forEach(d => d.close())"),
                page.click(f"[data-open={sheet}]"),
            ),
        )
    yield (
        "drawing",
        lambda: (
            page.evaluate("document.querySelectorAll('dialog[open]').forEach(d => d.close())"),
            page.click("[data-drawing]"),
            page.focus("body-chart .zone[tabindex='0']"),
            page.keyboard.press("Enter"),
            page.wait_for_selector("[data-suggestion]"),
        ),
    )
    yield "review", lambda: page.goto(page.url.split("#")[0].replace("/exams/", "/documents/exam/") + "review/")
    yield "document", lambda: page.goto(f"/documents/exam/{signed}/")
    yield (
        "session",
        lambda: (
            person_.new_session(page, patient_id),
            page.click("button[data-point]"),
            page.click("[data-technique=dry_needling]"),
        ),
    )
    content = {
        "title": "Neck",
        "steps": [
            {"exercise": "chin_tuck", "dose": {"hold_s": 10, "repetitions": 5}},
            {
                "exercise": "self_pressure",
                "muscle": "trapezius_upper",
                "side": "left",
                "dose": {"hold_s": 60, "intensity_from": 5, "intensity_to": 6, "repetitions": 2, "times_per_day": 2},
                "limit_reasons": {"alert_anticoagulant": "Presses gently."},
            },
        ],
    }
    programme = writer.post(f"/patients/{patient_id}/programmes/", json=content).json()["id"]
    yield "new programme", lambda: page.goto(f"/patients/{patient_id}/programmes/new/")
    yield "builder", lambda: page.goto(f"/programmes/{programme}/edit/")
    tag = writer.get(f"/programmes/{programme}/").headers["ETag"]
    content["steps"][1]["dose"]["hold_s"] = 40
    writer.patch(f"/programmes/{programme}/", json=content, headers={"If-Match": tag})
    assert writer.post(f"/programmes/{programme}/publish/", json={}).status_code == 200
    for path in ("", "reminders/", "sheet/"):
        yield f"programme {path}", lambda path=path: page.goto(f"/programmes/{programme}/{path}")
    yield from desk_pages(page, writer, patient_id)
    for path in ("/worklist/?show=all", "/messages/?show=all", "/messages/next/", "/programmes/pictures/"):
        yield path, lambda path=path: page.goto(path)
    yield "house style", lambda: page.goto("/ui/")
    for path in ("/account/", "/account/password/change/", "/account/access/", "/account/2fa/", "/clinics/"):
        yield path, lambda path=path: page.goto(path)
    yield "locked", lambda: (page.goto("/account/"), page.click("text=Lock now"))


@pytest.mark.parametrize("viewport", [TABLET, PHONE, DESK], ids=["tablet", "phone", "desk"])
def test_axe_finds_nothing(person, writer, patient_id, viewport):
    therapist = person(viewport=viewport, reduced_motion="reduce")
    page = therapist.sign_in()
    found = []
    for name, reach in states(therapist, page, writer, patient_id):
        reach()
        therapist.wait_until_quiet(page)
        found += [(name, *fault) for fault in faults(page)]
        assert page.evaluate("() => localStorage.length + sessionStorage.length") == 0
        assert page.evaluate("async () => (await caches.keys()).length + (await indexedDB.databases()).length") == 0
        wide = page.evaluate("() => document.documentElement.scrollWidth > innerWidth + 1")
        assert not wide, f"{name} is wider than the screen"
    assert found == []


def settings_pages(patient_id):
    return [
        "/",
        "/settings/",
        "/settings/start/",
        "/settings/clinic/",
        "/settings/security/",
        "/settings/techniques/",
        "/settings/medicines/",
        "/settings/people/",
        "/settings/programs/",
        "/settings/webhooks/",
        "/settings/audit/",
        "/clinic/display/",
        "/clinic/signing/",
        "/competencies/",
        "/settings/rights/",
        "/clinic/outcomes/",
        f"/patients/{patient_id}/outcomes/",
        f"/patients/{patient_id}/rights/",
        f"/patients/{patient_id}/access/",
        f"/patients/{patient_id}/forms/",
    ]


@pytest.mark.parametrize("viewport", [TABLET, PHONE], ids=["tablet", "phone"])
def test_axe_finds_nothing_in_the_settings(person, patient_id, viewport):
    owner = person("owner", viewport=viewport, reduced_motion="reduce")
    page = owner.sign_in()
    found = []
    for path in settings_pages(patient_id):
        assert page.goto(path).status == 200, path
        owner.wait_until_quiet(page)
        found += [(path, *fault) for fault in faults(page)]
        wide = page.evaluate("() => document.documentElement.scrollWidth > innerWidth + 1")
        assert not wide, f"{path} is wider than the screen"
    assert found == []


def test_pages_of_strangers(person):
    from axe_playwright_python.sync_playwright import Axe

    stranger = person()
    page = stranger.page()
    for path in ("/", "/account/login/", "/account/signup/", "/nothing-here/"):
        page.goto(path)
        assert Axe().run(page).response["violations"] == [], path


def test_the_policy_has_no_exceptions(person, patient_id):
    therapist = person()
    page = therapist.sign_in()
    answer = page.goto(f"/patients/{patient_id}/")
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "*" not in policy
    assert answer.headers["cache-control"].endswith("private")
    assert answer.headers["referrer-policy"] == "same-origin"


def test_the_exam_screen_is_light(person, patient_id):
    therapist = person()
    page = therapist.sign_in()
    client = therapist.context.new_cdp_session(page)
    client.send("Network.enable")
    client.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes = []
    client.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    url = therapist.new_exam(page, patient_id)
    sizes.clear()
    page.goto(url)
    page.wait_for_selector("body[data-ready]")
    page.wait_for_load_state("networkidle")

    assert sum(sizes) / 1000 < MOST_KB, sizes


@pytest.mark.parametrize("role", ["staff", "owner"])
def test_each_role_starts_where_its_work_is(person, role, patient_id):
    someone = person(role)
    page = someone.sign_in_by_hand()
    shown = page.inner_text("main")
    assert ("Administration" in shown) is (role == "owner")
    assert ("New patient" in shown) is (role == "staff") or role == "owner"
    page.goto(f"/patients/{patient_id}/")
    assert page.locator("form[action$='/exams/new/']").count() == 0
    assert ("Trigger points" in page.inner_text("main")) is (role == "owner")


def test_search_opens_by_key_and_finds(person, patient_id, writer):
    name = writer.get(f"/patients/{patient_id}/").json()["family_name"]
    therapist = person()
    page = therapist.sign_in()
    page.keyboard.press("/")
    page.keyboard.type(name.lower())
    page.wait_for_selector(f"#search-found >> text={name}")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/patients/{patient_id}/")


@pytest.fixture
def no_keys_after(running):
    """Whoever has a passkey is asked for it from then on; the other tests sign in by password."""
    yield
    with superuser() as connection:
        connection.execute("DELETE FROM mfa_authenticator")


def test_a_passkey_opens_the_door(person, no_keys_after):
    therapist = person("staff")
    page = therapist.sign_in()
    client = therapist.context.new_cdp_session(page)
    client.send("WebAuthn.enable")
    key = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    client.send("WebAuthn.addVirtualAuthenticator", {"options": key})
    page.goto("/account/2fa/passkeys/add/")
    if "reauthenticate" in page.url:
        page.fill("input[type=password]", therapist.user["password"])
        page.click("main form button")
    page.check("input[name=passwordless]")
    page.click("#mfa_webauthn_add")
    page.wait_for_url(lambda url: "/add/" not in url)
    page.goto("/account/")
    page.click("main >> text=Sign out")
    page.goto("/account/login/")
    page.click("#passkey_login")
    page.wait_for_selector("h1:has-text('Today')")


def test_every_zone_and_muscle_is_reachable_by_keyboard(person, patient_id):
    import catalogue

    therapist = person()
    page = therapist.sign_in()
    therapist.new_exam(page, patient_id)
    reached = page.evaluate(
        """async () => {
          const chart = document.querySelector('body-chart');
          const found = {zones: new Set(), muscles: new Set()};
          for (const layer of ['zones', 'muscles']) {
            chart.setLayer(layer);
            for (const view of Object.keys(chart.catalogue.views)) {
              chart.show(view);
              for (const shape of chart.querySelectorAll(layer === 'zones' ? '.zone' : '.muscle')) {
                shape.focus();
                if (shape.getAttribute('role') === 'button' && shape.getAttribute('aria-label')) {
                  found[layer].add(shape.dataset.zone || shape.dataset.muscle);
                }
              }
            }
          }
          return [found.zones.size, found.muscles.size];
        }"""
    )
    assert reached == [len(catalogue.ZONES), len(catalogue.MUSCLES)] == [111, 108]
