from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypedDict

from django.db.models import Prefetch, prefetch_related_objects
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Workspace
from calls.launch import OK, Item, checklist, launch_campaign, missing
from campaigns.access import campaign_of
from campaigns.api import examples
from campaigns.api.base import CAMPAIGN_NAMES, CampaignsView
from campaigns.models import Campaign, CampaignQuerySet, SequenceStep
from campaigns.presets import PRESETS
from campaigns.queries import campaigns_matching
from campaigns.serializers.campaign import (
    ELSEWHERE,
    CampaignFieldsSerializer,
    CampaignListSerializer,
    CampaignStatusSerializer,
    NewCampaignSerializer,
)
from campaigns.services import create_campaign, set_campaign_status, update_campaign
from campaigns.shapes import CampaignShape, campaign_json
from common.hours import DAYS
from common.operations import operation
from webhooks.shapes import campaign_webhooks_json

TAG = "Campaigns"
# What a new campaign is, whatever else it is made with.
NEW = {"status": "inactive", "active": False, "state": "off"}
USUAL_WINDOW: int = Campaign._meta.get_field("duplicate_window_days").default
# What a line of the checklist is about, by the page that mends it.
MENDED_AT: dict[str, Literal["campaign", "agent", "callerNumber", "template", "providerAccount", "workspace"]] = {
    "campaign_edit": "campaign",
    "agent_edit": "agent",
    "number_edit": "callerNumber",
    "prompt_edit": "template",
    "account_edit": "providerAccount",
    "settings_workspace": "workspace",
}


class PaginationShape(TypedDict):
    total: Annotated[int, "All that fit, on all pages."]
    page: int
    limit: int


class CampaignListShape(TypedDict):
    campaigns: list[CampaignShape]
    pagination: PaginationShape


class ChecklistItemShape(TypedDict):
    ok: bool
    state: Annotated[Literal["ok", "warn", "missing"], "missing: it cannot be launched. warn: worth a look."]
    text: Annotated[str, "How it is, and what to do where it is not well."]
    about: Annotated[
        Literal["campaign", "agent", "callerNumber", "template", "providerAccount", "workspace"] | None,
        "What is to be changed.",
    ]
    id: Annotated[str | None, "Its id."]


class ChecklistShape(TypedDict):
    """Everything that a call of the campaign would need."""

    ready: Annotated[bool, "Whether it can be launched: nothing is missing."]
    items: list[ChecklistItemShape]


class CampaignView(CampaignsView):
    names = CAMPAIGN_NAMES

    def answer_campaign(self, code: str) -> Response:
        """As it is stored now."""
        return self.answer(shown([campaign_of(self.workspace, code)])[0])


def shown(campaigns: Sequence[Campaign]) -> list[CampaignShape]:
    """Of one workspace; the number of queries does not depend on how many."""
    steps = SequenceStep.objects.select_related("agent", "caller_number")
    prefetch_related_objects(campaigns, Prefetch("steps", steps), "first_action_endpoint")
    workspace = campaigns[0].workspace if campaigns else None
    webhooks = campaign_webhooks_json(workspace, [row.code for row in campaigns]) if workspace else {}
    return [campaign_json(row, webhooks[row.code]) for row in campaigns]


class Campaigns(CampaignView):
    @operation(
        "listCampaigns",
        "List campaigns",
        tag=TAG,
        scope="campaigns:read",
        description="The newest first, page by page. Archived ones only with `includeArchived`.",
        query=CampaignListSerializer,
        data=CampaignListShape,
        example={"campaigns": [examples.CAMPAIGN], "pagination": {"total": 1, "page": 1, "limit": 50}},
    )
    def get(self, request: Request) -> Response:
        asked = self.query()
        page, limit = asked["page"], asked["limit"]
        campaigns = _find(self.workspace, asked)
        rows = list(
            campaigns.with_calling().select_related("workspace").order_by("-id")[(page - 1) * limit : page * limit]
        )
        found: CampaignListShape = {
            "campaigns": shown(rows),
            "pagination": {"total": campaigns.count(), "page": page, "limit": limit},
        }
        return self.answer(found)

    @operation(
        "createCampaign",
        "Make a campaign",
        tag=TAG,
        scope="campaigns:write",
        description="It is inactive and calls nobody until its status is set to active.",
        body=NewCampaignSerializer,
        data=CampaignShape,
        idempotent=True,
        body_example=examples.NEW_CAMPAIGN,
        example=examples.CAMPAIGN | {"active": False, "status": "inactive"},
    )
    def post(self, request: Request) -> Response:
        fields = _fields(self.body(), window=USUAL_WINDOW, stands=NEW)
        if days := fields.pop("days", None):
            fields["hours"] = {day: days.get(day, []) for day in DAYS}
        campaign = create_campaign(workspace=self.workspace, by=self.actor, **fields)
        return self.answer_campaign(campaign.code)


def _find(workspace: Workspace, asked: dict[str, Any]) -> CampaignQuerySet:
    campaigns = Campaign.objects.filter(workspace=workspace)
    exact = {"client_id": asked.get("clientId"), "offer_id": asked.get("offerId")}
    campaigns = campaigns.filter(**{name: value for name, value in exact.items() if value})
    if not asked["includeArchived"]:
        campaigns = campaigns.exclude(status=Campaign.Status.ARCHIVED)
    if text := asked.get("search"):
        campaigns = campaigns.filter(campaigns_matching(text))
    return _only(campaigns, active=asked.get("active"))


def _only(campaigns: CampaignQuerySet, *, active: bool | None) -> CampaignQuerySet:
    if active is None:
        return campaigns
    if active:
        return campaigns.filter(status=Campaign.Status.ACTIVE)
    return campaigns.exclude(status=Campaign.Status.ACTIVE)


def _fields(
    asked: dict[str, Any], *, window: int | None, stands: Mapping[str, Any], campaign: Campaign | None = None
) -> dict[str, Any]:
    """As the services name them; `window` and `campaign` stand now, and what `stands` has is changed elsewhere."""
    _check_standing(asked, stands)
    fields: dict[str, Any] = {}
    if preset := PRESETS.get(asked.get("preset", "")):
        agent = asked.get("production_agent", campaign and campaign.production_agent)
        action = campaign.first_action if campaign else Campaign.FirstAction.NONE
        fields = {**preset.columns_for(agent, first_action=action), "steps": preset.steps}
    fields |= {name: value for name, value in asked.items() if name not in (*ELSEWHERE, "preset")}
    if days := fields.pop("hours", None):
        fields["days"] = days
    if detection := fields.pop("duplicateDetection", None):
        fields["duplicate_window_days"] = _window(detection, window)
    return fields


def _check_standing(asked: dict[str, Any], stands: Mapping[str, Any]) -> None:
    changed = [name for name in ELSEWHERE if name in asked and asked[name] != stands.get(name)]
    if changed:
        places = {name: "autoDialer.state" if name == "state" else name for name in changed}
        raise serializers.ValidationError({places[name]: [ELSEWHERE[name]] for name in changed})


def _window(detection: dict[str, Any], stands: int | None) -> int | None:
    if "windowDays" in detection:
        days: int | None = detection["windowDays"]
        return days
    return (stands or USUAL_WINDOW) if detection["enabled"] else None


class CampaignDetail(CampaignView):
    @operation(
        "getCampaign",
        "Get a campaign",
        tag=TAG,
        scope="campaigns:read",
        data=CampaignShape,
        example=examples.CAMPAIGN,
    )
    def get(self, request: Request, campaign_id: str) -> Response:
        return self.answer_campaign(campaign_id)

    @operation(
        "updateCampaign",
        "Change a campaign",
        tag=TAG,
        scope="campaigns:write",
        description="Only what is sent is changed; of `hours`, only the days that are sent. `holidays` and "
        "`autoDialer.sequence` are replaced whole. `autoDialer.preset` is put in first, and what else is sent over it. "
        "What `GET` gave may be sent back; status, webhooks and the state of the auto-dialer are changed elsewhere.",
        body=CampaignFieldsSerializer,
        data=CampaignShape,
        body_example={"minGapMinutes": 120, "hours": {"sat": [["10:00", "14:00"]]}},
        example=examples.CAMPAIGN,
    )
    def patch(self, request: Request, campaign_id: str) -> Response:
        campaign = campaign_of(self.workspace, campaign_id)
        stands = {**shown([campaign])[0], "state": campaign.dialer}
        fields = _fields(self.body(), window=campaign.duplicate_window_days, stands=stands, campaign=campaign)
        update_campaign(campaign=campaign, by=self.actor, **fields)
        return self.answer_campaign(campaign.code)


class CampaignStatus(CampaignView):
    @operation(
        "setCampaignStatus",
        "Launch, pause, archive or restore a campaign",
        tag=TAG,
        scope="campaigns:write",
        description="`active` launches it, unless something is missing that every call would fail for: then the "
        "answer is `CAMPAIGN_NOT_READY`, with all that is missing in `details`. `inactive` pauses it, or brings an "
        "archived one back. The default campaign cannot be archived (`DEFAULT_CAMPAIGN`), and an archived one is "
        "restored before it is launched (`CAMPAIGN_STATUS`).",
        body=CampaignStatusSerializer,
        data=CampaignShape,
        body_example={"status": "active"},
        example=examples.CAMPAIGN,
    )
    def post(self, request: Request, campaign_id: str) -> Response:
        campaign = campaign_of(self.workspace, campaign_id)
        status = self.body()["status"]
        if status == Campaign.Status.ACTIVE:
            launch_campaign(campaign=campaign, by=self.actor)
        else:
            set_campaign_status(campaign=campaign, status=status, by=self.actor)
        return self.answer_campaign(campaign.code)


class CampaignChecklist(CampaignsView):
    @operation(
        "getCampaignChecklist",
        "Get a campaign's launch checklist",
        tag=TAG,
        scope="campaigns:read",
        description="Whether it is fit to call, and what to do where it is not.",
        data=ChecklistShape,
        example={
            "ready": False,
            "items": [
                {
                    "ok": True,
                    "state": "ok",
                    "text": "Nora calls its leads.",
                    "about": "agent",
                    "id": "agent_abc123",
                },
                {
                    "ok": False,
                    "state": "missing",
                    "text": "There is no number to call from: choose one here or for Nora.",
                    "about": "campaign",
                    "id": "HXZ",
                },
            ],
        },
    )
    def get(self, request: Request, campaign_id: str) -> Response:
        items = checklist(campaign_of(self.workspace, campaign_id))
        found: ChecklistShape = {"ready": not missing(items), "items": [_item(item) for item in items]}
        return self.answer(found)


def _item(item: Item) -> ChecklistItemShape:
    return {
        "ok": item.state == OK,
        "state": item.state,  # type: ignore[typeddict-item]
        "text": item.text,
        "about": MENDED_AT.get(item.url_name),
        "id": item.url_arg or None,
    }
