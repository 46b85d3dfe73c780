from __future__ import annotations

import html
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Workspace
from calls.services import preflight, preview_prompt
from campaigns.models import Campaign, PromptTemplate, PromptVariable
from leads.models import Lead
from tests import world

PREVIEW = reverse("prompt_preview")
Shown = Callable[..., str]


@pytest.fixture
def shown(vera_client: Client, htmx: dict[str, str]) -> Shown:
    def show(body: str, **asked: str) -> str:
        response = vera_client.post(PREVIEW, {"body": body, **asked}, headers=htmx)
        assert response.status_code == 200
        return html.unescape(response.content.decode())

    return show


def test_it_is_what_the_call_would_have(vera_client: Client, lead: Lead, htmx: dict[str, str]) -> None:
    body = '{{first_name}} {{city}} {{{phone}}} {{contact_type}} {{caller_number}} {{agent_name|default:"x"}}'
    preview = vera_client.post(PREVIEW, {"body": body, "lead": lead.public_id}, headers=htmx).context["preview"]
    Campaign.objects.update(template=world.make_template(lead.workspace, body=body))
    rendered = preview_prompt(preflight=preflight(lead=lead))
    assert rendered.prompt.startswith("".join(piece.text for piece in preview.body) + "\n\nIf an answering machine")


def test_nothing_is_saved(shown: Shown, lead: Lead) -> None:
    before = PromptTemplate.objects.count()
    assert "Anna" in shown("Hi {{first_name}}", lead=lead.public_id)
    assert PromptTemplate.objects.count() == before


def test_defaults_and_holes_are_marked_and_listed(shown: Shown, campaign: Campaign) -> None:
    lead = world.make_lead(campaign, first_name="", last_name="")
    page = shown("{{first_name}} in {{city}}", lead=lead.public_id)
    assert 'title="first_name, by default">there</mark>' in page
    assert "city: empty</mark>" in page
    assert "the default “<bdi>there</bdi>” is said" in page


def test_an_unknown_name_is_marked_and_the_nearest_is_offered(alice_client: Client, htmx: dict[str, str]) -> None:
    page = html.unescape(alice_client.post(PREVIEW, {"body": "{{frist_name}}"}, headers=htmx).content.decode())
    assert "frist_name?</mark>" in page
    assert 'id="id_body_error" class="field-errors" hx-swap-oob="true"' in page
    assert "did you mean {{first_name}}?" in page


def test_braces_that_are_no_variable_are_told(alice_client: Client, htmx: dict[str, str]) -> None:
    page = html.unescape(alice_client.post(PREVIEW, {"body": "Hi {{ lead.nme }}"}, headers=htmx).content.decode())
    assert "Near “Hi {{ lead.nme }}” the braces are not a variable" in page


def test_values_are_never_expanded_or_markup(shown: Shown, campaign: Campaign, workspace: Workspace) -> None:
    lead = world.make_lead(campaign, first_name="{{city}}", last_name="<b>x</b>", city="Oakland")
    assert "{ {city} }" in shown("{{first_name}}", lead=lead.public_id)


def test_markup_in_a_value_is_text(vera_client: Client, campaign: Campaign, htmx: dict[str, str]) -> None:
    world.make_lead(campaign, first_name="<script>x</script>")
    page = vera_client.post(PREVIEW, {"body": "{{first_name}}"}, headers=htmx).content.decode()
    assert "<script>" not in page
    assert "&lt;script&gt;x" in page


def test_other_leads_are_found_and_the_first_is_shown(
    vera_client: Client, campaign: Campaign, lead: Lead, htmx: dict[str, str]
) -> None:
    olga = world.make_lead(campaign, "+442079460018", first_name="Olga")
    asked = {"body": "{{first_name}}", "find": "020 7946 0018", "lead": lead.public_id}
    response = vera_client.post(PREVIEW, asked, headers=htmx | {"HX-Trigger-Name": "find"})
    assert response.context["preview"].lead == olga
    assert 'hx-swap-oob="innerHTML:#id_lead"' in response.content.decode()


def test_nobody_found_shows_the_examples(shown: Shown, lead: Lead) -> None:
    page = shown("{{first_name}} in {{city}}", find="nobody", lead=lead.public_id)
    assert "No lead matches" in page
    assert "Oakland" in page


def test_examples_hold_those_of_declared_variables(shown: Shown, workspace: Workspace) -> None:
    PromptVariable.objects.create(workspace=workspace, name="offer", example="10 % off")
    assert "10 % off" in shown("{{offer}}", lead="examples")


def test_the_newest_lead_is_shown_at_first(alice_client: Client, campaign: Campaign) -> None:
    leads = [world.make_lead(campaign, f"+1212555{i:04}", first_name=f"Lead{i}") for i in range(25)]
    preview = alice_client.get(reverse("prompt_new")).context["preview"]
    assert preview.lead == leads[-1]
    assert len(preview.leads) == 20


def test_a_foreign_lead_is_not_found(mallory_client: Client, lead: Lead, htmx: dict[str, str]) -> None:
    asked = {"body": "x", "lead": lead.public_id}
    assert mallory_client.post(PREVIEW, asked, headers=htmx).status_code == 404


def test_without_scripts_the_whole_editor_comes_back(alice_client: Client, lead: Lead) -> None:
    template = PromptTemplate.objects.get()
    typed = {"name": "N", "body": "Unsaved {{first_name}}", "lead": lead.public_id}
    response = alice_client.post(f"{PREVIEW}?template={template.public_id}", typed)
    page = response.content.decode()
    assert response.status_code == 200
    assert "Unsaved {{first_name}}</textarea>" in page
    assert f'action="{reverse("prompt_edit", args=[template.public_id])}"' in page
