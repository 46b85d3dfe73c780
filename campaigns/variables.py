"""What people declare for their prompts beyond the built-in names."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.actors import Actor
from accounts.models import Workspace
from accounts.services import record
from campaigns.models import PromptVariable
from campaigns.queries import templates_using


@transaction.atomic
def create_variable(*, workspace: Workspace, name: str, default: str, example: str, by: Actor) -> PromptVariable:
    variable = PromptVariable(workspace=workspace, name=name, default=default, example=example)
    if PromptVariable.objects.filter(workspace=workspace, name=name).exists():
        raise ValidationError({"name": name_taken(name)})
    variable.full_clean()
    variable.save()
    _record(variable, "variable.created", by, {"name": name, "default": default})
    return variable


def name_taken(name: str) -> str:
    return f"There is a variable “{name}” already: choose another name."


@transaction.atomic
def update_variable(*, variable: PromptVariable, default: str, example: str, by: Actor) -> bool:
    """The name stays: templates say it. False when nothing changed."""
    stored = PromptVariable.objects.get(pk=variable.pk)
    if (stored.default, stored.example) == (default, example):
        return False
    stored.default, stored.example = default, example
    stored.full_clean()
    stored.save(update_fields=["default", "example"])
    _record(stored, "variable.changed", by, {"name": stored.name, "default": default})
    return True


@transaction.atomic
def delete_variable(*, variable: PromptVariable, by: Actor) -> None:
    """Refused while a template says it: its calls would have a hole where the name stood."""
    if variable.kind == PromptVariable.Kind.CUSTOM_FIELD:
        raise ValidationError(f"“{variable}” is a custom field of leads: it stays as long as they may have it.")
    if templates := templates_using(variable):
        names = ", ".join(f"“{template}”" for template in templates)
        raise ValidationError(f"“{variable}” stands in {names}: take it out there first.")
    _record(variable, "variable.deleted", by, {"name": variable.name, "default": variable.default})
    variable.delete()


def _record(variable: PromptVariable, verb: str, by: Actor, data: dict[str, str]) -> None:
    object_id = str(variable.pk)
    record(workspace=variable.workspace, by=by, verb=verb, object_type="variable", object_id=object_id, data=data)
