"""The twelve outcomes by a real browser: log in, click Call, watch the call to its end without a reload."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.chromium import signed_in
from tests.e2e.conftest import MakeStack
from tests.e2e.stack import Stack

# By the last two digits: the call's outcome and the lead's status, as people read them.
OUTCOMES = {
    "00": ("Completed", "Contacted"),
    "01": ("Qualified", "Qualified"),
    "02": ("Disqualified", "Disqualified"),
    "03": ("Callback scheduled", "Callback scheduled"),
    "04": ("Follow-up", "Contacted"),
    "05": ("Do not contact", "Do not contact"),
    "06": ("Incomplete", "Contacted"),
    "07": ("Voicemail", "Voicemail"),
    "08": ("No answer", "No answer"),
    "09": ("Busy", "No answer"),
    "10": ("Error", "Error"),
    "last attempt": ("No contact", "No contact"),
}
TALKS = {"00", "01", "02", "03", "04", "05", "06", "07"}
LEADS = """
from accounts.actors import SYSTEM
from campaigns.models import Campaign
from campaigns.services import create_campaign
from leads.models import Lead
result = {lead.phone[-2:]: lead.public_id for lead in Lead.objects.filter(tags__name="sandbox").order_by("-pk")}
usual = Campaign.objects.filter(status="active", min_gap_minutes=0).first()
once = create_campaign(
    workspace=usual.workspace, by=SYSTEM, name="One attempt", status="active", hours=usual.hours,
    production_agent=usual.production_agent, min_gap_minutes=0, max_attempts=1,
)
lead = Lead.objects.create(workspace=usual.workspace, campaign=once, phone="+13055550108", first_name="Nora")
result["last attempt"] = lead.public_id
"""


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> Stack:
    stack = make_stack()
    stack.control(speed=15)
    return stack


@pytest.fixture(scope="module")
def browser(stack: Stack) -> Iterator[BrowserContext]:
    with signed_in(stack) as context:
        yield context


def click_call(page: Page, lead_id: str) -> None:
    page.goto(f"/leads/{lead_id}/")
    page.evaluate("window.neverReloaded = true")
    page.get_by_role("link", name="Call", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("This call is allowed now.")).to_be_visible()
    dialog.get_by_role("button", name="Call", exact=True).click()
    expect(dialog).to_be_hidden()


@pytest.mark.timeout(200)
def test_every_outcome_is_reached_from_the_browser_with_its_lead_status(stack: Stack, browser: BrowserContext) -> None:
    leads = stack.shell(LEADS)
    pages = {ending: browser.new_page() for ending in OUTCOMES}
    for ending, page in pages.items():
        click_call(page, leads[ending])
    for ending, page in pages.items():
        call = page.locator("article.call").first
        outcome, lead_status = OUTCOMES[ending]
        expect(call.locator(".call-head .badge")).to_have_text(outcome, timeout=60_000)
        expect(page.locator("#lead-state .badge")).to_have_text(lead_status)
        if ending in TALKS:
            expect(call.locator("audio")).to_be_attached()
            expect(call.locator(".transcript li").first).to_be_visible()
        assert page.evaluate("window.neverReloaded") is True


def test_a_call_is_followed_from_queued_over_ringing_to_its_end(stack: Stack, browser: BrowserContext) -> None:
    stack.control(speed=3)
    page = browser.new_page()
    click_call(page, stack.installation.ready()["lead"])
    head = page.locator("article.call").first.locator(".call-head .badge")
    expect(head).to_have_text("Ringing")
    stack.control(speed=6)
    expect(head).to_have_text("In progress")
    stack.control(speed=50)
    expect(head).to_have_text("Qualified")
    assert page.evaluate("window.neverReloaded") is True


def test_a_double_click_makes_one_call(stack: Stack, browser: BrowserContext) -> None:
    page = browser.new_page()
    since = stack.newest_interaction()
    page.goto(f"/leads/{stack.installation.ready()['lead']}/")
    page.get_by_role("link", name="Call", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Call", exact=True).dblclick()
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert len(stack.interactions(since)) == 1


def test_a_listed_number_says_so_before_the_click_and_cannot_be_called(stack: Stack, browser: BrowserContext) -> None:
    lead = stack.shell(
        "from accounts.actors import SYSTEM\n"
        "from leads.models import Lead\n"
        "from leads.services import add_to_do_not_call\n"
        "lead = Lead.objects.filter(tags__name='sandbox').first()\n"
        "add_to_do_not_call(workspace=lead.workspace, address=lead.phone, by=SYSTEM, reason='Asked by letter')\n"
        "result = lead.public_id"
    )
    page = browser.new_page()
    page.goto(f"/leads/{lead}/")
    page.get_by_role("link", name="Call", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Asked by letter")).to_be_visible()
    expect(dialog.get_by_role("button", name="Call", exact=True)).to_be_disabled()
