from __future__ import annotations

from typing import TypedDict

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import PageQuery
from campaigns.access import number_of
from campaigns.api import examples
from campaigns.api.base import CampaignsView
from campaigns.models import CallerNumber
from campaigns.serializers.number import CallerNumberFieldsSerializer, NewCallerNumberSerializer
from campaigns.services import create_number, update_number
from campaigns.shapes import CallerNumberShape, number_json
from common.operations import operation

TAG = "Caller numbers"


class CallerNumberListShape(TypedDict):
    numbers: list[CallerNumberShape]
    nextCursor: str | None
    hasMore: bool


class Numbers(CampaignsView):
    @operation(
        "listCallerNumbers",
        "List caller numbers",
        tag=TAG,
        scope="numbers:read",
        query=PageQuery,
        data=CallerNumberListShape,
        example={"numbers": [examples.NUMBER], "nextCursor": None, "hasMore": False},
    )
    def get(self, request: Request) -> Response:
        known = CallerNumber.objects.filter(workspace=self.workspace)
        page = self.page(known.select_related("account"), known=known)
        found: CallerNumberListShape = {
            "numbers": [number_json(number) for number in page.rows],
            "nextCursor": page.next_cursor,
            "hasMore": page.has_more,
        }
        return self.answer(found)

    @operation(
        "createCallerNumber",
        "Add a caller number",
        tag=TAG,
        scope="numbers:write",
        description="The number is connected at the provider first; here it is made known.",
        body=NewCallerNumberSerializer,
        data=CallerNumberShape,
        idempotent=True,
        body_example=examples.NEW_NUMBER,
        example=examples.NUMBER,
    )
    def post(self, request: Request) -> Response:
        number = create_number(workspace=self.workspace, by=self.actor, **self.body())
        return self.answer(number_json(number))


class NumberDetail(CampaignsView):
    @operation(
        "getCallerNumber",
        "Get a caller number",
        tag=TAG,
        scope="numbers:read",
        data=CallerNumberShape,
        example=examples.NUMBER,
    )
    def get(self, request: Request, number_id: str) -> Response:
        return self.answer(number_json(number_of(self.workspace, number_id)))

    @operation(
        "updateCallerNumber",
        "Change a caller number",
        tag=TAG,
        scope="numbers:write",
        description="It cannot move to another account while agents or campaigns call from it.",
        body=CallerNumberFieldsSerializer,
        data=CallerNumberShape,
        body_example={"label": "Oakland office", "active": False},
        example=examples.NUMBER | {"active": False},
    )
    def patch(self, request: Request, number_id: str) -> Response:
        number = number_of(self.workspace, number_id)
        return self.answer(number_json(update_number(number=number, by=self.actor, **self.body())))
