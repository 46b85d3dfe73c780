"""Webhook endpoints: made, changed and switched here, with an audit line that holds no secret and no header's value."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.actors import Actor
from accounts.models import Workspace
from accounts.services import record
from common import clock
from common.errors import NotFoundError, ProblemError
from common.fields import SecretUnreadable
from common.guard import is_public
from common.http import as_asked
from webhooks.access import SECRETS
from webhooks.events import EVENTS
from webhooks.models import WebhookEndpoint, new_secret
from webhooks.services import release
from webhooks.shapes import MASK

BOTH_SIGN = timedelta(hours=24)
MOST_ENDPOINTS = 50
MOST_HEADERS, LONGEST_URL, LONGEST_NAME, LONGEST_VALUE = 20, 500, 100, 4000
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# What LeadSail says itself, or what would change where one request ends and the next begins.
RESERVED = {
    *("host", "connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade", "expect"),
    *("content-length", "content-type", "content-encoding", "transfer-encoding", "accept-encoding", "user-agent"),
}
RESERVED_START = "webhook-"
PORTS = {"http": 80, "https": 443}
State = WebhookEndpoint.State


@transaction.atomic
def create_endpoint(*, workspace: Workspace, by: Actor, enabled: bool = True, **fields: Any) -> WebhookEndpoint:
    # One at a time: the second of two for one campaign is told so in words.
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
    if WebhookEndpoint.objects.filter(workspace=workspace).count() >= MOST_ENDPOINTS:
        raise ProblemError(
            "TOO_MANY_ENDPOINTS",
            f"A workspace has at most {MOST_ENDPOINTS} webhook endpoints: delete one that nobody needs any more.",
        )
    endpoint = WebhookEndpoint(workspace=workspace, state=State.ACTIVE if enabled else State.PAUSED)
    for name, value in _read(endpoint, fields).items():
        setattr(endpoint, name, value)
    _check(endpoint)
    endpoint.save()
    _record(endpoint, by, "webhook.created", {"url": endpoint.url, "events": endpoint.events})
    return endpoint


@transaction.atomic
def update_endpoint(*, endpoint: WebhookEndpoint, by: Actor, enabled: bool | None = None, **fields: Any) -> set[str]:
    """The names of what has changed. A masked value of a header keeps the stored one, unless the URL moves to another
    server: whoever may write it must not learn from an echo what others have stored."""
    row = _locked(endpoint)
    _check_move(row, fields)
    wanted = _read(row, fields)
    before = {name: _stored(row, name) for name in wanted}
    changed = {name for name, value in wanted.items() if value != before[name]}
    for name in changed:
        setattr(row, name, wanted[name])
    switched = _switch(row, enabled)
    _check(row)
    if changed:
        row.save(update_fields=changed)
        told = {name: [before[name], wanted[name]] for name in sorted(changed - {"headers"})}
        replaced = ["headers"] if "headers" in changed else []
        _record(row, by, "webhook.changed", {"changes": told, "replaced": replaced})
    if switched:
        _save_switched(row, by)
    return changed | switched


def set_endpoint_state(*, endpoint: WebhookEndpoint, active: bool, by: Actor) -> bool:
    return bool(update_endpoint(endpoint=endpoint, by=by, enabled=active))


@transaction.atomic
def delete_endpoint(*, endpoint: WebhookEndpoint, by: Actor) -> None:
    """The row alone, however many deliveries it has: nobody sees them any more, and they go when their events do."""
    row = _locked(endpoint)
    _record(row, by, "webhook.deleted", {"url": row.url})
    rows = WebhookEndpoint.objects.filter(pk=row.pk)
    rows._raw_delete(rows.db)


@transaction.atomic
def rotate_secret(*, endpoint: WebhookEndpoint, by: Actor) -> WebhookEndpoint:
    """The new secret signs at once, the one before signs beside it for a day; one before that is gone."""
    row = _locked(endpoint)
    try:
        row.previous_secret = row.secret
    except SecretUnreadable:
        row.previous_secret = ""
    row.previous_secret_until = clock.now() + BOTH_SIGN if row.previous_secret else None
    row.secret = new_secret()
    row.save(update_fields=["secret", "previous_secret", "previous_secret_until"])
    _record(row, by, "webhook.secret_rotated", {})
    return row


def secret_of(endpoint: WebhookEndpoint) -> str:
    try:
        return str(endpoint.secret)
    except SecretUnreadable as error:
        raise ProblemError(
            "SECRET_UNREADABLE", "The stored secret cannot be decrypted any more: rotate it to get a new one."
        ) from error


def both_sign_until(endpoint: WebhookEndpoint) -> datetime | None:
    """Until when the secret before the last rotation is good too; None when it is not any more."""
    until = endpoint.previous_secret_until
    return until if until and until > clock.now() else None


# --- what is asked for ---
def _locked(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    rows = WebhookEndpoint.objects.select_for_update(of=("self",), no_key=True).select_related("workspace")
    row = rows.filter(pk=endpoint.pk).first()
    if row is None:
        raise NotFoundError("This webhook endpoint was deleted meanwhile.")
    return row


def _read(row: WebhookEndpoint, fields: dict[str, Any]) -> dict[str, Any]:
    """As it is stored: events in their order, headers as encrypted JSON, texts without spaces around them."""
    found: dict[str, Any] = {name: value.strip() if isinstance(value, str) else value for name, value in fields.items()}
    if "events" in found:
        found["events"] = _known_events(found["events"])
    if "headers" in found:
        found["headers"] = _sealed(_unmasked(row, check_headers(found["headers"])))
    return found


def _known_events(events: Iterable[str]) -> list[str]:
    asked = set(events)
    if unknown := sorted(asked - {*EVENTS}):
        raise ValidationError({"events": f"There is no event {unknown[0][:80]}. Known are: {', '.join(EVENTS)}."})
    return [event for event in EVENTS if event in asked]


def _sealed(headers: dict[str, str]) -> str:
    return json.dumps(headers) if headers else ""


def _stored(row: WebhookEndpoint, name: str) -> Any:
    try:
        return getattr(row, name)
    except SecretUnreadable:
        return None


def _unmasked(row: WebhookEndpoint, headers: dict[str, str]) -> dict[str, str]:
    if MASK not in headers.values():
        return headers
    stored = json.loads((_stored(row, "headers") or "{}") if row.pk else "{}")
    kept = {name.lower(): value for name, value in stored.items()}
    for name, value in headers.items():
        if value == MASK and name.lower() not in kept:
            raise ValidationError({"headers": f"There is no stored value of {name} to keep: write it."})
    return {name: kept[name.lower()] if value == MASK else value for name, value in headers.items()}


def _check_move(row: WebhookEndpoint, fields: dict[str, Any]) -> None:
    """Only what is given now goes to a server that was not known when the stored values were given."""
    url, headers = fields.get("url", row.url).strip(), fields.get("headers")
    keeps_some = headers is None or MASK in (value.strip() for value in headers.values())
    if url and _server_of(url) != _server_of(row.url) and keeps_some and _stored(row, "headers"):
        raise ValidationError(
            {"headers": "Stored values of headers do not move to another server: write each value anew, or remove it."}
        )


def _server_of(url: str) -> tuple[str, str, int | None] | None:
    """Of a URL that is none, it is said elsewhere what is wrong with it."""
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname or "", parts.port or PORTS.get(parts.scheme)
    except ValueError:
        return None


# --- rules ---
def check_headers(headers: dict[str, str]) -> dict[str, str]:
    if len(headers) > MOST_HEADERS:
        raise ValidationError({"headers": f"At most {MOST_HEADERS} headers are sent along."})
    found = {name.strip(): value.strip() for name, value in headers.items()}
    if len({name.lower() for name in found}) < len(headers):
        raise ValidationError({"headers": "A header stands there twice: capital letters make no difference."})
    faults = [fault for name, value in found.items() if (fault := _fault_of_header(name, value))]
    if faults:
        raise ValidationError({"headers": faults})
    return found


def _fault_of_header(name: str, value: str) -> str:
    shown = name[:60]
    if not TOKEN.fullmatch(name) or len(name) > LONGEST_NAME:
        return f"“{shown}” is no name of a header: letters, digits and - only, at most {LONGEST_NAME}."
    if name.lower() in RESERVED or name.lower().startswith(RESERVED_START):
        return f"{shown} is set by LeadSail itself: leave it out."
    if not value:
        return f"{shown} has no value: write one, or leave the header out."
    if len(value) > LONGEST_VALUE:
        return f"The value of {shown} is longer than {LONGEST_VALUE} characters."
    if not all(" " <= char <= "~" or "\xa0" <= char <= "\xff" for char in value):
        return f"The value of {shown} has a line break or a character that no header may have."
    return ""


def check_url(url: str) -> None:
    """Names are looked up when a delivery is sent; what is an address already is judged here."""
    if fault := _fault_of_url(url):
        raise ValidationError({"url": fault})


def _fault_of_url(url: str) -> str:
    if len(url) > LONGEST_URL:
        return f"This is longer than {LONGEST_URL} characters."
    if any(char.isspace() or not char.isprintable() or char == "\\" for char in url):
        return "There is a space, a line break or a backslash in it: copy the URL again."
    try:
        parts = urlsplit(url)
        return _fault_of_parts(parts, parts.hostname or "", parts.port) or _fault_of_asked(urlsplit(as_asked(url)))
    except ValueError:
        return "This is no URL: check the host and the port."


def _fault_of_parts(parts: SplitResult, host: str, port: int | None) -> str:
    if parts.scheme not in ("http", "https"):
        return "Start it with https:// (or http://)."
    if "@" in parts.netloc:
        return "Leave name and password out of the URL: send them as a header, e.g. Authorization."
    if not host or port == 0 or not _is_host(host):
        return "This is no URL: check the host and the port."
    return ""


def _fault_of_asked(parts: SplitResult) -> str:
    """Of the host in the letters in which it is asked for."""
    if _is_refused(parts.hostname or ""):
        return (
            "This address is private, and deliveries go to the internet only. Whoever runs LeadSail may allow it "
            "with the setting WEBHOOK_PRIVATE_NETWORKS."
        )
    return ""


def _is_host(host: str) -> bool:
    """In any script; each part as long as names may be."""
    if ":" in host:
        return True
    return bool(host.rstrip(".").encode("idna")) and not re.search(r"[\x00-\x2c/:-@\[-^`{-\x7f]", host)


def _is_refused(host: str) -> bool:
    written = _written_address(host.rstrip("."))
    return written is not None and not is_public(written)


def _written_address(host: str) -> str | None:
    """Also of 127.1 and 2130706433, which every computer takes for addresses; a name has none yet."""
    if ":" in host:
        return host.partition("%")[0]
    try:
        return socket.inet_ntoa(socket.inet_aton("127.0.0.1" if host == "localhost" else host))
    except OSError:
        return None


def _check(row: WebhookEndpoint) -> None:
    faults = {
        "url": _fault_of_url(row.url) if row.url else _why_url(row),
        "events": "Choose at least one event." if row.url and not row.events else "",
        "inherits": "Only a campaign's endpoint can leave events to the workspace's or keep them from it."
        if not row.campaign_code and not row.inherits
        else "",
        "campaign_code": "This campaign has an endpoint of its own already: change that one." if _is_taken(row) else "",
    }
    if told := {name: fault for name, fault in faults.items() if fault}:
        raise ValidationError(told)
    row.full_clean(exclude=[*SECRETS, "workspace", "events"], validate_unique=False, validate_constraints=False)


def _is_taken(row: WebhookEndpoint) -> bool:
    others = WebhookEndpoint.objects.filter(workspace=row.workspace, campaign_code=row.campaign_code)
    return bool(row.campaign_code) and others.exclude(pk=row.pk).exists()


def _why_url(row: WebhookEndpoint) -> str:
    """Without an address there is nothing but silence, and only a campaign can be kept silent."""
    if not row.campaign_code:
        return "Write where deliveries are sent to."
    if row.state == State.PAUSED and not row.inherits:
        return ""
    return "Write where deliveries are sent to. A silent campaign needs none: paused, and not inheriting."


# --- on and off ---
def _switch(row: WebhookEndpoint, enabled: bool | None) -> set[str]:
    if enabled is None or enabled == (row.state == State.ACTIVE):
        return set()
    if not enabled and row.state == State.PAUSED:
        return set()
    row.state = State.ACTIVE if enabled else State.PAUSED
    row.failing_since, row.failures, row.disabled_reason = None, 0, ""
    return {"state", "failing_since", "failures", "disabled_reason"}


def _save_switched(row: WebhookEndpoint, by: Actor) -> None:
    row.save(update_fields=["state", "failing_since", "failures", "disabled_reason"])
    active = row.state == State.ACTIVE
    _record(row, by, "webhook.switched_on" if active else "webhook.paused", {})
    if active:
        release(row)


def _record(row: WebhookEndpoint, by: Actor, verb: str, data: dict[str, Any]) -> None:
    record(
        workspace=row.workspace,
        by=by,
        verb=verb,
        object_type="webhook",
        object_id=row.public_id,
        data={"name": str(row), **data},
    )
