"""A data folder with its keys and an empty database, so that not every installation of the tests has to migrate: some
thirty are started, and the first start from nothing has tests of its own."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

from leadsail.embedded import BASE_DIR

FILES = ("env", "db.sqlite3")


def prepare(var: Path) -> None:
    """As a start would have left it that was stopped after its migrations."""
    made = _made_once()
    var.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in FILES:
        shutil.copy2(made / name, var / name)


def _made_once() -> Path:
    """By the first test of any process that asks; the folder of the tests' own settings ends with them."""
    made = Path(os.environ["VAR"]) / "migrated"
    with Path(os.environ["VAR"], "migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (made / "done").exists():
            kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
            command = [sys.executable, "-m", "leadsail.embedded", "migrate", "-v", "0"]
            subprocess.run(command, cwd=BASE_DIR, env=kept | {"VAR": str(made)}, check=True, capture_output=True)
            (made / "done").touch()
    return made
