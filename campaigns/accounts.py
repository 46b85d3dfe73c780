"""Provider accounts: made, changed and switched off here, with an audit line that never holds a secret."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.actors import Actor
from accounts.models import Workspace
from accounts.services import record
from campaigns.models import ProviderAccount

SECRETS = ("api_key", "webhook_secret")
# What a Check would judge differently after a change.
CHECKED = {"host", *SECRETS}
SANDBOX = "sandbox"
KEY_NEEDED = "Paste the API key: LeadSail cannot call without it."
NO_SANDBOX = "No sandbox runs beside this installation: choose another host."


def new_sandbox_key() -> str:
    """Every key of this form is a tenant of its own at the sandbox."""
    return f"sk_sandbox_{secrets.token_hex(16)}"


def check_secret(secret: str) -> None:
    """Half of a page copied along, or a line break in the middle, would never be accepted."""
    if any(char.isspace() or ord(char) > 126 for char in secret):
        raise ValidationError("It contains a space or a character that no key has: copy it again.")


@transaction.atomic
def create_account(*, workspace: Workspace, by: Actor, **fields: Any) -> ProviderAccount:
    """The sandbox takes any key, so that one is made where none is given."""
    account = ProviderAccount(workspace=workspace, **fields)
    if account.host == SANDBOX and not account.api_key:
        account.api_key = new_sandbox_key()
    if not account.api_key:
        raise ValidationError({"api_key": KEY_NEEDED})
    check_host(account)
    _check_secrets(account, SECRETS)
    _check(account)
    account.save()
    _record(account, by, "account.created", {"name": account.name, "host": account.host})
    return account


@transaction.atomic
def update_account(*, account: ProviderAccount, by: Actor, **fields: Any) -> set[str]:
    """The names of what has changed. An empty secret keeps the stored one."""
    replaced = {name: fields.pop(name) for name in SECRETS if fields.get(name)}
    changes = _changes(account, {name: value for name, value in fields.items() if name not in SECRETS})
    for name, value in {**fields, **replaced}.items():
        if name in changes or name in replaced:
            setattr(account, name, value)
    if "host" in changes:
        check_host(account)
    _check_secrets(account, replaced)
    # A secret that cannot be decrypted any more must not keep its replacement out.
    _check(account, exclude=[name for name in SECRETS if name not in replaced])
    changed = {*changes, *replaced}
    if changed:
        account.save(update_fields=changed)
        data = {"name": account.name, "changes": changes, "replaced": [name.replace("_", " ") for name in replaced]}
        _record(account, by, "account.changed", data)
    return changed


def _changes(account: ProviderAccount, wanted: dict[str, Any]) -> dict[str, list[str]]:
    """Compared with the database: a form has put the new values on the object already."""
    stored = ProviderAccount.objects.select_for_update().filter(pk=account.pk).values("pk", *wanted).get()
    return {name: [str(stored[name]), str(value)] for name, value in wanted.items() if stored[name] != value}


def check_host(account: ProviderAccount) -> None:
    if account.host == SANDBOX and not settings.SANDBOX_URL:
        raise ValidationError({"host": NO_SANDBOX})


def _check_secrets(account: ProviderAccount, names: Collection[str]) -> None:
    for name in names:
        try:
            check_secret(getattr(account, name))
        except ValidationError as error:
            raise ValidationError({name: error.messages}) from error


def _check(account: ProviderAccount, exclude: Collection[str] = ()) -> None:
    """The name here and not in a form: a form sent twice finds its own account."""
    others = ProviderAccount.objects.filter(workspace=account.workspace, name=account.name).exclude(pk=account.pk)
    if others.exists():
        raise ValidationError({"name": "Another account has this name: choose a different one."})
    account.full_clean(exclude=exclude)


@transaction.atomic
def set_account_active(*, account: ProviderAccount, active: bool, by: Actor) -> None:
    if ProviderAccount.objects.filter(pk=account.pk, is_active=not active).update(is_active=active):
        _record(account, by, "account.activated" if active else "account.deactivated", {"name": account.name})


def _record(account: ProviderAccount, by: Actor, verb: str, data: dict[str, Any]) -> None:
    record(
        workspace=account.workspace,
        by=by,
        verb=verb,
        object_type="account",
        object_id=account.public_id,
        data=data,
    )
