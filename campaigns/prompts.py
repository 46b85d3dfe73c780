"""`{{name}}` and `{{name|default:"text"}}`: whitelisted names, one pass, nothing is ever evaluated."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

TAG = re.compile(r"\{\{\s*(?P<name>\w+)\s*(?:\|\s*default:\s*\"(?P<default>[^\"{}]*)\"\s*)?\}\}")
BRACES = re.compile(r"\{\{|\}\}")


@dataclass(frozen=True)
class Variable:
    name: str
    meaning: str
    default: str = ""
    example: str = ""


SYSTEM_VARIABLES = (
    Variable("call_direction", "outbound or inbound", example="outbound"),
    Variable(
        "contact_type",
        "new: never called; first: called, but nobody was reached yet; returning: spoken to before",
        example="new",
    ),
    Variable("campaign_name", "The campaign's name", example="Spring kitchens"),
    Variable("agent_name", "The voice agent's name", example="Nora"),
    Variable("workspace_name", "The workspace's name", example="Harbour Kitchens"),
    Variable("caller_number", "The number the call is made from", example="+14155550100"),
    Variable("attempt_number", "1 for the first call to this lead in this campaign", example="1"),
    Variable("current_date", "Today in the lead's zone", example="2026-11-20"),
    Variable("current_time", "Now in the lead's zone", example="15:04"),
    Variable("current_weekday", "Today's name in the lead's zone", example="Friday"),
)
LEAD_VARIABLES = (
    Variable("first_name", "First name", default="there", example="Anna"),
    Variable("last_name", "Last name", example="Meyer"),
    Variable("full_name", "First and last name", default="there", example="Anna Meyer"),
    Variable("email", "E-mail address", example="anna@example.com"),
    Variable("phone", "The number being called", example="+14155550132"),
    Variable("street", "Street of the address", example="12 Pine Street"),
    Variable("city", "City of the address", example="Oakland"),
    Variable("state", "State of the address", example="CA"),
    Variable("zip", "Postal code of the address", example="94607"),
    Variable("country", "Country of the address", example="US"),
    Variable("timezone", "The lead's time zone", example="America/Los_Angeles"),
    Variable("lead_status", "The lead's status", example="new"),
    Variable("lead_source", "Where the lead came from", example="website"),
)
BUILT_IN = {variable.name: variable for variable in SYSTEM_VARIABLES + LEAD_VARIABLES}


def find_mistakes(text: str, known: Collection[str]) -> list[str]:
    """One sentence for each name that does not exist and for each pair of braces that is not a variable."""
    mistakes = []
    for name in dict.fromkeys(match["name"] for match in TAG.finditer(text)):
        if name not in known:
            mistakes.append(f"There is no variable “{name}”: choose one from the list, or declare it in the workspace.")
    rest = TAG.sub("", text)
    if stray := BRACES.search(rest):
        around = rest[max(0, stray.start() - 15) : stray.start() + 25].strip()
        mistakes.append(f"Near “{around}” the braces are not a variable: write {{{{name}}}}.")
    return mistakes


def used_names(text: str) -> list[str]:
    return list(dict.fromkeys(match["name"] for match in TAG.finditer(text)))


def render(text: str, values: Mapping[str, str], defaults: Mapping[str, str]) -> str:
    """Single pass: a value that contains `{{…}}` stays text here, and its braces are broken up for the provider.

    The default written in the tag comes before the variable's own.
    """

    def value(match: re.Match[str]) -> str:
        name = match["name"]
        return values.get(name) or match["default"] or defaults.get(name, "")

    return defuse(TAG.sub(value, text))


def defuse(text: str) -> str:
    """The provider expands `{{name}}` in whatever it gets: a space between the braces makes them plain text to it."""
    return re.sub(r"\}(?=\})", "} ", re.sub(r"\{(?=\{)", "{ ", text))
