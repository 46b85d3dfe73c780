"""Sending one delivery: claim, send, keep what came of it. At least once, and in normal life exactly once.

1. pending → sending under a token of its own, at most a few of an endpoint at a time. Dies here: nothing was sent.
2. the request, unless this process slept since 1. Dies here: the receiver may have it.
3. the result, by the token: delivered, failed, or pending with a later time.
Whoever dies between 1 and 3 leaves a claim that the sweep takes back, and the delivery is sent again: the receiver
knows it by its `webhook-id`. A worker whose claim was taken back changes nothing any more.
"""

from __future__ import annotations

import json
import random
import time
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import structlog
from django.db import DatabaseError, InterfaceError, close_old_connections, connection, transaction
from django.db.models import QuerySet

from common import clock, http
from common.fields import SecretUnreadable
from common.process import new_token
from webhooks.events import TEST_EVENT
from webhooks.health import note_failure, note_success
from webhooks.models import Delivery, DeliveryAttempt, WebhookEndpoint
from webhooks.services import TEST_GOES_AHEAD
from webhooks.shapes import MASK
from webhooks.signing import BadSecret, signed_headers
from webhooks.veil import Veil

log = structlog.get_logger(__name__)
State = Delivery.State
AT_ONCE, PROBES_AT_ONCE = 5, 1
# However many endpoints it has; of one worker, whose threads are shared out (webhooks/pool.py).
OF_A_WORKSPACE = 8
# With eight tries a receiver may be away for three hours, with ten for twenty.
WAITS = (10, 30, 90, 300, 900, 2700, 7200, 18000, 43200)
SPREAD = 0.2
LONGEST_RETRY_AFTER = 3600
# A process that slept longer than this between the claim and the request does not send it any more.
FENCE_HOLDS = timedelta(seconds=20)
RESULT_TRIES = 8
READ_BYTES, KEPT_CHARACTERS, KEPT_HEADERS = 64 * 1024, 4000, 50


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of one try; `error` is empty when the receiver has taken it."""

    at: datetime = field(default_factory=clock.now)
    url: str = ""
    request_headers: dict[str, str] = field(default_factory=dict)
    status: int | None = None
    response_headers: dict[str, str] = field(default_factory=dict)
    response_body: str = ""
    error: str = ""
    milliseconds: int = 0


# --- the claim ---
def claim(endpoint_id: int, *, tests: bool = False) -> Delivery | None:
    """The one that waits longest, or none: nothing is due, or enough of the endpoint's are on their way. Tests are
    asked for on their own, and do not wait for others to come back."""
    wanted = tests_of if tests else due_of
    endpoint = _endpoints().filter(pk=endpoint_id).first()
    # Asked first: the lock is SQLite's only one.
    if endpoint is None or not wanted(endpoint).exists():
        return None
    with transaction.atomic():
        # Whoever claims stands in line here, so that nobody counts before another has written.
        locked = lock(endpoint_id)
        return _claim_next(wanted(locked)) if locked and (tests or _has_room(locked)) else None


def due_of(endpoint: WebhookEndpoint) -> QuerySet[Delivery]:
    if endpoint.state != WebhookEndpoint.State.ACTIVE:
        return Delivery.objects.none()
    now = clock.now()
    return _pending(endpoint).filter(due_at__lte=now, due_at__gt=now - TEST_GOES_AHEAD)


def tests_of(endpoint: WebhookEndpoint) -> QuerySet[Delivery]:
    if endpoint.state == WebhookEndpoint.State.PAUSED:
        return Delivery.objects.none()
    return _pending(endpoint).filter(due_at__lte=clock.now() - TEST_GOES_AHEAD, event__type=TEST_EVENT)


def _pending(endpoint: WebhookEndpoint) -> QuerySet[Delivery]:
    return Delivery.objects.filter(endpoint=endpoint, state=State.PENDING)


def lock(endpoint_id: int) -> WebhookEndpoint | None:
    """Before a row of its deliveries, always: two who lock in the same order do not wait for each other."""
    return _endpoints().select_for_update(of=("self",), no_key=True).filter(pk=endpoint_id).first()


def _endpoints() -> QuerySet[WebhookEndpoint]:
    return WebhookEndpoint.objects.select_related("workspace")


def room_of(endpoint: WebhookEndpoint, on_the_way: int) -> int:
    """One that fails is asked by one delivery at a time whether it is back."""
    return max((PROBES_AT_ONCE if endpoint.failing_since else AT_ONCE) - on_the_way, 0)


def _has_room(endpoint: WebhookEndpoint) -> bool:
    return room_of(endpoint, Delivery.objects.filter(endpoint=endpoint, state=State.SENDING).count()) > 0


def _claim_next(wanted: QuerySet[Delivery]) -> Delivery | None:
    row = wanted.select_related("event").order_by("due_at", "pk").first()
    if row is None:
        return None
    row.claim_token, row.claimed_at = new_token(), clock.real_now()
    waiting = Delivery.objects.filter(pk=row.pk, state=State.PENDING)
    mine = waiting.update(state=State.SENDING, claim_token=row.claim_token, claimed_at=row.claimed_at)
    return row if mine else None


# --- the request ---
def deliver(delivery: Delivery) -> bool:
    """Whether the receiver has taken it."""
    try:
        result = _send(delivery)
    except (DatabaseError, InterfaceError):
        raise
    except Exception as error:
        log.exception("delivery_fault", delivery=delivery.public_id, exc_info=error)
        result = Result(error="LeadSail could not make the request; the operator finds the fault in the log.")
    if result is None:
        _put_back(delivery)
        return False
    _keep(delivery, result)
    return not result.error


def _send(delivery: Delivery) -> Result | None:
    """None when it is too late to send: the claim may be another's by now."""
    body, result = delivery.event.body.encode(), Result()
    try:
        endpoint = WebhookEndpoint.objects.get(pk=delivery.endpoint_id)
        own, custom = _own_headers(endpoint, delivery, body), json.loads(endpoint.headers or "{}")
    except (SecretUnreadable, BadSecret) as error:
        return replace(result, error=_sentence("Not sent", error))
    except WebhookEndpoint.DoesNotExist:
        return replace(result, error="The endpoint was deleted.")
    result = replace(result, url=endpoint.url, request_headers={**dict.fromkeys(custom, MASK), **own})
    _let_go_of_database()
    if delivery.claimed_at and clock.real_now() - delivery.claimed_at > FENCE_HOLDS:
        return None
    return _post(endpoint, result, {**_allowed(custom, own), **own}, body, Veil(endpoint, custom))


def _let_go_of_database() -> None:
    """Others may have the connection while we wait for the network."""
    if not connection.in_atomic_block:
        connection.close()


def _own_headers(endpoint: WebhookEndpoint, delivery: Delivery, body: bytes) -> dict[str, str]:
    own = {"content-type": "application/json", "user-agent": "LeadSail/1", "accept-encoding": "identity"}
    return {**own, **signed_headers(endpoint, delivery.event, body)}


def _allowed(custom: dict[str, str], own: dict[str, str]) -> dict[str, str]:
    """Whatever is stored, what we say ourselves is said once, and where a request ends is not for a header to say."""
    fixed = {*own, "host", "content-length", "transfer-encoding", "connection", "expect"}
    return {name: value for name, value in custom.items() if name.lower() not in fixed}


def _post(endpoint: WebhookEndpoint, result: Result, headers: dict[str, str], body: bytes, veil: Veil) -> Result:
    began, seconds = time.monotonic(), float(endpoint.timeout_seconds)
    try:
        answer = http.call(
            "POST",
            endpoint.url,
            headers=headers,
            data=body,
            timeout=(seconds, seconds),
            max_bytes=READ_BYTES,
            public_only=True,
        )
    except http.NotSent as error:
        result = replace(result, error=_sentence("Not sent", error))
    except http.Lost as error:
        result = replace(result, error=_sentence("No answer", error))
    else:
        result = _read(result, answer, veil)
    return replace(result, milliseconds=int((time.monotonic() - began) * 1000))


def _read(result: Result, answer: http.Answer, veil: Veil) -> Result:
    headers = [(veil.over_header(name), veil.over_header(value)) for name, value in answer.headers.items()]
    return replace(
        result,
        status=answer.status,
        response_headers={_storable(name, 100): _storable(value, 1000) for name, value in headers[:KEPT_HEADERS]},
        response_body=_storable(veil.over(answer.body).decode(errors="replace"), KEPT_CHARACTERS),
        error="" if answer.ok else _status_in_words(answer.status),
    )


def _status_in_words(status: int) -> str:
    if 300 <= status < 400:
        return f"The receiver answered {status}, a redirect, which is not followed: enter the URL it leads to."
    return f"The receiver answered {status}: only 200 to 299 says that it has taken the delivery."


def _storable(text: str, length: int) -> str:
    """PostgreSQL keeps no NUL."""
    return text.replace("\0", "")[:length]


def _sentence(what: str, error: Exception) -> str:
    return _storable(f"{what}: {str(error).rstrip('.')}.", 300)


# --- the result ---
def _keep(delivery: Delivery, result: Result) -> None:
    """Worth waiting for a database that is away; if it stays away, the delivery is sent once more."""
    for attempt in range(RESULT_TRIES):
        try:
            save(delivery, result)
        except (DatabaseError, InterfaceError) as error:
            log.warning("delivery_not_saved_yet", delivery=delivery.public_id, error=str(error))
            close_old_connections()
            time.sleep(min(0.2 * 2**attempt, 5))
        else:
            return


@transaction.atomic
def save(delivery: Delivery, result: Result) -> None:
    endpoint = lock(delivery.endpoint_id)
    if endpoint is None or not _mine(delivery).update(**_unclaimed(), **_next(endpoint, delivery, result)):
        log.warning("delivery_of_another", delivery=delivery.public_id, status=result.status)
        return
    DeliveryAttempt.objects.create(delivery=delivery, **vars(result))
    if not result.error:
        note_success(endpoint)
    elif delivery.event.type != TEST_EVENT:
        note_failure(endpoint, result.status, result.error)


def _mine(delivery: Delivery) -> QuerySet[Delivery]:
    return Delivery.objects.filter(pk=delivery.pk, state=State.SENDING, claim_token=delivery.claim_token)


def _unclaimed() -> dict[str, Any]:
    return {"claim_token": "", "claimed_at": None}


def _put_back(delivery: Delivery) -> None:
    _mine(delivery).update(**_unclaimed(), state=State.PENDING)


def _next(endpoint: WebhookEndpoint, delivery: Delivery, result: Result) -> dict[str, Any]:
    now, tries = clock.now(), delivery.tries + 1
    told = {"tries": tries, "last_status": result.status, "last_error": result.error}
    if not result.error:
        return {**told, "state": State.DELIVERED, "finished_at": now}
    if tries >= endpoint.max_tries or delivery.event.type == TEST_EVENT:
        return {**told, "state": State.FAILED, "finished_at": now}
    return {**told, "state": State.PENDING, "due_at": now + _wait(tries, result)}


def _wait(tries: int, result: Result) -> timedelta:
    """In business time. The spread keeps what failed together from coming back together."""
    seconds = WAITS[min(tries, len(WAITS)) - 1] * random.uniform(1 - SPREAD, 1 + SPREAD)
    return timedelta(seconds=max(seconds, _retry_after(result)))


def _retry_after(result: Result) -> float:
    text = next((value for name, value in result.response_headers.items() if name.lower() == "retry-after"), "")
    if result.status not in (429, 503) or not text:
        return 0
    return min(float(text) if text.isascii() and text.isdigit() else _seconds_until(text), LONGEST_RETRY_AFTER)


def _seconds_until(date: str) -> float:
    """The receiver's clock is the real one."""
    try:
        return parsedate_to_datetime(date).timestamp() - clock.real_now().timestamp()
    except (ValueError, OverflowError):
        return 0
