from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.actors import Actor
from accounts.models import Workspace
from accounts.services import record
from campaigns.models import VARIABLE_PATTERN, Campaign, PromptTemplate, PromptVariable, PromptVersion
from campaigns.prompts import BUILT_IN, find_mistakes
from campaigns.queries import variable_defaults
from common.ids import new_code


@transaction.atomic
def create_campaign(*, workspace: Workspace, by: Actor, **fields: Any) -> Campaign:
    def taken(code: str) -> bool:
        return Campaign.objects.filter(workspace=workspace, code=code).exists()

    campaign = Campaign(workspace=workspace, code=new_code(taken), **fields)
    campaign.full_clean(exclude=["code"])
    campaign.save()
    record(workspace=workspace, by=by, verb="campaign.created", object_type="campaign", object_id=campaign.code)
    return campaign


def check_prompt(*, workspace: Workspace, body: str, first_message: str = "") -> None:
    known = variable_defaults(workspace)
    errors = {
        name: mistakes
        for name, text in (("body", body), ("first_message", first_message))
        if (mistakes := find_mistakes(text, known))
    }
    if not body.strip():
        errors["body"] = ["Write what the agent should do."]
    if errors:
        raise ValidationError(errors)


@transaction.atomic
def save_template(
    *, workspace: Workspace, name: str, body: str, first_message: str, by: Actor, template: PromptTemplate | None = None
) -> PromptTemplate:
    """A changed text becomes a new version; a name that does not exist is refused here, not on the phone."""
    check_prompt(workspace=workspace, body=body, first_message=first_message)
    template = template or PromptTemplate(workspace=workspace)
    template.name = name
    template.full_clean(exclude=["current"])
    template.save()
    current = template.current
    if current is None or (current.body, current.first_message) != (body, first_message):
        template.current = PromptVersion.objects.create(
            template=template,
            number=template.versions.count() + 1,
            body=body,
            first_message=first_message,
            created_by=by.user,
        )
        template.save(update_fields=["current"])
        record(workspace=workspace, by=by, verb="template.saved", object_type="template", object_id=template.public_id)
    return template


def register_custom_fields(*, workspace: Workspace, names: Iterable[str]) -> None:
    """A lead's custom field may be used in templates from the moment a lead has it."""
    rows = [
        PromptVariable(workspace=workspace, name=name, kind=PromptVariable.Kind.CUSTOM_FIELD)
        for name in names
        if name not in BUILT_IN and VARIABLE_PATTERN.fullmatch(name)
    ]
    PromptVariable.objects.bulk_create(rows, ignore_conflicts=True)
