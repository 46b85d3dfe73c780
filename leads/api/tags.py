"""The tags that leads of the workspace have or had."""

from __future__ import annotations

from typing import TypedDict

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView, PageQuery
from common.operations import operation
from leads.models import Tag


class TagShape(TypedDict):
    """A word that leads are marked with."""

    id: str
    name: str


class TagsShape(TypedDict):
    tags: list[TagShape]
    nextCursor: str | None
    hasMore: bool


class Tags(ApiView):
    @operation(
        "listTags",
        "List tags",
        tag="Leads",
        scope="leads:read",
        description="By name. A tag comes into being when a lead gets it.",
        query=PageQuery,
        data=TagsShape,
        example={"tags": [{"id": "7", "name": "solar"}], "nextCursor": None, "hasMore": False},
    )
    def get(self, request: Request) -> Response:
        tags = Tag.objects.filter(workspace=self.workspace)
        page = self.page(tags, known=tags, order=("name", "id"), by="id")
        found: TagsShape = {
            "tags": [{"id": str(tag.pk), "name": tag.name} for tag in page.rows],
            "nextCursor": page.next_cursor,
            "hasMore": page.has_more,
        }
        return self.answer(found)
