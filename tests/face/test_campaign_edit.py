from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.actors import SYSTEM
from accounts.models import AuditEvent, Role
from campaigns.models import Campaign, VoiceAgent
from campaigns.services import update_campaign
from common.hours import DAYS
from common.once import new_token
from tests import world

WEEK = dict.fromkeys(DAYS, "9-18") | {"sat": "10am-2pm", "sun": "closed"}
NEW = reverse("campaign_new")


def form(**fields: Any) -> dict[str, Any]:
    return {"name": "Autumn", **WEEK, **fields}


def edit_url(campaign: Campaign) -> str:
    return reverse("campaign_edit", args=[campaign.code])


def shown(client: Client, campaign: Campaign) -> dict[str, Any]:
    """What the browser would send back unchanged."""
    page = client.get(edit_url(campaign)).context["form"]
    values = {field.html_name: field.value() for field in page}
    return {name: value for name, value in values.items() if value is not None and value is not False}


def errors(response: Any) -> dict[str, list[str]]:
    assert response.status_code == 422
    found: dict[str, list[str]] = response.context["form"].errors
    return found


@pytest.fixture
def adam_client(campaign: Campaign) -> Client:
    client = Client()
    adam = world.make_user("Adam", campaign.workspace, Role.ADMIN)
    client.force_login(adam, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_a_campaign_is_made_paused_and_its_hours_read(adam_client: Client, campaign: Campaign) -> None:
    agent = VoiceAgent.objects.get()
    response = adam_client.post(NEW, form(production_agent=agent.pk))
    made = Campaign.objects.exclude(pk=campaign.pk).get()
    assert response["Location"] == reverse("campaign", args=[made.code])
    assert (made.name, made.status, made.production_agent) == ("Autumn", "inactive", agent)
    weekdays = {day: [["09:00", "18:00"]] for day in DAYS[:5]}
    assert made.hours == {**weekdays, "sat": [["10:00", "14:00"]], "sun": []}


def test_the_hours_are_shown_back_in_one_writing(adam_client: Client, campaign: Campaign) -> None:
    adam_client.post(edit_url(campaign), shown(adam_client, campaign) | {"mon": "8.30-12 & 1-5pm", "sun": "-"})
    page = shown(adam_client, campaign)
    assert page["mon"] == "08:30–12:00, 13:00–17:00"
    assert "sun" not in page or page["sun"] == ""


def test_a_campaign_may_be_closed_all_week(adam_client: Client, campaign: Campaign) -> None:
    adam_client.post(edit_url(campaign), shown(adam_client, campaign) | dict.fromkeys(DAYS, "closed"))
    campaign.refresh_from_db()
    assert campaign.hours == {day: [] for day in DAYS}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("22-6", "on the next day"), ("9-13, 12-18", "overlap"), ("morning", "no start and end")],
)
def test_a_mistake_in_the_hours_stands_at_its_day(adam_client: Client, text: str, sentence: str) -> None:
    found = errors(adam_client.post(NEW, form(wed=text)))
    assert list(found) == ["wed"]
    assert sentence in found["wed"][0]


def test_a_mistake_is_told_when_the_day_is_left(adam_client: Client, htmx: dict[str, str]) -> None:
    page = adam_client.post(f"{NEW}?check=wed", form(wed="22-6", name=""), headers=htmx).content.decode()
    assert "on the next day" in page
    assert "<html" not in page
    assert Campaign.objects.count() == 1


@pytest.mark.parametrize(("field", "value"), [("name", ""), ("name", "x" * 121), ("client_name", "x" * 121)])
def test_other_mistakes_stand_at_their_fields(adam_client: Client, field: str, value: str) -> None:
    assert list(errors(adam_client.post(NEW, form(**{field: value})))) == [field]


@pytest.mark.parametrize("days", ["0", "366", "-1", "99999", "a week"])
def test_a_duplicate_window_that_is_none_says_what_to_write(
    adam_client: Client, htmx: dict[str, str], days: str
) -> None:
    told = ["Write 1 to 365 days, or leave it empty: then everybody who comes is a new lead."]
    assert errors(adam_client.post(NEW, form(duplicate_window_days=days))) == {"duplicate_window_days": told}
    page = adam_client.post(f"{NEW}?check=duplicate_window_days", form(duplicate_window_days=days), headers=htmx)
    assert told[0] in page.content.decode()


@pytest.mark.parametrize(("days", "stored"), [("1", 1), ("365", 365), ("", None)])
def test_the_duplicate_window_is_kept(adam_client: Client, campaign: Campaign, days: str, stored: int | None) -> None:
    adam_client.post(edit_url(campaign), shown(adam_client, campaign) | {"duplicate_window_days": days})
    campaign.refresh_from_db()
    assert campaign.duplicate_window_days == stored


def test_a_new_campaign_begins_with_thirty_days(adam_client: Client, campaign: Campaign) -> None:
    assert adam_client.get(NEW).context["form"]["duplicate_window_days"].value() == 30


def test_client_and_offer_are_kept_with_what_integrations_know_them_by(adam_client: Client, campaign: Campaign) -> None:
    sent = {
        "client_name": "Harbour",
        "client_id": "client_1",
        "client_abbrev": "HK",
        "offer_name": "Design visit",
        "offer_id": "offer_1",
        "offer_abbrev": "DV",
    }
    adam_client.post(edit_url(campaign), shown(adam_client, campaign) | sent)
    assert Campaign.objects.values(*sent).get() == sent
    event = AuditEvent.objects.get(verb="campaign.changed")
    assert event.data == {"changes": {name: ["", value] for name, value in sent.items()}}


def test_a_mistake_that_is_folded_away_is_shown(adam_client: Client, campaign: Campaign) -> None:
    opened = '<details class="form-more" open>'
    assert opened not in adam_client.get(NEW).content.decode()
    response = adam_client.post(NEW, form(client_id="x" * 41))
    assert list(errors(response)) == ["client_id"]
    assert opened in response.content.decode()


def test_sent_twice_it_is_made_once(adam_client: Client, rf: Any, campaign: Campaign) -> None:
    request = rf.get("/")
    request.user = campaign.workspace.memberships.get().user
    sent = form(once=new_token(request))
    first, second = adam_client.post(NEW, sent), adam_client.post(NEW, sent)
    assert first["Location"] == second["Location"]
    assert Campaign.objects.count() == 2


def test_the_default_mark_is_taken_over(adam_client: Client, campaign: Campaign) -> None:
    adam_client.post(NEW, form(is_default="on"))
    assert Campaign.objects.get(is_default=True).name == "Autumn"
    given_up = AuditEvent.objects.get(object_id=campaign.code, verb="campaign.changed")
    assert given_up.data == {"changes": {"is_default": [True, False]}}


def test_a_refused_campaign_takes_no_mark(adam_client: Client, campaign: Campaign) -> None:
    foreign = world.make_number(world.make_account(campaign.workspace), "+14155550111")
    asked = form(is_default="on", production_agent=VoiceAgent.objects.get().pk, caller_number=foreign.pk)
    assert "choose a number of that account" in errors(adam_client.post(NEW, asked))["caller_number"][0]
    assert Campaign.objects.get(is_default=True) == campaign


def test_an_archived_campaign_cannot_become_the_default(adam_client: Client, campaign: Campaign) -> None:
    old = world.make_campaign(VoiceAgent.objects.get(), name="Old", status="archived")
    found = errors(adam_client.post(edit_url(old), form(is_default="on")))
    assert "cannot be the default" in found["is_default"][0]
    assert Campaign.objects.get(is_default=True) == campaign


def test_what_was_changed_is_on_record(adam_client: Client, campaign: Campaign) -> None:
    adam_client.post(edit_url(campaign), shown(adam_client, campaign) | {"name": "Summer", "offer_name": "Visit"})
    event = AuditEvent.objects.get(verb="campaign.changed")
    assert event.user
    assert event.data == {"changes": {"name": ["Spring kitchens", "Summer"], "offer_name": ["", "Visit"]}}


def test_saving_without_a_change_leaves_no_record(adam_client: Client, campaign: Campaign) -> None:
    assert adam_client.post(edit_url(campaign), shown(adam_client, campaign)).status_code == 302
    assert not AuditEvent.objects.filter(verb="campaign.changed").exists()


def test_a_stale_edit_is_told_and_saved_when_sent_again(adam_client: Client, campaign: Campaign) -> None:
    mine = shown(adam_client, campaign) | {"mon": "9-12"}
    Campaign.objects.update(name="Changed meanwhile")
    refused = adam_client.post(edit_url(campaign), mine)
    assert "Changed meanwhile" in errors(refused)["__all__"][0]
    again = mine | {"seen": refused.context["form"]["seen"].value()}
    assert adam_client.post(edit_url(campaign), again).status_code == 302
    campaign.refresh_from_db()
    assert campaign.hours["mon"] == [["09:00", "12:00"]]


def test_of_two_changes_at_the_same_moment_both_survive(
    adam_client: Client, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    def save_second(**fields: Any) -> Campaign:
        Campaign.objects.update(name="Summer", hours=campaign.hours | {"fri": []})
        return update_campaign(**fields)

    monkeypatch.setattr("campaigns.views.campaigns.update_campaign", save_second)
    adam_client.post(edit_url(campaign), shown(adam_client, campaign) | {"client_name": "Harbour", "mon": "9-12"})
    campaign.refresh_from_db()
    assert (campaign.name, campaign.client_name) == ("Summer", "Harbour")
    assert (campaign.hours["mon"], campaign.hours["fri"]) == ([["09:00", "12:00"]], [])


def test_hours_that_cannot_be_read_are_replaced(adam_client: Client, campaign: Campaign) -> None:
    Campaign.objects.update(hours={"someday": "maybe"})
    adam_client.post(edit_url(campaign), shown(adam_client, campaign) | {"mon": "9-18"})
    campaign.refresh_from_db()
    assert campaign.hours == {day: [] for day in DAYS} | {"mon": [["09:00", "18:00"]]}


@pytest.mark.django_db(transaction=True)
def test_two_who_give_the_default_mark_at_once_both_succeed(campaign: Campaign) -> None:
    both = [world.make_campaign(VoiceAgent.objects.get(), name=name) for name in ("One", "Two")]
    start = threading.Barrier(2)

    def give(one: Campaign) -> None:
        start.wait()
        try:
            update_campaign(campaign=one, by=SYSTEM, is_default=True)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as people:
        list(people.map(give, both))
    assert Campaign.objects.get(is_default=True) in both


def test_empty_choices_say_what_the_agent_brings(adam_client: Client, campaign: Campaign) -> None:
    page = adam_client.get(edit_url(campaign)).content.decode()
    assert "+1 415-555-0100)" in page
    assert VoiceAgent.objects.get().template.name in page  # type: ignore[union-attr]


def test_another_workspaces_parts_are_not_offered_and_refused(
    adam_client: Client, campaign: Campaign, elsewhere: Campaign
) -> None:
    agent = elsewhere.production_agent
    assert agent
    theirs = {"production_agent": agent.pk, "template": agent.template_id, "caller_number": agent.caller_number_id}
    assert set(errors(adam_client.post(NEW, form(**theirs)))) == set(theirs)
    assert agent.name not in adam_client.get(NEW).content.decode()
    assert adam_client.get(edit_url(elsewhere)).status_code == 404
    assert adam_client.post(edit_url(elsewhere), form()).status_code == 404


@pytest.mark.parametrize("person", ["bob_client", "vera_client"])
def test_only_admins_write(request: Any, campaign: Campaign, person: str) -> None:
    client = request.getfixturevalue(person)
    for url in (NEW, edit_url(campaign)):
        assert client.get(url).status_code == 403
        assert client.post(url, form()).status_code == 403
    assert Campaign.objects.get().name == "Spring kitchens"


def test_markup_in_a_name_is_text(adam_client: Client) -> None:
    response = adam_client.post(NEW, form(name="<script>alert(1)</script>"), follow=True)
    assert "<script>alert" not in response.content.decode()
