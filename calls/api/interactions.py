"""Calls as they go and as they ended: read, taken back, corrected."""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence
from typing import Any, TypedDict

from django.http import Http404
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView, Paged, between
from accounts.models import Workspace
from calls.access import interaction_of
from calls.api import examples
from calls.cards import history_of
from calls.correction import correct_outcome
from calls.models import Interaction, InteractionQuerySet
from calls.search import TookTooLong, find_calls, search_limit
from calls.serializers import CorrectSerializer, InteractionQuery, LeadInteractionQuery
from calls.services import cancel_call, request_look
from calls.shapes import HappeningShape, InteractionShape, happening_json, interaction_json, with_all_shown
from campaigns.access import agent_of
from campaigns.models import Campaign
from common.api import failure
from common.errors import NotFoundError, ProblemError
from common.operations import operation
from common.ranges import serve_file
from leads.access import lead_of


class InteractionListShape(TypedDict):
    interactions: list[InteractionShape]
    nextCursor: str | None
    hasMore: bool


class HappeningsShape(TypedDict):
    events: list[HappeningShape]


class InteractionView(ApiView):
    def interaction(self) -> Interaction:
        return interaction_of(self.workspace, self.kwargs["interaction_id"])

    def shown(self) -> Response:
        return self.answer(interaction_json(self.interaction()))

    def listed(
        self, rows: InteractionQuerySet, *, known: InteractionQuerySet, order: Sequence[str] = ("-id",)
    ) -> Response:
        return self.answer(_list_json(self.page(with_all_shown(rows), known=known, order=order)))


def _list_json(page: Paged[Interaction]) -> InteractionListShape:
    shown = [interaction_json(row) for row in page.rows]
    return {"interactions": shown, "nextCursor": page.next_cursor, "hasMore": page.has_more}


class InteractionList(InteractionView):
    @operation(
        "listInteractions",
        "List interactions",
        tag="Interactions",
        scope="interactions:read",
        description="Newest first, each of them whole, with its transcript.",
        query=InteractionQuery,
        data=InteractionListShape,
        example=examples.INTERACTIONS,
        error_examples={400: examples.TOO_LONG},
    )
    def get(self, request: Request) -> Response:
        asked = self.query()
        text = asked.get("search", "")
        found = find_calls(self.workspace, text=text, **self._equal(asked))
        found = found.filter(**between(asked.get("startDate"), asked.get("endDate")))
        if asked["isTest"] is not None:
            found = found.filter(is_test=asked["isTest"])
        # By days the index that finds them gives their order too.
        order = ("-created_at", "-id") if "startDate" in asked or "endDate" in asked else ("-id",)
        try:
            with search_limit(text):
                return self.listed(found, known=Interaction.objects.filter(workspace=self.workspace), order=order)
        except TookTooLong:
            message = "The search took too long: narrow it by startDate, campaignIds or status."
            raise ProblemError("SEARCH_TOO_BROAD", message) from None

    def _equal(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {
            "lead": lead_of(self.workspace, asked["leadId"]) if "leadId" in asked else None,
            "agent": agent_of(self.workspace, asked["agentId"]) if "agentId" in asked else None,
            "campaign__in": _campaigns_of(self.workspace, asked.get("campaignIds", [])),
            "status__in": asked.get("status"),
            "direction": asked.get("direction"),
        }


def _campaigns_of(workspace: Workspace, codes: Sequence[str]) -> list[int]:
    rows = Campaign.objects.filter(workspace=workspace, code__in={code.upper() for code in codes})
    known = dict(rows.values_list("code", "pk"))
    if unknown := [code for code in codes if code.upper() not in known]:
        raise NotFoundError(f"There is no campaign {unknown[0][:40]}")
    return list(known.values())


class LeadInteractions(InteractionView):
    @operation(
        "listInteractionsOfLead",
        "List interactions for a lead",
        tag="Interactions",
        scope="interactions:read",
        description="Newest first, each of them whole, with its transcript.",
        query=LeadInteractionQuery,
        data=InteractionListShape,
        example=examples.INTERACTIONS,
    )
    def get(self, request: Request, lead_id: str) -> Response:
        calls = Interaction.objects.filter(lead=lead_of(self.workspace, lead_id))
        return self.listed(calls, known=calls)


class InteractionDetail(InteractionView):
    @operation(
        "getInteraction",
        "Get an interaction",
        tag="Interactions",
        scope="interactions:read",
        description="While the call is under way, reading it makes LeadSail ask the provider how it stands, at most "
        "every three seconds.",
        data=InteractionShape,
        example=examples.INTERACTION,
    )
    def get(self, request: Request, interaction_id: str) -> Response:
        interaction = self.interaction()
        request_look(interaction)
        return self.answer(interaction_json(interaction))


class InteractionEvents(InteractionView):
    @operation(
        "listInteractionEvents",
        "Get what happened to an interaction",
        tag="Interactions",
        scope="interactions:read",
        description="The record that explains the call, from the beginning: at most the first 200 entries.",
        data=HappeningsShape,
        example=examples.EVENTS,
    )
    def get(self, request: Request, interaction_id: str) -> Response:
        happened: HappeningsShape = {"events": [happening_json(event) for event in history_of(self.interaction())]}
        return self.answer(happened)


class CancelInteraction(InteractionView):
    @operation(
        "cancelInteraction",
        "Cancel a call that is still waiting",
        tag="Interactions",
        scope="interactions:write",
        description="Only while it is queued: once a worker has taken it up, a phone may ring. Needs no body.",
        data=InteractionShape,
        idempotent=True,
        example=examples.CANCELLED,
        error_examples={400: examples.NOT_CANCELLABLE},
    )
    def post(self, request: Request, interaction_id: str) -> Response:
        interaction = self.interaction()
        if not cancel_call(interaction=interaction, by=self.actor):
            raise ProblemError("NOT_CANCELLABLE", _why_not_cancellable(self.interaction()))
        return self.shown()


def _why_not_cancellable(interaction: Interaction) -> str:
    if interaction.is_final:
        return "The call is over: there is nothing left to cancel."
    return "The call is on its way already: a phone may be ringing, so it cannot be taken back."


class CorrectInteraction(InteractionView):
    @operation(
        "correctInteraction",
        "Correct a call's outcome",
        tag="Interactions",
        scope="interactions:write",
        description="Your word on how the call ended stands over the reports', and the lead follows it. The outcome "
        "that the reports gave takes the correction back.",
        body=CorrectSerializer,
        data=InteractionShape,
        idempotent=True,
        body_example=examples.CORRECT,
        example=examples.CORRECTED,
        error_examples={400: examples.NOT_CORRECTABLE},
    )
    def post(self, request: Request, interaction_id: str) -> Response:
        asked = self.body()
        correct_outcome(
            interaction=self.interaction(),
            status=asked["status"],
            reason=asked["reason"],
            by=self.actor,
            callback_at=asked.get("callbackAt"),
        )
        return self.shown()


class Recording(InteractionView):
    @operation(
        "getRecording",
        "Get a call's recording",
        tag="Interactions",
        scope="interactions:read",
        description="The audio file; `Range` gives a part of it.",
        file="audio/mpeg",
        errors=(416,),
    )
    def get(self, request: Request, interaction_id: str) -> HttpResponseBase:
        try:
            answer = recording_of(self.interaction(), request.headers.get("Range", ""))
        except RecordingMissing as missing:
            raise NotFoundError(str(missing)) from None
        return _in_envelope(answer) if answer.status_code == 416 else answer


def _in_envelope(refused: HttpResponseBase) -> Response:
    answer = failure("RANGE_NOT_SATISFIABLE", "The range lies beyond the end of the recording", status=416)
    answer["Content-Range"] = refused["Content-Range"]
    return answer


class RecordingMissing(Http404):
    """There is no file to serve."""


def recording_of(interaction: Interaction, range_header: str) -> HttpResponseBase:
    if interaction.recording_state != Interaction.Recording.STORED:
        raise RecordingMissing("There is no recording of this call.")
    kind = mimetypes.guess_type(interaction.recording.name or "")[0] or "application/octet-stream"
    try:
        return serve_file(interaction.recording, range_header=range_header, content_type=kind)
    except FileNotFoundError:
        raise RecordingMissing("The recording of this call is not in the storage any more.") from None
