from __future__ import annotations

from datetime import timedelta

from accounts.models import Workspace
from common.errors import UnknownIdError
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
        raise UnknownIdError("lead", public_id)
    return found


def is_row_id(text: str) -> bool:
    """Whether it can be the id of a row whose ids are counted."""
    return text.isascii() and text.isdigit() and len(text) < 19


def entry_of(workspace: Workspace, entry_id: str) -> DoNotCall:
    entries = DoNotCall.objects.select_related("workspace", "user").filter(workspace=workspace)
    found = entries.filter(pk=entry_id).first() if is_row_id(entry_id) else None
    if found is None:
        raise UnknownIdError("entry", entry_id)
    return found


def note_of(lead: Lead, note_id: str) -> Note:
    notes = Note.objects.select_related("author", "lead__workspace").filter(lead=lead)
    found = notes.filter(pk=note_id).first() if is_row_id(note_id) else None
    if found is None:
        raise UnknownIdError("note", note_id)
    return found


def submission_of(workspace: Workspace, public_id: str) -> Submission:
    submissions = Submission.objects.select_related("lead").filter(lead__workspace=workspace)
    found = submissions.filter(public_id=public_id).first()
    if found is None:
        raise UnknownIdError("submission", public_id)
    return found
