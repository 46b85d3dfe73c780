"""The document is valid, leaves nothing out, and what it shows as examples is what it allows."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import jsonschema
import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.validation import validate_schema

from accounts.actors import SYSTEM
from accounts.scopes import SCOPES
from calls.events import tell
from campaigns.models import Campaign
from common.openapi import TAGS
from common.operations import METHODS, operation_of
from leads.models import Lead
from tests import world
from tests.api.house import Asked, make_house, operations, the_document
from tests.network import FakeNetwork, answer
from webhooks.api.document import shape_of
from webhooks.endpoints import create_endpoint
from webhooks.events import EVENTS, TEST_EVENT
from webhooks.models import WebhookEvent
from webhooks.services import send_test

DOCUMENT = the_document()
OPERATIONS = list(operations())
# It is the document itself.
NO_OPERATION = {"openapi"}
# Names that LeadSail does not know are kept under `params`.
OPEN = {"AttributionRequest", "AttributionChangeRequest"}


def is_valid(value: Any, schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator(
        {**schema, "components": DOCUMENT["components"]}, format_checker=jsonschema.FormatChecker()
    ).validate(value)


def routes(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, Any, str | None]]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            yield path, pattern.callback, pattern.name


def test_it_is_open_to_everybody_and_asks_no_database(client: Client) -> None:
    response = client.get("/api/v1/openapi.json")
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    assert response.json()["openapi"] == "3.1.0"


def test_it_is_valid_and_made_without_a_warning() -> None:
    validate_schema(DOCUMENT)  # type: ignore[no-untyped-call]
    out = io.StringIO()
    call_command("spectacular", format="openapi-json", fail_on_warn=True, stdout=out)
    assert json.loads(out.getvalue())["paths"]


def test_every_route_of_the_api_is_in_it_with_every_method() -> None:
    found = [row for row in routes(get_resolver().url_patterns) if row[0].startswith("api/v1/")]
    views = [(path, callback.view_class) for path, callback, name in found if name not in NO_OPERATION]
    assert len(views) >= 3
    silent = [
        (path, method)
        for path, view in views
        for method in METHODS
        if hasattr(view, method.lower()) and operation_of(view, method) is None
    ]
    assert silent == []
    assert len({(asked.method, asked.path) for asked in OPERATIONS}) == sum(
        hasattr(view, method.lower()) for _, view in views for method in METHODS
    )


def test_every_operation_has_an_id_of_its_own() -> None:
    assert [name for name, count in Counter(map(str, OPERATIONS)).items() if count > 1] == []


def test_every_scope_opens_something_and_every_operation_needs_a_known_one() -> None:
    assert {asked.scope for asked in OPERATIONS} == set(SCOPES)


def test_every_tag_is_described() -> None:
    assert {asked.said["tags"][0] for asked in OPERATIONS} == set(TAGS)
    assert [tag["name"] for tag in DOCUMENT["tags"]] == list(TAGS)


@pytest.mark.parametrize("asked", OPERATIONS, ids=str)
def test_an_operation_says_what_it_does(asked: Asked) -> None:
    assert asked.said["summary"]
    assert not asked.said["summary"].endswith(".")
    assert {"401", "403", "429", "500"} <= set(asked.said["responses"])


@pytest.mark.parametrize("asked", [asked for asked in OPERATIONS if "requestBody" in asked.said], ids=str)
def test_the_example_of_a_body_is_allowed(asked: Asked) -> None:
    content = asked.said["requestBody"]["content"]["application/json"]
    assert "example" in content
    is_valid(content["example"], content["schema"])


@pytest.mark.parametrize("asked", OPERATIONS, ids=str)
def test_the_example_of_an_answer_is_what_is_answered(asked: Asked) -> None:
    content = asked.said["responses"]["200"]["content"]
    if "application/json" not in content:
        return
    assert "example" in content["application/json"]
    is_valid(content["application/json"]["example"], content["application/json"]["schema"])


@pytest.mark.parametrize("asked", [asked for asked in OPERATIONS if asked.method == "POST"], ids=str)
def test_a_post_that_takes_an_idempotency_key_says_so(asked: Asked) -> None:
    takes = any(row["name"] == "Idempotency-Key" for row in asked.said.get("parameters", []))
    assert takes == ("Idempotent-Replayed" in asked.said["responses"]["200"]["headers"])
    assert not takes or "409" in asked.said["responses"]


def test_an_unknown_field_is_forbidden_in_every_body() -> None:
    bodies = {name: schema for name, schema in DOCUMENT["components"]["schemas"].items() if name.endswith("Request")}
    assert bodies
    assert {name for name, schema in bodies.items() if schema.get("additionalProperties") is not False} == OPEN


def test_a_body_is_described_by_its_own_words_only() -> None:
    words = Counter(schema.get("description") for schema in DOCUMENT["components"]["schemas"].values())
    assert "Where the lead came from. A name that is not known is kept under `params`." in words
    assert [text for text in words if text and "misspelt" in text] == []


@pytest.mark.parametrize("event", [*EVENTS, TEST_EVENT])
def test_every_event_is_described_with_what_it_carries(event: str) -> None:
    said = DOCUMENT["webhooks"][event]["post"]
    assert said["summary"]
    name = shape_of(event).__name__.removesuffix("Shape")
    assert {"event", "id", "timestamp"} <= set(DOCUMENT["components"]["schemas"][name]["required"])


def test_the_page_needs_nothing_that_the_policy_forbids(client: Client) -> None:
    page = client.get("/api/docs")
    text = page.content.decode()
    assert page.status_code == 200
    assert "'unsafe" not in page["Content-Security-Policy"]
    assert "<style" not in text
    assert 'style="' not in text
    assert "<script>" not in text
    assert "swagger-ui-bundle.js" in text
    assert 'data-document="/api/v1/openapi.json"' in text


# In the house the call has ended and has no recording, the endpoint is paused, the template has one version, and the
# number of the example is there.
NOT_NOW = {"cancelInteraction", "createCallerNumber", "getRecording", "testWebhookEndpoint", "restoreTemplateVersion"}
CALLED = {
    "callerNumberId": "numberId",
    "production": "agentId",
    "test": "agentId",
    "campaign": "campaignId",
    "leadIds": "leadId",
}


def with_real_ids(value: Any, ids: dict[str, str], called: str = "") -> Any:
    if isinstance(value, dict):
        return {name: with_real_ids(child, ids, name) for name, child in value.items()}
    if isinstance(value, list):
        return [with_real_ids(value[0], ids, called)] if called == "leadIds" else value
    name = CALLED.get(called, called)
    return ids[name] if name in ids and value is not None and name not in ("name", "version") else value


@pytest.mark.parametrize("asked", OPERATIONS, ids=str)
def test_what_the_example_asks_is_answered_as_promised(
    asked: Asked, campaign: Campaign, api: Client, network: FakeNetwork
) -> None:
    network.on("", answer(200, {}))
    ids = make_house(campaign)
    address = f"{asked.address(ids)}?{urlencode(asked.needed)}"
    body = with_real_ids(asked.example, ids)

    response = api.generic(asked.method, address, json.dumps(body) if body else b"", content_type="application/json")

    assert (response.status_code == 200) == (str(asked) not in NOT_NOW), response.content
    if response.status_code == 200:
        is_valid(response.json(), asked.said["responses"]["200"]["content"]["application/json"]["schema"])


def test_every_event_that_is_told_has_its_shape(lead: Lead, api: Client, network: FakeNetwork) -> None:
    endpoint = create_endpoint(
        workspace=lead.workspace, by=SYSTEM, url="https://hooks.example.com/", events=list(EVENTS)
    )
    send_test(endpoint=endpoint, by=SYSTEM)
    jane = {"firstName": "Jane", "lastName": "Doe", "email": "jane@example.com", "phone": "+14155550133"}
    send(api, "post", "/leads/submit", {"campaignId": lead.campaign.code, **jane})
    for status in ("delivered", "failed", "queued", "disqualified"):
        send(api, "patch", f"/leads/{lead.public_id}", {"status": status})
    for address in (lead.phone, "+14155550199"):
        send(api, "post", "/do-not-call", {"address": address, "channel": "phone"})
    call = world.make_interaction(lead)
    for event in ("call.started", "call.completed", "call.failed", "interaction.updated"):
        tell(event, call)

    told = list(WebhookEvent.objects.all())
    assert {row.type for row in told} == {*EVENTS, TEST_EVENT}
    for row in told:
        content = DOCUMENT["webhooks"][row.type]["post"]["requestBody"]["content"]["application/json"]
        is_valid(json.loads(row.body), content["schema"])


def test_the_example_of_an_event_has_its_shape() -> None:
    content = DOCUMENT["webhooks"]["lead.status_changed"]["post"]["requestBody"]["content"]["application/json"]
    is_valid(content["example"], content["schema"])


def send(api: Client, method: str, path: str, body: Any) -> None:
    response = getattr(api, method)(f"/api/v1{path}", json.dumps(body), content_type="application/json")
    assert response.status_code == 200, response.content
