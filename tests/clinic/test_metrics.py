"""What operators see on /metrics, beside messages and backups."""

import re

import pytest
from django.conf import settings as configured
from django.test import Client
from redis.exceptions import ConnectionError

from clinic import metrics as page
from clinic.measuring import surface_of
from database import tenancy
from records import actions as records
from tests import builders
from tests.api import Api

TOKEN = "t" * 20


def read(settings):
    settings.METRICS_TOKEN = TOKEN
    text = Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).content.decode()
    return {
        line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
        for line in text.splitlines()
        if line and not line.startswith("#")
    }


def test_requests_are_counted_by_whom_they_are_for_and_how_they_were_answered(cast, settings):
    before = read(settings)
    Api(cast.therapist).get("/patients/")
    Api(cast.therapist).get("/patients/00000000-0000-0000-0000-000000000000/")
    Client().get("/account/login/")
    Client().get("/healthz")
    after = read(settings)
    grown = {name: value - before.get(name, 0) for name, value in after.items() if "palpate_request" in name}
    assert grown['palpate_requests_total{answer="2xx",surface="api"}'] == 1
    assert grown['palpate_requests_total{answer="4xx",surface="api"}'] == 1
    assert grown['palpate_requests_total{answer="2xx",surface="pages"}'] == 1
    assert grown['palpate_request_seconds_count{surface="api"}'] == 2
    assert not any("healthz" in name for name in after)


@pytest.mark.parametrize(
    ("path", "surface"),
    [("/api/v1/patients/", "api"), ("/c/abc/", "patients"), ("/admin/", "admin"), ("/", "pages"), ("/readyz", "")],
)
def test_a_path_belongs_to_one_surface(path, surface):
    assert surface_of(path) == surface


def test_chain_database_disk_queue_and_release(cast, settings, tmp_path):
    settings.BACKUP_DIR = str(tmp_path)
    slug = cast.clinic.slug
    api = Api(cast.therapist)
    with tenancy.scope(cast.clinic.pk):
        patient = builders.patient(cast.actor())
    exam = api.post(f"/patients/{patient.pk}/assessments/", builders.exam()).json()
    assert api.post(f"/assessments/{exam['id']}/sign/", {}).status_code == 200
    figures = read(settings)
    assert figures[f'palpate_chain_verified_age_seconds{{clinic="{slug}"}}'] == float("inf")
    with tenancy.scope(cast.clinic.pk):
        records.check_chain(clinic_id=cast.clinic.pk, by=cast.actor())
    figures = read(settings)
    assert 0 <= figures[f'palpate_chain_verified_age_seconds{{clinic="{slug}"}}'] < 600
    assert figures[f'palpate_chain_holds{{clinic="{slug}"}}'] == 1
    assert f'palpate_chain_holds{{clinic="{cast.other_clinic.slug}"}}' not in figures  # nothing is signed there
    assert figures["palpate_database_bytes"] > 1_000_000
    assert figures["palpate_database_connections_max"] > sum(
        value for name, value in figures.items() if name.startswith("palpate_database_connections{")
    )
    assert figures['palpate_disk_bytes{folder="backups"}'] > figures['palpate_disk_free_bytes{folder="backups"}'] > 0
    assert figures["palpate_queue_tasks"] >= 0
    assert figures[f'palpate_release{{version="{configured.VERSION}"}}'] == 1


def test_a_broker_that_is_away_stops_no_figure(cast, settings, monkeypatch):
    class Away:
        def llen(self, name):
            raise ConnectionError

    monkeypatch.setattr(page.valkey, "client", lambda url: Away())
    figures = read(settings)
    assert figures["palpate_queue_tasks"] != figures["palpate_queue_tasks"]  # NaN
    assert figures["palpate_database_bytes"] > 0


def test_the_version_is_written_in_one_place():
    assert re.fullmatch(r"\d+\.\d+\.\d+", configured.VERSION)
    pyproject = (configured.BASE_DIR / "pyproject.toml").read_text()
    assert pyproject.count(f'"{configured.VERSION}"') == 1
