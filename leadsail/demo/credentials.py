"""`$VAR/demo.json`: how to log in, an API key, and the lead to call first."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

from django.conf import settings
from django.db import transaction

from accounts.actors import Actor
from accounts.keys import create_api_key, digest_key
from accounts.models import User, Workspace
from accounts.scopes import SCOPES
from leadsail.demo.company import new_password
from leadsail.demo.data.company import OWNER_EMAIL
from leadsail.embedded import read_json, write_private


@dataclass(frozen=True)
class Demo:
    email: str
    password: str
    api_key: str
    lead: str = ""


def path() -> Path:
    return Path(settings.VAR) / "demo.json"


def write(demo: Demo) -> None:
    login = {"email": demo.email, "password": demo.password}
    content = {"login": login, "api_key": demo.api_key, "lead": demo.lead or None}
    write_private(path(), json.dumps(content, indent=2) + "\n")


def read(workspace: Workspace) -> Demo | None:
    """None also where the file holds the login of another database."""
    found = read_json(path())
    try:
        login, api_key = found["login"], str(found["api_key"])
        demo = Demo(login["email"], login["password"], api_key, found.get("lead") or "")
    except (KeyError, TypeError):
        return None
    return demo if workspace.api_keys.filter(digest=digest_key(api_key)).exists() else None


def point_to(demo: Demo, lead: str) -> None:
    if demo.lead != lead:
        write(replace(demo, lead=lead))


@transaction.atomic
def renew(workspace: Workspace) -> Demo | None:
    """Whoever removed the file can read the whole database anyway: a new password and key let the demo go on."""
    owner = User.objects.filter(email=OWNER_EMAIL, memberships__workspace=workspace).first()
    if owner is None:
        return None
    password = new_password()
    owner.set_password(password)
    owner.save(update_fields=["password"])
    _, api_key = create_api_key(workspace=workspace, name="Demo", scopes=SCOPES, by=Actor(user=owner))
    demo = Demo(email=owner.email, password=password, api_key=api_key)
    write(demo)
    return demo


def forget() -> None:
    """The file of another database would be a wrong password on the terminal."""
    if path().exists():
        path().replace(path().with_suffix(".json.old"))
