from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.actors import SYSTEM
from accounts.models import AuditEvent, User, Workspace
from calls.models import Interaction
from campaigns.models import Campaign
from leads.models import DoNotCall, Lead, LeadPhone
from leads.services import add_to_do_not_call
from tests import world

ANNA = "+14155550132"


def post(client: Client, path: str, body: Any) -> Any:
    return client.post(f"/api/v1/{path}", body, content_type="application/json")


def data(answer: Any) -> Any:
    assert answer.status_code == 200, answer.content
    return answer.json()["data"]


def details(answer: Any) -> str:
    assert answer.status_code == 400, answer.content
    return "\n".join(answer.json()["error"]["details"])


def listed(workspace: Workspace, address: str = ANNA, **fields: Any) -> DoNotCall:
    return add_to_do_not_call(workspace=workspace, address=address, by=SYSTEM, **fields)


# --- the list ---
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["anna@example.com", "+14155550177", "+14155550132"]),
        ("?channel=sms", ["+14155550177"]),
        ("?address=(415)%20555-0132", ["+14155550132"]),
        ("?address=Anna@Example.com", ["anna@example.com"]),
        ("?address=nobody", []),
        ("?search=0177", ["+14155550177"]),
        ("?search=anna&channel=email", ["anna@example.com"]),
    ],
)
def test_the_list_is_filtered(
    api: Client, workspace: Workspace, elsewhere: Campaign, query: str, found: list[str]
) -> None:
    listed(workspace)
    listed(workspace, "+14155550177", channel="sms")
    listed(workspace, "anna@example.com", channel="email")
    listed(elsewhere.workspace)
    answer = data(api.get(f"/api/v1/do-not-call{query}"))
    assert [entry["address"] for entry in answer["entries"]] == found
    assert (answer["nextCursor"], answer["hasMore"]) == (None, False)


def test_the_list_comes_in_pages(api: Client, workspace: Workspace) -> None:
    entries = [listed(workspace, f"+1415555013{number}") for number in range(3)]
    first = data(api.get("/api/v1/do-not-call?limit=2"))
    assert (first["nextCursor"], first["hasMore"]) == (str(entries[1].pk), True)
    second = data(api.get(f"/api/v1/do-not-call?limit=2&cursor={first['nextCursor']}"))
    assert [entry["id"] for entry in second["entries"]] == [str(entries[0].pk)]
    assert second["hasMore"] is False


def test_a_page_costs_the_same_with_more_entries(
    api: Client, workspace: Workspace, alice: User, django_assert_num_queries: Any
) -> None:
    api.get("/api/v1/do-not-call")
    for count in (2, 20):
        rows = [DoNotCall(workspace=workspace, address=f"+1415555{count:02}{n:02}", user=alice) for n in range(count)]
        DoNotCall.objects.bulk_create(rows)
        with django_assert_num_queries(2):
            assert data(api.get("/api/v1/do-not-call"))["entries"][0]["createdBy"] == "Alice"


@pytest.mark.parametrize("query", ["?cursor=x", "?cursor=999999", "?channel=fax", "?limit=0", "?colour=red"])
def test_a_query_that_makes_no_sense_is_refused(api: Client, workspace: Workspace, query: str) -> None:
    assert details(api.get(f"/api/v1/do-not-call{query}"))


# --- adding ---
def test_an_address_is_listed_once_and_keeps_its_first_reason(api: Client, workspace: Workspace) -> None:
    first = data(post(api, "do-not-call", {"address": "(415) 555-0132", "reason": "By e-mail"}))
    again = data(post(api, "do-not-call", {"address": ANNA, "reason": "Again"}))
    assert first["confirmedAt"] is None
    assert again == {**first, "confirmedAt": again["confirmedAt"]}
    assert again["confirmedAt"]
    assert (first["address"], first["channel"], first["reason"], first["source"]) == (ANNA, "phone", "By e-mail", "api")
    assert DoNotCall.objects.count() == 1


def test_the_next_call_is_refused(api: Client, lead: Lead) -> None:
    post(api, "do-not-call", {"address": lead.phone})
    answer = post(api, "voice/calls/initiate", {"leadId": lead.public_id})
    assert answer.json()["error"]["code"] == "DO_NOT_CALL"
    assert not Interaction.objects.exists()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"address": "call me"}, "address: “call me” cannot be a phone number"),
        ({"address": "anna", "channel": "email"}, "address:"),
        ({"address": ANNA, "channel": "fax"}, "channel: “fax” is none of: phone, sms, email."),
        ({"address": ANNA, "reason": "x" * 201}, "reason:"),
        ({}, "address:"),
        ({"address": ANNA, "chanel": "sms"}, "chanel: There is no such field"),
    ],
)
def test_a_mistake_is_named_at_its_field(api: Client, workspace: Workspace, body: Any, words: str) -> None:
    assert words in details(post(api, "do-not-call", body))
    assert not DoNotCall.objects.exists()


def test_many_are_listed_at_once(api: Client, workspace: Workspace) -> None:
    listed(workspace, reason="First")
    addresses = [ANNA, "(415) 555-0177", "+14155550177", "call me", "", "x" * 100]
    answer = data(post(api, "do-not-call/bulk", {"addresses": addresses, "reason": "By post"}))
    assert (answer["added"], answer["alreadyListed"]) == (1, 1)
    assert [row["address"] for row in answer["invalid"]] == ["call me", "", "x" * 100]
    assert answer["invalid"][0]["message"] == "Not a phone number: write it with the country code."
    assert set(DoNotCall.objects.values_list("address", "reason")) == {(ANNA, "First"), ("+14155550177", "By post")}
    assert DoNotCall.objects.get(address="+14155550177").source == "api"


@pytest.mark.parametrize("addresses", [[], ["+14155550132"] * 5001, "x", [5]])
def test_one_to_five_thousand_addresses(api: Client, workspace: Workspace, addresses: Any) -> None:
    assert "addresses" in details(post(api, "do-not-call/bulk", {"addresses": addresses}))


# --- one entry ---
def test_an_entry_is_read_and_taken_off_with_a_reason(api: Client, workspace: Workspace) -> None:
    path = f"/api/v1/do-not-call/{listed(workspace, reason='By post').pk}"
    assert data(api.get(path))["reason"] == "By post"
    assert "reason: This field is required." in details(api.delete(path))
    assert data(api.delete(f"{path}?reason=Asked+us+to+call")) is None
    assert not DoNotCall.objects.exists()
    event = AuditEvent.objects.get(verb="dnc.lifted")
    assert (event.data["reason"], event.data["was"]) == ("Asked us to call", "By post")
    assert event.api_key is not None
    assert api.delete(f"{path}?reason=Again").status_code == 404


@pytest.mark.parametrize("method", ["get", "delete"])
def test_unknown_and_foreign_entries_are_not_found(
    api: Client, workspace: Workspace, elsewhere: Campaign, method: str
) -> None:
    for entry_id in (listed(elsewhere.workspace).pk, "999999", "x", "9" * 30):
        assert getattr(api, method)(f"/api/v1/do-not-call/{entry_id}?reason=x").status_code == 404
    assert DoNotCall.objects.count() == 1


# --- of a lead ---
def test_a_leads_addresses_are_listed_by_channel(api: Client, lead: Lead) -> None:
    LeadPhone.objects.create(lead=lead, e164="+14155550177")
    path = f"leads/{lead.public_id}/dnc"
    assert data(api.get(f"/api/v1/{path}")) == {"isDnc": False, "channels": [], "entries": []}
    email = data(post(api, path, {"channels": ["email"]}))
    assert (email["isDnc"], email["channels"]) == (False, ["email"])
    answer = data(post(api, path, {"channels": ["phone", "email"], "reason": "On the phone"}))
    assert (answer["isDnc"], answer["channels"]) == (True, ["email", "phone"])
    assert [entry["address"] for entry in answer["entries"]] == ["anna@example.com", lead.phone, "+14155550177"]
    assert answer == data(api.get(f"/api/v1/{path}"))
    assert Lead.objects.get(pk=lead.pk).status == "new"


def test_a_channel_without_an_address_is_refused(api: Client, lead: Lead) -> None:
    Lead.objects.filter(pk=lead.pk).update(email="")
    answer = post(api, f"leads/{lead.public_id}/dnc", {"channels": ["phone", "email"]})
    assert details(answer) == "channels: The lead has no e-mail that could be listed for email."
    assert not DoNotCall.objects.exists()


@pytest.mark.parametrize("channels", [[], ["fax"], "phone", None])
def test_channels_are_some_of_three(api: Client, lead: Lead, channels: Any) -> None:
    assert "channels" in details(post(api, f"leads/{lead.public_id}/dnc", {"channels": channels}))


def test_another_workspaces_lead_is_not_found(api: Client, elsewhere: Campaign) -> None:
    path = f"leads/{world.make_lead(elsewhere).public_id}/dnc"
    assert api.get(f"/api/v1/{path}").status_code == 404
    assert post(api, path, {"channels": ["phone"]}).status_code == 404
    assert not DoNotCall.objects.exists()


# --- scopes ---
def test_reading_and_writing_need_their_scopes(workspace: Workspace, lead: Lead) -> None:
    reader = Client(headers={"X-API-Key": world.make_key(workspace, ("do_not_call:read",))})
    writer = Client(headers={"X-API-Key": world.make_key(workspace, ("do_not_call:write", "leads:write"))})
    entry = listed(workspace, "+14155550177")
    for path in ("do-not-call", f"do-not-call/{entry.pk}", f"leads/{lead.public_id}/dnc"):
        assert reader.get(f"/api/v1/{path}").status_code == 200
        assert writer.get(f"/api/v1/{path}").status_code == 403
    assert post(reader, "do-not-call", {"address": ANNA}).status_code == 403
    assert post(reader, "do-not-call/bulk", {"addresses": [ANNA]}).status_code == 403
    assert post(reader, f"leads/{lead.public_id}/dnc", {"channels": ["phone"]}).status_code == 403
    assert reader.delete(f"/api/v1/do-not-call/{entry.pk}?reason=x").status_code == 403
    assert DoNotCall.objects.count() == 1
