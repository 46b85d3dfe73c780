"""Provider accounts: made, changed and switched off here, with an audit line that never holds a secret."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.actors import Actor
from accounts.models import Workspace
from accounts.services import record
from campaigns.models import ProviderAccount

SECRETS = ("api_key", "webhook_secret")
SANDBOX = "sandbox"


def new_sandbox_key() -> str:
    """Every key of this form is a tenant of its own at the sandbox."""
    return f"sk_sandbox_{secrets.token_hex(16)}"


@transaction.atomic
def create_account(*, workspace: Workspace, by: Actor, **fields: Any) -> ProviderAccount:
    account = ProviderAccount(workspace=workspace, **fields)
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
    stored = ProviderAccount.objects.select_for_update().filter(pk=account.pk).values(*wanted).get()
    return {name: [str(stored[name]), str(value)] for name, value in wanted.items() if stored[name] != value}


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
