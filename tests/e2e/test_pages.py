"""Every page in a real Chromium: no serious accessibility fault in both themes and sizes, nothing wider than the
window, no fault in the console, no request to another host."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page

from tests.e2e.chromium import signed_in
from tests.e2e.conftest import MakeStack
from tests.e2e.stack import Stack

# Each theme and each size once: the colours do not depend on the size, nor the places on the theme.
LOOKS = (("light", 1440, 900), ("dark", 390, 844))
OTHER_WIDTHS = (360, 768, 900, 1024)
SERIOUS = {"serious", "critical"}
# With the first row of the demo in place of each name.
ROWS = """
from calls.models import DialerEntry, Interaction
from campaigns.models import CallerNumber, Campaign, PromptTemplate, ProviderAccount, VoiceAgent
from leads.models import Lead, LeadStatus
from webhooks.models import Delivery, DeliveryAttempt, WebhookEndpoint, WebhookEvent
hook = WebhookEndpoint.objects.create(
    workspace=Campaign.objects.order_by("pk").first().workspace,
    url="https://crm.example.com/hooks/leadsail",
    events=["lead.first_submission_action", "call.completed"],
    state="paused",
)
event = WebhookEvent.objects.create(workspace=hook.workspace, type="call.completed", object_id="int_abc", body="{}")
delivery = Delivery.objects.create(endpoint=hook, event=event, state="failed", tries=1, last_status=500)
DeliveryAttempt.objects.create(
    delivery=delivery, url=hook.url, status=500, request_headers={"webhook-id": event.public_id}, response_body="oops"
)
lead = Lead.objects.filter(campaign=Campaign.objects.order_by("pk").first()).order_by("pk").first()
done = {"workspace": lead.workspace, "campaign": lead.campaign, "state": "done", "why_text": "All attempts are made."}
DialerEntry.objects.create(lead=lead, **done)
called = Interaction.objects.filter(transcript__isnull=False, recording_state="stored").order_by("-pk").first()
result = {
    "lead": called.lead.public_id,
    "listed": Lead.objects.filter(status=LeadStatus.DNC).first().public_id,
    "call": called.public_id,
    "failed": Interaction.objects.filter(status="error").first().public_id,
    "campaign": Campaign.objects.order_by("pk").first().code,
    "agent": VoiceAgent.objects.first().public_id,
    "number": CallerNumber.objects.first().public_id,
    "prompt": PromptTemplate.objects.first().public_id,
    "account": ProviderAccount.objects.first().public_id,
    "webhook": hook.public_id,
    "delivery": delivery.public_id,
}
"""
PAGES = (
    "/",
    "/leads/",
    "/leads/?q=nobody+has+this+name",
    "/leads/?status=qualified&sort=name",
    "/leads/new/",
    "/leads/{lead}/",
    "/leads/{lead}/?tab=details",
    "/leads/{lead}/?tab=activity",
    "/leads/{lead}/edit/",
    "/leads/{lead}/call/",
    "/leads/{listed}/",
    "/conversations/",
    "/conversations/?q=kitchen",
    "/conversations/{call}/",
    "/conversations/{failed}/",
    "/campaigns/",
    "/campaigns/new/",
    "/campaigns/{campaign}/",
    "/campaigns/{campaign}/edit/",
    "/campaigns/{campaign}/dialer/",
    "/campaigns/{campaign}/dialer/?show=done",
    "/campaigns/{campaign}/dialer/settings/",
    "/campaigns/{campaign}/dialer/settings/?preset=speed_to_lead",
    "/agents/",
    "/agents/new/",
    "/agents/{agent}/",
    "/numbers/",
    "/numbers/new/",
    "/numbers/{number}/",
    "/prompts/",
    "/prompts/new/",
    "/prompts/{prompt}/",
    "/prompts/{prompt}/versions/1/",
    "/prompts/variables/",
    "/prompts/variables/new/",
    "/settings/workspace/",
    "/settings/members/",
    "/settings/providers/",
    "/settings/providers/new/",
    "/settings/providers/{account}/",
    "/settings/keys/",
    "/settings/keys/new/",
    "/settings/webhooks/",
    "/settings/webhooks/new/",
    "/settings/webhooks/{webhook}/",
    "/settings/webhooks/{webhook}/edit/",
    "/settings/webhooks/{webhook}/secret/",
    "/settings/webhooks/{webhook}/deliveries/{delivery}/",
    "/settings/do-not-call/",
    "/settings/do-not-call/upload/",
    "/settings/audit/",
    "/settings/profile/",
    "/accounts/password/change/",
    "/accounts/2fa/totp/activate/",
    "/accounts/password/reset/",
    "/guide/",
    "/styleguide/",
    "/nothing/here/",
)


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> Stack:
    return make_stack()


@pytest.fixture(scope="module")
def rows(stack: Stack) -> dict[str, str]:
    found: dict[str, str] = stack.shell(ROWS)
    return found


@pytest.fixture(scope="module")
def browser(stack: Stack) -> Iterator[BrowserContext]:
    with signed_in(stack) as context:
        yield context


@pytest.mark.parametrize("path", PAGES)
def test_a_page_can_be_used_by_everybody(
    browser: BrowserContext, stack: Stack, rows: dict[str, str], path: str
) -> None:
    page = browser.new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda request: faults.append(request.url) if _is_foreign(request.url, stack) else None)
    answer = page.goto(path.format(**rows))
    assert answer
    assert answer.status == (404 if "nothing" in path else 200)
    for theme, width, height in LOOKS:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
        faults += [f"{theme} {width}: {fault}" for fault in _faults_of(page)]
    for width in OTHER_WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        faults += [f"{width}: {fault}" for fault in _too_wide(page)]
    page.close()
    expected = [fault for fault in faults if "status of 404" in fault] if "nothing" in path else []
    assert [fault for fault in faults if fault not in expected] == []


def _is_foreign(url: str, stack: Stack) -> bool:
    return urlsplit(url).scheme in ("http", "https") and not url.startswith(stack.web)


def _faults_of(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    faults = [
        f"{rule['id']}: {node['html'][:160]}" for rule in found if rule["impact"] in SERIOUS for node in rule["nodes"]
    ]
    return faults + _too_wide(page)


def _too_wide(page: Page) -> list[str]:
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [f"the page is {wider} px wider than the window"] if wider > 0 else []
