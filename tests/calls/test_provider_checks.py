"""Check: every fault of a provider account in words that say what to do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from calls.jobs import check_account
from calls.provider_checks import ask_for_check, is_reachable_from_outside, state_of_check
from campaigns.models import CallerNumber, Campaign, ProviderAccount, VoiceAgent
from common import clock
from common.http import Lost, NotSent
from tests.network import Asked, FakeNetwork, answer

EVENTS = ["transcript", "call_initiation_failure", "answering_machine_detection"]


def platform(
    *, prompt: bool = True, first_message: bool = True, keys: tuple[str, ...] = ("crm_outcome", "callback_at")
) -> dict[str, Any]:
    agent = {"prompt": {"prompt": prompt}, "first_message": first_message}
    return {
        "overrides": {"conversation_config_override": {"agent": agent}},
        "data_collection": {key: {"type": "string"} for key in keys},
    }


def line(number: CallerNumber, **changes: Any) -> dict[str, Any]:
    row = {"phone_number_id": number.provider_number_id, "phone_number": number.e164, "label": "", "provider": "twilio"}
    return {**row, **changes}


@pytest.fixture
def agent(campaign: Campaign) -> VoiceAgent:
    assert campaign.production_agent
    return campaign.production_agent


@pytest.fixture
def number(agent: VoiceAgent) -> CallerNumber:
    assert agent.caller_number
    return agent.caller_number


@pytest.fixture
def provider(network: FakeNetwork, agent: VoiceAgent, number: CallerNumber) -> FakeNetwork:
    """A workspace at ElevenLabs in which nothing is missing."""
    hook = {"webhook_id": "wh_1", "webhook_url": agent.account.webhook_url, "is_disabled": False}
    network.on("/v1/convai/agents", answer(200, {"agents": [{"agent_id": agent.provider_agent_id, "name": "Ava"}]}))
    network.on(f"/v1/convai/agents/{agent.provider_agent_id}", answer(200, {"platform_settings": platform()}))
    network.on("/v1/convai/phone-numbers", answer(200, [line(number)]))
    network.on("/v1/workspace/webhooks", answer(200, {"webhooks": [hook]}))
    subscribed(network, EVENTS)
    return network


def subscribed(network: FakeNetwork, events: list[str], hook_id: str | None = "wh_1") -> None:
    webhooks = {"post_call_webhook_id": hook_id, "events": events}
    network.on("/v1/convai/settings", answer(200, {"webhooks": webhooks}))


def check(account: ProviderAccount) -> dict[str, list[tuple[str, str]]]:
    """State and text of each result, by name."""
    ask_for_check(account)
    check_account(account.pk)
    account.refresh_from_db()
    found: dict[str, list[tuple[str, str]]] = {}
    for result in account.check_results:
        found.setdefault(result["name"], []).append((result["state"], result["text"]))
    return found


def faults(account: ProviderAccount) -> list[str]:
    return [text for results in check(account).values() for state, text in results if state != "ok"]


def test_an_account_in_which_nothing_is_missing_is_in_order(provider: FakeNetwork, account: ProviderAccount) -> None:
    assert faults(account) == []
    assert state_of_check(account).words == "All in order"
    assert {asked.method for asked in provider.asked} == {"GET"}


def test_what_the_provider_has_is_kept_for_other_forms(
    provider: FakeNetwork, account: ProviderAccount, agent: VoiceAgent, number: CallerNumber
) -> None:
    check(account)
    assert account.directory["agents"] == [{"id": agent.provider_agent_id, "name": "Ava"}]
    [listed] = account.directory["numbers"]
    assert (listed["id"], listed["number"], listed["kind"]) == (number.provider_number_id, number.e164, "twilio")


def test_all_pages_of_agents_are_read_but_not_for_ever(provider: FakeNetwork, account: ProviderAccount) -> None:
    def page(asked: Asked) -> Any:
        start = int(asked.params.get("cursor", 0))
        agents = [{"agent_id": f"agent_{start + place}", "name": "A"} for place in range(100)]
        return answer(200, {"agents": agents, "has_more": True, "next_cursor": str(start + 100)})

    provider.on("/v1/convai/agents", page)
    check(account)
    assert len(account.directory["agents"]) == 500


@pytest.mark.parametrize(
    ("reply", "state", "words"),
    [
        (
            answer(401, {"detail": {"status": "invalid_api_key", "message": "Invalid API key"}}),
            "missing",
            "not accepted",
        ),
        (answer(400, {"detail": {"status": "invalid_api_key", "message": "No"}}), "missing", "not accepted"),
        (answer(403, {"detail": "Forbidden"}), "missing", "lacks a permission"),
        (
            answer(401, {"detail": {"status": "missing_permissions", "message": "convai_read"}}),
            "missing",
            "convai_read",
        ),
        (answer(429, {"detail": {"status": "system_busy"}}), "warn", "in a minute"),
        (answer(500), "warn", "could not be asked"),
        (NotSent("the host did not accept the connection"), "warn", "could not be asked"),
        (Lost("the connection broke"), "warn", "could not be asked"),
        (answer(200, "a page of a captive portal"), "warn", "could not be read"),
    ],
)
def test_a_key_that_cannot_ask_is_told_with_its_reason(
    provider: FakeNetwork, account: ProviderAccount, reply: Any, state: str, words: str
) -> None:
    provider.on("/v1/convai/agents", reply)
    [(found, text)] = check(account)["API key"]
    assert found == state
    assert words in text
    assert account.api_key not in text


def test_a_refusal_of_one_part_does_not_hide_the_rest(provider: FakeNetwork, account: ProviderAccount) -> None:
    provider.on("/v1/workspace/webhooks", answer(403, {"detail": "Only admins"}))
    found = check(account)
    assert found["API key"][0][0] == "ok"
    assert found["Webhook"] == [("warn", found["Webhook"][0][1])]
    assert "lacks a permission" in found["Webhook"][0][1]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"prompt": False}, "does not take our prompt"),
        ({"first_message": False}, "does not take our first message"),
        ({"keys": ("callback_at",)}, "identifier crm_outcome, type String"),
        ({"keys": ("crm_outcome",)}, "identifier callback_at, type String"),
    ],
)
def test_what_an_agent_lacks_is_told_by_its_name(
    provider: FakeNetwork, account: ProviderAccount, agent: VoiceAgent, changes: dict[str, Any], words: str
) -> None:
    setup = answer(200, {"platform_settings": platform(**changes)})
    provider.on(f"/v1/convai/agents/{agent.provider_agent_id}", setup)
    [text] = faults(account)
    assert text.startswith(agent.name)
    assert words in text


def test_an_agent_without_any_settings_lacks_everything(
    provider: FakeNetwork, account: ProviderAccount, agent: VoiceAgent
) -> None:
    provider.on(f"/v1/convai/agents/{agent.provider_agent_id}", answer(200, {"platform_settings": None}))
    assert len(faults(account)) == 4


def test_an_agent_that_does_not_exist_there_is_told(
    provider: FakeNetwork, account: ProviderAccount, agent: VoiceAgent
) -> None:
    provider.on(f"/v1/convai/agents/{agent.provider_agent_id}", answer(404, {"detail": "not found"}))
    [text] = faults(account)
    assert agent.provider_agent_id in text


def test_an_agent_that_reports_elsewhere_is_told(
    provider: FakeNetwork, account: ProviderAccount, agent: VoiceAgent
) -> None:
    own = {"workspace_overrides": {"webhooks": {"post_call_webhook_id": "wh_other"}}}
    setup = answer(200, {"platform_settings": {**platform(), **own}})
    provider.on(f"/v1/convai/agents/{agent.provider_agent_id}", setup)
    [text] = faults(account)
    assert "webhook of its own" in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"phone_number_id": "phnum_other"}, "There is no number"),
        ({"phone_number": "+14155550199"}, "belongs to +14155550199"),
        ({"provider": "sip_trunk"}, "connected by SIP trunk"),
        ({"provider": "exotel"}, "connected by exotel"),
    ],
)
def test_a_caller_number_that_differs_is_told(
    provider: FakeNetwork, account: ProviderAccount, number: CallerNumber, changes: dict[str, str], words: str
) -> None:
    provider.on("/v1/convai/phone-numbers", answer(200, [line(number, **changes)]))
    [text] = faults(account)
    assert words in text


def test_webhooks_that_would_not_report_are_told(provider: FakeNetwork, account: ProviderAccount) -> None:
    subscribed(provider, EVENTS, None)
    assert "No post-call webhook is chosen" in faults(account)[0]
    subscribed(provider, ["transcript"])
    assert "call_initiation_failure" in faults(account)[0]
    subscribed(provider, EVENTS[:2])
    assert check(account)["Events"][0][0] == "warn"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"webhook_url": "https://old.example.com/hooks/x/"}, "goes to old.example.com"),
        ({"is_disabled": True}, "switched off"),
        ({"is_auto_disabled": True}, "switched off"),
    ],
)
def test_a_webhook_of_another_kind_is_told(
    provider: FakeNetwork, account: ProviderAccount, changes: dict[str, Any], words: str
) -> None:
    hook = {"webhook_id": "wh_1", "webhook_url": account.webhook_url, **changes}
    provider.on("/v1/workspace/webhooks", answer(200, {"webhooks": [hook]}))
    [text] = faults(account)
    assert words in text


def test_a_missing_webhook_secret_is_told(provider: FakeNetwork, account: ProviderAccount) -> None:
    account.webhook_secret = ""
    account.save()
    [text] = faults(account)
    assert "No webhook secret is stored" in text


def test_a_second_job_for_the_same_question_asks_nothing(provider: FakeNetwork, account: ProviderAccount) -> None:
    check(account)
    before = len(provider.asked)
    check_account(account.pk)
    check_account(0)
    assert len(provider.asked) == before


def test_a_sandbox_that_does_not_run_is_told(
    account: ProviderAccount, network: FakeNetwork, settings: Settings
) -> None:
    settings.SANDBOX_URL = ""
    ProviderAccount.objects.filter(pk=account.pk).update(host="sandbox")
    account.refresh_from_db()
    assert "no sandbox runs" in faults(account)[0]
    assert network.asked == []


def test_the_page_waits_for_a_result_and_tells_when_nobody_answers(account: ProviderAccount) -> None:
    assert state_of_check(account).phase == "never"
    ask_for_check(account)
    assert state_of_check(account).phase == "waiting"
    account.check_asked_at = clock.real_now() - timedelta(seconds=31)
    assert state_of_check(account).phase == "silent"
    account.checked_at = clock.real_now()
    assert state_of_check(account).phase == "done"


@pytest.mark.parametrize(
    ("url", "is_reachable"),
    [
        ("https://crm.example.com", True),
        ("http://8.8.8.8:8000", True),
        ("http://127.0.0.1:8000", False),
        ("http://localhost:8000", False),
        ("http://192.168.1.20", False),
        ("http://[::1]:8000", False),
        ("https://crm.local", False),
    ],
)
def test_an_address_that_nobody_outside_reaches_is_recognised(url: str, is_reachable: bool) -> None:
    assert is_reachable_from_outside(url) is is_reachable


def test_a_key_that_cannot_be_decrypted_is_told(account: ProviderAccount, alice_client: Client) -> None:
    ask_for_check(account)
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("UPDATE campaigns_provideraccount SET api_key = 'gAAAA-not-ours'")
    check_account(account.pk)
    stored = ProviderAccount.objects.defer("api_key").get(pk=account.pk)
    assert "FIELD_ENCRYPTION_KEYS" in stored.check_results[0]["text"]
    page = alice_client.get(reverse("account_edit", args=[account.public_id]))
    assert page.status_code == 200
    replace = {"name": account.name, "host": account.host, "calls_per_second": "1", "concurrency": "5"}
    answer = alice_client.post(page.request["PATH_INFO"], {**replace, "password_api_key": "sk_new"})
    assert answer.status_code == 302
    assert ProviderAccount.objects.get(pk=account.pk).api_key == "sk_new"
