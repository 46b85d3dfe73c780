from __future__ import annotations


def sweep_bulk_changes() -> None:
    pass
