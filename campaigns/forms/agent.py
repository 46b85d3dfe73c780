from __future__ import annotations

from typing import Any, cast

from django import forms

from accounts.models import Workspace
from campaigns.forms.choices import NumberChoice, directory_of, offer_active, sort_choices
from campaigns.models import VoiceAgent
from campaigns.services import AGENT_NAME_TAKEN
from common.forms import WorkspaceForm


class AgentForm(WorkspaceForm):
    caller_number = NumberChoice(
        label="Caller number", help_text="Of the same provider account; a campaign may have its own instead."
    )

    class Meta:
        model = VoiceAgent
        fields = ("name", "account", "provider_agent_id", "template", "caller_number")
        labels = {
            "account": "Provider account",
            "provider_agent_id": "Agent ID at the provider",
            "template": "Prompt template",
        }
        help_texts = {"template": "What it says, unless a campaign has a template of its own."}
        widgets = {"provider_agent_id": forms.TextInput({"list": "provider-agents", "autocomplete": "off"})}

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, workspace=workspace, **kwargs)
        sort_choices(self)
        offer_active(self.fields["account"], self.instance.account_id)
        offer_active(self.fields["caller_number"], self.instance.caller_number_id)
        cast(Any, self.fields["template"]).empty_label = "None yet"
        cast(Any, self.fields["caller_number"]).empty_label = "None yet"
        self.suggestions = directory_of(workspace, "agents")
        self.fields["provider_agent_id"].help_text = _where_to_find(bool(self.suggestions))

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if VoiceAgent.objects.filter(workspace=self.workspace.pk, name=name).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(AGENT_NAME_TAKEN)
        return name


def _where_to_find(has_suggestions: bool) -> str:
    if has_suggestions:
        return "Choose one of those the provider listed at the last Check, or paste the ID."
    return "Copy it from the provider's page of the agent. After a Check of the account it is offered here."
