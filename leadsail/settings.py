"""All configuration, read from the environment; `.env.example` explains every name.

Production is the default mode and refuses to start without a secret and hosts. `manage.py up` sets EMBEDDED=1, which
reads generated secrets from `$VAR/env` and needs nothing else.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
import structlog
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.urls import reverse_lazy

BASE_DIR = Path(__file__).resolve().parent.parent
# FileAwareEnv reads NAME_FILE where NAME may be a secret mounted as a file.
env = environ.FileAwareEnv()

EMBEDDED = env.bool("EMBEDDED", default=False)
VAR = Path(env.str("VAR", default=str(BASE_DIR / "var"))).resolve()
if EMBEDDED:
    env.read_env(VAR / "env")


def _text(name: str) -> str:
    """A secret mounted as a file often ends with a line break that is not part of it."""
    return str(env.str(name, default="")).strip()


def _list(name: str) -> list[str]:
    return [part.strip() for part in _text(name).split(",") if part.strip()]


DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = _text("SECRET_KEY")
ALLOWED_HOSTS = _list("ALLOWED_HOSTS")
FIELD_ENCRYPTION_KEYS = _list("FIELD_ENCRYPTION_KEYS")
PUBLIC_URL = _text("PUBLIC_URL").rstrip("/")
DATABASE_URL = _text("DATABASE_URL")
REDIS_URL = _text("REDIS_URL")

_required = {
    "SECRET_KEY": (SECRET_KEY, "a long random string"),
    "ALLOWED_HOSTS": (ALLOWED_HOSTS, "the host names people open, separated by commas"),
    "FIELD_ENCRYPTION_KEYS": (FIELD_ENCRYPTION_KEYS, "one or more Fernet keys, the newest first"),
    "PUBLIC_URL": (PUBLIC_URL, "the address providers send their webhooks to, e.g. https://crm.example.com"),
    "DATABASE_URL": (DATABASE_URL, "e.g. postgres://user:password@host/leadsail"),
    "REDIS_URL": (REDIS_URL, "e.g. redis://host:6379/0"),
}
_missing = [f"{name} ({hint})" for name, (value, hint) in _required.items() if not value]
if _missing:
    raise ImproperlyConfigured(
        "LeadSail does not start without: " + "; ".join(_missing) + ". See .env.example. To try it out, run `make run`."
    )

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_rq",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "common",
    "accounts",
    "webhooks",
    "campaigns",
    "leads",
    "calls",
    "leadsail",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "common.middleware.RequestLog",
    "common.middleware.ContentSecurityPolicy",
    "common.middleware.NoStore",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.AllauthPages",
    "accounts.middleware.LastSeen",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "leadsail.urls"
WSGI_APPLICATION = "leadsail.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context.workspace",
            ],
        },
    },
]


# A process that is frozen within a transaction, on a laptop that sleeps, say, must not hold its locks until it wakes.
# `migrate` switches both off: see common/patience.py.
PATIENCE = "-c idle_in_transaction_session_timeout=15s -c lock_timeout=10s"


def _database() -> dict[str, Any]:
    config: dict[str, Any] = env.db_url_config(DATABASE_URL)
    if config["ENGINE"].endswith("sqlite3"):
        # IMMEDIATE takes the write lock at BEGIN: a transaction that reads and then writes waits instead of failing.
        config["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=20000;",
        }
    else:
        pool = {"min_size": 1, "max_size": env.int("DB_POOL", 40)}
        given = config.get("OPTIONS", {})
        # What the address says comes last, and wins.
        options = f"{PATIENCE} {given.get('options', '')}".strip()
        config["OPTIONS"] = {**given, "pool": pool, "options": options}
    return config


DATABASES = {"default": _database()}

# Redis is only a transport: a short timeout keeps a request from hanging on it, the sweep repairs what was not sent.
# django-rq reads timeouts from nowhere but the address.
_rq_url = f"{REDIS_URL}{'&' if '?' in REDIS_URL else '?'}socket_connect_timeout=1&socket_timeout=1"
RQ_QUEUES = {name: {"URL": _rq_url, "DEFAULT_TIMEOUT": 600} for name in ("dial", "events", "default")}

CACHES = {
    "default": {
        "BACKEND": "common.cache.ForgivingRedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
CSRF_FAILURE_VIEW = "accounts.views.entrance.expired_form"
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "LeadSail: "
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGOUT_ON_GET = False
# allauth's own one keeps a copy of the address, which would still log in after the address was changed.
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"
ACCOUNT_FORMS = {
    "login": "accounts.forms.entrance.LoginForm",
    "reset_password": "accounts.forms.entrance.ResetPasswordForm",
    "reset_password_from_key": "accounts.forms.entrance.NewPasswordForm",
    "change_password": "accounts.forms.profile.ChangePasswordForm",
    "set_password": "accounts.forms.profile.SetPasswordForm",
    "reauthenticate": "accounts.forms.profile.ReauthenticateForm",
}
MFA_ADAPTER = "accounts.adapter.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "LeadSail"
# The code before and the code after: a phone's clock is seldom exact.
MFA_TOTP_TOLERANCE = 1
MFA_FORMS = {
    "authenticate": "accounts.forms.entrance.CodeForm",
    "reauthenticate": "accounts.forms.profile.ReauthenticateByCodeForm",
    "activate_totp": "accounts.forms.profile.ActivateTwoFactorForm",
}
# Else everybody would share the proxy's address, and with it the limit on guessing.
ALLAUTH_TRUSTED_PROXY_COUNT = int(env.bool("BEHIND_PROXY", default=False))

LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATIC_ROOT = VAR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
S3_BUCKET = env.str("S3_BUCKET", default="")
STORAGES: dict[str, Any] = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": VAR / "media", "file_permissions_mode": 0o600, "directory_permissions_mode": 0o700},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
if S3_BUCKET:
    STORAGES["default"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": env.str("S3_ENDPOINT_URL", default=None),
            "region_name": env.str("S3_REGION", default=None),
            "access_key": env.str("S3_ACCESS_KEY", default=None),
            "secret_key": env.str("S3_SECRET_KEY", default=None),
            "default_acl": "private",
            "querystring_auth": True,
        },
    }
if EMBEDDED:
    # No collectstatic in the embedded mode: a second start must be quick, so files are found where they lie.
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    WHITENOISE_USE_FINDERS = True

_https = urlsplit(PUBLIC_URL).scheme == "https"
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[PUBLIC_URL])
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=_https)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", default=False) else None
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31536000 if _https else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = env.bool("SECURE_HSTS_SUBDOMAINS", default=False)
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 11 * 1024 * 1024

EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="leadsail@localhost")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.authentication.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["common.parsers.SafeJSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "common.parsers.AlwaysJSON",
    "EXCEPTION_HANDLER": "common.api.exception_handler",
    "UNAUTHENTICATED_USER": None,
}

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "LeadSail",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "CAMELIZE_NAMES": True,
    "SERVE_PUBLIC": True,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": [],
    "PREPROCESSING_HOOKS": ["common.openapi.only_api"],
    "POSTPROCESSING_HOOKS": ["common.openapi.say_the_essentials", "webhooks.api.document.add_webhooks"],
    # A body is named after its serializer, an answer after its shape: both may be a Campaign.
    "COMPONENT_SPLIT_REQUEST": True,
    "COMPONENT_SPLIT_PATCH": False,
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "ApiKeyAuth": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            "BearerAuth": {"type": "http", "scheme": "bearer"},
        }
    },
}

# --- the public API ------------------------------------------------------------------------------------------------
API_REQUESTS_PER_MINUTE = env.int("API_REQUESTS_PER_MINUTE", default=600)
# Networks that webhooks may be sent to although they are private, e.g. 10.0.5.0/24.
WEBHOOK_PRIVATE_NETWORKS = _list("WEBHOOK_PRIVATE_NETWORKS")

# --- calling -------------------------------------------------------------------------------------------------------
CLOCK = env.str("CLOCK", default="")
for _name in ("CLOCK", "NOW", "SPEED"):
    if env.str(_name, default="") and not EMBEDDED:
        raise ImproperlyConfigured(f"{_name} moves the business clock and is refused in production: unset it.")
# Where the provider host "sandbox" leads; empty where none runs, and accounts with that host cannot call then.
SANDBOX_URL = env.str("SANDBOX_URL", default="").rstrip("/")
RING_TIMEOUT_SECONDS = env.int("RING_TIMEOUT_SECONDS", default=40)
CONNECT_TIMEOUT_SECONDS = env.int("CONNECT_TIMEOUT_SECONDS", default=5)
MAX_CALL_MINUTES = env.int("MAX_CALL_MINUTES", default=30)
DIAL_POOL_SIZE = env.int("DIAL_POOL_SIZE", default=25)
# How long the reconciler waits for a request that may still arrive, before it believes "the provider knows nothing".
RECONCILE_GIVE_UP_SECONDS = env.int("RECONCILE_GIVE_UP_SECONDS", default=900)
WEBHOOK_TOLERANCE_MINUTES = env.int("WEBHOOK_TOLERANCE_MINUTES", default=60)
WEBHOOK_MAX_BYTES = 10 * 1024 * 1024

UNFOLD = {
    "SITE_TITLE": "LeadSail operator",
    "SITE_HEADER": "LeadSail",
    "SITE_SUBHEADER": "Operator's view across workspaces",
    "SITE_URL": "/",
    "SHOW_HISTORY": True,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("icon.svg")}],
    "COLORS": {
        "primary": {
            "50": "oklch(0.98 0.02 190)",
            "100": "oklch(0.95 0.04 190)",
            "200": "oklch(0.90 0.07 190)",
            "300": "oklch(0.83 0.10 190)",
            "400": "oklch(0.74 0.12 190)",
            "500": "oklch(0.64 0.11 190)",
            "600": "oklch(0.52 0.09 190)",
            "700": "oklch(0.45 0.08 190)",
            "800": "oklch(0.38 0.07 190)",
            "900": "oklch(0.32 0.05 190)",
            "950": "oklch(0.24 0.04 190)",
        }
    },
}

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
_for_people = structlog.dev.ConsoleRenderer(colors=DEBUG and os.isatty(2))
_renderer: Any = _for_people if EMBEDDED or DEBUG else structlog.processors.JSONRenderer()
_shared: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]
structlog.configure(
    processors=[*_shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "structured": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer],
            "foreign_pre_chain": _shared,
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "rq": {"level": "WARNING"},
        "urllib3": {"level": "ERROR"},
        "django.request": {"level": "ERROR"},
        "_granian": {"level": "WARNING"},
    },
}
