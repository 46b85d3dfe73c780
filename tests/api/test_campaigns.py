"""Campaigns by the API: listed, made, changed and launched by the rules that the browser has."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.actors import SYSTEM
from accounts.models import ApiKey, AuditEvent
from accounts.services import set_calls_stopped
from campaigns.models import Campaign, ProviderAccount, usual_exclusions
from common.hours import DAYS
from tests import world
from tests.api.asking import count_queries, details_of, error_of, get, patch, post, send
from webhooks.models import WebhookEndpoint

WEEKDAYS = {day: [["09:00", "18:00"]] for day in DAYS[:5]}


def made(campaign: Campaign, **fields: Any) -> Campaign:
    return world.make_campaign(campaign.production_agent, **fields)


def step(**fields: Any) -> dict[str, Any]:
    nothing = dict.fromkeys(("afterAttempt", "waitMinutes", "partOfDay", "agentId", "callerNumberId"))
    return {"outcomes": [], **nothing, **fields}


def codes(api: Client, **asked: Any) -> list[str]:
    return [row["campaignId"] for row in get(api, "campaigns", **asked)["campaigns"]]


def path(campaign: Campaign) -> str:
    return f"campaigns/{campaign.code}"


def test_a_campaign_is_told_with_everything_that_integrators_know(api: Client, campaign: Campaign) -> None:
    agent = campaign.production_agent
    assert agent
    assert get(api, path(campaign)) == {
        "campaignId": campaign.code,
        "name": "Spring kitchens",
        "active": True,
        "status": "active",
        "isDefault": True,
        "clientId": None,
        "clientName": None,
        "clientAbbrev": None,
        "offerId": None,
        "offerName": None,
        "offerAbbrev": None,
        "managerId": None,
        "webhooks": {
            "url": None,
            "events": {},
            "headers": {},
            "retryAttempts": 8,
            "timeoutSeconds": 30,
            "enabled": False,
            "inheritFromTenant": True,
        },
        "documents": [],
        "aiAgents": {"production": agent.public_id, "test": None},
        "templateId": None,
        "callerNumberId": None,
        "hours": {day: [["00:00", "24:00"]] for day in DAYS},
        "hoursZone": None,
        "holidays": [],
        "minGapMinutes": 0,
        "maxAttempts": 50,
        "maxAttemptsPerDay": None,
        "autoDialer": {
            "state": "off",
            "concurrency": None,
            "callsPerMinute": None,
            "dailyCap": None,
            "newLeadsFirst": True,
            "excludedStatuses": usual_exclusions(),
            "retryOutcomes": ["no_answer", "busy", "voicemail"],
            "ringTimeoutSeconds": None,
            "voicemail": {"action": "hang_up", "message": None},
            "sequence": [],
        },
        "firstSubmissionAction": {"type": "none", "priority": "normal", "reason": None, "webhookEndpointId": None},
        "duplicateDetection": {"enabled": True, "windowDays": 30},
        "createdAt": campaign.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


def test_hours_that_cannot_be_read_are_told_as_closed(api: Client, campaign: Campaign) -> None:
    Campaign.objects.update(hours={"someday": "maybe"})
    assert get(api, path(campaign))["hours"] == {day: [] for day in DAYS}


def test_the_list_is_paged_by_number_the_newest_first(api: Client, campaign: Campaign, elsewhere: Campaign) -> None:
    second, third = made(campaign, name="Second"), made(campaign, name="Third")
    first_page = get(api, "campaigns", limit=2)
    assert [row["campaignId"] for row in first_page["campaigns"]] == [third.code, second.code]
    assert first_page["pagination"] == {"total": 3, "page": 1, "limit": 2}
    assert codes(api, limit=2, page=2) == [campaign.code]
    assert codes(api, limit=2, page=3) == []


def test_the_list_narrows_by_what_is_asked(api: Client, campaign: Campaign) -> None:
    paused = made(campaign, name="Winter", status="inactive", client_id="c1", client_name="Harbour", offer_id="o1")
    old = made(campaign, name="Old", status="archived", offer_id="o2", offer_name="Design visit")
    assert codes(api) == [paused.code, campaign.code]
    assert codes(api, includeArchived="true") == [old.code, paused.code, campaign.code]
    assert codes(api, active="true", includeArchived="true") == [campaign.code]
    assert codes(api, active="false") == [paused.code]
    assert codes(api, active="false", includeArchived="true") == [old.code, paused.code]
    assert codes(api, clientId="c1") == [paused.code]
    assert codes(api, offerId="o2") == []
    assert codes(api, offerId="o2", includeArchived="true") == [old.code]
    assert codes(api, search="", clientId="") == [paused.code, campaign.code]


def test_the_search_reads_name_code_client_and_offer(api: Client, campaign: Campaign) -> None:
    one = made(campaign, name="Winter", client_name="Harbour", offer_name="Design visit")
    for text in ("wint", one.code.lower(), "harb", "visit"):
        assert codes(api, search=text) == [one.code]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"page": "0"}, "page"),
        ({"page": "9" * 30}, "page"),
        ({"limit": "101"}, "limit"),
        ({"active": "maybe"}, "active"),
        ({"search": "a" * 121}, "search"),
        ({"status": "active"}, "status"),
    ],
)
def test_a_query_that_is_no_query_is_told(api: Client, asked: dict[str, str], field: str) -> None:
    assert [line.split(":")[0] for line in details_of(api.get("/api/v1/campaigns", asked))] == [field]


def test_the_list_costs_the_same_however_many_there_are(api: Client, campaign: Campaign) -> None:
    get(api, "campaigns")
    before = count_queries(api, "campaigns")
    for number in range(5):
        template = world.make_template(campaign.workspace)
        row = made(campaign, name=f"Campaign {number}", template=template, test_agent=campaign.production_agent)
        WebhookEndpoint.objects.create(
            workspace=campaign.workspace, campaign_code=row.code, url="https://crm.example.com/?token=hidden", events=[]
        )
    assert count_queries(api, "campaigns") == before


def test_a_new_campaign_is_inactive_and_has_what_was_sent(api: Client, campaign: Campaign) -> None:
    agent = campaign.production_agent
    assert agent
    assert agent.template
    assert agent.caller_number
    asked: dict[str, Any] = {
        "name": "Autumn",
        "clientId": "client_1",
        "clientName": "Harbour",
        "clientAbbrev": "HK",
        "offerId": None,
        "offerName": "Design visit",
        "offerAbbrev": "DV",
        "aiAgents": {"production": agent.public_id, "test": None},
        "templateId": agent.template.public_id,
        "callerNumberId": agent.caller_number.public_id,
        "minGapMinutes": 60,
        "maxAttempts": 3,
        "duplicateDetection": {"windowDays": 7},
    }
    found = post(api, "campaigns", asked)
    asked["duplicateDetection"] = {"enabled": True, "windowDays": 7}
    assert {name: found[name] for name in asked} == asked
    assert (found["status"], found["isDefault"]) == ("inactive", False)
    assert found["hours"] == {**WEEKDAYS, "sat": [], "sun": []}
    assert get(api, f"campaigns/{found['campaignId']}") == found


def test_of_a_new_campaign_the_days_that_are_left_out_are_closed(api: Client, campaign: Campaign) -> None:
    found = post(api, "campaigns", {"name": "Autumn", "hours": {"tue": [["10:00", "12:00"], ["13:00", "15:00"]]}})
    assert found["hours"] == {day: [] for day in DAYS} | {"tue": [["10:00", "12:00"], ["13:00", "15:00"]]}


def test_whoever_made_it_is_on_record_with_the_key(api: Client, campaign: Campaign) -> None:
    found = post(api, "campaigns", {"name": "Autumn"})
    patch(api, f"campaigns/{found['campaignId']}", {"name": "Fall"})
    key = ApiKey.objects.get()
    events = AuditEvent.objects.filter(object_type="campaign", object_id=found["campaignId"]).order_by("id")
    assert [(event.verb, event.api_key, event.user) for event in events] == [
        ("campaign.created", key, None),
        ("campaign.changed", key, None),
    ]
    assert events[1].data == {"changes": {"name": ["Autumn", "Fall"]}}


def test_the_default_mark_is_taken_over(api: Client, campaign: Campaign) -> None:
    found = post(api, "campaigns", {"name": "Autumn", "isDefault": True})
    assert found["isDefault"] is True
    assert get(api, path(campaign))["isDefault"] is False


def test_a_change_leaves_alone_what_is_not_sent(api: Client, campaign: Campaign) -> None:
    before = get(api, path(campaign))
    found = patch(api, path(campaign), {"clientName": "Harbour", "hours": {"sat": []}})
    assert found == before | {"clientName": "Harbour", "hours": before["hours"] | {"sat": []}}
    assert patch(api, path(campaign), {}) == found
    assert patch(api, path(campaign), {"clientName": None})["clientName"] is None


def test_what_was_read_may_be_sent_back(api: Client, campaign: Campaign) -> None:
    WebhookEndpoint.objects.create(
        workspace=campaign.workspace, campaign_code=campaign.code, url="https://crm.example.com/", events=[]
    )
    read = get(api, path(campaign))
    assert patch(api, path(campaign), read) == read
    assert not AuditEvent.objects.filter(verb="campaign.changed").exists()


def test_of_the_agents_one_can_be_changed_alone(api: Client, campaign: Campaign) -> None:
    agent = campaign.production_agent
    assert agent
    test_agent = world.make_agent(agent.account)
    found = patch(api, path(campaign), {"aiAgents": {"test": test_agent.public_id}})
    assert found["aiAgents"] == {"production": agent.public_id, "test": test_agent.public_id}
    assert patch(api, path(campaign), {"aiAgents": {"production": None}})["aiAgents"]["production"] is None


@pytest.mark.parametrize(
    ("stored", "sent", "window"),
    [
        (7, {"enabled": False}, None),
        (7, {"windowDays": None}, None),
        (7, {"enabled": True}, 7),
        (None, {"enabled": True}, 30),
        (None, {"windowDays": 365}, 365),
        (7, {"enabled": True, "windowDays": 1}, 1),
        (7, {"enabled": False, "windowDays": None}, None),
        (7, {}, 7),
    ],
)
def test_the_duplicate_window_follows_what_is_sent(
    api: Client, campaign: Campaign, stored: int | None, sent: dict[str, Any], window: int | None
) -> None:
    Campaign.objects.update(duplicate_window_days=stored)
    found = patch(api, path(campaign), {"duplicateDetection": sent})
    assert found["duplicateDetection"] == {"enabled": window is not None, "windowDays": window}


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"name": " "}, "name: "),
        ({"name": "a" * 121}, "name: "),
        ({"isDefault": "true"}, "isDefault: "),
        ({"minGapMinutes": -1}, "minGapMinutes: "),
        ({"minGapMinutes": True}, "minGapMinutes: "),
        ({"maxAttempts": 0}, "maxAttempts: "),
        ({"maxAttempts": 2**31}, "maxAttempts: "),
        ({"hours": []}, "hours: "),
        ({"hours": {"mon": None}}, "hours.mon: "),
        ({"hours": {"mon": "9-17"}}, "hours: Monday: write a list of windows"),
        ({"hours": {"mon": [["09:00"]]}}, "hours: Monday: a window has a start and an end."),
        ({"hours": {"mon": [["18:00", "09:00"]]}}, "hours: Monday: 18:00–09:00 ends before it starts."),
        ({"hours": {"mon": [["09:00", "18:00"], ["17:00", "19:00"]]}}, "hours: Monday: two windows overlap"),
        ({"hours": {"someday": []}}, "hours.someday: There is no such field."),
        ({"aiAgents": {"sales": None}}, "aiAgents.sales: There is no such field."),
        ({"duplicateDetection": {"windowDays": 0}}, "duplicateDetection.windowDays: "),
        ({"duplicateDetection": {"windowDays": 366}}, "duplicateDetection.windowDays: "),
        ({"duplicateDetection": {"enabled": False, "windowDays": 7}}, "duplicateDetection.windowDays: Days mean"),
        ({"duplicateDetection": {"enabled": True, "windowDays": None}}, "duplicateDetection.windowDays: Days mean"),
        ({"minGap": 5}, "minGap: There is no such field."),
        ({"webhooks": {}}, "webhooks: It is read here: change it by /api/v1/webhook-endpoints"),
        ({"status": "inactive"}, "status: It is read here: change it by POST"),
        ({"active": False}, "active: It is read here: change it by POST"),
    ],
)
def test_a_mistake_is_told_at_its_field_and_nothing_is_saved(
    api: Client, campaign: Campaign, sent: dict[str, Any], told: str
) -> None:
    before = get(api, path(campaign))
    found = details_of(send(api, "patch", path(campaign), sent))
    assert len(found) == 1
    assert found[0].startswith(told)
    assert get(api, path(campaign)) == before


def test_a_number_of_another_account_is_told_at_the_apis_field(api: Client, campaign: Campaign) -> None:
    foreign = world.make_number(world.make_account(campaign.workspace), "+14155550111")
    found = details_of(send(api, "patch", path(campaign), {"callerNumberId": foreign.public_id}))
    assert found[0].startswith("callerNumberId: ")
    assert "choose a number of that account" in found[0]


@pytest.mark.parametrize("name", ["agent", "test", "template", "number"])
def test_an_id_of_another_workspace_is_not_there(
    api: Client, campaign: Campaign, elsewhere: Campaign, name: str
) -> None:
    agent = elsewhere.production_agent
    assert agent
    assert agent.template
    assert agent.caller_number
    bodies: dict[str, dict[str, Any]] = {
        "agent": {"aiAgents": {"production": agent.public_id}},
        "test": {"aiAgents": {"test": agent.public_id}},
        "template": {"templateId": agent.template.public_id},
        "number": {"callerNumberId": agent.caller_number.public_id},
    }
    body = bodies[name]
    assert error_of(send(api, "patch", path(campaign), body), 404)["code"] == "NOT_FOUND"
    assert error_of(send(api, "post", "campaigns", {"name": "Autumn", **body}), 404)["code"] == "NOT_FOUND"
    assert Campaign.objects.filter(workspace=campaign.workspace).count() == 1


def test_launch_pause_archive_and_restore(api: Client, campaign: Campaign) -> None:
    winter = made(campaign, name="Winter", status="inactive")
    for status in ("active", "active", "inactive", "archived", "inactive"):
        found = post(api, f"{path(winter)}/status", {"status": status})
        assert (found["status"], found["active"]) == (status, status == "active")


def test_a_launch_is_refused_with_all_that_is_missing(api: Client, campaign: Campaign) -> None:
    winter = made(campaign, name="Winter", status="inactive", hours={day: [] for day in DAYS})
    ProviderAccount.objects.update(api_key="")
    error = error_of(send(api, "post", f"{path(winter)}/status", {"status": "active"}))
    assert error["code"] == "CAMPAIGN_NOT_READY"
    assert len(error["details"]) == 2
    assert "has no API key" in error["details"][0]
    assert "never open" in error["details"][1]
    assert get(api, path(winter))["status"] == "inactive"


def test_moves_that_are_not_allowed_have_codes_of_their_own(api: Client, campaign: Campaign) -> None:
    default = error_of(send(api, "post", f"{path(campaign)}/status", {"status": "archived"}))
    assert default["code"] == "DEFAULT_CAMPAIGN"
    old = made(campaign, name="Old", status="archived")
    assert error_of(send(api, "post", f"{path(old)}/status", {"status": "active"}))["code"] == "CAMPAIGN_STATUS"
    assert details_of(send(api, "post", f"{path(old)}/status", {"status": "on"}))[0].startswith("status: ")
    assert details_of(send(api, "post", f"{path(old)}/status"))[0].startswith("status: ")


def test_the_checklist_tells_what_to_do_and_where(api: Client, campaign: Campaign) -> None:
    agent = campaign.production_agent
    assert agent
    found = get(api, f"{path(campaign)}/checklist")
    assert found["ready"] is True
    assert found["items"][0] == {
        "ok": True,
        "state": "ok",
        "text": f"{agent.name} calls its leads.",
        "about": "agent",
        "id": agent.public_id,
    }
    set_calls_stopped(workspace=campaign.workspace, stopped=True, by=SYSTEM)
    Campaign.objects.update(hours={})
    found = get(api, f"{path(campaign)}/checklist")
    missing = [(row["about"], row["id"]) for row in found["items"] if row["state"] == "missing"]
    assert (found["ready"], missing) == (False, [("campaign", campaign.code), (None, None)])


def test_the_same_key_makes_one_campaign(api: Client, campaign: Campaign) -> None:
    headers = {"Idempotency-Key": "once"}
    first, second = (
        api.post("/api/v1/campaigns", {"name": "Autumn"}, content_type="application/json", headers=headers)
        for _ in range(2)
    )
    assert first.json() == second.json()
    assert second["Idempotent-Replayed"] == "true"
    assert Campaign.objects.filter(name="Autumn").count() == 1
