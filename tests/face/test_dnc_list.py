from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.actors import SYSTEM
from accounts.models import Role, Workspace
from calls.services import preflight
from common.paging import PAGE_SIZE
from leads.models import DoNotCall, Lead
from leads.services import add_to_do_not_call
from tests import world

URL, ADD, UPLOAD = reverse("dnc_list"), reverse("dnc_add"), reverse("dnc_upload")
ANNA = "+14155550132"


@pytest.fixture
def adam_client(workspace: Workspace) -> Client:
    client = Client()
    client.force_login(world.make_user("Adam", workspace, Role.ADMIN))
    return client


@pytest.fixture
def entry(workspace: Workspace) -> DoNotCall:
    return add_to_do_not_call(workspace=workspace, address=ANNA, by=SYSTEM, reason="asked by mail")


def found(client: Client, **asked: str) -> list[str]:
    return [row.entry.address for row in client.get(URL, asked).context["rows"]]


def once_of(page: Any) -> str:
    return str(re.findall(r'name="once" value="([^"]+)"', page.content.decode())[0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(415) 555-0132", [ANNA]),
        ("+1 415.555.0132", [ANNA]),
        ("550132", [ANNA]),
        ("o.chen@", ["o.chen@example.org"]),
        ("CHEN", ["o.chen@example.org"]),
        ("x132", []),
        ("%", []),
        ("", ["o.chen@example.org", ANNA]),
    ],
)
def test_search_finds_any_writing_and_parts(
    vera_client: Client, entry: DoNotCall, text: str, expected: list[str]
) -> None:
    add_to_do_not_call(workspace=entry.workspace, address="o.chen@example.org", by=SYSTEM, channel="email")
    assert found(vera_client, q=text) == expected


def test_the_channel_narrows(vera_client: Client, entry: DoNotCall) -> None:
    add_to_do_not_call(workspace=entry.workspace, address=ANNA, by=SYSTEM, channel="sms")
    assert found(vera_client, channel="sms") == [ANNA]
    assert found(vera_client, channel="fax") == [ANNA, ANNA]


def test_pages_follow_each_other(vera_client: Client, workspace: Workspace) -> None:
    for i in range(PAGE_SIZE + 3):
        add_to_do_not_call(workspace=workspace, address=f"+1415555{i:04}", by=SYSTEM)
    first = vera_client.get(URL)
    second = vera_client.get(URL + first.context["next_url"])
    assert [len(page.context["rows"]) for page in (first, second)] == [PAGE_SIZE, 3]


def test_a_member_adds_any_writing_and_the_call_is_refused(bob_client: Client, lead: Lead, bob: object) -> None:
    fields = {"channel": "phone", "address": "(415) 555-0132", "reason": "told me"}
    assert bob_client.post(ADD, fields).headers["Location"] == URL
    entry = DoNotCall.objects.get()
    assert (entry.address, entry.reason, entry.user) == (ANNA, "told me", bob)
    assert not preflight(lead=lead).verdict.allowed


def test_adding_what_is_listed_says_so_and_keeps_the_first_reason(bob_client: Client, entry: DoNotCall) -> None:
    page = bob_client.post(ADD, {"channel": "phone", "address": ANNA, "reason": "again"}, follow=True)
    assert "was on the list already" in page.content.decode()
    assert DoNotCall.objects.get().reason == "asked by mail"


@pytest.mark.parametrize(
    ("channel", "address"),
    [("phone", "hello"), ("sms", "12"), ("email", "anna"), ("email", f"{'a' * 60}@{'b' * 200}.com"), ("phone", "")],
)
def test_what_is_no_address_is_told_at_the_field(bob_client: Client, channel: str, address: str) -> None:
    answer = bob_client.post(ADD, {"channel": channel, "address": address})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["address"]


def test_the_address_is_judged_while_typing_and_nothing_is_kept(bob_client: Client, htmx: dict[str, str]) -> None:
    answer = bob_client.post(f"{ADD}?check=address", {"channel": "phone", "address": "hello"}, headers=htmx)
    assert "cannot be a phone number" in answer.content.decode()
    bob_client.post(f"{ADD}?check=address", {"channel": "phone", "address": ANNA}, headers=htmx)
    assert not DoNotCall.objects.exists()


def test_an_admin_lifts_with_a_reason_and_a_trace(adam_client: Client, entry: DoNotCall) -> None:
    url = reverse("dnc_lift", args=[entry.pk])
    page = adam_client.get(url)
    assert "asked by mail" in page.content.decode()
    assert adam_client.post(url, {"reason": ""}).status_code == 422
    sent = {"reason": "agreed on 3 May", "once": once_of(page)}
    assert [adam_client.post(url, sent).headers["Location"] for _ in range(2)] == [URL, URL]
    assert not DoNotCall.objects.exists()
    assert entry.workspace.audit_events.get(verb="dnc.lifted").data["reason"] == "agreed on 3 May"


def test_roles_are_kept(vera_client: Client, bob_client: Client, entry: DoNotCall) -> None:
    lift = reverse("dnc_lift", args=[entry.pk])
    assert [vera_client.get(url).status_code for url in (URL, ADD, UPLOAD, lift)] == [200, 403, 403, 403]
    assert [bob_client.get(url).status_code for url in (URL, ADD, UPLOAD, lift)] == [200, 200, 200, 403]
    assert lift not in bob_client.get(URL).content.decode()
    assert ADD not in vera_client.get(URL).content.decode()


def test_another_workspaces_list_is_not_there(mallory_client: Client, entry: DoNotCall) -> None:
    assert found(mallory_client) == []
    lift = reverse("dnc_lift", args=[entry.pk])
    assert mallory_client.get(lift).status_code == 404
    assert mallory_client.post(lift, {"reason": "x"}).status_code == 404


def test_an_uploaded_file_is_judged_row_by_row(bob_client: Client, entry: DoNotCall) -> None:
    rows = b"Name,Phone\nAnna,(415) 555-0132\nOlga,212-555-0171\nOlga,+12125550171\nNobody,hello\n"
    sent = {"file": SimpleUploadedFile("list.csv", rows), "channel": "phone", "reason": "register"}
    page = bob_client.post(UPLOAD, sent, follow=True)
    told = page.context["told"]
    assert [told[name] for name in ("added", "listed_already", "repeated", "not_readable")] == [1, 1, 1, 1]
    assert "hello" in page.content.decode()
    new = DoNotCall.objects.get(address="+12125550171")
    assert (new.reason, new.source) == ("register", "upload")
    entry.refresh_from_db()
    assert entry.reason == "asked by mail"


def test_an_upload_sent_twice_is_done_once(bob_client: Client, workspace: Workspace) -> None:
    sent = {"text": ANNA, "channel": "phone", "once": once_of(bob_client.get(UPLOAD))}
    first, second = (bob_client.post(UPLOAD, sent).headers["Location"] for _ in range(2))
    assert first == second
    assert workspace.audit_events.filter(verb="dnc.uploaded").count() == 1


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "text"),
        ({"text": "\n \n"}, "text"),
        ({"text": "Phone\n"}, "text"),
        ({"text": "1\n" * 50_002}, "text"),
        ({"text": "1" * (5 * 1024 * 1024 + 1)}, "text"),
        ({"file": SimpleUploadedFile("x.csv", b"1" * (5 * 1024 * 1024 + 1))}, "file"),
        ({"file": SimpleUploadedFile("x.csv", b"")}, "file"),
        ({"file": SimpleUploadedFile("x.csv", b"1\n2"), "text": ANNA}, "text"),
    ],
)
def test_what_cannot_be_uploaded_is_told_and_lists_nobody(bob_client: Client, sent: dict[str, Any], field: str) -> None:
    answer = bob_client.post(UPLOAD, {"channel": "phone", **sent})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert not DoNotCall.objects.exists()


def test_bad_rows_are_downloaded_and_run_as_no_formula(bob_client: Client) -> None:
    text = f"{ANNA}\n=1+1\n" + "no\n" * 300
    report = bob_client.post(UPLOAD, {"text": text, "channel": "phone"}).headers["Location"]
    assert "The first 200 of 301" in bob_client.get(report).content.decode()
    rows = bob_client.get(f"{report}&csv=1").content.decode().splitlines()
    assert len(rows) == 302
    assert rows[1].startswith("2,'=1+1,")
    cache.clear()
    assert "Download" not in bob_client.get(f"{report}&csv=1").content.decode()


def test_the_report_is_the_workspaces_own(bob_client: Client, mallory_client: Client) -> None:
    report = bob_client.post(UPLOAD, {"text": ANNA, "channel": "phone"}).headers["Location"]
    assert bob_client.get(report).status_code == 200
    assert mallory_client.get(report).status_code == 404
    assert bob_client.get(f"{UPLOAD}?report=x").status_code == 404


def test_queries_do_not_grow_with_rows(adam_client: Client, entry: DoNotCall, bob: Any) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            adam_client.get(URL)
        return len(captured)

    few = queries()
    for i in range(30):
        entry = add_to_do_not_call(workspace=entry.workspace, address=f"+1415555{i:04}", by=SYSTEM)
    DoNotCall.objects.update(user=bob)
    assert queries() == few < 12


def test_markup_in_a_reason_is_text(vera_client: Client, workspace: Workspace) -> None:
    add_to_do_not_call(workspace=workspace, address=ANNA, by=SYSTEM, reason="<b>no</b>")
    assert "&lt;b&gt;no&lt;/b&gt;" in vera_client.get(URL).content.decode()
