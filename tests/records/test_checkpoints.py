"""Checkpoints: their form, their keys, the three ways to get one, and what they show."""

import base64
from io import StringIO
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command

from database import tenancy
from records import actions, checkpoints, periodic
from tests.api import Api
from tests.committed import committed
from tests.records.test_chain import chain, verify
from tests.records.test_verification import rewrite

__all__ = ["chain", "committed"]


def new_key():
    return base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()).decode()


def public_of(private):
    return checkpoints.public_text(checkpoints.private_key(private).public_key())


HEAD = checkpoints.Checkpoint(uuid4(), 1234, "ab" * 32)


def test_a_checkpoint_is_three_lines_and_a_signature():
    key = Ed25519PrivateKey.generate()
    note = checkpoints.note(HEAD, checkpoints.sign(HEAD, key))
    lines = note.split("\n")
    assert lines[:4] == [f"palpate/{HEAD.clinic_id}", "1234", "ab" * 32, ""]
    assert lines[4].startswith("— palpate ")
    # As the signed-note format says, so that another program can check it: key id, then Ed25519 over the text.
    signature = base64.b64decode(lines[4].split()[-1])
    key.public_key().verify(signature[4:], "\n".join(lines[:3]).encode() + b"\n")
    assert checkpoints.public_text(key.public_key()).split("+")[1] == signature[:4].hex()
    assert checkpoints.read(note, [key.public_key()]) == HEAD
    assert checkpoints.read(note.replace("\n", "\r\n") + "  \r\n", [key.public_key()]) == HEAD


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("1234", "1235", checkpoints.WrongSignature),
        ("ab" * 32, "ba" * 32, checkpoints.WrongSignature),
        ("\n1234\n", "\n01234\n", checkpoints.NotACheckpoint),
        ("palpate/", "other/", checkpoints.NotACheckpoint),
        ("— palpate", "- palpate", checkpoints.NotACheckpoint),
        ("\n\n", "\n", checkpoints.NotACheckpoint),
    ],
)
def test_a_changed_checkpoint_is_refused(old, new, error):
    key = Ed25519PrivateKey.generate()
    note = checkpoints.note(HEAD, checkpoints.sign(HEAD, key)).replace(old, new, 1)
    with pytest.raises(error):
        checkpoints.read(note, [key.public_key()])
    with pytest.raises(checkpoints.WrongSignature):
        checkpoints.read(checkpoints.note(HEAD, checkpoints.sign(HEAD, key)), [])


@pytest.mark.parametrize("text", ["", "x", "palpate+00000000+AAAA", "other+" + "a" * 8 + "+" + "A" * 44])
def test_a_text_that_is_no_key_is_refused(text):
    with pytest.raises(checkpoints.WrongKey):
        checkpoints.public_key(text)
    with pytest.raises(checkpoints.WrongKey):
        checkpoints.private_key(text)


def test_after_a_rotation_older_checkpoints_still_hold(chain, settings):
    settings.CHECKPOINT_KEY = first = new_key()
    with tenancy.scope(chain.clinic.pk):
        actions.check_chain(clinic_id=chain.clinic.pk, by=chain.actor())
        _, note = actions.make_checkpoint(clinic_id=chain.clinic.pk)

    settings.CHECKPOINT_KEY = new_key()
    with pytest.raises(actions.WrongCheckpoint):
        actions.read_checkpoint(note, clinic_id=chain.clinic.pk)
    assert verify(chain)["first_broken"]["reason"] == "head_forged"  # until the old public key is named
    settings.CHECKPOINT_PUBLIC_KEYS = [public_of(first)]
    assert actions.read_checkpoint(note, clinic_id=chain.clinic.pk)[0] == 6
    assert verify(chain)["ok"] is True


def test_another_clinics_checkpoint_is_refused(chain):
    with tenancy.scope(chain.clinic.pk):
        _, note = actions.make_checkpoint(clinic_id=chain.clinic.pk)
    with pytest.raises(actions.WrongCheckpoint):
        actions.read_checkpoint(note, clinic_id=chain.other_clinic.pk)


# --- By API, command and mail ---------------------------------------------------------------------------------


def test_by_api_and_back(chain, monkeypatch):
    from records import background

    program = Api(chain.program)
    got = program.get("/records/checkpoint/").json()
    assert got["head"] == program.get("/records/head/").json()
    keys = [checkpoints.public_key(text) for text in got["public_keys"]]
    assert checkpoints.read(got["checkpoint"], keys).sequence == 6

    sent = []
    monkeypatch.setattr(background.verify_one_chain, "delay_on_commit", lambda *values: sent.append(values))
    rewrite(chain)
    started = program.post("/records/verifications/", {"checkpoint": got["checkpoint"], "complete": True}).json()
    assert background.verify_one_chain(*sent[0]) is False
    done = program.get(f"/records/verifications/{started['id']}/").json()["verification"]
    assert done["first_broken"]["reason"] == "anchor_not_found"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        (lambda note: "no checkpoint", 400, "invalid"),
        (lambda note: note.replace("\n6\n", "\n5\n"), 409, "wrong_checkpoint"),
    ],
)
def test_a_wrong_checkpoint_is_refused_by_the_api(chain, change, status, code):
    program = Api(chain.program)
    note = program.get("/records/checkpoint/").json()["checkpoint"]
    answer = program.post("/records/verifications/", {"checkpoint": change(note)})
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.json()


def test_without_a_key_the_api_says_so(chain, settings):
    settings.CHECKPOINT_KEY = ""
    assert Api(chain.program).get("/records/checkpoint/").json()["code"] == "no_checkpoint_key"
    with tenancy.scope(chain.clinic.pk):
        assert actions.check_chain(clinic_id=chain.clinic.pk, by=chain.actor())["ok"] is True


def test_by_command_and_back(chain, tmp_path):
    out = StringIO()
    call_command("checkpoint", clinic=chain.clinic.slug, stdout=out)
    kept = tmp_path / "kept.txt"
    kept.write_text(out.getvalue())
    call_command("verify_chain", clinic=chain.clinic.slug, anchor=str(kept), stdout=StringIO())

    rewrite(chain)
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("verify_chain", clinic=chain.clinic.slug, anchor=str(kept), stdout=out)
    assert "BROKEN at sequence 6: anchor_not_found" in out.getvalue()

    kept.write_text(kept.read_text().replace("\n6\n", "\n5\n"))
    with pytest.raises(CommandError, match="no known key signed it"):
        call_command("verify_chain", clinic=chain.clinic.slug, anchor=str(kept), stdout=StringIO())
    with pytest.raises(CommandError, match="No such file"):
        call_command("verify_chain", clinic=chain.clinic.slug, anchor=str(tmp_path / "none"), stdout=StringIO())
    with pytest.raises(CommandError, match="--clinic"):
        call_command("verify_chain", anchor="1:" + "0" * 64, stdout=StringIO())


def test_the_command_makes_a_key(settings):
    out = StringIO()
    call_command("checkpoint", new_key=True, stdout=out)
    private, public = (line.partition("=")[2] or line.rpartition(" ")[2] for line in out.getvalue().splitlines())
    settings.CHECKPOINT_KEY, settings.CHECKPOINT_PUBLIC_KEYS = private, []
    assert public_of(private) == public
    out = StringIO()
    call_command("checkpoint", public_keys=True, stdout=out)
    assert out.getvalue().split() == [public]


def test_by_mail_to_the_owner(chain, inbox):
    assert periodic.mail_checkpoint(str(chain.clinic.pk)) == 1

    [mail] = inbox.taken
    assert mail["To"] == chain.owner.email
    text = mail.get_payload(decode=True).decode()
    note = text[text.index("palpate/") :]
    assert actions.read_checkpoint(note, clinic_id=chain.clinic.pk) == (6, verify(chain)["head"]["sha256"])
