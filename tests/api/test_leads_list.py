"""GET /leads: whole leads, narrowed as asked, page after page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.utils.http import urlencode
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts.models import User, Workspace
from campaigns.models import Campaign
from leads.models import DoNotCall, Lead, LeadPhone, Note, Tag
from tests import world
from tests.travel import Clock


def ask(api: Client, **query: Any) -> dict[str, Any]:
    answer = api.get(f"/api/v1/leads?{urlencode(query)}").json()
    found: dict[str, Any] = answer["data"] if answer["success"] else answer["error"]
    return found


def names(api: Client, **query: Any) -> list[str]:
    return [row["firstName"] for row in ask(api, **query)["leads"]]


def make(campaign: Campaign, *first_names: str, **fields: Any) -> list[Lead]:
    return [
        world.make_lead(campaign, f"+1415555{i:04}", first_name=name, **fields) for i, name in enumerate(first_names)
    ]


def test_a_lead_is_told_whole(api: Client, lead: Lead, bob: User) -> None:
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    campaign = lead.campaign
    Campaign.objects.filter(pk=campaign.pk).update(client_id="hk", client_name="Harbour Kitchens", offer_id="spring")
    Lead.objects.filter(pk=lead.pk).update(
        owner=bob,
        city="Oakland",
        zip="94607",
        country="US",
        date_of_birth="1984-05-17",
        timezone="America/Los_Angeles",
        timezone_source="zip",
        questionnaire=[{"key": "who", "question": "Who?", "answer": {"me": True}}],
        attribution={"gclid": "abc", "params": {"utm_source": "letter"}},
        compliance={"tcpaConsent": True},
        flags={"vip": 1},
        approval_status="pending",
        approval={"campaignId": campaign.code},
        created_at=moment,
        updated_at=moment,
        latest_submitted_at=moment,
    )
    note = Note.objects.create(lead=lead, author=bob, text="Nice", created_at=moment)
    lead.tags.add(*(Tag.objects.create(workspace=lead.workspace, name=name) for name in ("vip", "spring")))
    LeadPhone.objects.create(lead=lead, e164="+14155550199", label="mobile")
    nothing = dict.fromkeys(
        "captureUrl referrer ipAddress userAgent gbraid wbraid fbclid fbc fbp ttclid ttp msclkid tblci adPlatform "
        "capturePlatform".split()
    )
    assert ask(api)["leads"] == [
        {
            "leadId": lead.public_id,
            "campaign": {
                "campaignId": campaign.code,
                "name": "Spring kitchens",
                "clientId": "hk",
                "clientName": "Harbour Kitchens",
                "clientAbbrev": None,
                "offerId": "spring",
                "offerName": None,
                "offerAbbrev": None,
            },
            "approval": {
                "status": "pending",
                "campaignId": campaign.code,
                "priority": None,
                "askedAt": None,
                "decidedBy": None,
                "decidedAt": None,
                "reason": None,
            },
            "firstName": "Anna",
            "lastName": "Meyer",
            "email": "anna@example.com",
            "phone": "+14155550132",
            "country": "US",
            "address": {
                "street": None,
                "unit": None,
                "city": "Oakland",
                "state": None,
                "zip": "94607",
                "country": "US",
            },
            "dateOfBirth": "1984-05-17",
            "timezone": "America/Los_Angeles",
            "timezoneSource": "zip",
            "notes": [
                {"id": str(note.pk), "text": "Nice", "createdAt": "2026-03-01T12:00:00.000Z", "createdBy": "Bob"}
            ],
            "questionnaire": [{"key": "who", "question": "Who?", "answer": {"me": True}}],
            "attribution": {"params": {"utm_source": "letter"}, "gclid": "abc", **nothing},
            "compliance": {"tcpaConsent": True},
            "flags": {"vip": 1, "isDnc": False, "isTest": False},
            "status": "new",
            "detail": None,
            "tags": ["spring", "vip"],
            "customFields": {},
            "phones": [{"number": "+14155550199", "label": "mobile"}],
            "source": None,
            "owner": "bob@example.com",
            "clientLeadId": None,
            "repostedTo": [],
            "isTest": False,
            "submissionCount": 0,
            "latestSubmittedAt": "2026-03-01T12:00:00.000Z",
            "lastActivityAt": None,
            "deliveredAt": None,
            "lastCallAt": None,
            "lastOutcome": None,
            "callbackAt": None,
            "createdAt": "2026-03-01T12:00:00.000Z",
            "updatedAt": "2026-03-01T12:00:00.000Z",
        }
    ]


def test_nobody_there_is_an_empty_list(api: Client) -> None:
    assert ask(api) == {"leads": [], "nextCursor": None, "hasMore": False}


def test_another_workspaces_leads_are_not_shown(api: Client, lead: Lead, elsewhere: Campaign) -> None:
    world.make_lead(elsewhere, first_name="Theirs")
    assert names(api) == ["Anna"]


# --- pages ---
def test_pages_go_from_the_newest_to_the_oldest_without_a_gap(api: Client, campaign: Campaign) -> None:
    leads = make(campaign, "A", "B", "C", "D", "E")
    first = ask(api, limit=2)
    assert ([row["firstName"] for row in first["leads"]], first["hasMore"]) == (["E", "D"], True)
    assert first["nextCursor"] == leads[3].public_id
    make(campaign, "New")
    second = ask(api, limit=2, cursor=first["nextCursor"])
    third = ask(api, limit=2, cursor=second["nextCursor"])
    assert [row["firstName"] for row in second["leads"] + third["leads"]] == ["C", "B", "A"]
    assert (third["nextCursor"], third["hasMore"]) == (None, False)


def test_the_cursor_holds_though_its_lead_no_longer_fits(api: Client, campaign: Campaign) -> None:
    leads = make(campaign, "A", "B", "C", status="new")
    Lead.objects.filter(pk=leads[1].pk).update(status="contacted")
    assert names(api, status="new", cursor=leads[1].public_id) == ["A"]


def test_between_two_dates_pages_go_by_the_day(api: Client, campaign: Campaign) -> None:
    for name, day in (("Late", 9), ("Early", 3), ("Middle", 6), ("Middle too", 6)):
        make(campaign, name, created_at=datetime(2026, 3, day, tzinfo=UTC))
    found, asked = [], {"startDate": "2026-03-02", "endDate": "2026-03-10", "limit": 1}
    page = ask(api, **asked)
    while page["nextCursor"]:
        found.append(page["leads"][0]["firstName"])
        page = ask(api, **asked, cursor=page["nextCursor"])
    assert [*found, page["leads"][0]["firstName"]] == ["Late", "Middle too", "Middle", "Early"]


def test_a_foreign_cursor_is_none_of_ours(api: Client, elsewhere: Campaign) -> None:
    for cursor in (world.make_lead(elsewhere).public_id, "lead_x", "%"):
        assert ask(api, cursor=cursor)["details"][0].startswith("cursor: The cursor is not one of ours")


@pytest.mark.parametrize("limit", [0, 101, -1, "many"])
def test_a_page_has_one_to_a_hundred_leads(api: Client, limit: Any) -> None:
    assert ask(api, limit=limit)["details"][0].startswith("limit: ")


# --- filters ---
@pytest.fixture
def two(api: Client, campaign: Campaign, bob: User, clock: Clock) -> list[str]:
    """Anna and Zoe, alike in nothing that the page narrows its list by."""
    clock.at("2026-11-20T15:00:00Z")
    then = datetime(2026, 11, 20, 14, tzinfo=UTC)
    waiting = {"status": "scheduled_callback", "callback_at": then, "last_outcome": "scheduled_callback"}
    anna = world.make_lead(campaign, "+14155550132", first_name="Anna", owner=bob, is_test=True, **waiting)
    anna.tags.add(Tag.objects.create(workspace=campaign.workspace, name="VIP"))
    world.make_lead(campaign, "+14155550144", first_name="Zoe")
    DoNotCall.objects.create(workspace=campaign.workspace, address="+14155550132")
    return names(api)


@pytest.mark.parametrize(
    ("of_anna", "of_zoe"),
    [
        ({"owner": "Bob@example.com"}, {"owner": "none"}),
        ({"outcome": "scheduled_callback"}, {"outcome": "never"}),
        ({"doNotCall": "true"}, {"doNotCall": "false"}),
        ({"callbackDue": "true"}, {"callbackDue": "false"}),
        ({"isTest": "true"}, {"isTest": "false"}),
        ({"tag": "vip"}, {"search": "zoe"}),
    ],
)
def test_each_filter_of_the_page_leaves_what_fits(
    api: Client, two: list[str], of_anna: dict[str, str], of_zoe: dict[str, str]
) -> None:
    assert (names(api, **of_anna), names(api, **of_zoe)) == (["Anna"], ["Zoe"])


def test_filters_of_the_page_hold_together_and_empty_ones_narrow_nothing(api: Client, two: list[str]) -> None:
    assert names(api, owner="none", outcome="scheduled_callback") == []
    assert names(api, tag="nothing") == []
    assert names(api, **dict.fromkeys(("owner", "tag", "outcome", "doNotCall", "callbackDue", "isTest"), "")) == two


def test_a_callback_of_later_is_not_due(api: Client, two: list[str], clock: Clock) -> None:
    clock.at("2026-11-20T13:00:00Z")
    assert names(api, callbackDue="true") == []
    assert names(api, callbackDue="false") == two


@pytest.mark.parametrize(
    ("query", "field"), [({"outcome": "in_progress"}, "outcome"), ({"isTest": "perhaps"}, "isTest")]
)
def test_a_filter_that_cannot_be_is_refused_at_its_field(api: Client, query: dict[str, str], field: str) -> None:
    assert ask(api, **query)["details"][0].startswith(f"{field}: ")


def test_an_owner_who_is_no_member_is_not_found(api: Client, mallory: User) -> None:
    for email in (mallory.email, "nobody@example.com"):
        error = ask(api, owner=email)
        assert (error["code"], email in error["message"]) == ("NOT_FOUND", True)


def test_campaigns_are_named_by_their_codes(api: Client, campaign: Campaign) -> None:
    others = [world.make_campaign(campaign.production_agent, name=name) for name in ("Two", "Three")]
    for of, name in zip([campaign, *others], "ABC", strict=True):
        make(of, name)
    assert names(api, campaignIds=campaign.code) == ["A"]
    assert names(api, campaignIds=f"{campaign.code.lower()}, {others[1].code}") == ["C", "A"]


def test_an_unknown_or_foreign_campaign_is_not_found(api: Client, campaign: Campaign, elsewhere: Campaign) -> None:
    for code in (elsewhere.code, "NOPE"):
        error = ask(api, campaignIds=f"{campaign.code},{code}")
        assert (error["code"], code in error["message"]) == ("NOT_FOUND", True)


def test_clients_and_offers_are_those_of_the_campaigns(api: Client, campaign: Campaign) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(client_id="hk", offer_id="spring")
    other = world.make_campaign(campaign.production_agent, name="Two", client_id="hk", offer_id="autumn")
    make(campaign, "A")
    make(other, "B")
    assert names(api, clientIds="hk") == ["B", "A"]
    assert names(api, clientIds="hk", offerIds="autumn,winter") == ["B"]
    assert names(api, clientIds="nobody") == []


def test_one_or_more_statuses(api: Client, campaign: Campaign) -> None:
    for name, status in (("A", "new"), ("B", "contacted"), ("C", "dnc")):
        make(campaign, name, status=status)
    assert names(api, status="contacted") == ["B"]
    assert names(api, status="new, dnc") == ["C", "A"]
    assert "There is no status gone" in ask(api, status="new,gone")["details"][0]


@pytest.mark.parametrize("text", ["anna", "meyer ANN", "anna@exam", "(415) 555-0132", "555-0132"])
def test_the_search_finds_by_name_email_and_phone(api: Client, lead: Lead, text: str) -> None:
    world.make_lead(lead.campaign, "+14155559999", first_name="Zoe", last_name="Z", email="zoe@z.example.com")
    assert names(api, search=text) == ["Anna"]


def test_the_search_finds_by_the_leads_id(api: Client, lead: Lead) -> None:
    make(lead.campaign, "Zoe")
    assert names(api, search=lead.public_id) == ["Anna"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"startDate": "2026-03-02"}, ["Third", "Second"]),
        ({"endDate": "2026-03-02"}, ["Second", "First"]),
        ({"startDate": "2026-03-02", "endDate": "2026-03-02"}, ["Second"]),
        ({"startDate": "2026-03-03T05:00:00Z"}, ["Third"]),
        ({"startDate": "2026-03-03T00:00:00"}, ["Third"]),
        ({"startDate": "2026-03-03T05:00:00.000001Z"}, []),
        ({"endDate": "2026-03-02T04:59:59Z"}, ["First"]),
        ({"endDate": "2026-03-02T06:59:59 02:00"}, ["First"]),
        ({"startDate": "", "status": "", "search": "", "campaignIds": ""}, ["Third", "Second", "First"]),
        ({"startDate": "2026-13-01"}, None),
        ({"startDate": "yesterday"}, None),
        ({"endDate": "9999-12-31"}, ["Third", "Second", "First"]),
        ({"endDate": "9999-12-31T23:59:59-12:00"}, ["Third", "Second", "First"]),
        ({"startDate": "9999-12-31"}, []),
        ({"startDate": "0001-01-01"}, ["Third", "Second", "First"]),
        ({"startDate": "0001-01-01T00:00:00+12:00"}, ["Third", "Second", "First"]),
        ({"endDate": "0001-01-01T00:00:00+12:00"}, []),
        ({"endDate": "20260301"}, ["First"]),
    ],
)
def test_days_are_whole_days_in_the_workspaces_zone(
    api: Client, campaign: Campaign, query: dict[str, str], expected: list[str] | None
) -> None:
    Workspace.objects.filter(pk=campaign.workspace_id).update(timezone="America/New_York")
    for name, moment in (
        ("First", datetime(2026, 3, 2, 4, 59, 59, tzinfo=UTC)),
        ("Second", datetime(2026, 3, 2, 5, tzinfo=UTC)),
        ("Third", datetime(2026, 3, 3, 5, tzinfo=UTC)),
    ):
        make(campaign, name, created_at=moment)
    if expected is None:
        assert "Write a day like 2026-03-01" in ask(api, **query)["details"][0]
    else:
        assert names(api, **query) == expected


def test_an_unknown_filter_is_refused(api: Client) -> None:
    assert ask(api, campaignId="HXZ")["details"][0].startswith("campaignId: There is no such field")


def test_the_number_of_queries_does_not_grow(
    api: Client, campaign: Campaign, bob: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    other = world.make_campaign(campaign.production_agent, name="Two")
    tag = Tag.objects.create(workspace=campaign.workspace, name="vip")
    for i in range(12):
        lead = world.make_lead(other if i % 2 else campaign, f"+1415555{i:04}", owner=bob)
        lead.tags.add(tag)
        Note.objects.create(lead=lead, author=bob, text="Nice")
        LeadPhone.objects.create(lead=lead, e164=f"+1415556{i:04}")
        DoNotCall.objects.create(workspace=campaign.workspace, address=lead.phone)
    assert len(ask(api)["leads"]) == 12
    # The key, its use, the leads, and one for each of campaign, owner, notes, tags, numbers and Do-Not-Call.
    with django_assert_max_num_queries(13) as counted:
        ask(api, limit=2)
    few = len(counted.captured_queries)
    with django_assert_max_num_queries(few):
        assert all(row["flags"]["isDnc"] for row in ask(api, limit=12)["leads"])


def test_a_key_without_the_scope_is_refused(workspace: Workspace) -> None:
    other = Client(headers={"X-API-Key": world.make_key(workspace, ("campaigns:read",))})
    assert other.get("/api/v1/leads").status_code == 403
