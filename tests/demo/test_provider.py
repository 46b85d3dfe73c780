from __future__ import annotations

import pytest
from pytest_django import Settings

from accounts.models import Workspace
from campaigns.models import CallerNumber, ProviderAccount, VoiceAgent
from leadsail.demo.company import KEY_PREFIX
from leadsail.embedded import free_port
from tests.demo.conftest import Run, ask

EVENTS = {"transcript", "call_initiation_failure", "answering_machine_detection"}


def hooks(account: ProviderAccount) -> list[dict[str, object]]:
    return list(ask(account, "GET", "/v1/workspace/webhooks")["webhooks"])


def ids(account: ProviderAccount) -> set[str]:
    rows = VoiceAgent.objects.filter(account=account).values_list("provider_agent_id", flat=True)
    numbers = CallerNumber.objects.filter(account=account).values_list("provider_number_id", flat=True)
    return {*rows, *numbers}


def test_agents_and_numbers_exist_at_the_provider(account: ProviderAccount) -> None:
    agents = {agent["agent_id"] for agent in ask(account, "GET", "/v1/convai/agents")["agents"]}
    numbers = {number["phone_number_id"]: number for number in ask(account, "GET", "/v1/convai/phone-numbers")}
    assert ids(account) == agents | set(numbers)
    assert {number["provider"] for number in numbers.values()} == {"twilio", "sip_trunk"}


def test_agents_allow_what_leadsail_sends_and_collect_what_it_reads(account: ProviderAccount) -> None:
    for agent in VoiceAgent.objects.filter(account=account):
        platform = ask(account, "GET", f"/v1/convai/agents/{agent.provider_agent_id}")["platform_settings"]
        allowed = platform["overrides"]["conversation_config_override"]["agent"]
        assert allowed["first_message"] is True
        assert allowed["prompt"]["prompt"] is True
        assert set(platform["data_collection"]) == {"crm_outcome", "callback_at"}


def test_the_webhook_gets_every_event_the_product_reads(account: ProviderAccount) -> None:
    (hook,) = hooks(account)
    chosen = ask(account, "GET", "/v1/convai/settings")["webhooks"]
    assert hook["webhook_url"] == account.webhook_url
    assert chosen["post_call_webhook_id"] == hook["webhook_id"]
    assert set(chosen["events"]) == EVENTS
    assert account.webhook_secret.startswith("wsec_")


def test_another_address_moves_the_webhook(run: Run, account: ProviderAccount, settings: Settings) -> None:
    settings.PUBLIC_URL = "http://127.0.0.1:9000"
    assert "the webhook" in run()
    (hook,) = hooks(account)
    moved = ProviderAccount.objects.get(pk=account.pk)
    assert hook["webhook_url"] == moved.webhook_url
    assert moved.webhook_secret != account.webhook_secret
    assert ask(account, "GET", "/v1/convai/settings")["webhooks"]["post_call_webhook_id"] == hook["webhook_id"]


def test_a_lost_secret_renews_the_webhook(run: Run, account: ProviderAccount) -> None:
    ProviderAccount.objects.filter(pk=account.pk).update(webhook_secret="")
    run()
    assert len(hooks(account)) == 1
    assert ProviderAccount.objects.get(pk=account.pk).webhook_secret


def test_a_webhook_that_was_switched_off_works_again(run: Run, account: ProviderAccount) -> None:
    (hook,) = hooks(account)
    body = {"name": "LeadSail", "is_disabled": True}
    ask(account, "PATCH", f"/v1/workspace/webhooks/{hook['webhook_id']}", json=body)
    run()
    assert [hook["is_disabled"] for hook in hooks(account)] == [False]
    assert ProviderAccount.objects.get(pk=account.pk).webhook_secret == account.webhook_secret


def test_what_a_sandbox_without_its_data_has_forgotten_is_made_again(run: Run, account: ProviderAccount) -> None:
    before = ids(account)
    ProviderAccount.objects.filter(pk=account.pk).update(api_key=f"{KEY_PREFIX}anothertenant")
    run()
    assert not ids(account) & before
    test_agents_and_numbers_exist_at_the_provider(account)
    assert len(hooks(account)) == 1


def test_an_unreachable_sandbox_is_said_and_made_good_at_the_next_start(run: Run, settings: Settings) -> None:
    reachable, settings.SANDBOX_URL = settings.SANDBOX_URL, f"http://127.0.0.1:{free_port()}"
    said = run()
    assert "is not connected" in said
    assert "log in as" in said
    settings.SANDBOX_URL = reachable
    run()
    test_agents_and_numbers_exist_at_the_provider(ProviderAccount.objects.get())


def test_accounts_of_the_user_are_not_touched(
    run: Run, demo: Workspace, requests_made: list[tuple[str, str]], phone_network: str
) -> None:
    for name, host, key in (("Real", "api.elevenlabs.io", "sk_real"), ("Own", "sandbox", "sk_sandbox_own")):
        ProviderAccount.objects.create(workspace=demo, name=name, host=host, api_key=key)
    before = list(ProviderAccount.objects.order_by("pk").values())
    run()
    assert list(ProviderAccount.objects.order_by("pk").values()) == before
    assert all(url.startswith(phone_network) for _, url in requests_made)


@pytest.mark.parametrize("key", ["sk_live_1234", "sk_sandbox_own"])
def test_a_demo_account_with_another_key_is_the_users_from_then_on(
    run: Run, account: ProviderAccount, key: str, requests_made: list[tuple[str, str]]
) -> None:
    ProviderAccount.objects.filter(pk=account.pk).update(api_key=key)
    run()
    assert requests_made == []
