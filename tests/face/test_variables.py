from __future__ import annotations

import html

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEvent, Workspace
from campaigns.models import PromptVariable
from campaigns.queries import variable_defaults
from tests import world

LIST, NEW = reverse("variable_list"), reverse("variable_new")


@pytest.fixture
def offer(workspace: Workspace) -> PromptVariable:
    return PromptVariable.objects.create(workspace=workspace, name="offer", default="10 % off")


def edit_url(variable: PromptVariable) -> str:
    return reverse("variable_edit", args=[variable.pk])


def delete_url(variable: PromptVariable) -> str:
    return reverse("variable_delete", args=[variable.pk])


def test_the_list_shows_own_and_built_in_ones(vera_client: Client, offer: PromptVariable) -> None:
    page = vera_client.get(LIST).content.decode()
    assert "10 % off" in page
    assert "The lead&#x27;s status" in page
    assert edit_url(offer) not in page


def test_a_declared_variable_may_be_used(alice_client: Client, workspace: Workspace) -> None:
    response = alice_client.post(NEW, {"name": "season", "default": "spring", "example": "autumn"})
    assert response.headers["Location"] == LIST
    assert variable_defaults(workspace)["season"] == "spring"
    assert AuditEvent.objects.get(verb="variable.created").data == {"name": "season", "default": "spring"}


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("first_name", "one of LeadSail's own variables"),
        ("offer", "There is a variable “offer” already"),
        ("Offer 2", "Small letters, digits and underscores"),
        ("system__x", "Small letters, digits and underscores"),
        ("", "This field is required."),
    ],
)
def test_a_name_that_cannot_be_is_told_at_the_field(
    alice_client: Client, offer: PromptVariable, name: str, sentence: str
) -> None:
    response = alice_client.post(NEW, {"name": name})
    assert response.status_code == 422
    assert any(sentence in error for error in response.context["form"].errors["name"])


def test_a_name_is_checked_when_it_is_left(alice_client: Client, htmx: dict[str, str]) -> None:
    page = alice_client.post(f"{NEW}?check=name", {"name": "city"}, headers=htmx).content.decode()
    assert "own variables" in html.unescape(page)


def test_a_changed_default_says_from_when_it_counts(alice_client: Client, offer: PromptVariable) -> None:
    page = alice_client.post(edit_url(offer), {"default": "20 % off", "name": "other"}, follow=True).content.decode()
    assert "Calls from now on say “20 % off”" in page
    offer.refresh_from_db()
    assert (offer.name, offer.default) == ("offer", "20 % off")


def test_a_stale_edit_is_told(alice_client: Client, offer: PromptVariable) -> None:
    seen = alice_client.get(edit_url(offer)).context["form"]["seen"].value()
    PromptVariable.objects.update(default="Theirs")
    response = alice_client.post(edit_url(offer), {"default": "Mine", "seen": seen})
    assert response.status_code == 422
    assert "it is now Default: Theirs" in response.content.decode()


def test_one_that_a_prompt_says_stays(alice_client: Client, offer: PromptVariable, workspace: Workspace) -> None:
    world.make_template(workspace, name="Enquiry", body="Now {{offer}}")
    page = alice_client.post(delete_url(offer), follow=True).content.decode()
    assert "“offer” stands in “Enquiry”: take it out there first." in page
    assert PromptVariable.objects.filter(pk=offer.pk).exists()
    assert "Delete the variable</button>" not in alice_client.get(edit_url(offer)).content.decode()


def test_one_that_is_only_part_of_a_longer_name_goes(
    alice_client: Client, offer: PromptVariable, workspace: Workspace
) -> None:
    PromptVariable.objects.create(workspace=workspace, name="offer_end")
    world.make_template(workspace, body="Until {{offer_end}}: an offer")
    alice_client.post(delete_url(offer))
    assert not PromptVariable.objects.filter(pk=offer.pk).exists()
    assert AuditEvent.objects.get(verb="variable.deleted").data["name"] == "offer"


def test_a_custom_field_of_leads_stays(alice_client: Client, workspace: Workspace) -> None:
    kind = PromptVariable.Kind.CUSTOM_FIELD
    roof = PromptVariable.objects.create(workspace=workspace, name="roof_size", kind=kind)
    alice_client.post(edit_url(roof), {"default": "unknown"})
    page = alice_client.post(delete_url(roof), follow=True).content.decode()
    assert "custom field of leads" in page
    roof.refresh_from_db()
    assert (roof.default, roof.kind) == ("unknown", kind)


def test_only_an_admin_writes(bob_client: Client, vera_client: Client, offer: PromptVariable) -> None:
    for client in (bob_client, vera_client):
        assert client.get(LIST).status_code == 200
        for url in (NEW, edit_url(offer), delete_url(offer)):
            assert client.post(url, {"name": "x", "default": "y"}).status_code == 403
    assert PromptVariable.objects.get().default == "10 % off"


def test_the_other_workspaces_variable_is_not_found(mallory_client: Client, offer: PromptVariable) -> None:
    assert "10 % off" not in mallory_client.get(LIST).content.decode()
    for url in (edit_url(offer), delete_url(offer)):
        assert mallory_client.post(url, {"default": "y"}).status_code == 404


def test_queries_do_not_grow_with_rows(vera_client: Client, offer: PromptVariable, workspace: Workspace) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            vera_client.get(LIST)
        return len(captured)

    few = queries()
    for i in range(70):
        PromptVariable.objects.create(workspace=workspace, name=f"v{i}")
    assert queries() == few
    assert few < 12
