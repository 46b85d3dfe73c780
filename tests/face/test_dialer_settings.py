"""A campaign's rules for calling, in the browser: read as people write them, kept as a whole or not at all."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.actors import SYSTEM
from accounts.models import AuditEvent, User, Workspace
from campaigns.dialing import StepValues, steps_of
from campaigns.models import CallerNumber, Campaign, VoiceAgent
from campaigns.services import update_campaign
from common.once import new_token
from tests import world
from webhooks.models import WebhookEndpoint


@pytest.fixture
def url(campaign: Campaign) -> str:
    rules: dict[str, Any] = {"min_gap_minutes": 60, "max_attempts": 6, "retry_outcomes": ["no_answer", "busy"]}
    update_campaign(campaign=campaign, by=SYSTEM, steps=[], **rules)
    return reverse("dialer_settings", args=[campaign.code])


def shown(client: Client, url: str) -> dict[str, Any]:
    """What the browser would send back unchanged."""
    form = client.get(url).context["form"]
    fields = [*form, *(field for row in form.rows.rows for field in row)]
    values = {field.html_name: field.value() for field in fields}
    values |= {
        field.html_name: str(field.field.prepare_value(field.value()) or "") for field in fields if _is_text(field)
    }
    sent = {name: value for name, value in values.items() if value not in (None, False)}
    return sent | {"steps-count": len(form.rows.rows)}


def _is_text(field: Any) -> bool:
    return field.name in ("min_gap_minutes", "wait_minutes", "holidays")


def step(place: int, **fields: Any) -> dict[str, Any]:
    return {"steps-count": place + 1} | {f"steps-{place}-{name}": value for name, value in fields.items()}


def errors(response: Any) -> dict[str, list[str]]:
    assert response.status_code == 422
    form = response.context["form"]
    rows = {f"{row.prefix}-{name}": list(texts) for row in form.rows.rows for name, texts in row.errors.items()}
    return {name: list(texts) for name, texts in form.errors.items()} | rows


def fresh(campaign: Campaign) -> Campaign:
    campaign.refresh_from_db()
    return campaign


def test_all_rules_are_kept_as_they_were_written(alice_client: Client, url: str, campaign: Campaign) -> None:
    sent = shown(alice_client, url) | {
        "hours_zone": "Europe/Berlin",
        "holidays": "2026-12-24 Christmas Eve\n25 Dec Christmas",
        "max_attempts": 4,
        "max_attempts_per_day": 2,
        "min_gap_minutes": "4 h",
        "retry_outcomes": ["no_answer", "voicemail"],
        "excluded_statuses": ["signed"],
        "dialer_concurrency": 3,
        "calls_per_minute": 20,
        "daily_cap": 500,
        "ring_timeout_seconds": 25,
        "voicemail_action": "leave_message",
        "voicemail_message": "Hello {{first_name}}, we call again.",
        "first_action": "human_review",
        "review_priority": "high",
        "review_reason": "Check the address",
    }
    sent.pop("new_first")
    response = alice_client.post(url, sent)
    assert response["Location"] == reverse("campaign", args=[campaign.code])
    kept = fresh(campaign)
    assert (kept.hours_zone, kept.max_attempts, kept.max_attempts_per_day) == ("Europe/Berlin", 4, 2)
    assert kept.holidays == [
        {"date": "2026-12-24", "name": "Christmas Eve"},
        {"date": "12-25", "name": "Christmas"},
    ]
    assert (kept.min_gap_minutes, kept.retry_outcomes) == (240, ["no_answer", "voicemail"])
    assert (kept.excluded_statuses, kept.new_first) == (["signed"], False)
    assert (kept.dialer_concurrency, kept.calls_per_minute, kept.daily_cap) == (3, 20, 500)
    assert (kept.ring_timeout_seconds, kept.voicemail_action) == (25, "leave_message")
    assert (kept.first_action, kept.review_priority, kept.review_reason) == (
        "human_review",
        "high",
        "Check the address",
    )
    assert AuditEvent.objects.get(verb="campaign.changed", user__isnull=False).data["changes"]["daily_cap"] == [
        None,
        500,
    ]


def test_what_is_kept_is_shown_back_in_one_writing(alice_client: Client, url: str) -> None:
    written = {"holidays": "Dec 25: Christmas\n1.1.2027 New Year", "min_gap_minutes": "90m"}
    alice_client.post(url, shown(alice_client, url) | written)
    page = shown(alice_client, url)
    assert page["holidays"] == "12-25 Christmas\n2027-01-01 New Year"
    assert page["min_gap_minutes"] == "90 minutes"


def test_saving_without_a_change_leaves_no_record(alice_client: Client, url: str, campaign: Campaign) -> None:
    agent = VoiceAgent.objects.get()
    steps = [
        StepValues(after_attempt=1, outcomes=("busy",), wait_minutes=120, agent=agent),
        StepValues(wait_minutes=60),
    ]
    holidays = [{"date": "12-25", "name": "Christmas"}]
    update_campaign(campaign=campaign, by=SYSTEM, steps=steps, holidays=holidays)
    AuditEvent.objects.all().delete()
    assert alice_client.post(url, shown(alice_client, url)).status_code == 302
    assert not AuditEvent.objects.exists()
    assert steps_of(campaign) == steps


def test_a_sequence_is_kept_in_its_order(alice_client: Client, url: str, campaign: Campaign) -> None:
    agent, number = VoiceAgent.objects.get(), CallerNumber.objects.get()
    first = step(0, after_attempt="1", outcomes=["busy"], wait_minutes="2 h", part_of_day="morning", agent=agent.pk)
    second = step(1, after_attempt="", wait_minutes="1 day 12 h", caller_number=number.pk)
    assert alice_client.post(url, shown(alice_client, url) | first | second).status_code == 302
    assert steps_of(campaign) == [
        StepValues(after_attempt=1, outcomes=("busy",), wait_minutes=120, part_of_day="morning", agent=agent),
        StepValues(wait_minutes=36 * 60, caller_number=number),
    ]
    alice_client.post(url, shown(alice_client, url) | {"steps-count": 0})
    assert steps_of(campaign) == []


def test_rows_are_added_moved_and_removed_without_being_saved(
    alice_client: Client, url: str, campaign: Campaign
) -> None:
    typed = shown(alice_client, url) | {"daily_cap": 7} | step(0, after_attempt="1", wait_minutes="2 h")

    def after(act: str, sent: dict[str, Any]) -> list[tuple[str, str]]:
        response = alice_client.post(url, sent | {"row": act})
        assert response.status_code == 200
        form = response.context["form"]
        assert form["daily_cap"].value() == "7"
        return [(row["after_attempt"].value(), row["wait_minutes"].value() or "") for row in form.rows.rows]

    assert after("add", typed) == [("1", "2 h"), ("2", "")]
    with_the_rest = typed | step(1, wait_minutes="3 h") | {"steps-0-after_attempt": "2"}
    assert after("add", with_the_rest) == [("2", "2 h"), ("3", ""), (None, "3 h")]
    both = typed | step(1, after_attempt="2", wait_minutes="1 day")
    assert after("up-1", both) == [("2", "1 day"), ("1", "2 h")]
    assert after("down-0", both) == [("2", "1 day"), ("1", "2 h")]
    assert after("remove-0", both) == [("2", "1 day")]
    for nonsense in ("up-0", "down-1", "remove-9", "up-x", "explode", f"remove-{'9' * 5000}"):
        assert after(nonsense, both) == [("1", "2 h"), ("2", "1 day")]
    assert fresh(campaign).daily_cap is None
    assert steps_of(campaign) == []


def test_with_javascript_only_the_rows_come_back(alice_client: Client, url: str, htmx: dict[str, str]) -> None:
    page = alice_client.post(url, shown(alice_client, url) | {"row": "add"}, headers=htmx).content.decode()
    assert 'id="sequence"' in page
    assert "<html" not in page
    assert "1 step. Nothing is saved yet." in page


@pytest.mark.parametrize("preset", ["gentle", "standard", "speed_to_lead"])
def test_a_preset_fills_the_form_and_is_saved_by_saving(
    alice_client: Client, url: str, campaign: Campaign, preset: str
) -> None:
    filled = shown(alice_client, f"{url}?preset={preset}")
    assert "not saved yet" in alice_client.get(f"{url}?preset={preset}").content.decode()
    assert fresh(campaign).max_attempts == 6
    assert alice_client.post(url, filled).status_code == 302
    page = alice_client.get(url).context["presets"]
    chosen = next(each for each in page if each.name == preset)
    kept = fresh(campaign)
    columns = chosen.columns_for(campaign.production_agent, first_action="none")
    assert {name: getattr(kept, name) for name in columns} == columns
    assert kept.first_action == ("voice_ai" if preset == "speed_to_lead" else "none")
    assert steps_of(campaign) == list(chosen.steps)


def test_a_preset_leaves_the_first_action_where_nobody_could_call(
    alice_client: Client, url: str, campaign: Campaign
) -> None:
    Campaign.objects.update(production_agent=None)
    page = alice_client.get(f"{url}?preset=speed_to_lead")
    assert "the campaign has no voice agent yet that could call it" in page.content.decode()
    assert shown(alice_client, f"{url}?preset=speed_to_lead")["first_action"] == "none"


def test_what_is_left_out_is_said_and_zero_cannot_be_chosen(alice_client: Client, url: str, campaign: Campaign) -> None:
    Campaign.objects.update(excluded_statuses=["signed", "pending_signature"])
    page = alice_client.get(url)
    assert "It leaves out leads that are signed or pending signature." in page.content.decode()
    form = page.context["form"]
    names = ("max_attempts", "max_attempts_per_day", "dialer_concurrency", "calls_per_minute", "daily_cap")
    assert all('min="1"' in str(form[name]) for name in names)


def test_steps_that_are_not_reached_any_more_are_no_problem(alice_client: Client, url: str, campaign: Campaign) -> None:
    steps = [StepValues(after_attempt=1), StepValues(after_attempt=3)]
    update_campaign(campaign=campaign, by=SYSTEM, steps=steps, max_attempts=4)
    said = alice_client.post(f"{url}?said=1", shown(alice_client, url) | {"max_attempts": "2"})
    assert "problems" not in (said.context or {})
    assert alice_client.post(url, shown(alice_client, url) | {"max_attempts": "2"}).status_code == 302


def test_an_unknown_preset_shows_what_is_saved(alice_client: Client, url: str) -> None:
    assert shown(alice_client, f"{url}?preset=wild") | {"seen": ""} == shown(alice_client, url) | {"seen": ""}


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("hours_zone", "Nowhere/Land", "valid choice"),
        ("holidays", "Christmas", "does not begin with a date"),
        ("holidays", "2026-02-30 Nothing", "no such day"),
        ("holidays", "12/25 Christmas", "does not begin with a date"),
        ("holidays", "12-25 One\n25 Dec Two", "stands there twice"),
        ("min_gap_minutes", "240", "with its unit"),
        ("min_gap_minutes", "soon", "with its unit"),
        ("min_gap_minutes", "", "Say how long"),
        ("min_gap_minutes", "2 years", "with its unit"),
        ("min_gap_minutes", "800 days", "more than a year"),
        ("max_attempts", "0", "Write at least 1: so often"),
        ("max_attempts", "", "required"),
        ("max_attempts_per_day", "0", "Write at least 1, or leave it empty: then only the gap"),
        ("max_attempts_per_day", "7", "write no more than that a day"),
        ("dialer_concurrency", "-3", "Write at least 1, or leave it empty: then only the provider"),
        ("calls_per_minute", "0", "Write at least 1, or leave it empty: then only the provider"),
        ("calls_per_minute", "6001", "Write a smaller number: at most 6000"),
        ("daily_cap", "0", "Write at least 1, or leave it empty: then there is no limit"),
        ("daily_cap", "9" * 30, "Write a smaller number"),
        ("ring_timeout_seconds", "3", "at least 15"),
        ("retry_outcomes", ["qualified"], "valid choice"),
        ("excluded_statuses", ["asleep"], "valid choice"),
        ("excluded_statuses", ["no_answer"], "do not leave this status out"),
        ("excluded_statuses", ["scheduled_callback"], "would never be made"),
        ("voicemail_action", "leave_message", ""),
        ("first_action", "dance", "valid choice"),
        ("first_action", "webhook", ""),
    ],
)
def test_a_mistake_stands_at_its_field(
    alice_client: Client, url: str, campaign: Campaign, field: str, value: Any, sentence: str
) -> None:
    at = {"leave_message": "voicemail_message", "webhook": "first_action_endpoint"}.get(str(value), field)
    before = Campaign.objects.values().get()
    found = errors(alice_client.post(url, shown(alice_client, url) | {field: value}))
    assert list(found) == [at]
    assert sentence in found[at][0]
    assert Campaign.objects.values().get() == before


@pytest.mark.parametrize(
    ("row", "field", "sentence"),
    [
        ({"after_attempt": "1", "wait_minutes": "a while"}, "wait_minutes", "with its unit"),
        ({"after_attempt": "1", "wait_minutes": "5 min"}, "wait_minutes", "minimum gap"),
        ({"after_attempt": "6", "wait_minutes": "2 h"}, "after_attempt", "nothing follows"),
        ({"after_attempt": "1", "outcomes": ["voicemail"]}, "outcomes", "does not call again"),
        ({"after_attempt": "1", "agent": "999999"}, "agent", "valid choice"),
        ({"after_attempt": "x"}, "after_attempt", "valid choice"),
    ],
)
def test_a_mistake_in_a_step_stands_at_its_field(
    alice_client: Client, url: str, row: dict[str, Any], field: str, sentence: str
) -> None:
    good = step(0, after_attempt="2", wait_minutes="3 h")
    found = errors(alice_client.post(url, shown(alice_client, url) | good | step(1, **row)))
    assert set(found) == {"steps", f"steps-1-{field}"}
    assert sentence in found[f"steps-1-{field}"][0]


def test_too_many_steps_are_told(alice_client: Client, url: str) -> None:
    rows: dict[str, Any] = {}
    for place in range(30):
        rows |= step(place, after_attempt="1")
    assert "more than 20 steps" in errors(alice_client.post(url, shown(alice_client, url) | rows))["steps"][0]
    full = shown(alice_client, url) | rows | {"steps-count": "20", "row": "add"}
    assert len(alice_client.post(url, full).context["form"].rows.rows) == 20


def test_a_mistake_is_told_when_the_field_is_left(alice_client: Client, url: str, htmx: dict[str, str]) -> None:
    sent = {"min_gap_minutes": "soon"}
    page = alice_client.post(f"{url}?check=min_gap_minutes", sent, headers=htmx).content.decode()
    assert "with its unit" in page
    assert "<html" not in page


def test_what_the_settings_mean_is_said_while_they_are_typed(
    alice_client: Client, url: str, htmx: dict[str, str], campaign: Campaign
) -> None:
    assert "each lead at most 6 times, at least 1 hour apart" in alice_client.get(url).content.decode()
    typed = shown(alice_client, url) | {"max_attempts": 3, "max_attempts_per_day": 1, "calls_per_minute": 9}
    said = alice_client.post(f"{url}?said=1", typed, headers=htmx).content.decode()
    assert "at most 3 times, once in 24 hours" in said
    assert "at most 9 a minute" in said
    wrong = alice_client.post(f"{url}?said=1", typed | {"max_attempts": 0}, headers=htmx).content.decode()
    assert "has to be corrected" in wrong
    torn = alice_client.post(f"{url}?said=1", typed | {"max_attempts_per_day": 4}, headers=htmx).content.decode()
    assert "write no more than that a day" in torn
    assert fresh(campaign).max_attempts == 6


def test_sent_twice_it_acts_once(alice_client: Client, alice: User, url: str, rf: Any) -> None:
    request = rf.get("/")
    request.user = alice
    sent = shown(alice_client, url) | {"max_attempts": 3, "once": new_token(request)}
    first, second = alice_client.post(url, sent), alice_client.post(url, sent)
    assert first["Location"] == second["Location"]
    assert AuditEvent.objects.filter(verb="campaign.changed", user=alice).count() == 1


def test_a_stale_edit_is_told_in_words_and_saved_when_sent_again(
    alice_client: Client, url: str, campaign: Campaign
) -> None:
    mine = shown(alice_client, url) | {"min_gap_minutes": "3 h"} | step(0, after_attempt="1", wait_minutes="5 h")
    theirs = [StepValues(after_attempt=2, wait_minutes=600)]
    update_campaign(campaign=campaign, by=SYSTEM, min_gap_minutes=120, steps=theirs)
    refused = alice_client.post(url, mine)
    told = errors(refused)["__all__"][0]
    assert "Minimum gap: 2 hours" in told
    assert "after attempt 2: wait 10 hours" in told
    again = mine | {"seen": refused.context["form"]["seen"].value()}
    assert alice_client.post(url, again).status_code == 302
    assert fresh(campaign).min_gap_minutes == 180
    assert steps_of(campaign) == [StepValues(after_attempt=1, wait_minutes=300)]


def test_what_somebody_else_changed_at_the_same_moment_survives(
    alice_client: Client, url: str, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    def save_second(**fields: Any) -> Campaign:
        Campaign.objects.update(daily_cap=99)
        return update_campaign(**fields)

    monkeypatch.setattr("campaigns.views.dialing.update_campaign", save_second)
    alice_client.post(url, shown(alice_client, url) | {"max_attempts": 3})
    kept = fresh(campaign)
    assert (kept.max_attempts, kept.daily_cap) == (3, 99)


def test_the_endpoints_of_the_workspace_and_of_this_campaign_are_offered(
    alice_client: Client, url: str, campaign: Campaign, elsewhere: Campaign
) -> None:
    def endpoint(name: str, workspace: Workspace = campaign.workspace, code: str = "") -> WebhookEndpoint:
        address = f"https://{name}.example.com/"
        return WebhookEndpoint.objects.create(
            workspace=workspace, description=name, url=address, campaign_code=code, events=[]
        )

    ours, own = endpoint("ours"), endpoint("own", code=campaign.code)
    others = [endpoint("other", code="ZZZZZ"), endpoint("theirs", workspace=elsewhere.workspace)]
    field = alice_client.get(url).context["form"].fields["first_action_endpoint"]
    assert set(field.queryset) == {ours, own}
    asked = shown(alice_client, url) | {"first_action": "webhook"}
    for wrong in others:
        assert "first_action_endpoint" in errors(alice_client.post(url, asked | {"first_action_endpoint": wrong.pk}))
    assert alice_client.post(url, asked | {"first_action_endpoint": own.pk}).status_code == 302
    assert fresh(campaign).first_action_endpoint == own


def test_another_workspaces_agents_and_numbers_are_not_offered(
    alice_client: Client, url: str, elsewhere: Campaign
) -> None:
    theirs = VoiceAgent.objects.get(workspace=elsewhere.workspace)
    number = CallerNumber.objects.get(workspace=elsewhere.workspace)
    row = step(0, after_attempt="1", agent=theirs.pk, caller_number=number.pk)
    found = errors(alice_client.post(url, shown(alice_client, url) | row))
    assert {"steps-0-agent", "steps-0-caller_number"} < set(found)
    assert alice_client.get(reverse("dialer_settings", args=[elsewhere.code])).status_code == 404


def test_a_deactivated_agent_stays_where_it_stands_and_is_offered_nowhere_else(
    alice_client: Client, url: str, campaign: Campaign
) -> None:
    gone = world.make_agent(VoiceAgent.objects.get().account, name="Gone")
    other = world.make_agent(gone.account, name="Other", is_active=False)
    update_campaign(campaign=campaign, by=SYSTEM, steps=[StepValues(after_attempt=1, agent=gone)])
    VoiceAgent.objects.filter(pk=gone.pk).update(is_active=False)
    page = alice_client.get(url).content.decode()
    assert "Gone" in page
    assert "Other" not in page
    assert alice_client.post(url, shown(alice_client, url) | {"daily_cap": 5}).status_code == 302
    assert steps_of(campaign)[0].agent == gone
    assert other.pk


@pytest.mark.parametrize("person", ["bob_client", "vera_client"])
def test_only_admins_change_the_rules(request: Any, url: str, campaign: Campaign, person: str) -> None:
    client = request.getfixturevalue(person)
    assert client.get(url).status_code == 403
    assert client.post(url, {"max_attempts": 1}).status_code == 403
    assert client.post(url, {"row": "add"}).status_code == 403
    assert url not in client.get(reverse("campaign", args=[campaign.code])).content.decode()


def test_the_page_is_linked_from_the_campaign_and_its_form(alice_client: Client, url: str, campaign: Campaign) -> None:
    for name in ("campaign", "campaign_edit"):
        assert url in alice_client.get(reverse(name, args=[campaign.code])).content.decode()


def test_hours_that_leave_a_step_no_time_are_refused_on_the_campaigns_form(
    alice_client: Client, url: str, campaign: Campaign
) -> None:
    update_campaign(campaign=campaign, by=SYSTEM, steps=[StepValues(after_attempt=1, part_of_day="evening")])
    edit = reverse("campaign_edit", args=[campaign.code])
    days = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "9-12")
    agent = VoiceAgent.objects.get().pk
    found = alice_client.post(edit, {"name": campaign.name, "production_agent": agent, **days}).context["form"].errors
    assert "Step 1 of the auto-dialer: The campaign's hours leave no time in the evening" in found["__all__"][0]


def test_more_steps_ask_no_more_of_the_database(alice_client: Client, url: str, campaign: Campaign) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            alice_client.get(url)
        return len(captured)

    few = queries()
    agent = VoiceAgent.objects.get()
    rows = [StepValues(after_attempt=number, wait_minutes=60 * number, agent=agent) for number in range(1, 6)]
    update_campaign(campaign=campaign, by=SYSTEM, steps=rows)
    assert queries() == few
    assert few < 16


def test_stored_rules_that_cannot_be_read_do_not_take_the_page_away(
    alice_client: Client, url: str, campaign: Campaign
) -> None:
    Campaign.objects.update(holidays={"x": 1}, retry_outcomes=["gone"], hours={"someday": 1}, hours_zone="EST5EDT")
    assert alice_client.get(url).status_code == 200


def test_markup_in_names_is_text(alice_client: Client, url: str, campaign: Campaign) -> None:
    Campaign.objects.update(name="<script>alert(1)</script>", holidays=[{"date": "12-25", "name": "</textarea><b>"}])
    page = alice_client.get(url).content.decode()
    assert "<script>alert" not in page
    assert "</textarea><b>" not in page
