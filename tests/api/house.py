"""A workspace that has one of everything, and the operations of the document that may be asked about it."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from accounts.actors import SYSTEM, Actor
from accounts.models import ApiKey, ApiRequest, Role, Workspace
from accounts.people import invite
from accounts.services import record
from calls.models import DialerEntry, Interaction, Transcript
from campaigns.models import Campaign, PromptTemplate
from campaigns.services import save_template
from campaigns.variables import create_variable
from common import clock
from common.openapi import document
from leads.models import Approval, Lead, LeadPhone, Submission
from leads.services import add_note, add_tag, add_to_do_not_call
from leads.shapes import campaign_brief
from tests import world
from webhooks.endpoints import create_endpoint
from webhooks.events import EVENTS
from webhooks.models import Delivery, WebhookEndpoint, WebhookEvent

PARAMETER = re.compile(r"{(\w+)}")


@dataclass(frozen=True)
class Asked:
    """An operation of the document."""

    method: str
    path: str
    said: dict[str, Any]

    def __str__(self) -> str:
        return str(self.said["operationId"])

    @property
    def parameters(self) -> list[str]:
        return PARAMETER.findall(self.path)

    @property
    def scope(self) -> str:
        found = re.search(r"Needs the scope `([\w:]+)`", self.said["description"])
        assert found
        return found[1]

    @property
    def example(self) -> Any:
        content = self.said.get("requestBody", {}).get("content", {}).get("application/json", {})
        return copy.deepcopy(content.get("example"))

    @property
    def needed(self) -> dict[str, str]:
        """What the query cannot do without."""
        rows = self.said.get("parameters", [])
        return {row["name"]: "needed" for row in rows if row["in"] == "query" and row.get("required")}

    def address(self, ids: dict[str, str]) -> str:
        return PARAMETER.sub(lambda name: ids[name[1]], self.path)


def the_document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(document())
    return found


def operations() -> Iterator[Asked]:
    for path, methods in the_document()["paths"].items():
        for method, said in methods.items():
            yield Asked(method.upper(), path, said)


def make_house(campaign: Campaign) -> dict[str, str]:
    """What there is to know of a calling workspace; by the name of the parameter, the id to put into a path."""
    workspace = campaign.workspace
    agent = campaign.production_agent
    assert agent is not None
    assert agent.caller_number is not None
    assert agent.template is not None
    lead = _lead(campaign)
    _dialer(lead)
    member = world.make_user(f"Member{workspace.pk}", workspace, Role.MEMBER)
    name = f"spring_{workspace.pk}"
    create_variable(workspace=workspace, name=name, default="10 %", example="10 %", by=SYSTEM)
    invitation, _ = invite(workspace=workspace, email=f"new{workspace.pk}@example.com", role=Role.VIEWER, by=SYSTEM)
    record(workspace=workspace, by=SYSTEM, verb="workspace.changed", object_type="workspace", object_id="1", data={})
    entry = workspace.do_not_call.get()
    return {
        "leadId": lead.public_id,
        "noteId": str(lead.notes.get().pk),
        "submissionId": lead.submissions.get().public_id,
        "interactionId": _interaction(lead).public_id,
        "campaignId": campaign.code,
        "agentId": agent.public_id,
        "numberId": agent.caller_number.public_id,
        "templateId": agent.template.public_id,
        "accountId": agent.account.public_id,
        "version": "1",
        "name": name,
        "entryId": str(entry.pk),
        "memberId": str(member.memberships.get().pk),
        "invitationId": str(invitation.pk),
        "keyId": _key(workspace),
        **_webhook(workspace, lead),
    }


def _lead(campaign: Campaign) -> Lead:
    lead = world.make_lead(campaign, approval_status=Approval.PENDING, source="web")
    add_note(lead=lead, text="Likes blue.", by=SYSTEM)
    add_tag(lead=lead, name="hot", by=SYSTEM)
    Submission.objects.create(lead=lead, number=1, campaign=campaign_brief(campaign))
    listed = {"channel": "phone", "address": "+14155550199", "reason": "Asked for it"}
    add_to_do_not_call(workspace=campaign.workspace, by=SYSTEM, **listed)
    return lead


def _dialer(lead: Lead) -> None:
    Campaign.objects.filter(pk=lead.campaign_id).update(dialer=Campaign.Dialer.ON)
    DialerEntry.objects.create(workspace=lead.workspace, campaign=lead.campaign, lead=lead, due_at=clock.now())


def _interaction(lead: Lead) -> Interaction:
    call = world.make_interaction(lead, status="completed", dispatch="placed", summary="They talked.")
    line = {"timestamp": "2026-11-20T15:04:05Z", "role": "agent", "message": "Hello!", "source": "voice_ai"}
    Transcript.objects.create(interaction=call, messages=[line])
    return call


def _key(workspace: Workspace) -> str:
    world.make_key(workspace, ("leads:read",))
    return workspace.api_keys.latest("pk").public_id


def _webhook(workspace: Workspace, lead: Lead) -> dict[str, str]:
    endpoint = create_endpoint(
        workspace=workspace, by=SYSTEM, url="https://hooks.example.com/leadsail", events=list(EVENTS), enabled=False
    )
    return {"endpointId": endpoint.public_id, "deliveryId": _delivery(endpoint, lead).public_id}


def _delivery(endpoint: WebhookEndpoint, lead: Lead) -> Delivery:
    event = WebhookEvent.objects.create(
        workspace=lead.workspace, type="lead.processed", object_id=lead.public_id, body='{"event": "lead.processed"}'
    )
    return Delivery.objects.create(endpoint=endpoint, event=event, state=Delivery.State.FAILED, tries=3)


def add_rows(campaign: Campaign, ids: dict[str, str], number: int) -> None:
    """One more of everything; what hangs on a thing hangs on the one of `ids`."""
    workspace = campaign.workspace
    known = Lead.objects.get(public_id=ids["leadId"])
    fresh = world.make_lead(_further_campaign(workspace, number), phone=f"+1415555014{number}")
    _dialer(world.make_lead(campaign, phone=f"+1415555018{number}"))
    for lead in (known, fresh):
        add_note(lead=lead, text=f"Note {number}", by=SYSTEM)
        add_tag(lead=lead, name=f"tag {number}", by=SYSTEM)
        LeadPhone.objects.create(lead=lead, e164=f"+1415555015{number}")
        Submission.objects.create(lead=lead, number=2 + number, campaign=campaign_brief(campaign))
        _interaction(lead)
    listed = {"channel": "phone", "address": f"+1415555016{number}", "reason": ""}
    add_to_do_not_call(workspace=workspace, by=SYSTEM, **listed)
    member = world.make_user(f"Further{number}{workspace.pk}", workspace, Role.MEMBER)
    invite(workspace=workspace, email=f"further{number}@example.com", role=Role.VIEWER, by=Actor(user=member))
    create_variable(workspace=workspace, name=f"autumn_{number}", default="", example="", by=SYSTEM)
    world.make_key(workspace, ("leads:read",))
    _webhook(workspace, fresh)
    _delivery(WebhookEndpoint.objects.get(public_id=ids["endpointId"]), known)
    key = ApiKey.objects.get(public_id=ids["keyId"])
    ApiRequest.objects.create(api_key=key, at=clock.now(), method="GET", path="/", status=200, milliseconds=1)
    template = PromptTemplate.objects.get(public_id=ids["templateId"])
    words = {"name": template.name, "body": f"Prompt {number}. You are an AI.", "first_message": "Hello"}
    save_template(workspace=workspace, by=SYSTEM, template=template, **words)


def _further_campaign(workspace: Workspace, number: int) -> Campaign:
    account = world.make_account(workspace)
    caller = world.make_number(account, f"+1415555017{number}")
    template = world.make_template(workspace)
    return world.make_campaign(world.make_agent(account, caller_number=caller, template=template))
