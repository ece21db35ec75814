#!/usr/bin/env python3
"""
A visit, end to end, against a running Palpate: import a patient, record a neck exam, treat it, sign both, and pull the
signed records back as another program. Needs httpx only.

    make run                                  in one terminal
    .venv/bin/python examples/record_a_visit.py     in another
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import secrets
import uuid
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

HERE = Path(__file__).resolve().parent
BUNDLE = HERE / "data" / "whiplash_patient.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--demo", type=Path, default=HERE.parent / ".data" / "demo.json", help="written by `make run`")
    parser.add_argument("--clinic", default="harbour")
    options = parser.parse_args()
    demo = json.loads(options.demo.read_text())
    therapist = next(u for u in demo["users"] if u["role"] == "therapist" and u["clinic"] == options.clinic)
    app = next(a for a in demo["apps"] if a["clinic"] == options.clinic)
    registry = next(c for c in demo["clients"] if c["clinic"] == options.clinic and "records:read" in c["scopes"])

    print(f"1. {therapist['email']} signs in through an app (authorization code with PKCE)")
    writer = Api(demo["url"], token_of_person(demo["url"], app, therapist))
    patient = import_patient(writer)
    assessment = record_exam(writer, patient)
    record_consents(writer, patient)
    session = record_treatment(writer, patient, assessment)
    print("5. Signing freezes both")
    for kind, document in (("assessments", assessment), ("sessions", session)):
        signed = writer.post(f"/{kind}/{document['id']}/sign/", None, revision=document["revision"])
        print(f"   {kind[:-1]:<10} is record {signed['sequence']}, sha256 {signed['sha256'][:16]}...")

    print("6. A program without a person pulls them (client credentials)")
    reader = Api(demo["url"], token_of_program(demo["url"], registry))
    pull(reader, patient)


# --- The steps ------------------------------------------------------------------------------------------------


def import_patient(api: Api) -> dict[str, Any]:
    report = api.post("/patients/imports/", {"format": "fhir_json", "content": BUNDLE.read_text(), "name": BUNDLE.name})
    line = report["lines"][0]
    patient = api.get(f"/patients/{line['patient_id']}/")
    print(f"2. {line['outcome']}: {patient['given_names']} {patient['family_name']}, born {patient['birth_date']},")
    print(f"   {len(patient['external_ids'])} identifiers, {len(patient['conditions'])} active conditions")
    return patient


def record_exam(api: Api, patient: dict[str, Any]) -> dict[str, Any]:
    """The neck case: four places, four different answers."""
    present, absent, untested = "present", "absent", "not_tested"

    def place(muscle: str, band: str, spot: str, referred: str, **more: Any) -> dict[str, Any]:
        signs = {"taut_band": band, "hypersensitive_spot": spot, "referred_pain": referred}
        return {"muscle": muscle, "side": "right", **signs, **more}

    exam = {
        "performed_at": moment(datetime.now(UTC) - timedelta(minutes=40)),
        "pain_now": 6,
        "pain_worst_24h": 8,
        "pain_best_24h": 3,
        "red_flags": ask_red_flags(api),
        "pain_drawing": [{"zone": "head.temple", "side": "right", "intensity": 6}],
        "range_of_motion": [
            {"movement": "cervical.rotation", "side": "right", "degrees": 52, "painful": True, "device": "goniometer"}
        ],
        "findings": [
            place(
                "trapezius_upper",
                present,
                present,
                absent,
                recognised="yes",
                palpable_nodule=present,
                spot_in_band="yes",
                pain_on_pressure=7,
                ppt_kpa=[186.3, 176.5, 180.4],
                place="mid-belly",
            ),
            place(
                "levator_scapulae",
                present,
                present,
                present,
                recognised="no",
                referred_to=[{"zone": "neck.shoulder_angle", "side": "right"}],
                referred_quality=["dull_ache"],
            ),
            place("suboccipitals", present, absent, untested),
            place("scm_sternal", present, absent, absent),
        ],
    }
    assessment = api.post(f"/patients/{patient['id']}/assessments/", exam)
    print("3. The exam, classified as the signs say")
    for finding in assessment["findings"]:
        missing = f"; would settle it: {', '.join(finding['missing_tests'])}" if finding["missing_tests"] else ""
        print(f"   {finding['muscle']:<17} {finding['criteria']:<14} {finding['class']}{missing}")
    return assessment


def ask_red_flags(api: Api) -> list[dict[str, Any]]:
    """An answer to every question that must be asked; without them no treatment is signed."""
    questions = api.get("/red-flags/")["results"]
    asked = [flag["id"] for flag in questions if flag["must_be_answered"] != ["on_request"]]
    notes = {"trauma_recent": "The whiplash is years ago."}
    return [{"code": code, "answer": "no", "note": notes.get(code, "")} for code in asked]


def record_consents(api: Api, patient: dict[str, Any]) -> None:
    """A needle in the upper trapezius needs consent for the neck and, as the lung is near, for the thorax."""
    texts = api.get("/consent-texts/?limit=200")["results"]
    for region in ("neck", "thorax"):
        wanted = ("dry_needling", region, "en")
        text = next(t for t in texts if (t["technique_class"], t["region"], t["language"]) == wanted)
        consent = {
            "technique_class": "dry_needling",
            "region": region,
            "language": "en",
            "text_version": text["version"],
            "how": "verbal",
            "signed_name": f"{patient['given_names']} {patient['family_name']}",
            "witness": "Sam Field",
            "given_at": moment(datetime.now(UTC) - timedelta(minutes=30)),
        }
        api.post(f"/patients/{patient['id']}/consents/", consent)
    print("   consent to dry needling at the neck and over the lung, spoken before a witness")


def record_treatment(api: Api, patient: dict[str, Any], assessment: dict[str, Any]) -> dict[str, Any]:
    point = assessment["findings"][0]["trigger_point"]
    before, after = {"phase": "before"}, {"phase": "after", "timing": "immediate"}
    treatment = {
        "performed_at": moment(datetime.now(UTC) - timedelta(minutes=20)),
        "interventions": [
            {
                "technique": "ischemic_compression",
                "trigger_point": point,
                "dose": {"hold_s": 60, "repetitions": 3, "pressure_discomfort_0_10": 6},
            },
            {
                "technique": "dry_needling",
                "trigger_point": point,
                "dose": {
                    "needling_technique": "deep_pistoning",
                    "needle_diameter_mm": 0.3,
                    "needle_length_mm": 25,
                    "insertions": 8,
                    "ltr_elicited": "yes",
                    "ltr_count": 3,
                    "pain_during_0_10": 4,
                    "needles_in": 1,
                    "needles_out": 1,
                    "haemostasis_s": 20,
                },
            },
            {
                "technique": "stretching",
                "trigger_point": point,
                "dose": {"hold_s": 30, "repetitions": 3, "direction": "side-bend away"},
            },
        ],
        "measures": [
            {"kind": "pain", "value": 6, **before},
            {"kind": "pain", "value": 4, **after},
            {"kind": "ppt_kpa", "value": 181.1, "trigger_point": point, **before},
            {"kind": "ppt_kpa", "value": 214.8, "trigger_point": point, **after},
        ],
        "response": "Tolerated well, warned of soreness for one to three days.",
    }
    session = api.post(f"/patients/{patient['id']}/sessions/", treatment)
    print("4. The treatment")
    for intervention in session["interventions"]:
        dose = ", ".join(f"{name} {value}" for name, value in intervention["dose"].items())
        print(f"   {intervention['technique']:<21} {dose}")
    return session


def pull(api: Api, patient: dict[str, Any]) -> None:
    history = api.get(f"/patients/{patient['id']}/history/")
    print(f"   history of the patient: {len(history['results'])} signed documents, newest first")
    for record in history["results"]:
        document = record["document"]
        whole = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        same = hashlib.sha256(whole).hexdigest() == record["sha256"]
        print(
            f"   #{record['sequence']:<4} {record['kind']:<10} {record['occurred_at'][:16]}Z {record['status']}, "
            f"signed by {document['signed_by']['name']}; hash recomputed here: {'same' if same else 'DIFFERS'}"
        )
    count, url = 0, "/records/?limit=200"
    while url:
        page = api.get(url)
        count, url = count + len(page["results"]), page["next"]
    print(f"   changes feed, from the first to the last: {count} records")
    verdict = api.get("/records/verify/")
    state = "holds" if verdict["ok"] else f"is BROKEN: {verdict['first_broken']}"
    print(f"   the chain of {verdict['records']} records {state}; keep this head as an anchor:")
    print(f"   {verdict['head']['sequence']}:{verdict['head']['sha256']}")


# --- The API --------------------------------------------------------------------------------------------------


class Api:
    """Palpate's API with a bearer token. Every POST has an Idempotency-Key, so that it may safely be sent again."""

    def __init__(self, url: str, token: str) -> None:
        self.root = f"{url}/api/v1"
        self.http = httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=30)

    def get(self, path: str) -> Any:
        return self._answer(self.http.get(path if path.startswith("http") else self.root + path))

    def post(self, path: str, body: Any, revision: int | None = None) -> Any:
        """Send a body; what cannot be undone says in If-Match which revision was read."""
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        if revision is not None:
            headers["If-Match"] = f'"{revision}"'
        return self._answer(self.http.post(self.root + path, json=body, headers=headers))

    def _answer(self, response: httpx.Response) -> Any:
        if response.is_error:
            raise SystemExit(
                f"{response.request.method} {response.request.url}: {json.dumps(response.json(), indent=2)}"
            )
        return response.json()


def token_of_program(url: str, client: dict[str, str]) -> str:
    answer = httpx.post(
        f"{url}/oauth/token/",
        data={"grant_type": "client_credentials"},
        auth=(client["client_id"], client["client_secret"]),
    )
    answer.raise_for_status()
    return str(answer.json()["access_token"])


def token_of_person(url: str, app: dict[str, str], person: dict[str, str]) -> str:
    """
    What a browser and an app do together: sign in, allow the app, exchange the code for a token (RFC 7636).
    """
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": app["client_id"],
        "redirect_uri": app["redirect_uri"],
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "state": secrets.token_urlsafe(8),
    }
    with httpx.Client(base_url=url, follow_redirects=False, timeout=30) as browser:
        form = fields_of(browser.get("/account/login/").text)
        signed_in = browser.post(
            "/account/login/", data={**form, "login": person["email"], "password": person["password"]}
        )
        if signed_in.status_code != 302:
            raise SystemExit(f"{person['email']} could not sign in; is demo.json that of this server?")
        consent = browser.get("/oauth/authorize/", params=asked)
        allowed = browser.post(
            "/oauth/authorize/", params=asked, data={**fields_of(consent.text), "allow": "Authorize"}
        )
        code = parse_qs(urlsplit(allowed.headers["location"]).query)["code"][0]
        answer = browser.post(
            "/oauth/token/",
            data={
                "grant_type": "authorization_code",
                "code": code,
                "client_id": app["client_id"],
                "redirect_uri": app["redirect_uri"],
                "code_verifier": verifier,
            },
        )
    answer.raise_for_status()
    return str(answer.json()["access_token"])


def fields_of(page: str) -> dict[str, str]:
    """The hidden fields of a page's last form."""

    class Hidden(HTMLParser):
        found: dict[str, str]

        def __init__(self) -> None:
            super().__init__()
            self.found = {}

        def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
            named = dict(attributes)
            if tag == "form":
                self.found = {}
            if tag == "input" and named.get("type") == "hidden":
                self.found[named["name"] or ""] = named.get("value") or ""

    parser = Hidden()
    parser.feed(page)
    return parser.found


def moment(value: datetime) -> str:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ")


if __name__ == "__main__":
    main()
