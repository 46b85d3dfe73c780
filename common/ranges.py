"""Serving a stored file with Range, so that a player can jump without loading the whole of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

from django.db.models.fields.files import FieldFile
from django.http import FileResponse, HttpResponse, HttpResponseBase, StreamingHttpResponse

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
CHUNK = 64 * 1024
EMPTY = (0, -1)


def serve_file(stored: FieldFile, *, range_header: str, content_type: str) -> HttpResponseBase:
    size = stored.size
    span = _parse(range_header, size)
    if span == EMPTY:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    if span is None:
        response: HttpResponseBase = FileResponse(stored.open("rb"), content_type=content_type)
    else:
        start, end = span
        response = StreamingHttpResponse(_read(stored.open("rb"), start, end), status=206, content_type=content_type)
        response["Content-Range"] = f"bytes {start}-{end}/{size}"
        response["Content-Length"] = str(end - start + 1)
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "private, max-age=3600"
    return response


def _parse(header: str, size: int) -> tuple[int, int] | None:
    """None: serve all of it, as for a header that is not understood. EMPTY: nothing of the file was asked for."""
    match = _RANGE.fullmatch(header.strip())
    if not match or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        start, end = max(size - int(last), 0), size - 1
    else:
        start, end = int(first), min(int(last), size - 1) if last else size - 1
    return (start, end) if start <= end else EMPTY


def _read(file: IO[bytes], start: int, end: int) -> Iterator[bytes]:
    with file:
        file.seek(start)
        left = end - start + 1
        while left > 0 and (chunk := file.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk
