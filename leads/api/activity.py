"""What happened to a lead, as its page tells it."""

from __future__ import annotations

from typing import Annotated, TypedDict

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView, PageQuery
from common.errors import ProblemError
from common.operations import operation
from common.serializers import Text
from common.shapes import Moment, as_moment
from leads.access import lead_of
from leads.queries import Activity, Happening, activity_page, read_cursor


class ActivityChangeShape(TypedDict):
    """From what to what, in the words of the page."""

    label: Annotated[str | None, "The field; null where the entry's text says what it is about."]
    before: str | None
    after: str | None


class ActivityEntryShape(TypedDict):
    """One thing that happened to the lead."""

    at: Moment
    kind: Annotated[str, "For example lead.created, lead.updated, lead.status_changed, note.added, dnc.added."]
    text: Annotated[str, "What happened, in words."]
    detail: Annotated[str | None, "The reason that was given, or the text of the note."]
    by: Annotated[str, "The person, the API key, or LeadSail."]
    changes: list[ActivityChangeShape]
    interactionId: Annotated[str | None, "The call that changed the status."]


class ActivityShape(TypedDict):
    entries: list[ActivityEntryShape]
    nextCursor: str | None
    hasMore: bool


class ActivityQuery(PageQuery):
    cursor = Text(required=False, max_length=200, help_text="`nextCursor` of the page before.")


EXAMPLE: ActivityShape = {
    "entries": [
        {
            "at": "2026-11-20T15:00:52.118Z",
            "kind": "lead.status_changed",
            "text": "Status",
            "detail": None,
            "by": "LeadSail",
            "changes": [{"label": None, "before": "New", "after": "Qualified"}],
            "interactionId": "int_01kah2vb3e9r6y5k8f7p4s2g1j",
        },
        {
            "at": "2026-11-20T14:58:03.540Z",
            "kind": "lead.updated",
            "text": "Details changed",
            "detail": None,
            "by": "Jane Doe",
            "changes": [{"label": "City", "before": "empty", "after": "Oakland"}],
            "interactionId": None,
        },
    ],
    "nextCursor": None,
    "hasMore": False,
}


class LeadActivity(ApiView):
    @operation(
        "listLeadActivity",
        "List what happened to a lead",
        tag="Leads",
        scope="leads:read",
        description="Newest first: changes of the status and of details, notes, tags, owners, Do-Not-Call. `text` and "
        "`changes` are for people, as the lead's page shows them; decide by `kind`.",
        query=ActivityQuery,
        data=ActivityShape,
        example=EXAMPLE,
    )
    def get(self, request: Request, lead_id: str) -> Response:
        lead, asked = lead_of(self.workspace, lead_id), self.query()
        older = asked.get("cursor", "")
        if older and read_cursor(older) is None:
            message = "The cursor is not one of ours: take nextCursor of the page before, or leave it out."
            raise ProblemError("VALIDATION_ERROR", message, details=[f"cursor: {message}"])
        return self.answer(_page_json(activity_page(lead, lead.numbers(), older=older, size=asked["limit"])))


def _page_json(page: Activity) -> ActivityShape:
    entries = [_entry_json(happening) for happening in page.happenings]
    return {"entries": entries, "nextCursor": page.older or None, "hasMore": bool(page.older)}


def _entry_json(happening: Happening) -> ActivityEntryShape:
    return {
        "at": as_moment(happening.at),
        "kind": happening.kind,
        "text": happening.what,
        "detail": happening.detail or None,
        "by": happening.who,
        "changes": _changes_json(happening),
        "interactionId": happening.interaction_public_id or None,
    }


def _changes_json(happening: Happening) -> list[ActivityChangeShape]:
    rows = [(change.label, change.before, change.after) for change in happening.changes]
    if happening.after:
        rows.append(("", happening.before, happening.after_label))
    return [{"label": label or None, "before": before or None, "after": after or None} for label, before, after in rows]
