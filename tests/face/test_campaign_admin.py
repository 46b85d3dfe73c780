"""The operator's admin pages of campaigns, agents and numbers act through the services."""

from __future__ import annotations

from typing import Any

from django.test import Client

from accounts.actors import SYSTEM
from accounts.models import AuditEvent, User, Workspace
from campaigns.dialing import StepValues, steps_of
from campaigns.models import CallerNumber, Campaign, ProviderAccount, SequenceStep, VoiceAgent
from campaigns.services import update_campaign
from tests import world

NO_STEPS = {"steps-TOTAL_FORMS": 0, "steps-INITIAL_FORMS": 0}
RULES = {
    "name": "Spring",
    "hours": '{"mon": []}',
    "min_gap_minutes": 0,
    "max_attempts": 3,
    "voicemail_action": "hang_up",
    "first_action": "none",
    "review_priority": "normal",
}


def change(client: Client, campaign: Campaign, **fields: Any) -> Any:
    return client.post(f"/admin/campaigns/campaign/{campaign.pk}/change/", {**RULES, **NO_STEPS, **fields})


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
    change(operator_client, campaign, status="archived", dialer="on")
    changed = Campaign.objects.get()
    assert (changed.name, changed.status, changed.dialer) == ("Spring", "active", "off")


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
    change(operator_client, campaign, offer_name="Visit", duplicate_window_days=0)
    assert Campaign.objects.get().offer_name == ""
    change(operator_client, campaign, offer_name="Visit", duplicate_window_days=7)
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


def steps(*rows: dict[str, Any], stored: list[SequenceStep] | None = None) -> dict[str, Any]:
    known = stored or []
    sent: dict[str, Any] = {"steps-TOTAL_FORMS": len(rows), "steps-INITIAL_FORMS": len(known)}
    for place, row in enumerate(rows):
        fields = {"id": known[place].pk, "campaign": known[place].campaign_id} if place < len(known) else {}
        sent |= {f"steps-{place}-{name}": value for name, value in (fields | row).items()}
    return sent


def test_all_rules_of_the_dialer_are_set_in_the_admin_through_the_service(
    operator_client: Client, operator: User, campaign: Campaign
) -> None:
    rules = {
        "hours_zone": "Europe/Berlin",
        "holidays": "25 Dec Christmas",
        "max_attempts_per_day": 2,
        "retry_outcomes": ["busy"],
        "excluded_statuses": ["signed"],
        "calls_per_minute": 20,
        "daily_cap": 300,
        "ring_timeout_seconds": 20,
        "first_action": "human_review",
    }
    rows = steps({"position": 1, "wait_minutes": 90}, {"position": 0, "after_attempt": 1, "outcomes": ["busy"]})
    assert change(operator_client, campaign, **rules, **rows).status_code == 302
    kept = Campaign.objects.get()
    assert kept.holidays == [{"date": "12-25", "name": "Christmas"}]
    assert (kept.hours_zone, kept.retry_outcomes, kept.daily_cap) == ("Europe/Berlin", ["busy"], 300)
    assert steps_of(kept) == [StepValues(after_attempt=1, outcomes=("busy",)), StepValues(wait_minutes=90)]
    event = AuditEvent.objects.get(verb="campaign.changed")
    assert event.user == operator
    assert {"steps", "daily_cap"} <= set(event.data["changes"])


def test_steps_change_places_and_are_deleted(operator_client: Client, campaign: Campaign) -> None:
    change(operator_client, campaign, retry_outcomes=["busy"], **steps({"after_attempt": 1}, {"after_attempt": 2}))
    stored = list(campaign.steps.all())
    turned = steps({"position": 2, "after_attempt": 1}, {"position": 1, "after_attempt": 2}, stored=stored)
    assert change(operator_client, campaign, retry_outcomes=["busy"], **turned).status_code == 302
    assert [step.after_attempt for step in steps_of(campaign)] == [2, 1]
    stored = list(campaign.steps.all())
    gone = steps({"position": 0, "after_attempt": 2, "DELETE": "on"}, {"after_attempt": 1}, stored=stored)
    change(operator_client, campaign, retry_outcomes=["busy"], **gone)
    assert [step.after_attempt for step in steps_of(campaign)] == [1]


def test_rules_that_contradict_are_told_and_nothing_is_saved(operator_client: Client, campaign: Campaign) -> None:
    assert "no more than that a day" in errors(change(operator_client, campaign, max_attempts_per_day=9))
    rows = steps({"after_attempt": 7})
    page = change(operator_client, campaign, retry_outcomes=["busy"], **rows).content.decode()
    assert "nothing follows attempt 7" in page
    assert Campaign.objects.get().name == "Spring kitchens"


def test_steps_that_are_not_reached_any_more_keep_nobody_from_saving(
    operator_client: Client, campaign: Campaign
) -> None:
    wanted = [StepValues(after_attempt=1, outcomes=("no_answer", "busy")), StepValues(after_attempt=5)]
    update_campaign(campaign=campaign, by=SYSTEM, steps=wanted, retry_outcomes=["no_answer", "busy"])
    sent: dict[str, Any] = {"retry_outcomes": ["no_answer", "busy"], "max_attempts": 3}
    for order in (["busy", "no_answer"], ["no_answer", "busy"]):
        rows = steps({"after_attempt": 1, "outcomes": order}, {"after_attempt": 5}, stored=list(campaign.steps.all()))
        assert change(operator_client, campaign, **sent, **rows).status_code == 302
    assert Campaign.objects.get().max_attempts == 3
    rows = steps({"after_attempt": 2}, {"after_attempt": 5}, stored=list(campaign.steps.all()))
    assert "nothing follows attempt 5" in change(operator_client, campaign, **sent, **rows).content.decode()


def test_limits_and_hours_are_told_in_our_words(operator_client: Client, campaign: Campaign) -> None:
    assert "Write at least 1, or leave it empty" in errors(change(operator_client, campaign, calls_per_minute=-1))
    assert "Write at least 1: so often" in errors(change(operator_client, campaign, max_attempts=0))
    told = errors(change(operator_client, campaign, hours='{"mon": [["22:00", "02:00"]]}'))
    assert "22:00–24:00 here and 00:00–02:00 on the next day" in told


def test_a_campaign_is_made_in_the_admin_and_gets_its_steps_afterwards(
    operator_client: Client, campaign: Campaign
) -> None:
    data = RULES | {"workspace": campaign.workspace_id, "min_gap_minutes": 240, "retry_outcomes": ["no_answer"]}
    data |= {"hours": '{"mon": [["09:00", "18:00"]]}'}
    assert operator_client.post("/admin/campaigns/campaign/add/", data).status_code == 302
    assert steps_of(Campaign.objects.get(name="Spring")) == []


def test_the_dialer_is_started_paused_and_stopped_by_actions(operator_client: Client, campaign: Campaign) -> None:
    assert "is off: start it" in act(operator_client, campaign, "pause_dialer")
    for action, state in (("start_dialer", "on"), ("pause_dialer", "paused"), ("stop_dialer", "off")):
        act(operator_client, campaign, action)
        assert Campaign.objects.get().dialer == state


def test_a_numbers_daily_cap_is_set_and_zero_is_told(operator_client: Client, campaign: Campaign) -> None:
    number = CallerNumber.objects.get()
    url = f"/admin/campaigns/callernumber/{number.pk}/change/"
    data = {"account": number.account_id, "e164": number.e164, "provider_number_id": "x", "kind": "sip"}
    for too_few in (0, -1):
        told = errors(operator_client.post(url, data | {"daily_cap": too_few}))
        assert "Write at least 1, or leave it empty" in told
    operator_client.post(url, data | {"daily_cap": 200})
    assert CallerNumber.objects.get().daily_cap == 200
