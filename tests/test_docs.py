"""The documentation names everything that it promises to name, and its links lead somewhere."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from accounts.scopes import SCOPE_WORDS
from calls.models import ErrorCode
from campaigns.prompts import BUILT_IN
from common.openapi import FAILURES
from webhooks.delivering import WAITS
from webhooks.events import EVENT_WORDS, TEST_EVENT

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
CONFIGURATION = (ROOT / "docs/configuration.md").read_text()
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text()
GUIDE = (ROOT / "docs/api.md").read_text()
APPS = ("accounts", "calls", "campaigns", "common", "leads", "webhooks")
RAISING = re.compile(r".*Error|super\(\)\.__init__|failure|_before_any_view")
# What only pages do: sign-up, invitations that are accepted, changing members by form.
OF_PAGES = {"ACCOUNT_EXISTS", "ALREADY_SET_UP", "INVITATION_GONE", "OTHER_PERSON"}

READERS = {"given", "default", "port_of", "_seconds"}
CODE = re.compile(r"[A-Z]{2,}(_[A-Z]+)+")
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def nodes_of(path: str) -> Iterator[ast.AST]:
    return ast.walk(ast.parse((ROOT / path).read_text()))


def first_text(arguments: list[ast.expr]) -> str:
    first = arguments[0] if arguments else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""


def variables_of_settings() -> set[str]:
    """The names in env.str("NAME") and its relatives, and in the module's own _text and _list."""
    calls = [node for node in nodes_of("leadsail/settings.py") if isinstance(node, ast.Call)]
    return {first_text(call.args) for call in calls if _reads_the_environment(call.func)} - {""}


def _reads_the_environment(function: ast.expr) -> bool:
    if isinstance(function, ast.Attribute):
        return isinstance(function.value, ast.Name) and function.value.id == "env"
    return isinstance(function, ast.Name) and function.id in ("_text", "_list")


def variables_of_embedded_mode() -> set[str]:
    """The names that its helpers read, that it sets, and that it generates into `$VAR/env`."""
    found = set()
    for path in ("leadsail/embedded.py", "leadsail/management/commands/up.py"):
        for node in nodes_of(path):
            if isinstance(node, ast.Call):
                name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
                found.add(first_text(node.args) if name in READERS else "")
            elif isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
                found.add(first_text([node.slice]))
            elif isinstance(node, ast.Dict):
                found |= {text for key in node.keys if CODE.fullmatch(text := first_text([key] if key else []))}
    return found - {""}


def codes_of_gate() -> set[str]:
    constants = (node.value for node in nodes_of("calls/gate/rules.py") if isinstance(node, ast.Constant))
    return {value for value in constants if isinstance(value, str) and CODE.fullmatch(value)}


def codes_of_failures() -> set[str]:
    """The first argument of whatever is raised or answered as a failure, in any app."""
    files = [str(path) for app in APPS for path in (ROOT / app).rglob("*.py")]
    calls = [node for path in files for node in nodes_of(path) if isinstance(node, ast.Call)]
    raised = {first_text(call.args) for call in calls if RAISING.fullmatch(ast.unparse(call.func))}
    return {code for code in raised if CODE.fullmatch(code)} | {code for _, _, code, _ in FAILURES.values()}


def error_codes() -> set[str]:
    return {value for name, value in vars(ErrorCode).items() if name.isupper()}


def test_the_names_are_found_in_the_code() -> None:
    assert {"SECRET_KEY", "S3_BUCKET", "WEBHOOK_TOLERANCE_MINUTES", "CLOCK"} <= variables_of_settings()
    assert {"PORT", "DEMO", "NOW", "SPEED", "STOP_WITH", "VALKEY_PASSWORD"} <= variables_of_embedded_mode()
    assert {"DO_NOT_CALL", "OUTSIDE_OPERATING_HOURS", "MISSING_PHONE_NUMBER"} <= codes_of_gate()
    assert {"INVALID_NUMBER", "NO_REPORT"} <= error_codes()
    assert {"NOT_FOUND", "IDEMPOTENCY_KEY_REUSED", "LAST_OWNER", "OUTCOME_CHANGED"} <= codes_of_failures()


@pytest.mark.parametrize("name", sorted(variables_of_settings() | variables_of_embedded_mode()))
def test_every_variable_is_explained(name: str) -> None:
    assert re.search(rf"^\| .*`{name}`.* \|", CONFIGURATION, re.MULTILINE)


@pytest.mark.parametrize("name", sorted(variables_of_settings()))
def test_every_setting_stands_in_the_example(name: str) -> None:
    assert re.search(rf"^#?{name}=", (ROOT / ".env.example").read_text(), re.MULTILINE)


@pytest.mark.parametrize("code", sorted(codes_of_gate() | error_codes()))
def test_every_code_is_explained(code: str) -> None:
    assert f"\n| `{code}` |" in ARCHITECTURE


@pytest.mark.parametrize("code", sorted((codes_of_failures() | codes_of_gate()) - OF_PAGES))
def test_every_code_of_a_failure_stands_in_the_guide(code: str) -> None:
    assert f"\n| `{code}` |" in GUIDE


@pytest.mark.parametrize(("name", "words"), [*SCOPE_WORDS.items(), *EVENT_WORDS.items()])
def test_every_scope_and_event_stands_in_the_guide_as_it_is_described(name: str, words: str) -> None:
    assert f"\n| `{name}` | {words} |\n" in GUIDE


def test_the_guide_tells_the_waits_between_tries() -> None:
    assert f"\n| `{TEST_EVENT}` |" in GUIDE
    assert ", ".join(map(in_words, WAITS[:-1])) + f" and {in_words(WAITS[-1])}" in re.sub(r"\s+", " ", GUIDE)


def in_words(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_every_prompt_variable_is_explained(name: str) -> None:
    assert re.search(rf"^\| .*`{name}`.* \|", ARCHITECTURE, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    targets = LINK.findall(FENCE.sub("", page.read_text()))
    assert [target for target in targets if not leads_somewhere(page, target)] == []


def leads_somewhere(page: Path, target: str) -> bool:
    if re.match(r"[a-z]+:", target):
        return True
    path, _, anchor = target.partition("#")
    aim = (page.parent / path).resolve() if path else page
    return aim.exists() and (not anchor or anchor in anchors_of(aim))


def anchors_of(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
