from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.actors import Actor
from accounts.models import Membership, Role, User, Workspace
from accounts.services import set_calls_stopped, update_workspace
from leads.models import Lead
from tests import world

URL = reverse("settings_workspace")
FIELDS = {"name": "Port", "country": "GB", "timezone": "Europe/London"}


@pytest.fixture
def adam_client(workspace: Workspace) -> Client:
    client = Client()
    client.force_login(world.make_user("Adam", workspace, Role.ADMIN))
    return client


def test_settings_open_at_the_first_page_one_may_see(adam_client: Client, vera_client: Client) -> None:
    assert adam_client.get(reverse("settings")).headers["Location"] == URL
    assert vera_client.get(reverse("settings")).headers["Location"] == reverse("member_list")


def test_an_admin_changes_the_workspace_with_a_trace(adam_client: Client, workspace: Workspace) -> None:
    assert adam_client.post(URL, FIELDS).headers["Location"] == URL
    workspace.refresh_from_db()
    assert (workspace.name, workspace.country, workspace.timezone) == ("Port", "GB", "Europe/London")
    event = workspace.audit_events.get(verb="workspace.updated")
    assert event.data["changes"]["name"] == ["Harbour", "Port"]


def test_saving_what_stands_changes_nothing(adam_client: Client, workspace: Workspace) -> None:
    adam_client.post(URL, {"name": "Harbour", "country": "US", "timezone": "UTC"})
    assert not workspace.audit_events.filter(verb="workspace.updated").exists()


@pytest.mark.parametrize("wrong", [{"name": ""}, {"country": "XX"}, {"timezone": "Mars/Base"}])
def test_what_cannot_be_is_told_at_the_field_and_the_frame_keeps_its_name(
    adam_client: Client, workspace: Workspace, wrong: dict[str, str]
) -> None:
    answer = adam_client.post(URL, {**FIELDS, **wrong})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == list(wrong)
    assert '<span class="top-workspace" dir="auto">Harbour</span>' in answer.content.decode()


def test_a_change_meanwhile_is_told_before_it_is_overwritten(
    adam_client: Client, workspace: Workspace, alice: User
) -> None:
    seen = adam_client.get(URL).context["form"]["seen"].value()
    update_workspace(workspace=workspace, by=Actor(user=alice), name="Quay", country="US", timezone="UTC")
    first = adam_client.post(URL, {**FIELDS, "seen": seen})
    assert first.status_code == 422
    assert "Quay" in first.content.decode()
    again = first.context["form"]["seen"].value()
    assert adam_client.post(URL, {**FIELDS, "seen": again}).status_code == 302


def test_a_zone_that_is_no_longer_offered_stays_chosen(adam_client: Client, workspace: Workspace) -> None:
    Workspace.objects.update(timezone="EST5EDT")
    assert 'value="EST5EDT" selected' in adam_client.get(URL).content.decode()


def test_members_and_viewers_may_not(bob_client: Client, vera_client: Client, workspace: Workspace) -> None:
    for client in (bob_client, vera_client):
        assert client.get(URL).status_code == 403
        assert client.post(URL, FIELDS).status_code == 403
    workspace.refresh_from_db()
    assert workspace.name == "Harbour"


def test_the_stop_switch_counts_calls_and_names_who_used_it(
    adam_client: Client, workspace: Workspace, lead: Lead, alice: User, elsewhere: Any
) -> None:
    world.make_interaction(lead)
    world.make_interaction(world.make_lead(lead.campaign, "+12125550171"), dispatch="placed")
    world.make_interaction(lead, dispatch="placed", status="voicemail")
    world.make_interaction(world.make_lead(elsewhere))
    assert adam_client.get(URL).context["calls"] == {"waiting": 1, "running": 1}
    set_calls_stopped(workspace=workspace, stopped=True, by=Actor(user=alice))
    page = adam_client.get(URL)
    assert page.context["switched"].user == alice
    assert "Resume calls" in page.content.decode()


def test_a_person_of_two_workspaces_changes_the_one_that_is_open(
    alice_client: Client, alice: User, elsewhere: Any, workspace: Workspace
) -> None:
    Membership.objects.create(workspace=elsewhere.workspace, user=alice, role=Role.VIEWER)
    alice_client.post(URL, FIELDS)
    elsewhere.workspace.refresh_from_db()
    assert elsewhere.workspace.name == "Elsewhere"
