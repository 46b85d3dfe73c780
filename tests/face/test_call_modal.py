from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.actors import SYSTEM
from calls.models import Interaction
from campaigns.models import Campaign, ProviderAccount
from leads.models import Lead, LeadPhone
from leads.services import add_to_do_not_call
from tests import world
from tests.travel import Clock


def url(lead: Lead) -> str:
    return reverse("call_modal", args=[lead.public_id])


@pytest.fixture
def extra_number(account: ProviderAccount) -> Any:
    return world.make_number(account, "+442079460018", label="London")


def test_it_shows_agent_numbers_and_the_rendered_prompt(
    bob_client: Client, lead: Lead, extra_number: Any, htmx: dict[str, str]
) -> None:
    LeadPhone.objects.create(lead=lead, e164="+14155550177", label="Work")
    page = bob_client.get(url(lead), headers=htmx).content.decode()
    assert "<html" not in page
    for text in ("+1 415-555-0132", "+1 415-555-0177 Work", "+44 20 7946 0018 London", "You call Anna for Spring"):
        assert text in page
    assert "This call is allowed now" in page
    assert " disabled" not in page


def test_without_script_it_is_a_page(bob_client: Client, lead: Lead) -> None:
    page = bob_client.get(url(lead)).content.decode()
    assert "<html" in page
    assert "Check this choice" in page


def test_a_test_lead_is_called_by_the_test_agent(bob_client: Client, campaign: Campaign, account: Any) -> None:
    campaign.test_agent = world.make_agent(account, name="Rehearsal", template=world.make_template(campaign.workspace))
    campaign.save()
    lead = world.make_lead(campaign, is_test=True)
    page = bob_client.get(url(lead)).content.decode()
    assert "Rehearsal" in page
    assert "Test agent, as this is a test lead" in page


def test_every_reason_stands_there_before_the_click(bob_client: Client, lead: Lead, clock: Clock) -> None:
    clock.at("2026-11-20T06:00:00-08:00")
    Campaign.objects.update(hours={"fri": [["09:00", "18:00"]]}, status="inactive")
    add_to_do_not_call(workspace=lead.workspace, address=lead.phone, by=SYSTEM, reason="Asked")
    page = bob_client.get(url(lead)).content.decode()
    for text in ("This number must not be called", "campaign is not active", "Allowed from", "today 09:00 PST"):
        assert text in page
    assert 'class="button button-call" disabled' in page


def test_a_warning_does_not_disable(bob_client: Client, lead: Lead, campaign: Campaign) -> None:
    lead = world.make_lead(campaign, "+15551234567")
    page = bob_client.get(url(lead)).content.decode()
    assert "verdict-warn" in page
    assert 'class="button button-call" disabled' not in page


def test_a_changed_choice_is_judged_again(
    bob_client: Client, lead: Lead, extra_number: Any, htmx: dict[str, str]
) -> None:
    LeadPhone.objects.create(lead=lead, e164="+14155550177")
    add_to_do_not_call(workspace=lead.workspace, address="+14155550177", by=SYSTEM)
    check = reverse("call_preflight", args=[lead.public_id])
    choice = {"number": "+14155550177", "additional_instructions": "Ask about {{budget}}"}
    part = bob_client.post(check, choice, headers=htmx).content.decode()
    assert "This number must not be called" in part
    assert "Ask about { {budget} }" in part
    assert 'hx-swap-oob="true"' in part
    assert not Interaction.objects.exists()


def test_the_choice_becomes_the_call(bob_client: Client, bob: Any, lead: Lead, extra_number: Any) -> None:
    LeadPhone.objects.create(lead=lead, e164="+14155550177")
    choice = {"number": "+14155550177", "caller_number": extra_number.public_id, "additional_instructions": "a\r\nb"}
    answer = bob_client.post(url(lead), choice)
    call = Interaction.objects.get()
    assert answer.headers["Location"] == f"{reverse('lead', args=[lead.public_id])}#call-{call.public_id}"
    assert (call.to_number, call.from_number) == ("+14155550177", extra_number.e164)
    assert (call.additional_instructions, call.user, call.origin) == ("a\nb", bob, "manual")


def test_on_the_lead_page_the_call_appears_without_a_reload(
    bob_client: Client, lead: Lead, htmx: dict[str, str]
) -> None:
    answer = bob_client.post(url(lead), {"on": "lead"}, headers=htmx)
    page = answer.content.decode()
    assert (answer.headers["HX-Retarget"], answer.headers["HX-Reswap"]) == ("#calls", "innerHTML")
    assert "close-dialog" in answer.headers["HX-Trigger-After-Swap"]
    assert f'id="call-{Interaction.objects.get().public_id}"' in page
    assert 'hx-trigger="every 2s"' in page
    assert "Cancel the call" in page


def test_on_the_conversation_page_it_goes_to_the_new_conversation(
    bob_client: Client, lead: Lead, htmx: dict[str, str]
) -> None:
    answer = bob_client.post(url(lead), {"on": "conversation"}, headers=htmx)
    assert answer.headers["HX-Redirect"] == reverse("conversation", args=[Interaction.objects.get().public_id])


def test_a_second_click_shows_the_call_of_the_first(bob_client: Client, lead: Lead, htmx: dict[str, str]) -> None:
    for _ in range(2):
        answer = bob_client.post(url(lead), {"on": "lead"}, headers=htmx)
        assert answer.status_code == 200
    call = Interaction.objects.get()
    assert answer.content.decode().count(f'id="call-{call.public_id}"') == 1


def test_the_same_number_under_another_lead_is_refused_with_a_link(
    bob_client: Client, lead: Lead, campaign: Campaign, htmx: dict[str, str]
) -> None:
    running = world.make_interaction(lead)
    twin = world.make_lead(campaign, lead.phone, first_name="Twin")
    answer = bob_client.post(url(twin), {"on": "lead"}, headers=htmx)
    assert answer.status_code == 422
    assert reverse("conversation", args=[running.public_id]) in answer.content.decode()


def test_a_refused_call_shows_the_reasons_and_keeps_the_text(
    bob_client: Client, lead: Lead, htmx: dict[str, str]
) -> None:
    add_to_do_not_call(workspace=lead.workspace, address=lead.phone, by=SYSTEM)
    answer = bob_client.post(url(lead), {"additional_instructions": "Be kind"}, headers=htmx)
    assert answer.status_code == 422
    assert "This number must not be called" in answer.content.decode()
    assert "Be kind" in answer.content.decode()
    assert not Interaction.objects.exists()


@pytest.mark.parametrize(
    "choice",
    [
        {"number": "+14155559999"},
        {"caller_number": "num_of_nobody"},
        {"additional_instructions": "x" * 5001},
    ],
)
def test_what_the_form_does_not_offer_is_refused(bob_client: Client, lead: Lead, choice: dict[str, str]) -> None:
    answer = bob_client.post(url(lead), choice)
    assert answer.status_code == 422
    assert 'class="error"' in answer.content.decode()
    assert not Interaction.objects.exists()


def test_another_workspaces_caller_number_is_not_offered(bob_client: Client, lead: Lead, elsewhere: Campaign) -> None:
    theirs = world.make_number(world.make_account(elsewhere.workspace), "+14155550199")
    assert bob_client.post(url(lead), {"caller_number": theirs.public_id}).status_code == 422


def test_exactly_the_allowed_length_passes(bob_client: Client, lead: Lead) -> None:
    bob_client.post(url(lead), {"additional_instructions": "\r\n".join(["x"] * 2500)})
    assert len(Interaction.objects.get().additional_instructions) == 4999


def test_a_viewer_may_neither_see_nor_send_it(vera_client: Client, lead: Lead) -> None:
    assert vera_client.get(url(lead)).status_code == 403
    assert vera_client.post(url(lead)).status_code == 403
    assert vera_client.post(reverse("call_preflight", args=[lead.public_id])).status_code == 403
    assert not Interaction.objects.exists()


def test_another_workspace_finds_no_such_lead(mallory_client: Client, lead: Lead) -> None:
    assert mallory_client.get(url(lead)).status_code == 404
    assert mallory_client.post(url(lead)).status_code == 404


def test_a_campaign_without_an_agent_says_so(bob_client: Client, lead: Lead) -> None:
    Campaign.objects.update(production_agent=None)
    page = bob_client.get(url(lead)).content.decode()
    assert "no voice agent that can call" in page


def test_queries_do_not_grow_with_numbers(bob_client: Client, lead: Lead, account: ProviderAccount) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            bob_client.get(url(lead))
        return len(captured)

    few = queries()
    for i in range(9):
        LeadPhone.objects.create(lead=lead, e164=f"+1415555017{i}")
        world.make_number(account, f"+1415555012{i}")
    assert queries() == few
