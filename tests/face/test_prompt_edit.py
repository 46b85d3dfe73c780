from __future__ import annotations

import html
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.actors import SYSTEM, Actor
from accounts.models import AuditEvent, Role, User, Workspace
from campaigns.models import Campaign, PromptTemplate
from campaigns.versions import TextChanged, save_edit
from tests import world

NEW = reverse("prompt_new")


@pytest.fixture
def adam(workspace: Workspace) -> User:
    return world.make_user("Adam", workspace, Role.ADMIN)


@pytest.fixture
def admin_client(adam: User) -> Client:
    client = Client()
    client.force_login(adam, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def template(workspace: Workspace) -> PromptTemplate:
    return world.make_template(workspace, name="Enquiry", body="One\nTwo", first_message="Hello")


def url_of(template: PromptTemplate) -> str:
    return reverse("prompt_edit", args=[template.public_id])


def shown(client: Client, url: str) -> dict[str, Any]:
    """The editor's fields, as a browser would send them back untouched."""
    form = client.get(url).context["form"]
    return {name: form[name].value() for name in ("name", "first_message", "body", "seen")}


def texts(template: PromptTemplate) -> list[str]:
    return list(template.versions.order_by("number").values_list("body", flat=True))


def edit_as(template: PromptTemplate, body: str, user: User) -> None:
    stored = PromptTemplate.objects.select_related("current").get(pk=template.pk)
    assert stored.current
    save_edit(
        template=stored,
        based_on=stored.current.number,
        name=stored.name,
        body=body,
        first_message=stored.current.first_message,
        by=Actor(user=user),
    )


def words(response: Any) -> str:
    return html.unescape(response.content.decode())


def test_a_new_prompt_starts_with_a_text_that_can_be_saved(admin_client: Client, workspace: Workspace) -> None:
    typed = shown(admin_client, NEW) | {"name": "First"}
    response = admin_client.post(NEW, typed)
    template = PromptTemplate.objects.get(workspace=workspace, name="First")
    assert response.headers["Location"] == url_of(template)
    assert template.current
    assert "AI assistant" in template.current.body


def test_a_double_click_makes_one_prompt(admin_client: Client, workspace: Workspace) -> None:
    token = admin_client.get(NEW).content.decode().split('name="once" value="')[1].split('"')[0]
    typed = {"name": "First", "body": "Text", "once": token}
    answers = [admin_client.post(NEW, typed) for _ in range(2)]
    assert answers[0].headers["Location"] == url_of(PromptTemplate.objects.get(name="First"))
    assert PromptTemplate.objects.filter(name="First").count() == 1


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "This field is required."),
        ("name", "Enquiry", "Another prompt has this name already"),
        ("body", "", "Write what the agent should do."),
        ("body", "  \r\n ", "Write what the agent should do."),
        ("body", "Hi {{first_nam}}", "did you mean {{first_name}}?"),
        ("body", "Hi {{ first_name", "the braces are not a variable"),
        ("first_message", "{{colour_of_roof}}", "There is no variable “colour_of_roof”"),
        ("body", "x" * 50_001, "at most 50000 characters"),
        ("first_message", "x" * 2_001, "at most 2000 characters"),
    ],
)
def test_a_mistake_is_told_at_its_field(
    admin_client: Client, template: PromptTemplate, field: str, value: str, sentence: str
) -> None:
    typed = {"name": "Other", "body": "Text", "first_message": ""} | {field: value}
    response = admin_client.post(NEW, typed)
    assert response.status_code == 422
    assert any(sentence in error for error in response.context["form"].errors[field])
    assert not PromptTemplate.objects.filter(name="Other").exists()


def test_leaving_the_name_tells_whether_it_is_taken(
    admin_client: Client, template: PromptTemplate, htmx: dict[str, str]
) -> None:
    response = admin_client.post(f"{NEW}?check=name", {"name": "Enquiry"}, headers=htmx)
    assert "Another prompt has this name already" in words(response)


def test_line_breaks_are_stored_as_they_were_and_count_once(admin_client: Client, template: PromptTemplate) -> None:
    admin_client.post(url_of(template), shown(admin_client, url_of(template)) | {"body": "a\r\n" * 25_000})
    assert texts(template)[-1] == "a\n" * 25_000


def test_the_same_text_makes_no_version(admin_client: Client, template: PromptTemplate) -> None:
    typed = shown(admin_client, url_of(template)) | {"body": "One\r\nTwo"}
    response = admin_client.post(url_of(template), typed, follow=True)
    assert "Nothing changed" in words(response)
    assert texts(template) == ["One\nTwo"]


def test_a_changed_text_makes_a_version_that_can_be_taken_back(admin_client: Client, template: PromptTemplate) -> None:
    typed = shown(admin_client, url_of(template)) | {"body": "Three"}
    page = words(admin_client.post(url_of(template), typed, follow=True))
    assert "Saved as version 2." in page
    undo = f"{reverse('prompt_restore', args=[template.public_id, 1])}?instead_of=2"
    assert f'action="{undo}"' in page
    admin_client.post(undo)
    assert texts(template) == ["One\nTwo", "Three", "One\nTwo"]


def test_a_new_name_alone_makes_no_version_and_is_recorded(admin_client: Client, template: PromptTemplate) -> None:
    typed = shown(admin_client, url_of(template)) | {"name": "Enquiries"}
    assert "Renamed." in words(admin_client.post(url_of(template), typed, follow=True))
    assert len(texts(template)) == 1
    event = AuditEvent.objects.get(verb="template.renamed")
    assert event.data == {"from": "Enquiry", "to": "Enquiries"}


def test_a_stale_edit_is_told_with_the_difference_and_saved_the_second_time(
    admin_client: Client, template: PromptTemplate, alice: User
) -> None:
    typed = shown(admin_client, url_of(template)) | {"body": "One\nMine"}
    edit_as(template, "One\nTheirs", alice)
    response = admin_client.post(url_of(template), typed)
    assert response.status_code == 422
    page = words(response)
    assert "Alice</bdi> saved version 2 while you were writing" in page
    kinds = [line.kind for line in response.context["conflict"]]
    assert kinds == ["same", "removed", "added"]
    again = typed | {"seen": response.context["form"]["seen"].value()}
    admin_client.post(url_of(template), again)
    assert texts(template) == ["One\nTwo", "One\nTheirs", "One\nMine"]


def test_a_save_on_a_version_that_is_no_longer_current_is_refused(template: PromptTemplate, alice: User) -> None:
    edit_as(template, "Two", alice)
    with pytest.raises(TextChanged):
        save_edit(template=template, based_on=1, name="X", body="Three", first_message="", by=SYSTEM)
    assert texts(template) == ["One\nTwo", "Two"]


def test_an_edit_sent_twice_makes_one_version(admin_client: Client, template: PromptTemplate) -> None:
    typed = shown(admin_client, url_of(template)) | {"body": "Three"}
    answers = [admin_client.post(url_of(template), typed) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert texts(template) == ["One\nTwo", "Three"]


def test_whoever_may_not_write_reads(vera_client: Client, bob_client: Client, template: PromptTemplate) -> None:
    for client in (vera_client, bob_client):
        page = words(client.get(url_of(template)))
        assert "One\nTwo</pre>" in page
        assert "<textarea" not in page
        assert client.post(url_of(template), {"name": "X", "body": "Y"}).status_code == 403
        assert client.get(NEW).status_code == 403
    assert texts(template) == ["One\nTwo"]


def test_the_other_workspace_finds_nothing(mallory_client: Client, template: PromptTemplate) -> None:
    for name, args in (("prompt_edit", []), ("prompt_version", [1])):
        assert mallory_client.get(reverse(name, args=[template.public_id, *args])).status_code == 404
    restore = reverse("prompt_restore", args=[template.public_id, 1])
    assert mallory_client.post(restore).status_code == 404
    assert mallory_client.post(url_of(template), {"name": "X", "body": "Y"}).status_code == 404


def test_a_prompt_sent_after_the_session_ended_is_kept(admin_client: Client, template: PromptTemplate) -> None:
    page = admin_client.get(url_of(template)).content.decode()
    token = page.split('id="prompt-form"')[1].split('name="once" value="')[1].split('"')[0]
    nobody = Client()
    nobody.post(url_of(template), {"name": "Enquiry", "body": "Long work", "once": token})
    assert ["body", "Long work"] in [list(pair) for pair in nobody.session["unsent_form"]["fields"]]


def test_markup_rtl_and_emoji_show_as_text(admin_client: Client, template: PromptTemplate, campaign: Campaign) -> None:
    world.make_lead(campaign, first_name="<script>alert(2)</script>")
    body = "<script>alert(1)</script> مرحبا 👋🏽 {{first_name}}"
    admin_client.post(url_of(template), shown(admin_client, url_of(template)) | {"body": body})
    page = admin_client.get(url_of(template)).content.decode()
    assert "<script>alert" not in page
    assert "مرحبا 👋🏽" in page
    assert "&lt;script&gt;alert(2)" in page
