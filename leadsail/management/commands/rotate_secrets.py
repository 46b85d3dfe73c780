"""`manage.py rotate_secrets`: run after a new key was put first in FIELD_ENCRYPTION_KEYS."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from accounts.security import encrypt_two_factor_anew
from campaigns.models import ProviderAccount


class Command(BaseCommand):
    help = "Encrypts every stored secret anew with the first of FIELD_ENCRYPTION_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        count = 0
        for account in ProviderAccount.objects.only("api_key", "webhook_secret").iterator():
            account.save(update_fields=["api_key", "webhook_secret"])
            count += 1
        people = encrypt_two_factor_anew()
        self.stdout.write(
            f"{count} provider accounts and {people} two-factor secrets are encrypted with the first key;"
            " older keys may be removed."
        )
