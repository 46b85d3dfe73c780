"""Sent inside the transaction of what happened; receivers are connected in apps.py of the apps above."""

from __future__ import annotations

from django.dispatch import Signal

# A lead came in for the first time and its campaign's first action begins: sender Lead, lead=…, submission=…, by=…
lead_submitted = Signal()
# Leads that rested until somebody looked at them were approved and go on: sender Lead, leads=…, by=…
leads_approved = Signal()
# Something that decides on calls has changed (status, campaign, phone, zone, address, approval): lead_ids=…
leads_changed = Signal()
# Numbers were put on or taken off the Do-Not-Call list: workspace_id=…, numbers=…
numbers_listed = Signal()
