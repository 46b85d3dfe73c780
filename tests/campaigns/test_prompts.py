from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from accounts.actors import SYSTEM
from accounts.models import Workspace
from calls.services import preflight, preview_prompt
from campaigns.models import Campaign, PromptVariable
from campaigns.prompts import defuse, find_mistakes, render
from campaigns.services import register_custom_fields, save_template
from leads.models import Lead
from tests import world
from tests.travel import Clock

KNOWN = {"first_name": "there", "city": ""}


def test_values_and_defaults_are_put_in() -> None:
    values = {"first_name": "", "city": "Oakland"}
    assert render("Hi {{first_name}} in {{ city }}", values, KNOWN) == "Hi there in Oakland"


def test_the_default_in_the_tag_comes_first() -> None:
    assert render('Hi {{first_name|default:"friend"}}', {}, KNOWN) == "Hi friend"


def test_a_value_that_looks_like_a_variable_is_not_expanded() -> None:
    values = {"first_name": "{{city}}", "city": "Oakland"}
    assert render("{{first_name}}", values, KNOWN) == "{ {city} }"


def test_braces_that_meet_across_a_value_are_broken_up() -> None:
    assert "{{" not in render("{{{first_name}}", {"first_name": "{x"}, KNOWN)
    assert defuse("a{{{{b}}}}") == "a{ { { {b} } } }"


@pytest.mark.parametrize("text", ["{{first_nam}}", "{{ first_name", "{{first_name|upper}}", "{{}}", "{{a.b}}", "}}"])
def test_a_mistake_is_named_in_a_sentence(text: str) -> None:
    [mistake] = find_mistakes(text, KNOWN)
    assert mistake.endswith(".")


def test_a_template_with_an_unknown_name_is_not_saved(workspace: Workspace) -> None:
    with pytest.raises(ValidationError, match="favourite_colour"):
        world.make_template(workspace, body="Ask for {{favourite_colour}}")


def test_a_declared_variable_may_be_used(workspace: Workspace) -> None:
    PromptVariable.objects.create(workspace=workspace, name="favourite_colour", default="blue")
    assert world.make_template(workspace, body="Ask for {{favourite_colour}}").current


def test_a_custom_field_may_be_used_once_a_lead_has_it(workspace: Workspace) -> None:
    register_custom_fields(workspace=workspace, names=["roof_size", "first_name"])
    register_custom_fields(workspace=workspace, names=["roof_size"])
    assert world.make_template(workspace, body="The roof: {{roof_size}}").current


def test_saving_a_changed_text_makes_a_version_and_the_same_text_none(workspace: Workspace) -> None:
    template = world.make_template(workspace, name="T", body="One")
    for body in ("One", "Two", "Two"):
        save_template(
            workspace=workspace,
            name="T",
            body=body,
            first_message="Hello {{first_name}}!",
            by=SYSTEM,
            template=template,
        )
    assert list(template.versions.order_by("number").values_list("number", "body")) == [(1, "One"), (2, "Two")]
    assert template.current
    assert template.current.number == 2


def test_the_preview_holds_lead_and_system_values(lead: Lead, campaign: Campaign, clock: Clock) -> None:
    clock.at("2026-11-20T15:04:00-08:00")
    Lead.objects.update(custom_fields={"roof_size": 120}, city="Oakland")
    lead.refresh_from_db()
    register_custom_fields(workspace=campaign.workspace, names=["roof_size"])
    body = "{{first_name}}|{{city}}|{{roof_size}}|{{call_direction}}|{{contact_type}}|{{attempt_number}}|"
    body += "{{campaign_name}}|{{workspace_name}}|{{caller_number}}|"
    body += "{{current_date}} {{current_time}} {{current_weekday}}"
    Campaign.objects.update(template=world.make_template(campaign.workspace, body=body))

    rendered = preview_prompt(preflight=preflight(lead=lead), additional_instructions="Be brief")
    assert rendered.prompt.startswith(
        "Anna|Oakland|120|outbound|new|1|Spring kitchens|Harbour|+14155550100|2026-11-20 15:04 Friday"
    )
    assert rendered.prompt.endswith("Be brief")


@pytest.mark.parametrize(("spoken_to", "contact_type"), [(False, "first"), (True, "returning")])
def test_the_contact_type_tells_whether_they_were_reached(lead: Lead, spoken_to: bool, contact_type: str) -> None:
    world.make_interaction(
        lead, status="completed", dispatch="placed", placed_at="2026-01-01T00:00:00Z", spoken_to=spoken_to
    )
    Campaign.objects.update(template=world.make_template(lead.workspace, body="{{contact_type}}"))
    assert preview_prompt(preflight=preflight(lead=lead)).variables["contact_type"] == contact_type
