from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import ApiKey, AuditEvent
from campaigns.models import CallerNumber, Campaign, ProviderAccount
from tests import world
from tests.api.asking import count_queries, details_of, error_of, get, patch, post, send


@pytest.fixture
def number(campaign: Campaign) -> CallerNumber:
    return CallerNumber.objects.get(workspace=campaign.workspace)


def path(number: CallerNumber) -> str:
    return f"numbers/{number.public_id}"


def test_a_number_is_told_with_its_account(api: Client, number: CallerNumber) -> None:
    assert get(api, path(number)) == {
        "numberId": number.public_id,
        "number": "+14155550100",
        "label": None,
        "kind": "twilio",
        "providerNumberId": number.provider_number_id,
        "accountId": number.account.public_id,
        "dailyCap": None,
        "active": True,
        "createdAt": number.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


def test_the_list_has_the_newest_first_and_costs_the_same(api: Client, number: CallerNumber) -> None:
    get(api, "numbers")
    before = count_queries(api, "numbers")
    further = [world.make_number(world.make_account(number.workspace), f"+1415555010{digit}") for digit in (1, 2, 3)]
    assert count_queries(api, "numbers") == before
    page = get(api, "numbers", limit=3)
    assert [row["number"] for row in page["numbers"]] == [row.e164 for row in reversed(further)]
    rest = get(api, "numbers", cursor=page["nextCursor"])
    assert [row["numberId"] for row in rest["numbers"]] == [number.public_id]


def test_a_number_is_added_in_any_writing_and_changed(api: Client, account: ProviderAccount) -> None:
    body = {
        "number": "(415) 555-0177",
        "label": "Oakland",
        "kind": "sip",
        "providerNumberId": "phnum_1",
        "accountId": account.public_id,
        "dailyCap": 200,
    }
    found = post(api, "numbers", body)
    assert {name: found[name] for name in body} == body | {"number": "+14155550177"}
    emptied = {"label": None, "dailyCap": None, "active": False}
    changed = patch(api, f"numbers/{found['numberId']}", {"number": "+1 415 555 0178", **emptied})
    assert changed == found | {"number": "+14155550178", **emptied}
    events = AuditEvent.objects.filter(object_id=found["numberId"]).order_by("id")
    assert [(event.verb, event.api_key) for event in events] == [
        ("number.created", ApiKey.objects.get()),
        ("number.changed", ApiKey.objects.get()),
    ]


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"number": "555-0177"}, "number: “555-0177” cannot be a phone number"),
        ({"number": "1" * 41}, "number: "),
        ({"kind": "pigeon"}, "kind: "),
        ({"label": "a" * 81}, "label: "),
        ({"dailyCap": 0}, "dailyCap: Send at least 1, or null: then there is no limit"),
        ({"dailyCap": 100_001}, "dailyCap: Send at most 100000."),
        ({"providerNumberId": ""}, "providerNumberId: "),
        ({"e164": "+14155550177"}, "e164: There is no such field."),
    ],
)
def test_a_mistake_is_told_at_its_field(api: Client, number: CallerNumber, sent: dict[str, Any], told: str) -> None:
    found = details_of(send(api, "patch", path(number), sent))
    assert len(found) == 1
    assert found[0].startswith(told)


def test_an_account_has_a_number_once(api: Client, number: CallerNumber) -> None:
    body = {"number": number.e164, "accountId": number.account.public_id, "providerNumberId": "x"}
    told = details_of(send(api, "post", "numbers", body))
    assert told == [f"number: {number.account} has this number already: edit that one, or activate it again."]
    other = world.make_number(number.account, "+14155550101")
    assert details_of(send(api, "patch", path(other), {"number": number.e164})) == told


def test_a_number_stays_with_its_account_while_somebody_calls_from_it(api: Client, number: CallerNumber) -> None:
    account = world.make_account(number.workspace)
    found = details_of(send(api, "patch", path(number), {"accountId": account.public_id}))
    assert found[0].startswith("accountId: ")
    assert "would have no number left" in found[0]


def test_an_account_of_another_workspace_is_not_there(api: Client, number: CallerNumber, elsewhere: Campaign) -> None:
    theirs = ProviderAccount.objects.get(workspace=elsewhere.workspace)
    body = {"number": "+14155550177", "accountId": theirs.public_id, "providerNumberId": "x"}
    assert error_of(send(api, "post", "numbers", body), 404)["code"] == "NOT_FOUND"
    assert error_of(send(api, "patch", path(number), {"accountId": theirs.public_id}), 404)["code"] == "NOT_FOUND"
