from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEvent, User, Workspace
from campaigns.models import CallerNumber, Campaign, ProviderAccount
from campaigns.services import update_number
from common.once import new_token
from tests import world

LIST, NEW = reverse("number_list"), reverse("number_new")


@pytest.fixture
def number(campaign: Campaign) -> CallerNumber:
    return CallerNumber.objects.get()


def form(account: ProviderAccount, **fields: Any) -> dict[str, Any]:
    defaults = {"e164": "(415) 555-0177", "label": "Oakland", "provider_number_id": "phnum_7", "kind": "twilio"}
    return {**defaults, "account": account.pk, **fields}


def edit_url(number: CallerNumber) -> str:
    return reverse("number_edit", args=[number.public_id])


def errors(response: Any) -> dict[str, list[str]]:
    assert response.status_code == 422
    found: dict[str, list[str]] = response.context["form"].errors
    return found


@pytest.mark.parametrize("text", ["(415) 555-0177", "+1 415.555.0177", "+14155550177", "1 (415) 555 0177"])
def test_any_writing_of_a_number_is_taken(alice_client: Client, account: ProviderAccount, text: str) -> None:
    assert alice_client.post(NEW, form(account, e164=text)).status_code == 302
    made = CallerNumber.objects.get(label="Oakland")
    assert made.e164 == "+14155550177"
    assert AuditEvent.objects.filter(verb="number.created", object_id=made.public_id).exists()


@pytest.mark.parametrize("text", ["", "hello", "555-0177", "+1 415 555"])
def test_what_is_no_number_is_told_at_the_field(alice_client: Client, account: ProviderAccount, text: str) -> None:
    assert list(errors(alice_client.post(NEW, form(account, e164=text)))) == ["e164"]


def test_a_number_the_account_has_already_is_told(alice_client: Client, number: CallerNumber) -> None:
    found = errors(alice_client.post(NEW, form(number.account, e164="+1 (415) 555-0100")))
    assert "has this number already" in found["e164"][0]


def test_two_accounts_may_hold_one_number(alice_client: Client, number: CallerNumber, workspace: Workspace) -> None:
    other = world.make_account(workspace)
    assert alice_client.post(NEW, form(other, e164=number.e164)).status_code == 302


def test_sent_twice_it_is_made_once(alice_client: Client, alice: User, account: ProviderAccount, rf: Any) -> None:
    request = rf.get("/")
    request.user = alice
    sent = form(account, once=new_token(request))
    assert [alice_client.post(NEW, sent)["Location"] for _ in range(2)] == [LIST, LIST]
    assert CallerNumber.objects.filter(label="Oakland").count() == 1


def test_the_numbers_of_the_provider_are_offered(alice_client: Client, account: ProviderAccount) -> None:
    listed = {"id": "phnum_9", "number": "+14155550199", "kind": "twilio", "label": "Main"}
    account.directory = {"numbers": [listed]}
    account.save()
    page = alice_client.get(NEW).content.decode()
    assert f'<option value="phnum_9">+14155550199 Main ({account})</option>' in page


def test_a_change_is_saved_and_on_record(alice_client: Client, number: CallerNumber) -> None:
    sent = form(number.account, e164=number.e164, provider_number_id=number.provider_number_id)
    alice_client.post(edit_url(number), sent)
    assert AuditEvent.objects.get(verb="number.changed").data == {"changes": {"label": ["", "Oakland"]}}


def test_a_number_in_use_stays_with_its_account(
    alice_client: Client, number: CallerNumber, workspace: Workspace
) -> None:
    other = world.make_account(workspace)
    found = errors(alice_client.post(edit_url(number), form(other, e164=number.e164)))
    assert "would have no number left" in found["account"][0]


def test_a_stale_edit_is_told(alice_client: Client, number: CallerNumber) -> None:
    seen = alice_client.get(edit_url(number)).context["form"]["seen"].value()
    CallerNumber.objects.update(label="Changed meanwhile")
    found = errors(alice_client.post(edit_url(number), form(number.account, seen=seen)))
    assert "Changed meanwhile" in found["__all__"][0]


def test_of_two_changes_at_the_same_moment_both_survive(
    alice_client: Client, number: CallerNumber, monkeypatch: pytest.MonkeyPatch
) -> None:
    def save_second(**fields: Any) -> CallerNumber:
        CallerNumber.objects.update(label="Oakland")
        return update_number(**fields)

    monkeypatch.setattr("campaigns.views.numbers.update_number", save_second)
    page = alice_client.get(edit_url(number)).context["form"]
    sent = {field.html_name: field.value() or "" for field in page} | {"provider_number_id": "phnum_new"}
    assert alice_client.post(edit_url(number), sent).status_code == 302
    number.refresh_from_db()
    assert (number.label, number.provider_number_id) == ("Oakland", "phnum_new")


def test_deactivating_asks_with_its_callers_and_can_be_undone(alice_client: Client, number: CallerNumber) -> None:
    caller = number.agents.get()
    assert f"No more calls from it by: {caller.name}." in alice_client.get(edit_url(number)).content.decode()
    after = alice_client.post(edit_url(number), {"active": "0"}, follow=True).content.decode()
    assert not CallerNumber.objects.get().is_active
    undo = f"{edit_url(number)}?active=1"
    assert undo in after
    alice_client.post(undo)
    assert CallerNumber.objects.get().is_active


def test_another_workspaces_number_and_account_are_unknown(
    alice_client: Client, account: ProviderAccount, elsewhere: Campaign
) -> None:
    theirs = CallerNumber.objects.get(workspace=elsewhere.workspace)
    assert list(errors(alice_client.post(NEW, form(theirs.account)))) == ["account"]
    assert alice_client.get(edit_url(theirs)).status_code == 404
    assert alice_client.post(edit_url(theirs), {"active": "0"}).status_code == 404
    rows = alice_client.get(LIST).context["rows"]
    assert theirs not in [row.number for row in rows]


@pytest.mark.parametrize("person", ["bob_client", "vera_client"])
def test_who_is_no_admin_reads_and_is_refused(request: Any, number: CallerNumber, person: str) -> None:
    client = request.getfixturevalue(person)
    page = client.get(LIST).content.decode()
    assert "+1 415-555-0100" in page
    assert NEW not in page
    assert edit_url(number) not in page
    for url in (NEW, edit_url(number)):
        assert client.get(url).status_code == 403
        assert client.post(url, form(number.account)).status_code == 403


def test_queries_do_not_grow_with_rows(vera_client: Client, number: CallerNumber) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            vera_client.get(LIST)
        return len(captured)

    few = queries()
    for i in range(20):
        more = world.make_number(world.make_account(number.workspace), f"+141555501{i:02}")
        world.make_agent(more.account, caller_number=more)
    assert queries() == few
    assert few < 12


def test_an_empty_list_leads_to_the_next_step(alice_client: Client, account: ProviderAccount) -> None:
    Campaign.objects.all().delete()
    CallerNumber.objects.all().delete()
    assert NEW in alice_client.get(LIST).content.decode()
    ProviderAccount.objects.update(is_active=False)
    assert reverse("account_new") in alice_client.get(LIST).content.decode()


@pytest.mark.parametrize(("text", "kept"), [("200", 200), ("", None)])
def test_a_number_may_have_a_daily_cap(alice_client: Client, number: CallerNumber, text: str, kept: int | None) -> None:
    CallerNumber.objects.update(daily_cap=50)
    alice_client.post(edit_url(number), form(number.account, e164=number.e164, daily_cap=text))
    assert CallerNumber.objects.get().daily_cap == kept
    assert ("at most 200 calls a day" in alice_client.get(LIST).content.decode()) == bool(kept)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        *((text, "Write at least 1, or leave it empty: then there is no limit.") for text in ("0", "-1", "many")),
        ("100001", "Write a smaller number: at most 100000."),
    ],
)
def test_a_daily_cap_that_is_none_is_told(alice_client: Client, number: CallerNumber, text: str, sentence: str) -> None:
    sent = form(number.account, e164=number.e164, daily_cap=text)
    assert errors(alice_client.post(edit_url(number), sent)) == {"daily_cap": [sentence]}
