"""The operator's admin pages of campaigns, agents and numbers act through the services."""

from __future__ import annotations

from typing import Any

from django.test import Client

from accounts.models import AuditEvent, User, Workspace
from campaigns.models import CallerNumber, Campaign, ProviderAccount, VoiceAgent
from tests import world


def act(client: Client, campaign: Campaign, action: str) -> str:
    data = {"action": action, "_selected_action": [campaign.pk]}
    return client.post("/admin/campaigns/campaign/", data, follow=True).content.decode()


def errors(response: Any) -> str:
    assert response.status_code == 200
    return str(response.context["adminform"].form.errors.as_text())


def test_launching_asks_what_the_campaigns_page_asks(operator_client: Client, campaign: Campaign) -> None:
    Campaign.objects.update(status="inactive")
    ProviderAccount.objects.update(api_key="")
    assert "has no API key" in act(operator_client, campaign, "launch")
    ProviderAccount.objects.update(api_key="sk_test")
    act(operator_client, campaign, "launch")
    assert Campaign.objects.get().status == "active"
    act(operator_client, campaign, "pause")
    assert Campaign.objects.get().status == "inactive"
    assert "cannot be the default" in act(operator_client, campaign, "archive")


def test_a_status_that_is_posted_changes_nothing(operator_client: Client, campaign: Campaign) -> None:
    data = {"name": "Spring", "status": "archived", "hours": '{"mon": []}', "min_gap_minutes": 0, "max_attempts": 1}
    operator_client.post(f"/admin/campaigns/campaign/{campaign.pk}/change/", data)
    changed = Campaign.objects.get()
    assert (changed.name, changed.status) == ("Spring", "active")


def test_a_change_is_on_record(operator_client: Client, operator: User, campaign: Campaign) -> None:
    agent = VoiceAgent.objects.get()
    data = {"name": "Luna", "account": agent.account_id, "provider_agent_id": "agent_luna", "is_active": "on"}
    operator_client.post(f"/admin/campaigns/voiceagent/{agent.pk}/change/", data)
    event = AuditEvent.objects.get(verb="agent.changed")
    assert event.user == operator
    assert event.data["changes"]["name"] == [agent.name, "Luna"]


def test_a_number_of_another_account_is_told(operator_client: Client, campaign: Campaign) -> None:
    agent = VoiceAgent.objects.get()
    foreign = world.make_number(world.make_account(campaign.workspace), "+14155550111")
    data = {"name": "Luna", "account": agent.account_id, "provider_agent_id": "x", "caller_number": foreign.pk}
    response = operator_client.post(f"/admin/campaigns/voiceagent/{agent.pk}/change/", data)
    assert "choose a number of that account" in errors(response)


def test_any_writing_of_a_caller_number_is_kept_in_one_form(operator_client: Client, account: ProviderAccount) -> None:
    data = {"workspace": account.workspace_id, "account": account.pk, "provider_number_id": "x", "kind": "sip"}
    add = "/admin/campaigns/callernumber/add/"
    assert "cannot be a phone number" in errors(operator_client.post(add, data | {"e164": "555-0177"}))
    operator_client.post(add, data | {"e164": "(415) 555-0177", "is_active": "on"})
    assert CallerNumber.objects.filter(e164="+14155550177").exists()
    number = world.make_number(world.make_account(account.workspace), "+14155550178")
    VoiceAgent.objects.update(account=number.account, caller_number=number)
    changed = data | {"e164": number.e164}
    response = operator_client.post(f"/admin/campaigns/callernumber/{number.pk}/change/", changed)
    assert "would have no number left" in errors(response)


def test_a_prompts_new_name_is_on_record(operator_client: Client, operator: User, workspace: Workspace) -> None:
    template = world.make_template(workspace, name="Enquiry", body="Text", first_message="")
    data = {"name": "Enquiries", "body": "Text", "first_message": ""}
    inline = {f"versions-{name}": 0 for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    operator_client.post(f"/admin/campaigns/prompttemplate/{template.pk}/change/", data | inline)
    event = AuditEvent.objects.get(verb="template.renamed")
    assert (event.user, event.data) == (operator, {"from": "Enquiry", "to": "Enquiries"})
    assert template.versions.count() == 1


def test_the_admin_keeps_client_and_offer_and_finds_by_them(operator_client: Client, campaign: Campaign) -> None:
    data = {"name": "Spring", "hours": '{"mon": []}', "min_gap_minutes": 0, "max_attempts": 1, "offer_name": "Visit"}
    operator_client.post(f"/admin/campaigns/campaign/{campaign.pk}/change/", data | {"duplicate_window_days": 0})
    assert Campaign.objects.get().offer_name == ""
    operator_client.post(f"/admin/campaigns/campaign/{campaign.pk}/change/", data | {"duplicate_window_days": 7})
    changed = Campaign.objects.get()
    assert (changed.offer_name, changed.duplicate_window_days) == ("Visit", 7)
    assert changed.code in operator_client.get("/admin/campaigns/campaign/", {"q": "visit"}).content.decode()


def test_mistakes_of_an_account_are_told_at_their_fields(
    operator_client: Client, account: ProviderAccount, settings: Any
) -> None:
    settings.SANDBOX_URL = ""
    data = {"name": "Line", "provider": "elevenlabs", "calls_per_second": 1, "concurrency": 1, "is_active": "on"}
    url = f"/admin/campaigns/provideraccount/{account.pk}/change/"
    assert "No sandbox runs" in errors(operator_client.post(url, data | {"host": "sandbox"}))
    spaced = data | {"host": account.host, "api_key": "sk_a b"}
    assert "copy it again" in errors(operator_client.post(url, spaced))
    operator_client.post(url, data | {"host": account.host, "api_key": "sk_new"})
    assert ProviderAccount.objects.get().api_key == "sk_new"
