from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import Workspace
from campaigns.models import PromptTemplate, PromptVariable
from campaigns.prompts import STARTING_BODY, STARTING_FIRST_MESSAGE
from campaigns.services import TEMPLATE_NAME_TAKEN, check_prompt
from campaigns.variables import name_taken
from common.forms import TextWithNewlines, WorkspaceForm

LONGEST_BODY = 50_000
LONGEST_FIRST_MESSAGE = 2_000


class PromptForm(WorkspaceForm):
    """A template's name with the text of its current version; a new one starts with a text that can be used."""

    first_message = TextWithNewlines(
        required=False,
        strip=False,
        max_length=LONGEST_FIRST_MESSAGE,
        widget=forms.Textarea({"rows": 2, "class": "prompt-words", "dir": "auto"}),
        help_text="What the agent says first. Empty: it waits until the person has spoken.",
    )
    body = TextWithNewlines(
        label="Prompt",
        strip=False,
        max_length=LONGEST_BODY,
        error_messages={"required": "Write what the agent should do."},
        widget=forms.Textarea({"rows": 22, "class": "prompt-words prompt-body", "dir": "auto", "spellcheck": "true"}),
    )

    class Meta:
        model = PromptTemplate
        fields = ("name",)
        widgets = {"name": forms.TextInput({"dir": "auto", "autocomplete": "off"})}

    def __init__(self, *args: Any, workspace: Workspace, instance: PromptTemplate | None = None) -> None:
        super().__init__(*args, workspace=workspace, instance=instance, initial=_texts(instance))
        self.is_stale = False

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        others = PromptTemplate.objects.filter(workspace=self.instance.workspace, name=name).exclude(
            pk=self.instance.pk
        )
        if others.exists():
            raise ValidationError(TEMPLATE_NAME_TAKEN)
        return name

    def clean(self) -> dict[str, Any]:
        if all(self.cleaned_data.get(name) == text for name, text in self.stored.items()):
            # Whoever changed it wrote the same (a form sent twice, mostly): nobody loses anything.
            self.cleaned_data["seen"] = self.fingerprint
        data = super().clean()
        if "body" in data and "first_message" in data:
            check_prompt(workspace=self.instance.workspace, body=data["body"], first_message=data["first_message"])
        return data

    def _stale(self) -> str:
        self.is_stale = True
        return "Somebody has saved another version since you opened this page. Save again to put yours on top of it."


def _texts(template: PromptTemplate | None) -> dict[str, str]:
    if template is None:
        return {"body": STARTING_BODY, "first_message": STARTING_FIRST_MESSAGE}
    current = template.current
    return {"body": current.body, "first_message": current.first_message} if current else {}


class VariableForm(WorkspaceForm):
    class Meta:
        model = PromptVariable
        fields = ("name", "default", "example")
        widgets = {
            "name": forms.TextInput({"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
            "default": forms.TextInput({"dir": "auto"}),
            "example": forms.TextInput({"dir": "auto"}),
        }
        help_texts = {
            "name": "Small letters, digits and underscores, for example showroom_address.",
            "default": "What the agent gets where a lead has no value.",
            "example": "Shown in the editor, so that people know what to expect. Never said on a call.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            # Prompts say it by its name.
            del self.fields["name"], self.stored["name"]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if PromptVariable.objects.filter(workspace=self.instance.workspace, name=name).exists():
            raise ValidationError(name_taken(name))
        return name
