"""Prompt templates by the API: every changed text is a version, and a version can come back."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.actors import Actor
from accounts.models import ApiKey, AuditEvent, User
from campaigns.models import Campaign, PromptTemplate, PromptVersion
from campaigns.services import save_template
from leads.models import Lead
from tests import world
from tests.api.asking import count_queries, details_of, error_of, get, patch, post, send


@pytest.fixture
def template(campaign: Campaign) -> PromptTemplate:
    return PromptTemplate.objects.get(workspace=campaign.workspace)


def path(template: PromptTemplate) -> str:
    return f"templates/{template.public_id}"


def write(template: PromptTemplate, *bodies: str, by: Actor | None = None) -> None:
    for body in bodies:
        save_template(
            workspace=template.workspace,
            name=template.name,
            body=body,
            first_message="",
            by=by or Actor(),
            template=template,
        )


def bodies(template: PromptTemplate) -> list[str]:
    return list(template.versions.order_by("number").values_list("body", flat=True))


def test_a_template_is_told_with_its_current_text(api: Client, template: PromptTemplate) -> None:
    write(template, "Second")
    current = PromptVersion.objects.get(number=2)
    assert get(api, path(template)) == {
        "templateId": template.public_id,
        "name": template.name,
        "version": 2,
        "body": "Second",
        "firstMessage": None,
        "createdAt": template.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "updatedAt": current.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


def test_the_list_has_the_newest_first_and_costs_the_same(api: Client, template: PromptTemplate) -> None:
    get(api, "templates")
    before = count_queries(api, "templates")
    further = [world.make_template(template.workspace) for _ in range(3)]
    assert count_queries(api, "templates") == before
    page = get(api, "templates", limit=3)
    assert [row["templateId"] for row in page["templates"]] == [row.public_id for row in reversed(further)]
    rest = get(api, "templates", cursor=page["nextCursor"])
    assert [row["templateId"] for row in rest["templates"]] == [template.public_id]


def test_a_changed_text_is_a_new_version_and_the_key_is_on_record(api: Client, campaign: Campaign) -> None:
    found = post(api, "templates", {"name": "Enquiry", "body": "Say hello.\r\nAsk.", "firstMessage": "Hi!"})
    assert (found["version"], found["body"], found["firstMessage"]) == (1, "Say hello.\nAsk.", "Hi!")
    address = f"templates/{found['templateId']}"
    assert patch(api, address, {"name": "Enquiries"})["version"] == 1
    changed = patch(api, address, {"firstMessage": None})
    assert (changed["version"], changed["body"], changed["firstMessage"]) == (2, "Say hello.\nAsk.", None)
    assert patch(api, address, {"body": "Say hello.\nAsk."})["version"] == 2
    events = AuditEvent.objects.filter(object_id=found["templateId"]).order_by("id")
    assert {event.api_key for event in events} == {ApiKey.objects.get()}
    assert [event.verb for event in events] == ["template.saved", "template.renamed", "template.saved"]


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"name": ""}, "name: "),
        ({"body": ""}, "body: "),
        ({"body": "  "}, "body: Write what the agent should do."),
        ({"body": "a" * 50_001}, "body: "),
        ({"body": "Hello {{fist_name}}"}, "body: There is no variable “fist_name”: did you mean {{first_name}}?"),
        ({"firstMessage": "{{ oops"}, "firstMessage: Near “{{ oops” the braces are not a variable"),
        ({"firstMessage": "a" * 2_001}, "firstMessage: "),
        ({"first_message": "Hi"}, "first_message: There is no such field."),
    ],
)
def test_a_mistake_is_told_at_its_field_and_nothing_is_saved(
    api: Client, template: PromptTemplate, sent: dict[str, Any], told: str
) -> None:
    found = details_of(send(api, "patch", path(template), sent))
    assert [line.startswith(told) for line in found if not line.startswith("Known are: ")] == [True]
    assert template.versions.count() == 1


def test_a_name_that_is_taken_is_told(api: Client, template: PromptTemplate) -> None:
    other = world.make_template(template.workspace)
    taken = ["name: Another prompt has this name already: choose a different one."]
    assert details_of(send(api, "post", "templates", {"name": template.name, "body": "Text"})) == taken
    assert details_of(send(api, "patch", path(other), {"name": template.name})) == taken


def test_versions_are_listed_by_number_and_say_who_saved_them(
    api: Client, template: PromptTemplate, alice: User
) -> None:
    get(api, f"{path(template)}/versions")
    before = count_queries(api, f"{path(template)}/versions")
    write(template, "Second", "Third", by=Actor(user=alice))
    assert count_queries(api, f"{path(template)}/versions") == before
    page = get(api, f"{path(template)}/versions", limit=2)
    assert [(row["version"], row["body"], row["createdBy"]) for row in page["versions"]] == [
        (3, "Third", str(alice)),
        (2, "Second", str(alice)),
    ]
    assert (page["nextCursor"], page["hasMore"]) == ("2", True)
    rest = get(api, f"{path(template)}/versions", cursor="2")
    assert [row["version"] for row in rest["versions"]] == [1]
    assert get(api, f"{path(template)}/versions/1") == rest["versions"][0]


@pytest.mark.parametrize("cursor", ["99", "two", "-1", "9" * 30, "²"])
def test_a_cursor_that_is_none_is_told(api: Client, template: PromptTemplate, cursor: str) -> None:
    response = api.get(f"/api/v1/{path(template)}/versions", {"cursor": cursor})
    assert details_of(response)[0].startswith("cursor: ")


def test_a_version_comes_back_as_a_new_one(api: Client, template: PromptTemplate) -> None:
    first = bodies(template)[0]
    write(template, "Second")
    found = post(api, f"{path(template)}/restore", {"version": 1})
    assert (found["version"], found["body"]) == (3, first)
    assert post(api, f"{path(template)}/restore", {"version": 3})["version"] == 3
    assert bodies(template) == [first, "Second", first]
    assert AuditEvent.objects.get(verb="template.restored").api_key == ApiKey.objects.get()


def test_a_version_that_names_a_lost_variable_does_not_come_back(api: Client, template: PromptTemplate) -> None:
    write(template, "Second")
    PromptVersion.objects.filter(number=1).update(body="Hello {{gone_name}}")
    found = details_of(send(api, "post", f"{path(template)}/restore", {"version": 1}))
    assert found[0].startswith("body: There is no variable “gone_name”")


def test_a_version_that_never_was_is_not_there(api: Client, template: PromptTemplate) -> None:
    assert error_of(send(api, "post", f"{path(template)}/restore", {"version": 2}), 404)["code"] == "NOT_FOUND"
    for number in ("2", "9" * 30):
        assert error_of(api.get(f"/api/v1/{path(template)}/versions/{number}"), 404)["code"] == "NOT_FOUND"


def test_a_text_is_previewed_as_a_call_to_the_lead_would_have_it(api: Client, lead: Lead) -> None:
    other = world.make_campaign(lead.campaign.production_agent, name="Winter")
    body = {
        "body": '{{first_name}}, {{city}}, {{lead_source|default:"us"}}, {{fist_name}} for {{campaign_name}}',
        "firstMessage": "Hello {{full_name}}!",
        "leadId": lead.public_id,
    }
    assert post(api, "templates/preview", body) == {
        "leadId": lead.public_id,
        "body": "Anna, , us,  for Spring kitchens",
        "firstMessage": "Hello Anna Meyer!",
        "fromDefault": {"lead_source": "us"},
        "empty": ["city"],
        "unknown": ["fist_name"],
        "problems": [
            "body: There is no variable “fist_name”: did you mean {{first_name}}? Choose one from the list, or "
            "declare it."
        ],
    }
    assert post(api, "templates/preview", body | {"campaignId": other.code})["body"].endswith("for Winter")


@pytest.mark.parametrize(
    "text",
    [
        {"body": "Hi {{ lead.nme }}"},
        {"body": "Hi", "firstMessage": "Hello {{ first_nme }}, {{"},
        {"body": " ", "firstMessage": "{{no_such}}"},
        {"body": "Hi {{first_name}}", "firstMessage": "Hello"},
    ],
)
def test_a_preview_tells_what_saving_would_refuse(api: Client, template: PromptTemplate, text: dict[str, str]) -> None:
    told = post(api, "templates/preview", text)["problems"]
    saved = send(api, "patch", path(template), text)
    assert told == (details_of(saved) if saved.status_code == 400 else [])
    assert bool(told) == (text["body"] != "Hi {{first_name}}")


def test_without_a_lead_the_examples_are_filled_in(api: Client, lead: Lead) -> None:
    found = post(api, "templates/preview", {"body": "{{first_name}} of {{city}}"})
    assert (found["leadId"], found["body"], found["firstMessage"]) == (None, "Anna of Oakland", None)
    asked = {"body": "x", "campaignId": lead.campaign.code}
    assert details_of(send(api, "post", "templates/preview", asked))[0].startswith("campaignId: Send leadId too")


def test_a_lead_of_another_workspace_is_not_there(api: Client, elsewhere: Campaign) -> None:
    body = {"body": "x", "leadId": world.make_lead(elsewhere).public_id}
    assert error_of(send(api, "post", "templates/preview", body), 404)["code"] == "NOT_FOUND"


def test_a_key_that_may_not_read_leads_previews_with_none(lead: Lead) -> None:
    api = Client(headers={"X-API-Key": world.make_key(lead.workspace, ("templates:read",))})
    asked = {"body": "{{first_name}}", "leadId": lead.public_id}
    error = error_of(send(api, "post", "templates/preview", asked), 403)
    assert (error["code"], "leads:read" in error["message"]) == ("FORBIDDEN", True)
    assert post(api, "templates/preview", {"body": "{{first_name}}"})["body"] == "Anna"
