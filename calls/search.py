"""The list of conversations: which it shows, and the line that was looked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Exists, Func, OuterRef, Q, TextField
from django.db.models.sql.compiler import SQLCompiler

from accounts.models import Workspace
from calls.models import Interaction, InteractionQuerySet, Status, Transcript
from common import phones

LIVE = "live"
MAX_WORDS = 6
MIN_DIGITS = 4
BEFORE_HIT, EXCERPT = 60, 180
SEARCH_MILLISECONDS = 8_000
QUERY_CANCELED = "57014"


class TookTooLong(Exception):
    """The database gave up looking for a text."""


class Said(Func):
    """The words of a transcript: its stored text also has field names and escapes, which would match or hide."""

    output_field = TextField()

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> Any:
        lines = "SELECT group_concat(json_extract(value, '$.message'), char(10)) FROM json_each(%(expressions)s)"
        return super().as_sql(compiler, connection, template=f"({lines})", **extra)

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> Any:
        lines = "SELECT string_agg(m #>> '{}', chr(10)) FROM jsonb_path_query(%(expressions)s, '$[*].message') AS m"
        return super().as_sql(compiler, connection, template=f"({lines})", **extra)


def find_calls(
    workspace: Workspace,
    *,
    status: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    text: str = "",
    **equal: Any,
) -> InteractionQuerySet:
    """`since` is in, `until` is out; `equal` are fields with their values, empty ones do not count."""
    calls = Interaction.objects.filter(workspace=workspace, **{name: value for name, value in equal.items() if value})
    if status:
        calls = calls.filter(status=Status.IN_PROGRESS if status == LIVE else status)
    if since:
        calls = calls.filter(created_at__gte=since)
    if until:
        calls = calls.filter(created_at__lt=until)
    return calls.filter(_matches(workspace, text.strip())) if text.strip() else calls


@contextmanager
def search_limit(text: str) -> Iterator[None]:
    """A search for a text reads every transcript, so that it is the one that must not hold the database for long."""
    if not text or connection.vendor != "postgresql":
        yield
        return
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(SEARCH_MILLISECONDS)])
            yield
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") == QUERY_CANCELED:
            raise TookTooLong from error
        raise


def words_of(text: str) -> list[str]:
    return text.split()[:MAX_WORDS]


def _matches(workspace: Workspace, text: str) -> Q:
    words = words_of(text)
    said = Transcript.objects.filter(interaction=OuterRef("pk")).annotate(said=Said("messages"))
    found = Q(Exists(said.filter(_has_all(words, "said")))) | _has_all(words, "summary")
    found |= _has_all(words, "lead__first_name", "lead__last_name", "lead__email")
    return found | Q(public_id=text.lower()) | Q(conversation_id=text) | _has_number(workspace, text)


def _has_all(words: Iterable[str], *fields: str) -> Q:
    """By regular expression: on SQLite `icontains` takes Ü and ü for two letters."""
    every = Q()
    for word in words:
        some = Q()
        for field in fields:
            some |= Q(**{f"{field}__iregex": re.escape(word)})
        every &= some
    return every


def _has_number(workspace: Workspace, text: str) -> Q:
    digits = phones.written_digits(text)
    if digits is None or len(digits) < MIN_DIGITS:
        return Q(pk__in=[])
    phone = phones.parse_phone(text, country=workspace.country)
    exact = Q(to_number=phone.e164) | Q(lead__phone=phone.e164) if phone else Q(pk__in=[])
    return exact | Q(to_number__contains=digits) | Q(lead__phone__contains=digits)


@dataclass(frozen=True)
class Part:
    text: str
    is_hit: bool


@dataclass(frozen=True)
class Excerpt:
    who: str
    parts: tuple[Part, ...]


def excerpts_of(calls: Iterable[Interaction], text: str) -> dict[int, Excerpt]:
    """The line of each call in which most of the words stand, in one query."""
    if not (words := words_of(text)):
        return {}
    calls = list(calls)
    rows = Transcript.objects.filter(interaction__in=[call.pk for call in calls]).values_list("interaction", "messages")
    spoken = dict(rows)
    found = {call.pk: _excerpt(_lines(call, spoken.get(call.pk, [])), words) for call in calls}
    return {pk: excerpt for pk, excerpt in found.items() if excerpt}


def _lines(call: Interaction, messages: list[dict[str, Any]]) -> list[tuple[str, str]]:
    lines = [
        ("Agent" if line.get("role") == "agent" else "Lead", " ".join(str(line.get("message") or "").split()))
        for line in messages
    ]
    return [*lines, ("Summary", call.summary)]


def _excerpt(lines: list[tuple[str, str]], words: list[str]) -> Excerpt | None:
    hit = re.compile("|".join(re.escape(word) for word in words), re.IGNORECASE)
    together = "\n".join(text for _, text in lines).casefold()
    if not all(word.casefold() in together for word in words):
        return None
    who, text = max(lines, key=lambda line: len({found.casefold() for found in hit.findall(line[1])}))
    return Excerpt(who, tuple(_parts(_around(text, hit), hit)))


def _around(text: str, hit: re.Pattern[str]) -> str:
    first = hit.search(text)
    start = max(0, first.start() - BEFORE_HIT) if first else 0
    end = start + EXCERPT
    return f"{'… ' if start else ''}{text[start:end].strip()}{' …' if end < len(text) else ''}"


def _parts(text: str, hit: re.Pattern[str]) -> Iterable[Part]:
    at = 0
    for found in hit.finditer(text):
        yield Part(text[at : found.start()], is_hit=False)
        yield Part(found.group(), is_hit=True)
        at = found.end()
    yield Part(text[at:], is_hit=False)
