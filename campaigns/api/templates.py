from __future__ import annotations

from typing import Annotated, TypedDict

from django.core.exceptions import ValidationError
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import PageQuery
from campaigns.access import template_of, version_of
from campaigns.api import examples
from campaigns.api.base import CampaignsView
from campaigns.models import PromptTemplate
from campaigns.prompts import Piece
from campaigns.serializers.template import (
    NewTemplateSerializer,
    PreviewSerializer,
    RestoreSerializer,
    TemplateFieldsSerializer,
)
from campaigns.services import prompt_mistakes, save_template
from campaigns.shapes import TemplateShape, TemplateVersionShape, template_json, version_json
from campaigns.versions import change_template, restore_version
from campaigns.views.preview import Filled, fill_for
from common.operations import operation

TAG = "Prompt templates"
READ_LEADS = "leads:read"
NAMES = {"body": "body", "first_message": "firstMessage"}


class TemplateListShape(TypedDict):
    templates: list[TemplateShape]
    nextCursor: str | None
    hasMore: bool


class TemplateVersionListShape(TypedDict):
    versions: list[TemplateVersionShape]
    nextCursor: str | None
    hasMore: bool


class PreviewShape(TypedDict):
    """A text as a call would have it."""

    leadId: Annotated[str | None, "null: filled with the variables' examples."]
    body: str
    firstMessage: str | None
    fromDefault: Annotated[dict[str, str], "Variables without a value, and the default that stands for each."]
    empty: Annotated[list[str], "Variables without a value or a default: they leave a hole."]
    unknown: Annotated[list[str], "Variables that do not exist."]
    problems: Annotated[list[str], "Why such a text cannot be saved, each with its field, as saving would say it."]


class Templates(CampaignsView):
    @operation(
        "listTemplates",
        "List prompt templates",
        tag=TAG,
        scope="templates:read",
        query=PageQuery,
        data=TemplateListShape,
        example={"templates": [examples.TEMPLATE], "nextCursor": None, "hasMore": False},
    )
    def get(self, request: Request) -> Response:
        known = PromptTemplate.objects.filter(workspace=self.workspace)
        page = self.page(known.select_related("current"), known=known)
        found: TemplateListShape = {
            "templates": [template_json(template) for template in page.rows],
            "nextCursor": page.next_cursor,
            "hasMore": page.has_more,
        }
        return self.answer(found)

    @operation(
        "createTemplate",
        "Write a prompt template",
        tag=TAG,
        scope="templates:write",
        body=NewTemplateSerializer,
        data=TemplateShape,
        idempotent=True,
        body_example=examples.NEW_TEMPLATE,
        example=examples.TEMPLATE | {"version": 1, "updatedAt": examples.TEMPLATE["createdAt"]},
    )
    def post(self, request: Request) -> Response:
        texts = {"first_message": "", **self.body()}
        return self.answer(template_json(save_template(workspace=self.workspace, by=self.actor, **texts)))


class TemplateDetail(CampaignsView):
    @operation(
        "getTemplate",
        "Get a prompt template",
        tag=TAG,
        scope="templates:read",
        data=TemplateShape,
        example=examples.TEMPLATE,
    )
    def get(self, request: Request, template_id: str) -> Response:
        return self.answer(template_json(template_of(self.workspace, template_id)))

    @operation(
        "updateTemplate",
        "Change a prompt template",
        tag=TAG,
        scope="templates:write",
        description="A changed text becomes a new version, which calls use from now on.",
        body=TemplateFieldsSerializer,
        data=TemplateShape,
        body_example={"firstMessage": examples.FIRST_MESSAGE},
        example=examples.TEMPLATE,
    )
    def patch(self, request: Request, template_id: str) -> Response:
        template = template_of(self.workspace, template_id)
        return self.answer(template_json(change_template(template=template, by=self.actor, **self.body())))


class TemplateVersions(CampaignsView):
    @operation(
        "listTemplateVersions",
        "List a prompt template's versions",
        tag=TAG,
        scope="templates:read",
        description="The newest first. The cursor is a version's number.",
        query=PageQuery,
        data=TemplateVersionListShape,
        example={"versions": [examples.VERSION], "nextCursor": None, "hasMore": False},
    )
    def get(self, request: Request, template_id: str) -> Response:
        known = template_of(self.workspace, template_id).versions.all()
        rows = known.select_related("template", "created_by")
        page = self.page(rows, known=known, order=("-number",), by="number")
        found: TemplateVersionListShape = {
            "versions": [version_json(version) for version in page.rows],
            "nextCursor": page.next_cursor,
            "hasMore": page.has_more,
        }
        return self.answer(found)


class TemplateVersionDetail(CampaignsView):
    @operation(
        "getTemplateVersion",
        "Get a version of a prompt template",
        tag=TAG,
        scope="templates:read",
        data=TemplateVersionShape,
        example=examples.VERSION,
    )
    def get(self, request: Request, template_id: str, version: int) -> Response:
        return self.answer(version_json(version_of(template_of(self.workspace, template_id), version)))


class TemplateRestore(CampaignsView):
    @operation(
        "restoreTemplateVersion",
        "Bring a version of a prompt template back",
        tag=TAG,
        scope="templates:write",
        description="Its text becomes a new version. When it says the same as the current one, nothing changes.",
        body=RestoreSerializer,
        data=TemplateShape,
        idempotent=True,
        body_example={"version": 2},
        example=examples.TEMPLATE,
    )
    def post(self, request: Request, template_id: str) -> Response:
        version = version_of(template_of(self.workspace, template_id), self.body()["version"])
        return self.answer(template_json(restore_version(version=version, by=self.actor)))


class TemplatePreview(CampaignsView):
    @operation(
        "previewTemplate",
        "Preview a text",
        tag=TAG,
        scope="templates:read",
        description="Fills a text as a call to the lead would have it, without saving anything. With `leadId` the key "
        "needs the scope `leads:read` too.",
        body=PreviewSerializer,
        data=PreviewShape,
        body_example={"body": examples.BODY, "firstMessage": examples.FIRST_MESSAGE, "leadId": "lead_abc123"},
        example=examples.PREVIEW,
    )
    def post(self, request: Request) -> Response:
        asked = self.body()
        lead, campaign = asked.get("lead"), asked.get("campaign")
        if lead and READ_LEADS not in self.key.scopes:
            raise PermissionDenied(f"This API key needs the scope {READ_LEADS} to preview with a lead")
        if campaign and not lead:
            raise ValidationError({"campaignId": "Send leadId too: without a lead the examples stand in the text."})
        texts = {"body": asked["body"], "first_message": asked.get("first_message", "")}
        mistakes = prompt_mistakes(workspace=self.workspace, **texts)
        return self.answer(_preview(fill_for(self.workspace, lead, campaign=campaign, **texts), mistakes))


def _preview(filled: Filled, mistakes: dict[str, list[str]]) -> PreviewShape:
    return {
        "leadId": filled.lead.public_id if filled.lead else None,
        "body": _text(filled.body),
        "firstMessage": _text(filled.first_message) or None,
        "fromDefault": filled.from_default,
        "empty": list(filled.empty),
        "unknown": list(filled.named("unknown")),
        "problems": [f"{NAMES[field]}: {told}" for field, messages in mistakes.items() for told in messages],
    }


def _text(pieces: list[Piece]) -> str:
    return "".join(piece.text for piece in pieces)
