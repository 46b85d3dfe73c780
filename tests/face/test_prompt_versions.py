from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.actors import SYSTEM
from accounts.models import AuditEvent, Workspace
from campaigns.models import PromptTemplate, PromptVariable
from campaigns.services import save_template
from campaigns.variables import delete_variable
from tests import world


def save(template: PromptTemplate, body: str) -> None:
    template.refresh_from_db()
    workspace, name = template.workspace, template.name
    save_template(workspace=workspace, name=name, body=body, first_message="", by=SYSTEM, template=template)


@pytest.fixture
def template(workspace: Workspace) -> PromptTemplate:
    template = world.make_template(workspace, name="T", body="One\nTwo", first_message="")
    save(template, "One\nTwo\nThree")
    save(template, "One\n2\nThree")
    return template


def version_url(template: PromptTemplate, number: int) -> str:
    return reverse("prompt_version", args=[template.public_id, number])


def restore_url(template: PromptTemplate, number: int, instead_of: int) -> str:
    return f"{reverse('prompt_restore', args=[template.public_id, number])}?instead_of={instead_of}"


def current(template: PromptTemplate) -> tuple[int, str]:
    version = template.versions.order_by("-number")[0]
    template.refresh_from_db()
    assert template.current == version
    return version.number, version.body


def test_the_editor_lists_versions_with_their_change(vera_client: Client, template: PromptTemplate) -> None:
    rows = vera_client.get(reverse("prompt_edit", args=[template.public_id])).context["versions"]
    assert [(row.version.number, row.change.added, row.change.removed) for row in rows] == [
        (3, 1, 1),
        (2, 1, 0),
        (1, 2, 0),
    ]
    assert [row.is_current for row in rows] == [True, False, False]


def test_many_versions_come_in_pages(vera_client: Client, template: PromptTemplate) -> None:
    for i in range(10):
        save(template, f"Text {i}")
    url = reverse("prompt_edit", args=[template.public_id])
    first = vera_client.get(url)
    assert [row.version.number for row in first.context["versions"]] == list(range(13, 3, -1))
    assert (first.context["versions"][-1].change.added, first.context["versions"][-1].change.removed) == (1, 3)
    rest = vera_client.get(url + first.context["next_url"].partition("#")[0]).context["versions"]
    assert [row.version.number for row in rest] == [3, 2, 1]


def test_a_version_is_compared_with_the_one_before_and_with_the_current(
    vera_client: Client, template: PromptTemplate
) -> None:
    before = vera_client.get(version_url(template, 2)).context["difference"].prompt
    assert [(line.kind, line.runs[0].text) for line in before] == [
        ("same", "One"),
        ("same", "Two"),
        ("added", "Three"),
    ]
    now = vera_client.get(version_url(template, 2), {"with": "current"}).context["difference"].prompt
    assert [line.kind for line in now] == ["same", "removed", "added", "same"]
    page = vera_client.get(version_url(template, 2)).content.decode()
    assert '<span class="visually-hidden" dir="ltr">Added: </span>Three' in page


def test_a_version_that_never_was_is_not_found(vera_client: Client, template: PromptTemplate) -> None:
    assert vera_client.get(version_url(template, 4)).status_code == 404


def test_restore_makes_a_new_version_of_the_old_text(alice_client: Client, template: PromptTemplate) -> None:
    response = alice_client.post(restore_url(template, 1, 3), follow=True)
    assert current(template) == (4, "One\nTwo")
    assert "The text of version 1 is back, as version 4." in response.content.decode()
    assert AuditEvent.objects.get(verb="template.restored").data == {"version": 1}


def test_restore_is_refused_after_somebody_saved(alice_client: Client, template: PromptTemplate) -> None:
    save(template, "Newer")
    response = alice_client.post(restore_url(template, 1, 3), follow=True)
    assert "Nothing was restored" in response.content.decode()
    assert current(template) == (4, "Newer")


def test_restoring_what_is_current_changes_nothing(alice_client: Client, template: PromptTemplate) -> None:
    alice_client.post(restore_url(template, 3, 3))
    assert current(template) == (3, "One\n2\nThree")
    assert not AuditEvent.objects.filter(verb="template.restored").exists()


def test_restore_says_which_variable_is_gone(
    alice_client: Client, template: PromptTemplate, workspace: Workspace
) -> None:
    variable = PromptVariable.objects.create(workspace=workspace, name="offer")
    save(template, "{{offer}}")
    save(template, "Without")
    delete_variable(variable=variable, by=SYSTEM)
    page = alice_client.post(restore_url(template, 4, 5), follow=True).content.decode()
    assert "Version 4 cannot come back as it was. There is no variable “offer”" in page
    assert current(template) == (5, "Without")


def test_only_an_admin_restores(bob_client: Client, template: PromptTemplate) -> None:
    assert "Restore this version" not in bob_client.get(version_url(template, 1)).content.decode()
    assert bob_client.post(restore_url(template, 1, 3)).status_code == 403
    assert current(template)[0] == 3


NOBODY_WRITES = ["", "?instead_of=x", "?instead_of=99999999999999999999", f"?instead_of={'9' * 5000}"]


@pytest.mark.parametrize("asked", NOBODY_WRITES, ids=lambda asked: asked[:20])
def test_an_address_nobody_would_write_restores_nothing(
    alice_client: Client, template: PromptTemplate, asked: str
) -> None:
    url = reverse("prompt_restore", args=[template.public_id, 1]) + asked
    assert alice_client.post(url).status_code == 302
    assert current(template)[0] == 3
