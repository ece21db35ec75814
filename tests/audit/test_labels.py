"""Each action that the source can leave in the trail can be put into words, in each language."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from django.test import Client
from django.utils import translation

from audit import labels
from audit.labels import describe_action
from dev.messages import APPS
from worklist import rules as worklist_rules

ROOT = Path(__file__).parents[2]
NAMED = {"action", "audit_action"}
# What is put together in the source: the parts that it is made of.
STATUSES = ["arrived", "booked", "cancelled", "confirmed", "fulfilled", "in_room", "noshow", "proposed"]
OF_DOCUMENTS = [
    "record",
    "change",
    "discard",
    "revise",
    "sign",
    "add_addendum",
    "mark_entered_in_error",
    "list",
    "read",
]
OF_PAGES = ["read", "review", "pdf", "addendum", "revision", "entered_in_error", "changes", "save"]
OF_ACCOUNTS = [
    "sign_in", "sign_out", "unlock", "session_end", "not_me", "second_factor", "second_factor_add",
    "second_factor_remove", "second_factor_renew", "password_change", "password_reset", "password_reset_link",
]  # fmt: skip
BUILT = [
    *(f"appointment.{status}" for status in STATUSES),
    *(f"{kind}.{verb}" for kind in ("assessment", "session") for verb in OF_DOCUMENTS),
    *(f"page.{kind}.{act}" for kind in ("exam", "session") for act in OF_PAGES),
    *(f"programme.{status}" for status in ("active", "paused", "ended")),
    *(f"worklist.{kind}" for kind in worklist_rules.KINDS),
    *(f"form.{status}" for status in ("accepted", "dismissed")),
    *(f"waitlist.{status}" for status in ("placed", "withdrawn")),
    *(f"patient.{verb}_{model}" for verb in ("note", "end") for model in ("condition", "medication", "alert")),
    *(f"auth.{act}" for act in OF_ACCOUNTS),
    *(f"emergency.{act}" for act in ("enter", "refused", "import")),
    *("patient.change_consent", "patient.import_dry_run", "session.override", "session.acknowledge"),
    *("token.issue", "token.revoke", "app.authorize", "clinic.entered", "clinic.entered_by_support"),
    "admin.patients_patient_changelist",
]


def literals(node):
    return [one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)]


def actions_of_the_source():
    found = set(BUILT)
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            if "migrations" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    if getattr(node.func, "attr", "") == "log" and node.args and isinstance(node.args[0], ast.Constant):
                        found.add(node.args[0].value)
                    found |= {
                        word for key in node.keywords if key.arg in NAMED
                        if isinstance(key.value, ast.Constant) for word in literals(key.value)
                    }  # fmt: skip
                if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in NAMED:
                    found |= set(literals(node.value))
    return sorted(word for word in found if isinstance(word, str) and "." in word and " " not in word)


ACTIONS = actions_of_the_source()


def test_the_source_is_read():
    assert len(ACTIONS) > 300
    assert {"patient.merge", "page.patient", "plan.make", "records.feed", "auth.sign_in"} <= set(ACTIONS)


@pytest.mark.parametrize("language", ["en", "de"])
def test_each_action_has_words(language):
    with translation.override(language):
        assert [action for action in ACTIONS if describe_action(action) == action] == []


def test_no_word_is_left_over():
    parts = {part for action in ACTIONS for part in action.removeprefix("page.").split(".")}
    acts = {".".join(action.split(".")[cut:]) for action in ACTIONS for cut in range(1, 4)}
    assert sorted(act for act in labels.ACTS if act not in parts | acts) == []


@pytest.mark.parametrize(
    ("action", "english", "german"),
    [
        ("page.appointment.move", "Appointment: moved", "Termin: verschoben"),
        ("patient.read", "Patient: opened", "Person: geöffnet"),
        ("page.today", "Today: opened", "Heute: geöffnet"),
        ("worklist.no_show", "Worklist: Missed", "Arbeitsliste: Nicht gekommen"),
        ("session.sign", "Treatment: signed", "Behandlung: unterschrieben"),
        ("unheard.of", "unheard.of", "unheard.of"),
    ],
)
def test_thing_and_act(action, english, german):
    with translation.override("en"):
        assert describe_action(action) == english
    with translation.override("de"):
        assert describe_action(action) == german


def test_the_log_has_no_codes(cast, patient):
    owner = Client()
    owner.force_login(cast.owner)
    owner.get(f"/patients/{patient}/")
    for page in ("/settings/audit/?kind=all", f"/patients/{patient}/access/"):
        text = owner.get(page).content.decode()
        assert "Patient: opened" in text
        assert "page.patient" not in text
