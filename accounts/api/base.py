"""What every view of the public API does: who asks, may they, how often, once or again, and what is written down."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.db.models import CharField, Model, QuerySet
from django.http import HttpRequest, QueryDict
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.activity import address_of, log_request
from accounts.actors import Actor
from accounts.idempotency import answer_once, fingerprint_of
from accounts.models import ApiKey, Workspace
from common import clock, ratelimits
from common.api import success
from common.errors import ProblemError, UnknownIdError
from common.ids import is_row_number
from common.openapi import ApiSchema
from common.operations import Operation, operation_of
from common.paging import rows_beyond
from common.serializers import StrictSerializer, Text, no_object

Row = TypeVar("Row", bound=Model)
PAGE, LONGEST_PAGE = 50, 100
SLOW_BODY_SECONDS = 1
REFUSALS_PER_MINUTE = 60


class PageQuery(StrictSerializer):
    """The query of every list with a cursor."""

    cursor = Text(required=False, max_length=60, help_text="`nextCursor` of the page before.")
    limit = serializers.IntegerField(required=False, default=PAGE, min_value=1, max_value=LONGEST_PAGE)


@dataclass(frozen=True)
class Paged(Generic[Row]):
    rows: list[Row]
    next_cursor: str | None
    has_more: bool


class TooManyRequestsError(ProblemError):
    status = 429


class ApiView(APIView):
    """Each method says by `@operation` what it reads, answers and needs, and calls `body()` and `query()` for the
    first, `answer()` for the second."""

    schema = ApiSchema()
    quota: ratelimits.Quota | None = None
    sent: Mapping[str, Any] = {}
    asking: ApiKey | None = None
    """The key, once it is known to be good."""

    @property
    def said(self) -> Operation:
        found = operation_of(self, self.request.method or "")
        assert found
        return found

    @property
    def key(self) -> ApiKey:
        assert isinstance(self.request.auth, ApiKey)
        return self.request.auth

    @property
    def workspace(self) -> Workspace:
        return self.key.workspace

    @property
    def actor(self) -> Actor:
        return Actor(api_key=self.key)

    def body(self) -> dict[str, Any]:
        """Only what was sent: a field that is not there is not in it."""
        data = self.request.data
        # DRF's word for no body at all; a form would turn what is missing into false.
        return self._read(self.said.body, {} if isinstance(data, QueryDict) else data)

    def query(self) -> dict[str, Any]:
        asked = self.request.query_params
        if twice := [name[:80] for name, values in asked.lists() if len(values) > 1]:
            message = "This is given more than once: send it once."
            raise ProblemError("VALIDATION_ERROR", "Invalid input data", details=[f"{it}: {message}" for it in twice])
        # A form that is half filled in sends the rest empty.
        return self._read(self.said.query, {name: value for name, value in asked.items() if value})

    def _read(self, serializer: Any, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise serializers.ValidationError(no_object(data))
        self.sent = {**self.sent, **data}
        asked = serializer(data=data, context={"workspace": self.workspace})
        asked.is_valid(raise_exception=True)
        found: dict[str, Any] = asked.validated_data
        return found

    def answer(self, data: Any) -> Response:
        return success(data, status=self.said.status)

    def page(
        self, rows: QuerySet[Row], *, known: QuerySet[Row], order: Sequence[str] = ("-id",), by: str = "public_id"
    ) -> Paged[Row]:
        """The page that `cursor` and `limit` of the query ask for. The cursor is the id of the last row of the page
        before; it is looked up among all rows that are `known`, for it may not fit the filter any more."""
        asked = self.query()
        last = self._row_of(known, by, asked["cursor"]) if asked.get("cursor") else None
        found, has_more = rows_beyond(rows, order=order, last=last, size=asked["limit"])
        return Paged(found, str(getattr(found[-1], by)) if has_more else None, has_more)

    def _row_of(self, known: QuerySet[Row], by: str, cursor: str) -> Row:
        is_text = isinstance(known.model._meta.get_field(by), CharField)
        usable = is_text or is_row_number(cursor)
        row = known.filter(**{by: cursor}).first() if usable else None
        if row is None:
            message = "The cursor is not one of ours: take nextCursor of the page before, or leave it out."
            raise ProblemError("VALIDATION_ERROR", message, details=[f"cursor: {message}"])
        return row

    # --- around the method ---
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        self.began_at = time.monotonic()
        return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        said = operation_of(self, request.method or "")
        if said and said.body:
            self._read_body(request)
        if said and said.idempotent:
            name = (request.method or "").lower()
            setattr(self, name, self._once(getattr(self, name)))

    def _read_body(self, request: Request) -> None:
        """Whoever sends it slowly may have lost the key meanwhile."""
        _ = request.data
        slow = time.monotonic() - self.began_at > SLOW_BODY_SECONDS
        if slow and not ApiKey.objects.usable(clock.now()).filter(pk=self.key.pk).exists():
            raise AuthenticationFailed("The API key was revoked or has expired while the request came in")

    def perform_authentication(self, request: Request) -> None:
        """Whoever has no good key is counted by address; good keys from there are answered all the same."""
        try:
            super().perform_authentication(request)
        except (NotAuthenticated, AuthenticationFailed):
            self._count(f"refused:{address_of(request._request)}", limit=REFUSALS_PER_MINUTE)
            raise
        self.asking = self.key

    def check_permissions(self, request: Request) -> None:
        """Counted before the scope is asked for: a key that guesses is a key that asks."""
        limit = self.key.requests_per_minute or settings.API_REQUESTS_PER_MINUTE
        self._count(f"key:{self.key.pk}", limit=limit)
        super().check_permissions(request)

    def _count(self, name: str, *, limit: int) -> None:
        self.quota = ratelimits.take(name, limit=limit)
        if self.quota.exceeded:
            message = f"Too many requests: try again in {self.quota.resets_in} seconds."
            raise TooManyRequestsError("RATE_LIMITED", message)

    def handle_exception(self, exc: Exception) -> Response:
        """Of an id that was sent and is not known, the name under which it came."""
        if isinstance(exc, UnknownIdError):
            exc.field = exc.field or next((name for name, value in self.sent.items() if value == exc.public_id), "")
        return super().handle_exception(exc)

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """What may be done here stands in the header Allow, as in every answer."""
        return success(None)

    def _once(self, handler: Callable[..., Response]) -> Callable[..., Response]:
        @wraps(handler)
        def once(request: Request, *args: Any, **kwargs: Any) -> Response:
            key = request.headers.get("Idempotency-Key")
            if key is None:
                return handler(request, *args, **kwargs)

            def act() -> tuple[int, Any]:
                response = handler(request, *args, **kwargs)
                return response.status_code, response.data

            fingerprint = fingerprint_of(request.method or "", request.path, request.data, self.key.scopes)
            kept = answer_once(workspace=self.workspace, key=key, fingerprint=fingerprint, act=act)
            headers = {"Idempotent-Replayed": "true"} if kept.replayed else None
            return Response(kept.data, status=kept.status, headers=headers)

        return once

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        for name, value in (self.quota.headers() if self.quota else {}).items():
            response[name] = value
        if self.asking and not (self.quota and self.quota.is_flood):
            log_request(
                key=self.asking,
                request=request._request,
                status=response.status_code,
                milliseconds=int((time.monotonic() - self.began_at) * 1000),
            )
        return response


def between(since: datetime | None, until: datetime | None, name: str = "created_at") -> dict[str, datetime]:
    """`since` is in, `until` is in too."""
    found = {f"{name}__gte": since, f"{name}__lte": until}
    return {lookup: moment for lookup, moment in found.items() if moment}
