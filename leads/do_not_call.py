"""The Do-Not-Call list as a whole: searching it, and putting a file of addresses on it at once."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.actors import Actor
from accounts.models import AuditEvent, Workspace
from accounts.services import record
from common import clock, phones
from leads.events import tell_listed
from leads.models import Channel, DoNotCall, Lead
from leads.services import normalize_address

MAX_ROWS = 50_000
MAX_BYTES = 5 * 1024 * 1024
BATCH = 1_000
UPLOAD = "upload"
KEPT_BAD_ROWS = 200
REPORT_SECONDS = 3600
SHOWN_TEXT = 60
MIN_DIGITS = 3
MAX_ADDRESS = 254

# In this order: "customer number" must not win over "phone".
PHONE_WORDS = ("phone", "telephone", "mobile", "cell", "tel", "msisdn", "number", "address")
EMAIL_WORDS = ("e-mail", "email", "mail", "address")
DELIMITERS = "\t;,|"
BLANK = f" {DELIMITERS}"


def find_listed(workspace: Workspace, *, text: str = "", channel: str = "") -> QuerySet[DoNotCall]:
    listed = DoNotCall.objects.filter(workspace=workspace).select_related("user")
    if channel:
        listed = listed.filter(channel=channel)
    return listed.filter(_matches(workspace, text.strip())) if text.strip() else listed


def is_address(text: str, *, country: str) -> Q:
    """Exactly this one, a number in any writing."""
    phone = phones.parse_phone(text, country=country)
    return Q(channel=Channel.EMAIL, address=text.strip().lower()) | Q(address=phone.e164 if phone else text)


def addresses_on(lead: Lead, channels: Iterable[str]) -> list[tuple[str, str]]:
    """The lead's own, as (channel, address); a channel on which it has none is a mistake of whoever asks."""
    found: list[tuple[str, str]] = []
    for channel in dict.fromkeys(channels):
        emails = [lead.email.strip().lower()] if lead.email else []
        addresses = emails if channel == Channel.EMAIL else lead.numbers()
        if not addresses:
            what = "e-mail" if channel == Channel.EMAIL else "number"
            raise ValidationError({"channels": f"The lead has no {what} that could be listed for {channel}."})
        found += [(channel, address) for address in addresses]
    return found


def _matches(workspace: Workspace, text: str) -> Q:
    """Any writing of a whole number, some of its digits, or a part of an e-mail."""
    found = Q(channel=Channel.EMAIL, address__contains=text.lower())
    if phone := phones.parse_phone(text, country=workspace.country):
        found |= Q(address=phone.e164)
    digits = phones.written_digits(text)
    if digits and len(digits) >= MIN_DIGITS:
        found |= Q(address__contains=digits)
    return found


@dataclass(frozen=True)
class BadRow:
    row: int
    text: str
    why: str


@dataclass
class ReadList:
    """A file's rows as addresses, each once in the order of the file, and those that are none."""

    rows: int = 0
    has_heading: bool = False
    repeated: int = 0
    addresses: dict[str, int] = field(default_factory=dict)
    bad: list[BadRow] = field(default_factory=list)


def decode(data: bytes) -> str:
    """As spreadsheets write it; latin-1 reads whatever is left, and a wrong letter spoils no number."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", errors="replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("latin-1")
    # PostgreSQL stores no NUL, and UTF-16 without its mark is full of them.
    return text.replace("\0", "")


def read_list(text: str, *, channel: str, country: str) -> ReadList:
    """Judges every row; raises ValidationError for more rows than one upload may have."""
    found = ReadList()
    rows = _cells_of(text)
    heading = next(rows, None)
    if heading is None:
        return found
    column = _column(heading[1], channel)
    found.has_heading = column is not None or all(map(_is_label, heading[1]))
    for number, cells in rows if found.has_heading else _again(heading, rows):
        found.rows += 1
        if found.rows > MAX_ROWS:
            raise ValidationError(f"One upload takes up to {MAX_ROWS:,} rows: split the file and upload its parts.")
        _judge(found, number, cells, column or 0, channel, country)
    return found


def judge(texts: Sequence[str], *, channel: str, country: str) -> ReadList:
    """Addresses that stand alone; the row of a bad one is its place, from 1."""
    found = ReadList(rows=len(texts))
    for number, text in enumerate(texts, 1):
        _judge(found, number, [text], 0, channel, country)
    return found


def _again(first: tuple[int, list[str]], rest: Iterable[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    yield first
    yield from rest


def _cells_of(text: str) -> Iterator[tuple[int, list[str]]]:
    """Line by line: an unclosed quote spoils its own row instead of swallowing the rest of the file."""
    lines = [(number, line) for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1) if line.strip(BLANK)]
    delimiter = max(DELIMITERS, key=lines[0][1].count) if lines else ""
    if len(lines) == 1:
        # A list in a single line, as people paste it from a mail.
        yield from ((lines[0][0], [cell]) for cell in _split(lines[0][1], delimiter) if cell.strip())
        return
    for number, line in lines:
        yield number, _split(line, delimiter)


def _split(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter))
    except csv.Error:
        return [line]


def _column(cells: Sequence[str], channel: str) -> int | None:
    """The column whose heading names the address; None where none does."""
    wanted = EMAIL_WORDS if channel == Channel.EMAIL else PHONE_WORDS
    headings = [set(re.split(r"[^a-z-]+", cell.lower())) if _is_label(cell) else set() for cell in cells]
    return next((i for word in wanted for i, words in enumerate(headings) if word in words), None)


def _is_label(cell: str) -> bool:
    return "@" not in cell and len(re.findall(r"\d", cell)) < MIN_DIGITS


def _judge(found: ReadList, number: int, cells: Sequence[str], column: int, channel: str, country: str) -> None:
    text = cells[column].strip() if column < len(cells) else ""
    try:
        address = read_address(text, channel=channel, country=country)
    except ValidationError:
        found.bad.append(BadRow(number, text[:SHOWN_TEXT], _why(text, channel)))
        return
    if address in found.addresses:
        found.repeated += 1
    found.addresses.setdefault(address, number)


def read_address(text: str, *, channel: str, country: str) -> str:
    address = normalize_address(text, channel=channel, country=country)
    if channel == Channel.EMAIL:
        validate_email(address)
        if len(address) > MAX_ADDRESS:
            raise ValidationError("No e-mail address is as long as this.")
    return address


def _why(text: str, channel: str) -> str:
    if not text:
        return "Empty: there is nothing in this column."
    if channel == Channel.EMAIL:
        return "Not an e-mail address."
    return "Not a phone number: write it with the country code."


def keep_bad_rows(event: AuditEvent, found: ReadList) -> None:
    """All of them, for an hour, to be downloaded: the event itself keeps the first ones for good."""
    cache.set(_report_key(event), [[bad.row, bad.text, bad.why] for bad in found.bad], REPORT_SECONDS)


def bad_rows_of(event: AuditEvent) -> list[list[Any]] | None:
    """None when they are no longer kept."""
    if event.data["not_readable"] <= KEPT_BAD_ROWS:
        return list(event.data["bad_rows"])
    kept: list[list[Any]] | None = cache.get(_report_key(event))
    return kept


def _report_key(event: AuditEvent) -> str:
    return f"dnc-upload:{event.pk}"


@transaction.atomic
def upload_list(
    *, workspace: Workspace, by: Actor, found: ReadList, channel: str, reason: str, source: str = UPLOAD
) -> AuditEvent:
    """All of it or nothing; addresses that are listed already keep their first reason. The event is the report."""
    added, addresses = 0, iter(found.addresses)
    while batch := list(islice(addresses, BATCH)):
        added += _insert(workspace, batch, by=by, channel=channel, reason=reason, source=source)
    counts = {
        "rows": found.rows,
        "added": added,
        "listed_already": len(found.addresses) - added,
        "repeated": found.repeated,
        "not_readable": len(found.bad),
    }
    bad_rows = [[bad.row, bad.text, bad.why] for bad in found.bad[:KEPT_BAD_ROWS]]
    data: dict[str, Any] = {"channel": channel, "reason": reason, **counts, "bad_rows": bad_rows}
    return record(workspace=workspace, by=by, verb="dnc.uploaded", object_type="dnc_upload", object_id="", data=data)


def _insert(workspace: Workspace, addresses: list[str], *, by: Actor, channel: str, reason: str, source: str) -> int:
    listed = DoNotCall.objects.filter(workspace=workspace, channel=channel, address__in=addresses)
    known = set(listed.select_for_update().order_by("address").values_list("address", flat=True))
    new = [
        DoNotCall(workspace=workspace, channel=channel, address=address, reason=reason, source=source, user=by.user)
        for address in sorted(addresses)
        if address not in known
    ]
    DoNotCall.objects.bulk_create(new, ignore_conflicts=True)
    tell_listed(workspace, new)
    ours = [entry.address for entry in new]
    listed.exclude(source=source, address__in=ours).update(confirmed_at=clock.now())
    return len(new)
