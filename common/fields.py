from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models
from django.db.models.query_utils import DeferredAttribute


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


@dataclass(frozen=True)
class Ciphertext:
    """As it is stored; nobody has needed the text yet."""

    text: str


class _Decrypting(DeferredAttribute):
    """When the secret is read, not when its row is: a list of accounts needs none, and one that cannot be decrypted
    must not take the list away."""

    def __get__(self, instance: models.Model | None, cls: Any = None) -> Any:
        value = super().__get__(instance, cls)
        if instance is None or not isinstance(value, Ciphertext):
            return value
        text = decrypt(value.text, what=f"{type(instance).__name__}.{self.field.name}")
        self.__set__(instance, text)
        return text

    def __set__(self, instance: models.Model, value: Any) -> None:
        """Without it Python would take the value from the instance and never ask here."""
        instance.__dict__[self.field.attname] = value


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Text that only ciphertext of reaches the database; the first key encrypts, all keys decrypt. Fails closed."""

    descriptor_class = _Decrypting

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, Ciphertext):
            return value.text
        return encrypt(str(value)) if value else ""

    def from_db_value(self, value: str | None, *args: object) -> Ciphertext | str:
        return Ciphertext(value) if value else ""
