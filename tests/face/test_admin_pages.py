from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.actors import SYSTEM
from accounts.keys import create_api_key
from accounts.models import ApiRequest, Invitation, KeptAnswer, OperatorSwitch, Workspace
from accounts.services import record
from calls.models import CallPrompt, DialerEntry, DialerState, InboxEvent, Interaction, InteractionEvent, Transcript
from campaigns.models import PromptVariable, ProviderAccount, SequenceStep
from common import clock
from common.models import Lease, ProcessHeartbeat, SentForm
from leads.models import BulkChange, BulkItem, Lead, LeadPhone, Submission, Tag
from leads.services import add_note, add_to_do_not_call, set_status
from tests import world
from webhooks.models import Delivery, DeliveryAttempt, WebhookEndpoint, WebhookEvent

OURS = {"accounts", "campaigns", "leads", "calls", "common", "webhooks"}
MODELS = sorted((model for model in admin.site._registry if model._meta.app_label in OURS), key=lambda m: m._meta.label)
BODY = b'{"who": "said what on the phone"}'
API_KEY, WEBHOOK_SECRET = "sk_never_shown", "wsec_never_shown"


@pytest.fixture
def everything(campaign: Any, lead: Lead, alice: Any) -> list[str]:
    """A row of every model; answers what must not be seen."""
    workspace = campaign.workspace
    account = world.make_account(workspace, api_key=API_KEY, webhook_secret=WEBHOOK_SECRET)
    call = world.make_interaction(lead)
    CallPrompt.objects.create(interaction=call, prompt="You are Nora.")
    Transcript.objects.create(interaction=call, messages=[])
    InteractionEvent.objects.create(interaction=call, kind="created")
    InboxEvent.objects.create(account=account, key="k", body=BODY, interaction=call)
    DialerEntry.objects.create(workspace=workspace, campaign=lead.campaign, lead=lead)
    DialerState.objects.create(campaign=lead.campaign)
    SequenceStep.objects.create(campaign=lead.campaign, position=1)
    key, text = create_api_key(workspace=workspace, name="Zapier", scopes=["interactions:read"], by=SYSTEM)
    LeadPhone.objects.create(lead=lead, e164="+14155550177")
    Tag.objects.create(workspace=workspace, name="hot")
    add_note(lead=lead, text="Likes tea", by=SYSTEM)
    set_status(lead=lead, status="contacted", by=SYSTEM)
    add_to_do_not_call(workspace=workspace, address="+14155550188", by=SYSTEM)
    record(workspace=workspace, by=SYSTEM, verb="lead.created", object_type="lead", object_id=lead.public_id)
    OperatorSwitch.objects.create(id=1)
    PromptVariable.objects.create(workspace=workspace, name="budget")
    Invitation.objects.create(workspace=workspace, email="new@example.com", digest="d", expires_at=clock.now())
    change = BulkChange.objects.create(workspace=workspace, kind="status", value="contacted")
    BulkItem.objects.create(change=change, lead=lead)
    SentForm.objects.create(token="t", url="/")
    Submission.objects.create(lead=lead, number=1)
    ApiRequest.objects.create(
        api_key=key, at=clock.now(), method="GET", path="/api/v1/leads", status=200, milliseconds=3
    )
    KeptAnswer.objects.create(workspace=workspace, key="k", body="an answer with a secret")
    endpoint = WebhookEndpoint.objects.create(workspace=workspace, url="https://example.com", events=["lead.dnc"])
    event = WebhookEvent.objects.create(workspace=workspace, type="lead.dnc", body="{}")
    delivery = Delivery.objects.create(endpoint=endpoint, event=event)
    DeliveryAttempt.objects.create(delivery=delivery, url="https://example.com")
    Lease.objects.create(name="scheduler", holder="h", expires_at=clock.now())
    ProcessHeartbeat.objects.create(token="t", kind="worker", host="h", pid=1, seen_at=clock.now())
    return [API_KEY, WEBHOOK_SECRET, text, key.digest, "said what on the phone", "with a secret", endpoint.secret]


def test_every_model_of_the_product_is_in_the_admin() -> None:
    from django.apps import apps

    ours = {model for model in apps.get_models() if model._meta.app_label in OURS and not model._meta.auto_created}
    assert ours == set(MODELS)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_pages_of_a_model_open_and_show_no_secret(model: Any, everything: list[str], operator_client: Client) -> None:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    row = model._default_manager.order_by("pk").last()
    pages = [reverse(f"{name}_changelist") + "?q=a", reverse(f"{name}_change", args=[row.pk])]
    if admin.site._registry[model].has_add_permission(_request(operator_client)):
        pages.append(reverse(f"{name}_add"))
    for page in pages:
        answer = operator_client.get(page, follow=False)
        assert answer.status_code == 200, page
        text = answer.content.decode()
        assert not [secret for secret in everything if secret in text], page


def _request(client: Client) -> Any:
    return client.get(reverse("admin:index")).wsgi_request


def test_an_account_saved_with_empty_secrets_keeps_them(operator_client: Client, account: ProviderAccount) -> None:
    before = (account.api_key, account.webhook_secret)
    page = reverse("admin:campaigns_provideraccount_change", args=[account.pk])
    answer = operator_client.post(page, _account_fields(account) | {"name": "Renamed"})
    assert answer.status_code == 302
    account.refresh_from_db()
    assert account.name == "Renamed"
    assert (account.api_key, account.webhook_secret) == before


def test_an_account_saved_with_a_new_secret_takes_it(operator_client: Client, account: ProviderAccount) -> None:
    page = reverse("admin:campaigns_provideraccount_change", args=[account.pk])
    operator_client.post(page, _account_fields(account) | {"api_key": "sk_new"})
    account.refresh_from_db()
    assert account.api_key == "sk_new"


def test_a_new_account_without_a_key_is_refused(operator_client: Client, account: ProviderAccount) -> None:
    fields = _account_fields(account) | {"workspace": account.workspace_id, "name": "Second"}
    answer = operator_client.post(reverse("admin:campaigns_provideraccount_add"), fields)
    assert "needs the provider&#x27;s API key" in answer.content.decode()
    assert ProviderAccount.objects.count() == 1


def _account_fields(account: ProviderAccount) -> dict[str, Any]:
    return {
        "name": account.name,
        "provider": account.provider,
        "host": account.host,
        "api_key": "",
        "webhook_secret": "",
        "calls_per_second": "1",
        "concurrency": "5",
        "is_active": "on",
    }


def test_a_new_api_key_is_shown_once_and_works(operator_client: Client, workspace: Workspace, lead: Lead) -> None:
    fields = {"workspace": workspace.pk, "name": "CRM", "scopes": ["interactions:read"]}
    answer = operator_client.post(reverse("admin:accounts_apikey_add"), fields, follow=True)
    key = answer.content.decode().partition("shown this once: ")[2].partition("<")[0].strip()
    assert key.startswith("ls_")
    call = world.make_interaction(lead)
    url = reverse("api_interaction", args=[call.public_id])
    assert Client().get(url, headers={"X-API-Key": key}).status_code == 200
    assert key not in operator_client.get(reverse("admin:accounts_apikey_changelist")).content.decode()


def test_stopping_a_workspace_by_action_goes_through_the_service(operator_client: Client, workspace: Workspace) -> None:
    fields = {"action": "stop_calls", "_selected_action": [workspace.pk]}
    operator_client.post(reverse("admin:accounts_workspace_changelist"), fields)
    workspace.refresh_from_db()
    assert workspace.calls_stopped_at is not None
    assert workspace.audit_events.filter(verb="calls.stopped").exists()


def test_the_operator_switch_stops_and_allows(operator_client: Client) -> None:
    operator_client.get(reverse("admin:accounts_operatorswitch_changelist"))
    page = reverse("admin:accounts_operatorswitch_change", args=[1])
    operator_client.post(page, {"stopped": "on"})
    assert OperatorSwitch.objects.get().calls_stopped_at is not None
    operator_client.post(page, {})
    assert OperatorSwitch.objects.get().calls_stopped_at is None


def test_a_campaign_with_another_workspaces_agent_is_refused(
    operator_client: Client, campaign: Any, elsewhere: Any
) -> None:
    page = reverse("admin:campaigns_campaign_change", args=[campaign.pk])
    fields = {
        "name": campaign.name,
        "status": "active",
        "production_agent": elsewhere.production_agent_id,
        "hours": "{}",
        "min_gap_minutes": 1,
        "max_attempts": 1,
    }
    answer = operator_client.post(page, fields)
    assert "not of the workspace Harbour" in answer.content.decode()


def test_a_lead_made_in_the_admin_has_history(operator_client: Client, campaign: Any) -> None:
    fields = {
        **{"workspace": campaign.workspace_id, "campaign": campaign.pk, "first_name": "Ada", "phone": "+14155550166"},
        **{"status": "new", "custom_fields": "{}", "phones-TOTAL_FORMS": 0, "phones-INITIAL_FORMS": 0},
        **{"status_changes-TOTAL_FORMS": 0, "status_changes-INITIAL_FORMS": 0},
    }
    answer = operator_client.post(reverse("admin:leads_lead_add"), fields)
    assert answer.status_code == 302
    lead = Lead.objects.get(first_name="Ada")
    assert lead.workspace.audit_events.filter(verb="lead.created", object_id=lead.public_id).exists()


def test_a_status_set_in_the_admin_is_in_the_history(operator_client: Client, lead: Lead) -> None:
    fields = {
        **{"campaign": lead.campaign_id, "first_name": "Annika", "phone": lead.phone, "status": "qualified"},
        **{"custom_fields": "{}", "phones-TOTAL_FORMS": 0, "phones-INITIAL_FORMS": 0},
        **{"status_changes-TOTAL_FORMS": 0, "status_changes-INITIAL_FORMS": 0},
    }
    operator_client.post(reverse("admin:leads_lead_change", args=[lead.pk]), fields)
    lead.refresh_from_db()
    assert (lead.first_name, lead.status) == ("Annika", "qualified")
    assert lead.status_changes.get().reason == "Set in the admin"


def test_a_template_saved_in_the_admin_becomes_a_version(operator_client: Client, campaign: Any) -> None:
    template = campaign.production_agent.template
    fields = {"name": template.name, "body": "Call {{first_name}}.", "first_message": ""}
    fields |= {"versions-TOTAL_FORMS": 0, "versions-INITIAL_FORMS": 0}
    page = reverse("admin:campaigns_prompttemplate_change", args=[template.pk])
    assert operator_client.post(page, fields).status_code == 302
    template.refresh_from_db()
    assert (template.current.number, template.current.body) == (2, "Call {{first_name}}.")
    wrong = operator_client.post(page, fields | {"body": "Call {{frist_name}}."}).content.decode()
    assert "There is no variable" in wrong


def test_a_member_of_a_workspace_is_not_let_into_the_admin(bob_client: Client) -> None:
    assert bob_client.get(reverse("admin:index")).status_code == 302


def test_calls_cannot_be_written_by_hand(operator_client: Client, lead: Lead) -> None:
    call = world.make_interaction(lead)
    page = reverse("admin:calls_interaction_change", args=[call.pk])
    assert operator_client.post(page, {"status": "completed"}).status_code == 403
    assert Interaction.objects.get(pk=call.pk).status == "in_progress"
