"""Sent inside the transaction of what happened; receivers are connected in apps.py of the apps above."""

from __future__ import annotations

from django.dispatch import Signal

# Rules that decide on the times of calls have changed: sender Campaign, campaign=…
rules_changed = Signal()
