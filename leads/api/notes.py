"""What is written about a lead."""

from __future__ import annotations

from typing import TypedDict

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView, PageQuery
from common.operations import operation
from common.serializers import StrictSerializer, Text
from leads.access import lead_of, note_of
from leads.models import Note
from leads.serializers.parts import NOTE_LENGTH
from leads.services import add_note, delete_note
from leads.shapes import NoteShape, note_json

NOTE = {
    "id": "31",
    "text": "Call after six, ask for Jane.",
    "createdAt": "2026-11-20T15:04:05.000Z",
    "createdBy": None,
}


class NotesShape(TypedDict):
    notes: list[NoteShape]
    nextCursor: str | None
    hasMore: bool


class NoteSerializer(StrictSerializer):
    text = Text(max_length=NOTE_LENGTH)


class LeadNotes(ApiView):
    @operation(
        "listNotes",
        "List a lead's notes",
        tag="Leads",
        scope="leads:read",
        query=PageQuery,
        data=NotesShape,
        example={"notes": [NOTE], "nextCursor": None, "hasMore": False},
    )
    def get(self, request: Request, lead_id: str) -> Response:
        notes = Note.objects.filter(lead=lead_of(self.workspace, lead_id)).select_related("author")
        page = self.page(notes, known=notes, by="id")
        found: NotesShape = {
            "notes": [note_json(note) for note in page.rows],
            "nextCursor": page.next_cursor,
            "hasMore": page.has_more,
        }
        return self.answer(found)

    @operation(
        "addNote",
        "Add a note to a lead",
        tag="Leads",
        scope="leads:write",
        body=NoteSerializer,
        data=NoteShape,
        idempotent=True,
        body_example={"text": NOTE["text"]},
        example=NOTE,
    )
    def post(self, request: Request, lead_id: str) -> Response:
        lead = lead_of(self.workspace, lead_id)
        return self.answer(note_json(add_note(lead=lead, text=self.body()["text"], by=self.actor)))


class LeadNote(ApiView):
    @operation("deleteNote", "Delete a note", tag="Leads", scope="leads:write")
    def delete(self, request: Request, lead_id: str, note_id: str) -> Response:
        delete_note(note=note_of(lead_of(self.workspace, lead_id), note_id), by=self.actor)
        return self.answer(None)
