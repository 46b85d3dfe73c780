"""Where providers deliver their events: verify the raw bytes, store, answer; everything else is a job's."""

from __future__ import annotations

import structlog
from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import RawPostDataException, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from calls.ingest.inbox import store_event
from calls.providers import adapter_for
from calls.providers.base import BadSignature
from campaigns.models import ProviderAccount
from common.fields import SecretUnreadable

log = structlog.get_logger(__name__)


@csrf_exempt
@require_POST
def receive(request: HttpRequest, provider: str, token: str) -> HttpResponse:
    """200 also for events we do not know, so that the provider never switches the webhook off; 503 when the fault is
    ours, because providers repeat after that and not after a 4xx."""
    try:
        body = _read_body(request)
    except (UnreadablePostError, RawPostDataException):
        return _answer(400, "the body could not be read")
    if body is None:
        return _answer(413, f"the body is larger than {settings.WEBHOOK_MAX_BYTES} bytes")
    try:
        return _store(provider, token, dict(request.headers), body)
    except (DatabaseError, SecretUnreadable) as error:
        log.error("webhook_not_stored", error=str(error))
        return _answer(503, "try again")


def _read_body(request: HttpRequest) -> bytes | None:
    if int(request.META.get("CONTENT_LENGTH") or 0) > settings.WEBHOOK_MAX_BYTES:
        return None
    return request.body


def _store(provider: str, token: str, headers: dict[str, str], body: bytes) -> HttpResponse:
    account = ProviderAccount.objects.filter(provider=provider, webhook_token=token).first()
    if account is None:
        return _answer(404, "no provider account has this address")
    try:
        adapter_for(account).verify(account, {name.title(): value for name, value in headers.items()}, body)
    except BadSignature as error:
        log.warning("webhook_refused", account=account.public_id, reason=str(error))
        return _answer(401, "the signature is not valid")
    store_event(account, body)
    return _answer(200, "received")


def _answer(status: int, text: str) -> JsonResponse:
    return JsonResponse({"status": text}, status=status)
