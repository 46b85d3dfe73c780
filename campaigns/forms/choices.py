"""What the forms of campaigns, agents and numbers offer to choose from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.db.models import Q

from accounts.models import Workspace
from campaigns.models import CallerNumber, ProviderAccount
from common import phones


class NumberChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """The number as people write it, with the account that holds it: not every agent can call from it."""

    def __init__(self, **kwargs: Any) -> None:
        numbers = CallerNumber.objects.select_related("account").order_by("e164")
        super().__init__(numbers, required=False, **kwargs)

    def label_from_instance(self, obj: Any) -> str:
        label = f" {obj.label}" if obj.label else ""
        return f"{phones.display(obj.e164)}{label} ({obj.account})"


@dataclass(frozen=True)
class Suggestion:
    value: str
    label: str


def offer_active(field: forms.Field, chosen_id: int | None) -> None:
    """What is deactivated is not offered, unless it is what stands there."""
    choice = cast(Any, field)
    choice.queryset = choice.queryset.filter(Q(is_active=True) | Q(pk=chosen_id))


def sort_choices(form: forms.BaseForm) -> None:
    """By name, where the field has no order of its own."""
    for field in form.fields.values():
        rows = field.queryset if isinstance(field, forms.ModelChoiceField) else None
        if rows is not None and not rows.ordered:
            cast(Any, field).queryset = rows.order_by("name")


def has_account(workspace: Workspace) -> bool:
    return ProviderAccount.objects.filter(workspace=workspace, is_active=True).exists()


def only_account(workspace: Workspace) -> dict[str, int]:
    """Where there is one account, it is meant."""
    accounts = ProviderAccount.objects.filter(workspace=workspace, is_active=True).values_list("pk", flat=True)[:2]
    return {"account": accounts[0]} if len(accounts) == 1 else {}


def directory_of(workspace: Workspace, kind: str) -> list[Suggestion]:
    """The agents or numbers that the providers listed at the accounts' last Checks."""
    accounts = ProviderAccount.objects.filter(workspace=workspace, is_active=True).order_by("name")
    return [
        Suggestion(str(entry["id"]), f"{_words(entry)} ({account})")
        for account in accounts
        for entry in account.directory.get(kind, [])
        if entry.get("id")
    ]


def _words(entry: dict[str, Any]) -> str:
    return " ".join(str(entry[name]) for name in ("name", "number", "label") if entry.get(name))
