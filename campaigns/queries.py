from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Prefetch, Q, QuerySet

from accounts.models import Workspace
from campaigns.models import CallerNumber, Campaign, PromptTemplate, PromptVariable, ProviderAccount, VoiceAgent
from campaigns.prompts import BUILT_IN, LEAD_VARIABLES, SYSTEM_VARIABLES, Variable, used_names

USERS_SHOWN = 3


def variable_defaults(workspace: Workspace | int) -> dict[str, str]:
    """Every name a template of this workspace may use, with the value it takes when there is none."""
    defaults = {name: variable.default for name, variable in BUILT_IN.items()}
    declared = PromptVariable.objects.filter(workspace=workspace).values_list("name", "default")
    return {**dict(declared), **defaults}


@dataclass(frozen=True)
class VariableGroup:
    label: str
    variables: tuple[Variable, ...]


def variable_groups(workspace: Workspace) -> list[VariableGroup]:
    """Every variable a template may use, as people look for them."""
    own: dict[str, list[Variable]] = {kind: [] for kind in PromptVariable.Kind.values}
    for row in PromptVariable.objects.filter(workspace=workspace).order_by("name"):
        own[row.kind].append(Variable(row.name, row.get_kind_display(), row.default, row.example))
    groups = (
        VariableGroup("The lead", LEAD_VARIABLES),
        VariableGroup("This call", SYSTEM_VARIABLES),
        VariableGroup("Declared here", tuple(own[PromptVariable.Kind.DECLARED])),
        VariableGroup("Custom fields of leads", tuple(own[PromptVariable.Kind.CUSTOM_FIELD])),
    )
    return [group for group in groups if group.variables]


def templates_using(variable: PromptVariable) -> list[PromptTemplate]:
    """The templates whose current text has the variable."""
    says_it = Q(current__body__contains=variable.name) | Q(current__first_message__contains=variable.name)
    templates = PromptTemplate.objects.filter(says_it, workspace=variable.workspace).select_related("current")
    return [template for template in templates.order_by("name") if variable.name in _names_in(template)]


def _names_in(template: PromptTemplate) -> list[str]:
    current = template.current
    return used_names(current.body) + used_names(current.first_message) if current else []


def campaigns_matching(text: str) -> Q:
    named = Q(name__icontains=text) | Q(client_name__icontains=text) | Q(offer_name__icontains=text)
    return named | Q(code__iexact=text)


def find_templates(workspace: Workspace, *, text: str = "") -> QuerySet[PromptTemplate]:
    """With who saved the current text, and the first few that call with it (one more than is shown)."""
    templates = PromptTemplate.objects.filter(workspace=workspace, name__icontains=text.strip())
    campaigns = Campaign.objects.exclude(status=Campaign.Status.ARCHIVED).order_by("name")[: USERS_SHOWN + 1]
    agents = VoiceAgent.objects.order_by("name")[: USERS_SHOWN + 1]
    return templates.select_related("current__created_by").prefetch_related(
        Prefetch("campaigns", campaigns, to_attr="first_campaigns"),
        Prefetch("agents", agents, to_attr="first_agents"),
    )


def caller_numbers_of(account: ProviderAccount) -> list[CallerNumber]:
    return list(CallerNumber.objects.filter(account=account, is_active=True).order_by("label", "e164"))
