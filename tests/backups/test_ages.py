"""How old the backups are: for monitoring, and for the owner."""

from datetime import timedelta

from django.test import Client
from django.utils import timezone

from backups import queries


def test_the_age_is_on_readyz_metrics_and_today(cast, settings):
    settings.METRICS_TOKEN = "t" * 20
    owner = Client()
    owner.force_login(cast.owner)

    def read():
        metrics = Client().get("/metrics", headers={"Authorization": f"Bearer {settings.METRICS_TOKEN}"})
        return Client().get("/readyz").json()["backup_age_s"], metrics.content.decode(), owner.get("/").content.decode()

    ages, metrics, today = read()
    assert ages == {"base": None, "wal": None, "dump": None}
    assert 'palpate_backup_age_seconds{kind="base"} +Inf' in metrics
    assert "There is no backup yet." in today

    queries.note("base", timezone.now() - timedelta(hours=30))
    queries.note("wal", timezone.now() - timedelta(minutes=3))
    queries.note("wal", timezone.now() - timedelta(minutes=2))
    ages, metrics, today = read()
    assert (round(ages["base"] / 3600), round(ages["wal"] / 60), ages["dump"]) == (30, 2, None)
    assert 'palpate_backup_age_seconds{kind="dump"} +Inf' in metrics
    assert 'palpate_backup_age_seconds{kind="wal"} 12' in metrics
    assert "Last backup:" in today
    assert "2 minutes ago" in today.replace("\xa0", " ")


def test_a_therapist_is_not_told(cast):
    therapist = Client()
    therapist.force_login(cast.therapist)
    assert "backup" not in therapist.get("/").content.decode()
