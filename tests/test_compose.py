"""docker-compose.yml and Dockerfile as an operator reads them; no Docker is at hand, so they are parsed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

import pytest
import redis
import yaml

from clinic.beat import Scheduler
from clinic.celery import app
from dev.servers import find_valkey_server

ROOT = Path(__file__).resolve().parent.parent
ODD = "p@ss/w:o'r\"d #%41 $x é\\"
SECRETS = ["APP_PASSWORD", "OWNER_PASSWORD", "POSTGRES_PASSWORD", "VALKEY_PASSWORD"]
GIVEN = {
    "SECRET_KEY": "s" * 50,
    "ENCRYPTION_KEYS": "e" * 40,
    "ALLOWED_HOSTS": "palpate.example",
    "PUBLIC_URL": "https://palpate.example",
    "EMAIL_HOST": "mail.example",
    "EMAIL_FROM": "clinic@example.org",
    "BACKUP_KEYS": "b" * 40,
    **{name: ODD + name for name in SECRETS},
}
# What a process sets itself, or the image.
NOT_PASSED = {"IS_WEB", "SERVE_STATIC_FROM_SOURCE", "STATIC_ROOT"}
# Of `prepare` alone: nobody else may become the owner.
OF_PREPARE = {"DATABASE_OWNER_URL", "DATABASE_OWNER_PASSWORD", "DATABASE_ADMIN_URL", "DATABASE_ADMIN_PASSWORD"}
# Of `backup` alone: nobody else may read backups.
OF_BACKUP = {
    "BACKUP_DIR", "BACKUP_SPOOL_DIR", "BACKUP_KEYS", "BACKUP_EVERY_HOURS", "BACKUP_WHOLE_EVERY_DAYS",
    "BACKUP_KEEP_DAYS",
}  # fmt: skip
# libpq reads these itself.
OF_LIBPQ = {"PGSSLMODE", "PGSSLROOTCERT"}


def interpolate(value, given):
    """Compose's interpolation, as far as the file uses it."""
    if isinstance(value, dict):
        return {name: interpolate(inner, given) for name, inner in value.items()}
    if isinstance(value, list):
        return [interpolate(inner, given) for inner in value]
    if not isinstance(value, str):
        return value

    def found(match):
        name, kind, text = match.groups()
        if given.get(name):
            return given[name]
        assert kind == ":-", f"{name} is not set: {text}"
        return text

    return re.sub(r"\$\{(\w+)(:-|:\?)([^}]*|\{\})\}", found, value)


@pytest.fixture(scope="module")
def source():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


@pytest.fixture(scope="module")
def services(source):
    return interpolate(source, GIVEN)["services"]


def variables_of_settings():
    text = (ROOT / "clinic" / "settings.py").read_text() + (ROOT / "clinic" / "asgi.py").read_text()
    names = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', text)) | set(re.findall(r'required\(\s*"([A-Z_]+)"', text))
    names |= set(re.findall(r'environ\.get\("([A-Z_]+)"', text)) | set(re.findall(r'database\(\s*"([A-Z_]+)"', text))
    return names | {name.replace("_URL", "_PASSWORD") for name in names if name.startswith("DATABASE_")}


def test_every_variable_of_the_settings_is_passed_on(services):
    known = variables_of_settings() - NOT_PASSED
    of_owner = {"DATABASE_OWNER_URL", "DATABASE_OWNER_PASSWORD"}
    assert set(services["backup"]["environment"]) == (known | OF_LIBPQ | OF_PREPARE) - of_owner
    known -= OF_BACKUP
    assert {"DATABASE_PASSWORD", "WEB_THREADS", "SECRET_KEY", "REDIS_PASSWORD"} <= known
    for name in ("web", "worker", "beat"):
        assert set(services[name]["environment"]) == (known | OF_LIBPQ) - OF_PREPARE, name
    assert set(services["prepare"]["environment"]) == known | OF_LIBPQ | OF_PREPARE


def test_every_variable_is_in_the_readme(services):
    readme = (ROOT / "README.md").read_text()
    for name in services["prepare"]["environment"] | services["backup"]["environment"]:
        assert f"`{name}`" in readme, name


def test_every_service_is_limited_and_of_a_fixed_version(services):
    for name, service in services.items():
        assert service["mem_limit"], name
        if service["image"] != "palpate":
            assert re.fullmatch(r"[a-z/]+:\d+\.\d+(\.\d+)?(@sha256:[0-9a-f]{64})?", service["image"]), name
        assert service["restart"] == ("no" if name == "prepare" else "unless-stopped")
        assert "healthcheck" in service or name == "prepare"


def test_only_the_web_port_is_published_and_on_this_machine_only(services):
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert published == {"web": ["127.0.0.1:8000:8000"]}


def test_our_own_containers_have_no_rights(services):
    for name in ("prepare", "web", "worker", "beat", "backup"):
        service = services[name]
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_each_secret_must_be_given(source):
    for name in GIVEN:
        with pytest.raises(AssertionError, match=name):
            interpolate(source, {key: value for key, value in GIVEN.items() if key != name})


def test_the_settings_take_the_defaults_and_any_password(services):
    ask = (
        "import django, json; django.setup(); from django.conf import settings as s; from kombu.utils.url import "
        "parse_url; d = s.DATABASES['default']; o = s.DATABASES['owner']; print(json.dumps([d['HOST'], d['USER'], "
        "d['PASSWORD'], o['USER'], o['PASSWORD'], parse_url(s.CELERY_BROKER_URL)['password'], s.REDIS_URL, s.HTTPS, "
        "s.EMAIL_PORT, s.EMAIL_USE_TLS, s.ANYMAIL, str(s.SECOND_FACTOR_FROM)]))"
    )
    environment = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "clinic.settings"}
    done = subprocess.run(
        [sys.executable, "-c", ask],
        cwd=ROOT,
        env=environment | services["prepare"]["environment"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    *parts, url, https, port, tls, anymail, second_factor = json.loads(done.stdout)
    assert parts == [
        "postgres", "palpate_app", GIVEN["APP_PASSWORD"], "palpate_owner", GIVEN["OWNER_PASSWORD"],
        GIVEN["VALKEY_PASSWORD"],
    ]  # fmt: skip
    assert (https, port, tls, anymail, second_factor) == (True, 587, True, {}, "None")
    connection = redis.Redis.from_url(url).connection_pool.connection_kwargs
    assert (connection["host"], connection["password"]) == ("valkey", GIVEN["VALKEY_PASSWORD"])


def test_valkey_asks_for_the_password(services):
    """The command as it stands there, on a socket instead of a port."""
    program, *options = services["valkey"]["command"]
    assert program == "valkey-server"
    with tempfile.TemporaryDirectory() as folder:
        place = ["--port", "0", "--unixsocket", f"{folder}/v.sock", "--dir", folder]
        server = subprocess.Popen([find_valkey_server(), *options, *place], stdout=subprocess.DEVNULL)
        try:
            for _ in range(100):
                if Path(f"{folder}/v.sock").exists():
                    break
                time.sleep(0.05)
            with pytest.raises(redis.AuthenticationError):
                redis.Redis(unix_socket_path=f"{folder}/v.sock").ping()
            assert redis.Redis(unix_socket_path=f"{folder}/v.sock", password=GIVEN["VALKEY_PASSWORD"]).ping()
        finally:
            server.kill()
            server.wait()
    assert services["valkey"]["environment"]["REDISCLI_AUTH"] == GIVEN["VALKEY_PASSWORD"]


def test_beats_health_check_notices_that_it_hangs(services, tmp_path):
    beat = services["beat"]
    schedule = beat["command"][beat["command"].index("--schedule") + 1]
    kind, python, *arguments = beat["healthcheck"]["test"]
    assert (kind, python) == ("CMD", "python")
    here = [argument.replace(schedule, str(tmp_path / "schedule")) for argument in arguments]

    def is_healthy():
        return subprocess.run([sys.executable, *here], capture_output=True).returncode == 0

    assert not is_healthy()  # it has not started
    scheduler = Scheduler(app, schedule_filename=str(tmp_path / "schedule"), lazy=False)
    scheduler.tick()
    scheduler.close()
    assert is_healthy()
    an_age_ago = time.time() - 61
    os.utime(tmp_path / "schedule-alive", (an_age_ago, an_age_ago))
    assert not is_healthy()


def test_backups_are_scheduled(source, services):
    backup = services["backup"]
    assert backup["command"] == ["python", "manage.py", "backup", "--stream"]
    assert backup["volumes"] == ["backups:/backups"]
    assert backup["environment"]["BACKUP_DIR"].startswith("/backups/")
    assert backup["environment"]["BACKUP_EVERY_HOURS"] == "24"
    postgres = services["postgres"]["command"]
    assert {"summarize_wal=on", "max_slot_wal_keep_size=8GB"} <= set(postgres)
    assert "host replication all all scram-sha-256" in source["configs"]["pg_hba"]["content"].splitlines()
    assert "trust" not in source["configs"]["pg_hba"]["content"].replace("local all all trust", "")


def test_the_units_of_a_plain_host_name_commands_that_exist():
    units = {path.name: path.read_text() for path in (ROOT / "deploy" / "systemd").iterdir()}
    assert set(units) == {"palpate-backup.service", "palpate-backup.timer", "palpate-wal.service"}
    assert "OnCalendar=*-*-* 01:30:00" in units["palpate-backup.timer"]
    assert "manage.py backup\n" in units["palpate-backup.service"]
    assert "manage.py backup --stream\n" in units["palpate-wal.service"]
    assert "Restart=always" in units["palpate-wal.service"]


def test_the_image_has_every_package_and_runs_as_nobody_special():
    lines = [line.split() for line in (ROOT / "Dockerfile").read_text().splitlines() if line.strip()]
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]["packages"]
    copied = {line[-1] for line in lines if line[0] == "COPY"}
    assert set(packages) - {"palpate_client"} <= copied  # it runs elsewhere
    bases = [line[1] for line in lines if line[0] == "FROM"]
    assert all(re.fullmatch(r"python:3\.1[123]\.\d+-slim(@sha256:[0-9a-f]{64})?", base) for base in bases), bases
    assert ["USER", "palpate"] in lines
    assert not {"tests", "dev", ".env"} & copied
