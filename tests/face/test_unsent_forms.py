"""What was typed while a session ended is shown again to its sender, and to nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse

from accounts.models import Membership, Role, User, Workspace
from accounts.unsent import LONGEST, SESSION_KEY
from campaigns.models import Campaign
from common.once import new_token
from leads.models import Lead
from tests import world
from tests.face.test_two_factor import CODE, code_of, secret  # noqa: F401

LOGIN, UNSENT, PROFILE = "/accounts/login/", "/unsent/", "/settings/profile/"
TYPED = "He asked for <b>the south side</b> 🏠\nand מחר"


def form_of(person: User, **fields: str) -> dict[str, str]:
    request = HttpRequest()
    request.user = person
    return {"once": new_token(request), **fields}


def log_in(client: Client, person: User) -> Any:
    return client.post(LOGIN, {"login": person.email, "password": world.PASSWORD, "next": UNSENT})


@pytest.fixture
def note(lead: Lead, bob: User) -> tuple[str, dict[str, str]]:
    return reverse("lead_note", args=[lead.public_id]), form_of(bob, text=TYPED)


def test_a_form_sent_after_the_session_ended_waits_behind_the_login(
    client: Client, bob: User, lead: Lead, note: tuple[str, dict[str, str]]
) -> None:
    page = reverse("lead", args=[lead.public_id])
    asked = client.post(*note, headers={"Referer": f"http://testserver{page}"})
    assert asked.headers["Location"] == f"{LOGIN}?next={UNSENT}"
    assert "What you were sending is kept" in client.get(asked.headers["Location"]).content.decode()
    assert log_in(client, bob).headers["Location"] == UNSENT
    shown = client.get(UNSENT)
    assert shown.context["form"].shown == [("Text", TYPED)]
    assert "&lt;b&gt;the south side" in shown.content.decode()
    assert f'href="{page}"' in shown.content.decode()
    assert not lead.notes.exists()


def test_sent_by_a_click_it_is_done_once_and_gone(
    client: Client, bob: User, lead: Lead, note: tuple[str, dict[str, str]]
) -> None:
    client.post(*note)
    log_in(client, bob)
    form = client.get(UNSENT).context["form"]
    for _ in range(2):
        client.post(form.path, dict(form.fields))
    assert lead.notes.count() == 1
    assert client.get(UNSENT).headers["Location"] == "/"


@pytest.fixture
def in_both(bob: User, elsewhere: Campaign) -> Workspace:
    Membership.objects.create(workspace=elsewhere.workspace, user=bob, role=Role.MEMBER)
    return elsewhere.workspace


def test_after_the_login_it_acts_in_the_workspace_it_was_made_in(
    client: Client, bob: User, in_both: Workspace, elsewhere: Campaign
) -> None:
    lead = world.make_lead(elsewhere)
    request = HttpRequest()
    request.user = bob
    token = new_token(request, place=in_both.public_id)
    client.post(reverse("lead_note", args=[lead.public_id]), {"once": token, "text": TYPED})
    log_in(client, bob)
    assert client.get("/leads/").context["workspace"] != in_both
    form = client.get(UNSENT).context["form"]
    client.post(form.path, dict(form.fields))
    assert lead.notes.get().text == TYPED.replace("\r\n", "\n")
    assert client.get("/leads/").context["workspace"] == in_both


def write(client: Client, lead: Lead, form: dict[str, str]) -> Any:
    return client.post(reverse("lead_note", args=[lead.public_id]), form)


def texts(lead: Lead) -> list[str]:
    return list(lead.notes.order_by("id").values_list("text", flat=True))


def test_the_same_form_acts_once_and_another_text_again(bob_client: Client, bob: User, lead: Lead) -> None:
    form = form_of(bob, text="First")
    for sent in (form, form, form | {"text": "Second"}, form | {"text": "Second"}):
        assert write(bob_client, lead, sent).headers["Location"] == reverse("lead", args=[lead.public_id])
    assert texts(lead) == ["First", "Second"]


def test_the_same_text_for_another_lead_is_another_thing(bob_client: Client, bob: User, lead: Lead) -> None:
    other, form = world.make_lead(lead.campaign), form_of(bob, text="First")
    for place in (lead, other):
        write(bob_client, place, form)
    assert texts(lead) == texts(other) == ["First"]


def test_another_persons_token_hides_nothing(bob_client: Client, alice_client: Client, bob: User, lead: Lead) -> None:
    form = form_of(bob, text="Same")
    for client in (bob_client, alice_client, alice_client):
        assert write(client, lead, form).status_code == 302
    assert texts(lead) == ["Same"] * 3


def test_thrown_away_it_is_gone(client: Client, bob: User, note: tuple[str, dict[str, str]]) -> None:
    client.post(*note)
    log_in(client, bob)
    client.post(reverse("discard_unsent"))
    assert client.get(UNSENT).headers["Location"] == "/"


def test_it_survives_the_second_step_of_a_login(
    client: Client,
    bob: User,
    note: tuple[str, dict[str, str]],
    secret: str,  # noqa: F811
) -> None:
    client.post(*note)
    assert log_in(client, bob).headers["Location"] == CODE
    assert client.post(CODE, {"code": code_of(secret)}).headers["Location"] == UNSENT
    assert client.get(UNSENT).context["form"].shown == [("Text", TYPED)]


def test_another_person_sees_nothing_of_it(client: Client, vera: User, note: tuple[str, dict[str, str]]) -> None:
    client.post(*note)
    log_in(client, vera)
    assert client.get(UNSENT).headers["Location"] == "/"
    assert SESSION_KEY not in client.session


def test_passwords_and_keys_are_never_kept(client: Client, bob: User) -> None:
    fields = form_of(bob, name="Nora", password1="a", api_key="b", webhook_secret="c", csrfmiddlewaretoken="d")
    client.post(PROFILE, fields)
    assert [name for name, _ in client.session[SESSION_KEY]["fields"]] == ["once", "name"]


@pytest.mark.parametrize("token", ["", "form_x.1", "form_x.1:forged"])
def test_a_form_that_is_not_ours_is_not_kept(client: Client, bob: User, token: str) -> None:
    assert client.post(PROFILE, {"name": "Nora", "once": token}).headers["Location"] == f"{LOGIN}?next=/"
    assert SESSION_KEY not in client.session


def test_a_form_made_for_nobody_is_not_kept(client: Client, bob: User) -> None:
    from django.contrib.auth.models import AnonymousUser

    client.post(PROFILE, form_of(AnonymousUser(), name="Nora"))  # type: ignore[arg-type]
    assert SESSION_KEY not in client.session


def test_what_is_too_long_to_keep_is_not_kept(client: Client, bob: User) -> None:
    assert client.post(PROFILE, form_of(bob, name="x" * LONGEST)).headers["Location"] == f"{LOGIN}?next=/"


@pytest.fixture
def strict(bob: User) -> Client:
    """Bob's browser, whose form's token has grown old."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(bob, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_a_form_with_an_old_token_is_shown_again(strict: Client, bob: User, lead: Lead) -> None:
    answer = strict.post(reverse("lead_note", args=[lead.public_id]), form_of(bob, text=TYPED))
    assert answer.status_code == 403
    assert answer.context["form"].shown == [("Text", TYPED)]
    assert not lead.notes.exists()


def test_an_old_token_and_an_ended_session_lose_nothing_either(bob: User, lead: Lead) -> None:
    client = Client(enforce_csrf_checks=True)
    asked = client.post(reverse("lead_note", args=[lead.public_id]), form_of(bob, text=TYPED))
    assert asked.headers["Location"] == f"{LOGIN}?next={UNSENT}"
    assert client.session[SESSION_KEY]["sender"] == bob.pk


def test_another_sites_form_never_comes_back_with_a_button(strict: Client, vera: User, workspace: Workspace) -> None:
    for fields in ({"stopped": "1"}, {"stopped": "1", "once": "forged"}, form_of(vera, stopped="1")):
        page = strict.post(reverse("stop_calls"), fields, headers={"Origin": "https://evil.example"})
        assert page.status_code == 403
        assert "Send it now" not in page.content.decode()
        assert "This page has expired" in page.content.decode()


def test_a_field_that_is_checked_meanwhile_leaves_the_page_alone(
    client: Client, bob: User, htmx: dict[str, str]
) -> None:
    answer = client.post(f"{reverse('lead_new')}?check=phone", form_of(bob, phone="1"), headers=htmx)
    assert answer.status_code == 204


def test_what_a_script_sends_starts_the_page_anew_and_keeps_its_own_draft(
    client: Client, bob: User, lead: Lead, htmx: dict[str, str]
) -> None:
    answer = client.post(reverse("call_modal", args=[lead.public_id]), form_of(bob), headers=htmx)
    assert answer.headers["HX-Refresh"] == "true"
    assert SESSION_KEY not in client.session
