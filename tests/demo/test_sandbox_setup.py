"""The first-run guide with the real sandbox process: from nothing to the first call's outcome."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
import requests
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.actors import SYSTEM
from accounts.models import AuditEvent, Role, Workspace
from calls.dispatch import placing
from calls.ingest.reconcile import look_at
from calls.jobs import check_account, set_up_sandbox
from calls.models import Interaction
from calls.provider_checks import ask_for_check, state_of_check
from calls.providers.elevenlabs import setup
from calls.sandbox_setup import use_sandbox
from campaigns.models import ProviderAccount, VoiceAgent
from common.process import new_token
from leads.models import Lead
from leadsail.embedded import free_port
from tests import world
from tests.demo.conftest import ask


@pytest.fixture
def workspace(db: None, settings: Settings, phone_network: str) -> Workspace:
    settings.SANDBOX_URL = phone_network
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    return world.make_workspace("Harbour")


@pytest.fixture
def account(workspace: Workspace) -> ProviderAccount:
    account = use_sandbox(workspace=workspace, by=SYSTEM)
    set_up_sandbox(account.pk)
    return ProviderAccount.objects.get(pk=account.pk)


@pytest.fixture
def client(workspace: Workspace) -> Client:
    client = Client()
    alice = world.make_user("Alice", workspace, Role.OWNER)
    client.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def eventually(look: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not look():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def faults(account: ProviderAccount) -> list[str]:
    ask_for_check(account)
    check_account(account.pk)
    account.refresh_from_db()
    return [result["text"] for result in account.check_results if result["state"] != "ok"]


def test_from_an_empty_workspace_to_the_outcome_of_the_first_call(client: Client, phone_network: str) -> None:
    requests.post(f"{phone_network}/control", json={"speed": 1000}, timeout=5).raise_for_status()
    client.post(reverse("guide_sandbox"))
    set_up_sandbox(ProviderAccount.objects.get().pk)
    page = client.get(reverse("guide"))
    assert page.context["guide"].done_count == 5
    lead_form = {"first_name": "Ada", "phone": "+14155550101", "campaign": str(page.context["campaign"].pk)}
    assert client.post(reverse("lead_new"), lead_form).status_code == 302
    lead = Lead.objects.get()
    assert f"Call <bdi>{lead}</bdi>" in client.get(reverse("guide")).content.decode()
    client.post(reverse("call_modal", args=[lead.public_id]))
    call = Interaction.objects.get()
    placing.dial(call.pk, new_token())

    def has_ended() -> bool:
        look_at(call.pk)
        call.refresh_from_db()
        return call.is_final

    eventually(has_ended)
    assert call.status == "qualified"
    assert "What comes next" in client.get(reverse("guide")).content.decode()


def test_what_the_guide_makes_passes_the_check(account: ProviderAccount) -> None:
    assert state_of_check(account).words == "All in order"
    assert [agent["name"] for agent in account.directory["agents"]] == ["Ava"]
    assert account.directory["numbers"][0]["number"] == "+14155550100"
    assert AuditEvent.objects.get(verb="account.set_up").data["made"]


def test_a_second_set_up_makes_nothing(account: ProviderAccount) -> None:
    before = VoiceAgent.objects.get().provider_agent_id
    use_sandbox(workspace=account.workspace, by=SYSTEM)
    set_up_sandbox(account.pk)
    assert VoiceAgent.objects.get().provider_agent_id == before
    assert AuditEvent.objects.filter(verb="account.set_up").count() == 1


def test_the_check_finds_what_somebody_changed_and_another_set_up_mends_it(account: ProviderAccount) -> None:
    agent = VoiceAgent.objects.get()
    settings = {
        "overrides": {"conversation_config_override": {"agent": {"first_message": False}}},
        "data_collection": {},
    }
    ask(account, "PATCH", f"/v1/convai/agents/{agent.provider_agent_id}", json={"platform_settings": settings})
    ask(account, "PATCH", "/v1/convai/settings", json={"webhooks": {"post_call_webhook_id": None}})
    told = faults(account)
    assert len(told) == 4
    assert sum(text.startswith("Ava") for text in told) == 3
    set_up_sandbox(account.pk)
    assert faults(account) == []


def test_a_key_that_the_sandbox_does_not_know_is_told(account: ProviderAccount) -> None:
    ProviderAccount.objects.filter(pk=account.pk).update(api_key="sk_wrong")
    [text] = faults(account)
    assert "The key is not accepted" in text


def test_a_sandbox_that_does_not_answer_is_told_and_may_be_tried_again(
    workspace: Workspace, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calls.sandbox_setup.PATIENCE_SECONDS", 0)
    account = use_sandbox(workspace=workspace, by=SYSTEM)
    reachable, settings.SANDBOX_URL = settings.SANDBOX_URL, f"http://127.0.0.1:{free_port()}"
    set_up_sandbox(account.pk)
    account.refresh_from_db()
    assert "could not be set up" in account.check_results[0]["text"]
    settings.SANDBOX_URL = reachable
    set_up_sandbox(use_sandbox(workspace=workspace, by=SYSTEM).pk)
    account.refresh_from_db()
    assert state_of_check(account).state == "ok"


def test_a_real_host_is_never_set_up(account: ProviderAccount, requests_made: list[tuple[str, str]]) -> None:
    ProviderAccount.objects.filter(pk=account.pk).update(host="api.elevenlabs.io")
    set_up_sandbox(account.pk)
    real = ProviderAccount.objects.get(pk=account.pk)
    with pytest.raises(setup.NotConnected):
        setup.connect(real, patience=0)
    assert requests_made == []
