from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import key_of
from accounts.api.base import ApiView, PageQuery
from accounts.keys import create_api_key, revoke_api_key, update_api_key
from accounts.models import ApiKey, ApiRequest
from accounts.serializers import KeyPatchSerializer, KeySerializer
from accounts.shapes import (
    KeyActivityShape,
    KeyPageShape,
    KeyShape,
    MadeKeyShape,
    key_json,
    key_use_json,
    made_key_json,
)
from common.operations import operation

TAG = "API keys"
EXAMPLE = {
    "keyId": "key_01jd4m8q7v3x9t2c5b6n8k1r0w",
    "name": "Website",
    "prefix": "ls_kJ8dPw1",
    "scopes": ["interactions:read", "leads:write"],
    "state": "active",
    "requestsPerMinute": None,
    "createdBy": "Jane Doe",
    "createdAt": "2026-11-20T15:04:05.000Z",
    "expiresAt": "2027-11-20T15:04:05.000Z",
    "lastUsedAt": "2026-11-21T09:30:00.000Z",
    "revokedAt": None,
}
NEVER_USED = EXAMPLE | {"createdBy": None, "lastUsedAt": None}
USE_EXAMPLE = {
    "at": "2026-11-21T09:30:00.000Z",
    "method": "POST",
    "path": "/api/v1/leads/submit",
    "status": 200,
    "milliseconds": 18,
    "ip": "203.0.113.7",
    "requestId": "5f0c1d7e9a3b4c6d8e2f1a0b9c8d7e6f",
}


class KeyList(ApiView):
    @operation(
        "listKeys",
        "List API keys",
        tag=TAG,
        scope="keys:read",
        query=PageQuery,
        data=KeyPageShape,
        description="Newest first, the revoked and the expired ones too.",
        example={"keys": [EXAMPLE], "nextCursor": None, "hasMore": False},
    )
    def get(self, request: Request) -> Response:
        known = ApiKey.objects.filter(workspace=self.workspace)
        page = self.page(known.select_related("created_by"), known=known)
        found: KeyPageShape = {
            "keys": [key_json(key) for key in page.rows],
            "nextCursor": page.next_cursor,
            "hasMore": page.has_more,
        }
        return self.answer(found)

    @operation(
        "createKey",
        "Make an API key",
        tag=TAG,
        scope="keys:write",
        body=KeySerializer,
        data=MadeKeyShape,
        idempotent=True,
        description="The key itself stands in this answer only. A key makes none that may do more or that lives "
        "longer than itself, or with more requests per minute.",
        body_example={"name": "Website", "scopes": ["leads:write", "interactions:read"]},
        example=NEVER_USED | {"key": "ls_kJ8dPw1vYb0eT5uR2xQ7mZ4aC9nH3sL6gF1iO8dK5jE"},
    )
    def post(self, request: Request) -> Response:
        asked = self.body()
        row, key = create_api_key(
            workspace=self.workspace,
            name=asked["name"],
            scopes=asked["scopes"],
            by=self.actor,
            expires_at=asked.get("expiresAt", self.key.expires_at),
            requests_per_minute=asked.get("requestsPerMinute", self.key.requests_per_minute),
        )
        return self.answer(made_key_json(row, key))


class KeyDetail(ApiView):
    @operation("getKey", "Get an API key", tag=TAG, scope="keys:read", data=KeyShape, example=EXAMPLE)
    def get(self, request: Request, key_id: str) -> Response:
        return self.answer(key_json(key_of(self.workspace, key_id)))

    @operation(
        "updateKey",
        "Change an API key",
        tag=TAG,
        scope="keys:write",
        body=KeyPatchSerializer,
        data=KeyShape,
        description="Its name and its pace. What it may do and how long it lives is settled when it is made.",
        body_example={"requestsPerMinute": 1200},
        example=EXAMPLE | {"requestsPerMinute": 1200},
    )
    def patch(self, request: Request, key_id: str) -> Response:
        key, asked = key_of(self.workspace, key_id), self.body()
        names = {"name": "name", "requestsPerMinute": "requests_per_minute"}
        update_api_key(key=key, by=self.actor, **{names[name]: value for name, value in asked.items()})
        return self.answer(key_json(key_of(self.workspace, key_id)))

    @operation(
        "revokeKey",
        "Revoke an API key",
        tag=TAG,
        scope="keys:write",
        description="It is refused from the next request on, and cannot be brought back. The keys that it made are "
        "revoked with it, and so are its invitations that are still open. A key may revoke itself.",
    )
    def delete(self, request: Request, key_id: str) -> Response:
        revoke_api_key(key=key_of(self.workspace, key_id), by=self.actor)
        return self.answer(None)


class KeyActivity(ApiView):
    @operation(
        "listKeyActivity",
        "List what an API key was used for",
        tag=TAG,
        scope="keys:read",
        query=PageQuery,
        data=KeyActivityShape,
        description="One line per request, newest first, kept for 30 days. A request appears some seconds after it "
        "was answered.",
        example={"activity": [USE_EXAMPLE], "nextCursor": None, "hasMore": False},
    )
    def get(self, request: Request, key_id: str) -> Response:
        known = ApiRequest.objects.filter(api_key=key_of(self.workspace, key_id))
        page = self.page(known, known=known, by="id")
        found: KeyActivityShape = {
            "activity": [key_use_json(use) for use in page.rows],
            "nextCursor": page.next_cursor,
            "hasMore": page.has_more,
        }
        return self.answer(found)
