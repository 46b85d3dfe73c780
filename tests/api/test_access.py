"""Who may do what by API, for every operation of the document: no key, no scope, another workspace, many rows."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Workspace
from accounts.scopes import SCOPES
from campaigns.models import Campaign
from tests import world
from tests.api.house import Asked, add_rows, make_house, operations, the_document
from tests.network import FakeNetwork

OPERATIONS = list(operations())
OF_SOMETHING = [asked for asked in OPERATIONS if asked.parameters]
# The call of the house has no recording.
READS_OF_SOMETHING = [row for row in OF_SOMETHING if row.method == "GET" and str(row) != "getRecording"]
LISTS = [
    asked
    for asked in OPERATIONS
    if asked.method == "GET" and any(row["name"] == "limit" for row in asked.said.get("parameters", []))
]


class Nobodys(dict[str, str]):
    """An id for every parameter, of nothing."""

    def __missing__(self, name: str) -> str:
        return "1"


def ask(client: Client, asked: Asked, ids: dict[str, str], body: Any = None) -> Any:
    """With the body that the document shows."""
    sent = asked.example if body is None else body
    data = b"" if sent is None else json.dumps(sent)
    address = f"{asked.address(ids)}?{urlencode(asked.needed)}"
    return client.generic(asked.method, address, data, content_type="application/json")


def with_key(workspace: Workspace, scopes: tuple[str, ...] = SCOPES) -> Client:
    return Client(headers={"X-API-Key": world.make_key(workspace, scopes)})


def error_of(response: Any) -> str:
    assert response["Content-Type"] == "application/json"
    assert response.json()["success"] is False
    return str(response.json()["error"]["code"])


@pytest.mark.django_db
@pytest.mark.parametrize("asked", OPERATIONS, ids=str)
def test_without_a_key_nobody_is_answered(asked: Asked, client: Client) -> None:
    response = ask(client, asked, Nobodys())
    assert (response.status_code, error_of(response)) == (401, "UNAUTHORIZED")


@pytest.mark.parametrize("asked", OPERATIONS, ids=str)
def test_a_key_with_every_other_scope_is_refused(asked: Asked, campaign: Campaign, network: FakeNetwork) -> None:
    others = with_key(campaign.workspace, tuple(scope for scope in SCOPES if scope != asked.scope))
    response = ask(others, asked, Nobodys())
    assert (response.status_code, error_of(response)) == (403, "FORBIDDEN")
    assert asked.scope in response.json()["error"]["message"]


@pytest.fixture
def house(campaign: Campaign) -> dict[str, str]:
    return make_house(campaign)


@pytest.mark.parametrize("asked", OF_SOMETHING, ids=str)
def test_what_belongs_to_another_workspace_is_not_there(
    asked: Asked, house: dict[str, str], elsewhere: Campaign, network: FakeNetwork
) -> None:
    mallory = with_key(elsewhere.workspace)
    before = rows()

    response = ask(mallory, asked, house)

    assert (response.status_code, error_of(response)) == (404, "NOT_FOUND")
    assert rows() == before
    assert network.asked == []


@pytest.mark.parametrize("asked", READS_OF_SOMETHING, ids=str)
def test_the_same_ids_are_there_for_their_own_workspace(
    asked: Asked, house: dict[str, str], campaign: Campaign
) -> None:
    """Else the test above would prove nothing."""
    response = ask(with_key(campaign.workspace), asked, house)
    assert response.status_code == 200


def rows() -> dict[str, int]:
    """How many there are of everything."""
    with connection.cursor() as cursor:
        return {table: count(cursor, table) for table in connection.introspection.table_names(cursor)}


def count(cursor: Any, table: str) -> int:
    cursor.execute(f'SELECT COUNT(*) FROM "{table}"')
    return int(cursor.fetchone()[0])


@pytest.mark.parametrize("asked", LISTS, ids=str)
def test_a_list_costs_the_same_with_many_rows(asked: Asked, house: dict[str, str], campaign: Campaign) -> None:
    client = with_key(campaign.workspace)
    rows_before = ask(client, asked, house).json()["data"]
    few = queries_of(client, asked, house)
    for number in range(3):
        add_rows(campaign, house, number)

    assert queries_of(client, asked, house) == few
    assert size_of(ask(client, asked, house).json()["data"]) > size_of(rows_before)


def queries_of(client: Client, asked: Asked, house: dict[str, str]) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert ask(client, asked, house).status_code == 200
    return len(queries)


def size_of(data: Any) -> int:
    return next(len(value) for value in data.values() if isinstance(value, list))


# Every place of a body that names a thing: the operation, a body that it allows, and the names of what it names.
JANE = {"firstName": "Jane", "lastName": "Doe", "email": "jane@example.com", "phone": "+14155550133"}
NAMING: list[tuple[str, dict[str, Any]]] = [
    ("initiateCall", {"leadId": "{leadId}", "campaignId": "{campaignId}", "callerNumberId": "{numberId}"}),
    ("checkCall", {"leadId": "{leadId}", "campaignId": "{campaignId}", "callerNumberId": "{numberId}"}),
    ("createLead", {"campaignId": "{campaignId}", **JANE}),
    ("submitLead", {"campaignId": "{campaignId}", "leadId": "{leadId}"}),
    ("updateLead", {"campaign": "{campaignId}"}),
    ("updateLead", {"campaign": {"campaignId": "{campaignId}"}}),
    ("updateLeads", {"leadIds": ["{leadId}"], "updates": {"campaign": "{campaignId}"}}),
    ("updateLeads", {"leadIds": ["{leadId}"], "updates": {"campaign": {"campaignId": "{campaignId}"}}}),
    ("createCampaign", {"name": "New", "aiAgents": {"production": "{agentId}"}, "templateId": "{templateId}"}),
    ("createCampaign", {"name": "New", "aiAgents": {"test": "{agentId}"}, "callerNumberId": "{numberId}"}),
    ("updateCampaign", {"aiAgents": {"production": "{agentId}", "test": "{agentId}"}}),
    ("updateCampaign", {"templateId": "{templateId}", "callerNumberId": "{numberId}"}),
    *(
        (name, {"name": "New", **rules})
        for name in ("createCampaign", "updateCampaign")
        for rules in (
            {"autoDialer": {"sequence": [{"agentId": "{agentId}", "callerNumberId": "{numberId}"}]}},
            {"firstSubmissionAction": {"type": "webhook", "webhookEndpointId": "{endpointId}"}},
        )
    ),
    ("createAgent", {"name": "New", "providerAgentId": "a1", "accountId": "{accountId}", "templateId": "{templateId}"}),
    (
        "createAgent",
        {"name": "New", "providerAgentId": "a1", "accountId": "{accountId}", "callerNumberId": "{numberId}"},
    ),
    ("updateAgent", {"accountId": "{accountId}", "templateId": "{templateId}", "callerNumberId": "{numberId}"}),
    ("createCallerNumber", {"number": "+14155550188", "providerNumberId": "p1", "accountId": "{accountId}"}),
    ("updateCallerNumber", {"accountId": "{accountId}"}),
    ("previewTemplate", {"body": "You are an AI.", "leadId": "{leadId}", "campaignId": "{campaignId}"}),
    (
        "createWebhookEndpoint",
        {"url": "https://h.example.com/", "events": ["lead.processed"], "campaignId": "{campaignId}"},
    ),
]
BY_ID = {str(asked): asked for asked in OPERATIONS}
NAME = re.compile(r"{(\w+)}")


def named_in(body: Any) -> list[str]:
    return NAME.findall(json.dumps(body))


def with_ids(
    body: Any, ids: dict[str, str], *, foreign: int | None = None, theirs: dict[str, str] | None = None
) -> Any:
    """The names become ids of the house; that at the place `foreign` becomes an id of the other one."""
    places = itertools.count()

    def id_of(name: re.Match[str]) -> str:
        return (theirs or {})[name[1]] if next(places) == foreign else ids[name[1]]

    return json.loads(NAME.sub(id_of, json.dumps(body)))


PLACES = [(name, body, place) for name, body in NAMING for place in range(len(named_in(body)))]


@pytest.mark.parametrize(
    ("name", "body", "place"), PLACES, ids=[f"{name} {named_in(body)[place]} {place}" for name, body, place in PLACES]
)
def test_a_body_cannot_name_what_belongs_to_another_workspace(
    name: str, body: Any, place: int, house: dict[str, str], elsewhere: Campaign, api: Client, network: FakeNetwork
) -> None:
    theirs, before = make_house(elsewhere), rows()

    response = ask(api, BY_ID[name], house, with_ids(body, house, foreign=place, theirs=theirs))

    assert (response.status_code, error_of(response)) == (404, "NOT_FOUND")
    assert rows() == before
    assert network.asked == []


@pytest.mark.parametrize(("name", "body"), NAMING, ids=[name for name, _ in NAMING])
def test_a_body_may_name_what_is_its_own(
    name: str, body: Any, house: dict[str, str], api: Client, network: FakeNetwork
) -> None:
    """Else the test above would prove nothing."""
    response = ask(api, BY_ID[name], house, with_ids(body, house))
    assert response.status_code == 200, response.json()


def test_every_id_that_a_body_may_hold_is_tried() -> None:
    tried = {(name, field) for name, body in NAMING for field in fields_of(body)} | SOME_MAY_FAIL
    schemas = the_document()["components"]["schemas"]
    for asked in OPERATIONS:
        for field in ids_in(asked.said.get("requestBody", {}), schemas):
            assert (str(asked), field) in tried, f"{asked} takes {field}"


# One that is not known fails alone: tests/api/test_send_to_dialer.py.
SOME_MAY_FAIL = {("sendToAutoDialer", "leadIds")}
# Of the provider, or of the integrator's own.
NOT_OURS = {"providerAgentId", "providerNumberId", "clientId", "offerId", "clientLeadId"}


def fields_of(body: Any) -> list[str]:
    if isinstance(body, dict):
        return [name for field, value in body.items() for name in (field, *fields_of(value))]
    return [name for child in body for name in fields_of(child)] if isinstance(body, list) else []


def ids_in(node: Any, schemas: dict[str, Any]) -> set[str]:
    """The names of ids in the schema of a body."""
    if isinstance(node, list):
        return {name for child in node for name in ids_in(child, schemas)}
    if not isinstance(node, dict):
        return set()
    fields = node.get("properties", {})
    read = {name for name in fields if not str(fields[name].get("description", "")).startswith("Ignored")}
    found = {name for name in read if name.endswith(("Id", "Ids"))} - NOT_OURS
    referred = [schemas[node["$ref"].rpartition("/")[2]]] if "$ref" in node else []
    return found | ids_in([*node.values(), *referred], schemas)
