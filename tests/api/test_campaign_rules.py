"""The rules by which a campaign calls, read and changed by the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEvent
from campaigns.models import Campaign
from campaigns.presets import PRESETS
from common.hours import DAYS
from tests import world
from tests.api.asking import count_queries, details_of, error_of, get, patch, post, send
from webhooks.models import WebhookEndpoint

NOTHING: dict[str, Any] = {
    "afterAttempt": None,
    "outcomes": [],
    "waitMinutes": None,
    "partOfDay": None,
    "agentId": None,
    "callerNumberId": None,
}


def path(campaign: Campaign) -> str:
    return f"campaigns/{campaign.code}"


def step(**fields: Any) -> dict[str, Any]:
    return {**NOTHING, **fields}


def refused(api: Client, campaign: Campaign, sent: dict[str, Any]) -> list[str]:
    before = get(api, path(campaign))
    found = details_of(send(api, "patch", path(campaign), sent))
    assert get(api, path(campaign)) == before
    return found


def test_every_rule_is_set_and_read_back(api: Client, campaign: Campaign) -> None:
    endpoint = WebhookEndpoint.objects.create(
        workspace=campaign.workspace, campaign_code=campaign.code, url="https://crm.example.com/", events=[]
    )
    agent = campaign.production_agent
    assert agent
    assert agent.caller_number
    rules: dict[str, Any] = {
        "hoursZone": "Asia/Kathmandu",
        "holidays": [{"date": "12-25", "name": "Christmas"}, {"date": "2026-11-26", "name": None}],
        "maxAttemptsPerDay": 2,
        "autoDialer": {
            "state": "off",
            "concurrency": 5,
            "callsPerMinute": 6000,
            "dailyCap": 400,
            "newLeadsFirst": False,
            "excludedStatuses": ["qualified", "contacted"],
            "retryOutcomes": ["busy", "no_answer"],
            "ringTimeoutSeconds": 20,
            "voicemail": {"action": "leave_message", "message": "Hello {{first_name}}."},
            "sequence": [
                step(afterAttempt=0, partOfDay="morning", agentId=agent.public_id),
                step(afterAttempt=1, outcomes=["busy"], waitMinutes=30, callerNumberId=agent.caller_number.public_id),
                step(waitMinutes=1500, partOfDay="evening"),
            ],
        },
        "firstSubmissionAction": {
            "type": "webhook",
            "priority": "high",
            "reason": "Look first",
            "webhookEndpointId": endpoint.public_id,
        },
    }
    found = patch(api, path(campaign), rules)
    assert {name: found[name] for name in rules} == rules
    assert patch(api, path(campaign), found) == found


def test_a_change_leaves_alone_what_is_not_sent(api: Client, campaign: Campaign) -> None:
    before = get(api, path(campaign))
    found = patch(api, path(campaign), {"autoDialer": {"dailyCap": 5, "voicemail": {"message": "Hello"}}})
    dialer = before["autoDialer"]
    wanted = dialer | {"dailyCap": 5, "voicemail": {"action": "hang_up", "message": "Hello"}}
    assert found == before | {"autoDialer": wanted}
    assert patch(api, path(campaign), {"autoDialer": {}, "firstSubmissionAction": {}}) == found
    emptied = patch(api, path(campaign), {"autoDialer": {"dailyCap": None, "voicemail": {"message": None}}})
    assert emptied == before


def test_null_is_as_if_it_were_left_out_where_it_means_nothing(api: Client, campaign: Campaign) -> None:
    before = get(api, path(campaign))
    names = ("newLeadsFirst", "excludedStatuses", "retryOutcomes", "voicemail", "sequence", "preset", "state")
    sent = {"autoDialer": dict.fromkeys(names), "holidays": None, "name": None, "maxAttempts": None}
    assert patch(api, path(campaign), sent) == before
    assert patch(api, path(campaign), {"autoDialer": None, "firstSubmissionAction": None}) == before


def test_the_sequence_is_replaced_whole(api: Client, campaign: Campaign) -> None:
    found = patch(api, path(campaign), {"autoDialer": {"sequence": [{"afterAttempt": 2, "waitMinutes": 60}]}})
    assert found["autoDialer"]["sequence"] == [step(afterAttempt=2, waitMinutes=60)]
    event = AuditEvent.objects.get(verb="campaign.changed")
    assert event.data["changes"] == {
        "steps": [
            "none",
            "after attempt 2: wait 1 hour",
        ]
    }
    assert patch(api, path(campaign), {"autoDialer": {"sequence": []}})["autoDialer"]["sequence"] == []


@pytest.mark.parametrize("name", list(PRESETS))
def test_a_preset_sets_what_goes_together(api: Client, campaign: Campaign, name: str) -> None:
    before, columns = get(api, path(campaign)), PRESETS[name].columns
    found = patch(api, path(campaign), {"autoDialer": {"preset": name}})
    assert found["minGapMinutes"] == columns["min_gap_minutes"]
    assert found["maxAttemptsPerDay"] == columns["max_attempts_per_day"]
    assert found["autoDialer"]["retryOutcomes"] == columns["retry_outcomes"]
    assert found["autoDialer"]["concurrency"] == columns["dialer_concurrency"]
    waits = [row["waitMinutes"] for row in found["autoDialer"]["sequence"]]
    assert waits == [row.wait_minutes for row in PRESETS[name].steps]
    assert found["hours"] == before["hours"]
    assert found["firstSubmissionAction"]["type"] == ("voice_ai" if name == "speed_to_lead" else "none")


def test_a_preset_sets_a_first_call_only_where_somebody_can_make_it(api: Client, campaign: Campaign) -> None:
    agent = get(api, path(campaign))["aiAgents"]["production"]
    preset = {"autoDialer": {"preset": "speed_to_lead"}}
    without = patch(api, path(campaign), preset | {"aiAgents": {"production": None}})
    assert without["firstSubmissionAction"]["type"] == "none"
    assert patch(api, path(campaign), preset)["firstSubmissionAction"]["type"] == "none"
    own = {"firstSubmissionAction": {"type": "human_review"}, "aiAgents": {"production": agent}}
    assert patch(api, path(campaign), preset | own)["firstSubmissionAction"]["type"] == "human_review"
    assert patch(api, path(campaign), preset)["firstSubmissionAction"]["type"] == "human_review"
    patch(api, path(campaign), {"firstSubmissionAction": {"type": "none"}})
    assert patch(api, path(campaign), preset)["firstSubmissionAction"]["type"] == "voice_ai"


@pytest.mark.parametrize(
    ("sent", "place"),
    [
        ({"autoDialer": {"sequence": [{"afterAttempt": 1}, {"agentId": "agent_x"}]}}, "autoDialer.sequence.1.agentId"),
        ({"autoDialer": {"sequence": [{"callerNumberId": "num_x"}]}}, "autoDialer.sequence.0.callerNumberId"),
        ({"firstSubmissionAction": {"webhookEndpointId": "we_x"}}, "firstSubmissionAction.webhookEndpointId"),
        ({"aiAgents": {"production": "agent_x"}}, "aiAgents.production"),
        ({"templateId": "tmpl_x"}, "templateId"),
    ],
)
def test_an_unknown_id_is_told_with_its_whole_path(
    api: Client, campaign: Campaign, sent: dict[str, Any], place: str
) -> None:
    error = error_of(send(api, "patch", path(campaign), sent), 404)
    assert error["details"][0].startswith(f"{place}: There is no ")


def test_what_is_sent_beside_a_preset_comes_over_it(api: Client, campaign: Campaign) -> None:
    sent = {"autoDialer": {"preset": "gentle", "callsPerMinute": 7, "sequence": []}, "maxAttempts": 4}
    found = patch(api, path(campaign), sent)
    assert (found["maxAttempts"], found["minGapMinutes"]) == (4, 1440)
    assert (found["autoDialer"]["callsPerMinute"], found["autoDialer"]["concurrency"]) == (7, 1)
    assert found["autoDialer"]["sequence"] == []


def test_a_new_campaign_has_no_sequence_or_that_of_a_preset(api: Client, campaign: Campaign) -> None:
    usual = post(api, "campaigns", {"name": "Autumn"})
    assert usual["autoDialer"]["sequence"] == []
    assert (usual["minGapMinutes"], usual["maxAttempts"]) == (240, 6)
    quick = post(api, "campaigns", {"name": "Quick", "autoDialer": {"preset": "speed_to_lead"}})
    assert [row["waitMinutes"] for row in quick["autoDialer"]["sequence"]] == [30, 240, 1620]
    assert (quick["minGapMinutes"], quick["autoDialer"]["callsPerMinute"]) == (30, 30)


def test_rules_that_are_not_touched_are_not_judged_anew(api: Client, campaign: Campaign) -> None:
    Campaign.objects.update(max_attempts=1)
    assert patch(api, path(campaign), {"name": "Another"})["name"] == "Another"


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"hoursZone": "Mars/Base"}, "hoursZone: “Mars/Base” is not a time zone"),
        ({"holidays": [{"date": "2026-02-30"}]}, "holidays.0.date: “2026-02-30” is no date"),
        ({"holidays": [{"name": "Christmas"}]}, "holidays.0.date: "),
        ({"holidays": ["12-25"]}, "holidays.0: Send a JSON object"),
        ({"maxAttempts": 0}, "maxAttempts: Send at least 1."),
        ({"maxAttemptsPerDay": 0}, "maxAttemptsPerDay: Send at least 1, or null: then"),
        ({"hoursZone": "localtime"}, "hoursZone: “localtime” is not a time zone"),
        (
            {"holidays": [{"date": "12-25"}, {"date": "12-26"}, {"date": "12-25", "name": "Again"}]},
            "holidays.2: This day stands there twice",
        ),
        ({"hours": {"mon": [["09:00", "09:00"]]}}, "hours: Monday: 09:00 is start and end at once"),
        ({"autoDialer": {"excludedStatuses": ["new"]}}, "autoDialer.excludedStatuses: Leads that are new are those"),
        ({"maxAttemptsPerDay": 51}, "maxAttemptsPerDay: A lead is called at most 50 times in all"),
        ({"autoDialer": {"concurrency": 0}}, "autoDialer.concurrency: "),
        ({"autoDialer": {"callsPerMinute": 6001}}, "autoDialer.callsPerMinute: "),
        ({"autoDialer": {"dailyCap": -1}}, "autoDialer.dailyCap: Send at least 1, or null"),
        ({"autoDialer": {"ringTimeoutSeconds": 5}}, "autoDialer.ringTimeoutSeconds: Write at least 15 seconds"),
        ({"autoDialer": {"ringTimeoutSeconds": 300}}, "autoDialer.ringTimeoutSeconds: Write at least 15 seconds"),
        ({"autoDialer": {"state": "on"}}, "autoDialer.state: It is read here: change it by POST"),
        ({"autoDialer": {"preset": "brutal"}}, "autoDialer.preset: “brutal” is none of: gentle, standard"),
        ({"autoDialer": {"retryOutcomes": ["dnc"]}}, "autoDialer.retryOutcomes.0: “dnc” is none of"),
        ({"autoDialer": {"excludedStatuses": ["happy"]}}, "autoDialer.excludedStatuses.0: “happy” is none of"),
        ({"autoDialer": {"voicemail": {"action": "leave_message"}}}, "autoDialer.voicemail.message: Write what is"),
        (
            {"autoDialer": {"voicemail": {"message": "Hi {{first_nam}}"}}},
            "autoDialer.voicemail.message: There is no variable “first_nam”: did you mean {{first_name}}?",
        ),
        ({"firstSubmissionAction": {"type": "fax"}}, "firstSubmissionAction.type: “fax” is none of"),
        (
            {"firstSubmissionAction": {"type": "webhook"}},
            "firstSubmissionAction.webhookEndpointId: Choose the webhook endpoint",
        ),
        (
            {"firstSubmissionAction": {"type": "voice_ai"}, "aiAgents": {"production": None}},
            "firstSubmissionAction.type: A Voice AI call needs a voice agent",
        ),
        ({"autoDialer": {"pace": 1}}, "autoDialer.pace: There is no such field."),
    ],
)
def test_a_mistake_is_told_at_its_field_and_nothing_is_saved(
    api: Client, campaign: Campaign, sent: dict[str, Any], told: str
) -> None:
    found = refused(api, campaign, sent)
    assert len(found) == 1, found
    assert found[0].startswith(told)


@pytest.mark.parametrize(
    ("steps", "rules", "told"),
    [
        ([{"waitMinutes": 30}], {"minGapMinutes": 60}, "0.waitMinutes: The minimum gap is 1 hour: wait at least"),
        ([{"afterAttempt": 3}], {"maxAttempts": 3}, "0.afterAttempt: A lead is called at most 3 times, so nothing"),
        ([{"afterAttempt": -1}], {}, "0.afterAttempt: "),
        ([{"afterAttempt": 0, "waitMinutes": 5}], {}, "0.waitMinutes: Before the first call there is nothing"),
        ([{"afterAttempt": 0, "outcomes": ["busy"]}], {}, "0.outcomes: Before the first call nothing has come"),
        ([{"outcomes": ["completed"]}], {}, "0.outcomes: After completed the dialer does not call again"),
        ([{"outcomes": ["qualified"]}], {}, "0.outcomes.0: “qualified” is none of"),
        ([{}, {"afterAttempt": 2}], {}, "1.afterAttempt: Earlier steps decide in every case"),
        ([{"outcomes": ["busy"]}, {"afterAttempt": 1, "outcomes": ["busy"]}], {}, "1.afterAttempt: Earlier steps"),
        (
            [{"outcomes": ["busy", "no_answer"]}, {"outcomes": ["voicemail"]}, {"waitMinutes": 9}],
            {},
            "2.afterAttempt: Earlier steps",
        ),
        (
            [{"partOfDay": "evening"}],
            {"hours": dict.fromkeys(DAYS, [["09:00", "17:00"]])},
            "0.partOfDay: The campaign's hours",
        ),
        ([{"partOfDay": "night"}], {}, "0.partOfDay: “night” is none of"),
        ([{"waitMinutes": 525_601}], {}, "0.waitMinutes: "),
        ([{"colour": 1}], {}, "0.colour: There is no such field."),
    ],
)
def test_a_step_that_contradicts_another_rule_is_told_at_its_field(
    api: Client, campaign: Campaign, steps: list[dict[str, Any]], rules: dict[str, Any], told: str
) -> None:
    sent = {**rules, "autoDialer": {"sequence": steps}}
    found = refused(api, campaign, sent)
    assert len(found) == 1, found
    assert found[0].startswith(f"autoDialer.sequence.{told}")


def test_steps_that_only_seem_to_be_covered_are_taken(api: Client, campaign: Campaign) -> None:
    agent = campaign.production_agent
    assert agent
    steps = [
        step(afterAttempt=0, partOfDay="morning"),
        step(afterAttempt=1),
        step(outcomes=["busy"]),
        step(afterAttempt=2),
        # After a callback: neither of the above, but an agent of its own.
        step(outcomes=["no_answer", "voicemail"]),
        step(agentId=agent.public_id),
    ]
    assert patch(api, path(campaign), {"autoDialer": {"sequence": steps}})["autoDialer"]["sequence"] == steps


def test_a_change_that_contradicts_the_steps_that_stand_is_refused(api: Client, campaign: Campaign) -> None:
    patch(api, path(campaign), {"autoDialer": {"preset": "standard"}})
    found = refused(api, campaign, {"minGapMinutes": 2000})
    assert found == [
        "autoDialer.sequence.1.waitMinutes: The minimum gap is 2000 minutes: wait at least as long, or leave it empty."
    ]


@pytest.mark.parametrize("most", [1, 2])
def test_fewer_attempts_leave_steps_that_are_not_reached_any_more(api: Client, campaign: Campaign, most: int) -> None:
    Campaign.objects.update(max_attempts_per_day=None)
    patch(api, path(campaign), {"autoDialer": {"sequence": [step(afterAttempt=2), step(waitMinutes=2000)]}})
    found = patch(api, path(campaign), {"maxAttempts": most})
    assert len(found["autoDialer"]["sequence"]) == 2
    assert patch(api, path(campaign), found) == found


def test_agent_and_number_of_a_step_are_of_one_account(api: Client, campaign: Campaign) -> None:
    account = world.make_account(campaign.workspace)
    number = world.make_number(account, "+14155550111")
    template = world.make_template(campaign.workspace)
    agent = world.make_agent(account, template=template, caller_number=number)
    found = refused(api, campaign, {"autoDialer": {"sequence": [step(callerNumberId=number.public_id)]}})
    assert found[0].startswith("autoDialer.sequence.0.callerNumberId: ")
    assert "choose a number of that account" in found[0]
    both = [
        step(agentId=agent.public_id, callerNumberId=number.public_id),
    ]
    assert patch(api, path(campaign), {"autoDialer": {"sequence": both}})["autoDialer"]["sequence"] == both
    own = [step(agentId=agent.public_id)]
    assert patch(api, path(campaign), {"autoDialer": {"sequence": own}})["autoDialer"]["sequence"] == own


def test_an_endpoint_without_a_url_is_told_nothing(api: Client, campaign: Campaign) -> None:
    endpoint = WebhookEndpoint.objects.create(workspace=campaign.workspace, campaign_code=campaign.code, events=[])
    sent = {"type": "webhook", "webhookEndpointId": endpoint.public_id}
    found = refused(api, campaign, {"firstSubmissionAction": sent})
    assert found[0].startswith("firstSubmissionAction.webhookEndpointId: This endpoint has no URL")


def test_what_came_to_contradict_by_other_ways_keeps_nobody_from_another_change(
    api: Client, campaign: Campaign
) -> None:
    Campaign.objects.update(first_action="webhook", voicemail_action="leave_message", max_attempts_per_day=99)
    assert patch(api, path(campaign), {"name": "Another"})["name"] == "Another"
    assert refused(api, campaign, {"firstSubmissionAction": {"type": "voice_ai"}, "aiAgents": {"production": None}})
    assert refused(api, campaign, {"maxAttempts": 60})[0].startswith("maxAttemptsPerDay: ")


def test_more_steps_than_anybody_needs_are_refused(api: Client, campaign: Campaign) -> None:
    found = refused(api, campaign, {"autoDialer": {"sequence": [step(afterAttempt=n) for n in range(21)]}})
    assert found[0].startswith("autoDialer.sequence: ")


def test_holidays_and_stored_nonsense_do_not_take_the_campaign_away(api: Client, campaign: Campaign) -> None:
    Campaign.objects.update(holidays=[{"day": 1}])
    assert get(api, path(campaign))["holidays"] == []


def test_the_list_costs_the_same_with_many_steps(api: Client, campaign: Campaign) -> None:
    get(api, "campaigns")
    before = count_queries(api, "campaigns")
    agent = campaign.production_agent
    assert agent
    for number in range(3):
        row = world.make_campaign(agent, name=f"Campaign {number}")
        steps = [step(afterAttempt=after, agentId=agent.public_id) for after in range(4)]
        patch(api, path(row), {"autoDialer": {"sequence": steps}})
    assert count_queries(api, "campaigns") == before
