from __future__ import annotations

from typing import TypedDict

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import PageQuery
from campaigns.access import variable_of
from campaigns.api import examples
from campaigns.api.base import CampaignsView
from campaigns.models import PromptVariable
from campaigns.prompts import BUILT_IN
from campaigns.serializers.variable import NewVariableSerializer, VariableFieldsSerializer
from campaigns.shapes import VariableShape, built_in_json, variable_json
from campaigns.variables import create_variable, delete_variable, update_variable
from common.errors import ProblemError
from common.operations import operation
from common.paging import rows_beyond

TAG = "Prompt variables"


class VariableListShape(TypedDict):
    variables: list[VariableShape]
    nextCursor: str | None
    hasMore: bool


class Variables(CampaignsView):
    @operation(
        "listVariables",
        "List prompt variables",
        tag=TAG,
        scope="templates:read",
        description="LeadSail's own first, then those of the workspace, the newest first. The cursor is a name.",
        query=PageQuery,
        data=VariableListShape,
        example={"variables": [examples.VARIABLE], "nextCursor": None, "hasMore": False},
    )
    def get(self, request: Request) -> Response:
        limit = self.query()["limit"]
        built_in, last = self._start()
        first = built_in[:limit]
        own = PromptVariable.objects.filter(workspace=self.workspace)
        rows, more = rows_beyond(own, order=("-id",), last=last, size=limit - len(first))
        variables = first + [variable_json(row) for row in rows]
        has_more = more or len(built_in) > limit
        found: VariableListShape = {
            "variables": variables,
            "nextCursor": variables[-1]["name"] if has_more else None,
            "hasMore": has_more,
        }
        return self.answer(found)

    def _start(self) -> tuple[list[VariableShape], PromptVariable | None]:
        """LeadSail's own that come after the cursor, and else the row that it names."""
        cursor, names = self.query().get("cursor"), list(BUILT_IN)
        if not cursor or cursor in BUILT_IN:
            after = names[names.index(cursor) + 1 :] if cursor else names
            return [built_in_json(BUILT_IN[name]) for name in after], None
        known = PromptVariable.objects.filter(workspace=self.workspace)
        return [], self._row_of(known, "name", cursor)

    @operation(
        "createVariable",
        "Declare a prompt variable",
        tag=TAG,
        scope="templates:write",
        body=NewVariableSerializer,
        data=VariableShape,
        idempotent=True,
        body_example={"name": "showroom_address", "default": "12 Pine Street", "example": "12 Pine Street"},
        example=examples.VARIABLE,
    )
    def post(self, request: Request) -> Response:
        fields = {"default": "", "example": "", **self.body()}
        return self.answer(variable_json(create_variable(workspace=self.workspace, by=self.actor, **fields)))


class VariableDetail(CampaignsView):
    @operation(
        "getVariable",
        "Get a prompt variable",
        tag=TAG,
        scope="templates:read",
        data=VariableShape,
        example=examples.VARIABLE,
    )
    def get(self, request: Request, name: str) -> Response:
        if name in BUILT_IN:
            return self.answer(built_in_json(BUILT_IN[name]))
        return self.answer(variable_json(variable_of(self.workspace, name)))

    @operation(
        "updateVariable",
        "Change a prompt variable",
        tag=TAG,
        scope="templates:write",
        description="A declared one, or a custom field of leads: its default and its example.",
        body=VariableFieldsSerializer,
        data=VariableShape,
        body_example={"default": "12 Pine Street"},
        example=examples.VARIABLE,
    )
    def patch(self, request: Request, name: str) -> Response:
        variable = self._own(name)
        fields = {"default": variable.default, "example": variable.example, **self.body()}
        update_variable(variable=variable, by=self.actor, **fields)
        return self.answer(variable_json(variable_of(self.workspace, name)))

    @operation(
        "deleteVariable",
        "Delete a prompt variable",
        tag=TAG,
        scope="templates:write",
        description="Refused while a template says it.",
    )
    def delete(self, request: Request, name: str) -> Response:
        delete_variable(variable=self._own(name), by=self.actor)
        return self.answer(None)

    def _own(self, name: str) -> PromptVariable:
        if name in BUILT_IN:
            message = f"“{name}” is one of LeadSail's own variables: it stays as it is."
            raise ProblemError("VALIDATION_ERROR", message, details=[message])
        return variable_of(self.workspace, name)
