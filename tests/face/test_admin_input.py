"""Ordinary mistakes in the admin are told at the field; what it saves is what the services would have saved."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.actors import Actor
from accounts.models import Invitation, Membership, Role, User, Workspace
from accounts.people import invite
from calls.services import preflight
from campaigns.models import CallerNumber, Campaign, PromptTemplate, PromptVariable, ProviderAccount, VoiceAgent
from leads.models import DoNotCall, Lead, StatusChange, Tag
from tests import world

INLINES = {
    f"{prefix}-{name}": value
    for prefix in ("phones", "status_changes")
    for name, value in (("TOTAL_FORMS", 0), ("INITIAL_FORMS", 0))
}


def lead_form(campaign: Campaign, **fields: Any) -> dict[str, Any]:
    return {
        "workspace": campaign.workspace_id,
        "campaign": campaign.pk,
        "first_name": "Nora",
        "status": "new",
        "custom_fields": "{}",
        **INLINES,
        **fields,
    }


def errors(response: Any) -> str:
    assert response.status_code == 200, response.get("Location")
    form = response.context["adminform"].form
    return str(form.errors.as_text())


@pytest.mark.parametrize("number", ["+1234567", "hello", "555-0198"])
def test_an_impossible_number_is_told_at_the_field(operator_client: Client, campaign: Campaign, number: str) -> None:
    added = operator_client.post("/admin/leads/lead/add/", lead_form(campaign, phone=number))
    assert "cannot be a phone number" in errors(added)
    listed = {"workspace": campaign.workspace_id, "channel": "phone", "address": number}
    assert "cannot be a phone number" in errors(operator_client.post("/admin/leads/donotcall/add/", listed))


def test_any_writing_of_a_number_is_kept_in_one_form(operator_client: Client, campaign: Campaign) -> None:
    operator_client.post("/admin/leads/lead/add/", lead_form(campaign, phone="(212) 555-0198"))
    lead = Lead.objects.get()
    assert lead.phone == "+12125550198"
    address = f"/admin/leads/lead/{lead.pk}/change/"
    operator_client.post(address, lead_form(campaign, phone="020 7946 0123", country="GB"))
    lead.refresh_from_db()
    assert lead.phone == "+442079460123"
    listed = {"workspace": campaign.workspace_id, "channel": "phone", "address": "+44 020 7946 0123"}
    operator_client.post("/admin/leads/donotcall/add/", listed)
    assert DoNotCall.objects.get().address == "+442079460123"
    assert not preflight(lead=lead).verdict.allowed


@pytest.mark.parametrize(
    ("text", "kept"), [("null", {}), ("", {}), ('""', {}), ("[]", {}), ('{"roof": 120}', {"roof": 120})]
)
def test_custom_fields_are_an_object_whatever_is_typed(
    operator_client: Client, campaign: Campaign, lead: Lead, text: str, kept: dict[str, Any]
) -> None:
    address = f"/admin/leads/lead/{lead.pk}/change/"
    operator_client.post(address, lead_form(campaign, custom_fields=text, phone=lead.phone))
    lead.refresh_from_db()
    assert lead.custom_fields == kept
    assert PromptVariable.objects.filter(name="roof").exists() == bool(kept)


@pytest.mark.parametrize("text", ["[1]", '"x"', "5", '{"k": "\\u0000"}'])
def test_custom_fields_that_are_no_object_are_told(operator_client: Client, campaign: Campaign, text: str) -> None:
    assert errors(operator_client.post("/admin/leads/lead/add/", lead_form(campaign, custom_fields=text)))


def test_a_taken_name_is_told_at_a_change_too(operator_client: Client, campaign: Campaign) -> None:
    agent = VoiceAgent.objects.get()
    other = world.make_agent(agent.account, name="Nora")
    data = {"account": agent.account_id, "name": agent.name, "provider_agent_id": "x", "is_active": "on"}
    assert "already exists" in errors(operator_client.post(f"/admin/campaigns/voiceagent/{other.pk}/change/", data))
    tags = [Tag.objects.create(workspace=campaign.workspace, name=name) for name in ("a", "b")]
    assert "already exists" in errors(operator_client.post(f"/admin/leads/tag/{tags[0].pk}/change/", {"name": "b"}))


def test_a_second_default_campaign_is_told_in_a_sentence(operator_client: Client, campaign: Campaign) -> None:
    second = world.make_campaign(VoiceAgent.objects.get(), name="Second")
    data = {
        "name": "Second",
        "status": "active",
        "hours": "{}",
        "min_gap_minutes": 0,
        "max_attempts": 1,
        "is_default": "on",
    }
    response = operator_client.post(f"/admin/campaigns/campaign/{second.pk}/change/", data)
    assert "take the mark from it first" in errors(response)


def test_a_time_zone_that_does_not_exist_is_told(operator_client: Client, workspace: Workspace) -> None:
    data = {"name": "Harbour", "country": "US", "timezone": "Nowhere/Land"}
    response = operator_client.post(f"/admin/accounts/workspace/{workspace.pk}/change/", data)
    assert "is not a time zone" in response.content.decode()


def test_a_lead_set_to_dnc_by_a_person_protects_its_numbers(
    operator_client: Client, campaign: Campaign, lead: Lead
) -> None:
    data = lead_form(campaign, status="dnc", phone=lead.phone)
    operator_client.post(f"/admin/leads/lead/{lead.pk}/change/", data)
    assert StatusChange.objects.get(lead=lead).after == "dnc"
    assert DoNotCall.objects.get().address == lead.phone
    same_number = world.make_lead(campaign, lead.phone)
    assert preflight(lead=same_number).verdict.code == "DO_NOT_CALL"


def test_people_log_in_with_small_letters_however_they_were_written(db: None) -> None:
    user = User(email="Big@Example.COM")
    user.save()
    assert user.email == "big@example.com"


def test_a_variable_that_a_template_says_cannot_be_deleted(operator_client: Client, workspace: Workspace) -> None:
    used = PromptVariable.objects.create(workspace=workspace, name="offer")
    unused = PromptVariable.objects.create(workspace=workspace, name="season")
    world.make_template(workspace, body="Speak of {{offer}}")
    for variable in (used, unused):
        operator_client.post(f"/admin/campaigns/promptvariable/{variable.pk}/delete/", {"post": "yes"})
    assert list(PromptVariable.objects.values_list("name", flat=True)) == ["offer"]


def test_one_of_our_own_variables_cannot_be_declared(operator_client: Client, workspace: Workspace) -> None:
    data = {"workspace": workspace.pk, "name": "first_name", "kind": "declared"}
    assert "own variables" in errors(operator_client.post("/admin/campaigns/promptvariable/add/", data))


def test_without_a_usual_caller_number_the_modal_asks_for_one_as_the_api_does(bob_client: Client, lead: Lead) -> None:
    VoiceAgent.objects.update(caller_number=None)
    page = bob_client.get(f"/leads/{lead.public_id}/call/").content.decode()
    assert "Choose a number" in page
    assert "There is no number to call from" in page


def several(*rows: Any) -> dict[str, Any]:
    return {"action": "delete_selected", "_selected_action": [row.pk for row in rows], "post": "yes"}


def active(user: User, **fields: Any) -> dict[str, Any]:
    return {"email": user.email, "memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0, **fields}


def test_the_only_owner_is_neither_deleted_nor_deactivated(operator_client: Client, alice: User) -> None:
    sentence = "Alice is the only owner of Harbour: make somebody else an owner there first."
    page = f"/admin/accounts/user/{alice.pk}"
    assert sentence in operator_client.get(f"{page}/delete/").content.decode()
    operator_client.post(f"{page}/delete/", {"post": "yes"})
    operator_client.post("/admin/accounts/user/", several(alice))
    assert sentence in errors(operator_client.post(f"{page}/change/", active(alice)))
    alice.refresh_from_db()
    assert alice.is_active


def test_two_owners_are_not_deleted_together(operator_client: Client, alice: User, workspace: Workspace) -> None:
    anton = world.make_user("Anton", workspace, Role.OWNER)
    operator_client.post("/admin/accounts/user/", several(alice, anton))
    assert Membership.objects.filter(role=Role.OWNER).count() == 2


def test_an_owner_who_cannot_log_in_does_not_count(operator_client: Client, alice: User, workspace: Workspace) -> None:
    anton = world.make_user("Anton", workspace, Role.OWNER)
    changed = operator_client.post(f"/admin/accounts/user/{anton.pk}/change/", active(anton))
    assert changed.status_code == 302
    operator_client.post(f"/admin/accounts/user/{alice.pk}/delete/", {"post": "yes"})
    assert User.objects.filter(pk=alice.pk).exists()


@pytest.mark.parametrize("way", ["one", "several"])
def test_a_deleted_person_leaves_as_a_removed_member_does(
    operator_client: Client, alice: User, bob: User, workspace: Workspace, way: str
) -> None:
    Membership.objects.filter(user=bob).update(role=Role.OWNER)
    invite(workspace=workspace, email="nina@example.com", role="owner", by=Actor(user=bob))
    page, sent = {
        "one": (f"/admin/accounts/user/{bob.pk}/delete/", {"post": "yes"}),
        "several": ("/admin/accounts/user/", several(bob)),
    }[way]
    operator_client.post(page, sent)
    assert not User.objects.filter(pk=bob.pk).exists()
    assert workspace.audit_events.get(verb="member.removed").data["email"] == bob.email
    assert not Invitation.objects.open().exists()


@pytest.mark.parametrize("way", ["one", "several"])
def test_a_deleted_lead_or_tag_leaves_a_trace(
    operator_client: Client, operator: User, lead: Lead, workspace: Workspace, way: str
) -> None:
    tag = Tag.objects.create(workspace=workspace, name="hot")
    for row in (lead, tag):
        page = f"/admin/leads/{row._meta.model_name}/"
        if way == "one":
            operator_client.post(f"{page}{row.pk}/delete/", {"post": "yes"})
        else:
            operator_client.post(page, several(row))
    assert not Lead.objects.exists()
    assert not Tag.objects.exists()
    traces = workspace.audit_events.filter(verb__in=["lead.deleted", "tag.deleted"], user=operator).order_by("id")
    assert [(row.object_id, row.data) for row in traces] == [(lead.public_id, {}), (str(tag.pk), {"name": "hot"})]


@pytest.mark.parametrize("model", [VoiceAgent, CallerNumber, PromptTemplate], ids=lambda model: model.__name__)
def test_what_calls_are_made_with_is_not_deleted(operator_client: Client, campaign: Campaign, model: Any) -> None:
    row = model.objects.get()
    page = f"/admin/campaigns/{model._meta.model_name}/"
    assert operator_client.post(f"{page}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    operator_client.post(page, several(row))
    assert model.objects.filter(pk=row.pk).exists()


def test_an_account_whose_secret_cannot_be_decrypted_opens_and_takes_a_new_one(
    account: ProviderAccount, operator_client: Client
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE campaigns_provideraccount SET api_key = 'gAAAA-not-ours'")
    page = reverse("admin:campaigns_provideraccount_change", args=[account.pk])
    answer = operator_client.get(page)
    assert answer.status_code == 200
    fields = {
        "workspace": account.workspace_id,
        "name": account.name,
        "provider": account.provider,
        "host": account.host,
        "calls_per_second": "1",
        "concurrency": "5",
        "is_active": "on",
    }
    assert operator_client.post(page, {**fields, "api_key": "sk_new"}).status_code == 302
    stored = ProviderAccount.objects.get(pk=account.pk)
    assert (stored.api_key, stored.webhook_secret) == ("sk_new", account.webhook_secret)
