"""The pages of webhooks: endpoints are made, watched, tested and switched; secrets show only when asked for."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.actors import Actor
from accounts.models import AuditEvent, Role, User, Workspace
from campaigns.models import Campaign
from common import clock
from common.once import new_token
from common.paging import page_of
from tests import world
from webhooks.models import Delivery, DeliveryAttempt, WebhookEndpoint
from webhooks.services import emit, send_test

HOOK = "https://crm.example.com/hooks/leadsail"
TOKEN = "Bearer 3f6c-secret-value"
NEW: dict[str, Any] = {
    "url": HOOK,
    "description": "CRM",
    "events": ["lead.queued", "call.completed"],
    "password_headers": f"Authorization: {TOKEN}\r\nX-Team: sales",
    "max_tries": "5",
    "timeout_seconds": "20",
    "enabled": "on",
    "inherits": "on",
}


@pytest.fixture
def adam_client(workspace: Workspace) -> Client:
    client = Client()
    adam = world.make_user("Adam", workspace, Role.ADMIN)
    client.force_login(adam, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def endpoint(workspace: Workspace) -> WebhookEndpoint:
    return WebhookEndpoint.objects.create(
        workspace=workspace, url=HOOK, description="CRM", events=["lead.queued"], headers=json.dumps({"X-A": TOKEN})
    )


@pytest.fixture
def delivery(endpoint: WebhookEndpoint) -> Delivery:
    return happen(endpoint)


def happen(endpoint: WebhookEndpoint, **state: Any) -> Delivery:
    row = emit(
        "lead.queued",
        workspace=endpoint.workspace,
        campaign_code="HXZ",
        object_id="lead_x",
        payload=lambda: {"leadId": "lead_x"},
    )
    assert row is not None
    Delivery.objects.filter(event=row).update(**state)
    return Delivery.objects.get(event=row, endpoint=endpoint)


def url_of(endpoint: WebhookEndpoint, name: str = "webhook") -> str:
    return reverse(name, args=[endpoint.public_id])


def delivery_url(delivery: Delivery, name: str = "webhook_delivery") -> str:
    return reverse(name, args=[delivery.endpoint.public_id, delivery.public_id])


def once(user: User) -> str:
    return new_token(type("Request", (), {"user": user})())


def fields_of(form: Any, **changes: Any) -> dict[str, Any]:
    """What a browser would send of a form that was opened."""
    shown = {bound.html_name: bound.value() for bound in form}
    return {name: value for name, value in shown.items() if value not in (None, False)} | changes


def test_an_admin_adds_an_endpoint_and_its_secrets_do_not_show(adam_client: Client) -> None:
    assert "Nobody is told yet" in adam_client.get(reverse("webhook_list")).content.decode()
    page = adam_client.post(reverse("webhook_new"), NEW, follow=True).content.decode()
    made = WebhookEndpoint.objects.get()
    assert (made.url, made.description, made.max_tries, made.timeout_seconds) == (HOOK, "CRM", 5, 20)
    assert made.events == ["lead.queued", "call.completed"]
    assert json.loads(made.headers) == {"Authorization": TOKEN, "X-Team": "sales"}
    assert "Authorization" in page
    for url in (url_of(made), url_of(made, "webhook_edit"), reverse("webhook_list"), reverse("audit_list")):
        shown = adam_client.get(url).content.decode()
        assert TOKEN not in shown
        assert made.secret not in shown


def test_a_double_click_makes_one_endpoint(alice: User, alice_client: Client) -> None:
    data = NEW | {"once": once(alice)}
    first, second = (alice_client.post(reverse("webhook_new"), data) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    assert WebhookEndpoint.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"url": ""}, "url", "Write where deliveries are sent to"),
        ({"url": "http://10.0.0.1/"}, "url", "This address is private"),
        ({"url": "https://me:pass@crm.example.com/"}, "url", "name and password"),
        ({"events": []}, "events", "Choose at least one event"),
        ({"events": ["lead.nothing"]}, "events", "lead.nothing"),
        ({"password_headers": "Host: crm"}, "headers", "set by LeadSail itself"),
        ({"password_headers": "no colon here"}, "headers", "no name of a header"),
        ({"password_headers": "X-A: 1\nx-a: 2"}, "headers", "twice"),
        ({"max_tries": "11"}, "max_tries", "less than or equal to 10"),
        ({"timeout_seconds": "0"}, "timeout_seconds", "greater than or equal to 1"),
        ({"campaign": "NOBODY"}, "campaign", "none of yours"),
    ],
)
def test_mistakes_are_told_at_the_field(alice_client: Client, changes: dict[str, Any], field: str, words: str) -> None:
    answer = alice_client.post(reverse("webhook_new"), NEW | changes)
    assert answer.status_code == 422
    assert words in " ".join(answer.context["form"][field].errors)
    assert words in answer.content.decode()
    assert not WebhookEndpoint.objects.exists()


def test_a_private_address_is_told_when_the_field_is_left(alice_client: Client, htmx: dict[str, str]) -> None:
    data = NEW | {"url": "http://192.168.1.5/hook"}
    answer = alice_client.post(f"{reverse('webhook_new')}?check=url", data, headers=htmx)
    assert "This address is private" in answer.content.decode()
    assert not WebhookEndpoint.objects.exists()


def test_a_form_saved_as_it_was_opened_changes_nothing_and_keeps_the_headers(
    alice_client: Client, endpoint: WebhookEndpoint
) -> None:
    opened = alice_client.get(url_of(endpoint, "webhook_edit"))
    assert "X-A: ********" in opened.content.decode()
    saved = alice_client.post(url_of(endpoint, "webhook_edit"), fields_of(opened.context["form"]), follow=True)
    assert "nothing was changed" in saved.content.decode()
    assert json.loads(WebhookEndpoint.objects.get().headers) == {"X-A": TOKEN}
    alice_client.post(
        url_of(endpoint, "webhook_edit"),
        fields_of(opened.context["form"], password_headers="X-A: ********\nX-B: b", description="Renamed"),
    )
    row = WebhookEndpoint.objects.get()
    assert (row.description, json.loads(row.headers)) == ("Renamed", {"X-A": TOKEN, "X-B": "b"})


def test_a_stale_form_is_told_what_changed(alice_client: Client, endpoint: WebhookEndpoint) -> None:
    form = alice_client.get(url_of(endpoint, "webhook_edit")).context["form"]
    WebhookEndpoint.objects.update(max_tries=3)
    answer = alice_client.post(url_of(endpoint, "webhook_edit"), fields_of(form, max_tries="9"))
    assert answer.status_code == 422
    assert "Tries: 3" in answer.content.decode()


def test_headers_of_a_form_sent_after_the_session_ended_are_not_kept(alice: User, alice_client: Client) -> None:
    alice_client.logout()
    alice_client.post(reverse("webhook_new"), NEW | {"once": once(alice)})
    kept = json.dumps(alice_client.session["unsent_form"])
    assert HOOK in kept
    assert TOKEN not in kept


def test_the_secret_shows_when_asked_for_and_is_rotated_once_for_a_double_click(
    alice: User, alice_client: Client, endpoint: WebhookEndpoint
) -> None:
    assert endpoint.secret in alice_client.get(url_of(endpoint, "webhook_secret")).content.decode()
    token = {"once": once(alice)}
    for _ in range(2):
        answer = alice_client.post(url_of(endpoint, "webhook_rotate"), token)
    assert answer.headers["Location"] == url_of(endpoint, "webhook_secret")
    row = WebhookEndpoint.objects.get()
    assert row.previous_secret == endpoint.secret
    page = alice_client.get(answer.headers["Location"]).content.decode()
    assert row.secret in page
    assert endpoint.secret not in page
    assert "signs too" in page


def test_a_test_is_followed_to_its_end(alice_client: Client, endpoint: WebhookEndpoint) -> None:
    page = alice_client.post(url_of(endpoint, "webhook_test"), follow=True)
    test = Delivery.objects.get(event__type="webhook.test")
    poll = delivery_url(test, "webhook_test_result")
    assert f"{poll}?v=pending-0-0" in page.content.decode()
    assert alice_client.get(f"{poll}?v=pending-0-0").status_code == 204
    DeliveryAttempt.objects.create(delivery=test, url=HOOK, status=200, milliseconds=84)
    Delivery.objects.filter(pk=test.pk).update(state="delivered", tries=1, last_status=200)
    over = alice_client.get(f"{poll}?v=pending-0-0")
    assert over.status_code == 286
    assert "The receiver took it: status 200, in 84 ms." in over.content.decode()
    for part, words in (("state", "Delivered"), ("tries", "1"), ("answer", "200")):
        row = over.content.decode().partition(f'id="{part}-{test.public_id}" hx-swap-oob="innerHTML"')[2]
        assert words in row.partition("hx-swap-oob")[0]


def test_a_test_that_ends_while_its_page_is_made_leaves_no_row_behind(
    alice_client: Client, endpoint: WebhookEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = send_test(endpoint=endpoint, by=Actor())

    def page_and_end(*args: Any, **kwargs: Any) -> Any:
        page = page_of(*args, **kwargs)
        Delivery.objects.update(state="failed", tries=1)
        return page

    monkeypatch.setattr("webhooks.views.endpoints.page_of", page_and_end)
    page = alice_client.get(url_of(endpoint), {"test": test.public_id}).content.decode()
    assert "Waiting" in page
    assert "data-poll" in page


def test_a_test_that_nobody_sends_is_told(alice_client: Client, endpoint: WebhookEndpoint) -> None:
    alice_client.post(url_of(endpoint, "webhook_test"))
    test = Delivery.objects.get()
    Delivery.objects.update(created_at=clock.now() - timedelta(seconds=31))
    answer = alice_client.get(f"{delivery_url(test, 'webhook_test_result')}?v=pending-0-0")
    assert "Nothing has been sent for half a minute" in answer.content.decode()


def test_a_disabled_endpoint_is_told_on_every_page_that_is_about_it_and_switched_on_again(
    alice_client: Client, endpoint: WebhookEndpoint
) -> None:
    WebhookEndpoint.objects.update(
        state="disabled", failing_since=clock.now(), failures=99, disabled_reason="It answered 500 for 5 days."
    )
    waiting = happen(endpoint)
    page = alice_client.get(url_of(endpoint)).content.decode()
    assert "It answered 500 for 5 days." in page
    assert "Switch it on again" in page
    for name in ("webhook_list", "settings_workspace"):
        assert (
            "is switched off.</strong> It answered 500 for 5 days." in alice_client.get(reverse(name)).content.decode()
        )
    assert "It waits until" in alice_client.get(delivery_url(waiting)).content.decode()
    on = alice_client.post(f"{url_of(endpoint, 'webhook_state')}?active=1", follow=True).content.decode()
    assert f"{url_of(endpoint, 'webhook_state')}?active=0" in on
    assert WebhookEndpoint.objects.get().state == "active"
    assert "is switched off" not in alice_client.get(reverse("webhook_list")).content.decode()


def test_a_failing_endpoint_is_told_before_it_is_disabled(alice_client: Client, endpoint: WebhookEndpoint) -> None:
    WebhookEndpoint.objects.update(failing_since=clock.now(), failures=2)
    for url in (reverse("webhook_list"), reverse("settings_workspace")):
        assert "has failed since" in alice_client.get(url).content.decode()
    page = alice_client.get(url_of(endpoint)).content.decode()
    assert "Every try has failed since" in page
    assert "Nothing waits to be tried again" in page
    happen(endpoint)
    assert "What waits is sent by itself." in alice_client.get(url_of(endpoint)).content.decode()


def test_of_many_in_trouble_those_switched_off_come_first_and_the_rest_is_counted(
    alice_client: Client, endpoint: WebhookEndpoint
) -> None:
    WebhookEndpoint.objects.update(state="disabled", disabled_reason="The receiver answered 410 Gone.")
    for number in range(7):
        WebhookEndpoint.objects.create(
            workspace=endpoint.workspace, url=f"{HOOK}/{number}", events=["lead.queued"], failing_since=clock.now()
        )
    for name in ("webhook_list", "settings_workspace"):
        page = alice_client.get(reverse(name)).content.decode()
        assert "is switched off.</strong> The receiver answered 410 Gone." in page
        assert page.count("has failed since") == 4
        assert "And 3 more:" in page
        assert "Trouble(" not in page


def test_the_list_says_of_the_last_delivery_what_the_log_says(alice_client: Client, delivery: Delivery) -> None:
    for url in (reverse("webhook_list"), url_of(delivery.endpoint)):
        assert ">Waiting</span>" in alice_client.get(url).content.decode()


def test_the_log_is_narrowed_and_the_page_of_a_delivery_shows_both_sides(
    alice_client: Client, endpoint: WebhookEndpoint
) -> None:
    failed, done = happen(endpoint, state="failed", last_status=500), happen(endpoint, state="delivered")
    page = alice_client.get(url_of(endpoint), {"state": "failed"}).content.decode()
    assert failed.public_id in page
    assert done.public_id not in page
    assert "None like this" in alice_client.get(url_of(endpoint), {"event": "webhook.test"}).content.decode()
    DeliveryAttempt.objects.create(
        delivery=failed,
        url=HOOK,
        request_headers={"webhook-id": "evt_x"},
        status=500,
        response_headers={"Server": "nginx"},
        response_body="<script>alert(1)</script>",
    )
    shown = alice_client.get(delivery_url(failed)).content.decode()
    for words in ("webhook-id", "nginx", "&lt;script&gt;alert(1)", "&quot;leadId&quot;:&quot;lead_x&quot;"):
        assert words in shown


def test_one_is_sent_again_and_so_are_all_that_failed(alice_client: Client, endpoint: WebhookEndpoint) -> None:
    failed, other = happen(endpoint, state="failed", tries=8), happen(endpoint, state="failed", tries=8)
    answer = alice_client.post(delivery_url(failed, "webhook_replay"))
    assert answer.headers["Location"] == delivery_url(failed)
    assert dict(Delivery.objects.values_list("pk", "state")) == {failed.pk: "pending", other.pk: "failed"}
    again = alice_client.post(url_of(endpoint, "webhook_replay_failed"), {"days": "1"}, follow=True)
    assert "1 delivery is sent again." in again.content.decode()
    assert Delivery.objects.filter(state="pending").count() == 2


def test_a_deleted_endpoint_is_gone_and_stands_in_the_trail(alice_client: Client, endpoint: WebhookEndpoint) -> None:
    alice_client.post(url_of(endpoint, "webhook_delete"))
    assert not WebhookEndpoint.objects.exists()
    assert AuditEvent.objects.get(verb="webhook.deleted").user is not None
    assert "Webhook endpoint deleted" in alice_client.get(reverse("audit_list")).content.decode()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (None, "Inherits: told to"),
        ({"state": "active", "inherits": True}, "What it does not take is told to"),
        ({"state": "paused", "inherits": False, "url": ""}, "Silent: nobody is told"),
        ({"state": "paused", "inherits": True}, "Inherits: told to"),
    ],
)
def test_a_campaigns_page_says_who_is_told(
    alice_client: Client, endpoint: WebhookEndpoint, campaign: Campaign, fields: dict[str, Any] | None, words: str
) -> None:
    if fields:
        own = {"workspace": campaign.workspace, "campaign_code": campaign.code, "url": HOOK, "events": ["lead.dnc"]}
        WebhookEndpoint.objects.create(**own | fields)
    page = alice_client.get(reverse("campaign", args=[campaign.code])).content.decode()
    assert words in page


def test_an_endpoint_is_made_for_the_campaign_one_comes_from(alice_client: Client, campaign: Campaign) -> None:
    form = alice_client.get(reverse("webhook_new"), {"campaign": campaign.code}).context["form"]
    assert form["campaign"].value() == campaign.code
    alice_client.post(reverse("webhook_new"), NEW | {"campaign": campaign.code})
    assert WebhookEndpoint.objects.get().campaign_code == campaign.code
    second = alice_client.post(reverse("webhook_new"), NEW | {"campaign": campaign.code})
    assert "has an endpoint of its own already" in second.content.decode()


def test_a_campaign_is_silenced_in_the_form(alice_client: Client, campaign: Campaign) -> None:
    silent = {"campaign": campaign.code, "max_tries": "8", "timeout_seconds": "30"}
    assert alice_client.post(reverse("webhook_new"), silent).status_code == 302
    row = WebhookEndpoint.objects.get()
    assert (row.url, row.state, row.inherits) == ("", "paused", False)


def test_the_list_and_the_log_cost_as_many_queries_for_many(alice_client: Client, endpoint: WebhookEndpoint) -> None:
    happen(endpoint, state="failed")
    urls = (reverse("webhook_list"), url_of(endpoint))
    few = [_count(alice_client, url) for url in urls]
    for number in range(5):
        WebhookEndpoint.objects.create(workspace=endpoint.workspace, url=f"{HOOK}/{number}", events=["lead.queued"])
        happen(endpoint, state="failed")
    assert [_count(alice_client, url) for url in urls] == few


def _count(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


READ = ("webhook", "webhook_edit", "webhook_secret")
WRITE = ("webhook_edit", "webhook_state", "webhook_delete", "webhook_rotate", "webhook_test", "webhook_replay_failed")


def test_members_and_viewers_may_not(
    bob_client: Client, vera_client: Client, endpoint: WebhookEndpoint, delivery: Delivery
) -> None:
    for client in (bob_client, vera_client):
        for name in ("webhook_list", "webhook_new"):
            assert client.get(reverse(name)).status_code == 403
        assert [client.get(url_of(endpoint, name)).status_code for name in READ] == [403] * len(READ)
        assert [client.post(url_of(endpoint, name)).status_code for name in WRITE] == [403] * len(WRITE)
        assert client.get(delivery_url(delivery)).status_code == 403
        assert client.post(delivery_url(delivery, "webhook_replay")).status_code == 403
    assert WebhookEndpoint.objects.get().secret == endpoint.secret


def test_another_workspaces_endpoint_is_not_found(
    mallory_client: Client, endpoint: WebhookEndpoint, delivery: Delivery
) -> None:
    assert [mallory_client.get(url_of(endpoint, name)).status_code for name in READ] == [404] * len(READ)
    assert [mallory_client.post(url_of(endpoint, name)).status_code for name in WRITE] == [404] * len(WRITE)
    for name in ("webhook_delivery", "webhook_delivery_course", "webhook_test_result"):
        assert mallory_client.get(delivery_url(delivery, name)).status_code == 404
    assert mallory_client.post(delivery_url(delivery, "webhook_replay")).status_code == 404
    assert endpoint.public_id not in mallory_client.get(reverse("webhook_list")).content.decode()


def test_a_delivery_is_found_under_its_own_endpoint_only(alice_client: Client, delivery: Delivery) -> None:
    other = WebhookEndpoint.objects.create(workspace=delivery.endpoint.workspace, url=HOOK, events=["lead.dnc"])
    url = reverse("webhook_delivery", args=[other.public_id, delivery.public_id])
    assert alice_client.get(url).status_code == 404


def test_the_operators_admin_shows_endpoints_and_deliveries_without_secrets(
    operator_client: Client, endpoint: WebhookEndpoint, delivery: Delivery
) -> None:
    for model, row in (("webhookendpoint", endpoint), ("delivery", delivery), ("webhookevent", delivery.event)):
        assert operator_client.get(reverse(f"admin:webhooks_{model}_changelist")).status_code == 200
        page = operator_client.get(reverse(f"admin:webhooks_{model}_change", args=[row.pk])).content.decode()
        assert row.public_id in page
        assert TOKEN not in page
        assert endpoint.secret not in page
        assert operator_client.get(reverse(f"admin:webhooks_{model}_add")).status_code == 403
