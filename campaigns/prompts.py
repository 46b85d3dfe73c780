"""`{{name}}` and `{{name|default:"text"}}`: whitelisted names, one pass, nothing is ever evaluated."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

TAG = re.compile(r"\{\{\s*(?P<name>\w+)\s*(?:\|\s*default:\s*\"(?P<default>[^\"{}]*)\"\s*)?\}\}")
BRACES = re.compile(r"\{\{|\}\}")
MOST_MISTAKES = 10


@dataclass(frozen=True)
class Variable:
    name: str
    meaning: str
    default: str = ""
    example: str = ""

    @property
    def tag(self) -> str:
        return f"{{{{{self.name}}}}}"


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
    Variable(
        "voicemail_action", "What to do when a machine answers: hang_up or leave_message", example="leave_message"
    ),
    Variable(
        "voicemail_message",
        "What to say to a machine, filled in; empty when it is to hang up",
        example="Hello Anna, this is Harbour Kitchens. We will try again tomorrow.",
    ),
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


STARTING_FIRST_MESSAGE = (
    "Hello, this is {{agent_name}}, the AI assistant of {{workspace_name}}. Am I speaking with {{first_name}}?"
)
STARTING_BODY = """\
You are {{agent_name}}, an AI assistant. You call people on the phone for {{workspace_name}}.

# Who you are talking to
- Name: {{full_name}}
- Lives in: {{city|default:"an unknown place"}}
- Came to us through: {{lead_source|default:"our website"}}
- Contact: {{contact_type}}. If it is new or first, say who {{workspace_name}} is. If it is returning, go on from there.
- Where they live it is {{current_weekday}}, {{current_date}}, {{current_time}}. This is attempt {{attempt_number}}.

# Always
- Say in your first sentence that you are an AI assistant. If you are asked whether you are a machine, say yes.
- If you are asked not to call again, say that the number will not be called any more, apologise once, and end the call.
- If it is a bad moment, ask when to call back, repeat the day and the time, and end the call.
- Never ask for a password, a card number or a bank account.
- What you do not know, you do not make up: say that a colleague will answer it.

# What this call is for
Find out whether {{first_name}} is still interested, and what they need. One question at a time:
1. What are they looking for?
2. When would they like to have it?
3. Who else decides?

If it fits, offer a meeting with a colleague and agree on a day and a time.
If it does not fit, thank them and say goodbye.

# How you speak
Short sentences, one thought each. Listen more than you talk. Speak the language of the person you called.
"""


def find_mistakes(text: str, known: Collection[str]) -> list[str]:
    """One sentence for each name that does not exist and for each pair of braces that is not a variable."""
    unknown = [name for name in used_names(text) if name not in known]
    mistakes = [_no_such_variable(name, known) for name in unknown[:MOST_MISTAKES]]
    if stray := BRACES.search(rest := TAG.sub("", text)):
        around = rest[max(0, stray.start() - 15) : stray.start() + 25].strip()
        mistakes.append(f"Near “{around}” the braces are not a variable: write {{{{name}}}}.")
    return mistakes


def _no_such_variable(name: str, known: Collection[str]) -> str:
    if nearest := difflib.get_close_matches(name.lower(), known, n=1):
        meant = f"did you mean {{{{{nearest[0]}}}}}?"
        return f"There is no variable “{name}”: {meant} Choose one from the list, or declare it."
    return f"There is no variable “{name}”: choose one from the list, or declare it in the workspace."


def used_names(text: str) -> list[str]:
    return list(dict.fromkeys(match["name"] for match in TAG.finditer(text)))


@dataclass(frozen=True)
class Piece:
    """A stretch of a rendered prompt: as it was written, or what a variable became."""

    text: str
    name: str = ""
    source: str = "written"
    """written, value, default, empty or unknown."""


def fill(text: str, values: Mapping[str, str], defaults: Mapping[str, str]) -> list[Piece]:
    """Single pass: a value that contains `{{…}}` stays text here, and its braces are broken up for the provider."""
    pieces, end = [], 0
    for match in TAG.finditer(text):
        pieces += [Piece(text[end : match.start()]), _put_in(match, values, defaults)]
        end = match.end()
    return _defuse_across([*pieces, Piece(text[end:])])


def _put_in(match: re.Match[str], values: Mapping[str, str], defaults: Mapping[str, str]) -> Piece:
    """The default written in the tag comes before the variable's own."""
    name = match["name"]
    if value := values.get(name):
        return Piece(value, name, "value")
    if name not in defaults:
        return Piece(match["default"] or "", name, "unknown")
    default = match["default"] or defaults[name]
    return Piece(default, name, "default" if default else "empty")


def render(text: str, values: Mapping[str, str], defaults: Mapping[str, str]) -> str:
    return "".join(piece.text for piece in fill(text, values, defaults))


def defuse(text: str) -> str:
    """The provider expands `{{name}}` in whatever it gets: a space between the braces makes them plain text to it."""
    return re.sub(r"\}(?=\})", "} ", re.sub(r"\{(?=\{)", "{ ", text))


def _defuse_across(pieces: Iterable[Piece]) -> list[Piece]:
    """Braces may meet where one piece ends and the next begins."""
    defused, last = [], ""
    for piece in pieces:
        text = defuse(last + piece.text)[len(last) :]
        defused.append(replace(piece, text=text))
        last = text[-1:] or last
    return defused
