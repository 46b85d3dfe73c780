"""What the settings need in tests: made-up secrets, a Valkey, and the database that TEST_DATABASE names.

`apply()` comes before anything reads Django's settings. pytest's main process starts the servers, the workers of xdist
inherit its environment.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests import services

READY = "LEADSAIL_TEST_SERVICES"
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
# Whatever the developer's shell holds must not decide what is tested.
FORGET = (
    "CLOCK",
    "NOW",
    "SPEED",
    "DEMO",
    "PORT",
    "SANDBOX_PORT",
    "SANDBOX_URL",
    "STOP_WITH",
    "DEBUG",
)
FIXED = {
    "EMBEDDED": "0",
    "DJANGO_SETTINGS_MODULE": "leadsail.settings",
    "SECRET_KEY": "test-secret-key-that-is-long-enough-for-every-check",
    "FIELD_ENCRYPTION_KEYS": "dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdDA=",
    "ALLOWED_HOSTS": "testserver,127.0.0.1,localhost",
    "PUBLIC_URL": "http://testserver",
    "EMAIL_URL": "memorymail://",
    "DB_POOL": "10",
}

_servers = ExitStack()


def apply() -> None:
    if os.environ.get(READY) != str(os.getppid() if WORKER else os.getpid()):
        start_servers()
    os.environ["DJANGO_SETTINGS_MODULE"] = FIXED["DJANGO_SETTINGS_MODULE"]
    os.environ["REDIS_URL"] = f"{os.environ['REDIS_URL'].rpartition('/')[0]}/{1 + worker_number()}"


def before_workers() -> None:
    """They would read the settings as soon as they start, with our own Valkey database instead of theirs."""
    os.environ.pop("DJANGO_SETTINGS_MODULE")


def start_servers() -> None:
    from django.conf import settings

    if settings.configured:
        raise SystemExit("Unset DJANGO_SETTINGS_MODULE: the tests bring settings of their own.")
    for name in FORGET:
        os.environ.pop(name, None)
    os.environ.update(FIXED)
    os.environ["VAR"] = _servers.enter_context(tempfile.TemporaryDirectory(prefix="ls-test-"))
    (Path(os.environ["VAR"]) / "staticfiles").mkdir()  # whitenoise warns when it is missing
    os.environ["REDIS_URL"] = _servers.enter_context(services.valkey())
    os.environ["DATABASE_URL"] = database_url()
    os.environ[READY] = str(os.getpid())


def database_url() -> str:
    kind = os.environ.get("TEST_DATABASE", "sqlite")
    if kind == "postgres":
        return _servers.enter_context(services.postgres())
    if kind == "sqlite":
        return f"sqlite:///{os.environ['VAR']}/db.sqlite3"
    raise SystemExit(f"TEST_DATABASE={kind} is unknown: use sqlite or postgres.")


def stop_servers() -> None:
    _servers.close()


def worker_number() -> int:
    return int(WORKER.removeprefix("gw") or 0) if WORKER else 0


def adapt_settings() -> None:
    """SQLite in a file, as in the product: one in memory knows neither WAL nor waiting for a lock. Static files as they
    lie: no collectstatic before each run."""
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}

    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database.setdefault("TEST", {})["NAME"] = str(Path(os.environ["VAR"]) / "test.sqlite3")
