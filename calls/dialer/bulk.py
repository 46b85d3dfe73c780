"""Many leads sent to the auto-dialer by one bulk change, and taken out again when it is taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from calls.dialer.entries import send_to_dialer, take_out
from calls.models import DialerEntry, Dispatch, Interaction
from leads.bulk_kinds import UNDO_REASON, Before, Kind, register_kind
from leads.models import BulkChange, Lead
from leads.services import lock_lead

State = DialerEntry.State


class _SendToDialer(Kind):
    def do_all(self, leads: Sequence[Lead]) -> list[Before | None]:
        already = set(_open_entries(leads))
        sent = send_to_dialer(leads=leads, by=self.by)
        entries = _open_entries(leads)
        return [self._before(each.lead.pk, each.message, already, entries) for each in sent]

    def _before(self, lead: int, refusal: str, already: set[int], entries: dict[int, dict[str, Any]]) -> Before | None:
        if lead in already:
            return None
        return {"failed": refusal} if refusal else entries[lead]

    def do(self, lead: Lead) -> Before | None:
        return self.do_all([lead])[0]

    def undo(self, lead: Lead, before: Before) -> bool:
        """Only as it was sent: somebody may have taken it out since, or sent it again."""
        _lock_queued_call(lead)
        lock_lead(lead)
        if _open_entries([lead]).get(lead.pk) != before:
            return False
        return take_out(lead=lead, by=self.by, reason=UNDO_REASON)


def _lock_queued_call(lead: Lead) -> None:
    """Before its lead, as everybody does."""
    queued = Interaction.objects.live().filter(lead=lead, dispatch=Dispatch.QUEUED)
    list(queued.select_for_update(no_key=True).values_list("pk"))


def _open_entries(leads: Sequence[Lead]) -> dict[int, dict[str, Any]]:
    """What tells an entry from one that was made later, by the lead's id."""
    rows = DialerEntry.objects.filter(lead__in=leads).exclude(state=State.DONE)
    campaigns = {lead.pk: lead.campaign_id for lead in leads}
    return {
        row.lead_id: {"entry": row.pk, "sent_at": row.sent_at.isoformat()}
        for row in rows.only("lead_id", "campaign_id", "sent_at")
        if row.campaign_id == campaigns[row.lead_id]
    }


def register_bulk_kinds() -> None:
    """Called by apps.py: what leads know nothing of joins their list of bulk changes."""
    register_kind(BulkChange.Kind.DIALER, _SendToDialer)
