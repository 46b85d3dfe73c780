"""Names as people write them, however a form has sent them."""

from __future__ import annotations

import re

# Between these stand the parts of a name that each begin with a capital.
SEPARATORS = re.compile(r"([ \-'’])")
# Small in “Juan de la Cruz”; who writes nothing in capitals gets them here too.
PARTICLES = frozenset(
    "al bin da das de del della den der di do dos du el ibn la las le los ten ter van von y zu".split()
)
NUMERALS = frozenset(("II", "III", "IV"))


def tidy(text: str) -> str:
    return " ".join(text.split())


def title_case(name: str) -> str:
    """Each part that is not written in mixed case already gets its capital: McDonald stays."""
    parts = SEPARATORS.split(tidy(name))
    is_cased = any(_is_cased(part) for part in parts)
    return "".join(part if is_cased and part in PARTICLES else _capital(part) for part in parts)


def _capital(part: str) -> str:
    return part if part in NUMERALS or _is_cased(part) else part[:1].upper() + part[1:].lower()


def _is_cased(part: str) -> bool:
    return part[:1].isupper() and any(letter.islower() for letter in part)


def readable(key: str) -> str:
    """filing_for and filingFor are both “Filing for”."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", re.sub(r"[\W_]+", " ", key)).strip()
    return words[:1].upper() + words[1:].lower() if words else key
