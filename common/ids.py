from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

from django.db import models
from ulid import ULID

if TYPE_CHECKING:
    TextField = models.CharField[str, str]
else:
    TextField = models.CharField

# Without 0, O, 1 and I: people read campaign codes to each other.
CODE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def new_public_id(prefix: str) -> str:
    return f"{prefix}_{str(ULID()).lower()}"


class PublicIdField(TextField):
    """A prefix and a ULID, made when the row is: `lead_01j…`."""

    def __init__(self, *args: object, prefix: str = "", **kwargs: object) -> None:
        self.prefix = prefix
        kwargs.update(max_length=40, unique=True, editable=False)
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]

    def deconstruct(self) -> tuple[str, str, list[object], dict[str, object]]:
        name, path, args, kwargs = super().deconstruct()
        for key in ("max_length", "unique", "editable"):
            kwargs.pop(key, None)
        return name, path, list(args), {**kwargs, "prefix": self.prefix}

    def get_default(self) -> str:
        return new_public_id(self.prefix)


def is_row_number(text: str) -> bool:
    """Whether both databases can look for it among their own row numbers."""
    return text.isascii() and text.isdigit() and len(text) < 19


def new_code(taken: Callable[[str], bool], *, length: int = 3) -> str:
    """A short code nobody has yet; it grows by a character when the short ones run out."""
    for size in range(length, 6):
        for _ in range(20):
            code = "".join(secrets.choice(CODE_ALPHABET) for _ in range(size))
            if not taken(code):
                return code
    raise RuntimeError("no free campaign code was found")
