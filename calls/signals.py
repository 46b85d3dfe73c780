"""Sent inside the transaction of what happened; receivers are connected in apps.py."""

from __future__ import annotations

from django.dispatch import Signal

# A call is over, or its outcome is another than it was: sender Interaction, interaction=…
call_ended = Signal()
