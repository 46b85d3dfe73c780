from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView, between
from accounts.models import Workspace
from accounts.queries import audit_of
from accounts.serializers import AuditQuery, WorkspaceSerializer
from accounts.services import set_calls_stopped, update_workspace
from accounts.shapes import AuditPageShape, WorkspaceShape, audit_event_json, workspace_json
from common.operations import operation

TAG = "Workspace"
EXAMPLE = {
    "workspaceId": "ws_01jd4m8q7v3x9t2c5b6n8k1r0w",
    "name": "Harbour Kitchens",
    "country": "US",
    "timezone": "America/New_York",
    "callsStoppedAt": None,
    "createdAt": "2026-11-20T15:04:05.000Z",
}
EVENT_EXAMPLE = {
    "eventId": "4711",
    "at": "2026-11-20T15:04:05.000Z",
    "actor": {"type": "user", "id": "7", "name": "Jane Doe"},
    "verb": "workspace.updated",
    "objectType": "workspace",
    "objectId": "ws_01jd4m8q7v3x9t2c5b6n8k1r0w",
    "data": {"changes": {"timezone": ["UTC", "America/New_York"]}},
}


class WorkspaceView(ApiView):
    def answer_now(self) -> Response:
        return self.answer(workspace_json(Workspace.objects.get(pk=self.workspace.pk)))


class WorkspaceDetail(WorkspaceView):
    @operation(
        "getWorkspace", "Get the workspace", tag=TAG, scope="workspace:read", data=WorkspaceShape, example=EXAMPLE
    )
    def get(self, request: Request) -> Response:
        return self.answer(workspace_json(self.workspace))

    @operation(
        "updateWorkspace",
        "Change the workspace",
        tag=TAG,
        scope="workspace:write",
        body=WorkspaceSerializer,
        data=WorkspaceShape,
        body_example={"timezone": "America/New_York"},
        example=EXAMPLE,
    )
    def patch(self, request: Request) -> Response:
        update_workspace(workspace=self.workspace, by=self.actor, **self.body())
        return self.answer_now()


class StopCalls(WorkspaceView):
    @operation(
        "stopCalls",
        "Stop all calls",
        tag=TAG,
        scope="workspace:write",
        data=WorkspaceShape,
        description="No call of this workspace is placed from now on. Calls that wait are withdrawn; calls on the "
        "line go on to their end. Stopping what is stopped changes nothing.",
        example=EXAMPLE | {"callsStoppedAt": "2026-11-21T09:30:00.000Z"},
    )
    def post(self, request: Request) -> Response:
        set_calls_stopped(workspace=self.workspace, stopped=True, by=self.actor)
        return self.answer_now()


class ResumeCalls(WorkspaceView):
    @operation(
        "resumeCalls",
        "Resume calls",
        tag=TAG,
        scope="workspace:write",
        data=WorkspaceShape,
        description="Calls may be placed again, unless the operator of the installation has stopped them.",
        example=EXAMPLE,
    )
    def post(self, request: Request) -> Response:
        set_calls_stopped(workspace=self.workspace, stopped=False, by=self.actor)
        return self.answer_now()


class Audit(ApiView):
    @operation(
        "listAudit",
        "List the audit trail",
        tag=TAG,
        scope="audit:read",
        query=AuditQuery,
        data=AuditPageShape,
        description="Who did what to which object, newest first.",
        example={"events": [EVENT_EXAMPLE], "nextCursor": None, "hasMore": False},
    )
    def get(self, request: Request) -> Response:
        known = audit_of(self.workspace)
        page = self.page(known.filter(**self._wanted(self.query())), known=known, by="id")
        found: AuditPageShape = {
            "events": [audit_event_json(event) for event in page.rows],
            "nextCursor": page.next_cursor,
            "hasMore": page.has_more,
        }
        return self.answer(found)

    def _wanted(self, asked: dict[str, Any]) -> dict[str, Any]:
        fields = {"objectType": "object_type", "objectId": "object_id", "verb": "verb"}
        wanted = {field: asked[name] for name, field in fields.items() if name in asked}
        return wanted | between(asked.get("startDate"), asked.get("endDate"), name="at")
