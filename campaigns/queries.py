from __future__ import annotations

from accounts.models import Workspace
from campaigns.models import CallerNumber, PromptTemplate, PromptVariable, ProviderAccount
from campaigns.prompts import BUILT_IN, used_names


def variable_defaults(workspace: Workspace | int) -> dict[str, str]:
    """Every name a template of this workspace may use, with the value it takes when there is none."""
    defaults = {name: variable.default for name, variable in BUILT_IN.items()}
    declared = PromptVariable.objects.filter(workspace=workspace).values_list("name", "default")
    return {**dict(declared), **defaults}


def templates_using(variable: PromptVariable) -> list[str]:
    """The names of the templates whose current text has the variable."""
    templates = PromptTemplate.objects.filter(workspace=variable.workspace, current__isnull=False)
    texts = templates.values_list("name", "current__body", "current__first_message")
    return [name for name, body, first in texts if variable.name in used_names(body) + used_names(first)]


def caller_numbers_of(account: ProviderAccount) -> list[CallerNumber]:
    return list(CallerNumber.objects.filter(account=account, is_active=True).order_by("label", "e164"))
