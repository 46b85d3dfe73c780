"""`manage.py rotate_secrets`: run after a new key was put first in FIELD_ENCRYPTION_KEYS."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.db.models import Model

from accounts.security import encrypt_two_factor_anew
from common.fields import EncryptedTextField


class Command(BaseCommand):
    help = "Encrypts every stored secret anew with the first of FIELD_ENCRYPTION_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        rows = sum(encrypt_anew(model) for model in apps.get_models())
        people = encrypt_two_factor_anew()
        self.stdout.write(
            f"The secrets of {rows} rows and {people} two-factor secrets are encrypted with the first key;"
            " older keys may be removed."
        )


def encrypt_anew(model: type[Model]) -> int:
    names = [field.name for field in model._meta.fields if isinstance(field, EncryptedTextField)]
    if not names:
        return 0
    count = 0
    for row in model._default_manager.only(*names).iterator():
        row.save(update_fields=names)
        count += 1
    return count
