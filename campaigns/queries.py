from __future__ import annotations

from accounts.models import Workspace
from campaigns.models import CallerNumber, Campaign, PromptVariable, ProviderAccount
from campaigns.prompts import BUILT_IN


def variable_defaults(workspace: Workspace | int) -> dict[str, str]:
    """Every name a template of this workspace may use, with the value it takes when there is none."""
    defaults = {name: variable.default for name, variable in BUILT_IN.items()}
    declared = PromptVariable.objects.filter(workspace=workspace).values_list("name", "default")
    return {**dict(declared), **defaults}


def campaigns_of(workspace: Workspace) -> list[Campaign]:
    """Without the archived ones, the default first."""
    rows = Campaign.objects.filter(workspace=workspace).exclude(status=Campaign.Status.ARCHIVED)
    return list(rows.order_by("-is_default", "name"))


def caller_numbers_of(account: ProviderAccount) -> list[CallerNumber]:
    return list(CallerNumber.objects.filter(account=account, is_active=True).order_by("label", "e164"))
