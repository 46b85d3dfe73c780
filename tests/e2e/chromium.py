"""A real Chromium, logged in as the demo's owner."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests import services
from tests.e2e.stack import Stack

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@contextmanager
def open_browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=services.chromium(), args=ARGUMENTS)
        yield chromium
        chromium.close()


@contextmanager
def signed_in(stack: Stack, **options: Any) -> Iterator[BrowserContext]:
    with open_browser() as chromium:
        context = new_context(chromium, stack, **options)
        page = context.new_page()
        log_in(page, stack)
        page.close()
        yield context


def new_context(chromium: Browser, stack: Stack, **options: Any) -> BrowserContext:
    context = chromium.new_context(base_url=stack.web, **options)
    context.set_default_timeout(30_000)
    return context


def log_in(page: Page, stack: Stack) -> None:
    page.goto("/")
    page.get_by_label(re.compile("E-?mail")).fill(stack.login["email"])
    page.get_by_label("Password").fill(stack.login["password"])
    page.keyboard.press("Enter")
    page.wait_for_url(f"{stack.web}/")
