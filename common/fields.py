from __future__ import annotations

from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models


class SecretUnreadable(Exception):
    """A stored secret cannot be decrypted with any key of FIELD_ENCRYPTION_KEYS."""


@lru_cache(maxsize=4)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def cipher() -> MultiFernet:
    return _cipher(tuple(settings.FIELD_ENCRYPTION_KEYS))


def encrypt(text: str) -> str:
    return cipher().encrypt(text.encode()).decode()


def decrypt(text: str, *, what: str) -> str:
    """`what` names the secret for the operator whose keys do not fit."""
    try:
        return cipher().decrypt(text.encode()).decode()
    except InvalidToken:
        raise SecretUnreadable(
            f"{what} was encrypted with a key that FIELD_ENCRYPTION_KEYS does not hold:"
            " add that key at the end of the list."
        ) from None


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Text that only ciphertext of reaches the database; the first key encrypts, all keys decrypt. Fails closed."""

    def get_prep_value(self, value: Any) -> Any:
        return encrypt(str(value)) if value else ""

    def from_db_value(self, value: str | None, *args: object) -> str:
        return decrypt(value, what=f"{self.model.__name__}.{self.name}") if value else ""
