"""What the dialer does with leads that come in: it calls them at once, or takes them when somebody let them go on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from accounts.actors import Actor
from calls.dialer.entries import send_to_dialer, submit_to_dialer
from campaigns.models import Campaign
from leads.models import Lead
from leads.services import leave_pending_action


def on_lead_submitted(sender: Any, *, lead: Lead, by: Actor, **kwargs: Any) -> None:
    """Of `leads.signals.lead_submitted`: the lead rests until its call is over, or until there will be none."""
    sent = submit_to_dialer(lead=lead, by=by)
    if sent.code:
        leave_pending_action(lead=lead, by=by, reason=sent.message[:200])


def on_leads_approved(sender: Any, *, leads: Sequence[Lead], by: Actor, **kwargs: Any) -> None:
    """Of `leads.signals.leads_approved`: whoever may go on goes where the campaign's leads go."""
    wanted = [lead for lead in leads if lead.campaign.dialer != Campaign.Dialer.OFF]
    if wanted:
        send_to_dialer(leads=wanted, by=by)
