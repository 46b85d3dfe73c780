"""What people come for, in a real Chromium, by mouse and by keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.chromium import new_context, signed_in
from tests.e2e.conftest import MakeStack
from tests.e2e.hands import HANDS, Hand
from tests.e2e.stack import Stack

EACH_HAND = pytest.mark.parametrize("hand_of", HANDS, ids=lambda hand: hand.__name__.lower())
FRESH_LEAD = """
import secrets
from campaigns.models import Campaign
from leads.models import Lead
usual = Campaign.objects.filter(status="active", min_gap_minutes=0).first()
lead = Lead.objects.create(
    workspace=usual.workspace, campaign=usual, phone="+{number}", first_name="{name}", last_name="Journey",
)
result = lead.public_id
"""
CALLED = """
from calls.models import Interaction
talks = Interaction.objects.filter(status="completed", transcript__isnull=False, recording_state="stored")
calls = talks.filter(machine_status="")
newest = [call for call in calls.select_related("lead") if call == call.lead.interactions.order_by("-pk").first()]
result = [call.public_id for call in newest]
"""
PAUSED = """
from accounts.actors import SYSTEM
from campaigns.models import Campaign
from campaigns.services import create_campaign
usual = Campaign.objects.filter(status="active", min_gap_minutes=0).first()
made = create_campaign(
    workspace=usual.workspace, by=SYSTEM, name="{name}", hours=usual.hours, caller_number=usual.caller_number
)
result = [made.code, usual.production_agent.name]
"""


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> Stack:
    stack = make_stack()
    stack.control(speed=20)
    return stack


@pytest.fixture(scope="module")
def browser(stack: Stack) -> Iterator[BrowserContext]:
    with signed_in(stack) as context:
        yield context


@pytest.fixture
def page(browser: BrowserContext) -> Iterator[Page]:
    page = browser.new_page()
    yield page
    page.close()


def fresh_lead(stack: Stack, number: str, name: str) -> str:
    return str(stack.shell(FRESH_LEAD.format(number=number, name=name)))


def call_from_dialog(page: Page, hand: Hand) -> None:
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("This call is allowed now.")).to_be_visible()
    hand.press(dialog.get_by_role("button", name="Call", exact=True))
    expect(dialog).to_be_hidden()


@EACH_HAND
def test_a_lead_is_found_by_a_badly_written_number_and_called(stack: Stack, page: Page, hand_of: type[Hand]) -> None:
    hand = hand_of(page)
    lead = fresh_lead(stack, {"Mouse": "15105550101", "Keyboard": "15105550201"}[hand_of.__name__], hand_of.__name__)
    written = {"Mouse": " (510) 555.01-01 ", "Keyboard": "001 510 / 555 02 01"}[hand_of.__name__]
    page.goto("/")
    hand.press(page.get_by_role("navigation", name="Main").get_by_role("link", name="Leads"))
    hand.write(page.get_by_role("searchbox", name="Search leads"), written)
    expect(page.locator("a.row-link")).to_have_count(1)
    hand.press(page.get_by_role("link", name=f"{hand_of.__name__} Journey", exact=True))
    page.wait_for_url(f"**/leads/{lead}/")
    hand.press(page.get_by_role("link", name="Call", exact=True))
    call_from_dialog(page, hand)
    expect(page.locator("#lead-state .badge").first).to_have_text("Qualified", timeout=60_000)


@EACH_HAND
def test_a_conversation_is_read_and_its_outcome_corrected(stack: Stack, page: Page, hand_of: type[Hand]) -> None:
    hand = hand_of(page)
    call = stack.shell(CALLED)[0]
    page.goto(f"/conversations/{call}/")
    expect(page.locator(".transcript li").first).to_be_visible()
    hand.press(page.locator(".transcript li").nth(2).get_by_role("button"))
    expect(page.locator(".transcript [aria-current]")).to_have_count(1)
    hand.press(page.locator("summary", has_text="Correct the outcome"))
    hand.choose(page.get_by_label("How it really ended"), "Qualified")
    hand.write(page.get_by_label("Reason"), "She wants the offer by Friday")
    hand.press(page.get_by_role("button", name="Correct", exact=True))
    expect(page.locator("#lead-state .badge").first).to_have_text("Qualified")
    expect(page.get_by_text("She wants the offer by Friday").first).to_be_visible()
    expect(page.get_by_text(re.compile("was Completed")).first).to_be_visible()


@EACH_HAND
def test_a_campaign_is_launched_from_its_checklist(stack: Stack, page: Page, hand_of: type[Hand]) -> None:
    hand = hand_of(page)
    code, agent = stack.shell(PAUSED.format(name=f"By {hand_of.__name__}"))
    page.goto(f"/campaigns/{code}/")
    expect(page.get_by_role("button", name="Launch")).to_be_disabled()
    hand.press(page.locator(".checklist .check-missing").first.get_by_role("link").first)
    page.wait_for_url(re.compile(f"/campaigns/{code}/edit/"))
    hand.choose(page.get_by_label("Voice agent", exact=True), agent)
    hand.press(page.get_by_role("button", name="Save"))
    page.wait_for_url(f"**/campaigns/{code}/")
    hand.press(page.get_by_role("button", name="Launch"))
    question = page.get_by_role("dialog")
    if question.is_visible():
        hand.press(question.get_by_role("button", name="Launch"))
    expect(page.locator(".page-head .badge")).to_have_text("Active")


@EACH_HAND
def test_who_is_put_on_do_not_call_cannot_be_called(stack: Stack, page: Page, hand_of: type[Hand]) -> None:
    hand = hand_of(page)
    lead = fresh_lead(stack, {"Mouse": "15105550301", "Keyboard": "15105550401"}[hand_of.__name__], hand_of.__name__)
    page.goto(f"/leads/{lead}/")
    hand.press(page.locator("summary", has_text="Do-Not-Call"))
    hand.write(page.get_by_label("Reason").and_(page.locator(":visible")), "Asked by letter")
    hand.press(page.get_by_role("button", name="Put on Do-Not-Call"))
    expect(page.locator("#lead-state .dnc")).to_be_visible()
    hand.press(page.get_by_role("link", name="Call", exact=True))
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Asked by letter")).to_be_visible()
    expect(dialog.get_by_role("button", name="Call", exact=True)).to_be_disabled()


@EACH_HAND
def test_from_an_empty_installation_to_the_first_call(
    make_stack: MakeStack, browser: BrowserContext, hand_of: type[Hand]
) -> None:
    stack = make_stack(DEMO="0")
    stack.control(speed=20)
    assert browser.browser
    page = new_context(browser.browser, stack).new_page()
    hand = hand_of(page)
    page.goto("/leads/")
    for label, text in (
        ("Your name", "Alice Owner"),
        ("E-mail", "alice@example.com"),
        ("Password", "a long enough passphrase"),
        ("Name of your company or team", "Harbour"),
    ):
        hand.write(page.get_by_label(label), text)
    hand.press(page.get_by_role("button", name="Create the owner and begin"))
    hand.press(page.get_by_role("button", name="Use the built-in sandbox"))
    first_person = page.locator(".suggested button").first
    expect(first_person).to_be_visible()
    hand.press(first_person)
    hand.press(page.get_by_role("link", name="Call", exact=True))
    call_from_dialog(page, hand)
    expect(page.locator("#lead-state .badge").first).to_have_text("Qualified", timeout=60_000)
    page.context.close()
