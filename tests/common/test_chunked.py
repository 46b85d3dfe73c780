from __future__ import annotations

import io
from typing import Any

import pytest

from leadsail.wsgi import MAX_BYTES, buffer_chunked


def send(environ: dict[str, Any]) -> tuple[str, bytes]:
    """What Django would see: the length it is told and the body it reads."""
    seen: list[Any] = []

    def django(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.extend([environ.get("CONTENT_LENGTH", ""), environ["wsgi.input"].read()])
        return []

    buffer_chunked(django)(environ, None)
    return seen[0], seen[1]


@pytest.mark.parametrize("size", [0, 1, 300_000, MAX_BYTES])
def test_a_chunked_body_reaches_django_with_its_length(size: int) -> None:
    body = b"x" * size
    assert send({"HTTP_TRANSFER_ENCODING": "Chunked", "wsgi.input": io.BytesIO(body)}) == (str(size), body)


def test_a_chunked_body_over_the_limit_is_cut_where_the_view_can_tell() -> None:
    length, _ = send({"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": io.BytesIO(b"x" * (MAX_BYTES * 2))})
    assert MAX_BYTES < int(length) < MAX_BYTES + 100_000


def test_a_body_with_a_length_is_left_alone() -> None:
    stream = io.BytesIO(b"abc")
    assert send({"CONTENT_LENGTH": "3", "wsgi.input": stream}) == ("3", b"abc")
