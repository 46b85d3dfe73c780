"""Subscriptions, retries and health of webhooks."""

from __future__ import annotations

from typing import Any

from tests.sandbox.harness import Tenant, wait_until

TO = "+15555550100"


def health(tenant: Tenant) -> dict[str, Any]:
    hook: dict[str, Any] = tenant.ok("GET", "/v1/workspace/webhooks", include_usages="true")["webhooks"][0]
    return hook


def patch(tenant: Tenant, **changes: Any) -> None:
    body = {"name": "CRM", "is_disabled": False, **changes}
    assert tenant.ok("PATCH", f"/v1/workspace/webhooks/{tenant.webhook_id}", body) == {"status": "ok"}


def test_secret_is_shown_once_and_usages_on_request(tenant: Tenant) -> None:
    assert tenant.secret.startswith("wsec_")
    plain = tenant.ok("GET", "/v1/workspace/webhooks")["webhooks"][0]
    assert tenant.secret not in str(plain)
    assert "usage" not in plain
    assert health(tenant)["usage"] == [{"usage_type": "ConvAI Settings"}]


def test_patch_of_a_webhook_needs_name_and_is_disabled(tenant: Tenant) -> None:
    answer = tenant.request("PATCH", f"/v1/workspace/webhooks/{tenant.webhook_id}", {"retry_enabled": True})
    assert answer.status_code == 422
    assert {problem["loc"][-1] for problem in answer.json()["detail"]} == {"is_disabled", "name"}


def test_settings_keep_the_webhook_and_its_events(tenant: Tenant) -> None:
    webhooks = tenant.ok("GET", "/v1/convai/settings")["webhooks"]
    assert webhooks["post_call_webhook_id"] == tenant.webhook_id
    assert "call_initiation_failure" in webhooks["events"]


def test_settings_refuse_an_unknown_event_or_webhook(tenant: Tenant) -> None:
    for webhooks, status in (({"events": ["calls"]}, 422), ({"post_call_webhook_id": "wh_x"}, 404)):
        assert tenant.request("PATCH", "/v1/convai/settings", {"webhooks": webhooks}).status_code == status


def test_event_without_subscription_is_not_sent(tenant: Tenant) -> None:
    tenant.subscribe(["transcript"])
    tenant.finished(tenant.call("+15555550108"))
    tenant.reported(tenant.call(TO), 1)
    assert [hit.event["type"] for hit in tenant.so_far()] == ["post_call_transcription"]


def test_excluded_transcript_is_left_out(tenant: Tenant) -> None:
    tenant.subscribe(["transcript"], exclude_transcript=True)
    tenant.call(TO)
    assert "transcript" not in tenant.hits()[0].event["data"]


def test_audio_event_is_chunked_and_has_three_fields(tenant: Tenant) -> None:
    tenant.subscribe(["audio"])
    tenant.call("+15555550118")
    hit = tenant.hits()[0]
    assert hit.headers["Transfer-Encoding"] == "chunked"
    assert set(hit.event["data"]) == {"agent_id", "conversation_id", "full_audio"}


def test_agent_settings_win_over_the_workspace(tenant: Tenant) -> None:
    own = {"webhooks": {"post_call_webhook_id": tenant.webhook_id, "events": ["call_initiation_failure"]}}
    body = {"platform_settings": {"workspace_overrides": own}}
    tenant.ok("PATCH", f"/v1/convai/agents/{tenant.agent_id}", body)
    tenant.finished(tenant.call(TO))
    tenant.call("+15555550108")
    assert [hit.event["type"] for hit in tenant.hits()] == ["call_initiation_failure"]


def test_retries_are_off_at_first(tenant: Tenant) -> None:
    tenant.receiver.answers[tenant.path] = [500]
    tenant.reported(tenant.call(TO), 1)
    tenant.reported(tenant.call(TO), 1)
    assert len(tenant.so_far()) == 2


def test_enabled_retries_give_five_attempts_with_the_same_bytes(tenant: Tenant) -> None:
    patch(tenant, retry_enabled=True)
    tenant.box.control(speed=20000)
    try:
        tenant.receiver.answers[tenant.path] = [503, 429, 408, 500, 500]
        conversation_id = tenant.call(TO)
        hits = tenant.reported(conversation_id, 5)
    finally:
        tenant.box.control(speed=1000)
    assert len({hit.body for hit in hits}) == 1
    assert [sent["attempt"] for sent in tenant.dial(conversation_id)["deliveries"]] == [1, 2, 3, 4, 5]
    waits = [after.at - before.at for before, after in zip(hits, hits[1:], strict=False)]
    assert waits == sorted(waits)


def test_other_errors_are_never_retried(tenant: Tenant) -> None:
    patch(tenant, retry_enabled=True)
    tenant.receiver.answers[tenant.path] = [401]
    first = tenant.call(TO)
    tenant.reported(first, 1)
    tenant.reported(tenant.call(TO), 1)
    assert len(tenant.dial(first)["deliveries"]) == 1


def test_failure_events_are_never_retried(tenant: Tenant) -> None:
    patch(tenant, retry_enabled=True)
    tenant.receiver.answers[tenant.path] = [500]
    first = tenant.call("+15555550108")
    tenant.reported(first, 1)
    tenant.reported(tenant.call(TO), 1)
    assert len(tenant.dial(first)["deliveries"]) == 1


def test_only_200_is_a_success(tenant: Tenant) -> None:
    tenant.receiver.answers[tenant.path] = [204]
    tenant.reported(tenant.call(TO), 1)
    assert health(tenant)["most_recent_failure_error_code"] == 204
    assert health(tenant)["most_recent_failure_timestamp"]


def test_ten_failures_without_a_success_disable_the_webhook_until_it_is_enabled_by_hand(tenant: Tenant) -> None:
    tenant.receiver.answers[tenant.path] = [401] * 10
    for _ in range(10):
        tenant.call("+15555550118")
    wait_until(lambda: health(tenant)["is_auto_disabled"])
    tenant.finished(tenant.call("+15555550118"))
    assert len(tenant.so_far()) == 10
    patch(tenant)
    assert not health(tenant)["is_auto_disabled"]
    tenant.reported(tenant.call("+15555550118"), 1)
    assert len(tenant.so_far()) == 11


def test_disabled_or_deleted_webhook_gets_nothing(tenant: Tenant) -> None:
    patch(tenant, is_disabled=True)
    tenant.finished(tenant.call(TO))
    assert tenant.ok("DELETE", f"/v1/workspace/webhooks/{tenant.webhook_id}") == {"status": "ok"}
    tenant.finished(tenant.call(TO))
    assert tenant.so_far() == []
    assert tenant.ok("GET", "/v1/workspace/webhooks") == {"webhooks": []}
