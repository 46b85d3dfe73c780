from __future__ import annotations

from django.apps import AppConfig


class CallsConfig(AppConfig):
    name = "calls"

    def ready(self) -> None:
        from calls import checks  # noqa: F401
        from calls.dialer.bulk import register_bulk_kinds
        from calls.dialer.receivers import connect

        connect()
        register_bulk_kinds()
