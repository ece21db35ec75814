"""What is secret at rest, and what the application role may not do: read seeds, make support."""

from __future__ import annotations

import importlib
import io
import os
import subprocess
import sys
from pathlib import Path

import psycopg.errors
import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.apps import apps
from django.core import signing
from django.core.management import call_command
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test import Client

from accounts.models import User
from database import encryption
from messaging import addresses
from messaging.models import RefusedAddress
from tests import builders
from tests.committed import committed, committed_support, superuser

__all__ = ["committed"]
ROOT = Path(__file__).parents[2]
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def sql(statement, values=()):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


# --- Encryption ---------------------------------------------------------------------------------------------------


def test_the_application_role_reads_no_seed(cast):
    TOTP.activate(cast.therapist, SEED)
    codes = RecoveryCodes.activate(cast.therapist)
    stored = str(sql("SELECT data::text FROM mfa_authenticator"))
    assert stored.count("v1:") == 2
    assert SEED not in stored
    assert not any(code in stored for code in codes.generate_codes())
    totp = Authenticator.objects.get(user=cast.therapist, type="totp")
    assert encryption.decrypt(totp.data["secret"]) == SEED


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("totp", {"secret": SEED}), ("totp", {}), ("recovery_codes", {"seed": "00ff", "used_mask": 0}),
        ("recovery_codes", {"migrated_codes": ["v1:x", "12345678"]}),
    ],
)  # fmt: skip
def test_a_seed_in_clear_is_refused_by_the_database(cast, kind, data):
    with pytest.raises(IntegrityError, match="authenticator_encrypted"), transaction.atomic():
        Authenticator.objects.create(user=cast.therapist, type=kind, data=data)


def test_a_passkey_is_no_secret_and_stays_as_it_is(cast):
    Authenticator.objects.create(user=cast.therapist, type="webauthn", data={"credential": {}, "name": "Key"})


def test_a_key_is_replaced_without_anybody_losing_their_second_factor(cast, settings):
    TOTP.activate(cast.therapist, SEED)
    codes = RecoveryCodes.activate(cast.therapist).generate_codes()
    old, new = settings.ENCRYPTION_KEYS, "another-random-text-of-more-than-32-characters"

    def stored():
        rows = Authenticator.objects.filter(user=cast.therapist)
        return {row.type: row.wrap() for row in rows}

    settings.ENCRYPTION_KEYS = [new, *old]
    assert stored()["recovery_codes"].generate_codes() == codes  # both keys read
    before = stored()["totp"].instance.data["secret"]
    call_command("rotate_encryption", stdout=(said := io.StringIO()))
    assert said.getvalue().startswith("2 second factors")
    assert stored()["totp"].instance.data["secret"] != before

    settings.ENCRYPTION_KEYS = [new]  # the old key is gone
    assert stored()["recovery_codes"].generate_codes() == codes
    assert encryption.decrypt(stored()["totp"].instance.data["secret"]) == SEED
    settings.ENCRYPTION_KEYS = old
    with pytest.raises(encryption.CannotDecrypt):
        stored()["recovery_codes"].generate_codes()


def test_what_is_not_encrypted_is_not_believed():
    for text in ("", SEED, "v1:", "v1:x", "gAAAAA"):
        with pytest.raises(encryption.CannotDecrypt):
            encryption.decrypt(text)
        with pytest.raises(encryption.CannotDecrypt):
            encryption.rotate(text)
    sealed = encryption.encrypt("a")
    with pytest.raises(encryption.CannotDecrypt):
        encryption.decrypt(sealed[:-4] + "AAAA")


def test_the_upgrade_encrypts_what_is_there_and_can_go_back(cast):
    migration = importlib.import_module("accounts.migrations.0006_secrets_at_rest")

    class Editor:
        pass

    Editor.connection = connection
    totp = Authenticator.objects.create(
        user=cast.therapist, type="totp", data={"secret": encryption.encrypt(SEED), "name": "x"}
    )
    codes = Authenticator.objects.create(
        user=cast.therapist, type="recovery_codes", data={"migrated_codes": [encryption.encrypt("12345678")]}
    )

    # The database refuses seeds in clear, so the way back is looked at before it is written.
    seen = {}

    def keep(row, **_options):
        seen[row.type] = dict(row.data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Authenticator, "save", keep)
        migration.decrypt_secrets(apps, Editor)
    assert seen == {"totp": {"secret": SEED, "name": "x"}, "recovery_codes": {"migrated_codes": ["12345678"]}}

    sealed = totp.data["secret"]
    migration.encrypt_secrets(apps, Editor)  # a second time changes nothing
    totp.refresh_from_db()
    codes.refresh_from_db()
    assert totp.data["secret"] == sealed
    assert migration.encryption.decrypt(codes.data["migrated_codes"][0]) == "12345678"


# --- Rights -------------------------------------------------------------------------------------------------------


def test_the_application_role_makes_nobody_support(cast):
    for statement in (
        "UPDATE accounts_user SET is_superuser = true WHERE id = %s",
        "UPDATE accounts_user SET is_superuser = true, is_active = true WHERE id = %s OR is_active",
        "INSERT INTO accounts_user (email, name, password, registration_no, is_active, is_superuser) "
        "SELECT 'x' || email, name, password, '', true, true FROM accounts_user WHERE id = %s",
    ):
        with pytest.raises(ProgrammingError) as refusal:
            sql(statement, [cast.therapist.pk])
        assert isinstance(refusal.value.__cause__, psycopg.errors.InsufficientPrivilege)
    with pytest.raises(ProgrammingError), transaction.atomic():
        User.objects.create_superuser("x@example.org", builders.PASSWORD, name="X")
    cast.therapist.is_superuser = True
    with pytest.raises(ProgrammingError), transaction.atomic():
        cast.therapist.save()


def test_nor_does_it_end_support(committed):
    support = committed_support(builders.PASSWORD)
    with pytest.raises(ProgrammingError):
        sql("UPDATE accounts_user SET is_superuser = false WHERE id = %s", [support.pk])
    support.set_password("another long password")
    support.save()  # all columns, is_superuser as it was


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE accounts_user DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
        "DROP TRIGGER only_owner_changes_support ON accounts_user",
        "SET ROLE palpate_owner",
        "DELETE FROM accounts_user",
        "TRUNCATE mfa_authenticator",
        "DELETE FROM django_migrations",
        "UPDATE django_content_type SET model = 'x'",
        "INSERT INTO auth_group (name) VALUES ('x')",
        "DELETE FROM auth_permission",
        "INSERT INTO oauth2_provider_devicegrant DEFAULT VALUES",
        "INSERT INTO oauth2_provider_idtoken DEFAULT VALUES",
    ],
)
def test_the_application_role_has_no_right_to(db, statement):
    with pytest.raises(ProgrammingError) as refusal:
        sql(statement)
    assert isinstance(refusal.value.__cause__, psycopg.errors.InsufficientPrivilege)


def test_even_the_owners_replica_cannot_skip_the_check(committed):
    """ALWAYS triggers fire under session_replication_role = replica."""
    with superuser() as link:
        rows = link.execute(
            "SELECT tgname, tgenabled FROM pg_trigger WHERE tgname LIKE 'only_owner_%_support' ORDER BY 1"
        ).fetchall()
    assert rows == [("only_owner_changes_support", "A"), ("only_owner_makes_support", "A")]


# --- Keys of the service ------------------------------------------------------------------------------------------


def started(**change):
    """Load the settings in a process of their own."""
    environment = {**os.environ, **change}
    command = [sys.executable, "-c", "import django; django.setup()"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"SECRET_KEY": "x" * 49}, "SECRET_KEY has 49 characters; a key needs 50 or more"),
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
        ({"ENCRYPTION_KEYS": ""}, "ENCRYPTION_KEYS is not set"),
        ({"ENCRYPTION_KEYS": "y" * 31}, "ENCRYPTION_KEYS has 31 characters; a key needs 32 or more"),
        ({"ENCRYPTION_KEYS": "y" * 32 + ",short"}, "ENCRYPTION_KEYS has 5 characters"),
    ],
)
def test_a_short_key_stops_the_start(change, text):
    done = started(**change)
    assert done.returncode != 0
    assert text in done.stderr
    assert "x" * 49 not in done.stderr, "the key itself is not shown"


def test_long_keys_start():
    assert started(SECRET_KEY="x" * 50, ENCRYPTION_KEYS=f"{'y' * 32},{'z' * 32}").returncode == 0


def test_a_new_secret_key_signs_nobody_out(cast, settings):
    browser = Client()
    assert browser.login(email=cast.therapist.email, password=builders.PASSWORD)
    cookie = signing.dumps("device", salt="test")
    assert browser.get("/patients/").status_code == 200
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a new key " * 6
    assert browser.get("/patients/").status_code == 200
    assert signing.loads(cookie, salt="test") == "device"

    other = Client()
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [], "a third key " * 6
    assert browser.get("/patients/").status_code == 302
    assert other.login(email=cast.therapist.email, password=builders.PASSWORD)


def test_an_address_that_was_refused_stays_refused_under_a_new_key(in_clinic, settings):
    RefusedAddress.objects.create(
        clinic=in_clinic.clinic,
        channel="email",
        address_hash=addresses.hash_address("email", "a@mail.example"),
        reasons=["complained"],
    )
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "a new key " * 6
    assert addresses.is_refused("email", "A@mail.example")
    settings.SECRET_KEY_FALLBACKS = []
    assert not addresses.is_refused("email", "a@mail.example")
