"""Calls as programs read them: one, those of a lead, and all of them by filters."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actors import SYSTEM
from accounts.models import Workspace
from calls.ingest.merge import apply_report
from calls.models import Interaction, Transcript
from calls.providers.elevenlabs import reports
from calls.search import find_calls
from calls.services import initiate_call
from campaigns.models import Campaign
from common import clock as business_clock
from leads.models import Lead
from tests import provider_events as events
from tests import world

URL = "/api/v1/interactions"


def ended(lead: Lead, status: str = "completed", **fields: Any) -> Interaction:
    return world.make_interaction(lead, status=status, dispatch="placed", **fields)


def listed(api: Client, path: str = URL, **query: Any) -> list[str]:
    answer = api.get(path, query)
    assert answer.status_code == 200, answer.json()
    return [row["interactionId"] for row in answer.json()["data"]["interactions"]]


def one(api: Client, call: Interaction) -> dict[str, Any]:
    data: dict[str, Any] = api.get(f"{URL}/{call.public_id}").json()["data"]
    return data


def test_the_finished_call_is_shown_whole(api: Client, lead: Lead) -> None:
    Campaign.objects.update(client_id="cl_1", offer_id="of_1")
    lead.refresh_from_db()
    then = datetime(2026, 11, 20, 15, tzinfo=UTC)
    call = world.make_interaction(
        lead, dispatch="placed", conversation_id="conv_1", provider_call_id="CA1", placed_at=then, created_at=then
    )
    report = reports.read_event(events.transcription()).report
    assert report
    apply_report(call.pk, report)
    call.refresh_from_db()
    data = one(api, call)
    assert {name: data[name] for name in data if name not in ("call", "transcript", "updatedAt")} == {
        "interactionId": call.public_id,
        "leadId": lead.public_id,
        "campaignId": lead.campaign.code,
        "agentId": call.agent.public_id,
        "clientId": "cl_1",
        "offerId": "of_1",
        "type": "call",
        "status": "completed",
        "phone": lead.phone,
        "telephony": {"provider": "twilio", "messageId": "CA1", "phoneNumber": "+14155550100"},
        "sms": None,
        "summary": "They talked.",
        "callbackAt": None,
        "correction": None,
        "errorCode": None,
        "errorMessage": None,
        "isTest": False,
        "createdAt": "2026-11-20T15:00:00.000Z",
    }
    assert [tuple(line) for line in data["transcript"]] == [("timestamp", "role", "message", "source")] * 3
    assert {name: data["call"][name] for name in data["call"] if not name.endswith("At")} == {
        "source": "manual",
        "direction": "outbound",
        "state": "ended",
        "dispatch": "placed",
        "duration": 42,
        "recordingUrl": None,
        "terminationReason": "end_call tool was called.",
        "voiceAI": {
            "provider": "elevenlabs",
            "agentId": call.agent.provider_agent_id,
            "conversationId": "conv_1",
        },
        "spokenTo": True,
    }
    assert data["call"]["placedAt"] == "2026-11-20T15:00:00.000Z"


def test_a_waiting_call_has_null_for_what_is_not_known(api: Client, lead: Lead) -> None:
    data = one(api, world.make_interaction(lead))
    assert (data["status"], data["call"]["state"], data["transcript"]) == ("in_progress", "queued", [])
    assert data["summary"] is data["clientId"] is data["call"]["voiceAI"]["conversationId"] is None


def test_a_secret_that_cannot_be_decrypted_hides_no_call(api: Client, lead: Lead, settings: Any) -> None:
    call = ended(lead)
    settings.FIELD_ENCRYPTION_KEYS = ["dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdDE="]
    assert one(api, call)["status"] == "completed"
    assert listed(api) == [call.public_id]


def test_the_newest_is_first(api: Client, lead: Lead, elsewhere: Campaign) -> None:
    older, newer = ended(lead), ended(lead)
    ended(world.make_lead(elsewhere))
    assert listed(api) == [newer.public_id, older.public_id]


def test_pages_follow_each_other_without_gaps_while_calls_come_in(api: Client, lead: Lead) -> None:
    made = [ended(lead).public_id for _ in range(5)]
    first = api.get(URL, {"limit": 2}).json()["data"]
    assert (first["hasMore"], first["nextCursor"]) == (True, made[3])
    ended(lead)
    assert listed(api, limit=2, cursor=made[3]) == [made[2], made[1]]
    last = api.get(f"{URL}?limit=2&cursor={made[1]}").json()["data"]
    assert [row["interactionId"] for row in last["interactions"]] == [made[0]]
    assert (last["hasMore"], last["nextCursor"]) == (False, None)


def test_pages_of_a_span_of_time_follow_each_other(api: Client, lead: Lead) -> None:
    made = [ended(lead).public_id for _ in range(3)]
    span: dict[str, Any] = {"startDate": "2001-01-01", "limit": 2}
    assert listed(api, **span) == [made[2], made[1]]
    assert listed(api, **span, cursor=made[1]) == [made[0]]


@pytest.fixture
def two(lead: Lead, campaign: Campaign) -> tuple[Interaction, Interaction]:
    """Alike in nothing."""
    production = campaign.production_agent
    assert production
    agent = world.make_agent(production.account, caller_number=production.caller_number, template=production.template)
    other = world.make_lead(world.make_campaign(agent, name="Autumn"), "+14155550144", first_name="Jürgen")
    calls = (
        ended(lead, "qualified", created_at=datetime(2026, 11, 20, 23, 59, 59, tzinfo=UTC)),
        world.make_interaction(
            other, direction="inbound", is_test=True, created_at=datetime(2026, 11, 21, 0, 0, tzinfo=UTC)
        ),
    )
    messages = [{"role": "user", "message": "A kitchen, please", "timestamp": "", "source": "voice_ai"}]
    Transcript.objects.create(interaction=calls[0], messages=messages)
    return calls


def filters_of(call: Interaction) -> dict[str, Any]:
    return {
        "leadId": call.lead.public_id,
        "campaignIds": f"{call.campaign.code.lower()},",
        "agentId": call.agent.public_id,
        "status": call.status,
        "direction": call.direction,
        "isTest": str(call.is_test).lower(),
        "search": "KITCHEN" if call.status == "qualified" else "jÜrgen",
    }


@pytest.mark.parametrize("name", ["leadId", "campaignIds", "agentId", "status", "direction", "isTest", "search"])
def test_each_filter_leaves_what_fits(api: Client, two: tuple[Interaction, Interaction], name: str) -> None:
    for call in two:
        assert listed(api, **{name: filters_of(call)[name]}) == [call.public_id]


def test_filters_hold_together_and_lists_mean_any_of_them(api: Client, two: tuple[Interaction, Interaction]) -> None:
    first, second = two
    codes = f"{first.campaign.code},{second.campaign.code}"
    assert len(listed(api, campaignIds=codes, status="qualified,in_progress")) == 2
    assert listed(api, campaignIds=codes, status="qualified") == [first.public_id]
    assert listed(api, campaignIds=second.campaign.code, status="qualified") == []


@pytest.mark.parametrize(
    ("span", "found"),
    [
        ({"startDate": "2026-11-21"}, [1]),
        ({"endDate": "2026-11-20"}, [0]),
        ({"startDate": "2026-11-20", "endDate": "2026-11-21"}, [1, 0]),
        ({"endDate": "2026-11-20T23:59:59Z"}, [0]),
        ({"endDate": "2026-11-21T01:00:00+01:00"}, [1, 0]),
        ({"startDate": "2026-11-21T00:00:01"}, []),
        ({"startDate": "0001-01-01", "endDate": "9999-12-31"}, [1, 0]),
        ({"endDate": "9999-12-31T23:59:59-12:00"}, [1, 0]),
    ],
)
def test_a_span_has_both_its_ends_and_a_day_alone_is_the_whole_of_it(
    api: Client, two: tuple[Interaction, Interaction], span: dict[str, str], found: list[int]
) -> None:
    assert listed(api, **span) == [two[index].public_id for index in found]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"status": "done"}, "status"),
        ({"direction": "sideways"}, "direction"),
        ({"isTest": "perhaps"}, "isTest"),
        ({"startDate": "yesterday"}, "startDate"),
        ({"startDate": "2026-11-21", "endDate": "2026-11-20"}, "endDate"),
        ({"limit": "101"}, "limit"),
        ({"limit": "0"}, "limit"),
        ({"cursor": "int_nobody"}, "cursor"),
        ({"search": "x" * 201}, "search"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_a_query_that_cannot_be_is_refused_at_its_field(api: Client, query: dict[str, str], field: str) -> None:
    answer = api.get(URL, query)
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0].startswith(f"{field}: ")


def test_a_nul_in_a_query_is_refused(api: Client) -> None:
    for name in ("search", "campaignIds", "leadId", "cursor", "startDate"):
        assert api.get(f"{URL}?{name}=a%00b").status_code == 400


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="Only PostgreSQL can be told to give up.")
def test_a_search_that_takes_too_long_ends_with_a_sentence(
    api: Client, lead: Lead, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find_slowly(*args: Any, **asked: Any) -> Any:
        return find_calls(*args, **asked).extra(where=["pg_sleep(0.3)::text IS NOT NULL"])

    monkeypatch.setattr("calls.api.interactions.find_calls", find_slowly)
    monkeypatch.setattr("calls.search.SEARCH_MILLISECONDS", 50)
    ended(lead)
    answer = api.get(f"{URL}?search=anna")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "SEARCH_TOO_BROAD")
    assert len(listed(api)) == 1


def test_another_workspaces_cursor_is_none_of_ours(api: Client, elsewhere: Campaign) -> None:
    foreign = ended(world.make_lead(elsewhere))
    assert api.get(URL, {"cursor": foreign.public_id}).status_code == 400


def test_a_filter_by_what_is_not_there_is_a_404(api: Client, elsewhere: Campaign) -> None:
    assert elsewhere.production_agent
    foreign = {"leadId": world.make_lead(elsewhere).public_id, "agentId": elsewhere.production_agent.public_id}
    for name, value in [*foreign.items(), ("campaignIds", "ZZZZZ")]:
        assert api.get(URL, {name: value}).status_code == 404


def test_the_calls_of_a_lead_newest_first_in_pages(api: Client, lead: Lead, campaign: Campaign) -> None:
    older, newer = ended(lead), ended(lead)
    ended(world.make_lead(campaign, "+14155550144"))
    path = f"{URL}/lead/{lead.public_id}"
    assert listed(api, path) == [newer.public_id, older.public_id]
    assert listed(api, path, cursor=newer.public_id) == [older.public_id]


def test_days_are_those_of_the_workspaces_zone(api: Client, two: tuple[Interaction, Interaction]) -> None:
    Workspace.objects.update(timezone="America/Los_Angeles")
    assert listed(api, startDate="2026-11-20", endDate="2026-11-20") == [two[1].public_id, two[0].public_id]
    assert listed(api, startDate="2026-11-21") == []
    assert len(listed(api, endDate="9999-12-31")) == 2


def test_without_a_limit_the_calls_of_a_lead_are_a_hundred(api: Client, lead: Lead) -> None:
    for _ in range(101):
        ended(lead)
    path = f"{URL}/lead/{lead.public_id}"
    assert (len(listed(api, path)), len(listed(api, path, limit=7))) == (100, 7)


def test_the_calls_of_another_workspaces_lead_are_unknown(api: Client, elsewhere: Campaign) -> None:
    for lead_id in (world.make_lead(elsewhere).public_id, "lead_nobody"):
        assert api.get(f"{URL}/lead/{lead_id}").status_code == 404


@pytest.mark.parametrize("path", [URL, f"{URL}/lead/{{lead}}"])
def test_the_number_of_queries_does_not_grow_with_the_calls(api: Client, lead: Lead, path: str) -> None:
    path = path.format(lead=lead.public_id)
    ended(lead)
    listed(api, path)
    with CaptureQueriesContext(connection) as few:
        listed(api, path)
    for number in range(10, 20):
        talked = ended(world.make_lead(lead.campaign, f"+141555501{number}") if path == URL else lead)
        Transcript.objects.create(interaction=talked, messages=[])
    with CaptureQueriesContext(connection) as many:
        assert len(listed(api, path)) == 11
    assert len(many) == len(few)


def test_reading_one_that_runs_asks_the_provider_and_a_list_does_not(
    api: Client, lead: Lead, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr("calls.services.enqueue", lambda job, pk: asked.append(pk))
    call = world.make_interaction(lead, dispatch="placed", conversation_id="conv_1", placed_at=business_clock.now())
    listed(api)
    assert asked == []
    one(api, call)
    assert asked == [call.pk]


def test_its_events_explain_it_from_the_beginning(api: Client, lead: Lead) -> None:
    call = initiate_call(lead=lead, by=SYSTEM, origin="api")
    api.post(f"{URL}/{call.public_id}/cancel")
    happened = api.get(f"{URL}/{call.public_id}/events").json()["data"]["events"]
    assert [event["kind"] for event in happened] == ["created", "cancelled"]
    assert happened[1]["text"] == "Cancelled by API key test."
    assert happened[0]["at"].endswith("Z")


@pytest.mark.parametrize("part", ["", "/events", "/recording"])
def test_another_workspaces_call_is_unknown(api: Client, elsewhere: Campaign, part: str) -> None:
    foreign = ended(world.make_lead(elsewhere))
    assert api.get(f"{URL}/{foreign.public_id}{part}").status_code == 404


@pytest.mark.parametrize("path", ["", "/lead/{lead}", "/{call}", "/{call}/events", "/{call}/recording"])
def test_a_key_without_the_scope_reads_nothing(lead: Lead, path: str) -> None:
    key = world.make_key(lead.workspace, ("calls:write", "interactions:write", "leads:read"))
    path = path.format(lead=lead.public_id, call=ended(lead).public_id)
    assert Client(headers={"X-API-Key": key}).get(f"{URL}{path}").status_code == 403
