"""
All settings, top to bottom. Values come from the environment; a missing one says its name and what it is for.

Every variable is listed in README.md under "Settings".
"""

import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import environ
from celery.schedules import crontab
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.FileAwareEnv()  # NAME, or NAME_FILE with a path to a secret


def required(name: str, purpose: str) -> str:
    value = env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set: {purpose} `make run` and `make test` set it; in production the environment does."
        )
    return value


def database(name: str, purpose: str, limits: dict[str, int]) -> dict[str, Any]:
    """
    Django's database settings from a PostgreSQL connection URI, as libpq itself reads it.

    A password with any characters stands in a variable of its own (`DATABASE_PASSWORD` for `DATABASE_URL`): in the URI
    it would have to be percent-encoded.

    :param limits: `connect_timeout` in seconds, and PostgreSQL's own timeouts in milliseconds
    """
    parts = conninfo_to_dict(required(name, purpose))
    password = env.str(name.replace("_URL", "_PASSWORD"), default="")
    if password:
        parts["password"] = password
    limits = limits.copy()
    parts.setdefault("connect_timeout", str(limits.pop("connect_timeout")))
    if env.bool("DATABASE_TIMEOUTS", default=True):
        requested = " ".join(f"-c {name}={milliseconds}" for name, milliseconds in limits.items())
        parts["options"] = f"{requested} {parts.get('options') or ''}".strip()
    option_names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    settings = {django: str(parts.pop(libpq, "") or "") for libpq, django in option_names.items()}
    return {"ENGINE": "clinic.postgres", **settings, "OPTIONS": parts}


# --- Where it runs ---------------------------------------------------------------------------------------------


def long_enough(name: str, keys: list[str], least: int) -> list[str]:
    for key in keys:
        if len(key) < least:
            raise ImproperlyConfigured(
                f"{name} has {len(key)} characters; a key needs {least} or more, made at random. Make one with "
                '`python -c "import secrets; print(secrets.token_urlsafe(48))"`.'
            )
    return keys


SECRET_KEY = long_enough("SECRET_KEY", [required("SECRET_KEY", "it signs sessions and page cursors.")], 50)[0]
# Earlier keys, which still prove what they have signed: sessions, links, cookies.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
# The first encrypts secrets in the database, each decrypts.
required("ENCRYPTION_KEYS", "it encrypts the seeds of second factors.")
ENCRYPTION_KEYS = long_enough("ENCRYPTION_KEYS", env.list("ENCRYPTION_KEYS"), 32)
DEBUG = False
# The one place that says which release this is: `pyproject.toml`.
VERSION = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]["version"]
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
# False only where no TLS stands in front, as in the demo on one machine.
HTTPS = env.bool("HTTPS", default=True)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Where people and patients reach it: the address in every message.
PUBLIC_URL = env.str("PUBLIC_URL", default="http://localhost:8000").rstrip("/")
# Addresses or networks of the reverse proxies in front; only they are believed about X-Forwarded-For and -Proto.
TRUSTED_PROXIES = [network for network in env.list("TRUSTED_PROXIES", default=[]) if network != "0"]
if any(network.isdigit() for network in TRUSTED_PROXIES):
    raise ImproperlyConfigured("TRUSTED_PROXIES names addresses or networks, as in 10.0.0.5,172.16.0.0/12; no number.")

# --- Data ------------------------------------------------------------------------------------------------------

# How long anything may take in the database. A request ends within 5 s: 1.5 s for a thread (`clinic.serving`), the rest
# here. Commands and tasks have time; migrations do not queue up before everyone else (`migrate` tries again).
IS_WEB = env.bool("IS_WEB", default=False)  # `clinic.wsgi` sets it
REQUEST_LIMITS = {
    "connect_timeout": 2,
    "statement_timeout": 2800,
    "lock_timeout": 2000,
    "idle_in_transaction_session_timeout": 30_000,
}
WORK_LIMITS = {
    "connect_timeout": 10,
    "statement_timeout": 600_000,
    "lock_timeout": 30_000,
    "idle_in_transaction_session_timeout": 600_000,
}
MIGRATION_LIMITS = {"connect_timeout": 10, "lock_timeout": 2000}
# And where PostgreSQL itself is frozen: seconds until this side gives up (`clinic.postgres`).
DATABASE_WAIT_S = 3.0 if IS_WEB else 0.0
# The application role: it owns nothing, and row-level security binds it.
DATABASES = {
    "default": database(
        "DATABASE_URL",
        "a PostgreSQL URI of the application role (palpate_app).",
        REQUEST_LIMITS if IS_WEB else WORK_LIMITS,
    )
}
# Each thread keeps its connection: cheaper than a pool's checkout with every request. With many threads, use
# a pool instead: DATABASE_POOL_SIZE connections a process. The API skips the health check: see `database.sql.first`.
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASE_POOL_SIZE = env.int("DATABASE_POOL_SIZE", default=0)
if DATABASE_POOL_SIZE:
    DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": DATABASE_POOL_SIZE, "timeout": 10}
else:
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("DATABASE_CONNECTION_MAX_AGE_S", default=600)
# Statements that every request runs are prepared once; off for a PgBouncer before 1.21 in transaction mode.
if env.bool("DATABASE_PREPARED", default=True):
    DATABASES["default"]["OPTIONS"]["prepare_threshold"] = 2
# The owner of the tables; only `migrate` and `prepare_database` use it, so the web processes need not have it.
if env.str("DATABASE_OWNER_URL", default=""):
    DATABASES["owner"] = database("DATABASE_OWNER_URL", "", MIGRATION_LIMITS)
    DATABASES["owner"]["TEST"] = {"MIRROR": "default"}
# `prepare` deletes audit events that are older than this number of months, a whole month at a time; 0 keeps all.
AUDIT_KEEP_MONTHS = env.int("AUDIT_KEEP_MONTHS", default=0)
# Messages, their links and plans, and closed rows of the worklist are deleted that number of days after they ended; 0
# keeps all. The worklist looks back for months at what was closed by hand, so that it does not come again.
KEEP_DAYS = env.int("KEEP_DAYS", default=0)
if 0 < KEEP_DAYS < 400:
    raise ImproperlyConfigured("KEEP_DAYS must be 0 (keep all) or at least 400.")
# Ed25519, 32 bytes in base64 (`manage.py checkpoint --new-key`): signs the heads of chains. Never in the database.
CHECKPOINT_KEY = env.str("CHECKPOINT_KEY", default="")
CHECKPOINT_PUBLIC_KEYS = env.list("CHECKPOINT_PUBLIC_KEYS", default=[])  # of earlier keys: what they signed still holds
# Where backups go, what they are encrypted with (the first key encrypts, each decrypts), how often, for how long. What
# is not encrypted yet lies in the spool.
BACKUP_DIR = env.str("BACKUP_DIR", default="")
BACKUP_SPOOL_DIR = env.str("BACKUP_SPOOL_DIR", default="")
BACKUP_KEYS = long_enough("BACKUP_KEYS", env.list("BACKUP_KEYS", default=[]), 32)
BACKUP_EVERY_HOURS = env.int("BACKUP_EVERY_HOURS", default=24)
BACKUP_WHOLE_EVERY_DAYS = env.int("BACKUP_WHOLE_EVERY_DAYS", default=7)
BACKUP_KEEP_DAYS = env.int("BACKUP_KEEP_DAYS", default=35)
# A folder, on another disk than the database, that web and worker share: what owners read while the database takes no
# writes is recorded there, and imported afterwards. Empty: nobody can read then.
EMERGENCY_TRAIL = env.str("EMERGENCY_TRAIL", default="")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = required("REDIS_URL", "a Redis or Valkey URL; Celery's broker and the shared request limits live there.")
# A password with any characters, in a variable of its own.
if env.str("REDIS_PASSWORD", default=""):
    REDIS_URL = REDIS_URL.replace("://", f"://:{quote(env.str('REDIS_PASSWORD'), safe='')}@", 1)
CACHES = {
    "default": {
        "BACKEND": "database.valkey.Cache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "palpate",
    }
}

# --- Apps ------------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "clinic.apps.Clinic",
    "clinic.apps.Api",
    "audit",
    "accounts",
    "catalogue",
    "patients",
    "worklist",
    "messaging",
    "patient_forms",
    "records",
    "backups",
    "assessments",
    "treatments",
    "homecare",
    "scheduling",
    "changes",
    "workspace",
    "privacy",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
    "oauth2_provider",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "clinic.apps.Admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "clinic.measuring.Measured",
    "identity.proxies.OnlyOwnProxies",
    "api.access_log.AccessLog",
    "api.trailing_slash.BothForms",
    "api.problems.ProblemsForPrograms",
    "clinic.compression.PagesCompressed",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "accounts.web.oauth.CrossOrigin",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "clinic.language.LanguageOfReader",
    "api.bodies.BodyLimit",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "clinic.forms.WithoutNul",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.web.emergency.EmergencyRead",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.web.oauth_trail.OAuthTrail",
    "accounts.web.locking.IdleLock",
    "accounts.web.obligations.Obligations",
    "accounts.web.middleware.ClinicOfPage",
]
ROOT_URLCONF = "clinic.urls"
WSGI_APPLICATION = "clinic.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "clinic" / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["clinic.template_loaders.Filesystem", "clinic.template_loaders.AppDirectories"],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "accounts.web.context.page",
            ],
        },
    }
]

# How many bytes a request may have: any, and one to a view with `api.bodies.takes_large_body` (imports, pictures).
BODY_MAX_BYTES = 2**20
LARGE_BODY_MAX_BYTES = DATA_UPLOAD_MAX_MEMORY_SIZE = 25 * 2**20

# --- Language, time, files -------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
FORMAT_MODULE_PATH = "clinic.formats"
LOCALE_PATHS = [BASE_DIR / "clinic" / "locale"]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_SAMESITE = "Lax"
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "static/"
STATIC_ROOT = env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles"))
STATICFILES_DIRS = [BASE_DIR / "clinic" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_MIMETYPES = {".webmanifest": "application/manifest+json"}
WHITENOISE_USE_FINDERS = env.bool("SERVE_STATIC_FROM_SOURCE", default=False)

# --- People and programs ---------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "accounts.hashers.MachineSecretHasher",  # for client secrets only, see OAUTH2_PROVIDER
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AUTHENTICATION_BACKENDS = ["accounts.web.backend.Backend"]
ACCOUNT_ADAPTER = "accounts.web.adapter.Adapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # the link of an invitation proves the address
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
# Wrong passwords are limited per address and per account (`login_failed`). A browser that the person has signed in with
# before is counted separately (`accounts.web.adapter`), so that a stranger cannot lock them out.
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "20/m/ip,5/5m/key", "open_link": "20/m/ip"}
PASSWORD_RESET_TIMEOUT = 60 * 60  # seconds for which a mailed link works
MFA_ADAPTER = "accounts.authenticators.Adapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
MFA_TOTP_ISSUER = "Palpate"
# The first day on which owners and support are asked for a second factor; empty: never. From the day on which each is
# first asked, they have so many days to set one up.
_second_factor_from = env.str("SECOND_FACTOR_FROM", default="")
SECOND_FACTOR_FROM = date.fromisoformat(_second_factor_from) if _second_factor_from else None
SECOND_FACTOR_GRACE_DAYS = env.int("SECOND_FACTOR_GRACE_DAYS", default=14)
# After so long without a touch the screen locks; after so long in all one signs in anew.
IDLE_LOCK_S = env.int("IDLE_LOCK_S", default=15 * 60)
SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_AGE = ACCOUNT_SESSION_COOKIE_AGE = env.int("SESSION_LIFETIME_S", default=12 * 60 * 60)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
CSRF_COOKIE_HTTPONLY = False  # the try-it page reads it to send it back
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"

OAUTH2_PROVIDER_APPLICATION_MODEL = "accounts.ApiClient"
OAUTH2_PROVIDER = {
    "SCOPES_BACKEND_CLASS": "accounts.scopes.ClientScopes",
    "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
    "REFRESH_TOKEN_EXPIRE_SECONDS": int(timedelta(hours=12).total_seconds()),
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "ROTATE_REFRESH_TOKEN": True,
    "PKCE_REQUIRED": True,
    "CLIENT_SECRET_HASHER": "pbkdf2_sha256_machine",
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"] if HTTPS else ["https", "http"],
    # What the discovery document (RFC 8414) says: no more than is accepted.
    "OAUTH2_RESPONSE_TYPES_SUPPORTED": ["code"],
    "OAUTH2_GRANT_TYPES_SUPPORTED": ["authorization_code", "client_credentials", "refresh_token"],
    "OAUTH2_TOKEN_ENDPOINT_AUTH_METHODS_SUPPORTED": ["client_secret_basic", "client_secret_post", "none"],
    # RFC 9700, the current best practice for OAuth 2: no implicit or password grant, no `plain` challenge,
    # no token in a query string, tokens kept as checksums only.
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
    "COMPLIANT_BCP_RFC9700_REFRESH_TOKEN": True,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_SCHEME": HTTPS,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_MATCHING": True,
    "COMPLIANT_BCP_RFC9700_PKCE_REQUIRED": True,
}

# --- The API ---------------------------------------------------------------------------------------------------

API_REQUESTS_PER_MINUTE = env.int("API_REQUESTS_PER_MINUTE", default=6000)
IDEMPOTENCY_KEY_LIFETIME = timedelta(hours=24)
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api.authentication.BearerToken",
        "accounts.api.authentication.PageSession",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["api.permissions.DenyAll"],
    "DEFAULT_THROTTLE_CLASSES": ["api.throttling.RequestsPerMinute"],
    "DEFAULT_RENDERER_CLASSES": ["api.rendering.JSON"],
    "DEFAULT_PARSER_CLASSES": ["api.rendering.JSONBody"],
    "DEFAULT_SCHEMA_CLASS": "api.schema.Schema",
    "EXCEPTION_HANDLER": "api.problems.handle",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,  # `?format=` is a parameter like any other that does not exist
    "COERCE_DECIMAL_TO_STRING": False,
    "DATETIME_FORMAT": "%Y-%m-%dT%H:%M:%S.%fZ",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Palpate",
    "VERSION": "1",
    "DESCRIPTION": (
        "The record of trigger-point care: assessments, treatments, signed documents.\n\n"
        "Ask `POST /oauth/token/` for a token (client credentials, or authorization code with PKCE) and send it as "
        "`Authorization: Bearer ...`. Errors are `application/problem+json` (RFC 9457) with a stable `code`."
    ),
    "OAS_VERSION": "3.1.0",
    "LICENSE": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {
        "deepLinking": True,
        "persistAuthorization": False,
        "displayRequestDuration": True,
    },
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "ClassEnum": "assessments.rules.CLASSES",
        "CriteriaEnum": "assessments.rules.CRITERIA_VALUES",
        "OutcomeMeasure": "assessments.outcomes.rules.MEASURES",
        "SafetyLevelEnum": "treatments.safety_entries.LEVELS",
        "Side": "assessments.rules.SIDES",
        "Sign": "assessments.rules.SIGN_VALUES",
        "PainSide": "assessments.rules.ZONE_SIDES",
        "DocumentStatus": "database.choices.DOCUMENT_STATUSES",
        "ActionEnum": "assessments.red_flag_table.ACTIONS",
        "ChangeAction": "changes.rules.ACTIONS",
        "ChangeKind": "changes.rules.KINDS",
        "WebhookState": "changes.rules.STATES",
        "RecordKind": "records.rules.RECORD_KINDS",
        "RecordStatus": "records.rules.RECORD_STATUSES",
        "PatientStatus": "patients.rules.STATUSES",
        "AppointmentStatus": "scheduling.rules.STATUSES",
        "WaitlistStatus": "scheduling.rules.WAITLIST_STATES",
        "OfferStatus": "scheduling.rules.OFFER_STATES",
        "TreatmentPlanStatus": "treatments.plans.rules.STATUSES",
        "FormStatus": "patient_forms.rules.STATUSES",
        "ProgrammeStatus": "homecare.api.serializers.STATUSES",
        "Channel": "messaging.rules.CHANNELS",
        "MessageState": "messaging.rules.STATES",
        "PointState": "assessments.point_states.STATES",
        "Sex": "patients.rules.SEXES",
        "ConsentAnswer": "patients.rules.CONSENT_ANSWERS",
        "AnswerEnum": "assessments.rules.RED_FLAG_ANSWERS",
        "SourceEnum": "assessments.red_flag_table.ANSWER_SOURCES",
        "AdverseEventAnswer": "treatments.adverse_events.rules.ANSWERS",
        "AdverseEventCode": "treatments.adverse_events.rules.CODES",
        "AdverseEventStatus": "treatments.adverse_events.rules.STATUSES",
        "AdverseEventSource": "treatments.adverse_events.rules.SOURCES",
        "AdverseEventOutcome": "treatments.adverse_events.rules.OUTCOMES",
        "AftercareWay": "treatments.aftercare.rules.WAYS",
        "ConsentRegion": "treatments.consents.rules.REGIONS",
        "BodyRegion": "patients.rules.BODY_REGIONS",
        "ConsentWay": "treatments.consents.rules.WAYS",
        "ConsentCopyWay": "treatments.consents.rules.COPY_WAYS",
        "TechniqueEnum": "treatments.rules.TECHNIQUES",
        "CompetencyEnum": "accounts.rules.COMPETENCIES",
        "ImportFormat": "patients.rules.IMPORT_FORMATS",
        "AlertCode": "patients.rules.ALERTS",
        "SideOrBoth": "patients.rules.ALERT_SIDES",
        "YesNoUnknown": "assessments.rules.YES_NO_UNKNOWN",
        "ClearanceKind": "assessments.red_flags.CLEARANCE_KINDS",
        "RedFlagCode": "assessments.rules.RED_FLAGS",
        "MeasureKind": "treatments.rules.MEASURE_KINDS",
    },
    "PREPROCESSING_HOOKS": ["api.schema.only_v1"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "api.schema.add_security",
    ],
}

# --- Messages --------------------------------------------------------------------------------------------------

# Any mail backend of Django or Anymail; `EMAIL_PROVIDER_SETTINGS` is Anymail's own dictionary, as JSON.
EMAIL_BACKEND = env.str("EMAIL_BACKEND", default="messaging.providers.mail.NotingBackend")
EMAIL_HOST = env.str("EMAIL_HOST", default="localhost")
EMAIL_PORT = env.int("EMAIL_PORT", default=25)
EMAIL_HOST_USER = env.str("EMAIL_HOST_USER", default="")
EMAIL_HOST_PASSWORD = env.str("EMAIL_HOST_PASSWORD", default="")
EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", default=False)
EMAIL_USE_SSL = env.bool("EMAIL_USE_SSL", default=False)
EMAIL_TIMEOUT = 12  # seconds for each answer; what begins with a message has four of them within its lease
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", default="palpate@localhost")
# A header in which the mail provider reads an idempotency key; with one, no mail comes twice.
EMAIL_IDEMPOTENCY_HEADER = env.str("EMAIL_IDEMPOTENCY_HEADER", default="")
ANYMAIL = env.json("EMAIL_PROVIDER_SETTINGS", default={})
# The one provider of Anymail whose events are taken at /hooks/mail/<name>/; empty: none.
MAIL_WEBHOOKS = env.str("MAIL_WEBHOOKS", default="")
SMS_PROVIDER = env.str("SMS_PROVIDER", default="")  # twilio, mail_gateway, or none
SMS_MAIL_GATEWAY = env.str("SMS_MAIL_GATEWAY", default="sms.invalid")
TWILIO_ACCOUNT_SID = env.str("TWILIO_ACCOUNT_SID", default="")
TWILIO_AUTH_TOKEN = env.str("TWILIO_AUTH_TOKEN", default="")
TWILIO_FROM = env.str("TWILIO_FROM", default="")
TWILIO_API_URL = env.str("TWILIO_API_URL", default="")
# Hosts that webhooks may call although their addresses are not public, by http too: for receivers on one's own network.
WEBHOOK_ALLOWED_HOSTS = env.list("WEBHOOK_ALLOWED_HOSTS", default=[])
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")  # empty: /metrics is not there

# --- Background work -------------------------------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
CELERY_TIMEZONE = "UTC"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
BROKER_WAIT_S = 1 if IS_WEB else 30
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_timeout": BROKER_WAIT_S,
    "socket_connect_timeout": BROKER_WAIT_S,
}
CELERY_TASK_PUBLISH_RETRY = not IS_WEB
CELERY_BEAT_SCHEDULER = "clinic.beat.Scheduler"
TICK_S = env.float("TICK_S", default=5.0)
WEBHOOK_TICK_S = env.float("WEBHOOK_TICK_S", default=1.0)
CELERY_BEAT_SCHEDULE = {
    "verify every chain nightly": {
        "task": "records.periodic.verify_all_chains",
        "schedule": crontab(hour=2, minute=30),
    },
    "erase patients whose 14 days are over": {
        "task": "privacy.periodic.erase_due_all",
        "schedule": crontab(hour=3, minute=40),
    },
    "look for messages that are due": {"task": "messaging.periodic.tick", "schedule": TICK_S},
    "look for webhooks that are due": {"task": "changes.periodic.tick", "schedule": WEBHOOK_TICK_S},
    "forget old deliveries of webhooks": {
        "task": "changes.periodic.forget_old_deliveries",
        "schedule": crontab(hour=3, minute=50),
    },
    "turn what is planned into messages": {"task": "homecare.periodic.tick", "schedule": TICK_S},
    "plan the next days, and look who is silent": {
        "task": "homecare.periodic.look_after_all",
        "schedule": crontab(minute="*/20"),
    },
    "offer free slots, and give up what was only proposed": {
        "task": "scheduling.periodic.tick",
        "schedule": 15.0,
    },
    "see what waits for the desk": {"task": "scheduling.periodic.sweep_all", "schedule": crontab(minute="*/20")},
    "add the refusals of strangers that were counted": {
        "task": "audit.periodic.add_counted_refusals",
        "schedule": crontab(minute="*/10"),
    },
    "import what was read in an emergency": {"task": "audit.periodic.import_emergency_trail", "schedule": 60.0},
    "forget sessions and tokens that are over": {
        "task": "accounts.periodic.forget_what_expired",
        "schedule": crontab(hour=3, minute=10),
    },
    "let go of messages, links and closed rows": {
        "task": "scheduling.periodic.let_go_all",
        "schedule": crontab(hour=3, minute=40),
    },
    "forget old idempotency keys": {
        "task": "accounts.periodic.forget_old_keys",
        "schedule": crontab(minute=15),
    },
}

# --- What a browser may do -------------------------------------------------------------------------------------

SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "manifest-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# --- Logs: ids, never patient data -----------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "filters": {"no_query": {"()": "clinic.logs.WithoutQuery"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["no_query"]}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django": {"level": "WARNING"},
        # One line a request: ids and routes only. Off: the proxy in front may log, with paths that hold ids and tokens.
        "palpate.access": {"level": "INFO" if env.bool("ACCESS_LOG", default=True) else "WARNING"},
        # Refused requests are in the audit trail, with who and what; here they would only be noise.
        "django.request": {"level": "ERROR"},
        "oauthlib": {"level": "ERROR"},
    },
}
