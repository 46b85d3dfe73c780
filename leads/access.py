from __future__ import annotations

from datetime import timedelta

from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.models import Workspace
from leads.models import DoNotCall, Lead, Note, Submission

# Who has put somebody on the Do-Not-Call list by mistake takes it back for so long; afterwards it takes an admin.
UNDO_WITHIN = timedelta(minutes=10)


def lead_of(workspace: Workspace, public_id: str) -> Lead:
    """Another workspace's lead is as unknown as one that never was."""
    lead = (
        Lead.objects.select_related("workspace", "campaign", "owner")
        .prefetch_related("phones")
        .filter(workspace=workspace, public_id=public_id)
    )
    found = lead.first()
    if found is None:
        raise Http404("There is no such lead.")
    return found


def is_row_id(text: str) -> bool:
    """Whether it can be the id of a row whose ids are counted."""
    return text.isascii() and text.isdigit() and len(text) < 19


def row_id(text: str) -> int:
    if not is_row_id(text):
        raise Http404("There is no such row.")
    return int(text)


def entry_of(workspace: Workspace, entry_id: str) -> DoNotCall:
    entries = DoNotCall.objects.select_related("workspace", "user")
    return get_object_or_404(entries, workspace=workspace, pk=row_id(entry_id))


def note_of(lead: Lead, pk: int) -> Note:
    return get_object_or_404(Note.objects.select_related("author", "lead__workspace"), lead=lead, pk=pk)


def submission_of(workspace: Workspace, public_id: str) -> Submission:
    return get_object_or_404(Submission.objects.select_related("lead"), lead__workspace=workspace, public_id=public_id)
